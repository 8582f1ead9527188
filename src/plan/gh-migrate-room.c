/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* How much a move sends, and what room that takes at the destination. A copy of a linked clone that
 * runs is one whole image: what its layers hold comes into it. */

#define G_LOG_DOMAIN "gh-migrate-room"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "gh-format.h"
#include "gh-migrate-plan-private.h"

/* Measuring */

/* One image that a disk rests on. */
typedef struct
{
  const char *path;  /* (unowned) */
  guint64     size;
  gboolean    known; /* its size is */
} Layer;

static void
add_layer (GArray               *layers,
           const GhMigrateItem  *item,
           const GhMigrateFacts *facts,
           const char           *path)
{
  GhImage *image = facts->graph != NULL ? gh_image_graph_find (facts->graph, path) : NULL;
  GhMigrationFile *file = gh_migration_find_file (item->here->layers, path);
  Layer layer = { path, 0, FALSE };

  if (file != NULL && file->is_there)
    layer = (Layer) { path, file->allocation, TRUE };
  else if (image != NULL && image->has_size)
    layer = (Layer) { path, image->size, TRUE };
  g_array_append_val (layers, layer);
}

/* What lies under a disk, nearest first: a run tells that itself, of others the graph knows, where
 * it was read, and else the pools. (element-type Layer) */
static GArray *
list_layers (const GhMigrateItem  *item,
             const GhMigrateFacts *facts)
{
  GArray *layers = g_array_new (FALSE, FALSE, sizeof (Layer));
  g_autoptr (GPtrArray) chain = NULL;

  for (guint i = 0; item->xml->backing != NULL && item->xml->backing[i] != NULL; i++)
    add_layer (layers, item, facts, item->xml->backing[i]);
  if (layers->len > 0)
    return layers;
  if (facts->graph != NULL)
    {
      chain = gh_image_graph_find_chain (facts->graph, item->here->path);
      for (guint i = 0; i < chain->len; i++)
        add_layer (layers, item, facts, ((GhImage *) g_ptr_array_index (chain, i))->path);
      return layers;
    }
  for (guint i = 0; item->here->layers != NULL && i < item->here->layers->len; i++)
    add_layer (layers, item, facts,
               ((GhMigrationFile *) g_ptr_array_index (item->here->layers, i))->path);
  return layers;
}

/* What a layer covers of those under it, nobody knows without reading them: so the copy holds at
 * least as much as the fullest, and at most as much as all, or as the disk can. */
static void
measure (GhMigrateItem *item,
         GArray        *layers)
{
  guint64 sum = item->here->allocation;
  gboolean known = TRUE;

  for (guint i = 0; i < layers->len; i++)
    {
      const Layer *layer = &g_array_index (layers, Layer, i);

      known = known && layer->known;
      sum += layer->size;
      item->least = MAX (item->least, layer->size);
    }
  item->most = known ? sum : item->here->capacity;
  if (item->here->capacity > 0)
    {
      item->most = MIN (item->most, item->here->capacity);
      item->least = MIN (item->least, item->most);
    }
}

void
gh_migrate_measure (const GhMigrateFacts *facts)
{
  for (guint i = 0; i < facts->items->len; i++)
    {
      GhMigrateItem *item = g_ptr_array_index (facts->items, i);
      g_autoptr (GArray) layers = NULL;

      if (item->here == NULL)
        continue;
      layers = list_layers (item, facts);
      item->least = item->most = item->here->allocation;
      if (layers->len == 0)
        continue;
      item->base = g_strdup (g_array_index (layers, Layer, 0).path);
      item->n_layers = layers->len;
      /* What is off is sent file by file, and not at all when it lies on something. */
      if (facts->source->presence.active)
        measure (item, layers);
    }
}

guint64
gh_migrate_get_disk_bytes (const GhMigrateFacts *facts)
{
  guint64 total = 0;

  for (guint i = 0; facts->items != NULL && i < facts->items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (facts->items, i);

      if (item->mode == GH_MIGRATE_DISK_COPIED)
        total += item->most;
    }
  return total;
}

static GhMigrateRoom *
ensure_room (GArray           *rooms,
             const GhPoolInfo *pool)
{
  GhMigrateRoom room = { pool->name, pool->available, 0, 0, 0 };

  for (guint i = 0; i < rooms->len; i++)
    if (g_strcmp0 (g_array_index (rooms, GhMigrateRoom, i).pool, pool->name) == 0)
      return &g_array_index (rooms, GhMigrateRoom, i);
  g_array_append_val (rooms, room);
  return &g_array_index (rooms, GhMigrateRoom, rooms->len - 1);
}

GArray *
gh_migrate_plan_list_room (GhMigratePlan *self)
{
  GArray *rooms = NULL;

  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), NULL);

  rooms = g_array_new (FALSE, FALSE, sizeof (GhMigrateRoom));
  for (guint i = 0; self->facts.items != NULL && i < self->facts.items->len; i++)
    {
      const GhMigrateItem *item = g_ptr_array_index (self->facts.items, i);
      GhMigrateRoom *room = NULL;

      if (item->mode != GH_MIGRATE_DISK_COPIED || item->pool == NULL || item->here == NULL)
        continue;
      room = ensure_room (rooms, item->pool);
      room->least += item->least;
      room->most += item->most;
      room->later += item->here->capacity;
    }
  return rooms;
}

guint64
gh_migrate_plan_get_memory_kib (GhMigratePlan *self,
                                guint64       *free_kib)
{
  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), 0);

  *free_kib = self->facts.target != NULL ? self->facts.target->free_memory_kib : 0;
  if (self->facts.xml == NULL || !self->inputs.choice.values[GH_MIGRATE_OPTION_LIVE])
    return 0;
  return gh_domain_xml_get_memory_kib (self->facts.xml);
}

/* Checks */

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

void
gh_migrate_check_chain (GhPlanDraft         *draft,
                        const GhMigrateItem *item)
{
  g_autofree char *most = gh_format_file_size (item->most);
  g_autofree char *own = gh_format_file_size (item->here->allocation);
  g_autofree char *detail = NULL;

  if (item->n_layers == 0)
    return;
  /* Translators: the name of a disk (“vda”), and a size. */
  detail = g_strdup_printf (ngettext ("It is a linked clone’s or has layers: %s are its own, and "
                                      "it rests on %u image. Its copy depends on nothing.",
                                      "It is a linked clone’s or has layers: %s are its own, and "
                                      "it rests on %u images. Its copy depends on nothing.",
                                      item->n_layers), own, item->n_layers);
  take_check (draft, GH_CHECK_NOTE, "chain-flattened",
              g_strdup_printf (_("The disk %s becomes one whole image there, of up to %s"),
                               item->xml->target, most), detail);
}

static void
check_pool (GhMigratePlan       *self,
            GhPlanDraft         *draft,
            const GhMigrateRoom *room)
{
  const char *there = gh_host_get_label (self->destination);
  guint64 available = room->available;
  g_autofree char *left = gh_format_file_size (available);
  g_autofree char *needed = gh_format_file_size (room->least > available ? room->least
                                      : room->most > available ? room->most : room->later);

  if (room->least > available)
    take_check (draft, GH_CHECK_REFUSAL, "space",
                g_strdup_printf (_("“%s” at %s has %s free, and %s is needed"), room->pool, there,
                                 left, needed),
                _("Free some, or choose another pool."));
  else if (room->most > available)
    take_check (draft, GH_CHECK_WARNING, "space-chain",
                g_strdup_printf (_("“%s” at %s has %s free, and up to %s may be needed"),
                                 room->pool, there, left, needed),
                _("How much of what a disk rests on it has written over is not known. When there "
                  "is no room, the move fails and the machine goes on here."));
  else if (room->later > available)
    take_check (draft, GH_CHECK_NOTE, "space-later",
                g_strdup_printf (_("“%s” at %s has %s free, and the disks may grow to %s"),
                                 room->pool, there, left, needed), NULL);
}

void
gh_migrate_check_space (GhMigratePlan *self,
                        GhPlanDraft   *draft)
{
  g_autoptr (GArray) rooms = gh_migrate_plan_list_room (self);

  for (guint i = 0; i < rooms->len; i++)
    check_pool (self, draft, &g_array_index (rooms, GhMigrateRoom, i));
}

/* How fast it is taken to be, and where that comes from. */
static char *
dup_rate_text (GhMigratePlan *self)
{
  g_autofree char *rate = gh_format_file_size ((guint64) self->rate);

  switch (self->rate_source)
    {
    case GH_MIGRATE_RATE_MEASURED:
      /* Translators: an amount of data, in each second. */
      return g_strdup_printf (_("This is reckoned with %s/s, as measured on the last move between "
                                "these hosts."), rate);
    case GH_MIGRATE_RATE_LIMIT:
      return g_strdup_printf (_("This is reckoned with %s/s, the bandwidth it takes at most."),
                              rate);
    case GH_MIGRATE_RATE_ASSUMED:
    default:
      return g_strdup (_("Between computers this is reckoned with a line of 1 Gbit/s, until a move "
                         "has shown how fast it is."));
    }
}

void
gh_migrate_check_estimate (GhMigratePlan *self,
                           GhPlanDraft   *draft)
{
  gboolean live = self->inputs.choice.values[GH_MIGRATE_OPTION_LIVE] != 0;
  guint64 disks = gh_migrate_get_disk_bytes (&self->facts);
  guint64 bytes = disks + gh_domain_xml_get_memory_kib (self->facts.xml) * 1024;
  g_autofree char *size = gh_format_file_size (live ? bytes : disks);
  g_autofree char *span = gh_format_duration ((gint64) MAX (self->seconds, 1.0));
  g_autofree char *rate = dup_rate_text (self);
  g_autofree char *detail = NULL;

  if (!live && disks == 0)
    {
      take_check (draft, GH_CHECK_NOTE, "estimate", g_strdup (_("No disk has to be sent")), NULL);
      return;
    }
  detail = g_strdup_printf ("%s %s",
                            live ? _("It takes longer when the guest writes much to its memory "
                                     "meanwhile.")
                                 : _("Through this computer, by the connections to both hosts."),
                            rate);
  if (!live)
    take_check (draft, GH_CHECK_NOTE, "estimate",
                /* Translators: an amount of data; a span of time. */
                g_strdup_printf (_("%s are to be sent, and read back, which takes about %s"), size,
                                 span), detail);
  else
    take_check (draft, GH_CHECK_NOTE, "estimate",
                /* Translators: an amount of data; a span of time, such as “2 minutes”; and seconds
                 * with a decimal. */
                g_strdup_printf (_("Up to %s are to be sent, which takes about %s; the guest "
                                   "stands still for about %.1f s"),
                                 size, span, self->pause), detail);
}
