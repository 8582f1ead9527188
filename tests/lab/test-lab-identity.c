/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The CD for cloud-init, and how virt-sysprep is called: on a real host, the latter with a
 * program of its name that says what it was asked for. */

#include "config.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "gh-domain-xml.h"
#include "gh-lab-image.h"

#define NAME "B\xc3\xbcro: web's"
#define HOST_NAME "buro-web-s"

static void
make_machine (GhLab *lab)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "create", "web", "--empty", "--size", "0.0625",
                                         "--memory", "64", "--cpus", "1", "--network", "user",
                                         "--graphics", "none", "--firmware", "bios", "--no-start",
                                         "--yes", "--json", NULL);

  gh_lab_assert_status (run, 0);
}

static GhDomainXml *
load_machine (GhLab      *lab,
              const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  g_autofree char *text = NULL;
  char *xml = NULL;

  g_assert_nonnull (domain);
  xml = virDomainGetXMLDesc (domain, VIR_DOMAIN_XML_INACTIVE);
  text = g_strdup (xml);
  free (xml);
  virDomainFree (domain);
  return gh_domain_xml_new_from_string (text, NULL);
}

/* The text of a file in the image. */
static char *
read_from_image (const char *path,
                 const char *name)
{
  struct archive *archive = archive_read_new ();
  struct archive_entry *entry = NULL;
  char *text = NULL;

  archive_read_support_format_iso9660 (archive);
  g_assert_cmpint (archive_read_open_filename (archive, path, 10240), ==, ARCHIVE_OK);
  while (text == NULL && archive_read_next_header (archive, &entry) == ARCHIVE_OK)
    if (strcmp (archive_entry_pathname (entry), name) == 0)
      {
        gsize size = (gsize) archive_entry_size (entry);

        text = g_malloc0 (size + 1);
        g_assert_cmpint (archive_read_data (archive, text, size), ==, (la_ssize_t) size);
      }
  archive_read_free (archive);
  if (text == NULL)
    g_error ("No “%s” in %s", name, path);
  return text;
}

/* By the standard: in the primary descriptor, at a fixed place. */
static void
assert_volume_id (const char *path)
{
  g_autofree char *bytes = NULL;
  gsize length = 0;

  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  g_assert_cmpuint (length, >, 0x8000 + 72);
  g_assert_cmpint (strncmp (bytes + 0x8001, "CD001", 5), ==, 0);
  g_assert_cmpint (g_ascii_strncasecmp (bytes + 0x8028, "cidata  ", 8), ==, 0);
}

static void
test_seed (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *config = gh_lab_write_file (lab, "user", "#cloud-config\npassword: s3cret\n");
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) deleted = NULL;
  g_autoptr (GhDomainXml) clone = NULL;
  g_autofree char *path = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *meta_data = NULL;
  g_autofree char *user_data = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *bus = NULL;

  make_machine (lab);
  run = gh_lab_run (lab, "clone", "web", "--name", NAME, "--seed", "--set-hostname", "--user-data",
                    config, "--yes", "--json", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "host-name", "ok"));
  g_assert_null (strstr (run->out, "s3cret"));
  clone = load_machine (lab, NAME);
  path = gh_domain_xml_dup_text (clone, "devices/disk[@device='cdrom']/source/@file");
  bus = gh_domain_xml_dup_text (clone, "devices/disk[@device='cdrom']/target/@bus");
  g_assert_cmpstr (bus, ==, "sata");
  uuid = gh_domain_xml_dup_uuid (clone);
  assert_volume_id (path);
  meta_data = read_from_image (path, "meta-data");
  expected = g_strdup_printf ("instance-id: '%s'\nlocal-hostname: '" HOST_NAME "'\n", uuid);
  g_assert_cmpstr (meta_data, ==, expected);
  user_data = read_from_image (path, "user-data");
  g_assert_cmpstr (user_data, ==, "#cloud-config\npassword: s3cret\n");

  /* It was made for this machine, and goes with it. */
  deleted = gh_lab_run (lab, "delete", uuid, "--yes", "--json", NULL);
  gh_lab_assert_status (deleted, 0);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* What is begun is taken away again, the CD as well. */
static void
test_seed_undone (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_auto (GStrv) before = NULL;
  g_autoptr (GhLabRun) run = NULL;

  make_machine (lab);
  before = gh_lab_list_inventory (lab);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "plan-step-define-before:fail=1");
  run = gh_lab_run (lab, "clone", "web", "--seed", "--yes", "--json", NULL);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  gh_lab_assert_inventory (lab, before);
}

/* A virt-sysprep in front of the real one, if there is one. */
static void
install_sysprep (GhLab      *lab,
                 const char *body)
{
  g_autofree char *text = g_strdup_printf ("#!/bin/sh\nfolder=$(dirname \"$0\")\n%s", body);
  g_autofree char *path = gh_lab_write_file (lab, "virt-sysprep", text);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *search = g_strconcat (folder, ":", g_getenv ("PATH"), NULL);

  g_chmod (path, 0700);
  gh_lab_set_env (lab, "PATH", search);
}

static void
test_sysprep (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *said_path = gh_lab_dup_path (lab, "said");
  g_autofree char *said = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *disk = NULL;
  g_autoptr (GhDomainXml) clone = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) keys = NULL;
  g_autoptr (GhLabRun) wrong = NULL;
  g_autoptr (GhLabRun) nothing = NULL;

  make_machine (lab);
  install_sysprep (lab, "echo \"$LIBGUESTFS_BACKEND $*\" > \"$folder/said\"\n"
                        "echo '[   0.0] Examining the guest ...'\n"
                        "echo '[   1.0] Performing \"machine-id\" ...'\n");
  run = gh_lab_run (lab, "clone", "web", "--name", "two", "--sysprep", "--set-hostname", "--yes",
                    "--json", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_false (gh_lab_run_has_check (run, "sysprep-ssh-keys", "warning"));
  clone = load_machine (lab, "two");
  disk = gh_domain_xml_dup_text (clone, "devices/disk/source/@file");
  g_assert_true (g_file_get_contents (said_path, &said, NULL, NULL));
  expected = g_strdup_printf ("direct --format qcow2 -a %s --operations "
                              "defaults,-ssh-userdir,-user-account --hostname two\n", disk);
  g_assert_cmpstr (said, ==, expected);

  keys = gh_lab_run (lab, "clone", "web", "--sysprep", "--operations", "defaults", "--dry-run",
                     "--json", NULL);
  g_assert_true (gh_lab_run_has_check (keys, "sysprep-ssh-keys", "warning"));
  wrong = gh_lab_run (lab, "clone", "web", "--sysprep", "--operations", "a;b", "--dry-run",
                      "--json", NULL);
  g_assert_true (gh_lab_run_has_check (wrong, "sysprep-operations", "refusal"));
  nothing = gh_lab_run (lab, "clone", "web", "--set-hostname", "--dry-run", "--json", NULL);
  g_assert_true (gh_lab_run_has_check (nothing, "host-name-how", "refusal"));
}

static void
test_sysprep_fails (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_auto (GStrv) before = NULL;
  g_autoptr (GhLabRun) run = NULL;

  make_machine (lab);
  install_sysprep (lab,
                   "echo 'virt-sysprep: error: no operating systems were found' >&2\nexit 1\n");
  before = gh_lab_list_inventory (lab);
  run = gh_lab_run (lab, "clone", "web", "--sysprep", "--yes", "--json", NULL);
  gh_lab_assert_status (run, 1);
  g_assert_nonnull (strstr (run->out, "no operating systems were found"));
  gh_lab_assert_inventory (lab, before);
}

/* kill -9 at @point; then everything is taken back, and is as @before. */
static void
assert_killed_and_undone (GhLab              *lab,
                          char              **before,
                          const char         *point,
                          const char * const *arguments)
{
  g_autofree char *faults = g_strconcat (point, strchr (point, ':') != NULL ? ",kill" : ":kill",
                                         NULL);
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) undo = NULL;
  g_autoptr (GhLabRun) left = NULL;

  g_test_message ("%s", point);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
  run = gh_lab_runv (lab, arguments);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (run, 128 + SIGKILL);
  undo = gh_lab_run (lab, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  left = gh_lab_run (lab, "undo", "--json", NULL);
  gh_lab_assert_status (left, 0);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (
                      json_node_get_object (left->json), "interrupted")), ==, 0);
  gh_lab_assert_inventory (lab, before);
}

/* All that gives a clone an identity at once: the disk, virt-sysprep in it, the CD (the second
 * copy), and the definition. */
static void
test_killed (void)
{
  static const char * const arguments[] = {
    "clone", "web", "--name", "two", "--sysprep", "--seed", "--set-hostname", "--yes", "--json",
    NULL,
  };
  static const char * const points[] = {
    "plan-step-sysprep-before", "plan-step-sysprep-after", "plan-step-copy-before:after=1",
    "plan-step-copy-saved:after=1", "plan-step-copy-after:after=1", "plan-step-define-before",
    "plan-step-define-after",
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_auto (GStrv) before = NULL;
  g_autoptr (GhLabRun) run = NULL;

  make_machine (lab);
  install_sysprep (lab, "echo '[   1.0] Performing \"machine-id\" ...'\n");
  before = gh_lab_list_inventory (lab);
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    assert_killed_and_undone (lab, before, points[i], arguments);
  /* Without the kill it is done: the points are of a plan that works. */
  run = gh_lab_runv (lab, arguments);
  gh_lab_assert_status (run, 0);
}

static gboolean
has_file (gpointer path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_sysprep_cancelled (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *started = gh_lab_dup_path (lab, "started");
  g_autofree char *ended = gh_lab_dup_path (lab, "ended");
  g_autofree char *name = NULL;
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;

  make_machine (lab);
  install_sysprep (lab, "mkfifo \"$folder/never\"\n"
                        "cat \"$folder/never\" &\n"
                        "trap 'kill $!; rm \"$folder/never\"; : > \"$folder/ended\"; "
                        "exit 143' TERM\n"
                        ": > \"$folder/started\"\n"
                        "wait\n");
  child = gh_lab_spawn (lab, "clone", "web", "--name", "two", "--sysprep", "--yes", "--json", NULL);
  g_assert_true (gh_lab_wait (60, has_file, started));
  gh_lab_child_signal (child, SIGINT);
  run = gh_lab_child_wait (child);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  g_assert_true (has_file (ended));
  name = gh_lab_dup_machine_uuid (lab, "two");
  g_assert_null (name);
}

/* A tree that virt-sysprep takes for a Debian, with a user and what it is to remove, as the disk of
 * the machine “web”. */
static void
fill_disk (GhLab *lab)
{
  static const char * const files[][2] = {
    { "etc/os-release", "ID=debian\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n" },
    { "etc/debian_version", "12.1\n" },
    { "etc/fstab", "/dev/vda / ext4 defaults 0 1\n" },
    { "etc/hostname", "original\n" },
    { "etc/hosts", "127.0.0.1 localhost\n" },
    { "etc/machine-id", "0123456789abcdef0123456789abcdef\n" },
    { "etc/ssh/ssh_host_ed25519_key", "the host's\n" },
    { "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n" },
    { "etc/group", "root:x:0:\nann:x:1000:\n" },
    { "etc/shadow", "root:*:1::::::\nann:*:1::::::\n" },
    { "home/ann/.ssh/authorized_keys", "ssh-ed25519 AAAA ann\n" },
    { "var/lib/dpkg/status", "" },
    { "bin/sh", "" }, { "usr/bin/env", "" }, { "lib/empty", "" }, { "boot/empty", "" },
    { "root/empty", "" }, { "proc/empty", "" }, { "sys/empty", "" }, { "dev/empty", "" },
    { "tmp/empty", "" }, { "run/empty", "" }, { "sbin/empty", "" },
  };
  g_autofree char *tree = gh_lab_dup_path (lab, "tree");
  g_autofree char *raw = gh_lab_dup_path (lab, "raw");
  g_autofree char *disk = gh_lab_dup_disk (lab, "web");

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (tree, files[i][0], NULL);
      g_autofree char *folder = g_path_get_dirname (path);

      g_assert_no_errno (g_mkdir_with_parents (folder, 0755));
      g_assert_true (g_file_set_contents (path, files[i][1], -1, NULL));
    }
  g_free (gh_lab_run_tool ("/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, raw, "64M",
                           NULL));
  g_free (gh_lab_run_tool ("qemu-img", "convert", "-n", "-O", "qcow2", raw, disk, NULL));
  g_assert_no_errno (g_unlink (raw));
}

/* What debugfs says of the file in the disk: its text, or nothing. */
static char *
read_from_disk (GhLab      *lab,
                const char *disk,
                const char *name)
{
  g_autofree char *raw = gh_lab_dup_path (lab, "read-back");
  g_autofree char *command = g_strdup_printf ("cat %s", name);
  char *text = NULL;

  g_free (gh_lab_run_tool ("qemu-img", "convert", "-O", "raw", disk, raw, NULL));
  text = gh_lab_run_tool ("/usr/sbin/debugfs", "-R", command, raw, NULL);
  g_assert_no_errno (g_unlink (raw));
  return text;
}

static gboolean
has_appliance (gpointer lab)
{
  g_auto (GStrv) processes = gh_lab_list_processes (lab);

  for (guint i = 0; processes[i] != NULL; i++)
    if (strstr (processes[i], "qemu") != NULL && strstr (processes[i], "guestfs") != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
has_no_appliance (gpointer lab)
{
  return !has_appliance (lab);
}

static void
cancel_sysprep (GhLab *lab)
{
  g_auto (GStrv) before = gh_lab_list_inventory (lab);
  GhLabChild *child = gh_lab_spawn (lab, "clone", "web", "--name", "gone", "--sysprep", "--yes",
                                    "--json", NULL);
  g_autoptr (GhLabRun) run = NULL;
  gint64 cancelled_us = 0;

  g_assert_true (gh_lab_wait (300, has_appliance, lab));
  cancelled_us = g_get_monotonic_time ();
  gh_lab_child_signal (child, SIGINT);
  run = gh_lab_child_wait (child);
  g_test_message ("Cancelled and clean after %d ms",
                  (int) ((g_get_monotonic_time () - cancelled_us) / 1000));
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  g_assert_true (gh_lab_wait (60, has_no_appliance, lab));
  gh_lab_assert_inventory (lab, before);
}

/* The real one, where it is installed: it needs a kernel on this computer and, without KVM, some
 * minutes. Cancelled, and then let through. */
static void
test_sysprep_real (void)
{
  g_autofree char *program = g_find_program_in_path ("virt-sysprep");
  g_autoptr (GhLab) lab = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *cache = NULL;
  g_autofree char *disk = NULL;
  g_autofree char *original = NULL;
  g_autofree char *texts[6] = { NULL };

  if (program == NULL || !g_test_slow ())
    {
      g_test_skip ("virt-sysprep is not installed, or this is not a slow run");
      return;
    }
  lab = gh_lab_new ();
  cache = gh_lab_dup_path (lab, "appliance");
  g_assert_no_errno (g_mkdir (cache, 0700));
  gh_lab_set_env (lab, "LIBGUESTFS_CACHEDIR", cache);
  make_machine (lab);
  fill_disk (lab);
  cancel_sysprep (lab);

  run = gh_lab_run (lab, "clone", "web", "--name", "two", "--sysprep", "--set-hostname", "--yes",
                    "--json", NULL);
  gh_lab_assert_status (run, 0);
  disk = gh_lab_dup_disk (lab, "two");
  original = gh_lab_dup_disk (lab, "web");
  texts[0] = read_from_disk (lab, disk, "/etc/hostname");
  texts[1] = read_from_disk (lab, disk, "/etc/machine-id");
  texts[2] = read_from_disk (lab, disk, "/etc/ssh/ssh_host_ed25519_key");
  texts[3] = read_from_disk (lab, disk, "/home/ann/.ssh/authorized_keys");
  texts[4] = read_from_disk (lab, disk, "/etc/passwd");
  texts[5] = read_from_disk (lab, original, "/etc/hostname");
  g_assert_cmpstr (texts[0], ==, "two\n");
  g_assert_null (strstr (texts[1], "0123456789abcdef"));
  g_assert_cmpstr (texts[2], ==, "");
  g_assert_cmpstr (texts[3], ==, "ssh-ed25519 AAAA ann\n");
  g_assert_nonnull (strstr (texts[4], "ann:x:1000"));
  g_assert_cmpstr (texts[5], ==, "original\n");
}

static void
test_missing (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *program = g_find_program_in_path ("virt-sysprep");

  if (program != NULL)
    {
      g_test_skip ("virt-sysprep is installed");
      return;
    }
  make_machine (lab);
  run = gh_lab_run (lab, "clone", "web", "--sysprep", "--dry-run", "--json", NULL);
  g_assert_true (gh_lab_run_has_check (run, "sysprep-missing", "refusal"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab-identity/seed", test_seed);
  g_test_add_func ("/lab-identity/seed-undone", test_seed_undone);
  g_test_add_func ("/lab-identity/sysprep", test_sysprep);
  g_test_add_func ("/lab-identity/sysprep-fails", test_sysprep_fails);
  g_test_add_func ("/lab-identity/killed", test_killed);
  g_test_add_func ("/lab-identity/sysprep-cancelled", test_sysprep_cancelled);
  g_test_add_func ("/lab-identity/sysprep-real", test_sysprep_real);
  g_test_add_func ("/lab-identity/missing", test_missing);
  return g_test_run ();
}
