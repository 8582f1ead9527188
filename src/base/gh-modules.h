/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gpointer gh_modules_load (const char  *name,
                          const char  *symbol,
                          GError     **error);

G_END_DECLS
