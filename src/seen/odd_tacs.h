/* SPDX-License-Identifier: Apache-2.0
 *
 * odd_tacs - phones that are in use though their TAC is a test TAC, stands in no list of models, or was allocated after their
 * first use: counted, by month of that use, to be looked at. And what radio technologies operators saw, those apart that a
 * model does not have. Informational: what follows from it is rule 8 of the policy alone (domain.md 3).
 *
 * Expected workload: one pass over the facts of a country, some millions a second, then one over the pairs for those that are
 * odd. Memory: that of groups.h, and 16 bytes for each operator and TAC with a radio that it lacks. */
#ifndef SEEN_ODD_TACS_H
#define SEEN_ODD_TACS_H

#include "app/top_models.h"
#include "seen/groups.h"
#include "seen/radio.h"

enum odd_tac { ODD_MISSING, ODD_TEST, ODD_LATER, ODD_KINDS };
_Static_assert((int)ODD_KINDS <= (int)GROUPS_KINDS, "a group counts each kind");
enum {
    ODD_EXAMPLES = 5,
    ODD_PREFIXES = 64,
    ODD_OPERATORS = GROUPS_OPERATORS,
    ODD_MONTHS = 24, /* up to this one */
};

/* Test TACs, by their first digits. */
struct odd_prefixes {
    unsigned n;
    struct odd_prefix {
        uint32_t from, to; /* TACs, both included */
    } list[ODD_PREFIXES];
};
/* "00,0010": each 2 to 8 digits. ERR_SETTING_VALUE. */
MUST_USE enum err odd_prefixes_read(struct str text, struct odd_prefixes *out, struct fault *fault);

/* Rows of one TAC with a radio that it lacks. */
struct odd_wrong {
    uint32_t tac;
    uint8_t radio; /* those that were seen and it lacks: bits */
    uint64_t rows;
};

struct odd_tacs {
    bool has_list;    /* false: there is no list of models, so none is missing */
    bool has_details; /* false: it says neither when a TAC was allocated nor which radio it has */
    uint64_t in_use;  /* IMEIs with a first use */
    int month;        /* this one: year * 12 + month - 1 */
    struct odd_kind {
        uint64_t imeis;
        bool few; /* of one operator: 1 to 4, which are not told */
        struct top_models models;
        unsigned examples;
        struct imei example[ODD_EXAMPLES]; /* of different TACs */
        uint64_t
            months[ODD_MONTHS]; /* by month of the first use, this one first; not of one operator */
    } kinds[ODD_KINDS];         /* a test TAC is of no other kind */
    struct groups groups;       /* by kind */
    unsigned operators;         /* of radio */
    struct odd_radio {
        uint64_t party;
        char name[LIMIT_NAME + 1];
        uint64_t rows[RADIO_KINDS];
        uint64_t wrong[RADIO_KINDS]; /* of them, of TACs that lack it */
    } radio[ODD_OPERATORS];
    uint32_t wrong_tacs; /* TACs with a radio that they lack */
    unsigned wrong_n;
    struct odd_wrong wrong[TOP_MODELS]; /* most rows first */
};

struct odd_ask {
    const struct odd_prefixes *tests;
    struct str
        operator_name; /* empty: all; else phones that he saw in the last GROUPS_DAYS, and his rows */
    struct groups_options groups;
};

/* ERR_NOT_FOUND: no such operator sent files of late. ERR_STOPPED, ERR_MEMORY, of the store. */
MUST_USE enum err odd_tacs_count(struct registry *registry, const struct odd_ask *ask,
                                 struct odd_tacs *out, struct fault *fault);

#endif
