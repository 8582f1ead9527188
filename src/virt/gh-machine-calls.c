/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What is asked of a machine: lifecycle, XML, displays, keys, screenshots. Each is a worker for
 * a lane and an _async/_finish pair around it. */

#define G_LOG_DOMAIN "gh-machine-calls"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "gh-machine-private.h"
#include "gh-presence-private.h"
#include "gh-start-guard.h"
#include "gh-virt-error-private.h"

/* A screenshot larger than this is not one: 16384 × 16384 pixels of PPM. */
#define MAX_SCREENSHOT (768u * 1024 * 1024)

/* Arguments of all these workers. */
typedef struct
{
  char             uuid[VIR_UUID_STRING_BUFLEN];
  guint            number;   /* action, flags, screen or index */
  guint            hold_ms;
  GArray          *keys;     /* (element-type guint) (nullable) */
} Call;

/* Results that are more than a pointer. */
typedef struct
{
  GBytes *bytes;
  char   *mime_type;
} Screenshot;

static Call *
call_new (GhMachine *machine,
          guint      number)
{
  Call *call = g_new0 (Call, 1);

  g_strlcpy (call->uuid, gh_machine_get_uuid (machine), sizeof call->uuid);
  call->number = number;
  return call;
}

static void
call_free (gpointer data)
{
  Call *call = data;

  g_clear_pointer (&call->keys, g_array_unref);
  g_free (call);
}

static void
screenshot_free (gpointer data)
{
  Screenshot *screenshot = data;

  g_clear_pointer (&screenshot->bytes, g_bytes_unref);
  g_free (screenshot->mime_type);
  g_free (screenshot);
}

/* Starts a call of a machine, or fails the task when the machine is gone. */
static void
run (GhMachine      *self,
     GhLaneRole      role,
     GhLaneKind      kind,
     const char     *name,
     GhLaneFunc      func,
     Call           *call,
     GDestroyNotify  result_free,
     GTask          *task)
{
  GhHost *host = gh_machine_get_host (self);

  if (host == NULL)
    {
      call_free (call);
      g_task_return_new_error (task, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_DOMAIN, "The machine is gone");
      g_object_unref (task);
      return;
    }
  gh_host_call (host, role, GH_LANE_USER, kind, name, func, call, call_free, result_free, task);
}

/* Lifecycle */

static int
do_action (virDomainPtr    domain,
           GhMachineAction action)
{
  int state = 0;

  switch (action)
    {
    case GH_MACHINE_START:
      return virDomainCreate (domain);
    case GH_MACHINE_PAUSE:
      return virDomainSuspend (domain);
    case GH_MACHINE_RESUME:
      if (virDomainGetState (domain, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PMSUSPENDED)
        return virDomainPMWakeup (domain, 0);
      return virDomainResume (domain);
    case GH_MACHINE_SHUT_DOWN:
      return virDomainShutdown (domain);
    case GH_MACHINE_REBOOT:
      return virDomainReboot (domain, 0);
    case GH_MACHINE_RESET:
      return virDomainReset (domain, 0);
    case GH_MACHINE_FORCE_OFF:
      return virDomainDestroy (domain);
    case GH_MACHINE_SAVE:
      return virDomainManagedSave (domain, 0);
    case GH_MACHINE_DISCARD_SAVED:
      return virDomainManagedSaveRemove (domain, 0);
    case GH_MACHINE_N_ACTIONS:
    default:
      g_return_val_if_reached (-1);
    }
}

static gpointer
action_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);

  if (domain != NULL && call->number == GH_MACHINE_FORCE_OFF &&
      !gh_presence_may_end (domain, error))
    return NULL;
  if (domain != NULL && do_action (domain, call->number) < 0)
    gh_virt_error_take (error);
  return NULL;
}

static gpointer
abort_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);

  if (domain != NULL && virDomainAbortJob (domain) < 0)
    gh_virt_error_take (error);
  return NULL;
}

/* Percent of a running job, as int + 1, so that NULL says nothing is known. */
static gpointer
progress_worker (GhLane        *lane,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  virTypedParameterPtr params = NULL;
  int n_params = 0;
  int type = VIR_DOMAIN_JOB_NONE;
  unsigned long long total = 0;
  unsigned long long processed = 0;

  if (domain == NULL)
    return NULL;
  if (virDomainGetJobStats (domain, &type, &params, &n_params, 0) < 0)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  virTypedParamsGetULLong (params, n_params, VIR_DOMAIN_JOB_DATA_TOTAL, &total);
  virTypedParamsGetULLong (params, n_params, VIR_DOMAIN_JOB_DATA_PROCESSED, &processed);
  virTypedParamsFree (params, n_params);
  return total > 0 ? GINT_TO_POINTER (1 + (int) (MIN (processed, total) * 100 / total)) : NULL;
}

/* One lifecycle action in flight: keeps the "busy-text" true, and a save can be cancelled. */
typedef struct
{
  GhMachineAction action;
  GhLaneRole      role;
  const char     *name;          /* of the call */
  GCancellable   *cancellable;   /* (nullable) */
  gulong          cancelled_id;
  guint           progress_id;
} Action;

static void
action_free (gpointer data)
{
  Action *action = data;

  g_clear_handle_id (&action->progress_id, g_source_remove);
  g_clear_object (&action->cancellable);
  g_free (action);
}

static void
progress_loaded_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  GhMachine *self = GH_MACHINE (object);
  int percent = GPOINTER_TO_INT (g_task_propagate_pointer (G_TASK (result), NULL));

  /* Late answers, after the save has ended, find no text to update. */
  if (percent > 0 && gh_machine_get_busy_text (self) != NULL)
    {
      /* Translators: while a machine's state is being saved to disk */
      g_autofree char *text = g_strdup_printf (_("Saving… %d%%"), percent - 1);

      gh_machine_set_busy (self, text);
    }
}

static gboolean
progress_cb (gpointer user_data)
{
  GTask *task = user_data;
  GhMachine *self = g_task_get_source_object (task);

  run (self, GH_ROLE_STATS, GH_LANE_READ, "domain-job-stats", progress_worker, call_new (self, 0),
       NULL,
       g_task_new (self, NULL, progress_loaded_cb, NULL));
  return G_SOURCE_CONTINUE;
}

static gboolean
abort_cb (gpointer user_data)
{
  GhMachine *self = user_data;

  if (gh_machine_get_busy_text (self) != NULL)
    run (self, GH_ROLE_CONTROL, GH_LANE_WRITE, "domain-abort-job", abort_worker, call_new (self, 0),
         NULL,
         g_task_new (self, NULL, NULL, NULL));
  return G_SOURCE_REMOVE;
}

static void
save_cancelled_cb (GCancellable *cancellable,
                   gpointer      user_data)
{
  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, abort_cb, g_object_ref (user_data),
                              g_object_unref);
}

/* Takes @error (nullable). */
static void
end_action (GhMachine *self,
            GTask     *task,
            GError    *error)
{
  Action *action = g_task_get_task_data (task);

  g_clear_handle_id (&action->progress_id, g_source_remove);
  if (action->cancelled_id != 0)
    g_cancellable_disconnect (action->cancellable, action->cancelled_id);
  gh_machine_set_busy (self, NULL);
  /* Events tell too, but not every driver sends one for a saved state that was removed. */
  if (gh_machine_get_host (self) != NULL)
    gh_host_mark_stale (gh_machine_get_host (self), gh_machine_get_uuid (self));

  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
action_done_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  (void) gh_call_finish_void (object, result, &error);
  end_action (GH_MACHINE (object), task, error);
}

static void
run_action (GhMachine *self,
            GTask     *task)
{
  Action *action = g_task_get_task_data (task);

  run (self, action->role, GH_LANE_WRITE, action->name, action_worker,
       call_new (self, action->action), NULL,
       g_task_new (self, g_task_get_cancellable (task), action_done_cb, g_object_ref (task)));
}

static void
start_allowed_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhMachine *self = GH_MACHINE (g_task_get_source_object (task));
  GError *error = NULL;

  if (gh_start_guard_ask_finish (GH_HOST (object), result, &error))
    run_action (self, task);
  else
    end_action (self, task, error);
}

/**
 * gh_machine_run_action_async:
 * @self: a machine
 * @action: what to do
 * @cancellable: (nullable): takes back what has not started; a save that runs is aborted
 * @callback: called when libvirt has answered; a shut-down or reboot is then only asked for
 * @user_data: for @callback
 *
 * Sets "busy-text" meanwhile. Before a machine starts or goes on the start guard is asked.
 * What takes long (starting and restoring, saving) has a
 * connection of its own, so that the host stays usable.
 */
void
gh_machine_run_action_async (GhMachine           *self,
                             GhMachineAction      action,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  static const char *const names[] = {
    [GH_MACHINE_START] = "domain-create",
    [GH_MACHINE_PAUSE] = "domain-suspend",
    [GH_MACHINE_RESUME] = "domain-resume",
    [GH_MACHINE_SHUT_DOWN] = "domain-shutdown",
    [GH_MACHINE_REBOOT] = "domain-reboot",
    [GH_MACHINE_RESET] = "domain-reset",
    [GH_MACHINE_FORCE_OFF] = "domain-destroy",
    [GH_MACHINE_SAVE] = "domain-save",
    [GH_MACHINE_DISCARD_SAVED] = "domain-discard-saved",
  };
  g_autoptr (GTask) task = NULL;
  gboolean guarded = action == GH_MACHINE_START || action == GH_MACHINE_RESUME;
  Action *data = NULL;

  g_return_if_fail (GH_IS_MACHINE (self));
  g_return_if_fail (action < GH_MACHINE_N_ACTIONS);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_machine_run_action_async);
  g_task_set_check_cancellable (task, FALSE);
  data = g_new0 (Action, 1);
  data->action = action;
  data->name = names[action];
  data->role = action == GH_MACHINE_START || action == GH_MACHINE_SAVE ? GH_ROLE_JOB
                                                                       : GH_ROLE_CONTROL;
  g_task_set_task_data (task, data, action_free);

  gh_machine_set_busy (self, _(gh_machine_action_get_info (action)->progress));
  if (action == GH_MACHINE_SAVE && gh_machine_get_host (self) != NULL)
    {
      data->progress_id = g_timeout_add (500, progress_cb, task);
      if (cancellable != NULL)
        {
          data->cancellable = g_object_ref (cancellable);
          data->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (save_cancelled_cb),
                                                      g_object_ref (self), g_object_unref);
        }
    }
  if (guarded && gh_machine_get_host (self) != NULL)
    gh_start_guard_ask_async (gh_machine_get_host (self), gh_machine_get_uuid (self),
                              action == GH_MACHINE_START ? GH_GUARD_START : GH_GUARD_RESUME,
                              cancellable, start_allowed_cb, g_object_ref (task));
  else
    run_action (self, task);
}

gboolean
gh_machine_run_action_finish (GhMachine     *self,
                              GAsyncResult  *result,
                              GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* XML */

static gpointer
xml_worker (GhLane        *lane,
            gpointer       data,
            GCancellable  *cancellable,
            GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  unsigned int flags = 0;
  char *xml = NULL;
  char *copy = NULL;

  if (domain == NULL)
    return NULL;
  if (call->number & GH_XML_INACTIVE)
    flags |= VIR_DOMAIN_XML_INACTIVE;
  if (call->number & GH_XML_SECURE)
    flags |= VIR_DOMAIN_XML_SECURE;
  xml = virDomainGetXMLDesc (domain, flags);
  if (xml == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  copy = g_strdup (xml);
  free (xml);
  return copy;
}

void
gh_machine_load_xml_async (GhMachine           *self,
                           GhXmlFlags           flags,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_return_if_fail (GH_IS_MACHINE (self));

  run (self, GH_ROLE_CONTROL, GH_LANE_READ, "domain-xml", xml_worker, call_new (self, flags),
       g_free,
       g_task_new (self, cancellable, callback, user_data));
}

char *
gh_machine_load_xml_finish (GhMachine     *self,
                            GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Snapshots' XML, parents first. */
static gpointer
snapshots_worker (GhLane        *lane,
                  gpointer       data,
                  GCancellable  *cancellable,
                  GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  virDomainSnapshotPtr *snapshots = NULL;
  int n = 0;

  if (domain == NULL)
    return NULL;
  n = virDomainListAllSnapshots (domain, &snapshots, VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL);
  if (n < 0)
    {
      virErrorPtr last = virGetLastError ();

      /* A driver without snapshots has none. */
      if (last != NULL && last->code == VIR_ERR_NO_SUPPORT)
        {
          virResetLastError ();
          return g_strv_builder_end (builder);
        }
      gh_virt_error_take (error);
      return NULL;
    }
  for (int i = 0; i < n; i++)
    {
      char *xml = virDomainSnapshotGetXMLDesc (snapshots[i], 0);

      if (xml != NULL)
        g_strv_builder_add (builder, xml);
      else if (*error == NULL)
        gh_virt_error_take (error);
      free (xml);
      virDomainSnapshotFree (snapshots[i]);
    }
  free (snapshots);
  return *error == NULL ? g_strv_builder_end (builder) : NULL;
}

void
gh_machine_load_snapshots_async (GhMachine           *self,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_return_if_fail (GH_IS_MACHINE (self));

  run (self, GH_ROLE_CONTROL, GH_LANE_READ, "domain-snapshots", snapshots_worker,
       call_new (self, 0),
       (GDestroyNotify) g_strfreev, g_task_new (self, cancellable, callback, user_data));
}

GStrv
gh_machine_load_snapshots_finish (GhMachine     *self,
                                  GAsyncResult  *result,
                                  GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static gpointer
checkpoints_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  int n = 0;

  if (domain == NULL)
    return NULL;
  n = virDomainListAllCheckpoints (domain, NULL, 0);
  if (n >= 0)
    return GINT_TO_POINTER (n);
  gh_virt_error_take (error);
  /* A driver without checkpoints has none. */
  if (g_error_matches (*error, GH_VIRT_ERROR, VIR_ERR_NO_SUPPORT))
    g_clear_error (error);
  return NULL;
}

void
gh_machine_count_checkpoints_async (GhMachine           *self,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  g_return_if_fail (GH_IS_MACHINE (self));

  run (self, GH_ROLE_CONTROL, GH_LANE_READ, "domain-checkpoints", checkpoints_worker,
       call_new (self, 0), NULL, g_task_new (self, cancellable, callback, user_data));
}

guint
gh_machine_count_checkpoints_finish (GhMachine     *self,
                                     GAsyncResult  *result,
                                     GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), 0);

  return GPOINTER_TO_UINT (g_task_propagate_pointer (G_TASK (result), error));
}

/* Displays */

static void
close_late_socket (gpointer result)
{
  close (GPOINTER_TO_INT (result) - 1);
}

/* A descriptor + 1. Without a port: SPICE and VNC get their end of a socket pair. */
static gpointer
graphics_worker (GhLane        *lane,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  int fd = -1;

  if (domain == NULL)
    return NULL;
  /* Whoever may manage the machine needs no display password. */
  fd = virDomainOpenGraphicsFD (domain, call->number, VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH);
  if (fd >= 0)
    return GINT_TO_POINTER (fd + 1);

  gh_virt_error_take (error);
  if (g_error_matches (*error, GH_VIRT_ERROR, VIR_ERR_NO_SUPPORT) ||
      g_error_matches (*error, GH_VIRT_ERROR, VIR_ERR_ARGUMENT_UNSUPPORTED))
    {
      (*error)->domain = G_IO_ERROR;
      (*error)->code = G_IO_ERROR_NOT_SUPPORTED;
    }
  return NULL;
}

void
gh_machine_open_graphics_async (GhMachine           *self,
                                guint                index,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  GhHost *host = NULL;

  g_return_if_fail (GH_IS_MACHINE (self));

  /* No file descriptor comes over a network; libvirt would say so in words of its own. */
  host = gh_machine_get_host (self);
  if (host != NULL && !gh_host_is_local (host))
    {
      g_task_report_new_error (self, callback, user_data, gh_machine_open_graphics_async,
                               G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                               "The host is another computer");
      return;
    }
  run (self, GH_ROLE_CONSOLE, GH_LANE_READ, "domain-open-graphics", graphics_worker,
       call_new (self, index),
       close_late_socket, g_task_new (self, cancellable, callback, user_data));
}

int
gh_machine_open_graphics_finish (GhMachine     *self,
                                 GAsyncResult  *result,
                                 GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);

  return GPOINTER_TO_INT (g_task_propagate_pointer (G_TASK (result), error)) - 1;
}

/* Keys */

static gpointer
keys_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);

  if (domain != NULL &&
      virDomainSendKey (domain, VIR_KEYCODE_SET_LINUX, call->hold_ms,
                        (unsigned int *) call->keys->data,
                        (int) call->keys->len, 0) < 0)
    gh_virt_error_take (error);
  return NULL;
}

void
gh_machine_send_keys_async (GhMachine           *self,
                            const guint         *keys,
                            guint                n_keys,
                            guint                hold_ms,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  Call *call = NULL;

  g_return_if_fail (GH_IS_MACHINE (self));
  g_return_if_fail (n_keys > 0 && n_keys <= VIR_DOMAIN_SEND_KEY_MAX_KEYS);

  call = call_new (self, 0);
  call->hold_ms = hold_ms;
  call->keys = g_array_new (FALSE, FALSE, sizeof (guint));
  g_array_append_vals (call->keys, keys, n_keys);
  run (self, GH_ROLE_CONSOLE, GH_LANE_WRITE, "domain-send-key", keys_worker, call, NULL,
       g_task_new (self, cancellable, callback, user_data));
}

gboolean
gh_machine_send_keys_finish (GhMachine     *self,
                             GAsyncResult  *result,
                             GError       **error)
{
  return gh_call_finish_void (self, result, error);
}

/* Screenshots */

static gpointer
screenshot_worker (GhLane        *lane,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->uuid, error);
  g_autoptr (GByteArray) bytes = NULL;
  Screenshot *screenshot = NULL;
  virStreamPtr stream = NULL;
  char *mime_type = NULL;
  char buffer[64 * 1024];
  int n = 0;

  if (domain == NULL)
    return NULL;
  stream = virStreamNew (virDomainGetConnect (domain), 0);
  mime_type = stream != NULL ? virDomainScreenshot (domain, stream, call->number, 0) : NULL;
  if (mime_type == NULL)
    {
      gh_virt_error_take (error);
      if (stream != NULL)
        virStreamFree (stream);
      return NULL;
    }

  bytes = g_byte_array_new ();
  while ((n = virStreamRecv (stream, buffer, sizeof buffer)) > 0 && bytes->len <= MAX_SCREENSHOT)
    g_byte_array_append (bytes, (guint8 *) buffer, (guint) n);
  if (n < 0 || bytes->len > MAX_SCREENSHOT || virStreamFinish (stream) < 0)
    {
      gh_virt_error_take (error);
      virStreamAbort (stream);
    }
  else
    {
      screenshot = g_new0 (Screenshot, 1);
      screenshot->bytes = g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
      screenshot->mime_type = g_strdup (mime_type);
    }
  virStreamFree (stream);
  free (mime_type);
  return screenshot;
}

void
gh_machine_screenshot_async (GhMachine           *self,
                             guint                screen,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (GH_IS_MACHINE (self));

  run (self, GH_ROLE_CONSOLE, GH_LANE_READ, "domain-screenshot", screenshot_worker,
       call_new (self, screen),
       screenshot_free, g_task_new (self, cancellable, callback, user_data));
}

/**
 * gh_machine_screenshot_finish:
 * @self: a machine
 * @result: the result given to the callback
 * @mime_type: (out) (optional) (transfer full): "image/png" or "image/x-portable-pixmap"
 * @error: (out): what went wrong
 *
 * Returns: (transfer full) (nullable): the picture; made by the host from what the guest
 *   shows, so to be decoded with care
 */
GBytes *
gh_machine_screenshot_finish (GhMachine     *self,
                              GAsyncResult  *result,
                              char         **mime_type,
                              GError       **error)
{
  Screenshot *screenshot = NULL;
  GBytes *bytes = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  screenshot = g_task_propagate_pointer (G_TASK (result), error);
  if (screenshot == NULL)
    return NULL;
  bytes = g_steal_pointer (&screenshot->bytes);
  if (mime_type != NULL)
    *mime_type = g_steal_pointer (&screenshot->mime_type);
  screenshot_free (screenshot);
  return bytes;
}
