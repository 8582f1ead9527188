/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Twelve machines that are off, each cloned by us and by virt-clone: what each got right, as a
 * table. What we get wrong fails; what virt-clone does is only shown. */

#include "gh-lab-image.h"

#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

#include "gh-domain-xml.h"
#include "gh-xml-document.h"

#define DISK(file, format, target, more) \
  "<disk type='file' device='disk'><driver name='qemu' type='" format "'/>" \
  "<source file='@/" file "'/><target dev='" target "' bus='virtio'/>" more "</disk>"
#define NIC(mac) "<interface type='user'><mac address='" mac "'/></interface>"
#define UUID "5a7d4f1e-2b60-4c55-9d0a-3f6f0c1b2e77"
#define OVMF "/usr/share/OVMF/OVMF_"

/* @ is the folder with the images, % that with the firmware variables, $ begins a port that no
 * other run of this test has. */
typedef struct
{
  const char *name;
  const char *head; /* (nullable) */
  const char *os;   /* (nullable) */
  const char *devices;
} Machine;

static const Machine machines[] = {
  { "plain", NULL, NULL,
    DISK ("plain.qcow2", "qcow2", "vda", "")
    NIC ("52:54:00:11:22:01") NIC ("52:54:00:11:22:02") NIC ("52:54:00:11:22:03") },
  { "two", NULL, NULL,
    DISK ("two-a.qcow2", "qcow2", "vda", "") DISK ("two-b.img", "raw", "vdb", "") },
  { "chain", NULL, NULL, DISK ("chain-top.qcow2", "qcow2", "vda", "") },
  { "snapshot", NULL, NULL, DISK ("snapshot.qcow2", "qcow2", "vda", "") },
  { "uefi", NULL,
    "<loader readonly='yes' type='pflash'>" OVMF "CODE_4M.fd</loader>"
    "<nvram>%/uefi_VARS.fd</nvram>",
    DISK ("uefi.qcow2", "qcow2", "vda", "") },
  { "tpm", NULL, NULL,
    DISK ("tpm.qcow2", "qcow2", "vda", "")
    "<tpm model='tpm-tis'><backend type='emulator' version='2.0'/></tpm>" },
  { "display", NULL, NULL,
    DISK ("display.qcow2", "qcow2", "vda", "")
    "<graphics type='vnc' port='$0' websocket='$3' autoport='no' listen='127.0.0.1'/>"
    "<graphics type='spice' port='$6' autoport='no' listen='127.0.0.1'/>" },
  { "lines", NULL, NULL,
    DISK ("lines.qcow2", "qcow2", "vda", "")
    "<serial type='file'><source path='@/lines-serial.txt'/></serial>"
    "<serial type='unix'><source mode='bind' path='@/lines.sock'/></serial>"
    "<channel type='unix'><source mode='bind' path='@/lines.agent'/>"
    "<target type='virtio' name='org.qemu.guest_agent.0'/></channel>" },
  { "identity",
    "<uuid>" UUID "</uuid>"
    "<sysinfo type='smbios'><system><entry name='uuid'>" UUID "</entry></system></sysinfo>",
    "<smbios mode='sysinfo'/>",
    DISK ("identity.qcow2", "qcow2", "vda", "") },
  { "numbers", "<genid>0d1f5f0e-7f2c-4a37-9d42-c2f20c1f5d11</genid>", NULL,
    DISK ("numbers.qcow2", "qcow2", "vda", "<serial>WD-1234567890</serial>")
    "<vsock model='virtio'><cid auto='no' address='4711'/></vsock>" },
  { "shared", NULL, NULL,
    DISK ("shared-a.qcow2", "qcow2", "vda", "") DISK ("shared-b.img", "raw", "vdb", "<shareable/>")
    "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>"
    "<source file='@/cd.iso'/><target dev='sda' bus='sata'/><readonly/></disk>" },
  { "a&amp;b &lt;c&gt;", NULL, NULL,
    DISK ("a&amp;b &lt;c&gt;.qcow2", "qcow2", "vda", "") NIC ("52:54:00:11:22:04") },
};

static const struct
{
  const char *name;
  const char *format;
} images[] = {
  { "plain.qcow2", "qcow2" }, { "two-a.qcow2", "qcow2" },
  { "two-b.img", "raw" }, { "chain.qcow2", "qcow2" }, { "snapshot.qcow2", "qcow2" },
  { "uefi.qcow2", "qcow2" }, { "tpm.qcow2", "qcow2" }, { "display.qcow2", "qcow2" },
  { "lines.qcow2", "qcow2" }, { "identity.qcow2", "qcow2" }, { "numbers.qcow2", "qcow2" },
  { "shared-a.qcow2", "qcow2" }, { "shared-b.img", "raw" }, { "cd.iso", "raw" },
  { "a&b <c>.qcow2", "qcow2" },
};

/* One machine and the clone that one of the two made of it. */
typedef struct
{
  GhLab          *lab;
  char           *source_name;
  char           *clone_name;
  GhXmlDocument  *source;
  GhXmlDocument  *clone;   /* (nullable): there is none */
  char           *before;  /* the source, its files included */
  char           *after;
  char           *said;
  GStrv           extra;   /* what is there now, and was not */
} Pair;

static void
pair_free (Pair *self)
{
  g_free (self->source_name);
  g_free (self->clone_name);
  g_clear_pointer (&self->source, gh_xml_document_free);
  g_clear_pointer (&self->clone, gh_xml_document_free);
  g_free (self->before);
  g_free (self->after);
  g_free (self->said);
  g_strfreev (self->extra);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pair, pair_free)

/* What is looked at: says what is wrong, or how it was done, in @detail. */
typedef gboolean (*Look) (Pair *pair, const char *xpath, GString *detail);

static GHashTable *
list_values (GhXmlDocument *document,
             const char    *xpath)
{
  g_autoptr (GPtrArray) nodes = gh_xml_document_find_all (document, xpath);
  GHashTable *values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < nodes->len; i++)
    g_hash_table_add (values, gh_xml_node_dup_text (g_ptr_array_index (nodes, i)));
  return values;
}

/* Nothing that only one of them can have is in both. */
static gboolean
is_its_own (Pair       *pair,
            const char *xpath,
            GString    *detail)
{
  g_autoptr (GHashTable) source = list_values (pair->source, xpath);
  g_autoptr (GHashTable) clone = list_values (pair->clone, xpath);
  GHashTableIter iter;
  gpointer value = NULL;

  g_hash_table_iter_init (&iter, clone);
  while (g_hash_table_iter_next (&iter, &value, NULL))
    if (g_hash_table_contains (source, value))
      g_string_append_printf (detail, " %s", (const char *) value);
  return detail->len == 0;
}

static gboolean
is_renewed (Pair       *pair,
            const char *xpath,
            GString    *detail)
{
  g_autoptr (GHashTable) source = list_values (pair->source, xpath);
  g_autoptr (GHashTable) clone = list_values (pair->clone, xpath);

  return is_its_own (pair, xpath, detail) &&
         g_hash_table_size (source) == g_hash_table_size (clone);
}

static gboolean
is_kept (Pair       *pair,
         const char *xpath,
         GString    *detail)
{
  g_autoptr (GPtrArray) source = gh_xml_document_find_all (pair->source, xpath);
  g_autoptr (GPtrArray) clone = gh_xml_document_find_all (pair->clone, xpath);

  for (guint i = 0; i < source->len && source->len == clone->len; i++)
    {
      g_autofree char *one = gh_xml_node_dup_text (g_ptr_array_index (source, i));
      g_autofree char *other = gh_xml_node_dup_text (g_ptr_array_index (clone, i));

      if (strcmp (one, other) != 0)
        g_string_append_printf (detail, " %s", other);
    }
  return detail->len == 0 && source->len == clone->len;
}

/* Controllers are libvirt's own affair. */
static gboolean
has_devices (Pair       *pair,
             const char *xpath,
             GString    *detail)
{
  g_autoptr (GPtrArray) source = gh_xml_document_find_all (pair->source, xpath);
  g_autoptr (GPtrArray) clone = gh_xml_document_find_all (pair->clone, xpath);

  for (guint i = 0; i < source->len && source->len == clone->len; i++)
    {
      xmlNode *node = g_ptr_array_index (clone, i);

      if (!gh_xml_node_is (g_ptr_array_index (source, i), (const char *) node->name))
        g_string_append_printf (detail, " %s", (const char *) node->name);
    }
  return detail->len == 0 && source->len == clone->len;
}

static gboolean
is_clone_uuid (Pair       *pair,
               const char *xpath,
               GString    *detail)
{
  g_autofree char *uuid = gh_xml_document_dup_text (pair->clone, "uuid");
  g_autofree char *value = gh_xml_document_dup_text (pair->clone, xpath);

  g_string_append_printf (detail, " %s", value);
  return g_strcmp0 (uuid, value) == 0;
}

static gboolean
has_contents (const char *one,
              const char *format,
              const char *other,
              const char *other_format)
{
  const char *words[] = { "qemu-img", "compare", "-f", format, "-F", other_format, one, other,
                          NULL };
  int status = 0;

  return g_spawn_sync (NULL, (char **) words, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                       G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL) &&
         g_spawn_check_wait_status (status, NULL);
}

/* Images of its own, of the format the definition says, with the same in them. */
static gboolean
has_images (Pair       *pair,
            const char *xpath,
            GString    *detail)
{
  g_autoptr (GPtrArray) source = gh_xml_document_find_all (pair->source, xpath);
  g_autoptr (GPtrArray) clone = gh_xml_document_find_all (pair->clone, xpath);

  for (guint i = 0; i < source->len && source->len == clone->len; i++)
    {
      xmlNode *one = g_ptr_array_index (source, i);
      xmlNode *other = g_ptr_array_index (clone, i);
      g_autofree char *path = gh_xml_node_dup_child_attribute (one, "source", "file");
      g_autofree char *format = gh_xml_node_dup_child_attribute (one, "driver", "type");
      g_autofree char *clone_path = gh_xml_node_dup_child_attribute (other, "source", "file");
      g_autofree char *clone_format = gh_xml_node_dup_child_attribute (other, "driver", "type");

      if (clone_path == NULL || strcmp (path, clone_path) == 0 ||
          !has_contents (path, format, clone_path, clone_format))
        g_string_append_printf (detail, " %s", clone_path);
    }
  return detail->len == 0 && source->len == clone->len;
}

/* The chain was put into one image, or goes on to what the original lies on. */
static gboolean
has_chain (Pair       *pair,
           const char *xpath,
           GString    *detail)
{
  g_autofree char *path = gh_xml_document_dup_text (pair->clone, xpath);
  g_autofree char *info = gh_lab_run_tool ("qemu-img", "info", "--output=json", path, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *base = gh_lab_dup_path (pair->lab, "images/chain.qcow2");
  const char *backing = NULL;

  g_assert_true (json_parser_load_from_data (parser, info, -1, NULL));
  backing = json_object_get_string_member_with_default (
    json_node_get_object (json_parser_get_root (parser)), "full-backing-filename", NULL);
  g_string_append (detail, backing == NULL ? " in one image" : " on the same base");
  return backing == NULL || strcmp (backing, base) == 0;
}

/* By us as a check, by virt-clone in words. */
static gboolean
was_said (Pair       *pair,
          const char *check,
          const char *word)
{
  g_autofree char *id = g_strdup_printf ("\"%s\"", check);

  return strstr (pair->said, id) != NULL ||
         (strstr (pair->said, "WARNING") != NULL && strstr (pair->said, word) != NULL);
}

/* It is there, or it was said that it is not. */
static gboolean
has_snapshot (Pair       *pair,
              const char *xpath,
              GString    *detail)
{
  g_autofree char *path = gh_xml_document_dup_text (pair->clone, xpath);
  gboolean kept = gh_lab_count_snapshots (path) == 1;
  gboolean said = was_said (pair, "snapshots-dropped", "snapshot");

  g_string_append (detail, kept ? " kept" : said ? " dropped, and said" : " dropped, not said");
  return kept || said;
}

static gboolean
has_variables (Pair       *pair,
               const char *xpath,
               GString    *detail)
{
  g_autofree char *path = gh_xml_document_dup_text (pair->source, xpath);
  g_autofree char *clone_path = gh_xml_document_dup_text (pair->clone, xpath);
  g_autofree char *bytes = NULL;
  g_autofree char *clone_bytes = NULL;
  gsize length = 0;
  gsize clone_length = 0;

  g_string_append_printf (detail, " %s", clone_path);
  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  return g_strcmp0 (path, clone_path) != 0 && clone_path != NULL &&
         g_file_get_contents (clone_path, &clone_bytes, &clone_length, NULL) &&
         length == clone_length && memcmp (bytes, clone_bytes, length) == 0;
}

/* It has one, without the secrets of the original, and the user knows. */
static gboolean
has_fresh_tpm (Pair       *pair,
               const char *xpath,
               GString    *detail)
{
  g_autofree char *uuid = gh_xml_document_dup_text (pair->clone, "uuid");
  g_autofree char *state = g_build_filename (gh_lab_get_folder (pair->lab), ".config", "libvirt",
                                             "qemu", "swtpm", uuid, NULL);
  gboolean fresh = !g_file_test (state, G_FILE_TEST_EXISTS);
  gboolean said = was_said (pair, "tpm-fresh", "TPM");

  g_string_append (detail, fresh ? " fresh" : " copied");
  g_string_append (detail, said ? ", and said" : ", not said");
  return gh_xml_document_find (pair->clone, xpath) != NULL && fresh && said;
}

static gboolean
is_unchanged (Pair       *pair,
              const char *xpath,
              GString    *detail)
{
  return strcmp (pair->before, pair->after) == 0;
}

/* Of what is new, all belongs to the clone. */
static gboolean
is_tidy (Pair       *pair,
         const char *xpath,
         GString    *detail)
{
  g_autofree char *xml = gh_xml_document_to_string (pair->clone);
  g_autoptr (GhDomainXml) domain = gh_domain_xml_new_from_string (xml, NULL);
  g_auto (GStrv) paths = gh_domain_xml_list_paths (domain);
  g_autofree char *machine = g_strconcat ("machine ", pair->clone_name, NULL);
  g_autofree char *file = g_strdup_printf ("file .config/libvirt/qemu/%s.xml", pair->clone_name);

  for (guint i = 0; pair->extra[i] != NULL; i++)
    {
      const char *line = pair->extra[i];
      const char *name = strchr (line, ' ') + 1;
      g_autofree char *path = g_str_has_prefix (line, "volume ")
                                ? gh_lab_dup_path (pair->lab, name)
                                : g_build_filename (gh_lab_get_folder (pair->lab), name, NULL);

      if (strcmp (line, machine) != 0 && strcmp (line, file) != 0 &&
          !g_strv_contains ((const char * const *) paths, path))
        g_string_append_printf (detail, " %s,", line);
    }
  return detail->len == 0;
}

static virDomainPtr
start (GhLab       *lab,
       const char  *name,
       char       **why) /* it does not */
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);

  g_assert_nonnull (domain);
  if (virDomainIsActive (domain) == 1 ||
      virDomainCreateWithFlags (domain, VIR_DOMAIN_START_PAUSED) == 0)
    return domain;
  *why = g_strdup (virGetLastErrorMessage ());
  virDomainFree (domain);
  return NULL;
}

static void
stop (virDomainPtr domain)
{
  g_assert_cmpint (virDomainDestroy (domain), ==, 0);
  virDomainFree (domain);
}

/* Both at once: nothing that only one can have is in the way. The original goes on, for the other
 * clone: this is looked at last. */
static gboolean
starts_beside (Pair       *pair,
               const char *xpath,
               GString    *detail)
{
  g_autofree char *why = NULL;
  virDomainPtr source = start (pair->lab, pair->source_name, &why);
  virDomainPtr clone = NULL;

  if (source == NULL)
    g_error ("%s: %s", pair->source_name, why);
  virDomainFree (source);
  clone = start (pair->lab, pair->clone_name, &why);
  if (clone == NULL)
    {
      g_string_append_printf (detail, " %s", g_strdelimit (why, "\n", ' '));
      return FALSE;
    }
  stop (clone);
  return TRUE;
}

static const struct
{
  const char *title;
  const char *where; /* looked at only where the machine has this */
  Look        look;
  const char *xpath;
} rows[] = {
  { "new UUID", "uuid", is_renewed, "uuid" },
  { "no device lost", "devices", has_devices, "devices/*[not(self::controller)]" },
  { "new MACs", "devices/interface", is_renewed, "devices/interface/mac/@address" },
  { "new generation ID", "genid", is_renewed, "genid" },
  { "firmware tells the new UUID", "sysinfo", is_clone_uuid,
    "sysinfo/system/entry[@name='uuid']" },
  { "disk serial kept", "devices/disk/serial", is_kept, "devices/disk/serial" },
  { "vsock address", "devices/vsock", is_its_own, "devices/vsock/cid/@address" },
  { "ports", "devices/graphics", is_its_own,
    "devices/graphics/@*[(name() = 'port' or name() = 'websocket') and . > 0]" },
  { "files and sockets", "devices/channel[@type='unix']", is_its_own,
    "devices/*[self::serial or self::console or self::channel]/source/@path" },
  { "disk contents", "devices/disk", has_images,
    "devices/disk[@device='disk' and not(shareable)]" },
  { "chain", "self::*[name='chain']", has_chain, "devices/disk/source/@file" },
  { "snapshot in the image", "self::*[name='snapshot']", has_snapshot,
    "devices/disk/source/@file" },
  { "shared disk and CD", "devices/disk/shareable", is_kept,
    "devices/disk[shareable or @device='cdrom']/source/@file" },
  { "firmware variables", "os/nvram", has_variables, "os/nvram" },
  { "TPM", "devices/tpm", has_fresh_tpm, "devices/tpm/backend[@type='emulator']" },
  { "original unchanged", "uuid", is_unchanged, NULL },
  { "nothing left over", "uuid", is_tidy, NULL },
  { "starts beside it", "self::*[devices/graphics or devices/channel/source or "
    "devices/disk/shareable]", starts_beside, NULL },
};

/* What is cloned */

static void
make_images (GhLab *lab)
{
  g_autofree char *folder = gh_lab_dup_path (lab, "images");
  g_autofree char *base = gh_lab_dup_path (lab, "images/chain.qcow2");
  g_autofree char *top = gh_lab_dup_path (lab, "images/chain-top.qcow2");
  g_autofree char *snapshot = gh_lab_dup_path (lab, "images/snapshot.qcow2");
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>images</name><target>"
                                          "<path>%s</path></target></pool>", folder);
  virStoragePoolPtr pool = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (images); i++)
    {
      g_autofree char *path = g_build_filename (folder, images[i].name, NULL);
      g_autofree char *command = g_strdup_printf ("write -P %u 1M 2M", i + 1);

      g_free (gh_lab_run_tool ("qemu-img", "create", "-q", "-f", images[i].format, path, "16M",
                               NULL));
      g_free (gh_lab_run_tool ("qemu-io", "-f", images[i].format, "-c", command, path, NULL));
    }
  g_free (gh_lab_run_tool ("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base,
                           top, NULL));
  gh_lab_write_pattern (top, "write -P 0xcd 2M 2M");
  g_free (gh_lab_run_tool ("qemu-img", "snapshot", "-c", "one", snapshot, NULL));
  gh_lab_write_pattern (snapshot, "write -P 0xce 2M 2M");
  pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);
  g_assert_nonnull (pool);
  g_assert_cmpint (virStoragePoolCreate (pool, 0), ==, 0);
  virStoragePoolFree (pool);
}

static char *
dup_nvram_folder (GhLab *lab)
{
  return g_build_filename (gh_lab_get_folder (lab), ".config", "libvirt", "qemu", "nvram", NULL);
}

/* The machine's name. */
static char *
define (GhLab         *lab,
        const Machine *machine)
{
  g_autofree char *images_folder = gh_lab_dup_path (lab, "images");
  g_autofree char *nvram_folder = dup_nvram_folder (lab);
  /* Below those that the kernel gives to anybody. */
  g_autofree char *port = g_strdup_printf ("%u", 2000 + (guint) getpid () % 1000);
  GString *xml = g_string_new (NULL);
  virDomainPtr domain = NULL;
  char *name = NULL;

  g_string_printf (xml, "<domain type='qemu'><name>%s</name>%s<memory unit='MiB'>64</memory><os>"
                   "<type arch='x86_64' machine='q35'>hvm</type>%s</os><features><acpi/></features>"
                   "<devices>%s<memballoon model='none'/></devices></domain>", machine->name,
                   machine->head != NULL ? machine->head : "",
                   machine->os != NULL ? machine->os : "", machine->devices);
  g_string_replace (xml, "@", images_folder, 0);
  g_string_replace (xml, "%", nvram_folder, 0);
  g_string_replace (xml, "$", port, 0);
  domain = virDomainDefineXMLFlags (gh_lab_connect (lab), xml->str, VIR_DOMAIN_DEFINE_VALIDATE);
  if (domain == NULL)
    g_error ("%s: %s", machine->name, virGetLastErrorMessage ());
  name = g_strdup (virDomainGetName (domain));
  virDomainFree (domain);
  g_string_free (xml, TRUE);
  return name;
}

/* Firmware variables that are no template's, and a TPM that was used. */
static void
make_states (GhLab *lab)
{
  g_autofree char *folder = dup_nvram_folder (lab);
  g_autofree char *path = g_build_filename (folder, "uefi_VARS.fd", NULL);
  g_autofree char *bytes = NULL;
  g_autofree char *uuid = gh_lab_dup_machine_uuid (lab, "tpm");
  g_autofree char *tpm_folder = g_build_filename (gh_lab_get_folder (lab), ".config", "libvirt",
                                                  "qemu", "swtpm", uuid, "tpm2", NULL);
  g_autofree char *state = g_build_filename (tpm_folder, "tpm2-00.permall", NULL);
  gsize length = 0;

  g_assert_true (g_file_get_contents (OVMF "VARS_4M.fd", &bytes, &length, NULL));
  bytes[length / 2] ^= 0x5a;
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
  g_assert_cmpint (g_mkdir_with_parents (tpm_folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (state, "secrets", -1, NULL));
}

/* Cloning */

static char *
dup_state (GhLab      *lab,
           const char *name)
{
  g_autofree char *xml = gh_lab_dup_xml (lab, name);
  g_autoptr (GhDomainXml) domain = gh_domain_xml_new_from_string (xml, NULL);
  g_auto (GStrv) paths = gh_domain_xml_list_paths (domain);
  GString *state = g_string_new (xml);

  for (guint i = 0; paths[i] != NULL; i++)
    if (g_file_test (paths[i], G_FILE_TEST_IS_REGULAR) && !g_str_has_prefix (paths[i], "/usr/"))
      {
        g_autofree char *sum = gh_lab_run_tool ("sha256sum", paths[i], NULL);

        g_string_append_printf (state, "%s%o\n", sum, gh_lab_get_mode (paths[i]));
      }
  return g_string_free (state, FALSE);
}

static char *
run_ours (GhLab      *lab,
          const char *name,
          const char *clone_name)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "clone", name, "--name", clone_name, "--yes",
                                         "--json", NULL);

  return g_strconcat (run->out, run->err, NULL);
}

static char *
run_theirs (GhLab      *lab,
            const char *name,
            const char *clone_name)
{
  const char *words[] = { "virt-clone", "--connect", "qemu:///session", "--original", name,
                          "--name", clone_name, "--auto-clone", NULL };
  g_auto (GStrv) environment = gh_lab_dup_environ (lab);
  g_autofree char *out = NULL;
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;

  g_spawn_sync (NULL, (char **) words, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                NULL, &error);
  g_assert_no_error (error);
  return g_strconcat (out, err, NULL);
}

static Pair *
make_pair (GhLab      *lab,
           const char *name,
           const char *suffix,
           char       *(*run) (GhLab *, const char *, const char *))
{
  g_auto (GStrv) before = gh_lab_list_inventory (lab);
  g_auto (GStrv) after = NULL;
  g_autoptr (GPtrArray) extra = g_ptr_array_new ();
  g_autofree char *xml = gh_lab_dup_xml (lab, name);
  g_autofree char *clone_xml = NULL;
  Pair *self = g_new0 (Pair, 1);

  self->lab = lab;
  self->source_name = g_strdup (name);
  self->clone_name = g_strconcat (name, suffix, NULL);
  self->source = gh_xml_document_new (xml, "domain", NULL);
  self->before = dup_state (lab, name);
  self->said = run (lab, name, self->clone_name);
  self->after = dup_state (lab, name);
  after = gh_lab_list_inventory (lab);
  for (guint i = 0; after[i] != NULL; i++)
    if (!g_strv_contains ((const char * const *) before, after[i]))
      g_ptr_array_add (extra, g_strdup (after[i]));
  g_ptr_array_add (extra, NULL);
  self->extra = (GStrv) g_ptr_array_free (g_steal_pointer (&extra), FALSE);
  if (gh_lab_get_machine_state (lab, self->clone_name) >= 0)
    {
      clone_xml = gh_lab_dup_xml (lab, self->clone_name);
      self->clone = gh_xml_document_new (clone_xml, "domain", NULL);
    }
  return self;
}

/* One cell of the table; whether it is as it should be. */
static gboolean
fill_cell (Pair     *pair,
           guint     row,
           GString  *cell)
{
  g_autoptr (GString) detail = g_string_new (NULL);
  gboolean right = FALSE;

  if (pair->clone == NULL)
    g_string_append (detail, " there is no clone");
  else
    right = rows[row].look (pair, rows[row].xpath, detail);
  g_string_append (cell, right ? "yes" : "NO");
  if (detail->len > 0 && (!right || rows[row].look == has_chain || rows[row].look == has_snapshot ||
                          rows[row].look == has_fresh_tpm))
    g_string_append_printf (cell, " (%s)", g_strstrip (detail->str));
  return right;
}

/* The rows of one machine; how many of them each got right is added up. */
static guint
compare (GhLab      *lab,
         const char *name,
         guint      *n_ours,
         guint      *n_theirs)
{
  g_autoptr (Pair) ours = make_pair (lab, name, "-ours", run_ours);
  g_autoptr (Pair) theirs = make_pair (lab, name, "-theirs", run_theirs);
  guint n_rows = 0;

  if (ours->clone == NULL)
    g_test_message ("%s: Guesthouse said: %s", name, ours->said);
  if (theirs->clone == NULL)
    g_test_message ("%s: virt-clone said: %s", name, theirs->said);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) line = g_string_new (NULL);
      gboolean right = FALSE;

      if (gh_xml_document_find (ours->source, rows[i].where) == NULL)
        continue;
      n_rows++;
      g_string_printf (line, "%-9s %-28s ", name, rows[i].title);
      right = fill_cell (ours, i, line);
      *n_ours += right ? 1 : 0;
      g_string_append (line, " / ");
      *n_theirs += fill_cell (theirs, i, line) ? 1 : 0;
      g_test_message ("%s", line->str);
      if (!right)
        g_test_fail ();
    }
  if (gh_lab_get_machine_state (lab, name) == VIR_DOMAIN_PAUSED)
    stop (virDomainLookupByName (gh_lab_connect (lab), name));
  return n_rows;
}

static void
test_yardstick (void)
{
  g_autofree char *program = g_find_program_in_path ("virt-clone");
  g_autoptr (GhLab) lab = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  guint n_rows = 0;
  guint n_ours = 0;
  guint n_theirs = 0;

  if (program == NULL)
    {
      g_test_skip ("no virt-clone");
      return;
    }
  lab = gh_lab_new ();
  make_images (lab);
  for (guint i = 0; i < G_N_ELEMENTS (machines); i++)
    g_ptr_array_add (names, define (lab, &machines[i]));
  make_states (lab);
  g_test_message ("%-9s %-28s Guesthouse / virt-clone", "machine", "");
  for (guint i = 0; i < names->len; i++)
    n_rows += compare (lab, g_ptr_array_index (names, i), &n_ours, &n_theirs);
  g_test_message ("right: Guesthouse %u, virt-clone %u of %u; where there is no clone, all is "
                  "counted as wrong", n_ours, n_theirs, n_rows);
  g_assert_cmpuint (names->len, ==, 12);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lab/yardstick", test_yardstick);
  return g_test_run ();
}
