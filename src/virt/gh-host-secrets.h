/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-host.h"

G_BEGIN_DECLS

/* The secrets that a host's libvirt keeps: passphrases of encrypted disks and the like. Values are
 * wiped from memory as soon as they were used, and never written anywhere. */

/**
 * GhHostSecret:
 *
 * What a host says of one. Whether two hosts have the same value is told by a digest under a key
 * that nobody keeps.
 */
typedef struct
{
  gboolean is_known;   /* FALSE: the host does not say what secrets it has */
  gboolean is_there;
  gboolean is_private; /* its value is not given away */
  int      has_value;  /* 1: it has one, 0: not, -1: nobody knows */
  char    *uuid;       /* (nullable) */
  char    *digest;     /* (nullable): of the value */
} GhHostSecret;

/* @secrets: (element-type GhSecretXml). An array of GhHostSecret in the same order. @key: of
 * digests, for this comparison only. */
void       gh_host_load_secrets_async  (GhHost *host, GPtrArray *secrets, GBytes *key,
                                        GCancellable *cancellable, GAsyncReadyCallback callback,
                                        gpointer user_data);
GPtrArray *gh_host_load_secrets_finish (GhHost *host, GAsyncResult *result, GError **error);

/* Gives @to what @from has under the UUID, definition and value. Fails with G_IO_ERROR_EXISTS when
 * @to has one, and after other errors has none of it. */
void       gh_host_copy_secret_async   (GhHost *from, GhHost *to, const char *uuid,
                                        GAsyncReadyCallback callback, gpointer user_data);
gboolean   gh_host_copy_secret_finish  (GhHost *from, GAsyncResult *result, GError **error);
/* Whether it is there: FALSE without an error when not. */
void       gh_host_find_secret_async   (GhHost *host, const char *uuid, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
gboolean   gh_host_find_secret_finish  (GhHost *host, GAsyncResult *result, GError **error);
/* Done as well when there is none. */
void       gh_host_remove_secret_async (GhHost *host, const char *uuid,
                                        GAsyncReadyCallback callback, gpointer user_data);
gboolean   gh_host_remove_secret_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
