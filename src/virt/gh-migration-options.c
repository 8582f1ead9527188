/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The plain data of moves: how far one is, and how it is to be made. */

#define G_LOG_DOMAIN "gh-migration-options"

#include "config.h"

#include "gh-migration.h"

G_DEFINE_BOXED_TYPE (GhMigrationProgress, gh_migration_progress, gh_migration_progress_copy,
                     gh_migration_progress_free)

GhMigrationProgress *
gh_migration_progress_copy (const GhMigrationProgress *self)
{
  GhMigrationProgress *copy = g_new (GhMigrationProgress, 1);

  *copy = *self;
  return copy;
}

void
gh_migration_progress_free (GhMigrationProgress *self)
{
  g_free (self);
}

GhMigrationOptions *
gh_migration_options_new (void)
{
  GhMigrationOptions *self = g_new0 (GhMigrationOptions, 1);

  self->live = TRUE;
  return self;
}

GhMigrationOptions *
gh_migration_options_copy (const GhMigrationOptions *self)
{
  GhMigrationOptions *copy = g_new (GhMigrationOptions, 1);

  *copy = *self;
  copy->compression = g_strdup (self->compression);
  copy->name = g_strdup (self->name);
  copy->xml = g_strdup (self->xml);
  copy->persistent_xml = g_strdup (self->persistent_xml);
  copy->address = g_strdup (self->address);
  copy->disks_address = g_strdup (self->disks_address);
  copy->peer_uri = g_strdup (self->peer_uri);
  copy->disks = g_strdupv (self->disks);
  return copy;
}

void
gh_migration_options_free (GhMigrationOptions *self)
{
  g_free (self->compression);
  g_free (self->name);
  g_free (self->xml);
  g_free (self->persistent_xml);
  g_free (self->address);
  g_free (self->disks_address);
  g_free (self->peer_uri);
  g_strfreev (self->disks);
  g_free (self);
}
