/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-lab-plan"

#include "gh-lab-plan.h"

#include "gh-test.h"

GhHost *
gh_lab_plan_connect (const char *uri)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;
  GhHost *host = gh_host_new (uri);

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return host;
}

void
gh_lab_plan_prepare (GhPlan *plan)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_plan_prepare_async (plan, NULL, gh_test_call_cb, &call);
  gh_plan_prepare_finish (plan, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}
