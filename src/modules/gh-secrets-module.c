/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The only place with libsecret. */

#define G_LOG_DOMAIN "gh-secrets-module"

#include "config.h"

#include <gmodule.h>
#include <libsecret/secret.h>

#include "gh-secrets.h"

G_MODULE_EXPORT const GhSecretsModule *gh_secrets_module_get (void);

static const SecretSchema schema = {
  GH_APP_ID ".ssh", SECRET_SCHEMA_NONE,
  {
    { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "name", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "address", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { NULL, 0 },
  },
};

static void
lookup_async (const char          *kind,
              const char          *name,
              const char          *address,
              GCancellable        *cancellable,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  secret_password_lookup (&schema, cancellable, callback, user_data, "kind", kind, "name", name,
                          "address", address, NULL);
}

/* No keyring, or a locked one that the user leaves locked, is the same as an empty one. */
static char *
lookup_finish (GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  char *secret = secret_password_lookup_finish (result, &error);

  if (error != NULL)
    g_debug ("Nothing found: %s", error->message);
  return secret;
}

static void
stored_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  if (!secret_password_store_finish (result, &error))
    g_warning ("A password could not be remembered: %s", error->message);
}

static void
store (const char *kind,
       const char *name,
       const char *address,
       const char *label,
       const char *secret)
{
  secret_password_store (&schema, SECRET_COLLECTION_DEFAULT, label, secret, NULL, stored_cb, NULL,
                         "kind", kind, "name", name, "address", address, NULL);
}

static void
cleared_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  secret_password_clear_finish (result, &error);
  if (error != NULL)
    g_debug ("Nothing forgotten: %s", error->message);
}

static void
clear (const char *kind,
       const char *name,
       const char *address)
{
  secret_password_clear (&schema, NULL, cleared_cb, NULL, "kind", kind, "name", name, "address",
                         address, NULL);
}

static void
clear_all_async (const char          *address,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  secret_password_clear (&schema, NULL, callback, user_data, "address", address, NULL);
}

static void
clear_all_finish (GAsyncResult *result)
{
  cleared_cb (NULL, result, NULL);
}

const GhSecretsModule *
gh_secrets_module_get (void)
{
  static const GhSecretsModule module = {
    lookup_async, lookup_finish, store, clear, clear_all_async, clear_all_finish,
  };

  return &module;
}
