/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Machines that move between two real hosts while they run. After each test: where the machine is,
 * what is on both sides, and that what runs in the guest went on without a gap. */

#include "gh-lab.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  GhLab *a;
  GhLab *b;
  char  *a_uri;
  char  *b_uri;
} Pair;

static void
pair_clear (Pair *self)
{
  g_clear_pointer (&self->a, gh_lab_free);
  g_clear_pointer (&self->b, gh_lab_free);
  g_free (self->a_uri);
  g_free (self->b_uri);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
make_pool (GhLab      *lab,
           const char *name)
{
  g_autofree char *path = g_build_filename (gh_lab_get_folder (lab), "img", NULL);
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>%s</name><target><path>%s</path>"
                                          "</target></pool>", name, path);
  virStoragePoolPtr pool = NULL;

  g_mkdir_with_parents (path, 0700);
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

static void
open_pair (Pair *self)
{
  self->a = gh_lab_new ();
  self->b = gh_lab_new ();
  self->a_uri = gh_lab_dup_uri (self->a);
  self->b_uri = gh_lab_dup_uri (self->b);
  gh_lab_start_daemon (self->a);
  gh_lab_start_daemon (self->b);
  make_pool (self->a, "default");
  make_pool (self->b, "default");
}

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

/* A tiny guest “web” with a disk of 64 MiB that is mostly holes, running at A. */
static void
start_guest (Pair       *self,
             const char *devices)
{
  g_autofree char *disk = g_build_filename (gh_lab_get_folder (self->a), "img", "web.qcow2", NULL);
  g_autofree char *xml = NULL;
  virDomainPtr domain = NULL;

  g_free (run_tool ("qemu-img", "create", "-f", "qcow2", disk, "64M", NULL));
  g_free (run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0xab 1M 8M", disk, NULL));
  g_chmod (disk, 0600);
  xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<metadata><guesthouse:machine xmlns:guesthouse='http://guesthouse.org/xmlns/libvirt/domain/1.0'>"
    "<guesthouse:note>kept</guesthouse:note></guesthouse:machine></metadata>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>"
    "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
    "<source file='%s'/><target dev='vda' bus='virtio'/></disk>%s"
    "<serial type='pty'/><memballoon model='none'/></devices></domain>",
    gh_lab_get_kernel (self->a), gh_lab_get_initrd (self->a), disk,
    devices != NULL ? devices : "");
  domain = virDomainDefineXMLFlags (gh_lab_connect (self->a), xml, VIR_DOMAIN_DEFINE_VALIDATE);
  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  if (virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

/* What a user would find; the machine's own lines apart. */
typedef struct
{
  GStrv a;
  GStrv b;
} Inventory;

static void
inventory_clear (Inventory *self)
{
  g_strfreev (self->a);
  g_strfreev (self->b);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Inventory, inventory_clear)

/* Without what is named by the number of a run. */
static GStrv
list_inventory (GhLab *lab)
{
  g_auto (GStrv) all = gh_lab_list_inventory (lab);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; all[i] != NULL; i++)
    if (strstr (all[i], "/qemu/lib/domain-") == NULL)
      g_strv_builder_add (builder, all[i]);
  return g_strv_builder_end (builder);
}

static void
take_inventory (Inventory *self,
                Pair      *pair)
{
  self->a = list_inventory (pair->a);
  self->b = list_inventory (pair->b);
}

static void
assert_inventory (Inventory *self,
                  Pair      *pair)
{
  g_auto (Inventory) now = { NULL };
  g_autofree char *a = g_strjoinv ("\n", self->a);
  g_autofree char *b = g_strjoinv ("\n", self->b);
  g_autofree char *now_a = NULL;
  g_autofree char *now_b = NULL;

  take_inventory (&now, pair);
  now_a = g_strjoinv ("\n", now.a);
  now_b = g_strjoinv ("\n", now.b);
  g_assert_cmpstr (now_a, ==, a);
  g_assert_cmpstr (now_b, ==, b);
}

static gboolean
has_line (GhLab      *lab,
          const char *line)
{
  g_auto (GStrv) lines = gh_lab_list_inventory (lab);

  return g_strv_contains ((const char * const *) lines, line);
}

/* A counter in the guest, in the shell itself: it goes on only when the guest's memory does. */

static void
start_counter (Pair *pair)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (pair->a, "web");

  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 60));
  gh_lab_serial_write (serial, "n=0; while :; do n=$((n+1)); echo count=$n; sleep 0.1; done\n");
  g_assert_true (gh_lab_serial_wait (serial, "\ncount=2", 60));
}

/* Waits for three numbers that follow each other; the last one. */
static guint64
read_counter (GhLab *lab)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (lab, "web");
  guint64 last = 0;

  for (guint i = 0; i < 3; i++)
    {
      guint64 number = 0;

      g_assert_true (gh_lab_serial_wait (serial, "\ncount=", 60));
      number = gh_lab_serial_read_number (serial);
      g_assert_true (last == 0 || number == last + 1);
      last = number;
    }
  return last;
}

static void
assert_at (GhLab *here,
           GhLab *elsewhere)
{
  g_assert_cmpint (gh_lab_get_machine_state (here, "web"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_qemu_pid (elsewhere, "web"), ==, 0);
}

static void
assert_only_at (GhLab *here,
                GhLab *elsewhere)
{
  assert_at (here, elsewhere);
  g_assert_cmpint (gh_lab_get_machine_state (elsewhere, "web"), ==, -1);
}

static char *
dup_xml (GhLab       *lab,
         const char  *name,
         unsigned int flags)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  char *xml = NULL;
  char *copy = NULL;

  g_assert_nonnull (domain);
  xml = virDomainGetXMLDesc (domain, flags);
  copy = g_strdup (xml);
  free (xml);
  virDomainFree (domain);
  return copy;
}

static void
set_off (GhLab *lab)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  virDomainFree (domain);
}

#define move_to_b(pair, ...) \
  gh_lab_run ((pair).a, "-c", (pair).a_uri, "migrate", "web", (pair).b_uri, "--yes", "--json", \
              __VA_ARGS__)
#define move_to_a(pair, ...) \
  gh_lab_run ((pair).b, "-c", (pair).b_uri, "migrate", "web", (pair).a_uri, "--yes", "--json", \
              __VA_ARGS__)

/* There and back again, on a disk both see. */
static void
test_both_ways (void)
{
  g_auto (Pair) pair = { NULL };
  g_auto (Inventory) before = { NULL };
  g_autoptr (GhLabRun) there = NULL;
  g_autoptr (GhLabRun) back = NULL;
  g_autofree char *xml = NULL;
  guint64 count = 0;
  guint64 later = 0;

  if (!gh_lab_has_guest ())
    return;
  open_pair (&pair);
  start_guest (&pair, NULL);
  take_inventory (&before, &pair);
  start_counter (&pair);
  count = read_counter (pair.a);
  there = move_to_b (pair, NULL);
  gh_lab_assert_status (there, 0);
  g_assert_cmpstr (gh_lab_run_get_outcome (there), ==, "done");
  assert_only_at (pair.b, pair.a);
  g_assert_true (has_line (pair.b, "machine web"));
  g_assert_false (has_line (pair.a, "machine web"));
  later = read_counter (pair.b);
  g_assert_cmpuint (later, >, count);
  /* What we know of it travels with it. */
  xml = dup_xml (pair.b, "web", VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (xml, "<guesthouse:note>kept</guesthouse:note>"));

  back = move_to_a (pair, NULL);
  gh_lab_assert_status (back, 0);
  assert_only_at (pair.a, pair.b);
  g_assert_cmpuint (read_counter (pair.a), >, later);
  assert_inventory (&before, &pair);
}

static guint64
get_disk_usage (const char *path)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  return (guint64) status.st_blocks * 512;
}

/* With its disk, thin, under another name. */
static void
test_copy_storage (void)
{
  g_auto (Pair) pair = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  g_autofree char *old = NULL;
  g_autofree char *new = NULL;
  g_autofree char *compared = NULL;
  g_autofree char *xml = NULL;
  guint64 count = 0;

  if (!gh_lab_has_guest ())
    return;
  open_pair (&pair);
  start_guest (&pair, NULL);
  start_counter (&pair);
  count = read_counter (pair.a);
  run = move_to_b (pair, "--copy-storage", "--name", "web-b", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "web-b"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "web"), ==, -1);
  g_assert_cmpint (gh_lab_get_machine_state (pair.b, "web"), ==, -1);
  {
    g_autoptr (GhLabSerial) serial = gh_lab_serial_open (pair.b, "web-b");

    g_assert_true (gh_lab_serial_wait (serial, "\ncount=", 60));
    g_assert_cmpuint (gh_lab_serial_read_number (serial), >, count);
  }
  old = g_build_filename (gh_lab_get_folder (pair.a), "img", "web.qcow2", NULL);
  new = g_build_filename (gh_lab_get_folder (pair.b), "img", "web.qcow2", NULL);
  xml = dup_xml (pair.b, "web-b", VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (xml, new));
  g_assert_null (strstr (xml, old));
  /* The old disk is kept, and nobody's. */
  g_assert_true (has_line (pair.a, "volume default/web.qcow2"));
  {
    virDomainPtr domain = virDomainLookupByName (gh_lab_connect (pair.b), "web-b");

    g_assert_cmpint (virDomainDestroy (domain), ==, 0);
    virDomainFree (domain);
  }
  compared = run_tool ("qemu-img", "compare", old, new, NULL);
  g_assert_nonnull (strstr (compared, "identical"));
  g_assert_cmpuint (get_disk_usage (new), <=, get_disk_usage (old) * 11 / 10);
}

static void
test_temporary (void)
{
  g_auto (Pair) pair = { NULL };
  g_auto (Inventory) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;

  if (!gh_lab_has_guest ())
    return;
  open_pair (&pair);
  start_guest (&pair, NULL);
  take_inventory (&before, &pair);
  run = move_to_b (pair, "--temporary", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "temporary", "warning"));
  assert_at (pair.b, pair.a);
  g_assert_cmpint (gh_lab_get_machine_state (pair.a, "web"), ==, VIR_DOMAIN_SHUTOFF);
  set_off (pair.b);
  assert_inventory (&before, &pair);
}

/* Looks, and changes nothing. */
static void
test_rehearse (void)
{
  g_auto (Pair) pair = { NULL };
  g_auto (Inventory) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) same = NULL;

  if (!gh_lab_has_guest ())
    return;
  open_pair (&pair);
  start_guest (&pair, NULL);
  take_inventory (&before, &pair);
  run = move_to_b (pair, "--rehearse", "--copy-storage", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "estimate", "note"));
  g_assert_true (gh_lab_run_has_check (run, "cpu-fits", "ok"));
  g_assert_true (gh_lab_run_has_check (run, "source-disks-kept", "note"));
  assert_inventory (&before, &pair);
  assert_only_at (pair.a, pair.b);
  same = gh_lab_run (pair.a, "-c", pair.a_uri, "migrate", "web", pair.a_uri, "--json", NULL);
  gh_lab_assert_status (same, 3);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/migrate/both-ways", test_both_ways);
  g_test_add_func ("/lab/migrate/copy-storage", test_copy_storage);
  g_test_add_func ("/lab/migrate/temporary", test_temporary);
  g_test_add_func ("/lab/migrate/rehearse", test_rehearse);
  return g_test_run ();
}
