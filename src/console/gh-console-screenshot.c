/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* A screenshot is the picture of the display, or what the host sees (PNG or PPM), made a PNG in
 * memory and then a file. GIO writes the file beside its place and renames it, so it is there whole
 * or not at all. */

#define G_LOG_DOMAIN "gh-console-screenshot"

#include "config.h"

#include "gh-console-screenshot.h"

#include <glib/gi18n-lib.h>

#include "gh-console-target.h"

/* An 8k screen as PPM; the guest chooses the size, so there is a limit. */
#define MAX_PICTURE_BYTES (128 * 1024 * 1024)

static void
saved_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_file_replace_contents_finish (G_FILE (object), result, NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
save_bytes (GTask  *task,
            GBytes *png)
{
  GFile *file = g_task_get_task_data (task);

  g_file_replace_contents_bytes_async (file, png, NULL, /* make_backup= */ FALSE,
                                       G_FILE_CREATE_NONE, g_task_get_cancellable (task),
                                       saved_cb, g_object_ref (task));
}

static void
encoded_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GBytes) png = NULL;
  GMemoryOutputStream *stream = g_object_get_data (G_OBJECT (task), "stream");
  GError *error = NULL;

  if (!gdk_pixbuf_save_to_stream_finish (result, &error) ||
      !g_output_stream_close (G_OUTPUT_STREAM (stream), NULL, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  png = g_memory_output_stream_steal_as_bytes (stream);
  save_bytes (task, png);
}

static void
encode (GTask     *task,
        GdkPixbuf *frame)
{
  GOutputStream *stream = g_memory_output_stream_new_resizable ();

  g_object_set_data_full (G_OBJECT (task), "stream", stream, g_object_unref);
  /* Light compression: a screenshot is taken while somebody works. */
  gdk_pixbuf_save_to_stream_async (frame, stream, "png", g_task_get_cancellable (task), encoded_cb,
                                   g_object_ref (task), "compression", "3", NULL);
}

static void
decoded_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GdkPixbuf) frame = gdk_pixbuf_new_from_stream_finish (result, &error);

  if (frame == NULL)
    g_task_return_error (task, error);
  else
    encode (task, frame);
}

static void
machine_screenshot_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autofree char *mime_type = NULL;
  g_autoptr (GInputStream) stream = NULL;
  GError *error = NULL;
  g_autoptr (GBytes) picture = NULL;

  picture = gh_machine_screenshot_finish (GH_MACHINE (object), result, &mime_type, &error);
  if (picture == NULL)
    g_task_return_error (task, error);
  else if (g_bytes_get_size (picture) > MAX_PICTURE_BYTES)
    g_task_return_new_error (task, GH_CONSOLE_ERROR, GH_CONSOLE_ERROR_PROTOCOL, "%s",
                             _("The picture is too large."));
  else if (g_strcmp0 (mime_type, "image/png") == 0)
    save_bytes (task, picture);
  else
    {
      stream = g_memory_input_stream_new_from_bytes (picture);
      gdk_pixbuf_new_from_stream_async (stream, g_task_get_cancellable (task), decoded_cb,
                                        g_object_ref (task));
    }
}

/* Saves @frame, or what the host sees of @machine when it is NULL, as PNG. */
void
gh_console_screenshot_save_async (GhMachine           *machine,
                                  GdkPixbuf           *frame,
                                  GFile               *file,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, gh_console_screenshot_save_async);
  g_task_set_task_data (task, g_object_ref (file), g_object_unref);
  if (frame != NULL)
    encode (task, frame);
  else
    gh_machine_screenshot_async (machine, 0, cancellable, machine_screenshot_cb,
                                 g_object_ref (task));
}

gboolean
gh_console_screenshot_save_finish (GAsyncResult  *result,
                                   GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
