/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-errors"

#include "config.h"

#include "gh-migrate-errors.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-virt-error.h"

/* libvirt's numbers, where the code is what tells them apart. */
#define AUTH_FAILED 45
#define NO_NETWORK 43
#define TIMEOUT 68
#define PERSIST_FAILED 69
#define UNSAFE 81
#define CPU_INCOMPATIBLE 91
#define FINISH_OK 93

static const char fix_address[] = N_("Set the address to the one this computer reaches the "
                                     "destination by.");
static const char fix_ports[] = N_("Open the TCP ports 49152 to 49215 at the destination, or move "
                                   "it through one port when both hosts share the disks.");
static const char fix_same_file[] = N_("Do not copy this disk: both hosts share it.");
static const char fix_cpu[] = N_("Shut the machine down and choose a processor model both hosts "
                                 "have, or move it while it is off.");
static const char fix_older[] = N_("Update QEMU at the destination, or move the machine while it "
                                   "is off.");
static const char fix_unplug[] = N_("Take the device out of the machine first.");
static const char fix_client[] = N_("Let Guesthouse lead it: choose the route “Directly, led from "
                                 "here” (--route client).");

/* The more particular first. */
static const GhMigrateError errors[] = {
  /* libvirt's own ports: the move's are others. */
  { -1, ":16514'", "peer-not-reachable",
    N_("The source cannot connect to the destination's libvirt service."), fix_client },
  { -1, ":16509'", "peer-not-reachable",
    N_("The source cannot connect to the destination's libvirt service."), fix_client },
  { -1, "Unable to resolve address", "unresolved-address",
    N_("The source cannot find the destination by its name."), fix_address },
  { -1, "hostname on destination resolved to localhost", "destination-localhost",
    N_("The destination calls itself “localhost”, which nobody else can reach."), fix_address },
  { -1, "nable to connect to server at", "not-reachable",
    N_("The source cannot connect to the destination: a firewall, perhaps."), fix_ports },
  { -1, "migrate guest to the same host", "same-host",
    N_("Both hosts say that they are the same one."),
    N_("If they are not, give one of them a “host_uuid” of its own in libvirtd.conf.") },
  { UNSAFE, "cache other than none", "unsafe-cache",
    N_("A disk's cache could lose data when the machine moves."),
    N_("Shut the machine down and set the cache of its disks to “none”.") },
  { UNSAFE, NULL, "unsafe-storage",
    N_("It is not known that both hosts see the same disk."),
    N_("Copy the disks, or say that they are shared.") },
  { -1, "Cannot access storage file", "file-missing",
    N_("A disk or CD is not there at the destination, or may not be read."),
    N_("Let the CD drive arrive empty, copy the disk, or mount the share there too.") },
  { -1, "no storage pool with matching target path", "no-pool",
    N_("The destination has no storage pool for a disk."),
    N_("Make the pool there, or choose another one.") },
  { -1, "Block node is read-only", "same-file",
    N_("A disk would be copied onto itself."), fix_same_file },
  { -1, "\"write\" lock", "same-file",
    N_("A disk would be copied onto itself, or is used by another machine there."), fix_same_file },
  { CPU_INCOMPATIBLE, NULL, "cpu",
    N_("The destination's processor lacks something the guest uses."), fix_cpu },
  { -1, "guest CPU doesn't match specification", "cpu",
    N_("The destination's processor lacks something the guest uses."), fix_cpu },
  { -1, "Host CPU does not provide required features", "cpu",
    N_("The destination's processor lacks something the guest uses."), fix_cpu },
  { -1, "unsupported machine type", "machine-type",
    N_("The destination's QEMU does not know this kind of machine."), fix_older },
  { -1, "in migration stream", "stream",
    N_("The destination's QEMU does not understand what the source's sends."), fix_older },
  { -1, "load of migration failed", "stream",
    N_("The destination's QEMU does not understand what the source's sends."), fix_older },
  { -1, "Emulator", "machine-type",
    N_("The destination has no QEMU for this machine."), fix_older },
  { -1, "already exists with uuid", "name-taken",
    N_("The destination has a machine of this name."),
    N_("Choose another name, or remove what is there if it is out of date.") },
  { -1, "is already active", "name-taken",
    N_("This machine runs at the destination already."),
    N_("Look at both hosts: it must not run twice.") },
  { -1, "cannot migrate domain with", "snapshots",
    N_("A machine with snapshots cannot be moved while it runs."),
    N_("Delete its snapshots, or move a clone without them.") },
  { -1, "VFIO", "device", N_("A device of the host is passed to the machine."), fix_unplug },
  { -1, "virtiofs", "device", N_("A folder of the host is shared with the machine."), fix_unplug },
  { -1, "hostdev", "device", N_("A device of the host is passed to the machine."), fix_unplug },
  { NO_NETWORK, NULL, "no-network",
    N_("The destination has no network of that name."),
    N_("Choose another network there, or make it.") },
  { -1, "Cannot get interface MTU", "no-network",
    N_("The destination has no bridge of that name."),
    N_("Choose another bridge there, or make it.") },
  { -1, "Host key verification failed", "peer-login",
    N_("The source host does not know the destination's key."), fix_client },
  { -1, "Permission denied (publickey", "peer-login",
    N_("The source host may not log in to the destination."), fix_client },
  { AUTH_FAILED, NULL, "peer-login",
    N_("The source host may not log in to the destination."), fix_client },
  { -1, "No space left", "no-space",
    N_("There is no space left at the destination."),
    N_("Free some, or choose another pool.") },
  { -1, "migration of disk", "disk-failed",
    N_("Copying a disk failed."),
    N_("Look whether there is space left at the destination, and whether its disks work.") },
  { -1, "ostcopy is not supported", "post-copy",
    N_("One of the hosts does not allow post-copy."),
    N_("Switch post-copy off, or set vm.unprivileged_userfaultfd to 1 there.") },
  { TIMEOUT, "state change lock", "busy",
    N_("The machine is busy with something else."),
    N_("Try again when that has ended.") },
  { -1, "canceled by client", "cancelled",
    N_("The move was cancelled from elsewhere."), NULL },
  { -1, "Lost connection to destination host", "line-lost",
    N_("The line to the destination broke."),
    N_("The machine goes on at the source. Look at both hosts, then try again.") },
  { -1, "End of file while reading data", "line-lost",
    N_("The line to a host broke, or its libvirt service ended."),
    N_("Look at both hosts, then try again.") },
  { -1, "received hangup", "line-lost",
    N_("The line to the destination broke."),
    N_("The machine goes on at the source. Look at both hosts, then try again.") },
  { -1, "Certificate does not match the hostname", "tls",
    N_("The destination's certificate is for another name."),
    N_("Connect to it by the name in its certificate.") },
  { -1, "Unable to access credentials", "tls",
    N_("One of the hosts has no certificate for encrypted moves."),
    N_("Put certificates into /etc/pki/qemu on both hosts, or switch TLS off.") },
  { -1, "job 'migration out' unexpectedly failed", "unexpected",
    N_("QEMU ended the move and does not say why."),
    N_("See the machine's log at the destination: in /var/log/libvirt/qemu, or where libvirt runs "
       "as a user in that user's ~/.cache/libvirt/qemu/log.") },
  /* Why follows in its words, which are known above or not. */
  { -1, "ailed to connect to remote libvirt URI", "peer-not-reachable",
    N_("The source cannot connect to the destination's libvirt service."), fix_client },
  { PERSIST_FAILED, NULL, "persist-failed",
    N_("It has moved, but the destination could not keep its definition."), NULL },
  { FINISH_OK, NULL, "finish-ok",
    N_("It has moved, but the connection broke right then."), NULL },
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

GError *
gh_migrate_error_tell (GError *error)
{
  const GhMigrateError *known = gh_migrate_error_find (error);
  GError *told = NULL;

  if (known == NULL)
    return error;
  if (known->fix != NULL)
    /* Translators: what went wrong, what helps, and the words of libvirt. */
    told = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, _("%s %s (%s)"), _(known->sentence),
                        _(known->fix), error->message);
  else
    told = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, _("%s (%s)"), _(known->sentence),
                        error->message);
  g_error_free (error);
  return told;
}
