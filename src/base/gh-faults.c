/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Faults: every libvirt call has a name ("domain-create"), and test builds can
 * delay it or make it fail by that name. The syntax, in GUESTHOUSE_FAULTS:
 *
 *   NAME:ACTION[,ACTION…][;NAME:…]
 *
 * where ACTION is `delay=MS`, `fail=CODE`, `after=N` (the first N calls are let
 * through), `times=N` (at most N calls are hit), `hold=FILE` (makes FILE, and waits
 * until somebody removes it) or `kill` (SIGKILL to ourselves, for crash tests). `NAME`
 * may be `*`.
 */

#define G_LOG_DOMAIN "gh-faults"

#include "config.h"

#include "gh-faults.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whoever was to let it go may have died. */
#define HOLD_LIMIT_US (120 * G_TIME_SPAN_SECOND)
#define HOLD_POLL_US (5 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  char    *name;
  char    *hold;   /* (nullable): a path */
  guint    delay_ms;
  gboolean fails;
  int      code;
  gboolean kills;
  guint    after;
  guint    times;
  guint    seen;
} Fault;

static GMutex lock;
static GPtrArray *faults = NULL;         /* (element-type Fault) (mutex lock) */
static gboolean environment_read = FALSE; /* (mutex lock) */

G_DEFINE_QUARK (gh-fault-error-quark, gh_fault_error)

static void
fault_free (gpointer data)
{
  Fault *fault = data;

  g_free (fault->name);
  g_free (fault->hold);
  g_free (fault);
}

static void
parse_action (Fault      *fault,
              const char *action)
{
  if (g_str_has_prefix (action, "delay="))
    fault->delay_ms = (guint) strtoul (action + strlen ("delay="), NULL, 10);
  else if (g_str_has_prefix (action, "after="))
    fault->after = (guint) strtoul (action + strlen ("after="), NULL, 10);
  else if (g_str_has_prefix (action, "times="))
    fault->times = (guint) strtoul (action + strlen ("times="), NULL, 10);
  else if (g_str_has_prefix (action, "fail="))
    {
      fault->fails = TRUE;
      fault->code = atoi (action + strlen ("fail="));
    }
  else if (g_str_has_prefix (action, "hold="))
    fault->hold = g_strdup (action + strlen ("hold="));
  else if (strcmp (action, "kill") == 0)
    fault->kills = TRUE;
  else
    g_warning ("Unknown fault action “%s”", action);
}

static void
set_locked (const char *spec)
{
  g_auto (GStrv) entries = NULL;

  g_clear_pointer (&faults, g_ptr_array_unref);
  environment_read = TRUE;
  if (spec == NULL || *spec == '\0')
    return;

  faults = g_ptr_array_new_with_free_func (fault_free);
  entries = g_strsplit (spec, ";", -1);
  for (guint i = 0; entries[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (entries[i], ":", 2);
      g_auto (GStrv) actions = NULL;
      Fault *fault = NULL;

      if (parts[0] == NULL || parts[1] == NULL)
        continue;

      fault = g_new0 (Fault, 1);
      fault->name = g_strdup (g_strstrip (parts[0]));
      fault->times = G_MAXUINT;
      actions = g_strsplit (parts[1], ",", -1);
      for (guint j = 0; actions[j] != NULL; j++)
        parse_action (fault, g_strstrip (actions[j]));
      g_ptr_array_add (faults, fault);
    }
}

/**
 * gh_faults_set:
 * @spec: (nullable): faults in the syntax of GUESTHOUSE_FAULTS, or %NULL for none
 *
 * Replaces all faults. Any thread. Without the build option `faults` nothing
 * is ever injected.
 */
void
gh_faults_set (const char *spec)
{
  g_mutex_lock (&lock);
  set_locked (spec);
  g_mutex_unlock (&lock);
}

#if GH_ENABLE_FAULTS
static void
hold (const char *path)
{
  gint64 end_us = g_get_monotonic_time () + HOLD_LIMIT_US;

  g_file_set_contents (path, "", 0, NULL);
  while (g_access (path, F_OK) == 0 && g_get_monotonic_time () < end_us)
    g_usleep (HOLD_POLL_US);
}
#endif

/**
 * gh_faults_enter:
 * @name: the name of the call about to be made
 * @error: (out): set in %GH_FAULT_ERROR when the call is to fail
 *
 * Sleeps, waits, fails or kills the process as the faults for @name say. Called by
 * lanes before each closure; never on the main thread, since it may sleep.
 *
 * Returns: %FALSE when the call must not be made
 */
gboolean
gh_faults_enter (const char  *name,
                 GError     **error)
{
#if GH_ENABLE_FAULTS
  g_autofree char *held = NULL;
  guint delay_ms = 0;
  gboolean fails = FALSE;
  gboolean kills = FALSE;
  int code = 0;

  g_mutex_lock (&lock);
  if (!environment_read)
    set_locked (g_getenv ("GUESTHOUSE_FAULTS"));
  for (guint i = 0; faults != NULL && i < faults->len; i++)
    {
      Fault *fault = g_ptr_array_index (faults, i);

      if (strcmp (fault->name, "*") != 0 && strcmp (fault->name, name) != 0)
        continue;
      fault->seen++;
      if (fault->seen <= fault->after || fault->seen - fault->after > fault->times)
        continue;
      delay_ms += fault->delay_ms;
      kills = kills || fault->kills;
      if (fault->hold != NULL && held == NULL)
        held = g_strdup (fault->hold);
      if (fault->fails)
        {
          fails = TRUE;
          code = fault->code;
        }
    }
  g_mutex_unlock (&lock);

  if (delay_ms > 0)
    g_usleep (delay_ms * (gulong) 1000);
  if (held != NULL)
    hold (held);
  if (kills)
    kill (getpid (), SIGKILL);
  if (fails)
    {
      g_set_error (error, GH_FAULT_ERROR, code, "Injected failure of %s", name);
      return FALSE;
    }
#endif
  return TRUE;
}
