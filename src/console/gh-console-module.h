/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-display.h"

G_BEGIN_DECLS

void                gh_console_module_load_async  (GCancellable         *cancellable,
                                                   GAsyncReadyCallback   callback,
                                                   gpointer              user_data);
GhDisplayCreateFunc gh_console_module_load_finish (GAsyncResult         *result,
                                                   GError              **error);

G_END_DECLS
