/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GH_IS_MAIN_THREAD:
 *
 * Whether the caller runs on the thread that called gh_threads_init().
 * Objects are made, changed and notified there; libvirt is never called there.
 */
#define GH_IS_MAIN_THREAD() (gh_threads_is_main ())

void     gh_threads_init    (void);
gboolean gh_threads_is_main (void);
void     gh_threads_end      (void);
void     gh_threads_wait     (void);

G_END_DECLS
