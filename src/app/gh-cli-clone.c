/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-cli-clone"

#include "config.h"

#include "gh-cli-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gh-clone-plan.h"
#include "gh-format.h"

typedef struct
{
  char    *name;
  int      copies;
  int      first;
  gboolean linked;
  gboolean keep_usable;
  char    *pool;
  GStrv    disks;
  GStrv    changes;
  gboolean keep_snapshots;
  gboolean keep_backing;
  gboolean keep_finished;
  gboolean copy_tpm;
  gboolean no_network;
  gboolean start;
  char    *snapshot;
  gboolean set_hostname;
  gboolean sysprep;
  char    *operations;
  gboolean seed;
  char    *user_data;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->name);
  g_free (options->pool);
  g_strfreev (options->disks);
  g_strfreev (options->changes);
  g_free (options->snapshot);
  g_free (options->operations);
  g_free (options->user_data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
mode_from_string (const char  *text,
                  GhCloneMode *mode)
{
  for (guint i = 0; i < GH_CLONE_N_MODES; i++)
    if (strcmp (text, gh_clone_mode_to_string ((GhCloneMode) i)) == 0)
      {
        *mode = (GhCloneMode) i;
        return TRUE;
      }
  return FALSE;
}

/* TARGET=MODE or TARGET=MODE:POOL; @plan: (nullable): only looked at. */
static gboolean
set_disk (GhClonePlan *plan,
          const char  *text)
{
  g_auto (GStrv) sides = g_strsplit (text, "=", 2);
  g_auto (GStrv) words = NULL;
  GhCloneMode mode = GH_CLONE_COPY;

  if (g_strv_length (sides) != 2 || *sides[0] == '\0')
    return FALSE;
  words = g_strsplit (sides[1], ":", 2);
  if (words[0] == NULL || !mode_from_string (words[0], &mode) ||
      (words[1] != NULL && *words[1] == '\0'))
    return FALSE;
  if (plan != NULL)
    gh_clone_plan_set_disk_mode (plan, sides[0], mode);
  if (plan != NULL && words[1] != NULL)
    gh_clone_plan_set_disk_pool (plan, sides[0], words[1]);
  return TRUE;
}

/* ID=VALUE */
static gboolean
set_change (GhClonePlan *plan,
            const char  *text)
{
  g_auto (GStrv) sides = g_strsplit (text, "=", 2);

  if (g_strv_length (sides) != 2 || *sides[0] == '\0' || *sides[1] == '\0')
    return FALSE;
  if (plan != NULL)
    gh_clone_plan_set_change (plan, sides[0], sides[1]);
  return TRUE;
}

/* What is wrong with the options; NULL: nothing. */
static const char *
find_fault (Options *options)
{
  if (options->copies < 1 || options->copies > GH_CLONE_MAX_COPIES)
    return _("--copies is a number from 1 to 200");
  if (options->first < 0 || options->first > 999999)
    return _("--first is a number, such as 1");
  for (guint i = 0; options->disks != NULL && options->disks[i] != NULL; i++)
    if (!set_disk (NULL, options->disks[i]))
      return _("--disk is TARGET=copy, TARGET=link, TARGET=share or TARGET=leave-out, and may end "
               "with :POOL");
  for (guint i = 0; options->changes != NULL && options->changes[i] != NULL; i++)
    if (!set_change (NULL, options->changes[i]))
      return _("--change is ID=keep, ID=new, ID=remove or ID=VALUE");
  if (options->operations != NULL && !options->sysprep)
    return _("--operations goes with --sysprep");
  if (options->user_data != NULL && !options->seed)
    return _("--user-data goes with --seed");
  return NULL;
}

static void
set_choices (GhClonePlan *plan,
             Options     *options,
             const char  *user_data)
{
  g_object_set (plan,
                "copies", (guint) options->copies,
                "first-number", (guint) options->first,
                "linked", options->linked,
                "parent", options->keep_usable ? GH_CLONE_PARENT_OVERLAY
                                               : GH_CLONE_PARENT_TEMPLATE,
                "pool", options->pool,
                "keep-snapshots", options->keep_snapshots,
                "flatten", !options->keep_backing,
                "keep-finished", options->keep_finished,
                "tpm", options->copy_tpm ? GH_CLONE_TPM_COPY : GH_CLONE_TPM_FRESH,
                "network", !options->no_network,
                "start", options->start,
                "snapshot", options->snapshot,
                "set-hostname", options->set_hostname,
                "sysprep", options->sysprep,
                "sysprep-operations", options->operations,
                "seed", options->seed,
                "user-data", user_data,
                NULL);
  if (options->name != NULL)
    g_object_set (plan, "name", options->name, NULL);
  for (guint i = 0; options->disks != NULL && options->disks[i] != NULL; i++)
    set_disk (plan, options->disks[i]);
  for (guint i = 0; options->changes != NULL && options->changes[i] != NULL; i++)
    set_change (plan, options->changes[i]);
}

static void
show_disks (GhCli     *self,
            GPtrArray *disks)
{
  gh_cli_print (self, "%s\n", _("Disks"));
  for (guint i = 0; i < disks->len; i++)
    {
      const GhCloneDisk *disk = g_ptr_array_index (disks, i);
      g_autofree char *size = disk->capacity > 0 ? gh_format_file_size (disk->capacity) : NULL;

      gh_cli_print (self, "  %s: %s%s%s\n", disk->target, gh_clone_mode_to_string (disk->mode),
                    size != NULL ? ", " : "", size != NULL ? size : "");
      /* Of what was proposed. */
      if (!disk->overridden)
        gh_cli_print (self, "    %s\n", disk->reason);
    }
}

static void
show_changes (GhCli     *self,
              GPtrArray *changes)
{
  gh_cli_print (self, "%s\n", _("Changes (--change ID=VALUE)"));
  for (guint i = 0; i < changes->len; i++)
    {
      const GhCloneChange *change = g_ptr_array_index (changes, i);
      g_auto (GStrv) choices = gh_clone_change_dup_choices (change);
      g_autofree char *choice = g_strjoinv (", ", choices);
      const char *before = change->before != NULL ? change->before : _("none");
      g_autofree char *goes = g_strdup_printf (_("%s → goes"), before);

      gh_cli_print (self, "  %s: %s\n", change->id, change->label);
      if (*choice != '\0')
        gh_cli_print (self, "    [%s]\n", choice);
      if (!change->changes)
        gh_cli_print (self, "    %s\n", before);
      else if (change->after == NULL)
        gh_cli_print (self, "    %s\n", goes);
      else
        gh_cli_print (self, "    %s → %s\n", before, change->after);
    }
}

GhCliStatus
gh_cli_clone (GhCli      *self,
              const char *verb,
              int         argc,
              char      **argv)
{
  g_auto (Options) options = { .copies = 1, .first = 1 };
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &options.name,
      N_("Name of the clone; {n} stands for its number"), N_("NAME") },
    { "copies", 0, 0, G_OPTION_ARG_INT, &options.copies, N_("How many clones"), N_("N") },
    { "first", 0, 0, G_OPTION_ARG_INT, &options.first, N_("Number of the first one"), N_("N") },
    { "linked", 0, 0, G_OPTION_ARG_NONE, &options.linked,
      N_("Disks hold only what differs; the machine becomes a template"), NULL },
    { "keep-usable", 0, 0, G_OPTION_ARG_NONE, &options.keep_usable,
      N_("With --linked: the machine goes on with disks of its own instead"), NULL },
    { "pool", 0, 0, G_OPTION_ARG_STRING, &options.pool, N_("Storage pool for all disks"),
      N_("NAME") },
    { "disk", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.disks,
      N_("What becomes of a disk: copy, link, share or leave-out"), N_("TARGET=MODE[:POOL]") },
    { "change", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.changes,
      N_("What becomes of something else: keep, new, remove or a value"), N_("ID=VALUE") },
    { "keep-snapshots", 0, 0, G_OPTION_ARG_NONE, &options.keep_snapshots,
      N_("Copy snapshots inside of disks too"), NULL },
    { "keep-backing", 0, 0, G_OPTION_ARG_NONE, &options.keep_backing,
      N_("Copies lie on the same backing files as the originals"), NULL },
    { "keep-finished", 0, 0, G_OPTION_ARG_NONE, &options.keep_finished,
      N_("When it fails or is cancelled, keep the clones that are whole"), NULL },
    { "copy-tpm", 0, 0, G_OPTION_ARG_NONE, &options.copy_tpm,
      N_("Copy the secrets in the TPM"), NULL },
    { "no-network", 0, 0, G_OPTION_ARG_NONE, &options.no_network,
      N_("With unplugged network cables"), NULL },
    { "snapshot", 0, 0, G_OPTION_ARG_STRING, &options.snapshot,
      N_("Clone what this snapshot keeps"), N_("NAME") },
    { "set-hostname", 0, 0, G_OPTION_ARG_NONE, &options.set_hostname,
      N_("Make the clone’s name the guest’s host name"), NULL },
    { "sysprep", 0, 0, G_OPTION_ARG_NONE, &options.sysprep,
      N_("Take away with virt-sysprep what makes a guest unique"), NULL },
    { "operations", 0, 0, G_OPTION_ARG_STRING, &options.operations,
      N_("What virt-sysprep does"), N_("LIST") },
    { "seed", 0, 0, G_OPTION_ARG_NONE, &options.seed,
      N_("Tell cloud-init in the guest that it is a new one"), NULL },
    { "user-data", 0, 0, G_OPTION_ARG_FILENAME, &options.user_data,
      N_("And give it this configuration"), N_("FILE") },
    { "start", 0, 0, G_OPTION_ARG_NONE, &options.start, N_("Start it when it is made"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 1, 0, argc, argv, &error);
  g_autoptr (GhClonePlan) plan = NULL;
  g_autofree char *user_data = NULL;
  GhMachine *machine = NULL;
  const char *fault = NULL;
  GhCliStatus status = GH_CLI_DONE;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  fault = find_fault (&options);
  if (fault != NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, fault, NULL);
  if (options.user_data != NULL &&
      !g_file_get_contents (options.user_data, &user_data, NULL, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, error->message, NULL);
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  machine = gh_cli_find_machine (self, words[0], &error);
  if (machine == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, error->message, NULL);

  plan = gh_clone_plan_new (machine);
  set_choices (plan, &options, user_data);
  status = gh_cli_run_plan (self, GH_PLAN (plan));
  if (self->dry_run && gh_clone_plan_get_disks (plan) != NULL)
    show_disks (self, gh_clone_plan_get_disks (plan));
  if (self->dry_run && gh_clone_plan_get_changes (plan) != NULL)
    show_changes (self, gh_clone_plan_get_changes (plan));
  return status;
}
