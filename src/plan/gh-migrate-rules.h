/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Which of libvirt's options for moving a machine go together: pure functions of what was chosen.
 * The dialog asks before it lets a choice be made, the plan before it starts. */

/**
 * GhMigrateRoute:
 * @GH_MIGRATE_CLIENT: this program talks to both hosts: no host needs to log in to the other, and
 *   the data goes directly from one to the other
 * @GH_MIGRATE_PEER: the source host logs in to the destination itself: it goes on when this
 *   computer is gone
 * @GH_MIGRATE_TUNNELLED: as PEER, and the data goes through that connection too: one port
 */
typedef enum
{
  GH_MIGRATE_CLIENT,
  GH_MIGRATE_PEER,
  GH_MIGRATE_TUNNELLED,
  GH_MIGRATE_N_ROUTES,
} GhMigrateRoute;

typedef enum
{
  GH_MIGRATE_UNCOMPRESSED,
  GH_MIGRATE_XBZRLE, /* only what changed in a page that was sent before */
  GH_MIGRATE_THREADS, /* pages by zlib, in several threads */
  GH_MIGRATE_N_COMPRESSIONS,
} GhMigrateCompression;

typedef enum
{
  GH_MIGRATE_SAFE,     /* the guest is slowed down if need be; can be cancelled at any time */
  GH_MIGRATE_FAST,     /* several connections, a longer pause */
  GH_MIGRATE_ONE_PORT, /* tunnelled */
  GH_MIGRATE_CUSTOM,   /* none of these */
  GH_MIGRATE_N_PRESETS,
} GhMigratePreset;

/* What may be chosen, for questions about it. Each has an int as its value: a boolean, an enum, or
 * (as marked) a number of which only 0 and others are told apart. */
typedef enum
{
  GH_MIGRATE_OPTION_LIVE,
  GH_MIGRATE_OPTION_TEMPORARY,
  GH_MIGRATE_OPTION_COPY_DISKS,    /* a disk's mode is GH_MIGRATE_DISK_COPIED */
  GH_MIGRATE_OPTION_ROUTE,         /* a GhMigrateRoute */
  GH_MIGRATE_OPTION_AUTO_CONVERGE,
  GH_MIGRATE_OPTION_POST_COPY,
  GH_MIGRATE_OPTION_PARALLEL,
  GH_MIGRATE_OPTION_CONNECTIONS,   /* number; 0: QEMU's default */
  GH_MIGRATE_OPTION_COMPRESSION,   /* a GhMigrateCompression */
  GH_MIGRATE_OPTION_BANDWIDTH,     /* number; 0: not limited */
  GH_MIGRATE_OPTION_DOWNTIME,      /* number; 0: QEMU's default */
  GH_MIGRATE_OPTION_TLS,
  GH_MIGRATE_OPTION_ADDRESS,       /* 1: an address of one's own is set, 2: it is a unix: one,
                                      3: a unix: one is used where nothing else is chosen */
  GH_MIGRATE_OPTION_PRESET,        /* a GhMigratePreset */
  GH_MIGRATE_N_OPTIONS,
} GhMigrateOption;

/* A choice of everything, and what it is made for. Plain data. */
typedef struct
{
  gboolean is_running; /* the machine, now */

  int      values[GH_MIGRATE_N_OPTIONS]; /* that of PRESET is not looked at */
} GhMigrateChoice;

/* Why @option cannot be given @value while all else stays as in @choice: a translated sentence;
 * NULL when it can. */
const char     *gh_migrate_rules_find_problem (const GhMigrateChoice *choice,
                                               GhMigrateOption        option,
                                               int                    value);
/* Whether all of @choice goes together. NULL when it does. @option (out) (nullable): of what the
 * sentence speaks. */
const char     *gh_migrate_rules_check        (const GhMigrateChoice *choice,
                                               GhMigrateOption       *option);

/* Sets what the preset is about; what it is not about (disks, temporary, address …) stays. CUSTOM
 * changes nothing. */
void            gh_migrate_rules_apply_preset (GhMigrateChoice *choice, GhMigratePreset preset);
GhMigratePreset gh_migrate_rules_find_preset  (const GhMigrateChoice *choice);

G_END_DECLS
