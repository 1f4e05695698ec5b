/* SPDX-License-Identifier: Apache-2.0
 *
 * index_image - the index copied at one moment. The lines of the arena are most of it and go in one
 * piece; holes become zeros, so that what was removed does not travel and equal files stay equal. */
#include "index/image.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "index/build.h"

struct records {
    struct record *p;
    uint64_t n, size;
    bool failed;
};

static void add(struct records *r, uint64_t key, uint64_t value)
{
    if (r->n == r->size) {
        uint64_t size = r->size ? 2 * r->size : 64;
        struct record *p = realloc(r->p, size * sizeof *p);
        if (!p) {
            r->failed = true;
            return;
        }
        r->p = p;
        r->size = size;
    }
    r->p[r->n++] = (struct record){key, value};
}

static void add_odd(void *ctx, struct imei imei, uint64_t packed)
{
    add(ctx, imei.body, packed);
}

static void add_pair(void *ctx, const struct pair *pair)
{
    add(ctx, pair->imei.body, pair->subscriber);
}

static bool copy_records(const struct index *ix, struct index_image *image)
{
    struct records odd = {0}, pairs = {0};
    index_iterate_odd(ix, add_odd, &odd);
    index_iterate_pairs(ix, add_pair, &pairs);
    image->odd = odd.p;
    image->odd_count = odd.n;
    image->pairs = pairs.p;
    image->pair_count = pairs.n;
    return !odd.failed && !pairs.failed;
}

static bool copy_tables(const struct boxes *b, struct index_image *image)
{
    uint32_t codes = b->codes_count, verdicts = b->dictionary.count;
    image->codes = malloc((codes + 1) * sizeof *image->codes);
    image->verdicts = calloc(verdicts, sizeof *image->verdicts);
    if (!image->codes || !image->verdicts)
        return false;
    memcpy((void *)image->codes, (const void *)b->codes, codes * sizeof *image->codes);
    for (uint32_t i = 0; i < verdicts; i++) {
        struct verdict verdict;
        dictionary_verdict(&b->dictionary, i, &verdict);
        if (i != NUMBER_NONE && i != NUMBER_RARE)
            image->verdicts[i] = verdict_pack(&verdict);
    }
    return true;
}

/* Readers do not write: a plain copy is a true one. */
static bool copy_lines(const struct arena *arena, struct index_image *image)
{
    size_t bytes = (size_t)(arena->top - 1) * LINE_BYTES;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return false;
    madvise(p, bytes, MADV_HUGEPAGE); /* a wish */
    image->lines = p;
    image->lines_bytes = bytes;
    memcpy(image->lines, arena_line(arena, 1), bytes);
    for (size_t i = 0; i < arena->hole_count; i++)
        memset(image->lines + (size_t)(arena->holes[i].at - 1) * LINE_BYTES, 0,
               (size_t)arena->holes[i].lines * LINE_BYTES);
    return true;
}

enum err index_image_new(const struct index *ix, struct index_image **out)
{
    const struct boxes *b = index_boxes_of(ix);
    struct index_image *image = calloc(1, sizeof *image);
    if (!image)
        return ERR_MEMORY;
    image->state = index_state(ix);
    image->entry = *index_entry_of(ix);
    image->shape = boxes_shape(b);
    image->tacs = *index_tacs(ix);
    if (!copy_lines(&b->arena, image) || !copy_tables(b, image) || !copy_records(ix, image)) {
        index_image_free(image);
        return ERR_MEMORY;
    }
    *out = image;
    return ERR_OK;
}

void index_image_free(struct index_image *image)
{
    if (!image)
        return;
    if (image->lines)
        munmap(image->lines, image->lines_bytes);
    free(image->codes);
    free(image->verdicts);
    free(image->odd);
    free(image->pairs);
    free(image);
}

struct index_state index_image_state(const struct index_image *image)
{
    return image->state;
}

uint64_t index_image_count(const struct index_image *image)
{
    return image->shape.count;
}

uint64_t index_image_bytes(const struct index_image *image)
{
    return image->file_bytes;
}
