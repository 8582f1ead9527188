/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-console.h"
#include "gh-display.h"

G_BEGIN_DECLS

/* What the page in front of the screen offers to do. */
typedef enum
{
  GH_CONSOLE_OFFER_NOTHING,
  GH_CONSOLE_OFFER_RUN,
  GH_CONSOLE_OFFER_RUN_IN_DOUBT, /* it may be running elsewhere: the window asks first */
  GH_CONSOLE_OFFER_CONNECT,
  GH_CONSOLE_OFFER_PASSWORD,
  GH_CONSOLE_OFFER_OTHER_KIND,
} GhConsoleOffer;

/* Properties: "state", "status" (changes with anything the page shows), "display" (nullable). */
#define GH_TYPE_CONSOLE_LINK (gh_console_link_get_type ())
G_DECLARE_FINAL_TYPE (GhConsoleLink, gh_console_link, GH, CONSOLE_LINK, GObject)

GhConsoleLink  *gh_console_link_new             (GhConsoleKind   kind);
GhMachine      *gh_console_link_get_machine     (GhConsoleLink  *self); /* nullable */
void            gh_console_link_set_machine     (GhConsoleLink  *self,
                                                 GhMachine      *machine);
GhConsoleKind   gh_console_link_get_kind        (GhConsoleLink  *self);

GhConsoleState  gh_console_link_get_state       (GhConsoleLink  *self);
const char     *gh_console_link_get_title       (GhConsoleLink  *self);
const char     *gh_console_link_get_text        (GhConsoleLink  *self); /* nullable */
const char     *gh_console_link_get_details     (GhConsoleLink  *self); /* nullable */
const char     *gh_console_link_get_icon_name   (GhConsoleLink  *self);
GhConsoleOffer  gh_console_link_get_offer       (GhConsoleLink  *self);
gboolean        gh_console_link_get_user_needed (GhConsoleLink  *self);

GhDisplay      *gh_console_link_get_display     (GhConsoleLink  *self); /* nullable */
GdkPixbuf      *gh_console_link_get_last_frame  (GhConsoleLink  *self); /* nullable */
gboolean        gh_console_link_get_has_graphics (GhConsoleLink *self);
gboolean        gh_console_link_get_has_serial  (GhConsoleLink  *self);

void            gh_console_link_want            (GhConsoleLink  *self);
void            gh_console_link_set_on_hold     (GhConsoleLink  *self,
                                                 gboolean        on_hold);
gboolean        gh_console_link_get_on_hold     (GhConsoleLink  *self);
void            gh_console_link_connect         (GhConsoleLink  *self);
void            gh_console_link_disconnect      (GhConsoleLink  *self);
void            gh_console_link_give_password   (GhConsoleLink  *self,
                                                 const char     *user,
                                                 const char     *password);
void            gh_console_link_run_machine     (GhConsoleLink  *self);

G_END_DECLS
