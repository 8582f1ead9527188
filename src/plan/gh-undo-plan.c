/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* An interrupted plan, as its journal tells, and its undoing. The plan's steps take
 * back the journal's in reverse; what they manage is written to the same journal, so
 * that an undoing which is killed goes on where it was.
 *
 * Which steps are taken back:
 *
 *   journal says        then
 *   waiting, undone     nothing is there
 *   of an unknown kind  it is named, and not touched
 *   final, done         there is no way back: neither for it nor for those before it
 *   begun, but the hosts say that it was done and has committed: the same
 *   begun, and in doubt: it is gone on with, and what finishes after it
 *   of a whole group    it stays, when the plan was to keep what was finished; and with any such
 *                       group what is in none
 *   else                it is undone; undoing copes with “nothing was done yet”
 */

#define G_LOG_DOMAIN "gh-undo-plan"

#include "config.h"

#include "gh-undo-plan-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-finish-step.h"
#include "gh-journal-private.h"
#include "gh-json.h"
#include "gh-migrate-explain.h"
#include "gh-plan-private.h"
#include "gh-step-private.h"
#include "gh-virt-error.h"

#define MAX_STEPS 1000

/* The taking back of one step. */

#define GH_TYPE_UNDO_STEP (gh_undo_step_get_type ())
G_DECLARE_FINAL_TYPE (GhUndoStep, gh_undo_step, GH, UNDO_STEP, GhStep)

struct _GhUndoStep
{
  GhStep      parent_instance;

  GhStep     *inner;   /* (owned) */
  JsonObject *journal; /* the step's object in the journal */
  char       *title;   /* as it was journaled */
};

G_DEFINE_FINAL_TYPE (GhUndoStep, gh_undo_step, GH_TYPE_STEP)

static char *
undo_step_dup_title (GhStep *step)
{
  /* Translators: %s is the title of a step: “Make the disk “web-1.qcow2””. */
  return g_strdup_printf (_("Take back: %s"), GH_UNDO_STEP (step)->title);
}

static char *
undo_step_dup_command (GhStep *step)
{
  GhStep *inner = GH_UNDO_STEP (step)->inner;
  char *command = NULL;

  gh_step_set_uri (inner, gh_step_get_uri (step));
  command = gh_step_dup_undo_command (inner);
  return command != NULL ? command : g_strdup ("");
}

static char *
undo_step_dup_left (GhStep *step)
{
  return gh_step_dup_left (GH_UNDO_STEP (step)->inner);
}

static void
set_journal_state (GhUndoStep  *self,
                   GhStepState  state)
{
  json_object_set_string_member (self->journal, "state", gh_step_state_to_string (state));
}

static void
inner_undone_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhUndoStep *self = GH_UNDO_STEP (g_task_get_source_object (task));
  GError *error = NULL;

  if (gh_step_finish (GH_STEP (object), result, &error))
    {
      set_journal_state (self, GH_STEP_UNDONE);
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (gh_step_may_have_committed (GH_STEP (object), error))
    {
      g_autofree char *why = gh_error_dup_sentence (error);

      /* Perhaps it is done: then what was done before it is needed, and stays. */
      set_journal_state (self, GH_STEP_LEFT);
      g_task_return_new_error (task, GH_STEP_ERROR, GH_STEP_ERROR_IN_DOUBT, "%s", why);
      g_error_free (error);
      return;
    }
  /* What can never be undone is not to be offered again. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    set_journal_state (self, GH_STEP_UNDONE);
  else
    set_journal_state (self, GH_STEP_LEFT);
  g_task_return_error (task, error);
}

static void
undo_step_do_async (GhStep              *step,
                    GhHost              *host,
                    GCancellable        *cancellable,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  GTask *task = g_task_new (step, cancellable, callback, user_data);

  g_task_set_source_tag (task, undo_step_do_async);
  g_task_set_check_cancellable (task, FALSE);
  gh_step_undo_async (GH_UNDO_STEP (step)->inner, host, inner_undone_cb, task);
}

static gboolean
undo_step_needs_host (GhStep *step,
                      GhHost *host)
{
  return gh_step_needs_host (GH_UNDO_STEP (step)->inner, host);
}

static void
gh_undo_step_finalize (GObject *object)
{
  GhUndoStep *self = GH_UNDO_STEP (object);

  g_clear_object (&self->inner);
  json_object_unref (self->journal);
  g_free (self->title);
  G_OBJECT_CLASS (gh_undo_step_parent_class)->finalize (object);
}

static void
gh_undo_step_class_init (GhUndoStepClass *klass)
{
  GhStepClass *step_class = GH_STEP_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gh_undo_step_finalize;
  step_class->kind = "undo";
  step_class->dup_title = undo_step_dup_title;
  step_class->dup_command = undo_step_dup_command;
  step_class->dup_left = undo_step_dup_left;
  step_class->needs_host = undo_step_needs_host;
  step_class->do_async = undo_step_do_async;
}

static void
gh_undo_step_init (GhUndoStep *self)
{
}

/* Takes @inner. */
static GhStep *
gh_undo_step_new (GhStep     *inner,
                  JsonObject *journal)
{
  GhUndoStep *self = g_object_new (GH_TYPE_UNDO_STEP, NULL);
  const char *title = gh_json_get_string (journal, "title");

  self->inner = inner;
  self->journal = json_object_ref (journal);
  self->title = title != NULL ? g_strdup (title) : gh_step_dup_title (inner);
  return GH_STEP (self);
}

/* The plan */

struct _GhUndoPlan
{
  GhPlan      parent_instance;

  JsonNode   *record;  /* (nullable): what the journal says; kept up to date */
  char       *problem; /* (nullable): why it could not be read */
  gint64      time_us;
  GhHosts    *hosts;   /* (nullable): the user's */
  gboolean    finishes; /* as of the last preparation: nothing is taken back, but the rest done */
  gboolean    recovers; /* likewise: first of all what is in doubt is gone on with */
  GHashTable *others;  /* URI → GhHost: of steps that act on another host than the plan's */
};

G_DEFINE_FINAL_TYPE (GhUndoPlan, gh_undo_plan, GH_TYPE_PLAN)

enum
{
  PROP_0,
  PROP_HOSTS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* Parameters of steps that name a host. */
static const char * const host_params[] = { "host", "peer" };

static JsonObject *
get_record (GhUndoPlan *self)
{
  return self->record != NULL ? json_node_get_object (self->record) : NULL;
}

/* The steps that can be made sense of: (element-type JsonObject) (transfer container). */
static GPtrArray *
list_journaled_steps (GhUndoPlan *self)
{
  JsonObject *record = get_record (self);
  JsonArray *array = record != NULL ? gh_json_get_array (record, "steps") : NULL;
  guint n = array != NULL ? MIN (json_array_get_length (array), MAX_STEPS) : 0;
  GPtrArray *steps = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_OBJECT (node))
        g_ptr_array_add (steps, json_node_get_object (node));
    }
  return steps;
}

/* A state that is missing or unknown counts as “something may have been done”. */
static GhStepState
get_journaled_state (JsonObject *step)
{
  GhStepState state = GH_STEP_RUNNING;

  gh_step_state_from_string (gh_json_get_string (step, "state"), &state);
  return state;
}

static char *
dup_step_title (JsonObject *step)
{
  const char *title = gh_json_get_string (step, "title");
  const char *kind = gh_json_get_string (step, "kind");

  return g_strdup (title != NULL ? title : kind != NULL ? kind : _("Unknown step"));
}

static GhStep *
make_step (JsonObject *journaled)
{
  const char *kind = gh_json_get_string (journaled, "kind");
  JsonObject *params = gh_json_get_object (journaled, "params");

  return kind != NULL && params != NULL ? gh_step_new_for_kind (kind, params) : NULL;
}

static char *
dup_title (GhPlan *plan)
{
  if (GH_UNDO_PLAN (plan)->recovers)
    /* Translators: %s is the title of a plan: “Move “web-1” to there”. */
    return g_strdup_printf (_("Recover: %s"),
                            gh_undo_plan_get_original_title (GH_UNDO_PLAN (plan)));
  if (GH_UNDO_PLAN (plan)->finishes)
    return g_strdup_printf (_("Finish: %s"),
                            gh_undo_plan_get_original_title (GH_UNDO_PLAN (plan)));
  /* Translators: %s is the title of a plan: “Create “web-1””. */
  return g_strdup_printf (_("Undo: %s"), gh_undo_plan_get_original_title (GH_UNDO_PLAN (plan)));
}

static const char *
get_verb (GhPlan *plan)
{
  if (GH_UNDO_PLAN (plan)->recovers)
    return N_("Recover");
  return GH_UNDO_PLAN (plan)->finishes ? N_("Finish") : N_("Undo");
}

static JsonNode *
dup_record (GhPlan *plan)
{
  GhUndoPlan *self = GH_UNDO_PLAN (plan);

  return self->record != NULL ? json_node_copy (self->record) : json_node_new (JSON_NODE_NULL);
}

static void
add_check (GhPlanDraft  *draft,
           GhCheckLevel  level,
           const char   *id,
           const char   *title,
           const char   *detail)
{
  gh_plan_draft_add_check (draft, gh_check_new (level, id, title, detail));
}

static void
add_story (GhUndoPlan  *self,
           GhPlanDraft *draft,
           gboolean     no_way_back)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (self->time_us / G_USEC_PER_SEC);
  g_autoptr (GDateTime) time = utc != NULL ? g_date_time_to_local (utc) : NULL;
  g_autofree char *when = time != NULL ? g_date_time_format (time, "%c") : g_strdup ("?");
  /* Translators: a plan's title, “Create “web-1””, and a date and time. */
  g_autofree char *title = g_strdup_printf (_("%s: begun on %s and interrupted"),
                                            gh_undo_plan_get_original_title (self), when);

  add_check (draft, GH_CHECK_NOTE, "interrupted", title,
             self->recovers
             ? _("It is gone on with now, and what is missing is done.")
             : self->finishes
             ? _("Guesthouse was ended before it was done, but too late to take anything back. "
                 "What is missing is done now.")
             : no_way_back
             ? _("Guesthouse was ended before it was done, but too late to take anything back. See "
                 "what is left, then let it be forgotten.")
             : _("Guesthouse was ended before it was done. What it had made by then can be taken "
                 "back."));
}

static gboolean
will_finish (GhUndoPlan *self,
             JsonObject *journaled)
{
  g_autoptr (GhStep) inner = get_journaled_state (journaled) != GH_STEP_DONE
                             ? make_step (journaled) : NULL;

  return inner != NULL && (gh_step_finishes (inner) || (self->recovers && gh_step_resumes (inner)));
}

static void
add_no_way_back (GhUndoPlan  *self,
                 GhPlanDraft *draft,
                 GPtrArray   *steps)
{
  for (guint i = 0; i < steps->len; i++)
    {
      JsonObject *journaled = g_ptr_array_index (steps, i);
      GhStepState state = get_journaled_state (journaled);
      g_autofree char *step_title = dup_step_title (journaled);
      g_autofree char *title = NULL;

      if (self->finishes && will_finish (self, journaled))
        continue;
      if (state == GH_STEP_WAITING)
        title = g_strdup_printf (_("Not done: %s"), step_title);
      else if (state == GH_STEP_DONE)
        title = g_strdup_printf (_("Done, and not to be taken back: %s"), step_title);
      else
        title = g_strdup_printf (_("Begun, and perhaps not done: %s"), step_title);
      add_check (draft, GH_CHECK_NOTE, state == GH_STEP_DONE ? "no-way-back" : "not-done", title,
                 NULL);
    }
}

/* The one a parameter names, which is connected; NULL: it names none. */
static GhHost *
find_other_host (GhUndoPlan *self,
                 GhStep     *step,
                 const char *param)
{
  const char *uri = gh_step_get_string (step, param);

  if (uri != NULL && strcmp (uri, gh_host_get_uri (gh_plan_get_host (GH_PLAN (self)))) == 0)
    return gh_plan_get_host (GH_PLAN (self));
  return uri != NULL ? g_hash_table_lookup (self->others, uri) : NULL;
}

static GhHost *
give_hosts (GhUndoPlan *self,
            GhStep     *inner)
{
  GhHost *host = find_other_host (self, inner, "host");
  GhHost *peer = find_other_host (self, inner, "peer");

  if (peer != NULL)
    gh_step_set_peer (inner, peer);
  if (host == NULL)
    return gh_plan_get_host (GH_PLAN (self));
  gh_step_set_host (inner, host);
  return host;
}

static void
add_undo_step (GhUndoPlan  *self,
               GhPlanDraft *draft,
               JsonObject  *journaled)
{
  GhHost *host = NULL;
  GhStep *inner = make_step (journaled);
  GhStep *step = NULL;
  GhCheck *check = NULL;

  if (inner == NULL || !gh_step_can_undo (inner))
    {
      g_autofree char *step_title = dup_step_title (journaled);
      g_autofree char *title = g_strdup_printf (_("Not known, and not touched: %s"), step_title);

      add_check (draft, GH_CHECK_WARNING, "unknown-step", title,
                 _("It was done by another version of Guesthouse. Please take it back by hand."));
      g_clear_object (&inner);
      return;
    }
  host = give_hosts (self, inner);
  gh_step_set_uri (inner, gh_host_get_uri (host));
  check = gh_step_dup_undo_check (inner, host);
  if (check != NULL)
    gh_plan_draft_add_check (draft, check);
  step = gh_undo_step_new (inner, journaled);
  if (host != gh_plan_get_host (GH_PLAN (self)))
    gh_step_set_host (step, host);
  gh_plan_draft_add_step (draft, step);
}

/* (nullable): the groups that are done as a whole and stay, as pointers; NULL: everything goes. */
static GHashTable *
find_kept (GhUndoPlan *self,
           GPtrArray  *steps)
{
  g_autoptr (GHashTable) kept = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) broken = g_hash_table_new (NULL, NULL);

  if (!gh_json_get_boolean (get_record (self), "keep-finished"))
    return NULL;
  for (guint i = 0; i < steps->len; i++)
    {
      JsonObject *journaled = g_ptr_array_index (steps, i);
      gint64 group = gh_json_get_int (journaled, "group", 0);

      if (group <= 0 || group > MAX_STEPS)
        continue;
      g_hash_table_add (get_journaled_state (journaled) == GH_STEP_DONE ? kept : broken,
                        GUINT_TO_POINTER ((guint) group));
    }
  for (guint i = 1; i <= MAX_STEPS; i++)
    if (g_hash_table_contains (broken, GUINT_TO_POINTER (i)))
      g_hash_table_remove (kept, GUINT_TO_POINTER (i));
  if (g_hash_table_size (kept) == 0)
    return NULL;
  g_hash_table_add (kept, NULL);
  return g_steal_pointer (&kept);
}

static gboolean
is_kept (GHashTable *kept,
         JsonObject *journaled)
{
  return kept != NULL && get_journaled_state (journaled) == GH_STEP_DONE &&
         g_hash_table_contains (kept, GUINT_TO_POINTER ((guint) gh_json_get_int (journaled, "group",
                                                                                 0)));
}

static gboolean
may_be_undone (JsonObject *journaled)
{
  GhStepState state = get_journaled_state (journaled);

  return state != GH_STEP_WAITING && state != GH_STEP_UNDONE && state != GH_STEP_SKIPPED;
}

/* Whether what comes after it can be done as if nothing had happened. */
static gboolean
is_certain (GhCheck *check)
{
  const char *id = gh_check_get_id (check);

  return strcmp (id, "has-moved") == 0 || strcmp (id, "remainder-here") == 0 ||
         strcmp (id, GH_CHECK_IN_DOUBT) == 0;
}

/* What hosts say counts more than what the journal does, which may have ended before the step.
 * @certain: (inout): it has committed, and nothing is in doubt. */
static gboolean
add_commit_check (GhUndoPlan  *self,
                  GhPlanDraft *draft,
                  JsonObject  *journaled,
                  gboolean    *certain)
{
  g_autoptr (GhStep) inner = may_be_undone (journaled) ? make_step (journaled) : NULL;
  GhCheck *check = NULL;

  if (inner != NULL)
    check = gh_step_dup_commit_check (inner, give_hosts (self, inner));
  if (check == NULL)
    return FALSE;
  *certain = is_certain (check);
  self->recovers = self->recovers || strcmp (gh_check_get_id (check), GH_CHECK_IN_DOUBT) == 0;
  gh_plan_draft_add_check (draft, check);
  return TRUE;
}

static void
add_finish_steps (GhUndoPlan  *self,
                  GhPlanDraft *draft,
                  GPtrArray   *steps)
{
  for (guint i = 0; i < steps->len; i++)
    {
      JsonObject *journaled = g_ptr_array_index (steps, i);
      GhStep *inner = NULL;
      GhStep *step = NULL;
      GhHost *host = NULL;

      if (!will_finish (self, journaled))
        continue;
      inner = make_step (journaled);
      host = give_hosts (self, inner);
      step = gh_finish_step_new (inner, journaled);
      if (host != gh_plan_get_host (GH_PLAN (self)))
        gh_step_set_host (step, host);
      gh_plan_draft_add_step (draft, step);
    }
  self->finishes = draft->steps->len > 0;
}

static void
fill_draft (GhUndoPlan  *self,
            GhPlanDraft *draft)
{
  g_autoptr (GPtrArray) steps = list_journaled_steps (self);
  g_autoptr (GHashTable) kept = find_kept (self, steps);
  gboolean no_way_back = FALSE;
  gboolean certain = FALSE;

  self->finishes = self->recovers = FALSE;
  for (guint i = 0; i < steps->len; i++)
    {
      JsonObject *journaled = g_ptr_array_index (steps, i);

      if (add_commit_check (self, draft, journaled, &certain) ||
          (gh_json_get_boolean (journaled, "final") &&
           get_journaled_state (journaled) == GH_STEP_DONE))
        no_way_back = TRUE;
    }
  if (certain)
    add_finish_steps (self, draft, steps);
  add_story (self, draft, no_way_back);
  if (kept != NULL)
    add_check (draft, GH_CHECK_NOTE, "finished-kept", _("What was finished stays"),
               _("It was asked to be kept. Only what was begun and not finished is taken back."));
  if (no_way_back)
    {
      add_no_way_back (self, draft, steps);
      return;
    }
  for (guint i = steps->len; i > 0; i--)
    {
      JsonObject *journaled = g_ptr_array_index (steps, i - 1);

      if (may_be_undone (journaled) && !is_kept (kept, journaled))
        add_undo_step (self, draft, journaled);
    }
}

/* A host that steps acted on and that is not known to be connected yet; NULL: there is none. */
static GhHost *
find_next_host (GhUndoPlan *self)
{
  g_autoptr (GPtrArray) steps = list_journaled_steps (self);
  const char *own = gh_host_get_uri (gh_plan_get_host (GH_PLAN (self)));

  for (guint i = 0; i < steps->len; i++)
    {
      JsonObject *params = gh_json_get_object (g_ptr_array_index (steps, i), "params");

      for (guint j = 0; params != NULL && j < G_N_ELEMENTS (host_params); j++)
        {
          const char *uri = gh_json_get_string (params, host_params[j]);
          GhHost *host = NULL;

          if (uri == NULL || *uri == '\0' || strcmp (uri, own) == 0 ||
              g_hash_table_contains (self->others, uri) ||
              !may_be_undone (g_ptr_array_index (steps, i)))
            continue;
          host = self->hosts != NULL ? gh_hosts_find (self->hosts, uri) : NULL;
          return host != NULL ? g_object_ref (host) : gh_host_new (uri);
        }
    }
  return NULL;
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhUndoPlan *self = GH_UNDO_PLAN (g_task_get_source_object (task));
  GhHost *host = GH_HOST (object);
  g_autoptr (GhHost) next = NULL;
  g_autoptr (GhPlanDraft) draft = NULL;
  g_autoptr (GError) error = NULL;

  if (gh_host_ready_finish (host, result, &error))
    {
      g_hash_table_insert (self->others, g_strdup (gh_host_get_uri (host)), g_object_ref (host));
      next = find_next_host (self);
    }
  if (next != NULL)
    {
      gh_host_ready_async (next, g_task_get_cancellable (task), host_ready_cb,
                           g_object_ref (task));
      return;
    }
  if (gh_error_is_cancelled (error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  draft = gh_plan_draft_new ();
  if (error == NULL)
    fill_draft (self, draft);
  else
    {
      g_autofree char *title = g_strdup_printf (_("The host %s cannot be reached"),
                                                gh_host_get_uri (host));
      g_autofree char *detail = gh_error_dup_sentence (error);

      gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, "host-unreachable", title,
                                                    detail));
    }
  g_task_return_pointer (task, g_steal_pointer (&draft), (GDestroyNotify) gh_plan_draft_free);
}

static void
prepare_async (GhPlan              *plan,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GhUndoPlan *self = GH_UNDO_PLAN (plan);
  g_autoptr (GTask) task = g_task_new (plan, cancellable, callback, user_data);
  GhPlanDraft *draft = NULL;

  g_task_set_source_tag (task, prepare_async);
  g_hash_table_remove_all (self->others);
  if (self->record != NULL && gh_plan_get_host (plan) != NULL)
    {
      gh_host_ready_async (gh_plan_get_host (plan), cancellable, host_ready_cb,
                           g_object_ref (task));
      return;
    }
  draft = gh_plan_draft_new ();
  add_check (draft, GH_CHECK_REFUSAL, "journal-unreadable",
             _("What was interrupted cannot be told"),
             self->problem != NULL ? self->problem : _("Its journal names no host."));
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
gh_undo_plan_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_HOSTS:
      g_value_set_object (value, GH_UNDO_PLAN (object)->hosts);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_undo_plan_set_property (GObject      *object,
                           guint         prop_id,
                           const GValue *value,
                           GParamSpec   *pspec)
{
  GhUndoPlan *self = GH_UNDO_PLAN (object);

  switch (prop_id)
    {
    case PROP_HOSTS:
      if (!g_set_object (&self->hosts, g_value_get_object (value)))
        return;
      gh_plan_invalidate (GH_PLAN (self));
      g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_undo_plan_dispose (GObject *object)
{
  GhUndoPlan *self = GH_UNDO_PLAN (object);

  g_clear_object (&self->hosts);
  g_hash_table_remove_all (self->others);
  G_OBJECT_CLASS (gh_undo_plan_parent_class)->dispose (object);
}

static void
gh_undo_plan_finalize (GObject *object)
{
  GhUndoPlan *self = GH_UNDO_PLAN (object);

  g_hash_table_unref (self->others);
  g_clear_pointer (&self->record, json_node_unref);
  g_free (self->problem);
  G_OBJECT_CLASS (gh_undo_plan_parent_class)->finalize (object);
}

/* A move says the same when it is taken back, or gone on with. */
static void
explain_async (GhPlan              *plan,
               GhStep              *step,
               const GError        *error,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GhUndoPlan *self = GH_UNDO_PLAN (plan);
  GHashTableIter iter;
  gpointer other = NULL;
  g_autoptr (GTask) task = NULL;

  if (strcmp (gh_undo_plan_get_original_kind (self), "migrate") == 0)
    {
      g_hash_table_iter_init (&iter, self->others);
      if (g_hash_table_size (self->others) == 1)
        g_hash_table_iter_next (&iter, NULL, &other);
      gh_migrate_explain_async (plan, step, error, NULL, other, callback, user_data);
      return;
    }
  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, explain_async);
  g_task_return_pointer (task, g_error_copy (error), (GDestroyNotify) g_error_free);
}

static void
gh_undo_plan_class_init (GhUndoPlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);

  object_class->get_property = gh_undo_plan_get_property;
  object_class->set_property = gh_undo_plan_set_property;
  object_class->dispose = gh_undo_plan_dispose;
  object_class->finalize = gh_undo_plan_finalize;
  plan_class->kind = "undo";
  plan_class->verb = N_("Undo");
  plan_class->goes_on = TRUE;
  plan_class->dup_title = dup_title;
  plan_class->get_verb = get_verb;
  plan_class->prepare_async = prepare_async;
  plan_class->dup_record = dup_record;
  plan_class->explain_async = explain_async;

  properties[PROP_HOSTS] = g_param_spec_object ("hosts", NULL, NULL, GH_TYPE_HOSTS,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_undo_plan_init (GhUndoPlan *self)
{
  self->others = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

GhPlan *
gh_undo_plan_new (const char *id,
                  JsonNode   *record,
                  const char *problem,
                  gint64      time_us)
{
  const char *uri = record != NULL ? gh_json_get_string (json_node_get_object (record),
                                                         "host") : NULL;
  g_autoptr (GhHost) host = uri != NULL && *uri != '\0' ? gh_host_new (uri) : NULL;
  GhUndoPlan *self = g_object_new (GH_TYPE_UNDO_PLAN, "host", host, NULL);

  self->record = record != NULL ? json_node_copy (record) : NULL;
  self->problem = g_strdup (problem);
  self->time_us = time_us;
  gh_plan_set_id (GH_PLAN (self), id);
  return GH_PLAN (self);
}

const char *
gh_undo_plan_get_original_title (GhUndoPlan *self)
{
  const char *title = NULL;

  g_return_val_if_fail (GH_IS_UNDO_PLAN (self), NULL);

  title = self->record != NULL ? gh_json_get_string (get_record (self), "title") : NULL;
  return title != NULL ? title : _("an unknown plan");
}

const char *
gh_undo_plan_get_original_kind (GhUndoPlan *self)
{
  const char *kind = NULL;

  g_return_val_if_fail (GH_IS_UNDO_PLAN (self), NULL);

  kind = self->record != NULL ? gh_json_get_string (get_record (self), "kind") : NULL;
  return kind != NULL ? kind : "";
}

const char *
gh_undo_plan_get_host_uri (GhUndoPlan *self)
{
  const char *uri = NULL;

  g_return_val_if_fail (GH_IS_UNDO_PLAN (self), NULL);

  uri = self->record != NULL ? gh_json_get_string (get_record (self), "host") : NULL;
  return uri != NULL ? uri : "";
}

gint64
gh_undo_plan_get_start_time (GhUndoPlan *self)
{
  g_return_val_if_fail (GH_IS_UNDO_PLAN (self), 0);

  return self->time_us;
}

static void
forgotten_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (gh_journal_end_finish (GH_JOURNAL (object), result, &error) ||
      /* Somebody else has dealt with it: then it is forgotten too. */
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_clear_error (&error);
      g_task_return_boolean (task, TRUE);
    }
  else
    g_task_return_error (task, error);
}

/**
 * gh_undo_plan_may_recover:
 * @self: an interrupted plan
 *
 * Whether, by its journal alone, it may have ended in doubt. Then to forget it would be to lose the
 * way to go on with it; the hosts know more, once it is prepared.
 *
 * Returns: whether it may be one to be gone on with
 */
gboolean
gh_undo_plan_may_recover (GhUndoPlan *self)
{
  g_autoptr (GPtrArray) steps = NULL;

  g_return_val_if_fail (GH_IS_UNDO_PLAN (self), FALSE);

  if (self->record == NULL)
    return FALSE;
  steps = list_journaled_steps (self);
  for (guint i = 0; i < steps->len; i++)
    {
      JsonObject *journaled = g_ptr_array_index (steps, i);
      g_autoptr (GhStep) inner = get_journaled_state (journaled) != GH_STEP_DONE &&
                                 may_be_undone (journaled) ? make_step (journaled) : NULL;

      if (inner != NULL && gh_step_may_be_in_doubt (inner))
        return TRUE;
    }
  return FALSE;
}

/**
 * gh_undo_plan_forget_async:
 * @self: an interrupted plan that is not being undone
 * @callback: called when its journal is gone
 * @user_data: for @callback
 *
 * Leaves what the plan made where it is, and removes its journal.
 */
void
gh_undo_plan_forget_async (GhUndoPlan          *self,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  GTask *task = NULL;
  g_autoptr (GhJournal) journal = NULL;

  g_return_if_fail (GH_IS_UNDO_PLAN (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, gh_undo_plan_forget_async);
  journal = gh_journal_new (gh_plan_get_id (GH_PLAN (self)), /* existing= */ TRUE);
  gh_journal_end_async (journal, /* keep= */ FALSE, forgotten_cb, task);
}

gboolean
gh_undo_plan_forget_finish (GhUndoPlan    *self,
                            GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
