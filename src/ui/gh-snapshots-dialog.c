/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-snapshots-dialog"

#include "config.h"

#include "gh-snapshots-dialog.h"

#include <glib/gi18n-lib.h>

#include "gh-clone-dialog.h"
#include "gh-error-note.h"
#include "gh-plan-dialog.h"
#include "gh-snapshot-form.h"
#include "gh-snapshots.h"
#include "gh-ui.h"

/* Deeper is a loop. */
#define MAX_DEPTH 256

enum
{
  COLUMN_ICON,
  COLUMN_MARKUP,
  COLUMN_NAME,
};

struct _GhSnapshotsDialog
{
  HdyWindow         parent_instance;

  HdyHeaderBar     *header;
  GtkStack         *stack;
  GhErrorNote      *error_note;
  GtkTreeStore     *store;
  GtkTreeView      *tree;
  GtkTreeSelection *selection;
  GtkLabel         *name_label;
  GtkLabel         *description_label;
  GtkLabel         *facts_label;

  GhMachine        *machine;     /* (owned) */
  GhHost           *host;        /* (owned) */
  GSimpleActionGroup *actions;   /* (owned) */
  GCancellable     *cancellable;
  GhSnapshotList   *list;        /* (owned) (nullable) */
  gboolean          loading;
  gboolean          stale;       /* something changed while it was loading */
};

G_DEFINE_FINAL_TYPE (GhSnapshotsDialog, gh_snapshots_dialog, HDY_TYPE_WINDOW)

static void load (GhSnapshotsDialog *self);

/* Calls may end after the window was destroyed; its children are NULL then. */
static gboolean
is_gone (GhSnapshotsDialog *self)
{
  return self->stack == NULL;
}

/* Words */

static char *
dup_time (const GhSnapshotXml *snapshot)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (snapshot->created);

  /* Translators: date and time; see the manual of strftime. */
  return time != NULL && snapshot->created > 0 ? g_date_time_format (time, _("%x, %H:%M")) : NULL;
}

static const char *
get_memory_text (const GhSnapshotXml *snapshot)
{
  return snapshot->has_memory ? _("With memory") : _("Disks only");
}

static gboolean
is_current (GhSnapshotsDialog   *self,
            const GhSnapshotXml *snapshot)
{
  return g_strcmp0 (self->list->current, snapshot->name) == 0;
}

/* Its name, and below it smaller what it is. */
static char *
dup_markup (GhSnapshotsDialog   *self,
            const GhSnapshotXml *snapshot)
{
  g_autofree char *time = dup_time (snapshot);
  g_autoptr (GString) text = g_string_new (get_memory_text (snapshot));
  g_autofree char *escaped = NULL;

  if (time != NULL)
    g_string_append_printf (text, " · %s", time);
  if (snapshot->external)
    g_string_append_printf (text, " · %s", _("external"));
  if (is_current (self, snapshot))
    g_string_append_printf (text, " · %s", _("current"));
  escaped = g_markup_printf_escaped (is_current (self, snapshot)
                                     ? "<b>%s</b>\n<small>%s</small>" : "%s\n<small>%s</small>",
                                     snapshot->name, text->str);
  return g_steal_pointer (&escaped);
}

/* Details */

static void
set_text (GtkLabel   *label,
          const char *text)
{
  gtk_label_set_label (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL && *text != '\0');
}

static const GhSnapshotXml *
get_selected (GhSnapshotsDialog *self)
{
  GtkTreeIter iter;
  g_autofree char *name = NULL;

  if (self->list == NULL || !gtk_tree_selection_get_selected (self->selection, NULL, &iter))
    return NULL;
  gtk_tree_model_get (GTK_TREE_MODEL (self->store), &iter, COLUMN_NAME, &name, -1);
  return gh_snapshot_list_find (self->list, name);
}

static const char *
get_state_text (const GhSnapshotXml *snapshot)
{
  if (snapshot->has_memory)
    return _("It keeps the memory as well: going back to it, the guest goes on where it was.");
  return _("It keeps the disks only: going back to it, the machine is off.");
}

static void
set_enabled (GhSnapshotsDialog *self,
             const char        *name,
             gboolean           enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

/* “Try” is the main window's. */
static gboolean
can_try (GhSnapshotsDialog *self)
{
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (self));

  return parent != NULL && G_IS_ACTION_GROUP (parent) &&
         g_action_group_has_action (G_ACTION_GROUP (parent), "try-snapshot");
}

static void
selection_changed_cb (GhSnapshotsDialog *self)
{
  const GhSnapshotXml *snapshot = get_selected (self);
  g_autoptr (GString) facts = g_string_new (NULL);

  set_enabled (self, "revert", snapshot != NULL);
  set_enabled (self, "delete", snapshot != NULL);
  set_enabled (self, "clone", snapshot != NULL && snapshot->has_domain);
  set_enabled (self, "try", snapshot != NULL && snapshot->has_domain && can_try (self));
  if (snapshot == NULL)
    return;
  g_string_append (facts, get_state_text (snapshot));
  if (snapshot->external)
    g_string_append_printf (facts, " %s", _("It is in files of its own, beside the disks."));
  if (is_current (self, snapshot))
    g_string_append_printf (facts, " %s", _("The machine goes on from it."));
  set_text (self->name_label, snapshot->name);
  set_text (self->description_label, snapshot->description);
  set_text (self->facts_label, facts->str);
}

/* Filling */

static void
add_children (GhSnapshotsDialog *self,
              GtkTreeIter       *parent,
              const char        *parent_name,
              guint              depth)
{
  for (guint i = 0; depth < MAX_DEPTH && i < self->list->snapshots->len; i++)
    {
      const GhSnapshotXml *snapshot = g_ptr_array_index (self->list->snapshots, i);
      const char *own = snapshot->parent;
      g_autofree char *markup = NULL;
      GtkTreeIter iter;

      if (own != NULL && gh_snapshot_list_find (self->list, own) == NULL)
        own = NULL;
      if (g_strcmp0 (own, parent_name) != 0)
        continue;
      markup = dup_markup (self, snapshot);
      gtk_tree_store_insert_with_values (self->store, &iter, parent, -1, COLUMN_ICON,
                                         snapshot->has_memory ? "media-playback-start-symbolic"
                                                              : "drive-harddisk-symbolic",
                                         COLUMN_MARKUP, markup, COLUMN_NAME, snapshot->name, -1);
      add_children (self, &iter, snapshot->name, depth + 1);
    }
}

typedef struct
{
  GhSnapshotsDialog *dialog;
  const char        *name;
} Wanted;

static gboolean
select_cb (GtkTreeModel *model,
           GtkTreePath  *path,
           GtkTreeIter  *iter,
           gpointer      user_data)
{
  Wanted *wanted = user_data;
  g_autofree char *name = NULL;

  gtk_tree_model_get (model, iter, COLUMN_NAME, &name, -1);
  if (g_strcmp0 (name, wanted->name) != 0)
    return FALSE;
  gtk_tree_view_set_cursor (wanted->dialog->tree, path, NULL, FALSE);
  return TRUE;
}

/* What was selected stays so; else it is where the machine is. */
static void
select_row (GhSnapshotsDialog *self,
            const char        *name)
{
  Wanted wanted = { self, name };
  g_autoptr (GtkTreePath) first = gtk_tree_path_new_first ();

  if (name == NULL || gh_snapshot_list_find (self->list, name) == NULL)
    wanted.name = self->list->current;
  gtk_tree_view_set_cursor (self->tree, first, NULL, FALSE);
  if (wanted.name != NULL)
    gtk_tree_model_foreach (GTK_TREE_MODEL (self->store), select_cb, &wanted);
}

/* Takes @list. */
static void
show_list (GhSnapshotsDialog *self,
           GhSnapshotList    *list)
{
  const GhSnapshotXml *selected = get_selected (self);
  g_autofree char *name = selected != NULL ? g_strdup (selected->name) : NULL;

  /* The buttons look at the list while rows go. */
  gtk_tree_view_set_model (self->tree, NULL);
  gtk_tree_store_clear (self->store);
  g_clear_pointer (&self->list, gh_snapshot_list_free);
  self->list = list;
  add_children (self, NULL, NULL, 0);
  gtk_tree_view_set_model (self->tree, GTK_TREE_MODEL (self->store));
  gtk_tree_view_set_search_column (self->tree, COLUMN_NAME);
  gtk_tree_view_expand_all (self->tree);
  gtk_stack_set_visible_child_name (self->stack, list->snapshots->len > 0 ? "tree" : "empty");
  if (list->snapshots->len > 0)
    select_row (self, name);
  selection_changed_cb (self);
}

static void
list_loaded_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GhSnapshotsDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  GhSnapshotList *list = gh_host_load_snapshots_finish (GH_HOST (object), result, &error);

  self->loading = FALSE;
  if (is_gone (self))
    {
      g_clear_pointer (&list, gh_snapshot_list_free);
      return;
    }
  if (list != NULL)
    show_list (self, list);
  else
    {
      gh_error_note_show_error (self->error_note, _("The snapshots cannot be listed"), error);
      gtk_stack_set_visible_child_name (self->stack, "error");
    }
  if (self->stale)
    load (self);
}

/* One reading at a time; what changes meanwhile is read by the next. */
static void
load (GhSnapshotsDialog *self)
{
  if (is_gone (self))
    return;
  self->stale = self->loading;
  if (self->loading || gh_host_get_state (self->host) != GH_HOST_CONNECTED)
    return;
  self->loading = TRUE;
  gh_host_load_snapshots_async (self->host, gh_machine_get_uuid (self->machine),
                                /* settled= */ FALSE, self->cancellable, list_loaded_cb,
                                g_object_ref (self));
}

static void
definition_changed_cb (GhSnapshotsDialog *self,
                       const char        *uuid)
{
  if (uuid == NULL || g_strcmp0 (uuid, gh_machine_get_uuid (self->machine)) == 0)
    load (self);
}

static void
active_changed_cb (GhSnapshotsDialog *self)
{
  if (gtk_window_is_active (GTK_WINDOW (self)))
    load (self);
}

static void
state_changed_cb (GhSnapshotsDialog *self)
{
  g_autoptr (GError) error = NULL;

  if (is_gone (self))
    return;
  load (self);
  if (gh_host_get_state (self->host) == GH_HOST_CONNECTED || self->list != NULL)
    return;
  if (gh_host_get_error (self->host) != NULL)
    error = g_error_copy (gh_host_get_error (self->host));
  else
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, _("It is not connected."));
  gh_error_note_show_error (self->error_note, _("The snapshots cannot be listed"), error);
  gtk_stack_set_visible_child_name (self->stack, "error");
}

/* Actions */

static void
take_activated_cb (GSimpleAction *action,
                   GVariant      *parameter,
                   gpointer       user_data)
{
  GhSnapshotsDialog *self = user_data;
  g_autoptr (GhSnapshotPlan) plan = gh_snapshot_plan_new_take (self->machine);

  gh_snapshot_form_present (GTK_WINDOW (self), plan, GH_PLAN_DIALOG_SUGGESTED);
}

static void
revert_activated_cb (GSimpleAction *action,
                     GVariant      *parameter,
                     gpointer       user_data)
{
  GhSnapshotsDialog *self = user_data;
  const GhSnapshotXml *snapshot = get_selected (self);
  g_autoptr (GhSnapshotPlan) plan = NULL;

  if (snapshot == NULL)
    return;
  plan = gh_snapshot_plan_new_revert (self->machine, snapshot->name);
  gh_snapshot_form_present (GTK_WINDOW (self), plan, GH_PLAN_DIALOG_SUGGESTED);
}

static void
delete_activated_cb (GSimpleAction *action,
                     GVariant      *parameter,
                     gpointer       user_data)
{
  GhSnapshotsDialog *self = user_data;
  const GhSnapshotXml *snapshot = get_selected (self);
  g_autoptr (GhSnapshotPlan) plan = NULL;

  if (snapshot == NULL)
    return;
  plan = gh_snapshot_plan_new_delete (self->machine, snapshot->name);
  gh_snapshot_form_present (GTK_WINDOW (self), plan, GH_PLAN_DIALOG_DESTRUCTIVE);
}

static void
clone_activated_cb (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       user_data)
{
  GhSnapshotsDialog *self = user_data;
  const GhSnapshotXml *snapshot = get_selected (self);

  if (snapshot != NULL)
    gh_clone_dialog_present_snapshot (GTK_WINDOW (self), self->machine, snapshot->name);
}

static void
try_activated_cb (GSimpleAction *action,
                  GVariant      *parameter,
                  gpointer       user_data)
{
  GhSnapshotsDialog *self = user_data;
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (self));
  const GhSnapshotXml *snapshot = get_selected (self);

  if (snapshot == NULL || !can_try (self))
    return;
  g_action_group_activate_action (G_ACTION_GROUP (parent), "try-snapshot",
                                  g_variant_new ("(ss)", gh_machine_get_uuid (self->machine),
                                                 snapshot->name));
  gtk_window_close (GTK_WINDOW (self));
}

static const GActionEntry action_entries[] = {
  { "take", take_activated_cb },
  { "revert", revert_activated_cb },
  { "delete", delete_activated_cb },
  { "clone", clone_activated_cb },
  { "try", try_activated_cb },
};

static void
row_activated_cb (GhSnapshotsDialog *self)
{
  g_action_group_activate_action (G_ACTION_GROUP (self->actions), "revert", NULL);
}

static gboolean
key_pressed_cb (GtkWidget   *widget,
                GdkEventKey *event)
{
  GhSnapshotsDialog *self = GH_SNAPSHOTS_DIALOG (widget);
  gboolean control = (event->state & gtk_accelerator_get_default_mod_mask ()) == GDK_CONTROL_MASK;
  const char *action = NULL;

  if (event->keyval == GDK_KEY_Escape)
    {
      gtk_window_close (GTK_WINDOW (widget));
      return GDK_EVENT_STOP;
    }
  if (event->keyval == GDK_KEY_F5)
    {
      load (self);
      return GDK_EVENT_STOP;
    }
  if (event->keyval == GDK_KEY_n && control)
    action = "take";
  else if (event->keyval == GDK_KEY_Delete && gtk_widget_has_focus (GTK_WIDGET (self->tree)))
    action = "delete";
  if (action == NULL)
    return GDK_EVENT_PROPAGATE;
  g_action_group_activate_action (G_ACTION_GROUP (self->actions), action, NULL);
  return GDK_EVENT_STOP;
}

static void
gh_snapshots_dialog_dispose (GObject *object)
{
  GhSnapshotsDialog *self = GH_SNAPSHOTS_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (gh_snapshots_dialog_parent_class)->dispose (object);
}

static void
gh_snapshots_dialog_finalize (GObject *object)
{
  GhSnapshotsDialog *self = GH_SNAPSHOTS_DIALOG (object);

  g_clear_object (&self->machine);
  g_clear_object (&self->host);
  g_clear_object (&self->actions);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->list, gh_snapshot_list_free);
  G_OBJECT_CLASS (gh_snapshots_dialog_parent_class)->finalize (object);
}

static void
gh_snapshots_dialog_class_init (GhSnapshotsDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_snapshots_dialog_dispose;
  object_class->finalize = gh_snapshots_dialog_finalize;

  g_type_ensure (GH_TYPE_ERROR_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-snapshots-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotsDialog, header);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotsDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotsDialog, error_note);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotsDialog, store);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotsDialog, tree);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotsDialog, selection);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotsDialog, name_label);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotsDialog, description_label);
  gtk_widget_class_bind_template_child (widget_class, GhSnapshotsDialog, facts_label);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
}

static void
gh_snapshots_dialog_init (GhSnapshotsDialog *self)
{
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), action_entries,
                                   G_N_ELEMENTS (action_entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "snapshots", G_ACTION_GROUP (self->actions));
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  g_signal_connect (self, "key-press-event", G_CALLBACK (key_pressed_cb), NULL);
  g_signal_connect (self, "notify::is-active", G_CALLBACK (active_changed_cb), NULL);
}

/**
 * gh_snapshots_dialog_present:
 * @parent: (nullable): the window it belongs to
 * @machine: whose snapshots
 *
 * Returns: (transfer none): the window
 */
GhSnapshotsDialog *
gh_snapshots_dialog_present (GtkWindow *parent,
                             GhMachine *machine)
{
  GhSnapshotsDialog *self = NULL;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  gh_ui_init ();
  self = g_object_new (GH_TYPE_SNAPSHOTS_DIALOG, "transient-for", parent, "destroy-with-parent",
                       TRUE, NULL);
  self->machine = g_object_ref (machine);
  self->host = g_object_ref (gh_machine_get_host (machine));
  hdy_header_bar_set_subtitle (self->header, gh_machine_get_label (machine));
  g_signal_connect_object (self->host, "notify::state", G_CALLBACK (state_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->host, "definition-changed", G_CALLBACK (definition_changed_cb),
                           self, G_CONNECT_SWAPPED);
  state_changed_cb (self);
  gtk_window_present (GTK_WINDOW (self));
  return self;
}
