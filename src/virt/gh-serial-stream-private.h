/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "gh-host-private.h"
#include "gh-machine.h"
#include "gh-serial-stream.h"
