/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Which display of a machine to open, and how to reach it. Pure functions over a document. */

#define G_LOG_DOMAIN "gh-console-target"

#include "config.h"

#include "gh-console-target.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "gh-host.h"

G_DEFINE_QUARK (gh-console-error-quark, gh_console_error)

static gboolean
is_graphics (const GhGraphicsXml *graphics)
{
  return g_strcmp0 (graphics->type, "spice") == 0 || g_strcmp0 (graphics->type, "vnc") == 0;
}

static gboolean
is_wildcard (const char *address)
{
  return address == NULL || *address == '\0' || strcmp (address, "0.0.0.0") == 0 ||
         strcmp (address, "::") == 0;
}

static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = NULL;

  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return TRUE;
  address = g_inet_address_new_from_string (host);
  return address != NULL && g_inet_address_get_is_loopback (address);
}

static gboolean
has_video (GhDomainXml *xml)
{
  g_autofree char *model = gh_domain_xml_dup_text (xml, "devices/video/model/@type");

  return model != NULL && strcmp (model, "none") != 0;
}

/**
 * gh_console_target_new_graphical:
 * @xml: a machine's live document
 * @error: (out): set in %GH_CONSOLE_ERROR with a sentence that says why there is nothing to open
 *
 * Takes SPICE before VNC where a machine has both: it has the better input and sound.
 *
 * Returns: (transfer full) (nullable): what to open
 */
GhConsoleTarget *
gh_console_target_new_graphical (GhDomainXml  *xml,
                                 GError      **error)
{
  g_autoptr (GPtrArray) all = gh_domain_xml_list_graphics (xml);
  g_autofree char *clipboard = NULL;
  GhGraphicsXml *chosen = NULL;
  GhConsoleTarget *self = NULL;
  guint index = 0;

  for (guint i = 0; i < all->len; i++)
    {
      GhGraphicsXml *graphics = g_ptr_array_index (all, i);

      if (!is_graphics (graphics) ||
          (chosen != NULL && g_strcmp0 (graphics->type, "spice") != 0) ||
          (chosen != NULL && g_strcmp0 (chosen->type, "spice") == 0))
        continue;
      chosen = graphics;
      index = i;
    }

  if (chosen == NULL && all->len == 0)
    {
      g_set_error_literal (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_NO_DISPLAY,
                           _("It has no display."));
      return NULL;
    }
  if (chosen == NULL)
    {
      GhGraphicsXml *other = g_ptr_array_index (all, 0);

      g_set_error (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_UNSUPPORTED,
                   /* Translators: %s is a kind of display, such as “sdl” or “dbus”. */
                   _("Its display is of the kind “%s”; Guesthouse shows SPICE and VNC."),
                   other->type != NULL ? other->type : "?");
      return NULL;
    }
  if (!has_video (xml))
    {
      g_set_error_literal (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_NO_DISPLAY,
                           _("It has no video card, so there is nothing to show."));
      return NULL;
    }

  clipboard = gh_domain_xml_dup_text (xml, "devices/graphics[@type='spice']/clipboard/@copypaste");
  self = g_new0 (GhConsoleTarget, 1);
  self->protocol = g_strcmp0 (chosen->type, "spice") == 0 ? GH_CONSOLE_SPICE : GH_CONSOLE_VNC;
  self->index = index;
  self->clipboard = self->protocol == GH_CONSOLE_SPICE && g_strcmp0 (clipboard, "yes") == 0;
  self->listen_type = g_strdup (chosen->listen_type);
  self->listen = g_strdup (chosen->listen);
  self->listen_port = chosen->port > 0 && chosen->port <= G_MAXUINT16 ? chosen->port : -1;
  self->tls_only = self->listen_port < 0 && chosen->tls_port > 0;
  return self;
}

/**
 * gh_console_target_new_serial:
 * @xml: a machine's live document
 * @error: (out): set in %GH_CONSOLE_ERROR
 *
 * Returns: (transfer full) (nullable): the first serial port that libvirt can hand out
 */
GhConsoleTarget *
gh_console_target_new_serial (GhDomainXml  *xml,
                              GError      **error)
{
  g_autoptr (GPtrArray) all = gh_domain_xml_list_serials (xml);
  GhCharXml *chosen = NULL;
  GhConsoleTarget *self = NULL;

  for (guint i = 0; i < all->len && chosen == NULL; i++)
    {
      GhCharXml *serial = g_ptr_array_index (all, i);

      if (g_strcmp0 (serial->type, "pty") == 0)
        chosen = serial;
    }

  if (chosen == NULL && all->len == 0)
    {
      g_set_error_literal (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_NO_SERIAL,
                           _("It has no serial port."));
      return NULL;
    }
  if (chosen == NULL)
    {
      GhCharXml *other = g_ptr_array_index (all, 0);

      g_set_error (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_UNSUPPORTED,
                   /* Translators: %s is what the port is connected to, such as “file” or “tcp”. */
                   _("Its serial port is connected elsewhere (%s), so it cannot be opened here."),
                   other->type != NULL ? other->type : "?");
      return NULL;
    }

  self = g_new0 (GhConsoleTarget, 1);
  self->protocol = GH_CONSOLE_TERMINAL;
  self->alias = g_strdup (chosen->alias);
  self->listen_port = -1;
  return self;
}

/**
 * gh_console_target_use_network:
 * @self: a SPICE or VNC target
 * @uri: that of the machine's host; empty when that is this computer
 * @error: (out): set in %GH_CONSOLE_ERROR with why it cannot be reached
 *
 * For hosts that cannot hand over a socket: finds out whether the display listens where this
 * computer can connect to. A host over ssh is asked to connect to it itself, whatever address that
 * is: it needs no open port there, and is encrypted. A host on this computer is never reached so;
 * its displays need no port.
 *
 * Returns: whether @self now has a host and port
 */
gboolean
gh_console_target_use_network (GhConsoleTarget  *self,
                               const char       *uri,
                               GError          **error)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_PARSE_RELAXED, NULL);
  const char *host = parsed != NULL ? g_uri_get_host (parsed) : NULL;

  if (host == NULL || *host == '\0')
    {
      g_set_error_literal (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_UNREACHABLE,
                           _("Its host cannot hand over a connection to the display."));
      return FALSE;
    }
  if (self->listen_port < 0)
    {
      g_set_error_literal (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_UNREACHABLE,
                           self->tls_only
                             ? _("Its display takes encrypted (TLS) connections only, which "
                                 "Guesthouse does not open yet.")
                             : _("Its display has no network port, so it can only be opened on "
                                 "the host itself."));
      return FALSE;
    }
  self->tunnel = gh_host_uri_can_tunnel (uri);
  self->port = self->listen_port;
  if (self->tunnel)
    {
      g_free (self->host);
      self->host = g_strdup (!is_wildcard (self->listen) ? self->listen
                             : g_strcmp0 (self->listen, "::") == 0 ? "::1" : "127.0.0.1");
      return TRUE;
    }
  if (!is_wildcard (self->listen) && is_loopback (self->listen) && !is_loopback (host))
    {
      g_set_error (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_UNREACHABLE,
                   /* Translators: %s is a host name. */
                   _("Its display can only be reached from “%s” itself: it listens on the local "
                     "address there."), host);
      return FALSE;
    }

  g_free (self->host);
  self->host = g_strdup (is_wildcard (self->listen) ? host : self->listen);
  return TRUE;
}

static void
clear_secret (char **secret)
{
  if (*secret != NULL)
    explicit_bzero (*secret, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

/**
 * gh_console_target_set_password:
 * @self: a target
 * @user: (nullable): for displays that ask for one
 * @password: (nullable): copied, and wiped when @self is freed
 */
void
gh_console_target_set_password (GhConsoleTarget *self,
                                const char      *user,
                                const char      *password)
{
  g_free (self->user);
  self->user = g_strdup (user);
  clear_secret (&self->password);
  self->password = g_strdup (password);
}

void
gh_console_target_free (GhConsoleTarget *self)
{
  g_clear_object (&self->machine);
  clear_secret (&self->password);
  g_free (self->user);
  g_free (self->host);
  g_free (self->listen);
  g_free (self->listen_type);
  g_free (self->alias);
  g_free (self);
}

/**
 * gh_console_target_has_graphics:
 * @xml: a machine's live document
 *
 * Returns: whether there is a display of a kind Guesthouse shows
 */
gboolean
gh_console_target_has_graphics (GhDomainXml *xml)
{
  g_autoptr (GhConsoleTarget) target = gh_console_target_new_graphical (xml, NULL);

  return target != NULL;
}

/**
 * gh_console_target_has_serial:
 * @xml: a machine's live document
 *
 * Returns: whether there is a serial port that can be opened
 */
gboolean
gh_console_target_has_serial (GhDomainXml *xml)
{
  g_autoptr (GhConsoleTarget) target = gh_console_target_new_serial (xml, NULL);

  return target != NULL;
}
