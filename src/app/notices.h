/* SPDX-License-Identifier: Apache-2.0
 *
 * notices - what subscribers are told of their phones (core/notice.h), as it stands in the register: by which road it
 * reaches each operator, what was made, what was handed over, what became of it. Who is owed a notice is found in
 * seen/notices_due.h; this is the book.
 *
 * Records (none sealed: a subscriber is a number here, his IMSI stands in the sealed parts of seen/parts.h alone):
 *
 *   '7' 'h'                          head: form 1, the last number given 8
 *   '7' 's'                          settings: form 1, days 2, from 2, to 2, percent 1, address
 *   '7' 'g'                          a lower percent is asked for: notices_set.h
 *   '7' 'c' operator 8               a channel: form 1, road 1, then name, address, token file, prefixes, a length 2 before each
 *   '7' 'o' operator 8               how it stands: form 1, then varints
 *   '7' 't' IMEI 6, subscriber 4     what he was told last: step 1, last day 2, operator 8, the first number of this
 *                                    ladder 8, the last number 8
 *   '7' 'n' operator 8, number 8     a part: form 1, made 5 (UTC s), then 22 bytes a notice, numbered on from the key's:
 *                                    subscriber 4, IMEI 6, step 1, reason 1, last day 2, good until 2, state 1, at 5
 *
 * A notice and what was told stand in one transaction, so whatever dies, none is made twice and none is lost. A number is
 * given once; the identity that operators see is the number and a proof, the same at each try. A notice is handed over
 * when its number is not above `handed` of its operator: a part is rewritten only for what became of single notices.
 * Handed over is not told: what the operator says became of it decides (NOTICES_RECEIPT_HOURS). */
#ifndef APP_NOTICES_H
#define APP_NOTICES_H

#include "app/registry.h"
#include "core/notice.h"

enum {
    NOTICES_RECORD = '7',
    NOTICES_PART = 1024, /* notices of a part, at most: what one transaction writes */
    NOTICES_SITE = 18,   /* characters of the official address: face/notice_text.h */
    NOTICES_URL = 512,
    NOTICES_PLMN = 160,
    NOTICES_OPERATORS = 256,
    NOTICES_ID_TEXT = 21, /* 20 hexadecimal digits: number 12, proof 8 */
    /* So long after it was made a notice that was handed over counts as sent without a receipt: an operator's gateway says
     * within minutes what became of a message, and what goes out at 10:00 on the last day is known before the evening's
     * sweep. */
    NOTICES_RECEIPT_HOURS = 6,
};

/* ---- how a country tells ---- */

struct notices_settings {
    uint16_t days;     /* a subscriber counts as a phone's user so long after he was seen with it */
    uint16_t from, to; /* minutes of the day: from <= minute < to */
    uint8_t percent; /* of those who expire and can be told, so many must have been sent a notice */
    char site[NOTICES_SITE * 4 + 1]; /* "imei.example.kz", UTF-8 */
};
/* A register without any has the defaults: 30 days, 09:00-21:00, 99 %. ERR_CODEC. */
MUST_USE enum err notices_settings_get(struct registry *registry, struct notices_settings *out,
                                       struct fault *fault);
/* Is it an hour, of local time, at which nobody is told anything? */
bool notices_quiet(const struct registry *registry, const struct notices_settings *settings);
/* Inside a write (notices_set.h). */
MUST_USE enum err notices_settings_put(struct registry *registry,
                                       const struct notices_settings *settings,
                                       struct fault *fault);

/* ---- operators ---- */

enum notices_road {
    NOTICES_NO_ROAD = 0,
    NOTICES_FILE = 1, /* he takes lists of kind notify */
    NOTICES_HTTP = 2, /* they are pushed to his address */
};
const char *notices_road_name(uint8_t road); /* "file" */

struct notices_channel {
    uint64_t party;
    uint8_t road;
    char name[LIMIT_NAME + 1];
    char url[NOTICES_URL];        /* of NOTICES_HTTP */
    char token_file[NOTICES_URL]; /* holds what goes into Authorization: Bearer; empty: nothing */
    char plmn[NOTICES_PLMN]; /* "40101,40177": his subscribers; empty: whom his network saw last */
};
/* Inside a write; road NOTICES_NO_ROAD takes it away. party is filled (notices_set.h). */
MUST_USE enum err notices_channel_write(struct registry *registry,
                                        const struct notices_channel *channel, struct fault *fault);
struct notices_channels {
    size_t n;
    struct notices_channel of[NOTICES_OPERATORS];
};
/* By party. ERR_TOO_MANY, ERR_CODEC. */
MUST_USE enum err notices_channels_get(struct registry *registry, struct notices_channels *out,
                                       struct fault *fault);
/* May numbers of subscribers be pushed there? https://HOST…, or http:// to this machine (127.0.0.1, [::1], localhost),
 * without a name and password in it. */
bool notices_url(const char *url);
/* A prefix of IMSIs, 5 to 10 digits (MCC, MNC, and what follows), packed as imsi_parse does; 0: none. */
uint64_t notices_prefix(struct str text);
/* NULL: none. */
const struct notices_channel *notices_channel_of(const struct notices_channels *all,
                                                 uint64_t party);

struct notices_standing {
    uint64_t party;
    uint64_t made; /* all counts since the register began */
    uint64_t sent, late,
        overtaken; /* sent: handed over; late: not while its words were true; overtaken:
                                               another word of the same phone came first */
    uint64_t delivered, failed, unknown; /* by receipts; unknown: no such number */
    uint64_t handed;                     /* all up to this number were handed over, or left out */
    int64_t handed_s;                    /* when, UTC; 0: never */
    uint64_t waiting;                    /* filled by notices_standing_get: not handed over */
    int64_t oldest_s;                    /* when the first of them was made; 0: none waits */
};
MUST_USE enum err notices_standing_get(struct registry *registry, uint64_t party,
                                       struct notices_standing *out, struct fault *fault);
/* Without waiting and oldest_s, which are counted over all parts that wait. */
MUST_USE enum err notices_standing_read(struct registry *registry, uint64_t party,
                                        struct notices_standing *out, struct fault *fault);
/* Inside a write; without waiting and oldest_s. */
MUST_USE enum err notices_standing_put(struct registry *registry,
                                       const struct notices_standing *standing,
                                       struct fault *fault);

/* ---- notices ---- */

enum notices_state {
    NOTICES_WAITING = 0, /* handed over, where its number is not above `handed`; no receipt */
    NOTICES_DELIVERED = 1,
    NOTICES_FAILED = 2,
    NOTICES_UNKNOWN = 3, /* no such number */
    NOTICES_LATE = 4,
    NOTICES_OVERTAKEN = 5,
    NOTICES_STATES
};
const char *notices_state_name(uint8_t state); /* "delivered" */

struct notices_row {
    uint64_t number;
    struct imei imei;
    uint32_t subscriber;
    uint8_t step, reason, state;
    daynum last_day;      /* DAYNUM_NONE: the words have none */
    daynum until;         /* notice_until */
    int64_t made_s, at_s; /* UTC; at_s: of the state */
};

struct notices_part {
    uint64_t party, first;
    int64_t made_s;
    size_t n;
    struct notices_row rows[NOTICES_PART];
};

/* The last number given, 0 in a new register. */
MUST_USE enum err notices_head_get(struct registry *registry, uint64_t *out, struct fault *fault);
MUST_USE enum err notices_head_put(struct registry *registry, uint64_t last, struct fault *fault);
/* Inside a write: whole. */
MUST_USE enum err notices_part_put(struct registry *registry, const struct notices_part *part,
                                   struct fault *fault);
/* The part that holds the number, or else the first that begins behind it; *out_found false: there is none. */
MUST_USE enum err notices_part_at(struct registry *registry, uint64_t party, uint64_t number,
                                  struct notices_part *out, bool *out_found, struct fault *fault);

/* Notices of the operator with this number and greater ones, in order; fn false: stop. ERR_CODEC. */
typedef bool notices_row_fn(void *ctx, const struct notices_row *row);
MUST_USE enum err notices_rows(struct registry *registry, uint64_t party, uint64_t from,
                               notices_row_fn *fn, void *ctx, struct fault *fault);

void notices_id(const struct registry *registry, uint64_t party, uint64_t number,
                char out[NOTICES_ID_TEXT]);
/* False: it is none of this operator's. */
bool notices_id_read(const struct registry *registry, uint64_t party, struct str text,
                     uint64_t *out);

/* ---- what was told ---- */

struct notices_told {
    struct imei imei;
    uint32_t subscriber;
    struct notice_told told;
    uint64_t party, first, last;
};
/* Inside a write; step NOTICE_VERIFIED or NOTICE_NONE takes it away: all is told. */
MUST_USE enum err notices_told_put(struct registry *registry, const struct notices_told *told,
                                   struct fault *fault);
/* *out_found false: nothing. */
MUST_USE enum err notices_told_get(struct registry *registry, struct imei imei, uint32_t subscriber,
                                   struct notices_told *out, bool *out_found, struct fault *fault);
/* By IMEI and subscriber; imei NULL: of all. fn false: stop. ERR_CODEC. */
typedef bool notices_told_fn(void *ctx, const struct notices_told *told);
MUST_USE enum err notices_told_all(struct registry *registry, const struct imei *imei,
                                   notices_told_fn *fn, void *ctx, struct fault *fault);

/* ---- receipts ---- */

struct notices_receipt {
    uint64_t number;
    uint8_t state; /* DELIVERED, FAILED, UNKNOWN */
    int64_t at_s;
    bool known; /* out: it says nothing new */
    bool none;  /* out: there is no such notice any more */
};
/* Any order; a later word of one notice stands, the same again changes nothing. Some transactions. */
MUST_USE enum err notices_receipts_put(struct registry *registry, uint64_t party,
                                       struct notices_receipt *receipts, size_t n,
                                       struct fault *fault);

#endif
