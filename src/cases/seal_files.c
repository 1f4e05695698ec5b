/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/seal_files.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { DIRECTORIES = 256, TRIES = 300, TRY_MS = 100, UPLOAD_TRIES = 50 };

static void pause_ms(int ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

/* ---- papers ---- */

/* Held for a moment at a time, so that whoever sends a paper does not wait for all of them. */
static enum err hold_papers(const struct paper_files *papers, int *out_hold, struct fault *fault)
{
    for (int i = 0; i < TRIES; i++) {
        if (paper_files_hold(papers, true, out_hold))
            return ERR_OK;
        pause_ms(TRY_MS);
    }
    return fault_set(fault, ERR_STORE_BUSY, "somebody holds the papers");
}

struct names {
    struct buf all;
};

static void take_name(void *ctx, const uint8_t name[PAPER_FILE_NAME])
{
    struct names *names = ctx;
    buf_put(&names->all, name, PAPER_FILE_NAME);
}

static enum err renew_paper(const struct paper_files *papers, const struct people_keys *keys,
                            const uint8_t *name, struct fault *fault)
{
    int hold;
    enum err err = hold_papers(papers, &hold, fault);
    if (err)
        return err;
    err = paper_file_renew(papers, keys, name, fault);
    paper_files_let_go(hold);
    return err == ERR_CODEC || err == ERR_FILE_OPEN ? ERR_OK : err; /* damaged; gone meanwhile */
}

static enum err look_at_directory(const struct paper_files *papers, const struct people_keys *keys,
                                  uint8_t directory, bool renew, struct seal_count *out,
                                  struct fault *fault)
{
    struct names names = {0};
    int hold;
    enum err err = hold_papers(papers, &hold, fault);
    if (err)
        return err;
    paper_files_each(papers, directory, take_name, &names);
    paper_files_let_go(hold);
    err = names.all.failed ? ERR_MEMORY : ERR_OK;
    for (size_t at = 0; !err && at < names.all.n; at += PAPER_FILE_NAME) {
        const uint8_t *name = names.all.p + at;
        if (renew && paper_file_stale(papers, keys, name))
            err = renew_paper(papers, keys, name, fault);
        uint32_t number = paper_file_number(papers, name);
        if (!err && number)
            seal_count_add(out, number);
    }
    buf_release(&names.all);
    return err;
}

/* ---- uploads ---- */

struct looking {
    const struct spool *spool;
    struct seal_count *out;
    bool renew;
    int tries;
    const atomic_bool *stop;
    enum err err;
    struct fault *fault;
    bool all;
};

static enum err renew_upload(const struct looking *l, uint64_t id)
{
    enum err err = ERR_STORE_BUSY;
    for (int i = 0; i < l->tries && err == ERR_STORE_BUSY; i++) {
        if (i)
            pause_ms(TRY_MS);
        err = spool_renew(l->spool, id, l->fault);
    }
    return err == ERR_NOT_FOUND || err == ERR_CODEC ? ERR_OK : err;
}

static bool look_at_upload(void *ctx, uint64_t id)
{
    struct looking *l = ctx;
    uint32_t number = 0;
    if (l->renew)
        l->err = renew_upload(l, id);
    if (!l->err && l->out && spool_number(l->spool, id, &number, NULL) == ERR_OK)
        seal_count_add(l->out, number);
    return !l->err;
}

static bool renew_quietly(void *ctx, uint64_t id)
{
    struct looking *l = ctx;
    l->all &= renew_upload(l, id) == ERR_OK;
    return !atomic_load(l->stop);
}

bool seal_spool_renew(const struct spool *spool, const atomic_bool *stop)
{
    struct looking l = {.spool = spool, .tries = 1, .stop = stop, .all = true};
    spool_each(spool, renew_quietly, &l);
    return l.all && !atomic_load(stop);
}

enum err seal_files_look(const struct seal_files *files, struct registry *reg, bool renew,
                         const atomic_int *stop, struct seal_count *out, struct fault *fault)
{
    const struct people_keys *keys = &reg->keys.people;
    enum err err = ERR_OK;
    *out = (struct seal_count){0};
    for (unsigned i = 0; !err && files->papers && i < DIRECTORIES; i++) {
        if (stop && *stop)
            return fault_set(fault, ERR_STOPPED, "stopped; the same again goes on");
        err = look_at_directory(files->papers, keys, (uint8_t)i, renew, out, fault);
    }
    if (err || !files->spool)
        return err;
    const struct spool spool = spool_under(files->spool, keys);
    struct looking l = {
        .spool = &spool, .out = out, .renew = renew, .tries = UPLOAD_TRIES, .fault = fault};
    spool_each(&spool, look_at_upload, &l);
    return l.err;
}
