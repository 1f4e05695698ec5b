/* SPDX-License-Identifier: Apache-2.0
 *
 * index - two tables of atomic cells, read without a lock while one writer changes them.
 *
 * Verdicts: key = body + 1 (0 is an empty cell, and the body 00000000000000 exists), value = the
 * packed verdict, whole in one word. Pairs: key = body + 1 and a bit for "removed", value = the
 * subscriber's hash.
 *
 * Why a reader is right without a lock
 *  1. A key is stored (release) after its value. A reader that sees the key (acquire) sees that
 *     value or a later one. A value is one word: no reader sees half a verdict.
 *  2. A cell that has a key keeps it: nothing is deleted, a removed pair keeps its cell and gets a
 *     bit. So a probe that starts at the key's home and walks over full cells cannot miss a key
 *     that was there when it started: between home and cell no cell ever becomes empty.
 *  3. Growth copies into a larger table that nobody can see, then stores its pointer (release).
 *     Who loads the pointer (acquire) sees the copy. Who loaded the old one before finishes in the
 *     old table, which nobody writes any more: it answers as of the moment of the exchange,
 *     which lies within its call.
 *  4. Old tables are kept until index_free. Each table of verdicts is at least twice the one before,
 *     so all old ones together are smaller than the one in use. (Pairs: removed ones are
 *     left behind when the table grows; both are few.)
 *  5. The state is more than a word: a seqlock. The writer makes the counter odd, stores the words
 *     (release each), makes it even (release). A reader that loads (acquire) any word of a write
 *     sees at least that write's odd counter when it loads the counter again, finds it changed,
 *     and starts anew; when it does not, all words are of the write whose even counter it saw.
 *
 * How a block is applied: apply.c. The file: index_file.c. */
#include "index/index.h"

#include <stdlib.h>

#include <sodium.h>

#include "index/cells.h"
#include "index/writer.h"

enum { STATE_WORDS = (sizeof(struct index_state) + 7) / 8, BATCH = 32 };

#define PAIR_REMOVED (1ULL << 63)

struct index {
    struct cells *_Atomic verdicts;
    struct cells *_Atomic pairs;
    _Atomic uint64_t count;      /* IMEIs */
    _Atomic uint64_t bytes;      /* of all tables */
    _Atomic uint64_t state_turn; /* odd: a write is under way */
    _Atomic uint64_t state[STATE_WORDS];
    uint64_t seed;       /* so that nobody outside can choose IMEIs that collide */
    uint64_t pair_cells; /* used, removed ones included */
    struct index_entry entry;
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
    uint64_t bytes =
        sizeof *ix + cells_bytes(atomic_load(&ix->verdicts)) + cells_bytes(atomic_load(&ix->pairs));
    atomic_store(&ix->bytes, bytes);
}

enum err index_new(uint64_t expected, struct index **out)
{
    struct index *ix = calloc(1, sizeof *ix);
    if (!ix)
        return ERR_MEMORY;
    struct cells *verdicts = cells_new(expected), *pairs = cells_new(0);
    atomic_init(&ix->verdicts, verdicts);
    atomic_init(&ix->pairs, pairs);
    if (!verdicts || !pairs) {
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
    cells_free(atomic_load(&ix->verdicts));
    cells_free(atomic_load(&ix->pairs));
    free(ix);
}

/* ---- readers ---- */

static inline bool probe(const struct cells *t, uint64_t i, uint64_t key, uint64_t *out)
{
    for (;; i = cells_next(t, i)) {
        uint64_t k = load(&t->cell[i].key);
        if (k == key) {
            *out = load(&t->cell[i].value);
            return true;
        }
        if (k == 0)
            return false;
    }
}

bool index_find(const struct index *ix, struct imei imei, struct verdict *out)
{
    const struct cells *t = atomic_load_explicit(&ix->verdicts, memory_order_acquire);
    uint64_t key = imei.body + 1, packed;
    if (!probe(t, home_of(ix, t, key), key, &packed))
        return false;
    *out = verdict_unpack(packed);
    return true;
}

void index_find_batch(const struct index *ix, const struct imei *imeis, size_t n,
                      struct verdict *out, bool *found)
{
    const struct cells *t = atomic_load_explicit(&ix->verdicts, memory_order_acquire);
    uint64_t home[BATCH], packed;
    while (n > 0) {
        size_t part = n < BATCH ? n : BATCH;
        for (size_t i = 0; i < part; i++) {
            home[i] = home_of(ix, t, imeis[i].body + 1);
            __builtin_prefetch(&t->cell[home[i]]);
        }
        for (size_t i = 0; i < part; i++) {
            found[i] = probe(t, home[i], imeis[i].body + 1, &packed);
            if (found[i])
                out[i] = verdict_unpack(packed);
        }
        imeis += part;
        out += part;
        found += part;
        n -= part;
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
    return load(&ix->count);
}

uint64_t index_bytes(const struct index *ix)
{
    return load(&ix->bytes);
}

/* ---- the writer ---- */

static struct cells *verdicts_of(const struct index *ix)
{
    return atomic_load_explicit(&ix->verdicts, memory_order_relaxed);
}

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
static enum err reserve(struct index *ix, uint64_t more)
{
    struct cells *old = verdicts_of(ix);
    uint64_t need = atomic_load(&ix->count) + more;
    if (need <= cells_room(old))
        return ERR_OK;
    uint64_t twice = 2 * cells_room(old) + 2;
    struct cells *t = cells_new(need > twice ? need : twice);
    if (!t)
        return ERR_MEMORY;
    for (uint64_t i = 0; i < old->size; i++) {
        uint64_t key = atomic_load_explicit(&old->cell[i].key, memory_order_relaxed);
        if (key)
            fill_cell(empty_cell(t, home_of(ix, t, key)), key,
                      atomic_load_explicit(&old->cell[i].value, memory_order_relaxed));
    }
    t->older = old;
    atomic_store_explicit(&ix->verdicts, t, memory_order_release);
    count_bytes(ix);
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

/* After reserve. */
static void put(struct index *ix, struct imei imei, const struct verdict *verdict)
{
    struct cells *t = verdicts_of(ix);
    uint64_t key = imei.body + 1, packed = verdict_pack(verdict);
    for (uint64_t i = home_of(ix, t, key);; i = cells_next(t, i)) {
        uint64_t k = atomic_load_explicit(&t->cell[i].key, memory_order_relaxed);
        if (k == key) {
            atomic_store_explicit(&t->cell[i].value, packed, memory_order_release);
            return;
        }
        if (k == 0) {
            fill_cell(&t->cell[i], key, packed);
            atomic_fetch_add(&ix->count, 1);
            return;
        }
    }
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
    enum err err = reserve(ix, imeis);
    return err ? err : reserve_pairs(ix, pairs);
}

struct index_entry *index_entry(struct index *ix)
{
    return &ix->entry;
}

enum err index_put(struct index *ix, struct imei imei, const struct verdict *verdict)
{
    enum err err = reserve(ix, 1);
    if (err == ERR_OK)
        put(ix, imei, verdict);
    return err;
}

enum err index_put_pair(struct index *ix, const struct pair *pair)
{
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
}

void index_iterate(const struct index *ix,
                   bool (*fn)(void *ctx, struct imei imei, const struct verdict *verdict),
                   void *ctx)
{
    const struct cells *t = verdicts_of(ix);
    for (uint64_t i = 0; i < t->size; i++) {
        uint64_t key = load(&t->cell[i].key);
        if (key == 0)
            continue;
        struct verdict verdict = verdict_unpack(load(&t->cell[i].value));
        if (!fn(ctx, (struct imei){key - 1}, &verdict))
            return;
    }
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
