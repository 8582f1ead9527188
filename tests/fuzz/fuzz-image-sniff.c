/* Copyright the Guesthouse developers
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Any file that somebody may offer as a disk, CD, kernel or initrd. What is said of it has to be
 * text, and true: an image that names other files is never said to be whole. */

#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "gh-image-sniff.h"

static void
assert_text (const char *text)
{
  if (text != NULL && (!g_utf8_validate (text, -1, NULL) || *text == '\0'))
    g_error ("Not text");
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  g_auto (GhImageSniff) sniff = { 0 };
  g_auto (GhImageSniff) again = { 0 };

  gh_image_sniff_memory (data, size, &sniff);
  gh_image_sniff_memory (data, size, &again);
  if (sniff.kind != again.kind || sniff.flags != again.flags ||
      sniff.virtual_size != again.virtual_size ||
      g_strcmp0 (sniff.backing_path, again.backing_path) != 0)
    g_error ("It says one thing, then another");

  if (sniff.backing_path != NULL && (sniff.flags & GH_IMAGE_LINKED) == 0)
    g_error ("A backing file without a link");
  if (sniff.kind == GH_IMAGE_QCOW2 && size >= 72 && memcmp (data + 8, "\0\0\0\0\0\0\0", 8) != 0 &&
      (sniff.flags & (GH_IMAGE_LINKED | GH_IMAGE_DAMAGED)) == 0)
    g_error ("A backing file was overlooked");
  if ((sniff.flags & GH_IMAGE_BLANK) != 0 && sniff.kind != GH_IMAGE_UNKNOWN)
    g_error ("Blank, but of a kind");
  assert_text (sniff.backing_path);
  assert_text (sniff.data_path);
  assert_text (sniff.volume_id);
  assert_text (sniff.system_id);
  assert_text (sniff.publisher_id);
  assert_text (sniff.application_id);
  return 0;
}
