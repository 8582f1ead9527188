/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-host-dialog"

#include "config.h"

#include "gh-host-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-check-row.h"
#include "gh-error-note.h"
#include "gh-format.h"
#include "gh-host-facts.h"
#include "gh-ui.h"
#include "gh-virt-error.h"
#include "gh-virtualization.h"

#define FIGURES_INTERVAL_S 2

struct _GhHostDialog
{
  HdyWindow            parent_instance;

  HdyHeaderBar        *header;
  GtkWidget           *again_button;
  GhErrorNote         *error_note;
  HdyPreferencesGroup *checks_group;
  GtkBox              *checks_box;
  HdyPreferencesGroup *load_group;
  HdyActionRow        *cpu_row;
  GtkLevelBar         *cpu_bar;
  HdyActionRow        *memory_row;
  GtkLevelBar         *memory_bar;
  GtkBox              *facts_box;

  GhHost              *host;         /* (owned) */
  GCancellable        *cancellable;
  GhHostFacts         *facts;        /* (nullable): of the last look */
  GhCapabilities      *capabilities; /* (nullable) */
  GPtrArray           *pools;        /* (nullable) (element-type GhPoolInfo) */
  char                *no_capabilities; /* (nullable): why there are none */
  char                *no_pools;        /* (nullable) */
  guint                timer_id;
  gboolean             asking;       /* figures are on their way */
};

G_DEFINE_FINAL_TYPE (GhHostDialog, gh_host_dialog, HDY_TYPE_WINDOW)

static void load_checks (GhHostDialog *self);

static void
remove_children (GtkBox *box)
{
  gtk_container_foreach (GTK_CONTAINER (box), (GtkCallback) gtk_widget_destroy, NULL);
}

/* Calls may end after the window was destroyed; its children are NULL then. */
static gboolean
is_gone (GhHostDialog *self)
{
  return self->again_button == NULL;
}

/* Rows */

static GtkWidget *
add_group (GhHostDialog *self,
           const char   *title)
{
  GtkWidget *group = hdy_preferences_group_new ();

  hdy_preferences_group_set_title (HDY_PREFERENCES_GROUP (group), title);
  gtk_widget_show (group);
  gtk_container_add (GTK_CONTAINER (self->facts_box), group);
  return group;
}

static GtkWidget *
add_row (GtkWidget  *group,
         const char *title,
         const char *text)
{
  GtkWidget *row = NULL;

  if (text == NULL || *text == '\0')
    return NULL;
  row = hdy_action_row_new ();
  hdy_preferences_row_set_title (HDY_PREFERENCES_ROW (row), title);
  hdy_action_row_set_subtitle (HDY_ACTION_ROW (row), text);
  hdy_action_row_set_subtitle_lines (HDY_ACTION_ROW (row), 0);
  gtk_widget_show (row);
  gtk_container_add (GTK_CONTAINER (group), row);
  return row;
}

/* Slower, and with more logins than one: not what the user sees elsewhere. */
static void
add_sessions (GhHostDialog *self,
              GtkWidget    *group)
{
  guint n = gh_host_get_max_sessions (self->host);
  g_autofree char *text =
    g_strdup_printf (ngettext ("Its ssh service lets %u connection through a login, so there are "
                               "several logins, and lists take longer. With “MaxSessions 10” in "
                               "its /etc/ssh/sshd_config one is enough.",
                               "Its ssh service lets %u connections through a login, so there may "
                               "be several logins, and lists may take longer. With “MaxSessions "
                               "10” in its /etc/ssh/sshd_config one is enough.", n), n);

  if (n > 0)
    add_row (group, _("Logins"), text);
}

static char *
dup_cpus (const GhHostFacts *facts)
{
  if (facts->n_threads > 1)
    return g_strdup_printf (ngettext ("%u CPU for machines (%u × %u cores, %u threads each)",
                                      "%u CPUs for machines (%u × %u cores, %u threads each)",
                                      facts->n_cpus),
                            facts->n_cpus, facts->n_sockets, facts->n_cores, facts->n_threads);
  /* Translators: CPUs, sockets, and cores of each. */
  return g_strdup_printf (ngettext ("%u CPU for machines (%u × %u cores)",
                                    "%u CPUs for machines (%u × %u cores)", facts->n_cpus),
                          facts->n_cpus, facts->n_sockets, facts->n_cores);
}

static void
add_about (GhHostDialog *self)
{
  GhHostFacts *facts = self->facts;
  GtkWidget *group = add_group (self, _("About"));
  g_autofree char *driver = facts->driver_version != NULL
                            ? g_strdup_printf ("%s %s", facts->driver, facts->driver_version)
                            : g_strdup (facts->driver);
  g_autofree char *cpus = dup_cpus (facts);
  /* Translators: kind of processor, number of CPUs */
  g_autofree char *processor = g_strdup_printf (_("%s, %s"), facts->processor, cpus);

  add_row (group, _("Name"), facts->hostname);
  add_row (group, _("Address"), gh_host_get_uri (self->host));
  add_row (group, _("Hypervisor"), driver);
  add_row (group, _("Libvirt"), facts->libvirt_version);
  add_row (group, _("Processor"), processor);
  add_sessions (self, group);
}

static void
add_capabilities (GhHostDialog *self)
{
  GhCapabilities *capabilities = self->capabilities;
  GtkWidget *group = add_group (self, _("What its machines can have"));
  g_autofree char *cpus =
    g_strdup_printf (ngettext ("Up to %u CPU", "Up to %u CPUs", capabilities->max_cpus),
                     capabilities->max_cpus);

  add_row (group, _("Speed"),
           capabilities->has_kvm ? _("The processor’s own (KVM)")
                                 : _("Software emulation: many times slower than the processor"));
  add_row (group, _("Firmware"),
           capabilities->has_secure_boot ? _("BIOS, UEFI, UEFI with Secure Boot")
           : capabilities->has_uefi ? _("BIOS, UEFI") : _("BIOS"));
  add_row (group, _("TPM"), capabilities->has_tpm ? _("An emulated TPM 2.0") : _("None"));
  add_row (group, _("Display"),
           capabilities->has_spice && capabilities->has_vnc ? _("SPICE, VNC")
           : capabilities->has_spice ? _("SPICE")
           : capabilities->has_vnc ? _("VNC") : _("None"));
  if (capabilities->max_cpus > 0)
    add_row (group, _("Size"), cpus);
}

static void
add_pools (GhHostDialog *self)
{
  GtkWidget *group = NULL;

  if (self->pools->len == 0)
    return;
  group = add_group (self, _("Storage"));
  for (guint i = 0; i < self->pools->len; i++)
    {
      GhPoolInfo *pool = g_ptr_array_index (self->pools, i);
      g_autofree char *available = gh_format_file_size (pool->available);
      g_autofree char *capacity = gh_format_file_size (pool->capacity);
      g_autofree char *text = NULL;
      const char *place = pool->path != NULL ? pool->path : pool->type;
      GtkWidget *row = NULL;
      GtkWidget *bar = NULL;

      /* Translators: where a storage pool is; free space; all of it */
      text = pool->active ? g_strdup_printf (_("%s\n%s of %s free"), place, available, capacity)
                          : g_strdup_printf (_("%s\nNot started"), place);
      row = add_row (group, pool->name, text);
      hdy_preferences_row_set_use_underline (HDY_PREFERENCES_ROW (row), FALSE);
      if (!pool->active || pool->capacity == 0)
        continue;
      bar = gtk_level_bar_new ();
      g_object_set (bar, "width-request", 120, "valign", GTK_ALIGN_CENTER, "visible", TRUE, NULL);
      gtk_level_bar_set_value (GTK_LEVEL_BAR (bar), 1.0 - (double) pool->available /
                               (double) pool->capacity);
      atk_object_set_name (gtk_widget_get_accessible (bar), _("Storage in use"));
      gtk_container_add (GTK_CONTAINER (row), bar);
    }
}

static void
update_facts (GhHostDialog *self)
{
  remove_children (self->facts_box);
  if (self->facts != NULL)
    add_about (self);
  if (self->capabilities != NULL)
    add_capabilities (self);
  else if (self->no_capabilities != NULL)
    add_row (add_group (self, _("What its machines can have")), _("The host does not tell"),
             self->no_capabilities);
  if (self->pools != NULL)
    add_pools (self);
  else if (self->no_pools != NULL)
    add_row (add_group (self, _("Storage")), _("The host does not tell"), self->no_pools);
}

/* Reading */

static void
update_load (GhHostDialog *self,
             double        load)
{
  g_autofree char *cpu_text = NULL;
  g_autofree char *memory_text = NULL;
  guint64 total = self->facts->memory_kib;
  guint64 free_kib = self->facts->free_memory_kib;
  g_autofree char *total_text = gh_format_memory (total);
  g_autofree char *free_text = gh_format_memory (free_kib);

  gtk_widget_set_visible (GTK_WIDGET (self->load_group), TRUE);
  if (load >= 0.0)
    {
      cpu_text = g_strdup_printf (_("%d %%"), (int) (load * 100.0 + 0.5));
      gtk_level_bar_set_value (self->cpu_bar, load);
    }
  hdy_action_row_set_subtitle (self->cpu_row, cpu_text != NULL ? cpu_text : "–");
  memory_text = free_kib > 0 ? g_strdup_printf (_("%s of %s free"), free_text, total_text)
                             : g_strdup (total_text);
  hdy_action_row_set_subtitle (self->memory_row, memory_text);
  gtk_widget_set_visible (GTK_WIDGET (self->memory_bar), free_kib > 0 && total > 0);
  if (total > 0)
    gtk_level_bar_set_value (self->memory_bar,
                             CLAMP (1.0 - (double) free_kib / (double) total, 0.0, 1.0));
}

static void
facts_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GhHostDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhHostFacts) before = NULL;
  GhHostFacts *facts = gh_host_load_facts_finish (GH_HOST (object), result, &error);

  self->asking = FALSE;
  if (facts == NULL || is_gone (self))
    {
      g_clear_pointer (&facts, gh_host_facts_unref);
      if (error != NULL && !gh_error_is_cancelled (error) && self->facts == NULL &&
          !is_gone (self))
        gh_error_note_show_error (self->error_note, _("The host does not say what it is"), error);
      return;
    }
  before = g_steal_pointer (&self->facts);
  self->facts = facts;
  update_load (self, gh_host_facts_get_load (before, facts));
  if (before == NULL)
    update_facts (self);
}

static void
load_figures (GhHostDialog *self)
{
  if (self->asking || gh_host_get_state (self->host) != GH_HOST_CONNECTED)
    return;
  self->asking = TRUE;
  gh_host_load_facts_async (self->host, self->cancellable, facts_loaded_cb, g_object_ref (self));
}

static void
capabilities_loaded_cb (GObject      *object,
                        GAsyncResult *result,
                        gpointer      user_data)
{
  g_autoptr (GhHostDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  GhCapabilities *capabilities = gh_host_load_capabilities_finish (GH_HOST (object), result,
                                                                   &error);

  if (is_gone (self) || gh_error_is_cancelled (error))
    {
      g_clear_pointer (&capabilities, gh_capabilities_unref);
      return;
    }
  g_clear_pointer (&self->capabilities, gh_capabilities_unref);
  g_clear_pointer (&self->no_capabilities, g_free);
  self->capabilities = capabilities;
  if (capabilities == NULL)
    self->no_capabilities = gh_error_dup_sentence (error);
  update_facts (self);
}

static void
pools_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GhHostDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *pools = gh_host_load_pools_finish (GH_HOST (object), result, &error);

  if (is_gone (self) || gh_error_is_cancelled (error))
    {
      g_clear_pointer (&pools, g_ptr_array_unref);
      return;
    }
  g_clear_pointer (&self->pools, g_ptr_array_unref);
  g_clear_pointer (&self->no_pools, g_free);
  self->pools = pools;
  if (pools == NULL)
    self->no_pools = gh_error_dup_sentence (error);
  update_facts (self);
}

static void
check_fixed_cb (GhHostDialog *self)
{
  load_checks (self);
}

static void
checks_loaded_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GhHostDialog) self = user_data;
  g_autoptr (GhVirtualization) facts = gh_virtualization_load_finish (result, NULL);
  g_autoptr (GPtrArray) checks = NULL;

  if (is_gone (self))
    return;
  gtk_widget_set_sensitive (self->again_button, TRUE);
  if (facts == NULL)
    return;
  checks = gh_virtualization_list_checks (facts);
  gh_host_dialog_show_checks (self, checks);
}

static GPtrArray *
list_unread (const GError *error)
{
  GPtrArray *checks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *sentence = gh_error_dup_sentence (error);

  g_ptr_array_add (checks, gh_check_new (GH_CHECK_WARNING, "far-unread", sentence, NULL));
  return checks;
}

static void
far_checks_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GhHostDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhKvmFacts) facts = gh_host_load_kvm_facts_finish (GH_HOST (object), result, &error);
  g_autoptr (GPtrArray) checks = NULL;

  if (is_gone (self))
    return;
  gtk_widget_set_sensitive (self->again_button, TRUE);
  if (facts == NULL && gh_error_is_cancelled (error))
    return;
  if (facts != NULL)
    checks = gh_virtualization_list_far_checks (facts);
  else
    checks = list_unread (error);
  gh_host_dialog_show_checks (self, checks);
}

/* Of this computer by its files, also when libvirt does not answer; of others by what libvirt
 * tells. */
static void
load_checks (GhHostDialog *self)
{
  gboolean local = gh_host_is_local (self->host);
  gboolean shown = !gh_host_is_test (self->host) &&
                   (local || gh_host_get_state (self->host) == GH_HOST_CONNECTED);

  gtk_widget_set_visible (GTK_WIDGET (self->checks_group), shown);
  if (!shown)
    return;
  gtk_widget_set_sensitive (self->again_button, FALSE);
  if (local)
    gh_virtualization_load_async (self->cancellable, checks_loaded_cb, g_object_ref (self));
  else
    gh_host_load_kvm_facts_async (self->host, self->cancellable, far_checks_loaded_cb,
                                  g_object_ref (self));
}

static void
load_all (GhHostDialog *self)
{
  gboolean connected = gh_host_get_state (self->host) == GH_HOST_CONNECTED;

  load_checks (self);
  gh_error_note_clear (self->error_note);
  if (!connected && gh_host_get_error (self->host) != NULL)
    gh_error_note_show_error (self->error_note, _("The host is not connected"),
                              gh_host_get_error (self->host));
  if (!connected)
    return;
  load_figures (self);
  gh_host_load_capabilities_async (self->host, self->cancellable, capabilities_loaded_cb,
                                   g_object_ref (self));
  gh_host_load_pools_async (self->host, self->cancellable, pools_loaded_cb, g_object_ref (self));
}

static gboolean
figures_due_cb (gpointer user_data)
{
  load_figures (user_data);
  return G_SOURCE_CONTINUE;
}

static void
again_clicked_cb (GhHostDialog *self)
{
  load_all (self);
}

static gboolean
key_pressed_cb (GtkWidget   *widget,
                GdkEventKey *event)
{
  if (event->keyval != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  gtk_window_close (GTK_WINDOW (widget));
  return GDK_EVENT_STOP;
}

static void
gh_host_dialog_map (GtkWidget *widget)
{
  GhHostDialog *self = GH_HOST_DIALOG (widget);

  GTK_WIDGET_CLASS (gh_host_dialog_parent_class)->map (widget);
  if (self->timer_id == 0)
    self->timer_id = g_timeout_add_seconds (FIGURES_INTERVAL_S, figures_due_cb, self);
}

static void
gh_host_dialog_unmap (GtkWidget *widget)
{
  GhHostDialog *self = GH_HOST_DIALOG (widget);

  g_clear_handle_id (&self->timer_id, g_source_remove);
  GTK_WIDGET_CLASS (gh_host_dialog_parent_class)->unmap (widget);
}

static void
gh_host_dialog_dispose (GObject *object)
{
  GhHostDialog *self = GH_HOST_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timer_id, g_source_remove);
  G_OBJECT_CLASS (gh_host_dialog_parent_class)->dispose (object);
}

static void
gh_host_dialog_finalize (GObject *object)
{
  GhHostDialog *self = GH_HOST_DIALOG (object);

  g_clear_object (&self->host);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->facts, gh_host_facts_unref);
  g_clear_pointer (&self->capabilities, gh_capabilities_unref);
  g_clear_pointer (&self->pools, g_ptr_array_unref);
  g_free (self->no_capabilities);
  g_free (self->no_pools);
  G_OBJECT_CLASS (gh_host_dialog_parent_class)->finalize (object);
}

static void
gh_host_dialog_class_init (GhHostDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_host_dialog_dispose;
  object_class->finalize = gh_host_dialog_finalize;
  widget_class->map = gh_host_dialog_map;
  widget_class->unmap = gh_host_dialog_unmap;

  g_type_ensure (GH_TYPE_ERROR_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-host-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, header);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, again_button);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, error_note);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, checks_group);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, checks_box);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, load_group);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, cpu_row);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, cpu_bar);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, memory_row);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, memory_bar);
  gtk_widget_class_bind_template_child (widget_class, GhHostDialog, facts_box);
  gtk_widget_class_bind_template_callback (widget_class, again_clicked_cb);
}

static void
gh_host_dialog_init (GhHostDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  g_signal_connect (self, "key-press-event", G_CALLBACK (key_pressed_cb), NULL);
}

/**
 * gh_host_dialog_present:
 * @parent: (nullable): the window it belongs to
 * @host: the host to show
 *
 * Returns: (transfer none): the window
 */
GhHostDialog *
gh_host_dialog_present (GtkWindow *parent,
                        GhHost    *host)
{
  GhHostDialog *self = NULL;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (GH_IS_HOST (host), NULL);

  gh_ui_init ();
  self = g_object_new (GH_TYPE_HOST_DIALOG, "title", gh_host_get_label (host), "transient-for",
                       parent, "destroy-with-parent", TRUE, NULL);
  self->host = g_object_ref (host);
  hdy_header_bar_set_title (self->header, gh_host_get_label (host));
  g_signal_connect_object (host, "notify::state", G_CALLBACK (load_all), self, G_CONNECT_SWAPPED);
  load_all (self);
  gtk_window_present (GTK_WINDOW (self));
  return self;
}

/**
 * gh_host_dialog_show_checks:
 * @self: a window
 * @checks: (element-type GhCheck): what was found
 *
 * Shows @checks until the host is looked at again.
 */
void
gh_host_dialog_show_checks (GhHostDialog *self,
                            GPtrArray    *checks)
{
  g_return_if_fail (GH_IS_HOST_DIALOG (self));

  gh_check_row_update_all (self->checks_box, checks, G_CALLBACK (check_fixed_cb), self,
                           self->again_button);
}
