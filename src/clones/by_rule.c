/* SPDX-License-Identifier: Apache-2.0
 *
 * How many clones a rule confirmed on a day, kept as a record so that several looks of a day, and one that was cut off, stay
 * within one bound together. */
#include "clones/case.h"
#include "people/record.h"

enum { BYTES = 8 };

static struct record_key day_key(daynum day)
{
    struct record_key key = record_key(RECORD_CLONE);
    record_key_bytes(&key, "a", 1);
    record_key_number(&key, daynum_pack(day), 2);
    return key;
}

enum err clone_by_rule_get(struct registry *reg, daynum day, struct clone_by_rule *out,
                           struct fault *fault)
{
    struct record_key key = day_key(day);
    struct buf value = {0};
    bool found = false;
    enum err err = record_find(reg, &key, &value, &found, fault);
    if (!err && found && value.n != BYTES)
        err = fault_set(fault, ERR_CODEC, "clones confirmed by rule: a record is damaged");
    if (!err) {
        *out = (struct clone_by_rule){.day = day};
        out->confirmed = found ? (uint32_t)get_be(value.p, 4) : 0;
        out->held = found ? (uint32_t)get_be(value.p + 4, 4) : 0;
    }
    buf_release(&value);
    return err;
}

enum err clone_by_rule_put(struct registry *reg, const struct clone_by_rule *d, struct fault *fault)
{
    struct record_key key = day_key(d->day);
    uint8_t value[BYTES];
    put_be(value, d->confirmed, 4);
    put_be(value + 4, d->held, 4);
    return record_put(reg, &key, (struct str){(const char *)value, BYTES}, fault);
}

bool clone_by_rule_may(const struct rules *rules, const struct clone_by_rule *d, uint64_t more)
{
    return rules->clone_auto && !d->held && d->confirmed + more <= rules->clone_auto_most;
}
