/* SPDX-License-Identifier: Apache-2.0
 *
 * inside - what the files of this room share: one run, what it looks for, and values as the document writes them. */
#ifndef HELD_INSIDE_H
#define HELD_INSIDE_H

#include "held/held.h"
#include "held/out.h"
#include "people/record.h"
#include "seen/history.h"

enum held_store {
#define X(name, word, by, why) HELD_##name,
#define Z(name, word, why)     HELD_##name,
#include "held/stores.def"
#undef X
#undef Z
    HELD_STORES
};

/* Numbers that are remembered, to be looked for elsewhere. */
struct held_ids {
    uint64_t *p;
    size_t n, size;
};
/* Ascending, each once: before held_ids_has. */
void held_ids_sort(struct held_ids *ids);
bool held_ids_has(const struct held_ids *ids, uint64_t id);

struct held_party {
    uint64_t id;
    uint8_t kind; /* enum party_kind */
    char name[LIMIT_NAME + 1];
};

enum { HELD_TEXTS = 4, HELD_TEXT = 24 };

struct held_run {
    struct registry *reg;
    const struct held_ask *ask;
    struct out *out;
    struct fault *fault;
    struct store_head head;
    int64_t now_s;
    enum err err; /* of a callback */
    /* What is looked for. */
    uint64_t party;                    /* of a person; 0 */
    char texts[HELD_TEXTS][HELD_TEXT]; /* as records and notes write it */
    unsigned text_n;
    uint64_t asked, order; /* marks */
    /* What was found, and leads to more. */
    struct held_party *parties; /* those with a name, by id */
    size_t party_n, party_size;
    struct held_ids applications, complaints, requests, uploads;
    struct held_ids
        numbers; /* of applications and claims, as messages write them: hashes of the texts */
    struct held_ids entries; /* of the journal, that tell of it */
    struct history history;
    uint32_t *subscribers;         /* of the history, ascending */
    struct seen_subscriber *named; /* of each */
    size_t subscriber_n;
    struct facts facts; /* of an IMEI */
    struct held_mark {
        uint64_t seq;
        int64_t at_s;
        char order[LIMIT_DOCUMENT + 1];
    } marks[LIMIT_MARKS]; /* of facts.marks */
    /* The section that is being written. */
    uint64_t count;
    uint64_t items[HELD_STORES];
};

/* Remembers what leads to more: before the first section. */
MUST_USE enum err held_prepare(struct held_run *run);
void held_run_release(struct held_run *run);
MUST_USE enum err held_find_cases(struct held_run *run);
MUST_USE enum err held_find_users(struct held_run *run);

/* One store: writes its items. */
#define X(name, word, by, why) MUST_USE enum err held_put_##name(struct held_run *run);
#define Z(name, word, why)
#include "held/stores.def"
#undef X
#undef Z

/* One item of the section; takes it. False: no more, run->err says why. */
bool held_item(struct held_run *run, json_t *item);
/* Was the run stopped, or did something go wrong? */
bool held_over(struct held_run *run);
bool held_remember(struct held_run *run, struct held_ids *ids, uint64_t id);
/* Does the text hold what is looked for? */
bool held_in_text(const struct held_run *run, struct str text);
/* Does the record: an IMEI in a list of IMEIs, a party, a text that is it? */
bool held_in_json(const struct held_run *run, const json_t *json);

/* ---- a pass over the sealed records of a kind: those that name him ---- */

struct held_pass;
typedef void held_pass_fn(struct held_pass *pass, const struct record *record, json_t *json);
struct held_pass {
    struct held_run *run;
    held_pass_fn *fn;
    bool key_counts; /* the first number of the key is a party: it may name him, too */
};
MUST_USE enum err held_pass_over(struct held_run *run, enum record_kind kind, held_pass_fn *fn,
                                 bool key_counts);
/* A held_pass_fn: the record as it stands. */
void held_put_plain(struct held_pass *pass, const struct record *record, json_t *json);

/* ---- values ---- */

json_t *held_day(daynum day); /* null: none; "open" */
json_t *held_instant(int64_t s);
json_t *held_text(struct str text); /* what is no UTF-8 is made so that it can be shown */
json_t *held_imei(uint64_t body);
json_t *held_imeis(const struct imei *imeis, unsigned n);
json_t *held_digits(uint64_t packed); /* as imsi_parse packs it; null: none */
/* A name where it is public, else 16 hexadecimal digits; null: nobody. */
json_t *held_name(const struct held_run *run, uint64_t party);
/* A record as it stands, without what opens doors (receipts, keys); IMEIs and instants written out. */
json_t *held_plain(const struct held_run *run, const json_t *json);
/* How messages name an application or a claim: to be looked for. */
uint64_t held_number_hash(struct str number);

#endif
