/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Figures of cloning, by the command line on a real host, each against the bare tools in the same
 * run, turn by turn, the best of several turns.
 *
 * GUESTHOUSE_BENCH_GIB is the size of the disk for full clones, half of which is data: 8 for the
 * figure of record, 2 (4 while it runs) when nothing is said, since a check has little time. */

#include "config.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-bench.h"
#include "gh-lab.h"

#define N_TURNS 3
#define MAX_TURNS 12
#define FULL_LIMIT 1.05
#define LINKED_LIMIT_MS 300.0
#define N_SMALL_TURNS 5
#define N_LINKED 50
#define DEFAULT_GIB 2
#define LEAST_LIVE_GIB 4
#define LIVE_RATIO 1.1
#define N_LIVE_TURNS 2
#define MAX_LIVE_TURNS 6

static guint64
get_gib (void)
{
  const char *text = g_getenv ("GUESTHOUSE_BENCH_GIB");
  guint64 gib = text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;

  return gib > 0 ? gib : DEFAULT_GIB;
}

/* How long a tool takes, in the lab's world. */
static gint64
time_tool (GhLab      *lab,
           const char *first,
           ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_auto (GStrv) environment = gh_lab_dup_environ (lab);
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start = 0;
  int status = 0;
  va_list more;

  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  start = g_get_monotonic_time ();
  g_spawn_sync (NULL, (char **) words->pdata, environment,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &err, &status,
                &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("%s: %s", first, err);
  return g_get_monotonic_time () - start;
}

/* Not MIN(), which would do it twice. */
static void
take_best (gint64 *best,
           gint64  time)
{
  if (time < *best)
    *best = time;
}

static void
tool (GhLab      *lab,
      const char *a,
      const char *b,
      const char *c,
      const char *d)
{
  time_tool (lab, a, b, c, d, NULL);
}

static char *
dup_definition (GhLab      *lab,
                const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), name);
  char *xml = virDomainGetXMLDesc (domain, VIR_DOMAIN_XML_INACTIVE);
  char *copy = g_strdup (xml);

  free (xml);
  virDomainFree (domain);
  return copy;
}

/* What follows @before in its definition, up to the next quote. */
static char *
dup_value (GhLab      *lab,
           const char *name,
           const char *before)
{
  g_autofree char *xml = dup_definition (lab, name);
  const char *start = strstr (xml, before);

  g_assert_nonnull (start);
  start += strlen (before);
  return g_strndup (start, strcspn (start, "'"));
}

/* A machine “web” that is off; the path of its disk. */
static char *
make_machine (GhLab   *lab,
              guint64  gib)
{
  g_autofree char *size = g_strdup_printf ("%" G_GUINT64_FORMAT, gib);
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "create", "web", "--empty", "--size", size,
                                         "--memory", "64", "--cpus", "1", "--network", "none",
                                         "--graphics", "none", "--firmware", "bios", "--no-start",
                                         "--yes", "--json", NULL);

  gh_lab_assert_status (run, 0);
  return dup_value (lab, "web", "<source file='");
}

/* Data that no file system makes smaller, in every second stretch of 16 MiB. */
static void
fill_half (GhLab      *lab,
           const char *path,
           guint64     gib)
{
  g_autofree char *random = gh_lab_dup_path (lab, "random");
  g_autoptr (GString) script = g_string_new (NULL);
  g_autofree char *make = g_strdup_printf ("head -c 16M /dev/urandom >%s", random);
  g_autofree char *write = NULL;
  g_autofree char *file = NULL;

  tool (lab, "sh", "-c", make, NULL);
  for (guint64 mib = 0; mib < gib * 1024; mib += 32)
    g_string_append_printf (script, "write -s %s %" G_GUINT64_FORMAT "M 16M\n", random, mib);
  file = gh_lab_write_file (lab, "script", script->str);
  write = g_strdup_printf ("qemu-io -f qcow2 %s <%s", path, file);
  tool (lab, "sh", "-c", write, NULL);
}

static gint64
time_clone (GhLab      *lab,
            const char *first,
            ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autoptr (GhLabRun) run = NULL;
  gint64 start = 0;
  va_list more;

  g_ptr_array_add (words, (gpointer) "clone");
  g_ptr_array_add (words, (gpointer) "web");
  g_ptr_array_add (words, (gpointer) "--yes");
  g_ptr_array_add (words, (gpointer) "--json");
  va_start (more, first);
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (words, (gpointer) word);
  va_end (more);
  g_ptr_array_add (words, NULL);
  start = g_get_monotonic_time ();
  run = gh_lab_runv (lab, (const char * const *) words->pdata);
  gh_lab_assert_status (run, 0);
  return g_get_monotonic_time () - start;
}

static void
delete_machine (GhLab      *lab,
                const char *name)
{
  g_autoptr (GhLabRun) run = gh_lab_run (lab, "delete", name, "--yes", "--json", NULL);

  gh_lab_assert_status (run, 0);
}

/* Whether the file system shares blocks: then that is what cloning is measured against. */
static gboolean
can_reflink (GhLab      *lab,
             const char *path)
{
  g_autofree char *other = g_strconcat (path, ".reflink", NULL);
  g_auto (GStrv) environment = gh_lab_dup_environ (lab);
  const char *argv[] = { "cp", "--reflink=always", path, other, NULL };
  int status = 1;

  g_spawn_sync (NULL, (char **) argv, environment,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status,
                NULL);
  g_unlink (other);
  return status == 0;
}

static void
test_full (void)
{
  guint64 gib = get_gib ();
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, gib);
  g_autofree char *bare = g_strconcat (path, ".bare", NULL);
  g_autofree char *what = NULL;
  g_autofree char *detail = NULL;
  gboolean shares = can_reflink (lab, path);
  gint64 ours = G_MAXINT64;
  gint64 theirs = G_MAXINT64;

  fill_half (lab, path, gib);
  sync ();
  for (guint i = 0; gh_bench_wants_turn (i, N_TURNS, shares ? N_TURNS : MAX_TURNS, ours, theirs,
                                         FULL_LIMIT); i++)
    {
      take_best (&theirs, shares
                 ? time_tool (lab, "cp", "--reflink=always", path, bare, NULL)
                 : time_tool (lab, "qemu-img", "convert", "-W", "-m", "8", "-f", "qcow2", "-O",
                              "qcow2", path, bare, NULL));
      g_unlink (bare);
      /* What one has written is not to be waited for by the other. */
      sync ();
      take_best (&ours, time_clone (lab, "--name", "full", NULL));
      delete_machine (lab, "full");
      sync ();
    }
  what = g_strdup_printf ("full clone of %" G_GUINT64_FORMAT " GiB, half data, against %s", gib,
                          shares ? "cp --reflink=always" : "qemu-img convert -W -m 8");
  detail = g_strdup_printf ("%.2f s against %.2f s", (double) ours / 1e6, (double) theirs / 1e6);
  /* Sharing blocks takes cp some ms whatever the size: what is left is the program, its checks and
   * the definition, as with a linked clone. */
  if (shares)
    gh_bench_report (what, (double) (ours - theirs) / 1e3, LINKED_LIMIT_MS, "ms more", detail);
  else
    gh_bench_report (what, (double) ours / (double) theirs, FULL_LIMIT, "×", detail);
}

static gboolean
has_no_backup (gpointer data)
{
  char *xml = virDomainBackupGetXMLDesc (data, 0);
  gboolean none = xml == NULL;

  free (xml);
  return none;
}

/* The job alone, until it has ended. */
static gint64
time_backup (GhLab      *lab,
             const char *definition,
             const char *target)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), "web");
  gint64 start = g_get_monotonic_time ();
  gint64 time = 0;

  time_tool (lab, "virsh", "-q", "backup-begin", "web", definition, NULL);
  g_assert_true (gh_lab_wait (600, has_no_backup, domain));
  time = g_get_monotonic_time () - start;
  virDomainFree (domain);
  g_assert_no_errno (g_unlink (target));
  return time;
}

/* In every second stretch of 512 MiB: as much as fill_half() writes, and sooner there, since
 * nothing looks at what is copied. */
static void
fill_half_quickly (GhLab      *lab,
                   const char *path,
                   guint64     gib)
{
  g_autoptr (GString) command = g_string_new ("qemu-io -f qcow2");

  for (guint64 i = 0; i < gib; i++)
    g_string_append_printf (command, " -c 'write -P 0xab %" G_GUINT64_FORMAT "G 512M'", i);
  g_string_append_printf (command, " %s", path);
  tool (lab, "sh", "-c", command->str, NULL);
}

/* What is done besides the job takes the same time for any size, and is too much of a small one.
 * The machine is paused, so that no guest takes from either. */
static void
test_live (void)
{
  guint64 gib = MAX (get_gib (), LEAST_LIVE_GIB);
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, gib);
  g_autofree char *bare = g_strconcat (path, ".bare", NULL);
  g_autofree char *target = dup_value (lab, "web", "<target dev='");
  g_autofree char *xml =
    g_strdup_printf ("<domainbackup mode='push'><disks><disk name='%s' type='file'>"
                     "<driver type='qcow2'/><target file='%s'/></disk></disks></domainbackup>",
                     target, bare);
  g_autofree char *definition = gh_lab_write_file (lab, "backup.xml", xml);
  g_autofree char *what = NULL;
  g_autofree char *detail = NULL;
  gint64 ours = G_MAXINT64;
  gint64 theirs = G_MAXINT64;

  fill_half_quickly (lab, path, gib);
  tool (lab, "virsh", "-q", "start", "web");
  tool (lab, "virsh", "-q", "suspend", "web");
  sync ();
  /* Each turn takes long, so there are more only when the best is not good enough yet. */
  for (guint i = 0; i < N_LIVE_TURNS ||
       (i < MAX_LIVE_TURNS && (double) ours > LIVE_RATIO * (double) theirs); i++)
    {
      take_best (&theirs, time_backup (lab, definition, bare));
      sync ();
      take_best (&ours, time_clone (lab, "--name", "live", NULL));
      delete_machine (lab, "live");
      sync ();
    }
  tool (lab, "virsh", "-q", "destroy", "web");
  what = g_strdup_printf ("live clone of %" G_GUINT64_FORMAT " GiB, half data, against the bare "
                          "backup job", gib);
  detail = g_strdup_printf ("%.2f s against %.2f s", (double) ours / 1e6, (double) theirs / 1e6);
  gh_bench_report (what, (double) ours / (double) theirs, LIVE_RATIO, "×", detail);
}

typedef struct
{
  const char *path;
  guint64     bytes;
} Growing;

static gboolean
has_grown (gpointer data)
{
  Growing *growing = data;
  struct stat status;

  return g_stat (growing->path, &status) == 0 &&
         (guint64) status.st_blocks * 512 >= growing->bytes;
}

static void
test_cancel (void)
{
  guint64 gib = get_gib ();
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, gib);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *target = g_build_filename (folder, "stopped.qcow2", NULL);
  g_autofree char *detail = NULL;
  g_auto (GStrv) before = NULL;
  gint64 worst = 0;

  fill_half (lab, path, gib);
  /* With a snapshot in it, copying it without is qemu-img's work. */
  tool (lab, "qemu-img", "snapshot", "-cone", path);
  before = gh_lab_list_inventory (lab);
  sync ();
  for (guint i = 0; i < 2; i++)
    {
      Growing growing = { target, gib * 1024 * 1024 * 1024 / 8 };
      GhLabChild *child = gh_lab_spawn (lab, "clone", "web", "--name", "stopped", "--yes",
                                        "--json", i == 0 ? "--keep-snapshots" : NULL, NULL);
      g_autoptr (GhLabRun) run = NULL;
      gint64 start = 0;
      gint64 took = 0;

      g_assert_true (gh_lab_wait (120, has_grown, &growing));
      start = g_get_monotonic_time ();
      gh_lab_child_signal (child, SIGINT);
      run = gh_lab_child_wait (child);
      took = g_get_monotonic_time () - start;
      worst = MAX (worst, took);
      gh_lab_assert_status (run, 1);
      g_assert_cmpstr (gh_lab_run_get_outcome (run), ==, "undone");
      gh_lab_assert_inventory (lab, before);
    }
  detail = g_strdup_printf ("of a full clone of %" G_GUINT64_FORMAT " GiB, bytes and qemu-img",
                            gib);
  gh_bench_report ("cancel to clean", (double) worst / 1e6, 1.0, "s", detail);
}

/* What a script would do for one linked clone: by the bare tools, or as virsh does the very same,
 * so that libvirt knows the volume and has looked at the definition. */
static gint64
link_bare (GhLab      *lab,
           const char *path,
           const char *xml,
           const char *name,
           gboolean    by_virsh)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *file_name = g_strconcat (name, ".qcow2", NULL);
  g_autofree char *overlay = g_build_filename (folder, file_name, NULL);
  g_auto (GStrv) parts = g_strsplit (xml, path, 2);
  g_autofree char *with_disk = g_strjoinv (overlay, parts);
  g_auto (GStrv) names = g_strsplit (with_disk, "<name>web</name>", 2);
  g_autofree char *new_name = g_strdup_printf ("<name>%s</name>", name);
  g_autofree char *with_name = g_strjoinv (new_name, names);
  const char *uuid = strstr (with_name, "  <uuid>");
  g_autofree char *head = NULL;
  g_autofree char *definition = NULL;
  g_autofree char *file = NULL;
  gint64 time = 0;

  g_assert_nonnull (uuid);
  head = g_strndup (with_name, (gsize) (uuid - with_name));
  definition = g_strconcat (head, strchr (uuid, '\n') + 1, NULL);
  file = gh_lab_write_file (lab, "define.xml", definition);
  if (by_virsh)
    {
      time = time_tool (lab, "virsh", "-q", "vol-create-as", "default", file_name, "8G",
                        "--allocation", "0", "--format", "qcow2", "--backing-vol", path,
                        "--backing-vol-format", "qcow2", NULL);
      return time + time_tool (lab, "virsh", "-q", "define", "--validate", file, NULL);
    }
  time = time_tool (lab, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", path,
                    overlay, NULL);
  return time + time_tool (lab, "virsh", "-q", "define", file, NULL);
}

static void
unlink_bare (GhLab      *lab,
             const char *path,
             const char *name)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *file_name = g_strconcat (name, ".qcow2", NULL);
  g_autofree char *overlay = g_build_filename (folder, file_name, NULL);

  tool (lab, "virsh", "-q", "undefine", name);
  g_unlink (overlay);
}

static void
test_linked (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, 8);
  g_autofree char *xml = dup_definition (lab, "web");
  g_autofree char *detail = NULL;
  gint64 ours = G_MAXINT64;
  gint64 theirs = G_MAXINT64;

  fill_half (lab, path, 1);
  for (guint i = 0; i < N_SMALL_TURNS; i++)
    {
      take_best (&theirs, link_bare (lab, path, xml, "bare", FALSE));
      unlink_bare (lab, path, "bare");
      take_best (&ours, time_clone (lab, "--linked", "--name", "ours", NULL));
      delete_machine (lab, "ours");
    }
  detail = g_strdup_printf ("%.0f ms against %.0f ms", (double) ours / 1e3, (double) theirs / 1e3);
  gh_bench_report ("linked clone beyond qemu-img create and virsh define",
                   (double) (ours - theirs) / 1e3, LINKED_LIMIT_MS, "ms", detail);
}

static void
test_fifty (void)
{
  g_autoptr (GhLab) lab = gh_lab_new ();
  g_autofree char *path = make_machine (lab, 8);
  g_autofree char *xml = dup_definition (lab, "web");
  g_autofree char *copies = g_strdup_printf ("%d", N_LINKED);
  g_autofree char *detail = NULL;
  gint64 ours = G_MAXINT64;
  gint64 theirs = G_MAXINT64;

  for (guint turn = 0; turn < 2; turn++)
    {
      gint64 time = 0;

      for (guint i = 1; i <= N_LINKED; i++)
        {
          g_autofree char *name = g_strdup_printf ("bare-%u", i);

          time += link_bare (lab, path, xml, name, TRUE);
        }
      theirs = MIN (theirs, time);
      for (guint i = 1; i <= N_LINKED; i++)
        {
          g_autofree char *name = g_strdup_printf ("bare-%u", i);

          unlink_bare (lab, path, name);
        }
      take_best (&ours, time_clone (lab, "--linked", "--name", "ours", "--copies", copies, NULL));
      for (guint i = 1; i <= N_LINKED; i++)
        {
          g_autofree char *name = g_strdup_printf ("ours-%u", i);

          unlink_bare (lab, path, name);
        }
    }
  detail = g_strdup_printf ("%.2f s against %.2f s", (double) ours / 1e6, (double) theirs / 1e6);
  gh_bench_report ("50 linked clones, against a loop with virsh", (double) ours / (double) theirs,
                   1.2, "×", detail);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bench/clone/linked", test_linked);
  g_test_add_func ("/bench/clone/fifty", test_fifty);
  g_test_add_func ("/bench/clone/full", test_full);
  g_test_add_func ("/bench/clone/live", test_live);
  g_test_add_func ("/bench/clone/cancel", test_cancel);
  return g_test_run ();
}
