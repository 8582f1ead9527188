/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-hosts.h"

G_BEGIN_DECLS

/* Who may start a machine is the plan layer's to say: it knows which images lie on which, and which
 * moves have not come to their end. It is asked by every way there is to start one, or to let one
 * go on, so that none goes around it. */

/* What a guard that says no answers with; its message is a sentence for the user. */
#define GH_GUARD_ERROR (gh_guard_error_quark ())
GQuark gh_guard_error_quark (void);

enum
{
  GH_GUARD_ERROR_REFUSED,
  GH_GUARD_ERROR_ELSEWHERE, /* the machine is active at another host */
  GH_GUARD_ERROR_IN_DOUBT,  /* it may be, and only the user can find out: see the permit */
};

typedef enum
{
  GH_GUARD_START,
  GH_GUARD_RESUME, /* of a machine that is paused */
} GhGuardUse;

/* Ends with g_task_return_boolean() of a GTask whose source is @host. */
typedef void (*GhStartGuardFunc) (GhHost              *host,
                                  const char          *uuid,
                                  GhGuardUse           use,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);

/* For the whole process; once, before the first host. */
void     gh_start_guard_set        (GhStartGuardFunc     func);
/* The hosts that are known (nullable) (unowned): a machine that one of them runs is neither started
 * nor resumed on another, before any guard is asked: what a move left behind, or a temporary one
 * keeps here, is the same machine. */
void     gh_start_guard_set_hosts  (GhHosts             *hosts);
/* One of them, if it is connected (nullable) (unowned). */
GhHost  *gh_start_guard_find_host  (const char          *uri);
/* For the next time it is asked about @uuid at @host: the user has looked, or a guard that found
 * out whether the machine is elsewhere has just been asked. */
void     gh_start_guard_permit     (GhHost              *host,
                                    const char          *uuid);
/* Takes the permit: TRUE when there was one. */
gboolean gh_start_guard_take_permit (GhHost             *host,
                                     const char         *uuid);
void     gh_start_guard_ask_async  (GhHost              *host,
                                    const char          *uuid,
                                    GhGuardUse           use,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data);
gboolean gh_start_guard_ask_finish (GhHost              *host,
                                    GAsyncResult        *result,
                                    GError             **error);

G_END_DECLS
