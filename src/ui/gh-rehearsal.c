/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-rehearsal"

#include "config.h"

#include "gh-rehearsal.h"

#include <glib/gi18n-lib.h>

#include "gh-ui.h"

struct _GhRehearsal
{
  GtkBin     parent_instance;

  GhPlan    *plan;       /* (owned) (nullable) */
  gboolean   rehearsing; /* the user waits for it */

  GtkLabel  *result_label;
  GtkWidget *button;
};

G_DEFINE_FINAL_TYPE (GhRehearsal, gh_rehearsal, GTK_TYPE_BIN)

enum
{
  SHOW_CHECKS,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
show_result (GhRehearsal *self,
             const char  *text)
{
  gtk_label_set_label (self->result_label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->result_label), text != NULL);
}

static void
prepared_cb (GhRehearsal *self)
{
  if (self->button == NULL || !self->rehearsing)
    return;
  self->rehearsing = FALSE;
  gtk_widget_set_sensitive (self->button, TRUE);
  switch (gh_plan_get_worst (self->plan))
    {
    case GH_CHECK_REFUSAL:
      show_result (self, _("Rehearsed: it would not work as it is. Nothing was changed."));
      break;
    case GH_CHECK_WARNING:
      show_result (self, _("Rehearsed: it would work; see the warnings. Nothing was changed."));
      break;
    case GH_CHECK_OK:
    case GH_CHECK_NOTE:
    default:
      show_result (self, _("Rehearsed: it would work. Nothing was changed."));
      break;
    }
  g_signal_emit (self, signals[SHOW_CHECKS], 0);
}

/* What was found holds for what was chosen then. */
static void
state_changed_cb (GhRehearsal *self)
{
  GhPlanState state = gh_plan_get_state (self->plan);

  if (self->button == NULL)
    return;
  if (state == GH_PLAN_RUNNING || (state == GH_PLAN_EDITING && !self->rehearsing))
    show_result (self, NULL);
  gtk_widget_set_sensitive (self->button, !self->rehearsing);
}

static void
clicked_cb (GhRehearsal *self)
{
  if (self->plan == NULL)
    return;
  self->rehearsing = TRUE;
  show_result (self, _("Rehearsing…"));
  gh_plan_invalidate (self->plan);
  g_signal_emit (self, signals[SHOW_CHECKS], 0);
}

static void
gh_rehearsal_dispose (GObject *object)
{
  GhRehearsal *self = GH_REHEARSAL (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_rehearsal_parent_class)->dispose (object);
}

static void
gh_rehearsal_class_init (GhRehearsalClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_rehearsal_dispose;

  signals[SHOW_CHECKS] = g_signal_new ("show-checks", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                       0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-rehearsal.ui");
  gtk_widget_class_bind_template_child (widget_class, GhRehearsal, result_label);
  gtk_widget_class_bind_template_child (widget_class, GhRehearsal, button);
  gtk_widget_class_bind_template_callback (widget_class, clicked_cb);
}

static void
gh_rehearsal_init (GhRehearsal *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_rehearsal_new:
 * @plan: what is rehearsed
 *
 * Returns: (transfer floating): the button, and what came of it
 */
GtkWidget *
gh_rehearsal_new (GhPlan *plan)
{
  GhRehearsal *self = NULL;

  g_return_val_if_fail (GH_IS_PLAN (plan), NULL);

  self = g_object_new (GH_TYPE_REHEARSAL, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  g_signal_connect_object (plan, "prepared", G_CALLBACK (prepared_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "notify::state", G_CALLBACK (state_changed_cb), self,
                           G_CONNECT_SWAPPED);
  return GTK_WIDGET (self);
}
