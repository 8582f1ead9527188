/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Where a machine is: what one host says of it, on a connection of its own, since the one there was
 * may have died with the daemon. */

#define G_LOG_DOMAIN "gh-presence"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-presence-private.h"
#include "gh-start-guard.h"
#include "gh-virt-error-private.h"

gboolean
gh_presence_is_state_post_copy (int state,
                                int reason)
{
  return (state == VIR_DOMAIN_PAUSED && (reason == VIR_DOMAIN_PAUSED_POSTCOPY ||
                                         reason == VIR_DOMAIN_PAUSED_POSTCOPY_FAILED)) ||
         (state == VIR_DOMAIN_RUNNING && (reason == VIR_DOMAIN_RUNNING_POSTCOPY ||
                                          reason == VIR_DOMAIN_RUNNING_POSTCOPY_FAILED));
}

/* FALSE: libvirt's last error says why. @reason_out: (out): in libvirt's numbers. */
static gboolean
read_state (virDomainPtr  domain,
            GhPresence   *presence,
            int          *reason_out)
{
  int state = VIR_DOMAIN_NOSTATE;
  int reason = 0;

  if (virDomainGetState (domain, &state, &reason, 0) < 0)
    return FALSE;
  *reason_out = reason;
  presence->running = state == VIR_DOMAIN_RUNNING;
  presence->held = state == VIR_DOMAIN_PAUSED &&
                   (reason == VIR_DOMAIN_PAUSED_MIGRATION ||
                    reason == VIR_DOMAIN_PAUSED_STARTING_UP ||
                    reason == VIR_DOMAIN_PAUSED_POSTCOPY ||
                    reason == VIR_DOMAIN_PAUSED_POSTCOPY_FAILED);
  presence->post_copy_failed = (state == VIR_DOMAIN_PAUSED &&
                                reason == VIR_DOMAIN_PAUSED_POSTCOPY_FAILED) ||
                               (state == VIR_DOMAIN_RUNNING &&
                                reason == VIR_DOMAIN_RUNNING_POSTCOPY_FAILED);
  presence->post_copy = gh_presence_is_state_post_copy (state, reason);
  presence->failed = state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_FAILED;
  return TRUE;
}

/* Takes libvirt's last error: TRUE when it is that there is no such machine any more. */
static gboolean
take_state_error (GError **error)
{
  if (virGetLastErrorCode () == VIR_ERR_NO_DOMAIN)
    {
      virResetLastError ();
      return TRUE;
    }
  gh_virt_error_take (error);
  return FALSE;
}

/* As long as a move in is not over QEMU's driver answers that there are figures at its source only.
 * What goes on before that has begun to by post-copy, even when libvirt does not say so: it does
 * not know it yet, or an error of a disk paused the guest since, and that reason stays. */
static void
read_job (virDomainPtr  domain,
          GhPresence   *presence,
          gboolean      has_come)
{
  virTypedParameterPtr params = NULL;
  int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
  int n_params = 0;
  int type = VIR_DOMAIN_JOB_NONE;

  if (virDomainGetJobStats (domain, &type, &params, &n_params, 0) < 0)
    {
      presence->receiving = virGetLastErrorCode () == VIR_ERR_OPERATION_UNSUPPORTED;
      presence->moving = presence->receiving;
      presence->post_copy = presence->post_copy ||
                            (presence->receiving && !presence->held && !has_come);
      return;
    }
  if (type != VIR_DOMAIN_JOB_NONE)
    virTypedParamsGetInt (params, n_params, VIR_DOMAIN_JOB_OPERATION, &operation);
  virTypedParamsFree (params, n_params);
  presence->moving = operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN ||
                     operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT;
  presence->whole = !presence->moving && !presence->held && !presence->post_copy;
}

gboolean
gh_presence_is_post_copy (virDomainPtr domain)
{
  GhPresence presence = { 0 };
  int reason = 0;

  if (!read_state (domain, &presence, &reason))
    virResetLastError ();
  return presence.post_copy;
}

gboolean
gh_presence_read (GhPresence    *self,
                  virDomainPtr   domain,
                  GError       **error)
{
  int reason = 0;

  memset (self, 0, sizeof *self);
  /* First: what is not known to be held, or in parts, counts as arrived. */
  if (!read_state (domain, self, &reason))
    return take_state_error (error);
  self->exists = TRUE;
  /* As it was looked up; asking would be one more round trip. */
  self->active = virDomainGetID (domain) != (unsigned int) -1;
  self->persistent = virDomainIsPersistent (domain) == 1;
  if (self->active)
    read_job (domain, self, self->running && reason == VIR_DOMAIN_RUNNING_MIGRATED);
  virResetLastError ();
  return TRUE;
}

static gpointer
presence_worker (GhLane        *lane,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  g_autofree GhPresence *presence = g_new0 (GhPresence, 1);
  g_autoptr (GError) reason = NULL;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, data, &reason);

  if (domain == NULL)
    {
      if (g_error_matches (reason, GH_VIRT_ERROR, VIR_ERR_NO_DOMAIN))
        return g_steal_pointer (&presence);
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  return gh_presence_read (presence, domain, error) ? g_steal_pointer (&presence) : NULL;
}

void
gh_host_load_presence_async (GhHost              *host,
                             const char          *uuid,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_READ, "domain-presence", presence_worker,
                g_strdup (uuid), g_free, g_free, g_task_new (host, cancellable, callback,
                                                             user_data));
}

GhPresence *
gh_host_load_presence_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static gpointer
switch_guest (GhLane      *lane,
              const char  *uuid,
              gboolean     on,
              GError     **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, uuid, &reason);
  int state = VIR_DOMAIN_NOSTATE;

  if (domain == NULL)
    {
      if (!g_error_matches (reason, GH_VIRT_ERROR, VIR_ERR_NO_DOMAIN))
        g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  if (virDomainGetState (domain, &state, NULL, 0) < 0 ||
      (on && state == VIR_DOMAIN_PAUSED && virDomainResume (domain) < 0) ||
      (!on && state == VIR_DOMAIN_RUNNING && virDomainSuspend (domain) < 0))
    gh_virt_error_take (error);
  return NULL;
}

static gpointer
resume_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  return switch_guest (lane, data, TRUE, error);
}

static gpointer
suspend_worker (GhLane        *lane,
                gpointer       data,
                GCancellable  *cancellable,
                GError       **error)
{
  return switch_guest (lane, data, FALSE, error);
}

void
gh_host_resume_async (GhHost              *host,
                      const char          *uuid,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, "domain-resume", resume_worker,
                g_strdup (uuid), g_free, NULL, g_task_new (host, NULL, callback, user_data));
}

void
gh_host_suspend_async (GhHost              *host,
                       const char          *uuid,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, "domain-suspend", suspend_worker,
                g_strdup (uuid), g_free, NULL, g_task_new (host, NULL, callback, user_data));
}

static gpointer
break_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, data, error);

  /* When it is broken already QEMU says so, and libvirt when it is no post-copy any more: whoever
   * asked for it looks at both hosts next. */
  if (domain != NULL && virDomainAbortJobFlags (domain, VIR_DOMAIN_ABORT_JOB_POSTCOPY) < 0)
    g_debug ("Nothing to be broken: %s", virGetLastErrorMessage ());
  virResetLastError ();
  return NULL;
}

void
gh_host_break_post_copy_async (GhHost              *host,
                               const char          *uuid,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_JOB, GH_LANE_USER, GH_LANE_WRITE, "domain-job-break", break_worker,
                g_strdup (uuid), g_free, NULL, g_task_new (host, NULL, callback, user_data));
}

gboolean
gh_host_break_post_copy_finish (GhHost        *host,
                                GAsyncResult  *result,
                                GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

gboolean
gh_presence_is_remainder (virDomainPtr   domain,
                          GError       **error)
{
  GhPresence presence = { 0 };
  int reason = 0;

  if (!read_state (domain, &presence, &reason))
    return take_state_error (error);
  if (presence.held)
    return TRUE;
  g_set_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED,
               _("“%s” is no remainder of a move any more."), virDomainGetName (domain));
  return FALSE;
}

gboolean
gh_presence_may_end (virDomainPtr   domain,
                     GError       **error)
{
  GhPresence presence = { 0 };
  int reason = 0;

  if (!read_state (domain, &presence, &reason))
    return take_state_error (error);
  /* Who is stuck is to be switched off at once, and that question waits for its QEMU. */
  if (!presence.running && !presence.held && reason == VIR_DOMAIN_PAUSED_IOERROR &&
      virDomainGetID (domain) != (unsigned int) -1)
    read_job (domain, &presence, FALSE);
  virResetLastError ();
  if (!presence.post_copy)
    return TRUE;
  g_set_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED,
               _("“%s” is being moved, and its memory is in two parts, here and at the other "
                 "host. Switching off either would lose it. Recover the move first; if the other "
                 "part is gone for good, virsh destroy ends this one."),
               virDomainGetName (domain));
  return FALSE;
}

gboolean
gh_host_suspend_finish (GhHost        *host,
                        GAsyncResult  *result,
                        GError       **error)
{
  return gh_call_finish_void (host, result, error);
}

gboolean
gh_host_resume_finish (GhHost        *host,
                       GAsyncResult  *result,
                       GError       **error)
{
  return gh_call_finish_void (host, result, error);
}
