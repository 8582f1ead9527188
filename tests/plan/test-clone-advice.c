/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What a clone plan says before it begins: what to do in the guest first, how much is copied and
 * how long it takes. */

#include "config.h"

#include <string.h>

#include "gh-clone-plan.h"
#include "gh-threads.h"
#include "plan-test.h"

#define WEB "abababab-0000-4000-8000-000000000001"
#define GIB (G_GUINT64_CONSTANT (1) << 30)

/* A machine that is off, of that OS (nullable), with a disk of 64 GiB that takes so many bytes. */
static GhHost *
new_host (const char *os,
          guint64     allocation)
{
  g_autofree char *metadata = g_strdup_printf (
    "<metadata><l:libosinfo xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"
    "<l:os id='%s'/></l:libosinfo></metadata>", os != NULL ? os : "");
  g_autofree char *xml = g_strdup_printf (
    "<node><cpu><mhz>6000</mhz><model>x86_64</model><active>2</active><nodes>1</nodes>"
    "<sockets>1</sockets><cores>2</cores><threads>1</threads></cpu><memory>8192000</memory>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<name>web</name><uuid>" WEB "</uuid>%s<memory>4096</memory><os><type>hvm</type></os>"
    "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
    "<source file='/p/web.qcow2'/><target dev='vda'/></disk></devices>"
    "<test:runstate>5</test:runstate></domain>"
    "<pool type='dir'><name>p</name><target><path>/p</path></target>"
    "<volume type='file'><name>web.qcow2</name><capacity>%" G_GUINT64_FORMAT "</capacity>"
    "<allocation>%" G_GUINT64_FORMAT "</allocation><target><path>/p/web.qcow2</path>"
    "<format type='qcow2'/></target></volume></pool></node>",
    os != NULL ? metadata : "", 64 * GIB, allocation);

  return plan_test_new_host (xml);
}

static void
free_host (GhHost *host)
{
  gh_host_disconnect (host);
  g_object_unref (host);
}

static void
assert_check (GhPlan     *plan,
              const char *id,
              gboolean    expected)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (plan_test_prepare (plan, &error));
  g_assert_no_error (error);
  if (expected)
    {
      GhCheck *check = plan_test_find_check (plan, id);

      g_assert_nonnull (check);
      g_assert_cmpint (gh_check_get_level (check), ==, GH_CHECK_NOTE);
    }
  else
    g_assert_null (plan_test_find_check (plan, id));
}

/* Windows is named with what to run before; others are told of what stays; a twin that is thrown
 * away needs neither. */
static void
test_windows (void)
{
  static const struct
  {
    const char *os;
    gboolean    is_windows;
  } cases[] = {
    { "http://microsoft.com/win/11", TRUE }, { "http://microsoft.com/win/2k22", TRUE },
    { "http://debian.org/debian/12", FALSE }, { NULL, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GhHost *host = new_host (cases[i].os, GIB);
      GhMachine *machine = plan_test_get_machine (host, "web");
      g_autoptr (GhClonePlan) plan = gh_clone_plan_new (machine);
      g_autoptr (GhClonePlan) trial = gh_clone_plan_new_trial (machine, NULL, FALSE);

      g_test_message ("%s", cases[i].os);
      assert_check (GH_PLAN (plan), "windows-generalize", cases[i].is_windows);
      assert_check (GH_PLAN (plan), "identity-stays", !cases[i].is_windows);
      if (cases[i].is_windows)
        g_assert_nonnull (strstr (gh_check_get_detail (plan_test_find_check (
                                    GH_PLAN (plan), "windows-generalize")),
                                  "sysprep.exe /generalize /oobe /shutdown"));
      assert_check (GH_PLAN (trial), "windows-generalize", FALSE);
      assert_check (GH_PLAN (trial), "identity-stays", FALSE);
      g_clear_object (&plan);
      g_clear_object (&trial);
      free_host (host);
    }
}

static GhCloneDisk *
get_disk (GhClonePlan *plan,
          GhCloneMode  mode)
{
  g_autoptr (GError) error = NULL;

  gh_clone_plan_set_disk_mode (plan, "vda", mode);
  g_assert_true (plan_test_prepare (GH_PLAN (plan), &error));
  g_assert_no_error (error);
  g_assert_cmpuint (gh_clone_plan_get_disks (plan)->len, ==, 1);
  return g_ptr_array_index (gh_clone_plan_get_disks (plan), 0);
}

/* What the disk takes counts, not what it could hold; a link is made at once whatever the size, and
 * what is left out takes no time. */
static void
test_estimates (void)
{
  static const guint64 sizes[] = { GIB, 20 * GIB };
  double seconds[2] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      GhHost *host = new_host (NULL, sizes[i]);
      g_autoptr (GhClonePlan) plan = gh_clone_plan_new (plan_test_get_machine (host, "web"));
      GhCloneDisk *disk = get_disk (plan, GH_CLONE_COPY);

      g_assert_cmpint (disk->mode, ==, GH_CLONE_COPY);
      g_assert_cmpuint (disk->capacity, ==, 64 * GIB);
      g_assert_cmpuint (disk->allocation, ==, sizes[i]);
      seconds[i] = disk->seconds;
      disk = get_disk (plan, GH_CLONE_LINK);
      g_assert_cmpint (disk->mode, ==, GH_CLONE_LINK);
      g_assert_cmpfloat (disk->seconds, >, 0.0);
      g_assert_cmpfloat (disk->seconds, <, 1.0);
      disk = get_disk (plan, GH_CLONE_LEAVE_OUT);
      g_assert_cmpfloat (disk->seconds, ==, 0.0);
      g_clear_object (&plan);
      free_host (host);
    }
  /* Between 50 MB and 2 GB a second, and in proportion. */
  g_assert_cmpfloat (seconds[0], >, 0.5);
  g_assert_cmpfloat (seconds[0], <, 22.0);
  g_assert_cmpfloat (seconds[1] / seconds[0], >, 15.0);
  g_assert_cmpfloat (seconds[1] / seconds[0], <, 21.0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gh_threads_init ();
  g_test_add_func ("/clone-advice/windows", test_windows);
  g_test_add_func ("/clone-advice/estimates", test_estimates);
  return g_test_run ();
}
