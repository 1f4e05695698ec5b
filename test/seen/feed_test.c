/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators' files against a naive model: in any order, cut and packed in any way, each perhaps twice, with and without the
 * file of tables, the same is known afterwards; the same rows again write nothing. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "prop/random.h"
#include "seen/feed.h"
#include "seen/parts.h"

enum { IMEIS = 30, SUBSCRIBERS = 40, DAYS = 12, ROWS = 600, FILES = 6 };
#define PHONE      35735007990500ULL
#define SUBSCRIBER 1401010000000100ULL /* as imsi_parse packs it */

struct sighted {
    unsigned imei, subscriber, day, bad;
};

static const char *const bad_imeis[] = {
    "", "*", "#", "0", "abcdef01234567", "99999999999999", "00000000000000"};

static void make_rows(struct rng *rng, struct sighted *rows)
{
    for (unsigned i = 0; i < ROWS; i++)
        rows[i] =
            (struct sighted){rng_below(rng, IMEIS), rng_below(rng, SUBSCRIBERS),
                             rng_below(rng, DAYS), rng_one_in(rng, 40) ? 1 + rng_below(rng, 7) : 0};
}

/* Every fourth subscriber is abroad at home. */
static uint64_t imsi_of(unsigned subscriber)
{
    return subscriber % 4 ? SUBSCRIBER + subscriber : 1250010000000100ULL + subscriber;
}

static void write_row(struct buf *out, const struct sighted *row)
{
    char imei[20];
    snprintf(imei, sizeof imei, "%llu", PHONE + row->imei);
    buf_printf(out, "%llu,2026-02-%02u,%s,,005,7701000%04u\n",
               (unsigned long long)(imsi_of(row->subscriber) - 1000000000000000), row->day + 1,
               row->bad ? bad_imeis[row->bad - 1] : imei, row->subscriber);
}

static void write_file(const char *path, const struct sighted *rows, size_t n, bool packed)
{
    struct buf text = {0};
    buf_str(&text, STR("Imsi,DATE,imei,Site,rat,msisdn\n"));
    for (size_t i = 0; i < n; i++)
        write_row(&text, &rows[i]);
    gzFile file = gzopen(path, packed ? "w" : "wT");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text.p, (unsigned)text.n), text.n);
    assert_int_equal(gzclose(file), Z_OK);
    buf_release(&text);
}

static void load(struct fixture *f, const char *name, const char *path, struct feed_result *out)
{
    struct load_options options = {.path = path};
    struct feed_options feed = {.operator_name = str_z(name), .accept = {GUARD_ALL, "test"}};
    struct fault fault = {0};
    enum err err = feed_load(f->reg, &options, &feed, out, &fault);
    if (err)
        print_error("%s: %s %s\n", path, err_name(err), fault.detail);
    assert_int_equal(err, ERR_OK);
}

/* ---- what is known ---- */

struct known {
    uint8_t seen[DAYS][IMEIS][SUBSCRIBERS];
    daynum active[IMEIS];
    uint32_t pairs;
};

struct reading {
    struct seen_pair pairs[IMEIS * SUBSCRIBERS];
    uint32_t n;
    roaring_bitmap_t *days[DAYS];
};

static bool on_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct reading *r = ctx;
    assert_true(r->n < IMEIS * SUBSCRIBERS);
    r->pairs[r->n++] = *pair;
    assert_int_equal(number, r->n);
    return true;
}

static void take_pair(struct fixture *f, const struct reading *r, uint32_t number,
                      struct known *known)
{
    const struct seen_pair *pair = &r->pairs[number - 1];
    struct seen_subscriber who;
    unsigned imei = (unsigned)(pair->imei - PHONE);
    assert_true(imei < IMEIS);
    OK(seen_subscriber_get(f->reg, pair->subscriber, &who, NULL));
    unsigned subscriber = (unsigned)(who.imsi % 100);
    assert_int_equal(who.imsi, imsi_of(subscriber));
    assert_int_equal(who.msisdn, 177010000000ULL + subscriber);
    known->pairs++;
    for (unsigned day = 0; day < DAYS; day++)
        if (roaring_bitmap_contains(r->days[day], number))
            assert_int_equal(known->seen[day][imei][subscriber]++, 0);
}

static daynum day_number(unsigned day)
{
    return fixture_daynum("2026-02-01") + (daynum)day;
}

/* Everything, by what it means. */
static void read_known(struct fixture *f, const char *name, struct known *out)
{
    static struct reading r;
    uint64_t party = registry_party_id(f->reg, PARTY_OPERATOR, str_z(name));
    memset(out, 0, sizeof *out);
    r.n = 0;
    for (unsigned day = 0; day < DAYS; day++)
        OK(seen_day_get(f->reg, party, daynum_pack(day_number(day)), &r.days[day], NULL));
    OK(seen_pairs(f->reg, on_pair, &r, NULL));
    for (uint32_t i = 1; i <= r.n; i++)
        take_pair(f, &r, i, out);
    for (unsigned day = 0; day < DAYS; day++)
        roaring_bitmap_free(r.days[day]);
    for (unsigned i = 0; i < IMEIS; i++)
        out->active[i] = fixture_facts(f, PHONE + i).activation;
}

static void expect(const struct sighted *rows, size_t n, struct known *out)
{
    memset(out, 0, sizeof *out);
    uint8_t pairs[IMEIS][SUBSCRIBERS] = {0};
    for (unsigned i = 0; i < IMEIS; i++)
        out->active[i] = DAYNUM_NONE;
    for (size_t i = 0; i < n; i++) {
        const struct sighted *row = &rows[i];
        if (row->bad)
            continue;
        out->seen[row->day][row->imei][row->subscriber] = 1;
        out->pairs += !pairs[row->imei][row->subscriber]++;
        daynum *active = &out->active[row->imei];
        if (row->subscriber % 4 && (*active == DAYNUM_NONE || *active > day_number(row->day)))
            *active = day_number(row->day);
    }
}

static bool add_record(void *ctx, const struct record *record)
{
    struct sha256 *sha = ctx;
    sha256_add(sha, record->key.p, record->key.n);
    sha256_add(sha, record->value.p, record->value.n);
    return true;
}

/* All records and the journal's head, in a few bytes. */
static void digest(struct fixture *f, uint8_t out[2 * SHA256_BYTES])
{
    struct sha256 *sha = sha256_new();
    struct store_head head;
    sha256_begin(sha);
    OK(store_records(f->reg->store, STR(""), STR(""), add_record, sha, NULL));
    sha256_end(sha, out);
    sha256_free(sha);
    OK(store_head(f->reg->store, &head, NULL));
    memcpy(out + SHA256_BYTES, head.hash, SHA256_BYTES);
}

static void shuffle(struct rng *rng, struct sighted *rows, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = rng_below(rng, (uint32_t)i);
        struct sighted kept = rows[i - 1];
        rows[i - 1] = rows[k];
        rows[k] = kept;
    }
}

static void forget_tables(struct fixture *f)
{
    char path[128];
    static const char *const ends[] = {".seen-pairs", ".seen-subscribers"};
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", f->url + strlen("sqlite:"), ends[i]);
        (void)unlink(path);
    }
}

/* The rows in pieces of any size, each once or twice, in an order of its own. */
static void load_in_pieces(struct rng *rng, struct fixture *f, const char *dir,
                           struct sighted *rows)
{
    char path[96];
    struct feed_result result;
    size_t cuts[FILES + 1] = {0};
    unsigned order[2 * FILES], n = 0;
    shuffle(rng, rows, ROWS);
    for (unsigned i = 0; i < FILES; i++) {
        size_t left = ROWS - cuts[i];
        cuts[i + 1] = i + 1 == FILES ? ROWS : cuts[i] + 1 + rng_below(rng, (uint32_t)left / 3 + 1);
        order[n++] = i;
        if (rng_one_in(rng, 2))
            order[n++] = i;
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned at = i + rng_below(rng, n - i), which = order[at];
        order[at] = order[i];
        snprintf(path, sizeof path, "%s/%u.csv", dir, i);
        shuffle(rng, rows + cuts[which], cuts[which + 1] - cuts[which]);
        write_file(path, rows + cuts[which], cuts[which + 1] - cuts[which], rng_one_in(rng, 2));
        load(f, "A", path, &result);
        if (!f->database[0] && rng_one_in(rng, 4))
            forget_tables(f);
        if (rng_one_in(rng, 4))
            fixture_reopen(f);
    }
}

static void remove_files(const char *dir)
{
    char path[128];
    for (unsigned i = 0; i < 2 * FILES; i++) {
        snprintf(path, sizeof path, "%s/%u.csv", dir, i);
        (void)unlink(path);
        snprintf(path, sizeof path, "%s/%u.csv.bad.csv", dir, i);
        (void)unlink(path);
    }
    rmdir(dir);
}

static void any_order(void **state)
{
    (void)state;
    struct rng rng = random_start("seen order", 21);
    struct sighted *rows = calloc(ROWS, sizeof *rows);
    struct known *want = malloc(sizeof *want), *got = malloc(sizeof *got);
    for (uint32_t round = random_rounds(12); round--;) {
        char dir[] = "/tmp/tamga-feed-test.XXXXXX", path[96];
        uint8_t before[2 * SHA256_BYTES], after[2 * SHA256_BYTES];
        struct feed_result result;
        struct fixture *f = fixture_sqlite("2026-03-10");
        assert_non_null(mkdtemp(dir));
        make_rows(&rng, rows);
        expect(rows, ROWS, want);
        load_in_pieces(&rng, f, dir, rows);
        read_known(f, "A", got);
        assert_memory_equal(got, want, sizeof *got);
        snprintf(path, sizeof path, "%s/0.csv", dir);
        write_file(path, rows, ROWS, false);
        load(f, "A", path, &result); /* all of it: another load, but nothing is new */
        assert_int_equal(result.pairs, 0);
        assert_int_equal(result.first, 0);
        digest(f, before);
        shuffle(&rng, rows, ROWS);
        write_file(path, rows, ROWS, true);
        load(f, "A", path, &result);
        assert_true(result.load.known);
        digest(f, after);
        assert_memory_equal(before, after, sizeof before);
        load(f, "B", path, &result); /* for another operator only the days are new */
        assert_false(result.load.known);
        assert_int_equal(result.pairs, 0);
        read_known(f, "B", got);
        assert_memory_equal(got, want, sizeof *got);
        fixture_whole(f);
        fixture_free(f);
        remove_files(dir);
    }
    free(rows);
    free(want);
    free(got);
}

/* What is set aside stands beside, all of it; what is unknown is named. */
static void rows_set_aside(void **state)
{
    (void)state;
    char dir[] = "/tmp/tamga-feed-test.XXXXXX", path[96], beside[112], line[128];
    struct sighted rows[200] = {{0}};
    struct feed_result result;
    struct fixture *f = fixture_memory("2026-03-10");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/0.csv", dir);
    for (unsigned i = 0; i < 200; i++)
        rows[i] = (struct sighted){i % IMEIS, 1, 3, i % 2 ? 1 + i % 7 : 0};
    write_file(path, rows, 200, true);
    load(f, "A", path, &result);
    assert_int_equal(result.malformed, 100);
    assert_string_equal(result.ignored, "Site");
    snprintf(beside, sizeof beside, "%s.bad.csv", path);
    assert_string_equal(result.load.beside, beside);
    FILE *file = fopen(beside, "r");
    assert_non_null(file);
    unsigned lines = 0;
    while (fgets(line, sizeof line, file))
        if (lines++)
            assert_non_null(strstr(line, ",3,IMEI_FORM,\"40101000000010"));
    fclose(file);
    assert_int_equal(lines, 101);
    fixture_free(f);
    remove_files(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order),
        cmocka_unit_test(rows_set_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
