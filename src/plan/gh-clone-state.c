/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What libvirt keeps of a machine besides its disks: the variables of its firmware, and what is in
 * its TPM. They are copied by ourselves where the files are ours to open. Elsewhere, on another
 * computer or the system's own, they go through a storage pool, by streams: byte for byte and read
 * back, whatever a guest may have written into them to look like. No pool lists them, so the
 * folder is lent one for the moment, once for each clone: what is whole can then be kept, and
 * another plan waits for a moment only. */

#define G_LOG_DOMAIN "gh-clone-state"

#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "gh-clone-plan-private.h"
#include "gh-move-xml.h"

/* Takes @title. */
static void
take_check (GhPlanDraft  *draft,
            GhCheckLevel  level,
            const char   *id,
            char         *title,
            const char   *detail)
{
  gh_plan_draft_add_check (draft, gh_check_new (level, id, title, detail));
  g_free (title);
}

/* Looking */

gboolean
gh_clone_state_needs_folders (const GhCloneFacts *facts)
{
  return !facts->is_test && (gh_domain_xml_get_firmware (facts->xml) != GH_FIRMWARE_BIOS ||
                             gh_domain_xml_has_tpm (facts->xml));
}

void
gh_clone_state_find (GhCloneFacts *facts,
                     const char   *machine)
{
  g_autofree char *nvram = g_strdup_printf ("%s_VARS.fd", machine);
  g_autofree char *tpm = gh_domain_xml_dup_tpm_file (facts->xml);

  facts->has_nvram = gh_domain_xml_get_firmware (facts->xml) != GH_FIRMWARE_BIOS;
  facts->nvram_path = gh_domain_xml_dup_nvram_path (facts->xml);
  if (facts->nvram_path == NULL && facts->has_nvram && facts->folders != NULL)
    facts->nvram_path = g_build_filename (facts->folders->nvram, nvram, NULL);
  if (tpm != NULL && facts->folders != NULL)
    facts->tpm_path = g_build_filename (facts->folders->tpm, tpm, NULL);
}

void
gh_clone_state_add_looks (GhCloneFacts *facts,
                          GhCloneLook  *look)
{
  g_autofree char *folder = NULL;

  if (!facts->is_local)
    return;
  if (facts->nvram_path != NULL)
    {
      folder = g_path_get_dirname (facts->nvram_path);
      facts->nvram_look = gh_clone_look_add_image (look, facts->nvram_path, "raw");
      facts->nvram_folder = gh_clone_look_add_folder (look, folder);
    }
  if (facts->tpm_path != NULL)
    {
      facts->tpm_look = gh_clone_look_add_image (look, facts->tpm_path, "raw");
      facts->tpm_folder = gh_clone_look_add_folder (look, facts->folders->tpm);
    }
}

/* Names that others' definitions have taken, where we cannot see files. */
void
gh_clone_state_take_names (const GhCloneFacts *facts,
                           GHashTable         *taken)
{
  for (guint i = 0; facts->nvram_path != NULL && i < facts->definitions->len; i++)
    {
      const GhDefinition *definition = g_ptr_array_index (facts->definitions, i);
      g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (definition->xml, NULL);
      char *path = xml != NULL ? gh_domain_xml_dup_nvram_path (xml) : NULL;

      if (path != NULL)
        g_hash_table_add (taken, path);
    }
}

/* Deciding */

static GhCloneWay
choose_way (const GhCloneFacts *facts,
            const char         *path,
            const GhImageLook  *look,
            const GhFolderLook *folder)
{
  if (path == NULL)
    return GH_CLONE_WAY_NONE;
  if (look != NULL && look->error_number == 0 && folder->is_writable)
    return GH_CLONE_WAY_FILES;
  if (look != NULL && look->error_number == ENOENT)
    return GH_CLONE_WAY_NOTHING;
  /* What we may not open, our own daemon may not either. */
  return facts->is_test || (facts->is_local && facts->is_session) ? GH_CLONE_WAY_NONE
                                                                  : GH_CLONE_WAY_POOL;
}

/* The pool of a folder that is there; libvirt has one at most. */
static const GhPoolInfo *
find_pool (const GhCloneFacts *facts,
           const char         *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  for (guint i = 0; i < facts->pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (facts->pools, i);

      /* One that is lent is gone before it could be used. */
      if (g_strcmp0 (pool->path, folder) == 0 && !gh_pool_is_lent (pool->name))
        return pool;
    }
  return NULL;
}

void
gh_clone_state_decide (GhCloneFacts *facts)
{
  facts->nvram_way = choose_way (facts, facts->nvram_path, facts->nvram_look, facts->nvram_folder);
  facts->tpm_way = choose_way (facts, facts->tpm_path, facts->tpm_look, facts->tpm_folder);
  if (facts->nvram_way == GH_CLONE_WAY_POOL)
    {
      const GhPoolInfo *pool = find_pool (facts, facts->nvram_path);

      facts->nvram_pool = pool != NULL ? g_strdup (pool->name) : NULL;
      if (pool != NULL && !pool->active)
        facts->nvram_way = GH_CLONE_WAY_NONE;
    }
  /* Only a user's own TPMs are that user's: the system's belong to who runs them, and what a pool
   * makes belongs to root. */
  if (facts->tpm_way == GH_CLONE_WAY_POOL && !facts->is_session)
    facts->tpm_way = GH_CLONE_WAY_NONE;
}

gboolean
gh_clone_copies_nvram (const GhCloneFacts  *facts,
                       const GhCloneInputs *inputs)
{
  return (facts->nvram_way == GH_CLONE_WAY_FILES || facts->nvram_way == GH_CLONE_WAY_POOL) &&
         g_strcmp0 (g_hash_table_lookup (inputs->changes, "nvram"), "new") != 0;
}

static gboolean
can_copy_tpm (const GhCloneFacts *facts)
{
  return facts->tpm_way == GH_CLONE_WAY_FILES || facts->tpm_way == GH_CLONE_WAY_POOL;
}

gboolean
gh_clone_copies_tpm (GhClonePlan *self)
{
  /* A trial is the same machine for a while: without what is in its TPM it could not even be
   * unlocked. The two never run at once, and it goes with the trial. */
  return self->inputs.tpm == GH_CLONE_TPM_COPY ||
         (self->inputs.trial && can_copy_tpm (&self->facts) &&
          !gh_machine_is_active (self->machine));
}

/* Checks */

static void
take_nvram_lost (GhCloneFacts *facts,
                 GhPlanDraft  *draft)
{
  g_autofree char *detail = NULL;

  if (facts->nvram_path == NULL)
    detail = g_strdup (_("The clone gets new ones: its boot entries are gone, and with Secure Boot "
                         "its keys. Most systems start all the same. The host does not say where "
                         "it keeps them."));
  else if (facts->nvram_pool != NULL)
    detail = g_strdup_printf (_("The clone gets new ones: its boot entries are gone, and with "
                                "Secure Boot its keys. Most systems start all the same. To have "
                                "them copied, start the storage pool “%s”."), facts->nvram_pool);
  else
    detail = g_strdup_printf (_("The clone gets new ones: its boot entries are gone, and with "
                                "Secure Boot its keys. Most systems start all the same. You may "
                                "not read “%s”, or not write beside it."), facts->nvram_path);
  take_check (draft, GH_CHECK_WARNING, "nvram-lost",
              g_strdup (_("The variables of its firmware cannot be copied")), detail);
}

static void
check_nvram (GhCloneFacts *facts,
             GhPlanDraft  *draft)
{
  if (facts->nvram_way == GH_CLONE_WAY_NOTHING)
    take_check (draft, GH_CHECK_NOTE, "nvram-fresh",
                g_strdup (_("The clone’s firmware starts with its defaults")),
                _("So does the original’s, whose firmware variables are not there yet."));
  else if (facts->nvram_way == GH_CLONE_WAY_NONE && facts->has_nvram && !facts->is_test)
    take_nvram_lost (facts, draft);
}

static void
take_tpm_unreadable (GhCloneFacts *facts,
                     GhPlanDraft  *draft)
{
  g_autofree char *detail =
    facts->tpm_path == NULL
    ? g_strdup (_("The host does not say where it keeps them, or they are in a device of its own. "
                  "Clone with a new TPM, and have the recovery keys at hand."))
    : facts->is_session
      ? g_strdup_printf (_("You may not read “%s”, or not write beside its folder. Take back what "
                           "was changed there, or clone with a new TPM and have the recovery keys "
                           "at hand."), facts->tpm_path)
      : g_strdup (_("Only the administrator of the host may read them. Clone it as root on that "
                    "computer, or clone with a new TPM and have the recovery keys at hand."));

  take_check (draft, GH_CHECK_REFUSAL, "tpm-unreadable",
              g_strdup (_("The secrets in the TPM cannot be copied")), detail);
}

static void
check_tpm_copy (GhClonePlan *self,
                GhPlanDraft *draft)
{
  const char *name = gh_machine_get_name (self->machine);

  if (gh_machine_is_active (self->machine))
    take_check (draft, GH_CHECK_REFUSAL, "tpm-in-use",
                g_strdup (_("The secrets in the TPM cannot be copied while the machine runs")),
                _("Shut it down first, or clone with a new TPM."));
  else if (self->facts.tpm_way == GH_CLONE_WAY_NOTHING)
    take_check (draft, GH_CHECK_REFUSAL, "tpm-missing",
                g_strdup_printf (_("The TPM of “%s” holds nothing that could be copied"), name),
                _("It is made when the machine first runs. Clone with a new TPM."));
  else if (!can_copy_tpm (&self->facts))
    take_tpm_unreadable (&self->facts, draft);
  else
    take_check (draft, GH_CHECK_WARNING, "tpm-copied",
                g_strdup (_("The clone gets the secrets in the TPM")),
                _("Two machines then have the same identity and keys. Whoever has one of them can "
                  "read what the other has encrypted."));
}

void
gh_clone_state_check (GhClonePlan *self,
                      GhPlanDraft *draft)
{
  check_nvram (&self->facts, draft);
  if (!gh_domain_xml_has_tpm (self->facts.xml))
    return;
  if (self->inputs.trial && gh_clone_copies_tpm (self))
    take_check (draft, GH_CHECK_NOTE, "tpm-copied",
                g_strdup (_("The trial gets a copy of the TPM")),
                _("Else it could not open what is encrypted with its help. The copy goes with the "
                  "trial."));
  else if (self->inputs.tpm == GH_CLONE_TPM_FRESH)
    take_check (draft, GH_CHECK_WARNING, "tpm-fresh",
                g_strdup (_("The clone gets a new, empty TPM")),
                _("Disks that are encrypted with the help of the TPM (BitLocker, LUKS) then ask "
                  "for their recovery key. Have it at hand."));
  else
    check_tpm_copy (self, draft);
}

/* Steps */

typedef struct
{
  GhHost      *host;
  GhPlanDraft *draft;
  guint        group;
  const char  *name;  /* of the group */
} Place;

static void
add_step (const Place *place,
          GhStep      *step)
{
  gh_step_set_group (step, place->group, place->name);
  gh_plan_draft_add_step (place->draft, step);
}

static GhStep *
add_lent (const Place *place,
          const char  *folder,
          gboolean     is_new)
{
  GhStep *step = gh_pool_lend_step_new (place->host, folder);

  /* Its name was made for the clone: it is nobody else's. */
  gh_step_set_boolean (step, "new", is_new);
  add_step (place, step);
  return step;
}

static void
add_transfer (const Place    *place,
              const char     *from_pool,
              const char     *from,
              const char     *to_pool,
              const char     *to,
              GhTransferKind  kind)
{
  const GhTransferEnd source = { place->host, from_pool, from };
  const GhTransferEnd destination = { place->host, to_pool, to };
  GhStep *step = gh_volume_transfer_step_new (&source, &destination, kind);

  gh_step_set_weight (step, 0.2);
  add_step (place, step);
}

static void
add_nvram (const Place        *place,
           const GhCloneFacts *facts,
           const char         *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  const char *pool = facts->nvram_pool;
  GhStep *lent = NULL;

  if (facts->nvram_way == GH_CLONE_WAY_FILES)
    {
      add_step (place, gh_nvram_copy_step_new (facts->nvram_path, path));
      return;
    }
  if (pool == NULL)
    {
      lent = add_lent (place, folder, /* is_new= */ FALSE);
      pool = gh_step_get_string (lent, "name");
    }
  add_transfer (place, pool, facts->nvram_path, pool, path, GH_TRANSFER_NVRAM);
  if (lent != NULL)
    add_step (place, gh_pool_close_step_new (lent));
}

/* UUID/tpm2/tpm2-00.permall: both folders are new, and go when undoing finds them empty. */
static void
add_tpm_by_pools (const Place        *place,
                  const GhCloneFacts *facts,
                  const char         *uuid)
{
  g_autofree char *from_folder = g_path_get_dirname (facts->tpm_path);
  g_autofree char *version = g_path_get_basename (from_folder);
  g_autofree char *file = g_path_get_basename (facts->tpm_path);
  g_autofree char *above = g_build_filename (facts->folders->tpm, uuid, NULL);
  g_autofree char *folder = g_build_filename (above, version, NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  GhStep *from = add_lent (place, from_folder, /* is_new= */ FALSE);
  GhStep *outer = add_lent (place, above, /* is_new= */ TRUE);
  GhStep *to = add_lent (place, folder, /* is_new= */ TRUE);

  add_transfer (place, gh_step_get_string (from, "name"), facts->tpm_path,
                gh_step_get_string (to, "name"), path, GH_TRANSFER_TPM);
  add_step (place, gh_pool_close_step_new (to));
  add_step (place, gh_pool_close_step_new (outer));
  add_step (place, gh_pool_close_step_new (from));
}

void
gh_clone_state_add_steps (GhClonePlan *self,
                          guint        index,
                          GhPlanDraft *draft)
{
  const GhCloneFacts *facts = &self->facts;
  const char *uuid = g_ptr_array_index (self->uuids, index);
  const Place place = { gh_plan_get_host (GH_PLAN (self)), draft, index + 1, facts->names[index] };

  if (gh_clone_copies_nvram (facts, &self->inputs))
    add_nvram (&place, facts, facts->nvram_paths[index]);
  if (!gh_clone_copies_tpm (self) || !can_copy_tpm (facts))
    return;
  if (facts->tpm_way == GH_CLONE_WAY_FILES)
    {
      g_autofree char *version = g_path_get_dirname (facts->tpm_path);
      g_autofree char *from = g_path_get_dirname (version);
      g_autofree char *to = g_build_filename (facts->folders->tpm, uuid, NULL);

      add_step (&place, gh_tpm_copy_step_new (from, to));
    }
  else
    add_tpm_by_pools (&place, facts, uuid);
}
