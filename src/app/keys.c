/* SPDX-License-Identifier: Apache-2.0 */
#include "app/keys.h"

#include <inttypes.h>
#include <stdio.h>

#include <sodium.h>

static void derive(const uint8_t master[KEY_FILE_MASTER], struct register_keys *out)
{
    uint8_t seed[SHA256_BYTES];
    sha256_hmac(master, "party", 5, out->party);
    sha256_hmac(master, "subscriber", 10, out->subscriber);
    sha256_hmac(master, "check", 5, out->check);
    sha256_hmac(master, "api", 3, out->api);
    sha256_hmac(master, "seal", 4, out->seal);
    sha256_hmac(master, "mark", 4, out->mark);
    sha256_hmac(master, "session", 7, out->session);
    sha256_hmac(master, "receipt", 7, out->receipt);
    sha256_hmac(master, "paper", 5, out->paper);
    sha256_hmac(master, "sign", 4, seed);
    (void)crypto_sign_seed_keypair(out->sign.public_key, out->sign.secret_key, seed);
    sodium_memzero(seed, sizeof seed);
}

/* The keys of a file; people.use stays 0. */
static void take(const struct key_file *file, struct register_keys *out)
{
    derive(file->master, out);
    out->people = file->seal;
}

enum err keys_load(const char *file, bool create, struct register_keys *out,
                   struct key_stamp *out_stamp, struct fault *fault)
{
    struct key_file bytes = {.seal = {.count = 1, .number = {1}}};
    enum err err = ERR_OK;
    if (sodium_init() < 0)
        return fault_set(fault, ERR_STORE_KEY, "libsodium does not start");
    if (!file) {
        randombytes_buf(bytes.master, sizeof bytes.master);
        randombytes_buf(bytes.seal.key[0], sizeof bytes.seal.key[0]);
    } else {
        err = create ? key_file_make(file, fault) : ERR_OK;
        if (!err)
            err = key_file_read(file, &bytes, out_stamp, fault);
    }
    if (!err)
        take(&bytes, out);
    sodium_memzero(&bytes, sizeof bytes);
    return err;
}

void keys_mark(const struct register_keys *keys, const uint8_t register_id[REGISTER_ID_BYTES],
               char out[KEYS_MARK + 1])
{
    uint8_t mac[SHA256_BYTES];
    sha256_hmac(keys->mark, register_id, REGISTER_ID_BYTES, mac);
    snprintf(out, KEYS_MARK + 1, "key %016llx", (unsigned long long)get_be(mac, 8));
}

/* ---- the ring and the register ---- */

enum { LOOK_EVERY_US = 1000000 };

void keys_ring_mark(const struct register_keys *keys, uint32_t number,
                    const uint8_t key[SHA256_BYTES], uint8_t out[KEYS_RING_MARK])
{
    uint8_t text[4 + 4 + SHA256_BYTES], mac[SHA256_BYTES];
    memcpy(text, "seal", 4);
    put_be(text + 4, number, 4);
    memcpy(text + 8, key, SHA256_BYTES);
    sha256_hmac(keys->mark, text, sizeof text, mac);
    memcpy(out, mac, KEYS_RING_MARK);
    sodium_memzero(text, sizeof text);
}

/* A small value of the register; *out_n 0: none stands there. */
static enum err small_get(struct store *store, struct str key, uint8_t out[KEYS_RING_MARK],
                          size_t *out_n, struct fault *fault)
{
    struct buf value = {0};
    struct fault why = {0};
    enum err err = store_record_get(store, key, &value, &why);
    *out_n = !err && value.n <= KEYS_RING_MARK ? value.n : 0;
    if (*out_n)
        memcpy(out, value.p, *out_n);
    buf_release(&value);
    if (err && err != ERR_NOT_FOUND && fault)
        *fault = why;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Number 1 until somebody says other. */
static enum err number_used(struct store *store, uint32_t *out, struct fault *fault)
{
    static const char key[] = {KEYS_RECORD, KEYS_RECORD_USE};
    uint8_t value[KEYS_RING_MARK];
    size_t n = 0;
    enum err err = small_get(store, (struct str){key, sizeof key}, value, &n, fault);
    *out = n == 4 ? (uint32_t)get_be(value, 4) : 1;
    return err;
}

/* A key without a mark is of a moment that this register has not seen: it was put back to an earlier one. */
static enum err check_mark(struct store *store, const struct register_keys *keys, unsigned i,
                           struct fault *fault)
{
    char key[6] = {KEYS_RECORD, KEYS_RECORD_MARK};
    uint8_t stands[KEYS_RING_MARK], mark[KEYS_RING_MARK];
    size_t n = 0;
    put_be((uint8_t *)key + 2, keys->people.number[i], 4);
    enum err err = small_get(store, (struct str){key, sizeof key}, stands, &n, fault);
    keys_ring_mark(keys, keys->people.number[i], keys->people.key[i], mark);
    if (err || !n || (n == sizeof mark && memcmp(mark, stands, n) == 0))
        return err;
    return fault_set(fault, ERR_STORE_KEY,
                     "seal key %" PRIu32 " of this key file is another than the register's: take "
                     "the file of the machine on which it was added",
                     keys->people.number[i]);
}

enum err keys_ring_fit(struct store *store, struct register_keys *keys, struct fault *fault)
{
    uint32_t number = 0;
    enum err err = number_used(store, &number, fault);
    for (unsigned i = 0; !err && i < keys->people.count; i++)
        err = check_mark(store, keys, i, fault);
    if (!err && !people_keys_use(&keys->people, number))
        err = fault_set(fault, ERR_STORE_KEY,
                        "personal data is sealed under key %" PRIu32 ", which this key file lacks: "
                        "copy the file of the machine on which that key was added (`seal list`)",
                        number);
    return err;
}

enum err keys_again(struct registry *reg, struct fault *fault)
{
    struct key_file file;
    struct key_stamp stamp = {0};
    struct register_keys keys;
    if (!reg->key_path)
        return ERR_OK;
    enum err err = key_file_read(reg->key_path, &file, &stamp, fault);
    if (err)
        return err;
    take(&file, &keys);
    if (sodium_memcmp(keys.mark, reg->keys.mark, sizeof keys.mark) != 0)
        err =
            fault_set(fault, ERR_STORE_KEY, "%s is the key of another register now", reg->key_path);
    if (!err)
        err = keys_ring_fit(reg->store, &keys, fault);
    if (!err) {
        reg->keys = keys;
        reg->key_stamp = stamp;
    }
    sodium_memzero(&file, sizeof file);
    sodium_memzero(&keys, sizeof keys);
    return err;
}

void keys_look(struct registry *reg)
{
    struct key_stamp stamp;
    struct fault fault = {0};
    uint32_t number;
    int64_t now_us = clock_monotonic_us();
    if (!reg->key_path || now_us - reg->keys_looked_us < LOOK_EVERY_US)
        return;
    reg->keys_looked_us = now_us;
    const struct people_keys *ring = &reg->keys.people;
    bool same = key_stamp_of(reg->key_path, &stamp) && key_stamp_same(&stamp, &reg->key_stamp);
    if (number_used(reg->store, &number, NULL))
        return; /* the store is away: that is told elsewhere */
    if (!same || number != ring->number[ring->use])
        (void)!keys_again(reg, &fault);
    if (!fault.err || fault.err == ERR_STORE_KEY)
        reg->keys_fault = fault;
}
