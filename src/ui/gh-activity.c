/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-activity"

#include "config.h"

#include "gh-activity.h"

#include <glib/gi18n-lib.h>
#include <gtk/gtk.h>

struct _GhActivity
{
  GObject    parent_instance;

  GPtrArray *items;  /* (element-type GhActivityItem): oldest first */
  guint      n_running;
  double     fraction;
  GhOutcome  unseen; /* the worst since the list was looked at; not what was cancelled */
};

static void gh_activity_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GhActivity, gh_activity, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      gh_activity_list_model_init))

enum
{
  PROP_0,
  PROP_N_RUNNING,
  PROP_FRACTION,
  PROP_UNSEEN,
  N_PROPS
};

enum
{
  PLAN_ENDED,
  SHOW_MACHINE,
  MACHINE_MOVED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

/* Newest first to the outside. */
static guint
position_of (GhActivity *self,
             guint       index)
{
  return self->items->len - 1 - index;
}

static void
update_totals (GhActivity *self)
{
  guint n_running = 0;
  double fraction = 0;

  for (guint i = 0; i < self->items->len; i++)
    {
      GhActivityItem *item = g_ptr_array_index (self->items, i);

      if (!gh_activity_item_is_running (item))
        continue;
      n_running++;
      fraction += gh_activity_item_get_fraction (item);
    }
  if (n_running > 0)
    fraction /= n_running;

  g_object_freeze_notify (G_OBJECT (self));
  if (n_running != self->n_running)
    {
      self->n_running = n_running;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_RUNNING]);
    }
  if (fraction != self->fraction)
    {
      self->fraction = fraction;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

static gboolean
is_looked_at (GtkApplication *app)
{
  GList *windows = gtk_application_get_windows (app);

  for (GList *l = windows; l != NULL; l = l->next)
    if (gtk_window_is_active (l->data))
      return TRUE;
  return FALSE;
}

static void
set_unseen (GhActivity *self,
            GhOutcome   unseen)
{
  if (self->unseen == unseen)
    return;

  self->unseen = unseen;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_UNSEEN]);
}

/* Tells the desktop how @item ended, unless the user is looking at a window of ours. */
static void
notify_desktop (GhActivityItem *item)
{
  GApplication *app = g_application_get_default ();
  g_autoptr (GNotification) notification = NULL;
  const char *icon_name = NULL;
  g_autoptr (GIcon) icon = NULL;

  if (!GTK_IS_APPLICATION (app) || !g_application_get_is_registered (app) ||
      is_looked_at (GTK_APPLICATION (app)))
    return;

  notification = g_notification_new (gh_activity_item_get_title (item));
  g_notification_set_body (notification, gh_activity_item_get_status (item));
  icon_name = gh_activity_item_was_cancelled (item) ? "process-stop-symbolic"
              : gh_activity_item_get_outcome (item) == GH_OUTCOME_DONE ? "emblem-ok-symbolic"
                                                                       : "dialog-warning-symbolic";
  icon = g_themed_icon_new (icon_name);
  g_notification_set_icon (notification, icon);
  if (gh_activity_item_get_machine (item) != NULL &&
      gh_activity_item_get_outcome (item) == GH_OUTCOME_DONE &&
      g_action_group_has_action (G_ACTION_GROUP (app), "show-machine"))
    g_notification_set_default_action_and_target (notification, "app.show-machine", "s",
                                                  gh_activity_item_get_machine (item));
  g_application_send_notification (app, gh_activity_item_get_id (item), notification);
}

static void
remove_item (GhActivity     *self,
             GhActivityItem *item)
{
  guint index;

  if (!g_ptr_array_find (self->items, item, &index))
    return;

  g_ptr_array_remove_index (self->items, index);
  /* One fewer now: its position was counted with it. */
  g_list_model_items_changed (G_LIST_MODEL (self), self->items->len - index, 1, 0);
}

static void
item_changed_cb (GhActivityItem *item,
                 GParamSpec     *pspec,
                 GhActivity     *self)
{
  update_totals (self);
}

/* A run: the activity, the plan and the item live until it has ended. */
typedef struct
{
  GhActivity     *activity;
  GhActivityItem *item;
  GApplication   *app; /* (nullable): held, so that it does not quit with its last window */
} Run;

static void
plan_ran_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autofree Run *run = user_data;
  g_autoptr (GhActivity) self = run->activity;
  g_autoptr (GhActivityItem) item = run->item;
  g_autoptr (GhPlan) plan = g_object_ref (GH_PLAN (object));
  g_autoptr (GApplication) app = run->app;
  g_autoptr (GError) error = NULL;

  /* The error is the plan's too, and is shown from there. */
  gh_plan_run_finish (plan, result, &error);
  if (gh_plan_get_state (plan) != GH_PLAN_ENDED)
    {
      /* A check refused at the last moment: nothing was run. */
      gh_activity_item_end (item);
      remove_item (self, item);
    }
  else
    {
      gh_activity_item_end (item);
      if (!gh_activity_item_was_cancelled (item))
        set_unseen (self, MAX (self->unseen, gh_plan_get_outcome (plan)));
      notify_desktop (item);
    }
  update_totals (self);
  g_signal_emit (self, signals[PLAN_ENDED], 0, plan);
  if (app != NULL)
    g_application_release (app);
}

static void
gh_activity_finalize (GObject *object)
{
  GhActivity *self = GH_ACTIVITY (object);

  g_ptr_array_unref (self->items);
  G_OBJECT_CLASS (gh_activity_parent_class)->finalize (object);
}

static void
gh_activity_get_property (GObject    *object,
                          guint       prop_id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  GhActivity *self = GH_ACTIVITY (object);

  switch (prop_id)
    {
    case PROP_N_RUNNING:
      g_value_set_uint (value, self->n_running);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    case PROP_UNSEEN:
      g_value_set_int (value, (int) self->unseen);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static GType
gh_activity_get_item_type (GListModel *list)
{
  return GH_TYPE_ACTIVITY_ITEM;
}

static guint
gh_activity_get_n_items (GListModel *list)
{
  return GH_ACTIVITY (list)->items->len;
}

static gpointer
gh_activity_get_item (GListModel *list,
                      guint       position)
{
  GhActivity *self = GH_ACTIVITY (list);

  if (position >= self->items->len)
    return NULL;
  return g_object_ref (g_ptr_array_index (self->items, position_of (self, position)));
}

static void
gh_activity_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = gh_activity_get_item_type;
  iface->get_n_items = gh_activity_get_n_items;
  iface->get_item = gh_activity_get_item;
}

static void
gh_activity_class_init (GhActivityClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = gh_activity_finalize;
  object_class->get_property = gh_activity_get_property;

  properties[PROP_N_RUNNING] = g_param_spec_uint ("n-running", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  properties[PROP_UNSEEN] = g_param_spec_int ("unseen", NULL, NULL, GH_OUTCOME_NONE, G_MAXINT,
                                              GH_OUTCOME_NONE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * GhActivity::plan-ended:
   * @plan: the plan whose run has ended
   */
  signals[PLAN_ENDED] = g_signal_new ("plan-ended", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                      0, NULL, NULL, NULL, G_TYPE_NONE, 1, GH_TYPE_PLAN);
  /**
   * GhActivity::show-machine:
   * @host: where the machine is
   * @uuid: the machine; it may not be listed yet
   */
  signals[SHOW_MACHINE] = g_signal_new ("show-machine", G_TYPE_FROM_CLASS (klass),
                                        G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                        GH_TYPE_HOST, G_TYPE_STRING);
  /**
   * GhActivity::machine-moved:
   * @host: where the machine is now
   * @uuid: the machine; it may not be listed yet
   */
  signals[MACHINE_MOVED] = g_signal_new ("machine-moved", G_TYPE_FROM_CLASS (klass),
                                         G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                         GH_TYPE_HOST, G_TYPE_STRING);
}

static void
gh_activity_init (GhActivity *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * gh_activity_get_default:
 *
 * Returns: (transfer none): the activity of this program; main thread
 */
GhActivity *
gh_activity_get_default (void)
{
  static GhActivity *instance = NULL;

  if (instance == NULL)
    instance = g_object_new (GH_TYPE_ACTIVITY, NULL);
  return instance;
}

/**
 * gh_activity_run:
 * @self: the activity
 * @plan: a plan
 *
 * Lists @plan and runs it to its end; the program does not quit meanwhile.
 */
void
gh_activity_run (GhActivity *self,
                 GhPlan     *plan)
{
  Run *run = NULL;

  g_return_if_fail (GH_IS_ACTIVITY (self));
  g_return_if_fail (GH_IS_PLAN (plan));

  run = g_new0 (Run, 1);
  run->activity = g_object_ref (self);
  run->item = gh_activity_item_new (plan);
  g_set_object (&run->app, g_application_get_default ());
  if (run->app != NULL)
    g_application_hold (run->app);
  g_ptr_array_add (self->items, g_object_ref (run->item));
  g_signal_connect_object (run->item, "notify", G_CALLBACK (item_changed_cb), self, 0);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, 0, 1);
  update_totals (self);

  gh_plan_run_async (plan, NULL, plan_ran_cb, run);
}

guint
gh_activity_get_n_running (GhActivity *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY (self), 0);

  return self->n_running;
}

double
gh_activity_get_fraction (GhActivity *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY (self), 0);

  return self->fraction;
}

/**
 * gh_activity_get_unseen:
 * @self: the activity
 *
 * Returns: the worst outcome of the plans that ended since somebody looked at the list;
 *   %GH_OUTCOME_NONE when there is none
 */
GhOutcome
gh_activity_get_unseen (GhActivity *self)
{
  g_return_val_if_fail (GH_IS_ACTIVITY (self), GH_OUTCOME_NONE);

  return self->unseen;
}

/**
 * gh_activity_mark_seen:
 * @self: the activity
 *
 * Somebody looks at the list.
 */
void
gh_activity_mark_seen (GhActivity *self)
{
  g_return_if_fail (GH_IS_ACTIVITY (self));

  set_unseen (self, GH_OUTCOME_NONE);
}

/**
 * gh_activity_clear_ended:
 * @self: the activity
 *
 * Forgets all runs that have ended.
 */
void
gh_activity_clear_ended (GhActivity *self)
{
  g_return_if_fail (GH_IS_ACTIVITY (self));

  for (guint i = self->items->len; i > 0; i--)
    {
      GhActivityItem *item = g_ptr_array_index (self->items, i - 1);

      if (!gh_activity_item_is_running (item))
        remove_item (self, item);
    }
}

/**
 * gh_activity_show_machine:
 * @self: the activity
 * @host: where the machine is
 * @uuid: the machine
 *
 * Asks whoever shows machines (the main window) to show this one.
 */
void
gh_activity_show_machine (GhActivity *self,
                          GhHost     *host,
                          const char *uuid)
{
  g_return_if_fail (GH_IS_ACTIVITY (self));
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL);

  g_signal_emit (self, signals[SHOW_MACHINE], 0, host, uuid);
}

/**
 * gh_activity_machine_moved:
 * @self: the activity
 * @host: where the machine is now
 * @uuid: the machine
 *
 * Tells whoever shows this machine that it is elsewhere.
 */
void
gh_activity_machine_moved (GhActivity *self,
                           GhHost     *host,
                           const char *uuid)
{
  g_return_if_fail (GH_IS_ACTIVITY (self));
  g_return_if_fail (GH_IS_HOST (host));
  g_return_if_fail (uuid != NULL);

  g_signal_emit (self, signals[MACHINE_MOVED], 0, host, uuid);
}
