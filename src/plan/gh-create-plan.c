/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The plan that makes a machine. Its inputs are set in gh-create-plan-inputs.c and
 * gh-create-plan-fields.c; what it reads is in gh-create-readings.c, what is proposed, checked and
 * made of that in gh-create-proposals.c and gh-create-checks.c. */

#define G_LOG_DOMAIN "gh-create-plan"

#include "config.h"

#include "gh-create-plan-private.h"

#include <glib/gi18n-lib.h>

#include "gh-threads.h"

G_DEFINE_FINAL_TYPE (GhCreatePlan, gh_create_plan, GH_TYPE_PLAN)

enum
{
  CHOICES_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

/* From the moment it runs, a plan is about what it was prepared for. */
gboolean
gh_create_plan_is_frozen (GhCreatePlan *self)
{
  GhPlan *plan = GH_PLAN (self);
  GhPlanState state = gh_plan_get_state (plan);

  return state == GH_PLAN_RUNNING || state == GH_PLAN_UNDOING ||
         (state == GH_PLAN_ENDED && gh_plan_get_outcome (plan) == GH_OUTCOME_DONE);
}

void
gh_create_plan_notify (GhCreatePlan         *self,
                       GhCreatePlanProperty  property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

void
gh_create_plan_emit_choices (GhCreatePlan *self)
{
  g_signal_emit (self, signals[CHOICES_CHANGED], 0);
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
gh_create_plan_constructed (GObject *object)
{
  GhCreatePlan *self = GH_CREATE_PLAN (object);

  G_OBJECT_CLASS (gh_create_plan_parent_class)->constructed (object);
  g_signal_connect (self, "notify::host", G_CALLBACK (gh_create_plan_host_changed), NULL);
  gh_create_plan_host_changed (self);
}

static void
gh_create_plan_dispose (GObject *object)
{
  GhCreatePlan *self = GH_CREATE_PLAN (object);

  gh_create_plan_cancel_loads (self);
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
  properties[PROP_MEMORY_KIB] = g_param_spec_uint64 ("memory-kib", NULL, NULL, 0, G_MAXUINT64, 0,
                                                     flags);
  properties[PROP_CPUS] = g_param_spec_uint ("cpus", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_DISK_BYTES] = g_param_spec_uint64 ("disk-bytes", NULL, NULL, 0, G_MAXUINT64, 0,
                                                     flags);
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
  signals[CHOICES_CHANGED] = g_signal_new ("choices-changed", GH_TYPE_CREATE_PLAN,
                                           G_SIGNAL_RUN_LAST, 0,
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

  return self->facts.defaults != NULL && self->facts.defaults->os != NULL
           ? self->facts.defaults->os->name : NULL;
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
