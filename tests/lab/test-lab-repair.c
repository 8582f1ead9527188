/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What keeps a machine from moving between two real hosts, and the repairs the rehearsal offers:
 * the trouble is made, found, repaired, not found any more, and the machine moves. */

#include "gh-lab.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gh-faults.h"
#include "gh-migrate-plan.h"
#include "gh-steps.h"
#include "gh-test.h"
#include "gh-threads.h"

typedef struct
{
  GhLab  *here;
  GhLab  *there;
  GhHost *source;
  GhHost *destination;
} World;

static World world;

static GhHost *
open_host (GhLab *lab)
{
  g_autofree char *uri = gh_lab_dup_uri (lab);
  g_auto (GhTestCall) call = { 0 };
  GhHost *host = gh_host_new (uri);
  GError *error = NULL;

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return host;
}

static void
open_world (void)
{
  if (world.here != NULL)
    return;
  world.here = gh_lab_new ();
  world.there = gh_lab_new ();
  gh_lab_start_daemon (world.here);
  gh_lab_start_daemon (world.there);
  world.source = open_host (world.here);
  world.destination = open_host (world.there);
}

static void
close_world (void)
{
  if (world.here == NULL)
    return;
  gh_host_disconnect (world.source);
  gh_host_disconnect (world.destination);
  g_clear_object (&world.source);
  g_clear_object (&world.destination);
  g_clear_pointer (&world.here, gh_lab_free);
  g_clear_pointer (&world.there, gh_lab_free);
}

static virStoragePoolPtr
define_pool (GhLab *lab)
{
  g_autofree char *path = gh_lab_dup_path (lab, "pool");
  g_autofree char *xml = g_markup_printf_escaped (
    "<pool type='dir'><name>default</name><target><path>%s</path></target></pool>", path);
  virStoragePoolPtr pool = NULL;

  g_mkdir_with_parents (path, 0700);
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  return pool;
}

static void
remove_pool (GhLab      *lab,
             const char *name)
{
  virStoragePoolPtr pool = virStoragePoolLookupByName (gh_lab_connect (lab), name);

  g_assert_nonnull (pool);
  virStoragePoolDestroy (pool);
  g_assert_cmpint (virStoragePoolUndefine (pool), ==, 0);
  virStoragePoolFree (pool);
}

/* Networks of this kind need no rights. */
static virNetworkPtr
define_network (GhLab      *lab,
                const char *name)
{
  g_autofree char *xml = g_strdup_printf ("<network><name>%s</name><forward mode='bridge'/>"
                                          "<bridge name='gh-none'/></network>", name);
  virNetworkPtr network = virNetworkDefineXML (gh_lab_connect (lab), xml);

  g_assert_nonnull (network);
  return network;
}

static void
remove_network (GhLab      *lab,
                const char *name)
{
  virNetworkPtr network = virNetworkLookupByName (gh_lab_connect (lab), name);

  g_assert_nonnull (network);
  virNetworkDestroy (network);
  g_assert_cmpint (virNetworkUndefine (network), ==, 0);
  virNetworkFree (network);
}

static gboolean
is_network_active (GhLab      *lab,
                   const char *name)
{
  virNetworkPtr network = virNetworkLookupByName (gh_lab_connect (lab), name);
  gboolean active = virNetworkIsActive (network) == 1;

  virNetworkFree (network);
  return active;
}

static virDomainPtr
define_machine (const char *xml)
{
  virDomainPtr domain = virDomainDefineXMLFlags (gh_lab_connect (world.here), xml,
                                                 VIR_DOMAIN_DEFINE_VALIDATE);

  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  return domain;
}

static char *
dup_xml (GhLab        *lab,
         unsigned int  flags)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");
  char *xml = domain != NULL ? virDomainGetXMLDesc (domain, flags) : NULL;
  char *copy = g_strdup (xml);

  g_assert_nonnull (xml);
  free (xml);
  virDomainFree (domain);
  return copy;
}

static void
remove_machine (GhLab *lab)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");

  g_assert_nonnull (domain);
  virDomainDestroy (domain);
  g_assert_cmpint (virDomainUndefine (domain), ==, 0);
  virDomainFree (domain);
}

/* Plans */

static gboolean
has_machine (gpointer data)
{
  return gh_host_find_machine (data, "web") != NULL;
}

static GhCheck *
find_check (GhMigratePlan *plan,
            const char    *id)
{
  GPtrArray *checks = gh_plan_get_checks (GH_PLAN (plan));

  for (guint i = 0; i < checks->len; i++)
    if (strcmp (gh_check_get_id (g_ptr_array_index (checks, i)), id) == 0)
      return g_ptr_array_index (checks, i);
  return NULL;
}

static void
prepare (GhMigratePlan *plan)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_plan_prepare_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* Of a plan that is prepared; prepares it anew. */
static void
repair (GhMigratePlan *plan,
        const char    *id,
        GhCheckLevel   level)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GhCheck) check = find_check (plan, id);
  GError *error = NULL;

  if (check == NULL)
    g_error ("no check “%s”", id);
  g_object_ref (check);
  g_assert_cmpint (gh_check_get_level (check), ==, level);
  g_assert_nonnull (gh_check_get_fix_label (check));
  gh_check_fix_async (check, NULL, gh_test_call_cb, &call);
  gh_check_fix_finish (check, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  prepare (plan);
  g_assert_null (find_check (plan, id));
}

static gboolean
run (GhMigratePlan  *plan,
     GError        **error)
{
  g_auto (GhTestCall) call = { 0 };

  gh_plan_run_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  return gh_plan_run_finish (GH_PLAN (plan), gh_test_call_wait (&call), error);
}

/* Fails at @fault: everything is as it was, at both. */
static void
run_and_fail (GhMigratePlan *plan,
              const char    *fault)
{
  g_auto (GStrv) here = gh_lab_list_inventory (world.here);
  g_auto (GStrv) there = gh_lab_list_inventory (world.there);
  g_autoptr (GError) error = NULL;

  gh_faults_set (fault);
  g_assert_false (run (plan, &error));
  gh_faults_set (NULL);
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE);
  gh_lab_assert_inventory (world.here, here);
  gh_lab_assert_inventory (world.there, there);
  gh_plan_invalidate (GH_PLAN (plan));
  prepare (plan);
}

static void
run_and_succeed (GhMigratePlan *plan)
{
  GError *error = NULL;

  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), <, GH_CHECK_REFUSAL);
  run (plan, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gh_lab_get_machine_state (world.here, "web"), ==, -1);
}

/* Off */

/* A device of the host, a processor nobody has, a CD that is gone, a network, and a bridge. */
static void
define_troubled (void)
{
  g_autofree char *disk = gh_lab_dup_path (world.here, "pool/web.img");
  g_autofree char *iso = gh_lab_dup_path (world.here, "gone.iso");
  g_autofree char *xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>32</memory><vcpu>2</vcpu>"
    "<os><type arch='x86_64' machine='q35'>hvm</type></os>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>Skylake-Server</model>"
    "<topology sockets='1' dies='1' cores='2' threads='1'/></cpu>"
    "<devices><disk type='file' device='disk'><driver name='qemu' type='raw'/>"
    "<source file='%s'/><target dev='vda' bus='virtio'/></disk>"
    "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='%s'/>"
    "<target dev='sda' bus='sata'/><readonly/></disk>"
    "<interface type='network'><source network='lan'/><model type='virtio'/></interface>"
    "<interface type='bridge'><source bridge='gh-none'/><model type='virtio'/></interface>"
    "<hostdev mode='subsystem' type='pci' managed='yes'><source>"
    "<address domain='0x0000' bus='0x7f' slot='0x1e' function='0x7'/></source></hostdev>"
    "</devices></domain>", disk, iso);

  g_assert_true (g_file_set_contents (disk, "what is on the disk", -1, NULL));
  g_chmod (disk, 0600);
  virDomainFree (define_machine (xml));
}

static void
set_up_off (void)
{
  virStoragePoolPtr pool = define_pool (world.here);

  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
  virStoragePoolFree (define_pool (world.there));
  virNetworkFree (define_network (world.there, "lan"));
  define_troubled ();
}

static void
tear_down_off (void)
{
  g_autofree char *kept = gh_lab_dup_path (world.here, "pool/web.img");
  g_autofree char *arrived = gh_lab_dup_path (world.there, "pool/web.img");

  remove_machine (world.there);
  remove_network (world.there, "lan");
  remove_pool (world.here, "default");
  remove_pool (world.there, "default");
  g_assert_no_errno (g_unlink (kept));
  g_assert_no_errno (g_unlink (arrived));
}

static void
assert_arrived (void)
{
  g_autofree char *xml = dup_xml (world.there, VIR_DOMAIN_XML_INACTIVE);

  g_assert_null (strstr (xml, "<hostdev"));
  g_assert_null (strstr (xml, "Skylake-Server"));
  g_assert_nonnull (strstr (xml, "<model fallback='forbid'>"));
  g_assert_nonnull (strstr (xml, "cores='2'"));
  g_assert_null (strstr (xml, "gone.iso"));
  g_assert_nonnull (strstr (xml, "dev='sda'"));
  g_assert_nonnull (strstr (xml, "bridge='lo'"));
  g_assert_true (is_network_active (world.there, "lan"));
}

static void
test_off (void)
{
  g_autoptr (GhMigratePlan) plan = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  open_world ();
  set_up_off ();
  before = dup_xml (world.here, 0);
  g_assert_true (gh_lab_wait (60, has_machine, world.source));
  plan = gh_migrate_plan_new (gh_host_find_machine (world.source, "web"), world.destination);
  /* Both see the same files here, so what is proposed is to share it. */
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_COPIED);
  prepare (plan);
  repair (plan, "pool-off", GH_CHECK_REFUSAL);
  repair (plan, "network-off", GH_CHECK_REFUSAL);
  repair (plan, "medium-missing", GH_CHECK_REFUSAL);
  repair (plan, "cpu", GH_CHECK_REFUSAL);
  g_assert_nonnull (find_check (plan, "cpu-changed"));
  g_assert_nonnull (strstr (gh_check_get_title (find_check (plan, "stays-here")),
                            "PCI 0000:7f:1e.7"));
  repair (plan, "stays-here", GH_CHECK_WARNING);
  g_assert_nonnull (strstr (gh_check_get_title (find_check (plan, "device-dropped")),
                            "PCI 0000:7f:1e.7"));
  /* Taken along after all, and left again. */
  repair (plan, "device-dropped", GH_CHECK_WARNING);
  repair (plan, "stays-here", GH_CHECK_WARNING);
  g_assert_nonnull (find_check (plan, "bridge-missing"));
  gh_migrate_plan_set_network (plan, "gh-none", "lo");
  prepare (plan);
  g_assert_null (find_check (plan, "bridge-missing"));

  run_and_fail (plan, "plan-step-undefine-final-before:fail=1");
  after = dup_xml (world.here, 0);
  g_assert_cmpstr (after, ==, before);
  run_and_succeed (plan);
  assert_arrived ();
  tear_down_off ();
}

/* The same on the command line: each repair by the name the rehearsal gives it. */

static GhLabRun *
move_with (const char *first,
           ...)
{
  g_autofree char *here_uri = gh_lab_dup_uri (world.here);
  g_autofree char *there_uri = gh_lab_dup_uri (world.there);
  g_autoptr (GPtrArray) args = g_ptr_array_new ();
  const char *always[] = { "-c", here_uri, "migrate", "web", there_uri, "--offline", "--yes",
                           "--disk", "vda=copy", "--network", "gh-none=lo" };
  va_list list;

  for (guint i = 0; i < G_N_ELEMENTS (always); i++)
    g_ptr_array_add (args, (gpointer) always[i]);
  va_start (list, first);
  for (const char *arg = first; arg != NULL; arg = va_arg (list, const char *))
    g_ptr_array_add (args, (gpointer) arg);
  va_end (list);
  g_ptr_array_add (args, NULL);
  return gh_lab_runv (world.here, (const char * const *) args->pdata);
}

static void
test_fix_options (void)
{
  g_autoptr (GhLabRun) rehearsed = NULL;
  g_autoptr (GhLabRun) unknown = NULL;
  g_autoptr (GhLabRun) looked = NULL;
  g_autoptr (GhLabRun) moved = NULL;

  open_world ();
  set_up_off ();
  rehearsed = move_with ("--rehearse", NULL);
  gh_lab_assert_status (rehearsed, 3);
  g_assert_nonnull (strstr (rehearsed->out, "--fix pool-off"));
  g_assert_nonnull (strstr (rehearsed->out, "--fix network-off"));
  g_assert_nonnull (strstr (rehearsed->out, "--fix medium-missing"));
  unknown = move_with ("--fix", "nothing-of-the-kind", NULL);
  gh_lab_assert_status (unknown, 2);
  g_assert_nonnull (strstr (unknown->err, "nothing-of-the-kind"));

  /* A rehearsal changes what is planned, and no host. */
  looked = move_with ("--rehearse", "--json", "--fix", "network-off", "--fix", "medium-missing",
                      NULL);
  gh_lab_assert_status (looked, 3);
  g_assert_true (gh_lab_run_has_check (looked, "network-off", "refusal"));
  g_assert_false (gh_lab_run_has_check (looked, "medium-missing", "refusal"));
  g_assert_false (is_network_active (world.there, "lan"));

  moved = move_with ("--fix", "pool-off", "--fix", "network-off", "--fix", "medium-missing",
                     "--fix", "cpu", "--fix", "stays-here", NULL);
  gh_lab_assert_status (moved, 0);
  assert_arrived ();
  tear_down_off ();
}

/* Snapshots */

static void
run_tool (const char *first,
          ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *out = NULL;
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;
  va_list more;

  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  g_spawn_sync (NULL, (char **) words->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s\n%s%s", first, error->message, out, err);
}

static void
take_snapshot (virDomainPtr  domain,
               const char   *disk,
               const char   *name,
               const char   *pattern)
{
  g_autofree char *write = g_strdup_printf ("write -P %s 0 64k", pattern);
  g_autofree char *xml = g_strdup_printf ("<domainsnapshot><name>%s</name></domainsnapshot>", name);
  virDomainSnapshotPtr snapshot = NULL;

  run_tool ("qemu-io", "-f", "qcow2", "-c", write, disk, NULL);
  snapshot = virDomainSnapshotCreateXML (domain, xml, 0);
  if (snapshot == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainSnapshotFree (snapshot);
}

/* What a backup program would have left. */
static void
make_checkpoint (virDomainPtr domain)
{
  char *machine = virDomainGetXMLDesc (domain, 0);
  g_autofree char *xml = g_strdup_printf (
    "<domaincheckpoint><name>backup</name><creationTime>1700000000</creationTime>"
    "<disks><disk name='vda' checkpoint='bitmap' bitmap='backup'/></disks>%s</domaincheckpoint>",
    machine);
  virDomainCheckpointPtr checkpoint = NULL;

  checkpoint = virDomainCheckpointCreateXML (domain, xml, VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE);
  if (checkpoint == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainCheckpointFree (checkpoint);
  free (machine);
}

static char *
dup_simple_machine (const char *name,
                    const char *disk)
{
  return g_strdup_printf (
    "<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory>"
    "<os><type arch='x86_64' machine='q35'>hvm</type></os>"
    "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
    "<source file='%s'/><target dev='vda' bus='virtio'/></disk></devices></domain>", name, disk);
}

/* “one”, and “two” on top of it, which is the current one. */
static virDomainPtr
define_with_snapshots (const char *disk)
{
  g_autofree char *xml = dup_simple_machine ("web", disk);
  virDomainPtr domain = NULL;

  run_tool ("qemu-img", "create", "-q", "-f", "qcow2", disk, "4M", NULL);
  domain = define_machine (xml);
  take_snapshot (domain, disk, "one", "0x11");
  take_snapshot (domain, disk, "two", "0x22");
  make_checkpoint (domain);
  return domain;
}

static void
assert_snapshots (GhLab      *lab,
                  const char *disk)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");
  virDomainSnapshotPtr two = virDomainSnapshotLookupByName (domain, "two", 0);
  virDomainSnapshotPtr one = two != NULL ? virDomainSnapshotGetParent (two, 0) : NULL;
  char *xml = NULL;

  g_assert_cmpint (virDomainSnapshotNum (domain, 0), ==, 2);
  g_assert_nonnull (one);
  g_assert_cmpstr (virDomainSnapshotGetName (one), ==, "one");
  g_assert_cmpint (virDomainSnapshotIsCurrent (two, 0), ==, 1);
  xml = virDomainSnapshotGetXMLDesc (one, 0);
  g_assert_nonnull (strstr (xml, disk));
  free (xml);
  virDomainSnapshotFree (one);
  virDomainSnapshotFree (two);
  virDomainFree (domain);
}

static void
revert_to_one (GhLab      *lab,
               const char *disk)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");
  virDomainSnapshotPtr one = virDomainSnapshotLookupByName (domain, "one", 0);

  if (virDomainRevertToSnapshot (one, 0) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  run_tool ("qemu-io", "-f", "qcow2", "-c", "read -P 0x11 0 64k", disk, NULL);
  virDomainSnapshotFree (one);
  g_assert_cmpint (virDomainUndefineFlags (domain, VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA), ==, 0);
  virDomainFree (domain);
}

static void
make_active_pools (void)
{
  virStoragePoolPtr here = define_pool (world.here);
  virStoragePoolPtr there = define_pool (world.there);

  g_assert_cmpint (virStoragePoolCreate (here, 0), ==, 0);
  g_assert_cmpint (virStoragePoolCreate (there, 0), ==, 0);
  virStoragePoolFree (here);
  virStoragePoolFree (there);
}

/* They are inside of the disk: the destination is told of them, and can go back to them. */
static void
test_snapshots (void)
{
  g_autofree char *kept = NULL;
  g_autofree char *arrived = NULL;
  g_autoptr (GhMigratePlan) plan = NULL;
  virDomainPtr domain = NULL;

  open_world ();
  make_active_pools ();
  kept = gh_lab_dup_path (world.here, "pool/web.qcow2");
  arrived = gh_lab_dup_path (world.there, "pool/web.qcow2");
  domain = define_with_snapshots (kept);
  g_assert_true (gh_lab_wait (60, has_machine, world.source));
  plan = gh_migrate_plan_new (gh_host_find_machine (world.source, "web"), world.destination);
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_COPIED);
  prepare (plan);
  g_assert_cmpint (gh_check_get_level (find_check (plan, "snapshots-sent")), ==, GH_CHECK_NOTE);
  g_assert_nonnull (find_check (plan, "checkpoints-lost"));
  run_and_fail (plan, "plan-step-move-check-before:fail=1");
  assert_snapshots (world.here, kept);
  g_assert_cmpint (gh_lab_get_machine_state (world.there, "web"), ==, -1);
  run_and_succeed (plan);
  assert_snapshots (world.there, arrived);
  revert_to_one (world.there, arrived);
  virDomainFree (domain);
  remove_pool (world.here, "default");
  remove_pool (world.there, "default");
  g_assert_no_errno (g_unlink (kept));
  g_assert_no_errno (g_unlink (arrived));
}

/* The same folder, or one of the same name */

static GhPoolInfo *
find_pool (GhHost     *host,
           const char *name)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GPtrArray) pools = NULL;
  GError *error = NULL;

  gh_host_load_pools_async (host, NULL, gh_test_call_cb, &call);
  pools = gh_host_load_pools_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < pools->len; i++)
    if (strcmp (((GhPoolInfo *) pools->pdata[i])->name, name) == 0)
      return gh_pool_info_ref (pools->pdata[i]);
  g_error ("no pool “%s”", name);
}

/* A pool at the destination on the source's folder. */
static void
define_shared_pool (void)
{
  g_autofree char *path = gh_lab_dup_path (world.here, "pool");
  g_autofree char *xml = g_markup_printf_escaped (
    "<pool type='dir'><name>shared</name><target><path>%s</path></target></pool>", path);
  virStoragePoolPtr pool = virStoragePoolDefineXML (gh_lab_connect (world.there), xml, 0);

  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

static gboolean
probe (const char *pool_there,
       gboolean    shared)
{
  g_autoptr (GhPoolInfo) there = find_pool (world.destination, pool_there);
  g_autofree char *folder = gh_lab_dup_path (world.here, "pool");
  g_autoptr (GhStep) step = gh_probe_step_new (world.destination, "default", folder, there, shared);
  g_auto (GhTestCall) call = { 0 };
  g_auto (GStrv) here = gh_lab_list_inventory (world.here);
  g_auto (GStrv) elsewhere = gh_lab_list_inventory (world.there);
  g_autoptr (GError) error = NULL;
  gboolean done = FALSE;

  gh_step_do_async (step, world.source, NULL, gh_test_call_cb, &call);
  done = gh_step_finish (step, gh_test_call_wait (&call), &error);
  g_assert_true (done || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED));
  gh_lab_assert_inventory (world.here, here);
  gh_lab_assert_inventory (world.there, elsewhere);
  return done;
}

/* Guesthouse dies between writing the probe and removing it. */
static void
move_and_die (void)
{
  g_auto (GStrv) here = gh_lab_list_inventory (world.here);
  g_autofree char *here_uri = gh_lab_dup_uri (world.here);
  g_autofree char *there_uri = gh_lab_dup_uri (world.there);
  g_autoptr (GhLabRun) dead = NULL;
  g_autoptr (GhLabRun) undone = NULL;
  g_auto (GStrv) left = NULL;

  gh_lab_set_env (world.here, "GUESTHOUSE_FAULTS", "pool-refresh:kill");
  dead = gh_lab_run (world.here, "-c", here_uri, "migrate", "web", there_uri, "--offline", "--yes",
                     "--json", NULL);
  gh_lab_set_env (world.here, "GUESTHOUSE_FAULTS", NULL);
  g_assert_cmpint (dead->status, ==, 128 + SIGKILL);
  left = gh_lab_list_inventory (world.here);
  g_assert_cmpuint (g_strv_length (left), >, g_strv_length (here));
  undone = gh_lab_run (world.here, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undone, 0);
  gh_lab_assert_inventory (world.here, here);
}

static gboolean
has_step (GhMigratePlan *plan,
          const char    *kind)
{
  GPtrArray *steps = gh_plan_get_steps (GH_PLAN (plan));

  for (guint i = 0; i < steps->len; i++)
    if (strcmp (gh_step_get_kind (g_ptr_array_index (steps, i)), kind) == 0)
      return TRUE;
  return FALSE;
}

static void
refresh_pool (GhLab *lab)
{
  virStoragePoolPtr pool = virStoragePoolLookupByName (gh_lab_connect (lab), "default");

  g_assert_cmpint (virStoragePoolRefresh (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

static void
test_shared (void)
{
  g_autofree char *disk = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *arrived = NULL;
  g_autoptr (GhMigratePlan) plan = NULL;

  open_world ();
  make_active_pools ();
  define_shared_pool ();
  g_assert_true (probe ("shared", TRUE));
  g_assert_false (probe ("shared", FALSE));
  g_assert_true (probe ("default", FALSE));
  g_assert_false (probe ("default", TRUE));

  disk = gh_lab_dup_path (world.here, "pool/web.qcow2");
  run_tool ("qemu-img", "create", "-q", "-f", "qcow2", disk, "4M", NULL);
  refresh_pool (world.here);
  xml = dup_simple_machine ("web", disk);
  virDomainFree (define_machine (xml));
  g_assert_true (gh_lab_wait (60, has_machine, world.source));
  plan = gh_migrate_plan_new (gh_host_find_machine (world.source, "web"), world.destination);
  prepare (plan);
  g_assert_true (has_step (plan, "share-probe"));
  move_and_die ();
  run_and_fail (plan, "plan-step-share-probe-after:fail=1");
  run_and_succeed (plan);
  arrived = dup_xml (world.there, VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (arrived, disk));
  remove_machine (world.there);
  remove_pool (world.here, "default");
  remove_pool (world.there, "default");
  remove_pool (world.there, "shared");
  g_assert_no_errno (g_unlink (disk));
}

/* Without what was copied */

static gboolean
is_there (GhLab      *lab,
          const char *file)
{
  g_autofree char *path = gh_lab_dup_path (lab, file);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static gboolean
other_is_gone (gpointer data)
{
  return gh_host_find_machine (data, "other") == NULL;
}

static gboolean
other_is_there (gpointer data)
{
  return gh_host_find_machine (data, "other") != NULL;
}

/* Another machine has the same disk. Who uses what is remembered between events, so until they have
 * come. */
static void
add_other (const char *xml)
{
  virDomainFree (define_machine (xml));
  g_assert_true (gh_lab_wait (60, other_is_there, world.source));
}

static void
remove_other (void)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (world.here), "other");

  g_assert_cmpint (virDomainUndefine (domain), ==, 0);
  virDomainFree (domain);
  g_assert_true (gh_lab_wait (60, other_is_gone, world.source));
}

/* The disks go when all has arrived and was looked at, and only what nothing else uses. */
static void
test_remove_source (void)
{
  g_autofree char *disk = NULL;
  g_autofree char *arrived = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *other = NULL;
  g_autoptr (GhMigratePlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  open_world ();
  make_active_pools ();
  disk = gh_lab_dup_path (world.here, "pool/web.qcow2");
  arrived = gh_lab_dup_path (world.there, "pool/web.qcow2");
  run_tool ("qemu-img", "create", "-q", "-f", "qcow2", disk, "4M", NULL);
  run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0x33 0 64k", disk, NULL);
  refresh_pool (world.here);
  xml = dup_simple_machine ("web", disk);
  other = dup_simple_machine ("other", disk);
  virDomainFree (define_machine (xml));
  add_other (other);
  g_assert_true (gh_lab_wait (60, has_machine, world.source));
  plan = gh_migrate_plan_new (gh_host_find_machine (world.source, "web"), world.destination);
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_COPIED);
  g_object_set (plan, "remove-source", TRUE, NULL);
  prepare (plan);
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), ==, GH_CHECK_REFUSAL);
  remove_other ();
  gh_plan_invalidate (GH_PLAN (plan));
  prepare (plan);
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), ==, GH_CHECK_WARNING);

  run_and_fail (plan, "plan-step-move-check-before:fail=1");
  g_assert_true (is_there (world.here, "pool/web.qcow2"));
  /* Somebody begins to use it after it was shown that it goes. */
  add_other (other);
  g_assert_false (run (plan, &error));
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_NONE);
  g_assert_true (is_there (world.here, "pool/web.qcow2"));
  remove_other ();
  gh_plan_invalidate (GH_PLAN (plan));
  prepare (plan);
  run_and_succeed (plan);
  g_assert_false (is_there (world.here, "pool/web.qcow2"));
  run_tool ("qemu-io", "-f", "qcow2", "-c", "read -P 0x33 0 64k", arrived, NULL);
  remove_machine (world.there);
  remove_pool (world.here, "default");
  remove_pool (world.there, "default");
  g_assert_no_errno (g_unlink (arrived));
}

static GhStep *
get_last_step (GhPlan *plan)
{
  GPtrArray *steps = gh_plan_get_steps (plan);

  return g_ptr_array_index (steps, steps->len - 1);
}

/* When the removal is next. */
static void
status_changed_cb (GhPlan      *plan,
                   GParamSpec  *pspec,
                   const char **xml)
{
  g_autofree char *status = gh_plan_dup_status (plan);
  g_autofree char *title = gh_step_dup_title (get_last_step (plan));

  if (gh_plan_get_state (plan) == GH_PLAN_RUNNING && g_strcmp0 (status, title) == 0 && *xml != NULL)
    virDomainFree (define_machine (g_steal_pointer (xml)));
}

/* Somebody begins to use the disk right before it goes, when the machine has moved: all is well,
 * and it is told what stayed and why. */
static void
test_remove_source_late (void)
{
  g_autofree char *disk = NULL;
  g_autofree char *arrived = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *other = NULL;
  g_autofree char *status = NULL;
  g_autoptr (GhMigratePlan) plan = NULL;
  const char *late = NULL;
  GStrv kept = NULL;

  open_world ();
  make_active_pools ();
  disk = gh_lab_dup_path (world.here, "pool/web.qcow2");
  arrived = gh_lab_dup_path (world.there, "pool/web.qcow2");
  run_tool ("qemu-img", "create", "-q", "-f", "qcow2", disk, "4M", NULL);
  refresh_pool (world.here);
  xml = dup_simple_machine ("web", disk);
  other = dup_simple_machine ("other", disk);
  virDomainFree (define_machine (xml));
  g_assert_true (gh_lab_wait (60, has_machine, world.source));
  plan = gh_migrate_plan_new (gh_host_find_machine (world.source, "web"), world.destination);
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_COPIED);
  g_object_set (plan, "remove-source", TRUE, NULL);
  prepare (plan);
  late = other;
  g_signal_connect (plan, "notify::status-text", G_CALLBACK (status_changed_cb), &late);
  run_and_succeed (plan);
  g_assert_null (late);
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_DONE);
  g_assert_cmpint (gh_step_get_state (get_last_step (GH_PLAN (plan))), ==, GH_STEP_SKIPPED);
  g_assert_null (gh_plan_get_left (GH_PLAN (plan)));
  kept = gh_plan_get_kept (GH_PLAN (plan));
  g_assert_cmpuint (g_strv_length (kept), ==, 1);
  g_assert_nonnull (strstr (kept[0], disk));
  g_assert_nonnull (strstr (kept[0], "other"));
  status = gh_plan_dup_status (GH_PLAN (plan));
  g_assert_nonnull (strstr (status, kept[0]));
  g_assert_true (is_there (world.here, "pool/web.qcow2"));
  g_assert_true (is_there (world.there, "pool/web.qcow2"));
  g_assert_true (gh_lab_wait (60, other_is_there, world.source));
  remove_other ();
  remove_machine (world.there);
  remove_pool (world.here, "default");
  remove_pool (world.there, "default");
  g_assert_no_errno (g_unlink (arrived));
  g_assert_no_errno (g_unlink (disk));
}

/* With what was copied, which is removed later */

static void
run_cli (int         status,
         const char *check)
{
  g_autofree char *here_uri = gh_lab_dup_uri (world.here);
  g_autofree char *there_uri = gh_lab_dup_uri (world.there);
  g_autoptr (GhLabRun) removed = gh_lab_run (world.there, "-c", there_uri, "remove-left", "web",
                                             here_uri, "--yes", "--json", NULL);

  gh_lab_assert_status (removed, status);
  g_assert_true (gh_lab_run_has_check (removed, check, status == 0 ? "warning" : "refusal"));
}

/* The machine remembers where its old disk is; that goes when the user says so, and nobody has
 * come to use it. */
static void
test_left (void)
{
  g_autofree char *disk = NULL;
  g_autofree char *arrived = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *other = NULL;
  g_autofree char *remembers = NULL;
  g_autofree char *forgot = NULL;
  g_autoptr (GhMigratePlan) plan = NULL;

  open_world ();
  make_active_pools ();
  disk = gh_lab_dup_path (world.here, "pool/web.qcow2");
  arrived = gh_lab_dup_path (world.there, "pool/web.qcow2");
  run_tool ("qemu-img", "create", "-q", "-f", "qcow2", disk, "4M", NULL);
  refresh_pool (world.here);
  xml = dup_simple_machine ("web", disk);
  other = dup_simple_machine ("other", disk);
  virDomainFree (define_machine (xml));
  g_assert_true (gh_lab_wait (60, has_machine, world.source));
  plan = gh_migrate_plan_new (gh_host_find_machine (world.source, "web"), world.destination);
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_COPIED);
  prepare (plan);
  run_and_succeed (plan);
  remembers = dup_xml (world.there, VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (remembers, "guesthouse:left"));
  g_assert_true (is_there (world.here, "pool/web.qcow2"));

  add_other (other);
  run_cli (3, "left-nothing");
  g_assert_true (is_there (world.here, "pool/web.qcow2"));
  remove_other ();
  run_cli (0, "left-deleted");
  g_assert_false (is_there (world.here, "pool/web.qcow2"));
  g_assert_true (is_there (world.there, "pool/web.qcow2"));
  forgot = dup_xml (world.there, VIR_DOMAIN_XML_INACTIVE);
  g_assert_null (strstr (forgot, "guesthouse:left"));
  run_cli (3, "left-elsewhere");
  remove_machine (world.there);
  remove_pool (world.here, "default");
  remove_pool (world.there, "default");
  g_assert_no_errno (g_unlink (arrived));
}

/* Running */

static char *
dup_shmem_name (void)
{
  return g_strdup_printf ("gh-lab-%d", (int) getpid ());
}

static void
start_guest (void)
{
  g_autofree char *name = dup_shmem_name ();
  g_autofree char *xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='pc'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>"
    "<devices><shmem name='%s'><model type='ivshmem-plain'/><size unit='M'>1</size></shmem>"
    "<serial type='pty'/><memballoon model='none'/></devices></domain>",
    gh_lab_get_kernel (world.here), gh_lab_get_initrd (world.here), name);
  virDomainPtr domain = define_machine (xml);
  g_autoptr (GhLabSerial) serial = NULL;

  if (virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
  /* What has not booted lets nothing go. */
  serial = gh_lab_serial_open (world.here, "web");
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
}

static gboolean
has_shmem (GhLab        *lab,
           unsigned int  flags)
{
  g_autofree char *xml = dup_xml (lab, flags);

  return strstr (xml, "<shmem") != NULL;
}

static void
test_running (void)
{
  g_autofree char *name = dup_shmem_name ();
  g_autofree char *file = g_build_filename ("/dev/shm", name, NULL);
  g_autoptr (GhMigratePlan) plan = NULL;

  if (!gh_lab_has_guest ())
    return;
  open_world ();
  start_guest ();
  g_assert_true (gh_lab_wait (60, has_machine, world.source));
  plan = gh_migrate_plan_new (gh_host_find_machine (world.source, "web"), world.destination);
  prepare (plan);
  g_assert_nonnull (strstr (gh_check_get_title (find_check (plan, "shared-memory")), name));
  repair (plan, "shared-memory", GH_CHECK_REFUSAL);
  g_assert_nonnull (find_check (plan, "device-dropped"));

  /* Taken out, and put back. */
  run_and_fail (plan, "domain-migrate:fail=38");
  g_assert_true (has_shmem (world.here, 0));
  g_assert_true (has_shmem (world.here, VIR_DOMAIN_XML_INACTIVE));
  run_and_succeed (plan);
  g_assert_cmpint (gh_lab_get_machine_state (world.there, "web"), ==, VIR_DOMAIN_RUNNING);
  g_assert_false (has_shmem (world.there, 0));
  g_assert_false (has_shmem (world.there, VIR_DOMAIN_XML_INACTIVE));
  remove_machine (world.there);
  g_unlink (file);
}

int
main (int    argc,
      char **argv)
{
  int status = 0;

  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();
  g_test_add_func ("/lab/repair/off", test_off);
  g_test_add_func ("/lab/repair/fix-options", test_fix_options);
  g_test_add_func ("/lab/repair/snapshots", test_snapshots);
  g_test_add_func ("/lab/repair/shared", test_shared);
  g_test_add_func ("/lab/repair/remove-source", test_remove_source);
  g_test_add_func ("/lab/repair/remove-source-late", test_remove_source_late);
  g_test_add_func ("/lab/repair/left", test_left);
  g_test_add_func ("/lab/repair/running", test_running);
  status = g_test_run ();
  close_world ();
  return status;
}
