/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Passwords the user wants remembered, in the keyring of the desktop (Secret Service). The module
 * "secrets" does it, for it needs libsecret only when something is asked. Where it or the keyring
 * is missing, nothing is ever remembered. Main thread. */

/**
 * GhSecretsModule:
 * @lookup_async: finds a secret
 * @lookup_finish: (nullable): the secret, to be freed by gh_secrets_free()
 * @store: keeps one, in the background
 * @clear: forgets one, in the background
 * @clear_all_async: forgets all of an address
 * @clear_all_finish: when that is done, or could not be
 *
 * What the module has. Secrets are named by what they are (“password”, “passphrase”), the host
 * and the user (“user@computer”, or the file of a key), and the address of the connection.
 */
typedef struct
{
  void  (*lookup_async)  (const char *kind, const char *name, const char *address,
                          GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
  char *(*lookup_finish) (GAsyncResult *result);
  void  (*store)         (const char *kind, const char *name, const char *address,
                          const char *label, const char *secret);
  void  (*clear)         (const char *kind, const char *name, const char *address);
  void  (*clear_all_async)  (const char *address, GAsyncReadyCallback callback, gpointer user_data);
  void  (*clear_all_finish) (GAsyncResult *result);
} GhSecretsModule;

/* The module's one symbol. */
const GhSecretsModule *gh_secrets_module_get (void);

/* NULL where there is none. */
const GhSecretsModule *gh_secrets_load       (void);
/* Tests put theirs in its place; NULL: the real one. */
void                   gh_secrets_set_module (const GhSecretsModule *module);
void                   gh_secrets_free       (char *secret);

/* What is remembered of a host over ssh that is saved no longer, unless one that is has the same
 * login. @callback may be NULL; it is not called before this returns. */
void                   gh_secrets_forget_host_async  (const char *uri, GAsyncReadyCallback callback,
                                                      gpointer user_data);
void                   gh_secrets_forget_host_finish (GAsyncResult *result);

G_END_DECLS
