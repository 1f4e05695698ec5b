/* SPDX-License-Identifier: Apache-2.0
 *
 * odd_tacs - phones that are in use though their TAC is a test TAC, or stands in no list of models: counted, to be looked at.
 * Informational: what follows from it is rule 8 of the policy alone (domain.md 3). And what radio technologies operators saw.
 *
 * Expected workload: one pass over the facts of a country, some millions a second, then one over the pairs for those that are
 * odd. Memory: that of groups.h. */
#ifndef SEEN_ODD_TACS_H
#define SEEN_ODD_TACS_H

#include "app/top_models.h"
#include "seen/groups.h"
#include "seen/radio.h"

enum odd_tac { ODD_MISSING, ODD_TEST, ODD_KINDS };
enum { ODD_EXAMPLES = 5, ODD_PREFIXES = 64, ODD_OPERATORS = GROUPS_OPERATORS };

/* Test TACs, by their first digits. */
struct odd_prefixes {
    unsigned n;
    struct odd_prefix {
        uint32_t from, to; /* TACs, both included */
    } list[ODD_PREFIXES];
};
/* "00,0010": each 2 to 8 digits. ERR_SETTING_VALUE. */
MUST_USE enum err odd_prefixes_read(struct str text, struct odd_prefixes *out, struct fault *fault);

struct odd_tacs {
    bool has_list;   /* false: there is no list of models, so none is missing */
    uint64_t in_use; /* IMEIs with a first use */
    struct odd_kind {
        uint64_t imeis;
        bool few; /* of one operator: 1 to 4, which are not told */
        struct top_models models;
        unsigned examples;
        struct imei example[ODD_EXAMPLES]; /* of different TACs */
    } kinds[ODD_KINDS];                    /* a test TAC is no missing one */
    struct groups groups;                  /* kind 0: missing, 1: test */
    unsigned operators;                    /* of radio */
    struct odd_radio {
        uint64_t party;
        char name[LIMIT_NAME + 1];
        uint64_t rows[RADIO_KINDS];
    } radio[ODD_OPERATORS];
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
