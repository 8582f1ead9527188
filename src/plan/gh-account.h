/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* What an account of this computer, not ours, may do with files: QEMU's, mostly. */
typedef struct
{
  char   name[64];
  uid_t  uid;
  gid_t  groups[64];
  int    n_groups;
} GhAccount;

/* As in a mode and in an ACL. */
typedef enum
{
  GH_ACCOUNT_SEARCH = 1,
  GH_ACCOUNT_WRITE = 2,
  GH_ACCOUNT_READ = 4,
} GhAccountRights;

gboolean gh_account_find_qemu (GhAccount *account);
gboolean gh_account_may       (const GhAccount *account, const char *path,
                               GhAccountRights rights);

G_END_DECLS
