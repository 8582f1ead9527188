/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "gh-names.h"

typedef struct
{
  GString *nameless;
  guint    n_seen;
} Walk;

static gboolean
is_control (GtkWidget *widget)
{
  return GTK_IS_BUTTON (widget) || GTK_IS_ENTRY (widget) || GTK_IS_COMBO_BOX (widget) ||
         GTK_IS_SWITCH (widget) || GTK_IS_TEXT_VIEW (widget) || GTK_IS_TREE_VIEW (widget) ||
         GTK_IS_RANGE (widget);
}

/* Parts of GTK's own controls, which it names. */
static gboolean
is_internal (GtkWidget *widget)
{
  GtkStyleContext *context = gtk_widget_get_style_context (widget);
  GtkWidget *parent = gtk_widget_get_parent (widget);

  return gtk_style_context_has_class (context, "titlebutton") || GTK_IS_SCROLLBAR (widget) ||
         (GTK_IS_TOGGLE_BUTTON (widget) && parent != NULL && !GTK_IS_MENU_BUTTON (widget) &&
          gtk_widget_get_ancestor (parent, GTK_TYPE_COMBO_BOX) != NULL) ||
         (GTK_IS_ENTRY (widget) && GTK_IS_COMBO_BOX (parent));
}

static void
find_label_cb (GtkWidget *widget,
               gpointer   user_data)
{
  gboolean *found = user_data;

  if (!gtk_widget_get_visible (widget))
    return;
  if (GTK_IS_LABEL (widget) && *gtk_label_get_text (GTK_LABEL (widget)) != '\0')
    *found = TRUE;
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), find_label_cb, user_data);
}

static gboolean
has_name (GtkWidget *widget)
{
  AtkObject *accessible = gtk_widget_get_accessible (widget);
  g_autoptr (AtkRelationSet) relations = atk_object_ref_relation_set (accessible);
  const char *name = atk_object_get_name (accessible);

  return (name != NULL && *name != '\0') ||
         atk_relation_set_contains (relations, ATK_RELATION_LABELLED_BY);
}

static gboolean
explains_itself (GtkWidget *widget)
{
  gboolean found = FALSE;

  if (!GTK_IS_BUTTON (widget) || gtk_widget_get_has_tooltip (widget))
    return TRUE;
  find_label_cb (widget, &found);
  return found;
}

static void
walk_cb (GtkWidget *widget,
         gpointer   user_data)
{
  Walk *walk = user_data;

  if (!gtk_widget_get_visible (widget))
    return;
  if (is_control (widget) && !is_internal (widget))
    {
      walk->n_seen++;
      if (!has_name (widget) || !explains_itself (widget))
        {
          g_autofree char *path = gtk_widget_path_to_string (gtk_widget_get_path (widget));

          g_string_append_printf (walk->nameless, "\n%s “%s”: %s", G_OBJECT_TYPE_NAME (widget),
                                  gtk_buildable_get_name (GTK_BUILDABLE (widget)) != NULL
                                  ? gtk_buildable_get_name (GTK_BUILDABLE (widget)) : "",
                                  has_name (widget) ? "no words and no tooltip" : path);
        }
    }
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), walk_cb, user_data);
  if (GTK_IS_MENU_BUTTON (widget) && gtk_menu_button_get_popover (GTK_MENU_BUTTON (widget)) != NULL)
    gtk_container_forall (GTK_CONTAINER (gtk_menu_button_get_popover (GTK_MENU_BUTTON (widget))),
                          walk_cb, user_data);
}

void
gh_names_assert (GtkWidget *root)
{
  g_autoptr (GString) nameless = g_string_new (NULL);
  Walk walk = { nameless, 0 };

  walk_cb (root, &walk);
  g_assert_cmpuint (walk.n_seen, >, 0);
  if (nameless->len > 0)
    g_error ("Controls without a name:%s", nameless->str);
  /* Else it comes up wherever the window manager puts windows, not over the window it is of. */
  if (GTK_IS_WINDOW (root) && !GTK_IS_APPLICATION_WINDOW (root))
    g_assert_cmpint (gtk_window_get_type_hint (GTK_WINDOW (root)), ==, GDK_WINDOW_TYPE_HINT_DIALOG);
}

typedef struct
{
  GHashTable *keys; /* → text of its label */
  guint       n_twice;
} Mnemonics;

static void
add_mnemonic_cb (GtkWidget *widget,
                 gpointer   user_data)
{
  Mnemonics *mnemonics = user_data;

  if (!gtk_widget_get_mapped (widget))
    return;
  if (GTK_IS_LABEL (widget) &&
      gtk_label_get_mnemonic_keyval (GTK_LABEL (widget)) != GDK_KEY_VoidSymbol)
    {
      guint key = gtk_label_get_mnemonic_keyval (GTK_LABEL (widget));
      const char *text = gtk_label_get_text (GTK_LABEL (widget));
      const char *other = g_hash_table_lookup (mnemonics->keys, GUINT_TO_POINTER (key));

      g_test_message ("Alt+%c: “%s”%s%s", (char) key, text, other != NULL ? ", and: " : "",
                      other != NULL ? other : "");
      mnemonics->n_twice += other != NULL ? 1 : 0;
      g_hash_table_insert (mnemonics->keys, GUINT_TO_POINTER (key), (gpointer) text);
    }
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), add_mnemonic_cb, user_data);
}

void
gh_names_assert_mnemonics (GtkWidget *root)
{
  g_autoptr (GHashTable) keys = g_hash_table_new (NULL, NULL);
  Mnemonics mnemonics = { keys, 0 };

  add_mnemonic_cb (root, &mnemonics);
  g_assert_cmpuint (g_hash_table_size (keys), >, 2);
  g_assert_cmpuint (mnemonics.n_twice, ==, 0);
}
