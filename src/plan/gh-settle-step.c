/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* settle: parameters uuid, name, peer (where the machine is now), undefine, define, autostart.
 *
 * After a move both hosts are asked what they have. What the move did not do any more is done: the
 * machine is defined where it runs, and not any more where it was; but that only when it is off
 * here and there for certain. What the move itself holds here, while it runs there, or was switched
 * off there, is a remainder that libvirt would have ended had it been told that all went well.
 * libvirt tells nobody that a move undefined a machine, so both are listed anew. */

#define G_LOG_DOMAIN "gh-settle-step"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "gh-command.h"
#include "gh-migrate-step.h"
#include "gh-move-trace.h"
#include "gh-step-task.h"

#define GH_TYPE_SETTLE_STEP (gh_settle_step_get_type ())
G_DECLARE_FINAL_TYPE (GhSettleStep, gh_settle_step, GH, SETTLE_STEP, GhStep)

struct _GhSettleStep
{
  GhStep    parent_instance;

  char     *xml; /* (nullable): not journaled, it may hold secrets */
  gboolean  is_there; /* what is here may be no more than a remainder */
  gboolean  is_whole; /* and so it is, even when it says that it is a part: the rest of that is not
                       * waited for any more */
};

G_DEFINE_FINAL_TYPE (GhSettleStep, gh_settle_step, GH_TYPE_STEP)

static GhSettleStep *
get_self (GTask *task)
{
  return GH_SETTLE_STEP (g_task_get_source_object (task));
}

static GhHost *
get_peer (GTask *task)
{
  return gh_step_get_peer (get_step (task));
}

static const char *
get_uuid (GTask *task)
{
  return gh_step_get_string (get_step (task), "uuid");
}

static void
trace_kept_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;

  gh_move_trace_keep_finish (result);
  gh_host_refresh (get_host (task));
  gh_host_refresh (get_peer (task));
  g_task_return_boolean (task, TRUE);
}

/* Before the plan's journal goes, which has said so until now. Takes @task. */
static void
finish (GTask *task)
{
  gh_move_trace_keep_async (get_uuid (task), get_peer (task), trace_kept_cb, task);
}

static void
fail (GTask  *task,
      GError *error)
{
  gh_host_refresh (get_host (task));
  gh_host_refresh (get_peer (task));
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
autostart_set_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (gh_host_set_autostart_finish (GH_HOST (object), result, &error))
    finish (task);
  else
    fail (task, error);
}

static void
set_autostart (GTask *task)
{
  if (gh_step_get_boolean (GH_STEP (get_self (task)), "autostart"))
    gh_host_set_autostart_async (get_peer (task), get_uuid (task), TRUE, NULL, autostart_set_cb,
                                 task);
  else
    finish (task);
}

static void
undefined_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (gh_host_undefine_finish (GH_HOST (object), result, &error))
    set_autostart (task);
  else
    fail (task, error);
}

static void look_here (GTask *task);

static void
remainder_gone_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (gh_host_end_remainder_finish (GH_HOST (object), result, &error))
    look_here (task);
  else
    fail (task, error);
}

static void
here_looked_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  GTask *task = user_data;
  GhHost *host = GH_HOST (object);
  GError *error = NULL;
  g_autofree GhPresence *here = gh_host_load_presence_finish (host, result, &error);

  if (here == NULL)
    fail (task, error);
  else if (here->held && get_self (task)->is_there &&
           (!here->post_copy || get_self (task)->is_whole))
    gh_host_end_remainder_async (host, get_uuid (task), remainder_gone_cb, task);
  else if (here->post_copy)
    fail (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY,
                                     _("A part of its memory is still at the source.")));
  else if (here->active)
    fail (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY,
                                     _("A remainder of it is still active at the source. It must "
                                       "not go on: force it off.")));
  else if (here->persistent && gh_step_get_boolean (GH_STEP (get_self (task)), "undefine"))
    gh_host_undefine_async (host, get_uuid (task), 0, NULL, undefined_cb, task);
  else
    set_autostart (task);
}

static void
look_here (GTask *task)
{
  gh_host_load_presence_async (get_host (task), get_uuid (task), NULL, here_looked_cb,
                               task);
}

static void
defined_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  g_autofree char *uuid = gh_host_define_finish (GH_HOST (object), result, &error);

  if (uuid != NULL)
    look_here (task);
  else
    fail (task, error);
}

static gboolean
runs (const GhPresence *presence)
{
  return presence->running && !presence->moving && !presence->post_copy;
}

/* It is defined there only since it has arrived: one that is not defined here any more afterwards
 * does not go back to where it was defined before. What failed there may have failed right after it
 * was defined, before it ran: then what is here is all there is of it, and the user decides. */
static gboolean
was_switched_off (GhSettleStep     *self,
                  const GhPresence *there)
{
  return gh_step_get_boolean (GH_STEP (self), "undefine") && there->persistent &&
         !there->active && !there->failed;
}

static void
there_looked_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GTask *task = user_data;
  GhSettleStep *self = get_self (task);
  GhHost *host = GH_HOST (object);
  GError *error = NULL;
  g_autofree GhPresence *there = gh_host_load_presence_finish (host, result, &error);
  gboolean define = gh_step_get_boolean (GH_STEP (self), "define");

  self->is_whole = there != NULL && (there->whole || was_switched_off (self, there));
  self->is_there = self->is_whole || (there != NULL && runs (there));
  if (there == NULL)
    fail (task, error);
  else if (!there->exists)
    fail (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                     _("It is not there any more. What is at the source has not "
                                       "been touched.")));
  else if (define && !there->persistent && self->xml != NULL)
    gh_host_define_async (host, self->xml, NULL, defined_cb, task);
  else if (define && !there->persistent)
    fail (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED,
                                     _("It runs there, but is not defined there. Its definition "
                                       "at the source is kept.")));
  else
    look_here (task);
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  gh_host_load_presence_async (gh_step_get_peer (step), gh_step_get_string (step, "uuid"), NULL,
                               there_looked_cb,
                               gh_step_task_new (step, host, cancellable, callback, user_data));
}

static char *
dup_title (GhStep *step)
{
  return g_strdup_printf (_("See that “%s” is where it belongs, once"),
                          gh_step_get_string (step, "name"));
}

static char *
dup_command (GhStep *step)
{
  return gh_command_dup_virsh (gh_step_get_string (step, "peer"), "dominfo",
                               gh_step_get_string (step, "uuid"), NULL);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The definition of “%s”"), gh_step_get_string (step, "name"));
}

static void
gh_settle_step_finalize (GObject *object)
{
  g_free (GH_SETTLE_STEP (object)->xml);
  G_OBJECT_CLASS (gh_settle_step_parent_class)->finalize (object);
}

static const char * const needs[] = { "uuid", "name", "peer", NULL };

static void
gh_settle_step_class_init (GhSettleStepClass *klass)
{
  GhStepClass *step_class = GH_STEP_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_settle_step_finalize;
  step_class->kind = "settle";
  step_class->finishes = TRUE;
  step_class->needs = needs;
  step_class->dup_title = dup_title;
  step_class->dup_command = dup_command;
  step_class->dup_left = dup_left;
  step_class->do_async = do_async;
}

static void
gh_settle_step_init (GhSettleStep *self)
{
}

GhStep *
gh_settle_step_new (GhHost     *destination,
                    const char *uuid,
                    const char *name,
                    const char *xml,
                    gboolean    undefine,
                    gboolean    autostart)
{
  GhSettleStep *self = g_object_new (GH_TYPE_SETTLE_STEP, NULL);
  GhStep *step = GH_STEP (self);

  g_return_val_if_fail (GH_IS_HOST (destination) && g_uuid_string_is_valid (uuid), step);

  gh_step_set_peer (step, destination);
  gh_step_set_machine (step, uuid, name);
  gh_step_set_boolean (step, "define", xml != NULL);
  gh_step_set_boolean (step, "undefine", undefine);
  gh_step_set_boolean (step, "autostart", autostart);
  self->xml = g_strdup (xml);
  return step;
}
