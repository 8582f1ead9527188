/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-create-options"

#include "config.h"

#include "gh-create-options.h"

#include <glib/gi18n-lib.h>
#include <handy.h>
#include <stdlib.h>
#include <string.h>

#include "gh-reset-button.h"
#include "gh-text-binding.h"
#include "gh-ui.h"

struct _GhCreateOptions
{
  GtkBin           parent_instance;

  GhCreatePlan    *plan;     /* (nullable) */
  GBindingGroup   *bindings; /* its source is the plan */
  GhHosts         *hosts;    /* (nullable) */
  gboolean         filling;  /* what the combos say now is not the user's choice */

  GtkWidget       *host_row;
  GtkComboBoxText *host_combo;
  GtkWidget       *title_entry;
  GtkComboBoxText *firmware_combo;
  GtkComboBoxText *network_combo;
  GtkComboBoxText *graphics_combo;
  GtkWidget       *pool_row;
  GtkComboBoxText *pool_combo;
  GtkWidget       *file_row;
  GtkWidget       *file_entry;
  GtkWidget       *tpm_row;
  GtkWidget       *tpm_switch;
  GtkWidget       *sound_switch;
  GtkWidget       *clipboard_row;
  GtkWidget       *clipboard_switch;
  GtkWidget       *start_switch;
};

G_DEFINE_FINAL_TYPE (GhCreateOptions, gh_create_options, GTK_TYPE_BIN)

enum
{
  PROP_0,
  PROP_PLAN,
  N_PROPS
};

enum
{
  HOST_CHOSEN,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static const char *reset_buttons[] = { "firmware_reset", "network_reset", "graphics_reset",
                                       "pool_reset", "file_reset", "tpm_reset" };

static gboolean
has_id (GtkComboBoxText *combo,
        const char      *id)
{
  GtkTreeModel *model = gtk_combo_box_get_model (GTK_COMBO_BOX (combo));
  int column = gtk_combo_box_get_id_column (GTK_COMBO_BOX (combo));
  GtkTreeIter iter;
  gboolean valid = gtk_tree_model_get_iter_first (model, &iter);

  for (; valid; valid = gtk_tree_model_iter_next (model, &iter))
    {
      g_autofree char *other = NULL;

      gtk_tree_model_get (model, &iter, column, &other, -1);
      if (g_strcmp0 (other, id) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Selects @id, which is listed as @text if it is not among the choices. */
static void
select_id (GhCreateOptions *self,
           GtkComboBoxText *combo,
           const char      *id,
           const char      *text)
{
  self->filling = TRUE;
  if (id != NULL && *id != '\0' && !has_id (combo, id))
    gtk_combo_box_text_append (combo, id, text);
  gtk_combo_box_set_active_id (GTK_COMBO_BOX (combo), id);
  self->filling = FALSE;
}

static void
show_selected (GhCreateOptions *self)
{
  static const char *firmwares[] = {
    [GH_FIRMWARE_BIOS] = N_("BIOS"), [GH_FIRMWARE_UEFI] = N_("UEFI"),
    [GH_FIRMWARE_UEFI_SECURE] = N_("UEFI with Secure Boot"),
  };
  GhFirmware firmware = gh_create_plan_get_firmware (self->plan);
  g_autofree char *firmware_id = g_strdup_printf ("%d", firmware);
  const char *network = gh_create_plan_get_network (self->plan);
  const char *graphics = gh_create_plan_get_graphics (self->plan);
  const char *pool = gh_create_plan_get_pool (self->plan);
  const char *colon = network != NULL ? strchr (network, ':') : NULL;

  select_id (self, self->firmware_combo, firmware_id, _(firmwares[firmware]));
  select_id (self, self->network_combo, network, colon != NULL ? colon + 1 : network);
  select_id (self, self->graphics_combo, graphics, graphics);
  select_id (self, self->pool_combo, pool, pool);
}

static void
fill_networks (GhCreateOptions *self)
{
  GPtrArray *networks = gh_create_plan_get_networks (self->plan);

  gtk_combo_box_text_remove_all (self->network_combo);
  for (guint i = 0; networks != NULL && i < networks->len; i++)
    {
      GhNetworkInfo *info = g_ptr_array_index (networks, i);
      g_autofree char *id = g_strdup_printf ("network:%s", info->name);
      /* Translators: a virtual network that is not running. */
      g_autofree char *text = info->active ? g_strdup (info->name)
                                           : g_strdup_printf (_("%s (inactive)"), info->name);

      gtk_combo_box_text_append (self->network_combo, id, text);
    }
  gtk_combo_box_text_append (self->network_combo, "user", _("Out only, no set-up"));
  gtk_combo_box_text_append (self->network_combo, "none", _("None"));
}

static void
fill_graphics (GhCreateOptions *self)
{
  GhCapabilities *caps = gh_create_plan_get_capabilities (self->plan);

  gtk_combo_box_text_remove_all (self->graphics_combo);
  if (caps == NULL || caps->has_spice)
    gtk_combo_box_text_append (self->graphics_combo, "spice", _("SPICE"));
  if (caps == NULL || caps->has_vnc)
    gtk_combo_box_text_append (self->graphics_combo, "vnc", _("VNC"));
  gtk_combo_box_text_append (self->graphics_combo, "none", _("None"));
}

static void
fill_firmwares (GhCreateOptions *self)
{
  GhCapabilities *caps = gh_create_plan_get_capabilities (self->plan);

  gtk_combo_box_text_remove_all (self->firmware_combo);
  gtk_combo_box_text_append (self->firmware_combo, "0", _("BIOS"));
  if (caps == NULL || caps->has_uefi)
    gtk_combo_box_text_append (self->firmware_combo, "1", _("UEFI"));
  if (caps == NULL || caps->has_secure_boot)
    gtk_combo_box_text_append (self->firmware_combo, "2", _("UEFI with Secure Boot"));
}

static void
fill_pools (GhCreateOptions *self)
{
  GPtrArray *pools = gh_create_plan_get_pools (self->plan);

  gtk_combo_box_text_remove_all (self->pool_combo);
  for (guint i = 0; pools != NULL && i < pools->len; i++)
    {
      GhPoolInfo *info = g_ptr_array_index (pools, i);
      g_autofree char *free_space = g_format_size_full (info->available, G_FORMAT_SIZE_IEC_UNITS);
      /* Translators: a storage pool and its free space: “default (12 GiB free)”. */
      g_autofree char *text = info->active
                              ? g_strdup_printf (_("%s (%s free)"), info->name, free_space)
                              : g_strdup_printf (_("%s (inactive)"), info->name);

      gtk_combo_box_text_append (self->pool_combo, info->name, text);
    }
}

/* What the host offers has become known, or has changed. */
static void
fill (GhCreateOptions *self)
{
  self->filling = TRUE;
  fill_networks (self);
  fill_graphics (self);
  fill_firmwares (self);
  fill_pools (self);
  self->filling = FALSE;
  show_selected (self);
}

static void
plan_changed_cb (GhCreateOptions *self)
{
  GhCreateSource source = gh_create_plan_get_source (self->plan);
  gboolean new_disk = source != GH_CREATE_FROM_DISK &&
                      gh_create_plan_get_disk_bytes (self->plan) > 0;
  gboolean spice = g_strcmp0 (gh_create_plan_get_graphics (self->plan), "spice") == 0;
  GhCapabilities *caps = gh_create_plan_get_capabilities (self->plan);

  show_selected (self);
  gtk_widget_set_visible (self->pool_row, new_disk);
  gtk_widget_set_visible (self->file_row, new_disk);
  gtk_widget_set_visible (self->clipboard_row, spice);
  gtk_widget_set_visible (self->tpm_row,
                          caps == NULL || caps->has_tpm || gh_create_plan_get_tpm (self->plan));
}

static void
combo_changed_cb (GtkComboBox     *combo,
                  GhCreateOptions *self)
{
  const char *id = gtk_combo_box_get_active_id (combo);
  GtkComboBoxText *text_combo = GTK_COMBO_BOX_TEXT (combo);

  if (self->filling || id == NULL || self->plan == NULL)
    return;

  if (text_combo == self->firmware_combo)
    gh_create_plan_set_firmware (self->plan, (GhFirmware) atoi (id));
  else if (text_combo == self->network_combo)
    gh_create_plan_set_network (self->plan, id);
  else if (text_combo == self->graphics_combo)
    gh_create_plan_set_graphics (self->plan, id);
  else if (text_combo == self->pool_combo)
    gh_create_plan_set_pool (self->plan, id);
}

static void
host_changed_cb (GhCreateOptions *self)
{
  const char *uri = gtk_combo_box_get_active_id (GTK_COMBO_BOX (self->host_combo));
  GhHost *host = NULL;

  if (self->filling || uri == NULL)
    return;

  host = gh_hosts_find (self->hosts, uri);
  if (host != NULL && host != gh_plan_get_host (GH_PLAN (self->plan)))
    g_signal_emit (self, signals[HOST_CHOSEN], 0, host);
}

static void
fill_hosts (GhCreateOptions *self)
{
  guint n_hosts = g_list_model_get_n_items (G_LIST_MODEL (self->hosts));
  GhHost *current = self->plan != NULL ? gh_plan_get_host (GH_PLAN (self->plan)) : NULL;

  self->filling = TRUE;
  gtk_combo_box_text_remove_all (self->host_combo);
  for (guint i = 0; i < n_hosts; i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (self->hosts), i);

      gtk_combo_box_text_append (self->host_combo, gh_host_get_uri (host),
                                 gh_host_get_label (host));
    }
  gtk_combo_box_set_active_id (GTK_COMBO_BOX (self->host_combo),
                               current != NULL ? gh_host_get_uri (current) : NULL);
  gtk_widget_set_visible (self->host_row, n_hosts > 1);
  self->filling = FALSE;
}

static void
set_plan (GhCreateOptions *self,
          GhCreatePlan    *plan)
{
  if (plan == self->plan)
    return;

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_set_object (&self->plan, plan);
  g_binding_group_set_source (self->bindings, plan);
  if (plan != NULL)
    {
      g_signal_connect_object (plan, "choices-changed", G_CALLBACK (fill), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (plan, "notify", G_CALLBACK (plan_changed_cb), self,
                               G_CONNECT_SWAPPED);
      fill (self);
      plan_changed_cb (self);
    }
  if (plan != NULL && self->hosts != NULL)
    fill_hosts (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PLAN]);
}

static void
gh_create_options_dispose (GObject *object)
{
  GhCreateOptions *self = GH_CREATE_OPTIONS (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  g_clear_object (&self->bindings);
  g_clear_object (&self->hosts);
  G_OBJECT_CLASS (gh_create_options_parent_class)->dispose (object);
}

static void
gh_create_options_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  if (prop_id == PROP_PLAN)
    g_value_set_object (value, GH_CREATE_OPTIONS (object)->plan);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gh_create_options_set_property (GObject      *object,
                                guint         prop_id,
                                const GValue *value,
                                GParamSpec   *pspec)
{
  if (prop_id == PROP_PLAN)
    set_plan (GH_CREATE_OPTIONS (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gh_create_options_class_init (GhCreateOptionsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_create_options_dispose;
  object_class->get_property = gh_create_options_get_property;
  object_class->set_property = gh_create_options_set_property;

  properties[PROP_PLAN] = g_param_spec_object ("plan", NULL, NULL, GH_TYPE_CREATE_PLAN,
                                               G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                               G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * GhCreateOptions::host-chosen:
   * @host: where the machine is to be made
   */
  signals[HOST_CHOSEN] = g_signal_new ("host-chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                       0, NULL, NULL, NULL, G_TYPE_NONE, 1, GH_TYPE_HOST);

  g_type_ensure (GH_TYPE_RESET_BUTTON);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-create-options.ui");
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, host_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, host_combo);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, title_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, firmware_combo);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, network_combo);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, graphics_combo);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, pool_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, pool_combo);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, file_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, file_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, tpm_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, tpm_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, sound_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, clipboard_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, clipboard_switch);
  gtk_widget_class_bind_template_child (widget_class, GhCreateOptions, start_switch);
  for (guint i = 0; i < G_N_ELEMENTS (reset_buttons); i++)
    gtk_widget_class_bind_template_child_full (widget_class, reset_buttons[i],
                                               /* internal_child= */ FALSE, 0);
  gtk_widget_class_bind_template_callback (widget_class, combo_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, host_changed_cb);
}

/* A long name shall not make the window wider. */
static void
let_shrink (GtkComboBoxText *combo)
{
  g_autoptr (GList) cells = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (combo));

  for (GList *l = cells; l != NULL; l = l->next)
    g_object_set (l->data, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
}

static void
gh_create_options_init (GhCreateOptions *self)
{
  GBindingFlags flags = G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL;

  gtk_widget_init_template (GTK_WIDGET (self));
  let_shrink (self->host_combo);
  let_shrink (self->firmware_combo);
  let_shrink (self->network_combo);
  let_shrink (self->graphics_combo);
  let_shrink (self->pool_combo);
  /* GtkBuilder cannot bind properties that are objects. */
  for (guint i = 0; i < G_N_ELEMENTS (reset_buttons); i++)
    g_object_bind_property (self, "plan",
                            gtk_widget_get_template_child (GTK_WIDGET (self),
                                                           GH_TYPE_CREATE_OPTIONS,
                                                           reset_buttons[i]),
                            "plan", G_BINDING_DEFAULT);
  self->bindings = g_binding_group_new ();
  gh_text_binding_add (self->bindings, "title", self->title_entry);
  gh_text_binding_add (self->bindings, "disk-name", self->file_entry);
  g_binding_group_bind (self->bindings, "tpm", self->tpm_switch, "active", flags);
  g_binding_group_bind (self->bindings, "sound", self->sound_switch, "active", flags);
  g_binding_group_bind (self->bindings, "clipboard", self->clipboard_switch, "active", flags);
  g_binding_group_bind (self->bindings, "start", self->start_switch, "active", flags);
}

/**
 * gh_create_options_set_hosts:
 * @self: the options
 * @hosts: where a machine can be made
 */
void
gh_create_options_set_hosts (GhCreateOptions *self,
                             GhHosts         *hosts)
{
  g_return_if_fail (GH_IS_CREATE_OPTIONS (self));
  g_return_if_fail (self->hosts == NULL);

  self->hosts = g_object_ref (hosts);
  g_signal_connect_object (hosts, "items-changed", G_CALLBACK (fill_hosts), self,
                           G_CONNECT_SWAPPED);
  fill_hosts (self);
}
