/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Definitions: reading all of them, defining and undefining. By UUID, so that a plan can undo
 * what it did after a restart, when no GhMachine need exist. */

#define G_LOG_DOMAIN "gh-definitions"

#include "config.h"

#include <string.h>

#include "gh-host-private.h"
#include "gh-machine-mark.h"
#include "gh-virt-error-private.h"

typedef struct
{
  char *text;   /* XML or UUID */
  char *more;   /* (nullable): what to set */
  guint flags;
} Call;

static Call *
call_new (const char *text,
          guint       flags)
{
  Call *call = g_new0 (Call, 1);

  call->text = g_strdup (text);
  call->flags = flags;
  return call;
}

static void
call_free (gpointer data)
{
  Call *call = data;

  /* May hold a password. */
  memset (call->text, 0, strlen (call->text));
  g_free (call->text);
  g_free (call->more);
  g_free (call);
}

void
gh_definition_free (GhDefinition *self)
{
  g_free (self->uuid);
  g_free (self->name);
  g_free (self->xml);
  g_free (self->live_xml);
  g_free (self->metadata);
  g_strfreev (self->snapshots);
  g_free (self);
}

/* (nullable): a copy that g_free() frees. */
static char *
dup_xml (virDomainPtr domain,
         unsigned int flags)
{
  char *xml = virDomainGetXMLDesc (domain, flags);
  char *copy = g_strdup (xml);

  if (xml == NULL)
    virResetLastError ();
  free (xml);
  return copy;
}

static GStrv
dup_snapshots (virDomainPtr domain)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  virDomainSnapshotPtr *snapshots = NULL;
  int n = virDomainSnapshotNum (domain, 0);

  if (n > 0)
    n = virDomainListAllSnapshots (domain, &snapshots, VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL);
  virResetLastError ();
  if (n <= 0)
    return NULL;
  for (int i = 0; i < n; i++)
    {
      char *xml = virDomainSnapshotGetXMLDesc (snapshots[i], 0);

      if (xml != NULL)
        g_strv_builder_add (builder, xml);
      free (xml);
      virDomainSnapshotFree (snapshots[i]);
    }
  free (snapshots);
  return g_strv_builder_end (builder);
}

static void
free_definition (gpointer data)
{
  gh_definition_free (data);
}

static gpointer
definitions_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GPtrArray) definitions = g_ptr_array_new_with_free_func (free_definition);
  virDomainPtr *domains = NULL;

  if (conn == NULL)
    return NULL;
  if (virConnectListAllDomains (conn, &domains, 0) < 0)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  for (guint i = 0; domains[i] != NULL; i++)
    {
      char uuid[VIR_UUID_STRING_BUFLEN];
      char *xml = NULL;

      if (!g_cancellable_is_cancelled (cancellable) &&
          (xml = dup_xml (domains[i], VIR_DOMAIN_XML_INACTIVE)) != NULL)
        {
          GhDefinition *definition = g_new0 (GhDefinition, 1);

          virDomainGetUUIDString (domains[i], uuid);
          definition->uuid = g_strdup (uuid);
          definition->name = g_strdup (virDomainGetName (domains[i]));
          definition->xml = xml;
          if (virDomainGetID (domains[i]) != (unsigned int) -1)
            definition->live_xml = dup_xml (domains[i], 0);
          definition->snapshots = dup_snapshots (domains[i]);
          g_ptr_array_add (definitions, definition);
        }
      virDomainFree (domains[i]);
    }
  free (domains);
  return g_steal_pointer (&definitions);
}

/**
 * gh_host_load_definitions_async:
 * @host: a connected host
 * @cancellable: (nullable): stops it
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Reads the XML of every machine and snapshot: about two seconds for 10,000
 * machines, on a connection of its own.
 */
void
gh_host_load_definitions_async (GhHost              *host,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_JOB, GH_LANE_DEFAULT, GH_LANE_READ, "domain-definitions",
                definitions_worker,
                NULL, NULL, (GDestroyNotify) g_ptr_array_unref, g_task_new (host, cancellable,
                                                                            callback, user_data));
}

GPtrArray *
gh_host_load_definitions_finish (GhHost        *host,
                                 GAsyncResult  *result,
                                 GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* One machine, by UUID */

static gpointer
definition_worker (GhLane        *lane,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->text, error);
  GhDefinition *definition = NULL;
  char *metadata = NULL;
  char *xml = domain != NULL ? dup_xml (domain, VIR_DOMAIN_XML_INACTIVE) : NULL;

  if (xml == NULL)
    {
      if (*error == NULL)
        g_set_error_literal (error, GH_VIRT_ERROR, VIR_ERR_OPERATION_FAILED,
                             "The machine's definition cannot be read");
      return NULL;
    }
  definition = g_new0 (GhDefinition, 1);
  definition->uuid = g_strdup (call->text);
  definition->name = g_strdup (virDomainGetName (domain));
  definition->xml = xml;
  if (virDomainIsActive (domain) == 1)
    definition->live_xml = dup_xml (domain, 0);
  definition->snapshots = dup_snapshots (domain);
  metadata = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, GH_MACHINE_MARK_NAMESPACE,
                                   virDomainIsPersistent (domain) == 1 ? VIR_DOMAIN_AFFECT_CONFIG
                                                                       : VIR_DOMAIN_AFFECT_CURRENT);
  definition->metadata = g_strdup (metadata);
  free (metadata);
  virResetLastError ();
  return definition;
}

/**
 * gh_host_load_definition_async:
 * @host: a connected host
 * @uuid: a machine, which need not be listed yet
 * @cancellable: (nullable): stops it
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Reads what one machine is made of, with our metadata.
 */
void
gh_host_load_definition_async (GhHost              *host,
                               const char          *uuid,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_READ, "domain-definition",
                definition_worker, call_new (uuid, 0), call_free, free_definition,
                g_task_new (host, cancellable, callback, user_data));
}

GhDefinition *
gh_host_load_definition_finish (GhHost        *host,
                                GAsyncResult  *result,
                                GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static gpointer
define_worker (GhLane        *lane,
               gpointer       data,
               GCancellable  *cancellable,
               GError       **error)
{
  Call *call = data;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (virDomain) domain = NULL;
  char uuid[VIR_UUID_STRING_BUFLEN];

  if (conn == NULL)
    return NULL;
  /* Without VALIDATE libvirt drops what it does not know, silently. */
  domain = virDomainDefineXMLFlags (conn, call->text, VIR_DOMAIN_DEFINE_VALIDATE);
  if (domain == NULL)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  virDomainGetUUIDString (domain, uuid);
  return g_strdup (uuid);
}

static void
defined_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  char *uuid = g_task_propagate_pointer (G_TASK (result), &error);

  if (uuid == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  gh_host_mark_stale (host, uuid);
  g_task_return_pointer (task, uuid, g_free);
}

/**
 * gh_host_define_async:
 * @host: a connected host
 * @xml: a whole domain document, with a UUID
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainDefineXMLFlags() with VALIDATE.
 */
void
gh_host_define_async (GhHost              *host,
                      const char          *xml,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  GTask *task = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_WRITE, "domain-define", define_worker,
                call_new (xml, 0), call_free, g_free, g_task_new (host, cancellable, defined_cb,
                                                                  task));
}

char *
gh_host_define_finish (GhHost        *host,
                       GAsyncResult  *result,
                       GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static gpointer
undefine_worker (GhLane        *lane,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  static const unsigned int known_flags[] = {
    ~0u,
    VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
      VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA,
    VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA,
  };
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->text, error);
  unsigned int flags = 0;

  if (domain == NULL)
    {
      if (g_error_matches (*error, GH_VIRT_ERROR, VIR_ERR_NO_DOMAIN))
        g_clear_error (error);
      return NULL;
    }
  if (call->flags & GH_UNDEFINE_SAVED_STATE)
    flags |= VIR_DOMAIN_UNDEFINE_MANAGED_SAVE;
  if (call->flags & GH_UNDEFINE_SNAPSHOTS)
    flags |= VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA | VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA;
  flags |= call->flags & GH_UNDEFINE_NVRAM ? VIR_DOMAIN_UNDEFINE_NVRAM
                                           : VIR_DOMAIN_UNDEFINE_KEEP_NVRAM;
  flags |= call->flags & GH_UNDEFINE_TPM ? VIR_DOMAIN_UNDEFINE_TPM : VIR_DOMAIN_UNDEFINE_KEEP_TPM;

  /* Hosts that do not know a flag have nothing it could be about. */
  for (guint i = 0; i < G_N_ELEMENTS (known_flags); i++)
    {
      g_clear_error (error);
      if (virDomainUndefineFlags (domain, flags & known_flags[i]) == 0)
        return NULL;
      gh_virt_error_take (error);
      if (!g_error_matches (*error, GH_VIRT_ERROR, VIR_ERR_INVALID_ARG))
        return NULL;
    }
  return NULL;
}

/* Ends a call that changed the machine whose UUID is the task's data. */
static void
machine_changed_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_host_mark_stale (host, g_task_get_task_data (task));
  if (gh_call_finish_void (host, result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
change_machine (GhHost              *host,
                const char          *uuid,
                guint                flags,
                const char          *name,
                GhLaneFunc           func,
                GCancellable        *cancellable,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  GTask *task = g_task_new (host, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_WRITE, name, func,
                call_new (uuid, flags), call_free,
                NULL, g_task_new (host, cancellable, machine_changed_cb, task));
}

/**
 * gh_host_undefine_async:
 * @host: a connected host
 * @uuid: the machine; one that is not there counts as done
 * @flags: what goes with it; NVRAM and TPM state are kept unless named
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainUndefineFlags().
 */
void
gh_host_undefine_async (GhHost              *host,
                        const char          *uuid,
                        GhUndefineFlags      flags,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  change_machine (host, uuid, flags, "domain-undefine", undefine_worker, cancellable, callback,
                  user_data);
}

gboolean
gh_host_undefine_finish (GhHost        *host,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gpointer
metadata_worker (GhLane        *lane,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->text, error);

  if (domain != NULL &&
      virDomainSetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, call->more,
                            GH_MACHINE_MARK_PREFIX, GH_MACHINE_MARK_NAMESPACE,
                            VIR_DOMAIN_AFFECT_CONFIG) < 0)
    {
      virErrorPtr last = virGetLastError ();

      /* To remove what is not there is done. */
      if (call->more == NULL && last != NULL && last->code == VIR_ERR_NO_DOMAIN_METADATA)
        virResetLastError ();
      else
        gh_virt_error_take (error);
    }
  return NULL;
}

/**
 * gh_host_set_metadata_async:
 * @host: a connected host
 * @uuid: the machine
 * @element: (nullable): our element in its permanent definition, without a namespace; %NULL
 *   removes it
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainSetMetadata().
 */
void
gh_host_set_metadata_async (GhHost              *host,
                            const char          *uuid,
                            const char          *element,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  GTask *task = NULL;
  Call *call = call_new (uuid, 0);

  g_return_if_fail (GH_IS_HOST (host));

  call->more = g_strdup (element);
  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  gh_host_call (host, GH_ROLE_CONTROL, GH_LANE_USER, GH_LANE_WRITE, "domain-set-metadata",
                metadata_worker, call, call_free, NULL,
                g_task_new (host, cancellable, machine_changed_cb, task));
}

gboolean
gh_host_set_metadata_finish (GhHost        *host,
                             GAsyncResult  *result,
                             GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gpointer
force_off_worker (GhLane        *lane,
                  gpointer       data,
                  GCancellable  *cancellable,
                  GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->text, error);

  if (domain == NULL)
    {
      if (g_error_matches (*error, GH_VIRT_ERROR, VIR_ERR_NO_DOMAIN))
        g_clear_error (error);
      return NULL;
    }
  if (virDomainIsActive (domain) == 1 && virDomainDestroy (domain) < 0)
    gh_virt_error_take (error);
  return NULL;
}

/**
 * gh_host_force_off_async:
 * @host: a connected host
 * @uuid: the machine; one that is not there or not running counts as done
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainDestroy().
 */
void
gh_host_force_off_async (GhHost              *host,
                         const char          *uuid,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  change_machine (host, uuid, 0, "domain-destroy", force_off_worker, cancellable, callback,
                  user_data);
}

gboolean
gh_host_force_off_finish (GhHost        *host,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gpointer
start_worker (GhLane        *lane,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  Call *call = data;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, call->text, error);

  if (domain != NULL && virDomainCreate (domain) < 0)
    gh_virt_error_take (error);
  return NULL;
}

/**
 * gh_host_start_async:
 * @host: a connected host
 * @uuid: the machine
 * @cancellable: (nullable): takes it back while it has not started
 * @callback: called with the result
 * @user_data: for @callback
 *
 * virDomainCreate(), for a machine that may have been defined a moment ago and
 * not be listed yet.
 */
void
gh_host_start_async (GhHost              *host,
                     const char          *uuid,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  change_machine (host, uuid, 0, "domain-create", start_worker, cancellable, callback, user_data);
}

gboolean
gh_host_start_finish (GhHost        *host,
                      GAsyncResult  *result,
                      GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
