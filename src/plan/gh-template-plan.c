/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* “Make a template” and “Use as a machine again”: one step, and what speaks against it. */

#define G_LOG_DOMAIN "gh-template-plan"

#include "config.h"

#include "gh-template-plan.h"

#include <glib/gi18n-lib.h>

#include "gh-image-graph.h"
#include "gh-steps.h"
#include "gh-virt-error.h"

struct _GhTemplatePlan
{
  GhPlan     parent_instance;

  GhMachine *machine;
  gboolean   on;
};

G_DEFINE_FINAL_TYPE (GhTemplatePlan, gh_template_plan, GH_TYPE_PLAN)

enum
{
  PROP_0,
  PROP_MACHINE,
  PROP_ON,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
dup_title (GhPlan *plan)
{
  GhTemplatePlan *self = GH_TEMPLATE_PLAN (plan);
  const char *name = gh_machine_get_name (self->machine);

  return self->on ? g_strdup_printf (_("Make “%s” a template"), name)
                  : g_strdup_printf (_("Use “%s” as a machine again"), name);
}

/* Takes @title. */
static void
take_check (GhPlanDraft  *draft,
            GhCheckLevel  level,
            const char   *id,
            char         *title,
            const char   *detail)
{
  gh_plan_draft_add_check (draft, gh_check_new (level, id, title, detail));
  g_free (title);
}

/* Whether it would be protected: it is a disk of the machine alone. */
static gboolean
is_own_disk (const GhImage        *image,
             const GhImageMachine *machine)
{
  for (guint i = 0; i < image->users->len; i++)
    {
      const GhImageUser *user = g_ptr_array_index (image->users, i);

      if (user->machine == machine && user->role == GH_IMAGE_AS_DISK)
        return user->writes && !user->shareable;
    }
  return FALSE;
}

/* Others may have the same disks, and run. */
static void
check_writers (GhImageGraph         *graph,
               const GhImageMachine *machine,
               GhPlanDraft          *draft)
{
  const GhImageMachine *writer = NULL;

  for (guint i = 0; i < machine->images->len && writer == NULL; i++)
    {
      const GhImage *image = g_ptr_array_index (machine->images, i);

      if (is_own_disk (image, machine))
        writer = gh_image_graph_find_writer (graph, image->path, machine->uuid);
    }
  if (writer != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "image-in-use-running",
                /* Translators: both are machines. */
                g_strdup_printf (_("“%s” is running and writes to disks of “%s”"), writer->name,
                                 machine->name),
                _("A template stays as it is, but a running machine writes to its disks. Shut it "
                  "down first."));
}

static void
check_on (GhTemplatePlan *self,
          GhImageGraph   *graph,
          GhImageMachine *machine,
          GhPlanDraft    *draft)
{
  const char *name = gh_machine_get_name (self->machine);
  gboolean transient = FALSE;

  g_object_get (self->machine, "transient", &transient, NULL);
  if (machine->is_template)
    take_check (draft, GH_CHECK_OK, "template", g_strdup_printf (_("“%s” is a template"), name),
                NULL);
  if (transient)
    take_check (draft, GH_CHECK_REFUSAL, "machine-transient",
                g_strdup_printf (_("“%s” has no permanent definition"), name),
                _("It is gone once it is off, and cannot be a template."));
  if (gh_machine_is_active (self->machine))
    take_check (draft, GH_CHECK_REFUSAL, "machine-running",
                g_strdup_printf (_("“%s” is running"), name),
                _("A template stays as it is, but a running machine writes to its disks. Shut it "
                  "down first."));
  else if (gh_machine_get_state (self->machine) == GH_MACHINE_SAVED)
    take_check (draft, GH_CHECK_REFUSAL, "saved-state",
                g_strdup_printf (_("“%s” has a saved state"), name),
                _("Its disks are as in the middle of its work. Start it and shut it down, or "
                  "discard the saved state."));
  check_writers (graph, machine, draft);
  take_check (draft, GH_CHECK_NOTE, "template-kept",
              g_strdup (_("A template cannot be started or changed")),
              _("Machines are made from it. Its disks are made read-only where they are files of "
                "yours. It can be made an ordinary machine again."));
}

static void
check_off (GhTemplatePlan *self,
           GhImageGraph   *graph,
           GhImageMachine *machine,
           GhPlanDraft    *draft)
{
  const char *name = gh_machine_get_name (self->machine);
  g_autofree char *dependents = gh_image_graph_dup_dependents (graph, machine->uuid);

  if (!machine->is_template)
    take_check (draft, GH_CHECK_OK, "template",
                g_strdup_printf (_("“%s” is no template"), name), NULL);
  if (dependents != NULL)
    take_check (draft, GH_CHECK_REFUSAL, "images-needed",
                /* Translators: a machine, and those that were made from it. */
                g_strdup_printf (_("“%s” has to stay a template for %s"), name, dependents),
                _("They hold only what differs from it, so that each change of it destroys them. "
                  "Make them independent or delete them first."));
}

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhTemplatePlan *self = GH_TEMPLATE_PLAN (g_task_get_source_object (task));
  GError *error = NULL;
  g_autoptr (GhImageGraph) graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);
  const char *uuid = gh_machine_get_uuid (self->machine);
  GhImageMachine *machine = NULL;
  GhPlanDraft *draft = NULL;

  if (graph == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  draft = gh_plan_draft_new ();
  machine = gh_image_graph_find_machine (graph, uuid);
  if (machine == NULL || !gh_machine_exists (self->machine))
    take_check (draft, GH_CHECK_REFUSAL, "machine-gone",
                g_strdup_printf (_("“%s” is gone"), gh_machine_get_name (self->machine)),
                _("Somebody else has removed it in the meantime."));
  else
    {
      if (self->on)
        check_on (self, graph, machine, draft);
      else
        check_off (self, graph, machine, draft);
      if (machine->is_template != self->on)
        gh_plan_draft_add_step (draft,
                                gh_template_step_new (uuid, gh_machine_get_name (self->machine),
                                                      self->on));
    }
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
host_ready_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GhHost *host = GH_HOST (object);
  g_autoptr (GError) error = NULL;
  g_autofree char *detail = NULL;
  GhPlanDraft *draft = NULL;

  if (gh_host_ready_finish (host, result, &error))
    {
      gh_image_graph_reload_async (host, NULL, g_task_get_cancellable (task), graph_loaded_cb,
                                   g_object_ref (task));
      return;
    }
  if (gh_error_is_cancelled (error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  draft = gh_plan_draft_new ();
  detail = gh_error_dup_sentence (error);
  take_check (draft, GH_CHECK_REFUSAL, "host-unreachable",
              g_strdup_printf (_("The host %s cannot be reached"), gh_host_get_uri (host)), detail);
  g_task_return_pointer (task, draft, (GDestroyNotify) gh_plan_draft_free);
}

static void
prepare_async (GhPlan              *plan,
               GCancellable        *cancellable,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GTask *task = g_task_new (plan, cancellable, callback, user_data);

  g_task_set_source_tag (task, prepare_async);
  gh_host_ready_async (gh_plan_get_host (plan), cancellable, host_ready_cb, task);
}

static void
gh_template_plan_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  GhTemplatePlan *self = GH_TEMPLATE_PLAN (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case PROP_ON:
      g_value_set_boolean (value, self->on);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_template_plan_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  GhTemplatePlan *self = GH_TEMPLATE_PLAN (object);

  switch (prop_id)
    {
    case PROP_MACHINE:
      self->machine = g_value_dup_object (value);
      break;
    case PROP_ON:
      self->on = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_template_plan_finalize (GObject *object)
{
  GhTemplatePlan *self = GH_TEMPLATE_PLAN (object);

  g_clear_object (&self->machine);
  G_OBJECT_CLASS (gh_template_plan_parent_class)->finalize (object);
}

static void
gh_template_plan_class_init (GhTemplatePlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = gh_template_plan_get_property;
  object_class->set_property = gh_template_plan_set_property;
  object_class->finalize = gh_template_plan_finalize;
  plan_class->kind = "template";
  plan_class->verb = N_("Change");
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = prepare_async;

  properties[PROP_MACHINE] = g_param_spec_object ("machine", NULL, NULL, GH_TYPE_MACHINE, flags);
  properties[PROP_ON] = g_param_spec_boolean ("on", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_template_plan_init (GhTemplatePlan *self)
{
}

/**
 * gh_template_plan_new:
 * @machine: a machine
 * @on: whether it is to be a template
 *
 * Returns: (transfer full): the plan
 */
GhTemplatePlan *
gh_template_plan_new (GhMachine *machine,
                      gboolean   on)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  return g_object_new (GH_TYPE_TEMPLATE_PLAN, "machine", machine, "on", on, "host",
                       gh_machine_get_host (machine), NULL);
}

GhMachine *
gh_template_plan_get_machine (GhTemplatePlan *self)
{
  g_return_val_if_fail (GH_IS_TEMPLATE_PLAN (self), NULL);

  return self->machine;
}

gboolean
gh_template_plan_get_on (GhTemplatePlan *self)
{
  g_return_val_if_fail (GH_IS_TEMPLATE_PLAN (self), FALSE);

  return self->on;
}
