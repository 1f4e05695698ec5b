/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/clone_watch.h"

#include <inttypes.h>
#include <stdio.h>

enum { HOUR = 4 }; /* from when on the day before is looked at: feeds come at night */

void clone_watch_init(struct clone_watch *w)
{
    *w = (struct clone_watch){.looked = 0};
    pthread_mutex_init(&w->lock, NULL);
}

/* ---- the look at night ---- */

static void say_looked(enum err err, const struct clone_opened *o, const struct fault *fault)
{
    fprintf(stderr,
            "event=clones result=%s opened=%" PRIu64 " again=%" PRIu64 " fleets=%" PRIu64
            " confirmed=%" PRIu64 " held=%" PRIu64 "%s%s\n",
            err_name(err), o->opened, o->again, o->fleets, o->confirmed, o->held,
            err ? " detail=" : "", err ? fault->detail : "");
}

void clone_watch_night(struct clone_watch *w, struct registry *reg, const atomic_int *stop)
{
    struct fault fault = {0};
    struct clone_finds finds;
    struct clone_opened opened = {0};
    int64_t now = clock_now_us(reg->clock) / 1000000;
    daynum today = registry_today(reg);
    bool night = now - zone_day_start(&reg->zone, today) < HOUR * 3600;
    if (night || w->looked == today || registry_refresh(reg, &fault))
        return;
    const struct clone_look look = {.through = today};
    const struct clone_open how = {.stop = stop};
    enum err err = clones_find(reg, &look, &finds, &fault);
    bool idle = !err && finds.idle;
    if (!err) {
        err = clones_open(reg, &finds, &how, &opened, &fault);
        clone_finds_release(&finds);
    }
    if (err != ERR_STORE_AWAY && err != ERR_STORE_BUSY)
        w->looked = today;
    if (!idle)
        say_looked(err, &opened, &fault);
    if (opened.held)
        fprintf(stderr, "event=clones_held alarm=yes held=%" PRIu64 " most=%" PRIu32 "\n",
                opened.held, reg->rules.clone_auto_most);
    if (!idle)
        clone_watch_count(w, reg);
}

/* ---- figures ---- */

void clone_watch_count(struct clone_watch *w, struct registry *reg)
{
    struct clone_figures f = {.known = true, .today = registry_today(reg)};
    enum err err = clone_counts(reg, &f.standing, NULL);
    if (!err)
        err = clone_by_rule_get(reg, f.today, &f.by_rule, NULL);
    if (err)
        return;
    pthread_mutex_lock(&w->lock);
    w->figures = f;
    pthread_mutex_unlock(&w->lock);
}

static void gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
    buf_printf(out,
               "# HELP tamga_clones_%s %s\n# TYPE tamga_clones_%s gauge\ntamga_clones_%s %" PRIu64
               "\n",
               name, help, name, name, value);
}

void clone_watch_metrics(void *ctx, struct buf *out)
{
    struct clone_watch *w = ctx;
    pthread_mutex_lock(&w->lock);
    const struct clone_figures now = w->figures;
    pthread_mutex_unlock(&w->lock);
    if (!now.known)
        return;
    const daynum oldest = now.standing.oldest;
    buf_printf(out, "# HELP tamga_clones_cases Clone cases, by state.\n"
                    "# TYPE tamga_clones_cases gauge\n");
    for (unsigned at = 1; at < CLONE_ATS; at++)
        buf_printf(out, "tamga_clones_cases{state=\"%s\"} %" PRIu64 "\n", clone_at_name(at),
                   now.standing.count[at]);
    gauge(out, "oldest_days", "Age of the oldest case that is open; 0 when there is none.",
          oldest == DAYNUM_NONE || oldest > now.today ? 0 : (uint64_t)(now.today - oldest));
    gauge(out, "confirmed_by_rule_today", "Confirmed today without an officer.",
          now.by_rule.confirmed);
    gauge(out, "held_today",
          "Left to officers today because a rule would have confirmed more than clone_auto_most.",
          now.by_rule.held);
}
