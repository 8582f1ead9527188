/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-cli-create"

#include "config.h"

#include "gh-cli-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gh-create-plan.h"

#define MIB_IN_KIB 1024
#define GIB_IN_BYTES (G_GUINT64_CONSTANT (1024) * 1024 * 1024)
/* Beyond any host; keeps what is typed from overflowing. */
#define MAX_MEMORY_MIB (G_GUINT64_CONSTANT (1024) * 1024 * 1024)
#define MAX_SIZE_GIB (8.0 * 1024 * 1024)

typedef struct
{
  char    *iso;
  char    *disk;
  char    *kernel;
  char    *initrd;
  char    *cmdline;
  gboolean empty;
  char    *os;
  gint64   memory_mib;
  int      cpus;
  double   size_gib;
  char    *firmware;
  char    *network;
  char    *graphics;
  char    *title;
  char    *pool;
  gboolean no_start;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->iso);
  g_free (options->disk);
  g_free (options->kernel);
  g_free (options->initrd);
  g_free (options->cmdline);
  g_free (options->os);
  g_free (options->firmware);
  g_free (options->network);
  g_free (options->graphics);
  g_free (options->title);
  g_free (options->pool);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
firmware_from_string (const char *text,
                      GhFirmware *firmware)
{
  static const char * const names[] = { "bios", "uefi", "uefi-secure" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (text, names[i]) == 0)
      {
        *firmware = (GhFirmware) i;
        return TRUE;
      }
  return FALSE;
}

/* What is wrong with the options; NULL: nothing. */
static const char *
find_fault (Options *options)
{
  GhFirmware firmware;
  guint n_sources = (options->iso != NULL) + (options->disk != NULL) + (options->kernel != NULL) +
                    (options->empty ? 1 : 0);

  if (n_sources != 1)
    return _("Say what the machine starts from: one of --iso, --disk, --kernel and --empty");
  if ((options->initrd != NULL || options->cmdline != NULL) && options->kernel == NULL)
    return _("--initrd and --cmdline go with --kernel");
  if (options->memory_mib < -1 || options->memory_mib == 0 ||
      options->memory_mib > (gint64) MAX_MEMORY_MIB)
    return _("--memory is a number of MiB, such as 2048");
  if (options->cpus < -1 || options->cpus == 0)
    return _("--cpus is a number, such as 2");
  if ((options->size_gib < 0.0 && options->size_gib != -1.0) ||
      !(options->size_gib <= MAX_SIZE_GIB))
    return _("--size is a number of GiB, such as 20");
  if (options->firmware != NULL && !firmware_from_string (options->firmware, &firmware))
    return _("--firmware is one of bios, uefi and uefi-secure");
  if (options->graphics != NULL &&
      !g_strv_contains ((const char * const[]) { "spice", "vnc", "none", NULL }, options->graphics))
    return _("--graphics is one of spice, vnc and none");
  return NULL;
}

/* Paths are the host's; on this computer they may be given from where one is. */
static char *
dup_path (GhCli      *self,
          const char *path)
{
  return gh_host_is_local (self->host) ? g_canonicalize_filename (path, NULL) : g_strdup (path);
}

static void
set_source (GhCli        *self,
            GhCreatePlan *plan,
            Options      *options)
{
  g_autofree char *path = NULL;
  g_autofree char *initrd = NULL;

  if (options->iso != NULL)
    {
      path = dup_path (self, options->iso);
      gh_create_plan_set_iso_path (plan, path);
    }
  else if (options->disk != NULL)
    {
      path = dup_path (self, options->disk);
      gh_create_plan_set_disk_path (plan, path);
    }
  else if (options->kernel != NULL)
    {
      path = dup_path (self, options->kernel);
      initrd = options->initrd != NULL ? dup_path (self, options->initrd) : NULL;
      gh_create_plan_set_kernel (plan, path, initrd, options->cmdline);
    }
  else
    gh_create_plan_set_source (plan, GH_CREATE_FROM_NOTHING);
}

static void
set_choices (GhCreatePlan *plan,
             Options      *options)
{
  GhFirmware firmware = GH_FIRMWARE_BIOS;

  if (options->os != NULL)
    gh_create_plan_set_os_id (plan, strcmp (options->os, "none") == 0 ? "" : options->os);
  if (options->memory_mib > 0)
    gh_create_plan_set_memory_kib (plan, (guint64) options->memory_mib * MIB_IN_KIB);
  if (options->cpus > 0)
    gh_create_plan_set_cpus (plan, (guint) options->cpus);
  if (options->size_gib >= 0.0)
    gh_create_plan_set_disk_bytes (plan, (guint64) (options->size_gib * (double) GIB_IN_BYTES));
  if (options->firmware != NULL && firmware_from_string (options->firmware, &firmware))
    gh_create_plan_set_firmware (plan, firmware);
  if (options->network != NULL)
    gh_create_plan_set_network (plan, options->network);
  if (options->graphics != NULL)
    gh_create_plan_set_graphics (plan, options->graphics);
  if (options->title != NULL)
    gh_create_plan_set_title (plan, options->title);
  if (options->pool != NULL)
    gh_create_plan_set_pool (plan, options->pool);
  gh_create_plan_set_start (plan, !options->no_start);
}

GhCliStatus
gh_cli_create (GhCli      *self,
               const char *verb,
               int         argc,
               char      **argv)
{
  g_auto (Options) options = { .memory_mib = -1, .cpus = -1, .size_gib = -1.0 };
  const GOptionEntry entries[] = {
    { "iso", 0, 0, G_OPTION_ARG_FILENAME, &options.iso,
      N_("Start from an installer or live CD image"), N_("FILE") },
    { "disk", 0, 0, G_OPTION_ARG_FILENAME, &options.disk, N_("Use an existing disk image"),
      N_("FILE") },
    { "kernel", 0, 0, G_OPTION_ARG_FILENAME, &options.kernel, N_("Boot a Linux kernel"),
      N_("FILE") },
    { "initrd", 0, 0, G_OPTION_ARG_FILENAME, &options.initrd, N_("With this initial RAM disk"),
      N_("FILE") },
    { "cmdline", 0, 0, G_OPTION_ARG_STRING, &options.cmdline, N_("And this command line"),
      N_("TEXT") },
    { "empty", 0, 0, G_OPTION_ARG_NONE, &options.empty,
      N_("Start from nothing, with an empty disk"), NULL },
    { "os", 0, 0, G_OPTION_ARG_STRING, &options.os,
      N_("The operating system, as libosinfo names it"), N_("ID") },
    { "memory", 0, 0, G_OPTION_ARG_INT64, &options.memory_mib, N_("Memory"), N_("MiB") },
    { "cpus", 0, 0, G_OPTION_ARG_INT, &options.cpus, N_("Number of CPUs"), N_("N") },
    { "size", 0, 0, G_OPTION_ARG_DOUBLE, &options.size_gib, N_("Size of the new disk, 0 for none"),
      N_("GiB") },
    { "firmware", 0, 0, G_OPTION_ARG_STRING, &options.firmware, "bios, uefi, uefi-secure",
      N_("KIND") },
    { "network", 0, 0, G_OPTION_ARG_STRING, &options.network,
      "none, user, network:NAME, bridge:NAME", N_("NETWORK") },
    { "graphics", 0, 0, G_OPTION_ARG_STRING, &options.graphics, "spice, vnc, none", N_("KIND") },
    { "pool", 0, 0, G_OPTION_ARG_STRING, &options.pool, N_("Storage pool for the new disk"),
      N_("NAME") },
    { "title", 0, 0, G_OPTION_ARG_STRING, &options.title, N_("A longer name, to be shown"),
      N_("TEXT") },
    { "no-start", 0, 0, G_OPTION_ARG_NONE, &options.no_start, N_("Do not start it"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, entries, 1, 0, argc, argv, &error);
  g_autoptr (GhCreatePlan) plan = NULL;
  const char *fault = NULL;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  fault = find_fault (&options);
  if (fault != NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, fault, NULL);
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);

  plan = gh_create_plan_new (self->host);
  gh_create_plan_set_name (plan, words[0]);
  set_source (self, plan, &options);
  set_choices (plan, &options);
  return gh_cli_run_plan (self, GH_PLAN (plan));
}
