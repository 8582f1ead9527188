/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "gh-machine-mark.h"
#include "gh-serial-stream.h"

G_BEGIN_DECLS

typedef struct _GhHost GhHost;

/**
 * GhMachineState:
 * @GH_MACHINE_OFF: shut off, with no saved state
 * @GH_MACHINE_SAVED: shut off, and the next start restores the saved state
 * @GH_MACHINE_RUNNING: running
 * @GH_MACHINE_PAUSED: paused by somebody, or by an I/O error
 * @GH_MACHINE_SUSPENDED: asleep, by the guest's own power management
 * @GH_MACHINE_STOPPING: shutting down
 * @GH_MACHINE_CRASHED: the guest crashed
 * @GH_MACHINE_UNKNOWN: not reported yet
 */
typedef enum
{
  GH_MACHINE_OFF,
  GH_MACHINE_SAVED,
  GH_MACHINE_RUNNING,
  GH_MACHINE_PAUSED,
  GH_MACHINE_SUSPENDED,
  GH_MACHINE_STOPPING,
  GH_MACHINE_CRASHED,
  GH_MACHINE_UNKNOWN,
} GhMachineState;

/* What can be asked of a machine; one table of words, names and rules serves
 * menus, shortcuts and the command line (gh_machine_action_get_info()). */
typedef enum
{
  GH_MACHINE_START,         /* also restores a saved state */
  GH_MACHINE_PAUSE,
  GH_MACHINE_RESUME,
  GH_MACHINE_SHUT_DOWN,     /* asks the guest */
  GH_MACHINE_REBOOT,        /* asks the guest */
  GH_MACHINE_RESET,         /* the reset button: unsaved data is lost */
  GH_MACHINE_FORCE_OFF,     /* the power plug: unsaved data is lost */
  GH_MACHINE_SAVE,
  GH_MACHINE_DISCARD_SAVED, /* forget the saved state, stay off */
  GH_MACHINE_N_ACTIONS,
} GhMachineAction;

typedef struct
{
  const char *name;       /* on the command line and in GAction: "force-off" */
  const char *label;      /* on a button, untranslated: "Force off" */
  const char *progress;   /* untranslated: "Forcing off…" */
  const char *failure;    /* untranslated, with %s for the machine: "Could not force off “%s”" */
  const char *command;    /* virsh's verb: "destroy" */
  gboolean    dangerous;  /* to be asked about first: the guest loses what it has not written */
} GhMachineActionInfo;

const GhMachineActionInfo *gh_machine_action_get_info (GhMachineAction action);

#define GH_TYPE_MACHINE (gh_machine_get_type ())
G_DECLARE_FINAL_TYPE (GhMachine, gh_machine, GH, MACHINE, GObject)

/* Properties, all read-only and notified on change only: "name", "title", "label", "state",
 * "busy-text" (nullable: what is being done to it right now), "transient", "kind" (int, a
 * GhMachineKind: ordinary until that was read, together with the title), "parent-name" (nullable:
 * of what it was cloned from, or is a trial of). */

GhHost         *gh_machine_get_host       (GhMachine *self);
const char     *gh_machine_get_uuid       (GhMachine *self);
const char     *gh_machine_get_name       (GhMachine *self);
const char     *gh_machine_get_title      (GhMachine *self); /* nullable */
const char     *gh_machine_get_label      (GhMachine *self); /* the title, else the name */
GhMachineKind   gh_machine_get_kind       (GhMachine *self);
const char     *gh_machine_get_parent_name (GhMachine *self); /* nullable */
const char     *gh_machine_get_left_uri   (GhMachine *self); /* nullable */
const char     *gh_machine_get_parent_uuid (GhMachine *self); /* nullable */
GhMachineState  gh_machine_get_state      (GhMachine *self);
const char     *gh_machine_get_state_text (GhMachine *self); /* translated */
gboolean        gh_machine_is_active      (GhMachine *self); /* has a QEMU process */
gboolean        gh_machine_exists         (GhMachine *self); /* FALSE once removed from its host */
/* It is being moved by post-copy, or that broke: a part of its memory is on the other host */
gboolean        gh_machine_is_in_parts    (GhMachine *self);
/* libvirt's id of this run, -1 when off */
int             gh_machine_get_id         (GhMachine *self);
const char     *gh_machine_get_busy_text  (GhMachine *self); /* nullable */
gboolean        gh_machine_can            (GhMachine *self, GhMachineAction action);

/* CPU use of the last samples, oldest first, 0.0 to 1.0 of the machine's own CPUs. */
guint           gh_machine_get_cpu_samples (GhMachine *self, float *samples, guint n_samples);
double          gh_machine_get_cpu_share   (GhMachine *self); /* newest sample, < 0 when none */
guint           gh_machine_get_n_cpus      (GhMachine *self);
guint64         gh_machine_get_memory_kib  (GhMachine *self);

/* Seconds since the machine was started or restored; -1 when it is off or nobody
 * knows. @exact is FALSE when it only says how long we have watched it run. */
gint64          gh_machine_get_uptime      (GhMachine *self, gboolean *exact);

void            gh_machine_run_action_async  (GhMachine *self, GhMachineAction action,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
gboolean        gh_machine_run_action_finish (GhMachine *self, GAsyncResult *result,
                                              GError **error);

typedef enum
{
  GH_XML_LIVE = 0,
  GH_XML_INACTIVE = 1 << 0,
  GH_XML_SECURE = 1 << 1, /* with passwords: never to be logged or written to a journal */
} GhXmlFlags;

void            gh_machine_load_xml_async    (GhMachine *self, GhXmlFlags flags,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
char           *gh_machine_load_xml_finish   (GhMachine *self, GAsyncResult *result,
                                              GError **error);

/* Snapshots' XML, parents before children: for what a machine's files are. */
void            gh_machine_load_snapshots_async  (GhMachine *self, GCancellable *cancellable,
                                                  GAsyncReadyCallback callback, gpointer user_data);
GStrv           gh_machine_load_snapshots_finish (GhMachine *self, GAsyncResult *result,
                                                  GError **error);
/* Checkpoints are what incremental backups go by. */
void            gh_machine_count_checkpoints_async  (GhMachine *self, GCancellable *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer user_data);
guint           gh_machine_count_checkpoints_finish (GhMachine *self, GAsyncResult *result,
                                                     GError **error);

/* A socket of the @index-th <graphics>, owned by the caller; one per SPICE channel.
 * Fails with G_IO_ERROR_NOT_SUPPORTED on hosts that cannot pass descriptors. */
void            gh_machine_open_graphics_async  (GhMachine *self, guint index,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
int             gh_machine_open_graphics_finish (GhMachine *self, GAsyncResult *result,
                                                 GError **error);

/* A serial console. @alias is a device alias from the live XML, or NULL for the first. */
void            gh_machine_open_serial_async    (GhMachine *self, const char *alias, gboolean force,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer user_data);
GhSerialStream *gh_machine_open_serial_finish   (GhMachine *self, GAsyncResult *result,
                                                 GError **error);

/* Linux key codes, pressed together for @hold_ms. */
void            gh_machine_send_keys_async   (GhMachine *self, const guint *keys, guint n_keys,
                                              guint hold_ms,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
gboolean        gh_machine_send_keys_finish  (GhMachine *self, GAsyncResult *result,
                                              GError **error);

/* The guest's screen as the host sees it; PNG or PPM, see @mime_type. */
void            gh_machine_screenshot_async  (GhMachine *self, guint screen,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
GBytes         *gh_machine_screenshot_finish (GhMachine *self, GAsyncResult *result,
                                              char **mime_type,
                                              GError **error);

G_END_DECLS
