/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-account"

#include "config.h"

#include "gh-account.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* Fields of an ACL as the kernel gives it. */
#define ACL_USER_OBJ 0x01
#define ACL_USER 0x02
#define ACL_GROUP_OBJ 0x04
#define ACL_GROUP 0x08
#define ACL_MASK 0x10
#define ACL_OTHER 0x20

/**
 * gh_account_find_qemu:
 * @account: (out): the account
 *
 * Finds the one that the system daemon runs QEMU as; it is configurable, but nobody does. Any
 * thread.
 *
 * Returns: whether this computer has it
 */
gboolean
gh_account_find_qemu (GhAccount *account)
{
  static const char *names[] = { "libvirt-qemu", "qemu" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      struct passwd entry;
      struct passwd *found = NULL;
      char buffer[4096];

      if (getpwnam_r (names[i], &entry, buffer, sizeof buffer, &found) != 0 || found == NULL)
        continue;
      g_strlcpy (account->name, names[i], sizeof account->name);
      account->uid = entry.pw_uid;
      account->n_groups = G_N_ELEMENTS (account->groups);
      if (getgrouplist (names[i], entry.pw_gid, account->groups, &account->n_groups) < 0)
        account->n_groups = G_N_ELEMENTS (account->groups);
      return TRUE;
    }
  return FALSE;
}

static gboolean
is_in_group (const GhAccount *account,
             gid_t          group)
{
  for (int i = 0; i < account->n_groups; i++)
    {
      if (account->groups[i] == group)
        return TRUE;
    }
  return FALSE;
}

static guint
read_le (const guint8 *p,
         guint         n_bytes)
{
  guint value = 0;

  for (guint i = 0; i < n_bytes; i++)
    value |= (guint) p[i] << (8 * i);
  return value;
}

/* acl(5), “Access check algorithm”. -1 when there is no ACL. */
static int
acl_allows (const GhAccount   *account,
            const char        *path,
            const struct stat *status,
            guint              wanted)
{
  guint8 acl[4096];
  ssize_t length = getxattr (path, "system.posix_acl_access", acl, sizeof acl);
  guint mask = 7;
  guint other = 0;
  int user = -1;
  gboolean group_matches = FALSE;
  gboolean group_allows = FALSE;

  if (length < 4 || read_le (acl, 4) != 2)
    return -1;

  for (ssize_t i = 4; i + 8 <= length; i += 8)
    {
      guint tag = read_le (acl + i, 2);
      guint rights = read_le (acl + i + 2, 2);
      guint id = read_le (acl + i + 4, 4);

      if (tag == ACL_MASK)
        mask = rights;
      else if (tag == ACL_OTHER)
        other = rights;
      else if (tag == ACL_USER && id == account->uid)
        user = (int) rights;
      else if ((tag == ACL_GROUP_OBJ && is_in_group (account, status->st_gid)) ||
               (tag == ACL_GROUP && is_in_group (account, id)))
        {
          group_matches = TRUE;
          group_allows = group_allows || (rights & wanted) == wanted;
        }
    }
  if (user >= 0)
    return ((guint) user & mask & wanted) == wanted;
  if (group_matches)
    return group_allows && (mask & wanted) == wanted;
  return (other & wanted) == wanted;
}

/**
 * gh_account_may:
 * @account: an account
 * @path: of a file, device or folder
 * @rights: what it would do with it
 *
 * Goes by owner, ACL, group and others, as the kernel does; not by the folders on the way. Any
 * thread.
 *
 * Returns: whether it may; TRUE when that cannot be told
 */
gboolean
gh_account_may (const GhAccount *account,
                const char      *path,
                GhAccountRights  rights)
{
  guint wanted = (guint) rights;
  struct stat status;
  int by_acl = -1;

  /* What nobody can look at is found by somebody else's error. */
  if (stat (path, &status) != 0 || account->uid == 0)
    return TRUE;
  if (status.st_uid == account->uid)
    return ((status.st_mode >> 6) & wanted) == wanted;
  by_acl = acl_allows (account, path, &status, wanted);
  if (by_acl >= 0)
    return by_acl != 0;
  if (is_in_group (account, status.st_gid))
    return ((status.st_mode >> 3) & wanted) == wanted;
  return (status.st_mode & wanted) == wanted;
}
