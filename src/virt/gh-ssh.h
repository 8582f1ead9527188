/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * GhSsh:
 *
 * How one connection to a host over ssh is made: all its lanes and consoles share one login, which
 * ends with the last reference. Immutable and counted; any thread where not said otherwise.
 */
typedef struct _GhSsh GhSsh;

gboolean    gh_ssh_is_wanted    (const char *uri);
GhSsh      *gh_ssh_new          (const char *uri, GError **error);
GhSsh      *gh_ssh_ref          (GhSsh *self);
void        gh_ssh_unref        (GhSsh *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhSsh, gh_ssh_unref)

const char *gh_ssh_get_open_uri (GhSsh *self);
const char *gh_ssh_get_folder   (GhSsh *self);
goffset     gh_ssh_get_text_end (GhSsh *self);
char       *gh_ssh_dup_text     (GhSsh *self, goffset start);
void        gh_ssh_stop         (GhSsh *self);
int         gh_ssh_open_tunnel  (GhSsh *self, const char *address, guint port, GError **error);

/* Of all connections. */
const char *gh_ssh_get_folders  (GError **error);
char       *gh_ssh_dup_address  (const char *folder);
void        gh_ssh_shutdown     (void);

G_END_DECLS
