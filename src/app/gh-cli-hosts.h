/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-cli-private.h"

G_BEGIN_DECLS

/* What the verbs about the hosts of the library share. */

/* Options and words of these verbs; NULL, and @status, when there is nothing to be done. The host
 * is a word here: -c would be another one. */
GStrv       gh_cli_parse_host           (GhCli *self, const char *verb, const GOptionEntry *entries,
                                         guint n_arguments, int argc, char **argv,
                                         GhCliStatus *status);
void        gh_cli_describe_host        (JsonObject *object, const char *uri, const char *label);
GhCliStatus gh_cli_fail_unknown_host    (GhCli *self, const char *word);
GhCliStatus gh_cli_fail_to_connect_host (GhCli *self, const GError *error);
GhCliStatus gh_cli_fail_to_save_host    (GhCli *self);
/* Waits until its passwords are forgotten, too. */
void        gh_cli_forget_host          (GhCli *self, const char *uri);

G_END_DECLS
