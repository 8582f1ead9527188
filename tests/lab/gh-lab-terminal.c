/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "gh-lab-terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of anything it is waited for: a loaded machine takes its time. */
#define SECONDS 120

struct _GhLabTerminal
{
  int       fd;
  guint     source_id; /* 0: it has ended, or closed the terminal */
  guint     watch_id;  /* 0: it has ended */
  int       status;    /* of wait */
  GString  *text;
  gsize     seen;
};

/* Between fork and exec: the terminal, already its standard input, becomes the one that /dev/tty
 * is. */
static void
take_terminal (gpointer data)
{
  if (setsid () < 0 || ioctl (STDIN_FILENO, TIOCSCTTY, 0) < 0)
    _exit (127);
}

static gboolean
readable_cb (int           fd,
             GIOCondition  condition,
             gpointer      user_data)
{
  GhLabTerminal *self = user_data;
  char buffer[4096];
  ssize_t got = read (fd, buffer, sizeof buffer);

  if (got > 0)
    {
      g_string_append_len (self->text, buffer, got);
      return G_SOURCE_CONTINUE;
    }
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  /* EIO: nobody has it open any more. */
  self->source_id = 0;
  return G_SOURCE_REMOVE;
}

static void
ended_cb (GPid     pid,
          int      status,
          gpointer user_data)
{
  GhLabTerminal *self = user_data;

  self->status = status;
  self->watch_id = 0;
}

GhLabTerminal *
gh_lab_terminal_new (GhLab      *lab,
                     const char *arg,
                     ...)
{
  GhLabTerminal *self = g_new0 (GhLabTerminal, 1);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_auto (GStrv) environ = gh_lab_dup_environ (lab);
  g_autoptr (GError) error = NULL;
  GPid pid = 0;
  int slave = -1;
  va_list list;

  g_ptr_array_add (argv, (gpointer) g_getenv ("GUESTHOUSE_PROGRAM"));
  va_start (list, arg);
  for (; arg != NULL; arg = va_arg (list, const char *))
    g_ptr_array_add (argv, (gpointer) arg);
  va_end (list);
  g_ptr_array_add (argv, NULL);

  self->text = g_string_new (NULL);
  self->fd = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_no_errno (self->fd);
  g_assert_no_errno (grantpt (self->fd));
  g_assert_no_errno (unlockpt (self->fd));
  slave = open (ptsname (self->fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_no_errno (slave);
  g_spawn_async_with_fds (NULL, (char **) argv->pdata, environ, G_SPAWN_DO_NOT_REAP_CHILD,
                          take_terminal, NULL, &pid, slave, slave, slave, &error);
  g_assert_no_error (error);
  close (slave);
  g_unix_set_fd_nonblocking (self->fd, TRUE, NULL);
  self->source_id = g_unix_fd_add (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable_cb, self);
  self->watch_id = g_child_watch_add (pid, ended_cb, self);
  return self;
}

typedef struct
{
  GhLabTerminal *terminal;
  const char    *text;
} Wanted;

static gboolean
is_written (gpointer data)
{
  Wanted *wanted = data;

  return strstr (wanted->terminal->text->str + wanted->terminal->seen, wanted->text) != NULL;
}

static gboolean
has_ended (gpointer data)
{
  GhLabTerminal *self = data;

  return self->watch_id == 0 && self->source_id == 0;
}

void
gh_lab_terminal_await (GhLabTerminal *self,
                       const char    *text)
{
  const char *start = NULL;

  if (!gh_lab_wait (SECONDS, is_written, &(Wanted){ self, text }))
    g_error ("“%s” was not written on the terminal:\n%s", text, self->text->str);
  start = strstr (self->text->str + self->seen, text);
  self->seen = (gsize) (start - self->text->str) + strlen (text);
}

void
gh_lab_terminal_type (GhLabTerminal *self,
                      const char    *text)
{
  g_assert_cmpint (write (self->fd, text, strlen (text)), ==, (gssize) strlen (text));
}

int
gh_lab_terminal_end (GhLabTerminal  *self,
                     char          **out)
{
  int status = 0;

  if (!gh_lab_wait (SECONDS, has_ended, self))
    g_error ("It does not end:\n%s", self->text->str);
  status = WIFEXITED (self->status) ? WEXITSTATUS (self->status) : 128 + WTERMSIG (self->status);
  g_test_message ("on the terminal: %s", self->text->str);
  if (out != NULL)
    *out = g_strdup (self->text->str);
  g_string_free (self->text, TRUE);
  close (self->fd);
  g_free (self);
  return status;
}
