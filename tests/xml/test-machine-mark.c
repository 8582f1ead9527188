/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Our element in a machine's metadata: what it says, and that an edit keeps the rest of it. */

#include "config.h"

#include <string.h>

#include "gh-machine-mark.h"

#define OURS "xmlns:guesthouse='" GH_MACHINE_MARK_NAMESPACE "'"

static void
test_read (void)
{
  static const struct
  {
    const char    *element; /* (nullable) */
    GhMachineKind  kind;
    const char    *parent_uuid;
    const char    *parent_name;
  } rows[] = {
    { NULL, GH_MACHINE_ORDINARY, NULL, NULL },
    { "", GH_MACHINE_ORDINARY, NULL, NULL },
    { "<machine>", GH_MACHINE_ORDINARY, NULL, NULL },
    { "<other><template/></other>", GH_MACHINE_ORDINARY, NULL, NULL },
    { "<!DOCTYPE machine [<!ENTITY a 'b'>]><machine><template/></machine>", GH_MACHINE_ORDINARY,
      NULL, NULL },
    { "<machine/>", GH_MACHINE_ORDINARY, NULL, NULL },
    { "<machine><template/></machine>", GH_MACHINE_TEMPLATE, NULL, NULL },
    { "<machine xmlns='urn:other'><template/></machine>", GH_MACHINE_ORDINARY, NULL, NULL },
    { "<guesthouse:machine " OURS "><guesthouse:parent uuid='u' name='a&lt;b&gt;'/>"
      "</guesthouse:machine>", GH_MACHINE_ORDINARY, NULL, NULL },
    { "<machine " OURS "><guesthouse:parent uuid='u' name='a&lt;b&gt;'/></machine>",
      GH_MACHINE_LINKED_CLONE, "u", "a<b>" },
    { "<machine><parent uuid='u' name='n'><disk target='vda'/></parent></machine>",
      GH_MACHINE_LINKED_CLONE, "u", "n" },
    { "<machine><parent uuid='u' name='n'/><trial uuid='v' name='m'/></machine>", GH_MACHINE_TRIAL,
      "v", "m" },
    { "<machine><parent uuid='u' name='n'/><template/></machine>", GH_MACHINE_TEMPLATE, "u", "n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GhMachineMark) mark = gh_machine_mark_new (rows[i].element);

      g_test_message ("%s", rows[i].element);
      g_assert_cmpint (mark->kind, ==, rows[i].kind);
      g_assert_cmpint (mark->is_template, ==, rows[i].kind == GH_MACHINE_TEMPLATE);
      g_assert_cmpstr (mark->parent_uuid, ==, rows[i].parent_uuid);
      g_assert_cmpstr (mark->parent_name, ==, rows[i].parent_name);
    }
}

static void
test_read_domain (void)
{
  g_autoptr (GhDomainXml) xml = NULL;
  g_autoptr (GhMachineMark) mark = NULL;
  g_autoptr (GError) error = NULL;

  xml = gh_domain_xml_new_from_string (
    "<domain><name>x</name><metadata><machine><trial uuid='u' name='n'/></machine>"
    "<o:machine xmlns:o='urn:other'><o:trial uuid='u' name='n'/></o:machine>"
    "<g:machine xmlns:g='" GH_MACHINE_MARK_NAMESPACE "'><g:template>"
    "<g:file path='/p/a' mode='0640'/><g:file path='relative' mode='0640'/>"
    "<g:file path='/p/b' mode='99'/><g:file path='/p/c' mode='7777'/></g:template></g:machine>"
    "</metadata></domain>", &error);
  g_assert_no_error (error);
  mark = gh_machine_mark_new_for_domain (xml);
  g_assert_cmpint (mark->kind, ==, GH_MACHINE_TEMPLATE);
  g_assert_cmpuint (mark->files->len, ==, 1);
  g_assert_cmpstr (((GhMarkedFile *) g_ptr_array_index (mark->files, 0))->path, ==, "/p/a");
  g_assert_cmpuint (((GhMarkedFile *) g_ptr_array_index (mark->files, 0))->mode, ==, 0640);
}

static void
test_write (void)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (gh_marked_file_free);
  g_autofree char *on = NULL;
  g_autofree char *again = NULL;
  g_autofree char *off = NULL;
  g_autofree char *nothing = NULL;
  g_autoptr (GhMachineMark) mark = NULL;

  g_ptr_array_add (files, gh_marked_file_new ("/p/a<b>&'\".qcow2", 0600));
  on = gh_machine_mark_dup_text ("<machine><parent uuid='u' name='n'><disk/></parent></machine>",
                                 TRUE, files, TRUE);
  mark = gh_machine_mark_new (on);
  g_assert_true (mark->autostart);
  g_assert_true (mark->is_template);
  g_assert_cmpstr (mark->parent_name, ==, "n");
  g_assert_cmpuint (mark->files->len, ==, 1);
  g_assert_cmpstr (((GhMarkedFile *) g_ptr_array_index (mark->files, 0))->path, ==,
                   "/p/a<b>&'\".qcow2");

  again = gh_machine_mark_dup_text (on, TRUE, files, TRUE);
  g_assert_cmpstr (again, ==, on);
  off = gh_machine_mark_dup_text (on, FALSE, NULL, FALSE);
  g_assert_null (strstr (off, "template"));
  g_assert_nonnull (strstr (off, "<disk/>"));

  nothing = gh_machine_mark_dup_text ("<machine><template/></machine>", FALSE, NULL,
                                      FALSE);
  g_assert_null (nothing);
  g_assert_null (gh_machine_mark_dup_text (NULL, FALSE, NULL, FALSE));
}

static void
test_kept (void)
{
  static const char element[] =
    "<machine><parent uuid='u' name='n'><disk/></parent><trial uuid='t' name='m'>"
    "<file path='/p/a&lt;b.qcow2'/><file path='relative'/><unplugged mac='52:54:00:00:00:01'/>"
    "<unplugged/><base path='/p/b' length='4096' changed='-1' inode='99999999999999999999'/>"
    "<base path='relative' length='1'/></trial><other/></machine>";
  const GhMarkedBase *base = NULL;
  g_autoptr (GhMachineMark) mark = gh_machine_mark_new (element);
  g_autofree char *kept = gh_machine_mark_dup_kept (element, NULL);
  g_autoptr (GhMachineMark) after = gh_machine_mark_new (kept);

  g_assert_cmpint (mark->kind, ==, GH_MACHINE_TRIAL);
  g_assert_cmpuint (mark->trial_files->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (mark->trial_files, 0), ==, "/p/a<b.qcow2");
  g_assert_cmpuint (mark->unplugged->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (mark->unplugged, 0), ==, "52:54:00:00:00:01");

  g_assert_cmpuint (mark->bases->len, ==, 1);
  base = g_ptr_array_index (mark->bases, 0);
  g_assert_cmpstr (base->path, ==, "/p/b");
  g_assert_cmpuint (base->length, ==, 4096);
  g_assert_cmpint (base->changed_ns, ==, 0);
  g_assert_cmpuint (base->inode, ==, 0);

  g_assert_cmpint (after->kind, ==, GH_MACHINE_LINKED_CLONE);
  g_assert_cmpuint (after->bases->len, ==, 0);
  g_assert_cmpuint (after->trial_files->len, ==, 0);
  g_assert_nonnull (strstr (kept, "<other/>"));
  g_assert_null (gh_machine_mark_dup_kept ("<machine><trial uuid='t' name='m'/></machine>", NULL));
  g_assert_null (gh_machine_mark_dup_kept ("no element", NULL));
  g_assert_null (gh_machine_mark_dup_kept (NULL, NULL));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/machine-mark/read", test_read);
  g_test_add_func ("/machine-mark/read-domain", test_read_domain);
  g_test_add_func ("/machine-mark/write", test_write);
  g_test_add_func ("/machine-mark/kept", test_kept);

  return g_test_run ();
}
