/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Each message that moving machines is known to fail with, as libvirt and QEMU write it. */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "gh-migrate-errors.h"
#include "gh-virt-error.h"

static const struct
{
  int         code;
  const char *message;
  const char *id;
} cases[] = {
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
  { 55, "Requested operation is not valid: domain 'web' is already active", "name-taken" },
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
  { 69, "internal error: cannot persist", "persist-failed" },
  { 93, "migration successfully completed", "finish-ok" },
};

static void
test_known (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (GH_VIRT_ERROR, cases[i].code,
                                                      cases[i].message);
      const GhMigrateError *known = gh_migrate_error_find (error);

      g_test_message ("%s", cases[i].message);
      g_assert_nonnull (known);
      g_assert_cmpstr (known->id, ==, cases[i].id);
      g_assert_true (g_str_has_suffix (known->sentence, "."));
      g_assert_true (known->fix == NULL || g_str_has_suffix (known->fix, "."));
      error = gh_migrate_error_tell (g_steal_pointer (&error));
      g_assert_true (g_str_has_prefix (error->message, known->sentence));
      g_assert_nonnull (strstr (error->message, cases[i].message));
    }
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = g_error_new (GH_VIRT_ERROR, 9, "operation failed: something new");
  g_autoptr (GError) other = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "virtiofs");

  g_assert_null (gh_migrate_error_find (error));
  g_assert_null (gh_migrate_error_find (other));
  error = gh_migrate_error_tell (g_steal_pointer (&error));
  g_assert_error (error, GH_VIRT_ERROR, 9);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/migrate-errors/known", test_known);
  g_test_add_func ("/migrate-errors/unknown", test_unknown);
  return g_test_run ();
}
