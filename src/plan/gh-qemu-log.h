/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The log that libvirt on this computer keeps of a machine's QEMU. */

/* Where it is: of the libvirt of this user, or of the computer's. NULL: it has no such name. */
char *gh_qemu_log_dup_path    (gboolean session, const char *name);
/* The last lines of @text, a log or its end, that QEMU wrote at @since_us (real time) or later in
 * the last start of machine @uuid: nothing of the command line, no secrets, nothing that is no
 * text. NULL: none. */
char *gh_qemu_log_dup_end     (const char *text, const char *uuid, gint64 since_us);

/* Reads them, on a thread of its own. */
void  gh_qemu_log_load_async  (const char *path, const char *uuid, gint64 since_us,
                               gboolean waits, GAsyncReadyCallback callback,
                               gpointer user_data);
char *gh_qemu_log_load_finish (GAsyncResult *result); /* nullable: also when it cannot be read */

G_END_DECLS
