/* SPDX-License-Identifier: Apache-2.0
 *
 * case - an IMEI that several phones may use, from the find to the decision. While a case is open the public hears
 * "duplicate" and nobody is cut off; confirmed, the users chosen are served and all others refused; dismissed, nothing is
 * said any more. A fleet's number is a finding: it has a record, and no mark, until an officer confirms it.
 *
 * Records (people/record.h, '6'): 'c', IMEI 6: the case, JSON, sealed: it names subscribers by their numbers (seen/parts.h),
 * never by IMSI. 'n', number 8: IMEI 6. 'q', state 1, opened 2, IMEI 6: empty. 'm', month 2 (year x 12 + month - 1): four counters of 4 bytes. 'a', day 2: how many
 * a rule confirmed 4, how many it was kept from confirming 4. */
#ifndef CLONES_CASE_H
#define CLONES_CASE_H

#include <stdatomic.h>

#include "app/commit.h"
#include "clones/find.h"

/* Codes are stored. */
enum clone_at { CLONE_OPEN = 1, CLONE_CONFIRMED = 2, CLONE_DISMISSED = 3, CLONE_FLEET = 4 };
enum { CLONE_ATS = 5, CLONE_CASE_OPERATORS = 8 };
const char *clone_at_name(unsigned at); /* "open", "confirmed", "dismissed", "fleet" */
bool clone_at_find(struct str name, uint8_t *out);
/* What waits: "confirmed", "dismissed", "corrected"; NULL: nothing. */
struct clone_case;
const char *clone_proposed_name(const struct clone_case *c);

struct clone_case_user {
    uint32_t subscriber;
    uint32_t operators; /* bit i of clone_case.operators */
    uint32_t days;
    daynum first, last;
};

struct clone_case {
    struct imei imei;
    uint64_t number; /* by which pages name it: an IMEI stands in no address */
    uint8_t at;      /* enum clone_at */
    uint32_t version;
    daynum opened;
    uint32_t why, imsis, days, sum, two_days; /* as struct clone_find */
    daynum first, last;
    uint64_t operators[CLONE_CASE_OPERATORS]; /* parties; those beyond are left out */
    uint32_t operator_count, user_count;
    struct clone_case_user users[CLONE_SUBSCRIBERS]; /* the oldest pairs */
    uint32_t served; /* bit i: users[i] is served; of a confirmed one */
    uint8_t
        proposed; /* CLONE_CONFIRMED (of a confirmed one: other users) or CLONE_DISMISSED waits for a second person; 0 */
    uint32_t proposed_served;
    uint64_t proposed_by;
    uint64_t
        chosen_by; /* who chose the users that are served, where another agreed; 0: who decided */
    uint64_t decided_by; /* 0: by rule */
    int64_t decided_ms;  /* 0: not decided */
    char reason[LIMIT_REASON + 1];
};

/* ERR_NOT_FOUND, ERR_CODEC. */
MUST_USE enum err clone_case_get(struct registry *registry, struct imei imei,
                                 struct clone_case *out, struct fault *fault);
/* Inside a write: the case, its place in the lists, and the month's figures; was: its state before, 0: none. */
MUST_USE enum err clone_case_put(struct registry *registry, const struct clone_case *c, uint8_t was,
                                 struct fault *fault);
/* The IMEI of a case by its number. ERR_NOT_FOUND. */
MUST_USE enum err clone_case_find(struct registry *registry, uint64_t number, struct imei *out,
                                  struct fault *fault);
/* IMEIs of a state, by the day they were opened; after: the last of the page before (opened too), NULL: from the first. */
MUST_USE enum err clone_cases(struct registry *registry, uint8_t at, const struct clone_case *after,
                              struct imei *out, size_t max, size_t *out_n, struct fault *fault);
/* All, by IMEI. fn false: stop. */
typedef bool clone_case_fn(void *ctx, const struct clone_case *c);
MUST_USE enum err clone_cases_each(struct registry *registry, clone_case_fn *fn, void *ctx,
                                   struct fault *fault);

struct clone_month {
    int year, month;           /* 1 to 12 */
    uint32_t moved[CLONE_ATS]; /* cases that came into the state, by enum clone_at */
};
/* The newest months first, at most max. */
MUST_USE enum err clone_months(struct registry *registry, struct clone_month *out, size_t max,
                               size_t *out_n, struct fault *fault);
struct clone_standing {
    uint64_t count[CLONE_ATS]; /* in each state now, by enum clone_at */
    daynum oldest;             /* opened first, of those that are open; DAYNUM_NONE: none is */
};
MUST_USE enum err clone_counts(struct registry *registry, struct clone_standing *out,
                               struct fault *fault);

/* ---- what a rule may do without an officer (by_rule.c) ---- */

/* Of a day. Where a look would confirm more than clone_auto_most, with what the day has already, it confirms none, and no look
 * of that day does: held. What was held stays open for officers; no later night confirms it. */
struct clone_by_rule {
    daynum day;
    uint32_t confirmed, held;
};
/* A day that has none: zeros. */
MUST_USE enum err clone_by_rule_get(struct registry *registry, daynum day,
                                    struct clone_by_rule *out, struct fault *fault);
/* Inside a write. */
MUST_USE enum err clone_by_rule_put(struct registry *registry, const struct clone_by_rule *day,
                                    struct fault *fault);
/* May so many more be confirmed on this day? Asked anew inside each write. */
bool clone_by_rule_may(const struct rules *rules, const struct clone_by_rule *day, uint64_t more);

/* ---- finds become cases (open.c) ---- */

struct clone_opened {
    uint64_t opened, again; /* new cases; dismissed ones that grew by half, and two at least */
    uint64_t fleets;        /* new findings */
    uint64_t confirmed;     /* of the opened, by rule (clone_auto) */
    uint64_t held;          /* of the opened, left to officers: more than clone_auto_most */
    uint64_t stood;         /* finds that had a case */
};
struct clone_open {
    uint32_t accepted; /* enum guard: GUARD_MOVE */
    const char *reason;
    struct committer *committer; /* NULL: by the registry's own transactions */
    const atomic_int *stop;      /* NULL: never */
};
/* ERR_GUARD: more than a tenth of the IMEIs that networks saw would be cases. ERR_STOPPED between two transactions: the next
 * look does the rest. */
MUST_USE enum err clones_open(struct registry *registry, const struct clone_finds *finds,
                              const struct clone_open *how, struct clone_opened *out,
                              struct fault *fault);
/* Is the find of a fleet, a machine's number, or one that names no phone? */
MUST_USE enum err clone_is_fleet(struct registry *registry, const struct clone_finds *finds,
                                 const struct clone_find *find, bool *out, struct fault *fault);

/* ---- decisions (decide.c) ---- */

enum { CLONE_AS_PROPOSED = -1 };
struct clone_decision {
    uint8_t to; /* CLONE_CONFIRMED or CLONE_DISMISSED */
    bool
        corrects; /* of a confirmed one: these users are served, and not those who were; to: CLONE_CONFIRMED */
    uint32_t version; /* of the case that was looked at; 0: whatever it is now */
    int64_t
        served; /* to confirm: bit i for users[i]; 0: nobody; CLONE_AS_PROPOSED: as the first person chose */
    const char *reason;          /* to dismiss and to correct it is wanted */
    uint64_t actor;              /* account; 0: the registry's */
    uint8_t role;                /* for the audit log */
    struct committer *committer; /* NULL: by the registry's own transaction */
    /* Inside the same transaction. NULL: nothing more. */
    enum err (*also)(struct registry *registry, void *ctx, struct fault *fault);
    void *also_ctx;
};
/* *out: the case afterwards. Where two persons decide (two_person), confirming, correcting and lifting a confirmed one wait
 * for the second: *out_waits. Who chose the users does not correct his choice: another officer does. ERR_NOT_FOUND,
 * ERR_NOT_NOW, ERR_SAME_PERSON, ERR_ACTOR, ERR_TOO_MANY (LIMIT_PAIRS), ERR_USAGE; ERR_STALE: the case is not as it was looked
 * at; ERR_NOT_FOUND as well for a subscriber who was dropped after his term. */
MUST_USE enum err clone_decide(struct registry *registry, struct imei imei,
                               const struct clone_decision *decision, struct clone_case *out,
                               bool *out_waits, struct fault *fault);

/* ---- the report to the authorities (report.c) ---- */

/* CSV, a row a case: imei,subscribers,operators,first_day,last_day,state,rules. No subscriber stands in it. Writes in pieces;
 * write false: stop. */
typedef bool clone_write_fn(void *ctx, struct str text);
MUST_USE enum err clone_report(struct registry *registry, clone_write_fn *write, void *ctx,
                               uint64_t *out_rows, struct fault *fault);

#endif
