#!/bin/sh
# Copyright the Guesthouse developers
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Breaks every rule of lint.sh in a copy of the sources, and sees that the rule says so:
# one case per break. A rule that no break is for fails too.

set -u

self=$(cd "${0%/*}" && pwd)
top=$(cd "$self/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

number=0
failures=0

# The copy is made once, and each break is taken back by its own undoing: what is there
# besides the new file comes from the originals again.
mkdir "$work/top"
tar -C "$top" --exclude='./_build*' --exclude='./build*' --exclude=./.git -cf - . |
  tar -C "$work/top" -xf -
cd "$work/top" || exit 1

"$self/lint.sh" "$work/top" >"$work/before" 2>&1

# breaks RULE WORD COMMAND: after COMMAND, the rule's offences name WORD; before, they do not.
breaks ()
{
  number=$((number + 1))
  echo "$1" >>"$work/seen"
  eval "$3"
  "$self/lint.sh" "$work/top" "$1" >"$work/after" 2>&1
  if ! grep -qF -- "$2" "$work/before" && grep -F -- "$2" "$work/after" | grep -q '^# ' &&
     grep -q "^not ok 1 /lint/$1\$" "$work/after"; then
    echo "ok $number /lint-self/$1 # $2"
  else
    failures=$((failures + 1))
    echo "not ok $number /lint-self/$1 # $2"
    sed 's/^/# after: /' "$work/after" | head -n 5
  fi
  rm -rf broken src/*/gh-broken* src/plan/gh-migrate-broken.c tests/*/broken* ui/gh-broken* help/C/broken* po/xx.po
  for file in po data .ci meson.build; do
    rm -rf "$file"
    cp -a "$top/$file" "$file"
  done
}

# new FILE LINE…: a file that only breaks the rule at hand.
new ()
{
  file=$1
  mkdir -p "${file%/*}"
  shift
  printf '%s\n' "$@" >"$file"
}

breaks licence src/xml/gh-broken.c "new src/xml/gh-broken.c 'int a;'"
breaks licence '# broken:' "new ./broken '#!/bin/sh' && chmod +x broken"
breaks libvirt-includes src/plan/gh-broken.c "new src/plan/gh-broken.c '#include <libvirt/libvirt.h>'"
breaks libvirt-includes src/virt/gh-broken.h "new src/virt/gh-broken.h '#include <libvirt/libvirt.h>'"
breaks toolkit-includes src/plan/gh-broken.c "new src/plan/gh-broken.c '#include <gtk/gtk.h>'"
breaks toolkit-includes src/virt/gh-broken.c "new src/virt/gh-broken.c '#include <handy.h>'"
breaks layer-includes src/xml/gh-broken.c "new src/xml/gh-broken.c '#include \"gh-machine.h\"'"
breaks layer-includes src/plan/gh-broken.c "new src/plan/gh-broken.c '#include \"gh-console.h\"'"
breaks private-includes src/ui/gh-broken.c "new src/virt/gh-broken-private.h '#pragma once' &&
  new src/ui/gh-broken.c '#include \"gh-broken-private.h\"'"
breaks banned-calls gtk_dialog_run "new src/ui/gh-broken.c '  gtk_dialog_run (dialog);'"
breaks banned-calls g_task_run_in_thread "new src/virt/gh-broken.c '  g_task_run_in_thread (task, work);'"
breaks banned-calls system "new src/app/gh-broken.c '  system (\"ls\");'"
breaks banned-calls g_main_loop_run "new src/plan/gh-broken.c '  g_main_loop_run (loop);'"
breaks main-thread-calls g_file_get_contents "new src/ui/gh-broken.c '  g_file_get_contents (a, b, c, d);'"
breaks waiting-tests g_usleep "new tests/base/broken.c '  g_usleep (1000);'"
breaks xml-by-hand gh-broken.c "new src/virt/gh-broken.c '  g_strdup_printf (\"<name>%s</name>\", name);'"
breaks whitespace gh-broken.c "new src/base/gh-broken.c 'int a; '"
breaks whitespace 'gh-broken.c: no newline' "printf 'int a;' >src/base/gh-broken.c"
breaks line-length gh-broken.c "new src/base/gh-broken.c \"\$(printf '%00101d' 0)\""
breaks markers gh-broken.c "new src/base/gh-broken.c '/* TODO: think */'"
breaks markers gh-broken.h "new src/base/gh-broken.h '/* FIXME */'"
breaks headers gh-broken.h "new src/base/gh-broken.h 'int a;'"
breaks headers 'gh-broken.c: G_LOG_DOMAIN' "new src/base/gh-broken.c '#include \"config.h\"'"
breaks built gh-broken.c "new src/base/gh-broken.c 'int a;'"
breaks resources 'gh-broken.ui: in no' "new ui/gh-broken.ui '<interface/>'"
breaks resources 'gh-broken.ui: not well-formed' "new ui/gh-broken.ui '<interface>'"
breaks templates GhOther "new ui/gh-broken.ui '<template class=\"GhOther\" parent=\"GtkBox\">'"
breaks potfiles src/ui/gh-broken.c "new src/ui/gh-broken.c '  a = _(\"Cat\");'"
breaks potfiles ui/gh-broken.ui "new ui/gh-broken.ui '<property translatable=\"yes\">Cat</property>'"
breaks potfiles 'src/nowhere.c' "echo src/nowhere.c >>po/POTFILES"
breaks translations 'A broken cat' "new src/ui/gh-broken.c '  a = _(\"A broken cat\");' &&
  echo src/ui/gh-broken.c >>po/POTFILES"
breaks translations 'A forgotten cat' "printf '\nmsgid \"A forgotten cat\"\nmsgstr \"Eine\"\n' >>po/de.po"
breaks translations xx.po "echo xx >>po/LINGUAS && cp po/de.po po/xx.po &&
  printf '\nmsgid \"%%s cat\"\nmsgstr \"Katze\"\n' | sed '2i #, c-format' >>po/xx.po"
breaks desktop-file broken.desktop "new data/broken.desktop '[Desktop Entry]' 'Name=Cat' 'Oops'"
breaks metainfo broken.metainfo "new data/broken.metainfo.xml '<component/>'"
breaks schemas a-broken-key "new data/broken.gschema.xml '<schemalist><schema id=\"a.b\" path=\"/a/b/\">' \
  '<key name=\"a-broken-key\" type=\"b\"><default>true</default></key></schema></schemalist>'"
breaks schemas broken.gschema.xml "new data/broken.gschema.xml '<schemalist><schema></schemalist>'"
breaks help-pages 'its id is not broken' "new help/C/broken.page \
  '<page xmlns=\"http://projectmallard.org/1.0/\" id=\"other\"><title>A</title></page>'"
breaks help-pages 'links to nowhere' "new help/C/broken.page \
  '<page xmlns=\"http://projectmallard.org/1.0/\" id=\"broken\"><p><link xref=\"nowhere\"/></p></page>'"
breaks help-pages 'what helps with fluffy-disk' "new src/plan/gh-migrate-broken.c \
  'take_check (draft, GH_CHECK_REFUSAL, \"fluffy-disk\", NULL);'"
breaks command-line 'not in the manual: list' "sed -i 's/^\\.B list\$/.B purr/' data/guesthouse.1.in"
breaks command-line 'but no verb: purr' "sed -i 's/^\\.B list\$/.B purr/' data/guesthouse.1.in"
breaks command-line 'not in the manual: --fluffy' \
  "new src/app/gh-broken.c \"  { \\\"fluffy\\\", 0, 0, G_OPTION_ARG_NONE }\""
breaks shell-syntax broken "new ./broken '#!/bin/sh' 'if true; then' && chmod +x broken"
breaks packages 'twice: gcc' "echo gcc >>.ci/packages"
breaks packages 'gcc make' "echo 'gcc make' >>.ci/packages"

# Every rule there is has been broken.
number=$((number + 1))
sed -n 's/^rule \([a-z-]*\) .*/\1/p' "$self/lint.sh" | sort >"$work/rules"
sort -u "$work/seen" | comm -23 "$work/rules" - >"$work/unbroken"
if [ -s "$work/unbroken" ]; then
  failures=$((failures + 1))
  echo "not ok $number /lint-self/every-rule"
  sed 's/^/# never broken: /' "$work/unbroken"
else
  echo "ok $number /lint-self/every-rule"
fi
echo "1..$number"
[ $failures -eq 0 ]
