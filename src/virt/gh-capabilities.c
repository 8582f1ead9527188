/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-capabilities"

#include "config.h"

#include "gh-capabilities.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlXPathContext, xmlXPathFreeContext)

/* (nullable) */
static xmlDocPtr
parse (const char *text)
{
  if (text == NULL)
    return NULL;
  return xmlReadMemory (text, (int) strlen (text), NULL, NULL,
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

static char *
dup_string (xmlXPathContextPtr  context,
            const char         *xpath)
{
  xmlXPathObjectPtr object = NULL;
  char *copy = NULL;

  if (context == NULL)
    return NULL;
  object = xmlXPathEvalExpression ((const xmlChar *) xpath, context);
  if (object != NULL && object->nodesetval != NULL && object->nodesetval->nodeNr > 0)
    {
      xmlChar *text = xmlNodeGetContent (object->nodesetval->nodeTab[0]);

      copy = g_strdup ((const char *) text);
      xmlFree (text);
    }
  xmlXPathFreeObject (object);
  return copy;
}

static gboolean
matches (xmlXPathContextPtr  context,
         const char         *xpath)
{
  g_autofree char *text = dup_string (context, xpath);

  return text != NULL;
}

/**
 * gh_capabilities_new:
 * @capabilities_xml: from virConnectGetCapabilities()
 * @domain_capabilities_xml: (nullable): from virConnectGetDomainCapabilities(), of q35
 *   where there is that, else with all defaults
 * @memory_kib: the host's memory, in KiB, from virNodeGetInfo()
 * @n_cpus: its CPUs, likewise
 *
 * Format: libvirt's formatcaps.html and formatdomaincaps.html. Any thread.
 *
 * Returns: (transfer full): what the host offers; as little as possible where
 *   a document is missing or broken
 */
GhCapabilities *
gh_capabilities_new (const char *capabilities_xml,
                     const char *domain_capabilities_xml,
                     guint64     memory_kib,
                     guint       n_cpus)
{
  GhCapabilities *self = g_atomic_rc_box_new0 (GhCapabilities);
  g_autoptr (xmlDoc) host_doc = parse (capabilities_xml);
  g_autoptr (xmlDoc) domain_doc = parse (domain_capabilities_xml);
  g_autoptr (xmlXPathContext) host = host_doc != NULL ? xmlXPathNewContext (host_doc) : NULL;
  g_autoptr (xmlXPathContext) domain = domain_doc != NULL ? xmlXPathNewContext (domain_doc) : NULL;
  g_autofree char *q35_xpath = NULL;
  g_autofree char *max_cpus = NULL;

  self->memory_kib = memory_kib;
  self->n_cpus = n_cpus;
  self->host_uuid = dup_string (host, "/capabilities/host/uuid");
  self->arch = dup_string (domain, "/domainCapabilities/arch");
  if (self->arch == NULL)
    self->arch = dup_string (host, "/capabilities/host/cpu/arch");
  if (self->arch == NULL)
    self->arch = dup_string (host, "/capabilities/guest/arch/@name");
  self->emulator = dup_string (domain, "/domainCapabilities/path");
  self->virt_type = dup_string (domain, "/domainCapabilities/domain");
  if (self->virt_type == NULL)
    self->virt_type = dup_string (host, "/capabilities/guest/arch/domain/@type");
  if (self->virt_type == NULL)
    self->virt_type = g_strdup ("qemu");
  self->has_kvm = strcmp (self->virt_type, "kvm") == 0;

  q35_xpath =
    g_strdup_printf ("/capabilities/guest[os_type='hvm']/arch[@name='%s']"
                     "/machine[.='q35']/@canonical",
                     self->arch != NULL ? self->arch : "x86_64");
  self->machine_q35 = dup_string (host, q35_xpath);
  max_cpus = dup_string (domain, "/domainCapabilities/vcpu/@max");
  self->max_cpus = max_cpus != NULL ? (guint) g_ascii_strtoull (max_cpus, NULL, 10) : 0;

  self->has_spice = matches (domain, "//graphics/enum[@name='type']/value[.='spice']");
  self->has_vnc = matches (domain, "//graphics/enum[@name='type']/value[.='vnc']");
  self->has_virtio_video = matches (domain, "//video/enum[@name='modelType']/value[.='virtio']");
  self->has_uefi = matches (domain, "/domainCapabilities/os/enum[@name='firmware']/value[.='efi']");
  self->has_secure_boot = self->has_uefi &&
                          matches (domain, "/domainCapabilities/os/loader"
                                           "/enum[@name='secure']/value[.='yes']");
  self->has_tpm = matches (domain, "//tpm/enum[@name='backendModel']/value[.='emulator']");
  self->has_cpu_maximum = matches (domain, "//cpu/mode[@name='maximum' and @supported='yes']");
  self->has_host_passthrough =
    matches (domain, "//cpu/mode[@name='host-passthrough' and @supported='yes']");
  return self;
}

GhCapabilities *
gh_capabilities_ref (GhCapabilities *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  GhCapabilities *self = data;

  g_free (self->host_uuid);
  g_free (self->arch);
  g_free (self->emulator);
  g_free (self->virt_type);
  g_free (self->machine_q35);
}

void
gh_capabilities_unref (GhCapabilities *self)
{
  g_atomic_rc_box_release_full (self, clear);
}
