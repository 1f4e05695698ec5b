/* SPDX-License-Identifier: Apache-2.0
 *
 * guard - what stops a load that looks wrong, before it takes effect, until somebody accepts it and says
 * why (domain.md 3, 6). One list of words for every import. */
#ifndef BULK_GUARD_H
#define BULK_GUARD_H

#include "app/batch.h"

enum guard {
    GUARD_DATES = 1 << 0,  /* over 5 % of a feed's rows dated later than today */
    GUARD_SIZE = 1 << 1,   /* smaller than 75 % of what stands, or is usual */
    GUARD_NULLS = 1 << 2,  /* over 5 % of a feed's rows null or malformed */
    GUARD_MOVE = 1 << 3,   /* moves, or cuts off, more than a number */
    GUARD_NOTICE = 1 << 4, /* somebody would lose service before a first notice */
    GUARD_ZEROS = 1 << 5,  /* IMEIs of a feed have lost a leading zero */
};
enum { GUARDS = 6, GUARD_ALL = (1 << GUARDS) - 1 };

/* A set that was smaller is not held by GUARD_SIZE; a rule set that moves fewer is not held by GUARD_MOVE,
 * whatever their share. Ours. */
enum {
    GUARD_SIZE_FLOOR = 100,
    GUARD_MOVE_FLOOR = 100,
    GUARD_SIZE_PERCENT = 75,
    GUARD_MOVE_PERCENT = 10
};

struct accept {
    uint32_t guards;    /* enum guard */
    const char *reason; /* for the audit notes; with guards */
};

const char *guard_name(uint32_t guard); /* "dates" */
/* Comma list of guards, or all. False: no such guard. */
bool guards_parse(struct str text, uint32_t *out);
/* Guards of what waits for a second person anyway do not stop it before: *tripped becomes 0 where two
 * decide. */
MUST_USE enum err guard_or_second(struct registry *registry, uint32_t *tripped,
                                  struct fault *fault);
/* ERR_OK when all that tripped were accepted; else ERR_GUARD: what was found, what to do. */
MUST_USE enum err guard_stop(const struct accept *accept, uint32_t tripped, struct fault *fault,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));
enum { GUARD_REASON_MAX = LIMIT_REASON + 64 };
/* "accepted size move: REASON" for the audit notes; NULL when nothing that tripped was accepted. */
const char *guard_reason(const struct accept *accept, uint32_t tripped, char out[GUARD_REASON_MAX]);

/* Guards of a rule set before it takes effect, by one pass over the facts: GUARD_MOVE, and for a list of models,
 * which comes as a file does, GUARD_NOTICE. rules->tac must be the table that they would judge by. */
MUST_USE enum err guard_rules(struct registry *registry, const struct rules *rules, bool list,
                              const struct accept *accept, uint32_t *out_tripped,
                              struct fault *fault);

#endif
