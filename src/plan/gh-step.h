/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "gh-check.h"
#include "gh-host.h"

G_BEGIN_DECLS

typedef enum
{
  GH_STEP_WAITING,
  GH_STEP_RUNNING,
  GH_STEP_DONE,
  GH_STEP_FAILED,
  GH_STEP_UNDOING,
  GH_STEP_UNDONE,
  GH_STEP_LEFT,     /* undoing it failed: what it made is still there */
  GH_STEP_SKIPPED,  /* what it was to take away is needed by others now, and stays */
} GhStepState;

/* Errors of steps that commit. IN_DOUBT: it can neither be undone nor be called done now; with its
 * parameters it can be gone on with. Then nothing at all is undone, and the journal is kept. */
#define GH_STEP_ERROR (gh_step_error_quark ())
GQuark gh_step_error_quark (void);

enum
{
  GH_STEP_ERROR_IN_DOUBT,
};

#define GH_TYPE_STEP (gh_step_get_type ())
G_DECLARE_DERIVABLE_TYPE (GhStep, gh_step, GH, STEP, GObject)

/**
 * GhStepClass:
 * @kind: name in journals, "volume-create"; with @params it is all that is needed to undo the
 *   step after a crash
 * @commits: it can be cancelled, and is undone when it fails; but once it is done it cannot be
 *   undone, as if it were final
 * @finishes: when a crash came before it and after its plan had committed, it is done then: all
 *   that it does follows from its parameters and what the hosts say
 * @resumes: when its commit check says GH_CHECK_IN_DOUBT, doing it out of a journal goes on with it
 * @may_be_in_doubt: (nullable): for those: whether its parameters alone leave that open
 * @needs: (nullable): names of the strings it cannot do without, ended by NULL; "uuid" has to be
 *   one and "path" absolute. A journal without them is not believed
 * @do_async: does the work; it may update the parameters with what undo will need
 * @undo_async: takes it back. Must be safe to call when the step did not get to do anything, did
 *   half of it, or was undone before; must never take away what the step did not make. NULL when
 *   there is nothing that could be done: then what the step did is left
 * @dup_left: what stays behind, by name, when undoing fails, or when a final step fails
 * @dup_undo_command: (nullable): the equivalent line of undoing
 * @dup_undo_status: (nullable): a sentence for as long as undoing has to wait for something, which
 *   it begins with; NULL when it does not
 * @dup_undo_check: (nullable): what to know before undoing it from a journal
 * @needs_host: (nullable): whether it acts on that host, for steps that are made of others; of the
 *   rest their own host and their peer are known
 * @dup_commit_check: (nullable): for steps that commit, out of a journal: not NULL when it was
 *   done, or perhaps was, whatever the journal says: a check that says how things are. Then
 *   nothing is undone, neither it nor what was before it
 *
 * Properties: "state", "fraction" (0 to 1, < 0 unknown).
 */
struct _GhStepClass
{
  GObjectClass parent_class;

  const char *kind;
  gboolean    final; /* cannot be undone: from here on the plan goes forward only */
  gboolean    commits;
  gboolean    finishes;
  gboolean    resumes;
  const char * const *needs;

  gboolean  (*may_be_in_doubt) (GhStep *self);
  gboolean  (*needs_host)  (GhStep *self, GhHost *host);
  char     *(*dup_title)   (GhStep *self);
  char     *(*dup_command) (GhStep *self);   /* equivalent virsh or qemu-img line */
  char     *(*dup_left)    (GhStep *self);
  char     *(*dup_undo_command) (GhStep *self);
  char     *(*dup_undo_status)  (GhStep *self);
  GhCheck  *(*dup_undo_check)   (GhStep *self, GhHost *host);
  GhCheck  *(*dup_commit_check) (GhStep *self, GhHost *host);
  void      (*do_async)    (GhStep *self, GhHost *host, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
  void      (*undo_async)  (GhStep *self, GhHost *host, GAsyncReadyCallback callback,
                            gpointer user_data);
};

/* Parameters are plain strings, numbers and booleans in a JSON object, and hold no secret. */
JsonObject  *gh_step_get_params   (GhStep *self);
const char  *gh_step_get_string   (GhStep *self, const char *name); /* nullable */
void         gh_step_set_string   (GhStep *self, const char *name, const char *value);
gint64       gh_step_get_int      (GhStep *self, const char *name);
void         gh_step_set_int      (GhStep *self, const char *name, gint64 value);
gboolean     gh_step_get_boolean  (GhStep *self, const char *name);
void         gh_step_set_boolean  (GhStep *self, const char *name, gboolean value);

const char  *gh_step_get_kind     (GhStep *self);
char        *gh_step_dup_title    (GhStep *self);
char        *gh_step_dup_command  (GhStep *self);
char        *gh_step_dup_left     (GhStep *self);
char        *gh_step_dup_undo_command (GhStep *self);
char        *gh_step_dup_undo_status  (GhStep *self); /* nullable */
GhCheck     *gh_step_dup_undo_check   (GhStep *self, GhHost *host); /* nullable */
GhCheck     *gh_step_dup_commit_check (GhStep *self, GhHost *host); /* nullable */
gboolean     gh_step_needs_host       (GhStep *self, GhHost *host);
gboolean     gh_step_is_final         (GhStep *self);
gboolean     gh_step_commits          (GhStep *self); /* final ones do too */
gboolean     gh_step_may_have_committed (GhStep *self, const GError *error);
gboolean     gh_step_finishes         (GhStep *self);
gboolean     gh_step_resumes          (GhStep *self);
gboolean     gh_step_may_be_in_doubt  (GhStep *self);
gboolean     gh_step_can_undo         (GhStep *self);
double       gh_step_get_weight   (GhStep *self); /* share of the plan's progress, 1.0 by default */
void         gh_step_set_weight   (GhStep *self, double weight);
/* Steps that make one whole thing together, such as one of many clones: 1 and up, 0 for none.
 * See the plan's keep_finished. @name: of the thing, for people. */
guint        gh_step_get_group      (GhStep *self);
const char  *gh_step_get_group_name (GhStep *self); /* nullable */
void         gh_step_set_group      (GhStep *self, guint group, const char *name);
GhStepState  gh_step_get_state    (GhStep *self);
void         gh_step_set_state    (GhStep *self, GhStepState state);
double       gh_step_get_fraction (GhStep *self);
void         gh_step_set_fraction (GhStep *self, double fraction);
const char  *gh_step_get_doing    (GhStep *self); /* nullable */
void         gh_step_set_doing    (GhStep *self, const char *doing);
guint        gh_step_get_elapsed_s (GhStep *self);

void         gh_step_do_async     (GhStep *self, GhHost *host, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
void         gh_step_undo_async   (GhStep *self, GhHost *host,
                                   GAsyncReadyCallback callback, gpointer user_data);
/* For both; every implementation returns a boolean GTask whose source is the step. */
gboolean     gh_step_finish       (GhStep *self, GAsyncResult *result, GError **error);

/* For do_async, between looking and doing: writes the parameters to the plan's journal, so that
 * undoing after a crash knows them. Without a journal it is done at once. */
void         gh_step_save_async   (GhStep *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean     gh_step_save_finish  (GhStep *self, GAsyncResult *result, GError **error);

/* A step that acts on another host than its plan's, and one that needs a second host beside the one
 * it acts on: whose URIs are in the parameters, as "host" and "peer", so that undoing finds them
 * again after a crash. Both are NULL for steps of the plan's host. */
GhHost      *gh_step_get_host     (GhStep *self); /* nullable */
void         gh_step_set_host     (GhStep *self, GhHost *host);
GhHost      *gh_step_get_peer     (GhStep *self); /* nullable */
void         gh_step_set_peer     (GhStep *self, GhHost *host);

/* The host the step's commands are for; set by the plan. */
const char  *gh_step_get_uri      (GhStep *self); /* nullable */
void         gh_step_set_uri      (GhStep *self, const char *uri);

/* Steps by kind, for journals: NULL for a kind this version does not know, or without what it
 * needs. */
GhStep      *gh_step_new_for_kind (const char *kind, JsonObject *params);

G_END_DECLS
