/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <gio/gio.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "gh-faults.h"
#include "gh-virt-error.h"

static const struct
{
  int         code;
  const char *message;
  const char *sentence;
} rows[] = {
  { VIR_ERR_NO_DOMAIN, "Domain not found", "The machine is not there any more." },
  { VIR_ERR_OPERATION_INVALID, "domain is already running", "The machine is running already." },
  { VIR_ERR_OPERATION_INVALID, "Requested operation is not valid",
   "This cannot be done in the machine's present state." },
  { VIR_ERR_INTERNAL_ERROR, "process exited: Failed to get \"write\" lock",
    "Another machine that is running uses the same disk image." },
  { VIR_ERR_INTERNAL_ERROR,
    "internal error: process exited while connecting to monitor: Could not access KVM kernel "
    "module: Permission denied\nqemu-system-x86_64: -accel kvm: failed to initialize kvm: "
    "Permission denied", "QEMU may not open /dev/kvm on the host." },
  { VIR_ERR_INTERNAL_ERROR, "connection closed due to keepalive timeout",
   "The host does not answer any more." },
  { VIR_ERR_SYSTEM_ERROR, "Failed to connect socket to '/run/x': No such file or directory",
    "The host's libvirt service is not running." },
  { VIR_ERR_SYSTEM_ERROR, "cannot open file: No space left on device",
   "There is no space left on the host's disk." },
  { VIR_ERR_XML_INVALID_SCHEMA, "XML document failed to validate",
    "The machine's description contains something libvirt does not know." },
  { 4711, "something", "The host could not do it." },
};

static void
test_sentences (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (GH_VIRT_ERROR, rows[i].code, rows[i].message);
      g_autofree char *sentence = gh_error_dup_sentence (error);
      g_autofree char *details = gh_error_dup_details (error);

      g_assert_cmpstr (sentence, ==, rows[i].sentence);
      g_assert_nonnull (strstr (details, rows[i].message));
    }
}

static void
test_other_domains (void)
{
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "The file is gone.");
  g_autoptr (GError) aborted = g_error_new (GH_VIRT_ERROR, VIR_ERR_OPERATION_ABORTED,
                                            "canceled by client");
  g_autofree char *sentence = gh_error_dup_sentence (error);

  g_assert_cmpstr (sentence, ==, "The file is gone.");
  g_assert_false (gh_error_is_cancelled (error));
  g_assert_false (gh_error_is_cancelled (NULL));
  g_assert_true (gh_error_is_cancelled (aborted));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/virt-error/sentences", test_sentences);
  g_test_add_func ("/virt-error/other-domains", test_other_domains);
  return g_test_run ();
}
