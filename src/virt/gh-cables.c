/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The cables of a machine's network cards, for the guest to see at once and at the next start. */

#define G_LOG_DOMAIN "gh-cables"

#include "config.h"

#include "gh-domain-xml.h"
#include "gh-host-private.h"
#include "gh-virt-error-private.h"

typedef struct
{
  char     *uuid;
  GStrv     macs;
  gboolean  plugged;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->uuid);
  g_strfreev (call->macs);
  g_free (call);
}

/* In what runs, or in what is permanent. */
static gboolean
set_cables (virDomainPtr   domain,
            const Call    *call,
            gboolean       live,
            GError       **error)
{
  char *text = virDomainGetXMLDesc (domain, live ? 0 : VIR_DOMAIN_XML_INACTIVE);
  g_autoptr (GhDomainXml) xml = NULL;

  if (text == NULL)
    {
      gh_virt_error_take (error);
      return FALSE;
    }
  xml = gh_domain_xml_new_from_string (text, error);
  free (text);
  for (guint i = 0; xml != NULL && call->macs[i] != NULL; i++)
    {
      g_autofree char *card = gh_domain_xml_set_cable (xml, call->macs[i], call->plugged);

      if (card == NULL)
        continue;
      if (virDomainUpdateDeviceFlags (domain, card, live ? VIR_DOMAIN_DEVICE_MODIFY_LIVE
                                                         : VIR_DOMAIN_DEVICE_MODIFY_CONFIG) < 0)
        {
          gh_virt_error_take (error);
          return FALSE;
        }
    }
  return xml != NULL;
}

static gpointer
cables_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);

  if (domain == NULL)
    return NULL;
  if (virDomainIsPersistent (domain) == 1 && !set_cables (domain, call, FALSE, error))
    return NULL;
  if (virDomainIsActive (domain) == 1)
    set_cables (domain, call, TRUE, error);
  return NULL;
}

/**
 * gh_host_set_cables_async:
 * @host: a connected host
 * @uuid: a machine
 * @macs: addresses of network cards
 * @plugged: whether their cables are to be plugged in
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainUpdateDeviceFlags().
 */
void
gh_host_set_cables_async (GhHost              *host,
                          const char          *uuid,
                          const char * const  *macs,
                          gboolean             plugged,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  Call *call = NULL;

  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && macs != NULL);

  call = g_new0 (Call, 1);
  call->uuid = g_strdup (uuid);
  call->macs = g_strdupv ((char **) macs);
  call->plugged = plugged;
  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_WRITE, "domain-set-cables",
                cables_worker, call, call_free, NULL,
                g_task_new (host, cancellable, callback, user_data));
}

gboolean
gh_host_set_cables_finish (GhHost        *host,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return gh_call_finish_void (host, result, error);
}
