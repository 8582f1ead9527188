/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Machines that move over a line between two computers that is slow, cut, or both. After each test:
 * where the machine is, what is on both sides, that the guest went on, and what is on its disk. */

#include "gh-lab-pair.h"

#include <glib/gstdio.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gh-lab-line.h"
#include "gh-lab-plan.h"
#include "gh-migrate-plan.h"
#include "gh-test.h"
#include "gh-threads.h"

#define KIB_PER_S_SLOW 2048

static GhLabPair pair;
static gboolean writing; /* the guest that is there writes all the time */

#define begin_move(...) \
  gh_lab_spawn (pair.a, "-c", pair.a_uri, "migrate", "web", pair.b_uri, "--address", \
                "tcp://10.77.0.2", "--yes", "--json", __VA_ARGS__)

/* Both hosts as new, and a line that is whole and fast. */
static gboolean
open_line (void)
{
  if (pair.net == NULL)
    {
      g_test_skip ("an ordinary user gets no network namespaces here: no line is cut or slowed");
      return FALSE;
    }
  writing = FALSE;
  gh_lab_net_set_up (pair.net, TRUE);
  gh_lab_net_set_rate (pair.net, 0);
  return gh_lab_pair_open (&pair);
}

/* With a guest that counts, at A. One that a test before has left there will do: the hosts are as
 * they were then. */
static gboolean
open_guest (void)
{
  if (pair.a != NULL && !writing &&
      gh_lab_get_machine_state (pair.a, "web") == VIR_DOMAIN_RUNNING &&
      gh_lab_get_machine_state (pair.b, "web") == -1)
    {
      gh_lab_net_set_up (pair.net, TRUE);
      gh_lab_net_set_rate (pair.net, 0);
      return TRUE;
    }
  if (!open_line ())
    return FALSE;
  gh_lab_pair_start_guest (&pair, NULL);
  gh_lab_pair_start_counter (&pair);
  return TRUE;
}

static void
assert_same_disks (void)
{
  g_autofree char *old = g_build_filename (gh_lab_get_folder (pair.a), "img", "web.qcow2", NULL);
  g_autofree char *new = g_build_filename (gh_lab_get_folder (pair.b), "img", "web.qcow2", NULL);
  g_autofree char *compared = NULL;

  gh_lab_pair_set_off (pair.b);
  compared = gh_lab_pair_run_tool ("qemu-img", "compare", old, new, NULL);
  g_assert_nonnull (strstr (compared, "identical"));
}

/* Certificates of both, by a CA of this world: where QEMU is told to look for them. */

static void
make_key (const char *folder,
          const char *name,
          const char *template)
{
  g_autofree char *key = g_strdup_printf ("%s/%s-key.pem", folder, name);
  g_autofree char *cert = g_strdup_printf ("%s/%s-cert.pem", folder, name);
  g_autofree char *ca_key = g_build_filename (folder, "ca-key.pem", NULL);
  g_autofree char *ca_cert = g_build_filename (folder, "ca-cert.pem", NULL);
  g_autofree char *lines = g_build_filename (folder, "template", NULL);

  g_assert_true (g_file_set_contents (lines, template, -1, NULL));
  g_free (gh_lab_pair_run_tool ("certtool", "--generate-privkey", "--key-type", "ecdsa",
                                "--outfile", key, NULL));
  if (strcmp (name, "ca") == 0)
    g_free (gh_lab_pair_run_tool ("certtool", "--generate-self-signed", "--template", lines,
                                  "--load-privkey", key, "--outfile", cert, NULL));
  else
    g_free (gh_lab_pair_run_tool ("certtool", "--generate-certificate", "--template", lines,
                                  "--load-privkey", key, "--load-ca-certificate", ca_cert,
                                  "--load-ca-privkey", ca_key, "--outfile", cert, NULL));
}

static char *
make_certificates (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("GUESTHOUSE_WORLD"), "pki", NULL);

  g_assert_no_errno (g_mkdir (folder, 0700));
  make_key (folder, "ca", "cn = lab\nca\ncert_signing_key\nexpiration_days = 2\n");
  make_key (folder, "server", "cn = both\nip_address = 10.77.0.1\nip_address = 10.77.0.2\n"
            "tls_www_server\nsigning_key\nencryption_key\nexpiration_days = 2\n");
  make_key (folder, "client", "cn = both\ntls_www_client\nsigning_key\nencryption_key\n"
            "expiration_days = 2\n");
  return g_strdup_printf ("default_tls_x509_cert_dir = \"%s\"\n", folder);
}

/* Each way of sending, there and back again. */
static void
test_ways (void)
{
  static const char * const ways[][3] = {
    { "--tls", "--copy-storage", NULL }, { "--connections", "3", "--parallel" },
    { "--compression", "xbzrle", NULL }, { "--compression", "threads", NULL },
  };
  guint64 count = 0;

  if (!open_guest ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      gboolean there = i % 2 == 0;
      GhLab *from = there ? pair.a : pair.b;
      GhLab *to = there ? pair.b : pair.a;
      g_autoptr (GhLabRun) run = NULL;
      guint64 now = 0;

      g_test_message ("%s", ways[i][0]);
      run = gh_lab_run (from, "-c", there ? pair.a_uri : pair.b_uri, "migrate", "web",
                        there ? pair.b_uri : pair.a_uri, "--yes", "--json", "--address",
                        there ? "tcp://10.77.0.2" : "tcp://10.77.0.1", ways[i][0], ways[i][1],
                        ways[i][2], NULL);
      gh_lab_assert_status (run, 0);
      gh_lab_pair_assert_only_at (to, from);
      now = gh_lab_pair_read_counter (to);
      g_assert_cmpuint (now, >, count);
      count = now;
    }
}

/* It stays cut, and the user gives up. */
static void
test_cut (gconstpointer data)
{
  gboolean disks = GPOINTER_TO_INT (data);
  g_auto (GhLabInventory) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;
  guint64 count = 0;

  if (!open_guest ())
    return;
  gh_lab_pair_take_inventory (&pair, &before);
  count = gh_lab_pair_read_counter (pair.a);
  gh_lab_net_set_rate (pair.net, KIB_PER_S_SLOW);
  child = disks ? begin_move ("--copy-storage", NULL) : begin_move (NULL);
  gh_lab_pair_wait_for_phase (&pair, child, disks);
  gh_lab_net_set_up (pair.net, FALSE);
  /* The guest does not wait for the line. */
  count = gh_lab_pair_read_counter (pair.a);
  gh_lab_child_signal (child, SIGINT);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  gh_lab_pair_assert_only_at (pair.a, pair.b);
  g_assert_cmpuint (gh_lab_pair_read_counter (pair.a), >, count);
  gh_lab_pair_assert_inventory (&pair, &before);
}

/* It is cut, and whole again, once while disks are sent and once while memory is: the move goes on
 * where it was. */
static void
test_mended (void)
{
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;
  guint64 count = 0;
  guint64 before = 0;

  if (!open_guest ())
    return;
  before = gh_lab_net_get_arrived (pair.net);
  gh_lab_net_set_rate (pair.net, KIB_PER_S_SLOW);
  child = begin_move ("--copy-storage", NULL);
  for (guint i = 0; i < 2; i++)
    {
      gh_lab_pair_wait_for_phase (&pair, child, /* disks= */ i == 0);
      gh_lab_net_set_up (pair.net, FALSE);
      /* The guest does not wait for the line. */
      count = gh_lab_pair_read_counter (pair.a);
      gh_lab_net_set_up (pair.net, TRUE);
    }
  gh_lab_net_set_rate (pair.net, 0);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 0);
  gh_lab_pair_assert_only_at (pair.b, pair.a);
  g_assert_cmpuint (gh_lab_pair_read_counter (pair.b), >, count);
  /* What was sent has gone over the line: disks and memory. */
  g_assert_cmpuint (gh_lab_net_get_arrived (pair.net), >, before + 16 * 1024 * 1024);
  assert_same_disks ();
}

/* A guest that writes so much that no move comes to an end by itself. Whoever moves it leaves it
 * where it came to: the next one moves it back. */
typedef struct
{
  GhLab      *from;
  GhLab      *to;
  const char *from_uri;
  const char *to_uri;
  const char *address;
} Way;

static gboolean
open_writer (Way *way)
{
  gboolean here = FALSE;
  gboolean there = FALSE;

  if (writing)
    {
      here = gh_lab_get_machine_state (pair.a, "web") == VIR_DOMAIN_RUNNING;
      there = gh_lab_get_machine_state (pair.b, "web") == VIR_DOMAIN_RUNNING;
    }
  if (here == there)
    {
      if (!open_line ())
        return FALSE;
      gh_lab_pair_start_guest (&pair, NULL);
      gh_lab_pair_start_writing (&pair, 8);
      writing = TRUE;
      there = FALSE;
    }
  way->from = there ? pair.b : pair.a;
  way->to = there ? pair.a : pair.b;
  way->from_uri = there ? pair.b_uri : pair.a_uri;
  way->to_uri = there ? pair.a_uri : pair.b_uri;
  way->address = there ? "tcp://10.77.0.1" : "tcp://10.77.0.2";
  gh_lab_net_set_up (pair.net, TRUE);
  gh_lab_net_set_rate (pair.net, 8 * 1024);
  return TRUE;
}

/* Its move inside this program. */
typedef struct
{
  Way            way;
  GhHost        *source;
  GhHost        *destination;
  GhMigratePlan *plan;
  GhTestCall     call;
} Stuck;

/* @mib_per_s: 0: not limited. */
static gboolean
stuck_start_at (Stuck      *self,
                const char *option,
                guint       mib_per_s)
{
  if (!open_writer (&self->way))
    return FALSE;
  self->source = gh_lab_plan_connect (self->way.from_uri);
  self->destination = gh_lab_plan_connect (self->way.to_uri);
  self->plan = gh_migrate_plan_new (gh_host_find_machine (self->source, "web"),
                                    self->destination);
  g_object_set (self->plan, "address", self->way.address, "auto-converge", FALSE,
                "bandwidth", mib_per_s, NULL);
  if (option != NULL)
    g_object_set (self->plan, option, TRUE, NULL);
  gh_lab_plan_prepare (GH_PLAN (self->plan));
  gh_plan_run_async (GH_PLAN (self->plan), NULL, gh_test_call_cb, &self->call);
  return TRUE;
}

static gboolean
stuck_start (Stuck      *self,
             const char *option)
{
  return stuck_start_at (self, option, 0);
}

/* It has arrived, by what was done to it. */
static void
stuck_end (Stuck *self)
{
  GError *error = NULL;

  gh_plan_run_finish (GH_PLAN (self->plan), gh_test_call_wait (&self->call), &error);
  g_assert_no_error (error);
  gh_lab_pair_assert_only_at (self->way.to, self->way.from);
  gh_host_disconnect (self->source);
  gh_host_disconnect (self->destination);
}

static void
stuck_clear (Stuck *self)
{
  g_clear_object (&self->plan);
  g_clear_object (&self->source);
  g_clear_object (&self->destination);
  gh_test_call_clear (&self->call);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stuck, stuck_clear)

static gboolean
is_stuck (gpointer data)
{
  Stuck *self = data;
  gboolean stuck = FALSE;

  g_object_get (self->plan, "stuck", &stuck, NULL);
  return stuck;
}

static void
act (Stuck           *self,
     GhMigrateAction  action)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  g_assert_null (gh_migrate_plan_find_action_problem (self->plan, action));
  gh_migrate_plan_act_async (self->plan, action, gh_test_call_cb, &call);
  gh_migrate_plan_act_finish (self->plan, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
set_bandwidth (Stuck *self,
               guint  mib_per_s)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;
  guint now = G_MAXUINT;

  gh_migrate_plan_change_bandwidth_async (self->plan, mib_per_s, gh_test_call_cb, &call);
  gh_migrate_plan_change_bandwidth_finish (self->plan, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_object_get (self->plan, "bandwidth-now", &now, NULL);
  g_assert_cmpuint (now, ==, mib_per_s);
}

/* What has arrived at B in about a second. */
static gboolean
second_is_over (gpointer data)
{
  return g_get_monotonic_time () > *(gint64 *) data;
}

static double
measure_rate (void)
{
  gint64 start = g_get_monotonic_time ();
  gint64 end = start + G_USEC_PER_SEC;
  guint64 bytes = gh_lab_net_get_arrived (pair.net);

  g_assert_true (gh_lab_wait (60, second_is_over, &end));
  return (double) (gh_lab_net_get_arrived (pair.net) - bytes) * 1e6 /
         (double) (g_get_monotonic_time () - start);
}

/* As long as it takes: what is allowed is doubled each time. */
static void
test_longer_pause (void)
{
  g_auto (Stuck) stuck = { NULL };
  GhMigrationProgress *progress = NULL;
  double rate = 0;

  /* What arrives is measured at B. */
  writing = FALSE;
  if (!stuck_start (&stuck, NULL))
    return;
  g_assert_true (gh_lab_wait (120, is_stuck, &stuck));

  /* What is limited meanwhile is, at once. */
  set_bandwidth (&stuck, 1);
  (void) measure_rate ();
  rate = measure_rate ();
  g_test_message ("%.0f bytes per second at 1 MiB/s", rate);
  g_assert_cmpfloat (rate, <, 2.0 * 1024 * 1024);
  set_bandwidth (&stuck, 0);
  (void) measure_rate ();
  rate = measure_rate ();
  g_test_message ("%.0f bytes per second without a limit", rate);
  g_assert_cmpfloat (rate, >, 3.0 * 1024 * 1024);

  g_object_get (stuck.plan, "progress", &progress, NULL);
  g_assert_cmpuint (progress->max_downtime_ms, >, 0);
  gh_migration_progress_free (progress);
  /* 300 ms, 600 … 4.8 s: more than 8 MiB need. */
  for (guint i = 0; i < 4; i++)
    act (&stuck, GH_MIGRATE_ALLOW_PAUSE);
  stuck_end (&stuck);
}

static guint
get_throttle (Stuck *self)
{
  GhMigrationProgress *progress = NULL;
  guint throttle = 0;

  g_object_get (self->plan, "progress", &progress, NULL);
  throttle = progress != NULL ? progress->throttle : 0;
  g_clear_pointer (&progress, gh_migration_progress_free);
  return throttle;
}

static gboolean
is_slowed (gpointer data)
{
  return get_throttle (data) > 0;
}

/* As QEMU begins with by itself. */
static gboolean
is_really_slowed (gpointer data)
{
  return get_throttle (data) >= 10;
}

/* On demand: until then it is hardly slowed, at most by one per cent for two passes. */
static void
test_slow_later (void)
{
  g_auto (Stuck) stuck = { NULL };
  GhMigrationProgress *progress = NULL;

  if (!stuck_start (&stuck, NULL))
    return;
  g_assert_true (gh_lab_wait (120, is_stuck, &stuck));
  g_object_get (stuck.plan, "progress", &progress, NULL);
  g_test_message ("slowed by %u %% after %u passes", progress->throttle, progress->iteration);
  g_assert_cmpuint (progress->throttle, <=, progress->iteration / 2 + 1);
  g_assert_cmpuint (progress->throttle, <, 10);
  gh_migration_progress_free (progress);
  act (&stuck, GH_MIGRATE_SLOW_GUEST);
  g_assert_nonnull (gh_migrate_plan_find_action_problem (stuck.plan, GH_MIGRATE_SLOW_GUEST));
  g_assert_true (gh_lab_wait (120, is_really_slowed, &stuck));
  /* The guest of this computer is too fast to wait for. */
  act (&stuck, GH_MIGRATE_PAUSE_GUEST);
  stuck_end (&stuck);
}

/* By itself, where it was allowed. */
static void
test_slow_guest (void)
{
  g_auto (Stuck) stuck = { NULL };

  if (!stuck_start (&stuck, "auto-converge"))
    return;
  g_assert_true (gh_lab_wait (120, is_slowed, &stuck));
  g_assert_nonnull (gh_migrate_plan_find_action_problem (stuck.plan, GH_MIGRATE_SLOW_GUEST));
  act (&stuck, GH_MIGRATE_PAUSE_GUEST);
  stuck_end (&stuck);
}

/* The kernel gives userfaultfd, which QEMU needs for it, to root only unless it was told to. */
static gboolean
has_post_copy (void)
{
  g_autofree char *allowed = NULL;

  g_file_get_contents ("/proc/sys/vm/unprivileged_userfaultfd", &allowed, NULL, NULL);
  return allowed != NULL && *allowed == '1';
}

/* From 8 MiB per second, of which it has 8 to go: so it takes half a minute more, not a second. */
static void
slow_down (void)
{
  gh_lab_net_set_rate (pair.net, 256);
}

/* As the source's QEMU has it, in MiB per second; 0: not limited. */
static unsigned long
read_post_copy_speed (const Way *way)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (way->from), "web");
  unsigned long mib = G_MAXULONG;

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainMigrateGetMaxSpeed (domain, &mib,
                                                VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY), ==, 0);
  virDomainFree (domain);
  return mib;
}

/* By the command line of another terminal. */
static void
say_bandwidth (const Way  *way,
               const char *mib_per_s)
{
  g_autoptr (GhLabRun) run = gh_lab_run (pair.a, "-c", way->from_uri, "moving", "web",
                                         "--bandwidth", mib_per_s, NULL);

  gh_lab_assert_status (run, 0);
}

/* Where the kernel allows it, it goes on there; where not that is said before anything is done. A
 * limit holds for it too, whenever it is set. */
static void
test_post_copy (void)
{
  g_auto (Stuck) stuck = { NULL };
  g_auto (GhLabInventory) before = { NULL };

  if (!has_post_copy ())
    {
      g_autoptr (GhLabRun) run = NULL;

      if (!open_guest ())
        return;
      gh_lab_pair_take_inventory (&pair, &before);
      run = gh_lab_child_wait (begin_move ("--post-copy", NULL));
      gh_lab_assert_status (run, 3);
      g_assert_true (gh_lab_run_has_check (run, "post-copy", "refusal"));
      gh_lab_pair_assert_only_at (pair.a, pair.b);
      gh_lab_pair_assert_inventory (&pair, &before);
      return;
    }
  if (!stuck_start_at (&stuck, "post-copy", 7))
    return;
  g_assert_true (gh_lab_wait (120, is_stuck, &stuck));
  g_assert_cmpuint (read_post_copy_speed (&stuck.way), ==, 7);
  set_bandwidth (&stuck, 6);
  g_assert_cmpuint (read_post_copy_speed (&stuck.way), ==, 6);
  say_bandwidth (&stuck.way, "5");
  g_assert_cmpuint (read_post_copy_speed (&stuck.way), ==, 5);
  slow_down ();
  act (&stuck, GH_MIGRATE_POST_COPY);
  set_bandwidth (&stuck, 4);
  g_assert_cmpuint (read_post_copy_speed (&stuck.way), ==, 4);
  say_bandwidth (&stuck.way, "3");
  g_assert_cmpuint (read_post_copy_speed (&stuck.way), ==, 3);
  set_bandwidth (&stuck, 0);
  g_assert_cmpuint (read_post_copy_speed (&stuck.way), ==, 0);
  gh_lab_net_set_rate (pair.net, 0);
  stuck_end (&stuck);
}

/* A post-copy whose line is cut: half of the memory here, half there, over which the guest stands
 * still sooner or later. */

/* Post-copy there is, and a line that can be cut. */
static gboolean
can_break (void)
{
  if (pair.net != NULL && !has_post_copy ())
    {
      g_test_skip ("this kernel allows no post-copy to users: vm.unprivileged_userfaultfd is 0");
      return FALSE;
    }
  return TRUE;
}

/* How a side is, by libvirt's reasons. */
typedef struct
{
  GhLab *lab;
  int    state;
  int    reason;
} Reason;

static gboolean
has_reason (gpointer data)
{
  Reason *wanted = data;
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (wanted->lab), "web");
  int state = 0;
  int reason = 0;

  if (domain == NULL)
    return FALSE;
  virDomainGetState (domain, &state, &reason, 0);
  virDomainFree (domain);
  return state == wanted->state && reason == wanted->reason;
}

static void
assert_answers (GhLab *lab)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (lab, "web");

  gh_lab_serial_command (serial, "echo wh''ole", "whole");
}

/* Once the guest goes on there, with what its kernel and its shell need: an emulated processor that
 * takes an interrupt holds QEMU's own lock, and when it has to wait for a page then nobody talks to
 * that QEMU any more, not even who would recover it. A real one waits in its kernel. */
static void
cut_in_two (const Way *way)
{
  Reason there = { way->to, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY };

  g_assert_true (gh_lab_wait (240, has_reason, &there));
  assert_answers (way->to);
  g_assert_true (has_reason (&there));
  gh_lab_net_set_up (pair.net, FALSE);
}

static gboolean
is_silent (gpointer data)
{
  Stuck *self = data;
  gboolean silent = FALSE;

  g_object_get (self->plan, "silent", &silent, NULL);
  return silent;
}

/* In the program that moves it: it says so, and makes a new connection. */
static void
test_recover (void)
{
  g_auto (Stuck) stuck = { NULL };

  /* With a limit, and another later: a new connection is made with that. */
  if (!can_break () || !stuck_start_at (&stuck, "post-copy", 7))
    return;
  g_assert_true (gh_lab_wait (120, is_stuck, &stuck));
  set_bandwidth (&stuck, 6);
  g_assert_nonnull (gh_migrate_plan_find_action_problem (stuck.plan, GH_MIGRATE_RECOVER));
  slow_down ();
  act (&stuck, GH_MIGRATE_POST_COPY);
  cut_in_two (&stuck.way);
  g_assert_true (gh_lab_wait (120, is_silent, &stuck));
  /* It would soon go on by itself now. */
  gh_lab_net_set_up (pair.net, TRUE);
  act (&stuck, GH_MIGRATE_RECOVER);
  gh_lab_net_set_rate (pair.net, 0);
  stuck_end (&stuck);
  assert_answers (stuck.way.to);
}

static guint count_interrupted (void);

/* As when TCP has lost patience at the source: a line that came back in time would end the move by
 * itself. While it is whole, as the destination may never know otherwise. */
static void
break_source (const Way *way)
{
  Reason here = { way->from, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY_FAILED };
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (way->from), "web");

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainAbortJobFlags (domain, VIR_DOMAIN_ABORT_JOB_POSTCOPY), ==, 0);
  virDomainFree (domain);
  g_assert_true (gh_lab_wait (60, has_reason, &here));
}

static void
assert_not_ended (GhLab      *lab,
                  const char *uri)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "-c", uri, "force-off", "web", "--yes", NULL);

  gh_lab_assert_status (run, 3);
  g_assert_nonnull (strstr (run->err, "two parts"));
  g_assert_cmpint (gh_lab_get_qemu_pid (lab, "web"), !=, 0);
}

/* The program has written down that it asks for post-copy; a fault holds it there. */
static gboolean
wants_post_copy (gpointer data)
{
  g_autofree char *folder = g_build_filename (gh_lab_get_folder (pair.a), ".local", "state",
                                              "guesthouse", "plans", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *text = NULL;

      if (g_str_has_suffix (name, ".json") && g_file_get_contents (path, &text, NULL, NULL) &&
          strstr (text, "\"post-copy\"") != NULL)
        return TRUE;
    }
  return gh_lab_child_has_ended (data);
}

typedef struct
{
  const char *name;
  const char *options[3];
  gboolean    daemon; /* the destination's is killed too */
} Recovery;

static const Recovery recoveries[] = {
  { "recover-killed", { "--tls", "--copy-storage", "--remove-source" }, FALSE },
  { "recover-daemon", { "--route", "peer", NULL }, TRUE },
};

static void
break_move (const Recovery *how,
            const Way      *way)
{
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;

  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", "domain-migrate-post-copy:delay=3000");
  child = gh_lab_spawn (pair.a, "-c", way->from_uri, "migrate", "web", way->to_uri, "--address",
                        way->address, "--yes", "--json", "--no-auto-converge", "--post-copy",
                        "--if-stuck", "post-copy", how->options[0], how->options[1],
                        how->options[2], NULL);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
  g_assert_true (gh_lab_wait (240, wants_post_copy, child));
  g_assert_false (gh_lab_child_has_ended (child));
  slow_down ();
  cut_in_two (way);
  gh_lab_child_signal (child, SIGKILL);
  run = gh_lab_child_wait (child);
  gh_lab_net_set_up (pair.net, TRUE);
  break_source (way);
  gh_lab_net_set_rate (pair.net, 0);
}

/* By who comes after a program that was killed, and a daemon too: neither side can be ended, and
 * what failed once can be tried again. */
static void
test_recover_killed (gconstpointer data)
{
  const Recovery *how = data;
  Way way = { NULL };
  g_autoptr (GhLabRun) look = NULL;
  g_autoptr (GhLabRun) failed = NULL;
  g_autoptr (GhLabRun) undo = NULL;

  if (!can_break () || !open_writer (&way))
    return;
  break_move (how, &way);
  if (how->daemon)
    {
      gh_lab_kill_daemon (way.to);
      gh_lab_start_daemon (way.to);
    }
  assert_not_ended (way.from, way.from_uri);
  assert_not_ended (way.to, way.to_uri);
  look = gh_lab_run (pair.a, "undo", "--all", "--dry-run", "--json", NULL);
  gh_lab_assert_status (look, 0);
  g_assert_nonnull (strstr (look->out, "in-two-parts"));
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", "domain-migrate:fail=38");
  failed = gh_lab_run (pair.a, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_set_env (pair.a, "GUESTHOUSE_FAULTS", NULL);
  gh_lab_assert_status (failed, 4);
  g_assert_cmpuint (count_interrupted (), ==, 1);
  undo = gh_lab_run (pair.a, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  g_assert_cmpuint (count_interrupted (), ==, 0);
  gh_lab_pair_assert_only_at (way.to, way.from);
  assert_answers (way.to);
}

/* What is said between this program and the daemons, and the move's end in it: first A says that
 * all has been sent (perform), then B is told to let the guest go on (finish), then A that it can
 * forget it (confirm). */
#define PERFORM 305
#define FINISH 306

typedef struct
{
  GhLabLine  *a;
  GhLabLine  *b;
  char       *a_uri;
  char       *b_uri;
  GhLabChild *child;
} Control;

static void
control_open (Control *self,
              GhLab   *a,
              GhLab   *b)
{
  self->a = gh_lab_line_new (a, 0);
  self->b = gh_lab_line_new (b, 0);
  self->a_uri = gh_lab_line_dup_uri (self->a);
  self->b_uri = gh_lab_line_dup_uri (self->b);
}

static void
control_clear (Control *self)
{
  g_clear_pointer (&self->a, gh_lab_line_free);
  g_clear_pointer (&self->b, gh_lab_line_free);
  g_free (self->a_uri);
  g_free (self->b_uri);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Control, control_clear)

static void
kill_it (GhLabLine *line,
         gpointer   data)
{
  Control *control = data;

  gh_lab_child_signal (control->child, SIGKILL);
}

static void
cut_a (GhLabLine *line,
       gpointer   data)
{
  Control *control = data;

  gh_lab_line_cut (control->a);
}

static void
cut_b (GhLabLine *line,
       gpointer   data)
{
  Control *control = data;

  gh_lab_line_cut (control->b);
}

static void
drop_b (GhLabLine *line,
        gpointer   data)
{
  Control *control = data;

  gh_lab_line_drop (control->b);
}

/* What happens at the end of a move, and where the machine is then. */
typedef struct
{
  const char    *name;
  guint          procedure; /* the answer to it comes by; 0: memory is being sent */
  gboolean       at_b;
  GhLabLineFunc  func;
  gboolean       moved;
  const char    *said;      /* (nullable): when it is looked at again */
} Break;

static const Break breaks[] = {
  { "killed-memory", 0, FALSE, kill_it, FALSE, NULL },
  { "killed-performed", PERFORM, FALSE, kill_it, FALSE, NULL },
  { "cut-performed", PERFORM, FALSE, cut_b, FALSE, NULL },
  { "killed-finished", FINISH, TRUE, kill_it, TRUE, "remainder-here" },
  { "cut-finished-a", FINISH, TRUE, cut_a, TRUE, "remainder-here" },
  { "cut-finished-b", FINISH, TRUE, cut_b, TRUE, "runs-twice" },
  { "dropped-finished-b", FINISH, TRUE, drop_b, TRUE, "remainder-here" },
};

static guint
count_interrupted (void)
{
  g_autoptr (GhLabRun) run = gh_lab_run (pair.a, "undo", "--json", NULL);

  gh_lab_assert_status (run, 0);
  return json_array_get_length (json_object_get_array_member (json_node_get_object (run->json),
                                                              "interrupted"));
}

static gboolean
b_has_none (gpointer data)
{
  return gh_lab_get_qemu_pid (pair.b, "web") == 0;
}

static void
test_break (gconstpointer data)
{
  const Break *what = data;
  g_auto (Control) control = { NULL };
  g_auto (GhLabInventory) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) look = NULL;
  g_autoptr (GhLabRun) undo = NULL;
  guint64 count = 0;

  if (!open_guest ())
    return;
  control_open (&control, pair.a, pair.b);
  gh_lab_pair_take_inventory (&pair, &before);
  count = gh_lab_pair_read_counter (pair.a);
  if (what->procedure != 0)
    gh_lab_line_watch (what->at_b ? control.b : control.a, what->procedure, what->func, &control);
  else
    gh_lab_net_set_rate (pair.net, KIB_PER_S_SLOW);
  control.child = gh_lab_spawn (pair.a, "-c", control.a_uri, "migrate", "web", control.b_uri,
                                "--copy-storage", "--address", "tcp://10.77.0.2", "--yes",
                                "--json", NULL);
  if (what->procedure == 0)
    {
      gh_lab_pair_wait_for_phase (&pair, control.child, FALSE);
      what->func (NULL, &control);
    }
  run = gh_lab_child_wait (control.child);
  g_assert_cmpint (run->status, !=, 0);
  gh_lab_line_mend (control.a);
  gh_lab_line_mend (control.b);
  look = gh_lab_run (pair.a, "undo", "--all", "--dry-run", "--json", NULL);
  if (what->said != NULL)
    g_assert_nonnull (strstr (look->out, what->said));
  else
    g_assert_null (strstr (look->out, "no-way-back"));
  /* libvirt let it go on at A, as B's answer was lost. The user decides. */
  if (what->func == cut_b && what->moved)
    g_assert_cmpint (look->status, ==, 3);
  if (what->func == drop_b)
    g_assert_cmpint (gh_lab_get_machine_state (pair.a, "web"), ==, VIR_DOMAIN_PAUSED);
  if (what->at_b && what->func != kill_it && what->func != cut_a)
    gh_lab_pair_set_off (pair.a);
  undo = gh_lab_run (pair.a, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  g_assert_cmpuint (count_interrupted (), ==, 0);
  if (what->moved)
    {
      gh_lab_pair_assert_only_at (pair.b, pair.a);
      g_assert_cmpuint (gh_lab_pair_read_counter (pair.b), >, count);
      assert_same_disks ();
      return;
    }
  g_assert_true (gh_lab_wait (60, b_has_none, NULL));
  gh_lab_pair_assert_only_at (pair.a, pair.b);
  g_assert_cmpuint (gh_lab_pair_read_counter (pair.a), >, count);
  gh_lab_pair_assert_inventory (&pair, &before);
}

/* The end of a post-copy, which comes when all of the memory is at the destination: the source says
 * that it is in parts until it is told, and who would tell it is killed, or cannot. */
static const Break ends[] = {
  { "killed-post-copy", FINISH, TRUE, kill_it, TRUE, "remainder-here" },
  { "cut-post-copy-a", FINISH, TRUE, cut_a, TRUE, "remainder-here" },
  { "cut-post-copy-b", FINISH, TRUE, cut_b, TRUE, NULL },
};

/* QEMU at the source has told libvirt that all has been sent. Nothing is told to who comes later: a
 * source that knows it only after the program has gone ends by itself. On any thread. */
static void
wait_for_source (GhLab *source)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (source), "web");
  gboolean done = FALSE;

  g_assert_nonnull (domain);
  while (!done && g_get_monotonic_time () < deadline)
    {
      char *answer = NULL;

      g_assert_cmpint (virDomainQemuMonitorCommand (domain, "{\"execute\":\"query-migrate\"}",
                                                    &answer, 0), ==, 0);
      done = strstr (answer, "\"status\":\"completed\"") != NULL;
      free (answer);
    }
  g_assert_true (done);
  virDomainFree (domain);
}

typedef struct
{
  Control     control;
  const Break *what;
  GhLab       *source;
} End;

static void
end_it (GhLabLine *line,
        gpointer   data)
{
  End *end = data;

  wait_for_source (end->source);
  end->what->func (line, &end->control);
}

static void
end_clear (End *self)
{
  control_clear (&self->control);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (End, end_clear)

/* By the button in the window. */
static void
force_remainder_off (const Way *way)
{
  g_autoptr (GhHost) source = gh_lab_plan_connect (way->from_uri);
  g_autoptr (GhHost) destination = gh_lab_plan_connect (way->to_uri);
  g_autoptr (JsonObject) params = json_object_new ();
  g_autoptr (GhStep) step = NULL;
  g_autoptr (GhCheck) check = NULL;
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (params, "uuid", gh_machine_get_uuid (
                                   gh_host_find_machine (source, "web")));
  json_object_set_string_member (params, "name", "web");
  json_object_set_string_member (params, "peer", way->to_uri);
  json_object_set_boolean_member (params, "begun", TRUE);
  json_object_set_boolean_member (params, "post-copy", TRUE);
  step = gh_step_new_for_kind ("migrate", params);
  gh_step_set_peer (step, destination);
  check = gh_step_dup_commit_check (step, source);
  g_assert_cmpstr (gh_check_get_id (check), ==, "remainder-here");
  gh_check_fix_async (check, NULL, gh_test_call_cb, &call);
  gh_check_fix_finish (check, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_assert_cmpint (gh_lab_get_qemu_pid (way->from, "web"), ==, 0);
  gh_host_disconnect (source);
  gh_host_disconnect (destination);
}

static void
test_end_of_post_copy (gconstpointer data)
{
  const Break *what = data;
  g_auto (End) end = { { NULL }, what, NULL };
  Control *control = &end.control;
  Way way = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) look = NULL;
  g_autoptr (GhLabRun) undo = NULL;

  if (!can_break () || !open_writer (&way))
    return;
  control_open (control, way.from, way.to);
  end.source = way.from;
  gh_lab_line_watch (control->b, FINISH, end_it, &end);
  control->child = gh_lab_spawn (pair.a, "-c", control->a_uri, "migrate", "web", control->b_uri,
                                 "--address", way.address, "--yes", "--json", "--no-auto-converge",
                                 "--post-copy", "--if-stuck", "post-copy", NULL);
  run = gh_lab_child_wait (control->child);
  g_assert_cmpint (run->status, !=, 0);
  gh_lab_line_mend (control->a);
  gh_lab_line_mend (control->b);
  look = gh_lab_run (pair.a, "undo", "--all", "--dry-run", "--json", NULL);
  gh_lab_assert_status (look, 0);
  g_assert_true (what->said == NULL || strstr (look->out, what->said) != NULL);
  g_assert_null (strstr (look->out, "in-two-parts"));
  if (what->func == kill_it)
    force_remainder_off (&way);
  undo = gh_lab_run (pair.a, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_assert_status (undo, 0);
  g_assert_cmpuint (count_interrupted (), ==, 0);
  gh_lab_pair_assert_only_at (way.to, way.from);
  assert_answers (way.to);
}

int
main (int    argc,
      char **argv)
{
  int status = 0;

  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();
  g_test_add_data_func ("/lab/line/cut-disks", GINT_TO_POINTER (TRUE), test_cut);
  g_test_add_data_func ("/lab/line/cut-memory", GINT_TO_POINTER (FALSE), test_cut);
  for (guint i = 0; i < G_N_ELEMENTS (breaks); i++)
    {
      g_autofree char *path = g_strconcat ("/lab/line/", breaks[i].name, NULL);

      g_test_add_data_func (path, &breaks[i], test_break);
    }
  g_test_add_func ("/lab/line/mended", test_mended);
  g_test_add_func ("/lab/line/ways", test_ways);
  g_test_add_func ("/lab/line/longer-pause", test_longer_pause);
  g_test_add_func ("/lab/line/slow-guest", test_slow_guest);
  g_test_add_func ("/lab/line/slow-later", test_slow_later);
  g_test_add_func ("/lab/line/post-copy", test_post_copy);
  g_test_add_func ("/lab/line/recover", test_recover);
  for (guint i = 0; i < G_N_ELEMENTS (recoveries); i++)
    {
      g_autofree char *path = g_strconcat ("/lab/line/", recoveries[i].name, NULL);

      g_test_add_data_func (path, &recoveries[i], test_recover_killed);
    }
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autofree char *path = g_strconcat ("/lab/line/", ends[i].name, NULL);

      g_test_add_data_func (path, &ends[i], test_end_of_post_copy);
    }
  pair.net = gh_lab_net_new ();
  pair.qemu_conf = make_certificates ();
  status = g_test_run ();
  gh_lab_pair_close (&pair);
  g_clear_pointer (&pair.net, gh_lab_net_free);
  return status;
}
