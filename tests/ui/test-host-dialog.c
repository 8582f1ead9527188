/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-check.h"
#include "gh-faults.h"
#include "gh-host-dialog.h"
#include "gh-names.h"
#include "gh-test-hosts.h"
#include "gh-ui-test.h"
#include "gh-virtualization.h"

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

static gboolean
tells_both (gpointer data)
{
  return !gh_ui_test_shows (data, "The host does not tell") &&
         gh_ui_test_shows (data, "What its machines can have") &&
         gh_ui_test_shows (data, "default-pool");
}

/* What cannot be read is not passed over. */
static void
test_unread (void)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *uri = gh_test_hosts_write_one (folder);
  g_autoptr (GhHost) host = gh_host_new (uri);
  GhHostDialog *dialog = NULL;

  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  gh_faults_set ("pool-list:fail=38;capabilities:fail=38");
  dialog = gh_host_dialog_present (NULL, host);
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "What its machines can have");
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "Storage");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "The host does not tell"));
  g_assert_false (gh_ui_test_shows (GTK_WIDGET (dialog), "default-pool"));
  gh_names_assert (GTK_WIDGET (dialog));
  gh_ui_test_shoot (GTK_WIDGET (dialog), "host-unread");

  gh_faults_set (NULL);
  gh_ui_test_click_when_ready (GTK_WIDGET (dialog), "Check again");
  gh_test_wait_until (tells_both, dialog);
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

/* A window of this computer, not connected, that has looked at it once. */
static GhHostDialog *
present_computer (GhHost *host)
{
  GhHostDialog *dialog = gh_host_dialog_present (NULL, host);

  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "QEMU is installed");
  return dialog;
}

typedef struct
{
  GTask    *task;  /* (nullable): of the fix that runs */
  guint     n_run;
  gboolean  asks;
} Fix;

static void
fix_func (GhCheck             *check,
          gpointer             data,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  Fix *fix = data;

  fix->n_run++;
  fix->task = g_task_new (check, cancellable, callback, user_data);
}

static void
end_fix (Fix *fix)
{
  g_autoptr (GTask) task = g_steal_pointer (&fix->task);

  g_assert_nonnull (task);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "No such module.");
}

/* What is found of this computer again and again, with a fix it does not have. */
static void
show_with_fix (GhHostDialog *dialog,
               Fix          *fix)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GhVirtualization) facts = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) checks = g_ptr_array_new_with_free_func (g_object_unref);

  gh_virtualization_load_async (NULL, gh_test_call_cb, &call);
  facts = gh_virtualization_load_finish (gh_test_call_wait (&call), NULL);
  found = gh_virtualization_list_checks (facts);
  for (guint i = 0; i < found->len; i++)
    if (g_str_equal (gh_check_get_id (g_ptr_array_index (found, i)), "iommu"))
      {
        GhCheck *check = gh_check_new (gh_check_get_level (g_ptr_array_index (found, i)), "iommu",
                                       "A module is not loaded", "It makes things fast.");

        gh_check_set_fix (check, "Load it", "sudo modprobe thing", fix_func, fix, NULL);
        if (fix->asks)
          gh_check_set_question (check, "Restart this computer now?", "All its machines end.",
                                 "_Restart");
        g_ptr_array_add (checks, check);
      }
  g_assert_cmpuint (checks->len, ==, 1);
  gh_host_dialog_show_checks (dialog, checks);
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "A module is not loaded");
}

/* The computer is looked at again after a fix, whatever it did; what it said stays. */
static void
test_fix_fails (void)
{
  g_autoptr (GhHost) host = gh_host_new ("qemu+unix:///session?socket=/nowhere/sock");
  GhHostDialog *dialog = present_computer (host);
  Fix fix = { 0 };

  show_with_fix (dialog, &fix);
  gh_ui_test_click (GTK_WIDGET (dialog), "Load it");
  g_assert_false (gh_ui_test_shows (GTK_WIDGET (dialog), "QEMU is installed"));
  end_fix (&fix);
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "QEMU is installed");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "That did not help"));
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "No such module."));

  /* And when the computer was looked at meanwhile. */
  show_with_fix (dialog, &fix);
  gh_ui_test_click (GTK_WIDGET (dialog), "Load it");
  g_assert_false (gh_ui_test_shows (GTK_WIDGET (dialog), "That did not help"));
  gh_ui_test_click (GTK_WIDGET (dialog), "Check again");
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "QEMU is installed");
  end_fix (&fix);
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "That did not help");
  g_assert_cmpuint (fix.n_run, ==, 2);
  close_dialog (dialog);
}

/* What the button runs is there to read and to copy. */
static void
test_command (void)
{
  g_autoptr (GhHost) host = gh_host_new ("qemu+unix:///session?socket=/nowhere/sock");
  GhHostDialog *dialog = present_computer (host);
  GtkClipboard *clipboard = gtk_clipboard_get (GDK_SELECTION_CLIPBOARD);
  GtkWidget *label = NULL;
  g_autofree char *copied = NULL;
  Fix fix = { 0 };

  show_with_fix (dialog, &fix);
  g_assert_false (gh_ui_test_shows (GTK_WIDGET (dialog), "sudo modprobe thing"));
  gh_ui_test_press (GTK_WIDGET (dialog), "Why: A module is not loaded");
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "sudo modprobe thing");
  label = gh_ui_test_get (GTK_WIDGET (dialog), GTK_TYPE_LABEL, "sudo modprobe thing");
  g_assert_true (gtk_label_get_selectable (GTK_LABEL (label)));
  label = gh_ui_test_get (GTK_WIDGET (dialog), GTK_TYPE_LABEL, "It makes things fast.");
  g_assert_true (gtk_label_get_selectable (GTK_LABEL (label)));
  gh_ui_test_click (GTK_WIDGET (dialog), "Copy the command");
  copied = gtk_clipboard_wait_for_text (clipboard);
  g_assert_cmpstr (copied, ==, "sudo modprobe thing");
  gh_names_assert (GTK_WIDGET (dialog));
  gh_ui_test_shoot (GTK_WIDGET (dialog), "host-command");
  close_dialog (dialog);
}

static gboolean
is_asked (gpointer data)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (GTK_IS_MESSAGE_DIALOG (l->data) && gtk_widget_get_mapped (l->data))
      *(GtkWidget **) data = l->data;
  return *(GtkWidget **) data != NULL;
}

/* What cannot be taken back does not happen at one click. */
static void
test_question (void)
{
  g_autoptr (GhHost) host = gh_host_new ("qemu+unix:///session?socket=/nowhere/sock");
  GhHostDialog *dialog = present_computer (host);
  GtkWidget *question = NULL;
  Fix fix = { .asks = TRUE };

  show_with_fix (dialog, &fix);
  gh_ui_test_click (GTK_WIDGET (dialog), "Load it");
  gh_test_wait_until (is_asked, &question);
  g_assert_true (gh_ui_test_shows (question, "All its machines end."));
  g_assert_true (gtk_window_get_default_widget (GTK_WINDOW (question)) ==
                 gh_ui_test_get (question, GTK_TYPE_BUTTON, "Cancel"));
  gh_names_assert (question);
  gh_ui_test_click (question, "Cancel");
  g_assert_cmpuint (fix.n_run, ==, 0);

  question = NULL;
  gh_ui_test_click (GTK_WIDGET (dialog), "Load it");
  gh_test_wait_until (is_asked, &question);
  gh_ui_test_click (question, "Restart");
  g_assert_cmpuint (fix.n_run, ==, 1);
  end_fix (&fix);
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "That did not help");
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
  g_test_add_func ("/host-dialog/unread", test_unread);
  g_test_add_func ("/host-dialog/unreachable", test_unreachable);
  g_test_add_func ("/host-dialog/fix-fails", test_fix_fails);
  g_test_add_func ("/host-dialog/command", test_command);
  g_test_add_func ("/host-dialog/question", test_question);
  g_test_add_func ("/host-dialog/closed-early", test_closed_early);
  return g_test_run ();
}
