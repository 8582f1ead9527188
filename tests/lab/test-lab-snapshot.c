/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Snapshots that are taken, gone back to and deleted, and disks that grow, on a real host: contents
 * looked at with QEMU's own tools. */

#include "gh-lab.h"
#include "gh-lab-image.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <string.h>

#define BEFORE "-P 0xaa 1M 1M"
#define AFTER "-P 0xbb 1M 1M"

/* One daemon for all: each test has machines and files of its own. */
static GhLab *lab = NULL;

static char *
dup_disk_path (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".qcow2", NULL);

  return gh_lab_dup_path (lab, file);
}

static void
io (const char *path,
    const char *verb,
    const char *pattern)
{
  g_autofree char *command = g_strdup_printf ("%s %s", verb, pattern);

  gh_lab_write_pattern (path, command);
}

static void
assert_holds (const char *path,
              const char *pattern)
{
  g_autofree char *command = g_strdup_printf ("read %s", pattern);

  g_assert_true (gh_lab_has_pattern (path, command));
}

/* A machine of 64 MiB that boots nothing, with a disk that holds BEFORE; it runs all the same. */
static char *
define_machine (const char *name)
{
  char *path = dup_disk_path (name);
  g_autofree char *xml = g_markup_printf_escaped (
    "<domain type='qemu'><name>%s</name><memory unit='MiB'>64</memory>"
    "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk></devices></domain>", name, path);
  virDomainPtr domain = NULL;

  g_free (gh_lab_run_tool ("qemu-img", "create", "-q", "-f", "qcow2", path, "64M", NULL));
  io (path, "write", BEFORE);
  domain = virDomainDefineXML (gh_lab_connect (lab), xml);
  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
  return path;
}

static void
run_well (const char *first,
          ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autoptr (GhLabRun) run = NULL;
  va_list more;

  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  run = gh_lab_runv (lab, (const char * const *) words->pdata);
  gh_lab_assert_status (run, 0);
}

/* “name[*] …”: names in order, the current one marked. */
static char *
dup_snapshots (const char *machine)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "snapshot", machine, "list", "--json", NULL);
  JsonArray *array = NULL;
  GString *text = g_string_new (NULL);

  gh_lab_assert_status (run, 0);
  array = json_object_get_array_member (json_node_get_object (run->json), "snapshots");
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *snapshot = json_array_get_object_element (array, i);

      g_string_append_printf (text, "%s%s%s", i > 0 ? " " : "",
                              json_object_get_string_member (snapshot, "name"),
                              json_object_get_boolean_member (snapshot, "current") ? "*" : "");
    }
  return g_string_free (text, FALSE);
}

static void
assert_snapshots (const char *machine,
                  const char *expected)
{
  g_autofree char *found = dup_snapshots (machine);

  g_assert_cmpstr (found, ==, expected);
}

/* Off: what was written since is gone, is there again, and nothing else has changed. */
static void
test_off (void)
{
  g_autofree char *path = define_machine ("off");

  run_well ("snapshot", "off", "take", "clean", "--description", "A <clean> & \"good\" state",
            NULL);
  assert_snapshots ("off", "clean*");
  g_assert_cmpuint (gh_lab_count_snapshots (path), ==, 1);
  io (path, "write", AFTER);
  /* A look changes nothing. */
  {
    g_autoptr (GhLabRun) dry = gh_lab_run (lab, "snapshot", "off", "revert", "clean", "--dry-run",
                                           "--json", NULL);

    gh_lab_assert_status (dry, 0);
    g_assert_true (gh_lab_run_has_check (dry, "safety", "note"));
    assert_snapshots ("off", "clean*");
    assert_holds (path, AFTER);
  }
  run_well ("snapshot", "off", "revert", "clean", NULL);
  assert_holds (path, BEFORE);
  assert_snapshots ("off", "clean* before-clean");
  run_well ("snapshot", "off", "revert", "before-clean", "--no-safety", "--yes", NULL);
  assert_holds (path, AFTER);
  run_well ("snapshot", "off", "delete", "clean", NULL);
  assert_snapshots ("off", "before-clean*");
  g_assert_cmpuint (gh_lab_count_snapshots (path), ==, 1);
  assert_holds (path, AFTER);
  /* Without keeping how it is now, that has to be agreed to. */
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "snapshot", "off", "revert", "before-clean",
                                           "--no-safety", "--json", NULL);
    g_autoptr (GhLabRun) none = gh_lab_run (lab, "snapshot", "off", "revert", "clean", "--json",
                                            NULL);
    g_autoptr (GhLabRun) taken = gh_lab_run (lab, "snapshot", "off", "take", "before-clean",
                                             "--json", NULL);
    g_autoptr (GhLabRun) bad = gh_lab_run (lab, "snapshot", "off", "take", "a/b", "--json", NULL);

    gh_lab_assert_status (run, 3);
    g_assert_true (gh_lab_run_has_check (run, "state-lost", "warning"));
    gh_lab_assert_status (none, 3);
    g_assert_true (gh_lab_run_has_check (none, "no-snapshot", "refusal"));
    gh_lab_assert_status (taken, 3);
    g_assert_true (gh_lab_run_has_check (taken, "name-taken", "refusal"));
    gh_lab_assert_status (bad, 3);
    g_assert_true (gh_lab_run_has_check (bad, "name-bad", "refusal"));
  }
}

/* Running: with memory, and back to one without it. */
static void
test_running (void)
{
  g_autofree char *path = define_machine ("running");

  run_well ("snapshot", "running", "take", "off", NULL);
  run_well ("start", "running", NULL);
  run_well ("snapshot", "running", "take", "on", NULL);
  assert_snapshots ("running", "off on*");
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "snapshot", "running", "revert", "off", "--json",
                                           NULL);

    gh_lab_assert_status (run, 3);
    g_assert_true (gh_lab_run_has_check (run, "guest-stops", "warning"));
  }
  run_well ("snapshot", "running", "revert", "off", "--yes", NULL);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "running"), ==, VIR_DOMAIN_SHUTOFF);
  assert_holds (path, BEFORE);
  assert_snapshots ("running", "off* on before-off");
  run_well ("snapshot", "running", "revert", "before-off", NULL);
  g_assert_cmpint (gh_lab_get_machine_state (lab, "running"), ==, VIR_DOMAIN_RUNNING);
  run_well ("force-off", "running", "--yes", NULL);
}

/* Killed at every boundary, and taken back: as it was, with nothing left behind. */
static void
test_killed (void)
{
  static const char * const points[] = {
    "snapshot-take-saved", "snapshot-take-after", "snapshot-revert-before",
    "snapshot-revert-saved", "snapshot-revert-after",
  };
  g_autofree char *path = define_machine ("killed");

  run_well ("snapshot", "killed", "take", "clean", NULL);
  io (path, "write", AFTER);
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autofree char *fault = g_strdup_printf ("plan-step-%s:kill", points[i]);
      g_autoptr (GhLabRun) run = NULL;

      g_test_message ("%s", points[i]);
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", fault);
      run = gh_lab_run (lab, "snapshot", "killed", "revert", "clean", NULL);
      gh_lab_assert_status (run, 128 + 9);
      gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
      run_well ("undo", "--all", "--yes", NULL);
      assert_snapshots ("killed", "clean*");
      g_assert_cmpuint (gh_lab_count_snapshots (path), ==, 1);
      assert_holds (path, AFTER);
    }
}

/* Runs @words, killed before the record @n of its journal is written; FALSE when there are fewer
 * records. What can be undone is; @status: of that. Nothing is offered again. */
static gboolean
kill_at_record (const char * const *words,
                guint               n,
                int                *status)
{
  g_autofree char *fault = g_strdup_printf ("plan-journal-write:kill,after=%u", n);
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) undo = NULL;
  g_autoptr (GhLabRun) again = NULL;

  g_test_message ("%s, record %u", words[2], n);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", fault);
  run = gh_lab_runv (lab, words);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  *status = 0;
  if (run->status == 0)
    return FALSE;
  gh_lab_assert_status (run, 128 + 9);
  undo = gh_lab_run (lab, "undo", "--all", "--yes", "--json", NULL);
  if (undo->status != 0)
    gh_lab_assert_status (undo, 4);
  *status = undo->status;
  again = gh_lab_run (lab, "undo", "--json", NULL);
  gh_lab_assert_status (again, 0);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (
    json_node_get_object (again->json), "interrupted")), ==, 0);
  return TRUE;
}

/* Killed whenever something has been written down: a snapshot is deleted or it is not, and what
 * cannot be taken back is said to be so. Never is anything lost that was not to be. */
static void
test_delete_killed (void)
{
  static const char * const words[] = { "snapshot", "cut", "delete", "clean", NULL };
  g_autofree char *path = define_machine ("cut");
  guint n_done = 0;
  guint n_undone = 0;
  int status = 0;

  run_well ("snapshot", "cut", "take", "clean", NULL);
  io (path, "write", AFTER);
  for (guint n = 0; kill_at_record (words, n, &status); n++)
    {
      assert_snapshots ("cut", status == 0 ? "clean*" : "");
      g_assert_cmpuint (gh_lab_count_snapshots (path), ==, status == 0 ? 1 : 0);
      assert_holds (path, AFTER);
      if (status != 0)
        run_well ("snapshot", "cut", "take", "clean", NULL);
      n_done += status != 0 ? 1 : 0;
      n_undone += status == 0 ? 1 : 0;
    }
  g_assert_cmpuint (n_done, >, 0);
  g_assert_cmpuint (n_undone, >, 0);
  assert_snapshots ("cut", "");
  assert_holds (path, AFTER);
}

/* Without a snapshot for safety there is no way back; whether it went is never told wrongly. */
static void
test_revert_killed (void)
{
  static const char * const words[] = {
    "snapshot", "gone", "revert", "clean", "--no-safety", "--yes", NULL,
  };
  g_autofree char *path = define_machine ("gone");
  g_autoptr (GhLabRun) stopped = NULL;
  g_autoptr (GhLabRun) undo = NULL;
  guint n_done = 0;
  guint n_undone = 0;
  int status = 0;

  run_well ("snapshot", "gone", "take", "clean", NULL);
  run_well ("snapshot", "gone", "take", "later", NULL);
  io (path, "write", AFTER);
  for (guint n = 0; kill_at_record (words, n, &status); n++)
    {
      g_autofree char *snapshots = dup_snapshots ("gone");
      gboolean went = strcmp (snapshots, "clean* later") == 0;

      if (!went)
        g_assert_cmpstr (snapshots, ==, "clean later*");
      assert_holds (path, went ? BEFORE : AFTER);
      /* Where it went, nobody says that it was undone. */
      if (went)
        g_assert_cmpint (status, ==, 4);
      run_well ("snapshot", "gone", "revert", "later", "--no-safety", "--yes", NULL);
      io (path, "write", AFTER);
      n_done += went ? 1 : 0;
      n_undone += status == 0 ? 1 : 0;
    }
  g_assert_cmpuint (n_done, >, 0);
  g_assert_cmpuint (n_undone, >, 0);
  assert_holds (path, BEFORE);
  assert_snapshots ("gone", "clean* later");

  run_well ("snapshot", "gone", "revert", "later", "--no-safety", "--yes", NULL);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "plan-step-snapshot-revert-final-saved:kill");
  stopped = gh_lab_runv (lab, words);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (stopped, 128 + 9);
  undo = gh_lab_run (lab, "undo", "--all", "--yes", NULL);
  gh_lab_assert_status (undo, 4);
  g_assert_nonnull (strstr (undo->err, "It is not known how far it got"));
  assert_snapshots ("gone", "clean later*");
}

/* What keeps the state from before is not deleted while the machine is in another one. */
static void
test_safety_stays (void)
{
  g_autofree char *path = define_machine ("safe");

  run_well ("snapshot", "safe", "take", "clean", NULL);
  io (path, "write", AFTER);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "plan-step-snapshot-revert-after:kill");
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "snapshot", "safe", "revert", "clean", NULL);

    gh_lab_assert_status (run, 128 + 9);
  }
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "snapshot-revert:fail=38");
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "undo", "--all", "--yes", NULL);

    gh_lab_assert_status (run, 4);
  }
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  assert_snapshots ("safe", "clean* before-clean");
  assert_holds (path, BEFORE);
  run_well ("undo", "--all", "--yes", NULL);
  assert_snapshots ("safe", "clean*");
  assert_holds (path, AFTER);
}

static void
assert_refused (GhLabRun   *run,
                const char *check,
                const char *name)
{
  gh_lab_assert_status (run, 3);
  if (!gh_lab_run_has_check (run, check, "refusal"))
    g_error ("not refused by %s: %s", check, run->out);
  g_assert_nonnull (strstr (run->out, name));
}

/* What linked clones depend on is not changed: the refusals name them. */
static void
test_parent (void)
{
  g_autofree char *path = define_machine ("parent");

  run_well ("snapshot", "parent", "take", "clean", NULL);
  run_well ("clone", "parent", "--linked", "--name", "child", "--yes", NULL);
  {
    g_autoptr (GhLabRun) take = gh_lab_run (lab, "snapshot", "parent", "take", "new", "--json",
                                            NULL);
    g_autoptr (GhLabRun) revert = gh_lab_run (lab, "snapshot", "parent", "revert", "clean",
                                              "--yes", "--json", NULL);
    g_autoptr (GhLabRun) delete = gh_lab_run (lab, "snapshot", "parent", "delete", "clean",
                                              "--yes", "--json", NULL);
    g_autoptr (GhLabRun) resize = gh_lab_run (lab, "resize", "parent", "--size", "1", "--yes",
                                              "--json", NULL);

    assert_refused (take, "template", "child");
    assert_refused (revert, "template", "child");
    assert_refused (delete, "template", "child");
    assert_refused (resize, "template", "child");
  }
  g_assert_cmpuint (gh_lab_count_snapshots (path), ==, 1);
  assert_holds (path, BEFORE);
}

static char *
make_overlay (const char *name,
              const char *base)
{
  char *path = dup_disk_path (name);

  g_free (gh_lab_run_tool ("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base,
                           path, NULL));
  return path;
}

/* Defines “@name” like “@like”, with another image; that one itself when they are the same. */
static void
define_with_image (const char *name,
                   const char *like,
                   const char *from,
                   const char *to)
{
  g_autofree char *xml = gh_lab_dup_xml (lab, like);
  g_auto (GStrv) parts = g_strsplit (xml, from, -1);
  g_autofree char *changed = g_strjoinv (to, parts);
  g_autoptr (GString) text = g_string_new (changed);
  virDomainPtr domain = NULL;

  if (strcmp (name, like) != 0)
    {
      const char *uuid = strstr (text->str, "<uuid>");
      g_autofree char *old_name = g_strdup_printf ("<name>%s</name>", like);
      g_autofree char *new_name = g_strdup_printf ("<name>%s</name>", name);

      g_assert_nonnull (uuid);
      g_string_erase (text, uuid - text->str,
                      strstr (uuid, "</uuid>") + strlen ("</uuid>") - uuid);
      g_string_replace (text, old_name, new_name, 1);
    }
  domain = virDomainDefineXML (gh_lab_connect (lab), text->str);
  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

/* A machine that was given a disk of its own on top of the one others are linked to must not go
 * back to when it had that one. */
static void
test_parent_with_overlay (void)
{
  g_autofree char *path = define_machine ("stayed");
  g_autofree char *own = NULL;
  g_autofree char *linked = NULL;

  run_well ("snapshot", "stayed", "take", "clean", NULL);
  own = make_overlay ("stayed-own", path);
  linked = make_overlay ("linked", path);
  define_with_image ("linked", "stayed", path, linked);
  define_with_image ("stayed", "stayed", path, own);
  {
    g_autoptr (GhLabRun) revert = gh_lab_run (lab, "snapshot", "stayed", "revert", "clean",
                                              "--yes", "--json", NULL);

    assert_refused (revert, "disk-differs", "vda");
    assert_refused (revert, "images-needed", "linked");
  }
  assert_holds (path, BEFORE);
}

/* As “virsh snapshot-create-as --disk-only” does it: the present disk becomes the snapshot's, and
 * the machine goes on with a new one. */
static void
take_external (const char *machine,
               const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), machine);
  g_autofree char *xml = g_strdup_printf ("<domainsnapshot><name>%s</name></domainsnapshot>",
                                          name);
  virDomainSnapshotPtr made = virDomainSnapshotCreateXML (domain, xml,
                                                          VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY);

  if (made == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainSnapshotFree (made);
  virDomainFree (domain);
}

static char *
dup_current_disk (const char *machine)
{
  return gh_lab_dup_value (lab, machine, "<source file='");
}

/* Snapshots in files of their own, taken by others: listed, refused with what can be done instead,
 * which works, and everything goes with the machine. */
static void
test_external (void)
{
  g_autofree char *path = define_machine ("outer");
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *clone_path = NULL;
  g_autofree char *old_path = NULL;
  g_autofree char *tried_path = NULL;

  take_external ("outer", "one");
  first = dup_current_disk ("outer");
  g_assert_cmpstr (first, !=, path);
  io (first, "write", AFTER);
  take_external ("outer", "two");
  second = dup_current_disk ("outer");
  assert_snapshots ("outer", "one two*");
  {
    g_autoptr (GhLabRun) revert = gh_lab_run (lab, "snapshot", "outer", "revert", "one", "--yes",
                                              "--json", NULL);
    g_autoptr (GhLabRun) delete = gh_lab_run (lab, "snapshot", "outer", "delete", "one", "--yes",
                                              "--json", NULL);

    assert_refused (revert, "snapshot-external", "Clone it, or try it in a copy");
    assert_refused (delete, "snapshot-external", "clone the machine, and delete this one");
  }

  run_well ("clone", "outer", "--name", "outer-clone", "--yes", NULL);
  clone_path = dup_current_disk ("outer-clone");
  gh_lab_assert_backing (clone_path, NULL, NULL);
  assert_holds (clone_path, AFTER);
  assert_snapshots ("outer-clone", "");
  run_well ("clone", "outer", "--snapshot", "one", "--name", "outer-old", "--yes", NULL);
  old_path = dup_current_disk ("outer-old");
  assert_holds (old_path, BEFORE);
  run_well ("try", "outer", "--snapshot", "one", "--no-start", NULL);
  tried_path = dup_current_disk ("outer-trial");
  assert_holds (tried_path, BEFORE);
  run_well ("discard", "outer-trial", NULL);
  run_well ("delete", "outer-old", "--yes", NULL);
  run_well ("start", "outer", NULL);
  run_well ("force-off", "outer", "--yes", NULL);
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "delete", "outer", "--yes", "--json", NULL);

    gh_lab_assert_status (run, 0);
    g_assert_true (gh_lab_run_has_check (run, "snapshots", "warning"));
    g_assert_false (gh_lab_run_has_check (run, "backing-needed", "refusal"));
  }
  assert_holds (clone_path, AFTER);
  run_well ("delete", "outer-clone", "--yes", NULL);
}

static guint64
get_size (const char *path)
{
  g_autofree char *out = gh_lab_run_tool ("qemu-img", "info", "-U", "--output=json", path, NULL);
  const char *size = strstr (out, "\"virtual-size\": ");

  g_assert_nonnull (size);
  return g_ascii_strtoull (size + strlen ("\"virtual-size\": "), NULL, 10);
}

/* Larger while off and while running, and never smaller; killed before it began. */
static void
test_resize (void)
{
  const guint64 gib = 1024 * 1024 * (guint64) 1024;
  g_autofree char *path = define_machine ("grows");

  run_well ("resize", "grows", "--size", "1", "--dry-run", NULL);
  g_assert_cmpuint (get_size (path), ==, 64 * 1024 * 1024);
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "plan-step-resize-before:kill");
  {
    g_autoptr (GhLabRun) run = gh_lab_run (lab, "resize", "grows", "--size", "1", NULL);

    gh_lab_assert_status (run, 128 + 9);
  }
  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", "");
  run_well ("undo", "--all", "--yes", NULL);
  g_assert_cmpuint (get_size (path), ==, 64 * 1024 * 1024);
  run_well ("resize", "grows", "--size", "1", NULL);
  g_assert_cmpuint (get_size (path), ==, gib);
  assert_holds (path, BEFORE);
  run_well ("start", "grows", NULL);
  run_well ("resize", "grows", "--size", "2", "--disk", "vda", NULL);
  g_assert_cmpuint (get_size (path), ==, 2 * gib);
  {
    g_autoptr (GhLabRun) smaller = gh_lab_run (lab, "resize", "grows", "--size", "1", "--json",
                                               NULL);
    g_autoptr (GhLabRun) same = gh_lab_run (lab, "resize", "grows", "--size", "2", "--json", NULL);
    g_autoptr (GhLabRun) none = gh_lab_run (lab, "resize", "grows", "--size", "3", "--disk", "vdz",
                                            "--json", NULL);

    assert_refused (smaller, "size-smaller", "vda");
    assert_refused (same, "size-same", "vda");
    assert_refused (none, "disk-unknown", "vdz");
  }
  run_well ("force-off", "grows", "--yes", NULL);
}

/* Killed whenever something has been written down, off and running: the disk is as large as it was,
 * or as it was to be, which is then said. */
static void
test_resize_killed (void)
{
  g_autofree char *path = define_machine ("stretch");
  guint64 size = get_size (path);

  for (guint live = 0; live < 2; live++)
    {
      guint n_done = 0;
      guint n_undone = 0;

      if (live > 0)
        run_well ("start", "stretch", NULL);
      for (guint n = 0;; n++)
        {
          g_autofree char *wanted = g_strdup_printf ("%u", live * 20 + n + 1);
          const char * const words[] = { "resize", "stretch", "--size", wanted, NULL };
          guint64 to = (guint64) (live * 20 + n + 1) << 30;
          int status = 0;
          gboolean killed = kill_at_record (words, n, &status);

          g_assert_cmpuint (get_size (path), ==, killed && status == 0 ? size : to);
          size = get_size (path);
          if (!killed)
            break;
          n_done += status != 0 ? 1 : 0;
          n_undone += status == 0 ? 1 : 0;
        }
      g_assert_cmpuint (n_done, >, 0);
      g_assert_cmpuint (n_undone, >, 0);
    }
  run_well ("force-off", "stretch", "--yes", NULL);
  assert_holds (path, BEFORE);
}

/* A volume of a pool, by its host. */
static void
test_resize_volume (void)
{
  g_autofree char *folder = gh_lab_dup_path (lab, "pool");
  g_autofree char *path = g_build_filename (folder, "volume.qcow2", NULL);
  g_autofree char *plain = define_machine ("volume");
  g_autofree char *xml = g_markup_printf_escaped (
    "<pool type='dir'><name>pool</name><target><path>%s</path></target></pool>", folder);
  virStoragePoolPtr pool = NULL;

  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  g_assert_no_errno (g_rename (plain, path));
  define_with_image ("volume", "volume", plain, path);
  pool = virStoragePoolCreateXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  {
    g_autoptr (GhLabRun) dry = gh_lab_run (lab, "resize", "volume", "--size", "1", "--dry-run",
                                           NULL);

    gh_lab_assert_status (dry, 0);
    g_assert_nonnull (strstr (dry->out, "vol-resize"));
  }
  run_well ("resize", "volume", "--size", "1", NULL);
  g_assert_cmpuint (get_size (path), ==, 1024 * 1024 * 1024);
  assert_holds (path, BEFORE);
  virStoragePoolDestroy (pool);
  virStoragePoolFree (pool);
}

/* A guest that runs: it is back in the middle of what it did, and sees its disk grow. */
static void
test_guest (void)
{
  g_autofree char *path = dup_disk_path ("guest");
  g_autofree char *xml = NULL;
  g_autoptr (GhLabSerial) serial = NULL;
  virDomainPtr domain = NULL;

  if (!gh_lab_has_guest ())
    {
      g_test_skip ("no guest could be made");
      return;
    }
  g_free (gh_lab_run_tool ("qemu-img", "create", "-q", "-f", "qcow2", path, "64M", NULL));
  xml = g_markup_printf_escaped (
    "<domain type='qemu'><name>guest</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk><serial type='pty'/><memballoon model='none'/>"
    "</devices></domain>", gh_lab_get_kernel (lab), gh_lab_get_initrd (lab), path);
  domain = virDomainDefineXML (gh_lab_connect (lab), xml);
  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainCreate (domain), ==, 0);
  virDomainFree (domain);
  serial = gh_lab_serial_open (lab, "guest");
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
  gh_lab_serial_command (serial, "for m in virtio virtio_pci virtio_blk; do "
                         "insmod /lib/modules/$m.ko; done 2>/dev/null; "
                         "until [ -b /dev/vda ]; do usleep 10000; done; "
                         "mark=first; echo $mark $(cat /sys/block/vda/size)", "first 131072");
  g_clear_pointer (&serial, gh_lab_serial_close);

  run_well ("snapshot", "guest", "take", "first", NULL);
  run_well ("resize", "guest", "--size", "0.125", "--yes", NULL);
  serial = gh_lab_serial_open (lab, "guest");
  gh_lab_serial_command (serial, "until [ $(cat /sys/block/vda/size) = 262144 ]; do "
                         "usleep 10000; done; mark=second; echo $mark is larger",
                         "second is larger");
  g_clear_pointer (&serial, gh_lab_serial_close);

  run_well ("snapshot", "guest", "revert", "first", "--no-safety", "--yes", NULL);
  serial = gh_lab_serial_open (lab, "guest");
  gh_lab_serial_command (serial, "echo $mark it was", "first it was");
  g_assert_cmpuint (get_size (path), ==, 64 * 1024 * 1024);
  g_clear_pointer (&serial, gh_lab_serial_close);
  run_well ("force-off", "guest", "--yes", NULL);
}

int
main (int    argc,
      char **argv)
{
  int status = 0;

  g_test_init (&argc, &argv, NULL);
  lab = gh_lab_new ();
  gh_lab_start_daemon (lab);
  g_test_add_func ("/lab-snapshot/off", test_off);
  g_test_add_func ("/lab-snapshot/running", test_running);
  g_test_add_func ("/lab-snapshot/killed", test_killed);
  g_test_add_func ("/lab-snapshot/delete-killed", test_delete_killed);
  g_test_add_func ("/lab-snapshot/revert-killed", test_revert_killed);
  g_test_add_func ("/lab-snapshot/safety-stays", test_safety_stays);
  g_test_add_func ("/lab-snapshot/parent", test_parent);
  g_test_add_func ("/lab-snapshot/parent-with-overlay", test_parent_with_overlay);
  g_test_add_func ("/lab-snapshot/external", test_external);
  g_test_add_func ("/lab-snapshot/resize", test_resize);
  g_test_add_func ("/lab-snapshot/resize-killed", test_resize_killed);
  g_test_add_func ("/lab-snapshot/resize-volume", test_resize_volume);
  g_test_add_func ("/lab-snapshot/guest", test_guest);
  status = g_test_run ();
  gh_lab_free (lab);
  return status;
}
