/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-live-checks"

#include "config.h"

#include "gh-live-checks.h"

#include <glib/gi18n-lib.h>

#include "gh-domain-xml.h"

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

gboolean
gh_live_should_freeze (const GhLiveInfo *info)
{
  return info->agent == GH_LIVE_AGENT_ANSWERS;
}

static void
check_guest (GhPlanDraft *draft,
             const char  *name,
             GhLiveInfo  *info)
{
  take_check (draft, GH_CHECK_NOTE, "live-memory",
              g_strdup_printf (_("What “%s” holds in memory is not cloned"), name),
              _("Programs that run in it do not run in the clone, which starts from the disks as "
                "they are at one instant."));
  switch (info->agent)
    {
    case GH_LIVE_AGENT_ANSWERS:
      take_check (draft, GH_CHECK_OK, "live-frozen",
                  g_strdup_printf (_("“%s” writes down everything first and holds still for an "
                                     "instant"), name),
                  _("Its guest agent is asked to freeze the file systems."));
      break;
    case GH_LIVE_AGENT_SILENT:
      take_check (draft, GH_CHECK_NOTE, "live-agent-silent",
                  g_strdup_printf (_("The guest agent of “%s” does not answer"), name),
                  _("It is paused, busy, or its agent hangs, so its file systems are not frozen. "
                    "The clone finds its disks as after a power failure. File systems with a "
                    "journal recover from that by themselves."));
      break;
    case GH_LIVE_AGENT_NONE:
    default:
      take_check (draft, GH_CHECK_NOTE, "live-not-frozen",
                  g_strdup_printf (_("“%s” has no guest agent that answers"), name),
                  _("The clone finds its disks as after a power failure. File systems with a "
                    "journal recover from that by themselves. With qemu-guest-agent installed in "
                    "the guest, everything is written down first."));
    }
}

static gboolean
can_copy (const GhDiskXml *disk)
{
  static const char * const types[] = { "file", "block", "volume", "network", "nvme", "dir", NULL };

  return disk->type != NULL && g_strv_contains (types, disk->type);
}

static void
check_kinds (GhPlanDraft        *draft,
             GhLiveInfo         *info,
             const char * const *targets)
{
  g_autoptr (GhDomainXml) xml = gh_domain_xml_new_from_string (info->xml, NULL);
  g_autoptr (GPtrArray) disks = xml != NULL ? gh_domain_xml_list_disks (xml) : NULL;

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (disks, i);

      if (!g_strv_contains (targets, disk->target))
        continue;
      if (!can_copy (disk))
        take_check (draft, GH_CHECK_REFUSAL, "live-disk-not-supported",
                    g_strdup_printf (_("The disk %s cannot be copied while the machine runs"),
                                     disk->target),
                    _("QEMU does not read it itself. Leave the disk out, or shut the machine "
                      "down."));
    }
}

void
gh_live_checks_add_busy (GhPlanDraft        *draft,
                         const char         *name,
                         GhLiveInfo         *info,
                         const char * const *targets)
{
  if (info->job != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "live-job",
                /* Translators: a machine's name, and what it is doing: “being saved”. */
                g_strdup_printf (_("“%s” is busy: %s"), name, info->job),
                _("Wait until that is done."));
  for (guint i = 0; targets[i] != NULL; i++)
    if (g_strv_contains ((const char * const *) info->block_jobs, targets[i]))
      take_check (draft, GH_CHECK_REFUSAL, "live-block-job",
                  g_strdup_printf (_("The disk %s is being copied or changed right now"),
                                   targets[i]),
                  _("Wait until that is done, or leave the disk out."));
}

void
gh_live_checks_add (GhPlanDraft        *draft,
                    const char         *name,
                    GhLiveInfo         *info,
                    const char * const *targets)
{
  if (!info->active)
    return;
  check_guest (draft, name, info);
  if (!info->can_backup)
    take_check (draft, GH_CHECK_REFUSAL, "live-not-supported",
                g_strdup_printf (_("“%s” cannot be cloned while it runs"), name),
                _("The host is too old to copy the disks of a running machine. Shut it down "
                  "first."));
  gh_live_checks_add_busy (draft, name, info, targets);
  check_kinds (draft, info, targets);
}
