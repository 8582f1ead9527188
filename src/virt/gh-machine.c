/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* GhMachine: one machine as the library shows it. It holds what lists and headers need, and no
 * libvirt handle: every call looks the machine up by its UUID in the lane it runs in. Main
 * thread; made and updated by its host. */

#define G_LOG_DOMAIN "gh-machine"

#include "config.h"

#include "gh-machine.h"

#include <glib/gi18n-lib.h>

#include "gh-machine-private.h"
#include "gh-threads.h"

struct _GhMachine
{
  GObject         parent_instance;

  GhHost         *host;        /* (unowned) (nullable): NULL once it is gone */
  char            uuid[VIR_UUID_STRING_BUFLEN];
  char           *name;
  char           *title;       /* (nullable) */
  GhMachineState  state;
  int             id;
  guint           n_cpus;
  guint64         memory_kib;
  gint64          started_us;  /* real time; 0: not known */
  gint64          first_seen_us; /* when we first saw it run, monotonic */
  GhMachineKind   kind;
  char           *parent_name; /* (nullable) */
  char           *left_uri;    /* (nullable) */
  char           *parent_uuid; /* (nullable) */
  char           *busy_text;   /* (nullable) */
  GhFigures      *figures;     /* (owned) (nullable): once it has run in our sight */
  guint           transient : 1;
  guint           in_parts : 1;
  guint           title_known : 1;
};

enum
{
  PROP_0,
  PROP_NAME,
  PROP_TITLE,
  PROP_LABEL,
  PROP_STATE,
  PROP_BUSY_TEXT,
  PROP_TRANSIENT,
  PROP_KIND,
  PROP_PARENT_NAME,
  N_PROPS,
};

enum
{
  GONE,
  N_SIGNALS,
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GhMachine, gh_machine, G_TYPE_OBJECT)

static void
gh_machine_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  GhMachine *self = GH_MACHINE (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_LABEL:
      g_value_set_string (value, gh_machine_get_label (self));
      break;
    case PROP_STATE:
      g_value_set_int (value, self->state);
      break;
    case PROP_BUSY_TEXT:
      g_value_set_string (value, self->busy_text);
      break;
    case PROP_TRANSIENT:
      g_value_set_boolean (value, self->transient);
      break;
    case PROP_KIND:
      g_value_set_int (value, self->kind);
      break;
    case PROP_PARENT_NAME:
      g_value_set_string (value, self->parent_name);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_machine_finalize (GObject *object)
{
  GhMachine *self = GH_MACHINE (object);

  g_free (self->name);
  g_free (self->title);
  g_free (self->parent_name);
  g_free (self->left_uri);
  g_free (self->parent_uuid);
  g_free (self->busy_text);
  g_clear_pointer (&self->figures, gh_figures_free);
  G_OBJECT_CLASS (gh_machine_parent_class)->finalize (object);
}

static void
gh_machine_class_init (GhMachineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = gh_machine_get_property;
  object_class->finalize = gh_machine_finalize;

  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  props[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, flags);
  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, 0, GH_MACHINE_UNKNOWN, 0, flags);
  props[PROP_BUSY_TEXT] = g_param_spec_string ("busy-text", NULL, NULL, NULL, flags);
  props[PROP_TRANSIENT] = g_param_spec_boolean ("transient", NULL, NULL, FALSE, flags);
  props[PROP_KIND] = g_param_spec_int ("kind", NULL, NULL, 0, GH_MACHINE_TRIAL, GH_MACHINE_ORDINARY,
                                       flags);
  props[PROP_PARENT_NAME] = g_param_spec_string ("parent-name", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * GhMachine::gone:
   * @self: the machine
   *
   * It is no longer on its host; gh_machine_exists() is %FALSE from here on.
   */
  signals[GONE] = g_signal_new ("gone", GH_TYPE_MACHINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
}

static void
gh_machine_init (GhMachine *self)
{
  self->id = -1;
}

GhMachine *
gh_machine_new (GhHost                *host,
                const GhMachineRecord *record)
{
  GhMachine *self = g_object_new (GH_TYPE_MACHINE, NULL);

  g_assert (GH_IS_MAIN_THREAD ());

  self->host = host;
  g_strlcpy (self->uuid, record->uuid, sizeof self->uuid);
  self->state = GH_MACHINE_UNKNOWN;
  (void) gh_machine_apply (self, record);
  return self;
}

/* All notifications of one record come out together, and only for what changed. */
gboolean
gh_machine_apply (GhMachine             *self,
                  const GhMachineRecord *record)
{
  gboolean changed = FALSE;

  g_object_freeze_notify (G_OBJECT (self));
  if (g_strcmp0 (self->name, record->name) != 0)
    {
      g_free (self->name);
      self->name = g_strdup (record->name);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NAME]);
      if (self->title == NULL)
        g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LABEL]);
      changed = TRUE;
    }
  if (self->id != record->id)
    {
      self->id = record->id;
      /* Another run: figures and start time are of the old one. The start event may have come
       * first, so a start time of the last seconds stays. */
      if (record->id < 0)
        self->started_us = 0;
      self->first_seen_us = record->id >= 0 ? g_get_monotonic_time () : 0;
      changed = TRUE;
    }
  if (record->started_us != 0)
    self->started_us = record->started_us;
  if (self->transient != record->transient)
    {
      self->transient = record->transient;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TRANSIENT]);
      changed = TRUE;
    }
  if (record->n_cpus != 0)
    {
      self->n_cpus = record->n_cpus;
      self->memory_kib = record->memory_kib;
    }
  if (record->title_known)
    changed = gh_machine_set_title (self, record->title) || changed;
  if (record->mark != NULL)
    changed = gh_machine_set_mark (self, record->mark) || changed;
  self->in_parts = record->in_parts;
  changed = gh_machine_set_state (self, record->state) || changed;
  g_object_thaw_notify (G_OBJECT (self));
  return changed;
}

gboolean
gh_machine_set_state (GhMachine      *self,
                      GhMachineState  state)
{
  if (self->state == state)
    return FALSE;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
  return TRUE;
}

gboolean
gh_machine_set_title (GhMachine  *self,
                      const char *title)
{
  self->title_known = TRUE;
  if (g_strcmp0 (self->title, title) == 0)
    return FALSE;

  g_free (self->title);
  self->title = g_strdup (title);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LABEL]);
  return TRUE;
}

/* What our metadata says of it. */
gboolean
gh_machine_set_mark (GhMachine           *self,
                     const GhMachineMark *mark)
{
  gboolean changed = FALSE;

  if (self->kind != mark->kind)
    {
      self->kind = mark->kind;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_KIND]);
      changed = TRUE;
    }
  if (g_strcmp0 (self->parent_uuid, mark->parent_uuid) != 0)
    {
      g_free (self->parent_uuid);
      self->parent_uuid = g_strdup (mark->parent_uuid);
    }
  if (g_strcmp0 (self->parent_name, mark->parent_name) != 0)
    {
      g_free (self->parent_name);
      self->parent_name = g_strdup (mark->parent_name);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PARENT_NAME]);
      changed = TRUE;
    }
  if (g_strcmp0 (self->left_uri, mark->left_uri) != 0)
    {
      g_free (self->left_uri);
      self->left_uri = g_strdup (mark->left_uri);
      changed = TRUE;
    }
  return changed;
}

void
gh_machine_set_size (GhMachine *self,
                     guint      n_cpus,
                     guint64    memory_kib)
{
  if (n_cpus == 0)
    return;
  self->n_cpus = n_cpus;
  self->memory_kib = memory_kib;
}

gboolean
gh_machine_needs_title (GhMachine *self)
{
  return !self->title_known;
}

void
gh_machine_set_started (GhMachine *self,
                        gint64     started_us)
{
  self->started_us = started_us;
}

gboolean
gh_machine_knows_start (GhMachine *self)
{
  return self->started_us != 0;
}

/* Lists and titles do not listen to each of thousands of machines, but to their host. */
static void
tell_changed (GhMachine *self)
{
  g_autoptr (GPtrArray) machines = g_ptr_array_new ();
  GhMachineChanges changes = { .changed = machines };

  g_ptr_array_add (machines, self);
  if (self->host != NULL)
    g_signal_emit_by_name (self->host, "machines-changed", &changes);
}

void
gh_machine_set_busy (GhMachine  *self,
                     const char *text)
{
  if (g_strcmp0 (self->busy_text, text) == 0)
    return;

  g_free (self->busy_text);
  self->busy_text = g_strdup (text);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUSY_TEXT]);
  tell_changed (self);
}

void
gh_machine_set_gone (GhMachine *self)
{
  if (self->host == NULL)
    return;

  self->host = NULL;
  g_signal_emit (self, signals[GONE], 0);
}

gboolean
gh_machine_add_cpu (GhMachine *self,
                    guint64    cpu_ns,
                    gint64     time_us)
{
  if (self->figures == NULL)
    self->figures = gh_figures_new ();
  return gh_figures_add (self->figures, cpu_ns, time_us, self->n_cpus);
}

/**
 * gh_machine_get_host:
 * @self: a machine
 *
 * Returns: (transfer none) (nullable): its host; %NULL once it is gone from there
 */
GhHost *
gh_machine_get_host (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return self->host;
}

const char *
gh_machine_get_uuid (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return self->uuid;
}

const char *
gh_machine_get_name (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return self->name;
}

const char *
gh_machine_get_title (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return self->title;
}

const char *
gh_machine_get_label (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return self->title != NULL ? self->title : self->name;
}

/**
 * gh_machine_get_kind:
 * @self: a machine
 *
 * Returns: what it is to us, by our metadata; ordinary until that was read
 */
GhMachineKind
gh_machine_get_kind (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), GH_MACHINE_ORDINARY);

  return self->kind;
}

/**
 * gh_machine_get_left_uri:
 * @self: a machine
 *
 * Returns: (nullable): a host where it left files when it moved away
 */
const char *
gh_machine_get_left_uri (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return self->left_uri;
}

/**
 * gh_machine_get_parent_name:
 * @self: a machine
 *
 * Returns: (nullable): what it was cloned from, or is a trial of, was called then
 */
const char *
gh_machine_get_parent_name (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return self->parent_name;
}

const char *
gh_machine_get_parent_uuid (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return self->parent_uuid;
}

GhMachineState
gh_machine_get_state (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), GH_MACHINE_UNKNOWN);

  return self->state;
}

const char *
gh_machine_get_state_text (GhMachine *self)
{
  static const char *const texts[] = {
    [GH_MACHINE_OFF] = NC_("machine state", "Off"),
    [GH_MACHINE_SAVED] = NC_("machine state", "Saved"),
    [GH_MACHINE_RUNNING] = NC_("machine state", "Running"),
    [GH_MACHINE_PAUSED] = NC_("machine state", "Paused"),
    [GH_MACHINE_SUSPENDED] = NC_("machine state", "Asleep"),
    [GH_MACHINE_STOPPING] = NC_("machine state", "Shutting down"),
    [GH_MACHINE_CRASHED] = NC_("machine state", "Crashed"),
    [GH_MACHINE_UNKNOWN] = NC_("machine state", "Unknown"),
  };

  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return g_dpgettext2 (GETTEXT_PACKAGE, "machine state", texts[self->state]);
}

gboolean
gh_machine_is_active (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), FALSE);

  return self->state == GH_MACHINE_RUNNING || self->state == GH_MACHINE_PAUSED ||
         self->state == GH_MACHINE_SUSPENDED || self->state == GH_MACHINE_STOPPING ||
         (self->state == GH_MACHINE_CRASHED && self->id >= 0);
}

gboolean
gh_machine_is_in_parts (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), FALSE);

  return self->in_parts && gh_machine_is_active (self);
}

gboolean
gh_machine_exists (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), FALSE);

  return self->host != NULL;
}

int
gh_machine_get_id (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), -1);

  return self->id;
}

const char *
gh_machine_get_busy_text (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), NULL);

  return self->busy_text;
}

/**
 * gh_machine_can:
 * @self: a machine
 * @action: what might be asked of it
 *
 * Returns: whether that makes sense in its present state
 */
gboolean
gh_machine_can (GhMachine       *self,
                GhMachineAction  action)
{
  GhMachineState state;

  g_return_val_if_fail (GH_IS_MACHINE (self), FALSE);

  state = self->state;
  if (self->host == NULL || (self->busy_text != NULL && action != GH_MACHINE_FORCE_OFF))
    return FALSE;

  switch (action)
    {
    case GH_MACHINE_START:
      return state == GH_MACHINE_OFF || state == GH_MACHINE_SAVED ||
             (state == GH_MACHINE_CRASHED && self->id < 0);
    case GH_MACHINE_PAUSE:
      return state == GH_MACHINE_RUNNING;
    case GH_MACHINE_RESUME:
      return state == GH_MACHINE_PAUSED || state == GH_MACHINE_SUSPENDED;
    case GH_MACHINE_SHUT_DOWN:
    case GH_MACHINE_REBOOT:
      return state == GH_MACHINE_RUNNING;
    case GH_MACHINE_RESET:
      return state == GH_MACHINE_RUNNING || state == GH_MACHINE_PAUSED;
    case GH_MACHINE_FORCE_OFF:
      return gh_machine_is_active (self);
    case GH_MACHINE_SAVE:
      return (state == GH_MACHINE_RUNNING || state == GH_MACHINE_PAUSED) && !self->transient;
    case GH_MACHINE_DISCARD_SAVED:
      return state == GH_MACHINE_SAVED;
    case GH_MACHINE_N_ACTIONS:
    default:
      return FALSE;
    }
}

/**
 * gh_machine_get_cpu_samples:
 * @self: a machine
 * @samples: (out caller-allocates): room for @n_samples
 * @n_samples: how many at most
 *
 * Returns: how many of the newest samples were written, oldest first
 */
guint
gh_machine_get_cpu_samples (GhMachine *self,
                            float     *samples,
                            guint      n_samples)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), 0);

  return self->figures != NULL ? gh_figures_get_cpu (self->figures, samples, n_samples) : 0;
}

double
gh_machine_get_cpu_share (GhMachine *self)
{
  float sample = -1;

  g_return_val_if_fail (GH_IS_MACHINE (self), -1);

  if (self->figures == NULL || !gh_machine_is_active (self) ||
      gh_figures_get_cpu (self->figures, &sample, 1) == 0)
    return -1;
  return sample;
}

/**
 * gh_machine_get_n_cpus:
 * @self: a machine
 *
 * Returns: how many CPUs it has; 0 until that was read, which happens in the
 *   background after the first list
 */
guint
gh_machine_get_n_cpus (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), 0);

  return self->n_cpus;
}

guint64
gh_machine_get_memory_kib (GhMachine *self)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), 0);

  return self->memory_kib;
}

gint64
gh_machine_get_uptime (GhMachine *self,
                       gboolean  *exact)
{
  g_return_val_if_fail (GH_IS_MACHINE (self), -1);

  if (exact != NULL)
    *exact = self->started_us != 0;
  if (!gh_machine_is_active (self))
    return -1;
  if (self->started_us != 0)
    return MAX (g_get_real_time () - self->started_us, 0) / G_USEC_PER_SEC;
  if (self->first_seen_us == 0)
    return -1;
  return (g_get_monotonic_time () - self->first_seen_us) / G_USEC_PER_SEC;
}
