/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What becomes of each disk, and how:
 *
 *   empty drive, CD, floppy, read-only or shareable   shared
 *   passed-through device, network disk, folder       left out: it cannot be copied
 *   else                                              copied, or linked when that is asked for
 *
 * A copy is made, in the order of speed, by ourselves (an image that is as it should be), by
 * qemu-img (a chain, another format, without snapshots), or by libvirt (what we may not read). */

#define G_LOG_DOMAIN "gh-clone-disks"

#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-clone-plan-private.h"
#include "gh-create-plan.h"
#include "gh-machine-mark.h"

/* Bytes a second, for estimates. */
#define SPEED_BYTES 600e6
#define SPEED_CONVERT 300e6
#define SPEED_VOLUME 250e6
/* What making a small file takes. */
#define LEAST_SECONDS 0.1

/* Names */

static char *
dup_with_number (const char *pattern,
                 guint       number)
{
  g_auto (GStrv) parts = g_strsplit (pattern, "{n}", -1);
  g_autofree char *text = g_strdup_printf ("%u", number);

  return g_strjoinv (text, parts);
}

static char *
dup_pattern (const char *name,
             gboolean    several)
{
  if (several && strstr (name, "{n}") == NULL)
    return g_strconcat (name, "-{n}", NULL);
  return g_strdup (name);
}

static gboolean
is_free (const char *pattern,
         guint       first,
         guint       copies,
         GHashTable *taken)
{
  for (guint i = 0; taken != NULL && i < copies; i++)
    {
      g_autofree char *name = dup_with_number (pattern, first + i);

      if (g_hash_table_contains (taken, name))
        return FALSE;
    }
  return TRUE;
}

/* @source with @suffix behind it, as far as a name may be long. */
static char *
dup_suffixed (const char *source,
              const char *suffix)
{
  g_autofree char *name = g_strconcat (source, suffix, NULL);
  g_autofree char *stem = g_strdup (source);

  while (strlen (name) > GH_CREATE_MAX_NAME_BYTES && *stem != '\0')
    {
      *g_utf8_prev_char (stem + strlen (stem)) = '\0';
      g_free (name);
      name = g_strconcat (stem, suffix, NULL);
    }
  return g_steal_pointer (&name);
}

char *
gh_clone_propose_name (const char *source,
                       const char *word,
                       GHashTable *taken)
{
  g_autofree char *suffix = g_strconcat ("-", word, NULL);
  char *name = dup_suffixed (source, suffix);

  for (guint i = 2; taken != NULL && g_hash_table_contains (taken, name); i++)
    {
      g_free (suffix);
      suffix = g_strdup_printf ("-%s-%u", word, i);
      g_free (name);
      name = dup_suffixed (source, suffix);
    }
  return name;
}

/* @source with @middle and a number up to @last behind it, as a pattern. */
static char *
dup_numbered (const char *source,
              const char *middle,
              guint       last)
{
  g_autofree char *suffix = g_strdup_printf ("%s-%u", middle, last);
  g_autofree char *longest = dup_suffixed (source, suffix);

  /* What dup_suffixed() has left of @source. */
  longest[strlen (longest) - strlen (suffix)] = '\0';
  return g_strconcat (longest, middle, "-{n}", NULL);
}

/* NAME-clone, or NAME-1 and so on; with all of NAME if it is not too long, so that the clone of
 * “x-clone10” is never taken for “x-clone1”. */
char *
gh_clone_propose_pattern (const char *source,
                          guint       first,
                          guint       copies,
                          gboolean    trial,
                          GHashTable *taken)
{
  g_autofree char *base = NULL;
  guint last = first + copies - 1;

  if (copies == 1)
    return gh_clone_propose_name (source, trial ? "trial" : "clone", taken);
  base = dup_numbered (source, "", last);

  if (is_free (base, first, copies, taken))
    return g_steal_pointer (&base);
  for (guint i = 2;; i++)
    {
      g_autofree char *middle = g_strdup_printf ("-%u", i);
      g_autofree char *other = dup_numbered (source, middle, last);

      if (is_free (other, first, copies, taken))
        return g_steal_pointer (&other);
    }
}

GStrv
gh_clone_make_names (const GhCloneInputs *inputs,
                     const char          *source,
                     GHashTable          *taken)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autofree char *pattern = inputs->name != NULL
                             ? dup_pattern (inputs->name, inputs->copies > 1)
                             : gh_clone_propose_pattern (source, inputs->first_number,
                                                         inputs->copies, inputs->trial, taken);

  for (guint i = 0; i < inputs->copies; i++)
    {
      g_autofree char *name = dup_with_number (pattern, inputs->first_number + i);

      g_strv_builder_add (names, name);
    }
  return g_strv_builder_end (names);
}

/* Places */

gboolean
gh_clone_pool_has_files (const GhPoolInfo *pool)
{
  static const char * const types[] = { "dir", "fs", "netfs", NULL };

  return pool->type != NULL && g_strv_contains (types, pool->type);
}

const GhPoolInfo *
gh_clone_find_pool (const GhCloneFacts *facts,
                    const char         *name)
{
  for (guint i = 0; facts->pools != NULL && i < facts->pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (facts->pools, i);

      if (g_strcmp0 (pool->name, name) == 0)
        return pool;
    }
  return NULL;
}

static const GhPoolInfo *
find_pool_at (const GhCloneFacts *facts,
              const char         *folder)
{
  for (guint i = 0; i < facts->pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (facts->pools, i);

      if (pool->active && gh_clone_pool_has_files (pool) && g_strcmp0 (pool->path, folder) == 0)
        return pool;
    }
  return NULL;
}

/* Where overlays and copies go that cannot be where the original is. */
static const GhPoolInfo *
find_any_pool (const GhCloneFacts *facts)
{
  const GhPoolInfo *any = gh_clone_find_pool (facts, "default");

  if (any != NULL && any->active && gh_clone_pool_has_files (any))
    return any;
  for (guint i = 0; i < facts->pools->len; i++)
    {
      const GhPoolInfo *pool = g_ptr_array_index (facts->pools, i);

      if (pool->active && gh_clone_pool_has_files (pool))
        return pool;
    }
  return NULL;
}

static void
choose_place (GhCloneItem         *item,
              const GhCloneInputs *inputs,
              const GhCloneFacts  *facts)
{
  const char *wanted = g_hash_table_lookup (inputs->pools, item->xml->target);
  g_autofree char *folder = item->path != NULL && g_path_is_absolute (item->path)
                            ? g_path_get_dirname (item->path) : NULL;

  if (wanted == NULL)
    wanted = inputs->pool;
  if (wanted != NULL)
    {
      item->pool = gh_clone_find_pool (facts, wanted);
      item->pool_missing = item->pool == NULL;
    }
  else
    {
      item->pool = item->volume != NULL ? gh_clone_find_pool (facts, item->volume->pool)
                                        : folder != NULL ? find_pool_at (facts, folder) : NULL;
      /* An overlay is a file. */
      if (item->pool != NULL && item->mode == GH_CLONE_LINK &&
          !gh_clone_pool_has_files (item->pool))
        item->pool = find_any_pool (facts);
      if (item->pool == NULL && (folder == NULL || !facts->is_local ||
                                 g_str_has_prefix (folder, "/dev")))
        item->pool = find_any_pool (facts);
    }
  if (item->pool != NULL)
    item->folder = g_strdup (item->pool->path);
  else if (!item->pool_missing && folder != NULL && facts->is_local)
    item->folder = g_steal_pointer (&folder);
}

/* The mode that is proposed before anything is known of the files. */
static GhCloneMode
propose_mode (const GhDiskXml      *disk,
              const GhCloneInputs  *inputs,
              char                **reason)
{
  gboolean is_disk = g_strcmp0 (disk->device, "disk") == 0;

  *reason = NULL;
  if (disk->source_text == NULL && disk->source == NULL)
    *reason = g_strdup (_("The drive is empty."));
  else if (g_strcmp0 (disk->device, "lun") == 0)
    {
      *reason = g_strdup (_("It is a device that is passed through, which only one machine can "
                            "have."));
      return GH_CLONE_LEAVE_OUT;
    }
  else if (!is_disk)
    *reason = g_strdup (_("Removable media are only read, so both can use it."));
  else if (disk->readonly)
    *reason = g_strdup (_("It is read-only, so both can use it."));
  else if (disk->shareable)
    *reason = g_strdup (_("It is marked to be shared by machines."));
  if (*reason != NULL)
    return GH_CLONE_SHARE;

  if (g_strcmp0 (disk->type, "network") == 0 || g_strcmp0 (disk->type, "nvme") == 0 ||
      g_strcmp0 (disk->type, "dir") == 0 || g_strcmp0 (disk->type, "vhostuser") == 0)
    {
      *reason = g_strdup (_("It is not an image on the host, so it cannot be copied."));
      return GH_CLONE_LEAVE_OUT;
    }
  *reason = inputs->linked
            ? g_strdup (_("The clone holds only what differs from the original."))
            : g_strdup (_("The clone is independent of the original."));
  return inputs->linked ? GH_CLONE_LINK : GH_CLONE_COPY;
}

static GhCloneItem *
make_item (const GhDiskXml     *disk,
           const GhCloneInputs *inputs,
           const GhCloneFacts  *facts)
{
  GhCloneItem *item = g_new0 (GhCloneItem, 1);
  gpointer mode = g_hash_table_lookup (inputs->modes, disk->target != NULL ? disk->target : "");
  GhVolumeInfo *volume = NULL;

  item->xml = disk;
  item->path = g_strdup (disk->source);
  item->format = g_strdup (disk->format != NULL ? disk->format : "raw");
  if (item->path == NULL && disk->source_volume != NULL)
    volume = gh_file_users_find_in_pool (facts->users, disk->source_pool, disk->source_volume);
  else if (item->path != NULL)
    volume = gh_file_users_find_volume (facts->users, item->path);
  item->volume = volume != NULL ? gh_volume_info_ref (volume) : NULL;
  if (item->path == NULL && volume != NULL)
    item->path = g_strdup (volume->path);

  item->mode = propose_mode (disk, inputs, &item->reason);
  if (facts->snapshot != NULL)
    {
      g_autofree char *kind = gh_snapshot_xml_dup_disk_kind (facts->snapshot, disk->target);

      item->is_internal = g_strcmp0 (kind, "internal") == 0;
      /* An overlay can only lie on a whole image. */
      if (item->is_internal && item->mode == GH_CLONE_LINK)
        {
          item->mode = GH_CLONE_COPY;
          g_free (item->reason);
          item->reason = g_strdup (_("The snapshot is inside of the disk, where nothing can be "
                                     "linked to it."));
        }
    }
  if (mode != NULL)
    {
      item->overridden = TRUE;
      item->mode = (GhCloneMode) (GPOINTER_TO_INT (mode) - 1);
    }
  item->new_format = g_strdup (item->mode == GH_CLONE_COPY &&
                               g_strcmp0 (item->format, "raw") == 0 ? "raw" : "qcow2");
  if (item->path != NULL && (item->mode == GH_CLONE_COPY || item->mode == GH_CLONE_LINK))
    choose_place (item, inputs, facts);
  if (item->pool != NULL && !gh_clone_pool_has_files (item->pool))
    {
      g_free (item->new_format);
      item->new_format = g_strdup ("raw");
    }
  return item;
}

GPtrArray *
gh_clone_list_items (const GhCloneInputs *inputs,
                     const GhCloneFacts  *facts)
{
  GPtrArray *items = g_ptr_array_new ();

  for (guint i = 0; i < facts->disks->len; i++)
    g_ptr_array_add (items, make_item (g_ptr_array_index (facts->disks, i), inputs, facts));
  return items;
}

/* Modes */

static void
refuse (GhCloneItem *item,
        GhCloneMode  mode,
        const char  *sentence)
{
  if (item->refusals[mode] == NULL)
    item->refusals[mode] = g_strdup (sentence);
}

static gboolean
is_readable (const GhCloneItem *item)
{
  return item->look != NULL && item->look->error_number == 0;
}

static gboolean
is_plain_file (const GhCloneItem *item)
{
  return item->path != NULL && g_path_is_absolute (item->path);
}

/* Whether the machine runs with this disk right now. */
static gboolean
is_in_use (const GhCloneItem  *item,
           const GhCloneFacts *facts)
{
  for (guint i = 0; facts->live_disks != NULL && i < facts->live_disks->len; i++)
    {
      const GhDiskXml *disk = g_ptr_array_index (facts->live_disks, i);

      /* What a snapshot keeps may lie under what is written to now. */
      if (g_strcmp0 (disk->target, item->xml->target) == 0 &&
          (facts->snapshot == NULL || g_strcmp0 (disk->source, item->path) == 0))
        return TRUE;
    }
  return FALSE;
}

/* How a copy would be made; FALSE and a sentence when there is no way. */
static gboolean
choose_method (GhCloneItem          *item,
               const GhCloneInputs  *inputs,
               const GhCloneFacts   *facts,
               const char          **why_not)
{
  const GhImageLook *look = item->look;
  gboolean to_files = item->pool == NULL || gh_clone_pool_has_files (item->pool);
  gboolean has_chain = is_readable (item) && look->chain[0] != NULL;

  if (item->is_internal && (is_in_use (item, facts) || !is_readable (item)))
    {
      *why_not = is_readable (item)
                 ? _("A snapshot inside of a disk is only copied while the machine is off.")
                 : _("The file cannot be read.");
      return FALSE;
    }
  if (is_in_use (item, facts))
    {
      item->is_live = TRUE;
      *why_not = !to_files ? _("While the machine runs, copies can only be files.") : NULL;
      return *why_not == NULL;
    }
  if (is_readable (item) && to_files && item->folder_look != NULL &&
      item->folder_look->is_writable)
    {
      gboolean same_format = g_strcmp0 (item->format, item->new_format) == 0;
      gboolean drop = look->n_snapshots > 0 && !inputs->keep_snapshots;
      gboolean flatten = has_chain && inputs->flatten;

      *why_not = look->is_damaged ? _("The file is not the kind of image the definition says.")
                 : look->missing != NULL ? _("An image it lies on is missing or cannot be read.")
                 : look->backing_is_foreign ? _("It lies on something that is not a file.")
                 : look->is_encrypted && (drop || flatten || !same_format)
                   ? _("It is encrypted, so it can only be copied as a whole.") : NULL;
      if (*why_not != NULL)
        return FALSE;
      if (same_format && !item->is_internal && !drop && !flatten && !look->has_data_file &&
          (!has_chain || !look->backing_is_relative))
        item->method = GH_COPY_BYTES;
      else
        item->method = GH_COPY_CONVERT;
      item->reflink = item->method == GH_COPY_BYTES && !look->is_block &&
                      item->folder_look->shares_blocks && item->folder_look->device == look->device;
      return TRUE;
    }
  if (item->volume != NULL && item->pool != NULL && item->pool->active)
    {
      item->method = GH_COPY_VOLUME;
      *why_not = item->volume->backing_path != NULL && !inputs->flatten
                 ? _("Only its host can copy it, and that only with all it lies on.") : NULL;
      return *why_not == NULL;
    }
  if (look != NULL && look->error_number == ENOENT)
    *why_not = _("The file is missing.");
  else if (look != NULL && look->error_number != 0)
    *why_not = _("The file cannot be read.");
  else if (item->folder_look != NULL && item->folder_look->is_there &&
           !item->folder_look->is_writable)
    *why_not = _("You may not write to the folder the copy would be in. Choose a storage pool.");
  else
    *why_not = _("No active storage pool holds it, so it cannot be copied.");
  return FALSE;
}

static void
find_refusals (GhCloneItem         *item,
               const GhCloneInputs *inputs,
               const GhCloneFacts  *facts)
{
  const GhDiskXml *disk = item->xml;
  gboolean is_disk = g_strcmp0 (disk->device, "disk") == 0;
  const char *why_not = NULL;

  if (!is_plain_file (item))
    {
      refuse (item, GH_CLONE_COPY, _("There is no image that could be copied."));
      refuse (item, GH_CLONE_LINK, _("There is no image that could be linked to."));
      return;
    }
  if (g_strcmp0 (disk->device, "lun") == 0)
    {
      refuse (item, GH_CLONE_COPY, _("A device that is passed through cannot be copied."));
      refuse (item, GH_CLONE_LINK, _("A device that is passed through cannot be linked to."));
    }
  if (!is_disk)
    refuse (item, GH_CLONE_LINK, _("Removable media are not linked to."));
  if (item->is_internal)
    refuse (item, GH_CLONE_LINK,
            _("The snapshot is inside of the disk, where nothing can be linked to it."));
  if (disk->transient)
    refuse (item, GH_CLONE_LINK, _("What is written to it is dropped anyway."));
  if (item->look != NULL && item->look->error_number == ENOENT)
    {
      refuse (item, GH_CLONE_COPY, _("The file is missing."));
      refuse (item, GH_CLONE_LINK, _("The file is missing."));
    }
  if (is_readable (item) && item->look->is_encrypted)
    refuse (item, GH_CLONE_LINK, _("It is encrypted, and an overlay on it would not be."));
  if (is_readable (item) && item->look->missing != NULL)
    refuse (item, GH_CLONE_LINK, _("An image it lies on is missing or cannot be read."));
  if (item->pool != NULL && !gh_clone_pool_has_files (item->pool))
    refuse (item, GH_CLONE_LINK, _("An overlay is a file, which that storage pool cannot hold."));
  if ((item->mode == GH_CLONE_COPY || item->overridden) && item->folder != NULL &&
      !choose_method (item, inputs, facts, &why_not))
    refuse (item, GH_CLONE_COPY, why_not);
}

gboolean
gh_clone_is_template (const GhCloneFacts *facts)
{
  g_autoptr (GhMachineMark) mark = gh_machine_mark_new_for_domain (facts->xml);

  return mark->is_template;
}

void
gh_clone_decide (const GhCloneInputs *inputs,
                 const GhCloneFacts  *facts,
                 GhMachine           *machine)
{
  for (guint i = 0; i < facts->items->len; i++)
    find_refusals (g_ptr_array_index (facts->items, i), inputs, facts);
}

gboolean
gh_clone_has_links (const GhCloneFacts *facts)
{
  for (guint i = 0; i < facts->items->len; i++)
    if (((GhCloneItem *) facts->items->pdata[i])->mode == GH_CLONE_LINK)
      return TRUE;
  return FALSE;
}

gboolean
gh_clone_needs_parent (const GhCloneFacts *facts)
{
  for (guint i = 0; i < facts->items->len; i++)
    {
      const GhCloneItem *item = g_ptr_array_index (facts->items, i);

      if (item->mode != GH_CLONE_LINK || item->path == NULL)
        continue;
      if (facts->snapshot == NULL)
        return TRUE;
      for (guint j = 0; j < facts->present_disks->len; j++)
        if (g_strcmp0 (((GhDiskXml *) facts->present_disks->pdata[j])->source, item->path) == 0)
          return TRUE;
    }
  return FALSE;
}

guint64
gh_clone_item_get_size (const GhCloneItem *item)
{
  guint64 size = 0;

  if (item->mode != GH_CLONE_COPY || item->reflink)
    return 0;
  if (is_readable (item))
    {
      size = item->look->actual_size;
      if (item->is_live)
        return item->look->chain[0] != NULL ? item->look->virtual_size : size;
      /* What lies under it comes on top, but never more than the disk holds. */
      if (item->method == GH_COPY_CONVERT && item->look->chain[0] != NULL)
        size = MAX (item->look->virtual_size, size);
      return item->look->virtual_size > 0 && item->method == GH_COPY_CONVERT
             ? MIN (size, item->look->virtual_size) : size;
    }
  return item->volume != NULL ? item->volume->allocation : 0;
}

/* What the user sees */

static void
clear_disk (gpointer data)
{
  GhCloneDisk *self = data;

  g_free (self->target);
  g_free (self->device);
  g_free (self->bus);
  g_free (self->source_text);
  g_free (self->path);
  g_free (self->format);
  g_free (self->reason);
  for (guint i = 0; i < GH_CLONE_N_MODES; i++)
    g_free (self->refusals[i]);
  g_free (self->pool);
  g_free (self->destination);
  g_free (self->method);
}

GhCloneDisk *
gh_clone_disk_ref (GhCloneDisk *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gh_clone_disk_unref (GhCloneDisk *self)
{
  g_atomic_rc_box_release_full (self, clear_disk);
}

static const char *
get_method_text (const GhCloneItem *item)
{
  if (item->mode == GH_CLONE_LINK)
    return _("an overlay");
  if (item->mode != GH_CLONE_COPY)
    return NULL;
  if (item->reflink)
    return _("shares blocks with the original");
  if (item->is_live)
    return _("copied while it runs, as it is at one instant");
  switch (item->method)
    {
    case GH_COPY_BYTES:
      return _("copied as it is");
    case GH_COPY_CONVERT:
      return item->look != NULL && item->look->chain[0] != NULL && item->look->n_snapshots == 0
             ? _("all its images put into one") : _("converted by qemu-img");
    case GH_COPY_VOLUME:
      return _("copied by the host");
    case GH_COPY_LINK:
    default:
      return NULL;
    }
}

static double
estimate (const GhCloneItem *item)
{
  guint64 size = gh_clone_item_get_size (item);

  if (item->mode == GH_CLONE_LINK || item->reflink)
    return LEAST_SECONDS;
  if (item->mode != GH_CLONE_COPY)
    return 0.0;
  if (size == 0)
    return -1.0;
  return LEAST_SECONDS + (double) size / (item->method == GH_COPY_BYTES ? SPEED_BYTES
                                          : item->method == GH_COPY_CONVERT ? SPEED_CONVERT
                                          : SPEED_VOLUME);
}

static void
unref_disk (gpointer disk)
{
  gh_clone_disk_unref (disk);
}

static GhCloneDisk *
make_disk (const GhCloneItem *item)
{
  GhCloneDisk *disk = g_atomic_rc_box_new0 (GhCloneDisk);
  gboolean is_made = item->mode == GH_CLONE_COPY || item->mode == GH_CLONE_LINK;

  disk->target = g_strdup (item->xml->target);
  disk->device = g_strdup (item->xml->device);
  disk->bus = g_strdup (item->xml->bus);
  disk->source_text = g_strdup (item->xml->source_text != NULL ? item->xml->source_text
                                                               : item->path);
  disk->path = g_strdup (item->path);
  disk->format = g_strdup (item->format);
  if (is_readable (item))
    {
      disk->capacity = item->look->virtual_size;
      disk->allocation = item->look->actual_size;
      disk->n_internal_snapshots = item->look->n_snapshots;
      disk->n_backing = g_strv_length (item->look->chain);
    }
  else if (item->volume != NULL)
    {
      disk->capacity = item->volume->capacity;
      disk->allocation = item->volume->allocation;
      disk->n_backing = item->volume->backing_path != NULL ? 1 : 0;
    }
  disk->mode = item->mode;
  disk->overridden = item->overridden;
  disk->reason = g_strdup (item->reason);
  for (guint i = 0; i < GH_CLONE_N_MODES; i++)
    disk->refusals[i] = g_strdup (item->refusals[i]);
  disk->pool = item->pool != NULL && is_made ? g_strdup (item->pool->name) : NULL;
  if (item->destinations != NULL && is_made)
    disk->destination = g_strdup (item->destinations[0]);
  disk->method = g_strdup (get_method_text (item));
  disk->seconds = estimate (item);
  return disk;
}

GPtrArray *
gh_clone_dup_disks (const GhCloneFacts *facts)
{
  GPtrArray *disks = g_ptr_array_new_with_free_func (unref_disk);

  for (guint i = 0; i < facts->items->len; i++)
    g_ptr_array_add (disks, make_disk (g_ptr_array_index (facts->items, i)));
  return disks;
}
