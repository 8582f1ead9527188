/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The engine, with steps that only write down what was asked of them. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gh-faults.h"
#include "gh-journal.h"
#include "gh-paths.h"
#include "gh-plan.h"
#include "gh-test.h"
#include "gh-threads.h"
#include "gh-undo-plan.h"

/* A step that does as it is told. */

#define TEST_TYPE_STEP (test_step_get_type ())
G_DECLARE_DERIVABLE_TYPE (TestStep, test_step, TEST, STEP, GhStep)

struct _TestStepClass
{
  GhStepClass parent_class;
};

typedef struct
{
  GString      *log;         /* of the test */
  const char   *name;
  gboolean      fails;
  gboolean      in_doubt;    /* in a way that it can be gone on with */
  GIOErrorEnum  undo_error;  /* 0: undoing works (and G_IO_ERROR_FAILED is 0) */
  GhPlan       *cancel;      /* (nullable): to be cancelled while the step runs */
  gboolean      heeds_cancel;
  void        (*peek) (GhStep *step);
} TestStepPrivate;

G_DEFINE_TYPE_WITH_PRIVATE (TestStep, test_step, GH_TYPE_STEP)

#define TEST_TYPE_FINAL_STEP (test_final_step_get_type ())
G_DECLARE_FINAL_TYPE (TestFinalStep, test_final_step, TEST, FINAL_STEP, TestStep)

struct _TestFinalStep
{
  TestStep parent_instance;
};

G_DEFINE_FINAL_TYPE (TestFinalStep, test_final_step, TEST_TYPE_STEP)

static TestStepPrivate *
get_private (gpointer step)
{
  return test_step_get_instance_private (step);
}

static char *
dup_step_title (GhStep *step)
{
  return g_strdup_printf ("Do %s", get_private (step)->name);
}

static char *
dup_step_command (GhStep *step)
{
  return g_strdup_printf ("do %s", get_private (step)->name);
}

static char *
dup_step_left (GhStep *step)
{
  return g_strdup_printf ("What %s made", get_private (step)->name);
}

static gboolean
do_cb (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = g_task_get_source_object (task);
  TestStepPrivate *priv = get_private (step);
  GCancellable *cancellable = g_task_get_cancellable (task);

  gh_step_set_fraction (step, 0.5);
  if (priv->peek != NULL)
    priv->peek (step);
  if (priv->cancel != NULL)
    gh_plan_cancel (priv->cancel);
  if (priv->heeds_cancel && g_cancellable_is_cancelled (cancellable))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled in %s", priv->name);
  else if (priv->fails && priv->in_doubt)
    g_task_return_new_error (task, GH_STEP_ERROR, GH_STEP_ERROR_IN_DOUBT, "%s is in doubt",
                             priv->name);
  else if (priv->fails)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s failed", priv->name);
  else
    g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
step_do_async (GhStep              *step,
               GhHost              *host,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GTask *task = g_task_new (step, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE);
  g_string_append_printf (get_private (step)->log, "+%s ", get_private (step)->name);
  g_idle_add (do_cb, task);
}

static gboolean
undo_cb (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TestStepPrivate *priv = get_private (g_task_get_source_object (task));

  if (priv->undo_error != 0)
    g_task_return_new_error (task, G_IO_ERROR, (int) priv->undo_error, "%s stays", priv->name);
  else
    g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
step_undo_async (GhStep              *step,
                 GhHost              *host,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  g_string_append_printf (get_private (step)->log, "-%s ", get_private (step)->name);
  g_idle_add (undo_cb, g_task_new (step, NULL, callback, user_data));
}

static void
test_step_class_init (TestStepClass *klass)
{
  GhStepClass *step_class = GH_STEP_CLASS (klass);

  step_class->kind = "test";
  step_class->dup_title = dup_step_title;
  step_class->dup_command = dup_step_command;
  step_class->dup_left = dup_step_left;
  step_class->do_async = step_do_async;
  step_class->undo_async = step_undo_async;
}

static void
test_step_init (TestStep *self)
{
}

static void
test_final_step_class_init (TestFinalStepClass *klass)
{
  GH_STEP_CLASS (klass)->kind = "test-final";
  GH_STEP_CLASS (klass)->final = TRUE;
}

static void
test_final_step_init (TestFinalStep *self)
{
}

/* A plan of such steps. */

#define TEST_TYPE_PLAN (test_plan_get_type ())
G_DECLARE_FINAL_TYPE (TestPlan, test_plan, TEST, PLAN, GhPlan)

#define MAX_STEPS 6

struct _TestPlan
{
  GhPlan       parent_instance;

  GString     *log;
  guint        n_prepared;
  const char  *steps;       /* one letter each; upper case ones are final */
  char         failing;     /* '\0': none */
  gboolean     in_doubt;    /* and so it is in doubt */
  char         cancelling;  /* '\0': none */
  gboolean     heeds_cancel;
  const char  *stuck;       /* those whose undoing fails */
  GIOErrorEnum stuck_error;
  const char  *warnings;    /* ids of one letter */
  gboolean     refused;
  gboolean     cannot_prepare;
  void       (*peek) (GhStep *step);
};

G_DEFINE_FINAL_TYPE (TestPlan, test_plan, GH_TYPE_PLAN)

static char *
dup_plan_title (GhPlan *plan)
{
  return g_strdup ("Test <b>“&'\"");
}

static const char *
get_letter (char letter)
{
  static const char letters[] = "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0"
                                "n\0o\0p\0q\0r\0s\0t\0u\0v\0w\0x\0y\0z";

  return letters + 2 * (g_ascii_tolower (letter) - 'a');
}

static GhStep *
make_step (TestPlan *self,
           char      letter)
{
  GhStep *step = g_object_new (g_ascii_isupper (letter) ? TEST_TYPE_FINAL_STEP : TEST_TYPE_STEP,
                               NULL);
  TestStepPrivate *priv = get_private (step);

  priv->log = self->log;
  priv->name = get_letter (letter);
  priv->fails = letter == self->failing;
  priv->in_doubt = self->in_doubt;
  priv->cancel = letter == self->cancelling ? GH_PLAN (self) : NULL;
  priv->heeds_cancel = self->heeds_cancel;
  priv->undo_error = self->stuck != NULL && strchr (self->stuck,
                                                    letter) != NULL ? self->stuck_error : 0;
  priv->peek = self->peek;
  gh_step_set_string (step, "name", priv->name);
  return step;
}

static gboolean
prepare_cb (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TestPlan *self = g_task_get_source_object (task);
  GhPlanDraft *draft = NULL;

  if (self->cannot_prepare)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE, "No host");
      return G_SOURCE_REMOVE;
    }
  draft = gh_plan_draft_new ();
  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_OK, "fine", "Fine", NULL));
  for (const char *p = self->warnings; p != NULL && *p != '\0'; p++)
    gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_WARNING, get_letter (*p), "Beware",
                                                  NULL));
  gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_NOTE, "by-the-way", "By the way",
                                                "It rains."));
  if (self->refused)
    gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, "no", "No way", NULL));
  for (const char *p = self->steps; *p != '\0'; p++)
    gh_plan_draft_add_step (draft, make_step (self, *p));
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
  return G_SOURCE_REMOVE;
}

static void
prepare_async (GhPlan              *plan,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  TEST_PLAN (plan)->n_prepared++;
  g_idle_add (prepare_cb, g_task_new (plan, cancellable, callback, user_data));
}

static void
test_plan_finalize (GObject *object)
{
  g_string_free (TEST_PLAN (object)->log, TRUE);
  G_OBJECT_CLASS (test_plan_parent_class)->finalize (object);
}

static void
test_plan_class_init (TestPlanClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_plan_finalize;
  GH_PLAN_CLASS (klass)->kind = "test";
  GH_PLAN_CLASS (klass)->verb = "Test";
  GH_PLAN_CLASS (klass)->dup_title = dup_plan_title;
  GH_PLAN_CLASS (klass)->prepare_async = prepare_async;
}

static void
test_plan_init (TestPlan *self)
{
  self->log = g_string_new (NULL);
  self->steps = "abcd";
  self->stuck_error = G_IO_ERROR_BUSY;
}

static TestPlan *
new_plan (void)
{
  g_autoptr (GhHost) host = gh_host_new ("test:///default");

  return g_object_new (TEST_TYPE_PLAN, "host", host, NULL);
}

static gboolean
run (TestPlan  *plan,
     GError   **error)
{
  g_auto (GhTestCall) call = { 0 };

  gh_plan_run_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  return gh_plan_run_finish (GH_PLAN (plan), gh_test_call_wait (&call), error);
}

static gboolean
prepare (TestPlan  *plan,
         GError   **error)
{
  g_auto (GhTestCall) call = { 0 };

  gh_plan_prepare_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  return gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&call), error);
}

static GPtrArray *
load_interrupted (void)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  GPtrArray *plans = NULL;

  gh_journal_load_interrupted_async (NULL, gh_test_call_cb, &call);
  plans = gh_journal_load_interrupted_finish (gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return plans;
}

static guint
count_files (void)
{
  g_autoptr (GDir) dir = g_dir_open (gh_paths_get_journal_dir (), 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
forget_all (void)
{
  g_autoptr (GPtrArray) plans = load_interrupted ();

  for (guint i = 0; i < plans->len; i++)
    {
      g_auto (GhTestCall) call = { 0 };
      g_autoptr (GError) error = NULL;

      gh_undo_plan_forget_async (g_ptr_array_index (plans, i), gh_test_call_cb, &call);
      g_assert_true (gh_undo_plan_forget_finish (g_ptr_array_index (plans, i),
                                                 gh_test_call_wait (&call), &error));
      g_assert_no_error (error);
    }
  g_assert_cmpuint (count_files (), ==, 0);
}

static void
assert_states (TestPlan   *plan,
               const char *expected)
{
  GPtrArray *steps = gh_plan_get_steps (GH_PLAN (plan));
  static const char letters[] = "wrdfuUl";
  g_autofree char *states = g_new0 (char, steps->len + 1);

  for (guint i = 0; i < steps->len; i++)
    states[i] = letters[gh_step_get_state (g_ptr_array_index (steps, i))];
  g_assert_cmpstr (states, ==, expected);
}

/* Cases */

static void
count_cb (gpointer unused,
          guint   *count)
{
  (*count)++;
}

static void
test_done (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;
  g_autofree char *status = NULL;
  guint n_ended = 0;

  g_signal_connect_data (plan, "ended", G_CALLBACK (count_cb), &n_ended, NULL, 0);
  g_assert_true (run (plan, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (plan->log->str, ==, "+a +b +c +d ");
  g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_ENDED);
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_DONE);
  g_assert_cmpfloat (gh_plan_get_fraction (GH_PLAN (plan)), ==, 1.0);
  g_assert_null (gh_plan_get_left (GH_PLAN (plan)));
  g_assert_null (gh_plan_get_error (GH_PLAN (plan)));
  g_assert_cmpint (gh_plan_get_end_time (GH_PLAN (plan)), >, 0);
  g_assert_cmpuint (n_ended, ==, 1);
  status = gh_plan_dup_status (GH_PLAN (plan));
  g_assert_cmpstr (status, ==, "Done");
  assert_states (plan, "dddd");
  g_assert_cmpuint (count_files (), ==, 0);

  /* Once is enough. */
  g_assert_false (run (plan, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
}

static void
test_no_steps (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;

  plan->steps = "";
  g_assert_true (run (plan, &error));
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_DONE);
  g_assert_cmpuint (count_files (), ==, 0);
}

static void
test_each_step_fails (void)
{
  static const char * const logs[] = {
    "+a -a ", "+a +b -b -a ", "+a +b +c -c -b -a ", "+a +b +c +d -d -c -b -a ",
  };
  static const char * const states[] = { "Uwww", "UUww", "UUUw", "UUUU" };

  for (guint i = 0; i < G_N_ELEMENTS (logs); i++)
    {
      g_autoptr (TestPlan) plan = new_plan ();
      g_autoptr (GError) error = NULL;
      g_autofree char *status = NULL;

      plan->failing = (char) ('a' + i);
      g_assert_false (run (plan, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
      g_assert_cmpstr (plan->log->str, ==, logs[i]);
      g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE);
      g_assert_null (gh_plan_get_left (GH_PLAN (plan)));
      assert_states (plan, states[i]);
      status = gh_plan_dup_status (GH_PLAN (plan));
      g_assert_nonnull (strstr (status, "Everything is as it was before."));
      g_assert_cmpuint (count_files (), ==, 0);
    }
}

static void
test_cancel_in_each_step (void)
{
  static const char * const logs[] = {
    "+a -a ", "+a +b -b -a ", "+a +b +c -c -b -a ", "+a +b +c +d -d -c -b -a ",
  };

  for (guint heeds = 0; heeds < 2; heeds++)
    for (guint i = 0; i < G_N_ELEMENTS (logs); i++)
      {
        g_autoptr (TestPlan) plan = new_plan ();
        g_autoptr (GError) error = NULL;

        plan->cancelling = (char) ('a' + i);
        plan->heeds_cancel = heeds == 1;
        g_assert_false (run (plan, &error));
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE);
        g_assert_cmpstr (plan->log->str, ==, logs[i]);
        g_assert_cmpuint (count_files (), ==, 0);
      }
}

static void
test_cancellable (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;

  gh_plan_run_async (GH_PLAN (plan), cancellable, gh_test_call_cb, &call);
  g_cancellable_cancel (cancellable);
  g_assert_false (gh_plan_run_finish (GH_PLAN (plan), gh_test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_NONE);
  g_assert_cmpstr (plan->log->str, ==, "");
}

static void
test_undo_fails (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GPtrArray) interrupted = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *status = NULL;
  GStrv left = NULL;

  plan->failing = 'd';
  plan->stuck = "bc";
  g_assert_false (run (plan, &error));
  g_assert_cmpstr (plan->log->str, ==, "+a +b +c +d -d -c -b -a ");
  assert_states (plan, "UllU");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE_IN_PART);
  left = gh_plan_get_left (GH_PLAN (plan));
  g_assert_cmpuint (g_strv_length (left), ==, 2);
  g_assert_true (g_str_has_prefix (left[0], "What c made: "));
  g_assert_true (g_str_has_prefix (left[1], "What b made: "));
  status = gh_plan_dup_status (GH_PLAN (plan));
  g_assert_nonnull (strstr (status, "What b made"));

  /* It is offered again. */
  interrupted = load_interrupted ();
  g_assert_cmpuint (interrupted->len, ==, 1);
  g_assert_cmpstr (gh_undo_plan_get_original_title (g_ptr_array_index (interrupted, 0)), ==,
                   "Test <b>“&'\"");
  g_assert_cmpstr (gh_undo_plan_get_original_kind (g_ptr_array_index (interrupted, 0)), ==, "test");
  forget_all ();
}

static void
test_undo_impossible (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;

  plan->failing = 'd';
  plan->stuck = "b";
  plan->stuck_error = G_IO_ERROR_NOT_SUPPORTED;
  g_assert_false (run (plan, &error));
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE_IN_PART);
  /* What can never be undone is not offered. */
  g_assert_cmpuint (count_files (), ==, 0);
}

/* Neither what was done before it is taken back, nor what comes after it done. */
static void
test_in_doubt (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GPtrArray) interrupted = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *status = NULL;

  plan->failing = 'b';
  plan->in_doubt = TRUE;
  g_assert_false (run (plan, &error));
  g_assert_error (error, GH_STEP_ERROR, GH_STEP_ERROR_IN_DOUBT);
  g_assert_cmpstr (plan->log->str, ==, "+a +b ");
  assert_states (plan, "dfww");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE_IN_PART);
  g_assert_cmpuint (g_strv_length (gh_plan_get_left (GH_PLAN (plan))), ==, 1);
  status = gh_plan_dup_status (GH_PLAN (plan));
  g_assert_nonnull (strstr (status, "b is in doubt"));
  interrupted = load_interrupted ();
  g_assert_cmpuint (interrupted->len, ==, 1);
  g_assert_cmpstr (gh_plan_get_id (g_ptr_array_index (interrupted, 0)), ==,
                   gh_plan_get_id (GH_PLAN (plan)));
  forget_all ();
}

/* Of plans that are steps each keeps what is in doubt itself, and the next is begun. */
static void
test_in_doubt_goes_on (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  GhPlanClass *klass = GH_PLAN_GET_CLASS (plan);
  g_autoptr (GError) error = NULL;

  klass->goes_on = klass->unrecorded = TRUE;
  plan->failing = 'b';
  plan->in_doubt = TRUE;
  g_assert_false (run (plan, &error));
  klass->goes_on = klass->unrecorded = FALSE;
  g_assert_error (error, GH_STEP_ERROR, GH_STEP_ERROR_IN_DOUBT);
  g_assert_cmpstr (plan->log->str, ==, "+a +b +c +d ");
  assert_states (plan, "dfdd");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE_IN_PART);
  g_assert_cmpuint (g_strv_length (gh_plan_get_left (GH_PLAN (plan))), ==, 1);
  g_assert_nonnull (strstr (gh_plan_get_left (GH_PLAN (plan))[0], "b is in doubt"));
  g_assert_cmpuint (count_files (), ==, 0);
}

static void
test_final_fails_first (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;

  plan->steps = "abCD";
  plan->failing = 'C';
  g_assert_false (run (plan, &error));
  g_assert_cmpstr (plan->log->str, ==, "+a +b +c -c -b -a ");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE);
}

/* It may have committed all the same: then what it rests on must stay, until that is known. */
static void
test_final_not_undone (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GPtrArray) interrupted = NULL;
  g_autoptr (GError) error = NULL;
  GStrv left = NULL;

  plan->steps = "abCd";
  plan->failing = 'C';
  plan->stuck = "C";
  plan->stuck_error = G_IO_ERROR_BUSY;
  g_assert_false (run (plan, &error));
  g_assert_cmpstr (plan->log->str, ==, "+a +b +c -c ");
  assert_states (plan, "ddlw");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE_IN_PART);
  left = gh_plan_get_left (GH_PLAN (plan));
  g_assert_cmpuint (g_strv_length (left), ==, 3);
  g_assert_true (g_str_has_prefix (left[0], "What c made: "));
  g_assert_cmpstr (left[1], ==, "What b made");
  g_assert_cmpstr (left[2], ==, "What a made");
  interrupted = load_interrupted ();
  g_assert_cmpuint (interrupted->len, ==, 1);
  forget_all ();
}

/* What can never be undone is not offered again. */
static void
test_final_at_its_end (void)
{
  g_autoptr (TestPlan) plan = new_plan ();

  plan->steps = "abCd";
  plan->failing = 'C';
  plan->stuck = "C";
  plan->stuck_error = G_IO_ERROR_NOT_SUPPORTED;
  g_assert_false (run (plan, NULL));
  g_assert_cmpstr (plan->log->str, ==, "+a +b +c -c -b -a ");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE_IN_PART);
  g_assert_cmpuint (count_files (), ==, 0);
}

static void
test_final_goes_on (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;
  GStrv left = NULL;

  plan->steps = "abCDeF";
  plan->failing = 'D';
  g_assert_false (run (plan, &error));
  g_assert_cmpstr (plan->log->str, ==, "+a +b +c +d +e +f ");
  assert_states (plan, "dddfdd");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE_IN_PART);
  left = gh_plan_get_left (GH_PLAN (plan));
  g_assert_cmpuint (g_strv_length (left), ==, 1);
  g_assert_true (g_str_has_prefix (left[0], "What d made: "));
  g_assert_cmpuint (count_files (), ==, 0);
}

static void
test_final_not_cancelled (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;

  plan->steps = "abCd";
  plan->cancelling = 'C';
  plan->heeds_cancel = TRUE;
  g_assert_true (run (plan, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (plan->log->str, ==, "+a +b +c +d ");
}

static void
test_refusal (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;

  plan->refused = TRUE;
  plan->warnings = "x";
  g_assert_true (prepare (plan, &error));
  g_assert_cmpint (gh_plan_get_worst (GH_PLAN (plan)), ==, GH_CHECK_REFUSAL);
  g_assert_cmpuint (gh_plan_get_checks (GH_PLAN (plan))->len, ==, 4);
  for (guint i = 1; i < 4; i++)
    g_assert_cmpint (gh_check_get_level (g_ptr_array_index (gh_plan_get_checks (GH_PLAN (plan)),
                                                            i)), <,
                     gh_check_get_level (g_ptr_array_index (gh_plan_get_checks (GH_PLAN (plan)),
                                                            i - 1)));
  g_assert_false (run (plan, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpstr (error->message, ==, "No way");
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_NONE);
  g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_PREPARED);
  g_assert_cmpstr (plan->log->str, ==, "");
  g_assert_cmpuint (plan->n_prepared, ==, 2);

  plan->refused = FALSE;
  g_clear_error (&error);
  g_assert_true (run (plan, &error));
  g_assert_no_error (error);
}

static void
test_new_warning (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;

  plan->warnings = "x";
  g_assert_true (prepare (plan, &error));
  plan->warnings = "xy";
  g_assert_false (run (plan, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpstr (plan->log->str, ==, "");
  g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_PREPARED);
  /* Now it has been seen. */
  g_clear_error (&error);
  g_assert_true (run (plan, &error));
  g_assert_no_error (error);
}

static void
test_new_final_step (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;

  plan->steps = "aB";
  g_assert_true (prepare (plan, &error));
  plan->steps = "aBC";
  g_assert_false (run (plan, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpstr (plan->log->str, ==, "");
}

static void
test_coalesced (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  GhTestCall calls[3] = { { 0 }, { 0 }, { 0 } };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  gh_plan_prepare_async (GH_PLAN (plan), NULL, gh_test_call_cb, &calls[0]);
  gh_plan_prepare_async (GH_PLAN (plan), cancellable, gh_test_call_cb, &calls[1]);
  gh_plan_prepare_async (GH_PLAN (plan), NULL, gh_test_call_cb, &calls[2]);
  g_cancellable_cancel (cancellable);
  g_assert_false (gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&calls[1]), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&calls[0]), NULL));
  g_assert_true (gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&calls[2]), NULL));
  g_assert_cmpuint (plan->n_prepared, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    gh_test_call_clear (&calls[i]);
}

static void
test_superseded (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_auto (GhTestCall) first = { 0 };
  g_auto (GhTestCall) second = { 0 };
  g_autoptr (GError) error = NULL;
  guint n_prepared = 0;

  g_signal_connect_data (plan, "prepared", G_CALLBACK (count_cb), &n_prepared, NULL, 0);
  gh_plan_prepare_async (GH_PLAN (plan), NULL, gh_test_call_cb, &first);
  gh_plan_invalidate (GH_PLAN (plan));
  g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_EDITING);
  plan->steps = "xy";
  gh_plan_prepare_async (GH_PLAN (plan), NULL, gh_test_call_cb, &second);
  g_assert_false (gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&first), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (gh_plan_prepare_finish (GH_PLAN (plan), gh_test_call_wait (&second), NULL));
  g_assert_cmpuint (gh_plan_get_steps (GH_PLAN (plan))->len, ==, 2);
  g_assert_cmpuint (n_prepared, ==, 1);
}

static void
test_cannot_prepare (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;

  plan->cannot_prepare = TRUE;
  g_assert_false (run (plan, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE);
  g_assert_cmpint (gh_plan_get_state (GH_PLAN (plan)), ==, GH_PLAN_EDITING);
  plan->cannot_prepare = FALSE;
  g_assert_true (run (plan, NULL));
}

static void
test_again (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (GError) error = NULL;
  g_autofree char *id = g_strdup (gh_plan_get_id (GH_PLAN (plan)));

  plan->failing = 'b';
  g_assert_false (run (plan, &error));
  plan->failing = '\0';
  g_clear_error (&error);
  gh_plan_invalidate (GH_PLAN (plan));
  g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_NONE);
  g_assert_null (gh_plan_get_error (GH_PLAN (plan)));
  g_assert_cmpstr (gh_plan_get_id (GH_PLAN (plan)), !=, id);
  g_assert_true (run (plan, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (plan->log->str, ==, "+a +b -b -a +a +b +c +d ");
}

static guint n_peeks;

/* What a second program would find while the first runs. */
static void
peek_at_journal (GhStep *step)
{
  g_autoptr (GDir) dir = g_dir_open (gh_paths_get_journal_dir (), 0, NULL);
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;
  JsonObject *record = NULL;
  JsonArray *steps = NULL;
  const char *name = NULL;
  struct stat status;

  g_assert_cmpint (g_stat (gh_paths_get_journal_dir (), &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0700);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (gh_paths_get_journal_dir (), name, NULL);

      g_assert_cmpint (g_stat (path, &status), ==, 0);
      g_assert_cmpint (status.st_mode & 0777, ==, 0600);
      if (g_str_has_suffix (name, ".json"))
        g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
    }
  g_assert_nonnull (text);
  root = json_from_string (text, NULL);
  record = json_node_get_object (root);
  g_assert_cmpstr (json_object_get_string_member (record, "kind"), ==, "test");
  g_assert_cmpstr (json_object_get_string_member (record, "host"), ==, "test:///default");
  g_assert_cmpstr (json_object_get_string_member (record, "title"), ==, "Test <b>“&'\"");
  steps = json_object_get_array_member (record, "steps");
  g_assert_cmpuint (json_array_get_length (steps), ==, 4);
  for (guint i = 0; i < json_array_get_length (steps); i++)
    {
      JsonObject *object = json_array_get_object_element (steps, i);
      JsonObject *params = json_object_get_object_member (object, "params");
      const char *state = json_object_get_string_member (object, "state");
      int order = strcmp (json_object_get_string_member (params, "name"),
                          gh_step_get_string (step, "name"));

      g_assert_cmpstr (state, ==, order < 0 ? "done" : order == 0 ? "running" : "waiting");
    }
  n_peeks++;
}

static void
test_journal (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GPtrArray) interrupted = NULL;

  plan->peek = peek_at_journal;
  gh_faults_set ("plan-step-test-after:delay=50");
  gh_plan_run_async (GH_PLAN (plan), NULL, gh_test_call_cb, &call);
  while (gh_plan_get_state (GH_PLAN (plan)) != GH_PLAN_RUNNING || count_files () == 0)
    g_main_context_iteration (NULL, TRUE);
  /* It lives, so nobody is offered it. */
  interrupted = load_interrupted ();
  g_assert_cmpuint (interrupted->len, ==, 0);
  g_assert_null (call.result);
  g_assert_true (gh_plan_run_finish (GH_PLAN (plan), gh_test_call_wait (&call), NULL));
  gh_faults_set (NULL);
  g_assert_cmpuint (n_peeks, ==, 4);
  g_assert_cmpuint (count_files (), ==, 0);
}

/* The journal cannot be written, at any one time. */
static void
test_journal_fails (void)
{
  for (guint i = 0; i < 8; i++)
    {
      g_autoptr (TestPlan) plan = new_plan ();
      g_autoptr (GError) error = NULL;
      g_autofree char *faults = g_strdup_printf ("plan-journal-write:fail=1,after=%u,times=1", i);

      gh_faults_set (faults);
      g_assert_false (run (plan, &error));
      g_assert_error (error, GH_FAULT_ERROR, 1);
      g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE);
      /* A step that was not journaled is not done. */
      g_assert_cmpuint (strlen (plan->log->str) > 0 ? plan->log->str[strlen (plan->log->str) - 2]
                        : 'a', ==, 'a');
      g_assert_cmpint (strstr (plan->log->str, "+a") != NULL, ==, i > 0);
      gh_faults_set (NULL);
      g_assert_cmpuint (count_files (), ==, 0);
    }
}

static void
test_points_fail (void)
{
  static const char * const points[] = { "plan-step-test-before", "plan-step-test-after" };

  for (guint point = 0; point < G_N_ELEMENTS (points); point++)
    for (guint i = 0; i < 4; i++)
      {
        g_autoptr (TestPlan) plan = new_plan ();
        g_autoptr (GError) error = NULL;
        g_autofree char *faults = g_strdup_printf ("%s:fail=7,after=%u,times=1", points[point], i);
        guint n_done = 0;
        guint n_undone = 0;

        gh_faults_set (faults);
        g_assert_false (run (plan, &error));
        g_assert_error (error, GH_FAULT_ERROR, 7);
        g_assert_cmpint (gh_plan_get_outcome (GH_PLAN (plan)), ==, GH_OUTCOME_UNDONE);
        for (const char *p = plan->log->str; *p != '\0'; p++)
          {
            n_done += *p == '+';
            n_undone += *p == '-';
          }
        g_assert_cmpuint (n_done, ==, i + point);
        g_assert_cmpuint (n_undone, ==, i + 1);
      }
  gh_faults_set (NULL);
}

static double last_fraction;

static void
fraction_cb (GhPlan     *plan,
             GParamSpec *pspec,
             gpointer    user_data)
{
  double fraction = gh_plan_get_fraction (plan);

  g_assert_cmpfloat (fraction, >=, 0.0);
  g_assert_cmpfloat (fraction, <=, 1.0);
  if (gh_plan_get_state (plan) == GH_PLAN_RUNNING)
    g_assert_cmpfloat (fraction, >=, last_fraction);
  else if (gh_plan_get_state (plan) == GH_PLAN_UNDOING)
    g_assert_cmpfloat (fraction, <=, last_fraction);
  last_fraction = fraction;
}

static void
test_fraction (void)
{
  g_autoptr (TestPlan) plan = new_plan ();

  last_fraction = 0.0;
  plan->failing = 'd';
  g_signal_connect (plan, "notify::fraction", G_CALLBACK (fraction_cb), NULL);
  g_assert_false (run (plan, NULL));
  g_assert_cmpfloat (gh_plan_get_fraction (GH_PLAN (plan)), ==, 0.0);
}

static void
test_json (void)
{
  g_autoptr (TestPlan) plan = new_plan ();
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object = NULL;
  JsonObject *step = NULL;

  plan->failing = 'b';
  plan->stuck = "a";
  plan->stuck_error = G_IO_ERROR_NOT_SUPPORTED;
  g_assert_false (run (plan, NULL));
  node = gh_plan_to_json (GH_PLAN (plan));
  object = json_node_get_object (node);
  g_assert_cmpstr (json_object_get_string_member (object, "outcome"), ==, "undone-in-part");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "checks")), ==, 2);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "left")), ==, 1);
  step = json_array_get_object_element (json_object_get_array_member (object, "steps"), 1);
  g_assert_cmpstr (json_object_get_string_member (step, "title"), ==, "Do b");
  g_assert_cmpstr (json_object_get_string_member (step, "command"), ==, "do b");
  g_assert_cmpstr (json_object_get_string_member (step, "state"), ==, "undone");
}

static void
fix_cb (GhCheck             *check,
        gpointer             data,
        GCancellable        *cancellable,
        GAsyncReadyCallback  callback,
        gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (check, cancellable, callback, user_data);

  (*(guint *) data)++;
  g_task_return_boolean (task, TRUE);
}

static void
test_check_fix (void)
{
  g_autoptr (GhCheck) check = gh_check_new (GH_CHECK_REFUSAL, "id", "Title", "Detail");
  g_auto (GhTestCall) call = { 0 };
  guint n_fixed = 0;

  g_assert_null (gh_check_get_fix_label (check));
  gh_check_set_fix (check, "Repair", "repair --all", fix_cb, &n_fixed, NULL);
  g_assert_cmpstr (gh_check_get_fix_label (check), ==, "Repair");
  g_assert_cmpstr (gh_check_get_fix_command (check), ==, "repair --all");
  gh_check_fix_async (check, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_check_fix_finish (check, gh_test_call_wait (&call), NULL));
  g_assert_cmpuint (n_fixed, ==, 1);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *state = NULL;

  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  state = gh_test_dup_tmp_dir ();
  g_setenv ("XDG_STATE_HOME", state, TRUE);

  g_test_add_func ("/plan/done", test_done);
  g_test_add_func ("/plan/no-steps", test_no_steps);
  g_test_add_func ("/plan/each-step-fails", test_each_step_fails);
  g_test_add_func ("/plan/cancel-in-each-step", test_cancel_in_each_step);
  g_test_add_func ("/plan/cancellable", test_cancellable);
  g_test_add_func ("/plan/undo-fails", test_undo_fails);
  g_test_add_func ("/plan/undo-impossible", test_undo_impossible);
  g_test_add_func ("/plan/in-doubt", test_in_doubt);
  g_test_add_func ("/plan/in-doubt-goes-on", test_in_doubt_goes_on);
  g_test_add_func ("/plan/final-fails-first", test_final_fails_first);
  g_test_add_func ("/plan/final-not-undone", test_final_not_undone);
  g_test_add_func ("/plan/final-at-its-end", test_final_at_its_end);
  g_test_add_func ("/plan/final-goes-on", test_final_goes_on);
  g_test_add_func ("/plan/final-not-cancelled", test_final_not_cancelled);
  g_test_add_func ("/plan/refusal", test_refusal);
  g_test_add_func ("/plan/new-warning", test_new_warning);
  g_test_add_func ("/plan/new-final-step", test_new_final_step);
  g_test_add_func ("/plan/coalesced", test_coalesced);
  g_test_add_func ("/plan/superseded", test_superseded);
  g_test_add_func ("/plan/cannot-prepare", test_cannot_prepare);
  g_test_add_func ("/plan/again", test_again);
  g_test_add_func ("/plan/journal", test_journal);
  g_test_add_func ("/plan/journal-fails", test_journal_fails);
  g_test_add_func ("/plan/points-fail", test_points_fail);
  g_test_add_func ("/plan/fraction", test_fraction);
  g_test_add_func ("/plan/json", test_json);
  g_test_add_func ("/plan/check-fix", test_check_fix);
  return g_test_run ();
}
