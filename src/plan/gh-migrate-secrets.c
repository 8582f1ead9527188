/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Encrypted disks and TPMs, and storage that wants a key: libvirt keeps the passphrase as a secret,
 * which the machine's document refers to. A host without it cannot run the machine. A disk that is
 * copied while the machine runs is decrypted on its way, so its copy is made encrypted again with
 * the same secret, before anything is written to it. */

#define G_LOG_DOMAIN "gh-migrate-secrets"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-host-secrets.h"
#include "gh-migrate-fixes.h"
#include "gh-migrate-plan-private.h"
#include "gh-secret-xml.h"
#include "gh-steps.h"

/* What libvirt can make by itself. */
#define CIPHER "luks"

static const GhHostSecret *
get_here (GhMigratePlan *self,
          guint          index)
{
  GPtrArray *found = self->facts.secrets_here;

  return found != NULL && index < found->len ? g_ptr_array_index (found, index) : NULL;
}

static const GhHostSecret *
get_there (GhMigratePlan *self,
           guint          index)
{
  GPtrArray *found = self->facts.secrets_there;

  return found != NULL && index < found->len ? g_ptr_array_index (found, index) : NULL;
}

/* Takes @title. */
static GhCheck *
take_check (GhPlanDraft  *draft,
            GhCheckLevel  level,
            const char   *id,
            char         *title,
            const char   *detail)
{
  GhCheck *check = gh_check_new (level, id, title, detail);

  g_free (title);
  gh_plan_draft_add_check (draft, check);
  return check;
}

/* Whether it is to be copied, and can be. */
static gboolean
is_copied (GhMigratePlan *self,
           guint          index)
{
  const GhHostSecret *here = get_here (self, index);
  const GhHostSecret *there = get_there (self, index);

  return self->inputs.copy_secrets && here != NULL && there != NULL && there->is_known &&
         !there->is_there && here->is_there && here->has_value == 1;
}

static void
check_missing (GhMigratePlan      *self,
               GhPlanDraft        *draft,
               const GhSecretXml  *wanted,
               const GhHostSecret *here)
{
  const char *host = gh_host_get_label (self->destination);
  /* Translators: a host, and a device of the machine: “vda” or “tpm”. */
  char *title = g_strdup_printf (_("%s does not have the secret of %s"), host, wanted->device);

  if (here != NULL && here->is_there && here->has_value == 1)
    gh_migrate_fix_secrets (
      take_check (draft, GH_CHECK_REFUSAL, "secret-missing", title,
                  _("It is encrypted, and without its passphrase the machine does not run there. "
                    "The passphrase can be sent through this computer; whoever administers the "
                    "destination can read it from then on.")), self);
  else
    take_check (draft, GH_CHECK_REFUSAL, "secret-missing", title,
                _("It is encrypted, and without its passphrase the machine does not run there. "
                  "This host does not give it away: define the secret there with the same UUID, "
                  "and set its value."));
}

static void
check_there (GhMigratePlan      *self,
             GhPlanDraft        *draft,
             const GhSecretXml  *wanted,
             const GhHostSecret *here,
             const GhHostSecret *there)
{
  const char *host = gh_host_get_label (self->destination);

  if (there->has_value == 0)
    take_check (draft, GH_CHECK_REFUSAL, "secret-missing",
                g_strdup_printf (_("The secret of %s has no value at %s"), wanted->device, host),
                _("Some hosts forget values when they restart. Set it there: virsh "
                  "secret-set-value --interactive, with its UUID."));
  else if (here != NULL && here->digest != NULL && there->digest != NULL &&
           strcmp (here->digest, there->digest) != 0)
    take_check (draft, GH_CHECK_REFUSAL, "secret-differs",
                g_strdup_printf (_("The secret of %s is another one at %s"), wanted->device, host),
                _("What is encrypted with the one cannot be opened with the other. It is not "
                  "changed from here, as other machines there may need it as it is."));
  else if (there->digest == NULL || here == NULL || here->digest == NULL)
    take_check (draft, GH_CHECK_NOTE, "secret-private",
                g_strdup_printf (_("It cannot be told whether the secret of %s at %s is the same"),
                                 wanted->device, host),
                _("Both hosts have one, and one of them does not say what it is. If they differ, "
                  "the machine does not run there."));
  else
    take_check (draft, GH_CHECK_OK, "secret-there",
                g_strdup_printf (_("%s has the secret of %s"), host, wanted->device), NULL);
}

static void
check_secret (GhMigratePlan *self,
              GhPlanDraft   *draft,
              guint          index)
{
  const GhSecretXml *wanted = g_ptr_array_index (self->facts.secrets, index);
  const GhHostSecret *here = get_here (self, index);
  const GhHostSecret *there = get_there (self, index);

  if (there == NULL || !there->is_known)
    take_check (draft, GH_CHECK_NOTE, "secret-not-known",
                g_strdup_printf (_("It cannot be told whether %s has the secret of %s"),
                                 gh_host_get_label (self->destination), wanted->device), NULL);
  else if (is_copied (self, index))
    take_check (draft, GH_CHECK_WARNING, "secret-copied",
                g_strdup_printf (_("The secret of %s is copied to %s"), wanted->device,
                                 gh_host_get_label (self->destination)),
                _("Whoever administers the destination can read it from then on. It is taken away "
                  "again if the machine does not arrive, and stays there when the machine moves "
                  "on: virsh secret-undefine removes it."));
  else if (there->is_there)
    check_there (self, draft, wanted, here, there);
  else
    check_missing (self, draft, wanted, here);
}

/* (nullable): UUID of the secret for this usage there. */
static char *
dup_uuid_there (GhMigratePlan *self,
                const char    *usage) /* nullable */
{
  for (guint i = 0; i < self->facts.secrets->len; i++)
    {
      const GhSecretXml *wanted = g_ptr_array_index (self->facts.secrets, i);
      const GhHostSecret *secret = is_copied (self, i) ? get_here (self, i) : get_there (self, i);

      if (usage != NULL && g_strcmp0 (wanted->usage, usage) == 0 && secret != NULL &&
          strcmp (wanted->type, "volume") == 0)
        return g_strdup (secret->uuid);
    }
  return NULL;
}

gboolean
gh_migrate_plan_is_encrypted (GhMigratePlan  *self,
                              const char     *target,
                              char          **secret)
{
  g_autofree char *uuid = NULL;
  g_autofree char *usage = NULL;
  g_autofree char *format = gh_domain_xml_dup_encryption (self->facts.xml, target, &uuid, &usage);

  *secret = NULL;
  if (g_strcmp0 (format, CIPHER) == 0)
    *secret = uuid != NULL ? g_steal_pointer (&uuid) : dup_uuid_there (self, usage);
  return format != NULL;
}

/* Of a disk that is copied while the machine runs. */
static void
check_copy (GhMigratePlan *self,
            GhPlanDraft   *draft,
            const char    *target)
{
  g_autofree char *secret = NULL;

  if (!gh_migrate_plan_is_encrypted (self, target, &secret))
    return;
  if (secret == NULL)
    take_check (draft, GH_CHECK_REFUSAL, "encryption",
                g_strdup_printf (_("The disk %s is encrypted in a way in which no copy can be made "
                                   "while the machine runs"), target),
                _("Its copy would not be encrypted. Shut the machine down and move it while it is "
                  "off, or use storage that both hosts see."));
  else
    take_check (draft, GH_CHECK_NOTE, "encrypted-anew",
                g_strdup_printf (_("The copy of the disk %s is encrypted with the same "
                                   "passphrase"), target),
                _("It is decrypted here, and encrypted again there. In between it is as safe as "
                  "the way it is sent: choose TLS where others can listen."));
}

void
gh_migrate_check_secrets (GhMigratePlan *self,
                          GhPlanDraft   *draft)
{
  for (guint i = 0; i < self->facts.secrets->len; i++)
    check_secret (self, draft, i);
  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);

      if (item->mode == GH_MIGRATE_DISK_COPIED &&
          self->inputs.choice.values[GH_MIGRATE_OPTION_LIVE])
        check_copy (self, draft, item->xml->target);
    }
}

/* Whether one before it is the same, referred to otherwise: by its usage, or of another kind. */
static gboolean
is_copied_already (GhMigratePlan *self,
                   guint          index)
{
  for (guint i = 0; i < index; i++)
    if (is_copied (self, i) &&
        g_strcmp0 (get_here (self, i)->uuid, get_here (self, index)->uuid) == 0)
      return TRUE;
  return FALSE;
}

void
gh_migrate_add_secrets (GhMigratePlan *self,
                        GhPlanDraft   *draft)
{
  for (guint i = 0; i < self->facts.secrets->len; i++)
    {
      const GhSecretXml *wanted = g_ptr_array_index (self->facts.secrets, i);
      GhStep *step = NULL;

      if (!is_copied (self, i) || is_copied_already (self, i))
        continue;
      step = gh_secret_copy_step_new (self->destination, get_here (self, i)->uuid,
                                      wanted->device);
      gh_step_set_weight (step, 0.1);
      gh_plan_draft_add_step (draft, step);
    }
}
