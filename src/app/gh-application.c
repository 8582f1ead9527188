/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-application"

#include "config.h"

#include "gh-application.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <handy.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "gh-activity.h"
#include "gh-askpass.h"
#include "gh-askpass-dialog.h"
#include "gh-color-scheme.h"
#include "gh-host.h"
#include "gh-lane.h"
#include "gh-stall-watch.h"
#include "gh-saved-hosts.h"
#include "gh-start-guard.h"
#include "gh-ui.h"
#include "gh-window.h"

/* How long hosts may take to be left: one that does not answer is not waited for longer. */
#define LEAVE_MS 1000

struct _GhApplication
{
  GtkApplication  parent_instance;

  GhHosts        *hosts;    /* (owned) (nullable): from startup on */
  GSettings      *settings; /* (owned) (nullable): tells when the saved hosts change */
  GStrv           saved;    /* (owned) (nullable): the saved hosts that were seen */
  guint           n_tried;  /* how many of them, from the first on, were told to connect */
  GhWindow       *window;   /* (weak) (nullable) */
  GtkWidget      *question; /* (weak) (nullable): whether to quit */
  guint           connect_id; /* until the window's first picture is there, or late */
};

/* A window that is not seen, on another workspace, is not painted: hosts do not wait longer. */
#define FIRST_PICTURE_MS 500

G_DEFINE_FINAL_TYPE (GhApplication, gh_application, GTK_TYPE_APPLICATION)

static const struct
{
  const char *action;
  const char *accels[3];
} accelerators[] = {
  { "app.help", { "F1" } },
  { "app.quit", { "<Primary>q" } },
  { "win.back", { "<Alt>Left" } },
  { "win.clone-machine", { "<Primary><Shift>n" } },
  { "win.close", { "<Primary>w" } },
  { "win.focus-filter", { "<Primary>f" } },
  { "win.fullscreen", { "F11" } },
  { "win.machine-force-off", { "<Primary><Shift>d" } },
  { "win.machine-pause", { "<Primary>p" } },
  { "win.machine-reboot", { "<Primary><Shift>r" } },
  { "win.machine-resume", { "<Primary>p" } },
  { "win.machine-save", { "<Primary>s" } },
  { "win.machine-shutdown", { "<Primary>d" } },
  { "win.machine-start", { "<Primary>r" } },
  { "win.move-machine", { "<Primary>m" } },
  { "win.new-from-template", { "<Primary><Shift>n" } },
  { "win.new-machine", { "<Primary>n" } },
  { "win.show-menu", { "F10" } },
  { "win.show-page::console", { "<Alt>1" } },
  { "win.show-page::overview", { "<Alt>2" } },
  { "win.show-shortcuts", { "<Primary>question" } },
  { "win.try-machine", { "<Primary>t" } },
};

/* Hosts */

static void
add_hosts (GhApplication *self,
           char         **uris)
{
  for (guint i = 0; uris[i] != NULL; i++)
    (void) gh_hosts_add (self->hosts, uris[i]);
}

/* Those that were never tried; a host the user disconnected stays so. */
static void
connect_new_hosts (GhApplication *self)
{
  for (guint i = self->n_tried; i < g_list_model_get_n_items (G_LIST_MODEL (self->hosts)); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (self->hosts), i);

      if (gh_host_get_state (host) == GH_HOST_DISCONNECTED &&
          gh_saved_hosts_get_connects (gh_host_get_uri (host)))
        gh_host_connect (host);
    }
  self->n_tried = g_list_model_get_n_items (G_LIST_MODEL (self->hosts));
}

/* What comes before others replaces one, and is connected by whoever puts it there. */
static void
hosts_changed_cb (GhApplication *self,
                  guint          position,
                  guint          n_removed,
                  guint          n_added)
{
  if (position < self->n_tried)
    self->n_tried += n_added - MIN (n_removed, self->n_tried - position);
}

/* The address of a host was changed elsewhere: the old one goes. */
static void
replace_host (GhApplication *self,
              GhHost        *host,
              const char    *uri)
{
  GhHost *other = gh_host_new (uri);

  gh_hosts_replace (self->hosts, host, other);
  if (self->window != NULL && gh_saved_hosts_get_connects (uri))
    gh_host_connect (other);
}

/* (nullable): what stands now where the @i-th of those that were saved was. */
static const char *
find_successor (GhApplication *self,
                GStrv          now,
                guint          i)
{
  if (g_strv_length (now) != g_strv_length (self->saved) ||
      g_strv_contains ((const char * const *) self->saved, now[i]) ||
      gh_hosts_find (self->hosts, now[i]) != NULL)
    return NULL;
  return now[i];
}

/* What the command line, or a dialog of ours, has added to the saved hosts or removed from them. A
 * host is not taken from a plan that runs: it goes when that has ended. */
static void
follow_saved_hosts (GhApplication *self)
{
  g_auto (GStrv) now = gh_saved_hosts_dup_uris ();
  g_autoptr (GStrvBuilder) seen = g_strv_builder_new ();
  gboolean may_remove = gh_activity_get_n_running (gh_activity_get_default ()) == 0;

  g_strv_builder_addv (seen, (const char **) now);
  for (guint i = 0; self->saved[i] != NULL; i++)
    {
      GhHost *host = gh_hosts_find (self->hosts, self->saved[i]);

      if (host == NULL || g_strv_contains ((const char * const *) now, self->saved[i]))
        continue;
      if (may_remove && find_successor (self, now, i) != NULL)
        replace_host (self, host, now[i]);
      else if (may_remove)
        gh_hosts_remove (self->hosts, host);
      else
        g_strv_builder_add (seen, self->saved[i]);
    }
  for (guint i = 0; now[i] != NULL; i++)
    if (!g_strv_contains ((const char * const *) self->saved, now[i]))
      (void) gh_hosts_add (self->hosts, now[i]);
  g_strfreev (self->saved);
  self->saved = g_strv_builder_end (seen);
  if (self->window != NULL && self->connect_id == 0)
    connect_new_hosts (self);
}

static void
watch_saved_hosts (GhApplication *self)
{
  self->settings = g_settings_new (GH_APP_ID);
  self->saved = gh_saved_hosts_dup_uris ();
  g_signal_connect_object (self->settings, "changed::hosts", G_CALLBACK (follow_saved_hosts), self,
                           G_CONNECT_SWAPPED);
  /* A key that was never read tells of no changes. */
  g_strfreev (g_settings_get_strv (self->settings, "hosts"));
  g_signal_connect_object (gh_activity_get_default (), "notify::n-running",
                           G_CALLBACK (follow_saved_hosts), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->hosts, "items-changed", G_CALLBACK (hosts_changed_cb), self,
                           G_CONNECT_SWAPPED);
}

static gboolean
picture_late_cb (gpointer user_data)
{
  GhApplication *self = user_data;

  self->connect_id = 0;
  connect_new_hosts (self);
  return G_SOURCE_REMOVE;
}

static void
window_painted_cb (GhApplication *self)
{
  if (self->connect_id == 0)
    return;
  g_clear_handle_id (&self->connect_id, g_source_remove);
  connect_new_hosts (self);
}

/* Actions */

static void
help_activated_cb (GSimpleAction *action,
                   GVariant      *parameter,
                   gpointer       user_data)
{
  GhApplication *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!gtk_show_uri_on_window (self->window != NULL ? GTK_WINDOW (self->window) : NULL,
                               "help:guesthouse", GDK_CURRENT_TIME, &error) &&
      self->window != NULL)
    gh_window_show_error (self->window, NULL, _("Could not open the help"), error);
}

static void
about_activated_cb (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       user_data)
{
  static const char *const authors[] = { "The Guesthouse developers", NULL };
  GhApplication *self = user_data;

  gtk_show_about_dialog (self->window != NULL ? GTK_WINDOW (self->window) : NULL,
                         "program-name", _("Guesthouse"),
                         "version", GH_VERSION,
                         "logo-icon-name", GH_APP_ID,
                         "comments", _("Your virtual machines on your desktop"),
                         "license-type", GTK_LICENSE_GPL_3_0,
                         "authors", authors,
                         /* Translators: put your names here, one a line. */
                         "translator-credits", _("translator-credits"),
                         NULL);
}

static void
quit_now (GhApplication *self)
{
  GList *windows = gtk_application_get_windows (GTK_APPLICATION (self));

  for (GList *l = windows, *next = NULL; l != NULL; l = next)
    {
      next = l->next;
      if (self->window != NULL && l->data == self->window)
        gh_window_save_size (self->window);
      gtk_widget_destroy (l->data);
    }
  g_application_quit (G_APPLICATION (self));
}

static void
quit_answered_cb (GtkDialog     *dialog,
                  int            response,
                  GhApplication *self)
{
  gtk_widget_destroy (GTK_WIDGET (dialog));
  if (response == GTK_RESPONSE_ACCEPT)
    quit_now (self);
}

static void
ask_to_quit (GhApplication *self,
             guint          n_running)
{
  GtkWidget *button = NULL;

  if (self->question != NULL)
    {
      gtk_window_present (GTK_WINDOW (self->question));
      return;
    }

  self->question =
    gtk_message_dialog_new (self->window != NULL ? GTK_WINDOW (self->window) : NULL,
                            GTK_DIALOG_MODAL,
                            GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE,
                            ngettext ("Quit while %u plan is running?",
                                      "Quit while %u plans are running?", n_running), n_running);
  g_object_add_weak_pointer (G_OBJECT (self->question), (gpointer *) &self->question);
  gtk_message_dialog_format_secondary_text (
    GTK_MESSAGE_DIALOG (self->question),
    _("What is not finished stops half way. The next start offers to undo it."));
  gtk_dialog_add_button (GTK_DIALOG (self->question), _("_Keep running"), GTK_RESPONSE_CANCEL);
  button = gtk_dialog_add_button (GTK_DIALOG (self->question), _("_Quit anyway"),
                                  GTK_RESPONSE_ACCEPT);
  gtk_style_context_add_class (gtk_widget_get_style_context (button),
                               GTK_STYLE_CLASS_DESTRUCTIVE_ACTION);
  gtk_dialog_set_default_response (GTK_DIALOG (self->question), GTK_RESPONSE_CANCEL);
  g_signal_connect_object (self->question, "response", G_CALLBACK (quit_answered_cb), self, 0);
  gtk_window_present (GTK_WINDOW (self->question));
}

/* Returns whether it may end now; asks else. */
static gboolean
may_quit (GhApplication *self)
{
  guint n_running = gh_activity_get_n_running (gh_activity_get_default ());

  if (n_running == 0)
    return self->window == NULL || !gh_window_ask_about_trials (self->window);
  ask_to_quit (self, n_running);
  return FALSE;
}

/* Something else may have begun while that was asked. */
static void
trials_decided_cb (GhApplication *self)
{
  if (may_quit (self))
    quit_now (self);
}

static void
quit_activated_cb (GSimpleAction *action,
                   GVariant      *parameter,
                   gpointer       user_data)
{
  if (may_quit (user_data))
    quit_now (user_data);
}

static void
show_machine_activated_cb (GSimpleAction *action,
                           GVariant      *parameter,
                           gpointer       user_data)
{
  GhApplication *self = user_data;
  GhMachine *machine = NULL;

  g_application_activate (G_APPLICATION (self));
  machine = gh_hosts_find_machine (self->hosts, g_variant_get_string (parameter, NULL));
  if (machine != NULL && self->window != NULL)
    gh_window_show_machine (self->window, machine, /* console= */ TRUE);
}

static void
new_machine_activated_cb (GSimpleAction *action,
                          GVariant      *parameter,
                          gpointer       user_data)
{
  GhApplication *self = user_data;

  g_application_activate (G_APPLICATION (self));
  g_action_group_activate_action (G_ACTION_GROUP (self->window), "new-machine", NULL);
}

static void
activate_activated_cb (GSimpleAction *action,
                       GVariant      *parameter,
                       gpointer       user_data)
{
  g_application_activate (G_APPLICATION (user_data));
}

static const GActionEntry action_entries[] = {
  { "help", help_activated_cb },
  { "about", about_activated_cb },
  { "quit", quit_activated_cb },
  { "activate", activate_activated_cb },
  { "new-machine", new_machine_activated_cb },
  { "show-machine", show_machine_activated_cb, "s" },
};

static gboolean
window_delete_cb (GhWindow      *window,
                  GdkEventAny   *event,
                  GhApplication *self)
{
  return may_quit (self) ? GDK_EVENT_PROPAGATE : GDK_EVENT_STOP;
}

static void
set_accelerators (GtkApplication *application)
{
  for (guint i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (application, accelerators[i].action,
                                           accelerators[i].accels);
}

static void
watch_stalls (void)
{
  const char *limit = g_getenv ("GUESTHOUSE_STALL_WATCH");

  if (limit != NULL && atoi (limit) > 0)
    gh_stall_watch_start ((guint) atoi (limit));
}

/* The window the user looks at, which may be one that is modal. */
static GtkWindow *
find_front_window (GhApplication *self)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  GtkWindow *front = self->window != NULL ? GTK_WINDOW (self->window) : NULL;

  for (GList *l = windows; l != NULL; l = l->next)
    {
      if (!gtk_widget_is_visible (l->data) ||
          gtk_window_get_window_type (l->data) != GTK_WINDOW_TOPLEVEL)
        continue;
      if (gtk_window_is_active (l->data))
        return l->data;
      if (gtk_window_get_modal (l->data))
        front = l->data;
    }
  return front;
}

static void
ssh_asks_cb (GhQuestion *question,
             gpointer    user_data)
{
  gh_askpass_dialog_present (find_front_window (user_data), question);
}

static void
answer_ssh (GhApplication *self)
{
  g_autoptr (GError) error = NULL;

  /* ssh then asks in the terminal, if there is one. */
  if (!gh_askpass_start (ssh_asks_cb, self, &error))
    g_warning ("ssh cannot ask for passwords in a window: %s", error->message);
}

/* As without us, but that no login over ssh stays behind. */
static gboolean
terminated_cb (gpointer user_data)
{
  int signum = GPOINTER_TO_INT (user_data);

  gh_host_end_logins ();
  signal (signum, SIG_DFL);
  raise (signum);
  return G_SOURCE_REMOVE;
}

static void
watch_signals (void)
{
  static const int signals[] = { SIGHUP, SIGINT, SIGTERM };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_unix_signal_add (signals[i], terminated_cb, GINT_TO_POINTER (signals[i]));
}

static void
gh_application_startup (GApplication *application)
{
  GhApplication *self = GH_APPLICATION (application);

  G_APPLICATION_CLASS (gh_application_parent_class)->startup (application);

  g_set_application_name (_("Guesthouse"));
  gtk_window_set_default_icon_name (GH_APP_ID);
  gh_ui_init ();
  gh_color_scheme_follow ();
  self->hosts = gh_hosts_new ();
  gh_start_guard_set_hosts (self->hosts);
  watch_saved_hosts (self);
  g_action_map_add_action_entries (G_ACTION_MAP (self), action_entries,
                                   G_N_ELEMENTS (action_entries), self);
  set_accelerators (GTK_APPLICATION (self));
  answer_ssh (self);
  watch_signals ();
  watch_stalls ();
}

static void
gh_application_activate (GApplication *application)
{
  GhApplication *self = GH_APPLICATION (application);

  if (g_list_model_get_n_items (G_LIST_MODEL (self->hosts)) == 0)
    {
      g_auto (GStrv) uris = gh_saved_hosts_dup_uris ();

      add_hosts (self, uris);
    }
  if (self->window == NULL)
    {
      /* A host with thousands of machines takes the processor from the window: both take
       * memory from the kernel, which gives it to one thread of a process at a time. */
      if (self->connect_id == 0)
        self->connect_id = g_timeout_add (FIRST_PICTURE_MS, picture_late_cb, self);
      g_set_weak_pointer (&self->window, gh_window_new (GTK_APPLICATION (self), self->hosts));
      g_signal_connect_object (self->window, "delete-event", G_CALLBACK (window_delete_cb), self,
                               0);
      g_signal_connect_object (self->window, "trials-decided", G_CALLBACK (trials_decided_cb),
                               self, G_CONNECT_SWAPPED);
      g_signal_connect_object (self->window, "painted", G_CALLBACK (window_painted_cb), self,
                               G_CONNECT_SWAPPED);
    }
  gtk_window_present (GTK_WINDOW (self->window));
  if (self->connect_id == 0)
    connect_new_hosts (self);
}

/* A machine asked for by --show: looked for on each host when its list is there. */
typedef struct
{
  GhApplication *application; /* (owned) */
  char          *name;
  guint          n_hosts;     /* that have not answered */
  gboolean       shown;
} ShowRequest;

static void
show_host_ready_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  ShowRequest *request = user_data;
  GhApplication *self = request->application;
  GhMachine *machine = NULL;
  g_autoptr (GError) error = NULL;

  if (gh_host_ready_finish (host, result, &error))
    machine = gh_host_find_machine (host, request->name);
  request->n_hosts--;
  if (machine != NULL && !request->shown && self->window != NULL)
    {
      request->shown = TRUE;
      gh_window_show_machine (self->window, machine, /* console= */ TRUE);
    }
  if (request->n_hosts > 0)
    return;

  if (!request->shown && self->window != NULL)
    {
      g_autofree char *title = g_strdup_printf (_("There is no machine “%s”"), request->name);

      if (error == NULL)
        g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                             _("None of the connected hosts has a machine of this name."));
      gh_window_show_error (self->window, NULL, title, error);
    }
  g_object_unref (request->application);
  g_free (request->name);
  g_free (request);
}

static void
show_machine (GhApplication *self,
              const char    *name)
{
  GListModel *hosts = G_LIST_MODEL (self->hosts);
  ShowRequest *request = g_new0 (ShowRequest, 1);

  request->application = g_object_ref (self);
  request->name = g_strdup (name);
  request->n_hosts = g_list_model_get_n_items (hosts);
  for (guint i = 0; i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (hosts, i);

      gh_host_ready_async (host, NULL, show_host_ready_cb, request);
    }
}

static int
gh_application_command_line (GApplication            *application,
                             GApplicationCommandLine *command_line)
{
  GhApplication *self = GH_APPLICATION (application);
  GVariantDict *options = g_application_command_line_get_options_dict (command_line);
  g_autofree const char **uris = NULL;
  const char *machine = NULL;

  /* Given hosts replace the saved ones, and join those of a window that is there. */
  if (g_variant_dict_lookup (options, "connect", "^a&s", &uris))
    add_hosts (self, (char **) uris);
  g_application_activate (application);
  if (g_variant_dict_lookup (options, "show", "&s", &machine))
    show_machine (self, machine);
  if (g_variant_dict_contains (options, "new-machine"))
    g_action_group_activate_action (G_ACTION_GROUP (application), "new-machine", NULL);
  return EXIT_SUCCESS;
}

static void
gh_application_shutdown (GApplication *application)
{
  GhApplication *self = GH_APPLICATION (application);

  /* Parks what still waits for a host; nobody waits for it any more. */
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->hosts)); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (self->hosts), i);

      gh_host_disconnect (host);
    }
  gh_host_end_logins ();
  G_APPLICATION_CLASS (gh_application_parent_class)->shutdown (application);
  gh_lane_wait_closed (LEAVE_MS);
}

static void
gh_application_dispose (GObject *object)
{
  GhApplication *self = GH_APPLICATION (object);

  g_clear_handle_id (&self->connect_id, g_source_remove);
  g_clear_weak_pointer (&self->window);
  g_clear_object (&self->hosts);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->saved, g_strfreev);
  G_OBJECT_CLASS (gh_application_parent_class)->dispose (object);
}

static void
gh_application_class_init (GhApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_application_dispose;
  application_class->activate = gh_application_activate;
  application_class->command_line = gh_application_command_line;
  application_class->shutdown = gh_application_shutdown;
  application_class->startup = gh_application_startup;
}

static void
gh_application_init (GhApplication *self)
{
  const GOptionEntry options[] = {
    { "connect", 'c', 0, G_OPTION_ARG_STRING_ARRAY, NULL,
      N_("Show the machines of this host (may be given several times)"), N_("URI") },
    { "show", 0, 0, G_OPTION_ARG_STRING, NULL,
      N_("Open the console of this machine"), N_("MACHINE") },
    { "new-machine", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Begin with making a new machine"), NULL },
    { NULL },
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
}

/**
 * gh_application_new:
 *
 * Returns: (transfer full): the application, to be run
 */
GhApplication *
gh_application_new (void)
{
  return g_object_new (GH_TYPE_APPLICATION,
                       "application-id", GH_APP_ID,
                       "flags", G_APPLICATION_HANDLES_COMMAND_LINE,
                       NULL);
}

/**
 * gh_application_get_hosts:
 * @self: the application
 *
 * Returns: (transfer none) (nullable): its hosts, %NULL before it has started
 */
GhHosts *
gh_application_get_hosts (GhApplication *self)
{
  g_return_val_if_fail (GH_IS_APPLICATION (self), NULL);

  return self->hosts;
}
