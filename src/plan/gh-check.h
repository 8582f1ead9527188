/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum
{
  GH_CHECK_OK,
  GH_CHECK_NOTE,
  GH_CHECK_WARNING, /* the user has to accept it */
  GH_CHECK_REFUSAL, /* the plan does not run */
} GhCheckLevel;

/* The id of a step's commit check that says: it can be gone on with. */
#define GH_CHECK_IN_DOUBT "in-two-parts"

#define GH_TYPE_CHECK (gh_check_get_type ())
G_DECLARE_FINAL_TYPE (GhCheck, gh_check, GH, CHECK, GObject)

/* Repairs what a check found. Ends with g_task_return_boolean() of a GTask whose source is
 * the GhCheck; the plan prepares itself anew afterwards. */
typedef void (*GhCheckFixFunc) (GhCheck             *check,
                                gpointer             data,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data);

/* @id is stable and names the rule, "name-taken"; tests and scripts go by it.
 * @title is one sentence; @detail (nullable) says why it matters and what to do. */
GhCheck      *gh_check_new           (GhCheckLevel level, const char *id, const char *title,
                                      const char *detail);
/* @command (nullable): the equivalent line to copy. */
void          gh_check_set_fix       (GhCheck *self, const char *label, const char *command,
                                      GhCheckFixFunc func, gpointer data, GDestroyNotify data_free);
/* The fix does what cannot be taken back: @question is asked first, @text says what comes of it,
 * and @verb, with a mnemonic, is the button that does it. */
void          gh_check_set_question  (GhCheck *self, const char *question, const char *text,
                                      const char *verb);

GhCheckLevel  gh_check_get_level     (GhCheck *self);
const char   *gh_check_get_id        (GhCheck *self);
const char   *gh_check_get_title     (GhCheck *self);
const char   *gh_check_get_detail    (GhCheck *self);
const char   *gh_check_get_fix_label (GhCheck *self); /* nullable */
const char   *gh_check_get_fix_command (GhCheck *self); /* nullable */
/* (nullable), with @text and @verb (out) (not nullable). */
const char   *gh_check_get_question  (GhCheck *self, const char **text, const char **verb);

/* "level", "id", "title", and where there is one "detail", "fix", "fix-command". */
JsonArray    *gh_check_list_to_json  (GPtrArray *checks); /* (element-type GhCheck) */

void          gh_check_fix_async     (GhCheck *self, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean      gh_check_fix_finish    (GhCheck *self, GAsyncResult *result, GError **error);

G_END_DECLS
