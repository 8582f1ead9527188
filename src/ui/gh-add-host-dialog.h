/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <handy.h>

#include "gh-hosts.h"

G_BEGIN_DECLS

/* Adds a host: where it is, the URI as it forms, and a connection that has to succeed before it is
 * saved. Or changes one in the same way; until then it stays as it was. Signal: "added" (GhHost *).
 */
#define GH_TYPE_ADD_HOST_DIALOG (gh_add_host_dialog_get_type ())
G_DECLARE_FINAL_TYPE (GhAddHostDialog, gh_add_host_dialog, GH, ADD_HOST_DIALOG, HdyWindow)

GhAddHostDialog *gh_add_host_dialog_present (GtkWindow *parent, GhHosts *hosts);
/* Opens it with what is known of @host. */
GhAddHostDialog *gh_add_host_dialog_present_for (GtkWindow *parent, GhHosts *hosts, GhHost *host);

G_END_DECLS
