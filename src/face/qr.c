/* SPDX-License-Identifier: Apache-2.0 */
#include "face/qr.h"

#include <errno.h>

#include <qrencode.h>

#include "face/text.h"

enum { QUIET = 4 }; /* modules of white around it, ISO/IEC 18004 9.1 */

/* Each run of dark modules of a line is one stroke of the path. */
static void draw(struct buf *out, const QRcode *code)
{
    for (int y = 0; y < code->width; y++)
        for (int x = 0, run; x < code->width; x += run) {
            const unsigned char *at = code->data + y * code->width + x;
            bool dark = *at & 1;
            for (run = 1; x + run < code->width && (at[run] & 1) == dark; run++)
                ;
            if (dark)
                buf_printf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
        }
}

enum err qr_svg(struct buf *out, const char *text, struct str label)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 0);
    if (!code)
        return errno == ENOMEM ? ERR_MEMORY : ERR_TOO_LONG;
    int side = code->width + 2 * QUIET;
    buf_printf(out, "<svg class=\"qr\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", side,
               side);
    text_html(out, label);
    buf_printf(out, "\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path fill=\"#000\" d=\"", side,
               side);
    draw(out, code);
    buf_str(out, STR("\"/></svg>"));
    QRcode_free(code);
    return ERR_OK;
}
