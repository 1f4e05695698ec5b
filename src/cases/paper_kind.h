/* SPDX-License-Identifier: Apache-2.0
 *
 * paper_kind - what a file is that an applicant attached, by its bytes: JPEG, PNG or PDF, whole, and no
 * picture so large that opening it would fill a machine. Its name and what its sender calls it count
 * nothing. Only heads and ends are read; nothing is decoded. */
#ifndef CASES_PAPER_KIND_H
#define CASES_PAPER_KIND_H

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

/* Codes are stored. */
enum paper_kind { PAPER_NONE = 0, PAPER_JPEG = 1, PAPER_PNG = 2, PAPER_PDF = 3, PAPER_KIND_COUNT };

struct paper_looks {
    uint8_t kind;           /* enum paper_kind */
    uint32_t width, height; /* pixels; 0 of a PDF */
};

/* ERR_FILE_EMPTY; ERR_TOO_LONG (LIMIT_PAPER_BYTES); ERR_PAPER_KIND: none of the three; ERR_PAPER_DAMAGED: cut
 * off, or its head makes no sense; ERR_PAPER_PIXELS (LIMIT_PAPER_PIXELS). */
MUST_USE enum err paper_looks(struct str bytes, struct paper_looks *out, struct fault *fault);
const char *paper_media(uint8_t kind);     /* "image/jpeg"; "" for none */
const char *paper_extension(uint8_t kind); /* "jpg" */

#endif
