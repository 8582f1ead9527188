/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-host-identity"

#include "config.h"

#include "gh-host-identity.h"

#include <glib/gi18n-lib.h>

#include "gh-host-private.h"
#include "gh-virt-error-private.h"
#include "gh-xml-document.h"

static gpointer
load_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  char *capabilities = conn != NULL ? virConnectGetCapabilities (conn) : NULL;
  g_autoptr (GhXmlDocument) document = NULL;
  char *uuid = NULL;

  if (conn == NULL)
    return NULL;
  if (capabilities == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  document = gh_xml_document_new (capabilities, "capabilities", NULL);
  free (capabilities);
  uuid = document != NULL ? gh_xml_document_dup_text (document, "host/uuid") : NULL;
  if (uuid == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         _("The host does not say which one it is."));
  return uuid;
}

void
gh_host_load_identity_async (GhHost              *host,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "host-identity", load_worker,
                NULL, NULL, g_free, g_task_new (host, cancellable, callback, user_data));
}

char *
gh_host_load_identity_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
