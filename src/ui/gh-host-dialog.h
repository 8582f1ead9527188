/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <handy.h>

#include "gh-host.h"

G_BEGIN_DECLS

/* What a host is, how busy, what its machines can have, and for this computer whether it runs
 * them fast and if not, why. Figures are read while it can be seen. */
#define GH_TYPE_HOST_DIALOG (gh_host_dialog_get_type ())
G_DECLARE_FINAL_TYPE (GhHostDialog, gh_host_dialog, GH, HOST_DIALOG, HdyWindow)

GhHostDialog *gh_host_dialog_present (GtkWindow *parent, GhHost *host);
/* (element-type GhCheck): instead of what was found, until it is looked for again; for tests. */
void          gh_host_dialog_show_checks (GhHostDialog *self, GPtrArray *checks);

G_END_DECLS
