/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Waiting in tests: for events, with a limit that only a broken program reaches. */

typedef struct
{
  GAsyncResult *result; /* (owned) (nullable): NULL until the call has ended */
} GhTestCall;

void          gh_test_call_cb     (GObject *object, GAsyncResult *result, gpointer user_data);
GAsyncResult *gh_test_call_wait   (GhTestCall *call);
void          gh_test_call_clear  (GhTestCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GhTestCall, gh_test_call_clear)

typedef gboolean (*GhTestCondition) (gpointer data);

/* Runs the main loop until @condition holds; it is asked after every dispatch. */
void          gh_test_wait_until  (GhTestCondition condition, gpointer data);
/* Until *@flag is not 0. */
void          gh_test_wait_flag   (const int *flag);
/* Until somebody has made it: a lane that a fault holds, which wakes no main loop. */
void          gh_test_wait_file   (const char *path);

/* spice-gtk complains aloud of what hostile peers send, and of connections that are closed while
 * they begin. To be called by each test: GLib forgets it when a test begins. */
void          gh_test_tolerate_spice (void);

/* Folders of this test, removed at exit. */
char         *gh_test_dup_tmp_dir (void);

/* An empty image of 8 GiB, as qemu-img makes it, that lies on @backing (nullable), as written. */
void          gh_test_write_qcow2 (const char *path, const char *backing);

G_END_DECLS
