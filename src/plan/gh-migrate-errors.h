/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What goes wrong when machines are moved, and what to do about it. */

typedef struct
{
  int         code;     /* libvirt's; -1: any */
  const char *part;     /* (nullable): of its message */
  const char *id;       /* stable: "unresolved-address" */
  const char *sentence; /* untranslated; with {source}, {destination} and {place} for the hosts */
  const char *fix;      /* (nullable): untranslated, with the same: what helps */
} GhMigrateError;

/* What the hosts are called. */
typedef struct
{
  const char *source;
  const char *destination;
  const char *place; /* where the step that failed acts: one of them */
} GhMigrateErrorHosts;

/* NULL when the error is none of these. */
const GhMigrateError *gh_migrate_error_find   (const GError *error);
/* A GH_TOLD_ERROR: @error with what it means and what helps, of which the last is not known when it
 * is none of these. @step: what failed with it. Errors that are not libvirt's, and that it was
 * cancelled, as they are. (transfer full) */
GError               *gh_migrate_error_tell   (const GError              *error,
                                               const GhMigrateErrorHosts *hosts,
                                               const char                *step);
/* Whether QEMU ended, or ended the move: then its log may say why. */
gboolean              gh_migrate_error_is_log (const GError *error);

G_END_DECLS
