/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Why something cannot be chosen, where everybody reads it: a tooltip is not there by touch or by
 * keyboard, nor for who has the screen read out. */

/* @widget cannot be used as long as there is a @problem (nullable). It takes the place of the
 * subtitle of the HdyActionRow @widget is in, if it is in one. */
void  gh_problem_set      (GtkWidget *widget, const char *problem);
/* For several choices of one thing. */
char *gh_problem_dup_text (const char *const *choices, const char *const *problems, guint n);
void  gh_problem_show     (GtkLabel *label, const char *const *choices,
                           const char *const *problems, guint n);
/* As gh_problem_set(), but @widget can be used. */
void  gh_problem_in_row   (GtkWidget *widget, const char *problem);

G_END_DECLS
