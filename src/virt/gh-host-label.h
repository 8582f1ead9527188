/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What hosts are called, from their URIs alone. */

/* A host by itself. */
char  *gh_host_label_new  (const char *uri);
/* Several that are seen together: those that would be called the same have added to it what is
 * different. In the same order. */
GStrv  gh_host_labels_new (const char * const *uris);

G_END_DECLS
