/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The yardstick: twelve machines, each cloned by virt-clone (package virtinst) and by Guesthouse,
 * and what each got right, as a table. Guesthouse has to get everything right. */

#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "gh-domain-xml.h"
#include "gh-lab.h"

typedef enum
{
  DOES_NOT_APPLY,
  RIGHT,
  WRONG,
} Verdict;

enum
{
  P_CLONES, P_IDENTITY, P_MAC, P_DISKS, P_SHARED, P_CHAIN, P_NVRAM, P_TPM, P_PORTS, P_SOCKETS,
  P_FILES, P_GENID, P_VSOCK, P_SOURCE, P_RUNS, P_CLEAN, N_PROPERTIES,
};

static const char * const property_names[N_PROPERTIES] = {
  "it is cloned at all",
  "name and UUID new, in SMBIOS as well",
  "addresses of network cards new, as QEMU's",
  "disks copied, contents the same",
  "shareable disk and CD shared, not copied",
  "no need of the original's chain",
  "own NVRAM file with the same bytes",
  "TPM not that of the original",
  "no fixed display port twice",
  "no socket twice",
  "no serial file twice",
  "generation ID new",
  "no vsock address twice",
  "original as it was",
  "starts while the original runs",
  "nothing of other programs' or runtime left",
};

typedef struct
{
  GhLab      *lab;
  const char *id;     /* of the machine, in files */
  char       *name;
  char       *xml;    /* before */
} Machine;

/* Tools */

static char *
run_tool (GhLab      *lab,
          int        *status,
          const char *first,
          ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_auto (GStrv) environ = gh_lab_dup_environ (lab);
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  char *out = NULL;
  int result = 0;
  va_list more;

  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  g_spawn_sync (NULL, (char **) words->pdata, environ, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                &result, &error);
  g_assert_no_error (error);
  if (status != NULL)
    *status = result;
  else if (result != 0)
    g_error ("%s failed: %s%s", first, out, err);
  if (result != 0)
    g_test_message ("%s: %s", first, err);
  return out;
}

static char *
dup_file (Machine    *machine,
          const char *suffix)
{
  g_autofree char *name = g_strconcat (machine->id, suffix, NULL);

  return gh_lab_dup_path (machine->lab, name);
}

static char *
make_disk (Machine    *machine,
           const char *suffix,
           const char *format,
           const char *backing)
{
  char *path = dup_file (machine, suffix);

  if (backing != NULL)
    g_free (run_tool (machine->lab, NULL, "qemu-img", "create", "-q", "-f", format, "-F", "qcow2",
                      "-b", backing, path, NULL));
  else
    g_free (run_tool (machine->lab, NULL, "qemu-img", "create", "-q", "-f", format, path, "8M",
                      NULL));
  g_free (run_tool (machine->lab, NULL, "qemu-io", "-f", format, "-c",
                    backing != NULL ? "write -P 0xcd 2M 1M" : "write -P 0xab 1M 4M", path, NULL));
  return path;
}

static char *
dup_xml (GhLab      *lab,
         const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  char *xml = NULL;
  char *copy = NULL;

  if (domain == NULL)
    return NULL;
  xml = virDomainGetXMLDesc (domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
  copy = g_strdup (xml);
  free (xml);
  virDomainFree (domain);
  return copy;
}

/* The machines */

static char *
disk_xml (const char *path,
          const char *format,
          const char *target)
{
  return g_markup_printf_escaped ("<disk type='file' device='disk'><driver name='qemu' type='%s'/>"
                                  "<source file='%s'/><target dev='%s' bus='virtio'/>", format,
                                  path, target);
}

static char *
make_devices (Machine *machine)
{
  g_autoptr (GString) devices = g_string_new (NULL);
  const char *id = machine->id;
  gboolean raw = strcmp (id, "raw") == 0;
  g_autofree char *base = strcmp (id, "chain") == 0 ? make_disk (machine, "-base.img", "qcow2", NULL)
                                                    : NULL;
  g_autofree char *disk = make_disk (machine, ".img", raw ? "raw" : "qcow2", base);
  g_autofree char *vda = disk_xml (disk, raw ? "raw" : "qcow2", "vda");

  g_string_append_printf (devices, "%s</disk>", vda);
  if (strcmp (id, "two-disks") == 0)
    {
      g_autofree char *path = make_disk (machine, "-shared.img", "raw", NULL);
      g_autofree char *vdb = disk_xml (path, "raw", "vdb");

      g_string_append_printf (devices, "%s<shareable/></disk>", vdb);
    }
  if (strcmp (id, "cdrom") == 0)
    {
      g_autofree char *path = make_disk (machine, "-cd.iso", "raw", NULL);

      g_string_append_printf (devices, "<disk type='file' device='cdrom'><driver name='qemu' "
                              "type='raw'/><source file='%s'/><target dev='sda' bus='sata'/>"
                              "<readonly/></disk>", path);
    }
  if (strcmp (id, "tpm") == 0)
    g_string_append (devices, "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>");
  if (strcmp (id, "ports") == 0)
    g_string_append (devices, "<graphics type='vnc' port='5977' autoport='no' websocket='5777' "
                     "listen='127.0.0.1'/>");
  if (strcmp (id, "channel") == 0)
    {
      g_autofree char *path = dup_file (machine, ".sock");

      g_string_append_printf (devices, "<channel type='unix'><source mode='bind' path='%s'/>"
                              "<target type='virtio' name='org.example.0'/></channel>", path);
    }
  if (strcmp (id, "serial") == 0)
    {
      g_autofree char *path = dup_file (machine, ".log");

      g_string_append_printf (devices, "<serial type='file'><source path='%s'/><target port='0'/>"
                              "</serial>", path);
    }
  if (strcmp (id, "ids") == 0)
    g_string_append (devices, "<vsock model='virtio'><cid auto='no' address='77'/></vsock>");
  return g_string_free (g_steal_pointer (&devices), FALSE);
}

static char *
make_os (Machine *machine)
{
  g_autofree char *nvram = NULL;

  if (strcmp (machine->id, "uefi") != 0)
    return g_strdup_printf ("<os><type arch='x86_64' machine='q35'>hvm</type>%s</os>",
                            strcmp (machine->id, "ids") == 0 ? "<smbios mode='sysinfo'/>" : "");
  nvram = dup_file (machine, "_VARS.fd");
  g_free (run_tool (machine->lab, NULL, "cp", "/usr/share/OVMF/OVMF_VARS_4M.fd", nvram, NULL));
  /* Something that is not in the template. */
  g_free (run_tool (machine->lab, NULL, "qemu-io", "-f", "raw", "-c", "write -P 0x42 256k 4k",
                    nvram, NULL));
  return g_strdup_printf ("<os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes' "
                          "type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
                          "<nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>%s</nvram></os>",
                          nvram);
}

static void
define_machine (Machine *machine)
{
  g_autofree char *devices = make_devices (machine);
  g_autofree char *os = make_os (machine);
  g_autofree char *name = g_markup_escape_text (machine->name, -1);
  g_autofree char *uuid = g_uuid_string_random ();
  gboolean ids = strcmp (machine->id, "ids") == 0;
  g_autofree char *sysinfo =
    ids ? g_strdup_printf ("<genid>e9392370-2917-565e-692b-d057f46512d6</genid><sysinfo type='smbios'>"
                           "<system><entry name='uuid'>%s</entry></system></sysinfo>", uuid)
        : g_strdup ("");
  g_autofree char *xml = g_strdup_printf (
    "<domain type='qemu'><name>%s</name><uuid>%s</uuid><metadata><x:y xmlns:x='urn:example:other'/>"
    "</metadata><memory unit='MiB'>128</memory>%s%s<features><acpi/></features><devices>%s"
    "<interface type='user'><model type='virtio'/></interface></devices></domain>",
    name, uuid, sysinfo, os, devices);
  virDomainPtr domain = virDomainDefineXMLFlags (gh_lab_connect (machine->lab), xml,
                                                 VIR_DOMAIN_DEFINE_VALIDATE);

  g_assert_nonnull (domain);
  virDomainFree (domain);
  machine->xml = dup_xml (machine->lab, machine->name);
}

/* Looking at clones */

static gboolean
differs (GhDomainXml *a,
         GhDomainXml *b,
         const char  *xpath)
{
  g_autofree char *before = gh_domain_xml_dup_text (a, xpath);
  g_autofree char *after = gh_domain_xml_dup_text (b, xpath);

  return g_strcmp0 (before, after) != 0;
}

static Verdict
differs_where_given (GhDomainXml *source,
                     GhDomainXml *clone,
                     const char  *xpath)
{
  g_autofree char *before = gh_domain_xml_dup_text (source, xpath);

  if (before == NULL)
    return DOES_NOT_APPLY;
  return differs (source, clone, xpath) ? RIGHT : WRONG;
}

static Verdict
from_boolean (gboolean right)
{
  return right ? RIGHT : WRONG;
}

static gboolean
has_same_bytes (GhLab      *lab,
                const char *a,
                const char *b)
{
  int status = 0;

  if (a == NULL || b == NULL || !g_file_test (b, G_FILE_TEST_EXISTS))
    return FALSE;
  g_free (run_tool (lab, &status, "cmp", "-s", a, b, NULL));
  return status == 0;
}

static gboolean
has_same_contents (GhLab      *lab,
                   const char *a,
                   const char *b)
{
  int status = 0;

  g_free (run_tool (lab, &status, "qemu-img", "compare", "-q", a, b, NULL));
  return status == 0;
}

static Verdict
judge_disks (GhLab       *lab,
             GhDomainXml *source,
             GhDomainXml *clone)
{
  g_autofree char *before = gh_domain_xml_dup_text (source, "devices/disk[1]/source/@file");
  g_autofree char *after = gh_domain_xml_dup_text (clone, "devices/disk[1]/source/@file");

  return from_boolean (after != NULL && strcmp (before, after) != 0 &&
                       has_same_contents (lab, before, after));
}

static Verdict
judge_chain (GhLab       *lab,
             const char  *id,
             GhDomainXml *clone)
{
  g_autofree char *path = gh_domain_xml_dup_text (clone, "devices/disk[1]/source/@file");
  g_autofree char *info = NULL;

  if (strcmp (id, "chain") != 0)
    return DOES_NOT_APPLY;
  info = run_tool (lab, NULL, "qemu-img", "info", path, NULL);
  return from_boolean (strstr (info, "backing file") == NULL);
}

static Verdict
judge_nvram (GhLab       *lab,
             GhDomainXml *source,
             GhDomainXml *clone)
{
  g_autofree char *before = gh_domain_xml_dup_nvram_path (source);
  g_autofree char *after = gh_domain_xml_dup_nvram_path (clone);

  if (before == NULL)
    return DOES_NOT_APPLY;
  return from_boolean (g_strcmp0 (before, after) != 0 && has_same_bytes (lab, before, after));
}

static Verdict
judge_identity (GhDomainXml *source,
                GhDomainXml *clone)
{
  g_autofree char *smbios = gh_domain_xml_dup_text (clone, "sysinfo/system/entry[@name='uuid']");
  g_autofree char *uuid = gh_domain_xml_dup_uuid (clone);

  return from_boolean (differs (source, clone, "uuid") && differs (source, clone, "name") &&
                       (smbios == NULL || strcmp (smbios, uuid) == 0));
}

static Verdict
judge_mac (GhDomainXml *source,
           GhDomainXml *clone)
{
  g_autofree char *mac = gh_domain_xml_dup_text (clone, "devices/interface/mac/@address");

  return from_boolean (differs (source, clone, "devices/interface/mac/@address") && mac != NULL &&
                       g_str_has_prefix (mac, "52:54:00:"));
}

static Verdict
judge_ports (GhDomainXml *source,
             GhDomainXml *clone)
{
  Verdict port = differs_where_given (source, clone, "devices/graphics/@port");
  Verdict websocket = differs_where_given (source, clone, "devices/graphics/@websocket");

  return port == DOES_NOT_APPLY ? port : from_boolean (port == RIGHT && websocket == RIGHT);
}

static Verdict
judge_rest (GhDomainXml *clone)
{
  g_autofree char *other = gh_domain_xml_dup_text (clone, "metadata/*[local-name()='y']");
  g_autofree char *target = gh_domain_xml_dup_text (clone, "devices/interface/target/@dev");

  return from_boolean (other == NULL && target == NULL);
}

static gboolean
start_paused (GhLab      *lab,
              const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  int result = domain != NULL ? virDomainCreateWithFlags (domain, VIR_DOMAIN_START_PAUSED) : -1;

  if (result != 0)
    g_test_message ("“%s” does not start: %s", name, virGetLastErrorMessage ());
  g_clear_pointer (&domain, virDomainFree);
  return result == 0;
}

static void
stop (GhLab      *lab,
      const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);

  if (domain != NULL)
    virDomainDestroy (domain);
  g_clear_pointer (&domain, virDomainFree);
}

static Verdict
judge_start (Machine    *machine,
             const char *clone_name)
{
  gboolean source = start_paused (machine->lab, machine->name);
  gboolean clone = FALSE;

  /* Where the host has no vsock, nothing can be said. */
  if (!source)
    return DOES_NOT_APPLY;
  clone = start_paused (machine->lab, clone_name);
  stop (machine->lab, clone_name);
  stop (machine->lab, machine->name);
  return from_boolean (clone);
}

static void
judge (Machine    *machine,
       const char *clone_name,
       Verdict    *verdicts)
{
  GhLab *lab = machine->lab;
  g_autofree char *clone_text = dup_xml (lab, clone_name);
  g_autofree char *now = dup_xml (lab, machine->name);
  g_autoptr (GhDomainXml) source = gh_domain_xml_new_from_string (machine->xml, NULL);
  g_autoptr (GhDomainXml) clone = NULL;

  verdicts[P_CLONES] = from_boolean (clone_text != NULL);
  verdicts[P_SOURCE] = from_boolean (g_strcmp0 (now, machine->xml) == 0);
  if (clone_text == NULL)
    return;
  clone = gh_domain_xml_new_from_string (clone_text, NULL);
  verdicts[P_IDENTITY] = judge_identity (source, clone);
  verdicts[P_MAC] = judge_mac (source, clone);
  verdicts[P_DISKS] = judge_disks (lab, source, clone);
  if (strcmp (machine->id, "two-disks") == 0 || strcmp (machine->id, "cdrom") == 0)
    verdicts[P_SHARED] = from_boolean (!differs (source, clone, "devices/disk[2]/source/@file"));
  verdicts[P_CHAIN] = judge_chain (lab, machine->id, clone);
  verdicts[P_NVRAM] = judge_nvram (lab, source, clone);
  if (strcmp (machine->id, "tpm") == 0)
    verdicts[P_TPM] = from_boolean (gh_domain_xml_has_tpm (clone) &&
                                    !differs (source, clone, "devices/tpm/backend/@type"));
  verdicts[P_PORTS] = judge_ports (source, clone);
  verdicts[P_SOCKETS] = differs_where_given (source, clone, "devices/channel/source/@path");
  verdicts[P_FILES] = differs_where_given (source, clone, "devices/serial[@type='file']/source/@path");
  verdicts[P_GENID] = differs_where_given (source, clone, "genid");
  verdicts[P_VSOCK] = differs_where_given (source, clone, "devices/vsock/cid/@address");
  verdicts[P_CLEAN] = judge_rest (clone);
  verdicts[P_RUNS] = judge_start (machine, clone_name);
}

/* The table */

static const struct
{
  const char *id;
  const char *name;
} machines[] = {
  { "plain", "plain" },
  { "uefi", "uefi" },
  { "tpm", "tpm" },
  { "ports", "ports" },
  { "channel", "channel" },
  { "serial", "serial" },
  { "two-disks", "two-disks" },
  { "cdrom", "cdrom" },
  { "chain", "chain" },
  { "raw", "raw" },
  { "ids", "ids" },
  { "hostile", "a<b>&'\"" },
};

/* Of one property: which machines each tool got right, “11/12 (not: uefi)”. */
static char *
summarize (Verdict verdicts[G_N_ELEMENTS (machines)][N_PROPERTIES],
           guint   property)
{
  g_autoptr (GString) wrong = g_string_new (NULL);
  guint n = 0;
  guint right = 0;

  for (guint i = 0; i < G_N_ELEMENTS (machines); i++)
    {
      if (verdicts[i][property] == DOES_NOT_APPLY)
        continue;
      n++;
      if (verdicts[i][property] == RIGHT)
        right++;
      else
        g_string_append_printf (wrong, "%s%s", wrong->len > 0 ? ", " : "", machines[i].id);
    }
  if (wrong->len == 0)
    return g_strdup_printf ("%u/%u", right, n);
  return g_strdup_printf ("%u/%u (not: %s)", right, n, wrong->str);
}

static void
test_table (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *uri = gh_lab_dup_uri (lab);
  g_autofree char *program = g_find_program_in_path ("virt-clone");
  Verdict ours[G_N_ELEMENTS (machines)][N_PROPERTIES] = { 0 };
  Verdict theirs[G_N_ELEMENTS (machines)][N_PROPERTIES] = { 0 };
  gboolean all_right = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (machines); i++)
    {
      Machine machine = { lab, machines[i].id, g_strdup (machines[i].name), NULL };
      g_autofree char *our_name = g_strconcat (machine.name, "-ours", NULL);
      g_autofree char *their_name = g_strconcat (machine.name, "-theirs", NULL);
      g_autoptr (GhLabRun) run = NULL;

      define_machine (&machine);
      run = gh_lab_run (lab, "clone", machine.name, "--name", our_name, "--yes", "--json", NULL);
      if (run->status != 0)
        g_test_message ("%s\n%s", run->out, run->err);
      judge (&machine, our_name, ours[i]);
      if (program != NULL)
        {
          int status = 0;

          g_free (run_tool (lab, &status, program, "--connect", uri, "--original", machine.name,
                            "--name", their_name, "--auto-clone", NULL));
          judge (&machine, their_name, theirs[i]);
        }
      g_free (machine.name);
      g_free (machine.xml);
    }

  g_test_message ("| property | Guesthouse | virt-clone |");
  for (guint p = 0; p < N_PROPERTIES; p++)
    {
      g_autofree char *us = summarize (ours, p);
      g_autofree char *them = program != NULL ? summarize (theirs, p) : g_strdup ("not installed");

      g_test_message ("| %s | %s | %s |", property_names[p], us, them);
      all_right &= strchr (us, '(') == NULL;
    }
  g_assert_true (all_right);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab-clone-table/table", test_table);
  return g_test_run ();
}
