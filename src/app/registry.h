/* SPDX-License-Identifier: Apache-2.0
 *
 * registry - an opened register: its store, keys, rules, TAC list, zone and clock. Every use case
 * takes one. One registry belongs to one thread; registry_again gives another thread its own. */
#ifndef APP_REGISTRY_H
#define APP_REGISTRY_H

#include "answer/answer.h"
#include "app/key_file.h"
#include "base/clock.h"
#include "index/index.h"
#include "store/store.h"

/* Keys of the register, out of its key file (app/keys.h). */
struct register_keys {
    uint8_t party[SHA256_BYTES];      /* opaque ids of persons, bodies and accounts */
    uint8_t subscriber[SHA256_BYTES]; /* hashes of IMSIs in pairs */
    uint8_t check[SHA256_BYTES];      /* check numbers */
    uint8_t api[SHA256_BYTES];        /* hashes of API keys */
    uint8_t seal[SHA256_BYTES];       /* signing keys of programs, sealed */
    uint8_t mark[SHA256_BYTES];       /* how the journal knows the key */
    uint8_t session[SHA256_BYTES];    /* nonces, forms of a session */
    uint8_t receipt[SHA256_BYTES];    /* receipts of applications, idempotency keys */
    uint8_t paper[SHA256_BYTES];      /* names of the files in which papers stand */
    struct people_keys people;        /* records of people */
    struct index_keys sign;           /* snapshot, lists */
};

struct untold;

struct registry {
    struct store *store;
    const struct clock *clock;
    struct register_keys keys;
    char *key_path; /* of its key file; NULL: in memory */
    struct key_stamp key_stamp;
    int64_t keys_looked_us; /* monotonic */
    struct fault
        keys_fault; /* what is wrong with the key file as it stands now; err ERR_OK: nothing */
    struct store_head head; /* as of the last refresh or commit */
    struct rules rules;     /* of head.rules; rules.tac points to tac */
    struct tac_table *tac;
    struct zone zone;
    uint64_t actor; /* who acts; 0 = the register itself */
    char actor_name[LIMIT_NAME + 1];
    bool writes;
    bool no_tac;
    struct sha256 *sha;
    /* Of these IMEIs, ascending: whom nobody has told anything yet; a guard of the sweep. NULL: nobody can say.
     * It reads the register as it stands and refreshes nothing: the sweep has planned by the gate that it sees. */
    enum err (*untold)(struct registry *registry, const struct imei *imeis, size_t n,
                       struct untold *out, struct fault *fault);
};

/* What is known of notices to the users of some IMEIs. */
struct untold {
    uint64_t reachable,
        untold; /* IMEIs that have a user who can be told; of them those without a sent notice */
    uint8_t percent; /* of the reachable, so many must have been sent one */
    bool armed;      /* somebody tells, and is to be waited for */
};

struct registry_options {
    const char *url;
    const char *key; /* its key file; NULL: PATH.key beside sqlite:PATH, random in memory: */
    const struct clock *clock;
    const char *actor; /* name; NULL = nobody in particular */
    bool write;        /* creates, migrates, finishes interrupted batches */
    bool no_tac;       /* a reader that judges nothing: rules.tac stays NULL */
    void (*on_wait)(void *ctx, pid_t holder);
    void *on_wait_ctx;
};

MUST_USE enum err registry_open(const struct registry_options *options, struct registry **out,
                                struct fault *fault);
MUST_USE enum err registry_again(struct registry *registry, struct registry **out,
                                 struct fault *fault);
void registry_close(struct registry *registry);

/* Reads head, rules and TAC list again where they moved. */
MUST_USE enum err registry_refresh(struct registry *registry, struct fault *fault);
/* A copy of a TAC list of the register; the caller's to free. ERR_NOT_FOUND. */
MUST_USE enum err registry_tac_list(struct registry *registry, uint32_t number,
                                    struct tac_table **out, struct fault *fault);
/* Today in the country. */
daynum registry_today(const struct registry *registry);

/* Opaque id of a person (IIN/BIN), body, account or operator: the same name gives the same id. */
uint64_t registry_party_id(const struct registry *registry, enum party_kind kind, struct str name);
/* The same, and stores it (the name only where it is public) when it is new. */
MUST_USE enum err registry_party(struct registry *registry, enum party_kind kind, struct str name,
                                 uint64_t *out, struct fault *fault);

/* An index built from the facts, and brought up to date from the journal. */
MUST_USE enum err registry_index(struct registry *registry, struct index **out,
                                 struct fault *fault);
/* Writes the index of that moment as the signed file for nodes, with the rule set and the TAC list by
 * which it was judged: index_image_write. */
MUST_USE enum err registry_write_image(struct registry *registry, struct index_image *image,
                                       const char *path, struct fault *fault);

struct follow_result {
    uint64_t blocks;    /* applied */
    int64_t written_us; /* when the last of them was written, UTC; 0 = none was applied */
};

/* Applies what was committed since. Throws nothing away: ERR_CHAIN means that the caller builds anew:
 * the register is not the one that was followed, or has gone back. */
MUST_USE enum err registry_follow(struct registry *registry, struct index *index,
                                  struct follow_result *out, struct fault *fault);

/* The verdict by the one facts row, gate included. */
MUST_USE enum err registry_check(struct registry *registry, struct imei imei, struct verdict *out,
                                 struct facts *out_facts, struct fault *fault);

#endif
