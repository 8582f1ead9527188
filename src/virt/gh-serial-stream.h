/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define GH_TYPE_SERIAL_STREAM (gh_serial_stream_get_type ())
G_DECLARE_FINAL_TYPE (GhSerialStream, gh_serial_stream, GH, SERIAL_STREAM, GObject)

/* Signals, on the main thread: "data" (GBytes *), "closed" (GError *, nullable: the guest
 * stopped or closed it). Made by gh_machine_open_serial_async(); nothing is emitted before
 * gh_serial_stream_start(). */

void gh_serial_stream_start (GhSerialStream *self);
void gh_serial_stream_write (GhSerialStream *self, const char *data, gsize length);
void gh_serial_stream_close (GhSerialStream *self);

G_END_DECLS
