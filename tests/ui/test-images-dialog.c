/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "gh-faults.h"
#include "gh-images-dialog.h"
#include "gh-names.h"
#include "gh-ui-test.h"

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

static void
close_dialog (GhImagesDialog *dialog)
{
  gpointer pointer = dialog;

  g_object_add_weak_pointer (pointer, &pointer);
  gtk_widget_destroy (GTK_WIDGET (dialog));
  gh_ui_test_assert_finalized (&pointer);
}

static void
add_machine (GString    *xml,
             const char *folder,
             const char *name,
             const char *disk,
             const char *mark)
{
  g_autofree char *path = g_build_filename (folder, disk, NULL);
  g_autofree char *text = g_markup_printf_escaped (
    "<memory>4096</memory><os><type>hvm</type></os><devices><disk type='file' device='disk'>"
    "<driver name='qemu' type='qcow2'/><source file='%s'/><target dev='vda'/></disk></devices>",
    path);
  g_autofree char *escaped = g_markup_escape_text (name, -1);

  g_string_append_printf (
    xml, "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<name>%s</name><metadata><g:machine "
    "xmlns:g='http://guesthouse.org/xmlns/libvirt/domain/1.0'>%s</g:machine></metadata>%s"
    "<test:runstate>5</test:runstate></domain>", escaped, mark, text);
}

/* A template with two clones, a machine whose base is missing, and one by itself. */
static GhHost *
open_host (char **folder)
{
  g_autoptr (GString) xml = g_string_new (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>");
  static const char * const images[][2] = {
    { "debian.qcow2", NULL }, { "web-1.qcow2", "debian.qcow2" }, { "web-2.qcow2", "debian.qcow2" },
    { "lost.qcow2", "gone.qcow2" }, { "alone.qcow2", NULL },
  };
  g_autofree char *path = NULL;
  g_autofree char *uri = NULL;
  GhHost *host = NULL;

  *folder = gh_test_dup_tmp_dir ();
  for (guint i = 0; i < G_N_ELEMENTS (images); i++)
    {
      g_autofree char *image = g_build_filename (*folder, images[i][0], NULL);

      gh_test_write_qcow2 (image, images[i][1]);
    }
  add_machine (xml, *folder, "debian", "debian.qcow2", "<g:template/>");
  add_machine (xml, *folder, "web-1", "web-1.qcow2", "<g:parent uuid='u' name='debian'/>");
  add_machine (xml, *folder, "web-2", "web-2.qcow2", "<g:parent uuid='u' name='debian'/>");
  add_machine (xml, *folder, "a<b>&'\"", "lost.qcow2", "");
  add_machine (xml, *folder, "alone", "alone.qcow2", "");
  g_string_append (xml, "</node>");
  path = g_build_filename (*folder, "node.xml", NULL);
  g_file_set_contents (path, xml->str, -1, NULL);
  uri = g_strconcat ("test://", path, NULL);
  host = gh_host_new (uri);
  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  return host;
}

/* The tree in words, “NAME” per row, indented. */
static gboolean
append_row_cb (GtkTreeModel *model,
               GtkTreePath  *path,
               GtkTreeIter  *iter,
               gpointer      user_data)
{
  g_autofree char *name = NULL;

  gtk_tree_model_get (model, iter, 3, &name, -1);
  for (int i = 1; i < gtk_tree_path_get_depth (path); i++)
    g_string_append_c (user_data, '-');
  g_string_append_printf (user_data, "%s\n", name);
  return FALSE;
}

static char *
dup_tree (GhImagesDialog *dialog)
{
  GtkWidget *tree = gh_ui_test_get (GTK_WIDGET (dialog), GTK_TYPE_TREE_VIEW,
                                    "Images and what depends on them");
  GString *text = g_string_new (NULL);

  gtk_tree_model_foreach (gtk_tree_view_get_model (GTK_TREE_VIEW (tree)), append_row_cb, text);
  return g_string_free (text, FALSE);
}

static gboolean
has_tree (gpointer data)
{
  return gh_ui_test_find (data, GTK_TYPE_TREE_VIEW, "Images and what depends on them") != NULL;
}

static void
select_row (GhImagesDialog *dialog,
            const char     *position)
{
  GtkWidget *tree = gh_ui_test_get (GTK_WIDGET (dialog), GTK_TYPE_TREE_VIEW,
                                    "Images and what depends on them");
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_string (position);

  gtk_tree_view_set_cursor (GTK_TREE_VIEW (tree), path, NULL, FALSE);
}

static void
test_host (void)
{
  g_autofree char *folder = NULL;
  g_autoptr (GhHost) host = open_host (&folder);
  GhImagesDialog *dialog = gh_images_dialog_present (NULL, host, NULL);
  g_autofree char *tree = NULL;
  g_autofree char *base = g_build_filename (folder, "debian.qcow2", NULL);

  gh_test_wait_until (has_tree, dialog);
  tree = dup_tree (dialog);
  g_assert_cmpstr (tree, ==,
                   "alone.qcow2\n-alone\n"
                   "debian.qcow2\n-debian\n-web-1.qcow2\n--web-1\n-web-2.qcow2\n--web-2\n"
                   "gone.qcow2\n-lost.qcow2\n--a<b>&'\"\n");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "Nothing lies on it"));

  select_row (dialog, "1");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), base));
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "Needed by “web-1”, “web-2”"));
  select_row (dialog, "1:1");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "Lies on “"));
  select_row (dialog, "1:1:0");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "Made from “debian”"));
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "Linked clone"));
  select_row (dialog, "2");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "Missing: what lies on it"));
  select_row (dialog, "2:0");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog), "its base “gone.qcow2” is missing"));
  select_row (dialog, "1");
  gh_ui_test_settle ();
  gh_ui_test_shoot (GTK_WIDGET (dialog), "images-dialog");
  gh_names_assert (GTK_WIDGET (dialog));
  close_dialog (dialog);
}

static gboolean
has_two_rows (gpointer data)
{
  g_autofree char *tree = has_tree (data) ? dup_tree (data) : NULL;

  return tree != NULL && strcmp (tree, "debian.qcow2\n-debian\n-web-1.qcow2\n--web-1\n") == 0;
}

/* Of one machine, then of the host; and it follows what happens to the files. */
static void
test_machine (void)
{
  g_autofree char *folder = NULL;
  g_autoptr (GhHost) host = open_host (&folder);
  GhImagesDialog *dialog = gh_images_dialog_present (NULL, host,
                                                     gh_host_find_machine (host, "web-1"));
  g_autofree char *all = NULL;
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;

  gh_test_wait_until (has_two_rows, dialog);
  gh_ui_test_press (GTK_WIDGET (dialog), "All of the host");
  all = dup_tree (dialog);
  g_assert_nonnull (strstr (all, "alone"));

  gh_host_undefine_async (host, gh_machine_get_uuid (gh_host_find_machine (host, "alone")), 0,
                          NULL, gh_test_call_cb, &call);
  gh_host_undefine_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  while (strstr (all, "alone") != NULL)
    {
      g_main_context_iteration (NULL, TRUE);
      g_free (all);
      all = dup_tree (dialog);
    }
  close_dialog (dialog);
}

static void
test_empty_and_blind (void)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *path = g_build_filename (folder, "node.xml", NULL);
  g_autofree char *uri = g_strconcat ("test://", path, NULL);
  g_autoptr (GhHost) host = NULL;
  GhImagesDialog *dialog = NULL;

  g_file_set_contents (path,
                       "<node><domain type='test'><name>diskless</name><memory>4096</memory>"
                       "<os><type>hvm</type></os></domain><cpu><mhz>6000</mhz>"
                       "<model>x86_64</model><active>2</active><nodes>1</nodes>"
                       "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu>"
                       "<memory>8192000</memory></node>", -1, NULL);
  host = gh_host_new (uri);
  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  gh_faults_set ("domain-definition-xml:fail=38");
  dialog = gh_images_dialog_present (NULL, host, NULL);
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "No images");
  g_assert_true (gh_ui_test_shows (GTK_WIDGET (dialog),
                                   "It cannot be told which files “diskless” uses"));
  gh_faults_set (NULL);
  close_dialog (dialog);
}

static void
test_failure (void)
{
  g_autofree char *folder = NULL;
  g_autoptr (GhHost) host = open_host (&folder);
  GhImagesDialog *dialog = NULL;

  gh_faults_set ("domain-definitions:fail=38");
  dialog = gh_images_dialog_present (NULL, host, NULL);
  gh_ui_test_wait_shows (GTK_WIDGET (dialog), "The images cannot be listed");
  gh_faults_set (NULL);
  close_dialog (dialog);
}

static void
test_closed_early (void)
{
  g_autofree char *folder = NULL;
  g_autoptr (GhHost) host = open_host (&folder);

  close_dialog (gh_images_dialog_present (NULL, host, NULL));
}

int
main (int   argc,
      char *argv[])
{
  gh_ui_test_init (&argc, &argv);
  g_test_add_func ("/images-dialog/host", test_host);
  g_test_add_func ("/images-dialog/machine", test_machine);
  g_test_add_func ("/images-dialog/empty-and-blind", test_empty_and_blind);
  g_test_add_func ("/images-dialog/failure", test_failure);
  g_test_add_func ("/images-dialog/closed-early", test_closed_early);
  return g_test_run ();
}
