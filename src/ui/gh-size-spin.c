/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-size-spin"

#include "config.h"

#include "gh-size-spin.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

struct _GhSizeSpin
{
  GtkSpinButton  parent_instance;

  guint          plain_limit;
  char          *zero_text; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (GhSizeSpin, gh_size_spin, GTK_TYPE_SPIN_BUTTON)

enum
{
  PROP_0,
  PROP_PLAIN_LIMIT,
  PROP_ZERO_TEXT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static int
gh_size_spin_input (GtkSpinButton *spin,
                    double        *value)
{
  GhSizeSpin *self = GH_SIZE_SPIN (spin);
  const char *text = gtk_entry_get_text (GTK_ENTRY (spin));

  if (self->zero_text != NULL && strcmp (text, self->zero_text) == 0)
    *value = 0;
  else
    *value = gh_size_spin_parse (text, self->plain_limit);
  return *value < 0 ? GTK_INPUT_ERROR : TRUE;
}

static int
gh_size_spin_output (GtkSpinButton *spin)
{
  GhSizeSpin *self = GH_SIZE_SPIN (spin);
  GtkAdjustment *adjustment = gtk_spin_button_get_adjustment (spin);
  guint64 mib = (guint64) MAX (gtk_adjustment_get_value (adjustment), 0);
  g_autofree char *text = NULL;

  text = mib == 0 && self->zero_text != NULL ? g_strdup (self->zero_text)
                                             : gh_size_spin_print (mib);
  if (strcmp (text, gtk_entry_get_text (GTK_ENTRY (spin))) != 0)
    gtk_entry_set_text (GTK_ENTRY (spin), text);
  return TRUE;
}

static void
gh_size_spin_finalize (GObject *object)
{
  GhSizeSpin *self = GH_SIZE_SPIN (object);

  g_free (self->zero_text);
  G_OBJECT_CLASS (gh_size_spin_parent_class)->finalize (object);
}

static void
gh_size_spin_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  GhSizeSpin *self = GH_SIZE_SPIN (object);

  switch (prop_id)
    {
    case PROP_PLAIN_LIMIT:
      g_value_set_uint (value, self->plain_limit);
      break;
    case PROP_ZERO_TEXT:
      g_value_set_string (value, self->zero_text);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_size_spin_set_property (GObject      *object,
                           guint         prop_id,
                           const GValue *value,
                           GParamSpec   *pspec)
{
  GhSizeSpin *self = GH_SIZE_SPIN (object);

  switch (prop_id)
    {
    case PROP_PLAIN_LIMIT:
      self->plain_limit = g_value_get_uint (value);
      break;
    case PROP_ZERO_TEXT:
      g_free (self->zero_text);
      self->zero_text = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gh_size_spin_class_init (GhSizeSpinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkSpinButtonClass *spin_class = GTK_SPIN_BUTTON_CLASS (klass);

  object_class->finalize = gh_size_spin_finalize;
  object_class->get_property = gh_size_spin_get_property;
  object_class->set_property = gh_size_spin_set_property;
  spin_class->input = gh_size_spin_input;
  spin_class->output = gh_size_spin_output;

  properties[PROP_PLAIN_LIMIT] = g_param_spec_uint ("plain-limit", NULL, NULL, 0, G_MAXUINT, 64,
                                                    G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_ZERO_TEXT] = g_param_spec_string ("zero-text", NULL, NULL, NULL,
                                                    G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gh_size_spin_init (GhSizeSpin *self)
{
  self->plain_limit = 64;
  /* Else what is no size would be taken for the smallest. */
  gtk_spin_button_set_update_policy (GTK_SPIN_BUTTON (self), GTK_UPDATE_IF_VALID);
}

/**
 * gh_size_spin_parse:
 * @text: what somebody typed
 * @plain_limit: numbers without a unit up to this one are GiB, larger ones MiB
 *
 * Returns: the size in MiB; negative when @text is not a size
 */
double
gh_size_spin_parse (const char *text,
                    guint       plain_limit)
{
  char *end = NULL;
  double number = g_strtod (text, &end);

  if (end == text || !isfinite (number) || number < 0)
    return -1;

  while (g_ascii_isspace (*end))
    end++;
  switch (g_ascii_tolower (*end))
    {
    case 't':
      return number * 1024 * 1024;
    case 'g':
      return number * 1024;
    case 'm':
      return number;
    case '\0':
      return number <= plain_limit ? number * 1024 : number;
    default:
      return -1;
    }
}

/**
 * gh_size_spin_print:
 * @mib: a size
 *
 * Returns: (transfer full): the size in the largest unit that loses nothing;
 *   gh_size_spin_parse() understands it again; translated
 */
char *
gh_size_spin_print (guint64 mib)
{
  if (mib == 0 || mib * 10 % 1024 != 0)
    return g_strdup_printf (_("%.0f MiB"), (double) mib);
  if (mib % 1024 == 0)
    return g_strdup_printf (_("%.0f GiB"), (double) (mib / 1024));
  return g_strdup_printf (_("%.1f GiB"), (double) mib / 1024);
}
