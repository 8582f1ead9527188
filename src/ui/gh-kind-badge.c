/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-kind-badge"

#include "config.h"

#include "gh-kind-badge.h"

#include <glib/gi18n-lib.h>

#define N_KINDS (GH_MACHINE_TRIAL + 1)

/* The shape of an icon: made once, drawn in every row. */
typedef struct
{
  cairo_surface_t *surface; /* (nullable) */
  int              size;
  int              scale;
} Mask;

/**
 * gh_kind_badge_get_text:
 * @kind: of which machines
 *
 * Returns: (nullable): what they are called; %NULL for ordinary ones
 */
const char *
gh_kind_badge_get_text (GhMachineKind kind)
{
  switch (kind)
    {
    case GH_MACHINE_TEMPLATE:
      return _("Template");
    case GH_MACHINE_LINKED_CLONE:
      return _("Linked clone");
    case GH_MACHINE_TRIAL:
      return _("Trial");
    case GH_MACHINE_ORDINARY:
    default:
      return NULL;
    }
}

/**
 * gh_kind_badge_get_icon:
 * @kind: of which machines
 *
 * Returns: (nullable): the name of their icon; %NULL for ordinary ones
 */
const char *
gh_kind_badge_get_icon (GhMachineKind kind)
{
  switch (kind)
    {
    case GH_MACHINE_TEMPLATE:
      return "gh-template-symbolic";
    case GH_MACHINE_LINKED_CLONE:
      return "gh-linked-clone-symbolic";
    case GH_MACHINE_TRIAL:
      return "gh-trial-symbolic";
    case GH_MACHINE_ORDINARY:
    default:
      return NULL;
    }
}

static cairo_surface_t *
get_mask (GhMachineKind kind,
          int           size,
          int           scale)
{
  static Mask masks[N_KINDS];
  const char *icon_name = gh_kind_badge_get_icon (kind);
  Mask *mask = &masks[kind];

  if (icon_name == NULL)
    return NULL;
  if (mask->surface == NULL || mask->size != size || mask->scale != scale)
    {
      g_clear_pointer (&mask->surface, cairo_surface_destroy);
      mask->surface = gtk_icon_theme_load_surface (gtk_icon_theme_get_default (), icon_name, size,
                                                   scale, NULL, GTK_ICON_LOOKUP_FORCE_SIZE, NULL);
      mask->size = size;
      mask->scale = scale;
    }
  return mask->surface;
}

/**
 * gh_kind_badge_draw:
 * @kind: of which machines
 * @cr: its source is the color
 * @x: where
 * @y: where
 * @size: in pixels
 * @scale: of the window
 */
void
gh_kind_badge_draw (GhMachineKind  kind,
                    cairo_t       *cr,
                    int            x,
                    int            y,
                    int            size,
                    int            scale)
{
  cairo_surface_t *mask = get_mask (kind, size, scale);

  if (mask != NULL)
    cairo_mask_surface (cr, mask, x, y);
}
