/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Who goes through which login of a host.
 *
 * sshd lets so many sessions through one login (MaxSessions: 10, often less on guarded hosts). What
 * is over that it refuses, and ssh then logs in anew for this one connection, with whatever has to
 * be asked for it. So seats are counted: a connection that finds none free gets another login,
 * which the next ones share; one that is only there to be quicker gives way. How many there are is
 * assumed at first, and known once one was refused.
 *
 * The first connection logs in. Others wait until the socket of the login is there, not until that
 * connection is open, which takes many more round trips.
 */

#define G_LOG_DOMAIN "gh-ssh-seat"

#include "config.h"

#include "gh-ssh-seat.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "gh-ssh-seat-private.h"
#include "gh-threads.h"

/* More is noise: what matters is at the end. */
#define MAX_TEXT (16 * 1024)
/* How often the socket is looked for: as a login takes longer, less often. */
#define LOOK_US (10 * G_TIME_SPAN_MILLISECOND)
#define MAX_LOOK_US (250 * G_TIME_SPAN_MILLISECOND)

typedef enum
{
  LOGIN_NONE,   /* nobody uses it; it may still be there */
  LOGIN_MAKING, /* somebody logs in */
  LOGIN_MADE,
} LoginState;

typedef struct
{
  LoginState  state;
  guint       n_seats;
  GError     *error; /* (nullable): why it was not made */
} Login;

struct _GhSshLogins
{
  GMutex     mutex;
  GCond      changed;
  GPtrArray *all;          /* (mutex mutex) (element-type Login) */
  guint      max_sessions; /* (mutex mutex): of one login */
  guint      n_made;       /* (mutex mutex): seats so far */
  gboolean   begun;        /* (mutex mutex): the first connection is being opened, or was */
  gboolean   stopped;      /* (mutex mutex) */
};

struct _GhSshSeat
{
  GhSsh    *ssh;    /* (owned) */
  guint     number;
  guint     login;  /* counted from 1 */
  gboolean  makes;  /* it logs in */
  gboolean  counted;
  char     *link;   /* (nullable): of the helper */
  char     *open_uri;
};

static void
login_free (gpointer data)
{
  Login *login = data;

  g_clear_error (&login->error);
  g_free (login);
}

GhSshLogins *
gh_ssh_logins_new (void)
{
  GhSshLogins *self = g_new0 (GhSshLogins, 1);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  self->all = g_ptr_array_new_with_free_func (login_free);
  self->max_sessions = GH_SSH_MAX_SESSIONS;
  return self;
}

void
gh_ssh_logins_free (GhSshLogins *self)
{
  g_ptr_array_unref (self->all);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
gh_ssh_logins_stop (GhSshLogins *self)
{
  g_mutex_lock (&self->mutex);
  self->stopped = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

static Login *
get_login_locked (GhSshLogins *self,
                  guint        number)
{
  return g_ptr_array_index (self->all, number - 1);
}

/* The number of one with room, or 0. */
static guint
find_room_locked (GhSshLogins *self)
{
  for (guint i = 1; i <= self->all->len; i++)
    if (get_login_locked (self, i)->n_seats < self->max_sessions)
      return i;
  return 0;
}

static gboolean
has_socket (GhSshSeat *seat)
{
  g_autofree char *path = g_strdup_printf ("%s/master%u", gh_ssh_get_folder (seat->ssh),
                                           seat->login);

  return access (path, F_OK) == 0;
}

static gboolean
set_stopped (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Disconnected");
  return FALSE;
}

/* Until somebody else has logged in. */
static gboolean
wait_for_login_locked (GhSshLogins  *self,
                       GhSshSeat    *seat,
                       GError      **error)
{
  Login *login = get_login_locked (self, seat->login);
  gint64 look_us = LOOK_US;

  while (!self->stopped && login->state == LOGIN_MAKING && !has_socket (seat))
    {
      g_cond_wait_until (&self->changed, &self->mutex, g_get_monotonic_time () + look_us);
      look_us = MIN (look_us + LOOK_US / 5, MAX_LOOK_US);
    }
  if (self->stopped)
    return set_stopped (error);
  if (login->state != LOGIN_NONE)
    return TRUE;
  if (login->error != NULL)
    g_propagate_error (error, g_error_copy (login->error));
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The login has ended");
  return FALSE;
}

static gboolean
sit_down_locked (GhSshLogins    *self,
                 GhSshSeat      *seat,
                 GhSshSeatKind   kind,
                 GError        **error)
{
  Login *login = NULL;

  while (!self->begun && kind != GH_SSH_SEAT_FIRST && !self->stopped)
    g_cond_wait (&self->changed, &self->mutex);
  if (self->stopped)
    return set_stopped (error);
  self->begun = TRUE;
  g_cond_broadcast (&self->changed);

  seat->number = ++self->n_made;
  seat->login = find_room_locked (self);
  if (seat->login == 0 && kind == GH_SSH_SEAT_GIVES_WAY)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "No session is free");
      return FALSE;
    }
  if (seat->login == 0)
    {
      g_ptr_array_add (self->all, g_new0 (Login, 1));
      seat->login = self->all->len;
    }
  login = get_login_locked (self, seat->login);
  login->n_seats++;
  seat->counted = TRUE;
  seat->makes = login->state == LOGIN_NONE;
  if (!seat->makes)
    return wait_for_login_locked (self, seat, error);
  login->state = LOGIN_MAKING;
  g_clear_error (&login->error);
  return TRUE;
}

static void
stand_up_locked (GhSshLogins *self,
                 GhSshSeat   *seat)
{
  Login *login = NULL;

  if (!seat->counted)
    return;
  login = get_login_locked (self, seat->login);
  seat->counted = FALSE;
  login->n_seats--;
  /* It ends by itself after a while; whoever comes makes sure. */
  if (login->n_seats == 0 && login->state == LOGIN_MADE)
    login->state = LOGIN_NONE;
}

/* By its name the helper knows what it is for. */
static gboolean
make_link (GhSshSeat  *self,
           GError    **error)
{
  const char *folder = gh_ssh_get_folder (self->ssh);
  g_autofree char *name = g_strdup_printf (self->makes ? "make-%u-%u" : "share-%u-%u", self->login,
                                           self->number);
  g_autofree char *helper_link = g_build_filename (folder, "ssh", NULL);
  g_autofree char *helper = g_file_read_link (helper_link, error);

  if (helper == NULL)
    return FALSE;
  self->link = g_build_filename (folder, name, NULL);
  if (symlink (helper, self->link) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", self->link,
                   g_strerror (errno));
      return FALSE;
    }
  self->open_uri = gh_ssh_dup_open_uri (self->ssh, name);
  return TRUE;
}

/**
 * gh_ssh_seat_take:
 * @ssh: a host
 * @kind: who asks
 * @error: (out): %G_IO_ERROR_BUSY when it gives way; else why there is no login
 *
 * Finds a login with room for one more connection. Waits for whoever is logging in. Says at its end
 * how it went by gh_ssh_seat_note_open() or gh_ssh_seat_note_failure().
 *
 * Returns: (transfer full) (nullable): the seat, to be kept while the connection is open
 */
GhSshSeat *
gh_ssh_seat_take (GhSsh          *ssh,
                  GhSshSeatKind   kind,
                  GError        **error)
{
  GhSshLogins *logins = gh_ssh_get_logins (ssh);
  GhSshSeat *self = g_new0 (GhSshSeat, 1);
  gboolean taken = FALSE;

  g_assert (!GH_IS_MAIN_THREAD ());

  self->ssh = gh_ssh_ref (ssh);
  g_mutex_lock (&logins->mutex);
  taken = sit_down_locked (logins, self, kind, error);
  g_mutex_unlock (&logins->mutex);
  if (taken && make_link (self, error))
    return self;
  gh_ssh_seat_free (self);
  return NULL;
}

void
gh_ssh_seat_free (GhSshSeat *self)
{
  GhSshLogins *logins = gh_ssh_get_logins (self->ssh);
  g_autofree char *text = g_strdup_printf ("%s/text-%u", gh_ssh_get_folder (self->ssh),
                                           self->number);

  g_mutex_lock (&logins->mutex);
  /* It never said how it went. */
  if (self->counted && self->makes &&
      get_login_locked (logins, self->login)->state == LOGIN_MAKING)
    get_login_locked (logins, self->login)->state = LOGIN_NONE;
  stand_up_locked (logins, self);
  g_cond_broadcast (&logins->changed);
  g_mutex_unlock (&logins->mutex);

  if (self->link != NULL)
    g_unlink (self->link);
  g_unlink (text);
  gh_ssh_unref (self->ssh);
  g_free (self->link);
  g_free (self->open_uri);
  g_free (self);
}

const char *
gh_ssh_seat_get_open_uri (GhSshSeat *self)
{
  return self->open_uri;
}

/**
 * gh_ssh_seat_dup_text:
 * @self: a seat
 *
 * Returns: (transfer full): what ssh, and the far end through it, said; valid UTF-8
 */
char *
gh_ssh_seat_dup_text (GhSshSeat *self)
{
  g_autofree char *path = g_strdup_printf ("%s/text-%u", gh_ssh_get_folder (self->ssh),
                                           self->number);
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  g_autofree char *buffer = g_malloc0 (MAX_TEXT);
  gssize length = 0;

  if (fd < 0)
    return g_strdup ("");
  length = pread (fd, buffer, MAX_TEXT - 1, 0);
  close (fd);
  if (length <= 0)
    return g_strdup ("");
  g_strchomp (g_strdelimit (buffer, "\r", ' '));
  return g_utf8_make_valid (buffer, -1);
}

/**
 * gh_ssh_seat_note_open:
 * @self: a seat whose connection is open
 */
void
gh_ssh_seat_note_open (GhSshSeat *self)
{
  GhSshLogins *logins = gh_ssh_get_logins (self->ssh);

  g_mutex_lock (&logins->mutex);
  if (self->makes)
    get_login_locked (logins, self->login)->state = LOGIN_MADE;
  g_cond_broadcast (&logins->changed);
  g_mutex_unlock (&logins->mutex);
}

/**
 * gh_ssh_seat_note_failure:
 * @self: a seat whose connection could not be opened
 * @text: what gh_ssh_seat_dup_text() said
 * @error: why, for those that wait for the login
 *
 * Returns: whether another seat is to be tried: the login has room for no more, or has ended
 */
gboolean
gh_ssh_seat_note_failure (GhSshSeat    *self,
                          const char   *text,
                          const GError *error)
{
  GhSshLogins *logins = gh_ssh_get_logins (self->ssh);
  /* A login that is there does not have to be greeted: ssh went another way. */
  gboolean not_shared = !self->makes && strstr (text, "kex_exchange_identification") != NULL;
  gboolean refused = strstr (text, "Session open refused by peer") != NULL;
  Login *login = NULL;

  g_mutex_lock (&logins->mutex);
  login = get_login_locked (logins, self->login);
  stand_up_locked (logins, self);
  /* Others were quicker than the one that logged in; where there are none, none are allowed. */
  if (refused && self->makes && login->n_seats > 0)
    {
      login->state = LOGIN_MADE;
      not_shared = TRUE;
    }
  if (refused && not_shared)
    {
      /* So many are there: those that come at the same time correct it, one by one. */
      logins->max_sessions = CLAMP (login->n_seats, 1, logins->max_sessions);
      g_debug ("%s allows %u sessions for each login", gh_ssh_get_folder (self->ssh),
               logins->max_sessions);
    }
  else if (not_shared && login->state == LOGIN_MADE)
    login->state = LOGIN_NONE;
  else if (self->makes)
    {
      login->state = LOGIN_NONE;
      g_clear_error (&login->error);
      login->error = g_error_copy (error);
    }
  not_shared = not_shared && !logins->stopped;
  g_cond_broadcast (&logins->changed);
  g_mutex_unlock (&logins->mutex);
  return not_shared;
}

/* What is known of them */

/**
 * gh_ssh_get_max_sessions:
 * @ssh: a host
 *
 * Returns: how many connections one of its logins may have, as far as is known
 */
guint
gh_ssh_get_max_sessions (GhSsh *ssh)
{
  GhSshLogins *logins = gh_ssh_get_logins (ssh);
  guint n = 0;

  g_mutex_lock (&logins->mutex);
  n = logins->max_sessions;
  g_mutex_unlock (&logins->mutex);
  return n;
}

/**
 * gh_ssh_get_n_logins:
 * @ssh: a host
 *
 * Returns: how many logins are in use
 */
guint
gh_ssh_get_n_logins (GhSsh *ssh)
{
  GhSshLogins *logins = gh_ssh_get_logins (ssh);
  guint n = 0;

  g_mutex_lock (&logins->mutex);
  for (guint i = 1; i <= logins->all->len; i++)
    n += get_login_locked (logins, i)->n_seats > 0;
  g_mutex_unlock (&logins->mutex);
  return n;
}

/**
 * gh_ssh_get_n_free_seats:
 * @ssh: a host
 *
 * Returns: how many connections can be opened without another login
 */
guint
gh_ssh_get_n_free_seats (GhSsh *ssh)
{
  GhSshLogins *logins = gh_ssh_get_logins (ssh);
  guint n = 0;

  g_mutex_lock (&logins->mutex);
  for (guint i = 1; i <= logins->all->len; i++)
    n += logins->max_sessions - MIN (get_login_locked (logins, i)->n_seats, logins->max_sessions);
  g_mutex_unlock (&logins->mutex);
  return n;
}
