/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-errors"

#include "config.h"

#include "gh-migrate-errors.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-told-error.h"
#include "gh-virt-error.h"

/* libvirt's numbers, where the code is what tells them apart. */
#define NO_CONNECT 5
#define DOM_EXIST 20
#define NO_NETWORK 43
#define AUTH_FAILED 45
#define INVALID 55
#define PERSIST_FAILED 69
#define UNSAFE 81
#define VOLUME_EXISTS 90
#define CPU_INCOMPATIBLE 91
#define FINISH_OK 93

static const char no_service[] = N_("{source} cannot connect to the libvirt service of "
                                    "{destination}.");
static const char no_name[] = N_("{source} cannot find {destination} by its name.");
static const char no_way[] = N_("{source} cannot connect to {destination}: a firewall, perhaps.");
static const char no_login[] = N_("{source} may not log in to {destination}.");
static const char no_file[] = N_("A disk or CD is not there at {destination}, or may not be read.");
static const char no_processor[] = N_("The processor of {destination} lacks something the guest "
                                      "uses.");
static const char no_machine_type[] = N_("QEMU at {destination} does not know this kind of "
                                         "machine.");
static const char no_stream[] = N_("QEMU at {destination} does not understand what the one at "
                                   "{source} sends.");
static const char no_host_device[] = N_("A device of the host is passed to the machine.");
static const char no_post_copy[] = N_("One of the hosts does not allow post-copy.");
static const char no_memory[] = N_("{place} has not enough memory free for this machine.");
static const char no_line[] = N_("The line to a host broke, or its libvirt service ended.");
static const char taken[] = N_("{place} has another machine of this name, or this one under "
                               "another.");
static const char runs_there[] = N_("This machine is active at {place} already.");
static const char volume_taken[] = N_("A disk or file of this name is already at {place}.");
static const char qemu_ended[] = N_("The machine's QEMU ended; its own words may say why.");

static const char fix_address[] = N_("Set “Address there” (--address) to the one by which this "
                                     "computer reaches {destination}.");
static const char fix_ports[] = N_("Open the TCP ports 49152 to 49215 at {destination}, or move "
                                   "it “Through one port” (--preset one-port) when both hosts "
                                   "share the disks.");
static const char fix_same_file[] = N_("Do not copy this disk: both hosts share it "
                                       "(--disk vda=shared).");
static const char fix_file[] = N_("Let the CD drive arrive empty, copy the disk, or mount the "
                                  "share there too.");
static const char fix_cpu[] = N_("Shut the machine down and choose a processor model both hosts "
                                 "have (--common-cpu), or move it while it is off.");
static const char fix_older[] = N_("Update QEMU at {destination}, or move the machine while it "
                                   "is off.");
static const char fix_unplug[] = N_("Take the device out of the machine first, or move it while "
                                    "it is off.");
static const char fix_client[] = N_("Let Guesthouse lead it: choose the route “Directly, led from "
                                    "here” (--route client).");
static const char fix_post_copy[] = N_("Switch post-copy off, or set "
                                       "vm.unprivileged_userfaultfd to 1 there with sysctl.");
static const char fix_memory[] = N_("Shut other machines down there, or choose another host.");
static const char fix_line[] = N_("Look at both hosts, then try again.");
static const char fix_name[] = N_("Choose another name (--name), or remove what is there if it is "
                                  "out of date.");
static const char fix_volume[] = N_("Choose another path for the disk there (--disk-path), or "
                                    "remove what is there if nothing needs it.");
static const char fix_network[] = N_("Choose another network there (--network), or make it.");
static const char fix_bridge[] = N_("Choose another bridge there (--network), or make it.");
static const char fix_access[] = N_("Let libvirt and QEMU there read and write the file, or choose "
                                    "another storage pool (--pool).");
static const char fix_log[] = N_("See the machine's log at {destination}: in "
                                 "/var/log/libvirt/qemu, or where libvirt runs as a user in that "
                                 "user's ~/.cache/libvirt/qemu/log.");

/* The more particular first. */
static const GhMigrateError errors[] = {
  /* libvirt's own ports: the move's are others. */
  { -1, ":16514'", "peer-not-reachable", no_service, fix_client },
  { -1, ":16509'", "peer-not-reachable", no_service, fix_client },
  { -1, "Unable to resolve address", "unresolved-address", no_name, fix_address },
  { -1, "address resolution failed for", "unresolved-address", no_name, fix_address },
  { -1, "hostname on destination resolved to localhost", "destination-localhost",
    N_("{destination} calls itself “localhost”, which nobody else can reach."), fix_address },
  { -1, "nable to connect to server at", "not-reachable", no_way, fix_ports },
  /* QEMU's own connections, for disks among others. */
  { -1, "': Failed to connect to '", "not-reachable", no_way, fix_ports },
  { -1, "migrate guest to the same host", "same-host",
    N_("Both hosts say that they are the same one."),
    N_("If they are not, give one of them a “host_uuid” of its own in libvirtd.conf.") },
  { UNSAFE, "cache other than none", "unsafe-cache",
    N_("A disk's cache could lose data when the machine moves."),
    N_("Shut the machine down and set the cache of its disks to “none”.") },
  { UNSAFE, NULL, "unsafe-storage",
    N_("It is not known that both hosts see the same disk."),
    N_("Copy the disks (--copy-storage), or say that they are shared (--disk vda=shared).") },
  { -1, "Cannot access storage file", "file-missing", no_file, fix_file },
  { -1, "no storage pool with matching target path", "no-pool",
    N_("{destination} has no storage pool for a disk."),
    N_("Make the pool there, or choose another one (--pool).") },
  { -1, "Block node is read-only", "same-file",
    N_("A disk would be copied onto itself."), fix_same_file },
  { -1, "\"write\" lock", "same-file",
    N_("A disk would be copied onto itself, or is used by another machine there."), fix_same_file },
  { CPU_INCOMPATIBLE, NULL, "cpu", no_processor, fix_cpu },
  { -1, "guest CPU doesn't match specification", "cpu", no_processor, fix_cpu },
  { -1, "Host CPU does not provide required features", "cpu", no_processor, fix_cpu },
  { -1, "unsupported machine type", "machine-type", no_machine_type, fix_older },
  { -1, "does not support machine type", "machine-type", no_machine_type, fix_older },
  { -1, "in migration stream", "stream", no_stream, fix_older },
  { -1, "load of migration failed", "stream", no_stream, fix_older },
  { -1, "suitable emulator", "no-emulator", N_("{place} has no QEMU for this machine."),
    N_("Install QEMU for the machine's architecture there, or choose another host.") },
  { -1, "Cannot check QEMU binary", "no-emulator", N_("{place} has no QEMU for this machine."),
    N_("Install QEMU for the machine's architecture there, or choose another host.") },
  { -1, "Emulator ", "no-emulator", N_("{place} has no QEMU for this machine."),
    N_("Install QEMU for the machine's architecture there, or choose another host.") },
  { DOM_EXIST, NULL, "name-taken", taken, fix_name },
  { -1, "already exists with uuid", "name-taken", taken, fix_name },
  { -1, "already defined with uuid", "name-taken", taken, fix_name },
  { INVALID, "storage pool '", "pool-state",
    N_("A storage pool at {place} is not as it was when this was prepared."),
    N_("Look at the storage pools there, then try again.") },
  { INVALID, "network '", "network-off", N_("A network at {destination} is not active."),
    N_("Start it there, or choose another one (--network).") },
  { -1, "network is already active", "network-active",
    N_("The network is active at {place} already."), N_("Look at both hosts again.") },
  { -1, "Network is already in use by interface", "network-in-use",
    N_("The addresses of this network are in use at {place}."),
    N_("Give it other addresses, switch the interface off that has them, or choose another network "
       "(--network).") },
  { -1, "cannot open directory", "pool-folder",
    N_("The folder of a storage pool is not there at {place}, or may not be read."),
    N_("Make it, or choose another storage pool (--pool).") },
  { -1, "cannot open path", "pool-folder",
    N_("The folder of a storage pool is not there at {place}, or may not be read."),
    N_("Make it, or choose another storage pool (--pool).") },
  { -1, "is already active", "runs-there", runs_there,
    N_("Look at both hosts: it must not run twice.") },
  { -1, "already being started", "runs-there", runs_there,
    N_("Look at both hosts: it must not run twice.") },
  { VOLUME_EXISTS, NULL, "volume-taken", volume_taken, fix_volume },
  { -1, "volume target path", "volume-taken", volume_taken, fix_volume },
  { -1, "cannot migrate domain with I/O error", "disk-error",
    N_("The machine is paused, because one of its disks at {source} failed."),
    N_("See to the disk and let the machine go on first.") },
  { -1, "cannot migrate domain with", "snapshots",
    N_("A machine with snapshots cannot be moved while it runs."),
    N_("Delete its snapshots, move it while it is off, or move a clone without them.") },
  { -1, "VFIO", "device", no_host_device, fix_unplug },
  { -1, "virtiofs", "device", N_("A folder of the host is shared with the machine."), fix_unplug },
  { -1, "hostdev", "device", no_host_device, fix_unplug },
  { -1, "cannot migrate domain:", "device",
    N_("The machine has a device that cannot be moved while it runs."), fix_unplug },
  { -1, "cannot migrate a domain with", "device",
    N_("The machine has a device that cannot be moved while it runs."), fix_unplug },
  { NO_NETWORK, NULL, "no-network",
    N_("{destination} has no network of that name."), fix_network },
  { -1, "Cannot get interface MTU", "no-network",
    N_("{destination} has no bridge of that name."), fix_bridge },
  { -1, "Unable to add bridge", "no-network",
    N_("{destination} has no bridge of that name, or it cannot be used."), fix_bridge },
  { -1, "Host key verification failed", "peer-login",
    N_("{source} does not know the key of {destination}."), fix_client },
  { -1, "Permission denied (", "peer-login", no_login, fix_client },
  { AUTH_FAILED, NULL, "peer-login", no_login, fix_client },
  { -1, "No space left", "no-space",
    N_("There is no space left at {place}."),
    N_("Free some there, or choose another storage pool (--pool).") },
  { -1, "Disk quota exceeded", "no-space",
    N_("There is no space left at {place}."),
    N_("Free some there, or choose another storage pool (--pool).") },
  { -1, "Not enough space left", "no-space",
    N_("There is no space left at {place}."),
    N_("Free some there, or choose another storage pool (--pool).") },
  { -1, "File too large", "file-too-large",
    N_("A file cannot become that large at {place}."),
    N_("Choose a storage pool of another file system there (--pool), or lift its limit.") },
  { -1, "migration of disk", "disk-failed",
    N_("Copying a disk failed."),
    N_("Look whether there is space left at {destination}, and whether its disks work.") },
  { -1, "ostcopy is not supported", "post-copy", no_post_copy, fix_post_copy },
  { -1, "'postcopy-ram' is not supported", "post-copy", no_post_copy, fix_post_copy },
  { -1, "Userfaultfd not available", "post-copy", no_post_copy, fix_post_copy },
  { -1, "state change lock", "busy",
    N_("The machine is busy with something else."),
    N_("Try again when that has ended.") },
  { -1, "canceled by client", "cancelled",
    N_("The move was cancelled from elsewhere."), NULL },
  /* Why follows in its words, which are known above or not. */
  { -1, "ailed to connect to remote libvirt URI", "peer-not-reachable", no_service, fix_client },
  { -1, "Lost connection to destination host", "line-lost",
    N_("The line to {destination} broke."), fix_line },
  { -1, "End of file while reading data", "line-lost", no_line, fix_line },
  { -1, "received hangup", "line-lost", no_line, fix_line },
  { -1, "keepalive timeout", "line-lost", no_line, fix_line },
  { -1, "client socket is closed", "line-lost", no_line, fix_line },
  { -1, "Cannot recv data", "line-lost", no_line, fix_line },
  { -1, "Cannot write data:", "line-lost", no_line, fix_line },
  { NO_CONNECT, NULL, "line-lost", no_line, fix_line },
  { -1, "does not match the hostname", "tls",
    N_("The certificate of {destination} is for another name."),
    N_("Connect to it by the name in its certificate, or switch “Encrypt” off.") },
  { -1, "Unable to access credentials", "tls",
    N_("One of the hosts has no certificate for encrypted moves."),
    N_("Put certificates into /etc/pki/qemu on both hosts, or switch “Encrypt” off.") },
  { -1, "Cannot allocate memory", "no-memory", no_memory, fix_memory },
  { -1, "cannot set up guest memory", "no-memory", no_memory, fix_memory },
  { -1, "Permission denied", "no-access", N_("A file may not be opened at {place}."), fix_access },
  { -1, "Could not open '", "file-missing", no_file, fix_file },
  { -1, "failed in post-copy phase", "post-copy-broken",
    N_("The line broke when {destination} had a part of the memory only."),
    N_("Switch neither side off; recover it when the line is whole: guesthouse undo.") },
  { -1, "failed due to I/O error", "disk-error",
    N_("The machine was paused, because one of its disks at {source} failed."),
    N_("See to the disk and let the machine go on first.") },
  { -1, "job 'migration out' unexpectedly failed", "unexpected",
    N_("QEMU ended the move and does not say why."), fix_log },
  { -1, "job 'migration in' unexpectedly failed", "unexpected",
    N_("QEMU ended the move and does not say why."), fix_log },
  /* When it ended so early that there was nobody to talk to. */
  { -1, "failed to connect to monitor socket", "qemu-ended", qemu_ended, fix_log },
  { -1, "unexpectedly closed the monitor", "qemu-ended", qemu_ended, fix_log },
  { -1, "exited while connecting to monitor", "qemu-ended", qemu_ended, fix_log },
  { -1, "End of file from qemu monitor", "qemu-ended", qemu_ended, fix_log },
  { -1, "guest unexpectedly quit", "qemu-ended", qemu_ended, fix_log },
  { PERSIST_FAILED, NULL, "persist-failed",
    N_("It has moved, but {destination} could not keep its definition."), NULL },
  { FINISH_OK, NULL, "finish-ok",
    N_("It has moved, but the connection broke right then."), NULL },
};

/* What libvirt says when a QEMU is not there any more, or has ended a move, whatever else. */
static const char * const ends[] = {
  "failed to connect to monitor socket", "unexpectedly closed the monitor",
  "exited while connecting to monitor", "End of file from qemu monitor", "guest unexpectedly quit",
  "unexpectedly failed", "load of migration failed", "in migration stream",
  "domain is not running", "domain is no longer running",
};

const GhMigrateError *
gh_migrate_error_find (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  if (error->domain != GH_VIRT_ERROR)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    if ((errors[i].code == -1 || errors[i].code == error->code) &&
        (errors[i].part == NULL || strstr (error->message, errors[i].part) != NULL))
      return &errors[i];
  return NULL;
}

/* One pass, as a host may be called anything. */
static char *
dup_filled (const char                *words,
            const GhMigrateErrorHosts *hosts)
{
  const struct
  {
    const char *mark;
    const char *label;
  } marks[] = {
    { "{source}", hosts->source }, { "{destination}", hosts->destination },
    { "{place}", hosts->place },
  };
  GString *text = g_string_new (NULL);

  while (*words != '\0')
    {
      const char *label = NULL;

      for (guint i = 0; label == NULL && i < G_N_ELEMENTS (marks); i++)
        if (g_str_has_prefix (words, marks[i].mark))
          {
            label = marks[i].label;
            words += strlen (marks[i].mark);
          }
      if (label != NULL)
        g_string_append (text, label);
      else
        g_string_append_c (text, *words++);
    }
  return g_string_free (text, FALSE);
}

GError *
gh_migrate_error_tell (const GError              *error,
                       const GhMigrateErrorHosts *hosts,
                       const char                *step)
{
  const GhMigrateError *known = gh_migrate_error_find (error);
  g_autofree char *sentence = NULL;
  g_autofree char *fix = NULL;

  if (error->domain != GH_VIRT_ERROR || (known == NULL && gh_error_is_cancelled (error)))
    return g_error_copy (error);
  sentence = known != NULL ? dup_filled (_(known->sentence), hosts)
                           : gh_error_dup_sentence (error);
  fix = known != NULL && known->fix != NULL ? dup_filled (_(known->fix), hosts) : NULL;
  return gh_told_error_new (error, sentence, fix, step);
}

gboolean
gh_migrate_error_is_log (const GError *error)
{
  g_return_val_if_fail (error != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    if (strstr (error->message, ends[i]) != NULL)
      return TRUE;
  return FALSE;
}
