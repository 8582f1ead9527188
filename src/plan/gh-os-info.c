/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The OS database lives in a lane of its own, without a libvirt connection: in the connection's
 * place is the library, which only that thread touches. Reading an installer image can hang in a
 * dead file system, so each image is read on a lane of its own, which is left behind when nobody
 * waits for it any more; only what was read is matched on the database's thread. */

#define G_LOG_DOMAIN "gh-os-info"

#include "config.h"

#include "gh-os-info.h"

#include <string.h>

#include "gh-image-sniff.h"
#include "gh-lane.h"
#include "gh-modules.h"
#include "gh-os-db.h"
#include "gh-os-rules.h"
#include "gh-paths.h"
#include "gh-threads.h"

/* Belongs to the database's thread. */
typedef struct
{
  const GhOsDbModule *module;
  GhOsDb             *db;
  GPtrArray          *systems; /* (element-type GhOs) */
  GError             *error;   /* why there is no database */
} Library;

struct _GhOsInfo
{
  GObject  parent_instance;

  GhLane  *lane;    /* (owned) */
  Library *library; /* of the lane's thread */
};

G_DEFINE_FINAL_TYPE (GhOsInfo, gh_os_info, G_TYPE_OBJECT)

typedef struct
{
  char         *id; /* (nullable) */
  char         *arch;
  char         *path;
  GhImageSniff  labels;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  gh_image_sniff_clear (&request->labels);
  g_free (request->id);
  g_free (request->arch);
  g_free (request->path);
  g_free (request);
}

/* The newest first; those without a date, which roll, before all. */
static int
compare_systems (gconstpointer a,
                 gconstpointer b)
{
  const GhOs *os_a = *(const GhOs **) a;
  const GhOs *os_b = *(const GhOs **) b;
  int order = g_strcmp0 (os_a->distro, os_b->distro);

  if (order != 0)
    return order;
  if (os_a->release_date != os_b->release_date)
    {
      if (os_a->release_date == 0 || os_b->release_date == 0)
        return os_a->release_date == 0 ? -1 : 1;
      return os_a->release_date > os_b->release_date ? -1 : 1;
    }
  return -g_strcmp0 (os_a->name, os_b->name);
}

static gboolean
ensure_library (Library  *library,
                GError  **error)
{
  GhOsDbGetModuleFunc get_module = NULL;
  g_autofree char *overlay = NULL;

  if (library->db == NULL && library->error == NULL)
    {
      overlay = gh_paths_dup_data ("osinfo");
      get_module = gh_modules_load ("osinfo", "gh_os_db_get_module", &library->error);
      if (get_module != NULL)
        library->module = get_module ();
      if (library->module != NULL)
        library->db = library->module->load (overlay, &library->error);
      if (library->db != NULL)
        {
          library->systems = library->module->list (library->db);
          g_ptr_array_sort (library->systems, compare_systems);
        }
    }
  if (library->db == NULL)
    {
      g_propagate_error (error, g_error_copy (library->error));
      return FALSE;
    }
  return TRUE;
}

static gpointer
warm_up_worker (GhLane        *lane,
                gpointer       data,
                GCancellable  *cancellable,
                GError       **error)
{
  ensure_library (gh_lane_get_connection (lane), error);
  return NULL;
}

static gpointer
list_worker (GhLane        *lane,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  Library *library = gh_lane_get_connection (lane);
  GPtrArray *result = NULL;

  if (!ensure_library (library, error))
    return NULL;

  result = g_ptr_array_new_full (library->systems->len, (GDestroyNotify) gh_os_unref);
  for (guint i = 0; i < library->systems->len; i++)
    g_ptr_array_add (result, gh_os_ref (g_ptr_array_index (library->systems, i)));
  return result;
}

static gpointer
defaults_worker (GhLane        *lane,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  Library *library = gh_lane_get_connection (lane);
  Request *request = data;
  GhOsDefaults *defaults = NULL;

  if (!ensure_library (library, error))
    return NULL;

  defaults = library->module->load_defaults (library->db, request->id, request->arch, error);
  if (defaults != NULL)
    gh_os_rules_complete (defaults, request->arch);
  return defaults;
}

static gpointer
read_labels_worker (GhLane        *lane,
                    gpointer       data,
                    GCancellable  *cancellable,
                    GError       **error)
{
  const Request *request = data;
  Request *result = g_new0 (Request, 1);

  result->path = g_strdup (request->path);
  if (!gh_image_sniff_file (request->path, &result->labels, error))
    g_clear_pointer (&result, request_free);
  return result;
}

static gpointer
identify_worker (GhLane        *lane,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  Library *library = gh_lane_get_connection (lane);
  Request *request = data;
  g_autoptr (GPtrArray) systems = NULL;
  guint chosen;

  if (request->labels.kind != GH_IMAGE_ISO || !ensure_library (library, error))
    return NULL;

  systems = library->module->identify (library->db, &request->labels);
  if (systems->len == 0)
    return NULL;
  chosen = gh_os_rules_choose_medium (systems, request->path);
  return gh_os_ref (g_ptr_array_index (systems, chosen));
}

static void
gh_os_info_class_init (GhOsInfoClass *klass)
{
}

static void
gh_os_info_init (GhOsInfo *self)
{
  self->library = g_new0 (Library, 1);
  self->lane = gh_lane_new ("os-info");
  gh_lane_set_connection (self->lane, self->library);
}

/**
 * gh_os_info_get_default:
 *
 * Returns: (transfer none): the program's only one, which lives as long as it
 *   does. Main thread.
 */
GhOsInfo *
gh_os_info_get_default (void)
{
  static GhOsInfo *instance = NULL;

  g_assert (GH_IS_MAIN_THREAD ());

  if (instance == NULL)
    instance = g_object_new (GH_TYPE_OS_INFO, NULL);
  return instance;
}

/**
 * gh_os_info_warm_up:
 * @self: the OS database
 *
 * Begins to load it, in the background.
 */
void
gh_os_info_warm_up (GhOsInfo *self)
{
  g_return_if_fail (GH_IS_OS_INFO (self));

  gh_lane_run_async (self->lane, GH_LANE_BACKGROUND, GH_LANE_READ, "os-load", warm_up_worker, NULL,
                     NULL,
                     NULL, NULL, NULL, NULL);
}

static void
lane_done_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GDestroyNotify result_free = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = gh_lane_run_finish (GH_LANE (object), result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, value, result_free);
}

/**
 * gh_os_info_list_async:
 * @self: the OS database
 * @cancellable: (nullable): stops waiting
 * @callback: called when they are known
 * @user_data: for @callback
 *
 * Lists all systems, grouped by distribution.
 */
void
gh_os_info_list_async (GhOsInfo            *self,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_os_info_list_async);
  g_task_set_task_data (task, (gpointer) g_ptr_array_unref, NULL);
  gh_lane_run_async (self->lane, GH_LANE_DEFAULT, GH_LANE_READ, "os-list", list_worker, NULL, NULL,
                     (GDestroyNotify) g_ptr_array_unref, cancellable, lane_done_cb, task);
}

/**
 * gh_os_info_list_finish:
 * @self: the OS database
 * @result: given to the callback
 * @error: (out): why there is no list
 *
 * Returns: (transfer container) (element-type GhOs): the systems
 */
GPtrArray *
gh_os_info_list_finish (GhOsInfo      *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
matches (GhOs  *os,
         GStrv  words)
{
  const char *fields[] = { os->name, os->short_id, os->version, os->vendor, os->id };

  for (guint i = 0; words[i] != NULL; i++)
    {
      gboolean found = *words[i] == '\0';

      for (guint j = 0; j < G_N_ELEMENTS (fields) && !found; j++)
        {
          g_autofree char *folded = fields[j] != NULL ? g_utf8_casefold (fields[j], -1) : NULL;

          found = folded != NULL && strstr (folded, words[i]) != NULL;
        }
      if (!found)
        return FALSE;
    }
  return TRUE;
}

/* Lower is better: a name that begins so, then any other; those that ended after all others. */
static int
rank (GhOs       *os,
      const char *folded_text)
{
  g_autofree char *name = g_utf8_casefold (os->name, -1);
  int value = g_str_has_prefix (name, folded_text) ||
              (os->short_id != NULL && g_str_has_prefix (os->short_id, folded_text)) ? 0 : 1;

  return gh_os_is_ended (os) ? value + 2 : value;
}

/**
 * gh_os_info_search:
 * @systems: (element-type GhOs): from gh_os_info_list_finish()
 * @text: what the user typed
 *
 * Returns: (transfer container) (element-type GhOs): those that have every word
 *   of @text in them, best first; all of them, the current ones first, for an
 *   empty text
 */
GPtrArray *
gh_os_info_search (GPtrArray  *systems,
                   const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *folded = g_utf8_casefold (g_strstrip (valid), -1);
  g_auto (GStrv) words = g_strsplit (folded, " ", -1);
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) gh_os_unref);
  g_autofree int *ranks = g_new (int, systems->len);

  for (guint i = 0; i < systems->len; i++)
    {
      GhOs *os = g_ptr_array_index (systems, i);

      ranks[i] = matches (os, words) ? rank (os, folded) : G_MAXINT;
    }
  for (int wanted = 0; wanted < 4; wanted++)
    {
      for (guint i = 0; i < systems->len; i++)
        {
          if (ranks[i] == wanted)
            g_ptr_array_add (result, gh_os_ref (g_ptr_array_index (systems, i)));
        }
    }
  return result;
}

/**
 * gh_os_info_load_defaults_async:
 * @self: the OS database
 * @id: (nullable): an id or short id; %NULL for an OS nobody named
 * @arch: of the machine to be
 * @cancellable: (nullable): stops waiting
 * @callback: called when they are known
 * @user_data: for @callback
 *
 * Finds out what a machine for an OS should be like.
 */
void
gh_os_info_load_defaults_async (GhOsInfo            *self,
                                const char          *id,
                                const char          *arch,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Request *request = NULL;

  g_task_set_source_tag (task, gh_os_info_load_defaults_async);
  if (id == NULL || *id == '\0')
    {
      g_task_return_pointer (task, gh_os_defaults_new_generic (),
                             (GDestroyNotify) gh_os_defaults_unref);
      g_object_unref (task);
      return;
    }

  request = g_new0 (Request, 1);
  request->id = g_strdup (id);
  request->arch = g_strdup (arch);
  g_task_set_task_data (task, (gpointer) gh_os_defaults_unref, NULL);
  gh_lane_run_async (self->lane, GH_LANE_USER, GH_LANE_READ, "os-defaults", defaults_worker,
                     request,
                     request_free, (GDestroyNotify) gh_os_defaults_unref, cancellable, lane_done_cb,
                     task);
}

/**
 * gh_os_info_load_defaults_finish:
 * @self: the OS database
 * @result: given to the callback
 * @error: (out): %G_IO_ERROR_NOT_FOUND when no OS has that id
 *
 * Returns: (transfer full): the defaults
 */
GhOsDefaults *
gh_os_info_load_defaults_finish (GhOsInfo      *self,
                                 GAsyncResult  *result,
                                 GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
labels_read_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhOsInfo *self = g_task_get_source_object (task);
  GError *error = NULL;
  Request *request = gh_lane_run_finish (GH_LANE (object), result, &error);

  /* Its thread ends when what it does has ended, if ever. */
  gh_lane_stop (GH_LANE (object), NULL);
  if (request == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  gh_lane_run_async (self->lane, GH_LANE_USER, GH_LANE_READ, "os-identify", identify_worker,
                     request,
                     request_free, (GDestroyNotify) gh_os_unref, g_task_get_cancellable (task),
                     lane_done_cb, g_object_ref (task));
}

/**
 * gh_os_info_identify_async:
 * @self: the OS database
 * @path: a local file
 * @cancellable: (nullable): answers at once; a read that hangs is left behind
 * @callback: called when it is known
 * @user_data: for @callback
 *
 * Finds out which OS an installer image is for, by its labels.
 */
void
gh_os_info_identify_async (GhOsInfo            *self,
                           const char          *path,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);
  g_autoptr (GhLane) lane = gh_lane_new ("os-labels");

  g_task_set_source_tag (task, gh_os_info_identify_async);
  g_task_set_task_data (task, (gpointer) gh_os_unref, NULL);
  request->path = g_strdup (path);
  gh_lane_run_async (lane, GH_LANE_USER, GH_LANE_READ, "os-read-labels", read_labels_worker,
                     request,
                     request_free, request_free, cancellable, labels_read_cb, task);
}

/**
 * gh_os_info_identify_finish:
 * @self: the OS database
 * @result: given to the callback
 * @error: (out): why the image could not be read
 *
 * Returns: (transfer full) (nullable): the OS; %NULL without an error when the
 *   database does not know the image
 */
GhOs *
gh_os_info_identify_finish (GhOsInfo      *self,
                            GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
