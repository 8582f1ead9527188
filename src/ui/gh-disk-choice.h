/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * GhDiskChoiceState:
 *
 * A disk and what becomes of it, for showing. Nothing of it is kept.
 */
typedef struct
{
  const char *device;        /* "disk", "cdrom" … */
  const char *target;        /* "vda" */
  guint64     capacity;      /* 0: not known */
  guint64     allocation;
  const char *source;        /* (nullable) */
  const char *reason;        /* (nullable): why the mode is proposed */
  const char *estimate;      /* (nullable) */
  const char *destination;   /* (nullable): a path */
  const char *pool;          /* (nullable): where it goes */
  gboolean    has_pool;      /* the mode needs one */
  gboolean    has_path;      /* @destination can be changed */
  gboolean    overridden;
  int         mode;
  char *const *refusals;     /* one for each mode; NULL where it can be chosen */
} GhDiskChoiceState;

/* What becomes of a disk: one of several modes, those that cannot be chosen say why, and where
 * to.
 *
 * Signals: "mode-chosen" (int), "pool-chosen" (const char *), "path-chosen" (const char *): what
 * was typed; "reset": what is proposed is to be taken. */
#define GH_TYPE_DISK_CHOICE (gh_disk_choice_get_type ())
G_DECLARE_FINAL_TYPE (GhDiskChoice, gh_disk_choice, GH, DISK_CHOICE, GtkBin)

/* @labels: the modes, untranslated, ended by NULL. */
GtkWidget *gh_disk_choice_new           (const char *const *labels);
/* @pools: (nullable) (element-type GhPoolInfo): where it may go. */
void       gh_disk_choice_show          (GhDiskChoice *self, const GhDiskChoiceState *state,
                                         GPtrArray *pools);
/* Whether a line parts it from what is above. */
void       gh_disk_choice_set_separated (GhDiskChoice *self, gboolean separated);

G_END_DECLS
