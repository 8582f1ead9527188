/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-overview-page"

#include "config.h"

#include "gh-overview-page.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

#include "gh-cpu-graph.h"
#include "gh-format.h"
#include "gh-host.h"
#include "gh-lane.h"
#include "gh-machine-facts.h"
#include "gh-threads.h"
#include "gh-ui.h"
#include "gh-virt-error.h"

struct _GhOverviewPage
{
  GtkBin        parent_instance;

  GtkStack     *stack;
  GtkScrolledWindow *facts_page;
  GtkBox       *groups_box;
  GtkLabel     *description_label;
  GtkWidget    *graph_frame;
  GhCpuGraph   *graph;
  GtkTextView  *xml_view;
  GtkWidget    *waiting_box;
  GtkLabel     *waiting_label;
  GtkWidget    *failed_box;  /* stays when the error was closed: it is why nothing is shown */

  GhMachine    *machine;     /* (owned) (nullable) */
  GCancellable *cancellable; /* (owned) (nullable): of what is read about the machine */
  gboolean      stale;
  guint         waiting_id;  /* until it is said that the host takes long */
};

/* What comes at once does not blink. */
#define WAITING_MS 400

enum
{
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GhOverviewPage, gh_overview_page, GTK_TYPE_BIN)

/* One thread for all documents that pages want read; it never ends. */
static GhLane *
get_reader (void)
{
  static GhLane *reader = NULL;

  g_assert (GH_IS_MAIN_THREAD ());
  if (reader == NULL)
    reader = gh_lane_new ("documents");
  return reader;
}

static gpointer
read_facts_worker (GhLane        *lane,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  return gh_machine_facts_new_from_xml (data, error);
}

static void
copy_clicked_cb (GtkButton *button,
                 gpointer   user_data)
{
  const char *text = g_object_get_data (G_OBJECT (button), "gh-text");

  gtk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button), GDK_SELECTION_CLIPBOARD),
                          text, -1);
}

static GtkWidget *
new_copy_button (const GhFact *fact)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("edit-copy-symbolic", GTK_ICON_SIZE_BUTTON);
  g_autofree char *name = g_strdup_printf (_("Copy %s"), fact->label);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, _("Copy"));
  atk_object_set_name (gtk_widget_get_accessible (button), name);
  gtk_style_context_add_class (gtk_widget_get_style_context (button), GTK_STYLE_CLASS_FLAT);
  g_object_set_data_full (G_OBJECT (button), "gh-text", g_strdup (fact->value), g_free);
  g_signal_connect (button, "clicked", G_CALLBACK (copy_clicked_cb), NULL);
  return button;
}

typedef struct
{
  GhOverviewPage *self; /* (owned) */
  HdyActionRow   *row;  /* (owned) */
} SizeRequest;

static void
volume_found_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  SizeRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhVolumeInfo) volume = gh_host_find_volume_finish (GH_HOST (object), result, &error);

  /* A size is nice to have: a disk in no pool has none to show. */
  if (volume != NULL && gtk_widget_get_parent (GTK_WIDGET (request->row)) != NULL)
    {
      g_autofree char *capacity = gh_format_file_size (volume->capacity);
      g_autofree char *used = gh_format_file_size (volume->allocation);
      const char *subtitle = hdy_action_row_get_subtitle (request->row);
      /* Translators: a disk: where it is, its size, and how much of it takes room on the host. */
      g_autofree char *text = g_strdup_printf (_("%s\n%s, %s used"), subtitle, capacity, used);

      hdy_action_row_set_subtitle (request->row, text);
    }
  else if (error != NULL)
    g_debug ("No size of a disk: %s", error->message);

  g_object_unref (request->self);
  g_object_unref (request->row);
  g_free (request);
}

static void
add_fact_row (GhOverviewPage *self,
              GtkWidget      *group,
              const GhFact   *fact)
{
  GtkWidget *row = hdy_action_row_new ();

  /* The label small and above, the fact below, where a long path has room to wrap. */
  hdy_preferences_row_set_title (HDY_PREFERENCES_ROW (row), fact->label);
  hdy_action_row_set_subtitle (HDY_ACTION_ROW (row), fact->value);
  hdy_action_row_set_subtitle_lines (HDY_ACTION_ROW (row), 0);
  gtk_style_context_add_class (gtk_widget_get_style_context (row), "gh-fact");
  if (fact->copies)
    gtk_container_add (GTK_CONTAINER (row), new_copy_button (fact));
  gtk_widget_show_all (row);
  gtk_container_add (GTK_CONTAINER (group), row);

  if (fact->path != NULL)
    {
      SizeRequest *request = g_new0 (SizeRequest, 1);

      request->self = g_object_ref (self);
      request->row = g_object_ref (HDY_ACTION_ROW (row));
      gh_host_find_volume_async (gh_machine_get_host (self->machine), fact->path,
                                 self->cancellable, volume_found_cb, request);
    }
}

/* A host that does not answer is named, above what may have changed or is not there yet. */
static gboolean
waiting_cb (gpointer user_data)
{
  GhOverviewPage *self = user_data;
  /* Translators: the name of a host that has not answered yet. */
  g_autofree char *text = g_strdup_printf (_("Waiting for “%s”…"),
                                           gh_host_get_label (gh_machine_get_host (self->machine)));

  self->waiting_id = 0;
  gtk_label_set_text (self->waiting_label, text);
  gtk_widget_show (self->waiting_box);
  return G_SOURCE_REMOVE;
}

static void
stop_waiting (GhOverviewPage *self)
{
  g_clear_handle_id (&self->waiting_id, g_source_remove);
  if (self->waiting_box != NULL)
    gtk_widget_hide (self->waiting_box);
}

/* A machine that changes while its host is silent is asked about again; the wait goes on. */
static void
start_waiting (GhOverviewPage *self)
{
  if (self->waiting_id == 0 && !gtk_widget_get_visible (self->waiting_box))
    self->waiting_id = g_timeout_add (WAITING_MS, waiting_cb, self);
}

/* Nothing is better than what was true of another machine. */
static void
clear_facts (GhOverviewPage *self)
{
  stop_waiting (self);
  gtk_widget_hide (self->failed_box);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  gtk_container_foreach (GTK_CONTAINER (self->groups_box), (GtkCallback) gtk_widget_destroy, NULL);
  gtk_widget_hide (GTK_WIDGET (self->description_label));
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->xml_view), "", -1);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->facts_page), 0);
}

static void
show_facts (GhOverviewPage       *self,
            const GhMachineFacts *facts)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->xml_view);

  gtk_container_foreach (GTK_CONTAINER (self->groups_box), (GtkCallback) gtk_widget_destroy, NULL);
  for (guint i = 0; i < facts->groups->len; i++)
    {
      GhFactGroup *group = g_ptr_array_index (facts->groups, i);
      GtkWidget *widget = hdy_preferences_group_new ();

      hdy_preferences_group_set_title (HDY_PREFERENCES_GROUP (widget), group->title);
      gtk_widget_show (widget);
      for (guint j = 0; j < group->facts->len; j++)
        add_fact_row (self, widget, g_ptr_array_index (group->facts, j));
      gtk_container_add (GTK_CONTAINER (self->groups_box), widget);
    }
  gtk_label_set_text (self->description_label, facts->description != NULL ? facts->description
                      : "");
  gtk_widget_set_visible (GTK_WIDGET (self->description_label), facts->description != NULL);
  gtk_text_buffer_set_text (buffer, facts->xml, -1);
}

/* It is read again when the page is shown again, or at once when the user says so. */
static void
fail (GhOverviewPage *self,
      const GError   *error)
{
  self->stale = TRUE;
  if (self->failed_box != NULL)
    gtk_widget_show (self->failed_box);
  g_signal_emit (self, signals[FAILED], 0, _("Could not read the definition"), error);
}

static void
facts_read_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GhOverviewPage) self = user_data;
  g_autoptr (GhMachineFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  facts = gh_lane_run_finish (GH_LANE (object), result, &error);
  if (gh_error_is_cancelled (error))
    return;
  stop_waiting (self);
  if (facts == NULL)
    fail (self, error);
  else if (self->stack != NULL)
    show_facts (self, facts);
}

static void
xml_loaded_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (GhOverviewPage) self = user_data;
  g_autoptr (GError) error = NULL;
  char *xml = gh_machine_load_xml_finish (GH_MACHINE (object), result, &error);

  if (gh_error_is_cancelled (error))
    return;
  if (xml == NULL)
    {
      stop_waiting (self);
      /* A machine that is going away has no definition, and nobody misses it. */
      if (gh_machine_exists (GH_MACHINE (object)))
        fail (self, error);
      return;
    }
  gh_lane_run_async (get_reader (), GH_LANE_DEFAULT, GH_LANE_READ, "read-facts", read_facts_worker,
                     xml, g_free, (GDestroyNotify) gh_machine_facts_free, self->cancellable,
                     facts_read_cb, g_object_ref (self));
}

static void
load (GhOverviewPage *self)
{
  if (self->machine == NULL || !self->stale || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;

  self->stale = FALSE;
  gtk_widget_hide (self->failed_box);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  start_waiting (self);
  gh_machine_load_xml_async (self->machine,
                             gh_machine_is_active (self->machine) ? GH_XML_LIVE : GH_XML_INACTIVE,
                             self->cancellable, xml_loaded_cb, g_object_ref (self));
}

static void
update_graph (GhOverviewPage *self)
{
  gtk_widget_set_visible (self->graph_frame,
                          self->machine != NULL && gh_machine_is_active (self->machine));
}

static void
machine_changed_cb (GhOverviewPage *self)
{
  self->stale = TRUE;
  update_graph (self);
  load (self);
}

static void
retry_clicked_cb (GhOverviewPage *self)
{
  self->stale = TRUE;
  load (self);
}

static void
copy_xml_clicked_cb (GhOverviewPage *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->xml_view);
  g_autofree char *text = NULL;
  GtkTextIter start;
  GtkTextIter end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  gtk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self), GDK_SELECTION_CLIPBOARD),
                          text, -1);
}

static void
xml_toggled_cb (GhOverviewPage  *self,
                GtkToggleButton *button)
{
  gtk_stack_set_visible_child_name (self->stack,
                                    gtk_toggle_button_get_active (button) ? "xml" : "facts");
}

static void
gh_overview_page_map (GtkWidget *widget)
{
  GhOverviewPage *self = GH_OVERVIEW_PAGE (widget);

  GTK_WIDGET_CLASS (gh_overview_page_parent_class)->map (widget);
  update_graph (self);
  load (self);
}

static void
gh_overview_page_dispose (GObject *object)
{
  GhOverviewPage *self = GH_OVERVIEW_PAGE (object);

  g_clear_handle_id (&self->waiting_id, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->machine != NULL)
    g_signal_handlers_disconnect_by_data (self->machine, self);
  g_clear_object (&self->machine);
  G_OBJECT_CLASS (gh_overview_page_parent_class)->dispose (object);
}

static void
gh_overview_page_class_init (GhOverviewPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_overview_page_dispose;
  widget_class->map = gh_overview_page_map;

  signals[FAILED] =
    g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_ERROR);

  g_type_ensure (GH_TYPE_CPU_GRAPH);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-overview-page.ui");
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, description_label);
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, facts_page);
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, failed_box);
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, graph);
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, graph_frame);
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, groups_box);
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, stack);
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, waiting_box);
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, waiting_label);
  gtk_widget_class_bind_template_child (widget_class, GhOverviewPage, xml_view);
  gtk_widget_class_bind_template_callback (widget_class, copy_xml_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, retry_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, xml_toggled_cb);
}

static void
gh_overview_page_init (GhOverviewPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_overview_page_new:
 *
 * Returns: (transfer floating): a page without a machine
 */
GtkWidget *
gh_overview_page_new (void)
{
  return g_object_new (GH_TYPE_OVERVIEW_PAGE, NULL);
}

/**
 * gh_overview_page_set_machine:
 * @self: a page
 * @machine: (nullable): what to tell about
 */
void
gh_overview_page_set_machine (GhOverviewPage *self,
                              GhMachine      *machine)
{
  g_return_if_fail (GH_IS_OVERVIEW_PAGE (self));

  if (self->machine == machine)
    return;
  if (self->machine != NULL)
    g_signal_handlers_disconnect_by_data (self->machine, self);
  g_set_object (&self->machine, machine);
  gh_cpu_graph_set_machine (self->graph, machine);
  clear_facts (self);
  if (machine == NULL)
    return;
  g_signal_connect_swapped (machine, "notify::state", G_CALLBACK (machine_changed_cb), self);
  g_signal_connect_swapped (machine, "notify::label", G_CALLBACK (machine_changed_cb), self);
  g_signal_connect_swapped (machine, "notify::transient", G_CALLBACK (machine_changed_cb), self);
  machine_changed_cb (self);
}
