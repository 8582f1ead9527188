/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host.h"

G_BEGIN_DECLS

/* Processors that several hosts can give a machine. @xml: the machine's document, for its
 * architecture, machine type and kind of virtualization. */

/* What the host has at most: a <cpu>. */
void  gh_host_load_cpu_model_async  (GhHost *host, const char *xml, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
char *gh_host_load_cpu_model_finish (GhHost *host, GAsyncResult *result, GError **error);
/* What all of @cpus have, as the host computes it: a <cpu>. */
void  gh_host_join_cpus_async       (GhHost *host, const char *xml, const char * const *cpus,
                                     GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data);
char *gh_host_join_cpus_finish      (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
