/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Whether what options of a move are about is there: one that names nothing would be ignored, and
 * the machine be moved as nobody asked for. */

#define G_LOG_DOMAIN "gh-cli-migrate"

#include "config.h"

#include "gh-cli-migrate-private.h"

#include <glib/gi18n.h>
#include <string.h>

typedef enum
{
  NAME_DISK,
  NAME_NETWORK,
  NAME_DEVICE,
} NameKind;

static void
add_name (GPtrArray  *names,
          const char *name)
{
  if (name != NULL && !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
    g_ptr_array_add (names, g_strdup (name));
}

static void
add_names (GPtrArray     *names,
           GhMigratePlan *plan,
           NameKind       kind)
{
  GPtrArray *disks = gh_migrate_plan_get_disks (plan);
  GPtrArray *networks = gh_migrate_plan_get_networks (plan);
  g_auto (GStrv) devices = NULL;

  if (disks == NULL || networks == NULL)
    return;
  if (kind == NAME_DISK)
    for (guint i = 0; i < disks->len; i++)
      add_name (names, ((GhMigrateDisk *) g_ptr_array_index (disks, i))->target);
  else if (kind == NAME_NETWORK)
    for (guint i = 0; i < networks->len; i++)
      add_name (names, ((GhMigrateNetwork *) g_ptr_array_index (networks, i))->name);
  else
    {
      devices = gh_migrate_plan_dup_devices (plan);
      for (guint i = 0; devices[i] != NULL; i++)
        add_name (names, devices[i]);
    }
}

static char *
dup_sentence (NameKind    kind,
              const char *name,
              GPtrArray  *names)
{
  g_autofree char *there = NULL;

  if (names->len == 0)
    there = g_strdup (_("none"));
  else
    {
      g_ptr_array_add (names, NULL);
      there = g_strjoinv (", ", (char **) names->pdata);
    }
  switch (kind)
    {
    case NAME_DISK:
      /* Translators: a name that was entered; the names that there are. */
      return g_strdup_printf (_("--disk: there is no disk “%s”; there are: %s"), name, there);
    case NAME_NETWORK:
      return g_strdup_printf (_("--network: the machine is on no network, bridge or interface "
                                "“%s”; it is on: %s"), name, there);
    case NAME_DEVICE:
    default:
      return g_strdup_printf (_("--drop-device: there is no device “%s”; there are: %s"), name,
                              there);
    }
}

static char *
find_stray (GPtrArray *plans,
            GStrv      entered,
            NameKind   kind)
{
  g_autoptr (GPtrArray) names = NULL;

  if (entered == NULL)
    return NULL;
  names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < plans->len; i++)
    add_names (names, g_ptr_array_index (plans, i), kind);
  for (guint i = 0; entered[i] != NULL; i++)
    {
      g_autofree char *name = g_strndup (entered[i], kind == NAME_DEVICE
                                                     ? strlen (entered[i])
                                                     : strcspn (entered[i], "="));

      if (!g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        return dup_sentence (kind, name, names);
    }
  return NULL;
}

/**
 * gh_cli_migrate_find_stray:
 * @self: the command line
 * @plans: (element-type GhMigratePlan): the moves of one line
 * @disks: (nullable): what was entered: TARGET=…
 * @paths: (nullable): TARGET=…
 * @networks: (nullable): NAME=…
 * @dropped: (nullable): names of devices
 *
 * Looks at all machines. Of several, it is enough that one of them has what is named. What cannot
 * be looked at is told when it is to be moved.
 *
 * Returns: (transfer full) (nullable): what is named and not there, with what is: a sentence
 */
char *
gh_cli_migrate_find_stray (GhCli     *self,
                           GPtrArray *plans,
                           GStrv      disks,
                           GStrv      paths,
                           GStrv      networks,
                           GStrv      dropped)
{
  char *stray = NULL;

  if (disks == NULL && paths == NULL && networks == NULL && dropped == NULL)
    return NULL;
  for (guint i = 0; i < plans->len; i++)
    {
      GhPlan *plan = g_ptr_array_index (plans, i);

      if (!gh_cli_prepare_plan (self, plan, NULL) ||
          gh_migrate_plan_get_disks (g_ptr_array_index (plans, i)) == NULL)
        return NULL;
    }
  stray = find_stray (plans, disks, NAME_DISK);
  if (stray == NULL)
    stray = find_stray (plans, paths, NAME_DISK);
  if (stray == NULL)
    stray = find_stray (plans, networks, NAME_NETWORK);
  if (stray == NULL)
    stray = find_stray (plans, dropped, NAME_DEVICE);
  return stray;
}
