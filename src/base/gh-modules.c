/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-modules"

#include "config.h"

#include "gh-modules.h"

#include <gio/gio.h>
#include <gmodule.h>

#include "gh-paths.h"

/**
 * gh_modules_load:
 * @name: the module, such as "consoles"
 * @symbol: the function wanted from it
 * @error: (out): set in %G_IO_ERROR when the module or symbol is missing
 *
 * Loads a part of the program that most starts never need (SPICE, VTE and
 * libosinfo pull in some sixty libraries), and keeps it loaded: GObject types
 * cannot be unregistered. Any thread; the first call may take a while.
 *
 * Returns: (nullable): the function
 */
gpointer
gh_modules_load (const char  *name,
                 const char  *symbol,
                 GError     **error)
{
  g_autofree char *path = gh_paths_dup_module (name);
  GModule *module = NULL;
  gpointer function = NULL;

  module = g_module_open (path, G_MODULE_BIND_LAZY);
  if (module == NULL || !g_module_symbol (module, symbol, &function))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   "Part of Guesthouse is missing (%s): %s", name, g_module_error ());
      return NULL;
    }
  g_module_make_resident (module);
  return function;
}
