/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/inquiry.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

enum state { WAITS, BEING_ASKED, ANSWERED };

/* What is asked stays as it is for as long as it stands in the list. */
struct question {
    struct question *next;
    uint64_t application;
    char number[APPLICATION_NUMBER_TEXT]; /* of the application */
    char who[13];                         /* IIN or BIN */
    char document[LIMIT_DOCUMENT + 1];
    daynum entered;
    uint32_t item;
    struct imei *imeis; /* GSMA's; owned, as listed */
    size_t n;
    /* guarded by the source's lock */
    enum state state;
    enum asked asked; /* the last answer; ASKED_LATER: none yet */
    struct customs_answer customs;
    bool *listed;
    int64_t answered_us;
    bool told;
};

typedef enum asked put_fn(const struct check_sources *sources, struct question *q);

/* One source: its questions, the first that came at the head. */
struct lane {
    struct inquiry *inquiry;
    put_fn *put;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct question *first;
    unsigned count;
    bool stopping;
    pthread_t threads[INQUIRY_THREADS];
    unsigned thread_count;
};

enum { BORDER, PARCEL, CUSTOMS, GSMA, LANES };

struct inquiry {
    struct check_sources inner, outer;
    void (*heard)(void *ctx);
    void *ctx;
    struct lane lanes[LANES];
};

/* ---- the threads ---- */

static enum asked put_border(const struct check_sources *s, struct question *q)
{
    const struct check_question is = {q->who, q->entered, q->document, q->number};
    return s->border.ask(s->border.ctx, &is);
}

static enum asked put_parcel(const struct check_sources *s, struct question *q)
{
    const struct check_question is = {q->who, q->entered, q->document, q->number};
    return s->parcel.ask(s->parcel.ctx, &is);
}

static enum asked put_customs(const struct check_sources *s, struct question *q)
{
    const struct customs_question is = {str_z(q->document), q->item, q->who, q->number};
    return s->customs.ask(s->customs.ctx, &is, &q->customs);
}

static enum asked put_gsma(const struct check_sources *s, struct question *q)
{
    return s->gsma.ask(s->gsma.ctx, q->number, q->imeis, q->n, q->listed);
}

static struct question *next_of(struct lane *lane)
{
    struct question *q = lane->first;
    while (q && q->state != WAITS)
        q = q->next;
    return q;
}

static void *run(void *arg)
{
    struct lane *lane = arg;
    pthread_mutex_lock(&lane->lock);
    while (!lane->stopping) {
        struct question *q = next_of(lane);
        if (!q) {
            pthread_cond_wait(&lane->work, &lane->lock);
            continue;
        }
        q->state = BEING_ASKED;
        pthread_mutex_unlock(&lane->lock);
        enum asked asked = lane->put(&lane->inquiry->inner, q);
        pthread_mutex_lock(&lane->lock);
        q->asked = asked;
        q->state = ANSWERED;
        q->answered_us = clock_monotonic_us();
        q->told = false;
        pthread_mutex_unlock(&lane->lock);
        lane->inquiry->heard(lane->inquiry->ctx);
        pthread_mutex_lock(&lane->lock);
    }
    pthread_mutex_unlock(&lane->lock);
    return NULL;
}

/* ---- the list ---- */

static void question_free(struct question *q)
{
    free(q->imeis);
    free(q->listed);
    explicit_bzero(q, sizeof *q);
    free(q);
}

static bool is_older(const struct question *q, int seconds)
{
    return q->state == ANSWERED &&
           clock_monotonic_us() - q->answered_us > INT64_C(1000000) * seconds;
}

/* Forgets what was answered more than a minute ago. */
static void forget_old(struct lane *lane)
{
    for (struct question **at = &lane->first; *at;) {
        struct question *q = *at;
        if (!is_older(q, INQUIRY_KEPT_S)) {
            at = &q->next;
            continue;
        }
        *at = q->next;
        lane->count--;
        question_free(q);
    }
}

static bool is_same(const struct question *a, const struct question *b)
{
    return a->application == b->application && a->entered == b->entered && a->item == b->item &&
           a->n == b->n && !strcmp(a->who, b->who) && !strcmp(a->document, b->document) &&
           (!a->n || !memcmp(a->imeis, b->imeis, a->n * sizeof *a->imeis));
}

/* Puts a copy at the end. */
static struct question *add(struct lane *lane, const struct question *wanted)
{
    struct question *q = malloc(sizeof *q), **end = &lane->first;
    struct imei *imeis = wanted->n ? malloc(wanted->n * sizeof *imeis) : NULL;
    bool *listed = wanted->n ? calloc(wanted->n, sizeof *listed) : NULL;
    if (!q || (wanted->n && (!imeis || !listed))) {
        free(q);
        free(imeis);
        free(listed);
        return NULL;
    }
    if (wanted->n)
        memcpy(imeis, wanted->imeis, wanted->n * sizeof *imeis);
    *q = *wanted;
    q->next = NULL;
    q->imeis = imeis;
    q->listed = listed;
    while (*end)
        end = &(*end)->next;
    *end = q;
    lane->count++;
    pthread_cond_signal(&lane->work);
    return q;
}

/* The answer that stands, and the question goes out when there is none. wanted->listed: filled in. */
static enum asked look(struct lane *lane, struct question *wanted)
{
    wanted->asked = ASKED_LATER;
    application_number_parse(str_z(wanted->number), &wanted->application);
    pthread_mutex_lock(&lane->lock);
    struct question *q = lane->first;
    while (q && !is_same(q, wanted))
        q = q->next;
    if (!q) {
        forget_old(lane);
        q = lane->count < INQUIRY_MOST ? add(lane, wanted) : NULL;
    } else if (is_older(q, q->asked == ASKED_AWAY ? INQUIRY_AWAY_S : INQUIRY_KEPT_S)) {
        q->asked = q->asked == ASKED_AWAY ? ASKED_AWAY : ASKED_LATER;
        q->state = WAITS;
        pthread_cond_signal(&lane->work);
    }
    enum asked asked = q ? q->asked : ASKED_AWAY;
    if (q && asked == ASKED_YES) {
        wanted->customs = q->customs;
        if (q->n)
            memcpy(wanted->listed, q->listed, q->n * sizeof *q->listed);
    }
    pthread_mutex_unlock(&lane->lock);
    return asked;
}

/* ---- as sources ---- */

static void set_who(struct question *q, const char *who, const char *number)
{
    str_copy(q->who, sizeof q->who, str_z(who));
    str_copy(q->number, sizeof q->number, str_z(number));
}

static enum asked look_person(void *ctx, const struct check_question *is)
{
    struct question q = {.entered = is->entered};
    set_who(&q, is->iin, is->number);
    str_copy(q.document, sizeof q.document, str_z(is->document));
    return look(ctx, &q);
}

static enum asked look_customs(void *ctx, const struct customs_question *is,
                               struct customs_answer *out)
{
    struct question q = {.item = is->item};
    set_who(&q, is->bin, is->number);
    str_copy(q.document, sizeof q.document, is->declaration);
    enum asked asked = look(ctx, &q);
    if (asked == ASKED_YES)
        *out = q.customs;
    return asked;
}

static enum asked look_gsma(void *ctx, const char *number, const struct imei *imeis, size_t n,
                            bool *listed)
{
    struct question q = {.n = n, .listed = listed};
    struct imei copy[GSMA_ASK_MOST];
    if (n > GSMA_ASK_MOST)
        return ASKED_AWAY;
    memcpy(copy, imeis, n * sizeof *imeis);
    q.imeis = copy;
    set_who(&q, "", number);
    return look(ctx, &q);
}

const struct check_sources *inquiry_sources(const struct inquiry *a)
{
    return &a->outer;
}

void inquiry_heard(struct inquiry *a, uint64_t *out_ids, size_t max, size_t *out_n)
{
    *out_n = 0;
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &a->lanes[i];
        pthread_mutex_lock(&lane->lock);
        for (struct question *q = lane->first; q && *out_n < max; q = q->next) {
            if (q->state != ANSWERED || q->told)
                continue;
            q->told = true;
            out_ids[(*out_n)++] = q->application;
        }
        pthread_mutex_unlock(&lane->lock);
    }
}

bool inquiry_waits(struct inquiry *a, uint64_t application)
{
    bool waits = false;
    for (size_t i = 0; !waits && i < LANES; i++) {
        struct lane *lane = &a->lanes[i];
        pthread_mutex_lock(&lane->lock);
        for (struct question *q = lane->first; q && !waits; q = q->next)
            waits = q->application == application && q->state != ANSWERED;
        pthread_mutex_unlock(&lane->lock);
    }
    return waits;
}

/* ---- opening and closing ---- */

static bool start(struct lane *lane)
{
    while (lane->thread_count < INQUIRY_THREADS)
        if (pthread_create(&lane->threads[lane->thread_count], NULL, run, lane))
            return false;
        else
            lane->thread_count++;
    return true;
}

enum err inquiry_open(const struct check_sources *s, void (*heard)(void *ctx), void *ctx,
                      struct inquiry **out, struct fault *fault)
{
    static put_fn *const puts[LANES] = {put_border, put_parcel, put_customs, put_gsma};
    const bool there[LANES] = {s->border.ask, s->parcel.ask, s->customs.ask, s->gsma.ask};
    struct inquiry *a = calloc(1, sizeof *a);
    if (!a)
        return fault_set(fault, ERR_MEMORY, "questions");
    a->inner = *s;
    a->heard = heard;
    a->ctx = ctx;
    a->outer = (struct check_sources){
        .border = {there[BORDER] ? look_person : NULL, &a->lanes[BORDER]},
        .parcel = {there[PARCEL] ? look_person : NULL, &a->lanes[PARCEL]},
        .customs = {.ask = there[CUSTOMS] ? look_customs : NULL, .ctx = &a->lanes[CUSTOMS]},
        .gsma = {there[GSMA] ? look_gsma : NULL, &a->lanes[GSMA]}};
    bool good = true;
    for (size_t i = 0; i < LANES; i++) {
        a->lanes[i].inquiry = a;
        a->lanes[i].put = puts[i];
        pthread_mutex_init(&a->lanes[i].lock, NULL);
        pthread_cond_init(&a->lanes[i].work, NULL);
    }
    for (size_t i = 0; good && i < LANES; i++)
        good = !there[i] || start(&a->lanes[i]);
    if (!good) {
        inquiry_close(a);
        return fault_set(fault, ERR_MEMORY, "a thread");
    }
    *out = a;
    return ERR_OK;
}

void inquiry_close(struct inquiry *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < LANES; i++) {
        pthread_mutex_lock(&a->lanes[i].lock);
        a->lanes[i].stopping = true;
        pthread_cond_broadcast(&a->lanes[i].work);
        pthread_mutex_unlock(&a->lanes[i].lock);
    }
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &a->lanes[i];
        for (unsigned t = 0; t < lane->thread_count; t++)
            pthread_join(lane->threads[t], NULL);
        while (lane->first) {
            struct question *q = lane->first;
            lane->first = q->next;
            question_free(q);
        }
        pthread_cond_destroy(&lane->work);
        pthread_mutex_destroy(&lane->lock);
    }
    free(a);
}
