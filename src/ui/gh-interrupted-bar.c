/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-interrupted-bar"

#include "config.h"

#include "gh-interrupted-bar.h"

#include <glib/gi18n-lib.h>

#include "gh-activity.h"
#include "gh-error-note.h"
#include "gh-journal.h"
#include "gh-migrate-queue.h"
#include "gh-ui.h"
#include "gh-undo-dialog.h"

struct _GhInterruptedBar
{
  GtkBin        parent_instance;

  GPtrArray    *plans;  /* (element-type GhUndoPlan): the first is the one shown */
  GhHosts      *hosts;  /* (nullable) */
  gboolean      loaded; /* it was told to look for them */
  GtkWindow    *dialog; /* (weak) (nullable): undoing the first one */

  GtkRevealer  *revealer;
  GtkLabel     *label;
  GtkLabel     *undo_label;
  GtkWidget    *undo_button;
  GtkWidget    *keep_button;
  GhErrorNote  *error_note;
};

G_DEFINE_FINAL_TYPE (GhInterruptedBar, gh_interrupted_bar, GTK_TYPE_BIN)

static void
show_first (GhInterruptedBar *self)
{
  GhUndoPlan *plan = NULL;
  g_autofree char *text = NULL;

  if (self->revealer == NULL)
    return;

  gtk_revealer_set_reveal_child (self->revealer, self->plans->len > 0);
  if (self->plans->len == 0)
    return;

  plan = g_ptr_array_index (self->plans, 0);
  /* Translators: the name of a plan: “Create “web-1” was interrupted”. */
  text = g_strdup_printf (_("%s was interrupted"), gh_undo_plan_get_original_title (plan));
  gtk_label_set_label (self->label, text);
  gtk_label_set_text_with_mnemonic (self->undo_label, gh_undo_plan_may_recover (plan)
                                    ? _("_Recover…") : _("_Undo…"));
  /* Half of a machine's memory is not to be forgotten with a click. */
  gtk_widget_set_visible (self->keep_button, !gh_undo_plan_may_recover (plan));
  gh_error_note_clear (self->error_note);
  gtk_widget_set_sensitive (self->undo_button, TRUE);
  gtk_widget_set_sensitive (self->keep_button, TRUE);
}

static void
drop_plan (GhInterruptedBar *self,
           GhUndoPlan       *plan)
{
  if (g_ptr_array_remove (self->plans, plan))
    show_first (self);
}

static void
set_dialog (GhInterruptedBar *self,
            GtkWindow        *dialog)
{
  g_set_weak_pointer (&self->dialog, dialog);
}

static void
undo_clicked_cb (GhInterruptedBar *self)
{
  GtkWidget *window = gtk_widget_get_toplevel (GTK_WIDGET (self));
  GhUndoPlan *plan = g_ptr_array_index (self->plans, 0);
  GhHost *host = self->hosts != NULL ? gh_hosts_find (self->hosts, gh_undo_plan_get_host_uri (plan))
                                     : NULL;

  if (self->dialog != NULL)
    {
      gtk_window_present (self->dialog);
      return;
    }
  if (host != NULL && gh_plan_get_state (GH_PLAN (plan)) == GH_PLAN_EDITING)
    g_object_set (plan, "host", host, NULL);
  if (gh_plan_get_state (GH_PLAN (plan)) == GH_PLAN_EDITING)
    g_object_set (plan, "hosts", self->hosts, NULL);
  set_dialog (self, gh_undo_dialog_present (GTK_IS_WINDOW (window) ? GTK_WINDOW (window) : NULL,
                                            plan));
}

static void
forgotten_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GhInterruptedBar) self = user_data;
  GhUndoPlan *plan = GH_UNDO_PLAN (object);
  g_autoptr (GError) error = NULL;

  if (gh_undo_plan_forget_finish (plan, result, &error))
    drop_plan (self, plan);
  else if (self->revealer != NULL)
    {
      gh_error_note_show_error (self->error_note, _("It could not be forgotten"), error);
      gtk_widget_set_sensitive (self->undo_button, TRUE);
      gtk_widget_set_sensitive (self->keep_button, TRUE);
    }
}

static void
keep_clicked_cb (GhInterruptedBar *self)
{
  gtk_widget_set_sensitive (self->undo_button, FALSE);
  gtk_widget_set_sensitive (self->keep_button, FALSE);
  gh_undo_plan_forget_async (g_ptr_array_index (self->plans, 0), forgotten_cb,
                             g_object_ref (self));
}

/* It is offered again at the next start. */
static void
later_clicked_cb (GhInterruptedBar *self)
{
  g_autoptr (GhUndoPlan) plan = g_object_ref (g_ptr_array_index (self->plans, 0));

  drop_plan (self, plan);
}

static gboolean
has_plan (GhInterruptedBar *self,
          GhPlan           *plan)
{
  for (guint i = 0; i < self->plans->len; i++)
    if (g_strcmp0 (gh_plan_get_id (g_ptr_array_index (self->plans, i)), gh_plan_get_id (plan)) == 0)
      return TRUE;
  return FALSE;
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GhInterruptedBar) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) plans = gh_journal_load_interrupted_finish (result, &error);

  if (plans == NULL)
    {
      /* Nothing the user could do about it, and nothing is lost: the files stay. */
      g_warning ("Interrupted plans could not be read: %s", error->message);
      return;
    }
  for (guint i = 0; i < plans->len; i++)
    if (!has_plan (self, g_ptr_array_index (plans, i)))
      g_ptr_array_add (self->plans, g_object_ref (g_ptr_array_index (plans, i)));
  show_first (self);
}

static gboolean
is_in_doubt (GhPlan *plan)
{
  return GH_IS_MIGRATE_QUEUE (plan)
         ? gh_migrate_queue_has_doubt (GH_MIGRATE_QUEUE (plan))
         : gh_plan_is_in_doubt (plan);
}

/* One that ended in part here has left its journal, and can be recovered or taken back at once. */
static void
plan_ended_cb (GhInterruptedBar *self,
               GhPlan           *plan)
{
  if (GH_IS_UNDO_PLAN (plan) && gh_plan_get_outcome (plan) == GH_OUTCOME_DONE)
    drop_plan (self, GH_UNDO_PLAN (plan));
  else if (!GH_IS_UNDO_PLAN (plan) && self->loaded && is_in_doubt (plan))
    gh_journal_load_interrupted_async (NULL, loaded_cb, g_object_ref (self));
}

static void
gh_interrupted_bar_dispose (GObject *object)
{
  GhInterruptedBar *self = GH_INTERRUPTED_BAR (object);

  set_dialog (self, NULL);
  g_clear_object (&self->hosts);
  g_ptr_array_set_size (self->plans, 0);
  G_OBJECT_CLASS (gh_interrupted_bar_parent_class)->dispose (object);
}

static void
gh_interrupted_bar_finalize (GObject *object)
{
  GhInterruptedBar *self = GH_INTERRUPTED_BAR (object);

  g_ptr_array_unref (self->plans);
  G_OBJECT_CLASS (gh_interrupted_bar_parent_class)->finalize (object);
}

static void
gh_interrupted_bar_class_init (GhInterruptedBarClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_interrupted_bar_dispose;
  object_class->finalize = gh_interrupted_bar_finalize;

  g_type_ensure (GH_TYPE_ERROR_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-interrupted-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, GhInterruptedBar, revealer);
  gtk_widget_class_bind_template_child (widget_class, GhInterruptedBar, label);
  gtk_widget_class_bind_template_child (widget_class, GhInterruptedBar, undo_label);
  gtk_widget_class_bind_template_child (widget_class, GhInterruptedBar, undo_button);
  gtk_widget_class_bind_template_child (widget_class, GhInterruptedBar, keep_button);
  gtk_widget_class_bind_template_child (widget_class, GhInterruptedBar, error_note);
  gtk_widget_class_bind_template_callback (widget_class, undo_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, keep_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, later_clicked_cb);
}

static void
gh_interrupted_bar_init (GhInterruptedBar *self)
{
  self->plans = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (gh_activity_get_default (), "plan-ended", G_CALLBACK (plan_ended_cb),
                           self, G_CONNECT_SWAPPED);
}

GtkWidget *
gh_interrupted_bar_new (void)
{
  return g_object_new (GH_TYPE_INTERRUPTED_BAR, "visible", TRUE, NULL);
}

void
gh_interrupted_bar_load (GhInterruptedBar *self,
                         GhHosts          *hosts)
{
  g_return_if_fail (GH_IS_INTERRUPTED_BAR (self));
  g_return_if_fail (hosts == NULL || GH_IS_HOSTS (hosts));

  g_set_object (&self->hosts, hosts);
  self->loaded = TRUE;
  gh_journal_load_interrupted_async (NULL, loaded_cb, g_object_ref (self));
}
