/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A shell that is root in a user namespace of its own, but has our number outside and inside: so
 * the daemons that are started there are an ordinary user's. It sets up the network when it is told
 * to, by lines on its standard input, and ends with it. */

#define G_LOG_DOMAIN "gh-lab-net"

#include "gh-lab-net.h"

#include <string.h>

struct _GhLabNet
{
  GSubprocess      *shell;
  GDataInputStream *out;
  char             *pids[2]; /* of who holds the namespaces */
};

static const char * const addresses[] = { "10.77.0.1", "10.77.0.2" };

/* The answer, without its end; NULL: the shell has gone. */
static char *
ask (GhLabNet   *self,
     const char *command)
{
  GOutputStream *in = g_subprocess_get_stdin_pipe (self->shell);
  g_autofree char *text = g_strconcat (command, "\necho \"end $?\"\n", NULL);
  GString *answer = g_string_new (NULL);

  if (g_output_stream_write_all (in, text, strlen (text), NULL, NULL, NULL))
    {
      g_autofree char *line = NULL;

      while ((line = g_data_input_stream_read_line (self->out, NULL, NULL, NULL)) != NULL)
        {
          if (strcmp (line, "end 0") == 0)
            return g_string_free (answer, FALSE);
          if (g_str_has_prefix (line, "end "))
            break;
          g_string_append (answer, line);
          g_clear_pointer (&line, g_free);
        }
    }
  g_test_message ("%s: %s", command, answer->str);
  g_string_free (answer, TRUE);
  return NULL;
}

static void
tell (GhLabNet   *self,
      const char *format,
      ...)
{
  g_autofree char *command = NULL;
  g_autofree char *answer = NULL;
  va_list args;

  va_start (args, format);
  command = g_strdup_vprintf (format, args);
  va_end (args);
  answer = ask (self, command);
  if (answer == NULL)
    g_error ("The network could not be set up: %s", command);
}

/* Who holds the second computer goes when the shell does. */
static gboolean
make (GhLabNet *self)
{
  self->pids[GH_LAB_NET_A] = ask (self, "exec 2>&1; ip link set lo up && hostname alpha && "
                                  "echo $$");
  if (self->pids[GH_LAB_NET_A] == NULL)
    return FALSE;
  self->pids[GH_LAB_NET_B] = ask (self, "unshare --net --uts tail --pid=$$ -f /dev/null "
                                  "</dev/null >/dev/null & echo $!");
  if (self->pids[GH_LAB_NET_B] == NULL)
    return FALSE;
  tell (self, "b='nsenter --target %s --net --uts'; while kill -0 %s && "
        "[ \"$(readlink /proc/%s/ns/net)\" = \"$(readlink /proc/$$/ns/net)\" ]; do :; done",
        self->pids[1], self->pids[1], self->pids[1]);
  tell (self, "ip link add line type veth peer name line netns %s && $b hostname beta && "
        "ip addr add %s/24 dev line && $b ip addr add %s/24 dev line && $b ip link set lo up && "
        "ip link set line up && $b ip link set line up", self->pids[1], addresses[0], addresses[1]);
  /* What waits to be sent has to go before the end of a connection does, however slow TCP has
   * become over a cut: so little may wait. Where that cannot be set it is as it is. */
  tell (self, "t='echo 4096 16384 131072 >/proc/sys/net/ipv4/tcp_wmem; "
        "echo reno >/proc/sys/net/ipv4/tcp_congestion_control'; "
        "sh -c \"$t\" 2>/dev/null; $b sh -c \"$t\" 2>/dev/null; true");
  return TRUE;
}

GhLabNet *
gh_lab_net_new (void)
{
  GhLabNet *self = g_new0 (GhLabNet, 1);
  g_autoptr (GError) error = NULL;

  self->shell = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                  &error, "unshare", "--user", "--map-current-user", "--keep-caps",
                                  "--net", "--uts", "sh", NULL);
  if (self->shell != NULL)
    self->out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->shell));
  if (self->shell != NULL && make (self))
    return self;
  gh_lab_net_free (self);
  return NULL;
}

void
gh_lab_net_free (GhLabNet *self)
{
  if (self->pids[GH_LAB_NET_B] != NULL)
    g_free (ask (self, "kill $!; wait $!; true"));
  if (self->shell != NULL)
    {
      g_output_stream_close (g_subprocess_get_stdin_pipe (self->shell), NULL, NULL);
      g_subprocess_wait (self->shell, NULL, NULL);
    }
  g_clear_object (&self->out);
  g_clear_object (&self->shell);
  g_free (self->pids[0]);
  g_free (self->pids[1]);
  g_free (self);
}

void
gh_lab_net_place (GhLabNet    *self,
                  GhLab       *lab,
                  GhLabNetEnd  end)
{
  const char *words[] = { "nsenter", "--target", self->pids[end], "--user", "--net", "--uts",
                          "--preserve-credentials", NULL };

  gh_lab_set_place (lab, words);
}

const char *
gh_lab_net_get_address (GhLabNetEnd end)
{
  return addresses[end];
}

void
gh_lab_net_set_up (GhLabNet *self,
                   gboolean  up)
{
  tell (self, "$b ip link set line %s", up ? "up" : "down");
  /* The kernel sees that a line is whole some time later, and who asked for the other's address
   * while it was cut is told "No route to host" still then. */
  if (up)
    tell (self, "until ip link show line | grep -q 'state UP' && "
          "$b ip link show line | grep -q 'state UP'; do :; done; "
          "ip neigh flush dev line; $b ip neigh flush dev line");
}

void
gh_lab_net_set_rate (GhLabNet *self,
                     guint     kib_per_s)
{
  static const char * const ends[] = { "", "$b " };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    if (kib_per_s > 0)
      tell (self, "%stc qdisc replace dev line root tbf rate %ukibit burst 64kb latency 200ms",
            ends[i], kib_per_s * 8);
    else
      tell (self, "%stc qdisc del dev line root 2>/dev/null; true", ends[i]);
}

guint64
gh_lab_net_get_arrived (GhLabNet *self)
{
  g_autofree char *answer = ask (self, "sed -n 's/^ *line: *\\([0-9]*\\) .*/\\1/p' "
                                 "/proc/$!/net/dev");

  g_assert_nonnull (answer);
  return g_ascii_strtoull (answer, NULL, 10);
}
