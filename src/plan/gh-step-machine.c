/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Steps about one machine have parameters for it that are called the same: uuid, which it is known
 * by, and name, which it is called by. */

#define G_LOG_DOMAIN "gh-step-machine"

#include "config.h"

#include "gh-step-private.h"

#include "gh-command.h"

/**
 * gh_step_set_machine:
 * @self: a step
 * @uuid: the machine's UUID
 * @name: its name
 *
 * Says which machine it is about.
 */
void
gh_step_set_machine (GhStep     *self,
                     const char *uuid,
                     const char *name)
{
  gh_step_set_string (self, "uuid", uuid);
  gh_step_set_string (self, "name", name);
}

/**
 * gh_step_get_machine_word:
 * @self: a step about a machine
 *
 * Returns: (transfer none): the machine, as virsh is told in the step's command
 */
const char *
gh_step_get_machine_word (GhStep *self)
{
  return gh_command_get_machine (gh_step_get_string (self, "name"),
                                 gh_step_get_string (self, "uuid"));
}
