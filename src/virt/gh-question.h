/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * GhQuestionKind:
 * @GH_QUESTION_PASSWORD: of a user at the far end
 * @GH_QUESTION_PASSPHRASE: of a private key on this computer
 * @GH_QUESTION_HOST_KEY: whether an unknown computer is the one that is meant
 * @GH_QUESTION_OTHER: something else that is not to be seen, such as a code
 */
typedef enum
{
  GH_QUESTION_PASSWORD,
  GH_QUESTION_PASSPHRASE,
  GH_QUESTION_HOST_KEY,
  GH_QUESTION_OTHER,
} GhQuestionKind;

#define GH_TYPE_QUESTION (gh_question_get_type ())
G_DECLARE_FINAL_TYPE (GhQuestion, gh_question, GH, QUESTION, GObject)

/* Signals: "closed" (answered, given up, or not asked any more); "answered" (const char *text,
 * nullable: given up; gboolean remember) for who asks. */

GhQuestion     *gh_question_new             (const char *folder, const char *asker,
                                             const char *prompt);
GhQuestionKind  gh_question_get_kind        (GhQuestion *self);
const char     *gh_question_get_prompt      (GhQuestion *self);
/* “user@computer”, the file of a key, or the name of an unknown computer. */
const char     *gh_question_get_name        (GhQuestion *self);
const char     *gh_question_get_key_type    (GhQuestion *self);
const char     *gh_question_get_fingerprint (GhQuestion *self);
const char     *gh_question_get_folder      (GhQuestion *self);
const char     *gh_question_get_asker       (GhQuestion *self);
/* Whether the answer before was not accepted. */
gboolean        gh_question_get_refused     (GhQuestion *self);
void            gh_question_set_refused     (GhQuestion *self);
gboolean        gh_question_is_closed       (GhQuestion *self);
gboolean        gh_question_is_same         (GhQuestion *self, GhQuestion *other);

void            gh_question_answer          (GhQuestion *self, const char *text,
                                             gboolean remember);
void            gh_question_cancel          (GhQuestion *self);

G_END_DECLS
