/* SPDX-License-Identifier: Apache-2.0
 *
 * index_adopt_test - files that the register signed and that are no index all the same: each thing that
 * look-ups and writes rely on, said wrong once, is refused by name; and what random changes leave to be
 * taken is asked and written to without harm. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#include "index/build.h"
#include "prop/random.h"
#include "base/file.h"
#include "reseal.h"

enum { WIDE = 100, TIGHT = 3000, DENSE = 190000, OTHERS = 20, BYTES_MAX = 16 << 20 };
enum { TAC_WIDE = 35824001, TAC_TIGHT = 35824002, TAC_DENSE = 35824003 };

struct made {
    uint8_t id[16];
    struct index_keys keys;
    struct index *ix; /* as the file has it */
    const struct boxes *b;
    struct buf bytes; /* of the file */
    uint8_t *p;       /* a copy to spoil */
    struct index_header header;
    struct index_layout layout;
};

static struct imei imei_of(uint32_t tac, uint32_t serial)
{
    return (struct imei){(uint64_t)tac * SERIALS + serial};
}

/* Few are most, some have a day of their own. */
static struct verdict verdict_of(uint32_t i)
{
    struct verdict v = {.reason = REASON_AMNESTY,
                        .next_reason = REASON_AMNESTY,
                        .deadline = DAYNUM_NONE,
                        .valid_through = DAYNUM_OPEN};
    if (i % 23 == 0) {
        v.reason = REASON_UNVERIFIED;
        v.next_reason = REASON_EXPIRED;
        v.deadline = v.valid_through = DAYNUM_FIRST + 9000 + (daynum)(i / 23 % 500);
    }
    return v;
}

static void fill(struct index *ix, uint32_t tac, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct verdict v = verdict_of(i);
        assert_int_equal(index_put(ix, imei_of(tac, i * 5 % SERIALS), &v), ERR_OK);
    }
}

static int setup(void **state)
{
    struct made *m = calloc(1, sizeof *m);
    uint8_t seed[32] = {7};
    char path[] = "/tmp/tamga-adopt.XXXXXX";
    struct index_image *image;
    assert_non_null(m);
    memset(m->id, 0x42, sizeof m->id);
    crypto_sign_seed_keypair(m->keys.public_key, m->keys.secret_key, seed);
    assert_int_equal(index_new(&m->ix), ERR_OK);
    fill(m->ix, TAC_WIDE, WIDE);
    fill(m->ix, TAC_TIGHT, TIGHT);
    fill(m->ix, TAC_DENSE, DENSE);
    for (uint32_t i = 0; i < OTHERS * 60; i++) { /* they grow in turn, and leave holes */
        struct verdict v = verdict_of(i);
        struct imei imei = imei_of(TAC_DENSE + 1 + i % OTHERS, i);
        assert_int_equal(index_put(m->ix, imei, &v), ERR_OK);
    }
    for (uint32_t i = 0; i < 4; i++) {
        struct pair pair = {.imei = imei_of(TAC_WIDE, i), .subscriber = i};
        assert_int_equal(index_put_pair(m->ix, &pair), ERR_OK);
        assert_int_equal(index_put_odd(m->ix, imei_of(TAC_WIDE, i * 5), i), ERR_OK);
        assert_int_equal(boxes_put(index_boxes(m->ix), imei_of(TAC_WIDE, i * 5).body, NUMBER_ODD),
                         ERR_OK);
    }
    struct index_file file = {m->id, STR("rules"), STR("")};
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_int_equal(index_image_new(m->ix, &image), ERR_OK);
    assert_int_equal(index_image_write(image, path, &file, &m->keys, NULL), ERR_OK);
    assert_int_equal(file_read(path, BYTES_MAX, &m->bytes, NULL), ERR_OK);
    unlink(path);
    index_image_free(image);
    index_header_decode(m->bytes.p, &m->header);
    assert_true(index_file_layout(&m->header, &m->layout));
    m->b = index_boxes_of(m->ix);
    m->header.shape = boxes_shape(m->b);
    m->p = malloc(m->bytes.n);
    assert_non_null(m->p);
    memcpy(m->p, m->bytes.p, m->bytes.n);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct made *m = *state;
    index_free(m->ix);
    buf_release(&m->bytes);
    free(m->p);
    free(m);
    return 0;
}

/* ---- spoiling ---- */

static enum err decode(const struct made *m, struct index_loaded *out, struct fault *fault)
{
    struct index_want want = {m->id, m->keys.public_key, 0, NULL, false};
    return index_file_decode((struct str){(const char *)m->p, m->bytes.n}, &want, out, fault);
}

/* Signed as it is now it is refused with this reason; then it is whole again. */
static void refused(struct made *m, const char *why)
{
    struct fault fault = {0};
    struct index_loaded got;
    assert_true(reseal(m->p, m->bytes.n, m->keys.secret_key));
    assert_int_equal(decode(m, &got, &fault), ERR_SNAPSHOT);
    if (!strstr(fault.detail, why))
        fail_msg("\"%s\" does not say \"%s\"", fault.detail, why);
    memcpy(m->p, m->bytes.p, m->bytes.n);
}

/* Where the file has what stands there in memory. */
static uint8_t *in_file(struct made *m, const void *line)
{
    size_t at = (size_t)((const uint8_t *)line - m->b->arena.base) - LINE_BYTES;
    return m->p + m->layout.at[SECTION_LINES] + at;
}

static uint64_t *number_of(struct made *m, uint32_t tac) /* of the TAC's tag */
{
    static uint64_t at;
    at = (uint64_t)tac_number(m->b, m->header.shape.root, tac);
    return &at;
}

static void *word_of(struct made *m, uint32_t tac)
{
    return in_file(m, &tac_words(m->b, m->header.shape.root)[*number_of(m, tac)]);
}

static uint64_t load64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t load32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static void store(void *p, uint64_t v, size_t bytes)
{
    memcpy(p, &v, bytes); /* little-endian, as whoever runs this */
}

static uint8_t *box_of(struct made *m, uint32_t tac)
{
    return in_file(m, arena_line(&m->b->arena, word_place(load64(word_of(m, tac)))));
}

static void field(struct made *m, size_t at, uint64_t v, const char *why)
{
    put_le(m->p + at, v, 8);
    refused(m, why);
}

/* ---- the table of TACs ---- */

static void roots(void **state)
{
    struct made *m = *state;
    uint64_t root = m->header.shape.root, rare = m->header.shape.rare_root;
    uint32_t top = m->header.shape.top;
    field(m, INDEX_AT_ROOT, 0, "table of TACs");
    field(m, INDEX_AT_ROOT, root_at(root, 0), "table of TACs");
    field(m, INDEX_AT_ROOT, root_at(root, top - 3), "table of TACs");
    field(m, INDEX_AT_ROOT, root ^ 1ULL << ROOT_WORDS_AT, "table of TACs");
    field(m, INDEX_AT_ROOT, root ^ 1ULL << 63, "table of TACs");
    for (uint64_t shift = 0; shift < 64; shift++)
        if (shift != root % 64)
            field(m, INDEX_AT_ROOT,
                  root_at((root & ~63ULL) | (shift ? shift : 1), root_place(root)),
                  shift == root % 64 ? "" : "signed, and no index");
    field(m, INDEX_AT_TAC_SEED, m->header.shape.tac_seed - 1, "table of TACs");
    field(m, INDEX_AT_TAC_SEED, m->header.shape.tac_seed + 0x1234567890abcdee, "TAC that is not");
    field(m, INDEX_AT_RARE_ROOT, rare & ~(uint64_t)(ARENA_LINES_MAX - 1), "table of rare");
    field(m, INDEX_AT_RARE_ROOT, rare_place(rare), "table of rare");
    field(m, INDEX_AT_RARE_ROOT, rare_place(rare) | (uint64_t)top << ARENA_LINE_BITS,
          "table of rare");
    field(m, INDEX_AT_COUNT, m->header.shape.count + 1, "IMEIs that are not counted");
    field(m, INDEX_AT_TACS, OTHERS + 2, "TACs that are not counted");
    field(m, INDEX_AT_TACS, OTHERS + 4, "TACs that are not counted");
    field(m, INDEX_AT_TACS, 2000, "too many TACs");
    field(m, INDEX_AT_TACS, UINT32_MAX, "sizes");
}

static void tags_and_words(void **state)
{
    struct made *m = *state;
    uint64_t root = m->header.shape.root, n = *number_of(m, TAC_WIDE), empty = 0;
    const _Atomic uint32_t *tags = tac_tags(m->b, root);
    while (tags[empty])
        empty++;
    store(in_file(m, &tags[n]), 0, 4);
    refused(m, "a box without a TAC");
    store(in_file(m, &tags[n]), IMEI_BODIES / SERIALS + 1, 4);
    refused(m, "TAC that is not found");
    store(in_file(m, &tags[empty]), TAC_WIDE + 1, 4); /* twice, or at a line that is not its own */
    refused(m, "TAC");
    store(in_file(m, &tac_words(m->b, root)[empty]), 1, 8);
    refused(m, "a box without a TAC");
    store(in_file(m, &tac_kept(m->b, root)[empty]), 1, 4);
    refused(m, "a box without a TAC");
    store(in_file(m, &tac_kept(m->b, root)[n]), WIDE + 1, 4);
    refused(m, "what is in the box of TAC");
}

static void boxes(void **state)
{
    struct made *m = *state;
    const uint32_t tacs[] = {TAC_WIDE, TAC_TIGHT, TAC_DENSE};
    for (size_t i = 0; i < 3; i++) {
        uint64_t word = load64(word_of(m, tacs[i])), places = ARENA_LINES_MAX - 1;
        uint64_t lines_mask = (uint64_t)BOX_DENSE << ARENA_LINE_BITS;
        uint64_t codes_mask = (CODE_TABLES - 1ULL) << BOX_CODES_AT;
        store(word_of(m, tacs[i]), word & ~places, 8);
        refused(m, "box of TAC");
        store(word_of(m, tacs[i]), (word & ~places) | (m->header.shape.top - 1), 8);
        refused(m, "box of TAC");
        store(word_of(m, tacs[i]), (word & ~places) | root_place(m->header.shape.root), 8);
        refused(m, "signed, and no index");
        store(word_of(m, tacs[i]), word & ~lines_mask, 8);
        refused(m, "box of TAC");
        store(word_of(m, tacs[i]), word - (1ULL << ARENA_LINE_BITS), 8);
        refused(m, "signed, and no index");
        store(word_of(m, tacs[i]), (word & ~lines_mask) | 8000ULL << ARENA_LINE_BITS, 8);
        refused(m, "signed, and no index");
        store(word_of(m, tacs[i]), word | codes_mask, 8);
        refused(m, "box of TAC");
        for (uint32_t k = 0; k < m->header.shape.codes_count; k++) {
            if (((word & codes_mask) >> BOX_CODES_AT) == k)
                continue;
            store(word_of(m, tacs[i]), (word & ~codes_mask) | (uint64_t)k << BOX_CODES_AT, 8);
            unsigned bits = codes_bits(&m->b->codes[k]);
            if (bits != codes_bits(word_codes(m->b, word)))
                refused(m, "box of TAC");
            memcpy(m->p, m->bytes.p, m->bytes.n);
        }
    }
}

/* Two boxes at one place; a hole that is not empty; a line that is nobody's. */
static void what_stands_between(void **state)
{
    struct made *m = *state;
    uint64_t wide = load64(word_of(m, TAC_WIDE)), tight = load64(word_of(m, TAC_TIGHT));
    uint64_t places = ARENA_LINES_MAX - 1;
    store(word_of(m, TAC_WIDE), (wide & ~places) | word_place(tight), 8);
    refused(m, "signed, and no index");
    assert_true(m->b->arena.hole_count > 0);
    *in_file(m, arena_line(&m->b->arena, m->b->arena.holes[0].at)) = 1;
    refused(m, "hole at line");
}

/* ---- what boxes hold ---- */

static void wide_cells(void **state)
{
    struct made *m = *state;
    uint8_t *cell = box_of(m, TAC_WIDE);
    while (load32(cell) == WIDE_EMPTY)
        cell += 4;
    uint32_t was = load32(cell);
    const uint32_t wrong[] = {
        (was & ~(uint32_t)WIDE_RARE) | m->header.shape.verdict_count, /* no such number */
        (was & ~(uint32_t)WIDE_RARE) | NUMBER_NONE,
        (was & ~(uint32_t)WIDE_RARE) | NUMBER_RARE,
        999999U << WIDE_NUMBER_BITS | WIDE_RARE, /* rare does not have it */
        (uint32_t)SERIALS << WIDE_NUMBER_BITS,   /* no serial number */
        0xfffffU << WIDE_NUMBER_BITS,
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        store(cell, wrong[i], 4);
        refused(m, "what is in the box of TAC 35824001");
    }
    store(cell, WIDE_EMPTY, 4);
    refused(m, "what is in the box of TAC 35824001");
}

/* A serial number twice, or in a line where nobody looks for it: after a write and a box made anew a search for it
 * would have no end. */
static void wide_cells_out_of_place(void **state)
{
    struct made *m = *state;
    uint64_t word = load64(word_of(m, TAC_WIDE));
    uint32_t lines = word_lines(word), serial = 15; /* odd, so its cell says: look in rare */
    while (wide_line(lines, serial) == 0)
        serial -= 5;
    uint32_t cell = serial << WIDE_NUMBER_BITS | WIDE_RARE;
    store(box_of(m, TAC_WIDE), cell, 4); /* in the place of another, so that the count stays */
    refused(m, "what is in the box of TAC 35824001");
    uint8_t *line = box_of(m, TAC_WIDE) + (size_t)wide_line(lines, serial) * LINE_BYTES;
    assert_int_not_equal(load32(line + 4), WIDE_EMPTY);
    store(line + (load32(line) == cell ? 4 : 0), cell, 4);
    refused(m, "what is in the box of TAC 35824001");
}

static void overflow_cells_out_of_place(void **state)
{
    struct made *m = *state;
    uint64_t word = load64(word_of(m, TAC_TIGHT));
    unsigned bits = codes_bits(word_codes(m->b, word)), rare = (1U << bits) - 1;
    uint32_t lines = word_lines(word);
    uint16_t *cell = (uint16_t *)(void *)box_of(m, TAC_TIGHT);
    while (*cell == TIGHT_EMPTY || (*cell & rare) == rare)
        cell++; /* in one of the first lines */
    uint32_t at = (uint32_t)((uint8_t *)cell - box_of(m, TAC_TIGHT)) / LINE_BYTES;
    uint32_t number = codes_number(word_codes(m->b, word), *cell & rare);
    uint32_t whole = tight_serial(lines, at, *cell >> bits) << WIDE_NUMBER_BITS | number;
    uint8_t *over = box_of(m, TAC_TIGHT) + (size_t)lines * LINE_BYTES;
    assert_true(at < BOX_OVERFLOW_SHARE && box_lines(word) > lines + 1);
    *cell = TIGHT_EMPTY; /* the count stays: it goes to an overflow line of others */
    store(over + 2 * LINE_BYTES - 4, whole, 4);
    refused(m, "what is in the box of TAC 35824002");
}

static void tight_cells(void **state)
{
    struct made *m = *state;
    uint64_t word = load64(word_of(m, TAC_TIGHT));
    unsigned bits = codes_bits(word_codes(m->b, word)), rare = (1U << bits) - 1;
    uint16_t *cell = (uint16_t *)(void *)box_of(m, TAC_TIGHT);
    while (*cell == TIGHT_EMPTY || (*cell & rare) == rare)
        cell++;
    *cell |= (uint16_t)rare; /* rare does not have it */
    refused(m, "what is in the box of TAC 35824002");
    *cell = (uint16_t)(0xfffeU << bits | rare); /* a step that no serial number has */
    refused(m, "what is in the box of TAC 35824002");
    *cell = TIGHT_EMPTY;
    refused(m, "what is in the box of TAC 35824002");
    uint8_t *over = box_of(m, TAC_TIGHT) + (size_t)word_lines(word) * LINE_BYTES;
    store(over + LINE_BYTES - 4, 5U << WIDE_NUMBER_BITS | NUMBER_NONE, 4);
    refused(m, "what is in the box of TAC 35824002");
}

static void dense_nibbles(void **state)
{
    struct made *m = *state;
    uint8_t *byte = box_of(m, TAC_DENSE);
    assert_int_equal(word_lines(load64(word_of(m, TAC_DENSE))), BOX_DENSE);
    byte[SERIALS / 2 - 1] |= 0xf0; /* rare does not have the last of them */
    refused(m, "what is in the box of TAC 35824003");
    byte[SERIALS / 2] = 1; /* behind the last */
    refused(m, "what is in the box of TAC 35824003");
    byte[SERIALS / 2 - 1] = 0x10;
    refused(m, "what is in the box of TAC 35824003");
}

static void rare_cells(void **state)
{
    struct made *m = *state;
    uint64_t root = m->header.shape.rare_root, size = rare_lines(root) * RARE_CELLS, i = 0;
    uint8_t *cells = in_file(m, arena_line(&m->b->arena, (uint32_t)rare_place(root)));
    while (load64(cells + 8 * i) == 0 ||
           load64(cells + 8 * i) >> (NUMBER_BITS + 20) < 1) /* any that is used */
        i++;
    uint64_t was = load64(cells + 8 * i), number = (1U << NUMBER_BITS) - 1;
    const uint64_t wrong[] = {
        (was & ~number) | m->header.shape.verdict_count,
        (was & ~number) | NUMBER_NONE,
        (was & ~number) | NUMBER_RARE,
        (IMEI_BODIES + 1) << NUMBER_BITS,
        5,                                  /* of no IMEI */
        (7ULL << NUMBER_BITS) | NUMBER_ODD, /* whose odd verdict is nowhere */
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        store(cells + 8 * i, wrong[k], 8);
        refused(m, "cell of rare ones");
    }
    store(cells + 8 * i, (was & ~number) | NUMBER_DEAD, 8);
    refused(m, "what is in the box"); /* its box says that it is there */
    store(cells + 8 * i, 0, 8);
    refused(m, "what is in the box");
    for (i = 0; i < size; i++)
        if (!load64(cells + 8 * i))
            store(cells + 8 * i, (i + 1) << NUMBER_BITS | NUMBER_DEAD, 8);
    refused(m, "rare ones without room");
}

/* ---- the tables ---- */

static void codes(void **state)
{
    struct made *m = *state;
    struct codes *table = (struct codes *)(void *)(m->p + m->layout.at[SECTION_CODES]);
    for (uint32_t i = 0; i < m->header.shape.codes_count; i++) {
        unsigned first = codes_bits(&table[i]) ? 0 : 1, rare = codes_rare(&table[i]);
        table[i].bits = 5;
        refused(m, "table of codes");
        table[i].number[first] = NUMBER_NONE;
        refused(m, "table of codes");
        table[i].number[first] = 253; /* no verdict has it yet */
        if (m->header.shape.verdict_count < 253)
            refused(m, "table of codes");
        memcpy(m->p, m->bytes.p, m->bytes.n);
        table[i].number[rare] = 1;
        refused(m, "table of codes");
        table[i].number[CODE_EMPTY] = 1;
        refused(m, "table of codes");
        table[i].number[30] = 1;
        refused(m, "table of codes");
    }
}

static void verdicts(void **state)
{
    struct made *m = *state;
    uint64_t at = m->layout.at[SECTION_VERDICTS];
    static const char why[] = "verdicts by number";
    store(m->p + at, load64(m->p + at + 8), 8); /* twice */
    refused(m, why);
    store(m->p + at, 5, 8); /* no such reason */
    refused(m, why);
    store(m->p + at, 1ULL << 63, 8); /* bits that no verdict has */
    refused(m, why);
    assert_true(m->header.shape.verdict_count > NUMBER_RARE);
    store(m->p + at + 8 * NUMBER_NONE, load64(m->p + at), 8);
    refused(m, why);
}

static void records(void **state)
{
    struct made *m = *state;
    uint8_t *odd = m->p + m->layout.at[SECTION_ODD], *pair = m->p + m->layout.at[SECTION_PAIRS];
    store(odd, IMEI_BODIES, 8);
    refused(m, "odd verdict 0 is none");
    store(odd + 8, 5, 8);
    refused(m, "odd verdict 0 is none");
    memcpy(odd, odd + 16, 16);
    refused(m, "odd verdict 1 is none");
    store(odd, 1, 8); /* of another than the box says */
    refused(m, "cell of rare ones");
    store(pair, IMEI_BODIES, 8);
    refused(m, "pair 0 is none");
    memcpy(pair, pair + 16, 16);
    refused(m, "pair 1 is none");
}

/* ---- anything ---- */

static void use(struct index *ix, struct rng *rng)
{
    struct verdict v;
    for (uint32_t i = 0; i < 3000; i++) {
        struct imei imei = imei_of(TAC_WIDE + rng_below(rng, 4), rng_below(rng, SERIALS));
        (void)index_find(ix, imei, &v);
        v = verdict_of(rng_below(rng, 20000));
        assert_int_equal(index_put(ix, imei, &v), ERR_OK);
        struct verdict again;
        assert_true(index_find(ix, imei, &again) && verdict_equal(&v, &again));
    }
}

static void random_changes_behind_the_signature(void **state)
{
    struct made *m = *state;
    struct rng rng = random_start("index adopt", 6);
    uint32_t taken = 0, rounds = random_rounds(400);
    for (uint32_t i = 0; i < rounds; i++) {
        struct index_loaded got;
        uint32_t changes = 1 + rng_below(&rng, 3);
        for (uint32_t k = 0; k < changes; k++) {
            int s = SECTION_CODES + (int)rng_below(&rng, SECTION_COUNT - SECTION_CODES);
            uint64_t bytes = m->header.bytes[s];
            uint32_t below = (uint32_t)(rng_one_in(&rng, 2) && bytes > 40000 ? 40000 : bytes);
            m->p[m->layout.at[s] + rng_below(&rng, below)] ^= (uint8_t)(1 << rng_below(&rng, 8));
        }
        if (rng_one_in(&rng, 8))
            m->p[INDEX_AT_ROOT + rng_below(&rng, 48)] ^= (uint8_t)(1 << rng_below(&rng, 8));
        reseal(m->p, m->bytes.n, m->keys.secret_key);
        if (decode(m, &got, NULL) == ERR_OK) {
            taken++;
            use(got.index, &rng);
            index_loaded_release(&got);
        }
        memcpy(m->p, m->bytes.p, m->bytes.n);
    }
    print_message("# %u of %u taken\n", taken, rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots),
        cmocka_unit_test(tags_and_words),
        cmocka_unit_test(boxes),
        cmocka_unit_test(what_stands_between),
        cmocka_unit_test(wide_cells),
        cmocka_unit_test(wide_cells_out_of_place),
        cmocka_unit_test(overflow_cells_out_of_place),
        cmocka_unit_test(tight_cells),
        cmocka_unit_test(dense_nibbles),
        cmocka_unit_test(rare_cells),
        cmocka_unit_test(codes),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(records),
        cmocka_unit_test(random_changes_behind_the_signature),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
