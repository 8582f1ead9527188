/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-guest-agent"

#include "config.h"

#include "gh-guest-agent-private.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "gh-domain-xml.h"
#include "gh-faults.h"
#include "gh-virt-error-private.h"

/* A guest that holds still for longer than this is in trouble. */
#define AGENT_TIMEOUT_S 8
/* Who is only asked whether it is there answers at once, or not at all. */
#define ASK_TIMEOUT_S 5

/* One that was only busy is asked again after this. */
#define REMEMBER_US (5 * G_TIME_SPAN_MINUTE)

/* VIR_ERR_AGENT_COMMAND_FAILED of later versions of libvirt. */
#define AGENT_COMMAND_FAILED 112

#define AGENT_NAME "devices/channel/target/@name[. = 'org.qemu.guest_agent.0']"
#define AGENT_STATE "devices/channel/target[@name='org.qemu.guest_agent.0']/@state"

static gboolean
has_agent (const char *xml)
{
  g_autoptr (GhDomainXml) document = gh_domain_xml_new_from_string (xml, NULL);
  g_autofree char *state = document != NULL ? gh_domain_xml_dup_text (document, AGENT_STATE) : NULL;

  return g_strcmp0 (state, "connected") == 0;
}

gboolean
gh_guest_agent_is_configured (const char *xml)
{
  g_autoptr (GhDomainXml) document = gh_domain_xml_new_from_string (xml, NULL);
  g_autofree char *name = document != NULL ? gh_domain_xml_dup_text (document, AGENT_NAME) : NULL;

  return name != NULL;
}

/* Without a limit a guest that does not answer blocks the machine for everybody. */
static void
limit_agent (virDomainPtr domain,
             int          timeout)
{
  if (virDomainAgentSetResponseTimeout (domain, timeout, 0) < 0)
    virResetLastError ();
}

/* Any answer of the guest's is one, also that it does not know what time it is; and who is paused
 * or not there cannot give any. */
static gboolean
agent_answers (virDomainPtr   domain,
               const char    *fault,
               GError       **error)
{
  g_autoptr (GError) reason = NULL;
  long long seconds = 0;
  unsigned int nanoseconds = 0;

  if (gh_faults_enter (fault, &reason))
    {
      if (virDomainGetTime (domain, &seconds, &nanoseconds, 0) == 0)
        return TRUE;
      gh_virt_error_take (&reason);
    }
  if (g_error_matches (reason, GH_VIRT_ERROR, VIR_ERR_INTERNAL_ERROR) ||
      g_error_matches (reason, GH_VIRT_ERROR, AGENT_COMMAND_FAILED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* What is remembered with a host: agents that were silent when they were asked, by the UUID of
 * their machine, and when that was. Main thread. */
typedef struct
{
  GHashTable *silent;
  guint       serial; /* of the last thing that happened to any machine */
} Memory;

static void
memory_free (gpointer data)
{
  Memory *self = data;

  g_hash_table_unref (self->silent);
  g_free (self);
}

/* It was started, paused, let go on, or its agent came or went. */
static void
definition_changed_cb (GhHost     *host,
                       const char *uuid,
                       Memory     *self)
{
  self->serial++;
  if (uuid != NULL)
    g_hash_table_remove (self->silent, uuid);
  else
    g_hash_table_remove_all (self->silent);
}

/* Nobody tells what happens meanwhile. */
static void
state_changed_cb (GhHost     *host,
                  GParamSpec *pspec,
                  Memory     *self)
{
  definition_changed_cb (host, NULL, self);
}

static Memory *
get_memory (GhHost *host)
{
  Memory *self = g_object_get_data (G_OBJECT (host), "gh-guest-agent");

  if (self != NULL)
    return self;
  self = g_new0 (Memory, 1);
  self->silent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_signal_connect (host, "definition-changed", G_CALLBACK (definition_changed_cb), self);
  g_signal_connect (host, "notify::state", G_CALLBACK (state_changed_cb), self);
  g_object_set_data_full (G_OBJECT (host), "gh-guest-agent", self, memory_free);
  return self;
}

gboolean
gh_guest_agent_is_silent (GhHost     *host,
                          const char *uuid,
                          guint      *serial)
{
  Memory *self = get_memory (host);
  const gint64 *asked_us = g_hash_table_lookup (self->silent, uuid);

  *serial = self->serial;
  return asked_us != NULL && g_get_monotonic_time () - *asked_us < REMEMBER_US;
}

void
gh_guest_agent_note_silent (GhHost     *host,
                            const char *uuid,
                            guint       serial)
{
  Memory *self = get_memory (host);
  gint64 now_us = g_get_monotonic_time ();

  /* What happened while it was asked may be why it was silent. */
  if (serial == self->serial)
    g_hash_table_replace (self->silent, g_strdup (uuid), g_memdup2 (&now_us, sizeof now_us));
}

GhLiveAgent
gh_guest_agent_look (virDomainPtr  domain,
                     const char   *xml,
                     gboolean      is_silent)
{
  gboolean answers = FALSE;

  if (!has_agent (xml))
    return GH_LIVE_AGENT_NONE;
  if (is_silent)
    return GH_LIVE_AGENT_SILENT;
  limit_agent (domain, ASK_TIMEOUT_S);
  answers = agent_answers (domain, "domain-live-ask", NULL);
  limit_agent (domain, VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK);
  return answers ? GH_LIVE_AGENT_ANSWERS : GH_LIVE_AGENT_SILENT;
}

gboolean
gh_guest_agent_freeze (virDomainPtr   domain,
                       gboolean      *asked,
                       GError       **error)
{
  g_autoptr (GError) reason = NULL;

  limit_agent (domain, AGENT_TIMEOUT_S);
  *asked = agent_answers (domain, "domain-freeze-ask", &reason);
  if (!*asked)
    {
      limit_agent (domain, VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                   /* Translators: %s is a message of libvirt's. */
                   _("The guest agent does not answer any more, so nothing was copied. Try again: "
                     "without an answer the disks are copied as they are. %s"), reason->message);
      return FALSE;
    }
  if (gh_faults_enter ("domain-freeze", &reason))
    {
      if (virDomainFSFreeze (domain, NULL, 0, 0) >= 0)
        return TRUE;
      gh_virt_error_take (&reason);
    }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               /* Translators: %s is a message of libvirt's. */
               _("The guest agent could not have the guest write everything down: %s"),
               reason->message);
  return FALSE;
}

gboolean
gh_guest_agent_thaw (virDomainPtr   domain,
                     GError       **error)
{
  g_autoptr (GError) reason = NULL;
  gboolean done = FALSE;

  if (gh_faults_enter ("domain-thaw", &reason))
    {
      limit_agent (domain, AGENT_TIMEOUT_S);
      done = virDomainFSThaw (domain, NULL, 0, 0) >= 0;
      if (!done)
        gh_virt_error_take (&reason);
    }
  limit_agent (domain, VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK);
  if (done)
    return TRUE;
  g_set_error (error, G_IO_ERROR,
               g_error_matches (reason, GH_VIRT_ERROR, VIR_ERR_AGENT_UNRESPONSIVE)
               ? G_IO_ERROR_TIMED_OUT : G_IO_ERROR_FAILED,
               /* Translators: %s is a message of libvirt's. */
               _("The guest could not be let go on writing: %s"), reason->message);
  return FALSE;
}
