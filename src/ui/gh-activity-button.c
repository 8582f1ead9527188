/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-activity-button"

#include "config.h"

#include "gh-activity-button.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "gh-activity-list.h"
#include "gh-activity.h"
#include "gh-ui.h"

struct _GhActivityButton
{
  GtkMenuButton  parent_instance;

  gboolean       list_made;

  GtkStack      *stack;
  GtkImage      *icon;
  GtkWidget     *pie;
  GtkWidget     *popover;
};

G_DEFINE_FINAL_TYPE (GhActivityButton, gh_activity_button, GTK_TYPE_MENU_BUTTON)

static gboolean
pie_draw_cb (GtkWidget        *widget,
             cairo_t          *cr,
             GhActivityButton *self)
{
  double width = gtk_widget_get_allocated_width (widget);
  double height = gtk_widget_get_allocated_height (widget);
  double radius = MIN (width, height) / 2 - 1;
  double fraction = gh_activity_get_fraction (gh_activity_get_default ());
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  GdkRGBA color;

  gtk_style_context_get_color (style, gtk_style_context_get_state (style), &color);
  cairo_translate (cr, width / 2, height / 2);
  cairo_set_line_width (cr, 1.5);

  gdk_cairo_set_source_rgba (cr, &color);
  cairo_arc (cr, 0, 0, radius, 0, 2 * G_PI);
  cairo_stroke (cr);
  cairo_move_to (cr, 0, 0);
  /* A sliver from the start, so that it does not look empty. */
  cairo_arc (cr, 0, 0, radius - 2, -G_PI / 2, -G_PI / 2 + 2 * G_PI * MAX (fraction, 0.04));
  cairo_close_path (cr);
  cairo_fill (cr);
  return GDK_EVENT_PROPAGATE;
}

static void
update (GhActivityButton *self)
{
  guint n_running = gh_activity_get_n_running (gh_activity_get_default ());
  GhOutcome unseen = gh_activity_get_unseen (gh_activity_get_default ());
  g_autofree char *tooltip = NULL;

  if (self->stack == NULL)
    return;

  gtk_stack_set_visible_child_name (self->stack, n_running > 0 ? "pie" : "icon");
  gtk_widget_queue_draw (self->pie);
  gtk_image_set_from_icon_name (self->icon,
                                unseen == GH_OUTCOME_NONE   ? "document-open-recent-symbolic"
                                : unseen == GH_OUTCOME_DONE ? "object-select-symbolic"
                                                            : "dialog-warning-symbolic",
                                GTK_ICON_SIZE_BUTTON);
  if (n_running > 0)
    tooltip = g_strdup_printf (ngettext ("Activity: %u running", "Activity: %u running", n_running),
                               n_running);
  else if (unseen > GH_OUTCOME_DONE)
    tooltip = g_strdup (_("Activity: something did not work"));
  else
    tooltip = g_strdup (_("Activity"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), tooltip);
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self)), tooltip);
}

/* Whoever has the list open sees what ends. */
static void
plan_ended_cb (GhActivityButton *self)
{
  if (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self)))
    gh_activity_mark_seen (gh_activity_get_default ());
}

static void
toggled_cb (GhActivityButton *self)
{
  if (!gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self)))
    return;

  /* Not before somebody looks: it would only slow down the first window. */
  if (!self->list_made)
    gtk_container_add (GTK_CONTAINER (self->popover), gh_activity_list_new ());
  self->list_made = TRUE;
  gh_activity_mark_seen (gh_activity_get_default ());
}

static void
gh_activity_button_class_init (GhActivityButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-activity-button.ui");
  gtk_widget_class_bind_template_child (widget_class, GhActivityButton, stack);
  gtk_widget_class_bind_template_child (widget_class, GhActivityButton, icon);
  gtk_widget_class_bind_template_child (widget_class, GhActivityButton, pie);
  gtk_widget_class_bind_template_child (widget_class, GhActivityButton, popover);
  gtk_widget_class_bind_template_callback (widget_class, pie_draw_cb);
}

static void
gh_activity_button_init (GhActivityButton *self)
{
  GhActivity *activity = gh_activity_get_default ();

  gtk_widget_init_template (GTK_WIDGET (self));
  /* Before GtkMenuButton shows its popover. */
  g_signal_connect (self, "toggled", G_CALLBACK (toggled_cb), NULL);
  g_signal_connect_object (activity, "plan-ended", G_CALLBACK (plan_ended_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (activity, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

GtkWidget *
gh_activity_button_new (void)
{
  return g_object_new (GH_TYPE_ACTIVITY_BUTTON, "visible", TRUE, NULL);
}
