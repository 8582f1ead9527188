/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-clone-xml.h"

#include <libxml/relaxng.h>
#include <string.h>

#include "gh-machine-metadata.h"
#include "xml-test-data.h"

#define SOURCE_UUID "5f9a7e1c-3a52-4b8e-9f63-3f4f6c1d9a01"
#define UUID "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define SCHEMA "/usr/share/libvirt/schemas/domain.rng"

typedef struct
{
  GhDomainXml       *source;
  GhCloneXmlOptions  options;
  GPtrArray         *disks;
  GPtrArray         *changes; /* (nullable): of the last clone */
} Fixture;

static GhDomainXml *
read_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  GhDomainXml *xml = gh_domain_xml_new_from_string (text, &error);

  g_assert_no_error (error);
  return xml;
}

static GHashTable *
new_set (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
set_up_text (Fixture    *fixture,
             const char *text)
{
  fixture->source = read_text (text);
  fixture->disks = g_ptr_array_new_with_free_func (gh_clone_xml_disk_free);
  fixture->options.name = "web-2";
  fixture->options.uuid = UUID;
  fixture->options.disks = fixture->disks;
  fixture->options.network = TRUE;
  fixture->options.seed = 7;
  fixture->options.overrides = g_hash_table_new (g_str_hash, g_str_equal);
  fixture->options.used_macs = new_set ();
  fixture->options.used_cids = new_set ();
  fixture->options.used_ports = new_set ();
  fixture->options.used_paths = new_set ();
}

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  const char *name = data != NULL ? data : "clone-all.xml";
  g_autofree char *text = load_data (name);

  set_up_text (fixture, text);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  g_object_unref (fixture->source);
  g_ptr_array_unref (fixture->disks);
  g_hash_table_unref (fixture->options.overrides);
  g_hash_table_unref (fixture->options.used_macs);
  g_hash_table_unref (fixture->options.used_cids);
  g_hash_table_unref (fixture->options.used_ports);
  g_hash_table_unref (fixture->options.used_paths);
  g_clear_pointer (&fixture->changes, g_ptr_array_unref);
}

static void
override (Fixture    *fixture,
          const char *id,
          const char *value)
{
  g_hash_table_insert (fixture->options.overrides, (gpointer) id, (gpointer) value);
}

static void
add_disk (Fixture              *fixture,
          const char           *target,
          GhCloneXmlDiskAction  action,
          const char           *path,
          const char           *format,
          const char           *base)
{
  g_ptr_array_add (fixture->disks, gh_clone_xml_disk_new (target, action, path, format, base,
                                                          base != NULL ? "qcow2" : NULL));
}

static GhDomainXml *
make (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = gh_domain_xml_to_string (fixture->source);
  g_autofree char *after = NULL;
  g_autofree char *text = NULL;
  GhDomainXml *clone = NULL;

  g_clear_pointer (&fixture->changes, g_ptr_array_unref);
  clone = gh_clone_xml_make (fixture->source, &fixture->options, &fixture->changes, &error);
  g_assert_no_error (error);
  after = gh_domain_xml_to_string (fixture->source);
  g_assert_cmpstr (before, ==, after);
  return clone;
}

static void
assert_fails (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (gh_clone_xml_make (fixture->source, &fixture->options, NULL, &error));
  g_assert_error (error, GH_XML_ERROR, GH_XML_ERROR_VALUE);
}

static void
assert_text (GhDomainXml *xml,
             const char  *xpath,
             const char  *expected)
{
  g_autofree char *text = gh_domain_xml_dup_text (xml, xpath);

  if (g_strcmp0 (text, expected) != 0)
    g_error ("%s is “%s”, not “%s”", xpath, text, expected);
}

static GhCloneChange *
find_change (Fixture    *fixture,
             const char *id)
{
  for (guint i = 0; i < fixture->changes->len; i++)
    {
      GhCloneChange *change = g_ptr_array_index (fixture->changes, i);

      if (strcmp (change->id, id) == 0)
        return change;
    }
  g_error ("No change “%s”", id);
}

static gboolean
is_valid (GhDomainXml *xml)
{
  g_autofree char *text = gh_domain_xml_to_string (xml);
  xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewParserCtxt (SCHEMA);
  xmlRelaxNG *schema = xmlRelaxNGParse (parser);
  xmlRelaxNGValidCtxt *validator = xmlRelaxNGNewValidCtxt (schema);
  xmlDoc *doc = xmlReadMemory (text, (int) strlen (text), NULL, NULL, XML_PARSE_NONET);
  int result = xmlRelaxNGValidateDoc (validator, doc);

  xmlFreeDoc (doc);
  xmlRelaxNGFreeValidCtxt (validator);
  xmlRelaxNGFree (schema);
  xmlRelaxNGFreeParserCtxt (parser);
  if (result != 0)
    g_test_message ("%s", text);
  return result == 0;
}

static void
assert_valid (GhDomainXml *xml)
{
  if (g_file_test (SCHEMA, G_FILE_TEST_EXISTS))
    g_assert_true (is_valid (xml));
  else
    g_test_skip ("libvirt's schema is not installed");
}

/* A line each: what the clone has where, NULL for nothing. */
static const struct
{
  const char *xpath;
  const char *value;
} everything[] = {
  { "name", "web-2" },
  { "uuid", UUID },
  { "title", "The web server (web-2)" },
  { "description", "Stays." },
  { "sysinfo/system/entry[@name='uuid']", UUID },
  { "sysinfo/system/entry[@name='serial']", UUID },
  { "sysinfo/system/entry[@name='manufacturer']", "Example" },
  { "sysinfo/chassis/entry[@name='serial']", "ds=nocloud" },
  { "metadata/libosinfo:libosinfo/libosinfo:os/@id", "http://debian.org/debian/12" },
  { "metadata/*[3]", NULL },
  { "metadata/guesthouse:machine/guesthouse:template", NULL },
  { "metadata/guesthouse:machine/guesthouse:color", "red" },
  { "metadata/guesthouse:machine/guesthouse:parent/@uuid", SOURCE_UUID },
  { "metadata/guesthouse:machine/guesthouse:parent/@name", "web-1" },
  { "metadata/guesthouse:machine/guesthouse:parent/guesthouse:disk/@base", "/images/web-1.qcow2" },
  { "cputune/vcpupin/@cpuset", "1" },
  { "os/nvram", "/nvram/web-2_VARS.fd" },
  { "os/nvram/@template", "/usr/share/OVMF/OVMF_VARS_4M.fd" },
  /* Disks. */
  { "devices/disk[target/@dev='vda']/source/@file", "/images/web-2.qcow2" },
  { "devices/disk[target/@dev='vda']/source/@startupPolicy", "optional" },
  { "devices/disk[target/@dev='vda']/source/@index", NULL },
  { "devices/disk[target/@dev='vda']/driver/@discard", "unmap" },
  { "devices/disk[target/@dev='vda']/backingStore", NULL },
  { "devices/disk[target/@dev='vda']/mirror", NULL },
  { "devices/disk[target/@dev='vda']/serial", "SERIAL01" },
  { "devices/disk[target/@dev='vda']/wwn", "5000c50015ea71ad" },
  { "devices/disk[target/@dev='sdb']/@type", "file" },
  { "devices/disk[target/@dev='sdb']/@device", "disk" },
  { "devices/disk[target/@dev='sdb']/@rawio", NULL },
  { "devices/disk[target/@dev='sdb']/source/@file", "/images/lun.img" },
  { "devices/disk[target/@dev='sdb']/source/@protocol", NULL },
  { "devices/disk[target/@dev='sdb']/source/host", NULL },
  { "devices/disk[target/@dev='sdb']/auth", NULL },
  { "devices/disk[target/@dev='vdc']/source/@file", "/images/shared.img" },
  { "devices/disk[target/@dev='vdd']", NULL },
  { "devices/disk[target/@dev='sda']/source/@file", "/isos/cd.iso" },
  { "devices/lease", NULL },
  { "devices/filesystem/source/@dir", "/srv/share" },
  { "devices/memory", NULL },
  /* Network. */
  { "devices/interface[1]/target", NULL },
  { "devices/interface[1]/source/@portid", NULL },
  { "devices/interface[1]/source/@portgroup", "staff" },
  { "devices/interface[1]/filterref/parameter[@name='IP']/@value", "10.0.0.1" },
  { "devices/interface[2]/target", NULL },
  { "devices/interface[2]/virtualport/@type", "openvswitch" },
  { "devices/interface[2]/virtualport/parameters/@interfaceid", NULL },
  { "devices/interface[@type='hostdev']", NULL },
  { "devices/interface[@type='server']/source/@port", "5560" },
  { "devices/interface[@type='vhostuser']/source/@path", "/run/vhost-web-2.sock" },
  { "devices/vsock/cid/@auto", "yes" },
  { "devices/vsock/cid/@address", NULL },
  /* Characters. */
  { "devices/smartcard", NULL },
  { "devices/serial[1]/source/@path", "/var/log/vm/web-2.log" },
  { "devices/console[1]/source/@path", "/var/log/vm/web-2.log" },
  { "devices/serial[2]/source/@path", "/run/vm/console-web-2.sock" },
  { "devices/serial[3]/source/@service", "4556" },
  { "devices/serial[4]/@type", "pty" },
  { "devices/serial[4]/source", NULL },
  { "devices/parallel/@type", "pty" },
  { "devices/console[2]/source/@path", "/run/vm/watcher.sock" },
  { "devices/console[2]/log/@file", "/var/log/vm/watch-web-2.log" },
  { "devices/channel[1]/source/@path", NULL },
  { "devices/channel[1]/source/@mode", "bind" },
  { "devices/channel[2]/source/@path", "/run/vm/web-1/own-web-2.sock" },
  { "devices/channel[3]/@type", "spicevmc" },
  { "devices/redirdev[1]/source/@service", "4001" },
  { "devices/redirdev[2]/@type", "spicevmc" },
  { "devices/input", NULL },
  { "devices/tpm/backend/@type", "emulator" },
  /* Displays. */
  { "devices/graphics[1]/@port", "-1" },
  { "devices/graphics[1]/@autoport", "yes" },
  { "devices/graphics[1]/@websocket", "-1" },
  { "devices/graphics[1]/@passwd", "geheim" },
  { "devices/graphics[1]/listen/@address", "0.0.0.0" },
  { "devices/graphics[2]/listen/@type", "socket" },
  { "devices/graphics[2]/listen/@socket", NULL },
  { "devices/graphics[2]/gl/@rendernode", "/dev/dri/renderD128" },
  { "devices/audio/@path", "/tmp/sound-web-2.wav" },
  { "devices/hostdev", NULL },
  { "devices/shmem[1]/@name", "web-2-memory" },
  { "devices/shmem[2]/@name", "served" },
  { "seclabel[1]/@type", "dynamic" },
  { "seclabel[1]/label", NULL },
  { "seclabel[2]/label", "+1000:+1000" },
  { "qemu:commandline/qemu:arg[1]/@value", "-name" },
};

static void
set_everything (Fixture *fixture)
{
  add_disk (fixture, "vda", GH_CLONE_XML_REPLACE, "/images/web-2.qcow2", "qcow2",
            "/images/web-1.qcow2");
  add_disk (fixture, "sdb", GH_CLONE_XML_REPLACE, "/images/lun.img", "raw", NULL);
  add_disk (fixture, "vdc", GH_CLONE_XML_KEEP, NULL, NULL, NULL);
  add_disk (fixture, "vdd", GH_CLONE_XML_REMOVE, NULL, NULL, NULL);
  fixture->options.nvram_path = "/nvram/web-2_VARS.fd";
  fixture->options.parent_uuid = SOURCE_UUID;
  fixture->options.parent_name = "web-1";
  g_hash_table_add (fixture->options.used_ports, g_strdup ("5559"));
}

static void
test_everything (Fixture       *fixture,
                 gconstpointer  data)
{
  g_autoptr (GhDomainXml) clone = NULL;
  g_autofree char *mac = NULL;
  g_autofree char *in_filter = NULL;
  g_autofree char *genid = NULL;

  assert_valid (fixture->source);
  set_everything (fixture);
  clone = make (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (everything); i++)
    assert_text (clone, everything[i].xpath, everything[i].value);
  assert_valid (clone);

  mac = gh_domain_xml_dup_text (clone, "devices/interface[1]/mac/@address");
  g_assert_true (g_str_has_prefix (mac, "52:54:00:"));
  g_assert_cmpstr (mac, !=, "52:54:00:aa:bb:cc");
  in_filter = gh_domain_xml_dup_text (
    clone, "devices/interface[1]/filterref/parameter[@name='MAC']/@value");
  g_assert_cmpstr (in_filter, ==, mac);
  genid = gh_domain_xml_dup_text (clone, "genid");
  g_assert_true (g_uuid_string_is_valid (genid));
  g_assert_cmpstr (genid, !=, "e9392370-2917-565e-692b-d057f46512d6");
}

/* Every change has words; an id is there once; what says that it changes does. */
static void
test_words (Fixture       *fixture,
            gconstpointer  data)
{
  g_autoptr (GhDomainXml) clone = NULL;
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  set_everything (fixture);
  fixture->options.network = FALSE;
  fixture->options.seed_path = "/images/seed.iso";
  clone = make (fixture);
  g_assert_cmpuint (fixture->changes->len, >, 40);
  for (guint i = 0; i < fixture->changes->len; i++)
    {
      GhCloneChange *change = g_ptr_array_index (fixture->changes, i);

      g_test_message ("%s: %s: %s -> %s (%d) %s", change->id, change->label, change->before,
                      change->after, change->changes, change->why);
      g_assert_true (g_hash_table_add (ids, change->id));
      g_assert_cmpstr (change->label, !=, "");
      g_assert_true (change->why != NULL || strcmp (change->id, "name") == 0);
      g_assert_false (change->overridden);
      if (change->changes)
        g_assert_cmpstr (change->before, !=, change->after);
      else
        g_assert_cmpstr (change->before, ==, change->after);
      /* No password is shown. */
      g_assert_true (change->before == NULL || strstr (change->before, "geheim") == NULL);
    }
  assert_valid (clone);
}

/* Each choice that is offered can be chosen, and what is kept is as it was. */
static void
test_choices (Fixture       *fixture,
              gconstpointer  data)
{
  static const char *const values[] = { "keep", "new", "remove" };
  g_autoptr (GPtrArray) changes = NULL;
  g_autoptr (GhDomainXml) clone = NULL;

  set_everything (fixture);
  clone = make (fixture);
  changes = g_steal_pointer (&fixture->changes);
  for (guint i = 0; i < changes->len; i++)
    {
      GhCloneChange *change = g_ptr_array_index (changes, i);
      const gboolean allowed[] = { change->can_keep, change->can_renew, change->can_remove };

      for (guint j = 0; j < G_N_ELEMENTS (values); j++)
        {
          g_autoptr (GhDomainXml) other = NULL;

          override (fixture, change->id, values[j]);
          if (allowed[j])
            {
              GhCloneChange *now = NULL;

              other = make (fixture);
              assert_valid (other);
              now = find_change (fixture, change->id);
              g_assert_true (now->overridden);
              /* To choose what is proposed is to leave it. */
              g_assert_cmpstr (now->proposed, ==, change->proposed);
              if (strcmp (values[j], change->proposed) == 0)
                g_assert_cmpstr (now->after, ==, change->after);
              /* To keep the firmware's variables is to copy them. */
              if (j == 0 && strcmp (change->id, "nvram") != 0)
                {
                  g_assert_false (now->changes);
                  g_assert_cmpstr (now->after, ==, change->before);
                }
              if (j == 2)
                g_assert_true (now->changes);
            }
          else
            {
              /* A value like any other, or refused. */
              g_autoptr (GError) error = NULL;

              other = gh_clone_xml_make (fixture->source, &fixture->options, NULL, &error);
              g_assert_null (other);
            }
          g_hash_table_remove_all (fixture->options.overrides);
        }
    }
}

static void
test_values (Fixture       *fixture,
             gconstpointer  data)
{
  static const struct
  {
    const char *id;
    const char *value;
    const char *xpath; /* NULL: it cannot be */
  } cases[] = {
    { "title", "Another", "title" },
    { "mac-0", "02:00:00:00:00:01", "devices/interface[1]/mac/@address" },
    { "mac-0", "02:00:00:00:00", NULL },
    { "mac-0", "03:00:00:00:00:01", NULL },
    { "mac-0", "00:00:00:00:00:00", NULL },
    { "mac-0", "52:54:00:12:34:56", NULL },
    { "mac-0", "keine", NULL },
    { "mac-9", "02:00:00:00:00:01", NULL },
    { "genid", "7d6ef1b1-56a0-4b43-8df0-6a3e3a9a5c11", "genid" },
    { "genid", "x", NULL },
    { "serial-vda", "NEW", "devices/disk[1]/serial" },
    { "vsock", "9", "devices/vsock/cid/@address" },
    { "vsock", "2", NULL },
    { "vsock", "8", NULL },
    { "graphics-0-port", "5999", "devices/graphics[1]/@port" },
    { "graphics-0-port", "70000", NULL },
    { "graphics-0-port", "5559", NULL },
    { "graphics-0-password", "other", "devices/graphics[1]/@passwd" },
    { "graphics-1-socket", "/run/x.sock", "devices/graphics[2]/listen/@socket" },
    { "serial-0", "/tmp/x<&>.log", "devices/console[1]/source/@path" },
    { "serial-2", "4600", "devices/serial[3]/source/@service" },
    { "shmem-0", "mine", "devices/shmem[1]/@name" },
    { "seclabel-0", "a:b:c", "seclabel[1]/label" },
    { "name", "x", NULL },
    { "nothing", "keep", NULL },
  };

  g_hash_table_add (fixture->options.used_macs, g_strdup ("52:54:00:12:34:56"));
  g_hash_table_add (fixture->options.used_cids, g_strdup ("8"));
  set_everything (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GhDomainXml) clone = NULL;

      g_test_message ("%s=%s", cases[i].id, cases[i].value);
      g_hash_table_remove_all (fixture->options.overrides);
      override (fixture, cases[i].id, cases[i].value);
      if (cases[i].xpath == NULL)
        {
          assert_fails (fixture);
          continue;
        }
      clone = make (fixture);
      assert_text (clone, cases[i].xpath, cases[i].value);
      assert_valid (clone);
    }
}

/* The same options, the same clone; and no two clones the same. */
static void
test_unique (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr (GhDomainXml) a = NULL;
  g_autoptr (GhDomainXml) b = NULL;
  g_autofree char *text_a = NULL;
  g_autofree char *text_b = NULL;
  guint n_macs;

  gh_clone_xml_add_used (fixture->source, fixture->options.used_macs, fixture->options.used_cids,
                         fixture->options.used_ports, fixture->options.used_paths);
  g_assert_true (g_hash_table_contains (fixture->options.used_macs, "52:54:00:aa:bb:cc"));
  g_assert_true (g_hash_table_contains (fixture->options.used_macs, "52:54:00:00:00:99"));
  g_assert_true (g_hash_table_contains (fixture->options.used_cids, "7"));
  g_assert_true (g_hash_table_contains (fixture->options.used_ports, "5901"));
  g_assert_true (g_hash_table_contains (fixture->options.used_paths, "/var/log/vm/web-1.log"));
  n_macs = g_hash_table_size (fixture->options.used_macs);

  a = make (fixture);
  b = make (fixture);
  text_a = gh_domain_xml_to_string (a);
  text_b = gh_domain_xml_to_string (b);
  g_assert_cmpstr (text_a, ==, text_b);

  /* Thirty more, even of the same seed and UUID. */
  for (guint i = 0; i < 30; i++)
    {
      g_autoptr (GhDomainXml) clone = make (fixture);

      gh_clone_xml_add_used (clone, fixture->options.used_macs, fixture->options.used_cids,
                             fixture->options.used_ports, fixture->options.used_paths);
    }
  /* Four cards each: the fifth is a device of the host. */
  g_assert_cmpuint (g_hash_table_size (fixture->options.used_macs), ==, n_macs + 30 * 4);
}

static void
test_trial (Fixture       *fixture,
            gconstpointer  data)
{
  g_autoptr (GhDomainXml) clone = NULL;

  fixture->options.network = FALSE;
  fixture->options.trial_uuid = SOURCE_UUID;
  fixture->options.trial_name = "web-1";
  clone = make (fixture);
  assert_text (clone, "devices/interface[1]/link/@state", "down");
  assert_text (clone, "metadata/guesthouse:machine/guesthouse:parent", NULL);
  assert_text (clone, "metadata/guesthouse:machine/guesthouse:trial/@uuid", SOURCE_UUID);
  g_assert_cmpint (gh_domain_xml_get_kind (clone), ==, GH_MACHINE_TRIAL);
  assert_valid (clone);
}

static void
test_nvram (void)
{
  static const char *const heads[] = {
    /* What libvirt 9.0 shows of a machine that is off. */
    "<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os>",
    "<os><type arch='x86_64'>hvm</type><loader readonly='yes' type='pflash'>/x.fd</loader></os>",
    "<os><type arch='x86_64'>hvm</type><loader readonly='yes' type='pflash'>/x.fd</loader>"
    "<nvram type='file'><source file='/old.fd'/></nvram></os>",
    "<os><type arch='x86_64'>hvm</type></os>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autofree char *text = g_strdup_printf (
        "<domain type='kvm'><name>web-1</name><memory>1</memory>%s</domain>", heads[i]);
      gboolean is_uefi = i != 3;
      Fixture fixture = { NULL };
      g_autoptr (GhDomainXml) copied = NULL;
      g_autoptr (GhDomainXml) fresh = NULL;
      g_autoptr (GhDomainXml) chosen = NULL;

      set_up_text (&fixture, text);
      fresh = make (&fixture);
      assert_text (fresh, "os/nvram", NULL);
      fixture.options.nvram_path = "/new_VARS.fd";
      copied = make (&fixture);
      assert_text (copied, "os/nvram", is_uefi ? "/new_VARS.fd" : NULL);
      assert_valid (copied);
      if (is_uefi)
        {
          override (&fixture, "nvram", "new");
          chosen = make (&fixture);
          assert_text (chosen, "os/nvram", NULL);
        }
      tear_down (&fixture, NULL);
    }
}

static void
test_seed (void)
{
  static const struct
  {
    const char *devices;
    const char *machine;
    const char *target;
    const char *bus;
  } cases[] = {
    { "", "pc-q35-7.2", "sda", "sata" },
    { "<disk device='cdrom'><target dev='sda' bus='scsi'/></disk>", "virt", "sdb", "scsi" },
    { "<disk device='cdrom'><target dev='hdc' bus='ide'/></disk>", "pc-i440fx-7.2", "sda", "sata" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf (
        "<domain type='kvm'><name>web-1</name><memory>1</memory>"
        "<os><type arch='x86_64' machine='%s'>hvm</type></os><devices>%s<input type='tablet'/>"
        "</devices></domain>", cases[i].machine, cases[i].devices);
      Fixture fixture = { NULL };
      g_autoptr (GhDomainXml) clone = NULL;

      set_up_text (&fixture, text);
      fixture.options.seed_path = "/images/a<b>&'.iso";
      clone = make (&fixture);
      assert_text (clone, "devices/disk[last()]/source/@file", "/images/a<b>&'.iso");
      assert_text (clone, "devices/disk[last()]/target/@dev", cases[i].target);
      assert_text (clone, "devices/disk[last()]/target/@bus", cases[i].bus);
      assert_valid (clone);
      tear_down (&fixture, NULL);
    }
}

/* Whatever the source is called, and the clone. */
static void
test_names (void)
{
  g_autofree char *longest = g_strnfill (255, 'x');
  const char *const names[] = { "a<b>&'\"", "..", " ", "web-10", "\xc3\xbc", longest };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      Fixture fixture = { NULL };
      g_autoptr (GhDomainXml) clone = NULL;
      g_autofree char *name = NULL;
      g_autofree char *path = NULL;
      g_autofree char *base = NULL;
      g_autofree char *socket = NULL;

      set_up (&fixture, NULL);
      fixture.options.name = names[i];
      clone = make (&fixture);
      name = gh_domain_xml_dup_name (clone);
      g_assert_cmpstr (name, ==, names[i]);
      path = gh_domain_xml_dup_text (clone, "devices/serial[1]/source/@path");
      base = g_path_get_basename (path);
      g_assert_true (g_str_has_prefix (path, "/var/log/vm/"));
      g_assert_cmpuint (strlen (base), <=, 255);
      socket = gh_domain_xml_dup_text (clone, "devices/serial[2]/source/@path");
      g_assert_cmpuint (strlen (socket), <=, 107);
      tear_down (&fixture, NULL);
    }
}

/* "web-1" is not in "web-10". */
static void
test_paths (void)
{
  static const struct
  {
    const char *before;
    const char *after;
  } cases[] = {
    { "/a/web-1.log", "/a/web-2.log" },
    { "/a/web-10.log", "/a/web-10-web-2.log" },
    { "/a/my-web-1-log", "/a/my-web-2-log" },
    { "/a/log", "/a/log-web-2" },
    { "/a/.log", "/a/.log-web-2" },
    { "/web-1/log", "/web-1/log-web-2" },
    { "/a/" SOURCE_UUID ".log", "/a/web-2.log" },
    { "/a/taken.log", "/a/taken-web-2.log-2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf (
        "<domain><name>web-1</name><uuid>" SOURCE_UUID "</uuid><devices><serial type='file'>"
        "<source path='%s'/></serial></devices></domain>", cases[i].before);
      Fixture fixture = { NULL };
      g_autoptr (GhDomainXml) clone = NULL;

      set_up_text (&fixture, text);
      g_hash_table_add (fixture.options.used_paths, g_strdup ("/a/taken-web-2.log"));
      clone = make (&fixture);
      assert_text (clone, "devices/serial/source/@path", cases[i].after);
      tear_down (&fixture, NULL);
    }
}

/* What a clone is not about stays byte for byte. */
static void
test_unknown (Fixture       *fixture,
              gconstpointer  data)
{
  g_autoptr (GhDomainXml) clone = NULL;
  g_autofree char *text = NULL;

  clone = make (fixture);
  text = gh_domain_xml_to_string (clone);
  g_assert_nonnull (strstr (text, "<!-- made by hand\n  over two lines, with a < and an & -->"));
  g_assert_nonnull (strstr (text, "<futureElement attr='x&#10;y'><child/>text<!-- inside -->more"
                                  "</futureElement>"));
  g_assert_nonnull (strstr (text, "<entry name='manufacturer'>Example &#x26; Sons</entry>"));
  g_assert_null (strstr (text, "other:thing"));

  override (fixture, "metadata", "keep");
  g_object_unref (clone);
  g_free (text);
  clone = make (fixture);
  text = gh_domain_xml_to_string (clone);
  g_assert_nonnull (strstr (text, "<other:deep><![CDATA[<not> & parsed]]><![CDATA[ twice]]>"));
  g_assert_nonnull (strstr (text, "<empty></empty><empty/><empty />"));
}

/* The document of a running machine holds what is only true while it runs. */
static void
test_live (Fixture       *fixture,
           gconstpointer  data)
{
  static const char *const gone[] = {
    "@id", "devices//alias", "devices/disk/source/@index", "devices/serial/source",
    "devices/console/@tty", "devices/channel/source/@path",
  };
  g_autoptr (GhDomainXml) clone = NULL;

  add_disk (fixture, "vda", GH_CLONE_XML_REPLACE, "/a.qcow2", "qcow2", NULL);
  clone = make (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (gone); i++)
    assert_text (clone, gone[i], NULL);
  assert_text (clone, "devices/graphics/@port", "-1");
  assert_text (clone, "devices/graphics/@autoport", "yes");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define add(name, data, func) \
  g_test_add ("/clone-xml/" name, Fixture, data, set_up, func, tear_down)
  add ("everything", NULL, test_everything);
  add ("words", NULL, test_words);
  add ("choices", NULL, test_choices);
  add ("values", NULL, test_values);
  add ("unique", NULL, test_unique);
  add ("trial", NULL, test_trial);
  add ("unknown", "odd.xml", test_unknown);
  add ("live", "spice-live.xml", test_live);
#undef add
  g_test_add_func ("/clone-xml/nvram", test_nvram);
  g_test_add_func ("/clone-xml/seed", test_seed);
  g_test_add_func ("/clone-xml/names", test_names);
  g_test_add_func ("/clone-xml/paths", test_paths);
  return g_test_run ();
}
