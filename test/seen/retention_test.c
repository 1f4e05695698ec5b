/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a term against a naive model: random rows in random files, then what is older than the term goes. What stays
 * is what the rows of kept days say; facts stay; a run that fails at any call of the store is finished by the next; the
 * tables beside the register are those of what stands; a file of dropped days brings nothing back. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "people/seal.h"
#include "prop/random.h"
#include "seen/feed.h"
#include "seen/retention.h"
#include "seen/seen.h"
#include "seen/term.h"

enum { IMEIS = 20, SUBSCRIBERS = 30, DAYS = 60, ROWS = 500, FILES = 4, ROUNDS = 2 };
#define PHONE 35735007990500ULL
#define IMSI  401010000000100ULL

struct sighted {
    unsigned imei, subscriber, day;
};

struct world {
    struct sighted rows[2 * ROWS];
    size_t n;
    unsigned kept_from;
};

static const char first_day[] = "2026-01-30", today[] = "2026-03-30";

static void write_file(const char *path, const struct sighted *rows, size_t n)
{
    FILE *file = fopen(path, "w");
    char day[DAYNUM_TEXT];
    fprintf(file, "date,imei,imsi,msisdn,rat\n");
    for (size_t i = 0; i < n; i++) {
        daynum_format(fixture_daynum(first_day) + (daynum)rows[i].day, day);
        fprintf(file, "%s,%llu,%llu,7701000%04u,\n", day, PHONE + rows[i].imei,
                IMSI + rows[i].subscriber, rows[i].subscriber);
    }
    fclose(file);
}

static struct feed_result load(struct fixture *f, const struct sighted *rows, size_t n,
                               unsigned months)
{
    char path[] = "/tmp/tamga-retention-XXXXXX";
    int fd = mkstemp(path);
    struct feed_result result;
    struct load_options options = {.path = path};
    struct feed_options feed = {.operator_name = STR("alpha"), .accept = {GUARD_ALL, "test"}};
    close(fd);
    write_file(path, rows, n);
    f->reg->rules.retention_months = months;
    OK(feed_load(f->reg, &options, &feed, &result, NULL));
    (void)unlink(path);
    return result;
}

static void make(struct fixture *f, struct rng *rng, size_t files, struct world *w)
{
    for (w->n = 0; w->n < ROWS; w->n++)
        w->rows[w->n] = (struct sighted){rng_below(rng, IMEIS), rng_below(rng, SUBSCRIBERS),
                                         rng_below(rng, DAYS)};
    for (size_t i = 0; i < files; i++)
        (void)load(f, w->rows + i * (ROWS / files), ROWS / files, 0);
    w->kept_from = (unsigned)(fixture_daynum("2026-02-28") - fixture_daynum(first_day));
}

/* ---- what stands, and what must ---- */

struct standing {
    bool seen[DAYS][IMEIS][SUBSCRIBERS];
    bool pair[IMEIS][SUBSCRIBERS], subscriber[SUBSCRIBERS];
    struct seen_pair pairs[2 * ROWS];
    uint32_t n, blank, hashes, blank_hashes;
};

static bool on_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct standing *s = ctx;
    assert_int_equal(number, s->n + 1);
    s->pairs[s->n++] = *pair;
    s->blank += !pair->subscriber;
    assert_true(pair->subscriber || (!pair->imei && pair->day == SEEN_DAY_NONE));
    return true;
}

static bool on_hash(void *ctx, uint32_t number, const struct seen_key *hash)
{
    struct standing *s = ctx;
    assert_int_equal(number, ++s->hashes);
    s->blank_hashes += !hash->hash && !hash->mark;
    return true;
}

static void read_all(struct fixture *f, struct standing *s)
{
    uint64_t party = registry_party_id(f->reg, PARTY_OPERATOR, STR("alpha"));
    struct seen_subscriber who;
    roaring_bitmap_t *days[DAYS];
    *s = (struct standing){.n = 0};
    OK(seen_pairs(f->reg, on_pair, s, NULL));
    OK(seen_hashes(f->reg, on_hash, s, NULL));
    for (unsigned d = 0; d < DAYS; d++)
        OK(seen_day_get(f->reg, party, daynum_pack(fixture_daynum(first_day) + (daynum)d), &days[d],
                        NULL));
    for (uint32_t i = 1; i <= s->n; i++) {
        const struct seen_pair *p = &s->pairs[i - 1];
        if (!p->subscriber)
            continue;
        OK(seen_subscriber_get(f->reg, p->subscriber, &who, NULL));
        unsigned subscriber = (unsigned)(who.imsi - 1000000000000000ULL - IMSI);
        assert_true(subscriber < SUBSCRIBERS && p->imei - PHONE < IMEIS);
        assert_false(s->pair[p->imei - PHONE][subscriber]); /* once */
        s->pair[p->imei - PHONE][subscriber] = s->subscriber[subscriber] = true;
        for (unsigned d = 0; d < DAYS; d++)
            s->seen[d][p->imei - PHONE][subscriber] = roaring_bitmap_contains(days[d], i);
    }
    for (unsigned d = 0; d < DAYS; d++) {
        struct seen_report report;
        OK(seen_report_get(f->reg, party, daynum_pack(fixture_daynum(first_day) + (daynum)d),
                           &report, NULL));
        assert_true(!report.pairs == roaring_bitmap_is_empty(days[d]));
        roaring_bitmap_free(days[d]);
    }
}

/* How many subscribers stand in clear behind the seal: all but the blanked. */
static uint32_t sealed(struct fixture *f, uint32_t hashes)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i <= hashes; i++) {
        struct seen_subscriber who;
        OK(seen_subscriber_get(f->reg, i, &who, NULL));
        assert_true(who.imsi || !who.msisdn);
        n += who.imsi != 0;
    }
    return n;
}

static void check(struct fixture *f, const struct world *w)
{
    static struct standing got, want;
    read_all(f, &got);
    want = (struct standing){.n = 0};
    for (size_t i = 0; i < w->n; i++)
        if (w->rows[i].day >= w->kept_from) {
            const struct sighted *r = &w->rows[i];
            want.seen[r->day][r->imei][r->subscriber] = true;
            want.pair[r->imei][r->subscriber] = want.subscriber[r->subscriber] = true;
        }
    assert_memory_equal(got.seen, want.seen, sizeof got.seen);
    assert_memory_equal(got.pair, want.pair, sizeof got.pair);
    assert_memory_equal(got.subscriber, want.subscriber, sizeof got.subscriber);
    uint32_t live = 0;
    for (unsigned i = 0; i < SUBSCRIBERS; i++)
        live += want.subscriber[i];
    assert_int_equal(got.hashes - got.blank_hashes, live);
    assert_int_equal(sealed(f, got.hashes), live);
    fixture_whole(f);
}

static enum err run(struct fixture *f, bool dry, struct retention_result *out)
{
    const struct retention_options options = {.dry_run = dry};
    f->reg->rules.retention_months = 1;
    return retention_run(f->reg, &options, out, NULL);
}

/* ---- the tests ---- */

static void what_is_old_goes(void **state)
{
    (void)state;
    struct rng rng = random_start("retention", 11);
    for (int round = 0; round < ROUNDS; round++) {
        struct fixture *f = fixture_sqlite(today);
        static struct world w;
        struct retention_result told, done;
        struct seen_head before, after;
        make(f, &rng, FILES, &w);
        OK(seen_head_get(f->reg, &before, NULL));
        OK(run(f, true, &told));
        OK(seen_head_get(f->reg, &after, NULL));
        assert_memory_equal(&before, &after, sizeof before); /* nothing was written */
        OK(run(f, false, &done));
        assert_int_equal(done.first, fixture_daynum("2026-02-28"));
        assert_int_equal(done.pairs, told.pairs);
        assert_int_equal(done.subscribers, told.subscribers);
        assert_int_equal(done.days, w.kept_from);
        assert_true(done.pairs && done.pairs_left);
        assert_int_equal(done.pairs + done.pairs_left, before.pairs);
        check(f, &w);
        for (unsigned i = 0; i < IMEIS; i++) /* facts stay */
            assert_int_not_equal(fixture_facts(f, PHONE + i).activation, DAYNUM_NONE);
        OK(run(f, false, &done));
        assert_int_equal(done.transactions, 0);
        /* The same rows again, in another file: dropped days stay dropped. */
        OK(seen_head_get(f->reg, &before, NULL));
        struct feed_result result = load(f, w.rows, ROWS, 1);
        OK(seen_head_get(f->reg, &after, NULL));
        assert_memory_equal(&before, &after, sizeof before);
        assert_int_equal(result.pairs, 0);
        assert_true(result.past > 0);
        check(f, &w);
        /* New rows, of pairs that were dropped as well. */
        for (; w.n < 2 * ROWS; w.n++)
            w.rows[w.n] = (struct sighted){rng_below(&rng, IMEIS), rng_below(&rng, SUBSCRIBERS),
                                           w.kept_from + rng_below(&rng, DAYS - w.kept_from)};
        (void)load(f, w.rows + ROWS, ROWS, 1);
        check(f, &w);
        fixture_free(f);
    }
}

/* As one that is killed there: what was committed stands, the rest does not. */
static void one_that_fails_is_finished(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (uint64_t call = 1; call < 400; call += 1 + call / 3) {
        struct rng rng = random_start("retention fails", 12);
        struct fixture *f = fixture_sqlite(today);
        static struct world w;
        struct retention_result result;
        make(f, &rng, 1, &w);
        struct store *faulty;
        OK(store_faulty_new(f->reg->store, &faulty));
        f->reg->store = faulty;
        store_faulty_arm(faulty, call, 0, ERR_STORE_AWAY);
        enum err err = run(f, false, &result);
        failed += err != ERR_OK;
        fixture_reopen(f);
        (void)load(f, w.rows + ROWS - 1, 1, 1); /* a load between, with tables of then */
        OK(run(f, false, &result));
        check(f, &w);
        fixture_free(f);
        if (!err)
            break;
    }
    assert_true(failed > 6);
}

static void a_clock_that_is_wrong_drops_nothing(void **state)
{
    (void)state;
    struct rng rng = random_start("retention clock", 13);
    struct fixture *f = fixture_sqlite(today);
    static struct world w;
    struct retention_result result;
    make(f, &rng, 1, &w);
    fixture_day(f, "2031-01-01");
    assert_int_equal(run(f, false, &result), ERR_GUARD);
    fixture_day(f, today);
    w.kept_from = 0;
    check(f, &w);
    atomic_int stop = 1;
    struct retention_options options = {.stop = &stop};
    assert_int_equal(retention_run(f->reg, &options, &result, NULL), ERR_STOPPED);
    check(f, &w);
    fixture_day(f, "2031-01-01");
    options = (struct retention_options){.all = true};
    OK(retention_run(f->reg, &options, &result, NULL));
    assert_int_equal(result.pairs_left, 0);
    w.kept_from = DAYS;
    check(f, &w);
    f->reg->rules.retention_months = 0;
    OK(retention_run(f->reg, &options, &result, NULL));
    fixture_free(f);
}

/* ---- beside loads ---- */

static void a_load_is_not_waited_for_all_night(void **state)
{
    (void)state;
    struct rng rng = random_start("retention waits", 14);
    struct fixture *f = fixture_sqlite(today);
    static struct world w;
    struct retention_result result;
    struct registry *other = NULL;
    struct seen *seen = NULL;
    make(f, &rng, 1, &w);
    const struct registry_options there = {
        .url = f->url, .key = f->key[0] ? f->key : NULL, .clock = &f->clock, .write = true};
    OK(registry_open(&there, &other, NULL));
    OK(seen_open(other, &(struct seen_options){.party = 1}, &seen, NULL));
    f->reg->rules.retention_months = 1;
    const struct retention_options options = {.patience_ms = 60};
    assert_int_equal(retention_run(f->reg, &options, &result, NULL), ERR_STORE_BUSY);
    OK(run(f, true, &result)); /* who only counts waits for nobody */
    assert_true(result.pairs > 0);
    seen_close(seen);
    registry_close(other);
    OK(retention_run(f->reg, &options, &result, NULL));
    check(f, &w);
    fixture_free(f);
}

/* ---- names elsewhere ---- */

struct named {
    uint32_t live, gone; /* subscribers */
    uint64_t live_imsi, gone_imsi;
};

/* One who is seen after the term, one who is not. */
static void find_two(struct fixture *f, const struct world *w, struct named *out)
{
    bool kept[SUBSCRIBERS] = {0};
    struct seen_subscriber who;
    *out = (struct named){0};
    for (size_t i = 0; i < w->n; i++)
        kept[w->rows[i].subscriber] |= w->rows[i].day >= w->kept_from;
    for (uint32_t number = 1; seen_subscriber_get(f->reg, number, &who, NULL) == ERR_OK; number++) {
        const bool stays = kept[who.imsi - 1000000000000000ULL - IMSI];
        *(stays ? &out->live : &out->gone) = number;
        *(stays ? &out->live_imsi : &out->gone_imsi) = who.imsi;
    }
    assert_true(out->live && out->gone);
}

static void put_paired(struct fixture *f, uint64_t hash, uint64_t imsi)
{
    const struct record_key key = record_key_of(RECORD_PAIRED, hash);
    uint8_t plain[8];
    struct buf sealed = {0};
    put_be(plain, imsi, 8);
    OK(seal_put(&f->reg->keys.people, record_key_str(&key), (struct str){(const char *)plain, 8},
                &sealed));
    OK(record_put(f->reg, &key, (struct str){(const char *)sealed.p, sealed.n}, NULL));
    buf_release(&sealed);
}

static struct record_key told_key(uint32_t subscriber)
{
    struct record_key key = record_key(RECORD_NOTICES);
    record_key_bytes(&key, "t", 1);
    record_key_number(&key, PHONE, 6);
    record_key_number(&key, subscriber, 4);
    return key;
}

static struct record_key notices_key(uint64_t first)
{
    struct record_key key = record_key(RECORD_NOTICES);
    record_key_bytes(&key, "n", 1);
    record_key_number(&key, 5, 8);
    record_key_number(&key, first, 8);
    return key;
}

static void put_notices(struct fixture *f, uint64_t first, const char *day)
{
    const struct record_key key = notices_key(first);
    struct buf value = {0};
    buf_uint(&value, 1, 1);
    buf_uint(&value, (uint64_t)zone_day_start(&f->reg->zone, fixture_daynum(day)) + 60, 5);
    OK(record_put(f->reg, &key, (struct str){(const char *)value.p, value.n}, NULL));
    buf_release(&value);
}

static bool stands(struct fixture *f, struct record_key key)
{
    bool found;
    OK(record_find(f->reg, &key, NULL, &found, NULL));
    return found;
}

static void names_elsewhere_go(void **state)
{
    (void)state;
    struct rng rng = random_start("retention names", 15);
    struct fixture *f = fixture_sqlite(today);
    static struct world w;
    struct retention_result result;
    struct named n;
    make(f, &rng, 1, &w);
    for (size_t i = 0; i < w.n; i++) /* one who is old, in any case */
        if (w.rows[i].subscriber == 0 && w.rows[i].day >= w.kept_from)
            w.rows[i].subscriber = 1;
    fixture_free(f);
    f = fixture_sqlite(today);
    (void)load(f, w.rows, ROWS, 0);
    find_two(f, &w, &n);
    OK(store_write_begin(f->reg->store, NULL));
    put_paired(f, 1, n.live_imsi);
    put_paired(f, 2, n.gone_imsi);
    put_paired(f, 3, n.gone_imsi + 5000); /* of whom networks know nothing */
    const struct record_key told[] = {told_key(n.live), told_key(n.gone)};
    OK(record_put(f->reg, &told[0], STR("x"), NULL));
    OK(record_put(f->reg, &told[1], STR("x"), NULL));
    put_notices(f, 1, "2026-02-27");
    put_notices(f, 2, "2026-02-28");
    OK(store_write_commit(f->reg->store, NULL));
    OK(run(f, false, &result));
    assert_int_equal(result.named, 4);
    assert_true(stands(f, record_key_of(RECORD_PAIRED, 1)));
    assert_false(stands(f, record_key_of(RECORD_PAIRED, 2)));
    assert_false(stands(f, record_key_of(RECORD_PAIRED, 3)));
    assert_true(stands(f, told[0]));
    assert_false(stands(f, told[1]));
    assert_false(stands(f, notices_key(1)));
    assert_true(stands(f, notices_key(2)));
    check(f, &w);
    fixture_free(f);
}

/* ---- overwritten ---- */

static bool file_holds(const char *path, const struct record_key *key)
{
    FILE *file = fopen(path, "rb");
    struct buf all = {0};
    char piece[65536];
    size_t n;
    assert_non_null(file);
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        buf_put(&all, piece, n);
    fclose(file);
    const bool found = memmem(all.p, all.n, key->bytes, key->n) != NULL;
    buf_release(&all);
    return found;
}

static void what_goes_is_overwritten(void **state)
{
    (void)state;
    struct rng rng = random_start("retention overwrites", 16);
    struct fixture *f = fixture_sqlite(today);
    static struct world w;
    struct retention_result result;
    if (f->database[0]) { /* PostgreSQL: until VACUUM */
        fixture_free(f);
        skip();
    }
    make(f, &rng, 1, &w);
    const uint64_t party = registry_party_id(f->reg, PARTY_OPERATOR, STR("alpha"));
    const char *path = f->url + strlen("sqlite:");
    struct record_key keys[DAYS];
    for (unsigned d = 0; d < DAYS; d++) {
        keys[d] = record_key(RECORD_SEEN_PAIRS);
        record_key_bytes(&keys[d], "d", 1);
        record_key_number(&keys[d], daynum_pack(fixture_daynum(first_day) + (daynum)d), 2);
        record_key_number(&keys[d], party, 8);
        record_key_number(&keys[d], 0, 2);
    }
    fixture_reopen(f); /* all of it is in the file */
    for (unsigned d = 0; d < DAYS; d++)
        assert_true(file_holds(path, &keys[d]));
    OK(run(f, false, &result));
    fixture_reopen(f);
    for (unsigned d = 0; d < DAYS; d++)
        assert_int_equal(file_holds(path, &keys[d]), d >= w.kept_from);
    check(f, &w);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_old_goes),
                                       cmocka_unit_test(one_that_fails_is_finished),
                                       cmocka_unit_test(a_clock_that_is_wrong_drops_nothing),
                                       cmocka_unit_test(a_load_is_not_waited_for_all_night),
                                       cmocka_unit_test(names_elsewhere_go),
                                       cmocka_unit_test(what_goes_is_overwritten)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
