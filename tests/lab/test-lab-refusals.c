/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Bad inputs to the create plan, on a real host: each is refused by the check that is about
 * it, and nothing is left behind. */

#include "gh-lab.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  const char *check; /* that refuses it */
  const char *name;
  const char *source;
  const char *file;  /* in the lab's folder of files, or absolute */
  const char *option; /* (nullable) */
  const char *value;
} Input;

#define LONG_TEXT "@long"

static const Input inputs[] = {
  { "name-empty", "", "--kernel", "@kernel" },
  { "name-illegal", "a/b", "--kernel", "@kernel" },
  { "name-illegal", "../../etc/passwd", "--kernel", "@kernel" },
  { "name-illegal", "..", "--kernel", "@kernel" },
  { "name-illegal", " a", "--kernel", "@kernel" },
  { "name-illegal", "two\nlines", "--kernel", "@kernel" },
  { "name-too-long", LONG_TEXT, "--kernel", "@kernel" },
  { "name-taken", "running", "--kernel", "@kernel" },
  { "title-illegal", "new", "--kernel", "@kernel", "--title", "two\nlines" },
  { "os-unknown", "new", "--kernel", "@kernel", "--os", "http://example.org/no-such-os" },

  { "file-missing", "new", "--kernel", "missing" },
  { "file-missing", "new", "--kernel", "text/below" },
  { "file-not-a-file", "new", "--kernel", "folder" },
  { "file-not-a-file", "new", "--kernel", "fifo" },
  { "file-empty", "new", "--kernel", "empty" },
  { "file-unreadable", "new", "--kernel", "unreadable" },
  { "file-closed-folder", "new", "--kernel", "closed/kernel" },
  { "file-missing", "new", "--kernel", "loop" },
  { "kernel-unknown-format", "new", "--kernel", "text" },
  { "kernel-unknown-format", "new", "--kernel", "plain.qcow2" },
  { "file-missing", "new", "--kernel", "@kernel", "--initrd", "/nowhere/initrd" },
  { "cmdline-illegal", "new", "--kernel", "@kernel", "--cmdline", "quiet\ninit=/bin/sh" },
  { "cmdline-too-long", "new", "--kernel", "@kernel", "--cmdline", LONG_TEXT },

  { "file-missing", "new", "--disk", "missing.qcow2" },
  { "file-not-a-file", "new", "--disk", "/dev/null" },
  { "image-unknown-format", "new", "--disk", "text" },
  { "image-unknown-format", "new", "--disk", "@kernel" },
  { "image-backing-file", "new", "--disk", "linked.qcow2" },
  { "image-external-data", "new", "--disk", "data.qcow2" },
  { "image-damaged", "new", "--disk", "damaged.qcow2" },
  { "image-encrypted", "new", "--disk", "encrypted.qcow2" },
  { "disk-is-an-iso", "new", "--disk", "cd.iso" },
  { "file-not-writable", "new", "--disk", "readonly.qcow2" },
  { "image-in-use-running", "new", "--disk", "running.qcow2" },
  { "image-in-use-running", "new", "--disk", "link-to-running" },

  { "file-missing", "new", "--iso", "missing.iso" },
  { "file-not-a-file", "new", "--iso", "/dev/zero" },
  { "iso-is-a-disk", "new", "--iso", "plain.qcow2" },
  { "iso-unknown-format", "new", "--iso", "@kernel" },

  { "memory-over-host", "new", "--kernel", "@kernel", "--memory", "104857600" },
  { "cpus-over-machine", "new", "--kernel", "@kernel", "--cpus", "100000" },
  { "disk-too-small", "new", "--empty", NULL, "--size", "0.0001" },
  { "disk-too-large", "new", "--empty", NULL, "--size", "1000000" },
  { "disk-exists", "exists", "--empty", NULL, "--size", "1" },
  { "pool-missing", "new", "--empty", NULL, "--pool", "nowhere" },
  { "pool-inactive", "new", "--empty", NULL, "--pool", "sleeping" },
  { "network-missing", "new", "--kernel", "@kernel", "--network", "network:nowhere" },
  { "network-illegal", "new", "--kernel", "@kernel", "--network", "nonsense" },
  { "network-illegal", "new", "--kernel", "@kernel", "--network", "bridge:../../x" },
};

static void
run_tool (GhLab      *lab,
          const char *line)
{
  g_autofree char *folder = gh_lab_dup_path (lab, "");
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autoptr (GError) error = NULL;
  g_autofree char *errors = NULL;
  int status = -1;

  g_spawn_sync (folder, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                NULL, &errors, &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("%s: %s", line, errors);
}

static void
write_iso (GhLab *lab)
{
  g_autofree char *path = gh_lab_dup_path (lab, "cd.iso");
  g_autofree char *bytes = g_malloc0 (64 * 1024);

  memcpy (bytes + 32768, "\1CD001\1", 7);
  memcpy (bytes + 34816, "\377CD001\1", 7);
  g_assert_true (g_file_set_contents (path, bytes, 64 * 1024, NULL));
}

static void
make_files (GhLab *lab)
{
  static const char *lines[] = {
    "mkdir folder closed",
    "mkfifo fifo",
    "ln -s loop loop",
    "ln -s running.qcow2 link-to-running",
    "qemu-img create -q -f qcow2 plain.qcow2 16M",
    "qemu-img create -q -f qcow2 running.qcow2 16M",
    "qemu-img create -q -f qcow2 readonly.qcow2 16M",
    "qemu-img create -q -f qcow2 -b plain.qcow2 -F qcow2 linked.qcow2",
    "qemu-img create -q -f qcow2 -o data_file=data.raw data.qcow2 16M",
    "qemu-img create -q -f qcow2 damaged.qcow2 16M",
    "truncate -s 40 damaged.qcow2",
    "qemu-img create -q -f qcow2 --object secret,id=s,data=guest -o "
    "encrypt.format=luks,encrypt.key-secret=s "
      "encrypted.qcow2 16M",
    "chmod 400 readonly.qcow2",
    "chmod 000 closed",
  };
  g_autofree char *text = gh_lab_write_file (lab, "text", "Dear guest, this is no machine.\n");
  g_autofree char *empty = gh_lab_write_file (lab, "empty", "");
  g_autofree char *unreadable = gh_lab_write_file (lab, "unreadable", "secret");

  g_assert_no_errno (g_chmod (unreadable, 0));
  write_iso (lab);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    run_tool (lab, lines[i]);
}

/* What the inputs run into: a pool, one that sleeps, a file, and a machine that runs. */
static void
make_neighbours (GhLab *lab)
{
  g_autofree char *disk = gh_lab_dup_path (lab, "running.qcow2");
  g_autofree char *folder = gh_lab_dup_path (lab, "sleeping");
  g_autofree char *images = g_build_filename (gh_lab_get_folder (lab), ".local", "share", "libvirt",
                                              "images",
                                              NULL);
  g_autofree char *existing = g_build_filename (images, "exists.qcow2", NULL);
  g_autofree char *xml = NULL;
  g_autoptr (GhLabRun) run = NULL;
  virStoragePoolPtr pool = NULL;

  xml = g_strdup_printf ("<pool type='dir'><name>sleeping</name>"
                         "<target><path>%s</path></target></pool>",
                         folder);
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  virStoragePoolFree (pool);
  g_assert_no_errno (g_mkdir_with_parents (images, 0700));
  g_assert_true (g_file_set_contents (existing, "somebody's", -1, NULL));
  run = gh_lab_run (lab, "create", "running", "--disk", disk, "--memory", "64", "--json", "--yes",
                    NULL);
  gh_lab_assert_status (run, 0);
}

static char *
dup_value (GhLab      *lab,
           const char *value)
{
  if (strcmp (value, LONG_TEXT) == 0)
    return g_strnfill (3000, 'x');
  return g_strdup (value);
}

static GhLabRun *
try_input (GhLab       *lab,
           const Input *input)
{
  g_autoptr (GPtrArray) args = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (args, g_strdup ("create"));
  g_ptr_array_add (args, g_strdup ("--json"));
  g_ptr_array_add (args, g_strdup ("--yes"));
  g_ptr_array_add (args, g_strdup (input->source));
  if (g_strcmp0 (input->file, "@kernel") == 0)
    g_ptr_array_add (args, g_strdup (gh_lab_get_kernel (lab)));
  else if (input->file != NULL)
    g_ptr_array_add (args, *input->file == '/' ? g_strdup (input->file)
                     : gh_lab_dup_path (lab, input->file));
  if (input->option != NULL)
    {
      g_ptr_array_add (args, g_strdup (input->option));
      g_ptr_array_add (args, dup_value (lab, input->value));
    }
  g_ptr_array_add (args, dup_value (lab, input->name));
  g_ptr_array_add (args, NULL);
  return gh_lab_runv (lab, (const char * const *) args->pdata);
}

static void
test_refusals (void)
{
  g_autoptr (GhLab) lab = NULL;
  g_auto (GStrv) before = NULL;
  guint n_wrong = 0;

  G_STATIC_ASSERT (G_N_ELEMENTS (inputs) >= 30);
  if (!gh_lab_has_guest ())
    return;
  lab = gh_lab_new ();
  make_files (lab);
  make_neighbours (lab);
  before = gh_lab_list_inventory (lab);

  /* All of them, before the test fails: one may hide another. */
  for (guint i = 0; i < G_N_ELEMENTS (inputs); i++)
    {
      g_autoptr (GhLabRun) run = try_input (lab, &inputs[i]);

      if (run->status == 3 && gh_lab_run_has_check (run, inputs[i].check, "refusal"))
        continue;
      n_wrong++;
      g_test_message ("Input %u was not refused by “%s” (status %d):\n%s%s", i, inputs[i].check,
                      run->status,
                      run->out, run->err);
    }
  g_assert_cmpuint (n_wrong, ==, 0);
  gh_lab_assert_inventory (lab, before);
}

/* A line that makes no sense is not a plan: status 2, and a sentence. */
static void
test_usage (void)
{
  static const char * const lines[][8] = {
    { "create", "--json", NULL },
    { "create", "new", "--json", NULL },
    { "create", "new", "--empty", "--kernel", "/x", "--json", NULL },
    { "create", "new", "--disk", "/x", "--initrd", "/y", "--json", NULL },
    { "create", "new", "--empty", "--memory", "-5", "--json", NULL },
    { "create", "new", "--empty", "--memory", "much", "--json", NULL },
    { "create", "new", "--empty", "--cpus", "0", "--json", NULL },
    { "create", "new", "--empty", "--size", "-1.5", "--json", NULL },
    { "create", "new", "--empty", "--size", "nan", "--json", NULL },
    { "create", "new", "--empty", "--firmware", "coreboot", "--json", NULL },
    { "create", "new", "--empty", "--graphics", "oil", "--json", NULL },
    { "create", "new", "extra", "--empty", "--json", NULL },
    { "create", "new", "--empty", "--no-such-option", "--json", NULL },
    { "ceate", "new", "--empty", "--json", NULL },
  };
  g_autoptr (GhLab) lab = gh_lab_new ();

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GhLabRun) run = gh_lab_runv (lab, lines[i]);

      gh_lab_assert_status (run, 2);
      g_assert_nonnull (run->json);
      g_assert_cmpstr (run->err, !=, "");
    }
  /* Not even a daemon was needed for that. */
  g_assert_cmpint (gh_lab_get_daemon_pid (lab), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/refusals/usage", test_usage);
  g_test_add_func ("/refusals/create", test_refusals);

  return g_test_run ();
}
