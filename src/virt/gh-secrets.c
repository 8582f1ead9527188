/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-secrets"

#include "config.h"

#include "gh-secrets.h"

#include <string.h>

#include "gh-modules.h"

static const GhSecretsModule *given;

/**
 * gh_secrets_load:
 *
 * Returns: (nullable): the module, loaded by the first call
 */
const GhSecretsModule *
gh_secrets_load (void)
{
  static const GhSecretsModule *module = NULL;
  static gboolean tried = FALSE;

  if (given != NULL)
    return given;
  if (!tried)
    {
      g_autoptr (GError) error = NULL;
      const GhSecretsModule *(*get) (void) = NULL;

      tried = TRUE;
      get = gh_modules_load ("secrets", "gh_secrets_module_get", &error);
      if (get != NULL)
        module = get ();
      else
        g_debug ("Nothing is remembered: %s", error->message);
    }
  return module;
}

void
gh_secrets_set_module (const GhSecretsModule *module)
{
  given = module;
}

/**
 * gh_secrets_free:
 * @secret: (nullable): a secret
 *
 * Wipes and frees it.
 */
void
gh_secrets_free (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}
