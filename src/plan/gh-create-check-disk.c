/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Checks of the disk that is made for a new machine, and of the pool it goes to. */

#define G_LOG_DOMAIN "gh-create-check-disk"

#include "config.h"

#include "gh-create-checks-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-create-fixes.h"
#include "gh-format.h"

#define LEAST_DISK_BYTES ((guint64) 1024 * 1024)
#define MOST_DISK_BYTES ((guint64) 64 * 1024 * 1024 * 1024 * 1024)
/* Below this a new disk cannot take even what an installer writes first. */
#define LEAST_FREE_BYTES ((guint64) 256 * 1024 * 1024)

static gboolean
is_legal_file_name (const char *name)
{
  if (!has_text (name) || strlen (name) > 255 ||
      strcmp (name, ".") == 0 || strcmp (name, "..") == 0 ||
      strchr (name, '/') != NULL || !g_utf8_validate (name, -1, NULL) || *name == '-')
    return FALSE;
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    {
      if (g_unichar_iscntrl (g_utf8_get_char (p)))
        return FALSE;
    }
  return TRUE;
}

static void
check_space (GhCreateChecker  *self,
             const GhPoolInfo *pool)
{
  guint64 size = self->inputs->disk_bytes;
  guint64 free_bytes = G_MAXUINT64;
  g_autofree char *wanted = gh_format_file_size (size);
  g_autofree char *available = NULL;

  if (pool != NULL && pool->active)
    free_bytes = pool->available;
  else if (pool == NULL && self->facts->local != NULL && !self->facts->is_test)
    free_bytes = self->facts->local->free_bytes;
  if (free_bytes == G_MAXUINT64)
    return;

  available = gh_format_file_size (free_bytes);
  if (free_bytes < LEAST_FREE_BYTES)
    add (self, GH_CHECK_REFUSAL, "no-space",
         g_strdup_printf (_("There is no space for a disk: only %s is free in “%s”."), available,
                          self->inputs->pool), NULL);
  else if (free_bytes < size)
    add (self, GH_CHECK_WARNING, "space-low",
         g_strdup_printf (_("The disk may grow to %s, but only %s is free in “%s”."), wanted,
                          available,
                          self->inputs->pool),
         g_strdup (_("It takes only the space that is used in it. When the space runs out, the "
                     "machine is paused until there is more.")));
  else
    add (self, GH_CHECK_OK, "space",
         g_strdup_printf (_("There is space for the disk of %s: %s is free."), wanted, available),
         NULL);
}

static void
check_pool (GhCreateChecker *self)
{
  const GhCreateFacts *facts = self->facts;
  const GhPoolInfo *pool = gh_create_facts_find_pool (facts, self->inputs->pool);
  GhCheck *check = NULL;

  if (pool == NULL && gh_create_pool_will_be_made (self->inputs, facts))
    {
      g_autofree char *path = gh_create_dup_default_pool_path (facts);

      add (self, GH_CHECK_NOTE, "pool-will-be-made",
           g_strdup_printf (_("The storage pool “%s” will be made for it, in “%s”."),
                            GH_CREATE_DEFAULT_POOL,
                            path), NULL);
      if (facts->local != NULL && !facts->local->folder_writable && facts->is_session)
        add (self, GH_CHECK_REFUSAL, "pool-not-writable",
             g_strdup_printf (_("You may not make the folder “%s”."), path), NULL);
    }
  else if (pool == NULL)
    {
      check = add (self, GH_CHECK_REFUSAL, "pool-missing",
                   g_strdup_printf (_("%s has no storage pool “%s”."), get_host_label (self),
                                    self->inputs->pool), NULL);
      gh_create_fix_reset (check, self->plan, GH_CREATE_POOL, _("Use the usual one"));
      self->possible = FALSE;
      return;
    }
  else if (pool->path == NULL ||
           (g_strcmp0 (pool->type, "dir") != 0 && g_strcmp0 (pool->type, "fs") != 0 &&
            g_strcmp0 (pool->type, "netfs") != 0))
    {
      add (self, GH_CHECK_REFUSAL, "pool-unsupported",
           g_strdup_printf (_("The storage pool “%s” is not a folder."), pool->name),
           g_strdup (_("A new disk is a file. Choose a storage pool that is a folder.")));
      self->possible = FALSE;
      return;
    }
  else if (!pool->active)
    {
      check = add (self, GH_CHECK_REFUSAL, "pool-inactive",
                   g_strdup_printf (_("The storage pool “%s” is not active."), pool->name), NULL);
      gh_create_fix_start_pool (check, self->plan, facts->host, pool);
    }
  check_space (self, pool);
}

static void
check_disk_name (GhCreateChecker *self)
{
  const GhCreateFacts *facts = self->facts;
  g_autofree char *name_problem = NULL;
  g_autofree char *path = NULL;
  GhCheck *check = NULL;

  if (!is_legal_file_name (self->inputs->disk_name))
    {
      self->possible = FALSE;
      /* A file name made of the machine's name is not the user's mistake. */
      if (!self->inputs->overridden[GH_CREATE_DISK_NAME] &&
          (name_problem = gh_create_plan_check_name (self->inputs->name, NULL)) != NULL)
        return;
      check = add (self, GH_CHECK_REFUSAL, "disk-name-illegal",
                   g_strdup_printf (_("“%s” cannot be the name of a file."),
                                    self->inputs->disk_name), NULL);
      gh_create_fix_reset (check, self->plan, GH_CREATE_DISK_NAME, _("Use the usual one"));
      return;
    }
  path = gh_create_dup_target_path (self->inputs, facts);
  if (path == NULL)
    {
      self->possible = FALSE;
      return;
    }
  if (facts->target_volume != NULL ||
      (facts->local != NULL && facts->local->file_exists && !facts->is_test))
    {
      check = add (self, GH_CHECK_REFUSAL, "disk-exists",
                   g_strdup_printf (_("There is a file “%s” already."), path),
                   g_strdup (_("It is kept as it is: a new machine never takes over or overwrites "
                               "a file.")));
      gh_create_fix_other_disk_name (check, self->plan, self->inputs->disk_name);
    }
}

void
gh_create_check_new_disk (GhCreateChecker *self)
{
  const GhCreateInputs *inputs = self->inputs;
  const GhOsDefaults *defaults = self->facts->defaults;
  g_autofree char *size = gh_format_file_size (inputs->disk_bytes);
  GhCheck *check = NULL;

  if (inputs->source == GH_CREATE_FROM_DISK)
    return;
  if (inputs->disk_bytes == 0)
    {
      if (inputs->source == GH_CREATE_FROM_NOTHING)
        add (self, GH_CHECK_WARNING, "no-disk",
             g_strdup (_("The machine has no disk and nothing to start from but the network.")),
             NULL);
      else if (inputs->source == GH_CREATE_FROM_ISO)
        add (self, GH_CHECK_WARNING, "no-disk",
             g_strdup (_("The machine has no disk: nothing can be installed in it.")), NULL);
      return;
    }
  if (inputs->disk_bytes < LEAST_DISK_BYTES)
    check = add (self, GH_CHECK_REFUSAL, "disk-too-small",
                 g_strdup_printf (_("A disk of %s is too small for anything."), size), NULL);
  else if (inputs->disk_bytes > MOST_DISK_BYTES)
    check = add (self, GH_CHECK_REFUSAL, "disk-too-large",
                 g_strdup_printf (_("A disk of %s is too large."), size), NULL);
  if (check != NULL)
    {
      gh_create_fix_reset (check, self->plan, GH_CREATE_DISK_SIZE, _("Use the proposal"));
      return;
    }
  if (defaults != NULL && defaults->os != NULL && inputs->disk_bytes < defaults->minimum_disk_bytes)
    {
      g_autofree char *least = gh_format_file_size (defaults->minimum_disk_bytes);

      add (self, GH_CHECK_WARNING, "disk-below-minimum",
           g_strdup_printf (_("%s needs a disk of at least %s."), defaults->os->name, least), NULL);
    }
  check_pool (self);
  check_disk_name (self);
}
