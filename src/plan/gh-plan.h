/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-check.h"
#include "gh-host.h"
#include "gh-step.h"

G_BEGIN_DECLS

typedef enum
{
  GH_PLAN_EDITING,    /* inputs may change; not prepared, or outdated */
  GH_PLAN_PREPARING,
  GH_PLAN_PREPARED,   /* checks and steps are those of the inputs */
  GH_PLAN_RUNNING,
  GH_PLAN_UNDOING,
  GH_PLAN_ENDED,      /* see the outcome */
} GhPlanState;

typedef enum
{
  GH_OUTCOME_NONE,
  GH_OUTCOME_DONE,
  GH_OUTCOME_UNDONE,         /* failed or cancelled, and everything is as it was */
  GH_OUTCOME_UNDONE_IN_PART, /* failed or cancelled, and something is left: gh_plan_get_left() */
} GhOutcome;

#define GH_TYPE_PLAN (gh_plan_get_type ())
G_DECLARE_DERIVABLE_TYPE (GhPlan, gh_plan, GH, PLAN, GObject)

/**
 * GhPlanClass:
 * @kind: "create"
 * @prepare_async: reads what it needs, changes nothing, and fills a GhPlanDraft; a GTask with the
 *   plan as source that returns the draft
 * @dup_title: “Create “web-1””
 * @verb: on the button, untranslated: “Create”
 * @get_verb: (nullable): where that depends on what was prepared
 * @goes_on: a failing step does not stop the plan and nothing is undone: what it could not do is
 *   left, for plans that are an undoing themselves
 * @dup_record: (nullable): what its journal holds, for a plan that goes on with another's journal
 * @add_json: (nullable): adds to what --json prints what only plans of its kind have
 * @explain_async: (nullable): says what an error of libvirt in a step, or in undoing it, means: a
 *   GTask with the plan as source that returns the error to be shown instead, and does not fail
 * @unrecorded: it keeps no journal: its steps are plans themselves, which keep theirs
 * @get_asked: (nullable): the host whose answers a preparation waits for, beside its own
 * @keeps_finished: (nullable): whether a run that fails or is cancelled keeps the groups of steps
 *   that are done as a whole, with the steps that are in no group; else everything is undone
 *
 * Properties: "host" (construct, and while EDITING), "state", "outcome", "fraction", "status-text".
 * Signals: "prepared", "step-changed" (GhStep *), "ended".
 */
typedef struct
{
  GPtrArray *checks; /* (element-type GhCheck) */
  GPtrArray *steps;  /* (element-type GhStep) */
} GhPlanDraft;

struct _GhPlanClass
{
  GObjectClass parent_class;

  const char *kind;
  const char *verb;
  gboolean    goes_on;
  gboolean    unrecorded;
  char       *(*dup_title)     (GhPlan *self);
  const char *(*get_verb)      (GhPlan *self);
  void        (*prepare_async) (GhPlan *self, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
  JsonNode   *(*dup_record)    (GhPlan *self);
  void        (*add_json)      (GhPlan *self, JsonObject *object);
  gboolean    (*keeps_finished) (GhPlan *self);
  void        (*explain_async) (GhPlan *self, GhStep *step, const GError *error,
                                GAsyncReadyCallback callback, gpointer user_data);
  GhHost     *(*get_asked)     (GhPlan *self);
};

GhPlanDraft  *gh_plan_draft_new     (void);
void          gh_plan_draft_free    (GhPlanDraft *self);
void          gh_plan_draft_add_check (GhPlanDraft *self, GhCheck *check); /* transfer full */
void          gh_plan_draft_add_step  (GhPlanDraft *self, GhStep *step);   /* transfer full */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhPlanDraft, gh_plan_draft_free)

GhHost       *gh_plan_get_host      (GhPlan *self);
GhHost       *gh_plan_get_asked     (GhPlan *self);       /* nullable: by preparing; not its own */
/* NULL without such a host. */
char         *gh_plan_dup_asking    (GhPlan *self);
const char   *gh_plan_get_kind      (GhPlan *self);
const char   *gh_plan_get_id        (GhPlan *self);       /* a UUID, names the journal */
char         *gh_plan_dup_title     (GhPlan *self);
const char   *gh_plan_get_verb      (GhPlan *self);       /* translated */
GhPlanState   gh_plan_get_state     (GhPlan *self);
GhOutcome     gh_plan_get_outcome   (GhPlan *self);
double        gh_plan_get_fraction  (GhPlan *self);       /* 0 to 1 */
char         *gh_plan_dup_status    (GhPlan *self);       /* what it does now, or how it ended */
const GError *gh_plan_get_error     (GhPlan *self);       /* why it ended so; nullable */
GPtrArray    *gh_plan_get_checks    (GhPlan *self);       /* worst first */
GPtrArray    *gh_plan_get_steps     (GhPlan *self);
GStrv         gh_plan_get_left      (GhPlan *self);       /* nullable: what is left, and why */
gboolean      gh_plan_is_in_doubt   (GhPlan *self);       /* its journal is kept */
gboolean      gh_plan_needs_host    (GhPlan *self, GhHost *host);
GStrv         gh_plan_get_kept      (GhPlan *self);       /* nullable: groups, and what stayed */
GhCheckLevel  gh_plan_get_worst     (GhPlan *self);
gint64        gh_plan_get_end_time  (GhPlan *self);       /* µs since the epoch; 0 before */
gboolean      gh_plan_can_cancel    (GhPlan *self);       /* FALSE once a final step has begun */

/* To be called by subclasses when an input changes: back to EDITING. */
void          gh_plan_invalidate    (GhPlan *self);

void          gh_plan_prepare_async  (GhPlan *self, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_plan_prepare_finish (GhPlan *self, GAsyncResult *result, GError **error);

/* Prepares anew, refuses while a refusal stands (G_IO_ERROR_PERMISSION_DENIED), and when a plan
 * that was prepared before now warns of something, or would do something final, that was not
 * there then (the same error; the plan is PREPARED and can be looked at). Runs the steps, undoes
 * them on failure or cancel. TRUE only for GH_OUTCOME_DONE. A plan that ended otherwise may be
 * invalidated, prepared and run again. */
void          gh_plan_run_async      (GhPlan *self, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_plan_run_finish     (GhPlan *self, GAsyncResult *result, GError **error);
void          gh_plan_cancel         (GhPlan *self);

/* The one document of --json: checks, steps, outcome, left. */
JsonNode     *gh_plan_to_json        (GhPlan *self);

G_END_DECLS
