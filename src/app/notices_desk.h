/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_desk - notices in a server: receipts of operators, and figures for /metrics. All calls from any thread; a
 * receipt waits for the store. */
#ifndef APP_NOTICES_DESK_H
#define APP_NOTICES_DESK_H

#include "app/notices_list.h"

struct notices_desk;
struct notices_desk_options {
    const char *url, *key; /* copied */
    const struct clock *clock;
    const struct notices_port *port; /* borrowed */
    bool writes; /* false: receipts are refused and no lists are given, ERR_UNAVAILABLE */
};
/* Opens nothing yet. ERR_MEMORY. */
MUST_USE enum err notices_desk_new(const struct notices_desk_options *options,
                                   struct notices_desk **out);
void notices_desk_free(struct notices_desk *desk); /* NULL is allowed */

/* One line of an operator's report. */
struct notices_word {
    struct str id; /* borrowed */
    uint8_t state; /* enum notices_state */
    int64_t at_s;
    bool known, none; /* out, as in notices_receipt; none: also an id that is not his */
};
MUST_USE enum err notices_desk_words(struct notices_desk *desk, const char *operator_name,
                                     struct notices_word *words, size_t n, struct fault *fault);

enum {
    NOTICES_DESK_MOST = 65536 /* notices of a list over HTTP, about 45 MB: it stands in memory */
};
struct notices_desk_file {
    int fd; /* in memory; the caller's to close */
    uint64_t bytes;
    char cursor[FEED_CURSOR_TEXT];
};
/* The list of kind notify for an operator of the road of files: what it holds is his from now on. since NULL: full. Of
 * more than NOTICES_DESK_MOST the rest is behind its cursor. ERR_NOT_FOUND: he has no such channel; ERR_LIST_CURSOR; ERR_FILE_WRITE. */
MUST_USE enum err notices_desk_list(struct notices_desk *desk, const char *operator_name,
                                    const struct feed_cursor *since, enum lists_pack pack,
                                    struct notices_desk_file *out, struct fault *fault);

struct notices_figure {
    char name[LIMIT_NAME + 1];
    struct notices_standing standing;
    unsigned refusals; /* in a row, of whom he is pushed to */
};
/* Looks at the store with a register of the caller's. refusals: how often in a row an operator refused a push. */
typedef unsigned notices_refusals_fn(const void *ctx, uint64_t party);
MUST_USE enum err notices_desk_look(struct notices_desk *desk, struct registry *registry,
                                    notices_refusals_fn *refusals, const void *ctx,
                                    struct fault *fault);
/* As of the last look; how many, at most `most`. */
size_t notices_desk_figures(struct notices_desk *desk, struct notices_figure *out, size_t most);

#endif
