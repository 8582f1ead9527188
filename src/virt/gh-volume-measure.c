/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-volume-measure"

#include "config.h"

#include "gh-transfer-private.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "gh-host-private.h"
#include "gh-virt-error-private.h"

static void
start_pool (virConnectPtr  conn,
            const char    *name)
{
  g_autoptr (virStoragePool) pool = virStoragePoolLookupByName (conn, name);

  if (pool != NULL && virStoragePoolIsActive (pool) == 0)
    virStoragePoolCreate (pool, 0);
  virResetLastError ();
}

virStorageVolPtr
gh_transfer_find_volume (virConnectPtr   conn,
                         const char     *pool,
                         const char     *path,
                         GError        **error)
{
  virStorageVolPtr volume = virStorageVolLookupByPath (conn, path);

  /* A daemon that was restarted may have left it off. */
  if (volume == NULL && pool != NULL)
    {
      start_pool (conn, pool);
      volume = virStorageVolLookupByPath (conn, path);
    }
  if (volume == NULL)
    gh_virt_error_take (error);
  return volume;
}

/* From “<mtime>1700000000.123456789</mtime>”: only a number is looked for, in libvirt's words. */
static gint64
read_change_time (virStorageVolPtr volume)
{
  char *xml = virStorageVolGetXMLDesc (volume, 0);
  const char *text = xml != NULL ? strstr (xml, "<mtime>") : NULL;
  gint64 ns = 0;

  if (text != NULL)
    {
      char *end = NULL;
      char digits[] = "000000000";

      ns = g_ascii_strtoll (text + strlen ("<mtime>"), &end, 10) * (gint64) 1000000000;
      for (guint i = 0; *end == '.' && i < strlen (digits) && g_ascii_isdigit (end[i + 1]); i++)
        digits[i] = end[i + 1];
      ns += g_ascii_strtoll (digits, NULL, 10);
    }
  free (xml);
  virResetLastError ();
  return ns;
}

gboolean
gh_transfer_measure (virStorageVolPtr   volume,
                     GhVolumeExtent    *extent,
                     GError           **error)
{
  virStorageVolInfo allocated = { 0 };
  virStorageVolInfo physical = { 0 };

  if (virStorageVolGetInfo (volume, &allocated) < 0 ||
      virStorageVolGetInfoFlags (volume, &physical, VIR_STORAGE_VOL_GET_PHYSICAL) < 0)
    {
      gh_virt_error_take (error);
      return FALSE;
    }
  extent->allocation = allocated.allocation;
  extent->length = physical.allocation;
  extent->changed_ns = read_change_time (volume);
  return TRUE;
}

typedef struct
{
  char *pool; /* (nullable) */
  char *path;
} Measure;

static void
measure_free (gpointer data)
{
  Measure *self = data;

  g_free (self->pool);
  g_free (self->path);
  g_free (self);
}

static gpointer
measure_worker (GhLane        *lane,
                gpointer       data,
                GCancellable  *cancellable,
                GError       **error)
{
  Measure *self = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virStorageVol) volume = NULL;
  g_autofree GhVolumeExtent *extent = g_new0 (GhVolumeExtent, 1);

  if (conn != NULL)
    volume = gh_transfer_find_volume (conn, self->pool, self->path, error);
  if (volume == NULL || !gh_transfer_measure (volume, extent, error))
    return NULL;
  return g_steal_pointer (&extent);
}

void
gh_host_measure_volume_async (GhHost              *host,
                              const char          *pool,
                              const char          *path,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  Measure *data = g_new0 (Measure, 1);

  data->pool = g_strdup (pool);
  data->path = g_strdup (path);
  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "volume-measure", measure_worker,
                data, measure_free, g_free, g_task_new (host, cancellable, callback, user_data));
}

gboolean
gh_host_measure_volume_finish (GhHost          *host,
                               GAsyncResult    *result,
                               GhVolumeExtent  *extent,
                               GError         **error)
{
  g_autofree GhVolumeExtent *measured = NULL;

  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  measured = g_task_propagate_pointer (G_TASK (result), error);
  if (measured == NULL)
    return FALSE;
  *extent = *measured;
  return TRUE;
}
