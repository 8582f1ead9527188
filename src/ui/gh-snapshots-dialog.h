/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <handy.h>

#include "gh-machine.h"

G_BEGIN_DECLS

/**
 * GhSnapshotsDialog:
 *
 * The snapshots of a machine as a tree: what was taken after what, and where the machine is now.
 * It is read anew when something changes, and when the window is come back to, since libvirt
 * does not tell what others do to snapshots.
 */
#define GH_TYPE_SNAPSHOTS_DIALOG (gh_snapshots_dialog_get_type ())
G_DECLARE_FINAL_TYPE (GhSnapshotsDialog, gh_snapshots_dialog, GH, SNAPSHOTS_DIALOG, HdyWindow)

GhSnapshotsDialog *gh_snapshots_dialog_present (GtkWindow *parent, GhMachine *machine);

G_END_DECLS
