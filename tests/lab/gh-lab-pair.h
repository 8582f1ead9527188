/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-lab-net.h"

G_BEGIN_DECLS

/**
 * GhLabPair:
 *
 * Two hosts between which machines move, used by all tests of a program: a daemon that starts reads
 * what its QEMU can for seconds. Static and zero at first, but for @net and @qemu_conf.
 */
typedef struct
{
  GhLab     *a;
  GhLab     *b;
  char      *a_uri;
  char      *b_uri;
  GhLabNet  *net;       /* (nullable) (unowned): they are on */
  char      *qemu_conf; /* (nullable) (owned): settings of both */
} GhLabPair;

/* Both hosts as new, each with an empty pool “default”. FALSE: there is no guest to be had. */
gboolean     gh_lab_pair_open             (GhLabPair *self);
void         gh_lab_pair_close            (GhLabPair *self);
void         gh_lab_pair_remove_machines  (GhLab *lab);
void         gh_lab_pair_remove_pools     (GhLab *lab);

/* A tiny guest “web” with a disk of 64 MiB that is mostly holes, running at A. */
void         gh_lab_pair_start_guest      (GhLabPair *self, const char *devices);
/* A counter in the guest, in the shell itself: it goes on only when the guest's memory does. */
void         gh_lab_pair_start_counter    (GhLabPair *self);
/* The guest writes so many MiB over and over. */
void         gh_lab_pair_start_writing    (GhLabPair *self, guint mib);
/* Waits for three numbers that follow each other; the last one. */
guint64      gh_lab_pair_read_counter     (GhLab *lab);
/* Where “web” runs: nothing is active elsewhere, and for only, nothing is known of it. */
void         gh_lab_pair_assert_at        (GhLab *here, GhLab *elsewhere);
void         gh_lab_pair_assert_only_at   (GhLab *here, GhLab *elsewhere);
char        *gh_lab_pair_dup_xml          (GhLab *lab, const char *name, unsigned int flags);
void         gh_lab_pair_set_off          (GhLab *lab);
/* Waits until the move from A that @child makes copies disks, or memory. */
void         gh_lab_pair_wait_for_phase   (GhLabPair *self, GhLabChild *child, gboolean disks);

/* What a user would find on both; without what is named by the number of a run. */
typedef struct
{
  GStrv a;
  GStrv b;
} GhLabInventory;

void         gh_lab_inventory_clear       (GhLabInventory *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GhLabInventory, gh_lab_inventory_clear)
void         gh_lab_pair_take_inventory   (GhLabPair *self, GhLabInventory *inventory);
void         gh_lab_pair_assert_inventory (GhLabPair *self, GhLabInventory *inventory);
gboolean     gh_lab_pair_has_line         (GhLab *lab, const char *line);

/* Its output; a failure fails the test. */
char        *gh_lab_pair_run_tool         (const char *first, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
