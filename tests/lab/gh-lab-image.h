/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-lab.h"

G_BEGIN_DECLS

/* What is in disk images, and what machines' definitions say of them: looked at with QEMU's own
 * tools. All of them fail the test when they cannot. */

/* Runs a tool; its standard output. */
char    *gh_lab_run_tool             (const char *first, ...) G_GNUC_NULL_TERMINATED;

/* A command of qemu-io: “write -P 0xab 1M 8M”, “read -P 0xab 1M 8M”. */
void     gh_lab_write_pattern        (const char *path, const char *command);
gboolean gh_lab_has_pattern          (const char *path, const char *command);
/* Both with all they lie on. */
void     gh_lab_assert_same_contents (const char *path, const char *other);
/* @backing (nullable): it lies on nothing. */
void     gh_lab_assert_backing       (const char *path, const char *backing, const char *format);
guint    gh_lab_count_snapshots      (const char *path); /* inside of it */
guint    gh_lab_get_mode             (const char *path);

/* The permanent definition. */
char    *gh_lab_dup_xml              (GhLab *lab, const char *name);
/* What is between @before and the next quote or tag in it; NULL: it is not there. */
char    *gh_lab_dup_value            (GhLab *lab, const char *name, const char *before);
/* The path of the first disk. */
char    *gh_lab_dup_disk             (GhLab *lab, const char *name);

G_END_DECLS
