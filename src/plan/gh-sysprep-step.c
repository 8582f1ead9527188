/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* sysprep: has virt-sysprep make the guest in new disks forget whose it was. Parameters path,
 * format, operations, hostname; further disks of the same guest as path-1, format-1 and so on.
 *
 * It writes to images that other steps of the plan have made, and to nothing else: undoing those
 * undoes it, so there is nothing to do here. */

#define G_LOG_DOMAIN "gh-sysprep-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "gh-command.h"
#include "gh-step-task.h"

/* How many lines of “Performing …” there are, more or less: the defaults of guestfs-tools 1.48. */
#define EXPECTED_LINES 40
/* Of what it says when it fails, the end. */
#define MAX_COMPLAINT 2000

typedef GhStep GhSysprepStep;
typedef GhStepClass GhSysprepStepClass;

G_DEFINE_FINAL_TYPE (GhSysprepStep, gh_sysprep_step, GH_TYPE_STEP)

typedef struct
{
  GSubprocess      *process;
  GDataInputStream *lines;
  GString          *said;
  guint             n_lines;
  gulong            cancelled_id;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_object (&work->process);
  g_clear_object (&work->lines);
  g_string_free (work->said, TRUE);
  g_free (work);
}

static char *
dup_title (GhStep *step)
{
  g_autofree char *name = g_path_get_basename (gh_step_get_string (step, "path"));

  return g_strdup_printf (_("Make the guest in “%s” forget whose it was (virt-sysprep)"), name);
}

static char *
dup_left (GhStep *step)
{
  return g_strdup_printf (_("The file “%s”"), gh_step_get_string (step, "path"));
}

static void
add_disk (GStrvBuilder *builder,
          const char   *format,
          const char   *path)
{
  /* The format is never guessed: a guest could have written another one's header. */
  g_strv_builder_add_many (builder, "--format", format, "-a", path, NULL);
}

static GStrv
dup_arguments (GhStep *step)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *host_name = gh_step_get_string (step, "hostname");

  g_strv_builder_add (builder, "virt-sysprep");
  add_disk (builder, gh_step_get_string (step, "format"), gh_step_get_string (step, "path"));
  for (guint i = 1;; i++)
    {
      g_autofree char *path_name = g_strdup_printf ("path-%u", i);
      g_autofree char *format_name = g_strdup_printf ("format-%u", i);
      const char *path = gh_step_get_string (step, path_name);

      if (path == NULL)
        break;
      add_disk (builder, gh_step_get_string (step, format_name), path);
    }
  g_strv_builder_add_many (builder, "--operations", gh_step_get_string (step, "operations"), NULL);
  if (host_name != NULL)
    g_strv_builder_add_many (builder, "--hostname", host_name, NULL);
  return g_strv_builder_end (builder);
}

static char *
dup_command (GhStep *step)
{
  g_autoptr (GString) line = g_string_new ("LIBGUESTFS_BACKEND=direct");
  g_auto (GStrv) arguments = dup_arguments (step);

  for (guint i = 0; arguments[i] != NULL; i++)
    {
      g_autofree char *word = gh_command_dup_quoted (arguments[i]);

      g_string_append_printf (line, " %s", word);
    }
  return g_string_free (g_steal_pointer (&line), FALSE);
}

/* In the child, between fork and exec: it ends with us. */
static void
bind_child (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

/* It then stops its little machine, and ends. */
static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  g_subprocess_send_signal (G_SUBPROCESS (user_data), SIGTERM);
}

static void
ended_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autofree char *said = g_utf8_make_valid (work->said->str, -1);
  GError *error = NULL;

  g_cancellable_disconnect (cancellable, work->cancelled_id);
  if (!g_subprocess_wait_finish (work->process, result, &error) ||
      g_cancellable_set_error_if_cancelled (cancellable, &error))
    g_task_return_error (task, error);
  else if (g_subprocess_get_if_exited (work->process) &&
           g_subprocess_get_exit_status (work->process) == 0)
    g_task_return_boolean (task, TRUE);
  else if (*g_strstrip (said) != '\0')
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", said);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                             _("virt-sysprep was ended before it was done."));
}

/* “[  12.3] Examining the guest ...” without the frills; NULL: it says something else. */
static char *
dup_message (const char *line)
{
  const char *end = *line == '[' ? strchr (line, ']') : NULL;
  g_autofree char *text = end != NULL ? g_utf8_make_valid (end + 1, -1) : NULL;

  if (text == NULL)
    return NULL;
  g_strstrip (text);
  if (g_str_has_suffix (text, "..."))
    text[strlen (text) - strlen ("...")] = '\0';
  return *g_strchomp (text) != '\0' ? g_steal_pointer (&text) : NULL;
}

static void read_line (GTask *task);

static void
line_read_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Work *work = g_task_get_task_data (task);
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (object),
                                                                result, NULL, NULL);
  g_autofree char *message = NULL;

  if (line == NULL)
    {
      g_subprocess_wait_async (work->process, NULL, ended_cb, g_object_ref (task));
      return;
    }
  message = dup_message (line);
  if (message != NULL)
    gh_step_set_doing (get_step (task), message);
  if (strstr (line, "Performing") != NULL)
    {
      work->n_lines++;
      gh_step_set_fraction (get_step (task),
                            MIN ((double) work->n_lines / EXPECTED_LINES, 0.98));
    }
  else
    g_string_append_printf (work->said, "%s\n", line);
  if (work->said->len > MAX_COMPLAINT)
    g_string_erase (work->said, 0, (gssize) (work->said->len - MAX_COMPLAINT));
  read_line (task);
}

static void
read_line (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  g_data_input_stream_read_line_async (work->lines, G_PRIORITY_DEFAULT, NULL, line_read_cb,
                                       g_object_ref (task));
}

static void
do_async (GhStep              *step,
          GhHost              *host,
          GCancellable        *cancellable,
          GAsyncReadyCallback  callback,
          gpointer             user_data)
{
  g_autoptr (GSubprocessLauncher) launcher =
    g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GTask) task = gh_step_task_new (step, host, cancellable, callback, user_data);
  g_auto (GStrv) arguments = dup_arguments (step);
  g_autoptr (GSubprocess) process = NULL;
  Work *work = NULL;
  GError *error = NULL;

  g_subprocess_launcher_set_child_setup (launcher, bind_child, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C.UTF-8", TRUE);
  g_subprocess_launcher_setenv (launcher, "LIBGUESTFS_BACKEND", "direct", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, (const char * const *) arguments, &error);
  if (process == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  work = g_new0 (Work, 1);
  work->process = g_steal_pointer (&process);
  work->lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (work->process));
  work->said = g_string_new (NULL);
  /* Until it has something to say, which takes minutes where that machine is emulated. */
  gh_step_set_fraction (step, -1.0);
  gh_step_set_doing (step, _("Starting a small machine to look into the disks"));
  g_task_set_task_data (task, work, work_free);
  if (cancellable != NULL)
    work->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb),
                                                g_object_ref (work->process), g_object_unref);
  read_line (task);
}

static const char * const needs[] = { "path", "format", "operations", NULL };

static void
gh_sysprep_step_class_init (GhSysprepStepClass *klass)
{
  klass->kind = "sysprep";
  klass->needs = needs;
  klass->dup_title = dup_title;
  klass->dup_command = dup_command;
  klass->dup_left = dup_left;
  klass->do_async = do_async;
  klass->undo_async = gh_step_undo_nothing_async;
}

static void
gh_sysprep_step_init (GhSysprepStep *self)
{
}

GhStep *
gh_sysprep_step_new (const char *path,
                     const char *format,
                     const char *operations,
                     const char *hostname)
{
  GhStep *self = g_object_new (gh_sysprep_step_get_type (), NULL);

  g_return_val_if_fail (path != NULL && format != NULL && operations != NULL, self);

  gh_step_set_string (self, "path", path);
  gh_step_set_string (self, "format", format);
  gh_step_set_string (self, "operations", operations);
  gh_step_set_string (self, "hostname", hostname);
  gh_step_set_weight (self, 20.0);
  return self;
}

void
gh_sysprep_step_add_disk (GhStep     *self,
                          const char *path,
                          const char *format)
{
  guint n = 1;

  g_return_if_fail (path != NULL && format != NULL);

  while (TRUE)
    {
      g_autofree char *path_name = g_strdup_printf ("path-%u", n);
      g_autofree char *format_name = g_strdup_printf ("format-%u", n);

      if (gh_step_get_string (self, path_name) == NULL)
        {
          gh_step_set_string (self, path_name, path);
          gh_step_set_string (self, format_name, format);
          return;
        }
      n++;
    }
}
