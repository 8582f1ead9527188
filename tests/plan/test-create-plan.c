/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "gh-create-plan-private.h"
#include "gh-create-plan.h"
#include "gh-faults.h"
#include "gh-os-rules.h"
#include "gh-plan.h"
#include "gh-threads.h"

#define GIB ((guint64) 1024 * 1024 * 1024)
#define KIB_PER_GIB ((guint64) 1024 * 1024)

#define OK GH_CHECK_OK
#define NOTE GH_CHECK_NOTE
#define WARNING GH_CHECK_WARNING
#define REFUSAL GH_CHECK_REFUSAL

/* One host and one folder of images for all tests; the test driver keeps nothing. */
static GhHost *host = NULL;
static char *folder = NULL;

static void
store_result_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **slot)
{
  while (*slot == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *slot;
}

static void
run_program (const char *first,
             ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  int status = 0;
  const char *argument = NULL;
  va_list args;

  g_ptr_array_add (argv, (gpointer) first);
  va_start (args, first);
  while ((argument = va_arg (args, const char *)) != NULL)
    g_ptr_array_add (argv, (gpointer) argument);
  va_end (args);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (folder, (char **) argv->pdata, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, NULL));
}

static void
write_file (const char *name,
            const void *bytes,
            gsize       length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
}

static void
define_machine (const char *name,
                const char *disk,
                gboolean    start)
{
  g_autofree char *xml = g_strdup_printf (
    "<domain type='test'><name>%s</name><memory>65536</memory><os><type>hvm</type></os><devices>"
    "<disk type='file' device='disk'><driver type='qcow2'/><source file='%s/%s'/><target "
    "dev='vda'/></disk>"
    "</devices></domain>", name, folder, disk);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) started = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *uuid = NULL;
  GhMachine *machine = NULL;

  gh_host_define_async (host, xml, NULL, store_result_cb, &result);
  uuid = gh_host_define_finish (host, wait_for (&result), &error);
  g_assert_no_error (error);
  while ((machine = gh_host_find_machine (host, uuid)) == NULL)
    g_main_context_iteration (NULL, TRUE);
  if (!start)
    return;
  gh_machine_run_action_async (machine, GH_MACHINE_START, NULL, store_result_cb, &started);
  g_assert_true (gh_machine_run_action_finish (machine, wait_for (&started), &error));
  while (!gh_machine_is_active (machine))
    g_main_context_iteration (NULL, TRUE);
}

/* ISO 9660, with labels and, if asked for, an El Torito catalog. */
static void
write_iso (const char *name,
           const char *volume_id,
           gboolean    bios,
           gboolean    uefi)
{
  g_autofree guint8 *image = g_malloc0 (2048 * 22);
  guint8 *block = image + 16 * 2048;
  guint8 *catalog = image + 20 * 2048;

  block[0] = 1;
  memcpy (block + 1, "CD001\1", 6);
  memset (block + 8, ' ', 64);
  memcpy (block + 40, volume_id, strlen (volume_id));
  block += 2048;
  memcpy (block + 1, "CD001\1EL TORITO SPECIFICATION", 29);
  block[71] = 20;
  block += 2048;
  block[0] = 255;
  memcpy (block + 1, "CD001\1", 6);
  catalog[0] = 1;
  catalog[30] = 0x55;
  catalog[31] = 0xaa;
  catalog[32] = bios ? 0x88 : 0;
  catalog[64] = 0x91;
  catalog[65] = 0xef;
  catalog[66] = 1;
  catalog[96] = uefi ? 0x88 : 0;
  write_file (name, image, 2048 * 22);
}

static void
make_files (void)
{
  g_autofree guint8 *zeros = g_malloc0 (65536);
  guint8 kernel[4096] = "MZ";
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  g_autofree char *sub = g_build_filename (folder, "folder", NULL);
  g_autofree char *readonly = g_build_filename (folder, "readonly.qcow2", NULL);
  g_autofree char *unreadable = g_build_filename (folder, "unreadable.qcow2", NULL);
  g_autofree char *closed = g_build_filename (folder, "closed", NULL);
  const char *names[] = { "good.qcow2", "used-off.qcow2", "used-on.qcow2", "readonly.qcow2",
                          "unreadable.qcow2", "damaged.qcow2", "unsupported.qcow2" };
  const char *evil = "# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\nRW 1 FLAT "
                     "\"/etc/passwd\" 0\n";

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    run_program ("qemu-img", "create", "-q", "-f", "qcow2", names[i], "64M", NULL);
  run_program ("qemu-img", "create", "-q", "-f", "qcow2", "-b", "good.qcow2", "-F", "qcow2",
               "overlay.qcow2",
               NULL);
  run_program ("qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=data.raw",
               "external.qcow2", "64M",
               NULL);
  run_program ("qemu-img", "create", "-q", "--object", "secret,id=s,data=tiger", "-f", "qcow2",
               "-o",
               "encrypt.format=aes,encrypt.key-secret=s", "secret.qcow2", "64M", NULL);
  run_program ("dd", "if=/dev/urandom", "of=damaged.qcow2", "bs=1", "seek=40", "count=8",
               "conv=notrunc",
               "status=none", NULL);
  run_program ("dd", "if=/dev/urandom", "of=unsupported.qcow2", "bs=1", "seek=72", "count=6",
               "conv=notrunc",
               "status=none", NULL);
  write_file ("evil.vmdk", evil, strlen (evil));
  write_file ("empty.img", "", 0);
  write_file ("text.img", "This is no disk.", 16);
  write_file ("blank.img", zeros, 65536);
  write_file ("initrd", "070701000", 9);
  kernel[0x1fe] = 0x55;
  kernel[0x1ff] = 0xaa;
  memcpy (kernel + 0x202, "HdrS", 4);
  write_file ("vmlinuz", kernel, sizeof kernel);
  write_iso ("debian.iso", "Debian 12.5.0 amd64 n", TRUE, TRUE);
  write_iso ("win11.iso", "CCCOMA_X64FRE_EN-US_DV9", FALSE, TRUE);
  write_iso ("old.iso", "SOMETHING OLD", TRUE, FALSE);
  write_iso ("data.iso", "HOLIDAY", FALSE, FALSE);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (g_mkdir (sub, 0755), ==, 0);
  g_assert_cmpint (g_chmod (readonly, 0444), ==, 0);
  g_assert_cmpint (g_chmod (unreadable, 0000), ==, 0);
  g_assert_cmpint (g_mkdir (closed, 0755), ==, 0);
  run_program ("cp", "good.qcow2", "closed/inside.qcow2", NULL);
  g_assert_cmpint (g_chmod (closed, 0000), ==, 0);
}

/* Everything that could be left behind. */
static char *
take_stock (void)
{
  GString *stock = g_string_new (NULL);
  g_autoptr (GAsyncResult) definitions_result = NULL;
  g_autoptr (GAsyncResult) volumes_result = NULL;
  g_autoptr (GAsyncResult) pools_result = NULL;
  g_autoptr (GPtrArray) definitions = NULL;
  g_autoptr (GPtrArray) volumes = NULL;
  g_autoptr (GPtrArray) pools = NULL;
  g_autofree char *listing = NULL;
  g_autofree char *journals = g_build_filename (folder, "state", "guesthouse", "plans", NULL);
  char *ls[] = { "ls", "-lAR", "-I", "state", "--time-style=full-iso", folder, NULL };
  g_autoptr (GDir) dir = g_dir_open (journals, 0, NULL);
  const char *journal = NULL;

  gh_host_load_definitions_async (host, NULL, store_result_cb, &definitions_result);
  definitions = gh_host_load_definitions_finish (host, wait_for (&definitions_result), NULL);
  for (guint i = 0; i < definitions->len; i++)
    {
      GhDefinition *definition = g_ptr_array_index (definitions, i);

      g_string_append_printf (stock, "machine %s %s\n%s\n", definition->uuid, definition->name,
                              definition->xml);
    }
  gh_host_load_pools_async (host, NULL, store_result_cb, &pools_result);
  pools = gh_host_load_pools_finish (host, wait_for (&pools_result), NULL);
  for (guint i = 0; i < pools->len; i++)
    {
      GhPoolInfo *pool = g_ptr_array_index (pools, i);

      g_string_append_printf (stock, "pool %s %s %d\n", pool->uuid, pool->name, pool->active);
    }
  gh_host_load_volumes_async (host, TRUE, NULL, store_result_cb, &volumes_result);
  volumes = gh_host_load_volumes_finish (host, wait_for (&volumes_result), NULL);
  for (guint i = 0; i < volumes->len; i++)
    {
      GhVolumeInfo *volume = g_ptr_array_index (volumes, i);

      g_string_append_printf (stock, "volume %s\n", volume->path);
    }
  g_spawn_sync (NULL, ls, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                &listing, NULL,
                NULL, NULL);
  g_string_append (stock, listing);
  while (dir != NULL && (journal = g_dir_read_name (dir)) != NULL)
    g_string_append_printf (stock, "journal %s\n", journal);
  return g_string_free (stock, FALSE);
}

static void
assert_same_stock (const char *before,
                   const char *after)
{
  g_auto (GStrv) lines_before = g_strsplit (before, "\n", -1);
  g_auto (GStrv) lines_after = g_strsplit (after, "\n", -1);

  for (guint i = 0; lines_before[i] != NULL && lines_after[i] != NULL; i++)
    g_assert_cmpstr (lines_before[i], ==, lines_after[i]);
  g_assert_cmpuint (strlen (before), ==, strlen (after));
}

/* Sets one input from “name=value”; “$T” in the value is the folder. */
static void
apply_input (GhCreatePlan *plan,
             const char   *input)
{
  g_auto (GStrv) parts = g_strsplit (input, "=", 2);
  g_auto (GStrv) pieces = g_strsplit (parts[1], "$T", -1);
  g_autofree char *value = g_strjoinv (folder, pieces);
  const char *name = parts[0];

  if (strcmp (name, "memory") == 0)
    gh_create_plan_set_memory_kib (plan, g_ascii_strtoull (value, NULL, 10) * 1024);
  else if (strcmp (name, "memory-kib") == 0)
    gh_create_plan_set_memory_kib (plan, g_ascii_strtoull (value, NULL, 10));
  else if (strcmp (name, "cpus") == 0)
    gh_create_plan_set_cpus (plan, (guint) g_ascii_strtoull (value, NULL, 10));
  else if (strcmp (name, "size") == 0)
    gh_create_plan_set_disk_bytes (plan, g_ascii_strtoull (value, NULL, 10) * 1024 * 1024);
  else if (strcmp (name, "bytes") == 0)
    gh_create_plan_set_disk_bytes (plan, g_ascii_strtoull (value, NULL, 10));
  else if (strcmp (name, "source") == 0)
    gh_create_plan_set_source (plan, (GhCreateSource) atoi (value));
  else if (strcmp (name, "firmware") == 0)
    gh_create_plan_set_firmware (plan, (GhFirmware) atoi (value));
  else if (strcmp (name, "clipboard") == 0)
    gh_create_plan_set_clipboard (plan, atoi (value) != 0);
  else if (strcmp (name, "os-id") == 0)
    gh_create_plan_set_os_id (plan, value);
  else if (strcmp (name, "name") == 0)
    gh_create_plan_set_name (plan, value);
  else if (strcmp (name, "network") == 0)
    gh_create_plan_set_network (plan, value);
  else if (strcmp (name, "graphics") == 0)
    gh_create_plan_set_graphics (plan, value);
  else if (strcmp (name, "pool") == 0)
    gh_create_plan_set_pool (plan, value);
  else if (strcmp (name, "disk-name") == 0)
    gh_create_plan_set_disk_name (plan, value);
  else
    g_object_set (plan, name, value, NULL);
}

/* @inputs: separated by “|”. */
static GhCreatePlan *
make_plan (const char *inputs)
{
  GhCreatePlan *plan = gh_create_plan_new (host);
  g_auto (GStrv) list = g_strsplit (inputs, "|", -1);

  for (guint i = 0; list[i] != NULL; i++)
    {
      if (*list[i] != '\0')
        apply_input (plan, list[i]);
    }
  return plan;
}

static void
prepare (GhCreatePlan *plan)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  gh_plan_prepare_async (GH_PLAN (plan), NULL, store_result_cb, &result);
  gh_plan_prepare_finish (GH_PLAN (plan), wait_for (&result), &error);
  g_assert_no_error (error);
}

static GhCheck *
find_check (GhCreatePlan *plan,
            const char   *id)
{
  GPtrArray *checks = gh_plan_get_checks (GH_PLAN (plan));

  for (guint i = 0; i < checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (checks, i);

      if (strcmp (gh_check_get_id (check), id) == 0)
        return check;
    }
  return NULL;
}

static void
print_checks (GhCreatePlan *plan)
{
  GPtrArray *checks = gh_plan_get_checks (GH_PLAN (plan));

  for (guint i = 0; i < checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (checks, i);

      g_test_message ("  %d %s: %s", gh_check_get_level (check), gh_check_get_id (check),
                      gh_check_get_title (check));
    }
}

static gboolean
run_plan (GhCreatePlan  *plan,
          GError       **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  gh_plan_run_async (GH_PLAN (plan), NULL, store_result_cb, &result);
  return gh_plan_run_finish (GH_PLAN (plan), wait_for (&result), error);
}

static void
fix (GhCheck *check)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (check);
  g_assert_nonnull (gh_check_get_fix_label (check));
  g_object_ref (check);
  gh_check_fix_async (check, NULL, store_result_cb, &result);
  gh_check_fix_finish (check, wait_for (&result), &error);
  g_assert_no_error (error);
  g_object_unref (check);
}

/* Bad inputs: each has a rule of its own. */

#define LONG_241 \
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct
{
  const char   *inputs;
  const char   *id;
  GhCheckLevel  level;
  gboolean      not_as_root; /* root may do everything */
} bad_inputs[] = {
  { "name=", "name-empty", REFUSAL },
  { "name=a/b", "name-illegal", REFUSAL },
  { "name=../../etc/passwd", "name-illegal", REFUSAL },
  { "name=.", "name-illegal", REFUSAL },
  { "name=..", "name-illegal", REFUSAL },
  { "name= web", "name-illegal", REFUSAL },
  { "name=web ", "name-illegal", REFUSAL },
  { "name=a\nb", "name-illegal", REFUSAL },
  { "name=a\tb", "name-illegal", REFUSAL },
  { "name=a\x7f", "name-illegal", REFUSAL },
  { "name=\xff\xfe", "name-illegal", REFUSAL },
  { "name=--help", "name-illegal", REFUSAL },
  { "name=" LONG_241, "name-too-long", REFUSAL },
  { "name=test", "name-taken", REFUSAL },
  { "title=two\nlines", "title-illegal", REFUSAL },
  { "os-id=plan9", "os-unknown", REFUSAL },

  { "source=1", "iso-missing", REFUSAL },
  { "iso-path=$T/nothing.iso", "file-missing", REFUSAL },
  { "iso-path=debian.iso", "path-relative", REFUSAL },
  { "iso-path=$T/folder", "file-not-a-file", REFUSAL },
  { "iso-path=$T/fifo", "file-not-a-file", REFUSAL },
  { "iso-path=/dev/zero", "file-not-a-file", REFUSAL },
  { "iso-path=$T/empty.img", "file-empty", REFUSAL },
  { "iso-path=$T/good.qcow2", "iso-is-a-disk", REFUSAL },
  { "iso-path=$T/vmlinuz", "iso-unknown-format", REFUSAL },
  { "iso-path=$T/text.img", "iso-unknown-format", WARNING },
  { "iso-path=$T/data.iso", "iso-not-bootable", WARNING },

  { "source=2", "disk-missing", REFUSAL },
  { "disk-path=$T/nothing.qcow2", "file-missing", REFUSAL },
  { "disk-path=$T/good.qcow2/below", "file-missing", REFUSAL },
  { "disk-path=$T/folder", "file-not-a-file", REFUSAL },
  { "disk-path=$T/empty.img", "file-empty", REFUSAL },
  { "disk-path=$T/text.img", "image-unknown-format", REFUSAL },
  { "disk-path=$T/initrd", "image-unknown-format", REFUSAL },
  { "disk-path=$T/blank.img", "disk-blank", WARNING },
  { "disk-path=$T/debian.iso", "disk-is-an-iso", REFUSAL },
  { "disk-path=$T/overlay.qcow2", "image-backing-file", REFUSAL },
  { "disk-path=$T/external.qcow2", "image-external-data", REFUSAL },
  { "disk-path=$T/evil.vmdk", "image-external-data", REFUSAL },
  { "disk-path=$T/secret.qcow2", "image-encrypted", REFUSAL },
  { "disk-path=$T/damaged.qcow2", "image-damaged", REFUSAL },
  { "disk-path=$T/unsupported.qcow2", "image-unsupported", REFUSAL },
  { "disk-path=$T/used-off.qcow2", "image-in-use", WARNING },
  { "disk-path=$T/used-on.qcow2", "image-in-use-running", REFUSAL },
  { "disk-path=$T/unreadable.qcow2", "file-unreadable", REFUSAL, TRUE },
  { "disk-path=$T/closed/inside.qcow2", "file-closed-folder", REFUSAL, TRUE },

  { "source=3", "kernel-missing", REFUSAL },
  { "kernel-path=$T/nothing", "file-missing", REFUSAL },
  { "kernel-path=$T/text.img", "kernel-unknown-format", REFUSAL },
  { "kernel-path=$T/initrd", "kernel-unknown-format", REFUSAL },
  { "kernel-path=$T/vmlinuz|initrd-path=$T/nothing", "file-missing", REFUSAL },
  { "kernel-path=$T/vmlinuz|initrd-path=$T/text.img", "initrd-unknown-format", WARNING },
  { "initrd-path=$T/initrd", "initrd-without-kernel", REFUSAL },
  { "cmdline=quiet", "cmdline-without-kernel", REFUSAL },
  { "kernel-path=$T/vmlinuz|cmdline=a\nb", "cmdline-illegal", REFUSAL },

  { "memory=0", "memory-zero", REFUSAL },
  { "memory-kib=512", "memory-too-small", REFUSAL },
  { "memory=99999999", "memory-over-host", REFUSAL },
  { "os-id=ubuntu22.04|memory=512", "memory-below-minimum", WARNING },
  { "cpus=0", "cpus-zero", REFUSAL },
  { "cpus=100000", "cpus-over-machine", REFUSAL },
  { "os-id=win11|cpus=1", "cpus-below-minimum", WARNING },
  { "size=0", "no-disk", WARNING },
  { "bytes=1", "disk-too-small", REFUSAL },
  { "size=999999999999", "disk-too-large", REFUSAL },
  { "bytes=18446744073709551615", "disk-too-large", REFUSAL },
  { "os-id=ubuntu22.04|size=1024", "disk-below-minimum", WARNING },
  { "pool=default-pool|size=1048576", "space-low", WARNING },
  { "pool=attic", "pool-missing", REFUSAL },
  { "disk-name=", "disk-name-illegal", REFUSAL },
  { "disk-name=../x.qcow2", "disk-name-illegal", REFUSAL },
  { "disk-name=a\nb", "disk-name-illegal", REFUSAL },
  { "network=network:nowhere", "network-missing", REFUSAL },
  { "network=wifi", "network-illegal", REFUSAL },
  { "network=network:", "network-illegal", REFUSAL },
  { "network=bridge:this-name-is-too-long", "network-illegal", REFUSAL },
  { "graphics=sdl", "graphics-illegal", REFUSAL },
  { "graphics=vnc|clipboard=1", "clipboard-needs-spice", NOTE },
};

static void
test_bad_inputs (void)
{
  g_autofree char *before = take_stock ();

  g_assert_cmpuint (G_N_ELEMENTS (bad_inputs), >=, 35);
  for (guint i = 0; i < G_N_ELEMENTS (bad_inputs); i++)
    {
      g_autoptr (GhCreatePlan) plan = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *after = NULL;
      GhCheck *check = NULL;

      if (bad_inputs[i].not_as_root && geteuid () == 0)
        continue;
      plan = make_plan (bad_inputs[i].inputs);
      g_test_message ("%.60s: %s", bad_inputs[i].inputs, bad_inputs[i].id);
      prepare (plan);
      print_checks (plan);
      check = find_check (plan, bad_inputs[i].id);
      g_assert_nonnull (check);
      g_assert_cmpint (gh_check_get_level (check), ==, bad_inputs[i].level);
      g_assert_true (g_utf8_validate (gh_check_get_title (check), -1, NULL) ||
                     strchr (bad_inputs[i].inputs, '\xff') != NULL);

      if (bad_inputs[i].level == REFUSAL)
        {
          g_assert_false (run_plan (plan, &error));
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
          g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_PREPARED);
        }
      after = take_stock ();
      assert_same_stock (before, after);
    }
}

/* What fixes do */

static void
test_fix_name (void)
{
  g_autoptr (GhCreatePlan) plan = make_plan ("name=test");

  prepare (plan);
  fix (find_check (plan, "name-taken"));
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "test-2");
  g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_EDITING);
  prepare (plan);
  g_assert_null (find_check (plan, "name-taken"));
}

static void
test_fix_kind (void)
{
  g_autoptr (GhCreatePlan) plan = make_plan ("disk-path=$T/debian.iso");

  prepare (plan);
  fix (find_check (plan, "disk-is-an-iso"));
  g_assert_cmpint (gh_create_plan_get_source (plan), ==, GH_CREATE_FROM_ISO);
  prepare (plan);
  g_assert_cmpstr (gh_create_plan_get_detected_os (plan), ==, "Debian 12");

  gh_create_plan_set_iso_path (plan, NULL);
  g_assert_cmpint (gh_create_plan_get_source (plan), ==, GH_CREATE_FROM_ISO);
  prepare (plan);
  g_assert_nonnull (find_check (plan, "iso-missing"));
  g_assert_null (gh_create_plan_get_detected_os (plan));
}

static void
test_fix_access (void)
{
  g_autoptr (GhCreatePlan) plan = NULL;
  g_autofree char *path = g_build_filename (folder, "unreadable.qcow2", NULL);

  if (geteuid () == 0)
    {
      g_test_skip ("nothing is closed to root");
      return;
    }
  plan = make_plan ("disk-path=$T/unreadable.qcow2");
  prepare (plan);
  fix (find_check (plan, "file-unreadable"));
  g_assert_cmpint (g_access (path, R_OK), ==, 0);
  prepare (plan);
  g_assert_null (find_check (plan, "file-unreadable"));
  g_assert_cmpint (g_chmod (path, 0000), ==, 0);
}

/* Proposals */

static void
settle (GhCreatePlan *plan)
{
  while (gh_create_plan_get_loading (plan) || gh_create_plan_get_capabilities (plan) == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_proposals (void)
{
  g_autoptr (GhCreatePlan) plan = gh_create_plan_new (host);
  g_autofree char *iso = g_build_filename (folder, "debian.iso", NULL);

  settle (plan);
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "machine");
  g_assert_cmpstr (gh_create_plan_get_network (plan), ==, "network:default");
  g_assert_cmpuint (gh_create_plan_get_disk_bytes (plan), ==, 20 * GIB);

  /* By the ISO. The name is the user's from here on. */
  gh_create_plan_set_name (plan, "mine");
  g_assert_true (gh_create_plan_is_overridden (plan, GH_CREATE_NAME));
  g_assert_cmpstr (gh_create_plan_get_disk_name (plan), ==, "mine.qcow2");
  gh_create_plan_set_iso_path (plan, iso);
  g_assert_true (gh_create_plan_get_loading (plan));
  settle (plan);
  g_assert_cmpstr (gh_create_plan_get_detected_os (plan), ==, "Debian 12");
  g_assert_cmpstr (gh_create_plan_get_os_name (plan), ==, "Debian 12");
  g_assert_cmpstr (gh_create_plan_get_os_id (plan), ==, "http://debian.org/debian/12");
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "mine");
  gh_create_plan_reset (plan, GH_CREATE_NAME);
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "debian12");
  g_assert_cmpstr (gh_create_plan_get_disk_name (plan), ==, "debian12.qcow2");

  /* A binding that writes back what it was shown overrides nothing. */
  g_object_set (plan, "name", "debian12", "memory-kib", gh_create_plan_get_memory_kib (plan), NULL);
  g_assert_false (gh_create_plan_is_overridden (plan, GH_CREATE_NAME));
  g_assert_false (gh_create_plan_is_overridden (plan, GH_CREATE_MEMORY));
  g_object_set (plan, "cpus", 3, NULL);
  g_assert_true (gh_create_plan_is_overridden (plan, GH_CREATE_CPUS));

  /* The user knows better what the ISO is. */
  gh_create_plan_set_os_id (plan, "winxp");
  settle (plan);
  g_assert_cmpstr (gh_create_plan_get_os_name (plan), ==, "Microsoft Windows XP");
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "winxp");
  g_assert_cmpuint (gh_create_plan_get_memory_kib (plan), ==, 512 * 1024);
  g_assert_cmpuint (gh_create_plan_get_disk_bytes (plan), ==, 10 * GIB);
  g_assert_cmpuint (gh_create_plan_get_cpus (plan), ==, 3);
  gh_create_plan_reset (plan, GH_CREATE_OS);
  gh_create_plan_reset (plan, GH_CREATE_CPUS);
  settle (plan);
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "debian12");
  g_assert_cmpuint (gh_create_plan_get_cpus (plan), ==, 2);
}

/* A proposal that arrives makes what was shown outdated; one that does not change leaves it. */
static void
test_invalidation (void)
{
  g_autoptr (GhCreatePlan) plan = make_plan ("iso-path=$T/debian.iso");

  prepare (plan);
  prepare (plan);
  g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_PREPARED);
  gh_create_plan_set_memory_kib (plan, 1 * KIB_PER_GIB);
  g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_EDITING);
}

static void
test_superseded (void)
{
  g_autoptr (GhCreatePlan) plan = make_plan ("iso-path=$T/debian.iso");
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  gh_plan_prepare_async (GH_PLAN (plan), NULL, store_result_cb, &first);
  gh_create_plan_set_name (plan, "other");
  gh_plan_prepare_async (GH_PLAN (plan), NULL, store_result_cb, &second);
  g_assert_false (gh_plan_prepare_finish (GH_PLAN (plan), wait_for (&first), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_true (gh_plan_prepare_finish (GH_PLAN (plan), wait_for (&second), &error));
  g_assert_no_error (error);
}

/* Nobody waits: the plan goes away with its readings. */
static void
test_dropped (void)
{
  GhCreatePlan *plan = make_plan ("disk-path=$T/good.qcow2");
  gpointer weak = plan;

  g_object_add_weak_pointer (G_OBJECT (plan), &weak);
  gh_plan_prepare_async (GH_PLAN (plan), NULL, NULL, NULL);
  gh_create_plan_set_disk_path (plan, "/elsewhere");
  g_object_unref (plan);
  while (weak != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (weak);
}

/* Making machines on the test driver */

static void
test_create (void)
{
  g_autoptr (GhCreatePlan) plan = make_plan ("iso-path=$T/debian.iso|size=1024|title=My <Debian>");
  g_autoptr (GhCreatePlan) next = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GhDomainXml) xml = NULL;
  g_autofree char *name = NULL;
  g_autofree char *os_id = NULL;
  g_autoptr (GPtrArray) disks = NULL;
  GhMachine *machine = NULL;
  GhDiskXml *disk = NULL;
  GPtrArray *steps = NULL;
  const char *kinds[] = { "pool-create", "volume-create", "define", "start" };

  prepare (plan);
  print_checks (plan);
  g_assert_nonnull (find_check (plan, "os-recognised"));
  g_assert_nonnull (find_check (plan, "pool-will-be-made"));
  steps = gh_plan_get_steps (GH_PLAN (plan));
  g_assert_cmpuint (steps->len, ==, G_N_ELEMENTS (kinds));
  for (guint i = 0; i < steps->len; i++)
    g_assert_cmpstr (gh_step_get_kind (g_ptr_array_index (steps, i)), ==, kinds[i]);

  text = gh_create_plan_dup_xml (plan);
  xml = gh_domain_xml_new_from_string (text, &error);
  g_assert_no_error (error);
  name = gh_domain_xml_dup_name (xml);
  os_id = gh_domain_xml_dup_os_id (xml);
  g_assert_cmpstr (name, ==, "debian12");
  g_assert_cmpstr (os_id, ==, "http://debian.org/debian/12");
  disks = gh_domain_xml_list_disks (xml);
  g_assert_cmpuint (disks->len, ==, 2);
  disk = g_ptr_array_index (disks, 0);
  g_assert_cmpstr (disk->source, ==, "/var/lib/libvirt/images/debian12.qcow2");
  g_assert_cmpstr (disk->format, ==, "qcow2");
  g_assert_cmpstr (disk->bus, ==, "virtio");
  disk = g_ptr_array_index (disks, 1);
  g_assert_cmpstr (disk->device, ==, "cdrom");
  g_assert_cmpstr (disk->format, ==, "raw");

  run_plan (plan, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_DONE);
  while ((machine = gh_host_find_machine (host, gh_create_plan_get_machine_uuid (plan))) == NULL ||
         !gh_machine_is_active (machine))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (gh_machine_get_name (machine), ==, "debian12");
  /* It is about the machine it made, whatever comes. */
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "debian12");

  next = make_plan ("iso-path=$T/debian.iso");
  settle (next);
  g_assert_cmpstr (gh_create_plan_get_name (next), ==, "debian12-2");
  /* The disk of the first is there now, and is not taken over. */
  gh_create_plan_set_disk_name (next, "debian12.qcow2");
  prepare (next);
  g_assert_null (find_check (next, "pool-will-be-made"));
  g_assert_cmpint (gh_check_get_level (find_check (next, "disk-exists")), ==, REFUSAL);
  fix (find_check (next, "disk-exists"));
  g_assert_cmpstr (gh_create_plan_get_disk_name (next), ==, "debian12-2.qcow2");
  prepare (next);
  g_assert_null (find_check (next, "disk-exists"));
}

/* An existing image is used where it is, with its format, and never removed by undoing. */
static void
test_existing_disk (void)
{
  g_autoptr (GhCreatePlan) plan = make_plan ("disk-path=$T/good.qcow2");
  g_autoptr (GError) error = NULL;
  g_autofree char *before = take_stock ();
  g_autofree char *after = NULL;
  g_autofree char *text = NULL;
  g_autofree char *path = g_build_filename (folder, "good.qcow2", NULL);
  GPtrArray *steps = NULL;

  prepare (plan);
  print_checks (plan);
  steps = gh_plan_get_steps (GH_PLAN (plan));
  g_assert_cmpuint (steps->len, ==, 2);
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "good");
  text = gh_create_plan_dup_xml (plan);
  g_assert_nonnull (strstr (text, "type=\"qcow2\""));
  g_assert_nonnull (strstr (text, path));

  gh_faults_set ("domain-start:fail=9;start:fail=9;machine-start:fail=9;domain-create:fail=9");
  g_assert_false (run_plan (plan, &error));
  gh_faults_set (NULL);
  g_assert_nonnull (error);
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  while (gh_host_find_machine (host, "good") != NULL)
    g_main_context_iteration (NULL, TRUE);
  after = take_stock ();
  assert_same_stock (before, after);

  /* The form is kept, and it works once the cause is gone. */
  g_assert_cmpstr (gh_create_plan_get_disk_path (plan), ==, path);
  gh_plan_invalidate (GH_PLAN (plan));
  prepare (plan);
  g_clear_error (&error);
  run_plan (plan, &error);
  g_assert_no_error (error);
  /* Now somebody uses it. */
  {
    g_autoptr (GhCreatePlan) second = make_plan ("disk-path=$T/good.qcow2");

    prepare (second);
    g_assert_nonnull (find_check (second, "image-in-use-running"));
    g_assert_cmpstr (gh_create_plan_get_name (second), ==, "good-2");
  }
}

static void
test_kernel (void)
{
  g_autoptr (GhCreatePlan) plan =
    make_plan ("kernel-path=$T/vmlinuz|initrd-path=$T/initrd|cmdline=console=ttyS0 a=\"b\" <&>");
  g_autofree char *text = NULL;
  g_autofree char *cmdline = NULL;
  g_autoptr (GhDomainXml) xml = NULL;

  prepare (plan);
  print_checks (plan);
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), <, REFUSAL);
  g_assert_cmpuint (gh_create_plan_get_disk_bytes (plan), ==, 0);
  g_assert_cmpstr (gh_create_plan_get_name (plan), ==, "linux");
  g_assert_cmpuint (gh_plan_get_steps (GH_PLAN (plan))->len, ==, 2);
  text = gh_create_plan_dup_xml (plan);
  xml = gh_domain_xml_new_from_string (text, NULL);
  cmdline = gh_domain_xml_dup_text (xml, "os/cmdline");
  g_assert_cmpstr (cmdline, ==, "console=ttyS0 a=\"b\" <&>");
}

static void
test_not_connected (void)
{
  g_autoptr (GhHost) away = gh_host_new ("test:///default");
  g_autoptr (GhCreatePlan) plan = gh_create_plan_new (away);

  prepare (plan);
  g_assert_nonnull (find_check (plan, "host-not-connected"));
  g_assert_cmpuint (gh_plan_get_steps (GH_PLAN (plan))->len, ==, 0);
  fix (find_check (plan, "host-not-connected"));
  prepare (plan);
  g_assert_null (find_check (plan, "host-not-connected"));
  g_assert_cmpuint (gh_plan_get_steps (GH_PLAN (plan))->len, >, 0);
  gh_host_disconnect (away);
}

/* Rules about the host, with a host made up. */

typedef struct
{
  GhCapabilities  capabilities;
  GhLocalFacts    local;
  GhPoolInfo      pool;
  GhNetworkInfo   network;
  GhCreateFacts   facts;
  GhCreateInputs  inputs;
  GhCreatePlan   *plan;
} World;

static void
make_world (World      *world,
            const char *os_id)
{
  memset (world, 0, sizeof *world);
  world->capabilities.arch = "x86_64";
  world->capabilities.emulator = "/usr/bin/qemu-system-x86_64";
  world->capabilities.virt_type = "kvm";
  world->capabilities.has_kvm = TRUE;
  world->capabilities.memory_kib = 16 * KIB_PER_GIB;
  world->capabilities.n_cpus = 8;
  world->capabilities.max_cpus = 240;
  world->capabilities.machine_q35 = "pc-q35-7.2";
  world->capabilities.has_spice = TRUE;
  world->capabilities.has_vnc = TRUE;
  world->capabilities.has_uefi = TRUE;
  world->capabilities.has_secure_boot = TRUE;
  world->capabilities.has_tpm = TRUE;
  world->capabilities.has_virtio_video = TRUE;
  world->capabilities.has_cpu_maximum = TRUE;
  world->capabilities.has_host_passthrough = TRUE;
  world->local.free_memory_kib = 8 * KIB_PER_GIB;
  world->local.free_bytes = 500 * GIB;
  world->local.folder_writable = TRUE;
  world->pool.name = "default";
  world->pool.uuid = "2e3a8d5c-0000-4000-8000-000000000001";
  world->pool.type = "dir";
  world->pool.path = "/var/lib/libvirt/images";
  world->pool.active = TRUE;
  world->pool.available = 500 * GIB;
  world->network.name = "default";
  world->network.uuid = "2e3a8d5c-0000-4000-8000-000000000002";
  world->network.forward = "nat";
  world->network.active = TRUE;
  world->facts.host = host;
  world->facts.is_connected = TRUE;
  world->facts.is_local = TRUE;
  world->facts.capabilities = &world->capabilities;
  world->facts.local = &world->local;
  world->facts.pools = g_ptr_array_new ();
  g_ptr_array_add (world->facts.pools, &world->pool);
  world->facts.networks = g_ptr_array_new ();
  g_ptr_array_add (world->facts.networks, &world->network);
  if (os_id != NULL)
    {
      g_autoptr (GAsyncResult) result = NULL;
      GhOsInfo *info = gh_os_info_get_default ();

      gh_os_info_load_defaults_async (info, os_id, "x86_64", NULL, store_result_cb, &result);
      world->facts.defaults = gh_os_info_load_defaults_finish (info, wait_for (&result), NULL);
      g_assert_nonnull (world->facts.defaults);
      world->inputs.os_id = g_strdup (os_id);
      world->inputs.overridden[GH_CREATE_OS] = TRUE;
    }
  else
    world->facts.defaults = gh_os_defaults_new_generic ();
  world->inputs.sound = TRUE;
  world->inputs.start = TRUE;
  world->plan = gh_create_plan_new (host);
}

static void
clear_world (World *world)
{
  g_ptr_array_unref (world->facts.pools);
  g_ptr_array_unref (world->facts.networks);
  gh_os_defaults_unref (world->facts.defaults);
  gh_create_inputs_clear (&world->inputs);
  g_object_unref (world->plan);
}

/* The level of a check in a made-up world; -1 when it is not there. */
static int
get_level (World      *world,
           const char *id)
{
  g_autoptr (GhPlanDraft) draft = gh_plan_draft_new ();

  gh_create_check_all (world->plan, &world->inputs, &world->facts, draft);
  for (guint i = 0; i < draft->checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (draft->checks, i);

      if (strcmp (gh_check_get_id (check), id) == 0)
        return (int) gh_check_get_level (check);
    }
  return -1;
}

static void
test_host_rules (void)
{
  World world;
  g_autoptr (GhMachineSpec) spec = NULL;

  make_world (&world, "debian12");
  gh_create_propose (&world.inputs, &world.facts);
  g_assert_cmpint (get_level (&world, "kvm"), ==, OK);
  g_assert_cmpint (get_level (&world, "space"), ==, OK);

  world.network.active = FALSE;
  gh_create_propose (&world.inputs, &world.facts);
  g_assert_cmpstr (world.inputs.network, ==, "network:default");
  g_assert_cmpint (get_level (&world, "network-inactive"), ==, REFUSAL);
  world.inputs.start = FALSE;
  g_assert_cmpint (get_level (&world, "network-inactive"), ==, WARNING);
  world.inputs.start = TRUE;
  world.network.active = TRUE;

  for (GhKvmState state = GH_KVM_FINE; state <= GH_KVM_BROKEN; state++)
    {
      world.capabilities.has_kvm = FALSE;
      world.local.kvm = state;
      g_assert_cmpint (get_level (&world, "no-kvm"), ==, WARNING);
    }
  world.capabilities.has_kvm = TRUE;
  world.local.kvm_closed_for = (char *) "libvirt-qemu";
  g_assert_cmpint (get_level (&world, "no-kvm"), ==, WARNING);
  g_assert_cmpint (get_level (&world, "kvm"), ==, -1);
  spec = gh_create_make_spec (&world.inputs, &world.facts, world.pool.uuid);
  g_assert_cmpstr (spec->virt_type, ==, "qemu");
  g_assert_cmpstr (spec->cpu_mode, ==, "maximum");
  world.facts.is_session = TRUE;
  g_assert_cmpint (get_level (&world, "kvm"), ==, OK);
  world.facts.is_session = FALSE;
  world.local.kvm_closed_for = NULL;
  world.capabilities.emulator = NULL;
  g_assert_cmpint (get_level (&world, "no-emulator"), ==, REFUSAL);
  world.capabilities.emulator = "/usr/bin/qemu-system-x86_64";
  world.capabilities.has_kvm = TRUE;

  world.pool.active = FALSE;
  g_assert_cmpint (get_level (&world, "pool-inactive"), ==, REFUSAL);
  world.pool.active = TRUE;
  world.pool.type = "logical";
  g_assert_cmpint (get_level (&world, "pool-unsupported"), ==, REFUSAL);
  world.pool.type = "dir";
  world.pool.available = 10 * GIB;
  g_assert_cmpint (get_level (&world, "space-low"), ==, WARNING);
  world.pool.available = 1024 * 1024;
  g_assert_cmpint (get_level (&world, "no-space"), ==, REFUSAL);
  world.pool.available = 500 * GIB;
  world.local.file_exists = TRUE;
  g_assert_cmpint (get_level (&world, "disk-exists"), ==, REFUSAL);
  world.local.file_exists = FALSE;

  world.local.free_memory_kib = 1024;
  g_assert_cmpint (get_level (&world, "memory-over-free"), ==, WARNING);
  world.local.free_memory_kib = 8 * KIB_PER_GIB;
  world.inputs.cpus = 9;
  g_assert_cmpint (get_level (&world, "cpus-over-host"), ==, WARNING);
  world.inputs.cpus = 2;

  world.inputs.firmware = GH_FIRMWARE_UEFI;
  world.capabilities.has_uefi = FALSE;
  g_assert_cmpint (get_level (&world, "uefi-not-offered"), ==, REFUSAL);
  world.capabilities.has_uefi = TRUE;
  world.inputs.firmware = GH_FIRMWARE_UEFI_SECURE;
  world.capabilities.has_secure_boot = FALSE;
  g_assert_cmpint (get_level (&world, "secure-boot-not-offered"), ==, REFUSAL);
  world.inputs.tpm = TRUE;
  world.capabilities.has_tpm = FALSE;
  g_assert_cmpint (get_level (&world, "tpm-not-offered"), ==, REFUSAL);

  world.capabilities.has_spice = FALSE;
  g_assert_cmpint (get_level (&world, "graphics-not-offered"), ==, REFUSAL);
  gh_create_propose (&world.inputs, &world.facts);
  g_assert_cmpstr (world.inputs.graphics, ==, "vnc");
  g_assert_cmpint (get_level (&world, "spice-not-offered"), ==, NOTE);
  world.capabilities.has_vnc = FALSE;
  gh_create_propose (&world.inputs, &world.facts);
  g_assert_cmpstr (world.inputs.graphics, ==, "none");
  g_assert_cmpint (get_level (&world, "no-display"), ==, WARNING);

  world.facts.is_session = TRUE;
  gh_create_propose (&world.inputs, &world.facts);
  g_assert_cmpstr (world.inputs.network, ==, "user");
  g_assert_cmpint (get_level (&world, "network-user"), ==, NOTE);
  world.facts.is_connected = FALSE;
  g_assert_cmpint (get_level (&world, "host-not-connected"), ==, REFUSAL);
  clear_world (&world);
}

static void
test_windows_11_rules (void)
{
  World world;

  make_world (&world, "win11");
  world.capabilities.has_tpm = FALSE;
  world.capabilities.has_secure_boot = FALSE;
  gh_create_propose (&world.inputs, &world.facts);
  g_assert_false (world.inputs.tpm);
  g_assert_cmpint (world.inputs.firmware, ==, GH_FIRMWARE_UEFI);
  g_assert_cmpint (get_level (&world, "os-needs-tpm"), ==, WARNING);
  g_assert_cmpint (get_level (&world, "os-needs-secure-boot"), ==, WARNING);
  world.capabilities.has_uefi = FALSE;
  gh_create_propose (&world.inputs, &world.facts);
  g_assert_cmpint (get_level (&world, "os-needs-uefi"), ==, WARNING);
  clear_world (&world);
}

/* The table of defaults: what is proposed for an OS, and the machine it makes. */
static const struct
{
  const char *os_id;
  guint64     memory_kib;
  guint       cpus;
  guint64     disk_gib;
  GhFirmware  firmware;
  gboolean    tpm;
  const char *machine;
  const char *disk_bus;
  const char *cdrom_bus;
  const char *nic;
  const char *video;
  gboolean    usb;
} defaults_table[] = {
  { NULL, 2 * KIB_PER_GIB, 2, 20, GH_FIRMWARE_BIOS, FALSE, "pc-q35-7.2", "sata", "sata", "e1000e",
    "vga", TRUE },
  { "linux2022", 4 * KIB_PER_GIB, 2, 25, GH_FIRMWARE_UEFI, FALSE, "pc-q35-7.2", "virtio", "sata",
    "virtio",
    "virtio", TRUE },
  { "debian12", 2 * KIB_PER_GIB, 2, 20, GH_FIRMWARE_UEFI, FALSE, "pc-q35-7.2", "virtio", "sata",
    "virtio",
    "virtio", TRUE },
  { "ubuntu22.04", 4 * KIB_PER_GIB, 2, 25, GH_FIRMWARE_UEFI, FALSE, "pc-q35-7.2", "virtio", "sata",
    "virtio",
    "virtio", TRUE },
  { "fedora37", 2 * KIB_PER_GIB, 2, 20, GH_FIRMWARE_UEFI, FALSE, "pc-q35-7.2", "virtio", "sata",
    "virtio",
    "virtio", TRUE },
  { "win10", 4 * KIB_PER_GIB, 2, 40, GH_FIRMWARE_UEFI, FALSE, "pc-q35-7.2", "sata", "sata",
    "e1000e", "vga", TRUE },
  { "win11", 4 * KIB_PER_GIB, 2, 64, GH_FIRMWARE_UEFI_SECURE, TRUE, "pc-q35-7.2", "sata", "sata",
    "e1000e", "vga",
    TRUE },
  { "winxp", 512 * 1024, 1, 10, GH_FIRMWARE_BIOS, FALSE, "pc", "ide", "ide", "e1000", "vga",
    FALSE },
  { "freebsd13.1", 2 * KIB_PER_GIB, 2, 20, GH_FIRMWARE_UEFI, FALSE, "pc-q35-7.2", "virtio", "sata",
    "virtio", "vga",
    TRUE },
};

static void
test_defaults (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (defaults_table); i++)
    {
      World world;
      g_autoptr (GhMachineSpec) spec = NULL;
      g_autoptr (GhDomainXml) xml = NULL;

      g_test_message ("%s", defaults_table[i].os_id != NULL ? defaults_table[i].os_id : "generic");
      make_world (&world, defaults_table[i].os_id);
      gh_create_propose (&world.inputs, &world.facts);
      g_assert_cmpuint (world.inputs.memory_kib, ==, defaults_table[i].memory_kib);
      g_assert_cmpuint (world.inputs.cpus, ==, defaults_table[i].cpus);
      g_assert_cmpuint (world.inputs.disk_bytes / GIB, ==, defaults_table[i].disk_gib);
      g_assert_cmpint (world.inputs.firmware, ==, defaults_table[i].firmware);
      g_assert_cmpint (world.inputs.tpm, ==, defaults_table[i].tpm);
      g_assert_cmpstr (world.inputs.graphics, ==, "spice");
      g_assert_false (world.inputs.clipboard);

      spec = gh_create_make_spec (&world.inputs, &world.facts,
                                  "2e3a8d5c-0000-4000-8000-000000000003");
      g_assert_cmpstr (spec->machine, ==, defaults_table[i].machine);
      g_assert_cmpstr (spec->disk_bus, ==, defaults_table[i].disk_bus);
      g_assert_cmpstr (spec->cdrom_bus, ==, defaults_table[i].cdrom_bus);
      g_assert_cmpstr (spec->nic_model, ==, defaults_table[i].nic);
      g_assert_cmpstr (spec->video_model, ==, defaults_table[i].video);
      g_assert_cmpint (spec->usb, ==, defaults_table[i].usb);
      g_assert_cmpstr (spec->cpu_mode, ==, "host-passthrough");
      g_assert_true (spec->graphics_local);
      g_assert_cmpint (spec->windows, ==,
                       defaults_table[i].os_id != NULL && g_str_has_prefix (defaults_table[i].os_id,
                                                                            "win"));
      g_assert_cmpstr (spec->disk_format, ==, "qcow2");
      g_assert_true (spec->disk_discard);
      xml = gh_machine_spec_to_xml (spec);
      g_assert_nonnull (xml);
      clear_world (&world);
    }
}

/* A small host is not filled to the brim. */
static void
test_small_host (void)
{
  World world;

  make_world (&world, "linux2022");
  world.capabilities.memory_kib = 4 * KIB_PER_GIB;
  world.capabilities.n_cpus = 1;
  world.pool.available = 15 * GIB + 5;
  gh_create_propose (&world.inputs, &world.facts);
  g_assert_cmpuint (world.inputs.memory_kib, ==, 2 * KIB_PER_GIB);
  g_assert_cmpuint (world.inputs.cpus, ==, 1);
  g_assert_cmpuint (world.inputs.disk_bytes, ==, 15 * GIB);
  clear_world (&world);
}

static void
test_names (void)
{
  g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);
  const struct
  {
    const char *stem;
    const char *name;
  } cases[] = {
    { "debian12", "debian12-3" }, { "fedora37", "fedora37" }, { "My disk (1)", "My-disk-1" },
    { "../../etc", "etc" }, { "--help", "help" }, { "...", "machine" }, { "", "machine" },
    { "a\nb", "a-b" }, { "Bär", "Bär" },
  };

  g_hash_table_add (taken, "debian12");
  g_hash_table_add (taken, "debian12-2");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = gh_create_plan_propose_name (cases[i].stem, taken);

      g_assert_cmpstr (name, ==, cases[i].name);
      g_assert_null (gh_create_plan_check_name (name, NULL));
    }
  g_assert_null (gh_create_plan_check_name ("a<b>&'\"x ü", NULL));
}

static void
remove_tree (void)
{
  g_autofree char *closed = g_build_filename (folder, "closed", NULL);

  g_chmod (closed, 0700);
  run_program ("rm", "-rf", folder, NULL);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *state = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  folder = g_dir_make_tmp ("gh-create-XXXXXX", NULL);
  state = g_build_filename (folder, "state", NULL);
  g_setenv ("XDG_STATE_HOME", state, TRUE);
  g_assert_cmpint (g_mkdir (state, 0700), ==, 0);
  make_files ();
  host = gh_host_new ("test:///default");
  gh_host_ready_async (host, NULL, store_result_cb, &result);
  g_assert_true (gh_host_ready_finish (host, wait_for (&result), NULL));
  define_machine ("user-off", "used-off.qcow2", FALSE);
  define_machine ("user-on", "used-on.qcow2", TRUE);

  g_test_add_func ("/create-plan/names", test_names);
  g_test_add_func ("/create-plan/defaults", test_defaults);
  g_test_add_func ("/create-plan/small-host", test_small_host);
  g_test_add_func ("/create-plan/host-rules", test_host_rules);
  g_test_add_func ("/create-plan/windows-11-rules", test_windows_11_rules);
  g_test_add_func ("/create-plan/not-connected", test_not_connected);
  g_test_add_func ("/create-plan/proposals", test_proposals);
  g_test_add_func ("/create-plan/invalidation", test_invalidation);
  g_test_add_func ("/create-plan/superseded", test_superseded);
  g_test_add_func ("/create-plan/dropped", test_dropped);
  g_test_add_func ("/create-plan/bad-inputs", test_bad_inputs);
  g_test_add_func ("/create-plan/fix-name", test_fix_name);
  g_test_add_func ("/create-plan/fix-kind", test_fix_kind);
  g_test_add_func ("/create-plan/fix-access", test_fix_access);
  g_test_add_func ("/create-plan/kernel", test_kernel);
  g_test_add_func ("/create-plan/existing-disk", test_existing_disk);
  g_test_add_func ("/create-plan/create", test_create);
  status = g_test_run ();

  gh_host_disconnect (host);
  g_object_unref (host);
  remove_tree ();
  g_free (folder);
  return status;
}
