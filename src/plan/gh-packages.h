/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is installed to run machines. */
typedef enum
{
  GH_PACKAGE_QEMU,
  GH_PACKAGE_LIBVIRT,
  GH_PACKAGE_UEFI,
  GH_PACKAGE_TPM,
  GH_N_PACKAGES,
} GhPackage;

/* The words of the command that installs it, for root, on a system with this os-release(5). NULL:
 * it is not known for certain. */
GStrv gh_packages_dup_command (const char *os_release, GhPackage what);
/* A line to copy, on Debian. */
char *gh_packages_dup_example (GhPackage what);

G_END_DECLS
