/* SPDX-License-Identifier: Apache-2.0
 *
 * message - what an applicant is told of his application: a code and what belongs to it, as a record that is
 * written in the same commit as the step it tells of. Words are made by whoever shows or sends it, in
 * the language of the application. It stays as it is; that it was read is a record of its own. */
#ifndef CASES_MESSAGE_H
#define CASES_MESSAGE_H

#include "cases/filing.h"
#include "core/iin.h"

enum message_code {
    MESSAGE_NONE = 0,
#define MESSAGE(code, name, text) MESSAGE_##name = code,
#include "cases/message.def"
#undef MESSAGE
    MESSAGE_CODE_COUNT
};

enum { MESSAGES_UNREAD_MOST = 100 }; /* that are counted */

struct message {
    uint64_t number; /* of the register, ascending */
    uint64_t party;  /* who is told */
    uint8_t code;    /* enum message_code */
    char application
        [APPLICATION_NUMBER_TEXT]; /* "2026-0000001234"; of a request "R…", a complaint "C…" */
    char language[LANGUAGE_TEXT];  /* empty: not known */
    char msisdn[MSISDN_TEXT];      /* where he is told beside; empty */
    int64_t at_s;                  /* UTC seconds */
    daynum due;                    /* PAPERS_ASKED: last day for them; DAYNUM_NONE */
    char note[LIMIT_REASON + 1];   /* of the officer, the seller; may be empty */
    char bin[IIN_TEXT];            /* of a seller who perhaps was never here; else empty */
    uint8_t refusals[REFUSAL_COUNT]; /* each reason once */
    unsigned refusal_count;
};

const char *message_name(uint8_t code); /* "filed"; "" for none */
const char *message_text(uint8_t code); /* "FILED": the part of its texts' ids */

/* Inside a write: notes what the step from `before` (NULL: it is new) to `after` tells, if anything, for the
 * applicant and for the outbox. */
MUST_USE enum err message_tell(struct registry *registry, const struct application *before,
                               const struct application *after, struct fault *fault);
/* Inside a write: the message itself, whose number is given here. */
MUST_USE enum err message_say(struct registry *registry, struct message *m, struct fault *fault);

/* One of a party's. ERR_NOT_FOUND, ERR_CODEC. */
MUST_USE enum err message_get(struct registry *registry, uint64_t party, uint64_t number,
                              struct message *out, struct fault *fault);
/* Numbers of a party's messages, newest first, after `after` (0: from the newest), at most max. */
MUST_USE enum err message_list(struct registry *registry, uint64_t party, uint64_t after,
                               uint64_t *out, size_t max, size_t *out_n, struct fault *fault);
MUST_USE enum err message_unread(struct registry *registry, uint64_t party, uint64_t number,
                                 bool *out, struct fault *fault);
/* How many are unread, at most MESSAGES_UNREAD_MOST. */
MUST_USE enum err message_count_unread(struct registry *registry, uint64_t party, size_t *out,
                                       struct fault *fault);
/* Notes that it was read; once is enough. ERR_NOT_FOUND: none of his. */
MUST_USE enum err message_read(const struct office *office, uint64_t party, uint64_t number,
                               struct fault *fault);

#endif
