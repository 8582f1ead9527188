/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The domain of injected errors. The code is the number given as fail=N, which
 * the virt layer reads as a libvirt error code. */
#define GH_FAULT_ERROR (gh_fault_error_quark ())

GQuark   gh_fault_error_quark (void);

void     gh_faults_set        (const char  *spec);
gboolean gh_faults_enter      (const char  *name,
                               GError     **error);

G_END_DECLS
