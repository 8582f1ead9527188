/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The graph of 2,000 images on a real daemon: 40 bases, each with 49 linked clones of machines
 * that are off. Read the first time, asked again, and after one change. */

#include "config.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gh-bench.h"
#include "gh-image-graph.h"
#include "gh-lab.h"
#include "gh-test.h"
#include "gh-threads.h"

#define N_BASES 40
#define N_CLONES 49

static void
define_machine (virConnectPtr  conn,
                const char    *name,
                const char    *path)
{
  g_autofree char *xml = g_markup_printf_escaped (
    "<domain type='qemu'><name>%s</name><memory>65536</memory>"
    "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk></devices></domain>", name, path);
  virDomainPtr domain = virDomainDefineXML (conn, xml);

  g_assert_nonnull (domain);
  virDomainFree (domain);
}

static void
make_world (GhLab *lab)
{
  g_autofree char *folder = gh_lab_dup_path (lab, "pool");
  g_autofree char *pool_xml = g_markup_printf_escaped (
    "<pool type='dir'><name>images</name><target><path>%s</path></target></pool>", folder);
  virConnectPtr conn = NULL;
  virStoragePoolPtr pool = NULL;

  g_mkdir_with_parents (folder, 0700);
  gh_lab_start_daemon (lab);
  conn = gh_lab_connect (lab);
  for (guint i = 0; i < N_BASES; i++)
    {
      g_autofree char *base_name = g_strdup_printf ("base-%02u", i);
      g_autofree char *base = g_strdup_printf ("%s/%s.qcow2", folder, base_name);

      gh_test_write_qcow2 (base, NULL);
      define_machine (conn, base_name, base);
      for (guint j = 0; j < N_CLONES; j++)
        {
          g_autofree char *name = g_strdup_printf ("clone-%02u-%02u", i, j);
          g_autofree char *path = g_strdup_printf ("%s/%s.qcow2", folder, name);

          gh_test_write_qcow2 (path, base);
          define_machine (conn, name, path);
        }
    }
  pool = virStoragePoolCreateXML (conn, pool_xml, 0);
  g_assert_nonnull (pool);
  virStoragePoolFree (pool);
}

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

static GhImageGraph *
load (GhHost *host,
      double *seconds)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  GhImageGraph *graph = NULL;

  gh_image_graph_load_async (host, NULL, gh_test_call_cb, &call);
  graph = gh_image_graph_load_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  *seconds = (g_get_monotonic_time () - start) / (double) G_USEC_PER_SEC;
  return graph;
}

static void
test_images (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *uri = NULL;
  g_autofree char *base = NULL;
  g_autofree char *another = NULL;
  g_autoptr (GhHost) host = NULL;
  GhMachine *machine = NULL;
  double first = 0.0;
  double second = 0.0;
  double changed = 0.0;
  double check = 0.0;
  gint64 start = 0;
  gpointer weak = NULL;

  make_world (lab);
  uri = gh_lab_dup_uri (lab);
  host = gh_host_new (uri);
  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  machine = gh_host_find_machine (host, "base-00");
  g_assert_nonnull (machine);
  {
    g_autoptr (GhImageGraph) graph = load (host, &first);
    g_autoptr (GhImageGraph) again = NULL;
    g_autoptr (GPtrArray) checks = NULL;
    guint n_images = 0;

    for (guint i = 0; i < gh_image_graph_get_images (graph)->len; i++)
      n_images += ((GhImage *) gh_image_graph_get_images (graph)->pdata[i])->is_image;
    g_assert_cmpuint (n_images, ==, N_BASES * (N_CLONES + 1));
    again = load (host, &second);
    g_assert_true (again == graph);
    start = g_get_monotonic_time ();
    checks = gh_image_graph_check_machine (graph, gh_machine_get_uuid (machine),
                                           GH_IMAGE_USE_START);
    check = (g_get_monotonic_time () - start) / (double) G_USEC_PER_SEC;
    g_assert_cmpuint (checks->len, ==, 1);
  }
  base = gh_lab_dup_path (lab, "pool/base-00.qcow2");
  another = gh_lab_dup_path (lab, "pool/another.qcow2");
  gh_test_write_qcow2 (another, base);
  {
    g_autoptr (GhImageGraph) graph = load (host, &changed);

    g_assert_nonnull (gh_image_graph_find (graph, another));
  }

  gh_bench_report ("graph of 2,000 images and machines, first time", first, 2.0, "s", "");
  gh_bench_report ("asked again, nothing has changed", second * 1000.0, 50.0, "ms", "");
  gh_bench_report ("asked again after a file was made in the pool", changed, 2.0, "s", "");
  gh_bench_report ("may this machine be started (on the main thread)", check * 1000.0, 10.0, "ms",
                   "");

  weak = host;
  g_object_add_weak_pointer (G_OBJECT (host), &weak);
  gh_host_disconnect (host);
  g_clear_object (&host);
  while (weak != NULL)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/bench/images", test_images);

  return g_test_run ();
}
