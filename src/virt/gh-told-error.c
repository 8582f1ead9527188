/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-told-error"

#include "config.h"

#include "gh-told-error.h"

typedef struct
{
  char *sentence;
  char *advice; /* (nullable) */
  char *step;   /* (nullable) */
  char *path;   /* (nullable) */
  char *lines;  /* (nullable) */
} GhToldErrorPrivate;

static void
gh_told_error_private_init (GhToldErrorPrivate *priv)
{
}

static void
gh_told_error_private_copy (const GhToldErrorPrivate *from,
                            GhToldErrorPrivate       *to)
{
  to->sentence = g_strdup (from->sentence);
  to->advice = g_strdup (from->advice);
  to->step = g_strdup (from->step);
  to->path = g_strdup (from->path);
  to->lines = g_strdup (from->lines);
}

static void
gh_told_error_private_clear (GhToldErrorPrivate *priv)
{
  g_free (priv->sentence);
  g_free (priv->advice);
  g_free (priv->step);
  g_free (priv->path);
  g_free (priv->lines);
}

G_DEFINE_EXTENDED_ERROR (GhToldError, gh_told_error)

/**
 * gh_told_error_new:
 * @cause: an error of libvirt
 * @sentence: what it means, translated
 * @advice: (nullable): what helps, translated
 * @step: (nullable): the title of the step that failed with it
 *
 * Any thread.
 *
 * Returns: (transfer full): the error, with the words and the code of @cause
 */
GError *
gh_told_error_new (const GError *cause,
                   const char   *sentence,
                   const char   *advice,
                   const char   *step)
{
  GError *self = NULL;
  GhToldErrorPrivate *priv = NULL;

  g_return_val_if_fail (cause != NULL && sentence != NULL, NULL);

  self = g_error_new_literal (GH_TOLD_ERROR, cause->code, cause->message);
  priv = gh_told_error_get_private (self);
  priv->sentence = g_strdup (sentence);
  priv->advice = g_strdup (advice);
  priv->step = g_strdup (step);
  return self;
}

void
gh_told_error_set_log (GError     *self,
                       const char *path,
                       const char *lines)
{
  GhToldErrorPrivate *priv = NULL;

  g_return_if_fail (self != NULL && self->domain == GH_TOLD_ERROR);
  g_return_if_fail (path != NULL && lines != NULL);

  priv = gh_told_error_get_private (self);
  g_free (priv->path);
  g_free (priv->lines);
  priv->path = g_strdup (path);
  priv->lines = g_strdup (lines);
}

const char *
gh_told_error_get_sentence (const GError *self)
{
  return gh_told_error_get_private (self)->sentence;
}

const char *
gh_told_error_get_advice (const GError *self)
{
  return gh_told_error_get_private (self)->advice;
}

const char *
gh_told_error_get_step (const GError *self)
{
  return gh_told_error_get_private (self)->step;
}

const char *
gh_told_error_get_path (const GError *self)
{
  return gh_told_error_get_private (self)->path;
}

const char *
gh_told_error_get_lines (const GError *self)
{
  return gh_told_error_get_private (self)->lines;
}
