/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-seed-image"

#include "config.h"

#include "gh-seed-image.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "gh-lane.h"

#define DEFAULT_USER_DATA "#cloud-config\n{}\n"

typedef struct
{
  int   fd;
  char *meta_data;
  char *user_data;
} Request;

typedef struct archive GhArchive;
typedef struct archive_entry GhArchiveEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhArchive, archive_write_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhArchiveEntry, archive_entry_free)

static void
request_free (gpointer data)
{
  Request *self = data;

  if (self->fd >= 0)
    close (self->fd);
  g_free (self->meta_data);
  /* There may be passwords in it. */
  memset (self->user_data, 0, strlen (self->user_data));
  g_free (self->user_data);
  g_free (self);
}

static gboolean
add_file (GhArchive  *archive,
          const char *name,
          const char *text)
{
  g_autoptr (GhArchiveEntry) entry = archive_entry_new ();
  gsize length = strlen (text);

  archive_entry_set_pathname (entry, name);
  archive_entry_set_size (entry, (la_int64_t) length);
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_entry_set_perm (entry, 0444);
  archive_entry_set_mtime (entry, g_get_real_time () / G_USEC_PER_SEC, 0);
  return archive_write_header (archive, entry) == ARCHIVE_OK &&
         archive_write_data (archive, text, length) == (la_ssize_t) length;
}

static gboolean
write_image (GhArchive *archive,
             Request   *request)
{
  return archive_write_set_format_iso9660 (archive) == ARCHIVE_OK &&
         archive_write_set_format_option (archive, "iso9660", "volume-id", "cidata") ==
           ARCHIVE_OK &&
         archive_write_set_format_option (archive, "iso9660", "joliet", "1") == ARCHIVE_OK &&
         archive_write_open_fd (archive, request->fd) == ARCHIVE_OK &&
         add_file (archive, "meta-data", request->meta_data) &&
         add_file (archive, "user-data", request->user_data) &&
         archive_write_close (archive) == ARCHIVE_OK;
}

static gpointer
write_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  Request *request = data;
  g_autoptr (GhArchive) archive = archive_write_new ();

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (!write_image (archive, request))
    g_set_error (error, G_IO_ERROR,
                 g_io_error_from_errno (archive_errno (archive)), "%s",
                 archive_error_string (archive) != NULL ? archive_error_string (archive)
                                                        : g_strerror (archive_errno (archive)));
  else if (fsync (request->fd) != 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", _("The file could not be written"));
  return NULL;
}

static void
lane_done_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_lane_run_finish (GH_LANE (object), result, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* In single quotes: YAML reads what is in them as it stands. */
static char *
dup_quoted (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "'", -1);
  g_autofree char *doubled = g_strjoinv ("''", parts);

  return g_strdup_printf ("'%s'", doubled);
}

char *
gh_seed_image_dup_meta_data (const char *instance_id,
                             const char *host_name)
{
  g_autofree char *id = dup_quoted (instance_id);
  g_autofree char *name = host_name != NULL ? dup_quoted (host_name) : NULL;

  if (name == NULL)
    return g_strdup_printf ("instance-id: %s\n", id);
  return g_strdup_printf ("instance-id: %s\nlocal-hostname: %s\n", id, name);
}

/**
 * gh_seed_image_write_async:
 * @file: (transfer full): where to
 * @instance_id: what tells cloud-init that this is another machine
 * @host_name: (nullable): what the guest is to call itself
 * @user_data: (nullable): what else cloud-init is to do
 * @cancellable: (nullable): before it begins
 * @callback: called when it is written
 * @user_data_of_callback: for @callback
 */
void
gh_seed_image_write_async (GhNewFile           *file,
                           const char          *instance_id,
                           const char          *host_name,
                           const char          *user_data,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data_of_callback)
{
  g_autoptr (GhLane) lane = gh_lane_new ("seed-image");
  GTask *task = g_task_new (NULL, cancellable, callback, user_data_of_callback);
  Request *request = g_new0 (Request, 1);

  request->fd = file->fd;
  file->fd = -1;
  gh_new_file_free (file);
  request->meta_data = gh_seed_image_dup_meta_data (instance_id, host_name);
  request->user_data = g_strdup (user_data != NULL ? user_data : DEFAULT_USER_DATA);
  g_task_set_source_tag (task, gh_seed_image_write_async);
  g_task_set_check_cancellable (task, FALSE);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_WRITE, "seed-image", write_worker, request,
                     request_free, NULL, cancellable, lane_done_cb, task);
}

gboolean
gh_seed_image_write_finish (GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
