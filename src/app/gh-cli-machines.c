/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Verbs about machines that are there. */

#define G_LOG_DOMAIN "gh-cli-machines"

#include "config.h"

#include "gh-cli-private.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gi18n.h>
#include <string.h>

#include "gh-command.h"
#include "gh-domain-xml.h"
#include "gh-format.h"
#include "gh-image-graph.h"
#include "gh-move-guard.h"
#include "gh-start-guard.h"
#include "gh-text.h"
#include "gh-virt-error.h"

static const char *
get_state_name (GhMachine *machine)
{
  static const char * const names[] = {
    [GH_MACHINE_OFF] = "off",
    [GH_MACHINE_SAVED] = "saved",
    [GH_MACHINE_RUNNING] = "running",
    [GH_MACHINE_PAUSED] = "paused",
    [GH_MACHINE_SUSPENDED] = "suspended",
    [GH_MACHINE_STOPPING] = "stopping",
    [GH_MACHINE_CRASHED] = "crashed",
    [GH_MACHINE_UNKNOWN] = "unknown",
  };

  return names[gh_machine_get_state (machine)];
}

static JsonObject *
machine_to_json (GhMachine *machine)
{
  JsonObject *object = json_object_new ();
  gboolean exact = FALSE;
  gint64 uptime = gh_machine_get_uptime (machine, &exact);

  json_object_set_string_member (object, "name", gh_machine_get_name (machine));
  json_object_set_string_member (object, "uuid", gh_machine_get_uuid (machine));
  if (gh_machine_get_title (machine) != NULL)
    json_object_set_string_member (object, "title", gh_machine_get_title (machine));
  json_object_set_string_member (object, "state", get_state_name (machine));
  json_object_set_boolean_member (object, "active", gh_machine_is_active (machine));
  if (uptime >= 0 && exact)
    json_object_set_int_member (object, "uptime", uptime);
  return object;
}

static int
compare_machines (gconstpointer a,
                  gconstpointer b)
{
  return g_utf8_collate (gh_machine_get_name (*(GhMachine * const *) a),
                         gh_machine_get_name (*(GhMachine * const *) b));
}

GhCliStatus
gh_cli_list (GhCli      *self,
             const char *verb,
             int         argc,
             char      **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, NULL, 0, 0, argc, argv, &error);
  g_autoptr (GPtrArray) machines = NULL;
  JsonObject *object = NULL;
  JsonArray *array = NULL;

  if (g_error_matches (error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    return GH_CLI_DONE;
  if (words == NULL)
    return gh_cli_fail (self, GH_CLI_USAGE, error->message, NULL);
  if (!gh_cli_connect (self, &error))
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);

  machines = gh_host_dup_machines (self->host);
  g_ptr_array_sort (machines, compare_machines);
  array = json_array_new ();
  for (guint i = 0; i < machines->len; i++)
    {
      GhMachine *machine = g_ptr_array_index (machines, i);
      g_autofree char *state = gh_text_dup_padded (gh_machine_get_state_text (machine), 12);

      gh_cli_print (self, "%s  %s %s%s%s\n", gh_machine_get_uuid (machine), state,
                    gh_machine_get_name (machine),
                    gh_machine_get_title (machine) != NULL ? "  – " : "",
                    gh_machine_get_title (machine) != NULL ? gh_machine_get_title (machine) : "");
      json_array_add_object_element (array, machine_to_json (machine));
    }
  object = json_object_new ();
  json_object_set_string_member (object, "host", self->uri);
  json_object_set_array_member (object, "machines", array);
  gh_cli_take_json (self, object);
  return GH_CLI_DONE;
}

GhMachine *
gh_cli_open_machine (GhCli        *self,
                     GStrv         words,
                     GError      **error,
                     GhCliStatus  *status)
{
  GhMachine *machine = NULL;

  if (g_error_matches (*error, GH_CLI_ERROR, GH_CLI_ERROR_HELP))
    *status = GH_CLI_DONE;
  else if (words == NULL)
    *status = gh_cli_fail (self, GH_CLI_USAGE, (*error)->message, NULL);
  else if (!gh_cli_connect (self, error))
    *status = gh_cli_fail (self, GH_CLI_FAILED, NULL, *error);
  else
    {
      machine = gh_cli_find_machine (self, words[0], error);
      if (machine == NULL)
        *status = gh_cli_fail (self, GH_CLI_FAILED, (*error)->message, NULL);
    }
  return machine;
}

/* info */

void
gh_cli_print_fact (GhCli      *self,
                   const char *name,
                   const char *value)
{
  g_autofree char *padded = gh_text_dup_padded (name, 14);

  if (value != NULL && *value != '\0')
    gh_cli_print (self, "%s %s\n", padded, value);
}

static JsonArray *
show_disks (GhCli       *self,
            GhDomainXml *xml)
{
  g_autoptr (GPtrArray) disks = gh_domain_xml_list_disks (xml);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < disks->len; i++)
    {
      GhDiskXml *disk = g_ptr_array_index (disks, i);
      g_autofree char *text = g_strdup_printf ("%s  %s  %s", disk->target, disk->device,
                                               disk->source_text != NULL ? disk->source_text : "–");
      JsonObject *object = json_object_new ();

      gh_cli_print_fact (self, i == 0 ? _("Disks") : " ", text);
      json_object_set_string_member (object, "target", disk->target);
      json_object_set_string_member (object, "device", disk->device);
      if (disk->source_text != NULL)
        json_object_set_string_member (object, "source", disk->source_text);
      if (disk->format != NULL)
        json_object_set_string_member (object, "format", disk->format);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonArray *
show_nics (GhCli       *self,
           GhDomainXml *xml)
{
  g_autoptr (GPtrArray) nics = gh_domain_xml_list_nics (xml);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < nics->len; i++)
    {
      GhNicXml *nic = g_ptr_array_index (nics, i);
      g_autofree char *text = g_strjoin ("  ", nic->type, nic->mac != NULL ? nic->mac : "–",
                                         nic->source != NULL ? nic->source : "", NULL);
      JsonObject *object = json_object_new ();

      gh_cli_print_fact (self, i == 0 ? _("Networks") : " ", text);
      json_object_set_string_member (object, "type", nic->type);
      if (nic->mac != NULL)
        json_object_set_string_member (object, "mac", nic->mac);
      if (nic->source != NULL)
        json_object_set_string_member (object, "source", nic->source);
      json_array_add_object_element (array, object);
    }
  return array;
}

static void
show_info (GhCli       *self,
           GhMachine   *machine,
           GhDomainXml *xml)
{
  static const char * const firmwares[] = { "bios", "uefi", "uefi-secure" };
  static const char * const kinds[] = { "ordinary", "template", "linked-clone", "trial" };
  static const char * const kind_texts[] = { "", N_("Template"), N_("Linked clone"),
                                             N_("Trial") };
  g_autoptr (GhMachineMark) mark = gh_machine_mark_new_for_domain (xml);
  g_autofree char *os_id = gh_domain_xml_dup_os_id (xml);
  g_autofree char *cpus = g_strdup_printf ("%u", gh_domain_xml_get_n_cpus (xml));
  g_autofree char *memory = gh_format_memory (gh_domain_xml_get_memory_kib (xml));
  gboolean exact = FALSE;
  gint64 uptime = gh_machine_get_uptime (machine, &exact);
  g_autofree char *span = uptime >= 0 && exact ? gh_format_duration (uptime) : NULL;
  const char *firmware = firmwares[gh_domain_xml_get_firmware (xml)];
  JsonObject *object = machine_to_json (machine);

  gh_cli_print_fact (self, _("Name"), gh_machine_get_name (machine));
  gh_cli_print_fact (self, _("Title"), gh_machine_get_title (machine));
  gh_cli_print_fact (self, _("UUID"), gh_machine_get_uuid (machine));
  gh_cli_print_fact (self, _("State"), gh_machine_get_state_text (machine));
  gh_cli_print_fact (self, _("Running for"), span);
  gh_cli_print_fact (self, _("System"), os_id);
  gh_cli_print_fact (self, _("CPUs"), cpus);
  gh_cli_print_fact (self, _("Memory"), memory);
  gh_cli_print_fact (self, _("Firmware"), firmware);
  if (mark->kind != GH_MACHINE_ORDINARY)
    {
      gh_cli_print_fact (self, _("Kind"), _(kind_texts[mark->kind]));
      gh_cli_print_fact (self, _("Made from"), mark->parent_name);
    }
  json_object_set_string_member (object, "kind", kinds[mark->kind]);
  if (mark->parent_name != NULL)
    json_object_set_string_member (object, "parent", mark->parent_name);
  json_object_set_string_member (object, "firmware", firmware);
  json_object_set_int_member (object, "cpus", gh_domain_xml_get_n_cpus (xml));
  json_object_set_int_member (object, "memory-kib", (gint64) gh_domain_xml_get_memory_kib (xml));
  if (os_id != NULL)
    json_object_set_string_member (object, "os", os_id);
  json_object_set_array_member (object, "disks", show_disks (self, xml));
  json_object_set_array_member (object, "networks", show_nics (self, xml));
  gh_cli_take_json (self, object);
}

GhCliStatus
gh_cli_info (GhCli      *self,
             const char *verb,
             int         argc,
             char      **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, NULL, 1, 0, argc, argv, &error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GhDomainXml) xml = NULL;
  g_autofree char *text = NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = gh_cli_open_machine (self, words, &error, &status);

  if (machine == NULL)
    return status;
  gh_machine_load_xml_async (machine, gh_machine_is_active (machine) ? GH_XML_LIVE
                             : GH_XML_INACTIVE, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  text = gh_machine_load_xml_finish (machine, result, &error);
  xml = text != NULL ? gh_domain_xml_new_from_string (text, &error) : NULL;
  if (xml == NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  show_info (self, machine, xml);
  return GH_CLI_DONE;
}

/* Lifecycle */

static gboolean
find_action (const char      *verb,
             GhMachineAction *action)
{
  /* A saved machine is started as any other; the verb says that one expects it to be saved. */
  if (strcmp (verb, "restore") == 0)
    {
      *action = GH_MACHINE_START;
      return TRUE;
    }
  for (guint i = 0; i < GH_MACHINE_N_ACTIONS; i++)
    if (strcmp (gh_machine_action_get_info (i)->name, verb) == 0)
      {
        *action = (GhMachineAction) i;
        return TRUE;
      }
  return FALSE;
}

/* Whether it lets the guest run, of which there may be one more elsewhere. */
static gboolean
is_guarded (const char *verb)
{
  return g_strv_contains ((const char * const[]) { "start", "restore", "resume", NULL }, verb);
}

static char *
dup_question (GhMachine       *machine,
              GhMachineAction  action)
{
  const char *name = gh_machine_get_name (machine);
  gboolean exact = FALSE;
  gint64 uptime = gh_machine_get_uptime (machine, &exact);
  g_autofree char *span = uptime >= 0 && exact ? gh_format_duration (uptime) : NULL;

  if (action == GH_MACHINE_DISCARD_SAVED)
    return g_strdup_printf (_("What “%s” was doing when it was saved is lost."), name);
  if (span != NULL)
    /* Translators: a machine's name, and a span of time: “2 hours” */
    return g_strdup_printf (_("“%s” has been running for %s. What it has not written to its disks "
                              "is lost."), name, span);
  return g_strdup_printf (_("What “%s” has not written to its disks is lost."), name);
}

static JsonObject *
check_to_json (const char *level,
               const char *id,
               const char *title)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "level", level);
  json_object_set_string_member (object, "id", id);
  json_object_set_string_member (object, "title", title);
  return object;
}

/* The same document as a plan of one step would write. Takes @check (nullable). */
static void
print_action (GhCli           *self,
              GhMachine       *machine,
              const char      *verb,
              GhMachineAction  action,
              JsonObject      *check,
              const char      *outcome,
              const GError    *error,
              GhCliStatus      status)
{
  const GhMachineActionInfo *info = gh_machine_action_get_info (action);
  g_autofree char *command = NULL;
  JsonObject *object = json_object_new ();
  JsonObject *step = json_object_new ();
  JsonArray *checks = json_array_new ();
  JsonArray *steps = json_array_new ();

  command = gh_command_dup_virsh (self->uri, info->command,
                                  gh_command_get_machine (gh_machine_get_name (machine),
                                                          gh_machine_get_uuid (machine)), NULL);
  if (self->dry_run)
    gh_cli_print (self, "$ %s\n", command);
  json_object_set_string_member (object, "plan", verb);
  json_object_set_string_member (object, "host", self->uri);
  json_object_set_object_member (object, "machine", machine_to_json (machine));
  if (check != NULL)
    json_array_add_object_element (checks, check);
  json_object_set_array_member (object, "checks", checks);
  json_object_set_string_member (step, "title", _(info->label));
  json_object_set_string_member (step, "command", command);
  json_array_add_object_element (steps, step);
  json_object_set_array_member (object, "steps", steps);
  if (outcome != NULL)
    json_object_set_string_member (object, "outcome", outcome);
  else
    json_object_set_null_member (object, "outcome");
  json_object_set_array_member (object, "left", json_array_new ());
  if (error != NULL)
    {
      g_autofree char *sentence = gh_error_dup_sentence (error);
      g_autofree char *details = gh_error_dup_details (error);

      json_object_set_string_member (object, "error", sentence);
      json_object_set_string_member (object, "details", details);
    }
  json_object_set_int_member (object, "status", (gint64) status);
  gh_cli_take_json (self, object);
}

static GhCliStatus
refuse (GhCli           *self,
        GhMachine       *machine,
        const char      *verb,
        GhMachineAction  action)
{
  g_autofree char *title = NULL;

  /* Translators: a machine's name, its state, “Off”, and a verb of the command line, “pause”. */
  title = g_strdup_printf (_("“%s” is in the state “%s”, in which “%s” is not possible"),
                           gh_machine_get_name (machine), gh_machine_get_state_text (machine),
                           verb);
  gh_cli_tell (self, "guesthouse: %s\n", title);
  print_action (self, machine, verb, action, check_to_json ("refusal", "wrong-state", title), NULL,
                NULL, GH_CLI_REFUSED);
  return GH_CLI_REFUSED;
}

/* What speaks against starting it, by the images of the host; NULL: nothing. */
static GhCheck *
find_start_refusal (GhCli      *self,
                    GhMachine  *machine,
                    GError    **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GhImageGraph) graph = NULL;
  g_autoptr (GPtrArray) checks = NULL;

  gh_image_graph_load_async (self->host, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  graph = gh_image_graph_load_finish (self->host, result, error);
  if (graph == NULL)
    return NULL;
  checks = gh_image_graph_check_machine (graph, gh_machine_get_uuid (machine), GH_IMAGE_USE_START);
  return checks->len > 0 ? g_object_ref (g_ptr_array_index (checks, 0)) : NULL;
}

static GhCliStatus
refuse_start (GhCli           *self,
              GhMachine       *machine,
              const char      *verb,
              GhMachineAction  action,
              GhCheck         *check)
{
  const char *detail = gh_check_get_detail (check);
  JsonObject *object = check_to_json ("refusal", gh_check_get_id (check),
                                      gh_check_get_title (check));

  gh_cli_tell (self, "guesthouse: %s\n", gh_check_get_title (check));
  if (detail != NULL)
    {
      json_object_set_string_member (object, "detail", detail);
      gh_cli_tell (self, "%s\n", detail);
    }
  print_action (self, machine, verb, action, object, NULL, NULL, GH_CLI_REFUSED);
  return GH_CLI_REFUSED;
}

/* What speaks against it by the machine's moves; NULL: nothing. What was asked here is not asked
 * again, and what only the user can know counts as they say. */
static GhCheck *
find_move_check (GhCli      *self,
                 GhMachine  *machine,
                 GhGuardUse  use,
                 gboolean    even_in_doubt,
                 GError    **error)
{
  const char *uuid = gh_machine_get_uuid (machine);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) refusal = NULL;
  GhCheckLevel level = GH_CHECK_REFUSAL;

  gh_move_guard_ask_async (self->host, uuid, use, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  if (gh_move_guard_ask_finish (self->host, result, &refusal))
    {
      gh_start_guard_permit (self->host, uuid);
      return NULL;
    }
  if (g_error_matches (refusal, GH_GUARD_ERROR, GH_GUARD_ERROR_ELSEWHERE))
    return gh_check_new (level, "runs-elsewhere", refusal->message, NULL);
  if (!g_error_matches (refusal, GH_GUARD_ERROR, GH_GUARD_ERROR_IN_DOUBT))
    {
      g_propagate_error (error, g_steal_pointer (&refusal));
      return NULL;
    }
  if (even_in_doubt)
    {
      level = GH_CHECK_WARNING;
      gh_start_guard_permit (self->host, uuid);
    }
  return gh_check_new (level, "may-run-elsewhere", refusal->message,
                       use == GH_GUARD_RESUME
                       ? _("If you know for certain that it has not gone on there: "
                           "--even-in-doubt")
                       : _("If you know for certain that it is not so: --even-in-doubt"));
}

static void
tell_failure (GhCli           *self,
              GhMachine       *machine,
              GhMachineAction  action,
              const GError    *error)
{
  const char *name = gh_machine_get_name (machine);
  g_autofree char *sentence = gh_error_dup_sentence (error);
  g_autofree char *what = NULL;

  /* The words are in the table of actions, marked for translation there. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  what = g_strdup_printf (_(gh_machine_action_get_info (action)->failure), name);
#pragma GCC diagnostic pop
  gh_cli_tell (self, "guesthouse: %s: %s\n", what, sentence);
  gh_cli_tell_details (self, error);
  if (action == GH_MACHINE_START && gh_machine_get_state (machine) == GH_MACHINE_SAVED)
    {
      g_autofree char *uri = gh_command_dup_quoted (self->uri);
      g_autofree char *word = gh_command_dup_quoted (name);

      gh_cli_tell (self, "%s\n", _("Its saved state can be discarded; what it was doing is lost "
                                   "then:"));
      gh_cli_tell (self, "  guesthouse -c %s discard-saved %s\n", uri, word);
    }
}

GhCliStatus
gh_cli_act (GhCli      *self,
            const char *verb,
            int         argc,
            char      **argv)
{
  gboolean guarded = is_guarded (verb);
  gboolean even_in_doubt = FALSE;
  const GOptionEntry entries[] = {
    { "even-in-doubt", 0, 0, G_OPTION_ARG_NONE, &even_in_doubt,
      strcmp (verb, "resume") == 0
      ? N_("Also when it may have gone on at another host, and this is a remainder")
      : N_("Also when it may be running at a host that cannot be asked"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, guarded ? entries : NULL, 1, 0, argc, argv,
                                       &error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *question = NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = gh_cli_open_machine (self, words, &error, &status);
  GhMachineAction action = GH_MACHINE_START;
  g_autoptr (GhCheck) refusal = NULL;
  JsonObject *check = NULL;

  if (machine == NULL)
    return status;
  g_return_val_if_fail (find_action (verb, &action), GH_CLI_USAGE);
  if (!gh_machine_can (machine, action) ||
      (strcmp (verb, "restore") == 0 && gh_machine_get_state (machine) != GH_MACHINE_SAVED))
    return refuse (self, machine, verb, action);
  if (guarded)
    refusal = find_move_check (self, machine, action == GH_MACHINE_START ? GH_GUARD_START
                                                                        : GH_GUARD_RESUME,
                               even_in_doubt, &error);
  if (refusal != NULL && gh_check_get_level (refusal) != GH_CHECK_REFUSAL)
    {
      check = check_to_json ("warning", gh_check_get_id (refusal), gh_check_get_title (refusal));
      gh_cli_print (self, "  ⚠ %s\n", gh_check_get_title (refusal));
      g_clear_object (&refusal);
    }
  if (error == NULL && refusal == NULL && action == GH_MACHINE_START)
    refusal = find_start_refusal (self, machine, &error);
  if (error != NULL || refusal != NULL)
    g_clear_pointer (&check, json_object_unref);
  if (error != NULL)
    return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
  if (refusal != NULL)
    return refuse_start (self, machine, verb, action, refusal);

  if (gh_machine_action_get_info (action)->dangerous)
    {
      question = dup_question (machine, action);
      check = check_to_json ("warning", "data-loss", question);
      gh_cli_print (self, "  ⚠ %s\n", question);
    }
  if (self->dry_run)
    {
      print_action (self, machine, verb, action, check, NULL, NULL, GH_CLI_DONE);
      return GH_CLI_DONE;
    }
  if (check != NULL && !self->yes && !even_in_doubt && !gh_cli_ask (self, _("Go on all the same?")))
    {
      gh_cli_tell_no (self);
      print_action (self, machine, verb, action, check, NULL, NULL, GH_CLI_REFUSED);
      return GH_CLI_REFUSED;
    }

  gh_machine_run_action_async (machine, action, self->cancellable, gh_cli_call_cb, self);
  result = gh_cli_wait (self);
  if (!gh_machine_run_action_finish (machine, result, &error))
    {
      tell_failure (self, machine, action, error);
      status = error->domain == GH_GUARD_ERROR ? GH_CLI_REFUSED : GH_CLI_FAILED;
    }
  print_action (self, machine, verb, action, check, error == NULL ? "done" : "undone", error,
                status);
  return status;
}

/* screenshot */

/* Hosts give PPM or PNG; the file's name says what is wanted. */
static GBytes *
convert_picture (GBytes      *picture,
                 const char  *mime_type,
                 const char  *path,
                 GError     **error)
{
  g_autoptr (GdkPixbufLoader) loader = NULL;
  g_autofree char *lower = g_ascii_strdown (path, -1);
  gboolean is_png = g_strcmp0 (mime_type, "image/png") == 0;
  gboolean wants_png = !g_str_has_suffix (lower, ".ppm");
  char *buffer = NULL;
  gsize length = 0;

  if (is_png == wants_png)
    return g_bytes_ref (picture);
  if (!wants_png)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   _("The host gives a PNG picture: name it so"));
      return NULL;
    }
  loader = gdk_pixbuf_loader_new ();
  if (!gdk_pixbuf_loader_write_bytes (loader, picture, error))
    {
      gdk_pixbuf_loader_close (loader, NULL);
      return NULL;
    }
  if (!gdk_pixbuf_loader_close (loader, error) ||
      !gdk_pixbuf_save_to_buffer (gdk_pixbuf_loader_get_pixbuf (loader), &buffer, &length, "png",
                                  error, NULL))
    return NULL;
  return g_bytes_new_take (buffer, length);
}

GhCliStatus
gh_cli_screenshot (GhCli      *self,
                   const char *verb,
                   int         argc,
                   char      **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = gh_cli_parse (self, verb, NULL, 2, 0, argc, argv, &error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) written = NULL;
  g_autoptr (GBytes) picture = NULL;
  g_autoptr (GBytes) converted = NULL;
  g_autofree char *mime_type = NULL;
  g_autoptr (GFile) file = NULL;
  GhCliStatus status = GH_CLI_DONE;
  GhMachine *machine = gh_cli_open_machine (self, words, &error, &status);
  JsonObject *object = NULL;

  if (machine == NULL)
    return status;
  if (!gh_machine_is_active (machine))
    {
      g_autofree char *title = g_strdup_printf (_("“%s” is off and shows nothing"),
                                                gh_machine_get_name (machine));

      return gh_cli_fail (self, GH_CLI_REFUSED, title, NULL);
    }
  file = g_file_new_for_commandline_arg (words[1]);
  if (!self->dry_run)
    {
      gh_machine_screenshot_async (machine, 0, self->cancellable, gh_cli_call_cb, self);
      result = gh_cli_wait (self);
      picture = gh_machine_screenshot_finish (machine, result, &mime_type, &error);
      converted = picture != NULL ? convert_picture (picture, mime_type, words[1], &error) : NULL;
      if (converted == NULL)
        return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
      g_file_replace_contents_bytes_async (file, converted, NULL, FALSE, G_FILE_CREATE_PRIVATE,
                                           self->cancellable, gh_cli_call_cb, self);
      written = gh_cli_wait (self);
      if (!g_file_replace_contents_finish (file, written, NULL, &error))
        return gh_cli_fail (self, GH_CLI_FAILED, NULL, error);
    }
  object = json_object_new ();
  json_object_set_object_member (object, "machine", machine_to_json (machine));
  json_object_set_string_member (object, "file", words[1]);
  gh_cli_take_json (self, object);
  return GH_CLI_DONE;
}
