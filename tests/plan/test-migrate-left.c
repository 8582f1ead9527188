/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What a move put at one host, or left at the other, and somebody else uses by now: a secret that
 * its undoing would take away, and firmware variables that are to be removed later. */

#include "config.h"

#include <string.h>

#include "gh-faults.h"
#include "gh-left-state.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "plan-test.h"

#define SECRET "c7a5fdbd-edaf-9455-926a-d65c16db1809"
#define SECRET_LOUD "C7A5FDBD-EDAF-9455-926A-D65C16DB1809"
#define OTHER_SECRET "c7a5fdbd-edaf-9455-926a-d65c16db1810"
#define MACHINE_UUID "11111111-0000-4000-8000-000000000002"

#define DOMAIN(name, uuid, devices) \
  "<domain type='test'><name>" name "</name>" uuid "<memory>65536</memory>" \
  "<os><type arch='x86_64'>hvm</type></os><devices>" devices "</devices></domain>"
#define UUID(uuid) "<uuid>" uuid "</uuid>"
#define ENCRYPTED(secret) \
  "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/p/a.img'>" \
  "<encryption format='luks'><secret type='passphrase' " secret "/></encryption></source>" \
  "<target dev='vda'/></disk>"

static GhHost *
new_host (const char *machines)
{
  g_autofree char *xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>%s"
    "</node>", machines);

  return plan_test_new_host (xml);
}

/* The test driver keeps no secrets: that it is asked to remove one is seen by a fault. */
static void
test_secret (void)
{
  static const struct
  {
    const char *machines;
    const char *faults;
    gboolean    absent; /* the host had none before */
    const char *user;   /* (nullable) */
  } rows[] = {
    { "", NULL, TRUE, NULL },
    { DOMAIN ("other", "", ENCRYPTED ("uuid='" SECRET "'")), NULL, FALSE, NULL },
    { DOMAIN ("other", "", ENCRYPTED ("uuid='" SECRET "'")), NULL, TRUE, "other" },
    { DOMAIN ("other", "", ENCRYPTED ("uuid='" SECRET_LOUD "'")), NULL, TRUE, "other" },
    { DOMAIN ("other", "", ENCRYPTED ("uuid='" OTHER_SECRET "'")), NULL, TRUE, NULL },
    /* It may be that of this one. */
    { DOMAIN ("other", "", ENCRYPTED ("usage='a-disk'")), NULL, TRUE, "other" },
    { DOMAIN ("plain", "", "") DOMAIN ("user", "", ENCRYPTED ("uuid='" SECRET "'")), NULL, TRUE,
      "user" },
    /* It may use anything, defined or as it runs. */
    { DOMAIN ("unread", "", ""), "domain-definition-xml:fail=38,times=1;", TRUE, "unread" },
    { DOMAIN ("unread", "", ""), "domain-definition-xml:fail=38,after=1,times=1;", TRUE, "unread" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GhHost) host = new_host ("");
      g_autoptr (GhHost) peer = new_host (rows[i].machines);
      g_autoptr (GhStep) step = gh_secret_copy_step_new (peer, SECRET, "vda");
      g_autofree char *faults = g_strconcat (rows[i].faults != NULL ? rows[i].faults : "",
                                             "secret-remove:fail=38", NULL);
      g_autoptr (GError) error = NULL;

      gh_step_set_boolean (step, "absent", rows[i].absent);
      gh_faults_set (faults);
      g_assert_cmpint (plan_test_undo (step, host, &error), ==, !rows[i].absent);
      gh_faults_set (NULL);
      g_test_message ("row %u: %s", i, error != NULL ? error->message : "done");
      if (rows[i].user != NULL)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
          g_assert_nonnull (strstr (error->message, rows[i].user));
        }
      else if (rows[i].absent)
        g_assert_nonnull (strstr (error->message, "secret-remove"));
    }
}

/* Where both hosts keep such files. */
#define NVRAM "/state/nvram"
#define TPM "/state/tpm"

static const GhPoolInfo *
new_pool (gboolean active)
{
  static GhPoolInfo pool = { .name = (char *) "nvram", .path = (char *) NVRAM };

  pool.active = active;
  return &pool;
}

static int
find_step (GhPlanDraft *draft,
           const char  *kind)
{
  for (guint i = 0; i < draft->steps->len; i++)
    if (strcmp (gh_step_get_kind (g_ptr_array_index (draft->steps, i)), kind) == 0)
      return (int) i;
  return -1;
}

typedef enum
{
  STAYS,
  GOES,
  GOES_IF_OWN, /* when it has been proved that the folder is not shared */
} Fate;

static const struct
{
  const char *machines; /* at the host where it was left */
  const char *path;
  const char *kind;
  const char *nvram;    /* (nullable): where that host keeps them */
  const char *own;      /* (nullable): where the machine's own host does */
  int         pool;     /* of the folder; < 0: none */
  Fate        fate;
} left_rows[] = {
  { "", NVRAM "/web_VARS.fd", GH_LEFT_NVRAM, NVRAM, "/elsewhere", -1, GOES },
  { "", NVRAM "/web_VARS.fd", GH_LEFT_NVRAM, NVRAM, NVRAM, -1, GOES_IF_OWN },
  { "", NVRAM "/web_VARS.fd", GH_LEFT_NVRAM, NVRAM, NVRAM, 1, GOES_IF_OWN },
  { "", NVRAM "/web_VARS.fd", GH_LEFT_NVRAM, NVRAM, NVRAM, 0, STAYS },
  /* Whose machine was made since, under the name, or was under it before. */
  { DOMAIN ("web", "", ""), NVRAM "/web_VARS.fd", GH_LEFT_NVRAM, NVRAM, "/elsewhere", -1, STAYS },
  { DOMAIN ("db", "", ""), NVRAM "/db_VARS.fd", GH_LEFT_NVRAM, NVRAM, "/elsewhere", -1, STAYS },
  { DOMAIN ("db", "", ""), NVRAM "/web_VARS.fd", GH_LEFT_NVRAM, NVRAM, "/elsewhere", -1, GOES },
  { DOMAIN ("renamed", UUID (MACHINE_UUID), ""), NVRAM "/web_VARS.fd", GH_LEFT_NVRAM, NVRAM,
    "/elsewhere", -1, STAYS },
  { DOMAIN ("renamed", UUID (MACHINE_UUID), ""), TPM "/" MACHINE_UUID "/tpm2/tpm2-00.permall",
    GH_LEFT_TPM, NVRAM, "/elsewhere", -1, STAYS },
  /* What metadata name may be anything. */
  { "", "/etc/web_VARS.fd", GH_LEFT_NVRAM, NVRAM, "/elsewhere", -1, STAYS },
  { "", NVRAM "/sub/web_VARS.fd", GH_LEFT_NVRAM, NVRAM, "/elsewhere", -1, STAYS },
  { "", NVRAM "/web.qcow2", GH_LEFT_NVRAM, NVRAM, "/elsewhere", -1, STAYS },
  { "", TPM "/11111111-0000-4000-8000-000000000003/tpm2/tpm2-00.permall", GH_LEFT_TPM, NVRAM,
    "/elsewhere", -1, STAYS },
  /* Nobody can tell. */
  { "", NVRAM "/web_VARS.fd", GH_LEFT_NVRAM, NULL, "/elsewhere", -1, STAYS },
  { "", NVRAM "/web_VARS.fd", GH_LEFT_NVRAM, NVRAM, NULL, -1, STAYS },
  /* Its folder has the machine's own UUID. */
  { "", TPM "/" MACHINE_UUID "/tpm2/tpm2-00.permall", GH_LEFT_TPM, NVRAM, NVRAM, -1, GOES },
};

static void
test_left_state (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (left_rows); i++)
    {
      g_autoptr (GhHost) own_host = new_host (DOMAIN ("web", UUID (MACHINE_UUID), ""));
      g_autoptr (GhHost) host = new_host (left_rows[i].machines);
      g_autoptr (GPtrArray) pools = g_ptr_array_new ();
      g_autoptr (GhPlanDraft) draft = gh_plan_draft_new ();
      const GhLeftFile file = {
        .host = (char *) "host", .path = (char *) left_rows[i].path,
        .kind = (char *) left_rows[i].kind,
      };
      const GhStateFolders folders = { (char *) left_rows[i].nvram, (char *) TPM };
      const GhStateFolders own = { (char *) left_rows[i].own, (char *) TPM };
      GhStep *probe = NULL;
      int proof = 0;

      if (left_rows[i].pool >= 0)
        g_ptr_array_add (pools, (gpointer) new_pool (left_rows[i].pool == 1));
      g_test_message ("row %u", i);
      g_assert_cmpint (gh_left_state_add (draft, host, plan_test_get_machine (own_host, "web"),
                                          &file, left_rows[i].nvram != NULL ? &folders : NULL,
                                          left_rows[i].own != NULL ? &own : NULL, pools), ==,
                       left_rows[i].fate != STAYS);
      g_assert_cmpuint (draft->checks->len, ==, 1);
      g_assert_cmpstr (gh_check_get_id (g_ptr_array_index (draft->checks, 0)), ==,
                       left_rows[i].fate == STAYS ? "left-used" : "left-deleted");
      g_assert_cmpint (draft->steps->len == 0, ==, left_rows[i].fate == STAYS);
      proof = find_step (draft, "share-probe");
      g_assert_cmpint (proof >= 0, ==, left_rows[i].fate == GOES_IF_OWN);
      if (proof < 0)
        continue;
      /* What is written here must not be seen where the machine is, and that is found out first. */
      g_assert_cmpint (proof, <, find_step (draft, "volume-remove"));
      probe = g_ptr_array_index (draft->steps, proof);
      g_assert_false (gh_step_get_boolean (probe, "shared"));
      g_assert_true (gh_step_get_boolean (probe, "left"));
      g_assert_true (gh_step_get_peer (probe) == own_host);
      g_assert_cmpstr (gh_step_get_string (probe, "folder"), ==, NVRAM);
      g_assert_cmpstr (gh_step_get_string (probe, "folder-there"), ==, NVRAM);
    }
}

/* As a connection of its own to the one host of this name, which all of a process share. */
static GhHost *
new_shared_host (void)
{
  g_auto (GhTestCall) call = { 0 };
  GhHost *host = gh_host_new ("test:///default");
  GError *error = NULL;

  gh_host_ready_async (host, NULL, gh_test_call_cb, &call);
  gh_host_ready_finish (host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return host;
}

/* Carried out: when what is written to the folder of one host is seen at the other, nothing is
 * removed. */
static void
test_proof (void)
{
  static const char folder[] = "/default-pool";
  static const char path[] = "/default-pool/web_VARS.fd";

  for (guint shared = 0; shared < 2; shared++)
    {
      g_autoptr (GhHost) host = shared ? new_shared_host () : plan_test_new_host (NULL);
      g_autoptr (GhHost) own_host = shared ? new_shared_host () : plan_test_new_host (NULL);
      const GhPoolInfo there = { .name = (char *) "default-pool", .path = (char *) folder };
      g_autoptr (GhPlan) making = plan_test_plan_new (
        host, gh_volume_create_step_new ("default-pool", "web_VARS.fd", path, "raw", 1024 * 1024,
                                         NULL, NULL), NULL);
      GhStep *probe = gh_probe_step_new (own_host, "default-pool", folder, &there, FALSE);
      g_autoptr (GhPlan) plan = plan_test_plan_new (
        host, probe, gh_volume_remove_step_new (path, "default-pool"), NULL);
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) lines = NULL;

      plan_test_run (making, &error);
      g_assert_no_error (error);
      gh_step_set_boolean (probe, "left", TRUE);
      g_assert_cmpint (plan_test_run (plan, &error), ==, !shared);
      if (shared)
        g_assert_nonnull (strstr (error->message, "is the very file it uses"));
      g_test_message ("shared %u: %s", shared, error != NULL ? error->message : "done");
      lines = plan_test_list_inventory (host);
      g_assert_cmpint (g_strv_contains ((const char * const *) lines,
                                        "volume /default-pool/web_VARS.fd"), ==, shared);
      for (guint i = 0; lines[i] != NULL; i++)
        g_assert_null (strstr (lines[i], "probe"));
      gh_host_disconnect (host);
      gh_host_disconnect (own_host);
    }
}

int
main (int    argc,
      char **argv)
{
  gh_threads_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/migrate-left/secret", test_secret);
  g_test_add_func ("/migrate-left/state", test_left_state);
  g_test_add_func ("/migrate-left/proof", test_proof);
  return g_test_run ();
}
