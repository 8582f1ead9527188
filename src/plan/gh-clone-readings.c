/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the clone plan reads, one after the other: the machine's definition, pools, definitions of
 * all machines, users of files and volumes, and then the files themselves. What a running machine
 * does is asked beside that. */

#define G_LOG_DOMAIN "gh-clone-readings"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-clone-plan-private.h"
#include "gh-virt-error.h"

typedef struct
{
  GhCloneFacts  facts;
  GPtrArray    *name_looks; /* (element-type GhNameLook) (unowned): in the order of the items */
  guint         n_parts;    /* of what is read side by side: how many have not ended well */
  gboolean      failed;     /* one of them has, and the task with it */
} Reading;

static void
item_free (gpointer data)
{
  GhCloneItem *item = data;

  g_free (item->path);
  g_free (item->format);
  g_clear_pointer (&item->volume, gh_volume_info_unref);
  g_free (item->folder);
  g_free (item->reason);
  for (guint i = 0; i < GH_CLONE_N_MODES; i++)
    g_free (item->refusals[i]);
  g_free (item->new_format);
  g_strfreev (item->destinations);
  g_free (item->parent_path);
  g_free (item);
}

void
gh_clone_facts_clear (GhCloneFacts *self)
{
  g_clear_object (&self->xml);
  g_clear_pointer (&self->live, gh_live_info_free);
  g_clear_pointer (&self->live_disks, g_ptr_array_unref);
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  g_clear_pointer (&self->present_disks, g_ptr_array_unref);
  g_clear_pointer (&self->pools, g_ptr_array_unref);
  g_clear_pointer (&self->definitions, g_ptr_array_unref);
  g_clear_pointer (&self->users, gh_file_users_unref);
  g_clear_pointer (&self->snapshots, g_strfreev);
  g_clear_pointer (&self->look, gh_clone_look_free);
  g_clear_pointer (&self->folders, gh_state_folders_free);
  g_clear_pointer (&self->nvram_path, g_free);
  g_clear_pointer (&self->nvram_pool, g_free);
  g_clear_pointer (&self->nvram_paths, g_strfreev);
  g_clear_pointer (&self->tpm_path, g_free);
  g_clear_pointer (&self->names, g_strfreev);
}

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  gh_clone_facts_clear (&reading->facts);
  g_clear_pointer (&reading->name_looks, g_ptr_array_unref);
  g_free (reading);
}

static GhClonePlan *
get_plan (GTask *task)
{
  return GH_CLONE_PLAN (g_task_get_source_object (task));
}

static GhHost *
get_host (GTask *task)
{
  return gh_plan_get_host (GH_PLAN (g_task_get_source_object (task)));
}

static GhCloneFacts *
get_facts (GTask *task)
{
  return &((Reading *) g_task_get_task_data (task))->facts;
}

static void
return_draft (GTask       *task,
              GhPlanDraft *draft)
{
  gh_clone_plan_set_loading (get_plan (task), FALSE);
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
return_error (GTask  *task,
              GError *error)
{
  Reading *reading = g_task_get_task_data (task);

  if (reading->failed)
    {
      g_error_free (error);
      return;
    }
  reading->failed = TRUE;
  gh_clone_plan_set_loading (get_plan (task), FALSE);
  g_task_return_error (task, error);
}

/* Everything is known. */
static void
decide (GTask *task)
{
  GhClonePlan *self = get_plan (task);
  GhCloneFacts *facts = get_facts (task);
  GhPlanDraft *draft = NULL;
  GError *error = NULL;

  /* A preparation that was dropped must not put its facts beside another's checks. */
  if (g_task_return_error_if_cancelled (task))
    {
      gh_clone_plan_set_loading (self, FALSE);
      return;
    }
  gh_clone_decide (&self->inputs, facts, self->machine);
  gh_clone_state_decide (facts);
  gh_clone_facts_clear (&self->facts);
  self->facts = *facts;
  memset (facts, 0, sizeof *facts);

  draft = gh_plan_draft_new ();
  gh_clone_check_all (self, draft);
  if (!gh_clone_add_steps (self, draft, &error))
    {
      g_autoptr (GError) problem = error;

      /* Steps that were begun with are of no use without the rest. */
      g_ptr_array_set_size (draft->steps, 0);
      gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, "change-impossible",
                                                    problem->message, NULL));
    }
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  self->disks = gh_clone_dup_disks (&self->facts);
  self->serial++;
  g_object_notify (G_OBJECT (self), "disks-serial");
  return_draft (task, draft);
}

/* One part of what is read side by side has ended well. */
static void
end_part (GTask *task)
{
  Reading *reading = g_task_get_task_data (task);

  if (--reading->n_parts == 0)
    decide (task);
}

static char *
dup_next_name (Reading *reading,
               guint   *next)
{
  GhNameLook *name = g_ptr_array_index (reading->name_looks, (*next)++);

  return g_strdup (name->path);
}

/* One for each clone. */
static GStrv
dup_next_names (Reading *reading,
                guint   *next)
{
  GStrv names = g_new0 (char *, g_strv_length (reading->facts.names) + 1);

  for (guint n = 0; reading->facts.names[n] != NULL; n++)
    names[n] = dup_next_name (reading, next);
  return names;
}

/* Puts the names that were found into the items. */
static void
take_names (Reading *reading)
{
  GhCloneFacts *facts = &reading->facts;
  guint next = 0;

  for (guint i = 0; i < facts->items->len; i++)
    {
      GhCloneItem *item = g_ptr_array_index (facts->items, i);

      if (item->folder == NULL)
        continue;
      item->destinations = dup_next_names (reading, &next);
      item->parent_path = dup_next_name (reading, &next);
    }
  if (facts->nvram_path != NULL)
    facts->nvram_paths = dup_next_names (reading, &next);
}

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);
  GError *error = NULL;

  reading->facts.look = gh_clone_look_run_finish (result, &error);
  if (reading->facts.look == NULL)
    {
      return_error (task, error);
      return;
    }
  take_names (reading);
  end_part (task);
}

static const char *
get_suffix (GhCloneItem *item)
{
  if (item->pool != NULL && !gh_clone_pool_has_files (item->pool))
    return "";
  if (g_strcmp0 (item->new_format, "raw") == 0)
    return ".img";
  return ".qcow2";
}

/* Firmware variables go beside the original's. A name may be taken by a clone that has another
 * name by now. */
static void
add_nvram_names (Reading     *reading,
                 GhCloneLook *look)
{
  const GhCloneFacts *facts = &reading->facts;
  g_autofree char *folder = g_path_get_dirname (facts->nvram_path);

  for (guint n = 0; facts->names[n] != NULL; n++)
    {
      g_autofree char *stem = g_strconcat (facts->names[n], "_VARS", NULL);

      g_ptr_array_add (reading->name_looks, gh_clone_look_add_name (look, folder, stem, ".fd"));
    }
}

/* What is to be found out, and the names that new files may have. */
static GhCloneLook *
make_look (GTask *task)
{
  Reading *reading = g_task_get_task_data (task);
  GhCloneFacts *facts = &reading->facts;
  GhClonePlan *self = get_plan (task);
  GhCloneLook *look = gh_clone_look_new ();
  guint n_images = 0;

  reading->name_looks = g_ptr_array_new ();
  for (guint i = 0; i < facts->items->len; i++)
    n_images += ((GhCloneItem *) facts->items->pdata[i])->folder != NULL ? 1 : 0;
  for (guint i = 0; i < facts->items->len; i++)
    {
      GhCloneItem *item = g_ptr_array_index (facts->items, i);
      const char *target = item->xml->target;
      g_autofree char *parent_stem = NULL;

      if (facts->is_local && item->path != NULL && g_path_is_absolute (item->path))
        item->look = gh_clone_look_add_image (look, item->path, item->format);
      if (item->folder == NULL)
        continue;
      if (facts->is_local)
        item->folder_look = gh_clone_look_add_folder (look, item->folder);
      for (guint n = 0; facts->names[n] != NULL; n++)
        {
          g_autofree char *stem = n_images == 1
                                  ? g_strdup (facts->names[n])
                                  : g_strdup_printf ("%s-%s", facts->names[n], target);

          g_ptr_array_add (reading->name_looks,
                           gh_clone_look_add_name (look, item->folder, stem, get_suffix (item)));
        }
      parent_stem = g_strdup_printf (n_images == 1 ? "%s-own" : "%s-own-%s",
                                     gh_machine_get_name (self->machine), target);
      g_ptr_array_add (reading->name_looks,
                       gh_clone_look_add_name (look, item->folder, parent_stem, ".qcow2"));
    }
  if (facts->nvram_path != NULL)
    add_nvram_names (reading, look);
  gh_clone_state_add_looks (facts, look);
  return look;
}

/* Volumes are taken names wherever files cannot be seen. */
static void
take_volume_names (GhCloneLook  *look,
                   GhCloneFacts *facts)
{
  for (guint i = 0; i < look->names->len; i++)
    {
      GhNameLook *name = g_ptr_array_index (look->names, i);

      for (guint n = 1; n < 1000; n++)
        {
          g_autofree char *file = n == 1 ? g_strconcat (name->stem, name->suffix, NULL)
                                  : g_strdup_printf ("%s-%u%s", name->stem, n, name->suffix);
          g_autofree char *path = g_build_filename (name->folder, file, NULL);

          if (gh_file_users_find_volume (facts->users, path) == NULL)
            break;
          g_hash_table_add (look->taken, g_steal_pointer (&path));
        }
    }
}

static void
look (GTask *task)
{
  Reading *reading = g_task_get_task_data (task);
  GhCloneFacts *facts = &reading->facts;
  GhCloneLook *wanted = make_look (task);

  take_volume_names (wanted, facts);
  gh_clone_state_take_names (facts, wanted->taken);
  if (facts->is_local)
    {
      gh_clone_look_run_async (wanted, g_task_get_cancellable (task), looked_cb,
                               g_object_ref (task));
      return;
    }
  gh_clone_look_choose_names (wanted);
  facts->look = wanted;
  take_names (reading);
  end_part (task);
}

static GHashTable *
collect_names (GhCloneFacts *facts,
               GhHost       *host)
{
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < facts->definitions->len; i++)
    g_hash_table_add (names, g_strdup (((GhDefinition *) facts->definitions->pdata[i])->name));
  return names;
}

static void
users_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhClonePlan *self = get_plan (task);
  GhCloneFacts *facts = get_facts (task);
  g_autoptr (GHashTable) names = NULL;
  GError *error = NULL;

  facts->users = gh_file_users_load_finish (result, &error);
  if (facts->users == NULL)
    {
      return_error (task, error);
      return;
    }
  names = collect_names (facts, get_host (task));
  facts->names = gh_clone_make_names (&self->inputs, gh_machine_get_name (self->machine), names);
  facts->items = gh_clone_list_items (&self->inputs, facts);
  g_ptr_array_set_free_func (facts->items, item_free);
  look (task);
}

static void
definitions_loaded_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhHost *host = GH_HOST (object);
  GError *error = NULL;

  get_facts (task)->definitions = gh_host_load_definitions_finish (host, result, &error);
  if (get_facts (task)->definitions == NULL)
    return_error (task, error);
  else
    gh_file_users_load_async (host, NULL, g_task_get_cancellable (task), users_loaded_cb,
                              g_object_ref (task));
}

static void
pools_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhHost *host = GH_HOST (object);
  GError *error = NULL;

  get_facts (task)->pools = gh_host_load_pools_finish (host, result, &error);
  if (get_facts (task)->pools == NULL)
    return_error (task, error);
  else
    gh_host_load_definitions_async (host, g_task_get_cancellable (task), definitions_loaded_cb,
                                    g_object_ref (task));
}

/* What is cloned is what the snapshot keeps, not the machine as it is. */
static void
find_snapshot (GhClonePlan  *self,
               GhCloneFacts *facts)
{
  GhDomainXml *xml = NULL;

  if (self->inputs.snapshot == NULL)
    return;
  for (guint i = 0; facts->snapshots != NULL && facts->snapshots[i] != NULL; i++)
    {
      g_autofree char *name = gh_snapshot_xml_dup_name (facts->snapshots[i]);

      if (g_strcmp0 (name, self->inputs.snapshot) == 0)
        facts->snapshot = facts->snapshots[i];
    }
  xml = facts->snapshot != NULL ? gh_snapshot_xml_dup_domain (facts->snapshot) : NULL;
  facts->no_snapshot = xml == NULL;
  if (xml == NULL)
    return;
  g_object_unref (facts->xml);
  facts->xml = xml;
  g_ptr_array_unref (facts->disks);
  facts->disks = gh_domain_xml_list_disks (xml);
}

static void
snapshots_loaded_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->snapshots = gh_machine_load_snapshots_finish (GH_MACHINE (object), result,
                                                                  &error);
  if (error != NULL && gh_error_is_cancelled (error))
    {
      return_error (task, error);
      return;
    }
  /* Hosts whose driver knows no snapshots have none. */
  g_clear_error (&error);
  find_snapshot (get_plan (task), get_facts (task));
  gh_host_load_pools_async (get_host (task), g_task_get_cancellable (task), pools_loaded_cb,
                            g_object_ref (task));
}

static void
load_snapshots (GTask *task)
{
  gh_machine_load_snapshots_async (get_plan (task)->machine, g_task_get_cancellable (task),
                                   snapshots_loaded_cb, g_object_ref (task));
}

static void
live_loaded_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhCloneFacts *facts = get_facts (task);
  g_autoptr (GhDomainXml) xml = NULL;
  GError *error = NULL;

  facts->live = gh_host_load_live_finish (GH_HOST (object), result, &error);
  if (facts->live == NULL)
    {
      return_error (task, error);
      return;
    }
  if (facts->live->active && facts->live->xml != NULL)
    xml = gh_domain_xml_new_from_string (facts->live->xml, NULL);
  facts->live_disks = xml != NULL ? gh_domain_xml_list_disks (xml) : NULL;
  end_part (task);
}

static void
find_state (GTask *task)
{
  GhMachine *machine = get_plan (task)->machine;
  Reading *reading = g_task_get_task_data (task);
  GhCloneFacts *facts = &reading->facts;

  gh_clone_state_find (facts, gh_machine_get_name (machine));
  reading->n_parts = 1;
  if (gh_machine_is_active (machine) && !facts->is_test)
    {
      /* An agent may take seconds to say nothing. */
      reading->n_parts++;
      gh_host_load_live_async (get_host (task), gh_machine_get_uuid (machine),
                               !get_plan (task)->inputs.trial, g_task_get_cancellable (task),
                               live_loaded_cb, g_object_ref (task));
    }
  load_snapshots (task);
}

static void
folders_loaded_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  get_facts (task)->folders = gh_host_load_state_folders_finish (GH_HOST (object), result, &error);
  if (error != NULL && gh_error_is_cancelled (error))
    {
      return_error (task, error);
      return;
    }
  /* A check says what that means. */
  g_clear_error (&error);
  find_state (task);
}

static void
xml_loaded_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMachine *machine = GH_MACHINE (object);
  GhCloneFacts *facts = get_facts (task);
  GError *error = NULL;
  g_autofree char *text = gh_machine_load_xml_finish (machine, result, &error);

  facts->xml = text != NULL ? gh_domain_xml_new_from_string (text, &error) : NULL;
  if (facts->xml == NULL)
    {
      return_error (task, error);
      return;
    }
  facts->disks = gh_domain_xml_list_disks (facts->xml);
  facts->present_disks = g_ptr_array_ref (facts->disks);
  if (gh_clone_state_needs_folders (facts))
    gh_host_load_state_folders_async (get_host (task), g_task_get_cancellable (task),
                                      folders_loaded_cb, g_object_ref (task));
  else
    find_state (task);
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhClonePlan *self = get_plan (task);
  GhHost *host = GH_HOST (object);
  GhCloneFacts *facts = get_facts (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GhPlanDraft) draft = NULL;
  g_autofree char *title = NULL;
  g_autofree char *detail = NULL;

  if (gh_host_ready_finish (host, result, &error) && gh_machine_exists (self->machine))
    {
      facts->is_test = gh_host_is_test (host);
      facts->is_local = gh_host_is_local (host) && !facts->is_test;
      facts->is_session = gh_host_is_session (host);
      gh_machine_load_xml_async (self->machine, GH_XML_INACTIVE | GH_XML_SECURE,
                                 g_task_get_cancellable (task), xml_loaded_cb,
                                 g_object_ref (task));
      return;
    }
  if (gh_error_is_cancelled (error))
    {
      return_error (task, g_steal_pointer (&error));
      return;
    }

  draft = gh_plan_draft_new ();
  if (error != NULL)
    {
      detail = gh_error_dup_sentence (error);
      title = g_strdup_printf (_("The host %s cannot be reached"), gh_host_get_uri (host));
      gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, "host-unreachable", title,
                                                    detail));
    }
  else
    {
      title = g_strdup_printf (_("“%s” is gone"), gh_machine_get_name (self->machine));
      gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, "machine-gone", title,
                                                    _("Somebody else has removed it in the "
                                                      "meantime.")));
    }
  return_draft (task, g_steal_pointer (&draft));
}

void
gh_clone_plan_prepare_async (GhPlan              *plan,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  GTask *task = g_task_new (plan, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_clone_plan_prepare_async);
  g_task_set_task_data (task, g_new0 (Reading, 1), reading_free);
  gh_clone_plan_set_loading (GH_CLONE_PLAN (plan), TRUE);
  gh_host_ready_async (gh_plan_get_host (plan), cancellable, host_ready_cb, task);
}
