/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-form"

#include "config.h"

#include "gh-migrate-form.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

#include "gh-migrate-destination.h"
#include "gh-migrate-disk-row.h"
#include "gh-migrate-network-row.h"
#include "gh-migrate-options.h"
#include "gh-migrate-presets.h"
#include "gh-problem.h"
#include "gh-text-binding.h"
#include "gh-ui.h"

struct _GhMigrateForm
{
  GtkBin                parent_instance;

  GhMigratePlan        *plan;     /* (owned) (nullable) */
  GBindingGroup        *bindings; /* its source is the plan */

  GtkLabel             *state_label;
  GhMigrateDestination *destination;
  GtkWidget            *choices_box;
  GtkWidget            *live_switch;
  GtkWidget            *temporary_switch;
  GtkWidget            *name_entry;
  GhMigratePresets     *presets;
  GtkStack             *disks_stack;
  GtkBox               *disks_box;
  GtkWidget            *networks_group;
  GtkWidget            *networks_list;
  GtkWidget            *remove_row;
  GtkWidget            *remove_switch;
  GhMigrateOptions     *options;
};

G_DEFINE_FINAL_TYPE (GhMigrateForm, gh_migrate_form, GTK_TYPE_BIN)

/* What it is that moves */

static void
show_machine (GhMigrateForm *self)
{
  GhMachine *machine = gh_migrate_plan_get_machine (self->plan);
  const char *text = NULL;

  if (self->state_label == NULL)
    return;
  if (gh_machine_is_active (machine))
    text = _("It can go on running: its guest notices only a short pause at the end.");
  else if (gh_machine_get_state (machine) == GH_MACHINE_SAVED)
    text = _("Its memory was saved when it stopped.");
  else
    text = _("It is off: its definition moves, and what its disks need.");
  gtk_label_set_label (self->state_label, text);
}

/* Disks and networks: rows of what is still there stay, with the focus. */

static GtkWidget *
take_row (GList      **rows,
          const char  *(*get_id) (gpointer row),
          const char  *id)
{
  for (GList *l = *rows; l != NULL; l = l->next)
    if (g_strcmp0 (get_id (l->data), id) == 0)
      {
        GtkWidget *row = l->data;

        *rows = g_list_delete_link (*rows, l);
        return row;
      }
  return NULL;
}

static const char *
get_disk_id (gpointer row)
{
  return gh_migrate_disk_row_get_target (row);
}

static void
show_disks (GhMigrateForm *self)
{
  GPtrArray *disks = gh_migrate_plan_get_disks (self->plan);
  GList *rows = NULL;
  gboolean copied = FALSE;

  if (disks == NULL)
    return;
  rows = gtk_container_get_children (GTK_CONTAINER (self->disks_box));
  for (guint i = 0; i < disks->len; i++)
    {
      GhMigrateDisk *disk = g_ptr_array_index (disks, i);
      GtkWidget *row = take_row (&rows, get_disk_id, disk->target);

      if (row != NULL)
        gh_migrate_disk_row_set_disk (GH_MIGRATE_DISK_ROW (row), disk);
      else
        {
          row = gh_migrate_disk_row_new (self->plan, disk);
          gtk_container_add (GTK_CONTAINER (self->disks_box), row);
        }
      gtk_box_reorder_child (self->disks_box, row, (int) i);
      gh_migrate_disk_row_set_separated (GH_MIGRATE_DISK_ROW (row), i > 0);
      copied = copied || disk->mode == GH_MIGRATE_DISK_COPIED;
    }
  g_list_free_full (rows, (GDestroyNotify) gtk_widget_destroy);
  gtk_stack_set_visible_child_name (self->disks_stack, disks->len > 0 ? "disks" : "none");
  gtk_widget_set_visible (self->remove_row, copied);
}

static const char *
get_network_id (gpointer row)
{
  return gh_migrate_network_row_get_id (row);
}

static void
show_networks (GhMigrateForm *self)
{
  GPtrArray *networks = gh_migrate_plan_get_networks (self->plan);
  GList *rows = NULL;

  if (networks == NULL)
    return;
  rows = gtk_container_get_children (GTK_CONTAINER (self->networks_list));
  for (guint i = 0; i < networks->len; i++)
    {
      GhMigrateNetwork *network = g_ptr_array_index (networks, i);
      g_autofree char *id = gh_migrate_network_row_dup_id (network);
      GtkWidget *row = take_row (&rows, get_network_id, id);

      if (row != NULL)
        gh_migrate_network_row_set_network (GH_MIGRATE_NETWORK_ROW (row), network);
      else
        gtk_container_add (GTK_CONTAINER (self->networks_list),
                           gh_migrate_network_row_new (self->plan, network));
    }
  g_list_free_full (rows, (GDestroyNotify) gtk_widget_destroy);
  gtk_widget_set_visible (self->networks_group, networks->len > 0);
}

/* What can be chosen */

static void
show_switch (GhMigrateForm   *self,
             GtkWidget       *widget,
             GhMigrateOption  option)
{
  gboolean active = gtk_switch_get_active (GTK_SWITCH (widget));

  gh_problem_set (widget, gh_migrate_plan_find_problem (self->plan, option, !active));
}

static void
update (GhMigrateForm *self)
{
  const char *problems[GH_MIGRATE_CUSTOM] = { NULL };
  gboolean live = FALSE;

  if (self->state_label == NULL || self->plan == NULL)
    return;

  g_object_get (self->plan, "live", &live, NULL);
  gtk_widget_set_visible (self->choices_box,
                          gh_migrate_plan_get_destination (self->plan) != NULL);
  show_switch (self, self->live_switch, GH_MIGRATE_OPTION_LIVE);
  show_switch (self, self->temporary_switch, GH_MIGRATE_OPTION_TEMPORARY);
  for (int i = 0; i < GH_MIGRATE_CUSTOM; i++)
    problems[i] = gh_migrate_plan_find_problem (self->plan, GH_MIGRATE_OPTION_PRESET, i);
  gh_migrate_presets_set_problems (self->presets, problems);
  gtk_widget_set_visible (GTK_WIDGET (self->presets), live);
}

static void
read_cb (GhMigrateForm *self)
{
  if (self->state_label == NULL || self->plan == NULL)
    return;
  show_disks (self);
  show_networks (self);
}

static void
prepared_cb (GhMigrateForm *self)
{
  read_cb (self);
  update (self);
}

static void
gh_migrate_form_dispose (GObject *object)
{
  GhMigrateForm *self = GH_MIGRATE_FORM (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->bindings);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_migrate_form_parent_class)->dispose (object);
}

static void
gh_migrate_form_class_init (GhMigrateFormClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_migrate_form_dispose;

  g_type_ensure (GH_TYPE_MIGRATE_DESTINATION);
  g_type_ensure (GH_TYPE_MIGRATE_OPTIONS);
  g_type_ensure (GH_TYPE_MIGRATE_PRESETS);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-migrate-form.ui");
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, state_label);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, destination);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, choices_box);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, live_switch);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, temporary_switch);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, name_entry);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, presets);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, disks_stack);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, disks_box);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, networks_group);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, networks_list);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, remove_row);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, remove_switch);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateForm, options);
  gtk_widget_class_bind_template_child_full (widget_class, "more_expander", FALSE, 0);
}

static void
gh_migrate_form_init (GhMigrateForm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
bind_plan (GhMigrateForm *self,
           GhHosts       *hosts)
{
  GBindingFlags flags = G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL;
  GhMachine *machine = gh_migrate_plan_get_machine (self->plan);
  GBindingGroup *bindings = self->bindings = g_binding_group_new ();

  g_object_set (self->destination, "host", gh_migrate_plan_get_destination (self->plan), NULL);
  gh_migrate_destination_set_hosts (self->destination, hosts, gh_machine_get_host (machine));
  g_object_set (self->plan, "destination", gh_migrate_destination_get_host (self->destination),
                NULL);
  gtk_entry_set_placeholder_text (GTK_ENTRY (self->name_entry), gh_machine_get_name (machine));
  g_binding_group_bind (bindings, "destination", self->destination, "host", flags);
  g_binding_group_bind (bindings, "live", self->live_switch, "active", flags);
  g_binding_group_bind (bindings, "temporary", self->temporary_switch, "active", flags);
  g_binding_group_bind (bindings, "preset", self->presets, "preset", flags);
  g_binding_group_bind (bindings, "remove-source", self->remove_switch, "active", flags);
  gh_text_binding_add_optional (bindings, "name", self->name_entry);
  g_binding_group_set_source (bindings, self->plan);
  gh_migrate_options_set_plan (self->options, self->plan);
}

/**
 * gh_migrate_form_new:
 * @plan: the plan
 * @hosts: the hosts it may move to
 *
 * Returns: (transfer floating): the form
 */
GtkWidget *
gh_migrate_form_new (GhMigratePlan *plan,
                     GhHosts       *hosts)
{
  GhMigrateForm *self = NULL;

  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (plan), NULL);
  g_return_val_if_fail (GH_IS_HOSTS (hosts), NULL);

  self = g_object_new (GH_TYPE_MIGRATE_FORM, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  /* While the destination is chosen. */
  gh_host_expect_readings (gh_machine_get_host (gh_migrate_plan_get_machine (plan)));
  bind_plan (self, hosts);
  g_signal_connect_object (plan, "notify::serial", G_CALLBACK (read_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "notify::state", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "prepared", G_CALLBACK (prepared_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gh_migrate_plan_get_machine (plan), "notify::state",
                           G_CALLBACK (show_machine), self, G_CONNECT_SWAPPED);
  show_machine (self);
  prepared_cb (self);
  return GTK_WIDGET (self);
}

GhMigratePlan *
gh_migrate_form_get_plan (GhMigrateForm *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_FORM (self), NULL);

  return self->plan;
}
