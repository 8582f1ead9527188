/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-file-entry"

#include "config.h"

#include "gh-file-entry.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-ui.h"

#define MAX_RECENT 10

struct _GhFileEntry
{
  GtkBox                parent_instance;

  GhFileKind            kind;
  gboolean              local;
  GtkFileChooserNative *chooser; /* (nullable): while it is open */

  GtkEntry             *entry;
  GtkMenuButton        *recent_button;
  GtkWidget            *recent_box;
  GtkWidget            *choose_button;
};

G_DEFINE_FINAL_TYPE (GhFileEntry, gh_file_entry, GTK_TYPE_BOX)

enum
{
  PROP_0,
  PROP_PATH,
  PROP_KIND,
  PROP_LABEL,
  PROP_LOCAL,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

typedef struct
{
  const char *title;     /* of the chooser */
  const char *filter;    /* (nullable) */
  const char *patterns;  /* (nullable) */
  const char *mime_type;
} KindInfo;

static const KindInfo kinds[] = {
  [GH_FILE_KIND_ISO] = { N_("Choose an installer image"), N_("CD and DVD images"), "*.iso *.ISO",
                         "application/x-cd-image" },
  [GH_FILE_KIND_DISK] = { N_("Choose a disk image"), N_("Disk images"),
                          "*.qcow2 *.img *.raw *.vmdk *.vdi *.vhd *.vhdx *.qed",
                          "application/x-qemu-disk" },
  [GH_FILE_KIND_KERNEL] = { N_("Choose a kernel"), NULL, NULL, "application/octet-stream" },
  [GH_FILE_KIND_INITRD] = { N_("Choose an initial RAM disk"), NULL, NULL,
                            "application/octet-stream" },
};

/* What was pasted or dropped may be a URI. */
static char *
dup_as_path (const char *text)
{
  g_autofree char *path = NULL;

  if (g_str_has_prefix (text, "file://"))
    path = g_filename_from_uri (text, NULL, NULL);
  return path != NULL ? g_steal_pointer (&path) : g_strdup (text);
}

static void
entry_changed_cb (GhFileEntry *self)
{
  const char *text = gtk_entry_get_text (self->entry);
  g_autofree char *path = dup_as_path (text);

  /* Comes here again. */
  if (strcmp (path, text) != 0)
    gtk_entry_set_text (self->entry, path);
  else
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PATH]);
}

static void
chooser_response_cb (GtkNativeDialog *chooser,
                     int              response,
                     GhFileEntry     *self)
{
  g_autofree char *path = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    path = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (chooser));
  if (path != NULL)
    gh_file_entry_set_path (self, path);
  gtk_native_dialog_hide (chooser);
  g_clear_object (&self->chooser);
}

static void
add_filters (GtkFileChooser *chooser,
             const KindInfo *info)
{
  g_auto (GStrv) patterns = NULL;
  GtkFileFilter *filter = NULL;
  GtkFileFilter *all = NULL;

  if (info->filter == NULL)
    return;

  filter = gtk_file_filter_new ();
  gtk_file_filter_set_name (filter, _(info->filter));
  patterns = g_strsplit (info->patterns, " ", -1);
  for (guint i = 0; patterns[i] != NULL; i++)
    gtk_file_filter_add_pattern (filter, patterns[i]);
  gtk_file_chooser_add_filter (chooser, filter);

  all = gtk_file_filter_new ();
  gtk_file_filter_set_name (all, _("All files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (chooser, all);
}

static void
choose_clicked_cb (GhFileEntry *self)
{
  const KindInfo *info = &kinds[self->kind];
  GtkWidget *window = gtk_widget_get_toplevel (GTK_WIDGET (self));
  const char *path = gh_file_entry_get_path (self);

  if (self->chooser == NULL)
    {
      self->chooser =
        gtk_file_chooser_native_new (_(info->title),
                                     GTK_IS_WINDOW (window) ? GTK_WINDOW (window) : NULL,
                                     GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
      gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
      add_filters (GTK_FILE_CHOOSER (self->chooser), info);
      if (g_path_is_absolute (path))
        gtk_file_chooser_set_filename (GTK_FILE_CHOOSER (self->chooser), path);
      g_signal_connect_object (self->chooser, "response", G_CALLBACK (chooser_response_cb), self,
                               0);
    }
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static gboolean
is_of_kind (GtkRecentInfo *info,
            GhFileKind     kind)
{
  const char *uri = gtk_recent_info_get_uri (info);

  return gtk_recent_info_is_local (info) && g_str_has_prefix (uri, "file://") &&
         gh_file_kind_guess (uri) == kind &&
         /* Anything could be a disk by its name: only those that were used as one. */
         (kind == GH_FILE_KIND_ISO || gtk_recent_info_has_application (info, "Guesthouse"));
}

static int
compare_recent (gconstpointer a,
                gconstpointer b)
{
  time_t first = gtk_recent_info_get_modified ((GtkRecentInfo *) a);
  time_t second = gtk_recent_info_get_modified ((GtkRecentInfo *) b);

  return first < second ? 1 : first > second ? -1 : 0;
}

static void
recent_clicked_cb (GtkWidget   *button,
                   GhFileEntry *self)
{
  gh_file_entry_set_path (self, g_object_get_data (G_OBJECT (button), "path"));
}

static void
add_recent (GhFileEntry *self,
            const char  *path)
{
  GtkWidget *button = gtk_model_button_new ();
  g_autofree char *name = g_filename_display_basename (path);

  g_object_set (button, "text", name, "visible", TRUE, "tooltip-text", path, NULL);
  g_object_set_data_full (G_OBJECT (button), "path", g_strdup (path), g_free);
  g_signal_connect_object (button, "clicked", G_CALLBACK (recent_clicked_cb), self, 0);
  gtk_container_add (GTK_CONTAINER (self->recent_box), button);
}

/* Made when it is opened: looking up the recent files reads a file. */
static void
recent_toggled_cb (GhFileEntry *self)
{
  GList *items = NULL;
  guint n = 0;

  if (!gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->recent_button)))
    return;

  gtk_container_foreach (GTK_CONTAINER (self->recent_box), (GtkCallback) gtk_widget_destroy, NULL);
  items = gtk_recent_manager_get_items (gtk_recent_manager_get_default ());
  items = g_list_sort (items, compare_recent);
  for (GList *l = items; l != NULL && n < MAX_RECENT; l = l->next)
    if (is_of_kind (l->data, self->kind))
      {
        g_autofree char *path = g_filename_from_uri (gtk_recent_info_get_uri (l->data), NULL, NULL);

        if (path == NULL)
          continue;
        add_recent (self, path);
        n++;
      }
  g_list_free_full (items, (GDestroyNotify) gtk_recent_info_unref);

  if (n == 0)
    {
      GtkWidget *label = gtk_label_new (_("No recent files"));

      gtk_style_context_add_class (gtk_widget_get_style_context (label), GTK_STYLE_CLASS_DIM_LABEL);
      gtk_widget_show (label);
      gtk_container_add (GTK_CONTAINER (self->recent_box), label);
    }
}

static void
drag_data_received_cb (GtkWidget        *widget,
                       GdkDragContext   *context,
                       int               x,
                       int               y,
                       GtkSelectionData *data,
                       guint             info,
                       guint             time_ms,
                       GhFileEntry      *self)
{
  g_auto (GStrv) uris = gtk_selection_data_get_uris (data);

  if (uris != NULL && uris[0] != NULL)
    gtk_entry_set_text (self->entry, uris[0]);
}

static void
gh_file_entry_dispose (GObject *object)
{
  GhFileEntry *self = GH_FILE_ENTRY (object);

  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
  G_OBJECT_CLASS (gh_file_entry_parent_class)->dispose (object);
}

static void
gh_file_entry_get_property (GObject    *object,
                            guint       prop_id,
                            GValue     *value,
                            GParamSpec *pspec)
{
  GhFileEntry *self = GH_FILE_ENTRY (object);

  switch (prop_id)
    {
    case PROP_PATH:
      g_value_set_string (value, gh_file_entry_get_path (self));
      break;
    case PROP_KIND:
      g_value_set_int (value, self->kind);
      break;
    case PROP_LOCAL:
      g_value_set_boolean (value, self->local);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_file_entry_set_property (GObject      *object,
                            guint         prop_id,
                            const GValue *value,
                            GParamSpec   *pspec)
{
  GhFileEntry *self = GH_FILE_ENTRY (object);

  switch (prop_id)
    {
    case PROP_PATH:
      gh_file_entry_set_path (self, g_value_get_string (value));
      break;
    case PROP_KIND:
      self->kind = (GhFileKind) g_value_get_int (value);
      atk_object_set_name (gtk_widget_get_accessible (self->choose_button),
                           _(kinds[self->kind].title));
      break;
    case PROP_LABEL:
      atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->entry)),
                           g_value_get_string (value));
      break;
    case PROP_LOCAL:
      self->local = g_value_get_boolean (value);
      gtk_widget_set_visible (self->choose_button, self->local);
      gtk_widget_set_visible (GTK_WIDGET (self->recent_button), self->local);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_file_entry_grab_focus (GtkWidget *widget)
{
  gtk_widget_grab_focus (GTK_WIDGET (GH_FILE_ENTRY (widget)->entry));
}

static gboolean
gh_file_entry_mnemonic_activate (GtkWidget *widget,
                                 gboolean   group_cycling)
{
  return gtk_widget_mnemonic_activate (GTK_WIDGET (GH_FILE_ENTRY (widget)->entry), group_cycling);
}

static void
gh_file_entry_class_init (GhFileEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_file_entry_dispose;
  object_class->get_property = gh_file_entry_get_property;
  object_class->set_property = gh_file_entry_set_property;
  widget_class->grab_focus = gh_file_entry_grab_focus;
  widget_class->mnemonic_activate = gh_file_entry_mnemonic_activate;

  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, "", G_PARAM_READWRITE |
                                               G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_KIND] = g_param_spec_int ("kind", NULL, NULL, GH_FILE_KIND_ISO,
                                            GH_FILE_KIND_INITRD, GH_FILE_KIND_ISO,
                                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL,
                                                G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_LOCAL] = g_param_spec_boolean ("local", NULL, NULL, TRUE,
                                                 G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-file-entry.ui");
  gtk_widget_class_bind_template_child (widget_class, GhFileEntry, entry);
  gtk_widget_class_bind_template_child (widget_class, GhFileEntry, recent_button);
  gtk_widget_class_bind_template_child (widget_class, GhFileEntry, recent_box);
  gtk_widget_class_bind_template_child (widget_class, GhFileEntry, choose_button);
  gtk_widget_class_bind_template_callback (widget_class, entry_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, recent_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, drag_data_received_cb);
}

static void
gh_file_entry_init (GhFileEntry *self)
{
  GtkTargetList *targets = gtk_target_list_new (NULL, 0);

  self->local = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  /* Files only: text would be put between what is there. */
  gtk_target_list_add_uri_targets (targets, 0);
  gtk_drag_dest_set_target_list (GTK_WIDGET (self->entry), targets);
  gtk_target_list_unref (targets);
}

const char *
gh_file_entry_get_path (GhFileEntry *self)
{
  g_return_val_if_fail (GH_IS_FILE_ENTRY (self), NULL);

  return self->entry != NULL ? gtk_entry_get_text (self->entry) : "";
}

void
gh_file_entry_set_path (GhFileEntry *self,
                        const char  *path)
{
  g_return_if_fail (GH_IS_FILE_ENTRY (self));

  if (path == NULL)
    path = "";
  if (strcmp (gtk_entry_get_text (self->entry), path) != 0)
    gtk_entry_set_text (self->entry, path);
}

/**
 * gh_file_kind_guess:
 * @path: a path or URI
 *
 * Returns: what kind of file it is likely to be, by its name; a disk when
 *   nothing says otherwise
 */
GhFileKind
gh_file_kind_guess (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_ascii_strdown (base, -1);

  if (g_str_has_suffix (name, ".iso"))
    return GH_FILE_KIND_ISO;
  if (g_str_has_prefix (name, "vmlinu") || g_str_has_prefix (name, "bzimage") ||
      strcmp (name, "linux") == 0 || g_str_has_suffix (name, "-kernel"))
    return GH_FILE_KIND_KERNEL;
  if (g_str_has_prefix (name, "initr") || g_str_has_suffix (name, ".cpio") ||
      strstr (name, ".cpio.") != NULL)
    return GH_FILE_KIND_INITRD;
  return GH_FILE_KIND_DISK;
}

void
gh_file_kind_remember (GhFileKind  kind,
                       const char *path)
{
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
  GtkRecentData data = { 0 };

  if (uri == NULL)
    return;

  data.mime_type = (char *) kinds[kind].mime_type;
  data.app_name = (char *) "Guesthouse";
  data.app_exec = (char *) "guesthouse %u";
  gtk_recent_manager_add_full (gtk_recent_manager_get_default (), uri, &data);
}
