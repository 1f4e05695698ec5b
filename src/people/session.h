/* SPDX-License-Identifier: Apache-2.0
 *
 * session - who is signed in. The browser holds a token of 256 random bits in a cookie; the register
 * holds its hash and, sealed, who it is. Any server of the register knows every session; one that was
 * ended is unknown to all at once.
 *
 * Expected workload: one look-up a request, a few thousand sessions a country. */
#ifndef PEOPLE_SESSION_H
#define PEOPLE_SESSION_H

#include "app/commit.h"
#include "people/eds.h"
#include "people/role.h"

enum {
    SESSION_TOKEN_TEXT = 65, /* 64 hexadecimal digits and a NUL */
    SESSION_CSRF_TEXT = 33,
    SESSION_IDLE_S = 30 * 60,
    SESSION_LIFE_S = 12 * 3600,
    SESSION_TOUCH_S = 60, /* how exactly it is known when one was last used */
    SESSION_LIST_MAX = 32,
};

struct session {
    uint64_t party;    /* who signed in: a person by IIN, an account */
    uint64_t acts_for; /* the applicant: himself, or an organisation by BIN */
    uint8_t role;      /* enum role */
    uint32_t
        by_attorney; /* acts by power of attorney: the kinds that he may file (people/attorney.h); else 0 */
    char name[EDS_NAME];
    char organisation[EDS_ORGANISATION];
    int64_t created_s; /* UTC seconds */
    int64_t seen_s;
    uint8_t id[SHA256_BYTES]; /* hash of its token */
};

/* Begins one now: seen_s and id are filled in, created_s where it is 0 (one that follows another lives no longer). `ends` (may be NULL): the token that the
 * browser had before; that session is over. out_token: for the cookie, kept nowhere else. */
MUST_USE enum err session_begin(struct registry *registry, struct committer *committer,
                                struct session *session, const char *ends,
                                char out_token[SESSION_TOKEN_TEXT], struct fault *fault);
/* Whose token it is. ERR_SESSION: nobody's, idle for too long, too old, ended. */
MUST_USE enum err session_find(struct registry *registry, struct str token, int64_t now_s,
                               struct session *out, struct fault *fault);
/* Notes that it was used just now, when that was not noted within SESSION_TOUCH_S. */
MUST_USE enum err session_touch(struct committer *committer, struct session *session,
                                int64_t now_s);
/* Ends it, on every server. One that is over is no error. */
MUST_USE enum err session_end(struct committer *committer, const uint8_t id[SHA256_BYTES],
                              uint64_t party);
/* Ends all of a party, on every server. */
MUST_USE enum err session_end_party(struct committer *committer, uint64_t party);
/* The same inside a write. */
MUST_USE enum err session_end_all(struct registry *registry, uint64_t party, struct fault *fault);
/* Those of a party, at most SESSION_LIST_MAX. */
MUST_USE enum err session_list(struct registry *registry, uint64_t party, int64_t now_s,
                               struct session out[SESSION_LIST_MAX], size_t *out_n,
                               struct fault *fault);
/* What a form of this session carries, so that no other site can send it (CWE-352). */
void session_csrf(const struct registry *registry, const struct session *session,
                  char out[SESSION_CSRF_TEXT]);

#endif
