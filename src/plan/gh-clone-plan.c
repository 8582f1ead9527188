/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The plan that clones a machine: its inputs and what it found. How it is prepared is in
 * gh-clone-readings.c, what becomes of disks in gh-clone-disks.c. */

#define G_LOG_DOMAIN "gh-clone-plan"

#include "config.h"

#include "gh-clone-plan-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "gh-snapshot-xml.h"

G_DEFINE_FINAL_TYPE (GhClonePlan, gh_clone_plan, GH_TYPE_PLAN)

enum
{
  PROP_0,
  PROP_MACHINE,
  PROP_NAME,
  PROP_COPIES,
  PROP_FIRST_NUMBER,
  PROP_START,
  PROP_LINKED,
  PROP_PARENT,
  PROP_FLATTEN,
  PROP_KEEP_SNAPSHOTS,
  PROP_KEEP_FINISHED,
  PROP_POOL,
  PROP_TPM,
  PROP_SET_HOSTNAME,
  PROP_SYSPREP,
  PROP_SEED,
  PROP_SYSPREP_OPERATIONS,
  PROP_USER_DATA,
  PROP_TRIAL,
  PROP_NETWORK,
  PROP_SNAPSHOT,
  PROP_LOADING,
  PROP_DISKS_SERIAL,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
dup_title (GhPlan *plan)
{
  GhClonePlan *self = GH_CLONE_PLAN (plan);
  const char *name = gh_machine_get_name (self->machine);
  guint n = self->inputs.copies;

  if (self->inputs.trial)
    return g_strdup_printf (_("Try “%s” in a copy"), name);
  if (n == 1)
    return g_strdup_printf (_("Clone “%s”"), name);
  return g_strdup_printf (ngettext ("Clone “%s” %u time", "Clone “%s” %u times", n), name, n);
}

static gboolean
keeps_finished (GhPlan *plan)
{
  return GH_CLONE_PLAN (plan)->inputs.keep_finished;
}

/* Where the value of each property is, for those that are only kept. */

static gboolean *
find_boolean (GhClonePlan *self,
              guint        prop_id)
{
  switch (prop_id)
    {
    case PROP_START:
      return &self->inputs.start;
    case PROP_LINKED:
      return &self->inputs.linked;
    case PROP_FLATTEN:
      return &self->inputs.flatten;
    case PROP_KEEP_SNAPSHOTS:
      return &self->inputs.keep_snapshots;
    case PROP_KEEP_FINISHED:
      return &self->inputs.keep_finished;
    case PROP_SET_HOSTNAME:
      return &self->inputs.set_hostname;
    case PROP_SYSPREP:
      return &self->inputs.sysprep;
    case PROP_SEED:
      return &self->inputs.seed;
    case PROP_TRIAL:
      return &self->inputs.trial;
    case PROP_NETWORK:
      return &self->inputs.network;
    default:
      return NULL;
    }
}

static char **
find_string (GhClonePlan *self,
             guint        prop_id)
{
  switch (prop_id)
    {
    case PROP_NAME:
      return &self->inputs.name;
    case PROP_POOL:
      return &self->inputs.pool;
    case PROP_SYSPREP_OPERATIONS:
      return &self->inputs.sysprep_operations;
    case PROP_USER_DATA:
      return &self->inputs.user_data;
    case PROP_SNAPSHOT:
      return &self->inputs.snapshot;
    default:
      return NULL;
    }
}

/* What the user sees as the name: what was set, else what is proposed. */
static char *
dup_shown_name (GhClonePlan *self)
{
  const char *source = gh_machine_get_name (self->machine);

  if (self->inputs.name != NULL)
    return g_strdup (self->inputs.name);
  if (self->facts.names != NULL && self->inputs.copies == 1)
    return g_strdup (self->facts.names[0]);
  return gh_clone_propose_pattern (source, self->inputs.first_number, self->inputs.copies,
                                   self->inputs.trial, NULL);
}

static void
gh_clone_plan_get_property (GObject    *object,
                            guint       prop_id,
                            GValue     *value,
                            GParamSpec *pspec)
{
  GhClonePlan *self = GH_CLONE_PLAN (object);

  if (find_boolean (self, prop_id) != NULL)
    {
      g_value_set_boolean (value, *find_boolean (self, prop_id));
      return;
    }
  if (find_string (self, prop_id) != NULL && prop_id != PROP_NAME)
    {
      g_value_set_string (value, *find_string (self, prop_id));
      return;
    }
  switch (prop_id)
    {
    case PROP_MACHINE:
      g_value_set_object (value, self->machine);
      break;
    case PROP_NAME:
      g_value_take_string (value, dup_shown_name (self));
      break;
    case PROP_COPIES:
      g_value_set_uint (value, self->inputs.copies);
      break;
    case PROP_FIRST_NUMBER:
      g_value_set_uint (value, self->inputs.first_number);
      break;
    case PROP_PARENT:
      g_value_set_int (value, (int) self->inputs.parent);
      break;
    case PROP_TPM:
      g_value_set_int (value, (int) self->inputs.tpm);
      break;
    case PROP_LOADING:
      g_value_set_boolean (value, self->loading);
      break;
    case PROP_DISKS_SERIAL:
      g_value_set_uint (value, self->serial);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
changed (GhClonePlan *self,
         GParamSpec  *pspec)
{
  gh_plan_invalidate (GH_PLAN (self));
  if (pspec != NULL)
    g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
set_string (GhClonePlan *self,
            guint        prop_id,
            const char  *value)
{
  char **slot = find_string (self, prop_id);
  g_autofree char *shown = prop_id == PROP_NAME ? dup_shown_name (self) : NULL;

  if (value != NULL && *value == '\0' && prop_id != PROP_NAME)
    value = NULL;
  if (g_strcmp0 (*slot, value) == 0)
    return;
  /* A binding that hands back what is proposed does not turn it into the user's wish. */
  if (prop_id == PROP_NAME && *slot == NULL && g_strcmp0 (shown, value) == 0)
    return;
  g_free (*slot);
  *slot = g_strdup (value);
  changed (self, properties[prop_id]);
}

static void
set_number (GhClonePlan *self,
            guint        prop_id,
            guint       *slot,
            guint        value)
{
  if (*slot == value)
    return;
  *slot = value;
  changed (self, properties[prop_id]);
  if (prop_id == PROP_COPIES && self->inputs.name == NULL)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

static void
gh_clone_plan_set_property (GObject      *object,
                            guint         prop_id,
                            const GValue *value,
                            GParamSpec   *pspec)
{
  GhClonePlan *self = GH_CLONE_PLAN (object);
  gboolean *flag = find_boolean (self, prop_id);

  if (flag != NULL)
    {
      if (*flag == g_value_get_boolean (value))
        return;
      *flag = g_value_get_boolean (value);
      changed (self, pspec);
      return;
    }
  if (find_string (self, prop_id) != NULL)
    {
      set_string (self, prop_id, g_value_get_string (value));
      return;
    }
  switch (prop_id)
    {
    case PROP_MACHINE:
      self->machine = g_value_dup_object (value);
      break;
    case PROP_COPIES:
      set_number (self, prop_id, &self->inputs.copies, g_value_get_uint (value));
      break;
    case PROP_FIRST_NUMBER:
      set_number (self, prop_id, &self->inputs.first_number, g_value_get_uint (value));
      break;
    case PROP_PARENT:
      set_number (self, prop_id, (guint *) &self->inputs.parent, (guint) g_value_get_int (value));
      break;
    case PROP_TPM:
      set_number (self, prop_id, (guint *) &self->inputs.tpm, (guint) g_value_get_int (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_clone_plan_finalize (GObject *object)
{
  GhClonePlan *self = GH_CLONE_PLAN (object);

  g_clear_object (&self->machine);
  g_free (self->inputs.name);
  g_free (self->inputs.pool);
  g_free (self->inputs.sysprep_operations);
  g_free (self->inputs.user_data);
  g_free (self->inputs.snapshot);
  g_hash_table_unref (self->inputs.modes);
  g_hash_table_unref (self->inputs.pools);
  g_hash_table_unref (self->inputs.changes);
  gh_clone_facts_clear (&self->facts);
  g_ptr_array_unref (self->uuids);
  g_clear_pointer (&self->disks, g_ptr_array_unref);
  g_clear_pointer (&self->changes, g_ptr_array_unref);
  g_clear_pointer (&self->documents, g_ptr_array_unref);
  G_OBJECT_CLASS (gh_clone_plan_parent_class)->finalize (object);
}

static void
install_boolean (guint       prop_id,
                 const char *name,
                 gboolean    otherwise)
{
  properties[prop_id] = g_param_spec_boolean (name, NULL, NULL, otherwise,
                                              G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                              G_PARAM_EXPLICIT_NOTIFY);
}

static void
install_string (guint       prop_id,
                const char *name)
{
  properties[prop_id] = g_param_spec_string (name, NULL, NULL, NULL,
                                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                             G_PARAM_EXPLICIT_NOTIFY);
}

static void
gh_clone_plan_class_init (GhClonePlanClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GhPlanClass *plan_class = GH_PLAN_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = gh_clone_plan_get_property;
  object_class->set_property = gh_clone_plan_set_property;
  object_class->finalize = gh_clone_plan_finalize;
  plan_class->kind = "clone";
  plan_class->verb = N_("Clone");
  plan_class->dup_title = dup_title;
  plan_class->prepare_async = gh_clone_plan_prepare_async;
  plan_class->keeps_finished = keeps_finished;
  plan_class->add_json = gh_clone_plan_add_json;

  properties[PROP_MACHINE] = g_param_spec_object ("machine", NULL, NULL, GH_TYPE_MACHINE,
                                                  G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                  G_PARAM_STATIC_STRINGS);
  install_string (PROP_NAME, "name");
  properties[PROP_COPIES] = g_param_spec_uint ("copies", NULL, NULL, 1, GH_CLONE_MAX_COPIES, 1,
                                               flags);
  properties[PROP_FIRST_NUMBER] = g_param_spec_uint ("first-number", NULL, NULL, 0, 999999, 1,
                                                     flags);
  install_boolean (PROP_START, "start", FALSE);
  install_boolean (PROP_LINKED, "linked", FALSE);
  properties[PROP_PARENT] = g_param_spec_int ("parent", NULL, NULL, GH_CLONE_PARENT_TEMPLATE,
                                              GH_CLONE_PARENT_OVERLAY, GH_CLONE_PARENT_TEMPLATE,
                                              flags);
  install_boolean (PROP_FLATTEN, "flatten", TRUE);
  install_boolean (PROP_KEEP_SNAPSHOTS, "keep-snapshots", FALSE);
  install_boolean (PROP_KEEP_FINISHED, "keep-finished", FALSE);
  install_string (PROP_POOL, "pool");
  properties[PROP_TPM] = g_param_spec_int ("tpm", NULL, NULL, GH_CLONE_TPM_FRESH,
                                           GH_CLONE_TPM_COPY, GH_CLONE_TPM_FRESH, flags);
  install_boolean (PROP_SET_HOSTNAME, "set-hostname", FALSE);
  install_boolean (PROP_SYSPREP, "sysprep", FALSE);
  install_boolean (PROP_SEED, "seed", FALSE);
  install_string (PROP_SYSPREP_OPERATIONS, "sysprep-operations");
  install_string (PROP_USER_DATA, "user-data");
  install_boolean (PROP_TRIAL, "trial", FALSE);
  install_boolean (PROP_NETWORK, "network", TRUE);
  install_string (PROP_SNAPSHOT, "snapshot");
  properties[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE,
                                                   G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                                   G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_DISKS_SERIAL] = g_param_spec_uint ("disks-serial", NULL, NULL, 0, G_MAXUINT, 0,
                                                     G_PARAM_READABLE | G_PARAM_STATIC_STRINGS |
                                                     G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_clone_plan_init (GhClonePlan *self)
{
  self->inputs.copies = 1;
  self->inputs.first_number = 1;
  self->inputs.flatten = TRUE;
  self->inputs.network = TRUE;
  self->inputs.modes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->inputs.pools = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->inputs.changes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->uuids = g_ptr_array_new_with_free_func (g_free);
  self->random_seed = g_random_int ();
}

void
gh_clone_plan_set_loading (GhClonePlan *self,
                           gboolean     loading)
{
  if (self->loading == loading)
    return;
  self->loading = loading;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
}

GhClonePlan *
gh_clone_plan_new (GhMachine *machine)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  return g_object_new (GH_TYPE_CLONE_PLAN, "machine", machine, "host",
                       gh_machine_get_host (machine), NULL);
}

GhClonePlan *
gh_clone_plan_new_trial (GhMachine  *machine,
                         const char *snapshot,
                         gboolean    network)
{
  g_return_val_if_fail (GH_IS_MACHINE (machine), NULL);

  return g_object_new (GH_TYPE_CLONE_PLAN, "machine", machine, "host",
                       gh_machine_get_host (machine), "trial", TRUE, "linked", TRUE, "start", TRUE,
                       "snapshot", snapshot, "network", network, NULL);
}

GhMachine *
gh_clone_plan_get_machine (GhClonePlan *self)
{
  g_return_val_if_fail (GH_IS_CLONE_PLAN (self), NULL);

  return self->machine;
}

void
gh_clone_plan_set_disk_mode (GhClonePlan *self,
                             const char  *target,
                             GhCloneMode  mode)
{
  gpointer value = GINT_TO_POINTER ((int) mode + 1);

  g_return_if_fail (GH_IS_CLONE_PLAN (self));
  g_return_if_fail (target != NULL && mode < GH_CLONE_N_MODES);

  if (g_hash_table_lookup (self->inputs.modes, target) == value)
    return;
  g_hash_table_insert (self->inputs.modes, g_strdup (target), value);
  changed (self, NULL);
}

void
gh_clone_plan_set_disk_pool (GhClonePlan *self,
                             const char  *target,
                             const char  *pool)
{
  g_return_if_fail (GH_IS_CLONE_PLAN (self));
  g_return_if_fail (target != NULL);

  if (g_strcmp0 (g_hash_table_lookup (self->inputs.pools, target), pool) == 0)
    return;
  if (pool != NULL)
    g_hash_table_insert (self->inputs.pools, g_strdup (target), g_strdup (pool));
  else
    g_hash_table_remove (self->inputs.pools, target);
  changed (self, NULL);
}

void
gh_clone_plan_reset_disk (GhClonePlan *self,
                          const char  *target)
{
  gboolean had_mode = FALSE;
  gboolean had_pool = FALSE;

  g_return_if_fail (GH_IS_CLONE_PLAN (self));
  g_return_if_fail (target != NULL);

  had_mode = g_hash_table_remove (self->inputs.modes, target);
  had_pool = g_hash_table_remove (self->inputs.pools, target);
  if (had_mode || had_pool)
    changed (self, NULL);
}

void
gh_clone_plan_set_change (GhClonePlan *self,
                          const char  *id,
                          const char  *value)
{
  g_return_if_fail (GH_IS_CLONE_PLAN (self));
  g_return_if_fail (id != NULL);

  if (g_strcmp0 (g_hash_table_lookup (self->inputs.changes, id), value) == 0)
    return;
  if (value != NULL)
    g_hash_table_insert (self->inputs.changes, g_strdup (id), g_strdup (value));
  else
    g_hash_table_remove (self->inputs.changes, id);
  changed (self, NULL);
}

GPtrArray *
gh_clone_plan_get_disks (GhClonePlan *self)
{
  g_return_val_if_fail (GH_IS_CLONE_PLAN (self), NULL);

  return self->disks;
}

GPtrArray *
gh_clone_plan_get_changes (GhClonePlan *self)
{
  g_return_val_if_fail (GH_IS_CLONE_PLAN (self), NULL);

  return self->changes;
}

GPtrArray *
gh_clone_plan_get_pools (GhClonePlan *self)
{
  g_return_val_if_fail (GH_IS_CLONE_PLAN (self), NULL);

  return self->facts.pools;
}

char *
gh_clone_plan_dup_xml (GhClonePlan *self,
                       guint        index)
{
  g_autoptr (GhDomainXml) xml = NULL;

  g_return_val_if_fail (GH_IS_CLONE_PLAN (self), NULL);

  if (self->documents == NULL || index >= self->documents->len)
    return NULL;
  xml = gh_domain_xml_copy (g_ptr_array_index (self->documents, index));
  gh_domain_xml_remove_secrets (xml);
  return gh_domain_xml_to_string (xml);
}

const char *
gh_clone_plan_get_uuid (GhClonePlan *self,
                        guint        index)
{
  g_return_val_if_fail (GH_IS_CLONE_PLAN (self), NULL);

  return index < self->uuids->len ? g_ptr_array_index (self->uuids, index) : NULL;
}

char *
gh_clone_plan_dup_name_at (GhClonePlan *self,
                           guint        index)
{
  g_return_val_if_fail (GH_IS_CLONE_PLAN (self), NULL);

  if (self->facts.names == NULL || index >= g_strv_length (self->facts.names))
    return NULL;
  return g_strdup (self->facts.names[index]);
}

GStrv
gh_clone_plan_dup_snapshots (GhClonePlan *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_return_val_if_fail (GH_IS_CLONE_PLAN (self), NULL);

  if (self->facts.items == NULL)
    return NULL;
  for (guint i = 0; self->facts.snapshots != NULL && self->facts.snapshots[i] != NULL; i++)
    {
      g_autoptr (GhSnapshotXml) snapshot =
        gh_snapshot_xml_new_from_string (self->facts.snapshots[i], NULL);

      if (snapshot != NULL && snapshot->has_domain)
        g_strv_builder_add (builder, snapshot->name);
    }
  return g_strv_builder_end (builder);
}
