/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Letting go of a host: what goes on there would end half-way without its connection, and leave
 * what has to be undone or looked at later. So that comes first. */

#define G_LOG_DOMAIN "gh-host-removal"

#include "config.h"

#include "gh-host-removal.h"

#include <glib/gi18n-lib.h>

#include "gh-activity.h"
#include "gh-saved-hosts.h"
#include "gh-secrets.h"

typedef struct
{
  GtkWindow *over;  /* (weak) (nullable) */
  GhHosts   *hosts; /* (owned) */
  GhHost    *host;  /* (owned) */
} Removal;

static void
removal_free (gpointer  data,
              GClosure *closure)
{
  Removal *removal = data;

  g_clear_weak_pointer (&removal->over);
  g_object_unref (removal->hosts);
  g_object_unref (removal->host);
  g_free (removal);
}

/* (nullable): the first of them. */
static char *
dup_what_needs (GhHost *host)
{
  GListModel *activity = G_LIST_MODEL (gh_activity_get_default ());

  for (guint i = 0; i < g_list_model_get_n_items (activity); i++)
    {
      g_autoptr (GhActivityItem) item = g_list_model_get_item (activity, i);
      GhPlan *plan = gh_activity_item_get_plan (item);

      if (plan != NULL && gh_activity_item_is_running (item) && gh_plan_needs_host (plan, host))
        return g_strdup (gh_activity_item_get_title (item));
    }
  return NULL;
}

static GtkWindow *
find_window (GtkWidget *over)
{
  GtkWidget *toplevel = gtk_widget_get_toplevel (over);

  return GTK_IS_WINDOW (toplevel) ? GTK_WINDOW (toplevel) : NULL;
}

static gboolean
is_free (GtkWindow *over, /* nullable */
         GhHost    *host)
{
  g_autofree char *what = dup_what_needs (host);
  GtkWidget *dialog = NULL;

  if (what == NULL)
    return TRUE;
  dialog = gtk_message_dialog_new (over, GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
                                   GTK_MESSAGE_INFO, GTK_BUTTONS_CLOSE,
                                   /* Translators: %s is the name of a host. */
                                   _("“%s” is needed"), gh_host_get_label (host));
  /* Translators: %s is what goes on: Move “web” to attic. */
  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (dialog),
                                            _("Under way: %s. Without the connection it "
                                              "would stop half-way. Wait until it has ended, or "
                                              "cancel it in Activity."), what);
  g_signal_connect (dialog, "response", G_CALLBACK (gtk_widget_destroy), NULL);
  gtk_window_present (GTK_WINDOW (dialog));
  return FALSE;
}

gboolean
gh_host_removal_is_free (GtkWidget *over,
                         GhHost    *host)
{
  return is_free (find_window (over), host);
}

static void
answered_cb (GtkDialog *dialog,
             int        response,
             gpointer   user_data)
{
  Removal *removal = user_data;

  gtk_widget_hide (GTK_WIDGET (dialog));
  /* Others may have begun something while it was asked. */
  if (response == GTK_RESPONSE_ACCEPT && is_free (removal->over, removal->host))
    {
      gh_saved_hosts_remove (gh_host_get_uri (removal->host));
      gh_secrets_forget_host_async (gh_host_get_uri (removal->host), NULL, NULL);
      gh_hosts_remove (removal->hosts, removal->host);
    }
  gtk_widget_destroy (GTK_WIDGET (dialog));
}

void
gh_host_removal_ask (GtkWidget *over,
                     GhHosts   *hosts,
                     GhHost    *host)
{
  GtkWindow *window = find_window (over);
  GtkWidget *dialog = NULL;
  Removal *removal = NULL;

  if (!is_free (window, host))
    return;
  dialog = gtk_message_dialog_new (window, GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
                                   GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE,
                                   _("Remove “%s” from the list?"), gh_host_get_label (host));
  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (dialog), "%s",
                                            _("Its machines stay as they are, and go on running. "
                                              "The host can be added again."));
  gtk_dialog_add_buttons (GTK_DIALOG (dialog), _("_Cancel"), GTK_RESPONSE_CANCEL, _("_Remove"),
                          GTK_RESPONSE_ACCEPT, NULL);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_CANCEL);
  removal = g_new0 (Removal, 1);
  g_set_weak_pointer (&removal->over, window);
  removal->hosts = g_object_ref (hosts);
  removal->host = g_object_ref (host);
  g_signal_connect_data (dialog, "response", G_CALLBACK (answered_cb), removal, removal_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}
