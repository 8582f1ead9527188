/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-migrate-progress"

#include "config.h"

#include "gh-migrate-progress.h"

#include <glib/gi18n-lib.h>

#include "gh-error-note.h"
#include "gh-format.h"
#include "gh-migrate-queue.h"
#include "gh-problem.h"
#include "gh-ui.h"

struct _GhMigrateProgress
{
  GtkBin           parent_instance;

  GhMigratePlan   *plan;    /* (owned) (nullable): the one that moves */
  gboolean         showing; /* what the spin says now is not the user's choice */
  GtkButton       *buttons[GH_MIGRATE_N_ACTIONS]; /* (unowned) */

  GtkWidget       *content;
  GtkWidget       *disk_box;
  GtkProgressBar  *disk_bar;
  GtkLabel        *disk_label;
  GtkProgressBar  *memory_bar;
  GtkLabel        *memory_label;
  GtkLabel        *facts_label;
  GtkSpinButton   *bandwidth_spin;
  GtkWidget       *disks_note;
  GtkWidget       *stuck_box;
  GtkWidget       *actions_box;
  GtkLabel        *problems_label;
  GtkWidget       *silent_box;
  GtkWidget       *recovering_box;
  GhErrorNote     *error_note;
};

G_DEFINE_FINAL_TYPE (GhMigrateProgress, gh_migrate_progress, GTK_TYPE_BIN)

static void
show_part (GtkProgressBar *bar,
           GtkLabel       *label,
           guint64         done,
           guint64         total,
           guint64         rate)
{
  g_autofree char *done_text = gh_format_file_size (MIN (done, total));
  g_autofree char *total_text = gh_format_file_size (total);
  g_autofree char *rate_text = gh_format_file_size (rate);
  g_autofree char *text = NULL;

  if (total > 0 && done >= total)
    text = g_strdup_printf (_("%s, all there"), total_text);
  else if (rate > 0)
    /* Translators: how much of how much is there, and how much comes in a second. */
    text = g_strdup_printf (_("%s of %s, %s/s"), done_text, total_text, rate_text);
  else if (total > 0)
    text = g_strdup_printf (_("%s of %s"), done_text, total_text);
  gtk_progress_bar_set_fraction (bar, total > 0 ? CLAMP ((double) done / total, 0, 1) : 0);
  gtk_label_set_label (label, text != NULL ? text : "");
}

/* Each fact is a sentence of its own. */
static void
add_fact (GString *facts,
          char    *fact)
{
  g_string_append_printf (facts, "%s%s", facts->len > 0 ? " · " : "", fact);
  g_free (fact);
}

static char *
dup_pause (gint64 ms)
{
  /* Translators: how long the guest will stand still at the end. */
  return ms < 1000 ? g_strdup_printf (_("Pause to come: %d ms"), (int) ms)
                   : g_strdup_printf (_("Pause to come: %.1f s"), (double) ms / 1000);
}

static char *
dup_facts (const GhMigrationProgress *progress)
{
  GString *facts = g_string_new (NULL);

  if (progress->phase == GH_MIGRATION_POST_COPY)
    add_fact (facts, g_strdup (_("The guest goes on there already")));
  if (progress->iteration > 1)
    /* Translators: memory is sent again and again until few enough of it has changed. */
    add_fact (facts, g_strdup_printf (_("Pass %u"), progress->iteration));
  if (progress->dirty_rate > 0)
    {
      g_autofree char *rate = gh_format_file_size (progress->dirty_rate);

      add_fact (facts, g_strdup_printf (_("The guest changes %s/s"), rate));
    }
  if (progress->throttle > 0)
    add_fact (facts, g_strdup_printf (_("Slowed down by %u %%"), progress->throttle));
  if (progress->downtime_ms >= 0)
    add_fact (facts, dup_pause (progress->downtime_ms));
  return g_string_free (facts, FALSE);
}

/* What cannot be done now is gray, and below the others it says why. */
static void
update_actions (GhMigrateProgress *self)
{
  const char *labels[GH_MIGRATE_N_ACTIONS];
  const char *problems[GH_MIGRATE_N_ACTIONS];

  for (int i = 0; i < GH_MIGRATE_N_ACTIONS; i++)
    {
      labels[i] = gh_migrate_action_get_label (i);
      problems[i] = gh_migrate_plan_find_action_problem (self->plan, i);
      gh_problem_set (GTK_WIDGET (self->buttons[i]), problems[i]);
    }
  /* The last one is elsewhere, and seen only when it can be done. */
  gh_problem_show (self->problems_label, labels, problems, GH_MIGRATE_RECOVER);
}

static void
update (GhMigrateProgress *self)
{
  g_autoptr (GhMigrationProgress) progress = NULL;
  GhMigrateTrouble trouble = GH_MIGRATE_NO_TROUBLE;

  if (self->content == NULL)
    return;

  if (self->plan != NULL)
    {
      g_object_get (self->plan, "progress", &progress, NULL);
      trouble = gh_migrate_plan_get_trouble (self->plan);
    }
  gh_migrate_progress_show (self, progress, trouble);
  if (progress != NULL && trouble != GH_MIGRATE_NO_TROUBLE)
    update_actions (self);
}

static void
show_bandwidth (GhMigrateProgress *self)
{
  guint bandwidth = 0;

  if (self->content == NULL || self->plan == NULL)
    return;
  g_object_get (self->plan, "bandwidth-now", &bandwidth, NULL);
  self->showing = TRUE;
  gtk_spin_button_set_value (self->bandwidth_spin, bandwidth);
  self->showing = FALSE;
}

static void
bandwidth_changed_done_cb (GObject      *object,
                           GAsyncResult *result,
                           gpointer      user_data)
{
  g_autoptr (GhMigrateProgress) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!gh_migrate_plan_change_bandwidth_finish (GH_MIGRATE_PLAN (object), result, &error) &&
      self->content != NULL)
    gh_error_note_show_error (self->error_note, _("The bandwidth could not be changed"), error);
}

static void
bandwidth_changed_cb (GhMigrateProgress *self)
{
  if (self->showing || self->plan == NULL)
    return;
  gh_error_note_clear (self->error_note);
  gh_migrate_plan_change_bandwidth_async (
    self->plan, (guint) gtk_spin_button_get_value_as_int (self->bandwidth_spin),
    bandwidth_changed_done_cb, g_object_ref (self));
}

static void
acted_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GhMigrateProgress) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean acted = gh_migrate_plan_act_finish (GH_MIGRATE_PLAN (object), result, &error);

  if (self->content == NULL)
    return;
  if (!acted)
    gh_error_note_show_error (self->error_note, _("This could not be done"), error);
  update (self);
}

static void
action_clicked_cb (GtkButton         *button,
                   GhMigrateProgress *self)
{
  if (self->plan == NULL)
    return;
  gh_error_note_clear (self->error_note);
  for (int i = 0; i < GH_MIGRATE_N_ACTIONS; i++)
    if (self->buttons[i] == button)
      {
        gtk_widget_set_sensitive (GTK_WIDGET (button), FALSE);
        gh_migrate_plan_act_async (self->plan, i, acted_cb, g_object_ref (self));
      }
}

static void
set_plan (GhMigrateProgress *self,
          GhMigratePlan     *plan)
{
  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_set_object (&self->plan, plan);
  if (plan != NULL)
    {
      g_signal_connect_object (plan, "notify::progress", G_CALLBACK (update), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (plan, "notify::stuck", G_CALLBACK (update), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (plan, "notify::silent", G_CALLBACK (update), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (plan, "notify::bandwidth-now", G_CALLBACK (show_bandwidth),
                               self, G_CONNECT_SWAPPED);
    }
  show_bandwidth (self);
  update (self);
}

static void
current_changed_cb (GhMigrateQueue    *queue,
                    GParamSpec        *pspec,
                    GhMigrateProgress *self)
{
  if (self->content != NULL)
    set_plan (self, gh_migrate_queue_get_current (queue));
}

static void
gh_migrate_progress_dispose (GObject *object)
{
  GhMigrateProgress *self = GH_MIGRATE_PROGRESS (object);

  if (self->plan != NULL)
    g_signal_handlers_disconnect_by_data (self->plan, self);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (gh_migrate_progress_parent_class)->dispose (object);
}

static void
gh_migrate_progress_class_init (GhMigrateProgressClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_migrate_progress_dispose;

  g_type_ensure (GH_TYPE_ERROR_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-migrate-progress.ui");
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, content);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, disk_box);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, disk_bar);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, disk_label);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, memory_bar);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, memory_label);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, facts_label);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, bandwidth_spin);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, disks_note);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, stuck_box);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, actions_box);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, problems_label);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, silent_box);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, recovering_box);
  gtk_widget_class_bind_template_child (widget_class, GhMigrateProgress, error_note);
  gtk_widget_class_bind_template_callback (widget_class, bandwidth_changed_cb);
}

static GtkWidget *
add_button (GhMigrateProgress *self,
            GhMigrateAction    action)
{
  GtkWidget *button = gtk_button_new_with_label (gh_migrate_action_get_label (action));

  self->buttons[action] = GTK_BUTTON (button);
  g_signal_connect_object (button, "clicked", G_CALLBACK (action_clicked_cb), self, 0);
  gtk_widget_show (button);
  return button;
}

static void
gh_migrate_progress_init (GhMigrateProgress *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (int i = 0; i < GH_MIGRATE_RECOVER; i++)
    {
      GtkWidget *child = gtk_flow_box_child_new ();

      gtk_widget_set_can_focus (child, FALSE);
      gtk_container_add (GTK_CONTAINER (child), add_button (self, i));
      gtk_widget_show (child);
      gtk_container_add (GTK_CONTAINER (self->actions_box), child);
    }
  gtk_container_add (GTK_CONTAINER (self->silent_box), add_button (self, GH_MIGRATE_RECOVER));
}

/**
 * gh_migrate_progress_new_for:
 * @plan: any plan
 *
 * Returns: (transfer floating) (nullable): how it moves; %NULL when it is of another kind
 */
GtkWidget *
gh_migrate_progress_new_for (GhPlan *plan)
{
  GhMigrateProgress *self = NULL;

  g_return_val_if_fail (GH_IS_PLAN (plan), NULL);

  if (!GH_IS_MIGRATE_PLAN (plan) && !GH_IS_MIGRATE_QUEUE (plan))
    return NULL;

  self = g_object_new (GH_TYPE_MIGRATE_PROGRESS, "visible", TRUE, NULL);
  if (GH_IS_MIGRATE_QUEUE (plan))
    {
      g_signal_connect_object (plan, "notify::current", G_CALLBACK (current_changed_cb), self, 0);
      set_plan (self, gh_migrate_queue_get_current (GH_MIGRATE_QUEUE (plan)));
    }
  else
    set_plan (self, GH_MIGRATE_PLAN (plan));
  return GTK_WIDGET (self);
}

/* Without a plan: for showing what is told by gh_migrate_progress_show(). */
GtkWidget *
gh_migrate_progress_new (void)
{
  return g_object_new (GH_TYPE_MIGRATE_PROGRESS, "visible", TRUE, NULL);
}

/**
 * gh_migrate_progress_show:
 * @self: the figures
 * @progress: (nullable): what to show
 * @trouble: what is wrong with it
 */
void
gh_migrate_progress_show (GhMigrateProgress         *self,
                          const GhMigrationProgress *progress,
                          GhMigrateTrouble           trouble)
{
  g_autofree char *facts = NULL;

  g_return_if_fail (GH_IS_MIGRATE_PROGRESS (self));

  gtk_widget_set_visible (self->content, progress != NULL);
  if (progress == NULL)
    return;

  gtk_widget_set_visible (self->disk_box, progress->disk_total > 0);
  show_part (self->disk_bar, self->disk_label, progress->disk_done, progress->disk_total,
             progress->disk_rate);
  show_part (self->memory_bar, self->memory_label, progress->memory_done, progress->memory_total,
             progress->memory_rate);
  facts = dup_facts (progress);
  gtk_label_set_label (self->facts_label, facts);
  gtk_widget_set_visible (GTK_WIDGET (self->facts_label), *facts != '\0');
  gtk_widget_set_visible (self->disks_note, progress->phase == GH_MIGRATION_DISKS);
  gtk_widget_set_visible (self->stuck_box, trouble == GH_MIGRATE_STUCK);
  gtk_widget_set_visible (self->silent_box, trouble == GH_MIGRATE_SILENT);
  gtk_widget_set_visible (self->recovering_box, trouble == GH_MIGRATE_RECOVERING);
}
