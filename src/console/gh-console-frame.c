/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-console-frame"

#include "config.h"

#include "gh-console-frame.h"

/* Holds a display. A SpiceDisplay that scales asks for 640 × 480 at least, and would so keep
 * the whole window from getting narrow; while it shrinks, the frame asks for nothing in its name
 * and gives it the room there is. */
struct _GhConsoleFrame
{
  GtkBin   parent_instance;

  gboolean shrinks;
};

G_DEFINE_FINAL_TYPE (GhConsoleFrame, gh_console_frame, GTK_TYPE_BIN)

static void
gh_console_frame_get_preferred_width (GtkWidget *widget,
                                      int       *minimum,
                                      int       *natural)
{
  GTK_WIDGET_CLASS (gh_console_frame_parent_class)->get_preferred_width (widget, minimum, natural);
  if (GH_CONSOLE_FRAME (widget)->shrinks)
    {
      *minimum = 1;
      *natural = MAX (*natural, 1);
    }
}

static void
gh_console_frame_get_preferred_height (GtkWidget *widget,
                                       int       *minimum,
                                       int       *natural)
{
  GTK_WIDGET_CLASS (gh_console_frame_parent_class)->get_preferred_height (widget, minimum, natural);
  if (GH_CONSOLE_FRAME (widget)->shrinks)
    {
      *minimum = 1;
      *natural = MAX (*natural, 1);
    }
}

static void
gh_console_frame_size_allocate (GtkWidget     *widget,
                                GtkAllocation *allocation)
{
  GtkWidget *child = gtk_bin_get_child (GTK_BIN (widget));

  gtk_widget_set_allocation (widget, allocation);
  if (child != NULL && gtk_widget_get_visible (child))
    gtk_widget_size_allocate (child, allocation);
}

static void
gh_console_frame_class_init (GhConsoleFrameClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->get_preferred_width = gh_console_frame_get_preferred_width;
  widget_class->get_preferred_height = gh_console_frame_get_preferred_height;
  widget_class->size_allocate = gh_console_frame_size_allocate;
}

static void
gh_console_frame_init (GhConsoleFrame *self)
{
  gtk_widget_set_has_window (GTK_WIDGET (self), FALSE);
}

GtkWidget *
gh_console_frame_new (void)
{
  return g_object_new (GH_TYPE_CONSOLE_FRAME, "visible", TRUE, NULL);
}

void
gh_console_frame_set_shrinks (GhConsoleFrame *self,
                              gboolean        shrinks)
{
  if (self->shrinks == shrinks)
    return;
  self->shrinks = shrinks;
  gtk_widget_queue_resize (GTK_WIDGET (self));
}
