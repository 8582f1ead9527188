/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Of a clone's definition: what leads characters out of the guest (serial ports, consoles,
 * channels …), and displays. */

#define G_LOG_DOMAIN "gh-clone-xml"

#include "config.h"

#include "gh-clone-xml-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define RENEWABLE (GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_SET)

/* One such device, and the <console> that libvirt shows for the first serial port. */
typedef struct
{
  xmlNode    *node;
  xmlNode    *mirror; /* (nullable) */
  const char *id;
  const char *label;
} Character;

static gboolean
is_one_of (const char        *text,
           const char *const *list)
{
  return text != NULL && g_strv_contains (list, text);
}

static xmlNode *
find_source (const xmlNode *node,
             const char    *mode)
{
  for (xmlNode *source = gh_xml_node_get_child (node, "source"); source != NULL;
       source = gh_xml_node_get_next (source, "source"))
    {
      g_autofree char *value = gh_xml_node_dup_attribute (source, "mode");

      if (mode == NULL || g_strcmp0 (value, mode) == 0)
        return source;
    }
  return NULL;
}

static void
set_in_both (GhCloning       *self,
             const Character *character,
             const char      *mode,
             const char      *name,
             const char      *value)
{
  xmlNode *source = find_source (character->node, mode);
  xmlNode *mirror = find_source (character->mirror, mode);

  if (source != NULL)
    gh_cloning_set (self, source, name, value);
  if (mirror != NULL)
    gh_cloning_set (self, mirror, name, value);
}

/* The terminal a running machine has. */
static void
drop_terminal (GhCloning *self,
               xmlNode   *node)
{
  if (node == NULL)
    return;
  gh_cloning_set (self, node, "tty", NULL);
  gh_cloning_remove (self, gh_xml_node_get_child (node, "source"));
}

static void
make_pty (GhCloning *self,
          xmlNode   *node)
{
  if (node == NULL)
    return;
  gh_cloning_set (self, node, "type", "pty");
  drop_terminal (self, node);
}

/* A device or pipe of the host has one other end. In its place comes a terminal, so that the
 * guest sees no difference. */
static void
change_exclusive (GhCloning       *self,
                  const Character *character)
{
  xmlNode *source = gh_xml_node_get_child (character->node, "source");
  g_autofree char *before = gh_xml_node_dup_attribute (source, "path");
  const char *value = NULL;
  gboolean can_be_pty = !gh_xml_node_is (character->node, "redirdev") &&
                        !gh_xml_node_is (character->node, "smartcard");
  GhCloningChoice choice;

  if (before == NULL || !can_be_pty)
    return;
  choice = gh_cloning_decide (self, character->id, GH_CLONING_NEW, RENEWABLE, &value);
  gh_cloning_note (self, character->id, character->label, before,
                   value != NULL ? value : _("a terminal of its own"), choice != GH_CLONING_KEEP,
                   RENEWABLE, _("Only one machine at a time can use it."));
  if (value != NULL)
    set_in_both (self, character, NULL, "path", value);
  else if (choice == GH_CLONING_NEW)
    {
      make_pty (self, character->node);
      make_pty (self, character->mirror);
    }
}

static void
change_file (GhCloning       *self,
             const Character *character)
{
  xmlNode *source = gh_xml_node_get_child (character->node, "source");
  g_autofree char *before = gh_xml_node_dup_attribute (source, "path");
  g_autofree char *after = NULL;
  const char *value = NULL;
  GhCloningChoice choice;

  if (before == NULL)
    return;
  choice = gh_cloning_decide (self, character->id, GH_CLONING_NEW, RENEWABLE, &value);
  after = choice == GH_CLONING_NEW ? gh_cloning_dup_path (self, before, FALSE)
                                   : g_strdup (value != NULL ? value : before);
  set_in_both (self, character, NULL, "path", after);
  gh_cloning_note (self, character->id, character->label, before, after,
                   choice != GH_CLONING_KEEP, RENEWABLE,
                   _("Both machines would write to the same file."));
}

/* Whether libvirt makes up a socket if none is named: for channels, in a folder for the machine. */
static gboolean
is_made_by_libvirt (const Character *character,
                    const char      *path)
{
  g_autofree char *type = gh_xml_node_dup_child_attribute (character->node, "target", "type");
  g_autofree char *name = gh_xml_node_dup_child_attribute (character->node, "target", "name");

  return gh_xml_node_is (character->node, "channel") && g_strcmp0 (type, "virtio") == 0 &&
         (strstr (path, "/channel/target/") != NULL || strstr (path, "/libvirt/qemu/") != NULL ||
          (name != NULL && g_str_has_suffix (path, name)));
}

static void
change_unix (GhCloning       *self,
             const Character *character)
{
  xmlNode *source = gh_xml_node_get_child (character->node, "source");
  g_autofree char *before = gh_xml_node_dup_attribute (source, "path");
  g_autofree char *mode = gh_xml_node_dup_attribute (source, "mode");
  g_autofree char *after = NULL;
  const char *value = NULL;
  gboolean listens = g_strcmp0 (mode, "bind") == 0;
  GhCloningChoice choice;

  if (before == NULL)
    return;
  choice = gh_cloning_decide (self, character->id, listens ? GH_CLONING_NEW : GH_CLONING_KEEP,
                              RENEWABLE, &value);
  if (choice != GH_CLONING_NEW)
    after = g_strdup (value != NULL ? value : before);
  else if (!is_made_by_libvirt (character, before))
    after = gh_cloning_dup_path (self, before, TRUE);
  set_in_both (self, character, NULL, "path", after);
  gh_cloning_note (self, character->id, character->label, before,
                   after != NULL ? after : _("chosen by the host"), choice != GH_CLONING_KEEP,
                   RENEWABLE,
                   listens ? _("Two machines cannot listen on one socket.")
                           : _("Both machines connect to the same program, which may not expect "
                               "it."));
}

static char *
dup_address (const xmlNode *source,
             const char    *port)
{
  g_autofree char *host = gh_xml_node_dup_attribute (source, "host");

  return g_strdup_printf ("%s:%s", host != NULL ? host : "", port);
}

static void
change_tcp (GhCloning       *self,
            const Character *character)
{
  xmlNode *bound = find_source (character->node, "bind");
  xmlNode *source = bound != NULL ? bound : gh_xml_node_get_child (character->node, "source");
  g_autofree char *port = gh_xml_node_dup_attribute (source, "service");
  g_autofree char *new_port = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  const char *value = NULL;
  GhCloningChoice choice;

  if (port == NULL)
    return;
  choice = gh_cloning_decide (self, character->id, bound != NULL ? GH_CLONING_NEW : GH_CLONING_KEEP,
                              RENEWABLE, &value);
  if (value != NULL && bound != NULL)
    gh_cloning_check_port (self, value);
  new_port = choice == GH_CLONING_NEW ? gh_cloning_dup_port (self, port)
                                      : g_strdup (value != NULL ? value : port);
  set_in_both (self, character, bound != NULL ? "bind" : NULL, "service", new_port);
  before = dup_address (source, port);
  after = dup_address (source, new_port);
  gh_cloning_note (self, character->id, character->label, before, after,
                   choice != GH_CLONING_KEEP, RENEWABLE,
                   bound != NULL ? _("Two machines cannot listen on one port.")
                                 : _("Both machines connect to the same program, which may not "
                                     "expect it."));
}

static void
change_log (GhCloning       *self,
            const Character *character)
{
  xmlNode *log = gh_xml_node_get_child (character->node, "log");
  xmlNode *mirror = gh_xml_node_get_child (character->mirror, "log");
  g_autofree char *id = g_strdup_printf ("%s-log", character->id);
  /* Translators: %s is a device, such as “Serial port 1”. */
  g_autofree char *label = g_strdup_printf (_("%s: log"), character->label);
  g_autofree char *before = gh_xml_node_dup_attribute (log, "file");
  g_autofree char *after = NULL;
  const char *value = NULL;
  GhCloningChoice choice;

  if (before == NULL)
    return;
  choice = gh_cloning_decide (self, id, GH_CLONING_NEW, RENEWABLE, &value);
  after = choice == GH_CLONING_NEW ? gh_cloning_dup_path (self, before, FALSE)
                                   : g_strdup (value != NULL ? value : before);
  gh_cloning_set (self, log, "file", after);
  if (mirror != NULL)
    gh_cloning_set (self, mirror, "file", after);
  gh_cloning_note (self, id, label, before, after, choice != GH_CLONING_KEEP, RENEWABLE,
                   _("Both machines would write to the same file."));
}

static void
change_character (GhCloning  *self,
                  xmlNode    *node,
                  xmlNode    *mirror,
                  const char *id,
                  const char *label)
{
  static const char *const exclusive[] = { "dev", "pipe", NULL };
  static const char *const ports[] = { "tcp", "udp", NULL };
  const Character character = { node, mirror, id, label };
  g_autofree char *type = gh_xml_node_dup_attribute (node, "type");

  if (type == NULL || strcmp (type, "pty") == 0)
    {
      drop_terminal (self, node);
      drop_terminal (self, mirror);
    }
  else if (is_one_of (type, exclusive))
    change_exclusive (self, &character);
  else if (strcmp (type, "file") == 0)
    change_file (self, &character);
  else if (strcmp (type, "unix") == 0)
    change_unix (self, &character);
  else if (is_one_of (type, ports))
    change_tcp (self, &character);
  change_log (self, &character);
}

/* Whether a <console> is the first serial port over again. */
static gboolean
is_serial_console (const xmlNode *console)
{
  g_autofree char *type = gh_xml_node_dup_child_attribute (console, "target", "type");

  return type == NULL || strcmp (type, "serial") == 0;
}

static char *
make_label (const xmlNode *node,
            guint          n)
{
  g_autofree char *name = gh_xml_node_dup_child_attribute (node, "target", "name");

  if (gh_xml_node_is (node, "serial"))
    return g_strdup_printf (_("Serial port %u"), n + 1);
  if (gh_xml_node_is (node, "parallel"))
    return g_strdup_printf (_("Parallel port %u"), n + 1);
  if (gh_xml_node_is (node, "console"))
    return g_strdup_printf (_("Console %u"), n + 1);
  if (gh_xml_node_is (node, "redirdev"))
    return g_strdup_printf (_("USB redirection %u"), n + 1);
  if (gh_xml_node_is (node, "smartcard"))
    return g_strdup_printf (_("Smart card %u"), n + 1);
  return name != NULL ? g_strdup_printf (_("Channel %s"), name)
                      : g_strdup_printf (_("Channel %u"), n + 1);
}

static void
change_kind (GhCloning  *self,
             const char *kind)
{
  g_autofree char *xpath = g_strdup_printf ("devices/%s", kind);
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, xpath);
  xmlNode *console = gh_xml_document_find (self->document, "devices/console");
  gboolean mirrored = console != NULL && is_serial_console (console) &&
                      gh_xml_document_find (self->document, "devices/serial") != NULL;

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);
      g_autofree char *id = g_strdup_printf ("%s-%u", kind, i);
      g_autofree char *label = make_label (node, i);

      if (mirrored && node == console)
        continue;
      change_character (self, node,
                        mirrored && i == 0 && strcmp (kind, "serial") == 0 ? console : NULL, id,
                        label);
    }
}

void
gh_cloning_characters (GhCloning *self)
{
  static const char *const kinds[] = {
    "serial", "parallel", "console", "channel", "redirdev", "smartcard",
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    change_kind (self, kinds[i]);
}

/* Displays */

/* A port that was chosen by a person: for the machine it is one of the definition's own. */
static char *
dup_fixed_port (const xmlNode *node,
                const char    *name)
{
  g_autofree char *port = gh_xml_node_dup_attribute (node, name);
  g_autofree char *automatic = gh_xml_node_dup_attribute (node, "autoport");

  if (port == NULL || *port == '-' || strcmp (port, "0") == 0 ||
      g_strcmp0 (automatic, "yes") == 0)
    return NULL;
  return g_steal_pointer (&port);
}

static void
change_display_port (GhCloning *self,
                     xmlNode   *node,
                     guint      n)
{
  g_autofree char *id = g_strdup_printf ("graphics-%u-port", n);
  g_autofree char *label = g_strdup_printf (_("Display %u: port"), n + 1);
  g_autofree char *port = dup_fixed_port (node, "port");
  g_autofree char *tls_port = dup_fixed_port (node, "tlsPort");
  g_autofree char *automatic = gh_xml_node_dup_attribute (node, "autoport");
  const char *value = NULL;
  GhCloningChoice choice;

  if (port == NULL && tls_port == NULL)
    {
      /* Of a running machine: which one it got. */
      if (g_strcmp0 (automatic, "yes") == 0 && gh_xml_node_get_child (node, "listen") != NULL)
        {
          g_autofree char *now = gh_xml_node_dup_attribute (node, "port");

          gh_cloning_set (self, node, "port", now != NULL ? "-1" : NULL);
          gh_cloning_set (self, node, "tlsPort", NULL);
        }
      return;
    }
  choice = gh_cloning_decide (self, id, GH_CLONING_NEW, RENEWABLE, &value);
  if (value != NULL)
    gh_cloning_check_port (self, value);
  gh_cloning_note (self, id, label, port != NULL ? port : tls_port,
                   value != NULL ? value : _("automatic"), choice != GH_CLONING_KEEP, RENEWABLE,
                   _("Two machines cannot listen on one port."));
  if (choice == GH_CLONING_KEEP)
    return;
  gh_cloning_set (self, node, "port", value != NULL ? value : "-1");
  gh_cloning_set (self, node, "autoport", value != NULL ? "no" : "yes");
  gh_cloning_set (self, node, "tlsPort", NULL);
}

static void
change_websocket (GhCloning *self,
                  xmlNode   *node,
                  guint      n)
{
  g_autofree char *id = g_strdup_printf ("graphics-%u-websocket", n);
  g_autofree char *label = g_strdup_printf (_("Display %u: port for browsers"), n + 1);
  g_autofree char *before = gh_xml_node_dup_attribute (node, "websocket");
  const char *value = NULL;
  GhCloningChoice choice;

  if (before == NULL || *before == '-')
    return;
  choice = gh_cloning_decide (self, id, GH_CLONING_NEW, RENEWABLE, &value);
  if (value != NULL)
    gh_cloning_check_port (self, value);
  if (choice != GH_CLONING_KEEP)
    gh_cloning_set (self, node, "websocket", value != NULL ? value : "-1");
  gh_cloning_note (self, id, label, before, value != NULL ? value : _("automatic"),
                   choice != GH_CLONING_KEEP, RENEWABLE,
                   _("Two machines cannot listen on one port."));
}

/* The socket is named in the <listen>, or by the display itself, which is the older way. */
static void
change_display_socket (GhCloning *self,
                       xmlNode   *node,
                       guint      n)
{
  g_autofree char *id = g_strdup_printf ("graphics-%u-socket", n);
  g_autofree char *label = g_strdup_printf (_("Display %u: socket"), n + 1);
  xmlNode *listen = gh_xml_node_get_child (node, "listen");
  g_autofree char *before = gh_xml_node_dup_attribute (listen, "socket");
  const char *value = NULL;
  GhCloningChoice choice;

  if (before == NULL)
    before = gh_xml_node_dup_attribute (node, "socket");
  if (before == NULL)
    return;
  choice = gh_cloning_decide (self, id, GH_CLONING_NEW, RENEWABLE, &value);
  gh_cloning_note (self, id, label, before, value != NULL ? value : _("chosen by the host"),
                   choice != GH_CLONING_KEEP, RENEWABLE,
                   _("Two machines cannot listen on one socket."));
  if (choice == GH_CLONING_KEEP)
    return;
  gh_cloning_set (self, node, "socket", NULL);
  /* Without it there would be a port instead. */
  listen = gh_cloning_ensure (self, node, "listen");
  gh_cloning_set (self, listen, "type", "socket");
  gh_cloning_set (self, listen, "socket", value);
}

/* Never shown. It stays, so that the clone is no easier to look at than the original. */
static void
change_password (GhCloning *self,
                 xmlNode   *node,
                 guint      n)
{
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_REMOVE | GH_CLONING_SET;
  g_autofree char *id = g_strdup_printf ("graphics-%u-password", n);
  g_autofree char *label = g_strdup_printf (_("Display %u: password"), n + 1);
  g_autofree char *before = gh_xml_node_dup_attribute (node, "passwd");
  const char *value = NULL;
  GhCloningChoice choice;

  if (before == NULL)
    return;
  choice = gh_cloning_decide (self, id, GH_CLONING_KEEP, allowed, &value);
  memset (before, 0, strlen (before));
  gh_cloning_note (self, id, label, _("that of the original"),
                   value != NULL ? _("a new one") : NULL, choice != GH_CLONING_KEEP, allowed,
                   _("Who knows the password of the original can see the clone, too."));
  if (choice == GH_CLONING_KEEP)
    return;
  gh_cloning_set (self, node, "passwd", value);
  gh_cloning_set (self, node, "passwdValidTo", NULL);
  if (value == NULL)
    gh_cloning_set (self, node, "connected", NULL);
}

void
gh_cloning_graphics (GhCloning *self)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (self->document, "devices/graphics");

  for (guint i = 0; i < nodes->len; i++)
    {
      xmlNode *node = g_ptr_array_index (nodes, i);

      change_display_port (self, node, i);
      change_websocket (self, node, i);
      change_display_socket (self, node, i);
      change_password (self, node, i);
    }
}
