/* SPDX-License-Identifier: Apache-2.0 */
#include "node/desk.h"

#include <assert.h>

enum { LOOK_US = 1000000 };

/* Day and wall clock anew, and when to look next: at midnight, or in a second. */
static void look(struct desk *desk, const struct view *view)
{
    int64_t utc_us = clock_now_us(desk->with.clock);
    daynum today = zone_day(&view->zone, utc_us / 1000000);
    int64_t left = zone_day_start(&view->zone, today + 1) * 1000000 - utc_us;
    desk->net = view->net;
    desk->net.today = today;
    desk->generation = view->generation;
    desk->wall_us = utc_us - desk->turn_us;
    desk->look_us = desk->turn_us + (left > 0 && left < LOOK_US ? left : LOOK_US);
}

/* Of identities that are no IMEI nothing is looked up. */
static void answer_whole(const struct network *net, const struct network_check *checks, size_t n,
                         struct network_reply *out)
{
    struct network_question questions[NETWORK_BATCH];
    questions[0] = (struct network_question){0};
    for (size_t i = 0; i < n; i++)
        questions[i] = checks[i].malformed
                           ? (struct network_question){.imsi = checks[i].question.imsi}
                           : checks[i].question;
    network_answer(net, questions, n, out);
    for (size_t i = 0; i < n; i++)
        if (__builtin_expect(checks[i].malformed, 0))
            out[i] = (struct network_reply){.equipment = net->settings.malformed,
                                            .list = LIST_UNKNOWN,
                                            .reason = REASON_MALFORMED,
                                            .home = out[i].home};
}

static void log_check(struct desk *desk, const struct network_asker *asker,
                      const struct network_check *check, const struct network_reply *reply)
{
    struct check_record record = {.time_us = desk->turn_us + desk->wall_us,
                                  .check = *check,
                                  .reply = *reply,
                                  .face = (uint8_t)asker->face};
    size_t n = asker->origin.n < sizeof record.origin ? asker->origin.n : sizeof record.origin;
    if (n)
        memcpy(record.origin, asker->origin.p, n);
    record.origin_n = (uint8_t)n;
    ring_put(desk->with.checks, &record);
}

static void write_down(struct desk *desk, const struct network_asker *asker,
                       const struct network_check *checks, const struct network_reply *replies,
                       size_t n)
{
    bool white =
        desk->with.checks && atomic_load_explicit(desk->with.log_white, memory_order_relaxed);
    for (size_t i = 0; i < n; i++) {
        if (desk->with.checks && (white || replies[i].equipment != EQUIPMENT_WHITE))
            log_check(desk, asker, &checks[i], &replies[i]);
        if (replies[i].fresh && desk->with.sightings) {
            struct sighting s = {checks[i].question.imei,
                                 (desk->turn_us + desk->wall_us) / 1000000};
            ring_put(desk->with.sightings, &s);
        }
    }
}

static void desk_answer(struct network_desk *face, const struct network_asker *asker,
                        const struct network_check *checks, size_t n, struct network_reply *out)
{
    struct desk *desk = (struct desk *)face;
    assert(n <= NETWORK_BATCH);
    const struct view *view = view_hold(desk->with.views, desk->with.slot);
    if (view->generation != desk->generation || desk->turn_us >= desk->look_us)
        look(desk, view);
    answer_whole(&desk->net, checks, n, out);
    view_drop(desk->with.slot);
    write_down(desk, asker, checks, out, n);
    counts_note(desk->with.counts, asker, checks, out, n);
    counts_time(desk->with.counts, asker->face, n, clock_monotonic_us() - desk->turn_us);
}

static void desk_refused(struct network_desk *face, const struct network_asker *asker,
                         unsigned code)
{
    counts_refused(((struct desk *)face)->with.counts, asker->face, code);
}

void desk_init(struct desk *desk, const struct desk_options *with)
{
    *desk = (struct desk){
        .face = {.answer = desk_answer, .refused = desk_refused, .worker = with->worker},
        .with = *with};
    desk->turn_us = clock_monotonic_us();
}

void desk_turn(struct desk *desk, int64_t now_us)
{
    desk->turn_us = now_us;
}
