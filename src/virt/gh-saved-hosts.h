/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The hosts that are in the list at the next start, too; kept in GSettings. Main thread. */

/* What is saved; while nothing is, the user's own machines, and the system's where its service is
 * there and the user may use it. */
GStrv    gh_saved_hosts_dup_uris     (void);
/* Of those that are saved, whether it is connected by itself. */
gboolean gh_saved_hosts_get_connects (const char *uri);
/* Whether it is there while nothing is saved. */
gboolean gh_saved_hosts_is_default   (const char *uri);
/* Adds it at the end, or changes what is known of it. */
void     gh_saved_hosts_add          (const char *uri, gboolean connects);
void     gh_saved_hosts_remove       (const char *uri);
gboolean gh_saved_hosts_has          (const char *uri);
/* Puts @uri in the place of @old, with what is known of that. */
void     gh_saved_hosts_replace      (const char *old, const char *uri);

/* What the user calls it, whether it is saved or not; NULL: nothing of his own. */
char    *gh_saved_hosts_dup_name     (const char *uri);
void     gh_saved_hosts_set_name     (const char *uri, const char *name);
/* Whether a host may be called so; an empty name is none, and may be. In words when not. */
gboolean gh_saved_hosts_check_name   (const char *name, GError **error);

/* For a program that ends: waits until what was changed is written. May block. */
void     gh_saved_hosts_sync         (void);
/* FALSE where settings are forgotten with the process. */
gboolean gh_saved_hosts_are_kept     (void);

G_END_DECLS
