/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of numbers against a naive map; their file: what makes it be in doubt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prop/random.h"
#include "seen/cache.h"

enum { KEYS = 20000 };

struct model {
    struct seen_slot slots[KEYS];
    size_t n;
};

static const struct seen_slot *model_find(const struct model *m, const struct seen_key *key)
{
    for (size_t i = m->n; i-- > 0;)
        if (m->slots[i].hash == key->hash && m->slots[i].mark == key->mark)
            return &m->slots[i];
    return NULL;
}

/* Few different places, so that runs of slots touch and go round the end. */
static struct seen_key some_key(struct rng *rng)
{
    uint64_t place = rng_one_in(rng, 3) ? UINT64_MAX - rng_below(rng, 40) : rng_next(rng);
    if (rng_one_in(rng, 3))
        place = (uint64_t)rng_below(rng, 50) << 58;
    return (struct seen_key){place, (uint16_t)rng_below(rng, 3)};
}

static void table_is_a_map(void **state)
{
    (void)state;
    struct rng rng = random_start("table", 7);
    struct model *m = calloc(1, sizeof *m);
    struct seen_table t = {0};
    struct seen_key none = {1, 1};
    assert_non_null(m);
    assert_null(seen_table_find(&t, &none));
    for (unsigned i = 0; i < 4000; i++) {
        struct seen_key key = some_key(&rng);
        const struct seen_slot *want = model_find(m, &key), *got = seen_table_find(&t, &key);
        assert_true(!want == !got);
        if (got) {
            assert_int_equal(got->number, want->number);
            assert_int_equal(got->day, want->day);
            continue;
        }
        struct seen_slot slot = {key.hash, (uint32_t)m->n + 1, key.mark, (uint16_t)i};
        assert_int_equal(seen_table_grow(&t, 1), ERR_OK);
        seen_table_put(&t, &slot);
        m->slots[m->n++] = slot;
    }
    assert_int_equal(t.count, m->n);
    for (size_t i = 0; i < m->n; i++) {
        struct seen_key key = {m->slots[i].hash, m->slots[i].mark};
        const struct seen_slot *slot = seen_table_find(&t, &key);
        assert_int_equal(slot ? slot->number : 0, i + 1);
    }
    seen_table_release(&t);
    free(m);
}

/* ---- the file ---- */

static struct seen_state state_of(uint8_t tag)
{
    struct seen_state state = {.register_id = {1, 2, 3}};
    memset(state.tag, tag, sizeof state.tag);
    return state;
}

static void fill(struct seen_cache *cache, uint32_t from, uint32_t count)
{
    seen_cache_begin(cache);
    assert_int_equal(seen_cache_room(cache, count), ERR_OK);
    for (uint32_t i = from; i < from + count; i++) {
        struct seen_slot slot = {.hash = mix64(i), .number = i};
        seen_table_put(&cache->table, &slot);
    }
}

static void holds(const struct seen_cache *cache, uint32_t count)
{
    assert_int_equal(cache->table.count, count);
    for (uint32_t i = 1; i <= count + 100; i++) {
        struct seen_key key = {mix64(i), 0};
        const struct seen_slot *slot = seen_table_find(&cache->table, &key);
        assert_int_equal(slot ? slot->number : 0, i <= count ? i : 0);
    }
}

static bool opens(const char *path, char kind, uint8_t tag, struct seen_cache *out)
{
    struct seen_state state = state_of(tag);
    bool ready;
    assert_int_equal(seen_cache_open(path, kind, &state, out, &ready), ERR_OK);
    if (!ready)
        assert_int_equal(out->table.count, 0);
    return ready;
}

static void turn_a_bit(const char *path, off_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* A file that holds 5,000 under tag 1, closed. */
static void settled(const char *path)
{
    struct seen_cache cache;
    struct seen_state state = state_of(1);
    (void)unlink(path);
    assert_false(opens(path, 's', 1, &cache));
    fill(&cache, 1, 2000);
    fill(&cache, 2001, 3000);
    seen_cache_settle(&cache, &state);
    holds(&cache, 5000);
    seen_cache_close(&cache);
}

static void file_comes_back(void **state)
{
    (void)state;
    char path[] = "/tmp/tamga-seen-test.XXXXXX";
    struct seen_cache cache, other;
    struct seen_state next = state_of(2);
    struct stat st;
    close(mkstemp(path));
    settled(path);
    assert_true(opens(path, 's', 1, &cache));
    holds(&cache, 5000);
    assert_false(opens(path, 's', 1, &other)); /* held: that one stands in memory */
    assert_null(other.path);
    fill(&other, 1, 10);
    seen_cache_settle(&other, &next);
    holds(&other, 10);
    seen_cache_close(&other);
    fill(&cache, 5001, 40000);
    seen_cache_settle(&cache, &next);
    seen_cache_close(&cache);
    assert_true(opens(path, 's', 2, &cache));
    holds(&cache, 45000);
    assert_int_equal(fstat(cache.fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    seen_cache_close(&cache);
    unlink(path);
}

static void file_in_doubt(void **state)
{
    (void)state;
    char path[] = "/tmp/tamga-seen-test.XXXXXX";
    struct seen_cache cache;
    close(mkstemp(path));
    settled(path);
    assert_false(opens(path, 's', 9, &cache)); /* another state */
    seen_cache_close(&cache);
    settled(path);
    assert_false(opens(path, 'p', 1, &cache)); /* the other table */
    seen_cache_close(&cache);
    settled(path);
    assert_true(opens(path, 's', 1, &cache));
    seen_cache_begin(&cache); /* cut off while it was being changed */
    seen_cache_close(&cache);
    assert_false(opens(path, 's', 1, &cache));
    seen_cache_close(&cache);
    for (off_t at = 0; at < 144; at += 11) {
        settled(path);
        turn_a_bit(path, at);
        assert_false(opens(path, 's', 1, &cache));
        seen_cache_close(&cache);
    }
    settled(path);
    assert_int_equal(truncate(path, 4096 + 16), 0);
    assert_false(opens(path, 's', 1, &cache));
    seen_cache_close(&cache);
    unlink(path);
    assert_false(opens("/no/such/directory/x", 's', 1, &cache));
    fill(&cache, 1, 3000);
    holds(&cache, 3000);
    seen_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_a_map),
        cmocka_unit_test(file_comes_back),
        cmocka_unit_test(file_in_doubt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
