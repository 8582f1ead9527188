/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "gh-virt-error"

#include "config.h"

#include "gh-virt-error.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "gh-connect-error.h"
#include "gh-faults.h"
#include "gh-told-error.h"
#include "gh-virt-error-private.h"

/* From libvirt's code, and where one code means several things from a part of its (English)
 * message, to what it means to the user. The first row that fits wins, so rows with a text come
 * before the row of the bare code. */
typedef struct
{
  int         code;
  const char *part;     /* (nullable): of libvirt's message */
  const char *sentence;
} Sentence;

static const Sentence sentences[] = {
  { VIR_ERR_NO_CONNECT, NULL, N_("There is no connection to this host.") },
  { VIR_ERR_AUTH_FAILED, NULL, N_("The host did not accept who you are.") },
  { VIR_ERR_AUTH_CANCELLED, NULL,
   N_("You are not allowed to manage this host, and nobody was asked for a password.") },
  { VIR_ERR_AUTH_UNAVAILABLE, NULL,
   N_("Nothing on this computer can ask for the password that this host wants.") },
  { VIR_ERR_OPERATION_DENIED, NULL, N_("The host does not allow this to you.") },
  { VIR_ERR_ACCESS_DENIED, NULL, N_("The host does not allow this to you.") },
  { VIR_ERR_NO_DOMAIN, NULL, N_("The machine is not there any more.") },
  { VIR_ERR_NO_NETWORK, NULL, N_("The virtual network does not exist on this host.") },
  { VIR_ERR_NO_STORAGE_POOL, NULL, N_("The storage pool does not exist on this host.") },
  { VIR_ERR_NO_STORAGE_VOL, NULL, N_("The volume does not exist on this host.") },
  { VIR_ERR_STORAGE_VOL_EXIST, NULL, N_("A volume of that name is there already.") },
  { VIR_ERR_DOM_EXIST, NULL, N_("A machine of that name is there already.") },
  { VIR_ERR_OPERATION_INVALID, "already running", N_("The machine is running already.") },
  { VIR_ERR_OPERATION_INVALID, "not running", N_("The machine is not running.") },
  { VIR_ERR_OPERATION_INVALID, "not paused", N_("The machine is not paused.") },
  { VIR_ERR_OPERATION_INVALID, "already active", N_("It is active already.") },
  { VIR_ERR_OPERATION_INVALID, NULL, N_("This cannot be done in the machine's present state.") },
  { VIR_ERR_OPERATION_TIMEOUT, "state change lock",
   N_("The machine is busy with something else; try again when that has ended.") },
  { VIR_ERR_OPERATION_TIMEOUT, NULL, N_("The host took too long.") },
  { VIR_ERR_OPERATION_ABORTED, NULL, N_("It was cancelled.") },
  { VIR_ERR_OPERATION_UNSUPPORTED, NULL, N_("This host cannot do that.") },
  { VIR_ERR_NO_SUPPORT, NULL, N_("This host cannot do that.") },
  { VIR_ERR_CONFIG_UNSUPPORTED, NULL,
   N_("The machine asks for something this host does not have.") },
  { VIR_ERR_ARGUMENT_UNSUPPORTED, NULL, N_("This host cannot do that.") },
  { VIR_ERR_XML_INVALID_SCHEMA, NULL,
   N_("The machine's description contains something libvirt does not know.") },
  { VIR_ERR_XML_ERROR, NULL, N_("The machine's description is not complete or not correct.") },
  { VIR_ERR_XML_DETAIL, NULL, N_("The machine's description is not complete or not correct.") },
  { VIR_ERR_RESOURCE_BUSY, NULL, N_("Something else is using it.") },
  { VIR_ERR_AGENT_UNRESPONSIVE, NULL, N_("The guest agent in the machine does not answer.") },
  { VIR_ERR_CPU_INCOMPATIBLE, NULL,
   N_("This host's processor lacks something the machine needs.") },
  { VIR_ERR_DEVICE_MISSING, NULL, N_("The machine has no such device.") },
  { VIR_ERR_NO_MEMORY, NULL, N_("The host has no memory left for this.") },
  { VIR_ERR_RPC, NULL,
   N_("The host's libvirt service gave an answer that could not be understood.") },
  { VIR_ERR_SYSTEM_ERROR, "Failed to connect socket",
   N_("The host's libvirt service is not running.") },
  { VIR_ERR_SYSTEM_ERROR, "Connection refused", N_("The host's libvirt service is not running.") },
  { VIR_ERR_SYSTEM_ERROR, "Permission denied", N_("A file may not be opened.") },
  { VIR_ERR_SYSTEM_ERROR, "No space left", N_("There is no space left on the host's disk.") },
  { VIR_ERR_SYSTEM_ERROR, "No such file", N_("A file is missing.") },
  { VIR_ERR_INTERNAL_ERROR, "keepalive timeout", N_("The host does not answer any more.") },
  { VIR_ERR_INTERNAL_ERROR, "client socket is closed", N_("The connection to the host was lost.") },
  { VIR_ERR_INTERNAL_ERROR, "Cannot find suitable emulator",
   N_("QEMU is not installed on the host.") },
  { -1, "shared \"write\" lock", N_("Another machine that is running uses the same disk image.") },
  { -1, "\"write\" lock", N_("Another machine that is running uses the same disk image.") },
  { -1, "Cannot allocate memory", N_("The host has not enough memory free for this machine.") },
  { -1, "cannot set up guest memory", N_("The host has not enough memory free for this machine.") },
  { -1, "failed to initialize kvm: Permission denied",
   N_("QEMU may not open /dev/kvm on the host.") },
  { -1, "failed to initialize kvm",
   N_("The processor's virtualization (KVM) does not work on the host.") },
  { -1, "Permission denied", N_("QEMU may not open one of the machine's files.") },
  { -1, "No space left", N_("There is no space left on the host's disk.") },
  { -1, "Could not open", N_("QEMU cannot open one of the machine's files.") },
  { -1, "Could not read", N_("QEMU cannot read one of the machine's files.") },
  { -1, "unexpectedly closed the monitor", N_("QEMU ended right after it was started.") },
  { VIR_ERR_OPERATION_FAILED, NULL, N_("The host could not do it.") },
  { VIR_ERR_SYSTEM_ERROR, NULL, N_("The host's operating system refused it.") },
  { VIR_ERR_INTERNAL_ERROR, NULL, N_("The host could not do it.") },
};

G_DEFINE_QUARK (gh-virt-error-quark, gh_virt_error)

/* libvirt prints errors to standard error unless it is told not to. */
static void
ignore_error_cb (void        *user_data,
                 virErrorPtr  error)
{
}

void
gh_virt_error_silence (void)
{
  virSetErrorFunc (NULL, ignore_error_cb);
}

void
gh_virt_error_take (GError **error)
{
  virErrorPtr last = virGetLastError ();

  if (last == NULL || last->code == VIR_ERR_OK)
    g_set_error (error, GH_VIRT_ERROR, VIR_ERR_INTERNAL_ERROR, "libvirt gave no reason");
  else
    g_set_error (error, GH_VIRT_ERROR, last->code, "%s",
                 last->message != NULL ? last->message : "libvirt gave no reason");
  virResetLastError ();
}

/**
 * gh_error_is_cancelled:
 * @error: (nullable): an error
 *
 * Returns: whether it only says that the user cancelled, in GIO's or in
 *   libvirt's words
 */
gboolean
gh_error_is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
         g_error_matches (error, GH_VIRT_ERROR, VIR_ERR_OPERATION_ABORTED);
}

/**
 * gh_error_dup_advice:
 * @error: an error of any domain
 *
 * Returns: (transfer full) (nullable): what the user may do about it, in sentences
 */
char *
gh_error_dup_advice (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  return error->domain == GH_CONNECT_ERROR ? g_strdup (gh_connect_error_get_advice (error)) : NULL;
}

/**
 * gh_error_dup_command:
 * @error: an error of any domain
 *
 * Returns: (transfer full) (nullable): a command line that does what gh_error_dup_advice() says
 */
char *
gh_error_dup_command (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  return error->domain == GH_CONNECT_ERROR ? g_strdup (gh_connect_error_get_command (error)) : NULL;
}

/* What happened, and what helps: wherever there is room for one text only. */
static char *
dup_told (const GError *error)
{
  const char *sentence = gh_told_error_get_sentence (error);
  const char *advice = gh_told_error_get_advice (error);

  /* Translators: two sentences: what went wrong, and what helps. */
  return advice != NULL ? g_strdup_printf (_("%s %s"), sentence, advice) : g_strdup (sentence);
}

/* Libvirt's own words, between during what they were said and what QEMU's log says. */
static char *
dup_told_details (const GError *error)
{
  const char *step = gh_told_error_get_step (error);
  const char *lines = gh_told_error_get_lines (error);
  GString *text = g_string_new (NULL);

  if (step != NULL)
    {
      /* Translators: %s is the title of a step: “Make the disk “web-1.qcow2””. */
      g_string_append_printf (text, _("This failed: %s"), step);
      g_string_append_c (text, '\n');
    }
  g_string_append_printf (text, "%s\n(libvirt %d)", error->message, error->code);
  if (lines != NULL)
    {
      g_string_append (text, "\n\n");
      /* Translators: %s is the path of a log; the lines follow. */
      g_string_append_printf (text, _("The end of %s:"), gh_told_error_get_path (error));
      g_string_append_printf (text, "\n%s", lines);
    }
  return g_string_free (text, FALSE);
}

/**
 * gh_error_dup_sentence:
 * @error: an error of any domain
 *
 * Says what an error means to the user, by the table of libvirt's codes
 * (libvirt/virterror.h). Errors of other domains are sentences already. Any
 * thread.
 *
 * Returns: (transfer full): one translated sentence
 */
char *
gh_error_dup_sentence (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  if (error->domain == GH_CONNECT_ERROR)
    return g_strdup (gh_connect_error_get_sentence (error));
  if (error->domain == GH_TOLD_ERROR)
    return dup_told (error);
  if (error->domain != GH_VIRT_ERROR && error->domain != GH_FAULT_ERROR)
    return g_strdup (error->message);

  for (guint i = 0; i < G_N_ELEMENTS (sentences); i++)
    {
      const Sentence *row = &sentences[i];

      if ((row->code == -1 || row->code == error->code) &&
          (row->part == NULL || strstr (error->message, row->part) != NULL))
        return g_strdup (_(row->sentence));
    }
  return g_strdup (_("The host could not do it."));
}

/**
 * gh_error_dup_details:
 * @error: an error of any domain
 *
 * Returns: (transfer full): the raw text with its origin, for “Details” and logs
 */
char *
gh_error_dup_details (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  if (error->domain == GH_TOLD_ERROR)
    return dup_told_details (error);
  if (error->domain == GH_VIRT_ERROR)
    return g_strdup_printf ("%s\n(libvirt %d)", error->message, error->code);
  return g_strdup_printf ("%s\n(%s %d)", error->message, g_quark_to_string (error->domain),
                          error->code);
}

