/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_exceptions - the list `exceptions` as one operator gets it: the pairs that count, or what moved since a cursor, of
 * his own subscribers. The list knows keyed hashes; IMSIs are found by whoever may open them (lists_names_fn), for the
 * time of writing a text. */
#ifndef APP_LISTS_EXCEPTIONS_H
#define APP_LISTS_EXCEPTIONS_H

#include "app/lists.h"
#include "app/lists_pairs.h"
#include "app/operators.h"

/* Who asks. */
struct lists_asker {
    const char *operator_name;
    uint64_t by; /* number of the API key; an account's id */
};

struct lists_exceptions {
    struct feed_cursor from;
    struct lists_place to;
    struct lists_exception *rows; /* by IMEI; an operator's own by IMEI and IMSI */
    size_t count;
    size_t
        unnamed; /* after lists_exceptions_own: pairs left out because nobody can name who it is */
};
/* lists: of LISTS_EXCEPTIONS. As lists_full. */
MUST_USE enum err lists_exceptions_full(struct lists *lists, struct registry *registry,
                                        struct lists_exceptions *out, struct fault *fault);
/* As lists_since. */
MUST_USE enum err lists_exceptions_since(struct lists *lists, struct registry *registry,
                                         const struct feed_cursor *cursor,
                                         struct lists_exceptions *out, struct fault *fault);
void lists_exceptions_release(struct lists_exceptions *exceptions); /* IMSIs are wiped */

/* Fills in the IMSIs that it can find, and notes that he has seen them (audit log). registry: for writing. */
typedef enum err lists_names_fn(struct registry *registry, const struct lists_asker *who,
                                struct lists_exception *rows, size_t n, struct fault *fault);
/* Leaves the rows of these subscribers. Rows of a full list that nobody can name are left out and counted (whose they are
 * nobody knows: any operator's), of a delta what was added;
 * ERR_LIST_CURSOR: something was taken away that nobody can name any more, so that only a full list can say it. */
MUST_USE enum err lists_exceptions_own(struct lists_exceptions *exceptions,
                                       const struct plmn_list *plmn, struct fault *fault);

#endif
