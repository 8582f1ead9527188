/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libvirt/libvirt.h>

#include "gh-live.h"

G_BEGIN_DECLS

/* The program in the guest that has it hold still. All of this waits for the guest, on a lane. @xml
 * is of the current run. */

/* Whether the run has a channel for an agent. */
gboolean    gh_guest_agent_is_configured (const char *xml);
/* Asks it for something that changes nothing; takes some seconds when it is silent. @is_silent: it
 * is not asked, if there is one. */
GhLiveAgent gh_guest_agent_look          (virDomainPtr domain, const char *xml,
                                          gboolean is_silent);

/* Main thread. Whether it was silent when it was asked, since which nothing has happened to the
 * machine. @serial: for noting what comes of asking. */
gboolean    gh_guest_agent_is_silent     (GhHost *host, const char *uuid, guint *serial);
void        gh_guest_agent_note_silent   (GhHost *host, const char *uuid, guint serial);

/* Has the guest write down everything and then nothing. @asked: whether it may be held now, even
 * when this failed. One whose agent does not answer at all is not asked: nobody could let it go. */
gboolean    gh_guest_agent_freeze        (virDomainPtr domain, gboolean *asked, GError **error);
/* Lets it go; also after freezing failed, since a guest that was slow to answer may be held all the
 * same. %G_IO_ERROR_TIMED_OUT: the agent was not there to be asked. */
gboolean    gh_guest_agent_thaw          (virDomainPtr domain, GError **error);

G_END_DECLS
