/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-machine.h"

G_BEGIN_DECLS

/* The CPU use of one machine over the last minutes. Holds its host's figures while it can be
   seen. */
#define GH_TYPE_CPU_GRAPH (gh_cpu_graph_get_type ())
G_DECLARE_FINAL_TYPE (GhCpuGraph, gh_cpu_graph, GH, CPU_GRAPH, GtkDrawingArea)

GtkWidget *gh_cpu_graph_new         (void);
void       gh_cpu_graph_set_machine (GhCpuGraph *self, GhMachine *machine);

G_END_DECLS
