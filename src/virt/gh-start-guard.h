/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-hosts.h"

G_BEGIN_DECLS

/* Who may start a machine is the plan layer's to say: it knows which images lie on which. It is
 * asked by every way there is to start one, a saved one too, so that none goes around it. */

/* What a guard that says no answers with; its message is a sentence for the user. */
#define GH_GUARD_ERROR (gh_guard_error_quark ())
GQuark gh_guard_error_quark (void);

enum
{
  GH_GUARD_ERROR_REFUSED,
};

/* Ends with g_task_return_boolean() of a GTask whose source is @host. */
typedef void (*GhStartGuardFunc) (GhHost              *host,
                                  const char          *uuid,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);

/* For the whole process; once, before the first host. */
void     gh_start_guard_set        (GhStartGuardFunc     func);
/* The hosts that are known (nullable) (unowned): a machine that one of them runs is neither started
 * nor resumed on another, before any guard is asked: what a move left behind, or a temporary one
 * keeps here, is the same machine. */
void     gh_start_guard_set_hosts  (GhHosts             *hosts);
/* Whether the guest of @uuid may go on at @host, by what these hosts say. */
gboolean gh_start_guard_may_resume (GhHost              *host,
                                    const char          *uuid,
                                    GError             **error);
void     gh_start_guard_ask_async  (GhHost              *host,
                                    const char          *uuid,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data);
gboolean gh_start_guard_ask_finish (GhHost              *host,
                                    GAsyncResult        *result,
                                    GError             **error);

G_END_DECLS
