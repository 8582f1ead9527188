/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-step-row"

#include "config.h"

#include "gh-step-row.h"

#include <glib/gi18n-lib.h>

#include "gh-plan-text.h"
#include "gh-ui.h"

struct _GhStepRow
{
  GtkBin      parent_instance;

  GhStep     *step;

  GtkStack   *icon_stack;
  GtkImage   *icon;
  GtkSpinner *spinner;
  GtkLabel   *title_label;
  GtkLabel   *state_label;
};

G_DEFINE_FINAL_TYPE (GhStepRow, gh_step_row, GTK_TYPE_BIN)

static const char *state_classes[] = {
  [GH_STEP_WAITING] = "dim-label", [GH_STEP_RUNNING] = "gh-note",  [GH_STEP_DONE] = "gh-ok",
  [GH_STEP_FAILED] = "gh-refusal", [GH_STEP_UNDOING] = "gh-note",  [GH_STEP_UNDONE] = "dim-label",
  [GH_STEP_LEFT] = "gh-warning",   [GH_STEP_SKIPPED] = "gh-note",
};

static void
update (GhStepRow *self)
{
  GhStepState state = gh_step_get_state (self->step);
  double fraction = gh_step_get_fraction (self->step);
  gboolean busy = state == GH_STEP_RUNNING || state == GH_STEP_UNDOING;
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->icon));

  gtk_image_set_from_icon_name (self->icon, gh_plan_text_step_icon (state), GTK_ICON_SIZE_BUTTON);
  for (guint i = 0; i < G_N_ELEMENTS (state_classes); i++)
    gtk_style_context_remove_class (style, state_classes[i]);
  gtk_style_context_add_class (style, state_classes[state]);
  gtk_stack_set_visible_child_name (self->icon_stack, busy ? "spinner" : "icon");
  g_object_set (self->spinner, "active", busy, NULL);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->icon)),
                       gh_plan_text_step_state (state));
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->spinner)),
                       gh_plan_text_step_state (state));

  if (state == GH_STEP_RUNNING && fraction > 0)
    {
      /* Translators: how far a step is. */
      g_autofree char *text = g_strdup_printf (_("%d %%"), (int) (fraction * 100));

      gtk_label_set_label (self->state_label, text);
    }
  else
    gtk_label_set_label (self->state_label,
                         state == GH_STEP_WAITING ? "" : gh_plan_text_step_state (state));
}

static void
gh_step_row_dispose (GObject *object)
{
  GhStepRow *self = GH_STEP_ROW (object);

  if (self->step != NULL)
    g_signal_handlers_disconnect_by_data (self->step, self);
  g_clear_object (&self->step);
  G_OBJECT_CLASS (gh_step_row_parent_class)->dispose (object);
}

static void
gh_step_row_class_init (GhStepRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_step_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-step-row.ui");
  gtk_widget_class_bind_template_child (widget_class, GhStepRow, icon_stack);
  gtk_widget_class_bind_template_child (widget_class, GhStepRow, icon);
  gtk_widget_class_bind_template_child (widget_class, GhStepRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, GhStepRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, GhStepRow, state_label);
}

static void
gh_step_row_init (GhStepRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
gh_step_row_new (GhStep *step)
{
  GhStepRow *self = NULL;
  g_autofree char *title = NULL;

  g_return_val_if_fail (GH_IS_STEP (step), NULL);

  self = g_object_new (GH_TYPE_STEP_ROW, "visible", TRUE, NULL);
  self->step = g_object_ref (step);
  title = gh_step_dup_title (step);
  gtk_label_set_label (self->title_label, title);
  g_signal_connect_object (step, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}
