/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Linked clones that become full ones, on a real host, running and off: what is in their disks,
 * what is left of the old ones, who needs what then; cancelled, killed and without room. */

#include "gh-lab-image.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define MIB (1024 * 1024)

/* A machine “web” that is off, with a linked clone “one” that differs from it. */
typedef struct
{
  GhLab *lab;
  char  *base; /* the disk of “web” */
  char  *path; /* of “one” */
  char  *copy; /* what “one” holds, in one image */
  GStrv  inventory;
  char  *xml;
} World;

static void
assert_run (GhLabRun *run) /* takes it */
{
  g_autoptr (GhLabRun) owned = run;

  gh_lab_assert_status (owned, 0);
}

static void
world_init (World      *self,
            const char *size,
            const char *pattern)
{
  self->lab = gh_lab_new ();
  assert_run (gh_lab_run (self->lab, "create", "web", "--empty", "--size", size, "--memory", "64",
                          "--cpus", "1", "--network", "user", "--graphics", "none", "--firmware",
                          "bios", "--no-start", "--yes", "--json", NULL));
  self->base = gh_lab_dup_disk (self->lab, "web");
  gh_lab_write_pattern (self->base, pattern);
  assert_run (gh_lab_run (self->lab, "clone", "web", "--linked", "--name", "one", "--yes",
                          "--json", NULL));
  self->path = gh_lab_dup_disk (self->lab, "one");
  gh_lab_write_pattern (self->path, "write -P 0xcd 2M 1M");
  self->copy = gh_lab_dup_path (self->lab, "before.qcow2");
  g_free (gh_lab_run_tool ("qemu-img", "convert", "-O", "qcow2", self->path, self->copy, NULL));
  self->inventory = gh_lab_list_inventory (self->lab);
  self->xml = gh_lab_dup_xml (self->lab, "one");
}

static void
world_clear (World *self)
{
  g_clear_pointer (&self->lab, gh_lab_free);
  g_free (self->base);
  g_free (self->path);
  g_free (self->copy);
  g_strfreev (self->inventory);
  g_free (self->xml);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static void
init_small (World *self)
{
  world_init (self, "0.0625", "write -P 0xab 1M 8M");
}

/* So much that nothing can be done before somebody changes their mind. */
static void
init_large (World *self)
{
  world_init (self, "0.5", "write -P 0xab 4M 448M");
}

#define make_independent(world, ...) \
  gh_lab_run ((world)->lab, "make-independent", "one", "--yes", "--json", __VA_ARGS__, NULL)

/* Running or not. */
static void
assert_linked (World *self)
{
  g_autofree char *xml = gh_lab_dup_xml (self->lab, "one");
  g_autofree char *path = gh_lab_dup_disk (self->lab, "one");

  g_assert_cmpstr (xml, ==, self->xml);
  gh_lab_assert_backing (path, self->base, "qcow2");
}

static void
assert_as_before (World *self)
{
  gh_lab_assert_inventory (self->lab, self->inventory);
  assert_linked (self);
}

static void
assert_independent (World *self)
{
  g_autofree char *path = gh_lab_dup_disk (self->lab, "one");
  g_autofree char *xml = gh_lab_dup_xml (self->lab, "one");

  gh_lab_assert_backing (path, NULL, NULL);
  gh_lab_assert_same_contents (path, self->copy);
  g_assert_null (strstr (xml, "guesthouse:parent"));
  g_assert_null (strstr (xml, "backingStore"));
}

static void
start (World *self)
{
  assert_run (gh_lab_run (self->lab, "start", "one", "--yes", "--json", NULL));
}

static void
force_off (World *self)
{
  assert_run (gh_lab_run (self->lab, "force-off", "one", "--yes", "--json", NULL));
}

static void
undo (GhLab *lab,
      int    status)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "undo", "--all", "--yes", "--json", NULL);

  gh_lab_assert_status (run, status);
}

/* Off: a new file, and the old one goes. */
static void
test_off (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *path = NULL;
  g_autoptr (GhLabRun) dry = NULL;
  g_autoptr (GhLabRun) unwarned = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) again = NULL;

  init_small (&world);
  dry = make_independent (&world, "--dry-run");
  gh_lab_assert_status (dry, 0);
  g_assert_true (gh_lab_run_has_check (dry, "disk-linked", "ok"));
  assert_as_before (&world);
  run = make_independent (&world, NULL);
  gh_lab_assert_status (run, 0);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "done");
  path = gh_lab_dup_disk (world.lab, "one");
  g_assert_cmpstr (path, !=, world.path);
  g_assert_false (g_file_test (world.path, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (gh_lab_get_mode (path), ==, 0600);
  assert_independent (&world);
  start (&world);

  again = make_independent (&world, NULL);
  gh_lab_assert_status (again, 0);
  g_assert_true (gh_lab_run_has_check (again, "independent", "ok"));
}

/* While it runs, it keeps the file it has. */
static void
test_live (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *path = NULL;
  g_autoptr (GhLabRun) run = NULL;
  GPid pid = 0;

  init_small (&world);
  start (&world);
  pid = gh_lab_get_qemu_pid (world.lab, "one");
  run = make_independent (&world, NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "machine-running", "note"));
  g_assert_cmpint (gh_lab_get_machine_state (world.lab, "one"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_qemu_pid (world.lab, "one"), ==, pid);
  path = gh_lab_dup_disk (world.lab, "one");
  g_assert_cmpstr (path, ==, world.path);
  force_off (&world);
  gh_lab_assert_inventory (world.lab, world.inventory);
  assert_independent (&world);
  start (&world);
}

/* A guest reads the same before, meanwhile and after. */
static void
test_guest (void)
{
  static const char read_command[] =
    "while [ ! -b /dev/vda ]; do :; done; echo 3 > /proc/sys/vm/drop_caches; "
    "tar -xOf /dev/vda marker.txt";
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *archive = gh_lab_dup_path (lab, "disk.tar");
  g_autofree char *marker = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *base = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GhLabSerial) serial = NULL;

  if (!gh_lab_has_guest ())
    return;
  marker = gh_lab_write_file (lab, "marker.txt", "hello-from-the-parent\n");
  folder = g_path_get_dirname (marker);
  g_free (gh_lab_run_tool ("tar", "-C", folder, "-cf", archive, "marker.txt", NULL));
  assert_run (gh_lab_run (lab, "create", "web", "--kernel", gh_lab_get_kernel (lab), "--initrd",
                          gh_lab_get_initrd (lab), "--cmdline",
                          "console=tty0 console=ttyS0 quiet", "--size", "0.02", "--memory", "256",
                          "--cpus", "1", "--network", "none", "--no-start", "--yes", NULL));
  base = gh_lab_dup_disk (lab, "web");
  g_free (gh_lab_run_tool ("qemu-img", "convert", "-n", "--target-is-zero", "-f", "raw", "-O",
                           "qcow2", archive, base, NULL));
  assert_run (gh_lab_run (lab, "clone", "web", "--linked", "--name", "one", "--yes", NULL));
  assert_run (gh_lab_run (lab, "start", "one", NULL));
  serial = gh_lab_serial_open (lab, "one");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
  gh_lab_serial_command (serial, read_command, "hello-from-the-parent");

  assert_run (gh_lab_run (lab, "make-independent", "one", NULL));
  path = gh_lab_dup_disk (lab, "one");
  gh_lab_assert_backing (path, NULL, NULL);
  assert_run (gh_lab_run (lab, "delete", "web", "--yes", NULL));
  g_assert_false (g_file_test (base, G_FILE_TEST_EXISTS));
  gh_lab_serial_command (serial, read_command, "hello-from-the-parent");
}

/* Nobody needs the template any more when the last clone is independent. */
static void
test_template (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhLabRun) needed = NULL;
  g_autoptr (GhLabRun) still_needed = NULL;
  g_autoptr (GhLabRun) refused = NULL;

  init_small (&world);
  assert_run (gh_lab_run (world.lab, "clone", "web", "--linked", "--name", "two", "--yes", NULL));
  needed = gh_lab_run (world.lab, "template", "web", "--off", "--json", NULL);
  gh_lab_assert_status (needed, 3);
  refused = gh_lab_run (world.lab, "make-independent", "web", "--json", NULL);
  gh_lab_assert_status (refused, 0);

  assert_run (make_independent (&world, NULL));
  still_needed = gh_lab_run (world.lab, "template", "web", "--off", NULL);
  gh_lab_assert_status (still_needed, 3);
  g_assert_nonnull (strstr (still_needed->err, "two"));
  g_assert_null (strstr (still_needed->err, "one"));

  assert_run (gh_lab_run (world.lab, "start", "two", NULL));
  assert_run (gh_lab_run (world.lab, "make-independent", "two", "--yes", NULL));
  assert_run (gh_lab_run (world.lab, "template", "web", "--off", NULL));
  assert_run (gh_lab_run (world.lab, "start", "web", NULL));
  assert_run (gh_lab_run (world.lab, "force-off", "web", "--yes", NULL));
  assert_run (gh_lab_run (world.lab, "delete", "web", "--yes", NULL));
  g_assert_false (g_file_test (world.base, G_FILE_TEST_EXISTS));
  assert_independent (&world);
  start (&world);
}

/* Cancelling */

static void
cancel (World      *world,
        GhLabChild *child)
{
  gint64 since = g_get_monotonic_time ();
  g_autoptr (GhLabRun) run = NULL;

  gh_lab_child_signal (child, SIGINT);
  run = gh_lab_child_wait (child);
  g_test_message ("clean after %d ms", (int) ((g_get_monotonic_time () - since) / 1000));
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  assert_as_before (world);
  gh_lab_assert_same_contents (world->path, world->copy);
}

typedef struct
{
  World      *world;
  GhLabChild *child;
  guint64     before; /* bytes of the folder's new file */
} Progress;

/* The new file is beside the old one. */
static gboolean
is_copying (gpointer data)
{
  Progress *progress = data;
  g_autofree char *folder = g_path_get_dirname (progress->world->path);
  g_autofree char *path = g_build_filename (folder, "one-own.qcow2", NULL);
  GStatBuf status = { 0 };

  g_assert_false (gh_lab_child_has_ended (progress->child));
  return g_stat (path, &status) == 0 && status.st_size > 8 * MIB;
}

/* Slows it down as soon as it is there. */
static gboolean
is_pulling (gpointer data)
{
  Progress *progress = data;
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (progress->world->lab), "one");
  virDomainBlockJobInfo info = { 0 };
  g_autofree char *target = gh_lab_dup_value (progress->world->lab, "one", "<target dev='");
  gboolean found = FALSE;

  g_assert_false (gh_lab_child_has_ended (progress->child));
  found = virDomainGetBlockJobInfo (domain, target, &info, 0) == 1;
  if (found)
    virDomainBlockJobSetSpeed (domain, target, 1, 0);
  virDomainFree (domain);
  return found && info.cur > 0;
}

static void
test_cancelled_off (void)
{
  g_auto (World) world = { 0 };
  Progress progress = { &world, NULL, 0 };

  init_large (&world);
  progress.child = gh_lab_spawn (world.lab, "make-independent", "one", "--yes", "--json", NULL);
  g_assert_true (gh_lab_wait (120, is_copying, &progress));
  cancel (&world, progress.child);
}

static void
test_cancelled_live (void)
{
  g_auto (World) world = { 0 };
  Progress progress = { &world, NULL, 0 };
  g_autoptr (GhLabRun) busy = NULL;
  g_autoptr (GhLabRun) killed = NULL;

  init_large (&world);
  start (&world);
  progress.child = gh_lab_spawn (world.lab, "make-independent", "one", "--yes", "--json", NULL);
  g_assert_true (gh_lab_wait (120, is_pulling, &progress));
  busy = make_independent (&world, NULL);
  gh_lab_assert_status (busy, 3);
  g_assert_true (gh_lab_run_has_check (busy, "live-block-job", "refusal"));
  gh_lab_child_signal (progress.child, SIGINT);
  {
    gint64 since = g_get_monotonic_time ();
    g_autoptr (GhLabRun) run = gh_lab_child_wait (progress.child);

    g_test_message ("clean after %d ms", (int) ((g_get_monotonic_time () - since) / 1000));
    gh_lab_assert_status (run, 1);
    g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  }

  /* Killed: the job goes on by itself, until it is undone. */
  progress.child = gh_lab_spawn (world.lab, "make-independent", "one", "--yes", "--json", NULL);
  g_assert_true (gh_lab_wait (120, is_pulling, &progress));
  gh_lab_child_signal (progress.child, SIGKILL);
  killed = gh_lab_child_wait (progress.child);
  gh_lab_assert_status (killed, 128 + 9);
  undo (world.lab, 0);
  g_assert_cmpint (gh_lab_get_machine_state (world.lab, "one"), ==, VIR_DOMAIN_RUNNING);

  force_off (&world);
  assert_as_before (&world);
  gh_lab_assert_same_contents (world.path, world.copy);
}

/* Killing */

static void
fail_at (World      *world,
         const char *fault)
{
  g_autoptr (GhLabRun) run = NULL;

  g_test_message ("%s", fault);
  gh_lab_set_env (world->lab, "GUESTHOUSE_FAULTS", fault);
  run = make_independent (world, NULL);
  gh_lab_set_env (world->lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
}

static void
kill_at (World      *world,
         const char *point)
{
  g_autofree char *faults = g_strconcat (point, ":kill", NULL);
  g_autoptr (GhLabRun) run = NULL;

  g_test_message ("%s", point);
  gh_lab_set_env (world->lab, "GUESTHOUSE_FAULTS", faults);
  run = make_independent (world, NULL);
  gh_lab_set_env (world->lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (run, 128 + 9);
}

static void
test_killed_off (void)
{
  static const char * const points[] = {
    "plan-step-copy-saved", "plan-step-copy-after", "plan-step-switch-disks-saved",
    "plan-step-switch-disks-after", "plan-step-release-saved", "plan-step-release-after",
    "plan-step-volume-remove-before",
  };
  g_auto (World) world = { 0 };

  init_small (&world);
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      kill_at (&world, points[i]);
      undo (world.lab, 0);
      assert_as_before (&world);
      gh_lab_assert_same_contents (world.path, world.copy);
    }
  /* From here on there is only one way, and it has been gone. */
  kill_at (&world, "plan-step-volume-remove-after");
  undo (world.lab, 0);
  assert_independent (&world);
  start (&world);
}

/* A disk that is a volume of a pool in the definition is one again. */
static void
test_killed_volume (void)
{
  static const char * const points[] = {
    "plan-step-switch-disks-after", "plan-step-release-after",
  };
  g_auto (World) world = { 0 };
  virStorageVolPtr volume = NULL;
  virStoragePoolPtr pool = NULL;
  virDomainPtr domain = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *changed = NULL;
  g_auto (GStrv) parts = NULL;

  init_small (&world);
  volume = virStorageVolLookupByPath (gh_lab_connect (world.lab), world.path);
  g_assert_nonnull (volume);
  pool = virStoragePoolLookupByVolume (volume);
  before = g_strdup_printf ("<source file='%s'", world.path);
  after = g_strdup_printf ("<source pool='%s' volume='%s'", virStoragePoolGetName (pool),
                           virStorageVolGetName (volume));
  g_assert_nonnull (strstr (world.xml, before));
  parts = g_strsplit (world.xml, before, 2);
  changed = g_strjoinv (after, parts);
  g_strfreev (parts);
  parts = g_strsplit (changed, "<disk type='file' device='disk'>", 2);
  g_free (changed);
  changed = g_strjoinv ("<disk type='volume' device='disk'>", parts);
  domain = virDomainDefineXML (gh_lab_connect (world.lab), changed);
  g_assert_nonnull (domain);
  virDomainFree (domain);
  virStoragePoolFree (pool);
  virStorageVolFree (volume);
  g_free (world.xml);
  world.xml = gh_lab_dup_xml (world.lab, "one");
  g_assert_nonnull (strstr (world.xml, after));
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autofree char *xml = NULL;

      kill_at (&world, points[i]);
      undo (world.lab, 0);
      xml = gh_lab_dup_xml (world.lab, "one");
      g_assert_cmpstr (xml, ==, world.xml);
      gh_lab_assert_inventory (world.lab, world.inventory);
      gh_lab_assert_backing (world.path, world.base, "qcow2");
    }
  assert_run (make_independent (&world, NULL));
  assert_independent (&world);
}

static void
test_killed_live (void)
{
  g_auto (World) world = { 0 };

  init_small (&world);
  start (&world);
  kill_at (&world, "plan-step-pull-before");
  undo (world.lab, 0);
  assert_linked (&world);
  kill_at (&world, "plan-step-pull-saved");
  undo (world.lab, 0);
  assert_linked (&world);
  /* What is whole stays, and the rest is done the next time. */
  kill_at (&world, "plan-step-release-saved");
  undo (world.lab, 0);
  gh_lab_assert_backing (world.path, NULL, NULL);
  assert_run (make_independent (&world, NULL));
  force_off (&world);
  assert_independent (&world);
}

/* The machine was started with its new disk before anybody undid anything. */
static void
test_used_since (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *path = NULL;

  init_small (&world);
  kill_at (&world, "plan-step-switch-disks-after");
  path = gh_lab_dup_disk (world.lab, "one");
  gh_lab_write_pattern (path, "write -P 0x44 5M 1M");
  undo (world.lab, 4);
  {
    g_autofree char *still = gh_lab_dup_disk (world.lab, "one");

    g_assert_cmpstr (still, ==, path);
    g_assert_true (gh_lab_has_pattern (path, "read -P 0x44 5M 1M"));
  }
}

/* The old disk was removed behind its back: it keeps the new one. */
static void
test_old_gone (void)
{
  g_auto (World) world = { 0 };

  init_small (&world);
  kill_at (&world, "plan-step-switch-disks-after");
  g_assert_cmpint (g_unlink (world.path), ==, 0);
  undo (world.lab, 4);
  {
    g_autofree char *path = gh_lab_dup_disk (world.lab, "one");

    g_assert_cmpstr (path, !=, world.path);
    gh_lab_assert_same_contents (path, world.copy);
  }
}

static void
test_faults (void)
{
  static const char * const faults[] = {
    "file-create:fail=38", "file-sync:fail=38", "domain-define:fail=38",
    "domain-set-metadata:fail=38,times=1",
    "plan-step-copy-after:fail=38",
  };
  g_auto (World) world = { 0 };

  init_small (&world);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      fail_at (&world, faults[i]);
      assert_as_before (&world);
    }
  start (&world);
  fail_at (&world, "domain-pull:fail=38");
  fail_at (&world, "plan-step-pull-saved:fail=38");
  assert_linked (&world);
}

/* As full as a disk can be for us: no file may grow past a few MiB. */
static void
test_no_room (void)
{
  g_auto (World) world = { 0 };
  struct rlimit old = { 0 };
  struct rlimit tight = { 0 };
  void (*handler) (int) = NULL;
  g_autoptr (GhLabRun) off = NULL;

  init_small (&world);
  handler = signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &old);
  tight = old;
  tight.rlim_cur = 3 * MIB;
  setrlimit (RLIMIT_FSIZE, &tight);
  off = make_independent (&world, NULL);
  setrlimit (RLIMIT_FSIZE, &old);
  signal (SIGXFSZ, handler);
  gh_lab_assert_status (off, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (off), ==, "undone");
  assert_as_before (&world);
  gh_lab_assert_same_contents (world.path, world.copy);
}

static void
take_snapshot (World      *world,
               const char *xml)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (world->lab), "one");
  virDomainSnapshotPtr snapshot = virDomainSnapshotCreateXML (domain, xml, 0);

  g_assert_nonnull (snapshot);
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);
}

static void
delete_snapshot (World      *world,
                 const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (world->lab), "one");
  virDomainSnapshotPtr snapshot = virDomainSnapshotLookupByName (domain, name, 0);

  g_assert_cmpint (virDomainSnapshotDelete (snapshot, 0), ==, 0);
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);
}

/* What forbids it. */
static void
test_refusals (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhLabRun) unknown = NULL;
  g_autoptr (GhLabRun) snapshot = NULL;
  g_autoptr (GhLabRun) inside = NULL;
  g_autoptr (GhLabRun) template = NULL;
  g_autoptr (GhLabRun) missing = NULL;
  g_autofree char *away = NULL;

  init_small (&world);
  unknown = make_independent (&world, "--disk", "sdx");
  gh_lab_assert_status (unknown, 3);
  g_assert_true (gh_lab_run_has_check (unknown, "disk-unknown", "refusal"));

  g_free (gh_lab_run_tool ("qemu-img", "snapshot", "-c", "hidden", world.path, NULL));
  inside = make_independent (&world, NULL);
  gh_lab_assert_status (inside, 3);
  g_assert_true (gh_lab_run_has_check (inside, "snapshots", "refusal"));
  g_free (gh_lab_run_tool ("qemu-img", "snapshot", "-d", "hidden", world.path, NULL));

  take_snapshot (&world, "<domainsnapshot><name>known</name></domainsnapshot>");
  snapshot = make_independent (&world, NULL);
  gh_lab_assert_status (snapshot, 3);
  g_assert_true (gh_lab_run_has_check (snapshot, "snapshots", "refusal"));
  delete_snapshot (&world, "known");

  away = g_strconcat (world.base, ".away", NULL);
  g_assert_cmpint (g_rename (world.base, away), ==, 0);
  missing = make_independent (&world, NULL);
  gh_lab_assert_status (missing, 3);
  g_assert_true (gh_lab_run_has_check (missing, "backing-missing", "refusal"));
  g_assert_cmpint (g_rename (away, world.base), ==, 0);
  assert_as_before (&world);

  assert_run (gh_lab_run (world.lab, "template", "one", "--yes", NULL));
  template = make_independent (&world, NULL);
  gh_lab_assert_status (template, 3);
  g_assert_true (gh_lab_run_has_check (template, "template", "refusal"));
}

/* An overlay that something else lies on stays; the machine leaves it all the same. */
static void
test_file_kept (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *folder = NULL;
  g_autofree char *above = NULL;
  g_autoptr (GhLabRun) run = NULL;

  init_small (&world);
  folder = g_path_get_dirname (world.path);
  above = g_build_filename (folder, "above.qcow2", NULL);
  g_free (gh_lab_run_tool ("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                           world.path, above, NULL));
  run = make_independent (&world, NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "file-kept", "note"));
  g_assert_true (g_file_test (world.path, G_FILE_TEST_EXISTS));
  gh_lab_assert_same_contents (above, world.copy);
  assert_independent (&world);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lab/independent/off", test_off);
  g_test_add_func ("/lab/independent/live", test_live);
  g_test_add_func ("/lab/independent/guest", test_guest);
  g_test_add_func ("/lab/independent/template", test_template);
  g_test_add_func ("/lab/independent/cancelled-off", test_cancelled_off);
  g_test_add_func ("/lab/independent/cancelled-live", test_cancelled_live);
  g_test_add_func ("/lab/independent/killed-off", test_killed_off);
  g_test_add_func ("/lab/independent/killed-volume", test_killed_volume);
  g_test_add_func ("/lab/independent/killed-live", test_killed_live);
  g_test_add_func ("/lab/independent/used-since", test_used_since);
  g_test_add_func ("/lab/independent/old-gone", test_old_gone);
  g_test_add_func ("/lab/independent/faults", test_faults);
  g_test_add_func ("/lab/independent/no-room", test_no_room);
  g_test_add_func ("/lab/independent/refusals", test_refusals);
  g_test_add_func ("/lab/independent/file-kept", test_file_kept);

  return g_test_run ();
}
