/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A person's first quarter of an hour: start the program, make a machine, see it, type into it,
 * pause it, switch it off, delete it. Real libvirt, real QEMU, by AT-SPI. */

#include "config.h"

#include <gdk/gdkkeysyms.h>
#include <stdlib.h>
#include <string.h>

#include "gh-journey.h"

static GdkPixbuf *
load_guest_screen (GhLab *lab)
{
  g_autoptr (GBytes) bytes = gh_lab_screenshot (lab, "first");
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  g_autoptr (GError) error = NULL;

  gdk_pixbuf_loader_write_bytes (loader, bytes, &error);
  g_assert_no_error (error);
  gdk_pixbuf_loader_close (loader, &error);
  g_assert_no_error (error);
  return g_object_ref (gdk_pixbuf_loader_get_pixbuf (loader));
}

static guint
brightness_at (GdkPixbuf *pixbuf,
               int        x,
               int        y)
{
  const guchar *pixel = gdk_pixbuf_read_pixels (pixbuf) + y * gdk_pixbuf_get_rowstride (pixbuf) +
                        x * gdk_pixbuf_get_n_channels (pixbuf);

  return (guint) (pixel[0] + pixel[1] + pixel[2]) / 3;
}

static double
share_of_lit_pixels (GdkPixbuf *pixbuf)
{
  guint n = 0;

  for (int y = 0; y < gdk_pixbuf_get_height (pixbuf); y++)
    for (int x = 0; x < gdk_pixbuf_get_width (pixbuf); x++)
      if (brightness_at (pixbuf, x, y) > 100)
        n++;
  return (double) n / (gdk_pixbuf_get_width (pixbuf) * gdk_pixbuf_get_height (pixbuf));
}

typedef struct
{
  GhLab     *lab;
  GhJourney *journey;
  double     difference;
} Frame;

/* What is on the window where the guest's screen is, against what the host says the guest shows:
 * both scaled to a small picture, so that the way of scaling does not matter. */
static gboolean
frames_agree (gpointer data)
{
  Frame *frame = data;
  g_autoptr (AtspiAccessible) widget = gh_journey_find (frame->journey, ATSPI_ROLE_DRAWING_AREA,
                                                        NULL);
  g_autoptr (GdkPixbuf) guest = load_guest_screen (frame->lab);
  g_autoptr (GdkPixbuf) screen = gh_journey_look (frame->journey);
  g_autoptr (GdkPixbuf) part = NULL;
  g_autoptr (GdkPixbuf) shown_small = NULL;
  g_autoptr (GdkPixbuf) guest_small = NULL;
  GdkRectangle extents;
  GdkRectangle all = { 0, 0, gdk_pixbuf_get_width (screen), gdk_pixbuf_get_height (screen) };
  int guest_width = gdk_pixbuf_get_width (guest);
  int guest_height = gdk_pixbuf_get_height (guest);
  double scale = 0;
  int width = 0;
  int height = 0;
  guint64 sum = 0;

  if (share_of_lit_pixels (guest) < 0.002)
    return FALSE;
  gh_journey_get_extents (widget, &extents);
  if (!gdk_rectangle_intersect (&extents, &all, &extents) || extents.width < 50 ||
      extents.height < 50)
    return FALSE;
  /* Fitted into the widget, in the middle. */
  scale = MIN ((double) extents.width / guest_width, (double) extents.height / guest_height);
  width = (int) (guest_width * scale);
  height = (int) (guest_height * scale);
  part = gdk_pixbuf_new_subpixbuf (screen, extents.x + (extents.width - width) / 2,
                                   extents.y + (extents.height - height) / 2, width, height);
  shown_small = gdk_pixbuf_scale_simple (part, 160, 100, GDK_INTERP_BILINEAR);
  guest_small = gdk_pixbuf_scale_simple (guest, 160, 100, GDK_INTERP_BILINEAR);
  for (int y = 0; y < 100; y++)
    for (int x = 0; x < 160; x++)
      sum += (guint64) abs ((int) brightness_at (shown_small, x,
                                                 y) - (int) brightness_at (guest_small, x, y));
  frame->difference = (double) sum / (160 * 100);
  /* An empty console differs from a text screen by more than 2. */
  return frame->difference < 1.5;
}

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
  Frame frame = { lab, NULL, 0 };

  gh_lab_start_daemon (lab);
  journey = gh_journey_start (lab, "-c", "qemu:///session", NULL);
  frame.journey = journey;

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
  if (!gh_lab_wait (60, frames_agree, &frame))
    {
      g_object_unref (gh_journey_screenshot (journey, "failed"));
      g_error ("The console differs from the guest's screen by %.2f", frame.difference);
    }
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
  g_assert_true (gh_lab_wait (60, frames_agree, &frame));
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
