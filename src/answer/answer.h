/* SPDX-License-Identifier: Apache-2.0
 *
 * answer - the one function that every face calls: verdict + asking subscriber + rules -> what
 * this network is told about this device now. It adds what no list holds: a roamer, a machine
 * subscription, a clone's own subscriber. Marks stand before all of them. */
#ifndef ANSWER_ANSWER_H
#define ANSWER_ANSWER_H

#include "base/sha256.h"
#include "core/policy.h"

struct asking {
    uint64_t imsi; /* packed as by imsi_parse; 0 = the network gave none */
    bool paired;   /* this IMEI is paired with this IMSI */
};

struct answer {
    struct verdict verdict; /* as given: reason, deadline, next */
    uint8_t list;           /* enum list: what the asker hears */
    uint8_t reason;         /* enum reason */
    bool served;            /* does a home subscriber get service now */
};

/* asking NULL: a person asks, not a network; then the verdict's own list is told. */
struct answer answer_make(const struct verdict *verdict, const struct asking *asking,
                          const struct rules *rules);

/* The 64-bit keyed hash by which a pair names its subscriber. */
uint64_t answer_subscriber(const uint8_t key[SHA256_BYTES], uint64_t imsi);

/* A check number: 20 characters of Crockford's base32, shown in groups of five, that say when a
 * check was made, of which IMEI (keyed digest) and with what result, and cannot be made up
 * without the key. Nothing is stored. */
#define CHECK_NUMBER_EPOCH 1577836800 /* 2020-01-01T00:00:00Z */

enum { CHECK_NUMBER_TEXT = 24 }; /* "XXXXX-XXXXX-XXXXX-XXXXX" and NUL */
struct check_number {
    int64_t minute; /* UTC minutes since CHECK_NUMBER_EPOCH */
    uint8_t reason; /* enum reason */
    bool served;
};
void check_number_make(const struct sha256_key *key, struct imei imei, const struct check_number *n,
                       char out[CHECK_NUMBER_TEXT]);
/* What somebody typed, written as check_number_make writes it; false: no such form. */
bool check_number_tidy(struct str text, char out[CHECK_NUMBER_TEXT]);
/* Case, spaces and dashes do not matter; I, L read as 1, O as 0. imei NULL: not compared.
 * False: we never said so. */
bool check_number_read(const struct sha256_key *key, struct str text, const struct imei *imei,
                       struct check_number *out);

#endif
