/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The one call of libvirt that a move is: how it is told what is wanted, and made. */

#define G_LOG_DOMAIN "gh-migration-call"

#include "config.h"

#include "gh-migration-private.h"

#include "gh-host-address.h"
#include "gh-host-private.h"
#include "gh-virt-error-private.h"

typedef struct
{
  char                 uuid[VIR_UUID_STRING_BUFLEN];
  char                *destination; /* URI */
  GhSsh               *ssh;         /* (owned) (nullable): how it is reached */
  GhMigrationOptions  *options;
} Move;

static void
move_free (gpointer data)
{
  Move *move = data;

  g_free (move->destination);
  g_clear_pointer (&move->ssh, gh_ssh_unref);
  gh_migration_options_free (move->options);
  g_free (move);
}

static unsigned int
get_flags (const GhMigrationOptions *options)
{
  const struct
  {
    gboolean     on;
    unsigned int flag;
  } rows[] = {
    { options->live, VIR_MIGRATE_LIVE },
    { options->peer || options->tunnelled, VIR_MIGRATE_PEER2PEER },
    { options->tunnelled, VIR_MIGRATE_TUNNELLED },
    { options->persist, VIR_MIGRATE_PERSIST_DEST },
    { options->undefine, VIR_MIGRATE_UNDEFINE_SOURCE },
    { options->disks != NULL, VIR_MIGRATE_NON_SHARED_DISK },
    { options->unsafe, VIR_MIGRATE_UNSAFE },
    { options->compression != NULL, VIR_MIGRATE_COMPRESSED },
    { options->auto_converge || options->slow_later, VIR_MIGRATE_AUTO_CONVERGE },
    { options->post_copy, VIR_MIGRATE_POSTCOPY },
    { options->resume, VIR_MIGRATE_POSTCOPY_RESUME },
    { options->parallel, VIR_MIGRATE_PARALLEL },
    { options->tls, VIR_MIGRATE_TLS },
  };
  unsigned int flags = VIR_MIGRATE_ABORT_ON_ERROR;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    flags |= rows[i].on ? rows[i].flag : 0;
  return flags;
}

typedef struct
{
  virTypedParameterPtr params;
  int                  n;
  int                  max;
} Params;

static void
params_clear (Params *self)
{
  virTypedParamsFree (self->params, self->n);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Params, params_clear)

static gboolean
add_string (Params     *self,
            const char *name,
            const char *value)
{
  return value == NULL ||
         virTypedParamsAddString (&self->params, &self->n, &self->max, name, value) == 0;
}

/* Whether a guest may be slowed down is decided when a move begins, and by how much at any time. So
 * it is begun with as little as there is: one per cent for each two passes in which the guest wrote
 * more than half of what was sent. */
static gboolean
add_slowness (Params                   *self,
              const GhMigrationOptions *options)
{
  return options->auto_converge || !options->slow_later ||
         (virTypedParamsAddInt (&self->params, &self->n, &self->max,
                                VIR_MIGRATE_PARAM_AUTO_CONVERGE_INITIAL, 1) == 0 &&
          virTypedParamsAddInt (&self->params, &self->n, &self->max,
                                VIR_MIGRATE_PARAM_AUTO_CONVERGE_INCREMENT, 1) == 0);
}

/* libvirt limits a post-copy only when that is said too. */
static gboolean
add_bandwidth (Params                   *self,
               const GhMigrationOptions *options)
{
  return options->bandwidth_mib == 0 ||
         (virTypedParamsAddULLong (&self->params, &self->n, &self->max,
                                   VIR_MIGRATE_PARAM_BANDWIDTH, options->bandwidth_mib) == 0 &&
          (!options->post_copy ||
           virTypedParamsAddULLong (&self->params, &self->n, &self->max,
                                    VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY,
                                    options->bandwidth_mib) == 0));
}

static gboolean
fill_params (Params                   *self,
             const GhMigrationOptions *options)
{
  gboolean fine = add_string (self, VIR_MIGRATE_PARAM_DEST_NAME, options->name) &&
                  add_string (self, VIR_MIGRATE_PARAM_DEST_XML, options->xml) &&
                  add_string (self, VIR_MIGRATE_PARAM_PERSIST_XML,
                              options->persist ? options->persistent_xml : NULL) &&
                  add_string (self, VIR_MIGRATE_PARAM_URI, options->address) &&
                  add_string (self, VIR_MIGRATE_PARAM_DISKS_URI,
                              options->disks != NULL ? options->disks_address : NULL) &&
                  add_string (self, VIR_MIGRATE_PARAM_COMPRESSION, options->compression) &&
                  add_slowness (self, options) &&
                  add_bandwidth (self, options);

  for (guint i = 0; fine && options->disks != NULL && options->disks[i] != NULL; i++)
    fine = add_string (self, VIR_MIGRATE_PARAM_MIGRATE_DISKS, options->disks[i]);
  if (fine && options->parallel && options->connections > 0)
    fine = virTypedParamsAddInt (&self->params, &self->n, &self->max,
                                 VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS,
                                 (int) options->connections) == 0;
  return fine;
}

static gboolean
migrate_by_peer (virDomainPtr domain,
                 const Move  *move,
                 Params      *params)
{
  return virDomainMigrateToURI3 (domain, move->destination, params->params,
                                 (unsigned int) params->n, get_flags (move->options)) == 0;
}

static gboolean
migrate_by_client (virDomainPtr  domain,
                   virConnectPtr destination,
                   const Move   *move,
                   Params       *params)
{
  g_autoptr (virDomain) moved = virDomainMigrate3 (domain, destination, params->params,
                                                   (unsigned int) params->n,
                                                   get_flags (move->options));

  return moved != NULL;
}

static gpointer
move_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Move *move = data;
  gboolean peer = move->options->peer || move->options->tunnelled;
  g_autoptr (virDomain) domain = gh_conn_find_domain (lane, move->uuid, error);
  g_auto (Params) params = { NULL, 0, 0 };
  g_autoptr (GhSshSeat) seat = NULL;
  virConnectPtr destination = NULL;

  if (domain == NULL)
    return NULL;
  if (!peer)
    {
      destination = gh_conn_open (move->destination, move->ssh, GH_SSH_SEAT_NEEDED, &seat, error);
      if (destination == NULL)
        return NULL;
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    ;
  else if (!fill_params (&params, move->options) ||
           !(peer ? migrate_by_peer (domain, move, &params)
                  : migrate_by_client (domain, destination, move, &params)))
    gh_virt_error_take (error);
  if (destination != NULL)
    virConnectClose (destination);
  virResetLastError ();
  return NULL;
}

/**
 * gh_migration_call_async:
 * @self: a move that begins, with its lanes open
 * @callback: called when libvirt's call is over, with the lane as its source
 * @user_data: for @callback
 *
 * Blocks the move's own lane until then.
 */
void
gh_migration_call_async (GhMigration         *self,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  Move *move = g_new0 (Move, 1);

  g_strlcpy (move->uuid, self->uuid, sizeof move->uuid);
  move->ssh = gh_host_dup_ssh (self->destination);
  /* The source knows nothing of our way there; nor does libvirt, where it is not our ssh. */
  if ((self->options->peer || self->options->tunnelled) && self->options->peer_uri != NULL)
    move->destination = g_strdup (self->options->peer_uri);
  else if (!self->options->peer && !self->options->tunnelled && move->ssh != NULL)
    move->destination = g_strdup (gh_host_get_uri (self->destination));
  else
    move->destination = gh_host_address_dup_plain (gh_host_get_uri (self->destination));
  move->options = gh_migration_options_copy (self->options);
  gh_lane_run_async (self->move_lane, GH_LANE_USER, GH_LANE_WRITE, "domain-migrate", move_worker,
                     move, move_free, NULL, g_task_get_cancellable (self->task), callback,
                     user_data);
}
