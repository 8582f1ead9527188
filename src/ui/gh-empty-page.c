/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-empty-page"

#include "config.h"

#include "gh-empty-page.h"

#include <glib/gi18n-lib.h>
#include <handy.h>

#include "gh-check-row.h"
#include "gh-error-note.h"
#include "gh-ui.h"
#include "gh-virtualization.h"

struct _GhEmptyPage
{
  GtkBin         parent_instance;

  HdyStatusPage *page;
  GhErrorNote   *error_note;
  GtkWidget     *new_button;
  GtkButton     *connect_button;
  GtkWidget     *add_button;
  GtkBox        *checks_box;

  GhHosts       *hosts;       /* (owned) */
  GCancellable  *cancellable; /* (owned) (nullable): of looking at this computer */
  GtkWidget     *toplevel;    /* (weak) (nullable): while it can be seen */
  gboolean       local;       /* this computer is one of the hosts */
};

G_DEFINE_FINAL_TYPE (GhEmptyPage, gh_empty_page, GTK_TYPE_BIN)

static void load_checks (GhEmptyPage *self);

/* How the hosts are */

typedef struct
{
  guint   n_hosts;
  guint   n_connected;
  guint   n_connecting;
  GhHost *lost;     /* (unowned) (nullable): the first */
  guint   n_lost;
} Census;

static Census
count_hosts (GhEmptyPage *self)
{
  Census census = { .n_hosts = g_list_model_get_n_items (G_LIST_MODEL (self->hosts)) };

  for (guint i = 0; i < census.n_hosts; i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (self->hosts), i);

      if (gh_host_get_state (host) == GH_HOST_CONNECTED)
        census.n_connected++;
      if (gh_host_get_state (host) == GH_HOST_CONNECTING)
        census.n_connecting++;
      if (gh_host_get_state (host) != GH_HOST_LOST)
        continue;
      if (census.lost == NULL)
        census.lost = host; /* the registry holds it */
      census.n_lost++;
    }
  return census;
}

static gboolean
has_this_computer (GhEmptyPage *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->hosts)); i++)
    {
      g_autoptr (GhHost) host = g_list_model_get_item (G_LIST_MODEL (self->hosts), i);

      if (gh_host_is_local (host) && !gh_host_is_test (host))
        return TRUE;
    }
  return FALSE;
}

static void
show_words (GhEmptyPage *self,
            const char  *icon_name,
            const char  *title,
            const char  *text)
{
  hdy_status_page_set_icon_name (self->page, icon_name);
  hdy_status_page_set_title (self->page, title);
  hdy_status_page_set_description (self->page, text);
}

static void
show_lost (GhEmptyPage  *self,
           const Census *census)
{
  g_autofree char *title = g_strdup_printf (_("Cannot reach %s"), gh_host_get_label (census->lost));
  const GError *error = gh_host_get_error (census->lost);

  show_words (self, "network-offline-symbolic",
              census->n_lost > 1 ? _("No host can be reached") : title, NULL);
  if (error != NULL)
    gh_error_note_show_error (self->error_note, census->n_lost > 1 ? title : NULL, error);
  gtk_button_set_label (self->connect_button, _("Try again"));
}

/* Of a computer that is no host any more nothing is to be done. */
static void
set_local (GhEmptyPage *self,
           gboolean     local)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  self->local = local;
  if (!local)
    gh_empty_page_show_checks (self, none);
  load_checks (self);
}

/**
 * gh_empty_page_update:
 * @self: a page
 *
 * Says how the hosts are now. While none is connected, and one is being, the page stays as it is: a
 * host that is lost is tried again every now and then.
 */
void
gh_empty_page_update (GhEmptyPage *self)
{
  Census census = { 0 };

  g_return_if_fail (GH_IS_EMPTY_PAGE (self));

  census = count_hosts (self);
  if (self->local != has_this_computer (self))
    set_local (self, !self->local);
  if (census.n_connected == 0 && census.n_connecting > 0)
    return;
  gh_error_note_clear (self->error_note);
  gtk_widget_set_visible (self->new_button, census.n_connected > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->connect_button),
                          census.n_connected == 0 && census.n_hosts > 0);
  if (census.n_connected > 0)
    show_words (self, GH_APP_ID, _("No machines yet"),
                _("A machine is a whole computer in a window, with a system of its own. Make one "
                  "from an installer (ISO), a disk image or a kernel."));
  else if (census.lost != NULL)
    show_lost (self, &census);
  else if (census.n_hosts == 0)
    show_words (self, "computer-symbolic", _("No host"),
                _("Add the computer whose machines you want to see."));
  else
    {
      show_words (self, "network-offline-symbolic", _("Not connected"),
                  _("Machines can be seen and made while their host is connected."));
      gtk_button_set_label (self->connect_button, _("Connect"));
    }
}

/**
 * gh_empty_page_focus:
 * @self: a page
 *
 * Puts the keyboard's focus on what is most likely wanted.
 */
void
gh_empty_page_focus (GhEmptyPage *self)
{
  GtkWidget *buttons[3] = { 0 };

  g_return_if_fail (GH_IS_EMPTY_PAGE (self));

  buttons[0] = self->new_button;
  buttons[1] = GTK_WIDGET (self->connect_button);
  buttons[2] = self->add_button;
  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    if (gtk_widget_get_visible (buttons[i]) && gtk_widget_get_sensitive (buttons[i]))
      {
        gtk_widget_grab_focus (buttons[i]);
        return;
      }
}

/* This computer */

/**
 * gh_empty_page_show_checks:
 * @self: a page
 * @checks: (element-type GhCheck): what was found, as by gh_virtualization_list_checks()
 *
 * Shows the first that is to be done something about, with why and fix; the others may be good
 * once that is.
 */
void
gh_empty_page_show_checks (GhEmptyPage *self,
                           GPtrArray   *checks)
{
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();

  g_return_if_fail (GH_IS_EMPTY_PAGE (self));

  for (guint i = 0; i < checks->len && shown->len == 0; i++)
    if (gh_check_get_level (g_ptr_array_index (checks, i)) >= GH_CHECK_WARNING)
      g_ptr_array_add (shown, g_ptr_array_index (checks, i));
  gh_check_row_update_all (self->checks_box, shown, G_CALLBACK (load_checks), self,
                           self->add_button);
  gtk_widget_set_visible (GTK_WIDGET (self->checks_box), shown->len > 0);
}

static void
checks_loaded_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (GhEmptyPage) self = user_data;
  g_autoptr (GhVirtualization) facts = gh_virtualization_load_finish (result, NULL);
  g_autoptr (GPtrArray) checks = NULL;

  /* Cancelled: nobody looks any more. */
  if (facts == NULL || self->checks_box == NULL)
    return;
  checks = gh_virtualization_list_checks (facts);
  gh_empty_page_show_checks (self, checks);
}

static void
stop_loading (GhEmptyPage *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
load_checks (GhEmptyPage *self)
{
  stop_loading (self);
  if (!self->local || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  self->cancellable = g_cancellable_new ();
  gh_virtualization_load_async (self->cancellable, checks_loaded_cb, g_object_ref (self));
}

/* Who comes back may have done in a terminal what the check says. */
static void
active_changed_cb (GtkWindow   *toplevel,
                   GParamSpec  *pspec,
                   GhEmptyPage *self)
{
  if (gtk_window_is_active (toplevel) && !gh_check_row_is_any_fixing (self->checks_box))
    load_checks (self);
}

static void
set_toplevel (GhEmptyPage *self,
              GtkWidget   *toplevel)
{
  if (self->toplevel != NULL)
    g_signal_handlers_disconnect_by_func (self->toplevel, active_changed_cb, self);
  g_set_weak_pointer (&self->toplevel, toplevel);
  if (toplevel != NULL)
    g_signal_connect_object (toplevel, "notify::is-active", G_CALLBACK (active_changed_cb), self,
                             0);
}

static void
gh_empty_page_map (GtkWidget *widget)
{
  GhEmptyPage *self = GH_EMPTY_PAGE (widget);

  GTK_WIDGET_CLASS (gh_empty_page_parent_class)->map (widget);
  set_toplevel (self, gtk_widget_get_toplevel (widget));
  load_checks (self);
}

static void
gh_empty_page_unmap (GtkWidget *widget)
{
  GhEmptyPage *self = GH_EMPTY_PAGE (widget);

  stop_loading (self);
  set_toplevel (self, NULL);
  GTK_WIDGET_CLASS (gh_empty_page_parent_class)->unmap (widget);
}

static void
gh_empty_page_dispose (GObject *object)
{
  GhEmptyPage *self = GH_EMPTY_PAGE (object);

  stop_loading (self);
  set_toplevel (self, NULL);
  g_clear_object (&self->hosts);
  G_OBJECT_CLASS (gh_empty_page_parent_class)->dispose (object);
}

static void
gh_empty_page_class_init (GhEmptyPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gh_empty_page_dispose;
  widget_class->map = gh_empty_page_map;
  widget_class->unmap = gh_empty_page_unmap;

  g_type_ensure (GH_TYPE_ERROR_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class, GH_UI_RESOURCES "gh-empty-page.ui");
  gtk_widget_class_bind_template_child (widget_class, GhEmptyPage, add_button);
  gtk_widget_class_bind_template_child (widget_class, GhEmptyPage, checks_box);
  gtk_widget_class_bind_template_child (widget_class, GhEmptyPage, connect_button);
  gtk_widget_class_bind_template_child (widget_class, GhEmptyPage, error_note);
  gtk_widget_class_bind_template_child (widget_class, GhEmptyPage, new_button);
  gtk_widget_class_bind_template_child (widget_class, GhEmptyPage, page);
}

static void
gh_empty_page_init (GhEmptyPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gh_empty_page_new:
 * @hosts: which have no machine
 *
 * Returns: (transfer floating): a page
 */
GtkWidget *
gh_empty_page_new (GhHosts *hosts)
{
  GhEmptyPage *self = g_object_new (GH_TYPE_EMPTY_PAGE, "visible", TRUE, NULL);

  self->hosts = g_object_ref (hosts);
  gh_empty_page_update (self);
  return GTK_WIDGET (self);
}
