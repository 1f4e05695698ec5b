/* SPDX-License-Identifier: Apache-2.0
 *
 * qr - a text as QR code (ISO/IEC 18004), drawn as SVG: dark on white with its quiet zone, also on a dark
 * page. */
#ifndef FACE_QR_H
#define FACE_QR_H

#include "base/buf.h"
#include "base/err.h"

/* text: digits, letters, and " $%*+-./:" at most; letters are written as capitals (alphanumeric mode,
 * 7.4.4), which makes the code a third smaller. label: for screen readers, escaped here.
 * ERR_TOO_LONG: no code holds it. */
MUST_USE enum err qr_svg(struct buf *out, const char *text, struct str label);

#endif
