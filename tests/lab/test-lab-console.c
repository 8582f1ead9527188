/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The console on real guests: it shows what the host sees, takes what is typed, and comes back. */

#include "config.h"

#include "gh-lab.h"

#include <libvirt/virterror.h>
#include <signal.h>
#include <string.h>

#include "gh-console.h"
#include "gh-host.h"
#include "gh-test.h"
#include "gh-threads.h"

typedef struct
{
  const char    *graphics; /* "spice", "vnc" */
  GhConsoleKind  kind;
  const char    *password; /* (nullable): asked for over the network, which the host is then on */
} Setting;

typedef struct
{
  GhLab        *lab; /* NULL: no guest to be had, the test is skipped */
  virDomainPtr  domain;
  GhHost       *host;
  GtkWidget    *window;
  GhConsole    *console;
} Fixture;

static const Setting spice = { "spice", GH_CONSOLE_GRAPHICAL, NULL };
static const Setting vnc = { "vnc", GH_CONSOLE_GRAPHICAL, NULL };
static const Setting serial = { "spice", GH_CONSOLE_SERIAL, NULL };
static const Setting spice_locked = { "spice", GH_CONSOLE_GRAPHICAL, "open-it" };
static const Setting vnc_locked = { "vnc", GH_CONSOLE_GRAPHICAL, "open-it" };

/* Until somebody could type into it. */
static void
wait_for_guest (Fixture *fixture)
{
  g_autoptr (GhLabSerial) port = gh_lab_serial_open (fixture->lab, "tiny");

  gh_lab_serial_write (port, "\n");
  g_assert_true (gh_lab_serial_wait (port, "tiny:", 60));
}

static char *
dup_graphics (const Setting *setting)
{
  if (setting->password == NULL)
    return g_strdup_printf ("<graphics type='%s'><listen type='none'/></graphics>",
                            setting->graphics);
  return g_strdup_printf ("<graphics type='%s' autoport='yes' passwd='%s'>"
                          "<listen type='address' address='127.0.0.1'/></graphics>",
                          setting->graphics, setting->password);
}

/* The lab's daemon as that of a host which cannot hand over sockets: libvirt speaks to it through
 * another program, and takes it for one elsewhere. */
static char *
dup_far_uri (GhLab *lab)
{
  g_autofree char *script = gh_lab_dup_path (lab, "far");
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  text = g_strdup_printf ("#!/bin/sh\nHOME=%s XDG_RUNTIME_DIR=%s/run exec "
                          "virt-ssh-helper qemu:///session\n",
                          gh_lab_get_folder (lab), gh_lab_get_folder (lab));
  g_file_set_contents_full (script, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, &error);
  g_assert_no_error (error);
  return g_strdup_printf ("qemu+ext://localhost/session?command=%s", script);
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  const Setting *setting = data;
  g_auto (GhTestCall) ready = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *graphics = NULL;
  g_autofree char *uri = NULL;

  gh_test_tolerate_spice ();
  if (!gh_lab_has_guest ())
    return;
  fixture->lab = gh_lab_new ();
  graphics = dup_graphics (setting);
  xml = g_strdup_printf ("<domain type='qemu'><name>tiny</name><memory unit='MiB'>192</memory>"
                         "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel>"
                         "<initrd>%s</initrd><cmdline>console=tty0 console=ttyS0</cmdline></os>"
                         "<features><acpi/></features><devices><serial type='pty'/>"
                         "<input type='tablet' bus='usb'/><sound model='ich9'/>"
                         "%s"
                         "<video><model type='virtio'/></video></devices></domain>",
                         gh_lab_get_kernel (fixture->lab), gh_lab_get_initrd (fixture->lab),
                         graphics);
  fixture->domain = virDomainDefineXML (gh_lab_connect (fixture->lab), xml);
  if (fixture->domain == NULL || virDomainCreate (fixture->domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  wait_for_guest (fixture);

  uri = setting->password != NULL ? dup_far_uri (fixture->lab) : gh_lab_dup_uri (fixture->lab);
  fixture->host = gh_host_new (uri);
  gh_host_ready_async (fixture->host, NULL, gh_test_call_cb, &ready);
  gh_host_ready_finish (fixture->host, gh_test_call_wait (&ready), &error);
  g_assert_no_error (error);

  fixture->window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 900, 600);
  fixture->console = GH_CONSOLE (gh_console_new (setting->kind));
  g_object_ref (fixture->console);
  gtk_container_add (GTK_CONTAINER (fixture->window), GTK_WIDGET (fixture->console));
  gtk_widget_show (fixture->window);
  /* There is no window manager to give it the keyboard. */
  gdk_window_focus (gtk_widget_get_window (fixture->window), GDK_CURRENT_TIME);
}

static gboolean
is_gone (gpointer data)
{
  return *(gpointer *) data == NULL;
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gpointer console = fixture->console;

  if (fixture->lab == NULL)
    return;

  gtk_widget_destroy (fixture->window);
  g_object_add_weak_pointer (G_OBJECT (console), &console);
  g_object_unref (fixture->console);
  gh_test_wait_until (is_gone, &console);
  gh_host_disconnect (fixture->host);
  g_object_unref (fixture->host);
  virDomainFree (fixture->domain);
  gh_lab_free (fixture->lab);
}

typedef struct
{
  GhConsole      *console;
  GhConsoleState  state;
} Wanted;

static gboolean
is_in_state (gpointer data)
{
  Wanted *wanted = data;

  return gh_console_get_state (wanted->console) == wanted->state;
}

static void
wait_for_state (Fixture        *fixture,
                GhConsoleState  state)
{
  Wanted wanted = { fixture->console, state };

  if (!gh_lab_wait (60, is_in_state, &wanted))
    g_error ("console: “%s”", gh_console_get_status_text (fixture->console));
}

static gboolean
has_keys (gpointer data)
{
  return gh_console_get_grabbed (data);
}

static void
open_console (Fixture *fixture)
{
  GhMachine *machine = gh_host_find_machine (fixture->host, "tiny");

  g_assert_nonnull (machine);
  gh_console_set_machine (fixture->console, machine);
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CONNECTING);
  wait_for_state (fixture, GH_CONSOLE_SHOWN);
}

/* What the console shows, by way of a file. */
static GdkPixbuf *
take_screenshot (Fixture *fixture)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = gh_lab_dup_path (fixture->lab, "console.png");
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GdkPixbuf *frame = NULL;

  gh_console_take_screenshot_async (fixture->console, file, NULL, gh_test_call_cb, &call);
  gh_console_take_screenshot_finish (fixture->console, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  frame = gdk_pixbuf_new_from_file (path, &error);
  g_assert_no_error (error);
  return frame;
}

/* Pixels in which they differ; for one picture, pixels that are not black. */
static guint
count_pixels (GdkPixbuf *one,
              GdkPixbuf *other)
{
  guint count = 0;

  for (int y = 0; y < gdk_pixbuf_get_height (one); y++)
    for (int x = 0; x < gdk_pixbuf_get_width (one); x++)
      {
        static const guchar black[3] = { 0 };
        const guchar *a = gdk_pixbuf_read_pixels (one) + y * gdk_pixbuf_get_rowstride (one) +
                          x * gdk_pixbuf_get_n_channels (one);
        const guchar *b = black;

        if (other != NULL)
          b = gdk_pixbuf_read_pixels (other) + y * gdk_pixbuf_get_rowstride (other) +
              x * gdk_pixbuf_get_n_channels (other);
        count += memcmp (a, b, 3) != 0;
      }
  return count;
}

static GdkPixbuf *
load_host_screenshot (Fixture *fixture)
{
  g_autoptr (GBytes) bytes = gh_lab_screenshot (fixture->lab, "tiny");
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GError) error = NULL;
  GdkPixbuf *picture = gdk_pixbuf_new_from_stream (stream, NULL, &error);

  g_assert_no_error (error);
  return picture;
}

/* The cursor blinks, and the host may be a frame ahead. */
static gboolean
shows_what_host_sees (gpointer data)
{
  g_autoptr (GdkPixbuf) frame = take_screenshot (data);
  g_autoptr (GdkPixbuf) picture = load_host_screenshot (data);

  return gdk_pixbuf_get_width (frame) == gdk_pixbuf_get_width (picture) &&
         gdk_pixbuf_get_height (frame) == gdk_pixbuf_get_height (picture) &&
         count_pixels (frame, NULL) > 1000 && count_pixels (frame, picture) < 200;
}

/* As a keyboard would, key by key, and no faster than fingers: QEMU's keyboard keeps some eight
 * keys until the guest takes them, and the guest is slow. */
#define KEY_PAUSE_US (60 * 1000)

static gboolean
is_over (gpointer data)
{
  return g_get_monotonic_time () >= *(gint64 *) data;
}

static void
type (Fixture    *fixture,
      const char *text)
{
  GtkWidget *input = NULL;

  g_assert_true (gh_lab_wait (20, has_keys, fixture->console));
  input = gtk_window_get_focus (GTK_WINDOW (fixture->window));
  for (const char *p = text; *p != '\0'; p++)
    {
      gint64 next = 0;
      guint keyval = *p == '\n' ? GDK_KEY_Return : gdk_unicode_to_keyval ((guint32) *p);

      g_assert_true (gdk_test_simulate_key (gtk_widget_get_window (input), 20, 20, keyval, 0,
                                            GDK_KEY_PRESS));
      g_assert_true (gdk_test_simulate_key (gtk_widget_get_window (input), 20, 20, keyval, 0,
                                            GDK_KEY_RELEASE));
      next = g_get_monotonic_time () + KEY_PAUSE_US;
      g_assert_true (gh_lab_wait (10, is_over, &next));
    }
}

typedef struct
{
  Fixture   *fixture;
  GdkPixbuf *before;
} Change;

static gboolean
has_changed (gpointer data)
{
  Change *change = data;
  g_autoptr (GdkPixbuf) frame = take_screenshot (change->fixture);

  return count_pixels (frame, change->before) > 300;
}

static void
test_picture_and_keys (Fixture       *fixture,
                       gconstpointer  data)
{
  g_autoptr (GdkPixbuf) before = NULL;
  Change change = { fixture, NULL };

  if (fixture->lab == NULL)
    return;
  open_console (fixture);
  g_assert_true (gh_console_get_has_graphics (fixture->console));
  g_assert_true (gh_console_get_has_serial (fixture->console));
  g_assert_true (gh_lab_wait (30, shows_what_host_sees, fixture));

  before = take_screenshot (fixture);
  change.before = before;
  type (fixture, "ls\n");
  g_assert_true (gh_lab_wait (30, has_changed, &change));
  g_assert_true (gh_lab_wait (30, shows_what_host_sees, fixture));

  /* Shortcuts of ours do not get in the way, and letting go gives them back. */
  gh_console_release (fixture->console);
  g_assert_false (gh_console_get_grabbed (fixture->console));
  gtk_widget_grab_focus (GTK_WIDGET (fixture->console));
  g_assert_true (gh_lab_wait (10, has_keys, fixture->console));

  type (fixture, "poweroff -f\n");
  wait_for_state (fixture, GH_CONSOLE_WAITING);
  g_assert_nonnull (strstr (gh_console_get_status_text (fixture->console), "is off"));
}

static void
give_password (Fixture    *fixture,
               const char *password)
{
  GtkWidget *page = GTK_WIDGET (gtk_widget_get_template_child (GTK_WIDGET (fixture->console),
                                                               GH_TYPE_CONSOLE, "page"));
  GtkWidget *entry = GTK_WIDGET (gtk_widget_get_template_child (page, G_OBJECT_TYPE (page),
                                                                "password_entry"));

  g_assert_true (gtk_widget_get_mapped (entry));
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (entry)), ==, "");
  g_assert_false (gtk_entry_get_visibility (GTK_ENTRY (entry)));
  gtk_entry_set_text (GTK_ENTRY (entry), password);
  gtk_widget_activate (entry);
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CONNECTING);
  g_assert_cmpstr (gtk_entry_get_text (GTK_ENTRY (entry)), ==, "");
}

/* The page asks, says when it was wrong, and keeps the right one for the next time. */
static void
test_password (Fixture       *fixture,
               gconstpointer  data)
{
  const Setting *setting = data;

  if (fixture->lab == NULL)
    return;
  gh_console_set_machine (fixture->console, gh_host_find_machine (fixture->host, "tiny"));
  wait_for_state (fixture, GH_CONSOLE_NEEDS_PASSWORD);
  g_assert_null (strstr (gh_console_get_status_text (fixture->console), "not accepted"));
  give_password (fixture, "not-it");
  wait_for_state (fixture, GH_CONSOLE_NEEDS_PASSWORD);
  g_assert_nonnull (strstr (gh_console_get_status_text (fixture->console), "not accepted"));
  give_password (fixture, setting->password);
  wait_for_state (fixture, GH_CONSOLE_SHOWN);
  g_assert_true (gh_lab_wait (30, shows_what_host_sees, fixture));

  gh_console_disconnect (fixture->console);
  gh_console_connect (fixture->console);
  wait_for_state (fixture, GH_CONSOLE_SHOWN);
}

/* Reset: the same QEMU, the connection stays. Another run: it comes back by itself. */
static void
test_restart (Fixture       *fixture,
              gconstpointer  data)
{
  if (fixture->lab == NULL)
    return;
  open_console (fixture);

  g_assert_cmpint (virDomainReset (fixture->domain, 0), ==, 0);
  wait_for_guest (fixture);
  g_assert_true (gh_lab_wait (30, shows_what_host_sees, fixture));
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_SHOWN);

  for (int i = 0; i < 2; i++)
    {
      g_assert_cmpint (virDomainDestroy (fixture->domain), ==, 0);
      g_assert_cmpint (virDomainCreate (fixture->domain), ==, 0);
      wait_for_guest (fixture);
      wait_for_state (fixture, GH_CONSOLE_SHOWN);
      g_assert_true (gh_lab_wait (30, shows_what_host_sees, fixture));
    }

  /* The plug is pulled. */
  kill (gh_lab_get_qemu_pid (fixture->lab, "tiny"), SIGKILL);
  wait_for_state (fixture, GH_CONSOLE_WAITING);
  g_assert_cmpint (virDomainCreate (fixture->domain), ==, 0);
  wait_for_state (fixture, GH_CONSOLE_SHOWN);
}

static void
test_close_and_open (Fixture       *fixture,
                     gconstpointer  data)
{
  if (fixture->lab == NULL)
    return;
  for (int i = 0; i < 5; i++)
    {
      open_console (fixture);
      gh_console_disconnect (fixture->console);
      g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CLOSED);
      gh_console_connect (fixture->console);
      wait_for_state (fixture, GH_CONSOLE_SHOWN);
      gh_console_set_machine (fixture->console, NULL);
    }

  /* And destroyed while it connects. */
  gh_console_set_machine (fixture->console, gh_host_find_machine (fixture->host, "tiny"));
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CONNECTING);
}

/* The daemon dies and comes back: the picture stays, for its socket leads to QEMU. */
static void
test_daemon (Fixture       *fixture,
             gconstpointer  data)
{
  Change change = { fixture, NULL };
  g_autoptr (GdkPixbuf) before = NULL;
  virDomainPtr domain = NULL;

  if (fixture->lab == NULL)
    return;
  open_console (fixture);
  /* The keys' channel may come after the first picture, and its socket is the daemon's to give. */
  g_assert_true (gh_lab_wait (20, has_keys, fixture->console));
  gh_lab_kill_daemon (fixture->lab);
  before = take_screenshot (fixture);
  change.before = before;
  type (fixture, "ls\n");
  g_assert_true (gh_lab_wait (30, has_changed, &change));
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_SHOWN);

  /* With the next daemon the end of the machine is seen again. */
  domain = virDomainLookupByName (gh_lab_connect (fixture->lab), "tiny");
  g_assert_nonnull (domain);
  /* A daemon that cannot take QEMU over ends it by itself. */
  if (virDomainDestroy (domain) < 0)
    g_assert_cmpint (virGetLastErrorCode (), ==, VIR_ERR_OPERATION_INVALID);
  virDomainFree (domain);
  wait_for_state (fixture, GH_CONSOLE_WAITING);
}

typedef struct
{
  GtkWidget  *terminal;
  const char *text;
} Shown;

static gboolean
terminal_shows (gpointer data)
{
  Shown *shown = data;
  AtkText *accessible = ATK_TEXT (gtk_widget_get_accessible (shown->terminal));
  g_autofree char *text = atk_text_get_text (accessible, 0, -1);

  return text != NULL && strstr (text, shown->text) != NULL;
}

/* Again when nothing comes of it: a guest that boots throws away what was typed before its
 * shell reads. */
static void
type_until_shown (Fixture    *fixture,
                  const char *text,
                  const char *shown_text)
{
  Shown shown = { NULL, shown_text };

  for (guint i = 0; i < 6; i++)
    {
      type (fixture, text);
      shown.terminal = gtk_window_get_focus (GTK_WINDOW (fixture->window));
      if (gh_lab_wait (15, terminal_shows, &shown))
        return;
    }
  g_error ("The terminal does not show “%s”", shown_text);
}

static void
test_terminal (Fixture       *fixture,
               gconstpointer  data)
{
  if (fixture->lab == NULL)
    return;
  open_console (fixture);
  type_until_shown (fixture, "\nexpr 6000 / 7\n", "\n857");

  g_assert_cmpint (virDomainDestroy (fixture->domain), ==, 0);
  wait_for_state (fixture, GH_CONSOLE_WAITING);
  g_assert_cmpint (virDomainCreate (fixture->domain), ==, 0);
  wait_for_state (fixture, GH_CONSOLE_SHOWN);
  type_until_shown (fixture, "\nexpr 6000 / 9\n", "\n666");
}

#define ADD(path, setting, func) \
  g_test_add (path, Fixture, &setting, set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  gtk_test_init (&argc, &argv, NULL);

  ADD ("/lab/console/spice", spice, test_picture_and_keys);
  ADD ("/lab/console/vnc", vnc, test_picture_and_keys);
  ADD ("/lab/console/spice-restart", spice, test_restart);
  ADD ("/lab/console/vnc-restart", vnc, test_restart);
  ADD ("/lab/console/spice-close-and-open", spice, test_close_and_open);
  ADD ("/lab/console/vnc-close-and-open", vnc, test_close_and_open);
  ADD ("/lab/console/spice-password", spice_locked, test_password);
  ADD ("/lab/console/vnc-password", vnc_locked, test_password);
  ADD ("/lab/console/daemon", spice, test_daemon);
  ADD ("/lab/console/terminal", serial, test_terminal);
  return g_test_run ();
}
