/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Moving a machine that is off: its disks and state are brought by volume streams, it is defined
 * there, and only then not any more here. */

#define G_LOG_DOMAIN "gh-migrate-off"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "gh-migrate-plan-private.h"

gboolean
gh_migrate_add_off_steps (GhMigratePlan *self,
                          GhPlanDraft   *draft)
{
  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, "off-not-supported",
                                                _("A machine that is off cannot be moved yet"),
                                                _("Start it, and move it while it runs.")));
  return FALSE;
}
