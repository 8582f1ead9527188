/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-cli-migrate"

#include "config.h"

#include "gh-cli-migrate-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gh-command.h"
#include "gh-left-plan.h"
#include "gh-migrate-queue.h"
#include "gh-virt-error.h"

#define MAX_MACHINES 1000

typedef struct
{
  gboolean  rehearse;
  gboolean  offline;
  gboolean  temporary;
  gboolean  copy_storage;
  gboolean  remove_source;
  gboolean  auto_converge;
  gboolean  no_auto_converge;
  gboolean  post_copy;
  gboolean  parallel;
  gboolean  tls;
  int       connections;
  int       bandwidth;
  int       downtime;
  char     *preset;
  char     *route;
  char     *compression;
  char     *name;
  char     *address;
  char     *disks_address;
  char     *pool;
  char     *if_stuck;
  GStrv     disks;
  GStrv     disk_paths;
  GStrv     networks;
  gboolean  common_cpu;
  gboolean  copy_secrets;
  GStrv     dropped;
  GStrv     fixes;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->preset);
  g_free (options->route);
  g_free (options->compression);
  g_free (options->name);
  g_free (options->address);
  g_free (options->disks_address);
  g_free (options->pool);
  g_free (options->if_stuck);
  g_strfreev (options->fixes);
  g_strfreev (options->disks);
  g_strfreev (options->disk_paths);
  g_strfreev (options->networks);
  g_strfreev (options->dropped);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static const char * const mode_names[] = { "shared", "copy", "leave", NULL };
static const char * const route_names[] = { "client", "peer", "tunnel", NULL };
static const char * const preset_names[] = { "safe", "fast", "one-port", NULL };
static const char * const compression_names[] = { "none", "xbzrle", "threads", NULL };
static const char * const stuck_names[] = { "longer-pause", "slow", "post-copy", "pause", NULL };

/* The place of @text in @names; -1: it is none of them. */
static int
find_name (const char * const *names,
           const char         *text)
{
  for (int i = 0; names[i] != NULL; i++)
    if (strcmp (names[i], text) == 0)
      return i;
  return -1;
}

/* TARGET=MODE or TARGET=copy:POOL; @plan: (nullable): only looked at. */
static gboolean
set_disk (GhMigratePlan *plan,
          const char    *text)
{
  g_auto (GStrv) sides = g_strsplit (text, "=", 2);
  g_auto (GStrv) words = NULL;
  int mode = -1;

  if (g_strv_length (sides) != 2 || *sides[0] == '\0')
    return FALSE;
  words = g_strsplit (sides[1], ":", 2);
  mode = words[0] != NULL ? find_name (mode_names, words[0]) : -1;
  if (mode < 0 || (words[1] != NULL && *words[1] == '\0'))
    return FALSE;
  if (plan != NULL)
    gh_migrate_plan_set_disk_mode (plan, sides[0], (GhMigrateDiskMode) mode);
  if (plan != NULL && words[1] != NULL)
    gh_migrate_plan_set_disk_pool (plan, sides[0], words[1]);
  return TRUE;
}

/* TARGET=PATH */
static gboolean
set_disk_path (GhMigratePlan *plan,
               const char    *text)
{
  g_auto (GStrv) sides = g_strsplit (text, "=", 2);

  if (g_strv_length (sides) != 2 || *sides[0] == '\0' || *sides[1] == '\0')
    return FALSE;
  if (plan != NULL)
    gh_migrate_plan_set_disk_path (plan, sides[0], sides[1]);
  return TRUE;
}

/* NAME=OTHER */
static gboolean
set_network (GhMigratePlan *plan,
             const char    *text)
{
  g_auto (GStrv) sides = g_strsplit (text, "=", 2);

  if (g_strv_length (sides) != 2 || *sides[0] == '\0' || *sides[1] == '\0')
    return FALSE;
  if (plan != NULL)
    gh_migrate_plan_set_network (plan, sides[0], sides[1]);
  return TRUE;
}

static gboolean
is_one_of (const char * const *names,
           const char         *text)
{
  return text == NULL || find_name (names, text) >= 0;
}

/* What is wrong with the options; NULL: nothing. */
static const char *
find_fault (Options *options,
            guint    n_machines)
{
  if (!is_one_of (preset_names, options->preset))
    return _("--preset is safe, fast or one-port");
  if (!is_one_of (route_names, options->route))
    return _("--route is client, peer or tunnel");
  if (!is_one_of (compression_names, options->compression))
    return _("--compression is none, xbzrle or threads");
  if (!is_one_of (stuck_names, options->if_stuck))
    return _("--if-stuck is longer-pause, slow, post-copy or pause");
  if (options->connections < 0 || options->bandwidth < 0 || options->downtime < 0 ||
      options->bandwidth > 1000000 || options->downtime > 1000000)
    return _("--connections, --bandwidth and --downtime are numbers");
  for (guint i = 0; options->disks != NULL && options->disks[i] != NULL; i++)
    if (!set_disk (NULL, options->disks[i]))
      return _("--disk is TARGET=shared, TARGET=leave or TARGET=copy, and the last may end with "
               ":POOL");
  for (guint i = 0; options->disk_paths != NULL && options->disk_paths[i] != NULL; i++)
    if (!set_disk_path (NULL, options->disk_paths[i]))
      return _("--disk-path is TARGET=NAME or TARGET=PATH");
  if (options->disk_paths != NULL && n_machines > 1)
    return _("--disk-path is for one machine");
  for (guint i = 0; options->networks != NULL && options->networks[i] != NULL; i++)
    if (!set_network (NULL, options->networks[i]))
      return _("--network is NAME=OTHER");
  if (options->name != NULL && n_machines > 1)
    return _("--name is for one machine");
  if (options->fixes != NULL && n_machines > 1)
    return _("--fix is for one machine");
  return NULL;
}

static void
set_choices (GhMigratePlan *plan,
             Options       *options)
{
  if (options->preset != NULL)
    g_object_set (plan, "preset", find_name (preset_names, options->preset), NULL);
  if (options->route != NULL)
    g_object_set (plan, "route", find_name (route_names, options->route), NULL);
  if (options->compression != NULL)
    g_object_set (plan, "compression", find_name (compression_names, options->compression), NULL);
  if (options->offline)
    g_object_set (plan, "live", FALSE, NULL);
  if (options->auto_converge || options->no_auto_converge)
    g_object_set (plan, "auto-converge", options->auto_converge, NULL);
  if (options->post_copy)
    g_object_set (plan, "post-copy", TRUE, NULL);
  if (options->parallel || options->connections > 0)
    g_object_set (plan, "parallel", TRUE, "connections", (guint) options->connections, NULL);
  if (options->bandwidth > 0)
    g_object_set (plan, "bandwidth", (guint) options->bandwidth, NULL);
  if (options->downtime > 0)
    g_object_set (plan, "downtime", (guint) options->downtime, NULL);
  g_object_set (plan, "temporary", options->temporary, "tls", options->tls, "name", options->name,
                "address", options->address, "disks-address", options->disks_address,
                "remove-source", options->remove_source, NULL);
  for (guint i = 0; options->disks != NULL && options->disks[i] != NULL; i++)
    set_disk (plan, options->disks[i]);
  for (guint i = 0; options->disk_paths != NULL && options->disk_paths[i] != NULL; i++)
    set_disk_path (plan, options->disk_paths[i]);
  for (guint i = 0; options->networks != NULL && options->networks[i] != NULL; i++)
    set_network (plan, options->networks[i]);
  for (guint i = 0; options->dropped != NULL && options->dropped[i] != NULL; i++)
    gh_migrate_plan_set_dropped (plan, options->dropped[i], TRUE);
  gh_migrate_plan_set_copy_secrets (plan, options->copy_secrets);
  gh_migrate_plan_set_all_disks (plan, options->copy_storage, options->pool);
}

/* A processor both have, if the one it has is not to be had there. */
static gboolean
set_cpu (GhCli          *self,
         GhMigratePlan  *plan,
         GError        **error)
{
  GPtrArray *checks = gh_plan_get_checks (GH_PLAN (plan));

  for (guint i = 0; i < checks->len; i++)
    {
      g_autoptr (GhCheck) check = g_object_ref (g_ptr_array_index (checks, i));
      g_autoptr (GAsyncResult) result = NULL;

      if (strcmp (gh_check_get_id (check), "cpu") != 0 || gh_check_get_fix_label (check) == NULL)
        continue;
      gh_check_fix_async (check, self->cancellable, gh_cli_call_cb, self);
      result = gh_cli_wait (self);
      return gh_check_fix_finish (check, result, error);
    }
  return TRUE;
}

/* What fits both is known after a look. */
static gboolean
set_common_cpu (GhCli          *self,
                GhMigratePlan  *plan,
                GError        **error)
{
  return gh_cli_prepare_plan (self, GH_PLAN (plan), error) && set_cpu (self, plan, error);
}

/* While it moves */

typedef struct
{
  GhCli         *cli;
  const Options *options;
  guint          n_acted;
  guint          round;   /* in which it was acted last */
} Watch;

/* Twice the pause may not be enough; thirty times is not what anybody meant. */
#define MAX_LONGER_PAUSES 5

static void
acted_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  if (!gh_migrate_plan_act_finish (GH_MIGRATE_PLAN (object), result, &error))
    g_printerr ("guesthouse: %s\n", error->message);
}

/* What can be typed while this goes on. */
static void
tell_moving (GhCli         *self,
             GhMigratePlan *plan)
{
  static const struct
  {
    GhMigrateAction  action;
    const char      *option;
  } rows[] = {
    { GH_MIGRATE_ALLOW_PAUSE, "--longer-pause" },
    { GH_MIGRATE_SLOW_GUEST, "--slow-guest" },
    { GH_MIGRATE_POST_COPY, "--post-copy" },
    { GH_MIGRATE_PAUSE_GUEST, "--pause" },
  };
  GhMachine *machine = gh_migrate_plan_get_machine (plan);
  g_autofree char *name = NULL;
  g_autofree char *uri = gh_command_dup_quoted (self->uri);

  name = gh_command_dup_quoted (gh_command_get_machine (gh_machine_get_name (machine),
                                                        gh_machine_get_uuid (machine)));
  gh_cli_tell (self, "%s\n", _("In another terminal:"));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (gh_migrate_plan_find_action_problem (plan, rows[i].action) == NULL)
      gh_cli_tell (self, "  guesthouse -c %s moving %s %-14s  # %s\n", uri, name, rows[i].option,
                   gh_migrate_action_get_label (rows[i].action));
}

static void
stuck_cb (GhMigratePlan *plan,
          GParamSpec    *pspec,
          gpointer       user_data)
{
  Watch *watch = user_data;
  gboolean stuck = FALSE;

  g_object_get (plan, "stuck", &stuck, NULL);
  if (!stuck)
    return;
  gh_cli_tell (watch->cli, "%s\n",
               _("It is not coming to an end: the guest changes its memory as fast as it is "
                 "sent. What helps: a longer pause (--downtime), slowing the guest "
                 "(--auto-converge), post-copy; --if-stuck does it by itself. Ctrl+C leaves the "
                 "machine here."));
  tell_moving (watch->cli, plan);
}

/* Once; a longer pause again when two more rounds did not end it. */
static void
progress_cb (GhMigratePlan *plan,
             GParamSpec    *pspec,
             gpointer       user_data)
{
  Watch *watch = user_data;
  GhMigrateAction wanted = (GhMigrateAction) find_name (stuck_names, watch->options->if_stuck);
  g_autoptr (GhMigrationProgress) progress = NULL;
  gboolean stuck = FALSE;

  g_object_get (plan, "progress", &progress, "stuck", &stuck, NULL);
  if (progress == NULL || !stuck ||
      watch->n_acted >= (wanted == GH_MIGRATE_ALLOW_PAUSE ? MAX_LONGER_PAUSES : 1) ||
      (watch->n_acted > 0 && progress->iteration < watch->round + 2))
    return;
  watch->n_acted++;
  watch->round = progress->iteration;
  gh_migrate_plan_act_async (plan, wanted, acted_cb, NULL);
}

static void
watch_plan (Watch         *watch,
            GhCli         *self,
            const Options *options,
            GhMigratePlan *plan)
{
  *watch = (Watch) { self, options, 0, 0 };
  g_signal_connect (plan, "notify::stuck", G_CALLBACK (stuck_cb), watch);
  if (options->if_stuck != NULL)
    g_signal_connect (plan, "notify::progress", G_CALLBACK (progress_cb), watch);
}

static GhCliStatus
move_one (GhCli      *self,
          GhMachine  *machine,
          GhHost     *destination,
          Options    *options,
          JsonNode  **node)
{
  g_autoptr (GhMigratePlan) plan = gh_migrate_plan_new (machine, destination);
  g_autoptr (GError) error = NULL;
  Watch watch = { 0 };
  g_autoptr (GPtrArray) plans = g_ptr_array_new ();
  g_autofree char *stray = NULL;
  GhCliStatus status = GH_CLI_FAILED;

  set_choices (plan, options);
  g_ptr_array_add (plans, plan);
  stray = gh_cli_migrate_find_stray (self, plans, options->disks, options->disk_paths,
                                     options->networks, options->dropped);
  if (stray != NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, stray, NULL);
  if (options->common_cpu && !set_common_cpu (self, plan, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  watch_plan (&watch, self, options, plan);
  status = gh_cli_carry_out (self, GH_PLAN (plan));
  g_signal_handlers_disconnect_by_data (plan, &watch);
  *node = gh_plan_to_json (GH_PLAN (plan));
  json_object_set_int_member (json_node_get_object (*node), "status", (gint64) status);
  return status;
}

/* What became of one of several: one that was never begun was refused, or others were cancelled. */
static GhCliStatus
get_status (GhCli  *self,
            GhPlan *plan)
{
  if (gh_plan_get_outcome (plan) == GH_OUTCOME_DONE)
    return GH_CLI_DONE;
  if (gh_plan_get_outcome (plan) == GH_OUTCOME_UNDONE_IN_PART)
    return GH_CLI_UNDONE_IN_PART;
  if (gh_plan_get_outcome (plan) == GH_OUTCOME_NONE &&
      gh_plan_get_worst (plan) == GH_CHECK_REFUSAL)
    return GH_CLI_REFUSED;
  return self->dry_run ? GH_CLI_DONE : GH_CLI_FAILED;
}

static GhCliStatus
move_queue (GhCli          *self,
            GhMigrateQueue *queue,
            Options        *options)
{
  GPtrArray *plans = gh_migrate_queue_get_plans (queue);
  g_autofree Watch *watches = g_new0 (Watch, plans->len);
  g_autofree char *stray = NULL;
  GhCliStatus status = GH_CLI_FAILED;

  for (guint i = 0; i < plans->len; i++)
    set_choices (g_ptr_array_index (plans, i), options);
  stray = gh_cli_migrate_find_stray (self, plans, options->disks, options->disk_paths,
                                     options->networks, options->dropped);
  if (stray != NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, stray, NULL);
  for (guint i = 0; i < plans->len; i++)
    {
      GhMigratePlan *plan = g_ptr_array_index (plans, i);

      /* What cannot be looked at is found again when all are prepared, and left out. */
      if (options->common_cpu)
        (void) set_common_cpu (self, plan, NULL);
      watch_plan (&watches[i], self, options, plan);
    }
  status = gh_cli_carry_out (self, GH_PLAN (queue));
  for (guint i = 0; i < plans->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (plans, i), &watches[i]);
  return status;
}

/* One after the other; one that fails does not stop the rest, being cancelled does. */
static GhCliStatus
move_several (GhCli     *self,
              GPtrArray *machines,
              GhHost    *destination,
              Options   *options)
{
  g_autoptr (GhMigrateQueue) queue = gh_migrate_queue_new (machines, destination);
  GPtrArray *plans = gh_migrate_queue_get_plans (queue);
  GhCliStatus asked = move_queue (self, queue, options);
  GhCliStatus worst = GH_CLI_DONE;
  JsonArray *nodes = NULL;
  JsonObject *object = NULL;

  if (asked == GH_CLI_USAGE)
    return asked;
  nodes = json_array_new ();
  object = json_object_new ();
  for (guint i = 0; i < plans->len; i++)
    {
      GhPlan *plan = g_ptr_array_index (plans, i);
      gboolean refused = gh_plan_get_outcome (plan) == GH_OUTCOME_NONE &&
                         !gh_migrate_queue_is_ready (queue, g_ptr_array_index (plans, i));
      GhCliStatus status = refused ? GH_CLI_REFUSED : get_status (self, plan);
      JsonNode *node = gh_plan_to_json (plan);

      json_object_set_int_member (json_node_get_object (node), "status", (gint64) status);
      json_array_add_element (nodes, node);
      worst = MAX (worst, status);
    }
  /* It was not begun: refused, not agreed to, or nothing could be read. */
  if (gh_plan_get_outcome (GH_PLAN (queue)) == GH_OUTCOME_NONE)
    worst = MAX (asked, self->dry_run ? worst : GH_CLI_DONE);
  json_object_set_array_member (object, "plans", nodes);
  /* What is about all of them together is in none of the plans. */
  json_object_set_array_member (object, "checks",
                                gh_check_list_to_json (gh_plan_get_checks (GH_PLAN (queue))));
  json_object_set_int_member (object, "status", (gint64) worst);
  gh_cli_take_json (self, object);
  return worst;
}

static GhCliStatus
move_all (GhCli     *self,
          GPtrArray *machines,
          GhHost    *destination,
          Options   *options)
{
  JsonNode *node = NULL;
  GhCliStatus status = GH_CLI_DONE;

  if (machines->len > 1)
    return move_several (self, machines, destination, options);
  if (machines->len == 0)
    {
      gh_cli_print (self, "%s\n", _("No machine is here."));
      return GH_CLI_DONE;
    }
  status = move_one (self, g_ptr_array_index (machines, 0), destination, options, &node);
  if (node != NULL)
    {
      gh_cli_print_json (self, node);
      json_node_unref (node);
    }
  return status;
}

static GPtrArray *
find_machines (GhCli   *self,
               char   **names,
               guint    n,
               GError **error)
{
  g_autoptr (GPtrArray) machines = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    {
      GhMachine *machine = gh_cli_find_machine (self, names[i], error);

      if (machine == NULL)
        return NULL;
      if (!g_ptr_array_find (machines, machine, NULL))
        g_ptr_array_add (machines, g_object_ref (machine));
    }
  return g_steal_pointer (&machines);
}

static int
compare_labels (gconstpointer a,
                gconstpointer b)
{
  return g_utf8_collate (gh_machine_get_label (*(GhMachine *const *) a),
                         gh_machine_get_label (*(GhMachine *const *) b));
}

/* Those that are off too, in the order of the window. */
static GPtrArray *
list_all (GhCli *self)
{
  GPtrArray *machines = gh_host_dup_machines (self->host);

  g_ptr_array_sort (machines, compare_labels);
  return machines;
}

static GhCliStatus
run (GhCli      *self,
     const char *verb,
     gboolean    everything,
     int         argc,
     char      **argv)
{
  g_auto (Options) options = { 0 };
  const GOptionEntry entries[] = {
    { "rehearse", 0, 0, G_OPTION_ARG_NONE, &options.rehearse,
      N_("Only check everything on both hosts; the same as --dry-run"), NULL },
    { "offline", 0, 0, G_OPTION_ARG_NONE, &options.offline, N_("Move it while it is off"), NULL },
    { "temporary", 0, 0, G_OPTION_ARG_NONE, &options.temporary,
      N_("The definition stays here, and there it is gone when it is switched off"), NULL },
    { "name", 0, 0, G_OPTION_ARG_STRING, &options.name, N_("Its name at the destination"),
      N_("NAME") },
    { "copy-storage", 0, 0, G_OPTION_ARG_NONE, &options.copy_storage,
      N_("Copy all disks, whether they seem to be shared or not"), NULL },
    { "pool", 0, 0, G_OPTION_ARG_STRING, &options.pool,
      N_("Storage pool at the destination for all copied disks"), N_("NAME") },
    { "disk", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.disks,
      N_("What becomes of a disk: shared, copy or leave"), N_("TARGET=MODE[:POOL]") },
    { "disk-path", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.disk_paths,
      N_("What a disk is called at the destination"), N_("TARGET=PATH") },
    { "network", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.networks,
      N_("What a network, bridge or interface is called there"), N_("NAME=OTHER") },
    { "drop-device", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.dropped,
      N_("Leave a device of the host behind, as the rehearsal calls it"), N_("NAME") },
    { "fix", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.fixes,
      N_("Repair this first, as the rehearsal calls it"), N_("ID") },
    { "common-cpu", 0, 0, G_OPTION_ARG_NONE, &options.common_cpu,
      N_("Give a machine that is off a processor model both hosts have, if it needs one"), NULL },
    { "copy-secrets", 0, 0, G_OPTION_ARG_NONE, &options.copy_secrets,
      N_("Give the destination the passphrases of encrypted disks it does not have"), NULL },
    { "remove-source", 0, 0, G_OPTION_ARG_NONE, &options.remove_source,
      N_("Delete the disks here that were copied, when all went well"), NULL },
    { "preset", 0, 0, G_OPTION_ARG_STRING, &options.preset, N_("safe, fast or one-port"),
      N_("NAME") },
    { "route", 0, 0, G_OPTION_ARG_STRING, &options.route,
      N_("Who connects to the destination: client, peer or tunnel"), N_("NAME") },
    { "address", 0, 0, G_OPTION_ARG_STRING, &options.address,
      N_("Where the data goes: tcp://HOST[:PORT] or unix:///PATH"), N_("URI") },
    { "disks-address", 0, 0, G_OPTION_ARG_STRING, &options.disks_address,
      N_("The same for disks"), N_("URI") },
    { "auto-converge", 0, 0, G_OPTION_ARG_NONE, &options.auto_converge,
      N_("Slow the guest down if need be; the default"), NULL },
    { "no-auto-converge", 0, 0, G_OPTION_ARG_NONE, &options.no_auto_converge,
      N_("Never slow the guest down"), NULL },
    { "post-copy", 0, 0, G_OPTION_ARG_NONE, &options.post_copy, N_("Allow post-copy"), NULL },
    { "parallel", 0, 0, G_OPTION_ARG_NONE, &options.parallel, N_("By several connections"), NULL },
    { "connections", 0, 0, G_OPTION_ARG_INT, &options.connections, N_("How many"), N_("N") },
    { "compression", 0, 0, G_OPTION_ARG_STRING, &options.compression,
      N_("none, xbzrle or threads"), N_("NAME") },
    { "bandwidth", 0, 0, G_OPTION_ARG_INT, &options.bandwidth, N_("At most so many MiB per second"),
      N_("N") },
    { "downtime", 0, 0, G_OPTION_ARG_INT, &options.downtime,
      N_("The guest may stand still for so many ms"), N_("N") },
    { "tls", 0, 0, G_OPTION_ARG_NONE, &options.tls, N_("Encrypt the data"), NULL },
    { "if-stuck", 0, 0, G_OPTION_ARG_STRING, &options.if_stuck,
      N_("What to do when it is not coming to an end: longer-pause, slow, post-copy or "
         "pause"),
      N_("ACTION") },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, everything ? 1 : 2,
                                       everything ? 0 : MAX_MACHINES, argc, argv, &error);
  g_autoptr (GPtrArray) machines = NULL;
  g_autoptr (GhHost) destination = NULL;
  GhCliStatus status = GH_CLI_DONE;
  g_autofree char *there = NULL;
  const char *fault = NULL;
  guint n = 0;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  n = g_strv_length (words) - 1;
  fault = find_fault (&options, everything ? 2 : n);
  if (fault != NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, fault, NULL);
  self->dry_run = self->dry_run || options.rehearse;
  self->takes_fixes = !everything && n == 1;
  self->fixes = options.fixes;
  /* Both are connected to side by side. */
  there = gh_cli_dup_host_uri (words[n]);
  gh_cli_tell_remark (self, there);
  destination = gh_host_new (there);
  if (self->dry_run)
    gh_host_set_brief (destination);
  gh_host_expect_readings (destination);
  gh_host_connect (destination);
  self->expects_readings = TRUE;
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  machines = everything ? list_all (self) : find_machines (self, words, n, &error);
  if (machines == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, error->message, NULL);
  if (strcmp (there, gh_host_get_uri (self->host)) == 0)
    return gh_cli_fail (self, GH_CLI_REFUSED, _("The destination is the host it is on"), NULL);

  status = move_all (self, machines, destination, &options);
  self->fixes = NULL;
  return status;
}

GhCliStatus
gh_cli_migrate (GhCli      *self,
                const char *verb,
                int         argc,
                char      **argv)
{
  return run (self, verb, FALSE, argc, argv);
}

GhCliStatus
gh_cli_empty_host (GhCli      *self,
                   const char *verb,
                   int         argc,
                   char      **argv)
{
  return run (self, verb, TRUE, argc, argv);
}

/* The URI in the machine's metadata is not used: anybody may have written it. */
GhCliStatus
gh_cli_remove_left (GhCli      *self,
                    const char *verb,
                    int         argc,
                    char      **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, NULL, 2, 0, argc, argv, &error);
  g_autoptr (GhHost) host = NULL;
  g_autoptr (GhLeftPlan) plan = NULL;
  g_autofree char *uri = NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = gh_cli_open_machine (self, words, &error, &status);

  if (machine == NULL)
    return status;
  uri = gh_cli_dup_host_uri (words[1]);
  host = strcmp (uri, gh_host_get_uri (self->host)) == 0 ? g_object_ref (self->host)
                                                         : gh_host_new (uri);
  plan = gh_left_plan_new (machine, host);
  return gh_cli_run_plan (self, GH_PLAN (plan));
}
