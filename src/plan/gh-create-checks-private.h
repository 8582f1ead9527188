/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

/* What gh-create-checks.c shares with the gh-create-check-….c of single subjects. */

#include <string.h>

#include "gh-create-plan-private.h"

G_BEGIN_DECLS

typedef struct
{
  GhCreatePlan         *plan;
  const GhCreateInputs *inputs;
  const GhCreateFacts  *facts;
  GhPlanDraft          *draft;
  gboolean              possible; /* the inputs make a machine at all */
} GhCreateChecker;

/* Takes @title and @detail. The check belongs to the draft. */
static inline GhCheck *
add (GhCreateChecker *self,
     GhCheckLevel     level,
     const char      *id,
     char            *title,
     char            *detail)
{
  GhCheck *check = gh_check_new (level, id, title, detail);

  gh_plan_draft_add_check (self->draft, check);
  g_free (title);
  g_free (detail);
  return check;
}

static inline gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

static inline gboolean
has_line_break (const char *text)
{
  return text != NULL && strpbrk (text, "\r\n") != NULL;
}

static inline const char *
get_host_label (GhCreateChecker *self)
{
  return gh_host_get_label (self->facts->host);
}

/* gh-create-check-files.c */
void gh_create_check_source   (GhCreateChecker *self);

/* gh-create-check-disk.c */
void gh_create_check_new_disk (GhCreateChecker *self);

/* gh-create-check-hardware.c */
void gh_create_check_memory   (GhCreateChecker *self);
void gh_create_check_cpus     (GhCreateChecker *self);
void gh_create_check_firmware (GhCreateChecker *self);
void gh_create_check_tpm      (GhCreateChecker *self);
void gh_create_check_network  (GhCreateChecker *self);
void gh_create_check_graphics (GhCreateChecker *self);

G_END_DECLS
