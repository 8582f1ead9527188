/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Binds a string that may be NULL to the text of an entry, which may not; both ways. */
void gh_text_binding_add (GBindingGroup *bindings, const char *property, gpointer entry);
/* The same, and an empty text stands for NULL. */
void gh_text_binding_add_optional (GBindingGroup *bindings, const char *property, gpointer entry);

G_END_DECLS
