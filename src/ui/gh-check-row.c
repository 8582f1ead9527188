/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-check-row"

#include "config.h"

#include "gh-check-row.h"

#include <glib/gi18n-lib.h>

#include "gh-command-line.h"
#include "gh-error-note.h"
#include "gh-plan-text.h"
#include "gh-ui.h"

struct _GhCheckRow
{
  GtkBin           parent_instance;

  GhCheck         *check;
  gboolean         fixing;

  GtkImage        *icon;
  GtkLabel        *title_label;
  GtkToggleButton *why_button;
  GtkLabel        *detail_label;
  GhCommandLine   *command_line;
  GtkWidget       *fix_box;
  GtkWidget       *fix_button;
  GtkLabel        *fix_label;
  GtkSpinner      *fix_spinner;
  GhErrorNote     *error_note;
};

G_DEFINE_FINAL_TYPE (GhCheckRow, gh_check_row, GTK_TYPE_BIN)

enum
{
  FIXED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static const char *level_classes[] = { "gh-ok", "gh-note", "gh-warning", "gh-refusal" };

static void
set_accessible_name (GtkWidget  *widget,
                     const char *name)
{
  atk_object_set_name (gtk_widget_get_accessible (widget), name);
}

static void
update_fixing (GhCheckRow *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->fix_spinner), self->fixing);
  g_object_set (self->fix_spinner, "active", self->fixing, NULL);
}

static void
update (GhCheckRow *self)
{
  GhCheckLevel level = gh_check_get_level (self->check);
  const char *title = gh_check_get_title (self->check);
  const char *detail = gh_check_get_detail (self->check);
  const char *fix_label = gh_check_get_fix_label (self->check);
  const char *command = gh_check_get_fix_command (self->check);
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->icon));
  g_autofree char *why = g_strdup_printf (_("Why: %s"), title);

  gtk_image_set_from_icon_name (self->icon, gh_plan_text_check_icon (level),
                                GTK_ICON_SIZE_BUTTON);
  for (guint i = 0; i < G_N_ELEMENTS (level_classes); i++)
    gtk_style_context_remove_class (style, level_classes[i]);
  gtk_style_context_add_class (style, level_classes[level]);
  set_accessible_name (GTK_WIDGET (self->icon), gh_plan_text_check_level (level));

  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->detail_label, detail != NULL ? detail : "");
  gtk_widget_set_visible (GTK_WIDGET (self->why_button), detail != NULL || command != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->detail_label), detail != NULL);
  gh_command_line_set_command (self->command_line, command);
  set_accessible_name (GTK_WIDGET (self->why_button), why);

  gtk_label_set_label (self->fix_label, fix_label != NULL ? fix_label : "");
  gtk_widget_set_visible (self->fix_box, fix_label != NULL);
  gtk_widget_set_tooltip_text (self->fix_button, command);
  if (fix_label != NULL)
    set_accessible_name (self->fix_button, fix_label);
}

static void
check_fixed_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (GhCheckRow) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean fixed = gh_check_fix_finish (GH_CHECK (object), result, &error);

  self->fixing = FALSE;
  if (gtk_widget_in_destruction (GTK_WIDGET (self)) || self->fix_button == NULL)
    return;

  update_fixing (self);
  if (!fixed && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    gh_error_note_show_error (self->error_note, _("That did not help"), error);
  g_signal_emit (self, signals[FIXED], 0);
}

/* A fix changes things, so it runs to its end, whatever happens to the window. The button stays
 * sensitive meanwhile, or it would lose the keyboard's focus. */
static void
run_fix (GhCheckRow *self)
{
  if (self->fixing)
    return;

  self->fixing = TRUE;
  gh_error_note_clear (self->error_note);
  update_fixing (self);
  gh_check_fix_async (self->check, NULL, check_fixed_cb, g_object_ref (self));
}

static void
answered_cb (GhCheckRow *self,
             int         response)
{
  /* Meanwhile it may have been looked at again. */
  if (response == GTK_RESPONSE_ACCEPT && self->fix_button != NULL &&
      gh_check_get_fix_label (self->check) != NULL)
    run_fix (self);
}

static void
fix_clicked_cb (GhCheckRow *self)
{
  const char *text = NULL;
  const char *verb = NULL;
  const char *question = gh_check_get_question (self->check, &text, &verb);
  GtkWidget *window = gtk_widget_get_toplevel (GTK_WIDGET (self));
  GtkWidget *dialog = NULL;

  if (question == NULL || self->fixing)
    {
      run_fix (self);
      return;
    }
  dialog = gtk_message_dialog_new (GTK_WINDOW (window), GTK_DIALOG_MODAL |
                                   GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_WARNING,
                                   GTK_BUTTONS_NONE, "%s", question);
  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (dialog), "%s", text);
  gtk_dialog_add_buttons (GTK_DIALOG (dialog), _("_Cancel"), GTK_RESPONSE_CANCEL, verb,
                          GTK_RESPONSE_ACCEPT, NULL);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_CANCEL);
  gtk_style_context_add_class (
    gtk_widget_get_style_context (gtk_dialog_get_widget_for_response (GTK_DIALOG (dialog),
                                                                      GTK_RESPONSE_ACCEPT)),
    GTK_STYLE_CLASS_DESTRUCTIVE_ACTION);
  g_signal_connect_object (dialog, "response", G_CALLBACK (answered_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect (dialog, "response", G_CALLBACK (gtk_widget_destroy), NULL);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
gh_check_row_dispose (GObject *object)
{
  GhCheckRow *self = GH_CHECK_ROW (object);

  g_clear_object (&self->check);
  G_OBJECT_CLASS (gh_check_row_parent_class)->dispose (object);
}

static void
gh_check_row_class_init (GhCheckRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_check_row_dispose;

  signals[FIXED] = g_signal_new ("fixed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (GH_TYPE_COMMAND_LINE);
  g_type_ensure (GH_TYPE_ERROR_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-check-row.ui");
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, icon);
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, why_button);
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, detail_label);
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, command_line);
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, fix_box);
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, fix_button);
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, fix_label);
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, fix_spinner);
  gtk_widget_class_bind_template_child (widget_class, GhCheckRow, error_note);
  gtk_widget_class_bind_template_callback (widget_class, fix_clicked_cb);
}

static void
gh_check_row_init (GhCheckRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_check_row_new:
 * @check: a check
 *
 * Returns: (transfer floating): a row; why a refusal refuses is open from the start
 */
GtkWidget *
gh_check_row_new (GhCheck *check)
{
  GhCheckRow *self = NULL;

  g_return_val_if_fail (GH_IS_CHECK (check), NULL);

  self = g_object_new (GH_TYPE_CHECK_ROW, "visible", TRUE, NULL);
  gtk_toggle_button_set_active (self->why_button, gh_check_get_level (check) == GH_CHECK_REFUSAL);
  gh_check_row_set_check (self, check);
  return GTK_WIDGET (self);
}

GhCheck *
gh_check_row_get_check (GhCheckRow *self)
{
  g_return_val_if_fail (GH_IS_CHECK_ROW (self), NULL);

  return self->check;
}

void
gh_check_row_set_check (GhCheckRow *self,
                        GhCheck    *check)
{
  g_return_if_fail (GH_IS_CHECK_ROW (self));
  g_return_if_fail (GH_IS_CHECK (check));

  if (g_set_object (&self->check, check))
    update (self);
}

/* The row that shows the same finding, taken out of @rows. */
static GhCheckRow *
take_row (GList   **rows,
          GhCheck  *check)
{
  for (GList *l = *rows; l != NULL; l = l->next)
    {
      GhCheckRow *row = l->data;

      if (g_strcmp0 (gh_check_get_id (row->check), gh_check_get_id (check)) != 0 ||
          gh_check_get_level (row->check) != gh_check_get_level (check))
        continue;
      *rows = g_list_delete_link (*rows, l);
      return row;
    }
  return NULL;
}

static void
destroy_row (GtkWidget *row,
             GtkWidget *next)
{
  GtkWidget *window = gtk_widget_get_toplevel (row);
  GtkWidget *focus = GTK_IS_WINDOW (window) ? gtk_window_get_focus (GTK_WINDOW (window)) : NULL;
  gboolean had_focus = focus != NULL && gtk_widget_is_ancestor (focus, row);

  gtk_widget_destroy (row);
  if (had_focus)
    gtk_widget_grab_focus (next);
}

/**
 * gh_check_row_update_all:
 * @box: holds check rows only
 * @checks: (element-type GhCheck): what it is to show
 * @fixed_cb: called with @data first when a fix has been run
 * @data: (type GObject): whose handler that is
 * @focus: what takes the focus of a row that has gone
 */
void
gh_check_row_update_all (GtkBox    *box,
                         GPtrArray *checks,
                         GCallback  fixed_cb,
                         gpointer   data,
                         GtkWidget *focus)
{
  g_autoptr (GList) rows = NULL;

  g_return_if_fail (GTK_IS_BOX (box));
  g_return_if_fail (checks != NULL);

  rows = gtk_container_get_children (GTK_CONTAINER (box));
  for (guint i = 0; i < checks->len; i++)
    {
      GhCheck *check = g_ptr_array_index (checks, i);
      GhCheckRow *row = take_row (&rows, check);

      if (row != NULL)
        gh_check_row_set_check (row, check);
      else
        {
          row = GH_CHECK_ROW (gh_check_row_new (check));
          g_signal_connect_object (row, "fixed", fixed_cb, data, G_CONNECT_SWAPPED);
          gtk_container_add (GTK_CONTAINER (box), GTK_WIDGET (row));
        }
      gtk_box_reorder_child (box, GTK_WIDGET (row), (int) i);
    }

  for (GList *l = rows; l != NULL; l = l->next)
    destroy_row (l->data, focus);
}

/**
 * gh_check_row_is_any_fixing:
 * @box: holds check rows only
 *
 * Returns: whether a fix runs
 */
gboolean
gh_check_row_is_any_fixing (GtkBox *box)
{
  g_autoptr (GList) rows = NULL;

  g_return_val_if_fail (GTK_IS_BOX (box), FALSE);

  rows = gtk_container_get_children (GTK_CONTAINER (box));
  for (GList *l = rows; l != NULL; l = l->next)
    if (GH_CHECK_ROW (l->data)->fixing)
      return TRUE;
  return FALSE;
}
