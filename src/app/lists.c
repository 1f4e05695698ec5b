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

#include "app/lists_keep.h"
#include "base/file.h"

enum {
    DIRECTORY_MODE = 0750,
    FILE_MODE = 0640,
    LOCK_TRIES = 16, /* while somebody takes the directory away again and again */
    HOLD_TRIES = 4,  /* while somebody begins the log anew */
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

static bool put_path(char out[LISTS_PATH], const char *directory, const char *name, const char *end)
{
    return (size_t)snprintf(out, LISTS_PATH, "%s/%s%s", directory, name, end) < LISTS_PATH;
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
    str_copy(l->directory, LISTS_PATH, str_z(directory));
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

static enum err follow_locked(struct lists *l, struct registry *reg, struct fault *fault)
{
    enum err err = lists_look_at_log(l, fault);
    bool anew = false, more = true;
    if (!err && lists_at_head(l, reg) && !l->distrusted)
        return ERR_OK;
    if (!err)
        err = l->distrusted ? ERR_CODEC : lists_ready(l, fault);
    l->distrusted = false;
    if (err == ERR_CODEC) {
        anew = true;
        err = lists_start_anew(l, fault);
    }
    while (!err && more) {
        err = lists_pass(l, reg, &more, fault);
        if ((err == ERR_CHAIN || err == ERR_CODEC) && !anew) {
            anew = true;
            more = true;
            err = lists_start_anew(l, fault);
        }
        if (!err && lists_state_is_heavy(l->state) && !lists_log_waiting(l->log))
            err = lists_save_base(l, fault);
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
        lists_forget_log(l);
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
        err = lists_save_base(l, fault);
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
