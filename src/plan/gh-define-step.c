/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* define: parameters uuid, name, and nvram-was-there: the file for the firmware's variables
 *   existed before, so undoing keeps it; moved: its peer has the machine too, and other steps
 *   brought its state: undoing takes away the definition alone, and only while the peer still has
 *   the machine; autostart: the host is to start it by itself. The XML is in memory only: undoing
 *   does not need it.
 * undefine, undefine-final: parameters uuid, name, flags; xml: the definition, without secrets;
 *   moved: another host has the machine now;
 *   secrets: it had some; autostart: the host started it by itself. The whole definition is in
 *   memory only, so what a crash interrupted comes back without passwords, and says so.
 */

#define G_LOG_DOMAIN "gh-define-step"

#include "config.h"

#include "gh-steps.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-command.h"
#include "gh-domain-xml.h"
#include "gh-move-trace.h"
#include "gh-step-task.h"
#include "gh-virt-error.h"

#define ALL_FLAGS \
  (GH_UNDEFINE_SAVED_STATE | GH_UNDEFINE_SNAPSHOTS | GH_UNDEFINE_NVRAM | GH_UNDEFINE_TPM | \
   GH_UNDEFINE_CHECKPOINTS)

typedef struct
{
  GhStep  parent_instance;

  char   *xml; /* (nullable): may hold secrets */
} XmlStep;

typedef XmlStep GhDefineStep;
typedef GhStepClass GhDefineStepClass;
typedef XmlStep GhUndefineStep;
typedef GhStepClass GhUndefineStepClass;
typedef XmlStep GhUndefineFinalStep;
typedef GhStepClass GhUndefineFinalStepClass;

G_DEFINE_FINAL_TYPE (GhDefineStep, gh_define_step, GH_TYPE_STEP)
G_DEFINE_TYPE (GhUndefineStep, gh_undefine_step, GH_TYPE_STEP)
G_DEFINE_FINAL_TYPE (GhUndefineFinalStep, gh_undefine_final_step, gh_undefine_step_get_type ())

/* Takes @xml. */
static void
take_xml (XmlStep *self,
          char    *xml)
{
  if (self->xml != NULL)
    memset (self->xml, 0, strlen (self->xml));
  g_free (self->xml);
  self->xml = xml;
}

static void
xml_step_finalize (GObject *object)
{
  take_xml ((XmlStep *) object, NULL);
  G_OBJECT_CLASS (g_type_class_peek (GH_TYPE_STEP))->finalize (object);
}

/* “virsh define”, fed with @xml. */
static char *
dup_define_command (GhStep     *step,
                    const char *xml)
{
  g_autoptr (GhDomainXml) document = xml != NULL ? gh_domain_xml_new_from_string (xml, NULL) : NULL;
  g_autofree char *define = gh_command_dup_virsh (gh_step_get_uri (step), "define", "--validate",
                                                  "--file", "/dev/stdin", NULL);
  g_autoptr (GString) mark = g_string_new ("EOF");
  g_autofree char *text = NULL;

  if (document == NULL)
    return g_steal_pointer (&define);
  gh_domain_xml_remove_secrets (document);
  text = gh_domain_xml_to_string (document);
  while (strstr (text, mark->str) != NULL)
    g_string_append_c (mark, '_');
  return g_strdup_printf ("%s <<'%s'\n%s%s%s", define, mark->str, text,
                          g_str_has_suffix (text, "\n") ? "" : "\n", mark->str);
}

static char *
dup_undefine_command (GhStep *step,
                      guint   flags)
{
  g_autofree char *plain = gh_command_dup_virsh (gh_step_get_uri (step), "undefine",
                                                 gh_step_get_machine_word (step), NULL);

  return g_strconcat (plain,
                      flags & GH_UNDEFINE_SAVED_STATE ? " --managed-save" : "",
                      flags & GH_UNDEFINE_SNAPSHOTS ? " --snapshots-metadata" : "",
                      flags & GH_UNDEFINE_CHECKPOINTS ? " --checkpoints-metadata" : "",
                      flags & GH_UNDEFINE_NVRAM ? " --nvram" : " --keep-nvram",
                      flags & GH_UNDEFINE_TPM ? " --tpm" : " --keep-tpm", NULL);
}

static char *
dup_machine_left (GhStep *step)
{
  return g_strdup_printf (_("The machine “%s”"), gh_step_get_string (step, "name"));
}

static void
autostart_set_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  gh_step_task_end (task, gh_host_set_autostart_finish (GH_HOST (object), result, &error), &error);
}

static void
trace_kept_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;

  gh_move_trace_keep_finish (result);
  g_task_return_boolean (task, TRUE);
}

static void
undefined_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  GError *error = NULL;

  if (!gh_host_undefine_finish (GH_HOST (object), result, &error))
    g_task_return_error (task, error);
  /* It has moved, should this definition come back from somewhere. */
  else if (gh_step_is_final (step) && gh_step_get_peer (step) != NULL)
    gh_move_trace_keep_async (gh_step_get_string (step, "uuid"), gh_step_get_peer (step),
                              trace_kept_cb, g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

static void
defined_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autofree char *uuid = gh_host_define_finish (GH_HOST (object), result, &error);

  if (uuid == NULL)
    g_task_return_error (task, error);
  else if (gh_step_get_boolean (get_step (task), "autostart"))
    gh_host_set_autostart_async (get_host (task), uuid, TRUE, NULL, autostart_set_cb,
                                 g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

/* define */

static GhUndefineFlags
choose_undo_flags (GhStep *step)
{
  if (gh_step_get_boolean (step, "moved"))
    return GH_UNDEFINE_SAVED_STATE | GH_UNDEFINE_SNAPSHOTS;
  return gh_step_get_boolean (step, "nvram-was-there") ? ALL_FLAGS & ~GH_UNDEFINE_NVRAM : ALL_FLAGS;
}

static char *
define_dup_title (GhStep *step)
{
  return g_strdup_printf (_("Define the machine “%s”"), gh_step_get_string (step, "name"));
}

static char *
define_dup_command (GhStep *step)
{
  return dup_define_command (step, ((XmlStep *) step)->xml);
}

static char *
define_dup_undo_command (GhStep *step)
{
  return dup_undefine_command (step, choose_undo_flags (step));
}

static void
define (GTask *task)
{
  gh_host_define_async (get_host (task), ((XmlStep *) get_step (task))->xml,
                        g_task_get_cancellable (task), defined_cb, g_object_ref (task));
}

static void
nvram_looked_at_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (object), result, &error);

  /* When we may not look, it counts as being there: rather a file too many than one too few. */
  gh_step_set_boolean (get_step (task), "nvram-was-there",
                       info != NULL || !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  gh_step_task_save (task, define);
}

/* Where libvirt keeps, or will make, the variables of the machine's firmware; (nullable): it has
 * none, or the host is not this computer. */
static char *
guess_nvram_path (GhStep *step,
                  GhHost *host)
{
  g_autoptr (GhDomainXml) xml = NULL;
  g_autofree char *file = NULL;
  char *path = NULL;

  if (!gh_host_is_local (host) || gh_host_is_test (host))
    return NULL;
  xml = gh_domain_xml_new_from_string (((XmlStep *) step)->xml, NULL);
  if (xml == NULL || gh_domain_xml_get_firmware (xml) == GH_FIRMWARE_BIOS)
    return NULL;
  path = gh_domain_xml_dup_nvram_path (xml);
  if (path != NULL)
    return path;
  file = g_strdup_printf ("%s_VARS.fd", gh_step_get_string (step, "name"));
  return gh_host_is_session (host)
         ? g_build_filename (g_get_user_config_dir (), "libvirt", "qemu", "nvram", file, NULL)
         : g_build_filename ("/var/lib/libvirt/qemu/nvram", file, NULL);
}

static void
define_do_async (GhStep              *step,
                 GhHost              *host,
                 GCancellable        *cancellable,
                 GAsyncReadyCallback  callback,
                 gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new (step, host, cancellable, callback, user_data);
  g_autofree char *nvram_path = gh_step_get_boolean (step, "moved") ? NULL
                                : guess_nvram_path (step, host);
  g_autoptr (GFile) nvram = NULL;

  if (nvram_path == NULL)
    {
      gh_step_task_save (task, define);
      return;
    }
  nvram = g_file_new_for_path (nvram_path);
  g_file_query_info_async (nvram, G_FILE_ATTRIBUTE_STANDARD_TYPE,
                           G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS,
                           G_PRIORITY_DEFAULT, NULL, nvram_looked_at_cb, g_object_ref (task));
}

static void
undefine_again (GTask *task)
{
  GhStep *step = get_step (task);

  gh_host_undefine_async (get_host (task), gh_step_get_string (step, "uuid"),
                          choose_undo_flags (step), NULL, undefined_cb, g_object_ref (task));
}

static void
peer_definition_loaded_cb (GObject      *object,
                           GAsyncResult *result,
                           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GhDefinition) definition = gh_host_load_definition_finish (GH_HOST (object), result,
                                                                        &error);

  if (definition != NULL)
    undefine_again (task);
  else if (g_error_matches (error, GH_VIRT_ERROR, GH_VIRT_ERROR_NO_DOMAIN))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("It is nowhere else any more, so it stays."));
  else
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  g_clear_error (&error);
}

static void
define_undo_async (GhStep              *step,
                   GhHost              *host,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new_undo (step, host, callback, user_data);
  GhHost *peer = gh_step_get_peer (step);

  if (!gh_step_get_boolean (step, "moved"))
    undefine_again (task);
  else if (peer == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED,
                             _("It is not known whether the machine is anywhere else."));
  else
    gh_host_load_definition_async (peer, gh_step_get_string (step, "uuid"), NULL,
                                   peer_definition_loaded_cb, g_object_ref (task));
}

static const char * const needs[] = { "uuid", "name", NULL };

static void
gh_define_step_class_init (GhDefineStepClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = xml_step_finalize;
  klass->kind = "define";
  klass->needs = needs;
  klass->dup_title = define_dup_title;
  klass->dup_command = define_dup_command;
  klass->dup_left = dup_machine_left;
  klass->dup_undo_command = define_dup_undo_command;
  klass->do_async = define_do_async;
  klass->undo_async = define_undo_async;
}

static void
gh_define_step_init (GhDefineStep *self)
{
}

GhStep *
gh_define_step_new (const char *uuid,
                    const char *name,
                    const char *xml)
{
  XmlStep *self = g_object_new (gh_define_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL && xml != NULL,
                        GH_STEP (self));

  gh_step_set_machine (GH_STEP (self), uuid, name);
  take_xml (self, g_strdup (xml));
  return GH_STEP (self);
}

/* undefine */

static char *
undefine_dup_title (GhStep *step)
{
  if (gh_step_get_boolean (step, "moved"))
    return g_strdup_printf (_("Remove the machine “%s” from where it was"),
                            gh_step_get_string (step, "name"));
  return g_strdup_printf (_("Remove the machine “%s”"), gh_step_get_string (step, "name"));
}

static char *
undefine_dup_command (GhStep *step)
{
  return dup_undefine_command (step, (guint) gh_step_get_int (step, "flags"));
}

static char *
undefine_dup_undo_command (GhStep *step)
{
  return dup_define_command (step, gh_step_get_string (step, "xml"));
}

static GhCheck *
undefine_dup_undo_check (GhStep *step,
                         GhHost *host)
{
  g_autofree char *title = NULL;

  if (!gh_step_get_boolean (step, "secrets") ||
      gh_host_find_machine (host, gh_step_get_string (step, "uuid")) != NULL)
    return NULL;
  title = g_strdup_printf (_("“%s” comes back without its passwords"),
                           gh_step_get_string (step, "name"));
  return gh_check_new (GH_CHECK_WARNING, "secrets-lost", title,
                       _("Passwords are never written to a journal. Set those of its displays "
                         "anew."));
}

static void
undefine (GTask *task)
{
  GhStep *step = get_step (task);

  gh_host_undefine_async (get_host (task), gh_step_get_string (step, "uuid"),
                          (GhUndefineFlags) gh_step_get_int (step, "flags"),
                          g_task_get_cancellable (task), undefined_cb, g_object_ref (task));
}

static void
autostart_loaded_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  gboolean autostart = FALSE;

  /* Hosts without it, and transient machines, have nothing that could come back. */
  (void) gh_host_load_autostart_finish (GH_HOST (object), result, &autostart, NULL);
  gh_step_set_boolean (get_step (task), "autostart", autostart);
  gh_step_task_save (task, undefine);
}

static void
secure_xml_loaded_cb (GObject      *object,
                      GAsyncResult *result,
                      gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  XmlStep *self = (XmlStep *) get_step (task);
  g_autoptr (GhDomainXml) document = NULL;
  g_autofree char *before = NULL;
  g_autofree char *public_xml = NULL;
  GError *error = NULL;

  take_xml (self, gh_machine_load_xml_finish (GH_MACHINE (object), result, &error));
  document = self->xml != NULL ? gh_domain_xml_new_from_string (self->xml, &error) : NULL;
  if (document == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  gh_domain_xml_remove_secrets (document);
  public_xml = gh_domain_xml_to_string (document);
  gh_step_set_boolean (GH_STEP (self), "secrets", strcmp (public_xml, self->xml) != 0);
  gh_step_set_string (GH_STEP (self), "xml", public_xml);
  gh_host_load_autostart_async (get_host (task), gh_step_get_string (GH_STEP (self), "uuid"),
                                g_task_get_cancellable (task), autostart_loaded_cb,
                                g_object_ref (task));
}

static void
undefine_do_async (GhStep              *step,
                   GhHost              *host,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  g_autoptr (GTask) task = gh_step_task_new (step, host, cancellable, callback, user_data);
  GhMachine *machine = gh_host_find_machine (host, gh_step_get_string (step, "uuid"));

  if (machine == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("The machine “%s” is gone."),
                             gh_step_get_string (step, "name"));
  else
    gh_machine_load_xml_async (machine, GH_XML_INACTIVE | GH_XML_SECURE, cancellable,
                               secure_xml_loaded_cb, g_object_ref (task));
}

static gboolean
has_definition (GPtrArray  *definitions,
                const char *uuid)
{
  for (guint i = 0; i < definitions->len; i++)
    {
      GhDefinition *definition = g_ptr_array_index (definitions, i);

      if (g_strcmp0 (definition->uuid, uuid) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
defined_again_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autofree char *uuid = gh_host_define_finish (GH_HOST (object), result, &error);

  if (uuid == NULL)
    g_task_return_error (task, error);
  else if (gh_step_get_boolean (get_step (task), "autostart"))
    gh_host_set_autostart_async (get_host (task), uuid, TRUE, NULL, autostart_set_cb,
                                 g_object_ref (task));
  else
    g_task_return_boolean (task, TRUE);
}

/* The list of the host's machines may lag behind, so the definitions are asked for. */
static void
definitions_loaded_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhStep *step = get_step (task);
  const char *xml = ((XmlStep *) step)->xml;
  GError *error = NULL;
  g_autoptr (GPtrArray) definitions = gh_host_load_definitions_finish (GH_HOST (object), result,
                                                                       &error);

  if (definitions == NULL)
    g_task_return_error (task, error);
  else if (has_definition (definitions, gh_step_get_string (step, "uuid")))
    g_task_return_boolean (task, TRUE);
  else if (gh_step_is_final (step))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _("It was removed with its saved state, snapshots, firmware variables "
                               "or TPM state, which cannot be taken back."));
  else
    gh_host_define_async (get_host (task), xml != NULL ? xml : gh_step_get_string (step, "xml"),
                          NULL, defined_again_cb, g_object_ref (task));
}

static void
undefine_undo_async (GhStep              *step,
                     GhHost              *host,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  GTask *task = gh_step_task_new_undo (step, host, callback, user_data);

  if (gh_step_get_string (step, "xml") != NULL)
    {
      gh_host_load_definitions_async (host, NULL, definitions_loaded_cb, task);
      return;
    }
  /* It did not get so far. */
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
gh_undefine_step_class_init (GhUndefineStepClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = xml_step_finalize;
  klass->kind = "undefine";
  klass->needs = needs;
  klass->dup_title = undefine_dup_title;
  klass->dup_command = undefine_dup_command;
  klass->dup_left = dup_machine_left;
  klass->dup_undo_command = undefine_dup_undo_command;
  klass->dup_undo_check = undefine_dup_undo_check;
  klass->do_async = undefine_do_async;
  klass->undo_async = undefine_undo_async;
}

static void
gh_undefine_step_init (GhUndefineStep *self)
{
}

/* The last step of a move, out of a journal that ended before it could say so. */
static GhCheck *
undefine_final_dup_commit_check (GhStep *step,
                                 GhHost *host)
{
  const char *uuid = gh_step_get_string (step, "uuid");
  GhHost *peer = gh_step_get_peer (step);
  GhMachine *there = peer != NULL ? gh_host_find_machine (peer, uuid) : NULL;
  g_autofree char *title = NULL;

  if (there == NULL || gh_host_find_machine (host, uuid) != NULL)
    return NULL;
  title = g_strdup_printf (gh_machine_is_active (there)
                           ? _("“%s” has moved, and runs at %s")
                           : _("“%s” has moved to %s, and is off now"),
                           gh_step_get_string (step, "name"), gh_host_get_label (peer));
  return gh_check_new (GH_CHECK_NOTE, "has-moved", title, NULL);
}

/* Undone in the case that it failed, which finds out whether it did anything. */
static void
gh_undefine_final_step_class_init (GhUndefineFinalStepClass *klass)
{
  klass->dup_commit_check = undefine_final_dup_commit_check;
  klass->kind = "undefine-final";
  klass->final = TRUE;
}

static void
gh_undefine_final_step_init (GhUndefineFinalStep *self)
{
}

GhStep *
gh_undefine_step_new (const char      *uuid,
                      const char      *name,
                      GhUndefineFlags  flags)
{
  GhStep *self = g_object_new (flags != 0 ? gh_undefine_final_step_get_type ()
                               : gh_undefine_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);

  gh_step_set_machine (self, uuid, name);
  gh_step_set_int (self, "flags", (gint64) flags);
  return self;
}

GhStep *
gh_undefine_moved_step_new (const char      *uuid,
                            const char      *name,
                            GhHost          *destination,
                            GhUndefineFlags  flags)
{
  GhStep *self = g_object_new (gh_undefine_final_step_get_type (), NULL);

  g_return_val_if_fail (g_uuid_string_is_valid (uuid) && name != NULL, self);
  g_return_val_if_fail (GH_IS_HOST (destination), self);

  gh_step_set_peer (self, destination);
  gh_step_set_machine (self, uuid, name);
  gh_step_set_int (self, "flags", (gint64) flags);
  gh_step_set_boolean (self, "moved", TRUE);
  return self;
}
