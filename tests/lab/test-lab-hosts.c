/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* GhHost against a real libvirtd and a real QEMU: frozen, killed, slow, and well. */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gh-host.h"
#include "gh-interfaces.h"
#include "gh-lab.h"
#include "gh-machine-spec.h"
#include "gh-stall-watch.h"
#include "gh-test.h"
#include "gh-threads.h"
#include "gh-virt-error.h"

static const char uuid[] = "5f0c7b86-12aa-4d24-9e3c-0123456789ab";

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

static gboolean
is_lost (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_LOST;
}

static GhHost *
connect_lab (GhLab *lab)
{
  g_autofree char *uri = NULL;
  GhHost *host = NULL;

  gh_lab_start_daemon (lab);
  uri = gh_lab_dup_uri (lab);
  host = gh_host_new (uri);
  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  return host;
}

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

static char *
dup_definition (GhLab      *lab,
                const char *name)
{
  g_autoptr (GhMachineSpec) spec = gh_machine_spec_new ();
  g_autoptr (GhDomainXml) xml = NULL;

  spec->name = g_strdup (name);
  spec->uuid = g_strdup (uuid);
  spec->virt_type = g_strdup ("qemu");
  spec->arch = g_strdup ("x86_64");
  spec->machine = g_strdup ("q35");
  spec->cpu_mode = g_strdup ("maximum");
  spec->memory_kib = 256 * 1024;
  spec->n_cpus = 1;
  spec->kernel = g_strdup (gh_lab_get_kernel (lab));
  spec->initrd = g_strdup (gh_lab_get_initrd (lab));
  spec->cmdline = g_strdup ("console=tty0 console=ttyS0");
  spec->graphics = g_strdup ("spice");
  spec->graphics_local = TRUE;
  spec->video_model = g_strdup ("virtio");
  spec->serial = TRUE;
  xml = gh_machine_spec_to_xml (spec);
  return gh_domain_xml_to_string (xml);
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

  return gh_machine_get_state (wait->machine) == wait->state &&
         gh_machine_get_busy_text (wait->machine) == NULL;
}

static void
run_action (GhMachine       *machine,
            GhMachineAction  action,
            GhMachineState   state)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_machine_run_action_async (machine, action, NULL, gh_test_call_cb, &call);
  gh_machine_run_action_finish (machine, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  gh_test_wait_until (has_state, &(StateWait){ machine, state });
}

static gboolean
has_machine (gpointer data)
{
  return gh_host_find_machine (data, uuid) != NULL;
}

static GhMachine *
define_guest (GhLab  *lab,
              GhHost *host)
{
  g_autofree char *xml = dup_definition (lab, "guest");
  g_autofree char *defined = NULL;
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_host_define_async (host, xml, NULL, gh_test_call_cb, &call);
  defined = gh_host_define_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  gh_test_wait_until (has_machine, host);
  return gh_host_find_machine (host, uuid);
}

static void
remove_guest (GhHost *host)
{
  g_auto (GhTestCall) off = { 0 };
  g_auto (GhTestCall) undefine = { 0 };
  GError *error = NULL;

  gh_host_force_off_async (host, uuid, NULL, gh_test_call_cb, &off);
  gh_host_force_off_finish (host, gh_test_call_wait (&off), &error);
  g_assert_no_error (error);
  gh_host_undefine_async (host, uuid, GH_UNDEFINE_SAVED_STATE | GH_UNDEFINE_NVRAM, NULL,
                          gh_test_call_cb, &undefine);
  gh_host_undefine_finish (host, gh_test_call_wait (&undefine), &error);
  g_assert_no_error (error);
}

typedef struct
{
  GString    *text;
  const char *wanted;
  int         closed;
} Serial;

static void
serial_data_cb (GhSerialStream *stream,
                GBytes         *bytes,
                Serial         *serial)
{
  g_string_append_len (serial->text, g_bytes_get_data (bytes, NULL),
                       (gssize) g_bytes_get_size (bytes));
}

static void
serial_closed_cb (GhSerialStream *stream,
                  GError         *error,
                  Serial         *serial)
{
  serial->closed = 1;
}

static gboolean
serial_has_text (gpointer data)
{
  Serial *serial = data;

  return strstr (serial->text->str, serial->wanted) != NULL;
}

static void
test_guest (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  GhHost *host = connect_lab (lab);
  GhMachine *machine = define_guest (lab, host);
  g_auto (GStrv) inventory = NULL;
  Serial serial = { g_string_new (NULL), "5 times 8 is 40", 0 };
  GhSerialStream *stream = NULL;
  GhTestCall open = { 0 };
  GhTestCall graphics = { 0 };
  GhTestCall shot = { 0 };
  g_autoptr (GBytes) picture = NULL;
  g_autofree char *mime_type = NULL;
  GError *error = NULL;
  gboolean exact = FALSE;
  int fd = -1;

  inventory = gh_lab_list_inventory (lab);
  run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
  g_assert_cmpint (gh_lab_get_qemu_pid (lab, "guest"), >, 0);
  g_assert_cmpint (gh_machine_get_uptime (machine, &exact), >=, 0);
  g_assert_true (exact);

  /* It is typed to and answers, over the serial console. The guest's shell reads as soon as it
   * runs, so the line may be sent before. */
  gh_machine_open_serial_async (machine, NULL, FALSE, NULL, gh_test_call_cb, &open);
  stream = gh_machine_open_serial_finish (machine, gh_test_call_wait (&open), &error);
  g_assert_no_error (error);
  g_signal_connect (stream, "data", G_CALLBACK (serial_data_cb), &serial);
  g_signal_connect (stream, "closed", G_CALLBACK (serial_closed_cb), &serial);
  gh_serial_stream_start (stream);
  serial.wanted = "Tiny Linux";
  gh_test_wait_until (serial_has_text, &serial);
  serial.wanted = "5 times 8 is 40";
  gh_serial_stream_write (stream, "echo 5 times 8 is $((5*8))\n",
                          strlen ("echo 5 times 8 is $((5*8))\n"));
  gh_test_wait_until (serial_has_text, &serial);

  /* A socket of the display, without a port. */
  gh_machine_open_graphics_async (machine, 0, NULL, gh_test_call_cb, &graphics);
  fd = gh_machine_open_graphics_finish (machine, gh_test_call_wait (&graphics), &error);
  g_assert_no_error (error);
  g_assert_cmpint (send (fd, "REDQ", 4, MSG_NOSIGNAL), ==, 4);
  close (fd);

  gh_machine_screenshot_async (machine, 0, NULL, gh_test_call_cb, &shot);
  picture = gh_machine_screenshot_finish (machine, gh_test_call_wait (&shot), &mime_type, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (picture), >, 100);
  g_assert_true (g_str_has_prefix (mime_type, "image/"));

  run_action (machine, GH_MACHINE_PAUSE, GH_MACHINE_PAUSED);
  run_action (machine, GH_MACHINE_RESUME, GH_MACHINE_RUNNING);
  run_action (machine, GH_MACHINE_RESET, GH_MACHINE_RUNNING);
  run_action (machine, GH_MACHINE_SAVE, GH_MACHINE_SAVED);
  gh_test_wait_flag (&serial.closed);
  run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
  run_action (machine, GH_MACHINE_SAVE, GH_MACHINE_SAVED);
  run_action (machine, GH_MACHINE_DISCARD_SAVED, GH_MACHINE_OFF);
  run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
  run_action (machine, GH_MACHINE_FORCE_OFF, GH_MACHINE_OFF);
  gh_lab_assert_inventory (lab, inventory);

  g_signal_handlers_disconnect_by_data (stream, &serial);
  g_object_unref (stream);
  g_string_free (serial.text, TRUE);
  gh_test_call_clear (&open);
  gh_test_call_clear (&graphics);
  gh_test_call_clear (&shot);
  remove_guest (host);
  drop_host (host);
}

/* A machine that was started before we looked: its age is read from its process. */
static void
test_uptime_of_others (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  GhHost *host = connect_lab (lab);
  GhMachine *machine = define_guest (lab, host);
  GhHost *second = NULL;
  gboolean exact = FALSE;

  run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
  second = connect_lab (lab);
  machine = gh_host_find_machine (second, uuid);
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_RUNNING);
  g_assert_cmpint (gh_machine_get_uptime (machine, &exact), >=, 0);
  g_assert_true (exact);
  drop_host (second);
  remove_guest (host);
  drop_host (host);
}

typedef struct
{
  virDomainPtr  domain;
  GhTestCall   *call;
} Saving;

/* In the middle of it, or over already. */
static gboolean
is_saving (gpointer data)
{
  Saving *saving = data;
  virDomainControlInfo info = { 0 };

  return saving->call->result != NULL ||
         (virDomainGetControlInfo (saving->domain, &info, 0) == 0 &&
          info.state != VIR_DOMAIN_CONTROL_OK);
}

/* A save can be cancelled: the machine runs on and nothing is left. */
static void
test_save_cancelled (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  GhHost *host = connect_lab (lab);
  GhMachine *machine = define_guest (lab, host);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (GStrv) inventory = NULL;
  GhTestCall save = { 0 };
  gboolean cancelled = FALSE;
  virDomainPtr domain = virDomainLookupByUUIDString (gh_lab_connect (lab), uuid);

  run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
  inventory = gh_lab_list_inventory (lab);
  /* A guest that has hardly begun is saved in no time: it is held in the middle of it. */
  for (guint i = 0; i < 5 && !cancelled; i++)
    {
      g_autoptr (GError) error = NULL;
      GPid qemu = 0;

      gh_test_call_clear (&save);
      gh_machine_run_action_async (machine, GH_MACHINE_SAVE, cancellable, gh_test_call_cb, &save);
      g_assert_true (gh_lab_wait (60, is_saving, &(Saving){ domain, &save }));
      qemu = gh_lab_get_qemu_pid (lab, "guest");
      if (qemu > 0)
        kill (qemu, SIGSTOP);
      g_cancellable_cancel (cancellable);
      if (qemu > 0)
        kill (qemu, SIGCONT);
      cancelled = !gh_machine_run_action_finish (machine, gh_test_call_wait (&save), &error);
      if (cancelled)
        g_assert_true (gh_error_is_cancelled (error));
      else
        {
          g_cancellable_reset (cancellable);
          gh_test_wait_until (has_state, &(StateWait){ machine, GH_MACHINE_SAVED });
          run_action (machine, GH_MACHINE_START, GH_MACHINE_RUNNING);
        }
    }
  virDomainFree (domain);
  g_assert_true (cancelled);
  gh_test_wait_until (has_state, &(StateWait){ machine, GH_MACHINE_RUNNING });
  gh_lab_assert_inventory (lab, inventory);
  gh_test_call_clear (&save);
  remove_guest (host);
  drop_host (host);
}

static void
test_frozen_and_killed (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLab) other = gh_lab_new ();
  GhHost *host = connect_lab (lab);
  GhHost *fast = connect_lab (other);
  GhMachine *machine = define_guest (lab, host);
  GhTestCall load = { 0 };
  GhTestCall caps = { 0 };
  GhCapabilities *capabilities = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  gh_stall_watch_start (50);
  gh_stall_watch_reset ();

  /* Frozen: a call hangs, the fast host answers beside it, and the user can walk away. */
  gh_lab_signal_daemon (lab, SIGSTOP);
  gh_machine_load_xml_async (machine, GH_XML_LIVE, cancellable, gh_test_call_cb, &load);
  gh_host_load_capabilities_async (fast, NULL, gh_test_call_cb, &caps);
  capabilities = gh_host_load_capabilities_finish (fast, gh_test_call_wait (&caps), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (capabilities->arch, ==, "x86_64");
  gh_capabilities_unref (capabilities);
  g_assert_null (load.result);
  g_cancellable_cancel (cancellable);
  g_assert_null (gh_machine_load_xml_finish (machine, gh_test_call_wait (&load), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* Keep-alive notices by itself, with nothing asked. */
  gh_test_wait_until (is_lost, host);
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_UNKNOWN);
  gh_lab_signal_daemon (lab, SIGCONT);
  gh_test_wait_until (is_connected, host);
  g_assert_true (gh_host_find_machine (host, uuid) == machine);
  g_assert_cmpint (gh_machine_get_state (machine), ==, GH_MACHINE_OFF);

  /* Killed: noticed at once, and back when it is. */
  gh_lab_kill_daemon (lab);
  gh_test_wait_until (is_lost, host);
  g_assert_cmpuint (gh_stall_watch_get_count (), ==, 0);
  gh_lab_start_daemon (lab); /* which waits, here in the test */
  gh_stall_watch_reset ();
  gh_host_refresh (host);
  gh_test_wait_until (is_connected, host);
  g_assert_true (gh_host_find_machine (host, uuid) == machine);
  g_assert_cmpint (gh_host_get_state (fast), ==, GH_HOST_CONNECTED);

  g_assert_cmpuint (gh_stall_watch_get_count (), ==, 0);
  gh_stall_watch_stop ();
  gh_test_call_clear (&load);
  gh_test_call_clear (&caps);
  remove_guest (host);
  drop_host (host);
  drop_host (fast);
}

/* Ten hosts in a window: nine connections to a daemon with a guest, and one to another. */
#define N_WELL 9
/* So many figures of each are waited for, before and after the tenth freezes. */
#define N_TICKS 3

typedef struct
{
  GhHost *host;
  guint   n_wanted;
  guint   n_ticks;
  gint64  last_us;  /* monotonic: of the last tick; 0: none yet */
  gint64  worst_us; /* the longest time between two */
} Ticks;

static void
ticked_cb (GhHost           *host,
           GhMachineChanges *changes,
           Ticks            *ticks)
{
  gint64 now_us = g_get_monotonic_time ();

  if (!changes->figures)
    return;
  if (ticks->last_us != 0)
    ticks->worst_us = MAX (ticks->worst_us, now_us - ticks->last_us);
  ticks->last_us = now_us;
  ticks->n_ticks++;
}

static gboolean
all_have_ticked (gpointer data)
{
  const Ticks *ticks = data;

  for (guint i = 0; i < N_WELL; i++)
    if (ticks[i].n_ticks < ticks[i].n_wanted)
      return FALSE;
  return TRUE;
}

/* The longest that figures of any of them took, from now on until all have come so many times. */
static gint64
measure_ticks (Ticks *ticks,
               guint  n_wanted)
{
  gint64 worst_us = 0;

  for (guint i = 0; i < N_WELL; i++)
    {
      ticks[i].n_wanted = n_wanted;
      ticks[i].n_ticks = 0;
      ticks[i].worst_us = 0;
    }
  gh_test_wait_until (all_have_ticked, ticks);
  for (guint i = 0; i < N_WELL; i++)
    worst_us = MAX (worst_us, ticks[i].worst_us);
  return worst_us;
}

/* One frozen host beside nine healthy ones: their figures are never late by more than one tick, by
 * how they came a moment before on the same computer, however busy that is. */
static void
test_frozen_beside_nine (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLab) other = gh_lab_new ();
  Ticks ticks[N_WELL] = { { 0 } };
  GhHost *frozen = connect_lab (other);
  gint64 well_us = 0;
  gint64 beside_us = 0;

  for (guint i = 0; i < N_WELL; i++)
    ticks[i].host = connect_lab (lab);
  run_action (define_guest (lab, ticks[0].host), GH_MACHINE_START, GH_MACHINE_RUNNING);
  for (guint i = 0; i < N_WELL; i++)
    {
      g_signal_connect (ticks[i].host, "machines-changed", G_CALLBACK (ticked_cb), &ticks[i]);
      gh_host_hold_figures (ticks[i].host);
    }
  gh_host_hold_figures (frozen);

  /* The first figures come after what is read once. */
  measure_ticks (ticks, 1);
  well_us = measure_ticks (ticks, N_TICKS);
  gh_lab_signal_daemon (other, SIGSTOP);
  beside_us = measure_ticks (ticks, N_TICKS);
  g_test_message ("figures at most %.2f s apart, and %.2f s beside a frozen host",
                  (double) well_us / G_USEC_PER_SEC, (double) beside_us / G_USEC_PER_SEC);
  g_assert_cmpint (beside_us, <=, 2 * well_us);
  gh_lab_signal_daemon (other, SIGCONT);

  gh_host_release_figures (frozen);
  drop_host (frozen);
  for (guint i = 0; i < N_WELL; i++)
    {
      g_signal_handlers_disconnect_by_data (ticks[i].host, &ticks[i]);
      gh_host_release_figures (ticks[i].host);
    }
  remove_guest (ticks[0].host);
  for (guint i = 0; i < N_WELL; i++)
    drop_host (ticks[i].host);
}

typedef struct
{
  virStoragePoolPtr  pool;
  char              *folder;
} Closed;

/* Opens the folder as soon as the pool is stopped for it. */
static gpointer
open_when_stopped (gpointer data)
{
  Closed *closed = data;
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  while (virStoragePoolIsActive (closed->pool) == 1 && g_get_monotonic_time () < end)
    g_thread_yield ();
  g_assert_no_errno (g_chmod (closed->folder, 0700));
  return NULL;
}

/* libvirt stops a pool that it cannot read at that moment; it does not stay so. */
static void
test_pool_stopped_by_refresh (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  GhHost *host = connect_lab (lab);
  g_autofree char *folder = gh_lab_dup_path (lab, "images");
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>files</name><target><path>%s"
                                          "</path></target></pool>", folder);
  Closed closed = { virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0), folder };
  GhTestCall call = { 0 };
  g_autoptr (GError) error = NULL;
  GThread *thread = NULL;

  g_assert_nonnull (closed.pool);
  g_assert_no_errno (g_mkdir (folder, 0700));
  g_assert_cmpint (virStoragePoolCreate (closed.pool, 0), ==, 0);
  g_assert_no_errno (g_chmod (folder, 0));
  thread = g_thread_new ("open", open_when_stopped, &closed);
  gh_host_refresh_pool_async (host, "files", NULL, gh_test_call_cb, &call);
  gh_host_refresh_pool_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_thread_join (thread);
  g_assert_cmpint (virStoragePoolIsActive (closed.pool), ==, 1);
  virStoragePoolFree (closed.pool);
  gh_test_call_clear (&call);
  drop_host (host);
}

/* What a real daemon says of this computer's network, as far as it says anything. */
static void
test_interfaces (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  GhHost *host = connect_lab (lab);
  GhTestCall call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) interfaces = NULL;

  gh_host_load_interfaces_async (host, NULL, gh_test_call_cb, &call);
  interfaces = gh_host_load_interfaces_finish (host, gh_test_call_wait (&call), &error);
  if (interfaces == NULL)
    g_test_message ("No interfaces: %s", error->message);
  for (guint i = 0; interfaces != NULL && i < interfaces->len; i++)
    {
      const GhInterface *interface = g_ptr_array_index (interfaces, i);
      g_autofree char *path = g_build_filename ("/sys/class/net", interface->name, NULL);

      g_test_message ("%s: kind %d, %s", interface->name, (int) interface->kind,
                      interface->is_down ? "down" : "not down");
      g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
      /* Each once, whichever connection has read it. */
      if (i > 0)
        g_assert_cmpstr (((GhInterface *) interfaces->pdata[i - 1])->name, <, interface->name);
    }
  gh_test_call_clear (&call);
  drop_host (host);
}

int
main (int   argc,
      char *argv[])
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lab/hosts/frozen-and-killed", test_frozen_and_killed);
  g_test_add_func ("/lab/hosts/interfaces", test_interfaces);
  g_test_add_func ("/lab/hosts/pool-stopped-by-refresh", test_pool_stopped_by_refresh);
  if (gh_lab_has_guest ())
    {
      g_test_add_func ("/lab/hosts/frozen-beside-nine", test_frozen_beside_nine);
      g_test_add_func ("/lab/hosts/guest", test_guest);
      g_test_add_func ("/lab/hosts/uptime-of-others", test_uptime_of_others);
      g_test_add_func ("/lab/hosts/save-cancelled", test_save_cancelled);
    }
  return g_test_run ();
}
