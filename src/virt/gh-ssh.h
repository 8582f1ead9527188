/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * GhSsh:
 *
 * How one connection to a host over ssh is made: its lanes and consoles share a login, or a few
 * where the host allows a login few sessions (gh-ssh-seat.h), which end with the last reference.
 * Counted; any thread where not said otherwise.
 */
typedef struct _GhSsh GhSsh;

gboolean    gh_ssh_is_wanted    (const char *uri);
GhSsh      *gh_ssh_new          (const char *uri, GError **error);
GhSsh      *gh_ssh_ref          (GhSsh *self);
void        gh_ssh_unref        (GhSsh *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhSsh, gh_ssh_unref)

const char *gh_ssh_get_folder   (GhSsh *self);
GStrv       gh_ssh_dup_query    (GhSsh *self);
char       *gh_ssh_dup_open_uri (GhSsh *self, const char *name);
void        gh_ssh_stop         (GhSsh *self);
int         gh_ssh_open_tunnel  (GhSsh *self, const char *address, guint port, GError **error);

/* Of all connections. */
const char *gh_ssh_get_folders  (GError **error);
char       *gh_ssh_dup_address  (const char *folder);
char       *gh_ssh_dup_uri_address (const char *uri);
void        gh_ssh_shutdown     (void);

G_END_DECLS
