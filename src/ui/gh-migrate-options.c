/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-options"

#include "config.h"

#include "gh-migrate-options.h"

#include <glib/gi18n-lib.h>

#include "gh-problem.h"
#include "gh-text-binding.h"
#include "gh-ui.h"

/* In the order of GhMigrateRoute and GhMigrateCompression. */
static const char *const route_labels[] = {
  N_("Directly, led from here"),
  N_("Directly, led by the host"),
  N_("Inside the hosts’ connection"),
};
static const char *const compression_labels[] = {
  N_("None"),
  N_("Only what changed (XBZRLE)"),
  N_("All of it (zlib)"),
};

/* Besides the one that is chosen. */
#define MAX_CHOICES 2

enum
{
  COLUMN_LABEL,
  COLUMN_SENSITIVE,
  N_COLUMNS
};

struct _GhMigrateOptions
{
  GtkBin         parent_instance;

  GhMigratePlan *plan;     /* (owned) (nullable) */
  GBindingGroup *bindings; /* its source is the plan */
  gboolean       showing;  /* what the lists say now is not the user's choice */

  GtkComboBox   *route_combo;
  GtkComboBox   *compression_combo;
  GtkWidget     *converge_switch;
  GtkWidget     *post_copy_switch;
  GtkWidget     *parallel_switch;
  GtkWidget     *connections_spin;
  GtkWidget     *connections_row;
  GtkWidget     *bandwidth_spin;
  GtkWidget     *downtime_spin;
  GtkWidget     *tls_switch;
  GtkWidget     *address_entry;
  GtkWidget     *disks_address_entry;
};

G_DEFINE_FINAL_TYPE (GhMigrateOptions, gh_migrate_options, GTK_TYPE_BIN)

static void
fill_combo (GtkComboBox       *combo,
            const char *const *labels,
            guint              n)
{
  g_autoptr (GtkListStore) store = gtk_list_store_new (N_COLUMNS, G_TYPE_STRING, G_TYPE_BOOLEAN);
  GtkCellRenderer *renderer = gtk_cell_renderer_text_new ();

  for (guint i = 0; i < n; i++)
    gtk_list_store_insert_with_values (store, NULL, -1, COLUMN_LABEL, _(labels[i]),
                                       COLUMN_SENSITIVE, TRUE, -1);
  g_object_set (renderer, "ellipsize", PANGO_ELLIPSIZE_END, "width-chars", 10, NULL);
  gtk_cell_layout_pack_start (GTK_CELL_LAYOUT (combo), renderer, TRUE);
  gtk_cell_layout_set_attributes (GTK_CELL_LAYOUT (combo), renderer, "text", COLUMN_LABEL,
                                  "sensitive", COLUMN_SENSITIVE, NULL);
  gtk_combo_box_set_model (combo, GTK_TREE_MODEL (store));
}

/* What cannot be chosen from a list is gray there, and its row says why. */
static void
show_choice (GhMigrateOptions  *self,
             GtkComboBox       *combo,
             const char        *property,
             GhMigrateOption    option,
             const char *const *labels)
{
  const char *choices[MAX_CHOICES];
  const char *problems[MAX_CHOICES];
  g_autofree char *text = NULL;
  guint n = 0;
  GtkTreeModel *model = gtk_combo_box_get_model (combo);
  GtkTreeIter iter;
  int value = 0;

  g_object_get (self->plan, property, &value, NULL);
  self->showing = TRUE;
  gtk_combo_box_set_active (combo, value);
  self->showing = FALSE;
  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    {
      g_autoptr (GtkTreePath) path = gtk_tree_model_get_path (model, &iter);
      int i = gtk_tree_path_get_indices (path)[0];
      const char *problem = i != value
                            ? gh_migrate_plan_find_problem (self->plan, option, i) : NULL;

      gtk_list_store_set (GTK_LIST_STORE (model), &iter, COLUMN_SENSITIVE, problem == NULL, -1);
      if (i == value || n == MAX_CHOICES)
        continue;
      choices[n] = _(labels[i]);
      problems[n++] = problem;
    }
  text = gh_problem_dup_text (choices, problems, n);
  gh_problem_in_row (GTK_WIDGET (combo), text);
}

static void
show_switch (GhMigrateOptions *self,
             GtkWidget        *widget,
             GhMigrateOption   option)
{
  gboolean active = gtk_switch_get_active (GTK_SWITCH (widget));

  gh_problem_set (widget, gh_migrate_plan_find_problem (self->plan, option, !active));
}

/* A number or a text that is set can always be taken away. */
static void
show_value (GhMigrateOptions *self,
            GtkWidget        *widget,
            GhMigrateOption   option,
            gboolean          is_set)
{
  gh_problem_set (widget, is_set ? NULL : gh_migrate_plan_find_problem (self->plan, option, 1));
}

static gboolean
has_number (GtkWidget *spin)
{
  return gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (spin)) != 0;
}

static gboolean
has_text (GtkWidget *entry)
{
  return *gtk_entry_get_text (GTK_ENTRY (entry)) != '\0';
}

static void
update (GhMigrateOptions *self)
{
  if (self->plan == NULL || self->route_combo == NULL)
    return;

  show_choice (self, self->route_combo, "route", GH_MIGRATE_OPTION_ROUTE, route_labels);
  show_choice (self, self->compression_combo, "compression", GH_MIGRATE_OPTION_COMPRESSION,
               compression_labels);
  show_switch (self, self->converge_switch, GH_MIGRATE_OPTION_AUTO_CONVERGE);
  show_switch (self, self->post_copy_switch, GH_MIGRATE_OPTION_POST_COPY);
  show_switch (self, self->parallel_switch, GH_MIGRATE_OPTION_PARALLEL);
  show_switch (self, self->tls_switch, GH_MIGRATE_OPTION_TLS);
  show_value (self, self->connections_spin, GH_MIGRATE_OPTION_CONNECTIONS,
              has_number (self->connections_spin));
  show_value (self, self->bandwidth_spin, GH_MIGRATE_OPTION_BANDWIDTH,
              has_number (self->bandwidth_spin));
  show_value (self, self->downtime_spin, GH_MIGRATE_OPTION_DOWNTIME,
              has_number (self->downtime_spin));
  show_value (self, self->address_entry, GH_MIGRATE_OPTION_ADDRESS,
              has_text (self->address_entry));
  show_value (self, self->disks_address_entry, GH_MIGRATE_OPTION_ADDRESS,
              has_text (self->disks_address_entry));
  gtk_widget_set_visible (self->connections_row,
                          gtk_switch_get_active (GTK_SWITCH (self->parallel_switch)));
}

static void
combo_changed_cb (GtkComboBox      *combo,
                  GhMigrateOptions *self)
{
  if (self->showing || self->plan == NULL)
    return;
  g_object_set (self->plan, combo == self->route_combo ? "route" : "compression",
                gtk_combo_box_get_active (combo), NULL);
}

/* “0” says what it stands for. */
static gboolean
spin_output_cb (GtkSpinButton *spin,
                gpointer       user_data)
{
  GhMigrateOptions *self = GH_MIGRATE_OPTIONS (user_data);
  int value = gtk_spin_button_get_value_as_int (spin);
  const char *zero = GTK_WIDGET (spin) == self->bandwidth_spin ? _("No limit") : _("Automatic");
  g_autofree char *text = NULL;

  if (value == 0)
    text = g_strdup (zero);
  else if (GTK_WIDGET (spin) == self->bandwidth_spin)
    text = g_strdup_printf (_("%d MiB/s"), value);
  else if (GTK_WIDGET (spin) == self->downtime_spin)
    text = g_strdup_printf (_("%d ms"), value);
  else
    text = g_strdup_printf ("%d", value);
  if (g_strcmp0 (gtk_entry_get_text (GTK_ENTRY (spin)), text) != 0)
    gtk_entry_set_text (GTK_ENTRY (spin), text);
  return TRUE;
}

/* The number it begins with; words stand for 0. */
static int
spin_input_cb (GtkSpinButton *spin,
               double        *value,
               gpointer       user_data)
{
  *value = g_ascii_strtod (gtk_entry_get_text (GTK_ENTRY (spin)), NULL);
  return TRUE;
}

static void
gh_migrate_options_dispose (GObject *object)
{
  GhMigrateOptions *self = GH_MIGRATE_OPTIONS (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->bindings);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_migrate_options_parent_class)->dispose (object);
}

static void
gh_migrate_options_class_init (GhMigrateOptionsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_migrate_options_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-migrate-options.ui");
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, route_combo);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, compression_combo);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, converge_switch);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, post_copy_switch);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, parallel_switch);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, connections_spin);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, connections_row);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, bandwidth_spin);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, downtime_spin);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, tls_switch);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, address_entry);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateOptions, disks_address_entry);
  gtk_widget_class_bind_template_callback (widget_class, combo_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, spin_output_cb);
  gtk_widget_class_bind_template_callback (widget_class, spin_input_cb);
}

static void
gh_migrate_options_init (GhMigrateOptions *self)
{
  G_STATIC_ASSERT (G_N_ELEMENTS (route_labels) == GH_MIGRATE_N_ROUTES);
  G_STATIC_ASSERT (G_N_ELEMENTS (route_labels) - 1 <= MAX_CHOICES);
  G_STATIC_ASSERT (G_N_ELEMENTS (compression_labels) - 1 <= MAX_CHOICES);
  G_STATIC_ASSERT (G_N_ELEMENTS (compression_labels) == GH_MIGRATE_N_COMPRESSIONS);
  gtk_widget_init_template (GTK_WIDGET (self));
  fill_combo (self->route_combo, route_labels, G_N_ELEMENTS (route_labels));
  fill_combo (self->compression_combo, compression_labels, G_N_ELEMENTS (compression_labels));
}

/**
 * gh_migrate_options_set_plan:
 * @self: the options
 * @plan: whose they are; once
 */
void
gh_migrate_options_set_plan (GhMigrateOptions *self,
                             GhMigratePlan    *plan)
{
  GBindingFlags flags = G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL;

  g_return_if_fail (GH_IS_MIGRATE_OPTIONS (self));
  g_return_if_fail (GH_IS_MIGRATE_PLAN (plan));
  g_return_if_fail (self->plan == NULL);

  self->plan = g_object_ref (plan);
  self->bindings = g_binding_group_new ();
  g_binding_group_bind (self->bindings, "auto-converge", self->converge_switch, "active", flags);
  g_binding_group_bind (self->bindings, "post-copy", self->post_copy_switch, "active", flags);
  g_binding_group_bind (self->bindings, "parallel", self->parallel_switch, "active", flags);
  g_binding_group_bind (self->bindings, "tls", self->tls_switch, "active", flags);
  g_binding_group_bind (self->bindings, "connections", self->connections_spin, "value", flags);
  g_binding_group_bind (self->bindings, "bandwidth", self->bandwidth_spin, "value", flags);
  g_binding_group_bind (self->bindings, "downtime", self->downtime_spin, "value", flags);
  gh_text_binding_add_optional (self->bindings, "address", self->address_entry);
  gh_text_binding_add_optional (self->bindings, "disks-address", self->disks_address_entry);
  g_binding_group_set_source (self->bindings, plan);
  /* Each choice may make others possible or not. */
  g_signal_connect_object (plan, "notify::state", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (plan, "prepared", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}
