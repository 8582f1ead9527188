/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* bare [URI]: what the figures are compared with: a bare GTK 3 window, and with a URI the same
 * that opens it and lists the machines on a thread. Prints milestones like Guesthouse, and stays
 * until it is ended. */

#include "config.h"

#include <gtk/gtk.h>
#include <libvirt/libvirt.h>
#include <stdlib.h>

static GtkWidget *label = NULL;
static gboolean listed = FALSE;
static gboolean painted = FALSE;

static void
print_milestone (const char *name)
{
  g_printerr ("milestone %s %" G_GINT64_FORMAT "\n", name, g_get_monotonic_time ());
}

static void
after_paint_cb (GdkFrameClock *clock,
                gpointer       user_data)
{
  static gboolean list_shown = FALSE;

  if (!painted)
    print_milestone ("window-mapped");
  painted = TRUE;
  if (listed && !list_shown)
    {
      list_shown = TRUE;
      print_milestone ("list-settled");
    }
}

static gboolean
listed_cb (gpointer user_data)
{
  g_autofree char *text = g_strdup_printf ("%d machines", GPOINTER_TO_INT (user_data));

  listed = TRUE;
  gtk_label_set_text (GTK_LABEL (label), text);
  gtk_widget_queue_draw (gtk_widget_get_toplevel (label));
  return G_SOURCE_REMOVE;
}

static gpointer
list_thread (gpointer user_data)
{
  virConnectPtr conn = virConnectOpen (user_data);
  virDomainPtr *domains = NULL;
  int n = conn != NULL ? virConnectListAllDomains (conn, &domains, 0) : -1;

  g_assert (n >= 0);
  for (int i = 0; i < n; i++)
    {
      int state = 0;

      virDomainGetState (domains[i], &state, NULL, 0);
    }
  g_idle_add (listed_cb, GINT_TO_POINTER (n));
  return domains;
}

int
main (int    argc,
      char **argv)
{
  GtkWidget *window = NULL;

  gtk_init (&argc, &argv);
  window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  gtk_window_set_default_size (GTK_WINDOW (window), 1000, 640);
  label = gtk_label_new ("Bare");
  gtk_container_add (GTK_CONTAINER (window), label);
  gtk_widget_realize (window);
  g_signal_connect (gtk_widget_get_frame_clock (window), "after-paint", G_CALLBACK (after_paint_cb),
                    NULL);
  gtk_widget_show_all (window);
  if (argc > 1)
    g_thread_unref (g_thread_new ("list", list_thread, argv[1]));
  gtk_main ();
  return 0;
}
