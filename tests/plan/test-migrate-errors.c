/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Each message that moving machines is known to fail with, as libvirt and QEMU write it. */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "gh-migrate-errors.h"
#include "gh-qemu-log.h"
#include "gh-told-error.h"
#include "gh-virt-error.h"

typedef struct
{
  int         code;
  const char *message;
  const char *id;
} Case;

static const Case cases[] = {
  { 38, "Unable to resolve address 'beta' service '49152': Name or service not known",
    "unresolved-address" },
  { 38, "unable to connect to server at 'beta:49152': Connection refused", "not-reachable" },
  { 38, "unable to connect to server at 'beta:16514': Connection refused", "peer-not-reachable" },
  { 38, "unable to connect to server at 'beta:16509': No route to host", "peer-not-reachable" },
  { 38, "operation failed: Failed to connect to remote libvirt URI qemu+ssh://beta/system: Cannot "
    "recv data: Host key verification failed.", "peer-login" },
  { 38, "unable to connect to server at 'beta:49152': No route to host", "not-reachable" },
  { 1, "internal error: hostname on destination resolved to localhost, but migration requires an "
    "FQDN", "destination-localhost" },
  { 1, "internal error: Attempt to migrate guest to the same host alpha", "same-host" },
  { 81, "Unsafe migration: Migration without shared storage is unsafe", "unsafe-storage" },
  { 81, "Unsafe migration: Migration may lead to data corruption if disks use cache other than "
    "none or directsync", "unsafe-cache" },
  { 38, "Cannot access storage file '/a.qcow2' (as uid:64055, gid:64055): No such file or "
    "directory", "file-missing" },
  { 49, "Storage pool not found: no storage pool with matching target path '/img'", "no-pool" },
  { 1, "internal error: unable to execute QEMU command 'block-export-add': Block node is read-only",
    "same-file" },
  { 1, "internal error: process exited while connecting to monitor: Failed to get \"write\" lock",
    "same-file" },
  { 91, "the CPU is incompatible with host CPU: Host CPU does not provide required features: avx",
    "cpu" },
  { 9, "operation failed: guest CPU doesn't match specification: missing features: svm", "cpu" },
  { 1, "internal error: unsupported machine type 'pc-q35-9.0'", "machine-type" },
  { 1, "internal error: qemu unexpectedly closed the monitor: load of migration failed: Invalid "
    "argument", "stream" },
  { 1, "unknown section in migration stream", "stream" },
  { 9, "operation failed: domain 'web' already exists with uuid 1", "name-taken" },
  { 55, "Requested operation is not valid: domain 'web' is already active", "runs-there" },
  { 55, "Requested operation is not valid: cannot migrate domain with 2 snapshots", "snapshots" },
  { 55, "Requested operation is not valid: cannot migrate domain: VFIO migration is not supported",
    "device" },
  { 55, "Requested operation is not valid: migration with virtiofs device is not supported",
    "device" },
  { 43, "Network not found: no network with matching name 'lan'", "no-network" },
  { 38, "Cannot get interface MTU on 'br0': No such device", "no-network" },
  { 38, "Cannot recv data: Host key verification failed.", "peer-login" },
  { 38, "Cannot recv data: root@beta: Permission denied (publickey,password).", "peer-login" },
  { 45, "authentication failed: no", "peer-login" },
  { 9, "operation failed: migration of disk vda failed: No space left on device", "no-space" },
  { 9, "operation failed: migration of disk vda failed: Input/output error", "disk-failed" },
  { 1, "internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is not "
    "supported", "post-copy" },
  { 68, "Timed out during operation: cannot acquire state change lock (held by monitor=remote)",
    "busy" },
  { 9, "operation failed: Lost connection to destination host", "line-lost" },
  { 1, "internal error: received hangup event on socket", "line-lost" },
  { 38, "End of file while reading data: Input/output error", "line-lost" },
  { 9, "operation failed: job 'migration out' unexpectedly failed", "unexpected" },
  { 1, "Certificate does not match the hostname beta", "tls" },
  { 1, "Unable to access credentials /etc/pki/qemu/ca-cert.pem: No such file or directory", "tls" },
  { 20, "operation failed: domain 'web' already exists with uuid 1", "name-taken" },
  { 9, "operation failed: domain 'old' is already defined with uuid 1", "name-taken" },
  { 55, "Requested operation is not valid: VM is already active", "runs-there" },
  { 55, "Requested operation is not valid: domain 'web' is already being started", "runs-there" },
  { 55, "Requested operation is not valid: storage pool 'img' is not active", "pool-state" },
  { 55, "Requested operation is not valid: network 'lan' is not active", "network-off" },
  { 55, "Requested operation is not valid: network is already active", "network-active" },
  { 1, "internal error: Network is already in use by interface virbr0", "network-in-use" },
  { 38, "cannot open directory '/img': No such file or directory", "pool-folder" },
  { 38, "cannot open path '/img': Permission denied", "pool-folder" },
  { 9, "operation failed: cannot acquire state change lock due to max_queued limit", "busy" },
  { 38, "Unable to add bridge br0 port vnet0: No such device", "no-network" },
  { 67, "unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support "
    "machine type 'pc-q35-9.0'", "machine-type" },
  { 67, "unsupported configuration: Cannot find suitable emulator for aarch64", "no-emulator" },
  { 38, "Cannot check QEMU binary /opt/qemu: No such file or directory", "no-emulator" },
  { 90, "storage volume 'web.qcow2' exists already", "volume-taken" },
  { 1, "internal error: volume target path '/img/web.qcow2' already exists", "volume-taken" },
  { 38, "cannot extend file '/img/web.img': No space left on device", "no-space" },
  { 38, "cannot extend file '/img/web.img': File too large", "file-too-large" },
  { 38, "cannot write data to file '/img/web.img': Disk quota exceeded", "no-space" },
  { 9, "operation failed: Not enough space left in storage pool", "no-space" },
  { 38, "cannot create path '/img/web.qcow2': Permission denied", "no-access" },
  { 1, "internal error: process exited while connecting to monitor: 2026-01-01T10:00:00.1Z "
    "qemu-system-x86_64: -blockdev {}: Could not open '/img/cd.iso': Permission denied",
    "no-access" },
  { 1, "internal error: process exited while connecting to monitor: 2026-01-01T10:00:00.1Z "
    "qemu-system-x86_64: -blockdev {}: Could not open '/img/cd.iso': No such file or directory",
    "file-missing" },
  { 1, "internal error: qemu unexpectedly closed the monitor: 2026-01-01T10:00:00.1Z "
    "qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory",
    "no-memory" },
  { 1, "internal error: qemu unexpectedly closed the monitor", "qemu-ended" },
  { 1, "internal error: process exited while connecting to monitor: no", "qemu-ended" },
  { 38, "failed to connect to monitor socket: Connection refused", "qemu-ended" },
  { 1, "internal error: End of file from qemu monitor (vm='web')", "qemu-ended" },
  { 9, "operation failed: guest unexpectedly quit", "qemu-ended" },
  { 1, "internal error: unable to execute QEMU command 'blockdev-add': Failed to connect to "
    "'beta:49153': Connection refused", "not-reachable" },
  { 1, "internal error: unable to execute QEMU command 'blockdev-add': address resolution failed "
    "for beta:49153: Name or service not known", "unresolved-address" },
  { 1, "internal error: unable to execute QEMU command 'blockdev-add': Certificate does not match "
    "the hostname 10.0.0.2", "tls" },
  { 1, "authentication failed: Certificate [session] owner does not match the hostname beta",
    "tls" },
  { 55, "Requested operation is not valid: cannot migrate domain: The qcow format used by node "
    "'libvirt-1-format' does not support live migration", "device" },
  { 55, "Requested operation is not valid: cannot migrate a domain with <hostdev mode='subsystem' "
    "type='pci'>", "device" },
  { 55, "Requested operation is not valid: cannot migrate a domain with <interface type='vdpa'>",
    "device" },
  { 55, "Requested operation is not valid: cannot migrate domain with I/O error", "disk-error" },
  { 9, "operation failed: job 'migration out' failed due to I/O error", "disk-error" },
  { 9, "operation failed: job 'migration out' failed in post-copy phase", "post-copy-broken" },
  { 63, "Migration option 'postcopy-ram' is not supported by QEMU binary", "post-copy" },
  { 1, "internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is not "
    "supported: Userfaultfd not available: Operation not permitted", "post-copy" },
  { 1, "internal error: connection closed due to keepalive timeout", "line-lost" },
  { 1, "internal error: client socket is closed", "line-lost" },
  { 38, "Cannot recv data: Connection reset by peer", "line-lost" },
  { 38, "Cannot write data: Broken pipe", "line-lost" },
  { 38, "operation failed: Failed to connect to remote libvirt URI qemu+ssh://beta/system: Cannot "
    "recv data: ssh: connect to host beta port 22: Connection refused", "peer-not-reachable" },
  { 69, "internal error: cannot persist", "persist-failed" },
  { 93, "migration successfully completed", "finish-ok" },
};

static const GhMigrateErrorHosts hosts = { "alpha", "beta", "gamma" };

/* The hosts by their names, what helps, and libvirt's words beneath, whole. */
static void
assert_told (const GError         *told,
             const GhMigrateError *known,
             const Case           *item)
{
  g_autofree char *sentence = gh_error_dup_sentence (told);
  g_autofree char *details = gh_error_dup_details (told);

  g_assert_true (told->domain == GH_TOLD_ERROR);
  g_assert_cmpstr (told->message, ==, item->message);
  g_assert_cmpint (told->code, ==, item->code);
  g_assert_null (strchr (sentence, '{'));
  g_assert_cmpint (strstr (known->sentence, "{destination}") != NULL, <=,
                   strstr (sentence, "beta") != NULL);
  g_assert_cmpint (strstr (known->sentence, "{source}") != NULL, <=,
                   strstr (sentence, "alpha") != NULL);
  g_assert_cmpint (strstr (known->sentence, "{place}") != NULL, <=,
                   strstr (sentence, "gamma") != NULL);
  g_assert_cmpint (known->fix != NULL, ==, gh_told_error_get_advice (told) != NULL);
  g_assert_true (g_str_has_prefix (sentence, gh_told_error_get_sentence (told)));
  if (known->fix != NULL)
    g_assert_true (g_str_has_suffix (sentence, gh_told_error_get_advice (told)));
  g_assert_true (g_str_has_prefix (details, "This failed: Moving\n"));
  g_assert_nonnull (strstr (details, item->message));
}

static void
test_known (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (GH_VIRT_ERROR, cases[i].code,
                                                      cases[i].message);
      const GhMigrateError *known = gh_migrate_error_find (error);
      g_autoptr (GError) told = NULL;

      g_test_message ("%s", cases[i].message);
      g_assert_nonnull (known);
      g_assert_cmpstr (known->id, ==, cases[i].id);
      g_assert_true (g_str_has_suffix (known->sentence, "."));
      g_assert_true (known->fix == NULL || g_str_has_suffix (known->fix, "."));
      told = gh_migrate_error_tell (error, &hosts, "Moving");
      assert_told (told, known, &cases[i]);
    }
}

/* Libvirt's words have the last lines of QEMU's log in them, which stay whole. */
static void
test_lines (void)
{
  g_autoptr (GError) error = g_error_new_literal (
    GH_VIRT_ERROR, 1, "internal error: qemu unexpectedly closed the monitor: one\ntwo\nthree");
  g_autoptr (GError) told = gh_migrate_error_tell (error, &hosts, NULL);
  g_autoptr (GError) copy = NULL;
  g_autofree char *details = gh_error_dup_details (told);
  g_autofree char *again = NULL;

  g_assert_true (gh_migrate_error_is_log (error));
  g_assert_cmpstr (details, ==, "internal error: qemu unexpectedly closed the monitor: one\ntwo\n"
                                "three\n(libvirt 1)");
  gh_told_error_set_log (told, "/log", "four\nfive");
  copy = g_error_copy (told);
  again = gh_error_dup_details (copy);
  g_assert_true (g_str_has_prefix (again, details));
  g_assert_true (g_str_has_suffix (again, "\n\nThe end of /log:\nfour\nfive"));
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = g_error_new (GH_VIRT_ERROR, 9, "operation failed: something new");
  g_autoptr (GError) other = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "virtiofs");
  g_autoptr (GError) stopped = g_error_new (GH_VIRT_ERROR, GH_VIRT_ERROR_ABORTED, "aborted");
  g_autoptr (GError) told = gh_migrate_error_tell (error, &hosts, "Moving");
  g_autoptr (GError) other_told = gh_migrate_error_tell (other, &hosts, "Moving");
  g_autoptr (GError) stopped_told = gh_migrate_error_tell (stopped, &hosts, "Moving");
  g_autofree char *sentence = gh_error_dup_sentence (error);
  g_autofree char *told_sentence = gh_error_dup_sentence (told);

  g_assert_null (gh_migrate_error_find (error));
  g_assert_null (gh_migrate_error_find (other));
  g_assert_false (gh_migrate_error_is_log (error));
  g_assert_error (told, GH_TOLD_ERROR, 9);
  g_assert_cmpstr (told_sentence, ==, sentence);
  g_assert_error (other_told, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_true (gh_error_is_cancelled (stopped_told));
}

/* QEMU's log */

#define UUID "0b9a4ab8-5c3d-4d6e-9c1f-0123456789ab"
#define START "2026-01-02 10:00:00.123+0000: starting up libvirt version: 9.0.0, qemu 7.2\n"
#define COMMAND "LC_ALL=C \\\n/usr/bin/qemu \\\n-uuid " UUID " \\\n-msg timestamp=on\n"

static void
test_log (void)
{
  gint64 start_us = G_GINT64_CONSTANT (1767348000) * G_USEC_PER_SEC;
  g_autofree char *end = gh_qemu_log_dup_end (
    "2026-01-01 10:00:00.123+0000: starting up libvirt version: 9.0.0\nqemu: an old one\n" START
    COMMAND "2026-01-02 10:00:00.200+0000: Domain id=1 is tainted: custom-argv\n"
    "qemu: a\n\nqemu: secret data=abc\nqemu: PassWord xyz\nqemu: b\033[31m\xff\n"
    "2026-01-02 10:00:01.123+0000: shutting down, reason=failed\n", UUID, start_us);
  /* Of one that has run for long, only what is new. */
  g_autofree char *new = gh_qemu_log_dup_end (
    START COMMAND "qemu: old\n2026-01-02T10:05:00.123456Z qemu: old too\n"
    "2026-01-02T10:30:00.123456Z qemu: new\n more of it\n", UUID,
    start_us + 1800 * G_USEC_PER_SEC);
  g_autofree char *many = NULL;
  GString *text = g_string_new (START COMMAND);
  g_auto (GStrv) lines = NULL;

  g_assert_cmpstr (end, ==, "qemu: a\nqemu: b [31m\357\277\275");
  g_assert_cmpstr (new, ==, "2026-01-02T10:30:00.123456Z qemu: new\n more of it");
  /* Another machine's, an older start, none at all, and one that said nothing. */
  g_assert_null (gh_qemu_log_dup_end (START "qemu \\\n-uuid x\na\n", UUID, 0));
  g_assert_null (gh_qemu_log_dup_end (START COMMAND "a\n", UUID, start_us + 5 * G_USEC_PER_SEC));
  g_assert_null (gh_qemu_log_dup_end (COMMAND "a\n", UUID, 0));
  g_assert_null (gh_qemu_log_dup_end (START COMMAND, UUID, 0));
  for (guint i = 0; i < 100; i++)
    g_string_append_printf (text, "line %u\n", i);
  many = gh_qemu_log_dup_end (text->str, UUID, 0);
  lines = g_strsplit (many, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 10);
  g_assert_cmpstr (lines[9], ==, "line 99");
  g_string_free (text, TRUE);
}

static void
test_log_path (void)
{
  g_autofree char *system = gh_qemu_log_dup_path (FALSE, "web");
  g_autofree char *session = gh_qemu_log_dup_path (TRUE, "web");

  g_assert_cmpstr (system, ==, "/var/log/libvirt/qemu/web.log");
  g_assert_true (g_str_has_prefix (session, g_get_user_cache_dir ()));
  g_assert_true (g_str_has_suffix (session, "/libvirt/qemu/log/web.log"));
  g_assert_null (gh_qemu_log_dup_path (TRUE, "../web"));
  g_assert_null (gh_qemu_log_dup_path (TRUE, ".."));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/migrate-errors/known", test_known);
  g_test_add_func ("/migrate-errors/unknown", test_unknown);
  g_test_add_func ("/migrate-errors/lines", test_lines);
  g_test_add_func ("/migrate-errors/log", test_log);
  g_test_add_func ("/migrate-errors/log-path", test_log_path);
  return g_test_run ();
}
