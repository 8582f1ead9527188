/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Tells a shared login of ssh to end, as “ssh -O exit” does, without a process for it: the program
 * does this when it quits. The protocol is in OpenSSH's PROTOCOL.mux. */

#define G_LOG_DOMAIN "gh-ssh-master"

#include "config.h"

#include "gh-ssh-master.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define MUX_MSG_HELLO 0x00000001
#define MUX_C_TERMINATE 0x10000005
#define MUX_VERSION 4
/* One that is alive answers in a millisecond. */
#define LIMIT_MS 500

static int
connect_master (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct timeval limit = { 0, LIMIT_MS * 1000 };
  int fd = -1;

  if (strlen (path) >= sizeof address.sun_path)
    return -1;
  memcpy (address.sun_path, path, strlen (path) + 1);
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  close (fd);
  return -1;
}

/**
 * gh_ssh_master_end:
 * @path: the socket of a shared login; there may be none
 *
 * Ends the login, and with it all that goes through it. Waits for the answer, at most half a
 * second. Any thread.
 */
void
gh_ssh_master_end (const char *path)
{
  const guint32 packets[] = {
    GUINT32_TO_BE (8), GUINT32_TO_BE (MUX_MSG_HELLO), GUINT32_TO_BE (MUX_VERSION),
    GUINT32_TO_BE (8), GUINT32_TO_BE (MUX_C_TERMINATE), GUINT32_TO_BE (1),
  };
  int fd = connect_master (path);
  char answer[256];
  ssize_t got = 0;

  if (fd < 0)
    return;
  /* Its end, or its silence: nothing more can be done either way, and it ends by itself when
   * nobody has used it for a while. */
  if (send (fd, packets, sizeof packets, MSG_NOSIGNAL) == sizeof packets)
    do
      got = recv (fd, answer, sizeof answer, 0);
    /* The end of another ssh is no answer: a master whose caller is gone does not end. */
    while (got > 0 || (got < 0 && errno == EINTR));
  close (fd);
}
