/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-image-copy.h"

G_BEGIN_DECLS

/* The CD image from which cloud-init learns who a machine is (its NoCloud data source): an ISO
 * 9660 image named “cidata” with the files meta-data and user-data. */

/* @host_name: (nullable): the guest keeps the one it has. @user_data: (nullable): nothing to do. */
char    *gh_seed_image_dup_meta_data (const char *instance_id, const char *host_name);

/* Writes it into @file (transfer full), which it closes. */
void     gh_seed_image_write_async   (GhNewFile *file, const char *instance_id,
                                      const char *host_name, const char *user_data,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data_of_callback);
gboolean gh_seed_image_write_finish  (GAsyncResult *result, GError **error);

G_END_DECLS
