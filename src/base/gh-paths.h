/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

const char *gh_paths_get_state_dir   (void);
const char *gh_paths_get_journal_dir (void);
char       *gh_paths_dup_module      (const char *name);
char       *gh_paths_dup_data        (const char *name);
char       *gh_paths_dup_helper      (const char *name);

const char *gh_paths_get_build_root  (void);
void        gh_paths_use_build_tree  (void);
const char *gh_paths_get_locale_dir  (void);

G_END_DECLS
