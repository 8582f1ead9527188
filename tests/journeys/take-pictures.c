/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Takes the pictures of the help: of the real program, with real hosts that have machines, disks,
 * snapshots and a guest that runs. Not a test; see HACKING.md.
 *
 * What is seen in them is what a user would see: so the program is in namespaces of its own,
 * where /srv is a file system with nothing in it and the hosts have names, and is an ordinary
 * user's there too. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <gdk/gdkkeysyms.h>
#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

#include "gh-journey.h"
#include "gh-lab-pair.h"
#include "gh-lab-sshd.h"

#define GUEST "Tiny Linux"
#define INSTALLED "debian-12"
/* Of the other host. */
#define ADDRESS "192.168.1.20"
#define POOL "/srv/machines"
#define ISO "/srv/iso/debian-12.5.0-amd64-netinst.iso"
/* Without a compositor GTK draws a frame around windows, which no desktop has. */
#define FRAME 4

/* The world */

/* Starts this program again where it may mount what it likes. */
static void
enter_namespaces (char **argv)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) words = NULL;

  if (g_getenv ("GUESTHOUSE_PICTURES_INSIDE") != NULL)
    return;
  g_setenv ("GUESTHOUSE_PICTURES_INSIDE", "yes", TRUE);
  g_strv_builder_add_many (builder, "unshare", "--user", "--map-current-user", "--keep-caps",
                           "--mount", "--net", "--uts", "--", NULL);
  g_strv_builder_addv (builder, (const char **) argv);
  words = g_strv_builder_end (builder);
  execvp (words[0], words);
  g_error ("unshare: %s", g_strerror (errno));
}

/* The other host is found by its name, like this one. */
static void
furnish (GhLab *lab)
{
  g_autofree char *hosts = gh_lab_write_file (lab, "hosts",
                                              "127.0.0.1 localhost\n127.0.0.1 desk\n"
                                              ADDRESS " attic\n");

  g_free (gh_lab_pair_run_tool ("hostname", "desk", NULL));
  g_free (gh_lab_pair_run_tool ("ip", "link", "set", "lo", "up", NULL));
  g_free (gh_lab_pair_run_tool ("ip", "address", "add", ADDRESS "/24", "dev", "lo", NULL));
  g_free (gh_lab_pair_run_tool ("mount", "--bind", hosts, "/etc/hosts", NULL));
  /* Nothing is written to most of it. */
  g_free (gh_lab_pair_run_tool ("mount", "-t", "tmpfs", "-o", "size=900G", "tmpfs", "/srv", NULL));
  g_assert_no_errno (g_mkdir (POOL, 0755));
  g_assert_no_errno (g_mkdir ("/srv/images", 0755));
  g_assert_no_errno (g_mkdir ("/srv/iso", 0755));
}

static void
make_pool (GhLab      *lab,
           const char *path)
{
  g_autofree char *xml = g_strdup_printf ("<pool type='dir'><name>default</name><target>"
                                          "<path>%s</path></target></pool>", path);
  virStoragePoolPtr pool = virStoragePoolDefineXML (gh_lab_connect (lab), xml, 0);

  if (pool == NULL || virStoragePoolCreate (pool, 0) < 0)
    g_error ("%s", virGetLastErrorMessage ());
  virStoragePoolFree (pool);
}

/* An image with a part of it written. */
static char *
make_disk (const char *name,
           guint       gib,
           guint       mib_written)
{
  g_autofree char *path = g_strdup_printf (POOL "/%s.qcow2", name);
  g_autofree char *size = g_strdup_printf ("%uG", gib);
  g_autofree char *command = g_strdup_printf ("write -P 0xab 1M %uM", mib_written);

  g_free (gh_lab_pair_run_tool ("qemu-img", "create", "-f", "qcow2", path, size, NULL));
  g_free (gh_lab_pair_run_tool ("qemu-io", "-f", "qcow2", "-c", command, path, NULL));
  return g_strdup_printf ("<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
                          "<source file='%s'/><target dev='vda' bus='virtio'/></disk>", path);
}

/* A CD of which nothing is there but what is known by: its descriptors. */
static void
make_iso (void)
{
  static const char volume[] = "Debian 12.5.0 amd64 n";
  g_autofree guint8 *image = g_malloc0 (2048 * 20);
  guint8 *primary = image + 16 * 2048;
  guint8 *boot = image + 17 * 2048;
  guint8 *end = image + 18 * 2048;
  guint8 *catalog = image + 19 * 2048;
  int fd = -1;
  g_autoptr (GError) error = NULL;

  memcpy (primary, "\001CD001\001", 7);
  memset (primary + 8, ' ', 64);
  memcpy (primary + 40, volume, strlen (volume));
  primary[80] = 20; /* its size in blocks, both byte orders */
  primary[87] = 20;
  primary[128 + 1] = 8; /* blocks of 2048 */
  primary[128 + 2] = 8;
  memset (primary + 190, ' ', 512);
  memcpy (boot, "\000CD001\001EL TORITO SPECIFICATION", 30);
  boot[71] = 19;
  /* For BIOS, and for UEFI. */
  memcpy (catalog, "\001", 1);
  memcpy (catalog + 30, "\125\252\210", 3);
  memcpy (catalog + 64, "\221\357\001", 3);
  catalog[96] = 0x88;
  memcpy (end, "\377CD001\001", 7);
  g_file_set_contents (ISO, (const char *) image, 2048 * 20, &error);
  g_assert_no_error (error);
  fd = g_open (ISO, O_WRONLY | O_CLOEXEC, 0);
  g_assert_no_errno (fd);
  /* Its size on the disk is told, too. */
  g_assert_cmpint (posix_fallocate (fd, 0, 629 * 1024 * 1024), ==, 0);
  g_assert_no_errno (close (fd));
}

/* Those that have to show something start from a kernel. */
static void
define (GhLab      *lab,
        const char *name,
        const char *devices,
        gboolean    has_kernel,
        gboolean    start)
{
  g_autofree char *kernel = g_strdup_printf ("<kernel>%s</kernel><initrd>%s</initrd><cmdline>"
                                             "console=ttyS0 console=tty0</cmdline>",
                                             gh_lab_get_kernel (lab), gh_lab_get_initrd (lab));
  g_autofree char *xml = g_strdup_printf (
    "<domain type='qemu'><name>%s</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='q35'>hvm</type>%s</os><features><acpi/></features>"
    "<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model></cpu>"
    "<devices>%s<serial type='pty'/><graphics type='spice'><listen type='none'/></graphics>"
    "<video><model type='vga'/></video><memballoon model='none'/></devices></domain>",
    name, has_kernel ? kernel : "", devices);
  virDomainPtr domain = virDomainDefineXMLFlags (gh_lab_connect (lab), xml,
                                                 VIR_DOMAIN_DEFINE_VALIDATE);

  if (domain == NULL || (start && virDomainCreate (domain) < 0))
    g_error ("%s", virGetLastErrorMessage ());
  virDomainFree (domain);
}

static void
take_snapshot (GhLab      *lab,
               const char *machine,
               const char *name,
               const char *description)
{
  g_autofree char *xml = g_strdup_printf ("<domainsnapshot><name>%s</name><description>%s"
                                          "</description></domainsnapshot>", name, description);
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (lab), machine);
  virDomainSnapshotPtr snapshot = virDomainSnapshotCreateXML (domain, xml, 0);

  if (snapshot == NULL)
    g_error ("%s", virGetLastErrorMessage ());
  virDomainSnapshotFree (snapshot);
  virDomainFree (domain);
}

static void
define_machines (GhLab *lab)
{
  g_autofree char *build = make_disk ("build", 40, 1);
  g_autofree char *db = make_disk ("db", 20, 60);
  g_autofree char *debian = make_disk (INSTALLED, 20, 40);
  g_autofree char *web = make_disk ("web-1", 20, 64);
  g_autofree char *with_cd = g_strconcat (debian, "<disk type='file' device='cdrom'>"
                                          "<source file='" ISO "'/><target dev='sda' bus='sata'/>"
                                          "<readonly/></disk>", NULL);

  make_iso ();
  make_pool (lab, POOL);
  define (lab, "build", build, FALSE, FALSE);
  define (lab, "db", db, FALSE, TRUE);
  define (lab, INSTALLED, with_cd, FALSE, FALSE);
  define (lab, GUEST, "", TRUE, TRUE);
  define (lab, "web-1", web, TRUE, FALSE);
  take_snapshot (lab, "web-1", "clean", "As it was installed");
  take_snapshot (lab, "web-1", "updated", "All updates of November");
}

static void
wait_booted (GhLab      *lab,
             const char *name)
{
  g_autoptr (GhLabSerial) serial = gh_lab_serial_open (lab, name);

  gh_lab_serial_write (serial, "\n");
  g_assert_true (gh_lab_serial_wait (serial, "tiny:", 120));
}

/* Pictures */

typedef struct
{
  GhJourney *journey;
  GdkPixbuf *before; /* (nullable) */
} Calm;

/* Nothing moves any more: what opens has opened. */
static gboolean
is_calm (gpointer data)
{
  Calm *calm = data;
  g_autoptr (GdkPixbuf) before = calm->before;

  calm->before = gh_journey_look (calm->journey);
  return before != NULL && memcmp (gdk_pixbuf_read_pixels (before),
                                   gdk_pixbuf_read_pixels (calm->before),
                                   gdk_pixbuf_get_byte_length (before)) == 0;
}

/* What is seen of a window of the program, as help/C/figures/NAME.png wants it. */
static void
take (GhJourney  *journey,
      AtspiRole   role,
      const char *title,
      const char *name)
{
  g_autoptr (AtspiAccessible) window = gh_journey_find (journey, role, title);
  g_autoptr (GdkPixbuf) all = NULL;
  g_autoptr (GdkPixbuf) part = NULL;
  g_autofree char *file = g_strconcat (name, ".png", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_BUILT, "screenshots", file, NULL);
  g_autoptr (GError) error = NULL;
  Calm calm = { journey, NULL };
  GdkRectangle extents;

  g_assert_true (gh_lab_wait (60, is_calm, &calm));
  g_set_object (&all, calm.before);
  g_object_unref (calm.before);
  gh_journey_get_extents (window, &extents);
  part = gdk_pixbuf_new_subpixbuf (all, extents.x + FRAME, extents.y + FRAME,
                                   extents.width - 2 * FRAME, extents.height - 2 * FRAME);
  gdk_pixbuf_save (part, path, "png", &error, "compression", "9", NULL);
  g_assert_no_error (error);
}

/* So that all of a dialog is seen. */
static void
make_high (GhJourney  *journey,
           const char *title,
           int         height)
{
  g_autoptr (AtspiAccessible) window = gh_journey_find (journey, ATSPI_ROLE_FRAME, title);

  gh_journey_set_height (journey, window, height);
}

/* The row of a machine, for what is in the window then. */
static void
choose (GhJourney  *journey,
        const char *row,
        const char *title)
{
  g_autoptr (AtspiAccessible) cell = gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, row);

  gh_journey_click_at (journey, cell);
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_FRAME, title));
}

static void
open_from_menu (GhJourney  *journey,
                const char *menu,
                const char *item)
{
  gh_journey_press (journey, ATSPI_ROLE_TOGGLE_BUTTON, menu);
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, item);
}

static void
close_dialog (GhJourney  *journey,
              const char *title)
{
  gh_journey_key (journey, GDK_KEY_Escape);
  gh_journey_wait_gone (journey, ATSPI_ROLE_FRAME, title);
}

static void
take_window (GhJourney *journey,
             GhLab     *lab)
{
  choose (journey, GUEST ", Running", GUEST " – Guesthouse");
  gh_journey_wait_guest (journey, lab, GUEST);
  take (journey, ATSPI_ROLE_FRAME, GUEST " – Guesthouse", "window");

  gh_journey_press (journey, ATSPI_ROLE_TOGGLE_BUTTON, "Send keys");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_PUSH_BUTTON, "Ctrl+Alt+Delete"));
  take (journey, ATSPI_ROLE_FRAME, GUEST " – Guesthouse", "console");
  gh_journey_key (journey, GDK_KEY_Escape);
  gh_journey_wait_gone (journey, ATSPI_ROLE_PUSH_BUTTON, "Ctrl+Alt+Delete");
}

static void
take_create (GhJourney *journey)
{
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "New machine");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Installer image", ISO);
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Create");
  make_high (journey, "New machine", 840);
  take (journey, ATSPI_ROLE_FRAME, "New machine", "create");
  close_dialog (journey, "New machine");
}

static void
take_dialogs (GhJourney *journey)
{
  choose (journey, INSTALLED ", Off", INSTALLED " – Guesthouse");
  open_from_menu (journey, "More", "Delete…");
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Delete");
  take (journey, ATSPI_ROLE_FRAME, "Delete machine", "delete");
  close_dialog (journey, "Delete machine");

  open_from_menu (journey, "More", "Clone…");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL, "Disk vda"));
  make_high (journey, "Clone “" INSTALLED "”", 818);
  take (journey, ATSPI_ROLE_FRAME, "Clone “" INSTALLED "”", "clone");
  close_dialog (journey, "Clone “" INSTALLED "”");

  open_from_menu (journey, "Menu", "About this host…");
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Check again");
  make_high (journey, "This computer", 624);
  take (journey, ATSPI_ROLE_FRAME, "This computer", "host");
  close_dialog (journey, "This computer");

  choose (journey, "web-1, Off", "web-1 – Guesthouse");
  open_from_menu (journey, "More", "Snapshots…");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL, "All updates of November"));
  take (journey, ATSPI_ROLE_FRAME, "Snapshots", "snapshots");
  close_dialog (journey, "Snapshots");
}

static void
take_trial (GhJourney *journey,
            GhLab     *lab)
{
  choose (journey, "web-1, Off", "web-1 – Guesthouse");
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Try in a copy");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_FRAME, "web-1-trial – Guesthouse"));
  wait_booted (lab, "web-1-trial");
  gh_journey_wait_guest (journey, lab, "web-1-trial");
  take (journey, ATSPI_ROLE_FRAME, "web-1-trial – Guesthouse", "try");
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Discard");
}

/* An example, and then a host that is there. */
static void
take_hosts (GhJourney *journey)
{
  open_from_menu (journey, "Menu", "Add host…");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Computer", "server.example");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "User", "root");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Private key", "/home/anna/.ssh/server");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Jump host", "anna@gate");
  take (journey, ATSPI_ROLE_FRAME, "Add host", "add-host");

  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Computer", "attic");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "User", "");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Private key", "");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Jump host", "");
  gh_journey_choose (journey, "Machines", 1);
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Connect");
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "They are the same");
  take (journey, ATSPI_ROLE_FRAME, "Unknown computer", "host-key");
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "They are the same");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, "attic, No machines"));
}

static void
take_move (GhJourney *journey)
{
  choose (journey, "db, Running", "db – Guesthouse");
  open_from_menu (journey, "More", "Move to another host…");
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Move");
  make_high (journey, "Move “db”", 822);
  gh_journey_mnemonic (journey, GDK_KEY_r);
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL,
                                   "Rehearsed: it would work. Nothing was changed."));
  take (journey, ATSPI_ROLE_FRAME, "Move “db”", "migrate");
  close_dialog (journey, "Move “db”");
}

static void
take_pictures (void)
{
  g_autoptr (GhLab) there = gh_lab_new ();
  g_autoptr (GhLabSshd) sshd = NULL;
  g_autoptr (GhLab) here = NULL;
  g_autoptr (GhJourney) journey = NULL;
  g_autofree char *alias = NULL;

  furnish (there);
  sshd = gh_lab_sshd_new (there);
  gh_lab_sshd_set_options (sshd, "ListenAddress " ADDRESS);
  alias = g_strdup_printf ("Host attic\nHostName " ADDRESS "\nHostKeyAlias attic\nPort %u\n",
                           gh_lab_sshd_get_port (sshd));
  gh_lab_sshd_set_known (sshd, GH_LAB_KNOWN_NOTHING);
  gh_lab_sshd_set_client_options (sshd, alias);
  make_pool (there, "/srv/images");
  /* After it: the ssh that reads the configuration is found by what is made now. */
  here = gh_lab_new ();
  define_machines (here);
  journey = gh_journey_start (here, "-c", "qemu:///session", NULL);
  wait_booted (here, GUEST);

  take_window (journey, here);
  take_create (journey);
  take_dialogs (journey);
  take_hosts (journey);
  take_move (journey);
  take_trial (journey, here);
}

int
main (int   argc,
      char *argv[])
{
  enter_namespaces (argv);
  g_test_init (&argc, &argv, NULL);
  if (gh_lab_has_guest () && gh_lab_has_sshd ())
    g_test_add_func ("/journeys/take-pictures", take_pictures);
  return g_test_run ();
}
