/* SPDX-License-Identifier: Apache-2.0
 *
 * index - boxes of verdicts (boxes.h) and tables of atomic cells for what is few, read without a
 * lock while one writer changes them.
 *
 * Cells: of pairs, key = body + 1 (0 is an empty cell, and the body 00000000000000 exists) and a
 * bit for "removed", value = the subscriber's hash. Of odd verdicts, for which the dictionary had
 * no number left: key = body + 1, value = the packed verdict, whole in one word.
 *
 * Why a reader is right without a lock: of boxes, boxes.h. Of cells:
 *  1. A key is stored (release) after its value. A reader that sees the key (acquire) sees that
 *     value or a later one. A value is one word: no reader sees half a verdict.
 *  2. A cell that has a key keeps it: nothing is deleted, a removed pair keeps its cell and gets a
 *     bit. So a probe that starts at the key's home and walks over full cells cannot miss a key
 *     that was there when it started: between home and cell no cell ever becomes empty.
 *  3. Growth copies into a larger table that nobody can see, then stores its pointer (release).
 *     Who loads the pointer (acquire) sees the copy. Who loaded the old one before finishes in the
 *     old table, which nobody writes any more: it answers as of the moment of the exchange,
 *     which lies within its call. Old tables are kept until index_free; such tables are small.
 * The state is more than a word: a seqlock. The writer makes the counter odd, stores the words
 * (release each), makes it even (release). A reader that loads (acquire) any word of a write
 * sees at least that write's odd counter when it loads the counter again, finds it changed,
 * and starts anew; when it does not, all words are of the write whose even counter it saw.
 *
 * How a block is applied: apply.c. The file: index_file.c. */
#include "index/index.h"

#include <stdlib.h>

#include <sodium.h>

#include "index/cells.h"
#include "index/find.h"
#include "index/image.h"

enum { STATE_WORDS = (sizeof(struct index_state) + 7) / 8 };

#define PAIR_REMOVED (1ULL << 63)

struct index {
    struct boxes boxes;
    const struct find_kind *find;
    struct cells *_Atomic odd;
    struct cells *_Atomic pairs;
    _Atomic uint64_t bytes;      /* of all */
    _Atomic uint64_t state_turn; /* odd: a write is under way */
    _Atomic uint64_t state[STATE_WORDS];
    uint64_t seed;       /* so that nobody outside can choose IMEIs that collide */
    uint64_t odd_cells;  /* used */
    uint64_t pair_cells; /* used, removed ones included */
    struct index_entry entry;
    struct tac_ranges tacs;
};

static inline uint64_t home_of(const struct index *ix, const struct cells *t, uint64_t key)
{
    return mix_range(mix64(key ^ ix->seed), t->size);
}

static inline uint64_t pair_home(const struct index *ix, const struct cells *t, uint64_t key,
                                 uint64_t subscriber)
{
    return mix_range(mix64(mix64(key ^ ix->seed) + subscriber), t->size);
}

static inline uint64_t load(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

/* ---- life ---- */

static void count_bytes(struct index *ix)
{
    uint64_t bytes = sizeof *ix - sizeof ix->boxes + boxes_bytes(&ix->boxes) +
                     cells_bytes(atomic_load(&ix->odd)) + cells_bytes(atomic_load(&ix->pairs));
    atomic_store(&ix->bytes, bytes);
}

enum err index_new(struct index **out)
{
    struct index *ix = aligned_alloc(LINE_BYTES, sizeof *ix);
    if (!ix)
        return ERR_MEMORY;
    *ix = (struct index){0};
    ix->find = find_kind_here();
    enum err err = boxes_init(&ix->boxes);
    struct cells *odd = cells_new(0), *pairs = cells_new(0);
    atomic_init(&ix->odd, odd);
    atomic_init(&ix->pairs, pairs);
    if (err || !odd || !pairs) {
        index_free(ix);
        return ERR_MEMORY;
    }
    randombytes_buf(&ix->seed, sizeof ix->seed);
    ix->entry.effective = DAYNUM_NONE;
    index_set_state(ix, &(struct index_state){.next_seq = 1, .gate = {DAYNUM_NONE, DAYNUM_NONE}});
    count_bytes(ix);
    *out = ix;
    return ERR_OK;
}

void index_free(struct index *ix)
{
    if (!ix)
        return;
    boxes_end(&ix->boxes);
    cells_free(atomic_load(&ix->odd));
    cells_free(atomic_load(&ix->pairs));
    free(ix);
}

void index_set_tacs(struct index *ix, const struct tac_ranges *tacs)
{
    ix->tacs = tac_ranges_are_all(tacs) ? (struct tac_ranges){0} : *tacs;
}

/* ---- readers ---- */

const struct tac_ranges *index_tacs(const struct index *ix)
{
    return &ix->tacs;
}

/* Its cell was filled before the number was given to it. */
static uint64_t odd_find(const struct index *ix, struct imei imei)
{
    const struct cells *t = atomic_load_explicit(&ix->odd, memory_order_acquire);
    uint64_t i = home_of(ix, t, imei.body + 1);
    while (load(&t->cell[i].key) != imei.body + 1)
        i = cells_next(t, i);
    return load(&t->cell[i].value);
}

static inline bool told(const struct index *ix, struct imei imei, uint32_t number,
                        struct verdict *out)
{
    dictionary_verdict(&ix->boxes.dictionary, number, out);
    if (__builtin_expect(number == NUMBER_ODD, 0))
        *out = verdict_unpack(odd_find(ix, imei));
    return number != NUMBER_NONE;
}

bool index_find(const struct index *ix, struct imei imei, struct verdict *out)
{
    return told(ix, imei, ix->find->one(&ix->boxes, imei.body), out);
}

void index_find_batch(const struct index *ix, const struct imei *imeis, size_t n,
                      struct verdict *out, bool *found)
{
    uint32_t numbers[FIND_BATCH];
    for (size_t at = 0; at < n; at += FIND_BATCH) {
        size_t part = n - at < FIND_BATCH ? n - at : FIND_BATCH;
        ix->find->many(&ix->boxes, imeis + at, part, numbers);
        for (size_t i = 0; i < part; i++)
            found[at + i] = told(ix, imeis[at + i], numbers[i], &out[at + i]);
    }
}

bool index_is_paired(const struct index *ix, struct imei imei, uint64_t subscriber)
{
    const struct cells *t = atomic_load_explicit(&ix->pairs, memory_order_acquire);
    uint64_t key = imei.body + 1;
    for (uint64_t i = pair_home(ix, t, key, subscriber);; i = cells_next(t, i)) {
        uint64_t k = load(&t->cell[i].key);
        if (k == 0)
            return false;
        if ((k & ~PAIR_REMOVED) == key && load(&t->cell[i].value) == subscriber)
            return !(k & PAIR_REMOVED);
    }
}

struct index_state index_state(const struct index *ix)
{
    uint64_t words[STATE_WORDS], turn;
    struct index_state state;
    do {
        turn = load(&ix->state_turn);
        for (size_t i = 0; i < STATE_WORDS; i++)
            words[i] = load(&ix->state[i]);
    } while ((turn & 1) || turn != load(&ix->state_turn));
    memcpy(&state, words, sizeof state);
    return state;
}

uint64_t index_count(const struct index *ix)
{
    return load(&ix->boxes.count);
}

uint64_t index_bytes(const struct index *ix)
{
    return load(&ix->bytes);
}

/* ---- the writer ---- */

static struct cells *pairs_of(const struct index *ix)
{
    return atomic_load_explicit(&ix->pairs, memory_order_relaxed);
}

/* The writer alone calls this: the first empty cell from i on. */
static struct cell *empty_cell(struct cells *t, uint64_t i)
{
    while (atomic_load_explicit(&t->cell[i].key, memory_order_relaxed) != 0)
        i = cells_next(t, i);
    return &t->cell[i];
}

static void fill_cell(struct cell *cell, uint64_t key, uint64_t value)
{
    atomic_store_explicit(&cell->value, value, memory_order_relaxed);
    atomic_store_explicit(&cell->key, key, memory_order_release);
}

/* ERR_MEMORY leaves all as it was. */
static enum err reserve_odd(struct index *ix, uint64_t more)
{
    struct cells *old = atomic_load_explicit(&ix->odd, memory_order_relaxed);
    uint64_t need = ix->odd_cells + more;
    if (need <= cells_room(old))
        return ERR_OK;
    struct cells *t = cells_new(2 * need);
    if (!t)
        return ERR_MEMORY;
    for (uint64_t i = 0; i < old->size; i++) {
        uint64_t key = atomic_load_explicit(&old->cell[i].key, memory_order_relaxed);
        if (key)
            fill_cell(empty_cell(t, home_of(ix, t, key)), key,
                      atomic_load_explicit(&old->cell[i].value, memory_order_relaxed));
    }
    t->older = old;
    atomic_store_explicit(&ix->odd, t, memory_order_release);
    return ERR_OK;
}

/* Removed pairs are left behind. */
static enum err reserve_pairs(struct index *ix, uint64_t more)
{
    struct cells *old = pairs_of(ix);
    uint64_t need = ix->pair_cells + more, used = 0;
    if (need <= cells_room(old))
        return ERR_OK;
    struct cells *t = cells_new(2 * need);
    if (!t)
        return ERR_MEMORY;
    for (uint64_t i = 0; i < old->size; i++) {
        uint64_t key = atomic_load_explicit(&old->cell[i].key, memory_order_relaxed);
        uint64_t value = atomic_load_explicit(&old->cell[i].value, memory_order_relaxed);
        if (key == 0 || (key & PAIR_REMOVED))
            continue;
        fill_cell(empty_cell(t, pair_home(ix, t, key, value)), key, value);
        used++;
    }
    t->older = old;
    ix->pair_cells = used;
    atomic_store_explicit(&ix->pairs, t, memory_order_release);
    count_bytes(ix);
    return ERR_OK;
}

enum err index_put_odd(struct index *ix, struct imei imei, uint64_t packed)
{
    enum err err = reserve_odd(ix, 1);
    if (err)
        return err;
    struct cells *t = atomic_load_explicit(&ix->odd, memory_order_relaxed);
    uint64_t key = imei.body + 1, i = home_of(ix, t, key), k;
    while ((k = atomic_load_explicit(&t->cell[i].key, memory_order_relaxed)) != 0 && k != key)
        i = cells_next(t, i);
    if (k == key) {
        atomic_store_explicit(&t->cell[i].value, packed, memory_order_release);
    } else {
        fill_cell(&t->cell[i], key, packed);
        ix->odd_cells++;
    }
    return ERR_OK;
}

/* After reserve_pairs. */
static void put_pair(struct index *ix, const struct pair *pair)
{
    struct cells *t = pairs_of(ix);
    uint64_t key = pair->imei.body + 1, wanted = pair->removed ? key | PAIR_REMOVED : key;
    for (uint64_t i = pair_home(ix, t, key, pair->subscriber);; i = cells_next(t, i)) {
        uint64_t k = atomic_load_explicit(&t->cell[i].key, memory_order_relaxed);
        uint64_t value = atomic_load_explicit(&t->cell[i].value, memory_order_relaxed);
        if ((k & ~PAIR_REMOVED) == key && value == pair->subscriber) {
            atomic_store_explicit(&t->cell[i].key, wanted, memory_order_release);
            return;
        }
        if (k == 0) {
            if (pair->removed)
                return;
            fill_cell(&t->cell[i], wanted, pair->subscriber);
            ix->pair_cells++;
            return;
        }
    }
}

enum err index_reserve(struct index *ix, uint64_t imeis, uint64_t pairs)
{
    bool full = ix->boxes.dictionary.count == NUMBER_ODD;
    enum err err = boxes_reserve(&ix->boxes, imeis);
    if (!err)
        err = reserve_odd(ix, full ? imeis : 0);
    if (!err)
        err = reserve_pairs(ix, pairs);
    count_bytes(ix);
    return err;
}

struct index_entry *index_entry(struct index *ix)
{
    return &ix->entry;
}

const struct index_entry *index_entry_of(const struct index *ix)
{
    return &ix->entry;
}

struct boxes *index_boxes(struct index *ix)
{
    return &ix->boxes;
}

const struct boxes *index_boxes_of(const struct index *ix)
{
    return &ix->boxes;
}

enum err index_put(struct index *ix, struct imei imei, const struct verdict *verdict)
{
    uint32_t number;
    if (!tac_ranges_have(&ix->tacs, imei_tac(imei)))
        return ERR_OK;
    enum err err = dictionary_number(&ix->boxes.dictionary, verdict, &number);
    if (!err && number == NUMBER_ODD)
        err = index_put_odd(ix, imei, verdict_pack(verdict));
    return err ? err : boxes_put(&ix->boxes, imei.body, number);
}

enum err index_put_pair(struct index *ix, const struct pair *pair)
{
    if (!tac_ranges_have(&ix->tacs, imei_tac(pair->imei)))
        return ERR_OK;
    enum err err = reserve_pairs(ix, 1);
    if (err == ERR_OK)
        put_pair(ix, pair);
    return err;
}

void index_set_state(struct index *ix, const struct index_state *state)
{
    uint64_t words[STATE_WORDS] = {0};
    uint64_t turn = atomic_load_explicit(&ix->state_turn, memory_order_relaxed);
    memcpy(words, state, sizeof *state);
    atomic_store_explicit(&ix->state_turn, turn + 1, memory_order_relaxed);
    for (size_t i = 0; i < STATE_WORDS; i++)
        atomic_store_explicit(&ix->state[i], words[i], memory_order_release);
    atomic_store_explicit(&ix->state_turn, turn + 2, memory_order_release);
    count_bytes(ix);
}

struct iterating {
    const struct index *ix;
    bool (*fn)(void *ctx, struct imei imei, const struct verdict *verdict);
    void *ctx;
};

static bool iterate_one(void *ctx, uint64_t body, uint32_t number)
{
    const struct iterating *it = ctx;
    struct verdict verdict;
    told(it->ix, (struct imei){body}, number, &verdict);
    return it->fn(it->ctx, (struct imei){body}, &verdict);
}

void index_iterate(const struct index *ix,
                   bool (*fn)(void *ctx, struct imei imei, const struct verdict *verdict),
                   void *ctx)
{
    struct iterating it = {ix, fn, ctx};
    boxes_iterate(&ix->boxes, iterate_one, &it);
}

void index_iterate_pairs(const struct index *ix, void (*fn)(void *ctx, const struct pair *pair),
                         void *ctx)
{
    const struct cells *t = pairs_of(ix);
    for (uint64_t i = 0; i < t->size; i++) {
        uint64_t key = load(&t->cell[i].key);
        if (key == 0 || (key & PAIR_REMOVED))
            continue;
        fn(ctx, &(struct pair){.imei = {key - 1}, .subscriber = load(&t->cell[i].value)});
    }
}

bool index_has_odd(const struct index *ix, uint64_t body)
{
    const struct cells *t = atomic_load_explicit(&ix->odd, memory_order_relaxed);
    uint64_t i = home_of(ix, t, body + 1), k;
    while ((k = load(&t->cell[i].key)) != 0 && k != body + 1)
        i = cells_next(t, i);
    return k != 0;
}

/* An IMEI that has a number again keeps its cell: such cells are left out. */
void index_iterate_odd(const struct index *ix,
                       void (*fn)(void *ctx, struct imei imei, uint64_t packed), void *ctx)
{
    const struct cells *t = atomic_load_explicit(&ix->odd, memory_order_relaxed);
    for (uint64_t i = 0; i < t->size; i++) {
        uint64_t key = load(&t->cell[i].key);
        if (key && ix->find->one(&ix->boxes, key - 1) == NUMBER_ODD)
            fn(ctx, (struct imei){key - 1}, load(&t->cell[i].value));
    }
}
