/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-machine-consoles"

#include "config.h"

#include "gh-machine-consoles.h"

#include <glib/gi18n-lib.h>

#include "gh-host.h"
#include "gh-virt-error.h"

#define N_KINDS (GH_CONSOLE_SERIAL + 1)

static const char *const kind_names[N_KINDS] = { "graphical", "serial" };

struct _GhMachineConsoles
{
  GtkBin         parent_instance;

  GtkStack      *stack;
  GhConsole     *consoles[N_KINDS]; /* (unowned) (nullable): made when first shown */
  GhMachine     *machine;           /* (owned) (nullable) */
  GhConsoleKind  kind;
  GCancellable  *cancellable;       /* (owned): of screenshots */
  GtkFileChooserNative *chooser;    /* (owned) (nullable): while it is open */
};

enum
{
  PROP_0,
  PROP_KIND,
  N_PROPS
};

enum
{
  FULLSCREEN_REQUESTED,
  FAILED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GhMachineConsoles, gh_machine_consoles, GTK_TYPE_BIN)

static void
screenshot_taken_cb (GObject      *object,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (GhMachineConsoles) self = user_data;
  g_autoptr (GError) error = NULL;

  if (gh_console_take_screenshot_finish (GH_CONSOLE (object), result, &error) ||
      gh_error_is_cancelled (error))
    return;
  g_signal_emit (self, signals[FAILED], 0, _("Could not take a screenshot"), error);
}

static void
file_chosen_cb (GtkNativeDialog *dialog,
                int              response,
                GhMachineConsoles   *self)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
      gh_console_take_screenshot_async (self->consoles[GH_CONSOLE_GRAPHICAL], file,
                                        self->cancellable, screenshot_taken_cb,
                                        g_object_ref (self));
    }
  g_clear_object (&self->chooser);
}

static void
screenshot_requested_cb (GhMachineConsoles *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%d %H-%M-%S");
  g_autofree char *name = NULL;
  GtkWidget *toplevel = gtk_widget_get_toplevel (GTK_WIDGET (self));

  if (self->chooser != NULL || self->machine == NULL)
    return;

  /* Translators: the name of a file: a machine's name, then a date and time. */
  name = g_strdup_printf (_("%s %s.png"), gh_machine_get_name (self->machine), time);
  g_strdelimit (name, "/", '-');
  self->chooser = gtk_file_chooser_native_new (_("Save screenshot"),
                                               GTK_IS_WINDOW (toplevel) ? GTK_WINDOW (toplevel)
                                               : NULL,
                                               GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"),
                                               _("_Cancel"));
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), name);
  gtk_file_chooser_set_do_overwrite_confirmation (GTK_FILE_CHOOSER (self->chooser), TRUE);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (file_chosen_cb), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
fullscreen_requested_cb (GhMachineConsoles *self,
                         gboolean       wanted)
{
  g_signal_emit (self, signals[FULLSCREEN_REQUESTED], 0, wanted);
}

static void
kind_requested_cb (GhMachineConsoles *self,
                   GhConsoleKind  kind)
{
  gh_machine_consoles_set_kind (self, kind);
}

/* The window's own question, as for its other ways to run a machine. */
static void
doubt_asked_cb (GhMachineConsoles *self)
{
  GtkWidget *window = gtk_widget_get_toplevel (GTK_WIDGET (self));
  GhHost *host = self->machine != NULL ? gh_machine_get_host (self->machine) : NULL;

  if (G_IS_ACTION_GROUP (window) && host != NULL)
    g_action_group_activate_action (G_ACTION_GROUP (window), "run-in-doubt",
                                    g_variant_new ("(ss)", gh_host_get_uri (host),
                                                   gh_machine_get_uuid (self->machine)));
}

/* How guests' screens are fitted is the same for all of them, and remembered. */
static void
bind_settings (GhConsole *console)
{
  g_autoptr (GSettings) settings = g_settings_new (GH_APP_ID);

  g_settings_bind (settings, "console-scaling", console, "scaling",
                   G_SETTINGS_BIND_DEFAULT | G_SETTINGS_BIND_NO_SENSITIVITY);
  g_settings_bind (settings, "console-resize-guest", console, "resize-guest",
                   G_SETTINGS_BIND_DEFAULT | G_SETTINGS_BIND_NO_SENSITIVITY);
}

static void
show_kind (GhMachineConsoles *self)
{
  GhConsole *console = self->consoles[self->kind];

  if (console == NULL)
    {
      console = GH_CONSOLE (gh_console_new (self->kind));
      self->consoles[self->kind] = console;
      if (self->kind == GH_CONSOLE_GRAPHICAL)
        bind_settings (console);
      g_signal_connect_object (console, "screenshot-requested",
                               G_CALLBACK (screenshot_requested_cb), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (console, "fullscreen-requested",
                               G_CALLBACK (fullscreen_requested_cb), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (console, "kind-requested",
                               G_CALLBACK (kind_requested_cb), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (console, "doubt-asked", G_CALLBACK (doubt_asked_cb), self,
                               G_CONNECT_SWAPPED);
      gtk_widget_show (GTK_WIDGET (console));
      gtk_stack_add_named (self->stack, GTK_WIDGET (console), kind_names[self->kind]);
    }
  gh_console_set_machine (console, self->machine);
  gtk_stack_set_visible_child (self->stack, GTK_WIDGET (console));
}

/* A page nobody has looked at has no console yet. */
static void
gh_machine_consoles_map (GtkWidget *widget)
{
  show_kind (GH_MACHINE_CONSOLES (widget));
  GTK_WIDGET_CLASS (gh_machine_consoles_parent_class)->map (widget);
}

static void
gh_machine_consoles_destroy (GtkWidget *widget)
{
  GhMachineConsoles *self = GH_MACHINE_CONSOLES (widget);

  for (int i = 0; i < N_KINDS; i++)
    self->consoles[i] = NULL;
  GTK_WIDGET_CLASS (gh_machine_consoles_parent_class)->destroy (widget);
}

static void
gh_machine_consoles_dispose (GObject *object)
{
  GhMachineConsoles *self = GH_MACHINE_CONSOLES (object);

  g_cancellable_cancel (self->cancellable);
  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
  g_clear_object (&self->machine);
  G_OBJECT_CLASS (gh_machine_consoles_parent_class)->dispose (object);
}

static void
gh_machine_consoles_finalize (GObject *object)
{
  g_clear_object (&GH_MACHINE_CONSOLES (object)->cancellable);
  G_OBJECT_CLASS (gh_machine_consoles_parent_class)->finalize (object);
}

static void
gh_machine_consoles_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_KIND:
      g_value_set_int (value, GH_MACHINE_CONSOLES (object)->kind);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_machine_consoles_class_init (GhMachineConsolesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gh_machine_consoles_dispose;
  object_class->finalize = gh_machine_consoles_finalize;
  object_class->get_property = gh_machine_consoles_get_property;
  widget_class->destroy = gh_machine_consoles_destroy;
  widget_class->map = gh_machine_consoles_map;

  properties[PROP_KIND] =
    g_param_spec_int ("kind", NULL, NULL, GH_CONSOLE_GRAPHICAL, GH_CONSOLE_SERIAL,
                      GH_CONSOLE_GRAPHICAL,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[FULLSCREEN_REQUESTED] =
    g_signal_new ("fullscreen-requested", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[FAILED] =
    g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_ERROR);
}

static void
gh_machine_consoles_init (GhMachineConsoles *self)
{
  self->cancellable = g_cancellable_new ();
  self->stack = GTK_STACK (gtk_stack_new ());
  gtk_widget_show (GTK_WIDGET (self->stack));
  gtk_container_add (GTK_CONTAINER (self), GTK_WIDGET (self->stack));
}

/**
 * gh_machine_consoles_new:
 *
 * Returns: (transfer floating): a page without a machine
 */
GtkWidget *
gh_machine_consoles_new (void)
{
  return g_object_new (GH_TYPE_MACHINE_CONSOLES, NULL);
}

/**
 * gh_machine_consoles_set_machine:
 * @self: a page
 * @machine: (nullable): whose consoles to show
 *
 * Another machine begins with its graphical console.
 */
void
gh_machine_consoles_set_machine (GhMachineConsoles *self,
                             GhMachine     *machine)
{
  g_return_if_fail (GH_IS_MACHINE_CONSOLES (self));

  if (!g_set_object (&self->machine, machine))
    return;
  for (int i = 0; i < N_KINDS; i++)
    if (self->consoles[i] != NULL && (machine == NULL || i == GH_CONSOLE_GRAPHICAL))
      gh_console_set_machine (self->consoles[i], machine);
    else if (self->consoles[i] != NULL)
      gh_console_set_machine (self->consoles[i], NULL);
  gh_machine_consoles_set_kind (self, GH_CONSOLE_GRAPHICAL);
}

/**
 * gh_machine_consoles_get_kind:
 * @self: a page
 *
 * Returns: which console is shown
 */
GhConsoleKind
gh_machine_consoles_get_kind (GhMachineConsoles *self)
{
  g_return_val_if_fail (GH_IS_MACHINE_CONSOLES (self), GH_CONSOLE_GRAPHICAL);

  return self->kind;
}

/**
 * gh_machine_consoles_set_kind:
 * @self: a page
 * @kind: which console to show
 */
void
gh_machine_consoles_set_kind (GhMachineConsoles *self,
                          GhConsoleKind  kind)
{
  g_return_if_fail (GH_IS_MACHINE_CONSOLES (self));

  if (self->kind == kind)
    return;
  self->kind = kind;
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    {
      show_kind (self);
      gtk_widget_child_focus (GTK_WIDGET (self->stack), GTK_DIR_TAB_FORWARD);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KIND]);
}

/**
 * gh_machine_consoles_get_console:
 * @self: a page
 *
 * Returns: (transfer none) (nullable): the console that is shown, %NULL before the first
 */
GhConsole *
gh_machine_consoles_get_console (GhMachineConsoles *self)
{
  g_return_val_if_fail (GH_IS_MACHINE_CONSOLES (self), NULL);

  return self->consoles[self->kind];
}

/**
 * gh_machine_consoles_set_fullscreen:
 * @self: a page
 * @fullscreen: whether the window fills the screen with the console
 */
void
gh_machine_consoles_set_fullscreen (GhMachineConsoles *self,
                                gboolean       fullscreen)
{
  g_return_if_fail (GH_IS_MACHINE_CONSOLES (self));

  for (int i = 0; i < N_KINDS; i++)
    if (self->consoles[i] != NULL)
      gh_console_set_fullscreen (self->consoles[i], fullscreen);
}
