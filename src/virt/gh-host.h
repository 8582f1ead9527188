/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-capabilities.h"
#include "gh-machine.h"
#include "gh-storage.h"

G_BEGIN_DECLS

/**
 * GhHostState:
 * @GH_HOST_DISCONNECTED: not wanted, or given up by the user
 * @GH_HOST_CONNECTING: opening, or reading the first list
 * @GH_HOST_CONNECTED: its machines are known and kept up to date
 * @GH_HOST_LOST: the connection failed or broke; it is tried again by itself
 */
typedef enum
{
  GH_HOST_DISCONNECTED,
  GH_HOST_CONNECTING,
  GH_HOST_CONNECTED,
  GH_HOST_LOST,
} GhHostState;

/**
 * GhMachineChanges:
 * @added: (element-type GhMachine): new machines
 * @removed: (element-type GhMachine): machines that are gone
 * @changed: (element-type GhMachine): machines whose properties changed
 * @figures: whether CPU figures of some of the host's running machines changed
 *
 * One batch of changes, for list models. Given with GhHost::machines-changed.
 */
typedef struct
{
  GPtrArray *added;
  GPtrArray *removed;
  GPtrArray *changed;
  gboolean   figures;
} GhMachineChanges;

#define GH_TYPE_HOST (gh_host_get_type ())
G_DECLARE_FINAL_TYPE (GhHost, gh_host, GH, HOST, GObject)

/* Properties: "uri", "label", "state", "error-text" (nullable), "cpu-share".
 * Signals: "machines-changed" (GhMachineChanges *), "definition-changed" (const char *uuid,
 * nullable), "storage-changed". */

GhHost       *gh_host_new                (const char *uri);
const char   *gh_host_get_uri            (GhHost *self);
const char   *gh_host_get_label          (GhHost *self);
void          gh_host_set_label          (GhHost *self,
                                          const char *label);
GhHostState   gh_host_get_state          (GhHost *self);
const GError *gh_host_get_error          (GhHost *self);
gboolean      gh_host_is_local           (GhHost *self);
gboolean      gh_host_is_session         (GhHost *self);
gboolean      gh_host_is_test            (GhHost *self);
/* Whether a host of this URI connects to its own ports for us, through the ssh it is reached by. */
guint         gh_host_get_max_sessions   (GhHost *self);
gboolean      gh_host_uri_can_tunnel     (const char *uri);
int           gh_host_open_tunnel        (GhHost *self, const char *address, guint port,
                                          GError **error);
/* When the program ends: nothing is left behind. */
void          gh_host_end_logins         (void);

void          gh_host_connect            (GhHost *self);
void          gh_host_disconnect         (GhHost *self);
void          gh_host_refresh            (GhHost *self);
void          gh_host_expect_readings    (GhHost *self);
void          gh_host_set_brief          (GhHost *self);
gint64        gh_host_get_retry_time     (GhHost *self);

/* Opens the connection unless it is open, and waits for the first list. */
void          gh_host_ready_async        (GhHost *self, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_ready_finish       (GhHost *self, GAsyncResult *result, GError **error);

guint         gh_host_get_n_machines     (GhHost *self);
GPtrArray    *gh_host_dup_machines       (GhHost *self);
GhMachine    *gh_host_find_machine       (GhHost *self, const char *name_or_uuid);

/* Figures are read while at least one watcher holds them. */
void          gh_host_hold_figures       (GhHost *self);
void          gh_host_release_figures    (GhHost *self);

/* What the host can do; read once and kept until gh_host_refresh(). */
void            gh_host_load_capabilities_async  (GhHost *self, GCancellable *cancellable,
                                                  GAsyncReadyCallback callback, gpointer user_data);
GhCapabilities *gh_host_load_capabilities_finish (GhHost *self, GAsyncResult *result,
                                                  GError **error);

/* Definitions of all machines: (element-type GhDefinition). One that could not be read, or only
 * in part, is among them and has a problem. */
void          gh_host_load_definitions_async  (GhHost *self, GCancellable *cancellable,
                                               GAsyncReadyCallback callback, gpointer user_data);
/* The same of some machines; those that are gone are not among them. */
void          gh_host_load_some_definitions_async (GhHost *host, const char * const *uuids,
                                                   GCancellable *cancellable,
                                                   GAsyncReadyCallback callback,
                                                   gpointer user_data);
GPtrArray    *gh_host_load_definitions_finish (GhHost *self, GAsyncResult *result, GError **error);

/* One machine's, with its metadata; it need not be listed yet. */
void          gh_host_load_definition_async   (GhHost *host, const char *uuid,
                                               GCancellable *cancellable,
                                               GAsyncReadyCallback callback, gpointer user_data);
GhDefinition *gh_host_load_definition_finish  (GhHost *host, GAsyncResult *result, GError **error);

/* Our element in its metadata (gh-machine-mark.h); NULL removes it. */
void          gh_host_set_metadata_async  (GhHost *host, const char *uuid, const char *element,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_set_metadata_finish (GhHost *host, GAsyncResult *result, GError **error);

/* Defines with validation. Returns the UUID. Replaces only a machine with the same UUID. */
void          gh_host_define_async       (GhHost *self, const char *xml, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
char         *gh_host_define_finish      (GhHost *self, GAsyncResult *result, GError **error);

typedef enum
{
  GH_UNDEFINE_SAVED_STATE = 1 << 0,  /* remove the saved state with it */
  GH_UNDEFINE_SNAPSHOTS = 1 << 1,    /* forget snapshot metadata */
  GH_UNDEFINE_NVRAM = 1 << 2,        /* delete the NVRAM file; kept else */
  GH_UNDEFINE_TPM = 1 << 3,          /* delete the TPM state; kept else */
  GH_UNDEFINE_CHECKPOINTS = 1 << 4,  /* forget checkpoint metadata */
} GhUndefineFlags;

void          gh_host_undefine_async     (GhHost *self, const char *uuid, GhUndefineFlags flags,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_undefine_finish    (GhHost *self, GAsyncResult *result, GError **error);

/* Plugs the cables of the network cards with these addresses in, or out: in the permanent
 * definition, and in the running machine. Cards that are gone count as done. */
void          gh_host_set_cables_async   (GhHost *self, const char *uuid,
                                          const char * const *macs, gboolean plugged,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_set_cables_finish  (GhHost *self, GAsyncResult *result, GError **error);

/* Only while it is off. */
void          gh_host_rename_async       (GhHost *self, const char *uuid, const char *name,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_rename_finish      (GhHost *self, GAsyncResult *result, GError **error);

/* Whether the host starts the machine by itself when it boots. */
void          gh_host_load_autostart_async  (GhHost *self, const char *uuid,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_load_autostart_finish (GhHost *self, GAsyncResult *result,
                                             gboolean *autostart, GError **error);
void          gh_host_set_autostart_async   (GhHost *self, const char *uuid, gboolean autostart,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_set_autostart_finish  (GhHost *self, GAsyncResult *result, GError **error);

/* By UUID, for plans that undo after a restart: no GhMachine need exist.
 * A machine that is not there counts as done. */
void          gh_host_force_off_async    (GhHost *self, const char *uuid, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_force_off_finish   (GhHost *self, GAsyncResult *result, GError **error);
void          gh_host_end_remainder_async  (GhHost *self, const char *uuid,
                                            GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_end_remainder_finish (GhHost *self, GAsyncResult *result, GError **error);
/* By UUID, for plans: the machine may have been defined a moment ago and not be listed yet. */
void          gh_host_start_async        (GhHost *self, const char *uuid, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_host_start_finish       (GhHost *self, GAsyncResult *result, GError **error);

G_END_DECLS
