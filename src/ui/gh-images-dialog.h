/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <handy.h>

#include "gh-host.h"

G_BEGIN_DECLS

/* What depends on what: the images of a host, each with what lies on it and the machines that use
 * it, as a tree from the bases up; and what is known of the one that is selected. Follows the host
 * while it is open. */
#define GH_TYPE_IMAGES_DIALOG (gh_images_dialog_get_type ())
G_DECLARE_FINAL_TYPE (GhImagesDialog, gh_images_dialog, GH, IMAGES_DIALOG, HdyWindow)

/* @machine (nullable): only what has to do with it, to begin with. */
GhImagesDialog *gh_images_dialog_present (GtkWindow *parent, GhHost *host, GhMachine *machine);

G_END_DECLS
