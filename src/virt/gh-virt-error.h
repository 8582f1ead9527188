/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Errors of libvirt, with its own code (virErrorNumber) as the code. Injected
 * faults come out in this domain too. */
#define GH_VIRT_ERROR (gh_virt_error_quark ())

/* The codes the layers above react to, by libvirt's numbers. */
enum
{
  GH_VIRT_ERROR_NO_CONNECT = 5,
  GH_VIRT_ERROR_OPERATION_FAILED = 9,
  GH_VIRT_ERROR_OPERATION_DENIED = 29,
  GH_VIRT_ERROR_SYSTEM_ERROR = 38,
  GH_VIRT_ERROR_NO_DOMAIN = 42,
  GH_VIRT_ERROR_AUTH_FAILED = 45,
  GH_VIRT_ERROR_NO_POOL = 49,
  GH_VIRT_ERROR_NO_VOLUME = 50,
  GH_VIRT_ERROR_OPERATION_INVALID = 55,
  GH_VIRT_ERROR_OPERATION_TIMEOUT = 68,
  GH_VIRT_ERROR_ABORTED = 78,
  GH_VIRT_ERROR_AUTH_CANCELLED = 79,
  GH_VIRT_ERROR_ACCESS_DENIED = 88,
  GH_VIRT_ERROR_VOLUME_EXISTS = 90,
  GH_VIRT_ERROR_XML_INVALID = 92,
};

GQuark      gh_virt_error_quark    (void);

/* What an error means to the user, in a sentence; for errors of any domain. */
char       *gh_error_dup_sentence  (const GError *error);
/* What helps, in sentences, and as a command to copy; NULL: nothing is known. */
char       *gh_error_dup_advice    (const GError *error);
char       *gh_error_dup_command   (const GError *error);
/* The raw text, with domain and code, for “Details”. */
char       *gh_error_dup_details   (const GError *error);
gboolean    gh_error_is_cancelled  (const GError *error);

G_END_DECLS
