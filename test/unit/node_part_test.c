/* SPDX-License-Identifier: Apache-2.0
 *
 * node_part_test - a node that holds some TACs alone, beside a whole one: over random histories, with batches, pairs,
 * days that turn, restarts out of the log, it answers inside its ranges what the whole one answers, stands where that
 * stands, and says of the rest that it knows nothing. And what its file says of itself, to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include <sodium.h>

#include "base/file.h"
#include "index/index_file.h"
#include "index/writer.h"
#include "node_bed.h"
#include "prop/random.h"

enum { ROUNDS = 250, ROWS = 30, DEVICES = 600, TACS = 6, FILE_MAX = 1 << 26 };

static const uint32_t tacs[TACS] = {35824004, 35824005, 35824006, 86000000, 86999999, 99000001};
#define RANGES "35824005-35824006,86000000-86999999"

struct nodes {
    struct node_bed *bed;
    char directory[64]; /* of the part */
    struct copy_options options;
    struct tac_ranges ranges;
    struct copy *whole, *part;
    struct rng rng;
    uint64_t batch; /* open; 0: none */
};

static struct imei device(struct rng *rng)
{
    return (struct imei){tacs[rng_below(rng, TACS)] * 1000000ULL + rng_below(rng, DEVICES / TACS)};
}

static struct verdict random_verdict(struct rng *rng)
{
    static const uint8_t reasons[] = {REASON_STOLEN,  REASON_VERIFIED, REASON_CLONE,
                                      REASON_AMNESTY, REASON_EXPIRED,  REASON_UNVERIFIED};
    struct verdict v = plain_verdict(reasons[rng_below(rng, 6)]);
    v.flags = (uint8_t)(rng_below(rng, 2) ? VERDICT_USED : 0);
    if (v.reason == REASON_UNVERIFIED) {
        v.next_reason = REASON_EXPIRED;
        v.valid_through = v.deadline = 20400 + (daynum)rng_below(rng, 60);
    }
    return v;
}

static void write_index(const struct nodes *n, const struct index *ix, const char *directory,
                        struct str rules)
{
    char path[COPY_PATH];
    struct index_image *image;
    struct index_file file = {n->bed->key.register_id, rules, STR("")};
    copy_path(directory, "snapshot", 1, "tgix", path);
    assert_int_equal(index_image_new(ix, &image), ERR_OK);
    assert_int_equal(index_image_write(image, path, &file, &n->bed->keys, NULL), ERR_OK);
    index_image_free(image);
}

/* A whole snapshot with a past, and the part of it. */
static void begin(struct nodes *n)
{
    struct rules rules;
    struct buf text = {0};
    struct index *whole, *part;
    struct index_state at = {.next_seq = 1, .rules = 1, .gate = {DAYNUM_NONE, DAYNUM_NONE}};
    memcpy(at.hash, n->bed->chain.block.hash, SHA256_BYTES);
    rules_init(&rules);
    rules_format(&rules, &text);
    assert_int_equal(index_new(&whole), ERR_OK);
    for (int i = 0; i < DEVICES; i++) {
        const struct verdict v = random_verdict(&n->rng);
        assert_int_equal(index_put(whole, device(&n->rng), &v), ERR_OK);
        const struct pair pair = {device(&n->rng), rng_below(&n->rng, 3) + 1, false};
        assert_int_equal(index_put_pair(whole, &pair), ERR_OK);
    }
    index_set_state(whole, &at);
    assert_int_equal(index_part(whole, &n->ranges, NULL, &part), ERR_OK);
    write_index(n, whole, n->bed->directory, (struct str){(char *)text.p, text.n});
    write_index(n, part, n->directory, (struct str){(char *)text.p, text.n});
    index_free(whole);
    index_free(part);
    buf_release(&text);
}

static void open_both(struct nodes *n)
{
    struct fault fault = {0};
    assert_int_equal(copy_open(&n->bed->options, 1, &n->whole, &fault), ERR_OK);
    assert_int_equal(copy_open(&n->options, 1, &n->part, &fault), ERR_OK);
}

static void close_both(struct nodes *n)
{
    copy_free(n->whole);
    copy_free(n->part);
}

static struct nodes *nodes_new(void)
{
    struct nodes *n = calloc(1, sizeof *n);
    assert_non_null(n);
    n->bed = bed_new();
    n->rng = random_start("node part", 5);
    snprintf(n->directory, sizeof n->directory, "/tmp/tamga-part.XXXXXX");
    assert_non_null(mkdtemp(n->directory));
    n->options = n->bed->options;
    n->options.directory = n->directory;
    assert_int_equal(tac_ranges_parse(STR(RANGES), &n->ranges, NULL), ERR_OK);
    begin(n);
    return n;
}

static void nodes_free(struct nodes *n)
{
    copy_remove(n->directory, 1);
    assert_int_equal(rmdir(n->directory), 0);
    bed_free(n->bed);
    free(n);
}

/* ---- a history ---- */

static void random_block(struct nodes *n)
{
    struct chain *c = &n->bed->chain;
    struct rng *rng = &n->rng;
    const uint64_t batch = n->batch && rng_one_in(rng, 2) ? n->batch : 0;
    if (!batch)
        chain_entry(c, rng_one_in(rng, 6) ? 20790 + (daynum)rng_below(rng, 9) : 20000);
    if (rng_one_in(rng, 8))
        chain_gate(c, (struct gate){20400 + (daynum)rng_below(rng, 60), 20400});
    for (uint64_t i = rng_below(rng, ROWS) + 1; i; i--) {
        struct row row = plain_row(device(rng).body, REASON_NEVER_ACTIVATED, REASON_VERIFIED);
        row.after = random_verdict(rng);
        chain_row(c, &row);
    }
    for (uint64_t i = rng_below(rng, 3); i; i--)
        chain_pair(c, device(rng), rng_below(rng, 3) + 1, rng_one_in(rng, 2));
    c->block.header.batch = batch;
    if (batch)
        c->block.header.open_entry = batch;
    chain_seal(c);
    bed_block(n->bed);
    c->block.header.batch = 0;
}

static void random_answer(struct nodes *n, int round)
{
    bed_begin(n->bed);
    if (!n->batch && rng_one_in(&n->rng, 4))
        n->batch = bed_batch_begin(n->bed);
    for (uint64_t i = rng_below(&n->rng, 3) + 1; i; i--)
        random_block(n);
    if (n->batch && rng_one_in(&n->rng, 3)) {
        bed_batch_end(n->bed, n->batch);
        n->bed->chain.block.header.batch = 0;
        n->batch = 0;
    }
    const struct str answer = bed_head(n->bed, BED_NOW_US + round);
    struct fault fault = {0};
    assert_int_equal(copy_take(n->whole, answer, &fault), ERR_OK);
    assert_int_equal(copy_take(n->part, answer, &fault), ERR_OK);
    if (rng_one_in(&n->rng, 2)) { /* else what a batch brought waits with what comes next */
        assert_int_equal(copy_show(n->whole, 0, &fault), ERR_OK);
        assert_int_equal(copy_show(n->part, 0, &fault), ERR_OK);
    }
}

/* ---- the same ---- */

static struct network network_of(const struct copy *copy)
{
    struct network net = {.index = copy->index->index,
                          .rules = &copy->rules,
                          .paired = true,
                          .settings = {EQUIPMENT_UNKNOWN, EQUIPMENT_COUNT, EQUIPMENT_GREY},
                          .today = 20420};
    return net;
}

static void is_same_reply(const struct network_reply *a, const struct network_reply *b)
{
    assert_int_equal(a->equipment, b->equipment);
    assert_int_equal(a->list, b->list);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->fresh, b->fresh);
    assert_false(b->outside);
}

static void answers_are_the_same(const struct nodes *n)
{
    const struct network whole = network_of(n->whole), part = network_of(n->part);
    uint64_t home;
    assert_int_equal(imsi_parse(STR("401010000000001"), &home), ERR_OK);
    for (uint64_t i = 0; i < TACS * (DEVICES / TACS + 2); i++) {
        struct network_question q = {{tacs[i % TACS] * 1000000ULL + i / TACS}, i % 2 ? home : 0};
        struct network_reply a, b;
        network_answer(&whole, &q, 1, &a);
        network_answer(&part, &q, 1, &b);
        if (tac_ranges_have(&n->ranges, imei_tac(q.imei))) {
            is_same_reply(&a, &b);
            for (uint64_t who = 1; who < 4; who++)
                assert_int_equal(index_is_paired(whole.index, q.imei, who),
                                 index_is_paired(part.index, q.imei, who));
            continue;
        }
        assert_true(b.outside);
        assert_false(b.fresh);
        assert_int_equal(b.equipment, EQUIPMENT_GREY);
        assert_false(index_is_paired(part.index, q.imei, 1));
    }
}

struct comparing {
    const struct index *with;
    const struct tac_ranges *ranges;
    uint64_t count;
};

static bool is_there(void *ctx, struct imei imei, const struct verdict *verdict)
{
    struct comparing *c = ctx;
    struct verdict v;
    if (!tac_ranges_have(c->ranges, imei_tac(imei)))
        return true;
    assert_true(index_find(c->with, imei, &v));
    assert_true(verdict_pack(&v) == verdict_pack(verdict));
    c->count++;
    return true;
}

static void stand_at_one_place(const struct nodes *n)
{
    struct comparing c = {n->part->index->index, &n->ranges, 0};
    const struct index_state a = index_state(n->whole->index->index), b = index_state(c.with);
    assert_int_equal(n->whole->place.next_seq, n->part->place.next_seq);
    assert_memory_equal(n->whole->place.hash, n->part->place.hash, SHA256_BYTES);
    assert_int_equal(a.next_seq, b.next_seq);
    assert_memory_equal(a.hash, b.hash, sizeof a.hash);
    assert_int_equal(a.gate.expire_through, b.gate.expire_through);
    index_iterate(n->whole->index->index, is_there, &c);
    assert_int_equal(index_count(c.with), c.count);
}

static void a_part_answers_as_the_whole(void **state)
{
    (void)state;
    struct nodes *n = nodes_new();
    open_both(n);
    answers_are_the_same(n);
    for (int round = 1; round <= ROUNDS; round++) {
        random_answer(n, round);
        if (rng_one_in(&n->rng, 12)) {
            close_both(n);
            open_both(n);
        }
        if (!copy_is_showing(n->whole) && !copy_is_showing(n->part))
            answers_are_the_same(n);
    }
    assert_int_equal(copy_show(n->whole, 0, NULL), ERR_OK);
    assert_int_equal(copy_show(n->part, 0, NULL), ERR_OK);
    answers_are_the_same(n);
    stand_at_one_place(n);
    close_both(n);
    nodes_free(n);
}

/* What does not follow is no less refused where nothing of it would have been taken. */
static void what_is_passed_over_is_verified(void **state)
{
    (void)state;
    struct nodes *n = nodes_new();
    struct fault fault = {0};
    open_both(n);
    bed_begin(n->bed);
    bed_row(n->bed, 0, 99000001000005, REASON_NEVER_ACTIVATED, REASON_STOLEN);
    const struct str answer = bed_head(n->bed, BED_NOW_US);
    const size_t row = FEED_FRAME + BLOCK_HEADER_BYTES + SHA256_BYTES + 20;
    n->bed->answer.p[row] ^= 1;
    assert_int_not_equal(copy_take(n->part, answer, &fault), ERR_OK);
    assert_int_equal(n->part->place.next_seq, 1);
    n->bed->answer.p[row] ^= 1;
    const uint64_t before = index_count(n->part->index->index);
    assert_int_equal(copy_take(n->part, answer, &fault), ERR_OK);
    assert_int_equal(index_count(n->part->index->index), before);
    assert_int_equal(n->part->place.next_seq, n->bed->chain.next_seq);
    close_both(n);
    nodes_free(n);
}

/* ---- the file ---- */

static enum err read_wanting(const struct nodes *n, const char *path, const char *ranges)
{
    struct tac_ranges set = {0};
    struct fault fault = {0};
    struct index_loaded got;
    struct index_want want = {.register_id = n->bed->key.register_id,
                              .public_key = n->bed->keys.public_key,
                              .tacs = &set};
    if (ranges)
        assert_int_equal(tac_ranges_parse(str_z(ranges), &set, NULL), ERR_OK);
    enum err err = index_file_read(path, &want, &got, &fault);
    if (err)
        assert_true(*fault.detail);
    else
        index_loaded_release(&got);
    return err;
}

static void a_file_says_what_it_covers(void **state)
{
    (void)state;
    static const struct {
        const char *ranges;
        enum err part;
    } wants[] = {
        {NULL, ERR_SNAPSHOT_LESS},
        {"00000000-99999999", ERR_SNAPSHOT_LESS},
        {RANGES, ERR_OK},
        {"86000000", ERR_OK},
        {"35824005,86000001-86999999", ERR_OK},
        {"35824004-35824006", ERR_SNAPSHOT_LESS},
        {"35824006-86000000", ERR_SNAPSHOT_LESS},
        {"99000001", ERR_SNAPSHOT_LESS},
    };
    struct nodes *n = nodes_new();
    char whole[COPY_PATH], part[COPY_PATH];
    struct copy *copy;
    copy_path(n->bed->directory, "snapshot", 1, "tgix", whole);
    copy_path(n->directory, "snapshot", 1, "tgix", part);
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        assert_int_equal(read_wanting(n, part, wants[i].ranges), wants[i].part);
        assert_int_equal(read_wanting(n, whole, wants[i].ranges), ERR_OK);
    }
    assert_int_equal(copy_read(&n->options, part, 0, &copy, NULL), ERR_SNAPSHOT_LESS);
    n->options.tacs = &n->ranges;
    assert_int_equal(copy_read(&n->options, part, 0, &copy, NULL), ERR_OK);
    assert_true(tac_ranges_same(index_tacs(copy->index->index), &n->ranges));
    struct index *smaller;
    struct tac_ranges set;
    assert_int_equal(tac_ranges_parse(STR("35824005"), &set, NULL), ERR_OK);
    assert_int_equal(index_part(copy->index->index, &set, NULL, &smaller), ERR_OK);
    assert_true(index_count(smaller) > 0 && index_count(smaller) < index_count(copy->index->index));
    index_free(smaller);
    assert_int_equal(tac_ranges_parse(STR("35824004"), &set, NULL), ERR_OK);
    assert_int_equal(index_part(copy->index->index, &set, NULL, &smaller), ERR_SNAPSHOT_LESS);
    const atomic_bool stop = true;
    assert_int_equal(tac_ranges_parse(STR("35824005"), &set, NULL), ERR_OK);
    assert_int_equal(index_part(copy->index->index, &set, &stop, &smaller), ERR_STOPPED);
    copy_free(copy);
    nodes_free(n);
}

/* Changed and signed anew, as only the register could: what is no set of ranges is refused all the same. */
static void only_ranges_are_ranges(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint64_t value;
        unsigned bytes;
    } changes[] = {
        {INDEX_AT_RANGE_COUNT, 0, 4},
        {INDEX_AT_RANGE_COUNT, 1, 4}, /* the second is then what has to be zero */
        {INDEX_AT_RANGE_COUNT, 3, 4},
        {INDEX_AT_RANGE_COUNT, 33, 4},
        {INDEX_AT_RANGE_COUNT, UINT32_MAX, 4},
        {INDEX_AT_RANGE_COUNT + 4, 1, 4},
        {INDEX_AT_RANGES, 35824007, 4},
        {INDEX_AT_RANGES + 4, 85999999, 4},
        {INDEX_AT_RANGES + 4, 90000000, 4},
        {INDEX_AT_RANGES + 12, 100000000, 4},
        {INDEX_AT_RANGES + 8, 86000001, 4}, /* a box stands outside */
        {INDEX_AT_VERSION, INDEX_FILE_VERSION, 4},
        {INDEX_AT_VERSION, 4, 4},
        {INDEX_AT_RANGES_END - 8, 1, 1},
    };
    struct nodes *n = nodes_new();
    char path[COPY_PATH];
    struct buf bytes = {0};
    copy_path(n->directory, "snapshot", 1, "tgix", path);
    assert_int_equal(file_read(path, FILE_MAX, &bytes, NULL), ERR_OK);
    const struct index_want want = {.register_id = n->bed->key.register_id,
                                    .public_key = n->bed->keys.public_key,
                                    .any_part = true};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct index_loaded got;
        struct fault fault = {0};
        const uint64_t was = get_le(bytes.p + changes[i].at, changes[i].bytes);
        put_le(bytes.p + changes[i].at, changes[i].value, changes[i].bytes);
        crypto_sign_detached(bytes.p + INDEX_FILE_HEADER, NULL, bytes.p, INDEX_FILE_HEADER,
                             n->bed->keys.secret_key);
        assert_int_equal(
            index_file_decode((struct str){(char *)bytes.p, bytes.n}, &want, &got, &fault),
            ERR_SNAPSHOT);
        put_le(bytes.p + changes[i].at, was, changes[i].bytes);
    }
    buf_release(&bytes);
    nodes_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_answers_as_the_whole),
        cmocka_unit_test(what_is_passed_over_is_verified),
        cmocka_unit_test(a_file_says_what_it_covers),
        cmocka_unit_test(only_ranges_are_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
