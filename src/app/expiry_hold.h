/* SPDX-License-Identifier: Apache-2.0
 *
 * expiry_hold - expiry held for one operator, for a range of models, or for a range at one operator: their lists and EIR
 * nodes stay as if expire_through stood on a day. The verdict never waits here, so that pages and officers see what the register says;
 * holding it for all is the rule expiry_release=manual.
 *
 * One person holds; two release, where two persons decide. A hold into the past gives service back to phones that were refused
 * by then: it waits for the second person like a release. What was asked for lapses after EXPIRY_ASK_DAYS. Each is an entry of the journal, so a hold has a first and a last
 * sequence number, and what an operator is given at a cursor is a function of the journal and of these records, whenever it is made. A hold that has
 * ended stays: cursors of its time are still asked about.
 *
 *   'V' seq of its entry 8   form 2 (1), until_seq 8, operator's party 8, TACs 4 + 4, day 2, who held 8, when 8 (UTC ms), who asked for the
 *                            release 8, released when 8, asked when 8, operator's name; form 1: without "asked when", so that what was
 *                            asked by then has lapsed
 *   'V' 'p' hash 8           a hold that waits for a second person: the same, who asked and when; hash: of what is to be held */
#ifndef APP_EXPIRY_HOLD_H
#define APP_EXPIRY_HOLD_H

#include "app/registry.h"
#include "core/spared.h"

#define EXPIRY_HOLD_RECORD 'V'

struct expiry_hold {
    uint64_t seq;                       /* of its entry; its number for people */
    uint64_t until_seq;                 /* of the entry that released it; 0: it holds */
    char operator_name[LIMIT_NAME + 1]; /* empty: of all operators */
    uint32_t tac_from, tac_to;          /* both included; 0 and 99999999: all models */
    daynum through;                     /* last days up to it are refused as ever */
    uint64_t party;                     /* of the operator; 0: all */
    uint64_t by, asked_by;              /* accounts: who holds; who wants it released, 0: nobody */
    int64_t at_ms, until_ms, asked_ms;
};
enum {
    EXPIRY_ASK_DAYS = 7, /* for which what one person asked waits for another */
};
/* Does what was asked wait still? */
bool expiry_asked_now(const struct registry *registry, const struct expiry_hold *hold);

/* Of hold: operator_name, TACs, and through (DAYNUM_NONE: expire_through as it stands). Gives the rest. The whole
 * country is refused: ERR_USAGE. ERR_DATE: through is after expire_through. ERR_TOO_MANY. reason: for the notes. Where it takes
 * more back than the last midnight and two persons decide: ERR_HELD: it is asked for, another person says the same;
 * ERR_SAME_PERSON, ERR_ACTOR. */
MUST_USE enum err expiry_hold_put(struct registry *registry, struct expiry_hold *hold,
                                  const char *reason, struct fault *fault);
/* ERR_HELD: it is asked for, another person says the same within EXPIRY_ASK_DAYS. ERR_SAME_PERSON; ERR_NOT_FOUND: no such hold, or it has ended. */
MUST_USE enum err expiry_hold_release(struct registry *registry, uint64_t seq, const char *reason,
                                      struct expiry_hold *out, struct fault *fault);
/* All there were, oldest first; fn returns false to stop. */
typedef bool expiry_hold_fn(void *ctx, const struct expiry_hold *hold);
MUST_USE enum err expiry_holds(struct registry *registry, expiry_hold_fn *fn, void *ctx,
                               struct fault *fault);
/* Those that wait for a second person, in any order; fn as above. */
MUST_USE enum err expiry_holds_asked(struct registry *registry, expiry_hold_fn *fn, void *ctx,
                                     struct fault *fault);
/* What an operator is spared at a place of the journal; next_seq UINT64_MAX: now. */
MUST_USE enum err expiry_spared(struct registry *registry, struct str operator_name,
                                uint64_t next_seq, struct spared *out, struct fault *fault);

#endif
