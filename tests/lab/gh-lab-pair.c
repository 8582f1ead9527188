/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-lab-pair"

#include "gh-lab-pair.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

static void
make_pool (GhLab      *lab,
           const char *name)
{
  g_autofree char *path = g_build_filename (gh_lab_get_folder (lab), "img", NULL);
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>%s</name><target><path>%s</path>"
                                          "</target></pool>", name, path);
  virStoragePoolPtr pool = NULL;

  g_mkdir_with_parents (path, 0700);
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

void
gh_lab_pair_remove_machines (GhLab *lab)
{
  virDomainPtr *domains = NULL;
  int n_domains = virConnectListAllDomains (gh_lab_connect (lab), &domains, 0);

  for (int i = 0; i < n_domains; i++)
    {
      virDomainDestroy (domains[i]);
      virDomainUndefineFlags (domains[i], VIR_DOMAIN_UNDEFINE_NVRAM |
                              VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA);
      virDomainFree (domains[i]);
    }
  free (domains);
}

void
gh_lab_pair_remove_pools (GhLab *lab)
{
  virStoragePoolPtr *pools = NULL;
  int n_pools = virConnectListAllStoragePools (gh_lab_connect (lab), &pools, 0);

  for (int i = 0; i < n_pools; i++)
    {
      virStoragePoolDestroy (pools[i]);
      virStoragePoolUndefine (pools[i]);
      virStoragePoolFree (pools[i]);
    }
  free (pools);
}

static void
empty_host (GhLab *lab)
{
  g_autofree char *folder = g_build_filename (gh_lab_get_folder (lab), "img", NULL);
  g_autoptr (GDir) dir = NULL;
  const char *name = NULL;

  gh_lab_set_env (lab, "GUESTHOUSE_FAULTS", NULL);
  gh_lab_pair_remove_machines (lab);
  gh_lab_pair_remove_pools (lab);
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  make_pool (lab, "default");
}

/* Both hosts as new. FALSE: there is no guest to be had. */
gboolean
gh_lab_pair_open (GhLabPair *self)
{
  if (!gh_lab_has_guest ())
    return FALSE;
  if (self->a == NULL)
    {
      self->a = gh_lab_new ();
      self->b = gh_lab_new ();
      if (self->net != NULL)
        {
          gh_lab_net_place (self->net, self->a, GH_LAB_NET_A);
          gh_lab_net_place (self->net, self->b, GH_LAB_NET_B);
        }
      if (self->qemu_conf != NULL)
        {
          gh_lab_add_settings (self->a, "qemu.conf", self->qemu_conf);
          gh_lab_add_settings (self->b, "qemu.conf", self->qemu_conf);
        }
      self->a_uri = gh_lab_dup_uri (self->a);
      self->b_uri = gh_lab_dup_uri (self->b);
    }
  empty_host (self->a);
  empty_host (self->b);
  return TRUE;
}

char *
gh_lab_pair_run_tool (const char *first,
                      ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  char *out = NULL;
  int status = 0;
  va_list more;

  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  g_spawn_sync (NULL, (char **) words->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s\n%s", first, error->message, err);
  return out;
}

/* A tiny guest “web” with a disk of 64 MiB that is mostly holes, running at A. */
void
gh_lab_pair_start_guest (GhLabPair  *self,
                         const char *devices)
{
  g_autofree char *disk = g_build_filename (gh_lab_get_folder (self->a), "img", "web.qcow2", NULL);
  g_autofree char *xml = NULL;
  virDomainPtr domain = NULL;

  g_free (gh_lab_pair_run_tool ("qemu-img", "create", "-f", "qcow2", disk, "64M", NULL));
  g_free (gh_lab_pair_run_tool ("qemu-io", "-f", "qcow2", "-c", "write -P 0xab 1M 8M", disk, NULL));
  g_chmod (disk, 0600);
  xml = g_strdup_printf (
    "<domain type='qemu'><name>web</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<metadata><guesthouse:machine "
    "xmlns:guesthouse='http://guesthouse.org/xmlns/libvirt/domain/1.0'>"
    "<guesthouse:note>kept</guesthouse:note></guesthouse:machine></metadata>"
    "<os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>"
    "<cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>"
    "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
    "<source file='%s'/><target dev='vda' bus='virtio'/></disk>%s"
    "<serial type='pty'/><memballoon model='none'/></devices></domain>",
    gh_lab_get_kernel (self->a), gh_lab_get_initrd (self->a), disk,
    devices != NULL ? devices : "");
  domain = virDomainDefineXMLFlags (gh_lab_connect (self->a), xml, VIR_DOMAIN_DEFINE_VALIDATE);
  if (domain == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  if (virDomainCreate (domain) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

/* Without what is named by the number of a run. */
static GStrv
list_inventory (GhLab *lab)
{
  g_auto (GStrv) all = gh_lab_list_inventory (lab);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; all[i] != NULL; i++)
    if (strstr (all[i], "/qemu/lib/domain-") == NULL)
      g_strv_builder_add (builder, all[i]);
  return g_strv_builder_end (builder);
}

void
gh_lab_pair_take_inventory (GhLabPair      *self,
                            GhLabInventory *inventory)
{
  inventory->a = list_inventory (self->a);
  inventory->b = list_inventory (self->b);
}

void
gh_lab_pair_assert_inventory (GhLabPair      *self,
                              GhLabInventory *inventory)
{
  g_auto (GhLabInventory) now = { NULL };
  g_autofree char *a = g_strjoinv ("\n", inventory->a);
  g_autofree char *b = g_strjoinv ("\n", inventory->b);
  g_autofree char *now_a = NULL;
  g_autofree char *now_b = NULL;

  gh_lab_pair_take_inventory (self, &now);
  now_a = g_strjoinv ("\n", now.a);
  now_b = g_strjoinv ("\n", now.b);
  g_assert_cmpstr (now_a, ==, a);
  g_assert_cmpstr (now_b, ==, b);
}

gboolean
gh_lab_pair_has_line (GhLab      *lab,
                      const char *line)
{
  g_auto (GStrv) lines = gh_lab_list_inventory (lab);

  return g_strv_contains ((const char * const *) lines, line);
}

/* A counter in the guest, in the shell itself: it goes on only when the guest's memory does. */

void
gh_lab_pair_start_counter (GhLabPair *self)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (self->a, "web");

  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 60));
  gh_lab_serial_write (serial, "n=0; while :; do n=$((n+1)); echo count=$n; sleep 0.1; done\n");
  g_assert_true (gh_lab_serial_wait (serial, "\ncount=2", 60));
}

void
gh_lab_pair_start_writing (GhLabPair *self,
                           guint      mib)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (self->a, "web");
  g_autofree char *command = g_strdup_printf (
    "dd if=/dev/urandom of=/tmp/a bs=1M count=%u 2>/dev/null; "
    "(while :; do cat /tmp/a >/tmp/b; done) & echo be''gun", mib);

  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 60));
  gh_lab_serial_command (serial, command, "begun");
}

/* Waits for three numbers that follow each other; the last one. */
guint64
gh_lab_pair_read_counter (GhLab *lab)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (lab, "web");
  guint64 last = 0;

  for (guint i = 0; i < 3; i++)
    {
      guint64 number = 0;

      g_assert_true (gh_lab_serial_wait (serial, "\ncount=", 60));
      number = gh_lab_serial_read_number (serial);
      g_assert_true (last == 0 || number == last + 1);
      last = number;
    }
  return last;
}

void
gh_lab_pair_assert_at (GhLab *here,
                       GhLab *elsewhere)
{
  g_assert_cmpint (gh_lab_get_machine_state (here, "web"), ==, VIR_DOMAIN_RUNNING);
  g_assert_cmpint (gh_lab_get_qemu_pid (elsewhere, "web"), ==, 0);
}

void
gh_lab_pair_assert_only_at (GhLab *here,
                            GhLab *elsewhere)
{
  gh_lab_pair_assert_at (here, elsewhere);
  g_assert_cmpint (gh_lab_get_machine_state (elsewhere, "web"), ==, -1);
}

char *
gh_lab_pair_dup_xml (GhLab       *lab,
                     const char  *name,
                     unsigned int flags)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  char *xml = NULL;
  char *copy = NULL;

  g_assert_nonnull (domain);
  xml = virDomainGetXMLDesc (domain, flags);
  copy = g_strdup (xml);
  free (xml);
  virDomainFree (domain);
  return copy;
}

void
gh_lab_pair_set_off (GhLab *lab)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");

  g_assert_nonnull (domain);
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  virDomainFree (domain);
}

typedef struct
{
  GhLabPair  *pair;
  GhLabChild *child;
  gboolean    disks; /* else memory */
} Phase;

/* Whether the move is in the phase, as the host says; or has ended before. */
static gboolean
is_in_phase (gpointer data)
{
  Phase *phase = data;
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (phase->pair->a), "web");
  virTypedParameterPtr params = NULL;
  unsigned long long memory = 0;
  unsigned long long disk = 0;
  int n_params = 0;
  int type = VIR_DOMAIN_JOB_NONE;

  if (domain == NULL)
    return gh_lab_child_has_ended (phase->child);
  if (virDomainGetJobStats (domain, &type, &params, &n_params, 0) == 0 &&
      type != VIR_DOMAIN_JOB_NONE)
    {
      virTypedParamsGetULLong (params, n_params, VIR_DOMAIN_JOB_DISK_PROCESSED, &disk);
      virTypedParamsGetULLong (params, n_params, VIR_DOMAIN_JOB_MEMORY_PROCESSED, &memory);
    }
  virTypedParamsFree (params, n_params);
  virDomainFree (domain);
  return (phase->disks ? disk > 0 && memory == 0 : memory > 0) ||
         gh_lab_child_has_ended (phase->child);
}

void
gh_lab_pair_wait_for_phase (GhLabPair  *self,
                            GhLabChild *child,
                            gboolean    disks)
{
  Phase phase = { self, child, disks };

  g_assert_true (gh_lab_wait (240, is_in_phase, &phase));
  if (gh_lab_child_has_ended (child))
    {
      g_autoptr (GhLabRun) run = gh_lab_child_wait (child);

      g_error ("The move ended before its %s were seen.\n%s%s", disks ? "disks" : "memory",
               run->out, run->err);
    }
}

void
gh_lab_pair_close (GhLabPair *self)
{
  /* A machine at one may have its disk at the other. */
  if (self->a != NULL)
    {
      gh_lab_pair_remove_machines (self->a);
      gh_lab_pair_remove_machines (self->b);
    }
  g_clear_pointer (&self->a, gh_lab_free);
  g_clear_pointer (&self->b, gh_lab_free);
  g_clear_pointer (&self->a_uri, g_free);
  g_clear_pointer (&self->b_uri, g_free);
  g_clear_pointer (&self->qemu_conf, g_free);
}

void
gh_lab_inventory_clear (GhLabInventory *self)
{
  g_strfreev (self->a);
  g_strfreev (self->b);
}
