/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What a trial lies on is guarded by us, but not from other programs. A base that was written to
 * behind our back makes the trial a mixture of two states. So how its bases were is written into
 * the trial when it begins, and looked at again where the trial is to become something lasting. */

#define G_LOG_DOMAIN "gh-trial-bases"

#include "config.h"

#include "gh-trial-bases.h"

#include <glib/gi18n-lib.h>

static void
add_base (GPtrArray *bases,
          GhImage   *image)
{
  for (guint i = 0; i < bases->len; i++)
    if (g_strcmp0 (((GhMarkedBase *) g_ptr_array_index (bases, i))->path, image->path) == 0)
      return;
  if (image->changed_ns > 0 || image->length > 0)
    g_ptr_array_add (bases, gh_marked_base_new (image->path, image->length, image->changed_ns,
                                                image->inode));
}

GPtrArray *
gh_trial_bases_list (GhImageGraph *graph,
                     GPtrArray    *paths)
{
  GPtrArray *bases = g_ptr_array_new_with_free_func (gh_marked_base_free);

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      GhImage *image = gh_image_graph_find (graph, path);
      g_autoptr (GPtrArray) chain = gh_image_graph_find_chain (graph, path);

      if (image != NULL)
        add_base (bases, image);
      for (guint j = 0; j < chain->len; j++)
        add_base (bases, g_ptr_array_index (chain, j));
    }
  return bases;
}

/* What is not known of both says nothing: another host may have looked at it. */
static gboolean
differs (guint64 before,
         guint64 now)
{
  return before != 0 && now != 0 && before != now;
}

static gboolean
is_changed (const GhMarkedBase *base,
            const GhImage      *image)
{
  return image->problem == GH_IMAGE_MISSING || differs (base->length, image->length) ||
         differs ((guint64) base->changed_ns, (guint64) image->changed_ns) ||
         differs (base->inode, image->inode);
}

/* Whether one of the machine's images still lies on @image. */
static gboolean
is_under (GhImageGraph   *graph,
          GhImageMachine *machine,
          GhImage        *image)
{
  for (guint i = 0; i < machine->images->len; i++)
    {
      const GhImage *top = g_ptr_array_index (machine->images, i);
      g_autoptr (GPtrArray) chain = gh_image_graph_find_chain (graph, top->path);

      if (g_ptr_array_find (chain, image, NULL))
        return TRUE;
    }
  return FALSE;
}

void
gh_trial_bases_check (GhPlanDraft   *draft,
                      GhCheckLevel   level,
                      GhImageGraph  *graph,
                      GhMachineMark *mark,
                      const char    *uuid)
{
  GhImageMachine *machine = gh_image_graph_find_machine (graph, uuid);

  for (guint i = 0; machine != NULL && i < mark->bases->len; i++)
    {
      const GhMarkedBase *base = g_ptr_array_index (mark->bases, i);
      GhImage *image = gh_image_graph_find (graph, base->path);
      g_autofree char *title = NULL;

      if (image == NULL || !is_changed (base, image) || !is_under (graph, machine, image))
        continue;
      /* Translators: the path of an image. */
      title = g_strdup_printf (_("“%s” has been changed since the trial began"), base->path);
      gh_plan_draft_add_check (draft, gh_check_new (level, "base-changed", title,
        _("The trial holds only what differs from how that was, so what it reads may be damaged. "
          "Copy out of it what you still need, and discard it. Another program has changed the "
          "image: Guesthouse does not while there is a trial.")));
    }
}
