/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GhConnectErrorCode:
 *
 * Why a host cannot be connected. The message is the raw text of libvirt and of ssh; the sentence,
 * the advice and the command are by gh_error_dup_sentence() and its like (gh-virt-error.h).
 */
typedef enum
{
  GH_CONNECT_ERROR_CANCELLED,
  GH_CONNECT_ERROR_HOST_KEY_CHANGED,
  GH_CONNECT_ERROR_HOST_KEY_UNKNOWN,
  GH_CONNECT_ERROR_KEY_MISSING,
  GH_CONNECT_ERROR_KEY_EXPOSED,
  GH_CONNECT_ERROR_KEY_REFUSED,
  GH_CONNECT_ERROR_LOGIN_REFUSED,
  GH_CONNECT_ERROR_TOO_MANY_KEYS,
  GH_CONNECT_ERROR_NO_SHELL,
  GH_CONNECT_ERROR_NO_SSH,
  GH_CONNECT_ERROR_NO_HELPER,
  GH_CONNECT_ERROR_NOISY_SHELL,
  GH_CONNECT_ERROR_OLD_SSH,
  GH_CONNECT_ERROR_FORBIDDEN_TUNNEL,
  GH_CONNECT_ERROR_TOO_FEW_SESSIONS,
  GH_CONNECT_ERROR_NAME_UNKNOWN,
  GH_CONNECT_ERROR_NO_SSH_SERVICE,
  GH_CONNECT_ERROR_NO_NETWORK_SERVICE,
  GH_CONNECT_ERROR_NO_ROUTE,
  GH_CONNECT_ERROR_TIMED_OUT,
  GH_CONNECT_ERROR_CLOSED,
  GH_CONNECT_ERROR_NOT_IN_GROUP,
  GH_CONNECT_ERROR_DAEMON_OFF,
  GH_CONNECT_ERROR_DAEMON_MISSING,
  GH_CONNECT_ERROR_NO_CA,
  GH_CONNECT_ERROR_NO_CLIENT_CERTIFICATE,
  GH_CONNECT_ERROR_CERTIFICATE_NAME,
  GH_CONNECT_ERROR_CERTIFICATE_EXPIRED,
  GH_CONNECT_ERROR_CERTIFICATE_UNTRUSTED,
  GH_CONNECT_ERROR_CERTIFICATE_REFUSED,
  GH_CONNECT_ERROR_DRIVER_UNKNOWN,
  GH_CONNECT_ERROR_N_CODES,
} GhConnectErrorCode;

#define GH_CONNECT_ERROR (gh_connect_error_quark ())
GQuark      gh_connect_error_quark        (void);

GError     *gh_connect_error_new          (const char *uri, const GError *cause,
                                           const char *ssh_text, gboolean cancelled);
/* Trying again by itself would only annoy: the user has to do something first. */
gboolean    gh_connect_error_needs_user   (const GError *error);
/* For gh-virt-error.h. */
const char *gh_connect_error_get_sentence (const GError *error);
const char *gh_connect_error_get_advice   (const GError *error);
const char *gh_connect_error_get_command  (const GError *error);

G_END_DECLS
