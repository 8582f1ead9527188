/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"
#include "gh-machine.h"

G_BEGIN_DECLS

typedef enum
{
  GH_CONSOLE_SPICE,
  GH_CONSOLE_VNC,
  GH_CONSOLE_TERMINAL,
} GhConsoleProtocol;

/* Why a machine's console cannot be shown here; the message is a sentence for the user. */
#define GH_CONSOLE_ERROR (gh_console_error_quark ())
GQuark gh_console_error_quark (void);

typedef enum
{
  GH_CONSOLE_ERROR_NO_DISPLAY,
  GH_CONSOLE_ERROR_NO_SERIAL,
  GH_CONSOLE_ERROR_UNSUPPORTED, /* a protocol or transport Guesthouse does not speak */
  GH_CONSOLE_ERROR_UNREACHABLE,
  GH_CONSOLE_ERROR_PASSWORD,
  GH_CONSOLE_ERROR_PROTOCOL,    /* the connection itself failed */
} GhConsoleError;

/**
 * GhConsoleTarget:
 *
 * What to open for a console, chosen from the live XML of its machine.
 */
typedef struct
{
  GhMachine         *machine;   /* (owned) (nullable): for more sockets */
  GhConsoleProtocol  protocol;
  guint              index;     /* of the <graphics> in the document */
  char              *alias;     /* (nullable): of the serial port */
  gboolean           clipboard; /* shared with the guest, since its definition says so */

  char              *listen_type; /* (nullable) */
  char              *listen;      /* (nullable) */
  int                listen_port; /* -1: none, or TLS only */
  gboolean           tls_only;

  char              *host;      /* (nullable): set when it is reached over the network */
  int                port;
  gboolean           tunnel;    /* host and port are those its host connects to, through its ssh */
  char              *user;      /* (nullable) */
  char              *password;  /* (nullable): never logged */
} GhConsoleTarget;

GhConsoleTarget *gh_console_target_new_graphical (GhDomainXml           *xml,
                                                  GError               **error);
GhConsoleTarget *gh_console_target_new_serial    (GhDomainXml           *xml,
                                                  GError               **error);
gboolean         gh_console_target_use_network   (GhConsoleTarget       *self,
                                                  const char            *uri,
                                                  GError               **error);
void             gh_console_target_set_password  (GhConsoleTarget       *self,
                                                  const char            *user,
                                                  const char            *password);
void             gh_console_target_free          (GhConsoleTarget       *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GhConsoleTarget, gh_console_target_free)

gboolean         gh_console_target_has_graphics  (GhDomainXml           *xml);
gboolean         gh_console_target_has_serial    (GhDomainXml           *xml);

G_END_DECLS
