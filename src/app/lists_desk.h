/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_desk - lists for operators in a server: kept up by a thread of its own, so that an urgent delta is there
 * within a second of a theft; full lists as files that are made when they are asked for and given again while they
 * are young; receipts, and how old what an operator applied is. All calls are safe from any thread; they may wait for
 * the store and the disk, but for lists_desk_standings. */
#ifndef APP_LISTS_DESK_H
#define APP_LISTS_DESK_H

#include "app/lists_receipt.h"
#include "app/lists_text.h"
#include "app/readers.h"

enum {
    LISTS_DESK_KINDS = LISTS_KINDS,
    LISTS_DESK_EVERY_MS = 500,  /* that the journal is looked at */
    LISTS_DESK_FULL_S = 600,    /* that a full list is given again; a delta brings it up to date */
    LISTS_DESK_FULLS = 64,      /* files that are kept: operators, lists and packings */
    LISTS_DESK_OPERATORS = 256, /* whose receipts are watched */
    LISTS_DESK_TAG = 96,
    LISTS_LATE_S = 86400, /* an operator is late whose list lacks changes of a day ago */
};

struct lists_desk;

struct lists_desk_options {
    const char *directory; /* app/lists.h */
    const char *url, *key; /* to write receipts; copied */
    bool writes;           /* false: receipts are refused, ERR_UNAVAILABLE */
    const struct clock *clock;
    struct readers *readers;           /* borrowed */
    const struct operators *operators; /* borrowed; NULL: nobody's subscribers are known */
    lists_names_fn *names;             /* NULL: no list of exceptions */
};
MUST_USE enum err lists_desk_new(const struct lists_desk_options *options, struct lists_desk **out,
                                 struct fault *fault);
void lists_desk_free(struct lists_desk *desk); /* NULL is allowed */

struct lists_desk_ask {
    const char *operator_name;
    uint8_t list; /* enum lists_kind */
    enum lists_pack pack;
    const struct feed_cursor *since; /* NULL: full */
    bool rows_only;                  /* a delta without rows is not made: fd -1 */
    uint64_t by;                     /* who asks: number of the API key */
};
struct lists_desk_file {
    int fd; /* the caller's to close */
    uint64_t bytes, rows;
    char tag[LISTS_DESK_TAG]; /* entity tag with its quotes, RFC 9110 8.8.3 */
};
/* As lists_full and lists_since; of the store; ERR_FILE_WRITE. ERR_UNAVAILABLE: the list is being brought up to date,
 * as after the start of a server that kept none before. Exceptions are made anew each time and stand on no disk;
 * ERR_UNAVAILABLE too: this server writes nothing, so nobody could tell afterwards who has seen them; ERR_NOT_FOUND: the
 * settings name no subscribers of this operator. */
MUST_USE enum err lists_desk_open(struct lists_desk *desk, const struct lists_desk_ask *ask,
                                  struct lists_desk_file *out, struct fault *fault);

/* at_ms and by are the caller's word. As lists_receipt_put. */
MUST_USE enum err lists_desk_receipt(struct lists_desk *desk, const struct lists_receipt *receipt,
                                     struct lists_standing *out, struct fault *fault);

/* How all stand, as of the last look (5 s ago at most while the store is there; ages have gone on since); how many, at
 * most `most`. */
size_t lists_desk_standings(struct lists_desk *desk, struct lists_standing *out, size_t most);
/* Seconds since that look: more than some mean that nobody knows how they stand. */
int64_t lists_desk_unseen_s(struct lists_desk *desk);
/* Pairs that the last full list of exceptions left out because nobody can name the subscriber; 0 before the first. */
uint64_t lists_desk_unnamed(struct lists_desk *desk);
/* Up to where the list was followed: next_seq; 0: not yet. */
uint64_t lists_desk_seq(struct lists_desk *desk, uint8_t kind);

#endif
