/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Light or dark as the desktop is. GTK 3 does not know the desktop's choice of today, and
 * HdyStyleManager, which does, loads the theme two more times before the first window: measured
 * in instructions, 40% of the whole start. So the choice is read here: from GNOME's setting at
 * once, so that a dark desktop never sees a light window, and from the portal of other desktops
 * as soon as it answers. */

#define G_LOG_DOMAIN "gh-color-scheme"

#include "config.h"

#include "gh-color-scheme.h"

#include <gtk/gtk.h>

#define DESKTOP_SCHEMA "org.gnome.desktop.interface"
#define PORTAL_NAMESPACE "org.freedesktop.appearance"
#define PORTAL_KEY "color-scheme"
#define PORTAL_PREFERS_DARK 1

/* of the user's GTK settings: dark whatever the desktop says */
static gboolean own_preference = FALSE;

static void
apply (gboolean dark)
{
  g_object_set (gtk_settings_get_default (), "gtk-application-prefer-dark-theme", dark ||
                own_preference, NULL);
}

static void
setting_changed_cb (GSettings  *settings,
                    const char *key,
                    gpointer    user_data)
{
  g_autofree char *value = g_settings_get_string (settings, "color-scheme");

  apply (g_strcmp0 (value, "prefer-dark") == 0);
}

/* (nullable): the setting, on desktops that have it. */
static GSettings *
open_setting (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, DESKTOP_SCHEMA, TRUE);
  if (schema == NULL || !g_settings_schema_has_key (schema, "color-scheme"))
    return NULL;
  return g_settings_new_full (schema, NULL, NULL);
}

static void
apply_portal_value (GVariant *value)
{
  g_autoptr (GVariant) inner = g_variant_ref (value);

  /* Read() wraps the value twice. */
  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT))
    {
      GVariant *unwrapped = g_variant_get_variant (inner);

      g_variant_unref (inner);
      inner = unwrapped;
    }
  if (g_variant_is_of_type (inner, G_VARIANT_TYPE_UINT32))
    apply (g_variant_get_uint32 (inner) == PORTAL_PREFERS_DARK);
}

static void
portal_changed_cb (GDBusConnection *bus,
                   const char      *sender,
                   const char      *path,
                   const char      *interface,
                   const char      *signal,
                   GVariant        *parameters,
                   gpointer         user_data)
{
  const char *name = NULL;
  const char *key = NULL;
  g_autoptr (GVariant) value = NULL;

  g_variant_get (parameters, "(&s&s@v)", &name, &key, &value);
  if (g_strcmp0 (name, PORTAL_NAMESPACE) == 0 && g_strcmp0 (key, PORTAL_KEY) == 0)
    apply_portal_value (value);
}

static void
portal_read_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  /* No portal, or one without this setting: the desktop has no say. */
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result,
                                                              NULL);
  g_autoptr (GVariant) value = NULL;

  if (reply == NULL)
    return;
  g_variant_get (reply, "(@v)", &value);
  apply_portal_value (value);
}

static void
bus_opened_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, NULL);

  if (bus == NULL)
    return;
  g_dbus_connection_signal_subscribe (bus, "org.freedesktop.portal.Desktop",
                                      "org.freedesktop.portal.Settings",
                                      "SettingChanged", "/org/freedesktop/portal/desktop",
                                      PORTAL_NAMESPACE,
                                      G_DBUS_SIGNAL_FLAGS_NONE, portal_changed_cb, NULL, NULL);
  g_dbus_connection_call (bus, "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop",
                          "org.freedesktop.portal.Settings", "Read",
                          g_variant_new ("(ss)", PORTAL_NAMESPACE,
                                         PORTAL_KEY), G_VARIANT_TYPE ("(v)"),
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, portal_read_cb, NULL);
}

/**
 * gh_color_scheme_follow:
 *
 * Follows the desktop's choice of light or dark from now on. Once, before the first window.
 * A theme forced by GTK_THEME stays as it is. Main thread.
 */
void
gh_color_scheme_follow (void)
{
  static GSettings *settings = NULL; /* lives as long as the program */

  if (settings != NULL || g_getenv ("GTK_THEME") != NULL)
    return;

  g_object_get (gtk_settings_get_default (), "gtk-application-prefer-dark-theme", &own_preference,
                NULL);
  settings = open_setting ();
  if (settings != NULL)
    {
      g_autofree char *value = g_settings_get_string (settings, "color-scheme");

      /* Only a change costs loading the theme. */
      if (g_strcmp0 (value, "prefer-dark") == 0)
        apply (TRUE);
      g_signal_connect (settings, "changed::color-scheme", G_CALLBACK (setting_changed_cb), NULL);
    }
  else
    g_bus_get (G_BUS_TYPE_SESSION, NULL, bus_opened_cb, NULL);
}
