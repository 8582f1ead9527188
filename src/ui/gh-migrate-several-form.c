/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-several-form"

#include "config.h"

#include "gh-migrate-several-form.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

#include "gh-migrate-destination.h"
#include "gh-migrate-presets.h"
#include "gh-ui.h"

struct _GhMigrateSeveralForm
{
  GtkBin                parent_instance;

  GhMigrateQueue       *queue;    /* (owned) (nullable) */
  GBindingGroup        *bindings; /* its source is the queue */
  GPtrArray            *rows;     /* (element-type HdyActionRow): by plan */

  GhMigrateDestination *destination;
  GtkWidget            *choices_box;
  GhMigratePresets     *presets;
  GtkWidget            *machines_list;
  GtkWidget            *temporary_switch;
  GtkWidget            *bandwidth_spin;
};

G_DEFINE_FINAL_TYPE (GhMigrateSeveralForm, gh_migrate_several_form, GTK_TYPE_BIN)

/* What the machine does, or why it does not move. */
static const char *
get_text (GhMigratePlan *plan)
{
  GPtrArray *checks = gh_plan_get_checks (GH_PLAN (plan));

  if (gh_plan_get_state (GH_PLAN (plan)) == GH_PLAN_ENDED &&
      gh_plan_get_outcome (GH_PLAN (plan)) == GH_OUTCOME_DONE)
    return _("It is there");
  if (checks->len > 0 && gh_plan_get_worst (GH_PLAN (plan)) == GH_CHECK_REFUSAL)
    return gh_check_get_title (g_ptr_array_index (checks, 0));
  return gh_machine_get_state_text (gh_migrate_plan_get_machine (plan));
}

static void
update (GhMigrateSeveralForm *self)
{
  GPtrArray *plans = NULL;
  g_autoptr (GhHost) host = NULL;

  if (self->choices_box == NULL || self->queue == NULL)
    return;

  plans = gh_migrate_queue_get_plans (self->queue);
  g_object_get (self->queue, "destination", &host, NULL);
  gtk_widget_set_visible (self->choices_box, host != NULL);
  for (guint i = 0; i < plans->len; i++)
    hdy_action_row_set_subtitle (g_ptr_array_index (self->rows, i),
                                 get_text (g_ptr_array_index (plans, i)));
}

static void
included_toggled_cb (GtkToggleButton      *button,
                     GhMigrateSeveralForm *self)
{
  gh_migrate_queue_set_included (self->queue, g_object_get_data (G_OBJECT (button), "plan"),
                                 gtk_toggle_button_get_active (button));
}

static void
add_row (GhMigrateSeveralForm *self,
         GhMigratePlan        *plan)
{
  const char *label = gh_machine_get_label (gh_migrate_plan_get_machine (plan));
  GtkWidget *row = hdy_action_row_new ();
  GtkWidget *button = gtk_check_button_new ();

  hdy_preferences_row_set_title (HDY_PREFERENCES_ROW (row), label);
  hdy_action_row_set_title_lines (HDY_ACTION_ROW (row), 0);
  hdy_action_row_set_subtitle_lines (HDY_ACTION_ROW (row), 0);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button),
                                gh_migrate_queue_get_included (self->queue, plan));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  atk_object_set_name (gtk_widget_get_accessible (button), label);
  /* The queue holds its plans. */
  g_object_set_data (G_OBJECT (button), "plan", plan);
  g_signal_connect_object (button, "toggled", G_CALLBACK (included_toggled_cb), self, 0);
  hdy_action_row_add_prefix (HDY_ACTION_ROW (row), button);
  hdy_action_row_set_activatable_widget (HDY_ACTION_ROW (row), button);
  gtk_widget_show_all (row);
  gtk_container_add (GTK_CONTAINER (self->machines_list), row);
  g_ptr_array_add (self->rows, row);
}

static void
gh_migrate_several_form_dispose (GObject *object)
{
  GhMigrateSeveralForm *self = GH_MIGRATE_SEVERAL_FORM (object);

  if (self->queue != NULL)
    g_signal_handlers_disconnect_by_data (self->queue, self);
  g_clear_object (&self->bindings);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (gh_migrate_several_form_parent_class)->dispose (object);
}

static void
gh_migrate_several_form_finalize (GObject *object)
{
  g_ptr_array_unref (GH_MIGRATE_SEVERAL_FORM (object)->rows);
  G_OBJECT_CLASS (gh_migrate_several_form_parent_class)->finalize (object);
}

static void
gh_migrate_several_form_class_init (GhMigrateSeveralFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_migrate_several_form_dispose;
  object_class->finalize = gh_migrate_several_form_finalize;

  g_type_ensure (GH_TYPE_MIGRATE_DESTINATION);
  g_type_ensure (GH_TYPE_MIGRATE_PRESETS);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-migrate-several-form.ui");
  gtk_widget_class_bind_template_child (widget_class, GhMigrateSeveralForm, destination);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateSeveralForm, choices_box);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateSeveralForm, presets);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateSeveralForm, machines_list);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateSeveralForm, temporary_switch);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateSeveralForm, bandwidth_spin);
}

static void
gh_migrate_several_form_init (GhMigrateSeveralForm *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* Where all of them are; NULL when they are on several hosts. */
static GhHost *
find_common_host (GhMigrateSeveralForm *self)
{
  GPtrArray *plans = gh_migrate_queue_get_plans (self->queue);
  GhHost *host = gh_plan_get_host (GH_PLAN (self->queue));

  for (guint i = 0; i < plans->len; i++)
    if (gh_machine_get_host (gh_migrate_plan_get_machine (g_ptr_array_index (plans, i))) != host)
      return NULL;
  return host;
}

static void
bind_queue (GhMigrateSeveralForm *self,
            GhHosts              *hosts)
{
  GBindingFlags flags = G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL;
  GBindingGroup *bindings = self->bindings = g_binding_group_new ();
  g_autoptr (GhHost) host = NULL;

  g_object_get (self->queue, "destination", &host, NULL);
  g_object_set (self->destination, "host", host, NULL);
  gh_migrate_destination_set_hosts (self->destination, hosts, find_common_host (self));
  g_object_set (self->queue, "destination", gh_migrate_destination_get_host (self->destination),
                NULL);
  g_binding_group_bind (bindings, "destination", self->destination, "host", flags);
  g_binding_group_bind (bindings, "preset", self->presets, "preset", flags);
  g_binding_group_bind (bindings, "temporary", self->temporary_switch, "active", flags);
  g_binding_group_bind (bindings, "bandwidth", self->bandwidth_spin, "value", flags);
  g_binding_group_set_source (bindings, self->queue);
}

/**
 * gh_migrate_several_form_new:
 * @queue: the plan
 * @hosts: the hosts they may move to
 *
 * Returns: (transfer floating): the form
 */
GtkWidget *
gh_migrate_several_form_new (GhMigrateQueue *queue,
                             GhHosts        *hosts)
{
  GhMigrateSeveralForm *self = NULL;
  GPtrArray *plans = NULL;

  g_return_val_if_fail (GH_IS_MIGRATE_QUEUE (queue), NULL);
  g_return_val_if_fail (GH_IS_HOSTS (hosts), NULL);

  self = g_object_new (GH_TYPE_MIGRATE_SEVERAL_FORM, "visible", TRUE, NULL);
  self->queue = g_object_ref (queue);
  plans = gh_migrate_queue_get_plans (queue);
  for (guint i = 0; i < plans->len; i++)
    add_row (self, g_ptr_array_index (plans, i));
  bind_queue (self, hosts);
  g_signal_connect_object (queue, "prepared", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (queue, "notify::destination", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (queue, "notify::current", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}

GhMigrateQueue *
gh_migrate_several_form_get_queue (GhMigrateSeveralForm *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_SEVERAL_FORM (self), NULL);

  return self->queue;
}
