/* SPDX-License-Identifier: Apache-2.0
 *
 * The second person of a file of declarations: with a declarant, whoever loads one decides what becomes white by rules
 * alone. Where two persons decide, the first one's load leaves the digest of its rows and loads nothing; another of
 * the staff who loads the same rows confirms them by that. He brings the file himself, so he has looked at what he
 * confirms, and nothing that waits can be altered. What nobody confirmed is forgotten after a week. */
#include "app/batch.h"
#include "app/commit.h"
#include "cases/customs_record.h"
#include "people/audit_log.h"

enum { WAITS_S = 7 * 86400 };

struct proposing {
    struct record_key key;
    uint64_t rows;
    int64_t now_s;
};

static struct record_key waits_key(const uint8_t digest[SHA256_BYTES])
{
    struct record_key key = record_key(RECORD_CUSTOMS_WAITS);
    record_key_bytes(&key, digest, SHA256_BYTES);
    return key;
}

/* Who waits with these rows; 0: nobody. */
static enum err who_waits(struct registry *reg, const struct record_key *key, int64_t now_s,
                          uint64_t *out_by, struct fault *fault)
{
    json_t *json = NULL;
    enum err err = record_get_json(reg, key, &json, fault);
    *out_by = 0;
    if (!err && json_number_of(json, "at") + WAITS_S > now_s)
        *out_by = (uint64_t)json_number_of(json, "by");
    json_decref(json);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err put_proposal(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct proposing *p = c->ctx;
    const struct audit_event event = {
        .what = AUDIT_CUSTOMS_PROPOSED, .actor = reg->actor, .object = p->rows};
    json_t *json = json_pack("{s:I, s:I, s:I}", "by", (json_int_t)reg->actor, "at",
                             (json_int_t)p->now_s, "rows", (json_int_t)p->rows);
    enum err err = json ? record_put_json(reg, &p->key, json, fault) : ERR_MEMORY;
    json_decref(json);
    return err ? err : audit_log_put(reg, &event, 1, fault);
}

enum err customs_second(struct registry *reg, const uint8_t digest[SHA256_BYTES], uint64_t rows,
                        struct fault *fault)
{
    struct proposing p = {.key = waits_key(digest), .rows = rows};
    struct commit_case c = {.also = put_proposal, .ctx = &p};
    bool two = false;
    uint64_t by = 0;
    enum err err = batch_two_person(reg, &two, fault);
    if (err || !two)
        return err;
    p.now_s = clock_now_us(reg->clock) / 1000000;
    err = batch_by_staff(reg, fault);
    if (!err)
        err = who_waits(reg, &p.key, p.now_s, &by, fault);
    if (err || (by && by != reg->actor))
        return err;
    if (!by)
        err = commit_one(reg, &c, fault);
    return err ? err
               : fault_set(fault, ERR_HELD,
                           "%llu rows wait for a second person, who loads the same file: `tamga "
                           "--actor NAME customs load FILE`; nothing was loaded",
                           (unsigned long long)rows);
}

enum err customs_second_done(struct registry *reg, const uint8_t digest[SHA256_BYTES],
                             struct fault *fault)
{
    struct record_key key = waits_key(digest);
    return record_drop(reg, &key, fault);
}
