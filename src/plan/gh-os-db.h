/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-image-sniff.h"
#include "gh-os-info.h"

G_BEGIN_DECLS

/* What the module with libosinfo offers to GhOsInfo: plain functions over plain data. All of them
 * are called on one thread. */
typedef struct _GhOsDb GhOsDb;

typedef struct
{
  /* Reads @overlay_dir, and over it the system's and the user's databases. */
  GhOsDb       *(*load)          (const char *overlay_dir, GError **error);
  GPtrArray    *(*list)          (GhOsDb *db);                        /* (element-type GhOs) */
  /* Only what the database knows: gh_os_rules_complete() does the rest. */
  GhOsDefaults *(*load_defaults) (GhOsDb *db, const char *id, const char *arch, GError **error);
  /* All that match the labels of an ISO, best first: (element-type GhOs). */
  GPtrArray    *(*identify)      (GhOsDb *db, const GhImageSniff *labels);
} GhOsDbModule;

typedef const GhOsDbModule *(*GhOsDbGetModuleFunc) (void);

/* The symbol in the module "osinfo". */
const GhOsDbModule *gh_os_db_get_module (void);

G_END_DECLS
