/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Ends shared logins of ssh. First they are told to, as by “ssh -O exit” but without a process for
 * it: the program does this when it quits. The protocol is in OpenSSH's PROTOCOL.mux. One that does
 * not, because it hangs or the computer is busy, is ended by its number; and so is one that only
 * logs in, and has no socket yet. They are found by their command lines: a login leaves the process
 * that began it, and nobody is told its number. */

#define G_LOG_DOMAIN "gh-ssh-master"

#include "config.h"

#include "gh-ssh-master.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define MUX_MSG_HELLO 0x00000001
#define MUX_C_TERMINATE 0x10000005
#define MUX_VERSION 4
/* One that is alive ends within a millisecond. */
#define ASKED_MS 500
#define TERMINATED_MS 1000
#define KILLED_MS 1000
#define POLL_MS 5
/* What takes longer than that is looked at less often: each look reads all processes. */
#define SOON_MS 100
#define LATER_POLL_MS 50

/* Asking */

static int
connect_master (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct timeval limit = { 0, ASKED_MS * 1000 };
  int fd = -1;

  if (strlen (path) >= sizeof address.sun_path)
    return -1;
  memcpy (address.sun_path, path, strlen (path) + 1);
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  close (fd);
  return -1;
}

/* The connection, which has to stay until it has ended: ssh drops what it cannot answer. */
static int
ask_to_end (const char *path)
{
  const guint32 packets[] = {
    GUINT32_TO_BE (8), GUINT32_TO_BE (MUX_MSG_HELLO), GUINT32_TO_BE (MUX_VERSION),
    GUINT32_TO_BE (8), GUINT32_TO_BE (MUX_C_TERMINATE), GUINT32_TO_BE (1),
  };
  int fd = connect_master (path);

  if (fd >= 0 && send (fd, packets, sizeof packets, MSG_NOSIGNAL) != sizeof packets)
    g_debug ("%s does not listen", path);
  return fd;
}

/* Those in @folder, and in the folders below it that are called by a number. */
static void
ask_all (const char *folder,
         GArray     *fds)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      int fd = g_str_has_prefix (name, "master") ? ask_to_end (path) : -1;

      if (fd >= 0)
        g_array_append_val (fds, fd);
      else if (g_ascii_isdigit (*name))
        ask_all (path, fds);
    }
}

/* Processes */

/* Whether it runs for a login in the folder that @needle names, with a “/” at its end: ssh, which
 * writes its socket there later, or our helper. One that has ended has no command line. */
static gboolean
is_login (const char *pid,
          const char *needle)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/cmdline", pid);
  g_autofree char *line = NULL;
  g_autofree char *program = NULL;
  gsize length = 0;

  if (!g_file_get_contents (path, &line, &length, NULL) || length == 0 ||
      memmem (line, length, needle, strlen (needle)) == NULL)
    return FALSE;
  program = g_path_get_basename (line);
  return g_str_has_prefix (line, needle) || g_str_has_prefix (line, "ssh: ") ||
         strcmp (program, "ssh") == 0;
}

/* Sends @signum, unless it is 0. What another user calls so is not ours, and could not be ended.
 * (The owner of /proc/PID does not tell: it is root for what may not be traced.) Returns: how many
 * there are */
static guint
signal_logins (const char *needle,
               int         signum)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  const char *name = NULL;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      guint64 pid = 0;

      if (!g_ascii_string_to_unsigned (name, 10, 2, G_MAXINT32, &pid, NULL) ||
          kill ((pid_t) pid, 0) != 0 || !is_login (name, needle))
        continue;
      n++;
      if (signum != 0 && kill ((pid_t) pid, signum) != 0)
        g_debug ("%s stays", name);
    }
  return n;
}

static gboolean
wait_for_end (const char *needle,
              guint       limit_ms)
{
  gint64 begin_us = g_get_monotonic_time ();
  gint64 past_us = 0;

  while (signal_logins (needle, 0) > 0)
    {
      past_us = g_get_monotonic_time () - begin_us;
      if (past_us > limit_ms * G_TIME_SPAN_MILLISECOND)
        return FALSE;
      g_usleep ((past_us < SOON_MS * G_TIME_SPAN_MILLISECOND ? POLL_MS : LATER_POLL_MS) *
                G_TIME_SPAN_MILLISECOND);
    }
  return TRUE;
}

/**
 * gh_ssh_masters_end:
 * @folder: a folder with sockets of shared logins, or one above such folders
 *
 * Ends the logins, and with them all that goes through them. Waits until they have ended, which
 * takes one that hangs up to two and a half seconds. Any thread.
 */
void
gh_ssh_masters_end (const char *folder)
{
  g_autofree char *needle = g_strconcat (folder, "/", NULL);
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
  gboolean ended = FALSE;

  ask_all (folder, fds);
  ended = wait_for_end (needle, fds->len > 0 ? ASKED_MS : 0);
  for (guint i = 0; i < fds->len; i++)
    close (g_array_index (fds, int, i));
  if (ended)
    return;
  signal_logins (needle, SIGTERM);
  if (wait_for_end (needle, TERMINATED_MS))
    return;
  signal_logins (needle, SIGKILL);
  if (!wait_for_end (needle, KILLED_MS))
    g_warning ("A login of ssh could not be ended: %s", folder);
}
