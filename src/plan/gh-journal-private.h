/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-journal.h"

G_BEGIN_DECLS

/* The version of the record; a newer one is listed, but not touched. */
#define GH_JOURNAL_FORMAT 1

/* Nothing is on disk before the first write. @existing: the journal must be there already, as that
 * of an interrupted plan must. @id (nullable): NULL for one that keeps nothing. */
GhJournal *gh_journal_new           (const char *id, gboolean existing);

/* Writes and syncs @record. The first write takes the journal's lock, and fails with
 * G_IO_ERROR_BUSY when another program holds it. @point (nullable): a fault point entered when
 * the record is safe. */
void       gh_journal_write_async   (GhJournal *self, JsonNode *record, const char *point,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean   gh_journal_write_finish  (GhJournal *self, GAsyncResult *result, GError **error);

/* Lets go of the lock, and removes the journal first unless @keep. No write may follow. */
void       gh_journal_end_async     (GhJournal *self, gboolean keep,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean   gh_journal_end_finish    (GhJournal *self, GAsyncResult *result, GError **error);

/* Any thread. (element-type JsonNode): the records of all plans, interrupted or running, in whose
 * journals @word stands. */
GPtrArray *gh_journal_find_records  (const char *word);

G_END_DECLS
