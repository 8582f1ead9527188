/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What depends on what: images in and out of pools, under any name, and images that lie. And who
 * is kept from starting, changing and deleting what others need. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "gh-delete-plan.h"
#include "gh-faults.h"
#include "gh-file-users.h"
#include "gh-image-graph.h"
#include "gh-image-guard.h"
#include "gh-start-guard.h"
#include "gh-steps.h"
#include "gh-threads.h"
#include "plan-test.h"

typedef struct
{
  char    *folder;
  GString *machines;
  GhHost  *host;
} World;

static void
world_init (World *world)
{
  world->folder = gh_test_dup_tmp_dir ();
  world->machines = g_string_new (NULL);
}

static char *
dup_path (World      *world,
          const char *name)
{
  return g_path_is_absolute (name) ? g_strdup (name) : g_build_filename (world->folder, name, NULL);
}

/* The head of a qcow2 image that lies on @backing (nullable), as written. */
static void
add_image (World      *world,
           const char *name,
           const char *backing)
{
  g_autofree char *path = dup_path (world, name);
  g_autofree char *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0700);
  gh_test_write_qcow2 (path, backing);
}

static char *
dup_uuid (const char *name)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA1, name, -1);

  return g_strdup_printf ("%.8s-%.4s-4%.3s-8%.3s-%.12s", sum, sum + 8, sum + 12, sum + 15,
                          sum + 18);
}

/* @disk may be one of several, with a format: "a.qcow2,b.raw:raw". */
static void
add_machine_more (World      *world,
                  const char *name,
                  const char *disks,
                  const char *metadata,
                  const char *more)
{
  g_auto (GStrv) list = g_strsplit (disks, ",", -1);
  g_autofree char *uuid = dup_uuid (name);

  g_string_append_printf (
    world->machines,
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<name>%s</name><uuid>%s</uuid><metadata>%s</metadata><memory>4096</memory>"
    "<os><type>hvm</type></os><devices>", name, uuid, metadata);
  for (guint i = 0; list[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (list[i], ":", 2);
      g_autofree char *path = dup_path (world, parts[0]);

      g_string_append_printf (
        world->machines, "<disk type='file' device='disk'><driver name='qemu' type='%s'/>"
        "<source file='%s'/><target dev='vd%c'/></disk>", parts[1] != NULL ? parts[1] : "qcow2",
        path, 'a' + (int) i);
    }
  g_string_append_printf (world->machines,
                          "</devices>%s<test:runstate>5</test:runstate></domain>", more);
}

static void
add_machine (World      *world,
             const char *name,
             const char *disks)
{
  add_machine_more (world, name, disks, "", "");
}

/* With a pool of everything in the folder “pool”. */
static void
world_open (World *world)
{
  g_autofree char *xml = NULL;
  g_autofree char *pool = dup_path (world, "pool");

  g_mkdir_with_parents (pool, 0700);
  xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
    "%s<pool type='dir'><name>p</name><target><path>%s</path></target></pool></node>",
    world->machines->str, pool);
  world->host = plan_test_new_host (xml);
}

static void
world_clear (World *world)
{
  gh_faults_set (NULL);
  if (world->host != NULL)
    gh_host_disconnect (world->host);
  g_clear_object (&world->host);
  g_string_free (world->machines, TRUE);
  g_free (world->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static GhImageGraph *
load_graph (World *world)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  GhImageGraph *graph = NULL;

  gh_image_graph_load_async (world->host, NULL, gh_test_call_cb, &call);
  graph = gh_image_graph_load_finish (world->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return graph;
}

static GhImageGraph *
reload_graph (World      *world,
              const char *path)
{
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GError) error = NULL;
  GhImageGraph *graph = NULL;

  gh_image_graph_reload_async (world->host, (const char * const[]) { path, NULL }, NULL,
                               gh_test_call_cb, &call);
  graph = gh_image_graph_load_finish (world->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return graph;
}

/* “ID: TITLE” of the only check; "" for none. */
static char *
dup_answer (GPtrArray *checks)
{
  GhCheck *check = checks->len > 0 ? g_ptr_array_index (checks, 0) : NULL;

  g_assert_cmpuint (checks->len, <=, 1);
  if (check == NULL)
    return g_strdup ("");
  g_assert_cmpint (gh_check_get_level (check), ==, GH_CHECK_REFUSAL);
  g_assert_nonnull (gh_check_get_detail (check));
  return g_strdup_printf ("%s: %s", gh_check_get_id (check), gh_check_get_title (check));
}

static void
assert_machine (GhImageGraph *graph,
                const char   *name,
                GhImageUse    use,
                const char   *expected)
{
  g_autofree char *uuid = dup_uuid (name);
  g_autoptr (GPtrArray) checks = gh_image_graph_check_machine (graph, uuid, use);
  g_autofree char *answer = dup_answer (checks);

  g_assert_cmpstr (answer, ==, expected);
}

static void
assert_path (World        *world,
             GhImageGraph *graph,
             const char   *name,
             GhImageUse    use,
             const char   *except,
             const char   *expected)
{
  g_autofree char *path = dup_path (world, name);
  g_autofree char *uuid = except != NULL ? dup_uuid (except) : NULL;
  g_autoptr (GPtrArray) checks = gh_image_graph_check_path (graph, path, uuid, use);
  g_autofree char *answer = dup_answer (checks);
  g_autofree char *start = g_strdup_printf ("“%s/", world->folder);
  g_auto (GStrv) parts = g_strsplit (answer, start, -1);
  g_autofree char *plain = g_strjoinv ("“", parts);

  g_assert_cmpstr (plain, ==, expected);
}

static GhImage *
get_image (World        *world,
           GhImageGraph *graph,
           const char   *name)
{
  g_autofree char *path = dup_path (world, name);
  GhImage *image = gh_image_graph_find (graph, path);

  g_assert_nonnull (image);
  return image;
}

/* Parent, middle and clone, partly in a pool, by relative and absolute names. */
static void
test_chain (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhImageGraph) graph = NULL;
  g_autoptr (GPtrArray) above = NULL;
  g_autoptr (GPtrArray) below = NULL;
  g_autofree char *mid = NULL;
  g_autofree char *base = NULL;
  g_autofree char *top = NULL;

  world_init (&world);
  mid = dup_path (&world, "outside/mid.qcow2");
  base = dup_path (&world, "outside/base.qcow2");
  top = dup_path (&world, "pool/top.qcow2");
  add_image (&world, "outside/base.qcow2", NULL);
  add_image (&world, "outside/mid.qcow2", "base.qcow2");
  add_image (&world, "pool/top.qcow2", mid);
  add_image (&world, "pool/alone.qcow2", NULL);
  add_machine (&world, "parent", "outside/base.qcow2,pool/alone.qcow2");
  add_machine (&world, "clone", "pool/top.qcow2");
  add_machine (&world, "alone", "pool/alone.qcow2");
  world_open (&world);
  graph = load_graph (&world);

  above = gh_image_graph_find_dependents (graph, base);
  g_assert_cmpuint (above->len, ==, 2);
  g_assert_cmpstr (((GhImage *) above->pdata[0])->path, ==, mid);
  g_assert_cmpstr (((GhImage *) above->pdata[1])->path, ==, top);
  below = gh_image_graph_find_chain (graph, top);
  g_assert_cmpuint (below->len, ==, 2);
  g_assert_cmpstr (((GhImage *) below->pdata[1])->path, ==, base);
  g_assert_cmpstr (get_image (&world, graph, "pool/top.qcow2")->format, ==, "qcow2");
  g_assert_cmpuint (get_image (&world, graph, "outside/base.qcow2")->capacity, ==,
                    G_GUINT64_CONSTANT (8) << 30);

  assert_machine (graph, "parent", GH_IMAGE_USE_START,
                  "images-needed: “parent” cannot be started: “clone” depends on its disks");
  assert_machine (graph, "parent", GH_IMAGE_USE_RESIZE,
                  "images-needed: The disks of “parent” cannot be resized: “clone” depends on "
                  "them");
  assert_machine (graph, "parent", GH_IMAGE_USE_REVERT,
                  "images-needed: “parent” cannot go back to a snapshot: “clone” depends on its "
                  "disks");
  assert_machine (graph, "parent", GH_IMAGE_USE_MOVE,
                  "images-needed: The disks of “parent” cannot be moved: “clone” depends on them");
  assert_machine (graph, "parent", GH_IMAGE_USE_WRITE,
                  "images-needed: The disks of “parent” cannot be written to: “clone” depends on "
                  "them");
  /* Its files are kept, so nothing breaks. */
  assert_machine (graph, "parent", GH_IMAGE_USE_DELETE, "");
  assert_machine (graph, "clone", GH_IMAGE_USE_START, "");
  assert_machine (graph, "alone", GH_IMAGE_USE_START, "");
  assert_machine (graph, "nobody", GH_IMAGE_USE_START, "");

  assert_path (&world, graph, "outside/base.qcow2", GH_IMAGE_USE_DELETE, "parent",
               "images-needed: Deleting “outside/base.qcow2” breaks “clone”");
  assert_path (&world, graph, "outside/base.qcow2", GH_IMAGE_USE_DELETE, NULL,
               "images-needed: Deleting “outside/base.qcow2” breaks “clone”, “parent”");
  assert_path (&world, graph, "outside/mid.qcow2", GH_IMAGE_USE_RESIZE, NULL,
               "images-needed: “outside/mid.qcow2” cannot be resized: “clone” depends on it");
  assert_path (&world, graph, "pool/top.qcow2", GH_IMAGE_USE_RESIZE, NULL, "");
  assert_path (&world, graph, "pool/top.qcow2", GH_IMAGE_USE_DELETE, "clone", "");
  assert_path (&world, graph, "pool/alone.qcow2", GH_IMAGE_USE_DELETE, "alone",
               "images-needed: Deleting “pool/alone.qcow2” breaks “parent”");
  assert_path (&world, graph, "outside/nothing.qcow2", GH_IMAGE_USE_DELETE, NULL, "");
}

/* The same file under other names. */
static void
test_names (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhImageGraph) graph = NULL;
  g_autofree char *base = NULL;
  g_autofree char *hard = NULL;
  g_autofree char *soft = NULL;
  g_autofree char *linked_folder = NULL;
  g_autofree char *real_folder = NULL;
  g_autofree char *other = NULL;
  g_autofree char *loop = NULL;
  g_autofree char *never = NULL;

  world_init (&world);
  add_image (&world, "a/base.qcow2", NULL);
  base = dup_path (&world, "a/base.qcow2");
  hard = dup_path (&world, "a/hard.qcow2");
  soft = dup_path (&world, "soft.qcow2");
  real_folder = dup_path (&world, "a");
  linked_folder = dup_path (&world, "b");
  other = dup_path (&world, "b/base.qcow2");
  never = dup_path (&world, "never-named.qcow2");
  g_assert_cmpint (link (base, hard), ==, 0);
  g_assert_cmpint (symlink (base, soft), ==, 0);
  g_assert_cmpint (symlink (real_folder, linked_folder), ==, 0);
  g_assert_cmpint (link (base, never), ==, 0);
  add_image (&world, "one.qcow2", hard);
  add_image (&world, "two.qcow2", soft);
  add_image (&world, "three.qcow2", other);
  add_image (&world, "four.qcow2", "./a/../b/hard.qcow2");
  loop = dup_path (&world, "a/../a/base.qcow2");
  add_machine (&world, "parent", loop);
  add_machine (&world, "one", "one.qcow2");
  add_machine (&world, "two", "two.qcow2");
  add_machine (&world, "three", "three.qcow2");
  add_machine (&world, "four", "four.qcow2");
  world_open (&world);
  graph = reload_graph (&world, never);

  assert_machine (graph, "parent", GH_IMAGE_USE_START,
                  "images-needed: “parent” cannot be started: “four”, “one”, “three”, “two” "
                  "depend on its disks");
  assert_path (&world, graph, "never-named.qcow2", GH_IMAGE_USE_DELETE, "parent",
               "images-needed: Deleting “never-named.qcow2” breaks “four”, “one”, “three”, “two”");
}

/* A symbolic link to an image in another folder: relative names are meant from the link. */
static void
test_relative_to_link (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhImageGraph) graph = NULL;
  g_autofree char *real = NULL;
  g_autofree char *link_path = NULL;

  world_init (&world);
  add_image (&world, "x/image.qcow2", "base.qcow2");
  add_image (&world, "x/base.qcow2", NULL);
  add_image (&world, "y/base.qcow2", NULL);
  real = dup_path (&world, "x/image.qcow2");
  link_path = dup_path (&world, "y/link.qcow2");
  g_assert_cmpint (symlink (real, link_path), ==, 0);
  add_machine (&world, "real", "x/image.qcow2");
  add_machine (&world, "linked", "y/link.qcow2");
  add_machine (&world, "xbase", "x/base.qcow2");
  add_machine (&world, "ybase", "y/base.qcow2");
  world_open (&world);
  graph = load_graph (&world);

  assert_machine (graph, "xbase", GH_IMAGE_USE_START,
                  "images-needed: “xbase” cannot be started: “linked”, “real” depend on its disks");
  assert_machine (graph, "ybase", GH_IMAGE_USE_START,
                  "images-needed: “ybase” cannot be started: “linked”, “real” depend on its disks");
}

/* Images that nobody uses, that snapshots use, that lie on themselves or on something else. */
static void
test_odd (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhImageGraph) graph = NULL;
  g_autofree char *snapshot = NULL;
  g_autofree char *layer = NULL;
  g_autofree char *json = NULL;
  g_autofree char *base = NULL;

  world_init (&world);
  base = dup_path (&world, "json-base.qcow2");
  layer = dup_path (&world, "layer.qcow2");
  json = g_strdup_printf ("json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\","
                          "\"filename\":\"%s\"}}", base);
  snapshot = g_strdup_printf (
    "<test:domainsnapshot><name>s1</name><state>shutoff</state><creationTime>1</creationTime>"
    "<active>0</active><disks><disk name='vda' snapshot='external' type='file'>"
    "<driver type='qcow2'/><source file='%s'/></disk></disks></test:domainsnapshot>", layer);
  add_image (&world, "orphaned.qcow2", NULL);
  add_image (&world, "pool/orphan.qcow2", "../orphaned.qcow2");
  add_image (&world, "snapped.qcow2", NULL);
  add_image (&world, "layer.qcow2", "snapped.qcow2");
  add_image (&world, "loop1.qcow2", "loop2.qcow2");
  add_image (&world, "loop2.qcow2", "loop1.qcow2");
  add_image (&world, "self.qcow2", "self.qcow2");
  add_image (&world, "nbd.qcow2", "nbd://host/export");
  add_image (&world, "json-base.qcow2", NULL);
  add_image (&world, "json.qcow2", json);
  add_image (&world, "file-base.qcow2", NULL);
  add_image (&world, "file.qcow2", "file:file-base.qcow2");
  add_image (&world, "broken.qcow2", "gone.qcow2");
  add_image (&world, "garbled.qcow2", "b\303.qcow2");
  add_machine (&world, "orphaned", "orphaned.qcow2");
  add_machine_more (&world, "snapped", "snapped.qcow2", "", snapshot);
  add_machine (&world, "loop", "loop1.qcow2");
  add_machine (&world, "self", "self.qcow2");
  add_machine (&world, "nbd", "nbd.qcow2");
  add_machine (&world, "json", "json.qcow2");
  add_machine (&world, "json-base", "json-base.qcow2");
  add_machine (&world, "file", "file.qcow2");
  add_machine (&world, "file-base", "file-base.qcow2");
  add_machine (&world, "broken", "broken.qcow2");
  add_machine (&world, "garbled", "garbled.qcow2");
  world_open (&world);
  graph = load_graph (&world);

  {
    g_autofree char *orphan = dup_path (&world, "pool/orphan.qcow2");
    g_autofree char *expected = g_strdup_printf (
      "images-needed: “orphaned” cannot be started: “%s” depends on its disks", orphan);
    g_autofree char *snapped = g_strdup_printf (
      "images-needed: “snapped” cannot be started: “%s” depends on its disks", layer);

    assert_machine (graph, "orphaned", GH_IMAGE_USE_START, expected);
    assert_machine (graph, "snapped", GH_IMAGE_USE_START, snapped);
  }
  assert_machine (graph, "self", GH_IMAGE_USE_START, "");
  assert_machine (graph, "nbd", GH_IMAGE_USE_START, "");
  g_assert_cmpstr (get_image (&world, graph, "nbd.qcow2")->foreign_base, ==, "nbd://host/export");
  assert_machine (graph, "json-base", GH_IMAGE_USE_START,
                  "images-needed: “json-base” cannot be started: “json” depends on its disks");
  assert_machine (graph, "file-base", GH_IMAGE_USE_START,
                  "images-needed: “file-base” cannot be started: “file” depends on its disks");
  /* One names a file that cannot be, the other itself. */
  g_assert_cmpuint (gh_image_graph_get_unreadable (graph)->len, ==, 2);
  g_assert_true (g_ptr_array_find (gh_image_graph_get_unreadable (graph),
                                   get_image (&world, graph, "garbled.qcow2"), NULL));
  g_assert_cmpint (get_image (&world, graph, "gone.qcow2")->problem, ==, GH_IMAGE_MISSING);
  {
    g_autoptr (GPtrArray) all = gh_image_graph_list_related (graph, NULL, NULL);
    g_autoptr (GPtrArray) roots = gh_image_graph_list_roots (graph, all);
    guint n_loops = 0;

    for (guint i = 0; i < roots->len; i++)
      n_loops += strstr (((GhImage *) roots->pdata[i])->path, "loop") != NULL;
    g_assert_cmpuint (n_loops, ==, 1);
    g_assert_cmpuint (all->len, ==, 15);
  }
}

/* What a guest writes to the start of its raw disk claims nothing of other machines' images. */
static void
test_hostile_raw (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhImageGraph) graph = NULL;
  g_autofree char *victim = NULL;

  world_init (&world);
  victim = dup_path (&world, "pool/victim.qcow2");
  add_image (&world, "pool/victim.qcow2", NULL);
  add_image (&world, "pool/hostile.img", victim);
  add_machine (&world, "victim", "pool/victim.qcow2");
  add_machine (&world, "hostile", "pool/hostile.img:raw");
  world_open (&world);
  graph = load_graph (&world);
  assert_machine (graph, "victim", GH_IMAGE_USE_START, "");
  assert_path (&world, graph, "pool/victim.qcow2", GH_IMAGE_USE_DELETE, "victim", "");
}

#define MARK(content) \
  "<g:machine xmlns:g='http://guesthouse.org/xmlns/libvirt/domain/1.0'>" content "</g:machine>"

static void
test_template (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhImageGraph) graph = NULL;
  g_autofree char *uuid = dup_uuid ("clone");

  world_init (&world);
  add_image (&world, "base.qcow2", NULL);
  add_image (&world, "pool/clone.qcow2", "../base.qcow2");
  add_image (&world, "free.qcow2", NULL);
  add_machine_more (&world, "base", "base.qcow2", MARK ("<g:template/>"), "");
  add_machine_more (&world, "clone", "pool/clone.qcow2",
                    MARK ("<g:parent uuid='u' name='base'/>"), "");
  add_machine_more (&world, "free", "free.qcow2", MARK ("<g:template/>"), "");
  world_open (&world);
  graph = load_graph (&world);

  assert_machine (graph, "base", GH_IMAGE_USE_START,
                  "template: “base” cannot be started: “clone” depends on its disks");
  assert_machine (graph, "base", GH_IMAGE_USE_DELETE, "template: Deleting “base” breaks “clone”");
  assert_machine (graph, "free", GH_IMAGE_USE_START, "template: “free” is a template");
  assert_machine (graph, "free", GH_IMAGE_USE_RESIZE, "template: “free” is a template");
  assert_machine (graph, "free", GH_IMAGE_USE_REVERT, "template: “free” is a template");
  assert_machine (graph, "free", GH_IMAGE_USE_DELETE, "");
  g_assert_cmpint (gh_image_graph_find_machine (graph, uuid)->kind, ==, GH_MACHINE_LINKED_CLONE);
  g_assert_cmpstr (gh_image_graph_find_machine (graph, uuid)->parent_name, ==, "base");
}

/* A definition may name what its disks lie on, as that of a running machine does: it is not the
 * machine's own for that, and what else lies on it does not depend on the machine. */
static void
test_named_base (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhImageGraph) graph = NULL;
  g_autofree char *base = NULL;
  g_autofree char *one = NULL;

  world_init (&world);
  base = dup_path (&world, "base.qcow2");
  one = dup_path (&world, "pool/one.qcow2");
  add_image (&world, "base.qcow2", NULL);
  add_image (&world, "pool/one.qcow2", base);
  add_image (&world, "pool/two.qcow2", base);
  add_machine (&world, "parent", "base.qcow2");
  add_machine (&world, "two", "pool/two.qcow2");
  g_string_append_printf (
    world.machines, "<domain type='test'><name>one</name><memory>4096</memory>"
    "<os><type>hvm</type></os><devices><disk type='file' device='disk'>"
    "<driver name='qemu' type='qcow2'/><source file='%s'/><backingStore type='file'>"
    "<format type='qcow2'/><source file='%s'/><backingStore/></backingStore>"
    "<target dev='vda'/></disk></devices></domain>", one, base);
  world_open (&world);
  graph = load_graph (&world);

  g_assert_null (gh_image_graph_dup_dependents (
    graph, gh_machine_get_uuid (gh_host_find_machine (world.host, "one"))));
  assert_machine (graph, "parent", GH_IMAGE_USE_START,
                  "images-needed: “parent” cannot be started: “one”, “two” depend on its disks");
}

/* Every way to start a machine asks. */
static void
test_start_is_guarded (void)
{
  g_auto (World) world = { 0 };
  g_auto (GhTestCall) parent_call = { 0 };
  g_auto (GhTestCall) clone_call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) step_error = NULL;
  g_autoptr (GhStep) step = NULL;
  g_autofree char *uuid = dup_uuid ("parent");
  GhMachine *parent = NULL;
  GhMachine *clone = NULL;

  world_init (&world);
  add_image (&world, "base.qcow2", NULL);
  add_image (&world, "clone.qcow2", "base.qcow2");
  add_machine (&world, "parent", "base.qcow2");
  add_machine (&world, "clone", "clone.qcow2");
  world_open (&world);
  gh_image_guard_install ();

  parent = plan_test_get_machine (world.host, "parent");
  gh_machine_run_action_async (parent, GH_MACHINE_START, NULL, gh_test_call_cb, &parent_call);
  g_assert_nonnull (gh_machine_get_busy_text (parent));
  g_assert_false (gh_machine_run_action_finish (parent, gh_test_call_wait (&parent_call), &error));
  g_assert_error (error, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "“clone”"));
  g_assert_null (gh_machine_get_busy_text (parent));

  step = gh_start_step_new (uuid, "parent");
  g_assert_false (plan_test_do (step, world.host, &step_error));
  g_assert_error (step_error, GH_GUARD_ERROR, GH_GUARD_ERROR_REFUSED);
  g_assert_cmpint (gh_machine_get_state (parent), ==, GH_MACHINE_OFF);

  clone = plan_test_get_machine (world.host, "clone");
  g_clear_error (&error);
  gh_machine_run_action_async (clone, GH_MACHINE_START, NULL, gh_test_call_cb, &clone_call);
  g_assert_true (gh_machine_run_action_finish (clone, gh_test_call_wait (&clone_call), &error));
  g_assert_no_error (error);
  gh_start_guard_set (NULL);
}

static void
undefine (World      *world,
          const char *name)
{
  g_auto (GhTestCall) call = { 0 };
  g_autofree char *uuid = dup_uuid (name);
  g_autoptr (GError) error = NULL;

  gh_host_undefine_async (world->host, uuid, 0, NULL, gh_test_call_cb, &call);
  gh_host_undefine_finish (world->host, gh_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* Nothing is read twice, and nothing new is missed. */
static void
test_cache (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhImageGraph) first = NULL;
  g_autoptr (GhImageGraph) second = NULL;
  g_autoptr (GhImageGraph) third = NULL;
  g_autoptr (GhImageGraph) fourth = NULL;
  g_autoptr (GhImageGraph) fifth = NULL;
  g_autofree char *clone = NULL;
  g_autofree char *base = NULL;

  world_init (&world);
  clone = dup_path (&world, "clone.qcow2");
  base = dup_path (&world, "base.qcow2");
  add_image (&world, "base.qcow2", NULL);
  add_image (&world, "clone.qcow2", "base.qcow2");
  add_machine (&world, "parent", "base.qcow2");
  add_machine (&world, "clone", "clone.qcow2");
  world_open (&world);
  first = load_graph (&world);
  /* Not a call to the host. */
  gh_faults_set ("domain-definitions:fail=38;volume-list:fail=38");
  second = load_graph (&world);
  gh_faults_set (NULL);
  g_assert_true (first == second);

  /* Another file makes a new image, whoever made it. */
  add_image (&world, "pool/second.qcow2", base);
  third = load_graph (&world);
  g_assert_true (third != second);
  {
    g_autofree char *second_path = dup_path (&world, "pool/second.qcow2");
    g_autofree char *expected = g_strdup_printf (
      "images-needed: “parent” cannot be started: “clone”, “%s” depend on its disks", second_path);

    assert_machine (third, "parent", GH_IMAGE_USE_START, expected);
    g_assert_cmpint (g_unlink (second_path), ==, 0);
  }

  /* An image that is another now: rebased, say. */
  add_image (&world, "clone.qcow2", NULL);
  fourth = load_graph (&world);
  assert_machine (fourth, "parent", GH_IMAGE_USE_START, "");

  add_image (&world, "clone.qcow2", "base.qcow2");
  undefine (&world, "clone");
  g_assert_cmpint (g_unlink (clone), ==, 0);
  fifth = load_graph (&world);
  g_assert_cmpuint (gh_image_graph_get_machines (fifth)->len, ==, 1);
  assert_machine (fifth, "parent", GH_IMAGE_USE_START, "");
}

/* A graph that could not see everything says so, and nothing is deleted by it. */
static void
test_blind (void)
{
  static const char * const faults[] = { "domain-definition-xml:fail=38,times=1",
                                         "domain-definition-xml:fail=38,after=1",
                                         "pool-volumes:fail=38" };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_auto (World) world = { 0 };
      g_autoptr (GhImageGraph) graph = NULL;
      g_autoptr (GhDeletePlan) plan = NULL;
      g_autoptr (GhStep) step = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) checks = NULL;
      g_autofree char *path = NULL;
      g_autofree char *fault = NULL;

      g_test_message ("%s", faults[i]);
      world_init (&world);
      path = dup_path (&world, "pool/stray.qcow2");
      add_image (&world, "pool/stray.qcow2", NULL);
      add_image (&world, "a.qcow2", NULL);
      add_image (&world, "b.qcow2", NULL);
      add_machine (&world, "a", "a.qcow2");
      add_machine (&world, "b", "b.qcow2");
      world_open (&world);

      gh_faults_set (faults[i]);
      graph = reload_graph (&world, path);
      gh_faults_set (NULL);
      g_assert_cmpuint (gh_image_graph_get_blind_spots (graph)->len, ==, 1);
      checks = gh_image_graph_check_path (graph, path, NULL, GH_IMAGE_USE_DELETE);
      g_assert_cmpuint (checks->len, ==, 1);
      g_assert_cmpstr (gh_check_get_id (checks->pdata[0]), ==, "images-unknown");

      /* The step looks for itself. */
      gh_faults_set (faults[i]);
      step = gh_volume_remove_step_new (path, "p");
      g_assert_false (plan_test_do (step, world.host, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
      g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
      gh_faults_set (NULL);
    }
}

static void
test_blind_delete_plan (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhDeletePlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  world_init (&world);
  path = dup_path (&world, "a.qcow2");
  add_image (&world, "a.qcow2", NULL);
  add_image (&world, "b.qcow2", NULL);
  add_machine (&world, "a", "a.qcow2");
  add_machine (&world, "b", "b.qcow2");
  world_open (&world);
  gh_faults_set ("pool-volumes:fail=38");
  plan = gh_delete_plan_new (plan_test_get_machine (world.host, "a"));
  plan_test_prepare (GH_PLAN (plan), &error);
  g_assert_no_error (error);
  /* Nothing is removed: fine. */
  g_assert_null (plan_test_find_check (GH_PLAN (plan), "images-unknown"));
  gh_delete_plan_set_ticked (plan, path, TRUE);
  plan_test_prepare (GH_PLAN (plan), &error);
  g_assert_no_error (error);
  if (gh_delete_plan_get_freed (plan) > 0)
    g_assert_cmpint (gh_check_get_level (plan_test_find_check (GH_PLAN (plan), "images-unknown")),
                     ==, GH_CHECK_REFUSAL);
  gh_delete_plan_set_keep_disks (plan, TRUE);
  plan_test_prepare (GH_PLAN (plan), &error);
  g_assert_null (plan_test_find_check (GH_PLAN (plan), "images-unknown"));
}

/* A template with clones is not deleted, with or without its disks; another parent keeps them. */
static void
test_delete_plan (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GhDeletePlan) template_plan = NULL;
  g_autoptr (GhDeletePlan) parent_plan = NULL;
  g_autoptr (GError) error = NULL;
  GhCheck *check = NULL;

  world_init (&world);
  add_image (&world, "t.qcow2", NULL);
  add_image (&world, "t1.qcow2", "t.qcow2");
  add_image (&world, "p.qcow2", NULL);
  add_image (&world, "p1.qcow2", "p.qcow2");
  add_machine_more (&world, "t", "t.qcow2", MARK ("<g:template/>"), "");
  add_machine (&world, "t1", "t1.qcow2");
  add_machine (&world, "p", "p.qcow2");
  add_machine (&world, "p1", "p1.qcow2");
  world_open (&world);

  template_plan = gh_delete_plan_new (plan_test_get_machine (world.host, "t"));
  gh_delete_plan_set_keep_disks (template_plan, TRUE);
  plan_test_prepare (GH_PLAN (template_plan), &error);
  g_assert_no_error (error);
  check = plan_test_find_check (GH_PLAN (template_plan), "template");
  g_assert_cmpint (gh_check_get_level (check), ==, GH_CHECK_REFUSAL);
  g_assert_cmpstr (gh_check_get_title (check), ==, "Deleting “t” breaks “t1”");
  g_assert_false (plan_test_run (GH_PLAN (template_plan), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_clear_error (&error);

  parent_plan = gh_delete_plan_new (plan_test_get_machine (world.host, "p"));
  plan_test_prepare (GH_PLAN (parent_plan), &error);
  g_assert_no_error (error);
  check = plan_test_find_check (GH_PLAN (parent_plan), "images-needed");
  g_assert_cmpint (gh_check_get_level (check), ==, GH_CHECK_NOTE);
  g_assert_cmpstr (gh_check_get_title (check), ==, "What is needed by “p1” is not deleted");
  g_assert_cmpuint (gh_delete_plan_get_freed (parent_plan), ==, 0);
}

static void
test_names_text (void)
{
  static const struct
  {
    guint       n;
    const char *text;
  } rows[] = {
    { 0, "" },
    { 1, "“m1”" },
    { 3, "“m1”, “m2”, “m3”" },
    { 9, "“m1”, “m2”, “m3”, “m4”, “m5”, “m6”, “m7”, “m8”, “m9”" },
    { 10, "“m1”, “m2”, “m3”, “m4”, “m5”, “m6”, “m7”, “m8” and 2 others" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
      g_auto (GStrv) names = NULL;
      g_autofree char *text = NULL;

      for (guint j = 0; j < rows[i].n; j++)
        {
          g_autofree char *name = g_strdup_printf ("m%u", j + 1);

          g_strv_builder_add (builder, name);
        }
      names = g_strv_builder_end (builder);
      text = gh_image_names_dup_text ((const char * const *) names);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

/* Cancelling answers at once, and the next one gets what was begun. */
static void
test_cancel (void)
{
  g_auto (World) world = { 0 };
  g_auto (GhTestCall) call = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GhImageGraph) graph = NULL;

  world_init (&world);
  add_image (&world, "a.qcow2", NULL);
  add_machine (&world, "a", "a.qcow2");
  world_open (&world);
  gh_faults_set ("domain-definitions:delay=300");
  gh_image_graph_load_async (world.host, cancellable, gh_test_call_cb, &call);
  g_cancellable_cancel (cancellable);
  g_assert_null (gh_image_graph_load_finish (world.host, gh_test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  graph = load_graph (&world);
  g_assert_cmpuint (gh_image_graph_get_machines (graph)->len, ==, 1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();

  g_test_add_func ("/image-graph/chain", test_chain);
  g_test_add_func ("/image-graph/names", test_names);
  g_test_add_func ("/image-graph/relative-to-link", test_relative_to_link);
  g_test_add_func ("/image-graph/odd", test_odd);
  g_test_add_func ("/image-graph/hostile-raw", test_hostile_raw);
  g_test_add_func ("/image-graph/template", test_template);
  g_test_add_func ("/image-graph/named-base", test_named_base);
  g_test_add_func ("/image-graph/start-is-guarded", test_start_is_guarded);
  g_test_add_func ("/image-graph/cache", test_cache);
  g_test_add_func ("/image-graph/blind", test_blind);
  g_test_add_func ("/image-graph/blind-delete-plan", test_blind_delete_plan);
  g_test_add_func ("/image-graph/delete-plan", test_delete_plan);
  g_test_add_func ("/image-graph/names-text", test_names_text);
  g_test_add_func ("/image-graph/cancel", test_cancel);

  return g_test_run ();
}
