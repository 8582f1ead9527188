/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Clones of machines that run, on a real QEMU: a guest writes to two file systems all the time. */

#include "gh-lab-image.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <string.h>

/* What one counts it writes to both, the first one first: one instant has the same number in both,
 * or one more in the first. There is no moment at which nothing is being written. */
#define COUNT_SCRIPT \
  "i=0\n" \
  "while :; do\n" \
  "  i=$((i + 1))\n" \
  "  for d in a b; do\n" \
  "    printf %010d $i | dd of=/$d/n conv=notrunc,fsync 2>/dev/null\n" \
  "    echo $i >/$d/f$((i % 40))\n" \
  "  done\n" \
  "done\n"

/* A machine “web” that runs, with two disks that have file systems and more data. */
typedef struct
{
  GhLab       *lab;
  GhLabSerial *serial; /* (nullable): its guest has not been waited for */
  GStrv        inventory;
  char        *xml;
  GPid         pid;
} World;

static char *
dup_disk (GhLab      *lab,
          const char *name)
{
  g_autofree char *file_name = g_strconcat (name, ".qcow2", NULL);

  return g_build_filename (gh_lab_get_folder (lab), "img", file_name, NULL);
}

static void
make_pool (GhLab *lab)
{
  g_autofree char *path = g_build_filename (gh_lab_get_folder (lab), "img", NULL);
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>default</name><target>"
                                          "<path>%s</path></target></pool>", path);
  virStoragePoolPtr pool = NULL;

  g_assert_no_errno (g_mkdir_with_parents (path, 0700));
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

/* 512 MiB, with a small file system at its beginning and data behind it, so that copying takes
 * a while. */
static void
make_disk (GhLab      *lab,
           const char *name)
{
  g_autofree char *disk = dup_disk (lab, name);
  g_autofree char *raw = gh_lab_dup_path (lab, "raw");
  g_autofree char *folder = gh_lab_dup_path (lab, "scripts");
  g_autofree char *count = g_build_filename (folder, "count.sh", NULL);

  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  g_assert_true (g_file_set_contents (count, COUNT_SCRIPT, -1, NULL));
  g_free (gh_lab_run_tool ("truncate", "-s", "512M", raw, NULL));
  g_free (gh_lab_run_tool ("/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", folder, raw, "32M",
                           NULL));
  g_free (gh_lab_run_tool ("qemu-img", "convert", "-O", "qcow2", raw, disk, NULL));
  gh_lab_write_pattern (disk, "write -P 0xab 64M 192M");
  g_assert_no_errno (g_chmod (disk, 0600));
  g_assert_no_errno (g_unlink (raw));
}

static void
define_and_start (GhLab      *lab,
                  const char *xml)
{
  virDomainPtr domain = virDomainDefineXMLFlags (gh_lab_connect (lab), xml,
                                                 VIR_DOMAIN_DEFINE_VALIDATE);

  if (domain == NULL || virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

static void
world_init (World *self)
{
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;
  g_autofree char *xml = NULL;
  virStoragePoolPtr pool = NULL;

  self->lab = gh_lab_new ();
  a = dup_disk (self->lab, "a");
  b = dup_disk (self->lab, "b");
  make_pool (self->lab);
  make_disk (self->lab, "a");
  make_disk (self->lab, "b");
  xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vdb' bus='virtio'/></disk><serial type='pty'/>"
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
    "<memballoon model='none'/></devices></domain>",
    gh_lab_get_kernel (self->lab), gh_lab_get_initrd (self->lab), a, b);
  define_and_start (self->lab, xml);
  pool = virStoragePoolLookupByName (gh_lab_connect (self->lab), "default");
  g_assert_cmpint (virStoragePoolRefresh (pool, 0), ==, 0);
  virStoragePoolFree (pool);
  self->inventory = gh_lab_list_inventory (self->lab);
  self->xml = gh_lab_dup_xml (self->lab, "web");
  self->pid = gh_lab_get_qemu_pid (self->lab, "web");
}

static void
world_clear (World *self)
{
  g_clear_pointer (&self->serial, gh_lab_serial_close);
  g_clear_pointer (&self->lab, gh_lab_free);
  g_strfreev (self->inventory);
  g_free (self->xml);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* Waits for the guest, and has it begin to count. */
static void
start_counting (World *self)
{
  self->serial = gh_lab_serial_open (self->lab, "web");
  gh_lab_serial_write (self->serial, "\n");
  g_assert_true (gh_lab_serial_wait (self->serial, "tiny:", 120));
  gh_lab_serial_command (self->serial, "for m in virtio virtio_pci virtio_blk; do "
                         "insmod /lib/modules/$m.ko; done 2>/dev/null; "
                         "until [ -b /dev/vda -a -b /dev/vdb ]; do usleep 10000; done; "
                         "mkdir /a /b; mount -t ext4 /dev/vda /a && "
                         "mount -t ext4 /dev/vdb /b && echo mounted", "mounted");
  gh_lab_serial_command (self->serial, "sh /a/count.sh & while [ ! -s /b/n ]; do usleep 10000; "
                         "done; echo counting", "counting");
}

static guint64
read_count (World *self)
{
  gh_lab_serial_command (self->serial, "echo at-$(cat /b/n)", "at-");
  return gh_lab_serial_read_number (self->serial);
}

/* A guest that is held would never write the next number. */
static void
assert_goes_on (World *self)
{
  g_assert_cmpint (gh_lab_get_machine_state (self->lab, "web"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_qemu_pid (self->lab, "web"), ==, self->pid);
  gh_lab_serial_command (self->serial, "n=$(cat /b/n); while [ $(cat /b/n) = $n ]; do "
                         "usleep 10000; done; echo goes-on", "goes-on");
}

static gboolean
has_job (World *self)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (self->lab), "web");
  virDomainJobInfo info = { 0 };

  g_assert_cmpint (virDomainGetJobInfo (domain, &info), ==, 0);
  virDomainFree (domain);
  return info.type != VIR_DOMAIN_JOB_NONE;
}

static void
assert_as_before (World *self)
{
  g_autofree char *xml = gh_lab_dup_xml (self->lab, "web");

  g_assert_false (has_job (self));
  gh_lab_assert_inventory (self->lab, self->inventory);
  g_assert_cmpstr (xml, ==, self->xml);
  g_assert_cmpint (gh_lab_get_qemu_pid (self->lab, "web"), ==, self->pid);
}

#define clone_web(world) \
  gh_lab_run ((world)->lab, "clone", "web", "--name", "live", "--yes", "--json", NULL)

static void
delete_clone (World *self)
{
  g_autoptr (GhLabRun) run = gh_lab_run (self->lab, "delete", "live", "--yes", "--json", NULL);

  gh_lab_assert_status (run, 0);
  assert_as_before (self);
}

/* What the clone's disks hold */

/* One of the clone's disks, as a raw file. */
static char *
dup_raw (World *self,
         guint  index)
{
  g_autofree char *xml = gh_lab_dup_xml (self->lab, "live");
  g_auto (GStrv) parts = g_strsplit (xml, "<source file='", -1);
  g_autofree char *path = NULL;
  g_autofree char *name = g_strdup_printf ("clone-%u", index);
  g_autofree char *raw = gh_lab_dup_path (self->lab, name);

  g_assert_cmpuint (g_strv_length (parts), ==, 3);
  path = g_strndup (parts[index + 1], strcspn (parts[index + 1], "'"));
  gh_lab_assert_backing (path, NULL, NULL);
  g_assert_true (gh_lab_has_pattern (path, "read -P 0xab 64M 192M"));
  g_free (gh_lab_run_tool ("qemu-img", "convert", "-f", "qcow2", "-O", "raw", path, raw, NULL));
  return g_steal_pointer (&raw);
}

/* The number in it; its file system has to need nothing but what was noted in its journal, or
 * not even that when it was held. */
static guint64
read_clone (World    *self,
            guint     index,
            gboolean  was_held)
{
  g_autofree char *raw = dup_raw (self, index);
  g_autofree char *features = gh_lab_run_tool ("/usr/sbin/dumpe2fs", "-h", raw, NULL);
  g_autofree char *number = NULL;

  g_assert_true (was_held == (strstr (features, "needs_recovery") == NULL));
  if (!was_held)
    g_free (gh_lab_run_tool ("/usr/sbin/e2fsck", "-E", "journal_only", "-y", raw, NULL));
  g_free (gh_lab_run_tool ("/usr/sbin/e2fsck", "-f", "-n", raw, NULL));
  number = gh_lab_run_tool ("/usr/sbin/debugfs", "-R", "cat n", raw, NULL);
  g_assert_no_errno (g_unlink (raw));
  return g_ascii_strtoull (number, NULL, 10);
}

static guint64
assert_one_instant (World    *self,
                    gboolean  was_held)
{
  guint64 first = read_clone (self, 0, was_held);
  guint64 second = read_clone (self, 1, was_held);

  g_test_message ("%" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT, first, second);
  g_assert_cmpuint (first, >=, second);
  g_assert_cmpuint (first, <=, second + 1);
  return second;
}

static void
test_one_instant (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhLabRun) run = NULL;
  guint64 before = 0;
  guint64 taken = 0;
  guint64 after = 0;

  if (!gh_lab_has_guest ())
    return;
  world_init (&world);
  start_counting (&world);
  before = read_count (&world);
  run = clone_web (&world);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "live-not-frozen", "note"));
  after = read_count (&world);
  taken = assert_one_instant (&world, FALSE);
  g_assert_cmpuint (taken, >=, before);
  /* It has been writing all the time. */
  g_assert_cmpuint (taken, <, after);
  assert_goes_on (&world);
  delete_clone (&world);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/live/one-instant", test_one_instant);
  return g_test_run ();
}
