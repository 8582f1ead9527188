/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A machine that runs moves to another host while one looks at it: add the host, rehearse, move,
 * and the console still shows the guest. Two real libvirt daemons, real QEMU, by AT-SPI. */

#include "config.h"

#include <gdk/gdkkeysyms.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "gh-journey.h"

#define NAME "web"

/* A tiny guest with a screen, whose kernel both hosts see. */
static void
start_guest (GhLab      *lab,
             const char *name)
{
  g_autofree char *xml = g_strdup_printf (
    "<domain type='qemu'><name>%s</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 console=tty0</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>"
    "<devices><serial type='pty'/><graphics type='spice'><listen type='none'/></graphics>"
    "<video><model type='vga'/></video><memballoon model='none'/></devices></domain>",
    name, gh_lab_get_kernel (lab), gh_lab_get_initrd (lab));
  virDomainPtr domain = virDomainDefineXMLFlags (gh_lab_connect (lab), xml,
                                                 VIR_DOMAIN_DEFINE_VALIDATE);

  if (domain == NULL || virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

typedef struct
{
  GhLab      *lab;
  const char *name;
  int         state;
} MachineState;

static gboolean
has_state (gpointer data)
{
  MachineState *wanted = data;

  return gh_lab_get_machine_state (wanted->lab, wanted->name) == wanted->state;
}

static void
wait_state (GhLab      *lab,
            const char *name,
            GhJourney  *journey,
            int         state)
{
  if (gh_lab_wait (60, has_state, &(MachineState){ lab, name, state }))
    return;
  g_object_unref (gh_journey_screenshot (journey, "failed"));
  g_error ("“%s” is in state %d, not %d", name, gh_lab_get_machine_state (lab, name), state);
}

static void
add_host (GhJourney  *journey,
          const char *uri)
{
  gh_journey_press (journey, ATSPI_ROLE_TOGGLE_BUTTON, "Menu");
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Add host…");
  gh_journey_choose (journey, "Connection", 5);
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "URI", uri);
  g_object_unref (gh_journey_screenshot (journey, "move-add-host"));
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Connect");
}

static void
open_console (GhLab     *lab,
              GhJourney *journey)
{
  g_autoptr (AtspiAccessible) row = gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL,
                                                     NAME ", Running");
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (lab, NAME);

  gh_journey_click_at (journey, row);
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
  gh_journey_wait_guest (journey, lab, NAME);
}

/* What the window calls a host of this computer that is reached by its socket. */
static char *
dup_label (const char *uri,
           const char *rest)
{
  const char *folder = strstr (uri, "socket=") + strlen ("socket=");
  const char *end = strstr (folder, "/libvirt/libvirt-sock");

  g_assert_nonnull (end);
  return g_strdup_printf ("This computer (%.*s)%s", (int) (end - folder), folder, rest);
}

/* By the mouse, onto the other host, which has no machine yet. */
static void
drag_to_host (GhJourney  *journey,
              const char *uri)
{
  g_autofree char *label = dup_label (uri, ", No machines");
  g_autoptr (AtspiAccessible) row = gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL,
                                                     NAME ", Running");
  g_autoptr (AtspiAccessible) host = gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, label);

  gh_journey_drag (journey, row, host, NAME);
  g_object_unref (gh_journey_screenshot (journey, "move-drag"));
  gh_journey_drop (journey);
}

static void
test_move_machine (void)
{
  g_autoptr (GhLab) here = gh_lab_new ();
  g_autoptr (GhLab) there = gh_lab_new ();
  g_autoptr (GhJourney) journey = NULL;
  g_autoptr (AtspiAccessible) heading = NULL;
  g_autofree char *here_uri = NULL;
  g_autofree char *there_uri = NULL;
  g_autofree char *there_label = NULL;
  g_autofree char *arrived = NULL;

  gh_lab_start_daemon (here);
  gh_lab_start_daemon (there);
  here_uri = gh_lab_dup_uri (here);
  there_uri = gh_lab_dup_uri (there);
  start_guest (here, NAME);
  journey = gh_journey_start (here, "-c", here_uri, NULL);
  add_host (journey, there_uri);
  gh_journey_wait_gone (journey, ATSPI_ROLE_TEXT, "URI");
  open_console (here, journey);

  drag_to_host (journey, there_uri);
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Move");
  heading = gh_journey_find (journey, ATSPI_ROLE_LABEL, "Disks");
  gh_journey_click_at (journey, heading);
  gh_journey_mnemonic (journey, GDK_KEY_r);
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL,
                                   "Rehearsed: it would work. Nothing was changed."));
  g_object_unref (gh_journey_screenshot (journey, "move-rehearsed"));
  g_assert_cmpint (gh_lab_get_machine_state (there, NAME), ==, -1);

  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Move");
  there_label = dup_label (there_uri, "");
  arrived = g_strconcat ("“" NAME "” has moved to ", there_label, NULL);
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL, arrived));
  wait_state (there, NAME, journey, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_machine_state (here, NAME), ==, -1);
  g_assert_cmpint (gh_lab_get_qemu_pid (here, NAME), ==, 0);
  gh_journey_wait_guest (journey, there, NAME);
  g_object_unref (gh_journey_screenshot (journey, "move-arrived"));
}

/* A guest that changes its memory faster than that is sent: the line is widened while it moves, the
 * window says that there is no end to it, and pausing the guest ends it. */

static void
keep_busy (GhLab *lab)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (lab, NAME);

  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
  gh_lab_serial_command (serial, "dd if=/dev/urandom of=/tmp/a bs=1M count=12 2>/dev/null; "
                         "(while :; do cat /tmp/a >/tmp/b; done) & echo be''gun", "begun");
}

static gboolean
has_wide_line (gpointer data)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (data), NAME);
  unsigned long mib_per_s = 0;
  gboolean wide = domain != NULL && virDomainMigrateGetMaxSpeed (domain, &mib_per_s, 0) == 0 &&
                  mib_per_s == 16;

  virDomainFree (domain);
  return wide;
}

/* Cancelled: nothing of it is there, and it runs on here. */
static void
cancel_move (GhJourney *journey,
             GhLab     *here,
             GhLab     *there)
{
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Cancel");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL,
                                   "Cancelled. Everything is as it was before."));
  g_assert_cmpint (gh_lab_get_machine_state (there, NAME), ==, -1);
  g_assert_cmpint (gh_lab_get_qemu_pid (there, NAME), ==, 0);
  g_assert_cmpint (gh_lab_get_machine_state (here, NAME), ==, VIR_DOMAIN_RUNNING);
  g_object_unref (gh_journey_screenshot (journey, "move-cancelled"));
}

static void
test_move_busy (void)
{
  g_autoptr (GhLab) here = gh_lab_new ();
  g_autoptr (GhLab) there = gh_lab_new ();
  g_autoptr (GhJourney) journey = NULL;
  g_autoptr (AtspiAccessible) row = NULL;
  g_autoptr (GhJourneyNotices) notices = gh_journey_listen ();
  g_autofree char *here_uri = NULL;
  g_autofree char *there_uri = NULL;
  g_autofree char *notice = NULL;

  gh_lab_start_daemon (here);
  gh_lab_start_daemon (there);
  here_uri = gh_lab_dup_uri (here);
  there_uri = gh_lab_dup_uri (there);
  start_guest (here, NAME);
  journey = gh_journey_start (here, "-c", here_uri, NULL);
  add_host (journey, there_uri);
  gh_journey_wait_gone (journey, ATSPI_ROLE_TEXT, "URI");
  keep_busy (here);
  row = gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, NAME ", Running");
  drag_to_host (journey, there_uri);
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Move");
  gh_journey_mnemonic (journey, GDK_KEY_p);
  /* Slow the guest down if need be: no. */
  gh_journey_mnemonic (journey, GDK_KEY_s);
  gh_journey_mnemonic (journey, GDK_KEY_b);
  gh_journey_type (journey, "1");
  gh_journey_key (journey, GDK_KEY_Tab);
  g_object_unref (gh_journey_screenshot (journey, "move-busy-options"));
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Move");
  gh_journey_set_value (journey, ATSPI_ROLE_SPIN_BUTTON, "Bandwidth in MiB/s", 16);
  g_assert_true (gh_lab_wait (60, has_wide_line, here));
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL, "It is not converging"));
  g_object_unref (gh_journey_screenshot (journey, "move-busy"));
  cancel_move (journey, here, there);

  /* The dialog is as it was: again, and this time to the end, while one looks at something else. */
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Move");
  gh_journey_set_value (journey, ATSPI_ROLE_SPIN_BUTTON, "Bandwidth in MiB/s", 16);
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL, "It is not converging"));
  gh_journey_leave (journey);
  gh_journey_press_in_flow (journey, ATSPI_ROLE_PUSH_BUTTON, "Pause the guest");
  wait_state (there, NAME, journey, VIR_DOMAIN_RUNNING);
  wait_state (here, NAME, journey, -1);
  /* Of cancelling the desktop may have been told as well: nobody looked at a window for certain. */
  do
    {
      g_free (notice);
      notice = gh_journey_notices_wait (notices);
    }
  while (strstr (notice, "\nCancelled.") != NULL);
  g_assert_true (g_str_has_prefix (notice, "Move “" NAME "” to This computer"));
  g_assert_true (g_str_has_suffix (notice, "\nDone"));
}

static void
wait_booted (GhLab      *lab,
             const char *name)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (lab, name);

  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
}

/* Another machine of the name is there. */
static void
take_name (GhLab      *lab,
           const char *name)
{
  g_autofree char *xml = g_strdup_printf ("<domain type='qemu'><name>%s</name>"
                                          "<memory unit='MiB'>32</memory>"
                                          "<os><type arch='x86_64' machine='q35'>hvm</type></os>"
                                          "</domain>", name);
  virDomainPtr domain = virDomainDefineXML (gh_lab_connect (lab), xml);

  g_assert_nonnull (domain);
  virDomainFree (domain);
}

/* From the host's menu, by the keyboard: one machine after the other; the one that cannot go does
 * not keep the others. */
static void
test_empty_host (void)
{
  g_autoptr (GhLab) here = gh_lab_new ();
  g_autoptr (GhLab) there = gh_lab_new ();
  g_autoptr (GhJourney) journey = NULL;
  g_autoptr (AtspiAccessible) row = NULL;
  g_autofree char *here_uri = NULL;
  g_autofree char *there_uri = NULL;

  gh_lab_start_daemon (here);
  gh_lab_start_daemon (there);
  here_uri = gh_lab_dup_uri (here);
  there_uri = gh_lab_dup_uri (there);
  start_guest (here, "app");
  start_guest (here, "db");
  start_guest (here, NAME);
  wait_booted (here, "db");
  wait_booted (here, NAME);
  take_name (there, "app");
  journey = gh_journey_start (here, "-c", here_uri, NULL);
  add_host (journey, there_uri);
  gh_journey_wait_gone (journey, ATSPI_ROLE_TEXT, "URI");

  row = gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, "db, Running");
  gh_journey_click_at (journey, row);
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Pause");
  gh_journey_key (journey, GDK_KEY_Left);
  gh_journey_key (journey, GDK_KEY_Menu);
  gh_journey_press (journey, ATSPI_ROLE_MENU_ITEM, "Empty this host…");
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Move 2 machines");
  g_object_unref (gh_journey_screenshot (journey, "move-several"));
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Move 2 machines");
  wait_state (there, "db", journey, VIR_DOMAIN_RUNNING);
  wait_state (there, NAME, journey, VIR_DOMAIN_RUNNING);
  wait_state (here, "db", journey, -1);
  wait_state (here, NAME, journey, -1);
  g_assert_cmpint (gh_lab_get_machine_state (here, "app"), ==, VIR_DOMAIN_RUNNING);
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, "app, Running"));
  g_object_unref (gh_journey_screenshot (journey, "move-emptied"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  if (gh_lab_has_guest ())
    {
      g_test_add_func ("/journeys/move-machine", test_move_machine);
      g_test_add_func ("/journeys/move-busy", test_move_busy);
      g_test_add_func ("/journeys/empty-host", test_empty_host);
    }
  return g_test_run ();
}
