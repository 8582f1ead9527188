/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-machine-actions"

#include "config.h"

#include "gh-machine-actions.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-format.h"
#include "gh-machine-mark.h"
#include "gh-start-guard.h"
#include "gh-virt-error.h"

/* How many machines a question names before it counts the rest. */
#define MAX_NAMED 8

struct _GhMachineActions
{
  GObject    parent_instance;

  GhWindow  *window;   /* (unowned): owns us */
  GPtrArray *machines; /* (element-type GhMachine) */
  GSimpleAction *actions[GH_MACHINE_N_ACTIONS]; /* (owned) */
  GSimpleAction *restart; /* (owned): discards a saved state and starts, by UUID */
  GSimpleAction *in_doubt; /* (owned): runs what may be running elsewhere, by URI and UUID */
};

G_DEFINE_FINAL_TYPE (GhMachineActions, gh_machine_actions, G_TYPE_OBJECT)

/* One request on its way. */
typedef struct
{
  GhWindow        *window; /* (weak) (nullable) */
  GhMachineAction  action;
  gboolean         start_after; /* the saved state is discarded in order to start */
} Request;

static void
request_free (Request *request)
{
  g_clear_weak_pointer (&request->window);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

static void start_request (GhWindow        *window,
                           GhMachine       *machine,
                           GhMachineAction  action,
                           gboolean         start_after);

/* Whether trials are all that is known to be made from it. */
static gboolean
has_only_trials (GhMachine *machine)
{
  g_autoptr (GPtrArray) machines = gh_host_dup_machines (gh_machine_get_host (machine));
  gboolean found = FALSE;

  for (guint i = 0; i < machines->len; i++)
    {
      GhMachine *other = g_ptr_array_index (machines, i);

      if (g_strcmp0 (gh_machine_get_parent_uuid (other), gh_machine_get_uuid (machine)) != 0)
        continue;
      if (gh_machine_get_kind (other) != GH_MACHINE_TRIAL)
        return FALSE;
      found = TRUE;
    }
  return found;
}

/* What may not be started since others depend on it: what can be done instead. */
static void
show_refusal (GhWindow     *window,
              GhMachine    *machine,
              const char   *title,
              const GError *error)
{
  g_autofree char *action = g_strdup_printf ("win.clone-from('%s')", gh_machine_get_uuid (machine));

  if (has_only_trials (machine))
    {
      g_free (action);
      action = g_strdup_printf ("win.discard-and-run('%s')", gh_machine_get_uuid (machine));
      gh_window_show_error_with_offer (window, machine, title, error,
                                       _("Discard what is tried, and run"), action);
    }
  else if (gh_machine_get_kind (machine) == GH_MACHINE_TEMPLATE)
    gh_window_show_error_with_offer (window, machine, title, error,
                                     _("New machine from this template…"), action);
  else
    gh_window_show_error_with_offer (window, machine, title, error,
                                     _("Images and what depends on them…"), "win.show-images");
}

/* It may be running at a host that cannot be asked, or have run there: only the user can know. */
static void
show_doubt (GhWindow     *window,
            GhMachine    *machine,
            gboolean      is_paused,
            const char   *title,
            const GError *error)
{
  GhHost *host = gh_machine_get_host (machine);
  g_autofree char *action = NULL;

  if (host == NULL)
    return;
  action = g_action_print_detailed_name ("win.run-in-doubt",
                                         g_variant_new ("(ss)", gh_host_get_uri (host),
                                                        gh_machine_get_uuid (machine)));
  gh_window_show_error_with_offer (window, machine, title, error,
                                   is_paused ? _("Let it go on all the same…")
                                             : _("Run it all the same…"), action);
}

static void
action_ran_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *title = NULL;
  GhMachine *machine = GH_MACHINE (object);
  const GhMachineActionInfo *info = gh_machine_action_get_info (request->action);

  if (gh_machine_run_action_finish (machine, result, &error))
    {
      if (request->start_after && request->window != NULL)
        start_request (request->window, machine, GH_MACHINE_START, FALSE);
      return;
    }
  if (gh_error_is_cancelled (error))
    return;

  if (request->window == NULL)
    {
      g_warning ("%s: %s", info->name, error->message);
      return;
    }
  /* The words are in the table of actions, marked for translation there. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  title = g_strdup_printf (_(info->failure), gh_machine_get_label (machine));
#pragma GCC diagnostic pop
  if (g_error_matches (error, GH_GUARD_ERROR, GH_GUARD_ERROR_IN_DOUBT))
    {
      show_doubt (request->window, machine, request->action == GH_MACHINE_RESUME, title, error);
      return;
    }
  /* Its saved state is not what stands in the way of one that runs elsewhere. */
  if (request->action == GH_MACHINE_START && gh_machine_get_state (machine) == GH_MACHINE_SAVED &&
      !g_error_matches (error, GH_GUARD_ERROR, GH_GUARD_ERROR_ELSEWHERE))
    {
      g_autofree char *action = g_strdup_printf ("win.discard-and-start('%s')",
                                                 gh_machine_get_uuid (machine));

      gh_window_show_error_with_offer (request->window, machine, title, error,
                                       _("Discard the saved state and start"), action);
      return;
    }
  if (g_error_matches (error, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED))
    {
      show_refusal (request->window, machine, title, error);
      return;
    }
  gh_window_show_error (request->window, machine, title, error);
}

static void
start_request (GhWindow        *window,
               GhMachine       *machine,
               GhMachineAction  action,
               gboolean         start_after)
{
  Request *request = g_new0 (Request, 1);

  g_set_weak_pointer (&request->window, window);
  request->action = action;
  request->start_after = start_after;
  gh_machine_run_action_async (machine, action, NULL, action_ran_cb, request);
}

static void
run_now (GhWindow        *window,
         GPtrArray       *machines,
         GhMachineAction  action)
{
  for (guint i = 0; i < machines->len; i++)
    {
      GhMachine *machine = g_ptr_array_index (machines, i);

      /* It may have changed while the question was open. */
      if (gh_machine_exists (machine) && gh_machine_can (machine, action))
        start_request (window, machine, action, FALSE);
    }
}

/* Questions */

/**
 * gh_machine_actions_dup_uptime:
 * @machine: a machine
 *
 * Returns: (transfer full) (nullable): how long it has been running, as a sentence
 */
char *
gh_machine_actions_dup_uptime (GhMachine *machine)
{
  gboolean exact = FALSE;
  gint64 seconds = gh_machine_get_uptime (machine, &exact);
  g_autofree char *span = NULL;

  if (seconds < 0)
    return NULL;
  span = gh_format_duration (seconds);
  if (exact)
    /* Translators: %s is a span of time such as “2 hours”. */
    return g_strdup_printf (_("It has been running for %s."), span);
  return g_strdup_printf (_("It has been running for at least %s."), span);
}

static const char *
get_consequence (GhMachineAction action,
                 guint           n)
{
  switch (action)
    {
    case GH_MACHINE_RESET:
      return ngettext ("It restarts as if its reset button were pressed: "
                       "whatever the guest has not written to disk yet is lost.",
                       "They restart as if their reset buttons were pressed: "
                       "whatever the guests have not written to disk yet is lost.", n);
    case GH_MACHINE_FORCE_OFF:
      return ngettext ("It stops as if its plug were pulled: "
                       "whatever the guest has not written to disk yet is lost.",
                       "They stop as if their plugs were pulled: "
                       "whatever the guests have not written to disk yet is lost.", n);
    case GH_MACHINE_DISCARD_SAVED:
      return ngettext ("The saved memory of the guest is deleted, as if its plug had been pulled "
                       "at that moment. Its disks stay.",
                       "The saved memory of the guests is deleted, as if their plugs had been "
                       "pulled at that moment. Their disks stay.", n);
    default:
      return ngettext ("What the guest has not saved may be lost.",
                       "What the guests have not saved may be lost.", n);
    }
}

static char *
dup_question (GhMachineAction  action,
              GPtrArray       *machines)
{
  GhMachine *first = g_ptr_array_index (machines, 0);
  guint n = machines->len;

  switch (action)
    {
    case GH_MACHINE_RESET:
      return n == 1 ? g_strdup_printf (_("Reset “%s”?"), gh_machine_get_label (first))
                    : g_strdup_printf (ngettext ("Reset %u machine?", "Reset %u machines?", n), n);
    case GH_MACHINE_FORCE_OFF:
      return n == 1 ? g_strdup_printf (_("Force off “%s”?"), gh_machine_get_label (first))
                    : g_strdup_printf (ngettext ("Force off %u machine?", "Force off %u machines?",
                                                 n), n);
    case GH_MACHINE_DISCARD_SAVED:
      return n == 1 ? g_strdup_printf (_("Discard the saved state of “%s”?"),
                                       gh_machine_get_label (first))
                    : g_strdup_printf (ngettext ("Discard the saved state of %u machine?",
                                                 "Discard the saved states of %u machines?", n), n);
    default:
      return n == 1 ? g_strdup_printf (_("Change “%s”?"), gh_machine_get_label (first))
                    : g_strdup_printf (ngettext ("Change %u machine?", "Change %u machines?", n),
                                       n);
    }
}

static void
append_named (GString   *text,
              GPtrArray *machines)
{
  for (guint i = 0; i < MIN (machines->len, MAX_NAMED); i++)
    {
      GhMachine *machine = g_ptr_array_index (machines, i);
      gint64 seconds = gh_machine_get_uptime (machine, NULL);
      g_autofree char *span = seconds >= 0 ? gh_format_duration (seconds) : NULL;

      if (span != NULL)
        /* Translators: one line of a list: a machine and how long it has been running. */
        g_string_append_printf (text, _("• %s, running for %s"), gh_machine_get_label (machine),
                                span);
      else
        g_string_append_printf (text, "• %s", gh_machine_get_label (machine));
      g_string_append_c (text, '\n');
    }
  if (machines->len > MAX_NAMED)
    {
      guint rest = machines->len - MAX_NAMED;

      g_string_append_printf (text, ngettext ("and %u more", "and %u more", rest), rest);
      g_string_append_c (text, '\n');
    }
  g_string_append_c (text, '\n');
}

static char *
dup_explanation (GhMachineAction  action,
                 GPtrArray       *machines)
{
  GString *text = g_string_new (NULL);

  if (machines->len > 1)
    append_named (text, machines);
  else
    {
      g_autofree char *uptime = gh_machine_actions_dup_uptime (g_ptr_array_index (machines, 0));

      if (uptime != NULL)
        g_string_append_printf (text, "%s ", uptime);
    }
  g_string_append (text, get_consequence (action, machines->len));
  return g_string_free (text, FALSE);
}

typedef struct
{
  GhWindow        *window;   /* (unowned): the question is transient for it */
  GPtrArray       *machines; /* (owned) */
  GhMachineAction  action;
} Question;

static void
question_free (gpointer  data,
               GClosure *closure)
{
  Question *question = data;

  g_ptr_array_unref (question->machines);
  g_free (question);
}

static void
answered_cb (GtkDialog *dialog,
             int        response,
             gpointer   user_data)
{
  Question *question = user_data;

  if (response == GTK_RESPONSE_ACCEPT)
    run_now (question->window, question->machines, question->action);
  gtk_widget_destroy (GTK_WIDGET (dialog));
}

static void
ask (GhMachineActions *self,
     GPtrArray        *machines,
     GhMachineAction   action)
{
  g_autofree char *title = dup_question (action, machines);
  g_autofree char *explanation = dup_explanation (action, machines);
  const GhMachineActionInfo *info = gh_machine_action_get_info (action);
  Question *question = g_new0 (Question, 1);
  GtkWidget *dialog = NULL;
  GtkWidget *button = NULL;

  dialog = gtk_message_dialog_new (GTK_WINDOW (self->window),
                                   GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
                                   GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE, "%s", title);
  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (dialog), "%s", explanation);
  gtk_dialog_add_button (GTK_DIALOG (dialog), _("_Cancel"), GTK_RESPONSE_CANCEL);
  button = gtk_dialog_add_button (GTK_DIALOG (dialog), _(info->label), GTK_RESPONSE_ACCEPT);
  gtk_style_context_add_class (gtk_widget_get_style_context (button),
                               GTK_STYLE_CLASS_DESTRUCTIVE_ACTION);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_CANCEL);

  question->window = self->window;
  question->machines = g_ptr_array_ref (machines);
  question->action = action;
  g_signal_connect_data (dialog, "response", G_CALLBACK (answered_cb), question, question_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
activated_cb (GSimpleAction    *action,
              GVariant         *parameter,
              GhMachineActions *self)
{
  for (int i = 0; i < GH_MACHINE_N_ACTIONS; i++)
    if (self->actions[i] == action)
      gh_machine_actions_run (self, self->machines, (GhMachineAction) i);
}

static void
restart_activated_cb (GSimpleAction    *action,
                      GVariant         *parameter,
                      GhMachineActions *self)
{
  GhMachine *machine = gh_hosts_find_machine (gh_window_get_hosts (self->window),
                                              g_variant_get_string (parameter, NULL));

  gh_window_clear_errors (self->window);
  if (machine == NULL)
    return;
  if (gh_machine_get_state (machine) == GH_MACHINE_SAVED)
    start_request (self->window, machine, GH_MACHINE_DISCARD_SAVED, /* start_after= */ TRUE);
  else if (gh_machine_can (machine, GH_MACHINE_START))
    start_request (self->window, machine, GH_MACHINE_START, FALSE);
}

/* In doubt */

typedef struct
{
  GhWindow  *window;  /* (unowned): the question is transient for it */
  GhMachine *machine; /* (owned) */
} Doubt;

static void
doubt_free (gpointer  data,
            GClosure *closure)
{
  Doubt *doubt = data;

  g_object_unref (doubt->machine);
  g_free (doubt);
}

static void
doubt_answered_cb (GtkDialog *dialog,
                   int        response,
                   gpointer   user_data)
{
  Doubt *doubt = user_data;
  GhMachine *machine = doubt->machine;
  GhMachineAction action = gh_machine_get_state (machine) == GH_MACHINE_PAUSED ? GH_MACHINE_RESUME
                                                                               : GH_MACHINE_START;

  if (response == GTK_RESPONSE_ACCEPT && gh_machine_exists (machine) &&
      gh_machine_get_host (machine) != NULL && gh_machine_can (machine, action))
    {
      gh_start_guard_permit (gh_machine_get_host (machine), gh_machine_get_uuid (machine));
      start_request (doubt->window, machine, action, FALSE);
    }
  gtk_widget_destroy (GTK_WIDGET (dialog));
}

static GtkWidget *
new_question (GhWindow   *window,
              const char *title,
              const char *text,
              const char *button_label)
{
  GtkWidget *dialog = gtk_message_dialog_new (GTK_WINDOW (window),
                                              GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
                                              GTK_MESSAGE_WARNING, GTK_BUTTONS_NONE, "%s", title);
  GtkWidget *button = NULL;

  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (dialog), "%s", text);
  gtk_dialog_add_button (GTK_DIALOG (dialog), _("_Cancel"), GTK_RESPONSE_CANCEL);
  button = gtk_dialog_add_button (GTK_DIALOG (dialog), button_label, GTK_RESPONSE_ACCEPT);
  gtk_style_context_add_class (gtk_widget_get_style_context (button),
                               GTK_STYLE_CLASS_DESTRUCTIVE_ACTION);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_CANCEL);
  return dialog;
}

static GtkWidget *
new_doubt (GhWindow  *window,
           GhMachine *machine)
{
  const char *name = gh_machine_get_label (machine);
  gboolean is_paused = gh_machine_get_state (machine) == GH_MACHINE_PAUSED;
  g_autofree char *title =
    is_paused ? g_strdup_printf (_("Let “%s” go on although it may have run elsewhere?"), name)
              : g_strdup_printf (_("Run “%s” although it may be running elsewhere?"), name);

  if (is_paused)
    return new_question (window, title,
                         _("Do this only if you know for certain that it has not gone on there. If "
                           "it has, what is paused here is older, and destroys what was written "
                           "to its disks since."),
                         _("_Let it go on all the same"));
  return new_question (window, title,
                       _("Do this only if you know for certain that it is off there, as when that "
                         "computer is broken or switched off. Two of it at once destroy what is "
                         "on the disks they share, and disturb each other in the network."),
                       _("_Run all the same"));
}

static void
in_doubt_activated_cb (GSimpleAction    *action,
                       GVariant         *parameter,
                       GhMachineActions *self)
{
  const char *uri = NULL;
  const char *uuid = NULL;
  GhHost *host = NULL;
  GhMachine *machine = NULL;
  Doubt *doubt = NULL;
  GtkWidget *dialog = NULL;

  g_variant_get (parameter, "(&s&s)", &uri, &uuid);
  host = gh_hosts_find (gh_window_get_hosts (self->window), uri);
  machine = host != NULL ? gh_host_find_machine (host, uuid) : NULL;
  gh_window_clear_errors (self->window);
  if (machine == NULL)
    return;
  dialog = new_doubt (self->window, machine);
  doubt = g_new0 (Doubt, 1);
  doubt->window = self->window;
  doubt->machine = g_object_ref (machine);
  g_signal_connect_data (dialog, "response", G_CALLBACK (doubt_answered_cb), doubt, doubt_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
gh_machine_actions_finalize (GObject *object)
{
  GhMachineActions *self = GH_MACHINE_ACTIONS (object);

  for (int i = 0; i < GH_MACHINE_N_ACTIONS; i++)
    {
      g_signal_handlers_disconnect_by_data (self->actions[i], self);
      g_clear_object (&self->actions[i]);
    }
  g_signal_handlers_disconnect_by_data (self->restart, self);
  g_clear_object (&self->restart);
  g_signal_handlers_disconnect_by_data (self->in_doubt, self);
  g_clear_object (&self->in_doubt);
  g_clear_pointer (&self->machines, g_ptr_array_unref);
  G_OBJECT_CLASS (gh_machine_actions_parent_class)->finalize (object);
}

static void
gh_machine_actions_class_init (GhMachineActionsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_machine_actions_finalize;
}

static void
gh_machine_actions_init (GhMachineActions *self)
{
  self->machines = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * gh_machine_actions_new:
 * @window: the window to add the actions to; it owns what is returned
 *
 * Returns: (transfer full): the actions
 */
GhMachineActions *
gh_machine_actions_new (GhWindow *window)
{
  GhMachineActions *self = NULL;

  g_return_val_if_fail (GH_IS_WINDOW (window), NULL);

  self = g_object_new (GH_TYPE_MACHINE_ACTIONS, NULL);
  self->window = window;
  for (int i = 0; i < GH_MACHINE_N_ACTIONS; i++)
    {
      const GhMachineActionInfo *info = gh_machine_action_get_info ((GhMachineAction) i);
      g_autofree char *name = g_strdup_printf ("machine-%s", info->name);

      self->actions[i] = g_simple_action_new (name, NULL);
      g_simple_action_set_enabled (self->actions[i], FALSE);
      g_signal_connect (self->actions[i], "activate", G_CALLBACK (activated_cb), self);
      g_action_map_add_action (G_ACTION_MAP (window), G_ACTION (self->actions[i]));
    }
  self->restart = g_simple_action_new ("discard-and-start", G_VARIANT_TYPE_STRING);
  g_signal_connect (self->restart, "activate", G_CALLBACK (restart_activated_cb), self);
  g_action_map_add_action (G_ACTION_MAP (window), G_ACTION (self->restart));
  self->in_doubt = g_simple_action_new ("run-in-doubt", G_VARIANT_TYPE ("(ss)"));
  g_signal_connect (self->in_doubt, "activate", G_CALLBACK (in_doubt_activated_cb), self);
  g_action_map_add_action (G_ACTION_MAP (window), G_ACTION (self->in_doubt));
  return self;
}

/**
 * gh_machine_actions_set_machines:
 * @self: the actions
 * @machines: (element-type GhMachine): what they are about from now on
 */
void
gh_machine_actions_set_machines (GhMachineActions *self,
                                 GPtrArray        *machines)
{
  g_return_if_fail (GH_IS_MACHINE_ACTIONS (self));

  g_ptr_array_ref (machines);
  g_ptr_array_unref (self->machines);
  self->machines = machines;
  gh_machine_actions_update (self);
}

/**
 * gh_machine_actions_get_machines:
 * @self: the actions
 *
 * Returns: (transfer none) (element-type GhMachine): what they are about
 */
GPtrArray *
gh_machine_actions_get_machines (GhMachineActions *self)
{
  g_return_val_if_fail (GH_IS_MACHINE_ACTIONS (self), NULL);

  return self->machines;
}

/**
 * gh_machine_actions_update:
 * @self: the actions
 *
 * Enables the actions that at least one of the machines allows.
 */
void
gh_machine_actions_update (GhMachineActions *self)
{
  g_return_if_fail (GH_IS_MACHINE_ACTIONS (self));

  for (int i = 0; i < GH_MACHINE_N_ACTIONS; i++)
    {
      gboolean enabled = FALSE;

      for (guint j = 0; j < self->machines->len && !enabled; j++)
        {
          GhMachine *machine = g_ptr_array_index (self->machines, j);

          enabled = gh_machine_exists (machine) && gh_machine_can (machine, (GhMachineAction) i);
        }
      g_simple_action_set_enabled (self->actions[i], enabled);
    }
}

/**
 * gh_machine_actions_run:
 * @self: the actions
 * @machines: (element-type GhMachine): of which machines
 * @action: what to do with those that allow it
 *
 * Does it, or asks first where the guests would lose something. Failures are shown in the window.
 */
void
gh_machine_actions_run (GhMachineActions *self,
                        GPtrArray        *machines,
                        GhMachineAction   action)
{
  g_autoptr (GPtrArray) allowed = NULL;

  g_return_if_fail (GH_IS_MACHINE_ACTIONS (self));

  allowed = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < machines->len; i++)
    {
      GhMachine *machine = g_ptr_array_index (machines, i);

      if (gh_machine_exists (machine) && gh_machine_can (machine, action))
        g_ptr_array_add (allowed, g_object_ref (machine));
    }
  if (allowed->len == 0)
    return;
  if (gh_machine_action_get_info (action)->dangerous)
    ask (self, allowed, action);
  else
    run_now (self->window, allowed, action);
}
