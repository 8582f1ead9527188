/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-lab-line"

#include "gh-lab-line.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Bytes under way. */
typedef struct
{
  gint64  due_us;
  GBytes *bytes; /* (nullable): the end */
} Packet;

/* One direction of a connection. */
typedef struct
{
  int         from;
  int         to;
  GQueue      packets; /* (element-type Packet) */
  GByteArray *heard;   /* of messages of which not all has come */
  gboolean    answers; /* it comes from the daemon */
  int         n_sent;  /* calls */
  int         turn;    /* in which they were counted */
  gboolean    ended;   /* nothing more is read */
} Way;

typedef enum
{
  WHOLE,
  CUT,
  DROPPED,
} LineState;

struct _GhLabLine
{
  char      *name;
  char      *path;          /* (nullable): of its socket; else it has a port */
  guint      port;
  char      *target;        /* (nullable): a socket; else it is a port */
  guint      target_port;
  gint64     delay_us;
  int        listener;
  int        stop;
  GThread   *thread;
  GPtrArray *ways; /* (element-type Way): of the thread */
  int        state;        /* atomic: a LineState */
  int        turn;         /* atomic: of counting */
  int        most;         /* atomic: calls of one way in it */
  guint      procedure;    /* 0: none is watched */
  GhLabLineFunc func;
  gpointer   data;
};

/* Of libvirt's protocol: a length, then program, version, procedure and type. */
#define HEADER_BYTES 20
#define TYPE_REPLY 1

static void
way_free (gpointer data)
{
  Way *way = data;
  Packet *packet = NULL;

  while ((packet = g_queue_pop_head (&way->packets)) != NULL)
    {
      g_clear_pointer (&packet->bytes, g_bytes_unref);
      g_free (packet);
    }
  g_byte_array_unref (way->heard);
  close (way->from);
  close (way->to);
  g_free (way);
}

static struct sockaddr_un
make_address (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  g_assert_cmpuint (strlen (path), <, sizeof address.sun_path);
  memcpy (address.sun_path, path, strlen (path) + 1);
  return address;
}

static int
connect_to_port (guint port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons ((guint16) port) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_no_errno (connect (fd, (struct sockaddr *) &address, sizeof address));
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static int
connect_to (const char *path)
{
  struct sockaddr_un address = make_address (path);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (connect (fd, (struct sockaddr *) &address, sizeof address));
  return fd;
}

static void
listen_at_path (GhLabLine *self)
{
  struct sockaddr_un address = make_address (self->path);

  self->listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (self->listener, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (self->listener, 50));
}

static void
listen_at_port (GhLabLine *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (self->listener, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (getsockname (self->listener, (struct sockaddr *) &address, &length));
  g_assert_no_errno (listen (self->listener, 50));
  self->port = ntohs (address.sin_port);
}

static void
add_way (GhLabLine *self,
         int        from,
         int        to,
         gboolean   answers)
{
  Way *way = g_new0 (Way, 1);

  way->from = dup (from);
  way->to = dup (to);
  way->heard = g_byte_array_new ();
  way->answers = answers;
  g_queue_init (&way->packets);
  g_ptr_array_add (self->ways, way);
}

static void
take_connection (GhLabLine *self)
{
  int near_end = accept (self->listener, NULL, NULL);
  int far_end = -1;
  int on = 1;

  if (g_atomic_int_get (&self->state) == CUT)
    {
      close (near_end);
      return;
    }
  if (self->path == NULL)
    setsockopt (near_end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  far_end = self->target != NULL ? connect_to (self->target)
                                 : connect_to_port (self->target_port);
  add_way (self, near_end, far_end, FALSE);
  add_way (self, far_end, near_end, TRUE);
  close (near_end);
  close (far_end);
}

static guint32
read_number (const guint8 *bytes)
{
  return (guint32) bytes[0] << 24 | (guint32) bytes[1] << 16 | (guint32) bytes[2] << 8 | bytes[3];
}

/* Calls are small: each comes alone, as the next one waits for its answer. */
static void
count (GhLabLine *self,
       Way       *way)
{
  int turn = g_atomic_int_get (&self->turn);

  way->n_sent = way->turn == turn ? way->n_sent + 1 : 1;
  way->turn = turn;
  if (way->n_sent > g_atomic_int_get (&self->most))
    g_atomic_int_set (&self->most, way->n_sent);
}

static void
listen_to (GhLabLine    *self,
           Way          *way,
           const guint8 *bytes,
           gsize         length)
{
  g_byte_array_append (way->heard, bytes, (guint) length);
  while (way->heard->len >= HEADER_BYTES)
    {
      const guint8 *header = way->heard->data;
      guint32 whole = read_number (header);

      if (read_number (header + 12) == self->procedure && read_number (header + 16) == TYPE_REPLY)
        {
          self->procedure = 0;
          self->func (self, self->data);
        }
      if (whole < HEADER_BYTES || whole > way->heard->len)
        return;
      g_byte_array_remove_range (way->heard, 0, whole);
    }
}

static void
read_way (GhLabLine *self,
          Way       *way)
{
  char buffer[65536];
  gssize length = read (way->from, buffer, sizeof buffer);
  Packet *packet = g_new0 (Packet, 1);

  if (length > 0 && way->answers && self->procedure != 0)
    listen_to (self, way, (const guint8 *) buffer, (gsize) length);
  if (length > 0 && !way->answers)
    count (self, way);
  packet->due_us = g_get_monotonic_time () + self->delay_us;
  packet->bytes = length > 0 ? g_bytes_new (buffer, (gsize) length) : NULL;
  way->ended = length <= 0;
  g_queue_push_tail (&way->packets, packet);
}

/* Its end has been passed on. */
static gboolean
is_over (const Way *way)
{
  return way->ended && g_queue_is_empty ((GQueue *) &way->packets);
}

/* Sends what is due; returns when the next is, or G_MAXINT64. */
static gint64
write_way (Way *way)
{
  Packet *packet = NULL;

  while ((packet = g_queue_peek_head (&way->packets)) != NULL)
    {
      gsize length = 0;
      const char *data = packet->bytes != NULL ? g_bytes_get_data (packet->bytes, &length) : NULL;

      if (packet->due_us > g_get_monotonic_time ())
        return packet->due_us;
      /* Who has gone gets nothing. */
      while (length > 0)
        {
          gssize sent = send (way->to, data, length, MSG_NOSIGNAL);

          if (sent <= 0)
            break;
          data += sent;
          length -= (gsize) sent;
        }
      if (packet->bytes == NULL)
        shutdown (way->to, SHUT_WR);
      g_clear_pointer (&packet->bytes, g_bytes_unref);
      g_free (g_queue_pop_head (&way->packets));
    }
  return G_MAXINT64;
}

static gpointer
line_worker (gpointer data)
{
  GhLabLine *self = data;

  while (TRUE)
    {
      g_autofree struct pollfd *fds = NULL;
      guint n_ways = 0;
      gint64 next_us = G_MAXINT64;
      int timeout_ms = -1;

      for (guint i = self->ways->len; i > 0; i--)
        if (is_over (g_ptr_array_index (self->ways, i - 1)))
          g_ptr_array_remove_index (self->ways, i - 1);
      n_ways = self->ways->len;
      fds = g_new0 (struct pollfd, n_ways + 2);
      fds[0] = (struct pollfd){ self->stop, POLLIN, 0 };
      fds[1] = (struct pollfd){ self->listener, POLLIN, 0 };
      for (guint i = 0; i < n_ways; i++)
        {
          Way *way = g_ptr_array_index (self->ways, i);

          next_us = MIN (next_us, write_way (way));
          fds[i + 2] = (struct pollfd){ way->ended ? -1 : way->from, POLLIN, 0 };
        }
      if (next_us != G_MAXINT64)
        timeout_ms = (int) MAX ((next_us - g_get_monotonic_time ()) / 1000, 0) + 1;
      if (poll (fds, n_ways + 2, timeout_ms) < 0)
        continue;
      if (fds[0].revents != 0)
        return NULL;
      for (guint i = 0; i < n_ways; i++)
        if (fds[i + 2].revents != 0)
          read_way (self, g_ptr_array_index (self->ways, i));
      if (g_atomic_int_get (&self->state) != WHOLE)
        g_ptr_array_set_size (self->ways, 0);
      g_atomic_int_compare_and_exchange (&self->state, DROPPED, WHOLE);
      if (fds[1].revents != 0)
        take_connection (self);
    }
}

static GhLabLine *
line_new (GhLab    *lab,
          guint     round_trip_ms,
          gboolean  has_port,
          guint     target_port)
{
  static guint n_lines = 0;
  g_auto (GStrv) environ = gh_lab_dup_environ (lab);
  GhLabLine *self = g_new0 (GhLabLine, 1);

  self->name = g_strdup_printf ("line%u", ++n_lines);
  self->path = has_port ? NULL : gh_lab_dup_path (lab, self->name);
  self->target_port = target_port;
  if (target_port == 0)
    self->target = g_build_filename (g_environ_getenv (environ, "XDG_RUNTIME_DIR"), "libvirt",
                                     "libvirt-sock", NULL);
  self->delay_us = round_trip_ms * G_TIME_SPAN_MILLISECOND / 2;
  self->ways = g_ptr_array_new_with_free_func (way_free);
  self->stop = eventfd (0, EFD_CLOEXEC);
  if (has_port)
    listen_at_port (self);
  else
    listen_at_path (self);
  self->thread = g_thread_new ("line", line_worker, self);
  return self;
}

GhLabLine *
gh_lab_line_new (GhLab *lab,
                 guint  round_trip_ms)
{
  return line_new (lab, round_trip_ms, FALSE, 0);
}

GhLabLine *
gh_lab_line_new_tcp (GhLab *lab,
                     guint  round_trip_ms)
{
  return line_new (lab, round_trip_ms, TRUE, 0);
}

GhLabLine *
gh_lab_line_new_to_port (GhLab *lab,
                         guint  port,
                         guint  round_trip_ms)
{
  return line_new (lab, round_trip_ms, TRUE, port);
}

guint
gh_lab_line_get_port (GhLabLine *self)
{
  return self->port;
}

void
gh_lab_line_free (GhLabLine *self)
{
  eventfd_write (self->stop, 1);
  g_thread_join (self->thread);
  g_ptr_array_unref (self->ways);
  close (self->listener);
  close (self->stop);
  if (self->path != NULL)
    unlink (self->path);
  g_free (self->target);
  g_free (self->path);
  g_free (self->name);
  g_free (self);
}

void
gh_lab_line_watch (GhLabLine     *self,
                   guint          procedure,
                   GhLabLineFunc  func,
                   gpointer       data)
{
  self->func = func;
  self->data = data;
  self->procedure = procedure;
}

void
gh_lab_line_cut (GhLabLine *self)
{
  g_atomic_int_set (&self->state, CUT);
}

void
gh_lab_line_drop (GhLabLine *self)
{
  g_atomic_int_set (&self->state, DROPPED);
}

void
gh_lab_line_mend (GhLabLine *self)
{
  g_atomic_int_set (&self->state, WHOLE);
}

char *
gh_lab_line_dup_uri (GhLabLine *self)
{
  if (self->path == NULL)
    return g_strdup_printf ("qemu+tcp://127.0.0.1:%u/session", self->port);
  return g_strdup_printf ("qemu+unix:///session?socket=%s", self->path);
}

guint
gh_lab_line_count_most (GhLabLine *self)
{
  guint most = (guint) g_atomic_int_get (&self->most);

  g_atomic_int_inc (&self->turn);
  g_atomic_int_set (&self->most, 0);
  return most;
}
