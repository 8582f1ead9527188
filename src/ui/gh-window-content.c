/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the main window shows of the machines that are selected: its title, and the page beside the
 * list. */

#define G_LOG_DOMAIN "gh-window"

#include "config.h"

#include "gh-window-private.h"

#include <glib/gi18n-lib.h>

#include "gh-format.h"
#include "gh-kind-badge.h"
#include "gh-machine-controls.h"

static char *
dup_state (GhMachine *machine)
{
  const char *busy = gh_machine_get_busy_text (machine);
  gint64 seconds = gh_machine_get_uptime (machine, NULL);
  g_autofree char *span = NULL;

  if (busy != NULL)
    return g_strdup (busy);
  if (seconds < 0)
    return g_strdup (gh_machine_get_state_text (machine));
  span = gh_format_duration (seconds);
  return g_strdup_printf (_("%s · %s"), gh_machine_get_state_text (machine), span);
}

/* What it does, and what it is where that is not a matter of course. */
static char *
dup_subtitle (GhMachine *machine)
{
  g_autofree char *state = dup_state (machine);
  const char *parent = gh_machine_get_parent_name (machine);
  const char *kind = gh_kind_badge_get_text (gh_machine_get_kind (machine));

  if (kind == NULL)
    return g_steal_pointer (&state);
  if (gh_machine_get_kind (machine) == GH_MACHINE_LINKED_CLONE && parent != NULL)
    /* Translators: a machine's state, and the name of the machine it is a linked clone of. */
    return g_strdup_printf (_("%s · Linked clone of “%s”"), state, parent);
  if (gh_machine_get_kind (machine) == GH_MACHINE_TRIAL && parent != NULL)
    /* Translators: a machine's state, and the name of the machine it is a throw-away copy of. */
    return g_strdup_printf (_("%s · Trial of “%s”"), state, parent);
  return g_strdup_printf (_("%s · %s"), state, kind);
}

void
gh_window_update_title (GhWindow *self)
{
  g_autofree char *subtitle = NULL;
  g_autofree char *title = NULL;
  GPtrArray *machines = gh_machine_actions_get_machines (self->actions);

  if (machines->len > 1)
    {
      title = g_strdup_printf (ngettext ("%u machine selected", "%u machines selected",
                                         machines->len),
                               machines->len);
      hdy_header_bar_set_title (self->machine_header, title);
      hdy_header_bar_set_subtitle (self->machine_header, NULL);
    }
  else if (self->machine != NULL)
    {
      subtitle = dup_subtitle (self->machine);
      hdy_header_bar_set_title (self->machine_header, gh_machine_get_label (self->machine));
      hdy_header_bar_set_subtitle (self->machine_header, subtitle);
      title = g_strdup_printf (_("%s – Guesthouse"), gh_machine_get_label (self->machine));
      gtk_window_set_title (GTK_WINDOW (self), title);
    }
  else
    {
      hdy_header_bar_set_title (self->machine_header, NULL);
      hdy_header_bar_set_subtitle (self->machine_header, NULL);
      gtk_window_set_title (GTK_WINDOW (self), _("Guesthouse"));
    }
}

static void
page_failed_cb (GhWindow     *self,
                const char   *title,
                const GError *error)
{
  gh_window_show_error (self, self->machine, title, error);
}

static void
fullscreen_requested_cb (GhWindow *self,
                         gboolean  wanted)
{
  gh_window_set_fullscreen (self, wanted);
}

static void
ensure_controls (GhWindow *self)
{
  if (self->controls != NULL)
    return;
  self->controls = gh_machine_controls_new (G_ACTION_MAP (self));
  gtk_container_add (GTK_CONTAINER (self->machine_header), self->controls);
}

static void
ensure_page (GhWindow *self)
{
  if (self->page != NULL)
    return;
  self->page = GH_MACHINE_PAGE (gh_machine_page_new ());
  g_signal_connect_object (self->page, "failed", G_CALLBACK (page_failed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->page, "fullscreen-requested", G_CALLBACK (fullscreen_requested_cb),
                           self, G_CONNECT_SWAPPED);
  gtk_widget_show (GTK_WIDGET (self->page));
  gtk_stack_add_named (self->content, GTK_WIDGET (self->page), "machine");
}

static GtkWidget *
new_bulk_button (const char *label,
                 const char *action)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  return button;
}

static void
ensure_multiple (GhWindow *self)
{
  GtkWidget *page = NULL;
  GtkWidget *box = NULL;

  if (self->multiple != NULL)
    return;
  page = hdy_status_page_new ();
  box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_set_halign (box, GTK_ALIGN_CENTER);
  gtk_container_add (GTK_CONTAINER (box), new_bulk_button (_("Run"), "win.machine-start"));
  gtk_container_add (GTK_CONTAINER (box), new_bulk_button (_("Pause"), "win.machine-pause"));
  gtk_container_add (GTK_CONTAINER (box), new_bulk_button (_("Resume"), "win.machine-resume"));
  gtk_container_add (GTK_CONTAINER (box), new_bulk_button (_("Shut down"), "win.machine-shutdown"));
  gtk_container_add (GTK_CONTAINER (box),
                     new_bulk_button (_("Save state and stop"), "win.machine-save"));
  gtk_container_add (GTK_CONTAINER (box),
                     new_bulk_button (_("Force off…"), "win.machine-force-off"));
  gtk_container_add (GTK_CONTAINER (box),
                     new_bulk_button (_("Move to another host…"), "win.move-machine"));
  gtk_container_add (GTK_CONTAINER (page), box);
  hdy_status_page_set_icon_name (HDY_STATUS_PAGE (page), "view-list-symbolic");
  gtk_widget_show_all (page);
  gtk_stack_add_named (self->content, page, "multiple");
  self->multiple = HDY_STATUS_PAGE (page);
}

static void
update_multiple (GhWindow  *self,
                 GPtrArray *machines)
{
  g_autofree char *title = NULL;
  g_autofree char *text = NULL;
  guint n_active = 0;

  for (guint i = 0; i < machines->len; i++)
    n_active += gh_machine_is_active (g_ptr_array_index (machines, i)) ? 1 : 0;
  title = g_strdup_printf (ngettext ("%u machine selected", "%u machines selected", machines->len),
                           machines->len);
  text = g_strdup_printf (ngettext ("%u of them is on. A button acts on those that allow it.",
                                    "%u of them are on. A button acts on those that allow it.",
                                    n_active),
                          n_active);
  hdy_status_page_set_title (self->multiple, title);
  hdy_status_page_set_description (self->multiple, text);
}

/* Beside a list of machines, while none of them is chosen. */
static void
ensure_choose (GhWindow *self)
{
  if (self->choose != NULL)
    return;
  self->choose = hdy_status_page_new ();
  g_object_set (self->choose, "icon-name", "computer-symbolic", "title", _("Choose a machine"),
                "description", _("Its screen and what it is made of are shown here."),
                "visible", TRUE, NULL);
  gtk_stack_add_named (self->content, self->choose, "choose");
}

void
gh_window_update_content (GhWindow *self)
{
  GPtrArray *machines = gh_machine_actions_get_machines (self->actions);

  if (machines->len > 1)
    {
      ensure_controls (self);
      ensure_multiple (self);
      update_multiple (self, machines);
      gtk_stack_set_visible_child_name (self->content, "multiple");
    }
  else if (self->machine != NULL)
    {
      ensure_controls (self);
      ensure_page (self);
      gh_machine_page_set_machine (self->page, self->machine);
      gtk_stack_set_visible_child_name (self->content, "machine");
    }
  else
    {
      GhLibraryModel *model = gh_library_view_get_model (self->library);
      /* The list says so itself when it shows none. */
      gboolean choose = self->late_id == 0 && self->list_reported &&
                        gh_library_model_get_n_matches (model) > 0;

      if (choose)
        ensure_choose (self);
      gtk_stack_set_visible_child_name (self->content, choose ? "choose" : "nothing");
    }
  if (self->controls != NULL)
    gtk_widget_set_visible (self->controls, machines->len > 0);
}
