/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Verbs about images and what depends on them, and about templates. */

#define G_LOG_DOMAIN "gh-cli-images"

#include "config.h"

#include "gh-cli-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gh-format.h"
#include "gh-image-graph.h"
#include "gh-independent-plan.h"
#include "gh-template-plan.h"

/* Deeper is a loop, or nothing a terminal could show. */
#define MAX_DEPTH 64

typedef struct
{
  GhCli      *cli;
  GHashTable *shown; /* (element-type GhImage): which are in the answer */
} Tree;

static const char *
get_role_name (GhImageRole role)
{
  static const char * const names[] = { "disk", "medium", "snapshot", "nvram", "other" };

  return names[role];
}

static const char *
get_kind_name (GhMachineKind kind)
{
  static const char * const names[] = { "ordinary", "template", "linked-clone", "trial" };

  return names[kind];
}

static const char *
get_kind_text (GhMachineKind kind)
{
  switch (kind)
    {
    case GH_MACHINE_TEMPLATE:
      return _("template");
    case GH_MACHINE_LINKED_CLONE:
      return _("linked clone");
    case GH_MACHINE_TRIAL:
      return _("trial");
    case GH_MACHINE_ORDINARY:
    default:
      return _("machine");
    }
}

static const char *
get_problem_text (GhImage *image)
{
  switch (image->problem)
    {
    case GH_IMAGE_FINE:
      return NULL;
    case GH_IMAGE_MISSING:
      return _("missing");
    default:
      return _("cannot be read");
    }
}

static void
print_indent (Tree  *tree,
              guint  depth)
{
  g_autofree char *indent = g_strnfill (2 * depth, ' ');

  gh_cli_print (tree->cli, "%s", indent);
}

static void
print_image (Tree    *tree,
             GhImage *image,
             guint    depth)
{
  g_autofree char *size = image->has_size ? gh_format_file_size (image->size) : NULL;
  const char *problem = get_problem_text (image);

  print_indent (tree, depth);
  gh_cli_print (tree->cli, "%s", image->path);
  if (image->format != NULL)
    gh_cli_print (tree->cli, "  %s", image->format);
  if (size != NULL && problem == NULL)
    gh_cli_print (tree->cli, "  %s", size);
  if (image->foreign_base != NULL)
    /* Translators: %s is the address of another image, on which this one lies. */
    gh_cli_print (tree->cli, _("  on %s"), image->foreign_base);
  if (problem != NULL)
    gh_cli_print (tree->cli, "  ✖ %s", problem);
  gh_cli_print (tree->cli, "\n");
  for (guint i = 0; i < image->users->len; i++)
    {
      GhImageUser *user = g_ptr_array_index (image->users, i);

      print_indent (tree, depth + 1);
      gh_cli_print (tree->cli, "• %s (%s)\n", user->machine->name,
                    get_kind_text (user->machine->kind));
    }
}

static void
print_tree (Tree    *tree,
            GhImage *image,
            guint    depth)
{
  print_image (tree, image, depth);
  for (guint i = 0; depth < MAX_DEPTH && i < image->above->len; i++)
    if (g_hash_table_contains (tree->shown, g_ptr_array_index (image->above, i)))
      print_tree (tree, g_ptr_array_index (image->above, i), depth + 1);
}

static JsonArray *
paths_to_json (GPtrArray *images)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < images->len; i++)
    json_array_add_string_element (array, ((GhImage *) g_ptr_array_index (images, i))->path);
  return array;
}

static JsonObject *
image_to_json (GhImage *image)
{
  JsonObject *object = json_object_new ();
  JsonArray *users = json_array_new ();

  json_object_set_string_member (object, "path", image->path);
  if (image->pool != NULL)
    json_object_set_string_member (object, "pool", image->pool);
  if (image->format != NULL)
    json_object_set_string_member (object, "format", image->format);
  if (image->has_size)
    json_object_set_int_member (object, "size", (gint64) image->size);
  if (image->capacity > 0)
    json_object_set_int_member (object, "capacity", (gint64) image->capacity);
  if (image->problem != GH_IMAGE_FINE)
    json_object_set_string_member (object, "problem",
                                   image->problem == GH_IMAGE_MISSING ? "missing" : "unreadable");
  if (image->foreign_base != NULL)
    json_object_set_string_member (object, "foreign-base", image->foreign_base);
  json_object_set_array_member (object, "bases", paths_to_json (image->below));
  json_object_set_array_member (object, "overlays", paths_to_json (image->above));
  for (guint i = 0; i < image->users->len; i++)
    {
      GhImageUser *user = g_ptr_array_index (image->users, i);
      JsonObject *item = json_object_new ();

      json_object_set_string_member (item, "machine", user->machine->name);
      json_object_set_string_member (item, "uuid", user->machine->uuid);
      json_object_set_string_member (item, "kind", get_kind_name (user->machine->kind));
      json_object_set_string_member (item, "role", get_role_name (user->role));
      json_array_add_object_element (users, item);
    }
  json_object_set_array_member (object, "users", users);
  return object;
}

static void
show_images (GhCli        *self,
             GhImageGraph *graph,
             GPtrArray    *images)
{
  g_autoptr (GPtrArray) roots = gh_image_graph_list_roots (graph, images);
  g_autoptr (GHashTable) shown = g_hash_table_new (NULL, NULL);
  GPtrArray *blind_spots = gh_image_graph_get_blind_spots (graph);
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();
  JsonArray *problems = json_array_new ();
  Tree tree = { self, shown };

  for (guint i = 0; i < images->len; i++)
    {
      g_hash_table_add (shown, g_ptr_array_index (images, i));
      json_array_add_object_element (array, image_to_json (g_ptr_array_index (images, i)));
    }
  for (guint i = 0; i < roots->len; i++)
    print_tree (&tree, g_ptr_array_index (roots, i), 0);
  if (images->len == 0)
    gh_cli_print (self, "%s\n", _("There are no images."));
  for (guint i = 0; i < blind_spots->len; i++)
    {
      gh_cli_tell (self, "guesthouse: %s\n", (char *) g_ptr_array_index (blind_spots, i));
      json_array_add_string_element (problems, g_ptr_array_index (blind_spots, i));
    }
  json_object_set_string_member (object, "host", self->uri);
  json_object_set_array_member (object, "images", array);
  json_object_set_array_member (object, "roots", paths_to_json (roots));
  json_object_set_array_member (object, "problems", problems);
  gh_cli_take_json (self, object);
}

GhCliStatus
gh_cli_images (GhCli      *self,
               const char *verb,
               int         argc,
               char      **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, NULL, 0, 1, argc, argv, &error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GhImageGraph) graph = NULL;
  g_autoptr (GPtrArray) images = NULL;
  g_autofree char *path = NULL;
  GhMachine *machine = NULL;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  if (words[0] != NULL)
    {
      machine = gh_host_find_machine (self->host, words[0]);
      /* What is no machine is a file, if it looks like one. */
      if (machine == NULL && strchr (words[0], '/') != NULL)
        path = g_canonicalize_filename (words[0], NULL);
      else if (machine == NULL && gh_cli_find_machine (self, words[0], &error) == NULL)
        return gh_cli_fail (self, GH_CLI_FAILED, error->message, NULL);
    }

  gh_image_graph_reload_async (self->host, (const char * const[]) { path, NULL },
                               self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  graph = gh_image_graph_load_finish (self->host, result, &error);
  if (graph == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  if (path != NULL && gh_image_graph_find (graph, path) == NULL)
    {
      g_autofree char *what = g_strdup_printf (_("No machine and no pool of %s knows “%s”"),
                                               self->uri, path);

      return gh_cli_fail (self, GH_CLI_FAILED, what, NULL);
    }
  images = gh_image_graph_list_related (graph, machine != NULL ? gh_machine_get_uuid (machine)
                                                               : NULL, path);
  show_images (self, graph, images);
  return GH_CLI_DONE;
}

GhCliStatus
gh_cli_template (GhCli      *self,
                 const char *verb,
                 int         argc,
                 char      **argv)
{
  gboolean off = FALSE;
  const GOptionEntry entries[] = {
    { "off", 0, 0, G_OPTION_ARG_NONE, &off, N_("Use it as a machine again"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 1, 0, argc, argv, &error);
  g_autoptr (GhTemplatePlan) plan = NULL;
  GhMachine *machine = NULL;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  machine = gh_cli_find_machine (self, words[0], &error);
  if (machine == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, error->message, NULL);
  plan = gh_template_plan_new (machine, !off);
  return gh_cli_run_plan (self, GH_PLAN (plan));
}

GhCliStatus
gh_cli_make_independent (GhCli      *self,
                         const char *verb,
                         int         argc,
                         char      **argv)
{
  g_auto (GStrv) disks = NULL;
  const GOptionEntry entries[] = {
    { "disk", 0, 0, G_OPTION_ARG_STRING_ARRAY, &disks,
      N_("Only this disk, and others named so"), N_("TARGET") },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 1, 0, argc, argv, &error);
  g_autoptr (GhIndependentPlan) plan = NULL;
  GhMachine *machine = NULL;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  machine = gh_cli_find_machine (self, words[0], &error);
  if (machine == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, error->message, NULL);
  plan = gh_independent_plan_new (machine);
  for (guint i = 0; disks != NULL && disks[i] != NULL; i++)
    gh_independent_plan_add_disk (plan, disks[i]);
  return gh_cli_run_plan (self, GH_PLAN (plan));
}
