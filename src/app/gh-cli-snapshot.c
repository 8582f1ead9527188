/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Verbs about snapshots, and about the size of disks. */

#define G_LOG_DOMAIN "gh-cli-snapshot"

#include "config.h"

#include "gh-cli-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gh-resize-plan.h"
#include "gh-snapshot-plan.h"
#include "gh-snapshots.h"

/* Deeper is a loop, or nothing a terminal could show. */
#define MAX_DEPTH 64

#define GIB (1024.0 * 1024.0 * 1024.0)
#define MAX_SIZE_GIB (8.0 * 1024 * 1024)

static char *
dup_time (const GhSnapshotXml *snapshot,
          const char          *format)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (snapshot->created);

  return time != NULL && snapshot->created > 0 ? g_date_time_format (time, format) : NULL;
}

static void
print_snapshot (GhCli                *self,
                const GhSnapshotList *list,
                const GhSnapshotXml  *snapshot,
                guint                 depth)
{
  g_autofree char *indent = g_strnfill (2 * depth, ' ');
  /* Translators: date and time in a table; see the manual of strftime. */
  g_autofree char *time = dup_time (snapshot, _("%Y-%m-%d %H:%M"));

  gh_cli_print (self, "%s%s", indent, snapshot->name);
  if (time != NULL)
    gh_cli_print (self, "  %s", time);
  gh_cli_print (self, "  %s", snapshot->has_memory ? _("with memory") : _("disks only"));
  if (snapshot->external)
    gh_cli_print (self, "  %s", _("in files of its own"));
  if (g_strcmp0 (list->current, snapshot->name) == 0)
    gh_cli_print (self, "  ◂ %s", _("current"));
  gh_cli_print (self, "\n");
}

/* Those that were taken after @parent (nullable); a parent that is not there is none. */
static void
print_children (GhCli                *self,
                const GhSnapshotList *list,
                const char           *parent,
                guint                 depth)
{
  for (guint i = 0; depth < MAX_DEPTH && i < list->snapshots->len; i++)
    {
      const GhSnapshotXml *snapshot = g_ptr_array_index (list->snapshots, i);
      const char *own = snapshot->parent;

      if (own != NULL && gh_snapshot_list_find (list, own) == NULL)
        own = NULL;
      if (g_strcmp0 (own, parent) != 0)
        continue;
      print_snapshot (self, list, snapshot, depth);
      print_children (self, list, snapshot->name, depth + 1);
    }
}

static JsonObject *
snapshot_to_json (const GhSnapshotList *list,
                  const GhSnapshotXml  *snapshot)
{
  JsonObject *object = json_object_new ();
  g_autofree char *time = dup_time (snapshot, "%Y-%m-%dT%H:%M:%S%:z");

  json_object_set_string_member (object, "name", snapshot->name);
  if (snapshot->parent != NULL)
    json_object_set_string_member (object, "parent", snapshot->parent);
  if (snapshot->description != NULL)
    json_object_set_string_member (object, "description", snapshot->description);
  if (time != NULL)
    json_object_set_string_member (object, "time", time);
  json_object_set_string_member (object, "state", snapshot->state);
  json_object_set_string_member (object, "kind", snapshot->external ? "external" : "internal");
  json_object_set_boolean_member (object, "memory", snapshot->has_memory);
  json_object_set_boolean_member (object, "current",
                                  g_strcmp0 (list->current, snapshot->name) == 0);
  return object;
}

static GhCliStatus
list_snapshots (GhCli     *self,
                GhMachine *machine)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhSnapshotList) list = NULL;
  JsonObject *object = NULL;
  JsonArray *array = NULL;

  gh_host_load_snapshots_async (self->host, gh_machine_get_uuid (machine), /* settled= */ FALSE,
                                self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  list = gh_host_load_snapshots_finish (self->host, result, &error);
  if (list == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  print_children (self, list, NULL, 0);
  if (list->snapshots->len == 0)
    gh_cli_print (self, _("“%s” has no snapshots.\n"), list->name);
  object = json_object_new ();
  array = json_array_new ();
  for (guint i = 0; i < list->snapshots->len; i++)
    json_array_add_object_element (array, snapshot_to_json (list, list->snapshots->pdata[i]));
  json_object_set_string_member (object, "host", self->uri);
  json_object_set_string_member (object, "machine", list->name);
  json_object_set_array_member (object, "snapshots", array);
  gh_cli_take_json (self, object);
  return GH_CLI_DONE;
}

GhCliStatus
gh_cli_snapshot (GhCli      *self,
                 const char *verb,
                 int         argc,
                 char      **argv)
{
  static const char * const actions[] = { "list", "take", "revert", "delete", NULL };
  g_autofree char *description = NULL;
  gboolean no_safety = FALSE;
  const GOptionEntry entries[] = {
    { "description", 0, 0, G_OPTION_ARG_STRING, &description,
      N_("What the snapshot that is taken is for"), N_("TEXT") },
    { "no-safety", 0, 0, G_OPTION_ARG_NONE, &no_safety,
      N_("Go back without a snapshot of how the machine is now"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 2, 1, argc, argv, &error);
  g_autoptr (GhSnapshotPlan) plan = NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = NULL;
  gboolean needs_name = FALSE;

  if (words != NULL && !g_strv_contains (actions, words[1]))
    return gh_cli_fail (self, GH_CLI_USAGE,
                        _("Say what to do with snapshots: list, take, revert or delete"), NULL);
  needs_name = words != NULL && (strcmp (words[1], "revert") == 0 ||
                                 strcmp (words[1], "delete") == 0);
  if (needs_name && words[2] == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, _("Say which snapshot"), NULL);
  machine = gh_cli_open_machine (self, words, &error, &status);
  if (machine == NULL)
    return status;
  if (strcmp (words[1], "list") == 0)
    return list_snapshots (self, machine);
  if (strcmp (words[1], "revert") == 0)
    plan = gh_snapshot_plan_new_revert (machine, words[2]);
  else if (strcmp (words[1], "delete") == 0)
    plan = gh_snapshot_plan_new_delete (machine, words[2]);
  else
    plan = gh_snapshot_plan_new_take (machine);
  g_object_set (plan, "snapshot", words[2], "description", description, "safety", !no_safety,
                NULL);
  return gh_cli_run_plan (self, GH_PLAN (plan));
}

/* Disks consist of sectors. */
static guint64
round_up (double bytes)
{
  return ((guint64) bytes + 511) / 512 * 512;
}

GhCliStatus
gh_cli_resize (GhCli      *self,
               const char *verb,
               int         argc,
               char      **argv)
{
  g_autofree char *disk = NULL;
  double size = 0.0;
  const GOptionEntry entries[] = {
    { "size", 0, 0, G_OPTION_ARG_DOUBLE, &size, N_("How large the disk is to be"), N_("GIB") },
    { "disk", 0, 0, G_OPTION_ARG_STRING, &disk, N_("This disk, not the first one"),
      N_("TARGET") },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 1, 0, argc, argv, &error);
  g_autoptr (GhResizePlan) plan = NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = NULL;

  if (words != NULL && !(size > 0.0 && size <= MAX_SIZE_GIB))
    return gh_cli_fail (self, GH_CLI_USAGE, _("Say how large the disk is to be: --size GIB"), NULL);
  machine = gh_cli_open_machine (self, words, &error, &status);
  if (machine == NULL)
    return status;
  plan = gh_resize_plan_new (machine, disk);
  g_object_set (plan, "size", round_up (size * GIB), NULL);
  return gh_cli_run_plan (self, GH_PLAN (plan));
}
