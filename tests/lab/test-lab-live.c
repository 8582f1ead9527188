/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Clones of machines that run, on a real QEMU: a guest that writes to two file systems all the
 * time, an agent in it that holds them, and what is left when the copying is cancelled, killed or
 * loses its daemon. */

#include "gh-lab-image.h"

#include <glib/gstdio.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <string.h>

#include "gh-faults.h"
#include "gh-host.h"
#include "gh-live.h"
#include "gh-test.h"
#include "gh-threads.h"

/* What one counts it writes to both, the first one first: one instant has the same number in both,
 * or one more in the first. There is no moment at which nothing is being written. */
#define COUNT_SCRIPT \
  "i=0\n" \
  "while :; do\n" \
  "  i=$((i + 1))\n" \
  "  for d in a b; do\n" \
  "    printf %010d $i | dd of=/$d/n conv=notrunc,fsync 2>/dev/null\n" \
  "    echo $i >/$d/f$((i % 40))\n" \
  "  done\n" \
  "done\n"

/* What the guest agent says of synchronizing and of holding file systems. */
#define AGENT_SCRIPT \
  "for port in /dev/vport*p*; do exec 3<>$port; done\n" \
  ": >/tmp/log\n" \
  "while :; do\n" \
  "  IFS= read -r line <&3 || { usleep 20000; continue; }\n" \
  "  [ ! -e /tmp/silent ] || continue\n" \
  "  number=${line##*\\\"id\\\":}\n" \
  "  number=${number%%[!0-9]*}\n" \
  "  case $line in\n" \
  "    *guest-sync-delimited*) printf '\\377{\"return\": %s}\\n' $number >&3 ;;\n" \
  "    *guest-sync*) echo \"{\\\"return\\\": $number}\" >&3 ;;\n" \
  "    *fsfreeze-freeze*) fsfreeze --freeze /a; fsfreeze --freeze /b; echo freeze >>/tmp/log\n" \
  "      echo '{\"return\": 2}' >&3 ;;\n" \
  "    *fsfreeze-thaw*) fsfreeze --unfreeze /a; fsfreeze --unfreeze /b; echo thaw >>/tmp/log\n" \
  "      echo '{\"return\": 2}' >&3 ;;\n" \
  "    *) echo '{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}' >&3 ;;\n" \
  "  esac\n" \
  "done\n"

/* The second is more than is copied before anybody looks. */
#define SOME_DATA "write -P 0xab 64M 128M"
#define MUCH_DATA "write -P 0xab 64M 512M"

/* A machine “web” that runs, with two disks that have file systems and more data. */
typedef struct
{
  GhLab       *lab;
  GhLabSerial *serial; /* (nullable): its guest has not been waited for */
  GStrv        inventory;
  char        *xml;
  GPid         pid;
} World;

static char *
dup_disk (GhLab      *lab,
          const char *name)
{
  g_autofree char *file_name = g_strconcat (name, ".qcow2", NULL);

  return g_build_filename (gh_lab_get_folder (lab), "img", file_name, NULL);
}

static void
make_pool (GhLab *lab)
{
  g_autofree char *path = g_build_filename (gh_lab_get_folder (lab), "img", NULL);
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>default</name><target>"
                                          "<path>%s</path></target></pool>", path);
  virStoragePoolPtr pool = NULL;

  g_assert_no_errno (g_mkdir_with_parents (path, 0700));
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

/* 1 GiB, with a small file system at its beginning and data behind it, so that copying takes
 * a while. */
static void
make_disk (GhLab      *lab,
           const char *name,
           const char *pattern)
{
  g_autofree char *disk = dup_disk (lab, name);
  g_autofree char *raw = gh_lab_dup_path (lab, "raw");
  g_autofree char *folder = gh_lab_dup_path (lab, "scripts");
  g_autofree char *count = g_build_filename (folder, "count.sh", NULL);
  g_autofree char *agent = g_build_filename (folder, "agent.sh", NULL);

  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  g_assert_true (g_file_set_contents (count, COUNT_SCRIPT, -1, NULL));
  g_assert_true (g_file_set_contents (agent, AGENT_SCRIPT, -1, NULL));
  g_free (gh_lab_run_tool ("truncate", "-s", "1G", raw, NULL));
  g_free (gh_lab_run_tool ("/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", folder, raw, "32M",
                           NULL));
  g_free (gh_lab_run_tool ("qemu-img", "convert", "-O", "qcow2", raw, disk, NULL));
  gh_lab_write_pattern (disk, pattern);
  g_assert_no_errno (g_chmod (disk, 0600));
  g_assert_no_errno (g_unlink (raw));
}

static void
define_and_start (GhLab      *lab,
                  const char *xml)
{
  virDomainPtr domain = virDomainDefineXMLFlags (gh_lab_connect (lab), xml,
                                                 VIR_DOMAIN_DEFINE_VALIDATE);

  if (domain == NULL || virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

static void
world_init (World      *self,
            const char *pattern)
{
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;
  g_autofree char *xml = NULL;
  virStoragePoolPtr pool = NULL;

  self->lab = gh_lab_new ();
  a = dup_disk (self->lab, "a");
  b = dup_disk (self->lab, "b");
  make_pool (self->lab);
  make_disk (self->lab, "a", pattern);
  make_disk (self->lab, "b", pattern);
  xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vdb' bus='virtio'/></disk><serial type='pty'/>"
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
    "<memballoon model='none'/></devices></domain>",
    gh_lab_get_kernel (self->lab), gh_lab_get_initrd (self->lab), a, b);
  define_and_start (self->lab, xml);
  pool = virStoragePoolLookupByName (gh_lab_connect (self->lab), "default");
  g_assert_cmpint (virStoragePoolRefresh (pool, 0), ==, 0);
  virStoragePoolFree (pool);
  self->inventory = gh_lab_list_inventory (self->lab);
  self->xml = gh_lab_dup_xml (self->lab, "web");
  self->pid = gh_lab_get_qemu_pid (self->lab, "web");
}

static void
world_clear (World *self)
{
  g_clear_pointer (&self->serial, gh_lab_serial_close);
  g_clear_pointer (&self->lab, gh_lab_free);
  g_strfreev (self->inventory);
  g_free (self->xml);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* Waits for the guest, and has it begin to count. */
static void
start_counting (World *self)
{
  self->serial = gh_lab_serial_open (self->lab, "web");
  gh_lab_serial_write (self->serial, "\n");
  g_assert_true (gh_lab_serial_wait (self->serial, "tiny:", 120));
  gh_lab_serial_command (self->serial, "until [ -b /dev/vda -a -b /dev/vdb ]; do usleep 10000; "
                         "done; mkdir /a /b; mount -t ext4 /dev/vda /a && "
                         "mount -t ext4 /dev/vdb /b && echo mounted", "mounted");
  gh_lab_serial_command (self->serial, "sh /a/count.sh & while [ ! -s /b/n ]; do usleep 10000; "
                         "done; echo counting", "counting");
}

static guint64
read_count (World *self)
{
  gh_lab_serial_command (self->serial, "echo at-$(cat /b/n)", "at-");
  return gh_lab_serial_read_number (self->serial);
}

/* A guest that is held would never write the next number. */
static void
assert_goes_on (World *self)
{
  g_assert_cmpint (gh_lab_get_machine_state (self->lab, "web"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_qemu_pid (self->lab, "web"), ==, self->pid);
  gh_lab_serial_command (self->serial, "n=$(cat /b/n); while [ $(cat /b/n) = $n ]; do "
                         "usleep 10000; done; echo goes-on", "goes-on");
}

/* Whether libvirt knows of a job. */
static gboolean
has_job (World *self)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (self->lab), "web");
  char *xml = virDomainBackupGetXMLDesc (domain, 0);
  gboolean found = xml != NULL;

  free (xml);
  virDomainFree (domain);
  return found;
}

/* Of QEMU's own jobs, one for each disk; for how many it could be set. */
static guint
set_speed (World *self,
           gint64 bytes_per_second)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (self->lab), "web");
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *jobs = NULL;
  guint n_jobs = 0;
  guint n_set = 0;
  char *answer = NULL;

  g_assert_cmpint (virDomainQemuMonitorCommand (domain, "{\"execute\":\"query-block-jobs\"}",
                                                &answer, 0), ==, 0);
  g_assert_true (json_parser_load_from_data (parser, answer, -1, NULL));
  free (answer);
  jobs = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)),
                                       "return");
  n_jobs = json_array_get_length (jobs);
  for (guint i = 0; i < n_jobs; i++)
    {
      const char *job = json_object_get_string_member (json_array_get_object_element (jobs, i),
                                                       "device");
      g_autofree char *command =
        g_strdup_printf ("{\"execute\":\"block-job-set-speed\",\"arguments\":{\"device\":\"%s\","
                         "\"speed\":%" G_GINT64_FORMAT "}}", job, bytes_per_second);

      g_assert_cmpint (virDomainQemuMonitorCommand (domain, command, &answer, 0), ==, 0);
      n_set += strstr (answer, "\"error\"") == NULL;
      free (answer);
    }
  virDomainFree (domain);
  return n_set;
}

static void
assert_as_before (World *self)
{
  g_autofree char *xml = gh_lab_dup_xml (self->lab, "web");

  g_assert_false (has_job (self));
  g_assert_cmpuint (set_speed (self, 0), ==, 0);
  gh_lab_assert_inventory (self->lab, self->inventory);
  g_assert_cmpstr (xml, ==, self->xml);
  g_assert_cmpint (gh_lab_get_qemu_pid (self->lab, "web"), ==, self->pid);
}

#define clone_web(world) \
  gh_lab_run ((world)->lab, "clone", "web", "--name", "live", "--yes", "--json", NULL)

static void
delete_clone (World *self)
{
  g_autoptr (GhLabRun) run = gh_lab_run (self->lab, "delete", "live", "--yes", "--json", NULL);

  gh_lab_assert_status (run, 0);
  assert_as_before (self);
}

static GhLabRun *
clone_web_with (World      *self,
                const char *faults)
{
  GhLabRun *run = NULL;

  g_test_message ("%s", faults);
  gh_lab_set_env (self->lab, "GUESTHOUSE_FAULTS", faults);
  run = clone_web (self);
  gh_lab_set_env (self->lab, "GUESTHOUSE_FAULTS", "");
  return run;
}

static void
undo (World *self)
{
  g_autoptr (GhLabRun) run = gh_lab_run (self->lab, "undo", "--all", "--yes", "--json", NULL);

  gh_lab_assert_status (run, 0);
  assert_as_before (self);
}

static gboolean
has_files (World *self)
{
  g_autofree char *first = dup_disk (self->lab, "live-vda");
  g_autofree char *second = dup_disk (self->lab, "live-vdb");

  return g_file_test (first, G_FILE_TEST_EXISTS) && g_file_test (second, G_FILE_TEST_EXISTS);
}

/* It cannot tell all it has to know: nothing is taken away, until it can. */
static void
undo_in_vain (World      *self,
              const char *faults)
{
  g_autoptr (GhLabRun) run = NULL;

  g_test_message ("undo with %s", faults);
  gh_lab_set_env (self->lab, "GUESTHOUSE_FAULTS", faults);
  run = gh_lab_run (self->lab, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_set_env (self->lab, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (run, 4);
  g_assert_true (has_files (self));
}

/* What the clone's disks hold */

/* One of the clone's disks, as a raw file. */
static char *
dup_raw (World *self,
         guint  index)
{
  g_autofree char *xml = gh_lab_dup_xml (self->lab, "live");
  g_auto (GStrv) parts = g_strsplit (xml, "<source file='", -1);
  g_autofree char *path = NULL;
  g_autofree char *name = g_strdup_printf ("clone-%u", index);
  g_autofree char *raw = gh_lab_dup_path (self->lab, name);

  g_assert_cmpuint (g_strv_length (parts), ==, 3);
  path = g_strndup (parts[index + 1], strcspn (parts[index + 1], "'"));
  gh_lab_assert_backing (path, NULL, NULL);
  g_assert_true (gh_lab_has_pattern (path, "read -P 0xab 64M 128M"));
  g_free (gh_lab_run_tool ("qemu-img", "convert", "-f", "qcow2", "-O", "raw", path, raw, NULL));
  return g_steal_pointer (&raw);
}

/* The number in it; its file system has to need nothing but what was noted in its journal, or
 * not even that when it was held. */
static guint64
read_clone (World    *self,
            guint     index,
            gboolean  was_held)
{
  g_autofree char *raw = dup_raw (self, index);
  g_autofree char *features = gh_lab_run_tool ("/usr/sbin/dumpe2fs", "-h", raw, NULL);
  g_autofree char *number = NULL;

  g_assert_true (was_held == (strstr (features, "needs_recovery") == NULL));
  if (!was_held)
    g_free (gh_lab_run_tool ("/usr/sbin/e2fsck", "-E", "journal_only", "-y", raw, NULL));
  g_free (gh_lab_run_tool ("/usr/sbin/e2fsck", "-f", "-n", raw, NULL));
  number = gh_lab_run_tool ("/usr/sbin/debugfs", "-R", "cat n", raw, NULL);
  g_assert_no_errno (g_unlink (raw));
  return g_ascii_strtoull (number, NULL, 10);
}

static guint64
assert_one_instant (World    *self,
                    gboolean  was_held)
{
  guint64 first = read_clone (self, 0, was_held);
  guint64 second = read_clone (self, 1, was_held);

  g_test_message ("%" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT, first, second);
  g_assert_cmpuint (first, >=, second);
  g_assert_cmpuint (first, <=, second + 1);
  return second;
}

static void
assert_without_agent (World *self)
{
  g_autoptr (GhLabRun) run = NULL;
  guint64 before = read_count (self);
  guint64 taken = 0;
  guint64 after = 0;

  run = clone_web (self);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "live-memory", "note"));
  g_assert_true (gh_lab_run_has_check (run, "live-not-frozen", "note"));
  after = read_count (self);
  taken = assert_one_instant (self, FALSE);
  g_assert_cmpuint (taken, >=, before);
  /* It has been writing all the time. */
  g_assert_cmpuint (taken, <, after);
  assert_goes_on (self);
  delete_clone (self);
}

/* The agent */

static gboolean
is_agent_connected (gpointer data)
{
  char *xml = virDomainGetXMLDesc (data, 0);
  gboolean connected = xml != NULL && strstr (xml, "state='connected'") != NULL;

  free (xml);
  return connected;
}

static void
start_agent (World *self)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (self->lab), "web");

  gh_lab_serial_command (self->serial, "sh /a/agent.sh & until [ -e /tmp/log ]; do usleep 10000; "
                         "done; echo agent", "agent");
  g_assert_true (gh_lab_wait (60, is_agent_connected, domain));
  virDomainFree (domain);
}

/* What it was asked to do since the last time, and what it was not. */
static void
assert_asked (World      *self,
              const char *expected)
{
  g_autofree char *answer = g_strdup_printf ("log-%s.", expected);

  gh_lab_serial_command (self->serial, "echo log-$(echo $(cat /tmp/log)).; : >/tmp/log", answer);
}

static void
assert_held (World *self)
{
  g_autoptr (GhLabRun) run = clone_web (self);

  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "live-frozen", "ok"));
  assert_asked (self, "freeze thaw");
  assert_goes_on (self);
  assert_one_instant (self, TRUE);
  delete_clone (self);
}

/* It is let go all the same when nothing can be copied, by whoever can. */
static void
assert_let_go (World *self)
{
  g_autoptr (GhLabRun) failed = clone_web_with (self, "domain-backup-begin:fail=1");
  g_autoptr (GhLabRun) held = NULL;
  g_autoptr (GhLabRun) killed = NULL;

  gh_lab_assert_status (failed, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (failed), ==, "undone");
  assert_asked (self, "freeze thaw");
  assert_goes_on (self);
  assert_as_before (self);

  held = clone_web_with (self, "domain-thaw:fail=1");
  gh_lab_assert_status (held, 4);
  g_assert_nonnull (strstr (held->out, "The guest of “web”, which may not write to its disks"));
  assert_asked (self, "freeze");
  undo (self);
  assert_asked (self, "thaw");
  assert_goes_on (self);

  killed = clone_web_with (self, "domain-backup-begin:kill");
  gh_lab_assert_status (killed, 128 + SIGKILL);
  assert_asked (self, "freeze");
  undo (self);
  assert_asked (self, "thaw");
  assert_goes_on (self);
}

/* Who cannot answer is not held, and cloned as without an agent. */
static void
assert_not_held (World *self)
{
  g_autoptr (GhLabRun) run = clone_web (self);

  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "live-agent-silent", "note"));
  g_assert_null (strstr (run->out, "live-frozen"));
  g_assert_null (strstr (run->out, "domfsfreeze"));
}

/* In this process */

static gboolean
is_connected (gpointer host)
{
  return gh_host_get_state (host) == GH_HOST_CONNECTED;
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

static void
changed_cb (GhHost     *host,
            const char *uuid,
            guint      *n_changes)
{
  (*n_changes)++;
}

static gboolean
is_told_of_both (gpointer n_changes)
{
  return *(guint *) n_changes >= 2;
}

static GhLiveAgent
ask_agent (GhHost     *host,
           const char *uuid)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GhLiveInfo) info = NULL;

  gh_host_load_live_async (host, uuid, TRUE, NULL, gh_test_call_cb, &call);
  info = gh_host_load_live_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return info->agent;
}

/* What it says after it was silent once, with nothing told of its machine meanwhile: what happened
 * before may be told late. */
static GhLiveAgent
ask_again (GhHost     *host,
           const char *uuid,
           guint      *n_changes)
{
  GhLiveAgent again = GH_LIVE_AGENT_NONE;

  do
    {
      *n_changes = 0;
      gh_faults_set ("domain-live-ask:fail=86,times=1");
      g_assert_cmpint (ask_agent (host, uuid), ==, GH_LIVE_AGENT_SILENT);
      again = ask_agent (host, uuid);
    }
  while (*n_changes > 0);
  gh_faults_set (NULL);
  return again;
}

/* Whose silence is known is not waited for again, until something happens to its machine. */
static void
assert_remembered (World *self)
{
  g_autofree char *uri = gh_lab_dup_uri (self->lab);
  g_autofree char *uuid = gh_lab_dup_machine_uuid (self->lab, "web");
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (self->lab), "web");
  GhHost *host = gh_host_new (uri);
  guint n_changes = 0;

  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  g_signal_connect (host, "definition-changed", G_CALLBACK (changed_cb), &n_changes);
  g_assert_cmpint (ask_again (host, uuid, &n_changes), ==, GH_LIVE_AGENT_SILENT);
  n_changes = 0;
  g_assert_cmpint (virDomainSuspend (domain), ==, 0);
  g_assert_cmpint (virDomainResume (domain), ==, 0);
  gh_test_wait_until (is_told_of_both, &n_changes);
  g_assert_cmpint (ask_agent (host, uuid), ==, GH_LIVE_AGENT_ANSWERS);
  g_signal_handlers_disconnect_by_data (host, &n_changes);
  drop_host (host);
  virDomainFree (domain);
}

static void
assert_silent (World *self)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (self->lab), "web");
  g_autoptr (GhLabRun) late = NULL;
  g_autoptr (GhLabRun) once = NULL;

  g_assert_cmpint (virDomainSuspend (domain), ==, 0);
  assert_not_held (self);
  g_assert_cmpint (gh_lab_get_machine_state (self->lab, "web"), ==, VIR_DOMAIN_PAUSED);
  delete_clone (self);
  g_assert_cmpint (virDomainResume (domain), ==, 0);
  virDomainFree (domain);
  assert_asked (self, "");

  /* Only after it was said that it would be held: then it is, or nothing is copied. */
  late = clone_web_with (self, "domain-freeze-ask:fail=86");
  gh_lab_assert_status (late, 1);
  g_assert_true (gh_lab_run_has_check (late, "live-frozen", "ok"));
  g_assert_cmpstr (gh_lab_run_get_outcome (late), ==, "undone");
  g_assert_nonnull (strstr (late->out, "does not answer any more"));
  assert_asked (self, "");
  assert_goes_on (self);
  assert_as_before (self);

  /* Asked once, not once for each time a plan is prepared: the second time it would answer. */
  once = clone_web_with (self, "domain-live-ask:fail=86,times=1");
  gh_lab_assert_status (once, 0);
  g_assert_true (gh_lab_run_has_check (once, "live-agent-silent", "note"));
  assert_asked (self, "");
  delete_clone (self);
  assert_remembered (self);

  gh_lab_serial_command (self->serial, ": >/tmp/silent; echo silent", "silent");
  assert_not_held (self);
  assert_asked (self, "");
  assert_goes_on (self);
  assert_one_instant (self, FALSE);
  delete_clone (self);
}

/* One guest, since booting it takes longest. */
static void
test_agent (void)
{
  g_auto (World) world = { 0 };

  if (!gh_lab_has_guest ())
    return;
  world_init (&world, SOME_DATA);
  start_counting (&world);
  assert_without_agent (&world);
  start_agent (&world);
  assert_held (&world);
  assert_let_go (&world);
  assert_silent (&world);
}

/* Ended early */

typedef struct
{
  World      *world;
  GhLabChild *child;
  gboolean    is_slow;
} Progress;

/* Slows it down as soon as it is there. */
static gboolean
is_copying (gpointer data)
{
  Progress *progress = data;

  if (has_job (progress->world))
    progress->is_slow = set_speed (progress->world, 64 * 1024) > 0;
  return progress->is_slow || gh_lab_child_has_ended (progress->child);
}

/* In the middle of copying, where it stays. A host may copy it all before it can be told to be
 * slow: then once more. */
static GhLabChild *
start_copying (World *self)
{
  for (guint i = 0; i < 20; i++)
    {
      Progress progress = { self, NULL, FALSE };
      g_autoptr (GhLabRun) run = NULL;

      progress.child = gh_lab_spawn (self->lab, "clone", "web", "--name", "live", "--yes",
                                     "--json", NULL);
      g_assert_true (gh_lab_wait (120, is_copying, &progress));
      if (progress.is_slow)
        return progress.child;
      run = gh_lab_child_wait (progress.child);
      gh_lab_assert_status (run, 0);
      delete_clone (self);
    }
  g_error ("The disks are always copied before the copying can be slowed down");
}

static void
assert_cancelled (World *self)
{
  GhLabChild *child = start_copying (self);
  g_autoptr (GhLabRun) run = NULL;
  gint64 start = 0;
  double took = 0;

  /* It is held for the beginning only: the copying has not ended yet. */
  gh_lab_serial_command (self->serial, "until [ $(tail -n 1 /tmp/log) = thaw ]; do usleep 10000; "
                         "done; echo log-$(echo $(tail -n 2 /tmp/log)).; : >/tmp/log",
                         "log-freeze thaw.");
  assert_goes_on (self);
  g_assert_true (has_job (self));

  start = g_get_monotonic_time ();
  gh_lab_child_signal (child, SIGINT);
  run = gh_lab_child_wait (child);
  took = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  g_test_message ("clean after %.2f s", took);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  /* At the speed it was given, copying goes on for hours. */
  g_assert_cmpfloat (took, <, 30.0);
  assert_as_before (self);
  assert_asked (self, "");
  assert_goes_on (self);
}

static void
assert_killed (World *self)
{
  static const char * const points[] = {
    "plan-step-backup-before:kill", "plan-step-backup-saved:kill", "plan-step-backup-after:kill",
  };
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autoptr (GhLabRun) killed = clone_web_with (self, points[i]);

      gh_lab_assert_status (killed, 128 + SIGKILL);
      if (strstr (points[i], "-after") != NULL)
        undo_in_vain (self, "pool-volumes:fail=38");
      undo (self);
    }

  /* In the middle: the job goes on by itself, until it is undone. */
  child = start_copying (self);
  gh_lab_child_signal (child, SIGKILL);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 128 + SIGKILL);
  undo_in_vain (self, "domain-backup-look:fail=38");
  g_assert_true (has_job (self));
  undo (self);
  assert_goes_on (self);
}

/* The job is QEMU's: it goes on, and is waited for until the daemon is back. */
static void
assert_daemon_killed (World *self)
{
  GhLabChild *child = start_copying (self);
  g_autoptr (GhLabRun) run = NULL;

  /* The console goes with the daemon. */
  g_clear_pointer (&self->serial, gh_lab_serial_close);
  gh_lab_kill_daemon (self->lab);
  gh_lab_start_daemon (self->lab);
  set_speed (self, 0);
  run = gh_lab_child_wait (child);
  g_test_message ("%d %s %s", run->status, gh_lab_run_get_outcome (run), run->err);
  if (run->status == 0)
    {
      g_free (dup_raw (self, 0));
      g_free (dup_raw (self, 1));
      delete_clone (self);
    }
  else
    {
      /* On a busy host the daemon may have been away for longer than is waited for; or it was
       * killed while it was told to begin. */
      g_assert_true (run->status == 1 || run->status == 4);
      undo (self);
    }
  /* It may have been killed while the guest was held. */
  self->serial = gh_lab_serial_open (self->lab, "web");
  assert_goes_on (self);
}

static void
test_ended_early (void)
{
  g_auto (World) world = { 0 };

  if (!gh_lab_has_guest ())
    return;
  world_init (&world, MUCH_DATA);
  start_counting (&world);
  start_agent (&world);
  assert_cancelled (&world);
  assert_killed (&world);
  assert_daemon_killed (&world);
}

/* Firmware */

static void
test_firmware (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autoptr (GhLabRun) made = gh_lab_run (lab, "create", "uefi", "--empty", "--size", "0.01",
                                          "--memory", "64", "--network", "none", "--graphics",
                                          "none", "--firmware", "uefi", "--no-start", "--yes",
                                          "--json", NULL);
  g_autofree char *folder = g_build_filename (gh_lab_get_folder (lab), ".config", "libvirt",
                                              "qemu", "nvram", NULL);
  g_autofree char *nvram = g_build_filename (folder, "uefi_VARS.fd", NULL);
  g_autofree char *clone_nvram = g_build_filename (folder, "second_VARS.fd", NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  virDomainPtr domain = NULL;
  g_autoptr (GhLabRun) run = NULL;
  gsize length = 0;
  gsize clone_length = 0;

  if (made->status != 0)
    {
      g_test_skip ("no UEFI firmware");
      return;
    }
  /* Its file is made by the first start, and no firmware writes to it while it is held. */
  domain = virDomainLookupByName (gh_lab_connect (lab), "uefi");
  g_assert_cmpint (virDomainCreateWithFlags (domain, VIR_DOMAIN_START_PAUSED), ==, 0);
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  g_assert_true (g_file_get_contents (nvram, &before, &length, NULL));
  before[length / 2] ^= 0x5a;
  g_assert_true (g_file_set_contents (nvram, before, (gssize) length, NULL));
  g_assert_cmpint (virDomainCreateWithFlags (domain, VIR_DOMAIN_START_PAUSED), ==, 0);
  run = gh_lab_run (lab, "clone", "uefi", "--name", "second", "--yes", "--json", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "live-memory", "note"));
  g_assert_true (g_file_get_contents (clone_nvram, &after, &clone_length, NULL));
  g_assert_cmpmem (before, length, after, clone_length);
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  virDomainFree (domain);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();
  g_test_add_func ("/lab/live/agent", test_agent);
  g_test_add_func ("/lab/live/ended-early", test_ended_early);
  g_test_add_func ("/lab/live/firmware", test_firmware);
  return g_test_run ();
}
