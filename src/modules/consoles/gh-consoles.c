/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-consoles"

#include "config.h"

#include <gtk/gtk.h>
#include <string.h>

#include "gh-serial-display.h"
#include "gh-spice-display.h"
#include "gh-vnc-display.h"

G_MODULE_EXPORT GhDisplay *gh_consoles_create_display (GhConsoleProtocol protocol);

/* In a browser the widgets of SPICE and VNC each warn whoever looks at the terminal that keys are
 * known by what they mean, not by where they are. That is so, and nobody could do anything about
 * it. */
static void
keymap_logged_cb (const char     *domain,
                  GLogLevelFlags  level,
                  const char     *message,
                  gpointer        user_data)
{
  if (strstr (message, "using broadway") != NULL)
    g_debug ("%s: %s", domain, message);
  else
    g_log_default_handler (domain, level, message, user_data);
}

static void
expect_broadway (void)
{
  static gboolean expected = FALSE;
  GdkDisplay *display = gdk_display_get_default ();

  if (expected || display == NULL ||
      strcmp (G_OBJECT_TYPE_NAME (display), "GdkBroadwayDisplay") != 0)
    return;
  expected = TRUE;
  g_log_set_handler ("vnc-keymap", G_LOG_LEVEL_WARNING, keymap_logged_cb, NULL);
  g_log_set_handler ("gtk-vnc", G_LOG_LEVEL_WARNING, keymap_logged_cb, NULL);
}

/* The module's one symbol, see GhDisplayCreateFunc. Main thread. */
GhDisplay *
gh_consoles_create_display (GhConsoleProtocol protocol)
{
  expect_broadway ();
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
