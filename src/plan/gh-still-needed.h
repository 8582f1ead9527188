/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"

G_BEGIN_DECLS

/* Before undoing takes protection from images that a plan has protected: whether somebody has
 * linked to them meanwhile. Those of the machine @uuid; or else the images at @paths, on which
 * those at @own (nullable) may lie. */
void     gh_still_needed_async  (GhHost *host, const char *uuid, const char * const *paths,
                                 const char * const *own, GAsyncReadyCallback callback,
                                 gpointer user_data);
/* TRUE: nobody needs the protection. Else G_IO_ERROR_BUSY names who does, or says that it is not
 * known. */
gboolean gh_still_needed_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
