/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-volume-claim"

#include "config.h"

#include "gh-volume-claim.h"

#include "gh-step-private.h"
#include "gh-virt-error.h"

/* What file systems and the tables of an empty image may take at most. The tables need 8 bytes for
 * each 512 MiB, and are made of whole clusters. */
#define EMPTY_BYTES (1024 * 1024)
#define TABLE_RATIO (32 * 1024 * 1024)

/**
 * gh_volume_claim_drop:
 * @step: a step that journaled “absent”, and then could not make its volume
 * @error: why
 *
 * When the host says that something is there already, that is not the step's, and is not touched
 * by its undoing. libvirt says so in two ways: of a volume that it lists, and of a file that has
 * come since it last read the folder (“volume target path already exists”, an invalid operation).
 * After other errors it has taken away itself what it had begun, or nobody knows: then
 * gh_volume_claim_is_fresh() decides.
 *
 * The plan writes its journal before it undoes. Main thread.
 */
void
gh_volume_claim_drop (GhStep       *step,
                      const GError *error)
{
  g_return_if_fail (GH_IS_STEP (step));

  if (g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_VOLUME_EXISTS) ||
      g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_OPERATION_INVALID))
    gh_step_set_boolean (step, "absent", FALSE);
}

/**
 * gh_volume_claim_is_fresh:
 * @volume: what is at the path now
 * @capacity: bytes that were asked for
 *
 * Whether this can be a volume that was just made, which its step did not live to journal: it holds
 * nothing. A device takes all of its room at once, so of those nobody can tell.
 *
 * Returns: FALSE when somebody else may have made it
 */
gboolean
gh_volume_claim_is_fresh (const GhVolumeInfo *volume,
                          guint64             capacity)
{
  return g_strcmp0 (volume->type, "file") == 0 &&
         volume->allocation <= EMPTY_BYTES + capacity / TABLE_RATIO;
}
