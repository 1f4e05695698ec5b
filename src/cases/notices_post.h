/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_post - a part of an operator's notices on its way to his address: POSTs, and what their answers say of it
 * (notices_push.h has the rules). Numbers of subscribers leave the house here, so how many did is counted for the audit
 * log. */
#ifndef CASES_NOTICES_POST_H
#define CASES_NOTICES_POST_H

#include "cases/notices_push.h"

enum posted {
    POSTED_TAKEN,   /* all of it was taken, or refused one by one */
    POSTED_REFUSED, /* he is there, and wants none of it */
    POSTED_NOTHING, /* no answer that decides */
    POSTED_LATER,   /* the hour, the budget, or who stops us */
};

struct posting {
    struct registry *reg;
    const struct notices_channel *channel;
    struct notices_speaker speaker;
    struct notices_chosen chosen; /* the part */
    uint8_t *states;              /* of each of them: refused by name */
    const atomic_int *stop;
    int64_t until_us; /* monotonic: no POST after it */
    struct notices_pushed *out;
    struct notices_said said;
    uint64_t told;    /* notices that left the house, all in all */
    uint64_t audited; /* of them, those that the audit log knows of */
    uint64_t refused; /* of this part, by name */
};

/* Those from <= i < to that are not refused yet. *out: what became of them. Of the store. */
MUST_USE enum err notices_post(struct posting *posting, size_t from, size_t to, enum posted *out,
                               struct fault *fault);
/* Writes down what left since the last time: a look at personal data. */
MUST_USE enum err notices_post_note(struct posting *posting, struct fault *fault);

#endif
