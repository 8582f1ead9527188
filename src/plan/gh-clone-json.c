/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What becomes of disks and of everything else, for scripts. */

#define G_LOG_DOMAIN "gh-clone-json"

#include "config.h"

#include "gh-clone-plan-private.h"

const char *
gh_clone_mode_to_string (GhCloneMode mode)
{
  static const char * const names[] = { "copy", "link", "share", "leave-out" };

  g_return_val_if_fail (mode < GH_CLONE_N_MODES, NULL);

  return names[mode];
}

GStrv
gh_clone_change_dup_choices (const GhCloneChange *change)
{
  const gboolean can[] = { change->can_keep, change->can_renew, change->can_remove,
                           change->can_set };
  static const char * const words[] = { "keep", "new", "remove", "value" };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (can); i++)
    if (can[i])
      g_strv_builder_add (builder, words[i]);
  return g_strv_builder_end (builder);
}

static void
set_string (JsonObject *object,
            const char *name,
            const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
disk_to_json (const GhCloneDisk *disk)
{
  JsonObject *object = json_object_new ();

  set_string (object, "target", disk->target);
  set_string (object, "device", disk->device);
  set_string (object, "path", disk->path);
  json_object_set_int_member (object, "size", (gint64) disk->capacity);
  set_string (object, "mode", gh_clone_mode_to_string (disk->mode));
  json_object_set_boolean_member (object, "chosen", disk->overridden);
  set_string (object, "reason", disk->reason);
  set_string (object, "pool", disk->pool);
  set_string (object, "destination", disk->destination);
  return object;
}

static JsonObject *
change_to_json (const GhCloneChange *change)
{
  g_auto (GStrv) choices = gh_clone_change_dup_choices (change);
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();

  for (guint i = 0; choices[i] != NULL; i++)
    json_array_add_string_element (array, choices[i]);
  set_string (object, "id", change->id);
  set_string (object, "label", change->label);
  set_string (object, "before", change->before);
  set_string (object, "after", change->after);
  set_string (object, "default", choices[0] != NULL ? change->proposed : NULL);
  json_object_set_boolean_member (object, "chosen", change->overridden);
  json_object_set_array_member (object, "choices", array);
  set_string (object, "why", change->why);
  return object;
}

void
gh_clone_plan_add_json (GhPlan     *plan,
                        JsonObject *object)
{
  GhClonePlan *self = GH_CLONE_PLAN (plan);
  JsonArray *disks = json_array_new ();
  JsonArray *changes = json_array_new ();

  for (guint i = 0; self->disks != NULL && i < self->disks->len; i++)
    json_array_add_object_element (disks, disk_to_json (g_ptr_array_index (self->disks, i)));
  for (guint i = 0; self->changes != NULL && i < self->changes->len; i++)
    json_array_add_object_element (changes, change_to_json (g_ptr_array_index (self->changes, i)));
  json_object_set_array_member (object, "disks", disks);
  json_object_set_array_member (object, "changes", changes);
}
