/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* volume-transfer: a volume of the step's host becomes what a volume of its peer is, by streams.
 * Parameters source, source-pool, pool, name, path, what (“disk”, “nvram”, “tpm”), optional: it is
 *   no failure when there is nothing at the source;
 *   absent: nothing was at the path when it was looked at, journaled before it is made, with
 *   length: that of the source, as a file, and changed: when it was last written to;
 *   made: it is there;
 *   whole: everything is in it, and was read back.
 * A host that says that something is there takes “absent” back.
 *
 * When undoing removes the volume:
 *
 *   absent   at the path                       then
 *   no       whatever                          it is not ours: nothing is done
 *   yes      nothing                           done
 *   yes      no longer than the source, or     removed, unless a machine uses it
 *            whole and as long as it was
 *   yes      not known to be made              removed, if it is empty besides
 *   yes      anything else                     left: somebody else made it, or changed it
 *
 * What belongs to the source is never touched. */

#define G_LOG_DOMAIN "gh-transfer-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-file-users.h"
#include "gh-line-rates.h"
#include "gh-machine-spec.h"
#include "gh-migration.h"
#include "gh-step-task.h"
#include "gh-storage.h"
#include "gh-transfer.h"
#include "gh-virt-error.h"
#include "gh-volume-claim.h"

typedef GhStep GhVolumeTransferStep;
typedef GhStepClass GhVolumeTransferStepClass;

G_DEFINE_FINAL_TYPE (GhVolumeTransferStep, gh_volume_transfer_step, GH_TYPE_STEP)

#define PROGRESS_INTERVAL_MS 100
/* Hosts are back on their other connections by then, if they are. */
#define MAX_READY_TRIES 20
#define READY_INTERVAL_MS 500
/* A volume that was being written to a moment ago cannot always be removed at once. */
#define MAX_DELETE_TRIES 60

typedef struct
{
  GhTransferProgress *progress;
  guint               timer;
  guint               n_tries;
  gint64              began_us;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_handle_id (&work->timer, g_source_remove);
  gh_transfer_progress_unref (work->progress);
  g_free (work);
}

static Work *
get_work (GTask *task)
{
  return g_task_get_task_data (task);
}

static GTask *
add_work (GTask *task)
{
  Work *work = g_new0 (Work, 1);

  work->progress = gh_transfer_progress_new ();
  g_task_set_task_data (task, work, work_free);
  return task;
}

static gboolean
is_about (GhStep     *step,
          const char *what)
{
  return g_strcmp0 (gh_step_get_string (step, "what"), what) == 0;
}

static char *
dup_title (GhStep *step)
{
  const char *path = gh_step_get_string (step, "path");
  g_autofree char *name = g_path_get_basename (path != NULL ? path : "");

  /* Of a clone, which stays where it is. */
  if (g_strcmp0 (gh_step_get_string (step, "host"), gh_step_get_string (step, "peer")) == 0)
    return is_about (step, "tpm")
           ? g_strdup (_("Copy the secrets in the TPM"))
           : g_strdup_printf (_("Copy the firmware variables to “%s”"), name);
  if (is_about (step, "nvram"))
    return g_strdup_printf (_("Send the firmware variables as “%s”"), name);
  if (is_about (step, "tpm"))
    return g_strdup (_("Send the secrets in the TPM"));
  return g_strdup_printf (_("Send the disk “%s”, and read it back"), name);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The file “%s”"), gh_step_get_string (step, "path"));
}

/* A word for the shell. The length is read when the step is done; before, a disk's may be known,
 * and else the file that was fetched has it. */
static char *
dup_capacity (GhStep *step)
{
  gint64 length = gh_step_get_int (step, "length");

  if (length == 0)
    length = gh_step_get_int (step, "expected-length");
  return length > 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, length)
                    : g_strdup ("\"$(stat --format=%s volume)\"");
}

static char *
dup_command (GhStep *step)
{
  const char *path = gh_step_get_string (step, "path");
  const char *pool = gh_step_get_string (step, "pool");
  g_autofree char *capacity = dup_capacity (step);
  g_autofree char *download = gh_command_dup_virsh (gh_step_get_string (step, "peer"),
                                                    "vol-download", "--sparse", "--vol",
                                                    gh_step_get_string (step, "source"),
                                                    "--file", "volume", NULL);
  g_autofree char *create = gh_command_dup_virsh (gh_step_get_uri (step), "vol-create-as", "--pool",
                                                  pool, "--name", gh_step_get_string (step, "name"),
                                                  "--allocation", "0", "--format", "raw", NULL);
  g_autofree char *upload = gh_command_dup_virsh (gh_step_get_uri (step), "vol-upload", "--sparse",
                                                  "--vol", path, "--file", "volume", NULL);

  return g_strdup_printf ("%s\n%s --capacity %s\n%s", download, create, capacity, upload);
}

static char *
dup_undo_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_uri (step), "vol-delete", "--vol",
                               gh_step_get_string (step, "path"), NULL);
}

/* Afterwards: what follows needs both hosts, and theirs are other connections. */

static void wait_for_hosts (GTask *task);

static gboolean
try_again_cb (gpointer user_data)
{
  GTask *task = user_data;

  get_work (task)->timer = 0;
  wait_for_hosts (task);
  return G_SOURCE_REMOVE;
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = get_work (task);
  GError *error = NULL;

  if (gh_host_ready_finish (GH_HOST (object), result, &error))
    wait_for_hosts (task);
  else if (gh_error_is_cancelled (error) || work->n_tries++ >= MAX_READY_TRIES)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    work->timer = g_timeout_add_full (G_PRIORITY_DEFAULT, READY_INTERVAL_MS, try_again_cb,
                                      g_object_ref (task), g_object_unref);
  g_clear_error (&error);
}

static void
pool_refreshed_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  /* It is to know what the volume holds now; it can do without. */
  if (!gh_host_refresh_pool_finish (GH_HOST (object), result, &error))
    g_debug ("Could not refresh the pool: %s", error->message);
  g_task_return_boolean (task, TRUE);
}

static void
wait_for_hosts (GTask *task)
{
  GhStep *step = get_step (task);
  GhHost *host = get_host (task);
  GhHost *peer = gh_step_get_peer (step);

  if (gh_host_get_state (host) != GH_HOST_CONNECTED)
    gh_host_ready_async (host, g_task_get_cancellable (task), host_ready_cb, g_object_ref (task));
  else if (gh_host_get_state (peer) != GH_HOST_CONNECTED)
    gh_host_ready_async (peer, g_task_get_cancellable (task), host_ready_cb, g_object_ref (task));
  else
    gh_host_refresh_pool_async (host, gh_step_get_string (step, "pool"), NULL, pool_refreshed_cb,
                                g_object_ref (task));
}

/* Doing */

static void
rate_kept_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;

  gh_line_rates_keep_finish (result);
  wait_for_hosts (task);
}

/* For the next that is sent between these hosts. A cut says nothing about how fast they are. */
static void
keep_rate (GTask *task)
{
  GhStep *step = get_step (task);
  GhHost *peer = gh_step_get_peer (step);
  GhTransferFigures figures = { 0 };

  gh_transfer_progress_get (get_work (task)->progress, &figures);
  if (figures.n_cuts > 0 || peer == get_host (task))
    {
      wait_for_hosts (task);
      return;
    }
  gh_line_rates_keep_async (gh_host_get_uri (peer), gh_host_get_uri (get_host (task)), GH_LINE_OFF,
                            figures.n_sent + figures.n_verified,
                            g_get_monotonic_time () - get_work (task)->began_us, rate_kept_cb,
                            g_object_ref (task));
}

static void
transferred_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_clear_handle_id (&get_work (task)->timer, g_source_remove);
  if (!gh_host_transfer_finish (GH_HOST (object), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  gh_step_set_boolean (get_step (task), "whole", TRUE);
  keep_rate (task);
}

static gboolean
progress_cb (gpointer user_data)
{
  GTask *task = user_data;

  gh_step_set_fraction (get_step (task),
                        gh_transfer_progress_get_fraction (get_work (task)->progress));
  return G_SOURCE_CONTINUE;
}

static void
transfer (GTask *task)
{
  GhStep *step = get_step (task);
  Work *work = get_work (task);

  work->timer = g_timeout_add (PROGRESS_INTERVAL_MS, progress_cb, task);
  work->began_us = g_get_monotonic_time ();
  gh_host_transfer_async (get_host (task), gh_step_get_string (step, "pool"),
                          gh_step_get_string (step, "path"), gh_step_get_peer (step),
                          gh_step_get_string (step, "source-pool"),
                          gh_step_get_string (step, "source"), work->progress,
                          g_task_get_cancellable (task), transferred_cb, g_object_ref (task));
}

static void
volume_created_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_create_volume_finish (GH_HOST (object), result, &error);

  if (volume == NULL)
    {
      gh_volume_claim_drop (step, error);
      g_task_return_error (task, error);
    }
  else if (strcmp (volume->path, gh_step_get_string (step, "path")) != 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("The host put it at “%s” instead."), volume->path);
  else
    {
      gh_step_set_boolean (step, "made", TRUE);
      gh_step_task_save (task, transfer);
    }
}

static void
create_volume (GTask *task)
{
  GhStep *step = get_step (task);
  /* Raw and empty, whatever will be in it: its holes are then those of the source. */
  g_autofree char *xml = gh_volume_xml_new (gh_step_get_string (step, "name"), "raw",
                                            (guint64) gh_step_get_int (step, "length"), NULL,
                                            NULL);

  gh_host_create_volume_async (get_host (task), gh_step_get_string (step, "pool"), xml,
                               g_task_get_cancellable (task), volume_created_cb,
                               g_object_ref (task));
}

static void
destination_looked_at_cb (GObject      *object,
                          GAsyncResult *result,
                          gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (volume != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_EXISTS,
                             _("There is a file “%s” already, which is not overwritten."),
                             gh_step_get_string (step, "path"));
  else
    {
      gh_step_set_boolean (step, "absent", TRUE);
      gh_step_task_save (task, create_volume);
    }
}

static void
source_measured_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GhVolumeExtent extent = { 0 };
  GError *error = NULL;

  if (gh_host_measure_volume_finish (GH_HOST (object), result, &extent, &error))
    {
      gh_step_set_int (step, "length", (gint64) extent.length);
      gh_step_set_int (step, "changed", extent.changed_ns);
      gh_host_find_volume_async (get_host (task), gh_step_get_string (step, "path"),
                                 g_task_get_cancellable (task), destination_looked_at_cb,
                                 g_object_ref (task));
    }
  else if (gh_step_get_boolean (step, "optional") &&
           g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_VOLUME))
    {
      g_clear_error (&error);
      g_task_return_boolean (task, TRUE);
    }
  else
    g_task_return_error (task, error);
}

/* Plans look before; but of files in no pool a host says only now what they lie on. */
static void
source_found_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (volume != NULL && volume->backing_path != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _("“%s” lies on “%s”"), volume->path, volume->backing_path);
  else
    gh_host_measure_volume_async (GH_HOST (object), gh_step_get_string (step, "source-pool"),
                                  gh_step_get_string (step, "source"),
                                  g_task_get_cancellable (task), source_measured_cb,
                                  g_object_ref (task));
}

static void
source_refreshed_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  /* It may be of use as it was listed before. */
  if (!gh_host_refresh_pool_finish (GH_HOST (object), result, &error))
    g_debug ("Could not refresh the pool: %s", error->message);
  gh_host_find_volume_async (GH_HOST (object), gh_step_get_string (get_step (task), "source"),
                             g_task_get_cancellable (task), source_found_cb, g_object_ref (task));
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  g_autoptr (GTask) task = add_work (gh_step_task_new (step, host, cancellable, callback,
                                                         user_data));

  gh_host_refresh_pool_async (gh_step_get_peer (step), gh_step_get_string (step, "source-pool"),
                              cancellable, source_refreshed_cb, g_object_ref (task));
}

/* Undoing */

static void delete_volume (GTask *task);

static gboolean
delete_again_cb (gpointer user_data)
{
  GTask *task = user_data;

  get_work (task)->timer = 0;
  delete_volume (task);
  return G_SOURCE_REMOVE;
}

static void
volume_deleted_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = get_work (task);
  GError *error = NULL;

  if (gh_host_delete_volume_finish (GH_HOST (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else if (g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_INVALID) &&
           work->n_tries++ < MAX_DELETE_TRIES)
    {
      g_clear_error (&error);
      work->timer = g_timeout_add_full (G_PRIORITY_DEFAULT, READY_INTERVAL_MS, delete_again_cb,
                                        g_object_ref (task), g_object_unref);
    }
  else
    g_task_return_error (task, error);
}

static void
delete_volume (GTask *task)
{
  gh_host_delete_volume_async (get_host (task), gh_step_get_string (get_step (task), "path"),
                               NULL, volume_deleted_cb, g_object_ref (task));
}

/* (nullable): the machine whose TPM is kept in this file: its folder is called by the UUID. */
static char *
dup_owner (GhStep *step)
{
  g_auto (GStrv) parts = g_strsplit (gh_step_get_string (step, "path"), "/", -1);

  if (g_strcmp0 (gh_step_get_string (step, "what"), "tpm") != 0)
    return NULL;
  for (guint i = 0; parts[i] != NULL; i++)
    if (g_uuid_string_is_valid (parts[i]))
      return g_strdup (parts[i]);
  return NULL;
}

/* No definition names what a TPM keeps: the machine itself must not be there. */
static void
owner_looked_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autofree GhPresence *presence = gh_host_load_presence_finish (GH_HOST (object), result,
                                                                  &error);

  if (presence == NULL)
    g_task_return_error (task, error);
  else if (presence->exists)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "%s",
                             _("The machine is defined there, and this is its TPM."));
  else
    delete_volume (task);
}

static void
found_unused_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_autofree char *owner = dup_owner (get_step (task));

  if (!gh_file_users_find_none_finish (result, &error))
    g_task_return_error (task, error);
  else if (owner != NULL)
    gh_host_load_presence_async (get_host (task), owner, NULL, owner_looked_cb,
                                 g_object_ref (task));
  else
    delete_volume (task);
}

static void
made_measured_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  guint64 length = (guint64) gh_step_get_int (step, "length");
  gboolean whole = gh_step_get_boolean (step, "whole");
  GhVolumeExtent extent = { 0 };
  GError *error = NULL;

  if (!gh_host_measure_volume_finish (GH_HOST (object), result, &extent, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (whole ? extent.length != length : extent.length > length)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("It is not as it was made, so it may hold something else by now."));
  else
    gh_file_users_find_none_async (GH_HOST (object), gh_step_get_string (step, "path"),
                                   found_unused_cb, g_object_ref (task));
}

static void
made_found_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (volume == NULL)
    g_task_return_boolean (task, TRUE);
  else if (!gh_step_get_boolean (step, "made") &&
           !gh_volume_claim_is_fresh (volume, (guint64) gh_step_get_int (step, "length")))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("It is not as it was made, so it may hold something else by now."));
  else
    gh_host_measure_volume_async (GH_HOST (object), gh_step_get_string (step, "pool"),
                                  gh_step_get_string (step, "path"), NULL, made_measured_cb,
                                  g_object_ref (task));
}

static void
find_made (GTask *task)
{
  gh_host_find_volume_async (get_host (task), gh_step_get_string (get_step (task), "path"),
                             NULL, made_found_cb, g_object_ref (task));
}

/* Its own connections may have been lost with those of the transfer, and be back by now. */
static void
host_to_undo_ready_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;

  /* When it is not, looking says why. */
  (void) gh_host_ready_finish (GH_HOST (object), result, NULL);
  find_made (task);
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GTask) task = add_work (gh_step_task_new_undo (step, host, callback, user_data));

  if (!gh_step_get_boolean (step, "absent"))
    g_task_return_boolean (task, TRUE);
  else if (gh_host_get_state (host) == GH_HOST_CONNECTED)
    find_made (task);
  else
    gh_host_ready_async (host, NULL, host_to_undo_ready_cb, g_object_ref (task));
}

static const char * const needs[] = { "source", "path", "pool", "name", "host", "peer", NULL };

static void
gh_volume_transfer_step_class_init (GhVolumeTransferStepClass *klass)
{
  klass->kind = "volume-transfer";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->dup_undo_command = dup_undo_command;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_volume_transfer_step_init (GhVolumeTransferStep *self)
{
}

GhStep *
gh_volume_transfer_step_new (const GhTransferEnd *from,
                             const GhTransferEnd *to,
                             GhTransferKind       kind)
{
  static const char * const kinds[] = { "disk", "nvram", "tpm" };
  GhStep *self = g_object_new (gh_volume_transfer_step_get_type (), NULL);
  g_autofree char *name = NULL;

  g_return_val_if_fail (from->path != NULL && from->pool != NULL, self);
  g_return_val_if_fail (to->path != NULL && to->pool != NULL, self);

  name = g_path_get_basename (to->path);
  gh_step_set_string (self, "source", from->path);
  gh_step_set_string (self, "source-pool", from->pool);
  gh_step_set_string (self, "path", to->path);
  gh_step_set_string (self, "pool", to->pool);
  gh_step_set_string (self, "name", name);
  gh_step_set_string (self, "what", kinds[kind]);
  /* A machine that never ran has neither yet, and gets them when it first does. */
  gh_step_set_boolean (self, "optional", kind != GH_TRANSFER_DISK);
  gh_step_set_host (self, to->host);
  gh_step_set_peer (self, from->host);
  return self;
}
