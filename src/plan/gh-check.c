/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* One thing a plan looked at before it starts, and what it found: immutable but
 * for the fix. Main thread. */

#define G_LOG_DOMAIN "gh-check"

#include "config.h"

#include "gh-check.h"

struct _GhCheck
{
  GObject         parent_instance;

  GhCheckLevel    level;
  char           *id;
  char           *title;
  char           *detail;      /* (nullable) */
  char           *fix_label;   /* (nullable) */
  char           *fix_command; /* (nullable) */
  GhCheckFixFunc  fix_func;    /* (nullable) */
  gpointer        fix_data;
  GDestroyNotify  fix_data_free;
  char           *question;    /* (nullable) */
  char           *text;        /* (nullable): of the question */
  char           *verb;        /* (nullable) */
};

G_DEFINE_FINAL_TYPE (GhCheck, gh_check, G_TYPE_OBJECT)

static void
clear_fix (GhCheck *self)
{
  if (self->fix_data_free != NULL && self->fix_data != NULL)
    self->fix_data_free (self->fix_data);
  self->fix_data = NULL;
  self->fix_data_free = NULL;
  self->fix_func = NULL;
  g_clear_pointer (&self->fix_label, g_free);
  g_clear_pointer (&self->fix_command, g_free);
}

static void
gh_check_dispose (GObject *object)
{
  /* The data often holds the plan, and the plan its checks. */
  clear_fix (GH_CHECK (object));
  G_OBJECT_CLASS (gh_check_parent_class)->dispose (object);
}

static void
gh_check_finalize (GObject *object)
{
  GhCheck *self = GH_CHECK (object);

  g_free (self->id);
  g_free (self->title);
  g_free (self->detail);
  g_free (self->question);
  g_free (self->text);
  g_free (self->verb);
  G_OBJECT_CLASS (gh_check_parent_class)->finalize (object);
}

static void
gh_check_class_init (GhCheckClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = gh_check_dispose;
  object_class->finalize = gh_check_finalize;
}

static void
gh_check_init (GhCheck *self)
{
}

/**
 * gh_check_new:
 * @level: how bad it is
 * @id: names the rule; stable, for tests and scripts
 * @title: one sentence, translated
 * @detail: (nullable): why it matters and what to do, translated
 *
 * Returns: (transfer full): a check without a fix
 */
GhCheck *
gh_check_new (GhCheckLevel  level,
              const char   *id,
              const char   *title,
              const char   *detail)
{
  GhCheck *self = NULL;

  g_return_val_if_fail (id != NULL && title != NULL, NULL);

  self = g_object_new (GH_TYPE_CHECK, NULL);
  self->level = level;
  self->id = g_strdup (id);
  self->title = g_strdup (title);
  self->detail = g_strdup (detail);
  return self;
}

/**
 * gh_check_set_fix:
 * @self: a check
 * @label: what the fix does, for a button, translated
 * @command: (nullable): the equivalent line to copy
 * @func: repairs it
 * @data: (nullable) (transfer full): for @func
 * @data_free: (nullable): frees @data
 *
 * Offers a repair. After it has run, the plan has to be prepared anew.
 */
void
gh_check_set_fix (GhCheck        *self,
                  const char     *label,
                  const char     *command,
                  GhCheckFixFunc  func,
                  gpointer        data,
                  GDestroyNotify  data_free)
{
  g_return_if_fail (GH_IS_CHECK (self));
  g_return_if_fail (label != NULL && func != NULL);

  clear_fix (self);
  self->fix_label = g_strdup (label);
  self->fix_command = g_strdup (command);
  self->fix_func = func;
  self->fix_data = data;
  self->fix_data_free = data_free;
}

/**
 * gh_check_set_question:
 * @self: a check with a fix
 * @question: asked before it runs, translated
 * @text: what comes of it, translated
 * @verb: for the button that runs it, with a mnemonic, translated
 */
void
gh_check_set_question (GhCheck    *self,
                       const char *question,
                       const char *text,
                       const char *verb)
{
  g_return_if_fail (GH_IS_CHECK (self));
  g_return_if_fail (self->question == NULL);
  g_return_if_fail (question != NULL && text != NULL && verb != NULL);

  self->question = g_strdup (question);
  self->text = g_strdup (text);
  self->verb = g_strdup (verb);
}

GhCheckLevel
gh_check_get_level (GhCheck *self)
{
  g_return_val_if_fail (GH_IS_CHECK (self), GH_CHECK_REFUSAL);

  return self->level;
}

const char *
gh_check_get_id (GhCheck *self)
{
  g_return_val_if_fail (GH_IS_CHECK (self), NULL);

  return self->id;
}

const char *
gh_check_get_title (GhCheck *self)
{
  g_return_val_if_fail (GH_IS_CHECK (self), NULL);

  return self->title;
}

const char *
gh_check_get_detail (GhCheck *self)
{
  g_return_val_if_fail (GH_IS_CHECK (self), NULL);

  return self->detail;
}

const char *
gh_check_get_fix_label (GhCheck *self)
{
  g_return_val_if_fail (GH_IS_CHECK (self), NULL);

  return self->fix_label;
}

const char *
gh_check_get_fix_command (GhCheck *self)
{
  g_return_val_if_fail (GH_IS_CHECK (self), NULL);

  return self->fix_command;
}

const char *
gh_check_get_question (GhCheck     *self,
                       const char **text,
                       const char **verb)
{
  g_return_val_if_fail (GH_IS_CHECK (self), NULL);

  *text = self->text;
  *verb = self->verb;
  return self->question;
}

/**
 * gh_check_list_to_json:
 * @checks: (element-type GhCheck): checks
 *
 * Returns: (transfer full): them, for scripts
 */
JsonArray *
gh_check_list_to_json (GPtrArray *checks)
{
  static const char * const levels[] = { "ok", "note", "warning", "refusal" };
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < checks->len; i++)
    {
      GhCheck *self = g_ptr_array_index (checks, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "level", levels[self->level]);
      json_object_set_string_member (object, "id", self->id);
      json_object_set_string_member (object, "title", self->title);
      if (self->detail != NULL)
        json_object_set_string_member (object, "detail", self->detail);
      if (self->fix_label != NULL)
        json_object_set_string_member (object, "fix", self->fix_label);
      if (self->fix_command != NULL)
        json_object_set_string_member (object, "fix-command", self->fix_command);
      json_array_add_object_element (array, object);
    }
  return array;
}

/**
 * gh_check_fix_async:
 * @self: a check that has a fix
 * @cancellable: (nullable): handed to the fix
 * @callback: called when it has been repaired, or could not be
 * @user_data: for @callback
 *
 * Repairs what the check found.
 */
void
gh_check_fix_async (GhCheck             *self,
                    GCancellable        *cancellable,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  g_return_if_fail (GH_IS_CHECK (self));
  g_return_if_fail (self->fix_func != NULL);

  self->fix_func (self, self->fix_data, cancellable, callback, user_data);
}

gboolean
gh_check_fix_finish (GhCheck       *self,
                     GAsyncResult  *result,
                     GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
