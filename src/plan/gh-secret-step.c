/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* secret-copy: parameters uuid, device: what it is for, peer: who gets it;
 *   absent: the peer had none when it was looked, journaled before it gets one.
 * The value is never in the parameters. Undone by removing it from the peer, if it had none and no
 * machine there has come to need it. */

#define G_LOG_DOMAIN "gh-secret-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-host-secrets.h"
#include "gh-secret-xml.h"
#include "gh-step-task.h"

typedef GhStep GhSecretStep;
typedef GhStepClass GhSecretStepClass;

G_DEFINE_FINAL_TYPE (GhSecretStep, gh_secret_step, GH_TYPE_STEP)

static void
copied_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;

  if (gh_host_copy_secret_finish (GH_HOST (object), result, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  /* Somebody else gave it one meanwhile. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS))
    gh_step_set_boolean (step, "absent", FALSE);
  g_task_return_error (task, error);
}

static void
copy_secret (GTask *task)
{
  GhStep *step = get_step (task);

  gh_host_copy_secret_async (get_host (task), gh_step_get_peer (step),
                             gh_step_get_string (step, "uuid"), copied_cb, g_object_ref (task));
}

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;
  gboolean found = gh_host_find_secret_finish (GH_HOST (object), result, &error);

  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (found)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s",
                               _("The destination has this secret by now. It is not changed."));
      return;
    }
  gh_step_set_boolean (step, "absent", TRUE);
  gh_step_task_save (task, copy_secret);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_host_find_secret_async (gh_step_get_peer (step), gh_step_get_string (step, "uuid"),
                             cancellable, looked_cb,
                             gh_step_task_new (step, host, cancellable, callback, user_data));
}

static void
removed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_remove_secret_finish (GH_HOST (object), result, &error), &error);
}

/* Whether @text, a definition, names the secret. What only names its use may mean it. */
static gboolean
needs_secret (const char *text, /* nullable */
              const char *uuid)
{
  g_autoptr (GhDomainXml) xml = text != NULL ? gh_domain_xml_new_from_string (text, NULL) : NULL;
  g_autoptr (GPtrArray) secrets = xml != NULL ? gh_domain_xml_list_secrets (xml) : NULL;

  if (text == NULL)
    return FALSE;
  if (secrets == NULL)
    return TRUE;
  for (guint i = 0; i < secrets->len; i++)
    {
      const GhSecretXml *secret = g_ptr_array_index (secrets, i);

      if (secret->uuid == NULL || g_ascii_strcasecmp (secret->uuid, uuid) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
users_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  const char *uuid = gh_step_get_string (get_step (task), "uuid");
  GError *error = NULL;
  g_autoptr (GPtrArray) list = gh_host_load_definitions_finish (GH_HOST (object), result, &error);

  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const GhDefinition *definition = g_ptr_array_index (list, i);

      if (definition->problem == NULL && !needs_secret (definition->xml, uuid) &&
          !needs_secret (definition->live_xml, uuid))
        continue;
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                               /* Translators: the name of a machine. */
                               _("“%s” may need it there."), definition->name);
      return;
    }
  if (list == NULL)
    g_task_return_error (task, error);
  else
    gh_host_remove_secret_async (GH_HOST (object), uuid, removed_cb, g_object_ref (task));
}

static void
undo_async (GhStep              *step,
            GhHost              *host,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  GTask *task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_boolean (step, "absent") && gh_step_get_peer (step) != NULL)
    {
      gh_host_load_definitions_async (gh_step_get_peer (step), NULL, users_loaded_cb, task);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static char *
dup_title (GhStep *step)
{
  GhHost *peer = gh_step_get_peer (step);

  /* Translators: a device of a machine (“vda”, “tpm”), and a host. */
  return g_strdup_printf (_("Copy the secret of %s to %s"), gh_step_get_string (step, "device"),
                          peer != NULL ? gh_host_get_label (peer)
                          : gh_step_get_string (step, "peer"));
}

/* By pipe: on a command line others could read it. */
static char *
dup_command (GhStep *step)
{
  const char *uuid = gh_step_get_string (step, "uuid");
  const char *peer = gh_step_get_string (step, "peer");
  g_autofree char *dump = gh_command_dup_virsh (gh_step_get_uri (step), "secret-dumpxml", uuid,
                                                NULL);
  g_autofree char *define = gh_command_dup_virsh (peer, "secret-define", "/dev/stdin", NULL);
  g_autofree char *get = gh_command_dup_virsh (gh_step_get_uri (step), "secret-get-value", uuid,
                                               NULL);
  g_autofree char *set = gh_command_dup_virsh (peer, "secret-set-value", uuid, "--file",
                                               "/dev/stdin", NULL);

  return g_strdup_printf ("%s | %s && %s | %s", dump, define, get, set);
}

static char *
dup_undo_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_string (step, "peer"), "secret-undefine",
                               gh_step_get_string (step, "uuid"), NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The secret “%s”"), gh_step_get_string (step, "uuid"));
}

static const char * const needs[] = { "uuid", "device", "peer", NULL };

static void
gh_secret_step_class_init (GhSecretStepClass *klass)
{
  klass->kind = "secret-copy";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_undo_command = dup_undo_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = undo_async;
}

static void
gh_secret_step_init (GhSecretStep *self)
{
}

GhStep *
gh_secret_copy_step_new (GhHost     *destination,
                         const char *uuid,
                         const char *device)
{
  GhStep *self = g_object_new (gh_secret_step_get_type (), NULL);

  g_return_val_if_fail (GH_IS_HOST (destination) && g_uuid_string_is_valid (uuid), self);

  gh_step_set_peer (self, destination);
  gh_step_set_string (self, "uuid", uuid);
  gh_step_set_string (self, "device", device);
  return self;
}
