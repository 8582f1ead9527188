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
/* Whether the move was begun so that the guest can be slowed down. FALSE also where nobody says. */
gboolean             gh_migration_may_slow      (virDomainPtr domain);
/* < 0: libvirt's error, or QEMU refused. */
int                  gh_migration_slow_guest    (virDomainPtr domain);

G_END_DECLS
