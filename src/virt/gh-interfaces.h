/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host.h"

G_BEGIN_DECLS

typedef enum
{
  GH_INTERFACE_UNKNOWN, /* the host does not say */
  GH_INTERFACE_BRIDGE,
  GH_INTERFACE_OTHER,   /* a card, bond, VLAN … */
} GhInterfaceKind;

/* A network interface of the host itself. */
typedef struct
{
  char            *name;
  GhInterfaceKind  kind;
  gboolean         is_down; /* it says that nothing goes through it: switched off, or no cable */
} GhInterface;

/* (nullable): what libvirt's document says, of an interface or a node device; both are foreign. */
GhInterface *gh_interface_new_from_xml (const char *xml);
void         gh_interface_free         (gpointer interface);
/* It is no guest's, nor the way to the host itself: something to choose. */
gboolean     gh_interface_is_for_all   (const GhInterface *self);

/* The host's own network interfaces, bridges among them: (element-type GhInterface), by name; from
 * its node devices where its libvirt does not list interfaces. Fails where it knows neither. */
void       gh_host_load_interfaces_async  (GhHost *host, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *gh_host_load_interfaces_finish (GhHost *host, GAsyncResult *result, GError **error);

G_END_DECLS
