/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-clone-xml.h"
#include "gh-domain-xml-private.h"

G_BEGIN_DECLS

/* A clone's definition while it is being made. */
typedef struct
{
  GhDomainXml             *clone;
  GhXmlDocument           *document;
  const GhCloneXmlOptions *options;
  char                    *source_name;
  char                    *source_uuid;
  GPtrArray               *changes;    /* (element-type GhCloneChange) */
  GHashTable              *decided;    /* ids that were asked for → what was proposed */
  GHashTable              *taken;      /* "mac ADDRESS", "port NUMBER", …: given in this clone */
  GPtrArray               *unplugged;  /* (element-type char): addresses of cards, by us */
  GError                  *error;      /* (nullable): the first */
} GhCloning;

typedef enum
{
  GH_CLONING_KEEP   = 1 << 0,
  GH_CLONING_NEW    = 1 << 1,
  GH_CLONING_REMOVE = 1 << 2,
  GH_CLONING_SET    = 1 << 3,
} GhCloningChoice;

/* What becomes of @id: of the choices in @allowed the one that was asked for, else @proposed.
 * @value: (out) (optional) (nullable): with GH_CLONING_SET. */
GhCloningChoice gh_cloning_decide     (GhCloning *self, const char *id, GhCloningChoice proposed,
                                       guint allowed, const char **value);
/* Notes it. @changes FALSE: it stays, and @after does not matter. */
void            gh_cloning_note       (GhCloning *self, const char *id, const char *label,
                                       const char *before, const char *after, gboolean changes,
                                       guint allowed, const char *why);
/* Both, for what is only kept or taken away with its node. Returns whether it is still there. */
gboolean        gh_cloning_keep_or_remove (GhCloning *self, xmlNode *node, const char *id,
                                           const char *label, const char *before,
                                           GhCloningChoice proposed, const char *why);

void            gh_cloning_fail       (GhCloning *self, const char *format,
                                       ...) G_GNUC_PRINTF (2, 3);
/* The same numbers for the same clone and id. */
GRand          *gh_cloning_new_rand   (GhCloning *self, const char *id);
/* Whether @value, of a @kind, is in use by others (@used, nullable) or by this clone itself; if
 * not, it is by now. */
gboolean        gh_cloning_take       (GhCloning *self, const char *kind, const char *value,
                                       GHashTable *used);
/* Another path beside @path, by the clone's name. */
char           *gh_cloning_dup_path   (GhCloning *self, const char *path, gboolean is_socket);
char           *gh_cloning_dup_port   (GhCloning *self, const char *port);
gboolean        gh_cloning_check_port (GhCloning *self, const char *port);
void            gh_cloning_set        (GhCloning *self, xmlNode *node, const char *name,
                                       const char *value);
xmlNode        *gh_cloning_ensure     (GhCloning *self, xmlNode *parent, const char *name);
void            gh_cloning_remove     (GhCloning *self, xmlNode *node); /* @node: (nullable) */

void            gh_cloning_storage    (GhCloning *self);
void            gh_cloning_firmware   (GhCloning *self);
void            gh_cloning_network    (GhCloning *self);
void            gh_cloning_characters (GhCloning *self);
void            gh_cloning_graphics   (GhCloning *self);
void            gh_cloning_devices    (GhCloning *self);

G_END_DECLS
