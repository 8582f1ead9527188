/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"

G_BEGIN_DECLS

/**
 * GhReach:
 *
 * By what a host is reached from this computer, for telling another host: what the user entered may
 * be a name that only the configuration of his ssh, or his network, knows. Plain data.
 */
typedef struct
{
  gboolean  local;   /* it is this computer's own */
  char     *name;    /* (nullable): after the configuration of ssh */
  char     *user;    /* (nullable): likewise */
  guint     port;    /* likewise; 0: the usual one, or not ssh */
  char     *address; /* (nullable): its number; NULL: not found, or behind another computer */
  char     *own;     /* (nullable): the number that this computer has for it */
} GhReach;

void      gh_reach_free        (GhReach *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhReach, gh_reach_free)
GhReach  *gh_reach_copy        (const GhReach *self);
gboolean  gh_reach_is_loopback (const GhReach *self);
/* What “ssh -G” said. Returns whether another computer is between. */
gboolean  gh_reach_take_config (GhReach *self, const char *text);
/* (nullable): where @from sends what is for @to, "tcp://…"; NULL: nobody here knows better than the
 * hosts themselves. @by_name: a certificate is checked. */
char     *gh_reach_dup_address (const GhReach *to, const GhReach *from, gboolean by_name);
/* The URI of @to for the daemon at @from. */
char     *gh_reach_dup_uri     (const GhReach *to, const GhReach *from, const char *uri);

/* Does not fail but by being cancelled. The host is connected. */
void      gh_host_load_reach_async  (GhHost *host, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
GhReach  *gh_host_load_reach_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
