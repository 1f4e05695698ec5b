/* SPDX-License-Identifier: Apache-2.0 */
#include "face/metrics.h"

#include <stdio.h>

#include "face/limiter.h"
#include "face/lists.h"
#include "face/notices.h"
#include "face/route.h"
#include "face/stats.h"
#include "face/waiters.h"

_Static_assert(LIMIT_KINDS == 4 && LIST_COUNT <= 8, "stats.h has places for so many");

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP tamga_%s %s\n# TYPE tamga_%s %s\n", name, help, name, type);
}

static void gauge(struct buf *out, const char *name, const char *help, double value)
{
    head(out, name, "gauge", help);
    buf_printf(out, "tamga_%s %.15g\n", name, value);
}

static void counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "counter", help);
    buf_printf(out, "tamga_%s %llu\n", name, (unsigned long long)value);
}

static void requests(struct buf *out, const struct site *site)
{
    head(out, "http_requests_total", "counter", "Requests answered, by route and status.");
    for (unsigned route = 0; route <= route_count(site); route++) {
        struct stats_route r;
        stats_route(site->stats, route, &r);
        for (unsigned i = 0; i < STATS_STATUSES; i++) {
            if (!r.status[i])
                continue;
            char status[8] = "other";
            if (stats_status(i))
                snprintf(status, sizeof status, "%d", stats_status(i));
            buf_printf(out, "tamga_http_requests_total{route=\"%s\",status=\"%s\"} %llu\n",
                       route_pattern(site, route), status, (unsigned long long)r.status[i]);
        }
    }
}

static void latency(struct buf *out, const struct site *site)
{
    static const char name[] = "tamga_http_request_seconds";
    head(out, "http_request_seconds", "histogram",
         "From the head of a request to its answer being handed over.");
    for (unsigned route = 0; route <= route_count(site); route++) {
        struct stats_route r;
        stats_route(site->stats, route, &r);
        uint64_t sum = 0;
        for (unsigned i = 0; i < STATS_STEPS; i++) {
            char le[24] = "+Inf";
            if (stats_step_us(i) >= 0)
                snprintf(le, sizeof le, "%g", (double)stats_step_us(i) / 1e6);
            sum += r.step[i];
            buf_printf(out, "%s_bucket{route=\"%s\",le=\"%s\"} %llu\n", name,
                       route_pattern(site, route), le, (unsigned long long)sum);
        }
        buf_printf(out, "%s_sum{route=\"%s\"} %.6f\n%s_count{route=\"%s\"} %llu\n", name,
                   route_pattern(site, route), (double)r.us / 1e6, name, route_pattern(site, route),
                   (unsigned long long)sum);
    }
}

static void refusals(struct buf *out, const struct stats *stats)
{
    static const char *const names[LIMIT_KINDS] = {
        [LIMIT_KIND_PERSON] = "person",
        [LIMIT_KIND_ADDRESS] = "address",
        [LIMIT_KIND_KEY] = "key",
        [LIMIT_KIND_PUBLIC] = "public",
    };
    head(out, "limited_total", "counter", "IMEIs that a rate limit refused, by limit.");
    for (unsigned i = 0; i < LIMIT_KINDS; i++)
        buf_printf(out, "tamga_limited_total{limit=\"%s\"} %llu\n", names[i],
                   (unsigned long long)stats_total(stats, STAT_LIMITED + i));
    counter(out, "crowded_total", "Requests refused because too many were in flight.",
            stats_total(stats, STAT_CROWDED));
    counter(out, "untrusted_forwarded_total",
            "Requests that a proxy sent which trusted_proxies does not name.",
            stats_total(stats, STAT_UNTRUSTED));
}

static void checks(struct buf *out, const struct stats *stats)
{
    head(out, "checks_total", "counter", "IMEIs answered, by list.");
    for (unsigned i = 0; i < LIST_COUNT; i++)
        buf_printf(out, "tamga_checks_total{list=\"%s\"} %llu\n", list_name((enum list)i),
                   (unsigned long long)stats_total(stats, STAT_LIST + i));
}

static void state(struct buf *out, const struct service_health *health)
{
    gauge(out, "store_ok", "1 when the last look at the register's store succeeded.",
          health->store_ok);
    gauge(out, "stale_seconds", "Since the last look at the store that succeeded.",
          (double)health->stale_ms / 1e3);
    gauge(out, "index_lag_seconds",
          "From the writing of the last block applied to its being answered here.",
          (double)health->lag_ms / 1e3);
    gauge(out, "index_behind_items", "Journal items committed but not applied, at the last look.",
          (double)health->behind);
    gauge(out, "index_imeis", "IMEIs in the index.", (double)health->imeis);
    gauge(out, "sequence", "Last sequence number of the journal that was applied.",
          (double)health->seq);
    gauge(out, "rule_set", "Number of the rule set in force.", (double)health->rules);
    gauge(out, "key_file_ok", "1 while the key file is as it should be.", health->keys_ok);
    gauge(out, "seal_key_newest", "Number of the newest key for personal data that is known here.",
          (double)health->seal_newest);
    gauge(out, "seal_key_used", "Number of the key under which personal data is sealed here.",
          (double)health->seal_used);
    gauge(out, "expire_through_lag_days", "Days from expire_through to today.",
          (double)(health->today - health->expire_through));
}

static void snapshots(struct buf *out, struct snapshots *snapshots)
{
    const struct snapshots_kept kept = snapshots_kept(snapshots);
    gauge(out, "snapshot_parts", "Sets of TACs of which a snapshot is kept for EIR nodes.",
          kept.sets);
    gauge(out, "snapshot_parts_bytes",
          "Of their files, which have no name in the directory of snapshots.", (double)kept.bytes);
    gauge(out, "snapshot_parts_failing", "Of these sets: could not be made at the last try.",
          kept.failing);
}

void metrics_label(struct buf *out, const char *name)
{
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            buf_put(out, "\\", 1);
        buf_put(out, name, 1);
    }
}

void metrics_answer(struct exchange *x)
{
    const struct site *site = x->site;
    if (x->request->strange_proxy || !nets_hold(&site->metrics_from, &x->request->client)) {
        route_fail(x, ERR_ADDRESS);
        return;
    }
    struct service_health health = service_health(site->service);
    x->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    requests(x->out, site);
    latency(x->out, site);
    checks(x->out, site->stats);
    refusals(x->out, site->stats);
    state(x->out, &health);
    if (service_lists(site->service))
        lists_metrics(service_lists(site->service), x->out);
    if (service_snapshots(site->service))
        snapshots(x->out, service_snapshots(site->service));
    if (site->notices)
        notices_metrics(site->notices, x->out);
    if (site->more_metrics)
        site->more_metrics(site->portal, x->out);
    if (site->watch_metrics)
        site->watch_metrics(site->watch_metrics_ctx, x->out);
    gauge(x->out, "http_inflight", "Requests whose answer is not sent.", x->request->inflight);
    if (site->waiters)
        gauge(x->out, "feed_waiters", "EIR nodes that wait for news of the register.",
              waiters_count(site->waiters));
}
