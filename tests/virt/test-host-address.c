/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <gio/gio.h>

#include <string.h>

#include "gh-host-address.h"

typedef struct
{
  GhHostAddress address;
  const char   *uri; /* (nullable): it cannot be one */
} Row;

#define SSH GH_ADDRESS_SSH
#define OTHER GH_ADDRESS_OTHER

static const Row rows[] = {
  { { .kind = GH_ADDRESS_OWN }, "qemu:///session" },
  { { .kind = GH_ADDRESS_SYSTEM }, "qemu:///system" },
  { { .kind = SSH, .computer = (char *) "server" }, "qemu+ssh://server/system" },
  { { .kind = SSH, .computer = (char *) "server.example.org", .user = (char *) "root",
      .port = 2222 }, "qemu+ssh://root@server.example.org:2222/system" },
  { { .kind = SSH, .computer = (char *) "fe80::1", .user = (char *) "me", .own = TRUE },
    "qemu+ssh://me@[fe80::1]/session" },
  { { .kind = SSH, .computer = (char *) "s", .user = (char *) "ada@corp.example" },
    "qemu+ssh://ada%40corp.example@s/system" },
  { { .kind = SSH, .computer = (char *) "s", .key_file = (char *) "/home/me/a key&b=c?" },
    "qemu+ssh://s/system?keyfile=/home/me/a%20key%26b%3Dc%3F" },
  { { .kind = SSH, .computer = (char *) "s", .jump = (char *) "me@gate:2222,[fe80::2]" },
    "qemu+ssh://s/system?jump=me@gate:2222,[fe80::2]" },
  { { .kind = SSH, .computer = (char *) "s", .key_file = (char *) "/k", .jump = (char *) "gate" },
    "qemu+ssh://s/system?keyfile=/k&jump=gate" },
  { { .kind = GH_ADDRESS_TLS, .computer = (char *) "10.0.0.1" }, "qemu+tls://10.0.0.1/system" },
  { { .kind = GH_ADDRESS_TCP, .computer = (char *) "::1", .port = 16509 },
    "qemu+tcp://[::1]:16509/system" },
  { { .kind = OTHER, .uri = (char *) "xen+ssh://a/" }, "xen+ssh://a/" },
  { { .kind = OTHER, .uri = (char *) "test:///default" }, "test:///default" },
  { { .kind = OTHER, .uri = (char *) "qemu+ssh://a/system?proxy=netcat" },
    "qemu+ssh://a/system?proxy=netcat" },

  { { .kind = SSH }, NULL },
  { { .kind = SSH, .computer = (char *) "" }, NULL },
  /* Would be an option of ssh. */
  { { .kind = SSH, .computer = (char *) "-oProxyCommand=reboot" }, NULL },
  { { .kind = SSH, .computer = (char *) "s", .user = (char *) "-l" }, NULL },
  { { .kind = SSH, .computer = (char *) "s", .jump = (char *) "-oProxyCommand=reboot" }, NULL },
  /* Would mean something to the shell that ssh runs for jump hosts. */
  { { .kind = SSH, .computer = (char *) "s", .jump = (char *) "a;reboot" }, NULL },
  { { .kind = SSH, .computer = (char *) "a`reboot`" }, NULL },
  { { .kind = SSH, .computer = (char *) "s", .user = (char *) "$(reboot)" }, NULL },
  { { .kind = SSH, .computer = (char *) "a b" }, NULL },
  { { .kind = SSH, .computer = (char *) "a/b" }, NULL },
  { { .kind = SSH, .computer = (char *) "a?b" }, NULL },
  { { .kind = SSH, .computer = (char *) "me@a" }, NULL },
  { { .kind = SSH, .computer = (char *) "server:22" }, NULL },
  { { .kind = SSH, .computer = (char *) "s", .user = (char *) "a:b" }, NULL },
  { { .kind = SSH, .computer = (char *) "s", .port = 65536 }, NULL },
  { { .kind = SSH, .computer = (char *) "s", .key_file = (char *) "id_rsa" }, NULL },
  { { .kind = OTHER }, NULL },
  { { .kind = OTHER, .uri = (char *) "server" }, NULL },
};

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *uri = gh_host_address_to_uri (&rows[i].address, &error);
      g_autoptr (GhHostAddress) again = NULL;
      g_autofree char *same = NULL;

      g_test_message ("row %u: %s", i, rows[i].uri != NULL ? rows[i].uri : "refused");
      g_assert_cmpstr (uri, ==, rows[i].uri);
      if (rows[i].uri == NULL)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
          continue;
        }
      g_assert_no_error (error);
      /* And back. */
      again = gh_host_address_new_from_uri (uri);
      g_assert_cmpint (again->kind, ==, rows[i].address.kind);
      g_assert_cmpuint (again->port, ==, rows[i].address.port);
      g_assert_cmpstr (again->user, ==, rows[i].address.user);
      g_assert_cmpstr (again->key_file, ==, rows[i].address.key_file);
      g_assert_cmpstr (again->jump, ==, rows[i].address.jump);
      same = gh_host_address_to_uri (again, NULL);
      g_assert_cmpstr (same, ==, uri);
    }
}

/* Other programs do not know what is ours. */
static void
test_plain (void)
{
  static const char * const cases[][2] = {
    { "qemu:///system", "qemu:///system" },
    { "qemu+ssh://s/system?jump=a", "qemu+ssh://s/system" },
    { "qemu+ssh://s/system?keyfile=/a%20b&jump=a&x=y", "qemu+ssh://s/system?keyfile=/a%20b&x=y" },
    { "qemu+ssh://s/system?jump=a&no_tty=1", "qemu+ssh://s/system?no_tty=1" },
    /* The key of a host is looked at, however libvirt may be told not to. */
    { "qemu+ssh://s/system?no_verify=1", "qemu+ssh://s/system" },
    { "qemu+ssh://s/system?No_Verify=1;no%5Fverify=1&x=y", "qemu+ssh://s/system?x=y" },
    { "qemu+libssh2://s/system?known_hosts_verify=ignore", "qemu+libssh2://s/system" },
    { "qemu+tls://s/system?no_verify=1&pkipath=/a", "qemu+tls://s/system?pkipath=/a" },
    /* The last “@” ends the user. */
    { "qemu+ssh://ada@corp@s:22/system?x=@", "qemu+ssh://ada%40corp@s:22/system?x=@" },
    { "qemu+ssh://ada%40corp@s/system", "qemu+ssh://ada%40corp@s/system" },
    { "qemu+ssh://s/a@b@c", "qemu+ssh://s/a@b@c" },
    /* What would be added would be a part of this. */
    { "qemu+ssh://s/system?x=y#end", "qemu+ssh://s/system?x=y" },
    { "qemu+ssh://s/system#end?x=y", "qemu+ssh://s/system" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *plain = gh_host_address_dup_plain (cases[i][0]);

      g_assert_cmpstr (plain, ==, cases[i][1]);
    }
}

/* For each other connection somebody logs in somewhere. */
static void
test_direct (void)
{
  static const struct
  {
    const char *uri;
    gboolean    direct;
  } cases[] = {
    { "qemu:///system", TRUE },
    { "qemu+tcp://s/system", TRUE },
    { "qemu://s/system", TRUE },
    { "qemu+TLS://s/system", TRUE },
    { "qemu+unix:///session?socket=/a", TRUE },
    { "qemu+ssh://s/system?command=/usr/bin/ssh", FALSE },
    { "qemu+libssh2://s/system", FALSE },
    { "qemu+libssh://s/system", FALSE },
    { "qemu+ext://s/system?command=/a", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (gh_host_address_is_direct (cases[i].uri), ==, cases[i].direct);
}

/* What is not done, and what is run, is said before it happens. */
static void
test_remarks (void)
{
  static const struct
  {
    const char *uri;
    const char *remark;
    const char *program;
  } cases[] = {
    { "qemu+ssh://s/system?jump=a", NULL, NULL },
    { "qemu+ssh://s/system?no_verify=1", "“no_verify” is ignored", NULL },
    { "qemu+tls://s/system?NO_VERIFY=1", "“NO_VERIFY” is ignored", NULL },
    { "qemu+libssh://s/system?known_hosts_verify=auto", "“known_hosts_verify” is ignored", NULL },
    { "qemu+ssh://s/system?command=/bin/evil%20one", "this computer: /bin/evil one",
      "/bin/evil one" },
    { "qemu+ssh://s/system?command=/a&Comm%61nd=/b", "this computer: /b", "/b" },
    { "QEMU+SSH://s/system?command=/a", "this computer: /a", "/a" },
    { "qemu+ext:///system?command=/a&no_verify=1", "\nConnecting runs a program", "/a" },
    /* Nobody runs it. */
    { "qemu+tcp://s/system?command=/a", NULL, NULL },
    { "qemu+ssh://s/system#?command=/a", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *remark = gh_host_address_dup_remark (cases[i].uri);
      g_autofree char *program = gh_host_address_dup_program (cases[i].uri);

      g_test_message ("%s: %s", cases[i].uri, remark);
      g_assert_cmpstr (program, ==, cases[i].program);
      g_assert_true ((remark != NULL) == (cases[i].remark != NULL));
      if (remark != NULL)
        g_assert_nonnull (strstr (remark, cases[i].remark));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host-address/rows", test_rows);
  g_test_add_func ("/host-address/plain", test_plain);
  g_test_add_func ("/host-address/direct", test_direct);
  g_test_add_func ("/host-address/remarks", test_remarks);
  return g_test_run ();
}
