/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The part of making the graph that says who uses which file, in the order in which it is told. */

#define G_LOG_DOMAIN "gh-image-graph-users"

#include "config.h"

#include "gh-image-builder.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static void
add_file_user (GhImageBuilder *self,
               GhImage        *image,
               const char     *machine_uuid,
               const char     *name,
               const char     *how)
{
  GPtrArray *users = g_hash_table_lookup (self->graph->file_users, image);
  GhFileUser *user = NULL;

  if (users == NULL)
    {
      users = g_ptr_array_new_with_free_func (gh_file_user_free);
      g_hash_table_insert (self->graph->file_users, image, users);
    }
  /* Machines come one after the other; the first thing said of one stands. */
  if (machine_uuid != NULL && users->len > 0)
    {
      GhFileUser *last = g_ptr_array_index (users, users->len - 1);

      if (g_strcmp0 (last->machine_uuid, machine_uuid) == 0)
        return;
    }
  user = g_new0 (GhFileUser, 1);
  user->machine_uuid = g_strdup (machine_uuid);
  user->name = g_strdup (name);
  user->how = g_strdup (how);
  g_ptr_array_add (users, user);
}

static void
add_users_below (GhImageBuilder *self,
                 GhImage        *image,
                 GhImageMachine *machine,
                 GHashTable     *seen)
{
  for (guint i = 0; i < image->below->len; i++)
    {
      GhImage *below = g_ptr_array_index (image->below, i);

      if (!g_hash_table_add (seen, below))
        continue;
      add_file_user (self, below, machine->uuid, machine->name, _("backing file"));
      add_users_below (self, below, machine, seen);
    }
}

void
gh_image_builder_add_users (GhImageBuilder *self)
{
  static const char * const how[] = {
    [GH_IMAGE_AS_DISK] = N_("disk"),
    [GH_IMAGE_AS_MEDIUM] = N_("disk"),
    [GH_IMAGE_AS_SNAPSHOT] = N_("snapshot"),
    [GH_IMAGE_AS_NVRAM] = N_("in its definition"),
    [GH_IMAGE_AS_OTHER] = N_("in its definition"),
  };
  GhImageGraph *graph = self->graph;

  for (guint i = 0; i < graph->images->len; i++)
    {
      GhImage *image = g_ptr_array_index (graph->images, i);

      for (guint j = 0; j < image->below->len; j++)
        add_file_user (self, g_ptr_array_index (image->below, j), NULL, image->path,
                       _("backing file"));
    }
  for (guint i = 0; i < graph->machines->len; i++)
    {
      GhImageMachine *machine = g_ptr_array_index (graph->machines, i);
      g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

      for (guint j = 0; j < machine->images->len; j++)
        {
          GhImage *image = g_ptr_array_index (machine->images, j);
          GhImageRole role = GH_IMAGE_AS_OTHER;

          for (guint k = 0; k < image->users->len; k++)
            {
              GhImageUser *user = g_ptr_array_index (image->users, k);

              if (user->machine == machine)
                role = MIN (role, user->role);
            }
          add_file_user (self, image, machine->uuid, machine->name, _(how[role]));
          add_users_below (self, image, machine, seen);
        }
    }
}
