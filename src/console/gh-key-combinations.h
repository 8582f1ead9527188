/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-console.h"

G_BEGIN_DECLS

const GhKeyCombination *gh_key_combinations_find (const char *name);

G_END_DECLS
