/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Machines that move between two real hosts while they run. After each test: where the machine is,
 * what is on both sides, and that what runs in the guest went on without a gap. */

#include "gh-lab-pair.h"

#include <glib/gstdio.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gh-lab-image.h"
#include "gh-lab-plan.h"
#include "gh-migrate-plan.h"
#include "gh-migration-facts.h"
#include "gh-start-guard.h"
#include "gh-test.h"
#include "gh-threads.h"

/* One pair for all tests: a daemon that starts reads what its QEMU can for seconds. */
static GhLabPair pair;

#define move_to_b(...) \
  gh_lab_run (pair.a, "-c", pair.a_uri, "migrate", "web", pair.b_uri, "--yes", "--json", \
              __VA_ARGS__)
#define begin_move(...) \
  gh_lab_spawn (pair.a, "-c", pair.a_uri, "migrate", "web", pair.b_uri, "--yes", "--json", \
                __VA_ARGS__)

/* There and back again, on a disk both see, each at its own path. */
static void
test_both_ways (void)
{
  g_autofree char *mount = NULL;
  g_autofree char *option = NULL;
  g_autofree char *option_back = NULL;
  g_autofree char *source = NULL;
  g_auto (GhLabInventory) before = { NULL };
  g_autoptr (GhLabRun) there = NULL;
  g_autoptr (GhLabRun) back = NULL;
  g_autofree char *xml = NULL;
  guint64 count = 0;
  guint64 later = 0;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_take_inventory (&pair, &before);
  gh_lab_pair_start_counter (&pair);
  count = gh_lab_pair_read_counter (pair.a);
  mount = g_build_filename (gh_lab_get_folder (pair.a), "mount", NULL);
  g_assert_cmpint (symlink ("img", mount), ==, 0);
  option = g_strdup_printf ("--disk-path=vda=%s/web.qcow2", mount);
  there = move_to_b (option, NULL);
  gh_lab_assert_status (there, 0);
  g_assert_cmpstr (gh_lab_run_get_outcome (there), ==, "done");
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  g_assert_true (gh_lab_pair_has_line (pair.b, "machine web"));
  g_assert_false (gh_lab_pair_has_line (pair.a, "machine web"));
  later = gh_lab_pair_read_counter (pair.b);
  g_assert_cmpuint (later, >, count);
  /* What we know of it travels with it. */
  xml = gh_lab_pair_dup_xml (pair.b, "web", VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (xml, "<guesthouse:note>kept</guesthouse:note>"));
  source = g_strdup_printf ("<source file='%s/web.qcow2'", mount);
  g_assert_nonnull (strstr (xml, source));

  option_back = g_strdup_printf ("--disk-path=vda=%s/img/web.qcow2", gh_lab_get_folder (pair.a));
  back = gh_lab_run (pair.b, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--yes", "--json",
                     option_back, NULL);
  gh_lab_assert_status (back, 0);
  gh_lab_pair_assert_only_at (pair.a, pair.b);
  g_assert_cmpuint (gh_lab_pair_read_counter (pair.a), >, later);
  g_assert_cmpint (g_unlink (mount), ==, 0);
  gh_lab_pair_assert_inventory (&pair, &before);
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

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_start_counter (&pair);
  count = gh_lab_pair_read_counter (pair.a);
  run = move_to_b ("--copy-storage", "--name", "web-b", "--disk-path=vda=web-b.qcow2", NULL);
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
  new = g_build_filename (gh_lab_get_folder (pair.b), "img", "web-b.qcow2", NULL);
  xml = gh_lab_pair_dup_xml (pair.b, "web-b", VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (xml, new));
  source = g_strdup_printf ("<source file='%s'", old);
  g_assert_null (strstr (xml, source));
  /* The old disk is kept, and nobody's; the machine remembers it. */
  g_assert_nonnull (strstr (xml, "<guesthouse:left"));
  g_assert_true (gh_lab_pair_has_line (pair.a, "volume default/web.qcow2"));
  {
    virDomainPtr domain = virDomainLookupByName (gh_lab_connect (pair.b), "web-b");

    g_assert_cmpint (virDomainDestroy (domain), ==, 0);
    virDomainFree (domain);
  }
  compared = gh_lab_pair_run_tool ("qemu-img", "compare", old, new, NULL);
  g_assert_nonnull (strstr (compared, "identical"));
  g_assert_cmpuint (get_disk_usage (new), <=, get_disk_usage (old) * 11 / 10);
}

/* A linked clone arrives as one whole disk, and what that takes was said before. */
static void
test_linked (void)
{
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *base = NULL;
  g_autofree char *top = NULL;
  g_autofree char *new = NULL;
  g_autofree char *devices = NULL;
  g_autofree char *compared = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  base = g_build_filename (gh_lab_get_folder (pair.a), "img", "base.qcow2", NULL);
  top = g_build_filename (gh_lab_get_folder (pair.a), "img", "top.qcow2", NULL);
  new = g_build_filename (gh_lab_get_folder (pair.b), "img", "top.qcow2", NULL);
  devices = g_strdup_printf ("<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
                             "<source file='%s'/><target dev='vdb' bus='virtio'/></disk>", top);
  g_free (gh_lab_pair_run_tool ("qemu-img", "create", "-f", "qcow2", base, "64M", NULL));
  g_free (gh_lab_pair_run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0xcd 1M 24M", base,
                                NULL));
  g_free (gh_lab_pair_run_tool ("qemu-img", "create", "-f", "qcow2", "-b", base, "-F", "qcow2", top,
                                NULL));
  g_free (gh_lab_pair_run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0xef 20M 8M", top, NULL));
  gh_lab_pair_start_guest (&pair, devices);
  run = move_to_b ("--copy-storage", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "chain-flattened", "note"));
  g_assert_nonnull (strstr (run->out, "of up to "));
  /* That would be the overlay alone. */
  g_assert_null (strstr (run->out, "of up to 8."));
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  gh_lab_pair_set_off (pair.b);
  gh_lab_assert_backing (new, NULL, NULL);
  compared = gh_lab_pair_run_tool ("qemu-img", "compare", top, new, NULL);
  g_assert_nonnull (strstr (compared, "identical"));
  g_assert_cmpuint (get_disk_usage (new), >, get_disk_usage (top));
  g_assert_cmpuint (get_disk_usage (new), <=, get_disk_usage (top) + get_disk_usage (base));
}

/* While its own program is there, that one is asked what it offers. */
static void
assert_own_is_asked (const char *path)
{
  g_autoptr (GhHost) host = gh_lab_plan_connect (pair.b_uri);
  g_autoptr (GhMigrationTarget) target = NULL;
  g_autofree char *xml = gh_lab_pair_dup_xml (pair.a, "web", 0);
  g_autofree char *element = g_strdup_printf ("<path>%s</path>", path);
  g_autoptr (GError) error = NULL;
  g_auto (GhTestCall) call = { 0 };

  gh_host_load_migration_target_async (host, "6d6f7665-0000-4000-8000-000000000001", "web", xml, 0,
                                       NULL, gh_test_call_cb, &call);
  target = gh_host_load_migration_target_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (target->machine_error, ==, NULL);
  g_assert_cmpstr (target->emulator, ==, NULL);
  g_assert_nonnull (strstr (target->offer, element));
  gh_host_disconnect (host);
}

/* The program that runs it is called otherwise there; and what its run shows is compared with what
 * the other host really offers. */
static void
test_emulator (void)
{
  static const char * const absent[] = {
    "display", "video", "device-kind", "secure-boot", "loader", "tsc-unset", "memory-module",
    "video-3d", "security-label",
  };
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *path = NULL;
  g_autofree char *real = g_find_program_in_path ("qemu-system-x86_64");
  g_autofree char *devices = NULL;
  g_autofree char *xml = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  path = g_build_filename (gh_lab_get_folder (pair.a), "qemu-of-a", NULL);
  g_assert_cmpint (symlink (real, path), ==, 0);
  devices = g_strdup_printf ("<emulator>%s</emulator><graphics type='vnc'/><interface type='user'/>"
                             "<channel type='unix'><target type='virtio' name='org.qemu.x.0'/>"
                             "</channel><rng model='virtio'><backend model='random'>/dev/urandom"
                             "</backend></rng>", path);
  gh_lab_pair_start_guest (&pair, devices);
  assert_own_is_asked (path);
  g_assert_cmpint (g_unlink (path), ==, 0);
  run = move_to_b (NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "emulator", "note"));
  g_assert_true (gh_lab_run_has_check (run, "host-path", "note"));
  g_assert_true (gh_lab_run_has_check (run, "user-network", "note"));
  for (guint i = 0; i < G_N_ELEMENTS (absent); i++)
    for (guint level = 0; level < 2; level++)
      g_assert_false (gh_lab_run_has_check (run, absent[i], level ? "warning" : "refusal"));
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  xml = gh_lab_pair_dup_xml (pair.b, "web", VIR_DOMAIN_XML_INACTIVE);
  g_assert_null (strstr (xml, "qemu-of-a"));
}

/* One that does not come up there, as by an older version: what it says is in the message and in
 * its log, which is read here, but for what may be a secret. */
static void
assert_end_is_told (const char *path)
{
  static const char script[] = "#!/bin/sh\n"
                               "for word; do test \"$word\" != -incoming || {\n"
                               "  printf 'qemu: one of another kind\\nqemu: its secret is abc\\n"
                               "qemu: no version for this\\n' >&2\n"
                               "  exit 1; }; done\n"
                               "exec qemu-system-x86_64 \"$@\"\n";
  g_autofree char *cache = g_build_filename (gh_lab_get_folder (pair.b), ".cache", NULL);
  g_autofree char *end = g_strdup_printf ("  The end of %s/libvirt/qemu/log/web.log:\n"
                                          "  qemu: one of another kind\n"
                                          "  qemu: no version for this\n", cache);
  g_autoptr (GhLabRun) run = NULL;
  JsonObject *log = NULL;

  g_assert_true (g_file_set_contents_full (path, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  gh_lab_set_env (pair.a, "XDG_CACHE_HOME", cache);
  run = move_to_b ("--copy-storage", NULL);
  gh_lab_set_env (pair.a, "XDG_CACHE_HOME", NULL);
  gh_lab_assert_status (run, 1);
  g_test_message ("%s", run->err);
  g_assert_nonnull (strstr (run->err, "The machine's QEMU ended; "));
  g_assert_nonnull (strstr (run->err, "/var/log/libvirt/qemu"));
  g_assert_nonnull (strstr (run->err, end));
  log = json_object_get_object_member (json_node_get_object (run->json), "log");
  g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (log, "lines"), 0),
                   ==, "qemu: one of another kind");
  gh_lab_pair_assert_only_at (pair.a, pair.b);
}

/* No file there may grow past a few MiB: a QEMU that is told so by an error, as by a disk that is
 * full, in the middle of the copying. */
static void
test_full (void)
{
  static const char script[] = "#!/bin/sh\ntrap '' XFSZ\nexec qemu-system-x86_64 \"$@\"\n";
  g_auto (GhLabInventory) before = { NULL };
  struct rlimit limit = { 4 * 1024 * 1024, RLIM_INFINITY };
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *path = NULL;
  g_autofree char *devices = NULL;
  guint64 count = 0;

  if (!gh_lab_pair_open (&pair))
    return;
  path = g_build_filename (gh_lab_get_folder (pair.a), "deaf-qemu", NULL);
  g_assert_true (g_file_set_contents_full (path, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  devices = g_strdup_printf ("<emulator>%s</emulator>", path);
  gh_lab_pair_start_guest (&pair, devices);
  gh_lab_pair_start_counter (&pair);
  gh_lab_pair_take_inventory (&pair, &before);
  count = gh_lab_pair_read_counter (pair.a);
  g_assert_no_errno (prlimit (gh_lab_get_daemon_pid (pair.b), RLIMIT_FSIZE, &limit, NULL));
  run = move_to_b ("--copy-storage", NULL);
  limit.rlim_cur = RLIM_INFINITY;
  g_assert_no_errno (prlimit (gh_lab_get_daemon_pid (pair.b), RLIMIT_FSIZE, &limit, NULL));
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  g_assert_nonnull (strstr (run->err, "There is no space left at "));
  g_assert_nonnull (strstr (run->err, "\n  This failed: Moving “web”, at "));
  g_assert_nonnull (strstr (run->err, "No space left on device\n"));
  gh_lab_pair_assert_only_at (pair.a, pair.b);
  g_assert_cmpuint (gh_lab_pair_read_counter (pair.a), >, count);
  gh_lab_pair_assert_inventory (&pair, &before);
  assert_end_is_told (path);
}

static void
test_temporary (void)
{
  g_auto (GhLabInventory) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_take_inventory (&pair, &before);
  run = move_to_b ("--temporary", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "temporary", "warning"));
  gh_lab_pair_assert_at (pair.b, pair.a);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "web"), ==, VIR_DOMAIN_SHUTOFF);
  /* While it runs there, what is here cannot be started. */
  for (guint off = 0; off < 2; off++)
    {
      g_autoptr (GhHosts) hosts = gh_hosts_new ();
      GhHost *a = gh_lab_plan_connect (pair.a_uri);
      GhHost *b = gh_lab_plan_connect (pair.b_uri);
      g_auto (GhTestCall) call = { 0 };
      g_autoptr (GError) error = NULL;
      GhMachine *machine = gh_host_find_machine (a, "web");

      gh_hosts_take (hosts, a);
      gh_hosts_take (hosts, b);
      gh_start_guard_set_hosts (hosts);
      gh_machine_run_action_async (machine, GH_MACHINE_START, NULL, gh_test_call_cb, &call);
      g_assert_cmpint (gh_machine_run_action_finish (machine, gh_test_call_wait (&call), &error),
                       ==, off);
      if (!off)
        {
          g_assert_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_ELSEWHERE);
          gh_lab_pair_set_off (pair.b);
        }
      gh_start_guard_set_hosts (NULL);
      gh_host_disconnect (a);
      gh_host_disconnect (b);
    }
  gh_lab_pair_assert_inventory (&pair, &before);
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

/* By the program at A, which knows where the machine went. */
#define move_back(...) \
  gh_lab_run (pair.a, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--yes", "--json", \
              __VA_ARGS__)

/* A copy comes back, after a try that is cancelled: the definition is there once and as it was, and
 * nobody is asked any more whether it may be started. */
static void
test_comes_back (void)
{
  g_auto (GhLabInventory) away = { NULL };
  g_autoptr (GhLabRun) there = NULL;
  g_autoptr (GhLabRun) cancelled = NULL;
  g_autoptr (GhLabRun) back = NULL;
  g_autoptr (GhLabRun) start = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  GhLabPair other;
  GhLabChild *child = NULL;
  guint64 count = 0;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_start_counter (&pair);
  before = gh_lab_pair_dup_xml (pair.a, "web", VIR_DOMAIN_XML_INACTIVE);
  there = move_to_b ("--temporary", NULL);
  gh_lab_assert_status (there, 0);
  count = gh_lab_pair_read_counter (pair.b);
  gh_lab_pair_take_inventory (&pair, &away);
  child = gh_lab_spawn (pair.a, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--yes", "--json",
                        "--bandwidth", "1", NULL);
  other = pair;
  other.a = pair.b;
  other.b = pair.a;
  gh_lab_pair_wait_for_phase (&other, child, FALSE);
  gh_lab_child_signal (child, SIGINT);
  cancelled = gh_lab_child_wait (child);
  gh_lab_assert_status (cancelled, 1);
  gh_lab_pair_assert_at (pair.b, pair.a);
  gh_lab_pair_assert_inventory (&pair, &away);

  back = move_back (NULL);
  gh_lab_assert_status (back, 0);
  g_assert_true (gh_lab_run_has_check (back, "returns", "ok"));
  g_assert_false (gh_lab_run_has_check (back, "definition-disks", "warning"));
  gh_lab_pair_assert_only_at (pair.a, pair.b);
  g_assert_cmpuint (gh_lab_pair_read_counter (pair.a), >, count);
  after = gh_lab_pair_dup_xml (pair.a, "web", VIR_DOMAIN_XML_INACTIVE);
  g_assert_cmpstr (after, ==, before);
  gh_lab_pair_set_off (pair.a);
  gh_lab_signal_daemon (pair.b, SIGSTOP);
  start = gh_lab_run (pair.a, "-c", pair.a_uri, "start", "web", "--json", NULL);
  gh_lab_signal_daemon (pair.b, SIGCONT);
  gh_lab_assert_status (start, 0);
}

/* With its disk: the old one here is out of date by then. It is not written over, the definition
 * gets the new one, and what was left on both sides can be removed. */
static void
test_comes_back_with_disk (void)
{
  g_autofree char *old = NULL;
  g_autofree char *new = NULL;
  g_autofree char *away = NULL;
  g_autofree char *compared = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (GhLabRun) there = NULL;
  g_autoptr (GhLabRun) back = NULL;
  GStatBuf before;
  GStatBuf after;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  old = g_build_filename (gh_lab_get_folder (pair.a), "img", "web.qcow2", NULL);
  new = g_build_filename (gh_lab_get_folder (pair.a), "img", "web-2.qcow2", NULL);
  away = g_build_filename (gh_lab_get_folder (pair.b), "img", "web.qcow2", NULL);
  there = move_to_b ("--temporary", "--copy-storage", NULL);
  gh_lab_assert_status (there, 0);
  g_assert_cmpint (g_stat (old, &before), ==, 0);
  back = move_back ("--copy-storage", NULL);
  gh_lab_assert_status (back, 0);
  g_assert_true (gh_lab_run_has_check (back, "definition-disks", "warning"));
  gh_lab_pair_assert_only_at (pair.a, pair.b);
  g_assert_cmpint (g_stat (old, &after), ==, 0);
  g_assert_cmpint (before.st_mtim.tv_sec, ==, after.st_mtim.tv_sec);
  g_assert_cmpint (before.st_mtim.tv_nsec, ==, after.st_mtim.tv_nsec);
  xml = gh_lab_pair_dup_xml (pair.a, "web", VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (xml, "/img/web-2.qcow2'/>"));
  g_assert_nonnull (strstr (xml, "<guesthouse:note>kept</guesthouse:note>"));
  gh_lab_pair_set_off (pair.a);
  compared = gh_lab_pair_run_tool ("qemu-img", "compare", away, new, NULL);
  g_assert_nonnull (strstr (compared, "identical"));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GhLabRun) run = gh_lab_run (pair.a, "-c", pair.a_uri, "remove-left", "web",
                                             i == 0 ? pair.a_uri : pair.b_uri, "--yes", "--json",
                                             NULL);

      gh_lab_assert_status (run, 0);
      g_assert_false (g_file_test (i == 0 ? old : away, G_FILE_TEST_EXISTS));
    }
  start (pair.a, "web");
}

/* Whether the host starts it by itself; -1: it does not have it. */
static int
get_autostart (GhLab *lab)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");
  int autostart = -1;

  if (domain == NULL)
    return -1;
  virDomainGetAutostart (domain, &autostart);
  virDomainFree (domain);
  return autostart;
}

/* One host at most starts it by itself: the one it belongs to, however the move ends. */
static void
test_autostart (void)
{
  g_autoptr (GhLabRun) failed = NULL;
  g_autoptr (GhLabRun) away = NULL;
  g_autoptr (GhLabRun) back = NULL;
  g_autoptr (GhLabRun) killed = NULL;
  g_autoptr (GhLabRun) undo = NULL;
  g_autoptr (GhLabRun) off = NULL;
  g_autofree char *xml = NULL;
  virDomainPtr domain = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  domain = virDomainLookupByName (gh_lab_connect (pair.a), "web");
  g_assert_cmpint (virDomainSetAutostart (domain, 1), ==, 0);
  virDomainFree (domain);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", "domain-migrate:fail=38");
  failed = move_to_b ("--temporary", NULL);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
  gh_lab_assert_status (failed, 1);
  g_assert_cmpint (get_autostart (pair.a), ==, 1);

  away = move_to_b ("--temporary", NULL);
  gh_lab_assert_status (away, 0);
  g_assert_true (gh_lab_run_has_check (away, "autostart-off", "warning"));
  g_assert_cmpint (get_autostart (pair.a), ==, 0);
  back = move_back (NULL);
  gh_lab_assert_status (back, 0);
  g_assert_cmpint (get_autostart (pair.a), ==, 1);
  xml = gh_lab_pair_dup_xml (pair.a, "web", 0);
  g_assert_null (strstr (xml, "guesthouse:away"));

  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", "plan-step-migrate-before:kill");
  killed = move_to_b (NULL);
  g_assert_cmpint (killed->status, ==, 128 + SIGKILL);
  g_assert_cmpint (get_autostart (pair.a), ==, 0);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
  undo = gh_lab_run (pair.a, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  g_assert_cmpint (get_autostart (pair.a), ==, 1);
  g_clear_pointer (&killed, gh_lab_run_free);
  g_clear_pointer (&undo, gh_lab_run_free);

  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", "plan-step-migrate-after:kill");
  killed = move_to_b (NULL);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
  g_assert_cmpint (killed->status, ==, 128 + SIGKILL);
  undo = gh_lab_run (pair.a, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  g_assert_cmpint (get_autostart (pair.a), ==, -1);
  g_assert_cmpint (get_autostart (pair.b), ==, 1);

  gh_lab_pair_set_off (pair.b);
  off = move_back ("--offline", NULL);
  gh_lab_assert_status (off, 0);
  g_assert_true (gh_lab_run_has_check (off, "autostart-moves", "note"));
  g_assert_cmpint (get_autostart (pair.a), ==, 1);
  g_assert_cmpint (get_autostart (pair.b), ==, -1);
}

/* Looks, and changes nothing. */
static void
test_rehearse (void)
{
  g_auto (GhLabInventory) before = { NULL };
  g_autoptr (GhLabRun) shared = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) same = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_take_inventory (&pair, &before);
  shared = move_to_b ("--rehearse", NULL);
  gh_lab_assert_status (shared, 0);
  g_assert_true (gh_lab_run_has_check (shared, "disk-shared", "ok"));
  g_assert_false (gh_lab_run_has_check (shared, "disk-copied", "ok"));
  run = move_to_b ("--rehearse", "--copy-storage", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "estimate", "note"));
  g_assert_true (gh_lab_run_has_check (run, "cpu-fits", "ok"));
  g_assert_true (gh_lab_run_has_check (run, "disk-copied", "ok"));
  g_assert_true (gh_lab_run_has_check (run, "source-disks-kept", "note"));
  gh_lab_pair_assert_inventory (&pair, &before);
  gh_lab_pair_assert_only_at (pair.a, pair.b);
  same = gh_lab_run (pair.a, "-c", pair.a_uri, "migrate", "web", pair.a_uri, "--json", NULL);
  gh_lab_assert_status (same, 3);
}

/* Ended in the middle */

/* Ctrl+C: in under a second it is asked for; the machine goes on here, and there is nothing. */
static void
test_cancel (void)
{
  for (guint disks = 0; disks < 2; disks++)
    {
      g_auto (GhLabInventory) before = { NULL };
      g_autoptr (GhLabRun) run = NULL;
      GhLabChild *child = NULL;
      guint64 count = 0;
      gint64 asked = 0;

      if (!gh_lab_pair_open (&pair))
        return;
      gh_lab_pair_start_guest (&pair, NULL);
      gh_lab_pair_start_counter (&pair);
      gh_lab_pair_take_inventory (&pair, &before);
      count = gh_lab_pair_read_counter (pair.a);
      child = disks ? begin_move ("--copy-storage", "--bandwidth", "1", NULL)
                    : begin_move ("--bandwidth", "1", NULL);
      gh_lab_pair_wait_for_phase (&pair, child, disks);
      asked = g_get_monotonic_time ();
      gh_lab_child_signal (child, SIGINT);
      run = gh_lab_child_wait (child);
      g_test_message ("cancelled after %.1f s", (double) (g_get_monotonic_time () - asked) / 1e6);
      gh_lab_assert_status (run, 1);
      g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
      gh_lab_pair_assert_only_at (pair.a, pair.b);
      g_assert_cmpuint (gh_lab_pair_read_counter (pair.a), >, count);
      gh_lab_pair_assert_inventory (&pair, &before);
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
  g_auto (GhLabInventory) before = { NULL };

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_start_counter (&pair);
  gh_lab_pair_take_inventory (&pair, &before);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      guint64 count = gh_lab_pair_read_counter (pair.a);
      g_autoptr (GhLabRun) run = NULL;
      GhLabChild *child = NULL;

      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", faults[i]);
      child = begin_move ("--copy-storage", "--bandwidth", "1", NULL);
      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
      if (faults[i] == NULL)
        {
          gh_lab_pair_wait_for_phase (&pair, child, TRUE);
          gh_lab_child_signal (child, SIGKILL);
        }
      run = gh_lab_child_wait (child);
      g_assert_cmpint (run->status, ==, 128 + SIGKILL);
      g_assert_cmpuint (count_interrupted (), ==, 1);
      undo_all ();
      g_assert_true (gh_lab_wait (60, has_settled, NULL));
      gh_lab_pair_assert_only_at (pair.a, pair.b);
      g_assert_cmpuint (gh_lab_pair_read_counter (pair.a), >, count);
      gh_lab_pair_assert_inventory (&pair, &before);
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

      if (!gh_lab_pair_open (&pair))
        return;
      gh_lab_pair_start_guest (&pair, NULL);
      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", faults[i]);
      run = move_to_b ("--copy-storage", NULL);
      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
      g_assert_cmpint (run->status, ==, 128 + SIGKILL);
      gh_lab_pair_assert_only_at (pair.b, pair.a);
      look = gh_lab_run (pair.a, "undo", "--all", "--dry-run", "--json", NULL);
      gh_lab_assert_status (look, 0);
      g_assert_nonnull (strstr (look->out, "\"has-moved\""));
      g_assert_null (strstr (look->out, "\"kind\" : \"undo\""));
      undo_all ();
      gh_lab_pair_assert_only_at (pair.b, pair.a);
      g_assert_true (gh_lab_pair_has_line (pair.b, "volume default/web.qcow2"));
    }
}

/* A daemon dies in the middle. The guest is QEMU's, and goes on. */
static void
test_daemon_killed (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto (GhLabInventory) before = { NULL };
      g_autoptr (GhLabRun) run = NULL;
      GhLabChild *child = NULL;
      guint64 count = 0;

      if (!gh_lab_pair_open (&pair))
        return;
      gh_lab_pair_start_guest (&pair, NULL);
      gh_lab_pair_start_counter (&pair);
      gh_lab_pair_take_inventory (&pair, &before);
      count = gh_lab_pair_read_counter (pair.a);
      child = begin_move ("--copy-storage", "--bandwidth", "1", NULL);
      gh_lab_pair_wait_for_phase (&pair, child, TRUE);
      gh_lab_kill_daemon (i == 0 ? pair.b : pair.a);
      gh_lab_start_daemon (i == 0 ? pair.b : pair.a);
      run = gh_lab_child_wait (child);
      g_test_message ("%s\n%s", run->out, run->err);
      g_assert_cmpint (run->status, !=, 0);
      if (count_interrupted () > 0)
        undo_all ();
      g_assert_true (gh_lab_wait (60, has_settled, NULL));
      gh_lab_pair_assert_only_at (pair.a, pair.b);
      g_assert_cmpuint (gh_lab_pair_read_counter (pair.a), >, count);
      gh_lab_pair_assert_inventory (&pair, &before);
    }
}

/* A second copy */

static void
assert_refused (const char *verb,
                const char *check,
                const char *words)
{
  g_autoptr (GhLabRun) run = gh_lab_run (pair.a, "-c", pair.a_uri, verb, "web", "--yes", "--json",
                                         NULL);

  gh_lab_assert_status (run, 3);
  g_assert_true (gh_lab_run_has_check (run, check, "refusal"));
  if (strstr (run->err, words) == NULL)
    g_error ("“%s” is not in: %s", words, run->err);
}

static void
assert_runs (const char *uri,
             const char *verb,
             const char *option) /* nullable */
{
  g_autoptr (GhLabRun) run = gh_lab_run (pair.a, "-c", uri, verb, "web", "--json", option, NULL);

  gh_lab_assert_status (run, 0);
}

/* A daemon that has just come back may be busy with finding its machines again. */
static gboolean
is_off_there (gpointer data)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (pair.b), "web");

  if (domain == NULL)
    return TRUE;
  virDomainDestroy (domain);
  virDomainFree (domain);
  return FALSE;
}

static char *
dup_trace_path (const char *uuid)
{
  g_auto (GStrv) environ = gh_lab_dup_environ (pair.a);
  const char *state = g_environ_getenv (environ, "XDG_STATE_HOME");

  return state != NULL
         ? g_build_filename (state, "guesthouse", "moved", uuid, NULL)
         : g_build_filename (g_environ_getenv (environ, "HOME"), ".local", "state", "guesthouse",
                             "moved", uuid, NULL);
}

/* Killed when the guest had gone on there, the definition being still here: whatever the other side
 * is like, no second one is started from the command line, until there is none. */
static void
test_second_copy (void)
{
  g_autoptr (GhLabRun) run = NULL;
  virDomainPtr here = NULL;
  virDomainPtr there = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", "plan-step-migrate-after:kill");
  run = move_to_b ("--copy-storage", "--temporary", NULL);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
  g_assert_cmpint (run->status, ==, 128 + SIGKILL);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "web"), ==, VIR_DOMAIN_SHUTOFF);
  assert_refused ("start", "runs-elsewhere", "runs at");
  there = virDomainLookupByName (gh_lab_connect (pair.b), "web");
  g_assert_cmpint (virDomainSuspend (there), ==, 0);
  assert_refused ("start", "runs-elsewhere", "is paused at");
  g_assert_cmpint (virDomainResume (there), ==, 0);
  virDomainFree (there);
  /* A daemon that answers nothing, and one that is not there. */
  gh_lab_signal_daemon (pair.b, SIGSTOP);
  assert_refused ("start", "may-run-elsewhere", "It has not answered");
  gh_lab_kill_daemon (pair.b);
  assert_refused ("start", "may-run-elsewhere", "a move of it was interrupted");
  assert_runs (pair.a_uri, "start", "--even-in-doubt");
  /* What is paused here does not go on either. */
  here = virDomainLookupByName (gh_lab_connect (pair.a), "web");
  g_assert_cmpint (virDomainSuspend (here), ==, 0);
  assert_refused ("resume", "may-run-elsewhere", "what is paused here is a remainder");
  gh_lab_start_daemon (pair.b);
  assert_refused ("resume", "runs-elsewhere", "runs at");
  g_assert_cmpint (virDomainDestroy (here), ==, 0);
  virDomainFree (here);
  g_assert_true (gh_lab_wait (60, is_off_there, NULL));
  assert_runs (pair.a_uri, "start", NULL);
  undo_all ();
  gh_lab_pair_assert_only_at (pair.a, pair.b);
}

/* The same after a move that came to its end: of a copy, whose definition stays, and of one that
 * comes back. Where it has moved to, nobody is asked. */
static void
test_second_copy_later (void)
{
  g_autofree char *uuid = NULL;
  g_autofree char *trace = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (GhLabRun) copy = NULL;
  g_autoptr (GhLabRun) move = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  uuid = gh_lab_dup_machine_uuid (pair.a, "web");
  trace = dup_trace_path (uuid);
  xml = gh_lab_pair_dup_xml (pair.a, "web", VIR_DOMAIN_XML_INACTIVE);
  copy = move_to_b ("--copy-storage", "--temporary", NULL);
  gh_lab_assert_status (copy, 0);
  g_assert_true (g_file_test (trace, G_FILE_TEST_EXISTS));
  assert_refused ("start", "runs-elsewhere", "Use it there");
  gh_lab_pair_set_off (pair.b);
  assert_runs (pair.a_uri, "start", NULL);
  g_assert_false (g_file_test (trace, G_FILE_TEST_EXISTS));

  move = gh_lab_run (pair.a, "-c", pair.a_uri, "migrate", "web", pair.b_uri, "--yes", "--json",
                     NULL);
  gh_lab_assert_status (move, 0);
  virDomainFree (virDomainDefineXML (gh_lab_connect (pair.a), xml));
  assert_refused ("start", "runs-elsewhere", "Use it there");
  gh_lab_pair_set_off (pair.b);
  gh_lab_signal_daemon (pair.a, SIGSTOP);
  assert_runs (pair.b_uri, "start", NULL);
  gh_lab_signal_daemon (pair.a, SIGCONT);
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
test_refused (void)
{
  g_auto (GhLabInventory) before = { NULL };
  g_autoptr (GhLabRun) taken = NULL;
  g_autoptr (GhLabRun) renamed = NULL;
  g_autoptr (GhLabRun) snapshot = NULL;
  g_autoptr (GhLabRun) stray = NULL;
  g_autoptr (GhLabRun) options = NULL;
  virDomainPtr domain = NULL;
  virDomainSnapshotPtr made = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  define (pair.b, "web");
  gh_lab_pair_take_inventory (&pair, &before);
  taken = move_to_b (NULL);
  gh_lab_assert_status (taken, 3);
  g_assert_true (gh_lab_run_has_check (taken, "name-taken", "refusal"));
  /* Options that name nothing are no options: nothing is looked at further. */
  stray = move_to_b ("--name", "web-2", "--disk", "vdz=shared", NULL);
  gh_lab_assert_status (stray, 2);
  g_assert_nonnull (strstr (stray->err, "no disk “vdz”"));
  g_clear_pointer (&stray, gh_lab_run_free);
  stray = move_to_b ("--name", "web-2", "--network", "nix=foo", NULL);
  gh_lab_assert_status (stray, 2);
  g_assert_nonnull (strstr (stray->err, "bridge or interface “nix”"));
  g_clear_pointer (&stray, gh_lab_run_free);
  stray = move_to_b ("--name", "web-2", "--drop-device", "PCI 0000:01:00.0", NULL);
  gh_lab_assert_status (stray, 2);
  g_assert_nonnull (strstr (stray->err, "no device “PCI 0000:01:00.0”"));
  renamed = move_to_b ("--name", "web-2", "--rehearse", NULL);
  gh_lab_assert_status (renamed, 0);
  options = move_to_b ("--name", "web-2", "--parallel", "--post-copy", NULL);
  gh_lab_assert_status (options, 3);
  g_assert_true (gh_lab_run_has_check (options, "options", "refusal"));
  gh_lab_pair_assert_inventory (&pair, &before);

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

/* Prepares, finds the refusal, repairs it, and does not find it any more. */
static void
fix (GhPlan     *plan,
     const char *id)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GhCheck) check = NULL;
  GError *error = NULL;

  gh_lab_plan_prepare (plan);
  check = find_check (plan, id);
  g_assert_nonnull (check);
  g_object_ref (check);
  g_assert_cmpint (gh_check_get_level (check), ==, GH_CHECK_REFUSAL);
  g_assert_nonnull (gh_check_get_fix_label (check));
  gh_check_fix_async (check, NULL, gh_test_call_cb, &call);
  gh_check_fix_finish (check, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  gh_lab_plan_prepare (plan);
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

  if (!gh_lab_pair_open (&pair))
    return;
  iso = g_build_filename (gh_lab_get_folder (pair.a), "img", "cd.iso", NULL);
  g_assert_true (g_file_set_contents (iso, "nothing of value", -1, NULL));
  devices = g_strdup_printf ("<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>"
                             "<source file='%s'/><target dev='sda' bus='sata'/><readonly/></disk>",
                             iso);
  gh_lab_pair_start_guest (&pair, devices);
  /* Both hosts see the same files here: missing there is missing at all. */
  g_unlink (iso);
  gh_lab_pair_remove_pools (pair.b);

  a = gh_lab_plan_connect (pair.a_uri);
  b = gh_lab_plan_connect (pair.b_uri);
  plan = gh_migrate_plan_new (gh_host_find_machine (a, "web"), b);
  gh_migrate_plan_set_disk_mode (plan, "vda", GH_MIGRATE_DISK_COPIED);
  fix (GH_PLAN (plan), "medium-missing");
  fix (GH_PLAN (plan), "pool-missing");
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), <, GH_CHECK_WARNING);
  gh_plan_run_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  gh_plan_run_finish (GH_PLAN (plan), gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  xml = gh_lab_pair_dup_xml (pair.b, "web", 0);
  g_assert_null (strstr (xml, "cd.iso"));
  g_assert_nonnull (strstr (xml, "dev='sda'"));
  gh_host_disconnect (a);
  gh_host_disconnect (b);
}

/* CDs are compared by size and by how they begin, read through libvirt or as files. */
static void
test_media (void)
{
  static const char * const names[] = { "one.iso", "two.iso", "other.iso" };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;
  g_autoptr (GhHost) a = NULL;
  g_autoptr (GPtrArray) files = NULL;
  g_autofree char *medium = g_strnfill (300 * 1024, 'x');
  g_auto (GhTestCall) call = { 0 };
  virStoragePoolPtr pool = NULL;
  GError *error = NULL;
  gboolean known = FALSE;

  if (!gh_lab_pair_open (&pair))
    return;
  /* The second one is in no pool. */
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (gh_lab_get_folder (pair.a), i == 1 ? "" : "img",
                                                names[i], NULL);

      medium[200 * 1024] = i == 2 ? 'y' : 'x';
      g_assert_true (g_file_set_contents (path, medium, 300 * 1024, NULL));
      g_strv_builder_add (builder, path);
    }
  paths = g_strv_builder_end (builder);
  pool = virStoragePoolLookupByName (gh_lab_connect (pair.a), "default");
  g_assert_cmpint (virStoragePoolRefresh (pool, 0), ==, 0);
  virStoragePoolFree (pool);
  a = gh_lab_plan_connect (pair.a_uri);
  gh_host_load_migration_files_async (a, (const char * const *) paths,
                                      (const char * const *) paths, NULL, gh_test_call_cb, &call);
  files = gh_host_load_migration_files_finish (a, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_assert_nonnull (((GhMigrationFile *) files->pdata[0])->pool);
  g_assert_null (((GhMigrationFile *) files->pdata[1])->pool);
  g_assert_false (gh_migration_file_differs (files->pdata[0], files->pdata[1], &known));
  g_assert_true (known);
  g_assert_true (gh_migration_file_differs (files->pdata[0], files->pdata[2], &known));
  g_unlink (paths[1]);
  gh_host_disconnect (a);
}

/* Of one nobody says where it is when its move has failed: the other goes, and what the command
 * ends with tells that something is left. Undoing it later finds it here. */
static void
move_one_in_doubt (void)
{
  g_autoptr (GhLabRun) run = NULL;

  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS",
                  "domain-migrate:fail=38,times=1;domain-presence:fail=38,times=2");
  run = gh_lab_run (pair.a, "-c", pair.a_uri, "migrate", "doubted", "certain", pair.b_uri, "--yes",
                    "--json", NULL);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
  gh_lab_assert_status (run, 4);
  if (strstr (run->err, "“doubted” is in doubt: ") == NULL)
    g_error ("It is not said: %s\n%s", run->out, run->err);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "doubted"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "certain"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "certain"), ==, -1);
  g_assert_cmpuint (count_interrupted (), ==, 1);
  undo_all ();
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "doubted"), ==, VIR_DOMAIN_RUNNING);
}

/* One that is refused does not stop the others; then the rest goes too. */
static void
test_several (void)
{
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) rest = NULL;
  virDomainPtr domain = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  define (pair.a, "doubted");
  define (pair.a, "certain");
  start (pair.a, "doubted");
  start (pair.a, "certain");
  move_one_in_doubt ();
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
  g_assert_true (gh_lab_run_has_check (run, "can-be-moved/three", "ok"));
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "one"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "three"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "two"), ==, VIR_DOMAIN_RUNNING);

  domain = virDomainLookupByName (gh_lab_connect (pair.b), "two");
  virDomainUndefine (domain);
  virDomainFree (domain);
  /* What is off goes, too. */
  define (pair.a, "four");
  rest = gh_lab_run (pair.a, "-c", pair.a_uri, "empty-host", pair.b_uri, "--yes", "--json", NULL);
  gh_lab_assert_status (rest, 0);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "two"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "two"), ==, -1);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "four"), ==, VIR_DOMAIN_SHUTOFF);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "four"), ==, -1);
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
  g_autoptr (GhLabRun) removed = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *here = NULL;
  g_autofree char *moved = NULL;
  virDomainPtr domain = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  domain = virDomainDefineXML (gh_lab_connect (pair.a), xml);
  if (domain == NULL || virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
  run = move_to_b (NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "kept-at-source", "note"));
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  moved = gh_lab_pair_dup_xml (pair.b, "web", 0);
  g_assert_nonnull (strstr (moved, gh_lab_get_folder (pair.b)));
  here = g_strdup_printf (">%s", gh_lab_get_folder (pair.a));
  g_assert_null (strstr (moved, here));
  g_assert_true (gh_lab_pair_has_line (pair.b, "file .config/libvirt/qemu/nvram/web_VARS.fd"));
  /* What stays here of it can be removed. */
  g_assert_true (gh_lab_pair_has_line (pair.a, "file .config/libvirt/qemu/nvram/web_VARS.fd"));
  removed = gh_lab_run (pair.a, "-c", pair.b_uri, "remove-left", "web", pair.a_uri, "--yes",
                        "--json", NULL);
  gh_lab_assert_status (removed, 0);
  g_assert_false (gh_lab_pair_has_line (pair.a, "file .config/libvirt/qemu/nvram/web_VARS.fd"));
  g_assert_true (gh_lab_pair_has_line (pair.b, "file .config/libvirt/qemu/nvram/web_VARS.fd"));
  {
    g_auto (GStrv) lines = gh_lab_list_inventory (pair.a);

    for (guint i = 0; lines[i] != NULL; i++)
      g_assert_null (strstr (lines[i], "tpm2-00"));
  }
}

/* Encrypted disks */

#define SECRET "c7a5fdbd-edaf-9455-926a-d65c16db1809"
#define PHRASE "what nobody may read"

static void
define_secret (GhLab *lab)
{
  virSecretPtr secret = virSecretDefineXML (
    gh_lab_connect (lab), "<secret ephemeral='no' private='no'><uuid>" SECRET "</uuid>"
    "<usage type='volume'><volume>/of/web</volume></usage></secret>", 0);

  g_assert_nonnull (secret);
  g_assert_cmpint (virSecretSetValue (secret, (const unsigned char *) PHRASE, strlen (PHRASE), 0),
                   ==, 0);
  virSecretFree (secret);
}

/* (transfer full) (nullable) */
static char *
dup_secret (GhLab    *lab,
            gboolean  remove)
{
  virSecretPtr secret = virSecretLookupByUUIDString (gh_lab_connect (lab), SECRET);
  unsigned char *value = NULL;
  char *copy = NULL;
  size_t size = 0;

  if (secret == NULL)
    return NULL;
  value = virSecretGetValue (secret, &size, 0);
  copy = g_strndup ((char *) value, size);
  free (value);
  if (remove)
    g_assert_cmpint (virSecretUndefine (secret), ==, 0);
  virSecretFree (secret);
  return copy;
}

/* Opens an encrypted image by the phrase, and has qemu-io do something to it. */
static void
use_encrypted (GhLab      *lab,
               const char *name,
               const char *command)
{
  g_autofree char *phrase = gh_lab_dup_path (pair.a, "phrase");
  g_autofree char *object = g_strdup_printf ("secret,id=s,file=%s", phrase);
  g_autofree char *path = g_build_filename (gh_lab_get_folder (lab), "img", name, NULL);
  g_autofree char *image = g_str_has_suffix (name, ".qcow2")
                           ? g_strdup_printf ("driver=qcow2,encrypt.key-secret=s,file.filename=%s",
                                              path)
                           : g_strdup_printf ("driver=luks,key-secret=s,file.filename=%s", path);
  g_autofree char *said = gh_lab_pair_run_tool ("qemu-io", "--object", object, "--image-opts",
                                                "-c", command, image, NULL);

  g_assert_null (strstr (said, "failed"));
}

static char *
make_encrypted (const char *name,
                const char *target)
{
  gboolean is_qcow2 = g_str_has_suffix (name, ".qcow2");
  g_autofree char *phrase = gh_lab_dup_path (pair.a, "phrase");
  g_autofree char *object = g_strdup_printf ("secret,id=s,file=%s", phrase);
  g_autofree char *path = g_build_filename (gh_lab_get_folder (pair.a), "img", name, NULL);

  g_assert_true (g_file_set_contents (phrase, PHRASE, -1, NULL));
  g_free (gh_lab_pair_run_tool ("qemu-img", "create", "-f", is_qcow2 ? "qcow2" : "luks",
                                "--object", object, "-o",
                                is_qcow2 ? "encrypt.format=luks,encrypt.key-secret=s,"
                                           "encrypt.iter-time=10"
                                         : "key-secret=s,iter-time=10",
                                path, "4M", NULL));
  use_encrypted (pair.a, name, "write -P 0xcd 1M 1M");
  return g_strdup_printf ("<disk type='file' device='disk'><driver name='qemu' type='%s'/>"
                          "<source file='%s'><encryption format='luks'><secret type='passphrase' "
                          "uuid='" SECRET "'/></encryption></source>"
                          "<target dev='%s' bus='virtio'/></disk>", is_qcow2 ? "qcow2" : "raw",
                          path, target);
}

static void
assert_tells_no_secret (GhLabRun *run)
{
  g_autofree char *encoded = g_base64_encode ((const guchar *) PHRASE, strlen (PHRASE));

  g_assert_null (strstr (run->out, PHRASE));
  g_assert_null (strstr (run->err, PHRASE));
  g_assert_null (strstr (run->out, encoded));
}

/* Copied while it runs, by way of a move that fails: the copies are encrypted as the disks were,
 * and the passphrase is there only when the machine is. Back again while it is off. LUKS makes
 * whoever opens it wait for seconds, so there is one disk, and both kinds in the slow mode. */
static void
test_encrypted (void)
{
  g_auto (GhLabInventory) before = { NULL };
  g_autofree char *raw = NULL;
  g_autofree char *qcow2 = NULL;
  gboolean both = g_test_slow ();
  g_autofree char *devices = NULL;
  g_autofree char *there = NULL;
  g_autofree char *info = NULL;
  g_autofree char *path = NULL;
  g_autofree char *held = NULL;
  g_autoptr (GhLabRun) refused = NULL;
  g_autoptr (GhLabRun) failed = NULL;
  g_autoptr (GhLabRun) doubted = NULL;
  g_autoptr (GhLabRun) moved = NULL;
  g_autoptr (GhLabRun) missing = NULL;
  g_autoptr (GhLabRun) back = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  define_secret (pair.a);
  raw = make_encrypted ("data.img", "vdb");
  qcow2 = both ? make_encrypted ("data.qcow2", "vdc") : NULL;
  devices = g_strconcat (raw, qcow2, NULL);
  gh_lab_pair_start_guest (&pair, devices);
  gh_lab_pair_take_inventory (&pair, &before);
  refused = move_to_b ("--copy-storage", NULL);
  gh_lab_assert_status (refused, 3);
  g_assert_true (gh_lab_run_has_check (refused, "secret-missing", "refusal"));

  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", "plan-step-volume-create-before:fail=1");
  failed = move_to_b ("--copy-storage", "--copy-secrets", NULL);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
  gh_lab_assert_status (failed, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (failed), ==, "undone");
  g_assert_null (dup_secret (pair.b, FALSE));
  gh_lab_pair_assert_inventory (&pair, &before);

  /* Nobody says where it is: then the secret stays there, until somebody does. */
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS",
                  "domain-migrate:fail=38,times=1;domain-presence:fail=38,times=2");
  doubted = move_to_b ("--copy-storage", "--copy-secrets", NULL);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
  gh_lab_assert_status (doubted, 4);
  assert_tells_no_secret (doubted);
  held = dup_secret (pair.b, FALSE);
  g_assert_cmpstr (held, ==, PHRASE);
  g_assert_true (gh_lab_pair_has_line (pair.b, "volume default/data.img"));
  undo_all ();
  g_assert_null (dup_secret (pair.b, FALSE));
  gh_lab_pair_assert_inventory (&pair, &before);

  moved = move_to_b ("--copy-storage", "--copy-secrets", NULL);
  gh_lab_assert_status (moved, 0);
  g_assert_true (gh_lab_run_has_check (moved, "secret-copied", "warning"));
  assert_tells_no_secret (moved);
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  there = dup_secret (pair.b, FALSE);
  g_assert_cmpstr (there, ==, PHRASE);
  gh_lab_pair_set_off (pair.b);
  use_encrypted (pair.b, "data.img", "read -P 0xcd 1M 1M");
  if (both)
    use_encrypted (pair.b, "data.qcow2", "read -P 0xcd 1M 1M");
  path = g_build_filename (gh_lab_get_folder (pair.b), "img", "data.img", NULL);
  info = gh_lab_pair_run_tool ("qemu-img", "info", path, NULL);
  g_assert_nonnull (strstr (info, "file format: luks"));

  g_free (dup_secret (pair.a, TRUE));
  missing = gh_lab_run (pair.b, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--offline",
                        "--copy-storage", "--yes", "--json", NULL);
  gh_lab_assert_status (missing, 3);
  g_assert_true (gh_lab_run_has_check (missing, "secret-missing", "refusal"));
  back = gh_lab_run (pair.b, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--offline",
                     "--copy-storage", "--copy-secrets", "--yes", "--json", NULL);
  gh_lab_assert_status (back, 0);
  assert_tells_no_secret (back);
  /* QEMU opens them by what libvirt gives it. */
  start (pair.a, "web");
  gh_lab_pair_set_off (pair.a);
  use_encrypted (pair.a, "data-2.img", "read -P 0xcd 1M 1M");
  if (both)
    use_encrypted (pair.a, "data-2.qcow2", "read -P 0xcd 1M 1M");
  g_free (dup_secret (pair.a, TRUE));
  g_free (dup_secret (pair.b, TRUE));
}

/* The hosts by themselves, and through one connection. */
static void
test_routes (void)
{
  g_autoptr (GhLabRun) peer = NULL;
  g_autoptr (GhLabRun) refused = NULL;
  g_autoptr (GhLabRun) tunnel = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  peer = move_to_b ("--route", "peer", "--copy-storage", NULL);
  gh_lab_assert_status (peer, 0);
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  refused = gh_lab_run (pair.b, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--preset",
                        "one-port", "--copy-storage", "--yes", "--json", NULL);
  gh_lab_assert_status (refused, 3);
  g_assert_true (gh_lab_run_has_check (refused, "options", "refusal"));
  tunnel = gh_lab_run (pair.b, "-c", pair.b_uri, "migrate", "web", pair.a_uri, "--preset",
                       "one-port", "--yes", "--json", NULL);
  gh_lab_assert_status (tunnel, 0);
  gh_lab_pair_assert_only_at (pair.a, pair.b);
}

/* A guest that rewrites its memory as fast as it is sent: it is told, and pausing it ends that. */
static void
test_stuck (void)
{
  g_autoptr (GhLabRun) run = NULL;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_start_writing (&pair, 12);
  run = move_to_b ("--bandwidth", "16", "--no-auto-converge", "--if-stuck", "pause", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_nonnull (strstr (run->err, "not coming to an end"));
  /* What can be typed meanwhile, and what it cannot be told any more. */
  g_assert_nonnull (strstr (run->err, " moving web --longer-pause"));
  g_assert_nonnull (strstr (run->err, " moving web --slow-guest"));
  g_assert_null (strstr (run->err, " moving web --post-copy"));
  /* It goes on when it has arrived. */
  gh_lab_pair_assert_only_at (pair.b, pair.a);
}

static gboolean
is_there (gpointer path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* Between the look at a place and the making of what is to lie there, another program puts its own
 * there, as like it as can be: it is not written to, and not taken away by the undoing. */
static void
test_place_taken (void)
{
  static const char * const steps[] = { "volume-create", "volume-transfer" };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *held = NULL;
      g_autofree char *faults = NULL;
      g_autofree char *path = NULL;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      g_autoptr (GhLabRun) run = NULL;
      GhLabChild *child = NULL;
      gsize length = 0;
      gsize length_after = 0;

      if (!gh_lab_pair_open (&pair))
        return;
      gh_lab_pair_start_guest (&pair, NULL);
      if (i > 0)
        gh_lab_pair_set_off (pair.a);
      held = gh_lab_dup_path (pair.a, "held");
      faults = g_strdup_printf ("plan-step-%s-saved:hold=%s", steps[i], held);
      path = g_build_filename (gh_lab_get_folder (pair.b), "img", "web.qcow2", NULL);
      g_assert_false (is_there (path));
      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", faults);
      child = begin_move ("--copy-storage", i > 0 ? "--offline" : NULL, NULL);
      g_assert_true (gh_lab_wait (60, is_there, held));
      g_free (gh_lab_pair_run_tool ("qemu-img", "create", "-q", "-f", "qcow2", path, "64M", NULL));
      g_assert_true (g_file_get_contents (path, &before, &length, NULL));
      g_assert_no_errno (g_unlink (held));
      run = gh_lab_child_wait (child);
      gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
      gh_lab_assert_status (run, 1);
      g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
      g_assert_true (g_file_get_contents (path, &after, &length_after, NULL));
      g_assert_cmpmem (after, length_after, before, length);
      g_assert_cmpint (gh_lab_get_machine_state (pair.b, "web"), ==, -1);
      g_assert_cmpint (gh_lab_get_machine_state (pair.a, "web"), ==,
                       i > 0 ? VIR_DOMAIN_SHUTOFF : VIR_DOMAIN_RUNNING);
      g_assert_no_errno (g_unlink (path));
    }
}

/* What another terminal says to a move. */
#define say(...) gh_lab_run (pair.a, "-c", pair.a_uri, "moving", "web", __VA_ARGS__)

static JsonObject *
get_move (GhLabRun *run)
{
  gh_lab_assert_status (run, 0);
  g_assert_nonnull (run->json);
  return json_object_get_object_member (json_node_get_object (run->json), "move");
}

/* As QEMU at A has it. */
static unsigned long
read_bandwidth (void)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (pair.a), "web");
  unsigned long mib = 0;

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainMigrateGetMaxSpeed (domain, &mib, 0), ==, 0);
  virDomainFree (domain);
  return mib;
}

static unsigned long long
read_downtime (void)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (pair.a), "web");
  unsigned long long ms = 0;

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainMigrateGetMaxDowntime (domain, &ms, 0), ==, 0);
  virDomainFree (domain);
  return ms;
}

/* Per cent with which slowing the guest begins. */
static guint64
read_slowness (void)
{
  static const char name[] = "\"cpu-throttle-initial\":";
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (pair.a), "web");
  char *answer = NULL;
  const char *value = NULL;
  guint64 percent = 0;

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainQemuMonitorCommand (domain,
                                                "{\"execute\":\"query-migrate-parameters\"}",
                                                &answer, 0), ==, 0);
  value = strstr (answer, name);
  g_assert_nonnull (value);
  percent = g_ascii_strtoull (value + strlen (name), NULL, 10);
  free (answer);
  virDomainFree (domain);
  return percent;
}

static void
assert_said (GhLabRun   *run,
             int         status,
             const char *words)
{
  gh_lab_assert_status (run, status);
  if (strstr (run->err, words) == NULL)
    g_error ("“%s” is not in: %s", words, run->err);
}

/* A move is looked at, changed and ended by the command line of another terminal. */
static void
test_moving (void)
{
  g_autoptr (GhLabRun) early = NULL;
  g_autoptr (GhLabRun) cancelled = NULL;
  g_autoptr (GhLabRun) stayed = NULL;
  g_autoptr (GhLabRun) seen = NULL;
  g_autoptr (GhLabRun) dry = NULL;
  g_autoptr (GhLabRun) unlimited = NULL;
  g_autoptr (GhLabRun) changed = NULL;
  g_autoptr (GhLabRun) post_copy = NULL;
  g_autoptr (GhLabRun) slowed = NULL;
  g_autoptr (GhLabRun) longer = NULL;
  g_autoptr (GhLabRun) paused = NULL;
  g_autoptr (GhLabRun) hurried = NULL;
  g_autoptr (GhLabRun) arrived = NULL;
  g_auto (GhLabInventory) before = { NULL };
  GhLabChild *child = NULL;
  guint64 allowed = 0;

  if (!gh_lab_pair_open (&pair))
    return;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_start_writing (&pair, 8);
  gh_lab_pair_take_inventory (&pair, &before);
  early = say (NULL);
  assert_said (early, 1, "not being moved at the moment");

  /* It stays, and what was made for it there is gone. */
  child = begin_move ("--bandwidth", "1", NULL);
  gh_lab_pair_wait_for_phase (&pair, child, FALSE);
  cancelled = say ("--cancel", NULL);
  gh_lab_assert_status (cancelled, 0);
  stayed = gh_lab_child_wait (child);
  assert_said (stayed, 1, "cancelled from elsewhere");
  g_assert_cmpstr (gh_lab_run_get_outcome (stayed), ==, "undone");
  gh_lab_pair_assert_only_at (pair.a, pair.b);
  gh_lab_pair_assert_inventory (&pair, &before);

  child = begin_move ("--bandwidth", "1", "--no-auto-converge", NULL);
  gh_lab_pair_wait_for_phase (&pair, child, FALSE);
  seen = say ("--json", NULL);
  g_assert_cmpstr (json_object_get_string_member (get_move (seen), "phase"), ==, "memory");
  g_assert_cmpint (json_object_get_int_member (get_move (seen), "memory-total"), >, 0);
  allowed = (guint64) json_object_get_int_member (get_move (seen), "allowed-pause-ms");
  g_assert_cmpuint (allowed, ==, read_downtime ());
  dry = say ("--bandwidth", "3", "--dry-run", NULL);
  gh_lab_assert_status (dry, 0);
  g_assert_nonnull (strstr (dry->out, "migrate-setspeed web 3\n"));
  g_assert_nonnull (strstr (dry->out, "migrate-setspeed web 3 --postcopy\n"));
  unlimited = say ("--bandwidth", "0", "--dry-run", NULL);
  gh_lab_assert_status (unlimited, 0);
  g_assert_nonnull (strstr (unlimited->out, "migrate-setspeed web 8796093022207"));
  g_assert_cmpuint (read_bandwidth (), ==, 1);
  changed = say ("--bandwidth", "2", "--longer-pause", NULL);
  gh_lab_assert_status (changed, 0);
  g_assert_cmpuint (read_bandwidth (), ==, 2);
  g_assert_cmpuint (read_downtime (), ==, 2 * allowed);
  longer = say ("--downtime", "700", "--json", NULL);
  gh_lab_assert_status (longer, 0);
  g_assert_cmpuint (read_downtime (), ==, 700);
  post_copy = say ("--post-copy", NULL);
  assert_said (post_copy, 1, "Post-copy was not allowed");
  /* Each move is begun so that it can be. */
  g_assert_cmpuint (read_slowness (), ==, 1);
  slowed = say ("--slow-guest", NULL);
  gh_lab_assert_status (slowed, 0);
  g_assert_cmpuint (read_slowness (), ==, 20);
  g_assert_false (gh_lab_child_has_ended (child));

  /* The guest writes more than 2 MiB a second for ever: only pausing it ends the move. */
  paused = say ("--pause", NULL);
  gh_lab_assert_status (paused, 0);
  /* What is left need not come by 2 MiB a second; it may have arrived before that is heard. */
  hurried = say ("--bandwidth", "0", NULL);
  arrived = gh_lab_child_wait (child);
  gh_lab_assert_status (arrived, 0);
  gh_lab_pair_assert_only_at (pair.b, pair.a);
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
  g_test_add_func ("/lab/migrate/linked", test_linked);
  g_test_add_func ("/lab/migrate/emulator", test_emulator);
  g_test_add_func ("/lab/migrate/full", test_full);
  g_test_add_func ("/lab/migrate/temporary", test_temporary);
  g_test_add_func ("/lab/migrate/comes-back", test_comes_back);
  g_test_add_func ("/lab/migrate/comes-back-with-disk", test_comes_back_with_disk);
  g_test_add_func ("/lab/migrate/autostart", test_autostart);
  g_test_add_func ("/lab/migrate/rehearse", test_rehearse);
  g_test_add_func ("/lab/migrate/refused", test_refused);
  g_test_add_func ("/lab/migrate/repaired", test_repaired);
  g_test_add_func ("/lab/migrate/media", test_media);
  g_test_add_func ("/lab/migrate/several", test_several);
  g_test_add_func ("/lab/migrate/uefi-tpm", test_uefi_tpm);
  g_test_add_func ("/lab/migrate/encrypted", test_encrypted);
  g_test_add_func ("/lab/migrate/routes", test_routes);
  g_test_add_func ("/lab/migrate/stuck", test_stuck);
  g_test_add_func ("/lab/migrate/moving", test_moving);
  g_test_add_func ("/lab/migrate/place-taken", test_place_taken);
  g_test_add_func ("/lab/migrate/cancel", test_cancel);
  g_test_add_func ("/lab/migrate/killed", test_killed);
  g_test_add_func ("/lab/migrate/killed-after", test_killed_after);
  g_test_add_func ("/lab/migrate/second-copy", test_second_copy);
  g_test_add_func ("/lab/migrate/second-copy-later", test_second_copy_later);
  g_test_add_func ("/lab/migrate/daemon-killed", test_daemon_killed);
  status = g_test_run ();
  gh_lab_pair_close (&pair);
  return status;
}
