/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-clone-identity"

#include "config.h"

#include "gh-clone-identity.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_HOST_NAME 63

static const char *
get_operations (GhClonePlan *self)
{
  const char *operations = self->inputs.sysprep_operations;

  return operations != NULL && *operations != '\0' ? operations : GH_SYSPREP_OPERATIONS;
}

/* Chosen when it is first asked for. */
static const char *
get_uuid (GhClonePlan *self,
          guint        index)
{
  while (self->uuids->len <= index)
    g_ptr_array_add (self->uuids, g_uuid_string_random ());
  return g_ptr_array_index (self->uuids, index);
}

/* Host names */

char *
gh_clone_dup_host_name (const char *name,
                        const char *uuid)
{
  g_autofree char *ascii = g_str_to_ascii (name, "C");
  g_autoptr (GString) result = g_string_new (NULL);

  for (const char *p = ascii; *p != '\0'; p++)
    {
      if (g_ascii_isalnum (*p))
        g_string_append_c (result, g_ascii_tolower (*p));
      else if (result->len > 0 && result->str[result->len - 1] != '-')
        g_string_append_c (result, '-');
    }
  while (result->len > 0 && result->str[result->len - 1] == '-')
    g_string_truncate (result, result->len - 1);

  /* Two names that begin alike must not become one. */
  if (result->len > MAX_HOST_NAME)
    {
      g_string_truncate (result, MAX_HOST_NAME - 9);
      while (result->str[result->len - 1] == '-')
        g_string_truncate (result, result->len - 1);
      g_string_append_printf (result, "-%.8s", uuid);
    }
  if (result->len == 0)
    g_string_printf (result, "guest-%.8s", uuid);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

/* Checks */

static void
check_operations (GhClonePlan *self,
                  GhPlanDraft *draft)
{
  const char *text = get_operations (self);
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  gboolean keys = FALSE;
  gboolean accounts = FALSE;

  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *word = g_strstrip (words[i]);
      gboolean all = strcmp (word, "all") == 0;

      if (strspn (word, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen (word) ||
          *word == '\0')
        {
          g_autofree char *title =
            g_strdup_printf (_("“%s” is not a list of operations of virt-sysprep"), text);

          gh_plan_draft_add_check (draft, gh_check_new (
            GH_CHECK_REFUSAL, "sysprep-operations", title,
            _("Write names separated by commas; “virt-sysprep --list-operations” shows them.")));
          return;
        }
      if (all || strcmp (word, "defaults") == 0 || strcmp (word, "ssh-userdir") == 0)
        keys = TRUE;
      if (all || strcmp (word, "user-account") == 0)
        accounts = TRUE;
      if (strcmp (word, "-ssh-userdir") == 0)
        keys = FALSE;
      if (strcmp (word, "-user-account") == 0)
        accounts = FALSE;
    }
  if (keys)
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_WARNING, "sysprep-ssh-keys", _("The users’ ssh keys are deleted in the clone"),
      _("The operation “ssh-userdir” removes what is in ~/.ssh, so nobody can log in with a key "
        "any more. Add “-ssh-userdir” to keep it.")));
  if (accounts)
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_WARNING, "sysprep-accounts", _("The users’ accounts are deleted in the clone"),
      _("The operation “user-account” removes them with their folders. Add “-user-account” to keep "
        "them.")));
}

static void
check_sysprep (GhClonePlan *self,
               GhPlanDraft *draft)
{
  g_autofree char *program = g_find_program_in_path ("virt-sysprep");

  if (!self->inputs.sysprep)
    return;
  if (!self->facts.is_local)
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_REFUSAL, "sysprep-remote", _("virt-sysprep can only be used on this computer"),
      _("The disks are on another host. Run it there, or use cloud-init.")));
  else if (program == NULL)
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_REFUSAL, "sysprep-missing", _("virt-sysprep is not installed"),
      _("It is in the package guestfs-tools. Without it, clone as it is and change the identity "
        "inside, or use cloud-init.")));
  else
    check_operations (self, draft);
}

/* What cloud-init would pass over without a word. */
static gboolean
is_user_data (const char *text)
{
  return g_str_has_prefix (text, "#") || g_str_has_prefix (text, "Content-Type:") ||
         g_str_has_prefix (text, "MIME-Version:");
}

static void
check_seed (GhClonePlan *self,
            GhPlanDraft *draft)
{
  g_autofree char *path = NULL;

  if (!self->inputs.seed)
    return;
  path = gh_clone_dup_seed_path (self, 0);
  if (!self->facts.is_local)
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_REFUSAL, "seed-remote", _("The CD for cloud-init can only be made on this computer"),
      _("The disks are on another host.")));
  else if (path == NULL)
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_REFUSAL, "seed-nowhere", _("There is no place for the CD for cloud-init"),
      _("It goes beside the clone’s disks, but no disk is copied or linked.")));
  else
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_NOTE, "seed", _("cloud-init finds a CD with a new identity"),
      _("A guest with cloud-init then makes new ssh host keys and configures itself anew when it "
        "starts; one without takes no notice.")));
  if (self->inputs.user_data != NULL && !is_user_data (self->inputs.user_data))
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_WARNING, "user-data", _("cloud-init may not understand the user data"),
      _("It begins with “#cloud-config”, with “#!” and an interpreter, or is a MIME message.")));
}

static void
check_host_name (GhClonePlan *self,
                 GhPlanDraft *draft)
{
  g_autofree char *host_name = NULL;
  g_autofree char *title = NULL;

  if (!self->inputs.set_hostname)
    return;
  if (!self->inputs.sysprep && !self->inputs.seed)
    {
      gh_plan_draft_add_check (draft, gh_check_new (
        GH_CHECK_REFUSAL, "host-name-how", _("Nothing would set the host name"),
        _("It is inside of the guest’s disk: choose virt-sysprep or cloud-init, which can write "
          "it.")));
      return;
    }
  host_name = gh_clone_dup_host_name (self->facts.names[0], get_uuid (self, 0));
  title = g_strdup_printf (_("The guest will call itself “%s”"), host_name);
  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_OK, "host-name", title, NULL));
}

static void
check_guest (GhClonePlan *self,
             GhPlanDraft *draft)
{
  g_autofree char *os = gh_domain_xml_dup_os_id (self->facts.xml);
  gboolean is_windows = os != NULL && (strstr (os, "microsoft.com/") != NULL);

  /* A twin that is thrown away may well be the same. */
  if (self->inputs.trial)
    return;
  if (is_windows)
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_NOTE, "windows-generalize", _("Windows should be prepared before it is cloned"),
      _("Otherwise original and clone have the same security identifier and name. In the original, "
        "run C:\\Windows\\System32\\Sysprep\\sysprep.exe /generalize /oobe /shutdown as an "
        "administrator, and clone it when it is off; it asks for its settings when it is started "
        "next, and so does each clone. Take a snapshot first if the original is to stay as it "
        "is.")));
  else if (!self->inputs.sysprep && !self->inputs.seed)
    gh_plan_draft_add_check (draft, gh_check_new (
      GH_CHECK_NOTE, "identity-stays", _("Inside, the clone takes itself for the original"),
      _("Host name, machine ID and ssh host keys are on its disk. Have them changed by "
        "virt-sysprep or cloud-init, or in a Linux clone run: hostnamectl hostname NAME; truncate "
        "-s 0 /etc/machine-id; rm /etc/ssh/ssh_host_*; then make new host keys (on Debian: "
        "dpkg-reconfigure openssh-server) and restart.")));
}

void
gh_clone_check_identity (GhClonePlan *self,
                         GhPlanDraft *draft)
{
  check_sysprep (self, draft);
  check_seed (self, draft);
  check_host_name (self, draft);
  check_guest (self, draft);
}

/* Steps */

static gboolean
is_new_image (const GhCloneItem *item)
{
  return item->destinations != NULL && item->refusals[item->mode] == NULL &&
         (item->mode == GH_CLONE_COPY || item->mode == GH_CLONE_LINK);
}

/* The first disk that is made, beside which the CD goes. */
static const GhCloneItem *
find_new_item (GhClonePlan *self)
{
  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (self->facts.items, i);

      if (is_new_image (item))
        return item;
    }
  return NULL;
}

char *
gh_clone_dup_seed_path (GhClonePlan *self,
                        guint        index)
{
  const GhCloneItem *item = self->inputs.seed ? find_new_item (self) : NULL;
  const char *uuid = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *file = NULL;

  if (item == NULL || !g_path_is_absolute (item->destinations[index]) ||
      g_str_has_prefix (item->destinations[index], "/dev/"))
    return NULL;
  /* By the UUID: no other file has that name, and it is not too long. */
  uuid = get_uuid (self, index);
  folder = g_path_get_dirname (item->destinations[index]);
  file = g_strdup_printf ("seed-%s.iso", uuid);
  return g_build_filename (folder, file, NULL);
}

static void
add_step (GhClonePlan *self,
          guint        index,
          GhPlanDraft *draft,
          GhStep      *step)
{
  gh_step_set_group (step, index + 1, self->facts.names[index]);
  gh_plan_draft_add_step (draft, step);
}

static GhStep *
new_sysprep_step (GhClonePlan *self,
                  guint        index,
                  const char  *host_name)
{
  GhStep *step = NULL;

  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (self->facts.items, i);
      const char *format = item->mode == GH_CLONE_LINK ? "qcow2" : item->new_format;

      if (!is_new_image (item) || format == NULL)
        continue;
      if (step == NULL)
        step = gh_sysprep_step_new (item->destinations[index], format, get_operations (self),
                                    host_name);
      else
        gh_sysprep_step_add_disk (step, item->destinations[index], format);
    }
  return step;
}

void
gh_clone_add_identity_steps (GhClonePlan *self,
                             guint        index,
                             GhPlanDraft *draft)
{
  const char *uuid = get_uuid (self, index);
  g_autofree char *host_name = self->inputs.set_hostname
                                 ? gh_clone_dup_host_name (self->facts.names[index], uuid) : NULL;
  g_autofree char *seed_path = gh_clone_dup_seed_path (self, index);

  if (self->inputs.sysprep)
    {
      GhStep *step = new_sysprep_step (self, index, host_name);

      if (step != NULL)
        add_step (self, index, draft, step);
    }
  if (seed_path != NULL)
    {
      const GhPoolInfo *pool = find_new_item (self)->pool;

      add_step (self, index, draft,
                gh_seed_step_new (seed_path, pool != NULL ? pool->name : NULL, uuid, host_name,
                                  self->inputs.user_data));
    }
}
