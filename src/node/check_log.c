/* SPDX-License-Identifier: Apache-2.0 */
#include "node/check_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/say.h"

enum { EVERY_MS = 50, TAKE = 256, PATH_BYTES = 640, SV_NONE = 255 };

struct check_log {
    struct check_log_options with;
    int fd;
    uint64_t bytes; /* of the file */
    struct buf lines;
    atomic_bool reopen, stopping;
    bool failing; /* it was said that it cannot be written */
    pthread_t thread;
};

/* Only what can stand in key=value: an origin comes from a peer. */
static void put_origin(struct buf *out, const struct check_record *r)
{
    if (!r->origin_n)
        buf_str(out, STR("-"));
    for (unsigned i = 0; i < r->origin_n; i++) {
        char c = r->origin[i];
        bool plain = c > ' ' && c <= '~' && c != '"' && c != '=';
        buf_put(out, plain ? &c : "?", 1);
    }
}

void check_log_format(const struct check_record *r, struct buf *out)
{
    char at[24], imei[24] = "-", imsi[24] = "-", sv[4] = "-";
    const struct network_reply *reply = &r->reply;
    instant_format(r->time_us / 1000000, at);
    if (!r->check.malformed)
        imei_format_masked(r->check.question.imei, imei);
    if (r->check.question.imsi)
        imsi_format_masked(r->check.question.imsi, imsi);
    if (r->check.software_version != SV_NONE)
        snprintf(sv, sizeof sv, "%02u", r->check.software_version % 100U);
    buf_printf(out, "time=%.19s.%03dZ face=%s origin=", at, (int)(r->time_us % 1000000 / 1000),
               network_face_name(r->face));
    put_origin(out, r);
    buf_printf(out, " imei=%s sv=%s imsi=%s status=%s", imei, sv, imsi,
               equipment_name((enum equipment)reply->equipment));
    if (r->check.malformed)
        buf_str(out, STR(" list=- reason=NO_IMEI rule=-\n"));
    else if (reply->outside)
        buf_str(out, STR(" list=- reason=OUTSIDE rule=-\n"));
    else
        buf_printf(out, " list=%s reason=%s rule=%u\n", list_name((enum list)reply->list),
                   reason_name(reply->reason), reason_table[reply->reason].rule);
}

static bool open_file(struct check_log *log)
{
    struct stat st;
    log->fd = open(log->with.file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    log->bytes = log->fd >= 0 && fstat(log->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    return log->fd >= 0;
}

/* FILE -> FILE.1 -> FILE.2 ... */
static void rotate(struct check_log *log)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    for (unsigned i = log->with.keep; i > 0; i--) {
        snprintf(to, sizeof to, "%s.%u", log->with.file, i);
        if (i > 1)
            snprintf(from, sizeof from, "%s.%u", log->with.file, i - 1);
        else
            snprintf(from, sizeof from, "%s", log->with.file);
        if (rename(from, to) != 0 && errno != ENOENT)
            say(SAY_WARNING, "event=check_log file=%s detail=\"%s\"", from, strerror(errno));
    }
    if (!log->with.keep)
        unlink(log->with.file);
}

static bool write_all(struct check_log *log)
{
    size_t done = 0;
    while (log->fd >= 0 && done < log->lines.n) {
        ssize_t n = write(log->fd, log->lines.p + done, log->lines.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    log->bytes += done;
    return log->fd >= 0 && done == log->lines.n;
}

static void look_after_file(struct check_log *log)
{
    bool full = log->bytes >= log->with.max_bytes;
    if (log->fd >= 0 && !full && !atomic_load(&log->reopen))
        return;
    atomic_store(&log->reopen, false);
    if (log->fd >= 0)
        close(log->fd);
    if (full)
        rotate(log);
    open_file(log);
}

/* How many lines there were. */
static size_t drain(struct check_log *log)
{
    struct check_record records[TAKE];
    size_t n, all = 0;
    buf_clear(&log->lines);
    for (unsigned i = 0; i < log->with.ring_count; i++)
        while (log->lines.n < 1 << 20 && (n = ring_take(log->with.rings[i], records, TAKE)) > 0) {
            for (size_t k = 0; k < n; k++)
                check_log_format(&records[k], &log->lines);
            all += n;
        }
    look_after_file(log);
    bool ok = !log->lines.failed && write_all(log);
    if (ok)
        count_add(&log->with.status->log_lines, all);
    else if (all)
        count_add(&log->with.status->log_errors, all);
    if (log->failing == ok && (all || !ok)) {
        log->failing = !ok;
        say(ok ? SAY_INFO : SAY_ALARM, "event=check_log file=%s detail=\"%s\"", log->with.file,
            ok ? "is written again" : strerror(errno));
    }
    return all;
}

static void *run(void *arg)
{
    struct check_log *log = arg;
    const struct timespec pause = {.tv_nsec = EVERY_MS * 1000000L};
    while (!atomic_load(&log->stopping))
        if (!drain(log))
            nanosleep(&pause, NULL);
    while (drain(log))
        ;
    return NULL;
}

enum err check_log_new(const struct check_log_options *options, struct check_log **out,
                       struct fault *fault)
{
    struct check_log *log = calloc(1, sizeof *log);
    if (!log)
        return ERR_MEMORY;
    log->with = *options;
    if (!open_file(log)) {
        enum err err =
            fault_set(fault, ERR_FILE_OPEN, "[log] file: %s: %s", options->file, strerror(errno));
        free(log);
        return err;
    }
    if (pthread_create(&log->thread, NULL, run, log)) {
        close(log->fd);
        free(log);
        return ERR_MEMORY;
    }
    *out = log;
    return ERR_OK;
}

void check_log_reopen(struct check_log *log)
{
    if (log)
        atomic_store(&log->reopen, true);
}

void check_log_free(struct check_log *log)
{
    if (!log)
        return;
    atomic_store(&log->stopping, true);
    pthread_join(log->thread, NULL);
    if (log->fd >= 0)
        close(log->fd);
    buf_release(&log->lines);
    free(log);
}
