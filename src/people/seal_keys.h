/* SPDX-License-Identifier: Apache-2.0
 *
 * seal_keys - rotation of the keys that seal personal data, safe with several servers on several machines:
 *
 *   add    a new key is in the key file; nobody seals under it. The file is copied to all machines.
 *   use    every running server has it: new values are sealed under it, by all, within a second.
 *   renew  what is under older keys is sealed anew (seal_sweep.h), beside the servers.
 *   drop   nothing is under an old key any more: it leaves the file. Two persons, where two decide.
 *
 * Which key is used, and a mark of each that was ever made, stand in the register (app/keys.h): so no two keys
 * get one number, and a key file that was not brought up to date is noticed before it does harm. Each server
 * tells every half minute which keys it has; that is how `use` and `drop` know. Records, not sealed; none
 * names a person:
 *
 *   'Q' 's', random 16   a server: JSON
 *   'Q' 'd', number 4    dropping it waits for a second person: who asked 8, when 8
 *   'Q' 'p'              where the sweep stands: number 4, the last key that was looked at */
#ifndef PEOPLE_SEAL_KEYS_H
#define PEOPLE_SEAL_KEYS_H

#include "app/commit.h"
#include "people/record.h"

enum {
    SEAL_SERVER_ID = 16,
    SEAL_PLACE = 320,
    SEAL_TELL_S = 30,       /* how often a server tells */
    SEAL_SILENT_S = 120,    /* after which it does not count as running */
    SEAL_FORGET_S = 604800, /* a server that was not heard of for so long is forgotten */
};

/* A server that has the register open for people's data, as it told last. */
struct seal_server {
    uint8_t id[SEAL_SERVER_ID];
    char host[64 + 1];
    int64_t pid;
    uint32_t has[PEOPLE_KEYS_MAX];
    unsigned has_count;
    uint32_t uses;
    char spool[SEAL_PLACE]; /* directory of its uploads; empty: none */
    uint32_t spool_under;   /* all of them are under this key; 0: not known yet */
    bool papers;            /* keeps papers */
    int64_t told_s;
};

/* ---- for servers ---- */

/* Stores what a server tells (told_s is filled in); forgets those that stood at the same place and are silent, and
 * who was silent for SEAL_FORGET_S. */
MUST_USE enum err seal_server_tell(struct committer *committer, struct seal_server *server,
                                   int64_t now_s);
/* It ends: forgotten, unless its uploads are under an older key. */
void seal_server_end(struct committer *committer, const struct seal_server *server);
/* Keys of the ring into the server. */
void seal_server_ring(struct seal_server *server, const struct people_keys *keys);

typedef bool seal_server_fn(void *ctx, const struct seal_server *server);
MUST_USE enum err seal_servers(struct registry *registry, seal_server_fn *fn, void *ctx,
                               struct fault *fault);

/* ---- for who administers ---- */

/* *out: its number. ERR_TOO_MANY: the ring is full; ERR_UNAVAILABLE: a register in memory has no key file;
 * ERR_STORE_KEY, ERR_STORE_FULL. */
MUST_USE enum err seal_key_add(struct registry *registry, uint32_t *out, struct fault *fault);
/* ERR_NOT_FOUND: the key file has none of this number; ERR_NOT_NOW: a running server lacks it, or it is older than
 * the one that is used. */
MUST_USE enum err seal_key_use(struct registry *registry, uint32_t number, struct fault *fault);
/* May it go, as far as the register and its servers know? ERR_NOT_FOUND, ERR_NOT_NOW. */
MUST_USE enum err seal_key_may_drop(struct registry *registry, uint32_t number, bool has_papers,
                                    struct fault *fault);
/* After whoever calls has looked that nothing is under it. ERR_HELD: another staff account says the same;
 * ERR_ACTOR; ERR_SAME_PERSON. */
MUST_USE enum err seal_key_drop(struct registry *registry, uint32_t number, struct fault *fault);

#endif
