/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a batch that has ended, out of the log into the index, some at a time: an import of millions takes
 * seconds, and a theft order that comes meanwhile does not wait for them (copy.h). Verified again before they are
 * believed, an answer at once; the work of one step is one block. */
#include "node/copy_hold.h"

#include <sys/mman.h>
#include <unistd.h>

#include "node/newer.h"

bool copy_is_showing(const struct copy *copy)
{
    return copy->showing.on;
}

uint64_t copy_applied(const struct copy *copy)
{
    return copy->showing.on   ? copy->showing.seq
           : copy->held_count ? copy->held_seq
                              : copy->place.next_seq;
}

/* All from held_seq on to before until. What is shown already goes on to there: between lies nothing that waits. */
void copy_begin_showing(struct copy *copy, uint64_t until)
{
    struct copy_showing *s = &copy->showing;
    if (!s->on)
        *s = (struct copy_showing){.on = true,
                                   .seq = copy->held_seq,
                                   .byte = copy->held_byte,
                                   .reading.place = copy->held_place};
    s->until = until;
}

void copy_end_showing(struct copy *copy)
{
    struct copy_showing *s = &copy->showing;
    feed_answer_release(&s->reading.answer);
    if (s->map)
        munmap(s->map, s->map_bytes);
    *s = (struct copy_showing){0};
    if (!copy->held_count) {
        newer_free(copy->newer);
        copy->newer = NULL;
    }
}

/* The answer at `byte` of the log. */
static enum err map_answer(struct copy *copy, struct fault *fault)
{
    struct copy_showing *s = &copy->showing;
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t from = s->byte / page * page;
    const size_t n = (size_t)(copy->log_bytes - from);
    void *p = n ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, copy->log, (off_t)from) : MAP_FAILED;
    if (p == MAP_FAILED)
        return fault_set(fault, ERR_MEMORY, "the log cannot be mapped");
    s->map = p;
    s->map_bytes = n;
    s->reading = (struct feed_reading){
        .bytes = {(const char *)p + (s->byte - from), n - (size_t)(s->byte - from)},
        .place = s->reading.place};
    s->put = 0;
    return ERR_OK;
}

static void leave_answer(struct copy_showing *s)
{
    feed_answer_release(&s->reading.answer);
    munmap(s->map, s->map_bytes);
    s->map = NULL;
    s->byte += s->reading.used;
}

static enum err put_next(struct copy *copy, struct fault *fault)
{
    struct copy_showing *s = &copy->showing;
    const struct feed_answer *answer = &s->reading.answer;
    if (s->put == answer->count) {
        leave_answer(s);
        return ERR_OK;
    }
    const struct block *block = &answer->blocks[s->put++];
    const uint64_t seq = block->header.first_seq, next = seq + block->header.item_count;
    if (seq < s->seq || seq >= s->until)
        return ERR_OK;
    enum err err = copy_put(copy, block, true);
    if (err)
        return fault_set(fault, err, "block %llu of the log", (unsigned long long)seq);
    s->seq = next;
    return ERR_OK;
}

enum err copy_show(struct copy *copy, int64_t budget_us, struct fault *fault)
{
    struct copy_showing *s = &copy->showing;
    const struct feed_want want = {copy->with.key->register_id, copy->with.key->public_key};
    const int64_t until_us = budget_us ? clock_monotonic_us() + budget_us : INT64_MAX;
    enum err err = ERR_OK;
    while (!err && s->on) {
        if (s->seq >= s->until)
            copy_end_showing(copy);
        else if (!s->map)
            err = map_answer(copy, fault);
        else if (!s->reading.whole)
            err = feed_read_frame(copy->sha, &want, &s->reading, fault);
        else
            err = put_next(copy, fault);
        if (clock_monotonic_us() >= until_us)
            break;
    }
    if (err) { /* the rest of the batch is lost, whoever asked for this */
        copy->broken = true;
        copy_end_showing(copy);
    }
    return err;
}
