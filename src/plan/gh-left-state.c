/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-left-state"

#include "config.h"

#include "gh-left-state.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-steps.h"

/* Takes @title. */
static void
take_check (GhPlanDraft  *draft,
            GhCheckLevel  level,
            const char   *id,
            char         *title,
            const char   *detail)
{
  gh_plan_draft_add_check (draft, gh_check_new (level, id, title, detail));
  g_free (title);
}

static gboolean
is_tpm (const GhLeftFile *file)
{
  return strcmp (file->kind, GH_LEFT_TPM) == 0;
}

/* FOLDER/NAME_VARS.fd, or FOLDER/UUID/tpm2/tpm2-00.permall. */
static gboolean
is_where_it_belongs (const GhLeftFile     *file,
                     const GhStateFolders *folders,
                     const char           *uuid)
{
  static const char * const names[] = { "tpm2/tpm2-00.permall", "tpm1.2/tpm-00.permall" };
  g_autofree char *folder = g_path_get_dirname (file->path);

  if (!is_tpm (file))
    return strcmp (folder, folders->nvram) == 0 && g_str_has_suffix (file->path, "_VARS.fd");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folders->tpm, uuid, names[i], NULL);

      if (strcmp (file->path, path) == 0)
        return TRUE;
    }
  return FALSE;
}

/* (nullable): of the folder */
static const GhPoolInfo *
find_pool (GPtrArray  *pools,
           const char *folder)
{
  for (guint i = 0; i < pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (pools, i);

      if (g_strcmp0 (pool->path, folder) == 0)
        return pool;
    }
  return NULL;
}

static GhStep *
add_lent (GhPlanDraft *draft,
          GhHost      *host,
          const char  *folder)
{
  GhStep *step = gh_pool_lend_step_new (host, folder);

  gh_plan_draft_add_step (draft, step);
  return step;
}

static void
add_closing (GhPlanDraft *draft,
             GhStep      *lent,
             gboolean     remove_folder)
{
  GhStep *step = gh_pool_close_step_new (lent);

  gh_step_set_boolean (step, "remove-folder", remove_folder);
  gh_plan_draft_add_step (draft, step);
}

static void
add_removal (GhPlanDraft *draft,
             GhHost      *host,
             const char  *path,
             const char  *pool)
{
  GhStep *step = gh_volume_remove_step_new (path, pool);

  gh_step_set_host (step, host);
  gh_step_set_boolean (step, "may-be-gone", TRUE);
  gh_step_set_weight (step, 0.2);
  gh_plan_draft_add_step (draft, step);
}

/* What is written to the folder must not appear where the machine is. */
static void
add_proof (GhPlanDraft *draft,
           GhHost      *host,
           GhHost      *own_host,
           const char  *pool,
           const char  *folder)
{
  GhStep *lent = add_lent (draft, own_host, folder);
  const GhPoolInfo there = {
    .name = (char *) gh_step_get_string (lent, "name"), .path = (char *) folder,
  };
  GhStep *step = gh_probe_step_new (own_host, pool, folder, &there, /* shared= */ FALSE);

  gh_step_set_host (step, host);
  gh_step_set_boolean (step, "left", TRUE);
  gh_plan_draft_add_step (draft, step);
  add_closing (draft, lent, FALSE);
}

static void
add_steps (GhPlanDraft          *draft,
           GhHost               *host,
           GhMachine            *machine,
           const GhLeftFile     *file,
           const GhStateFolders *own,  /* nullable */
           const GhPoolInfo     *pool) /* nullable */
{
  g_autofree char *folder = g_path_get_dirname (file->path);
  g_autofree char *above = g_path_get_dirname (folder);
  g_autofree char *lock = g_build_filename (folder, ".lock", NULL);
  GhStep *lent = pool == NULL ? add_lent (draft, host, folder) : NULL;
  const char *name = lent != NULL ? gh_step_get_string (lent, "name") : pool->name;
  GhHost *own_host = gh_machine_get_host (machine);
  GhStep *step = NULL;

  if (!is_tpm (file) && own != NULL && own_host != NULL && strcmp (own->nvram, folder) == 0)
    add_proof (draft, host, own_host, name, folder);
  add_removal (draft, host, file->path, name);
  /* swtpm's own, which would keep the folders. */
  if (is_tpm (file))
    add_removal (draft, host, lock, name);
  step = gh_forget_left_step_new (host, gh_machine_get_uuid (machine),
                                  gh_machine_get_name (machine), file->host, file->path);
  gh_step_set_weight (step, 0.1);
  gh_plan_draft_add_step (draft, step);
  if (lent != NULL)
    add_closing (draft, lent, is_tpm (file));
  /* Only folders that are empty by then go. */
  if (lent != NULL && is_tpm (file))
    add_closing (draft, add_lent (draft, host, above), TRUE);
}

/* libvirt gives firmware variables the name of their machine, and need not say in the definition
 * that it has them: one made since under the same name uses the same file. (nullable) */
static char *
dup_namesake (const GhLeftFile *file)
{
  static const char suffix[] = "_VARS.fd";
  g_autofree char *name = g_path_get_basename (file->path);

  return !is_tpm (file) && g_str_has_suffix (name, suffix)
         ? g_strndup (name, strlen (name) - strlen (suffix)) : NULL;
}

gboolean
gh_left_state_add (GhPlanDraft          *draft,
                   GhHost               *host,
                   GhMachine            *machine,
                   const GhLeftFile     *file,
                   const GhStateFolders *folders,
                   const GhStateFolders *own,
                   GPtrArray            *pools)
{
  g_autofree char *folder = g_path_get_dirname (file->path);
  const GhPoolInfo *pool = find_pool (pools, folder);
  g_autofree char *namesake = dup_namesake (file);
  const char *why = NULL;

  if (folders == NULL || (own == NULL && !is_tpm (file)))
    why = _("The host does not say where it keeps such files.");
  else if (!is_where_it_belongs (file, folders, gh_machine_get_uuid (machine)))
    why = _("It is not where the host keeps such files.");
  else if (gh_host_find_machine (host, gh_machine_get_uuid (machine)) != NULL)
    why = _("The machine is defined there, and may need it.");
  else if (namesake != NULL && gh_host_find_machine (host, namesake) != NULL)
    why = _("A machine of this name is there, and may need it.");
  else if (pool != NULL && !pool->active)
    why = _("It is in no active storage pool of the host.");
  if (why != NULL)
    {
      take_check (draft, GH_CHECK_WARNING, "left-used",
                  g_strdup_printf (_("It stays: %s"), file->path), why);
      return FALSE;
    }
  take_check (draft, GH_CHECK_WARNING, "left-deleted",
              is_tpm (file)
              ? g_strdup_printf (_("What its TPM kept there is deleted: %s"), file->path)
              : g_strdup_printf (_("The variables of its firmware there are deleted: %s"),
                                 file->path), NULL);
  add_steps (draft, host, machine, file, own, pool);
  return TRUE;
}
