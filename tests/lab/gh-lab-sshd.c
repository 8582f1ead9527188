/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The user who runs tests may have no home and no login shell, so sshd is told by nss_wrapper that
 * it has. Being no root, it lets in nobody but this user, and knows no passwords. */

#define G_LOG_DOMAIN "gh-lab-sshd"

#include "gh-lab-sshd.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SSHD "/usr/sbin/sshd"
#define SECONDS 20

struct _GhLabSshd
{
  GhLab       *lab;
  char        *folder;
  guint        port;
  char        *fingerprint;
  char        *options;        /* (nullable): lines of its configuration */
  char        *client_options; /* (nullable) */
  GSubprocess *process;
};

gboolean
gh_lab_has_sshd (void)
{
  static const char * const folders[] = { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
                                          "/usr/lib64", "/usr/lib" };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *wrapper = g_build_filename (folders[i], "libnss_wrapper.so", NULL);

      if (g_file_test (SSHD, G_FILE_TEST_IS_EXECUTABLE) &&
          g_file_test (wrapper, G_FILE_TEST_EXISTS))
        return TRUE;
    }
  g_test_skip ("sshd or libnss_wrapper is not installed");
  return FALSE;
}

static char *
in_folder (GhLabSshd  *self,
           const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

static char *
read_file (GhLabSshd  *self,
           const char *name)
{
  g_autofree char *path = in_folder (self, name);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? text : g_strdup ("");
}

static void
write_file (GhLabSshd  *self,
            const char *name,
            int         mode,
            char       *text)
{
  g_autofree char *path = in_folder (self, name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, &error);
  g_assert_no_error (error);
  g_free (text);
}

static void
run (const char * const  *argv,
     char               **output)
{
  g_autoptr (GError) error = NULL;
  int status = -1;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, output, NULL, &status,
                &error);
  g_assert_no_error (error);
  g_spawn_check_wait_status (status, &error);
  g_assert_no_error (error);
}

static void
make_key (GhLabSshd  *self,
          const char *name,
          const char *passphrase)
{
  g_autofree char *path = in_folder (self, name);
  g_autofree char *public_path = g_strconcat (path, ".pub", NULL);

  g_unlink (path);
  g_unlink (public_path);
  run ((const char *[]) { "ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-C", "lab", "-N",
                          passphrase, "-f", path, NULL }, NULL);
}

/* Free for the moment that it takes sshd to listen. */
static guint
find_port (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (getsockname (fd, (struct sockaddr *) &address, &length));
  close (fd);
  return ntohs (address.sin_port);
}

static void
write_server (GhLabSshd *self)
{
  g_auto (GStrv) environ = gh_lab_dup_environ (self->lab);

  write_file (self, "passwd", 0600,
              g_strdup_printf ("%s:x:%d:%d::%s:/bin/sh\n"
                               GH_LAB_DOMAIN_USER ":x:%d:%d::%s:/bin/sh\n",
                               g_get_user_name (), (int) getuid (), (int) getgid (),
                               gh_lab_get_folder (self->lab), (int) getuid (), (int) getgid (),
                               gh_lab_get_folder (self->lab)));
  write_file (self, "group", 0600, g_strdup_printf ("%s:x:%d:\n", g_get_user_name (),
                                                    (int) getgid ()));
  write_file (self, "sshd_config", 0600,
              g_strdup_printf ("ListenAddress 127.0.0.1\nPort %u\nHostKey %s/host\n"
                               "AuthorizedKeysFile %s/authorized\nPidFile none\nUsePAM no\n"
                               "StrictModes no\nPasswordAuthentication no\n"
                               "KbdInteractiveAuthentication no\nLogLevel VERBOSE\n"
                               "%s\nSetEnv XDG_RUNTIME_DIR=%s GUESTHOUSE_WORLD=%s\n",
                               self->port, self->folder, self->folder,
                               self->options != NULL ? self->options : "",
                               g_environ_getenv (environ, "XDG_RUNTIME_DIR"),
                               g_getenv ("GUESTHOUSE_WORLD")));
}

static void
write_client_config (GhLabSshd *self)
{
  write_file (self, "ssh_config", 0600,
              g_strdup_printf ("%s\nHost *\nUserKnownHostsFile %s/known\n"
                               "GlobalKnownHostsFile none\n"
                               "IdentityFile %s/key\nIdentitiesOnly yes\nIdentityAgent none\n"
                               "HashKnownHosts no\n",
                               self->client_options != NULL ? self->client_options : "",
                               self->folder, self->folder));
}

static void
write_client (GhLabSshd *self)
{
  g_autofree char *path = g_strdup_printf ("%s/bin:%s", self->folder, g_getenv ("PATH"));
  g_autofree char *bin = in_folder (self, "bin");

  g_assert_no_errno (g_mkdir_with_parents (bin, 0700));
  write_client_config (self);
  write_file (self, "bin/ssh", 0700,
              g_strdup_printf ("#!/bin/sh\nexec /usr/bin/ssh -F %s/ssh_config \"$@\"\n",
                               self->folder));
  g_setenv ("PATH", path, TRUE);
}

static gboolean
listens (gpointer data)
{
  g_autofree char *log = read_file (data, "log");

  return strstr (log, "Server listening on") != NULL;
}

static void
start (GhLabSshd *self)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *config = in_folder (self, "sshd_config");
  g_autofree char *log = in_folder (self, "log");
  g_autofree char *passwd = in_folder (self, "passwd");
  g_autofree char *group = in_folder (self, "group");
  g_autoptr (GError) error = NULL;
  char *environ[] = { NULL };

  g_subprocess_launcher_set_environ (launcher, environ);
  g_subprocess_launcher_setenv (launcher, "PATH", "/usr/bin:/bin", TRUE);
  g_subprocess_launcher_setenv (launcher, "LD_PRELOAD", "libnss_wrapper.so", TRUE);
  g_subprocess_launcher_setenv (launcher, "NSS_WRAPPER_PASSWD", passwd, TRUE);
  g_subprocess_launcher_setenv (launcher, "NSS_WRAPPER_GROUP", group, TRUE);
  self->process = g_subprocess_launcher_spawn (launcher, &error, SSHD, "-D", "-f", config, "-E",
                                               log, NULL);
  g_assert_no_error (error);
  if (!gh_lab_wait (SECONDS, listens, self))
    g_error ("sshd does not start");
}

static gboolean
listens_again (gpointer data)
{
  return gh_lab_sshd_count (data, "Server listening on") > GPOINTER_TO_UINT (
    g_object_get_data (G_OBJECT (((GhLabSshd *) data)->process), "n-listened"));
}

GhLabSshd *
gh_lab_sshd_new (GhLab *lab)
{
  GhLabSshd *self = g_new0 (GhLabSshd, 1);
  g_autofree char *key = NULL;
  g_autofree char *line = NULL;
  g_auto (GStrv) words = NULL;

  self->lab = lab;
  self->folder = gh_lab_dup_path (lab, "sshd");
  self->port = find_port ();
  g_assert_no_errno (g_mkdir_with_parents (self->folder, 0700));
  make_key (self, "host", "");
  make_key (self, "other", "");
  key = in_folder (self, "host.pub");
  run ((const char *[]) { "ssh-keygen", "-lf", key, NULL }, &line);
  words = g_strsplit (line, " ", -1);
  self->fingerprint = g_strdup (words[1]);
  write_server (self);
  write_client (self);
  gh_lab_sshd_set_key (self, TRUE, NULL);
  gh_lab_sshd_set_known (self, GH_LAB_KNOWN_RIGHT);
  start (self);
  return self;
}

void
gh_lab_sshd_free (GhLabSshd *self)
{
  const char *path = g_getenv ("PATH");

  gh_lab_sshd_signal (self, SIGCONT);
  gh_lab_sshd_signal (self, SIGTERM);
  g_subprocess_send_signal (self->process, SIGTERM);
  g_subprocess_wait (self->process, NULL, NULL);
  g_setenv ("PATH", strchr (path, ':') + 1, TRUE);
  g_object_unref (self->process);
  g_free (self->fingerprint);
  g_free (self->options);
  g_free (self->client_options);
  g_free (self->folder);
  g_free (self);
}

char *
gh_lab_sshd_dup_uri (GhLabSshd *self)
{
  return gh_lab_sshd_dup_uri_at (self, self->port);
}

char *
gh_lab_sshd_dup_uri_at (GhLabSshd *self,
                        guint      port)
{
  return g_strdup_printf ("qemu+ssh://%s@127.0.0.1:%u/session", g_get_user_name (), port);
}

guint
gh_lab_sshd_get_port (GhLabSshd *self)
{
  return self->port;
}

const char *
gh_lab_sshd_get_fingerprint (GhLabSshd *self)
{
  return self->fingerprint;
}

void
gh_lab_sshd_set_known (GhLabSshd  *self,
                       GhLabKnown  known)
{
  g_autofree char *key = read_file (self, known == GH_LAB_KNOWN_OTHER ? "other.pub" : "host.pub");

  write_file (self, "known", 0600, known == GH_LAB_KNOWN_NOTHING ? g_strdup ("")
              : g_strdup_printf ("[127.0.0.1]:%u,[localhost]:%u %s", self->port, self->port, key));
}

void
gh_lab_sshd_set_key (GhLabSshd  *self,
                     gboolean    accepted,
                     const char *passphrase)
{
  make_key (self, "key", passphrase != NULL ? passphrase : "");
  write_file (self, "authorized", 0600, read_file (self, accepted ? "key.pub" : "other.pub"));
}

void
gh_lab_sshd_set_options (GhLabSshd  *self,
                         const char *lines)
{
  guint n = gh_lab_sshd_count (self, "Server listening on");

  if (g_strcmp0 (self->options, lines) == 0)
    return;
  g_free (self->options);
  self->options = g_strdup (lines);
  write_server (self);
  /* It starts itself anew, as the same process. */
  g_object_set_data (G_OBJECT (self->process), "n-listened", GUINT_TO_POINTER (n));
  g_subprocess_send_signal (self->process, SIGHUP);
  if (!gh_lab_wait (SECONDS, listens_again, self))
    g_error ("sshd does not start again");
}

void
gh_lab_sshd_set_client_options (GhLabSshd  *self,
                                const char *lines)
{
  g_free (self->client_options);
  self->client_options = g_strdup (lines);
  write_client_config (self);
}

char *
gh_lab_sshd_dup_key_path (GhLabSshd  *self,
                          const char *name)
{
  return in_folder (self, name);
}

guint
gh_lab_sshd_count (GhLabSshd  *self,
                   const char *text)
{
  g_autofree char *log = read_file (self, "log");
  guint n = 0;

  for (const char *at = log; (at = strstr (at, text)) != NULL; at++)
    n++;
  return n;
}

guint
gh_lab_sshd_count_logins (GhLabSshd *self)
{
  return gh_lab_sshd_count (self, "Accepted publickey for ");
}

guint
gh_lab_sshd_count_sessions (GhLabSshd *self)
{
  return gh_lab_sshd_count (self, "Starting session: ");
}

static gboolean
has_parent (int pid,
            int parent)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *text = NULL;
  const char *after = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  after = strrchr (text, ')');
  return after != NULL && strlen (after) > 4 && atoi (after + 4) == parent;
}

/* Below @parent, the deepest first. */
static void
collect_children (int     parent,
                  GArray *pids)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  const char *name = NULL;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      int pid = atoi (name);

      if (pid <= 1 || !has_parent (pid, parent))
        continue;
      collect_children (pid, pids);
      g_array_append_val (pids, pid);
    }
}

guint
gh_lab_sshd_signal (GhLabSshd *self,
                    int        signum)
{
  g_autoptr (GArray) pids = g_array_new (FALSE, FALSE, sizeof (int));

  collect_children (atoi (g_subprocess_get_identifier (self->process)), pids);
  for (guint i = 0; i < pids->len; i++)
    kill (g_array_index (pids, int, i), signum);
  return pids->len;
}
