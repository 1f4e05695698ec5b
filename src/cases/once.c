/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/once.h"

enum err once_key_check(struct str idempotency, struct fault *fault)
{
    return filing_text_check(idempotency, IDEMPOTENCY_KEY_MAX, "Idempotency-Key", fault);
}

struct record_key once_key(const struct registry *reg, const struct session *who,
                           struct str idempotency)
{
    enum { NAMED = 16 };
    uint8_t mac[SHA256_BYTES], of[NAMED + 8];
    struct record_key key = record_key_of(RECORD_IDEMPOTENCY, who->party);
    sha256_hmac(reg->keys.receipt, idempotency.p, idempotency.n, mac);
    if (who->acts_for != who->party) {
        memcpy(of, mac, NAMED);
        put_be(of + NAMED, who->acts_for, 8);
        sha256_hmac(reg->keys.receipt, of, sizeof of, mac);
    }
    record_key_bytes(&key, mac, NAMED);
    return key;
}

enum err once_of(const struct registry *reg, const struct session *who, struct str idempotency,
                 const struct buf *wish, struct once *out)
{
    struct sha256 *sha = sha256_new();
    bool ready = sha && !wish->failed;
    *out = (struct once){.named = idempotency.n > 0, .key = once_key(reg, who, idempotency)};
    if (ready) {
        sha256_begin(sha);
        sha256_add(sha, wish->p, wish->n);
        sha256_end(sha, out->digest);
    }
    sha256_free(sha);
    return ready ? ERR_OK : ERR_MEMORY;
}

enum err once_found(struct registry *reg, const struct once *once, uint64_t *out_id,
                    bool *out_again, struct fault *fault)
{
    struct buf value = {0};
    *out_again = false;
    enum err err = once->named ? record_find(reg, &once->key, &value, out_again, fault) : ERR_OK;
    if (!err && *out_again) {
        bool same =
            value.n == 8 + SHA256_BYTES && memcmp(value.p + 8, once->digest, SHA256_BYTES) == 0;
        *out_id = same ? get_be(value.p, 8) : 0;
        err = same ? ERR_OK
                   : fault_set(fault, ERR_IDEMPOTENCY, "this key was used for something else");
    }
    buf_release(&value);
    return err;
}

enum err once_put(struct registry *reg, const struct once *once, uint64_t id, struct fault *fault)
{
    uint8_t value[8 + SHA256_BYTES];
    put_be(value, id, 8);
    memcpy(value + 8, once->digest, SHA256_BYTES);
    return once->named
               ? record_put(reg, &once->key, (struct str){(const char *)value, sizeof value}, fault)
               : ERR_OK;
}

enum err once_made(struct registry *reg, const struct once *once, struct application *out,
                   bool *out_again, struct fault *fault)
{
    uint64_t id = 0;
    enum err err = once_found(reg, once, &id, out_again, fault);
    return err || !*out_again ? err : application_get(reg, id, out, fault);
}

enum err once_take(const struct office *office, const struct once *once, struct application *a,
                   step_stands_fn *stands, struct fault *fault)
{
    struct changes holds = {0};
    enum err err = step_hold(office, a, &holds, fault);
    if (!err)
        err = changes_sort(&holds);
    struct step step = {.after = a,
                        .changes = &holds,
                        .entry = {.event = EVENT_HELD, .ground = a->kind},
                        .actor = a->filed_by,
                        .stands = stands,
                        .also_value = {(const char *)once->digest, SHA256_BYTES}};
    if (once->named)
        step.also_key = once->key;
    if (!err)
        err = step_take(office, &step, fault);
    changes_release(&holds);
    return err;
}
