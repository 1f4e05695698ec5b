/* SPDX-License-Identifier: Apache-2.0
 *
 * marks - what a body that sets marks (police, security, a court, the penitentiary service) does by API and by
 * page: looks first at what would become of each IMEI, suspends, resumes, reads its own marks. The use cases
 * themselves are app/suspend.h; here stand who may, what is told, and that one wish is carried out once.
 *
 * A body sees its own marks whole. Of others' it sees what the public hears (domain.md 3), so that one body
 * does not learn of another's orders. */
#ifndef CASES_MARKS_H
#define CASES_MARKS_H

#include "app/mark_list.h"
#include "app/suspend.h"
#include "people/session.h"

enum { MARKS_AT_ONCE = 100, MARKS_PAGE = 50 };

/* For whom an account acts. */
struct mark_body {
    uint64_t party;
    char name[LIMIT_NAME + 1];
    uint32_t marks; /* bits of enum mark_kind that it sets */
};
/* ERR_NO_BODY: the account has none. */
MUST_USE enum err mark_body(struct registry *registry, const struct session *who,
                            struct mark_body *out, struct fault *fault);

/* What is wanted. Texts are borrowed. */
struct marking {
    bool resume;
    uint8_t kind; /* enum mark_kind */
    const struct imei *imeis;
    size_t count;           /* 1 .. MARKS_AT_ONCE */
    struct str order;       /* document number */
    struct str note;        /* for the register's notes; may be empty */
    struct str idempotency; /* empty: every act is another */
    daynum from, last;      /* as in struct suspension */
};

/* What would become of one IMEI. */
struct mark_look {
    struct imei imei;
    struct verdict now, then;
    struct facts facts; /* now */
    enum err refused;   /* why it cannot be done to this one: `then` is `now` */
    bool lifts; /* it shortens or ends a mark: where two decide, another person confirms it */
};
/* looks: one each, in the order given. *out_waits: a second person would have to confirm it. Errors that are of the whole:
 * ERR_NO_BODY, ERR_MARK_KIND (the body does not set it), ERR_TOO_MANY, ERR_DATE. */
MUST_USE enum err marks_preview(struct registry *registry, const struct mark_body *body,
                                const struct marking *wish, struct mark_look *looks,
                                bool *out_waits, struct fault *fault);

struct marked {
    bool again;        /* it was done before, under the same key */
    uint64_t proposal; /* waits for another person of the body; 0: it is done */
    uint64_t entry;    /* of the journal; 0: nothing moved */
    uint64_t moved;    /* marks set or cleared */
};
/* hand: a writing register, its actor whoever asks; as in marks_confirm and marks_reject. Errors as marks_preview, suspend and resume; ERR_NAME (order number), ERR_TOO_LONG (note),
 * ERR_IDEMPOTENCY. */
MUST_USE enum err marks_do(struct registry *hand, const struct session *who,
                           const struct mark_body *body, const struct marking *wish,
                           struct marked *out, struct fault *fault);

/* ---- what stands ---- */

struct mark_row {
    struct listed_mark mark;
    daynum from, last;
    bool standing;      /* acts today, or begins later; else its last day is past */
    struct entry entry; /* that set it: order number, time, who */
    struct verdict now;
};
struct mark_filter {
    uint64_t before; /* the row that the page before ended with; 0: the newest */
    uint8_t kind;    /* 0: all */
    bool standing;   /* those alone */
};
/* Newest first, at most MARKS_PAGE. *out_next: for the next page; 0: there is none. */
MUST_USE enum err marks_list(struct registry *registry, const struct mark_body *body,
                             const struct mark_filter *filter, struct mark_row *out, size_t *out_n,
                             uint64_t *out_next, struct fault *fault);

/* What the body did to one IMEI, newest first, at most MARKS_PAGE. */
struct mark_event {
    bool cleared;
    struct mark mark;
    struct entry entry;
    uint64_t seq;
};
MUST_USE enum err marks_history(struct registry *registry, const struct mark_body *body,
                                struct imei imei, struct mark_event *out, size_t *out_n,
                                struct fault *fault);

/* ---- what waits for a second person of the body ---- */

/* Their numbers, the oldest first. */
MUST_USE enum err marks_proposals(struct registry *registry, const struct mark_body *body,
                                  uint64_t out[MARKS_PAGE], size_t *out_n, struct fault *fault);
/* What it names, at most MARKS_AT_ONCE; *out_n how many in all. ERR_NO_PROPOSAL: none of this body. */
MUST_USE enum err marks_proposal(struct registry *registry, const struct mark_body *body,
                                 uint64_t id, struct batch *out, struct imei *imeis, size_t *out_n,
                                 struct fault *fault);
/* As batch_confirm and batch_reject, of this body's alone. */
MUST_USE enum err marks_confirm(struct registry *hand, const struct mark_body *body, uint64_t id,
                                struct batch_result *out, struct fault *fault);
MUST_USE enum err marks_reject(struct registry *hand, const struct mark_body *body, uint64_t id,
                               struct fault *fault);

#endif
