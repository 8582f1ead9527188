/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-images-dialog"

#include "config.h"

#include "gh-images-dialog.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-error-note.h"
#include "gh-format.h"
#include "gh-image-graph.h"
#include "gh-ui.h"
#include "gh-virt-error.h"

/* With more rows only what is at the bottom is open to begin with. */
#define MAX_EXPANDED 200
/* Deeper is a loop, or nothing that could be shown. */
#define MAX_DEPTH 64
/* A picture of more is none; the command line lists them all. */
#define MAX_ROWS 20000

enum
{
  COLUMN_ICON,
  COLUMN_MARKUP,
  COLUMN_SIZE,
  COLUMN_NAME,
  COLUMN_IMAGE,
  COLUMN_MACHINE,
};

struct _GhImagesDialog
{
  HdyWindow         parent_instance;

  HdyHeaderBar     *header;
  GtkToggleButton  *all_button;
  GtkLabel         *blind_label;
  GtkStack         *stack;
  GhErrorNote      *error_note;
  GtkTreeStore     *store;
  GtkTreeView      *tree;
  GtkTreeSelection *selection;
  GtkLabel         *path_label;
  GtkLabel         *facts_label;
  GtkLabel         *base_label;
  GtkLabel         *needed_label;
  GtkLabel         *problem_label;

  GhHost           *host;        /* (owned) */
  char             *machine;     /* (nullable): UUID of the one it is about */
  GCancellable     *cancellable;
  GhImageGraph     *graph;       /* (nullable): the rows point into it */
  gboolean          loading;
  gboolean          stale;       /* something changed while it was loading */
  guint             n_rows;
};

G_DEFINE_FINAL_TYPE (GhImagesDialog, gh_images_dialog, HDY_TYPE_WINDOW)

static void load_graph (GhImagesDialog *self);

/* Calls may end after the window was destroyed; its children are NULL then. */
static gboolean
is_gone (GhImagesDialog *self)
{
  return self->stack == NULL;
}

/* Words */

static char *
dup_base_name (GhImage *image)
{
  g_autofree char *name = g_path_is_absolute (image->path) ? g_path_get_basename (image->path)
                                                           : g_strdup (image->path);

  return g_utf8_make_valid (name, -1);
}

/* The first image under it that is not there. */
static GhImage *
find_missing_base (GhImagesDialog *self,
                   GhImage        *image)
{
  g_autoptr (GPtrArray) chain = gh_image_graph_find_chain (self->graph, image->path);

  for (guint i = 0; i < chain->len; i++)
    if (((GhImage *) g_ptr_array_index (chain, i))->problem == GH_IMAGE_MISSING)
      return g_ptr_array_index (chain, i);
  return NULL;
}

/* (nullable): what is wrong with it. */
static char *
dup_problem (GhImagesDialog *self,
             GhImage        *image)
{
  GhImage *missing = image->problem == GH_IMAGE_FINE ? find_missing_base (self, image) : NULL;

  if (missing != NULL)
    {
      g_autofree char *name = dup_base_name (missing);

      return g_strdup_printf (_("Cannot be used: its base “%s” is missing"), name);
    }
  if (image->problem == GH_IMAGE_FINE)
    return NULL;
  if (image->problem != GH_IMAGE_MISSING)
    return g_strdup (_("Cannot be read, so it is not known what it lies on"));
  return g_strdup (image->above->len > 0 ? _("Missing: what lies on it cannot be used")
                                         : _("Missing"));
}

static gboolean
is_template_disk (GhImage *image)
{
  for (guint i = 0; i < image->users->len; i++)
    {
      GhImageUser *user = g_ptr_array_index (image->users, i);

      if (user->machine->is_template && user->role == GH_IMAGE_AS_DISK)
        return TRUE;
    }
  return FALSE;
}

/* (nullable): what an image is in the tree. */
static char *
dup_image_text (GhImage *image)
{
  g_autofree char *base = NULL;

  if (is_template_disk (image))
    return g_strdup (_("Disk of a template"));
  if (image->below->len > 0)
    base = dup_base_name (g_ptr_array_index (image->below, 0));
  else if (image->foreign_base != NULL)
    base = g_strdup (image->foreign_base);
  if (base != NULL)
    return g_strdup_printf (_("Holds only what differs from “%s”"), base);
  return image->above->len > 0 ? g_strdup (_("Others lie on it")) : NULL;
}

static const char *
get_machine_text (GhImageMachine *machine)
{
  switch (machine->kind)
    {
    case GH_MACHINE_TEMPLATE:
      return _("Template");
    case GH_MACHINE_LINKED_CLONE:
      return _("Linked clone");
    case GH_MACHINE_TRIAL:
      return _("Trial");
    case GH_MACHINE_ORDINARY:
    default:
      return _("Machine");
    }
}

static const char *
get_role_text (const GhImageUser *user)
{
  switch (user->role)
    {
    case GH_IMAGE_AS_SNAPSHOT:
      return _("in a snapshot");
    case GH_IMAGE_AS_NVRAM:
      return _("firmware variables");
    case GH_IMAGE_AS_MEDIUM:
      return _("read only");
    case GH_IMAGE_AS_DISK:
    case GH_IMAGE_AS_OTHER:
    default:
      return NULL;
    }
}

/* A name, and below it smaller what it is; what is wrong in the colour of errors. */
static char *
dup_markup (GhImagesDialog *self,
            const char     *name,
            const char     *text,
            const char     *problem)
{
  g_autoptr (GString) markup = g_string_new (NULL);
  g_autofree char *escaped = g_markup_escape_text (name, -1);
  g_autofree char *text_escaped = text != NULL ? g_markup_escape_text (text, -1) : NULL;
  g_autofree char *problem_escaped = problem != NULL ? g_markup_escape_text (problem, -1) : NULL;
  GdkRGBA color = { 0.8, 0.0, 0.0, 1.0 };

  gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (self->tree)),
                                  "error_color", &color);
  g_string_append (markup, escaped);
  if (problem != NULL)
    g_string_append_printf (markup, "\n<small><span foreground=\"#%02x%02x%02x\">%s</span></small>",
                            (guint) (color.red * 255), (guint) (color.green * 255),
                            (guint) (color.blue * 255), problem_escaped);
  else if (text != NULL)
    g_string_append_printf (markup, "\n<small>%s</small>", text_escaped);
  return g_string_free (g_steal_pointer (&markup), FALSE);
}

/* Rows */

static void
add_row (GhImagesDialog *self,
         GtkTreeIter    *iter,
         GtkTreeIter    *parent,
         const char     *icon,
         const char     *markup,
         const char     *size,
         const char     *name,
         GhImage        *image,
         GhImageMachine *machine)
{
  self->n_rows++;
  gtk_tree_store_insert_with_values (self->store, iter, parent, -1, COLUMN_ICON, icon,
                                     COLUMN_MARKUP, markup, COLUMN_SIZE, size, COLUMN_NAME, name,
                                     COLUMN_IMAGE, image, COLUMN_MACHINE, machine, -1);
}

static void
add_users (GhImagesDialog *self,
           GtkTreeIter    *parent,
           GhImage        *image)
{
  for (guint i = 0; i < image->users->len && self->n_rows < MAX_ROWS; i++)
    {
      GhImageUser *user = g_ptr_array_index (image->users, i);
      const char *kind = get_machine_text (user->machine);
      const char *role = get_role_text (user);
      /* Translators: what a machine is, and how it uses an image: “Machine, in a snapshot”. */
      g_autofree char *text = role != NULL ? g_strdup_printf (_("%s, %s"), kind, role)
                                           : g_strdup (kind);
      g_autofree char *markup = dup_markup (self, user->machine->name, text,
                                            user->machine->problem);
      GtkTreeIter iter;

      add_row (self, &iter, parent, "computer-symbolic", markup, NULL, user->machine->name, NULL,
               user->machine);
    }
}

static void
add_image (GhImagesDialog *self,
           GtkTreeIter    *parent,
           GhImage        *image,
           GHashTable     *shown,
           guint           depth)
{
  g_autofree char *name = dup_base_name (image);
  g_autofree char *text = dup_image_text (image);
  g_autofree char *problem = dup_problem (self, image);
  g_autofree char *markup = dup_markup (self, name, text, problem);
  g_autofree char *size = image->has_size && image->problem == GH_IMAGE_FINE
                          ? gh_format_file_size (image->size) : NULL;
  GtkTreeIter iter;

  add_row (self, &iter, parent,
           problem != NULL ? "dialog-error-symbolic" : "drive-harddisk-symbolic",
           markup, size, name, image, NULL);
  add_users (self, &iter, image);
  for (guint i = 0; depth < MAX_DEPTH && i < image->above->len && self->n_rows < MAX_ROWS; i++)
    {
      GhImage *above = g_ptr_array_index (image->above, i);

      if (g_hash_table_contains (shown, above))
        add_image (self, &iter, above, shown, depth + 1);
    }
}

/* Details */

static void
set_text (GtkLabel   *label,
          const char *text)
{
  gtk_label_set_label (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL && *text != '\0');
}

static char *
dup_image_facts (GhImage *image)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);

  if (image->format != NULL)
    g_ptr_array_add (parts, g_strdup (image->format));
  if (image->capacity > 0)
    {
      g_autofree char *capacity = gh_format_file_size (image->capacity);

      /* Translators: a size: of the disk as its machine sees it. */
      g_ptr_array_add (parts, g_strdup_printf (_("%s for its machine"), capacity));
    }
  if (image->has_size && image->problem == GH_IMAGE_FINE)
    {
      g_autofree char *size = gh_format_file_size (image->size);

      /* Translators: a size: what the file takes. */
      g_ptr_array_add (parts, g_strdup_printf (_("%s on the disk of the host"), size));
    }
  g_ptr_array_add (parts, image->pool != NULL
                   ? g_strdup_printf (_("in the storage pool “%s”"), image->pool)
                   : g_strdup (_("in no storage pool")));
  g_ptr_array_add (parts, NULL);
  return g_strjoinv (" · ", (char **) parts->pdata);
}

static char *
dup_paths (GPtrArray *images)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;

  for (guint i = 0; i < images->len; i++)
    {
      g_autofree char *path = g_utf8_make_valid (((GhImage *) images->pdata[i])->path, -1);

      g_strv_builder_add (builder, path);
    }
  paths = g_strv_builder_end (builder);
  return gh_image_names_dup_text ((const char * const *) paths);
}

static void
show_image (GhImagesDialog *self,
            GhImage        *image)
{
  g_autoptr (GPtrArray) chain = gh_image_graph_find_chain (self->graph, image->path);
  g_autoptr (GPtrArray) above = gh_image_graph_find_dependents (self->graph, image->path);
  g_auto (GStrv) names = gh_image_graph_list_names (self->graph, above, NULL);
  g_autofree char *path = g_utf8_make_valid (image->path, -1);
  g_autofree char *facts = dup_image_facts (image);
  g_autofree char *below = dup_paths (chain);
  g_autofree char *needing = gh_image_names_dup_text ((const char * const *) names);
  g_autofree char *base = NULL;
  g_autofree char *needed = NULL;
  g_autofree char *problem = dup_problem (self, image);

  if (image->foreign_base != NULL)
    base = g_strdup_printf (_("Lies on %s"), image->foreign_base);
  else if (chain->len > 0)
    base = g_strdup_printf (_("Lies on %s"), below);
  needed = names[0] != NULL ? g_strdup_printf (_("Needed by %s"), needing)
                            : g_strdup (_("Nothing lies on it"));
  set_text (self->path_label, path);
  set_text (self->facts_label, facts);
  set_text (self->base_label, base);
  set_text (self->needed_label, needed);
  set_text (self->problem_label, problem);
}

static void
show_machine (GhImagesDialog *self,
              GhImageMachine *machine)
{
  g_autofree char *dependents = gh_image_graph_dup_dependents (self->graph, machine->uuid);
  g_autofree char *needed = dependents != NULL ? g_strdup_printf (_("Needed by %s"), dependents)
                                               : g_strdup (_("No other machine needs it"));
  g_autofree char *base = NULL;

  if (machine->parent_name != NULL && machine->kind == GH_MACHINE_TRIAL)
    base = g_strdup_printf (_("A trial of “%s”"), machine->parent_name);
  else if (machine->parent_name != NULL)
    base = g_strdup_printf (_("Made from “%s”"), machine->parent_name);
  set_text (self->path_label, machine->name);
  set_text (self->facts_label, get_machine_text (machine));
  set_text (self->base_label, base);
  set_text (self->needed_label, needed);
  set_text (self->problem_label, machine->problem);
}

static void
selection_changed_cb (GhImagesDialog *self)
{
  GtkTreeIter iter;
  GhImage *image = NULL;
  GhImageMachine *machine = NULL;

  if (self->graph == NULL || !gtk_tree_selection_get_selected (self->selection, NULL, &iter))
    return;
  gtk_tree_model_get (GTK_TREE_MODEL (self->store), &iter, COLUMN_IMAGE, &image, COLUMN_MACHINE,
                      &machine, -1);
  if (image != NULL)
    show_image (self, image);
  else if (machine != NULL)
    show_machine (self, machine);
}

/* A machine is shown in the window; an image opens and closes. */
static void
row_activated_cb (GtkTreeView       *tree,
                  GtkTreePath       *path,
                  GtkTreeViewColumn *column,
                  gpointer           user_data)
{
  GhImagesDialog *self = user_data;
  GApplication *application = g_application_get_default ();
  GtkTreeIter iter;
  GhImageMachine *machine = NULL;

  if (!gtk_tree_model_get_iter (GTK_TREE_MODEL (self->store), &iter, path))
    return;
  gtk_tree_model_get (GTK_TREE_MODEL (self->store), &iter, COLUMN_MACHINE, &machine, -1);
  if (machine != NULL && application != NULL)
    g_action_group_activate_action (G_ACTION_GROUP (application), "show-machine",
                                    g_variant_new_string (machine->uuid));
  else if (gtk_tree_view_row_expanded (tree, path))
    gtk_tree_view_collapse_row (tree, path);
  else
    gtk_tree_view_expand_row (tree, path, /* open_all= */ FALSE);
}

/* Filling */

static char *
dup_selected (GhImagesDialog *self)
{
  GtkTreeIter iter;
  GtkTreeModel *model = NULL;

  return gtk_tree_selection_get_selected (self->selection, &model, &iter)
         ? gtk_tree_model_get_string_from_iter (model, &iter) : NULL;
}

static void
select_row (GhImagesDialog *self,
            const char     *position)
{
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_string (position != NULL ? position : "0");
  GtkTreeIter iter;

  if (path == NULL || !gtk_tree_model_get_iter (GTK_TREE_MODEL (self->store), &iter, path))
    {
      g_clear_pointer (&path, gtk_tree_path_free);
      path = gtk_tree_path_new_first ();
    }
  gtk_tree_view_expand_to_path (self->tree, path);
  gtk_tree_view_set_cursor (self->tree, path, NULL, FALSE);
}

static void
show_blind_spots (GhImagesDialog *self)
{
  GPtrArray *spots = gh_image_graph_get_blind_spots (self->graph);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < spots->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "",
                            (char *) g_ptr_array_index (spots, i));
  set_text (self->blind_label, text->str);
}

static void
fill (GhImagesDialog *self)
{
  const char *uuid = gtk_toggle_button_get_active (self->all_button) ? NULL : self->machine;
  g_autoptr (GPtrArray) images = gh_image_graph_list_related (self->graph, uuid, NULL);
  g_autoptr (GPtrArray) roots = gh_image_graph_list_roots (self->graph, images);
  g_autoptr (GHashTable) shown = g_hash_table_new (NULL, NULL);
  g_autofree char *selected = dup_selected (self);

  for (guint i = 0; i < images->len; i++)
    g_hash_table_add (shown, g_ptr_array_index (images, i));
  gtk_tree_view_set_model (self->tree, NULL);
  gtk_tree_store_clear (self->store);
  self->n_rows = 0;
  for (guint i = 0; i < roots->len && self->n_rows < MAX_ROWS; i++)
    add_image (self, NULL, g_ptr_array_index (roots, i), shown, 0);
  gtk_tree_view_set_model (self->tree, GTK_TREE_MODEL (self->store));
  gtk_tree_view_set_search_column (self->tree, COLUMN_NAME);
  if (self->n_rows <= MAX_EXPANDED)
    gtk_tree_view_expand_all (self->tree);
  show_blind_spots (self);
  gtk_stack_set_visible_child_name (self->stack, images->len > 0 ? "tree" : "empty");
  if (images->len > 0)
    select_row (self, selected);
}

static void
graph_loaded_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (GhImagesDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GhImageGraph) before = NULL;
  GhImageGraph *graph = gh_image_graph_load_finish (GH_HOST (object), result, &error);

  self->loading = FALSE;
  if (is_gone (self))
    {
      g_clear_pointer (&graph, gh_image_graph_unref);
      return;
    }
  if (graph == NULL)
    {
      gh_error_note_show_error (self->error_note, _("The images cannot be listed"), error);
      gtk_stack_set_visible_child_name (self->stack, "error");
    }
  else if (graph == self->graph)
    gh_image_graph_unref (graph);
  else
    {
      /* Rows point into the old one until they are replaced. */
      before = g_steal_pointer (&self->graph);
      self->graph = graph;
      fill (self);
    }
  if (self->stale)
    load_graph (self);
}

/* One reading at a time; what changes meanwhile is read by the next. */
static void
load_graph (GhImagesDialog *self)
{
  if (is_gone (self))
    return;
  self->stale = self->loading;
  if (self->loading || gh_host_get_state (self->host) != GH_HOST_CONNECTED)
    return;
  self->loading = TRUE;
  gh_image_graph_load_async (self->host, self->cancellable, graph_loaded_cb, g_object_ref (self));
}

static void
state_changed_cb (GhImagesDialog *self)
{
  g_autoptr (GError) error = NULL;

  if (is_gone (self))
    return;
  load_graph (self);
  if (gh_host_get_state (self->host) == GH_HOST_CONNECTED || self->graph != NULL)
    return;
  if (gh_host_get_error (self->host) != NULL)
    error = g_error_copy (gh_host_get_error (self->host));
  else
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, _("It is not connected."));
  gh_error_note_show_error (self->error_note, _("The images cannot be listed"), error);
  gtk_stack_set_visible_child_name (self->stack, "error");
}

static void
all_toggled_cb (GhImagesDialog *self)
{
  if (self->graph != NULL)
    fill (self);
}

static gboolean
key_pressed_cb (GtkWidget   *widget,
                GdkEventKey *event)
{
  if (event->keyval != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  gtk_window_close (GTK_WINDOW (widget));
  return GDK_EVENT_STOP;
}

/* Colours are in the rows. */
static void
gh_images_dialog_style_updated (GtkWidget *widget)
{
  GhImagesDialog *self = GH_IMAGES_DIALOG (widget);

  GTK_WIDGET_CLASS (gh_images_dialog_parent_class)->style_updated (widget);
  if (!is_gone (self) && self->graph != NULL)
    fill (self);
}

static void
gh_images_dialog_dispose (GObject *object)
{
  GhImagesDialog *self = GH_IMAGES_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (gh_images_dialog_parent_class)->dispose (object);
}

static void
gh_images_dialog_finalize (GObject *object)
{
  GhImagesDialog *self = GH_IMAGES_DIALOG (object);

  g_clear_object (&self->host);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->machine, g_free);
  g_clear_pointer (&self->graph, gh_image_graph_unref);
  G_OBJECT_CLASS (gh_images_dialog_parent_class)->finalize (object);
}

static void
gh_images_dialog_class_init (GhImagesDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_images_dialog_dispose;
  object_class->finalize = gh_images_dialog_finalize;
  widget_class->style_updated = gh_images_dialog_style_updated;

  g_type_ensure (GH_TYPE_ERROR_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               GH_UI_RESOURCES "gh-images-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, header);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, all_button);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, blind_label);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, error_note);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, store);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, tree);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, selection);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, path_label);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, facts_label);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, base_label);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, needed_label);
  gtk_widget_class_bind_template_child (widget_class, GhImagesDialog, problem_label);
  gtk_widget_class_bind_template_callback (widget_class, all_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
}

/* A hyphen that is not in a path must not look as if it were. */
static void
forbid_hyphens (GtkLabel *label)
{
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_insert_hyphens_new (FALSE));
  gtk_label_set_attributes (label, attributes);
}

static void
gh_images_dialog_init (GhImagesDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  forbid_hyphens (self->path_label);
  forbid_hyphens (self->base_label);
  forbid_hyphens (self->needed_label);
  self->cancellable = g_cancellable_new ();
  g_signal_connect (self, "key-press-event", G_CALLBACK (key_pressed_cb), NULL);
}

/**
 * gh_images_dialog_present:
 * @parent: (nullable): the window it belongs to
 * @host: whose images to show
 * @machine: (nullable): only what has to do with it, to begin with
 *
 * Returns: (transfer none): the window
 */
GhImagesDialog *
gh_images_dialog_present (GtkWindow *parent,
                          GhHost    *host,
                          GhMachine *machine)
{
  GhImagesDialog *self = NULL;

  g_return_val_if_fail (parent == NULL || GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (GH_IS_HOST (host), NULL);

  gh_ui_init ();
  self = g_object_new (GH_TYPE_IMAGES_DIALOG, "transient-for", parent, "destroy-with-parent", TRUE,
                       NULL);
  self->host = g_object_ref (host);
  self->machine = machine != NULL ? g_strdup (gh_machine_get_uuid (machine)) : NULL;
  hdy_header_bar_set_subtitle (self->header, machine != NULL ? gh_machine_get_label (machine)
                                                             : gh_host_get_label (host));
  gtk_widget_set_visible (GTK_WIDGET (self->all_button), machine != NULL);
  g_signal_connect_object (host, "notify::state", G_CALLBACK (state_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (host, "definition-changed", G_CALLBACK (load_graph), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (host, "storage-changed", G_CALLBACK (load_graph), self,
                           G_CONNECT_SWAPPED);
  state_changed_cb (self);
  gtk_window_present (GTK_WINDOW (self));
  return self;
}
