/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A person's first quarter of an hour: start the program, make a machine, see it, type into it,
 * pause it, switch it off, delete it. Real libvirt, real QEMU, by AT-SPI. */

#include "config.h"

#include <gdk/gdkkeysyms.h>
#include <string.h>

#include "gh-journey.h"

typedef struct
{
  GhLab *lab;
  int    state;
} MachineState;

static gboolean
has_state (gpointer data)
{
  MachineState *wanted = data;

  return gh_lab_get_machine_state (wanted->lab, "first") == wanted->state;
}

static void
wait_state (GhLab *lab,
            int    state)
{
  g_assert_true (gh_lab_wait (60, has_state, &(MachineState){ lab, state }));
}

typedef struct
{
  GhLab  *lab;
  GBytes *before;
} Echo;

static gboolean
has_echoed (gpointer data)
{
  Echo *echo = data;
  g_autoptr (GBytes) now = gh_lab_screenshot (echo->lab, "first");

  return !g_bytes_equal (now, echo->before);
}

/* One key after the other, as each shows on the guest's screen: QEMU's keyboard keeps 16 codes
 * and drops what comes faster than the guest takes it, which an emulated one does not quickly. */
static void
type_into_guest (GhLab      *lab,
                 GhJourney  *journey,
                 const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      char key[2] = { *p, '\0' };
      g_autoptr (GBytes) before = gh_lab_screenshot (lab, "first");

      gh_journey_type (journey, key);
      g_assert_true (gh_lab_wait (60, has_echoed, &(Echo){ lab, before }));
    }
}

static void
test_first_machine (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhJourney) journey = NULL;
  g_autoptr (AtspiAccessible) screen = NULL;
  g_autoptr (GdkPixbuf) picture = NULL;
  GhLabSerial *serial = NULL;

  gh_lab_start_daemon (lab);
  journey = gh_journey_start (lab, "-c", "qemu:///session", NULL);

  /* Empty: the window says what to do. */
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "New machine");
  g_object_unref (gh_journey_screenshot (journey, "empty"));
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "New machine");

  gh_journey_press (journey, ATSPI_ROLE_RADIO_BUTTON, "Kernel");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Kernel", gh_lab_get_kernel (lab));
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Initial RAM disk", gh_lab_get_initrd (lab));
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Kernel arguments", "console=ttyS0 console=tty0");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Name", "first");
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Create");
  g_object_unref (gh_journey_screenshot (journey, "new-machine"));
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Create");

  /* The console opens by itself. */
  wait_state (lab, VIR_DOMAIN_RUNNING);
  screen = gh_journey_find (journey, ATSPI_ROLE_DRAWING_AREA, NULL);
  serial = gh_lab_serial_open (lab, "first");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
  gh_journey_wait_guest (journey, lab, "first");
  g_object_unref (gh_journey_screenshot (journey, "console"));

  /* Typed on the keyboard, done in the guest, told over its serial port. */
  gh_journey_click_at (journey, screen);
  type_into_guest (lab, journey, "seq -s x 40 42 > /dev/ttyS0");
  gh_journey_key (journey, GDK_KEY_Return);
  if (!gh_lab_serial_wait (serial, "40x41x42", 60))
    {
      g_object_unref (gh_journey_screenshot (journey, "failed"));
      g_error ("The guest does not see what is typed");
    }
  gh_journey_wait_guest (journey, lab, "first");
  g_object_unref (gh_journey_screenshot (journey, "console-typed"));
  gh_lab_serial_close (serial);

  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Pause");
  wait_state (lab, VIR_DOMAIN_PAUSED);
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Resume");
  wait_state (lab, VIR_DOMAIN_RUNNING);

  /* Forcing off asks first. */
  gh_journey_press (journey, ATSPI_ROLE_TOGGLE_BUTTON, "More ways to stop");
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Force off…");
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Force off");
  g_assert_cmpint (gh_lab_get_machine_state (lab, "first"), ==, VIR_DOMAIN_RUNNING);
  g_object_unref (gh_journey_screenshot (journey, "force-off"));
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Force off");
  wait_state (lab, VIR_DOMAIN_SHUTOFF);
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Run");
  g_object_unref (gh_journey_screenshot (journey, "off"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  if (gh_lab_has_guest ())
    g_test_add_func ("/journeys/first-machine", test_first_machine);
  return g_test_run ();
}
