/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What a clone is like from inside: a guest on a real QEMU mounts the file system it was given
 * with its copy of the disk, and says which machine it thinks it is in. */

#include <glib/gstdio.h>
#include <string.h>

#include "gh-lab-image.h"

/* A machine “web” that is off, with a network card and a disk of 16 MiB. Its file system has a
 * file “greeting” in a folder. */
static char *
make_disk (GhLab *lab)
{
  g_autofree char *img = g_build_filename (gh_lab_get_folder (lab), "img", NULL);
  g_autofree char *tree = gh_lab_dup_path (lab, "tree");
  g_autofree char *etc = g_build_filename (tree, "etc", NULL);
  g_autofree char *greeting = g_build_filename (etc, "greeting", NULL);
  g_autofree char *raw = gh_lab_dup_path (lab, "raw");
  char *disk = g_build_filename (img, "web.qcow2", NULL);

  g_assert_no_errno (g_mkdir_with_parents (img, 0700));
  g_assert_no_errno (g_mkdir_with_parents (etc, 0700));
  g_assert_true (g_file_set_contents (greeting, "of-the-original\n", -1, NULL));
  g_free (gh_lab_run_tool ("/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, raw, "16M",
                           NULL));
  g_free (gh_lab_run_tool ("qemu-img", "convert", "-O", "qcow2", raw, disk, NULL));
  g_assert_no_errno (g_unlink (raw));
  return disk;
}

static char *
make_machine (GhLab *lab)
{
  char *disk = make_disk (lab);
  g_autofree char *xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk>"
    "<interface type='user'><mac address='52:54:00:a1:b2:c3'/><model type='virtio'/></interface>"
    "<serial type='pty'/><memballoon model='none'/></devices></domain>",
    gh_lab_get_kernel (lab), gh_lab_get_initrd (lab), disk);
  virDomainPtr domain = virDomainDefineXMLFlags (gh_lab_connect (lab), xml,
                                                 VIR_DOMAIN_DEFINE_VALIDATE);

  g_assert_nonnull (domain);
  virDomainFree (domain);
  return disk;
}

/* Starts it by our command line, and looks into it. What the guest prints ends at the end of a
 * line, so that nothing is taken for what only begins alike. */
static void
assert_inside (GhLab      *lab,
               const char *name,
               const char *mac,
               const char *uuid)
{
  g_autoptr (GhLabRun) started = gh_lab_run (lab, "start", name, "--yes", "--json", NULL);
  g_autoptr (GhLabSerial) serial = NULL;
  g_autofree char *is_mac = g_strdup_printf ("mac-%s-end", mac);
  g_autofree char *is_uuid = g_strdup_printf ("uuid-%s-end", uuid);

  gh_lab_assert_status (started, 0);
  serial = gh_lab_serial_open (lab, name);
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
  /* Once more, for kernels whose modules need another order. */
  gh_lab_serial_command (serial, "for m in virtio virtio_pci virtio_blk virtio_net; do "
                         "insmod /lib/modules/$m.ko; done 2>/dev/null; "
                         "until [ -b /dev/vda -a -d /sys/class/net/eth0 ]; do usleep 10000; done; "
                         "mkdir /a; mount -t ext4 /dev/vda /a && echo mounted", "mounted");
  gh_lab_serial_command (serial, "echo file-$(cat /a/etc/greeting)-end",
                         "file-of-the-original-end");
  gh_lab_serial_command (serial, "echo mac-$(cat /sys/class/net/eth0/address)-end", is_mac);
  gh_lab_serial_command (serial, "echo uuid-$(cat /sys/class/dmi/id/product_uuid)-end", is_uuid);
  gh_lab_serial_command (serial, "echo of-the-clone >/a/etc/greeting; sync; umount /a && "
                         "echo written", "written");
}

static void
force_off (GhLab      *lab,
           const char *name)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "force-off", name, "--yes", NULL);

  gh_lab_assert_status (run, 0);
}

/* What its disk has in the file now. */
static void
assert_greeting (GhLab      *lab,
                 const char *disk,
                 const char *expected)
{
  g_autofree char *raw = gh_lab_dup_path (lab, "read-back");
  g_autofree char *text = NULL;

  g_free (gh_lab_run_tool ("qemu-img", "convert", "-O", "raw", disk, raw, NULL));
  text = gh_lab_run_tool ("/usr/sbin/debugfs", "-R", "cat /etc/greeting", raw, NULL);
  g_assert_cmpstr (text, ==, expected);
  g_assert_no_errno (g_unlink (raw));
}

/* Full and linked: the file of the original is in the clone, under the clone's own MAC and UUID,
 * and what the clone writes is in the clone alone. */
static void
test_inside (gconstpointer data)
{
  gboolean linked = GPOINTER_TO_INT (data);
  g_autoptr (GhLab) lab = NULL;
  g_autofree char *disk = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *clone_disk = NULL;
  g_autofree char *mac = NULL;
  g_autofree char *uuid = NULL;
  g_autoptr (GhLabRun) run = NULL;

  if (!gh_lab_has_guest ())
    return;
  lab = gh_lab_new ();
  disk = make_machine (lab);
  before = gh_lab_run_tool ("sha256sum", disk, NULL);
  run = gh_lab_run (lab, "clone", "web", "--name", "twin", "--yes", "--json",
                    linked ? "--linked" : NULL, NULL);
  gh_lab_assert_status (run, 0);
  mac = gh_lab_dup_value (lab, "twin", "<mac address='");
  uuid = gh_lab_dup_machine_uuid (lab, "twin");
  g_assert_cmpstr (mac, !=, "52:54:00:a1:b2:c3");
  assert_inside (lab, "twin", mac, uuid);
  force_off (lab, "twin");

  clone_disk = gh_lab_dup_disk (lab, "twin");
  assert_greeting (lab, clone_disk, "of-the-clone\n");
  assert_greeting (lab, disk, "of-the-original\n");
  after = gh_lab_run_tool ("sha256sum", disk, NULL);
  g_assert_cmpstr (after, ==, before);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/lab-inside/full", GINT_TO_POINTER (FALSE), test_inside);
  g_test_add_data_func ("/lab-inside/linked", GINT_TO_POINTER (TRUE), test_inside);
  return g_test_run ();
}
