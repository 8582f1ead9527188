/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Every reason that is recognised, from the texts that ssh, the far end and libvirt write. */

#include "config.h"

#include <gio/gio.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "gh-connect-error.h"
#include "gh-test.h"
#include "gh-virt-error.h"

#define SSH_URI "qemu+ssh://me@server:2222/system"
#define RECV "Cannot recv data: : Connection reset by peer"

static const struct
{
  GhConnectErrorCode  code;
  const char         *uri;
  const char         *message;  /* of libvirt */
  const char         *text;     /* (nullable): of ssh */
  const char         *sentence; /* a part of it */
  const char         *command;  /* (nullable) */
  gboolean            needs_user;
} rows[] = {
  { GH_CONNECT_ERROR_NAME_UNKNOWN, SSH_URI, RECV,
    "ssh: Could not resolve hostname server: Name or service not known", "no computer of this name",
    NULL, FALSE },
  { GH_CONNECT_ERROR_NO_SSH_SERVICE, SSH_URI, RECV,
    "ssh: connect to host server port 2222: Connection refused", "ssh service does not answer",
    NULL, FALSE },
  { GH_CONNECT_ERROR_NO_ROUTE, SSH_URI, RECV,
    "ssh: connect to host server port 22: No route to host", "no way to this computer", NULL,
    FALSE },
  { GH_CONNECT_ERROR_NO_ROUTE, SSH_URI, RECV,
    "ssh: connect to host server port 22: Network is unreachable", "no way", NULL, FALSE },
  { GH_CONNECT_ERROR_TIMED_OUT, SSH_URI, RECV,
    "ssh: connect to host server port 22: Connection timed out", "did not answer in time", NULL,
    FALSE },
  { GH_CONNECT_ERROR_TIMED_OUT, SSH_URI, RECV, "Connection timed out during banner exchange",
    "did not answer in time", NULL, FALSE },
  { GH_CONNECT_ERROR_TIMED_OUT, SSH_URI, RECV, "Timeout, server server not responding.",
    "did not answer in time", NULL, FALSE },
  { GH_CONNECT_ERROR_TIMED_OUT, SSH_URI, RECV, "Connection to 10.0.0.9 port 22 timed out",
    "did not answer in time", NULL, FALSE },
  { GH_CONNECT_ERROR_HOST_KEY_UNKNOWN, SSH_URI, RECV, "Host key verification failed.",
    "not certain", NULL, TRUE },
  { GH_CONNECT_ERROR_HOST_KEY_CHANGED, SSH_URI, RECV,
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
    "Host key verification failed.", "another key than before", "ssh-keygen -R server", TRUE },
  { GH_CONNECT_ERROR_KEY_REFUSED, SSH_URI, RECV, "me@server: Permission denied (publickey).",
    "did not accept any of your keys", "ssh-copy-id -p 2222 me@server", TRUE },
  { GH_CONNECT_ERROR_LOGIN_REFUSED, SSH_URI, RECV,
    "me@server: Permission denied (publickey,password).", "did not accept the login", NULL, TRUE },
  { GH_CONNECT_ERROR_LOGIN_REFUSED, SSH_URI, RECV, "Permission denied, please try again.",
    "did not accept the login", NULL, TRUE },
  { GH_CONNECT_ERROR_KEY_MISSING, SSH_URI, RECV,
    "Warning: Identity file /k not accessible: No such file or directory.\n"
    "me@server: Permission denied (publickey).", "private key cannot be opened", NULL, TRUE },
  { GH_CONNECT_ERROR_KEY_EXPOSED, SSH_URI, RECV,
    "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n"
    "Permissions 0644 for '/home/me/a key' are too open.\n"
    "me@server: Permission denied (publickey).", "Others may read",
    "chmod 600 '/home/me/a key'", TRUE },
  { GH_CONNECT_ERROR_TOO_MANY_KEYS, SSH_URI, RECV,
    "Received disconnect from 10.0.0.9 port 22:2: Too many authentication failures",
    "too many keys", NULL, TRUE },
  { GH_CONNECT_ERROR_OLD_SSH, SSH_URI, RECV,
    "Unable to negotiate with 10.0.0.9 port 22: no matching host key type found. Their offer: "
    "ssh-rsa", "too old", NULL, FALSE },
  { GH_CONNECT_ERROR_NO_SHELL, SSH_URI, RECV, "This account is currently not available.",
    "may not log in", "ssh -t -p 2222 me@server 'sudo usermod -s /bin/sh me'", TRUE },
  { GH_CONNECT_ERROR_FORBIDDEN_TUNNEL, SSH_URI, RECV,
    "channel 0: open failed: administratively prohibited: open failed", "consoles", NULL, FALSE },
  { GH_CONNECT_ERROR_TOO_FEW_SESSIONS, SSH_URI, RECV,
    "mux_client_request_session: session request failed: Session open refused by peer\n"
    "Failed to connect to new control master",
    "lets nothing through", "ssh -t -p 2222 me@server 'sudo systemctl reload ssh'", TRUE },
  { GH_CONNECT_ERROR_NO_SSH, SSH_URI, RECV, "guesthouse-ssh: ssh: No such file or directory",
    "has no ssh", "sudo apt install openssh-client", TRUE },
  { GH_CONNECT_ERROR_NO_HELPER, SSH_URI, "End of file while reading data: Input/output error",
    "sh: 1: nc: not found", "hands ssh on to libvirt",
    "ssh -t -p 2222 me@server 'sudo apt install libvirt-daemon-system netcat-openbsd'", FALSE },
  { GH_CONNECT_ERROR_NO_HELPER, SSH_URI, RECV, "bash: line 1: nc: command not found",
    "hands ssh on to libvirt",
    "ssh -t -p 2222 me@server 'sudo apt install libvirt-daemon-system netcat-openbsd'", FALSE },
  { GH_CONNECT_ERROR_NO_HELPER, SSH_URI, RECV, "sh: 1: virt-ssh-helper: not found",
    "hands ssh on to libvirt",
    "ssh -t -p 2222 me@server 'sudo apt install libvirt-daemon-system netcat-openbsd'", FALSE },
  { GH_CONNECT_ERROR_NO_HELPER, SSH_URI, RECV, "sh: line 1: virt-ssh-helper: command not found",
    "hands ssh on to libvirt",
    "ssh -t -p 2222 me@server 'sudo apt install libvirt-daemon-system netcat-openbsd'", FALSE },
  { GH_CONNECT_ERROR_NOISY_SHELL, SSH_URI,
    "packet 1214826541 bytes received from server too large, want 33554432", NULL,
    "written at each login", NULL, TRUE },
  { GH_CONNECT_ERROR_NOT_IN_GROUP, SSH_URI, RECV,
    "virt-ssh-helper: cannot connect to 'qemu:///system': Failed to connect socket to "
    "'/run/libvirt/libvirt-sock': Permission denied", "may not manage",
    "ssh -t -p 2222 me@server 'sudo usermod -aG libvirt me'", FALSE },
  { GH_CONNECT_ERROR_NOT_IN_GROUP, SSH_URI, RECV, "nc: unix connect failed: Permission denied",
    "may not manage", "ssh -t -p 2222 me@server 'sudo usermod -aG libvirt me'", FALSE },
  { GH_CONNECT_ERROR_NOT_IN_GROUP, SSH_URI,
    "authentication unavailable: no polkit agent available to authenticate action "
    "'org.libvirt.unix.manage'", NULL, "may not manage",
    "ssh -t -p 2222 me@server 'sudo usermod -aG libvirt me'", TRUE },
  { GH_CONNECT_ERROR_NOT_IN_GROUP, SSH_URI, "authentication failed: access denied by policy", NULL,
    "may not manage", "ssh -t -p 2222 me@server 'sudo usermod -aG libvirt me'", TRUE },
  { GH_CONNECT_ERROR_DAEMON_OFF, SSH_URI, RECV,
    "virt-ssh-helper: Failed to connect socket to '/run/libvirt/libvirt-sock': No such file or "
    "directory", "libvirt service is not running",
    "ssh -t -p 2222 me@server 'sudo systemctl enable --now libvirtd.socket'", FALSE },
  { GH_CONNECT_ERROR_DAEMON_OFF, "qemu:///system",
    "Failed to connect socket to '/run/libvirt/libvirt-sock': No such file or directory", NULL,
    "libvirt service is not running", "sudo systemctl enable --now libvirtd.socket", FALSE },
  { GH_CONNECT_ERROR_DAEMON_OFF, "qemu:///system",
    "Failed to connect socket to '/run/libvirt/libvirt-sock': Connection refused", NULL,
    "libvirt service is not running", "sudo systemctl enable --now libvirtd.socket", FALSE },
  { GH_CONNECT_ERROR_DAEMON_OFF, SSH_URI, RECV,
    "nc: unix connect failed: No such file or directory", "libvirt service is not running",
    "ssh -t -p 2222 me@server 'sudo systemctl enable --now libvirtd.socket'", FALSE },
  { GH_CONNECT_ERROR_DAEMON_MISSING, "qemu:///session", "Cannot find 'libvirtd' in path", NULL,
    "not installed", "sudo apt install libvirt-daemon-system", FALSE },
  { GH_CONNECT_ERROR_DAEMON_MISSING, "qemu:///session",
    "internal error: Unable to locate libvirtd daemon", NULL, "not installed",
    "sudo apt install libvirt-daemon-system", FALSE },
  { GH_CONNECT_ERROR_NAME_UNKNOWN, "qemu+tls://server/system",
    "Unable to resolve address 'server' service '16514': Name or service not known", NULL,
    "no computer of this name", NULL, FALSE },
  { GH_CONNECT_ERROR_NO_NETWORK_SERVICE, "qemu+tcp://server/system",
    "unable to connect to server at 'server:16509': Connection refused", NULL,
    "does not listen on the network", NULL, FALSE },
  { GH_CONNECT_ERROR_NO_ROUTE, "qemu+tcp://server/system",
    "unable to connect to server at 'server:16509': No route to host", NULL, "no way", NULL,
    FALSE },
  { GH_CONNECT_ERROR_NO_ROUTE, "qemu+tcp://server/system",
    "unable to connect to server at 'server:16509': Network is unreachable", NULL, "no way", NULL,
    FALSE },
  { GH_CONNECT_ERROR_TIMED_OUT, "qemu+tcp://server/system",
    "unable to connect to server at 'server:16509': Connection timed out", NULL, "in time", NULL,
    FALSE },
  { GH_CONNECT_ERROR_NO_CA, "qemu+tls://server/system",
    "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file or directory", NULL,
    "authority is missing", NULL, TRUE },
  { GH_CONNECT_ERROR_NO_CLIENT_CERTIFICATE, "qemu+tls://server/system",
    "Cannot read certificate '/etc/pki/libvirt/clientcert.pem': No such file or directory", NULL,
    "Your certificate is missing", NULL, TRUE },
  { GH_CONNECT_ERROR_CERTIFICATE_NAME, "qemu+tls://10.0.0.9/system",
    "authentication failed: Failed to verify peer's certificate: Certificate [session] owner does "
    "not match the hostname 10.0.0.9", NULL, "for another name", NULL, TRUE },
  { GH_CONNECT_ERROR_CERTIFICATE_EXPIRED, "qemu+tls://server/system",
    "The server certificate /x has expired", NULL, "has expired", NULL, TRUE },
  { GH_CONNECT_ERROR_CERTIFICATE_UNTRUSTED, "qemu+tls://server/system",
    "Certificate failed validation: The certificate is not trusted.", NULL, "not trusted", NULL,
    TRUE },
  { GH_CONNECT_ERROR_CERTIFICATE_UNTRUSTED, "qemu+tls://server/system",
    "Certificate failed validation: The certificate hasn't got a known issuer (unknown issuer)",
    NULL, "not trusted", NULL, TRUE },
  { GH_CONNECT_ERROR_CERTIFICATE_REFUSED, "qemu+tls://server/system",
    "Unable to read TLS confirmation: Input/output error", NULL, "did not accept your certificate",
    NULL, TRUE },
  { GH_CONNECT_ERROR_DRIVER_UNKNOWN, "qmeu:///system",
    "no connection driver available for qmeu:///system", NULL, "no host of this kind", NULL, TRUE },
  { GH_CONNECT_ERROR_CLOSED, SSH_URI, RECV,
    "kex_exchange_identification: read: Connection reset by peer", "closed the connection", NULL,
    FALSE },
  { GH_CONNECT_ERROR_CLOSED, SSH_URI, RECV, "Connection closed by 10.0.0.9 port 22",
    "closed the connection", NULL, FALSE },
};

static GError *
new_error (const char *uri,
           const char *message,
           const char *text,
           gboolean    cancelled)
{
  g_autoptr (GError) cause = g_error_new_literal (GH_VIRT_ERROR, VIR_ERR_SYSTEM_ERROR, message);

  return gh_connect_error_new (uri, cause, text, cancelled);
}

static void
test_rows (void)
{
  gboolean seen[GH_CONNECT_ERROR_N_CODES] = { [GH_CONNECT_ERROR_CANCELLED] = TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) first = new_error (rows[i].uri, rows[i].message, rows[i].text, FALSE);
      /* What it carries is copied with it. */
      g_autoptr (GError) error = g_error_copy (first);
      g_autofree char *sentence = gh_error_dup_sentence (error);
      g_autofree char *advice = gh_error_dup_advice (error);
      g_autofree char *command = gh_error_dup_command (error);
      g_autofree char *details = gh_error_dup_details (error);

      g_test_message ("row %u: %s", i, sentence);
      g_assert_error (error, GH_CONNECT_ERROR, (int) rows[i].code);
      g_assert_nonnull (strstr (sentence, rows[i].sentence));
      g_assert_nonnull (advice);
      g_assert_cmpstr (command, ==, rows[i].command);
      g_assert_cmpint (gh_connect_error_needs_user (error), ==, rows[i].needs_user);
      g_assert_nonnull (strstr (details, rows[i].message));
      if (rows[i].text != NULL)
        g_assert_nonnull (strstr (details, rows[i].text));
      seen[rows[i].code] = TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    g_assert_true (seen[i]);
}

static void
test_others (void)
{
  g_autoptr (GError) unknown = new_error (SSH_URI, "something", "new", FALSE);
  g_autoptr (GError) cancelled = new_error (SSH_URI, RECV, "Permission denied (publickey).", TRUE);
  /* ssh's words mean nothing on a local host. */
  g_autoptr (GError) local = new_error ("qemu:///system", "Host key verification failed", NULL,
                                        FALSE);

  g_assert_error (unknown, GH_VIRT_ERROR, VIR_ERR_SYSTEM_ERROR);
  g_assert_cmpstr (unknown->message, ==, "something\nnew");
  g_assert_error (cancelled, GH_CONNECT_ERROR, GH_CONNECT_ERROR_CANCELLED);
  g_assert_true (gh_connect_error_needs_user (cancelled));
  g_assert_error (local, GH_VIRT_ERROR, VIR_ERR_SYSTEM_ERROR);
}

/* Both fingerprints, the old one from the file that ssh names; and what is in it is quoted. */
static void
test_changed (void)
{
  g_autofree char *folder = gh_test_dup_tmp_dir ();
  g_autofree char *path = g_build_filename (folder, "known hosts", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *advice = NULL;
  g_autofree char *command = NULL;
  g_autofree char *expected = NULL;

  g_file_set_contents (path, "# names\n[server]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPtbIyHY"
                       "b3lwa1QmCPEdKQ0oT1VbzT8Jj0Uhd6BSxzxl old\n", -1, &error);
  g_assert_no_error (error);
  text = g_strdup_printf ("@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
                          "The fingerprint for the ED25519 key sent by the remote host is\n"
                          "SHA256:NEWNEWNEW.\nOffending ED25519 key in %s:2\n  remove with:\n"
                          "  ssh-keygen -f \"%s\" -R \"[server]:2222\"\n"
                          "Host key verification failed.", path, path);
  error = new_error (SSH_URI, RECV, text, FALSE);
  advice = gh_error_dup_advice (error);
  command = gh_error_dup_command (error);
  expected = g_strdup_printf ("ssh-keygen -f '%s' -R '[server]:2222'", path);
  g_assert_nonnull (strstr (advice, "Key before: SHA256:"));
  g_assert_nonnull (strstr (advice, "Key now: SHA256:NEWNEWNEW"));
  g_assert_cmpstr (command, ==, expected);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/connect-error/rows", test_rows);
  g_test_add_func ("/connect-error/others", test_others);
  g_test_add_func ("/connect-error/changed", test_changed);
  return g_test_run ();
}
