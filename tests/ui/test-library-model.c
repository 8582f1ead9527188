/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <gtk/gtk.h>

#include "gh-library-model.h"
#include "gh-machine-private.h"
#include "gh-test-hosts.h"
#include "gh-test.h"
#include "gh-threads.h"

/* Beyond what a view is told row by row. */
#define MANY 300

typedef struct
{
  GhHosts        *hosts;
  GhHost         *host; /* (unowned): the first */
  GhLibraryModel *model;
  guint           n_inserted;
  guint           n_deleted;
  guint           n_changed;
  guint           n_reordered;
  guint           n_resets;
} Fixture;

static gboolean
is_connected (gpointer data)
{
  return gh_host_get_state (data) == GH_HOST_CONNECTED;
}

static void
count_cb (guint *counter)
{
  (*counter)++;
}

static void
add_host (Fixture    *fixture,
          const char *uri)
{
  GhHost *host = gh_hosts_add (fixture->hosts, uri);

  gh_host_connect (host);
  gh_test_wait_until (is_connected, host);
  if (fixture->host == NULL)
    fixture->host = host;
}

static void
watch (Fixture *fixture)
{
  GhLibraryModel *model = fixture->model;

  g_signal_connect_swapped (model, "row-inserted", G_CALLBACK (count_cb), &fixture->n_inserted);
  g_signal_connect_swapped (model, "row-deleted", G_CALLBACK (count_cb), &fixture->n_deleted);
  g_signal_connect_swapped (model, "row-changed", G_CALLBACK (count_cb), &fixture->n_changed);
  g_signal_connect_swapped (model, "rows-reordered", G_CALLBACK (count_cb), &fixture->n_reordered);
  g_signal_connect_swapped (model, "reset-end", G_CALLBACK (count_cb), &fixture->n_resets);
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  guint n = GPOINTER_TO_UINT (data);
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *uri = gh_test_hosts_write (folder, n, TRUE);

  fixture->hosts = gh_hosts_new ();
  add_host (fixture, uri);
  fixture->model = gh_library_model_new (fixture->hosts);
  watch (fixture);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gpointer model = fixture->model;

  g_object_add_weak_pointer (G_OBJECT (model), &model);
  g_object_unref (fixture->model);
  g_assert_null (model);
  while (g_list_model_get_n_items (G_LIST_MODEL (fixture->hosts)) > 0)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (fixture->hosts), 0);

      gh_hosts_remove (fixture->hosts, host);
    }
  g_object_unref (fixture->hosts);
}

/* The model as text: a heading is “#”, a machine its label. */
static char *
describe (GhLibraryModel *model)
{
  GString *text = g_string_new (NULL);
  GtkTreeIter iter;
  guint position = 0;

  for (gboolean more = gtk_tree_model_get_iter_first (GTK_TREE_MODEL (model), &iter); more;
       more = gtk_tree_model_iter_next (GTK_TREE_MODEL (model), &iter))
    {
      GhMachine *machine = gh_library_model_get_machine (model, &iter);
      g_autoptr (GtkTreePath) path = gtk_tree_model_get_path (GTK_TREE_MODEL (model), &iter);
      GtkTreeIter found;

      /* Rows and positions agree, both ways. */
      g_assert_cmpint (gtk_tree_path_get_indices (path)[0], ==, position++);
      if (machine != NULL)
        {
          g_assert_true (gh_library_model_find_machine (model, machine, &found));
          g_assert_true (found.user_data == iter.user_data);
        }
      if (text->len > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, machine != NULL ? gh_machine_get_label (machine) : "#");
    }
  g_assert_cmpuint (position, ==, gh_library_model_get_n_rows (model));
  return g_string_free (text, FALSE);
}

static void
assert_rows (Fixture    *fixture,
             const char *expected)
{
  g_autofree char *text = describe (fixture->model);

  g_assert_cmpstr (text, ==, expected);
}

static GhMachine *
find_machine (Fixture *fixture,
              guint    i)
{
  g_autofree char *uuid = gh_test_hosts_dup_uuid (i);
  GhMachine *machine = gh_host_find_machine (fixture->host, uuid);

  g_assert_nonnull (machine);
  return machine;
}

static void
test_rows (Fixture       *fixture,
           gconstpointer  data)
{
  assert_rows (fixture, "# machine-00001 machine-00002 machine-00003");
  g_assert_cmpuint (gh_library_model_get_n_machines (fixture->model), ==, 3);
  g_assert_true (gh_library_model_is_settled (fixture->model));
}

static gboolean
has_title (gpointer data)
{
  return gh_machine_get_title (data) != NULL;
}

static void
test_filter (Fixture       *fixture,
             gconstpointer  data)
{
  /* Titles come after the list; a row with another label moves to its place. */
  gh_test_wait_until (has_title, find_machine (fixture, 10));
  assert_rows (fixture, "# Büro 10 machine-00001 machine-00002 machine-00003 machine-00004 "
                        "machine-00005 machine-00006 machine-00007 machine-00008 machine-00009 "
                        "machine-00011 machine-00012");
  g_assert_cmpuint (fixture->n_reordered, ==, 1);

  gh_library_model_set_filter (fixture->model, "00002");
  assert_rows (fixture, "# machine-00002");
  gh_library_model_set_filter (fixture->model, "  BURO ");
  assert_rows (fixture, "# Büro 10");
  gh_library_model_set_filter (fixture->model, "büro 10");
  assert_rows (fixture, "# Büro 10");
  /* The name is found behind the title, the UUID behind both; all words must match. */
  gh_library_model_set_filter (fixture->model, "machine-00010 buro");
  assert_rows (fixture, "# Büro 10");
  gh_library_model_set_filter (fixture->model, "000000000003");
  assert_rows (fixture, "# machine-00003");
  gh_library_model_set_filter (fixture->model, "machine nothing");
  assert_rows (fixture, "");
  g_assert_cmpuint (gh_library_model_get_n_matches (fixture->model), ==, 0);
  gh_library_model_set_filter (fixture->model, "");
  g_assert_cmpuint (gh_library_model_get_n_rows (fixture->model), ==, 13);
}

static void
test_collapse (Fixture       *fixture,
               gconstpointer  data)
{
  gh_library_model_set_collapsed (fixture->model, fixture->host, TRUE);
  assert_rows (fixture, "#");
  g_assert_cmpuint (fixture->n_deleted, ==, 3);
  g_assert_false (gh_library_model_find_machine (fixture->model, find_machine (fixture, 1), NULL));
  /* What one searches for is found wherever it is. */
  gh_library_model_set_filter (fixture->model, "00003");
  assert_rows (fixture, "# machine-00003");
  gh_library_model_set_filter (fixture->model, "");
  assert_rows (fixture, "#");
  gh_library_model_set_collapsed (fixture->model, fixture->host, FALSE);
  assert_rows (fixture, "# machine-00001 machine-00002 machine-00003");
}

static void
run_action (GhMachine       *machine,
            GhMachineAction  action)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;

  gh_machine_run_action_async (machine, action, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_machine_run_action_finish (machine, gh_test_call_wait (&call), &error));
  g_assert_no_error (error);
}

static gboolean
is_off (gpointer data)
{
  return gh_machine_get_state (data) == GH_MACHINE_OFF;
}

static gboolean
is_running (gpointer data)
{
  return gh_machine_get_state (data) == GH_MACHINE_RUNNING;
}

static void
test_sort_state (Fixture       *fixture,
                 gconstpointer  data)
{
  gh_library_model_set_sort (fixture->model, GH_LIBRARY_SORT_STATE);
  assert_rows (fixture, "# machine-00001 machine-00003 machine-00002");
  g_assert_cmpuint (fixture->n_reordered, ==, 1);
  g_assert_cmpuint (fixture->n_resets, ==, 0);

  run_action (find_machine (fixture, 1), GH_MACHINE_FORCE_OFF);
  gh_test_wait_until (is_off, find_machine (fixture, 1));
  assert_rows (fixture, "# machine-00003 machine-00001 machine-00002");
  run_action (find_machine (fixture, 2), GH_MACHINE_START);
  gh_test_wait_until (is_running, find_machine (fixture, 2));
  assert_rows (fixture, "# machine-00002 machine-00003 machine-00001");
  g_assert_cmpuint (fixture->n_deleted, ==, 0);

  gh_library_model_set_sort (fixture->model, GH_LIBRARY_SORT_NAME);
  assert_rows (fixture, "# machine-00001 machine-00002 machine-00003");
}

/* As if it had had the processor for @percent of the second between two readings. */
static void
use_cpu (Fixture *fixture,
         guint    index,
         guint    percent)
{
  GhMachine *machine = find_machine (fixture, index);

  gh_machine_add_cpu (machine, G_USEC_PER_SEC, G_USEC_PER_SEC);
  gh_machine_add_cpu (machine, G_USEC_PER_SEC + percent * 10 * G_USEC_PER_SEC,
                      2 * G_USEC_PER_SEC);
  g_assert_cmpfloat (gh_machine_get_cpu_share (machine), >, 0);
}

static void
test_sort_cpu (Fixture       *fixture,
               gconstpointer  data)
{
  use_cpu (fixture, 1, 10);
  use_cpu (fixture, 3, 60);
  gh_library_model_set_sort (fixture->model, GH_LIBRARY_SORT_CPU);
  /* Of the second nothing is known. */
  assert_rows (fixture, "# machine-00003 machine-00001 machine-00002");
}

static const char new_machine[] =
  "<domain type='test'><name>%s</name><uuid>%s</uuid><memory>65536</memory><vcpu>1</vcpu>"
  "<os><type>hvm</type></os></domain>";

static gboolean
exists_new (gpointer data)
{
  return gh_host_find_machine (data, "aaa-new") != NULL;
}

static gboolean
exists_no_new (gpointer data)
{
  return gh_host_find_machine (data, "aaa-new") == NULL;
}

static void
test_define (Fixture       *fixture,
             gconstpointer  data)
{
  g_autofree char *uuid = gh_test_hosts_dup_uuid (9999);
  g_autofree char *xml = g_strdup_printf (new_machine, "aaa-new", uuid);
  g_autofree char *defined = NULL;
  g_auto (GhTestCall) define = { 0 };
  g_auto (GhTestCall) undefine = { 0 };
  GError *error = NULL;

  gh_host_define_async (fixture->host, xml, NULL, gh_test_call_cb, &define);
  defined = gh_host_define_finish (fixture->host, gh_test_call_wait (&define), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (defined, ==, uuid);
  gh_test_wait_until (exists_new, fixture->host);
  assert_rows (fixture, "# aaa-new machine-00001 machine-00002 machine-00003");
  g_assert_cmpuint (fixture->n_inserted, ==, 1);

  /* What does not match stays out of a filtered list. */
  gh_library_model_set_filter (fixture->model, "machine");
  assert_rows (fixture, "# machine-00001 machine-00002 machine-00003");
  gh_library_model_set_filter (fixture->model, "");

  gh_host_undefine_async (fixture->host, uuid, 0, NULL, gh_test_call_cb, &undefine);
  g_assert_true (gh_host_undefine_finish (fixture->host, gh_test_call_wait (&undefine), &error));
  g_assert_no_error (error);
  gh_test_wait_until (exists_no_new, fixture->host);
  assert_rows (fixture, "# machine-00001 machine-00002 machine-00003");
}

static void
test_hosts (Fixture       *fixture,
            gconstpointer  data)
{
  add_host (fixture, "test:///default");
  assert_rows (fixture, "# machine-00001 machine-00002 machine-00003 # test");
  gh_library_model_set_filter (fixture->model, "test");
  assert_rows (fixture, "# test");
  gh_library_model_set_filter (fixture->model, "");
  gh_hosts_remove (fixture->hosts, fixture->host);
  fixture->host = NULL;
  assert_rows (fixture, "# test");
}

static void
test_large_batch (Fixture       *fixture,
                  gconstpointer  data)
{
  guint n_resets = fixture->n_resets;

  gh_library_model_set_filter (fixture->model, "machine-00001");
  assert_rows (fixture, "# machine-00001");
  g_assert_cmpuint (fixture->n_resets, ==, n_resets + 1);
  g_assert_cmpuint (fixture->n_deleted, ==, 0);
  /* From one filter to another with few rows between them, rows are told. */
  gh_library_model_set_filter (fixture->model, "machine-00002");
  assert_rows (fixture, "# machine-00002");
  g_assert_cmpuint (fixture->n_resets, ==, n_resets + 1);
  g_assert_cmpuint (fixture->n_deleted, ==, 1);
  g_assert_cmpuint (fixture->n_inserted, ==, 1);
}

/* The model's own work must be a small part of the 50 ms a keystroke may take. */
static void
test_speed (Fixture       *fixture,
            gconstpointer  data)
{
  static const char *const filters[] = { "m", "ma", "machine-00", "machine-001", "buro", "" };
  double slowest = 0;

  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    {
      double elapsed = 0;

      g_test_timer_start ();
      gh_library_model_set_filter (fixture->model, filters[i]);
      elapsed = g_test_timer_elapsed () * 1000;
      g_test_message ("filter “%s”: %.1f ms", filters[i], elapsed);
      slowest = MAX (slowest, elapsed);
    }
  g_test_minimized_result (slowest, "slowest filter %.1f ms", slowest);
  g_assert_cmpuint (gh_library_model_get_n_rows (fixture->model), ==, 10001);
#if !defined (__SANITIZE_ADDRESS__)
  g_assert_cmpfloat (slowest, <, 50);
#endif
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
#define ADD(path, n, func) \
  g_test_add ("/library-model/" path, Fixture, GUINT_TO_POINTER (n), set_up, func, tear_down)
  ADD ("rows", 3, test_rows);
  ADD ("filter", 12, test_filter);
  ADD ("collapse", 3, test_collapse);
  ADD ("sort-state", 3, test_sort_state);
  ADD ("sort-cpu", 3, test_sort_cpu);
  ADD ("define", 3, test_define);
  ADD ("hosts", 3, test_hosts);
  ADD ("large-batch", MANY, test_large_batch);
  ADD ("speed", 10000, test_speed);
  return g_test_run ();
}
