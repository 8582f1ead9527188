/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-ssh.h"

G_BEGIN_DECLS

/* The logins of one GhSsh, which owns them. */
typedef struct _GhSshLogins GhSshLogins;

GhSshLogins *gh_ssh_logins_new  (void);
void         gh_ssh_logins_free (GhSshLogins *self);
/* Nobody waits for a login any more. */
void         gh_ssh_logins_stop (GhSshLogins *self);
GhSshLogins *gh_ssh_get_logins  (GhSsh *ssh);

G_END_DECLS
