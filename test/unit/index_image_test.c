/* SPDX-License-Identifier: Apache-2.0
 *
 * index_image_test - what was written answers as what was written from, over random content in every
 * form of box, with pairs and with more verdicts than have numbers, beside a plain array; it goes on being
 * written as the other does; and an image is written by another thread while the index goes on. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#include <sodium.h>

#include "base/file.h"
#include "index/index_file.h"
#include "prop/random.h"

/* ThreadSanitizer makes a minute of it: there only what threads do is done, and once. */
#if defined(__SANITIZE_THREAD__)
#define IS_TSAN 1
#elif defined(__has_feature)
#define IS_TSAN __has_feature(thread_sanitizer)
#else
#define IS_TSAN 0
#endif

enum {
    TACS = 9,
    PAIRS = 400,
    FILE_MAX = 64 << 20,
    ROUNDS = IS_TSAN ? 1 : 3,
    CHANGES = IS_TSAN ? 2000 : 20000,
};

/* IMEIs of each TAC: boxes of every form, and the borders between them. */
static const uint32_t known[TACS] = {1, 30, 340, 360, 2500, 60000, 170000, 190000, 999};

struct device {
    struct imei imei;
    struct verdict verdict;
};

struct pairing {
    struct pair pair;
    bool stands;
};

struct model {
    struct device *devices;
    uint32_t count;
    struct pairing pairs[PAIRS];
};

struct bed {
    char path[64];
    uint8_t id[16];
    struct index_keys keys;
    struct rng rng;
};

static int setup(void **state)
{
    static struct bed bed;
    const uint8_t seed[32] = {9};
    snprintf(bed.path, sizeof bed.path, "/tmp/tamga-image.XXXXXX");
    int fd = mkstemp(bed.path);
    assert_true(fd >= 0 && close(fd) == 0);
    crypto_sign_seed_keypair(bed.keys.public_key, bed.keys.secret_key, seed);
    bed.rng = random_start("index image", 6);
    *state = &bed;
    return 0;
}

static int teardown(void **state)
{
    struct bed *bed = *state;
    return unlink(bed->path);
}

/* Most have one of few; some a day of their own; with `odd`, more than there are numbers for. */
static struct verdict random_verdict(struct rng *rng, bool odd)
{
    static const uint8_t common[] = {REASON_AMNESTY, REASON_VERIFIED, REASON_EXPIRED, REASON_GSMA};
    struct verdict v = {.reason = common[rng_below(rng, 4)], .flags = (uint8_t)rng_below(rng, 4)};
    v.next_reason = v.reason;
    v.deadline = DAYNUM_NONE;
    v.valid_through = DAYNUM_OPEN;
    if (rng_one_in(rng, odd ? 2 : 12)) {
        v.reason = REASON_UNVERIFIED;
        v.next_reason = REASON_EXPIRED;
        v.valid_through = DAYNUM_FIRST + (daynum)rng_below(rng, odd ? 60000 : 400);
        v.deadline = v.valid_through + (daynum)rng_below(rng, odd ? 8 : 1);
    }
    return v;
}

static struct imei imei_of(uint32_t tac, uint32_t i)
{
    uint64_t serial = tac % 2 ? i : (uint64_t)i * 271828183 % SERIALS;
    return (struct imei){(35824001ULL + tac * 1237) * SERIALS + serial};
}

static void put(struct index *ix, const struct device *d)
{
    assert_int_equal(index_put(ix, d->imei, &d->verdict), ERR_OK);
}

static void put_pair(struct index *ix, struct pairing *p, bool stands)
{
    struct pair pair = p->pair;
    pair.removed = !stands;
    assert_int_equal(index_put_pair(ix, &pair), ERR_OK);
    p->stands = stands;
}

static void fill(struct index *ix, struct model *model, struct rng *rng, bool odd)
{
    uint32_t total = 0, n = 0;
    for (uint32_t t = 0; t < TACS; t++)
        total += known[t];
    model->devices = malloc(total * sizeof *model->devices);
    assert_non_null(model->devices);
    for (uint32_t t = 0; t < TACS; t++)
        for (uint32_t i = 0; i < known[t]; i++) {
            model->devices[n] = (struct device){imei_of(t, i), random_verdict(rng, odd)};
            put(ix, &model->devices[n++]);
        }
    model->count = n;
    for (uint32_t i = 0; i < PAIRS; i++) {
        model->pairs[i].pair = (struct pair){.imei = model->devices[rng_below(rng, n)].imei,
                                             .subscriber = rng_next(rng)};
        put_pair(ix, &model->pairs[i], true);
        if (i % 3 == 0)
            put_pair(ix, &model->pairs[i], false);
    }
}

/* The same changes to both, and to the array. */
static void go_on(struct index *a, struct index *b, struct model *model, struct rng *rng, bool odd)
{
    for (uint32_t i = 0; i < CHANGES; i++) {
        struct device *d = &model->devices[rng_below(rng, model->count)];
        d->verdict = random_verdict(rng, odd);
        put(a, d);
        put(b, d);
    }
    for (uint32_t i = 0; i < PAIRS; i += 5) {
        bool stands = rng_one_in(rng, 2);
        put_pair(a, &model->pairs[i], stands);
        put_pair(b, &model->pairs[i], stands);
    }
}

static void same(const struct index *ix, const struct model *model)
{
    struct verdict v;
    assert_true(index_count(ix) == model->count);
    for (uint32_t i = 0; i < model->count; i++)
        if (!index_find(ix, model->devices[i].imei, &v) ||
            !verdict_equal(&v, &model->devices[i].verdict))
            fail_msg("IMEI %llu", (unsigned long long)model->devices[i].imei.body);
    for (uint32_t t = 0; t < TACS; t++)
        for (uint32_t i = known[t]; i < known[t] + 500; i++)
            assert_false(index_find(ix, imei_of(t, i), &v));
    for (uint32_t i = 0; i < PAIRS; i++)
        assert_int_equal(
            index_is_paired(ix, model->pairs[i].pair.imei, model->pairs[i].pair.subscriber),
            model->pairs[i].stands);
}

static void write_image(struct bed *bed, struct index_image *image)
{
    struct index_file file = {bed->id, STR("rules"), STR("tac")};
    assert_int_equal(index_image_write(image, bed->path, &file, &bed->keys, NULL), ERR_OK);
}

static struct index *read_back(struct bed *bed)
{
    struct index_want want = {bed->id, bed->keys.public_key, 0, NULL, false};
    struct index_loaded got;
    struct fault fault = {0};
    if (index_file_read(bed->path, &want, &got, &fault))
        fail_msg("%s", fault.detail);
    struct index *ix = got.index;
    got.index = NULL;
    index_loaded_release(&got);
    return ix;
}

/* Does the file have verdicts without a number? */
static bool has_odd(const struct bed *bed)
{
    struct buf bytes = {0};
    struct index_header header;
    assert_int_equal(file_read(bed->path, FILE_MAX, &bytes, NULL), ERR_OK);
    index_header_decode(bytes.p, &header);
    buf_release(&bytes);
    return header.bytes[SECTION_ODD] > 0;
}

static void round_and_on(struct bed *bed, bool odd)
{
    struct index *ix;
    struct index_image *image;
    struct model model;
    assert_int_equal(index_new(&ix), ERR_OK);
    fill(ix, &model, &bed->rng, odd);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(index_image_new(ix, &image), ERR_OK);
        assert_true(index_image_count(image) == model.count);
        write_image(bed, image);
        index_image_free(image);
        assert_int_equal(has_odd(bed), odd);
        struct index *again = read_back(bed);
        same(again, &model);
        go_on(ix, again, &model, &bed->rng, odd);
        same(ix, &model);
        same(again, &model);
        index_free(ix);
        ix = again; /* the next round is of what was read */
    }
    free(model.devices);
    index_free(ix);
}

static void every_form_goes_round_and_on(void **state)
{
    round_and_on(*state, false);
}

static void more_verdicts_than_numbers(void **state)
{
    if (!IS_TSAN)
        round_and_on(*state, true);
}

struct writing {
    struct bed *bed;
    struct index_image *image;
};

static void *write_aside(void *ctx)
{
    struct writing *w = ctx;
    write_image(w->bed, w->image);
    return NULL;
}

/* The image is of the moment when it was made. */
static void the_index_goes_on_meanwhile(void **state)
{
    struct bed *bed = *state;
    struct index *ix, *other;
    struct model model, then;
    pthread_t thread;
    assert_int_equal(index_new(&ix), ERR_OK);
    assert_int_equal(index_new(&other), ERR_OK);
    fill(ix, &model, &bed->rng, false);
    then = model;
    then.devices = malloc(model.count * sizeof *then.devices);
    assert_non_null(then.devices);
    memcpy(then.devices, model.devices, model.count * sizeof *then.devices);
    struct writing w = {.bed = bed};
    assert_int_equal(index_image_new(ix, &w.image), ERR_OK);
    assert_int_equal(pthread_create(&thread, NULL, write_aside, &w), 0);
    go_on(ix, other, &model, &bed->rng, false);
    pthread_join(thread, NULL);
    index_image_free(w.image);
    struct index *again = read_back(bed);
    same(again, &then);
    same(ix, &model);
    free(then.devices);
    free(model.devices);
    index_free(again);
    index_free(other);
    index_free(ix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_goes_round_and_on),
        cmocka_unit_test(more_verdicts_than_numbers),
        cmocka_unit_test(the_index_goes_on_meanwhile),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
