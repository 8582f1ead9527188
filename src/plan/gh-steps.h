/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-domain-xml.h"
#include "gh-host.h"
#include "gh-step.h"
#include "gh-storage.h"

G_BEGIN_DECLS

/* The steps there are, by the kind they have in journals. Each can undo itself from its
 * parameters alone, and undoing never takes away what the step did not make:
 *
 * pool-create: undone by the UUID chosen up front; its folder, and those around it, go when they
 *   were not there before and are empty
 * volume-create: fails when something is at the path already; that nothing was there is
 *   journaled before the volume is made, so only then undoing looks for it at all, and it stays
 *   when its size is not the one asked for or when a machine uses it
 * define: undone by the UUID chosen up front, with what appeared beside the definition
 * start: undone by forcing off
 * force-off: cannot be undone; the plan ends undone in part, naming the machine
 * undefine: defines the machine again; final when saved state, snapshots, NVRAM or TPM state go
 *   with it ("undefine-final")
 * backup: ends the job if it still runs, and removes what it wrote by the rules of volume-create
 * volume-remove: final
 * template: marks a machine as a template in its metadata, makes those of its disks that are
 *   files of ours read-only, and keeps its host from starting it by itself; or
 *   takes that back. Undone by the opposite, with the modes the files
 *   had; one that was (or was no) template before stays so
 * copy: as volume-create, but it knows its file again by device, inode and time of birth, so it
 *   removes what is half done as well
 * parent: the source of linked clones gets the definition it had, unless it was started since or
 *   somebody else changed its disks; files that were write-protected may be written again
 * keep: the trial is marked as one again, and its cables are unplugged as they were
 * rename: it gets its old name again, where it still has the new one
 * pull: ends the job if it still runs; a disk that holds everything by then stays so
 * switch-disks: the machine gets its old disks again, unless it was started since, somebody else
 *   changed its disks, or one of the old ones is gone
 * release: our metadata as it was, unless somebody else changed it
 * unplug: the device is put back into the machine, where it still runs and does not have it
 * migrate: commits. Undone by looking where the machine is: what was only begun ends by itself, and
 *   a guest that was left paused here goes on, but only when the other host has none
 * settle: nothing; what the move itself did not do any more is done
 * sysprep: nothing; it only changes what other steps have made
 * tpm-copy: the clone's folder goes, with the files that were copied
 * volume-transfer: as volume-create, for a volume that came from another host; what is half done
 *   goes too
 * pool-close: takes away a pool that a pool-create of the same plan made for a while. It is there
 *   again when undone, for what else has to be undone through it, and goes with the pool-create
 * forget-left: nothing; what it forgets is gone
 * share-probe: the volume it made for a moment goes, should it still be there
 * snapshots-define: nothing; they go with the definition that a define of the same plan made
 * move-check: nothing; it only looks
 * snapshot-take: deletes the snapshot, while its machine goes on from it: else it may be the only
 *   place where the machine's state is kept
 * snapshot-revert: goes back to the snapshot that was taken for that, unless somebody went to
 *   another one since; without one it is final ("snapshot-revert-final")
 * snapshot-delete: final
 * resize: final */

/* The machine's metadata forget a file it had left at @left_at, whose UUID @host is; fails while
 * that is still there. */
GhStep *gh_forget_left_step_new   (GhHost *left_at, const char *uuid, const char *name,
                                   const char *host, const char *path);

/* @uuid must be new. @path: the folder of the pool, type "dir". */
GhStep *gh_pool_create_step_new   (const char *uuid, const char *name, const char *path);

/* The same for a folder that need not be known to the host for longer than the plan takes, by a
 * name of its own. What it holds is not ours. Waits while another plan has lent it one, and ends
 * with gh_pool_close_step_new(). Set "new" where the folder is one that the plan thought up. */
GhStep *gh_pool_lend_step_new     (GhHost *host, const char *path);
GhStep *gh_pool_close_step_new    (GhStep *opened);
/* Whether a pool of this name is one of these. */
gboolean gh_pool_is_lent          (const char *name);

/* @path: where the volume will be, for the check that nothing is there. @backing_path and
 * @backing_format: (nullable). */
GhStep *gh_volume_create_step_new (const char *pool, const char *name, const char *path,
                                   const char *format, guint64 capacity,
                                   const char *backing_path, const char *backing_format);

/* Folders of the state of two TPMs, of the original and of the clone. */
GhStep *gh_tpm_copy_step_new      (const char *source, const char *path);

/* Gives the machine overlays of its own; they have to be there. Fails while it runs. @disk: as it
 * is now: what is a volume of a pool in the definition is one again when this is undone. */
GhStep *gh_parent_step_new        (const char *uuid, const char *name);
void    gh_parent_step_add_disk   (GhStep *self, const GhDiskXml *disk, const char *base,
                                   const char *format, const char *overlay);

/* Makes a trial a machine like others. @plug: gives its network cards their cables back. */
GhStep *gh_keep_step_new          (const char *uuid, const char *name, gboolean plug);
/* It lies on @path, which was another machine's disk and is nobody's own from now on. */
void    gh_keep_step_add_shared   (GhStep *self, const char *path);
/* Fails while it runs. */
GhStep *gh_rename_step_new        (const char *uuid, const char *name, const char *new_name);
/* Copies what a disk of a running machine depends on into it. @path: the disk's file; @pool:
 * (nullable): the pool that is a volume of. Cancelled, the disk depends on what it did before. */
GhStep *gh_pull_step_new          (const char *uuid, const char *name, const char *target,
                                   const char *path, const char *pool);

/* Gives a machine other files, which hold the same; they have to be there. Fails while it runs.
 * @disk: as above. @read_us: when the old one had last been written to, before it was copied; 0:
 * not known. */
GhStep *gh_switch_step_new        (const char *uuid, const char *name);
void    gh_switch_step_add_disk   (GhStep *self, const GhDiskXml *disk, const char *from,
                                   const char *from_format, const char *to,
                                   const char *to_format, gint64 read_us);

/* The machine's metadata name no parent any more. */
GhStep *gh_release_step_new       (const char *uuid, const char *name);

typedef enum
{
  GH_COPY_BYTES,   /* by ourselves; shares blocks where the file system can */
  GH_COPY_CONVERT, /* by qemu-img, with the whole chain, into another format if need be */
  GH_COPY_LINK,    /* no copy: an overlay on @source, by qemu-img; for files outside of pools */
  GH_COPY_VOLUME,  /* by libvirt, on its host, which cannot stop: undoing waits for its end */
} GhCopyMethod;

/* @pool (nullable): the pool the new file will be a volume of. More may be set as parameters:
 * "snapshot", one inside of the image (convert); "backing" and "backing-format", what the copy
 * lies on (convert); "capacity" (link, volume); "size", what is expected to be copied (volume). */
GhStep *gh_copy_step_new          (const char *source, const char *source_format,
                                   const char *path, const char *format, GhCopyMethod method,
                                   const char *pool);
/* The variables of a machine's firmware, byte for byte. */
GhStep *gh_nvram_copy_step_new    (const char *source, const char *path);

typedef enum
{
  GH_TRANSFER_DISK,
  GH_TRANSFER_NVRAM, /* no failure when there is none */
  GH_TRANSFER_TPM,   /* likewise */
} GhTransferKind;

typedef struct
{
  GhHost     *host;
  const char *pool;
  const char *path;
} GhTransferEnd;

/* Sends a volume to another host, with the whole file as it is, and reads it back. */
GhStep *gh_volume_transfer_step_new (const GhTransferEnd *from, const GhTransferEnd *to,
                                     GhTransferKind kind);
/* Writes a small volume through @pool, whose files are in @folder, and looks for it in the pool
 * @there of @destination; fails unless that sees it, or unless it does not, as @shared says. */
GhStep *gh_probe_step_new         (GhHost *destination, const char *pool, const char *folder,
                                   const GhPoolInfo *there, gboolean shared);
/* Tells a host of snapshots which the disks of its machine hold already. @list: (element-type
 * GhSnapshotInfo), parents before children. */
GhStep *gh_move_snapshots_step_new (const char *uuid, const char *name, GPtrArray *list);
/* Fails when the machine @uuid of @source was started, or one of @transfers (element-type GhStep)
 * changed at the source since it was sent, or @host does not have the machine. */
GhStep *gh_move_check_step_new    (GhHost *source, GhHost *host, const char *uuid,
                                   const char *name, GPtrArray *transfers);

/* The CD from which cloud-init in a guest learns who it is. @pool: as above. @hostname, @user_data:
 * (nullable); the latter may hold secrets and is in memory only. Kind "copy". */
GhStep *gh_seed_step_new          (const char *path, const char *pool, const char *instance_id,
                                   const char *hostname, const char *user_data);

/* Has virt-sysprep change a guest's disks, which steps before it have made. @operations: as the
 * option; @hostname: (nullable). */
GhStep *gh_sysprep_step_new       (const char *path, const char *format, const char *operations,
                                   const char *hostname);
void    gh_sysprep_step_add_disk  (GhStep *self, const char *path, const char *format);

/* Of a machine's disks @kept, inside of their images; @left_out: its others. @description:
 * (nullable). @memory: it runs, and goes on from there. Fails when the machine does not run as
 * @memory says, or has a snapshot of that name. */
GhStep *gh_snapshot_take_step_new (const char *uuid, const char *name, const char *snapshot,
                                   const char *description, gboolean memory,
                                   const char * const *kept, const char * const *left_out);
/* @safety: (nullable): a snapshot that was just taken, by which it can be undone. */
GhStep *gh_snapshot_revert_step_new (const char *uuid, const char *name, const char *snapshot,
                                     const char *safety);
GhStep *gh_snapshot_delete_step_new (const char *uuid, const char *name, const char *snapshot);

/* Makes a disk larger. @path: its file; @pool (nullable): the pool that is a volume of; @format: of
 * the file. @live: by the running machine's QEMU; fails when it does not run as that says. */
GhStep *gh_resize_step_new        (const char *uuid, const char *name, const char *target,
                                   const char *path, const char *format, const char *pool,
                                   guint64 from, guint64 to, gboolean live);

/* @xml holds @uuid and @name; it may hold secrets: it stays in memory, journals and commands
 * have it without them. */
GhStep *gh_define_step_new        (const char *uuid, const char *name, const char *xml);
GhStep *gh_start_step_new         (const char *uuid, const char *name);
GhStep *gh_force_off_step_new     (const char *uuid, const char *name);
GhStep *gh_undefine_step_new      (const char *uuid, const char *name, GhUndefineFlags flags);
/* The same where it has been brought to another host: it must not come back, so it is final. */
GhStep *gh_undefine_moved_step_new (const char *uuid, const char *name, GhHost *destination,
                                    GhUndefineFlags flags);

/* @on: FALSE to make it an ordinary machine again. Fails while it runs. */
GhStep *gh_template_step_new      (const char *uuid, const char *name, gboolean on);

/* Before a machine leaves its host: that does not start it by itself any more. */
GhStep *gh_autostart_off_step_new (GhHost *destination, const char *uuid, const char *name);

/* Gives the destination a secret of the step's host that it does not have; taken away again when it
 * is undone. @device: what needs it, in words. */
GhStep *gh_secret_copy_step_new   (GhHost *destination, const char *uuid, const char *device);

/* Takes a device of the host out of a machine that runs; its definition stays as it is. @device:
 * as gh_domain_xml_list_blockers() calls it; @xml: as text. */
GhStep *gh_unplug_step_new        (const char *uuid, const char *name, const char *device,
                                   const char *xml);

/* @pool (nullable): the pool the file is a volume of. Fails while any machine uses the file. */
GhStep *gh_volume_remove_step_new (const char *path, const char *pool);

/* Copies disks of a running machine as they are at one instant: @disks are (element-type
 * GhBackupDisk). The files are made by libvirt (0600), never over others. @freeze: through the
 * guest agent, see gh_live_should_freeze(). */
GhStep *gh_backup_step_new        (const char *uuid, const char *name, GPtrArray *disks,
                                   gboolean freeze);

G_END_DECLS
