/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The lab itself: what the other tests here stand on. */

#include "gh-lab.h"

#include <libvirt/virterror.h>

#include <signal.h>
#include <string.h>

static void
test_daemon (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_auto (GStrv) inventory = NULL;
  GPid pid = 0;

  g_assert_cmpint (gh_lab_get_daemon_pid (lab), ==, 0);
  inventory = gh_lab_list_inventory (lab);
  g_assert_cmpint (g_strv_length (inventory), ==, 0);
  pid = gh_lab_get_daemon_pid (lab);
  g_assert_cmpint (pid, >, 0);

  gh_lab_signal_daemon (lab, SIGSTOP);
  gh_lab_signal_daemon (lab, SIGCONT);
  gh_lab_assert_inventory (lab, inventory);

  gh_lab_kill_daemon (lab);
  g_assert_cmpint (gh_lab_get_daemon_pid (lab), ==, 0);
  gh_lab_assert_inventory (lab, inventory);
  g_assert_cmpint (gh_lab_get_daemon_pid (lab), !=, pid);
}

/* Two worlds at once know nothing of each other. */
static void
test_two (void)
{
  g_autoptr (GhLab) one = gh_lab_new ();
  g_autoptr (GhLab) two = gh_lab_new ();
  g_auto (GStrv) processes = NULL;
  virDomainPtr domain = NULL;

  domain = virDomainDefineXML (gh_lab_connect (one),
                               "<domain type='qemu'><name>a</name><memory unit='MiB'>64</memory>"
                               "<os><type arch='x86_64'>hvm</type></os></domain>");
  g_assert_nonnull (domain);
  g_assert_cmpint (gh_lab_get_machine_state (one, "a"), ==, VIR_DOMAIN_SHUTOFF);
  g_assert_cmpint (gh_lab_get_machine_state (two, "a"), ==, -1);
  g_assert_cmpint (gh_lab_get_daemon_pid (one), !=, gh_lab_get_daemon_pid (two));

  processes = gh_lab_list_processes (one);
  g_assert_cmpint (g_strv_length (processes), ==, 1);
  g_assert_nonnull (strstr (processes[0], "libvirtd"));
  virDomainFree (domain);
}

static void
test_guest (void)
{
  g_autoptr (GhLab) lab = NULL;
  g_autoptr (GhLabSerial) serial = NULL;
  g_autoptr (GBytes) screen = NULL;
  g_autofree char *xml = NULL;
  virDomainPtr domain = NULL;

  if (!gh_lab_has_guest ())
    return;
  lab = gh_lab_new ();
  xml = g_strdup_printf ("<domain type='qemu'><name>tiny</name><memory unit='MiB'>256</memory>"
                         "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel>"
                         "<initrd>%s</initrd><cmdline>console=tty0 console=ttyS0</cmdline></os>"
                         "<features><acpi/></features><devices><serial type='pty'/>"
                         "<graphics type='spice'><listen type='none'/></graphics>"
                         "<video><model type='virtio'/></video></devices></domain>",
                         gh_lab_get_kernel (lab), gh_lab_get_initrd (lab));
  domain = virDomainCreateXML (gh_lab_connect (lab), xml, 0);
  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  g_assert_cmpint (gh_lab_get_machine_state (lab, "tiny"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_qemu_pid (lab, "tiny"), >, 0);

  serial = gh_lab_serial_open (lab, "tiny");
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 60));
  gh_lab_serial_command (serial, "echo $((6 * 7))", "42");
  screen = gh_lab_screenshot (lab, "tiny");
  g_assert_cmpuint (g_bytes_get_size (screen), >, 1000);
  virDomainFree (domain);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lab/daemon", test_daemon);
  g_test_add_func ("/lab/two", test_two);
  g_test_add_func ("/lab/guest", test_guest);

  return g_test_run ();
}
