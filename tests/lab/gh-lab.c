/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-lab"

#include "gh-lab.h"

#include <libvirt/virterror.h>

#include <glib-unix.h>
#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

#define DAEMON_SECONDS 20
#define PROGRAM_SECONDS 180

struct _GhLab
{
  char          *folder;   /* the world: everything is below it */
  char          *files;    /* for the test's own files */
  char          *run;      /* its XDG_RUNTIME_DIR */
  GStrv          environ;
  GStrv          place;    /* (nullable): words before the daemon's */
  char          *kernel;
  char          *initrd;
  virConnectPtr  connection; /* (nullable) (owned) */
};

/* Worlds */

/* What tests want to know of libvirt's errors they look at; it would print them all. */
static void
ignore_error_cb (void        *user_data,
                 virErrorPtr  error)
{
}

static char *
dup_guest_folder (void)
{
  const char *folder = g_getenv ("GUESTHOUSE_TINY_LINUX");

  if (folder != NULL)
    return g_strdup (folder);
  return g_test_build_filename (G_TEST_BUILT, "tiny-linux", NULL);
}

static gboolean
make_guest (const char *folder)
{
  g_autofree char *script = NULL;
  const char *argv[] = { NULL, folder, NULL };
  g_autofree char *errors = NULL;
  int status = -1;

  script = g_test_build_filename (G_TEST_DIST, "..", "data", "demo", "make-tiny-linux", NULL);
  argv[0] = script;
  if (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                    &errors, &status, NULL) &&
      g_spawn_check_wait_status (status, NULL))
    return TRUE;
  g_test_message ("%s", errors);
  return FALSE;
}

/**
 * gh_lab_has_guest:
 *
 * Makes the tiny guest unless it has been made. Where it cannot be (the kernel package
 * has to be downloaded once), the test is marked as skipped.
 *
 * Returns: whether the guest is there
 */
gboolean
gh_lab_has_guest (void)
{
  g_autofree char *folder = dup_guest_folder ();

  if (make_guest (folder))
    return TRUE;
  g_test_skip ("the tiny guest cannot be made: see data/demo/make-tiny-linux");
  return FALSE;
}

/* Each world is a host of its own: by the board's number all would be the same one, and no machine
 * moves from a host to itself. */
static void
write_daemon_config (GhLab *self)
{
  g_autofree char *folder = g_build_filename (self->folder, ".config", "libvirt", NULL);
  g_autofree char *path = g_build_filename (folder, "libvirtd.conf", NULL);
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *text = g_strdup_printf ("host_uuid = \"%s\"\n", uuid);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir_with_parents (folder, 0700));
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

/**
 * gh_lab_new:
 *
 * Returns: (transfer full): a new world, without a daemon
 */
GhLab *
gh_lab_new (void)
{
  static guint n_labs = 0;
  const char *outer = g_getenv ("GUESTHOUSE_WORLD");
  g_autofree char *guest = dup_guest_folder ();
  GhLab *self = g_new0 (GhLab, 1);

  virSetErrorFunc (NULL, ignore_error_cb);
  /* Closing the connection to a daemon that was killed writes to its socket. */
  signal (SIGPIPE, SIG_IGN);
  /* Short names: those of UNIX sockets have at most 107 characters. */
  if (outer == NULL)
    g_error ("Lab tests run through “meson test” or tests/with-world");
  self->folder = g_strdup_printf ("%s/%u", outer, ++n_labs);
  self->files = g_build_filename (self->folder, "f", NULL);
  self->run = g_build_filename (self->folder, "run", NULL);
  g_assert_no_errno (g_mkdir_with_parents (self->files, 0700));
  g_assert_no_errno (g_mkdir_with_parents (self->run, 0700));
  self->kernel = g_build_filename (guest, "vmlinuz", NULL);
  self->initrd = g_build_filename (guest, "initrd.img", NULL);

  self->environ = g_get_environ ();
  for (guint i = 0; self->environ[i] != NULL;)
    {
      if (g_str_has_prefix (self->environ[i], "XDG_"))
        {
          g_auto (GStrv) parts = g_strsplit (self->environ[i], "=", 2);

          self->environ = g_environ_unsetenv (self->environ, parts[0]);
        }
      else
        i++;
    }
  write_daemon_config (self);
  gh_lab_set_env (self, "HOME", self->folder);
  gh_lab_set_env (self, "XDG_RUNTIME_DIR", self->run);
  gh_lab_set_env (self, "XDG_DATA_DIRS", "/usr/local/share:/usr/share");
  return self;
}

const char *
gh_lab_get_folder (GhLab *self)
{
  return self->folder;
}

char *
gh_lab_dup_path (GhLab      *self,
                 const char *name)
{
  return g_build_filename (self->files, name, NULL);
}

char *
gh_lab_write_file (GhLab      *self,
                   const char *name,
                   const char *text)
{
  g_autofree char *path = gh_lab_dup_path (self, name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&path);
}

void
gh_lab_set_env (GhLab      *self,
                const char *name,
                const char *value)
{
  if (value != NULL)
    self->environ = g_environ_setenv (self->environ, name, value, TRUE);
  else
    self->environ = g_environ_unsetenv (self->environ, name);
}

GStrv
gh_lab_dup_environ (GhLab *self)
{
  return g_strdupv (self->environ);
}

const char *
gh_lab_get_kernel (GhLab *self)
{
  return self->kernel;
}

const char *
gh_lab_get_initrd (GhLab *self)
{
  return self->initrd;
}

/* Waiting */

static gboolean
tick_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/**
 * gh_lab_wait:
 * @seconds: how long at most
 * @condition: what to wait for
 * @data: for @condition
 *
 * Runs the default main context and looks at @condition fifty times a second. Only for
 * what tells nobody when it happens, such as another process's end.
 *
 * Returns: whether @condition came true
 */
gboolean
gh_lab_wait (guint          seconds,
             GhLabCondition condition,
             gpointer       data)
{
  gint64 end = g_get_monotonic_time () + seconds * G_TIME_SPAN_SECOND;
  guint source = g_timeout_add (20, tick_cb, NULL);
  gboolean result = FALSE;

  while (!(result = condition (data)) && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (source);
  return result;
}

/* Processes */

/* Zombies are gone: in a container nobody may be there to reap them. */
static gboolean
process_lives (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
  g_autofree char *text = NULL;
  const char *state = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  state = strrchr (text, ')');
  return state != NULL && strlen (state) > 2 && state[2] != 'Z' && state[2] != 'X';
}

static gboolean
process_is_gone (gpointer data)
{
  return !process_lives (GPOINTER_TO_INT (data));
}

/* “PID command line”, or NULL when it is not of this world. */
static char *
describe_process (GhLab      *self,
                  const char *pid)
{
  g_autofree char *environ_path = g_build_filename ("/proc", pid, "environ", NULL);
  g_autofree char *line_path = g_build_filename ("/proc", pid, "cmdline", NULL);
  g_autofree char *words = NULL;
  g_autofree char *line = NULL;
  g_autofree char *needle = g_strconcat (self->folder, "/", NULL);
  gsize n_words = 0;
  gsize n_line = 0;

  if (!g_file_get_contents (environ_path, &words, &n_words, NULL) ||
      !g_file_get_contents (line_path, &line, &n_line, NULL) || n_line == 0)
    return NULL;
  if (memmem (words, n_words, needle, strlen (needle)) == NULL &&
      memmem (line, n_line, needle, strlen (needle)) == NULL)
    return NULL;
  for (gsize i = 0; i + 1 < n_line; i++)
    if (line[i] == '\0')
      line[i] = ' ';
  return g_strdup_printf ("%s %s", pid, line);
}

GStrv
gh_lab_list_processes (GhLab *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GDir) folder = g_dir_open ("/proc", 0, NULL);
  const char *name = NULL;

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *text = NULL;

      if (!g_ascii_isdigit (*name) || atoi (name) == getpid ())
        continue;
      text = describe_process (self, name);
      if (text != NULL)
        g_strv_builder_add (builder, text);
    }
  return g_strv_builder_end (builder);
}

static gboolean
has_no_processes (gpointer data)
{
  g_auto (GStrv) processes = gh_lab_list_processes (data);

  return processes[0] == NULL;
}

/* The daemon */

/* 0 when there is none, or the file is stale. */
static GPid
read_pid (const char *path)
{
  g_autofree char *text = NULL;
  GPid pid = 0;

  if (g_file_get_contents (path, &text, NULL, NULL))
    pid = atoi (text);
  return pid > 0 && process_lives (pid) ? pid : 0;
}

GPid
gh_lab_get_daemon_pid (GhLab *self)
{
  g_autofree char *path = g_build_filename (self->run, "libvirt", "libvirtd.pid", NULL);

  return read_pid (path);
}

static gboolean
daemon_answers (gpointer data)
{
  g_autofree char *uri = gh_lab_dup_uri (data);
  virConnectPtr connection = virConnectOpen (uri);

  if (connection == NULL)
    return FALSE;
  virConnectClose (connection);
  return TRUE;
}

void
gh_lab_start_daemon (GhLab *self)
{
  const char *words[] = { "/usr/sbin/libvirtd", "--daemon", "--timeout", "120", NULL };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  int status = -1;

  if (self->place != NULL)
    g_strv_builder_addv (builder, (const char **) self->place);
  g_strv_builder_addv (builder, words);
  argv = g_strv_builder_end (builder);
  if (gh_lab_get_daemon_pid (self) == 0)
    g_spawn_sync (NULL, argv, self->environ, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                  &error);
  g_assert_no_error (error);
  /* A client that waits for it may have been faster: then this one has ended at once. */
  g_assert_true (gh_lab_wait (DAEMON_SECONDS, daemon_answers, self));
}

void
gh_lab_set_place (GhLab              *self,
                  const char * const *words)
{
  g_strfreev (self->place);
  self->place = g_strdupv ((GStrv) words);
}

void
gh_lab_add_settings (GhLab      *self,
                     const char *file,
                     const char *lines)
{
  g_autofree char *path = g_build_filename (self->folder, ".config", "libvirt", file, NULL);
  g_autofree char *old = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &old, NULL, NULL);
  text = g_strconcat (old != NULL ? old : "", lines, NULL);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

void
gh_lab_signal_daemon (GhLab *self,
                      int    signum)
{
  GPid pid = gh_lab_get_daemon_pid (self);

  g_assert_cmpint (pid, >, 0);
  g_assert_no_errno (kill (pid, signum));
}

static void
disconnect (GhLab *self)
{
  if (self->connection != NULL)
    virConnectClose (self->connection);
  self->connection = NULL;
}

void
gh_lab_kill_daemon (GhLab *self)
{
  GPid pid = gh_lab_get_daemon_pid (self);

  g_assert_cmpint (pid, >, 0);
  g_assert_no_errno (kill (pid, SIGKILL));
  g_assert_true (gh_lab_wait (DAEMON_SECONDS, process_is_gone, GINT_TO_POINTER (pid)));
  disconnect (self);
}

char *
gh_lab_dup_uri (GhLab *self)
{
  return g_strdup_printf ("qemu+unix:///session?socket=%s/libvirt/libvirt-sock", self->run);
}

/**
 * gh_lab_connect:
 *
 * Looks at the host past the program under test. Starts the daemon if need be, and
 * connects anew when it was another one before.
 *
 * Returns: (transfer none): the connection
 */
virConnectPtr
gh_lab_connect (GhLab *self)
{
  g_autofree char *uri = gh_lab_dup_uri (self);

  if (self->connection != NULL && virConnectIsAlive (self->connection) != 1)
    disconnect (self);
  if (self->connection == NULL)
    {
      gh_lab_start_daemon (self);
      self->connection = virConnectOpen (uri);
    }
  if (self->connection == NULL)
    g_error ("%s: %s", uri, virGetLastErrorMessage ());
  return self->connection;
}

int
gh_lab_get_machine_state (GhLab      *self,
                          const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (self), name);
  int state = -1;

  if (domain == NULL)
    return -1;
  if (virDomainGetState (domain, &state, NULL, 0) < 0)
    state = -1;
  virDomainFree (domain);
  return state;
}

char *
gh_lab_dup_machine_uuid (GhLab      *self,
                         const char *name)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (self), name);
  char uuid[VIR_UUID_STRING_BUFLEN] = "";

  if (domain == NULL)
    return NULL;
  virDomainGetUUIDString (domain, uuid);
  virDomainFree (domain);
  return g_strdup (uuid);
}

GPid
gh_lab_get_qemu_pid (GhLab      *self,
                     const char *name)
{
  g_autofree char *file = g_strconcat (name, ".pid", NULL);
  g_autofree char *path = g_build_filename (self->run, "libvirt", "qemu", "run", file, NULL);

  return read_pid (path);
}

/* What is there */

static void
add_volumes (GPtrArray        *list,
             virStoragePoolPtr pool)
{
  virStorageVolPtr *volumes = NULL;
  int n_volumes = 0;

  if (virStoragePoolIsActive (pool) != 1)
    return;
  virStoragePoolRefresh (pool, 0);
  n_volumes = virStoragePoolListAllVolumes (pool, &volumes, 0);
  for (int i = 0; i < n_volumes; i++)
    {
      g_ptr_array_add (list, g_strdup_printf ("volume %s/%s", virStoragePoolGetName (pool),
                                              virStorageVolGetName (volumes[i])));
      virStorageVolFree (volumes[i]);
    }
  free (volumes);
}

/* The files below @folder, as a user would see them; logs and caches come and go, and
 * empty folders are of no interest. */
static void
add_files (GhLab      *self,
           GPtrArray  *list,
           const char *folder)
{
  static const char *passing[] = { ".cache", "run", ".config/pulse", ".config/dconf",
                                   ".config/libvirt/virtstoraged", ".local/share/gvfs-metadata",
                                   ".config/libvirt/libvirtd.conf", ".config/libvirt/qemu.conf",
                                   /* Where a machine has moved to is remembered, and how fast. */
                                   ".local/state/guesthouse/moved",
                                   ".local/state/guesthouse/line-rates", "f", NULL };
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      const char *relative = path + strlen (self->folder) + 1;

      if (g_strv_contains (passing, relative) || g_str_has_suffix (name, ".log"))
        continue;
      if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        add_files (self, list, path);
      else
        g_ptr_array_add (list, g_strconcat ("file ", relative, NULL));
    }
}

static int
compare_lines (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(char **) a, *(char **) b);
}

GStrv
gh_lab_list_inventory (GhLab *self)
{
  virConnectPtr connection = gh_lab_connect (self);
  GPtrArray *list = g_ptr_array_new ();
  virDomainPtr *domains = NULL;
  virStoragePoolPtr *pools = NULL;
  int n_domains = virConnectListAllDomains (connection, &domains, 0);
  int n_pools = virConnectListAllStoragePools (connection, &pools, 0);

  g_assert_cmpint (n_domains, >=, 0);
  g_assert_cmpint (n_pools, >=, 0);
  for (int i = 0; i < n_domains; i++)
    {
      g_ptr_array_add (list, g_strdup_printf ("machine %s", virDomainGetName (domains[i])));
      virDomainFree (domains[i]);
    }
  for (int i = 0; i < n_pools; i++)
    {
      g_ptr_array_add (list, g_strdup_printf ("pool %s", virStoragePoolGetName (pools[i])));
      add_volumes (list, pools[i]);
      virStoragePoolFree (pools[i]);
    }
  free (domains);
  free (pools);
  add_files (self, list, self->folder);
  g_ptr_array_sort (list, compare_lines);
  g_ptr_array_add (list, NULL);
  return (GStrv) g_ptr_array_free (list, FALSE);
}

void
gh_lab_assert_inventory (GhLab  *self,
                         char  **expected)
{
  g_auto (GStrv) found = gh_lab_list_inventory (self);
  g_autofree char *found_text = g_strjoinv ("\n", found);
  g_autofree char *expected_text = g_strjoinv ("\n", expected);

  g_assert_cmpstr (found_text, ==, expected_text);
}

static void
force_all_off (GhLab *self)
{
  virDomainPtr *domains = NULL;
  int n_domains = virConnectListAllDomains (gh_lab_connect (self), &domains,
                                            VIR_CONNECT_LIST_DOMAINS_ACTIVE);

  for (int i = 0; i < n_domains; i++)
    {
      virDomainDestroy (domains[i]);
      virDomainFree (domains[i]);
    }
  free (domains);
}

/* Keeps logs for libvirtd, and would stay for two minutes after it. */
static void
end_log_daemon (GhLab *self)
{
  g_autofree char *path = g_build_filename (self->run, "libvirt", "virtlogd.pid", NULL);
  GPid pid = read_pid (path);

  if (pid != 0)
    kill (pid, SIGTERM);
}

/**
 * gh_lab_free:
 *
 * Switches all machines off, ends the daemon, and sees that no process of this world
 * is left. Its files go with the world.
 */
void
gh_lab_free (GhLab *self)
{
  g_auto (GStrv) left = NULL;
  GPid pid = gh_lab_get_daemon_pid (self);

  if (pid != 0)
    {
      kill (pid, SIGCONT);
      force_all_off (self);
      disconnect (self);
      kill (pid, SIGTERM);
      gh_lab_wait (DAEMON_SECONDS, process_is_gone, GINT_TO_POINTER (pid));
    }
  disconnect (self);
  end_log_daemon (self);
  if (!gh_lab_wait (DAEMON_SECONDS, has_no_processes, self))
    {
      g_autofree char *text = NULL;

      left = gh_lab_list_processes (self);
      text = g_strjoinv ("\n", left);
      for (guint i = 0; left[i] != NULL; i++)
        kill (atoi (left[i]), SIGKILL);
      g_error ("Processes were left behind:\n%s", text);
    }

  g_strfreev (self->environ);
  g_strfreev (self->place);
  g_free (self->folder);
  g_free (self->files);
  g_free (self->run);
  g_free (self->kernel);
  g_free (self->initrd);
  g_free (self);
}

/* The program */

struct _GhLabChild
{
  GSubprocess *process;
  char        *line;
  GBytes      *out;
  GBytes      *err;
  gboolean     ended;
};

static void
communicated_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  GhLabChild *child = user_data;
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_finish (G_SUBPROCESS (object), result, &child->out, &child->err, &error);
  g_assert_no_error (error);
  child->ended = TRUE;
}

static GhLabChild *
spawnv (GhLab              *self,
        const char * const *args)
{
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  GhLabChild *child = g_new0 (GhLabChild, 1);
  const char *program = g_getenv ("GUESTHOUSE_PROGRAM");

  g_assert_nonnull (program);
  g_ptr_array_add (argv, (gpointer) program);
  for (guint i = 0; args[i] != NULL; i++)
    g_ptr_array_add (argv, (gpointer) args[i]);
  g_ptr_array_add (argv, NULL);

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                        G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_subprocess_launcher_set_environ (launcher, self->environ);
  child->process = g_subprocess_launcher_spawnv (launcher, (const char * const *) argv->pdata,
                                                 &error);
  g_assert_no_error (error);
  child->line = g_strjoinv (" ", (GStrv) args);
  g_subprocess_communicate_async (child->process, NULL, NULL, communicated_cb, child);
  return child;
}

static GPtrArray *
collect_args (const char *arg,
              va_list     list)
{
  GPtrArray *args = g_ptr_array_new ();

  for (; arg != NULL; arg = va_arg (list, const char *))
    g_ptr_array_add (args, (gpointer) arg);
  g_ptr_array_add (args, NULL);
  return args;
}

GhLabChild *
gh_lab_spawn (GhLab      *self,
              const char *arg,
              ...)
{
  g_autoptr (GPtrArray) args = NULL;
  va_list list;

  va_start (list, arg);
  args = collect_args (arg, list);
  va_end (list);
  return spawnv (self, (const char * const *) args->pdata);
}

void
gh_lab_child_signal (GhLabChild *child,
                     int         signum)
{
  g_subprocess_send_signal (child->process, signum);
}

static gboolean
child_has_ended (gpointer data)
{
  GhLabChild *child = data;

  return child->ended;
}

gboolean
gh_lab_child_has_ended (GhLabChild *child)
{
  return child->ended;
}

static char *
dup_text (GBytes *bytes)
{
  gsize length = 0;
  const char *data = g_bytes_get_data (bytes, &length);

  return data != NULL ? g_strndup (data, length) : g_strdup ("");
}

/**
 * gh_lab_child_wait:
 * @child: (transfer full): what gh_lab_spawn() returned
 *
 * Waits for the program; the default main context runs meanwhile. One that takes minutes
 * fails the test.
 *
 * Returns: (transfer full): how it ended
 */
GhLabRun *
gh_lab_child_wait (GhLabChild *child)
{
  GhLabRun *run = g_new0 (GhLabRun, 1);
  g_autoptr (JsonParser) parser = json_parser_new ();
  gboolean late = !gh_lab_wait (PROGRAM_SECONDS, child_has_ended, child);

  if (late)
    {
      g_subprocess_force_exit (child->process);
      gh_lab_wait (DAEMON_SECONDS, child_has_ended, child);
    }
  run->out = dup_text (child->out);
  run->err = dup_text (child->err);
  run->status = g_subprocess_get_if_signaled (child->process)
                  ? 128 + g_subprocess_get_term_sig (child->process)
                  : g_subprocess_get_exit_status (child->process);
  if (json_parser_load_from_data (parser, run->out, -1, NULL) && json_parser_get_root (parser))
    run->json = json_node_copy (json_parser_get_root (parser));
  g_test_message ("guesthouse %s → %d", child->line, run->status);
  if (late)
    g_error ("guesthouse %s did not end in %d s\n%s", child->line, PROGRAM_SECONDS, run->err);

  g_bytes_unref (child->out);
  g_bytes_unref (child->err);
  g_object_unref (child->process);
  g_free (child->line);
  g_free (child);
  return run;
}

/**
 * gh_lab_runv:
 * @args: the arguments, without the program's name
 *
 * Runs the program (GUESTHOUSE_PROGRAM) in this world and waits for it.
 *
 * Returns: (transfer full): how it ended
 */
GhLabRun *
gh_lab_runv (GhLab              *self,
             const char * const *args)
{
  return gh_lab_child_wait (spawnv (self, args));
}

GhLabRun *
gh_lab_run (GhLab      *self,
            const char *arg,
            ...)
{
  g_autoptr (GPtrArray) args = NULL;
  va_list list;

  va_start (list, arg);
  args = collect_args (arg, list);
  va_end (list);
  return gh_lab_runv (self, (const char * const *) args->pdata);
}

void
gh_lab_run_free (GhLabRun *run)
{
  g_free (run->out);
  g_free (run->err);
  g_clear_pointer (&run->json, json_node_unref);
  g_free (run);
}

gboolean
gh_lab_run_has_check (GhLabRun   *run,
                      const char *id,
                      const char *level)
{
  JsonArray *checks = NULL;

  if (run->json == NULL || !JSON_NODE_HOLDS_OBJECT (run->json))
    return FALSE;
  checks = json_object_get_array_member (json_node_get_object (run->json), "checks");
  for (guint i = 0; checks != NULL && i < json_array_get_length (checks); i++)
    {
      JsonObject *check = json_array_get_object_element (checks, i);

      if (g_strcmp0 (json_object_get_string_member (check, "id"), id) == 0 &&
          g_strcmp0 (json_object_get_string_member (check, "level"), level) == 0)
        return TRUE;
    }
  return FALSE;
}

const char *
gh_lab_run_get_outcome (GhLabRun *run)
{
  if (run->json == NULL || !JSON_NODE_HOLDS_OBJECT (run->json))
    return "";
  return json_object_get_string_member_with_default (json_node_get_object (run->json), "outcome",
                                                     "");
}

/* Serial ports: the pseudo-terminal QEMU made, which is the same user's here. */

struct _GhLabSerial
{
  int      fd;
  guint    source;
  GString *text;
  gsize    seen;  /* what was waited for is before this */
};

static char *
dup_serial_path (GhLab      *self,
                 const char *machine)
{
  virDomainPtr domain = virDomainLookupByName (gh_lab_connect (self), machine);
  g_autoptr (GRegex) regex = g_regex_new ("<serial type='pty'[^>]*>\\s*<source path='([^']+)'",
                                          0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  char *xml = NULL;
  char *path = NULL;

  g_assert_nonnull (domain);
  xml = virDomainGetXMLDesc (domain, 0);
  if (g_regex_match (regex, xml, 0, &match))
    path = g_match_info_fetch (match, 1);
  free (xml);
  virDomainFree (domain);
  return path;
}

static gboolean
serial_readable_cb (int          fd,
                    GIOCondition condition,
                    gpointer     user_data)
{
  GhLabSerial *self = user_data;
  char buffer[4096];
  gssize n = read (fd, buffer, sizeof buffer);

  if (n > 0)
    {
      g_string_append_len (self->text, buffer, n);
      return G_SOURCE_CONTINUE;
    }
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  self->source = 0;
  return G_SOURCE_REMOVE;
}

GhLabSerial *
gh_lab_serial_open (GhLab      *self,
                    const char *machine)
{
  g_autofree char *path = dup_serial_path (self, machine);
  GhLabSerial *serial = g_new0 (GhLabSerial, 1);
  struct termios attributes;

  g_assert_nonnull (path);
  serial->fd = open (path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  g_assert_no_errno (serial->fd < 0 ? -1 : 0);
  g_assert_no_errno (tcgetattr (serial->fd, &attributes));
  cfmakeraw (&attributes);
  g_assert_no_errno (tcsetattr (serial->fd, TCSANOW, &attributes));
  serial->text = g_string_new (NULL);
  serial->source = g_unix_fd_add (serial->fd, G_IO_IN | G_IO_HUP, serial_readable_cb, serial);
  return serial;
}

void
gh_lab_serial_close (GhLabSerial *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  close (self->fd);
  g_string_free (self->text, TRUE);
  g_free (self);
}

void
gh_lab_serial_write (GhLabSerial *self,
                     const char  *text)
{
  g_assert_cmpint (write (self->fd, text, strlen (text)), ==, (gssize) strlen (text));
}

typedef struct
{
  GhLabSerial *serial;
  const char  *text;
} SerialText;

static gboolean
has_text (gpointer data)
{
  SerialText *wanted = data;
  const char *start = wanted->serial->text->str + wanted->serial->seen;
  const char *found = strstr (start, wanted->text);

  if (found == NULL)
    return FALSE;
  wanted->serial->seen += (gsize) (found - start) + strlen (wanted->text);
  return TRUE;
}

gboolean
gh_lab_serial_wait (GhLabSerial *self,
                    const char  *text,
                    guint        seconds)
{
  SerialText wanted = { self, text };

  if (gh_lab_wait (seconds, has_text, &wanted))
    return TRUE;
  g_test_message ("The serial port never said “%s”, but: %s", text, self->text->str);
  return FALSE;
}

static gboolean
has_number (gpointer data)
{
  GhLabSerial *self = data;
  const char *start = self->text->str + self->seen;
  gsize length = strspn (start, "0123456789");

  return length > 0 && start[length] != '\0';
}

guint64
gh_lab_serial_read_number (GhLabSerial *self)
{
  g_assert_true (gh_lab_wait (60, has_number, self));
  return g_ascii_strtoull (self->text->str + self->seen, NULL, 10);
}

/**
 * gh_lab_serial_command:
 * @command: a line for the guest's shell
 * @answer: what it prints
 *
 * Types @command and waits for @answer at the start of a line, where the echo of what
 * was typed cannot be.
 */
void
gh_lab_serial_command (GhLabSerial *self,
                       const char  *command,
                       const char  *answer)
{
  g_autofree char *line = g_strconcat (command, "\n", NULL);
  g_autofree char *wanted = g_strconcat ("\n", answer, NULL);

  gh_lab_serial_write (self, line);
  g_assert_true (gh_lab_serial_wait (self, wanted, 60));
}

/* Screens */

static int
append_cb (virStreamPtr  stream,
           const char   *data,
           size_t        n_bytes,
           void         *user_data)
{
  g_byte_array_append (user_data, (const guint8 *) data, (guint) n_bytes);
  return (int) n_bytes;
}

GBytes *
gh_lab_screenshot (GhLab      *self,
                   const char *machine)
{
  virConnectPtr connection = gh_lab_connect (self);
  virDomainPtr domain = virDomainLookupByName (connection, machine);
  virStreamPtr stream = virStreamNew (connection, 0);
  GByteArray *bytes = g_byte_array_new ();
  char *mime_type = NULL;

  g_assert_nonnull (domain);
  mime_type = virDomainScreenshot (domain, stream, 0, 0);
  if (mime_type == NULL || virStreamRecvAll (stream, append_cb, bytes) < 0)
    g_error ("No screenshot: %s", virGetLastErrorMessage ());
  virStreamFinish (stream);
  virStreamFree (stream);
  virDomainFree (domain);
  free (mime_type);
  return g_byte_array_free_to_bytes (bytes);
}
