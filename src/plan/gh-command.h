/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Equivalent command lines, to be shown and copied; never run. */

/* @word as a shell reads it back: quoted only where it has to be. */
char *gh_command_dup_quoted (const char *word);
/* “virsh -c URI VERB ARGUMENT…”, NULL-terminated; each argument is one word and gets quoted. */
char *gh_command_dup_virsh  (const char *uri, const char *verb, ...) G_GNUC_NULL_TERMINATED;
/* How virsh is told which machine: by name, or by UUID where it would read the name as an option,
 * an id or a UUID. */
const char *gh_command_get_machine (const char *name, const char *uuid);

G_END_DECLS
