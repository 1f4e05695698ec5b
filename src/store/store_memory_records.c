/* SPDX-License-Identifier: Apache-2.0
 *
 * Records in memory. */
#include "store/store_memory.h"

static struct memory_key key_of(struct str key)
{
    struct memory_key k = memory_key(TABLE_RECORD);
    key_bytes(&k, key.p, key.n);
    return k;
}

enum err memory_records_put(struct store *store, const struct record *records, size_t n,
                            struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        struct memory_key key = key_of(records[i].key);
        struct str value = records[i].value;
        err =
            value.p ? memory_put(s, &key, value.p, value.n, fault) : memory_remove(s, &key, fault);
    }
    return err;
}

enum err memory_record_get(struct store *store, struct str key, struct buf *out,
                           struct fault *fault)
{
    struct memory_key k = key_of(key);
    return memory_append(memory_of(store), &k, out, fault);
}

struct record_walk {
    struct str to;
    store_record_fn *fn;
    void *ctx;
};

static bool on_record(void *ctx, struct str key, struct str value)
{
    struct record_walk *walk = ctx;
    struct record record = {{key.p + 1, key.n - 1}, value};
    if (walk->to.n && str_compare(record.key, walk->to) >= 0)
        return false;
    return walk->fn(walk->ctx, &record);
}

enum err memory_records(struct store *store, struct str from, struct str to, store_record_fn *fn,
                        void *ctx, struct fault *fault)
{
    (void)fault;
    struct memory_key key = key_of(from);
    struct record_walk walk = {to, fn, ctx};
    memory_walk(memory_of(store), &key, on_record, &walk);
    return ERR_OK;
}
