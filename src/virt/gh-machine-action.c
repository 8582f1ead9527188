/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-machine-action"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "gh-machine.h"

static const GhMachineActionInfo infos[GH_MACHINE_N_ACTIONS] = {
  [GH_MACHINE_START] = { "start", N_("Run"), N_("Starting…"),
                         N_("Could not start “%s”"), "start", FALSE },
  [GH_MACHINE_PAUSE] = { "pause", N_("Pause"), N_("Pausing…"),
                         N_("Could not pause “%s”"), "suspend", FALSE },
  [GH_MACHINE_RESUME] = { "resume", N_("Resume"), N_("Resuming…"),
                          N_("Could not resume “%s”"), "resume", FALSE },
  [GH_MACHINE_SHUT_DOWN] = { "shutdown", N_("Shut down"), N_("Asking the guest to shut down…"),
                             N_("Could not shut down “%s”"), "shutdown", FALSE },
  [GH_MACHINE_REBOOT] = { "reboot", N_("Reboot"), N_("Asking the guest to reboot…"),
                          N_("Could not reboot “%s”"), "reboot", FALSE },
  [GH_MACHINE_RESET] = { "reset", N_("Reset"), N_("Resetting…"),
                         N_("Could not reset “%s”"), "reset", TRUE },
  [GH_MACHINE_FORCE_OFF] = { "force-off", N_("Force off"), N_("Forcing off…"),
                             N_("Could not force off “%s”"), "destroy", TRUE },
  [GH_MACHINE_SAVE] = { "save", N_("Save"), N_("Saving…"),
                        N_("Could not save “%s”"), "managedsave", FALSE },
  [GH_MACHINE_DISCARD_SAVED] = { "discard-saved", N_("Discard saved state"),
                                 N_("Discarding the saved state…"),
                                 N_("Could not discard the saved state of “%s”"),
                                 "managedsave-remove", TRUE },
};

/**
 * gh_machine_action_get_info:
 * @action: what can be asked of a machine
 *
 * Returns: (transfer none): its names and words. Any thread.
 */
const GhMachineActionInfo *
gh_machine_action_get_info (GhMachineAction action)
{
  g_return_val_if_fail (action < GH_MACHINE_N_ACTIONS, NULL);

  return &infos[action];
}
