/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The rehearsal: what speaks against a move, from what both hosts said. Ids are stable. */

#define G_LOG_DOMAIN "gh-migrate-checks"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-cpu-xml.h"
#include "gh-migrate-fixes.h"
#include "gh-migrate-hardware.h"
#include "gh-migrate-plan-private.h"
#include "gh-migration-xml.h"

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

static const char *
get_there (GhMigratePlan *self)
{
  return gh_host_get_label (self->destination);
}

static const char *
get_name (GhMigratePlan *self)
{
  return gh_machine_get_name (self->machine);
}

static gboolean
is_live (GhMigratePlan *self)
{
  return self->inputs.choice.values[GH_MIGRATE_OPTION_LIVE] != 0;
}

/* The hosts */

static char *
dup_version (gulong version)
{
  return g_strdup_printf ("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

static void
check_version (GhMigratePlan *self,
               GhPlanDraft   *draft,
               const char    *id,
               const char    *program,
               gulong         here,
               gulong         there)
{
  g_autofree char *here_text = dup_version (here);
  g_autofree char *there_text = dup_version (there);

  if (here == 0 || there == 0 || there >= here)
    return;
  take_check (draft, GH_CHECK_WARNING, id,
              /* Translators: a host, “QEMU” or “libvirt”, and two version numbers. */
              g_strdup_printf (_("%s has an older %s: %s, here it is %s"), get_there (self),
                               program, there_text, here_text),
              _("Moving to newer versions works; to older ones it may fail, and then the machine "
                "goes on here."));
}

static void
check_hosts (GhMigratePlan *self,
             GhPlanDraft   *draft)
{
  const GhMigrationHost *here = &self->facts.source->host;
  const GhMigrationHost *there = &self->facts.target->host;

  if (g_strcmp0 (here->driver, there->driver) != 0)
    take_check (draft, GH_CHECK_REFUSAL, "driver",
                g_strdup_printf (_("%s runs machines with something else: %s, here it is %s"),
                                 get_there (self), there->driver, here->driver), NULL);
  /* All hosts of the test driver are on one computer, and different ones all the same. */
  if (here->uuid != NULL && g_strcmp0 (here->uuid, there->uuid) == 0 &&
      !gh_host_is_test (self->destination))
    take_check (draft, GH_CHECK_REFUSAL, "same-host",
                g_strdup (_("Both hosts say that they are the same one")),
                _("If they are not, their boards have the same number: give one of them a "
                  "“host_uuid” of its own in libvirtd.conf."));
  check_version (self, draft, "older-qemu", "QEMU", here->hypervisor, there->hypervisor);
  check_version (self, draft, "older-libvirt", "libvirt", here->libvirt, there->libvirt);
}

/* Nobody is told to remove what the machine may be about to need. */
static const char *
get_uuid_advice (GhMigratePlan *self)
{
  if (self->facts.target->uuid_active)
    return _("It is the same machine, by its UUID. Find out which of the two is the right one "
             "before you switch one off, and never let both run.");
  if (!self->facts.source->presence.persistent)
    return _("It is the same machine, by its UUID: what runs here is a temporary copy of it. It "
             "can go back under the name it has there only.");
  return _("It is the same machine, by its UUID: left from an earlier move, or a copy. "
           "Remove it from the list there, if it is out of date; its files can stay.");
}

static void
check_names (GhMigratePlan *self,
             GhPlanDraft   *draft)
{
  const GhMigrationTarget *target = self->facts.target;
  const char *name = self->inputs.name != NULL ? self->inputs.name : get_name (self);

  if (gh_migrate_plan_returns (self))
    gh_migrate_check_return (self, draft);
  else if (target->has_uuid)
    take_check (draft, GH_CHECK_REFUSAL, "uuid-taken",
                g_strdup_printf (target->uuid_active ? _("“%s” runs at %s already")
                                                     : _("“%s” is defined at %s already"),
                                 target->uuid_name, get_there (self)),
                get_uuid_advice (self));
  else if (target->has_name)
    take_check (draft, GH_CHECK_REFUSAL, "name-taken",
                g_strdup_printf (_("%s has another machine called “%s”"), get_there (self), name),
                _("Choose another name for it there."));
  else
    take_check (draft, GH_CHECK_OK, "name-free",
                g_strdup_printf (_("The name “%s” is free at %s"), name, get_there (self)), NULL);
}

/* A guest that runs keeps the processor it has. */
static void
refuse_cpu (GhMigratePlan *self,
            GhPlanDraft   *draft)
{
  const char *missing = self->facts.target->cpu_error;
  g_autofree char *detail = NULL;
  GhCheck *check = NULL;

  if (is_live (self))
    detail = g_strdup_printf ("%s%s%s", missing != NULL ? missing : "", missing != NULL ? "\n" : "",
                              _("A guest that runs keeps its processor. Shut it down: while it is "
                                "off, it can move and get a model both have."));
  check = take_check (draft, GH_CHECK_REFUSAL, "cpu",
                      g_strdup_printf (_("The processor of %s lacks something the guest uses"),
                                       get_there (self)),
                      detail != NULL ? detail : missing);
  if (!is_live (self))
    gh_migrate_fix_cpu (check, self);
}

static void
check_cpu (GhMigratePlan *self,
           GhPlanDraft   *draft)
{
  const GhMigrationTarget *target = self->facts.target;
  g_autofree char *mode = gh_domain_xml_dup_text (self->facts.xml, "cpu/@mode");

  if (target->machine_error != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "machine-type",
                g_strdup_printf (_("%s cannot run this kind of machine"), get_there (self)),
                target->machine_error);
  else if (!is_live (self) && self->inputs.cpu != NULL)
    {
      g_autofree char *model = gh_cpu_xml_dup_model (self->inputs.cpu);

      take_check (draft, GH_CHECK_WARNING, "cpu-changed",
                  /* Translators: the name of a machine, and a model of processors: “EPYC”. */
                  g_strdup_printf (_("“%s” gets another processor: %s"), get_name (self), model),
                  _("Both hosts have it. A system that is bound to its processor may have to be "
                    "activated again."));
    }
  else if (target->cpu == 0)
    refuse_cpu (self, draft);
  else if (is_live (self) && g_strcmp0 (mode, "host-passthrough") == 0)
    take_check (draft, GH_CHECK_WARNING, "cpu-passthrough",
                g_strdup (_("The guest uses this host's own processor")),
                _("It goes on only where the processor is of the same model. To move it between "
                  "different ones, shut it down and choose a model both have."));
  else if (is_live (self) && target->cpu_unknown)
    take_check (draft, GH_CHECK_NOTE, "cpu-unknown",
                g_strdup (_("It cannot be told whether the processor fits")),
                _("The destination's libvirt could not compare it. If it does not fit, the move "
                  "fails, and the machine goes on here."));
  else
    take_check (draft, GH_CHECK_OK, "cpu-fits",
                g_strdup (_("The processor and machine type fit")), NULL);
}

static void
check_capacity (GhMigratePlan *self,
                GhPlanDraft   *draft)
{
  guint64 memory = gh_domain_xml_get_memory_kib (self->facts.xml);
  guint64 free_kib = self->facts.target->free_memory_kib;
  const GhCapabilities *there = self->facts.capabilities;
  g_autofree char *needed = g_format_size_full (memory * 1024, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *left = g_format_size_full (free_kib * 1024, G_FORMAT_SIZE_IEC_UNITS);

  if (free_kib > 0 && memory > free_kib)
    take_check (draft, GH_CHECK_WARNING, "memory",
                g_strdup_printf (_("%s has %s of memory free, and the machine has %s"),
                                 get_there (self), left, needed),
                _("It may become slow, or the host may end it."));
  if (gh_domain_xml_has_tpm (self->facts.xml) && !there->has_tpm)
    take_check (draft, GH_CHECK_REFUSAL, "tpm",
                g_strdup_printf (_("%s cannot give the machine its TPM"), get_there (self)),
                _("The package “swtpm” is missing there."));
  if (gh_domain_xml_get_firmware (self->facts.xml) != GH_FIRMWARE_BIOS && !there->has_uefi)
    take_check (draft, GH_CHECK_REFUSAL, "firmware",
                g_strdup_printf (_("%s has no UEFI firmware"), get_there (self)),
                _("The package “ovmf” is missing there."));
  if (there->max_cpus > 0 && gh_domain_xml_get_n_cpus (self->facts.xml) > there->max_cpus)
    take_check (draft, GH_CHECK_REFUSAL, "cpus",
                g_strdup_printf (_("%s gives a machine %u processors at most"), get_there (self),
                                 there->max_cpus), NULL);
}

/* What it is made of, and its QEMU. */
static void
check_hardware (GhMigratePlan *self,
                GhPlanDraft   *draft)
{
  const GhMigrationTarget *target = self->facts.target;
  const GhMigrateOffer offer = {
    .there = get_there (self),
    .offer = target->offer,
    .capabilities = target->host.capabilities,
    .huge_kib = target->huge_kib,
    .live = is_live (self),
  };

  gh_migrate_check_hardware (self->facts.xml, &offer, draft);
  if (target->emulator != NULL)
    take_check (draft, GH_CHECK_NOTE, "emulator",
                /* Translators: a host, and the path of a program. */
                g_strdup_printf (_("At %s it runs with %s"), get_there (self), target->emulator),
                _("The program that runs it here has another name, or is missing, there."));
}

/* The machine */

/* It was chosen to stay here. */
static gboolean
check_dropped (GhMigratePlan   *self,
               GhPlanDraft     *draft,
               const GhBlocker *blocker)
{
  GhCheck *check = NULL;

  if (blocker->name == NULL || blocker->kind == GH_BLOCKER_TRANSIENT ||
      !g_hash_table_contains (self->inputs.dropped, blocker->name) ||
      (is_live (self) && !blocker->unplugs))
    return FALSE;
  check = take_check (draft, GH_CHECK_WARNING, "device-dropped",
                      /* Translators: the name of a machine, and a device: “PCI 0000:01:00.0”. */
                      g_strdup_printf (_("“%s” goes without %s"), get_name (self), blocker->name),
                      is_live (self)
                      ? _("It is taken out of the running machine before the move, and put back "
                          "if the machine does not arrive.")
                      : _("The machine that arrives does not have it."));
  gh_migrate_fix_device (check, self, blocker->name, FALSE);
  return TRUE;
}

static GhCheck *
refuse_blocker (GhMigratePlan   *self,
                GhPlanDraft     *draft,
                const GhBlocker *blocker)
{
  const char *name = blocker->name != NULL ? blocker->name : "?";

  switch (blocker->kind)
    {
    case GH_BLOCKER_FILESYSTEM:
      return take_check (draft, GH_CHECK_REFUSAL, "shared-folder",
                         g_strdup_printf (_("The machine uses a folder of this host: %s"), name),
                         _("Take it out of the machine first, or move the machine while it is "
                           "off."));
    case GH_BLOCKER_TRANSIENT:
      return take_check (draft, GH_CHECK_REFUSAL, "transient-disk",
                         g_strdup_printf (_("The disk %s forgets what is written to it"), name),
                         _("Such a disk cannot move while the machine runs."));
    case GH_BLOCKER_SHMEM:
      return take_check (draft, GH_CHECK_REFUSAL, "shared-memory",
                         g_strdup_printf (_("The machine shares memory with others: %s"), name),
                         _("Take it out of the machine first."));
    case GH_BLOCKER_HOSTDEV:
    case GH_BLOCKER_VDPA:
    default:
      return take_check (draft, GH_CHECK_REFUSAL, "host-device",
                         g_strdup_printf (_("A device of this host is passed to the machine: %s"),
                                          name),
                         _("It stays here. Take it out of the machine first."));
    }
}

static void
check_blockers (GhMigratePlan *self,
                GhPlanDraft   *draft)
{
  g_autoptr (GPtrArray) blockers = gh_domain_xml_list_blockers (self->facts.xml);

  for (guint i = 0; i < blockers->len; i++)
    {
      const GhBlocker *blocker = g_ptr_array_index (blockers, i);
      GhCheck *check = NULL;

      if (check_dropped (self, draft, blocker))
        continue;
      check = refuse_blocker (self, draft, blocker);
      if (blocker->unplugs && blocker->name != NULL)
        gh_migrate_fix_device (check, self, blocker->name, TRUE);
    }
}

/* It can go, but does not start there as it is. */
static void
check_blockers_off (GhMigratePlan *self,
                    GhPlanDraft   *draft)
{
  g_autoptr (GPtrArray) blockers = gh_domain_xml_list_blockers (self->facts.xml);

  for (guint i = 0; i < blockers->len; i++)
    {
      const GhBlocker *blocker = g_ptr_array_index (blockers, i);
      GhCheck *check = NULL;

      if (check_dropped (self, draft, blocker) ||
          (blocker->kind != GH_BLOCKER_HOSTDEV && blocker->kind != GH_BLOCKER_FILESYSTEM &&
           blocker->kind != GH_BLOCKER_VDPA))
        continue;
      check = take_check (draft, GH_CHECK_WARNING, "stays-here",
                          g_strdup_printf (_("Something of this host is in the machine: %s"),
                                           blocker->name != NULL ? blocker->name : "?"),
                          _("It stays here. The machine does not start there before it is taken "
                            "out, or the destination has the same."));
      if (blocker->name != NULL)
        gh_migrate_fix_device (check, self, blocker->name, TRUE);
    }
}

static void
check_state (GhMigratePlan *self,
             GhPlanDraft   *draft)
{
  const GhMigrationSource *source = self->facts.source;
  const char *busy = gh_machine_get_busy_text (self->machine);

  if (busy != NULL || source->job != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "machine-busy",
                g_strdup_printf (_("“%s” is busy: %s"), get_name (self),
                                 source->job != NULL ? source->job : busy),
                _("Wait until that is done."));
  if (is_live (self) && source->n_snapshots > 0)
    take_check (draft, GH_CHECK_REFUSAL, "snapshots",
                g_strdup_printf (ngettext ("“%s” has %u snapshot", "“%s” has %u snapshots",
                                           source->n_snapshots), get_name (self),
                                 source->n_snapshots),
                _("A machine with snapshots cannot be moved while it runs. Delete them, or clone "
                  "the machine without them and move the clone."));
  if (source->paused_by_error)
    take_check (draft, GH_CHECK_REFUSAL, "disk-error",
                g_strdup_printf (_("“%s” is paused because one of its disks fails"),
                                 get_name (self)),
                _("See to its disk first."));
  for (guint i = 0; source->block_jobs[i] != NULL; i++)
    take_check (draft, GH_CHECK_REFUSAL, "block-job",
                g_strdup_printf (_("The disk %s is being copied or changed right now"),
                                 source->block_jobs[i]), _("Wait until that is done."));
  if (is_live (self))
    check_blockers (self, draft);
  else
    check_blockers_off (self, draft);
  if (self->inputs.choice.values[GH_MIGRATE_OPTION_TEMPORARY] && !gh_migrate_plan_returns (self))
    take_check (draft, GH_CHECK_WARNING, "temporary",
                g_strdup_printf (_("“%s” will be at %s only until it is switched off"),
                                 get_name (self), get_there (self)),
                _("Its definition stays here. Do not start it here while it runs there: what it "
                  "writes there to copied disks is not in the ones that are here."));
}

static void
check_autostart (GhMigratePlan *self,
                 GhPlanDraft   *draft)
{
  if (!self->facts.source->autostart)
    return;
  if (is_live (self) && self->inputs.choice.values[GH_MIGRATE_OPTION_TEMPORARY])
    take_check (draft, GH_CHECK_WARNING, "autostart-off",
                g_strdup_printf (_("The host here does not start “%s” by itself while it is at %s"),
                                 get_name (self), get_there (self)),
                _("Else there would be two of it when this host restarts. It does again when the "
                  "machine moves back; if the machine is switched off there, switch that on again "
                  "here."));
  else
    take_check (draft, GH_CHECK_NOTE, "autostart-moves",
                g_strdup_printf (_("%s starts “%s” by itself from then on, and the host here does "
                                   "not any more"), get_there (self), get_name (self)), NULL);
}

static void
check_options (GhMigratePlan *self,
               GhPlanDraft   *draft)
{
  GhMigrateChoice choice = gh_migrate_plan_get_choice (self);
  const char *problem = gh_migrate_rules_check (&choice, NULL);

  if (problem != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "options",
                g_strdup (_("What was chosen does not go together")), problem);
  if (!is_live (self) || choice.values[GH_MIGRATE_OPTION_POST_COPY] == 0)
    return;
  if (self->facts.target->post_copy == 0)
    take_check (draft, GH_CHECK_REFUSAL, "post-copy",
                g_strdup_printf (_("%s does not allow post-copy"), get_there (self)),
                _("Its kernel does not let QEMU fetch memory while the guest runs. An "
                  "administrator can allow it there: sysctl vm.unprivileged_userfaultfd=1. Or "
                  "switch post-copy off."));
  else if (self->facts.target->post_copy < 0)
    take_check (draft, GH_CHECK_NOTE, "post-copy-not-known",
                g_strdup_printf (_("It cannot be told whether %s allows post-copy"),
                                 get_there (self)),
                _("If it does not, the move fails before anything is sent, and the machine goes "
                  "on here. There, vm.unprivileged_userfaultfd has to be 1."));
}

/* Disks */

static void
check_copy (GhMigratePlan       *self,
            GhPlanDraft         *draft,
            const GhMigrateItem *item)
{
  const char *target = item->xml->target;
  gboolean is_elsewhere = item->wanted != NULL && g_path_is_absolute (item->wanted);

  if (item->pool == NULL)
    {
      GhCheck *check = take_check (draft, GH_CHECK_REFUSAL, "pool-missing",
                                   item->pool_name != NULL && !is_elsewhere
                                   ? g_strdup_printf (_("%s has no storage pool “%s” for files"),
                                                      get_there (self), item->pool_name)
                                   : is_elsewhere
                                   /* Translators: a host, and a path there. */
                                   ? g_strdup_printf (_("%s has no storage pool in the folder of "
                                                        "“%s”"), get_there (self), item->wanted)
                                   : g_strdup_printf (_("%s has no storage pool for the disk %s"),
                                                      get_there (self), target), NULL);

      gh_migrate_fix_pool_missing (check, self, item);
    }
  else if (!item->pool->active)
    gh_migrate_fix_pool_off (take_check (draft, GH_CHECK_REFUSAL, "pool-off",
                                         g_strdup_printf (_("The storage pool “%s” at %s is not "
                                                            "active"), item->pool->name,
                                                          get_there (self)), NULL),
                             self, item->pool);
  else if (item->destination == NULL)
    take_check (draft, GH_CHECK_REFUSAL, "file-taken",
                g_strdup_printf (_("There is no free name for the disk %s in “%s”"), target,
                                 item->pool->name), NULL);
  else
    take_check (draft, GH_CHECK_OK, "disk-copied",
                /* Translators: a disk (“vda”), and a storage pool. */
                g_strdup_printf (_("The disk %s is copied to the storage pool “%s”"), target,
                                 item->pool->name), NULL);
  if (item->here != NULL && item->here->capacity == 0)
    take_check (draft, GH_CHECK_REFUSAL, "disk-size",
                g_strdup_printf (_("The size of the disk %s is not known"), target), NULL);
  if (item->here != NULL && is_live (self))
    gh_migrate_check_chain (draft, item);
}

/* Nobody can look: it is proved before anything is moved, or it is not believed. A device may be
 * named by what it is, not by where it is plugged in: that is the same one at any host. */
static void
check_not_known (GhMigratePlan       *self,
                 GhPlanDraft         *draft,
                 const GhMigrateItem *item)
{
  char *title = g_strdup_printf (_("It cannot be told whether %s sees the disk %s"),
                                 get_there (self), item->xml->target);

  if (gh_migrate_item_can_be_probed (item))
    take_check (draft, GH_CHECK_WARNING, "disk-not-known", title,
                _("Before anything is moved, a small file is written beside it here and looked for "
                  "there. If it does not appear, the machine goes on here."));
  else if (g_str_has_prefix (item->here->path, "/dev/disk/by-id/"))
    take_check (draft, GH_CHECK_WARNING, "disk-not-known", title,
                _("If it does not have the device of this number, the move fails and the machine "
                  "goes on here."));
  else
    take_check (draft, GH_CHECK_REFUSAL, "disk-not-known", title,
                _("Another device may have this name there, and the machine would go on with it. "
                  "Give the machine the device by its name in /dev/disk/by-id, or copy the "
                  "disk."));
}

static void
check_shared (GhMigratePlan       *self,
              GhPlanDraft         *draft,
              const GhMigrateItem *item)
{
  const char *refusal = item->refusals[GH_MIGRATE_DISK_SHARED];

  if (item->here == NULL && refusal != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "disk-not-reached",
                /* Translators: a host, a disk (“vda”), and what it is. */
                g_strdup_printf (_("%s does not reach the disk %s: %s"), get_there (self),
                                 item->xml->target, item->xml->source_text), refusal);
  if (item->here == NULL)
    return;
  if (gh_migration_file_is_same (item->here, item->there))
    take_check (draft, GH_CHECK_OK, "disk-shared",
                g_strdup_printf (_("Both hosts see the disk %s, and it is not copied"),
                                 item->xml->target), NULL);
  else if (item->there == NULL || !item->there->is_known)
    check_not_known (self, draft, item);
  else
    take_check (draft, GH_CHECK_REFUSAL, "disk-not-shared",
                g_strdup_printf (_("%s does not see the disk %s"), get_there (self),
                                 item->xml->target),
                item->there->is_there ? _("There is another file of this name. Copy the disk.")
                                      : _("Copy the disk, or mount the share there too."));
}

/* A file of the same name may be another CD. */
static void
compare_medium (GhMigratePlan       *self,
                GhPlanDraft         *draft,
                const GhMigrateItem *item)
{
  gboolean known = FALSE;

  if (gh_migration_file_differs (item->here, item->there, &known))
    gh_migrate_fix_medium (
      take_check (draft, is_live (self) ? GH_CHECK_REFUSAL : GH_CHECK_WARNING, "medium-differs",
                  g_strdup_printf (_("%s has another medium of this name for the drive %s"),
                                   get_there (self), item->xml->target),
                  is_live (self)
                  ? _("Its size or how it begins is not the same. The guest would go on with "
                      "another one in its drive, and read nonsense.")
                  : _("Its size or how it begins is not the same. The machine would find another "
                      "one in its drive.")), self, item->xml->target);
  else if (!known)
    take_check (draft, GH_CHECK_NOTE, "medium-not-compared",
                g_strdup_printf (_("It cannot be told whether the medium in the drive %s is the "
                                   "same at %s"), item->xml->target, get_there (self)),
                item->xml->source);
}

static void
check_medium (GhMigratePlan       *self,
              GhPlanDraft         *draft,
              const GhMigrateItem *item)
{
  GhCheck *check = NULL;
  gboolean known = item->there != NULL && item->there->is_known;

  if (item->mode != GH_MIGRATE_DISK_SHARED || item->here == NULL)
    return;
  if (item->there != NULL && item->there->is_there)
    {
      compare_medium (self, draft, item);
      return;
    }
  check = take_check (draft, known ? GH_CHECK_REFUSAL : GH_CHECK_NOTE,
                      known ? "medium-missing" : "medium-not-known",
                      known ? g_strdup_printf (_("%s does not have the medium in the drive %s"),
                                               get_there (self), item->xml->target)
                            : g_strdup_printf (_("It cannot be told whether %s has the medium in "
                                                 "the drive %s"), get_there (self),
                                               item->xml->target),
                      item->xml->source);
  gh_migrate_fix_medium (check, self, item->xml->target);
}

static void
check_disks (GhMigratePlan *self,
             GhPlanDraft   *draft)
{
  for (guint i = 0; i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      const char *refusal = item->refusals[item->mode];

      if (!gh_migrate_check_path (self, draft, item))
        continue;
      if (item->is_medium)
        check_medium (self, draft, item);
      else if (item->mode == GH_MIGRATE_DISK_SHARED)
        check_shared (self, draft, item);
      else if (refusal != NULL)
        take_check (draft, GH_CHECK_REFUSAL, "disk-mode",
                    g_strdup_printf (_("What was chosen for the disk %s is not possible"),
                                     item->xml->target), refusal);
      if (item->mode == GH_MIGRATE_DISK_COPIED && refusal == NULL)
        check_copy (self, draft, item);
    }
  gh_migrate_check_space (self, draft);
}

static void
add_checks (GhPlanDraft *draft,
            GPtrArray   *checks)
{
  for (guint i = 0; i < checks->len; i++)
    gh_plan_draft_add_check (draft, g_object_ref (g_ptr_array_index (checks, i)));
}

/* Disks that are to go when they were copied: nobody else may use them, or lie on them. */
static void
check_removals (GhMigratePlan *self,
                GhPlanDraft   *draft)
{
  const char *uuid = gh_machine_get_uuid (self->machine);
  g_autoptr (GPtrArray) whole = gh_image_graph_check_machine (self->facts.graph, uuid,
                                                              GH_IMAGE_USE_MOVE);

  add_checks (draft, whole);
  for (guint i = 0; whole->len == 0 && i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      g_autoptr (GPtrArray) checks = NULL;

      if (item->mode != GH_MIGRATE_DISK_COPIED || item->here == NULL)
        continue;
      checks = gh_image_graph_check_path (self->facts.graph, item->here->path, uuid,
                                          GH_IMAGE_USE_DELETE);
      add_checks (draft, checks);
    }
}

/* Others here may need the disks; that matters only when these are to go. */
static void
check_images (GhMigratePlan *self,
              GhPlanDraft   *draft)
{
  g_autofree char *nvram = gh_migrate_plan_dup_left_nvram (self);

  if (nvram != NULL)
    take_check (draft, GH_CHECK_NOTE, "kept-at-source",
                g_strdup_printf (_("Kept at the source: %s"), nvram),
                _("The variables of its firmware, as they are now."));
  if (self->inputs.remove_source && gh_migrate_has_copies (&self->facts))
    check_removals (self, draft);
  else if (is_live (self) && gh_migrate_has_copies (&self->facts) &&
           !self->inputs.choice.values[GH_MIGRATE_OPTION_TEMPORARY])
    take_check (draft, GH_CHECK_NOTE, "source-disks-kept",
                g_strdup (_("The disks that are copied are kept here as well")),
                _("They are out of date from then on, and belong to no machine. “Remove what was "
                  "left” deletes them, when you are sure."));
}

/* (nullable): “a, b, c” */
static char *
dup_names (GPtrArray *names)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;

  if (names == NULL || names->len == 0)
    return NULL;
  for (guint i = 0; i < names->len; i++)
    g_strv_builder_add (builder, g_ptr_array_index (names, i));
  list = g_strv_builder_end (builder);
  return g_strjoinv (", ", list);
}

static void
check_network_missing (GhMigratePlan          *self,
                       GhPlanDraft            *draft,
                       const GhMigrateNetwork *network)
{
  static const struct
  {
    const char  *type;
    GhCheckLevel level;
    const char  *id;
    const char  *title;
    const char  *detail;
    const char  *choices;
  }
  kinds[] = {
    /* It may have bridges its libvirt does not know of. */
    { "bridge", GH_CHECK_WARNING, "bridge-missing", N_("%s has no bridge “%s”"),
      N_("Choose another bridge there, or make one of this name: without it the machine does not "
         "run there."),
      /* Translators: %s is a list of names. */
      N_("Choose another bridge there, or make one of this name: without it the machine does not "
         "run there. It has: %s") },
    { "direct", GH_CHECK_WARNING, "interface-missing", N_("%s has no interface “%s”"),
      N_("Choose another interface there: without it the machine does not run there."),
      N_("Choose another interface there: without it the machine does not run there. It has: "
         "%s") },
    { "network", GH_CHECK_REFUSAL, "network-missing", N_("%s has no network “%s”"),
      N_("Choose another network there, or make one of this name."),
      N_("Choose another network there, or make one of this name. It has: %s") },
  };
  g_autoptr (GPtrArray) there = gh_migrate_plan_dup_there (self, network->type);
  g_autofree char *names = dup_names (there);
  g_autofree char *detail = NULL;
  GhCheck *check = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (strcmp (kinds[i].type, network->type) != 0)
        continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      detail = names != NULL ? g_strdup_printf (_(kinds[i].choices), names)
                             : g_strdup (_(kinds[i].detail));
      check = take_check (draft, kinds[i].level, kinds[i].id,
                          g_strdup_printf (_(kinds[i].title), get_there (self),
                                           network->destination), detail);
#pragma GCC diagnostic pop
      gh_migrate_fix_network_missing (check, self, network);
      return;
    }
}

static void
check_network_off (GhMigratePlan          *self,
                   GhPlanDraft            *draft,
                   const GhMigrateNetwork *network)
{
  if (strcmp (network->type, "direct") == 0)
    gh_migrate_fix_network_missing (
      take_check (draft, GH_CHECK_WARNING, "interface-down",
                  /* Translators: an interface, and a host. */
                  g_strdup_printf (_("The interface “%s” at %s is down"), network->destination,
                                   get_there (self)),
                  _("It is switched off there, or has no cable. As long as it is, the machine "
                    "reaches nobody, or does not run there.")), self, network);
  /* Without a guest and a cable no bridge is up. */
  else if (strcmp (network->type, "bridge") == 0)
    take_check (draft, GH_CHECK_NOTE, "bridge-down",
                g_strdup_printf (_("The bridge “%s” at %s is down"), network->destination,
                                 get_there (self)),
                _("Nothing that is on it is up now: no cable, and no other machine."));
  else
    gh_migrate_fix_network_off (take_check (draft, GH_CHECK_REFUSAL, "network-off",
                                            g_strdup_printf (_("The network “%s” at %s is not "
                                                               "active"), network->destination,
                                                             get_there (self)), NULL),
                                self, network->destination);
}

/* Another one was chosen for a network the machine is not on: a slip, or it was for others of those
 * that move. */
static void
check_network_names (GhMigratePlan *self,
                     GhPlanDraft   *draft)
{
  g_autoptr (GPtrArray) here = g_ptr_array_new ();
  g_autofree char *names = NULL;
  GHashTableIter iter;
  gpointer name = NULL;

  for (guint i = 0; i < self->networks->len; i++)
    g_ptr_array_add (here, ((GhMigrateNetwork *) g_ptr_array_index (self->networks, i))->name);
  names = dup_names (here);
  g_hash_table_iter_init (&iter, self->inputs.networks);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      g_autofree char *detail = NULL;

      if (g_ptr_array_find_with_equal_func (here, name, g_str_equal, NULL))
        continue;
      if (names != NULL)
        detail = g_strdup_printf (_("It is on: %s"), names);
      take_check (draft, GH_CHECK_NOTE, "network-unknown",
                  /* Translators: the names of a machine, and of a network. */
                  g_strdup_printf (_("“%s” is on no network “%s”"), get_name (self),
                                   (const char *) name), detail);
    }
}

static void
check_networks (GhMigratePlan *self,
                GhPlanDraft   *draft)
{
  for (guint i = 0; i < self->networks->len; i++)
    {
      const GhMigrateNetwork *network = g_ptr_array_index (self->networks, i);

      if (!network->is_there)
        check_network_missing (self, draft, network);
      else if (!network->is_active)
        check_network_off (self, draft, network);
    }
  check_network_names (self, draft);
}

static void
check_address (GhMigratePlan *self,
               GhPlanDraft   *draft)
{
  g_autofree char *address = is_live (self) ? gh_migrate_plan_dup_address (self) : NULL;

  if (address != NULL && self->inputs.address == NULL && g_str_has_prefix (address, "tcp:"))
    take_check (draft, GH_CHECK_NOTE, "address",
                g_strdup_printf (_("The data is sent to %s"), address),
                _("The address we are connected with is used: the source may not find the "
                  "destination by the name it calls itself, or find itself."));
  if (self->facts.to == NULL || self->facts.from == NULL || !is_live (self))
    return;
  if (self->inputs.choice.values[GH_MIGRATE_OPTION_ROUTE] != GH_MIGRATE_CLIENT &&
      self->facts.to->local && !self->facts.from->local)
    gh_migrate_fix_route (
      take_check (draft, GH_CHECK_REFUSAL, "peer-local",
                  g_strdup_printf (_("The source cannot connect to “%s”"),
                                   gh_host_get_uri (self->destination)),
                  _("That is this computer’s own address, which there means the source itself. "
                    "Let this computer do it, or add the destination by its address in the "
                    "network.")), self);
  else if (address == NULL && self->inputs.address == NULL &&
           self->inputs.choice.values[GH_MIGRATE_OPTION_ROUTE] != GH_MIGRATE_TUNNELLED &&
           gh_reach_is_loopback (self->facts.to) && !gh_host_is_test (self->destination))
    take_check (draft, GH_CHECK_WARNING, "address-unknown",
                g_strdup (_("It is not known how the source reaches the destination")),
                _("The address we are connected with is one of this computer, such as a tunnel’s. "
                  "The destination’s own name is used; if the source does not know it, enter the "
                  "address."));
}

void
gh_migrate_check_all (GhMigratePlan *self,
                      GhPlanDraft   *draft)
{
  check_hosts (self, draft);
  check_names (self, draft);
  check_options (self, draft);
  check_cpu (self, draft);
  check_capacity (self, draft);
  check_hardware (self, draft);
  check_state (self, draft);
  check_autostart (self, draft);
  check_disks (self, draft);
  gh_migrate_check_secrets (self, draft);
  check_images (self, draft);
  check_networks (self, draft);
  check_address (self, draft);
  gh_migrate_check_estimate (self, draft);
}
