/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The console on machines that have nothing to show, or not here: what it says and offers. Real
 * guests are in tests/lab. */

#include "config.h"

#include "gh-console.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gh-console-link.h"
#include "gh-console-module.h"
#include "gh-console-target.h"
#include "gh-host.h"
#include "gh-key-combinations.h"
#include "gh-names.h"
#include "gh-start-guard.h"
#include "gh-test.h"
#include "gh-threads.h"

#define MACHINE(name, state, devices) \
  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" \
  "<name>" name "</name>" \
  "<memory>65536</memory><os><type>hvm</type></os><devices>" devices "</devices>" \
  "<test:runstate>" state "</test:runstate></domain>"
#define VIDEO "<video><model type='vga'/></video>"
#define RUNNING "1"
#define OFF "5"

static const char node[] =
  "<node>"
  MACHINE ("off", OFF, "<graphics type='spice'/>" VIDEO)
  MACHINE ("blind", RUNNING, "")
  MACHINE ("serial-only", RUNNING, "<serial type='pty'><target port='0'/></serial>")
  MACHINE ("elsewhere", RUNNING, "<graphics type='sdl'/>" VIDEO
           "<serial type='file'><source path='/tmp/log'/><target port='0'/></serial>")
  MACHINE ("no-video", RUNNING, "<graphics type='vnc'/><video><model type='none'/></video>")
  MACHINE ("spice", RUNNING, "<graphics type='spice'/>" VIDEO)
  "</node>";

typedef struct
{
  char      *folder;
  GhHost    *host;
  GtkWidget *window;
  GhConsole *console;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  kind)
{
  g_auto (GhTestCall) ready = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *uri = NULL;

  fixture->folder = gh_test_dup_tmp_dir ();
  path = g_build_filename (fixture->folder, "node.xml", NULL);
  g_file_set_contents (path, node, -1, &error);
  g_assert_no_error (error);
  uri = g_strconcat ("test://", path, NULL);

  fixture->host = gh_host_new (uri);
  gh_host_ready_async (fixture->host, NULL, gh_test_call_cb, &ready);
  gh_host_ready_finish (fixture->host, gh_test_call_wait (&ready), &error);
  g_assert_no_error (error);

  fixture->window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  fixture->console = GH_CONSOLE (gh_console_new (GPOINTER_TO_INT (kind)));
  g_object_ref (fixture->console);
  gtk_container_add (GTK_CONTAINER (fixture->window), GTK_WIDGET (fixture->console));
}

static gboolean
is_gone (gpointer data)
{
  return *(gpointer *) data == NULL;
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  kind)
{
  gpointer console = fixture->console;

  gtk_widget_destroy (fixture->window);
  g_object_add_weak_pointer (G_OBJECT (console), &console);
  g_object_unref (fixture->console);
  /* Whatever was under way lets go of it too. */
  gh_test_wait_until (is_gone, &console);

  gh_host_disconnect (fixture->host);
  g_object_unref (fixture->host);
  g_free (fixture->folder);
}

static GhMachine *
get_machine (Fixture    *fixture,
             const char *name)
{
  GhMachine *machine = gh_host_find_machine (fixture->host, name);

  g_assert_nonnull (machine);
  return machine;
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

  gh_test_wait_until (is_in_state, &wanted);
}

static void
assert_says (Fixture    *fixture,
             const char *text)
{
  const char *status = gh_console_get_status_text (fixture->console);

  if (status == NULL || strstr (status, text) == NULL)
    g_error ("“%s” does not say “%s”", status, text);
}

/* The page's button, or NULL. */
static GtkWidget *
find_button (GtkWidget *widget)
{
  g_autoptr (GList) children = NULL;

  if (GTK_IS_BUTTON (widget) && gtk_widget_get_visible (widget) &&
      gtk_style_context_has_class (gtk_widget_get_style_context (widget), "suggested-action"))
    return widget;
  if (!GTK_IS_CONTAINER (widget))
    return NULL;
  children = gtk_container_get_children (GTK_CONTAINER (widget));
  for (GList *l = children; l != NULL; l = l->next)
    {
      GtkWidget *found = find_button (l->data);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static void
test_no_machine (Fixture       *fixture,
                 gconstpointer  kind)
{
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_WAITING);
  g_assert_null (gh_console_get_machine (fixture->console));
  assert_says (fixture, "No machine");
  g_assert_false (gh_console_send_keys (fixture->console, "ctrl-alt-delete"));
}

static void
test_off (Fixture       *fixture,
          gconstpointer  kind)
{
  GtkWidget *button = NULL;
  GhMachine *machine = get_machine (fixture, "off");

  gtk_widget_show (fixture->window);
  gh_console_set_machine (fixture->console, machine);
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_WAITING);
  assert_says (fixture, "“off” is off");

  /* Run is offered, and running opens the console: as far as it goes on a test host. */
  button = find_button (GTK_WIDGET (fixture->console));
  g_assert_nonnull (button);
  gtk_button_clicked (GTK_BUTTON (button));
  g_assert_null (find_button (GTK_WIDGET (fixture->console)));
  wait_for_state (fixture, GH_CONSOLE_NOT_AVAILABLE);
  assert_says (fixture, "cannot hand over");
  g_assert_true (gh_console_get_has_graphics (fixture->console));

  gh_console_set_machine (fixture->console, NULL);
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_WAITING);
}

static void
doubt_async (GhHost              *host,
             const char          *uuid,
             GhGuardUse           use,
             GCancellable        *cancellable,
             GAsyncReadyCallback  callback,
             gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (host, cancellable, callback, user_data);

  g_task_return_new_error (task, GH_GUARD_ERROR, GH_GUARD_ERROR_IN_DOUBT, "It may be elsewhere.");
}

static void
count_cb (guint *count)
{
  (*count)++;
}

static gboolean
has_button (gpointer data)
{
  return find_button (data) != NULL;
}

/* A machine that may be running elsewhere: the window is asked to ask. */
static void
test_in_doubt (Fixture       *fixture,
               gconstpointer  kind)
{
  GhMachine *machine = get_machine (fixture, "off");
  GtkWidget *console = GTK_WIDGET (fixture->console);
  guint n_asked = 0;

  gh_start_guard_set (doubt_async);
  gtk_widget_show (fixture->window);
  g_signal_connect_swapped (console, "doubt-asked", G_CALLBACK (count_cb), &n_asked);
  gh_console_set_machine (fixture->console, machine);
  gtk_button_clicked (GTK_BUTTON (find_button (console)));
  g_assert_cmpuint (n_asked, ==, 0);
  gh_test_wait_until (has_button, console);
  assert_says (fixture, "It may be elsewhere.");
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (find_button (console))), ==,
                   "Run it all the same…");
  gtk_button_clicked (GTK_BUTTON (find_button (console)));
  g_assert_cmpuint (n_asked, ==, 1);
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_OFF);
  gh_start_guard_set (NULL);
  gh_console_set_machine (fixture->console, NULL);
}

static void
note_kind_cb (GhConsole     *console,
              GhConsoleKind  kind,
              int           *noted)
{
  *noted = kind;
}

static void
test_not_available (Fixture       *fixture,
                    gconstpointer  kind)
{
  static const struct
  {
    const char *name;
    const char *says;
    gboolean    has_serial;
  } cases[] = {
    { "blind", "It has no display", FALSE },
    { "serial-only", "It has no display", TRUE },
    { "elsewhere", "of the kind “sdl”", FALSE },
    { "no-video", "no video card", FALSE },
    { "spice", "cannot hand over", FALSE },
  };
  int asked_for = -1;

  gtk_widget_show (fixture->window);
  g_signal_connect (fixture->console, "kind-requested", G_CALLBACK (note_kind_cb), &asked_for);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gh_console_set_machine (fixture->console, get_machine (fixture, cases[i].name));
      g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CONNECTING);
      wait_for_state (fixture, GH_CONSOLE_NOT_AVAILABLE);
      assert_says (fixture, cases[i].says);
      g_assert_cmpint (gh_console_get_has_serial (fixture->console), ==, cases[i].has_serial);
      asked_for = -1;
      gtk_button_clicked (GTK_BUTTON (find_button (GTK_WIDGET (fixture->console))));
      if (cases[i].has_serial)
        g_assert_cmpint (asked_for, ==, GH_CONSOLE_SERIAL);
      else
        g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CONNECTING);
    }
}

static void
test_serial_not_available (Fixture       *fixture,
                           gconstpointer  kind)
{
  gtk_widget_show (fixture->window);
  gh_console_set_machine (fixture->console, get_machine (fixture, "blind"));
  wait_for_state (fixture, GH_CONSOLE_NOT_AVAILABLE);
  assert_says (fixture, "no serial port");

  gh_console_set_machine (fixture->console, get_machine (fixture, "elsewhere"));
  wait_for_state (fixture, GH_CONSOLE_NOT_AVAILABLE);
  assert_says (fixture, "connected elsewhere (file)");
}

/* The test driver has no serial streams: the terminal is made, fails, and tries again. */
static void
test_serial_lost (Fixture       *fixture,
                  gconstpointer  kind)
{
  gtk_widget_show (fixture->window);
  gh_console_set_machine (fixture->console, get_machine (fixture, "serial-only"));
  wait_for_state (fixture, GH_CONSOLE_LOST);
  assert_says (fixture, "tried again");
  g_assert_nonnull (find_button (GTK_WIDGET (fixture->console)));
}

/* Nothing is opened behind somebody's back. */
static void
test_hidden (Fixture       *fixture,
             gconstpointer  kind)
{
  gh_console_set_machine (fixture->console, get_machine (fixture, "spice"));
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CLOSED);

  gh_console_set_on_hold (fixture->console, TRUE);
  gtk_widget_show (fixture->window);
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CLOSED);
  gh_console_set_on_hold (fixture->console, FALSE);
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CONNECTING);

  gh_console_disconnect (fixture->console);
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CLOSED);
  gh_console_connect (fixture->console);
  g_assert_cmpint (gh_console_get_state (fixture->console), ==, GH_CONSOLE_CONNECTING);
  /* And is destroyed in the middle of it. */
}

static void
note_boolean_cb (GhConsole *console,
                 gboolean   value,
                 int       *noted)
{
  *noted = value;
}

static void
test_fullscreen (Fixture       *fixture,
                 gconstpointer  kind)
{
  GActionGroup *actions = gh_console_get_actions (fixture->console);
  int wanted = -1;

  gtk_widget_show (fixture->window);
  g_signal_connect (fixture->console, "fullscreen-requested", G_CALLBACK (note_boolean_cb),
                    &wanted);

  gh_console_set_fullscreen (fixture->console, TRUE);
  g_assert_true (gh_console_get_fullscreen (fixture->console));
  gh_names_assert (GTK_WIDGET (fixture->console));
  /* Nothing is shown, but one must get out again. */
  g_assert_true (g_action_group_get_action_enabled (actions, "fullscreen"));
  g_action_group_change_action_state (actions, "fullscreen", g_variant_new_boolean (FALSE));
  g_assert_cmpint (wanted, ==, FALSE);
  g_assert_true (gh_console_get_fullscreen (fixture->console));
  gh_console_set_fullscreen (fixture->console, FALSE);
  gtk_widget_show (GTK_WIDGET (gtk_widget_get_template_child (GTK_WIDGET (fixture->console),
                                                              GH_TYPE_CONSOLE, "bar")));
  gh_names_assert (GTK_WIDGET (fixture->console));

  /* Where people look for it; without a display there is nothing to give a size to. */
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (gtk_widget_get_template_child (
    GTK_WIDGET (fixture->console), GH_TYPE_CONSOLE, "resize_button"))));
  g_assert_false (g_action_group_get_action_enabled (actions, "resize-guest"));
  g_action_group_change_action_state (actions, "scaling", g_variant_new_boolean (FALSE));
  g_assert_false (gh_console_get_scaling (fixture->console));
}

static void
test_screenshot (Fixture       *fixture,
                 gconstpointer  kind)
{
  g_auto (GhTestCall) off = { 0 };
  g_auto (GhTestCall) running = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "shot.png", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GdkPixbuf) picture = NULL;

  gh_console_set_machine (fixture->console, get_machine (fixture, "off"));
  gh_console_take_screenshot_async (fixture->console, file, NULL, gh_test_call_cb, &off);
  g_assert_false (gh_console_take_screenshot_finish (fixture->console, gh_test_call_wait (&off),
                                                     &error));
  g_assert_error (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_NO_DISPLAY);
  g_clear_error (&error);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));

  /* The test driver has a picture of its own. */
  gh_console_set_machine (fixture->console, get_machine (fixture, "spice"));
  gh_console_take_screenshot_async (fixture->console, file, NULL, gh_test_call_cb, &running);
  gh_console_take_screenshot_finish (fixture->console, gh_test_call_wait (&running), &error);
  g_assert_no_error (error);
  picture = gdk_pixbuf_new_from_file (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gdk_pixbuf_get_width (picture), >, 16);
}

static void
test_module (void)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  GhDisplayCreateFunc create = NULL;

  gh_console_module_load_async (NULL, gh_test_call_cb, &call);
  g_assert_null (call.result);
  create = gh_console_module_load_finish (gh_test_call_wait (&call), &error);
  g_assert_no_error (error);

  for (int protocol = GH_CONSOLE_SPICE; protocol <= GH_CONSOLE_TERMINAL; protocol++)
    {
      GhDisplay *display = create (protocol);
      gpointer gone = display;

      g_assert_true (GH_IS_DISPLAY (display));
      g_object_add_weak_pointer (G_OBJECT (display), &gone);
      g_object_unref (display);
      g_assert_null (gone);
    }
}

/* A peer that is no display at all, and one that just hangs up. */
static void
note_lost_cb (GhDisplay    *display,
              const GError *error,
              int          *lost)
{
  gh_display_close (display);
  *lost = TRUE;
}

static void
test_hostile (void)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  GhDisplayCreateFunc create = NULL;
  char junk[4096];

  gh_console_module_load_async (NULL, gh_test_call_cb, &call);
  create = gh_console_module_load_finish (gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  memset (junk, 0xa5, sizeof junk);
  gh_test_tolerate_spice ();

  for (int i = 0; i < 4; i++)
    {
      GhConsoleTarget target = { .protocol = i % 2 == 0 ? GH_CONSOLE_SPICE : GH_CONSOLE_VNC };
      g_autoptr (GhDisplay) display = create (target.protocol);
      int lost = FALSE;
      int fds[2];

      g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
      g_signal_connect (display, "lost", G_CALLBACK (note_lost_cb), &lost);
      gh_display_open (display, &target, fds[0]);
      if (i < 2)
        g_assert_cmpint (write (fds[1], junk, sizeof junk), ==, sizeof junk);
      shutdown (fds[1], SHUT_WR);
      gh_test_wait_flag (&lost);
      close (fds[1]);
    }
}

static void
test_keys (void)
{
  guint n = 0;
  const GhKeyCombination *keys = gh_console_list_key_combinations (&n);
  g_autoptr (GMenuModel) menu = gh_console_dup_keys_menu ();
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_items = 0;

  g_assert_cmpuint (n, >, 16);
  for (guint i = 0; i < n; i++)
    {
      guint n_keyvals = 0;
      guint n_codes = 0;

      while (keys[i].keyvals[n_keyvals] != 0)
        n_keyvals++;
      while (keys[i].codes[n_codes] != 0)
        n_codes++;
      g_assert_cmpuint (n_keyvals, ==, n_codes);
      g_assert_cmpuint (n_codes, >, 0);
      g_assert_cmpuint (n_codes, <=, 16);
      g_assert_true (g_hash_table_add (names, (gpointer) keys[i].name));
      g_assert_true (gh_key_combinations_find (keys[i].name) == &keys[i]);
    }
  g_assert_null (gh_key_combinations_find ("no-such-keys"));

  for (int i = 0; i < g_menu_model_get_n_items (menu); i++)
    {
      g_autoptr (GMenuModel) section = g_menu_model_get_item_link (menu, i, G_MENU_LINK_SECTION);

      n_items += g_menu_model_get_n_items (section);
    }
  g_assert_cmpuint (n_items, ==, n);
}

static void
test_target (void)
{
  static const struct
  {
    const char        *graphics;
    const char        *uri;
    GhConsoleProtocol  protocol;
    guint              index;
    const char        *host; /* NULL: not to be reached */
    int                port;
  } cases[] = {
    { "<graphics type='spice'><listen type='none'/></graphics>", "", GH_CONSOLE_SPICE, 0, NULL, 0 },
    { "<graphics type='spice' port='5900' listen='127.0.0.1'/>", "", GH_CONSOLE_SPICE, 0, NULL, 0 },
    { "<graphics type='vnc' port='5900' listen='127.0.0.1'/>", "qemu+tls://far/system",
      GH_CONSOLE_VNC, 0, NULL, 0 },
    { "<graphics type='vnc' port='5900' listen='0.0.0.0'/>", "qemu+tcp://far/system",
      GH_CONSOLE_VNC, 0, "far", 5900 },
    /* By the far end itself: */
    { "<graphics type='vnc' port='5900' listen='127.0.0.1'/>", "qemu+ssh://far/system",
      GH_CONSOLE_VNC, 0, "127.0.0.1", 5900 },
    { "<graphics type='vnc' port='5900' listen='0.0.0.0'/>", "qemu+ssh://me@far:22/system",
      GH_CONSOLE_VNC, 0, "127.0.0.1", 5900 },
    { "<graphics type='vnc' port='5900' listen='0.0.0.0'/>", "qemu+ssh://far/system?command=/x",
      GH_CONSOLE_VNC, 0, "far", 5900 },
    { "<graphics type='vnc' port='5900' listen='10.1.2.3'/>", "qemu+tls://far/system",
      GH_CONSOLE_VNC, 0, "10.1.2.3", 5900 },
    { "<graphics type='vnc' port='5900' listen='127.0.0.1'/>", "qemu+tcp://localhost/system",
      GH_CONSOLE_VNC, 0, "127.0.0.1", 5900 },
    { "<graphics type='spice' tlsPort='5901' listen='0.0.0.0'/>", "qemu+ssh://far/system",
      GH_CONSOLE_SPICE, 0, NULL, 0 },
    { "<graphics type='spice' port='-1'/>", "qemu+ssh://far/system", GH_CONSOLE_SPICE, 0, NULL, 0 },
    { "<graphics type='vnc' port='70000' listen='0.0.0.0'/>", "qemu+ssh://far/system",
      GH_CONSOLE_VNC, 0, NULL, 0 },
    { "<graphics type='egl-headless'/><graphics type='vnc' port='5900' listen='::'/>"
      "<graphics type='spice' port='5901' listen='::'/>", "qemu+ssh://[fe80::1]/system",
      GH_CONSOLE_SPICE, 2, "::1", 5901 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("<domain type='qemu'><devices>%s" VIDEO
                                               "</devices></domain>", cases[i].graphics);
      g_autoptr (GError) error = NULL;
      g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (text, &error);
      g_autoptr (GhConsoleTarget) target = NULL;
      gboolean reached = FALSE;

      g_assert_no_error (error);
      target = gh_console_target_new_graphical (xml, &error);
      g_assert_no_error (error);
      g_assert_cmpint (target->protocol, ==, cases[i].protocol);
      g_assert_cmpuint (target->index, ==, cases[i].index);
      g_assert_false (target->clipboard);

      reached = gh_console_target_use_network (target, cases[i].uri, &error);
      g_assert_cmpint (reached, ==, cases[i].host != NULL);
      if (reached)
        {
          g_assert_cmpstr (target->host, ==, cases[i].host);
          g_assert_cmpint (target->port, ==, cases[i].port);
        }
      else
        g_assert_error (error, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_UNREACHABLE);
    }
}

static void
test_clipboard (void)
{
  static const char *const texts[] = {
    "<domain><devices><graphics type='spice'/>" VIDEO "</devices></domain>",
    "<domain><devices><graphics type='spice'><clipboard copypaste='no'/></graphics>"
    VIDEO "</devices></domain>",
    "<domain><devices><graphics type='spice'><clipboard copypaste='yes'/></graphics>"
    VIDEO "</devices></domain>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (texts[i], NULL);
      g_autoptr (GhConsoleTarget) target = gh_console_target_new_graphical (xml, NULL);

      g_assert_nonnull (target);
      g_assert_cmpint (target->clipboard, ==, i == 2);
    }
}

#define ADD(path, kind, func) \
  g_test_add (path, Fixture, GINT_TO_POINTER (kind), set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  gtk_test_init (&argc, &argv, NULL);

  g_test_add_func ("/console/keys", test_keys);
  g_test_add_func ("/console/target", test_target);
  g_test_add_func ("/console/clipboard", test_clipboard);
  g_test_add_func ("/console/module", test_module);
  g_test_add_func ("/console/hostile", test_hostile);
  ADD ("/console/no-machine", GH_CONSOLE_GRAPHICAL, test_no_machine);
  ADD ("/console/off", GH_CONSOLE_GRAPHICAL, test_off);
  ADD ("/console/in-doubt", GH_CONSOLE_GRAPHICAL, test_in_doubt);
  ADD ("/console/not-available", GH_CONSOLE_GRAPHICAL, test_not_available);
  ADD ("/console/serial-not-available", GH_CONSOLE_SERIAL, test_serial_not_available);
  ADD ("/console/serial-lost", GH_CONSOLE_SERIAL, test_serial_lost);
  ADD ("/console/hidden", GH_CONSOLE_GRAPHICAL, test_hidden);
  ADD ("/console/fullscreen", GH_CONSOLE_GRAPHICAL, test_fullscreen);
  ADD ("/console/screenshot", GH_CONSOLE_GRAPHICAL, test_screenshot);
  return g_test_run ();
}
