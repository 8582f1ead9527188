/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host.h"

G_BEGIN_DECLS

/* Has every start of a machine ask the graph of its host's images first, whoever starts it: no
 * template is started, and no machine on whose disks others lie. And before that the moves of the
 * machine, as gh-move-guard.h says. Once, by programs that start machines. */
void gh_image_guard_install (void);

G_END_DECLS
