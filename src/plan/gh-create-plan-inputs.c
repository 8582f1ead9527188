/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Inputs without proposals: where the machine comes from, and what the user alone decides. */

#define G_LOG_DOMAIN "gh-create-plan"

#include "config.h"

#include "gh-create-plan-private.h"

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
