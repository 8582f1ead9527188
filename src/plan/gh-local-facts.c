/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-local-facts"

#include "config.h"

#include "gh-local-facts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gh-account.h"
#include "gh-lane.h"

#define KVM_DEVICE "/dev/kvm"

typedef struct
{
  char *folder; /* (nullable) */
  char *file;   /* (nullable) */
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->folder);
  g_free (request->file);
  g_free (request);
}

static void
facts_clear (gpointer data)
{
  GhLocalFacts *self = data;

  g_free (self->kvm_closed_for);
  g_free (self->kvm_module);
}

GhLocalFacts *
gh_local_facts_ref (GhLocalFacts *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_local_facts_unref (GhLocalFacts *self)
{
  g_atomic_rc_box_release_full (self, facts_clear);
}

/* Looks for a word of the first “flags” line. */
static gboolean
has_cpu_flag (const char *cpuinfo,
              const char *flag)
{
  const char *flags = cpuinfo != NULL ? strstr (cpuinfo, "\nflags") : NULL;
  const char *end = flags != NULL ? strchr (flags + 1, '\n') : NULL;
  g_autofree char *line = NULL;
  g_auto (GStrv) words = NULL;

  if (end == NULL)
    return FALSE;
  line = g_strndup (flags, (gsize) (end - flags));
  words = g_strsplit (line, " ", -1);
  return g_strv_contains ((const char *const *) words, flag);
}

static void
read_kvm (GhLocalFacts *self)
{
  g_autofree char *cpuinfo = NULL;
  int fd = open (KVM_DEVICE, O_RDWR | O_CLOEXEC);
  int error_number = errno;

  if (fd >= 0)
    {
      close (fd);
      self->kvm = GH_KVM_FINE;
      return;
    }

  g_file_get_contents ("/proc/cpuinfo", &cpuinfo, NULL, NULL);
  if (has_cpu_flag (cpuinfo, "svm"))
    self->kvm_module = g_strdup ("kvm_amd");
  else if (has_cpu_flag (cpuinfo, "vmx"))
    self->kvm_module = g_strdup ("kvm_intel");

  if (error_number == EACCES || error_number == EPERM)
    self->kvm = GH_KVM_NO_ACCESS;
  else if (error_number != ENOENT && error_number != ENODEV && error_number != ENXIO)
    self->kvm = GH_KVM_BROKEN;
  else
    self->kvm = self->kvm_module != NULL ? GH_KVM_NO_MODULE : GH_KVM_NO_PROCESSOR;
}

/* Whom the device lets in besides us. */
static void
read_kvm_rights (GhLocalFacts *self)
{
  GhAccount account;
  struct group entry;
  struct group *found = NULL;
  struct stat status;
  char buffer[4096];

  if (stat (KVM_DEVICE, &status) != 0)
    return;
  self->kvm_group_may = (status.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP) &&
                        getgrgid_r (status.st_gid, &entry, buffer, sizeof buffer, &found) == 0 &&
                        found != NULL && strcmp (entry.gr_name, "kvm") == 0;
  if (gh_account_find_qemu (&account) &&
      !gh_account_may (&account, KVM_DEVICE, GH_ACCOUNT_READ | GH_ACCOUNT_WRITE))
    self->kvm_closed_for = g_strdup (account.name);
}

static void
read_memory (GhLocalFacts *self)
{
  g_autofree char *meminfo = NULL;
  const char *line = NULL;

  if (!g_file_get_contents ("/proc/meminfo", &meminfo, NULL, NULL))
    return;
  line = strstr (meminfo, "MemAvailable:");
  if (line != NULL)
    self->free_memory_kib = g_ascii_strtoull (line + strlen ("MemAvailable:"), NULL, 10);
}

static void
read_folder (GhLocalFacts *self,
             const char   *folder)
{
  g_autofree char *nearest = g_strdup (folder);
  struct statvfs status;

  self->folder_exists = g_file_test (folder, G_FILE_TEST_IS_DIR);
  while (!g_file_test (nearest, G_FILE_TEST_IS_DIR) && strcmp (nearest, "/") != 0 &&
         strcmp (nearest, ".") != 0)
    {
      char *parent = g_path_get_dirname (nearest);

      g_free (nearest);
      nearest = parent;
    }
  self->folder_writable = faccessat (AT_FDCWD, nearest, W_OK | X_OK, AT_EACCESS) == 0;
  if (statvfs (nearest, &status) == 0)
    self->free_bytes = (guint64) status.f_bavail * status.f_frsize;
}

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  const Request *request = data;
  GhLocalFacts *self = g_atomic_rc_box_new0 (GhLocalFacts);
  struct stat status;

  self->free_bytes = G_MAXUINT64;
  read_kvm (self);
  read_kvm_rights (self);
  read_memory (self);
  if (request->folder != NULL)
    read_folder (self, request->folder);
  self->file_exists = request->file != NULL && lstat (request->file, &status) == 0;
  return self;
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhLocalFacts *self = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (self == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, self, (GDestroyNotify) gh_local_facts_unref);
}

/**
 * gh_local_facts_load_async:
 * @folder: (nullable): where a new file is to go
 * @file: (nullable): its path
 * @cancellable: (nullable): stops waiting
 * @callback: called when they are known
 * @user_data: for @callback
 *
 * Looks at this computer. Main thread.
 */
void
gh_local_facts_load_async (const char          *folder,
                           const char          *file,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GhLane) lane = gh_lane_new ("local-facts");
  Request *request = g_new0 (Request, 1);

  g_task_set_source_tag (task, gh_local_facts_load_async);
  request->folder = g_strdup (folder);
  request->file = g_strdup (file);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "local-facts", load_worker, request,
                     request_free,
                     (GDestroyNotify) gh_local_facts_unref, cancellable, loaded_cb, task);
}

/**
 * gh_local_facts_load_finish:
 * @result: given to the callback
 * @error: (out): set only when it was cancelled
 *
 * Returns: (transfer full): the facts
 */
GhLocalFacts *
gh_local_facts_load_finish (GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
