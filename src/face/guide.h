/* SPDX-License-Identifier: Apache-2.0
 *
 * guide - "Do I have to verify?": at most four questions, one answer. Where somebody stands is the way
 * that he took, the names of his options joined by dots ("person.abroad.later"): it travels in the
 * address, names nobody, and nothing is stored. */
#ifndef FACE_GUIDE_H
#define FACE_GUIDE_H

#include "base/str.h"

enum { GUIDE_STEPS_MAX = 4 };

struct guide_step {
    const char *question; /* text id part: guide.QUESTION */
    const char *option;   /* guide.QUESTION.OPTION */
    size_t way_bytes;     /* of the way before this step */
};

struct guide_place {
    size_t count; /* steps taken */
    struct guide_step steps[GUIDE_STEPS_MAX];
    const char *question; /* text id part of the question to ask now; NULL: answered */
    const char *answer;   /* text id part: guide.answer.ANSWER; NULL: not yet */
    size_t first, end;    /* rows with the options of the question */
};

/* Walks a way from the first question; empty = nothing picked yet. False: there is no such way. */
bool guide_walk(struct str way, struct guide_place *out);
/* The option of a row between first and end. */
const char *guide_option(size_t row);

#endif
