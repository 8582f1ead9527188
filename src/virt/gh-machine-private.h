/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-figures.h"
#include "gh-host-private.h"
#include "gh-machine.h"

G_BEGIN_DECLS

GhMachine *gh_machine_new           (GhHost *host, const GhMachineRecord *record);
/* Whether anything the user sees changed. */
gboolean   gh_machine_apply         (GhMachine *self, const GhMachineRecord *record);
gboolean   gh_machine_set_state     (GhMachine *self, GhMachineState state);
gboolean   gh_machine_set_title     (GhMachine *self, const char *title);
gboolean   gh_machine_set_mark       (GhMachine *self, const GhMachineMark *mark);
gboolean   gh_machine_needs_title   (GhMachine *self);
void       gh_machine_set_size      (GhMachine *self, guint n_cpus, guint64 memory_kib);
void       gh_machine_set_started   (GhMachine *self, gint64 started_us);
gboolean   gh_machine_knows_start   (GhMachine *self);
void       gh_machine_set_busy      (GhMachine *self, const char *text);
void       gh_machine_set_gone      (GhMachine *self);
gboolean   gh_machine_add_cpu       (GhMachine *self, guint64 cpu_ns, gint64 time_us);

G_END_DECLS
