/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Inputs with proposals: a field follows its proposal until the user overrides it. */

#define G_LOG_DOMAIN "gh-create-plan"

#include "config.h"

#include "gh-create-plan-private.h"

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
