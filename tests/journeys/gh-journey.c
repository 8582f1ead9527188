/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-journey.h"

#include <X11/XKBlib.h>
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XTest.h>
#include <X11/keysym.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define WAIT_S 60

struct _GhJourney
{
  GhLab    *lab; /* (unowned) */
  GPid      pid;
  GPid      window_manager;
  Display  *display;
  Window    elsewhere; /* see gh_journey_leave() */
  char     *pictures;
};

/* Looking */

/* What counts as being on the screen. */
static AtspiStateType needed_state = ATSPI_STATE_SHOWING;

/* Rows of the library tell their figures after what they are. */
static gboolean
is_name (const char *own_name,
         const char *name,
         AtspiRole   role)
{
  gsize length = strlen (name);

  return own_name != NULL && g_str_has_prefix (own_name, name) &&
         (own_name[length] == '\0' ||
          (role == ATSPI_ROLE_TABLE_CELL && g_str_has_prefix (own_name + length, ", CPU ")));
}

static gboolean
is_wanted (AtspiAccessible *widget,
           AtspiRole        role,
           const char      *name)
{
  g_autofree char *own_name = NULL;
  g_autoptr (AtspiStateSet) states = NULL;

  if (atspi_accessible_get_role (widget, NULL) != role)
    return FALSE;
  if (name != NULL)
    {
      own_name = atspi_accessible_get_name (widget, NULL);
      if (!is_name (own_name, name, role))
        return FALSE;
    }
  states = atspi_accessible_get_state_set (widget);
  return states != NULL && atspi_state_set_contains (states, needed_state);
}

/* Depth first; branches that are not shown are passed over. */
static AtspiAccessible *
search (AtspiAccessible *widget,
        AtspiRole        role,
        const char      *name,
        guint            depth)
{
  int n = 0;

  if (is_wanted (widget, role, name))
    return g_object_ref (widget);
  if (depth > 60)
    return NULL;
  n = atspi_accessible_get_child_count (widget, NULL);
  for (int i = 0; i < n && i < 500; i++)
    {
      g_autoptr (AtspiAccessible) child = atspi_accessible_get_child_at_index (widget, i, NULL);
      AtspiAccessible *found = child != NULL ? search (child, role, name, depth + 1) : NULL;

      if (found != NULL)
        return found;
    }
  return NULL;
}

static AtspiAccessible *
find_application (GhJourney *self)
{
  g_autoptr (AtspiAccessible) desktop = atspi_get_desktop (0);
  int n = atspi_accessible_get_child_count (desktop, NULL);

  for (int i = 0; i < n; i++)
    {
      AtspiAccessible *application = atspi_accessible_get_child_at_index (desktop, i, NULL);

      if (application != NULL &&
          (GPid) atspi_accessible_get_process_id (application, NULL) == self->pid)
        return application;
      g_clear_object (&application);
    }
  return NULL;
}

static AtspiAccessible *
look_for (GhJourney  *self,
          AtspiRole   role,
          const char *name)
{
  g_autoptr (AtspiAccessible) application = NULL;

  /* The program tells its changes by messages; what is known of it is asked anew each time. */
  application = find_application (self);
  if (application == NULL)
    return NULL;
  atspi_accessible_clear_cache (application);
  return search (application, role, name, 0);
}

typedef struct
{
  GhJourney       *journey;
  AtspiRole        role;
  const char      *name;
  AtspiStateType   state;   /* ATSPI_STATE_INVALID: any */
  AtspiAccessible *found;
} Search;

static gboolean
is_found (gpointer data)
{
  Search *wanted = data;
  g_autoptr (AtspiStateSet) states = NULL;

  g_clear_object (&wanted->found);
  wanted->found = look_for (wanted->journey, wanted->role, wanted->name);
  if (wanted->found == NULL || wanted->state == ATSPI_STATE_INVALID)
    return wanted->found != NULL;
  states = atspi_accessible_get_state_set (wanted->found);
  return states != NULL && atspi_state_set_contains (states, wanted->state);
}

static gboolean
is_gone (gpointer data)
{
  Search *wanted = data;
  g_autoptr (AtspiAccessible) found = look_for (wanted->journey, wanted->role, wanted->name);

  return found == NULL;
}

static void
dump (AtspiAccessible *widget,
      guint            depth)
{
  g_autofree char *name = atspi_accessible_get_name (widget, NULL);
  g_autofree char *role = atspi_accessible_get_role_name (widget, NULL);
  g_autoptr (AtspiStateSet) states = atspi_accessible_get_state_set (widget);
  int n = MIN (atspi_accessible_get_child_count (widget, NULL), 40);

  if (states != NULL && !atspi_state_set_contains (states, ATSPI_STATE_SHOWING) && depth > 0)
    return;
  if (name != NULL && *name != '\0')
    g_printerr ("%*s%s “%s”\n", (int) depth, "", role, name);
  for (int i = 0; i < n && depth < 40; i++)
    {
      g_autoptr (AtspiAccessible) child = atspi_accessible_get_child_at_index (widget, i, NULL);

      if (child != NULL)
        dump (child, depth + 1);
    }
}

static void
fail (GhJourney  *self,
      const char *what,
      AtspiRole   role,
      const char *name)
{
  g_autoptr (AtspiAccessible) application = find_application (self);
  g_autofree char *role_name = atspi_role_get_name (role);
  g_autoptr (GdkPixbuf) picture = gh_journey_screenshot (self, "failed");

  if (application != NULL)
    dump (application, 0);
  g_error ("%s: %s “%s”", what, role_name, name != NULL ? name : "");
}

AtspiAccessible *
gh_journey_find (GhJourney  *self,
                 AtspiRole   role,
                 const char *name)
{
  Search wanted = { self, role, name, ATSPI_STATE_INVALID, NULL };

  if (!gh_lab_wait (WAIT_S, is_found, &wanted))
    fail (self, "Not on the screen", role, name);
  return wanted.found;
}

gboolean
gh_journey_has (GhJourney  *self,
                AtspiRole   role,
                const char *name)
{
  g_autoptr (AtspiAccessible) found = look_for (self, role, name);

  return found != NULL;
}

void
gh_journey_wait_gone (GhJourney  *self,
                      AtspiRole   role,
                      const char *name)
{
  Search wanted = { self, role, name, ATSPI_STATE_INVALID, NULL };

  if (!gh_lab_wait (WAIT_S, is_gone, &wanted))
    fail (self, "Still on the screen", role, name);
}

static AtspiAccessible *
find_in_state (GhJourney      *self,
               AtspiRole       role,
               const char     *name,
               AtspiStateType  state)
{
  Search wanted = { self, role, name, state, NULL };

  if (!gh_lab_wait (WAIT_S, is_found, &wanted))
    fail (self, "Not usable", role, name);
  return wanted.found;
}

void
gh_journey_wait_enabled (GhJourney  *self,
                         AtspiRole   role,
                         const char *name)
{
  g_autoptr (AtspiAccessible) widget = find_in_state (self, role, name, ATSPI_STATE_SENSITIVE);
}

/* Doing */

void
gh_journey_press (GhJourney  *self,
                  AtspiRole   role,
                  const char *name)
{
  g_autoptr (AtspiAccessible) widget = find_in_state (self, role, name, ATSPI_STATE_SENSITIVE);
  g_autoptr (AtspiAction) action = atspi_accessible_get_action_iface (widget);
  g_autoptr (GError) error = NULL;

  if (action == NULL || !atspi_action_do_action (action, 0, &error))
    fail (self, "Cannot be pressed", role, name);
}

void
gh_journey_press_in_flow (GhJourney  *self,
                          AtspiRole   role,
                          const char *name)
{
  needed_state = ATSPI_STATE_VISIBLE;
  gh_journey_press (self, role, name);
  needed_state = ATSPI_STATE_SHOWING;
}

void
gh_journey_set_text (GhJourney  *self,
                     AtspiRole   role,
                     const char *name,
                     const char *text)
{
  g_autoptr (AtspiAccessible) widget = find_in_state (self, role, name, ATSPI_STATE_SENSITIVE);
  g_autoptr (AtspiEditableText) entry = atspi_accessible_get_editable_text_iface (widget);

  if (entry == NULL || !atspi_editable_text_set_text_contents (entry, text, NULL))
    fail (self, "Cannot be typed into", role, name);
}

/* As from the keyboard: the program sees hardware key codes, which guests get. */
static void
press_key (GhJourney *self,
           KeySym     keysym)
{
  KeyCode code = XKeysymToKeycode (self->display, keysym);
  KeyCode shift = XKeysymToKeycode (self->display, XK_Shift_L);
  gboolean shifted = XkbKeycodeToKeysym (self->display, code, 0, 0) != keysym;

  g_assert_cmpint (code, !=, 0);
  if (shifted)
    XTestFakeKeyEvent (self->display, shift, True, CurrentTime);
  XTestFakeKeyEvent (self->display, code, True, CurrentTime);
  XTestFakeKeyEvent (self->display, code, False, CurrentTime);
  if (shifted)
    XTestFakeKeyEvent (self->display, shift, False, CurrentTime);
  XSync (self->display, False);
}

void
gh_journey_type (GhJourney  *self,
                 const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    press_key (self, (KeySym) (guchar) *p); /* ASCII: keysyms are the same */
}

void
gh_journey_key (GhJourney *self,
                guint      keyval)
{
  press_key (self, keyval);
}

void
gh_journey_mnemonic (GhJourney *self,
                     guint      keyval)
{
  KeyCode alt = XKeysymToKeycode (self->display, XK_Alt_L);

  XTestFakeKeyEvent (self->display, alt, True, CurrentTime);
  press_key (self, keyval);
  XTestFakeKeyEvent (self->display, alt, False, CurrentTime);
  XSync (self->display, False);
}

void
gh_journey_get_extents (AtspiAccessible *widget,
                        GdkRectangle    *extents)
{
  g_autoptr (AtspiComponent) component = atspi_accessible_get_component_iface (widget);
  AtspiRect *rect = atspi_component_get_extents (component, ATSPI_COORD_TYPE_SCREEN, NULL);

  g_assert_nonnull (rect);
  *extents = (GdkRectangle){ rect->x, rect->y, rect->width, rect->height };
  g_free (rect);
}

void
gh_journey_click_at (GhJourney       *self,
                     AtspiAccessible *widget)
{
  GdkRectangle extents;

  gh_journey_get_extents (widget, &extents);
  XTestFakeMotionEvent (self->display, -1, extents.x + extents.width / 2,
                        extents.y + extents.height / 2,
                        CurrentTime);
  XTestFakeButtonEvent (self->display, 1, True, CurrentTime);
  XTestFakeButtonEvent (self->display, 1, False, CurrentTime);
  XSync (self->display, False);
}

void
gh_journey_choose (GhJourney  *self,
                   const char *name,
                   int         position)
{
  g_autoptr (AtspiAccessible) widget = find_in_state (self, ATSPI_ROLE_COMBO_BOX, name,
                                                      ATSPI_STATE_SENSITIVE);
  g_autoptr (AtspiSelection) selection = atspi_accessible_get_selection_iface (widget);

  if (selection == NULL || !atspi_selection_select_child (selection, position, NULL))
    fail (self, "Cannot be chosen from", ATSPI_ROLE_COMBO_BOX, name);
}

void
gh_journey_set_value (GhJourney  *self,
                      AtspiRole   role,
                      const char *name,
                      double      value)
{
  g_autoptr (AtspiAccessible) widget = find_in_state (self, role, name, ATSPI_STATE_SENSITIVE);
  g_autoptr (AtspiValue) iface = atspi_accessible_get_value_iface (widget);

  if (iface == NULL || !atspi_value_set_current_value (iface, value, NULL))
    fail (self, "Cannot be set", role, name);
}

static void
move_pointer (GhJourney *self,
              int        x,
              int        y)
{
  XTestFakeMotionEvent (self->display, -1, x, y, CurrentTime);
  XSync (self->display, False);
}

static char *
dup_look_at (GhJourney    *self,
             GdkRectangle *extents)
{
  g_autoptr (GdkPixbuf) screen = gh_journey_look (self);
  g_autoptr (GdkPixbuf) part = gdk_pixbuf_new_subpixbuf (screen, extents->x, extents->y,
                                                         extents->width, extents->height);
  g_autoptr (GdkPixbuf) copy = gdk_pixbuf_copy (part);

  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, gdk_pixbuf_read_pixels (copy),
                                      gdk_pixbuf_get_byte_length (copy));
}

typedef struct
{
  GhJourney    *journey;
  GdkRectangle  extents;
  char         *before;
  int           n;
} Target;

/* It is drawn otherwise once it would take what is dropped. The pointer moves on a little each
 * time, since whoever drags is told of it by that. */
static gboolean
is_highlighted (gpointer data)
{
  Target *target = data;
  g_autofree char *now = NULL;

  move_pointer (target->journey,
                target->extents.x + target->extents.width / 2 + 30 + target->n++ % 2,
                target->extents.y + target->extents.height / 2);
  now = dup_look_at (target->journey, &target->extents);
  return strcmp (now, target->before) != 0;
}

void
gh_journey_drag (GhJourney       *self,
                 AtspiAccessible *from,
                 AtspiAccessible *to,
                 const char      *icon)
{
  Target target = { self, { 0 }, NULL, 0 };
  GdkRectangle start;
  int x = 0;
  int y = 0;

  gh_journey_get_extents (from, &start);
  gh_journey_get_extents (to, &target.extents);
  target.extents.width /= 2;
  target.before = dup_look_at (self, &target.extents);
  x = start.x + start.width / 2;
  y = start.y + start.height / 2;
  move_pointer (self, x, y);
  XTestFakeButtonEvent (self->display, 1, True, CurrentTime);
  move_pointer (self, x + 4, y);
  move_pointer (self, x + 40, y);
  g_object_unref (gh_journey_find (self, ATSPI_ROLE_LABEL, icon));
  if (!gh_lab_wait (WAIT_S, is_highlighted, &target))
    {
      g_object_unref (gh_journey_screenshot (self, "failed"));
      g_error ("It cannot be dropped there");
    }
  g_free (target.before);
}

void
gh_journey_drop (GhJourney *self)
{
  XTestFakeButtonEvent (self->display, 1, False, CurrentTime);
  XSync (self->display, False);
}

/* None: nothing has the focus. */
static Window
find_active_window (GhJourney *self)
{
  Atom name = XInternAtom (self->display, "_NET_ACTIVE_WINDOW", False);
  Window window = None;
  Atom type = None;
  int format = 0;
  unsigned long n = 0;
  unsigned long rest = 0;
  unsigned char *data = NULL;

  if (XGetWindowProperty (self->display, DefaultRootWindow (self->display), name, 0, 1, False,
                          XA_WINDOW, &type, &format, &n, &rest, &data) == Success && n == 1)
    window = *(Window *) data;
  if (data != NULL)
    XFree (data);
  return window;
}

typedef struct
{
  AtspiAccessible *window;
  int              height;
} Height;

static gboolean
has_height (gpointer data)
{
  Height *wanted = data;
  GdkRectangle extents;

  atspi_accessible_clear_cache (wanted->window);
  gh_journey_get_extents (wanted->window, &extents);
  return extents.height == wanted->height;
}

void
gh_journey_set_height (GhJourney       *self,
                       AtspiAccessible *window,
                       int              height)
{
  Height wanted = { window, height };
  GdkRectangle extents;

  gh_journey_get_extents (window, &extents);
  XMoveResizeWindow (self->display, find_active_window (self), extents.x, 5,
                     (unsigned int) extents.width, (unsigned int) height);
  XSync (self->display, False);
  if (!gh_lab_wait (WAIT_S, has_height, &wanted))
    g_error ("The window does not become %d high", height);
}

/* Pictures */

GdkPixbuf *
gh_journey_look (GhJourney *self)
{
  Window root = DefaultRootWindow (self->display);
  XWindowAttributes attributes;
  XImage *image = NULL;
  GdkPixbuf *pixbuf = NULL;
  guchar *pixels = NULL;
  int stride = 0;

  XGetWindowAttributes (self->display, root, &attributes);
  image = XGetImage (self->display, root, 0, 0, (guint) attributes.width, (guint) attributes.height,
                     AllPlanes,
                     ZPixmap);
  g_assert_nonnull (image);
  pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, image->width, image->height);
  pixels = gdk_pixbuf_get_pixels (pixbuf);
  stride = gdk_pixbuf_get_rowstride (pixbuf);
  for (int y = 0; y < image->height; y++)
    for (int x = 0; x < image->width; x++)
      {
        unsigned long pixel = XGetPixel (image, x, y);

        pixels[y * stride + x * 3] = (guchar) (pixel >> 16);
        pixels[y * stride + x * 3 + 1] = (guchar) (pixel >> 8);
        pixels[y * stride + x * 3 + 2] = (guchar) pixel;
      }
  XDestroyImage (image);
  return pixbuf;
}

GdkPixbuf *
gh_journey_screenshot (GhJourney  *self,
                       const char *name)
{
  GdkPixbuf *pixbuf = gh_journey_look (self);
  g_autofree char *file = g_strconcat (name, ".png", NULL);
  g_autofree char *path = g_build_filename (self->pictures, file, NULL);
  g_autoptr (GError) error = NULL;

  if (!gdk_pixbuf_save (pixbuf, path, "png", &error, NULL))
    g_printerr ("%s\n", error->message);
  return pixbuf;
}

/* What the guest shows */

static GdkPixbuf *
load_guest_screen (GhLab      *lab,
                   const char *machine)
{
  g_autoptr (GBytes) bytes = gh_lab_screenshot (lab, machine);
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
  GhLab      *lab;
  const char *machine;
  GhJourney  *journey;
  double      difference;
} Frame;

/* What is on the window where the guest's screen is, against what the host says the guest shows:
 * both scaled to a small picture, so that the way of scaling does not matter. */
static gboolean
frames_agree (gpointer data)
{
  Frame *frame = data;
  g_autoptr (AtspiAccessible) widget = gh_journey_find (frame->journey, ATSPI_ROLE_DRAWING_AREA,
                                                        NULL);
  g_autoptr (GdkPixbuf) guest = load_guest_screen (frame->lab, frame->machine);
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

void
gh_journey_wait_guest (GhJourney  *self,
                       GhLab      *lab,
                       const char *machine)
{
  Frame frame = { lab, machine, self, 0 };

  if (gh_lab_wait (60, frames_agree, &frame))
    return;
  g_object_unref (gh_journey_screenshot (self, "failed"));
  g_error ("The console differs from the guest's screen by %.2f", frame.difference);
}

/* Starting and ending */

static GPid
spawn (GhLab  *lab,
       char  **argv)
{
  g_auto (GStrv) environ_all = gh_lab_dup_environ (lab);
  GError *error = NULL;
  GPid pid = 0;

  environ_all = g_environ_unsetenv (environ_all, "NO_AT_BRIDGE");
  environ_all = g_environ_setenv (environ_all, "GTK_MODULES", "gail:atk-bridge", TRUE);
  environ_all = g_environ_setenv (environ_all, "GUESTHOUSE_STALL_WATCH", "50", FALSE);
  g_spawn_async (NULL, argv, environ_all, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH, NULL,
                 NULL, &pid, &error);
  g_assert_no_error (error);
  return pid;
}

static void
end_child (GPid pid)
{
  if (pid == 0)
    return;
  kill (pid, SIGTERM);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
}

GhJourney *
gh_journey_start (GhLab      *lab,
                  const char *arg,
                  ...)
{
  GhJourney *self = g_new0 (GhJourney, 1);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  char *manager[] = { (char *) "openbox", (char *) "--sm-disable", NULL };
  va_list list;

  self->lab = lab;
  self->display = XOpenDisplay (NULL);
  g_assert_nonnull (self->display);
  self->pictures = g_test_build_filename (G_TEST_BUILT, "screenshots", NULL);
  g_mkdir_with_parents (self->pictures, 0755);
  atspi_init ();

  self->window_manager = spawn (lab, manager);
  g_ptr_array_add (argv, (char *) g_getenv ("GUESTHOUSE_PROGRAM"));
  va_start (list, arg);
  for (const char *word = arg; word != NULL; word = va_arg (list, const char *))
    g_ptr_array_add (argv, (char *) word);
  va_end (list);
  g_ptr_array_add (argv, NULL);
  self->pid = spawn (lab, (char **) argv->pdata);
  return self;
}

GPid
gh_journey_get_pid (GhJourney *self)
{
  return self->pid;
}

void
gh_journey_end (GhJourney *self)
{
  end_child (self->pid);
  end_child (self->window_manager);
  XCloseDisplay (self->display);
  g_free (self->pictures);
  g_free (self);
}

/* Looking elsewhere */

static gboolean
has_left (gpointer data)
{
  GhJourney *self = data;
  Window focus = None;
  int revert = 0;

  /* A window manager may do something else first with the window that is new. */
  XSetInputFocus (self->display, self->elsewhere, RevertToParent, CurrentTime);
  XSync (self->display, False);
  XGetInputFocus (self->display, &focus, &revert);
  return focus == self->elsewhere;
}

static gboolean
is_viewable (gpointer data)
{
  GhJourney *self = data;
  XWindowAttributes attributes;

  XGetWindowAttributes (self->display, self->elsewhere, &attributes);
  return attributes.map_state == IsViewable;
}

void
gh_journey_leave (GhJourney *self)
{
  self->elsewhere = XCreateSimpleWindow (self->display, DefaultRootWindow (self->display), 0, 0,
                                         100, 40, 0, 0, 0);
  XMapWindow (self->display, self->elsewhere);
  XSync (self->display, False);
  g_assert_true (gh_lab_wait (WAIT_S, is_viewable, self));
  g_assert_true (gh_lab_wait (WAIT_S, has_left, self));
}

struct _GhJourneyNotices
{
  GDBusConnection *bus;
  guint            name_id;
  guint            object_id;
  int              owned;
  GQueue           texts; /* (element-type utf8) */
};

static const char notifications_xml[] =
  "<node><interface name='org.freedesktop.Notifications'>"
  "<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/>"
  "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
  "<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>"
  "<arg type='i' direction='in'/><arg type='u' direction='out'/></method>"
  "<method name='CloseNotification'><arg type='u' direction='in'/></method>"
  "</interface></node>";

static void
notified_cb (GDBusConnection       *bus,
             const char            *sender,
             const char            *path,
             const char            *interface,
             const char            *method,
             GVariant              *parameters,
             GDBusMethodInvocation *invocation,
             gpointer               user_data)
{
  GhJourneyNotices *self = user_data;
  const char *title = NULL;
  const char *body = NULL;

  if (strcmp (method, "Notify") != 0)
    {
      g_dbus_method_invocation_return_value (invocation, NULL);
      return;
    }
  g_variant_get_child (parameters, 3, "&s", &title);
  g_variant_get_child (parameters, 4, "&s", &body);
  g_queue_push_tail (&self->texts, g_strdup_printf ("%s\n%s", title, body));
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", 1));
}

static void
name_acquired_cb (GDBusConnection *bus,
                  const char      *name,
                  gpointer         user_data)
{
  ((GhJourneyNotices *) user_data)->owned = TRUE;
}

static gboolean
is_owned (gpointer data)
{
  return ((GhJourneyNotices *) data)->owned;
}

static gboolean
has_text (gpointer data)
{
  return !g_queue_is_empty (&((GhJourneyNotices *) data)->texts);
}

GhJourneyNotices *
gh_journey_listen (void)
{
  static const GDBusInterfaceVTable vtable = { .method_call = notified_cb };
  GhJourneyNotices *self = g_new0 (GhJourneyNotices, 1);
  g_autoptr (GDBusNodeInfo) node = NULL;
  g_autoptr (GError) error = NULL;

  node = g_dbus_node_info_new_for_xml (notifications_xml, &error);
  g_assert_no_error (error);
  self->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_assert_no_error (error);
  self->object_id = g_dbus_connection_register_object (self->bus, "/org/freedesktop/Notifications",
                                                       node->interfaces[0], &vtable, self, NULL,
                                                       &error);
  g_assert_no_error (error);
  self->name_id = g_bus_own_name_on_connection (self->bus, "org.freedesktop.Notifications",
                                                G_BUS_NAME_OWNER_FLAGS_NONE, name_acquired_cb,
                                                NULL, self, NULL);
  g_assert_true (gh_lab_wait (WAIT_S, is_owned, self));
  return self;
}

char *
gh_journey_notices_wait (GhJourneyNotices *self)
{
  if (!gh_lab_wait (WAIT_S, has_text, self))
    g_error ("Nothing was told to the desktop");
  return g_queue_pop_head (&self->texts);
}

void
gh_journey_notices_free (GhJourneyNotices *self)
{
  g_bus_unown_name (self->name_id);
  g_dbus_connection_unregister_object (self->bus, self->object_id);
  g_queue_clear_full (&self->texts, g_free);
  g_object_unref (self->bus);
  g_free (self);
}
