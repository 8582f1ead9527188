/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Definitions: reading all of them, defining and undefining. By UUID, so that a plan can undo
 * what it did after a restart, when no GhMachine need exist. */

#define G_LOG_DOMAIN "gh-definitions"

#include "config.h"

#include <string.h>

#include "gh-faults.h"
#include "gh-host-private.h"
#include "gh-machine-mark.h"
#include "gh-presence-private.h"
#include "gh-start-guard.h"
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
  g_free (self->problem);
  g_strfreev (self->snapshots);
  g_free (self);
}

/* (nullable): a copy that g_free() frees. */
static char *
dup_xml (virDomainPtr   domain,
         unsigned int   flags,
         GError       **error)
{
  char *xml = NULL;
  char *copy = NULL;

  if (!gh_faults_enter ("domain-definition-xml", error))
    return NULL;
  xml = virDomainGetXMLDesc (domain, flags);
  copy = g_strdup (xml);
  if (xml == NULL)
    gh_virt_error_take (error);
  free (xml);
  return copy;
}

static GStrv
dup_snapshots (virDomainPtr   domain,
               GError       **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  virDomainSnapshotPtr *snapshots = NULL;
  int n = virDomainListAllSnapshots (domain, &snapshots, VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL);

  if (n < 0)
    {
      virErrorPtr last = virGetLastError ();

      /* A driver without snapshots has none. */
      if (last != NULL && last->code == VIR_ERR_NO_SUPPORT)
        virResetLastError ();
      else
        gh_virt_error_take (error);
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
  return n > 0 ? g_strv_builder_end (builder) : NULL;
}

/* NULL when the machine is gone. What the host does not give is told in the definition: who asks
 * which machine uses a file must not take silence for no. */
static GhDefinition *
read_definition (virDomainPtr domain,
                 gboolean     has_snapshots)
{
  GhDefinition *self = g_new0 (GhDefinition, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) live_error = NULL;
  g_autoptr (GError) snapshots_error = NULL;
  char uuid[VIR_UUID_STRING_BUFLEN];

  virDomainGetUUIDString (domain, uuid);
  self->uuid = g_strdup (uuid);
  self->name = g_strdup (virDomainGetName (domain));
  self->xml = dup_xml (domain, VIR_DOMAIN_XML_INACTIVE, &error);
  if (g_error_matches (error, GH_VIRT_ERROR, VIR_ERR_NO_DOMAIN))
    {
      gh_definition_free (self);
      return NULL;
    }
  if (self->xml == NULL)
    self->xml = g_strdup ("");
  else
    {
      if (virDomainGetID (domain) != (unsigned int) -1)
        self->live_xml = dup_xml (domain, 0, &live_error);
      if (has_snapshots)
        self->snapshots = dup_snapshots (domain, &snapshots_error);
    }
  if (error != NULL)
    self->problem = g_strdup (error->message);
  /* It may have stopped meanwhile. */
  else if (live_error != NULL && virDomainIsActive (domain) != 0)
    self->problem = g_strdup (live_error->message);
  else if (snapshots_error != NULL)
    self->problem = g_strdup (snapshots_error->message);
  virResetLastError ();
  return self;
}

static void
free_definition (gpointer data)
{
  gh_definition_free (data);
}

/* What has been read, by several connections side by side. */
typedef struct
{
  GStrv      uuids;       /* (nullable): the machines; NULL: all */
  GPtrArray *definitions; /* (element-type GhDefinition) (mutex mutex) */
  GMutex     mutex;
} Definitions;

static void
definitions_clear (gpointer data)
{
  Definitions *self = data;

  g_strfreev (self->uuids);
  g_clear_pointer (&self->definitions, g_ptr_array_unref);
  g_mutex_clear (&self->mutex);
}

static void
definitions_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, definitions_clear);
}

static void
take_definition (Definitions  *self,
                 virDomainPtr  domain,
                 GHashTable   *owners)
{
  GhDefinition *definition = NULL;
  char uuid[VIR_UUID_STRING_BUFLEN];

  virDomainGetUUIDString (domain, uuid);
  definition = read_definition (domain, owners == NULL || g_hash_table_contains (owners, uuid));
  if (definition == NULL)
    return;
  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->definitions, definition);
  g_mutex_unlock (&self->mutex);
}

/* Each connection has its own list of machines, and reads those that fall to it by UUID: so that
 * none is read twice or left out when one comes or goes meanwhile. */
static gboolean
is_share (const GhPart *part,
          const char   *uuid)
{
  return g_str_hash (uuid) % part->n_parts == part->index;
}

static void
read_named (Definitions    *self,
            virConnectPtr   conn,
            const GhPart   *part,
            GError        **error)
{
  for (guint i = part->index; i < g_strv_length (self->uuids); i += part->n_parts)
    {
      g_autoptr (virDomain) domain = virDomainLookupByUUIDString (conn, self->uuids[i]);
      virErrorPtr last = domain == NULL ? virGetLastError () : NULL;

      if (domain != NULL)
        take_definition (self, domain, NULL);
      else if (last != NULL && last->code == VIR_ERR_NO_DOMAIN)
        virResetLastError ();
      else
        {
          gh_virt_error_take (error);
          return;
        }
    }
}

static gpointer
definitions_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  const GhPart *part = data;
  Definitions *self = part->record;
  virConnectPtr conn = gh_conn_get (lane, error);
  g_autoptr (GHashTable) owners = NULL;
  virDomainPtr *domains = NULL;

  if (conn == NULL)
    return NULL;
  if (self->uuids != NULL)
    {
      read_named (self, conn, part, error);
      return NULL;
    }
  if (virConnectListAllDomains (conn, &domains, 0) < 0)
    {
      gh_virt_error_take (error);
      return NULL;
    }
  owners = gh_conn_list_uuids (conn, VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT);
  for (guint i = 0; domains[i] != NULL; i++)
    {
      char uuid[VIR_UUID_STRING_BUFLEN];

      virDomainGetUUIDString (domains[i], uuid);
      if (is_share (part, uuid) && !g_cancellable_is_cancelled (cancellable))
        take_definition (self, domains[i], owners);
      virDomainFree (domains[i]);
    }
  free (domains);
  return NULL;
}

static void
load_definitions (GhHost              *host,
                  const char * const  *uuids,
                  GCancellable        *cancellable,
                  GAsyncReadyCallback  callback,
                  gpointer             user_data)
{
  Definitions *record = g_atomic_rc_box_new0 (Definitions);
  guint n_machines = uuids != NULL ? g_strv_length ((char **) uuids)
                                   : gh_host_get_n_machines (host);
  guint n_readers = uuids == NULL ? gh_host_open_bulk_readers (host)
                                  : gh_host_get_n_readers (host);
  /* Each part has to list them first, which takes as long as to read one. */
  guint n_parts = CLAMP (n_machines / 3, 1, n_readers);

  record->uuids = g_strdupv ((char **) uuids);
  record->definitions = g_ptr_array_new_with_free_func (free_definition);
  g_mutex_init (&record->mutex);
  gh_host_call_parts (host, GH_LANE_DEFAULT, "domain-definitions", definitions_worker, record,
                      definitions_unref, n_parts,
                      g_task_new (host, cancellable, callback, user_data));
}

/**
 * gh_host_load_definitions_async:
 * @host: a connected host
 * @cancellable: (nullable): stops it
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Reads the XML of every machine and snapshot, by several connections side by side: about two
 * seconds for 10,000 machines of this computer.
 */
void
gh_host_load_definitions_async (GhHost              *host,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  load_definitions (host, NULL, cancellable, callback, user_data);
}

/**
 * gh_host_load_some_definitions_async:
 * @host: a connected host
 * @uuids: the machines
 * @cancellable: (nullable): stops it
 * @callback: called with the result, for gh_host_load_definitions_finish()
 * @user_data: for @callback
 *
 * As gh_host_load_definitions_async(), for the named machines; those that are
 * gone are not among the result.
 */
void
gh_host_load_some_definitions_async (GhHost              *host,
                                     const char * const  *uuids,
                                     GCancellable        *cancellable,
                                     GAsyncReadyCallback  callback,
                                     gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuids != NULL);

  load_definitions (host, uuids, cancellable, callback, user_data);
}

GPtrArray *
gh_host_load_definitions_finish (GhHost        *host,
                                 GAsyncResult  *result,
                                 GError       **error)
{
  Definitions *record = NULL;
  GPtrArray *definitions = NULL;

  g_return_val_if_fail (g_task_is_valid (result, host), NULL);

  record = g_task_propagate_pointer (G_TASK (result), error);
  if (record == NULL)
    return NULL;
  definitions = g_steal_pointer (&record->definitions);
  definitions_unref (record);
  return definitions;
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
  g_autoptr (GhDefinition) definition = NULL;
  char *metadata = NULL;
  int autostart = 0;

  if (domain == NULL)
    return NULL;
  definition = read_definition (domain, TRUE);
  if (definition == NULL || definition->problem != NULL)
    {
      g_set_error (error, GH_VIRT_ERROR,
                   definition == NULL ? VIR_ERR_NO_DOMAIN : VIR_ERR_OPERATION_FAILED, "%s",
                   definition == NULL ? "The machine is gone" : definition->problem);
      return NULL;
    }
  metadata = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, GH_MACHINE_MARK_NAMESPACE,
                                   virDomainIsPersistent (domain) == 1 ? VIR_DOMAIN_AFFECT_CONFIG
                                                                       : VIR_DOMAIN_AFFECT_CURRENT);
  definition->metadata = g_strdup (metadata);
  definition->autostart = virDomainGetAutostart (domain, &autostart) == 0 && autostart != 0;
  free (metadata);
  virResetLastError ();
  return g_steal_pointer (&definition);
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
    flags |= VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA;
  if (call->flags & GH_UNDEFINE_CHECKPOINTS)
    flags |= VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA;
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
  unsigned int flags = 0;

  if (domain == NULL)
    return NULL;
  if (virDomainIsPersistent (domain) == 1)
    flags |= VIR_DOMAIN_AFFECT_CONFIG;
  if (virDomainIsActive (domain) == 1)
    flags |= VIR_DOMAIN_AFFECT_LIVE;
  if (virDomainSetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, call->more,
                            GH_MACHINE_MARK_PREFIX, GH_MACHINE_MARK_NAMESPACE, flags) < 0)
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
 * @element: (nullable): our element, without a namespace, in its permanent definition and, while
 *   it runs, in that of the run; %NULL removes it
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

enum
{
  GH_FORCE_OFF_MACHINE,
  GH_FORCE_OFF_REMAINDER,
};

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
  if (virDomainIsActive (domain) == 1 &&
      (call->flags == GH_FORCE_OFF_REMAINDER ? gh_presence_is_remainder (domain, error)
                                             : gh_presence_may_end (domain, error)) &&
      virDomainDestroy (domain) < 0)
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

  change_machine (host, uuid, GH_FORCE_OFF_MACHINE, "domain-destroy", force_off_worker,
                  cancellable, callback, user_data);
}

gboolean
gh_host_force_off_finish (GhHost        *host,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * gh_host_end_remainder_async:
 * @host: a connected host
 * @uuid: a machine that the caller has seen to be whole at the host it moved to; what is not there
 *   or not running here counts as done
 * @callback: called with the result
 * @user_data: for @callback
 *
 * Ends what a move left here paused, even when this host has not been told that all of its memory
 * has arrived and says that it is in parts: %GH_GUARD_ERROR_REFUSED when a move does not hold it
 * any more. virDomainDestroy().
 */
void
gh_host_end_remainder_async (GhHost              *host,
                             const char          *uuid,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (GH_IS_HOST (host));

  change_machine (host, uuid, GH_FORCE_OFF_REMAINDER, "domain-destroy", force_off_worker, NULL,
                  callback, user_data);
}

gboolean
gh_host_end_remainder_finish (GhHost        *host,
                              GAsyncResult  *result,
                              GError       **error)
{
  return gh_host_force_off_finish (host, result, error);
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

static void
started_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
start_allowed_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  GhHost *host = GH_HOST (object);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_start_guard_ask_finish (host, result, &error))
    change_machine (host, g_task_get_task_data (task), 0, "domain-create", start_worker,
                    g_task_get_cancellable (task), started_cb, g_object_ref (task));
  else
    g_task_return_error (task, error);
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
 * not be listed yet. The start guard is asked first.
 */
void
gh_host_start_async (GhHost              *host,
                     const char          *uuid,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  GTask *task = NULL;

  g_return_if_fail (GH_IS_HOST (host));

  task = g_task_new (host, cancellable, callback, user_data);
  g_task_set_source_tag (task, gh_host_start_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  gh_start_guard_ask_async (host, uuid, GH_GUARD_START, cancellable, start_allowed_cb, task);
}

gboolean
gh_host_start_finish (GhHost        *host,
                      GAsyncResult  *result,
                      GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, host), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
