/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-key-combinations"

#include "config.h"

#include "gh-key-combinations.h"

#include <string.h>

#include <glib/gi18n-lib.h>
#include <linux/input-event-codes.h>

#define KEYS(...) (const guint[]) { __VA_ARGS__, 0 }

static const GhKeyCombination combinations[] = {
  { "ctrl-alt-delete", N_("Ctrl+Alt+Delete"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_Delete),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE) },
  { "ctrl-alt-backspace", N_("Ctrl+Alt+Backspace"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_BackSpace),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_BACKSPACE) },
  { "ctrl-shift-escape", N_("Ctrl+Shift+Escape"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Shift_L, GDK_KEY_Escape),
    KEYS (KEY_LEFTCTRL, KEY_LEFTSHIFT, KEY_ESC) },
  { "ctrl-alt-shift-escape", N_("Ctrl+Alt+Shift+Escape"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_Shift_L, GDK_KEY_Escape),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_LEFTSHIFT, KEY_ESC) },
  { "ctrl-alt-f1", N_("Ctrl+Alt+F1"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F1),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F1) },
  { "ctrl-alt-f2", N_("Ctrl+Alt+F2"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F2),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F2) },
  { "ctrl-alt-f3", N_("Ctrl+Alt+F3"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F3),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F3) },
  { "ctrl-alt-f4", N_("Ctrl+Alt+F4"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F4),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F4) },
  { "ctrl-alt-f5", N_("Ctrl+Alt+F5"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F5),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F5) },
  { "ctrl-alt-f6", N_("Ctrl+Alt+F6"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F6),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F6) },
  { "ctrl-alt-f7", N_("Ctrl+Alt+F7"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F7),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F7) },
  { "ctrl-alt-f8", N_("Ctrl+Alt+F8"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F8),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F8) },
  { "ctrl-alt-f9", N_("Ctrl+Alt+F9"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F9),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F9) },
  { "ctrl-alt-f10", N_("Ctrl+Alt+F10"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F10),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F10) },
  { "ctrl-alt-f11", N_("Ctrl+Alt+F11"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F11),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F11) },
  { "ctrl-alt-f12", N_("Ctrl+Alt+F12"),
    KEYS (GDK_KEY_Control_L, GDK_KEY_Alt_L, GDK_KEY_F12),
    KEYS (KEY_LEFTCTRL, KEY_LEFTALT, KEY_F12) },
  { "print", N_("Print Screen"),
    KEYS (GDK_KEY_Print),
    KEYS (KEY_SYSRQ) },
  { "alt-tab", N_("Alt+Tab"),
    KEYS (GDK_KEY_Alt_L, GDK_KEY_Tab),
    KEYS (KEY_LEFTALT, KEY_TAB) },
  { "alt-f4", N_("Alt+F4"),
    KEYS (GDK_KEY_Alt_L, GDK_KEY_F4),
    KEYS (KEY_LEFTALT, KEY_F4) },
  { "super", N_("Super"),
    KEYS (GDK_KEY_Super_L),
    KEYS (KEY_LEFTMETA) },
  { "super-l", N_("Super+L"),
    KEYS (GDK_KEY_Super_L, GDK_KEY_l),
    KEYS (KEY_LEFTMETA, KEY_L) },
  { "super-r", N_("Super+R"),
    KEYS (GDK_KEY_Super_L, GDK_KEY_r),
    KEYS (KEY_LEFTMETA, KEY_R) },
};

/* Where a section of the menu begins. */
static const char *const sections[] = { "ctrl-alt-f1", "print" };

/**
 * gh_console_list_key_combinations:
 * @n_combinations: (out): their number
 *
 * Returns: (array length=n_combinations) (transfer none): the table; labels are untranslated
 */
const GhKeyCombination *
gh_console_list_key_combinations (guint *n_combinations)
{
  *n_combinations = G_N_ELEMENTS (combinations);
  return combinations;
}

/* Returns: (nullable): the row called @name. */
const GhKeyCombination *
gh_key_combinations_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (combinations); i++)
    if (g_strcmp0 (combinations[i].name, name) == 0)
      return &combinations[i];
  return NULL;
}

/**
 * gh_console_dup_keys_menu:
 *
 * Returns: (transfer full): a menu of the table, with "console.send-keys" as action
 */
GMenuModel *
gh_console_dup_keys_menu (void)
{
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) section = g_menu_new ();

  for (guint i = 0; i < G_N_ELEMENTS (combinations); i++)
    {
      g_autoptr (GMenuItem) item = g_menu_item_new (_(combinations[i].label), NULL);

      for (guint j = 0; j < G_N_ELEMENTS (sections); j++)
        if (strcmp (sections[j], combinations[i].name) == 0)
          {
            g_menu_append_section (menu, NULL, G_MENU_MODEL (section));
            g_object_unref (section);
            section = g_menu_new ();
          }
      g_menu_item_set_action_and_target (item, "console.send-keys", "s", combinations[i].name);
      g_menu_append_item (section, item);
    }
  g_menu_append_section (menu, NULL, G_MENU_MODEL (section));
  return G_MENU_MODEL (menu);
}
