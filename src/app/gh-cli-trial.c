/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Trials: try, discard, keep. */

#define G_LOG_DOMAIN "gh-cli-trial"

#include "config.h"

#include "gh-cli-private.h"

#include <glib/gi18n.h>

#include "gh-clone-plan.h"
#include "gh-delete-plan.h"
#include "gh-keep-plan.h"

GhCliStatus
gh_cli_try (GhCli      *self,
            const char *verb,
            int         argc,
            char      **argv)
{
  g_autofree char *name = NULL;
  g_autofree char *snapshot = NULL;
  gboolean no_network = FALSE;
  gboolean no_start = FALSE;
  const GOptionEntry entries[] = {
    { "snapshot", 0, 0, G_OPTION_ARG_STRING, &snapshot,
      N_("Try what this snapshot keeps"), N_("NAME") },
    { "no-network", 0, 0, G_OPTION_ARG_NONE, &no_network,
      N_("With unplugged network cables"), NULL },
    { "no-start", 0, 0, G_OPTION_ARG_NONE, &no_start, N_("Do not start it"), NULL },
    { "name", 0, 0, G_OPTION_ARG_STRING, &name, N_("Name of the trial"), N_("NAME") },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 1, 0, argc, argv, &error);
  g_autoptr (GhClonePlan) plan = NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = gh_cli_open_machine (self, words, &error, &status);

  if (machine == NULL)
    return status;
  plan = gh_clone_plan_new_trial (machine, snapshot, !no_network);
  g_object_set (plan, "start", !no_start, NULL);
  if (name != NULL)
    g_object_set (plan, "name", name, NULL);
  return gh_cli_run_plan (self, GH_PLAN (plan));
}

GhCliStatus
gh_cli_discard (GhCli      *self,
                const char *verb,
                int         argc,
                char      **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, NULL, 1, 0, argc, argv, &error);
  g_autoptr (GhDeletePlan) plan = NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = gh_cli_open_machine (self, words, &error, &status);

  if (machine == NULL)
    return status;
  plan = gh_delete_plan_new_discard (machine);
  return gh_cli_run_plan (self, GH_PLAN (plan));
}

GhCliStatus
gh_cli_keep (GhCli      *self,
             const char *verb,
             int         argc,
             char      **argv)
{
  g_autofree char *name = NULL;
  gboolean no_network = FALSE;
  gboolean template = FALSE;
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &name, N_("Name of the machine"), N_("NAME") },
    { "no-network", 0, 0, G_OPTION_ARG_NONE, &no_network,
      N_("Leave the network cables unplugged"), NULL },
    { "template", 0, 0, G_OPTION_ARG_NONE, &template,
      N_("The original becomes a template, and gets no new disks"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 1, 0, argc, argv, &error);
  g_autoptr (GhKeepPlan) plan = NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = gh_cli_open_machine (self, words, &error, &status);

  if (machine == NULL)
    return status;
  plan = gh_keep_plan_new (machine);
  g_object_set (plan, "network", !no_network, NULL);
  if (name != NULL)
    g_object_set (plan, "name", name, NULL);
  if (template)
    g_object_set (plan, "parent", GH_CLONE_PARENT_TEMPLATE, NULL);
  return gh_cli_run_plan (self, GH_PLAN (plan));
}
