/* SPDX-License-Identifier: Apache-2.0 */
#include "node/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "node/copy_hold.h"
#include "node/newer.h"
#include "node/say.h"

/* An answer without blocks is logged when the last head in the log is so old: it tells a start how stale it is. */
#define LOG_HEAD_US 60000000LL

void copy_free(struct copy *copy)
{
    if (!copy)
        return;
    copy_end_showing(copy);
    held_index_drop(copy->index);
    held_tac_drop(copy->tac);
    sha256_free(copy->sha);
    newer_free(copy->newer);
    if (copy->log >= 0)
        close(copy->log);
    free(copy);
}

daynum copy_today(const struct copy *copy)
{
    return zone_day(&copy->zone, clock_now_us(copy->with.clock) / 1000000);
}

static struct feed_want want_of(const struct copy *copy)
{
    return (struct feed_want){copy->with.key->register_id, copy->with.key->public_key};
}

/* ---- rules ---- */

static enum err use_tac(struct copy *copy, struct str packed)
{
    struct tac_table *table;
    enum err err = tac_table_new(packed.p, packed.n, &table);
    if (err)
        return err;
    struct held_tac *held = held_tac_new(table);
    if (!held) {
        tac_table_free(table);
        return ERR_MEMORY;
    }
    held_tac_drop(copy->tac);
    copy->tac = held;
    return ERR_OK;
}

/* After an answer's blocks. */
static void use_spared(struct copy *copy, const struct feed_answer *answer)
{
    if (!answer->told || spared_equal(&answer->spared, &copy->spared))
        return;
    copy->spared = answer->spared;
    copy->rules_moved = true;
    say(SAY_INFO, "event=expiry_held spans=%u", copy->spared.count);
}

static void in_force(struct copy *copy)
{
    struct fault fault = {0};
    copy->rules = copy->coming;
    copy->rules.tac = NULL;
    copy->wants_tac = 0;
    copy->rules_moved = true;
    if (strcmp(copy->zone.name, copy->rules.zone) != 0) {
        enum err err = zone_load(copy->rules.zone, &copy->zone, &fault);
        if (err)
            say_fault(SAY_ALARM, "zone", err, &fault);
    }
}

/* From the directory, where a run before has left it. */
static bool tac_at_hand(struct copy *copy, uint32_t number)
{
    char path[COPY_PATH];
    struct buf bytes = {0};
    struct str packed;
    struct feed_want want = want_of(copy);
    copy_path(copy->with.directory, "tac", number, "tgts", path);
    bool ok = file_read(path, LIMIT_NODE_TAC_LIST, &bytes, NULL) == ERR_OK &&
              feed_tac_list((struct str){(char *)bytes.p, bytes.n}, &want, number, &packed, NULL) ==
                  ERR_OK &&
              use_tac(copy, packed) == ERR_OK;
    buf_release(&bytes);
    return ok;
}

enum err copy_rules(struct copy *copy, uint32_t number, struct str text, struct fault *fault)
{
    enum err err = rules_parse(text, &copy->coming, fault);
    if (err)
        return err;
    copy->coming.number = number;
    uint32_t list = copy->coming.tac_list;
    if (!list) {
        held_tac_drop(copy->tac);
        copy->tac = NULL;
    }
    if (!list || (copy->tac && list == copy->rules.tac_list) || tac_at_hand(copy, list))
        in_force(copy);
    else
        copy->wants_tac = list;
    return ERR_OK;
}

static void save_tac(const struct copy *copy, struct str bytes, uint32_t number)
{
    char path[COPY_PATH], part[COPY_PATH];
    copy_path(copy->with.directory, "tac", number, "tgts", path);
    copy_path(copy->with.directory, "tac", number, "part", part);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n;
    if (fd >= 0)
        close(fd);
    if (!ok || rename(part, path) != 0)
        say(SAY_WARNING, "event=tac_list number=%u detail=\"cannot be kept: %s\"", number,
            strerror(errno));
}

enum err copy_take_tac(struct copy *copy, struct str bytes, struct fault *fault)
{
    struct str packed;
    struct feed_want want = want_of(copy);
    enum err err = feed_tac_list(bytes, &want, copy->wants_tac, &packed, fault);
    if (!err)
        err = use_tac(copy, packed);
    if (err)
        return err;
    save_tac(copy, bytes, copy->wants_tac);
    in_force(copy);
    return ERR_OK;
}

/* ---- opening ---- */

static enum err use_snapshot(struct copy *copy, struct index *index, struct str rules,
                             struct str tac, struct fault *fault)
{
    struct index_state state = index_state(index);
    copy->index = held_index_new(index);
    if (!copy->index) {
        index_free(index);
        return ERR_MEMORY;
    }
    copy->place.next_seq = state.next_seq;
    memcpy(copy->place.hash, state.hash, SHA256_BYTES);
    copy->gate = state.gate;
    copy->snapshot_seq = state.next_seq;
    if (tac.n) {
        enum err err = use_tac(copy, tac);
        if (err)
            return fault_set(fault, err, "the snapshot's list of models");
    }
    enum err err = rules_parse(rules, &copy->rules, fault);
    if (err)
        return err;
    /* The list in a snapshot is the one that its rules name. */
    copy->rules.tac_list = copy->tac ? copy->rules.tac_list : 0;
    return copy_rules(copy, state.rules, rules, fault);
}

static int64_t file_time_us(const char *path)
{
    struct stat st;
    return stat(path, &st) ? 0 : (int64_t)st.st_mtim.tv_sec * 1000000;
}

static enum err load(struct copy *copy, const char *path, const struct index_want *want,
                     struct fault *fault)
{
    struct index_loaded got;
    enum err err = index_file_read(path, want, &got, fault);
    if (!err) {
        struct index *index = got.index;
        got.index = NULL; /* the copy's from here on, whatever comes */
        err = use_snapshot(copy, index, (struct str){(char *)got.rules.p, got.rules.n},
                           (struct str){(char *)got.tac.p, got.tac.n}, fault);
        index_loaded_release(&got);
    }
    copy->opened_us = copy->head.time_us = file_time_us(path);
    copy->head.place = copy->place;
    copy->head.register_next_seq = copy->place.next_seq;
    return err;
}

static enum err read_as(const struct copy_options *options, const char *path,
                        const struct index_want *want, struct copy **out, struct fault *fault)
{
    struct copy *copy = calloc(1, sizeof *copy);
    if (!copy)
        return ERR_MEMORY;
    copy->with = *options;
    copy->with.tacs = NULL; /* it is what it is from now on */
    copy->log = -1;
    copy->sha = sha256_new();
    enum err err = copy->sha ? load(copy, path, want, fault) : ERR_MEMORY;
    if (err)
        copy_free(copy);
    else
        *out = copy;
    return err;
}

static struct index_want wanted(const struct copy_options *options)
{
    return (struct index_want){.register_id = options->key->register_id,
                               .public_key = options->key->public_key,
                               .tacs = options->tacs};
}

enum err copy_read(const struct copy_options *options, const char *path, uint64_t at_least,
                   struct copy **out, struct fault *fault)
{
    struct index_want want = wanted(options);
    want.at_least = at_least;
    return read_as(options, path, &want, out, fault);
}

/* Answer after answer, as far as they are good. How many bytes that is. */
static enum err replay(struct copy *copy, struct str log, uint64_t *out_good, struct fault *fault)
{
    struct feed_want want = want_of(copy);
    uint64_t at = 0;
    enum err err = ERR_OK;
    while (!err && at < log.n) {
        struct feed_answer answer;
        struct str rest = {log.p + at, log.n - at};
        size_t used = 0;
        err = feed_answer_parse(copy->sha, rest, &want, &copy->place, &answer, &used, fault);
        if (!err) {
            err = copy_apply(copy, &answer, at, fault);
            use_spared(copy, &answer);
        } else if (err != ERR_MEMORY) {
            feed_answer_release(&answer);
            break;
        }
        at += err ? 0 : used;
        feed_answer_release(&answer);
    }
    *out_good = at;
    return err == ERR_MEMORY ? err : ERR_OK;
}

enum err copy_log(struct copy *copy, struct fault *fault)
{
    char path[COPY_PATH];
    struct stat st;
    uint64_t good = 0;
    void *p = NULL;
    copy_path(copy->with.directory, copy->beside ? "coming" : "feed", copy->snapshot_seq, "log",
              path);
    copy->log = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (copy->log < 0 || fstat(copy->log, &st) != 0)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", path, strerror(errno));
    copy->log_bytes = (uint64_t)st.st_size;
    if (st.st_size > 0)
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, copy->log, 0);
    if (p == MAP_FAILED)
        return fault_set(fault, ERR_FILE_READ, "%s: %s", path, strerror(errno));
    struct fault why = {0};
    enum err err = p ? replay(copy, (struct str){p, (size_t)st.st_size}, &good, &why) : ERR_OK;
    if (p)
        munmap(p, (size_t)st.st_size);
    if (err)
        return err;
    if (good < (uint64_t)st.st_size)
        say(SAY_WARNING, "event=log_cut file=%s from=%llu bytes=%llu detail=\"%s\"", path,
            (unsigned long long)good, (unsigned long long)st.st_size, why.detail);
    if (ftruncate(copy->log, (off_t)good) != 0)
        return fault_set(fault, ERR_FILE_WRITE, "%s: %s", path, strerror(errno));
    copy->log_bytes = good;
    return copy_show(copy, 0, fault);
}

enum err copy_open(const struct copy_options *options, uint64_t seq, struct copy **out,
                   struct fault *fault)
{
    char path[COPY_PATH];
    struct copy *copy;
    struct index_want want = wanted(options);
    want.any_part = true;
    copy_path(options->directory, "snapshot", seq, "tgix", path);
    enum err err = read_as(options, path, &want, &copy, fault);
    if (err)
        return err;
    err = copy_log(copy, fault);
    if (err)
        copy_free(copy);
    else
        *out = copy;
    return err;
}

/* ---- taking ---- */

static bool append(struct copy *copy, struct str bytes)
{
    size_t done = 0;
    while (done < bytes.n) {
        ssize_t n =
            pwrite(copy->log, bytes.p + done, bytes.n - done, (off_t)(copy->log_bytes + done));
        if (n <= 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* Without a log nothing can wait: what is held is applied, and what comes at once. */
static enum err lose_log(struct copy *copy, struct fault *fault)
{
    say(SAY_ALARM,
        "event=log_lost detail=\"%s: the feed is applied, but a start will fetch it again\"",
        strerror(errno));
    enum err err = copy_release(copy, copy->place.next_seq, fault);
    if (ftruncate(copy->log, (off_t)copy->log_bytes) != 0)
        say(SAY_WARNING, "event=log_lost detail=\"%s\"", strerror(errno));
    close(copy->log);
    copy->log = -1;
    return err;
}

static enum err keep(struct copy *copy, const struct feed_answer *answer, struct str bytes,
                     struct fault *fault)
{
    if (copy->log < 0 ||
        (!answer->count && !answer->told && answer->head.time_us - copy->logged_us < LOG_HEAD_US))
        return ERR_OK;
    if (!append(copy, bytes))
        return lose_log(copy, fault);
    copy->log_bytes += bytes.n;
    copy->logged_us = answer->sealed ? copy->logged_us : answer->head.time_us;
    return ERR_OK;
}

/* What could not be applied is not to be found by a start. Nothing is read from there any more. */
static void unlog(struct copy *copy, uint64_t at)
{
    struct fault fault = {0};
    enum err err = copy_show(copy, 0, &fault);
    if (err)
        say_fault(SAY_ALARM, "log", err, &fault);
    copy->log_bytes = at;
    if (ftruncate(copy->log, (off_t)at) != 0)
        say(SAY_WARNING, "event=log_cut detail=\"%s\"", strerror(errno));
}

enum err copy_take(struct copy *copy, struct str bytes, struct fault *fault)
{
    struct feed_want want = want_of(copy);
    struct feed_answer answer;
    size_t used = 0;
    uint64_t at = copy->log_bytes;
    enum err err = feed_answer_parse(copy->sha, bytes, &want, &copy->place, &answer, &used, fault);
    if (!err && used != bytes.n)
        err = fault_set(fault, ERR_CODEC, "something stands behind the head of the feed");
    if (!err && answer.count == 0 && answer.sealed)
        err = fault_set(fault, ERR_CODEC, "the segment is behind us");
    if (!err && answer.head.time_us < copy->signed_us && answer.count == 0)
        err = fault_set(fault, ERR_NOT_NOW,
                        "a head %lld s older than the one before: a cache, or the register's clock",
                        (long long)((copy->signed_us - answer.head.time_us) / 1000000));
    if (!err)
        err = keep(copy, &answer, bytes, fault);
    if (!err)
        err = copy_apply(copy, &answer, at, fault);
    if (!err)
        use_spared(copy, &answer);
    if (err && copy->log_bytes > at)
        unlog(copy, at);
    feed_answer_release(&answer);
    return err;
}
