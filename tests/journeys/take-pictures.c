/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Takes the pictures of the help that show a real guest: a host with some machines, one of which is
 * looked at. Not a test; see HACKING.md. */

#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "gh-journey.h"

#define GUEST "Tiny Linux"

static void
define (GhLab      *lab,
        const char *name,
        gboolean    start)
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

  if (domain == NULL || (start && virDomainCreate (domain) < 0))
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

typedef struct
{
  GhJourney *journey;
  GdkPixbuf *before; /* (nullable) */
} Calm;

/* Nothing moves any more: what opens has opened. */
static gboolean
is_calm (gpointer data)
{
  Calm *calm = data;
  g_autoptr (GdkPixbuf) before = calm->before;

  calm->before = gh_journey_look (calm->journey);
  return before != NULL && memcmp (gdk_pixbuf_read_pixels (before),
                                   gdk_pixbuf_read_pixels (calm->before),
                                   gdk_pixbuf_get_byte_length (before)) == 0;
}

/* What is seen of a window of the program, as help/C/figures/NAME.png wants it. */
static void
take (GhJourney  *journey,
      AtspiRole   role,
      const char *title,
      const char *name)
{
  g_autoptr (AtspiAccessible) window = gh_journey_find (journey, role, title);
  g_autoptr (GdkPixbuf) all = NULL;
  g_autoptr (GdkPixbuf) part = NULL;
  g_autofree char *file = g_strconcat (name, ".png", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_BUILT, "screenshots", file, NULL);
  g_autoptr (GError) error = NULL;
  Calm calm = { journey, NULL };
  GdkRectangle extents;

  g_assert_true (gh_lab_wait (60, is_calm, &calm));
  g_set_object (&all, calm.before);
  g_object_unref (calm.before);
  gh_journey_get_extents (window, &extents);
  part = gdk_pixbuf_new_subpixbuf (all, extents.x, extents.y, extents.width, extents.height);
  gdk_pixbuf_save (part, path, "png", &error, "compression", "9", NULL);
  g_assert_no_error (error);
}

static void
take_pictures (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhJourney) journey = NULL;
  g_autoptr (GhLabSerial) serial = NULL;
  g_autoptr (AtspiAccessible) row = NULL;

  gh_lab_start_daemon (lab);
  define (lab, "build", FALSE);
  define (lab, "debian-12", FALSE);
  define (lab, GUEST, TRUE);
  define (lab, "web-1", FALSE);
  journey = gh_journey_start (lab, "-c", "qemu:///session", NULL);
  row = gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, GUEST ", Running");
  serial = gh_lab_serial_open (lab, GUEST);
  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
  gh_journey_click_at (journey, row);
  gh_journey_wait_guest (journey, lab, GUEST);
  take (journey, ATSPI_ROLE_FRAME, GUEST " – Guesthouse", "window");

  gh_journey_press (journey, ATSPI_ROLE_TOGGLE_BUTTON, "Send keys");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_PUSH_BUTTON, "Ctrl+Alt+Delete"));
  take (journey, ATSPI_ROLE_FRAME, GUEST " – Guesthouse", "console");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  if (gh_lab_has_guest ())
    g_test_add_func ("/journeys/take-pictures", take_pictures);
  return g_test_run ();
}
