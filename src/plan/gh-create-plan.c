/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The plan that makes a machine: its inputs. What it reads is in gh-create-readings.c, what is
 * proposed, checked and made of that in gh-create-proposals.c and gh-create-checks.c. */

#define G_LOG_DOMAIN "gh-create-plan"

#include "config.h"

#include "gh-create-plan-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

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

/* Inputs without proposals */

static void
source_changed (GhCreatePlan   *self,
                GhCreateSource  source)
{
  if (self->inputs.source != source)
    {
      self->inputs.source = source;
      gh_create_plan_notify (self, PROP_SOURCE);
    }
  gh_plan_invalidate (GH_PLAN (self));
  self->scan_time = 0;
  gh_create_plan_begin_scan (self);
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

  if (!gh_create_plan_is_frozen (self) && self->inputs.source != source)
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

  if (gh_create_plan_is_frozen (self))
    return;
  changed = replace_text (&self->inputs.iso_path, path);
  if (changed)
    gh_create_plan_notify (self, PROP_ISO_PATH);
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

  if (gh_create_plan_is_frozen (self))
    return;
  changed = replace_text (&self->inputs.disk_path, path);
  if (changed)
    gh_create_plan_notify (self, PROP_DISK_PATH);
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

  if (gh_create_plan_is_frozen (self))
    return;
  inputs = &self->inputs;
  g_object_freeze_notify (G_OBJECT (self));
  if (replace_text (&inputs->kernel_path, kernel_path))
    {
      changed = TRUE;
      gh_create_plan_notify (self, PROP_KERNEL_PATH);
    }
  if (replace_text (&inputs->initrd_path, initrd_path))
    {
      changed = TRUE;
      gh_create_plan_notify (self, PROP_INITRD_PATH);
    }
  if (replace_text (&inputs->cmdline, cmdline))
    {
      changed = TRUE;
      gh_create_plan_notify (self, PROP_CMDLINE);
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

  if (gh_create_plan_is_frozen (self) || !replace_text (&self->inputs.title, title))
    return;
  gh_plan_invalidate (GH_PLAN (self));
  gh_create_plan_notify (self, PROP_TITLE);
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
  if (gh_create_plan_is_frozen (self) || *slot == value)
    return;
  *slot = value;
  gh_plan_invalidate (GH_PLAN (self));
  gh_create_plan_notify (self, property);
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
  gh_create_plan_notify (self, field_properties[field]);
  if (field == GH_CREATE_OS)
    gh_create_plan_begin_defaults (self);
  gh_create_plan_loads_changed (self);
}

static void
override_text (GhCreatePlan  *self,
               GhCreateField  field,
               char         **slot,
               const char    *text)
{
  g_autofree char *copy = g_strdup (text != NULL ? text : "");
  gboolean changed = g_strcmp0 (*slot, copy) != 0;

  if (gh_create_plan_is_frozen (self))
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

  if (gh_create_plan_is_frozen (self))
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

  if (gh_create_plan_is_frozen (self))
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

  if (gh_create_plan_is_frozen (self))
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

  if (gh_create_plan_is_frozen (self))
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

  if (gh_create_plan_is_frozen (self))
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

  if (gh_create_plan_is_frozen (self) || !self->inputs.overridden[field])
    return;
  self->inputs.overridden[field] = FALSE;
  gh_plan_invalidate (GH_PLAN (self));
  gh_create_plan_loads_changed (self);
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
