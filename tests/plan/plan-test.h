/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host.h"
#include "gh-plan.h"
#include "gh-test.h"

G_BEGIN_DECLS

/* Aids of the tests of plans, over hosts of the test driver. */

/* A connected host of its own. @xml (nullable): a <node> document, else one with a running machine
 * “test” and an empty pool “default-pool”. */
GhHost     *plan_test_new_host       (const char *xml);
/* Everything on it: “machine NAME STATE”, “pool NAME”, “volume PATH”, sorted. */
GStrv       plan_test_list_inventory (GhHost *host);
void        plan_test_assert_inventory (GhHost *host, GStrv expected);
GhMachine  *plan_test_get_machine    (GhHost *host, const char *name);

/* A plan of given steps. */
#define PLAN_TEST_TYPE_PLAN (plan_test_plan_get_type ())
G_DECLARE_FINAL_TYPE (PlanTestPlan, plan_test_plan, PLAN_TEST, PLAN, GhPlan)

/* Takes the steps; NULL-terminated. They are used for one preparation and one run. */
GhPlan     *plan_test_plan_new       (GhHost *host, GhStep *first, ...) G_GNUC_NULL_TERMINATED;

gboolean    plan_test_prepare        (GhPlan *plan, GError **error);
gboolean    plan_test_run            (GhPlan *plan, GError **error);
GhCheck    *plan_test_find_check     (GhPlan *plan, const char *id); /* (nullable) */
GPtrArray  *plan_test_load_interrupted (void);
guint       plan_test_count_journals (void);

gboolean    plan_test_do             (GhStep *step, GhHost *host, GError **error);
gboolean    plan_test_undo           (GhStep *step, GhHost *host, GError **error);

/* The small machine of these tests; @disk (nullable): a path. */
char       *plan_test_dup_xml        (const char *uuid, const char *name, const char *disk);

G_END_DECLS
