/* SPDX-License-Identifier: Apache-2.0
 *
 * facts - everything the register knows of one IMEI that the policy reads. Facts alone: no
 * verdict, no last-seen, no person. One row per IMEI in the store.
 *
 * The struct is laid out so that the usual judgement touches its first 64 bytes only. */
#ifndef CORE_FACTS_H
#define CORE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "core/daynum.h"

#define INSTANT_NONE INT64_MIN /* no such moment */

enum facts_flag {
    FACTS_AMNESTY = 1 << 0,         /* on the loaded amnesty list */
    FACTS_GSMA = 1 << 1,            /* on the GSMA block list */
    FACTS_MACHINE = 1 << 2,         /* declared machine-to-machine fleet */
    FACTS_CLONE_SUSPECTED = 1 << 3, /* several users under examination */
    FACTS_CLONE = 1 << 4,           /* confirmed: only its pairs are served */
};

/* Ways by which a device came onto the white list, domain.md 4. Codes stand in the journal. */
enum approval_kind {
    APPROVAL_NONE = 0,
    APPROVAL_IMPORT = 1,
    APPROVAL_PERSONAL = 2,
    APPROVAL_MANUFACTURE = 3,
    APPROVAL_REPAIR = 4,
    APPROVAL_BEFORE_DUTY = 5, /* counts for rule 7 only */
    APPROVAL_SECOND_IMEI = 6,
    APPROVAL_RECHECK = 7,
};

/* Kinds of suspension mark, in the order in which one hides the other. */
enum mark_kind { MARK_STOLEN = 1, MARK_LOST = 2, MARK_ORDER = 3, MARK_PENITENTIARY = 4 };

struct mark {
    uint64_t setter; /* party id of the body; only it clears the mark */
    daynum from;     /* first day on which the mark acts */
    daynum last;     /* last day, DAYNUM_OPEN: until cleared */
    uint8_t kind;    /* enum mark_kind */
};

struct approval {
    uint64_t party;       /* opaque id, 0 = not known */
    uint64_t application; /* 0 = none */
    uint8_t kind;         /* enum approval_kind */
};

struct facts {
    uint32_t flags; /* enum facts_flag */
    uint8_t mark_count;
    bool exists;            /* a row stands in the store */
    daynum activation;      /* local day of the first sighting with a home SIM */
    daynum known;           /* local day on which an activation first became known */
    daynum temporary_until; /* visitor: last day */
    daynum hold_until;      /* open application: last day held, DAYNUM_OPEN, or none */
    int64_t verified_at;    /* UTC seconds, INSTANT_NONE */
    int64_t before_duty_at; /* accepted proof that it was here before the duty */
    int64_t replaced_at;    /* its GSM module was taken out in a repair */
    int64_t revoked_at;     /* approval revoked for cause */
    /* Below: not read by the policy. */
    struct approval verified;
    struct approval before_duty;
    uint64_t group;                 /* device group: the IMEIs of one device share it; 0 = none */
    uint64_t last_seq;              /* sequence number of its last journal row, 0 = none */
    struct mark marks[LIMIT_MARKS]; /* sorted by kind, setter */
};

/* No fact at all: what an IMEI that was never heard of has. */
void facts_init(struct facts *f);
bool facts_equal(const struct facts *a, const struct facts *b); /* last_seq and exists apart */

/* Canonical bytes (ARCHITECTURE.md, "Facts row"); FACTS_ROW_MAX at most. Returns their count. */
enum { FACTS_ROW_MAX = 256 };
size_t facts_encode(const struct facts *f, uint8_t out[FACTS_ROW_MAX]);
/* ERR_CODEC for anything that facts_encode would not have written. Sets exists. */
MUST_USE enum err facts_decode(const void *p, size_t n, struct facts *out);

const char *approval_kind_name(uint8_t kind); /* "import"; NULL: no such kind */
bool approval_kind_find(struct str name, uint8_t *out);
const char *mark_kind_name(uint8_t kind);
bool mark_kind_find(struct str name, uint8_t *out);

#endif
