/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Moving a running machine with its disk between two real hosts: by Guesthouse, and by virsh with
 * the same flags, turn by turn, each time one that has just started. Ours has rehearsed by then:
 * both hosts are asked before anything is done. How long libvirt's own call takes differs by a
 * tenth from move to move, whoever calls it, and that is as much as may be lost: so all of ours are
 * compared with all of virsh's, with who goes first in turn, and with more of both until that is
 * even.
 *
 * And the rehearsal by itself, on this computer and over a line with a delay, with opening both
 * hosts (the command line) and with both open (the window). */

#include "config.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <sys/stat.h>

#include "gh-bench.h"
#include "gh-host.h"
#include "gh-lab-line.h"
#include "gh-migrate-plan.h"
#include "gh-test.h"
#include "gh-threads.h"

/* Of each; more while they are over their limit. */
#define N_MOVES 6
#define MAX_MOVES 16
/* Of a rehearsal; more while it is over its limit: another program may have been in the way. */
#define N_TURNS 3
#define MAX_TURNS 8
#define LIMIT 1.1
#define DATA_MIB 128
/* Machines and disks beside the one that is to move. */
#define N_OTHERS 10
/* And on a host that has many. */
#define N_MANY 200

static char *
dup_disk (GhLab *lab)
{
  return g_build_filename (gh_lab_get_folder (lab), "img", "web.qcow2", NULL);
}

static void
make_pool (GhLab *lab)
{
  g_autofree char *path = g_build_filename (gh_lab_get_folder (lab), "img", NULL);
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>default</name><target>"
                                          "<path>%s</path></target></pool>", path);
  virStoragePoolPtr pool = NULL;

  g_assert_no_errno (g_mkdir_with_parents (path, 0700));
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

/* As an error message, when it fails. */
static char *
run_tool (GhLab              *lab,
          const char * const *argv)
{
  g_auto (GStrv) environment = gh_lab_dup_environ (lab);
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  char *out = NULL;
  int status = 0;

  g_spawn_sync (NULL, (char **) argv, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("%s: %s", argv[0], err);
  return out;
}

#define tool(lab, ...) g_free (run_tool (lab, (const char * const []) { __VA_ARGS__, NULL }))

/* 1 GiB of disk with some data, and 256 MiB of memory. */
static void
start_guest (GhLab *lab)
{
  g_autofree char *disk = dup_disk (lab);
  g_autofree char *write = g_strdup_printf ("write -P 0xab 64M %dM", DATA_MIB);
  g_autofree char *xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk><serial type='pty'/><memballoon model='none'/>"
    "</devices></domain>", gh_lab_get_kernel (lab), gh_lab_get_initrd (lab), disk);
  g_autoptr (GhLabSerial) serial = NULL;
  virDomainPtr domain = NULL;

  tool (lab, "qemu-img", "create", "-f", "qcow2", disk, "1G");
  tool (lab, "qemu-io", "-f", "qcow2", "-c", write, disk);
  g_assert_no_errno (g_chmod (disk, 0600));
  domain = virDomainDefineXMLFlags (gh_lab_connect (lab), xml, VIR_DOMAIN_DEFINE_VALIDATE);
  if (domain == NULL || virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
  serial = gh_lab_serial_open (lab, "web");
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 60));
}

static guint64
get_allocation (GhLab *lab)
{
  g_autofree char *disk = dup_disk (lab);
  GStatBuf info;

  g_assert_no_errno (g_stat (disk, &info));
  return (guint64) info.st_blocks * 512;
}

/* A definition for the other host, where the disk lies elsewhere. */
static char *
write_definition (GhLab      *from,
                  GhLab      *to,
                  const char *uri,
                  const char *option)
{
  g_autofree char *xml = run_tool (from, (const char * const []) { "virsh", "-c", uri, "dumpxml",
                                                                  option, "web", NULL });
  g_autofree char *here = dup_disk (from);
  g_autofree char *there = dup_disk (to);
  g_autoptr (GString) text = g_string_new (xml);

  g_string_replace (text, here, there, 0);
  return gh_lab_write_file (from, option + 2, text->str);
}

static void
remove_disk (GhLab *lab)
{
  g_autofree char *disk = dup_disk (lab);
  virStoragePoolPtr pool = virStoragePoolLookupByName (gh_lab_connect (lab), "default");

  g_assert_no_errno (g_unlink (disk));
  g_assert_cmpint (virStoragePoolRefresh (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

static gint64
time_ours (GhLab *from,
           GhLab *to)
{
  g_autofree char *here = gh_lab_dup_uri (from);
  g_autofree char *there = gh_lab_dup_uri (to);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GhLabRun) run = gh_lab_run (from, "-c", here, "migrate", "web", there,
                                         "--copy-storage", "--yes", "--json", NULL);

  gh_lab_assert_status (run, 0);
  return g_get_monotonic_time () - start;
}

static gint64
time_virsh (GhLab *from,
            GhLab *to)
{
  g_autofree char *here = gh_lab_dup_uri (from);
  g_autofree char *there = gh_lab_dup_uri (to);
  g_autofree char *live = write_definition (from, to, here, "--migratable");
  g_autofree char *defined = write_definition (from, to, here, "--inactive");
  g_autofree char *memory = g_strdup_printf ("unix://%s/m", gh_lab_get_folder (to));
  g_autofree char *disks = g_strdup_printf ("unix://%s/d", gh_lab_get_folder (to));
  gint64 start = g_get_monotonic_time ();

  tool (from, "virsh", "-c", here, "migrate", "--live", "--persistent", "--undefinesource",
        "--copy-storage-all", "--auto-converge", "--abort-on-error", "--xml", live,
        "--persistent-xml", defined, "web", there, "--migrateuri", memory, "--disks-uri", disks);
  return g_get_monotonic_time () - start;
}

/* The machine is gone from the host. */
static void
switch_off (GhLab *lab)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  g_assert_cmpint (virDomainUndefine (domain), ==, 0);
  virDomainFree (domain);
}

/* @thin: (inout) (nullable): the most that a disk takes there, against here. */
static gint64
time_fresh (GhLab   *from,
            GhLab   *to,
            gint64 (*time) (GhLab *from, GhLab *to),
            double  *thin)
{
  guint64 allocation = 0;
  gint64 us = 0;

  start_guest (from);
  allocation = get_allocation (from);
  us = time (from, to);
  if (thin != NULL)
    *thin = MAX (*thin, (double) get_allocation (to) / (double) allocation);
  switch_off (to);
  remove_disk (to);
  remove_disk (from);
  return us;
}

typedef struct
{
  GhLab  *from;
  GhLab  *to;
  gint64  ours_us;  /* all together */
  gint64  virsh_us;
  double  thin;
} Race;

static double
run_turn (Race  *race,
          guint  turn)
{
  gboolean ours_first = turn % 2 == 0;
  gint64 ours = 0;
  gint64 virsh = 0;

  if (!ours_first)
    virsh = time_fresh (race->from, race->to, time_virsh, NULL);
  ours = time_fresh (race->from, race->to, time_ours, &race->thin);
  if (ours_first)
    virsh = time_fresh (race->from, race->to, time_virsh, NULL);
  g_test_message ("turn %u: %.2f s, virsh %.2f s", turn, (double) ours / 1e6,
                  (double) virsh / 1e6);
  race->ours_us += ours;
  race->virsh_us += virsh;
  return (double) race->ours_us / (double) race->virsh_us;
}

static void
test_live (void)
{
  Race race = { NULL, NULL, 0, 0, 0.0 };
  double ratio = G_MAXDOUBLE;

  if (!gh_lab_has_guest ())
    return;
  race.from = gh_lab_new ();
  race.to = gh_lab_new ();
  make_pool (race.from);
  make_pool (race.to);
  /* Fresh daemons look at each QEMU there is when they are first asked what they can do. */
  time_fresh (race.from, race.to, time_ours, NULL);
  for (guint i = 0; i < N_MOVES || (ratio > LIMIT && i < MAX_MOVES); i++)
    ratio = run_turn (&race, i);
  gh_bench_report ("running machine moved with 1 GiB of disk, against virsh", ratio, LIMIT, "×",
                   "");
  gh_bench_report ("what its disk takes there, against here", race.thin, 1.1, "×", "");
  gh_lab_free (race.from);
  gh_lab_free (race.to);
}

/* Rehearsals: asking both hosts everything, without moving anything. */

typedef struct
{
  GhLab     *a;
  GhLab     *b;
  GhLabLine *lines[2]; /* (nullable) */
  char      *here;
  char      *there;
} World;

static void
add_others (GhLab *lab,
            guint  first,
            guint  end)
{
  for (guint i = first; i < end; i++)
    {
      g_autofree char *disk = g_strdup_printf ("%s/img/other-%u.qcow2", gh_lab_get_folder (lab), i);
      g_autofree char *xml =
        g_strdup_printf ("<domain type='qemu'><name>other-%u</name><memory unit='MiB'>64</memory>"
                         "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
                         "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
                         "<source file='%s'/><target dev='vda' bus='virtio'/></disk></devices>"
                         "</domain>", i, disk);
      virDomainPtr domain = virDomainDefineXML (gh_lab_connect (lab), xml);

      g_assert_nonnull (domain);
      virDomainFree (domain);
      tool (lab, "qemu-img", "create", "-q", "-f", "qcow2", disk, "1G");
    }
}

static void
refresh_pool (GhLab *lab)
{
  virStoragePoolPtr pool = virStoragePoolLookupByName (gh_lab_connect (lab), "default");

  g_assert_cmpint (virStoragePoolRefresh (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

static void
world_set_up (World *world)
{
  world->a = gh_lab_new ();
  world->b = gh_lab_new ();
  make_pool (world->a);
  make_pool (world->b);
  start_guest (world->a);
  add_others (world->a, 0, N_OTHERS);
  add_others (world->b, 0, N_OTHERS);
  refresh_pool (world->a);
  refresh_pool (world->b);
}

static void
world_tear_down (World *world)
{
  switch_off (world->a);
  gh_lab_free (world->a);
  gh_lab_free (world->b);
}

/* No line: this computer's own hosts, whose files are looked at. */
static void
world_connect (World *world,
               guint  round_trip_ms)
{
  if (round_trip_ms == 0)
    {
      world->here = gh_lab_dup_uri (world->a);
      world->there = gh_lab_dup_uri (world->b);
      return;
    }
  world->lines[0] = gh_lab_line_new_tcp (world->a, round_trip_ms);
  world->lines[1] = gh_lab_line_new_tcp (world->b, round_trip_ms);
  world->here = gh_lab_line_dup_uri (world->lines[0]);
  world->there = gh_lab_line_dup_uri (world->lines[1]);
}

static void
world_disconnect (World *world)
{
  for (guint i = 0; i < G_N_ELEMENTS (world->lines); i++)
    g_clear_pointer (&world->lines[i], gh_lab_line_free);
  g_clear_pointer (&world->here, g_free);
  g_clear_pointer (&world->there, g_free);
}

static double
time_command (World *world)
{
  gint64 start = g_get_monotonic_time ();
  gint64 time = 0;
  g_autoptr (GhLabRun) run = gh_lab_run (world->a, "-c", world->here, "migrate", "web",
                                         world->there, "--copy-storage", "--rehearse", "--json",
                                         NULL);

  time = g_get_monotonic_time () - start;
  gh_lab_assert_status (run, 0);
  return (double) time / G_USEC_PER_SEC;
}

static GhHost *
open_host (const char *uri)
{
  GhHost *host = gh_host_new (uri);
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return host;
}

/* Both hosts are in the window's list; nothing was asked about them so far. */
static double
time_plan (World      *world,
           const char *name,
           gboolean    removing)
{
  g_autoptr (GhHost) here = open_host (world->here);
  g_autoptr (GhHost) there = open_host (world->there);
  g_autoptr (GhMigratePlan) plan = gh_migrate_plan_new (gh_host_find_machine (here, name), there);
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  gint64 time = 0;

  gh_migrate_plan_set_all_disks (plan, TRUE, NULL);
  g_object_set (plan, "remove-source", removing, NULL);
  gh_plan_prepare_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  time = g_get_monotonic_time () - start;
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), <, GH_CHECK_REFUSAL);
  gh_host_disconnect (here);
  gh_host_disconnect (there);
  return (double) time / G_USEC_PER_SEC;
}

static double
time_window (World *world)
{
  return time_plan (world, "web", FALSE);
}

/* There are other ones of its neighbours there. */
static double
time_off (World *world)
{
  return time_plan (world, "other-100", FALSE);
}

/* The same, and its disk is to be removed here: so who else uses it is asked of all of them. */
static double
time_removing (World *world)
{
  return time_plan (world, "other-100", TRUE);
}

/* The best of some turns. */
static void
report_rehearsal (World      *world,
                  const char *what,
                  double    (*time) (World *world),
                  double      limit)
{
  double best = G_MAXDOUBLE;

  for (guint i = 0; i < N_TURNS || (best > limit && i < MAX_TURNS); i++)
    {
      double seconds = time (world);

      best = MIN (best, seconds);
    }
  gh_bench_report (what, best, limit, "s", "");
}

static void
test_rehearsal (void)
{
  World world = { 0 };

  if (!gh_lab_has_guest ())
    return;
  world_set_up (&world);
  world_connect (&world, 0);
  report_rehearsal (&world, "rehearsal, with opening both hosts", time_command, 1.0);
  report_rehearsal (&world, "rehearsal, both hosts open", time_window, 1.0);
  world_disconnect (&world);
  world_connect (&world, 100);
  report_rehearsal (&world, "rehearsal over 100 ms, with opening both hosts", time_command, 3.0);
  report_rehearsal (&world, "rehearsal over 100 ms, both hosts open", time_window, 3.0);
  add_others (world.a, N_OTHERS, N_MANY);
  refresh_pool (world.a);
  report_rehearsal (&world, "rehearsal over 100 ms, of one of 200 machines", time_window, 3.0);
  report_rehearsal (&world, "rehearsal over 100 ms, of one of 200 that is off", time_off, 3.0);
  report_rehearsal (&world, "rehearsal over 100 ms, of one of 200, and its disk is removed here",
                    time_removing, 3.0);
  world_disconnect (&world);
  world_tear_down (&world);
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bench/migrate/live", test_live);
  g_test_add_func ("/bench/migrate/rehearsal", test_rehearsal);
  return g_test_run ();
}
