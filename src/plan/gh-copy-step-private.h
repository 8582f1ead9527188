/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

/* What gh-copy-step.c shares with gh-copy-file.c and gh-copy-volume.c. */

#include "gh-image-copy.h"
#include "gh-step-task.h"
#include "gh-steps.h"

G_BEGIN_DECLS

/* Key of the object data that hold a cloud-init CD's user data. */
#define GH_COPY_USER_DATA "gh-user-data"

/* Data of the tasks that do and undo the step. */
typedef struct
{
  GhNewFile      *file;      /* (nullable) */
  GhCopyProgress *progress;
  guint           timer;
  gboolean        looking;   /* at a volume that grows */
  guint           n_tries;
} GhCopyWork;

static inline GhCopyWork *
get_work (GTask *task)
{
  return g_task_get_task_data (task);
}

/* gh-copy-step.c */
gboolean gh_copy_has_method        (GhStep *step, const char *method);
/* The command that makes the file, for methods convert and link. */
GStrv    gh_copy_dup_arguments     (GhStep *step);
char    *gh_copy_dup_volume_xml    (GhStep *step);
/* It is there, and whole: the pool that lists it is told. */
void     gh_copy_finish            (GTask *task);
/* Something else is there. */
void     gh_copy_return_exists     (GTask *task);
/* Ends in one of the two …_remove (). Half an image is of no use to anybody, so nobody is asked. */
void     gh_copy_remove_unused     (GTask *task);

/* gh-copy-file.c. Making takes the task, the others do not. */
void     gh_copy_file_make         (GTask *task);
void     gh_copy_file_undo         (GTask *task);
void     gh_copy_file_remove       (GTask *task);

/* gh-copy-volume.c. The same of a volume. */
void     gh_copy_volume_make       (GTask *task);
void     gh_copy_volume_undo       (GTask *task);
void     gh_copy_volume_remove     (GTask *task);
/* Whether its host is copying. */
gboolean gh_copy_volume_is_running (GhStep *step);

G_END_DECLS
