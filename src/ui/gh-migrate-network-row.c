/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-network-row"

#include "config.h"

#include "gh-migrate-network-row.h"

#include <glib/gi18n-lib.h>

struct _GhMigrateNetworkRow
{
  HdyActionRow      parent_instance;

  GhMigratePlan    *plan;    /* (owned) (nullable) */
  GhMigrateNetwork *network; /* (owned) (nullable) */
  char             *id;
  char             *choices; /* those in the list, one a line */
  gboolean          showing; /* what the list says now is not the user's choice */
  GtkWidget        *combo;   /* (unowned) */
};

G_DEFINE_FINAL_TYPE (GhMigrateNetworkRow, gh_migrate_network_row, HDY_TYPE_ACTION_ROW)

/* A bridge, or another interface. */
static gboolean
is_of_host (GhMigrateNetwork *network)
{
  return g_strcmp0 (network->type, "network") != 0;
}

static const char *
get_title_format (GhMigrateNetwork *network)
{
  if (g_strcmp0 (network->type, "bridge") == 0)
    return _("Bridge “%s”");
  return is_of_host (network) ? _("Interface “%s”") : _("Network “%s”");
}

/* The names of all that is like it there, and what is chosen, be it there or not. */
static GPtrArray *
collect_choices (GhMigrateNetworkRow *self)
{
  GPtrArray *names = gh_migrate_plan_dup_there (self->plan, self->network->type);
  guint i;

  if (names == NULL)
    names = g_ptr_array_new_with_free_func (g_free);
  if (!g_ptr_array_find_with_equal_func (names, self->network->destination, g_str_equal, &i))
    g_ptr_array_add (names, g_strdup (self->network->destination));
  return names;
}

static void
show_choices (GhMigrateNetworkRow *self)
{
  GtkComboBoxText *combo = GTK_COMBO_BOX_TEXT (self->combo);
  g_autoptr (GPtrArray) names = collect_choices (self);
  g_autoptr (GString) choices = g_string_new (NULL);

  for (guint i = 0; i < names->len; i++)
    g_string_append_printf (choices, "%s\n", (char *) g_ptr_array_index (names, i));
  self->showing = TRUE;
  /* The list would close under the pointer if it were filled anew each time. */
  if (g_strcmp0 (self->choices, choices->str) != 0)
    {
      gtk_combo_box_text_remove_all (combo);
      for (guint i = 0; i < names->len; i++)
        gtk_combo_box_text_append (combo, g_ptr_array_index (names, i),
                                   g_ptr_array_index (names, i));
      g_free (self->choices);
      self->choices = g_strdup (choices->str);
    }
  gtk_combo_box_set_active_id (GTK_COMBO_BOX (self->combo), self->network->destination);
  self->showing = FALSE;
}

static void
choice_changed_cb (GhMigrateNetworkRow *self)
{
  g_autofree char *name = gtk_combo_box_text_get_active_text (GTK_COMBO_BOX_TEXT (self->combo));

  if (self->showing || name == NULL || *name == '\0' ||
      g_strcmp0 (name, self->network->destination) == 0)
    return;
  gh_migrate_plan_set_network (self->plan, self->network->name,
                               g_strcmp0 (name, self->network->name) != 0 ? name : NULL);
}

static void
gh_migrate_network_row_finalize (GObject *object)
{
  GhMigrateNetworkRow *self = GH_MIGRATE_NETWORK_ROW (object);

  g_clear_object (&self->plan);
  g_clear_pointer (&self->network, gh_migrate_network_unref);
  g_free (self->id);
  g_free (self->choices);
  G_OBJECT_CLASS (gh_migrate_network_row_parent_class)->finalize (object);
}

static void
gh_migrate_network_row_class_init (GhMigrateNetworkRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_migrate_network_row_finalize;
}

static void
gh_migrate_network_row_init (GhMigrateNetworkRow *self)
{
  hdy_action_row_set_title_lines (HDY_ACTION_ROW (self), 0);
  hdy_action_row_set_subtitle_lines (HDY_ACTION_ROW (self), 0);
}

/**
 * gh_migrate_network_row_new:
 * @plan: the plan
 * @network: one of its networks
 *
 * Returns: (transfer floating): the row
 */
GtkWidget *
gh_migrate_network_row_new (GhMigratePlan    *plan,
                            GhMigrateNetwork *network)
{
  GhMigrateNetworkRow *self = NULL;
  g_autofree char *title = NULL;

  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (plan), NULL);
  g_return_val_if_fail (network != NULL, NULL);

  self = g_object_new (GH_TYPE_MIGRATE_NETWORK_ROW, "visible", TRUE, NULL);
  self->plan = g_object_ref (plan);
  self->id = gh_migrate_network_row_dup_id (network);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  title = g_strdup_printf (get_title_format (network), network->name);
#pragma GCC diagnostic pop
  hdy_preferences_row_set_title (HDY_PREFERENCES_ROW (self), title);
  /* Not every host tells which bridges and interfaces it has: their names can be typed, too. */
  self->combo = is_of_host (network) ? gtk_combo_box_text_new_with_entry ()
                                    : gtk_combo_box_text_new ();
  g_object_set (self->combo, "valign", GTK_ALIGN_CENTER, "visible", TRUE, NULL);
  atk_object_set_name (gtk_widget_get_accessible (self->combo), title);
  gtk_container_add (GTK_CONTAINER (self), self->combo);
  g_signal_connect_object (self->combo, "changed", G_CALLBACK (choice_changed_cb), self,
                           G_CONNECT_SWAPPED);
  gh_migrate_network_row_set_network (self, network);
  return GTK_WIDGET (self);
}

const char *
gh_migrate_network_row_get_id (GhMigrateNetworkRow *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_NETWORK_ROW (self), NULL);

  return self->id;
}

char *
gh_migrate_network_row_dup_id (GhMigrateNetwork *network)
{
  return g_strdup_printf ("%s %s", network->type, network->name);
}

/**
 * gh_migrate_network_row_set_network:
 * @self: a row
 * @network: its network, as it was found last
 */
void
gh_migrate_network_row_set_network (GhMigrateNetworkRow *self,
                                    GhMigrateNetwork    *network)
{
  const char *text = NULL;

  g_return_if_fail (GH_IS_MIGRATE_NETWORK_ROW (self));
  g_return_if_fail (network != NULL);

  gh_migrate_network_ref (network);
  g_clear_pointer (&self->network, gh_migrate_network_unref);
  self->network = network;
  if (!network->is_there)
    text = _("It is not there");
  else if (!network->is_active)
    text = is_of_host (network) ? _("It is there, but down") : _("It is there, but not started");
  hdy_action_row_set_subtitle (HDY_ACTION_ROW (self), text);
  show_choices (self);
}
