/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the create plan reads, and its preparation. There are four kinds of reading, each of which
 * is cancelled and begun anew when what it depends on changes:
 *
 *   host      capabilities, networks, pools          when the host connects, and when they are old
 *   scan      what the source's files are; which OS  when the source changes, and when it is old
 *   defaults  what that OS needs                     when the OS changes
 *   last      what is at the new disk's path, who    when a preparation has waited for all others
 *             uses an existing one
 *
 * Whenever one has ended, the fields that the user has not overridden are proposed anew.
 */

#define G_LOG_DOMAIN "gh-create-readings"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-create-plan-private.h"
#include "gh-os-rules.h"
#include "gh-steps.h"

/* What was read earlier than this is read again by the next preparation. */
#define MAX_AGE_US (2 * G_USEC_PER_SEC)

/* One reading. It does not keep the plan alive: a read that hangs must not. */
typedef struct
{
  GWeakRef      plan;
  GCancellable *cancellable; /* (owned) */
  GhCreateFile  file;        /* of a scan */
} Load;

static void scan_next_file (Load *load);
static void continue_preparation (GhCreatePlan *self);

/* Takes the place of the reading in @slot, if one runs. */
static Load *
begin_load (GhCreatePlan  *self,
            GCancellable **slot)
{
  Load *load = g_new0 (Load, 1);

  g_cancellable_cancel (*slot);
  g_clear_object (slot);
  *slot = g_cancellable_new ();
  g_weak_ref_init (&load->plan, self);
  load->cancellable = g_object_ref (*slot);
  return load;
}

static void
load_free (Load *load)
{
  g_weak_ref_clear (&load->plan);
  g_clear_object (&load->cancellable);
  g_free (load);
}

/* The plan, if this reading still counts; else frees @load. */
static GhCreatePlan *
resume_load (Load *load)
{
  GhCreatePlan *self = g_weak_ref_get (&load->plan);

  if (self != NULL && g_cancellable_is_cancelled (load->cancellable))
    g_clear_object (&self);
  if (self == NULL)
    load_free (load);
  return self;
}

static gboolean
is_loading (GhCreatePlan *self)
{
  return self->host_load != NULL || self->scan_load != NULL || self->defaults_load != NULL;
}

static gboolean
is_connected (GhCreatePlan *self)
{
  return self->facts.host != NULL && gh_host_get_state (self->facts.host) == GH_HOST_CONNECTED;
}

/* Proposals */

/* The values of proposed fields, to tell which have changed. */
static void
copy_fields (const GhCreateInputs *inputs,
             GhCreateInputs       *copy)
{
  *copy = *inputs;
  copy->iso_path = NULL;
  copy->disk_path = NULL;
  copy->kernel_path = NULL;
  copy->initrd_path = NULL;
  copy->cmdline = NULL;
  copy->title = NULL;
  copy->name = g_strdup (inputs->name);
  copy->os_id = g_strdup (inputs->os_id);
  copy->pool = g_strdup (inputs->pool);
  copy->disk_name = g_strdup (inputs->disk_name);
  copy->network = g_strdup (inputs->network);
  copy->graphics = g_strdup (inputs->graphics);
}

static gboolean
notify_string (GhCreatePlan *self,
               guint         property,
               const char   *before,
               const char   *after)
{
  if (g_strcmp0 (before, after) == 0)
    return FALSE;
  gh_create_plan_notify (self, property);
  return TRUE;
}

static gboolean
notify_number (GhCreatePlan *self,
               guint         property,
               guint64       before,
               guint64       after)
{
  if (before == after)
    return FALSE;
  gh_create_plan_notify (self, property);
  return TRUE;
}

static void
update_proposals (GhCreatePlan *self)
{
  GhCreateInputs *inputs = &self->inputs;
  GhCreateInputs before;
  gboolean changed = FALSE;

  if (self->facts.host == NULL || gh_create_plan_is_frozen (self) ||
      gh_plan_get_state (GH_PLAN (self)) == GH_PLAN_ENDED)
    return;

  copy_fields (inputs, &before);
  gh_create_propose (inputs, &self->facts);
  g_object_freeze_notify (G_OBJECT (self));
  changed |= notify_string (self, PROP_NAME, before.name, inputs->name);
  changed |= notify_number (self, PROP_MEMORY_KIB, before.memory_kib, inputs->memory_kib);
  changed |= notify_number (self, PROP_CPUS, before.cpus, inputs->cpus);
  changed |= notify_string (self, PROP_POOL, before.pool, inputs->pool);
  changed |= notify_number (self, PROP_DISK_BYTES, before.disk_bytes, inputs->disk_bytes);
  changed |= notify_string (self, PROP_DISK_NAME, before.disk_name, inputs->disk_name);
  changed |= notify_number (self, PROP_FIRMWARE, before.firmware, inputs->firmware);
  changed |= notify_string (self, PROP_NETWORK, before.network, inputs->network);
  changed |= notify_string (self, PROP_GRAPHICS, before.graphics, inputs->graphics);
  changed |= notify_number (self, PROP_TPM, before.tpm, inputs->tpm);
  if (notify_string (self, PROP_OS_ID, before.os_id, inputs->os_id))
    {
      changed = TRUE;
      gh_create_plan_begin_defaults (self);
    }
  g_object_thaw_notify (G_OBJECT (self));
  gh_create_inputs_clear (&before);

  /* A preparation that runs waits for all readings and takes what is proposed then. */
  if (changed && gh_plan_get_state (GH_PLAN (self)) == GH_PLAN_PREPARED)
    gh_plan_invalidate (GH_PLAN (self));
}

void
gh_create_plan_loads_changed (GhCreatePlan *self)
{
  gboolean loading = FALSE;

  update_proposals (self);
  loading = is_loading (self);
  if (loading != self->was_loading)
    {
      self->was_loading = loading;
      gh_create_plan_notify (self, PROP_LOADING);
    }
  if (!loading && self->prepare_task != NULL && self->last_load == NULL)
    continue_preparation (self);
}

/* Reading the OS's defaults */

static void
take_defaults (GhCreatePlan *self,
               GhOsDefaults *defaults,
               GError       *error)
{
  g_clear_pointer (&self->facts.defaults, gh_os_defaults_unref);
  g_clear_error (&self->facts.os_error);
  self->facts.defaults = defaults != NULL ? defaults : gh_os_defaults_new_generic ();
  self->facts.os_error = error;
  gh_create_plan_notify (self, PROP_OS_NAME);
}

static void
defaults_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  Load *load = user_data;
  GError *error = NULL;
  GhOsDefaults *defaults = gh_os_info_load_defaults_finish (GH_OS_INFO (object), result, &error);
  g_autoptr (GhCreatePlan) self = resume_load (load);

  if (self == NULL)
    {
      g_clear_pointer (&defaults, gh_os_defaults_unref);
      g_clear_error (&error);
      return;
    }
  load_free (load);
  g_clear_object (&self->defaults_load);
  take_defaults (self, defaults, error);
  gh_create_plan_loads_changed (self);
}

void
gh_create_plan_begin_defaults (GhCreatePlan *self)
{
  const char *id = self->inputs.os_id;
  const char *arch = self->facts.capabilities != NULL ? self->facts.capabilities->arch : "x86_64";
  gboolean is_kernel = self->inputs.source == GH_CREATE_FROM_KERNEL;
  gboolean is_named = id != NULL && *id != '\0';
  g_autofree char *key = g_strdup_printf ("%s %s %d", is_named ? id : "", arch, is_kernel);

  if (g_strcmp0 (key, self->defaults_key) == 0)
    return;
  g_free (self->defaults_key);
  self->defaults_key = g_steal_pointer (&key);
  g_cancellable_cancel (self->defaults_load);
  g_clear_object (&self->defaults_load);

  if (is_named)
    {
      Load *load = begin_load (self, &self->defaults_load);

      gh_os_info_load_defaults_async (gh_os_info_get_default (), id, arch, load->cancellable,
                                      defaults_loaded_cb, load);
    }
  else
    take_defaults (self, is_kernel ? gh_os_defaults_new_linux () : NULL, NULL);
  gh_create_plan_loads_changed (self);
}

/* Scanning the source */

static void
end_scan (GhCreatePlan *self)
{
  g_clear_object (&self->scan_load);
  self->scan_time = g_get_monotonic_time ();
  gh_create_plan_begin_defaults (self);
  gh_create_plan_loads_changed (self);
}

static void
identified_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  Load *load = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhOs) os = gh_os_info_identify_finish (GH_OS_INFO (object), result, &error);
  g_autoptr (GhCreatePlan) self = resume_load (load);

  if (self == NULL)
    return;
  load_free (load);
  /* What could not be read is reported by the check of the file itself. */
  if (error != NULL)
    g_debug ("Not recognised: %s", error->message);
  g_clear_pointer (&self->facts.detected, gh_os_unref);
  self->facts.detected = g_steal_pointer (&os);
  gh_create_plan_notify (self, PROP_DETECTED_OS);
  end_scan (self);
}

/* Which OS it installs is asked once for each file. Takes @load. */
static void
identify (GhCreatePlan *self,
          Load         *load)
{
  const GhImageInfo *info = self->facts.files[GH_CREATE_ISO];
  g_autofree char *key = NULL;

  if (info != NULL && info->kind == GH_IMAGE_ISO)
    key = g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s",
                           info->device, info->inode, info->file_size, info->path);
  if (key != NULL && g_strcmp0 (key, self->identified_key) == 0)
    {
      load_free (load);
      end_scan (self);
      return;
    }

  g_free (self->identified_key);
  self->identified_key = g_steal_pointer (&key);
  if (self->identified_key != NULL)
    {
      gh_os_info_identify_async (gh_os_info_get_default (), info->path, load->cancellable,
                                 identified_cb,
                                 load);
      return;
    }
  load_free (load);
  if (self->facts.detected != NULL)
    {
      g_clear_pointer (&self->facts.detected, gh_os_unref);
      gh_create_plan_notify (self, PROP_DETECTED_OS);
    }
  end_scan (self);
}

static void
volume_found_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  Load *load = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);
  g_autoptr (GhCreatePlan) self = resume_load (load);

  if (self == NULL)
    return;
  /* Then it is as if no pool held it, and a check says that. */
  if (error != NULL)
    g_debug ("No volume: %s", error->message);
  g_clear_pointer (&self->facts.volumes[load->file], gh_volume_info_unref);
  self->facts.volumes[load->file] = g_steal_pointer (&volume);
  load->file++;
  scan_next_file (load);
}

static void
probed_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  Load *load = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhImageInfo) info = gh_image_probe_finish (result, &error);
  g_autoptr (GhCreatePlan) self = resume_load (load);
  gboolean is_closed_to_us = FALSE;

  if (self == NULL)
    return;
  /* Without a result the check of the file says so. */
  if (error != NULL)
    g_debug ("Not probed: %s", error->message);
  is_closed_to_us = info != NULL && info->closed_for == NULL &&
                    (info->problem == GH_IMAGE_CLOSED_FOLDER ||
                     info->problem == GH_IMAGE_UNREADABLE);
  g_clear_pointer (&self->facts.files[load->file], gh_image_info_unref);
  g_clear_pointer (&self->facts.volumes[load->file], gh_volume_info_unref);
  self->facts.files[load->file] = info != NULL ? gh_image_info_ref (info) : NULL;
  if (is_closed_to_us && is_connected (self) && !self->facts.is_session)
    {
      gh_host_find_volume_async (self->facts.host, info->path, load->cancellable, volume_found_cb,
                                 load);
      return;
    }
  load->file++;
  scan_next_file (load);
}

static void
scan_next_file (Load *load)
{
  g_autoptr (GhCreatePlan) self = resume_load (load);
  GhHost *host = NULL;
  GhImageProbeFlags flags = GH_IMAGE_PROBE_QUICK;
  const char *path = NULL;

  if (self == NULL)
    return;

  host = self->facts.host;
  while (load->file < GH_CREATE_N_FILES &&
         (path = gh_create_inputs_get_path (&self->inputs, load->file)) == NULL)
    {
      g_clear_pointer (&self->facts.files[load->file], gh_image_info_unref);
      g_clear_pointer (&self->facts.volumes[load->file], gh_volume_info_unref);
      load->file++;
    }
  if (load->file == GH_CREATE_N_FILES)
    {
      identify (self, load);
      return;
    }

  if (!self->facts.is_local)
    {
      g_clear_pointer (&self->facts.files[load->file], gh_image_info_unref);
      if (is_connected (self))
        gh_host_find_volume_async (host, path, load->cancellable, volume_found_cb, load);
      else
        {
          load->file++;
          scan_next_file (load);
        }
      return;
    }
  if (load->file == GH_CREATE_DISK)
    flags |= GH_IMAGE_PROBE_QEMU;
  if (!self->facts.is_session && !self->facts.is_test)
    flags |= GH_IMAGE_PROBE_FOR_SYSTEM;
  gh_image_probe_async (path, flags, load->cancellable, probed_cb, load);
}

void
gh_create_plan_begin_scan (GhCreatePlan *self)
{
  if (self->facts.host == NULL)
    return;
  scan_next_file (begin_load (self, &self->scan_load));
  gh_create_plan_loads_changed (self);
}

/* Reading the host */

static void
end_host_load (GhCreatePlan *self,
               Load         *load)
{
  load_free (load);
  g_clear_object (&self->host_load);
  self->host_time = g_get_monotonic_time ();
  gh_create_plan_begin_defaults (self);
  gh_create_plan_emit_choices (self);
  gh_create_plan_loads_changed (self);
}

static void
fail_host_load (GhCreatePlan *self,
                Load         *load,
                GError       *error)
{
  g_clear_error (&self->facts.host_error);
  self->facts.host_error = error;
  end_host_load (self, load);
}

static void
pools_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  Load *load = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) pools = gh_host_load_pools_finish (GH_HOST (object), result, &error);
  g_autoptr (GhCreatePlan) self = resume_load (load);

  if (self == NULL)
    {
      g_clear_error (&error);
      return;
    }
  g_clear_pointer (&self->facts.pools, g_ptr_array_unref);
  self->facts.pools = g_steal_pointer (&pools);
  fail_host_load (self, load, error);
}

static void
networks_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  Load *load = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) networks = gh_host_load_networks_finish (GH_HOST (object), result, &error);
  g_autoptr (GhCreatePlan) self = resume_load (load);

  if (self == NULL)
    {
      g_clear_error (&error);
      return;
    }
  g_clear_pointer (&self->facts.networks, g_ptr_array_unref);
  self->facts.networks = g_steal_pointer (&networks);
  if (self->facts.networks == NULL)
    fail_host_load (self, load, error);
  else
    gh_host_load_pools_async (GH_HOST (object), load->cancellable, pools_loaded_cb, load);
}

static void
capabilities_loaded_cb (GObject      *object,
                        GAsyncResult *result,
                        gpointer      user_data)
{
  Load *load = user_data;
  GError *error = NULL;
  g_autoptr (GhCapabilities) capabilities =
    gh_host_load_capabilities_finish (GH_HOST (object), result, &error);
  g_autoptr (GhCreatePlan) self = resume_load (load);

  if (self == NULL)
    {
      g_clear_error (&error);
      return;
    }
  g_clear_pointer (&self->facts.capabilities, gh_capabilities_unref);
  self->facts.capabilities = g_steal_pointer (&capabilities);
  if (self->facts.capabilities == NULL)
    fail_host_load (self, load, error);
  else
    gh_host_load_networks_async (GH_HOST (object), load->cancellable, networks_loaded_cb, load);
}

static void
begin_host_load (GhCreatePlan *self)
{
  g_cancellable_cancel (self->host_load);
  g_clear_object (&self->host_load);
  if (is_connected (self))
    {
      Load *load = begin_load (self, &self->host_load);

      gh_host_load_capabilities_async (self->facts.host, load->cancellable, capabilities_loaded_cb,
                                       load);
    }
  gh_create_plan_loads_changed (self);
}

static void
host_state_changed_cb (GhCreatePlan *self,
                       GParamSpec   *pspec,
                       GhHost       *host)
{
  if (host != self->facts.host || gh_create_plan_is_frozen (self))
    return;

  self->host_time = 0;
  self->scan_time = 0;
  if (gh_plan_get_state (GH_PLAN (self)) == GH_PLAN_PREPARED)
    gh_plan_invalidate (GH_PLAN (self));
  begin_host_load (self);
}

void
gh_create_plan_host_changed (GhCreatePlan *self)
{
  GhHost *host = gh_plan_get_host (GH_PLAN (self));

  if (self->facts.host == host)
    return;
  if (self->facts.host != NULL)
    g_signal_handlers_disconnect_by_func (self->facts.host, host_state_changed_cb, self);
  gh_create_facts_clear (&self->facts);
  self->facts.host = host;
  g_clear_pointer (&self->defaults_key, g_free);
  g_clear_pointer (&self->identified_key, g_free);
  self->host_time = 0;
  self->scan_time = 0;
  if (host == NULL)
    return;

  self->facts.is_test = gh_host_is_test (host);
  self->facts.is_session = gh_host_is_session (host);
  self->facts.is_local = gh_host_is_local (host);
  g_signal_connect_object (host, "notify::state", G_CALLBACK (host_state_changed_cb), self,
                           G_CONNECT_SWAPPED);
  begin_host_load (self);
  gh_create_plan_begin_scan (self);
}

/* Preparing */

static void
end_preparation (GhCreatePlan *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->prepare_task);
  g_autoptr (GhPlanDraft) draft = gh_plan_draft_new ();
  g_autofree char *target = NULL;
  GhCreateInputs *inputs = &self->inputs;

  g_clear_object (&self->last_load);
  g_clear_pointer (&self->xml, g_free);
  self->facts.is_connected = is_connected (self);
  if (gh_create_check_all (self, inputs, &self->facts, draft))
    {
      GhMachineSpec *spec = gh_create_make_spec (inputs, &self->facts, self->machine_uuid);
      g_autoptr (GhDomainXml) xml = gh_machine_spec_to_xml (spec);

      self->xml = gh_domain_xml_to_string (xml);
      target = gh_create_dup_target_path (inputs, &self->facts);
      if (gh_create_pool_will_be_made (inputs, &self->facts))
        {
          g_autofree char *path = gh_create_dup_pool_path (inputs, &self->facts);

          gh_plan_draft_add_step (draft, gh_pool_create_step_new (self->pool_uuid, inputs->pool,
                                                                  path));
        }
      if (target != NULL)
        gh_plan_draft_add_step (draft, gh_volume_create_step_new (inputs->pool, inputs->disk_name,
                                                                  target,
                                                                  spec->disk_format,
                                                                  inputs->disk_bytes,
                                                                  NULL, NULL));
      gh_plan_draft_add_step (draft, gh_define_step_new (self->machine_uuid, inputs->name,
                                                         self->xml));
      if (inputs->start)
        gh_plan_draft_add_step (draft, gh_start_step_new (self->machine_uuid, inputs->name));
      gh_machine_spec_free (spec);
    }
  g_task_return_pointer (task, g_steal_pointer (&draft), (GDestroyNotify) gh_plan_draft_free);
}

static void
users_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  Load *load = user_data;
  GError *error = NULL;
  GhFileUsers *users = gh_file_users_load_finish (result, &error);
  g_autoptr (GhCreatePlan) self = resume_load (load);
  g_autofree char *problem = NULL;

  if (self == NULL)
    {
      g_clear_pointer (&users, gh_file_users_unref);
      g_clear_error (&error);
      return;
    }
  load_free (load);
  problem = users != NULL ? gh_file_users_dup_problem (users) : NULL;
  if (problem != NULL)
    {
      g_clear_pointer (&users, gh_file_users_unref);
      g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_FAILED, problem);
    }
  self->facts.users = users;
  self->facts.users_error = error;
  end_preparation (self);
}

/* Takes @load. */
static void
load_users (GhCreatePlan *self,
            Load         *load)
{
  const char *path = gh_create_inputs_get_path (&self->inputs, GH_CREATE_DISK);
  const char *paths[] = { path, NULL };

  g_clear_pointer (&self->facts.users, gh_file_users_unref);
  g_clear_error (&self->facts.users_error);
  if (path != NULL && is_connected (self))
    {
      gh_file_users_load_async (self->facts.host, paths, load->cancellable, users_loaded_cb, load);
      return;
    }
  load_free (load);
  end_preparation (self);
}

static void
target_found_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  Load *load = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);
  g_autoptr (GhCreatePlan) self = resume_load (load);

  if (self == NULL)
    return;
  /* The step that makes the volume fails too when something is there. */
  if (error != NULL)
    g_debug ("Could not look for the volume: %s", error->message);
  self->facts.target_volume = g_steal_pointer (&volume);
  load_users (self, load);
}

/* Takes @load. */
static void
find_target (GhCreatePlan *self,
             Load         *load)
{
  g_autofree char *target = gh_create_dup_target_path (&self->inputs, &self->facts);
  const GhPoolInfo *pool = gh_create_facts_find_pool (&self->facts, self->inputs.pool);

  g_clear_pointer (&self->facts.target_volume, gh_volume_info_unref);
  if (target != NULL && pool != NULL && pool->active && is_connected (self))
    gh_host_find_volume_async (self->facts.host, target, load->cancellable, target_found_cb, load);
  else
    load_users (self, load);
}

static void
local_facts_loaded_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  Load *load = user_data;
  g_autoptr (GhLocalFacts) local = gh_local_facts_load_finish (result, NULL);
  g_autoptr (GhCreatePlan) self = resume_load (load);

  if (self == NULL)
    return;
  self->facts.local = g_steal_pointer (&local);
  find_target (self, load);
}

/* All readings have ended; what is left depends on what they proposed. */
static void
continue_preparation (GhCreatePlan *self)
{
  g_autofree char *folder = NULL;
  g_autofree char *target = NULL;
  Load *load = NULL;

  load = begin_load (self, &self->last_load);
  g_clear_pointer (&self->facts.local, gh_local_facts_unref);
  if (self->facts.host == NULL || !self->facts.is_local)
    {
      find_target (self, load);
      return;
    }
  folder = gh_create_dup_pool_path (&self->inputs, &self->facts);
  target = gh_create_dup_target_path (&self->inputs, &self->facts);
  gh_local_facts_load_async (folder, target, load->cancellable, local_facts_loaded_cb, load);
}

/* The engine wants it no more; the readings go on for the next one. */
static void
preparation_cancelled_cb (GhCreatePlan *self,
                          GCancellable *cancellable)
{
  g_autoptr (GTask) task = NULL;

  if (self->prepare_task == NULL || g_task_get_cancellable (self->prepare_task) != cancellable)
    return;
  task = g_steal_pointer (&self->prepare_task);
  g_cancellable_cancel (self->last_load);
  g_clear_object (&self->last_load);
  g_task_return_error_if_cancelled (task);
}

static gboolean
is_old (gint64 time)
{
  return time == 0 || g_get_monotonic_time () - time > MAX_AGE_US;
}

void
gh_create_plan_prepare_async (GhPlan              *plan,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  GhCreatePlan *self = GH_CREATE_PLAN (plan);
  g_autoptr (GTask) superseded = g_steal_pointer (&self->prepare_task);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_create_plan_prepare_async);
  if (superseded != NULL)
    g_task_return_new_error (superseded, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", _("Cancelled"));
  g_cancellable_cancel (self->last_load);
  g_clear_object (&self->last_load);

  if (self->host_load == NULL && is_old (self->host_time))
    begin_host_load (self);
  if (self->scan_load == NULL && is_old (self->scan_time))
    gh_create_plan_begin_scan (self);
  gh_create_plan_begin_defaults (self);

  self->prepare_task = task;
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (preparation_cancelled_cb), self,
                             G_CONNECT_SWAPPED);
  gh_create_plan_loads_changed (self);
}

void
gh_create_plan_cancel_loads (GhCreatePlan *self)
{
  GCancellable **slots[] = { &self->host_load, &self->scan_load, &self->defaults_load,
                             &self->last_load };

  for (guint i = 0; i < G_N_ELEMENTS (slots); i++)
    {
      g_cancellable_cancel (*slots[i]);
      g_clear_object (slots[i]);
    }
}

