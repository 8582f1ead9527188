/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-os-info.h"

G_BEGIN_DECLS

GhOs         *gh_os_new                  (void);
GhOsDefaults *gh_os_defaults_new         (void);
GhOsDefaults *gh_os_defaults_new_linux   (void);
void          gh_os_rules_complete       (GhOsDefaults *self, const char *arch);
guint         gh_os_rules_choose_medium  (GPtrArray *systems, const char *path);

G_END_DECLS
