/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Another computer is added over ssh: its address forms while one types, it is connected before it
 * is kept, its key is compared, and its machines are in the list. A real sshd, by AT-SPI. */

#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "gh-journey.h"
#include "gh-lab-sshd.h"

#define FAR_UNKNOWN "Not everything can be seen from here"

static void
define_machine (GhLab *lab)
{
  virDomainPtr domain = virDomainDefineXML (gh_lab_connect (lab),
                                            "<domain type='qemu'><name>far-away</name>"
                                            "<memory unit='MiB'>64</memory>"
                                            "<os><type arch='x86_64' machine='q35'>hvm</type></os>"
                                            "</domain>");

  g_assert_nonnull (domain);
  virDomainFree (domain);
}

typedef struct
{
  GhLab      *lab;
  const char *uri;
} Saved;

/* What is there at the next start. */
static gboolean
is_saved (gpointer data)
{
  Saved *saved = data;
  g_auto (GStrv) environ = gh_lab_dup_environ (saved->lab);
  g_autofree char *path = g_build_filename (g_environ_getenv (environ, "HOME"), ".config",
                                            "glib-2.0", "settings", "keyfile", NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) && strstr (text, saved->uri) != NULL;
}

static void
fill_in (GhJourney *journey,
         GhLabSshd *sshd)
{
  g_autofree char *port = g_strdup_printf ("%u", gh_lab_sshd_get_port (sshd));

  /* There is no machine yet: the window offers it. */
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Add host…");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Computer", "127.0.0.1");
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "User", g_get_user_name ());
  gh_journey_choose (journey, "Machines", 1);
  gh_journey_set_text (journey, ATSPI_ROLE_TEXT, "Port", port);
}

/* The list changes while it is shown, both ways; and a host in it. */
static void
change_outside (GhJourney  *journey,
                GhLab      *lab,
                GhLabSshd  *sshd,
                const char *uri)
{
  g_autoptr (GhLabRun) removed = gh_lab_run (lab, "remove-host", uri, "--yes", NULL);
  g_autofree char *key = gh_lab_sshd_dup_key_path (sshd, "key");
  g_autoptr (GhLabRun) added = NULL;
  g_autoptr (GhLabRun) edited = NULL;

  gh_lab_assert_status (removed, 0);
  gh_journey_wait_gone (journey, ATSPI_ROLE_TABLE_CELL, "far-away, Off");
  added = gh_lab_run (lab, "add-host", uri, NULL);
  gh_lab_assert_status (added, 0);
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, "far-away, Off"));
  edited = gh_lab_run (lab, "edit-host", uri, "--name", "Attic", "--key", key, "--autoconnect",
                       "no", NULL);
  gh_lab_assert_status (edited, 0);
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, "Attic, Not connected"));
  gh_journey_wait_gone (journey, ATSPI_ROLE_TABLE_CELL, "far-away, Off");
}

/* Its page tells of its virtualization, and of what cannot be seen from here. */
static void
look_at_host (GhJourney *journey)
{
  g_autoptr (AtspiAccessible) cell = gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL,
                                                      "far-away, Off");

  /* The menu is about the host of what is chosen, which is shown when it is. */
  gh_journey_click_at (journey, cell);
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Run");
  gh_journey_press (journey, ATSPI_ROLE_TOGGLE_BUTTON, "Menu");
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "About this host…");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL, FAR_UNKNOWN));
  g_object_unref (gh_journey_screenshot (journey, "add-host-virtualization"));
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Check again");
  gh_journey_wait_enabled (journey, ATSPI_ROLE_PUSH_BUTTON, "Check again");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL, FAR_UNKNOWN));
  gh_journey_key (journey, GDK_KEY_Escape);
  gh_journey_wait_gone (journey, ATSPI_ROLE_PUSH_BUTTON, "Check again");
}

static void
test_add_host (void)
{
  g_autoptr (GhLab) there = NULL;
  g_autoptr (GhLabSshd) sshd = NULL;
  g_autoptr (GhLab) here = NULL;
  g_autoptr (GhJourney) journey = NULL;
  g_autofree char *here_uri = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *key = NULL;

  if (!gh_lab_has_sshd ())
    return;
  there = gh_lab_new ();
  sshd = gh_lab_sshd_new (there);
  gh_lab_sshd_set_known (sshd, GH_LAB_KNOWN_NOTHING);
  define_machine (there);
  /* After it: the ssh that reads the test's own configuration is found by what is made now. */
  here = gh_lab_new ();
  gh_lab_set_env (here, "GSETTINGS_BACKEND", "keyfile");
  gh_lab_start_daemon (here);
  here_uri = gh_lab_dup_uri (here);
  uri = gh_lab_sshd_dup_uri (sshd);
  key = g_strdup_printf ("ED25519  %s", gh_lab_sshd_get_fingerprint (sshd));

  journey = gh_journey_start (here, "-c", here_uri, NULL);
  fill_in (journey, sshd);
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL, uri));
  g_object_unref (gh_journey_screenshot (journey, "add-host"));
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "Connect");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_LABEL, key));
  g_object_unref (gh_journey_screenshot (journey, "add-host-key"));
  g_assert_false (is_saved (&(Saved){ here, uri }));
  gh_journey_press (journey, ATSPI_ROLE_PUSH_BUTTON, "They are the same");
  gh_journey_wait_gone (journey, ATSPI_ROLE_TEXT, "Computer");
  g_object_unref (gh_journey_find (journey, ATSPI_ROLE_TABLE_CELL, "far-away, Off"));
  g_object_unref (gh_journey_screenshot (journey, "add-host-listed"));
  g_assert_true (gh_lab_wait (60, is_saved, &(Saved){ here, uri }));
  g_assert_cmpuint (gh_lab_sshd_count_logins (sshd), ==, 1);
  look_at_host (journey);
  change_outside (journey, here, sshd, uri);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/journeys/add-host", test_add_host);
  return g_test_run ();
}
