/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-plan-dialog"

#include "config.h"

#include "gh-plan-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-plan-text.h"
#include "gh-plan-view.h"
#include "gh-rehearsal.h"
#include "gh-row-titles.h"
#include "gh-ui.h"

/* Less of the view than this is as good as none. */
#define MIN_SEEN_PX 48

struct _GhPlanDialog
{
  HdyWindow          parent_instance;

  GtkWidget         *form;  /* (unowned) (nullable) */
  GhPlan            *plan;  /* (owned) (nullable) */
  guint              strip_id;
  gboolean           ready; /* the form is filled in so far that checking makes sense */

  GtkButton         *close_button;
  GtkWidget         *verb_button;
  GtkScrolledWindow *scroller;
  GtkBox            *content;
  GhPlanView        *view;
  GtkWidget         *strip_button;
  GtkImage          *strip_icon;
  GtkLabel          *strip_label;
};

G_DEFINE_FINAL_TYPE (GhPlanDialog, gh_plan_dialog, HDY_TYPE_WINDOW)

enum
{
  DONE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
show_in_strip (GhPlanDialog *self,
               GhCheckLevel  level,
               const char   *text)
{
  static const char *classes[] = { "gh-ok", "gh-note", "gh-warning", "gh-refusal" };
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->strip_icon));

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    gtk_style_context_remove_class (style, classes[i]);
  gtk_style_context_add_class (style, classes[level]);
  gtk_image_set_from_icon_name (self->strip_icon, gh_plan_text_check_icon (level),
                                GTK_ICON_SIZE_BUTTON);
  gtk_label_set_label (self->strip_label, text);
}

/* The worst of what the view says, in a line. */
static void
fill_strip (GhPlanDialog *self)
{
  GPtrArray *checks = gh_plan_get_checks (self->plan);
  GhCheckLevel level = gh_plan_get_worst (self->plan);
  g_autofree char *status = gh_plan_dup_status (self->plan);

  switch (gh_plan_get_state (self->plan))
    {
    case GH_PLAN_PREPARED:
      show_in_strip (self, level,
                     level > GH_CHECK_OK ? gh_check_get_title (g_ptr_array_index (checks, 0))
                                         : status);
      break;
    case GH_PLAN_RUNNING:
    case GH_PLAN_UNDOING:
      show_in_strip (self, GH_CHECK_NOTE, status);
      break;
    case GH_PLAN_ENDED:
      show_in_strip (self, GH_CHECK_REFUSAL, status);
      break;
    case GH_PLAN_EDITING:
    case GH_PLAN_PREPARING:
    default:
      /* As it was: it changes in a moment. */
      break;
    }
}

/* Whether checks and steps are out of sight, below. */
static gboolean
is_view_below (GhPlanDialog *self)
{
  int y = 0;

  return gtk_widget_get_mapped (GTK_WIDGET (self->view)) &&
         gtk_widget_translate_coordinates (GTK_WIDGET (self->view), GTK_WIDGET (self->scroller), 0,
                                           0, NULL, &y) &&
         y > gtk_widget_get_allocated_height (GTK_WIDGET (self->scroller)) - MIN_SEEN_PX;
}

static gboolean
strip_due_cb (gpointer user_data)
{
  GhPlanDialog *self = user_data;

  self->strip_id = 0;
  if (self->plan != NULL)
    fill_strip (self);
  /* Before it was prepared for the first time there is nothing to say. */
  gtk_widget_set_visible (self->strip_button, self->plan != NULL && is_view_below (self) &&
                          *gtk_label_get_label (self->strip_label) != '\0');
  return G_SOURCE_REMOVE;
}

/* Not from within an allocation, which is what mostly changes it. */
static void
queue_strip (GhPlanDialog *self)
{
  if (self->strip_id == 0 && self->strip_button != NULL)
    self->strip_id = g_idle_add (strip_due_cb, self);
}

static gboolean scroll_to_view_cb (gpointer user_data);

/* What is below the form has grown: while the plan runs, that is what the user looks at. */
static void
height_changed_cb (GhPlanDialog *self)
{
  queue_strip (self);
  if (self->view != NULL && gh_plan_view_get_running (self->view))
    g_idle_add_full (G_PRIORITY_LOW, scroll_to_view_cb, g_object_ref (self), NULL);
}

static void
strip_clicked_cb (GhPlanDialog *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  int y = 0;

  gtk_widget_translate_coordinates (GTK_WIDGET (self->view), GTK_WIDGET (self->content), 0, 0,
                                    NULL, &y);
  gtk_adjustment_set_value (adjustment, y);
  gtk_widget_child_focus (GTK_WIDGET (self->view), GTK_DIR_TAB_FORWARD);
}

static void
update_view (GhPlanDialog *self)
{
  gh_plan_view_set_plan (self->view, self->ready ? self->plan : NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->view), self->ready);
}

static gboolean
scroll_to_view_cb (gpointer user_data)
{
  g_autoptr (GhPlanDialog) self = user_data;
  GtkAdjustment *adjustment = NULL;

  if (self->scroller == NULL)
    return G_SOURCE_REMOVE;

  adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_upper (adjustment));
  return G_SOURCE_REMOVE;
}

static void
running_changed_cb (GhPlanDialog *self)
{
  gboolean running = gh_plan_view_get_running (self->view);

  if (self->close_button == NULL)
    return;

  if (self->form != NULL)
    gtk_widget_set_sensitive (self->form, !running);
  gtk_button_set_label (self->close_button, running ? _("_Hide") : _("_Cancel"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->close_button),
                               running ? _("Goes on, and is shown in Activity") : NULL);
  /* Progress, and then what came of it, are below the form. */
  g_idle_add_full (G_PRIORITY_LOW, scroll_to_view_cb, g_object_ref (self), NULL);
}

static void
view_done_cb (GhPlanDialog *self)
{
  g_signal_emit (self, signals[DONE], 0);
  gtk_widget_destroy (GTK_WIDGET (self));
}

static void
verb_clicked_cb (GhPlanDialog *self)
{
  gh_plan_view_run (self->view);
}

static gboolean
key_pressed_cb (GhPlanDialog *self,
                GdkEventKey  *event)
{
  if (event->keyval != GDK_KEY_Escape ||
      (event->state & gtk_accelerator_get_default_mod_mask ()) != 0)
    return GDK_EVENT_PROPAGATE;

  /* Whatever has the focus may want it first: an open popover, an input method. */
  if (!gtk_window_propagate_key_event (GTK_WINDOW (self), event))
    gtk_window_close (GTK_WINDOW (self));
  return GDK_EVENT_STOP;
}

static void
gh_plan_dialog_dispose (GObject *object)
{
  GhPlanDialog *self = GH_PLAN_DIALOG (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  g_clear_handle_id (&self->strip_id, g_source_remove);
  G_OBJECT_CLASS (gh_plan_dialog_parent_class)->dispose (object);
}

static void
gh_plan_dialog_class_init (GhPlanDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_plan_dialog_dispose;

  /**
   * GhPlanDialog::done:
   *
   * The plan is done; the window is destroyed after this.
   */
  signals[DONE] = g_signal_new ("done", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (GH_TYPE_PLAN_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-plan-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, GhPlanDialog, close_button);
  gtk_widget_class_bind_template_child (widget_class, GhPlanDialog, verb_button);
  gtk_widget_class_bind_template_child (widget_class, GhPlanDialog, scroller);
  gtk_widget_class_bind_template_child (widget_class, GhPlanDialog, content);
  gtk_widget_class_bind_template_child (widget_class, GhPlanDialog, view);
  gtk_widget_class_bind_template_child (widget_class, GhPlanDialog, strip_button);
  gtk_widget_class_bind_template_child (widget_class, GhPlanDialog, strip_icon);
  gtk_widget_class_bind_template_child (widget_class, GhPlanDialog, strip_label);
  gtk_widget_class_bind_template_callback (widget_class, height_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, queue_strip);
  gtk_widget_class_bind_template_callback (widget_class, strip_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, verb_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_pressed_cb);
}

static void
gh_plan_dialog_init (GhPlanDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->ready = TRUE;
  g_signal_connect_object (self->view, "notify::running", G_CALLBACK (running_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->view, "done", G_CALLBACK (view_done_cb), self, G_CONNECT_SWAPPED);
  gtk_button_set_label (self->close_button, _("_Cancel"));
}

/**
 * gh_plan_dialog_new:
 * @parent: (nullable): the window it belongs to
 * @title: what it is called
 * @style: what kind of verb it has
 * @form: (nullable) (transfer floating): the choices
 *
 * Returns: (transfer none): the window, not shown yet
 */
GhPlanDialog *
gh_plan_dialog_new (GtkWindow         *parent,
                    const char        *title,
                    GhPlanDialogStyle  style,
                    GtkWidget         *form)
{
  GhPlanDialog *self = NULL;

  self = g_object_new (GH_TYPE_PLAN_DIALOG, "title", title, "transient-for", parent,
                       "destroy-with-parent", TRUE, NULL);
  gh_plan_dialog_set_style (self, style);
  if (form != NULL)
    {
      gh_row_titles_keep_words (form);
      gtk_box_pack_start (self->content, form, FALSE, FALSE, 0);
      self->form = form;
    }
  return self;
}

/**
 * gh_plan_dialog_set_style:
 * @self: a dialog
 * @style: what kind of verb it has now
 */
void
gh_plan_dialog_set_style (GhPlanDialog      *self,
                          GhPlanDialogStyle  style)
{
  gboolean destructive = style == GH_PLAN_DIALOG_DESTRUCTIVE;
  GtkStyleContext *context = NULL;

  g_return_if_fail (GH_IS_PLAN_DIALOG (self));

  if (self->verb_button == NULL)
    return;
  context = gtk_widget_get_style_context (self->verb_button);
  gtk_style_context_remove_class (context, destructive ? GTK_STYLE_CLASS_SUGGESTED_ACTION
                                                       : GTK_STYLE_CLASS_DESTRUCTIVE_ACTION);
  gtk_style_context_add_class (context, destructive ? GTK_STYLE_CLASS_DESTRUCTIVE_ACTION
                                                    : GTK_STYLE_CLASS_SUGGESTED_ACTION);
  if (destructive)
    gtk_window_set_default (GTK_WINDOW (self), NULL);
  else
    gtk_widget_grab_default (self->verb_button);
}

GtkWidget *
gh_plan_dialog_get_form (GhPlanDialog *self)
{
  g_return_val_if_fail (GH_IS_PLAN_DIALOG (self), NULL);

  return self->form;
}

void
gh_plan_dialog_set_plan (GhPlanDialog *self,
                         GhPlan       *plan)
{
  g_return_if_fail (GH_IS_PLAN_DIALOG (self));
  g_return_if_fail (plan == NULL || GH_IS_PLAN (plan));

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_set_object (&self->plan, plan);
  if (plan != NULL)
    g_signal_connect_object (plan, "notify", G_CALLBACK (queue_strip), self, G_CONNECT_SWAPPED);
  gtk_button_set_label (GTK_BUTTON (self->verb_button),
                        plan != NULL ? gh_plan_get_verb (plan) : "");
  update_view (self);
}

/**
 * gh_plan_dialog_set_verb:
 * @self: a dialog
 * @verb: what its button says
 */
void
gh_plan_dialog_set_verb (GhPlanDialog *self,
                         const char   *verb)
{
  g_return_if_fail (GH_IS_PLAN_DIALOG (self));

  if (self->verb_button != NULL)
    gtk_button_set_label (GTK_BUTTON (self->verb_button), verb);
}

/**
 * gh_plan_dialog_set_ready:
 * @self: a dialog
 * @ready: whether the form holds enough for checks to make sense
 *
 * While it does not, the plan is not looked at and no checks are shown.
 */
void
gh_plan_dialog_set_ready (GhPlanDialog *self,
                          gboolean      ready)
{
  g_return_if_fail (GH_IS_PLAN_DIALOG (self));

  if (ready == self->ready)
    return;

  self->ready = ready;
  update_view (self);
}

/**
 * gh_plan_dialog_add_rehearsal:
 * @self: a dialog with a plan
 *
 * Offers to look at everything without doing anything.
 */
void
gh_plan_dialog_add_rehearsal (GhPlanDialog *self)
{
  GtkWidget *rehearsal = NULL;

  g_return_if_fail (GH_IS_PLAN_DIALOG (self));
  g_return_if_fail (self->plan != NULL);

  rehearsal = gh_rehearsal_new (self->plan);
  g_object_bind_property (self->view, "running", rehearsal, "visible",
                          G_BINDING_SYNC_CREATE | G_BINDING_INVERT_BOOLEAN);
  g_signal_connect_object (rehearsal, "show-checks", G_CALLBACK (gh_plan_dialog_show_checks), self,
                           G_CONNECT_SWAPPED);
  gtk_box_pack_end (self->content, rehearsal, FALSE, FALSE, 0);
  /* Packed from the end: the first one is the lowest. */
  gtk_box_reorder_child (self->content, rehearsal, 0);
}

/**
 * gh_plan_dialog_show_checks:
 * @self: a dialog
 *
 * Shows every check, also those that found nothing.
 */
void
gh_plan_dialog_show_checks (GhPlanDialog *self)
{
  g_return_if_fail (GH_IS_PLAN_DIALOG (self));

  if (self->view == NULL)
    return;
  gh_plan_view_show_checks (self->view);
  g_idle_add_full (G_PRIORITY_LOW, scroll_to_view_cb, g_object_ref (self), NULL);
}
