/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host-private.h"
#include "gh-migration.h"

G_BEGIN_DECLS

/* Workers: run on lanes. */
/* One that is gone by now is nowhere; what cannot be read is an error, and says nothing. */
gboolean  gh_presence_read         (GhPresence *self, virDomainPtr domain, GError **error);
gboolean  gh_presence_is_post_copy (virDomainPtr domain);
/* Of what virDomainGetState() answers. */
gboolean  gh_presence_is_state_post_copy (int state, int reason);
/* A guest half of whose memory is on another host is not switched off: GH_GUARD_ERROR. Nor is one
 * whose state cannot be read. */
gboolean  gh_presence_may_end      (virDomainPtr domain, GError **error);
/* Held by a move, which may be one in parts: GH_GUARD_ERROR when not. */
gboolean  gh_presence_is_remainder (virDomainPtr domain, GError **error);
/* What the machine is busy with, in words; NULL: nothing. */
char     *gh_live_dup_job          (virDomainPtr domain);

G_END_DECLS
