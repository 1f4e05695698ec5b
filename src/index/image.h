/* SPDX-License-Identifier: Apache-2.0
 *
 * image - the index on its way to the file and back: boxes as they stand in the arena, and beside
 * them the few numbers that say where what stands. What comes back is checked word by word before
 * anybody looks into it: whoever signed it, no reader or writer may be led outside of the arena or
 * into a search without an end.
 *
 * Only index/ includes this. */
#ifndef INDEX_IMAGE_H
#define INDEX_IMAGE_H

#include "index/boxes.h"
#include "index/sort.h"
#include "index/writer.h"

struct boxes_shape {
    uint64_t root, rare_root; /* as in struct boxes and struct rare */
    uint64_t tac_seed, rare_seed;
    uint64_t count; /* IMEIs */
    uint32_t top;   /* lines of the arena; the first, 0, is nobody's */
    uint32_t tac_count, codes_count, verdict_count;
};

struct index_image {
    struct index_state state;
    struct index_entry entry;
    struct boxes_shape shape;
    struct tac_ranges tacs;
    uint8_t *lines; /* from line 1 on */
    size_t lines_bytes;
    struct codes *codes;
    uint64_t *verdicts; /* packed */
    struct record *odd, *pairs;
    uint64_t odd_count, pair_count;
    uint64_t file_bytes;
};

struct boxes *index_boxes(struct index *ix);
const struct boxes *index_boxes_of(const struct index *ix);
const struct index_entry *index_entry_of(const struct index *ix);
/* An IMEI's verdict for which the dictionary has no number. ERR_MEMORY. */
MUST_USE enum err index_put_odd(struct index *ix, struct imei imei, uint64_t packed);
/* Of the IMEIs whose verdict has no number, in no order. */
void index_iterate_odd(const struct index *ix,
                       void (*fn)(void *ctx, struct imei imei, uint64_t packed), void *ctx);
bool index_has_odd(const struct index *ix, uint64_t body);

/* Of new boxes: room for the lines of a shape, which the caller fills (from line 1 on), then
 * boxes_adopt. ERR_MEMORY; ERR_SNAPSHOT when no arena has so many. */
MUST_USE enum err boxes_make_room(struct boxes *b, const struct boxes_shape *shape);
struct boxes_parts {
    const struct codes *codes;
    const uint64_t *verdicts;
    const struct index *index; /* whose odd verdicts are in place */
};
/* Checks all and makes them the boxes'. ERR_SNAPSHOT, ERR_MEMORY: the boxes are good for
 * boxes_end only. */
MUST_USE enum err boxes_adopt(struct boxes *b, const struct boxes_shape *shape,
                              const struct boxes_parts *parts, struct fault *fault);
struct boxes_shape boxes_shape(const struct boxes *b);

/* Calls work(ctx) in this thread and in a few others, at most `pieces` in all, and waits for them: they
 * take pieces of the work from a counter in ctx until none is left. Without other threads this one
 * does all. */
void index_share(void *(*work)(void *ctx), void *ctx, uint64_t pieces);

#endif
