/* SPDX-License-Identifier: Apache-2.0
 *
 * audit_log - who signed in or was refused, who looked at whose data, who decided what about people. It
 * is a chain of its own beside the journal, which knows facts of IMEIs only, and is in no feed. Written a
 * page a second by one thread a process; what would be more than LIMIT_AUDIT_QUEUE in a second is counted,
 * not kept. Of refusals only so many a minute are told one by one, the others counted in one event, so that
 * nobody fills the register by knocking. */
#ifndef PEOPLE_AUDIT_LOG_H
#define PEOPLE_AUDIT_LOG_H

#include "app/commit.h"

enum audit_what {
    AUDIT_NONE = 0,
#define X(code, name, text) AUDIT_##name = code,
#include "people/audit_log.def"
#undef X
    AUDIT_WHAT_COUNT
};
const char *audit_what_name(uint8_t what);

struct audit_event {
    uint8_t what;     /* enum audit_what */
    uint8_t role;     /* enum role of who did it */
    uint64_t actor;   /* party, 0 = nobody is known */
    uint64_t subject; /* party whose data it is, 0 = nobody's */
    uint64_t object;  /* application, 0 = none */
    enum err outcome; /* ERR_OK, or why it was refused */
    int64_t time_ms;  /* filled in when 0 */
};

struct audit_log;

/* committer: of this process, borrowed; it outlives the log. */
MUST_USE enum err audit_log_new(struct committer *committer, const struct clock *clock,
                                struct audit_log **out);
/* From any thread; never waits. log NULL: nothing is kept (tests). */
void audit_log_add(struct audit_log *log, const struct audit_event *event);
/* Writes what is left. */
void audit_log_free(struct audit_log *log);

/* Inside a write: a page of its own, in the transaction of what it tells of. */
MUST_USE enum err audit_log_put(struct registry *registry, const struct audit_event *events,
                                size_t n, struct fault *fault);

/* Every page in order; each event with the number of its page. fn false: stop. */
typedef bool audit_event_fn(void *ctx, uint64_t page, const struct audit_event *event);
/* Reads the whole chain. ERR_CHAIN names the first page that does not follow the one before. */
MUST_USE enum err audit_log_read(struct registry *registry, audit_event_fn *fn, void *ctx,
                                 struct fault *fault);

/* The chain proved little by little: what was read once is remembered. */
enum { AUDIT_HASH_TEXT = 65 };
struct audit_watch {
    uint64_t pages;               /* proved */
    char before[AUDIT_HASH_TEXT]; /* hash of the last of them */
    int64_t at_s;                 /* when it last came to the end, UTC seconds; 0 = not yet */
    enum err found; /* ERR_CHAIN: the page after them is missing or was changed; it stays there */
};
/* Proves at most `most` pages more. *out_more: the end is not reached. */
MUST_USE enum err audit_log_follow(struct registry *registry, struct audit_watch *watch,
                                   unsigned most, bool *out_more, struct fault *fault);

#endif
