/* SPDX-License-Identifier: Apache-2.0
 *
 * item - what a journal block is a sequence of. Four kinds, told by a leading type byte; every
 * item is one Merkle leaf and takes one sequence number. Bytes: ARCHITECTURE.md, "Journal items".
 * Encoding is canonical: decode refuses everything that encode would not have written. */
#ifndef JOURNAL_ITEM_H
#define JOURNAL_ITEM_H

#include "core/change.h"
#include "core/policy.h"

enum item_type {
    ITEM_ENTRY = 'E', /* who did what, on which ground; its rows follow */
    ITEM_ROW = 'R',   /* one IMEI: change of fact, verdict before and after */
    ITEM_RULES = 'S', /* a rule set, whole */
    ITEM_GATE = 'G',  /* expire_through and swept_through */
};

/* What happened. Codes stand in the journal: never change one. */
enum event {
    EVENT_CREATED = 1, /* the register was made */
    EVENT_OBSERVED = 2,
    EVENT_AMNESTY = 3,
    EVENT_VERIFIED = 4,
    EVENT_GSMA = 5,
    EVENT_SUSPENDED = 6,
    EVENT_RESUMED = 7,
    EVENT_SWEPT = 8,
    EVENT_RULES = 9,
    EVENT_TAC_LIST = 10,
    EVENT_REPAIRED = 11,
    EVENT_REVOKED = 12,
    EVENT_WITHDRAWN = 13,
    EVENT_HELD = 14,
    EVENT_CLONE = 15,
    EVENT_MACHINE = 16,
    EVENT_TEMPORARY = 17,
    EVENT_GROUPED = 18,
    EVENT_PROPOSED =
        19, /* ground: the event proposed; document: hex digest of its changes, or an application's number */
    EVENT_REJECTED = 20,        /* document: number of the proposal, or of the application */
    EVENT_STAFF = 21,           /* party: the account that may act from now on */
    EVENT_EXPIRY_HELD = 22,     /* for an operator (party) or models; document: day, TACs */
    EVENT_EXPIRY_RELEASED = 23, /* document: sequence number of the entry before */
    EVENT_NOTICES_GUARD =
        24, /* how many must be told before anybody expires; document: from, to (%) */
    EVENT_KINDS
};

enum entry_flag {
    ENTRY_BATCH_BEGIN = 1 << 0, /* intent: count changes with this digest will follow */
    ENTRY_BATCH_END = 1 << 1,   /* the batch whose intent has sequence number .batch is whole */
};

struct entry {
    uint8_t event;      /* enum event */
    uint8_t flags;      /* enum entry_flag */
    uint8_t ground;     /* ground code: mark kind, approval kind, ...; 0 = none */
    uint64_t actor;     /* opaque id of the acting account, 0 = the register itself */
    uint64_t party;     /* opaque id of the body or person on whose behalf; 0 = none */
    int64_t time_ms;    /* UTC milliseconds */
    daynum effective;   /* day on which its rows are judged */
    uint64_t batch;     /* BATCH_END: sequence number of the intent entry */
    uint64_t count;     /* BATCH_BEGIN: changes saved; BATCH_END: rows written */
    uint8_t digest[32]; /* BATCH_BEGIN: SHA-256 of the saved changes */
    uint8_t document_n; /* bytes of document, 0 .. LIMIT_DOCUMENT */
    char document[LIMIT_DOCUMENT];
};

struct row {
    struct change change; /* with the IMEI */
    uint64_t prev_seq;    /* this IMEI's row before, 0 = none: its history is a linked list */
    uint8_t before;       /* enum reason */
    struct verdict after; /* as the register judges on the entry's effective day, gate included */
};

struct gate {
    daynum expire_through; /* deadlines up to this day may turn to EXPIRED */
    daynum swept_through;  /* rows of day changes are written up to this day */
};

struct item {
    uint8_t type; /* enum item_type */
    union {
        struct entry entry;
        struct row row;
        struct gate gate;
        struct {
            uint32_t number;
            struct str text; /* canonical, borrowed from the block */
        } rules;
    };
};

enum { ITEM_ENTRY_MAX = 160 };

/* Each appends the item's bytes (type first, without the length that stands before it in a
 * block) and returns their count; 0 when the buffer failed. */
size_t item_encode_entry(const struct entry *entry, struct buf *out);
size_t item_encode_row(const struct row *row, uint8_t out[LIMIT_ROW_ITEM]);
size_t item_encode_rules(uint32_t number, struct str text, struct buf *out);
size_t item_encode_gate(const struct gate *gate, struct buf *out);

/* Exactly one item in n bytes. ERR_CODEC. */
MUST_USE enum err item_decode(const void *p, size_t n, struct item *out);

const char *event_name(uint8_t event); /* "suspended" */

#endif
