/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-ssh.h"

G_BEGIN_DECLS

/**
 * GhSshSeatKind:
 * @GH_SSH_SEAT_FIRST: of the connection that logs in; the others wait for it
 * @GH_SSH_SEAT_NEEDED: gets another login when there is no room in those that are there
 * @GH_SSH_SEAT_GIVES_WAY: is taken only where there is room
 */
typedef enum
{
  GH_SSH_SEAT_FIRST,
  GH_SSH_SEAT_NEEDED,
  GH_SSH_SEAT_GIVES_WAY,
} GhSshSeatKind;

/**
 * GhSshSeat:
 *
 * One session of a login: a libvirt connection over ssh has one for as long as it is open. Not of
 * the main thread.
 */
typedef struct _GhSshSeat GhSshSeat;

/* What a server that was not told otherwise allows (its MaxSessions). Tunnels are not counted by
 * it, so displays always get through. */
#define GH_SSH_MAX_SESSIONS 10

GhSshSeat  *gh_ssh_seat_take         (GhSsh *ssh, GhSshSeatKind kind, GError **error);
void        gh_ssh_seat_free         (GhSshSeat *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhSshSeat, gh_ssh_seat_free)

const char *gh_ssh_seat_get_open_uri (GhSshSeat *self);
char       *gh_ssh_seat_dup_text     (GhSshSeat *self);
void        gh_ssh_seat_note_open    (GhSshSeat *self);
gboolean    gh_ssh_seat_note_failure (GhSshSeat *self, const char *text, const GError *error);

/* Any thread. */
guint       gh_ssh_get_max_sessions  (GhSsh *ssh);
guint       gh_ssh_get_n_logins      (GhSsh *ssh);
guint       gh_ssh_get_n_free_seats  (GhSsh *ssh);

G_END_DECLS
