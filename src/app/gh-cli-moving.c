/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* moving: what can be done to a move while it runs, from another terminal, and whoever began it. */

#define G_LOG_DOMAIN "gh-cli-moving"

#include "config.h"

#include <glib/gi18n.h>

#include "gh-cli-private.h"
#include "gh-command.h"
#include "gh-format.h"
#include "gh-moving.h"

#define MAX_NUMBER 1000000
/* QEMU's own, until it is known. */
#define PAUSE_MS 300

typedef struct
{
  int      bandwidth;
  int      downtime;
  gboolean longer_pause;
  gboolean slow_guest;
  gboolean post_copy;
  gboolean pause;
  gboolean cancel;
} Options;

typedef struct
{
  GhMovingChange  change;
  const char     *verb;   /* of virsh */
  const char     *done;
} Row;

static const Row rows[] = {
  { GH_MOVING_BANDWIDTH, "migrate-setspeed", N_("The bandwidth is changed.") },
  { GH_MOVING_DOWNTIME, "migrate-setmaxdowntime", N_("The longer pause is allowed.") },
  { GH_MOVING_SLOW, NULL, N_("The guest is slowed down until its memory can be sent.") },
  { GH_MOVING_POST_COPY, "migrate-postcopy", N_("The guest goes on there, and its memory "
                                                "follows.") },
  { GH_MOVING_PAUSE, "suspend", N_("The guest is paused, and goes on when it has arrived.") },
  { GH_MOVING_CANCEL, "domjobabort", N_("The move is cancelled, and the machine stays here.") },
};

/* Telling */

static const char *
get_phase_name (GhMigrationPhase phase)
{
  static const char * const names[] = { "starting", "disks", "memory", "post-copy" };

  return names[phase];
}

static const char *
get_phase_label (GhMigrationPhase phase)
{
  static const char * const labels[] = {
    N_("The move begins"), N_("The disks are copied"), N_("The memory is sent"),
    N_("The guest goes on there already"),
  };

  return _(labels[phase]);
}

static void
print_amount (GhCli      *self,
              const char *name,
              guint64     done,
              guint64     total)
{
  g_autofree char *done_text = gh_format_file_size (done);
  g_autofree char *total_text = gh_format_file_size (total);
  g_autofree char *text = g_strdup_printf (_("%s of %s"), done_text, total_text);

  gh_cli_print_fact (self, name, total > 0 ? text : NULL);
}

static void
print_rate (GhCli      *self,
            const char *name,
            guint64     rate)
{
  g_autofree char *size = gh_format_file_size (rate);
  /* Translators: a rate: so many MB per second. */
  g_autofree char *text = g_strdup_printf (_("%s/s"), size);

  gh_cli_print_fact (self, name, rate > 0 ? text : NULL);
}

static void
print_pause (GhCli      *self,
             const char *name,
             gint64      ms)
{
  g_autofree char *text = g_strdup_printf (_("%d ms"), (int) ms);

  gh_cli_print_fact (self, name, ms > 0 ? text : NULL);
}

static void
print_progress (GhCli                     *self,
                const GhMigrationProgress *progress)
{
  g_autofree char *pass = g_strdup_printf ("%u", progress->iteration);
  g_autofree char *throttle = g_strdup_printf (_("%u %%"), progress->throttle);

  gh_cli_print_fact (self, _("Phase"), get_phase_label (progress->phase));
  print_amount (self, _("Disks"), progress->disk_done, progress->disk_total);
  print_amount (self, _("Memory"), progress->memory_done, progress->memory_total);
  print_rate (self, _("Rate"), progress->phase == GH_MIGRATION_DISKS ? progress->disk_rate
                                                                     : progress->memory_rate);
  print_rate (self, _("Guest changes"), progress->dirty_rate);
  gh_cli_print_fact (self, _("Pass"), progress->iteration > 0 ? pass : NULL);
  gh_cli_print_fact (self, _("Slowed down"), progress->throttle > 0 ? throttle : NULL);
  print_pause (self, _("Pause to come"), progress->downtime_ms);
  print_pause (self, _("Allowed pause"), progress->max_downtime_ms);
}

static JsonObject *
progress_to_json (const GhMigrationProgress *progress)
{
  JsonObject *object = json_object_new ();
  const struct
  {
    const char *name;
    guint64     value;
  } numbers[] = {
    { "elapsed-ms", progress->elapsed_ms },
    { "disk-total", progress->disk_total },
    { "disk-done", progress->disk_done },
    { "disk-rate", progress->disk_rate },
    { "memory-total", progress->memory_total },
    { "memory-done", progress->memory_done },
    { "memory-sent", progress->memory_sent },
    { "memory-remaining", progress->memory_remaining },
    { "memory-rate", progress->memory_rate },
    { "dirty-rate", progress->dirty_rate },
    { "iteration", progress->iteration },
    { "throttle", progress->throttle },
  };

  json_object_set_string_member (object, "phase", get_phase_name (progress->phase));
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    json_object_set_int_member (object, numbers[i].name, (gint64) numbers[i].value);
  if (progress->downtime_ms >= 0)
    json_object_set_int_member (object, "expected-pause-ms", progress->downtime_ms);
  if (progress->max_downtime_ms > 0)
    json_object_set_int_member (object, "allowed-pause-ms", (gint64) progress->max_downtime_ms);
  return object;
}

/* Changing */

static const char *
find_fault (const Options *options)
{
  if (options->bandwidth < -1 || options->bandwidth > MAX_NUMBER || options->downtime < 0 ||
      options->downtime > MAX_NUMBER)
    return _("--bandwidth and --downtime are numbers");
  if (options->downtime > 0 && options->longer_pause)
    return _("--downtime and --longer-pause are two ways to say the same");
  if (options->cancel && (options->slow_guest || options->post_copy || options->pause ||
                          options->longer_pause || options->downtime > 0 ||
                          options->bandwidth >= 0))
    return _("--cancel is for itself alone");
  return NULL;
}

static gboolean
is_wanted (const Options  *options,
           GhMovingChange  change)
{
  switch (change)
    {
    case GH_MOVING_BANDWIDTH:
      return options->bandwidth >= 0;
    case GH_MOVING_DOWNTIME:
      return options->downtime > 0 || options->longer_pause;
    case GH_MOVING_SLOW:
      return options->slow_guest;
    case GH_MOVING_POST_COPY:
      return options->post_copy;
    case GH_MOVING_PAUSE:
      return options->pause;
    case GH_MOVING_CANCEL:
    default:
      return options->cancel;
    }
}

/* Twice what is allowed, as in the window. */
static guint
get_value (const Options             *options,
           GhMovingChange             change,
           const GhMigrationProgress *progress)
{
  if (change == GH_MOVING_BANDWIDTH)
    return (guint) options->bandwidth;
  if (change != GH_MOVING_DOWNTIME)
    return 0;
  if (options->downtime > 0)
    return (guint) options->downtime;
  return 2 * (progress->max_downtime_ms > 0 ? progress->max_downtime_ms : PAUSE_MS);
}

/* A post-copy has a bandwidth of its own. */
static char *
dup_post_copy_command (GhMachine *machine,
                       guint      mib_per_s)
{
  const char *uri = gh_host_get_uri (gh_machine_get_host (machine));
  const char *name = gh_command_get_machine (gh_machine_get_name (machine),
                                             gh_machine_get_uuid (machine));
  g_autofree char *number = g_strdup_printf ("%u", mib_per_s);

  return gh_command_dup_virsh (uri, "migrate-setspeed", name, number, "--postcopy", NULL);
}

static char *
dup_command (GhMachine *machine,
             const Row *row,
             guint      value)
{
  const char *uri = gh_host_get_uri (gh_machine_get_host (machine));
  const char *name = gh_command_get_machine (gh_machine_get_name (machine),
                                             gh_machine_get_uuid (machine));
  gint64 said = row->change == GH_MOVING_BANDWIDTH && value == 0 ? GH_MIGRATION_NO_LIMIT : value;
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, said);

  /* virsh has no verb for it. */
  if (row->change == GH_MOVING_SLOW)
    return gh_command_dup_virsh (uri, "qemu-monitor-command", name, GH_MIGRATION_SLOW_COMMAND,
                                 NULL);
  return gh_command_dup_virsh (uri, row->verb, name,
                               row->change == GH_MOVING_BANDWIDTH ||
                               row->change == GH_MOVING_DOWNTIME ? number : NULL, NULL);
}

static GhMigrationProgress *
load (GhCli      *self,
      GhMachine  *machine,
      GError    **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  gh_host_load_move_async (self->host, gh_machine_get_uuid (machine), self->cancellable,
                           gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  return gh_host_load_move_finish (self->host, result, error);
}

/* What was done, in the order of the rows, until one could not be. */
static JsonArray *
change (GhCli                      *self,
        GhMachine                  *machine,
        const Options              *options,
        const GhMigrationProgress  *progress,
        GError                    **error)
{
  JsonArray *commands = json_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows) && *error == NULL; i++)
    {
      guint value = get_value (options, rows[i].change, progress);
      g_autofree char *command = dup_command (machine, &rows[i], value);
      g_autofree char *second = rows[i].change == GH_MOVING_BANDWIDTH
                                ? dup_post_copy_command (machine, value) : NULL;
      g_autoptr (GAsyncResult) result = NULL;

      if (!is_wanted (options, rows[i].change))
        continue;
      json_array_add_string_element (commands, command);
      if (second != NULL)
        json_array_add_string_element (commands, second);
      if (self->dry_run)
        {
          gh_cli_print (self, "$ %s\n", command);
          if (second != NULL)
            gh_cli_print (self, "$ %s\n", second);
          continue;
        }
      if (rows[i].change == GH_MOVING_BANDWIDTH && progress->phase < GH_MIGRATION_MEMORY)
        gh_cli_tell (self, "%s\n", _("It holds for the memory, and is set when that is sent: "
                                     "waiting…"));
      gh_host_change_move_async (self->host, gh_machine_get_uuid (machine), rows[i].change, value,
                                 self->cancellable, gh_cli_call_cb, self);
      result = gh_cli_wait (self);
      if (gh_host_change_move_finish (self->host, result, error))
        gh_cli_print (self, "%s\n", _(rows[i].done));
    }
  return commands;
}

static GhCliStatus
finish (GhCli               *self,
        GhMachine           *machine,
        GhMigrationProgress *progress,
        JsonArray           *commands)
{
  JsonObject *object = json_object_new ();
  const char *uuid = gh_machine_get_uuid (machine);

  json_object_set_string_member (object, "host", self->uri);
  json_object_set_string_member (object, "name", gh_machine_get_name (machine));
  json_object_set_string_member (object, "uuid", uuid);
  json_object_set_object_member (object, "move", progress_to_json (progress));
  json_object_set_array_member (object, "commands", commands);
  json_object_set_int_member (object, "status", (gint64) GH_CLI_DONE);
  gh_cli_take_json (self, object);
  return GH_CLI_DONE;
}

/* The verb */

static GhCliStatus
run (GhCli         *self,
     GhMachine     *machine,
     const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *what = g_strdup_printf (_("The move of “%s”"), gh_machine_get_label (machine));
  g_autoptr (GhMigrationProgress) progress = load (self, machine, &error);
  JsonArray *commands = NULL;

  if (progress == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, what, error);
  commands = change (self, machine, options, progress, &error);
  if (error != NULL)
    {
      json_array_unref (commands);
      return gh_cli_fail (self, GH_CLI_FAILED, what, error);
    }
  if (json_array_get_length (commands) == 0)
    print_progress (self, progress);
  return finish (self, machine, progress, commands);
}

GhCliStatus
gh_cli_moving (GhCli      *self,
               const char *verb,
               int         argc,
               char      **argv)
{
  Options options = { .bandwidth = -1 };
  const GOptionEntry entries[] = {
    { "bandwidth", 0, 0, G_OPTION_ARG_INT, &options.bandwidth,
      N_("At most so many MiB per second from now on; 0: as fast as it goes"), N_("N") },
    { "longer-pause", 0, 0, G_OPTION_ARG_NONE, &options.longer_pause,
      N_("The guest may stand still twice as long at the end"), NULL },
    { "downtime", 0, 0, G_OPTION_ARG_INT, &options.downtime,
      N_("The guest may stand still for so many ms"), N_("N") },
    { "slow-guest", 0, 0, G_OPTION_ARG_NONE, &options.slow_guest,
      N_("Slow the guest down as far as the move needs it"), NULL },
    { "post-copy", 0, 0, G_OPTION_ARG_NONE, &options.post_copy,
      N_("Let the guest go on there at once; where the move was begun with --post-copy"), NULL },
    { "pause", 0, 0, G_OPTION_ARG_NONE, &options.pause,
      N_("Pause the guest until it has arrived"), NULL },
    { "cancel", 0, 0, G_OPTION_ARG_NONE, &options.cancel,
      N_("End the move: the machine stays where it is"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 1, 0, argc, argv, &error);
  const char *fault = words != NULL ? find_fault (&options) : NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = NULL;

  if (fault != NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, fault, NULL);
  machine = gh_cli_open_machine (self, words, &error, &status);
  return machine != NULL ? run (self, machine, &options) : status;
}
