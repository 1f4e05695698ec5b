/* SPDX-License-Identifier: Apache-2.0
 *
 * change - one change of one fact of one IMEI: what a journal row carries, what a batch saves,
 * and the only way in which facts move. Applying the rows of the journal in order gives the
 * facts back, because change_apply is pure. */
#ifndef CORE_CHANGE_H
#define CORE_CHANGE_H

#include "core/facts.h"
#include "core/imei.h"

/* Codes stand in the journal: never change one. */
enum change_kind {
    CHANGE_NONE = 0,          /* no fact: a verdict moved by a day or by a rule set */
    CHANGE_ACTIVATED = 1,     /* day, known: both only ever move earlier */
    CHANGE_AMNESTY = 2,       /* on: yes or no */
    CHANGE_VERIFIED = 3,      /* at, approval: the later one stands */
    CHANGE_UNVERIFIED = 4,    /* at, approval: an approval was withdrawn, this earlier one (or none:
                              at == INSTANT_NONE) speaks again */
    CHANGE_BEFORE_DUTY = 5,   /* at, approval: the earlier one stands */
    CHANGE_REPLACED = 6,      /* at: the later one stands */
    CHANGE_REVOKED = 7,       /* at: the later one stands */
    CHANGE_GSMA = 8,          /* on */
    CHANGE_MARK_SET = 9,      /* mark: replaces the same body's mark of the same kind */
    CHANGE_MARK_CLEARED = 10, /* mark.kind, mark.setter */
    CHANGE_CLONE = 11,        /* flags: 0, FACTS_CLONE_SUSPECTED or FACTS_CLONE */
    CHANGE_MACHINE = 12,      /* on */
    CHANGE_TEMPORARY = 13,    /* until: a day or DAYNUM_NONE */
    CHANGE_HOLD = 14,         /* until: a day, DAYNUM_OPEN or DAYNUM_NONE */
    CHANGE_GROUP = 15,        /* group: 0 leaves it; of several the smaller stands */
    CHANGE_UNPROVED = 16, /* at, approval: a proof before the duty was withdrawn, this one (or none:
                              at == INSTANT_NONE) speaks again */
    CHANGE_KINDS
};

struct change {
    struct imei imei;
    uint8_t kind; /* enum change_kind */
    union {
        struct {
            daynum day;
            daynum known;
        } activated;
        bool on;
        struct {
            int64_t at; /* UTC seconds */
            struct approval by;
        } approval; /* VERIFIED, UNVERIFIED, BEFORE_DUTY, UNPROVED; REPLACED and REVOKED use at alone */
        struct mark mark;
        uint32_t clone;
        daynum until;
        uint64_t group;
    };
};

/* Moves the facts. *out_changed tells whether anything did (loading twice changes nothing).
 * CHANGE_MARK_SET: ERR_MARKS_FULL. CHANGE_MARK_CLEARED: ERR_NO_MARK when no mark of the kind is
 * open, ERR_NOT_SETTER when only another body's is. Any error leaves the facts as they were. */
MUST_USE enum err change_apply(struct facts *facts, const struct change *change, bool *out_changed);

/* Canonical bytes of kind and payload, without the IMEI; CHANGE_BYTES_MAX at most. */
enum { CHANGE_BYTES_MAX = 30 };
size_t change_encode(const struct change *change, uint8_t out[CHANGE_BYTES_MAX]);
/* Reads kind and payload; imei is left alone. ERR_CODEC. */
MUST_USE enum err change_decode(struct rd *rd, struct change *out);

const char *change_kind_name(uint8_t kind); /* "activated" */

#endif
