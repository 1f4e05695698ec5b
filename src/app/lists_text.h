/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_text - a list as operators read it: one text whose head says what it is and whose last line signs it. The
 * lines of three layouts: ours, DIRBS', and one in the shape of GSMA's SG.18. Bytes: ARCHITECTURE.md, "Lists for
 * operators". */
#ifndef APP_LISTS_TEXT_H
#define APP_LISTS_TEXT_H

#include "app/lists_exceptions.h"
#include "app/lists_pipe.h"

enum lists_layout { LISTS_TAMGA, LISTS_DIRBS, LISTS_GSMA, LISTS_LAYOUTS };
const char *lists_layout_name(enum lists_layout layout); /* "tamga" */
bool lists_layout_find(struct str name, enum lists_layout *out);
const char *lists_pack_name(enum lists_pack pack); /* "plain", "gz", "zstd" */
bool lists_pack_find(struct str name, enum lists_pack *out);

/* What a list is. */
struct lists_sheet {
    const struct registry *registry; /* its name, key, clock */
    const char *operator_name;
    const char *kind; /* "black" */
    enum lists_layout layout;
    enum lists_pack pack;
    bool passing;                    /* sent once and gone: not fsynced */
    struct lists_place place;        /* at which it stands */
    const struct feed_cursor *since; /* of a delta; NULL: full */
    uint64_t rows;
    uint64_t unnamed; /* of exceptions: pairs that are left out */
};

enum { LISTS_HEAD = 768, LISTS_END = 320 };

/* What was made. */
struct lists_made {
    struct lists_piped bytes;
    uint64_t rows;
    uint64_t unnamed; /* as of the sheet */
    char cursor[FEED_CURSOR_TEXT];
    char sha256[2 * SHA256_BYTES + 1]; /* of the head's line and the text before the last line */
    char head[LISTS_HEAD];             /* with its line end */
    char end[LISTS_END];               /* the last line */
};

/* The last line, made->end, and made->sha256. hash: of all before it. */
void lists_text_sign(const struct registry *registry, uint64_t rows,
                     const uint8_t hash[SHA256_BYTES], struct lists_made *made);

/* Our layout holds head and last line itself; of the others they are for a file beside it. ERR_FILE_WRITE, ERR_MEMORY. */
MUST_USE enum err lists_text_full(const struct lists_sheet *sheet, struct lists_view *view, int fd,
                                  struct lists_made *out, struct fault *fault);
MUST_USE enum err lists_text_delta(const struct lists_sheet *sheet, const struct lists_delta *delta,
                                   int fd, struct lists_made *out, struct fault *fault);
/* An operator's own exceptions; sheet->since says whether they are a delta. Of layouts tamga and dirbs: ERR_USAGE. */
MUST_USE enum err lists_text_exceptions(const struct lists_sheet *sheet,
                                        const struct lists_exceptions *exceptions, int fd,
                                        struct lists_made *out, struct fault *fault);

#endif
