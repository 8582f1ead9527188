/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Not by the drag and drop of GtkTreeView, which is about moving rows of a model, and gives up a
 * selection of several rows as soon as one of them is pressed. */

#define G_LOG_DOMAIN "gh-library-drag"

#include "config.h"

#include "gh-library-drag.h"

#include <glib/gi18n-lib.h>

#include "gh-library-model.h"

/* So near to an edge the list scrolls, so much each time. */
#define SCROLL_EDGE_PX 24
#define SCROLL_STEP_PX 12
#define SCROLL_INTERVAL_MS 30
/* Of a name at the pointer. */
#define MAX_ICON_CHARS 30

static const GtkTargetEntry targets[] = {
  { (char *) "application/x-guesthouse-machines", GTK_TARGET_SAME_WIDGET, 0 },
};

struct _GhLibraryDrag
{
  GObject      parent_instance;

  GtkTreeView *tree;      /* (unowned) (nullable) */
  gboolean     pressed;   /* on a machine, and not dragged yet */
  gboolean     held;      /* the press was kept from the list, for the selection's sake */
  int          x;
  int          y;
  GPtrArray   *machines;  /* (owned) (nullable) (element-type GhMachine): while they are dragged */
  GhHost      *host;      /* (owned) (nullable): where they can be dropped now */
  int          scroll_px; /* each time; 0: not at an edge */
  guint        scroll_id;
};

G_DEFINE_FINAL_TYPE (GhLibraryDrag, gh_library_drag, G_TYPE_OBJECT)

enum
{
  DROPPED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GhLibraryModel *
get_model (GhLibraryDrag *self)
{
  GtkTreeModel *model = gtk_tree_view_get_model (self->tree);

  return model != NULL ? GH_LIBRARY_MODEL (model) : NULL;
}

/* Picking up */

static gboolean
find_machine_at (GhLibraryDrag  *self,
                 int             x,
                 int             y,
                 GtkTreePath   **path)
{
  GtkTreeIter iter;

  return get_model (self) != NULL &&
         gtk_tree_view_get_path_at_pos (self->tree, x, y, path, NULL, NULL, NULL) &&
         gtk_tree_model_get_iter (gtk_tree_view_get_model (self->tree), &iter, *path) &&
         gh_library_model_get_machine (get_model (self), &iter) != NULL;
}

static void
collect_machine (GtkTreeModel *model,
                 GtkTreePath  *path,
                 GtkTreeIter  *iter,
                 gpointer      user_data)
{
  GhMachine *machine = gh_library_model_get_machine (GH_LIBRARY_MODEL (model), iter);

  if (machine != NULL)
    g_ptr_array_add (user_data, g_object_ref (machine));
}

static gboolean
button_pressed_cb (GhLibraryDrag  *self,
                   GdkEventButton *event)
{
  GtkTreeSelection *selection = gtk_tree_view_get_selection (self->tree);
  guint modifiers = event->state & gtk_accelerator_get_default_mod_mask ();
  g_autoptr (GtkTreePath) path = NULL;

  self->pressed = FALSE;
  self->held = FALSE;
  if (event->window != gtk_tree_view_get_bin_window (self->tree) ||
      event->type != GDK_BUTTON_PRESS || event->button != GDK_BUTTON_PRIMARY || modifiers != 0 ||
      !find_machine_at (self, (int) event->x, (int) event->y, &path))
    return GDK_EVENT_PROPAGATE;

  self->pressed = TRUE;
  self->x = (int) event->x;
  self->y = (int) event->y;
  if (!gtk_tree_selection_path_is_selected (selection, path) ||
      gtk_tree_selection_count_selected_rows (selection) < 2)
    return GDK_EVENT_PROPAGATE;
  /* Pressed, one of several selected ones would be the only one left. */
  self->held = TRUE;
  gtk_widget_grab_focus (GTK_WIDGET (self->tree));
  return GDK_EVENT_STOP;
}

static gboolean
button_released_cb (GhLibraryDrag  *self,
                    GdkEventButton *event)
{
  g_autoptr (GtkTreePath) path = NULL;

  if (self->pressed && self->held && find_machine_at (self, self->x, self->y, &path))
    gtk_tree_view_set_cursor (self->tree, path, NULL, FALSE);
  self->pressed = FALSE;
  self->held = FALSE;
  return GDK_EVENT_PROPAGATE;
}

static gboolean
pointer_moved_cb (GhLibraryDrag  *self,
                  GdkEventMotion *event)
{
  g_autoptr (GtkTargetList) list = NULL;

  if (!self->pressed)
    return GDK_EVENT_PROPAGATE;
  if ((event->state & GDK_BUTTON1_MASK) == 0)
    {
      self->pressed = FALSE;
      return GDK_EVENT_PROPAGATE;
    }
  if (!gtk_drag_check_threshold (GTK_WIDGET (self->tree), self->x, self->y, (int) event->x,
                                 (int) event->y))
    return GDK_EVENT_PROPAGATE;

  self->pressed = FALSE;
  list = gtk_target_list_new (targets, G_N_ELEMENTS (targets));
  gtk_drag_begin_with_coordinates (GTK_WIDGET (self->tree), list, GDK_ACTION_MOVE,
                                   GDK_BUTTON_PRIMARY, (GdkEvent *) event, -1, -1);
  return GDK_EVENT_STOP;
}

/* What is at the pointer: the machine's name, or how many. */
static void
drag_began_cb (GhLibraryDrag  *self,
               GdkDragContext *context)
{
  GtkWidget *window = gtk_window_new (GTK_WINDOW_POPUP);
  GtkWidget *label = NULL;
  g_autofree char *text = NULL;

  g_clear_pointer (&self->machines, g_ptr_array_unref);
  self->machines = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_tree_selection_selected_foreach (gtk_tree_view_get_selection (self->tree), collect_machine,
                                       self->machines);
  if (self->machines->len == 1)
    text = g_strdup (gh_machine_get_label (g_ptr_array_index (self->machines, 0)));
  else
    text = g_strdup_printf (ngettext ("%u machine", "%u machines", self->machines->len),
                            self->machines->len);
  label = gtk_label_new (text);
  g_object_set (label, "margin", 8, "visible", TRUE, NULL);
  if (g_utf8_strlen (text, -1) > MAX_ICON_CHARS)
    g_object_set (label, "ellipsize", PANGO_ELLIPSIZE_END, "width-chars", MAX_ICON_CHARS, NULL);
  gtk_container_add (GTK_CONTAINER (window), label);
  gtk_drag_set_icon_widget (context, window, -8, -8);
}

static void
set_scrolling (GhLibraryDrag *self,
               int            px);

static void
forget_drop (GhLibraryDrag *self)
{
  set_scrolling (self, 0);
  g_clear_object (&self->host);
  if (self->tree != NULL)
    gtk_tree_view_set_drag_dest_row (self->tree, NULL, GTK_TREE_VIEW_DROP_INTO_OR_AFTER);
}

static void
drag_ended_cb (GhLibraryDrag  *self,
               GdkDragContext *context)
{
  forget_drop (self);
  g_clear_pointer (&self->machines, g_ptr_array_unref);
}

/* Dropping */

static gboolean
scroll_cb (gpointer user_data)
{
  GhLibraryDrag *self = user_data;
  GtkAdjustment *adjustment = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->tree));

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + self->scroll_px);
  return G_SOURCE_CONTINUE;
}

static void
set_scrolling (GhLibraryDrag *self,
               int            px)
{
  self->scroll_px = px;
  if (px == 0)
    g_clear_handle_id (&self->scroll_id, g_source_remove);
  else if (self->scroll_id == 0)
    self->scroll_id = g_timeout_add (SCROLL_INTERVAL_MS, scroll_cb, self);
}

static void
scroll_at_edge (GhLibraryDrag *self,
                int            y)
{
  int height = gtk_widget_get_allocated_height (GTK_WIDGET (self->tree));

  if (y < SCROLL_EDGE_PX)
    set_scrolling (self, -SCROLL_STEP_PX);
  else if (y > height - SCROLL_EDGE_PX)
    set_scrolling (self, SCROLL_STEP_PX);
  else
    set_scrolling (self, 0);
}

/* Those that are not on @host already. */
static GPtrArray *
collect_movable (GhLibraryDrag *self,
                 GhHost        *host)
{
  GPtrArray *machines = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; self->machines != NULL && i < self->machines->len; i++)
    {
      GhMachine *machine = g_ptr_array_index (self->machines, i);

      if (gh_machine_get_host (machine) != host && gh_machine_exists (machine))
        g_ptr_array_add (machines, g_object_ref (machine));
    }
  return machines;
}

/* The host whose heading or machine is there. */
static GhHost *
find_host_at (GhLibraryDrag *self,
              int            x,
              int            y)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;
  int bin_x = 0;
  int bin_y = 0;

  gtk_tree_view_convert_widget_to_bin_window_coords (self->tree, x, y, &bin_x, &bin_y);
  if (get_model (self) == NULL ||
      !gtk_tree_view_get_path_at_pos (self->tree, bin_x, bin_y, &path, NULL, NULL, NULL) ||
      !gtk_tree_model_get_iter (gtk_tree_view_get_model (self->tree), &iter, path))
    return NULL;
  return gh_library_model_get_host (get_model (self), &iter);
}

static void
highlight (GhLibraryDrag *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  if (self->host != NULL && gh_library_model_find_host (get_model (self), self->host, &iter))
    path = gtk_tree_model_get_path (gtk_tree_view_get_model (self->tree), &iter);
  gtk_tree_view_set_drag_dest_row (self->tree, path, GTK_TREE_VIEW_DROP_INTO_OR_AFTER);
}

static gboolean
drag_moved_cb (GhLibraryDrag  *self,
               GdkDragContext *context,
               int             x,
               int             y,
               guint           time)
{
  GhHost *host = NULL;

  if (gtk_drag_get_source_widget (context) != GTK_WIDGET (self->tree))
    return FALSE;

  scroll_at_edge (self, y);
  host = find_host_at (self, x, y);
  if (host != NULL)
    {
      g_autoptr (GPtrArray) machines = collect_movable (self, host);

      if (machines->len == 0)
        host = NULL;
    }
  if (g_set_object (&self->host, host))
    highlight (self);
  gdk_drag_status (context, host != NULL ? GDK_ACTION_MOVE : 0, time);
  return TRUE;
}

static void
drag_left_cb (GhLibraryDrag  *self,
              GdkDragContext *context,
              guint           time)
{
  /* Also said right before it is dropped: the host is found anew there. */
  forget_drop (self);
}

static gboolean
dropped_cb (GhLibraryDrag  *self,
            GdkDragContext *context,
            int             x,
            int             y,
            guint           time)
{
  g_autoptr (GPtrArray) machines = NULL;
  g_autoptr (GhHost) host = NULL;

  if (gtk_drag_get_source_widget (context) != GTK_WIDGET (self->tree))
    return FALSE;

  g_set_object (&host, find_host_at (self, x, y));
  machines = collect_movable (self, host);
  gtk_drag_finish (context, host != NULL && machines->len > 0, FALSE, time);
  if (host != NULL && machines->len > 0)
    g_signal_emit (self, signals[DROPPED], 0, machines, host);
  return TRUE;
}

static void
tree_destroyed_cb (GhLibraryDrag *self)
{
  set_scrolling (self, 0);
  self->tree = NULL;
}

static void
gh_library_drag_finalize (GObject *object)
{
  GhLibraryDrag *self = GH_LIBRARY_DRAG (object);

  g_clear_handle_id (&self->scroll_id, g_source_remove);
  g_clear_pointer (&self->machines, g_ptr_array_unref);
  g_clear_object (&self->host);
  G_OBJECT_CLASS (gh_library_drag_parent_class)->finalize (object);
}

static void
gh_library_drag_class_init (GhLibraryDragClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_library_drag_finalize;

  /**
   * GhLibraryDrag::dropped:
   * @machines: (element-type GhMachine): what was dropped
   * @host: where; none of them is there
   */
  signals[DROPPED] = g_signal_new ("dropped", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_PTR_ARRAY,
                                   GH_TYPE_HOST);
}

static void
gh_library_drag_init (GhLibraryDrag *self)
{
}

/**
 * gh_library_drag_new:
 * @tree: the list of a #GhLibraryView
 *
 * Returns: (transfer full): lets its machines be dragged
 */
GhLibraryDrag *
gh_library_drag_new (GtkTreeView *tree)
{
  GhLibraryDrag *self = NULL;
  static const struct
  {
    const char *signal;
    GCallback   callback;
  } handlers[] = {
    { "button-press-event", G_CALLBACK (button_pressed_cb) },
    { "button-release-event", G_CALLBACK (button_released_cb) },
    { "motion-notify-event", G_CALLBACK (pointer_moved_cb) },
    { "drag-begin", G_CALLBACK (drag_began_cb) },
    { "drag-end", G_CALLBACK (drag_ended_cb) },
    { "drag-motion", G_CALLBACK (drag_moved_cb) },
    { "drag-leave", G_CALLBACK (drag_left_cb) },
    { "drag-drop", G_CALLBACK (dropped_cb) },
    { "destroy", G_CALLBACK (tree_destroyed_cb) },
  };

  g_return_val_if_fail (GTK_IS_TREE_VIEW (tree), NULL);

  self = g_object_new (GH_TYPE_LIBRARY_DRAG, NULL);
  self->tree = tree;
  gtk_drag_dest_set (GTK_WIDGET (tree), 0, targets, G_N_ELEMENTS (targets), GDK_ACTION_MOVE);
  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_signal_connect_object (tree, handlers[i].signal, handlers[i].callback, self,
                             G_CONNECT_SWAPPED);
  return self;
}
