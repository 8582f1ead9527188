/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The machines of a host: kept as the refreshes find them. */

#define G_LOG_DOMAIN "gh-host"

#include "config.h"

#include <string.h>

#include "gh-connect-error.h"
#include "gh-host-engine.h"
#include "gh-machine-private.h"
#include "gh-virt-error.h"

/* Above this many stale machines one list of everything is cheaper. */
#define MAX_SINGLE_REFRESHES 32

static gboolean
is_connection_error (const GError *error)
{
  if (error->domain == GH_CONNECT_ERROR)
    return TRUE;
  return error->domain == GH_VIRT_ERROR &&
         (error->code == VIR_ERR_NO_CONNECT || error->code == VIR_ERR_RPC ||
          strstr (error->message, "client socket is closed") != NULL ||
          strstr (error->message, "keepalive timeout") != NULL);
}

static void
apply_record (GhHost                *self,
              const GhMachineRecord *record,
              GPtrArray             *added,
              GPtrArray             *changed)
{
  GhMachine *machine = g_hash_table_lookup (self->machines, record->uuid);

  if (machine != NULL)
    {
      if (gh_machine_apply (machine, record))
        g_ptr_array_add (changed, machine);
      return;
    }
  machine = gh_machine_new (self, record);
  g_hash_table_insert (self->machines, (gpointer) gh_machine_get_uuid (machine), machine);
  g_ptr_array_add (added, machine);
}

static void
remove_machine (GhHost     *self,
                const char *uuid,
                GPtrArray  *removed)
{
  GhMachine *machine = g_hash_table_lookup (self->machines, uuid);

  if (machine == NULL)
    return;
  g_ptr_array_add (removed, g_object_ref (machine));
  g_hash_table_remove (self->machines, uuid);
  gh_machine_set_gone (machine);
}

static void
apply_refresh (GhHost    *self,
               GhRefresh *refresh)
{
  g_autoptr (GPtrArray) added = g_ptr_array_new ();
  g_autoptr (GPtrArray) changed = g_ptr_array_new ();
  g_autoptr (GPtrArray) removed = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < refresh->records->len; i++)
    apply_record (self, g_ptr_array_index (refresh->records, i), added, changed);
  for (guint i = 0; i < refresh->gone->len; i++)
    remove_machine (self, g_ptr_array_index (refresh->gone, i), removed);

  if (refresh->full && g_hash_table_size (self->machines) > refresh->records->len)
    {
      g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
      g_autoptr (GList) uuids = g_hash_table_get_keys (self->machines);

      for (guint i = 0; i < refresh->records->len; i++)
        g_hash_table_add (seen,
                          ((GhMachineRecord *) g_ptr_array_index (refresh->records, i))->uuid);
      for (GList *l = uuids; l != NULL; l = l->next)
        if (!g_hash_table_contains (seen, l->data))
          remove_machine (self, l->data, removed);
    }
  gh_host_emit_changes (self, added, removed, changed, FALSE);
}

static void
refreshed_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GError) error = NULL;
  GhRefresh *refresh = g_task_propagate_pointer (G_TASK (result), &error);

  if (gh_error_is_cancelled (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;

  self->refreshing = FALSE;
  if (refresh == NULL)
    {
      /* The first list decides whether the host is of use. A later failure that is not the
       * connection's leaves the list as it was; the next event asks again. */
      if (!self->listed || is_connection_error (error))
        gh_host_lose_connection (self, error);
      else
        g_warning ("Could not refresh %s: %s", self->uri, error->message);
      return;
    }

  apply_refresh (self, refresh);
  if (refresh->full && !self->listed)
    {
      self->listed = TRUE;
      self->n_retries = 0;
      gh_host_set_state (self, GH_HOST_CONNECTED, NULL);
      gh_host_answer_ready (self, NULL);
    }
  gh_refresh_free (refresh);

  gh_host_start_refresh (self);
  gh_host_start_titles (self);
  gh_host_start_figures (self);
}

static gboolean
any_start_unknown (GhHost *self)
{
  GHashTableIter iter;
  gpointer machine;

  if (!gh_host_is_local (self) || gh_host_is_test (self))
    return FALSE;
  if (!self->listed)
    return TRUE;
  g_hash_table_iter_init (&iter, self->machines);
  while (g_hash_table_iter_next (&iter, NULL, &machine))
    if (gh_machine_is_active (machine) && !gh_machine_knows_start (machine))
      return TRUE;
  return FALSE;
}

/* One refresh runs; what becomes stale meanwhile is looked at by the next. */
void
gh_host_start_refresh (GhHost *self)
{
  GhRefreshRequest *request = NULL;

  if (self->refreshing || !self->opened ||
      (!self->all_stale && g_hash_table_size (self->stale) == 0))
    return;

  request = g_new0 (GhRefreshRequest, 1);
  request->scan_uptime = any_start_unknown (self);
  if (!self->all_stale && self->listed && g_hash_table_size (self->stale) <= MAX_SINGLE_REFRESHES)
    {
      guint n = 0;
      char **uuids = (char **) g_hash_table_get_keys_as_array (self->stale, &n);

      request->uuids = g_strdupv (uuids);
      g_free (uuids);
    }
  self->all_stale = FALSE;
  g_hash_table_remove_all (self->stale);
  self->refreshing = TRUE;
  gh_host_call (self, GH_ROLE_STATS, GH_LANE_DEFAULT, GH_LANE_READ, "domain-list",
                gh_host_refresh_worker,
                request, gh_refresh_request_free, gh_refresh_free,
                g_task_new (self, self->cancellable, refreshed_cb, NULL));
}

static void
titles_loaded_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  GhHost *self = GH_HOST (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) changed = g_ptr_array_new ();
  GhRefresh *refresh = g_task_propagate_pointer (G_TASK (result), &error);

  if (gh_error_is_cancelled (error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;

  self->titles_running = FALSE;
  /* Titles are decoration: a failure is left to the list refresh to notice. */
  if (refresh == NULL)
    return;

  for (guint i = 0; i < refresh->records->len; i++)
    {
      GhMachineRecord *record = g_ptr_array_index (refresh->records, i);
      GhMachine *machine = g_hash_table_lookup (self->machines, record->uuid);

      if (machine == NULL)
        continue;
      gh_machine_set_size (machine, record->n_cpus, record->memory_kib);
      if (gh_machine_set_title (machine, record->title) |
          (record->mark != NULL && gh_machine_set_mark (machine, record->mark)))
        g_ptr_array_add (changed, machine);
    }
  gh_host_emit_changes (self, NULL, NULL, changed, FALSE);
  gh_refresh_free (refresh);
  gh_host_start_titles (self);
}

void
gh_host_start_titles (GhHost *self)
{
  GhRefreshRequest *request = NULL;
  g_autoptr (GStrvBuilder) uuids = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer machine;
  guint n = 0;

  /* A title that changes after it was read is told by an event. */
  if (self->titles_running || self->stats == NULL || !self->listed || !self->watching)
    return;

  g_hash_table_iter_init (&iter, self->machines);
  while (n < 500 && g_hash_table_iter_next (&iter, NULL, &machine))
    if (gh_machine_needs_title (machine))
      {
        g_strv_builder_add (uuids, gh_machine_get_uuid (machine));
        n++;
      }
  if (n == 0)
    return;

  request = g_new0 (GhRefreshRequest, 1);
  request->uuids = g_strv_builder_end (uuids);
  self->titles_running = TRUE;
  gh_host_call (self, GH_ROLE_STATS, GH_LANE_BACKGROUND, GH_LANE_READ, "domain-titles",
                gh_host_titles_worker,
                request, gh_refresh_request_free, gh_refresh_free,
                g_task_new (self, self->cancellable, titles_loaded_cb, NULL));
}

/* Machines */

guint
gh_host_get_n_machines (GhHost *self)
{
  g_return_val_if_fail (GH_IS_HOST (self), 0);

  return g_hash_table_size (self->machines);
}

/**
 * gh_host_dup_machines:
 * @self: a host
 *
 * Returns: (transfer full) (element-type GhMachine): its machines, in no order
 */
GPtrArray *
gh_host_dup_machines (GhHost *self)
{
  GPtrArray *machines = NULL;
  GHashTableIter iter;
  gpointer machine;

  g_return_val_if_fail (GH_IS_HOST (self), NULL);

  machines = g_ptr_array_new_full (g_hash_table_size (self->machines), g_object_unref);
  g_hash_table_iter_init (&iter, self->machines);
  while (g_hash_table_iter_next (&iter, NULL, &machine))
    g_ptr_array_add (machines, g_object_ref (machine));
  return machines;
}

/**
 * gh_host_find_machine:
 * @self: a host
 * @name_or_uuid: what the user calls it
 *
 * Returns: (transfer none) (nullable): the machine of that UUID, else of that name
 */
GhMachine *
gh_host_find_machine (GhHost     *self,
                      const char *name_or_uuid)
{
  GHashTableIter iter;
  gpointer machine;

  g_return_val_if_fail (GH_IS_HOST (self), NULL);

  machine = g_hash_table_lookup (self->machines, name_or_uuid);
  if (machine != NULL)
    return machine;
  g_hash_table_iter_init (&iter, self->machines);
  while (g_hash_table_iter_next (&iter, NULL, &machine))
    if (strcmp (gh_machine_get_name (machine), name_or_uuid) == 0)
      return machine;
  return NULL;
}
