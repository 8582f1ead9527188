/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* How distributions install what machines need, and what they call it. A command is run as root, so
 * only those are here whose names are certain; who is not here gets an example in words. */

#define G_LOG_DOMAIN "gh-packages"

#include "config.h"

#include "gh-packages.h"

#include <string.h>

typedef struct
{
  const char *install;               /* words, separated by spaces */
  const char *names[GH_N_PACKAGES];  /* the same */
} Manager;

static const Manager apt = {
  "apt-get install --yes",
  { "qemu-system-x86 qemu-utils", "libvirt-daemon-system", "ovmf", "swtpm swtpm-tools" },
};
static const Manager dnf = {
  "dnf install --assumeyes",
  { "qemu-kvm qemu-img", "libvirt", "edk2-ovmf", "swtpm swtpm-tools" },
};
static const Manager zypper = {
  "zypper --non-interactive install",
  { "qemu-x86 qemu-tools", "libvirt-daemon-qemu", "qemu-ovmf-x86_64", "swtpm" },
};
static const Manager pacman = {
  "pacman -S --needed --noconfirm",
  { "qemu-desktop", "libvirt", "edk2-ovmf", "swtpm" },
};

/* What a distribution calls itself, or is like. NULL: it has other names than those it is like, or
 * installs nothing while it runs. */
static const struct
{
  const char    *id;
  const Manager *manager;
} known[] = {
  { "mandriva", NULL },
  { "amzn", NULL },
  { "opensuse-microos", NULL },
  { "opensuse-aeon", NULL },
  { "opensuse-kalpa", NULL },
  { "sle-micro", NULL },
  { "sl-micro", NULL },
  { "steamos", NULL },
  { "debian", &apt },
  { "ubuntu", &apt },
  { "fedora", &dnf },
  { "rhel", &dnf },
  { "centos", &dnf },
  { "suse", &zypper },
  { "opensuse", &zypper },
  { "arch", &pacman },
};

/* (nullable) */
static char *
dup_value (char       **lines,
           const char  *name)
{
  gsize length = strlen (name);

  for (guint i = 0; lines[i] != NULL; i++)
    if (strncmp (lines[i], name, length) == 0 && lines[i][length] == '=')
      return g_shell_unquote (g_strstrip (lines[i] + length + 1), NULL);
  return NULL;
}

static const Manager *
find_manager (const char *os_release)
{
  g_auto (GStrv) lines = g_strsplit (os_release, "\n", -1);
  g_autofree char *id = dup_value (lines, "ID");
  g_autofree char *like = dup_value (lines, "ID_LIKE");
  g_autofree char *both = g_strjoin (" ", id != NULL ? id : "", like != NULL ? like : "", NULL);
  g_auto (GStrv) words = g_strsplit (both, " ", -1);

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_strv_contains ((const char * const *) words, known[i].id))
      return known[i].manager;
  return NULL;
}

static GStrv
make_words (const Manager *manager,
            GhPackage      what)
{
  g_autofree char *line = g_strjoin (" ", manager->install, manager->names[what], NULL);

  return g_strsplit (line, " ", -1);
}

/**
 * gh_packages_dup_command:
 * @os_release: (nullable): the text of os-release(5); %NULL: nothing is known
 * @what: what is to be installed
 *
 * Returns: (transfer full) (nullable): the command and its arguments
 */
GStrv
gh_packages_dup_command (const char *os_release,
                         GhPackage   what)
{
  const Manager *manager = os_release != NULL ? find_manager (os_release) : NULL;

  g_return_val_if_fail (what < GH_N_PACKAGES, NULL);

  return manager != NULL ? make_words (manager, what) : NULL;
}

char *
gh_packages_dup_example (GhPackage what)
{
  g_return_val_if_fail (what < GH_N_PACKAGES, NULL);

  return g_strconcat ("sudo apt install ", apt.names[what], NULL);
}
