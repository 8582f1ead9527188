/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Machines that move between two real hosts while they run. After each test: where the machine is,
 * what is on both sides, and that what runs in the guest went on without a gap. */

#include "gh-lab.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gh-migrate-plan.h"
#include "gh-test.h"
#include "gh-threads.h"

typedef struct
{
  GhLab *a;
  GhLab *b;
  char  *a_uri;
  char  *b_uri;
} Pair;

/* One pair for all tests: a daemon that starts reads what its QEMU can for seconds. */
static Pair pair;

static void
make_pool (GhLab      *lab,
           const char *name)
{
  g_autofree char *path = g_build_filename (gh_lab_get_folder (lab), "img", NULL);
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>%s</name><target><path>%s</path>"
                                          "</target></pool>", name, path);
  virStoragePoolPtr pool = NULL;

  g_mkdir_with_parents (path, 0700);
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

static void
remove_machines (GhLab *lab)
{
  virDomainPtr *domains = NULL;
  int n_domains = virConnectListAllDomains (gh_lab_connect (lab), &domains, 0);

  for (int i = 0; i < n_domains; i++)
    {
      virDomainDestroy (domains[i]);
      virDomainUndefineFlags (domains[i], VIR_DOMAIN_UNDEFINE_NVRAM |
                              VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA);
      virDomainFree (domains[i]);
    }
  free (domains);
}

static void
remove_pools (GhLab *lab)
{
  virStoragePoolPtr *pools = NULL;
  int n_pools = virConnectListAllStoragePools (gh_lab_connect (lab), &pools, 0);

  for (int i = 0; i < n_pools; i++)
    {
      virStoragePoolDestroy (pools[i]);
      virStoragePoolUndefine (pools[i]);
      virStoragePoolFree (pools[i]);
    }
  free (pools);
}

static void
empty_host (GhLab *lab)
{
  g_autofree char *folder = g_build_filename (gh_lab_get_folder (lab), "img", NULL);
  g_autoptr (GDir) dir = NULL;
  const char *name = NULL;

  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", NULL);
  remove_machines (lab);
  remove_pools (lab);
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  make_pool (lab, "default");
}

/* Both hosts as new. FALSE: there is no guest to be had. */
static gboolean
open_pair (void)
{
  if (!gh_lab_has_guest ())
    return FALSE;
  if (pair.a == NULL)
    {
      pair.a = gh_lab_new ();
      pair.b = gh_lab_new ();
      pair.a_uri = gh_lab_dup_uri (pair.a);
      pair.b_uri = gh_lab_dup_uri (pair.b);
    }
  empty_host (pair.a);
  empty_host (pair.b);
  return TRUE;
}

static char *
run_tool (const char *first,
          ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  char *out = NULL;
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
    g_error ("%s: %s\n%s", first, error->message, err);
  return out;
}

/* A tiny guest “web” with a disk of 64 MiB that is mostly holes, running at A. */
static void
start_guest (const char *devices)
{
  g_autofree char *disk = g_build_filename (gh_lab_get_folder (pair.a), "img", "web.qcow2", NULL);
  g_autofree char *xml = NULL;
  virDomainPtr domain = NULL;

  g_free (run_tool ("qemu-img", "create", "-f", "qcow2", disk, "64M", NULL));
  g_free (run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0xab 1M 8M", disk, NULL));
  g_chmod (disk, 0600);
  xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<metadata><guesthouse:machine "
    "xmlns:guesthouse='http://guesthouse.org/xmlns/libvirt/domain/1.0'>"
    "<guesthouse:note>kept</guesthouse:note></guesthouse:machine></metadata>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>"
    "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
    "<source file='%s'/><target dev='vda' bus='virtio'/></disk>%s"
    "<serial type='pty'/><memballoon model='none'/></devices></domain>",
    gh_lab_get_kernel (pair.a), gh_lab_get_initrd (pair.a), disk,
    devices != NULL ? devices : "");
  domain = virDomainDefineXMLFlags (gh_lab_connect (pair.a), xml, VIR_DOMAIN_DEFINE_VALIDATE);
  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  if (virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

/* What a user would find; the machine's own lines apart. */
typedef struct
{
  GStrv a;
  GStrv b;
} Inventory;

static void
inventory_clear (Inventory *self)
{
  g_strfreev (self->a);
  g_strfreev (self->b);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Inventory, inventory_clear)

/* Without what is named by the number of a run. */
static GStrv
list_inventory (GhLab *lab)
{
  g_auto (GStrv) all = gh_lab_list_inventory (lab);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; all[i] != NULL; i++)
    if (strstr (all[i], "/qemu/lib/domain-") == NULL)
      g_strv_builder_add (builder, all[i]);
  return g_strv_builder_end (builder);
}

static void
take_inventory (Inventory *self)
{
  self->a = list_inventory (pair.a);
  self->b = list_inventory (pair.b);
}

static void
assert_inventory (Inventory *self)
{
  g_auto (Inventory) now = { NULL };
  g_autofree char *a = g_strjoinv ("\n", self->a);
  g_autofree char *b = g_strjoinv ("\n", self->b);
  g_autofree char *now_a = NULL;
  g_autofree char *now_b = NULL;

  take_inventory (&now);
  now_a = g_strjoinv ("\n", now.a);
  now_b = g_strjoinv ("\n", now.b);
  g_assert_cmpstr (now_a, ==, a);
  g_assert_cmpstr (now_b, ==, b);
}

static gboolean
has_line (GhLab      *lab,
          const char *line)
{
  g_auto (GStrv) lines = gh_lab_list_inventory (lab);

  return g_strv_contains ((const char * const *) lines, line);
}

/* A counter in the guest, in the shell itself: it goes on only when the guest's memory does. */

static void
start_counter (void)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (pair.a, "web");

  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 60));
  gh_lab_serial_write (serial, "n=0; while :; do n=$((n+1)); echo count=$n; sleep 0.1; done\n");
  g_assert_true (gh_lab_serial_wait (serial, "\ncount=2", 60));
}

/* Waits for three numbers that follow each other; the last one. */
static guint64
read_counter (GhLab *lab)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (lab, "web");
  guint64 last = 0;

  for (guint i = 0; i < 3; i++)
    {
      guint64 number = 0;

      g_assert_true (gh_lab_serial_wait (serial, "\ncount=", 60));
      number = gh_lab_serial_read_number (serial);
      g_assert_true (last == 0 || number == last + 1);
      last = number;
    }
  return last;
}

static void
assert_at (GhLab *here,
           GhLab *elsewhere)
{
  g_assert_cmpint (gh_lab_get_machine_state (here, "web"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_qemu_pid (elsewhere, "web"), ==, 0);
}

static void
assert_only_at (GhLab *here,
                GhLab *elsewhere)
{
  assert_at (here, elsewhere);
  g_assert_cmpint (gh_lab_get_machine_state (elsewhere, "web"), ==, -1);
}

static char *
dup_xml (GhLab       *lab,
         const char  *name,
         unsigned int flags)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  char *xml = NULL;
  char *copy = NULL;

  g_assert_nonnull (domain);
  xml = virDomainGetXMLDesc (domain, flags);
  copy = g_strdup (xml);
  free (xml);
  virDomainFree (domain);
  return copy;
}

static void
set_off (GhLab *lab)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  virDomainFree (domain);
}

#define move_to_b(...) \
  gh_lab_run (pair.a, "-c", pair.a_uri, "migrate", "web", pair.b_uri, "--yes", "--json", \
              __VA_ARGS__)
#define begin_move(...) \
  gh_lab_spawn (pair.a, "-c", pair.a_uri, "migrate", "web", pair.b_uri, "--yes", "--json", \
                __VA_ARGS__)

/* There and back again, on a disk both see. */
static void
test_both_ways (void)
{
  g_auto (Inventory) before = { NULL };
  g_autoptr (GhLabRun) there = NULL;
  g_autoptr (GhLabRun) back = NULL;
  g_autofree char *xml = NULL;
  guint64 count = 0;
  guint64 later = 0;

  if (!open_pair ())
    return;
  start_guest (NULL);
  take_inventory (&before);
  start_counter ();
  count = read_counter (pair.a);
  there = move_to_b (NULL);
  gh_lab_assert_status (there, 0);
  g_assert_cmpstr (gh_lab_run_get_outcome (there), ==, "done");
  assert_only_at (pair.b, pair.a);
  g_assert_true (has_line (pair.b, "machine web"));
  g_assert_false (has_line (pair.a, "machine web"));
  later = read_counter (pair.b);
  g_assert_cmpuint (later, >, count);
  /* What we know of it travels with it. */
  xml = dup_xml (pair.b, "web", VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (xml, "<guesthouse:note>kept</guesthouse:note>"));

  back = gh_lab_run (pair.b, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--yes", "--json",
                     NULL);
  gh_lab_assert_status (back, 0);
  assert_only_at (pair.a, pair.b);
  g_assert_cmpuint (read_counter (pair.a), >, later);
  assert_inventory (&before);
}

static guint64
get_disk_usage (const char *path)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  return (guint64) status.st_blocks * 512;
}

/* With its disk, thin, under another name. */
static void
test_copy_storage (void)
{
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *old = NULL;
  g_autofree char *new = NULL;
  g_autofree char *compared = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *source = NULL;
  guint64 count = 0;

  if (!open_pair ())
    return;
  start_guest (NULL);
  start_counter ();
  count = read_counter (pair.a);
  run = move_to_b ("--copy-storage", "--name", "web-b", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "web-b"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "web"), ==, -1);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "web"), ==, -1);
  {
    g_autoptr (GhLabSerial) serial = gh_lab_serial_open (pair.b, "web-b");

    g_assert_true (gh_lab_serial_wait (serial, "\ncount=", 60));
    g_assert_cmpuint (gh_lab_serial_read_number (serial), >, count);
  }
  old = g_build_filename (gh_lab_get_folder (pair.a), "img", "web.qcow2", NULL);
  new = g_build_filename (gh_lab_get_folder (pair.b), "img", "web.qcow2", NULL);
  xml = dup_xml (pair.b, "web-b", VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (xml, new));
  source = g_strdup_printf ("<source file='%s'", old);
  g_assert_null (strstr (xml, source));
  /* The old disk is kept, and nobody's; the machine remembers it. */
  g_assert_nonnull (strstr (xml, "<guesthouse:left"));
  g_assert_true (has_line (pair.a, "volume default/web.qcow2"));
  {
    virDomainPtr domain = virDomainLookupByName (gh_lab_connect (pair.b), "web-b");

    g_assert_cmpint (virDomainDestroy (domain), ==, 0);
    virDomainFree (domain);
  }
  compared = run_tool ("qemu-img", "compare", old, new, NULL);
  g_assert_nonnull (strstr (compared, "identical"));
  g_assert_cmpuint (get_disk_usage (new), <=, get_disk_usage (old) * 11 / 10);
}

static void
test_temporary (void)
{
  g_auto (Inventory) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;

  if (!open_pair ())
    return;
  start_guest (NULL);
  take_inventory (&before);
  run = move_to_b ("--temporary", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "temporary", "warning"));
  assert_at (pair.b, pair.a);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "web"), ==, VIR_DOMAIN_SHUTOFF);
  set_off (pair.b);
  assert_inventory (&before);
}

/* Looks, and changes nothing. */
static void
test_rehearse (void)
{
  g_auto (Inventory) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) same = NULL;

  if (!open_pair ())
    return;
  start_guest (NULL);
  take_inventory (&before);
  run = move_to_b ("--rehearse", "--copy-storage", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "estimate", "note"));
  g_assert_true (gh_lab_run_has_check (run, "cpu-fits", "ok"));
  g_assert_true (gh_lab_run_has_check (run, "source-disks-kept", "note"));
  assert_inventory (&before);
  assert_only_at (pair.a, pair.b);
  same = gh_lab_run (pair.a, "-c", pair.a_uri, "migrate", "web", pair.a_uri, "--json", NULL);
  gh_lab_assert_status (same, 3);
}

/* Ended in the middle */

typedef struct
{
  gboolean disks;  /* else memory */
} Phase;

/* Whether the move is in the phase, as the host says. */
static gboolean
is_in_phase (gpointer data)
{
  Phase *phase = data;
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (pair.a), "web");
  virTypedParameterPtr params = NULL;
  unsigned long long memory = 0;
  unsigned long long disk = 0;
  int n_params = 0;
  int type = VIR_DOMAIN_JOB_NONE;

  if (domain == NULL)
    return FALSE;
  if (virDomainGetJobStats (domain, &type, &params, &n_params, 0) == 0 &&
      type != VIR_DOMAIN_JOB_NONE)
    {
      virTypedParamsGetULLong (params, n_params, VIR_DOMAIN_JOB_DISK_PROCESSED, &disk);
      virTypedParamsGetULLong (params, n_params, VIR_DOMAIN_JOB_MEMORY_PROCESSED, &memory);
    }
  virTypedParamsFree (params, n_params);
  virDomainFree (domain);
  return phase->disks ? disk > 0 && memory == 0 : memory > 0;
}

static void
wait_for_phase (GhLabChild *child,
                gboolean    disks)
{
  Phase phase = { disks };

  g_assert_true (gh_lab_wait (60, is_in_phase, &phase));
  g_assert_false (gh_lab_child_has_ended (child));
}

/* Ctrl+C: in under a second it is asked for; the machine goes on here, and there is nothing. */
static void
test_cancel (void)
{
  for (guint disks = 0; disks < 2; disks++)
    {
      g_auto (Inventory) before = { NULL };
      g_autoptr (GhLabRun) run = NULL;
      GhLabChild *child = NULL;
      guint64 count = 0;
      gint64 asked = 0;

      if (!open_pair ())
        return;
      start_guest (NULL);
      start_counter ();
      take_inventory (&before);
      count = read_counter (pair.a);
      child = disks ? begin_move ("--copy-storage", "--bandwidth", "1", NULL)
                    : begin_move ("--bandwidth", "1", NULL);
      wait_for_phase (child, disks);
      asked = g_get_monotonic_time ();
      gh_lab_child_signal (child, SIGINT);
      run = gh_lab_child_wait (child);
      g_test_message ("cancelled after %.1f s", (double) (g_get_monotonic_time () - asked) / 1e6);
      gh_lab_assert_status (run, 1);
      g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
      assert_only_at (pair.a, pair.b);
      g_assert_cmpuint (read_counter (pair.a), >, count);
      assert_inventory (&before);
    }
}

static guint
count_interrupted (void)
{
  g_autoptr (GhLabRun) run = gh_lab_run (pair.a, "undo", "--json", NULL);

  gh_lab_assert_status (run, 0);
  return json_array_get_length (json_object_get_array_member (json_node_get_object (run->json),
                                                              "interrupted"));
}

static gboolean
has_settled (gpointer data)
{
  return gh_lab_get_qemu_pid (pair.b, "web") == 0;
}

/* Whatever B was receiving when nobody sent any more, it drops by itself. */
static void
undo_all (void)
{
  g_autoptr (GhLabRun) run = gh_lab_run (pair.a, "undo", "--all", "--yes", "--json", NULL);

  gh_lab_assert_status (run, 0);
  g_assert_cmpuint (count_interrupted (), ==, 0);
}

/* Guesthouse is killed at each boundary before the machine has moved, and while it moves. */
static void
test_killed (void)
{
  static const char * const faults[] = {
    "plan-step-volume-create-after:kill", "plan-step-migrate-saved:kill", "domain-migrate:kill",
    NULL,
  };
  g_auto (Inventory) before = { NULL };

  if (!open_pair ())
    return;
  start_guest (NULL);
  start_counter ();
  take_inventory (&before);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      guint64 count = read_counter (pair.a);
      g_autoptr (GhLabRun) run = NULL;
      GhLabChild *child = NULL;

      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", faults[i]);
      child = begin_move ("--copy-storage", "--bandwidth", "1", NULL);
      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
      if (faults[i] == NULL)
        {
          wait_for_phase (child, TRUE);
          gh_lab_child_signal (child, SIGKILL);
        }
      run = gh_lab_child_wait (child);
      g_assert_cmpint (run->status, ==, 128 + SIGKILL);
      g_assert_cmpuint (count_interrupted (), ==, 1);
      undo_all ();
      g_assert_true (gh_lab_wait (60, has_settled, NULL));
      assert_only_at (pair.a, pair.b);
      g_assert_cmpuint (read_counter (pair.a), >, count);
      assert_inventory (&before);
    }
}

/* Killed when it had moved: nothing is taken back, and it is told where it is. */
static void
test_killed_after (void)
{
  static const char * const faults[] = {
    "plan-step-migrate-after:kill", "plan-step-settle-before:kill",
  };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autoptr (GhLabRun) run = NULL;
      g_autoptr (GhLabRun) look = NULL;

      if (!open_pair ())
        return;
      start_guest (NULL);
      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", faults[i]);
      run = move_to_b ("--copy-storage", NULL);
      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
      g_assert_cmpint (run->status, ==, 128 + SIGKILL);
      assert_only_at (pair.b, pair.a);
      look = gh_lab_run (pair.a, "undo", "--all", "--dry-run", "--json", NULL);
      gh_lab_assert_status (look, 0);
      g_assert_nonnull (strstr (look->out, "\"has-moved\""));
      g_assert_null (strstr (look->out, "\"kind\" : \"undo\""));
      undo_all ();
      assert_only_at (pair.b, pair.a);
      g_assert_true (has_line (pair.b, "volume default/web.qcow2"));
    }
}

/* A daemon dies in the middle. The guest is QEMU's, and goes on. */
static void
test_daemon_killed (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Inventory) before = { NULL };
      g_autoptr (GhLabRun) run = NULL;
      GhLabChild *child = NULL;
      guint64 count = 0;

      if (!open_pair ())
        return;
      start_guest (NULL);
      start_counter ();
      take_inventory (&before);
      count = read_counter (pair.a);
      child = begin_move ("--copy-storage", "--bandwidth", "1", NULL);
      wait_for_phase (child, TRUE);
      gh_lab_kill_daemon (i == 0 ? pair.b : pair.a);
      gh_lab_start_daemon (i == 0 ? pair.b : pair.a);
      run = gh_lab_child_wait (child);
      g_test_message ("%s\n%s", run->out, run->err);
      g_assert_cmpint (run->status, !=, 0);
      if (count_interrupted () > 0)
        undo_all ();
      g_assert_true (gh_lab_wait (60, has_settled, NULL));
      assert_only_at (pair.a, pair.b);
      g_assert_cmpuint (read_counter (pair.a), >, count);
      assert_inventory (&before);
    }
}

/* Refusals and repairs */

static void
define (GhLab      *lab,
        const char *name)
{
  g_autofree char *xml = g_strdup_printf (
    "<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory>"
    "<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>", name);
  virDomainPtr domain = virDomainDefineXML (gh_lab_connect (lab), xml);

  g_assert_nonnull (domain);
  virDomainFree (domain);
}

static void
start (GhLab      *lab,
       const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainCreate (domain), ==, 0);
  virDomainFree (domain);
}

static void
test_refused (void)
{
  g_auto (Inventory) before = { NULL };
  g_autoptr (GhLabRun) taken = NULL;
  g_autoptr (GhLabRun) renamed = NULL;
  g_autoptr (GhLabRun) snapshot = NULL;
  g_autoptr (GhLabRun) options = NULL;
  virDomainPtr domain = NULL;
  virDomainSnapshotPtr made = NULL;

  if (!open_pair ())
    return;
  start_guest (NULL);
  define (pair.b, "web");
  take_inventory (&before);
  taken = move_to_b (NULL);
  gh_lab_assert_status (taken, 3);
  g_assert_true (gh_lab_run_has_check (taken, "name-taken", "refusal"));
  renamed = move_to_b ("--name", "web-2", "--rehearse", NULL);
  gh_lab_assert_status (renamed, 0);
  options = move_to_b ("--name", "web-2", "--parallel", "--post-copy", NULL);
  gh_lab_assert_status (options, 3);
  g_assert_true (gh_lab_run_has_check (options, "options", "refusal"));
  assert_inventory (&before);

  domain = virDomainLookupByName (gh_lab_connect (pair.a), "web");
  made = virDomainSnapshotCreateXML (domain, "<domainsnapshot><name>one</name></domainsnapshot>",
                                     0);
  g_assert_nonnull (made);
  virDomainSnapshotFree (made);
  virDomainFree (domain);
  snapshot = move_to_b ("--name", "web-2", NULL);
  gh_lab_assert_status (snapshot, 3);
  g_assert_true (gh_lab_run_has_check (snapshot, "snapshots", "refusal"));
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "web"), ==, VIR_DOMAIN_RUNNING);
}

static GhHost *
connect_host (const char *uri)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;
  GhHost *host = gh_host_new (uri);

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return host;
}

static GhCheck *
find_check (GhPlan     *plan,
            const char *id)
{
  GPtrArray *checks = gh_plan_get_checks (plan);

  for (guint i = 0; i < checks->len; i++)
    if (strcmp (gh_check_get_id (g_ptr_array_index (checks, i)), id) == 0)
      return g_ptr_array_index (checks, i);
  return NULL;
}

static void
prepare (GhPlan *plan)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_plan_prepare_async (plan, NULL, gh_test_call_cb, &call);
  gh_plan_prepare_finish (plan, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* Prepares, finds the refusal, repairs it, and does not find it any more. */
static void
fix (GhPlan     *plan,
     const char *id)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GhCheck) check = NULL;
  GError *error = NULL;

  prepare (plan);
  check = find_check (plan, id);
  g_assert_nonnull (check);
  g_object_ref (check);
  g_assert_cmpint (gh_check_get_level (check), ==, GH_CHECK_REFUSAL);
  g_assert_nonnull (gh_check_get_fix_label (check));
  gh_check_fix_async (check, NULL, gh_test_call_cb, &call);
  gh_check_fix_finish (check, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  prepare (plan);
  g_assert_null (find_check (plan, id));
}

static void
test_repaired (void)
{
  g_autofree char *iso = NULL;
  g_autofree char *devices = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (GhHost) a = NULL;
  g_autoptr (GhHost) b = NULL;
  g_autoptr (GhMigratePlan) plan = NULL;
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  if (!open_pair ())
    return;
  iso = g_build_filename (gh_lab_get_folder (pair.a), "img", "cd.iso", NULL);
  g_assert_true (g_file_set_contents (iso, "nothing of value", -1, NULL));
  devices = g_strdup_printf ("<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>"
                             "<source file='%s'/><target dev='sda' bus='sata'/><readonly/></disk>",
                             iso);
  start_guest (devices);
  /* Both hosts see the same files here: missing there is missing at all. */
  g_unlink (iso);
  remove_pools (pair.b);

  a = connect_host (pair.a_uri);
  b = connect_host (pair.b_uri);
  plan = gh_migrate_plan_new (gh_host_find_machine (a, "web"), b);
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_COPIED);
  fix (GH_PLAN (plan), "medium-missing");
  fix (GH_PLAN (plan), "pool-missing");
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), <, GH_CHECK_WARNING);
  gh_plan_run_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  gh_plan_run_finish (GH_PLAN (plan), gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  assert_only_at (pair.b, pair.a);
  xml = dup_xml (pair.b, "web", 0);
  g_assert_null (strstr (xml, "cd.iso"));
  g_assert_nonnull (strstr (xml, "dev='sda'"));
  gh_host_disconnect (a);
  gh_host_disconnect (b);
}

/* One that is refused does not stop the others; then the rest goes too. */
static void
test_several (void)
{
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) rest = NULL;
  virDomainPtr domain = NULL;

  if (!open_pair ())
    return;
  define (pair.a, "one");
  define (pair.a, "two");
  define (pair.a, "three");
  define (pair.b, "two");
  start (pair.a, "one");
  start (pair.a, "two");
  start (pair.a, "three");
  run = gh_lab_run (pair.a, "-c", pair.a_uri, "migrate", "one", "two", "three", pair.b_uri, "--yes",
                    "--json", NULL);
  gh_lab_assert_status (run, 3);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (
                                             json_node_get_object (run->json), "plans")), ==, 3);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "one"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "three"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "two"), ==, VIR_DOMAIN_RUNNING);

  domain = virDomainLookupByName (gh_lab_connect (pair.b), "two");
  virDomainUndefine (domain);
  virDomainFree (domain);
  rest = gh_lab_run (pair.a, "-c", pair.a_uri, "empty-host", pair.b_uri, "--yes", "--json", NULL);
  gh_lab_assert_status (rest, 0);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "two"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "two"), ==, -1);
}

/* Firmware variables and the TPM's state go with it. */
static void
test_uefi_tpm (void)
{
  static const char xml[] =
    "<domain type='qemu'><name>web</name><memory unit='MiB'>64</memory>"
    "<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type>"
    "<firmware><feature enabled='no' name='secure-boot'/></firmware></os>"
    "<features><acpi/></features><devices><tpm model='tpm-crb'><backend type='emulator' "
    "version='2.0'/></tpm></devices></domain>";
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *moved = NULL;
  virDomainPtr domain = NULL;

  if (!open_pair ())
    return;
  domain = virDomainDefineXML (gh_lab_connect (pair.a), xml);
  if (domain == NULL || virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
  run = move_to_b (NULL);
  gh_lab_assert_status (run, 0);
  assert_only_at (pair.b, pair.a);
  moved = dup_xml (pair.b, "web", 0);
  g_assert_nonnull (strstr (moved, gh_lab_get_folder (pair.b)));
  g_assert_null (strstr (moved, gh_lab_get_folder (pair.a)));
  g_assert_true (has_line (pair.b, "file .config/libvirt/qemu/nvram/web_VARS.fd"));
}

/* The hosts by themselves, and through one connection. */
static void
test_routes (void)
{
  g_autoptr (GhLabRun) peer = NULL;
  g_autoptr (GhLabRun) refused = NULL;
  g_autoptr (GhLabRun) tunnel = NULL;

  if (!open_pair ())
    return;
  start_guest (NULL);
  peer = move_to_b ("--route", "peer", "--copy-storage", NULL);
  gh_lab_assert_status (peer, 0);
  assert_only_at (pair.b, pair.a);
  refused = gh_lab_run (pair.b, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--preset",
                        "one-port", "--copy-storage", "--yes", "--json", NULL);
  gh_lab_assert_status (refused, 3);
  g_assert_true (gh_lab_run_has_check (refused, "options", "refusal"));
  tunnel = gh_lab_run (pair.b, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--preset",
                       "one-port", "--yes", "--json", NULL);
  gh_lab_assert_status (tunnel, 0);
  assert_only_at (pair.a, pair.b);
}

/* A guest that rewrites its memory as fast as it is sent: it is told, and pausing it ends that. */
static void
test_stuck (void)
{
  g_autoptr (GhLabRun) run = NULL;

  if (!open_pair ())
    return;
  start_guest (NULL);
  {
    g_autoptr (GhLabSerial) serial = gh_lab_serial_open (pair.a, "web");

    gh_lab_serial_write (serial, "\n");
    g_assert_true (gh_lab_serial_wait (serial, "tiny:", 60));
    gh_lab_serial_command (serial, "dd if=/dev/urandom of=/tmp/a bs=1M count=12 2>/dev/null; "
                           "(while :; do cat /tmp/a >/tmp/b; done) & echo be''gun", "begun");
  }
  run = move_to_b ("--bandwidth", "16", "--no-auto-converge", "--if-stuck", "pause", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_nonnull (strstr (run->err, "not coming to an end"));
  /* It goes on when it has arrived. */
  assert_only_at (pair.b, pair.a);
}

int
main (int    argc,
      char **argv)
{
  int status = 0;

  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();
  g_test_add_func ("/lab/migrate/both-ways", test_both_ways);
  g_test_add_func ("/lab/migrate/copy-storage", test_copy_storage);
  g_test_add_func ("/lab/migrate/temporary", test_temporary);
  g_test_add_func ("/lab/migrate/rehearse", test_rehearse);
  g_test_add_func ("/lab/migrate/refused", test_refused);
  g_test_add_func ("/lab/migrate/repaired", test_repaired);
  g_test_add_func ("/lab/migrate/several", test_several);
  g_test_add_func ("/lab/migrate/uefi-tpm", test_uefi_tpm);
  g_test_add_func ("/lab/migrate/routes", test_routes);
  g_test_add_func ("/lab/migrate/stuck", test_stuck);
  g_test_add_func ("/lab/migrate/cancel", test_cancel);
  g_test_add_func ("/lab/migrate/killed", test_killed);
  g_test_add_func ("/lab/migrate/killed-after", test_killed_after);
  g_test_add_func ("/lab/migrate/daemon-killed", test_daemon_killed);
  status = g_test_run ();
  /* A machine at one may have its disk at the other. */
  if (pair.a != NULL)
    {
      remove_machines (pair.a);
      remove_machines (pair.b);
    }
  g_clear_pointer (&pair.a, gh_lab_free);
  g_clear_pointer (&pair.b, gh_lab_free);
  g_free (pair.a_uri);
  g_free (pair.b_uri);
  return status;
}
