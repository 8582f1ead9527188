/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The window at every width: it folds once, and stays as it is. What a pane hides when it is folded
 * once gave it the room to unfold, with every frame, and nothing of less priority ever ran. */

#include "config.h"

#include <handy.h>

#include "gh-library-view.h"
#include "gh-test-hosts.h"
#include "gh-test.h"
#include "gh-threads.h"
#include "gh-ui.h"
#include "gh-window.h"

#define WIDEST 1000
#define NARROWEST 400
#define STEP 40
/* At one frame each, what goes on changing its mind does so many times. */
#define FRAMES 8

typedef struct
{
  GtkWidget *window;
  int        width;
} Wanted;

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

static gboolean
has_width (gpointer data)
{
  Wanted *wanted = data;
  int width = 0;

  gtk_window_get_size (GTK_WINDOW (wanted->window), &width, NULL);
  return width == wanted->width;
}

static gboolean
is_gone (gpointer data)
{
  return *(gpointer *) data == NULL;
}

static gboolean
tick_cb (GtkWidget     *widget,
         GdkFrameClock *clock,
         gpointer       user_data)
{
  int *n = user_data;

  return --*n > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean
is_zero (gpointer data)
{
  return *(int *) data == 0;
}

static void
wait_for_frames (GtkWidget *widget,
                 int        n)
{
  gtk_widget_add_tick_callback (widget, tick_cb, &n, NULL);
  gh_test_wait_until (is_zero, &n);
}

static void
folded_cb (HdyLeaflet *leaflet,
           GParamSpec *pspec,
           guint      *n_changes)
{
  *n_changes += 1;
}

/* Returns how often it folded and unfolded on the way down and up again. */
static guint
try_widths (GtkWidget *window,
            gpointer   leaflet)
{
  guint n_changes = 0;
  gulong id = g_signal_connect (leaflet, "notify::folded", G_CALLBACK (folded_cb), &n_changes);

  for (int i = 0; i < 2 * (WIDEST - NARROWEST) / STEP; i++)
    {
      int down = WIDEST - (i + 1) * STEP;
      Wanted wanted = { window, down >= NARROWEST ? down : 2 * NARROWEST - down };
      guint before = n_changes;

      gtk_window_resize (GTK_WINDOW (window), wanted.width, 600);
      gh_test_wait_until (has_width, &wanted);
      wait_for_frames (window, FRAMES);
      g_test_message ("%d pixels: changed %u times", wanted.width, n_changes - before);
      g_assert_cmpuint (n_changes - before, <=, 1);
    }
  g_signal_handler_disconnect (leaflet, id);
  return n_changes;
}

static void
test_fold (gconstpointer data)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *uri = gh_test_hosts_write_one (folder);
  g_autoptr (GhHosts) hosts = gh_hosts_new ();
  GhHost *host = gh_hosts_add (hosts, uri);
  gpointer window = NULL;
  gpointer leaflet = NULL;

  gh_host_connect (host);
  window = gh_window_new (NULL, hosts);
  g_object_add_weak_pointer (window, &window);
  leaflet = gtk_widget_get_template_child (window, GH_TYPE_WINDOW, "leaflet");
  gtk_window_resize (window, WIDEST, 600);
  gtk_window_present (window);
  gh_test_wait_until (is_connected, host);
  if (g_str_equal (data, "machine"))
    {
      g_autoptr (GPtrArray) machines = gh_host_dup_machines (host);

      gh_window_show_machine (window, g_ptr_array_index (machines, 0), /* console= */ FALSE);
    }
  wait_for_frames (window, FRAMES);
  g_assert_false (hdy_leaflet_get_folded (leaflet));
  g_assert_cmpuint (try_widths (window, leaflet), ==, 2);
  gtk_widget_destroy (window);
  gh_test_wait_until (is_gone, &window);
  gh_hosts_remove (hosts, host);
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  gtk_test_init (&argc, &argv, NULL);
  gh_ui_init ();
  g_test_add_data_func ("/window-fold/nothing", "nothing", test_fold);
  g_test_add_data_func ("/window-fold/machine", "machine", test_fold);
  return g_test_run ();
}
