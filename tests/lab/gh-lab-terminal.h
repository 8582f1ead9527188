/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-lab.h"

G_BEGIN_DECLS

/**
 * GhLabTerminal:
 *
 * The program on a terminal of its own, which it and what it runs may ask at: a user's.
 */
typedef struct _GhLabTerminal GhLabTerminal;

GhLabTerminal *gh_lab_terminal_new   (GhLab *lab, const char *arg, ...) G_GNUC_NULL_TERMINATED;
/* Fails the test when @text is not written. What was waited for is not seen again. */
void           gh_lab_terminal_await (GhLabTerminal *self, const char *text);
void           gh_lab_terminal_type  (GhLabTerminal *self, const char *text);
/* Waits for its end, and frees it. @out: (out) (optional): everything it wrote. Returns its exit
 * status. */
int            gh_lab_terminal_end   (GhLabTerminal *self, char **out);

G_END_DECLS
