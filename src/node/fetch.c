/* SPDX-License-Identifier: Apache-2.0 */
#include "node/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "node/say.h"
#include "node/segments.h"

enum { ETAG_MAX = 128, CATCH_UP_ROUNDS = 1000, FETCH_PATH = 32 + TAC_RANGES_TEXT };

struct fetch {
    struct fetch_options with;
    struct pull pull;
    pthread_t thread;
    bool on;
    atomic_bool done;
    struct fetch_wish wish;
    struct buf refusal; /* what the register said instead of a snapshot */
    /* the download */
    char part[COPY_PATH], tag[COPY_PATH];
    int fd;
    uint64_t have;
    uint64_t whole; /* bytes, as the register told; 0: it did not */
    /* what came of it */
    struct copy *copy;
    enum err err;
    struct fault fault;
};

enum err fetch_new(const struct fetch_options *options, struct fetch **out)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_MEMORY;
    f->with = *options;
    f->fd = -1;
    snprintf(f->part, sizeof f->part, "%s/snapshot.part", options->copy.directory);
    snprintf(f->tag, sizeof f->tag, "%s/snapshot.etag", options->copy.directory);
    enum err err = link_new(&options->link, &f->pull.link);
    if (!err && *options->cache.url)
        err = link_new(&options->cache, &f->pull.cache);
    f->pull.status = options->status;
    if (err)
        fetch_free(f);
    else
        *out = f;
    return err;
}

void fetch_stop(struct fetch *f)
{
    if (f && f->pull.link)
        link_stop(f->pull.link);
    if (f && f->pull.cache)
        link_stop(f->pull.cache);
}

void fetch_free(struct fetch *f)
{
    if (!f)
        return;
    fetch_stop(f);
    if (f->on)
        pthread_join(f->thread, NULL);
    copy_free(f->copy);
    pull_release(&f->pull);
    buf_release(&f->refusal);
    link_free(f->pull.link);
    link_free(f->pull.cache);
    free(f);
}

/* ---- the download ---- */

static void keep_tag(const struct fetch *f, struct str etag)
{
    int fd = open(f->tag, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, etag.p, etag.n) == (ssize_t)etag.n;
    if (fd >= 0)
        close(fd);
    if (!ok)
        unlink(f->tag);
}

/* 200: all of it comes, so what is there goes. */
static bool begin(void *ctx, long status, struct str etag)
{
    struct fetch *f = ctx;
    if (status == 200) {
        if (ftruncate(f->fd, 0) != 0)
            return false;
        f->have = 0;
        keep_tag(f, etag);
    }
    say(SAY_INFO, "event=snapshot_download from=%llu", (unsigned long long)f->have);
    return lseek(f->fd, (off_t)f->have, SEEK_SET) >= 0;
}

static bool take(void *ctx, const void *p, size_t n)
{
    struct fetch *f = ctx;
    const char *at = p;
    if (f->whole && f->have + n > f->whole) {
        fault_set(&f->fault, ERR_TOO_LONG, "more than the %llu bytes of the snapshot",
                  (unsigned long long)f->whole);
        return false;
    }
    while (n) {
        ssize_t done = write(f->fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            fault_set(&f->fault, ERR_FILE_WRITE, "%s: %s", f->part, strerror(errno));
            return false;
        }
        at += done;
        n -= (size_t)done;
        f->have += (uint64_t)done;
    }
    return true;
}

static enum err judge(struct fetch *f, long status)
{
    /* 416: what is there is all of it, or of another: it is looked at, and deleted if it is not good. */
    if (status == 200 || status == 206 || status == 416)
        return ERR_OK;
    if (status == 401 || status == 403)
        return fault_set(&f->fault, ERR_KEY, "the register refuses the node's key (%ld)", status);
    static const char parts[] = "\"SNAPSHOT_PARTS\"";
    if (status == 429 && f->refusal.n &&
        memmem(f->refusal.p, f->refusal.n, parts, sizeof parts - 1))
        return fault_set(&f->fault, ERR_SNAPSHOT_PARTS,
                         "the register keeps snapshots of other TACs, and no more (%ld)", status);
    return fault_set(&f->fault, ERR_UNAVAILABLE, "the register answers %ld", status);
}

/* Of all TACs, or of those that are wanted. */
static void path_of(const struct fetch *f, char out[FETCH_PATH])
{
    char tacs[TAC_RANGES_TEXT];
    tac_ranges_format(&f->wish.tacs, tacs);
    snprintf(out, FETCH_PATH, "/api/v1/snapshot%s%s", *tacs ? "?tacs=" : "", tacs);
}

/* From the link: the snapshot under this path, behind what of it is there. */
static enum err download(struct fetch *f, struct link *link, const char *path)
{
    struct buf tag = {0};
    struct stat st;
    long status = 0;
    f->fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->fd < 0 || fstat(f->fd, &st) != 0)
        return fault_set(&f->fault, ERR_FILE_OPEN, "%s: %s", f->part, strerror(errno));
    if (st.st_size > 0 && file_read(f->tag, ETAG_MAX, &tag, NULL) == ERR_OK && tag.n)
        f->have = (uint64_t)st.st_size;
    else
        f->have = 0;
    buf_uint(&tag, 0, 1);
    struct link_question q = {.path = path,
                              .from = f->have,
                              .if_range = (const char *)tag.p,
                              .least_speed = link == f->pull.cache ? CACHE_LEAST_SPEED : 0,
                              .begin = begin,
                              .take = take,
                              .refusal = &f->refusal,
                              .ctx = f};
    buf_clear(&f->refusal);
    enum err err = tag.failed ? ERR_MEMORY : link_ask(link, &q, &status, &f->fault);
    if (!err)
        err = judge(f, status);
    if (!err && fdatasync(f->fd) != 0)
        err = fault_set(&f->fault, ERR_FILE_WRITE, "%s: %s", f->part, strerror(errno));
    close(f->fd);
    f->fd = -1;
    buf_release(&tag);
    return err;
}

/* The name of the register's snapshot, as it tells it: a path that never means another. */
static enum err name_snapshot(struct fetch *f, char out[LINK_LOCATION])
{
    long status = 0;
    struct buf none = {0};
    char path[FETCH_PATH];
    path_of(f, path);
    out[0] = '\0';
    struct link_question q = {.path = path,
                              .head = true,
                              .location = out,
                              .length = &f->whole,
                              .answer = &none,
                              .most = 0};
    enum err err = link_ask(f->pull.link, &q, &status, &f->fault);
    buf_release(&none);
    buf_clear(&f->refusal);
    if (!err && status == 429) /* it has no words to say why: the answer to GET has */
        return fault_set(&f->fault, ERR_NOT_FOUND, "the register names no snapshot (%ld)", status);
    if (!err)
        err = judge(f, status);
    if (!err && !str_starts(str_z(out), STR("/api/v1/snapshots/")))
        err = fault_set(&f->fault, ERR_NOT_FOUND, "the register does not name its snapshot");
    return err;
}

/* ---- what is made of it ---- */

static bool read_start(const char *path, uint8_t out[INDEX_FILE_START])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, out, INDEX_FILE_START, 0);
    if (fd >= 0)
        close(fd);
    return n == INDEX_FILE_START;
}

/* By the signed headers, which name place, hash and content: a register that was restored may have come to
 * the same SEQ by another way. */
static bool is_kept(const char *kept, const char *part)
{
    uint8_t a[INDEX_FILE_START], b[INDEX_FILE_START];
    return read_start(kept, a) && read_start(part, b) && memcmp(a, b, sizeof a) == 0;
}

/* The file stands beside what is there, with an empty log; the very one that is there is used with its log. */
static enum err settle(struct fetch *f, struct copy *copy)
{
    const char *directory = f->with.copy.directory;
    char path[COPY_PATH];
    copy_path(directory, "snapshot", copy->snapshot_seq, "tgix", path);
    copy_drop_coming(directory);
    copy->beside = f->wish.anew || !is_kept(path, f->part);
    if (!copy->beside) {
        unlink(f->part);
    } else {
        copy_path(directory, "coming", copy->snapshot_seq, "tgix", path);
        if (rename(f->part, path) != 0)
            return fault_set(&f->fault, ERR_FILE_WRITE, "%s: %s", path, strerror(errno));
    }
    unlink(f->tag);
    file_sync_directory(path);
    return ERR_OK;
}

static enum err load(struct fetch *f)
{
    struct copy_options with = f->with.copy;
    with.tacs = &f->wish.tacs;
    enum err err = copy_read(&with, f->part, f->wish.at_least, &f->copy, &f->fault);
    if (err == ERR_SNAPSHOT || err == ERR_SNAPSHOT_LESS || err == ERR_CODEC) {
        atomic_fetch_add(&f->with.status->snapshots_refused, 1);
        unlink(f->part);
        unlink(f->tag);
    }
    if (!err && f->wish.in_use && f->copy->snapshot_seq == f->wish.in_use) {
        unlink(f->part);
        unlink(f->tag);
        err = fault_set(&f->fault, ERR_NOT_NOW, "the register has no newer one yet");
    }
    if (!err)
        err = settle(f, f->copy);
    return err ? err : copy_log(f->copy, &f->fault);
}

/* Until the register has no more, so that the change of copies goes back in nothing: whatever ended it, what has come
 * is all in before anybody is answered by it. */
static enum err catch_up(struct fetch *f)
{
    enum err err = ERR_OK;
    bool took = true;
    segments_begin(&f->pull);
    while (!err && took)
        err = segments_take(&f->pull, f->copy, &took, &f->fault);
    for (int i = 0; !err && i < CATCH_UP_ROUNDS; i++) {
        uint64_t before = f->copy->place.next_seq;
        err = pull_feed(&f->pull, f->copy, 0, &f->fault);
        if (!err && f->copy->wants_tac)
            err = pull_tac(&f->pull, f->copy, &f->fault);
        if (!err && f->copy->place.next_seq == before)
            break;
    }
    struct fault fault = {0};
    enum err shown = copy_show(f->copy, 0, &fault);
    if (shown)
        f->fault = fault;
    return shown ? shown : err;
}

static enum err ask_register(struct fetch *f)
{
    f->fault = (struct fault){0};
    f->whole = 0;
    copy_free(f->copy);
    f->copy = NULL;
    char path[FETCH_PATH];
    path_of(f, path);
    enum err err = download(f, f->pull.link, path);
    return err ? err : load(f);
}

/* Rather too much than nothing. */
static enum err from_register(struct fetch *f)
{
    enum err err = ask_register(f);
    if (err != ERR_SNAPSHOT_PARTS || !f->wish.or_all)
        return err;
    say(SAY_WARNING, "event=snapshot error=SNAPSHOT_PARTS detail=\"the register keeps no more sets "
                     "of TACs, and there is no copy yet: all are taken, more than node.tacs\"");
    f->wish.tacs = (struct tac_ranges){0};
    return ask_register(f);
}

static enum err from_cache(struct fetch *f)
{
    char path[LINK_LOCATION];
    enum err err = name_snapshot(f, path);
    if (err) /* the register's own fault, or it is an older one */
        return err == ERR_NOT_FOUND ? from_register(f) : err;
    err = download(f, f->pull.cache, path);
    bool came = !err;
    if (came)
        err = load(f);
    if (!err || err == ERR_NOT_NOW)
        atomic_fetch_add(&f->with.status->snapshots_cache, 1);
    if (!err || err == ERR_NOT_NOW || err == ERR_MEMORY || err == ERR_STOPPED ||
        err == ERR_FILE_WRITE || err == ERR_FILE_OPEN || err == ERR_FILE_READ)
        return err;
    cache_failed(&f->pull, "snapshot", came, &f->fault);
    unlink(f->part); /* what a cache gave that broke off may be no beginning of the register's */
    unlink(f->tag);
    return from_register(f);
}

static void *run(void *arg)
{
    struct fetch *f = arg;
    f->fault = (struct fault){0};
    f->err = cache_is_up(&f->pull) ? from_cache(f) : from_register(f);
    if (!f->err) {
        atomic_fetch_add(&f->with.status->snapshots, 1);
        f->err = catch_up(f);
        if (f->err == ERR_UNAVAILABLE || f->err == ERR_NOT_NOW) /* it is a copy all the same */
            f->err = ERR_OK;
    }
    if (f->err) {
        if (f->copy && f->copy->beside && f->err != ERR_STOPPED) /* that a start may have use for */
            copy_drop_coming(f->with.copy.directory);
        copy_free(f->copy);
        f->copy = NULL;
    }
    atomic_store(&f->done, true);
    return NULL;
}

enum err fetch_begin(struct fetch *f, const struct fetch_wish *wish)
{
    if (f->on)
        return ERR_OK;
    f->wish = *wish;
    atomic_store(&f->done, false);
    if (pthread_create(&f->thread, NULL, run, f))
        return ERR_MEMORY;
    f->on = true;
    return ERR_OK;
}

bool fetch_is_on(struct fetch *f)
{
    return f->on;
}

bool fetch_is_done(struct fetch *f)
{
    return f->on && atomic_load(&f->done);
}

enum err fetch_take(struct fetch *f, struct copy **out, struct fault *fault)
{
    pthread_join(f->thread, NULL);
    f->on = false;
    if (f->err) {
        if (fault)
            *fault = f->fault;
        return f->err;
    }
    *out = f->copy;
    f->copy = NULL;
    return ERR_OK;
}
