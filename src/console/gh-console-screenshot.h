/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "gh-machine.h"

G_BEGIN_DECLS

void     gh_console_screenshot_save_async  (GhMachine           *machine,
                                            GdkPixbuf           *frame,
                                            GFile               *file,
                                            GCancellable        *cancellable,
                                            GAsyncReadyCallback  callback,
                                            gpointer             user_data);
gboolean gh_console_screenshot_save_finish (GAsyncResult        *result,
                                            GError             **error);

G_END_DECLS
