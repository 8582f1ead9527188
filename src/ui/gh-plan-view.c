/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* How the view keeps up with its plan: every notification of an input that leaves the
 * plan EDITING starts a short timer anew (the plan itself drops a preparation under way);
 * when the timer ends, one preparation starts. So typing costs one timer per key, and at most
 * one preparation runs. What was shown stays until the next preparation is there.
 */

#define G_LOG_DOMAIN "gh-plan-view"

#include "config.h"

#include "gh-plan-view.h"

#include <glib/gi18n-lib.h>

#include "gh-activity.h"
#include "gh-check-row.h"
#include "gh-error-note.h"
#include "gh-migrate-progress.h"
#include "gh-plan-text.h"
#include "gh-step-row.h"
#include "gh-ui.h"
#include "gh-virt-error.h"

/* From the last change to the preparation. */
#define SETTLE_MS 150
/* A preparation that is quicker than this shows no spinner. */
#define SPINNER_MS 400
/* Between two steps of a bar of which nobody knows how far it is. */
#define PULSE_MS 200

struct _GhPlanView
{
  GtkBin           parent_instance;

  GhPlan          *plan;          /* (owned) (nullable) */
  GCancellable    *cancellable;   /* (nullable): of the preparation under way */
  guint            settle_id;
  guint            spinner_id;
  guint            pulse_id;
  gboolean         prepared_once; /* something is shown */
  GhHost          *asked;         /* (unowned) (nullable): who was asked for it; to compare only */
  gboolean         could_run;     /* as of the last preparation */
  GHashTable      *seen;          /* (element-type char): rules that warn, as shown */
  gboolean         run_wanted;    /* run when the preparation under way shows nothing new */
  gboolean         started;       /* the run under way was started here */
  gboolean         work_shown;    /* steps and commands shown are those of the plan */
  gboolean         can_run;
  gboolean         running;

  GhErrorNote     *error_note;
  GtkWidget       *retry_button;
  GtkWidget       *progress_box;
  GtkLabel        *status_label;
  GtkProgressBar  *progress_bar;
  GtkWidget       *cancel_button;
  GtkWidget       *figures;       /* (unowned) (nullable): more than a bar, while it runs */
  GtkWidget       *checks_box;
  GtkBox          *findings_box;
  GtkToggleButton *summary_button;
  GtkStack        *summary_stack;
  GtkWidget       *summary_icon;
  GtkSpinner      *summary_spinner;
  GtkLabel        *summary_label;
  GtkImage        *summary_arrow;
  GtkRevealer     *fine_revealer;
  GtkBox          *fine_box;
  GtkWidget       *work_box;
  GtkToggleButton *steps_button;
  GtkImage        *steps_arrow;
  GtkLabel        *steps_label;
  GtkBox          *steps_box;
  GtkToggleButton *commands_button;
  GtkTextView     *commands_view;
};

G_DEFINE_FINAL_TYPE (GhPlanView, gh_plan_view, GTK_TYPE_BIN)

enum
{
  PROP_0,
  PROP_PLAN,
  PROP_CAN_RUN,
  PROP_RUNNING,
  N_PROPS
};

enum
{
  DONE,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void prepare (GhPlanView *self);

static gboolean
is_closed (GhPlanView *self)
{
  return self->plan == NULL || self->checks_box == NULL ||
         gtk_widget_in_destruction (GTK_WIDGET (self));
}

static gboolean
is_running (GhPlan *plan)
{
  GhPlanState state = gh_plan_get_state (plan);

  return state == GH_PLAN_RUNNING || state == GH_PLAN_UNDOING;
}

/* The plan may run as it is, or may as it was before the change that is being checked. */
static gboolean
may_run (GhPlanView *self)
{
  if (self->plan == NULL || self->started)
    return FALSE;

  switch (gh_plan_get_state (self->plan))
    {
    case GH_PLAN_EDITING:
    case GH_PLAN_PREPARING:
    case GH_PLAN_PREPARED:
      return self->could_run;
    case GH_PLAN_ENDED:
      return gh_plan_get_outcome (self->plan) != GH_OUTCOME_DONE;
    case GH_PLAN_RUNNING:
    case GH_PLAN_UNDOING:
    default:
      return FALSE;
    }
}

static void
update_flags (GhPlanView *self)
{
  gboolean can_run = may_run (self);
  gboolean running = self->plan != NULL && (self->started || is_running (self->plan));

  if (can_run != self->can_run)
    {
      self->can_run = can_run;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAN_RUN]);
    }
  if (running != self->running)
    {
      self->running = running;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNNING]);
    }
}

static void
clear_box (GtkBox *box)
{
  gtk_container_foreach (GTK_CONTAINER (box), (GtkCallback) gtk_widget_destroy, NULL);
}

static void
row_fixed_cb (GhPlanView *self)
{
  if (is_closed (self) || is_running (self->plan))
    return;

  gh_plan_invalidate (self->plan);
  prepare (self);
}

/* Shows those of @checks that @box is for; rows of findings that are still there stay. */
static guint
update_checks (GhPlanView *self,
               GtkBox     *box,
               GPtrArray  *checks,
               gboolean    fine)
{
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();

  for (guint i = 0; i < checks->len; i++)
    if ((gh_check_get_level (g_ptr_array_index (checks, i)) == GH_CHECK_OK) == fine)
      g_ptr_array_add (shown, g_ptr_array_index (checks, i));
  gh_check_row_update_all (box, shown, G_CALLBACK (row_fixed_cb), self,
                           GTK_WIDGET (self->summary_button));
  return shown->len;
}

static void
update_summary (GhPlanView *self,
                guint       n_findings,
                guint       n_fine)
{
  g_autofree char *text = NULL;

  if (gh_plan_get_worst (self->plan) == GH_CHECK_REFUSAL)
    text = g_strdup_printf (ngettext ("%u other check is all right",
                                      "%u other checks are all right", n_fine), n_fine);
  else if (n_findings > 0)
    text = g_strdup (_("Otherwise ready"));
  else
    text = g_strdup (_("Ready"));
  gtk_label_set_label (self->summary_label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->summary_button), n_fine > 0 || n_findings == 0);
  gtk_widget_set_visible (GTK_WIDGET (self->summary_arrow), n_fine > 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->summary_button), TRUE);
}

static void
show_work (GhPlanView *self)
{
  GPtrArray *steps = gh_plan_get_steps (self->plan);
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->commands_view);
  g_autofree char *commands = gh_plan_text_dup_commands (self->plan);
  g_autofree char *shown = NULL;

  clear_box (self->steps_box);
  for (guint i = 0; i < steps->len; i++)
    gtk_container_add (GTK_CONTAINER (self->steps_box),
                       gh_step_row_new (g_ptr_array_index (steps, i)));

  g_object_get (buffer, "text", &shown, NULL);
  if (g_strcmp0 (shown, commands) != 0)
    gtk_text_buffer_set_text (buffer, commands, -1);
  self->work_shown = TRUE;
}

/* Steps and commands are only put into widgets when somebody looks at them. */
static void
update_work (GhPlanView *self)
{
  GPtrArray *steps = gh_plan_get_steps (self->plan);
  gboolean looked_at = gtk_toggle_button_get_active (self->steps_button) ||
                       gtk_toggle_button_get_active (self->commands_button);
  g_autofree char *text = NULL;

  text = g_strdup_printf (ngettext ("%u step", "%u steps", steps->len), steps->len);
  gtk_label_set_label (self->steps_label, text);
  gtk_widget_set_visible (self->work_box, steps->len > 0);
  self->work_shown = FALSE;
  if (looked_at)
    show_work (self);
}

static void
stop_spinner (GhPlanView *self)
{
  g_clear_handle_id (&self->spinner_id, g_source_remove);
  gtk_stack_set_visible_child_name (self->summary_stack, "icon");
  g_object_set (self->summary_spinner, "active", FALSE, NULL);
}

static gboolean
spinner_due_cb (gpointer user_data)
{
  GhPlanView *self = user_data;
  g_autofree char *asking = gh_plan_dup_asking (self->plan);

  self->spinner_id = 0;
  /* What is shown is about another host. */
  if (asking != NULL && gh_plan_get_asked (self->plan) != self->asked)
    gtk_label_set_label (self->summary_label, asking);
  gtk_stack_set_visible_child_name (self->summary_stack, "spinner");
  g_object_set (self->summary_spinner, "active", TRUE, NULL);
  return G_SOURCE_REMOVE;
}

/* The rules that warn now. */
static GHashTable *
collect_warnings (GhPlanView *self)
{
  GPtrArray *checks = gh_plan_get_checks (self->plan);
  GHashTable *warnings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (checks, i);

      if (gh_check_get_level (check) == GH_CHECK_WARNING)
        g_hash_table_add (warnings, g_strdup (gh_check_get_id (check)));
    }
  return warnings;
}

static gboolean
warns_anew (GHashTable *seen,
            GHashTable *warnings)
{
  GHashTableIter iter;
  gpointer id = NULL;

  g_hash_table_iter_init (&iter, warnings);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (seen == NULL || !g_hash_table_contains (seen, id))
      return TRUE;
  return FALSE;
}

static void
show_prepared (GhPlanView *self)
{
  GPtrArray *checks = gh_plan_get_checks (self->plan);
  guint n_fine = 0;
  guint n_findings = 0;

  self->prepared_once = TRUE;
  self->asked = gh_plan_get_asked (self->plan);
  n_findings = update_checks (self, self->findings_box, checks, FALSE);
  n_fine = update_checks (self, self->fine_box, checks, TRUE);
  update_summary (self, n_findings, n_fine);
  update_work (self);
}

static GhStep *
find_running (GhPlanView *self)
{
  GPtrArray *steps = gh_plan_get_steps (self->plan);

  for (guint i = 0; i < steps->len; i++)
    if (gh_step_get_state (g_ptr_array_index (steps, i)) == GH_STEP_RUNNING)
      return g_ptr_array_index (steps, i);
  return NULL;
}

/* What is done now; and of a step that says more, that and for how long it has run. */
static void
show_status (GhPlanView *self)
{
  g_autofree char *status = gh_plan_dup_status (self->plan);
  GhStep *step = find_running (self);
  const char *doing = step != NULL ? gh_step_get_doing (step) : NULL;
  g_autoptr (GString) text = g_string_new (status);

  if (doing != NULL)
    {
      guint seconds = gh_step_get_elapsed_s (step);

      g_string_append_c (text, '\n');
      /* Translators: what a program says it does, and for how many minutes and seconds. */
      g_string_append_printf (text, _("%1$s · %2$u:%3$02u"), doing, seconds / 60, seconds % 60);
    }
  gtk_label_set_label (self->status_label, text->str);
}

/* Nobody knows how long it takes: the bar shows that something is going on. */
static gboolean
pulse_cb (gpointer user_data)
{
  GhPlanView *self = user_data;
  GhStep *step = find_running (self);

  if (step == NULL || gh_step_get_doing (step) == NULL)
    {
      self->pulse_id = 0;
      return G_SOURCE_REMOVE;
    }
  if (gh_step_get_fraction (step) < 0)
    gtk_progress_bar_pulse (self->progress_bar);
  show_status (self);
  return G_SOURCE_CONTINUE;
}

static void
show_progress (GhPlanView *self)
{
  gboolean undoing = gh_plan_get_state (self->plan) == GH_PLAN_UNDOING;
  GhStep *step = find_running (self);

  show_status (self);
  if (step != NULL && gh_step_get_doing (step) != NULL && self->pulse_id == 0)
    self->pulse_id = g_timeout_add (PULSE_MS, pulse_cb, self);
  if (step == NULL || gh_step_get_doing (step) == NULL || gh_step_get_fraction (step) >= 0)
    gtk_progress_bar_set_fraction (self->progress_bar,
                                   CLAMP (gh_plan_get_fraction (self->plan), 0, 1));
  gtk_widget_set_sensitive (self->cancel_button, !undoing && gh_plan_can_cancel (self->plan));
}

static void
show_ended (GhPlanView *self)
{
  const GError *error = gh_plan_get_error (self->plan);
  g_autofree char *status = NULL;
  gboolean wanted = FALSE;

  if (gh_plan_get_outcome (self->plan) == GH_OUTCOME_DONE)
    return;

  status = gh_plan_dup_status (self->plan);
  wanted = gh_plan_get_outcome (self->plan) == GH_OUTCOME_UNDONE && error != NULL &&
           gh_error_is_cancelled (error);
  gh_error_note_show_outcome (self->error_note, status, wanted ? NULL : error);
}

static void
forget_outcome (GhPlanView *self)
{
  gh_error_note_clear (self->error_note);
  gtk_widget_hide (self->retry_button);
}

static void
begin_run (GhPlanView *self)
{
  self->started = TRUE;
  forget_outcome (self);
  update_flags (self);
  gh_activity_run (gh_activity_get_default (), self->plan);
}

static void
show_not_prepared (GhPlanView   *self,
                   const GError *error)
{
  /* Not anew by itself, or a host that is gone would be asked for ever. */
  g_clear_handle_id (&self->settle_id, g_source_remove);
  self->run_wanted = FALSE;
  self->could_run = FALSE;
  gtk_label_set_label (self->summary_label, _("Not checked"));
  gh_error_note_show_error (self->error_note, _("It could not be checked whether this works"),
                            error);
  gtk_widget_show (self->retry_button);
}

static void
plan_prepared_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GhPlanView) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean prepared = gh_plan_prepare_finish (GH_PLAN (object), result, &error);

  /* Another change has come, or another plan: another preparation will. */
  if (is_closed (self) || GH_PLAN (object) != self->plan ||
      (!prepared && gh_error_is_cancelled (error)))
    return;

  g_clear_object (&self->cancellable);
  stop_spinner (self);
  if (prepared && gtk_widget_get_visible (self->retry_button))
    forget_outcome (self);
  if (!prepared)
    show_not_prepared (self, error);
  else if (gh_plan_get_state (self->plan) == GH_PLAN_PREPARED)
    {
      g_autoptr (GHashTable) before = g_steal_pointer (&self->seen);
      gboolean run = self->run_wanted;

      self->seen = collect_warnings (self);
      self->run_wanted = FALSE;
      self->could_run = gh_plan_get_worst (self->plan) < GH_CHECK_REFUSAL;
      if (run && self->could_run && !warns_anew (before, self->seen))
        begin_run (self);
    }
  update_flags (self);
}

static void
prepare (GhPlanView *self)
{
  /* Here, since it notifies, and that asks for a preparation. */
  if (gh_plan_get_state (self->plan) == GH_PLAN_ENDED)
    gh_plan_invalidate (self->plan);
  g_clear_handle_id (&self->settle_id, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);

  self->cancellable = g_cancellable_new ();
  if (self->spinner_id == 0)
    self->spinner_id = g_timeout_add (self->prepared_once ? SPINNER_MS : 0, spinner_due_cb, self);
  gh_plan_prepare_async (self->plan, self->cancellable, plan_prepared_cb, g_object_ref (self));
}

static gboolean
settled_cb (gpointer user_data)
{
  GhPlanView *self = user_data;

  self->settle_id = 0;
  prepare (self);
  return G_SOURCE_REMOVE;
}

/* The preparation under way has been dropped by the plan itself, if an input changed; if it
 * failed, its callback comes next, and stops the timer. */
static void
queue_prepare (GhPlanView *self)
{
  self->run_wanted = FALSE;
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->settle_id, g_source_remove);
  self->settle_id = g_timeout_add (SETTLE_MS, settled_cb, self);
}

/* The view was asked to run, and the run is over (or was refused at the last moment). */
static void
plan_run_ended_cb (GhPlanView *self,
                   GhPlan     *plan)
{
  if (is_closed (self) || plan != self->plan || !self->started)
    return;

  self->started = FALSE;
  g_clear_pointer (&self->figures, gtk_widget_destroy);
  self->could_run = gh_plan_get_worst (plan) < GH_CHECK_REFUSAL;
  gtk_widget_hide (self->progress_box);
  gtk_widget_show (self->checks_box);
  if (gh_plan_get_state (plan) == GH_PLAN_ENDED)
    show_ended (self);
  else if (gh_plan_get_state (plan) == GH_PLAN_EDITING)
    prepare (self);
  update_flags (self);
  if (gh_plan_get_state (plan) == GH_PLAN_ENDED && gh_plan_get_outcome (plan) == GH_OUTCOME_DONE)
    g_signal_emit (self, signals[DONE], 0);
}

/* Not what the engine itself says about its work, such as “status-text”. */
static gboolean
is_input (GParamSpec *pspec)
{
  return pspec->owner_type != GH_TYPE_PLAN || g_str_equal (pspec->name, "host") ||
         g_str_equal (pspec->name, "state");
}

static void
plan_notify_cb (GhPlanView *self,
                GParamSpec *pspec,
                GhPlan     *plan)
{
  GhPlanState state = gh_plan_get_state (plan);

  if (is_closed (self))
    return;

  if (state == GH_PLAN_EDITING && !self->started && is_input (pspec))
    queue_prepare (self);
  if (is_running (plan))
    {
      show_progress (self);
      gtk_widget_show (self->progress_box);
      gtk_widget_hide (self->checks_box);
    }
  update_flags (self);
}

static void
plan_step_changed_cb (GhPlanView *self,
                      GhStep     *step,
                      GhPlan     *plan)
{
  if (!is_closed (self) && is_running (plan) && gh_step_get_doing (step) != NULL)
    show_progress (self);
}

/* What some plans have to say, and to ask, while they run. */
static void
add_figures (GhPlanView *self)
{
  GtkWidget *figures = gh_migrate_progress_new_for (self->plan);

  g_clear_pointer (&self->figures, gtk_widget_destroy);
  if (figures == NULL)
    return;
  self->figures = figures;
  gtk_container_add (GTK_CONTAINER (self->progress_box), figures);
}

static void
plan_state_cb (GhPlanView *self,
               GParamSpec *pspec,
               GhPlan     *plan)
{
  if (is_closed (self))
    return;

  if (gh_plan_get_state (plan) == GH_PLAN_RUNNING)
    {
      add_figures (self);
      gtk_toggle_button_set_active (self->steps_button, TRUE);
      update_work (self);
    }
}

static void
arrow_follows_cb (GtkToggleButton *button,
                  GParamSpec      *pspec,
                  GtkImage        *arrow)
{
  gtk_image_set_from_icon_name (arrow,
                                gtk_toggle_button_get_active (button) ? "pan-down-symbolic"
                                                                      : "pan-end-symbolic",
                                GTK_ICON_SIZE_BUTTON);
}

static void
work_toggled_cb (GhPlanView *self)
{
  if (self->plan != NULL && !self->work_shown)
    show_work (self);
}

static void
cancel_clicked_cb (GhPlanView *self)
{
  gtk_widget_set_sensitive (self->cancel_button, FALSE);
  gh_plan_cancel (self->plan);
}

static void
retry_clicked_cb (GhPlanView *self)
{
  forget_outcome (self);
  gh_plan_invalidate (self->plan);
  prepare (self);
}

static void
copy_clicked_cb (GhPlanView *self)
{
  g_autofree char *text = gh_plan_text_dup_commands (self->plan);

  gtk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self), GDK_SELECTION_CLIPBOARD),
                          text, -1);
}

static void
gh_plan_view_dispose (GObject *object)
{
  GhPlanView *self = GH_PLAN_VIEW (object);

  g_clear_handle_id (&self->settle_id, g_source_remove);
  g_clear_handle_id (&self->spinner_id, g_source_remove);
  g_clear_handle_id (&self->pulse_id, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  g_clear_pointer (&self->seen, g_hash_table_unref);
  G_OBJECT_CLASS (gh_plan_view_parent_class)->dispose (object);
}

static void
gh_plan_view_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  GhPlanView *self = GH_PLAN_VIEW (object);

  switch (prop_id)
    {
    case PROP_PLAN:
      g_value_set_object (value, self->plan);
      break;
    case PROP_CAN_RUN:
      g_value_set_boolean (value, self->can_run);
      break;
    case PROP_RUNNING:
      g_value_set_boolean (value, self->running);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_plan_view_set_property (GObject      *object,
                           guint         prop_id,
                           const GValue *value,
                           GParamSpec   *pspec)
{
  GhPlanView *self = GH_PLAN_VIEW (object);

  switch (prop_id)
    {
    case PROP_PLAN:
      gh_plan_view_set_plan (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_plan_view_class_init (GhPlanViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GParamFlags flags = G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->dispose = gh_plan_view_dispose;
  object_class->get_property = gh_plan_view_get_property;
  object_class->set_property = gh_plan_view_set_property;

  properties[PROP_PLAN] = g_param_spec_object ("plan", NULL, NULL, GH_TYPE_PLAN,
                                               flags | G_PARAM_READWRITE);
  properties[PROP_CAN_RUN] = g_param_spec_boolean ("can-run", NULL, NULL, FALSE,
                                                   flags | G_PARAM_READABLE);
  properties[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE,
                                                   flags | G_PARAM_READABLE);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * GhPlanView::done:
   *
   * The plan was run from this view and is done.
   */
  signals[DONE] = g_signal_new ("done", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (GH_TYPE_ERROR_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-plan-view.ui");
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, error_note);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, retry_button);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, progress_box);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, status_label);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, checks_box);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, findings_box);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, summary_button);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, summary_stack);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, summary_icon);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, summary_spinner);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, summary_label);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, summary_arrow);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, fine_revealer);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, fine_box);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, work_box);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, steps_button);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, steps_arrow);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, steps_label);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, steps_box);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, commands_button);
  gtk_widget_class_bind_template_child (widget_class, GhPlanView, commands_view);
  gtk_widget_class_bind_template_callback (widget_class, cancel_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, retry_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, work_toggled_cb);
}

static void
gh_plan_view_init (GhPlanView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (self->summary_button, "notify::active", G_CALLBACK (arrow_follows_cb),
                           self->summary_arrow, 0);
  g_signal_connect_object (self->steps_button, "notify::active", G_CALLBACK (arrow_follows_cb),
                           self->steps_arrow, 0);
  g_signal_connect_object (gh_activity_get_default (), "plan-ended",
                           G_CALLBACK (plan_run_ended_cb), self, G_CONNECT_SWAPPED);
}

GtkWidget *
gh_plan_view_new (void)
{
  return g_object_new (GH_TYPE_PLAN_VIEW, NULL);
}

GhPlan *
gh_plan_view_get_plan (GhPlanView *self)
{
  g_return_val_if_fail (GH_IS_PLAN_VIEW (self), NULL);

  return self->plan;
}

/* Shows nothing but that it is looking. */
static void
start_over (GhPlanView *self)
{
  g_clear_handle_id (&self->settle_id, g_source_remove);
  g_clear_handle_id (&self->pulse_id, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  stop_spinner (self);
  forget_outcome (self);
  clear_box (self->findings_box);
  clear_box (self->fine_box);
  clear_box (self->steps_box);
  gtk_label_set_label (self->summary_label, _("Checking…"));
  gtk_widget_hide (GTK_WIDGET (self->summary_arrow));
  gtk_widget_set_sensitive (GTK_WIDGET (self->summary_button), FALSE);
  gtk_widget_hide (self->work_box);
  gtk_widget_hide (self->progress_box);
  g_clear_pointer (&self->figures, gtk_widget_destroy);
  self->prepared_once = FALSE;
  self->asked = NULL;
  self->could_run = FALSE;
  self->run_wanted = FALSE;
  self->started = FALSE;
  g_clear_pointer (&self->seen, g_hash_table_unref);
}

/**
 * gh_plan_view_set_plan:
 * @self: a view
 * @plan: (nullable): the plan to show and to keep prepared
 */
void
gh_plan_view_set_plan (GhPlanView *self,
                       GhPlan     *plan)
{
  g_return_if_fail (GH_IS_PLAN_VIEW (self));
  g_return_if_fail (plan == NULL || GH_IS_PLAN (plan));

  if (plan == self->plan)
    return;

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  start_over (self);
  g_set_object (&self->plan, plan);
  if (plan != NULL)
    {
      g_signal_connect_object (plan, "notify::state", G_CALLBACK (plan_state_cb), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (plan, "notify", G_CALLBACK (plan_notify_cb), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (plan, "prepared", G_CALLBACK (show_prepared), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (plan, "step-changed", G_CALLBACK (plan_step_changed_cb), self,
                               G_CONNECT_SWAPPED);
      prepare (self);
    }
  update_flags (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PLAN]);
}

gboolean
gh_plan_view_get_can_run (GhPlanView *self)
{
  g_return_val_if_fail (GH_IS_PLAN_VIEW (self), FALSE);

  return self->can_run;
}

gboolean
gh_plan_view_get_running (GhPlanView *self)
{
  g_return_val_if_fail (GH_IS_PLAN_VIEW (self), FALSE);

  return self->running;
}

/**
 * gh_plan_view_run:
 * @self: a view
 *
 * Runs the plan as it was shown. What was changed a moment ago is checked first, and
 * when that brings a refusal or a warning that was not there, it is shown and nothing
 * is run.
 */
void
gh_plan_view_run (GhPlanView *self)
{
  g_return_if_fail (GH_IS_PLAN_VIEW (self));

  if (!self->can_run)
    return;

  if (gh_plan_get_state (self->plan) == GH_PLAN_PREPARED)
    {
      begin_run (self);
      return;
    }

  prepare (self);
  self->run_wanted = TRUE;
}

/**
 * gh_plan_view_show_checks:
 * @self: a view
 *
 * Shows every check, also those that found nothing.
 */
void
gh_plan_view_show_checks (GhPlanView *self)
{
  g_return_if_fail (GH_IS_PLAN_VIEW (self));

  /* At once: whoever scrolls to it needs its height. */
  gtk_revealer_set_transition_duration (self->fine_revealer, 0);
  gtk_toggle_button_set_active (self->summary_button, TRUE);
}
