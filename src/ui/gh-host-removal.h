/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "gh-hosts.h"

G_BEGIN_DECLS

/* Whether nothing that goes on at the moment needs the connection to @host. When something does, a
 * dialog over the window of @over says what. */
gboolean gh_host_removal_is_free (GtkWidget *over, GhHost *host);
/* Asks whether @host is to go from @hosts and from what is saved; and does it. */
void     gh_host_removal_ask     (GtkWidget *over, GhHosts *hosts, GhHost *host);

G_END_DECLS
