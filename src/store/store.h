/* SPDX-License-Identifier: Apache-2.0
 *
 * store - the contract of the register's storage, in verbs of the domain. Backends: memory (tests
 * and `memory:`), SQLite (one machine), PostgreSQL (a country), faulty (fails the n-th call).
 * One conformance suite (test/store/) runs over all of them.
 *
 * Promises
 *  - One handle, one thread at a time; any number of handles and processes on one register.
 *  - Reads outside a write see committed state only; each call sees one moment.
 *  - Between write_begin and write_commit a handle reads its own writes; everything in it becomes
 *    visible and durable together, at write_commit, or not at all. When write_commit returns
 *    ERR_OK it survives kill -9 and power loss.
 *  - Writers stand in line: first come, first served. A waiting writer hears through
 *    store_on_wait who holds the place.
 *  - After any error inside a write the caller calls write_rollback; the register is as before.
 *  - A lost connection is made anew by the next verb outside of a write; a write that lost its own
 *    fails (ERR_STORE_AWAY). A commit whose answer was lost is looked up before it is told failed, when it
 *    held a block; of another (a key, a part of a batch) the caller looks himself.
 *  - Errors: ERR_STORE_BUSY (gave up waiting), ERR_STORE_AWAY (the database cannot be reached),
 *    ERR_STORE_FULL (disk), ERR_STORE (all else),
 *    ERR_MEMORY, ERR_CODEC (bytes in the store that are no facts row: damage). fault (may be NULL)
 *    carries the engine's own words. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <sys/types.h>

#include "journal/block.h"

struct store;

enum store_mode {
    STORE_READ,  /* ERR_STORE_MISSING, ERR_STORE_OLD where there is nothing fit to read */
    STORE_WRITE, /* creates or migrates */
};

enum { REGISTER_ID_BYTES = 16 };

/* url: sqlite:PATH, postgresql://... (as libpq reads it), memory: (private to the handle and its
 * store_again). The text must outlive the call only. ERR_STORE_OPEN, _MISSING, _OLD, _NEWER. */
MUST_USE enum err store_open(const char *url, enum store_mode mode, struct store **out,
                             struct fault *fault);
/* A second handle on the same register, for another thread. */
MUST_USE enum err store_again(struct store *store, struct store **out, struct fault *fault);
void store_close(struct store *store); /* NULL-safe; rolls back an open write */

/* Called from a waiting write_begin after 2 s and every 10 s: who holds the place (0 = unknown). */
void store_on_wait(struct store *store, void (*fn)(void *ctx, pid_t holder), void *ctx);

/* How long a verb of this handle may wait, in the line of writers or for a lost connection to come
 * back: 60 s unless this says other. */
void store_patience(struct store *store, int ms);

/* From here on, until it is said otherwise, what this handle drops or replaces is overwritten where it stood and not only
 * marked as free: SQLite's secure_delete, in the file; its log is written over as others write. PostgreSQL keeps the old row
 * until VACUUM, and memory gives it back to the machine: nothing is done there. */
void store_overwrite(struct store *store, bool on);

/* ---- the chain ---- */

struct store_head {
    uint8_t register_id[REGISTER_ID_BYTES]; /* random, made with the register */
    uint64_t next_seq;                      /* 1 in an empty register */
    uint8_t hash[SHA256_BYTES]; /* of the last block; before the first: register_id, then zeros */
    uint32_t rules;             /* number of the rule set in force, 0 = none yet */
    struct gate gate;           /* DAYNUM_NONE, DAYNUM_NONE in an empty register */
    uint64_t moving;  /* 0 = whole; STORE_MOVED; else it is being filled from another register:
                                   facts up to this IMEI body are there, less one */
    uint64_t rebuilt; /* how often what stands beside the journal was mended from it */
};

/* The register stands elsewhere now: nobody may write here any more. */
#define STORE_MOVED (UINT64_C(1) << 62)

/* Inside a write: locks the head, so that the sequence has no gap. */
MUST_USE enum err store_head(struct store *store, struct store_head *out, struct fault *fault);
/* Appends the block (its first_seq must be the head's next_seq, its prev_hash the head's hash,
 * else ERR_CHAIN) and moves the head to it. Only inside a write. */
MUST_USE enum err store_block_append(struct store *store, const struct block *block,
                                     struct fault *fault);
/* Blocks in order, from the one that holds from_seq on. fn returns false to stop; the block is
 * valid during the call. */
typedef bool store_block_fn(void *ctx, const struct block *block);
MUST_USE enum err store_blocks(struct store *store, uint64_t from_seq, store_block_fn *fn,
                               void *ctx, struct fault *fault);

/* ---- facts ---- */

struct facts_row {
    struct imei imei;
    struct facts facts;
    daynum due; /* first day on which its verdict changes by the calendar: valid_through + 1;
                   DAYNUM_NONE. Derived; kept so that a sweep finds the day's IMEIs */
};

/* rows[i].imei ascending, no twins; fills facts (facts_init and exists == false where there is no
 * row) and due. Inside a write the rows are locked, in this order. */
MUST_USE enum err store_facts_get(struct store *store, struct facts_row *rows, size_t n,
                                  struct fault *fault);
/* rows[i].imei ascending, no twins; facts.exists as store_facts_get told. Inside a write. */
MUST_USE enum err store_facts_put(struct store *store, const struct facts_row *rows, size_t n,
                                  struct fault *fault);
/* Ascending IMEIs from `from` to `to`, both included, in one consistent pass. */
typedef bool store_facts_fn(void *ctx, const struct facts_row *row);
MUST_USE enum err store_facts_scan(struct store *store, struct imei from, struct imei to,
                                   store_facts_fn *fn, void *ctx, struct fault *fault);
/* IMEIs with from <= due <= to, ordered by due, then IMEI. Only imei and due are filled. */
MUST_USE enum err store_facts_due(struct store *store, daynum from, daynum to, store_facts_fn *fn,
                                  void *ctx, struct fault *fault);

/* ---- pairs of confirmed clones ---- */

MUST_USE enum err store_pairs_put(struct store *store, const struct pair *pairs, size_t n,
                                  struct fault *fault); /* inside a write; .removed deletes */
MUST_USE enum err store_pairs_scan(struct store *store,
                                   bool (*fn)(void *ctx, const struct pair *pair), void *ctx,
                                   struct fault *fault); /* by IMEI, subscriber */

/* ---- rule sets and TAC lists: kept beside the journal, which holds or names them ---- */

MUST_USE enum err store_rules_put(struct store *store, uint32_t number, struct str text,
                                  struct fault *fault); /* inside a write */
/* ERR_NOT_FOUND. Appends to out. */
MUST_USE enum err store_rules_get(struct store *store, uint32_t number, struct buf *out,
                                  struct fault *fault);
MUST_USE enum err store_tac_list_put(struct store *store, uint32_t number, struct str packed,
                                     struct fault *fault); /* inside a write */
MUST_USE enum err store_tac_list_get(struct store *store, uint32_t number, struct buf *out,
                                     struct fault *fault);

/* ---- batches: sorted changes saved before the first of them is applied ---- */

enum batch_state {
    BATCH_SAVING = 0,   /* parts are being written; dropped by whoever finds it unowned */
    BATCH_PROPOSED = 1, /* waits for a second person */
    BATCH_OPEN = 2,     /* intent is in the journal; must be finished */
};

enum { BATCH_LABEL_MAX = 200 };

struct batch {
    uint64_t id; /* given by store_batch_new, ascending */
    uint8_t state;
    uint64_t intent_seq; /* OPEN: sequence number of the intent entry */
    uint64_t count;      /* changes in all parts */
    uint64_t rows;       /* rows written so far */
    uint32_t parts;      /* parts saved: numbered 0 .. parts - 1 */
    uint32_t next_part;  /* OPEN: first part not yet applied */
    int64_t time_ms;
    uint64_t actor;                  /* who proposed or began it */
    struct entry entry;              /* the intent entry as it will be, or is, in the journal */
    char label[BATCH_LABEL_MAX];     /* for people: "import amnesty list.txt" */
    uint8_t load_hash[SHA256_BYTES]; /* of the file it came from, zeros = none */
    uint32_t rules_number;           /* carries this rule set; 0 = none */
    uint32_t tac_list;               /* carries this TAC list; 0 = none */
};

/* All batch verbs outside a write commit by themselves. */
MUST_USE enum err store_batch_new(struct store *store, struct batch *batch, struct fault *fault);
MUST_USE enum err store_batch_part_put(struct store *store, uint64_t id, uint32_t part,
                                       struct str bytes, struct fault *fault);
/* ERR_NOT_FOUND. Appends to out. */
MUST_USE enum err store_batch_part_get(struct store *store, uint64_t id, uint32_t part,
                                       struct buf *out, struct fault *fault);
/* Stores the whole record again; drops parts before next_part. */
MUST_USE enum err store_batch_update(struct store *store, const struct batch *batch,
                                     struct fault *fault);
MUST_USE enum err store_batch_drop(struct store *store, uint64_t id, struct fault *fault);
/* By id. */
MUST_USE enum err store_batches(struct store *store,
                                bool (*fn)(void *ctx, const struct batch *batch), void *ctx,
                                struct fault *fault);
/* Owning a batch: held until released, closed, or the process dies, however it dies.
 * ERR_STORE_BUSY: a living process owns it. */
MUST_USE enum err store_batch_claim(struct store *store, uint64_t id, struct fault *fault);
void store_batch_release(struct store *store, uint64_t id);

/* ---- files that were loaded ---- */

struct load {
    uint8_t hash[SHA256_BYTES]; /* of the file's bytes, keyed by what it was loaded as */
    char kind[16];              /* "feed", "amnesty", ... */
    char operator_name[LIMIT_NAME + 1];
    int64_t time_ms;
    uint64_t rows;
    uint64_t changes;
    uint64_t seq; /* of its entry, 0 = it changed nothing */
};
MUST_USE enum err store_load_put(struct store *store, const struct load *load,
                                 struct fault *fault); /* inside a write */
/* ERR_NOT_FOUND. */
MUST_USE enum err store_load_find(struct store *store, const uint8_t hash[SHA256_BYTES],
                                  struct load *out, struct fault *fault);

/* By hash. */
MUST_USE enum err store_loads(struct store *store, bool (*fn)(void *ctx, const struct load *load),
                              void *ctx, struct fault *fault);

/* ---- who: opaque ids and, for public bodies and accounts, their names ---- */

enum party_kind { PARTY_PERSON = 1, PARTY_BODY = 2, PARTY_ACCOUNT = 3, PARTY_OPERATOR = 4 };
enum { PARTY_STAFF = 1 << 0 }; /* flags: an account that may act under two_person */

struct party {
    uint64_t id; /* opaque: the first 63 bits of a keyed hash of kind and name, never 0 */
    uint8_t kind;
    uint8_t flags;
    char name[LIMIT_NAME + 1]; /* empty for PARTY_PERSON: no IIN or BIN stands in the store */
};
/* Adds or replaces. Outside a write it commits by itself. */
MUST_USE enum err store_party_put(struct store *store, const struct party *party,
                                  struct fault *fault);
/* ERR_NOT_FOUND. */
MUST_USE enum err store_party_get(struct store *store, uint64_t id, struct party *out,
                                  struct fault *fault);
MUST_USE enum err store_parties(struct store *store,
                                bool (*fn)(void *ctx, const struct party *party), void *ctx,
                                struct fault *fault);

/* ---- API keys: what programs sign in with ---- */

enum api_key_kind {
    API_KEY_BEARER = 1,      /* secret: HMAC-SHA-256 of the key's bytes under the register's key */
    API_KEY_SIGNED = 2,      /* secret: the signing key, sealed under the register's key */
    API_KEY_CERTIFICATE = 3, /* secret: SHA-256 of what the proxy says of the certificate */
};
enum api_scope {
    API_SCOPE_CHECK = 1 << 0,       /* checks as the public's, by the key's own limit */
    API_SCOPE_CHECK_BATCH = 1 << 1, /* up to LIMIT_CHECK_BATCH IMEIs at once */
    API_SCOPE_FEED = 1 << 2,        /* blocks, snapshots, lists of models: an EIR node */
    API_SCOPE_SIGHTINGS = 1 << 3,   /* tells of first uses */
    API_SCOPE_LISTS =
        1 << 4, /* lists of the operator that the key is named after, and its receipts */
    API_SCOPE_NOTICES = 1 << 5, /* tells what became of that operator's notices */
    API_SCOPE_ROWS = 1 << 6,    /* whole rows of that operator, and which could not be used */
    API_SCOPE_LOOKUP = 1 << 7,  /* looks at phones and at that operator's own subscribers */
};
enum { API_KEY_SECRET = 72 }; /* bytes, the longest: nonce 24, key 32, tag 16 */

/* Revoked and expired ones stay: a log that names one can be read years later. */
struct api_key {
    uint32_t id;     /* random, no secret: stands in logs */
    uint8_t kind;    /* enum api_key_kind */
    uint32_t scopes; /* enum api_scope */
    char name[LIMIT_NAME + 1];
    uint8_t secret_n;
    uint8_t secret[API_KEY_SECRET];
    daynum expires;      /* last day on which it counts */
    int64_t created_ms;  /* UTC */
    uint64_t created_by; /* account, 0 = nobody in particular */
    int64_t revoked_ms;  /* 0 = in force */
    uint64_t revoked_by;
};
/* Adds or replaces. Outside a write it commits by itself. */
MUST_USE enum err store_api_key_put(struct store *store, const struct api_key *key,
                                    struct fault *fault);
/* By id. */
MUST_USE enum err store_api_keys(struct store *store,
                                 bool (*fn)(void *ctx, const struct api_key *key), void *ctx,
                                 struct fault *fault);

/* ---- findings: rows of an operator's file that can be no key ---- */

struct finding {
    char operator_name[LIMIT_NAME + 1];
    daynum day;    /* of the row; DAYNUM_NONE */
    char kind[24]; /* "imei_form", "rat_unknown", ... */
    char raw[33];  /* at most 32 bytes of the text */
    uint64_t count;
};
/* Adds count to the finding of the same operator, day, kind and raw. Inside a write. */
MUST_USE enum err store_findings_add(struct store *store, const struct finding *findings, size_t n,
                                     struct fault *fault);
MUST_USE enum err store_findings(struct store *store,
                                 bool (*fn)(void *ctx, const struct finding *finding), void *ctx,
                                 struct fault *fault);

/* ---- audit notes: texts for people, outside the chain (--reason, refusals) ---- */

struct note {
    uint64_t seq; /* of the entry, 0 = none */
    int64_t time_ms;
    uint64_t actor;
    struct str text; /* borrowed */
};
MUST_USE enum err store_note_put(struct store *store, uint64_t seq, int64_t time_ms, uint64_t actor,
                                 struct str text, struct fault *fault); /* seq: entry, 0 = none */

/* In the order in which they were put. */
MUST_USE enum err store_notes(struct store *store, bool (*fn)(void *ctx, const struct note *note),
                              void *ctx, struct fault *fault);

/* ---- records: what people and their applications leave behind ---- */

/* Bytes under a key. Keys are ordered as memcmp orders them, shorter before longer; their first byte names
 * the kind (ARCHITECTURE.md, "Records") and is never 255. */
enum { RECORD_KEY_MAX = 64, RECORD_VALUE_MAX = 1 << 20 }; /* bytes; a key has one at least */
struct record {
    struct str key;   /* borrowed */
    struct str value; /* borrowed; p == NULL takes the record away */
};
typedef bool store_record_fn(void *ctx, const struct record *record);
/* Adds, replaces, takes away; no key twice. Inside a write. ERR_TOO_LONG. */
MUST_USE enum err store_records_put(struct store *store, const struct record *records, size_t n,
                                    struct fault *fault);
/* Appends its value to out. ERR_NOT_FOUND. */
MUST_USE enum err store_record_get(struct store *store, struct str key, struct buf *out,
                                   struct fault *fault);
/* Keys from `from` on and before `to` (empty: to the last), in order, of one moment. */
MUST_USE enum err store_records(struct store *store, struct str from, struct str to,
                                store_record_fn *fn, void *ctx, struct fault *fault);

/* ---- moving and mending a whole register; all inside a write ---- */

/* Replaces the head: another register's name, chain and state of a move. */
MUST_USE enum err store_head_put(struct store *store, const struct store_head *head,
                                 struct fault *fault);
/* IMEIs ascending, no twins; what has no row is gone already. */
MUST_USE enum err store_facts_drop(struct store *store, const struct imei *imeis, size_t n,
                                   struct fault *fault);
/* A batch under the id that it had elsewhere; ids given later are higher. */
MUST_USE enum err store_batch_put(struct store *store, const struct batch *batch,
                                  struct fault *fault);

/* ---- reading more than once ---- */

/* Reads from here to read_end see one moment, whatever others write. Not inside a write, and no write
 * begins inside. While it lasts a store may grow by what others write: minutes, not hours. */
MUST_USE enum err store_read_begin(struct store *store, struct fault *fault);
void store_read_end(struct store *store); /* nothing when none was begun */

/* ---- writing ---- */

/* Takes the writer's place, waiting in line up to 60 s (ERR_STORE_BUSY). */
MUST_USE enum err store_write_begin(struct store *store, struct fault *fault);
MUST_USE enum err store_write_commit(struct store *store, struct fault *fault);
void store_write_rollback(struct store *store);

/* Does the register stand where the path of a register's companion files is wanted: for sqlite:PATH
 * the PATH; NULL for a register without files. Borrowed. */
const char *store_path(const struct store *store);

/* For tests: wraps a store; owns it from then on. The n-th store call from now (counted from 1)
 * fails with err, again every `every` calls after it (0 = once). */
MUST_USE enum err store_faulty_new(struct store *inner, struct store **out);
void store_faulty_arm(struct store *faulty, uint64_t n, uint64_t every, enum err err);
/* Calls since the wrapper was made. */
uint64_t store_faulty_calls(const struct store *faulty);

#endif
