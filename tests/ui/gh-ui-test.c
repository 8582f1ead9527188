/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-ui-test.h"

#include <glib/gi18n-lib.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "gh-paths.h"
#include "gh-plan-dialog.h"
#include "gh-stall-watch.h"
#include "gh-threads.h"
#include "gh-ui.h"

/* What no dispatch may take. */
#define STALL_MS 50

typedef struct
{
  GType       type;
  const char *name;
  gboolean    in_text;
  GtkWidget  *found;
} Search;

static gboolean
matches (GtkWidget    *widget,
         const Search *search)
{
  AtkObject *accessible = gtk_widget_get_accessible (widget);
  const char *name = atk_object_get_name (accessible);
  /* For looking at it in another language: see gh_ui_test_init(). */
  const char *wanted = _(search->name);

  if (search->in_text)
    return GTK_IS_LABEL (widget) &&
           strstr (gtk_label_get_text (GTK_LABEL (widget)), wanted) != NULL;
  if (g_strcmp0 (name, wanted) == 0)
    return TRUE;
  return GTK_IS_LABEL (widget) &&
         g_strcmp0 (gtk_label_get_text (GTK_LABEL (widget)), wanted) == 0;
}

static void
search_cb (GtkWidget *widget,
           gpointer   user_data)
{
  Search *search = user_data;

  if (search->found != NULL || !gtk_widget_get_visible (widget) ||
      !gtk_widget_get_child_visible (widget))
    return;

  if (g_type_is_a (G_OBJECT_TYPE (widget), search->type) && matches (widget, search))
    search->found = widget;
  else if (GTK_IS_REVEALER (widget) && !gtk_revealer_get_reveal_child (GTK_REVEALER (widget)))
    return;
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), search_cb, search);
}

void
gh_ui_test_init (int    *argc,
                 char ***argv)
{
  gtk_test_init (argc, argv, NULL);
  if (g_getenv ("GUESTHOUSE_SHOT_LANGUAGE") != NULL)
    {
      g_setenv ("LANGUAGE", g_getenv ("GUESTHOUSE_SHOT_LANGUAGE"), TRUE);
      setlocale (LC_MESSAGES, "C.UTF-8");
      gh_paths_use_build_tree ();
      bindtextdomain (GETTEXT_PACKAGE, gh_paths_get_locale_dir ());
      bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
      textdomain (GETTEXT_PACKAGE);
    }
  gh_threads_init ();
  gh_ui_init ();
  /* What is revealed is there at once. */
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  gh_stall_watch_start (STALL_MS);
}

GtkWidget *
gh_ui_test_find (GtkWidget  *root,
                 GType       type,
                 const char *name)
{
  Search search = { type, name, FALSE, NULL };

  search_cb (root, &search);
  return search.found;
}

GtkWidget *
gh_ui_test_get (GtkWidget  *root,
                GType       type,
                const char *name)
{
  GtkWidget *widget = gh_ui_test_find (root, type, name);

  if (widget == NULL)
    g_error ("There is no %s “%s”", g_type_name (type), name);
  return widget;
}

gboolean
gh_ui_test_shows (GtkWidget  *root,
                  const char *text)
{
  Search search = { GTK_TYPE_LABEL, text, TRUE, NULL };

  search_cb (root, &search);
  return search.found != NULL;
}

typedef struct
{
  GtkWidget  *root;
  const char *text;
} Shows;

static gboolean
shows_cb (gpointer data)
{
  Shows *shows = data;

  return gh_ui_test_shows (shows->root, shows->text);
}

void
gh_ui_test_wait_shows (GtkWidget  *root,
                       const char *text)
{
  Shows shows = { root, text };

  g_test_message ("waiting for “%s”", text);
  gh_test_wait_until (shows_cb, &shows);
}

void
gh_ui_test_click (GtkWidget  *root,
                  const char *name)
{
  GtkWidget *button = gh_ui_test_get (root, GTK_TYPE_BUTTON, name);

  g_assert_true (gtk_widget_is_sensitive (button));
  gtk_button_clicked (GTK_BUTTON (button));
}

void
gh_ui_test_press (GtkWidget  *root,
                  const char *name)
{
  GtkWidget *button = gh_ui_test_get (root, GTK_TYPE_TOGGLE_BUTTON, name);

  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), TRUE);
}

void
gh_ui_test_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
is_gone (gpointer data)
{
  return *(gpointer *) data == NULL;
}

static gboolean
elapsed_cb (gpointer user_data)
{
  *(int *) user_data = 1;
  return G_SOURCE_REMOVE;
}

void
gh_ui_test_type_fast (void     (*type_one) (guint i, gpointer data),
                      gpointer   data)
{
  guint longest = G_MAXUINT;

  for (guint try = 0; try < 5 && longest > STALL_MS * 1000; try++)
    {
      gh_stall_watch_reset ();
      for (guint i = 0; i < 50; i++)
        {
          int elapsed = 0;

          type_one (i, data);
          g_timeout_add (15, elapsed_cb, &elapsed);
          gh_test_wait_flag (&elapsed);
        }
      longest = gh_stall_watch_get_longest ();
      g_test_message ("longest dispatch while typing: %.1f ms", longest / 1000.0);
    }
#if !defined (__SANITIZE_ADDRESS__)
  g_assert_cmpuint (longest, <=, STALL_MS * 1000);
#endif
}

void
gh_ui_test_assert_finalized (gpointer *weak_pointer)
{
  g_test_message ("waiting for an object to be finalized");
  gh_test_wait_until (is_gone, weak_pointer);
}

static int
get_number (const char *variable,
            int         otherwise)
{
  const char *value = g_getenv (variable);

  return value != NULL ? atoi (value) : otherwise;
}

void
gh_ui_test_shoot (GtkWidget  *window,
                  const char *name)
{
  const char *folder = g_getenv ("GUESTHOUSE_SHOTS");
  g_autofree char *path = NULL;
  GdkPixbuf *pixbuf = NULL;
  GdkWindow *gdk_window = NULL;
  int done = 0;

  if (folder == NULL)
    return;

  if (GTK_IS_WINDOW (window))
    {
      int width = gtk_widget_get_allocated_width (window);
      int height = gtk_widget_get_allocated_height (window);

      gtk_window_resize (GTK_WINDOW (window), get_number ("GUESTHOUSE_SHOT_WIDTH", width),
                         get_number ("GUESTHOUSE_SHOT_HEIGHT", height));
    }
  /* Transitions and frames: the only way is to give them time. */
  g_timeout_add (700, elapsed_cb, &done);
  gh_test_wait_flag (&done);
  gdk_window = gtk_widget_get_window (window);
  pixbuf = gdk_pixbuf_get_from_window (gdk_window, 0, 0, gdk_window_get_width (gdk_window),
                                       gdk_window_get_height (gdk_window));
  path = g_strdup_printf ("%s/%s.png", folder, name);
  gdk_pixbuf_save (pixbuf, path, "png", NULL, NULL);
  g_object_unref (pixbuf);
}

typedef struct
{
  GtkWidget  *root;
  const char *name;
} Button;

static gboolean
can_click (gpointer data)
{
  Button *button = data;
  GtkWidget *widget = gh_ui_test_find (button->root, GTK_TYPE_BUTTON, button->name);

  return widget != NULL && gtk_widget_is_sensitive (widget);
}

void
gh_ui_test_click_when_ready (GtkWidget  *root,
                             const char *name)
{
  Button button = { root, name };

  gh_test_wait_until (can_click, &button);
  gh_ui_test_click (root, name);
}

static GtkWidget *
find_plan_dialog (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (GH_IS_PLAN_DIALOG (l->data) && gtk_widget_get_mapped (l->data))
      return l->data;
  return NULL;
}

static gboolean
has_plan_dialog (gpointer data)
{
  return find_plan_dialog () != NULL;
}

static gboolean
has_no_plan_dialog (gpointer data)
{
  return find_plan_dialog () == NULL;
}

GtkWidget *
gh_ui_test_wait_plan_dialog (void)
{
  gh_test_wait_until (has_plan_dialog, NULL);
  return find_plan_dialog ();
}

void
gh_ui_test_run_plan (const char *verb)
{
  gh_ui_test_click_when_ready (gh_ui_test_wait_plan_dialog (), verb);
  gh_test_wait_until (has_no_plan_dialog, NULL);
}
