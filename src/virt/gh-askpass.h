/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-question.h"

G_BEGIN_DECLS

/**
 * GhAskpassFunc:
 * @question: what is asked; it may be answered at any time after
 * @user_data: as given
 *
 * Shows a question. One at a time: the next one comes when this one is closed.
 */
typedef void (*GhAskpassFunc) (GhQuestion *question,
                               gpointer    user_data);

gboolean gh_askpass_start     (GhAskpassFunc ask, gpointer user_data, GError **error);
void     gh_askpass_stop      (void);
guint    gh_askpass_get_n_waiting (void);
/* Whether anything is asked just now. Any thread. */
gboolean gh_askpass_is_asking (void);

/* From connections, by their folder. */
void     gh_askpass_withdraw  (const char *folder);
void     gh_askpass_accepted  (const char *folder);
void     gh_askpass_forget    (const char *folder);
gboolean gh_askpass_was_cancelled (const char *folder);

G_END_DECLS
