/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A table of what excludes what, from the flags libvirt 9.0 and QEMU 7.2 accept together. Each row
 * is a pair of conditions that cannot hold at once; whoever is asked about is told why, in the
 * words for that side of the pair. */

#define G_LOG_DOMAIN "gh-migrate-rules"

#include "config.h"

#include "gh-migrate-rules.h"

#include <glib/gi18n-lib.h>

/* A condition: the option's value is one of a set. */
typedef struct
{
  GhMigrateOption option;
  guint           values; /* bits */
} Condition;

#define IS(name, value) { GH_MIGRATE_OPTION_ ## name, 1u << (value) }
#define IS_ANY(name, a, b) { GH_MIGRATE_OPTION_ ## name, 1u << (a) | 1u << (b) }
#define IS_ON(name) IS (name, 1)
#define IS_OFF(name) IS (name, 0)
/* Numbers that are set at all: see reduce(). */
#define IS_SET(name) IS_ANY (name, 1, 2)

typedef struct
{
  Condition   a;
  Condition   b;
  const char *why_not_a; /* what is said to who wants a while b holds; untranslated */
  const char *why_not_b;
} Rule;

static const char needs_running[] = N_("It is about how memory is moved while the machine runs.");
static const char off_would_lose[] = N_("What is chosen under “More options” is about a machine "
                                        "that runs.");
static const char tunnel_is_one[] = N_("Everything goes through one connection then.");

static const Rule rules[] = {
  /* Off: nothing of the run is moved. */
  { IS_OFF (LIVE), IS_ON (TEMPORARY),
    N_("A machine that is off is moved by its definition, which a temporary copy leaves here."),
    N_("Only a machine that runs can be moved without its definition.") },
  { IS_OFF (LIVE), IS_ANY (ROUTE, GH_MIGRATE_PEER, GH_MIGRATE_TUNNELLED), off_would_lose,
    N_("A machine that is off is moved by this program, through this computer.") },
  { IS_OFF (LIVE), IS_ON (AUTO_CONVERGE), off_would_lose, needs_running },
  { IS_OFF (LIVE), IS_ON (POST_COPY), off_would_lose, needs_running },
  { IS_OFF (LIVE), IS_ON (PARALLEL), off_would_lose, needs_running },
  { IS_OFF (LIVE), IS_ANY (COMPRESSION, GH_MIGRATE_XBZRLE, GH_MIGRATE_THREADS), off_would_lose,
    needs_running },
  { IS_OFF (LIVE), IS_SET (DOWNTIME), off_would_lose, needs_running },
  { IS_OFF (LIVE), IS_ON (TLS), off_would_lose,
    N_("The disks of a machine that is off go through the connections to the hosts, which are "
       "encrypted or not by themselves.") },
  { IS_OFF (LIVE), IS_SET (ADDRESS), off_would_lose,
    N_("The disks of a machine that is off go through the connections to the hosts.") },

  /* Through one port. */
  { IS (ROUTE, GH_MIGRATE_TUNNELLED), IS_ON (COPY_DISKS),
    N_("Disks cannot be copied through one port: only a machine whose disks both hosts share can "
       "be moved this way."),
    N_("Disks cannot be copied through one port. Choose another way first.") },
  { IS (ROUTE, GH_MIGRATE_TUNNELLED), IS_ON (PARALLEL), tunnel_is_one, tunnel_is_one },
  { IS (ROUTE, GH_MIGRATE_TUNNELLED), IS_ON (POST_COPY),
    N_("Post-copy needs a connection of its own between the hosts."),
    N_("Post-copy needs a connection of its own between the hosts, not one port.") },
  { IS (ROUTE, GH_MIGRATE_TUNNELLED), IS_SET (ADDRESS),
    N_("An address is set: clear it first. This way the data goes where the connection goes."),
    N_("The data goes where the connection goes: there is no address to choose.") },
  { IS (ROUTE, GH_MIGRATE_TUNNELLED), IS_ON (TLS),
    N_("The connection itself is encrypted, or not: TLS for the data alone is not possible."),
    N_("The connection itself is encrypted, or not: TLS for the data alone is not possible.") },

  /* What QEMU does not do together. */
  { IS_ON (PARALLEL), IS_ON (POST_COPY),
    N_("Several connections and post-copy do not go together."),
    N_("Several connections and post-copy do not go together.") },
  { IS_ON (PARALLEL), IS_ANY (COMPRESSION, GH_MIGRATE_XBZRLE, GH_MIGRATE_THREADS),
    N_("Several connections and compression do not go together."),
    N_("Several connections and compression do not go together.") },
  { IS_ON (POST_COPY), IS (COMPRESSION, GH_MIGRATE_THREADS),
    N_("Post-copy and compression by threads do not go together."),
    N_("Post-copy and compression by threads do not go together.") },
  { IS_OFF (PARALLEL), IS_SET (CONNECTIONS),
    N_("The number of connections is set: set it back first."),
    N_("Choose several connections first.") },
  /* The disks' server listens on a socket then, where QEMU has no TLS. */
  { IS_ANY (ADDRESS, 2, 3), IS_ON (TLS),
    N_("TLS is not possible over a UNIX socket."),
    N_("TLS is not possible over a UNIX socket.") },
};

/* Values as the table knows them. */
static guint
reduce (GhMigrateOption option,
        int             value)
{
  switch (option)
    {
    case GH_MIGRATE_OPTION_CONNECTIONS:
    case GH_MIGRATE_OPTION_BANDWIDTH:
    case GH_MIGRATE_OPTION_DOWNTIME:
      return value > 0 ? 1 : 0;
    default:
      return (guint) CLAMP (value, 0, 31);
    }
}

static gboolean
holds (const Condition       *condition,
       const GhMigrateChoice *choice)
{
  guint value = reduce (condition->option, choice->values[condition->option]);

  return (condition->values >> value & 1) != 0;
}

static const char *
find_state_problem (const GhMigrateChoice *choice,
                    GhMigrateOption        option,
                    int                    value)
{
  if (option == GH_MIGRATE_OPTION_LIVE && value != 0 && !choice->is_running)
    return _("The machine is off.");
  if (option == GH_MIGRATE_OPTION_LIVE && value == 0 && choice->is_running)
    return _("To move it while it is off, shut it down first.");
  return NULL;
}

/* What the presets are about, and what they say. */
static const GhMigrateOption preset_options[] = {
  GH_MIGRATE_OPTION_ROUTE, GH_MIGRATE_OPTION_AUTO_CONVERGE, GH_MIGRATE_OPTION_POST_COPY,
  GH_MIGRATE_OPTION_PARALLEL, GH_MIGRATE_OPTION_CONNECTIONS, GH_MIGRATE_OPTION_COMPRESSION,
  GH_MIGRATE_OPTION_DOWNTIME, GH_MIGRATE_OPTION_BANDWIDTH,
};

static const int presets[GH_MIGRATE_CUSTOM][G_N_ELEMENTS (preset_options)] = {
  { GH_MIGRATE_CLIENT, 1, 0, 0, 0, GH_MIGRATE_UNCOMPRESSED, 0, 0 },
  { GH_MIGRATE_CLIENT, 1, 0, 1, 4, GH_MIGRATE_UNCOMPRESSED, 1000, 0 },
  { GH_MIGRATE_TUNNELLED, 1, 0, 0, 0, GH_MIGRATE_UNCOMPRESSED, 0, 0 },
};

/* Of what the preset would set: what it cannot be with is then spoken of as what stands in its way,
 * and not the other way round. */
static const char *
find_preset_problem (const GhMigrateChoice *choice,
                     GhMigratePreset        preset)
{
  GhMigrateChoice wanted = *choice;

  gh_migrate_rules_apply_preset (&wanted, preset);
  for (guint i = 0; i < G_N_ELEMENTS (preset_options); i++)
    {
      const char *problem = gh_migrate_rules_find_problem (&wanted, preset_options[i],
                                                           wanted.values[preset_options[i]]);

      if (problem != NULL)
        return problem;
    }
  return gh_migrate_rules_check (&wanted, NULL);
}

const char *
gh_migrate_rules_find_problem (const GhMigrateChoice *choice,
                               GhMigrateOption        option,
                               int                    value)
{
  GhMigrateChoice wanted = *choice;
  const char *problem = find_state_problem (choice, option, value);

  g_return_val_if_fail (option < GH_MIGRATE_N_OPTIONS, NULL);

  if (problem != NULL)
    return problem;
  if (option == GH_MIGRATE_OPTION_PRESET)
    return find_preset_problem (choice, (GhMigratePreset) value);
  wanted.values[option] = value;
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      if (!holds (&rules[i].a, &wanted) || !holds (&rules[i].b, &wanted))
        continue;
      if (rules[i].a.option == option)
        return _(rules[i].why_not_a);
      if (rules[i].b.option == option)
        return _(rules[i].why_not_b);
    }
  return NULL;
}

const char *
gh_migrate_rules_check (const GhMigrateChoice *choice,
                        GhMigrateOption       *option)
{
  for (int i = 0; i < GH_MIGRATE_OPTION_PRESET; i++)
    {
      const char *problem = gh_migrate_rules_find_problem (choice, (GhMigrateOption) i,
                                                           choice->values[i]);

      if (problem == NULL)
        continue;
      if (option != NULL)
        *option = (GhMigrateOption) i;
      return problem;
    }
  return NULL;
}

void
gh_migrate_rules_apply_preset (GhMigrateChoice *choice,
                               GhMigratePreset  preset)
{
  if (preset >= GH_MIGRATE_CUSTOM)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (preset_options); i++)
    choice->values[preset_options[i]] = presets[preset][i];
}

GhMigratePreset
gh_migrate_rules_find_preset (const GhMigrateChoice *choice)
{
  for (int preset = 0; preset < GH_MIGRATE_CUSTOM; preset++)
    {
      GhMigrateChoice wanted = *choice;
      gboolean same = TRUE;

      gh_migrate_rules_apply_preset (&wanted, (GhMigratePreset) preset);
      for (guint i = 0; i < G_N_ELEMENTS (preset_options); i++)
        same = same && wanted.values[preset_options[i]] == choice->values[preset_options[i]];
      if (same)
        return (GhMigratePreset) preset;
    }
  return GH_MIGRATE_CUSTOM;
}
