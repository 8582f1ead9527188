/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "gh-faults.h"
#include "gh-os-info.h"
#include "gh-os-rules.h"
#include "gh-threads.h"

#define GIB ((guint64) 1024 * 1024 * 1024)
#define KIB_PER_GIB ((guint64) 1024 * 1024)

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

static GhOsDefaults *
load (const char  *id,
      GError     **error)
{
  GhOsInfo *info = gh_os_info_get_default ();
  g_autoptr (GAsyncResult) result = NULL;

  gh_os_info_load_defaults_async (info, id, "x86_64", NULL, store_result_cb, &result);
  return gh_os_info_load_defaults_finish (info, wait_for (&result), error);
}

/* Flags in the table below. */
#define VIRTIO (1 << 0)  /* disk and network */
#define VIDEO (1 << 1)   /* virtio video */
#define Q35 (1 << 2)
#define E1000E (1 << 3)
#define BIOS (1 << 4)
#define UEFI (1 << 5)
#define SECURE (1 << 6)
#define TPM (1 << 7)
#define WINDOWS (1 << 8)
#define MODERN (Q35 | E1000E)

static const struct
{
  const char *id;
  const char *name;
  guint64     memory_kib;
  guint       n_cpus;
  guint64     disk_gib;
  guint       flags;
} expected[] = {
  { NULL, NULL, 2 * KIB_PER_GIB, 2, 20, MODERN | BIOS },
  { "linux2022", NULL, 4 * KIB_PER_GIB, 2, 25, VIRTIO | VIDEO | MODERN | BIOS | UEFI },
  { "debian12", "Debian 12", 2 * KIB_PER_GIB, 2, 20, VIRTIO | VIDEO | MODERN | BIOS | UEFI },
  { "http://debian.org/debian/12", "Debian 12", 2 * KIB_PER_GIB, 2, 20,
    VIRTIO | VIDEO | MODERN | BIOS | UEFI },
  { "debian11", "Debian 11", 1 * KIB_PER_GIB, 2, 20, VIRTIO | VIDEO | MODERN | BIOS | UEFI },
  { "ubuntu22.04", NULL, 4 * KIB_PER_GIB, 2, 25, VIRTIO | VIDEO | MODERN | BIOS | UEFI },
  { "ubuntu24.04", NULL, 4 * KIB_PER_GIB, 2, 25, VIRTIO | VIDEO | MODERN | BIOS | UEFI },
  { "fedora37", NULL, 2 * KIB_PER_GIB, 2, 20, VIRTIO | VIDEO | MODERN | BIOS | UEFI },
  { "fedora40", NULL, 4 * KIB_PER_GIB, 2, 25, VIRTIO | VIDEO | MODERN | BIOS | UEFI },
  { "win10", "Microsoft Windows 10", 4 * KIB_PER_GIB, 2, 40, MODERN | BIOS | UEFI | WINDOWS },
  { "win11", "Microsoft Windows 11", 4 * KIB_PER_GIB, 2, 64,
    MODERN | UEFI | SECURE | TPM | WINDOWS },
  { "winxp", "Microsoft Windows XP", 512 * 1024, 1, 10, BIOS | WINDOWS },
  { "freebsd13.1", "FreeBSD 13.1", 2 * KIB_PER_GIB, 2, 20, VIRTIO | MODERN | BIOS | UEFI },
  { "freebsd14.2", "FreeBSD 14.2", 2 * KIB_PER_GIB, 2, 20, VIRTIO | MODERN | BIOS | UEFI },
};

static void
test_defaults (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GhOsDefaults) defaults = load (expected[i].id, &error);
      guint flags = 0;

      g_assert_no_error (error);
      g_assert_nonnull (defaults);
      g_test_message ("%s", expected[i].id != NULL ? expected[i].id : "generic");
      if (expected[i].name != NULL)
        g_assert_cmpstr (defaults->os->name, ==, expected[i].name);
      g_assert_cmpuint (defaults->memory_kib, ==, expected[i].memory_kib);
      g_assert_cmpuint (defaults->n_cpus, ==, expected[i].n_cpus);
      g_assert_cmpuint (defaults->disk_bytes / GIB, ==, expected[i].disk_gib);

      flags |= defaults->virtio_disk && defaults->virtio_net ? VIRTIO : 0;
      flags |= defaults->virtio_video ? VIDEO : 0;
      flags |= defaults->q35 ? Q35 : 0;
      flags |= defaults->e1000e ? E1000E : 0;
      flags |= defaults->bios ? BIOS : 0;
      flags |= defaults->uefi ? UEFI : 0;
      flags |= defaults->secure_boot ? SECURE : 0;
      flags |= defaults->tpm ? TPM : 0;
      flags |= defaults->windows ? WINDOWS : 0;
      g_assert_cmphex (flags, ==, expected[i].flags);
    }
}

/* Whatever the database says, the figures make a machine. */
static void
test_all_defaults_are_sane (void)
{
  GhOsInfo *info = gh_os_info_get_default ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) systems = NULL;

  gh_os_info_list_async (info, NULL, store_result_cb, &result);
  systems = gh_os_info_list_finish (info, wait_for (&result), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (systems->len, >, 500);

  for (guint i = 0; i < systems->len; i++)
    {
      GhOs *os = g_ptr_array_index (systems, i);
      g_autoptr (GhOsDefaults) defaults = load (os->id, &error);

      g_assert_no_error (error);
      g_assert_nonnull (os->name);
      g_assert_nonnull (os->short_id);
      g_assert_cmpuint (defaults->memory_kib, >=, 4 * 1024);
      g_assert_cmpuint (defaults->memory_kib, <=, 64 * KIB_PER_GIB);
      g_assert_cmpuint (defaults->n_cpus, >=, 1);
      g_assert_cmpuint (defaults->n_cpus, <=, 8);
      g_assert_cmpuint (defaults->disk_bytes, >=, 8 * 1024 * 1024);
      g_assert_cmpuint (defaults->disk_bytes, <=, 1024 * GIB);
      g_assert_true (defaults->bios || defaults->uefi);
    }
}

static void
test_unknown_id (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GhOsDefaults) defaults = load ("plan9-from-outer-space", &error);

  g_assert_null (defaults);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static const char *
first_id (GPtrArray *systems)
{
  g_assert_cmpuint (systems->len, >, 0);
  return ((GhOs *) g_ptr_array_index (systems, 0))->short_id;
}

static void
test_search (void)
{
  GhOsInfo *info = gh_os_info_get_default ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) systems = NULL;
  g_autoptr (GPtrArray) windows = NULL;
  g_autoptr (GPtrArray) debian = NULL;
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) all = NULL;

  gh_os_info_list_async (info, NULL, store_result_cb, &result);
  systems = gh_os_info_list_finish (info, wait_for (&result), &error);
  g_assert_no_error (error);

  windows = gh_os_info_search (systems, "  MICROSOFT windows 11 ");
  g_assert_cmpstr (first_id (windows), ==, "win11");
  debian = gh_os_info_search (systems, "debian12");
  g_assert_cmpstr (first_id (debian), ==, "debian12");
  none = gh_os_info_search (systems, "debian windows");
  g_assert_cmpuint (none->len, ==, 0);
  all = gh_os_info_search (systems, "");
  g_assert_cmpuint (all->len, ==, systems->len);
  g_assert_false (gh_os_is_ended (g_ptr_array_index (all, 0)));
}

/* The smallest ISO 9660 image with labels: one volume descriptor and the end of the list. */
static char *
make_iso (const char *name,
          const char *volume_id,
          const char *publisher)
{
  g_autofree char *folder = g_dir_make_tmp ("gh-iso-XXXXXX", NULL);
  char *path = g_build_filename (folder, name, NULL);
  g_autofree guint8 *image = g_malloc0 (2048 * 20);
  guint8 *descriptor = image + 16 * 2048;

  descriptor[0] = 1;
  memcpy (descriptor + 1, "CD001\001", 6);
  memset (descriptor + 8, ' ', 64);
  memcpy (descriptor + 40, volume_id, strlen (volume_id));
  descriptor[80] = 20; /* volume size in blocks, both byte orders */
  descriptor[87] = 20;
  descriptor[128 + 1] = 8; /* block size 2048 */
  descriptor[128 + 2] = 8;
  memset (descriptor + 190, ' ', 512);
  memcpy (descriptor + 318, publisher, strlen (publisher));
  image[17 * 2048] = 255;
  memcpy (image + 17 * 2048 + 1, "CD001\001", 6);
  g_assert_true (g_file_set_contents (path, (const char *) image, 2048 * 20, NULL));
  return path;
}

static void
remove_file (char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_free (path);
}

static void
test_identify (void)
{
  const struct
  {
    const char *file;
    const char *volume_id;
    const char *publisher;
    const char *short_id;
  } cases[] = {
    { "a.iso", "Debian 12.5.0 amd64 n", "", "debian12" },
    { "a.iso", "Debian 12.11.0 amd64 1", "", "debian12" },
    { "a.iso", "Debian 11.6.0 amd64 n", "", "debian11" },
    { "a.iso", "Debian 13.0.0 amd64 n", "", "debian13" },
    { "a.iso", "d-live 12.5.0 gn amd64", "", "debian12" },
    { "a.iso", "Ubuntu-Server 22.04.1 LTS amd64", "", "ubuntu22.04" },
    { "a.iso", "Ubuntu-Server 24.04.1 LTS amd64", "", "ubuntu24.04" },
    { "a.iso", "Fedora-WS-Live-37-1-7", "", "fedora37" },
    { "a.iso", "Fedora-WS-Live-40-1-14", "", "fedora40" },
    { "Win10_22H2.iso", "CCCOMA_X64FRE_EN-US_DV9", "MICROSOFT CORPORATION", "win10" },
    { "Win11_22H2.iso", "CCCOMA_X64FRE_EN-US_DV9", "MICROSOFT CORPORATION", "win11" },
    { "x.iso", "CCCOMA_X64FRE_EN-US_DV9", "MICROSOFT CORPORATION", "win11" },
    { "x.iso", "MY HOLIDAY 1999", "", NULL },
  };
  GhOsInfo *info = gh_os_info_get_default ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GhOs) os = NULL;
      char *path = make_iso (cases[i].file, cases[i].volume_id, cases[i].publisher);

      gh_os_info_identify_async (info, path, NULL, store_result_cb, &result);
      os = gh_os_info_identify_finish (info, wait_for (&result), &error);
      g_assert_no_error (error);
      g_test_message ("%s", cases[i].volume_id);
      g_assert_cmpstr (os != NULL ? os->short_id : NULL, ==, cases[i].short_id);
      remove_file (path);
    }
}

static void
test_identify_errors (void)
{
  GhOsInfo *info = gh_os_info_get_default ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  gh_os_info_identify_async (info, "/nonexistent/x.iso", NULL, store_result_cb, &result);
  g_assert_null (gh_os_info_identify_finish (info, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* Nobody writes to the FIFO, but it is not waited for. */
static void
test_identify_fifo (void)
{
  GhOsInfo *info = gh_os_info_get_default ();
  g_autofree char *folder = g_dir_make_tmp ("gh-fifo-XXXXXX", NULL);
  char *path = g_build_filename (folder, "fifo.iso", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  gh_os_info_identify_async (info, path, NULL, store_result_cb, &result);
  g_assert_null (gh_os_info_identify_finish (info, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  remove_file (path);
}

/* A read that hangs, as one from a dead file server does. */
static void
test_identify_is_cancelled (void)
{
  GhOsInfo *info = gh_os_info_get_default ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) other = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhOsDefaults) defaults = NULL;

  gh_faults_set ("os-read-labels:delay=2000");
  gh_os_info_identify_async (info, "/dev/null", cancellable, store_result_cb, &result);
  /* The database answers others meanwhile. */
  gh_os_info_load_defaults_async (info, "win11", "x86_64", NULL, store_result_cb, &other);
  defaults = gh_os_info_load_defaults_finish (info, wait_for (&other), &error);
  g_assert_no_error (error);
  g_assert_null (result);

  g_cancellable_cancel (cancellable);
  g_assert_null (gh_os_info_identify_finish (info, wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  gh_faults_set (NULL);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/os-info/defaults", test_defaults);
  g_test_add_func ("/os-info/all-defaults-are-sane", test_all_defaults_are_sane);
  g_test_add_func ("/os-info/unknown-id", test_unknown_id);
  g_test_add_func ("/os-info/search", test_search);
  g_test_add_func ("/os-info/identify", test_identify);
  g_test_add_func ("/os-info/identify-errors", test_identify_errors);
  g_test_add_func ("/os-info/identify-fifo", test_identify_fifo);
  g_test_add_func ("/os-info/identify-is-cancelled", test_identify_is_cancelled);
  return g_test_run ();
}
