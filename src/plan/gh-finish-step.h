/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

#include "gh-step.h"

G_BEGIN_DECLS

/* Does a step of an interrupted plan that had committed before it was done. @inner: taken.
 * @journaled: what the journal says of it; kept up to date. */
GhStep *gh_finish_step_new (GhStep *inner, JsonObject *journaled);

G_END_DECLS
