/* SPDX-License-Identifier: Apache-2.0
 *
 * faces - one register under several names: the portal, the registry's own site, the national app. A
 * face has hosts that people reach it by, an address to be shown, and words of its own for its
 * name and headings. The answer to a check is no face's business: all hear the same. */
#ifndef FACE_FACES_H
#define FACE_FACES_H

#include "face/text.h"

enum { FACE_COUNT = 3, FACE_VALUE_MAX = 400 /* bytes of a setting */ };

enum face_text_id {
#define FACE_TEXT_OF(id) FACE_TEXT_##id,
#include "face/faces.def"
#undef FACE_TEXT_OF
    FACE_TEXTS
};

struct face {
    const char *name;                 /* "portal" */
    char host[FACE_VALUE_MAX + 1];    /* names of RFC 9110 7.2, parted by spaces; empty: none */
    char address[FACE_VALUE_MAX + 1]; /* where people find it; empty: no link is shown */
    char text[FACE_TEXTS][LANG_COUNT][FACE_VALUE_MAX + 1]; /* empty: as the catalogue has it */
};

struct faces {
    struct face face[FACE_COUNT];
};

void faces_init(struct faces *faces);
/* One setting of a face: "host", "address", or TEXT.LANG as "product.name.kk".
 * ERR_SETTING_UNKNOWN, ERR_SETTING_VALUE; fault says what is wanted. */
MUST_USE enum err faces_set(struct faces *faces, struct str face, struct str key, struct str value,
                            struct fault *fault);
/* The face that a Host header names, without regard to case and port; none: the first. */
const struct face *faces_find(const struct faces *faces, struct str host);
/* A text in a face's own words, else the catalogue's. face may be NULL. */
struct str face_text(const struct face *face, enum lang lang, enum text id);

#endif
