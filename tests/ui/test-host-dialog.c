/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-host-dialog.h"
#include "gh-names.h"
#include "gh-test-hosts.h"
#include "gh-ui-test.h"

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

static void
close_dialog (GhHostDialog *dialog)
{
  gpointer pointer = dialog;

  g_object_add_weak_pointer (pointer, &pointer);
  gtk_widget_destroy (GTK_WIDGET (dialog));
  gh_ui_test_assert_finalized (&pointer);
}

/* What a host says of itself; the test driver knows nothing of this computer. */
static void
test_connected (void)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *uri = gh_test_hosts_write_one (folder);
  g_autoptr (GhHost) host = gh_host_new (uri);
  GhHostDialog *dialog = NULL;

  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  dialog = gh_host_dialog_present (NULL, host);
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "Hypervisor");
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "default-pool");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), uri));
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "CPU use"));
  g_assert_false (gh_ui_test_shows (GTK_WIDGET (dialog), "Virtualization"));
  gh_ui_test_shoot (GTK_WIDGET (dialog), "host-dialog");
  gh_names_assert (GTK_WIDGET (dialog));
  close_dialog (dialog);
}

/* A host of this computer that cannot be reached: the computer is looked at all the same. */
static void
test_unreachable (void)
{
  g_autoptr (GhHost) host = gh_host_new ("qemu+unix:///session?socket=/nowhere/sock");
  GhHostDialog *dialog = NULL;

  gh_host_connect (host);
  gh_test_wait_until (is_lost, host);
  dialog = gh_host_dialog_present (NULL, host);
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "Virtualization");
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "QEMU is installed");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "The host is not connected"));
  g_assert_false (gh_ui_test_shows (GTK_WIDGET (dialog), "CPU use"));

  gh_ui_test_click (GTK_WIDGET (dialog), "Check again");
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "QEMU is installed");
  close_dialog (dialog);
}

/* Closed while everything is on its way. */
static void
test_closed_early (void)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *uri = gh_test_hosts_write_one (folder);
  g_autoptr (GhHost) host = gh_host_new (uri);

  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  close_dialog (gh_host_dialog_present (NULL, host));
}

int
main (int   argc,
      char *argv[])
{
  gh_ui_test_init (&argc, &argv);
  g_test_add_func ("/host-dialog/connected", test_connected);
  g_test_add_func ("/host-dialog/unreachable", test_unreachable);
  g_test_add_func ("/host-dialog/closed-early", test_closed_early);
  return g_test_run ();
}
