/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What keeps a machine from running at another host as it is, from its definition and what that
 * host says of itself. Pure: reads documents only. What libvirt would not define there is refused;
 * of what only may be missing is warned, since a move that cannot begin changes nothing. */

#define G_LOG_DOMAIN "gh-migrate-hardware"

#include "config.h"

#include "gh-migrate-hardware.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-format.h"
#include "gh-xml-document.h"

/* Counters of two processors may differ so much: libvirt's own measure, in millionths. */
#define TSC_TOLERANCE_PPM 250
/* The usual default; a host may be started with another one. */
#define DEFAULT_HUGE_PAGE_KIB 2048

typedef struct
{
  GhXmlDocument        *machine;      /* (unowned) */
  GhXmlDocument        *offer;        /* (nullable) */
  GhXmlDocument        *capabilities; /* (nullable) */
  const GhMigrateOffer *there;        /* (unowned) */
  GhPlanDraft          *draft;        /* (unowned) */
} Comparison;

/* Takes @title. */
static void
take_check (Comparison   *self,
            GhCheckLevel  level,
            const char   *id,
            char         *title,
            const char   *detail)
{
  gh_plan_draft_add_check (self->draft, gh_check_new (level, id, title, detail));
  g_free (title);
}

/* What the host offers */

/* FALSE only where the host lists what it has of this, and @value is not there: not every libvirt
 * lists everything, so only what each that lists any of it would list is asked about. */
static gboolean
is_offered (Comparison *self,
            const char *element,
            const char *list,
            const char *value)
{
  g_autofree char *xpath = g_strdup_printf ("devices/%s[@supported='yes']/enum[@name='%s']/value",
                                            element, list);
  g_autofree char *none = g_strdup_printf ("devices/%s[@supported='no']", element);
  g_autoptr (GPtrArray) values = NULL;

  if (self->offer == NULL)
    return TRUE;
  if (gh_xml_document_has (self->offer, none))
    return FALSE;
  values = gh_xml_document_list_texts (self->offer, xpath);
  return values->len == 0 ||
         g_ptr_array_find_with_equal_func (values, value, g_str_equal, NULL);
}

static void
check_kinds (Comparison *self)
{
  static const struct
  {
    const char *xpath;
    const char *element;
    const char *list;
    const char *id;
    const char *title;
  }
  kinds[] = {
    { "devices/graphics[@type='spice' or @type='vnc' or @type='sdl']/@type", "graphics", "type",
      "display",
      /* Translators: a host, and a kind of display: “spice”. */
      N_("%s cannot show the machine’s screen by %s") },
    { "devices/video/model[@type!='none']/@type", "video", "modelType", "video",
      /* Translators: a host, and a model of graphics cards: “qxl”. */
      N_("%s has no graphics card %s") },
    { "devices/tpm/@model", "tpm", "model", "tpm-model",
      /* Translators: a host, and a model of TPMs: “tpm-crb”. */
      N_("%s has no TPM of the model %s") },
    /* SD cards are never listed. */
    { "devices/disk/target[@bus!='sd']/@bus", "disk", "bus", "device-kind",
      /* Translators: a host, and a kind of device: “usb”. */
      N_("%s has no disks on %s") },
    { "devices/rng/@model", "rng", "model", "device-kind",
      N_("%s has no source of random numbers %s") },
    { "devices/rng/backend/@model", "rng", "backendModel", "device-kind",
      N_("%s has no source of random numbers %s") },
    { "devices/redirdev/@bus", "redirdev", "bus", "device-kind",
      N_("%s cannot pass devices of a console on by %s") },
    { "devices/channel[@type='spicevmc']/@type", "channel", "type", "device-kind",
      N_("%s has no channels of the kind %s") },
    { "devices/crypto/@model", "crypto", "model", "device-kind",
      N_("%s has no crypto device %s") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GPtrArray) values = gh_xml_document_list_texts (self->machine, kinds[i].xpath);

      for (guint j = 0; j < values->len; j++)
        {
          const char *value = g_ptr_array_index (values, j);
          g_autofree char *title = NULL;

          if (is_offered (self, kinds[i].element, kinds[i].list, value))
            continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
          title = g_strdup_printf (_(kinds[i].title), self->there->there, value);
#pragma GCC diagnostic pop
          take_check (self, GH_CHECK_REFUSAL, kinds[i].id, g_steal_pointer (&title),
                      self->there->live
                      ? _("Its QEMU was built without it. Shut the machine down and give it "
                          "another one, which that host has.")
                      : _("Its QEMU was built without it. Give the machine another one, which that "
                          "host has."));
        }
    }
}

/* What libvirt chooses, it chooses among what it lists; a file that is named may be there all the
 * same. */
static void
check_firmware (Comparison *self)
{
  g_autofree char *path = gh_xml_document_dup_text (self->machine, "os/loader");
  gboolean secure = gh_xml_document_has (self->machine,
                                         "os[@firmware='efi']/loader[@secure='yes']");
  g_autoptr (GPtrArray) paths = NULL;
  g_autoptr (GPtrArray) modes = NULL;

  if (self->offer == NULL)
    return;
  modes = gh_xml_document_list_texts (self->offer, "os/loader/enum[@name='secure']/value");
  if (secure && modes->len > 0 &&
      !g_ptr_array_find_with_equal_func (modes, "yes", g_str_equal, NULL))
    take_check (self, GH_CHECK_REFUSAL, "secure-boot",
                g_strdup_printf (_("%s has no firmware with Secure Boot"), self->there->there),
                _("The package “ovmf” is missing there, or older."));
  paths = gh_xml_document_list_texts (self->offer, "os/loader/value");
  if (path == NULL || *path != '/' || paths->len == 0 ||
      g_ptr_array_find_with_equal_func (paths, path, g_str_equal, NULL))
    return;
  take_check (self, GH_CHECK_WARNING, "loader",
              g_strdup_printf (_("%s does not list the machine’s firmware: %s"), self->there->there,
                               path),
              self->there->live
              ? _("If the file is not there, the move fails before anything is sent, and the "
                  "machine goes on here. Install the same package of firmware there.")
              : _("If the file is not there, the machine does not start there. Install the same "
                  "package of firmware there."));
}

/* Clocks and memory */

static guint64
get_number (GhXmlDocument *document,
            const char    *xpath)
{
  g_autofree char *text = document != NULL ? gh_xml_document_dup_text (document, xpath) : NULL;

  return text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;
}

/* A guest that was promised a counter that never changes its pace. */
static void
check_tsc (Comparison *self)
{
  guint64 wanted = get_number (self->machine, "clock/timer[@name='tsc']/@frequency");
  guint64 there = get_number (self->capabilities, "host/cpu/counter[@name='tsc']/@frequency");
  gboolean scales = self->capabilities != NULL &&
                    gh_xml_document_has (self->capabilities, "host/cpu/counter[@name='tsc' and "
                                          "@scaling='yes']");
  gboolean invariant = gh_xml_document_has (self->machine, "cpu/feature[@name='invtsc' and "
                                             "(@policy='require' or @policy='force')]");
  guint64 difference = wanted > there ? wanted - there : there - wanted;

  if (!self->there->live)
    return;
  if (invariant && wanted == 0)
    take_check (self, GH_CHECK_REFUSAL, "tsc-unset",
                g_strdup (_("The guest was promised a clock that no move can keep")),
                _("Its processor has “invtsc”, and the frequency of its time stamp counter is not "
                  "fixed. Shut the machine down; fix the frequency, or move it while it is off."));
  else if (wanted > 0 && there > 0 && !scales && difference > wanted / 1000000 * TSC_TOLERANCE_PPM)
    take_check (self, GH_CHECK_REFUSAL, "tsc-differs",
                g_strdup_printf (_("The processor of %s counts time at another pace"),
                                 self->there->there),
                _("The time stamp counter of the guest has a fixed frequency, which that processor "
                  "neither has nor can pretend. Move the machine while it is off, without it."));
}

static guint64
get_unit_kib (const char *unit)
{
  if (unit == NULL || *unit == 'K' || *unit == 'k')
    return 1;
  return *unit == 'M' ? 1024 : *unit == 'G' ? 1024 * 1024 : *unit == 'T' ? 1024 * 1024 * 1024 : 0;
}

guint64
gh_migrate_get_huge_page_kib (GhDomainXml *machine)
{
  g_autofree char *backed = NULL;
  g_autofree char *part = NULL;
  g_autofree char *size = NULL;
  g_autofree char *unit = NULL;

  g_return_val_if_fail (GH_IS_DOMAIN_XML (machine), 0);

  backed = gh_domain_xml_dup_text (machine, "memoryBacking/hugepages");
  part = gh_domain_xml_dup_text (machine, "memoryBacking/hugepages/page/@nodeset");
  if (backed == NULL || part != NULL)
    return 0;
  size = gh_domain_xml_dup_text (machine, "memoryBacking/hugepages/page/@size");
  unit = gh_domain_xml_dup_text (machine, "memoryBacking/hugepages/page/@unit");
  return size != NULL ? g_ascii_strtoull (size, NULL, 10) * get_unit_kib (unit)
                      : DEFAULT_HUGE_PAGE_KIB;
}

/* The kernel may find more pages than are free (overcommit), and others when the machine names no
 * size: what is free is no reason to refuse. */
static void
check_huge_pages (Comparison  *self,
                  GhDomainXml *machine)
{
  guint64 page = gh_migrate_get_huge_page_kib (machine);
  guint64 memory = gh_domain_xml_get_memory_kib (machine);
  g_autofree char *size = gh_format_memory (page);
  g_autofree char *needed = gh_format_memory (memory);
  g_autofree char *left = gh_format_memory ((guint64) MAX (self->there->huge_kib, 0));
  g_autofree char *command = NULL;
  g_autofree char *detail = NULL;

  if (page == 0 || self->there->huge_kib < 0 || (guint64) self->there->huge_kib >= memory)
    return;
  command = g_strdup_printf ("virsh allocpages %" G_GUINT64_FORMAT "KiB %" G_GUINT64_FORMAT
                             " --all", page, (memory + page - 1) / page);
  /* Translators: %s is a command. */
  detail = g_strdup_printf (_("More can be set aside there, while enough memory is free in one "
                              "piece: %s"), command);
  take_check (self, GH_CHECK_WARNING, "huge-pages",
              /* Translators: a host, a size of pages, and two amounts of memory. */
              g_strdup_printf (_("%s has %s free in pages of %s, and the machine needs %s of them"),
                               self->there->there, left, size, needed), detail);
}

static void
check_modules (Comparison *self)
{
  if (!self->there->live)
    return;
  if (gh_xml_document_has (self->machine, "devices/memory[(@model='dimm' or @model='nvdimm') and "
                                          "not(address)]"))
    take_check (self, GH_CHECK_REFUSAL, "memory-module",
                g_strdup (_("A module of its memory has no slot")),
                _("Without one it cannot be put into the same place there. Shut the machine down "
                  "and start it once, or move it while it is off."));
  else if (gh_xml_document_has (self->machine, "devices/memory[@model='sgx-epc']"))
    take_check (self, GH_CHECK_REFUSAL, "memory-module",
                g_strdup (_("A part of its memory is locked to this processor")),
                _("What is in an enclave (SGX) cannot leave the processor. Move the machine while "
                  "it is off."));
}

/* What is of the host */

static void
check_3d (Comparison *self)
{
  if (!self->there->live)
    return;
  if (gh_xml_document_has (self->machine, "devices/video/model/acceleration[@accel3d='yes']") ||
      gh_xml_document_has (self->machine, "devices/video/driver[@name='vhostuser']"))
    take_check (self, GH_CHECK_REFUSAL, "video-3d",
                g_strdup (_("The guest draws with this host’s own graphics card")),
                _("What is in there cannot be sent. Shut the machine down and switch 3D "
                  "acceleration off, or move it while it is off."));
}

/* Ports that are the host's. */
static void
check_ports (Comparison *self)
{
  g_autoptr (GPtrArray) ports = gh_xml_document_list_texts (
    self->machine, "devices/*[(self::serial or self::parallel or self::console or self::channel) "
                   "and @type='dev']/source/@path");

  for (guint i = 0; i < ports->len; i++)
    take_check (self, GH_CHECK_WARNING, "host-port",
                g_strdup_printf (_("The machine has a port of this host: %s"),
                                 (char *) g_ptr_array_index (ports, i)),
                _("There it gets the port of the same name, with what is plugged in there. If it "
                  "is missing, the machine does not run there."));
}

/* Files, devices and sockets of the host's, made by others. */
static void
check_paths (Comparison *self)
{
  static const char * const xpaths[] = {
    "devices/*[(self::serial or self::parallel or self::console or self::channel) and "
    "(@type='file' or @type='pipe' or (@type='unix' and source/@mode='connect'))]/source/@path",
    "devices/interface[@type='vhostuser']/source/@path",
    "devices/memory[@model='nvdimm' or @model='virtio-pmem']/source/path",
    "devices/tpm/backend[@type='external']/source/@path",
    "devices/graphics/gl/@rendernode",
    "devices/input[@type='passthrough']/source/@evdev",
    "devices/input[@type='evdev']/source/@dev",
    "os/kernel", "os/initrd", "os/dtb",
  };

  for (guint i = 0; i < G_N_ELEMENTS (xpaths); i++)
    {
      g_autoptr (GPtrArray) paths = gh_xml_document_list_texts (self->machine, xpaths[i]);

      for (guint j = 0; j < paths->len; j++)
        take_check (self, GH_CHECK_NOTE, "host-path",
                    g_strdup_printf (_("The machine needs this at %s too: %s"),
                                     self->there->there, (char *) g_ptr_array_index (paths, j)),
                    self->there->live
                    ? _("It does not go along. If it is missing there, the move fails before "
                        "anything is sent, and the machine goes on here.")
                    : _("It does not go along. If it is missing there, the machine does not "
                        "start."));
    }
}

/* A TPM that is a chip of the host. */
static void
check_chip (Comparison *self)
{
  if (gh_xml_document_has (self->machine, "devices/tpm/backend[@type='passthrough']"))
    take_check (self, self->there->live ? GH_CHECK_REFUSAL : GH_CHECK_WARNING, "tpm-chip",
                g_strdup (_("The machine’s TPM is a chip of this host")),
                _("It stays here, with all keys in it. Take it out of the machine first."));
}

static void
check_user_network (Comparison *self)
{
  if (!self->there->live ||
      !gh_xml_document_has (self->machine, "devices/interface[@type='user']"))
    return;
  take_check (self, GH_CHECK_NOTE, "user-network",
              g_strdup (_("Connections the guest has to the outside end")),
              _("They go through a program of this host (user networking). New ones can be made "
                "there at once."));
}

/* A label that is fixed in the definition; others are given anew at each host. */
static void
check_labels (Comparison *self)
{
  g_autoptr (GPtrArray) models = gh_xml_document_list_texts (self->machine,
                                                             "seclabel[@type='static']/@model");
  g_autoptr (GPtrArray) there = NULL;

  if (self->capabilities == NULL)
    return;
  there = gh_xml_document_list_texts (self->capabilities, "host/secmodel/model");
  for (guint i = 0; i < models->len; i++)
    {
      const char *model = g_ptr_array_index (models, i);

      if (strcmp (model, "none") != 0 &&
          !g_ptr_array_find_with_equal_func (there, model, g_str_equal, NULL))
        take_check (self, GH_CHECK_REFUSAL, "security-label",
                    /* Translators: a host, and a way to keep programs apart: “selinux”. */
                    g_strdup_printf (_("%s does not keep machines apart by %s"), self->there->there,
                                     model),
                    _("The machine has a fixed security label (seclabel) of that kind. Take it out "
                      "of its definition first."));
    }
}

/* Which sound systems a host's QEMU has, libvirt does not say. */
static void
check_sound (Comparison *self)
{
  g_autoptr (GPtrArray) kinds = gh_xml_document_list_texts (
    self->machine, "devices/audio[@type!='none' and @type!='spice' and @type!='dbus']/@type");

  for (guint i = 0; i < kinds->len; i++)
    take_check (self, GH_CHECK_NOTE, "sound",
                /* Translators: a way to play sound: “pulseaudio”. */
                g_strdup_printf (_("The sound of the machine is played on the host, by %s"),
                                 (char *) g_ptr_array_index (kinds, i)),
                _("There it is played by the same, if that host’s QEMU has it. If not, the machine "
                  "does not run there."));
}

void
gh_migrate_check_hardware (GhDomainXml          *machine,
                           const GhMigrateOffer *offer,
                           GhPlanDraft          *draft)
{
  g_autoptr (GhXmlDocument) offered = NULL;
  g_autoptr (GhXmlDocument) capabilities = NULL;
  g_autoptr (GhXmlDocument) document = NULL;
  g_autofree char *text = NULL;
  Comparison self = { NULL };

  g_return_if_fail (GH_IS_DOMAIN_XML (machine) && offer != NULL && draft != NULL);

  text = gh_domain_xml_to_string (machine);
  document = gh_xml_document_new (text, "domain", NULL);
  if (document == NULL)
    return;
  if (offer->offer != NULL)
    offered = gh_xml_document_new (offer->offer, "domainCapabilities", NULL);
  if (offer->capabilities != NULL)
    capabilities = gh_xml_document_new (offer->capabilities, "capabilities", NULL);
  self = (Comparison) {
    .machine = document,
    .offer = offered,
    .capabilities = capabilities,
    .there = offer,
    .draft = draft,
  };
  check_kinds (&self);
  check_firmware (&self);
  check_tsc (&self);
  check_huge_pages (&self, machine);
  check_modules (&self);
  check_3d (&self);
  check_ports (&self);
  check_paths (&self);
  check_chip (&self);
  check_user_network (&self);
  check_labels (&self);
  check_sound (&self);
}
