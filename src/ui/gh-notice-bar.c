/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-notice-bar"

#include "config.h"

#include "gh-notice-bar.h"

/* Long enough to be read, twice. */
#define SHOWN_S 12

struct _GhNoticeBar
{
  GtkBin      parent_instance;

  GtkWidget  *bar;   /* (unowned) (nullable) */
  GtkLabel   *label; /* (unowned) (nullable) */
  guint       hide_id;
};

G_DEFINE_FINAL_TYPE (GhNoticeBar, gh_notice_bar, GTK_TYPE_BIN)

static void
hide_notice (GhNoticeBar *self)
{
  g_clear_handle_id (&self->hide_id, g_source_remove);
  gtk_info_bar_set_revealed (GTK_INFO_BAR (self->bar), FALSE);
}

static gboolean
due_cb (gpointer user_data)
{
  GhNoticeBar *self = user_data;

  self->hide_id = 0;
  hide_notice (self);
  return G_SOURCE_REMOVE;
}

static void
gh_notice_bar_destroy (GtkWidget *widget)
{
  GhNoticeBar *self = GH_NOTICE_BAR (widget);

  g_clear_handle_id (&self->hide_id, g_source_remove);
  self->bar = NULL;
  self->label = NULL;
  GTK_WIDGET_CLASS (gh_notice_bar_parent_class)->destroy (widget);
}

static void
gh_notice_bar_class_init (GhNoticeBarClass *klass)
{
  GTK_WIDGET_CLASS (klass)->destroy = gh_notice_bar_destroy;
}

static void
gh_notice_bar_init (GhNoticeBar *self)
{
  self->bar = gtk_info_bar_new ();
  self->label = GTK_LABEL (gtk_label_new (NULL));
  g_object_set (self->label, "wrap", TRUE, "xalign", 0.0, NULL);
  gtk_info_bar_set_show_close_button (GTK_INFO_BAR (self->bar), TRUE);
  gtk_info_bar_set_revealed (GTK_INFO_BAR (self->bar), FALSE);
  gtk_container_add (GTK_CONTAINER (gtk_info_bar_get_content_area (GTK_INFO_BAR (self->bar))),
                     GTK_WIDGET (self->label));
  g_signal_connect_object (self->bar, "response", G_CALLBACK (hide_notice), self,
                           G_CONNECT_SWAPPED);
  gtk_widget_show_all (self->bar);
  gtk_container_add (GTK_CONTAINER (self), self->bar);
}

GtkWidget *
gh_notice_bar_new (void)
{
  return g_object_new (GH_TYPE_NOTICE_BAR, "visible", TRUE, NULL);
}

/**
 * gh_notice_bar_show:
 * @self: a bar
 * @text: the sentence
 */
void
gh_notice_bar_show (GhNoticeBar *self,
                    const char  *text)
{
  g_return_if_fail (GH_IS_NOTICE_BAR (self));

  gtk_label_set_label (self->label, text);
  gtk_info_bar_set_revealed (GTK_INFO_BAR (self->bar), TRUE);
  g_clear_handle_id (&self->hide_id, g_source_remove);
  self->hide_id = g_timeout_add_seconds (SHOWN_S, due_cb, self);
}
