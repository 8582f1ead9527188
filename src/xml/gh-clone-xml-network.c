/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Of a clone's definition: network cards, vsock; and what of this a definition uses up. */

#define G_LOG_DOMAIN "gh-clone-xml"

#include "config.h"

#include "gh-clone-xml-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ALL (GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_REMOVE | GH_CLONING_SET)

/* "52:54:00:…" is what QEMU's cards begin with. */
static char *
dup_new_mac (GhCloning  *self,
             const char *id)
{
  GRand *rand = gh_cloning_new_rand (self, id);
  char *mac = NULL;

  do
    {
      guint32 number = g_rand_int (rand);

      g_free (mac);
      mac = g_strdup_printf ("52:54:00:%02x:%02x:%02x", number & 0xff, number >> 8 & 0xff,
                             number >> 16 & 0xff);
    }
  while (!gh_cloning_take (self, "mac", mac, self->options->used_macs));
  g_rand_free (rand);
  return mac;
}

/* In lower case; NULL, and the error is set, when no card can have it. */
static char *
check_mac (GhCloning  *self,
           const char *value)
{
  g_autofree char *mac = g_ascii_strdown (value, -1);
  gboolean valid = strlen (mac) == strlen ("52:54:00:00:00:00");

  for (guint i = 0; valid && mac[i] != '\0'; i++)
    valid = i % 3 == 2 ? mac[i] == ':' : g_ascii_isxdigit (mac[i]);
  if (!valid)
    gh_cloning_fail (self, _("“%s” is not an address of a network card, such as 52:54:00:12:34:56"),
                     value);
  else if ((g_ascii_xdigit_value (mac[1]) & 1) != 0 || strcmp (mac, "00:00:00:00:00:00") == 0)
    gh_cloning_fail (self, _("No network card can have the address %s"), value);
  else if (!gh_cloning_take (self, "mac", mac, self->options->used_macs))
    gh_cloning_fail (self, _("Another network card has the address %s"), value);
  return self->error == NULL ? g_steal_pointer (&mac) : NULL;
}

/* Filters may have been told the address as well. */
static void
replace_in_filters (GhCloning  *self,
                    xmlNode    *nic,
                    const char *before,
                    const char *after)
{
  xmlNode *filter = gh_xml_node_get_child (nic, "filterref");

  for (xmlNode *node = gh_xml_node_get_child (filter, "parameter"); node != NULL;
       node = gh_xml_node_get_next (node, "parameter"))
    {
      g_autofree char *value = gh_xml_node_dup_attribute (node, "value");

      if (value != NULL && before != NULL && g_ascii_strcasecmp (value, before) == 0)
        gh_cloning_set (self, node, "value", after);
    }
}

static void
change_mac (GhCloning *self,
            xmlNode   *nic,
            guint      n)
{
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_SET;
  g_autofree char *id = g_strdup_printf ("mac-%u", n);
  g_autofree char *label = g_strdup_printf (_("Network card %u: address"), n + 1);
  g_autofree char *before = gh_xml_node_dup_child_attribute (nic, "mac", "address");
  g_autofree char *after = NULL;
  const char *value = NULL;
  GhCloningChoice choice = gh_cloning_decide (self, id, GH_CLONING_NEW, allowed, &value);

  if (choice == GH_CLONING_KEEP)
    after = g_strdup (before);
  else
    after = value != NULL ? check_mac (self, value) : dup_new_mac (self, id);
  if (after != NULL)
    {
      replace_in_filters (self, nic, before, after);
      gh_cloning_set (self, gh_cloning_ensure (self, nic, "mac"), "address", after);
    }
  gh_cloning_note (self, id, label, before, after, choice != GH_CLONING_KEEP, allowed,
                   choice == GH_CLONING_KEEP
                     ? _("With the same address both machines disturb each other on a network they "
                         "share.")
                     : _("Two cards with one address on one network do not work."));
}

/* The device on the host behind the card. */
static void
change_target (GhCloning *self,
               xmlNode   *nic,
               guint      n)
{
  xmlNode *target = gh_xml_node_get_child (nic, "target");
  g_autofree char *id = g_strdup_printf ("tap-%u", n);
  g_autofree char *label = g_strdup_printf (_("Network card %u: device on the host"), n + 1);
  g_autofree char *before = gh_xml_node_dup_attribute (target, "dev");
  g_autofree char *managed = gh_xml_node_dup_attribute (target, "managed");
  const char *value = NULL;
  gboolean made_by_others = g_strcmp0 (managed, "no") == 0;
  GhCloningChoice choice;

  if (before == NULL)
    return;
  /* Made up by libvirt: it will make up another. */
  if (g_str_has_prefix (before, "vnet") || g_str_has_prefix (before, "macvtap") ||
      g_str_has_prefix (before, "vif"))
    {
      gh_xml_document_remove (self->document, target);
      return;
    }
  choice = gh_cloning_decide (self, id, made_by_others ? GH_CLONING_KEEP : GH_CLONING_REMOVE,
                              GH_CLONING_KEEP | GH_CLONING_REMOVE | GH_CLONING_SET, &value);
  gh_cloning_note (self, id, label, before, value != NULL ? value : _("chosen by the host"),
                   choice != GH_CLONING_KEEP, GH_CLONING_KEEP | GH_CLONING_REMOVE | GH_CLONING_SET,
                   made_by_others
                     ? _("It was made by somebody else, who has to make another for the clone: "
                         "only one machine at a time can use it.")
                     : _("Only one machine at a time can use it."));
  if (choice == GH_CLONING_REMOVE)
    gh_xml_document_remove (self->document, target);
  else if (value != NULL)
    gh_cloning_set (self, target, "dev", value);
}

/* Its port on a virtual switch: made up anew by libvirt. */
static void
change_port (GhCloning *self,
             xmlNode   *nic,
             guint      n)
{
  static const char *const names[] = { "interfaceid", "instanceid" };
  xmlNode *source = gh_xml_node_get_child (nic, "source");
  xmlNode *parameters = gh_xml_node_get_child (gh_xml_node_get_child (nic, "virtualport"),
                                               "parameters");
  g_autofree char *id = g_strdup_printf ("switch-port-%u", n);
  g_autofree char *label = g_strdup_printf (_("Network card %u: port on the switch"), n + 1);
  g_autofree char *before = NULL;
  GhCloningChoice choice;

  if (source != NULL)
    gh_cloning_set (self, source, "portid", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names) && before == NULL; i++)
    before = gh_xml_node_dup_attribute (parameters, names[i]);
  if (before == NULL)
    return;
  choice = gh_cloning_decide (self, id, GH_CLONING_NEW, GH_CLONING_KEEP | GH_CLONING_NEW, NULL);
  gh_cloning_note (self, id, label, before, _("chosen by the host"), choice != GH_CLONING_KEEP,
                   GH_CLONING_KEEP | GH_CLONING_NEW,
                   _("The switch tells cards apart by it."));
  for (guint i = 0; i < G_N_ELEMENTS (names) && choice == GH_CLONING_NEW; i++)
    gh_cloning_set (self, parameters, names[i], NULL);
}

/* Ports of the host that lead into the guest. */
static void
change_forwards (GhCloning *self,
                 xmlNode   *nic,
                 guint      n)
{
  xmlNode *next = NULL;
  guint i = 0;

  for (xmlNode *node = gh_xml_node_get_child (nic, "portForward"); node != NULL; node = next)
    {
      g_autofree char *id = g_strdup_printf ("forward-%u-%u", n, i++);
      g_autofree char *before = gh_xml_node_dup_child_attribute (node, "range", "start");
      g_autofree char *label = g_strdup_printf (_("Network card %u: forwarded port"), n + 1);

      next = gh_xml_node_get_next (node, "portForward");
      gh_cloning_keep_or_remove (self, node, id, label, before, GH_CLONING_REMOVE,
                                 _("A port of the host can lead into one machine only."));
    }
}

/* "server", "mcast", … connect machines to each other; of these the server has a port alone. */
static void
change_server (GhCloning *self,
               xmlNode   *nic,
               guint      n)
{
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_SET;
  g_autofree char *type = gh_xml_node_dup_attribute (nic, "type");
  xmlNode *source = gh_xml_node_get_child (nic, "source");
  g_autofree char *id = g_strdup_printf ("server-%u", n);
  g_autofree char *label = g_strdup_printf (_("Network card %u: port"), n + 1);
  g_autofree char *before = gh_xml_node_dup_attribute (source, "port");
  g_autofree char *after = NULL;
  const char *value = NULL;
  GhCloningChoice choice;

  if (g_strcmp0 (type, "server") != 0 || before == NULL)
    return;
  choice = gh_cloning_decide (self, id, GH_CLONING_NEW, allowed, &value);
  if (value != NULL)
    gh_cloning_check_port (self, value);
  after = choice == GH_CLONING_NEW ? gh_cloning_dup_port (self, before)
                                   : g_strdup (value != NULL ? value : before);
  gh_cloning_set (self, source, "port", after);
  gh_cloning_note (self, id, label, before, after, choice != GH_CLONING_KEEP, allowed,
                   _("Two machines cannot listen on one port."));
}

/* A socket that connects the card to a program. */
static void
change_socket (GhCloning *self,
               xmlNode   *nic,
               guint      n)
{
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW | GH_CLONING_SET;
  g_autofree char *type = gh_xml_node_dup_attribute (nic, "type");
  xmlNode *source = gh_xml_node_get_child (nic, "source");
  g_autofree char *id = g_strdup_printf ("vhost-socket-%u", n);
  g_autofree char *label = g_strdup_printf (_("Network card %u: socket"), n + 1);
  g_autofree char *before = gh_xml_node_dup_attribute (source, "path");
  g_autofree char *mode = gh_xml_node_dup_attribute (source, "mode");
  g_autofree char *after = NULL;
  const char *value = NULL;
  gboolean is_server = g_strcmp0 (mode, "server") == 0;
  GhCloningChoice choice;

  if (g_strcmp0 (type, "vhostuser") != 0 || before == NULL)
    return;
  choice = gh_cloning_decide (self, id, is_server ? GH_CLONING_NEW : GH_CLONING_KEEP, allowed,
                              &value);
  after = choice == GH_CLONING_NEW ? gh_cloning_dup_path (self, before, TRUE)
                                   : g_strdup (value != NULL ? value : before);
  gh_cloning_set (self, source, "path", after);
  gh_cloning_note (self, id, label, before, after, choice != GH_CLONING_KEEP, allowed,
                   is_server ? _("Two machines cannot listen on one socket; the program at its "
                                 "other end has to be told.")
                             : _("Only one machine at a time can use it: make another, and name it "
                                 "here."));
}

static void
cut_link (GhCloning *self,
          xmlNode   *nic,
          guint      n)
{
  const guint allowed = GH_CLONING_KEEP | GH_CLONING_NEW;
  g_autofree char *id = g_strdup_printf ("link-%u", n);
  g_autofree char *label = g_strdup_printf (_("Network card %u: cable"), n + 1);
  g_autofree char *state = gh_xml_node_dup_child_attribute (nic, "link", "state");
  g_autofree char *mac = NULL;
  const char *before = g_strcmp0 (state, "down") == 0 ? _("unplugged") : _("plugged in");
  gboolean cut = FALSE;

  if (self->options->network)
    return;
  cut = gh_cloning_decide (self, id, GH_CLONING_NEW, allowed, NULL) == GH_CLONING_NEW;
  gh_cloning_note (self, id, label, before, _("unplugged"),
                   cut && g_strcmp0 (state, "down") != 0, allowed,
                   _("So that nothing the clone does gets out."));
  if (!cut || g_strcmp0 (state, "down") == 0)
    return;
  gh_cloning_set (self, gh_cloning_ensure (self, nic, "link"), "state", "down");
  mac = gh_xml_node_dup_child_attribute (nic, "mac", "address");
  if (mac != NULL)
    g_ptr_array_add (self->unplugged, g_steal_pointer (&mac));
}

/* Whether the card is a device of the host; if so it goes, unless it is to stay. */
static gboolean
is_removed (GhCloning *self,
            xmlNode   *nic,
            guint      n)
{
  g_autofree char *type = gh_xml_node_dup_attribute (nic, "type");
  g_autofree char *id = g_strdup_printf ("nic-%u", n);
  g_autofree char *label = g_strdup_printf (_("Network card %u"), n + 1);
  g_autofree char *before = gh_xml_node_dup_child_attribute (nic, "source", "dev");
  g_autofree char *mode = gh_xml_node_dup_child_attribute (nic, "source", "mode");

  if (g_strcmp0 (type, "hostdev") != 0 && g_strcmp0 (type, "vdpa") != 0 &&
      (g_strcmp0 (type, "direct") != 0 || g_strcmp0 (mode, "passthrough") != 0))
    return FALSE;
  return !gh_cloning_keep_or_remove (self, nic, id, label,
                                     before != NULL ? before : _("a device of the host"),
                                     GH_CLONING_REMOVE,
                                     _("It is a device of the host, which one machine can use at a "
                                       "time."));
}

static void
change_vsock (GhCloning *self)
{
  xmlNode *cid = gh_xml_document_find (self->document, "devices/vsock/cid");
  g_autofree char *before = gh_xml_node_dup_attribute (cid, "address");
  const char *value = NULL;
  guint64 number = 0;
  GhCloningChoice choice;

  if (cid == NULL)
    return;
  choice = gh_cloning_decide (self, "vsock", GH_CLONING_NEW, ALL, &value);
  if (value != NULL &&
      !g_ascii_string_to_unsigned (value, 10, 3, G_MAXUINT32 - 1, &number, NULL))
    gh_cloning_fail (self, _("“%s” is not a vsock address: a number from 3"), value);
  else if (value != NULL && !gh_cloning_take (self, "cid", value, self->options->used_cids))
    gh_cloning_fail (self, _("Another machine has the vsock address %s"), value);
  gh_cloning_note (self, "vsock", _("vsock address"), before != NULL ? before : _("automatic"),
                   value != NULL ? value : choice == GH_CLONING_NEW ? _("automatic") : NULL,
                   choice == GH_CLONING_REMOVE || value != NULL ||
                     (choice == GH_CLONING_NEW && before != NULL), ALL,
                   _("The host reaches each machine by one of its own."));
  if (choice == GH_CLONING_REMOVE)
    gh_xml_document_remove (self->document, cid->parent);
  else if (choice != GH_CLONING_KEEP)
    {
      gh_cloning_set (self, cid, "auto", value != NULL ? "no" : "yes");
      gh_cloning_set (self, cid, "address", value);
    }
}

void
gh_cloning_network (GhCloning *self)
{
  g_autoptr (GPtrArray) nics = gh_xml_document_find_all (self->document, "devices/interface");

  for (guint i = 0; i < nics->len; i++)
    {
      xmlNode *nic = g_ptr_array_index (nics, i);

      if (is_removed (self, nic, i))
        continue;
      change_mac (self, nic, i);
      change_target (self, nic, i);
      change_port (self, nic, i);
      change_forwards (self, nic, i);
      change_server (self, nic, i);
      change_socket (self, nic, i);
      cut_link (self, nic, i);
    }
  change_vsock (self);
}

/* What a definition uses up */

static void
add_all (GhXmlDocument *document,
         const char    *xpath,
         GHashTable    *set)
{
  g_autoptr (GPtrArray) nodes = NULL;

  if (set == NULL)
    return;
  nodes = gh_xml_document_find_all (document, xpath);
  for (guint i = 0; i < nodes->len; i++)
    {
      g_autofree char *text = gh_xml_node_dup_text (g_ptr_array_index (nodes, i));

      g_hash_table_add (set, g_strstrip (g_ascii_strdown (text, -1)));
    }
}

static void
add_paths (GhXmlDocument *document,
           const char    *xpath,
           GHashTable    *set)
{
  g_autoptr (GPtrArray) nodes = NULL;

  if (set == NULL)
    return;
  nodes = gh_xml_document_find_all (document, xpath);
  for (guint i = 0; i < nodes->len; i++)
    g_hash_table_add (set, gh_xml_node_dup_text (g_ptr_array_index (nodes, i)));
}

/* "-device e1000,mac=52:54:…" */
static void
add_argument_macs (GhXmlDocument *document,
                   GHashTable    *macs)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (document, "qemu:commandline/qemu:arg");

  for (guint i = 0; i < nodes->len && macs != NULL; i++)
    {
      g_autofree char *value = gh_xml_node_dup_attribute (g_ptr_array_index (nodes, i), "value");
      g_auto (GStrv) parts = g_strsplit (value != NULL ? value : "", ",", -1);

      for (guint j = 0; parts[j] != NULL; j++)
        if (g_str_has_prefix (parts[j], "mac="))
          g_hash_table_add (macs, g_ascii_strdown (parts[j] + strlen ("mac="), -1));
    }
}

/**
 * gh_clone_xml_add_used:
 * @definition: a domain
 * @macs: (nullable): a set, to which its network cards' addresses are added in lower case
 * @cids: (nullable): a set of vsock addresses
 * @ports: (nullable): a set of TCP ports it listens on
 * @paths: (nullable): a set of paths of sockets and of consoles' files
 *
 * Sets of owned strings.
 */
void
gh_clone_xml_add_used (GhDomainXml *definition,
                       GHashTable  *macs,
                       GHashTable  *cids,
                       GHashTable  *ports,
                       GHashTable  *paths)
{
  static const char *const port_places[] = {
    "devices/graphics/@port",
    "devices/graphics/@tlsPort",
    "devices/graphics/@websocket",
    "devices/interface[@type='server']/source/@port",
    "devices/interface/portForward/range/@start",
    "devices//source[@mode='bind']/@service",
  };
  static const char *const path_places[] = {
    "devices/interface/source/@path",
    "devices/graphics/@socket",
    "devices/graphics/listen/@socket",
    "devices/serial/source/@path",
    "devices/console/source/@path",
    "devices/parallel/source/@path",
    "devices/channel/source/@path",
    "devices//log/@file",
  };
  GhXmlDocument *document = NULL;

  g_return_if_fail (GH_IS_DOMAIN_XML (definition));

  document = gh_domain_xml_get_document (definition);
  add_all (document, "devices/interface/mac/@address", macs);
  add_argument_macs (document, macs);
  add_all (document, "devices/vsock/cid/@address", cids);
  for (guint i = 0; i < G_N_ELEMENTS (port_places); i++)
    add_all (document, port_places[i], ports);
  for (guint i = 0; i < G_N_ELEMENTS (path_places); i++)
    add_paths (document, path_places[i], paths);
}
