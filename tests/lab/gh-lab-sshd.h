/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-lab.h"

G_BEGIN_DECLS

/**
 * GhLabSshd:
 *
 * A real sshd on loopback in front of a lab's world, for the one user there is, and a client whose
 * configuration is the test's own: this process's PATH gets an “ssh” that reads it.
 */
typedef struct _GhLabSshd GhLabSshd;

/* The same user by another name, as a directory of users gives it. */
#define GH_LAB_DOMAIN_USER "ada@corp.example"

/* Whether sshd can be run at all; the test is marked as skipped else. */
gboolean    gh_lab_has_sshd             (void);
GhLabSshd  *gh_lab_sshd_new             (GhLab *lab);
void        gh_lab_sshd_free            (GhLabSshd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhLabSshd, gh_lab_sshd_free)

/* qemu+ssh://user@127.0.0.1:port/session */
char       *gh_lab_sshd_dup_uri         (GhLabSshd *self);
/* Where a GhLabLine to it listens. */
char       *gh_lab_sshd_dup_uri_at      (GhLabSshd *self, guint port);
guint       gh_lab_sshd_get_port        (GhLabSshd *self);
/* “SHA256:…” of the key it shows. */
const char *gh_lab_sshd_get_fingerprint (GhLabSshd *self);
/* What the client knows of it: NULL nothing, its key, or another's. */
typedef enum
{
  GH_LAB_KNOWN_NOTHING,
  GH_LAB_KNOWN_RIGHT,
  GH_LAB_KNOWN_OTHER,
} GhLabKnown;
void        gh_lab_sshd_set_known       (GhLabSshd *self, GhLabKnown known);
/* The client's key: one that sshd accepts, or not; with a passphrase or without (NULL). */
void        gh_lab_sshd_set_key         (GhLabSshd *self, gboolean accepted,
                                         const char *passphrase);

/* Lines of sshd's configuration from now on, such as “MaxSessions 4”; NULL: none. */
void        gh_lab_sshd_set_options     (GhLabSshd *self, const char *lines);
/* Lines of the client's, before the rest: the first value counts. */
void        gh_lab_sshd_set_client_options (GhLabSshd *self, const char *lines);
/* “key”, which it may accept, or “other”, which it never does. */
char       *gh_lab_sshd_dup_key_path    (GhLabSshd *self, const char *name);
/* How often its log says @text. */
guint       gh_lab_sshd_count           (GhLabSshd *self, const char *text);
guint       gh_lab_sshd_count_logins    (GhLabSshd *self);
guint       gh_lab_sshd_count_sessions  (GhLabSshd *self);
/* To the processes of the connections, not to the one that listens. Returns how many. */
guint       gh_lab_sshd_signal          (GhLabSshd *self, int signum);

G_END_DECLS
