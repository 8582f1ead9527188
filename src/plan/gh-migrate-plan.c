/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The plan that moves a machine: its properties, what it found, and how far it is. What is wanted
 * of single disks and networks is in gh-migrate-inputs.c, how it is prepared in
 * gh-migrate-readings.c, what is done while it moves in gh-migrate-actions.c. */

#define G_LOG_DOMAIN "gh-migrate-plan"

#include "config.h"

#include "gh-migrate-plan-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-migrate-explain.h"
#include "gh-migration-xml.h"

/* For estimates; the pause is QEMU's own default. */
#define BYTES_PER_S (100.0 * 1024 * 1024)
#define LOCAL_BYTES_PER_S (400.0 * 1024 * 1024)
#define PAUSE_MS 300
/* An end is not in sight when so many rounds were made, and memory changes about as fast as it is
 * sent: a guest that rewrites the same memory all the time makes the two equal. */
#define STUCK_ROUNDS 5
#define STUCK_SHARE 0.8
/* Even a slow line brings something in so many seconds. */
#define SILENT_S 5

G_DEFINE_FINAL_TYPE (GhMigratePlan, gh_migrate_plan, GH_TYPE_PLAN)

enum
{
  PROP_0,
  PROP_MACHINE,
  PROP_DESTINATION,
  PROP_LIVE,
  PROP_TEMPORARY,
  PROP_NAME,
  PROP_PRESET,
  PROP_ROUTE,
  PROP_AUTO_CONVERGE,
  PROP_POST_COPY,
  PROP_PARALLEL,
  PROP_TLS,
  PROP_CONNECTIONS,
  PROP_COMPRESSION,
  PROP_BANDWIDTH,
  PROP_DOWNTIME,
  PROP_ADDRESS,
  PROP_DISKS_ADDRESS,
  PROP_REMOVE_SOURCE,
  PROP_LOADING,
  PROP_SERIAL,
  PROP_PROGRESS,
  PROP_BANDWIDTH_NOW,
  PROP_STUCK,
  PROP_SILENT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* Properties that are options of the rules. */
static const struct
{
  guint            prop_id;
  GhMigrateOption  option;
  const char      *name;
} rows[] = {
  { PROP_LIVE, GH_MIGRATE_OPTION_LIVE, "live" },
  { PROP_TEMPORARY, GH_MIGRATE_OPTION_TEMPORARY, "temporary" },
  { PROP_ROUTE, GH_MIGRATE_OPTION_ROUTE, "route" },
  { PROP_AUTO_CONVERGE, GH_MIGRATE_OPTION_AUTO_CONVERGE, "auto-converge" },
  { PROP_POST_COPY, GH_MIGRATE_OPTION_POST_COPY, "post-copy" },
  { PROP_PARALLEL, GH_MIGRATE_OPTION_PARALLEL, "parallel" },
  { PROP_TLS, GH_MIGRATE_OPTION_TLS, "tls" },
  { PROP_CONNECTIONS, GH_MIGRATE_OPTION_CONNECTIONS, "connections" },
  { PROP_COMPRESSION, GH_MIGRATE_OPTION_COMPRESSION, "compression" },
  { PROP_BANDWIDTH, GH_MIGRATE_OPTION_BANDWIDTH, "bandwidth" },
  { PROP_DOWNTIME, GH_MIGRATE_OPTION_DOWNTIME, "downtime" },
};

static int *
find_value (GhMigratePlan *self,
            guint          prop_id)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].prop_id == prop_id)
      return &self->inputs.choice.values[rows[i].option];
  return NULL;
}

static char **
find_string (GhMigratePlan *self,
             guint          prop_id)
{
  switch (prop_id)
    {
    case PROP_NAME:
      return &self->inputs.name;
    case PROP_ADDRESS:
      return &self->inputs.address;
    case PROP_DISKS_ADDRESS:
      return &self->inputs.disks_address;
    default:
      return NULL;
    }
}

static char *
dup_title (GhPlan *plan)
{
  GhMigratePlan *self = GH_MIGRATE_PLAN (plan);

  if (self->destination == NULL)
    return g_strdup_printf (_("Move “%s”"), gh_machine_get_name (self->machine));
  return g_strdup_printf (_("Move “%s” to %s"), gh_machine_get_name (self->machine),
                          gh_host_get_label (self->destination));
}

/* Progress */

static void
set_stuck (GhMigratePlan *self,
           gboolean       stuck)
{
  if (self->stuck == stuck)
    return;
  self->stuck = stuck;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STUCK]);
}

static void
set_silent (GhMigratePlan *self,
            gboolean       silent)
{
  if (self->silent == silent)
    return;
  self->silent = silent;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SILENT]);
}

static void
set_progress (GhMigratePlan             *self,
              const GhMigrationProgress *progress)
{
  gboolean silent = FALSE;

  g_clear_pointer (&self->progress, gh_migration_progress_free);
  self->progress = progress != NULL ? gh_migration_progress_copy (progress) : NULL;
  set_stuck (self, progress != NULL && progress->phase == GH_MIGRATION_MEMORY &&
             progress->iteration >= STUCK_ROUNDS && progress->dirty_rate > 0 &&
             (double) progress->dirty_rate >= STUCK_SHARE * (double) progress->memory_rate);
  silent = progress != NULL && progress->phase == GH_MIGRATION_POST_COPY &&
           progress->silent_s >= SILENT_S;
  self->recovering = self->recovering && silent;
  set_silent (self, silent);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
}

static void
progress_cb (GhMigratePlan *self)
{
  set_progress (self, gh_migration_get_progress (gh_migrate_step_get_migration (self->step)));
}

static void
state_cb (GhMigratePlan *self)
{
  if (gh_plan_get_state (GH_PLAN (self)) == GH_PLAN_RUNNING)
    return;
  self->slowed = FALSE;
  self->recovering = FALSE;
  self->bandwidth_set = -1;
  gh_migrate_plan_set_bandwidth_now (self, -1);
  g_clear_pointer (&self->slow_problem, g_free);
  if (self->progress != NULL)
    set_progress (self, NULL);
}

/* Facts */

/* What is off goes through this computer, and comes back to be compared. */
static void
estimate (GhMigratePlan *self)
{
  gboolean live = self->inputs.choice.values[GH_MIGRATE_OPTION_LIVE] != 0;
  guint64 disks = gh_migrate_get_disk_bytes (&self->facts);
  guint64 bytes = live ? disks + gh_domain_xml_get_memory_kib (self->facts.xml) * 1024
                       : disks * 2;
  gboolean near = gh_host_is_local (self->destination) &&
                  gh_host_is_local (gh_plan_get_host (GH_PLAN (self)));
  double measured = self->facts.rates[live ? GH_LINE_LIVE : GH_LINE_OFF];
  guint limit_mib = (guint) self->inputs.choice.values[GH_MIGRATE_OPTION_BANDWIDTH];
  guint downtime_ms = (guint) self->inputs.choice.values[GH_MIGRATE_OPTION_DOWNTIME];

  self->rate = measured > 0.0 ? measured : near ? LOCAL_BYTES_PER_S : BYTES_PER_S;
  self->rate_source = measured > 0.0 ? GH_MIGRATE_RATE_MEASURED : GH_MIGRATE_RATE_ASSUMED;
  if (live && limit_mib > 0 && limit_mib * 1024.0 * 1024.0 < self->rate)
    {
      self->rate = limit_mib * 1024.0 * 1024.0;
      self->rate_source = GH_MIGRATE_RATE_LIMIT;
    }
  self->seconds = (double) bytes / self->rate;
  self->pause = (downtime_ms > 0 ? downtime_ms : PAUSE_MS) / 1000.0;
}

static void
propose_live (GhMigratePlan *self)
{
  gboolean active = self->facts.source->presence.active;
  int *live = &self->inputs.choice.values[GH_MIGRATE_OPTION_LIVE];

  self->inputs.choice.is_running = active;
  if (self->inputs.live_set || *live == active)
    return;
  *live = active;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LIVE]);
}

void
gh_migrate_plan_take_facts (GhMigratePlan  *self,
                            GhMigrateFacts *facts,
                            GhPlanDraft    *draft)
{
  g_autoptr (GError) error = NULL;

  gh_migrate_facts_clear (&self->facts);
  self->facts = *facts;
  memset (facts, 0, sizeof *facts);
  if (self->step != NULL)
    g_signal_handlers_disconnect_by_data (self->step, self);
  g_clear_object (&self->step);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  g_clear_pointer (&self->networks, g_ptr_array_unref);
  self->disks = gh_migrate_dup_disks (&self->facts);
  self->networks = gh_migrate_dup_networks (&self->inputs, &self->facts);
  propose_live (self);
  estimate (self);
  gh_migrate_check_all (self, draft);
  if (!gh_migrate_add_steps (self, draft, &error))
    {
      /* Steps that were begun with are of no use without the rest. */
      g_ptr_array_set_size (draft->steps, 0);
      gh_plan_draft_add_check (draft, gh_check_new (GH_CHECK_REFUSAL, "change-impossible",
                                                    error->message, NULL));
    }
  if (self->step != NULL)
    g_signal_connect_object (self->step, "progress", G_CALLBACK (progress_cb), self,
                             G_CONNECT_SWAPPED);
  self->serial++;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SERIAL]);
}

/* What is chosen of how memory is sent does not matter where none is, and is proposed before it is
 * known whether the machine runs. */
static void
forget_run (GhMigrateChoice *choice)
{
  static const GhMigrateOption options[] = {
    GH_MIGRATE_OPTION_ROUTE, GH_MIGRATE_OPTION_AUTO_CONVERGE, GH_MIGRATE_OPTION_POST_COPY,
    GH_MIGRATE_OPTION_PARALLEL, GH_MIGRATE_OPTION_CONNECTIONS, GH_MIGRATE_OPTION_COMPRESSION,
    GH_MIGRATE_OPTION_BANDWIDTH, GH_MIGRATE_OPTION_DOWNTIME, GH_MIGRATE_OPTION_TLS,
    GH_MIGRATE_OPTION_ADDRESS,
  };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    choice->values[options[i]] = 0;
}

GhMigrateChoice
gh_migrate_plan_get_choice (GhMigratePlan *self)
{
  GhMigrateChoice choice = self->inputs.choice;
  g_autofree char *address = gh_migrate_plan_dup_address (self);

  if (self->facts.source == NULL)
    {
      choice.is_running = gh_machine_is_active (self->machine);
      if (!self->inputs.live_set)
        choice.values[GH_MIGRATE_OPTION_LIVE] = choice.is_running;
    }
  choice.values[GH_MIGRATE_OPTION_COPY_DISKS] = gh_migrate_has_copies (&self->facts);
  if (address == NULL || !g_str_has_prefix (address, "unix:"))
    choice.values[GH_MIGRATE_OPTION_ADDRESS] = self->inputs.address != NULL;
  else if (choice.values[GH_MIGRATE_OPTION_LIVE] != 0)
    choice.values[GH_MIGRATE_OPTION_ADDRESS] = self->inputs.address != NULL ? 2 : 3;
  else
    choice.values[GH_MIGRATE_OPTION_ADDRESS] = 0;
  choice.values[GH_MIGRATE_OPTION_PRESET] = (int) gh_migrate_rules_find_preset (&choice);
  if (choice.values[GH_MIGRATE_OPTION_LIVE] == 0)
    forget_run (&choice);
  return choice;
}

/* Class */

static void
gh_migrate_plan_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  GhMigratePlan *self = GH_MIGRATE_PLAN (object);
  GhMigrateChoice choice = gh_migrate_plan_get_choice (self);
  int *number = find_value (self, prop_id);

  if (number != NULL)
    {
      int current = prop_id == PROP_LIVE ? choice.values[GH_MIGRATE_OPTION_LIVE] : *number;

      if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
        g_value_set_boolean (value, current != 0);
      else if (G_IS_PARAM_SPEC_UINT (pspec))
        g_value_set_uint (value, (guint) current);
      else
        g_value_set_int (value, current);
      return;
    }
  switch (prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case PROP_DESTINATION:
      g_value_set_object (value, self->destination);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->inputs.name != NULL ? self->inputs.name
                                                           : gh_machine_get_name (self->machine));
      break;
    case PROP_ADDRESS:
    case PROP_DISKS_ADDRESS:
      g_value_set_string (value, *find_string (self, prop_id));
      break;
    case PROP_PRESET:
      g_value_set_int (value, choice.values[GH_MIGRATE_OPTION_PRESET]);
      break;
    case PROP_REMOVE_SOURCE:
      g_value_set_boolean (value, self->inputs.remove_source);
      break;
    case PROP_LOADING:
      g_value_set_boolean (value, self->loading);
      break;
    case PROP_SERIAL:
      g_value_set_uint (value, self->serial);
      break;
    case PROP_PROGRESS:
      g_value_set_boxed (value, self->progress);
      break;
    case PROP_BANDWIDTH_NOW:
      g_value_set_uint (value, (guint) (self->bandwidth_now >= 0 ? self->bandwidth_now
                                        : self->inputs.choice.values[GH_MIGRATE_OPTION_BANDWIDTH]));
      break;
    case PROP_STUCK:
      g_value_set_boolean (value, self->stuck);
      break;
    case PROP_SILENT:
      g_value_set_boolean (value, self->silent);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
changed (GhMigratePlan *self,
         GParamSpec    *pspec)
{
  gh_plan_invalidate (GH_PLAN (self));
  if (pspec != NULL)
    g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
set_preset (GhMigratePlan   *self,
            GhMigratePreset  preset)
{
  GhMigrateChoice before = self->inputs.choice;

  gh_migrate_rules_apply_preset (&self->inputs.choice, preset);
  if (memcmp (&before, &self->inputs.choice, sizeof before) == 0)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (before.values[rows[i].option] != self->inputs.choice.values[rows[i].option])
      g_object_notify_by_pspec (G_OBJECT (self), properties[rows[i].prop_id]);
  changed (self, properties[PROP_PRESET]);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
set_value (GhMigratePlan *self,
           GParamSpec    *pspec,
           guint          prop_id,
           int            value)
{
  int *number = find_value (self, prop_id);
  gboolean newly_set = prop_id == PROP_LIVE && !self->inputs.live_set;

  if (prop_id == PROP_LIVE)
    self->inputs.live_set = TRUE;
  if (*number == value && !newly_set)
    return;
  *number = value;
  changed (self, pspec);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PRESET]);
}

static void
set_string (GhMigratePlan *self,
            GParamSpec    *pspec,
            guint          prop_id,
            const char    *value)
{
  char **slot = find_string (self, prop_id);

  if (value != NULL && *value == '\0')
    value = NULL;
  /* Its own name is no other name. */
  if (prop_id == PROP_NAME && g_strcmp0 (value, gh_machine_get_name (self->machine)) == 0)
    value = NULL;
  if (g_strcmp0 (*slot, value) == 0)
    return;
  g_free (*slot);
  *slot = g_strdup (value);
  changed (self, pspec);
}

static int
get_number (const GValue *value)
{
  if (G_VALUE_HOLDS_BOOLEAN (value))
    return g_value_get_boolean (value);
  return G_VALUE_HOLDS_UINT (value) ? (int) MIN (g_value_get_uint (value), G_MAXINT)
                                    : g_value_get_int (value);
}

static void
gh_migrate_plan_set_property (GObject      *object,
                              guint         prop_id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  GhMigratePlan *self = GH_MIGRATE_PLAN (object);

  if (find_value (self, prop_id) != NULL)
    {
      set_value (self, pspec, prop_id, get_number (value));
      return;
    }
  if (find_string (self, prop_id) != NULL)
    {
      set_string (self, pspec, prop_id, g_value_get_string (value));
      return;
    }
  switch (prop_id)
    {
    case PROP_MACHINE:
      self->machine = g_value_dup_object (value);
      break;
    case PROP_DESTINATION:
      if (!g_set_object (&self->destination, g_value_get_object (value)))
        return;
      /* What was found is of another host. */
      gh_migrate_facts_clear (&self->facts);
      changed (self, pspec);
      break;
    case PROP_PRESET:
      set_preset (self, (GhMigratePreset) g_value_get_int (value));
      break;
    case PROP_REMOVE_SOURCE:
      if (self->inputs.remove_source == g_value_get_boolean (value))
        return;
      self->inputs.remove_source = g_value_get_boolean (value);
      changed (self, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_migrate_plan_finalize (GObject *object)
{
  GhMigratePlan *self = GH_MIGRATE_PLAN (object);

  g_clear_object (&self->step);
  gh_migrate_facts_clear (&self->facts);
  g_clear_object (&self->machine);
  g_clear_object (&self->destination);
  g_free (self->inputs.name);
  g_free (self->inputs.address);
  g_free (self->inputs.disks_address);
  g_free (self->inputs.pool_for_all);
  g_hash_table_unref (self->inputs.modes);
  g_hash_table_unref (self->inputs.pools);
  g_hash_table_unref (self->inputs.paths);
  g_hash_table_unref (self->inputs.networks);
  g_hash_table_unref (self->inputs.dropped);
  g_free (self->inputs.cpu);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  g_clear_pointer (&self->networks, g_ptr_array_unref);
  g_clear_pointer (&self->progress, gh_migration_progress_free);
  g_free (self->token);
  g_free (self->slow_problem);
  G_OBJECT_CLASS (gh_migrate_plan_parent_class)->finalize (object);
}

static void
explain_async (GhPlan              *plan,
               GhStep              *step,
               const GError        *error,
               GAsyncReadyCallback  callback,
               gpointer             user_data)
{
  GhMigratePlan *self = GH_MIGRATE_PLAN (plan);

  gh_migrate_explain_async (plan, step, error, gh_machine_get_name (self->machine),
                            self->destination, callback, user_data);
}

static void
install_options (void)
{
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    switch (rows[i].option)
      {
      case GH_MIGRATE_OPTION_ROUTE:
        properties[rows[i].prop_id] = g_param_spec_int (rows[i].name, NULL, NULL, 0,
                                                        GH_MIGRATE_N_ROUTES - 1, 0, flags);
        break;
      case GH_MIGRATE_OPTION_COMPRESSION:
        properties[rows[i].prop_id] = g_param_spec_int (rows[i].name, NULL, NULL, 0,
                                                        GH_MIGRATE_N_COMPRESSIONS - 1, 0, flags);
        break;
      case GH_MIGRATE_OPTION_CONNECTIONS:
      case GH_MIGRATE_OPTION_BANDWIDTH:
      case GH_MIGRATE_OPTION_DOWNTIME:
        properties[rows[i].prop_id] = g_param_spec_uint (rows[i].name, NULL, NULL, 0, 1000000, 0,
                                                         flags);
        break;
      default:
        properties[rows[i].prop_id] =
          g_param_spec_boolean (rows[i].name, NULL, NULL,
                                rows[i].option == GH_MIGRATE_OPTION_AUTO_CONVERGE, flags);
      }
}

static GhHost *
get_asked (GhPlan *plan)
{
  return gh_migrate_plan_get_destination (GH_MIGRATE_PLAN (plan));
}

static void
gh_migrate_plan_class_init (GhMigratePlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = gh_migrate_plan_get_property;
  object_class->set_property = gh_migrate_plan_set_property;
  object_class->finalize = gh_migrate_plan_finalize;
  plan_class->kind = "migrate";
  plan_class->verb = N_("Move");
  plan_class->dup_title = dup_title;
  plan_class->get_asked = get_asked;
  plan_class->prepare_async = gh_migrate_plan_prepare_async;
  plan_class->explain_async = explain_async;

  install_options ();
  properties[PROP_MACHINE] = g_param_spec_object ("machine", NULL, NULL, GH_TYPE_MACHINE,
                                                  G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                  G_PARAM_STATIC_STRINGS);
  properties[PROP_DESTINATION] = g_param_spec_object ("destination", NULL, NULL, GH_TYPE_HOST,
                                                      flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, flags);
  properties[PROP_DISKS_ADDRESS] = g_param_spec_string ("disks-address", NULL, NULL, NULL, flags);
  properties[PROP_PRESET] = g_param_spec_int ("preset", NULL, NULL, 0, GH_MIGRATE_N_PRESETS - 1,
                                              GH_MIGRATE_SAFE, flags);
  properties[PROP_REMOVE_SOURCE] = g_param_spec_boolean ("remove-source", NULL, NULL, FALSE, flags);
  properties[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, readable);
  properties[PROP_SERIAL] = g_param_spec_uint ("serial", NULL, NULL, 0, G_MAXUINT, 0, readable);
  properties[PROP_PROGRESS] = g_param_spec_boxed ("progress", NULL, NULL,
                                                  GH_TYPE_MIGRATION_PROGRESS, readable);
  properties[PROP_BANDWIDTH_NOW] = g_param_spec_uint ("bandwidth-now", NULL, NULL, 0, 1000000, 0,
                                                      readable);
  properties[PROP_STUCK] = g_param_spec_boolean ("stuck", NULL, NULL, FALSE, readable);
  properties[PROP_SILENT] = g_param_spec_boolean ("silent", NULL, NULL, FALSE, readable);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
bandwidth_cb (GhMigratePlan *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BANDWIDTH_NOW]);
}

static void
gh_migrate_plan_init (GhMigratePlan *self)
{
  g_autofree char *uuid = g_uuid_string_random ();

  gh_migrate_rules_apply_preset (&self->inputs.choice, GH_MIGRATE_SAFE);
  self->inputs.modes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->inputs.pools = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->inputs.paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->inputs.networks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->inputs.dropped = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->token = g_strndup (uuid, 8);
  self->seconds = self->pause = -1.0;
  self->bandwidth_now = self->bandwidth_set = -1;
  g_signal_connect (self, "notify::bandwidth", G_CALLBACK (bandwidth_cb), NULL);
  g_signal_connect (self, "notify::state", G_CALLBACK (state_cb), NULL);
}

void
gh_migrate_plan_set_loading (GhMigratePlan *self,
                             gboolean       loading)
{
  if (self->loading == loading)
    return;
  self->loading = loading;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
}

void
gh_migrate_plan_set_bandwidth_now (GhMigratePlan *self,
                                   int            mib_per_s)
{
  if (self->bandwidth_now == mib_per_s)
    return;
  self->bandwidth_now = mib_per_s;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BANDWIDTH_NOW]);
}

GhMigratePlan *
gh_migrate_plan_new (GhMachine *machine,
                     GhHost    *destination)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  return g_object_new (GH_TYPE_MIGRATE_PLAN, "machine", machine, "host",
                       gh_machine_get_host (machine), "destination", destination, NULL);
}

GhMachine *
gh_migrate_plan_get_machine (GhMigratePlan *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), NULL);

  return self->machine;
}

GhHost *
gh_migrate_plan_get_destination (GhMigratePlan *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), NULL);

  return self->destination;
}

const char *
gh_migrate_plan_find_problem (GhMigratePlan   *self,
                              GhMigrateOption  option,
                              int              value)
{
  GhMigrateChoice choice;

  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), NULL);

  choice = gh_migrate_plan_get_choice (self);
  return gh_migrate_rules_find_problem (&choice, option, value);
}

GPtrArray *
gh_migrate_plan_get_disks (GhMigratePlan *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), NULL);

  return self->disks;
}

GStrv
gh_migrate_plan_dup_devices (GhMigratePlan *self)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GPtrArray) blockers = NULL;

  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), NULL);

  blockers = self->facts.xml != NULL ? gh_domain_xml_list_blockers (self->facts.xml) : NULL;
  for (guint i = 0; blockers != NULL && i < blockers->len; i++)
    {
      const GhBlocker *blocker = g_ptr_array_index (blockers, i);

      if (blocker->name != NULL)
        g_strv_builder_add (names, blocker->name);
    }
  return g_strv_builder_end (names);
}

GPtrArray *
gh_migrate_plan_get_networks (GhMigratePlan *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), NULL);

  return self->networks;
}

GPtrArray *
gh_migrate_plan_get_pools (GhMigratePlan *self)
{
  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), NULL);

  return self->facts.pools;
}

GPtrArray *
gh_migrate_plan_dup_there (GhMigratePlan *self,
                           const char    *type)
{
  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self) && type != NULL, NULL);

  return gh_migrate_dup_there (&self->facts, type);
}

double
gh_migrate_plan_get_estimate (GhMigratePlan *self,
                              double        *pause)
{
  g_return_val_if_fail (GH_IS_MIGRATE_PLAN (self), -1.0);

  if (pause != NULL)
    *pause = self->pause;
  return self->seconds;
}
