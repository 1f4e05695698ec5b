/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of loading does not matter: amnesty lists, verified devices with the time of their
 * approval, and operators' feeds, each perhaps twice, in every order that chance gives, make the
 * same facts (their sequence numbers apart). And replaying the journal makes them again. */
#include "app/fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "bulk/imeis.h"
#include "bulk/verified.h"
#include "prop/random.h"
#include "seen/feed.h"

enum { FILES = 9, IMEIS = 40 };
#define PHONE 35735007990500ULL

enum kind { AMNESTY, VERIFIED, BEFORE, FEED };

struct file {
    enum kind kind;
    char path[96];
    char by[13];
    int64_t at;
};

static void write_rows(struct rng *rng, struct file *file)
{
    FILE *out = fopen(file->path, "w");
    assert_non_null(out);
    unsigned rows = 1 + rng_below(rng, 12);
    uint64_t used = 0;
    fputs(file->kind == AMNESTY ? "imei\n"
          : file->kind == FEED  ? "date,imei,imsi,msisdn,rat\n"
                                : "imei1,imei2\n",
          out);
    for (unsigned i = 0; i < rows; i++) {
        uint32_t which = rng_below(rng, IMEIS - 1);
        if (file->kind == AMNESTY) {
            fprintf(out, "%014llu\n", PHONE + which);
        } else if (file->kind == FEED) {
            fprintf(out, "202%u-%02u-%02u,%014llu,%s,77010000000,001\n", 5 + rng_below(rng, 2),
                    1 + rng_below(rng, 3), 1 + rng_below(rng, 28), PHONE + which,
                    rng_one_in(rng, 4) ? "250011234567890" : "401011234567890");
        } else if (!(used >> which & 3)) { /* an IMEI stands once in a file */
            bool two = rng_one_in(rng, 2);
            used |= (uint64_t)(two ? 3 : 1) << which;
            fprintf(out, two ? "%014llu,%014llu\n" : "%014llu,%.0llu\n", PHONE + which,
                    two ? PHONE + which + 1 : 0ULL);
        }
    }
    fprintf(out,
            file->kind == AMNESTY ? "%014llu\n"
            : file->kind == FEED  ? "2026-02-01,%014llu,401011234567890,77010000000,001\n"
                                  : "%014llu,\n",
            PHONE + IMEIS + 1);
    fclose(out);
}

static void load(struct fixture *f, const struct file *file)
{
    struct load_options options = {.path = file->path};
    struct load_result result;
    struct fault fault = {0};
    enum err err = ERR_OK;
    if (file->kind == AMNESTY) {
        err = import_amnesty(f->reg, &options, &result, &fault);
    } else if (file->kind == FEED) {
        struct feed_options feed = {.operator_name = STR("A"), .accept = {GUARD_ALL, "test"}};
        struct feed_result fed;
        err = feed_load(f->reg, &options, &feed, &fed, &fault);
    } else {
        struct verified_options how = {.kind = file->kind == BEFORE ? APPROVAL_BEFORE_DUTY
                                                                    : APPROVAL_IMPORT,
                                       .by = str_z(file->by),
                                       .at = file->at};
        err = import_verified(f->reg, &options, &how, &result, &fault);
    }
    if (err)
        print_error("%s: %s %s\n", file->path, err_name(err), fault.detail);
    assert_int_equal(err, ERR_OK);
}

static void shuffle(struct rng *rng, unsigned *order, unsigned n)
{
    for (unsigned i = n; i > 1; i--) {
        unsigned k = rng_below(rng, i), kept = order[i - 1];
        order[i - 1] = order[k];
        order[k] = kept;
    }
}

static void make_files(struct rng *rng, const char *dir, struct file *files)
{
    static const char *const parties[] = {"030540003215", "900101300017"};
    for (unsigned i = 0; i < FILES; i++) {
        files[i] = (struct file){.kind = (enum kind)rng_below(rng, 4),
                                 .at = 1771000000 + (int64_t)rng_below(rng, 3)};
        snprintf(files[i].path, sizeof files[i].path, "%s/%u.csv", dir, i);
        str_copy(files[i].by, sizeof files[i].by, str_z(parties[rng_below(rng, 2)]));
        write_rows(rng, &files[i]);
    }
}

static struct fixture *load_in_order(struct rng *rng, const struct file *files,
                                     const struct register_keys *keys)
{
    struct fixture *f = fixture_memory("2026-03-10");
    if (keys)
        f->reg->keys = *keys; /* the same keys give the same party ids */
    unsigned order[2 * FILES];
    for (unsigned i = 0; i < 2 * FILES; i++)
        order[i] = i % FILES;
    shuffle(rng, order, 2 * FILES);
    for (unsigned i = 0; i < 2 * FILES; i++)
        load(f, &files[order[i]]);
    fixture_whole(f);
    return f;
}

static void any_order_gives_the_same(void **state)
{
    (void)state;
    struct rng rng = random_start("order", 20260310);
    uint32_t rounds = random_rounds(12);
    char dir[] = "/tmp/tamga-order-XXXXXX";
    assert_non_null(mkdtemp(dir));
    for (uint32_t round = 0; round < rounds; round++) {
        struct file files[FILES];
        make_files(&rng, dir, files);
        struct fixture *a = load_in_order(&rng, files, NULL);
        struct fixture *b = load_in_order(&rng, files, &a->reg->keys);
        for (uint64_t i = 0; i <= IMEIS + 1; i++) {
            struct facts x = fixture_facts(a, PHONE + i), y = fixture_facts(b, PHONE + i);
            if (!facts_equal(&x, &y)) {
                random_print_facts(&x);
                random_print_facts(&y);
                fail_msg("round %u: IMEI %llu differs", round, PHONE + i);
            }
        }
        fixture_free(a);
        fixture_free(b);
        for (unsigned i = 0; i < FILES; i++)
            unlink(files[i].path);
    }
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_order_gives_the_same)};
    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
