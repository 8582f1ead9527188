/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* guesthouse-ssh: what stands between libvirt and ssh.
 *
 * Guesthouse makes a private folder for each host it reaches over ssh (gh-ssh.c), with links to
 * this program in it. By the name it is called with it is one of
 *
 *   FOLDER/make-LOGIN-SEAT [OPTION…] -- COMPUTER [COMMAND…]
 *     becomes ssh, with the options that make connections to the host share one login, end a
 *     dead one, and ask through Guesthouse when there is a window to ask in. Logs in if need be.
 *   FOLDER/share-LOGIN-SEAT [OPTION…] -- COMPUTER [COMMAND…]
 *     the same through a login that is there. When that has room for no more sessions, ssh would
 *     log in once more by itself, with nobody sharing it: that is made to fail.
 *   FOLDER/ssh [OPTION…] -- COMPUTER
 *     the same as make-1-0, for tunnels.
 *   FOLDER/hop ADDRESS
 *     is run by that ssh where another computer is between: becomes the ssh to that one. With ssh's
 *     own option -J nobody would hear why it failed.
 *   FOLDER/askpass PROMPT
 *     is run by ssh: hands the question to Guesthouse, and its answer to ssh.
 *
 * libvirt hands over hardly anything of the environment, so everything else is found in FOLDER:
 *
 *   jump    (optional) the computers to go through, as ssh's option -J takes them
 *   text-SEAT  what ssh writes to its standard error; libvirt keeps too little of it
 *   pids    the processes that have become ssh, a line each
 *   stopped is there once nothing is to be connected any more
 *   masterLOGIN  the socket of the shared login
 *   ../ask  (optional) the socket of Guesthouse's questions
 *
 * Plain C without GLib, for it runs once for each connection.
 */

#define G_LOG_DOMAIN "gh-ssh-helper"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* For the ssh to a computer between, which is run by ssh: where its errors go. */
#define TEXT_VARIABLE "GUESTHOUSE_SSH_TEXT"
/* An answer is "+" and the text, or anything else for "no answer". */
#define ANSWER_GIVEN '+'

static _Noreturn void
fail (const char *what)
{
  fprintf (stderr, "guesthouse-ssh: %s: %s\n", what, strerror (errno));
  exit (255);
}

static char *
format (const char *template,
        ...)
{
  char *text = NULL;
  va_list arguments;

  va_start (arguments, template);
  if (vasprintf (&text, template, arguments) < 0)
    fail ("no memory");
  va_end (arguments);
  return text;
}

/* Becoming ssh */

static char *
read_jump (const char *folder)
{
  char *path = format ("%s/jump", folder);
  FILE *file = fopen (path, "re");
  char *line = NULL;
  size_t size = 0;
  ssize_t length = 0;

  free (path);
  if (file == NULL)
    return NULL;
  length = getline (&line, &size, file);
  fclose (file);
  if (length > 0 && line[length - 1] == '\n')
    line[length - 1] = '\0';
  return length > 0 && *line != '\0' && *line != '-' ? line : NULL;
}

/* Errors are for the file; without it they go where they went. */
static void
redirect_errors (const char *path)
{
  int fd = path != NULL ? open (path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600)
                        : -1;

  if (fd < 0)
    return;
  dup2 (fd, STDERR_FILENO);
  close (fd);
}

static void
note_pid (const char *folder)
{
  char *path = format ("%s/pids", folder);
  char *line = format ("%ld\n", (long) getpid ());
  int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd >= 0)
    {
      if (write (fd, line, strlen (line)) < 0)
        fprintf (stderr, "guesthouse-ssh: %s: %s\n", path, strerror (errno));
      close (fd);
    }
  free (line);
  free (path);
}

/* Guesthouse first says that it has ended, and then ends what is noted; so looking comes after
 * noting, and nobody is missed. */
static int
is_stopped (const char *folder)
{
  char *path = format ("%s/stopped", folder);
  int stopped = access (path, F_OK) == 0 || access (folder, F_OK) != 0;

  free (path);
  return stopped;
}

/* Whether there is a window to ask in; tells ssh. */
static int
set_askpass (const char *folder)
{
  char *ask = format ("%s/../ask", folder);
  char *askpass = format ("%s/askpass", folder);
  int asks = access (ask, F_OK) == 0;

  if (asks)
    {
      setenv ("SSH_ASKPASS", askpass, 1);
      setenv ("SSH_ASKPASS_REQUIRE", "force", 1);
    }
  free (ask);
  free (askpass);
  return asks;
}

static int
run_hop (const char *folder,
         const char *address)
{
  char *jump = read_jump (folder);
  char *last = NULL;
  const char *args[20] = { "ssh", "-T", "-o", "StrictHostKeyChecking=ask",
                           "-o", "ControlPath=none", "-o", "ConnectTimeout=10",
                           "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
                           "-o", "RemoteCommand=none" };
  size_t n = 14;

  redirect_errors (getenv (TEXT_VARIABLE));
  if (jump == NULL)
    fail ("jump");
  last = strrchr (jump, ',');
  if (last != NULL)
    {
      *last = '\0';
      args[n++] = "-J";
      args[n++] = jump;
    }
  args[n++] = "-W";
  args[n++] = address;
  args[n++] = "--";
  args[n++] = format ("ssh://%s", last != NULL ? last + 1 : jump);
  execvp ("ssh", (char **) args);
  fail ("ssh");
}

/* A key that was chosen is the only one to be offered: an agent may hold so many others that the
 * computer has had enough of them before it is this one's turn. */
static int
has_key (int    argc,
         char **argv)
{
  for (int i = 1; i < argc && strcmp (argv[i], "--") != 0; i++)
    if (strcmp (argv[i], "-i") == 0)
      return 1;
  return 0;
}

static int
run_ssh (const char  *folder,
         const char  *name,
         int          argc,
         char       **argv)
{
  unsigned int login = 1;
  unsigned int seat = 0;
  int shares = sscanf (name, "/share-%u-%u", &login, &seat) == 2;
  int makes = !shares && sscanf (name, "/make-%u-%u", &login, &seat) == 2;
  char *master = format ("ControlPath=%s/master%u", folder, shares || makes ? login : 1);
  char *text = format ("%s/text-%u", folder, seat);
  char *jump = read_jump (folder);
  int asks = set_askpass (folder);
  /* The first value that ssh sees of an option counts: these are stronger than what follows and
   * than the user's configuration. The rest of that is the user's. */
  const char *options[] = {
    "ssh",
    /* Never a host whose key nobody has seen, whatever the address or the configuration says. */
    "-o", "StrictHostKeyChecking=ask",
    "-o", "ControlMaster=auto",
    "-o", master,
    /* For when Guesthouse is killed: it ends the login itself otherwise. */
    "-o", "ControlPersist=30",
    "-o", "ConnectTimeout=10",
    "-o", "ServerAliveInterval=5",
    "-o", "ServerAliveCountMax=3",
    "-o", "ClearAllForwardings=yes",
    "-o", "RemoteCommand=none",
    /* Only with somebody to ask: the last two. */
    "-o", "BatchMode=no",
  };
  size_t n = sizeof options / sizeof *options - (asks ? 0 : 2);
  const char **args = calloc (n + 4 + (size_t) argc + 1, sizeof *args);

  if (args == NULL)
    fail ("no memory");
  memcpy (args, options, sizeof options);
  if (shares)
    {
      args[n++] = "-o";
      args[n++] = "ProxyCommand=false";
    }
  else if (jump != NULL)
    {
      args[n++] = "-o";
      args[n++] = format ("ProxyCommand=%s/hop [%%h]:%%p", folder);
    }
  if (has_key (argc, argv))
    {
      args[n++] = "-o";
      args[n++] = "IdentitiesOnly=yes";
    }
  for (int i = 1; i < argc; i++)
    args[n++] = argv[i];

  redirect_errors (text);
  setenv (TEXT_VARIABLE, text, 1);
  note_pid (folder);
  if (is_stopped (folder))
    exit (255);
  execvp ("ssh", (char **) args);
  fail ("ssh");
}

/* Asking */

static void
send_all (int         fd,
          const char *text,
          size_t      length)
{
  while (length > 0)
    {
      ssize_t sent = send (fd, text, length, MSG_NOSIGNAL);

      if (sent < 0 && errno == EINTR)
        continue;
      if (sent <= 0)
        exit (1);
      text += sent;
      length -= (size_t) sent;
    }
}

static int
connect_ask (const char *folder)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  char *path = format ("%s/../ask", folder);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0 || strlen (path) >= sizeof address.sun_path)
    exit (1);
  memcpy (address.sun_path, path, strlen (path) + 1);
  free (path);
  if (connect (fd, (struct sockaddr *) &address, sizeof address) < 0)
    exit (1);
  return fd;
}

/* The question is: folder, process that asks, prompt, each ended by a zero byte. */
static int
run_askpass (const char *folder,
             const char *prompt)
{
  int fd = connect_ask (folder);
  char *copy = strdup (folder);
  char *asker = format ("%ld", (long) getppid ());
  char buffer[1024];
  size_t length = 0;
  ssize_t got = 0;

  send_all (fd, basename (copy), strlen (basename (copy)) + 1);
  send_all (fd, asker, strlen (asker) + 1);
  send_all (fd, prompt, strlen (prompt) + 1);
  free (copy);
  free (asker);
  while (length < sizeof buffer &&
         ((got = read (fd, buffer + length, sizeof buffer - length)) > 0 ||
          (got < 0 && errno == EINTR)))
    length += got > 0 ? (size_t) got : 0;
  if (length == 0 || buffer[0] != ANSWER_GIVEN || length == sizeof buffer)
    return 1;
  got = write (STDOUT_FILENO, buffer + 1, length - 1);
  explicit_bzero (buffer, sizeof buffer);
  return got == (ssize_t) length - 1 ? 0 : 1;
}

int
main (int    argc,
      char **argv)
{
  char *path = strdup (argc > 0 ? argv[0] : "");
  const char *name = strrchr (argc > 0 ? argv[0] : "", '/');
  const char *folder = dirname (path);
  int status = 255;

  if (*folder != '/' || name == NULL)
    fprintf (stderr, "guesthouse-ssh is a part of Guesthouse, and run by it.\n");
  else if (strcmp (name, "/askpass") == 0)
    status = run_askpass (folder, argc > 1 ? argv[1] : "");
  else if (strcmp (name, "/hop") == 0)
    status = run_hop (folder, argc > 1 ? argv[1] : "");
  else
    status = run_ssh (folder, name, argc, argv);
  free (path);
  return status;
}
