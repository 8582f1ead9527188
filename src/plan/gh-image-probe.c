/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A probe goes: on a thread of its own, walk the folders, read the first bytes (GhImageSniff);
 * then, for formats with metadata that found nothing wrong so far, let qemu-img have a look, with
 * the format named so that it cannot be led elsewhere, and with its memory and time limited. */

#define G_LOG_DOMAIN "gh-image-probe"

#include "config.h"

#include "gh-image-probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

#include "gh-account.h"
#include "gh-lane.h"
#include "gh-threads.h"

/* More than any honest image takes. */
#define QEMU_IMG_MEMORY ((rlim_t) 1024 * 1024 * 1024)
#define QEMU_IMG_CPU_SECONDS 10
#define QEMU_IMG_TIMEOUT_SECONDS 30

typedef struct
{
  char              *path;
  GhImageProbeFlags  flags;
} Request;

typedef struct
{
  GSubprocess *process; /* (owned) */
  GhImageInfo *info;    /* (owned) */
  guint        timeout_id;
  gboolean     timed_out;
} Confirmation;

static void
info_clear (gpointer data)
{
  GhImageInfo *self = data;

  g_free (self->path);
  g_free (self->message);
  g_free (self->backing_path);
  g_free (self->data_path);
  g_free (self->volume_id);
  g_free (self->closed_folder);
  g_free (self->closed_for);
}

/**
 * gh_image_info_ref:
 * @self: an image's description
 *
 * Returns: (transfer full): @self
 */
GhImageInfo *
gh_image_info_ref (GhImageInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

/**
 * gh_image_info_unref:
 * @self: (transfer full): an image's description
 *
 * Drops a reference.
 */
void
gh_image_info_unref (GhImageInfo *self)
{
  g_atomic_rc_box_release_full (self, info_clear);
}

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->path);
  g_free (request);
}

static char *
find_closed_folder_of_path (const char    *path,
                            const GhAccount *account)
{
  for (const char *slash = path; slash != NULL; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *folder = slash == path ? g_strdup ("/")
                                              : g_strndup (path, (gsize) (slash - path));

      if (account != NULL ? !gh_account_may (account, folder, GH_ACCOUNT_SEARCH)
                          : faccessat (AT_FDCWD, folder, X_OK, AT_EACCESS) != 0 && errno == EACCES)
        return g_steal_pointer (&folder);
    }
  return NULL;
}

/* The first folder on the way to @path that @account, or we if NULL, may not search; also on the
 * way to what it links to. realpath() cannot say that of a closed folder. */
static char *
find_closed_folder (const char    *path,
                    const GhAccount *account)
{
  g_autofree char *current = g_strdup (path);

  for (int hops = 0; hops < 8; hops++)
    {
      g_autofree char *closed = find_closed_folder_of_path (current, account);
      g_autofree char *target = NULL;
      g_autofree char *folder = NULL;

      if (closed != NULL)
        return g_steal_pointer (&closed);
      target = g_file_read_link (current, NULL);
      if (target == NULL)
        return NULL;
      folder = g_path_get_dirname (current);
      g_free (current);
      current = g_canonicalize_filename (target, folder);
    }
  return NULL;
}

static gboolean
is_ours (const char *path)
{
  struct stat status;

  return stat (path, &status) == 0 && status.st_uid == geteuid ();
}

static void
set_problem (GhImageInfo    *info,
             GhImageProblem  problem,
             int             error_number)
{
  info->problem = problem;
  if (error_number != 0)
    info->message = g_strdup (g_strerror (error_number));
}

/* Whether QEMU, run by the system daemon, gets to the file: the daemon gives the file itself to it,
 * but not the folders. */
static void
check_system_access (GhImageInfo *info)
{
  GhAccount account;

  if (!gh_account_find_qemu (&account))
    return;
  info->closed_folder = find_closed_folder (info->path, &account);
  if (info->closed_folder == NULL)
    return;
  info->problem = GH_IMAGE_CLOSED_FOLDER;
  info->closed_for = g_strdup (account.name);
  info->closed_is_ours = is_ours (info->closed_folder);
}

static void
set_closed_for_us (GhImageInfo *info,
                   int          error_number)
{
  info->closed_folder = find_closed_folder (info->path, NULL);
  set_problem (info, info->closed_folder != NULL ? GH_IMAGE_CLOSED_FOLDER : GH_IMAGE_UNREADABLE,
               error_number);
  info->closed_is_ours = is_ours (info->closed_folder != NULL ? info->closed_folder : info->path);
}

static gpointer
probe_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  const Request *request = data;
  GhImageInfo *info = g_atomic_rc_box_new0 (GhImageInfo);
  g_auto (GhImageSniff) sniff = { 0 };
  g_autoptr (GError) local_error = NULL;
  struct stat status;

  info->path = g_strdup (request->path);
  if (!g_path_is_absolute (request->path))
    {
      set_problem (info, GH_IMAGE_MISSING, 0);
      return info;
    }
  if (stat (request->path, &status) != 0)
    {
      if (errno == EACCES)
        set_closed_for_us (info, EACCES);
      else if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG)
        set_problem (info, GH_IMAGE_MISSING, errno);
      else
        set_problem (info, GH_IMAGE_IO_ERROR, errno);
      return info;
    }

  info->device = status.st_dev;
  info->inode = status.st_ino;
  info->file_size = (guint64) status.st_size;
  info->actual_size = (guint64) status.st_blocks * 512;
  info->is_block = S_ISBLK (status.st_mode);
  info->writable = faccessat (AT_FDCWD, request->path, W_OK, AT_EACCESS) == 0;
  if (!S_ISREG (status.st_mode) && !S_ISBLK (status.st_mode))
    {
      set_problem (info, GH_IMAGE_NOT_A_FILE, 0);
      return info;
    }
  if (faccessat (AT_FDCWD, request->path, R_OK, AT_EACCESS) != 0)
    {
      set_closed_for_us (info, EACCES);
      return info;
    }
  if (S_ISREG (status.st_mode) && status.st_size == 0)
    {
      set_problem (info, GH_IMAGE_EMPTY, 0);
      return info;
    }
  if (!gh_image_sniff_file (request->path, &sniff, &local_error))
    {
      info->problem = GH_IMAGE_IO_ERROR;
      info->message = g_strdup (local_error->message);
      return info;
    }

  info->kind = sniff.kind;
  info->flags = sniff.flags;
  info->format = gh_image_kind_get_format (sniff.kind);
  info->virtual_size = sniff.virtual_size;
  info->backing_path = g_steal_pointer (&sniff.backing_path);
  info->data_path = g_steal_pointer (&sniff.data_path);
  info->volume_id = g_steal_pointer (&sniff.volume_id);
  if (g_strcmp0 (info->format, "raw") == 0 && info->virtual_size == 0)
    info->virtual_size = info->file_size;
  if ((request->flags & GH_IMAGE_PROBE_FOR_SYSTEM) != 0)
    check_system_access (info);
  return info;
}

/* In the child, between fork and exec. */
static void
limit_child (gpointer user_data)
{
  const struct rlimit memory = { QEMU_IMG_MEMORY, QEMU_IMG_MEMORY };
  const struct rlimit cpu = { QEMU_IMG_CPU_SECONDS, QEMU_IMG_CPU_SECONDS };
  const struct rlimit none = { 0, 0 };

  setrlimit (RLIMIT_AS, &memory);
  setrlimit (RLIMIT_CPU, &cpu);
  setrlimit (RLIMIT_CORE, &none);
  setrlimit (RLIMIT_FSIZE, &none);
}

static void
confirmation_free (gpointer data)
{
  Confirmation *self = data;

  g_clear_handle_id (&self->timeout_id, g_source_remove);
  g_clear_object (&self->process);
  g_clear_pointer (&self->info, gh_image_info_unref);
  g_free (self);
}

static void
reject (GhImageInfo *info,
        const char  *message)
{
  info->problem = GH_IMAGE_REJECTED;
  g_free (info->message);
  info->message = g_utf8_make_valid (message, -1);
  g_strchomp (info->message);
}

static char *
dup_member (JsonObject *object,
            const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_dup_string (node) : NULL;
}

static JsonObject *
get_object_member (JsonObject *object,
                   const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static void
read_confirmation (GhImageInfo *info,
                   const char  *text)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *backing = NULL;
  g_autofree char *data = NULL;
  JsonNode *root = NULL;
  JsonObject *object = NULL;
  JsonObject *details = NULL;

  if (!json_parser_load_from_data (parser, text, -1, NULL) ||
      (root = json_parser_get_root (parser)) == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      reject (info, text);
      return;
    }

  object = json_node_get_object (root);
  details = get_object_member (get_object_member (object, "format-specific"), "data");
  if (json_object_has_member (object, "virtual-size"))
    info->virtual_size = (guint64) json_object_get_int_member (object, "virtual-size");
  if (json_object_has_member (object, "actual-size"))
    info->actual_size = (guint64) json_object_get_int_member (object, "actual-size");
  if (json_object_has_member (object, "encrypted") &&
      json_object_get_boolean_member (object, "encrypted"))
    info->flags |= GH_IMAGE_ENCRYPTED;

  backing = dup_member (object, "backing-filename");
  data = dup_member (details, "data-file");
  if (backing != NULL)
    {
      info->flags |= GH_IMAGE_LINKED;
      if (info->backing_path == NULL)
        info->backing_path = g_steal_pointer (&backing);
    }
  if (data != NULL && info->data_path == NULL)
    info->data_path = g_steal_pointer (&data);
}

static void
qemu_img_done_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Confirmation *self = g_task_get_task_data (task);
  GSubprocess *process = G_SUBPROCESS (object);
  g_autofree char *output = NULL;
  g_autofree char *complaint = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_handle_id (&self->timeout_id, g_source_remove);
  if (!g_subprocess_communicate_utf8_finish (process, result, &output, &complaint, &error))
    {
      g_subprocess_force_exit (process);
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_task_return_error (task, g_steal_pointer (&error));
          return;
        }
      reject (self->info, error->message);
    }
  else if (self->timed_out)
    reject (self->info, "qemu-img: timed out");
  else if (!g_subprocess_get_if_exited (process))
    reject (self->info, "qemu-img: exceeded its limits");
  else if (g_subprocess_get_exit_status (process) != 0)
    reject (self->info, complaint);
  else
    read_confirmation (self->info, output);
  g_task_return_pointer (task, g_steal_pointer (&self->info), (GDestroyNotify) gh_image_info_unref);
}

static gboolean
timed_out_cb (gpointer user_data)
{
  Confirmation *self = user_data;

  self->timeout_id = 0;
  self->timed_out = TRUE;
  g_subprocess_force_exit (self->process);
  return G_SOURCE_REMOVE;
}

/* Whether qemu-img has something to say that we do not know, and is safe to ask. */
static gboolean
needs_confirmation (GhImageInfo *info)
{
  if (info->problem != GH_IMAGE_FINE && info->problem != GH_IMAGE_CLOSED_FOLDER)
    return FALSE;
  if (info->problem == GH_IMAGE_CLOSED_FOLDER && info->closed_for == NULL)
    return FALSE;
  if (info->backing_path != NULL || info->data_path != NULL ||
      (info->flags & (GH_IMAGE_LINKED | GH_IMAGE_DAMAGED | GH_IMAGE_UNSUPPORTED)) != 0)
    return FALSE;
  return info->format != NULL && strcmp (info->format, "raw") != 0 &&
         strcmp (info->format, "luks") != 0;
}

static void
confirm (GTask       *task,
         GhImageInfo *info)
{
  g_autoptr (GSubprocessLauncher) launcher =
    g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  Confirmation *self = g_new0 (Confirmation, 1);
  g_autoptr (GError) error = NULL;

  self->info = info;
  g_task_set_task_data (task, self, confirmation_free);
  g_subprocess_launcher_set_child_setup (launcher, limit_child, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C.UTF-8", TRUE);
  /* An absolute path cannot be taken for a protocol, nor for an option. -U: it may be in use. */
  self->process = g_subprocess_launcher_spawn (launcher, &error, "qemu-img", "info", "-U", "-f",
                                               info->format, "--output=json", info->path, NULL);
  if (self->process == NULL)
    {
      /* Without qemu-img our own reading has to do. */
      g_debug ("Could not run qemu-img: %s", error->message);
      g_task_return_pointer (task, g_steal_pointer (&self->info),
                             (GDestroyNotify) gh_image_info_unref);
      return;
    }
  self->timeout_id = g_timeout_add_seconds (QEMU_IMG_TIMEOUT_SECONDS, timed_out_cb, self);
  g_subprocess_communicate_utf8_async (self->process, NULL, g_task_get_cancellable (task),
                                       qemu_img_done_cb, g_object_ref (task));
}

static void
probed_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhImageProbeFlags flags = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (task), "flags"));
  GError *error = NULL;
  GhImageInfo *info = gh_lane_run_finish (GH_LANE (object), result, &error);

  /* Its thread ends when what it does has ended, if ever. */
  gh_lane_stop (GH_LANE (object), NULL);
  if (info == NULL)
    g_task_return_error (task, error);
  else if ((flags & GH_IMAGE_PROBE_QEMU) != 0 && needs_confirmation (info))
    confirm (task, info);
  else
    g_task_return_pointer (task, info, (GDestroyNotify) gh_image_info_unref);
}

/**
 * gh_image_probe_async:
 * @path: a local path
 * @flags: how deep to look, and for whom
 * @cancellable: (nullable): answers at once; a read that hangs is left behind
 * @callback: called when it is known
 * @user_data: for @callback
 *
 * Looks at a file somebody wants to use as a disk, CD, kernel or initrd. Main
 * thread.
 */
void
gh_image_probe_async (const char          *path,
                      GhImageProbeFlags    flags,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GhLane) lane = gh_lane_new ("image-probe");
  Request *request = g_new0 (Request, 1);

  g_assert (GH_IS_MAIN_THREAD ());

  g_task_set_source_tag (task, gh_image_probe_async);
  g_object_set_data (G_OBJECT (task), "flags", GUINT_TO_POINTER (flags));
  request->path = g_strdup (path);
  request->flags = flags;
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "image-probe", probe_worker, request,
                     request_free,
                     (GDestroyNotify) gh_image_info_unref, cancellable, probed_cb, task);
}

/**
 * gh_image_probe_finish:
 * @result: given to the callback
 * @error: (out): set only when nothing was found out: it was cancelled
 *
 * Returns: (transfer full): what is known about the file
 */
GhImageInfo *
gh_image_probe_finish (GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
