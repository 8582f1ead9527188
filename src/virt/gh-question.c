/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What ssh asks while it logs in, read from its (English) prompt. Main thread. */

#define G_LOG_DOMAIN "gh-question"

#include "config.h"

#include "gh-question.h"

#include <string.h>

struct _GhQuestion
{
  GObject         parent_instance;

  char           *folder;
  char           *asker;
  char           *prompt;
  GhQuestionKind  kind;
  char           *name;        /* (nullable) */
  char           *key_type;    /* (nullable) */
  char           *fingerprint; /* (nullable) */
  gboolean        refused;
  gboolean        closed;
};

enum
{
  ANSWERED,
  CLOSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GhQuestion, gh_question, G_TYPE_OBJECT)

/* The prompts of OpenSSH (sshconnect.c, sshconnect2.c), with what they name. Anything else is a
 * question of the server, which may be worded as it likes: nothing is believed of it. */
static const struct
{
  GhQuestionKind  kind;
  const char     *pattern;
} prompts[] = {
  { GH_QUESTION_HOST_KEY,
    "^The authenticity of host '(?<name>[^' ]+)[^']*' can't be established\\.\\n"
    "(?<type>\\S+) key fingerprint is (?<fingerprint>\\S+?)\\.?\\n"
    "(?s:.*)\\(yes/no" },
  { GH_QUESTION_PASSPHRASE, "^Enter passphrase for (?:key )?'?(?<name>[^'\\n]+?)'?: ?$" },
  { GH_QUESTION_PASSWORD, "^(?<name>[^\\s()]+@[^\\s()]+)'s password: ?$" },
  { GH_QUESTION_PASSWORD, "^\\((?<name>[^\\s()]+@[^\\s()]+)\\) Password: ?$" },
  { GH_QUESTION_OTHER, "^\\((?<name>[^\\s()]+@[^\\s()]+)\\) " },
};

static char *
fetch (GMatchInfo *match,
       const char *name)
{
  char *text = g_match_info_fetch_named (match, name);

  if (text != NULL && *text == '\0')
    g_clear_pointer (&text, g_free);
  return text;
}

static void
read_prompt (GhQuestion *self)
{
  self->kind = GH_QUESTION_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS (prompts); i++)
    {
      g_autoptr (GRegex) regex = g_regex_new (prompts[i].pattern, G_REGEX_DEFAULT,
                                              G_REGEX_MATCH_DEFAULT, NULL);
      g_autoptr (GMatchInfo) match = NULL;

      g_assert (regex != NULL);
      if (!g_regex_match (regex, self->prompt, 0, &match))
        continue;
      self->kind = prompts[i].kind;
      self->name = fetch (match, "name");
      self->key_type = fetch (match, "type");
      self->fingerprint = fetch (match, "fingerprint");
      return;
    }
}

static void
gh_question_finalize (GObject *object)
{
  GhQuestion *self = GH_QUESTION (object);

  g_free (self->folder);
  g_free (self->asker);
  g_free (self->prompt);
  g_free (self->name);
  g_free (self->key_type);
  g_free (self->fingerprint);
  G_OBJECT_CLASS (gh_question_parent_class)->finalize (object);
}

static void
gh_question_class_init (GhQuestionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gh_question_finalize;

  /**
   * GhQuestion::answered:
   * @self: the question
   * @text: (nullable): the answer, only for the time of the call; %NULL: none
   * @remember: whether it is to be kept when it is accepted
   */
  signals[ANSWERED] = g_signal_new ("answered", GH_TYPE_QUESTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 2,
                                    G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_BOOLEAN);
  signals[CLOSED] = g_signal_new ("closed", GH_TYPE_QUESTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

static void
gh_question_init (GhQuestion *self)
{
}

/**
 * gh_question_new:
 * @folder: of the connection it is about
 * @asker: the process that asks
 * @prompt: what it asks
 *
 * Returns: (transfer full): a question
 */
GhQuestion *
gh_question_new (const char *folder,
                 const char *asker,
                 const char *prompt)
{
  GhQuestion *self = NULL;

  g_return_val_if_fail (folder != NULL && asker != NULL && prompt != NULL, NULL);

  self = g_object_new (GH_TYPE_QUESTION, NULL);
  self->folder = g_strdup (folder);
  self->asker = g_strdup (asker);
  self->prompt = g_utf8_make_valid (prompt, -1);
  read_prompt (self);
  return self;
}

GhQuestionKind
gh_question_get_kind (GhQuestion *self)
{
  g_return_val_if_fail (GH_IS_QUESTION (self), GH_QUESTION_OTHER);

  return self->kind;
}

const char *
gh_question_get_prompt (GhQuestion *self)
{
  g_return_val_if_fail (GH_IS_QUESTION (self), NULL);

  return self->prompt;
}

const char *
gh_question_get_name (GhQuestion *self)
{
  g_return_val_if_fail (GH_IS_QUESTION (self), NULL);

  return self->name;
}

const char *
gh_question_get_key_type (GhQuestion *self)
{
  g_return_val_if_fail (GH_IS_QUESTION (self), NULL);

  return self->key_type;
}

const char *
gh_question_get_fingerprint (GhQuestion *self)
{
  g_return_val_if_fail (GH_IS_QUESTION (self), NULL);

  return self->fingerprint;
}

const char *
gh_question_get_folder (GhQuestion *self)
{
  g_return_val_if_fail (GH_IS_QUESTION (self), NULL);

  return self->folder;
}

const char *
gh_question_get_asker (GhQuestion *self)
{
  g_return_val_if_fail (GH_IS_QUESTION (self), NULL);

  return self->asker;
}

gboolean
gh_question_get_refused (GhQuestion *self)
{
  g_return_val_if_fail (GH_IS_QUESTION (self), FALSE);

  return self->refused;
}

void
gh_question_set_refused (GhQuestion *self)
{
  g_return_if_fail (GH_IS_QUESTION (self));

  self->refused = TRUE;
}

gboolean
gh_question_is_closed (GhQuestion *self)
{
  g_return_val_if_fail (GH_IS_QUESTION (self), TRUE);

  return self->closed;
}

/**
 * gh_question_is_same:
 * @self: a question
 * @other: another
 *
 * Returns: whether one answer is for both: the same is asked for the same connection
 */
gboolean
gh_question_is_same (GhQuestion *self,
                     GhQuestion *other)
{
  return strcmp (self->folder, other->folder) == 0 && strcmp (self->prompt, other->prompt) == 0;
}

static void
end (GhQuestion *self,
     const char *text,
     gboolean    remember)
{
  g_autoptr (GhQuestion) hold = g_object_ref (self);

  if (self->closed)
    return;
  self->closed = TRUE;
  g_signal_emit (self, signals[ANSWERED], 0, text, remember);
  g_signal_emit (self, signals[CLOSED], 0);
}

/**
 * gh_question_answer:
 * @self: a question
 * @text: the answer; not kept
 * @remember: whether it is to be used the next time, when it is accepted
 */
void
gh_question_answer (GhQuestion *self,
                    const char *text,
                    gboolean    remember)
{
  g_return_if_fail (GH_IS_QUESTION (self));
  g_return_if_fail (text != NULL);

  end (self, text, remember);
}

/**
 * gh_question_cancel:
 * @self: a question
 *
 * Gives up: what asks fails.
 */
void
gh_question_cancel (GhQuestion *self)
{
  g_return_if_fail (GH_IS_QUESTION (self));

  end (self, NULL, FALSE);
}
