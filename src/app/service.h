/* SPDX-License-Identifier: Apache-2.0
 *
 * service - what a long-running program answers from: the index, the rules, the TAC list and the API
 * keys in memory, kept up to date by one thread that follows the register. No check touches the
 * store; when the store fails, checks go on and service_health says how stale they are.
 *
 * All service_* calls below are safe from any thread. */
#ifndef APP_SERVICE_H
#define APP_SERVICE_H

#include "app/keyring.h"
#include "app/lists_desk.h"
#include "app/segments.h"
#include "app/snapshots.h"

struct service;

/* Opens the register read-only, builds the index, starts the follower (every 200 ms). */
MUST_USE enum err service_start(const char *url, const char *key, const struct clock *clock,
                                struct service **out, struct fault *fault);
void service_stop(struct service *service);

/* One check, as a person hears it. */
struct checked {
    struct imei imei;
    struct answer answer;
    daynum today;
    int64_t now_s;  /* UTC seconds of the check */
    uint32_t rules; /* number of the rule set */
    bool tac_known;
    struct str brand; /* UTF-8, stays until service_stop; empty when the TAC is unknown */
    struct str model;
    char number[CHECK_NUMBER_TEXT]; /* check number */
};

/* imsi: packed, 0 = a person asks. ERR_IMEI_* for an unusable input. */
MUST_USE enum err service_check(struct service *service, struct str typed, uint64_t imsi,
                                struct checked *out);

/* IMEIs by reason, as they are answered today: one walk over the memory, a second for a hundred million. */
void service_count(struct service *service, uint64_t out[REASON_COUNT]);

/* Did we say so? What a check number says; false: it is none of ours. */
bool service_check_number(struct service *service, struct str number, struct check_number *out);

/* Who asks, by his key (keyring.h). */
MUST_USE enum err service_bearer(struct service *service, struct str key, struct caller *out);
MUST_USE enum err service_certificate(struct service *service, struct str certificate,
                                      struct caller *out);
MUST_USE enum err service_signer(struct service *service, struct str id, struct caller *out,
                                 uint8_t out_secret[API_KEY_BYTES]);

struct service_health {
    bool store_ok;    /* did the last look at the store succeed */
    int64_t stale_ms; /* since the last successful look */
    int64_t lag_ms;   /* from the writing of the last block applied to its being answered here */
    uint64_t behind;  /* journal items committed but not applied, at the last look */
    uint64_t seq;     /* last sequence number applied */
    uint64_t imeis;   /* in the index */
    uint32_t rules;
    uint32_t seal_newest, seal_used; /* numbers of the keys that seal personal data */
    bool keys_ok;                    /* the key file is as it should be */
    daynum today;
    daynum expire_through;
};
struct service_health service_health(struct service *service);

/* ---- for those who follow the register from afar ---- */

/* What the follower tells after each look, on its own thread. */
struct service_news {
    uint64_t next_seq;  /* of the index: what follows it is not answered yet */
    uint64_t snapshots; /* made so far */
    uint64_t segments;  /* made so far */
};
typedef void service_news_fn(void *ctx, const struct service_news *news);
/* fn (NULL: nobody) hears from now on; the one before is not called any more when this returns. */
void service_on_news(struct service *service, service_news_fn *fn, void *ctx);
struct service_news service_news(struct service *service);
/* Somebody waits for news: the follower looks 20 times a second. */
void service_hurry(struct service *service, bool hurry);

/* A register to read blocks from, for threads that may wait. While the store is away it is ERR_STORE_AWAY at
 * once. Given back always. */
MUST_USE enum err service_reader(struct service *service, struct registry **out,
                                 struct fault *fault);
void service_reader_back(struct service *service, struct registry *reader);

/* Snapshots, and segments of the feed beside them, are made from now on; before any is asked for. */
MUST_USE enum err service_keep_snapshots(struct service *service,
                                         const struct snapshots_options *options);
/* NULL: none are made here. */
struct snapshots *service_snapshots(struct service *service);
struct segments *service_segments(struct service *service);

/* Lists for operators are kept from now on; clock and readers are the service's. Errors of lists_desk_new. */
MUST_USE enum err service_keep_lists(struct service *service,
                                     const struct lists_desk_options *options, struct fault *fault);
/* NULL: none are kept here. */
struct lists_desk *service_lists(struct service *service);

/* The rules in force; they stay until service_stop. */
const struct rules *service_rules(struct service *service);

/* The register's day of an instant, and its local clock "HH:MM" for check times. */
daynum service_local(struct service *service, int64_t utc_seconds, char out_hhmm[6]);

#endif
