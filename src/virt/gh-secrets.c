/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-secrets"

#include "config.h"

#include "gh-secrets.h"

#include <string.h>

#include "gh-modules.h"
#include "gh-saved-hosts.h"
#include "gh-ssh.h"

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

static void
forgotten_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;

  gh_secrets_load ()->clear_all_finish (result);
  g_task_return_boolean (task, TRUE);
}

static gboolean
is_used (const char *address)
{
  g_auto (GStrv) uris = gh_saved_hosts_dup_uris ();

  for (guint i = 0; uris[i] != NULL; i++)
    {
      g_autofree char *other = gh_ssh_dup_uri_address (uris[i]);

      if (g_strcmp0 (other, address) == 0)
        return TRUE;
    }
  return FALSE;
}

/**
 * gh_secrets_forget_host_async:
 * @uri: the libvirt URI of a host that was removed from those that are saved
 * @callback: (nullable): called when its passwords are forgotten, if there are any
 * @user_data: for @callback
 *
 * Forgets the passwords of a host nobody connects any more.
 */
void
gh_secrets_forget_host_async (const char          *uri,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_autofree char *address = gh_ssh_dup_uri_address (uri);
  const GhSecretsModule *module = NULL;

  g_task_set_source_tag (task, gh_secrets_forget_host_async);
  if (address != NULL && !is_used (address))
    module = gh_secrets_load ();
  if (module == NULL)
    g_task_return_boolean (task, TRUE);
  else
    module->clear_all_async (address, forgotten_cb, g_object_ref (task));
}

void
gh_secrets_forget_host_finish (GAsyncResult *result)
{
  g_return_if_fail (g_async_result_is_tagged (result, gh_secrets_forget_host_async));

  (void) g_task_propagate_boolean (G_TASK (result), NULL);
}
