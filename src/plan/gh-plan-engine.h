/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

/* What the files of the engine share: gh-plan.c (the object), gh-plan-prepare.c, gh-plan-run.c,
 * gh-plan-take-back.c and gh-plan-record.c. Plans do not include this. */

#include "gh-journal-private.h"
#include "gh-plan-private.h"

G_BEGIN_DECLS

typedef struct
{
  GhHost       *host;       /* (nullable) */
  char         *id;
  GhPlanState   state;
  GhOutcome     outcome;
  double        fraction;
  char         *status;
  GError       *error;      /* (nullable): why it ended so */
  GPtrArray    *checks;     /* (element-type GhCheck) */
  GPtrArray    *steps;      /* (element-type GhStep) */
  GPtrArray    *left;       /* (element-type char) */
  GStrv         left_names; /* (nullable): the same, for whoever asks */
  GHashTable   *kept;       /* (nullable): the groups that are not undone, as pointers */
  GStrv         kept_names; /* (nullable) */
  gint64        start_time;
  gint64        end_time;

  /* What the last preparation showed, ids and titles; NULL before. */
  GHashTable   *shown;

  guint         serial;              /* of the preparation that counts */
  GCancellable *prepare_cancellable; /* (nullable) */
  GPtrArray    *waiters;             /* who wait for it; gh-plan-prepare.c knows what they are */

  GTask        *run_task;            /* (nullable) */
  GCancellable *run_cancellable;     /* (nullable) */
  GCancellable *outer_cancellable;   /* (nullable): the caller's */
  gulong        outer_id;
  GhJournal    *journal;             /* (nullable) */
  gboolean      journal_written;
  gboolean      keep_journal;        /* something left could still be taken back, or done */
  guint         index;               /* of the step at hand */
  gboolean      final_begun;
  gboolean      final_done;          /* no way back */
  gboolean      in_doubt;            /* neither forwards nor back for now */
  gboolean      held;                /* taken back no further than to what may have committed */
} GhPlanPrivate;

/* The object */

GhPlanPrivate *gh_plan_get_private       (GhPlan *self);
GhStep        *gh_plan_get_step          (GhPlan *self, guint index);
void           gh_plan_set_state         (GhPlan *self, GhPlanState state);
void           gh_plan_set_outcome       (GhPlan *self, GhOutcome outcome);
/* Takes @status. */
void           gh_plan_take_status       (GhPlan *self, char *status);
void           gh_plan_set_fraction      (GhPlan *self, double fraction);
void           gh_plan_update_fraction   (GhPlan *self);
void           gh_plan_accept_draft      (GhPlan *self, GhPlanDraft *draft);

/* Preparing */

void           gh_plan_waiter_free       (gpointer data);
void           gh_plan_start_preparation (GhPlan *self);
/* The preparation that runs no longer counts: those who wait for it are told so. */
void           gh_plan_drop_preparation  (GhPlan *self);

/* Running */

void           gh_plan_begin_run         (GhPlan *self);
/* Ends a run that has not begun. Takes @error. */
void           gh_plan_fail_run          (GhPlan *self, GError *error);
/* Nothing is left to be done or undone. */
void           gh_plan_end_run           (GhPlan *self);

/* Taking back */

/* From the step at hand backwards, because of @error. */
void           gh_plan_start_undo        (GhPlan *self, const GError *error);
void           gh_plan_add_left          (GhPlan *self, GhStep *step, const GError *error);
void           gh_plan_add_stayed        (GhPlan *self, GhStep *step, const GError *error);
void           gh_plan_remember_error    (GhPlan *self, const GError *error);
/* Whether undoing, which failed with @error, is to be tried again some other time. */
gboolean       gh_plan_can_retry         (const GError *error);

/* Whether the plan has words of its own for @error; then they are asked for, and given full. */
gboolean       gh_plan_explains          (GhPlan *self, const GError *error);
void           gh_plan_explain_async     (GhPlan *self, const GError *error,
                                          GAsyncReadyCallback callback);
GError        *gh_plan_explain_finish    (GhPlan *self, GAsyncResult *result);

/* The journal */

gboolean       gh_plan_keeps_finished    (GhPlan *self);
JsonNode      *gh_plan_dup_record        (GhPlan *self);
/* Writes where the plan is; then enters the fault point plan-PHASE-KIND-WHEN. */
void           gh_plan_write_journal     (GhPlan *self, const char *phase, const char *when,
                                          GAsyncReadyCallback callback);
/* Where @step acts. */
GhHost        *gh_plan_find_step_host    (GhPlan *self, GhStep *step);

G_END_DECLS
