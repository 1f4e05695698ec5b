/* SPDX-License-Identifier: Apache-2.0
 *
 * item_test - items go round whole, and no byte string but the canonical one is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "chain.h"
#include "journal/item.h"
#include "prop/random.h"

enum { ITEM_MAX = 256 };

struct bytes {
    uint8_t p[ITEM_MAX];
    size_t n;
};

static struct bytes taken(struct buf *b, size_t n)
{
    struct bytes out = {.n = n};
    assert_true(n > 0 && n <= sizeof out.p && n == b->n);
    memcpy(out.p, b->p, n);
    buf_release(b);
    return out;
}

static struct bytes of_row(const struct row *row)
{
    struct bytes out;
    out.n = item_encode_row(row, out.p);
    assert_true(out.n <= LIMIT_ROW_ITEM);
    return out;
}

static struct bytes of_entry(const struct entry *entry)
{
    struct buf b = {0};
    return taken(&b, item_encode_entry(entry, &b));
}

/* Bytes of a decoded item, by the encoder of its kind. */
static struct bytes of_item(const struct item *item)
{
    struct buf b = {0};
    switch (item->type) {
    case ITEM_ROW:
        return of_row(&item->row);
    case ITEM_ENTRY:
        return of_entry(&item->entry);
    case ITEM_RULES:
        return taken(&b, item_encode_rules(item->rules.number, item->rules.text, &b));
    default:
        return taken(&b, item_encode_gate(&item->gate, &b));
    }
}

static bool equal(const struct bytes *a, const struct bytes *b)
{
    return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

/* Whatever decode takes must be what encode writes. */
static void check_canonical(const struct bytes *bytes)
{
    struct item item;
    if (item_decode(bytes->p, bytes->n, &item) != ERR_OK)
        return;
    struct bytes again = of_item(&item);
    assert_true(equal(bytes, &again));
}

/* Whole, not cut, not lengthened; every changed byte is refused or means something else. */
static void check_all(const struct bytes *bytes)
{
    struct item item;
    assert_int_equal(item_decode(bytes->p, bytes->n, &item), ERR_OK);
    struct bytes again = of_item(&item);
    assert_true(equal(bytes, &again));

    bool open_ended = bytes->p[0] == ITEM_RULES;
    for (size_t n = 0; n < bytes->n && !open_ended; n++)
        assert_int_equal(item_decode(bytes->p, n, &item), ERR_CODEC);
    if (!open_ended) {
        struct bytes longer = *bytes;
        longer.p[longer.n++] = 0;
        assert_int_equal(item_decode(longer.p, longer.n, &item), ERR_CODEC);
    }
    static const uint8_t flips[] = {1, 2, 4, 8, 16, 32, 64, 128, 255};
    for (size_t i = 0; i < bytes->n; i++) {
        for (size_t f = 0; f < sizeof flips; f++) {
            struct bytes other = *bytes;
            other.p[i] ^= flips[f];
            check_canonical(&other);
        }
    }
}

static uint8_t random_reason(struct rng *rng)
{
    uint8_t reason;
    do
        reason = (uint8_t)rng_below(rng, REASON_COUNT);
    while (!reason_table[reason].name);
    return reason;
}

static struct verdict random_verdict(struct rng *rng)
{
    struct verdict v = {
        .reason = random_reason(rng),
        .flags = (uint8_t)rng_below(rng, 4),
        .deadline = rng_one_in(rng, 2) ? DAYNUM_NONE : random_day(rng),
        .valid_through = rng_one_in(rng, 2) ? DAYNUM_OPEN : random_day(rng),
    };
    v.next_reason = verdict_has_next(&v) ? random_reason(rng) : v.reason;
    return v;
}

static struct row random_row(struct rng *rng, enum change_kind kind)
{
    return (struct row){
        .change = random_change_of(rng, kind),
        .prev_seq = rng_next(rng) >> (16 + rng_below(rng, 48)),
        .before = random_reason(rng),
        .after = random_verdict(rng),
    };
}

static void rows_go_round(void **state)
{
    (void)state;
    struct rng rng = random_start("rows", 1);
    for (int kind = 0; kind < CHANGE_KINDS; kind++) {
        for (int i = 0; i < 60; i++) {
            struct row row = random_row(&rng, (enum change_kind)kind);
            struct bytes bytes = of_row(&row);
            struct item item;
            check_all(&bytes);
            assert_int_equal(item_decode(bytes.p, bytes.n, &item), ERR_OK);
            assert_int_equal(item.type, ITEM_ROW);
            assert_true(item.row.change.imei.body == row.change.imei.body);
            assert_int_equal(item.row.change.kind, kind);
            assert_true(item.row.prev_seq == row.prev_seq);
            assert_int_equal(item.row.before, row.before);
            assert_true(verdict_equal(&item.row.after, &row.after));
        }
    }
}

static void largest_row_is_one_compression(void **state)
{
    (void)state;
    struct row row = {
        .change = {.imei = {IMEI_BODIES - 1},
                   .kind = CHANGE_BEFORE_DUTY,
                   .approval = {.at = ((int64_t)1 << 40) - 2,
                                .by = {UINT64_MAX, UINT64_MAX, APPROVAL_BEFORE_DUTY}}},
        .prev_seq = ((uint64_t)1 << 48) - 1,
        .before = REASON_ROAMER,
        .after = {.reason = REASON_UNVERIFIED,
                  .next_reason = REASON_EXPIRED,
                  .flags = VERDICT_USED | VERDICT_DUPLICATE,
                  .deadline = DAYNUM_LAST,
                  .valid_through = DAYNUM_LAST},
    };
    struct bytes bytes = of_row(&row);
    assert_int_equal(bytes.n, 1 + 6 + 6 + (1 + 1 + 5 + 8 + 10) + 1 + (2 + 3 + 2));
    assert_true(bytes.n <= LIMIT_ROW_ITEM);
    check_all(&bytes);
}

static struct entry an_entry(uint8_t event, uint8_t flags, uint8_t document_n)
{
    struct entry e = {
        .event = event,
        .flags = flags,
        .ground = 3,
        .actor = 0x0102030405060708,
        .party = UINT64_MAX,
        .time_ms = ((int64_t)1 << 48) - 1,
        .effective = DAYNUM_FIRST + event,
        .document_n = document_n,
    };
    memset(e.document, 'd', document_n);
    if (flags) {
        e.count = 10000000;
        e.batch = flags & ENTRY_BATCH_END ? 77 : 0;
    }
    if (flags & ENTRY_BATCH_BEGIN)
        memset(e.digest, 0xab, sizeof e.digest);
    return e;
}

static void check_entry(const struct entry *e)
{
    struct bytes bytes = of_entry(e);
    struct item item;
    assert_true(bytes.n <= ITEM_ENTRY_MAX);
    check_all(&bytes);
    assert_int_equal(item_decode(bytes.p, bytes.n, &item), ERR_OK);
    assert_int_equal(item.type, ITEM_ENTRY);
    assert_int_equal(item.entry.event, e->event);
    assert_int_equal(item.entry.flags, e->flags);
    assert_int_equal(item.entry.ground, e->ground);
    assert_true(item.entry.actor == e->actor && item.entry.party == e->party);
    assert_true(item.entry.time_ms == e->time_ms);
    assert_int_equal(item.entry.effective, e->effective);
    assert_true(item.entry.batch == e->batch && item.entry.count == e->count);
    assert_memory_equal(item.entry.digest, e->digest, sizeof e->digest);
    assert_int_equal(item.entry.document_n, e->document_n);
    assert_memory_equal(item.entry.document, e->document, sizeof e->document);
}

static void entries_go_round(void **state)
{
    (void)state;
    static const uint8_t flags[] = {0, ENTRY_BATCH_BEGIN, ENTRY_BATCH_END};
    static const uint8_t documents[] = {0, 1, 63, LIMIT_DOCUMENT};
    for (uint8_t event = 1; event < EVENT_KINDS; event++)
        for (size_t f = 0; f < sizeof flags; f++)
            for (size_t d = 0; d < sizeof documents; d++) {
                struct entry e = an_entry(event, flags[f], documents[d]);
                check_entry(&e);
            }
    struct entry none = an_entry(EVENT_CREATED, 0, 0);
    none.effective = DAYNUM_NONE;
    none.time_ms = 0;
    check_entry(&none);
}

static void rules_and_gates_go_round(void **state)
{
    (void)state;
    struct buf b = {0};
    struct item item;
    struct str text = STR("duty_from=2025-03-25\nenforce_after=2025-05-25\n");
    struct bytes bytes = taken(&b, item_encode_rules(UINT32_MAX, text, &b));
    check_all(&bytes);
    assert_int_equal(item_decode(bytes.p, bytes.n, &item), ERR_OK);
    assert_true(item.rules.number == UINT32_MAX && str_eq(item.rules.text, text));

    static const daynum days[] = {DAYNUM_NONE, DAYNUM_FIRST, 20500, DAYNUM_LAST};
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
            struct gate gate = {days[i], days[j]};
            bytes = taken(&b, item_encode_gate(&gate, &b));
            check_all(&bytes);
            assert_int_equal(item_decode(bytes.p, bytes.n, &item), ERR_OK);
            assert_int_equal(item.gate.expire_through, days[i]);
            assert_int_equal(item.gate.swept_through, days[j]);
        }
    }
}

static void refuse(const struct bytes *good, size_t at, uint8_t value)
{
    struct bytes bad = *good;
    struct item item;
    assert_true(at < bad.n);
    bad.p[at] = value;
    assert_int_equal(item_decode(bad.p, bad.n, &item), ERR_CODEC);
}

static void entries_refused(void **state)
{
    (void)state;
    struct entry e = an_entry(EVENT_SUSPENDED, 0, LIMIT_DOCUMENT);
    struct bytes good = of_entry(&e);
    refuse(&good, 0, 'X');
    refuse(&good, 0, 0);
    refuse(&good, 1, 0);           /* no event */
    refuse(&good, 1, EVENT_KINDS); /* an event that is not known */
    refuse(&good, 2, ENTRY_BATCH_BEGIN | ENTRY_BATCH_END);
    refuse(&good, 2, 4);
    refuse(&good, 2, ENTRY_BATCH_BEGIN); /* and no digest */
    refuse(&good, 28, LIMIT_DOCUMENT + 1);
    refuse(&good, 28, LIMIT_DOCUMENT - 1);

    struct bytes longer = good;
    longer.p[28] = LIMIT_DOCUMENT + 1; /* with a byte for it */
    longer.p[longer.n++] = 'd';
    struct item item;
    assert_int_equal(item_decode(longer.p, longer.n, &item), ERR_CODEC);
}

static void rows_refused(void **state)
{
    (void)state;
    struct row row = plain_row(35000000000000, REASON_NEVER_ACTIVATED, REASON_AMNESTY);
    row.change.kind = CHANGE_AMNESTY;
    row.change.on = true;
    struct bytes good = of_row(&row);
    refuse(&good, 1, 0x5b);          /* IMEI 0x5af3107a4000 and above */
    refuse(&good, 13, CHANGE_KINDS); /* no such change */
    refuse(&good, 14, 2);            /* on: yes or no */
    refuse(&good, 15, 7);            /* reason before: a code that nothing has */
    refuse(&good, 15, 64);
    refuse(&good, 16, 5); /* reason after */
    refuse(&good, 17, 4); /* a next that does not follow */
    refuse(&good, 17, 16);

    struct bytes next = good; /* a next whose day is 65535 */
    next.p[17] = 4;
    memcpy(next.p + 18, (uint8_t[]){0xff, 0xff, REASON_EXPIRED}, 3);
    next.n += 3;
    struct item item;
    assert_int_equal(item_decode(next.p, next.n, &item), ERR_CODEC);

    struct bytes body = good; /* the first number that is no body */
    put_be(body.p + 1, IMEI_BODIES, 6);
    assert_int_equal(item_decode(body.p, body.n, &item), ERR_CODEC);
    put_be(body.p + 1, IMEI_BODIES - 1, 6);
    assert_int_equal(item_decode(body.p, body.n, &item), ERR_OK);
}

static void rules_refused(void **state)
{
    (void)state;
    uint8_t p[5 + LIMIT_RULES_TEXT + 1] = {ITEM_RULES, 0, 0, 0, 1};
    struct item item;
    memset(p + 5, 'x', LIMIT_RULES_TEXT + 1);
    assert_int_equal(item_decode(p, 5 + LIMIT_RULES_TEXT, &item), ERR_OK);
    assert_int_equal(item_decode(p, 5 + LIMIT_RULES_TEXT + 1, &item), ERR_CODEC);
    for (size_t n = 0; n < 5; n++)
        assert_int_equal(item_decode(p, n, &item), ERR_CODEC);
    p[4] = 0; /* rule sets count from 1 */
    assert_int_equal(item_decode(p, 6, &item), ERR_CODEC);
}

static void failure_leaves_the_item_alone(void **state)
{
    (void)state;
    struct item item, before;
    memset(&item, 0x5a, sizeof item);
    memcpy(&before, &item, sizeof item);
    assert_int_equal(item_decode("R", 1, &item), ERR_CODEC);
    assert_int_equal(item_decode("", 0, &item), ERR_CODEC);
    assert_memory_equal(&item, &before, sizeof item);
}

static void failed_buffer_gives_nothing(void **state)
{
    (void)state;
    struct buf b = {.failed = true};
    struct entry e = an_entry(EVENT_GSMA, 0, 0);
    struct gate gate = {DAYNUM_NONE, DAYNUM_NONE};
    assert_int_equal(item_encode_entry(&e, &b), 0);
    assert_int_equal(item_encode_gate(&gate, &b), 0);
    assert_int_equal(item_encode_rules(1, STR("a=b\n"), &b), 0);
}

static void events_have_names(void **state)
{
    (void)state;
    for (uint8_t i = 1; i < EVENT_KINDS; i++) {
        assert_string_not_equal(event_name(i), "unknown");
        for (uint8_t j = 1; j < i; j++)
            assert_string_not_equal(event_name(i), event_name(j));
    }
    assert_string_equal(event_name(EVENT_SUSPENDED), "suspended");
    assert_string_equal(event_name(0), "unknown");
    assert_string_equal(event_name(255), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_go_round),
        cmocka_unit_test(largest_row_is_one_compression),
        cmocka_unit_test(entries_go_round),
        cmocka_unit_test(rules_and_gates_go_round),
        cmocka_unit_test(entries_refused),
        cmocka_unit_test(rows_refused),
        cmocka_unit_test(rules_refused),
        cmocka_unit_test(failure_leaves_the_item_alone),
        cmocka_unit_test(failed_buffer_gives_nothing),
        cmocka_unit_test(events_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
