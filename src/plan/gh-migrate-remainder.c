/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Where a machine is after a move was interrupted, by the lists of both hosts, which have just been
 * read; and what is to be done about what is left of it here. */

#define G_LOG_DOMAIN "gh-migrate-remainder"

#include "config.h"

#include "gh-migrate-remainder.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-migration.h"

gboolean
gh_migrate_step_brings_definition (GhStep *step)
{
  return gh_step_get_boolean (step, "persist") && !gh_step_get_boolean (step, "returns");
}

static gboolean
is_on (GhMachine *machine)
{
  return machine != NULL && gh_machine_is_active (machine);
}

static gboolean
is_running (GhMachine *machine)
{
  return is_on (machine) && gh_machine_get_state (machine) != GH_MACHINE_PAUSED;
}

static gboolean
is_paused (GhMachine *machine)
{
  return machine != NULL && gh_machine_get_state (machine) == GH_MACHINE_PAUSED;
}

/* Defined, and for certain not active. */
static gboolean
is_off (GhMachine *machine)
{
  return machine != NULL && !gh_machine_is_active (machine) &&
         gh_machine_get_state (machine) != GH_MACHINE_UNKNOWN;
}

/* Takes @title. */
static GhCheck *
take_check (GhCheckLevel  level,
            const char   *id,
            char         *title,
            const char   *detail)
{
  GhCheck *check = gh_check_new (level, id, title, detail);

  g_free (title);
  return check;
}

/* Forcing off what a move left here, or pausing what ought not to run here; only when both hosts
 * say once more that it is so. */

typedef struct
{
  GhHost   *host;
  GhHost   *peer;
  char     *uuid;
  gboolean  pause;
  gboolean  off_there; /* it has moved, and was switched off there since */
  gboolean  is_whole;  /* as the other one was just seen: what is here is no part of it any more */
} Remainder;

static void
remainder_free (gpointer data)
{
  Remainder *remainder = data;

  g_object_unref (remainder->host);
  g_object_unref (remainder->peer);
  g_free (remainder->uuid);
  g_free (remainder);
}

static void
remainder_gone_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_host_force_off_finish (GH_HOST (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
part_gone_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_host_end_remainder_finish (GH_HOST (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
remainder_paused_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_host_suspend_finish (GH_HOST (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
remainder_looked_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Remainder *remainder = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree GhPresence *here = gh_host_load_presence_finish (GH_HOST (object), result, &error);

  if (here == NULL)
    g_task_return_error (task, error);
  else if (here->running != remainder->pause || !here->active ||
           (here->post_copy && !remainder->is_whole) || (remainder->off_there && !here->held))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                             _("It is not as it was any more. Please look at it again."));
  else if (remainder->pause)
    gh_host_suspend_async (remainder->host, remainder->uuid, remainder_paused_cb,
                           g_object_ref (task));
  else if (here->post_copy)
    gh_host_end_remainder_async (remainder->host, remainder->uuid, part_gone_cb,
                                 g_object_ref (task));
  else
    gh_host_force_off_async (remainder->host, remainder->uuid, NULL, remainder_gone_cb,
                             g_object_ref (task));
}

static void
other_looked_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Remainder *remainder = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree GhPresence *there = gh_host_load_presence_finish (GH_HOST (object), result, &error);

  if (there == NULL)
    g_task_return_error (task, error);
  else if (remainder->off_there ? there->active || !there->persistent
                                : !there->whole && (!there->running || there->post_copy))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                             _("It is not as it was any more. Please look at it again."));
  else
    {
      /* Without the other half this one is nothing either. */
      remainder->is_whole = there->whole || remainder->off_there;
      gh_host_load_presence_async (remainder->host, remainder->uuid, NULL, remainder_looked_cb,
                                   g_object_ref (task));
    }
}

static void
deal_with_remainder (GhCheck             *check,
                     gpointer             data,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  const Remainder *remainder = data;
  Remainder *copy = g_new0 (Remainder, 1);
  GTask *task = g_task_new (check, cancellable, callback, user_data);

  copy->host = g_object_ref (remainder->host);
  copy->peer = g_object_ref (remainder->peer);
  copy->uuid = g_strdup (remainder->uuid);
  copy->pause = remainder->pause;
  copy->off_there = remainder->off_there;
  g_task_set_source_tag (task, deal_with_remainder);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, copy, remainder_free);
  gh_host_load_presence_async (copy->peer, copy->uuid, NULL, other_looked_cb, task);
}

static Remainder *
new_remainder (GhStep   *step,
               GhHost   *host,
               gboolean  pause,
               gboolean  off_there)
{
  Remainder *remainder = g_new0 (Remainder, 1);

  remainder->host = g_object_ref (host);
  remainder->peer = g_object_ref (gh_step_get_peer (step));
  remainder->uuid = g_strdup (gh_step_get_string (step, "uuid"));
  remainder->pause = pause;
  remainder->off_there = off_there;
  return remainder;
}

static GhCheck *
new_twice_check (GhStep *step,
                 GhHost *host)
{
  const char *name = gh_step_get_string (step, "name");
  const char *machine = gh_command_get_machine (name, gh_step_get_string (step, "uuid"));
  g_autofree char *suspend = gh_command_dup_virsh (gh_host_get_uri (host), "suspend", machine,
                                                   NULL);
  g_autofree char *label = g_strdup_printf (_("Pause it at %s"), gh_host_get_label (host));
  GhCheck *check = take_check (GH_CHECK_REFUSAL, "runs-twice",
                               g_strdup_printf (_("“%s” runs at %s and at %s at once!"), name,
                                                gh_host_get_label (host),
                                                gh_host_get_label (gh_step_get_peer (step))),
                               _("It had arrived when the line broke, and the source was not told. "
                                 "Pause one of the two at once, and look at both; then force off "
                                 "the one that has done less since."));

  gh_check_set_fix (check, label, suspend, deal_with_remainder,
                    new_remainder (step, host, TRUE, FALSE), remainder_free);
  return check;
}

static GhCheck *
new_remainder_check (GhStep   *step,
                     GhHost   *host,
                     gboolean  off_there)
{
  const char *name = gh_step_get_string (step, "name");
  const char *machine = gh_command_get_machine (name, gh_step_get_string (step, "uuid"));
  g_autofree char *destroy = gh_command_dup_virsh (gh_host_get_uri (host), "destroy", machine,
                                                   NULL);
  const char *here = gh_host_get_label (host);
  const char *there = gh_host_get_label (gh_step_get_peer (step));
  GhCheck *check = NULL;

  if (off_there)
    check = take_check (GH_CHECK_WARNING, "remainder-here",
                        g_strdup_printf (_("“%s” has moved to %s and is off there, and a paused "
                                           "remainder of it is at %s"), name, there, here),
                        _("Once it has run there the remainder must never go on: the disks have "
                          "changed since, and what it remembers of them would destroy them. Force "
                          "it off."));
  else
    check = take_check (GH_CHECK_WARNING, "remainder-here",
                        g_strdup_printf (_("“%s” runs at %s, and a paused remainder of it is at "
                                           "%s"), name, there, here),
                        _("The remainder must never go on: both would write to the same disks, or "
                          "two machines would be the same one in the network. Force it off."));
  gh_check_set_fix (check, _("Force the remainder off"), destroy, deal_with_remainder,
                    new_remainder (step, host, FALSE, off_there), remainder_free);
  return check;
}

GhCheck *
gh_migrate_step_dup_commit_check (GhStep *step,
                                  GhHost *host)
{
  const char *uuid = gh_step_get_string (step, "uuid");
  const char *name = gh_step_get_string (step, "name");
  GhHost *peer = gh_step_get_peer (step);
  GhMachine *here = gh_host_find_machine (host, uuid);
  GhMachine *there = peer != NULL ? gh_host_find_machine (peer, uuid) : NULL;

  if (!gh_step_get_boolean (step, "begun") || peer == NULL)
    return NULL;
  if (is_running (here) && is_running (there))
    return new_twice_check (step, host);
  /* Only the source still speaks of parts, since nobody told it of the end. Whether there are two
   * after all is looked at closely before anything is ended. */
  if (is_on (here) && gh_machine_is_in_parts (here) && is_running (there) &&
      !gh_machine_is_in_parts (there))
    return new_remainder_check (step, host, FALSE);
  if (is_on (here) && is_on (there) &&
      (gh_step_get_boolean (step, "post-copy") || gh_machine_is_in_parts (here) ||
       gh_machine_is_in_parts (there)))
    return take_check (GH_CHECK_NOTE, GH_CHECK_IN_DOUBT,
                       g_strdup_printf (_("The memory of “%s” is in part at %s and in part at %s"),
                                        name, gh_host_get_label (host), gh_host_get_label (peer)),
                       _("It was moving by post-copy when the line broke. Neither of the two may "
                         "be switched off or started: that would lose its memory. To recover it "
                         "goes on with the move. Wait until the line is whole; then it may be "
                         "tried again and again."));
  if (is_running (there) && is_on (here))
    return new_remainder_check (step, host, FALSE);
  if (is_paused (here) && is_off (there) && gh_migrate_step_brings_definition (step))
    return new_remainder_check (step, host, TRUE);
  if (is_on (here))
    return NULL;
  if (is_on (there))
    return take_check (GH_CHECK_NOTE, "has-moved",
                       g_strdup_printf (_("“%s” has moved, and runs at %s"), name,
                                        gh_host_get_label (peer)), NULL);
  /* One that goes back is defined there all the time: so that says nothing. */
  if (there != NULL && here == NULL && !gh_step_get_boolean (step, "returns"))
    return take_check (GH_CHECK_NOTE, "has-moved",
                       g_strdup_printf (_("“%s” has moved to %s, and is off now"), name,
                                        gh_host_get_label (peer)), NULL);
  return take_check (GH_CHECK_WARNING, "runs-nowhere",
                     g_strdup_printf (_("“%s” runs neither at %s nor at %s"), name,
                                      gh_host_get_label (host), gh_host_get_label (peer)),
                     _("It may have been switched off on either side since. What was copied is "
                       "kept, as it may be the newer. Look at both before you start one of them, "
                       "and never start both."));
}
