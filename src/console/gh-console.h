/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine.h"

G_BEGIN_DECLS

typedef enum
{
  GH_CONSOLE_GRAPHICAL, /* SPICE or VNC, what the machine has */
  GH_CONSOLE_SERIAL,    /* a terminal on the machine's first serial port */
} GhConsoleKind;

/**
 * GhConsoleState:
 * @GH_CONSOLE_WAITING: the machine is off; the console opens when it runs
 * @GH_CONSOLE_CONNECTING: opening, or opening again after it was lost
 * @GH_CONSOLE_SHOWN: the guest can be seen and used
 * @GH_CONSOLE_NEEDS_PASSWORD: the display asks for a password
 * @GH_CONSOLE_LOST: the connection failed or broke though the machine runs; see
 *   "status-text" for why
 * @GH_CONSOLE_NOT_AVAILABLE: the machine has nothing to show, or it cannot be
 *   reached from here; see "status-text" for why
 * @GH_CONSOLE_CLOSED: closed on request, by gh_console_disconnect()
 */
typedef enum
{
  GH_CONSOLE_WAITING,
  GH_CONSOLE_CONNECTING,
  GH_CONSOLE_SHOWN,
  GH_CONSOLE_NEEDS_PASSWORD,
  GH_CONSOLE_LOST,
  GH_CONSOLE_NOT_AVAILABLE,
  GH_CONSOLE_CLOSED,
} GhConsoleState;

#define GH_TYPE_CONSOLE_KIND (gh_console_kind_get_type ())
GType gh_console_kind_get_type (void);
#define GH_TYPE_CONSOLE_STATE (gh_console_state_get_type ())
GType gh_console_state_get_type (void);

/* A combination of keys a keyboard, or the desktop in front of the guest, does not let through. */
typedef struct
{
  const char  *name;    /* "ctrl-alt-delete", the target of console.send-keys */
  const char  *label;   /* "Ctrl+Alt+Delete" */
  const guint *keyvals; /* GDK key values, ended by 0 */
  const guint *codes;   /* the same as Linux key codes, ended by 0 */
} GhKeyCombination;

/* The console of one machine, as a widget that fills its place: the guest's screen, or a page that
 * says why there is none and offers what to do, and below it a bar with the hint how to release
 * keyboard and mouse, and buttons to send keys, fit and fill the screen.
 *
 * It opens by itself once it is visible (mapped) while its machine is active, stays open while it
 * is hidden, and opens again when the guest restarts or the connection breaks.
 *
 * Properties: "machine" (GhMachine, nullable, read-write), "kind" (construct-only), and, notified
 * on change: "state" (GhConsoleState), "status-text" (nullable), "grabbed" (keys go to the guest),
 * "scaling" (read-write, default TRUE: fit the guest's screen to the window; FALSE: its own size),
 * "resize-guest" (read-write, default FALSE: ask the guest to take the window's size),
 * "can-resize-guest" (its agent runs), "has-graphics", "has-serial", "fullscreen" (read-write: to
 * be set by the window when it becomes or stops being full screen; the bar then hides at the top
 * edge), "on-hold".
 *
 * Signals:
 * - "fullscreen-requested" (gboolean wanted): the user asked for it; the window does it.
 * - "screenshot-requested": the user asked for one; the window asks where to and calls
 *   gh_console_take_screenshot_async().
 * - "kind-requested" (GhConsoleKind): the user wants the machine's other console; the window
 *   shows it.
 * - "doubt-asked": the user wants the machine to run although it may be running elsewhere; the
 *   window asks whether that is known for certain, and runs it.
 *
 * Actions: gh_console_get_actions(), inserted on the widget as "console": "send-keys" (string),
 * "fullscreen", "scaling", "resize-guest" (booleans), "screenshot", "reconnect", "disconnect",
 * "copy", "paste", "release" (keyboard and mouse), "other-kind" (asks for the other console). A
 * window inserts the group of the console it shows under the same name for its own menus.
 */
#define GH_TYPE_CONSOLE (gh_console_get_type ())
G_DECLARE_FINAL_TYPE (GhConsole, gh_console, GH, CONSOLE, GtkBin)

GtkWidget              *gh_console_new                    (GhConsoleKind        kind);

GhMachine              *gh_console_get_machine            (GhConsole           *self);
void                    gh_console_set_machine            (GhConsole           *self,
                                                           GhMachine           *machine);
GhConsoleKind           gh_console_get_kind               (GhConsole           *self);
GhConsoleState          gh_console_get_state              (GhConsole           *self);
const char             *gh_console_get_status_text        (GhConsole           *self);
gboolean                gh_console_get_grabbed            (GhConsole           *self);
GActionGroup           *gh_console_get_actions            (GhConsole           *self);

/* Known once the machine's XML was read: while it runs and this console was shown. */
gboolean                gh_console_get_has_graphics       (GhConsole           *self);
gboolean                gh_console_get_has_serial         (GhConsole           *self);

/* Opens at once, also when hidden, lost or closed before. */
void                    gh_console_connect                (GhConsole           *self);
/* Closes and stays closed until gh_console_connect() or another machine. */
void                    gh_console_disconnect             (GhConsole           *self);
/* While on hold nothing opens by itself; what is open stays open. */
void                    gh_console_set_on_hold            (GhConsole           *self,
                                                           gboolean             on_hold);

gboolean                gh_console_get_scaling            (GhConsole           *self);
void                    gh_console_set_scaling            (GhConsole           *self,
                                                           gboolean             scaling);
gboolean                gh_console_get_resize_guest       (GhConsole           *self);
void                    gh_console_set_resize_guest       (GhConsole           *self,
                                                           gboolean             resize_guest);
gboolean                gh_console_get_fullscreen         (GhConsole           *self);
void                    gh_console_set_fullscreen         (GhConsole           *self,
                                                           gboolean             fullscreen);
/* Gives keyboard and mouse back, and the focus to the console. */
void                    gh_console_release                (GhConsole           *self);

/* The table, and a menu of it with "console.send-keys" actions. */
const GhKeyCombination *gh_console_list_key_combinations  (guint               *n_combinations);
GMenuModel             *gh_console_dup_keys_menu          (void);
/* Goes through the display, or through the host when none is shown. */
gboolean                gh_console_send_keys              (GhConsole           *self,
                                                           const char          *name);

/* Saves the guest's screen as PNG, whole or not at all; also when no display is shown. */
void                    gh_console_take_screenshot_async  (GhConsole           *self,
                                                           GFile               *file,
                                                           GCancellable        *cancellable,
                                                           GAsyncReadyCallback  callback,
                                                           gpointer             user_data);
gboolean                gh_console_take_screenshot_finish (GhConsole           *self,
                                                           GAsyncResult        *result,
                                                           GError             **error);

G_END_DECLS
