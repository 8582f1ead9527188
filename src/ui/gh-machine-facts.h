/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char    *label;
  char    *value;
  char    *path;   /* (nullable): of a disk, whose size is to be found out */
  gboolean copies; /* long and exact: worth a button to copy it */
} GhFact;

typedef struct
{
  char      *title;
  GPtrArray *facts; /* (element-type GhFact) */
} GhFactGroup;

/**
 * GhMachineFacts:
 *
 * What the overview tells of a machine, read from its XML. Plain data, made on any thread.
 */
typedef struct
{
  char      *xml;
  char      *description; /* (nullable) */
  GPtrArray *groups;      /* (element-type GhFactGroup) */
} GhMachineFacts;

GhMachineFacts *gh_machine_facts_new_from_xml (const char      *xml,
                                               GError         **error);
void            gh_machine_facts_free         (GhMachineFacts  *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhMachineFacts, gh_machine_facts_free)

/* “Debian 12” of "http://debian.org/debian/12": a name for people without the libosinfo
   database. */
char           *gh_machine_facts_dup_os_name  (const char      *os_id);

G_END_DECLS
