/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Moving a machine that is off. libvirt's own offline migration moves the definition only, so its
 * disks and its state are sent by us, and all of it is at the destination and was read back
 * before anything is taken away here. That is the definition alone: disks, firmware variables and
 * TPM state stay at the source until the user deletes them.
 *
 * What is in no pool (state never is) is lent one for as long as the plan takes. */

#define G_LOG_DOMAIN "gh-move-off"

#include "config.h"

#include "gh-move-off.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-format.h"
#include "gh-left-files.h"
#include "gh-machine-metadata.h"
#include "gh-move-xml.h"
#include "gh-steps.h"
#include "gh-virt-error.h"

/* Facts */

void
gh_move_facts_free (GhMoveFacts *self)
{
  g_clear_pointer (&self->pools_here, g_ptr_array_unref);
  g_clear_pointer (&self->pools, g_ptr_array_unref);
  g_clear_pointer (&self->folders, gh_state_folders_free);
  g_clear_pointer (&self->folders_there, gh_state_folders_free);
  g_free (self);
}

typedef struct
{
  GhMoveFacts *facts;
  guint        n_waiting;
  GError      *error; /* (nullable): the first */
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_clear_pointer (&reading->facts, gh_move_facts_free);
  g_clear_error (&reading->error);
  g_free (reading);
}

/* Takes both. */
static void
end_one (GTask  *task,
         GError *error)
{
  Reading *reading = g_task_get_task_data (task);

  if (error != NULL && reading->error == NULL)
    reading->error = error;
  else
    g_clear_error (&error);
  if (--reading->n_waiting == 0 && reading->error != NULL)
    g_task_return_error (task, g_steal_pointer (&reading->error));
  else if (reading->n_waiting == 0)
    g_task_return_pointer (task, g_steal_pointer (&reading->facts),
                           (GDestroyNotify) gh_move_facts_free);
  g_object_unref (task);
}

static GhMoveFacts *
get_facts (GTask *task)
{
  return ((Reading *) g_task_get_task_data (task))->facts;
}

static void
pools_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GError *error = NULL;

  get_facts (user_data)->pools_here = gh_host_load_pools_finish (GH_HOST (object), result, &error);
  end_one (user_data, error);
}

/* A check tells when folders are missing that are needed. */
static void
folders_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  get_facts (user_data)->folders = gh_host_load_state_folders_finish (GH_HOST (object), result,
                                                                      NULL);
  end_one (user_data, NULL);
}

static void
folders_there_loaded_cb (GObject      *object,
                         GAsyncResult *result,
                         gpointer      user_data)
{
  get_facts (user_data)->folders_there = gh_host_load_state_folders_finish (GH_HOST (object),
                                                                            result, NULL);
  end_one (user_data, NULL);
}

void
gh_move_facts_load_async (GhHost              *source,
                          GhHost              *destination,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (source, cancellable, callback, user_data);
  Reading *reading = g_new0 (Reading, 1);

  reading->facts = g_new0 (GhMoveFacts, 1);
  reading->n_waiting = 3;
  g_task_set_source_tag (task, gh_move_facts_load_async);
  g_task_set_task_data (task, reading, reading_free);
  gh_host_load_pools_async (source, cancellable, pools_loaded_cb, g_object_ref (task));
  gh_host_load_state_folders_async (source, cancellable, folders_loaded_cb, g_object_ref (task));
  gh_host_load_state_folders_async (destination, cancellable, folders_there_loaded_cb,
                                    g_object_ref (task));
}

GhMoveFacts *
gh_move_facts_load_finish (GhHost        *source,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, source), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Where things are */

/* Of NVRAM here; NULL: it has none, or nobody knows. */
static char *
dup_nvram_path (const GhMove      *self,
                const GhMoveFacts *facts)
{
  char *path = gh_domain_xml_dup_nvram_path (self->before);
  g_autofree char *file = NULL;

  if (path != NULL || facts->folders == NULL ||
      gh_domain_xml_get_firmware (self->before) == GH_FIRMWARE_BIOS)
    return path;
  file = g_strdup_printf ("%s_VARS.fd", self->name);
  return g_build_filename (facts->folders->nvram, file, NULL);
}

/* Of NVRAM there, where libvirt looks for it by itself; NULL: nobody knows. */
static char *
dup_nvram_path_there (const GhMove      *self,
                      const GhMoveFacts *facts)
{
  g_autofree char *file = g_strdup_printf ("%s_VARS.fd", self->new_name);

  return facts->folders_there != NULL
         ? g_build_filename (facts->folders_there->nvram, file, NULL) : NULL;
}

/* Checks */

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

static void
check_disk (const GhMove     *self,
            const GhMoveDisk *disk,
            GhPlanDraft      *draft)
{
  g_autofree char *size = disk->allocation > 0 ? gh_format_file_size (disk->allocation) : NULL;

  if (disk->base != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "disk-linked",
                /* Translators: two paths of images. */
                g_strdup_printf (_("“%s” lies on “%s”"), disk->path, disk->base),
                _("It holds only what differs from that, which others may need here. Make the "
                  "machine independent first, or clone it in full and move the clone."));
  if (self->removes_disks)
    {
      take_check (draft, GH_CHECK_WARNING, "deleted-at-source",
                  g_strdup_printf (_("Deleted at the source when all has arrived: %s"), disk->path),
                  NULL);
      return;
    }
  take_check (draft, GH_CHECK_NOTE, "kept-at-source",
              size != NULL
              /* Translators: a path and a size. */
              ? g_strdup_printf (_("Kept at the source: %s (%s)"), disk->path, size)
              : g_strdup_printf (_("Kept at the source: %s"), disk->path),
              _("It is not used there any more. “Remove what was left” deletes it, when the "
                "machine runs well at the destination."));
}

static void
check_nvram (const GhMove      *self,
             const GhMoveFacts *facts,
             GhPlanDraft       *draft)
{
  g_autofree char *path = dup_nvram_path (self, facts);

  if (gh_domain_xml_get_firmware (self->before) == GH_FIRMWARE_BIOS)
    return;
  if (path == NULL || facts->folders_there == NULL)
    take_check (draft, GH_CHECK_WARNING, "nvram-lost",
                g_strdup (_("The variables of its firmware cannot be sent")),
                _("It gets new ones: its boot entries are gone, and with Secure Boot its keys. "
                  "Most systems start all the same. A host does not say where it keeps them."));
  else
    take_check (draft, GH_CHECK_NOTE, "kept-at-source",
                g_strdup_printf (_("Kept at the source: %s"), path),
                _("The variables of its firmware, as they are now."));
}

static void
check_tpm (const GhMove      *self,
           const GhMoveFacts *facts,
           GhPlanDraft       *draft)
{
  g_autofree char *file = gh_domain_xml_dup_tpm_file (self->before);

  if (file == NULL)
    return;
  if (facts->folders == NULL || facts->folders_there == NULL)
    take_check (draft, GH_CHECK_WARNING, "tpm-lost",
                g_strdup (_("The secrets in its TPM cannot be sent")),
                _("It gets a new TPM. A disk that was encrypted with the help of the old one can "
                  "then be opened with its recovery key only. A host does not say where it keeps "
                  "them."));
  else
    take_check (draft, GH_CHECK_WARNING, "tpm-sent",
                g_strdup (_("The secrets in its TPM go through this computer, and stay at the "
                            "source too")),
                _("Keys of encrypted disks are among them. Whoever may read the files of either "
                  "host can read them."));
}

static void
check_snapshots (const GhMove *self,
                 GhPlanDraft  *draft)
{
  guint n = self->snapshots->len;

  if (self->has_external)
    take_check (draft, GH_CHECK_REFUSAL, "snapshots-external",
                g_strdup_printf (_("A snapshot of “%s” is in files of its own"), self->name),
                _("Only snapshots inside of the disks go along with them. Clone the machine, and "
                  "move the clone."));
  else if (n > 0)
    take_check (draft, GH_CHECK_NOTE, "snapshots-sent",
                g_strdup_printf (ngettext ("Its snapshot goes along",
                                           "Its %u snapshots go along", n), n),
                _("They are inside of the disks, and the destination is told of them."));
  if (self->n_checkpoints > 0)
    take_check (draft, GH_CHECK_WARNING, "checkpoints-lost",
                g_strdup (_("Its checkpoints are forgotten")),
                _("Backup programs go by them for what has changed; their next backup of these "
                  "disks has to be a full one."));
}

void
gh_move_add_checks (const GhMove      *self,
                    const GhMoveFacts *facts,
                    GhPlanDraft       *draft)
{
  if (self->has_saved_state)
    take_check (draft, GH_CHECK_REFUSAL, "saved-state",
                g_strdup_printf (_("“%s” was saved in the middle of its run"), self->name),
                _("What it has in its memory stays behind when it is moved. Run it and shut it "
                  "down, or discard the saved state."));
  check_snapshots (self, draft);
  for (guint i = 0; i < self->disks->len; i++)
    check_disk (self, g_ptr_array_index (self->disks, i), draft);
  check_nvram (self, facts, draft);
  check_tpm (self, facts, draft);
}

/* Steps */

/* Pools that are lent: opened by the first who needs one. */
typedef struct
{
  GhPlanDraft *draft;
  GPtrArray   *opened; /* (element-type GhStep): pool-create steps */
} Lending;

static char *
dup_known_pool (GPtrArray  *pools,
                const char *folder)
{
  for (guint i = 0; i < pools->len; i++)
    {
      GhPoolInfo *pool = g_ptr_array_index (pools, i);

      if (pool->active && g_strcmp0 (pool->path, folder) == 0 && !gh_pool_is_lent (pool->name))
        return g_strdup (pool->name);
    }
  return NULL;
}

static char *
dup_lent_pool (Lending    *lending,
               GhHost     *host,
               const char *folder)
{
  for (guint i = 0; i < lending->opened->len; i++)
    {
      GhStep *step = g_ptr_array_index (lending->opened, i);

      if (gh_step_get_host (step) == host &&
          strcmp (gh_step_get_string (step, "path"), folder) == 0)
        return g_strdup (gh_step_get_string (step, "name"));
    }
  return NULL;
}

/* The name of a pool of @host for the folder: one that is there, or else one for the plan. */
static char *
lend_pool (Lending    *lending,
           GhHost     *host,
           GPtrArray  *pools,
           const char *folder)
{
  g_autofree char *name = dup_known_pool (pools, folder);
  GhStep *step = NULL;

  if (name == NULL)
    name = dup_lent_pool (lending, host, folder);
  if (name != NULL)
    return g_steal_pointer (&name);
  step = gh_pool_lend_step_new (host, folder);
  g_ptr_array_add (lending->opened, g_object_ref (step));
  gh_plan_draft_add_step (lending->draft, step);
  return g_strdup (gh_step_get_string (step, "name"));
}

static GhStep *
new_transfer (const GhMove      *self,
              const GhMoveFacts *facts,
              Lending           *lending,
              const char        *path,
              const char        *known_pool, /* (nullable): it is in, here */
              const char        *pool,
              const char        *destination,
              GhTransferKind     kind)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *source_pool = known_pool != NULL
                                 ? g_strdup (known_pool)
                                 : lend_pool (lending, self->source, facts->pools_here, folder);
  GhTransferEnd from = { self->source, source_pool, path };
  GhTransferEnd to = { self->destination, pool, destination };

  return gh_volume_transfer_step_new (&from, &to, kind);
}

/* The machine remembers it for GhLeftPlan, which finds it only where the host keeps such files. */
static void
remember_left (const GhMove *self,
               const char   *path,
               const char   *kind)
{
  const GhLeftFile file = {
    .host = (char *) self->source_id,
    .uri = (char *) gh_host_get_uri (self->source),
    .path = (char *) path,
    .kind = (char *) kind,
  };

  if (self->source_id != NULL)
    gh_domain_xml_add_left (self->after, &file);
}

static void
add_nvram (const GhMove      *self,
           const GhMoveFacts *facts,
           Lending           *lending,
           GPtrArray         *transfers)
{
  g_autofree char *path = dup_nvram_path (self, facts);
  g_autofree char *destination = dup_nvram_path_there (self, facts);
  g_autofree char *folder = NULL;
  g_autofree char *pool = NULL;
  GhStep *step = NULL;

  if (path == NULL || destination == NULL)
    return;
  folder = g_path_get_dirname (destination);
  pool = lend_pool (lending, self->destination, facts->pools, folder);
  step = new_transfer (self, facts, lending, path, NULL, pool, destination, GH_TRANSFER_NVRAM);
  gh_domain_xml_set_nvram_path (self->after, destination);
  if (facts->folders != NULL)
    {
      g_autofree char *folder_here = g_path_get_dirname (path);

      if (strcmp (folder_here, facts->folders->nvram) == 0)
        remember_left (self, path, GH_LEFT_NVRAM);
    }
  gh_step_set_weight (step, 0.2);
  g_ptr_array_add (transfers, step);
}

static void
add_tpm (const GhMove      *self,
         const GhMoveFacts *facts,
         Lending           *lending,
         GPtrArray         *transfers)
{
  g_autofree char *file = gh_domain_xml_dup_tpm_file (self->before);
  g_autofree char *path = NULL;
  g_autofree char *destination = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *above = NULL;
  g_autofree char *above_pool = NULL;
  g_autofree char *pool = NULL;
  GhStep *step = NULL;

  if (file == NULL || facts->folders == NULL || facts->folders_there == NULL)
    return;
  path = g_build_filename (facts->folders->tpm, file, NULL);
  destination = g_build_filename (facts->folders_there->tpm, file, NULL);
  folder = g_path_get_dirname (destination);
  above = g_path_get_dirname (folder);
  /* One for each, so that undoing takes both folders away. */
  above_pool = lend_pool (lending, self->destination, facts->pools, above);
  pool = lend_pool (lending, self->destination, facts->pools, folder);
  step = new_transfer (self, facts, lending, path, NULL, pool, destination, GH_TRANSFER_TPM);
  remember_left (self, path, GH_LEFT_TPM);
  gh_step_set_weight (step, 0.2);
  g_ptr_array_add (transfers, step);
}

static double
choose_weight (const GhMove     *self,
               const GhMoveDisk *disk)
{
  guint64 total = 0;

  for (guint i = 0; i < self->disks->len; i++)
    total += ((GhMoveDisk *) g_ptr_array_index (self->disks, i))->allocation;
  return total > 0 ? 1.0 + 20.0 * (double) disk->allocation / (double) total : 10.0;
}

static void
add_closing (Lending *lending)
{
  for (guint i = lending->opened->len; i > 0; i--)
    gh_plan_draft_add_step (lending->draft,
                            gh_pool_close_step_new (g_ptr_array_index (lending->opened, i - 1)));
}

static void
add_hand_over (const GhMove *self,
               GPtrArray    *transfers,
               GhPlanDraft  *draft)
{
  g_autofree char *xml = gh_domain_xml_to_string (self->after);
  GhUndefineFlags flags = (self->snapshots->len > 0 ? GH_UNDEFINE_SNAPSHOTS : 0) |
                          (self->n_checkpoints > 0 ? GH_UNDEFINE_CHECKPOINTS : 0);
  GhStep *define = gh_define_step_new (self->uuid, self->new_name, xml);

  /* At no time do both hosts start it by themselves. */
  if (self->autostart)
    gh_plan_draft_add_step (draft, gh_autostart_off_step_new (self->destination, self->uuid,
                                                              self->name));
  gh_step_set_host (define, self->destination);
  gh_step_set_boolean (define, "autostart", self->autostart);
  gh_step_set_peer (define, self->source);
  gh_step_set_boolean (define, "moved", TRUE);
  gh_plan_draft_add_step (draft, define);
  if (self->snapshots->len > 0)
    {
      GhStep *step = gh_move_snapshots_step_new (self->uuid, self->new_name, self->snapshots);

      gh_step_set_host (step, self->destination);
      gh_plan_draft_add_step (draft, step);
    }
  gh_plan_draft_add_step (draft, gh_move_check_step_new (self->source, self->destination,
                                                         self->uuid, self->name, transfers));
  gh_plan_draft_add_step (draft, gh_undefine_moved_step_new (self->uuid, self->name,
                                                             self->destination, flags));
}

void
gh_move_add_steps (const GhMove      *self,
                   const GhMoveFacts *facts,
                   GhPlanDraft       *draft)
{
  g_autoptr (GPtrArray) transfers = g_ptr_array_new ();
  Lending lending = { draft, g_ptr_array_new_with_free_func (g_object_unref) };

  for (guint i = 0; i < self->disks->len; i++)
    {
      const GhMoveDisk *disk = g_ptr_array_index (self->disks, i);
      GhStep *step = new_transfer (self, facts, &lending, disk->path, disk->source_pool,
                                   disk->pool, disk->destination, GH_TRANSFER_DISK);

      gh_step_set_weight (step, choose_weight (self, disk));
      gh_step_set_int (step, "expected-length", (gint64) disk->length);
      g_ptr_array_add (transfers, step);
    }
  add_nvram (self, facts, &lending, transfers);
  add_tpm (self, facts, &lending, transfers);
  for (guint i = 0; i < transfers->len; i++)
    gh_plan_draft_add_step (draft, g_ptr_array_index (transfers, i));
  add_hand_over (self, transfers, draft);
  add_closing (&lending);
  g_ptr_array_unref (lending.opened);
}
