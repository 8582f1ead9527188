/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-ui"

#include "config.h"

#include "gh-ui.h"

#include <handy.h>

#include "gh-resources.h"

static void
load_style (void)
{
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  gtk_css_provider_load_from_resource (provider, GH_UI_RESOURCES "style.css");
  gtk_style_context_add_provider_for_screen (gdk_screen_get_default (),
                                             GTK_STYLE_PROVIDER (provider),
                                             GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

/**
 * gh_ui_init:
 *
 * Makes templates and styles available; to be called once the display is open and before
 * the first widget of this layer is made. A second call changes nothing. Main thread.
 */
void
gh_ui_init (void)
{
  static gboolean initialized = FALSE;

  if (initialized)
    return;

  initialized = TRUE;
  gh_ui_register_resource ();
  hdy_init ();
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_default (), GH_UI_RESOURCES "icons");
  load_style ();
}
