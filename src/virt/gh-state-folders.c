/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* No call says where a daemon keeps NVRAM and TPM state, and a user's daemon on another computer
 * has them in a home that we do not know. But it translates a definition to a command line, in
 * which the folder for the machine's sockets is named, and the others lie around that:
 *
 *   system    /var/lib/libvirt/qemu/domain-…          ../nvram           /var/lib/libvirt/swtpm
 *   session   ~/.config/libvirt/qemu/lib/domain-…     ../../nvram        ../../swtpm
 */

#define G_LOG_DOMAIN "gh-state-folders"

#include "config.h"

#include "gh-state-folders.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-host-private.h"
#include "gh-state-folders-private.h"
#include "gh-virt-error-private.h"

#define SOCKET_WORD "socket,id=charmonitor,path="

void
gh_state_folders_free (GhStateFolders *self)
{
  g_free (self->nvram);
  g_free (self->tpm);
  g_free (self);
}

/* The folder in which each machine has one, from “…,path=/…/domain--1-NAME/monitor.sock,…”. */
static char *
dup_machines_folder (const char *word)
{
  const char *path = word + strlen (SOCKET_WORD);
  const char *end = strstr (path, "/domain--1-");
  g_auto (GStrv) parts = NULL;
  g_autofree char *folder = NULL;

  if (end == NULL || !g_path_is_absolute (path))
    return NULL;
  folder = g_strndup (path, (gsize) (end - path));
  /* As QEMU wants commas in paths. */
  parts = g_strsplit (folder, ",,", -1);
  return g_strjoinv (",", parts);
}

GhStateFolders *
gh_state_folders_new_from_command (const char *line)
{
  g_auto (GStrv) words = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *above = NULL;
  gboolean is_users = FALSE;
  GhStateFolders *self = NULL;

  if (!g_shell_parse_argv (line, NULL, &words, NULL))
    return NULL;
  for (guint i = 0; words[i] != NULL && folder == NULL; i++)
    if (g_str_has_prefix (words[i], SOCKET_WORD))
      folder = dup_machines_folder (words[i]);
  if (folder == NULL)
    return NULL;
  above = g_path_get_dirname (folder);
  /* Not by the address: root's “session” on another computer is the system's daemon. */
  is_users = g_str_has_suffix (folder, "/qemu/lib");
  self = g_new0 (GhStateFolders, 1);
  self->nvram = g_build_filename (is_users ? above : folder, "nvram", NULL);
  self->tpm = g_build_filename (above, "swtpm", NULL);
  return self;
}

GhStateFolders *
gh_state_folders_read (virConnectPtr   conn,
                       GError        **error)
{
  /* Emulated ones start everywhere; none is defined or started here. */
  static const char xml[] =
    "<domain type='qemu'><name>guesthouse</name><memory unit='MiB'>1</memory>"
    "<os><type>hvm</type></os></domain>";
  char *line = virConnectDomainXMLToNative (conn, "qemu-argv", xml, 0);
  GhStateFolders *self = NULL;

  if (line == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  self = gh_state_folders_new_from_command (line);
  free (line);
  if (self == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         _("The host does not say where it keeps the state of machines."));
  return self;
}

static gpointer
folders_worker (GhLane        *lane,
                gpointer       data,
                GCancellable  *cancellable,
                GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);

  return conn != NULL ? gh_state_folders_read (conn, error) : NULL;
}

void
gh_host_load_state_folders_async (GhHost              *host,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  gh_host_call (host, GH_ROLE_READ, GH_LANE_USER, GH_LANE_READ, "state-folders", folders_worker,
                NULL, NULL, (GDestroyNotify) gh_state_folders_free,
                g_task_new (host, cancellable, callback, user_data));
}

GhStateFolders *
gh_host_load_state_folders_finish (GhHost        *host,
                                   GAsyncResult  *result,
                                   GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
