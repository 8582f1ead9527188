/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-destination"

#include "config.h"

#include "gh-migrate-destination.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

#include "gh-add-host-dialog.h"
#include "gh-ui.h"

struct _GhMigrateDestination
{
  GtkBin        parent_instance;

  GhHosts      *hosts;   /* (owned) (nullable) */
  GhHost       *source;  /* (owned) (nullable) */
  GhHost       *host;    /* (owned) (nullable) */
  char         *choices; /* those in the list, one a line */
  gboolean      showing; /* what the list says now is not the user's choice */

  GtkStack     *stack;
  HdyActionRow *row;
  GtkComboBox  *combo;
};

G_DEFINE_FINAL_TYPE (GhMigrateDestination, gh_migrate_destination, GTK_TYPE_BIN)

enum
{
  PROP_0,
  PROP_HOST,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static gboolean
is_choice (GhMigrateDestination *self,
           GhHost               *host)
{
  return host != self->source;
}

static char *
dup_label (GhHost *host)
{
  if (gh_host_get_state (host) == GH_HOST_CONNECTED)
    return g_strdup (gh_host_get_label (host));
  /* Translators: %s is the name of a host. */
  return g_strdup_printf (_("%s (not connected)"), gh_host_get_label (host));
}

static void
show_choices (GhMigrateDestination *self)
{
  GtkComboBoxText *combo = GTK_COMBO_BOX_TEXT (self->combo);
  GListModel *hosts = G_LIST_MODEL (self->hosts);
  g_autoptr (GString) choices = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (hosts, i);
      g_autofree char *label = dup_label (host);

      if (is_choice (self, host))
        g_string_append_printf (choices, "%s %s\n", gh_host_get_uri (host), label);
    }
  self->showing = TRUE;
  /* The list would close under the pointer if it were filled anew each time. */
  if (g_strcmp0 (self->choices, choices->str) != 0)
    {
      gtk_combo_box_text_remove_all (combo);
      for (guint i = 0; i < g_list_model_get_n_items (hosts); i++)
        {
          g_autoptr (GhHost) host = g_list_model_get_item (hosts, i);
          g_autofree char *label = dup_label (host);

          if (is_choice (self, host))
            gtk_combo_box_text_append (combo, gh_host_get_uri (host), label);
        }
      g_free (self->choices);
      self->choices = g_strdup (choices->str);
    }
  n = (guint) gtk_tree_model_iter_n_children (gtk_combo_box_get_model (self->combo), NULL);
  gtk_combo_box_set_active_id (self->combo,
                               self->host != NULL ? gh_host_get_uri (self->host) : NULL);
  self->showing = FALSE;
  /* In a narrow window an address can be longer than there is room for. */
  hdy_action_row_set_subtitle (self->row,
                               self->host != NULL ? gh_host_get_uri (self->host) : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->row),
                               self->host != NULL ? gh_host_get_uri (self->host) : NULL);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "some" : "none");
}

static void
set_host (GhMigrateDestination *self,
          GhHost               *host)
{
  if (!g_set_object (&self->host, host))
    return;
  if (self->hosts != NULL && self->stack != NULL)
    show_choices (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HOST]);
}

/* Where there is one choice, it is made; one that is gone is none. */
static void
choose (GhMigrateDestination *self)
{
  GListModel *hosts = G_LIST_MODEL (self->hosts);
  g_autoptr (GhHost) only = NULL;
  guint n_connected = 0;

  if (self->host != NULL && gh_hosts_find (self->hosts, gh_host_get_uri (self->host)) != NULL)
    return;
  for (guint i = 0; i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (hosts, i);

      if (!is_choice (self, host) || gh_host_get_state (host) != GH_HOST_CONNECTED)
        continue;
      n_connected++;
      g_set_object (&only, host);
    }
  set_host (self, n_connected == 1 ? only : NULL);
}

static void
host_changed_cb (GhMigrateDestination *self)
{
  if (self->stack != NULL)
    show_choices (self);
}

static void
hosts_changed_cb (GhMigrateDestination *self)
{
  GListModel *hosts = G_LIST_MODEL (self->hosts);

  for (guint i = 0; i < g_list_model_get_n_items (hosts); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (hosts, i);

      g_signal_handlers_disconnect_by_func (host, host_changed_cb, self);
      g_signal_connect_object (host, "notify::label", G_CALLBACK (host_changed_cb), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (host, "notify::state", G_CALLBACK (host_changed_cb), self,
                               G_CONNECT_SWAPPED);
    }
  choose (self);
  show_choices (self);
}

static void
combo_changed_cb (GhMigrateDestination *self)
{
  const char *uri = gtk_combo_box_get_active_id (self->combo);

  if (!self->showing && uri != NULL)
    set_host (self, gh_hosts_find (self->hosts, uri));
}

static void
host_added_cb (GhMigrateDestination *self,
               GhHost               *host)
{
  if (self->stack != NULL && is_choice (self, host))
    set_host (self, host);
}

static void
add_clicked_cb (GhMigrateDestination *self)
{
  GtkWidget *toplevel = gtk_widget_get_toplevel (GTK_WIDGET (self));
  GhAddHostDialog *dialog =
    gh_add_host_dialog_present (GTK_IS_WINDOW (toplevel) ? GTK_WINDOW (toplevel) : NULL,
                                self->hosts);

  g_signal_connect_object (dialog, "added", G_CALLBACK (host_added_cb), self, G_CONNECT_SWAPPED);
}

static void
gh_migrate_destination_dispose (GObject *object)
{
  GhMigrateDestination *self = GH_MIGRATE_DESTINATION (object);

  if (self->hosts != NULL)
    g_signal_handlers_disconnect_by_data (self->hosts, self);
  g_clear_object (&self->hosts);
  g_clear_object (&self->source);
  g_clear_object (&self->host);
  G_OBJECT_CLASS (gh_migrate_destination_parent_class)->dispose (object);
}

static void
gh_migrate_destination_finalize (GObject *object)
{
  g_free (GH_MIGRATE_DESTINATION (object)->choices);
  G_OBJECT_CLASS (gh_migrate_destination_parent_class)->finalize (object);
}

static void
gh_migrate_destination_get_property (GObject    *object,
                                     guint       prop_id,
                                     GValue     *value,
                                     GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, GH_MIGRATE_DESTINATION (object)->host);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_migrate_destination_set_property (GObject      *object,
                                     guint         prop_id,
                                     const GValue *value,
                                     GParamSpec   *pspec)
{
  switch (prop_id)
    {
    case PROP_HOST:
      set_host (GH_MIGRATE_DESTINATION (object), g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_migrate_destination_class_init (GhMigrateDestinationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_migrate_destination_dispose;
  object_class->finalize = gh_migrate_destination_finalize;
  object_class->get_property = gh_migrate_destination_get_property;
  object_class->set_property = gh_migrate_destination_set_property;

  properties[PROP_HOST] = g_param_spec_object ("host", NULL, NULL, GH_TYPE_HOST,
                                               G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                               G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-migrate-destination.ui");
  gtk_widget_class_bind_template_child (widget_class, GhMigrateDestination, stack);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateDestination, row);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateDestination, combo);
  gtk_widget_class_bind_template_callback (widget_class, combo_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, add_clicked_cb);
}

static void
gh_migrate_destination_init (GhMigrateDestination *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_migrate_destination_set_hosts:
 * @self: the choice
 * @hosts: the hosts to choose from
 * @source: (nullable): where it is now
 *
 * To be called once.
 */
void
gh_migrate_destination_set_hosts (GhMigrateDestination *self,
                                  GhHosts              *hosts,
                                  GhHost               *source)
{
  g_return_if_fail (GH_IS_MIGRATE_DESTINATION (self));
  g_return_if_fail (GH_IS_HOSTS (hosts));
  g_return_if_fail (self->hosts == NULL);

  self->hosts = g_object_ref (hosts);
  g_set_object (&self->source, source);
  g_signal_connect_object (hosts, "items-changed", G_CALLBACK (hosts_changed_cb), self,
                           G_CONNECT_SWAPPED);
  hosts_changed_cb (self);
}

GhHost *
gh_migrate_destination_get_host (GhMigrateDestination *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_DESTINATION (self), NULL);

  return self->host;
}
