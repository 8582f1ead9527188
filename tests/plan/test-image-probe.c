/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "gh-faults.h"
#include "gh-image-probe.h"
#include "gh-threads.h"

#define MIB ((guint64) 1024 * 1024)

typedef struct
{
  char *folder;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->folder = g_dir_make_tmp ("gh-image-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
}

static void
remove_tree (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        remove_tree (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  remove_tree (fixture->folder);
  g_assert_false (g_file_test (fixture->folder, G_FILE_TEST_EXISTS));
  g_free (fixture->folder);
}

static void
run (Fixture    *fixture,
     const char *first,
     ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *complaint = NULL;
  int status = 0;
  const char *argument = NULL;
  va_list args;

  g_ptr_array_add (argv, (gpointer) first);
  va_start (args, first);
  while ((argument = va_arg (args, const char *)) != NULL)
    g_ptr_array_add (argv, (gpointer) argument);
  va_end (args);
  g_ptr_array_add (argv, NULL);

  g_spawn_sync (fixture->folder, (char **) argv->pdata, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &complaint,
                &status,
                &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s%s", first, error->message, complaint);
}

static char *
in_folder (Fixture    *fixture,
           const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

static char *
write_file (Fixture    *fixture,
            const char *name,
            const void *bytes,
            gsize       length)
{
  char *path = in_folder (fixture, name);

  g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
  return path;
}

static void
patch_file (const char *path,
            long        offset,
            const void *bytes,
            gsize       length)
{
  FILE *file = g_fopen (path, "r+b");

  g_assert_nonnull (file);
  g_assert_cmpint (fseek (file, offset, SEEK_SET), ==, 0);
  g_assert_cmpuint (fwrite (bytes, 1, length, file), ==, length);
  g_assert_cmpint (fclose (file), ==, 0);
}

static void
store_result_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static GhImageInfo *
probe (const char        *path,
       GhImageProbeFlags  flags)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GhImageInfo *info = NULL;

  gh_image_probe_async (path, flags, NULL, store_result_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  info = gh_image_probe_finish (result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (info);
  return info;
}

static GhImageInfo *
probe_name (Fixture    *fixture,
            const char *name)
{
  g_autofree char *path = in_folder (fixture, name);

  return probe (path, GH_IMAGE_PROBE_QEMU);
}

static void
test_formats (Fixture       *fixture,
              gconstpointer  data)
{
  const struct
  {
    const char  *format;
    GhImageKind  kind;
  } cases[] = {
    { "qcow2", GH_IMAGE_QCOW2 }, { "qcow", GH_IMAGE_QCOW }, { "qed", GH_IMAGE_QED },
    { "vmdk", GH_IMAGE_VMDK },   { "vdi", GH_IMAGE_VDI },   { "vhdx", GH_IMAGE_VHDX },
    { "vpc", GH_IMAGE_VHD },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GhImageInfo) info = NULL;
      /* The name says nothing, and looks like an option, a protocol and a template. */
      g_autofree char *name = g_strdup_printf ("-nbd:%%s %s.iso", cases[i].format);
      g_autofree char *path = in_folder (fixture, name);

      g_test_message ("%s", cases[i].format);
      run (fixture, "qemu-img", "create", "-q", "-f", cases[i].format, path, "64M", NULL);
      info = probe (path, GH_IMAGE_PROBE_QEMU);
      g_assert_cmpstr (info->message, ==, NULL);
      g_assert_cmpint (info->problem, ==, GH_IMAGE_FINE);
      g_assert_cmpint (info->kind, ==, cases[i].kind);
      g_assert_cmpstr (info->format, ==, cases[i].format);
      /* VHD rounds up to cylinders. */
      g_assert_cmpuint (info->virtual_size, >=, 64 * MIB);
      g_assert_cmpuint (info->virtual_size, <=, 65 * MIB);
      g_assert_cmpuint (info->flags, ==, 0);
      g_assert_null (info->backing_path);
      g_assert_null (info->data_path);
      g_assert_true (info->writable);
    }
}

/* Our own reading and qemu-img's agree without its help, too. */
static void
test_quick_sizes (Fixture       *fixture,
                  gconstpointer  data)
{
  const char *formats[] = { "qcow2", "qed", "vmdk", "vdi", "vhdx" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autofree char *path = in_folder (fixture, formats[i]);
      g_autoptr (GhImageInfo) info = NULL;

      run (fixture, "qemu-img", "create", "-q", "-f", formats[i], path, "96M", NULL);
      info = probe (path, GH_IMAGE_PROBE_QUICK);
      g_assert_cmpuint (info->virtual_size, ==, 96 * MIB);
    }
}

static void
test_linked (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr (GhImageInfo) overlay = NULL;
  g_autoptr (GhImageInfo) external = NULL;
  g_autoptr (GhImageInfo) vmdk = NULL;
  g_autoptr (GhImageInfo) qed = NULL;

  run (fixture, "qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "64M", NULL);
  run (fixture, "qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2",
       "overlay.qcow2", NULL);
  overlay = probe_name (fixture, "overlay.qcow2");
  g_assert_cmpuint (overlay->flags & GH_IMAGE_LINKED, !=, 0);
  g_assert_cmpstr (overlay->backing_path, ==, "base.qcow2");

  run (fixture, "qemu-img", "create", "-q", "-f", "qed", "-b", "base.qcow2", "-F", "qcow2",
       "overlay.qed",
       NULL);
  qed = probe_name (fixture, "overlay.qed");
  g_assert_cmpstr (qed->backing_path, ==, "base.qcow2");

  run (fixture, "qemu-img", "create", "-q", "-f", "qcow2", "-o",
       "data_file=data.raw,data_file_raw=on",
       "external.qcow2", "64M", NULL);
  external = probe_name (fixture, "external.qcow2");
  g_assert_cmpstr (external->data_path, ==, "data.raw");

  run (fixture, "qemu-img", "create", "-q", "-f", "vmdk", "base.vmdk", "64M", NULL);
  run (fixture, "qemu-img", "create", "-q", "-f", "vmdk", "-b", "base.vmdk", "-F", "vmdk",
       "overlay.vmdk",
       NULL);
  vmdk = probe_name (fixture, "overlay.vmdk");
  g_assert_cmpuint (vmdk->flags & GH_IMAGE_LINKED, !=, 0);
  g_assert_nonnull (vmdk->backing_path);
}

/* The 300 bytes that make qemu-img copy any file of the host into a disk. */
static void
test_hostile_vmdk (Fixture       *fixture,
                   gconstpointer  data)
{
  const char *descriptor = "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
                           "createType=\"monolithicFlat\"\n\nRW 1 FLAT \"/etc/hostname\" 0\n";
  g_autofree char *path = write_file (fixture, "evil.vmdk", descriptor, strlen (descriptor));
  g_autoptr (GhImageInfo) info = probe (path, GH_IMAGE_PROBE_QEMU);

  g_assert_cmpint (info->kind, ==, GH_IMAGE_VMDK);
  g_assert_cmpstr (info->data_path, ==, "/etc/hostname");
}

/* A sparse VMDK without a capacity is only its descriptor to QEMU. */
static void
test_hostile_sparse_vmdk (Fixture       *fixture,
                          gconstpointer  data)
{
  const char *extent = "# Disk DescriptorFile\nparentCID = ffffffff\nRW 1 FLAT \"/etc/passwd\" 0\n";
  guint8 bytes[2048] = "KDMV\1\0\0\0";
  g_auto (GhImageSniff) sniff = { 0 };

  bytes[28] = 1; /* the descriptor is in the second sector, and one long */
  bytes[36] = 1;
  memcpy (bytes + 512, extent, strlen (extent));
  gh_image_sniff_memory (bytes, sizeof bytes, &sniff);
  g_assert_cmpint (sniff.kind, ==, GH_IMAGE_VMDK);
  g_assert_cmpstr (sniff.data_path, ==, "/etc/passwd");
}

static void
test_encrypted (Fixture       *fixture,
                gconstpointer  data)
{
  g_autoptr (GhImageInfo) qcow2 = NULL;
  g_autoptr (GhImageInfo) luks = NULL;
  g_autofree char *path = NULL;

  run (fixture, "qemu-img", "create", "-q", "--object", "secret,id=s,data=tiger", "-f", "qcow2",
       "-o",
       "encrypt.format=aes,encrypt.key-secret=s", "secret.qcow2", "16M", NULL);
  qcow2 = probe_name (fixture, "secret.qcow2");
  g_assert_cmpuint (qcow2->flags & GH_IMAGE_ENCRYPTED, !=, 0);

  /* Written by hand: qemu-img measures how fast it hashes, and on a busy machine it cannot. */
  path = write_file (fixture, "secret.luks", "LUKS\xba\xbe\0\2", 8);
  luks = probe (path, GH_IMAGE_PROBE_QEMU);
  g_assert_cmpint (luks->kind, ==, GH_IMAGE_LUKS);
  g_assert_cmpuint (luks->flags & GH_IMAGE_ENCRYPTED, !=, 0);
}

static void
test_damaged (Fixture       *fixture,
              gconstpointer  data)
{
  g_autofree char *path = in_folder (fixture, "a.qcow2");
  const guint8 odd_table[] = { 0, 0, 0, 0, 0, 0, 0, 1 };
  const guint8 unknown_feature[] = { 0, 0, 0, 0, 0, 0x80, 0, 0 };
  g_autoptr (GhImageInfo) rejected = NULL;
  g_autoptr (GhImageInfo) unsupported = NULL;
  g_autoptr (GhImageInfo) cut = NULL;
  g_autofree char *short_path = NULL;

  run (fixture, "qemu-img", "create", "-q", "-f", "qcow2", "a.qcow2", "64M", NULL);
  patch_file (path, 40, odd_table, sizeof odd_table);
  rejected = probe (path, GH_IMAGE_PROBE_QEMU);
  g_assert_cmpint (rejected->problem, ==, GH_IMAGE_REJECTED);
  g_assert_nonnull (rejected->message);

  run (fixture, "qemu-img", "create", "-q", "-f", "qcow2", "a.qcow2", "64M", NULL);
  patch_file (path, 72, unknown_feature, sizeof unknown_feature);
  unsupported = probe (path, GH_IMAGE_PROBE_QEMU);
  g_assert_cmpuint (unsupported->flags & GH_IMAGE_UNSUPPORTED, !=, 0);

  short_path = write_file (fixture, "cut.qcow2", "QFI\xfb\0\0\0\3", 8);
  cut = probe (short_path, GH_IMAGE_PROBE_QEMU);
  g_assert_cmpint (cut->kind, ==, GH_IMAGE_QCOW2);
  g_assert_cmpuint (cut->flags & GH_IMAGE_DAMAGED, !=, 0);
}

static void
test_other_kinds (Fixture       *fixture,
                  gconstpointer  data)
{
  guint8 kernel[4096] = "MZ";
  guint8 disk[4096] = { 0 };
  guint8 plain[4096];
  g_autoptr (GhImageInfo) as_kernel = NULL;
  g_autoptr (GhImageInfo) as_initrd = NULL;
  g_autoptr (GhImageInfo) as_disk = NULL;
  g_autoptr (GhImageInfo) as_text = NULL;
  g_autofree char *path = NULL;

  kernel[0x1fe] = 0x55;
  kernel[0x1ff] = 0xaa;
  memcpy (kernel + 0x202, "HdrS", 4);
  path = write_file (fixture, "vmlinuz", kernel, sizeof kernel);
  as_kernel = probe (path, GH_IMAGE_PROBE_QUICK);
  g_assert_cmpint (as_kernel->kind, ==, GH_IMAGE_KERNEL);
  g_assert_null (as_kernel->format);

  g_free (path);
  path = write_file (fixture, "initrd", "070701000", 9);
  as_initrd = probe (path, GH_IMAGE_PROBE_QUICK);
  g_assert_cmpint (as_initrd->kind, ==, GH_IMAGE_INITRD);

  disk[0] = 0xeb;
  disk[446] = 0x80;
  disk[446 + 4] = 0x83;
  disk[446 + 12] = 1;
  disk[510] = 0x55;
  disk[511] = 0xaa;
  g_free (path);
  path = write_file (fixture, "disk", disk, sizeof disk);
  as_disk = probe (path, GH_IMAGE_PROBE_QEMU);
  g_assert_cmpint (as_disk->kind, ==, GH_IMAGE_RAW);
  g_assert_cmpuint (as_disk->flags, ==, GH_IMAGE_PART_MBR | GH_IMAGE_BOOT_BIOS);
  g_assert_cmpstr (as_disk->format, ==, "raw");
  g_assert_cmpuint (as_disk->virtual_size, ==, sizeof disk);

  memset (plain, 'x', sizeof plain);
  g_free (path);
  path = write_file (fixture, "text", plain, sizeof plain);
  as_text = probe (path, GH_IMAGE_PROBE_QEMU);
  g_assert_cmpint (as_text->kind, ==, GH_IMAGE_UNKNOWN);
}

/* ISO 9660 with an El Torito catalog for BIOS and UEFI. */
static void
test_iso (Fixture       *fixture,
          gconstpointer  data)
{
  g_autofree guint8 *image = g_malloc0 (2048 * 22);
  guint8 *block = image + 16 * 2048;
  guint8 *catalog = image + 20 * 2048;
  g_autofree char *path = NULL;
  g_autoptr (GhImageInfo) info = NULL;

  block[0] = 1;
  memcpy (block + 1, "CD001\1", 6);
  memcpy (block + 40, "TEST DISC   ", 12);
  block += 2048;
  memcpy (block + 1, "CD001\1EL TORITO SPECIFICATION", 29);
  block[71] = 20;
  block += 2048;
  block[0] = 255;
  memcpy (block + 1, "CD001\1", 6);
  catalog[0] = 1;
  catalog[30] = 0x55;
  catalog[31] = 0xaa;
  catalog[32] = 0x88;
  catalog[64] = 0x91;
  catalog[65] = 0xef;
  catalog[66] = 1;
  catalog[96] = 0x88;
  path = write_file (fixture, "disc", image, 2048 * 22);
  info = probe (path, GH_IMAGE_PROBE_QUICK);
  g_assert_cmpint (info->kind, ==, GH_IMAGE_ISO);
  g_assert_cmpstr (info->volume_id, ==, "TEST DISC");
  g_assert_cmpuint (info->flags, ==, GH_IMAGE_BOOT_BIOS | GH_IMAGE_BOOT_UEFI);
}

static void
test_no_files (Fixture       *fixture,
               gconstpointer  data)
{
  g_autofree char *empty = write_file (fixture, "empty", "", 0);
  g_autofree char *fifo = in_folder (fixture, "fifo");
  g_autofree char *missing = in_folder (fixture, "missing");
  g_autofree char *below = g_build_filename (empty, "below", NULL);
  const struct
  {
    const char     *path;
    GhImageProblem  problem;
  } cases[] = {
    { missing, GH_IMAGE_MISSING }, { below, GH_IMAGE_MISSING },
    { "relative", GH_IMAGE_MISSING }, { "", GH_IMAGE_MISSING },
    { fixture->folder, GH_IMAGE_NOT_A_FILE }, { fifo, GH_IMAGE_NOT_A_FILE },
    { "/dev/zero", GH_IMAGE_NOT_A_FILE }, { empty, GH_IMAGE_EMPTY },
  };

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GhImageInfo) info = probe (cases[i].path, GH_IMAGE_PROBE_QEMU);

      g_test_message ("%s", cases[i].path);
      g_assert_cmpint (info->problem, ==, cases[i].problem);
    }
}

static void
test_closed (Fixture       *fixture,
             gconstpointer  data)
{
  g_autofree char *outer = in_folder (fixture, "outer");
  g_autofree char *inner = g_build_filename (outer, "inner", NULL);
  g_autofree char *path = g_build_filename (inner, "disk.img", NULL);
  g_autofree char *link = in_folder (fixture, "link.img");
  g_autoptr (GhImageInfo) unreadable = NULL;
  g_autoptr (GhImageInfo) closed = NULL;
  g_autoptr (GhImageInfo) linked = NULL;

  if (geteuid () == 0)
    {
      g_test_skip ("nothing is closed to root");
      return;
    }

  g_assert_cmpint (g_mkdir_with_parents (inner, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, "x", 1, NULL));
  g_assert_cmpint (symlink (path, link), ==, 0);

  g_assert_cmpint (g_chmod (path, 0000), ==, 0);
  unreadable = probe (path, GH_IMAGE_PROBE_QEMU);
  g_assert_cmpint (unreadable->problem, ==, GH_IMAGE_UNREADABLE);
  g_assert_true (unreadable->closed_is_ours);

  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  g_assert_cmpint (g_chmod (outer, 0600), ==, 0);
  closed = probe (path, GH_IMAGE_PROBE_QEMU);
  g_assert_cmpint (closed->problem, ==, GH_IMAGE_CLOSED_FOLDER);
  g_assert_cmpstr (closed->closed_folder, ==, outer);
  g_assert_true (closed->closed_is_ours);
  linked = probe (link, GH_IMAGE_PROBE_QEMU);
  g_assert_cmpint (linked->problem, ==, GH_IMAGE_CLOSED_FOLDER);
  g_assert_cmpint (g_chmod (outer, 0700), ==, 0);
}

/* The system daemon's QEMU, which is not us. */
static void
test_closed_for_qemu (Fixture       *fixture,
                      gconstpointer  data)
{
  g_autofree char *home = in_folder (fixture, "home");
  g_autofree char *path = g_build_filename (home, "disk.img", NULL);
  g_autoptr (GhImageInfo) closed = NULL;
  g_autoptr (GhImageInfo) open = NULL;
  g_autofree char *setfacl = g_find_program_in_path ("setfacl");

  if (getpwnam ("libvirt-qemu") == NULL)
    {
      g_test_skip ("no account libvirt-qemu");
      return;
    }

  /* g_dir_make_tmp() made it 0700. */
  g_assert_cmpint (g_chmod (fixture->folder, 0755), ==, 0);
  g_assert_cmpint (g_mkdir (home, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "x", 1, NULL));
  closed = probe (path, GH_IMAGE_PROBE_FOR_SYSTEM);
  g_assert_cmpint (closed->problem, ==, GH_IMAGE_CLOSED_FOLDER);
  g_assert_cmpstr (closed->closed_folder, ==, home);
  g_assert_cmpstr (closed->closed_for, ==, "libvirt-qemu");
  g_assert_true (closed->closed_is_ours);

  if (setfacl == NULL)
    {
      g_test_skip ("no setfacl");
      return;
    }
  run (fixture, "setfacl", "-m", "u:libvirt-qemu:x", home, NULL);
  open = probe (path, GH_IMAGE_PROBE_FOR_SYSTEM);
  g_assert_cmpint (open->problem, ==, GH_IMAGE_FINE);
}

/* A read that hangs, as one from a dead file server does. */
static void
test_cancel (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  gh_faults_set ("image-probe:delay=1000");
  gh_image_probe_async ("/dev/null", GH_IMAGE_PROBE_QEMU, cancellable, store_result_cb, &result);
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (gh_image_probe_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  gh_faults_set (NULL);
}

/* Every file cut at every length, and with every byte of its head changed, is read without a
 * fault; with the sanitizers on, this is a small fuzzer. */
static void
test_mutations (Fixture       *fixture,
                gconstpointer  data)
{
  const char *formats[] = { "qcow2", "vmdk", "vdi", "vhdx", "vpc", "qed" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autofree char *path = in_folder (fixture, formats[i]);
      g_autofree char *bytes = NULL;
      gsize length = 0;

      run (fixture, "qemu-img", "create", "-q", "-f", formats[i], path, "1M", NULL);
      g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
      for (gsize cut = 0; cut < MIN (length, 1500); cut++)
        {
          g_autofree char *copy = g_memdup2 (bytes, cut);
          g_auto (GhImageSniff) sniff = { 0 };

          gh_image_sniff_memory (copy, cut, &sniff);
        }
      for (gsize at = 0; at < MIN (length, 600); at++)
        {
          const guint8 values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
          char original = bytes[at];

          for (guint j = 0; j < G_N_ELEMENTS (values); j++)
            {
              g_auto (GhImageSniff) sniff = { 0 };

              bytes[at] = (char) values[j];
              gh_image_sniff_memory (bytes, length, &sniff);
              g_assert_true (sniff.backing_path == NULL || g_utf8_validate (sniff.backing_path, -1,
                                                                            NULL));
            }
          bytes[at] = original;
        }
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

#define ADD(name, function) \
  g_test_add ("/image-probe/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("formats", test_formats);
  ADD ("quick-sizes", test_quick_sizes);
  ADD ("linked", test_linked);
  ADD ("hostile-vmdk", test_hostile_vmdk);
  ADD ("hostile-sparse-vmdk", test_hostile_sparse_vmdk);
  ADD ("encrypted", test_encrypted);
  ADD ("damaged", test_damaged);
  ADD ("other-kinds", test_other_kinds);
  ADD ("iso", test_iso);
  ADD ("no-files", test_no_files);
  ADD ("closed", test_closed);
  ADD ("closed-for-qemu", test_closed_for_qemu);
  ADD ("cancel", test_cancel);
  ADD ("mutations", test_mutations);
#undef ADD
  return g_test_run ();
}
