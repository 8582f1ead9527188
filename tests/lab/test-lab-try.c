/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Trials on a real host: what is tried in a copy leaves nothing in the original, neither in its
 * bytes nor in its definition nor in the modes of its files, and nothing behind when it goes. */

#include "gh-lab.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* Runs a tool; its standard output. */
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

static char *
dup_xml (GhLab        *lab,
         const char   *name,
         unsigned int  flags)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  g_auto (GStrv) parts = NULL;
  char *xml = NULL;

  g_assert_nonnull (domain);
  xml = virDomainGetXMLDesc (domain, flags);
  g_assert_nonnull (xml);
  /* What libvirt leaves of metadata that were removed. */
  parts = g_strsplit (xml, "  <metadata/>\n", -1);
  free (xml);
  virDomainFree (domain);
  return g_strjoinv ("", parts);
}

/* What is between @before and the next quote, in the machine's definition. */
static char *
dup_value (GhLab      *lab,
           const char *name,
           const char *before)
{
  g_autofree char *xml = dup_xml (lab, name, VIR_DOMAIN_XML_INACTIVE);
  const char *start = strstr (xml, before);

  g_assert_nonnull (start);
  start += strlen (before);
  return g_strndup (start, strcspn (start, "'<"));
}

/* The definition without the indents, which are others when our metadata are written anew. */
static char *
dup_plain_xml (GhLab      *lab,
               const char *name)
{
  g_autofree char *xml = dup_xml (lab, name, VIR_DOMAIN_XML_INACTIVE);
  g_auto (GStrv) lines = g_strsplit (xml, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    g_strchug (lines[i]);
  return g_strjoinv ("\n", lines);
}

static char *
dup_disk (GhLab      *lab,
          const char *name)
{
  return dup_value (lab, name, "<source file='");
}

#define run_yes(lab, ...) gh_lab_run (lab, __VA_ARGS__, "--yes", "--json", NULL)

static void
run_done (GhLab      *lab,
          const char *verb,
          const char *machine)
{
  g_autoptr (GhLabRun) run = run_yes (lab, verb, machine);

  gh_lab_assert_status (run, 0);
}

static void
snapshot (GhLab      *lab,
          const char *name,
          unsigned int flags)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");
  g_autofree char *xml = g_strdup_printf ("<domainsnapshot><name>%s</name></domainsnapshot>",
                                          name);
  virDomainSnapshotPtr made = virDomainSnapshotCreateXML (domain, xml, flags);

  g_assert_nonnull (made);
  virDomainSnapshotFree (made);
  virDomainFree (domain);
}

/* A machine “web” that is off: the tiny guest, with a disk that it can write to, or nothing to
 * boot. */
static char *
make_machine (GhLab    *lab,
              gboolean  boots)
{
  g_autoptr (GhLabRun) run = NULL;
  char *path = NULL;

  if (boots)
    run = gh_lab_run (lab, "create", "web", "--kernel", gh_lab_get_kernel (lab), "--initrd",
                      gh_lab_get_initrd (lab), "--cmdline", "console=ttyS0", "--size", "0.0625",
                      "--memory", "128", "--cpus", "1", "--network", "user", "--graphics", "none",
                      "--no-start", "--yes", "--json", NULL);
  else
    run = gh_lab_run (lab, "create", "web", "--empty", "--size", "0.0625", "--memory", "64",
                      "--cpus", "1", "--network", "user", "--graphics", "none", "--firmware",
                      "bios", "--no-start", "--yes", "--json", NULL);
  gh_lab_assert_status (run, 0);
  path = dup_disk (lab, "web");
  g_free (run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0xab 1M 8M", path, NULL));
  return path;
}

/* Everything that must be as it was: the inventory, the original's definition, and of its disk the
 * mode and the bytes. */
typedef struct
{
  GhLab *lab;
  GStrv  inventory;
  char  *xml;
  char  *path;
  guint  mode;
  char  *checksum;
} Before;

static guint
get_mode (const char *path)
{
  struct stat status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  return status.st_mode & 07777;
}

static void
look_before (Before     *self,
             GhLab      *lab,
             const char *path)
{
  self->lab = lab;
  self->inventory = gh_lab_list_inventory (lab);
  self->xml = dup_xml (lab, "web", VIR_DOMAIN_XML_INACTIVE);
  self->path = g_strdup (path);
  self->mode = get_mode (path);
  self->checksum = run_tool ("sha256sum", path, NULL);
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
assert_untouched (Before *self)
{
  g_autofree char *xml = dup_xml (self->lab, "web", VIR_DOMAIN_XML_INACTIVE);
  g_autofree char *checksum = run_tool ("sha256sum", self->path, NULL);

  g_assert_cmpstr (xml, ==, self->xml);
  g_assert_cmpuint (get_mode (self->path), ==, self->mode);
  g_assert_cmpstr (checksum, ==, self->checksum);
}

static void
assert_as_before (Before *self)
{
  assert_untouched (self);
  gh_lab_assert_inventory (self->lab, self->inventory);
}

static void
assert_guarded (GhLab *lab)
{
  g_autoptr (GhLabRun) refused = run_yes (lab, "start", "web");

  gh_lab_assert_status (refused, 3);
  g_assert_true (gh_lab_run_has_check (refused, "images-needed", "refusal"));
  g_assert_nonnull (strstr (refused->err, "web-trial"));
  g_assert_nonnull (strstr (refused->err, "Discard the trial"));
  g_assert_cmpint (gh_lab_get_machine_state (lab, "web"), ==, VIR_DOMAIN_SHUTOFF);
}

/* A guest boots in the trial and writes to its disk. */
static void
test_off (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = NULL;
  g_autofree char *trial_path = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *mac = NULL;
  g_autofree char *trial_mac = NULL;
  g_autoptr (GhLabRun) tried = NULL;
  g_autoptr (GhLabRun) dry = NULL;
  g_autoptr (GhLabRun) not_a_trial = NULL;
  g_autoptr (GhLabRun) second = NULL;
  g_autoptr (GhLabSerial) serial = NULL;
  g_auto (Before) before = { 0 };

  if (!gh_lab_has_guest ())
    {
      g_test_skip ("no guest");
      return;
    }
  path = make_machine (lab, /* boots= */ TRUE);
  look_before (&before, lab, path);
  dry = gh_lab_run (lab, "try", "web", "--dry-run", "--json", NULL);
  gh_lab_assert_status (dry, 0);
  assert_as_before (&before);

  /* Nothing to agree to: it is one click. */
  tried = gh_lab_run (lab, "try", "web", "--json", NULL);
  gh_lab_assert_status (tried, 0);
  g_assert_true (gh_lab_run_has_check (tried, "original-guarded", "note"));
  g_assert_cmpint (gh_lab_get_machine_state (lab, "web-trial"), ==, VIR_DOMAIN_RUNNING);
  xml = dup_xml (lab, "web-trial", 0);
  g_assert_nonnull (strstr (xml, "<guesthouse:trial "));
  mac = dup_value (lab, "web", "<mac address='");
  trial_mac = dup_value (lab, "web-trial", "<mac address='");
  g_assert_cmpstr (mac, !=, trial_mac);
  trial_path = dup_disk (lab, "web-trial");

  serial = gh_lab_serial_open (lab, "web-trial");
  /* What is typed before the shell reads is lost. */
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 90));
  gh_lab_serial_command (serial, "dd if=/dev/zero of=/dev/vda bs=1M count=4 conv=fsync && "
                         "echo all-$((40+2))", "all-42");
  g_clear_pointer (&serial, gh_lab_serial_close);
  assert_untouched (&before);
  assert_guarded (lab);

  /* A second one beside it. */
  second = gh_lab_run (lab, "try", "web", "--no-start", "--json", NULL);
  gh_lab_assert_status (second, 0);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "web-trial-2"), ==, VIR_DOMAIN_SHUTOFF);
  run_done (lab, "discard", "web-trial-2");

  not_a_trial = run_yes (lab, "discard", "web");
  gh_lab_assert_status (not_a_trial, 3);
  g_assert_true (gh_lab_run_has_check (not_a_trial, "not-a-trial", "refusal"));

  run_done (lab, "force-off", "web-trial");
  assert_guarded (lab);
  run_done (lab, "start", "web-trial");
  /* While it runs, and without a question. */
  run_done (lab, "discard", "web-trial");
  assert_as_before (&before);
  run_done (lab, "start", "web");
  run_done (lab, "force-off", "web");
}

static void
assert_cable (GhLab      *lab,
              const char *name,
              gboolean    plugged)
{
  g_autofree char *live = dup_xml (lab, name, 0);
  g_autofree char *inactive = dup_xml (lab, name, VIR_DOMAIN_XML_INACTIVE);

  g_assert_true ((strstr (live, "<link state='down'/>") == NULL) == plugged);
  g_assert_true ((strstr (inactive, "<link state='down'/>") == NULL) == plugged);
}

/* Kept while it runs: the cable is plugged in at once, and the name stays. */
static void
test_no_network (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, FALSE);
  g_autofree char *own = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *shared = NULL;
  g_autofree char *original = NULL;
  g_autoptr (GhLabRun) tried = gh_lab_run (lab, "try", "web", "--no-network", "--json", NULL);
  g_autoptr (GhLabRun) renamed = NULL;
  g_autoptr (GhLabRun) kept = NULL;
  g_autoptr (GhLabRun) again = NULL;
  g_autoptr (GhLabRun) discarded = NULL;

  gh_lab_assert_status (tried, 0);
  assert_cable (lab, "web-trial", FALSE);
  renamed = run_yes (lab, "keep", "web-trial", "--name", "other");
  gh_lab_assert_status (renamed, 3);
  g_assert_true (gh_lab_run_has_check (renamed, "rename-impossible", "refusal"));

  kept = gh_lab_run (lab, "keep", "web-trial", "--json", NULL);
  gh_lab_assert_status (kept, 0);
  g_assert_true (gh_lab_run_has_check (kept, "parent-overlay", "note"));
  g_assert_true (gh_lab_run_has_check (kept, "depends-on", "note"));
  assert_cable (lab, "web-trial", TRUE);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "web-trial"), ==, VIR_DOMAIN_RUNNING);
  xml = dup_xml (lab, "web-trial", VIR_DOMAIN_XML_INACTIVE);
  g_assert_null (strstr (xml, "guesthouse:trial"));
  g_assert_nonnull (strstr (xml, "guesthouse:parent"));

  /* What was the original's disk is nobody's own any more. */
  shared = g_strdup_printf ("<guesthouse:shared path=\"%s\"/>", path);
  g_assert_nonnull (strstr (xml, shared));
  original = dup_xml (lab, "web", VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (original, shared));

  /* Both go on, and neither is a trial. */
  own = dup_disk (lab, "web");
  g_assert_cmpstr (own, !=, path);
  run_done (lab, "start", "web");
  again = run_yes (lab, "keep", "web-trial");
  gh_lab_assert_status (again, 3);
  discarded = run_yes (lab, "discard", "web-trial");
  gh_lab_assert_status (discarded, 3);
  g_assert_true (gh_lab_run_has_check (discarded, "not-a-trial", "refusal"));
}

/* Kept while it is off: it gets a name of its own, and what was written to it is still there. */
static void
test_keep (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, FALSE);
  g_autofree char *checksum = run_tool ("sha256sum", path, NULL);
  g_autofree char *checksum_after = NULL;
  g_autofree char *trial_path = NULL;
  g_autofree char *kept_path = NULL;
  g_autofree char *out = NULL;
  g_autofree char *base_xml = NULL;
  g_autoptr (GhLabRun) tried = run_yes (lab, "try", "web", "--no-start");
  g_autoptr (GhLabRun) unwarned = NULL;
  g_autoptr (GhLabRun) kept = NULL;
  g_autoptr (GhLabRun) again = NULL;
  g_autoptr (GhLabRun) refused = NULL;

  gh_lab_assert_status (tried, 0);
  trial_path = dup_disk (lab, "web-trial");
  g_free (run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0xcd 1M 1M", trial_path, NULL));
  unwarned = gh_lab_run (lab, "keep", "web-trial", "--template", "--json", NULL);
  gh_lab_assert_status (unwarned, 3);
  g_assert_true (gh_lab_run_has_check (unwarned, "becomes-template", "warning"));
  kept = run_yes (lab, "keep", "web-trial", "--name", "kept one", "--template");
  gh_lab_assert_status (kept, 0);

  base_xml = dup_xml (lab, "web", VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (base_xml, "guesthouse:template"));
  g_assert_cmpuint (get_mode (path) & 0222, ==, 0);
  kept_path = dup_disk (lab, "kept one");
  g_assert_cmpstr (kept_path, ==, trial_path);
  run_done (lab, "start", "kept one");
  refused = run_yes (lab, "start", "web");
  gh_lab_assert_status (refused, 3);
  g_assert_true (gh_lab_run_has_check (refused, "template", "refusal"));
  run_done (lab, "force-off", "kept one");
  out = run_tool ("qemu-io", "-f", "qcow2", "-r", "-c", "read -P 0xcd 1M 1M", "-c",
                  "read -P 0xab 2M 7M", kept_path, NULL);
  g_assert_null (strstr (out, "failed"));
  checksum_after = run_tool ("sha256sum", path, NULL);
  g_assert_cmpstr (checksum, ==, checksum_after);

  /* The next one has the name to itself again, not the file. */
  again = run_yes (lab, "try", "web", "--no-start");
  gh_lab_assert_status (again, 0);
  run_done (lab, "discard", "web-trial");
  g_assert_true (g_file_test (kept_path, G_FILE_TEST_EXISTS));
}

/* Of a snapshot inside of the image, and of one beside it: then the original is free to run. */
static void
test_snapshots (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, FALSE);
  g_autofree char *old = g_strconcat (path, ".old", NULL);
  g_autofree char *trial_path = NULL;
  g_autofree char *outer_path = NULL;
  g_autofree char *out = NULL;
  g_autofree char *info = NULL;
  g_autoptr (GhLabRun) missing = run_yes (lab, "try", "web", "--snapshot", "none");
  g_autoptr (GhLabRun) inner = NULL;
  g_autoptr (GhLabRun) outer = NULL;
  g_autoptr (GhLabRun) running = NULL;
  g_auto (GStrv) inventory = NULL;

  gh_lab_assert_status (missing, 3);
  g_assert_true (gh_lab_run_has_check (missing, "snapshot-missing", "refusal"));
  snapshot (lab, "inner", 0);
  g_free (run_tool ("cp", path, old, NULL));
  g_free (run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0x44 2M 1M", path, NULL));
  inventory = gh_lab_list_inventory (lab);
  inner = run_yes (lab, "try", "web", "--snapshot", "inner");
  gh_lab_assert_status (inner, 0);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "web-trial"), ==, VIR_DOMAIN_RUNNING);
  run_done (lab, "force-off", "web-trial");
  trial_path = dup_disk (lab, "web-trial");
  out = run_tool ("qemu-img", "compare", old, trial_path, NULL);
  g_assert_nonnull (strstr (out, "identical"));
  /* A copy: nothing lies on the original. */
  run_done (lab, "start", "web");
  run_done (lab, "force-off", "web");
  run_done (lab, "discard", "web-trial");
  gh_lab_assert_inventory (lab, inventory);

  {
    virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");
    virDomainSnapshotPtr made = virDomainSnapshotLookupByName (domain, "inner", 0);

    g_assert_cmpint (virDomainSnapshotDelete (made, 0), ==, 0);
    virDomainSnapshotFree (made);
    virDomainFree (domain);
  }
  snapshot (lab, "outer", VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY);
  run_done (lab, "start", "web");
  running = run_yes (lab, "try", "web");
  gh_lab_assert_status (running, 3);
  g_assert_true (gh_lab_run_has_check (running, "machine-running", "refusal"));
  g_strfreev (inventory);
  inventory = gh_lab_list_inventory (lab);
  outer = run_yes (lab, "try", "web", "--snapshot", "outer");
  gh_lab_assert_status (outer, 0);
  outer_path = dup_disk (lab, "web-trial");
  info = run_tool ("qemu-img", "info", "-U", outer_path, NULL);
  g_assert_nonnull (strstr (info, path));
  run_done (lab, "discard", "web-trial");
  gh_lab_assert_inventory (lab, inventory);
}

static const char * const try_words[] = { "try", "web", "--json", NULL };
static const char * const keep_words[] = { "keep", "web-trial", "--yes", "--json", NULL };

static void
assert_killed_and_undone (GhLab              *lab,
                          const char         *point,
                          const char * const *words)
{
  g_autofree char *faults = g_strconcat (point, ":kill", NULL);
  g_autoptr (GhLabRun) killed = NULL;
  g_autoptr (GhLabRun) undone = NULL;

  g_test_message ("%s", point);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", faults);
  killed = gh_lab_runv (lab, words);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", NULL);
  gh_lab_assert_status (killed, 128 + 9);
  undone = run_yes (lab, "undo", "--all");
  gh_lab_assert_status (undone, 0);
}

/* Killed at each boundary, and taken back. Before a step is after the one before. */
static void
test_killed (void)
{
  static const char * const try_points[] = {
    "plan-step-copy-saved", "plan-step-copy-after", "plan-step-define-saved",
    "plan-step-define-after", "plan-step-start-after",
  };
  static const char * const keep_points[] = {
    "plan-step-copy-after", "plan-step-parent-saved", "plan-step-parent-after",
    "plan-step-keep-saved", "plan-step-keep-after", "plan-step-rename-after",
  };
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, FALSE);
  g_autofree char *trial_xml = NULL;
  g_autoptr (GhLabRun) tried = NULL;
  g_auto (Before) before = { 0 };
  g_auto (Before) before_keep = { 0 };

  look_before (&before, lab, path);
  for (guint i = 0; i < G_N_ELEMENTS (try_points); i++)
    {
      assert_killed_and_undone (lab, try_points[i], try_words);
      assert_as_before (&before);
    }
  tried = run_yes (lab, "try", "web", "--no-start", "--no-network");
  gh_lab_assert_status (tried, 0);
  trial_xml = dup_plain_xml (lab, "web-trial");
  look_before (&before_keep, lab, path);
  for (guint i = 0; i < G_N_ELEMENTS (keep_points); i++)
    {
      g_autofree char *xml = NULL;

      assert_killed_and_undone (lab, keep_points[i], keep_words);
      assert_as_before (&before_keep);
      xml = dup_plain_xml (lab, "web-trial");
      g_assert_cmpstr (xml, ==, trial_xml);
    }
  run_done (lab, "discard", "web-trial");
  assert_as_before (&before);
}

/* What was given to the trial later is not what was made for it, and stays; others that lie on it
 * keep it from being discarded. */
static void
test_discard_only_its_own (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, FALSE);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *data = g_build_filename (folder, "data.qcow2", NULL);
  g_autofree char *trial_path = NULL;
  g_autofree char *device = g_strdup_printf ("<disk type='file' device='disk'>"
                                             "<driver name='qemu' type='qcow2'/>"
                                             "<source file='%s'/><target dev='vdz' bus='virtio'/>"
                                             "</disk>", data);
  g_autoptr (GhLabRun) tried = run_yes (lab, "try", "web", "--no-start");
  g_autoptr (GhLabRun) clone = NULL;
  g_autoptr (GhLabRun) refused = NULL;
  virDomainPtr domain = NULL;
  g_auto (Before) before = { 0 };

  gh_lab_assert_status (tried, 0);
  look_before (&before, lab, path);
  trial_path = dup_disk (lab, "web-trial");
  clone = run_yes (lab, "try", "web-trial", "--no-start", "--name", "upper");
  gh_lab_assert_status (clone, 0);
  refused = run_yes (lab, "discard", "web-trial");
  gh_lab_assert_status (refused, 3);
  g_assert_true (gh_lab_run_has_check (refused, "images-needed", "refusal"));
  run_done (lab, "discard", "upper");
  assert_as_before (&before);

  g_free (run_tool ("qemu-img", "create", "-f", "qcow2", data, "1M", NULL));
  domain = virDomainLookupByName (gh_lab_connect (lab), "web-trial");
  g_assert_cmpint (virDomainAttachDeviceFlags (domain, device, VIR_DOMAIN_AFFECT_CONFIG), ==, 0);
  virDomainFree (domain);
  run_done (lab, "discard", "web-trial");
  g_assert_false (g_file_test (trial_path, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (data, G_FILE_TEST_EXISTS));
}

/* Somebody writes to what a trial lies on, though no machine is running: the trial is a mixture
 * now. That is said before it becomes something lasting, and it can still be discarded. */
static void
test_base_changed (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, FALSE);
  g_autofree char *sentence = g_strdup_printf ("“%s” has been changed since", path);
  g_autoptr (GhLabRun) tried = run_yes (lab, "try", "web", "--no-start");
  g_autoptr (GhLabRun) before = NULL;
  g_autoptr (GhLabRun) kept = NULL;
  g_autoptr (GhLabRun) independent = NULL;

  gh_lab_assert_status (tried, 0);
  /* Reading it, and what is done to its modes, is no change. */
  g_free (run_tool ("qemu-img", "check", path, NULL));
  g_assert_no_errno (g_chmod (path, 0644));
  before = gh_lab_run (lab, "keep", "web-trial", "--dry-run", "--json", NULL);
  gh_lab_assert_status (before, 0);
  g_assert_null (strstr (before->out, "base-changed"));

  g_free (run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0x11 2M 1M", path, NULL));
  kept = run_yes (lab, "keep", "web-trial");
  gh_lab_assert_status (kept, 3);
  g_assert_true (gh_lab_run_has_check (kept, "base-changed", "refusal"));
  g_assert_nonnull (strstr (kept->err, sentence));
  independent = gh_lab_run (lab, "make-independent", "web-trial", "--dry-run", "--json", NULL);
  g_assert_true (gh_lab_run_has_check (independent, "base-changed", "warning"));
  run_done (lab, "discard", "web-trial");
  run_done (lab, "start", "web");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/try/off", test_off);
  g_test_add_func ("/lab/try/no-network", test_no_network);
  g_test_add_func ("/lab/try/keep", test_keep);
  g_test_add_func ("/lab/try/snapshots", test_snapshots);
  g_test_add_func ("/lab/try/killed", test_killed);
  g_test_add_func ("/lab/try/discard-only-its-own", test_discard_only_its_own);
  g_test_add_func ("/lab/try/base-changed", test_base_changed);
  return g_test_run ();
}
