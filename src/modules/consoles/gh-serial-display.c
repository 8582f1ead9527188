/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-serial-display"

#include "config.h"

#include "gh-serial-display.h"

#include <glib/gi18n-lib.h>
#include <vte/vte.h>

#define SCROLLBACK_LINES 10000

/* A terminal on a serial port. What the guest sends is only ever shown: titles, links and the like
 * that a terminal can be told by its program are not acted on. */
struct _GhSerialDisplay
{
  GhDisplay       parent_instance;

  GCancellable   *cancellable; /* (owned) */
  GhSerialStream *stream;      /* (owned) (nullable) */
  GtkWidget      *scroller;    /* (owned) (nullable) */
  VteTerminal    *terminal;    /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (GhSerialDisplay, gh_serial_display, GH_TYPE_DISPLAY)

static void
data_cb (GhSerialStream  *stream,
         GBytes          *bytes,
         GhSerialDisplay *self)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (bytes, &size);

  if (self->scroller != NULL && size > 0 && size <= G_MAXSSIZE)
    vte_terminal_feed (self->terminal, data, (gssize) size);
}

static void
closed_cb (GhSerialStream  *stream,
           const GError    *error,
           GhSerialDisplay *self)
{
  g_autoptr (GhSerialDisplay) hold = g_object_ref (self);

  gh_display_emit_lost (GH_DISPLAY (hold), error);
}

/* Typed or pasted, and the terminal's own answers to the guest's questions. */
static void
commit_cb (VteTerminal     *terminal,
           const char      *text,
           guint            size,
           GhSerialDisplay *self)
{
  if (self->stream != NULL && size > 0)
    gh_serial_stream_write (self->stream, text, size);
}

static gboolean
drawn_cb (GtkWidget       *widget,
          cairo_t         *cr,
          GhSerialDisplay *self)
{
  if (self->stream != NULL)
    {
      g_signal_handlers_disconnect_by_func (widget, drawn_cb, self);
      gh_display_emit_drawn (GH_DISPLAY (self));
    }
  return GDK_EVENT_PROPAGATE;
}

static void
opened_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GhSerialDisplay) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhSerialStream) stream = gh_machine_open_serial_finish (GH_MACHINE (object), result,
                                                                     &error);

  if (self->scroller == NULL)
    {
      if (stream != NULL)
        gh_serial_stream_close (stream);
      return;
    }
  if (stream == NULL)
    {
      gh_display_emit_lost (GH_DISPLAY (self), error);
      return;
    }

  self->stream = g_steal_pointer (&stream);
  g_signal_connect (self->stream, "data", G_CALLBACK (data_cb), self);
  g_signal_connect (self->stream, "closed", G_CALLBACK (closed_cb), self);
  gh_serial_stream_start (self->stream);
  gh_display_set_takes_input (GH_DISPLAY (self), TRUE);
  gh_display_emit_shown (GH_DISPLAY (self));
}

static void
gh_serial_display_copy (GhDisplay *display)
{
  GhSerialDisplay *self = GH_SERIAL_DISPLAY (display);

  if (self->scroller != NULL && vte_terminal_get_has_selection (self->terminal))
    vte_terminal_copy_clipboard_format (self->terminal, VTE_FORMAT_TEXT);
}

static void
gh_serial_display_paste (GhDisplay *display)
{
  GhSerialDisplay *self = GH_SERIAL_DISPLAY (display);

  if (self->scroller != NULL)
    vte_terminal_paste_clipboard (self->terminal);
}

/* As all terminals have it, for Ctrl+C is the guest's. */
static gboolean
key_pressed_cb (GtkWidget       *widget,
                GdkEventKey     *event,
                GhSerialDisplay *self)
{
  GdkModifierType state = event->state & gtk_accelerator_get_default_mod_mask ();

  if (state != (GDK_CONTROL_MASK | GDK_SHIFT_MASK))
    return GDK_EVENT_PROPAGATE;
  if (event->keyval == GDK_KEY_C)
    gh_serial_display_copy (GH_DISPLAY (self));
  else if (event->keyval == GDK_KEY_V)
    gh_serial_display_paste (GH_DISPLAY (self));
  else
    return GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

static void
gh_serial_display_open (GhDisplay             *display,
                        const GhConsoleTarget *target,
                        int                    fd)
{
  GhSerialDisplay *self = GH_SERIAL_DISPLAY (display);

  g_assert (self->scroller == NULL);

  self->scroller = g_object_ref_sink (gtk_scrolled_window_new (NULL, NULL));
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_ALWAYS);
  self->terminal = VTE_TERMINAL (g_object_ref_sink (vte_terminal_new ()));
  vte_terminal_set_scrollback_lines (self->terminal, SCROLLBACK_LINES);
  vte_terminal_set_scroll_on_output (self->terminal, FALSE);
  vte_terminal_set_scroll_on_keystroke (self->terminal, TRUE);
  vte_terminal_set_audible_bell (self->terminal, FALSE);
  vte_terminal_set_allow_hyperlink (self->terminal, FALSE);
  vte_terminal_set_mouse_autohide (self->terminal, TRUE);
  /* A serial port does not know our size; most programs think of 80 × 24. */
  vte_terminal_set_size (self->terminal, 80, 24);
  g_signal_connect (self->terminal, "commit", G_CALLBACK (commit_cb), self);
  g_signal_connect (self->terminal, "key-press-event", G_CALLBACK (key_pressed_cb), self);
  g_signal_connect_after (self->terminal, "draw", G_CALLBACK (drawn_cb), self);
  gtk_container_add (GTK_CONTAINER (self->scroller), GTK_WIDGET (self->terminal));
  gtk_widget_show (GTK_WIDGET (self->terminal));
  gh_display_emit_made (display);

  gh_machine_open_serial_async (target->machine, target->alias, /* force= */ FALSE,
                                self->cancellable, opened_cb, g_object_ref (self));
}

static void
gh_serial_display_close (GhDisplay *display)
{
  GhSerialDisplay *self = GH_SERIAL_DISPLAY (display);

  g_cancellable_cancel (self->cancellable);
  if (self->stream != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->stream, self);
      gh_serial_stream_close (self->stream);
    }
  g_clear_object (&self->stream);
  if (self->scroller != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->terminal, self);
      gtk_widget_destroy (self->scroller);
    }
  g_clear_object (&self->terminal);
  g_clear_object (&self->scroller);
}

static GtkWidget *
gh_serial_display_get_widget (GhDisplay *display)
{
  return GH_SERIAL_DISPLAY (display)->scroller;
}

static GtkWidget *
gh_serial_display_get_input_widget (GhDisplay *display)
{
  return GTK_WIDGET (GH_SERIAL_DISPLAY (display)->terminal);
}

static void
gh_serial_display_dispose (GObject *object)
{
  GhSerialDisplay *self = GH_SERIAL_DISPLAY (object);

  gh_display_close (GH_DISPLAY (self));
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (gh_serial_display_parent_class)->dispose (object);
}

static void
gh_serial_display_class_init (GhSerialDisplayClass *klass)
{
  GhDisplayClass *display_class = GH_DISPLAY_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_serial_display_dispose;
  display_class->get_widget = gh_serial_display_get_widget;
  display_class->get_input_widget = gh_serial_display_get_input_widget;
  display_class->open = gh_serial_display_open;
  display_class->close = gh_serial_display_close;
  display_class->copy = gh_serial_display_copy;
  display_class->paste = gh_serial_display_paste;
}

static void
gh_serial_display_init (GhSerialDisplay *self)
{
  self->cancellable = g_cancellable_new ();
}
