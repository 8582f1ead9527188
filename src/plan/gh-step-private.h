/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-step.h"

G_BEGIN_DECLS

/* How a step reaches its plan's journal: set by the plan for as long as it runs the step. Calls
 * @callback with a boolean GTask whose source is the step. */
typedef void (*GhStepSaveFunc) (GhStep              *step,
                                gpointer             data,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data);

void        gh_step_set_save_func   (GhStep         *self,
                                     GhStepSaveFunc  func,
                                     gpointer        data);
const char *gh_step_state_to_string (GhStepState     state);
gboolean    gh_step_state_from_string (const char   *text,
                                       GhStepState  *state);
/* A copy with scalars only; nested values of a foreign journal are dropped. */
JsonObject *gh_step_copy_params     (JsonObject     *params);

/* Of steps about one machine, with the parameters uuid and name: gh-step-machine.c. */
void        gh_step_set_machine      (GhStep     *self,
                                      const char *uuid,
                                      const char *name);
const char *gh_step_get_machine_word (GhStep     *self);

/* The types of gh-steps.h, for journals. */
GType gh_autostart_step_get_type      (void);
GType gh_backup_step_get_type         (void);
GType gh_pool_create_step_get_type    (void);
GType gh_pool_close_step_get_type     (void);
GType gh_move_check_step_get_type     (void);
GType gh_volume_transfer_step_get_type (void);
GType gh_volume_create_step_get_type  (void);
GType gh_volume_remove_step_get_type  (void);
GType gh_copy_step_get_type           (void);
GType gh_forget_step_get_type         (void);
GType gh_keep_step_get_type           (void);
GType gh_parent_step_get_type         (void);
GType gh_rename_step_get_type         (void);
GType gh_probe_step_get_type          (void);
GType gh_pull_step_get_type           (void);
GType gh_release_step_get_type        (void);
GType gh_secret_step_get_type         (void);
GType gh_switch_step_get_type         (void);
GType gh_tpm_copy_step_get_type       (void);
GType gh_define_step_get_type         (void);
GType gh_undefine_step_get_type       (void);
GType gh_undefine_final_step_get_type (void);
GType gh_start_step_get_type          (void);
GType gh_force_off_step_get_type      (void);
GType gh_migrate_step_get_type        (void);
GType gh_settle_step_get_type         (void);
GType gh_move_snapshots_step_get_type (void);
GType gh_sysprep_step_get_type        (void);
GType gh_template_step_get_type       (void);
GType gh_unplug_step_get_type         (void);
GType gh_snapshot_take_step_get_type  (void);
GType gh_snapshot_revert_step_get_type (void);
GType gh_snapshot_revert_final_step_get_type (void);
GType gh_snapshot_delete_step_get_type (void);
GType gh_resize_step_get_type         (void);

G_END_DECLS
