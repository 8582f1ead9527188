/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  GH_ADDRESS_OWN,    /* this computer, the user's own machines: qemu:///session */
  GH_ADDRESS_SYSTEM, /* this computer, those of the system: qemu:///system */
  GH_ADDRESS_SSH,    /* another computer, over ssh */
  GH_ADDRESS_TLS,    /* another computer, with certificates */
  GH_ADDRESS_TCP,    /* another computer, unencrypted */
  GH_ADDRESS_OTHER,  /* any URI that libvirt knows */
  GH_ADDRESS_N_KINDS,
} GhAddressKind;

/**
 * GhHostAddress:
 *
 * What a user says of where a host is, and the libvirt URI that follows from it
 * (https://libvirt.org/uri.html). Plain data; any thread.
 */
typedef struct
{
  GhAddressKind  kind;
  char          *user;      /* (nullable): of ssh */
  char          *computer;  /* (nullable): name, IPv4 or IPv6 address, without brackets */
  guint          port;      /* 0: the usual one */
  gboolean       own;       /* at the far end the user's own machines, not those of the system */
  char          *key_file;  /* (nullable): of ssh; what ssh finds by itself otherwise */
  char          *jump;      /* (nullable): of ssh; the computer to go through, as for ssh -J */
  char          *uri;       /* (nullable): of GH_ADDRESS_OTHER */
} GhHostAddress;

GhHostAddress *gh_host_address_new          (void);
/* Never fails: what has no better kind is GH_ADDRESS_OTHER. */
GhHostAddress *gh_host_address_new_from_uri (const char *uri);
void           gh_host_address_free         (GhHostAddress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhHostAddress, gh_host_address_free)

/* Of a URI over ssh: the computer to go through. Ours: libvirt does not know it. */
#define GH_HOST_ADDRESS_JUMP "jump"

/* Whether ssh may be given @name as a user or computer: it cannot be an option, and means nothing
 * to a shell. */
gboolean       gh_host_address_is_safe      (const char *name);

/* Over ssh, by a program that libvirt runs. */
gboolean       gh_host_address_is_direct    (const char *uri);
gboolean       gh_host_address_is_ssh       (const char *uri);

/* NULL: none that the URI names. */
char          *gh_host_address_dup_program  (const char *uri);

/* NULL: nothing is to be said of it. */
char          *gh_host_address_dup_remark   (const char *uri);

/* As libvirt and other programs get it: without what is ours, or unsafe. */
char          *gh_host_address_dup_plain    (const char *uri);

/* NULL and G_IO_ERROR_INVALID_ARGUMENT, in words, when it is not complete or cannot be. */
char          *gh_host_address_to_uri       (const GhHostAddress *self, GError **error);

G_END_DECLS
