/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* libvirt calls a device detached after five seconds, whether the guest let it go or not. What the
 * machine has is what its document says. */

#define G_LOG_DOMAIN "gh-unplug"

#include "config.h"

#include "gh-unplug.h"

#include <glib/gi18n-lib.h>

#include "gh-host-private.h"
#include "gh-migration-xml.h"
#include "gh-virt-error-private.h"

/* A guest under emulation takes its time. */
#define PATIENCE_US (20 * G_TIME_SPAN_SECOND)
#define POLL_US (200 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  char     *uuid;
  char     *name;
  char     *device;
  gboolean  plug;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->uuid);
  g_free (call->name);
  g_free (call->device);
  g_free (call);
}

/* FALSE also when it does not run any more. */
static gboolean
has_device (virDomainPtr  domain,
            const char   *name)
{
  char *text = virDomainIsActive (domain) == 1 ? virDomainGetXMLDesc (domain, 0) : NULL;
  g_autoptr (GhDomainXml) xml = text != NULL ? gh_domain_xml_new_from_string (text, NULL) : NULL;
  g_autofree char *device = xml != NULL ? gh_domain_xml_dup_blocker (xml, name) : NULL;

  free (text);
  virResetLastError ();
  return device != NULL;
}

static void
unplug (virDomainPtr   domain,
        const Call    *call,
        GCancellable  *cancellable,
        GError       **error)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;

  if (virDomainDetachDeviceFlags (domain, call->device, VIR_DOMAIN_AFFECT_LIVE) < 0)
    {
      gh_virt_error_take (error);
      return;
    }
  while (has_device (domain, call->name))
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return;
      if (g_get_monotonic_time () > end)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                       /* Translators: %s is a device: “PCI 0000:01:00.0”. */
                       _("The guest does not let go of %s. Its system may not be running yet, or "
                         "it uses the device."), call->name);
          return;
        }
      g_usleep (POLL_US);
    }
}

static gpointer
device_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);

  if (domain == NULL)
    {
      if (g_error_matches (*error, GH_VIRT_ERROR, VIR_ERR_NO_DOMAIN))
        g_clear_error (error);
      return NULL;
    }
  if (virDomainIsActive (domain) != 1 || has_device (domain, call->name) == call->plug)
    return NULL;
  if (!call->plug)
    unplug (domain, call, cancellable, error);
  else if (virDomainAttachDeviceFlags (domain, call->device, VIR_DOMAIN_AFFECT_LIVE) < 0)
    gh_virt_error_take (error);
  return NULL;
}

static void
start (GhHost              *host,
       const char          *uuid,
       const char          *name,
       const char          *device,
       gboolean             plug,
       GCancellable        *cancellable,
       GAsyncReadyCallback  callback,
       gpointer             user_data)
{
  Call *call = g_new0 (Call, 1);
  GTask *task = g_task_new (host, cancellable, callback, user_data);

  call->uuid = g_strdup (uuid);
  call->name = g_strdup (name);
  call->device = g_strdup (device);
  call->plug = plug;
  g_task_set_check_cancellable (task, FALSE);
  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE,
                plug ? "device-plug" : "device-unplug", device_worker, call, call_free, NULL, task);
}

void
gh_host_unplug_async (GhHost              *host,
                      const char          *uuid,
                      const char          *name,
                      const char          *device,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && name != NULL && device != NULL);

  start (host, uuid, name, device, FALSE, cancellable, callback, user_data);
}

gboolean
gh_host_unplug_finish (GhHost        *host,
                       GAsyncResult  *result,
                       GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

void
gh_host_plug_async (GhHost              *host,
                    const char          *uuid,
                    const char          *name,
                    const char          *device,
                    GCancellable        *cancellable,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL && name != NULL && device != NULL);

  start (host, uuid, name, device, TRUE, cancellable, callback, user_data);
}

gboolean
gh_host_plug_finish (GhHost        *host,
                     GAsyncResult  *result,
                     GError       **error)
{
  return gh_call_finish_void (host, result, error);
}
