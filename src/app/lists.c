/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory: LIST.log (lists_log.h), LIST.base (lists_state.h), LIST.lock. Who follows holds the lock; the log comes
 * first, so a base never stands for more than the log has. A process that finds the log longer than it left it takes over what
 * the other has written, and reads the blocks of open batches again. */
#include "app/lists.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/lists_batches.h"
#include "app/lists_inside.h"
#include "base/file.h"

enum {
    PATH_ROOM = 4096,
    DIRECTORY_MODE = 0750,
    FILE_MODE = 0640,
    PASS_ITEMS = 1 << 20,    /* that are read from the store in one look */
    WRITE_CHANGES = 1 << 16, /* that wait in memory before a place is written */
    IDLE_ITEMS = 1 << 17,    /* that are passed before a place is written though nothing moved */
    LOCK_TRIES = 16,         /* while somebody takes the directory away again and again */
    HOLD_TRIES = 4,          /* while somebody begins the log anew */
};

struct lists {
    uint8_t kind;
    char directory[PATH_ROOM], log_path[PATH_ROOM], base_path[PATH_ROOM], lock_path[PATH_ROOM];
    int lock;              /* -1: not opened */
    struct lists_log *log; /* NULL: not opened yet */
    struct lists_state *state;
    struct lists_pairs *pairs; /* of exceptions, in place of the state; else NULL */
    bool ready;                /* the state stands at `place` */
    uint8_t register_id[REGISTER_ID_BYTES];
    uint64_t in_log; /* records of the log that are in it */
    struct lists_batches batches;
    bool warm; /* the batches are those of `place` */
    struct lists_place place;
    bool begun;
    bool distrusted;
};

static enum err open_lock(struct lists *l, struct fault *fault)
{
    if (l->lock >= 0)
        close(l->lock);
    l->lock = -1;
    if (mkdir(l->directory, DIRECTORY_MODE) && errno != EEXIST)
        return fault_set(fault, ERR_FILE_WRITE, "%.160s: %s", l->directory, strerror(errno));
    l->lock = open(l->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    return l->lock >= 0
               ? ERR_OK
               : fault_set(fault, ERR_FILE_OPEN, "%.160s: %s", l->lock_path, strerror(errno));
}

static bool put_path(char out[PATH_ROOM], const char *directory, const char *name, const char *end)
{
    return (size_t)snprintf(out, PATH_ROOM, "%s/%s%s", directory, name, end) < PATH_ROOM;
}

enum err lists_open(const char *directory, uint8_t kind, struct lists **out, struct fault *fault)
{
    struct lists *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_MEMORY;
    l->kind = kind;
    l->lock = -1;
    const char *name = lists_kind_name(kind);
    enum err err = ERR_OK;
    if (!put_path(l->lock_path, directory, name, ".lock") ||
        !put_path(l->log_path, directory, name, ".log") ||
        !put_path(l->base_path, directory, name, ".base"))
        err = fault_set(fault, ERR_FILE_OPEN, "%.64s: too long a name", directory);
    str_copy(l->directory, PATH_ROOM, str_z(directory));
    if (!err)
        err = open_lock(l, fault);
    if (!err)
        err = lists_state_new(&l->state);
    if (!err && kind == LISTS_EXCEPTIONS)
        err = lists_pairs_new(&l->pairs);
    if (err)
        lists_close(l);
    else
        *out = l;
    return err;
}

void lists_close(struct lists *l)
{
    if (!l)
        return;
    lists_batches_release(&l->batches);
    lists_state_free(l->state);
    lists_pairs_free(l->pairs);
    lists_log_close(l->log);
    if (l->lock >= 0)
        close(l->lock);
    free(l);
}

struct lists_place lists_place(const struct lists *l)
{
    return l->place;
}

void lists_cursor(const struct lists_place *place, char out[FEED_CURSOR_TEXT])
{
    uint8_t hash[SHA256_BYTES] = {0};
    memcpy(hash, place->hash, LISTS_HASH);
    feed_cursor_format(place->next_seq, hash, out);
}

/* ---- one row ---- */

static enum err apply_row(void *ctx, const struct lists_row *row);

/* What a walk over blocks knows. */
struct walk {
    struct lists *l;
    struct registry *reg;
    uint64_t from;  /* blocks before it are known already: only who waits is made again */
    uint64_t seq;   /* of the item that makes what is applied now visible */
    uint64_t items; /* of this pass */
    uint64_t idle;  /* since the last place */
    bool checked;   /* the first block hangs at our place */
    bool more;
    enum err err;
    struct fault *fault;
};

/* Does a verdict of this reason bring an IMEI on the list? Of exceptions: does it make the pairs count? */
static bool is_on(const struct lists *l, uint8_t reason)
{
    return l->pairs ? reason == REASON_CLONE : reason_list(reason) == l->kind;
}

static struct listed state_of(const struct lists *l, struct imei imei)
{
    if (!l->pairs)
        return lists_state_find(l->state, imei);
    return lists_pairs_is_clone(l->pairs, imei) ? (struct listed){REASON_CLONE, DAYNUM_NONE}
                                                : (struct listed){LISTED_NOT, DAYNUM_NONE};
}

static enum err put_change(void *ctx, const struct lists_change *change)
{
    struct lists *l = ctx;
    return l->pairs ? lists_pairs_put(l->pairs, change)
                    : lists_state_put(l->state, change->imei, change->is);
}

static enum err note_change(struct lists *l, const struct lists_change *change)
{
    enum err err = put_change(l, change);
    return err ? err : lists_log_add(l->log, change);
}

static enum err apply_row(void *ctx, const struct lists_row *row)
{
    struct walk *w = ctx;
    struct lists *l = w->l;
    if (w->seq < w->from)
        return ERR_OK;
    const struct listed was = state_of(l, row->imei);
    struct listed is = {LISTED_NOT, DAYNUM_NONE};
    if (l->pairs && is_on(l, row->reason))
        is.reason = REASON_CLONE;
    else if (is_on(l, row->reason))
        is = (struct listed){row->reason, was.reason == LISTED_NOT || row->reason == REASON_EXPIRED
                                              ? row->day
                                              : was.since};
    if (listed_equal(&was, &is))
        return ERR_OK;
    const struct lists_change change = {.imei = row->imei, .seq = w->seq, .was = was, .is = is};
    return note_change(l, &change);
}

/* The pairs of a block, those of a batch too: they count once their IMEI is a clone, which a batch says at its end. */
struct pairs_walk {
    struct walk *w;
    enum err err;
};

static void take_pair(void *ctx, const struct pair *pair)
{
    struct pairs_walk *p = ctx;
    struct lists *l = p->w->l;
    const bool was = lists_pairs_stands(l->pairs, pair->imei, pair->subscriber);
    if (p->err || was != pair->removed || !pair->subscriber)
        return;
    static const struct listed on = {REASON_CLONE, DAYNUM_NONE}, off = {LISTED_NOT, DAYNUM_NONE};
    const struct lists_change change = {.imei = pair->imei,
                                        .subscriber = pair->subscriber,
                                        .seq = p->w->seq,
                                        .was = was ? on : off,
                                        .is = was ? off : on};
    p->err = note_change(l, &change);
}

static enum err take_pairs(struct walk *w, const struct block *block)
{
    struct pairs_walk p = {w, ERR_OK};
    if (!w->l->pairs || !block->section.n)
        return ERR_OK;
    w->seq = block->header.first_seq + block->header.item_count - 1;
    enum err err = section_walk(block->section, take_pair, &p);
    return err ? err : p.err;
}

/* A row of the only open batch that neither finds the IMEI on the list nor leaves it there moves nothing, whenever
 * the batch ends: what others write meanwhile stands behind it in the journal. */
static bool moves_nothing(const struct lists *l, const struct row *row)
{
    return l->batches.count == 1 && !is_on(l, row->before) && !is_on(l, row->after.reason) &&
           state_of(l, row->change.imei).reason == LISTED_NOT;
}

static daynum day_of(const struct walk *w, const struct block *block, uint64_t entry)
{
    const struct lists_place *place = &w->l->place;
    const struct lists_batch *batch = lists_batch_find(&w->l->batches, entry);
    daynum day = batch ? batch->effective : entry == place->entry ? place->effective : DAYNUM_NONE;
    if (!daynum_is_day(day)) /* what no register of ours writes */
        day = zone_day(&w->reg->zone, block->header.written_us / 1000000);
    return day;
}

/* The first day on the list, if this row brings the IMEI there. Of EXPIRED it is always the day behind its last one with
 * service, so that a list tells by itself whose expiry is held (lists_spared.h). */
static daynum since_of(const struct walk *w, const struct block *block, const struct row *row,
                       uint64_t entry)
{
    const struct verdict *after = &row->after;
    return after->reason == REASON_EXPIRED && daynum_is_day(after->deadline)
               ? after->deadline + 1
               : day_of(w, block, entry);
}

static enum err take_row(struct walk *w, const struct block *block, const struct row *row,
                         const struct block_cursor *at)
{
    struct lists *l = w->l;
    const struct lists_row one = {.imei = row->change.imei,
                                  .seq = at->seq,
                                  .reason = row->after.reason,
                                  .day = since_of(w, block, row, at->entry)};
    if (!block->header.batch) {
        w->seq = at->seq;
        enum err err = lists_batches_overtake(&l->batches, one.imei, one.seq);
        return err ? err : apply_row(w, &one);
    }
    struct lists_batch *batch = lists_batch_find(&l->batches, block->header.batch);
    if (!batch) {
        enum err err =
            lists_batch_begin(&l->batches, block->header.batch, block->header.first_seq, one.day);
        if (err)
            return err;
        batch = lists_batch_find(&l->batches, block->header.batch);
    }
    return moves_nothing(l, row) ? ERR_OK : lists_batch_wait(batch, &one);
}

static enum err take_entry(struct walk *w, const struct block *block, const struct entry *entry,
                           uint64_t seq)
{
    struct lists *l = w->l;
    l->place.entry = seq;
    l->place.effective = entry->effective;
    w->seq = seq;
    if (entry->flags & ENTRY_BATCH_BEGIN)
        return lists_batch_begin(&l->batches, seq, block->header.first_seq, entry->effective);
    if (entry->flags & ENTRY_BATCH_END)
        return lists_batch_end(&l->batches, entry->batch, apply_row, w);
    return ERR_OK;
}

/* ---- blocks ---- */

static enum err write_place(struct walk *w)
{
    struct lists *l = w->l;
    l->place.resume = lists_batches_resume(&l->batches, l->place.next_seq);
    enum err err = lists_log_end(l->log, &l->place, w->fault);
    if (!err) {
        l->in_log = lists_log_count(l->log);
        w->idle = 0;
    }
    return err;
}

static enum err walk_items(struct walk *w, const struct block *block)
{
    struct block_cursor cursor = block_walk(block);
    struct item item;
    enum err err = ERR_OK;
    while (!err && block_next(&cursor, &item, NULL)) {
        if (item.type == ITEM_ENTRY)
            err = take_entry(w, block, &item.entry, cursor.seq);
        else if (item.type == ITEM_ROW)
            err = take_row(w, block, &item.row, &cursor);
    }
    return err ? err : cursor.err;
}

static bool take_block(void *ctx, const struct block *block)
{
    struct walk *w = ctx;
    struct lists_place *place = &w->l->place;
    const bool known = block->header.first_seq < w->from;
    if (!known && !w->checked && w->from > 1 &&
        memcmp(block->prev_hash, place->hash, LISTS_HASH) != 0) {
        w->err = ERR_CHAIN;
        return false;
    }
    if (known && block->header.first_seq + block->header.item_count > w->from) {
        w->err = ERR_CHAIN; /* a place of ours is never inside a block: the register was restored */
        return false;
    }
    w->checked |= !known;
    const struct lists_place was = *place;
    w->err = walk_items(w, block);
    if (known) { /* the last entry is that of the place, whoever came before it */
        place->entry = was.entry;
        place->effective = was.effective;
        return !w->err;
    }
    if (!w->err)
        w->err = take_pairs(w, block);
    place->next_seq = block->header.first_seq + block->header.item_count;
    memcpy(place->hash, block->hash, LISTS_HASH);
    place->gate = block->header.gate;
    w->items += block->header.item_count;
    w->idle += block->header.item_count;
    if (!w->err && lists_log_waiting(w->l->log) >= WRITE_CHANGES)
        w->err = write_place(w);
    w->more = w->items >= PASS_ITEMS;
    return !w->err && !w->more;
}

/* ---- from where ---- */

static enum err empty_state(struct lists *l)
{
    struct lists_state *state;
    struct lists_pairs *pairs = NULL;
    enum err err = l->pairs ? lists_pairs_new(&pairs) : ERR_OK;
    if (!err)
        err = lists_state_new(&state);
    if (err) {
        lists_pairs_free(pairs);
        return err;
    }
    lists_state_free(l->state);
    lists_pairs_free(l->pairs);
    l->state = state;
    l->pairs = pairs;
    l->in_log = 1;
    return ERR_OK;
}

static enum err start_anew(struct lists *l, struct fault *fault)
{
    (void)unlink(l->base_path);
    enum err err = lists_log_clear(l->log, fault);
    if (!err)
        err = empty_state(l);
    lists_batches_release(&l->batches);
    l->place = (struct lists_place){.next_seq = 1, .effective = DAYNUM_NONE};
    l->ready = l->warm = !err;
    return err;
}

static enum err load_base(struct lists *l)
{
    struct lists_base_name name;
    enum err err = empty_state(l);
    if (err || l->pairs) /* exceptions have no base: all of them come out of the log */
        return err;
    err = lists_state_load(l->state, l->base_path, &name);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (memcmp(name.register_id, l->register_id, REGISTER_ID_BYTES) != 0 ||
        !lists_log_is_place(l->log, name.log - 1, name.next_seq, name.hash))
        return empty_state(l);
    l->in_log = name.log;
    return ERR_OK;
}

/* The state of the log's last place: the base, and the changes behind it. */
enum err lists_ready(struct lists *l, struct fault *fault)
{
    const uint64_t end = lists_log_count(l->log);
    enum err err = l->ready ? ERR_OK : load_base(l);
    if (!err && l->in_log < end)
        err = lists_log_read(l->log, l->in_log, end, put_change, l, fault);
    l->ready = !err;
    if (!err)
        l->in_log = end;
    return err;
}

/* What was known of files that stand there no more. */
static void forget_log(struct lists *l)
{
    lists_log_close(l->log);
    l->log = NULL;
    l->ready = l->warm = l->begun = false;
}

/* Opens the log, or sees what others wrote. */
static enum err look_at_log(struct lists *l, struct fault *fault)
{
    enum lists_log_news news = LISTS_LOG_MORE;
    enum err err = ERR_OK;
    if (l->log && !lists_log_stands(l->log, l->log_path))
        forget_log(l);
    if (!l->log) {
        err = lists_log_open(l->log_path, l->register_id, &l->log, fault);
        if (err == ERR_CHAIN || err == ERR_CODEC) { /* another register's */
            (void)unlink(l->log_path);
            (void)unlink(l->base_path);
            err = lists_log_open(l->log_path, l->register_id, &l->log, fault);
        }
    } else {
        err = lists_log_look(l->log, &news, fault);
    }
    if (!err && news == LISTS_LOG_ANEW)
        l->ready = false;
    if (!err && (news != LISTS_LOG_SAME || !l->begun)) {
        lists_batches_release(&l->batches);
        l->warm = false;
        if (!lists_log_place(l->log, &l->place))
            l->place = (struct lists_place){.next_seq = 1, .resume = 1, .effective = DAYNUM_NONE};
    }
    l->begun = !err;
    return err;
}

static bool at_head(const struct lists *l, const struct registry *reg)
{
    return l->place.next_seq == reg->head.next_seq &&
           (l->place.next_seq == 1 || memcmp(l->place.hash, reg->head.hash, LISTS_HASH) == 0);
}

/* One look at the store: from the blocks of open batches on, where they are not known. */
static enum err pass(struct lists *l, struct registry *reg, bool *out_more, struct fault *fault)
{
    struct walk w = {.l = l, .reg = reg, .from = l->place.next_seq, .fault = fault};
    const uint64_t from = l->warm ? l->place.next_seq : l->place.resume;
    if (l->place.next_seq > reg->head.next_seq ||
        (l->place.next_seq == reg->head.next_seq && !at_head(l, reg)))
        return ERR_CHAIN;
    enum err err = store_blocks(reg->store, from ? from : 1, take_block, &w, fault);
    if (!err)
        err = w.err;
    l->warm = !err;
    if (!err && (lists_log_waiting(l->log) || w.idle >= IDLE_ITEMS))
        err = write_place(&w);
    *out_more = w.more;
    return err;
}

/* At the last place that is written: what was passed since moved nothing. */
static enum err save_base(struct lists *l, struct fault *fault)
{
    struct lists_place place = {.next_seq = 1};
    (void)lists_log_place(l->log, &place);
    struct lists_base_name name = {.next_seq = place.next_seq, .log = lists_log_count(l->log)};
    memcpy(name.register_id, l->register_id, REGISTER_ID_BYTES);
    memcpy(name.hash, place.hash, LISTS_HASH);
    /* A base stands for records of the log: they must not be lost behind it. */
    enum err err = lists_log_sync(l->log, fault);
    return err || l->pairs ? err : lists_state_save(l->state, l->base_path, &name, fault);
}

static enum err follow_locked(struct lists *l, struct registry *reg, struct fault *fault)
{
    enum err err = look_at_log(l, fault);
    bool anew = false, more = true;
    if (!err && at_head(l, reg) && !l->distrusted)
        return ERR_OK;
    if (!err)
        err = l->distrusted ? ERR_CODEC : lists_ready(l, fault);
    l->distrusted = false;
    if (err == ERR_CODEC) {
        anew = true;
        err = start_anew(l, fault);
    }
    while (!err && more) {
        err = pass(l, reg, &more, fault);
        if ((err == ERR_CHAIN || err == ERR_CODEC) && !anew) {
            anew = true;
            more = true;
            err = start_anew(l, fault);
        }
        if (!err && lists_state_is_heavy(l->state) && !lists_log_waiting(l->log))
            err = save_base(l, fault);
    }
    if (err) /* what stands in memory is not what is written */
        l->ready = l->warm = l->begun = false;
    return err;
}

/* The lock that stands in the directory now: whoever took the directory away took ours with it. */
static enum err take_lock(struct lists *l, struct fault *fault)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        enum err err = l->lock < 0 ? open_lock(l, fault) : ERR_OK;
        if (err)
            return err;
        while (flock(l->lock, LOCK_EX))
            if (errno != EINTR)
                return fault_set(fault, ERR_FILE_WRITE, "the lock of a list: %s", strerror(errno));
        if (file_is_at(l->lock, l->lock_path))
            return ERR_OK;
        forget_log(l);
        err = open_lock(l, fault);
        if (err)
            return err;
    }
    return fault_set(fault, ERR_STORE_BUSY, "%.160s is taken away again and again", l->directory);
}

enum err lists_hold(struct lists *l, struct fault *fault)
{
    enum err err = take_lock(l, fault);
    if (err)
        return err;
    if (l->begun && l->log && lists_log_stands(l->log, l->log_path))
        return ERR_OK;
    lists_let_go(l);
    return fault_set(fault, ERR_STALE, "the log of a list was begun anew");
}

void lists_let_go(struct lists *l)
{
    (void)flock(l->lock, LOCK_UN);
}

enum err lists_held(struct lists *l, struct registry *reg, const struct lists_held *what,
                    struct fault *fault)
{
    enum err err = ERR_STALE;
    for (int i = 0; i < HOLD_TRIES && err == ERR_STALE; i++) {
        if (i)
            err = lists_follow(l, reg, fault);
        else
            err = ERR_OK;
        if (!err)
            err = lists_hold(l, fault);
        if (err)
            continue;
        err = what->fn(l, reg, what->ctx, fault);
        lists_let_go(l);
        if (err == ERR_CODEC) { /* damaged: from the journal, once more */
            lists_distrust(l);
            err = ERR_STALE;
        }
    }
    return err;
}

enum err lists_follow(struct lists *l, struct registry *reg, struct fault *fault)
{
    enum err err = take_lock(l, fault);
    if (err)
        return err;
    /* Under the lock: a head from before it may be older than what another process has followed meanwhile. */
    err = registry_refresh(reg, fault);
    if (!err) {
        memcpy(l->register_id, reg->head.register_id, REGISTER_ID_BYTES);
        err = follow_locked(l, reg, fault);
    }
    (void)flock(l->lock, LOCK_UN);
    return err;
}

enum err lists_settle(struct lists *l, struct fault *fault)
{
    enum err err = take_lock(l, fault);
    if (err)
        return err;
    err = l->begun ? lists_ready(l, fault) : ERR_NOT_NOW;
    if (!err)
        err = save_base(l, fault);
    (void)flock(l->lock, LOCK_UN);
    return err;
}

static enum err take_view(struct lists *l, struct registry *reg, void *ctx, struct fault *fault)
{
    (void)reg;
    enum err err = lists_ready(l, fault);
    return err ? err : lists_view_new(l->state, ctx);
}

/* Of the records that were there when it was followed: under the lock, so that nobody begins anew meanwhile. */
enum err lists_view(struct lists *l, struct registry *reg, struct lists_view **out,
                    struct fault *fault)
{
    return lists_held(l, reg, &(struct lists_held){take_view, out}, fault);
}

enum err lists_swept(const struct lists *l, const struct registry *reg, struct fault *fault)
{
    const daynum today = registry_today(reg);
    char swept[DAYNUM_TEXT], day[DAYNUM_TEXT];
    if (l->place.gate.swept_through >= today)
        return ERR_OK;
    daynum_format(l->place.gate.swept_through, swept);
    daynum_format(today, day);
    return fault_set(fault, ERR_LIST_UNSWEPT,
                     "the register has been swept through %s, today is %s: a full list is made "
                     "after the sweep of its day (tamga sweep)",
                     swept, day);
}

static enum err take_full(struct lists *l, struct registry *reg, void *ctx, struct fault *fault)
{
    enum err err = lists_swept(l, reg, fault);
    return err ? err : take_view(l, reg, ctx, fault);
}

enum err lists_full(struct lists *l, struct registry *reg, struct lists_view **out,
                    struct fault *fault)
{
    return lists_held(l, reg, &(struct lists_held){take_full, out}, fault);
}

struct lists_log *lists_log_of(struct lists *l)
{
    return l->log;
}

struct lists_pairs *lists_pairs_of(struct lists *l)
{
    return l->pairs;
}

void lists_distrust(struct lists *l)
{
    l->distrusted = true;
}
