/* SPDX-License-Identifier: Apache-2.0 */
#include "node/status_text.h"

#include <inttypes.h>

#include "core/tac_ranges.h"

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP tamga_eir_%s %s\n# TYPE tamga_eir_%s %s\n", name, help, name, type);
}

static void one(struct buf *out, const char *name, const char *type, const char *help, uint64_t v)
{
    head(out, name, type, help);
    buf_printf(out, "tamga_eir_%s %" PRIu64 "\n", name, v);
}

static uint64_t sum_of(const struct status_sources *s, unsigned face, unsigned peer, unsigned kind)
{
    uint64_t sum = 0;
    for (unsigned w = 0; w < s->workers; w++)
        sum += count_get(&s->counts[w]->by[face][peer].of[kind]);
    return sum;
}

/* Backslash, quote and line end, as the format wants them. */
static void put_label(struct buf *out, struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (c == '"' || c == '\\')
            buf_str(out, STR("\\"));
        buf_put(out, (unsigned char)c < ' ' ? "?" : &c, 1);
    }
}

static void put_checks(const struct status_sources *s, struct buf *out, unsigned face,
                       unsigned peer)
{
    struct str name = peer ? s->peer(s->ctx, face, peer) : STR("");
    for (unsigned kind = 0; kind < COUNT_KINDS; kind++) {
        uint64_t n = sum_of(s, face, peer, kind);
        if (!n && peer)
            continue;
        buf_printf(out, "tamga_eir_checks_total{face=\"%s\",peer=\"", network_face_name(face));
        if (name.n || !peer)
            put_label(out, name);
        else
            buf_printf(out, "%u", peer);
        buf_printf(out, "\",what=\"%s\"} %" PRIu64 "\n", count_name((enum count)kind), n);
    }
}

static void put_times(const struct status_sources *s, struct buf *out, unsigned face)
{
    const char *name = network_face_name(face);
    uint64_t sum = 0, us = 0;
    for (unsigned i = 0; i <= COUNTS_TIMES; i++) {
        for (unsigned w = 0; w < s->workers; w++)
            sum += count_get(&s->counts[w]->times[face][i]);
        buf_printf(out, "tamga_eir_answer_seconds_bucket{face=\"%s\",le=\"", name);
        if (i < COUNTS_TIMES)
            buf_printf(out, "%g", (double)counts_times_us[i] / 1e6);
        else
            buf_str(out, STR("+Inf"));
        buf_printf(out, "\"} %" PRIu64 "\n", sum);
    }
    for (unsigned w = 0; w < s->workers; w++)
        us += count_get(&s->counts[w]->times_sum_us[face]);
    buf_printf(out,
               "tamga_eir_answer_seconds_sum{face=\"%s\"} %.6f\n"
               "tamga_eir_answer_seconds_count{face=\"%s\"} %" PRIu64 "\n",
               name, (double)us / 1e6, name, sum);
}

/* All workers' of the code that one of them has at a place, told once: by the first that has it. */
static uint64_t refused_of(const struct status_sources *s, unsigned face, uint32_t code,
                           unsigned worker)
{
    uint64_t sum = 0;
    for (unsigned w = 0; w < s->workers; w++)
        for (unsigned i = 0; i < COUNTS_CODES; i++) {
            const struct counts_code *c = &s->counts[w]->refused[face][i];
            if (atomic_load_explicit(&c->code, memory_order_relaxed) != code)
                continue;
            if (w < worker)
                return 0;
            sum += count_get(&c->n);
        }
    return sum;
}

static void put_refused(const struct status_sources *s, struct buf *out, unsigned face)
{
    for (unsigned w = 0; w < s->workers; w++)
        for (unsigned i = 0; i < COUNTS_CODES; i++) {
            const struct counts_code *c = &s->counts[w]->refused[face][i];
            uint32_t code = atomic_load_explicit(&c->code, memory_order_relaxed);
            uint64_t n = code ? refused_of(s, face, code, w) : 0;
            if (n)
                buf_printf(out, "tamga_eir_refused_total{face=\"%s\",code=\"%u\"} %" PRIu64 "\n",
                           network_face_name(face), code, n);
        }
}

static void put_answers(const struct status_sources *s, struct buf *out)
{
    head(out, "checks_total", "counter",
         "Checks, by what was said; received counts all of them, paired, mismatch and fresh some "
         "once "
         "more.");
    for (unsigned face = 0; face < NETWORK_MAP; face++)
        for (unsigned peer = 0; peer < COUNTS_PEERS; peer++)
            put_checks(s, out, face, peer);
    head(out, "refused_total", "counter",
         "Requests that were answered without a look at the lists, by Diameter Result-Code or HTTP "
         "status.");
    for (unsigned face = 0; face < NETWORK_MAP; face++)
        put_refused(s, out, face);
    head(out, "answer_seconds", "histogram", "From the reading of a question to its answer.");
    for (unsigned face = 0; face < NETWORK_MAP; face++)
        put_times(s, out, face);
}

static void put_lines(const struct status_sources *s, struct buf *out)
{
    if (!s->lines)
        return;
    struct status_lines l = s->lines(s->ctx);
    one(out, "connections", "gauge", "Connections that are open.", l.open);
    one(out, "connections_accepted_total", "counter", "Connections that were taken.", l.accepted);
    one(out, "connections_refused_total", "counter", "Connections that found no room.", l.refused);
    one(out, "connections_dropped_total", "counter", "Connections that were broken off here.",
        l.dropped);
    one(out, "connections_made_total", "counter", "Connections that this node made.", l.connected);
    one(out, "received_bytes_total", "counter", "Bytes that came.", l.bytes_in);
    one(out, "sent_bytes_total", "counter", "Bytes that went.", l.bytes_out);
}

/* As their setting is written; "" for all. */
static void tacs_of(const struct node_status *st, char out[TAC_RANGES_TEXT])
{
    struct tac_ranges tacs = {.count = atomic_load(&st->tac_count)};
    for (uint32_t i = 0; i < tacs.count; i++) {
        const uint64_t range = atomic_load(&st->tacs[i]);
        tacs.of[i] = (struct tac_range){(uint32_t)(range >> 32), (uint32_t)range};
    }
    tac_ranges_format(&tacs, out);
}

static void put_tacs(const struct node_status *st, struct buf *out)
{
    char tacs[TAC_RANGES_TEXT];
    tacs_of(st, tacs);
    head(out, "tacs", "gauge", "1: holds these TACs; all, or ranges of them.");
    buf_printf(out, "tamga_eir_tacs{held=\"%s\"} 1\n", *tacs ? tacs : "all");
    one(out, "tacs_missing", "gauge", "1: the settings want more TACs than it holds yet.",
        atomic_load(&st->tacs_missing));
}

/* Seconds since the register's last signed word. */
static double head_age(const struct status_sources *s)
{
    int64_t age = clock_now_us(s->clock) - atomic_load(&s->status->head_us);
    return age > 0 ? (double)age / 1e6 : 0;
}

static uint64_t behind(const struct node_status *st)
{
    uint64_t has = atomic_load(&st->applied_seq), all = atomic_load(&st->register_next_seq);
    return all > has ? all - has : 0;
}

static void put_follow(const struct status_sources *s, struct buf *out)
{
    const struct node_status *st = s->status;
    one(out, "ready", "gauge", "1: it has something to answer from.", atomic_load(&st->ready));
    one(out, "sequence", "gauge", "Next sequence number: all before it is known here.",
        atomic_load(&st->next_seq));
    one(out, "applied", "gauge", "Next sequence number: all before it is answered from.",
        atomic_load(&st->applied_seq));
    one(out, "behind_items", "gauge",
        "Journal items that the register has and this node does not answer from yet.", behind(st));
    head(out, "head_age_seconds", "gauge", "Since the register's last signed word.");
    buf_printf(out, "tamga_eir_head_age_seconds %.3f\n", head_age(s));
    head(out, "clock_ahead_seconds", "gauge",
         "This machine's clock before the register's, when that last spoke.");
    buf_printf(out, "tamga_eir_clock_ahead_seconds %.3f\n",
               (double)atomic_load(&st->clock_ahead_us) / 1e6);
    one(out, "stale", "gauge", "1: that is longer than stale_after_hours.",
        atomic_load(&st->stale));
    one(out, "override", "gauge", "The rules' network_override: 0 none, 1 grey, 2 white.",
        atomic_load(&st->network_override));
    one(out, "rules", "gauge", "Number of the rule set.", atomic_load(&st->rules));
    one(out, "imeis", "gauge", "IMEIs in memory.", atomic_load(&st->imeis));
    put_tacs(st, out);
    one(out, "index_bytes", "gauge", "Memory that they take.", atomic_load(&st->index_bytes));
    one(out, "blocks_total", "counter", "Blocks that came.", atomic_load(&st->blocks));
    one(out, "batches_open", "gauge", "Batches whose rows wait for their end.",
        atomic_load(&st->batches_open));
    one(out, "feed_log_bytes", "gauge", "Size of the feed's log.", atomic_load(&st->log_bytes));
    one(out, "feed_errors_total", "counter", "Questions to the register that failed.",
        atomic_load(&st->feed_errors));
    one(out, "older_heads_total", "counter",
        "Answers that were not taken: signed earlier than the one before.",
        atomic_load(&st->older_heads));
    one(out, "snapshots_total", "counter", "Snapshots that were taken.",
        atomic_load(&st->snapshots));
    one(out, "segments_cache_total", "counter", "Segments of the feed that came from the cache.",
        atomic_load(&st->segments_cache));
    one(out, "segments_register_total", "counter",
        "Segments of the feed that came from the register itself.",
        atomic_load(&st->segments_register));
    one(out, "snapshots_cache_total", "counter", "Snapshots that came from the cache.",
        atomic_load(&st->snapshots_cache));
    one(out, "cache_errors_total", "counter", "Times that the cache gave nothing.",
        atomic_load(&st->cache_errors));
    one(out, "cache_refused_total", "counter", "Times that the cache gave what was not believed.",
        atomic_load(&st->cache_refused));
    one(out, "snapshots_refused_total", "counter", "Snapshots that were not believed.",
        atomic_load(&st->snapshots_refused));
}

static uint64_t lost(struct ring *const *rings, unsigned n)
{
    uint64_t sum = 0;
    for (unsigned i = 0; rings && i < n; i++)
        sum += ring_lost(rings[i]);
    return sum;
}

static void put_writers(const struct status_sources *s, struct buf *out)
{
    const struct node_status *st = s->status;
    one(out, "sightings_spooled_total", "counter", "First uses that were written down.",
        atomic_load(&st->sightings_taken));
    one(out, "sightings_repeated_total", "counter", "First uses that had been written already.",
        atomic_load(&st->sightings_twice));
    one(out, "sightings_sent_total", "counter", "First uses that the register took.",
        atomic_load(&st->sightings_sent));
    one(out, "sightings_refused_total", "counter", "First uses that it refused.",
        atomic_load(&st->sightings_refused));
    one(out, "sightings_corrected_total", "counter",
        "First uses that were sent again with the register's time: this clock is ahead.",
        atomic_load(&st->sightings_corrected));
    one(out, "sightings_lost_total", "counter", "First uses that found no room here.",
        atomic_load(&st->sightings_lost) + lost(s->sightings, s->workers));
    one(out, "sightings_damaged_total", "counter", "Records of the spool that were damaged.",
        atomic_load(&st->sightings_damaged));
    one(out, "sightings_spool_bytes", "gauge", "Size of the spool.", atomic_load(&st->spool_bytes));
    one(out, "sightings_spool_files", "gauge", "Files in it.", atomic_load(&st->spool_files));
    one(out, "reports_failed_total", "counter", "Reports that the register did not take.",
        atomic_load(&st->report_errors));
    one(out, "check_log_lines_total", "counter", "Lines of the check log.",
        atomic_load(&st->log_lines));
    one(out, "check_log_lost_total", "counter", "Lines that found no room or no disk.",
        atomic_load(&st->log_errors) + lost(s->checks, s->workers));
}

static void put_nrf(const struct status_sources *s, struct buf *out)
{
    const struct node_status *st = s->status;
    if (!atomic_load(&st->nrf_wanted))
        return;
    one(out, "nrf_registered", "gauge", "1: the NRF knows this node.",
        atomic_load(&st->nrf_registered));
    one(out, "nrf_away", "gauge", "1: the NRF did not take the last question.",
        atomic_load(&st->nrf_away));
    one(out, "nrf_suspended", "gauge", "1: the NRF was told to send nobody here.",
        atomic_load(&st->nrf_suspended));
    one(out, "nrf_registrations_total", "counter", "Registrations that it took.",
        atomic_load(&st->nrf_registrations));
    one(out, "nrf_heart_beats_total", "counter", "Heart-beats that it took.",
        atomic_load(&st->nrf_heart_beats));
    one(out, "nrf_failures_total", "counter", "Questions that it did not take.",
        atomic_load(&st->nrf_failures));
}

void status_metrics(const struct status_sources *s, struct buf *out)
{
    head(out, "build_info", "gauge", "Which program this is.");
    buf_printf(out, "tamga_eir_build_info{version=\"%s\"} 1\n", s->version);
    put_follow(s, out);
    put_lines(s, out);
    put_writers(s, out);
    put_nrf(s, out);
    put_answers(s, out);
}

static const char *nrf_of(const struct node_status *st)
{
    if (!atomic_load(&st->nrf_wanted))
        return "";
    if (atomic_load(&st->nrf_away))
        return ",\"nrf\":\"away\"";
    return atomic_load(&st->nrf_registered) ? ",\"nrf\":\"registered\"" : ",\"nrf\":\"starting\"";
}

bool status_health(const struct status_sources *s, struct buf *out)
{
    const struct node_status *st = s->status;
    bool ready = atomic_load(&st->ready), stale = atomic_load(&st->stale);
    char tacs[TAC_RANGES_TEXT];
    tacs_of(st, tacs);
    buf_printf(out,
               "{\"status\":\"%s\",\"sequence\":%" PRIu64 ",\"applied\":%" PRIu64
               ",\"behind\":%" PRIu64 ",\"head_age_seconds\":%.0f,\"rules\":%" PRIu32
               ",\"imeis\":%" PRIu64 ",\"override\":%" PRIu32
               ",\"tacs\":\"%s\",\"tacs_missing\":%s%s}\n",
               !ready  ? "starting"
               : stale ? "stale"
                       : "ok",
               atomic_load(&st->next_seq), atomic_load(&st->applied_seq), behind(st), head_age(s),
               atomic_load(&st->rules), atomic_load(&st->imeis), atomic_load(&st->network_override),
               *tacs ? tacs : "all", atomic_load(&st->tacs_missing) ? "true" : "false", nrf_of(st));
    return ready;
}
