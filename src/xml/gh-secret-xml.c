/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-secret-xml"

#include "config.h"

#include "gh-secret-xml.h"

#include <string.h>

#include "gh-domain-xml-private.h"

static void
secret_free (gpointer data)
{
  GhSecretXml *secret = data;

  g_free (secret->uuid);
  g_free (secret->usage);
  g_free (secret->type);
  g_free (secret->device);
  g_free (secret);
}

/* Takes the strings. What names nothing refers to nothing. */
static void
add_secret (GPtrArray  *secrets,
            char       *uuid,  /* nullable */
            char       *usage, /* nullable */
            const char *type,
            const char *device)
{
  GhSecretXml *secret = g_new0 (GhSecretXml, 1);
  gboolean known = uuid == NULL && usage == NULL;

  if (uuid != NULL && !g_uuid_string_is_valid (uuid))
    known = TRUE;
  secret->uuid = uuid;
  secret->usage = usage;
  secret->type = g_strdup (type);
  secret->device = g_strdup (device);
  for (guint i = 0; i < secrets->len && !known; i++)
    {
      const GhSecretXml *other = g_ptr_array_index (secrets, i);

      known = g_strcmp0 (other->uuid, uuid) == 0 && g_strcmp0 (other->usage, usage) == 0 &&
              strcmp (other->type, type) == 0;
    }
  if (known)
    secret_free (secret);
  else
    g_ptr_array_add (secrets, secret);
}

/* Below a disk, its layers among it. A copy in the making is not the machine's. */
static void
search (GPtrArray  *secrets,
        xmlNode    *node,
        const char *device)
{
  for (xmlNode *child = gh_xml_node_get_child (node, NULL); child != NULL;
       child = gh_xml_node_get_next (child, NULL))
    {
      gboolean encrypts = gh_xml_node_is (node, "encryption");

      if (gh_xml_node_is (child, "mirror"))
        continue;
      if (gh_xml_node_is (child, "secret") && (encrypts || gh_xml_node_is (node, "auth")))
        {
          g_autofree char *type = gh_xml_node_dup_attribute (child, "type");

          add_secret (secrets, gh_xml_node_dup_attribute (child, "uuid"),
                      gh_xml_node_dup_attribute (child, "usage"),
                      encrypts || type == NULL ? "volume" : type, device);
        }
      else
        search (secrets, child, device);
    }
}

GPtrArray *
gh_domain_xml_list_secrets (GhDomainXml *self)
{
  GPtrArray *secrets = NULL;
  xmlNode *devices = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self), NULL);

  secrets = g_ptr_array_new_with_free_func (secret_free);
  devices = gh_xml_node_get_child (
    gh_xml_document_get_root (gh_domain_xml_get_document (self)), "devices");
  for (xmlNode *device = gh_xml_node_get_child (devices, NULL); device != NULL;
       device = gh_xml_node_get_next (device, NULL))
    {
      g_autofree char *target = gh_xml_node_dup_child_attribute (device, "target", "dev");

      if (gh_xml_node_is (device, "disk") || gh_xml_node_is (device, "hostdev"))
        search (secrets, device, target != NULL ? target : "?");
      else if (gh_xml_node_is (device, "tpm"))
        add_secret (secrets, gh_xml_node_dup_child_attribute (
                      gh_xml_node_get_child (device, "backend"), "encryption", "secret"), NULL,
                    "vtpm", "tpm");
    }
  return secrets;
}

char *
gh_domain_xml_dup_encryption (GhDomainXml  *self,
                              const char   *target,
                              char        **uuid,
                              char        **usage)
{
  xmlNode *devices = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (self) && target != NULL, NULL);
  g_return_val_if_fail (uuid != NULL && usage != NULL, NULL);

  *uuid = *usage = NULL;
  devices = gh_xml_node_get_child (
    gh_xml_document_get_root (gh_domain_xml_get_document (self)), "devices");
  for (xmlNode *disk = gh_xml_node_get_child (devices, "disk"); disk != NULL;
       disk = gh_xml_node_get_next (disk, "disk"))
    {
      g_autofree char *name = gh_xml_node_dup_child_attribute (disk, "target", "dev");
      xmlNode *encryption = gh_xml_node_get_child (gh_xml_node_get_child (disk, "source"),
                                                   "encryption");

      if (g_strcmp0 (name, target) != 0)
        continue;
      /* In either place, depending on who wrote it. */
      if (encryption == NULL)
        encryption = gh_xml_node_get_child (disk, "encryption");
      if (encryption == NULL)
        return NULL;
      *uuid = gh_xml_node_dup_child_attribute (encryption, "secret", "uuid");
      *usage = gh_xml_node_dup_child_attribute (encryption, "secret", "usage");
      return gh_xml_node_dup_attribute (encryption, "format");
    }
  return NULL;
}
