/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-lab.h"

G_BEGIN_DECLS

/**
 * GhLabNet:
 *
 * Two computers and a line between them: network namespaces with a name and an address each,
 * without root. Daemons are placed on them; sockets in the file system are reached from everywhere,
 * so what goes over the line is what the hosts send each other.
 */
typedef struct _GhLabNet GhLabNet;

typedef enum
{
  GH_LAB_NET_A,
  GH_LAB_NET_B,
} GhLabNetEnd;

/* NULL: it cannot be had here; the tests should be marked as skipped. */
GhLabNet    *gh_lab_net_new         (void);
void         gh_lab_net_free        (GhLabNet *self);
/* Before the lab's daemon starts. */
void         gh_lab_net_place       (GhLabNet *self, GhLab *lab, GhLabNetEnd end);
const char  *gh_lab_net_get_address (GhLabNetEnd end);

/* The line: as if the cable was pulled out, or in again. */
void         gh_lab_net_set_up      (GhLabNet *self, gboolean up);
/* KiB per second from A to B; 0: as fast as it can be. */
void         gh_lab_net_set_rate    (GhLabNet *self, guint kib_per_s);
/* Bytes that have arrived at B. */
guint64      gh_lab_net_get_arrived (GhLabNet *self);

G_END_DECLS
