/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

/* The tasks in which steps do and undo what they are for: see gh-step-task.c. */

#include "gh-step-private.h"

G_BEGIN_DECLS

/* What a step goes on with. The task is the caller's. */
typedef void (*GhStepTaskFunc) (GTask *task);

GTask   *gh_step_task_new           (GhStep              *step,
                                     GhHost              *host,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data);
GTask   *gh_step_task_new_undo      (GhStep              *step,
                                     GhHost              *host,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data);
GhHost  *gh_step_task_get_host      (GTask               *task);
gboolean gh_step_task_is_undoing    (GTask               *task);
void     gh_step_task_end           (GTask               *task,
                                     gboolean             ok,
                                     GError             **error);
void     gh_step_task_save          (GTask               *task,
                                     GhStepTaskFunc       next);
void     gh_step_undo_nothing_async (GhStep              *step,
                                     GhHost              *host,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data);

/* Short, as every callback of a step is full of them. */

static inline GhStep *
get_step (GTask *task)
{
  return GH_STEP (g_task_get_source_object (task));
}

static inline GhHost *
get_host (GTask *task)
{
  return gh_step_task_get_host (task);
}

static inline gboolean
is_undoing (GTask *task)
{
  return gh_step_task_is_undoing (task);
}

G_END_DECLS
