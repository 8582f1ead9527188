/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the plan that moves a machine makes of two hosts, and of what is chosen. That it moves is in
 * tests/lab. */

#include "config.h"

#include <string.h>

#include "gh-faults.h"
#include "gh-line-rates.h"
#include "gh-migrate-plan.h"
#include "gh-threads.h"
#include "gh-told-error.h"
#include "gh-virt-error.h"
#include "plan-test.h"

#define HEAD "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>" \
             "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu>" \
             "<memory>8192000</memory>"
#define POOL "<pool type='dir'><name>default</name><target><path>/nowhere/there</path></target>" \
             "</pool>"
#define NETWORK(name) "<network><name>" name "</name></network>"
#define MACHINE(name) "<domain type='test'><name>" name "</name><memory>65536</memory>" \
                      "<os><type>hvm</type></os><devices>" \
                      "<disk type='file' device='disk'><source file='/nowhere/web.qcow2'/>" \
                      "<driver name='qemu' type='qcow2'/><target dev='vda'/></disk>" \
                      "<interface type='network'><source network='lan'/></interface>" \
                      "</devices></domain>"

static const char here[] = HEAD MACHINE ("web") NETWORK ("lan") "</node>";
static const char there[] = HEAD POOL NETWORK ("other")
  "<interface type='ethernet' name='eth1'><start mode='onboot'/><mtu size='1492'/></interface>"
  "</node>";
/* With a device of the host, and on a bridge. */
static const char bound[] = HEAD
  "<domain type='test'><name>web</name><memory>65536</memory><os><type>hvm</type></os><devices>"
  "<interface type='bridge'><source bridge='br7'/></interface>"
  "<interface type='direct'><source dev='eth7' mode='bridge'/></interface>"
  "<hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/><product id='0xc52b'/>"
  "</source></hostdev></devices></domain></node>";
static const char taken[] = HEAD MACHINE ("web") POOL NETWORK ("lan") "</node>";

/* A host with a machine that has this disk alone. */
#define WITH_DISK(disk) HEAD "<domain type='test'><name>web</name><memory>65536</memory>" \
                        "<os><type>hvm</type></os><devices>" disk "</devices></domain></node>"

#define VOLUME(name, gib, mib, backing) \
  "<volume type='file'><name>" name "</name><capacity unit='GiB'>" gib "</capacity>" \
  "<allocation unit='MiB'>" mib "</allocation><target><path>/p/" name "</path>" \
  "<format type='qcow2'/></target>" backing "</volume>"
#define ON(name) "<backingStore><path>/p/" name "</path><format type='qcow2'/></backingStore>"
/* A linked clone: 10 MiB on 512 MiB on 1 GiB, of 2 GiB. */
#define LINKED(state, base) HEAD \
  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>web</name>" \
  "<memory>65536</memory><os><type>hvm</type></os><devices>" \
  "<disk type='file' device='disk'><source file='/p/top.qcow2'/>" \
  "<driver name='qemu' type='qcow2'/><target dev='vda'/></disk></devices>" \
  "<test:runstate>" state "</test:runstate></domain>" \
  "<pool type='dir'><name>p</name><target><path>/p</path></target>" base \
  VOLUME ("middle.qcow2", "2", "512", ON ("base.qcow2")) \
  VOLUME ("top.qcow2", "2", "10", ON ("middle.qcow2")) "</pool></node>"
#define BASE VOLUME ("base.qcow2", "2", "1024", "")
/* The test driver's pools hold 100 GiB. */
#define FILLED(mib) HEAD "<pool type='dir'><name>default</name><target><path>/p</path></target>" \
                    VOLUME ("filler.qcow2", "100", mib, "") "</pool></node>"

static GhMigratePlan *
new_plan (GhHost *host,
          GhHost *destination)
{
  return gh_migrate_plan_new (plan_test_get_machine (host, "web"), destination);
}

static void
prepare (GhMigratePlan *plan)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  g_assert_no_error (error);
}

static gboolean
is_refused (GhMigratePlan *plan,
            const char    *id)
{
  GhCheck *check = plan_test_find_check (GH_PLAN (plan), id);

  return check != NULL && gh_check_get_level (check) == GH_CHECK_REFUSAL;
}

/* By what the check offers; and prepares anew. */
static void
repair (GhMigratePlan *plan,
        const char    *id)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GhCheck) check = g_object_ref (plan_test_find_check (GH_PLAN (plan), id));
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (gh_check_get_fix_label (check));
  gh_check_fix_async (check, NULL, gh_test_call_cb, &call);
  gh_check_fix_finish (check, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  prepare (plan);
  g_assert_null (plan_test_find_check (GH_PLAN (plan), id));
}

static void
test_destinations (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) full = plan_test_new_host (taken);
  g_autoptr (GhHost) gone = gh_host_new ("test:///nonexistent.xml");
  g_autoptr (GhMigratePlan) plan = new_plan (host, NULL);

  prepare (plan);
  g_assert_true (is_refused (plan, "no-destination"));
  g_object_set (plan, "destination", host, NULL);
  prepare (plan);
  g_assert_true (is_refused (plan, "same-host"));
  g_object_set (plan, "destination", gone, NULL);
  prepare (plan);
  g_assert_true (is_refused (plan, "host-unreachable"));
  g_object_set (plan, "destination", full, NULL);
  prepare (plan);
  g_assert_true (is_refused (plan, "name-taken"));
  g_object_set (plan, "name", "web-2", NULL);
  prepare (plan);
  g_assert_false (is_refused (plan, "name-taken"));
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "name-free"));
}

#define SAME(state) HEAD "<domain type='test' " \
                    "xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
                    "<name>web</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>" \
                    "<memory>65536</memory><os><type>hvm</type></os>" \
                    "<test:runstate>" state "</test:runstate></domain></node>"

/* The same machine is at the destination: one that runs is not to be removed, and one with a
 * definition here is no copy that goes back. */
static void
test_same_machine (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (SAME ("1"));
  g_autoptr (GhHost) runs = plan_test_new_host (SAME ("1"));
  g_autoptr (GhHost) off = plan_test_new_host (SAME ("5"));
  GhHost *hosts[] = { runs, off };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (GhMigratePlan) plan = new_plan (host, hosts[i]);
      const char *advice = NULL;

      prepare (plan);
      g_assert_true (is_refused (plan, "uuid-taken"));
      g_assert_null (plan_test_find_check (GH_PLAN (plan), "returns"));
      advice = gh_check_get_detail (plan_test_find_check (GH_PLAN (plan), "uuid-taken"));
      g_assert_cmpint (strstr (advice, "Remove it from the list") != NULL, ==, hosts[i] == off);
    }
}

static void
test_disks (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  const GhMigrateDisk *disk = NULL;
  double pause = -1.0;

  g_assert_null (gh_migrate_plan_get_disks (plan));
  prepare (plan);
  g_assert_cmpuint (gh_migrate_plan_get_disks (plan)->len, ==, 1);
  disk = g_ptr_array_index (gh_migrate_plan_get_disks (plan), 0);
  g_assert_cmpstr (disk->target, ==, "vda");
  g_assert_cmpint (disk->mode, ==, GH_MIGRATE_DISK_COPIED);
  g_assert_false (disk->overridden);
  g_assert_nonnull (disk->refusals[GH_MIGRATE_DISK_LEFT]);
  g_assert_cmpstr (disk->pool, ==, "default");
  g_assert_cmpstr (disk->destination, ==, "/nowhere/there/web.qcow2");
  g_assert_cmpfloat (gh_migrate_plan_get_estimate (plan, &pause), >, 0.0);
  g_assert_cmpfloat (pause, >, 0.0);
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "disk-copied"));

  gh_migrate_plan_set_disk_pool (plan, "vda", "none");
  prepare (plan);
  g_assert_true (is_refused (plan, "pool-missing"));
  g_assert_null (plan_test_find_check (GH_PLAN (plan), "disk-copied"));
  gh_migrate_plan_reset_disk (plan, "vda");
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_LEFT);
  prepare (plan);
  disk = g_ptr_array_index (gh_migrate_plan_get_disks (plan), 0);
  g_assert_true (disk->overridden);
  g_assert_true (is_refused (plan, "disk-mode"));
}

static void
keep_rate (GhHost     *host,
           GhHost     *destination,
           GhLineKind  kind,
           guint64     bytes)
{
  g_auto (GhTestCall) call = { NULL };

  gh_line_rates_keep_async (gh_host_get_uri (host), gh_host_get_uri (destination), kind, bytes,
                            G_USEC_PER_SEC, gh_test_call_cb, &call);
  gh_line_rates_keep_finish (gh_test_call_wait (&call));
}

static gboolean
estimate_says (GhMigratePlan *plan,
               const char    *words)
{
  GhCheck *check = plan_test_find_check (GH_PLAN (plan), "estimate");

  g_assert_nonnull (check);
  g_test_message ("%s", gh_check_get_detail (check));
  return strstr (gh_check_get_detail (check), words) != NULL;
}

/* The time it takes is reckoned with how fast the last move was, which is said; with less when it
 * may take less. */
static void
test_learns (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  double before = 0.0;

  prepare (plan);
  before = gh_migrate_plan_get_estimate (plan, NULL);
  g_assert_true (estimate_says (plan, "1 Gbit/s"));
  g_assert_false (estimate_says (plan, "as measured on the last move"));

  keep_rate (host, destination, GH_LINE_OFF, 900 * 1048576);
  keep_rate (host, destination, GH_LINE_LIVE, 8 * 1048576);
  prepare (plan);
  g_assert_true (estimate_says (plan, "8.0\302\240MiB/s, as measured on the last move"));
  g_assert_false (estimate_says (plan, "1 Gbit/s"));
  g_assert_cmpfloat (gh_migrate_plan_get_estimate (plan, NULL), >, before * 10);

  g_object_set (plan, "bandwidth", 2, NULL);
  prepare (plan);
  g_assert_true (estimate_says (plan, "2.0\302\240MiB/s, the bandwidth it takes at most"));
  g_object_set (plan, "bandwidth", 20, NULL);
  prepare (plan);
  g_assert_true (estimate_says (plan, "as measured on the last move"));
}

static const char *
get_title (GhMigratePlan *plan,
           const char    *id)
{
  GhCheck *check = plan_test_find_check (GH_PLAN (plan), id);

  return check != NULL ? gh_check_get_title (check) : NULL;
}

static void
assert_says (GhMigratePlan *plan,
             const char    *id,
             const char    *words)
{
  const char *title = get_title (plan, id);

  g_assert_nonnull (title);
  if (strstr (title, words) == NULL)
    g_error ("“%s” does not say “%s”", title, words);
}

/* What a linked clone rests on comes into its copy: that is counted, and said. */
static void
test_layers (void)
{
  static const char * const hosts[] = {
    FILLED ("10"), FILLED ("101300"), FILLED ("101500"), FILLED ("100000"),
  };
  static const char * const ids[] = { NULL, "space-chain", "space", NULL };
  g_autoptr (GhHost) host = plan_test_new_host (LINKED ("1", BASE));

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (GhHost) destination = plan_test_new_host (hosts[i]);
      g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
      const GhMigrateDisk *disk = NULL;

      prepare (plan);
      disk = g_ptr_array_index (gh_migrate_plan_get_disks (plan), 0);
      g_assert_cmpuint (disk->whole, ==, 1546 * G_GUINT64_CONSTANT (1048576));
      g_assert_cmpuint (disk->allocation, ==, 10 * 1048576);
      assert_says (plan, "chain-flattened", "1.5");
      assert_says (plan, "estimate", "1.6");
      g_assert_true ((g_strcmp0 (ids[i], "space") == 0) == is_refused (plan, "space"));
      g_assert_true ((g_strcmp0 (ids[i], "space-chain") == 0) ==
                     (plan_test_find_check (GH_PLAN (plan), "space-chain") != NULL));
      if (ids[i] != NULL)
        assert_says (plan, ids[i], i == 1 ? "1.5" : "1.0");
    }
}

/* A layer that no pool has may hold as much as the disk can; a circle ends. One that is off does
 * not go at all. */
static void
test_odd_layers (void)
{
  g_autoptr (GhHost) unknown = plan_test_new_host (LINKED ("1", ""));
  g_autoptr (GhHost) circle = plan_test_new_host (
    LINKED ("1", VOLUME ("base.qcow2", "2", "0", ON ("top.qcow2"))));
  g_autoptr (GhHost) off = plan_test_new_host (LINKED ("5", BASE));
  g_autoptr (GhHost) destination = plan_test_new_host (FILLED ("10"));
  g_autoptr (GhMigratePlan) plan = new_plan (unknown, destination);
  g_autoptr (GhMigratePlan) round = new_plan (circle, destination);
  g_autoptr (GhMigratePlan) linked = new_plan (off, destination);

  prepare (plan);
  assert_says (plan, "chain-flattened", "2.0");
  prepare (round);
  assert_says (round, "chain-flattened", "2.0");
  prepare (linked);
  g_assert_true (is_refused (linked, "disk-linked"));
  assert_says (linked, "disk-linked", "/p/middle.qcow2");
  g_assert_null (plan_test_find_check (GH_PLAN (linked), "chain-flattened"));
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

/* (transfer full): what the first step of this kind would be, by virsh. */
static char *
dup_command (GhMigratePlan *plan,
             const char    *kind)
{
  GPtrArray *steps = gh_plan_get_steps (GH_PLAN (plan));

  for (guint i = 0; i < steps->len; i++)
    if (strcmp (gh_step_get_kind (g_ptr_array_index (steps, i)), kind) == 0)
      return gh_step_dup_command (g_ptr_array_index (steps, i));
  g_error ("no step is a %s", kind);
}

static gboolean
is_unsafe (GhMigratePlan *plan)
{
  g_autofree char *command = dup_command (plan, "migrate");

  return strstr (command, "--unsafe") != NULL;
}

/* A post-copy is limited only where that is said of it. */
static void
test_bandwidth (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  g_autofree char *plain = NULL;
  g_autofree char *post_copy = NULL;
  g_autofree char *unlimited = NULL;

  g_object_set (plan, "bandwidth", 10, NULL);
  prepare (plan);
  plain = dup_command (plan, "migrate");
  g_assert_nonnull (strstr (plain, " --bandwidth 10 "));
  g_assert_null (strstr (plain, "--postcopy-bandwidth"));
  g_object_set (plan, "post-copy", TRUE, NULL);
  prepare (plan);
  post_copy = dup_command (plan, "migrate");
  g_assert_nonnull (strstr (post_copy, " --bandwidth 10 --postcopy-bandwidth 10 "));
  g_object_set (plan, "bandwidth", 0, NULL);
  prepare (plan);
  unlimited = dup_command (plan, "migrate");
  g_assert_nonnull (strstr (unlimited, " --postcopy "));
  g_assert_null (strstr (unlimited, "bandwidth"));
}

static const GhMigrateDisk *
get_disk_at (GhMigratePlan *plan,
             const char    *path)
{
  gh_migrate_plan_set_disk_path (plan, "vda", path);
  prepare (plan);
  return g_ptr_array_index (gh_migrate_plan_get_disks (plan), 0);
}

/* A copy has the name, or the path, that is asked for, or none. */
static void
test_paths (void)
{
  static const char * const bad[] = {
    "", "/", ".", "..", "a/b", "../x", "/nowhere/there/../x", "/nowhere//there/x", "a\nb",
    "/nowhere/there/",
  };
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  const GhMigrateDisk *disk = get_disk_at (plan, "other.qcow2");

  g_assert_cmpstr (disk->destination, ==, "/nowhere/there/other.qcow2");
  g_assert_true (disk->overridden);
  disk = get_disk_at (plan, "/nowhere/there/third.qcow2");
  g_assert_cmpstr (disk->destination, ==, "/nowhere/there/third.qcow2");
  g_assert_cmpstr (disk->pool, ==, "default");
  g_assert_false (is_refused (plan, "pool-missing"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      disk = get_disk_at (plan, bad[i]);
      g_assert_true (is_refused (plan, "path-invalid"));
      g_assert_null (disk->destination);
    }
  /* A whole path says the pool, and a pool that is chosen later keeps the name. */
  get_disk_at (plan, "/nowhere/else/web.qcow2");
  g_assert_true (is_refused (plan, "pool-missing"));
  gh_migrate_plan_set_disk_pool (plan, "vda", "default");
  prepare (plan);
  g_assert_false (is_refused (plan, "pool-missing"));
  disk = g_ptr_array_index (gh_migrate_plan_get_disks (plan), 0);
  g_assert_cmpstr (disk->destination, ==, "/nowhere/there/web.qcow2");
  gh_migrate_plan_reset_disk (plan, "vda");
  prepare (plan);
  disk = g_ptr_array_index (gh_migrate_plan_get_disks (plan), 0);
  g_assert_false (disk->overridden);
}

/* A disk that both see can be at another path there; what is there is not overwritten. */
static void
test_other_paths (void)
{
  static const char far[] = HEAD "<pool type='dir'><name>p</name><target><path>/nowhere/p</path>"
    "</target><volume><name>other.raw</name><capacity>1024</capacity></volume></pool></node>";
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (far);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  const GhMigrateDisk *disk = get_disk_at (plan, "/nowhere/p/other.raw");

  g_assert_cmpint (disk->mode, ==, GH_MIGRATE_DISK_COPIED);
  g_assert_true (is_refused (plan, "file-taken"));
  g_assert_null (disk->destination);
  disk = get_disk_at (plan, "other.raw");
  g_assert_true (is_refused (plan, "file-taken"));
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_SHARED);
  disk = get_disk_at (plan, "/mnt/other.qcow2");
  g_assert_true (is_refused (plan, "path-not-known"));
  disk = get_disk_at (plan, "/dev/web.qcow2");
  g_assert_true (is_refused (plan, "path-not-known"));
  disk = get_disk_at (plan, "/mnt/web.qcow2");
  g_assert_false (is_refused (plan, "path-not-known"));
  g_assert_cmpstr (disk->destination, ==, "/mnt/web.qcow2");
  g_assert_true (has_step (plan, "share-probe"));
  disk = get_disk_at (plan, "name-only.raw");
  g_assert_true (is_refused (plan, "path-invalid"));
}

/* One that rests on others finds them by their paths: it cannot be called otherwise, whether or not
 * the whole host was read. */
static void
test_chain_path (void)
{
  static const char * const hosts[] = { LINKED ("1", BASE), LINKED ("5", BASE) };

  for (guint i = 0; i < G_N_ELEMENTS (hosts) * 2; i++)
    {
      g_autoptr (GhHost) host = plan_test_new_host (hosts[i / 2]);
      g_autoptr (GhHost) destination = plan_test_new_host (FILLED ("10"));
      g_autoptr (GhMigratePlan) plan = new_plan (host, destination);

      g_object_set (plan, "remove-source", i % 2 != 0, NULL);
      gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_SHARED);
      get_disk_at (plan, "/p/top.qcow2");
      g_assert_false (is_refused (plan, "path-chain"));
      get_disk_at (plan, "/mnt/top.qcow2");
      g_assert_true (is_refused (plan, "path-chain"));
    }
}

/* What is copied, and what nobody can prove, is left to libvirt to judge. */
static void
test_unsafe (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) device = plan_test_new_host (
    WITH_DISK ("<disk type='block' device='disk'><source dev='/dev/mapper/nowhere'/>"
               "<target dev='vda'/></disk>"));
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  g_autoptr (GhMigratePlan) on_device = new_plan (device, destination);

  prepare (plan);
  g_assert_false (is_unsafe (plan));
  g_assert_false (has_step (plan, "share-probe"));
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_SHARED);
  prepare (plan);
  g_assert_true (has_step (plan, "share-probe"));
  g_assert_true (has_step (plan, "pool-close"));
  g_assert_true (is_unsafe (plan));
  gh_migrate_plan_set_disk_mode (on_device, "vda", GH_MIGRATE_DISK_SHARED);
  prepare (on_device);
  g_assert_true (is_refused (on_device, "disk-not-known"));
  g_assert_false (has_step (on_device, "share-probe"));
  g_assert_false (is_unsafe (on_device));
}

/* What is of the host alone is never said to be shared. */
static void
test_elsewhere (void)
{
  static const char * const hosts[] = {
    WITH_DISK ("<disk type='volume' device='disk'><source pool='none' volume='data.qcow2'/>"
               "<target dev='vda'/></disk>"),
    WITH_DISK ("<disk type='nvme' device='disk'><source type='pci' managed='yes' namespace='1'>"
               "<address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>"
               "<target dev='vda'/></disk>"),
  };
  g_autoptr (GhHost) destination = plan_test_new_host (there);

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (GhHost) host = plan_test_new_host (hosts[i]);
      g_autoptr (GhMigratePlan) plan = new_plan (host, destination);

      prepare (plan);
      g_assert_true (is_refused (plan, "disk-not-reached"));
      g_assert_false (is_unsafe (plan));
      gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_SHARED);
      prepare (plan);
      g_assert_true (is_refused (plan, "disk-not-reached"));
      g_assert_false (is_unsafe (plan));
    }
}

#define CD "/nowhere/there/cd.iso"
#define CD_POOL(size) "<pool type='dir'><name>default</name>" \
                      "<target><path>/nowhere/there</path></target><volume type='file'>" \
                      "<name>cd.iso</name><key>" CD "</key><capacity>" size "</capacity>" \
                      "<target><path>" CD "</path></target></volume></pool>"
#define CD_MACHINE(state) "<domain type='test' " \
                          "xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
                          "<name>web</name><memory>65536</memory><os><type>hvm</type></os>" \
                          "<devices><disk type='file' device='cdrom'><source file='" CD "'/>" \
                          "<target dev='hda'/><readonly/></disk></devices>" \
                          "<test:runstate>" state "</test:runstate></domain>"

/* A CD of the same name is another one when its size is: no guest goes on with that. */
static void
test_media (void)
{
  static const struct
  {
    const char  *here;
    const char  *there;
    const char  *id;
    GhCheckLevel level;
  } rows[] = {
    { HEAD CD_MACHINE ("1") CD_POOL ("4096") "</node>", HEAD CD_POOL ("8192") "</node>",
      "medium-differs", GH_CHECK_REFUSAL },
    { HEAD CD_MACHINE ("5") CD_POOL ("4096") "</node>", HEAD CD_POOL ("8192") "</node>",
      "medium-differs", GH_CHECK_WARNING },
    /* The test driver does not give away what is in volumes. */
    { HEAD CD_MACHINE ("1") CD_POOL ("4096") "</node>", HEAD CD_POOL ("4096") "</node>",
      "medium-not-compared", GH_CHECK_NOTE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GhHost) host = plan_test_new_host (rows[i].here);
      g_autoptr (GhHost) destination = plan_test_new_host (rows[i].there);
      g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
      GhCheck *check = NULL;

      prepare (plan);
      check = plan_test_find_check (GH_PLAN (plan), rows[i].id);
      g_assert_nonnull (check);
      g_assert_cmpint (gh_check_get_level (check), ==, rows[i].level);
      if (gh_check_get_fix_label (check) != NULL)
        repair (plan, rows[i].id);
    }
}

#define ENCRYPTED(format, secret) WITH_DISK ( \
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>" \
    "<source file='/nowhere/web.qcow2'><encryption format='" format "'>" \
    "<secret type='passphrase' " secret "/></encryption></source><target dev='vda'/></disk>")

/* A copy that is made while the machine runs is encrypted as the disk is, or not made at all. */
static void
test_encrypted (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (
    ENCRYPTED ("luks", "uuid='c7a5fdbd-edaf-9455-926a-d65c16db1809'"));
  g_autoptr (GhHost) old = plan_test_new_host (
    ENCRYPTED ("qcow", "uuid='c7a5fdbd-edaf-9455-926a-d65c16db1809'"));
  g_autoptr (GhHost) nameless = plan_test_new_host (ENCRYPTED ("luks", "usage='/web'"));
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  GhHost *impossible[] = { old, nameless };

  prepare (plan);
  /* The test driver has no secrets, and says nothing. */
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "secret-not-known"));
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "encrypted-anew"));
  {
    g_autofree char *command = dup_command (plan, "volume-create");

    g_assert_nonnull (strstr (command, "<encryption format=\"luks\">"));
    g_assert_nonnull (strstr (command, "c7a5fdbd-edaf-9455-926a-d65c16db1809"));
  }
  gh_migrate_plan_set_copy_secrets (plan, TRUE);
  prepare (plan);
  g_assert_false (has_step (plan, "secret-copy"));
  for (guint i = 0; i < G_N_ELEMENTS (impossible); i++)
    {
      g_autoptr (GhMigratePlan) other = new_plan (impossible[i], destination);

      prepare (other);
      g_assert_true (is_refused (other, "encryption"));
    }
}

static void
test_networks (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  const GhMigrateNetwork *network = NULL;

  prepare (plan);
  g_assert_true (is_refused (plan, "network-missing"));
  network = g_ptr_array_index (gh_migrate_plan_get_networks (plan), 0);
  g_assert_cmpstr (network->name, ==, "lan");
  g_assert_cmpstr (network->destination, ==, "lan");
  g_assert_false (network->is_there);
  repair (plan, "network-missing");
  g_assert_false (is_refused (plan, "network-missing"));
  network = g_ptr_array_index (gh_migrate_plan_get_networks (plan), 0);
  g_assert_true (network->overridden && network->is_there && network->is_active);
}

/* A device of the host stays here when the user says so; a running guest keeps its processor. */
static void
test_devices (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (bound);
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  g_autoptr (GPtrArray) names = NULL;
  const GhMigrateNetwork *network = NULL;

  prepare (plan);
  g_assert_true (is_refused (plan, "host-device"));
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "bridge-missing"));
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "interface-missing"));
  names = gh_migrate_plan_dup_there (plan, "direct");
  g_assert_cmpuint (names->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (names, 0), ==, "eth1");
  g_assert_nonnull (strstr (gh_check_get_detail (
    plan_test_find_check (GH_PLAN (plan), "interface-missing")), "It has: eth1"));
  /* A card is not offered as a bridge, but may be one of Open vSwitch when it is named. */
  g_clear_pointer (&names, g_ptr_array_unref);
  names = gh_migrate_plan_dup_there (plan, "bridge");
  g_assert_cmpuint (names->len, ==, 0);
  gh_migrate_plan_set_network (plan, "br7", "eth1");
  prepare (plan);
  g_assert_null (plan_test_find_check (GH_PLAN (plan), "bridge-missing"));
  g_assert_null (plan_test_find_check (GH_PLAN (plan), "network-unknown"));
  gh_migrate_plan_set_network (plan, "br8", "br0");
  prepare (plan);
  g_assert_cmpstr (gh_check_get_detail (plan_test_find_check (GH_PLAN (plan), "network-unknown")),
                   ==, "It is on: br7, eth7");
  gh_migrate_plan_set_network (plan, "br8", NULL);
  repair (plan, "interface-missing");
  network = g_ptr_array_index (gh_migrate_plan_get_networks (plan), 1);
  g_assert_cmpstr (network->destination, ==, "eth1");
  g_assert_false (has_step (plan, "unplug"));
  repair (plan, "host-device");
  g_assert_nonnull (plan_test_find_check (GH_PLAN (plan), "device-dropped"));
  g_assert_true (has_step (plan, "unplug"));
  repair (plan, "device-dropped");
  g_assert_true (is_refused (plan, "host-device"));
  gh_migrate_plan_set_cpu (plan, "<cpu><model>EPYC</model></cpu>");
  prepare (plan);
  g_assert_null (plan_test_find_check (GH_PLAN (plan), "cpu-changed"));
}

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
test_choices (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  guint n_presets = 0;
  int preset = -1;
  int route = -1;
  gboolean live = FALSE;
  gboolean parallel = FALSE;
  guint connections = 0;

  g_signal_connect_swapped (plan, "notify::preset", G_CALLBACK (count_cb), &n_presets);
  g_object_get (plan, "preset", &preset, "live", &live, NULL);
  g_assert_cmpint (preset, ==, GH_MIGRATE_SAFE);
  g_assert_true (live);
  g_object_set (plan, "preset", GH_MIGRATE_FAST, NULL);
  g_object_get (plan, "preset", &preset, "parallel", &parallel, "connections", &connections, NULL);
  g_assert_cmpint (preset, ==, GH_MIGRATE_FAST);
  g_assert_true (parallel);
  g_assert_cmpuint (connections, ==, 4);
  g_assert_cmpuint (n_presets, ==, 1);
  g_object_set (plan, "bandwidth", 10, NULL);
  g_object_get (plan, "preset", &preset, NULL);
  g_assert_cmpint (preset, ==, GH_MIGRATE_CUSTOM);
  g_assert_nonnull (gh_migrate_plan_find_problem (plan, GH_MIGRATE_OPTION_POST_COPY, 1));
  g_assert_nonnull (gh_migrate_plan_find_problem (plan, GH_MIGRATE_OPTION_LIVE, 0));
  g_object_set (plan, "post-copy", TRUE, NULL);
  prepare (plan);
  g_assert_true (is_refused (plan, "options"));
  g_object_set (plan, "preset", GH_MIGRATE_ONE_PORT, NULL);
  g_object_get (plan, "route", &route, NULL);
  g_assert_cmpint (route, ==, GH_MIGRATE_TUNNELLED);

  /* Nothing to be done to a move that does not run. */
  for (int i = 0; i < GH_MIGRATE_N_ACTIONS; i++)
    {
      g_assert_nonnull (gh_migrate_action_get_label ((GhMigrateAction) i));
      g_assert_nonnull (gh_migrate_plan_find_action_problem (plan, (GhMigrateAction) i));
    }
}

/* Between two daemons of one computer a socket is used unless something else is chosen; nobody has
 * chosen it, and it stands in the way of nothing that has no use for it. */
static void
test_own_socket (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);

  g_assert_null (gh_migrate_plan_find_problem (plan, GH_MIGRATE_OPTION_PRESET,
                                               GH_MIGRATE_ONE_PORT));
  g_assert_null (gh_migrate_plan_find_problem (plan, GH_MIGRATE_OPTION_ROUTE,
                                               GH_MIGRATE_TUNNELLED));
  g_assert_nonnull (gh_migrate_plan_find_problem (plan, GH_MIGRATE_OPTION_TLS, 1));
  g_object_set (plan, "address", "unix:///run/own", NULL);
  g_assert_nonnull (gh_migrate_plan_find_problem (plan, GH_MIGRATE_OPTION_PRESET,
                                                  GH_MIGRATE_ONE_PORT));
  g_assert_nonnull (gh_migrate_plan_find_problem (plan, GH_MIGRATE_OPTION_TLS, 1));
  g_object_set (plan, "address", "tcp://192.0.2.1", NULL);
  g_assert_null (gh_migrate_plan_find_problem (plan, GH_MIGRATE_OPTION_TLS, 1));
}

/* It fails, as this driver cannot move machines: and all is as it was on both sides. */
static void
test_fails (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (there);
  g_auto (GStrv) before = plan_test_list_inventory (host);
  g_auto (GStrv) before_there = plan_test_list_inventory (destination);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  g_autoptr (GError) error = NULL;

  gh_migrate_plan_set_network (plan, "lan", "other");
  g_assert_false (plan_test_run (GH_PLAN (plan), &error));
  g_assert_nonnull (error);
  plan_test_assert_inventory (host, before);
  plan_test_assert_inventory (destination, before_there);
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
}

/* What libvirt says in another step than the moving itself is told by the same table, with what it
 * was about, and --json has all of it by itself. */
static void
test_fails_early (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (LINKED ("1", BASE));
  g_autoptr (GhHost) destination = plan_test_new_host (FILLED ("10"));
  g_auto (GStrv) before_there = plan_test_list_inventory (destination);
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *reason = g_strdup_printf ("A disk or file of this name is already at %s.",
                                             gh_host_get_label (destination));
  g_autofree char *status = NULL;
  g_autofree char *details = NULL;
  JsonObject *object = NULL;

  gh_faults_set ("volume-create:fail=90,after=1,times=1");
  g_assert_false (plan_test_run (GH_PLAN (plan), &error));
  gh_faults_set (NULL);
  g_assert_error (error, GH_TOLD_ERROR, GH_VIRT_ERROR_VOLUME_EXISTS);
  status = gh_plan_dup_status (GH_PLAN (plan));
  g_assert_true (g_str_has_prefix (status, reason));
  g_assert_nonnull (strstr (status, "--disk-path"));
  details = gh_error_dup_details (gh_plan_get_error (GH_PLAN (plan)));
  g_assert_true (g_str_has_prefix (details, "This failed: Moving “web”, at "));
  g_assert_nonnull (strstr (details, ": Make the disk “"));
  g_assert_nonnull (strstr (details, "Injected failure of volume-create"));
  node = gh_plan_to_json (GH_PLAN (plan));
  object = json_node_get_object (node);
  g_assert_cmpstr (json_object_get_string_member (object, "reason"), ==, reason);
  g_assert_true (g_str_has_prefix (json_object_get_string_member (object, "advice"), "Choose "));
  g_assert_nonnull (strstr (details, json_object_get_string_member (object, "failed")));
  g_assert_nonnull (strstr (details, json_object_get_string_member (object, "error")));
  g_assert_false (json_object_has_member (object, "log"));
  plan_test_assert_inventory (destination, before_there);
}

/* What a repair fails with, too. */
static void
test_fix_fails (void)
{
  g_autoptr (GhHost) host = plan_test_new_host (here);
  g_autoptr (GhHost) destination = plan_test_new_host (HEAD POOL "</node>");
  g_autoptr (GhMigratePlan) plan = new_plan (host, destination);
  g_autoptr (GhCheck) check = NULL;
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *details = NULL;
  g_autofree char *sentence = NULL;

  gh_migrate_plan_set_disk_path (plan, "vda", "/nowhere/else/web.qcow2");
  prepare (plan);
  check = g_object_ref (plan_test_find_check (GH_PLAN (plan), "pool-missing"));
  g_assert_nonnull (gh_check_get_fix_label (check));
  gh_faults_set ("pool-create:fail=88");
  gh_check_fix_async (check, NULL, gh_test_call_cb, &call);
  g_assert_false (gh_check_fix_finish (check, gh_test_call_wait (&call), &error));
  gh_faults_set (NULL);
  g_assert_error (error, GH_TOLD_ERROR, GH_VIRT_ERROR_ACCESS_DENIED);
  sentence = gh_error_dup_sentence (error);
  details = gh_error_dup_details (error);
  g_assert_cmpstr (sentence, ==, "The host does not allow this to you.");
  g_assert_true (g_str_has_prefix (details, "This failed: At Test host: Make the storage pool "));
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/migrate-plan/destinations", test_destinations);
  g_test_add_func ("/migrate-plan/same-machine", test_same_machine);
  g_test_add_func ("/migrate-plan/disks", test_disks);
  g_test_add_func ("/migrate-plan/paths", test_paths);
  g_test_add_func ("/migrate-plan/other-paths", test_other_paths);
  g_test_add_func ("/migrate-plan/chain-path", test_chain_path);
  g_test_add_func ("/migrate-plan/layers", test_layers);
  g_test_add_func ("/migrate-plan/odd-layers", test_odd_layers);
  g_test_add_func ("/migrate-plan/unsafe", test_unsafe);
  g_test_add_func ("/migrate-plan/elsewhere", test_elsewhere);
  g_test_add_func ("/migrate-plan/media", test_media);
  g_test_add_func ("/migrate-plan/encrypted", test_encrypted);
  g_test_add_func ("/migrate-plan/networks", test_networks);
  g_test_add_func ("/migrate-plan/devices", test_devices);
  g_test_add_func ("/migrate-plan/choices", test_choices);
  g_test_add_func ("/migrate-plan/bandwidth", test_bandwidth);
  g_test_add_func ("/migrate-plan/learns", test_learns);
  g_test_add_func ("/migrate-plan/own-socket", test_own_socket);
  g_test_add_func ("/migrate-plan/fails", test_fails);
  g_test_add_func ("/migrate-plan/fails-early", test_fails_early);
  g_test_add_func ("/migrate-plan/fix-fails", test_fix_fails);
  return g_test_run ();
}
