/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-vnc-display"

#include "config.h"

#include "gh-vnc-display.h"

#include <gtk-vnc.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

/* Pictures above this are not copied; the guest chooses the size. */
#define MAX_PIXELS (64 * 1024 * 1024)

/* One VNC connection. The clipboard is not shared, and passwords are asked for by the console,
 * which opens another display with the answer. */
struct _GhVncDisplay
{
  GhDisplay  parent_instance;

  GtkWidget *widget;    /* (owned) (nullable): a VncDisplay */
  char      *user;      /* (nullable) */
  char      *password;  /* (nullable): never logged */
  gboolean   has_picture;
  gboolean   ending;    /* the first report of a loss counts */
  gboolean   logging_in; /* a password was sent, and nothing has come of it yet */
  gboolean   end_password;
  gboolean   end_user;
  GError    *end_error; /* (nullable) */
  guint      end_id;
};

G_DEFINE_FINAL_TYPE (GhVncDisplay, gh_vnc_display, GH_TYPE_DISPLAY)

static gboolean
end_cb (gpointer user_data)
{
  g_autoptr (GhVncDisplay) self = g_object_ref (user_data);

  self->end_id = 0;
  if (self->end_password)
    gh_display_emit_password_needed (GH_DISPLAY (self), self->end_user);
  else
    gh_display_emit_lost (GH_DISPLAY (self), self->end_error);
  return G_SOURCE_REMOVE;
}

/* Reports the end later, from where the widget can be taken down. @text is NULL when the
 * connection was just closed. */
static void
end (GhVncDisplay *self,
     const char   *text)
{
  if (self->ending)
    return;
  self->ending = TRUE;
  if (text != NULL)
    self->end_error = g_error_new_literal (GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_PROTOCOL, text);
  self->end_id = g_idle_add (end_cb, self);
}

static void
disconnected_cb (VncDisplay   *widget,
                 GhVncDisplay *self)
{
  end (self, self->has_picture ? NULL : _("The display closed the connection."));
}

static void
error_cb (VncDisplay   *widget,
          const char   *message,
          GhVncDisplay *self)
{
  g_debug ("VNC error: %s", message);
  /* gtk-vnc tells of a password that was refused as of any other error, in the server's words. */
  if (!self->ending && self->logging_in)
    {
      self->end_password = TRUE;
      self->end_user = self->user != NULL;
    }
  end (self, _("The connection to the display broke."));
}

static void
auth_unsupported_cb (VncDisplay   *widget,
                     guint         type,
                     GhVncDisplay *self)
{
  end (self, _("The display asks for a way to log in that Guesthouse does not know."));
}

static void
auth_failure_cb (VncDisplay   *widget,
                 const char   *message,
                 GhVncDisplay *self)
{
  self->end_password = TRUE;
  self->end_user = self->user != NULL;
  end (self, NULL);
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static void
auth_credential_cb (VncDisplay   *widget,
                    GValueArray  *wanted,
                    GhVncDisplay *self)
{
  gboolean needs_user = FALSE;
  gboolean needs_password = FALSE;

  for (guint i = 0; i < wanted->n_values; i++)
    {
      int type = g_value_get_enum (g_value_array_get_nth (wanted, i));

      if (type == VNC_DISPLAY_CREDENTIAL_CLIENTNAME)
        vnc_display_set_credential (widget, type, "guesthouse");
      needs_user = needs_user || type == VNC_DISPLAY_CREDENTIAL_USERNAME;
      needs_password = needs_password || type == VNC_DISPLAY_CREDENTIAL_PASSWORD;
    }

  if ((needs_user && self->user == NULL) || (needs_password && self->password == NULL))
    {
      self->end_password = TRUE;
      self->end_user = needs_user;
      end (self, NULL);
      return;
    }
  if (needs_user)
    vnc_display_set_credential (widget, VNC_DISPLAY_CREDENTIAL_USERNAME, self->user);
  self->logging_in = needs_password;
  if (needs_password)
    vnc_display_set_credential (widget, VNC_DISPLAY_CREDENTIAL_PASSWORD, self->password);
}

G_GNUC_END_IGNORE_DEPRECATIONS

static void
picture_cb (VncConnection *connection,
            int            x,
            int            y,
            int            width,
            int            height,
            GhVncDisplay  *self)
{
  if (self->widget == NULL)
    return;
  self->has_picture = TRUE;
  gh_display_emit_shown (GH_DISPLAY (self));
}

static void
initialized_cb (VncDisplay   *widget,
                GhVncDisplay *self)
{
  self->logging_in = FALSE;
  gh_display_set_can_resize_guest (GH_DISPLAY (self), TRUE);
  gh_display_set_takes_input (GH_DISPLAY (self), TRUE);
}

static gboolean
drawn_cb (GtkWidget    *widget,
          cairo_t      *cr,
          GhVncDisplay *self)
{
  if (self->has_picture)
    {
      g_signal_handlers_disconnect_by_func (widget, drawn_cb, self);
      gh_display_emit_drawn (GH_DISPLAY (self));
    }
  return GDK_EVENT_PROPAGATE;
}

static void
gh_vnc_display_open (GhDisplay             *display,
                     const GhConsoleTarget *target,
                     int                    fd)
{
  GhVncDisplay *self = GH_VNC_DISPLAY (display);
  VncGrabSequence *no_keys = vnc_grab_sequence_new (0, NULL);
  g_autofree char *port = NULL;
  gboolean opened = FALSE;

  g_assert (self->widget == NULL);

  self->user = g_strdup (target->user);
  self->password = g_strdup (target->password);
  self->widget = g_object_ref_sink (vnc_display_new ());
  /* Letting go is the console's business, for all protocols alike. */
  vnc_display_set_grab_keys (VNC_DISPLAY (self->widget), no_keys);
  vnc_grab_sequence_free (no_keys);
  vnc_display_set_keyboard_grab (VNC_DISPLAY (self->widget), TRUE);
  vnc_display_set_pointer_grab (VNC_DISPLAY (self->widget), TRUE);
  vnc_display_set_shared_flag (VNC_DISPLAY (self->widget), TRUE);
  vnc_display_set_keep_aspect_ratio (VNC_DISPLAY (self->widget), TRUE);
  g_signal_connect (self->widget, "vnc-initialized", G_CALLBACK (initialized_cb), self);
  g_signal_connect (self->widget, "vnc-disconnected", G_CALLBACK (disconnected_cb), self);
  g_signal_connect (self->widget, "vnc-error", G_CALLBACK (error_cb), self);
  g_signal_connect (self->widget, "vnc-auth-credential", G_CALLBACK (auth_credential_cb), self);
  g_signal_connect (self->widget, "vnc-auth-failure", G_CALLBACK (auth_failure_cb), self);
  g_signal_connect (self->widget, "vnc-auth-unsupported", G_CALLBACK (auth_unsupported_cb), self);
  g_signal_connect_object (vnc_display_get_connection (VNC_DISPLAY (self->widget)),
                           "vnc-framebuffer-update", G_CALLBACK (picture_cb), self, 0);
  g_signal_connect_after (self->widget, "draw", G_CALLBACK (drawn_cb), self);

  gh_display_emit_made (display);

  if (fd >= 0)
    {
      opened = vnc_display_open_fd (VNC_DISPLAY (self->widget), fd);
      if (!opened)
        close (fd);
    }
  else
    {
      port = g_strdup_printf ("%d", target->port);
      opened = vnc_display_open_host (VNC_DISPLAY (self->widget), target->host, port);
    }
  if (!opened)
    end (self, _("The display could not be reached."));
}

static void
gh_vnc_display_close (GhDisplay *display)
{
  GhVncDisplay *self = GH_VNC_DISPLAY (display);

  g_clear_handle_id (&self->end_id, g_source_remove);
  if (self->widget != NULL)
    {
      VncConnection *connection = vnc_display_get_connection (VNC_DISPLAY (self->widget));

      g_signal_handlers_disconnect_by_data (self->widget, self);
      /* The connection ends by and by, and what comes until then would be drawn into the widget's
       * window, which is no more. */
      g_signal_handlers_disconnect_by_data (connection, self->widget);
      g_signal_handlers_disconnect_by_data (connection, self);
      vnc_display_close (VNC_DISPLAY (self->widget));
      gtk_widget_destroy (self->widget);
    }
  g_clear_object (&self->widget);
}

static GtkWidget *
gh_vnc_display_get_widget (GhDisplay *display)
{
  return GH_VNC_DISPLAY (display)->widget;
}

static void
gh_vnc_display_release (GhDisplay *display)
{
  GhVncDisplay *self = GH_VNC_DISPLAY (display);

  if (self->widget == NULL)
    return;
  vnc_display_force_grab (VNC_DISPLAY (self->widget), FALSE);
  vnc_display_set_keyboard_grab (VNC_DISPLAY (self->widget), FALSE);
  gtk_window_set_focus (GTK_WINDOW (gtk_widget_get_toplevel (self->widget)), NULL);
  vnc_display_set_keyboard_grab (VNC_DISPLAY (self->widget), TRUE);
}

static gboolean
gh_vnc_display_send_keys (GhDisplay   *display,
                          const guint *keyvals)
{
  GhVncDisplay *self = GH_VNC_DISPLAY (display);
  int n = 0;

  if (self->widget == NULL)
    return FALSE;
  while (keyvals[n] != 0)
    n++;
  vnc_display_send_keys (VNC_DISPLAY (self->widget), keyvals, n);
  return TRUE;
}

static void
gh_vnc_display_set_scaling (GhDisplay *display,
                            gboolean   scaling)
{
  GhVncDisplay *self = GH_VNC_DISPLAY (display);

  if (self->widget == NULL)
    return;
  vnc_display_set_force_size (VNC_DISPLAY (self->widget), !scaling);
  vnc_display_set_scaling (VNC_DISPLAY (self->widget), scaling);
}

static void
gh_vnc_display_set_resize_guest (GhDisplay *display,
                                 gboolean   resize_guest)
{
  GhVncDisplay *self = GH_VNC_DISPLAY (display);

  if (self->widget != NULL)
    vnc_display_set_allow_resize (VNC_DISPLAY (self->widget), resize_guest);
}

static GdkPixbuf *
gh_vnc_display_dup_frame (GhDisplay *display)
{
  GhVncDisplay *self = GH_VNC_DISPLAY (display);

  if (self->widget == NULL || !self->has_picture ||
      (gint64) vnc_display_get_width (VNC_DISPLAY (self->widget)) *
          vnc_display_get_height (VNC_DISPLAY (self->widget)) > MAX_PIXELS)
    return NULL;
  return vnc_display_get_pixbuf (VNC_DISPLAY (self->widget));
}

static void
gh_vnc_display_dispose (GObject *object)
{
  gh_display_close (GH_DISPLAY (object));
  G_OBJECT_CLASS (gh_vnc_display_parent_class)->dispose (object);
}

static void
gh_vnc_display_finalize (GObject *object)
{
  GhVncDisplay *self = GH_VNC_DISPLAY (object);

  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_free (self->password);
  g_free (self->user);
  g_clear_error (&self->end_error);
  G_OBJECT_CLASS (gh_vnc_display_parent_class)->finalize (object);
}

static void
gh_vnc_display_class_init (GhVncDisplayClass *klass)
{
  GhDisplayClass *display_class = GH_DISPLAY_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_vnc_display_dispose;
  G_OBJECT_CLASS (klass)->finalize = gh_vnc_display_finalize;
  display_class->get_widget = gh_vnc_display_get_widget;
  display_class->get_input_widget = gh_vnc_display_get_widget;
  display_class->open = gh_vnc_display_open;
  display_class->close = gh_vnc_display_close;
  display_class->release = gh_vnc_display_release;
  display_class->send_keys = gh_vnc_display_send_keys;
  display_class->set_scaling = gh_vnc_display_set_scaling;
  display_class->set_resize_guest = gh_vnc_display_set_resize_guest;
  display_class->dup_frame = gh_vnc_display_dup_frame;
}

static void
gh_vnc_display_init (GhVncDisplay *self)
{
}
