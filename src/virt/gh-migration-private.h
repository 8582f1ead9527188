/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libvirt/libvirt.h>

#include "gh-migration.h"

G_BEGIN_DECLS

/* In a lane's thread. */

/* How far the move away from this host is, whoever began it; NULL, and no error: there is none.
 * libvirt's error is that of an invalid operation where it is off, or only arrives. */
GhMigrationProgress *gh_migration_read_progress (virDomainPtr domain, GError **error);
/* 0: not limited. As virDomainMigrateSetMaxSpeed(). */
int                  gh_migration_set_speed     (virDomainPtr domain, guint mib_per_s);

G_END_DECLS
