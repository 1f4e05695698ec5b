/* SPDX-License-Identifier: Apache-2.0
 *
 * token - an access token as an NRF issues it (TS 29.510 6.3.5.2.4, TS 33.501 13.4.1): a JWT that it signed, who may
 * ask for what until when. Pure: text, keys and time in, a verdict out.
 *
 * Expected workload: once a token and worker, for the guard remembers (token_guard.h); so clarity before speed. What
 * a token may cost before its signature stands is one reading of at most LIMIT_N5G_TOKEN bytes. */
#ifndef N5GEIR_TOKEN_H
#define N5GEIR_TOKEN_H

#include "n5geir/token_keys.h"

enum token_verdict {
    TOKEN_GOOD,
    TOKEN_MISSING, /* no Bearer token came */
    TOKEN_TWICE,   /* more than one did */
    TOKEN_INVALID, /* not a token, not signed by a key of ours, not for us, not now */
    TOKEN_SCOPE,   /* good for something else than n5g-eir-eic */
    TOKEN_UNREAD,  /* too many that were bad came from there: it was not looked at */
};

struct token_rules {
    struct str instance; /* our nfInstanceId: lower case */
    struct str issuer;   /* the NRF's; empty: whoever the keys belong to */
    int64_t leeway_s;    /* by which clocks may differ */
};

/* Of an Authorization header (RFC 6750 2.1), the scheme in any case; an empty text: another scheme. */
struct str token_of_header(struct str value);

/* now_s: UTC seconds. *out_until_s, when it is good: how long that may be believed, at most
 * LIMIT_N5G_TOKEN_SECONDS. Never TOKEN_MISSING, TOKEN_TWICE. */
enum token_verdict token_judge(struct str token, const struct token_rules *rules,
                               const struct token_keys *keys, int64_t now_s, int64_t *out_until_s);
/* The claims alone, a JSON text whose signature stands. */
enum token_verdict token_judge_claims(struct str claims, const struct token_rules *rules,
                                      int64_t now_s, int64_t *out_until_s);

#endif
