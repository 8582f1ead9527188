/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-consoles"

#include "config.h"

#include "gh-serial-display.h"
#include "gh-spice-display.h"
#include "gh-vnc-display.h"

G_MODULE_EXPORT GhDisplay *gh_consoles_create_display (GhConsoleProtocol protocol);

/* The module's one symbol, see GhDisplayCreateFunc. Main thread. */
GhDisplay *
gh_consoles_create_display (GhConsoleProtocol protocol)
{
  switch (protocol)
    {
    case GH_CONSOLE_SPICE:
      return g_object_new (GH_TYPE_SPICE_DISPLAY, NULL);
    case GH_CONSOLE_VNC:
      return g_object_new (GH_TYPE_VNC_DISPLAY, NULL);
    case GH_CONSOLE_TERMINAL:
      return g_object_new (GH_TYPE_SERIAL_DISPLAY, NULL);
    default:
      g_assert_not_reached ();
    }
}
