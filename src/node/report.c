/* SPDX-License-Identifier: Apache-2.0 */
#include "node/report.h"

#include <pthread.h>
#include <stdlib.h>

#include <jansson.h>
#include <sodium.h>

#include "node/say.h"

enum {
    LOOK_MS = 100,
    BACK_OFF_MS = 1000,
    BACK_OFF_MAX_MS = 60000,
    WHOLE_MS = 30000,
    ANSWER_BYTES = 4 << 20,
    SAID = 20, /* refused lines that are said one by one */
};

struct report {
    struct link *link;
    struct node_spool *spool;
    struct node_status *status;
    struct sighting *sightings; /* of the file that is sent */
    bool unreadable;            /* the oldest file; said once */
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

static void look_at_answer(struct report *r, size_t count)
{
    json_t *answer = json_loadb((const char *)r->answer.p, r->answer.n, 0, NULL);
    const json_t *refused = json_object_get(answer, "refused");
    size_t shown = json_array_size(refused);
    for (size_t i = 0; i < shown && i < SAID; i++)
        say_refused(r, count, json_array_get(refused, i));
    json_int_t all = json_integer_value(json_object_get(answer, "refused_count"));
    size_t n = all > 0 ? (size_t)all : 0;
    if (n)
        say(SAY_WARNING, "event=sightings_refused count=%zu of=%zu", n, count);
    n = n < count ? n : count;
    count_add(&r->status->sightings_refused, n);
    count_add(&r->status->sightings_sent, count - n);
    json_decref(answer);
}

/* True: the file is done with. */
static bool judge(struct report *r, enum err err, long status, size_t count,
                  const struct fault *fault)
{
    if (!err && status / 100 == 2) {
        look_at_answer(r, count);
        return true;
    }
    if (err == ERR_STOPPED)
        return false;
    count_add(&r->status->report_errors, 1);
    bool for_ever = !err && (status == 400 || status == 413 || status == 415 || status == 422);
    say(for_ever ? SAY_ALARM : SAY_WARNING, "event=sightings count=%zu status=%ld detail=\"%s\"",
        count, err ? 0 : status,
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

static bool send_file(struct report *r, uint64_t file)
{
    struct fault fault = {0};
    struct spool_batch batch;
    long status = 0;
    if (!read_file(r, file, &batch))
        return false;
    size_t n = batch.count;
    buf_clear(&r->body);
    buf_clear(&r->answer);
    for (size_t i = 0; i < n; i++)
        report_format(&r->sightings[i], &r->body);
    struct link_question q = {.path = "/api/v1/sightings",
                              .body = {(const char *)r->body.p, r->body.n},
                              .type = "application/x-ndjson",
                              .whole_ms = WHOLE_MS,
                              .answer = &r->answer,
                              .most = ANSWER_BYTES};
    if (r->body.failed)
        return false;
    enum err err = n ? link_ask(r->link, &q, &status, &fault) : ERR_OK;
    if (n && !judge(r, err, status, n, &fault))
        return false;
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
