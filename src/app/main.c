/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <locale.h>

#include "gh-application.h"
#include "gh-cli.h"
#include "gh-image-guard.h"
#include "gh-paths.h"
#include "gh-threads.h"

int
main (int    argc,
      char **argv)
{
  g_autoptr (GhApplication) application = NULL;

  gh_threads_init ();
  gh_image_guard_install ();
  gh_paths_use_build_tree ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, gh_paths_get_locale_dir ());
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  if (gh_cli_is_asked (argc, argv))
    return gh_cli_run (argc, argv);

  application = gh_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
