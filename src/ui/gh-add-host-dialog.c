/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-add-host-dialog"

#include "config.h"

#include "gh-add-host-dialog.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-error-note.h"
#include "gh-host-address.h"
#include "gh-host-removal.h"
#include "gh-row-titles.h"
#include "gh-saved-hosts.h"
#include "gh-secrets.h"
#include "gh-ui.h"

/* With one field more than the template's size is for. */
#define EDIT_WIDTH 560
#define EDIT_HEIGHT 675

struct _GhAddHostDialog
{
  HdyWindow        parent_instance;

  HdyHeaderBar    *header_bar;
  GtkWidget       *name_row;
  GtkEntry        *name_entry;
  GtkComboBoxText *kind_combo;
  GtkWidget       *fields;
  GtkWidget       *computer_row;
  GtkEntry        *computer_entry;
  GtkWidget       *user_row;
  GtkEntry        *user_entry;
  GtkWidget       *port_row;
  GtkEntry        *port_entry;
  GtkWidget       *machines_row;
  GtkComboBoxText *machines_combo;
  GtkWidget       *key_row;
  GtkEntry        *key_entry;
  GtkWidget       *jump_row;
  GtkEntry        *jump_entry;
  GtkWidget       *uri_row;
  GtkEntry        *uri_entry;
  GtkWidget       *start_row;
  GtkSwitch       *start_switch;
  GtkLabel        *uri_label;
  GtkLabel        *remark_label;
  GtkLabel        *note_label;
  GhErrorNote     *error_note;
  GtkButton       *connect_button;
  GtkButton       *cancel_button;
  GtkWidget       *busy_box;

  GhHosts         *hosts;       /* (owned) */
  GhHost          *edited;      /* (owned) (nullable): the host that is changed; NULL: a new one */
  char            *before;      /* (nullable): the URI of its fields when they were filled */
  GhHost          *trying;      /* (owned) (nullable): the host that is being connected */
  GCancellable    *cancellable; /* (owned) (nullable): of the trying */
};

enum
{
  ADDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GhAddHostDialog, gh_add_host_dialog, HDY_TYPE_WINDOW)

/* Calls may end after the window was destroyed; its children are NULL then. */
static gboolean
is_gone (GhAddHostDialog *self)
{
  return self->connect_button == NULL;
}

static GhAddressKind
get_kind (GhAddHostDialog *self)
{
  return (GhAddressKind) MAX (gtk_combo_box_get_active (GTK_COMBO_BOX (self->kind_combo)), 0);
}

static char *
dup_stripped (GtkEntry *entry)
{
  return g_strstrip (g_strdup (gtk_entry_get_text (entry)));
}

static GhHostAddress *
read_address (GhAddHostDialog *self)
{
  GhHostAddress *address = gh_host_address_new ();
  g_autofree char *port = dup_stripped (self->port_entry);
  guint64 number = 0;

  address->kind = get_kind (self);
  address->computer = dup_stripped (self->computer_entry);
  address->user = dup_stripped (self->user_entry);
  address->key_file = dup_stripped (self->key_entry);
  address->jump = dup_stripped (self->jump_entry);
  address->uri = dup_stripped (self->uri_entry);
  address->own = gtk_combo_box_get_active (GTK_COMBO_BOX (self->machines_combo)) == 1;
  if (*port != '\0' && g_ascii_string_to_unsigned (port, 10, 1, G_MAXUINT16, &number, NULL))
    address->port = (guint) number;
  else if (*port != '\0')
    /* Said by the check of the address. */
    address->port = G_MAXUINT;
  return address;
}

static const char *
get_note (GhAddressKind kind)
{
  switch (kind)
    {
    case GH_ADDRESS_OWN:
      return _("Your own machines on this computer. They need no permission.");
    case GH_ADDRESS_SYSTEM:
      return _("The machines of this computer. You need to be in the group “libvirt”.");
    case GH_ADDRESS_SSH:
      return _("Encrypted, and with what ssh knows of the computer: names and keys of your ssh "
               "configuration work. The user there has to be allowed to use libvirt.");
    case GH_ADDRESS_TLS:
      return _("Encrypted, with certificates in /etc/pki/libvirt or ~/.pki/libvirt.");
    case GH_ADDRESS_TCP:
      return _("Not encrypted: whoever is on the network in between can see and change everything. "
               "Only for networks of your own.");
    case GH_ADDRESS_OTHER:
    case GH_ADDRESS_N_KINDS:
    default:
      return _("Whatever libvirt can connect to.");
    }
}

/* Whether it is the address of another host of the list. */
static gboolean
is_taken (GhAddHostDialog *self,
          const char      *uri)
{
  GhHost *host = gh_hosts_find (self->hosts, uri);

  return host != NULL && host != self->edited;
}

static gboolean
check_name (GhAddHostDialog  *self,
            GError          **error)
{
  g_autofree char *name = dup_stripped (self->name_entry);

  return gh_saved_hosts_check_name (name, error);
}

static void
update (GhAddHostDialog *self)
{
  GhAddressKind kind = get_kind (self);
  gboolean far = kind == GH_ADDRESS_SSH || kind == GH_ADDRESS_TLS || kind == GH_ADDRESS_TCP;
  gboolean ssh = kind == GH_ADDRESS_SSH;
  g_autoptr (GhHostAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *remark = NULL;
  gboolean trying = self->trying != NULL;

  gtk_widget_set_visible (self->computer_row, far);
  gtk_widget_set_visible (self->port_row, far);
  gtk_widget_set_visible (self->machines_row, far);
  gtk_widget_set_visible (self->user_row, ssh);
  gtk_widget_set_visible (self->key_row, ssh);
  gtk_widget_set_visible (self->jump_row, ssh);
  gtk_widget_set_visible (self->uri_row, kind == GH_ADDRESS_OTHER);
  gtk_label_set_text (self->note_label, get_note (kind));

  address = read_address (self);
  uri = gh_host_address_to_uri (address, &error);
  if (uri != NULL && !trying && is_taken (self, uri))
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                         _("This host is in the list already."));
  else if (uri != NULL)
    (void) check_name (self, &error);
  gtk_widget_set_sensitive (GTK_WIDGET (self->connect_button), error == NULL && !trying);
  gtk_label_set_text (self->uri_label, error != NULL ? error->message : uri);
  remark = uri != NULL ? gh_host_address_dup_remark (uri) : NULL;
  gtk_label_set_text (self->remark_label, remark != NULL ? remark : "");
  gtk_widget_set_visible (GTK_WIDGET (self->remark_label), remark != NULL);
  gtk_widget_set_sensitive (self->fields, !trying);
  gtk_widget_set_visible (self->busy_box, trying);
}

static void
changed_cb (GhAddHostDialog *self)
{
  if (self->hosts == NULL)
    return;
  gh_error_note_clear (self->error_note);
  update (self);
}

static void
stop_trying (GhAddHostDialog *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->trying != NULL)
    gh_host_disconnect (self->trying);
  g_clear_object (&self->trying);
}

/* Whether the host that is changed is there still; told when it is not. */
static gboolean
is_listed (GhAddHostDialog *self)
{
  g_autoptr (GError) error = NULL;

  if (gh_hosts_find (self->hosts, gh_host_get_uri (self->edited)) == self->edited)
    return TRUE;
  g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                       _("It was removed from the list in the meantime."));
  gh_error_note_show_error (self->error_note, _("The host could not be changed"), error);
  return FALSE;
}

/* What of a host is not its address. */
static void
save (GhAddHostDialog *self,
      const char      *uri)
{
  g_autofree char *name = dup_stripped (self->name_entry);

  gh_saved_hosts_set_name (uri, name);
  /* One that is only listed this time stays so. */
  if (gh_saved_hosts_has (uri) &&
      gh_saved_hosts_get_connects (uri) != gtk_switch_get_active (self->start_switch))
    gh_saved_hosts_add (uri, gtk_switch_get_active (self->start_switch));
}

/* The host at its new address, connected, instead of the one that is changed. */
static void
take_place (GhAddHostDialog *self,
            GhHost          *host)
{
  const char *uri = gh_host_get_uri (host);
  g_autofree char *old = g_strdup (gh_host_get_uri (self->edited));

  /* Others may have begun something, or removed it or added this one, in the meantime. */
  if (!is_listed (self) || gh_hosts_find (self->hosts, uri) != NULL ||
      !gh_host_removal_is_free (GTK_WIDGET (self), self->edited))
    {
      gh_host_disconnect (host);
      gh_secrets_forget_host_async (uri, NULL, NULL);
      update (self);
      return;
    }
  gh_hosts_replace (self->hosts, self->edited, g_object_ref (host));
  gh_saved_hosts_replace (old, uri);
  save (self, uri);
  gh_saved_hosts_set_name (old, NULL);
  gh_secrets_forget_host_async (old, NULL, NULL);
  gtk_widget_destroy (GTK_WIDGET (self));
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GhAddHostDialog) self = user_data;
  g_autoptr (GhHost) host = g_object_ref (GH_HOST (object));
  g_autoptr (GError) error = NULL;
  gboolean ready = gh_host_ready_finish (host, result, &error);

  /* Given up, or the window was closed, or another try follows. */
  if (is_gone (self) || self->trying != host)
    return;
  if (!ready)
    {
      stop_trying (self);
      update (self);
      gh_error_note_show_error (self->error_note, _("The host could not be connected"), error);
      gtk_widget_grab_focus (GTK_WIDGET (self->computer_entry));
      return;
    }
  g_clear_object (&self->cancellable);
  g_clear_object (&self->trying);
  if (self->edited != NULL)
    {
      take_place (self, host);
      return;
    }
  gh_hosts_take (self->hosts, g_object_ref (host));
  gh_saved_hosts_add (gh_host_get_uri (host), gtk_switch_get_active (self->start_switch));
  g_signal_emit (self, signals[ADDED], 0, host);
  gtk_widget_destroy (GTK_WIDGET (self));
}

static void
connect_clicked_cb (GhAddHostDialog *self)
{
  g_autoptr (GhHostAddress) address = read_address (self);
  g_autofree char *uri = gh_host_address_to_uri (address, NULL);

  if (uri == NULL || self->trying != NULL || is_taken (self, uri) || !check_name (self, NULL))
    return;
  gh_error_note_clear (self->error_note);
  if (self->edited != NULL && !is_listed (self))
    return;
  if (self->edited != NULL && strcmp (uri, self->before) == 0)
    {
      save (self, gh_host_get_uri (self->edited));
      gtk_widget_destroy (GTK_WIDGET (self));
      return;
    }
  if (self->edited != NULL && !gh_host_removal_is_free (GTK_WIDGET (self), self->edited))
    return;
  self->trying = gh_host_new (uri);
  self->cancellable = g_cancellable_new ();
  update (self);
  gh_host_ready_async (self->trying, self->cancellable, host_ready_cb, g_object_ref (self));
}

static void
activated_cb (GhAddHostDialog *self)
{
  if (gtk_widget_get_sensitive (GTK_WIDGET (self->connect_button)))
    connect_clicked_cb (self);
}

/* While it connects, cancels that; else closes. */
static void
cancel_clicked_cb (GhAddHostDialog *self)
{
  if (self->trying == NULL)
    {
      gtk_window_close (GTK_WINDOW (self));
      return;
    }
  stop_trying (self);
  update (self);
}

static gboolean
key_pressed_cb (GhAddHostDialog *self,
                GdkEventKey     *event)
{
  if (event->keyval != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  cancel_clicked_cb (self);
  return GDK_EVENT_STOP;
}

static void
key_file_chosen_cb (GtkNativeDialog *chooser,
                    int              response,
                    GhAddHostDialog *self)
{
  g_autofree char *path = NULL;

  if (response == GTK_RESPONSE_ACCEPT && !is_gone (self))
    {
      path = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (chooser));
      gtk_entry_set_text (self->key_entry, path != NULL ? path : "");
    }
  gtk_native_dialog_destroy (chooser);
  g_object_unref (chooser);
}

static void
choose_key_clicked_cb (GhAddHostDialog *self)
{
  GtkFileChooserNative *chooser =
    gtk_file_chooser_native_new (_("Choose a private key"), GTK_WINDOW (self),
                                 GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
  g_autofree char *folder = g_build_filename (g_get_home_dir (), ".ssh", NULL);

  gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (chooser), folder);
  g_signal_connect_object (chooser, "response", G_CALLBACK (key_file_chosen_cb), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
gh_add_host_dialog_dispose (GObject *object)
{
  GhAddHostDialog *self = GH_ADD_HOST_DIALOG (object);

  stop_trying (self);
  G_OBJECT_CLASS (gh_add_host_dialog_parent_class)->dispose (object);
}

static void
gh_add_host_dialog_finalize (GObject *object)
{
  GhAddHostDialog *self = GH_ADD_HOST_DIALOG (object);

  g_free (self->before);
  g_clear_object (&self->edited);
  g_clear_object (&self->hosts);
  G_OBJECT_CLASS (gh_add_host_dialog_parent_class)->finalize (object);
}

static void
gh_add_host_dialog_class_init (GhAddHostDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_add_host_dialog_dispose;
  object_class->finalize = gh_add_host_dialog_finalize;

  /**
   * GhAddHostDialog::added:
   * @self: the dialog, about to go
   * @host: the new host, connected
   */
  signals[ADDED] = g_signal_new ("added", GH_TYPE_ADD_HOST_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 1, GH_TYPE_HOST);

  g_type_ensure (GH_TYPE_ERROR_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-add-host-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, header_bar);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, name_row);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, name_entry);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, kind_combo);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, fields);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, computer_row);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, computer_entry);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, user_row);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, user_entry);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, port_row);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, port_entry);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, machines_row);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, machines_combo);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, key_row);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, key_entry);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, jump_row);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, jump_entry);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, uri_row);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, uri_entry);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, start_row);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, start_switch);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, uri_label);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, remark_label);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, note_label);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, error_note);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, connect_button);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, GhAddHostDialog, busy_box);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, connect_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_key_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_pressed_cb);
}

static void
gh_add_host_dialog_init (GhAddHostDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gh_row_titles_keep_words (GTK_WIDGET (self));
}

static GhAddHostDialog *
dialog_new (GtkWindow *parent, /* nullable */
            GhHosts   *hosts)
{
  GhAddHostDialog *self = NULL;

  gh_ui_init ();
  self = g_object_new (GH_TYPE_ADD_HOST_DIALOG, "transient-for", parent, "destroy-with-parent",
                       TRUE, "modal", parent != NULL, NULL);
  self->hosts = g_object_ref (hosts);
  gtk_widget_grab_default (GTK_WIDGET (self->connect_button));
  return self;
}

static void
set_text (GtkEntry   *entry,
          const char *text) /* nullable */
{
  gtk_entry_set_text (entry, text != NULL ? text : "");
}

static void
fill_fields (GhAddHostDialog *self,
             const char      *uri)
{
  g_autoptr (GhHostAddress) address = gh_host_address_new_from_uri (uri);
  g_autofree char *port = address->port > 0 ? g_strdup_printf ("%u", address->port) : NULL;
  g_autofree char *name = gh_saved_hosts_dup_name (uri);

  gtk_combo_box_set_active (GTK_COMBO_BOX (self->kind_combo), (int) address->kind);
  set_text (self->name_entry, name);
  set_text (self->computer_entry, address->computer);
  set_text (self->user_entry, address->user);
  set_text (self->port_entry, port);
  gtk_combo_box_set_active (GTK_COMBO_BOX (self->machines_combo), address->own ? 1 : 0);
  set_text (self->key_entry, address->key_file);
  set_text (self->jump_entry, address->jump);
  set_text (self->uri_entry, address->uri);
  gtk_switch_set_active (self->start_switch, gh_saved_hosts_get_connects (uri));
  gtk_widget_set_visible (self->start_row, gh_saved_hosts_has (uri));
  g_clear_pointer (&self->before, g_free);
  self->before = gh_host_address_to_uri (address, NULL);
  if (self->before == NULL)
    self->before = g_strdup (uri);
}

/**
 * gh_add_host_dialog_present:
 * @parent: (nullable): the window it belongs to
 * @hosts: where the host is to go
 *
 * Opens “Add host”. What is added is connected by then, and saved.
 *
 * Returns: (transfer none): the window
 */
GhAddHostDialog *
gh_add_host_dialog_present (GtkWindow *parent,
                            GhHosts   *hosts)
{
  GhAddHostDialog *self = NULL;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (GH_IS_HOSTS (hosts), NULL);

  self = dialog_new (parent, hosts);
  update (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->computer_entry));
  gtk_window_present (GTK_WINDOW (self));
  return self;
}

/**
 * gh_add_host_dialog_present_for:
 * @parent: (nullable): the window it belongs to
 * @hosts: where @host is
 * @host: the host to be changed
 *
 * Opens “Edit host”. A changed address is connected first, and takes the place of the old one only
 * when that succeeds; the name and whether it is connected at start are saved as they are.
 *
 * Returns: (transfer none): the window
 */
GhAddHostDialog *
gh_add_host_dialog_present_for (GtkWindow *parent,
                                GhHosts   *hosts,
                                GhHost    *host)
{
  GhAddHostDialog *self = NULL;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (GH_IS_HOSTS (hosts), NULL);
  g_return_val_if_fail (GH_IS_HOST (host), NULL);

  self = dialog_new (parent, hosts);
  gtk_window_set_title (GTK_WINDOW (self), _("Edit host"));
  hdy_header_bar_set_title (self->header_bar, _("Edit host"));
  gtk_button_set_label (self->connect_button, _("_Save"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->connect_button),
                               _("A changed address is connected first, and saved when that "
                                 "succeeds"));
  gtk_widget_set_visible (self->name_row, TRUE);
  gtk_window_set_default_size (GTK_WINDOW (self), EDIT_WIDTH, EDIT_HEIGHT);
  self->edited = g_object_ref (host);
  fill_fields (self, gh_host_get_uri (host));
  update (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->name_entry));
  gtk_window_present (GTK_WINDOW (self));
  return self;
}
