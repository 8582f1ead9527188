/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Machines that are off move from one real host to another: two users' worlds, each with a daemon
 * of its own. */

#include "gh-lab-line.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "gh-faults.h"
#include "gh-host.h"
#include "gh-storage.h"
#include "gh-test.h"
#include "gh-threads.h"
#include "gh-transfer.h"

#define MIB ((guint64) 1024 * 1024)

/* Two hosts */

typedef struct
{
  GhLab *here;
  GhLab *there;
  char  *here_uri;
  char  *there_uri;
} Pair;

static void
make_pool (GhLab      *lab,
           const char *folder)
{
  g_autofree char *path = gh_lab_dup_path (lab, folder);
  g_autofree char *xml = g_markup_printf_escaped (
    "<pool type='dir'><name>%s</name><target><path>%s</path></target></pool>", folder, path);
  virStoragePoolPtr pool = NULL;

  g_mkdir_with_parents (path, 0700);
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  if (pool == NULL)
    g_error ("%s: defining a pool: %s", path, virGetLastErrorMessage ());
  if (virStoragePoolCreate (pool, 0) < 0 || virStoragePoolSetAutostart (pool, 1) < 0)
    g_error ("%s: starting a pool: %s", path, virGetLastErrorMessage ());
  virStoragePoolFree (pool);
}

static void
pair_init (Pair *self)
{
  self->here = gh_lab_new ();
  self->there = gh_lab_new ();
  gh_lab_start_daemon (self->here);
  gh_lab_start_daemon (self->there);
  self->here_uri = gh_lab_dup_uri (self->here);
  self->there_uri = gh_lab_dup_uri (self->there);
  make_pool (self->here, "pool");
  make_pool (self->there, "pool");
}

static void
pair_clear (Pair *self)
{
  g_clear_pointer (&self->here, gh_lab_free);
  g_clear_pointer (&self->there, gh_lab_free);
  g_free (self->here_uri);
  g_free (self->there_uri);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

/* Files */

static void
run_program (const char *first,
             ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *err = NULL;
  g_autofree char *out = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;
  va_list more;

  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  g_spawn_sync (NULL, (char **) words->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s%s", first, out, err);
}

/* @n pieces of @piece bytes of noise, each @every bytes apart. */
static void
write_noise (const char *path,
             guint64     every,
             guint64     piece,
             guint       n)
{
  g_autofree guint32 *noise = g_new (guint32, piece / 4);
  FILE *file = g_fopen (path, "r+");
  guint32 state = 2463534242u;

  g_assert_nonnull (file);
  for (guint i = 0; i < n; i++)
    {
      for (guint64 j = 0; j < piece / 4; j++)
        {
          state ^= state << 13;
          state ^= state >> 17;
          state ^= state << 5;
          noise[j] = state;
        }
      g_assert_no_errno (fseeko (file, (off_t) (i * every), SEEK_SET));
      g_assert_cmpuint (fwrite (noise, 1, piece, file), ==, piece);
    }
  g_assert_no_errno (fclose (file));
}

static guint64
get_allocation (const char *path)
{
  struct stat status;

  g_assert_no_errno (stat (path, &status));
  return (guint64) status.st_blocks * 512;
}

/* A file of 2 GiB with 32 MiB in it. */
static char *
make_raw (GhLab *lab)
{
  char *path = gh_lab_dup_path (lab, "pool/disk.img");

  run_program ("qemu-img", "create", "-q", "-f", "raw", path, "2G", NULL);
  write_noise (path, 100 * MIB + 4096, 2 * MIB, 16);
  return path;
}

/* Streams */

static GhHost *
open_host (const char *uri)
{
  GhHost *host = gh_host_new (uri);
  g_auto (GhTestCall) call = { NULL };
  g_autoptr (GError) error = NULL;

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return host;
}

static void
refresh_pool (GhHost *host)
{
  g_auto (GhTestCall) call = { NULL };
  g_autoptr (GError) error = NULL;

  gh_host_refresh_pool_async (host, "pool", NULL, gh_test_call_cb, &call);
  gh_host_refresh_pool_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
make_volume (GhHost  *host,
             guint64  capacity)
{
  g_autofree char *xml = g_strdup_printf (
    "<volume><name>disk.img</name><capacity>%" G_GUINT64_FORMAT "</capacity>"
    "<allocation>0</allocation><target><format type='raw'/></target></volume>", capacity);
  g_auto (GhTestCall) call = { NULL };
  g_autoptr (GhVolumeInfo) volume = NULL;
  g_autoptr (GError) error = NULL;

  gh_host_create_volume_async (host, "pool", xml, NULL, gh_test_call_cb, &call);
  volume = gh_host_create_volume_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

typedef struct
{
  Pair                pair;
  GhHost             *source;
  GhHost             *host;
  char               *source_path;
  char               *path;
  GhTransferProgress *progress;
  GCancellable       *cancellable;
  GhTestCall          call;
} Stream;

static void
stream_start (Stream *self)
{
  struct stat status;

  pair_init (&self->pair);
  self->source_path = make_raw (self->pair.here);
  self->path = gh_lab_dup_path (self->pair.there, "pool/disk.img");
  self->source = open_host (self->pair.here_uri);
  self->host = open_host (self->pair.there_uri);
  refresh_pool (self->source);
  g_assert_no_errno (stat (self->source_path, &status));
  make_volume (self->host, (guint64) status.st_size);
  self->progress = gh_transfer_progress_new ();
  self->cancellable = g_cancellable_new ();
  gh_host_transfer_async (self->host, "pool", self->path, self->source, "pool", self->source_path,
                          self->progress, self->cancellable, gh_test_call_cb, &self->call);
}

static void
stream_clear (Stream *self)
{
  gh_test_call_clear (&self->call);
  gh_host_disconnect (self->source);
  gh_host_disconnect (self->host);
  g_clear_object (&self->source);
  g_clear_object (&self->host);
  gh_transfer_progress_unref (self->progress);
  g_clear_object (&self->cancellable);
  g_free (self->source_path);
  g_free (self->path);
  pair_clear (&self->pair);
  gh_faults_set (NULL);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stream, stream_clear)

static void
stream_assert_arrived (Stream *self)
{
  g_autoptr (GError) error = NULL;

  gh_host_transfer_finish (self->host, gh_test_call_wait (&self->call), &error);
  g_assert_no_error (error);
  run_program ("cmp", self->source_path, self->path, NULL);
  g_assert_cmpuint (get_allocation (self->path) * 10, <=, get_allocation (self->source_path) * 11);
}

static void
test_stream_whole (void)
{
  g_auto (Stream) stream = { 0 };
  GhTransferFigures figures;

  stream_start (&stream);
  stream_assert_arrived (&stream);
  gh_transfer_progress_get (stream.progress, &figures);
  g_assert_cmpuint (figures.n_cuts, ==, 0);
  g_assert_cmpuint (figures.n_sent, ==, 32 * MIB);
  g_assert_cmpuint (figures.n_verified, ==, 32 * MIB);
  g_assert_cmpuint (figures.position, ==, 2048 * MIB);
  g_assert_cmpfloat (gh_transfer_progress_get_fraction (stream.progress), ==, 1.0);
}

/* In the middle: something has arrived, and not all. */
static gboolean
is_under_way (gpointer data)
{
  Stream *self = data;
  GhTransferFigures figures;

  gh_transfer_progress_get (self->progress, &figures);
  return figures.n_verified > 2 * MIB;
}

static gboolean
is_waiting (gpointer data)
{
  Stream *self = data;
  GhTransferFigures figures;

  gh_transfer_progress_get (self->progress, &figures);
  return figures.waiting;
}

/* @kill_source: else the destination. It comes back, and no more than the parts that were under way
 * are sent again. */
static void
assert_resumes (gboolean kill_source)
{
  g_auto (Stream) stream = { 0 };
  GhTransferFigures figures;
  GhLab *lab = NULL;

  gh_faults_set ("transfer-segment-write:delay=100;transfer-segment-read:delay=100");
  stream_start (&stream);
  lab = kill_source ? stream.pair.here : stream.pair.there;
  g_assert_true (gh_lab_wait (60, is_under_way, &stream));
  gh_lab_kill_daemon (lab);
  g_assert_true (gh_lab_wait (60, is_waiting, &stream));
  g_assert_null (stream.call.result);
  gh_lab_start_daemon (lab);
  stream_assert_arrived (&stream);

  gh_transfer_progress_get (stream.progress, &figures);
  g_assert_cmpuint (figures.n_cuts, >=, 1);
  g_assert_cmpuint (figures.resumed_at, >, 0);
  g_assert_cmpuint (figures.n_verified, ==, 32 * MIB);
  g_assert_cmpuint (figures.n_sent, <, 2 * 32 * MIB);
  g_assert_cmpuint (figures.n_read, <, 2 * 32 * MIB);
}

static void
test_stream_destination_killed (void)
{
  assert_resumes (/* kill_source= */ FALSE);
}

static void
test_stream_source_killed (void)
{
  assert_resumes (/* kill_source= */ TRUE);
}

/* A host that is frozen cannot be told to stop, but whoever waits is answered. */
static void
test_stream_cancelled (void)
{
  g_auto (Stream) stream = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 start = 0;

  gh_faults_set ("transfer-segment-write:delay=100");
  stream_start (&stream);
  g_assert_true (gh_lab_wait (60, is_under_way, &stream));
  gh_lab_signal_daemon (stream.pair.there, SIGSTOP);
  start = g_get_monotonic_time ();
  g_cancellable_cancel (stream.cancellable);
  gh_host_transfer_finish (stream.host, gh_test_call_wait (&stream.call), &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_TIME_SPAN_SECOND);
  gh_lab_signal_daemon (stream.pair.there, SIGCONT);
}

/* Moving */

static GhLabRun *
move (Pair       *self,
      const char *name)
{
  return gh_lab_run (self->here, "migrate", name, self->there_uri, "--offline", "--copy-storage",
                     "--yes", "--json", NULL);
}

static GhLabChild *
spawn_move (Pair       *self,
            const char *name)
{
  return gh_lab_spawn (self->here, "migrate", name, self->there_uri, "--offline",
                       "--copy-storage", "--yes", "--json", NULL);
}

static void
define (GhLab      *lab,
        const char *xml)
{
  virDomainPtr domain = virDomainDefineXMLFlags (gh_lab_connect (lab), xml,
                                                 VIR_DOMAIN_DEFINE_VALIDATE);

  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

/* A machine that boots the tiny guest; @more: XML of what else it has. */
static void
define_machine (GhLab      *lab,
                const char *name,
                const char *disk,
                const char *more)
{
  g_autofree char *xml = g_strdup_printf (
    "<domain type='qemu'><name>%s</name><memory unit='MiB'>256</memory>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=tty0 console=ttyS0 quiet</cmdline></os><features><acpi/></features><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk>%s<serial type='pty'/><console type='pty'/>"
    "</devices></domain>",
    name, gh_lab_get_kernel (lab), gh_lab_get_initrd (lab), disk, more);

  define (lab, xml);
}

/* @mib: how much noise is in it. */
static char *
make_disk (GhLab      *lab,
           const char *name,
           guint       mib)
{
  char *path = gh_lab_dup_path (lab, name);
  g_autofree char *raw = g_strconcat (path, ".raw", NULL);

  run_program ("qemu-img", "create", "-q", "-f", "raw", raw, "1G", NULL);
  write_noise (raw, 9 * MIB, MIB, mib);
  run_program ("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path, NULL);
  g_assert_no_errno (g_unlink (raw));
  return path;
}

static void
assert_only_here (Pair       *self,
                  const char *name)
{
  g_assert_cmpint (gh_lab_get_machine_state (self->here, name), !=, -1);
  g_assert_cmpint (gh_lab_get_machine_state (self->there, name), ==, -1);
}

static void
assert_only_there (Pair       *self,
                   const char *name)
{
  g_assert_cmpint (gh_lab_get_machine_state (self->here, name), ==, -1);
  g_assert_cmpint (gh_lab_get_machine_state (self->there, name), !=, -1);
}

/* Two disks, one of them in no pool; thin ones arrive thin, and the machine boots from them. */
static void
test_move_boots (void)
{
  g_auto (Pair) pair = { NULL };
  g_autofree char *disk = NULL;
  g_autofree char *arrived = NULL;
  g_autofree char *data = NULL;
  g_autofree char *data_arrived = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *more = NULL;
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) back = NULL;
  g_autoptr (GhLabRun) started = NULL;
  g_autoptr (GhLabSerial) serial = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *uuid_there = NULL;

  pair_init (&pair);
  disk = make_disk (pair.here, "pool/web.qcow2", 8);
  data = gh_lab_dup_path (pair.here, "elsewhere/data.img");
  folder = g_path_get_dirname (data);
  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  run_program ("qemu-img", "create", "-q", "-f", "raw", data, "2G", NULL);
  write_noise (data, 200 * MIB, MIB, 8);
  more = g_strdup_printf (
    "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/>"
    "<target dev='vdb' bus='virtio'/></disk>", data);
  define_machine (pair.here, "web", disk, more);
  uuid = gh_lab_dup_machine_uuid (pair.here, "web");

  run = gh_lab_run (pair.here, "-c", pair.here_uri, "migrate", "web", pair.there_uri, "--offline",
                    "--copy-storage", "--yes", "--json", NULL);
  gh_lab_assert_status (run, 0);
  assert_only_there (&pair, "web");
  g_assert_true (gh_lab_run_has_check (run, "kept-at-source", "note"));
  uuid_there = gh_lab_dup_machine_uuid (pair.there, "web");
  g_assert_cmpstr (uuid_there, ==, uuid);
  arrived = gh_lab_dup_path (pair.there, "pool/web.qcow2");
  data_arrived = gh_lab_dup_path (pair.there, "pool/data.img");
  run_program ("qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", disk, arrived, NULL);
  run_program ("qemu-img", "compare", "-f", "raw", "-F", "raw", data, data_arrived, NULL);
  g_assert_cmpuint (get_allocation (arrived) * 10, <=, get_allocation (disk) * 11);
  g_assert_cmpuint (get_allocation (data_arrived) * 10, <=, get_allocation (data) * 11);

  /* How long the way back takes is known from this one. */
  g_assert_null (strstr (run->out, "as measured on the last move between these hosts"));
  back = gh_lab_run (pair.here, "-c", pair.there_uri, "migrate", "web", pair.here_uri,
                     "--offline", "--copy-storage", "--rehearse", "--json", NULL);
  g_assert_true (gh_lab_run_has_check (back, "estimate", "note"));
  g_assert_nonnull (strstr (back->out, "as measured on the last move between these hosts"));

  started = gh_lab_run (pair.there, "start", "web", "--yes", "--json", NULL);
  gh_lab_assert_status (started, 0);
  serial = gh_lab_serial_open (pair.there, "web");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
}

static void
refresh_lab_pool (GhLab *lab)
{
  virStoragePoolPtr pool = virStoragePoolLookupByName (gh_lab_connect (lab), "pool");

  g_assert_cmpint (virStoragePoolRefresh (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

static void
start_and_stop (GhLab      *lab,
                const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);

  g_assert_nonnull (domain);
  if (virDomainCreateWithFlags (domain, VIR_DOMAIN_START_PAUSED) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  virDomainFree (domain);
}

/* A disk that is named by pool and volume is sent too; the destination has an older one of that
 * name in a pool of that name. */
static void
test_move_volume (void)
{
  g_auto (Pair) pair = { NULL };
  g_autofree char *disk = NULL;
  g_autofree char *data = NULL;
  g_autofree char *stale = NULL;
  g_autofree char *arrived = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (GhLabRun) run = NULL;
  virDomainPtr domain = NULL;
  char *definition = NULL;

  pair_init (&pair);
  disk = make_disk (pair.here, "pool/web.qcow2", 1);
  data = make_disk (pair.here, "pool/data.qcow2", 2);
  stale = gh_lab_dup_path (pair.there, "pool/data.qcow2");
  run_program ("qemu-img", "create", "-q", "-f", "qcow2", stale, "1G", NULL);
  refresh_lab_pool (pair.here);
  refresh_lab_pool (pair.there);
  xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>64</memory>"
    "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk>"
    "<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/>"
    "<source pool='pool' volume='data.qcow2'/><target dev='vdb' bus='virtio'/>"
    "<serial>kept</serial></disk></devices></domain>", disk);
  define (pair.here, xml);

  run = move (&pair, "web");
  gh_lab_assert_status (run, 0);
  assert_only_there (&pair, "web");
  arrived = gh_lab_dup_path (pair.there, "pool/data-2.qcow2");
  run_program ("qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", data, arrived, NULL);
  domain = virDomainLookupByName (gh_lab_connect (pair.there), "web");
  definition = virDomainGetXMLDesc (domain, VIR_DOMAIN_XML_INACTIVE);
  g_assert_nonnull (strstr (definition, arrived));
  g_assert_nonnull (strstr (definition, "<serial>kept</serial>"));
  free (definition);
  virDomainFree (domain);
  start_and_stop (pair.there, "web");
}

/* Two hosts that have the same folder, or with @other, a folder of its own each at the same path.
 * The program cannot look at the files of the destination. */
static void
share_unseen (gboolean other)
{
  static const char script[] = "[ -z \"$1\" ] || mount --bind \"$1\" \"$2\"; shift 2; "
                               "exec \"$@\"";
  g_auto (Pair) pair = { NULL };
  g_auto (GStrv) here = NULL;
  g_auto (GStrv) there = NULL;
  g_autofree char *disk = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *others = NULL;
  g_autofree char *uri = NULL;
  g_autoptr (GhLabLine) line = NULL;
  g_autoptr (GhLabRun) run = NULL;

  pair.here = gh_lab_new ();
  pair.there = gh_lab_new ();
  folder = gh_lab_dup_path (pair.here, "elsewhere");
  others = gh_lab_dup_path (pair.there, "elsewhere");
  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  g_assert_no_errno (g_mkdir_with_parents (others, 0700));
  gh_lab_set_place (pair.there, (const char * const[]) {
    "unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "sh", "-c", script, "sh",
    other ? others : "", folder, NULL });
  gh_lab_start_daemon (pair.here);
  gh_lab_start_daemon (pair.there);
  disk = make_disk (pair.here, "elsewhere/web.qcow2", 1);
  if (other)
    g_free (make_disk (pair.there, "elsewhere/web.qcow2", 2));
  define_machine (pair.here, "web", disk, "");
  line = gh_lab_line_new_tcp (pair.there, 0);
  uri = gh_lab_line_dup_uri (line);
  here = gh_lab_list_inventory (pair.here);
  there = gh_lab_list_inventory (pair.there);

  run = gh_lab_run (pair.here, "migrate", "web", uri, "--offline", "--disk", "vda=shared", "--yes",
                    "--json", NULL);
  gh_lab_assert_status (run, other ? 1 : 0);
  g_assert_true (gh_lab_run_has_check (run, "disk-not-known", "warning"));
  if (!other)
    {
      assert_only_there (&pair, "web");
      return;
    }
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  assert_only_here (&pair, "web");
  gh_lab_assert_inventory (pair.here, here);
  gh_lab_assert_inventory (pair.there, there);
}

static void
test_move_shared_unseen (void)
{
  share_unseen (FALSE);
}

static void
test_move_other_unseen (void)
{
  share_unseen (TRUE);
}

static char *
dup_state_path (GhLab      *lab,
                const char *kind,
                const char *name)
{
  g_auto (GStrv) environment = gh_lab_dup_environ (lab);

  return g_build_filename (g_environ_getenv (environment, "HOME"), ".config", "libvirt", "qemu",
                           kind, name, NULL);
}

static void
assert_same_bytes (const char *path,
                   const char *other)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  gsize length = 0;
  gsize other_length = 0;

  g_file_get_contents (path, &before, &length, &error);
  g_assert_no_error (error);
  g_file_get_contents (other, &after, &other_length, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (before, length, after, other_length);
}

/* What stayed goes when the user says so: all of it by name, with the folders made for it, and not
 * what another machine has come to use. */
static void
remove_left (Pair       *pair,
             const char *name,
             const char *disk,
             const char *nvram,
             const char *tpm)
{
  const char * const paths[] = { disk, nvram, tpm };
  g_autofree char *here_uri = gh_lab_dup_uri (pair->here);
  g_autofree char *there_uri = gh_lab_dup_uri (pair->there);
  g_autofree char *version = g_path_get_dirname (tpm);
  g_autofree char *folder = g_path_get_dirname (version);
  g_autofree char *other = g_strdup_printf (
    "<domain type='qemu'><name>other</name><memory unit='MiB'>32</memory>"
    "<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type><nvram>%s</nvram></os>"
    "<features><acpi/></features></domain>", nvram);
  virDomainPtr domain = NULL;
  g_autoptr (GhLabRun) first = NULL;
  g_autoptr (GhLabRun) second = NULL;
  g_autoptr (GhLabRun) third = NULL;

  define (pair->here, other);
  first = gh_lab_run (pair->there, "-c", there_uri, "remove-left", name, here_uri, "--yes",
                      "--json", NULL);
  gh_lab_assert_status (first, 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_assert_nonnull (strstr (first->out, paths[i]));
      g_assert_cmpint (g_file_test (paths[i], G_FILE_TEST_EXISTS), ==, paths[i] == nvram);
    }
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  domain = virDomainLookupByName (gh_lab_connect (pair->here), "other");
  g_assert_cmpint (virDomainUndefineFlags (domain, VIR_DOMAIN_UNDEFINE_KEEP_NVRAM), ==, 0);
  virDomainFree (domain);
  second = gh_lab_run (pair->there, "-c", there_uri, "remove-left", name, here_uri, "--yes",
                       "--json", NULL);
  gh_lab_assert_status (second, 0);
  g_assert_false (g_file_test (nvram, G_FILE_TEST_EXISTS));
  third = gh_lab_run (pair->there, "-c", there_uri, "remove-left", name, here_uri, "--yes",
                      "--json", NULL);
  gh_lab_assert_status (third, 3);
  g_assert_true (gh_lab_run_has_check (third, "left-elsewhere", "refusal"));
}

/* Firmware variables and the secrets of a TPM go along, and stay here too. */
static void
test_move_state (void)
{
  static const char uuid[] = "5cd0fa4c-2d1c-4c4f-8d36-1d34ff1a3f0b";
  g_auto (Pair) pair = { NULL };
  g_autofree char *disk = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *nvram = NULL;
  g_autofree char *nvram_there = NULL;
  g_autofree char *tpm = NULL;
  g_autofree char *tpm_there = NULL;
  g_autofree char *tpm_file = g_build_filename (uuid, "tpm2", "tpm2-00.permall", NULL);
  g_autofree char *bytes = NULL;
  g_autoptr (GhLabRun) run = NULL;
  gsize length = 0;

  pair_init (&pair);
  disk = make_disk (pair.here, "pool/uefi.qcow2", 1);
  xml = g_strdup_printf (
    "<domain type='qemu'><name>uefi</name><uuid>%s</uuid><memory unit='MiB'>64</memory>"
    "<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os>"
    "<features><acpi/></features><devices>"
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/>"
    "<target dev='vda' bus='virtio'/></disk>"
    "<tpm model='tpm-tis'><backend type='emulator' version='2.0'/></tpm></devices></domain>",
    uuid, disk);
  define (pair.here, xml);
  start_and_stop (pair.here, "uefi");
  nvram = dup_state_path (pair.here, "nvram", "uefi_VARS.fd");
  nvram_there = dup_state_path (pair.there, "nvram", "uefi_VARS.fd");
  tpm = dup_state_path (pair.here, "swtpm", tpm_file);
  tpm_there = dup_state_path (pair.there, "swtpm", tpm_file);
  g_assert_true (g_file_get_contents (nvram, &bytes, &length, NULL));
  bytes[length / 2] ^= 0x5a;
  g_assert_true (g_file_set_contents (nvram, bytes, (gssize) length, NULL));

  run = move (&pair, "uefi");
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "tpm-sent", "warning"));
  assert_only_there (&pair, "uefi");
  assert_same_bytes (nvram, nvram_there);
  assert_same_bytes (tpm, tpm_there);
  start_and_stop (pair.there, "uefi");
  remove_left (&pair, "uefi", disk, nvram, tpm);
  g_assert_true (g_file_test (nvram_there, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (tpm_there, G_FILE_TEST_EXISTS));
  start_and_stop (pair.there, "uefi");
}

/* What was there before is there, and no more. */
typedef struct
{
  GStrv here;
  GStrv there;
} Before;

static void
before_take (Before *self,
             Pair   *pair)
{
  self->here = gh_lab_list_inventory (pair->here);
  self->there = gh_lab_list_inventory (pair->there);
}

static void
before_assert (Before *self,
               Pair   *pair)
{
  gh_lab_assert_inventory (pair->here, self->here);
  gh_lab_assert_inventory (pair->there, self->there);
}

static void
before_clear (Before *self)
{
  g_strfreev (self->here);
  g_strfreev (self->there);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Before, before_clear)

static void
make_web (Pair *pair,
          guint mib)
{
  g_autofree char *disk = make_disk (pair->here, "pool/web.qcow2", mib);

  define_machine (pair->here, "web", disk, "");
}

static void
run_undo (Pair *pair)
{
  g_autoptr (GhLabRun) undo = gh_lab_run (pair->here, "undo", "--all", "--yes", "--json", NULL);

  gh_lab_assert_status (undo, 0);
}

/* Who cannot see who uses the file does not remove it. */
static void
assert_undone_in_vain (Pair       *pair,
                       const char *faults)
{
  g_autoptr (GhLabRun) undo = NULL;
  g_auto (GStrv) there = gh_lab_list_inventory (pair->there);

  gh_lab_set_env (pair->here, "GUESTHOUSE_FAULTS", faults);
  undo = gh_lab_run (pair->here, "undo", "--all", "--yes", "--json", NULL);
  gh_lab_set_env (pair->here, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (undo, 4);
  gh_lab_assert_inventory (pair->there, there);
}

/* Killed everywhere, and taken back; until the machine is there alone. */
static void
test_move_killed (void)
{
  static const char * const points[] = {
    "plan-step-volume-transfer-before:kill", "plan-step-volume-transfer-saved:kill",
    "transfer-segment-write:kill,after=2", "plan-step-volume-transfer-after:kill",
    "plan-step-define-before:kill", "plan-step-define-after:kill",
    "plan-step-undefine-final-before:kill",
  };
  g_auto (Pair) pair = { NULL };
  g_auto (Before) before = { NULL };
  g_autoptr (GhLabRun) last = NULL;

  pair_init (&pair);
  make_web (&pair, 8);
  before_take (&before, &pair);
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autoptr (GhLabRun) run = NULL;

      g_test_message ("%s", points[i]);
      gh_lab_set_env (pair.here, "GUESTHOUSE_FAULTS", points[i]);
      run = move (&pair, "web");
      gh_lab_set_env (pair.here, "GUESTHOUSE_FAULTS", "");
      gh_lab_assert_status (run, 128 + 9);
      if (strstr (points[i], "transfer-after") != NULL)
        assert_undone_in_vain (&pair, "pool-volumes:fail=38");
      run_undo (&pair);
      assert_only_here (&pair, "web");
      before_assert (&before, &pair);
    }

  gh_lab_set_env (pair.here, "GUESTHOUSE_FAULTS", "plan-step-undefine-final-after:kill");
  last = move (&pair, "web");
  gh_lab_set_env (pair.here, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (last, 128 + 9);
  assert_only_there (&pair, "web");
  run_undo (&pair);
  assert_only_there (&pair, "web");
}

/* No room, with what libvirt says of it, at once and in the middle. */
static void
test_move_full (void)
{
  g_auto (Pair) pair = { NULL };
  g_auto (Before) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  g_autoptr (GhLabRun) middle = NULL;
  struct rlimit limit = { 4 * MIB, RLIM_INFINITY };
  sighandler_t handler = signal (SIGXFSZ, SIG_IGN);

  /* So that the daemons, started now, are told of the limit by an error. */
  pair_init (&pair);
  signal (SIGXFSZ, handler);
  make_web (&pair, 8);
  before_take (&before, &pair);
  g_assert_no_errno (prlimit (gh_lab_get_daemon_pid (pair.there), RLIMIT_FSIZE, &limit, NULL));
  run = move (&pair, "web");
  limit.rlim_cur = RLIM_INFINITY;
  g_assert_no_errno (prlimit (gh_lab_get_daemon_pid (pair.there), RLIMIT_FSIZE, &limit, NULL));
  gh_lab_assert_status (run, 1);
  g_assert_nonnull (strstr (run->err, "A file cannot become that large at "));
  /* At one of the two: it is read here, and written there. */
  g_assert_nonnull (strstr (run->err, "\n  This failed: Moving “web”: "));
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  assert_only_here (&pair, "web");
  before_assert (&before, &pair);

  gh_lab_set_env (pair.here, "GUESTHOUSE_FAULTS", "transfer-segment-write:fail=38,after=2");
  middle = move (&pair, "web");
  gh_lab_set_env (pair.here, "GUESTHOUSE_FAULTS", "");
  gh_lab_assert_status (middle, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (middle), ==, "undone");
  assert_only_here (&pair, "web");
  before_assert (&before, &pair);
}

static gboolean
has_begun_to_arrive (gpointer data)
{
  struct stat status;

  return stat (data, &status) == 0 && status.st_blocks * 512 > (gint64) MIB;
}

static GhLabChild *
begin_slow_move (Pair       *pair,
                 const char *faults)
{
  g_autofree char *arriving = gh_lab_dup_path (pair->there, "pool/web.qcow2");
  GhLabChild *child = NULL;

  gh_lab_set_env (pair->here, "GUESTHOUSE_FAULTS", faults);
  child = spawn_move (pair, "web");
  gh_lab_set_env (pair->here, "GUESTHOUSE_FAULTS", "");
  g_assert_true (gh_lab_wait (60, has_begun_to_arrive, arriving));
  return child;
}

/* Ctrl+C, in the middle. */
static void
test_move_cancelled (void)
{
  g_auto (Pair) pair = { NULL };
  g_auto (Before) before = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;

  pair_init (&pair);
  make_web (&pair, 16);
  before_take (&before, &pair);
  child = begin_slow_move (&pair, "transfer-segment-write:delay=500");
  gh_lab_child_signal (child, SIGINT);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  assert_only_here (&pair, "web");
  before_assert (&before, &pair);
}

/* A daemon dies and comes back: the move goes on, and ends well. */
static void
test_move_daemon_killed (void)
{
  g_auto (Pair) pair = { NULL };
  g_autofree char *disk = NULL;
  g_autofree char *arrived = NULL;
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;

  pair_init (&pair);
  make_web (&pair, 16);
  child = begin_slow_move (&pair, "transfer-segment-write:delay=300");
  gh_lab_kill_daemon (pair.there);
  gh_lab_start_daemon (pair.there);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 0);
  assert_only_there (&pair, "web");
  disk = gh_lab_dup_path (pair.here, "pool/web.qcow2");
  arrived = gh_lab_dup_path (pair.there, "pool/web.qcow2");
  run_program ("cmp", disk, arrived, NULL);
}

/* Something else writes to its disk meanwhile: what was sent is not what it is. */
static void
test_move_changed_meanwhile (void)
{
  g_auto (Pair) pair = { NULL };
  g_auto (Before) before = { NULL };
  g_autofree char *disk = NULL;
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;

  pair_init (&pair);
  make_web (&pair, 16);
  before_take (&before, &pair);
  disk = gh_lab_dup_path (pair.here, "pool/web.qcow2");
  child = begin_slow_move (&pair, "transfer-segment-verify:delay=500");
  run_program ("qemu-io", "-f", "qcow2", "-c", "write -P 7 0 4k", disk, NULL);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  assert_only_here (&pair, "web");
  before_assert (&before, &pair);
}

/* What arrives is read back: when it is not what was sent, the machine stays here. */
static void
test_move_spoiled (void)
{
  g_auto (Pair) pair = { NULL };
  g_auto (Before) before = { NULL };
  g_autofree char *place = NULL;
  g_autofree char *output = NULL;
  g_autoptr (GhLabRun) run = NULL;
  GhLabChild *child = NULL;

  pair_init (&pair);
  make_web (&pair, 16);
  before_take (&before, &pair);
  place = gh_lab_dup_path (pair.there, "pool/web.qcow2");
  output = g_strconcat ("of=", place, NULL);
  /* Of the first part alone: it is read back long after more has come. */
  child = begin_slow_move (&pair, "transfer-segment-verify:delay=5000,times=1");
  gh_lab_child_signal (child, SIGSTOP);
  run_program ("dd", "if=/dev/zero", output, "bs=4", "count=1",
               "conv=notrunc", "status=none", NULL);
  gh_lab_child_signal (child, SIGCONT);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  g_assert_nonnull (strstr (run->out, "is not what was written to it"));
  assert_only_here (&pair, "web");
  before_assert (&before, &pair);
}

/* Somebody starts it here meanwhile: it stays here. */
static void
test_move_started_meanwhile (void)
{
  g_auto (Pair) pair = { NULL };
  g_autoptr (GhLabRun) run = NULL;
  g_auto (GStrv) before = NULL;
  virDomainPtr domain = NULL;
  GhLabChild *child = NULL;

  pair_init (&pair);
  make_web (&pair, 16);
  before = gh_lab_list_inventory (pair.there);
  child = begin_slow_move (&pair, "transfer-segment-verify:delay=500");
  domain = virDomainLookupByName (gh_lab_connect (pair.here), "web");
  g_assert_cmpint (virDomainCreate (domain), ==, 0);
  virDomainFree (domain);
  run = gh_lab_child_wait (child);
  gh_lab_assert_status (run, 1);
  g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
  assert_only_here (&pair, "web");
  g_assert_cmpint (gh_lab_get_machine_state (pair.here, "web"), ==, VIR_DOMAIN_RUNNING);
  gh_lab_assert_inventory (pair.there, before);
}

static void
assert_refused (Pair       *pair,
                const char *name,
                const char *id)
{
  g_autoptr (GhLabRun) run = move (pair, name);

  gh_lab_assert_status (run, 3);
  if (!gh_lab_run_has_check (run, id, "refusal"))
    g_error ("not refused by %s:\n%s", id, run->out);
}

/* Another name, started by its host, a snapshot inside of its disk, and nothing kept here. */
static void
test_move_choices (void)
{
  g_auto (Pair) pair = { NULL };
  g_autofree char *disk = NULL;
  g_autofree char *arrived = NULL;
  g_autofree char *command = NULL;
  g_autoptr (GhLabRun) run = NULL;
  virDomainPtr domain = NULL;
  virDomainSnapshotPtr snapshot = NULL;
  int autostart = 0;

  pair_init (&pair);
  make_web (&pair, 1);
  disk = gh_lab_dup_path (pair.here, "pool/web.qcow2");
  arrived = gh_lab_dup_path (pair.there, "pool/web.qcow2");
  domain = virDomainLookupByName (gh_lab_connect (pair.here), "web");
  snapshot = virDomainSnapshotCreateXML (domain, "<domainsnapshot><name>before</name>"
                                         "</domainsnapshot>", 0);
  if (snapshot == NULL || virDomainSetAutostart (domain, 1) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);

  run = gh_lab_run (pair.here, "migrate", "web", pair.there_uri, "--offline", "--copy-storage",
                    "--name", "other", "--remove-source", "--yes", "--json", NULL);
  gh_lab_assert_status (run, 0);
  g_assert_true (gh_lab_run_has_check (run, "snapshots-sent", "note"));
  g_assert_true (gh_lab_run_has_check (run, "deleted-at-source", "warning"));
  g_assert_cmpint (gh_lab_get_machine_state (pair.here, "web"), ==, -1);
  g_assert_false (g_file_test (disk, G_FILE_TEST_EXISTS));
  domain = virDomainLookupByName (gh_lab_connect (pair.there), "other");
  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainGetAutostart (domain, &autostart), ==, 0);
  g_assert_cmpint (autostart, ==, 1);
  virDomainFree (domain);
  command = g_strdup_printf ("qemu-img snapshot -l '%s' | grep -q before", arrived);
  run_program ("sh", "-c", command, NULL);
}

/* A snapshot in files of its own, as “virsh snapshot-create-as --disk-only” takes it: a clone,
 * which is whole by itself, can move. */
static void
assert_external_stays (Pair         *pair,
                       virDomainPtr  domain)
{
  virDomainSnapshotPtr snapshot =
    virDomainSnapshotCreateXML (domain, "<domainsnapshot><name>outer</name></domainsnapshot>",
                                VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY);
  g_autoptr (GhLabRun) clone = NULL;
  g_autoptr (GhLabRun) moved = NULL;

  g_assert_nonnull (snapshot);
  virDomainSnapshotFree (snapshot);
  assert_refused (pair, "web", "snapshots-external");
  clone = gh_lab_run (pair->here, "clone", "web", "--name", "whole", "--yes", "--json", NULL);
  gh_lab_assert_status (clone, 0);
  moved = move (pair, "whole");
  gh_lab_assert_status (moved, 0);
}

/* What speaks against it is told before anything is sent. */
static void
test_move_refused (void)
{
  g_auto (Pair) pair = { NULL };
  g_auto (Before) before = { NULL };
  g_autofree char *base = NULL;
  g_autofree char *overlay = NULL;
  g_autofree char *xml = NULL;
  virStoragePoolPtr pool = NULL;
  virDomainPtr domain = NULL;

  pair_init (&pair);
  make_web (&pair, 1);
  base = gh_lab_dup_path (pair.here, "pool/web.qcow2");
  overlay = gh_lab_dup_path (pair.here, "pool/linked.qcow2");
  run_program ("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, overlay, NULL);
  define_machine (pair.here, "linked", overlay, "");
  xml = g_strdup ("<domain type='qemu'><name>web</name><memory unit='MiB'>64</memory>"
                  "<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>");
  define (pair.there, xml);
  before_take (&before, &pair);

  assert_refused (&pair, "web", "name-taken");
  assert_refused (&pair, "linked", "disk-linked");
  domain = virDomainLookupByName (gh_lab_connect (pair.there), "web");
  g_assert_cmpint (virDomainUndefine (domain), ==, 0);
  virDomainFree (domain);
  pool = virStoragePoolLookupByName (gh_lab_connect (pair.there), "pool");
  g_assert_cmpint (virStoragePoolDestroy (pool), ==, 0);
  assert_refused (&pair, "web", "pool-off");
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);

  domain = virDomainLookupByName (gh_lab_connect (pair.here), "web");
  g_assert_cmpint (virDomainCreateWithFlags (domain, VIR_DOMAIN_START_PAUSED), ==, 0);
  assert_refused (&pair, "web", "options");
  if (virDomainManagedSave (domain, 0) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  assert_refused (&pair, "web", "saved-state");
  g_assert_cmpint (virDomainManagedSaveRemove (domain, 0), ==, 0);
  assert_external_stays (&pair, domain);
  virDomainFree (domain);
  assert_only_here (&pair, "web");
}

int
main (int   argc,
      char *argv[])
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lab/offline/stream/whole", test_stream_whole);
  g_test_add_func ("/lab/offline/stream/destination-killed", test_stream_destination_killed);
  g_test_add_func ("/lab/offline/stream/source-killed", test_stream_source_killed);
  g_test_add_func ("/lab/offline/stream/cancelled", test_stream_cancelled);
  g_test_add_func ("/lab/offline/move/state", test_move_state);
  g_test_add_func ("/lab/offline/move/full", test_move_full);
  if (gh_lab_has_guest ())
    {
      g_test_add_func ("/lab/offline/move/boots", test_move_boots);
      g_test_add_func ("/lab/offline/move/volume", test_move_volume);
      g_test_add_func ("/lab/offline/move/shared-unseen", test_move_shared_unseen);
      g_test_add_func ("/lab/offline/move/other-unseen", test_move_other_unseen);
      g_test_add_func ("/lab/offline/move/choices", test_move_choices);
      g_test_add_func ("/lab/offline/move/killed", test_move_killed);
      g_test_add_func ("/lab/offline/move/cancelled", test_move_cancelled);
      g_test_add_func ("/lab/offline/move/daemon-killed", test_move_daemon_killed);
      g_test_add_func ("/lab/offline/move/changed-meanwhile", test_move_changed_meanwhile);
      g_test_add_func ("/lab/offline/move/spoiled", test_move_spoiled);
      g_test_add_func ("/lab/offline/move/started-meanwhile", test_move_started_meanwhile);
      g_test_add_func ("/lab/offline/move/refused", test_move_refused);
    }
  return g_test_run ();
}
