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
  const char *sentence; /* untranslated */
  const char *fix;      /* (nullable): untranslated: what helps */
} GhMigrateError;

/* NULL when the error is none of these. */
const GhMigrateError *gh_migrate_error_find  (const GError *error);
/* @error, with what it means and what helps in the place of libvirt's words, which are put behind;
 * as it is when it is none of these. (transfer full) */
GError               *gh_migrate_error_tell  (GError *error);

G_END_DECLS
