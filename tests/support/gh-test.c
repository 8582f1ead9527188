/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-test.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Far beyond what any of these takes, also under a sanitizer on a busy machine. */
#define LIMIT_S 120

static gboolean
limit_cb (gpointer user_data)
{
  g_error ("Waited %d s for nothing", LIMIT_S);
  return G_SOURCE_REMOVE;
}

void
gh_test_wait_until (GhTestCondition  condition,
                    gpointer         data)
{
  guint id = g_timeout_add_seconds (LIMIT_S, limit_cb, NULL);

  while (!condition (data))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
}

static gboolean
flag_is_set (gpointer data)
{
  return *(const int *) data != 0;
}

static gboolean
is_there (gpointer path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static gboolean
tick_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

void
gh_test_wait_file (const char *path)
{
  guint id = g_timeout_add (5, tick_cb, NULL);

  gh_test_wait_until (is_there, (gpointer) path);
  g_source_remove (id);
}

void
gh_test_wait_flag (const int *flag)
{
  gh_test_wait_until (flag_is_set, (gpointer) flag);
}

void
gh_test_call_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GhTestCall *call = user_data;

  g_assert_null (call->result);
  call->result = g_object_ref (result);
}

static gboolean
has_result (gpointer data)
{
  return ((GhTestCall *) data)->result != NULL;
}

GAsyncResult *
gh_test_call_wait (GhTestCall *call)
{
  gh_test_wait_until (has_result, call);
  return call->result;
}

void
gh_test_call_clear (GhTestCall *call)
{
  g_clear_object (&call->result);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) folder = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0,
                                                                                            NULL);
  const char *name = NULL;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static GPtrArray *tmp_dirs = NULL;

static void
remove_tmp_dirs (void)
{
  for (guint i = 0; i < tmp_dirs->len; i++)
    remove_tree (g_ptr_array_index (tmp_dirs, i));
  g_ptr_array_unref (tmp_dirs);
}

char *
gh_test_dup_tmp_dir (void)
{
  GError *error = NULL;
  char *path = g_dir_make_tmp ("gh-test-XXXXXX", &error);

  g_assert_no_error (error);
  if (tmp_dirs == NULL)
    {
      tmp_dirs = g_ptr_array_new_with_free_func (g_free);
      atexit (remove_tmp_dirs);
    }
  g_ptr_array_add (tmp_dirs, g_strdup (path));
  return path;
}

static void
put_be (guint8  *bytes,
        guint    n_bytes,
        guint64  value)
{
  for (guint i = 0; i < n_bytes; i++)
    bytes[i] = (guint8) (value >> (8 * (n_bytes - 1 - i)));
}

void
gh_test_write_qcow2 (const char *path,
                     const char *backing)
{
  g_autofree guint8 *bytes = g_malloc0 (65536);
  g_autoptr (GError) error = NULL;

  memcpy (bytes, "QFI\xfb", 4);
  put_be (bytes + 4, 4, 3);
  if (backing != NULL)
    {
      put_be (bytes + 8, 8, 512);
      put_be (bytes + 16, 4, strlen (backing));
      memcpy (bytes + 512, backing, strlen (backing));
    }
  put_be (bytes + 20, 4, 16);
  put_be (bytes + 24, 8, G_GUINT64_CONSTANT (8) << 30);
  put_be (bytes + 36, 4, 16);
  put_be (bytes + 40, 8, 3 * 65536);
  put_be (bytes + 48, 8, 65536);
  put_be (bytes + 56, 4, 1);
  put_be (bytes + 96, 4, 4);
  put_be (bytes + 100, 4, 104);
  /* Who the base is, in the way libvirt wants it. */
  put_be (bytes + 104, 4, backing != NULL ? 0xe2792aca : 0);
  if (backing != NULL)
    {
      put_be (bytes + 108, 4, 5);
      memcpy (bytes + 112, "qcow2", 5);
    }
  g_file_set_contents (path, (const char *) bytes, 65536, &error);
  g_assert_no_error (error);
  g_assert_cmpint (truncate (path, 4 * 65536), ==, 0);
}

static gboolean
is_fatal_cb (const char     *domain,
             GLogLevelFlags  level,
             const char     *message,
             gpointer        user_data)
{
  return g_strcmp0 (domain, "GSpice") != 0;
}

static void
spice_log_cb (const char     *domain,
              GLogLevelFlags  level,
              const char     *message,
              gpointer        user_data)
{
  g_test_message ("%s: %s", domain, message);
}

void
gh_test_tolerate_spice (void)
{
  g_test_log_set_fatal_handler (is_fatal_cb, NULL);
  g_log_set_handler ("GSpice", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_FATAL,
                     spice_log_cb, NULL);
}
