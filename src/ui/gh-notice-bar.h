/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A sentence about what has just happened, which goes away by itself. */
#define GH_TYPE_NOTICE_BAR (gh_notice_bar_get_type ())
G_DECLARE_FINAL_TYPE (GhNoticeBar, gh_notice_bar, GH, NOTICE_BAR, GtkBin)

GtkWidget *gh_notice_bar_new  (void);
void       gh_notice_bar_show (GhNoticeBar *self, const char *text);

G_END_DECLS
