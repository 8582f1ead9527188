/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* From the click on a console to the guest's first frame, against remote-viewer on the same guest,
 * turn by turn, the best of several turns. Ours is from the moment the console is asked for in the
 * running program; remote-viewer's from its start, until the guest's text is on its window. */

#include "config.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <stdio.h>
#include <string.h>

#include "gh-bench.h"
#include "gh-lab.h"
#include "gh-test.h"

#define N_TURNS 5
#define MAX_TURNS 30
#define LIMIT 0.5
/* The console's grey text, also when it is scaled a little: no desktop widget has as much of it. */
#define TEXT_MIN 0xa0
#define TEXT_MAX 0xb0
#define MIN_TEXT_PIXELS 1000

static const char guest_xml[] =
  "<domain type='qemu'><name>bench</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>"
  "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
  "<cmdline>console=ttyS0 console=tty0</cmdline></os><features><acpi/></features>"
  "<devices><serial type='pty'/><graphics type='spice'><listen type='socket'/></graphics>"
  "<video><model type='virtio'/></video></devices></domain>";

static Display *display = NULL;

static gboolean
is_text (unsigned long pixel)
{
  unsigned long red = pixel >> 16 & 0xff;

  return red >= TEXT_MIN && red <= TEXT_MAX && (pixel >> 8 & 0xff) == red && (pixel & 0xff) == red;
}

static guint
count_text_pixels (void)
{
  Window root = DefaultRootWindow (display);
  XWindowAttributes attributes;
  XImage *image = NULL;
  guint n = 0;

  XGetWindowAttributes (display, root, &attributes);
  image = XGetImage (display, root, 0, 0, (guint) attributes.width, (guint) attributes.height,
                     AllPlanes, ZPixmap);
  g_assert_nonnull (image);
  for (int y = 0; y < image->height; y++)
    for (int x = 0; x < image->width; x++)
      if (is_text (XGetPixel (image, x, y)))
        n++;
  XDestroyImage (image);
  return n;
}

static gboolean
has_text (gpointer data)
{
  return count_text_pixels () >= MIN_TEXT_PIXELS;
}

static gboolean
has_no_text (gpointer data)
{
  return count_text_pixels () < MIN_TEXT_PIXELS;
}

/* Looks as often as it can: one look takes some ms, which counts for remote-viewer. */
static gint64
time_remote_viewer (const char *socket)
{
  g_autofree char *uri = g_strconcat ("spice+unix://", socket, NULL);
  const char *argv[] = { "remote-viewer", uri, NULL };
  GhBenchRun *run = NULL;
  gint64 taken_us = 0;

  run = gh_bench_start (argv, NULL);
  while (!has_text (NULL))
    g_assert_cmpint (g_get_monotonic_time () - run->start_us, <, 60 * G_USEC_PER_SEC);
  taken_us = g_get_monotonic_time () - run->start_us;
  gh_bench_stop (run);
  g_assert_true (gh_lab_wait (20, has_no_text, NULL));
  return taken_us;
}

/* As a user clicks: in a window that has settled. A second start of the program asks the first one
 * to show the machine. */
static gint64
time_console (GhLab *lab)
{
  g_autofree char *uri = gh_lab_dup_uri (lab);
  const char *program = g_getenv ("GUESTHOUSE_PROGRAM");
  const char *argv[] = { program, "-c", uri, NULL };
  const char *click[] = { program, "-c", uri, "--show", "bench", NULL };
  GhBenchRun *run = gh_bench_start (argv, NULL);
  GhBenchRun *clicked = NULL;
  gint64 first_frame = 0;
  gint64 opened = 0;

  gh_bench_wait (run, "list-settled");
  clicked = gh_bench_start (click, NULL);
  first_frame = gh_bench_wait (run, "console-first-frame");
  opened = gh_bench_get (run, "console-open");
  g_assert_cmpint (opened, >, 0);
  /* The milestone is true: the text is on the screen. */
  g_assert_true (gh_lab_wait (10, has_text, NULL));
  gh_bench_stop (clicked);
  gh_bench_stop (run);
  g_assert_true (gh_lab_wait (20, has_no_text, NULL));
  return first_frame - opened;
}

static char *
dup_socket (GhLab *lab)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "bench");
  char *xml = NULL;
  char *start = NULL;
  char *path = NULL;

  g_assert_nonnull (domain);
  xml = virDomainGetXMLDesc (domain, 0);
  start = strstr (xml, "socket='");
  g_assert_nonnull (start);
  start += strlen ("socket='");
  path = g_strndup (start, (gsize) (strchr (start, '\'') - start));
  virDomainFree (domain);
  free (xml);
  return path;
}

static void
test_console (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *xml = NULL;
  g_autofree char *socket = NULL;
  g_autofree char *detail = NULL;
  GhLabSerial *serial = NULL;
  virDomainPtr domain = NULL;
  gint64 theirs = G_MAXINT64;
  gint64 ours = G_MAXINT64;

  if (!gh_lab_has_guest ())
    return;
  xml = g_strdup_printf (guest_xml, gh_lab_get_kernel (lab), gh_lab_get_initrd (lab));
  domain = virDomainDefineXML (gh_lab_connect (lab), xml);
  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainCreate (domain), ==, 0);
  serial = gh_lab_serial_open (lab, "bench");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 90));
  gh_lab_serial_close (serial);
  socket = dup_socket (lab);

  for (guint i = 0; gh_bench_wants_turn (i, N_TURNS, MAX_TURNS, ours, theirs, LIMIT); i++)
    {
      theirs = MIN (theirs, time_remote_viewer (socket));
      ours = MIN (ours, time_console (lab));
    }
  detail = g_strdup_printf ("%.0f ms against %.0f ms", ours / 1000.0, theirs / 1000.0);
  gh_bench_report ("console click to first frame, against remote-viewer",
                   (double) ours / (double) theirs, LIMIT, "×",
                   detail);
  virDomainDestroy (domain);
  virDomainUndefine (domain);
  virDomainFree (domain);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  display = XOpenDisplay (NULL);
  g_assert_nonnull (display);
  g_test_add_func ("/bench/console", test_console);
  return g_test_run ();
}
