#!/bin/sh
# Copyright the Guesthouse developers
# SPDX-License-Identifier: GPL-3.0-or-later
#
# lint.sh [FOLDER [RULE]]
#
# What the compiler does not see, over the sources in FOLDER (this checkout by default).
# A TAP program with one case per rule: a rule prints what offends it, and nothing else.
# lint-self.sh breaks every rule in turn, to see that it notices.

set -u
export LC_ALL=C.UTF-8

self=$(cd "${0%/*}" && pwd)
top=$(cd "${1:-$self/../..}" && pwd)
only=${2:-}
cd "$top" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find src tests -name '*.[ch]' | sort >"$work/c"
grep '^src/' "$work/c" >"$work/src"
find ui -name '*.ui' 2>/dev/null | sort >"$work/ui"
find . -path './_build*' -prune -o -path './build*' -prune -o -path ./.git -prune -o \
  -type f -perm -u+x -print | sed 's,^\./,,' | sort >"$work/scripts"
find . -path './_build*' -prune -o -path './build*' -prune -o -name meson.build -print |
  sed 's,^\./,,' | sort >"$work/meson"

number=0
failures=0
limit=15
[ -z "$only" ] || limit=1000

# rule NAME FUNCTION: the function prints one line per offence.
rule ()
{
  [ "${only:-$1}" = "$1" ] || return 0
  number=$((number + 1))
  "$2" >"$work/offences" 2>&1
  if [ -s "$work/offences" ]; then
    failures=$((failures + 1))
    echo "not ok $number /lint/$1"
    head -n $limit "$work/offences" | sed 's/^/# /'
  else
    echo "ok $number /lint/$1"
  fi
}

# in_files LIST GREP-ARGS…: file:line: of what a pattern finds; comments do not count.
in_files ()
{
  list=$1
  shift
  [ ! -s "$list" ] || xargs grep -nH "$@" <"$list" |
    grep -vE '^[^:]*:[0-9]*: *(/\*|\*|//)'
}

licence ()
{
  { cat "$work/c" "$work/scripts"; echo meson.build; } | while read -r file; do
    head -n 6 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' ||
      echo "$file: no SPDX-License-Identifier"
  done
}

libvirt_includes ()
{
  # The objects above virt do not show libvirt: handles live in private headers.
  grep -v '^src/virt/' "$work/src" >"$work/list"
  in_files "$work/list" -E '#include *<libvirt'
  grep '^src/virt/.*\.h$' "$work/src" | grep -v -- '-private\.h$' >"$work/list"
  in_files "$work/list" -E '#include *<libvirt'
}

toolkit_includes ()
{
  grep -vE '^src/(console|ui|app|modules)/' "$work/src" >"$work/list"
  in_files "$work/list" -E '#include *<(gtk|gdk|handy|libhandy|vte|spice-client-gtk|gvnc|gtk-vnc|cairo)[/.-]?'
}

layer_includes ()
{
  # A layer's public headers by their names; each may be used only by the layers above it.
  below=
  for layer in base xml virt plan console ui; do
    below="$below|$layer"
    headers=$(grep "^src/$layer/.*\.h\$" "$work/src" | sed 's,.*/,,; s/\./\\./g' | tr '\n' '|')
    [ -n "$headers" ] || continue
    grep -E "^src/(${below#|})/" "$work/src" | grep -v "^src/$layer/" >"$work/list"
    in_files "$work/list" -E "#include \"(${headers%|})\""
  done
}

private_includes ()
{
  # A private header is for its own folder (modules belong to the layer they were cut from).
  for header in $(grep -- '-private\.h$' "$work/src"); do
    grep -vE "^(${header%/*}|src/modules)/" "$work/src" >"$work/list"
    in_files "$work/list" -F "#include \"${header##*/}\""
  done
}

banned_calls ()
{
  in_files "$work/src" -E \
 '\b(gtk_dialog_run|gtk_native_dialog_run|gtk_main_iteration(_do)?|g_main_context_iteration|g_task_run_in_thread(_sync)?) *\('
  in_files "$work/src" -E \
 '\b(system|popen|gets|strcpy|strcat|sprintf|vsprintf|alloca|g_alloca|strtok|mktemp|tmpnam|g_spawn_command_line_sync) *\('
  # The main loop runs in the program's main(), and in the command line's.
  grep -vE '^src/app/' "$work/src" >"$work/list"
  in_files "$work/list" -E '\b(g_main_loop_run|gtk_main) *\('
}

main_thread_calls ()
{
  # Below, files are read and written on threads; above, on none.
  grep -E '^src/(ui|console)/' "$work/src" >"$work/list"
  in_files "$work/list" -E \
 '\b(g_file_get_contents|g_file_set_contents|g_spawn_sync|g_usleep|sleep|usleep|g_file_query_info|g_file_load_contents|g_dir_open|g_input_stream_read|g_output_stream_write|waitpid) *\('
}

waiting_tests ()
{
  # Figures are taken over time; everything else waits for events.
  grep '^tests/' "$work/c" | grep -v '^tests/bench/' >"$work/list"
  in_files "$work/list" -E '\b(sleep|usleep|g_usleep|nanosleep) *\('
}

xml_by_hand ()
{
  # XML is written by libxml2, so that no name or path can break out of its place.
  in_files "$work/src" -E '(printf|strconcat|g_string_append)[a-z_]* *\(.*"[^"]*<[a-z]+[^"]*(%s|>)' |
    grep -vE '_\(|<(b|i|span|small|tt|big)[ >]'
}

whitespace ()
{
  { cat "$work/c" "$work/ui" "$work/meson" "$work/scripts"; find data help -name '*.css' -o \
    -name '*.page' -o -name '*.in' -o -name '*.xml'; ls ./*.md; } 2>/dev/null | sort -u >"$work/list"
  tab=$(printf '\t')
  [ ! -s "$work/list" ] || xargs grep -nHE "$tab| +\$" <"$work/list"
  while read -r file; do
    [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at its end"
  done <"$work/list"
}

line_length ()
{
  xargs grep -nHE '^.{101,}' <"$work/c"
}

markers ()
{
  xargs grep -nHwE 'TODO|XXX' <"$work/c"
  xargs grep -nHE 'FIXME' <"$work/c" | grep -vE 'FIXME: [A-Za-z].{15,}'
}

headers ()
{
  grep '\.h$' "$work/c" | while read -r file; do
    grep -qx '#pragma once' "$file" || echo "$file: no #pragma once"
  done
  grep '\.c$' "$work/src" | while read -r file; do
    grep -qx '#include "config.h"' "$file" || echo "$file: does not include config.h"
    # main() logs nothing.
    [ "$file" != src/app/main.c ] || continue
    # Parts of one class, gh-thing-this.c and gh-thing-that.c, may share its domain.
    name=$(basename "$file" .c)
    domain=$(sed -n 's/^#define G_LOG_DOMAIN "\(gh-[a-z0-9-]*\)"$/\1/p' "$file")
    case $name in
      "${domain:-none}"|"${domain:-none}"-*) ;;
      *) echo "$file: G_LOG_DOMAIN is not \"$name\"" ;;
    esac
  done
}

built ()
{
  # Files that no meson.build names are dead.
  while read -r file; do
    folder=${file%/*}
    name=${file##*/}
    case $file in
      *.c)
        # Tests are named without their “test-” or “fuzz-” where a loop registers them.
        stem=${name%.c}
        grep -rqE --include=meson.build "['/]($stem|${stem#*-}|$name)'" "$folder" "${folder%/*}" ||
          echo "$file: in no meson.build"
        ;;
    esac
  done <"$work/c"
  for folder in src/* tests/*; do
    [ ! -d "$folder" ] || [ -e "$folder/meson.build" ] || [ "$folder" = tests/data ] ||
      echo "$folder: no meson.build"
  done
}

resources ()
{
  find . -name '*.gresource.xml' -not -path './_build*' -not -path './build*' >"$work/list"
  while read -r file; do
    xargs grep -qE ">(.*/)?${file##*/}</file>" <"$work/list" || echo "$file: in no gresource.xml"
    xmllint --noout --nonet "$file" || echo "$file: not well-formed"
  done <"$work/ui"
}

templates ()
{
  # A template is for the class it is named after; GtkBuilder sees a wrong name at run time only.
  while read -r file; do
    class=$(sed -n 's/.*<template class="\([^"]*\)".*/\1/p' "$file")
    [ -n "$class" ] || continue
    wanted=$(echo "$class" | sed 's/\([A-Z]\)/-\1/g; s/^-//' | tr '[:upper:]' '[:lower:]')
    [ "${file##*/}" = "$wanted.ui" ] || echo "$file: holds the template of $class"
  done <"$work/ui"
}

potfiles ()
{
  sed '/^#/d; /^$/d' po/POTFILES | sort >"$work/listed"
  while read -r file; do
    [ -e "$file" ] || echo "po/POTFILES: $file does not exist"
  done <"$work/listed"
  sort "$work/listed" | uniq -d | sed 's/^/po\/POTFILES: twice: /'
  {
    # shellcheck disable=SC2046
    xargs grep -lE '\b(_|N_|C_|NC_|Q_|ngettext|g_dngettext) ?\("' <"$work/src"
    [ ! -s "$work/ui" ] || xargs grep -l 'translatable="yes"' <"$work/ui"
    find data -name '*.desktop.in' -o -name '*.metainfo.xml.in'
  } | sort -u >"$work/needed"
  comm -23 "$work/needed" "$work/listed" | sed 's/$/: has strings and is not in po\/POTFILES/'
}

translations ()
{
  xgettext --from-code=UTF-8 -D . -f po/POTFILES -o "$work/all.pot" --keyword=_ --keyword=N_ \
    --keyword=C_:1c,2 --keyword=NC_:1c,2 --keyword=g_dngettext:2,3 >"$work/log" 2>&1 ||
    { cat "$work/log"; return; }
  [ -s po/LINGUAS ] || echo "po/LINGUAS: no language"
  for language in $(sed '/^#/d' po/LINGUAS); do
    msgfmt -c -o /dev/null "po/$language.po"
    msgmerge --quiet --no-fuzzy-matching "po/$language.po" "$work/all.pot" -o "$work/merged.po"
    for kind in untranslated only-fuzzy; do
      msgattrib --$kind --no-obsolete --no-wrap "$work/merged.po" | grep -E '^msgid ".+"' |
        sed "s/^/po\/$language.po: $kind: /"
    done
    # Strings that nothing uses any more.
    msgattrib --only-obsolete --no-wrap "$work/merged.po" | grep -E '^#~ msgid ".+"' |
      sed "s/^/po\/$language.po: unused: /"
  done
}

desktop_file ()
{
  found=no
  for file in data/*.desktop.in data/*.desktop; do
    [ -e "$file" ] || continue
    found=yes
    sed 's/@[A-Za-z_]*@/guesthouse/g' "$file" >"$work/$(basename "$file" .in)"
    desktop-file-validate "$work/$(basename "$file" .in)"
  done
  [ $found = yes ] || echo "data: no desktop file"
}

metainfo ()
{
  found=no
  for file in data/*.metainfo.xml.in data/*.metainfo.xml; do
    [ -e "$file" ] || continue
    found=yes
    copy=$work/$(basename "$file" .in)
    cp "$file" "$copy"
    appstreamcli validate --no-net --pedantic --no-color "$copy" >"$work/log" 2>&1 ||
      sed "s,^,$file: ," "$work/log"
  done
  [ $found = yes ] || echo "data: no metainfo"
}

schemas ()
{
  glib-compile-schemas --strict --dry-run data
  # Keys that no code reads are promises the program does not keep.
  sed -n 's/.*<key name="\([^"]*\)".*/\1/p' data/*.gschema.xml | while read -r key; do
    { cat "$work/src" "$work/ui" | xargs grep -qF "\"$key\""; } ||
      echo "data: nothing uses the setting $key"
  done
}

help_pages ()
{
  find help -name '*.page' | sort >"$work/list"
  [ -s "$work/list" ] || { echo "help: no pages"; return; }
  xargs sed -n 's/.*<page[^>]* id="\([^"]*\)".*/\1/p' <"$work/list" >"$work/ids"
  while read -r page; do
    xmllint --noout --nonet "$page" || echo "$page: not well-formed"
    name=$(basename "$page" .page)
    grep -q "id=\"$name\"" "$page" || echo "$page: its id is not $name"
    grep -qF "$name.page" help/meson.build || echo "$page: not in help/meson.build"
    grep -oE 'xref="[^"]*"' "$page" | sed 's/xref="//; s/[#"].*//' | while read -r id; do
      [ -z "$id" ] || grep -qx -- "$id" "$work/ids" || echo "$page: links to $id, which is not there"
    done
    grep -oE '<media[^>]* src="[^"]*"' "$page" | sed 's/.* src="//; s/"$//' | while read -r media; do
      [ -e "${page%/*}/$media" ] || echo "$page: shows $media, which is not there"
    done
  done <"$work/list"
  # What stands in the way of a move is looked up by its name.
  page=help/C/trouble-move.page
  for file in src/plan/gh-migrate-*.c src/plan/gh-move-off.c; do
    tr '\n' ' ' <"$file" |
      grep -oE '(GH_CHECK_(REFUSAL|WARNING)[^";{}]*|(refuse|return_refusal) \([a-z, ]*)"[a-z-]+"' |
      sed 's/.*"\([a-z-]*\)"/\1/'
  done | sort -u | while read -r id; do
    grep -qF "<code>$id</code>" "$page" || echo "$page: does not say what helps with $id"
  done
}

# What can be typed is in the manual, and what is in the manual and the README can be typed.
command_line ()
{
  sed -n '/^static const Verb verbs/,/^};/s/^  { "\([a-z-]*\)".*/\1/p' src/app/gh-cli.c |
    sort >"$work/verbs"
  # The items of the outermost list.
  sed 's/\\f[A-Z]//g; s/\\-/-/g' data/guesthouse.1.in | awk '
    /^\.SH/ { inside = /VERBS/; depth = 0 }
    /^\.RS/ { depth++ } /^\.RE/ { depth-- }
    item && inside && depth == 0 { sub (/^\.BI? /, ""); print $1 }
    { item = /^\.TP/ }' | sort >"$work/in-manual"
  sed -n 's/^guesthouse \(\[-c URI\] \)*\([a-z][a-z|-]*\).*/\2/p' README.md |
    tr '|' '\n' | sort -u >"$work/in-readme"
  for place in manual readme; do
    comm -23 "$work/verbs" "$work/in-$place" | sed "s/^/not in the $place: /"
    comm -13 "$work/verbs" "$work/in-$place" | sed "s/^/in the $place, but no verb: /"
  done
  sed -n "s/^ *{ \"\([a-z-]*\)\", \(0\|'.'\), .*/\1/p" src/app/*.c | sort -u >"$work/options"
  sed 's/\\-/-/g' data/guesthouse.1.in >"$work/manual"
  while read -r option; do
    grep -qE -- "--$option([^a-z-]|$)" "$work/manual" || echo "not in the manual: --$option"
  done <"$work/options"
}

shell_syntax ()
{
  while read -r file; do
    case $(head -n 1 "$file") in
      '#!/bin/sh'*) sh -n "$file" ;;
      *) echo "$file: executable, and not a shell script" ;;
    esac
  done <"$work/scripts"
}

packages ()
{
  # One package a line, and none twice.
  grep -nvE '^($|#|\[(build|run|test)\]$|[a-z0-9][a-z0-9.+-]+( +#.*)?$)' .ci/packages |
    sed 's/^/.ci\/packages:/'
  sed 's/ *#.*//; /^$/d; /^\[/d' .ci/packages | sort | uniq -d | sed 's/^/.ci\/packages: twice: /'
}

rule licence licence
rule libvirt-includes libvirt_includes
rule toolkit-includes toolkit_includes
rule layer-includes layer_includes
rule private-includes private_includes
rule banned-calls banned_calls
rule main-thread-calls main_thread_calls
rule waiting-tests waiting_tests
rule xml-by-hand xml_by_hand
rule whitespace whitespace
rule line-length line_length
rule markers markers
rule headers headers
rule built built
rule resources resources
rule templates templates
rule potfiles potfiles
rule translations translations
rule desktop-file desktop_file
rule metainfo metainfo
rule schemas schemas
rule help-pages help_pages
rule command-line command_line
rule shell-syntax shell_syntax
rule packages packages
echo "1..$number"
[ $failures -eq 0 ]
