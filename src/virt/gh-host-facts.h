/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _GhHost GhHost;

/**
 * GhHostFacts:
 *
 * What a host is and how busy it was when it was asked: virConnectGetHostname(), -GetVersion(),
 * -GetLibVersion(), virNodeGetInfo(), -GetFreeMemory(), -GetCPUStats(). Immutable and reference
 * counted; any thread.
 */
typedef struct
{
  char    *hostname;         /* (nullable): its own name for itself */
  char    *driver;           /* (nullable): "QEMU" */
  char    *driver_version;   /* (nullable): "7.2.22"; NULL without an emulator */
  char    *libvirt_version;  /* (nullable): of its daemon */
  char    *processor;        /* (nullable): "x86_64" */
  guint    n_cpus;           /* that machines can run on: threads, not sockets */
  guint    n_sockets;
  guint    n_cores;          /* of one socket */
  guint    n_threads;        /* of one core */
  guint    mhz;
  guint64  memory_kib;
  guint64  free_memory_kib;  /* 0 when unknown */
  guint64  busy_ns;          /* all its CPUs together, since it started; 0 when unknown */
  guint64  idle_ns;
} GhHostFacts;

GhHostFacts *gh_host_facts_ref    (GhHostFacts *self);
void         gh_host_facts_unref  (GhHostFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhHostFacts, gh_host_facts_unref)

/* How busy its CPUs were between two looks, 0 to 1; less than 0 when nobody knows. */
double       gh_host_facts_get_load (GhHostFacts *before, GhHostFacts *after);

void         gh_host_load_facts_async  (GhHost *host, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
GhHostFacts *gh_host_load_facts_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
