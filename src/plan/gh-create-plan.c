/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The plan that makes a machine. Around it run four kinds of reading, each of which is cancelled and
 * begun anew when what it depends on changes:
 *
 *   host      capabilities, networks, pools          when the host connects, and when they are old
 *   scan      what the source's files are; which OS  when the source changes, and when it is old
 *   defaults  what that OS needs                     when the OS changes
 *   last      what is at the new disk's path, who    when a preparation has waited for all others
 *             uses an existing one
 *
 * Whenever one has ended, the fields that the user has not overridden are proposed anew. What is
 * proposed, checked and made of it is in gh-create-proposals.c and gh-create-checks.c.
 */

#define G_LOG_DOMAIN "gh-create-plan"

#include "config.h"

#include "gh-create-plan-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-os-rules.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "gh-virt-error.h"

/* What was read earlier than this is read again by the next preparation. */
#define MAX_AGE_US (2 * G_USEC_PER_SEC)

struct _GhCreatePlan
{
  GhPlan          parent_instance;

  GhCreateInputs  inputs;
  GhCreateFacts   facts;
  char           *machine_uuid;
  char           *pool_uuid;
  char           *xml;            /* (nullable): as of the last preparation */

  GCancellable   *host_load;      /* (nullable): while it runs */
  GCancellable   *scan_load;      /* (nullable) */
  GCancellable   *defaults_load;  /* (nullable) */
  GCancellable   *last_load;      /* (nullable) */
  gint64          host_time;      /* when it was read, monotonic; 0: never */
  gint64          scan_time;
  char           *defaults_key;   /* (nullable): what the defaults are for */
  char           *identified_key; /* (nullable): the file that was recognised, or not */
  gboolean        was_loading;    /* what “loading” was last notified as */

  GTask          *prepare_task;   /* (nullable) */
};

G_DEFINE_FINAL_TYPE (GhCreatePlan, gh_create_plan, GH_TYPE_PLAN)

enum
{
  PROP_0,
  PROP_SOURCE,
  PROP_ISO_PATH,
  PROP_DISK_PATH,
  PROP_KERNEL_PATH,
  PROP_INITRD_PATH,
  PROP_CMDLINE,
  PROP_TITLE,
  PROP_CLIPBOARD,
  PROP_SOUND,
  PROP_START,
  PROP_NAME,
  PROP_OS_ID,
  PROP_MEMORY_KIB,
  PROP_CPUS,
  PROP_DISK_BYTES,
  PROP_POOL,
  PROP_DISK_NAME,
  PROP_FIRMWARE,
  PROP_NETWORK,
  PROP_GRAPHICS,
  PROP_TPM,
  PROP_LOADING,
  PROP_OS_NAME,
  PROP_DETECTED_OS,
  N_PROPS
};

enum
{
  CHOICES_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

/* One reading. It does not keep the plan alive: a read that hangs must not. */
typedef struct
{
  GWeakRef      plan;
  GCancellable *cancellable; /* (owned) */
  GhCreateFile  file;        /* of a scan */
} Load;

static void scan_next_file (Load *load);
static void begin_defaults (GhCreatePlan *self);
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

/* From the moment it runs, a plan is about what it was prepared for. */
static gboolean
is_frozen (GhCreatePlan *self)
{
  GhPlan *plan = GH_PLAN (self);
  GhPlanState state = gh_plan_get_state (plan);

  return state == GH_PLAN_RUNNING || state == GH_PLAN_UNDOING ||
         (state == GH_PLAN_ENDED && gh_plan_get_outcome (plan) == GH_OUTCOME_DONE);
}

static void
notify (GhCreatePlan *self,
        guint         property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
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
  notify (self, property);
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
  notify (self, property);
  return TRUE;
}

static void
update_proposals (GhCreatePlan *self)
{
  GhCreateInputs *inputs = &self->inputs;
  GhCreateInputs before;
  gboolean changed = FALSE;

  if (self->facts.host == NULL || is_frozen (self) ||
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
      begin_defaults (self);
    }
  g_object_thaw_notify (G_OBJECT (self));
  gh_create_inputs_clear (&before);

  /* A preparation that runs waits for all readings and takes what is proposed then. */
  if (changed && gh_plan_get_state (GH_PLAN (self)) == GH_PLAN_PREPARED)
    gh_plan_invalidate (GH_PLAN (self));
}

static void
loads_changed (GhCreatePlan *self)
{
  gboolean loading = FALSE;

  update_proposals (self);
  loading = is_loading (self);
  if (loading != self->was_loading)
    {
      self->was_loading = loading;
      notify (self, PROP_LOADING);
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
  notify (self, PROP_OS_NAME);
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
  loads_changed (self);
}

static void
begin_defaults (GhCreatePlan *self)
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
  loads_changed (self);
}

/* Scanning the source */

static void
end_scan (GhCreatePlan *self)
{
  g_clear_object (&self->scan_load);
  self->scan_time = g_get_monotonic_time ();
  begin_defaults (self);
  loads_changed (self);
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
  notify (self, PROP_DETECTED_OS);
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
      gh_os_info_identify_async (gh_os_info_get_default (), info->path, load->cancellable, identified_cb,
                                 load);
      return;
    }
  load_free (load);
  if (self->facts.detected != NULL)
    {
      g_clear_pointer (&self->facts.detected, gh_os_unref);
      notify (self, PROP_DETECTED_OS);
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
                    (info->problem == GH_IMAGE_CLOSED_FOLDER || info->problem == GH_IMAGE_UNREADABLE);
  g_clear_pointer (&self->facts.files[load->file], gh_image_info_unref);
  g_clear_pointer (&self->facts.volumes[load->file], gh_volume_info_unref);
  self->facts.files[load->file] = info != NULL ? gh_image_info_ref (info) : NULL;
  if (is_closed_to_us && is_connected (self) && !self->facts.is_session)
    {
      gh_host_find_volume_async (self->facts.host, info->path, load->cancellable, volume_found_cb, load);
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

static void
begin_scan (GhCreatePlan *self)
{
  if (self->facts.host == NULL)
    return;
  scan_next_file (begin_load (self, &self->scan_load));
  loads_changed (self);
}

/* Reading the host */

static void
end_host_load (GhCreatePlan *self,
               Load         *load)
{
  load_free (load);
  g_clear_object (&self->host_load);
  self->host_time = g_get_monotonic_time ();
  begin_defaults (self);
  g_signal_emit (self, signals[CHOICES_CHANGED], 0);
  loads_changed (self);
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

      gh_host_load_capabilities_async (self->facts.host, load->cancellable, capabilities_loaded_cb, load);
    }
  loads_changed (self);
}

static void
host_state_changed_cb (GhCreatePlan *self,
                       GParamSpec   *pspec,
                       GhHost       *host)
{
  if (host != self->facts.host || is_frozen (self))
    return;

  self->host_time = 0;
  self->scan_time = 0;
  if (gh_plan_get_state (GH_PLAN (self)) == GH_PLAN_PREPARED)
    gh_plan_invalidate (GH_PLAN (self));
  begin_host_load (self);
}

static void
host_changed_cb (GhCreatePlan *self)
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
  begin_scan (self);
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

          gh_plan_draft_add_step (draft, gh_pool_create_step_new (self->pool_uuid, inputs->pool, path));
        }
      if (target != NULL)
        gh_plan_draft_add_step (draft, gh_volume_create_step_new (inputs->pool, inputs->disk_name, target,
                                                                  spec->disk_format, inputs->disk_bytes,
                                                                  NULL, NULL));
      gh_plan_draft_add_step (draft, gh_define_step_new (self->machine_uuid, inputs->name, self->xml));
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

  if (self == NULL)
    {
      g_clear_pointer (&users, gh_file_users_unref);
      g_clear_error (&error);
      return;
    }
  load_free (load);
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

static void
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
    begin_scan (self);
  begin_defaults (self);

  self->prepare_task = task;
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (preparation_cancelled_cb), self,
                             G_CONNECT_SWAPPED);
  loads_changed (self);
}

static char *
gh_create_plan_dup_title (GhPlan *plan)
{
  GhCreatePlan *self = GH_CREATE_PLAN (plan);

  return g_strdup_printf (_("Create “%s”"), self->inputs.name);
}

/**
 * gh_create_plan_forget_facts:
 * @self: a plan
 *
 * The next preparation reads everything anew.
 */
void
gh_create_plan_forget_facts (GhCreatePlan *self)
{
  self->host_time = 0;
  self->scan_time = 0;
  gh_plan_invalidate (GH_PLAN (self));
}

/* GObject */

static void
gh_create_plan_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  GhCreatePlan *self = GH_CREATE_PLAN (object);
  GhCreateInputs *inputs = &self->inputs;

  switch (prop_id)
    {
    case PROP_SOURCE:
      g_value_set_int (value, (int) inputs->source);
      break;
    case PROP_ISO_PATH:
      g_value_set_string (value, inputs->iso_path);
      break;
    case PROP_DISK_PATH:
      g_value_set_string (value, inputs->disk_path);
      break;
    case PROP_KERNEL_PATH:
      g_value_set_string (value, inputs->kernel_path);
      break;
    case PROP_INITRD_PATH:
      g_value_set_string (value, inputs->initrd_path);
      break;
    case PROP_CMDLINE:
      g_value_set_string (value, inputs->cmdline);
      break;
    case PROP_TITLE:
      g_value_set_string (value, inputs->title);
      break;
    case PROP_CLIPBOARD:
      g_value_set_boolean (value, inputs->clipboard);
      break;
    case PROP_SOUND:
      g_value_set_boolean (value, inputs->sound);
      break;
    case PROP_START:
      g_value_set_boolean (value, inputs->start);
      break;
    case PROP_NAME:
      g_value_set_string (value, inputs->name);
      break;
    case PROP_OS_ID:
      g_value_set_string (value, inputs->os_id);
      break;
    case PROP_MEMORY_KIB:
      g_value_set_uint64 (value, inputs->memory_kib);
      break;
    case PROP_CPUS:
      g_value_set_uint (value, inputs->cpus);
      break;
    case PROP_DISK_BYTES:
      g_value_set_uint64 (value, inputs->disk_bytes);
      break;
    case PROP_POOL:
      g_value_set_string (value, inputs->pool);
      break;
    case PROP_DISK_NAME:
      g_value_set_string (value, inputs->disk_name);
      break;
    case PROP_FIRMWARE:
      g_value_set_int (value, (int) inputs->firmware);
      break;
    case PROP_NETWORK:
      g_value_set_string (value, inputs->network);
      break;
    case PROP_GRAPHICS:
      g_value_set_string (value, inputs->graphics);
      break;
    case PROP_TPM:
      g_value_set_boolean (value, inputs->tpm);
      break;
    case PROP_LOADING:
      g_value_set_boolean (value, self->was_loading);
      break;
    case PROP_OS_NAME:
      g_value_set_string (value, gh_create_plan_get_os_name (self));
      break;
    case PROP_DETECTED_OS:
      g_value_set_string (value, gh_create_plan_get_detected_os (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

/* From bindings: a field that is set to what it shows stays a proposal. */
static void
gh_create_plan_set_property (GObject      *object,
                             guint         prop_id,
                             const GValue *value,
                             GParamSpec   *pspec)
{
  GhCreatePlan *self = GH_CREATE_PLAN (object);
  GhCreateInputs *inputs = &self->inputs;
  const char *text = G_VALUE_HOLDS_STRING (value) ? g_value_get_string (value) : NULL;

  switch (prop_id)
    {
    case PROP_SOURCE:
      gh_create_plan_set_source (self, (GhCreateSource) g_value_get_int (value));
      break;
    case PROP_ISO_PATH:
      gh_create_plan_set_iso_path (self, text);
      break;
    case PROP_DISK_PATH:
      gh_create_plan_set_disk_path (self, text);
      break;
    case PROP_KERNEL_PATH:
      gh_create_plan_set_kernel (self, text, inputs->initrd_path, inputs->cmdline);
      break;
    case PROP_INITRD_PATH:
      gh_create_plan_set_kernel (self, inputs->kernel_path, text, inputs->cmdline);
      break;
    case PROP_CMDLINE:
      gh_create_plan_set_kernel (self, inputs->kernel_path, inputs->initrd_path, text);
      break;
    case PROP_TITLE:
      gh_create_plan_set_title (self, text);
      break;
    case PROP_CLIPBOARD:
      gh_create_plan_set_clipboard (self, g_value_get_boolean (value));
      break;
    case PROP_SOUND:
      gh_create_plan_set_sound (self, g_value_get_boolean (value));
      break;
    case PROP_START:
      gh_create_plan_set_start (self, g_value_get_boolean (value));
      break;
    case PROP_NAME:
      if (g_strcmp0 (text, inputs->name) != 0)
        gh_create_plan_set_name (self, text);
      break;
    case PROP_OS_ID:
      if (g_strcmp0 (text != NULL ? text : "", inputs->os_id) != 0)
        gh_create_plan_set_os_id (self, text);
      break;
    case PROP_MEMORY_KIB:
      if (g_value_get_uint64 (value) != inputs->memory_kib)
        gh_create_plan_set_memory_kib (self, g_value_get_uint64 (value));
      break;
    case PROP_CPUS:
      if (g_value_get_uint (value) != inputs->cpus)
        gh_create_plan_set_cpus (self, g_value_get_uint (value));
      break;
    case PROP_DISK_BYTES:
      if (g_value_get_uint64 (value) != inputs->disk_bytes)
        gh_create_plan_set_disk_bytes (self, g_value_get_uint64 (value));
      break;
    case PROP_POOL:
      if (g_strcmp0 (text, inputs->pool) != 0)
        gh_create_plan_set_pool (self, text);
      break;
    case PROP_DISK_NAME:
      if (g_strcmp0 (text, inputs->disk_name) != 0)
        gh_create_plan_set_disk_name (self, text);
      break;
    case PROP_FIRMWARE:
      if (g_value_get_int (value) != (int) inputs->firmware)
        gh_create_plan_set_firmware (self, (GhFirmware) g_value_get_int (value));
      break;
    case PROP_NETWORK:
      if (g_strcmp0 (text, inputs->network) != 0)
        gh_create_plan_set_network (self, text);
      break;
    case PROP_GRAPHICS:
      if (g_strcmp0 (text, inputs->graphics) != 0)
        gh_create_plan_set_graphics (self, text);
      break;
    case PROP_TPM:
      if (g_value_get_boolean (value) != inputs->tpm)
        gh_create_plan_set_tpm (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
cancel_loads (GhCreatePlan *self)
{
  GCancellable **slots[] = { &self->host_load, &self->scan_load, &self->defaults_load, &self->last_load };

  for (guint i = 0; i < G_N_ELEMENTS (slots); i++)
    {
      g_cancellable_cancel (*slots[i]);
      g_clear_object (slots[i]);
    }
}

static void
gh_create_plan_constructed (GObject *object)
{
  GhCreatePlan *self = GH_CREATE_PLAN (object);

  G_OBJECT_CLASS (gh_create_plan_parent_class)->constructed (object);
  g_signal_connect (self, "notify::host", G_CALLBACK (host_changed_cb), NULL);
  host_changed_cb (self);
}

static void
gh_create_plan_dispose (GObject *object)
{
  GhCreatePlan *self = GH_CREATE_PLAN (object);

  cancel_loads (self);
  gh_create_facts_clear (&self->facts);
  self->facts.host = NULL;
  G_OBJECT_CLASS (gh_create_plan_parent_class)->dispose (object);
}

static void
gh_create_plan_finalize (GObject *object)
{
  GhCreatePlan *self = GH_CREATE_PLAN (object);

  g_assert (self->prepare_task == NULL);
  gh_create_inputs_clear (&self->inputs);
  g_free (self->machine_uuid);
  g_free (self->pool_uuid);
  g_free (self->xml);
  g_free (self->defaults_key);
  g_free (self->identified_key);
  G_OBJECT_CLASS (gh_create_plan_parent_class)->finalize (object);
}

static void
gh_create_plan_class_init (GhCreatePlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  GParamFlags read_flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->constructed = gh_create_plan_constructed;
  object_class->get_property = gh_create_plan_get_property;
  object_class->set_property = gh_create_plan_set_property;
  object_class->dispose = gh_create_plan_dispose;
  object_class->finalize = gh_create_plan_finalize;

  plan_class->kind = "create";
  plan_class->verb = N_("Create");
  plan_class->dup_title = gh_create_plan_dup_title;
  plan_class->prepare_async = gh_create_plan_prepare_async;

  properties[PROP_SOURCE] = g_param_spec_int ("source", NULL, NULL, GH_CREATE_FROM_NOTHING,
                                              GH_CREATE_FROM_KERNEL, GH_CREATE_FROM_NOTHING, flags);
  properties[PROP_ISO_PATH] = g_param_spec_string ("iso-path", NULL, NULL, NULL, flags);
  properties[PROP_DISK_PATH] = g_param_spec_string ("disk-path", NULL, NULL, NULL, flags);
  properties[PROP_KERNEL_PATH] = g_param_spec_string ("kernel-path", NULL, NULL, NULL, flags);
  properties[PROP_INITRD_PATH] = g_param_spec_string ("initrd-path", NULL, NULL, NULL, flags);
  properties[PROP_CMDLINE] = g_param_spec_string ("cmdline", NULL, NULL, NULL, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_CLIPBOARD] = g_param_spec_boolean ("clipboard", NULL, NULL, FALSE, flags);
  properties[PROP_SOUND] = g_param_spec_boolean ("sound", NULL, NULL, TRUE, flags);
  properties[PROP_START] = g_param_spec_boolean ("start", NULL, NULL, TRUE, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_OS_ID] = g_param_spec_string ("os-id", NULL, NULL, "", flags);
  properties[PROP_MEMORY_KIB] = g_param_spec_uint64 ("memory-kib", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_CPUS] = g_param_spec_uint ("cpus", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_DISK_BYTES] = g_param_spec_uint64 ("disk-bytes", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_POOL] = g_param_spec_string ("pool", NULL, NULL, NULL, flags);
  properties[PROP_DISK_NAME] = g_param_spec_string ("disk-name", NULL, NULL, NULL, flags);
  properties[PROP_FIRMWARE] = g_param_spec_int ("firmware", NULL, NULL, GH_FIRMWARE_BIOS,
                                                GH_FIRMWARE_UEFI_SECURE, GH_FIRMWARE_BIOS, flags);
  properties[PROP_NETWORK] = g_param_spec_string ("network", NULL, NULL, NULL, flags);
  properties[PROP_GRAPHICS] = g_param_spec_string ("graphics", NULL, NULL, NULL, flags);
  properties[PROP_TPM] = g_param_spec_boolean ("tpm", NULL, NULL, FALSE, flags);
  properties[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, read_flags);
  properties[PROP_OS_NAME] = g_param_spec_string ("os-name", NULL, NULL, NULL, read_flags);
  properties[PROP_DETECTED_OS] = g_param_spec_string ("detected-os", NULL, NULL, NULL, read_flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * GhCreatePlan::choices-changed:
   *
   * The host's capabilities, networks or pools have been read.
   */
  signals[CHOICES_CHANGED] = g_signal_new ("choices-changed", GH_TYPE_CREATE_PLAN, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
gh_create_plan_init (GhCreatePlan *self)
{
  self->inputs.sound = TRUE;
  self->inputs.start = TRUE;
  self->inputs.name = g_strdup ("machine");
  self->inputs.os_id = g_strdup ("");
  self->inputs.pool = g_strdup (GH_CREATE_DEFAULT_POOL);
  self->inputs.disk_name = g_strdup ("machine.qcow2");
  self->inputs.network = g_strdup ("user");
  self->inputs.graphics = g_strdup ("spice");
  self->machine_uuid = g_uuid_string_random ();
  self->pool_uuid = g_uuid_string_random ();
}

/**
 * gh_create_plan_new:
 * @host: where the machine will be
 *
 * Returns: (transfer full): a plan that has begun to read what @host offers
 */
GhCreatePlan *
gh_create_plan_new (GhHost *host)
{
  g_assert (GH_IS_MAIN_THREAD ());

  return g_object_new (GH_TYPE_CREATE_PLAN, "host", host, NULL);
}

/* Inputs without proposals */

static void
source_changed (GhCreatePlan   *self,
                GhCreateSource  source)
{
  if (self->inputs.source != source)
    {
      self->inputs.source = source;
      notify (self, PROP_SOURCE);
    }
  gh_plan_invalidate (GH_PLAN (self));
  self->scan_time = 0;
  begin_scan (self);
}

/* Replaces a string; FALSE when it was the same. NULL and "" are the same. */
static gboolean
replace_text (char       **slot,
              const char  *text)
{
  if (text != NULL && *text == '\0')
    text = NULL;
  if (g_strcmp0 (*slot, text) == 0)
    return FALSE;
  g_free (*slot);
  *slot = g_strdup (text);
  return TRUE;
}

void
gh_create_plan_set_source (GhCreatePlan   *self,
                           GhCreateSource  source)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  if (!is_frozen (self) && self->inputs.source != source)
    source_changed (self, source);
}

GhCreateSource
gh_create_plan_get_source (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), GH_CREATE_FROM_NOTHING);

  return self->inputs.source;
}

/**
 * gh_create_plan_set_iso_path:
 * @self: a plan
 * @path: (nullable): the CD image
 *
 * Chooses a CD image, and it as the source unless it is empty.
 */
void
gh_create_plan_set_iso_path (GhCreatePlan *self,
                             const char   *path)
{
  gboolean changed;

  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  if (is_frozen (self))
    return;
  changed = replace_text (&self->inputs.iso_path, path);
  if (changed)
    notify (self, PROP_ISO_PATH);
  if (self->inputs.iso_path != NULL && (changed || self->inputs.source != GH_CREATE_FROM_ISO))
    source_changed (self, GH_CREATE_FROM_ISO);
  else if (changed)
    source_changed (self, self->inputs.source);
}

const char *
gh_create_plan_get_iso_path (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.iso_path;
}

/**
 * gh_create_plan_set_disk_path:
 * @self: a plan
 * @path: (nullable): the disk image
 *
 * Chooses a disk image, and it as the source unless it is empty.
 */
void
gh_create_plan_set_disk_path (GhCreatePlan *self,
                              const char   *path)
{
  gboolean changed;

  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  if (is_frozen (self))
    return;
  changed = replace_text (&self->inputs.disk_path, path);
  if (changed)
    notify (self, PROP_DISK_PATH);
  if (self->inputs.disk_path != NULL && (changed || self->inputs.source != GH_CREATE_FROM_DISK))
    source_changed (self, GH_CREATE_FROM_DISK);
  else if (changed)
    source_changed (self, self->inputs.source);
}

const char *
gh_create_plan_get_disk_path (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.disk_path;
}

/**
 * gh_create_plan_set_kernel:
 * @self: a plan
 * @kernel_path: (nullable): the kernel
 * @initrd_path: (nullable): its initrd
 * @cmdline: (nullable): its options
 *
 * Chooses a kernel, and it as the source unless all are empty.
 */
void
gh_create_plan_set_kernel (GhCreatePlan *self,
                           const char   *kernel_path,
                           const char   *initrd_path,
                           const char   *cmdline)
{
  GhCreateInputs *inputs = NULL;
  gboolean changed = FALSE;
  gboolean any;

  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  if (is_frozen (self))
    return;
  inputs = &self->inputs;
  g_object_freeze_notify (G_OBJECT (self));
  if (replace_text (&inputs->kernel_path, kernel_path))
    {
      changed = TRUE;
      notify (self, PROP_KERNEL_PATH);
    }
  if (replace_text (&inputs->initrd_path, initrd_path))
    {
      changed = TRUE;
      notify (self, PROP_INITRD_PATH);
    }
  if (replace_text (&inputs->cmdline, cmdline))
    {
      changed = TRUE;
      notify (self, PROP_CMDLINE);
    }
  any = inputs->kernel_path != NULL || inputs->initrd_path != NULL || inputs->cmdline != NULL;
  if (any && (changed || inputs->source != GH_CREATE_FROM_KERNEL))
    source_changed (self, GH_CREATE_FROM_KERNEL);
  else if (changed)
    source_changed (self, inputs->source);
  g_object_thaw_notify (G_OBJECT (self));
}

const char *
gh_create_plan_get_kernel_path (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.kernel_path;
}

const char *
gh_create_plan_get_initrd_path (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.initrd_path;
}

const char *
gh_create_plan_get_cmdline (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.cmdline;
}

void
gh_create_plan_set_title (GhCreatePlan *self,
                          const char   *title)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  if (is_frozen (self) || !replace_text (&self->inputs.title, title))
    return;
  gh_plan_invalidate (GH_PLAN (self));
  notify (self, PROP_TITLE);
}

const char *
gh_create_plan_get_title (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.title;
}

static void
set_flag (GhCreatePlan *self,
          gboolean     *slot,
          gboolean      value,
          guint         property)
{
  value = value != FALSE;
  if (is_frozen (self) || *slot == value)
    return;
  *slot = value;
  gh_plan_invalidate (GH_PLAN (self));
  notify (self, property);
}

void
gh_create_plan_set_clipboard (GhCreatePlan *self,
                              gboolean      clipboard)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  set_flag (self, &self->inputs.clipboard, clipboard, PROP_CLIPBOARD);
}

gboolean
gh_create_plan_get_clipboard (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), FALSE);

  return self->inputs.clipboard;
}

void
gh_create_plan_set_sound (GhCreatePlan *self,
                          gboolean      sound)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  set_flag (self, &self->inputs.sound, sound, PROP_SOUND);
}

gboolean
gh_create_plan_get_sound (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), FALSE);

  return self->inputs.sound;
}

void
gh_create_plan_set_start (GhCreatePlan *self,
                          gboolean      start)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  set_flag (self, &self->inputs.start, start, PROP_START);
}

gboolean
gh_create_plan_get_start (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), FALSE);

  return self->inputs.start;
}

/* Inputs with proposals */

/* Field and property go together. */
static const guint field_properties[GH_CREATE_N_FIELDS] = {
  [GH_CREATE_NAME] = PROP_NAME,
  [GH_CREATE_OS] = PROP_OS_ID,
  [GH_CREATE_MEMORY] = PROP_MEMORY_KIB,
  [GH_CREATE_CPUS] = PROP_CPUS,
  [GH_CREATE_DISK_SIZE] = PROP_DISK_BYTES,
  [GH_CREATE_POOL] = PROP_POOL,
  [GH_CREATE_DISK_NAME] = PROP_DISK_NAME,
  [GH_CREATE_FIRMWARE] = PROP_FIRMWARE,
  [GH_CREATE_NETWORK] = PROP_NETWORK,
  [GH_CREATE_GRAPHICS] = PROP_GRAPHICS,
  [GH_CREATE_TPM] = PROP_TPM,
};

/* To be called after the value has been set. Other fields may follow it. */
static void
field_overridden (GhCreatePlan  *self,
                  GhCreateField  field,
                  gboolean       changed)
{
  self->inputs.overridden[field] = TRUE;
  gh_plan_invalidate (GH_PLAN (self));
  if (!changed)
    return;
  notify (self, field_properties[field]);
  if (field == GH_CREATE_OS)
    begin_defaults (self);
  loads_changed (self);
}

static void
override_text (GhCreatePlan  *self,
               GhCreateField  field,
               char         **slot,
               const char    *text)
{
  g_autofree char *copy = g_strdup (text != NULL ? text : "");
  gboolean changed = g_strcmp0 (*slot, copy) != 0;

  if (is_frozen (self))
    return;
  g_free (*slot);
  *slot = g_steal_pointer (&copy);
  field_overridden (self, field, changed);
}

void
gh_create_plan_set_name (GhCreatePlan *self,
                         const char   *name)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  override_text (self, GH_CREATE_NAME, &self->inputs.name, name);
}

const char *
gh_create_plan_get_name (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.name;
}

void
gh_create_plan_set_os_id (GhCreatePlan *self,
                          const char   *os_id)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  override_text (self, GH_CREATE_OS, &self->inputs.os_id, os_id);
}

const char *
gh_create_plan_get_os_id (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.os_id;
}

void
gh_create_plan_set_memory_kib (GhCreatePlan *self,
                               guint64       memory_kib)
{
  gboolean changed;

  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  if (is_frozen (self))
    return;
  changed = self->inputs.memory_kib != memory_kib;
  self->inputs.memory_kib = memory_kib;
  field_overridden (self, GH_CREATE_MEMORY, changed);
}

guint64
gh_create_plan_get_memory_kib (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), 0);

  return self->inputs.memory_kib;
}

void
gh_create_plan_set_cpus (GhCreatePlan *self,
                         guint         cpus)
{
  gboolean changed;

  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  if (is_frozen (self))
    return;
  changed = self->inputs.cpus != cpus;
  self->inputs.cpus = cpus;
  field_overridden (self, GH_CREATE_CPUS, changed);
}

guint
gh_create_plan_get_cpus (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), 0);

  return self->inputs.cpus;
}

/**
 * gh_create_plan_set_disk_bytes:
 * @self: a plan
 * @disk_bytes: size of the new disk, 0 for none
 *
 * Overrides the size of the new disk. Rounded up to whole sectors.
 */
void
gh_create_plan_set_disk_bytes (GhCreatePlan *self,
                               guint64       disk_bytes)
{
  gboolean changed;

  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  if (is_frozen (self))
    return;
  if (disk_bytes % 512 != 0 && disk_bytes < G_MAXUINT64 - 512)
    disk_bytes += 512 - disk_bytes % 512;
  changed = self->inputs.disk_bytes != disk_bytes;
  self->inputs.disk_bytes = disk_bytes;
  field_overridden (self, GH_CREATE_DISK_SIZE, changed);
}

guint64
gh_create_plan_get_disk_bytes (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), 0);

  return self->inputs.disk_bytes;
}

void
gh_create_plan_set_pool (GhCreatePlan *self,
                         const char   *pool)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  override_text (self, GH_CREATE_POOL, &self->inputs.pool, pool);
}

const char *
gh_create_plan_get_pool (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.pool;
}

void
gh_create_plan_set_disk_name (GhCreatePlan *self,
                              const char   *disk_name)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  override_text (self, GH_CREATE_DISK_NAME, &self->inputs.disk_name, disk_name);
}

const char *
gh_create_plan_get_disk_name (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.disk_name;
}

void
gh_create_plan_set_firmware (GhCreatePlan *self,
                             GhFirmware    firmware)
{
  gboolean changed;

  g_return_if_fail (GH_IS_CREATE_PLAN (self));
  g_return_if_fail (firmware <= GH_FIRMWARE_UEFI_SECURE);

  if (is_frozen (self))
    return;
  changed = self->inputs.firmware != firmware;
  self->inputs.firmware = firmware;
  field_overridden (self, GH_CREATE_FIRMWARE, changed);
}

GhFirmware
gh_create_plan_get_firmware (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), GH_FIRMWARE_BIOS);

  return self->inputs.firmware;
}

void
gh_create_plan_set_network (GhCreatePlan *self,
                            const char   *network)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  override_text (self, GH_CREATE_NETWORK, &self->inputs.network, network);
}

const char *
gh_create_plan_get_network (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.network;
}

void
gh_create_plan_set_graphics (GhCreatePlan *self,
                             const char   *graphics)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  override_text (self, GH_CREATE_GRAPHICS, &self->inputs.graphics, graphics);
}

const char *
gh_create_plan_get_graphics (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->inputs.graphics;
}

void
gh_create_plan_set_tpm (GhCreatePlan *self,
                        gboolean      tpm)
{
  gboolean changed;

  g_return_if_fail (GH_IS_CREATE_PLAN (self));

  if (is_frozen (self))
    return;
  tpm = tpm != FALSE;
  changed = self->inputs.tpm != tpm;
  self->inputs.tpm = tpm;
  field_overridden (self, GH_CREATE_TPM, changed);
}

gboolean
gh_create_plan_get_tpm (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), FALSE);

  return self->inputs.tpm;
}

gboolean
gh_create_plan_is_overridden (GhCreatePlan  *self,
                              GhCreateField  field)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), FALSE);
  g_return_val_if_fail (field < GH_CREATE_N_FIELDS, FALSE);

  return self->inputs.overridden[field];
}

/**
 * gh_create_plan_reset:
 * @self: a plan
 * @field: a field
 *
 * Lets the field follow its proposal again.
 */
void
gh_create_plan_reset (GhCreatePlan  *self,
                      GhCreateField  field)
{
  g_return_if_fail (GH_IS_CREATE_PLAN (self));
  g_return_if_fail (field < GH_CREATE_N_FIELDS);

  if (is_frozen (self) || !self->inputs.overridden[field])
    return;
  self->inputs.overridden[field] = FALSE;
  gh_plan_invalidate (GH_PLAN (self));
  loads_changed (self);
}

/* What is known */

gboolean
gh_create_plan_get_loading (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), FALSE);

  return self->was_loading;
}

const char *
gh_create_plan_get_os_name (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->facts.defaults != NULL && self->facts.defaults->os != NULL ? self->facts.defaults->os->name
                                                                         : NULL;
}

const char *
gh_create_plan_get_detected_os (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->facts.detected != NULL ? self->facts.detected->name : NULL;
}

GhCapabilities *
gh_create_plan_get_capabilities (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->facts.capabilities;
}

GPtrArray *
gh_create_plan_get_networks (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->facts.networks;
}

GPtrArray *
gh_create_plan_get_pools (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->facts.pools;
}

/**
 * gh_create_plan_dup_xml:
 * @self: a plan
 *
 * Returns: (transfer full) (nullable): the machine's definition as of the last
 *   preparation
 */
char *
gh_create_plan_dup_xml (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return g_strdup (self->xml);
}

const char *
gh_create_plan_get_machine_uuid (GhCreatePlan *self)
{
  g_return_val_if_fail (GH_IS_CREATE_PLAN (self), NULL);

  return self->machine_uuid;
}
