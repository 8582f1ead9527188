/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "plan-test.h"

#include <string.h>

#include "gh-journal.h"
#include "gh-machine-spec.h"
#include "gh-paths.h"

/* As test:///default; that one is shared by all connections of a process, and a host closes its
 * connection some time after it is gone, so a test would find what the one before it left. */
static const char default_node[] =
  "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
  "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
  "<domain type='test'><name>test</name><memory>65536</memory><os><type>hvm</type></os></domain>"
  "<pool type='dir'><name>default-pool</name><target><path>/default-pool</path></target></pool>"
  "</node>";

GhHost *
plan_test_new_host (const char *xml)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *path = g_build_filename (folder, "node.xml", NULL);
  g_autofree char *uri = g_strconcat ("test://", path, NULL);
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;
  GhHost *host = NULL;

  g_file_set_contents (path, xml != NULL ? xml : default_node, -1, &error);
  g_assert_no_error (error);
  host = gh_host_new (uri);
  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return host;
}

static int
compare_lines (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char * const *) a, *(const char * const *) b);
}

GStrv
plan_test_list_inventory (GhHost *host)
{
  g_auto (GhTestCall) definitions_call = { 0 };
  g_auto (GhTestCall) pools_call = { 0 };
  g_auto (GhTestCall) volumes_call = { 0 };
  g_autoptr (GPtrArray) definitions = NULL;
  g_autoptr (GPtrArray) pools = NULL;
  g_autoptr (GPtrArray) volumes = NULL;
  GPtrArray *lines = g_ptr_array_new ();

  gh_host_load_definitions_async (host, NULL, gh_test_call_cb, &definitions_call);
  definitions = gh_host_load_definitions_finish (host, gh_test_call_wait (&definitions_call), NULL);
  gh_host_load_pools_async (host, NULL, gh_test_call_cb, &pools_call);
  pools = gh_host_load_pools_finish (host, gh_test_call_wait (&pools_call), NULL);
  gh_host_load_volumes_async (host, TRUE, NULL, gh_test_call_cb, &volumes_call);
  volumes = gh_host_load_volumes_finish (host, gh_test_call_wait (&volumes_call), NULL);
  g_assert_true (definitions != NULL && pools != NULL && volumes != NULL);

  for (guint i = 0; i < definitions->len; i++)
    {
      GhDefinition *definition = g_ptr_array_index (definitions, i);

      g_ptr_array_add (lines, g_strdup_printf ("machine %s %s", definition->name,
                                               definition->live_xml != NULL ? "active" : "off"));
    }
  for (guint i = 0; i < pools->len; i++)
    g_ptr_array_add (lines, g_strdup_printf ("pool %s",
                                             ((GhPoolInfo *) g_ptr_array_index (pools, i))->name));
  for (guint i = 0; i < volumes->len; i++)
    g_ptr_array_add (lines, g_strdup_printf ("volume %s",
                                             ((GhVolumeInfo *) g_ptr_array_index (volumes,
                                                                                  i))->path));
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);
  return (GStrv) g_ptr_array_free (lines, FALSE);
}

void
plan_test_assert_inventory (GhHost *host,
                            GStrv   expected)
{
  g_auto (GStrv) lines = plan_test_list_inventory (host);
  g_autofree char *actual_text = g_strjoinv ("\n", lines);
  g_autofree char *expected_text = g_strjoinv ("\n", expected);

  g_assert_cmpstr (actual_text, ==, expected_text);
}

typedef struct
{
  GhHost     *host;
  const char *name;
} Wanted;

static gboolean
is_listed (gpointer data)
{
  Wanted *wanted = data;

  return gh_host_find_machine (wanted->host, wanted->name) != NULL;
}

GhMachine *
plan_test_get_machine (GhHost     *host,
                       const char *name)
{
  Wanted wanted = { host, name };

  gh_test_wait_until (is_listed, &wanted);
  return gh_host_find_machine (host, name);
}

struct _PlanTestPlan
{
  GhPlan     parent_instance;
  GPtrArray *steps;
};

G_DEFINE_FINAL_TYPE (PlanTestPlan, plan_test_plan, GH_TYPE_PLAN)

static char *
dup_title (GhPlan *plan)
{
  return g_strdup ("Create “web-1”");
}

static void
prepare_async (GhPlan              *plan,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  PlanTestPlan *self = PLAN_TEST_PLAN (plan);
  g_autoptr (GTask) task = g_task_new (plan, cancellable, callback, user_data);
  GhPlanDraft *draft = gh_plan_draft_new ();

  for (guint i = 0; i < self->steps->len; i++)
    gh_plan_draft_add_step (draft, g_object_ref (g_ptr_array_index (self->steps, i)));
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
plan_test_plan_finalize (GObject *object)
{
  g_ptr_array_unref (PLAN_TEST_PLAN (object)->steps);
  G_OBJECT_CLASS (plan_test_plan_parent_class)->finalize (object);
}

static void
plan_test_plan_class_init (PlanTestPlanClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = plan_test_plan_finalize;
  GH_PLAN_CLASS (klass)->kind = "create";
  GH_PLAN_CLASS (klass)->verb = "Create";
  GH_PLAN_CLASS (klass)->dup_title = dup_title;
  GH_PLAN_CLASS (klass)->prepare_async = prepare_async;
}

static void
plan_test_plan_init (PlanTestPlan *self)
{
  self->steps = g_ptr_array_new_with_free_func (g_object_unref);
}

GhPlan *
plan_test_plan_new (GhHost *host,
                    GhStep *first,
                    ...)
{
  PlanTestPlan *self = g_object_new (PLAN_TEST_TYPE_PLAN, "host", host, NULL);
  va_list steps;

  va_start (steps, first);
  for (GhStep *step = first; step != NULL; step = va_arg (steps, GhStep *))
    g_ptr_array_add (self->steps, step);
  va_end (steps);
  return GH_PLAN (self);
}

gboolean
plan_test_prepare (GhPlan  *plan,
                   GError **error)
{
  g_auto (GhTestCall) call = { 0 };

  gh_plan_prepare_async (plan, NULL, gh_test_call_cb, &call);
  return gh_plan_prepare_finish (plan, gh_test_call_wait (&call), error);
}

gboolean
plan_test_run (GhPlan  *plan,
               GError **error)
{
  g_auto (GhTestCall) call = { 0 };

  gh_plan_run_async (plan, NULL, gh_test_call_cb, &call);
  return gh_plan_run_finish (plan, gh_test_call_wait (&call), error);
}

GhCheck *
plan_test_find_check (GhPlan     *plan,
                      const char *id)
{
  GPtrArray *checks = gh_plan_get_checks (plan);

  for (guint i = 0; i < checks->len; i++)
    if (strcmp (gh_check_get_id (g_ptr_array_index (checks, i)), id) == 0)
      return g_ptr_array_index (checks, i);
  return NULL;
}

GPtrArray *
plan_test_load_interrupted (void)
{
  g_auto (GhTestCall) call = { 0 };
  GError *error = NULL;
  GPtrArray *plans = NULL;

  gh_journal_load_interrupted_async (NULL, gh_test_call_cb, &call);
  plans = gh_journal_load_interrupted_finish (gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return plans;
}

guint
plan_test_count_journals (void)
{
  g_autoptr (GDir) dir = g_dir_open (gh_paths_get_journal_dir (), 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

gboolean
plan_test_do (GhStep  *step,
              GhHost  *host,
              GError **error)
{
  g_auto (GhTestCall) call = { 0 };

  gh_step_do_async (step, host, NULL, gh_test_call_cb, &call);
  return gh_step_finish (step, gh_test_call_wait (&call), error);
}

gboolean
plan_test_undo (GhStep  *step,
                GhHost  *host,
                GError **error)
{
  g_auto (GhTestCall) call = { 0 };

  gh_step_undo_async (step, host, gh_test_call_cb, &call);
  return gh_step_finish (step, gh_test_call_wait (&call), error);
}

char *
plan_test_dup_xml (const char *uuid,
                   const char *name,
                   const char *disk)
{
  g_autoptr (GhMachineSpec) spec = gh_machine_spec_new ();
  g_autoptr (GhDomainXml) xml = NULL;

  spec->name = g_strdup (name);
  spec->uuid = g_strdup (uuid);
  g_free (spec->virt_type);
  spec->virt_type = g_strdup ("test");
  g_free (spec->arch);
  spec->arch = g_strdup ("x86_64");
  spec->memory_kib = 65536;
  spec->n_cpus = 1;
  if (disk != NULL)
    {
      spec->disk_path = g_strdup (disk);
      g_free (spec->disk_format);
      spec->disk_format = g_strdup ("qcow2");
      g_free (spec->disk_bus);
      spec->disk_bus = g_strdup ("virtio");
    }
  xml = gh_machine_spec_to_xml (spec);
  return gh_domain_xml_to_string (xml);
}
