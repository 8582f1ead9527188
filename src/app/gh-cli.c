/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The command line: verbs over the same hosts and plans as the window, without GTK.
 *
 * A verb is a function that reads from top to bottom: it starts a call with
 * gh_cli_call_cb() and gets its result from gh_cli_wait(), which runs the main loop.
 * Nothing else runs it, so loops are never nested.
 *
 * Standard output has the answer, in words or, with --json, as one document; progress,
 * questions and errors go to standard error.
 */

#define G_LOG_DOMAIN "gh-cli"

#include "config.h"

#include "gh-cli.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gh-cli-private.h"
#include "gh-host-address.h"
#include "gh-lane.h"
#include "gh-told-error.h"
#include "gh-virt-error.h"

/* How long hosts may take to be left: one that does not answer is not waited for longer. */
#define LEAVE_MS 2000

typedef struct
{
  const char   *name;
  const char   *usage;   /* untranslated but for the placeholders */
  const char   *summary;
  GhCliStatus (*run) (GhCli *self, const char *verb, int argc, char **argv);
} Verb;

static const Verb verbs[] = {
  { "list", N_("list"), N_("List the machines"), gh_cli_list },
  { "info", N_("info MACHINE"), N_("Tell about a machine"), gh_cli_info },
  { "create", N_("create NAME (--iso FILE | --disk FILE | --kernel FILE | --empty) [OPTION…]"),
    N_("Make a machine"), gh_cli_create },
  { "clone", N_("clone MACHINE [--name NAME] [--copies N] [--linked] [OPTION…]"),
    N_("Make copies of a machine"), gh_cli_clone },
  { "try", N_("try MACHINE [--snapshot NAME] [--no-network] [--no-start]"),
    N_("Start a throw-away copy of a machine"), gh_cli_try },
  { "discard", N_("discard MACHINE"), N_("Delete a throw-away copy"), gh_cli_discard },
  { "keep", N_("keep MACHINE [--name NAME]"),
    N_("Make a throw-away copy a machine like others"), gh_cli_keep },
  { "migrate", N_("migrate MACHINE… DESTINATION [OPTION…]"),
    N_("Move machines to another host"), gh_cli_migrate },
  { "moving", N_("moving MACHINE [OPTION…]"),
    N_("Tell how far a move is, and change or cancel it while it runs"), gh_cli_moving },
  { "empty-host", N_("empty-host DESTINATION [OPTION…]"),
    N_("Move all machines to another host, those that are off too"), gh_cli_empty_host },
  { "remove-left", N_("remove-left MACHINE HOST"),
    N_("Delete what a machine left at a host it has moved away from"), gh_cli_remove_left },
  { "template", N_("template MACHINE [--off]"),
    N_("Make a machine a template, or a machine again"), gh_cli_template },
  { "make-independent", N_("make-independent MACHINE [--disk TARGET]…"),
    N_("Turn a linked clone into a full one, running or off"), gh_cli_make_independent },
  { "snapshot", N_("snapshot MACHINE (list | take [NAME] | revert NAME | delete NAME)"),
    N_("List snapshots, take one, go back to one, or delete one"), gh_cli_snapshot },
  { "resize", N_("resize MACHINE --size GIB [--disk TARGET]"),
    N_("Make a disk larger, running or off"), gh_cli_resize },
  { "images", N_("images [MACHINE | PATH]"),
    N_("List disk images and what depends on them"), gh_cli_images },
  { "delete", N_("delete MACHINE [--keep-disks]"),
    N_("Delete a machine and the files only it uses"), gh_cli_delete },
  { "start", N_("start MACHINE [--even-in-doubt]"),
    N_("Start a machine; a saved one goes on where it was"), gh_cli_act },
  { "pause", N_("pause MACHINE"), N_("Pause a machine"), gh_cli_act },
  { "resume", N_("resume MACHINE [--even-in-doubt]"), N_("Let a paused machine go on"),
    gh_cli_act },
  { "shutdown", N_("shutdown MACHINE"), N_("Ask the guest to shut down"), gh_cli_act },
  { "reboot", N_("reboot MACHINE"), N_("Ask the guest to reboot"), gh_cli_act },
  { "reset", N_("reset MACHINE"), N_("Press the reset button: unsaved data is lost"), gh_cli_act },
  { "force-off", N_("force-off MACHINE"), N_("Pull the power plug: unsaved data is lost"),
    gh_cli_act },
  { "save", N_("save MACHINE"), N_("Save what the machine does to a file, and switch it off"),
    gh_cli_act },
  { "restore", N_("restore MACHINE [--even-in-doubt]"),
    N_("Let a saved machine go on where it was"), gh_cli_act },
  { "discard-saved", N_("discard-saved MACHINE"),
    N_("Forget the saved state: the next start is a cold one"), gh_cli_act },
  { "screenshot", N_("screenshot MACHINE FILE"),
    N_("Write a picture of the machine’s screen to a file"), gh_cli_screenshot },
  { "host", N_("host"), N_("Tell what the host is, and whether it can run machines fast"),
    gh_cli_host },
  { "hosts", N_("hosts [--try]"), N_("List the hosts of the library"), gh_cli_hosts },
  { "add-host", N_("add-host (COMPUTER [OPTION…] | URI)"),
    N_("Connect a host, and add it to the library"), gh_cli_add_host },
  { "test-host", N_("test-host HOST"), N_("Connect a host, and say why if it does not answer"),
    gh_cli_test_host },
  { "edit-host", N_("edit-host HOST [OPTION…]"),
    N_("Change the name or the address of a host of the library"), gh_cli_edit_host },
  { "remove-host", N_("remove-host HOST"), N_("Remove a host from the library"),
    gh_cli_remove_host },
  { "undo", N_("undo [ID… | --all] [--forget]"),
    N_("List plans that were interrupted, take them back, or forget them"), gh_cli_undo },
};

G_DEFINE_QUARK (gh-cli-error-quark, gh_cli_error)

static const Verb *
find_verb (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (strcmp (verbs[i].name, name) == 0)
      return &verbs[i];
  return NULL;
}

const char *
gh_cli_get_usage (const char *verb)
{
  return _(find_verb (verb)->usage);
}

const char *
gh_cli_get_summary (const char *verb)
{
  return _(find_verb (verb)->summary);
}

/* Waiting */

void
gh_cli_call_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  GhCli *self = user_data;

  g_set_object (&self->result, result);
  g_main_loop_quit (self->loop);
}

/**
 * gh_cli_wait:
 * @self: the command line
 *
 * Runs the main loop until the call made with gh_cli_call_cb() has ended.
 *
 * Returns: (transfer full): its result
 */
GAsyncResult *
gh_cli_wait (GhCli *self)
{
  while (self->result == NULL)
    g_main_loop_run (self->loop);
  return g_steal_pointer (&self->result);
}

static gboolean
interrupted_cb (gpointer user_data)
{
  GhCli *self = user_data;

  if (self->n_interrupts++ > 0)
    {
      /* What is left is in the journal. */
      gh_cli_tell (self, "%s\n", _("Stopped. “guesthouse undo” takes back what was begun."));
      gh_host_end_logins ();
      _exit (130);
    }
  if (self->terminal)
    gh_cli_tell (self, "\n%s\n", _("Cancelling… Press Ctrl+C again to stop at once."));
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_CONTINUE;
}

/* Output */

void
gh_cli_print (GhCli      *self,
              const char *format,
              ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  if (self->json)
    return;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_print ("%s", text);
}

void
gh_cli_tell (GhCli      *self,
             const char *format,
             ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_printerr ("%s", text);
}

/**
 * gh_cli_tell_details:
 * @self: the command line
 * @error: (nullable): an error whose sentence was told
 *
 * Tells the host's own words, where the sentence is not them.
 */
void
gh_cli_tell_details (GhCli        *self,
                     const GError *error)
{
  g_autofree char *sentence = error != NULL ? gh_error_dup_sentence (error) : NULL;
  g_autofree char *details = NULL;
  g_auto (GStrv) lines = NULL;

  if (error == NULL || strcmp (sentence, error->message) == 0)
    return;
  if (error->domain == GH_TOLD_ERROR)
    details = gh_error_dup_details (error);
  lines = g_strsplit (details != NULL ? details : error->message, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*g_strchomp (lines[i]) != '\0')
      gh_cli_tell (self, "  %s\n", lines[i]);
}

void
gh_cli_print_json (GhCli    *self,
                   JsonNode *node)
{
  g_autofree char *text = NULL;

  if (!self->json || self->printed_json)
    return;
  self->printed_json = TRUE;
  text = json_to_string (node, /* pretty= */ TRUE);
  /* Not g_print(), which converts to the locale's character set: JSON is UTF-8. */
  fputs (text, stdout);
  fputs ("\n", stdout);
  fflush (stdout);
}

void
gh_cli_take_json (GhCli      *self,
                  JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  gh_cli_print_json (self, node);
}

/**
 * gh_cli_fail:
 * @self: the command line
 * @status: the exit status it comes to
 * @what: (nullable): what did not work, a sentence without its end
 * @error: (nullable): why
 *
 * Tells that something did not work.
 *
 * Returns: @status
 */
GhCliStatus
gh_cli_fail (GhCli        *self,
             GhCliStatus   status,
             const char   *what,
             const GError *error)
{
  g_autofree char *sentence = error != NULL ? gh_error_dup_sentence (error) : NULL;
  g_autofree char *details = error != NULL ? gh_error_dup_details (error) : NULL;
  g_autofree char *advice = error != NULL ? gh_error_dup_advice (error) : NULL;
  g_autofree char *command = error != NULL ? gh_error_dup_command (error) : NULL;
  JsonObject *object = NULL;

  if (what == NULL)
    what = sentence;
  if (what == sentence || sentence == NULL)
    gh_cli_tell (self, "guesthouse: %s\n", what);
  else
    gh_cli_tell (self, "guesthouse: %s: %s\n", what, sentence);
  gh_cli_tell_details (self, error);
  if (advice != NULL)
    gh_cli_tell (self, "%s\n", advice);
  if (command != NULL)
    gh_cli_tell (self, "  %s\n", command);
  if (!self->json)
    return status;

  object = json_object_new ();
  json_object_set_string_member (object, "error", what);
  if (sentence != NULL && what != sentence)
    json_object_set_string_member (object, "reason", sentence);
  if (advice != NULL)
    json_object_set_string_member (object, "advice", advice);
  if (command != NULL)
    json_object_set_string_member (object, "command", command);
  if (details != NULL)
    json_object_set_string_member (object, "details", details);
  json_object_set_int_member (object, "status", (gint64) status);
  gh_cli_take_json (self, object);
  return status;
}

/* Asking */

static gboolean
is_yes (const char *answer)
{
  g_autofree char *lower = g_utf8_strdown (answer, -1);

  g_strstrip (lower);
  /* Translators: the answers that mean yes, in lower case, between bars. */
  return *lower != '\0' && g_strv_contains ((const char * const[]) { "y", "yes", _("y"), _("yes"),
                                                                     NULL }, lower);
}

gboolean
gh_cli_ask (GhCli      *self,
            const char *question)
{
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *line = NULL;

  if (!self->terminal)
    return FALSE;
  gh_cli_tell (self, "%s %s ", question, _("[y/N]"));
  input = g_unix_input_stream_new (STDIN_FILENO, /* close_fd= */ FALSE);
  lines = g_data_input_stream_new (input);
  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, self->cancellable, gh_cli_call_cb,
                                       self);
  result = gh_cli_wait (self);
  line = g_data_input_stream_read_line_finish_utf8 (lines, result, NULL, NULL);
  return line != NULL && is_yes (line);
}

void
gh_cli_tell_no (GhCli *self)
{
  gh_cli_tell (self, "guesthouse: %s\n",
               self->terminal ? _("Nothing was done")
                              : _("There are warnings: accept them with --yes"));
}

/* The line */

GStrv
gh_cli_parse (GhCli               *self,
              const char          *verb,
              const GOptionEntry  *entries,
              guint                n_arguments,
              guint                n_more,
              int                  argc,
              char               **argv,
              GError             **error)
{
  g_auto (GStrv) words = NULL;
  gboolean help = FALSE;
  GOptionEntry common[] = {
    { "connect", 'c', 0, G_OPTION_ARG_STRING, &self->uri, N_("The host to work on"), N_("URI") },
    { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &self->dry_run,
      N_("Show checks, steps and commands, and change nothing"), NULL },
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &self->yes, N_("Accept warnings"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, N_("Write one JSON document"), NULL },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, N_("Show this help"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words, NULL, NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_auto (GStrv) arguments = g_new0 (char *, (gsize) argc + 1);
  GError *local = NULL;
  guint n_words = 0;

  for (int i = 0; i < argc; i++)
    arguments[i] = g_strdup (argv[i]);
  g_free (arguments[0]);
  arguments[0] = g_strconcat ("guesthouse ", gh_cli_get_usage (verb), NULL);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, common, GETTEXT_PACKAGE);
  if (!g_option_context_parse_strv (context, &arguments, &local))
    {
      g_set_error_literal (error, GH_CLI_ERROR, GH_CLI_ERROR_USAGE, local->message);
      g_error_free (local);
      return NULL;
    }
  if (help)
    {
      g_autofree char *options = NULL;

      g_option_context_set_summary (context, gh_cli_get_summary (verb));
      options = g_option_context_get_help (context, TRUE, NULL);
      g_print ("%s  guesthouse %s\n\n%s", _("Usage:\n"), gh_cli_get_usage (verb),
               strstr (options, gh_cli_get_summary (verb)));
      g_set_error_literal (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP, "");
      return NULL;
    }

  if (self->uri != NULL)
    {
      char *uri = gh_cli_dup_host_uri (self->uri);

      g_free (self->uri);
      self->uri = uri;
    }
  n_words = words != NULL ? g_strv_length (words) : 0;
  if (n_words < n_arguments || n_words - n_arguments > n_more)
    {
      g_set_error (error, GH_CLI_ERROR, GH_CLI_ERROR_USAGE, _("Usage: guesthouse %s"),
                   gh_cli_get_usage (verb));
      return NULL;
    }
  return words != NULL ? g_steal_pointer (&words) : g_new0 (char *, 1);
}

/* Hosts */

void
gh_cli_tell_remark (GhCli      *self,
                    const char *uri)
{
  g_autofree char *remark = gh_host_address_dup_remark (uri);

  if (remark != NULL)
    gh_cli_tell (self, "%s\n", remark);
}

gboolean
gh_cli_connect (GhCli   *self,
                GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (self->host != NULL)
    return TRUE;
  if (self->uri == NULL)
    self->uri = g_strdup (geteuid () == 0 ? "qemu:///system" : "qemu:///session");
  gh_cli_tell_remark (self, self->uri);
  self->host = gh_host_new (self->uri);
  if (self->dry_run)
    gh_host_set_brief (self->host);
  if (self->expects_readings)
    gh_host_expect_readings (self->host);
  gh_host_ready_async (self->host, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  return gh_host_ready_finish (self->host, result, error);
}

GhMachine *
gh_cli_find_machine (GhCli       *self,
                     const char  *name,
                     GError     **error)
{
  GhMachine *machine = gh_host_find_machine (self->host, name);

  if (machine == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("There is no machine “%s” on %s"), name,
                 self->uri);
  return machine;
}

/* The program */

/* Where the verb is; 0: there is none. Common options may stand before it. */
static int
find_verb_index (int    argc,
                 char **argv)
{
  for (int i = 1; i < argc; i++)
    {
      if (strcmp (argv[i], "-c") == 0 || strcmp (argv[i], "--connect") == 0 ||
          strcmp (argv[i], "--show") == 0)
        i++;
      else if (*argv[i] != '-')
        return find_verb (argv[i]) != NULL ? i : 0;
      else if (strcmp (argv[i], "--") == 0)
        return 0;
    }
  return 0;
}

static gboolean
is_word (int         argc,
         char      **argv,
         const char *first,
         const char *second)
{
  return argc == 2 && (g_strcmp0 (argv[1], first) == 0 || g_strcmp0 (argv[1], second) == 0);
}

/* A first word that is no verb: a mistake rather than a wish for the window. After an option that
 * is not ours it may be that one's value. */
static const char *
find_stray_word (int    argc,
                 char **argv)
{
  static const char * const ours[] = { "--json", "--yes", "-y", "--dry-run", "-n", NULL };

  for (int i = 1; i < argc; i++)
    {
      if (strcmp (argv[i], "-c") == 0 || strcmp (argv[i], "--connect") == 0)
        i++;
      else if (*argv[i] != '-')
        return argv[i];
      else if (!g_strv_contains (ours, argv[i]) && !g_str_has_prefix (argv[i], "--connect="))
        return NULL;
    }
  return NULL;
}

gboolean
gh_cli_is_asked (int    argc,
                 char **argv)
{
  return find_verb_index (argc, argv) > 0 || is_word (argc, argv, "--help", "-h") ||
         is_word (argc, argv, "--version", NULL) || find_stray_word (argc, argv) != NULL;
}

static void
print_help (void)
{
  g_print ("%s\n  guesthouse [-c URI]… %s\n  guesthouse [-c URI] %s\n\n%s\n", _("Usage:"),
           _("[--show MACHINE | --new-machine]"), _("VERB [ARGUMENT…]"),
           _("Without a verb the window opens. Verbs:"));
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    g_print ("  %-14s %s\n", verbs[i].name, _(verbs[i].summary));
  g_print ("\n%s\n", _("Options of all verbs: -c URI, --dry-run, --yes, --json, --help.\n"
                       "Exit status: 0 done, 1 failed and undone, 2 usage, 3 refused by a check,\n"
                       "4 undone only in part."));
}

static GhCliStatus
run_verb (GhCli *self,
          int    index,
          int    argc,
          char **argv)
{
  g_auto (GStrv) rest = g_new0 (char *, (gsize) argc);
  const Verb *verb = find_verb (argv[index]);
  int n = 0;

  /* The verb's own arguments: all but the verb. */
  for (int i = 0; i < argc; i++)
    if (i != index)
      rest[n++] = g_strdup (argv[i]);
  /* So that also a wrong line is answered in JSON where that was asked for. */
  self->json = g_strv_contains ((const char * const *) rest, "--json");
  return verb->run (self, verb->name, n, rest);
}

int
gh_cli_run (int    argc,
            char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GhCli self = { .loop = loop, .cancellable = cancellable };
  int index = find_verb_index (argc, argv);
  GhCliStatus status = GH_CLI_DONE;
  guint interrupt_ids[2] = { 0, 0 };

  /* Option contexts would take it from the line they are shown. */
  g_set_prgname ("guesthouse");
  if (is_word (argc, argv, "--version", NULL))
    {
      g_print ("guesthouse %s\n", GH_VERSION);
      return GH_CLI_DONE;
    }
  if (index == 0 && find_stray_word (argc, argv) == NULL)
    {
      print_help ();
      return GH_CLI_DONE;
    }

  self.terminal = isatty (STDIN_FILENO) && isatty (STDERR_FILENO);
  if (index == 0)
    {
      g_autofree char *what = g_strdup_printf (_("“%s” is not a verb; see “guesthouse --help”"),
                                               find_stray_word (argc, argv));

      self.json = g_strv_contains ((const char * const *) argv, "--json");
      return gh_cli_fail (&self, GH_CLI_USAGE, what, NULL);
    }

  interrupt_ids[0] = g_unix_signal_add (SIGINT, interrupted_cb, &self);
  interrupt_ids[1] = g_unix_signal_add (SIGTERM, interrupted_cb, &self);
  status = run_verb (&self, index, argc, argv);
  for (guint i = 0; i < G_N_ELEMENTS (interrupt_ids); i++)
    g_source_remove (interrupt_ids[i]);
  if (self.host != NULL)
    gh_host_disconnect (self.host);
  g_clear_object (&self.host);
  gh_host_end_logins ();
  g_clear_object (&self.result);
  g_free (self.uri);
  gh_lane_wait_closed (LEAVE_MS);
  return (int) status;
}
