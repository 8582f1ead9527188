/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Cloning by the command line, on a real host: contents, definitions and addresses looked at,
 * killed at every boundary and taken back. */

#include "gh-lab-image.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A machine “web” that is off, with a disk of 64 MiB with a pattern in it; its path. */
static char *
make_machine (GhLab *lab)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "create", "web", "--empty", "--size", "0.0625",
                                         "--memory", "64", "--cpus", "1", "--network", "user",
                                         "--graphics", "none", "--firmware", "bios", "--no-start",
                                         "--yes", "--json", NULL);
  char *path = NULL;

  gh_lab_assert_status (run, 0);
  path = gh_lab_dup_disk (lab, "web");
  gh_lab_write_pattern (path, "write -P 0xab 1M 8M");
  return path;
}

#define clone_web(lab, ...) \
  gh_lab_run (lab, "clone", "web", "--yes", "--json", __VA_ARGS__, NULL)

static guint
count_interrupted (GhLab *lab)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "undo", "--json", NULL);

  gh_lab_assert_status (run, 0);
  return json_array_get_length (json_object_get_array_member (json_node_get_object (run->json),
                                                              "interrupted"));
}

/* Everything that must be as it was: the inventory, the source's definition, the mode and the
 * bytes of its disk. */
typedef struct
{
  GStrv  inventory;
  char  *xml;
  char  *path;
  guint  mode;
  char  *checksum;
} Before;

static char *
dup_checksum (const char *path)
{
  return gh_lab_run_tool ("sha256sum", path, NULL);
}

static void
look_before (Before     *self,
             GhLab      *lab,
             const char *path)
{
  self->inventory = gh_lab_list_inventory (lab);
  self->xml = gh_lab_dup_xml (lab, "web");
  self->path = g_strdup (path);
  self->mode = gh_lab_get_mode (path);
  self->checksum = dup_checksum (path);
}

static void
before_clear (Before *self)
{
  g_strfreev (self->inventory);
  g_free (self->xml);
  g_free (self->path);
  g_free (self->checksum);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Before, before_clear)

static void
assert_as_before (Before *self,
                  GhLab  *lab)
{
  g_autofree char *xml = gh_lab_dup_xml (lab, "web");
  g_autofree char *checksum = dup_checksum (self->path);

  gh_lab_assert_inventory (lab, self->inventory);
  g_assert_cmpstr (xml, ==, self->xml);
  g_assert_cmpuint (gh_lab_get_mode (self->path), ==, self->mode);
  g_assert_cmpstr (checksum, ==, self->checksum);
}

static void
test_full (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *xml = gh_lab_dup_xml (lab, "web");
  g_autofree char *mac = gh_lab_dup_value (lab, "web", "<mac address='");
  g_autofree char *uuid = gh_lab_dup_machine_uuid (lab, "web");
  g_autoptr (GhLabRun) run = clone_web (lab, "--name", "web-clone");
  g_autofree char *after = gh_lab_dup_xml (lab, "web");
  g_autofree char *clone_path = NULL;
  g_autofree char *clone_mac = NULL;
  g_autofree char *clone_uuid = NULL;

  gh_lab_assert_status (run, 0);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "done");
  g_assert_cmpstr (xml, ==, after);
  clone_path = gh_lab_dup_disk (lab, "web-clone");
  clone_mac = gh_lab_dup_value (lab, "web-clone", "<mac address='");
  clone_uuid = gh_lab_dup_machine_uuid (lab, "web-clone");
  g_assert_cmpstr (clone_path, !=, path);
  g_assert_cmpstr (clone_uuid, !=, uuid);
  g_assert_cmpstr (clone_mac, !=, mac);
  g_assert_true (g_str_has_prefix (clone_mac, "52:54:00:"));
  gh_lab_assert_same_contents (path, clone_path);
  gh_lab_assert_backing (clone_path, NULL, NULL);
  g_assert_cmpuint (gh_lab_get_mode (clone_path), ==, 0600);
  /* What is written to one is not in the other. */
  gh_lab_write_pattern (clone_path, "write -P 0xcd 1M 1M");
  g_assert_true (gh_lab_has_pattern (path, "read -P 0xab 1M 8M"));
}

/* Chains are put into one image or kept, snapshots inside of images are dropped or kept. */
static void
test_chains (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *base = make_machine (lab);
  g_autoptr (GhLabRun) linked = clone_web (lab, "--linked", "--name", "top");
  g_autofree char *top = NULL;
  g_autofree char *flat_path = NULL;
  g_autofree char *kept_path = NULL;
  g_autofree char *snapshots_path = NULL;
  g_autofree char *dropped_path = NULL;
  g_autoptr (GhLabRun) flat = NULL;
  g_autoptr (GhLabRun) kept = NULL;
  g_autoptr (GhLabRun) snapshots = NULL;
  g_autoptr (GhLabRun) dropped = NULL;

  gh_lab_assert_status (linked, 0);
  top = gh_lab_dup_disk (lab, "top");
  gh_lab_write_pattern (top, "write -P 0xcd 2M 1M");

  flat = gh_lab_run (lab, "clone", "top", "--name", "flat", "--yes", "--json", NULL);
  gh_lab_assert_status (flat, 0);
  flat_path = gh_lab_dup_disk (lab, "flat");
  gh_lab_assert_backing (flat_path, NULL, NULL);
  gh_lab_assert_same_contents (top, flat_path);
  g_assert_true (gh_lab_has_pattern (flat_path, "read -P 0xcd 2M 1M"));
  g_assert_true (gh_lab_has_pattern (flat_path, "read -P 0xab 3M 6M"));

  kept = gh_lab_run (lab, "clone", "top", "--name", "kept", "--keep-backing", "--yes", "--json",
                     NULL);
  gh_lab_assert_status (kept, 0);
  kept_path = gh_lab_dup_disk (lab, "kept");
  gh_lab_assert_backing (kept_path, base, "qcow2");
  gh_lab_assert_same_contents (top, kept_path);

  g_free (gh_lab_run_tool ("qemu-img", "snapshot", "-c", "one", flat_path, NULL));
  gh_lab_write_pattern (flat_path, "write -P 0xee 4M 1M");
  snapshots = gh_lab_run (lab, "clone", "flat", "--name", "with", "--keep-snapshots", "--yes",
                          "--json", NULL);
  gh_lab_assert_status (snapshots, 0);
  snapshots_path = gh_lab_dup_disk (lab, "with");
  g_assert_cmpuint (gh_lab_count_snapshots (snapshots_path), ==, 1);
  gh_lab_assert_same_contents (flat_path, snapshots_path);
  g_free (gh_lab_run_tool ("qemu-img", "snapshot", "-a", "one", snapshots_path, NULL));
  gh_lab_assert_same_contents (top, snapshots_path);

  dropped = gh_lab_run (lab, "clone", "flat", "--name", "without", "--yes", "--json", NULL);
  gh_lab_assert_status (dropped, 0);
  g_assert_true (gh_lab_run_has_check (dropped, "snapshots-dropped", "note"));
  dropped_path = gh_lab_dup_disk (lab, "without");
  g_assert_cmpuint (gh_lab_count_snapshots (dropped_path), ==, 0);
  gh_lab_assert_same_contents (flat_path, dropped_path);
}

static void
test_linked (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *checksum = dup_checksum (path);
  g_autofree char *after = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (GhLabRun) unwarned = gh_lab_run (lab, "clone", "web", "--linked", "--json", NULL);
  g_autoptr (GhLabRun) run = clone_web (lab, "--linked", "--copies", "3");

  gh_lab_assert_status (unwarned, 3);
  g_assert_true (gh_lab_run_has_check (unwarned, "becomes-template", "warning"));
  gh_lab_assert_status (run, 0);
  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("web-%u", i);
      g_autofree char *clone_path = gh_lab_dup_disk (lab, name);

      gh_lab_assert_backing (clone_path, path, "qcow2");
      gh_lab_write_pattern (clone_path, "write -P 0x11 1M 1M");
    }
  after = dup_checksum (path);
  g_assert_cmpstr (checksum, ==, after);
  g_assert_cmpuint (gh_lab_get_mode (path) & 0222, ==, 0);
  xml = gh_lab_dup_xml (lab, "web");
  g_assert_nonnull (strstr (xml, "guesthouse:template"));
}

/* The parent goes on with an overlay of its own. */
static void
test_keep_usable (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autoptr (GhLabRun) run = clone_web (lab, "--linked", "--keep-usable", "--name", "one");
  g_autofree char *own = NULL;
  g_autofree char *clone_path = NULL;
  g_autoptr (GhLabRun) started = NULL;
  g_autoptr (GhLabRun) clone_started = NULL;

  gh_lab_assert_status (run, 0);
  own = gh_lab_dup_disk (lab, "web");
  clone_path = gh_lab_dup_disk (lab, "one");
  g_assert_cmpstr (own, !=, path);
  gh_lab_assert_backing (own, path, "qcow2");
  gh_lab_assert_backing (clone_path, path, "qcow2");
  g_assert_cmpuint (gh_lab_get_mode (path) & 0222, ==, 0);
  gh_lab_write_pattern (own, "write -P 0x22 1M 1M");
  g_assert_true (gh_lab_has_pattern (clone_path, "read -P 0xab 1M 8M"));
  /* Both run at once, on the same base. */
  started = gh_lab_run (lab, "start", "web", "--yes", "--json", NULL);
  gh_lab_assert_status (started, 0);
  clone_started = gh_lab_run (lab, "start", "one", "--yes", "--json", NULL);
  gh_lab_assert_status (clone_started, 0);
}

static void
delete_machine (GhLab      *lab,
                const char *name,
                const char *base,
                gboolean    goes)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "delete", name, "--yes", "--json", NULL);

  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "base-deleted", "note") == goes);
  g_assert_true (g_file_test (base, G_FILE_TEST_EXISTS) != goes);
}

/* The base is nobody's own disk: it goes with the last machine that lies on it, whoever that is,
 * and whether that was cloned itself meanwhile. */
static void
test_shared_base (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *own = NULL;
  g_autoptr (GhLabRun) first = clone_web (lab, "--linked", "--keep-usable", "--name", "one");
  g_autoptr (GhLabRun) second = NULL;
  g_autoptr (GhLabRun) third = NULL;
  g_autoptr (GhLabRun) kept = NULL;

  gh_lab_assert_status (first, 0);
  own = gh_lab_dup_disk (lab, "web");
  delete_machine (lab, "one", path, FALSE);
  second = clone_web (lab, "--linked", "--keep-usable", "--name", "two");
  gh_lab_assert_status (second, 0);
  third = clone_web (lab, "--name", "full");
  gh_lab_assert_status (third, 0);
  delete_machine (lab, "full", path, FALSE);
  delete_machine (lab, "web", path, FALSE);
  g_assert_true (g_file_test (own, G_FILE_TEST_EXISTS));
  kept = gh_lab_run (lab, "delete", "two", "--keep-disks", "--dry-run", "--json", NULL);
  gh_lab_assert_status (kept, 0);
  g_assert_false (gh_lab_run_has_check (kept, "base-deleted", "note"));
  delete_machine (lab, "two", path, TRUE);
  g_assert_false (g_file_test (own, G_FILE_TEST_EXISTS));
}

/* While it runs: a copy, but nothing is linked to what is being written. */
static void
test_running (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autoptr (GhLabRun) started = gh_lab_run (lab, "start", "web", "--yes", "--json", NULL);
  g_autoptr (GhLabRun) linked = clone_web (lab, "--linked");
  g_autoptr (GhLabRun) run = clone_web (lab, "--name", "live");
  g_autoptr (GhLabRun) off = NULL;
  g_autofree char *clone_path = NULL;

  gh_lab_assert_status (started, 0);
  gh_lab_assert_status (linked, 3);
  g_assert_true (gh_lab_run_has_check (linked, "machine-running", "refusal"));
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "live-memory", "note"));
  g_assert_cmpint (gh_lab_get_machine_state (lab, "web"), ==, VIR_DOMAIN_RUNNING);
  clone_path = gh_lab_dup_disk (lab, "live");
  off = gh_lab_run (lab, "force-off", "web", "--yes", "--json", NULL);
  gh_lab_assert_status (off, 0);
  gh_lab_assert_same_contents (path, clone_path);
  gh_lab_assert_backing (clone_path, NULL, NULL);
}

static void
virsh (GhLab      *lab,
       const char *first,
       ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_auto (GStrv) environment = gh_lab_dup_environ (lab);
  g_autofree char *uri = gh_lab_dup_uri (lab);
  g_autofree char *err = NULL;
  int status = 0;
  va_list more;

  g_ptr_array_add (words, (gpointer) "virsh");
  g_ptr_array_add (words, (gpointer) "-c");
  g_ptr_array_add (words, uri);
  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  g_spawn_sync (NULL, (char **) words->pdata, environment,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &err, &status,
                NULL);
  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("virsh %s: %s", first, err);
}

/* What a snapshot keeps, inside of the image or beside it. */
static void
test_snapshots (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *old = g_strconcat (path, ".old", NULL);
  g_autofree char *middle = g_strconcat (path, ".middle", NULL);
  g_autofree char *inner_path = NULL;
  g_autofree char *outer_path = NULL;
  g_autofree char *linked_path = NULL;
  g_autoptr (GhLabRun) missing = NULL;
  g_autoptr (GhLabRun) inner = NULL;
  g_autoptr (GhLabRun) outer = NULL;
  g_autoptr (GhLabRun) linked = NULL;

  g_free (gh_lab_run_tool ("cp", path, old, NULL));
  virsh (lab, "snapshot-create-as", "web", "inner", NULL);
  gh_lab_write_pattern (path, "write -P 0x44 2M 1M");
  missing = clone_web (lab, "--snapshot", "none");
  gh_lab_assert_status (missing, 3);
  g_assert_true (gh_lab_run_has_check (missing, "snapshot-missing", "refusal"));
  inner = clone_web (lab, "--snapshot", "inner", "--name", "inner");
  gh_lab_assert_status (inner, 0);
  inner_path = gh_lab_dup_disk (lab, "inner");
  gh_lab_assert_same_contents (old, inner_path);

  virsh (lab, "snapshot-delete", "web", "inner", NULL);
  g_free (gh_lab_run_tool ("cp", path, middle, NULL));
  virsh (lab, "snapshot-create-as", "web", "outer", "--disk-only", NULL);
  outer = clone_web (lab, "--snapshot", "outer", "--name", "outer");
  gh_lab_assert_status (outer, 0);
  outer_path = gh_lab_dup_disk (lab, "outer");
  gh_lab_assert_same_contents (middle, outer_path);
  /* The machine goes on as it was: nothing is linked to what it writes to. */
  linked = clone_web (lab, "--snapshot", "outer", "--name", "linked", "--linked");
  gh_lab_assert_status (linked, 0);
  linked_path = gh_lab_dup_disk (lab, "linked");
  gh_lab_assert_backing (linked_path, path, "qcow2");
  gh_lab_assert_same_contents (middle, linked_path);
}

/* Killed at @point, and all of it taken back. */
static void
kill_and_undo (GhLab              *lab,
               const char         *point,
               const char * const *arguments)
{
  g_autofree char *faults = g_strconcat (point, strchr (point, ':') != NULL ? ",kill" : ":kill",
                                         NULL);
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) undo = NULL;

  g_test_message ("%s", point);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
  run = gh_lab_runv (lab, arguments);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (run, 128 + 9);
  g_assert_cmpuint (count_interrupted (lab), ==, 1);
  undo = gh_lab_run (lab, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  g_assert_cmpuint (count_interrupted (lab), ==, 0);
}

static void
assert_killed_and_undone (GhLab              *lab,
                          Before             *before,
                          const char         *point,
                          const char * const *arguments)
{
  kill_and_undo (lab, point, arguments);
  assert_as_before (before, lab);
}

/* Firmware variables go along byte for byte, the TPM only when it is asked for. */
static void
test_firmware (void)
{
  /* The disk is copied first. */
  static const char * const points[] = {
    "plan-step-copy-before:after=1", "plan-step-copy-saved:after=1", "file-create:after=1",
    "file-copy:after=1", "plan-step-copy-after:after=1", "plan-step-define-after",
  };
  static const char * const arguments[] = {
    "clone", "uefi", "--name", "second", "--yes", "--json", NULL,
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLabRun) made = gh_lab_run (lab, "create", "uefi", "--empty", "--size", "0.01",
                                          "--memory", "64", "--network", "none", "--graphics",
                                          "none", "--firmware", "uefi", "--no-start", "--yes",
                                          "--json", NULL);
  g_auto (GStrv) environment = gh_lab_dup_environ (lab);
  g_autofree char *nvram = g_build_filename (g_environ_getenv (environment, "HOME"), ".config",
                                             "libvirt", "qemu", "nvram", "uefi_VARS.fd", NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *clone_nvram = NULL;
  g_autofree char *folder = NULL;
  g_auto (GStrv) inventory = NULL;
  g_autoptr (GhLabRun) lost = NULL;
  g_autoptr (GhLabRun) fresh = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) removed = NULL;
  gsize length = 0;
  gsize clone_length = 0;

  if (made->status != 0)
    {
      g_test_skip ("no UEFI firmware");
      return;
    }
  /* It is made by the first start. */
  virsh (lab, "start", "uefi", "--paused", NULL);
  virsh (lab, "destroy", "uefi", NULL);
  g_assert_true (g_file_get_contents (nvram, &before, &length, NULL));
  before[length / 2] ^= 0x5a;
  g_assert_true (g_file_set_contents (nvram, before, (gssize) length, NULL));
  g_assert_no_errno (g_chmod (nvram, 0));
  lost = gh_lab_run (lab, "clone", "uefi", "--name", "second", "--dry-run", "--json", NULL);
  g_assert_no_errno (g_chmod (nvram, 0600));
  g_assert_true (gh_lab_run_has_check (lost, "nvram-lost", "warning"));
  fresh = gh_lab_run (lab, "clone", "uefi", "--name", "third", "--change", "nvram=new", "--yes",
                      "--json", NULL);
  gh_lab_assert_status (fresh, 0);
  folder = g_path_get_dirname (nvram);
  clone_nvram = g_build_filename (folder, "third_VARS.fd", NULL);
  g_assert_false (g_file_test (clone_nvram, G_FILE_TEST_EXISTS));
  g_free (clone_nvram);
  clone_nvram = g_build_filename (folder, "second_VARS.fd", NULL);
  inventory = gh_lab_list_inventory (lab);
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      kill_and_undo (lab, points[i], arguments);
      gh_lab_assert_inventory (lab, inventory);
      g_assert_false (g_file_test (clone_nvram, G_FILE_TEST_EXISTS));
    }
  run = gh_lab_run (lab, "clone", "uefi", "--name", "second", "--yes", "--json", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_false (gh_lab_run_has_check (run, "nvram-lost", "warning"));
  g_assert_true (g_file_get_contents (clone_nvram, &after, &clone_length, NULL));
  g_assert_cmpmem (before, length, after, clone_length);
  /* The clone uses it. */
  virsh (lab, "start", "second", "--paused", NULL);
  virsh (lab, "destroy", "second", NULL);
  removed = gh_lab_run (lab, "delete", "second", "--yes", "--json", NULL);
  gh_lab_assert_status (removed, 0);
  g_assert_false (g_file_test (clone_nvram, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (nvram, G_FILE_TEST_EXISTS));
}

static void
test_tpm (void)
{
  /* Also with an empty file, and with one of two. */
  static const char * const points[] = {
    "plan-step-tpm-copy-before", "plan-step-tpm-copy-saved", "tpm-write", "tpm-write:after=1",
    "plan-step-tpm-copy-after",
  };
  static const char * const arguments[] = {
    "clone", "web", "--name", "killed", "--copy-tpm", "--yes", "--json", NULL,
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *xml = gh_lab_dup_xml (lab, "web");
  g_auto (GStrv) parts = g_strsplit (xml, "</devices>", 2);
  g_autofree char *with_tpm = g_strjoinv ("<tpm model='tpm-tis'><backend type='emulator' "
                                          "version='2.0'/></tpm></devices>", parts);
  virDomainPtr domain = virDomainDefineXML (gh_lab_connect (lab), with_tpm);
  g_autofree char *uuid = gh_lab_dup_machine_uuid (lab, "web");
  g_auto (GStrv) environment = gh_lab_dup_environ (lab);
  g_autofree char *folder = g_build_filename (g_environ_getenv (environment, "HOME"), ".config",
                                              "libvirt", "qemu", "swtpm", NULL);
  g_autofree char *state_folder = g_build_filename (folder, uuid, "tpm2", NULL);
  g_autofree char *state = g_build_filename (state_folder, "tpm2-00.permall", NULL);
  g_autofree char *volatile_state = g_build_filename (state_folder, "tpm2-00.volatilestate", NULL);
  g_autofree char *fresh_uuid = NULL;
  g_autofree char *fresh_folder = NULL;
  g_autofree char *copy_uuid = NULL;
  g_autofree char *copy_state = NULL;
  g_autofree char *bytes = NULL;
  g_autoptr (GhLabRun) closed = NULL;
  g_autoptr (GhLabRun) missing = NULL;
  g_autoptr (GhLabRun) fresh = NULL;
  g_autoptr (GhLabRun) copied = NULL;
  g_auto (Before) before = { 0 };
  gsize length = 0;

  g_assert_nonnull (domain);
  virDomainFree (domain);
  /* As a TPM would be that was used: what is in it is not looked at. */
  g_assert_cmpint (g_mkdir_with_parents (state_folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (state, "secrets", -1, NULL));

  /* That the folder is there does not mean that it may be read. */
  g_assert_no_errno (g_chmod (state_folder, 0));
  closed = clone_web (lab, "--name", "closed", "--copy-tpm");
  g_assert_no_errno (g_chmod (state_folder, 0700));
  gh_lab_assert_status (closed, 3);
  g_assert_true (gh_lab_run_has_check (closed, "tpm-unreadable", "refusal"));
  g_assert_nonnull (strstr (closed->out, state));
  g_assert_no_errno (g_unlink (state));
  missing = clone_web (lab, "--name", "missing", "--copy-tpm");
  gh_lab_assert_status (missing, 3);
  g_assert_true (gh_lab_run_has_check (missing, "tpm-missing", "refusal"));
  g_assert_true (g_file_set_contents (state, "secrets", -1, NULL));
  g_assert_true (g_file_set_contents (volatile_state, "more", -1, NULL));

  fresh = clone_web (lab, "--name", "fresh");
  gh_lab_assert_status (fresh, 0);
  g_assert_true (gh_lab_run_has_check (fresh, "tpm-fresh", "warning"));
  fresh_uuid = gh_lab_dup_machine_uuid (lab, "fresh");
  fresh_folder = g_build_filename (folder, fresh_uuid, NULL);
  g_assert_false (g_file_test (fresh_folder, G_FILE_TEST_EXISTS));

  look_before (&before, lab, path);
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    assert_killed_and_undone (lab, &before, points[i], arguments);

  copied = clone_web (lab, "--name", "copied", "--copy-tpm");
  gh_lab_assert_status (copied, 0);
  g_assert_true (gh_lab_run_has_check (copied, "tpm-copied", "warning"));
  copy_uuid = gh_lab_dup_machine_uuid (lab, "copied");
  copy_state = g_build_filename (folder, copy_uuid, "tpm2", "tpm2-00.permall", NULL);
  g_assert_true (g_file_get_contents (copy_state, &bytes, &length, NULL));
  g_assert_cmpmem (bytes, length, "secrets", 7);
}

/* A clone boots, and a file that was in the original’s disk is in it. */
static void
test_boot (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = NULL;
  g_autofree char *marker = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *archive = gh_lab_dup_path (lab, "disk.tar");
  g_autoptr (GhLabRun) made = NULL;
  g_autoptr (GhLabRun) full = NULL;
  g_autoptr (GhLabRun) linked = NULL;

  if (!gh_lab_has_guest ())
    return;
  marker = gh_lab_write_file (lab, "marker.txt", "hello-from-the-original\n");
  folder = g_path_get_dirname (marker);
  g_free (gh_lab_run_tool ("tar", "-C", folder, "-cf", archive, "marker.txt", NULL));
  made = gh_lab_run (lab, "create", "web", "--kernel", gh_lab_get_kernel (lab), "--initrd",
                     gh_lab_get_initrd (lab), "--cmdline", "console=tty0 console=ttyS0 quiet",
                     "--size", "0.02", "--memory", "256", "--cpus", "1", "--network", "none",
                     "--no-start", "--yes", "--json", NULL);
  gh_lab_assert_status (made, 0);
  path = gh_lab_dup_disk (lab, "web");
  g_free (gh_lab_run_tool ("qemu-img", "convert", "-n", "--target-is-zero", "-f", "raw", "-O",
                           "qcow2", archive, path, NULL));
  full = clone_web (lab, "--name", "full");
  gh_lab_assert_status (full, 0);
  linked = gh_lab_run (lab, "clone", "full", "--linked", "--name", "linked", "--yes", "--json",
                       NULL);
  gh_lab_assert_status (linked, 0);
  for (guint i = 0; i < 2; i++)
    {
      const char *name = i == 0 ? "linked" : "web";
      g_autoptr (GhLabRun) started = gh_lab_run (lab, "start", name, "--yes", "--json", NULL);
      g_autoptr (GhLabSerial) serial = NULL;

      gh_lab_assert_status (started, 0);
      serial = gh_lab_serial_open (lab, name);
      g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
      gh_lab_serial_command (serial, "while [ ! -b /dev/vda ]; do :; done; "
                             "tar -xOf /dev/vda marker.txt", "hello-from-the-original");
    }
}

static void
test_killed (void)
{
  static const char * const full[] = {
    "clone", "web", "--name", "x <&>'\"", "--start", "--yes", "--json", NULL,
  };
  static const char * const full_points[] = {
    "plan-step-copy-before", "plan-step-copy-saved", "plan-step-copy-after",
    "plan-step-define-before", "plan-step-define-saved",
    "plan-step-define-after", "plan-step-start-before", "plan-step-start-after",
  };
  static const char * const linked[] = {
    "clone", "web", "--linked", "--copies", "2", "--yes", "--json", NULL,
  };
  static const char * const linked_points[] = {
    "plan-step-template-before", "plan-step-template-saved", "plan-step-template-after",
    "plan-step-copy-before", "plan-step-copy-saved", "plan-step-copy-after",
    "plan-step-copy-after:after=1", "plan-step-define-after:after=1",
  };
  static const char * const usable[] = {
    "clone", "web", "--linked", "--keep-usable", "--yes", "--json", NULL,
  };
  static const char * const usable_points[] = {
    "plan-step-copy-after", "plan-step-parent-before", "plan-step-parent-saved",
    "plan-step-parent-after", "plan-step-copy-after:after=1", "plan-step-define-after",
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_auto (Before) before = { 0 };

  look_before (&before, lab, path);
  for (guint i = 0; i < G_N_ELEMENTS (full_points); i++)
    assert_killed_and_undone (lab, &before, full_points[i], full);
  for (guint i = 0; i < G_N_ELEMENTS (linked_points); i++)
    assert_killed_and_undone (lab, &before, linked_points[i], linked);
  for (guint i = 0; i < G_N_ELEMENTS (usable_points); i++)
    assert_killed_and_undone (lab, &before, usable_points[i], usable);
}

/* The program was killed, and the parent started before anybody undid anything. */
static void
test_parent_used_since (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *own = NULL;
  g_autofree char *still = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) undo = NULL;

  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "plan-step-parent-after:kill");
  run = clone_web (lab, "--linked", "--keep-usable");
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (run, 128 + 9);
  own = gh_lab_dup_disk (lab, "web");
  g_assert_cmpstr (own, !=, path);
  gh_lab_write_pattern (own, "write -P 0x33 5M 1M");
  undo = gh_lab_run (lab, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 4);
  /* Nothing that was written is lost. */
  still = gh_lab_dup_disk (lab, "web");
  g_assert_cmpstr (still, ==, own);
  g_assert_true (gh_lab_has_pattern (own, "read -P 0x33 5M 1M"));
  g_assert_cmpuint (gh_lab_get_mode (path) & 0222, ==, 0);
}

/* The program was killed, and before anybody undid that another run linked to the same base. */
static void
test_base_used_since (void)
{
  static const char * const ways[][2] = {
    { "template", NULL }, { "parent", NULL }, { "parent", "--keep-usable" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      gboolean usable = strcmp (ways[i][0], "parent") == 0;
      g_autofree char *faults = g_strdup_printf ("plan-step-%s-after:kill", ways[i][0]);
      g_autoptr (GhLab) lab = gh_lab_new ();
      g_autofree char *path = make_machine (lab);
      g_autofree char *own = NULL;
      g_autofree char *still = NULL;
      g_autoptr (GhLabRun) killed = NULL;
      g_autoptr (GhLabRun) run = NULL;
      g_autoptr (GhLabRun) undo = NULL;

      g_test_message ("%s, %s", ways[i][0], ways[i][1] != NULL ? ways[i][1] : "template");
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
      killed = clone_web (lab, "--linked", usable ? "--keep-usable" : NULL);
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
      gh_lab_assert_status (killed, 128 + 9);
      run = clone_web (lab, "--linked", "--name", "second", ways[i][1]);
      gh_lab_assert_status (run, 0);
      own = gh_lab_dup_disk (lab, "web");
      undo = gh_lab_run (lab, "undo", "--all", "--yes", NULL);
      gh_lab_assert_status (undo, 4);
      g_assert_nonnull (strstr (undo->err, "“second”"));
      still = gh_lab_dup_disk (lab, "web");
      g_assert_cmpstr (still, ==, own);
      g_assert_true (g_file_test (own, G_FILE_TEST_EXISTS));
      g_assert_cmpuint (gh_lab_get_mode (path) & 0222, ==, 0);
    }
}

static void
test_faults (void)
{
  static const char * const faults[] = {
    "file-create:fail=38", "file-copy:fail=38", "domain-define:fail=38",
    "plan-step-copy-after:fail=38", "plan-journal-write:fail=38,after=3",
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_auto (Before) before = { 0 };

  look_before (&before, lab, path);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autoptr (GhLabRun) run = NULL;

      g_test_message ("%s", faults[i]);
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults[i]);
      run = clone_web (lab, "--name", "fails");
      gh_lab_assert_status (run, 1);
      g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
      assert_as_before (&before, lab);
    }
}

/* As full as a disk can be for us: no file may grow past a few MiB. */
static void
test_no_room (void)
{
  static const char * const ways[][2] = { { "--name=copied", NULL }, { "--name=flat", "flat" } };
  struct rlimit old = { 0 };
  struct rlimit tight = { 0 };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_auto (Before) before = { 0 };
  void (*handler) (int) = NULL;

  /* With a snapshot in it, so that qemu-img has to make the copy unless it is kept. */
  g_free (gh_lab_run_tool ("qemu-img", "snapshot", "-c", "one", path, NULL));
  look_before (&before, lab, path);
  handler = signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &old);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr (GhLabRun) run = NULL;

      tight = old;
      tight.rlim_cur = 3 * 1024 * 1024;
      setrlimit (RLIMIT_FSIZE, &tight);
      run = clone_web (lab, ways[i][0], ways[i][1] == NULL ? "--keep-snapshots" : NULL);
      setrlimit (RLIMIT_FSIZE, &old);
      gh_lab_assert_status (run, 1);
      g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
      assert_as_before (&before, lab);
    }
  signal (SIGXFSZ, handler);
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *arguments[3];
    const char *check;
  } cases[] = {
    { { "--name", "web" }, "name-taken" },
    { { "--name", "a/b" }, "name-illegal" },
    { { "--name", "" }, "name-empty" },
    { { "--pool", "nowhere" }, "pool-missing" },
    { { "--disk", "sda=link:nowhere" }, "pool-missing" },
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *moved = g_strconcat (path, ".away", NULL);
  g_autofree char *long_name = g_strnfill (255, 'n');
  g_autoptr (GhLabRun) too_long = NULL;
  g_autoptr (GhLabRun) missing = NULL;
  g_autoptr (GhLabRun) running = NULL;
  g_autoptr (GhLabRun) odd = NULL;
  g_autofree char *odd_path = NULL;
  g_auto (Before) before = { 0 };

  look_before (&before, lab, path);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GhLabRun) run = clone_web (lab, cases[i].arguments[0], cases[i].arguments[1]);

      g_test_message ("%s", cases[i].check);
      gh_lab_assert_status (run, 3);
      g_assert_true (gh_lab_run_has_check (run, cases[i].check, "refusal"));
    }
  too_long = clone_web (lab, "--name", long_name);
  gh_lab_assert_status (too_long, 3);
  g_assert_true (gh_lab_run_has_check (too_long, "name-too-long", "refusal"));
  assert_as_before (&before, lab);

  g_assert_cmpint (g_rename (path, moved), ==, 0);
  missing = clone_web (lab, "--name", "no");
  gh_lab_assert_status (missing, 3);
  g_assert_true (gh_lab_run_has_check (missing, "disk-missing", "refusal"));
  g_assert_cmpint (g_rename (moved, path), ==, 0);
  assert_as_before (&before, lab);

  odd = clone_web (lab, "--name", "a<b>&'\"");
  gh_lab_assert_status (odd, 0);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "a<b>&'\""), ==, VIR_DOMAIN_SHUTOFF);
}

/* Names that end in numbers are neither shortened nor counted on. */
static void
test_names (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autoptr (GhLabRun) first = clone_web (lab, "--name", "x-clone10");
  g_autoptr (GhLabRun) second = gh_lab_run (lab, "clone", "x-clone10", "--yes", "--json", NULL);
  g_autoptr (GhLabRun) third = gh_lab_run (lab, "clone", "x-clone10", "--yes", "--json", NULL);
  g_autoptr (GhLabRun) many = clone_web (lab, "--name", "n{n}x", "--copies", "2", "--first", "9");

  gh_lab_assert_status (first, 0);
  gh_lab_assert_status (second, 0);
  gh_lab_assert_status (third, 0);
  gh_lab_assert_status (many, 0);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "x-clone10-clone"), ==, VIR_DOMAIN_SHUTOFF);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "x-clone10-clone-2"), ==, VIR_DOMAIN_SHUTOFF);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "n9x"), ==, VIR_DOMAIN_SHUTOFF);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "n10x"), ==, VIR_DOMAIN_SHUTOFF);
}

/* Through all that can become of a machine: copied, linked, started, made independent, deleted. */
static void
go_through_life (GhLab      *lab,
                 const char *path,
                 const char *name)
{
  g_auto (GStrv) before = gh_lab_list_inventory (lab);
  g_autoptr (GhLabRun) full = clone_web (lab, "--name", name);
  g_autoptr (GhLabRun) linked = gh_lab_run (lab, "clone", name, "--linked", "--yes",
                                            "--json", NULL);
  g_autoptr (GhLabRun) many = gh_lab_run (lab, "clone", name, "--copies", "2", "--yes", "--json",
                                          NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  virDomainPtr *domains = NULL;
  int n = 0;

  gh_lab_assert_status (full, 0);
  gh_lab_assert_status (linked, 0);
  gh_lab_assert_status (many, 0);
  n = virConnectListAllDomains (gh_lab_connect (lab), &domains, 0);
  g_assert_cmpint (n, ==, 5);
  /* One is linked to it, so it is deleted last. */
  for (int i = 0; i < n; i++)
    {
      const char *found = virDomainGetName (domains[i]);

      if (strcmp (found, "web") != 0)
        g_ptr_array_insert (names, strcmp (found, name) == 0 ? -1 : 0, g_strdup (found));
      virDomainFree (domains[i]);
    }
  free (domains);
  for (guint i = 0; i < names->len; i++)
    {
      const char *found = g_ptr_array_index (names, i);
      g_autofree char *disk = gh_lab_dup_disk (lab, found);
      g_autoptr (GhLabRun) run = NULL;

      g_test_message ("%s", found);
      gh_lab_assert_same_contents (path, disk);
      if (i == 0)
        {
          run = gh_lab_run (lab, "start", found, "--yes", "--json", NULL);
          gh_lab_assert_status (run, 0);
          g_clear_pointer (&run, gh_lab_run_free);
          run = gh_lab_run (lab, "force-off", found, "--yes", "--json", NULL);
          gh_lab_assert_status (run, 0);
          g_clear_pointer (&run, gh_lab_run_free);
        }
      run = gh_lab_run (lab, "delete", found, "--yes", "--json", NULL);
      gh_lab_assert_status (run, 0);
    }
  gh_lab_assert_inventory (lab, before);
}

static void
test_odd_names (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *longest = g_strnfill (240, 'n');
  g_autoptr (GString) letters = g_string_new (NULL);

  go_through_life (lab, path, "a<b>&'\"");
  go_through_life (lab, path, longest);
  while (letters->len < 240)
    g_string_append (letters, "ü");
  go_through_life (lab, path, letters->str);
}

/* Many copies, and somebody who changes their mind. */

static guint
count_machines (GhLab      *lab,
                const char *prefix)
{
  virDomainPtr *domains = NULL;
  int n = virConnectListAllDomains (gh_lab_connect (lab), &domains, 0);
  guint count = 0;

  for (int i = 0; i < n; i++)
    {
      count += g_str_has_prefix (virDomainGetName (domains[i]), prefix) ? 1 : 0;
      virDomainFree (domains[i]);
    }
  free (domains);
  return count;
}

/* Files in the folder of @path whose names begin with @prefix. */
static guint
count_images (const char *path,
              const char *prefix)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = NULL;
  guint count = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    count += g_str_has_prefix (name, prefix) ? 1 : 0;
  return count;
}

typedef struct
{
  GhLab      *lab;
  GhLabChild *child;
  guint       wanted;
} Wanted;

static gboolean
has_made_enough (gpointer data)
{
  Wanted *wanted = data;

  return gh_lab_child_has_ended (wanted->child) ||
         count_machines (wanted->lab, "many-") >= wanted->wanted;
}

#define MANY "30"

static void
cancel_many (GhLab      *lab,
             Before     *before,
             const char *mode,
             gboolean    keep)
{
  guint wanted_count = (guint) g_test_rand_int_range (1, 25);
  Wanted wanted = { lab, NULL, wanted_count };
  g_autoptr (GhLabRun) run = NULL;
  guint machines = 0;
  gint64 start = 0;

  wanted.child = gh_lab_spawn (lab, "clone", "web", "--name", "many", "--copies", MANY, mode,
                               "--yes", "--json", keep ? "--keep-finished" : NULL, NULL);
  g_assert_true (gh_lab_wait (120, has_made_enough, &wanted));
  start = g_get_monotonic_time ();
  gh_lab_child_signal (wanted.child, SIGINT);
  run = gh_lab_child_wait (wanted.child);
  g_test_message ("%s, cancelled at %u: clean after %d ms", mode, wanted_count,
                  (int) ((g_get_monotonic_time () - start) / 1000));
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  if (!keep)
    {
      assert_as_before (before, lab);
      return;
    }

  machines = count_machines (lab, "many-");
  g_assert_cmpuint (machines, >=, wanted_count);
  g_assert_cmpuint (machines, <, 30);
  g_assert_cmpuint (json_array_get_length (
                      json_object_get_array_member (json_node_get_object (run->json), "kept")),
                    ==, machines);
  g_assert_cmpuint (count_images (before->path, "many-"), ==, machines);
  for (guint i = 1; i <= machines; i++)
    {
      g_autofree char *name = g_strdup_printf ("many-%u", i);
      g_autofree char *path = gh_lab_dup_disk (lab, name);
      g_autoptr (GhLabRun) removed = NULL;

      g_test_message ("%s", name);
      gh_lab_assert_same_contents (before->path, path);
      removed = gh_lab_run (lab, "delete", name, "--yes", "--json", NULL);
      gh_lab_assert_status (removed, 0);
    }
  g_assert_cmpuint (count_images (before->path, "many-"), ==, 0);
}

static void
test_many_cancelled (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_auto (Before) before = { 0 };

  look_before (&before, lab, path);
  cancel_many (lab, &before, "--disk=sda=copy", FALSE);
  cancel_many (lab, &before, "--linked", FALSE);
  cancel_many (lab, &before, "--disk=sda=copy", TRUE);
  assert_as_before (&before, lab);
}

/* Killed in the fourth of six: the undo keeps the three that are whole, as was asked. */
static void
test_many_killed (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) undo = NULL;

  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "plan-step-define-saved:after=3,kill");
  run = clone_web (lab, "--linked", "--name", "many", "--copies", "6", "--keep-finished");
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (run, 128 + 9);
  undo = gh_lab_run (lab, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  g_assert_cmpuint (count_interrupted (lab), ==, 0);
  g_assert_cmpuint (count_machines (lab, "many-"), ==, 3);
  g_assert_cmpuint (count_images (path, "many-"), ==, 3);
  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("many-%u", i);
      g_autofree char *clone_path = gh_lab_dup_disk (lab, name);

      gh_lab_assert_same_contents (path, clone_path);
    }
  /* What they are linked to stays protected. */
  g_assert_cmpuint (gh_lab_get_mode (path) & 0222, ==, 0);
}

static void
test_two_at_once (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  GhLabChild *first = NULL;
  GhLabChild *second = NULL;
  g_autoptr (GhLabRun) first_run = NULL;
  g_autoptr (GhLabRun) second_run = NULL;
  g_autofree char *clone_path = NULL;
  g_autofree char *other_path = NULL;

  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "file-copy:delay=300");
  first = gh_lab_spawn (lab, "clone", "web", "--name", "one", "--yes", "--json", NULL);
  second = gh_lab_spawn (lab, "clone", "web", "--name", "two", "--yes", "--json", NULL);
  first_run = gh_lab_child_wait (first);
  second_run = gh_lab_child_wait (second);
  gh_lab_assert_status (first_run, 0);
  gh_lab_assert_status (second_run, 0);
  clone_path = gh_lab_dup_disk (lab, "one");
  other_path = gh_lab_dup_disk (lab, "two");
  gh_lab_assert_same_contents (path, clone_path);
  gh_lab_assert_same_contents (path, other_path);
  g_clear_pointer (&first_run, gh_lab_run_free);
  g_clear_pointer (&second_run, gh_lab_run_free);

  /* Of one name: one of them is whole, and nothing is left of the other. */
  first = gh_lab_spawn (lab, "clone", "web", "--name", "same", "--yes", "--json", NULL);
  second = gh_lab_spawn (lab, "clone", "web", "--name", "same", "--yes", "--json", NULL);
  first_run = gh_lab_child_wait (first);
  second_run = gh_lab_child_wait (second);
  g_assert_cmpint (MIN (first_run->status, second_run->status), ==, 0);
  g_assert_cmpint (MAX (first_run->status, second_run->status), !=, 0);
  g_assert_cmpint (MAX (first_run->status, second_run->status), !=, 4);
  g_assert_cmpuint (count_machines (lab, "same"), ==, 1);
  g_assert_cmpuint (count_images (path, "same"), ==, 1);
  g_free (clone_path);
  clone_path = gh_lab_dup_disk (lab, "same");
  gh_lab_assert_same_contents (path, clone_path);
}

static void
test_source_deleted (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *away = g_strconcat (path, ".away", NULL);
  g_auto (Before) before = { 0 };
  GhLabChild *child = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *target = NULL;
  g_autofree char *folder = g_path_get_dirname (path);

  look_before (&before, lab, path);
  target = g_build_filename (folder, "late.qcow2", NULL);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "file-copy:delay=2000");
  child = gh_lab_spawn (lab, "clone", "web", "--name", "late", "--yes", "--json", NULL);
  while (!g_file_test (target, G_FILE_TEST_EXISTS) && !gh_lab_child_has_ended (child))
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (g_rename (path, away), ==, 0);
  run = gh_lab_child_wait (child);
  g_assert_cmpint (g_rename (away, path), ==, 0);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  assert_as_before (&before, lab);
}

/* The plan has begun: all that was to be read has been. */
static gboolean
has_begun (gpointer data)
{
  Wanted *wanted = data;
  g_auto (GStrv) environment = gh_lab_dup_environ (wanted->lab);
  g_autofree char *folder = g_build_filename (g_environ_getenv (environment, "HOME"), ".local",
                                              "state", "guesthouse", "plans", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".json"))
      return TRUE;
  return gh_lab_child_has_ended (wanted->child);
}

/* Somebody deletes the machine between the checks and the first step, with its disk or without. */
static void
test_source_deleted_before (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_autofree char *xml = gh_lab_dup_xml (lab, "web");
  g_autofree char *copy = gh_lab_dup_path (lab, "copy.qcow2");

  g_free (gh_lab_run_tool ("cp", path, copy, NULL));
  for (guint i = 0; i < 2; i++)
    {
      gboolean with_disk = i == 1;
      Wanted wanted = { lab, NULL, 0 };
      g_autoptr (GhLabRun) run = NULL;
      virDomainPtr domain = NULL;

      /* Stopped as soon as it has begun, long before it looks at what is where the copy goes. */
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "file-look:delay=4000,times=1");
      wanted.child = gh_lab_spawn (lab, "clone", "web", "--name", "late", "--yes", "--json", NULL);
      g_assert_true (gh_lab_wait (60, has_begun, &wanted));
      gh_lab_child_signal (wanted.child, SIGSTOP);
      g_assert_cmpuint (count_images (path, "late"), ==, 0);
      virsh (lab, "undefine", "web", NULL);
      if (with_disk)
        g_assert_no_errno (g_unlink (path));
      gh_lab_child_signal (wanted.child, SIGCONT);
      run = gh_lab_child_wait (wanted.child);
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
      if (with_disk)
        {
          gh_lab_assert_status (run, 1);
          g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
          g_assert_cmpuint (count_machines (lab, ""), ==, 0);
          g_assert_cmpuint (count_images (path, "late"), ==, 0);
          continue;
        }
      /* All that is needed is there. */
      gh_lab_assert_status (run, 0);
      g_clear_pointer (&run, gh_lab_run_free);
      run = gh_lab_run (lab, "delete", "late", "--yes", "--json", NULL);
      gh_lab_assert_status (run, 0);
      domain = virDomainDefineXML (gh_lab_connect (lab), xml);
      g_assert_nonnull (domain);
      virDomainFree (domain);
    }
}

static void
test_daemon_killed (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab);
  g_auto (Before) before = { 0 };
  GhLabChild *child = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) undo = NULL;
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *target = g_build_filename (folder, "late.qcow2", NULL);

  look_before (&before, lab, path);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "file-copy:delay=1000");
  child = gh_lab_spawn (lab, "clone", "web", "--name", "late", "--yes", "--json", NULL);
  while (!g_file_test (target, G_FILE_TEST_EXISTS) && !gh_lab_child_has_ended (child))
    g_main_context_iteration (NULL, FALSE);
  gh_lab_kill_daemon (lab);
  run = gh_lab_child_wait (child);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_start_daemon (lab);
  g_test_message ("%d %s", run->status, gh_lab_run_get_outcome (run));
  /* Either it went on with the daemon that came back, or it took back what it could, and the
   * rest is offered. */
  if (run->status == 0)
    {
      g_autofree char *clone_path = gh_lab_dup_disk (lab, "late");

      gh_lab_assert_same_contents (path, clone_path);
      return;
    }
  undo = gh_lab_run (lab, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  assert_as_before (&before, lab);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/clone/full", test_full);
  g_test_add_func ("/lab/clone/chains", test_chains);
  g_test_add_func ("/lab/clone/linked", test_linked);
  g_test_add_func ("/lab/clone/keep-usable", test_keep_usable);
  g_test_add_func ("/lab/clone/shared-base", test_shared_base);
  g_test_add_func ("/lab/clone/running", test_running);
  g_test_add_func ("/lab/clone/snapshots", test_snapshots);
  g_test_add_func ("/lab/clone/firmware", test_firmware);
  g_test_add_func ("/lab/clone/tpm", test_tpm);
  g_test_add_func ("/lab/clone/boot", test_boot);
  g_test_add_func ("/lab/clone/names", test_names);
  g_test_add_func ("/lab/clone/odd-names", test_odd_names);
  g_test_add_func ("/lab/clone/refusals", test_refusals);
  g_test_add_func ("/lab/clone/faults", test_faults);
  g_test_add_func ("/lab/clone/no-room", test_no_room);
  g_test_add_func ("/lab/clone/killed", test_killed);
  g_test_add_func ("/lab/clone/parent-used-since", test_parent_used_since);
  g_test_add_func ("/lab/clone/base-used-since", test_base_used_since);
  g_test_add_func ("/lab/clone/many-cancelled", test_many_cancelled);
  g_test_add_func ("/lab/clone/many-killed", test_many_killed);
  g_test_add_func ("/lab/clone/two-at-once", test_two_at_once);
  g_test_add_func ("/lab/clone/source-deleted", test_source_deleted);
  g_test_add_func ("/lab/clone/source-deleted-before", test_source_deleted_before);
  g_test_add_func ("/lab/clone/daemon-killed", test_daemon_killed);
  return g_test_run ();
}
