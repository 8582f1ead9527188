/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <atspi/atspi.h>
#include <gdk/gdk.h>

#include "gh-lab.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiAccessible, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiAction, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiComponent, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiEditableText, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiSelection, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiStateSet, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiValue, g_object_unref)

/**
 * GhJourney:
 *
 * The real program on a display, used as a person uses it: widgets are found by their
 * accessible role and name, pressed, and typed into by the keyboard. A window manager runs
 * beside it, so that windows have the focus as on a desktop.
 */
typedef struct _GhJourney GhJourney;

GhJourney       *gh_journey_start        (GhLab *lab, const char *arg, ...) G_GNUC_NULL_TERMINATED;
void             gh_journey_end          (GhJourney *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhJourney, gh_journey_end)

/* Waits until such a widget is on the screen. NULL for @name takes any. */
AtspiAccessible *gh_journey_find         (GhJourney *self, AtspiRole role, const char *name);
gboolean         gh_journey_has          (GhJourney *self, AtspiRole role, const char *name);
void             gh_journey_wait_gone    (GhJourney *self, AtspiRole role, const char *name);
void             gh_journey_wait_enabled (GhJourney *self, AtspiRole role, const char *name);
/* Waits until it is there and can be pressed, and presses it. */
void             gh_journey_press        (GhJourney *self, AtspiRole role, const char *name);
/* In a flow box in a window that scrolls: GTK says of what is there that it does not show. */
void             gh_journey_press_in_flow (GhJourney *self, AtspiRole role, const char *name);
/* Replaces the text of an entry. */
void             gh_journey_set_text     (GhJourney *self, AtspiRole role, const char *name,
                                          const char *text);
/* Keys as from the keyboard, into what has the focus. */
void             gh_journey_type         (GhJourney *self, const char *text);
void             gh_journey_key          (GhJourney *self, guint keyval);
/* With Alt: for what is out of sight as well. */
void             gh_journey_mnemonic     (GhJourney *self, guint keyval);
void             gh_journey_set_value    (GhJourney *self, AtspiRole role, const char *name,
                                          double value);
/* Chooses from a list that opens. */
void             gh_journey_choose       (GhJourney *self, const char *name, int position);
/* By the mouse, with @icon at the pointer, onto what can be seen to take it; the button stays down
 * until gh_journey_drop(). */
void             gh_journey_drag         (GhJourney *self, AtspiAccessible *from,
                                          AtspiAccessible *to, const char *icon);
void             gh_journey_drop         (GhJourney *self);
/* Of the window that has the focus; also moves it up to the display's edge. */
void             gh_journey_set_height   (GhJourney *self, AtspiAccessible *window, int height);
void             gh_journey_click_at     (GhJourney *self, AtspiAccessible *widget);

/* The whole display; also kept as NAME.png with the other screenshots. */
GdkPixbuf       *gh_journey_screenshot   (GhJourney *self, const char *name);
/* Waits until the console on the window is what the host says the guest shows. */
void             gh_journey_wait_guest   (GhJourney *self, GhLab *lab, const char *machine);
GdkPixbuf       *gh_journey_look         (GhJourney *self);
void             gh_journey_get_extents  (AtspiAccessible *widget, GdkRectangle *extents);
GPid             gh_journey_get_pid      (GhJourney *self);

/* Something else than the program has the keys from now on. */
void             gh_journey_leave        (GhJourney *self);

/**
 * GhJourneyNotices:
 *
 * What programs tell the desktop: stands in for it on the session bus.
 */
typedef struct _GhJourneyNotices GhJourneyNotices;

GhJourneyNotices *gh_journey_listen       (void);
/* The next notification: its title, and its text on the lines below. */
char             *gh_journey_notices_wait (GhJourneyNotices *self);
void              gh_journey_notices_free (GhJourneyNotices *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhJourneyNotices, gh_journey_notices_free)

G_END_DECLS
