/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum
{
  GH_FILE_KIND_ISO,
  GH_FILE_KIND_DISK,
  GH_FILE_KIND_KERNEL,
  GH_FILE_KIND_INITRD,
} GhFileKind;

/* A path that can be typed, dropped, chosen, or taken from the recent ones.
 * Properties: "path" (string, never NULL), "kind" (int, a GhFileKind), "label" (accessible name of
 * the entry), "local" (boolean): whether its files can be browsed from here. */
#define GH_TYPE_FILE_ENTRY (gh_file_entry_get_type ())
G_DECLARE_FINAL_TYPE (GhFileEntry, gh_file_entry, GH, FILE_ENTRY, GtkBox)

const char *gh_file_entry_get_path    (GhFileEntry *self);
void        gh_file_entry_set_path    (GhFileEntry *self, const char *path);

/* What kind of file @path is likely to be, by its name. Pure. */
GhFileKind  gh_file_kind_guess        (const char *path);
/* For the list of recent files. */
void        gh_file_kind_remember     (GhFileKind kind, const char *path);

G_END_DECLS
