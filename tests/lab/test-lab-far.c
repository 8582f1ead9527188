/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Cloning on another computer, whose files we cannot open: a real libvirtd behind a real sshd. The
 * program runs in a world of its own, with another home and nothing in it. */

#include "gh-lab-image.h"
#include "gh-lab-sshd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((guint64) 1024 * 1024)

/* Of all tests: starting a daemon and an sshd takes seconds. */
static GhLab *far_lab;
static GhLabSshd *far_sshd;
static GhLab *near_lab;
static char *far_uri;
static GStrv far_inventory;  /* with the machine, and nothing else */
static char *far_xml;
static GStrv near_inventory;

/* The host */

/* “convert” stops before it begins while the file “hold” is there, until “go” is written to. */
static void
write_converter (void)
{
  g_autofree char *folder = gh_lab_dup_path (far_lab, "bin");
  g_autofree char *files = g_path_get_dirname (folder);
  g_autofree char *real = g_find_program_in_path ("qemu-img");
  g_autofree char *path = g_build_filename (folder, "qemu-img", NULL);
  g_autofree char *go = gh_lab_dup_path (far_lab, "go");
  g_autofree char *search = g_strdup_printf ("%s:%s", folder, g_getenv ("PATH"));
  g_autofree char *text = g_strdup_printf (
    "#!/bin/sh\n[ \"$1\" = convert ] && [ -e %s/hold ] && : > %s/held && read line < %s\n"
    "exec %s \"$@\"\n", files, files, go, real);

  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_no_errno (g_chmod (path, 0700));
  g_assert_no_errno (mkfifo (go, 0600));
  gh_lab_set_env (far_lab, "PATH", search);
}

static char *
make_pool (const char *name)
{
  char *path = gh_lab_dup_path (far_lab, name);
  g_autofree char *xml = g_markup_printf_escaped (
    "<pool type='dir'><name>%s</name><target><path>%s</path></target></pool>", name, path);
  virStoragePoolPtr pool = NULL;

  g_assert_no_errno (g_mkdir_with_parents (path, 0700));
  pool = virStoragePoolDefineXML (gh_lab_connect (far_lab), xml, 0);
  if (pool == NULL || virStoragePoolCreate (pool, 0) < 0)
    g_error ("%s: %s", name, virGetLastErrorMessage ());
  virStoragePoolFree (pool);
  return path;
}

static void
refresh_pool (const char *name)
{
  virStoragePoolPtr pool = virStoragePoolLookupByName (gh_lab_connect (far_lab), name);

  if (pool == NULL || virStoragePoolRefresh (pool, 0) < 0)
    g_error ("%s: %s", name, virGetLastErrorMessage ());
  virStoragePoolFree (pool);
}

static char *
dup_state_path (const char *name)
{
  return g_build_filename (gh_lab_get_folder (far_lab), ".config", "libvirt", "qemu", name, NULL);
}

static char *
make_image (const char *folder,
            const char *name,
            const char *format,
            const char *pattern)
{
  char *path = g_build_filename (folder, name, NULL);

  g_free (gh_lab_run_tool ("qemu-img", "create", "-q", "-f", format, path, "16M", NULL));
  g_free (gh_lab_run_tool ("qemu-io", "-f", format, "-c", pattern, path, NULL));
  return path;
}

/* As a machine that has run: its variables are not those of the template. */
static void
make_nvram (void)
{
  g_autofree char *folder = dup_state_path ("nvram");
  g_autofree char *path = g_build_filename (folder, "far_VARS.fd", NULL);
  g_autofree char *bytes = g_malloc (540672);

  for (guint i = 0; i < 540672; i++)
    bytes[i] = (char) (i % 251);
  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  g_assert_true (g_file_set_contents (path, bytes, 540672, NULL));
}

/* A volume by its pool, a file, a disk for several machines, and one without which it can do. */
static void
make_machine (void)
{
  g_autofree char *one = make_pool ("one");
  g_autofree char *two = make_pool ("two");
  g_autofree char *first = make_image (one, "first.qcow2", "qcow2", "write -P 0xab 1M 8M");
  g_autofree char *second = make_image (one, "second.img", "raw", "write -P 0xcd 3M 2M");
  g_autofree char *third = make_image (one, "third.img", "raw", "write -P 0xef 0 1M");
  g_autofree char *fourth = make_image (one, "fourth.qcow2", "qcow2", "write -P 0x12 0 1M");
  g_autofree char *xml = g_markup_printf_escaped (
    "<domain type='qemu'><name>far</name><memory unit='MiB'>64</memory>"
    "<genid>0b5a2a3c-5f2b-4f3e-9a44-0123456789ab</genid>"
    "<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os>"
    "<features><acpi/></features><devices>"
    "<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/>"
    "<source pool='one' volume='first.qcow2'/><target dev='vda' bus='virtio'/>"
    "<serial>FAR-0001</serial></disk>"
    "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>"
    "<target dev='vdb' bus='virtio'/></disk>"
    "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>"
    "<target dev='vdc' bus='virtio'/><shareable/></disk>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vdd' bus='virtio'/></disk>"
    "<interface type='user'><mac address='52:54:00:11:22:33'/></interface>"
    "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
    "</devices></domain>", second, third, fourth);
  virDomainPtr domain = NULL;

  refresh_pool ("one");
  domain = virDomainDefineXML (gh_lab_connect (far_lab), xml);
  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

static gboolean
begin (void)
{
  if (!gh_lab_has_sshd ())
    return FALSE;
  if (far_lab != NULL)
    return TRUE;
  far_lab = gh_lab_new ();
  write_converter ();
  gh_lab_start_daemon (far_lab);
  far_sshd = gh_lab_sshd_new (far_lab);
  far_uri = gh_lab_sshd_dup_uri (far_sshd);
  near_lab = gh_lab_new ();
  make_nvram ();
  make_machine ();
  far_inventory = gh_lab_list_inventory (far_lab);
  far_xml = gh_lab_dup_xml (far_lab, "far");
  near_inventory = gh_lab_list_inventory (near_lab);
  return TRUE;
}

#define near_run(...) gh_lab_run (near_lab, "-c", far_uri, __VA_ARGS__, "--yes", "--json", NULL)

static void
assert_done (GhLabRun *run) /* takes it */
{
  g_autoptr (GhLabRun) owned = run;

  gh_lab_assert_status (owned, 0);
}

/* Undoes what a killed program has left. */
static void
undo_all (void)
{
  assert_done (gh_lab_run (near_lab, "undo", "--all", "--yes", "--json", NULL));
}

/* The machines that tests have made; then all is as it was, also where the program ran. */
static void
end (const char *name,
     ...)
{
  g_autofree char *xml = NULL;
  va_list more;

  va_start (more, name);
  for (; name != NULL; name = va_arg (more, const char *))
    assert_done (near_run ("delete", name));
  va_end (more);
  xml = gh_lab_dup_xml (far_lab, "far");
  g_assert_cmpstr (xml, ==, far_xml);
  gh_lab_assert_inventory (far_lab, far_inventory);
  gh_lab_assert_inventory (near_lab, near_inventory);
}

/* What a machine has */

/* The file of a disk; NULL: it has no such disk. */
static char *
dup_disk (const char *machine,
          const char *target)
{
  g_autofree char *xml = gh_lab_dup_xml (far_lab, machine);
  g_autofree char *word = g_strdup_printf ("<target dev='%s'", target);
  const char *end_of = strstr (xml, word);
  const char *start = NULL;

  if (end_of == NULL)
    return NULL;
  start = g_strrstr_len (xml, end_of - xml, "<source file='");
  g_assert_nonnull (start);
  start += strlen ("<source file='");
  return g_strndup (start, strcspn (start, "'"));
}

static char *
dup_in_pool (const char *pool,
             const char *file)
{
  g_autofree char *folder = gh_lab_dup_path (far_lab, pool);

  return g_build_filename (folder, file, NULL);
}

static void
assert_in_folder (const char *path,
                  const char *pool)
{
  g_autofree char *folder = gh_lab_dup_path (far_lab, pool);
  g_autofree char *found = g_path_get_dirname (path);

  g_assert_cmpstr (found, ==, folder);
}

static void
assert_same_bytes (const char *state,
                   const char *name,
                   const char *other)
{
  g_autofree char *folder = dup_state_path (state);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *other_path = g_build_filename (folder, other, NULL);

  g_free (gh_lab_run_tool ("cmp", path, other_path, NULL));
}

/* Nothing of the original's identity is in the clone, and it has its firmware variables. */
static void
assert_own_identity (const char *name)
{
  static const char * const own[] = {
    "52:54:00:11:22:33", "0b5a2a3c-5f2b-4f3e-9a44-0123456789ab", "far_VARS.fd",
  };
  g_autofree char *xml = gh_lab_dup_xml (far_lab, name);
  g_autofree char *uuid = gh_lab_dup_machine_uuid (far_lab, "far");
  g_autofree char *own_uuid = gh_lab_dup_machine_uuid (far_lab, name);
  g_autofree char *nvram = g_strconcat (name, "_VARS.fd", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    g_assert_null (strstr (xml, own[i]));
  g_assert_cmpstr (own_uuid, !=, uuid);
  g_assert_nonnull (strstr (xml, "<genid>"));
  g_assert_nonnull (strstr (xml, nvram));
  assert_same_bytes ("nvram", "far_VARS.fd", nvram);
}

/* Tests */

/* Everything is copied by the host, but for the variables, which go through a pool that is lent. */
static void
test_full (void)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *vda = NULL;
  g_autofree char *vdb = NULL;
  g_autofree char *vdc = NULL;
  g_autofree char *third = NULL;
  g_autofree char *serial = NULL;
  g_autoptr (GhLabRun) dry = NULL;
  g_autoptr (GhLabRun) run = NULL;

  if (!begin ())
    return;
  first = dup_in_pool ("one", "first.qcow2");
  second = dup_in_pool ("one", "second.img");
  third = dup_in_pool ("one", "third.img");
  dry = near_run ("clone", "far", "--name", "full", "--dry-run");
  gh_lab_assert_status (dry, 0);
  g_assert_false (gh_lab_run_has_check (dry, "nvram-lost", "warning"));
  g_assert_true (gh_lab_run_has_check (dry, "copy-not-stoppable", "note"));
  /* Nothing of it would be done with a file here. */
  g_assert_null (strstr (dry->out, "cp --reflink"));
  g_assert_null (strstr (dry->out, "\"qemu-img"));
  end (NULL, NULL);

  run = near_run ("clone", "far", "--name", "full");
  gh_lab_assert_status (run, 0);
  vda = dup_disk ("full", "vda");
  vdb = dup_disk ("full", "vdb");
  vdc = dup_disk ("full", "vdc");
  gh_lab_assert_same_contents (first, vda);
  g_free (gh_lab_run_tool ("qemu-img", "compare", "-f", "raw", "-F", "raw", second, vdb, NULL));
  g_assert_cmpstr (vdc, ==, third);
  gh_lab_assert_backing (vda, NULL, NULL);
  assert_own_identity ("full");
  serial = gh_lab_dup_value (far_lab, "full", "<serial>");
  g_assert_cmpstr (serial, ==, "FAR-0001");
  end ("full", NULL);
}

static void
test_linked (void)
{
  g_autofree char *first = NULL;
  g_autofree char *vda = NULL;
  g_autofree char *vdb = NULL;
  g_autofree char *second = NULL;
  g_autofree char *serial = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) refused = NULL;

  if (!begin ())
    return;
  first = dup_in_pool ("one", "first.qcow2");
  second = dup_in_pool ("one", "second.img");
  run = near_run ("clone", "far", "--name", "linked", "--linked", "--pool", "two", "--change",
                  "serial-vda=NEW-0002");
  gh_lab_assert_status (run, 0);
  vda = dup_disk ("linked", "vda");
  vdb = dup_disk ("linked", "vdb");
  assert_in_folder (vda, "two");
  gh_lab_assert_backing (vda, first, "qcow2");
  gh_lab_assert_backing (vdb, second, "raw");
  gh_lab_assert_same_contents (first, vda);
  assert_own_identity ("linked");
  serial = gh_lab_dup_value (far_lab, "linked", "<serial>");
  g_assert_cmpstr (serial, ==, "NEW-0002");
  refused = near_run ("start", "far");
  gh_lab_assert_status (refused, 3);
  g_assert_cmpint (gh_lab_get_machine_state (far_lab, "far"), ==, VIR_DOMAIN_SHUTOFF);
  assert_done (near_run ("delete", "linked"));
  assert_done (near_run ("template", "far", "--off"));
  end (NULL, NULL);
}

/* What a trial lies on there is known by what the host says of its volumes: here a raw one. */
static void
test_trial (void)
{
  g_autofree char *second = NULL;
  g_autofree char *bytes = NULL;
  gsize length = 0;
  g_autoptr (GhLabRun) tried = NULL;
  g_autoptr (GhLabRun) before = NULL;
  g_autoptr (GhLabRun) kept = NULL;

  if (!begin ())
    return;
  second = dup_in_pool ("one", "second.img");
  tried = near_run ("try", "far", "--no-start");
  gh_lab_assert_status (tried, 0);
  before = near_run ("keep", "far-trial", "--template", "--dry-run");
  gh_lab_assert_status (before, 0);
  g_assert_null (strstr (before->out, "base-changed"));

  g_assert_true (g_file_get_contents (second, &bytes, &length, NULL));
  g_free (gh_lab_run_tool ("qemu-io", "-f", "raw", "-c", "write -P 0x77 3M 1M", second, NULL));
  kept = near_run ("keep", "far-trial", "--template");
  gh_lab_assert_status (kept, 3);
  g_assert_true (gh_lab_run_has_check (kept, "base-changed", "refusal"));
  assert_done (near_run ("discard", "far-trial"));
  g_assert_true (g_file_set_contents (second, bytes, (gssize) length, NULL));
  end (NULL, NULL);
}

/* Each disk on its own. */
static void
test_mixed (void)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *vda = NULL;
  g_autofree char *vdb = NULL;
  g_autofree char *vdd = NULL;
  g_autofree char *fourth = NULL;
  g_autoptr (GhLabRun) run = NULL;

  if (!begin ())
    return;
  first = dup_in_pool ("one", "first.qcow2");
  second = dup_in_pool ("one", "second.img");
  fourth = dup_in_pool ("one", "fourth.qcow2");
  run = near_run ("clone", "far", "--name", "mixed", "--disk", "vda=link:two", "--disk",
                  "vdb=copy:two", "--disk", "vdc=leave-out", "--disk", "vdd=share");
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "disk-shared-writable", "warning"));
  g_assert_true (gh_lab_run_has_check (run, "disk-left-out", "note"));
  vda = dup_disk ("mixed", "vda");
  vdb = dup_disk ("mixed", "vdb");
  vdd = dup_disk ("mixed", "vdd");
  assert_in_folder (vda, "two");
  assert_in_folder (vdb, "two");
  gh_lab_assert_backing (vda, first, "qcow2");
  g_free (gh_lab_run_tool ("qemu-img", "compare", "-f", "raw", "-F", "raw", second, vdb, NULL));
  g_assert_null (dup_disk ("mixed", "vdc"));
  g_assert_cmpstr (vdd, ==, fourth);
  assert_done (near_run ("delete", "mixed"));
  g_assert_true (g_file_test (fourth, G_FILE_TEST_EXISTS));
  assert_done (near_run ("template", "far", "--off"));
  end (NULL, NULL);
}

/* Killed at every boundary of what is lent: undoing leaves no pool, no file and no folder. */
static void
test_killed (void)
{
  static const char * const points[] = {
    "pool-create-after", "volume-transfer-saved", "volume-transfer-after", "pool-close-after",
    "define-after",
  };

  if (!begin ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autofree char *faults = g_strdup_printf ("plan-step-%s:kill", points[i]);
      g_autoptr (GhLabRun) run = NULL;

      g_test_message ("%s", points[i]);
      gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", faults);
      run = near_run ("clone", "far", "--name", "killed", "--disk", "vda=share", "--disk",
                      "vdb=share", "--disk", "vdd=share");
      gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", "");
      gh_lab_assert_status (run, 128 + 9);
      undo_all ();
      end (NULL, NULL);
    }
}

/* The second of two fails after its variables were copied: they go, and the first stays whole. */
static void
test_kept (void)
{
  g_autofree char *folder = NULL;
  g_autofree char *gone = NULL;
  g_autoptr (GhLabRun) run = NULL;

  if (!begin ())
    return;
  folder = dup_state_path ("nvram");
  gone = g_build_filename (folder, "kept-2_VARS.fd", NULL);
  gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", "plan-step-define-saved:after=1,fail=1");
  run = near_run ("clone", "far", "--name", "kept", "--copies", "2", "--keep-finished", "--disk",
                  "vda=share", "--disk", "vdb=share", "--disk", "vdd=share");
  gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  assert_own_identity ("kept-1");
  g_assert_false (g_file_test (gone, G_FILE_TEST_EXISTS));
  end ("kept-1", NULL);
}

/* The original goes on with disks of its own, and then does not: its volume is one again. */
static void
test_original_killed (void)
{
  g_autoptr (GhLabRun) run = NULL;

  if (!begin ())
    return;
  gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", "plan-step-parent-after:kill");
  run = near_run ("clone", "far", "--name", "killed", "--linked", "--keep-usable");
  gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (run, 128 + 9);
  undo_all ();
  end (NULL, NULL);
}

/* A folder has one pool at most, and both need one. */
static void
test_two_at_once (void)
{
  GhLabChild *children[2] = { NULL };

  if (!begin ())
    return;
  for (guint i = 0; i < 2; i++)
    children[i] = gh_lab_spawn (near_lab, "-c", far_uri, "clone", "far", "--name",
                                i == 0 ? "left" : "right", "--copies", "2", "--disk", "vda=share",
                                "--disk", "vdb=share", "--disk", "vdd=share", "--yes", "--json",
                                NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GhLabRun) run = gh_lab_child_wait (children[i]);

      gh_lab_assert_status (run, 0);
    }
  assert_own_identity ("left-1");
  assert_own_identity ("right-2");
  end ("left-1", "left-2", "right-1", "right-2", NULL);
}

/* Cancelling what the host copies */

static char *
dup_journal_folder (void)
{
  return g_build_filename (gh_lab_get_folder (near_lab), ".local", "state", "guesthouse", "plans",
                           NULL);
}

/* The plan does not wait any more, and its journal says so. */
static gboolean
is_being_undone (gpointer data)
{
  g_autofree char *folder = dup_journal_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = NULL;
  gboolean found = gh_lab_child_has_ended (data);

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *text = NULL;

      if (g_str_has_suffix (name, ".json") && g_file_get_contents (path, &text, NULL, NULL))
        found |= strstr (text, "\"undoing\"") != NULL;
    }
  return found;
}

static gboolean
is_held (gpointer data)
{
  g_autofree char *held = gh_lab_dup_path (far_lab, "held");

  return g_file_test (held, G_FILE_TEST_EXISTS) || gh_lab_child_has_ended (data);
}

/* The program copies a disk on a host whose qemu-img does not go on. */
static GhLabChild *
start_held (void)
{
  g_autofree char *hold = gh_lab_write_file (far_lab, "hold", "");
  GhLabChild *child = gh_lab_spawn (near_lab, "-c", far_uri, "clone", "far", "--name", "late",
                                    "--yes", "--json", NULL);

  g_assert_true (gh_lab_wait (120, is_held, child));
  g_assert_false (gh_lab_child_has_ended (child));
  return child;
}

/* It goes on, as it would have after an hour. */
static void
let_go (void)
{
  g_autofree char *hold = gh_lab_dup_path (far_lab, "hold");
  g_autofree char *held = gh_lab_dup_path (far_lab, "held");
  g_autofree char *go = gh_lab_dup_path (far_lab, "go");
  int fd = -1;

  g_assert_no_errno (g_unlink (hold));
  fd = open (go, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, "\n", 1), ==, 1);
  close (fd);
  g_assert_no_errno (g_unlink (held));
}

/* The host cannot stop; but nobody has to wait for it. */
static void
test_cancelled (void)
{
  GhLabChild *child = NULL;
  g_autoptr (GhLabRun) run = NULL;
  gint64 start = 0;

  if (!begin ())
    return;
  child = start_held ();
  start = g_get_monotonic_time ();
  gh_lab_child_signal (child, SIGINT);
  g_assert_true (gh_lab_wait (60, is_being_undone, child));
  g_assert_false (gh_lab_child_has_ended (child));
  g_test_message ("does not wait any more after %d ms",
                  (int) ((g_get_monotonic_time () - start) / 1000));
  let_go ();
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  end (NULL, NULL);
}

/* The program is gone before the host is done: what it has begun is taken back by the next one,
 * which waits as well. */
static void
test_cancelled_and_killed (void)
{
  GhLabChild *child = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) undone = NULL;

  if (!begin ())
    return;
  child = start_held ();
  gh_lab_child_signal (child, SIGINT);
  g_assert_true (gh_lab_wait (60, is_being_undone, child));
  gh_lab_child_signal (child, SIGKILL);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 128 + 9);
  child = gh_lab_spawn (near_lab, "undo", "--all", "--yes", "--json", NULL);
  let_go ();
  undone = gh_lab_child_wait (child);
  gh_lab_assert_status (undone, 0);
  end (NULL, NULL);
}

/* What is in the TPM goes only where it is asked for, and then into folders of its own. */
static void
test_tpm (void)
{
  g_autofree char *uuid = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *state_folder = NULL;
  g_autofree char *state = NULL;
  g_autofree char *copy_uuid = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *bytes = NULL;
  g_auto (GStrv) before = NULL;
  g_autoptr (GhLabRun) killed = NULL;
  g_autoptr (GhLabRun) run = NULL;
  gsize length = 0;

  if (!begin ())
    return;
  uuid = gh_lab_dup_machine_uuid (far_lab, "far");
  folder = dup_state_path ("swtpm");
  state_folder = g_build_filename (folder, uuid, "tpm2", NULL);
  state = g_build_filename (state_folder, "tpm2-00.permall", NULL);
  g_assert_no_errno (g_mkdir_with_parents (state_folder, 0700));
  g_assert_true (g_file_set_contents (state, "secrets", -1, NULL));
  before = gh_lab_list_inventory (far_lab);

  gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", "plan-step-define-before:kill");
  killed = near_run ("clone", "far", "--name", "copied", "--copy-tpm");
  gh_lab_set_env (near_lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (killed, 128 + 9);
  undo_all ();
  gh_lab_assert_inventory (far_lab, before);
  /* Inventories have no empty folders. */
  {
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

    g_assert_cmpstr (g_dir_read_name (dir), ==, uuid);
    g_assert_null (g_dir_read_name (dir));
  }

  run = near_run ("clone", "far", "--name", "copied", "--copy-tpm");
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "tpm-copied", "warning"));
  copy_uuid = gh_lab_dup_machine_uuid (far_lab, "copied");
  copy = g_build_filename (folder, copy_uuid, "tpm2", "tpm2-00.permall", NULL);
  g_assert_true (g_file_get_contents (copy, &bytes, &length, NULL));
  g_assert_cmpmem (bytes, length, "secrets", 7);
  assert_done (near_run ("delete", "copied"));
  gh_lab_assert_inventory (far_lab, before);
  g_free (gh_lab_run_tool ("rm", "-r", folder, NULL));
  end (NULL, NULL);
}

int
main (int    argc,
      char **argv)
{
  int status = 0;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/far/full", test_full);
  g_test_add_func ("/lab/far/linked", test_linked);
  g_test_add_func ("/lab/far/trial", test_trial);
  g_test_add_func ("/lab/far/mixed", test_mixed);
  g_test_add_func ("/lab/far/killed", test_killed);
  g_test_add_func ("/lab/far/kept", test_kept);
  g_test_add_func ("/lab/far/original-killed", test_original_killed);
  g_test_add_func ("/lab/far/two-at-once", test_two_at_once);
  g_test_add_func ("/lab/far/cancelled", test_cancelled);
  g_test_add_func ("/lab/far/cancelled-and-killed", test_cancelled_and_killed);
  g_test_add_func ("/lab/far/tpm", test_tpm);
  status = g_test_run ();
  g_clear_pointer (&far_sshd, gh_lab_sshd_free);
  g_clear_pointer (&near_lab, gh_lab_free);
  g_clear_pointer (&far_lab, gh_lab_free);
  g_strfreev (far_inventory);
  g_free (far_xml);
  g_strfreev (near_inventory);
  g_free (far_uri);
  return status;
}
