/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "gh-move-xml.h"

#define UUID "5cd0fa4c-2d1c-4c4f-8d36-1d34ff1a3f0b"

static GhDomainXml *
parse (const char *os,
       const char *devices)
{
  g_autofree char *text = g_strdup_printf (
    "<domain type='qemu'><name>a</name><uuid>" UUID "</uuid><os>%s</os><devices>%s</devices>"
    "<unknown keep='yes'/></domain>", os, devices);
  g_autoptr (GError) error = NULL;
  GhDomainXml *xml = gh_domain_xml_new_from_string (text, &error);

  g_assert_no_error (error);
  return xml;
}

static void
assert_nvram (const char *os,
              const char *expected) /* NULL: libvirt's own, which stays so */
{
  g_autoptr (GhDomainXml) xml = parse (os, "");
  g_autofree char *before = gh_domain_xml_to_string (xml);
  gboolean set = gh_domain_xml_set_nvram_path (xml, "/there/a_VARS.fd");
  g_autofree char *after = gh_domain_xml_to_string (xml);
  g_autofree char *path = gh_domain_xml_dup_nvram_path (xml);

  g_assert_cmpint (set, ==, expected != NULL);
  g_assert_cmpstr (path, ==, expected);
  g_assert_nonnull (strstr (after, "<unknown keep="));
  if (!set)
    g_assert_cmpstr (before, ==, after);
}

static void
test_nvram (void)
{
  assert_nvram ("<nvram template='/t'>/here/a_VARS.fd</nvram>", "/there/a_VARS.fd");
  assert_nvram ("<nvram type='file'><source file='/here/a_VARS.fd'/></nvram>", "/there/a_VARS.fd");
  assert_nvram ("<nvram template='/t'/>", NULL);
  assert_nvram ("", NULL);
}

static void
assert_tpm (const char *devices,
            const char *expected)
{
  g_autoptr (GhDomainXml) xml = parse ("", devices);
  g_autofree char *file = gh_domain_xml_dup_tpm_file (xml);

  g_assert_cmpstr (file, ==, expected);
}

static void
test_tpm (void)
{
  assert_tpm ("<tpm model='tpm-tis'><backend type='emulator' version='2.0'/></tpm>",
              UUID "/tpm2/tpm2-00.permall");
  assert_tpm ("<tpm model='tpm-tis'><backend type='emulator' version='1.2'/></tpm>",
              UUID "/tpm1.2/tpm-00.permall");
  assert_tpm ("<tpm model='tpm-crb'><backend type='emulator'/></tpm>",
              UUID "/tpm2/tpm2-00.permall");
  assert_tpm ("<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/>"
              "</backend></tpm>", NULL);
  assert_tpm ("", NULL);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/move-xml/nvram", test_nvram);
  g_test_add_func ("/move-xml/tpm", test_tpm);
  return g_test_run ();
}
