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
#include "gh-lab.h"

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
  g_test_add_func ("/lab-identity/sysprep-cancelled", test_sysprep_cancelled);
  g_test_add_func ("/lab-identity/missing", test_missing);
  return g_test_run ();
}
