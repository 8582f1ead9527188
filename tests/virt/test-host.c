/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gh-faults.h"
#include "gh-hosts.h"
#include "gh-moving.h"
#include "gh-stall-watch.h"
#include "gh-test.h"
#include "gh-threads.h"
#include "gh-virt-error.h"

/* libvirt's test driver shares test:///default within a process for as long as any connection is
 * open, and a dropped one closes in its own time: each test has a file, and so a host, of its
 * own. */
static const char node_xml[] =
  "<node><domain type='test'><name>test</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>"
  "<memory>8388608</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>"
  "<network><name>default</name><bridge name='virbr0'/><forward/>"
  "<ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
  "<pool type='dir'><name>default-pool</name><target><path>/default-pool</path></target></pool>"
  "</node>";

static char *
dup_own_uri (void)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *path = g_build_filename (folder, "node.xml", NULL);

  g_assert_true (g_file_set_contents (path, node_xml, -1, NULL));
  return g_strconcat ("test://", path, NULL);
}

static GhHost *
connect_default (void)
{
  g_autofree char *uri = dup_own_uri ();
  GhHost *host = gh_host_new (uri);
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_host_ready_finish (host, gh_test_call_wait (&call), &error));
  g_assert_no_error (error);
  g_assert_cmpint (gh_host_get_state (host), ==, GH_HOST_CONNECTED);
  return host;
}

/* Lets go of a host, and of what its lanes still hold. */
static void
drop_host (GhHost *host)
{
  gpointer weak = host;

  g_object_add_weak_pointer (G_OBJECT (host), &weak);
  gh_host_disconnect (host);
  g_object_unref (host);
  while (weak != NULL)
    g_main_context_iteration (NULL, TRUE);
}

typedef struct
{
  GhMachine      *machine;
  GhMachineState  state;
} StateWait;

static gboolean
has_state (gpointer data)
{
  StateWait *wait = data;

  return gh_machine_get_state (wait->machine) == wait->state;
}

typedef struct
{
  GhMachine *machine;
  gboolean   told;
} BusyWatch;

static void
busy_told_cb (GhHost           *host,
              GhMachineChanges *changes,
              BusyWatch        *watch)
{
  if (changes->changed != NULL && g_ptr_array_find (changes->changed, watch->machine, NULL) &&
      gh_machine_get_busy_text (watch->machine) != NULL)
    watch->told = TRUE;
}

static void
run_action (GhMachine       *machine,
            GhMachineAction  action,
            GhMachineState   state)
{
  g_auto (GhTestCall) call = { 0 };
  BusyWatch watch = { machine, FALSE };
  GhHost *host = gh_machine_get_host (machine);
  gulong id = g_signal_connect (host, "machines-changed", G_CALLBACK (busy_told_cb), &watch);
  GError *error = NULL;

  g_assert_true (gh_machine_can (machine, action));
  gh_machine_run_action_async (machine, action, NULL, gh_test_call_cb, &call);
  g_assert_nonnull (gh_machine_get_busy_text (machine));
  /* A slow or frozen host: what was asked for is shown at once. */
  g_assert_true (watch.told);
  g_signal_handler_disconnect (host, id);
  g_assert_true (gh_machine_run_action_finish (machine, gh_test_call_wait (&call), &error));
  g_assert_no_error (error);
  g_assert_null (gh_machine_get_busy_text (machine));
  gh_test_wait_until (has_state, &(StateWait){ machine, state });
}

static void
test_list (void)
{
  GhHost *host = connect_default ();
  GhMachine *machine = gh_host_find_machine (host, "test");

  g_assert_cmpuint (gh_host_get_n_machines (host), ==, 1);
  g_assert_nonnull (machine);
  g_assert_true (gh_host_find_machine (host, gh_machine_get_uuid (machine)) == machine);
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_RUNNING);
  g_assert_true (gh_machine_get_host (machine) == host);
  g_object_ref (machine);
  drop_host (host);
  g_assert_false (gh_machine_exists (machine));
  g_object_unref (machine);
}

static void
test_lifecycle (void)
{
  GhHost *host = connect_default ();
  GhMachine *machine = gh_host_find_machine (host, "test");

  run_action (machine, GH_MACHINE_PAUSE, GH_MACHINE_PAUSED);
  run_action (machine, GH_MACHINE_RESUME, GH_MACHINE_RUNNING);
  run_action (machine, GH_MACHINE_SAVE, GH_MACHINE_SAVED);
  run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
  run_action (machine, GH_MACHINE_SAVE, GH_MACHINE_SAVED);
  run_action (machine, GH_MACHINE_DISCARD_SAVED, GH_MACHINE_OFF);
  run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
  run_action (machine, GH_MACHINE_REBOOT, GH_MACHINE_RUNNING);
  run_action (machine, GH_MACHINE_FORCE_OFF, GH_MACHINE_OFF);
  run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
  run_action (machine, GH_MACHINE_SHUT_DOWN, GH_MACHINE_OFF);
  g_assert_cmpint (gh_machine_get_uptime (machine, NULL), ==, -1);
  /* Who connects before this connection is closed gets the same machine: leave it as it was. */
  run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
  drop_host (host);
}

static void
test_action_fails (void)
{
  GhHost *host = connect_default ();
  GhMachine *machine = gh_host_find_machine (host, "test");
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;

  gh_faults_set ("domain-suspend:fail=68");
  gh_machine_run_action_async (machine, GH_MACHINE_PAUSE, NULL, gh_test_call_cb, &call);
  g_assert_false (gh_machine_run_action_finish (machine, gh_test_call_wait (&call), &error));
  g_assert_error (error, GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_TIMEOUT);
  g_assert_null (gh_machine_get_busy_text (machine));
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_RUNNING);
  gh_faults_set (NULL);
  gh_test_call_clear (&call);
  drop_host (host);
}

static const char domain_xml[] =
  "<domain type='test'><name>%s</name><uuid>%s</uuid><title>%s</title><memory>8192</memory>"
  "<vcpu>1</vcpu>"
  "<os><type>hvm</type></os></domain>";
static const char uuid_a[] = "11111111-2222-4333-8444-555555555555";

typedef struct
{
  GhHost     *host;
  const char *name;
  gboolean    present;
} PresentWait;

static gboolean
is_present (gpointer data)
{
  PresentWait *wait = data;

  return (gh_host_find_machine (wait->host, wait->name) != NULL) == wait->present;
}

static void
count_changes_cb (GhHost           *host,
                  GhMachineChanges *changes,
                  int              *counts)
{
  counts[0] += (int) changes->added->len;
  counts[1] += (int) changes->removed->len;
}

static void
test_define_undefine (void)
{
  GhHost *host = connect_default ();
  g_autofree char *xml = g_strdup_printf (domain_xml, "a&lt;b&gt;&amp;", uuid_a, "A title");
  g_autofree char *uuid = NULL;
  g_autofree char *read = NULL;
  g_auto (GhTestCall) define = { 0 };
  g_auto (GhTestCall) load = { 0 };
  g_auto (GhTestCall) undefine = { 0 };
  g_auto (GhTestCall) again = { 0 };
  GError *error = NULL;
  int counts[2] = { 0 };
  GhMachine *machine = NULL;

  g_signal_connect (host, "machines-changed", G_CALLBACK (count_changes_cb), counts);
  gh_host_define_async (host, xml, NULL, gh_test_call_cb, &define);
  uuid = gh_host_define_finish (host, gh_test_call_wait (&define), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (uuid, ==, uuid_a);
  gh_test_wait_until (is_present, &(PresentWait){ host, "a<b>&", TRUE });
  machine = g_object_ref (gh_host_find_machine (host, uuid_a));
  g_assert_cmpstr (gh_machine_get_label (machine), ==, "A title");
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_OFF);
  g_assert_cmpint (counts[0], ==, 1);

  gh_machine_load_xml_async (machine, GH_XML_INACTIVE, NULL, gh_test_call_cb, &load);
  read = gh_machine_load_xml_finish (machine, gh_test_call_wait (&load), &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (read, "<title>A title</title>"));

  gh_host_undefine_async (host, uuid_a, GH_UNDEFINE_SAVED_STATE | GH_UNDEFINE_SNAPSHOTS, NULL,
                          gh_test_call_cb, &undefine);
  (void) gh_host_undefine_finish (host, gh_test_call_wait (&undefine), &error);
  g_assert_no_error (error);
  gh_test_wait_until (is_present, &(PresentWait){ host, "a<b>&", FALSE });
  g_assert_cmpint (counts[1], ==, 1);
  g_assert_false (gh_machine_exists (machine));

  /* One that is not there counts as done. */
  gh_host_undefine_async (host, uuid_a, 0, NULL, gh_test_call_cb, &again);
  g_assert_true (gh_host_undefine_finish (host, gh_test_call_wait (&again), &error));
  g_assert_no_error (error);
  g_signal_handlers_disconnect_by_func (host, count_changes_cb, counts);
  g_object_unref (machine);
  gh_test_call_clear (&define);
  gh_test_call_clear (&load);
  gh_test_call_clear (&undefine);
  gh_test_call_clear (&again);
  drop_host (host);
}

static void
test_define_refused (void)
{
  GhHost *host = connect_default ();
  g_auto (GhTestCall) define = { 0 };
  g_autoptr (GError) error = NULL;

  gh_host_define_async (host, "<domain type='test'><name>x</name></domain", NULL, gh_test_call_cb,
                        &define);
  g_assert_null (gh_host_define_finish (host, gh_test_call_wait (&define), &error));
  g_assert_cmpuint (error->domain, ==, GH_VIRT_ERROR);
  g_assert_cmpuint (gh_host_get_n_machines (host), ==, 1);
  gh_test_call_clear (&define);
  drop_host (host);
}

static void
test_storage (void)
{
  GhHost *host = connect_default ();
  g_autoptr (GPtrArray) pools = NULL;
  g_autoptr (GPtrArray) volumes = NULL;
  g_autoptr (GPtrArray) networks = NULL;
  g_autoptr (GhVolumeInfo) made = NULL;
  g_autoptr (GhVolumeInfo) found = NULL;
  g_autoptr (GhVolumeInfo) gone = NULL;
  GhTestCall calls[8] = { { 0 } };
  GError *error = NULL;

  gh_host_load_pools_async (host, NULL, gh_test_call_cb, &calls[0]);
  pools = gh_host_load_pools_finish (host, gh_test_call_wait (&calls[0]), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pools->len, ==, 1);
  g_assert_cmpstr (((GhPoolInfo *) pools->pdata[0])->name, ==, "default-pool");
  g_assert_true (((GhPoolInfo *) pools->pdata[0])->active);
  g_assert_cmpstr (((GhPoolInfo *) pools->pdata[0])->path, ==, "/default-pool");

  gh_host_create_volume_async (host, "default-pool",
                               "<volume><name>v.qcow2</name><capacity>1048576</capacity>"
                               "<target><format type='qcow2'/></target></volume>",
                               NULL, gh_test_call_cb, &calls[1]);
  made = gh_host_create_volume_finish (host, gh_test_call_wait (&calls[1]), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (made->path, ==, "/default-pool/v.qcow2");
  g_assert_cmpuint (made->capacity, ==, 1048576);

  gh_host_find_volume_async (host, made->path, NULL, gh_test_call_cb, &calls[2]);
  found = gh_host_find_volume_finish (host, gh_test_call_wait (&calls[2]), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found->pool, ==, "default-pool");

  gh_host_load_volumes_async (host, TRUE, NULL, gh_test_call_cb, &calls[3]);
  volumes = gh_host_load_volumes_finish (host, gh_test_call_wait (&calls[3]), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (volumes->len, ==, 1);

  gh_host_delete_volume_async (host, made->path, NULL, gh_test_call_cb, &calls[4]);
  g_assert_true (gh_host_delete_volume_finish (host, gh_test_call_wait (&calls[4]), &error));
  g_assert_no_error (error);
  gh_host_find_volume_async (host, made->path, NULL, gh_test_call_cb, &calls[5]);
  gone = gh_host_find_volume_finish (host, gh_test_call_wait (&calls[5]), &error);
  g_assert_no_error (error);
  g_assert_null (gone);

  gh_host_load_networks_async (host, NULL, gh_test_call_cb, &calls[6]);
  networks = gh_host_load_networks_finish (host, gh_test_call_wait (&calls[6]), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (networks->len, ==, 1);
  g_assert_cmpstr (((GhNetworkInfo *) networks->pdata[0])->name, ==, "default");
  g_assert_true (((GhNetworkInfo *) networks->pdata[0])->active);
  for (guint i = 0; i < 7; i++)
    gh_test_call_clear (&calls[i]);
  drop_host (host);
}

static void
test_pool_made_and_removed (void)
{
  GhHost *host = connect_default ();
  g_autofree char *uuid = NULL;
  g_autoptr (GPtrArray) pools = NULL;
  g_auto (GhTestCall) create = { 0 };
  g_auto (GhTestCall) remove = { 0 };
  g_auto (GhTestCall) again = { 0 };
  g_auto (GhTestCall) list = { 0 };
  GError *error = NULL;

  gh_host_create_pool_async (host,
                             "<pool type='dir'><name>p</name>"
                             "<target><path>/p</path></target></pool>",
                             NULL, gh_test_call_cb, &create);
  uuid = gh_host_create_pool_finish (host, gh_test_call_wait (&create), &error);
  g_assert_no_error (error);
  gh_host_remove_pool_async (host, uuid, TRUE, NULL, gh_test_call_cb, &remove);
  g_assert_true (gh_host_remove_pool_finish (host, gh_test_call_wait (&remove), &error));
  gh_host_remove_pool_async (host, uuid, TRUE, NULL, gh_test_call_cb, &again);
  g_assert_true (gh_host_remove_pool_finish (host, gh_test_call_wait (&again), &error));
  gh_host_load_pools_async (host, NULL, gh_test_call_cb, &list);
  pools = gh_host_load_pools_finish (host, gh_test_call_wait (&list), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pools->len, ==, 1);
  gh_test_call_clear (&create);
  gh_test_call_clear (&remove);
  gh_test_call_clear (&again);
  gh_test_call_clear (&list);
  drop_host (host);
}

static gboolean
has_samples (gpointer data)
{
  float sample;

  return gh_machine_get_cpu_samples (data, &sample, 1) == 1;
}

static void
test_figures (void)
{
  GhHost *host = connect_default ();
  GhMachine *machine = gh_host_find_machine (host, "test");

  gh_host_hold_figures (host);
  gh_test_wait_until (has_samples, machine);
  g_assert_cmpfloat (gh_machine_get_cpu_share (machine), >=, 0);
  gh_host_release_figures (host);
  drop_host (host);
}

/* A service that accepts and never answers: opening cannot be cancelled, only walked away from. */
static void
test_silent_host (void)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *path = g_build_filename (folder, "silent", NULL);
  g_autofree char *uri = g_strdup_printf ("qemu+unix:///session?socket=%s", path);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  GhHost *silent = gh_host_new (uri);
  GhHost *fast = NULL;
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  gint64 start = 0;

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fd, 4), ==, 0);

  gh_stall_watch_start (50);
  gh_stall_watch_reset ();
  gh_host_ready_async (silent, cancellable, gh_test_call_cb, &call);
  /* A fast host beside it is not held up. */
  fast = connect_default ();
  g_assert_cmpint (gh_host_get_state (silent), ==, GH_HOST_CONNECTING);

  start = g_get_monotonic_time ();
  g_cancellable_cancel (cancellable);
  g_assert_false (gh_host_ready_finish (silent, gh_test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  gh_host_disconnect (silent);
  g_assert_cmpint (gh_host_get_state (silent), ==, GH_HOST_DISCONNECTED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
  g_assert_cmpuint (gh_stall_watch_get_count (), ==, 0);
  gh_stall_watch_stop ();

  /* When the service goes away, the parked thread ends and closes what it has. */
  close (fd);
  gh_test_call_clear (&call);
  drop_host (silent);
  drop_host (fast);
}

/* One cancellable serves many calls; that it is cancelled later is nothing to those that ended. */
static void
test_cancelled_later (void)
{
  g_autoptr (GhHost) host = gh_host_new ("test:///default");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;

  gh_host_ready_async (host, cancellable, gh_test_call_cb, &call);
  g_assert_true (gh_host_ready_finish (host, gh_test_call_wait (&call), &error));
  g_cancellable_cancel (cancellable);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  gh_host_disconnect (host);
}

static void
test_no_service (void)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *uri = g_strdup_printf ("qemu+unix:///system?socket=%s/none", folder);
  GhHost *host = gh_host_new (uri);
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *sentence = NULL;

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  g_assert_false (gh_host_ready_finish (host, gh_test_call_wait (&call), &error));
  sentence = gh_error_dup_sentence (error);
  g_assert_cmpstr (sentence, ==, "The host's libvirt service is not running.");
  g_assert_cmpint (gh_host_get_state (host), ==, GH_HOST_LOST);
  g_assert_cmpint (gh_host_get_retry_time (host), >, 0);
  gh_test_call_clear (&call);
  drop_host (host);
}

static gboolean
is_lost (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_LOST;
}

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

/* The list fails as it does when a daemon is killed: machines stay, unknown, and come back as the
 * same objects. */
static void
test_reconnect (void)
{
  GhHost *host = connect_default ();
  GhMachine *machine = gh_host_find_machine (host, "test");
  int counts[2] = { 0 };

  g_signal_connect (host, "machines-changed", G_CALLBACK (count_changes_cb), counts);
  gh_faults_set ("domain-list:fail=39,times=1");
  gh_host_refresh (host);
  gh_test_wait_until (is_lost, host);
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_UNKNOWN);
  g_assert_cmpstr (gh_host_get_error (host)->message, ==, "Injected failure of domain-list");
  gh_test_wait_until (is_connected, host);
  g_assert_true (gh_host_find_machine (host, "test") == machine);
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_RUNNING);
  g_assert_cmpint (counts[0], ==, 0);
  g_assert_cmpint (counts[1], ==, 0);
  gh_faults_set (NULL);
  g_signal_handlers_disconnect_by_func (host, count_changes_cb, counts);
  drop_host (host);
}

/* In µs, from now. */
static gint64
get_delay (GhHost *host)
{
  return gh_host_get_retry_time (host) - g_get_monotonic_time ();
}

/* One that does not answer is tried again after a pause that doubles, up to a minute, also when it
 * is tried by hand in between; one that has answered begins anew. */
static void
test_back_off (void)
{
  static const gint64 pauses_s[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
  GhHost *host = gh_host_new ("test:///default");
  g_auto (GhTestCall) call = { 0 };

  gh_faults_set ("connect-open:fail=38,times=9");
  for (guint i = 0; i < G_N_ELEMENTS (pauses_s); i++)
    {
      g_auto (GhTestCall) failing = { 0 };

      gh_host_ready_async (host, NULL, gh_test_call_cb, &failing);
      g_assert_false (gh_host_ready_finish (host, gh_test_call_wait (&failing), NULL));
      g_assert_cmpint (gh_host_get_retry_time (host), >, 0);
      g_assert_cmpint (get_delay (host), <=, pauses_s[i] * G_USEC_PER_SEC);
      /* Nothing is said of how fast this computer is. */
      if (pauses_s[i] >= 16)
        g_assert_cmpint (get_delay (host), >, pauses_s[i] * G_USEC_PER_SEC / 2);
    }
  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_host_ready_finish (host, gh_test_call_wait (&call), NULL));
  g_assert_cmpint (gh_host_get_retry_time (host), ==, 0);

  gh_faults_set ("domain-list:fail=39,times=1");
  gh_host_refresh (host);
  gh_test_wait_until (is_lost, host);
  g_assert_cmpint (get_delay (host), <=, G_USEC_PER_SEC);
  gh_test_wait_until (is_connected, host);
  gh_faults_set (NULL);
  gh_test_call_clear (&call);
  drop_host (host);
}

static GError *
load_move (GhHost *host)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_host_load_move_async (host, "6695eb01-f6a4-8304-79aa-97f2502e193f", NULL, gh_test_call_cb,
                           &call);
  g_assert_null (gh_host_load_move_finish (host, gh_test_call_wait (&call), &error));
  return error;
}

/* That a machine does not move is told only when the host says so. */
static void
test_no_move (void)
{
  GhHost *host = connect_default ();
  g_autoptr (GError) none = load_move (host);
  g_autoptr (GError) unknown = NULL;

  g_assert_error (none, G_IO_ERROR, G_IO_ERROR_CLOSED);
  gh_faults_set ("domain-job-stats:fail=68");
  unknown = load_move (host);
  gh_faults_set (NULL);
  g_assert_error (unknown, GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_TIMEOUT);
  drop_host (host);
}

static void
test_registry (void)
{
  g_autoptr (GhHosts) hosts = gh_hosts_new ();
  g_autofree char *uri = dup_own_uri ();
  GhHost *host = gh_hosts_add (hosts, uri);
  g_auto (GhTestCall) call = { 0 };

  g_assert_true (gh_hosts_add (hosts, uri) == host);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (hosts)), ==, 1);
  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_test_call_wait (&call);
  g_assert_nonnull (gh_hosts_find_machine (hosts, "6695eb01-f6a4-8304-79aa-97f2502e193f"));
  g_assert_null (gh_hosts_find_machine (hosts, "test"));
  gh_test_call_clear (&call);
  gh_hosts_remove (hosts, host);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (hosts)), ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/host/list", test_list);
  g_test_add_func ("/host/lifecycle", test_lifecycle);
  g_test_add_func ("/host/action-fails", test_action_fails);
  g_test_add_func ("/host/define-undefine", test_define_undefine);
  g_test_add_func ("/host/define-refused", test_define_refused);
  g_test_add_func ("/host/storage", test_storage);
  g_test_add_func ("/host/pool-made-and-removed", test_pool_made_and_removed);
  g_test_add_func ("/host/figures", test_figures);
  g_test_add_func ("/host/silent", test_silent_host);
  g_test_add_func ("/host/cancelled-later", test_cancelled_later);
  g_test_add_func ("/host/no-service", test_no_service);
  g_test_add_func ("/host/reconnect", test_reconnect);
  g_test_add_func ("/host/back-off", test_back_off);
  g_test_add_func ("/host/no-move", test_no_move);
  g_test_add_func ("/host/registry", test_registry);
  return g_test_run ();
}
