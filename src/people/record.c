/* SPDX-License-Identifier: Apache-2.0 */
#include "people/record.h"

#include <assert.h>
#include <stdlib.h>

#include "people/seal.h"

bool record_is_sealed(enum record_kind kind)
{
    switch (kind) {
    case RECORD_ACCOUNT:
    case RECORD_CASE:
    case RECORD_DRAFT:
    case RECORD_MESSAGE:
    case RECORD_PERSON:
    case RECORD_ATTORNEY:
    case RECORD_SESSION:
    case RECORD_BULK_DEVICES:
    case RECORD_UPLOAD:
    case RECORD_BULK_ERRORS:
    case RECORD_BULK_IMEIS:
    case RECORD_BULK_LINES:
    case RECORD_PAPER:
    case RECORD_APP_SIGNED:
    case RECORD_CUSTOMS:
    case RECORD_CUSTOMS_SEEN:
    case RECORD_ACCREDITATION:
    case RECORD_CUSTOMS_WAITS:
    case RECORD_CODE:
    case RECORD_DEMAND:
    case RECORD_COMPLAINT:
    case RECORD_SEEN_SUBSCRIBERS:
    case RECORD_PAIRED:
        return true;
    case RECORD_CLAIM_LIST:
    case RECORD_HOLD:
    case RECORD_IDEMPOTENCY:
    case RECORD_AUDIT:
    case RECORD_NONCE:
    case RECORD_COUNTER:
    case RECORD_BULK_OPEN:
    case RECORD_BY_UPLOADER:
    case RECORD_BULK_WORK:
    case RECORD_AGAIN:
    case RECORD_BY_APPLICANT:
    case RECORD_BY_DOCUMENT:
    case RECORD_BY_DRAFT_END:
    case RECORD_PAPER_USE:
    case RECORD_BY_IMEI:
    case RECORD_CORRECTION:
    case RECORD_CORRECTED:
    case RECORD_PAPER_LOOSE:
    case RECORD_UNREAD:
    case RECORD_BY_CLOCK:
    case RECORD_BY_RECEIPT:
    case RECORD_BY_PARTY:
    case RECORD_PAPER_OF:
    case RECORD_BY_ATTORNEY:
    case RECORD_WORK:
    case RECORD_OUTBOX:
    case RECORD_CUSTOMS_DRAW:
    case RECORD_CODE_END:
    case RECORD_MARK:
    case RECORD_LIST_RECEIPT:
    case RECORD_LIST_RECEIPTS:
    case RECORD_CODE_SENT:
    case RECORD_SEAL_KEYS:
    case RECORD_SEEN:
    case RECORD_SEEN_HASHES:
    case RECORD_SEEN_PAIRS:
    case RECORD_FINDINGS:
    case RECORD_EXPIRY_HOLD:
    case RECORD_NOTICES:
    case RECORD_CLONE: /* cases are, what lists them is empty: each value tells by itself */
        return false;
    }
    return false;
}

struct record_key record_key(enum record_kind kind)
{
    return (struct record_key){.n = 1, .bytes = {(char)kind}};
}

struct record_key record_key_of(enum record_kind kind, uint64_t number)
{
    struct record_key key = record_key(kind);
    record_key_number(&key, number, 8);
    return key;
}

void record_key_number(struct record_key *key, uint64_t v, unsigned bytes)
{
    assert(key->n + bytes <= sizeof key->bytes);
    put_be((uint8_t *)key->bytes + key->n, v, bytes);
    key->n += bytes;
}

void record_key_bytes(struct record_key *key, const void *p, size_t n)
{
    assert(key->n + n <= sizeof key->bytes);
    memcpy(key->bytes + key->n, p, n);
    key->n += n;
}

uint64_t record_key_last(struct str key)
{
    return key.n < 9 ? 0 : get_be((const uint8_t *)key.p + key.n - 8, 8);
}

/* ---- writing ---- */

enum err record_put(struct registry *reg, const struct record_key *key, struct str value,
                    struct fault *fault)
{
    struct record record = {record_key_str(key), {value.p ? value.p : "", value.n}};
    return store_records_put(reg->store, &record, 1, fault);
}

enum err record_drop(struct registry *reg, const struct record_key *key, struct fault *fault)
{
    struct record record = {record_key_str(key), {NULL, 0}};
    return store_records_put(reg->store, &record, 1, fault);
}

enum err record_put_json(struct registry *reg, const struct record_key *key, const json_t *value,
                         struct fault *fault)
{
    struct buf sealed = {0};
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    enum err err =
        text ? seal_put(&reg->keys.people, record_key_str(key), str_z(text), &sealed) : ERR_MEMORY;
    if (!err)
        err = record_put(reg, key, (struct str){(const char *)sealed.p, sealed.n}, fault);
    if (text)
        memset(text, 0, strlen(text));
    free(text);
    buf_release(&sealed);
    return err == ERR_MEMORY ? fault_set(fault, ERR_MEMORY, "a record") : err;
}

enum err record_count(struct registry *reg, const char *name, uint64_t *out, struct fault *fault)
{
    struct record_key key = record_key(RECORD_COUNTER);
    struct buf value = {0};
    uint8_t next[8];
    bool found;
    record_key_bytes(&key, name, strlen(name));
    enum err err = record_find(reg, &key, &value, &found, fault);
    *out = !err && value.n == 8 ? get_be(value.p, 8) + 1 : 1;
    put_be(next, *out, 8);
    if (!err)
        err = record_put(reg, &key, (struct str){(const char *)next, 8}, fault);
    buf_release(&value);
    return err;
}

/* ---- reading ---- */

enum err record_unseal(struct registry *reg, struct str key, struct str sealed, struct buf *out,
                       struct fault *fault)
{
    struct fault why = {0};
    enum err err = seal_open(&reg->keys.people, key, sealed, out, &why);
    if (err == ERR_STORE_KEY && keys_again(reg, NULL) == ERR_OK)
        err = seal_open(&reg->keys.people, key, sealed, out, &why);
    if (err && fault)
        *fault = why;
    return err;
}

enum err record_open_json(struct registry *reg, const struct record *record, json_t **out,
                          struct fault *fault)
{
    struct buf plain = {0};
    enum err err = record_unseal(reg, record->key, record->value, &plain, fault);
    if (!err) {
        *out = json_loadb(plain.n ? (const char *)plain.p : "", plain.n, 0, NULL);
        err = *out ? ERR_OK : fault_set(fault, ERR_CODEC, "a record is damaged");
    }
    buf_release(&plain);
    return err;
}

enum err record_get_json(struct registry *reg, const struct record_key *key, json_t **out,
                         struct fault *fault)
{
    struct buf sealed = {0};
    struct record record = {.key = record_key_str(key)};
    enum err err = store_record_get(reg->store, record.key, &sealed, fault);
    record.value = (struct str){(const char *)sealed.p, sealed.n};
    if (!err)
        err = record_open_json(reg, &record, out, fault);
    buf_release(&sealed);
    return err;
}

enum err record_find(struct registry *reg, const struct record_key *key, struct buf *out,
                     bool *out_found, struct fault *fault)
{
    struct buf scratch = {0};
    enum err err = store_record_get(reg->store, record_key_str(key), out ? out : &scratch, fault);
    buf_release(&scratch);
    *out_found = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

struct numbering {
    struct str prefix;
    uint64_t *out;
    size_t max, n;
};

static bool take_number(void *ctx, const struct record *record)
{
    struct numbering *numbering = ctx;
    if (!str_starts(record->key, numbering->prefix))
        return false;
    numbering->out[numbering->n++] = record_key_last(record->key);
    return numbering->n < numbering->max;
}

struct record_key record_key_past(const struct record_key *prefix)
{
    struct record_key to = *prefix;
    while (to.n && (uint8_t)to.bytes[to.n - 1] == UINT8_MAX)
        to.n--;
    if (to.n)
        to.bytes[to.n - 1]++;
    return to;
}

enum err record_numbers(struct registry *reg, const struct record_key *prefix,
                        const struct record_key *after, uint64_t *out, size_t max, size_t *out_n,
                        struct fault *fault)
{
    struct numbering numbering = {record_key_str(prefix), out, max, 0};
    struct record_key from = after ? *after : *prefix, to = record_key_past(prefix);
    if (after)
        record_key_bytes(&from, "", 1); /* the next key there can be */
    enum err err = max ? store_records(reg->store, record_key_str(&from), record_key_str(&to),
                                       take_number, &numbering, fault)
                       : ERR_OK;
    *out_n = numbering.n;
    return err;
}

struct str json_text_of(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

int64_t json_number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}
