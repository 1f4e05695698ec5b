/* SPDX-License-Identifier: Apache-2.0 */
#include "node/report.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "node/report_answer.h"
#include "node/say.h"

enum {
    LOOK_MS = 100,
    BACK_OFF_MS = 1000,
    BACK_OFF_MAX_MS = 60000,
    WHOLE_MS = 30000,
    ANSWER_BYTES = 4 << 20,
    SAID = 20,        /* refused lines that are said one by one */
    AHEAD_TRIES = 20, /* of a file with times that the register has not reached: 15 minutes */
};

struct report {
    struct link *link;
    struct node_spool *spool;
    struct node_status *status;
    struct sighting *sightings; /* of the file that is sent */
    bool unreadable;            /* the oldest file; said once */
    unsigned ahead_tries;       /* of the oldest file */
    struct buf body, answer;
    int64_t back_off_ms;
    bool runs;
    pthread_t thread;
};

void report_format(const struct sighting *sighting, struct buf *out)
{
    char imei[IMEI_TEXT14], at[24];
    imei_format14(sighting->imei, imei);
    instant_format(sighting->time_s, at);
    buf_printf(out, "{\"imei\":\"%s\",\"time\":\"%s\",\"network\":\"home\"}\n", imei, at);
}

static void say_refused(const struct report *r, size_t count, const json_t *one)
{
    char imei[24] = "-";
    json_int_t line = json_integer_value(json_object_get(one, "line"));
    const char *reason = json_string_value(json_object_get(one, "reason"));
    if (line > 0 && (size_t)line <= count)
        imei_format_masked(r->sightings[line - 1].imei, imei);
    say(SAY_WARNING, "event=sighting_refused imei=%s reason=%s", imei, reason ? reason : "-");
}

/* What is to be sent again moves to the front of r->sightings: refused for its time, which the register has
 * not reached; or of a list that was cut short, so that nobody knows. How many. */
static size_t keep_ahead(struct report *r, size_t count, const json_t *refused, bool cut)
{
    enum { TAKEN, AHEAD, REFUSED };
    uint8_t is[SPOOL_FILE_RECORDS] = {0};
    size_t kept = 0, ahead = 0;
    for (size_t i = 0; i < json_array_size(refused); i++) {
        const json_t *one = json_array_get(refused, i);
        json_int_t line = json_integer_value(json_object_get(one, "line"));
        const char *reason = json_string_value(json_object_get(one, "reason"));
        bool early = reason && strcmp(reason, "TIME_AHEAD") == 0;
        if (line < 1 || (size_t)line > count)
            continue;
        is[line - 1] = early ? AHEAD : REFUSED;
        ahead += early;
    }
    for (size_t i = 0; ahead && i < count; i++)
        if (is[i] == AHEAD || (cut && is[i] == TAKEN))
            r->sightings[kept++] = r->sightings[i];
    return kept;
}

static struct str answer_of(const struct report *r)
{
    return (struct str){(const char *)r->answer.p, r->answer.n};
}

/* *out_again: how many are to be sent again. ERR_CODEC: nobody knows what became of them. */
static enum err look_at_answer(struct report *r, size_t count, size_t *out_again,
                               struct fault *fault)
{
    struct report_answer answer;
    enum err err = report_answer_read(answer_of(r), count, &answer, fault);
    if (err)
        return err;
    const size_t n = answer.refused_count, shown = json_array_size(answer.shown);
    for (size_t i = 0; i < shown && i < SAID; i++)
        say_refused(r, count, json_array_get(answer.shown, i));
    if (n)
        say(SAY_WARNING, "event=sightings_refused count=%zu of=%zu", n, count);
    const size_t kept = keep_ahead(r, count, answer.shown, n > shown);
    const size_t gone = n > kept ? n - kept : 0;
    count_add(&r->status->sightings_refused, gone);
    count_add(&r->status->sightings_sent, count - kept - gone);
    report_answer_release(&answer);
    *out_again = kept;
    return ERR_OK;
}

/* No first use is later than the register's own now, which the last signed head tells. False: it has not
 * spoken yet. */
static bool correct(struct report *r, size_t count)
{
    int64_t heard_us = atomic_load(&r->status->contact_us);
    if (!heard_us)
        return false;
    int64_t now_us = atomic_load(&r->status->head_us) + clock_monotonic_us() - heard_us;
    for (size_t i = 0; i < count; i++)
        if (r->sightings[i].time_s > now_us / 1000000)
            r->sightings[i].time_s = now_us / 1000000;
    say(SAY_ALARM, "event=sightings_ahead count=%zu detail=\"%s\"", count,
        "sent again with the register's time: look at this machine's clock");
    count_add(&r->status->sightings_corrected, count);
    return true;
}

/* Of what was not taken. True: the register has refused it for ever. */
static bool judge(struct report *r, enum err err, long status, size_t count,
                  const struct fault *fault)
{
    if (err == ERR_STOPPED)
        return false;
    count_add(&r->status->report_errors, 1);
    bool for_ever = !err && (status == 400 || status == 413 || status == 415 || status == 422) &&
                    report_is_refusal(answer_of(r));
    say(for_ever || err == ERR_CODEC ? SAY_ALARM : SAY_WARNING,
        "event=sightings count=%zu status=%ld detail=\"%s\"", count, status,
        err        ? fault->detail
        : for_ever ? "dropped"
                   : "");
    if (for_ever)
        count_add(&r->status->sightings_refused, count);
    return for_ever;
}

/* False: it stays, and is tried later. */
static bool read_file(struct report *r, uint64_t file, struct spool_batch *out)
{
    struct fault fault = {0};
    *out = (struct spool_batch){.sightings = r->sightings, .max = SPOOL_FILE_RECORDS};
    enum err err = node_spool_read(r->spool, file, out, &fault);
    if (err && !r->unreadable)
        say_fault(SAY_ALARM, "sightings_file", err, &fault);
    r->unreadable = err != ERR_OK;
    return !err;
}

static void drop_file(struct report *r, uint64_t file, const struct spool_batch *batch)
{
    if (batch->damaged) {
        say(SAY_ALARM, "event=sightings_damaged file=%llu records=%zu good=%zu",
            (unsigned long long)file, batch->damaged, batch->count);
        count_add(&r->status->sightings_damaged, batch->damaged);
    }
    node_spool_drop(r->spool, file);
}

/* Of the first *n of r->sightings; on success *n is how many are to be sent again. False: try later. */
static bool send_some(struct report *r, size_t *n)
{
    struct fault fault = {0};
    long status = 0;
    buf_clear(&r->body);
    buf_clear(&r->answer);
    for (size_t i = 0; i < *n; i++)
        report_format(&r->sightings[i], &r->body);
    if (r->body.failed)
        return false;
    struct link_question q = {.path = "/api/v1/sightings",
                              .body = {(const char *)r->body.p, r->body.n},
                              .type = "application/x-ndjson",
                              .whole_ms = WHOLE_MS,
                              .answer = &r->answer,
                              .most = ANSWER_BYTES};
    enum err err = link_ask(r->link, &q, &status, &fault);
    if (!err && status / 100 == 2) {
        err = look_at_answer(r, *n, n, &fault);
        if (!err)
            return true;
    }
    if (!judge(r, err, status, *n, &fault))
        return false;
    *n = 0;
    return true;
}

static bool send_file(struct report *r, uint64_t file)
{
    struct spool_batch batch;
    if (!read_file(r, file, &batch))
        return false;
    size_t n = batch.count;
    if (n && !send_some(r, &n))
        return false;
    if (n && correct(r, n) && !send_some(r, &n))
        return false;
    if (n && ++r->ahead_tries < AHEAD_TRIES)
        return false;
    if (n) {
        say(SAY_ALARM, "event=sightings_ahead count=%zu detail=\"dropped\"", n);
        count_add(&r->status->sightings_refused, n);
    }
    r->ahead_tries = 0;
    drop_file(r, file, &batch);
    return true;
}

static void *run(void *arg)
{
    struct report *r = arg;
    while (link_rest(r->link, LOOK_MS)) {
        uint64_t file = node_spool_cut(r->spool);
        if (!file)
            continue;
        if (send_file(r, file)) {
            r->back_off_ms = BACK_OFF_MS;
            continue;
        }
        int64_t ms = r->back_off_ms;
        r->back_off_ms = ms * 2 < BACK_OFF_MAX_MS ? ms * 2 : BACK_OFF_MAX_MS;
        if (!link_rest(r->link, ms / 2 + (int64_t)randombytes_uniform((uint32_t)(ms / 2 + 1))))
            break;
    }
    return NULL;
}

enum err report_new(const struct link_options *link, struct node_spool *spool,
                    struct node_status *status, struct report **out)
{
    struct report *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_MEMORY;
    r->spool = spool;
    r->status = status;
    r->back_off_ms = BACK_OFF_MS;
    r->sightings = calloc(SPOOL_FILE_RECORDS, sizeof *r->sightings);
    enum err err = r->sightings ? link_new(link, &r->link) : ERR_MEMORY;
    if (!err) {
        r->runs = pthread_create(&r->thread, NULL, run, r) == 0;
        err = r->runs ? ERR_OK : ERR_MEMORY;
    }
    if (err)
        report_free(r);
    else
        *out = r;
    return err;
}

void report_free(struct report *r)
{
    if (!r)
        return;
    if (r->link)
        link_stop(r->link);
    if (r->runs)
        pthread_join(r->thread, NULL);
    link_free(r->link);
    buf_release(&r->body);
    buf_release(&r->answer);
    free(r->sightings);
    free(r);
}
