/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of eight words, each 40 bits of a keyed hash and the low 24 bits of the second until which it
 * counts; a lock for every 1/64 of them. At 1,000 signed requests a second one line in a
 * million is full. */
#include "face/nonces.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"

enum { WAYS = 8, LINES = LIMIT_NONCES / WAYS, LOCKS = 64, TIME_BITS = 24 };
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

struct nonces {
    uint8_t secret[crypto_generichash_KEYBYTES];
    pthread_mutex_t lock[LOCKS];
    uint64_t (*lines)[WAYS]; /* 0 = free */
};

struct nonces *nonces_new(void)
{
    struct nonces *n = calloc(1, sizeof *n);
    if (!n || sodium_init() < 0) {
        free(n);
        return NULL;
    }
    n->lines = calloc(LINES, sizeof *n->lines);
    if (!n->lines) {
        free(n);
        return NULL;
    }
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&n->lock[i], NULL);
    randombytes_buf(n->secret, sizeof n->secret);
    return n;
}

void nonces_free(struct nonces *n)
{
    if (!n)
        return;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&n->lock[i]);
    free(n->lines);
    free(n);
}

/* Seconds that a word still counts; windows are far shorter than half of 2^24 seconds. */
static bool counts(uint64_t word, int64_t now_s)
{
    uint64_t left = (word - (uint64_t)now_s) & TIME_MASK;
    return word && left && left <= TIME_MASK / 2;
}

static enum err put(uint64_t line[WAYS], uint64_t word, int64_t now_s)
{
    uint64_t *room = NULL;
    for (int i = 0; i < WAYS; i++) {
        if (!counts(line[i], now_s))
            room = &line[i];
        else if (line[i] >> TIME_BITS == word >> TIME_BITS)
            return ERR_SIGNATURE_USED;
    }
    if (!room)
        return ERR_CROWDED;
    *room = word;
    return ERR_OK;
}

enum err nonces_take(struct nonces *n, uint32_t key_id, struct str nonce, int64_t now_s,
                     int64_t until_s)
{
    uint8_t id[4], hash[16];
    crypto_generichash_state state;
    put_be(id, key_id, sizeof id);
    crypto_generichash_init(&state, n->secret, sizeof n->secret, sizeof hash);
    crypto_generichash_update(&state, id, sizeof id);
    crypto_generichash_update(&state, (const unsigned char *)nonce.p, nonce.n);
    crypto_generichash_final(&state, hash, sizeof hash);
    uint64_t line = get_be(hash, 8) % LINES;
    uint64_t word = get_be(hash + 8, 8) << TIME_BITS | ((uint64_t)until_s & TIME_MASK);
    pthread_mutex_t *lock = &n->lock[line % LOCKS];
    pthread_mutex_lock(lock);
    enum err err = put(n->lines[line], word, now_s);
    pthread_mutex_unlock(lock);
    return err;
}
