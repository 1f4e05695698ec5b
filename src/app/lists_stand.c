/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands of a list: the log and the base in its directory, and the state in memory that is made of them. */
#include <unistd.h>

#include "app/lists_keep.h"

enum err lists_put_change(void *ctx, const struct lists_change *change)
{
    struct lists *l = ctx;
    return l->pairs ? lists_pairs_put(l->pairs, change)
                    : lists_state_put(l->state, change->imei, change->is);
}

bool lists_at_head(const struct lists *l, const struct registry *reg)
{
    return l->place.next_seq == reg->head.next_seq &&
           (l->place.next_seq == 1 || memcmp(l->place.hash, reg->head.hash, LISTS_HASH) == 0);
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

enum err lists_start_anew(struct lists *l, struct fault *fault)
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
        err = lists_log_read(l->log, l->in_log, end, lists_put_change, l, fault);
    l->ready = !err;
    if (!err)
        l->in_log = end;
    return err;
}

void lists_forget_log(struct lists *l)
{
    lists_log_close(l->log);
    l->log = NULL;
    l->ready = l->warm = l->begun = false;
}

enum err lists_look_at_log(struct lists *l, struct fault *fault)
{
    enum lists_log_news news = LISTS_LOG_MORE;
    enum err err = ERR_OK;
    if (l->log && !lists_log_stands(l->log, l->log_path))
        lists_forget_log(l);
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

enum err lists_save_base(struct lists *l, struct fault *fault)
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
