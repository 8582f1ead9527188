/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* libvirt is told to run our helper (src/ssh) in ssh's place, and knows of nothing else. Each
 * connection has a private folder with what the helper needs to know, below one folder of this
 * process in XDG_RUNTIME_DIR:
 *
 *   guesthouse-PID/           0700
 *     ask                     the socket of questions, when there is a window to ask in
 *     1/                      a connection
 *       ssh, hop, askpass     links to the helper
 *       make-1-2, share-1-3   the same, for one connection each (gh-ssh-seat.c)
 *       jump                  the computer to go through
 *       text-2                what ssh said to one of them
 *       pids                  processes that became ssh
 *       master1               the socket of a login that they share
 *
 * The login goes through no shell but the one at the far end, and no name gets there that could be
 * an option or means something to a shell: ssh itself runs one to get to a computer through
 * another.
 */

#define G_LOG_DOMAIN "gh-ssh"

#include "config.h"

#include "gh-ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gh-askpass.h"
#include "gh-host-address.h"
#include "gh-paths.h"
#include "gh-ssh-master.h"
#include "gh-ssh-seat-private.h"
#include "gh-threads.h"

#define PREFIX "guesthouse-"
/* Names of sockets have at most 107 characters, and ssh adds 17 while it makes one. */
#define MAX_FOLDERS 70

static const char * const links[] = { "ssh", "hop", "askpass" };

struct _GhSsh
{
  gatomicrefcount  n_refs;
  char            *folder;
  char            *uri;
  GhSshLogins     *logins;
  GStrv            arguments; /* of ssh, up to the computer */
  char            *computer;
  gboolean         jumps;     /* through another one */
  char            *address;   /* what the login is for: user, computer, port, and jump hosts */
};

static GMutex mutex;
static GPtrArray *all;  /* (mutex mutex) (nullable) (element-type GhSsh): unowned */
static char *folders;   /* (mutex mutex) (nullable): of this process */
static guint n_made;    /* (mutex mutex) */

/* Folders */

/* All that is in it, which are files. */
static void
remove_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  if (g_rmdir (folder) != 0 && errno != ENOENT)
    g_debug ("%s stays: %s", folder, g_strerror (errno));
}

/* With all of its connections, whose logins are ended. */
static void
remove_folders (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autofree char *ask = g_build_filename (path, "ask", NULL);
  const char *name = NULL;

  gh_ssh_masters_end (path);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *folder = g_build_filename (path, name, NULL);

      if (!g_ascii_isdigit (*name))
        continue;
      remove_files (folder);
    }
  g_unlink (ask);
  g_rmdir (path);
}

static gpointer
remove_old_worker (gpointer data)
{
  g_autofree char *path = data;

  remove_folders (path);
  return NULL;
}

/* What processes that were killed left behind. */
static void
remove_old_folders (const char *run)
{
  g_autoptr (GDir) dir = g_dir_open (run, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      guint64 pid = 0;
      g_autofree char *path = g_build_filename (run, name, NULL);

      if (!g_str_has_prefix (name, PREFIX) ||
          !g_ascii_string_to_unsigned (name + strlen (PREFIX), 10, 1, G_MAXINT32, &pid, NULL))
        continue;
      /* Ours is needed at once; others may take their time. */
      if (pid == (guint64) getpid ())
        remove_folders (path);
      else if (kill ((pid_t) pid, 0) != 0 && errno == ESRCH)
        g_thread_unref (g_thread_new ("ssh-old", remove_old_worker, g_steal_pointer (&path)));
    }
}

/* A shell sees it when a computer is between. */
static gboolean
is_plain (const char *path)
{
  for (const char *c = path; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr ("/._-+", *c) == NULL)
      return FALSE;
  return TRUE;
}

static const char *
get_folders_locked (GError **error)
{
  const char *run = g_get_user_runtime_dir ();
  g_autofree char *name = g_strdup_printf (PREFIX "%d", (int) getpid ());
  g_autofree char *path = g_build_filename (run, name, NULL);

  if (folders != NULL)
    return folders;
  remove_old_folders (run);
  if (strlen (path) <= MAX_FOLDERS && is_plain (path) && g_mkdir_with_parents (run, 0700) == 0 &&
      g_mkdir (path, 0700) == 0)
    folders = g_steal_pointer (&path);
  else
    folders = g_dir_make_tmp (PREFIX "XXXXXX", error);
  return folders;
}

/**
 * gh_ssh_get_folders:
 * @error: (out): why there is none
 *
 * Returns: (transfer none) (nullable): the private folder of this process, made when first asked
 */
const char *
gh_ssh_get_folders (GError **error)
{
  const char *path = NULL;

  g_mutex_lock (&mutex);
  path = get_folders_locked (error);
  g_mutex_unlock (&mutex);
  return path;
}

/* URIs */

/**
 * gh_ssh_is_wanted:
 * @uri: a libvirt URI
 *
 * Returns: whether its host is reached by our ssh: it is over ssh, and names no command of its own
 */
gboolean
gh_ssh_is_wanted (const char *uri)
{
  g_autofree char *program = gh_host_address_dup_program (uri);

  return program == NULL && gh_host_address_is_ssh (uri);
}

/* Without what is ours, and with our command. */
static char *
make_open_uri (const char *uri,
               const char *command)
{
  g_autofree char *plain = gh_host_address_dup_plain (uri);
  g_autofree char *escaped = g_uri_escape_string (command, "/", FALSE);

  return g_strdup_printf ("%s%ccommand=%s", plain, strchr (plain, '?') != NULL ? '&' : '?',
                          escaped);
}

static const char *
get_param (GHashTable *params,
           const char *name)
{
  const char *value = params != NULL ? g_hash_table_lookup (params, name) : NULL;

  return value != NULL && *value != '\0' ? value : NULL;
}

static gboolean
check_name (const char  *name,
            GError     **error)
{
  if (name == NULL || gh_host_address_is_safe (name))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               /* Translators: %s is what the user entered as a user or a computer. */
               _("“%s” is no name that ssh may be given."), name);
  return FALSE;
}

/* By which passwords are remembered. */
static char *
make_address (GUri       *uri,
              const char *jump)
{
  const char *user = g_uri_get_userinfo (uri);

  return g_strdup_printf ("%s@%s:%d%s%s", user != NULL ? user : "", g_uri_get_host (uri),
                          g_uri_get_port (uri), jump != NULL ? " " : "", jump != NULL ? jump : "");
}

static GHashTable *
read_params (GUri *uri)
{
  const char *query = g_uri_get_query (uri);

  return query != NULL ? g_uri_parse_params (query, -1, "&;", G_URI_PARAMS_NONE, NULL) : NULL;
}

static GUri *
parse_uri (const char  *uri,
           GError     **error)
{
  return g_uri_parse (uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_NON_DNS |
                      G_URI_FLAGS_ENCODED_QUERY, error);
}

static gboolean
read_uri (GhSsh       *self,
          const char  *uri,
          char       **jump,
          GError     **error)
{
  g_autoptr (GUri) parsed = parse_uri (uri, error);
  g_autoptr (GHashTable) params = NULL;
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();
  const char *key = NULL;

  if (parsed == NULL)
    return FALSE;
  params = read_params (parsed);
  *jump = g_strdup (get_param (params, GH_HOST_ADDRESS_JUMP));
  self->jumps = *jump != NULL;
  key = get_param (params, "keyfile");
  self->computer = g_strdup (g_uri_get_host (parsed));
  self->address = make_address (parsed, *jump);
  if (self->computer == NULL || *self->computer == '\0')
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _("Enter the name or the address of the computer."));
      return FALSE;
    }
  if (!check_name (self->computer, error) || !check_name (g_uri_get_userinfo (parsed), error) ||
      !check_name (*jump, error))
    return FALSE;

  g_strv_builder_add_many (arguments, "-T", "-e", "none", NULL);
  if (g_uri_get_port (parsed) > 0)
    {
      g_autofree char *port = g_strdup_printf ("%d", g_uri_get_port (parsed));

      g_strv_builder_add_many (arguments, "-p", port, NULL);
    }
  if (g_uri_get_userinfo (parsed) != NULL)
    g_strv_builder_add_many (arguments, "-l", g_uri_get_userinfo (parsed), NULL);
  if (key != NULL)
    g_strv_builder_add_many (arguments, "-i", key, NULL);
  self->arguments = g_strv_builder_end (arguments);
  return TRUE;
}

/* Making one */

static gboolean
fill_folder (GhSsh       *self,
             const char  *jump,
             GError     **error)
{
  g_autofree char *helper = gh_paths_dup_helper ("guesthouse-ssh");
  g_autofree char *jump_path = g_build_filename (self->folder, "jump", NULL);
  gboolean made = g_mkdir (self->folder, 0700) == 0;

  for (guint i = 0; i < G_N_ELEMENTS (links) && made; i++)
    {
      g_autofree char *path = g_build_filename (self->folder, links[i], NULL);

      made = symlink (helper, path) == 0;
    }
  if (!made)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", self->folder,
                   g_strerror (errno));
      return FALSE;
    }
  return jump == NULL || g_file_set_contents (jump_path, jump, -1, error);
}

/**
 * gh_ssh_new:
 * @uri: a libvirt URI that gh_ssh_is_wanted() for
 * @error: (out): what is wrong with it
 *
 * Prepares a connection; nothing is run yet.
 *
 * Returns: (transfer full) (nullable): what is needed to open it
 */
GhSsh *
gh_ssh_new (const char  *uri,
            GError     **error)
{
  g_autoptr (GhSsh) self = NULL;
  g_autofree char *jump = NULL;
  const char *parent = NULL;

  g_return_val_if_fail (gh_ssh_is_wanted (uri), NULL);

  self = g_new0 (GhSsh, 1);
  g_atomic_ref_count_init (&self->n_refs);
  self->uri = g_strdup (uri);
  self->logins = gh_ssh_logins_new ();
  if (!read_uri (self, uri, &jump, error))
    return NULL;

  g_mutex_lock (&mutex);
  parent = get_folders_locked (error);
  if (parent != NULL)
    self->folder = g_strdup_printf ("%s/%u", parent, ++n_made);
  if (all == NULL)
    all = g_ptr_array_new ();
  g_ptr_array_add (all, self);
  g_mutex_unlock (&mutex);

  if (self->folder == NULL || !fill_folder (self, jump, error))
    return NULL;
  return g_steal_pointer (&self);
}

GhSsh *
gh_ssh_ref (GhSsh *self)
{
  g_atomic_ref_count_inc (&self->n_refs);
  return self;
}

/* Waits for the login's end, so not on the main thread. */
static gpointer
free_worker (gpointer data)
{
  GhSsh *self = data;

  if (self->folder != NULL)
    {
      gh_ssh_masters_end (self->folder);
      remove_files (self->folder);
    }
  g_strfreev (self->arguments);
  g_free (self->computer);
  g_free (self->address);
  g_free (self->uri);
  gh_ssh_logins_free (self->logins);
  g_free (self->folder);
  g_free (self);
  return NULL;
}

void
gh_ssh_unref (GhSsh *self)
{
  if (!g_atomic_ref_count_dec (&self->n_refs))
    return;
  g_mutex_lock (&mutex);
  if (all != NULL)
    g_ptr_array_remove_fast (all, self);
  g_mutex_unlock (&mutex);
  if (GH_IS_MAIN_THREAD () && self->folder != NULL)
    g_thread_unref (g_thread_new ("ssh-end", free_worker, self));
  else
    free_worker (self);
}

/**
 * gh_ssh_dup_uri_address:
 * @uri: a libvirt URI
 *
 * Returns: (transfer full) (nullable): by which the passwords of its connections are remembered;
 *   %NULL when there are none
 */
char *
gh_ssh_dup_uri_address (const char *uri)
{
  g_autoptr (GUri) parsed = gh_ssh_is_wanted (uri) ? parse_uri (uri, NULL) : NULL;
  g_autoptr (GHashTable) params = NULL;

  if (parsed == NULL || g_uri_get_host (parsed) == NULL)
    return NULL;
  params = read_params (parsed);
  return make_address (parsed, get_param (params, GH_HOST_ADDRESS_JUMP));
}

/**
 * gh_ssh_dup_address:
 * @folder: a folder
 *
 * Returns: (transfer full) (nullable): where the connection of that folder goes to, by which its
 *   passwords are remembered; %NULL when there is none any more
 */
char *
gh_ssh_dup_address (const char *folder)
{
  char *address = NULL;

  g_mutex_lock (&mutex);
  for (guint i = 0; all != NULL && i < all->len && address == NULL; i++)
    {
      GhSsh *self = g_ptr_array_index (all, i);

      if (g_strcmp0 (self->folder, folder) == 0)
        address = g_strdup (self->address);
    }
  g_mutex_unlock (&mutex);
  return address;
}

/**
 * gh_ssh_dup_open_uri:
 * @self: a connection
 * @name: a link to the helper in its folder
 *
 * Returns: (transfer full): the URI to open; not to be shown or kept
 */
char *
gh_ssh_dup_open_uri (GhSsh      *self,
                     const char *name)
{
  g_autofree char *command = g_build_filename (self->folder, name, NULL);

  return make_open_uri (self->uri, command);
}

/**
 * gh_ssh_dup_query:
 * @self: a connection
 *
 * Returns: (transfer full): the command that says what ssh's configuration makes of the computer; a
 *   jump host of ours stands in it as one of ssh's
 */
GStrv
gh_ssh_dup_query (GhSsh *self)
{
  g_autoptr (GStrvBuilder) argv = g_strv_builder_new ();

  g_strv_builder_add_many (argv, "ssh", "-G", NULL);
  g_strv_builder_addv (argv, (const char **) self->arguments);
  if (self->jumps)
    g_strv_builder_add_many (argv, "-o", "ProxyCommand=hop", NULL);
  g_strv_builder_add_many (argv, "--", self->computer, NULL);
  return g_strv_builder_end (argv);
}

GhSshLogins *
gh_ssh_get_logins (GhSsh *self)
{
  return self->logins;
}

const char *
gh_ssh_get_folder (GhSsh *self)
{
  return self->folder;
}

/* Processes */

/* Whether it is a child of this process that runs in @folder's name: numbers are used again. */
static gboolean
is_our_ssh (const char *folder,
            int         pid)
{
  g_autofree char *stat_path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *line_path = g_strdup_printf ("/proc/%d/cmdline", pid);
  g_autofree char *stat_text = NULL;
  g_autofree char *line = NULL;
  /* In ssh's options, and in the name of the helper that is about to become ssh. */
  g_autofree char *needle = g_strdup_printf ("%s/", folder);
  const char *after = NULL;
  gsize length = 0;

  if (!g_file_get_contents (stat_path, &stat_text, NULL, NULL) ||
      !g_file_get_contents (line_path, &line, &length, NULL))
    return FALSE;
  /* After the name in parentheses: state, parent. */
  after = strrchr (stat_text, ')');
  return after != NULL && strlen (after) > 4 && atoi (after + 4) == getpid () &&
         memmem (line, length, needle, strlen (needle)) != NULL;
}

static void
stop_folder (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "pids", NULL);
  g_autofree char *stopped = g_build_filename (folder, "stopped", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  /* For those that libvirt starts only now. */
  g_file_set_contents_full (stopped, "", 0, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
  gh_askpass_withdraw (folder);
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      int pid = atoi (lines[i]);

      if (pid > 1 && is_our_ssh (folder, pid))
        kill (pid, SIGTERM);
    }
}

/**
 * gh_ssh_stop:
 * @self: a connection
 *
 * Ends all that goes through it: an opening that hangs fails, and a question is withdrawn. Main
 * thread.
 */
void
gh_ssh_stop (GhSsh *self)
{
  gh_ssh_logins_stop (self->logins);
  stop_folder (self->folder);
}

/**
 * gh_ssh_shutdown:
 *
 * Ends all logins, for the program ends; what still goes through them breaks. Main thread.
 */
void
gh_ssh_shutdown (void)
{
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *path = NULL;

  g_mutex_lock (&mutex);
  for (guint i = 0; all != NULL && i < all->len; i++)
    {
      GhSsh *self = g_ptr_array_index (all, i);

      gh_ssh_logins_stop (self->logins);
      g_ptr_array_add (open, g_strdup (self->folder));
    }
  path = g_steal_pointer (&folders);
  g_mutex_unlock (&mutex);
  for (guint i = 0; i < open->len; i++)
    if (g_ptr_array_index (open, i) != NULL)
      stop_folder (g_ptr_array_index (open, i));
  gh_askpass_stop ();
  if (path != NULL)
    remove_folders (path);
}

/* Tunnels */

static void
tunnel_ended_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GhSsh *self = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (object), result, NULL);
  gh_ssh_unref (self);
}

/**
 * gh_ssh_open_tunnel:
 * @self: a connection
 * @address: an address as the host sees it, such as 127.0.0.1
 * @port: a port there
 * @error: (out): why ssh could not be run
 *
 * Opens a connection from the host to one of its ports, through the login that is there. What goes
 * wrong later shows in the connection being closed, and in what ssh says. Main thread.
 *
 * Returns: a socket, or -1
 */
int
gh_ssh_open_tunnel (GhSsh       *self,
                    const char  *address,
                    guint        port,
                    GError     **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *ssh = g_build_filename (self->folder, "ssh", NULL);
  g_autofree char *target = g_strdup_printf (strchr (address, ':') != NULL ? "[%s]:%u" : "%s:%u",
                                             address, port);
  int pair[2] = { -1, -1 };

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "socketpair: %s",
                   g_strerror (errno));
      return -1;
    }
  g_ptr_array_add (argv, ssh);
  for (guint i = 0; self->arguments[i] != NULL; i++)
    g_ptr_array_add (argv, self->arguments[i]);
  g_ptr_array_add (argv, (gpointer) "-W");
  g_ptr_array_add (argv, target);
  g_ptr_array_add (argv, (gpointer) "--");
  g_ptr_array_add (argv, self->computer);
  g_ptr_array_add (argv, NULL);

  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  g_subprocess_launcher_take_stdin_fd (launcher, fcntl (pair[1], F_DUPFD_CLOEXEC, 0));
  g_subprocess_launcher_take_stdout_fd (launcher, pair[1]);
  process = g_subprocess_launcher_spawnv (launcher, (const char * const *) argv->pdata, error);
  if (process == NULL)
    {
      close (pair[0]);
      return -1;
    }
  g_subprocess_wait_async (process, NULL, tunnel_ended_cb, gh_ssh_ref (self));
  return pair[0];
}
