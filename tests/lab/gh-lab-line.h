/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-lab.h"

G_BEGIN_DECLS

/**
 * GhLabLine:
 *
 * A long line to a lab's daemon: what is sent arrives late, and nothing is lost, until it is cut.
 * It runs on a thread of its own.
 */
typedef struct _GhLabLine GhLabLine;

GhLabLine *gh_lab_line_new          (GhLab *lab, guint round_trip_ms);
/* By a port of this computer: a host whose files nobody here can look at. */
GhLabLine *gh_lab_line_new_tcp      (GhLab *lab, guint round_trip_ms);
/* In front of another port of this computer, such as that of an sshd. */
GhLabLine *gh_lab_line_new_to_port  (GhLab *lab, guint port, guint round_trip_ms);
guint      gh_lab_line_get_port     (GhLabLine *self);
void       gh_lab_line_free         (GhLabLine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhLabLine, gh_lab_line_free)
/* What happens when the answer to a call of libvirt's protocol comes by: on the line's thread, and
 * before it is passed on. */
typedef void (*GhLabLineFunc) (GhLabLine *self, gpointer data);
void       gh_lab_line_watch   (GhLabLine *self, guint procedure, GhLabLineFunc func,
                                gpointer data);
/* The most calls that one connection has carried since this was last asked: one after the other,
 * each took a round trip. */
guint      gh_lab_line_count_most (GhLabLine *self);
/* Drops all connections, what is under way in them, and new ones until it is mended. */
void       gh_lab_line_cut     (GhLabLine *self);
/* The same, but new ones are taken at once. */
void       gh_lab_line_drop    (GhLabLine *self);
void       gh_lab_line_mend    (GhLabLine *self);
/* To the daemon, by the line. */
char      *gh_lab_line_dup_uri      (GhLabLine *self);

G_END_DECLS
