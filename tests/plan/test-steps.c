/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The steps, on hosts of the test driver: what they make, that undoing takes back exactly that,
 * and their commands. */

#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-command.h"
#include "gh-faults.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "gh-virt-error.h"
#include "gh-volume-claim.h"
#include "plan-test.h"

#define MIB (1024 * 1024)

typedef struct
{
  GhHost *host;
  char   *pool_uuid;
  char   *uuid;
  GStrv   before;
} World;

static void
world_init (World *world)
{
  world->host = plan_test_new_host (NULL);
  world->pool_uuid = g_uuid_string_random ();
  world->uuid = g_uuid_string_random ();
  world->before = plan_test_list_inventory (world->host);
}

static void
world_clear (World *world)
{
  gh_faults_set (NULL);
  gh_host_disconnect (world->host);
  g_clear_object (&world->host);
  g_clear_pointer (&world->pool_uuid, g_free);
  g_clear_pointer (&world->uuid, g_free);
  g_clear_pointer (&world->before, g_strfreev);
}

/* What creating a machine comes to. */
static GhPlan *
new_create_plan (World      *world,
                 const char *name)
{
  g_autofree char *xml = plan_test_dup_xml (world->uuid, name, "/images/web.qcow2");

  return plan_test_plan_new (world->host,
                             gh_pool_create_step_new (world->pool_uuid, "images", "/images"),
                             gh_volume_create_step_new ("images", "web.qcow2", "/images/web.qcow2",
                                                        "qcow2", 20 * MIB, NULL, NULL),
                             gh_define_step_new (world->uuid, name, xml),
                             gh_start_step_new (world->uuid, name), NULL);
}

static void
test_create (void)
{
  World world = { 0 };
  g_autoptr (GhPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) after = NULL;

  world_init (&world);
  plan = new_create_plan (&world, "web-1");
  g_assert_true (plan_test_run (plan, &error));
  g_assert_no_error (error);
  after = plan_test_list_inventory (world.host);
  g_assert_true (g_strv_contains ((const char * const *) after, "machine web-1 active"));
  g_assert_true (g_strv_contains ((const char * const *) after, "pool images"));
  g_assert_true (g_strv_contains ((const char * const *) after, "volume /images/web.qcow2"));
  g_assert_cmpuint (g_strv_length (after), ==, g_strv_length (world.before) + 3);
  world_clear (&world);
}

static void
test_create_fails (void)
{
  static const char * const faults[] = {
    "pool-create:fail=38", "volume-find:fail=38", "volume-create:fail=38", "domain-define:fail=92",
    "domain-create:fail=1", "plan-step-pool-create-after:fail=1",
    "plan-step-volume-create-saved:fail=1", "plan-step-volume-create-after:fail=1",
    "plan-step-define-after:fail=1", "plan-step-start-after:fail=1",
  };
  const char *names[] = { "web-1", "a<b>&'\"x", "$(touch /tmp/x) `id`", NULL };
  g_autofree char *long_name = g_strnfill (255, 'x');

  names[2] = long_name;
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    for (guint j = 0; names[j] != NULL; j++)
      {
        World world = { 0 };
        g_autoptr (GhPlan) plan = NULL;
        g_autoptr (GError) error = NULL;

        world_init (&world);
        plan = new_create_plan (&world, names[j]);
        gh_faults_set (faults[i]);
        g_assert_false (plan_test_run (plan, &error));
        gh_faults_set (NULL);
        g_test_message ("%s: %s", faults[i], error->message);
        g_assert_cmpint (gh_plan_get_outcome (plan), ==, GH_OUTCOME_UNDONE);
        plan_test_assert_inventory (world.host, world.before);
        g_assert_cmpuint (plan_test_count_journals (), ==, 0);
        world_clear (&world);
      }
}

/* The host breaks while undoing: what stays is named, and taken back later. */
static void
test_undo_fails_and_is_retried (void)
{
  World world = { 0 };
  g_autoptr (GhPlan) plan = NULL;
  g_autoptr (GPtrArray) interrupted = NULL;
  GhPlan *undo = NULL;
  g_autoptr (GError) error = NULL;
  GStrv left = NULL;

  world_init (&world);
  plan = new_create_plan (&world, "web-1");
  gh_faults_set ("domain-create:fail=1;domain-undefine:fail=38;volume-delete:fail=38");
  g_assert_false (plan_test_run (plan, &error));
  gh_faults_set (NULL);
  g_assert_cmpint (gh_plan_get_outcome (plan), ==, GH_OUTCOME_UNDONE_IN_PART);
  left = gh_plan_get_left (plan);
  /* The volume is used by the machine, and the pool is not empty; they say so. */
  g_assert_cmpuint (g_strv_length (left), ==, 3);
  g_assert_nonnull (strstr (left[0], "web-1"));
  g_assert_nonnull (strstr (left[1], "/images/web.qcow2"));
  g_assert_nonnull (strstr (left[1], "web-1 (disk)"));
  g_assert_nonnull (strstr (left[2], "“images”"));

  interrupted = plan_test_load_interrupted ();
  g_assert_cmpuint (interrupted->len, ==, 1);
  undo = g_ptr_array_index (interrupted, 0);
  g_object_set (undo, "host", world.host, NULL);
  g_clear_error (&error);
  g_assert_true (plan_test_run (undo, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (plan_test_count_journals (), ==, 0);
  plan_test_assert_inventory (world.host, world.before);
  world_clear (&world);
}

static void
test_volume_exists (void)
{
  World world = { 0 };
  g_autoptr (GhPlan) plan = NULL;
  g_autoptr (GhStep) there = gh_volume_create_step_new ("default-pool", "old.img",
                                                        "/default-pool/old.img", "raw",
                                                        MIB, NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) before = NULL;

  world_init (&world);
  g_assert_true (plan_test_do (there, world.host, &error));
  before = plan_test_list_inventory (world.host);
  plan = plan_test_plan_new (world.host,
                             gh_volume_create_step_new ("default-pool", "old.img",
                                                        "/default-pool/old.img",
                                                        "raw", MIB, NULL, NULL), NULL);
  g_assert_false (plan_test_run (plan, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_cmpint (gh_plan_get_outcome (plan), ==, GH_OUTCOME_UNDONE);
  plan_test_assert_inventory (world.host, before);
  g_clear_error (&error);
  g_assert_true (plan_test_undo (there, world.host, &error));
  plan_test_assert_inventory (world.host, world.before);
  world_clear (&world);
}

/* What the host says is there already, another program has put there since the step looked. */
static void
test_volume_claim (void)
{
  const struct
  {
    GQuark   domain;
    int      code;
    gboolean ours; /* may be */
  } rows[] = {
    { GH_VIRT_ERROR, GH_VIRT_ERROR_VOLUME_EXISTS, FALSE },
    { GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_INVALID, FALSE },
    { GH_VIRT_ERROR, GH_VIRT_ERROR_SYSTEM_ERROR, TRUE },
    { GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_FAILED, TRUE },
    { G_IO_ERROR, GH_VIRT_ERROR_VOLUME_EXISTS, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GhStep) step = gh_volume_create_step_new ("p", "d", "/p/d", "raw", MIB, NULL,
                                                           NULL);
      g_autoptr (GError) error = g_error_new_literal (rows[i].domain, rows[i].code, "no");

      gh_step_set_boolean (step, "absent", TRUE);
      gh_volume_claim_drop (step, error);
      g_assert_cmpint (gh_step_get_boolean (step, "absent"), ==, rows[i].ours);
    }
}

static void
make_full_volume (GhHost *host)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GhVolumeInfo) volume = NULL;
  g_autoptr (GError) error = NULL;

  gh_host_create_volume_async (host, "default-pool", "<volume><name>full.img</name>"
                               "<capacity unit='MiB'>4</capacity>"
                               "<allocation unit='MiB'>4</allocation></volume>", NULL,
                               gh_test_call_cb, &call);
  volume = gh_host_create_volume_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (volume->allocation, ==, 4 * MIB);
}

/* Killed before it could journal what it made: only what is still empty can be that. */
static void
test_volume_undo_full (void)
{
  World world = { 0 };
  g_autoptr (GhStep) step = gh_volume_create_step_new ("default-pool", "full.img",
                                                       "/default-pool/full.img", "raw", 4 * MIB,
                                                       NULL, NULL);
  g_auto (GStrv) before = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  make_full_volume (world.host);
  before = plan_test_list_inventory (world.host);
  gh_step_set_boolean (step, "absent", TRUE);
  g_assert_false (plan_test_undo (step, world.host, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  plan_test_assert_inventory (world.host, before);
  g_clear_error (&error);

  /* It is known to have been made so, as where devices take all their room at once. */
  gh_step_set_int (step, "made-capacity", 4 * MIB);
  g_assert_true (plan_test_undo (step, world.host, &error));
  plan_test_assert_inventory (world.host, world.before);
  world_clear (&world);
}

/* A step out of a journal does not take away what it cannot have made. */
static void
test_volume_undo_guards (void)
{
  World world = { 0 };
  g_autoptr (GhStep) made = gh_volume_create_step_new ("default-pool", "d.img",
                                                       "/default-pool/d.img", "raw", MIB,
                                                       NULL, NULL);
  g_autoptr (GhStep) never_looked = gh_volume_create_step_new ("default-pool", "d.img",
                                                               "/default-pool/d.img",
                                                               "raw", MIB, NULL, NULL);
  g_autoptr (GhStep) other_size = gh_volume_create_step_new ("default-pool", "d.img",
                                                             "/default-pool/d.img",
                                                             "raw", 2 * MIB, NULL, NULL);
  g_autoptr (GhStep) user = NULL;
  g_autofree char *xml = NULL;
  g_auto (GStrv) before = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  g_assert_true (plan_test_do (made, world.host, &error));
  before = plan_test_list_inventory (world.host);

  /* It did not get so far as to look whether something was there. */
  g_assert_true (plan_test_undo (never_looked, world.host, &error));
  plan_test_assert_inventory (world.host, before);

  /* What is there is of another size. */
  gh_step_set_boolean (other_size, "absent", TRUE);
  g_assert_false (plan_test_undo (other_size, world.host, &error));
  plan_test_assert_inventory (world.host, before);
  g_clear_error (&error);

  /* By now a machine uses it. */
  xml = plan_test_dup_xml (world.uuid, "user", "/default-pool/d.img");
  user = gh_define_step_new (world.uuid, "user", xml);
  g_assert_true (plan_test_do (user, world.host, &error));
  g_assert_false (plan_test_undo (made, world.host, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "user (disk)"));
  g_clear_error (&error);
  g_assert_true (plan_test_undo (user, world.host, &error));
  plan_test_assert_inventory (world.host, before);

  /* It is gone, and undoing again does no harm. */
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (plan_test_undo (made, world.host, &error));
      plan_test_assert_inventory (world.host, world.before);
    }
  world_clear (&world);
}

static void
test_undo_of_nothing (void)
{
  World world = { 0 };
  GhStep *steps[6];
  g_autofree char *xml = NULL;

  world_init (&world);
  xml = plan_test_dup_xml (world.uuid, "web-1", NULL);
  steps[0] = gh_pool_create_step_new (world.pool_uuid, "images", "/images");
  steps[1] = gh_volume_create_step_new ("images", "a", "/images/a", "raw", MIB, NULL, NULL);
  steps[2] = gh_define_step_new (world.uuid, "web-1", xml);
  steps[3] = gh_start_step_new (world.uuid, "web-1");
  steps[4] = gh_undefine_step_new (world.uuid, "web-1", 0);
  steps[5] = gh_undefine_step_new (world.uuid, "web-1", GH_UNDEFINE_SNAPSHOTS);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      GError *error = NULL;

      g_assert_true (plan_test_undo (steps[i], world.host, &error));
      g_assert_no_error (error);
      plan_test_assert_inventory (world.host, world.before);
      g_object_unref (steps[i]);
    }
  world_clear (&world);
}

static void
test_undefine (void)
{
  World world = { 0 };
  g_autoptr (GhStep) define = NULL;
  g_autoptr (GhStep) undefine = NULL;
  g_autoptr (GhStep) from_journal = NULL;
  g_autofree char *xml = NULL;
  g_auto (GStrv) with_machine = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  xml = plan_test_dup_xml (world.uuid, "web-1", NULL);
  define = gh_define_step_new (world.uuid, "web-1", xml);
  g_assert_true (plan_test_do (define, world.host, &error));
  plan_test_get_machine (world.host, "web-1");
  with_machine = plan_test_list_inventory (world.host);

  undefine = gh_undefine_step_new (world.uuid, "web-1", 0);
  g_assert_false (gh_step_is_final (undefine));
  g_assert_true (plan_test_do (undefine, world.host, &error));
  g_assert_no_error (error);
  plan_test_assert_inventory (world.host, world.before);
  g_assert_true (plan_test_undo (undefine, world.host, &error));
  plan_test_assert_inventory (world.host, with_machine);

  /* As after a crash: from what the journal has. */
  plan_test_get_machine (world.host, "web-1");
  g_assert_true (plan_test_do (undefine, world.host, &error));
  from_journal = gh_step_new_for_kind ("undefine", gh_step_get_params (undefine));
  g_assert_true (plan_test_undo (from_journal, world.host, &error));
  plan_test_assert_inventory (world.host, with_machine);
  g_assert_true (plan_test_undo (define, world.host, &error));
  world_clear (&world);
}

static gboolean
get_autostart (GhHost     *host,
               const char *uuid)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean autostart = FALSE;

  gh_host_load_autostart_async (host, uuid, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_host_load_autostart_finish (host, gh_test_call_wait (&call), &autostart,
                                                &error));
  g_assert_no_error (error);
  return autostart;
}

/* A machine that comes back is started by its host again. */
static void
test_undefine_autostart (void)
{
  World world = { 0 };
  g_autoptr (GhStep) define = NULL;
  g_autoptr (GhStep) undefine = NULL;
  g_autoptr (GhStep) from_journal = NULL;
  g_autofree char *xml = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GhTestCall) call = { 0 };

  world_init (&world);
  xml = plan_test_dup_xml (world.uuid, "web-1", NULL);
  define = gh_define_step_new (world.uuid, "web-1", xml);
  g_assert_true (plan_test_do (define, world.host, &error));
  plan_test_get_machine (world.host, "web-1");
  undefine = gh_undefine_step_new (world.uuid, "web-1", 0);

  g_assert_true (plan_test_do (undefine, world.host, &error));
  g_assert_true (plan_test_undo (undefine, world.host, &error));
  g_assert_false (get_autostart (world.host, world.uuid));

  gh_host_set_autostart_async (world.host, world.uuid, TRUE, NULL, gh_test_call_cb, &call);
  g_assert_true (gh_host_set_autostart_finish (world.host, gh_test_call_wait (&call), &error));
  plan_test_get_machine (world.host, "web-1");
  g_assert_true (plan_test_do (undefine, world.host, &error));
  from_journal = gh_step_new_for_kind ("undefine", gh_step_get_params (undefine));
  g_assert_true (plan_test_undo (from_journal, world.host, &error));
  g_assert_no_error (error);
  g_assert_true (get_autostart (world.host, world.uuid));
  g_assert_true (plan_test_undo (define, world.host, &error));
  world_clear (&world);
}

/* A password is in memory, in neither parameters nor commands. */
static void
test_secrets (void)
{
  static const char xml[] =
    "<domain type='test'><name>web-1</name><uuid>11111111-2222-3333-4444-555555555555</uuid>"
    "<memory>65536</memory><os><type>hvm</type></os><devices>"
    "<graphics type='vnc' port='-1' passwd='s3cret-word'/></devices></domain>";
  World world = { 0 };
  g_autoptr (GhStep) define = gh_define_step_new ("11111111-2222-3333-4444-555555555555", "web-1",
                                                  xml);
  g_autoptr (GhStep) undefine = gh_undefine_step_new ("11111111-2222-3333-4444-555555555555",
                                                      "web-1", 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (GhCheck) check = NULL;
  GhStep *steps[] = { define, undefine };
  g_auto (GhTestCall) call = { 0 };
  g_autofree char *defined = NULL;

  world_init (&world);
  g_assert_true (plan_test_do (define, world.host, &error));
  plan_test_get_machine (world.host, "web-1");
  g_assert_true (plan_test_do (undefine, world.host, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
      g_autofree char *command = gh_step_dup_command (steps[i]);
      g_autofree char *undo_command = gh_step_dup_undo_command (steps[i]);
      g_autofree char *text = NULL;

      json_node_set_object (node, gh_step_get_params (steps[i]));
      text = json_to_string (node, FALSE);
      g_assert_null (strstr (text, "s3cret-word"));
      g_assert_null (strstr (command, "s3cret-word"));
      g_assert_null (strstr (undo_command, "s3cret-word"));
    }
  g_assert_true (plan_test_undo (undefine, world.host, &error));
  gh_machine_load_xml_async (plan_test_get_machine (world.host, "web-1"),
                             GH_XML_INACTIVE | GH_XML_SECURE, NULL, gh_test_call_cb, &call);
  defined = gh_machine_load_xml_finish (plan_test_get_machine (world.host, "web-1"),
                                        gh_test_call_wait (&call), &error);
  g_assert_nonnull (strstr (defined, "s3cret-word"));
  g_assert_true (plan_test_undo (define, world.host, &error));
  world_clear (&world);
}

static void
test_force_off (void)
{
  World world = { 0 };
  g_autoptr (GhStep) step = NULL;
  g_autoptr (GError) error = NULL;
  GhMachine *machine = NULL;

  world_init (&world);
  machine = plan_test_get_machine (world.host, "test");
  step = gh_force_off_step_new (gh_machine_get_uuid (machine), "test");
  /* It never got to do it, and the machine runs: all is well. */
  g_assert_true (plan_test_undo (step, world.host, &error));
  g_assert_true (plan_test_do (step, world.host, &error));
  g_assert_false (plan_test_undo (step, world.host, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  world_clear (&world);
}

static void
test_unknown_kind (void)
{
  g_autoptr (JsonObject) params = json_object_new ();

  g_assert_null (gh_step_new_for_kind ("format-the-disk", params));
  g_assert_null (gh_step_new_for_kind ("", params));
  g_assert_null (gh_step_new_for_kind ("undo", params));
}

static void
test_commands (void)
{
  g_autoptr (GhStep) start = gh_start_step_new ("11111111-2222-3333-4444-555555555555",
                                                "it's $HOME");
  g_autoptr (GhStep) digits = gh_start_step_new ("11111111-2222-3333-4444-555555555555", "7");
  g_autoptr (GhStep) option = gh_start_step_new ("11111111-2222-3333-4444-555555555555", "--all");
  g_autoptr (GhStep) volume = gh_volume_create_step_new ("p", "a b", "/p/a b", "qcow2", MIB,
                                                         "/base", "raw");
  g_autoptr (GhStep) remove = gh_volume_remove_step_new ("/tmp/-rf;x", NULL);
  struct { GhStep *step; const char *command; } cases[] = {
    { start, "virsh -c qemu:///session start 'it'\\''s $HOME'" },
    { digits, "virsh -c qemu:///session start 11111111-2222-3333-4444-555555555555" },
    { option, "virsh -c qemu:///session start 11111111-2222-3333-4444-555555555555" },
    { volume, "virsh -c qemu:///session vol-create-as --pool p --name 'a b' --capacity 1048576 "
              "--allocation 0 --format qcow2 --backing-vol /base --backing-vol-format raw" },
    { remove, "rm -- '/tmp/-rf;x'" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *command = NULL;

      gh_step_set_uri (cases[i].step, "qemu:///session");
      command = gh_step_dup_command (cases[i].step);
      g_assert_cmpstr (command, ==, cases[i].command);
    }
}

static gboolean
is_examining (gpointer step)
{
  return g_strcmp0 (gh_step_get_doing (step), "Examining the guest") == 0;
}

static gboolean
is_performing (gpointer step)
{
  return g_strcmp0 (gh_step_get_doing (step), "Performing \"tmp-files\"") == 0;
}

static void
write_to (const char *fifo)
{
  int fd = open (fifo, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, "go\n", 3), ==, 3);
  close (fd);
}

/* What virt-sysprep says is passed on; until it performs something nobody knows how far it is. */
static void
test_sysprep (void)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *program = g_build_filename (folder, "virt-sysprep", NULL);
  g_autofree char *first = g_build_filename (folder, "first", NULL);
  g_autofree char *second = g_build_filename (folder, "second", NULL);
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_autofree char *search = g_strdup_printf ("%s:%s", folder, path);
  g_autofree char *script = g_strdup_printf (
    "#!/bin/sh\necho '[   0.0] Examining the guest ...'\nread line < %s\n"
    "echo '[  12.3] Performing \"tmp-files\" ...'\nread line < %s\n", first, second);
  g_autoptr (GhStep) step = gh_sysprep_step_new ("/nowhere", "raw", "tmp-files", NULL);
  GhHost *host = plan_test_new_host (NULL);
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents_full (program, script, -1, G_FILE_SET_CONTENTS_NONE, 0700,
                                           NULL));
  g_assert_no_errno (mkfifo (first, 0600));
  g_assert_no_errno (mkfifo (second, 0600));
  g_setenv ("PATH", search, TRUE);
  gh_step_do_async (step, host, NULL, gh_test_call_cb, &call);
  g_setenv ("PATH", path, TRUE);
  g_assert_nonnull (gh_step_get_doing (step));
  gh_test_wait_until (is_examining, step);
  g_assert_cmpfloat (gh_step_get_fraction (step), <, 0);
  write_to (first);
  gh_test_wait_until (is_performing, step);
  g_assert_cmpfloat (gh_step_get_fraction (step), >, 0);
  write_to (second);
  g_assert_true (gh_step_finish (step, gh_test_call_wait (&call), &error));
  g_assert_no_error (error);
  gh_host_disconnect (host);
  g_object_unref (host);
}

/* How large a volume of another host is to be: what is known before, or what was fetched has. */
static void
test_transfer_command (void)
{
  g_autoptr (GhHost) here = gh_host_new ("qemu:///session");
  g_autoptr (GhHost) there = gh_host_new ("qemu:///system");
  const GhTransferEnd from = { here, "p", "/p/a" };
  const GhTransferEnd to = { there, "q", "/q/b" };
  g_autoptr (GhStep) step = gh_volume_transfer_step_new (&from, &to, GH_TRANSFER_DISK);
  g_autofree char *unknown = gh_step_dup_command (step);
  g_autofree char *expected = NULL;
  g_autofree char *read = NULL;

  g_assert_nonnull (strstr (unknown, " --capacity \"$(stat --format=%s volume)\"\n"));
  gh_step_set_int (step, "expected-length", 1024);
  expected = gh_step_dup_command (step);
  g_assert_nonnull (strstr (expected, " --capacity 1024\n"));
  gh_step_set_int (step, "length", 1536);
  read = gh_step_dup_command (step);
  g_assert_nonnull (strstr (read, " --capacity 1536\n"));
}

/* A machine that leaves is not started by its host any more, and is again when it stays. */
static void
test_autostart_off (void)
{
  World world = { 0 };
  g_autofree char *xml = NULL;
  g_autoptr (GhHost) there = plan_test_new_host (NULL);
  g_autoptr (GhStep) define = NULL;
  g_autoptr (GhStep) arrived = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  xml = plan_test_dup_xml (world.uuid, "web-1", NULL);
  define = gh_define_step_new (world.uuid, "web-1", xml);
  arrived = gh_define_step_new (world.uuid, "web-1", xml);
  g_assert_true (plan_test_do (define, world.host, &error));
  for (guint on = 0; on < 2; on++)
    {
      g_autoptr (GhStep) step = gh_autostart_off_step_new (there, world.uuid, "web-1");
      g_autoptr (GhStep) from_journal = NULL;
      g_auto (GhTestCall) call = { 0 };

      gh_host_set_autostart_async (world.host, world.uuid, on, NULL, gh_test_call_cb, &call);
      g_assert_true (gh_host_set_autostart_finish (world.host, gh_test_call_wait (&call), &error));
      g_assert_true (plan_test_do (step, world.host, &error));
      g_assert_false (get_autostart (world.host, world.uuid));
      from_journal = gh_step_new_for_kind ("autostart-off", gh_step_get_params (step));
      /* Where the machine went has to say that it does not have it. */
      g_assert_cmpint (plan_test_undo (from_journal, world.host, NULL), ==, !on);
      gh_step_set_peer (from_journal, there);
      g_assert_true (plan_test_do (arrived, there, &error));
      g_assert_cmpint (plan_test_undo (from_journal, world.host, NULL), ==, !on);
      g_assert_false (get_autostart (world.host, world.uuid));
      g_assert_true (plan_test_undo (arrived, there, &error));
      g_assert_true (plan_test_undo (from_journal, world.host, &error));
      g_assert_cmpint (get_autostart (world.host, world.uuid), ==, on);
      if (on)
        g_assert_true (plan_test_undo (define, world.host, &error));
      /* Of a machine that is gone there is nothing to take back. */
      g_assert_true (plan_test_undo (from_journal, world.host, &error));
      g_assert_no_error (error);
    }
  world_clear (&world);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *state = NULL;

  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  state = gh_test_dup_tmp_dir ();
  g_setenv ("XDG_STATE_HOME", state, TRUE);

  g_test_add_func ("/steps/create", test_create);
  g_test_add_func ("/steps/create-fails", test_create_fails);
  g_test_add_func ("/steps/undo-fails-and-is-retried", test_undo_fails_and_is_retried);
  g_test_add_func ("/steps/volume-exists", test_volume_exists);
  g_test_add_func ("/steps/volume-claim", test_volume_claim);
  g_test_add_func ("/steps/volume-undo-full", test_volume_undo_full);
  g_test_add_func ("/steps/volume-undo-guards", test_volume_undo_guards);
  g_test_add_func ("/steps/undo-of-nothing", test_undo_of_nothing);
  g_test_add_func ("/steps/undefine", test_undefine);
  g_test_add_func ("/steps/undefine-autostart", test_undefine_autostart);
  g_test_add_func ("/steps/autostart-off", test_autostart_off);
  g_test_add_func ("/steps/secrets", test_secrets);
  g_test_add_func ("/steps/force-off", test_force_off);
  g_test_add_func ("/steps/unknown-kind", test_unknown_kind);
  g_test_add_func ("/steps/commands", test_commands);
  g_test_add_func ("/steps/sysprep", test_sysprep);
  g_test_add_func ("/steps/transfer-command", test_transfer_command);
  return g_test_run ();
}
