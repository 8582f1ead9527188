/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Every combination there is, against the rules written down once more as plain conditions. */

#include "config.h"

#include <glib.h>

#include "gh-migrate-rules.h"

static const int n_values[GH_MIGRATE_N_OPTIONS] = {
  [GH_MIGRATE_OPTION_LIVE] = 2, [GH_MIGRATE_OPTION_TEMPORARY] = 2,
  [GH_MIGRATE_OPTION_COPY_DISKS] = 2, [GH_MIGRATE_OPTION_ROUTE] = GH_MIGRATE_N_ROUTES,
  [GH_MIGRATE_OPTION_AUTO_CONVERGE] = 2, [GH_MIGRATE_OPTION_POST_COPY] = 2,
  [GH_MIGRATE_OPTION_PARALLEL] = 2, [GH_MIGRATE_OPTION_CONNECTIONS] = 2,
  [GH_MIGRATE_OPTION_COMPRESSION] = GH_MIGRATE_N_COMPRESSIONS,
  [GH_MIGRATE_OPTION_BANDWIDTH] = 2, [GH_MIGRATE_OPTION_DOWNTIME] = 2,
  [GH_MIGRATE_OPTION_TLS] = 2, [GH_MIGRATE_OPTION_ADDRESS] = 4,
  [GH_MIGRATE_OPTION_PRESET] = 1,
};

#define V(name) choice->values[GH_MIGRATE_OPTION_ ## name]

/* What libvirt and QEMU refuse, and what makes no sense. */
static gboolean
is_legal (const GhMigrateChoice *choice)
{
  gboolean tunnelled = V (ROUTE) == GH_MIGRATE_TUNNELLED;
  gboolean typed = V (ADDRESS) == 1 || V (ADDRESS) == 2;

  if ((V (LIVE) != 0) != choice->is_running)
    return FALSE;
  if (!V (LIVE) && (V (TEMPORARY) || V (ROUTE) != GH_MIGRATE_CLIENT || V (AUTO_CONVERGE) ||
                    V (POST_COPY) || V (PARALLEL) || V (COMPRESSION) || V (DOWNTIME) || V (TLS) ||
                    typed))
    return FALSE;
  if (tunnelled && (V (COPY_DISKS) || V (PARALLEL) || V (POST_COPY) || typed || V (TLS)))
    return FALSE;
  if (V (PARALLEL) && (V (POST_COPY) || V (COMPRESSION)))
    return FALSE;
  if (V (POST_COPY) && V (COMPRESSION) == GH_MIGRATE_THREADS)
    return FALSE;
  if (V (CONNECTIONS) && !V (PARALLEL))
    return FALSE;
  return !(V (ADDRESS) >= 2 && V (TLS));
}

/* FALSE when all have been. */
static gboolean
next_choice (GhMigrateChoice *choice)
{
  for (int i = 0; i < GH_MIGRATE_N_OPTIONS; i++)
    {
      if (++choice->values[i] < n_values[i])
        return TRUE;
      choice->values[i] = 0;
    }
  return FALSE;
}

static void
test_all (void)
{
  guint n_legal = 0;
  guint n_all = 0;

  for (guint state = 0; state < 2; state++)
    {
      GhMigrateChoice choice = { .is_running = state != 0 };

      do
        {
          GhMigrateOption option = GH_MIGRATE_N_OPTIONS;
          const char *problem = gh_migrate_rules_check (&choice, &option);

          g_assert_cmpint (problem == NULL, ==, is_legal (&choice));
          g_assert_cmpint (problem == NULL, ==, option == GH_MIGRATE_N_OPTIONS);
          n_legal += problem == NULL ? 1 : 0;
          n_all++;
        }
      while (next_choice (&choice));
    }
  g_test_message ("%u of %u combinations go together", n_legal, n_all);
  g_assert_cmpuint (n_legal, >, 100);
}

/* From every legal choice, by every single step: refused when it leads to an illegal one. */
static void
test_each_step (void)
{
  for (guint state = 0; state < 2; state++)
    {
      GhMigrateChoice choice = { .is_running = state != 0 };

      do
        {
          if (!is_legal (&choice))
            continue;
          for (int i = 0; i < GH_MIGRATE_OPTION_PRESET; i++)
            for (int value = 0; value < n_values[i]; value++)
              {
                GhMigrateChoice wanted = choice;
                const char *problem = gh_migrate_rules_find_problem (&choice, (GhMigrateOption) i,
                                                                     value);

                wanted.values[i] = value;
                g_assert_cmpint (problem == NULL, ==, is_legal (&wanted));
              }
        }
      while (next_choice (&choice));
    }
}

static void
test_presets (void)
{
  GhMigrateChoice choice = { .is_running = TRUE };

  choice.values[GH_MIGRATE_OPTION_LIVE] = 1;
  for (int i = 0; i < GH_MIGRATE_CUSTOM; i++)
    {
      gh_migrate_rules_apply_preset (&choice, (GhMigratePreset) i);
      g_assert_cmpint (gh_migrate_rules_find_preset (&choice), ==, i);
      g_assert_null (gh_migrate_rules_check (&choice, NULL));
    }
  choice.values[GH_MIGRATE_OPTION_BANDWIDTH] = 100;
  g_assert_cmpint (gh_migrate_rules_find_preset (&choice), ==, GH_MIGRATE_CUSTOM);
  gh_migrate_rules_apply_preset (&choice, GH_MIGRATE_CUSTOM);
  g_assert_cmpint (choice.values[GH_MIGRATE_OPTION_BANDWIDTH], ==, 100);

  /* Through one port, disks cannot be copied; the presets say so before they are taken. */
  choice.values[GH_MIGRATE_OPTION_COPY_DISKS] = 1;
  g_assert_nonnull (gh_migrate_rules_find_problem (&choice, GH_MIGRATE_OPTION_PRESET,
                                                   GH_MIGRATE_ONE_PORT));
  g_assert_null (gh_migrate_rules_find_problem (&choice, GH_MIGRATE_OPTION_PRESET,
                                                GH_MIGRATE_FAST));
  g_assert_null (gh_migrate_rules_find_problem (&choice, GH_MIGRATE_OPTION_PRESET,
                                                GH_MIGRATE_SAFE));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/migrate-rules/all", test_all);
  g_test_add_func ("/migrate-rules/each-step", test_each_step);
  g_test_add_func ("/migrate-rules/presets", test_presets);
  return g_test_run ();
}
