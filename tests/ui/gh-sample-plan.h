/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-plan.h"

G_BEGIN_DECLS

/* A plan that changes nothing but figures of its own, for the widgets that show plans. */
#define GH_TYPE_SAMPLE_PLAN (gh_sample_plan_get_type ())
G_DECLARE_FINAL_TYPE (GhSamplePlan, gh_sample_plan, GH, SAMPLE_PLAN, GhPlan)

typedef struct
{
  gboolean refuses;      /* until its fix was run */
  gboolean fix_fails;
  gboolean warns;
  gboolean fails;        /* the second step */
  gboolean fails_told;   /* the same, and what a log says of it is known */
  gboolean waits;        /* the second step, for gh_sample_plan_go_on() or a cancel */
  const char *doing;     /* (nullable): what it says meanwhile, not knowing how far it is */
  gboolean cannot_undo;  /* the first step */
  gboolean not_prepared; /* preparing fails */
  guint    prepare_ms;   /* how long preparing takes */
  GhHost  *asked;        /* (unowned) (nullable): who it asks meanwhile */
} GhSampleTraits;

GhSamplePlan   *gh_sample_plan_new        (void);
GhSampleTraits *gh_sample_plan_get_traits (GhSamplePlan *self); /* change, then invalidate */
void            gh_sample_plan_set_text   (GhSamplePlan *self, const char *text);
guint           gh_sample_plan_get_n_prepared (GhSamplePlan *self); /* begun */
guint           gh_sample_plan_get_made   (GhSamplePlan *self); /* steps done and not undone */
void            gh_sample_plan_go_on      (GhSamplePlan *self);

G_END_DECLS
