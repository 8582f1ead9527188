/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-create-form"

#include "config.h"

#include "gh-create-form.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

#include "gh-create-options.h"
#include "gh-file-entry.h"
#include "gh-os-chooser.h"
#include "gh-reset-button.h"
#include "gh-size-spin.h"
#include "gh-text-binding.h"
#include "gh-ui.h"

struct _GhCreateForm
{
  GtkBin           parent_instance;

  GhCreatePlan    *plan;
  GBindingGroup   *bindings; /* its source is the plan */
  gboolean         showing;  /* what the tiles say now is not the user's choice */
  gboolean         ready;

  GtkToggleButton *iso_tile;
  GtkToggleButton *disk_tile;
  GtkToggleButton *kernel_tile;
  GtkToggleButton *nothing_tile;
  GtkWidget       *iso_row;
  GhFileEntry     *iso_entry;
  GtkWidget       *disk_row;
  GhFileEntry     *disk_entry;
  GtkWidget       *kernel_row;
  GhFileEntry     *kernel_entry;
  GtkWidget       *initrd_row;
  GhFileEntry     *initrd_entry;
  GtkWidget       *cmdline_row;
  GtkWidget       *cmdline_entry;
  HdyActionRow    *os_row;
  GtkSpinner      *os_spinner;
  GtkLabel        *os_label;
  GtkWidget       *os_button;
  GtkWidget       *name_entry;
  GtkWidget       *memory_spin;
  GtkWidget       *cpus_spin;
  GtkWidget       *size_row;
  GtkWidget       *size_spin;
  GhCreateOptions *options;
};

G_DEFINE_FINAL_TYPE (GhCreateForm, gh_create_form, GTK_TYPE_BIN)

enum
{
  PROP_0,
  PROP_PLAN,
  PROP_READY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static const char *reset_buttons[] = { "name_reset", "os_reset", "memory_reset", "cpus_reset",
                                       "size_reset" };

static gboolean
is_given (const char *path)
{
  return path != NULL && *path != '\0';
}

static gboolean
is_ready (GhCreateForm *self)
{
  switch (gh_create_plan_get_source (self->plan))
    {
    case GH_CREATE_FROM_ISO:
      return is_given (gh_create_plan_get_iso_path (self->plan));
    case GH_CREATE_FROM_DISK:
      return is_given (gh_create_plan_get_disk_path (self->plan));
    case GH_CREATE_FROM_KERNEL:
      return is_given (gh_create_plan_get_kernel_path (self->plan));
    case GH_CREATE_FROM_NOTHING:
    default:
      return TRUE;
    }
}

static void
show_source (GhCreateForm *self)
{
  GhCreateSource source = gh_create_plan_get_source (self->plan);
  GtkToggleButton *tile = source == GH_CREATE_FROM_ISO      ? self->iso_tile
                          : source == GH_CREATE_FROM_DISK   ? self->disk_tile
                          : source == GH_CREATE_FROM_KERNEL ? self->kernel_tile
                                                            : self->nothing_tile;
  gboolean kernel = source == GH_CREATE_FROM_KERNEL;

  self->showing = TRUE;
  gtk_toggle_button_set_active (tile, TRUE);
  self->showing = FALSE;
  gtk_widget_set_visible (self->iso_row, source == GH_CREATE_FROM_ISO);
  gtk_widget_set_visible (self->disk_row, source == GH_CREATE_FROM_DISK);
  gtk_widget_set_visible (self->kernel_row, kernel);
  gtk_widget_set_visible (self->initrd_row, kernel);
  gtk_widget_set_visible (self->cmdline_row, kernel);
  gtk_widget_set_visible (self->size_row, source != GH_CREATE_FROM_DISK);
}

static void
show_os (GhCreateForm *self)
{
  gboolean iso = gh_create_plan_get_source (self->plan) == GH_CREATE_FROM_ISO &&
                 is_given (gh_create_plan_get_iso_path (self->plan));
  gboolean overridden = gh_create_plan_is_overridden (self->plan, GH_CREATE_OS);
  gboolean looking = iso && !overridden && gh_create_plan_get_loading (self->plan);
  const char *name = gh_create_plan_get_os_name (self->plan);
  const char *detected = gh_create_plan_get_detected_os (self->plan);
  g_autofree char *note = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->os_spinner), looking);
  g_object_set (self->os_spinner, "active", looking, NULL);
  gtk_label_set_label (self->os_label, name != NULL ? name : _("Another system"));
  gtk_widget_set_tooltip_text (self->os_button, name);

  if (looking)
    note = g_strdup (_("Recognising…"));
  else if (iso && overridden && detected != NULL)
    note = g_strdup_printf (_("Recognised: %s"), detected);
  else if (iso && overridden)
    note = g_strdup (_("Your choice"));
  else if (iso && detected != NULL)
    note = g_strdup (_("Recognised"));
  else if (iso)
    note = g_strdup (_("Not recognised; the machine suits most systems"));
  else
    note = g_strdup (_("What the machine is fitted out for"));
  hdy_action_row_set_subtitle (self->os_row, note);
}

static void
plan_changed_cb (GhCreateForm *self)
{
  gboolean ready = is_ready (self);

  show_source (self);
  show_os (self);
  if (ready == self->ready)
    return;

  self->ready = ready;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_READY]);
}

static gboolean
kib_to_mib (GBinding     *binding,
            const GValue *from,
            GValue       *to,
            gpointer      user_data)
{
  g_value_set_double (to, (double) (g_value_get_uint64 (from) / 1024));
  return TRUE;
}

static gboolean
mib_to_kib (GBinding     *binding,
            const GValue *from,
            GValue       *to,
            gpointer      user_data)
{
  g_value_set_uint64 (to, (guint64) g_value_get_double (from) * 1024);
  return TRUE;
}

static gboolean
bytes_to_mib (GBinding     *binding,
              const GValue *from,
              GValue       *to,
              gpointer      user_data)
{
  g_value_set_double (to, (double) (g_value_get_uint64 (from) / (1024 * 1024)));
  return TRUE;
}

static gboolean
mib_to_bytes (GBinding     *binding,
              const GValue *from,
              GValue       *to,
              gpointer      user_data)
{
  g_value_set_uint64 (to, (guint64) g_value_get_double (from) * 1024 * 1024);
  return TRUE;
}

static void
copy_overridden (GhCreatePlan  *from,
                 GhCreatePlan  *to,
                 GhCreateField  field)
{
  switch (field)
    {
    case GH_CREATE_NAME:
      gh_create_plan_set_name (to, gh_create_plan_get_name (from));
      break;
    case GH_CREATE_OS:
      gh_create_plan_set_os_id (to, gh_create_plan_get_os_id (from));
      break;
    case GH_CREATE_MEMORY:
      gh_create_plan_set_memory_kib (to, gh_create_plan_get_memory_kib (from));
      break;
    case GH_CREATE_CPUS:
      gh_create_plan_set_cpus (to, gh_create_plan_get_cpus (from));
      break;
    case GH_CREATE_DISK_SIZE:
      gh_create_plan_set_disk_bytes (to, gh_create_plan_get_disk_bytes (from));
      break;
    case GH_CREATE_DISK_NAME:
      gh_create_plan_set_disk_name (to, gh_create_plan_get_disk_name (from));
      break;
    /* Those are about the other host. */
    case GH_CREATE_POOL:
    case GH_CREATE_FIRMWARE:
    case GH_CREATE_NETWORK:
    case GH_CREATE_GRAPHICS:
    case GH_CREATE_TPM:
    case GH_CREATE_N_FIELDS:
    default:
      break;
    }
}

/* What the user has said so far holds for the other host too. */
static void
copy_choices (GhCreatePlan *from,
              GhCreatePlan *to)
{
  gh_create_plan_set_iso_path (to, gh_create_plan_get_iso_path (from));
  gh_create_plan_set_disk_path (to, gh_create_plan_get_disk_path (from));
  gh_create_plan_set_kernel (to, gh_create_plan_get_kernel_path (from),
                             gh_create_plan_get_initrd_path (from),
                             gh_create_plan_get_cmdline (from));
  gh_create_plan_set_source (to, gh_create_plan_get_source (from));
  gh_create_plan_set_title (to, gh_create_plan_get_title (from));
  gh_create_plan_set_sound (to, gh_create_plan_get_sound (from));
  gh_create_plan_set_clipboard (to, gh_create_plan_get_clipboard (from));
  gh_create_plan_set_start (to, gh_create_plan_get_start (from));
  for (guint i = 0; i < GH_CREATE_N_FIELDS; i++)
    if (gh_create_plan_is_overridden (from, (GhCreateField) i))
      copy_overridden (from, to, (GhCreateField) i);
}

static void
make_plan (GhCreateForm *self,
           GhHost       *host)
{
  g_autoptr (GhCreatePlan) old = g_steal_pointer (&self->plan);
  gboolean local = gh_host_is_local (host);

  self->plan = gh_create_plan_new (host);
  if (old != NULL)
    {
      g_signal_handlers_disconnect_by_data (old, self);
      copy_choices (old, self->plan);
    }
  else
    gh_create_plan_set_source (self->plan, GH_CREATE_FROM_ISO);

  g_signal_connect_object (self->plan, "notify", G_CALLBACK (plan_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_binding_group_set_source (self->bindings, self->plan);
  g_object_set (self->iso_entry, "local", local, NULL);
  g_object_set (self->disk_entry, "local", local, NULL);
  g_object_set (self->kernel_entry, "local", local, NULL);
  g_object_set (self->initrd_entry, "local", local, NULL);
  plan_changed_cb (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PLAN]);
}

static void
host_chosen_cb (GhCreateForm *self,
                GhHost       *host)
{
  make_plan (self, host);
}

static void
tile_toggled_cb (GtkToggleButton *tile,
                 GhCreateForm    *self)
{
  if (self->showing || self->plan == NULL || !gtk_toggle_button_get_active (tile))
    return;

  if (tile == self->iso_tile)
    gh_create_plan_set_source (self->plan, GH_CREATE_FROM_ISO);
  else if (tile == self->disk_tile)
    gh_create_plan_set_source (self->plan, GH_CREATE_FROM_DISK);
  else if (tile == self->kernel_tile)
    gh_create_plan_set_source (self->plan, GH_CREATE_FROM_KERNEL);
  else
    gh_create_plan_set_source (self->plan, GH_CREATE_FROM_NOTHING);
}

static void
os_chosen_cb (GhCreateForm *self,
              const char   *id)
{
  gh_create_plan_set_os_id (self->plan, id);
}

static void
drag_data_received_cb (GtkWidget        *widget,
                       GdkDragContext   *context,
                       int               x,
                       int               y,
                       GtkSelectionData *data,
                       guint             info,
                       guint             time_ms,
                       GhCreateForm     *self)
{
  g_auto (GStrv) uris = gtk_selection_data_get_uris (data);

  for (guint i = 0; uris != NULL && uris[i] != NULL; i++)
    {
      g_autofree char *path = g_filename_from_uri (uris[i], NULL, NULL);

      if (path != NULL)
        gh_create_form_take_file (self, path);
    }
}

static void
gh_create_form_dispose (GObject *object)
{
  GhCreateForm *self = GH_CREATE_FORM (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->bindings);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_create_form_parent_class)->dispose (object);
}

static void
gh_create_form_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  GhCreateForm *self = GH_CREATE_FORM (object);

  switch (prop_id)
    {
    case PROP_PLAN:
      g_value_set_object (value, self->plan);
      break;
    case PROP_READY:
      g_value_set_boolean (value, self->ready);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, iso_tile);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, disk_tile);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, kernel_tile);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, nothing_tile);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, iso_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, iso_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, disk_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, disk_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, kernel_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, kernel_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, initrd_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, initrd_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, cmdline_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, cmdline_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, os_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, os_spinner);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, os_label);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, os_button);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, name_entry);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, memory_spin);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, cpus_spin);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, size_row);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, size_spin);
  gtk_widget_class_bind_template_child (widget_class, GhCreateForm, options);
  for (guint i = 0; i < G_N_ELEMENTS (reset_buttons); i++)
    gtk_widget_class_bind_template_child_full (widget_class, reset_buttons[i],
                                               /* internal_child= */ FALSE, 0);
  gtk_widget_class_bind_template_callback (widget_class, tile_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, os_chosen_cb);
  gtk_widget_class_bind_template_callback (widget_class, host_chosen_cb);
  gtk_widget_class_bind_template_callback (widget_class, drag_data_received_cb);
}

/* Where to begin: with what the machine starts from, to be typed or pasted. */
static void
gh_create_form_grab_focus (GtkWidget *widget)
{
  gtk_widget_grab_focus (GTK_WIDGET (GH_CREATE_FORM (widget)->iso_entry));
}

static void
gh_create_form_class_init (GhCreateFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->dispose = gh_create_form_dispose;
  object_class->get_property = gh_create_form_get_property;
  widget_class->grab_focus = gh_create_form_grab_focus;

  properties[PROP_PLAN] = g_param_spec_object ("plan", NULL, NULL, GH_TYPE_CREATE_PLAN, flags);
  properties[PROP_READY] = g_param_spec_boolean ("ready", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (GH_TYPE_CREATE_OPTIONS);
  g_type_ensure (GH_TYPE_FILE_ENTRY);
  g_type_ensure (GH_TYPE_OS_CHOOSER);
  g_type_ensure (GH_TYPE_RESET_BUTTON);
  g_type_ensure (GH_TYPE_SIZE_SPIN);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-create-form.ui");
  bind_template (widget_class);
}

static void
gh_create_form_init (GhCreateForm *self)
{
  GBindingFlags flags = G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL;
  GBindingGroup *bindings = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_drag_dest_set (GTK_WIDGET (self), GTK_DEST_DEFAULT_ALL, NULL, 0, GDK_ACTION_COPY);
  gtk_drag_dest_add_uri_targets (GTK_WIDGET (self));

  /* GtkBuilder cannot bind properties that are objects. */
  g_object_bind_property (self, "plan", self->options, "plan", G_BINDING_DEFAULT);
  for (guint i = 0; i < G_N_ELEMENTS (reset_buttons); i++)
    g_object_bind_property (self, "plan",
                            gtk_widget_get_template_child (GTK_WIDGET (self), GH_TYPE_CREATE_FORM,
                                                           reset_buttons[i]),
                            "plan", G_BINDING_DEFAULT);

  bindings = self->bindings = g_binding_group_new ();
  g_binding_group_bind (bindings, "iso-path", self->iso_entry, "path", flags);
  g_binding_group_bind (bindings, "disk-path", self->disk_entry, "path", flags);
  g_binding_group_bind (bindings, "kernel-path", self->kernel_entry, "path", flags);
  g_binding_group_bind (bindings, "initrd-path", self->initrd_entry, "path", flags);
  gh_text_binding_add (bindings, "cmdline", self->cmdline_entry);
  gh_text_binding_add (bindings, "name", self->name_entry);
  g_binding_group_bind (bindings, "cpus", self->cpus_spin, "value", flags);
  g_binding_group_bind_full (bindings, "memory-kib", self->memory_spin, "value", flags,
                             kib_to_mib, mib_to_kib, NULL, NULL);
  g_binding_group_bind_full (bindings, "disk-bytes", self->size_spin, "value", flags,
                             bytes_to_mib, mib_to_bytes, NULL, NULL);
}

/**
 * gh_create_form_new:
 * @hosts: where machines can be made
 * @host: where to, unless the user chooses another
 *
 * Returns: (transfer floating): the form
 */
GtkWidget *
gh_create_form_new (GhHosts *hosts,
                    GhHost  *host)
{
  GhCreateForm *self = NULL;

  g_return_val_if_fail (GH_IS_HOSTS (hosts), NULL);
  g_return_val_if_fail (GH_IS_HOST (host), NULL);

  self = g_object_new (GH_TYPE_CREATE_FORM, "visible", TRUE, NULL);
  make_plan (self, host);
  gh_create_options_set_hosts (self->options, hosts);
  return GTK_WIDGET (self);
}

GhCreatePlan *
gh_create_form_get_plan (GhCreateForm *self)
{
  g_return_val_if_fail (GH_IS_CREATE_FORM (self), NULL);

  return self->plan;
}

gboolean
gh_create_form_get_ready (GhCreateForm *self)
{
  g_return_val_if_fail (GH_IS_CREATE_FORM (self), FALSE);

  return self->ready;
}

/**
 * gh_create_form_take_file:
 * @self: a form
 * @path: a file
 *
 * Puts the file where it belongs by its name; an initial RAM disk joins a
 * kernel, every other kind becomes what the machine starts from.
 */
void
gh_create_form_take_file (GhCreateForm *self,
                          const char   *path)
{
  g_return_if_fail (GH_IS_CREATE_FORM (self));
  g_return_if_fail (path != NULL);

  switch (gh_file_kind_guess (path))
    {
    case GH_FILE_KIND_ISO:
      gh_create_plan_set_iso_path (self->plan, path);
      break;
    case GH_FILE_KIND_KERNEL:
      gh_create_plan_set_kernel (self->plan, path, gh_create_plan_get_initrd_path (self->plan),
                                 gh_create_plan_get_cmdline (self->plan));
      break;
    case GH_FILE_KIND_INITRD:
      gh_create_plan_set_kernel (self->plan, gh_create_plan_get_kernel_path (self->plan), path,
                                 gh_create_plan_get_cmdline (self->plan));
      break;
    case GH_FILE_KIND_DISK:
    default:
      gh_create_plan_set_disk_path (self->plan, path);
      break;
    }
}
