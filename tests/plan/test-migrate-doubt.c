/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* After a move that ended somehow: what is done, and above all what is not, by what the hosts say.
 * The test driver cannot move anything, and knows nothing of machines that are held by a move or in
 * parts; so what it says of their states is replaced here, by functions of libvirt's names. */

#include "config.h"

#include <dlfcn.h>
#include <glib/gstdio.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "gh-faults.h"
#include "gh-image-guard.h"
#include "gh-migrate-queue.h"
#include "gh-migrate-step.h"
#include "gh-paths.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "gh-start-guard.h"
#include "gh-undo-plan.h"
#include "plan-test.h"

#define MACHINE_UUID "11111111-0000-4000-8000-000000000002"

/* Saying */

typedef enum
{
  TRULY,
  HELD,
  BY_USER,
  IN_PARTS,
  PARTS_RUN,
  FAILED,
  COMES,  /* runs, while it is still being received */
  BROKEN, /* the same, and an error of a disk has paused it */
  WHOLE,  /* paused by its user, and received */
  NOT,
} Saying;

static GMutex lock;
static GHashTable *sayings = NULL; /* URI → Saying (mutex lock) */

static void
say (GhHost *host,
     Saying  saying)
{
  g_mutex_lock (&lock);
  if (sayings == NULL)
    sayings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_insert (sayings, g_strdup (gh_host_get_uri (host)), GINT_TO_POINTER ((int) saying));
  g_mutex_unlock (&lock);
}

static Saying
get_saying (virDomainPtr domain)
{
  char *uri = virConnectGetURI (virDomainGetConnect (domain));
  Saying saying = TRULY;

  g_mutex_lock (&lock);
  if (sayings != NULL && uri != NULL)
    saying = (Saying) GPOINTER_TO_INT (g_hash_table_lookup (sayings, uri));
  g_mutex_unlock (&lock);
  free (uri);
  return saying;
}

int
virDomainGetState (virDomainPtr  domain,
                   int          *state,
                   int          *reason,
                   unsigned int  flags)
{
  static const struct
  {
    int state;
    int reason;
  } answers[] = {
    [HELD] = { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION },
    [BY_USER] = { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER },
    [IN_PARTS] = { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY_FAILED },
    [PARTS_RUN] = { VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY_FAILED },
    [FAILED] = { VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FAILED },
    [COMES] = { VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED },
    [BROKEN] = { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR },
    [WHOLE] = { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER },
  };
  Saying saying = get_saying (domain);
  int (*real) (virDomainPtr, int *, int *, unsigned int) = NULL;

  *(void **) &real = dlsym (RTLD_NEXT, "virDomainGetState");
  g_assert_true (real != NULL);
  if (saying == TRULY)
    return real (domain, state, reason, flags);
  /* An error of libvirt's own. */
  if (saying == NOT)
    return real (domain, NULL, NULL, flags);
  *state = answers[saying].state;
  if (reason != NULL)
    *reason = answers[saying].reason;
  return 0;
}

static _Thread_local gboolean unsupported;

int
virGetLastErrorCode (void)
{
  int (*real) (void) = NULL;

  *(void **) &real = dlsym (RTLD_NEXT, "virGetLastErrorCode");
  g_assert_true (real != NULL);
  if (!unsupported)
    return real ();
  unsupported = FALSE;
  return VIR_ERR_OPERATION_UNSUPPORTED;
}

/* As QEMU's driver answers while a move in is not over, and when there is none. */
int
virDomainGetJobStats (virDomainPtr           domain,
                      int                   *type,
                      virTypedParameterPtr  *params,
                      int                   *n_params,
                      unsigned int           flags)
{
  Saying saying = get_saying (domain);

  unsupported = saying == COMES || saying == BROKEN;
  *type = VIR_DOMAIN_JOB_NONE;
  *params = NULL;
  *n_params = 0;
  return saying == WHOLE ? 0 : -1;
}

/* That would tell all at once, and past the above: then each is asked for by itself. */
int
virConnectGetAllDomainStats (virConnectPtr              connection,
                             unsigned int               stats,
                             virDomainStatsRecordPtr  **records,
                             unsigned int               flags)
{
  return -1;
}

/* Hosts */

typedef enum
{
  NOTHING,
  OFF,
  RUNS,
  PAUSED,
} State;

static char *
dup_node (const char *machines)
{
  return g_strdup_printf ("<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active>"
                          "<nodes>1</nodes><sockets>1</sockets><cores>2</cores>"
                          "<threads>1</threads></cpu><memory>8192000</memory>%s</node>", machines);
}

static GhHost *
new_host (State  state,
          Saying saying)
{
  static const int run_states[] = { 0, 5, 1, 3 };
  g_autofree char *domain = NULL;
  g_autofree char *xml = NULL;
  GhHost *host = NULL;

  if (state != NOTHING)
    domain = g_strdup_printf ("<domain type='test' "
                              "xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
                              "<name>web</name><uuid>" MACHINE_UUID "</uuid><memory>65536</memory>"
                              "<os><type>hvm</type></os><test:runstate>%d</test:runstate></domain>",
                              run_states[state]);
  xml = dup_node (domain != NULL ? domain : "");
  host = plan_test_new_host (xml);
  say (host, saying);
  return host;
}

/* What the machine truly is. */
static State
get_state (GhHost *host)
{
  g_auto (GhTestCall) call = { 0 };
  g_autofree GhPresence *presence = NULL;
  GError *error = NULL;

  say (host, TRULY);
  gh_host_load_presence_async (host, MACHINE_UUID, NULL, gh_test_call_cb, &call);
  presence = gh_host_load_presence_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  if (!presence->exists)
    return NOTHING;
  return presence->running ? RUNS : presence->active ? PAUSED : OFF;
}

/* Moving it ends with an error at once. */
static GhStep *
new_step (GhHost   *peer,
          gboolean  persist,
          gboolean  returns)
{
  g_autoptr (GhMigrationOptions) options = gh_migration_options_new ();
  GhStep *step = NULL;

  options->persist = persist;
  options->undefine = TRUE;
  step = gh_migrate_step_new (peer, MACHINE_UUID, "web", options);
  gh_step_set_boolean (step, "returns", returns);
  gh_step_set_boolean (step, "begun", TRUE);
  return step;
}

/* What is held */

typedef enum
{
  GOES_ON,   /* the guest goes on here, as it has not moved */
  REMAINDER, /* nothing is touched */
} Verdict;

static const struct
{
  Saying   here;
  State    there;
  Saying   saying_there;
  gboolean persist;
  gboolean returns;
  Verdict  verdict;
} held_rows[] = {
  { HELD, NOTHING, TRULY, TRUE, FALSE, GOES_ON },
  { HELD, NOTHING, TRULY, FALSE, FALSE, GOES_ON },
  { HELD, OFF, TRULY, TRUE, FALSE, REMAINDER },
  { HELD, OFF, FAILED, TRUE, FALSE, REMAINDER },
  /* Before it was moved; it may have gone on there. */
  { BY_USER, OFF, TRULY, TRUE, FALSE, REMAINDER },
  /* Its definition is there anyhow, or would not be. */
  { HELD, OFF, TRULY, TRUE, TRUE, GOES_ON },
  { HELD, OFF, TRULY, FALSE, FALSE, GOES_ON },
};

/* It is paused by the move. When it has moved, and was switched off there since, it never goes on
 * here: neither when the move fails nor when it is taken back; and nothing is started there. */
static void
test_held (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (held_rows); i++)
    for (guint undoing = 0; undoing < 2; undoing++)
      {
        gboolean remainder = held_rows[i].verdict == REMAINDER;
        g_autoptr (GhHost) host = new_host (PAUSED, held_rows[i].here);
        g_autoptr (GhHost) peer = new_host (held_rows[i].there, held_rows[i].saying_there);
        g_autoptr (GhStep) step = new_step (peer, held_rows[i].persist, held_rows[i].returns);
        g_autoptr (GError) error = NULL;
        gboolean done = undoing ? plan_test_undo (step, host, &error)
                                : plan_test_do (step, host, &error);

        g_test_message ("row %u, undoing %u: %s", i, undoing,
                        error != NULL ? error->message : "done");
        g_assert_cmpint (done, ==, undoing && !remainder);
        if (remainder)
          g_assert_nonnull (strstr (error->message, held_rows[i].saying_there == FAILED
                                    ? "It failed at" : "is a remainder"));
        if (remainder && undoing)
          {
            g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
            g_assert_true (gh_step_may_have_committed (step, error));
          }
        else if (remainder)
          g_assert_error (error, GH_STEP_ERROR, GH_STEP_ERROR_IN_DOUBT);
        g_assert_cmpint (get_state (host), ==, remainder ? PAUSED : RUNS);
        g_assert_cmpint (get_state (peer), ==, held_rows[i].there);
      }
}

/* Where else it is not to be touched, whatever is asked: it is at the other host, whole or in part,
 * or the user has paused it here. */
static void
test_not_resumed (void)
{
  static const struct
  {
    State       here;
    Saying      saying_here;
    State       there;
    Saying      saying_there;
    const char *why; /* (nullable): NULL when it is taken back */
  } rows[] = {
    { PAUSED, HELD, RUNS, TRULY, "It has moved, and runs at" },
    { PAUSED, IN_PARTS, RUNS, PARTS_RUN, "It cannot be taken back" },
    { PAUSED, IN_PARTS, PAUSED, IN_PARTS, "It cannot be taken back" },
    { PAUSED, IN_PARTS, RUNS, TRULY, "It cannot be taken back" },
    { PAUSED, IN_PARTS, RUNS, COMES, "It cannot be taken back" },
    { PAUSED, IN_PARTS, PAUSED, BROKEN, "It cannot be taken back" },
    { PAUSED, IN_PARTS, PAUSED, WHOLE, "It has moved, and runs at" },
    { PAUSED, BY_USER, NOTHING, TRULY, NULL },
    { OFF, TRULY, RUNS, TRULY, "It has moved, and runs at" },
    { NOTHING, TRULY, RUNS, TRULY, "It has moved, and runs at" },
    { OFF, TRULY, OFF, TRULY, NULL },
    { OFF, TRULY, NOTHING, TRULY, NULL },
    { RUNS, TRULY, RUNS, TRULY, "It runs on both hosts at once!" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GhHost) host = new_host (rows[i].here, rows[i].saying_here);
      g_autoptr (GhHost) peer = new_host (rows[i].there, rows[i].saying_there);
      g_autoptr (GhStep) step = new_step (peer, TRUE, FALSE);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (plan_test_undo (step, host, &error), ==, rows[i].why == NULL);
      g_test_message ("row %u: %s", i, error != NULL ? error->message : "done");
      if (rows[i].why != NULL)
        {
          g_assert_nonnull (strstr (error->message, rows[i].why));
          g_assert_true (gh_step_may_have_committed (step, error));
        }
      g_assert_cmpint (get_state (host), ==, rows[i].here);
      g_assert_cmpint (get_state (peer), ==, rows[i].there);
    }
}

/* The list of machines is read by the same call, and complains. */
static gboolean
is_fatal_cb (const char     *domain,
             GLogLevelFlags  level,
             const char     *message,
             gpointer        user_data)
{
  return strstr (message, "must not be NULL") == NULL;
}

/* A host that does not say what state it is in has said nothing: it has not arrived by that, and
 * what was made for the move may be needed. */
static void
test_unreadable (void)
{
  static const struct
  {
    State    here;
    Saying   saying_here;
    State    there;
    Saying   saying_there;
    gboolean readable;
  } rows[] = {
    { OFF, TRULY, RUNS, TRULY, TRUE },
    { OFF, TRULY, RUNS, NOT, FALSE },
    { OFF, NOT, RUNS, TRULY, FALSE },
    { PAUSED, NOT, RUNS, TRULY, FALSE },
    { PAUSED, HELD, OFF, NOT, FALSE },
    { PAUSED, NOT, PAUSED, NOT, FALSE },
  };

  g_test_log_set_fatal_handler (is_fatal_cb, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint undoing = 0; undoing < 2; undoing++)
      {
        g_autoptr (GhHost) host = new_host (rows[i].here, rows[i].saying_here);
        g_autoptr (GhHost) peer = new_host (rows[i].there, rows[i].saying_there);
        g_autoptr (GhStep) step = new_step (peer, TRUE, FALSE);
        g_autoptr (GError) error = NULL;
        gboolean done = undoing ? plan_test_undo (step, host, &error)
                                : plan_test_do (step, host, &error);

        g_test_message ("row %u, undoing %u: %s", i, undoing,
                        error != NULL ? error->message : "done");
        g_assert_cmpint (done, ==, rows[i].readable && !undoing);
        g_assert_cmpint (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED), ==,
                         rows[i].readable && undoing);
        if (undoing)
          g_assert_true (gh_step_may_have_committed (step, error));
        g_assert_cmpint (get_state (host), ==, rows[i].here);
        g_assert_cmpint (get_state (peer), ==, rows[i].there);
      }
}

/* Nor is one switched off that may be half of one. */
static void
test_not_switched_off (void)
{
  static const Saying sayings_here[] = { IN_PARTS, PARTS_RUN, BROKEN, NOT, HELD };

  g_test_log_set_fatal_handler (is_fatal_cb, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sayings_here); i++)
    {
      gboolean may_end = sayings_here[i] == HELD;
      g_autoptr (GhHost) host = new_host (PAUSED, sayings_here[i]);
      g_auto (GhTestCall) call = { 0 };
      g_autoptr (GError) error = NULL;

      gh_machine_run_action_async (plan_test_get_machine (host, "web"), GH_MACHINE_FORCE_OFF, NULL,
                                   gh_test_call_cb, &call);
      g_assert_cmpint (gh_machine_run_action_finish (gh_host_find_machine (host, MACHINE_UUID),
                                                     gh_test_call_wait (&call), &error), ==,
                       may_end);
      if (sayings_here[i] != NOT && !may_end)
        g_assert_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED);
      g_assert_cmpint (get_state (host), ==, may_end ? OFF : PAUSED);
    }
}

/* The guard */

static void
write_journal (GhHost *host,
               GhHost *peer)
{
  g_autofree char *path = g_build_filename (gh_paths_get_journal_dir (),
                                            "5d0ab34c-73b5-4e5c-9d3c-1b0a40d5b6f1.json", NULL);
  g_autofree char *text = g_strdup_printf (
    "{ \"format\": 1, \"id\": \"5d0ab34c-73b5-4e5c-9d3c-1b0a40d5b6f1\", \"kind\": \"migrate\", "
    "\"title\": \"Move “web”\", \"host\": \"%s\", \"time\": 1, \"steps\": [ { "
    "\"kind\": \"migrate\", \"title\": \"Move it\", \"state\": \"running\", \"final\": false, "
    "\"params\": { \"uuid\": \"" MACHINE_UUID "\", \"name\": \"web\", \"peer\": \"%s\", "
    "\"begun\": true, \"persist\": true } } ] }",
    gh_host_get_uri (host), gh_host_get_uri (peer));

  g_mkdir_with_parents (gh_paths_get_journal_dir (), 0700);
  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void
remove_journals (void)
{
  g_autoptr (GDir) dir = g_dir_open (gh_paths_get_journal_dir (), 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (gh_paths_get_journal_dir (), name, NULL);

      g_assert_no_errno (g_unlink (path));
    }
}

typedef struct
{
  GhHost   *host;
  gboolean  in_parts;
} Listed;

static gboolean
is_listed_so (gpointer data)
{
  Listed *listed = data;
  GhMachine *machine = gh_host_find_machine (listed->host, MACHINE_UUID);

  return machine != NULL && gh_machine_is_in_parts (machine) == listed->in_parts;
}

/* It was read before that was said. */
static void
wait_for_list (GhHost *host,
               Saying  saying)
{
  Listed listed = { host, saying == IN_PARTS || saying == PARTS_RUN };

  if (gh_host_find_machine (host, MACHINE_UUID) == NULL)
    return;
  gh_host_refresh (host);
  gh_test_wait_until (is_listed_so, &listed);
}

/* As the window does it: by the machine's action, with the guard. With our journal of the move, and
 * for halves without one, as of a move that others have begun. */
static void
test_not_launched (void)
{
  static const struct
  {
    State           here;
    Saying          saying_here;
    State           there;
    Saying          saying_there;
    GhMachineAction action;
    int             code;      /* < 0: it is allowed */
    int             unwritten; /* the same without a journal */
  } rows[] = {
    { PAUSED, HELD, OFF, TRULY, GH_MACHINE_RESUME, GH_GUARD_ERROR_IN_DOUBT, -1 },
    { PAUSED, HELD, RUNS, TRULY, GH_MACHINE_RESUME, GH_GUARD_ERROR_ELSEWHERE,
      GH_GUARD_ERROR_ELSEWHERE },
    { PAUSED, HELD, PAUSED, NOT, GH_MACHINE_RESUME, GH_GUARD_ERROR_IN_DOUBT, -1 },
    { OFF, TRULY, OFF, NOT, GH_MACHINE_START, GH_GUARD_ERROR_IN_DOUBT, -1 },
    { PAUSED, IN_PARTS, PAUSED, IN_PARTS, GH_MACHINE_RESUME, GH_GUARD_ERROR_ELSEWHERE,
      GH_GUARD_ERROR_ELSEWHERE },
    { PAUSED, IN_PARTS, NOTHING, TRULY, GH_MACHINE_RESUME, GH_GUARD_ERROR_ELSEWHERE,
      GH_GUARD_ERROR_ELSEWHERE },
    /* It has come, and the source was not told. */
    { PAUSED, BY_USER, PAUSED, IN_PARTS, GH_MACHINE_RESUME, GH_GUARD_ERROR_ELSEWHERE, -1 },
    { OFF, TRULY, PAUSED, IN_PARTS, GH_MACHINE_START, GH_GUARD_ERROR_ELSEWHERE,
      GH_GUARD_ERROR_ELSEWHERE },
    { PAUSED, BY_USER, NOTHING, TRULY, GH_MACHINE_RESUME, -1, -1 },
  };

  g_test_log_set_fatal_handler (is_fatal_cb, NULL);
  gh_image_guard_install ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint written = 0; written < 2; written++)
      {
        int code = written ? rows[i].code : rows[i].unwritten;
        g_autoptr (GhHosts) hosts = gh_hosts_new ();
        GhHost *host = new_host (rows[i].here, rows[i].saying_here);
        GhHost *other = new_host (rows[i].there, rows[i].saying_there);
        GhMachine *machine = plan_test_get_machine (host, "web");
        g_auto (GhTestCall) call = { 0 };
        g_autoptr (GError) error = NULL;

        gh_hosts_take (hosts, host);
        gh_hosts_take (hosts, other);
        if (written)
          write_journal (host, other);
        wait_for_list (host, rows[i].saying_here);
        wait_for_list (other, rows[i].saying_there);
        gh_start_guard_set_hosts (hosts);
        gh_machine_run_action_async (machine, rows[i].action, NULL, gh_test_call_cb, &call);
        g_assert_cmpint (gh_machine_run_action_finish (machine, gh_test_call_wait (&call), &error),
                         ==, code < 0);
        g_test_message ("row %u, written %u: %s", i, written,
                        error != NULL ? error->message : "done");
        if (code >= 0)
          g_assert_error (error, GH_GUARD_ERROR, code);
        g_assert_cmpint (get_state (host), ==, code < 0 ? RUNS : rows[i].here);
        gh_start_guard_set_hosts (NULL);
        remove_journals ();
      }
  gh_start_guard_set (NULL);
}

/* Holding */

static void
set_autostart (GhHost *host)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_host_set_autostart_async (host, MACHINE_UUID, TRUE, NULL, gh_test_call_cb, &call);
  gh_host_set_autostart_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* What was done before the move: a pool, and that the host does not start the machine any more. */
static void
assert_done_before (GhHost   *host,
                    gboolean  done)
{
  g_auto (GhTestCall) call = { 0 };
  g_auto (GStrv) lines = plan_test_list_inventory (host);
  gboolean autostart = FALSE;
  GError *error = NULL;

  gh_host_load_autostart_async (host, MACHINE_UUID, NULL, gh_test_call_cb, &call);
  gh_host_load_autostart_finish (host, gh_test_call_wait (&call), &autostart, &error);
  g_assert_no_error (error);
  g_assert_cmpint (autostart, ==, !done);
  g_assert_cmpint (g_strv_contains ((const char * const *) lines, "pool images"), ==, done);
}

static GhPlan *
new_plan (GhHost *host,
          GhHost *peer)
{
  return plan_test_plan_new (
    host, gh_pool_create_step_new ("11111111-0000-4000-8000-000000000001", "images", "/images"),
    gh_autostart_off_step_new (peer, MACHINE_UUID, "web"), new_step (peer, TRUE, FALSE), NULL);
}

static GhOutcome
run_interrupted (GhHosts *hosts,
                 GhHost  *host)
{
  g_autoptr (GPtrArray) plans = plan_test_load_interrupted ();
  g_autoptr (GError) error = NULL;
  GhPlan *plan = NULL;

  g_assert_cmpuint (plans->len, ==, 1);
  plan = g_ptr_array_index (plans, 0);
  g_object_set (plan, "host", host, "hosts", hosts, NULL);
  if (!plan_test_run (plan, &error))
    g_test_message ("%s", error->message);
  return gh_plan_get_outcome (plan);
}

static void
switch_off (GhHost *host)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_host_force_off_async (host, MACHINE_UUID, NULL, gh_test_call_cb, &call);
  gh_host_force_off_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static gboolean
is_off (gpointer host)
{
  return !gh_machine_is_active (gh_host_find_machine (host, MACHINE_UUID));
}

/* The move fails, and no host says where the machine is: what the move rests on stays, as does the
 * journal. Undoing it while one of them does not say so changes nothing; when both do, it is taken
 * back, or, when it has moved after all, stays as it is. */
static void
test_holds (void)
{
  g_test_log_set_fatal_handler (is_fatal_cb, NULL);
  for (guint moved = 0; moved < 2; moved++)
    {
      g_autoptr (GhHosts) hosts = gh_hosts_new ();
      GhHost *host = new_host (RUNS, TRULY);
      GhHost *peer = new_host (moved ? RUNS : NOTHING, TRULY);
      g_autoptr (GhPlan) plan = new_plan (host, peer);
      g_autoptr (GError) error = NULL;

      gh_hosts_take (hosts, host);
      gh_hosts_take (hosts, peer);
      set_autostart (host);
      assert_done_before (host, FALSE);
      /* Once when it has failed, and once when it is to be taken back. */
      gh_faults_set ("domain-presence:fail=38,times=2");
      g_assert_false (plan_test_run (plan, &error));
      gh_faults_set (NULL);
      g_assert_cmpint (gh_plan_get_outcome (plan), ==, GH_OUTCOME_UNDONE_IN_PART);
      g_assert_cmpuint (g_strv_length (gh_plan_get_left (plan)), ==, 3);
      assert_done_before (host, TRUE);

      if (moved)
        {
          switch_off (host);
          gh_test_wait_until (is_off, host);
        }
      gh_faults_set ("domain-presence:fail=38,times=1");
      g_assert_cmpint (run_interrupted (hosts, host), ==, moved ? GH_OUTCOME_DONE
                                                                 : GH_OUTCOME_UNDONE_IN_PART);
      gh_faults_set (NULL);
      assert_done_before (host, TRUE);
      if (!moved)
        {
          g_assert_cmpint (run_interrupted (hosts, host), ==, GH_OUTCOME_DONE);
          assert_done_before (host, FALSE);
          g_assert_cmpint (get_state (host), ==, RUNS);
        }
      g_assert_cmpuint (plan_test_count_journals (), ==, 0);
    }
}

/* When both say that it has not moved, there is nothing to be held. */
static void
test_takes_back (void)
{
  g_autoptr (GhHost) host = new_host (RUNS, TRULY);
  g_autoptr (GhHost) peer = new_host (NOTHING, TRULY);
  g_autoptr (GhPlan) plan = new_plan (host, peer);

  set_autostart (host);
  g_assert_false (plan_test_run (plan, NULL));
  g_assert_cmpint (gh_plan_get_outcome (plan), ==, GH_OUTCOME_UNDONE);
  assert_done_before (host, FALSE);
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
}

/* One after another */

#define MACHINE(n) "<domain type='test'><name>web-" n "</name><memory>65536</memory>" \
                   "<os><type arch='x86_64'>hvm</type></os></domain>"

/* The first machine breaks in the middle of it, for whoever looks; the second does not. */
static void
state_changed_cb (GhPlan     *plan,
                  GParamSpec *pspec,
                  GPtrArray  *plans)
{
  if (gh_plan_get_state (plan) == GH_PLAN_RUNNING)
    say (gh_plan_get_host (plan), plan == g_ptr_array_index (plans, 0) ? IN_PARTS : TRULY);
}

/* What a machine's move leaves in doubt is in its own journal, and the next one is begun. */
static void
test_queue (void)
{
  g_autofree char *here_xml = dup_node (MACHINE ("1") MACHINE ("2"));
  g_autofree char *there_xml = dup_node ("");
  g_autoptr (GhHost) host = plan_test_new_host (here_xml);
  g_autoptr (GhHost) peer = plan_test_new_host (there_xml);
  g_autoptr (GPtrArray) machines = g_ptr_array_new ();
  g_autoptr (GhMigrateQueue) queue = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *plans = NULL;
  GStrv left = NULL;

  g_ptr_array_add (machines, plan_test_get_machine (host, "web-1"));
  g_ptr_array_add (machines, plan_test_get_machine (host, "web-2"));
  queue = gh_migrate_queue_new (machines, peer);
  plans = gh_migrate_queue_get_plans (queue);
  for (guint i = 0; i < plans->len; i++)
    g_signal_connect (g_ptr_array_index (plans, i), "notify::state",
                      G_CALLBACK (state_changed_cb), plans);
  g_assert_false (plan_test_run (GH_PLAN (queue), &error));
  g_assert_error (error, GH_STEP_ERROR, GH_STEP_ERROR_IN_DOUBT);
  left = gh_plan_get_left (GH_PLAN (queue));
  g_assert_cmpuint (g_strv_length (left), ==, 2);
  g_assert_true (g_str_has_prefix (left[0], "“web-1” is in doubt: It is paused, and its memory"));
  g_assert_true (g_str_has_prefix (left[1], "“web-2” is not moved: "));
  g_assert_true (gh_migrate_queue_has_doubt (queue));
  g_assert_cmpint (gh_plan_get_outcome (g_ptr_array_index (plans, 1)), ==, GH_OUTCOME_UNDONE);
  g_assert_cmpuint (plan_test_count_journals (), ==, 1);
  remove_journals ();
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/migrate-doubt/held", test_held);
  g_test_add_func ("/migrate-doubt/not-resumed", test_not_resumed);
  g_test_add_func ("/migrate-doubt/unreadable", test_unreadable);
  g_test_add_func ("/migrate-doubt/not-switched-off", test_not_switched_off);
  g_test_add_func ("/migrate-doubt/not-launched", test_not_launched);
  g_test_add_func ("/migrate-doubt/holds", test_holds);
  g_test_add_func ("/migrate-doubt/takes-back", test_takes_back);
  g_test_add_func ("/migrate-doubt/queue", test_queue);
  return g_test_run ();
}
