/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-cli-private.h"
#include "gh-migrate-plan.h"

G_BEGIN_DECLS

/* gh-cli-migrate-names.c */
char *gh_cli_migrate_find_stray (GhCli *self, GPtrArray *plans, GStrv disks, GStrv paths,
                                 GStrv networks, GStrv dropped);

G_END_DECLS
