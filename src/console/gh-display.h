/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-console-target.h"

G_BEGIN_DECLS

#define GH_TYPE_DISPLAY (gh_display_get_type ())
G_DECLARE_DERIVABLE_TYPE (GhDisplay, gh_display, GH, DISPLAY, GObject)

/**
 * GhDisplayClass:
 * @get_widget: what is put into the console; there from "made" to gh_display_close()
 * @get_input_widget: the part of it that takes the keyboard
 * @open: connects; called once
 * @close: disconnects and destroys the widget; nothing is emitted afterwards
 * @release: gives up keyboard and mouse
 * @send_keys: presses and releases GDK key values together; ended by 0
 * @dup_frame: the guest's screen as it is, or %NULL
 *
 * One connection to one guest, by one protocol. Subclasses live in the module
 * "consoles", which is loaded when the first console opens. A display is used once:
 * another connection is another display.
 *
 * Properties: "can-resize-guest", "takes-input", for subclasses to set.
 * Signals: "made" when there is a widget, "shown" when there is something to see, "drawn" when it
 * was first painted, "lost" (GError *, nullable) when the connection failed or ended, and
 * "password-needed" (gboolean user_too) when it cannot go on without one; after the last two the
 * display is to be closed.
 */
struct _GhDisplayClass
{
  GObjectClass parent_class;

  GtkWidget  *(*get_widget)       (GhDisplay *self);
  GtkWidget  *(*get_input_widget) (GhDisplay *self);
  void        (*open)             (GhDisplay *self, const GhConsoleTarget *target, int fd);
  void        (*close)            (GhDisplay *self);
  void        (*release)          (GhDisplay *self);
  gboolean    (*send_keys)        (GhDisplay *self, const guint *keyvals);
  void        (*set_scaling)      (GhDisplay *self, gboolean scaling);
  void        (*set_resize_guest) (GhDisplay *self, gboolean resize_guest);
  GdkPixbuf  *(*dup_frame)        (GhDisplay *self);
  void        (*copy)             (GhDisplay *self);
  void        (*paste)            (GhDisplay *self);
};

GtkWidget *gh_display_get_widget           (GhDisplay *self);
GtkWidget *gh_display_get_input_widget     (GhDisplay *self);
void       gh_display_open                 (GhDisplay *self, const GhConsoleTarget *target, int fd);
void       gh_display_close                (GhDisplay *self);
void       gh_display_release              (GhDisplay *self);
gboolean   gh_display_send_keys            (GhDisplay *self, const guint *keyvals);
void       gh_display_set_scaling          (GhDisplay *self, gboolean scaling);
void       gh_display_set_resize_guest     (GhDisplay *self, gboolean resize_guest);
gboolean   gh_display_get_can_resize_guest (GhDisplay *self);
gboolean   gh_display_get_takes_input      (GhDisplay *self);
GdkPixbuf *gh_display_dup_frame            (GhDisplay *self);
void       gh_display_copy                 (GhDisplay *self);
void       gh_display_paste                (GhDisplay *self);

/* For subclasses. */
void       gh_display_set_can_resize_guest (GhDisplay *self, gboolean can_resize_guest);
void       gh_display_set_takes_input      (GhDisplay *self, gboolean takes_input);
void       gh_display_emit_made            (GhDisplay *self);
void       gh_display_emit_shown           (GhDisplay *self);
void       gh_display_emit_drawn           (GhDisplay *self);
void       gh_display_emit_lost            (GhDisplay *self, const GError *error);
void       gh_display_emit_password_needed (GhDisplay *self, gboolean user_too);

/* The one symbol of the module "consoles". */
typedef GhDisplay *(*GhDisplayCreateFunc) (GhConsoleProtocol protocol);
#define GH_DISPLAY_CREATE_SYMBOL "gh_consoles_create_display"

G_END_DECLS
