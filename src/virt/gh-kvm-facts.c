/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-kvm-facts"

#include "config.h"

#include "gh-kvm-facts.h"

#include <stdlib.h>
#include <string.h>

#include "gh-host-private.h"
#include "gh-virt-error-private.h"
#include "gh-xml-document.h"

static void
facts_clear (gpointer data)
{
  GhKvmFacts *self = data;

  g_free (self->arch);
  g_free (self->cpu_vendor);
  g_free (self->cpu_model);
  g_free (self->vendor);
  g_free (self->product);
  g_clear_pointer (&self->capabilities, gh_capabilities_unref);
}

GhKvmFacts *
gh_kvm_facts_ref (GhKvmFacts *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_kvm_facts_unref (GhKvmFacts *self)
{
  g_atomic_rc_box_release_full (self, facts_clear);
}

/* (nullable) */
static GhXmlDocument *
parse (const char *text,
       const char *root)
{
  return text != NULL ? gh_xml_document_new (text, root, NULL) : NULL;
}

static gboolean
has (GhXmlDocument *document,
     const char    *xpath)
{
  return document != NULL && gh_xml_document_find (document, xpath) != NULL;
}

static GhSaid
read_iommu (GhXmlDocument *host)
{
  if (has (host, "host/iommu[@support='yes']"))
    return GH_SAID_YES;
  return has (host, "host/iommu") ? GH_SAID_NO : GH_SAID_NOTHING;
}

/* What KVM there can give a machine, which has the flag only where machines may run machines. A
 * model may have it without it being named. */
static GhSaid
read_nested (GhXmlDocument *domain)
{
#define HOST_MODEL "cpu/mode[@name='host-model']/feature[@name='vmx' or @name='svm']"
  if (!has (domain, "domain[.='kvm']"))
    return GH_SAID_NOTHING;
  if (has (domain, HOST_MODEL "[@policy='require']"))
    return GH_SAID_YES;
  return has (domain, HOST_MODEL "[@policy='disable']") ? GH_SAID_NO : GH_SAID_NOTHING;
#undef HOST_MODEL
}

static void
read_computer (GhKvmFacts    *self,
               GhXmlDocument *sysinfo)
{
  if (sysinfo == NULL)
    return;
  self->vendor = gh_xml_document_dup_text (sysinfo, "system/entry[@name='manufacturer']");
  self->product = gh_xml_document_dup_text (sysinfo, "system/entry[@name='product']");
}

GhKvmFacts *
gh_kvm_facts_new (const char *capabilities_xml,
                  const char *cpu_xml,
                  const char *domain_capabilities_xml,
                  const char *sysinfo_xml)
{
  g_autoptr (GhXmlDocument) host = parse (capabilities_xml, "capabilities");
  g_autoptr (GhXmlDocument) cpu = parse (cpu_xml, "cpu");
  g_autoptr (GhXmlDocument) domain = parse (domain_capabilities_xml, "domainCapabilities");
  g_autoptr (GhXmlDocument) sysinfo = parse (sysinfo_xml, "sysinfo");
  GhKvmFacts *self = g_atomic_rc_box_new0 (GhKvmFacts);

  self->capabilities = gh_capabilities_new (capabilities_xml, domain_capabilities_xml, 0, 0);
  if (host != NULL)
    {
      self->arch = gh_xml_document_dup_text (host, "host/cpu/arch");
      self->cpu_vendor = gh_xml_document_dup_text (host, "host/cpu/vendor");
      self->cpu_model = gh_xml_document_dup_text (host, "host/cpu/model");
    }
  self->has_flag = has (host, "host/cpu/feature[@name='vmx' or @name='svm']") ||
                   has (cpu, "feature[@name='vmx' or @name='svm']");
  self->in_machine = has (host, "host/cpu/feature[@name='hypervisor']");
  self->offers_kvm = has (host, "guest/arch/domain[@type='kvm']");
  self->has_emulator = has (host, "guest[os_type='hvm']");
  self->iommu = read_iommu (host);
  self->nested = read_nested (domain);
  read_computer (self, sysinfo);
  return self;
}

/* (nullable): with the features that its model has without naming them. */
static char *
expand_cpu (virConnectPtr  conn,
            const char    *capabilities_xml)
{
  g_autoptr (GhXmlDocument) document = parse (capabilities_xml, "capabilities");
  xmlNode *node = document != NULL ? gh_xml_document_find (document, "host/cpu") : NULL;
  xmlBufferPtr buffer = NULL;
  const char *cpus[1] = { NULL };
  char *expanded = NULL;

  if (node == NULL)
    return NULL;
  buffer = xmlBufferCreate ();
  if (xmlNodeDump (buffer, node->doc, node, 0, 0) > 0)
    {
      cpus[0] = (const char *) xmlBufferContent (buffer);
      expanded = virConnectBaselineCPU (conn, cpus, 1, VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES);
    }
  xmlBufferFree (buffer);
  return expanded;
}

static gpointer
facts_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  GhKvmFacts *self = NULL;
  char *capabilities = NULL;
  char *domain = NULL;
  char *cpu = NULL;
  char *sysinfo = NULL;

  if (conn == NULL)
    return NULL;
  capabilities = virConnectGetCapabilities (conn);
  if (capabilities == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  /* None of these has to be there: a host without an emulator, another architecture, a user who
   * may not read the firmware's tables. */
  domain = virConnectGetDomainCapabilities (conn, NULL, NULL, "q35", NULL, 0);
  if (domain == NULL)
    domain = virConnectGetDomainCapabilities (conn, NULL, NULL, NULL, NULL, 0);
  cpu = expand_cpu (conn, capabilities);
  sysinfo = virConnectGetSysinfo (conn, 0);
  virResetLastError ();
  self = gh_kvm_facts_new (capabilities, cpu, domain, sysinfo);
  free (capabilities);
  free (domain);
  free (cpu);
  free (sysinfo);
  return self;
}

void
gh_host_load_kvm_facts_async (GhHost              *host,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_STATS, GH_LANE_USER, GH_LANE_READ, "kvm-facts", facts_worker, NULL,
                NULL, (GDestroyNotify) gh_kvm_facts_unref,
                g_task_new (host, cancellable, callback, user_data));
}

GhKvmFacts *
gh_host_load_kvm_facts_finish (GhHost        *host,
                               GAsyncResult  *result,
                               GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
