/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Members of a JSON object from outside: json-glib's own getters take a member of another type
 * for a programming error. */
const char *gh_json_get_string  (JsonObject *object,
                                 const char *name);                  /* nullable */
gint64      gh_json_get_int     (JsonObject *object, const char *name, gint64 fallback);
gboolean    gh_json_get_boolean (JsonObject *object, const char *name);
JsonArray  *gh_json_get_array   (JsonObject *object,
                                 const char *name);                  /* nullable */
JsonObject *gh_json_get_object  (JsonObject *object,
                                 const char *name);                  /* nullable */

G_END_DECLS
