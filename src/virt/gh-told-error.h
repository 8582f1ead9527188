/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* An error of libvirt in the middle of a plan, told: what it means, what helps, during which step,
 * and what the log of the machine's QEMU says. Its message is still libvirt's own words, and
 * gh_error_dup_sentence(), gh_error_dup_details() and their like (gh-virt-error.h) know it. */
#define GH_TOLD_ERROR (gh_told_error_quark ())
GQuark      gh_told_error_quark        (void);

GError     *gh_told_error_new          (const GError *cause, const char *sentence,
                                        const char *advice, const char *step);
/* @path: of a log of this computer; @lines: its last ones, not empty. */
void        gh_told_error_set_log      (GError *self, const char *path, const char *lines);

const char *gh_told_error_get_sentence (const GError *self);
const char *gh_told_error_get_advice   (const GError *self); /* nullable */
const char *gh_told_error_get_step     (const GError *self); /* nullable: its title */
const char *gh_told_error_get_path     (const GError *self); /* nullable: of the log */
const char *gh_told_error_get_lines    (const GError *self); /* nullable: of the log */

G_END_DECLS
