/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/paper_kind.h"

#include "base/buf.h"

enum {
    PNG_HEAD = 8 + 8 + 13 + 4, /* signature; length and type, content, CRC of IHDR; PNG 11.2.2 */
    PDF_TAIL = 1024,           /* in which %%EOF stands, ISO 32000-1 annex H note 18 */
};

static const struct {
    const char *media, *extension;
} kinds[PAPER_KIND_COUNT] = {
    [PAPER_JPEG] = {"image/jpeg", "jpg"},
    [PAPER_PNG] = {"image/png", "png"},
    [PAPER_PDF] = {"application/pdf", "pdf"},
};

const char *paper_media(uint8_t kind)
{
    return kind < PAPER_KIND_COUNT && kinds[kind].media ? kinds[kind].media : "";
}

const char *paper_extension(uint8_t kind)
{
    return kind < PAPER_KIND_COUNT && kinds[kind].extension ? kinds[kind].extension : "";
}

static enum err damaged(const char *what, struct fault *fault)
{
    return fault_set(fault, ERR_PAPER_DAMAGED, "%s", what);
}

/* ---- PNG: ISO/IEC 15948 ---- */

/* Every chunk from the head to IEND lies inside. What comes after is nobody's, and harmless. */
static enum err read_png(struct rd r, struct paper_looks *out, struct fault *fault)
{
    bool ended = false;
    (void)rd_bytes(&r, 8);
    if (rd_uint(&r, 4) != 13 || rd_uint(&r, 4) != 0x49484452) /* IHDR comes first */
        return damaged("a PNG without a head", fault);
    out->width = (uint32_t)rd_uint(&r, 4);
    out->height = (uint32_t)rd_uint(&r, 4);
    (void)rd_bytes(&r, 5 + 4);
    while (!r.failed && !ended) {
        uint64_t length = rd_uint(&r, 4);
        ended = rd_uint(&r, 4) == 0x49454e44; /* IEND */
        (void)rd_bytes(&r, (size_t)length + 4);
    }
    return r.failed ? damaged("a PNG that ends early", fault) : ERR_OK;
}

/* ---- JPEG: ITU-T T.81 annex B ---- */

static bool is_frame(unsigned marker)
{
    bool other = marker == 0xc4 || marker == 0xc8 || marker == 0xcc; /* tables, JPG, arithmetic */
    return marker >= 0xc0 && marker <= 0xcf && !other;
}

static bool stands_alone(unsigned marker)
{
    return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

/* The next marker; 0: none. Fill bytes before it are passed over. */
static unsigned next_marker(struct rd *r)
{
    unsigned marker = 0xff;
    if (rd_uint(r, 1) != 0xff)
        return 0;
    while (!r->failed && marker == 0xff)
        marker = (unsigned)rd_uint(r, 1);
    return r->failed ? 0 : marker;
}

static bool has_end(struct rd r)
{
    for (const uint8_t *p = r.end; p - r.p >= 2; p--)
        if (p[-2] == 0xff && p[-1] == 0xd9)
            return true;
    return false;
}

/* Segments up to the first scan; the frame's head is among them. Previews stand inside segments. */
static enum err read_jpeg(struct rd r, struct paper_looks *out, struct fault *fault)
{
    (void)rd_bytes(&r, 2);
    for (;;) {
        unsigned marker = next_marker(&r);
        if (!marker || marker == 0xd9)
            return damaged("a JPEG without a picture", fault);
        if (stands_alone(marker))
            continue;
        size_t length = (size_t)rd_uint(&r, 2);
        const uint8_t *body = length >= 2 ? rd_bytes(&r, length - 2) : NULL;
        if (!body)
            return damaged("a JPEG that ends early", fault);
        if (marker == 0xda)
            break;
        if (!is_frame(marker))
            continue;
        if (length < 8 || out->width)
            return damaged("a JPEG with a frame that makes no sense", fault);
        out->height = (uint32_t)get_be(body + 1, 2);
        out->width = (uint32_t)get_be(body + 3, 2);
        if (!out->width)
            return damaged("a JPEG without a size", fault);
    }
    return has_end(r) ? ERR_OK : damaged("a JPEG that ends early", fault);
}

/* ---- PDF: ISO 32000-1 7.5 ---- */

static enum err read_pdf(struct str bytes, struct fault *fault)
{
    size_t n = bytes.n < PDF_TAIL ? bytes.n : PDF_TAIL;
    return memmem(bytes.p + bytes.n - n, n, "%%EOF", 5) ? ERR_OK
                                                        : damaged("a PDF without its end", fault);
}

static uint8_t kind_of(struct str bytes)
{
    if (str_starts(bytes, STR("\xff\xd8\xff")))
        return PAPER_JPEG;
    if (str_starts(bytes, STR("\x89PNG\r\n\x1a\n")))
        return PAPER_PNG;
    return str_starts(bytes, STR("%PDF-")) ? PAPER_PDF : PAPER_NONE;
}

enum err paper_looks(struct str bytes, struct paper_looks *out, struct fault *fault)
{
    struct paper_looks looks = {.kind = kind_of(bytes)};
    struct rd r = rd_of(bytes.p, bytes.n);
    enum err err = ERR_OK;
    if (!bytes.n)
        return fault_set(fault, ERR_FILE_EMPTY, "an empty file");
    if (bytes.n > LIMIT_PAPER_BYTES)
        return fault_set(fault, ERR_TOO_LONG, "at most %d bytes", LIMIT_PAPER_BYTES);
    if (looks.kind == PAPER_JPEG)
        err = read_jpeg(r, &looks, fault);
    else if (looks.kind == PAPER_PNG)
        err = read_png(r, &looks, fault);
    else if (looks.kind == PAPER_PDF)
        err = read_pdf(bytes, fault);
    else
        err = fault_set(fault, ERR_PAPER_KIND, "no JPEG, PNG or PDF");
    if (err)
        return err;
    if (looks.kind != PAPER_PDF && (!looks.width || !looks.height))
        return damaged("a picture without a size", fault);
    if ((uint64_t)looks.width * looks.height > LIMIT_PAPER_PIXELS)
        return fault_set(fault, ERR_PAPER_PIXELS, "%u x %u pixels, at most %d", looks.width,
                         looks.height, LIMIT_PAPER_PIXELS);
    *out = looks;
    return ERR_OK;
}
