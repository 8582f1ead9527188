/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The files of one machine, and what may become of them when it is deleted. Only what
 * is certainly the machine's own, and nobody else's, is proposed for removal:
 *
 *   disk that nobody else uses, in an active pool       remove
 *   layer or memory that a snapshot of it made          remove
 *   NVRAM, TPM state                                    remove
 *   saved state                                         goes along, libvirt insists
 *   used by another machine, snapshot or image          cannot be removed
 *   plain device, network disk, folder, missing         cannot be removed
 *   CD image, kernel, read-only or shareable disk,
 *   backing file, image outside of any pool             may be removed, when ticked
 *   base that was made for clones to share, when nobody
 *   else lies on it any more                            remove, with the disk that lies on it
 *
 * Reading runs on the host's lanes; documents are parsed and files looked at on a lane
 * of its own.
 */

#define G_LOG_DOMAIN "gh-machine-files"

#include "config.h"

#include "gh-machine-files.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-domain-xml.h"
#include "gh-file-users.h"
#include "gh-host.h"
#include "gh-lane.h"
#include "gh-machine-mark.h"

typedef struct
{
  /* Of the main thread. */
  GhMachine    *machine;
  GCancellable *cancellable;

  /* What the worker gets. */
  char         *uuid;
  char         *name;
  gboolean      local;     /* files can be looked at */
  gboolean      session;
  gboolean      saved;
  char         *xml;       /* (nullable): permanent definition */
  char         *live_xml;  /* (nullable) */
  GStrv         snapshots; /* (nullable) */
  guint         n_checkpoints;
  GhFileUsers  *users;     /* (nullable) */
  GPtrArray    *shared;    /* (nullable) (element-type char): see GhMachineMark; the worker's */
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;

  g_clear_object (&load->machine);
  g_clear_object (&load->cancellable);
  g_free (load->uuid);
  g_free (load->name);
  g_free (load->xml);
  g_free (load->live_xml);
  g_strfreev (load->snapshots);
  g_clear_pointer (&load->users, gh_file_users_unref);
  g_clear_pointer (&load->shared, g_ptr_array_unref);
  g_free (load);
}

GhMachineFile *
gh_machine_file_ref (GhMachineFile *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear_file (gpointer data)
{
  GhMachineFile *self = data;

  g_free (self->path);
  g_free (self->target);
  g_free (self->pool);
  g_free (self->reason);
  g_free (self->users);
  g_strfreev (self->chain);
}

void
gh_machine_file_unref (GhMachineFile *self)
{
  g_atomic_rc_box_release_full (self, clear_file);
}

static void
unref_file (gpointer file)
{
  gh_machine_file_unref (file);
}

GhMachineFiles *
gh_machine_files_ref (GhMachineFiles *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear_files (gpointer data)
{
  GhMachineFiles *self = data;

  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->graph, gh_image_graph_unref);
}

void
gh_machine_files_unref (GhMachineFiles *self)
{
  g_atomic_rc_box_release_full (self, clear_files);
}

static void
unref_files (gpointer files)
{
  gh_machine_files_unref (files);
}

/**
 * gh_machine_file_get_role_text:
 * @self: a file
 *
 * Returns: what it is to the machine, translated
 */
const char *
gh_machine_file_get_role_text (GhMachineFile *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  switch (self->role)
    {
    case GH_FILE_DISK:
      return _("Disk");
    case GH_FILE_BACKING:
      return _("Backing file");
    case GH_FILE_SNAPSHOT_DISK:
      return _("Snapshot, disk");
    case GH_FILE_SNAPSHOT_MEMORY:
      return _("Snapshot, memory");
    case GH_FILE_CDROM:
      return _("CD image");
    case GH_FILE_FLOPPY:
      return _("Floppy image");
    case GH_FILE_KERNEL:
      return _("Kernel");
    case GH_FILE_OTHER:
      return _("Other file");
    case GH_FILE_NVRAM:
      return _("Firmware variables");
    case GH_FILE_SAVED_STATE:
      return _("Saved state");
    case GH_FILE_TPM_STATE:
      return _("TPM state");
    default:
      g_return_val_if_reached (NULL);
    }
}

/* Worker: everything below runs on its lane. */

static GhMachineFile *
find_file (GhMachineFiles *self,
           Load           *load,
           const char     *path)
{
  for (guint i = 0; i < self->files->len; i++)
    {
      GhMachineFile *file = g_ptr_array_index (self->files, i);

      if (gh_file_users_is_same (load->users, file->path, path))
        return file;
    }
  return NULL;
}

/* Later rules do not soften earlier ones. */
static void
advise (GhMachineFile *file,
        GhFileAdvice   advice,
        const char    *reason)
{
  if (file->advice >= advice)
    return;
  file->advice = advice;
  g_free (file->reason);
  file->reason = g_strdup (reason);
}

/* Looks at the file itself, where that is possible. */
static void
measure (GhMachineFile *file,
         Load          *load)
{
  GhVolumeInfo *volume = gh_file_users_find_volume (load->users, file->path);
  struct stat status;

  file->exists = TRUE;
  if (volume != NULL)
    {
      file->pool = g_strdup (volume->pool);
      file->has_size = TRUE;
      file->size = volume->allocation;
    }
  if (!load->local || !g_path_is_absolute (file->path))
    return;
  if (stat (file->path, &status) != 0)
    {
      file->exists = errno != ENOENT && errno != ENOTDIR;
      return;
    }
  if (S_ISDIR (status.st_mode))
    advise (file, GH_FILE_KEEP_ONLY, _("It is a folder."));
  else if (S_ISBLK (status.st_mode) || S_ISCHR (status.st_mode))
    {
      if (volume == NULL)
        advise (file, GH_FILE_KEEP_ONLY, _("It is a device of the host."));
      else
        advise (file, GH_FILE_KEEP, _("It is a volume on a device of the host."));
    }
  else if (!S_ISREG (status.st_mode))
    advise (file, GH_FILE_KEEP_ONLY, _("It is not a file."));
  else if (volume == NULL)
    {
      g_autofree char *folder = g_path_get_dirname (file->path);

      file->has_size = TRUE;
      file->size = (guint64) status.st_blocks * 512;
      if (access (folder, W_OK) != 0)
        advise (file, GH_FILE_KEEP_ONLY, _("You may not delete files in its folder."));
    }
}

/* The rules that hold for every image. */
static void
judge (GhMachineFile *file,
       Load          *load)
{
  file->users = gh_file_users_dup_text (load->users, file->path, load->uuid);
  if (file->users != NULL)
    {
      /* Translators: %s are machines and other images. */
      g_autofree char *reason = g_strdup_printf (_("It is used by %s."), file->users);

      advise (file, GH_FILE_KEEP_ONLY, reason);
    }
  if (!file->exists)
    advise (file, GH_FILE_KEEP_ONLY, _("It is not there."));
  if (file->pool == NULL && !(load->local && load->session))
    advise (file, GH_FILE_KEEP_ONLY, _("No active storage pool holds it."));
  else if (file->pool == NULL)
    advise (file, GH_FILE_KEEP,
            _("It is in no storage pool, so it may have been put there by hand."));
}

static GhMachineFile *
add_file (GhMachineFiles *self,
          Load           *load,
          GhFileRole      role,
          const char     *path,
          const char     *target)
{
  GhMachineFile *file = g_atomic_rc_box_new0 (GhMachineFile);

  file->role = role;
  file->path = g_strdup (path);
  file->target = g_strdup (target);
  g_ptr_array_add (self->files, file);
  measure (file, load);
  return file;
}

static gboolean
is_in (GhFileUsers *users,
       GStrv        paths,
       const char  *path)
{
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    if (gh_file_users_is_same (users, paths[i], path))
      return TRUE;
  return FALSE;
}

/* Whether a snapshot keeps the file: then it was one of the machine's disks once. */
static gboolean
is_of_a_snapshot (Load       *load,
                  const char *path)
{
  for (guint i = 0; load->snapshots != NULL && load->snapshots[i] != NULL; i++)
    {
      g_auto (GStrv) paths = gh_snapshot_xml_list_paths (load->snapshots[i], NULL);

      if (is_in (load->users, paths, path))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_shared (Load       *load,
           const char *path)
{
  for (guint i = 0; load->shared != NULL && i < load->shared->len; i++)
    if (gh_file_users_is_same (load->users, g_ptr_array_index (load->shared, i), path))
      return TRUE;
  return FALSE;
}

/* The files under @top, from what the volumes say, else from what the definition says. */
static void
add_chain (GhMachineFiles *self,
           Load           *load,
           GhMachineFile  *top,
           GStrv           declared)
{
  g_auto (GStrv) chain = gh_file_users_dup_chain (load->users, top->path);

  if (chain[0] == NULL && declared != NULL)
    {
      g_strfreev (chain);
      chain = g_strdupv (declared);
    }
  for (guint i = 0; chain[i] != NULL; i++)
    {
      GhMachineFile *file = find_file (self, load, chain[i]);

      if (file == NULL)
        {
          file = add_file (self, load, GH_FILE_BACKING, chain[i], NULL);
          file->shared = is_shared (load, chain[i]);
          if (!file->shared && !is_of_a_snapshot (load, chain[i]))
            advise (file, GH_FILE_KEEP, _("Other disks may be meant to be made from it."));
          judge (file, load);
        }
      file->depth = MAX (file->depth, i + 1);
    }
  if (top->chain == NULL)
    top->chain = g_steal_pointer (&chain);
}

/* The CD that tells a clone who it is (gh_clone_dup_seed_path()): made for this machine, and of no
 * use to another. */
static gboolean
is_own_seed (Load       *load,
             const char *path)
{
  g_autofree char *own = g_strdup_printf ("seed-%s.iso", load->uuid);
  g_autofree char *name = g_path_get_basename (path);

  return strcmp (name, own) == 0;
}

static void
add_disk (GhMachineFiles *self,
          Load           *load,
          GhDiskXml      *disk)
{
  GhVolumeInfo *volume = NULL;
  GhMachineFile *file = NULL;
  const char *path = disk->source;
  gboolean is_disk = g_strcmp0 (disk->device, "disk") == 0 || g_strcmp0 (disk->device, "lun") == 0;
  GhFileRole role = is_disk ? GH_FILE_DISK
                            : g_strcmp0 (disk->device,
                                         "floppy") == 0 ? GH_FILE_FLOPPY : GH_FILE_CDROM;

  if (path == NULL && disk->source_volume != NULL)
    {
      volume = gh_file_users_find_in_pool (load->users, disk->source_pool, disk->source_volume);
      path = volume != NULL ? volume->path : NULL;
    }
  if (path == NULL)
    path = disk->source_text;
  if (path == NULL || find_file (self, load, path) != NULL)
    return;

  file = add_file (self, load, role, path, disk->target);
  if (!g_path_is_absolute (path))
    advise (file, GH_FILE_KEEP_ONLY, _("It is not a file of this host."));
  else if (g_strcmp0 (disk->device, "lun") == 0 ||
           (g_strcmp0 (disk->type, "block") == 0 && file->pool == NULL))
    advise (file, GH_FILE_KEEP_ONLY, _("It is a device of the host."));
  if (is_own_seed (load, path))
    {
      judge (file, load);
      return;
    }
  if (role != GH_FILE_DISK)
    advise (file, GH_FILE_KEEP, _("Other machines may want to use it."));
  else if (disk->shareable)
    advise (file, GH_FILE_KEEP, _("It is marked to be shared with other machines."));
  else if (disk->readonly)
    advise (file, GH_FILE_KEEP, _("It is read-only, so it may be meant for other machines too."));
  judge (file, load);
  if (is_disk)
    add_chain (self, load, file, disk->backing);
}

static void
add_snapshot_files (GhMachineFiles *self,
                    Load           *load,
                    const char     *text)
{
  gboolean has_memory = FALSE;
  g_auto (GStrv) made = gh_snapshot_xml_list_made (text, &has_memory, NULL);

  for (guint i = 0; made != NULL && made[i] != NULL; i++)
    {
      gboolean is_memory = i == 0 && has_memory;
      GhMachineFile *file = find_file (self, load, made[i]);

      if (file != NULL)
        continue;
      file = add_file (self, load, is_memory ? GH_FILE_SNAPSHOT_MEMORY : GH_FILE_SNAPSHOT_DISK,
                       made[i], NULL);
      judge (file, load);
      if (!is_memory)
        add_chain (self, load, file, NULL);
    }
}

static void
add_boot_files (GhMachineFiles *self,
                Load           *load,
                GhDomainXml    *xml)
{
  static const char * const xpaths[] = { "os/kernel", "os/initrd", "os/dtb" };

  for (guint i = 0; i < G_N_ELEMENTS (xpaths); i++)
    {
      g_autofree char *path = gh_domain_xml_dup_text (xml, xpaths[i]);
      GhMachineFile *file = NULL;

      if (path == NULL || *path == '\0' || find_file (self, load, path) != NULL)
        continue;
      file = add_file (self, load, GH_FILE_KERNEL, path, NULL);
      advise (file, GH_FILE_KEEP, _("Other machines, or the host itself, may want to use it."));
      judge (file, load);
    }
}

/* Firmware images belong to the host, sockets and random sources to nobody. */
static gboolean
is_of_the_system (const char *path)
{
  static const char * const prefixes[] = { "/usr/", "/dev/", "/proc/", "/sys/", "/run/" };

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (path, prefixes[i]))
      return TRUE;
  return FALSE;
}

static void
add_other_files (GhMachineFiles *self,
                 Load           *load,
                 GhDomainXml    *xml)
{
  g_auto (GStrv) paths = gh_domain_xml_list_paths (xml);
  g_autofree char *nvram_path = gh_domain_xml_dup_nvram_path (xml);

  for (guint i = 0; paths[i] != NULL; i++)
    {
      GhMachineFile *file = NULL;

      if (!g_path_is_absolute (paths[i]) || is_of_the_system (paths[i]) ||
          g_strcmp0 (paths[i], nvram_path) == 0 || find_file (self, load, paths[i]) != NULL)
        continue;
      file = add_file (self, load, GH_FILE_OTHER, paths[i], NULL);
      advise (file, GH_FILE_KEEP_ONLY, _("It is not one of its disks."));
      file->users = gh_file_users_dup_text (load->users, paths[i], load->uuid);
    }
}

/* Libvirt's own files about the machine: @folder, and @name in it, are where it keeps them. */
static GhMachineFile *
add_state (GhMachineFiles *self,
           Load           *load,
           GhFileRole      role,
           const char     *known_path,
           const char     *session_folder,
           const char     *system_folder,
           const char     *name,
           const char     *suffix)
{
  g_autofree char *file_name = g_strconcat (name, suffix, NULL);
  g_autofree char *path = NULL;

  if (known_path != NULL)
    path = g_strdup (known_path);
  else if (load->session)
    path = g_build_filename (g_get_user_config_dir (), "libvirt", "qemu", session_folder, file_name,
                             NULL);
  else
    path = g_build_filename (system_folder, file_name, NULL);
  return add_file (self, load, role, path, NULL);
}

static void
add_states (GhMachineFiles *self,
            Load           *load,
            GhDomainXml    *xml)
{
  g_autofree char *nvram_path = gh_domain_xml_dup_nvram_path (xml);
  GhMachineFile *file = NULL;

  if (gh_domain_xml_get_firmware (xml) != GH_FIRMWARE_BIOS || nvram_path != NULL)
    {
      self->has_nvram = TRUE;
      file = add_state (self, load, GH_FILE_NVRAM, nvram_path, "nvram",
                        "/var/lib/libvirt/qemu/nvram", load->name, "_VARS.fd");
      file->users = gh_file_users_dup_text (load->users, file->path, load->uuid);
      if (file->users != NULL)
        {
          g_autofree char *reason = g_strdup_printf (_("It is used by %s."), file->users);

          advise (file, GH_FILE_KEEP_ONLY, reason);
        }
    }
  if (gh_domain_xml_has_tpm (xml))
    {
      self->has_tpm = TRUE;
      file = add_state (self, load, GH_FILE_TPM_STATE, NULL, "swtpm", "/var/lib/libvirt/swtpm",
                        load->uuid, "");
      /* A folder, which libvirt removes itself. */
      file->advice = GH_FILE_REMOVE;
      g_clear_pointer (&file->reason, g_free);
    }
  if (load->saved)
    {
      self->has_saved_state = TRUE;
      file = add_state (self, load, GH_FILE_SAVED_STATE, NULL, "save", "/var/lib/libvirt/qemu/save",
                        load->name, ".save");
      advise (file, GH_FILE_GOES_ALONG, NULL);
    }
}

static int
compare_files (gconstpointer a,
               gconstpointer b)
{
  const GhMachineFile *first = *(const GhMachineFile * const *) a;
  const GhMachineFile *second = *(const GhMachineFile * const *) b;

  if (first->role != second->role)
    return (int) first->role - (int) second->role;
  if (first->depth != second->depth)
    return first->depth < second->depth ? -1 : 1;
  return g_strcmp0 (first->target, second->target) != 0 ? g_strcmp0 (first->target, second->target)
                                                        : strcmp (first->path, second->path);
}

static gpointer
files_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  Load *load = data;
  g_autoptr (GhMachineFiles) self = g_atomic_rc_box_new0 (GhMachineFiles);
  g_autoptr (GhDomainXml) xml = NULL;
  g_autoptr (GhDomainXml) live_xml = NULL;
  g_autoptr (GhMachineMark) mark = NULL;

  self->files = g_ptr_array_new_with_free_func (unref_file);
  self->graph = gh_image_graph_ref (gh_file_users_get_graph (load->users));
  xml = gh_domain_xml_new_from_string (load->xml, error);
  if (xml == NULL)
    return NULL;
  mark = gh_machine_mark_new_for_domain (xml);
  load->shared = g_ptr_array_ref (mark->shared);
  if (load->live_xml != NULL)
    {
      live_xml = gh_domain_xml_new_from_string (load->live_xml, error);
      if (live_xml == NULL)
        return NULL;
    }

  for (guint run = 0; run < 2; run++)
    {
      GhDomainXml *document = run == 0 ? xml : live_xml;
      g_autoptr (GPtrArray) disks = document != NULL ? gh_domain_xml_list_disks (document) : NULL;

      for (guint i = 0; disks != NULL && i < disks->len; i++)
        add_disk (self, load, g_ptr_array_index (disks, i));
    }
  for (; load->snapshots != NULL && load->snapshots[self->n_snapshots] != NULL; self->n_snapshots++)
    add_snapshot_files (self, load, load->snapshots[self->n_snapshots]);
  self->n_checkpoints = load->n_checkpoints;
  add_boot_files (self, load, xml);
  add_other_files (self, load, xml);
  add_states (self, load, live_xml != NULL ? live_xml : xml);
  g_ptr_array_sort (self->files, compare_files);
  return g_steal_pointer (&self);
}

/* Main thread */

static void
files_made_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GhMachineFiles *self = gh_lane_run_finish (GH_LANE (object), result, &error);

  gh_lane_stop (GH_LANE (object), NULL);
  if (self != NULL)
    g_task_return_pointer (task, self, unref_files);
  else
    g_task_return_error (task, error);
}

static void
users_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  Load *job = NULL;
  GhHost *host = gh_machine_get_host (load->machine);
  g_autoptr (GhLane) lane = NULL;
  GError *error = NULL;

  load->users = gh_file_users_load_finish (result, &error);
  if (load->users == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  load->local = gh_host_is_local (host) && !gh_host_is_test (host);
  load->session = gh_host_is_session (host);
  load->saved = gh_machine_get_state (load->machine) == GH_MACHINE_SAVED;
  load->uuid = g_strdup (gh_machine_get_uuid (load->machine));
  load->name = g_strdup (gh_machine_get_name (load->machine));

  /* The worker's own: plain data. */
  job = g_new (Load, 1);
  *job = *load;
  memset (load, 0, sizeof (Load));
  load->machine = g_steal_pointer (&job->machine);
  load->cancellable = g_steal_pointer (&job->cancellable);
  lane = gh_lane_new ("machine-files");
  gh_lane_run_async (lane, GH_LANE_DEFAULT, GH_LANE_READ, "machine-files", files_worker, job,
                     load_free, unref_files, load->cancellable, files_made_cb, g_object_ref (task));
}

static void
checkpoints_counted_cb (GObject      *object,
                        GAsyncResult *result,
                        gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  load->n_checkpoints = gh_machine_count_checkpoints_finish (GH_MACHINE (object), result, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    gh_file_users_load_async (gh_machine_get_host (load->machine), NULL, load->cancellable,
                              users_loaded_cb, g_object_ref (task));
}

static void
snapshots_loaded_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  load->snapshots = gh_machine_load_snapshots_finish (GH_MACHINE (object), result, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    gh_machine_count_checkpoints_async (load->machine, load->cancellable, checkpoints_counted_cb,
                                        g_object_ref (task));
}

static void
live_xml_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  load->live_xml = gh_machine_load_xml_finish (GH_MACHINE (object), result, &error);
  if (load->live_xml == NULL)
    g_task_return_error (task, error);
  else
    gh_machine_load_snapshots_async (load->machine, load->cancellable, snapshots_loaded_cb,
                                     g_object_ref (task));
}

static void
xml_loaded_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  load->xml = gh_machine_load_xml_finish (GH_MACHINE (object), result, &error);
  if (load->xml == NULL)
    g_task_return_error (task, error);
  else if (gh_machine_is_active (load->machine))
    gh_machine_load_xml_async (load->machine, GH_XML_LIVE, load->cancellable, live_xml_loaded_cb,
                               g_object_ref (task));
  else
    gh_machine_load_snapshots_async (load->machine, load->cancellable, snapshots_loaded_cb,
                                     g_object_ref (task));
}

/**
 * gh_machine_files_load_async:
 * @machine: a machine of a connected host
 * @cancellable: (nullable): stops it
 * @callback: called with the files
 * @user_data: for @callback
 *
 * Reads what belongs to the machine, and everything that could use it too. Main
 * thread.
 */
void
gh_machine_files_load_async (GhMachine           *machine,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  GTask *task = NULL;
  Load *load = NULL;

  g_return_if_fail (GH_IS_MACHINE (machine));

  load = g_new0 (Load, 1);
  load->machine = g_object_ref (machine);
  load->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  task = g_task_new (machine, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_machine_files_load_async);
  g_task_set_task_data (task, load, load_free);
  gh_machine_load_xml_async (machine, GH_XML_INACTIVE, cancellable, xml_loaded_cb, task);
}

/**
 * gh_machine_files_load_finish:
 * @machine: a machine
 * @result: given to the callback
 * @error: (out): what could not be read
 *
 * Returns: (transfer full) (nullable): its files
 */
GhMachineFiles *
gh_machine_files_load_finish (GhMachine     *machine,
                              GAsyncResult  *result,
                              GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, machine), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
