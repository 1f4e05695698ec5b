/* SPDX-License-Identifier: Apache-2.0 */
#include "node/counts.h"

const int64_t counts_times_us[COUNTS_TIMES] = {10,   25,   50,   100,   250,   500,
                                               1000, 2500, 5000, 10000, 25000, 100000};

const char *count_name(enum count count)
{
    static const char *const names[] = {"received", "white", "black",     "grey",
                                        "unknown",  "error", "malformed", "paired",
                                        "mismatch", "fresh", "outside"};
    return names[count];
}

const char *network_face_name(unsigned face)
{
    static const char *const names[] = {"s13", "n5g", "map"};
    return face < NETWORK_FACES ? names[face] : "-";
}

static enum count answer_of(uint8_t equipment)
{
    switch (equipment) {
    case EQUIPMENT_WHITE:
        return COUNT_WHITE;
    case EQUIPMENT_BLACK:
        return COUNT_BLACK;
    case EQUIPMENT_GREY:
        return COUNT_GREY;
    case EQUIPMENT_UNKNOWN:
        return COUNT_UNKNOWN;
    default:
        return COUNT_ERROR;
    }
}

void counts_note(struct counts *c, const struct network_asker *asker,
                 const struct network_check *checks, const struct network_reply *replies, size_t n)
{
    unsigned number = asker->peer < COUNTS_PEERS ? asker->peer : 0;
    struct counts_peer *peer = &c->by[asker->face][number];
    uint64_t add[COUNT_KINDS] = {[COUNT_RECEIVED] = n};
    for (size_t i = 0; i < n; i++) {
        const struct network_reply *r = &replies[i];
        bool clone = r->reason == REASON_CLONE && checks[i].question.imsi;
        add[answer_of(r->equipment)]++;
        add[COUNT_MALFORMED] += checks[i].malformed;
        add[COUNT_PAIRED] += clone && r->list == LIST_WHITE;
        add[COUNT_MISMATCH] += clone && r->list == LIST_BLACK;
        add[COUNT_FRESH] += r->fresh;
        add[COUNT_OUTSIDE] += r->outside;
    }
    for (unsigned i = 0; i < COUNT_KINDS; i++)
        if (add[i])
            count_add(&peer->of[i], add[i]);
}

/* The faces have fewer codes than there is room for. */
void counts_refused(struct counts *c, unsigned face, unsigned code)
{
    for (unsigned i = 0; i < COUNTS_CODES; i++) {
        struct counts_code *at = &c->refused[face][i];
        uint32_t had = atomic_load_explicit(&at->code, memory_order_relaxed);
        if (!had)
            atomic_store_explicit(&at->code, code, memory_order_relaxed);
        if (had && had != code)
            continue;
        count_add(&at->n, 1);
        return;
    }
}

void counts_time(struct counts *c, unsigned face, size_t n, int64_t us)
{
    unsigned i = 0;
    while (i < COUNTS_TIMES && us > counts_times_us[i])
        i++;
    count_add(&c->times[face][i], n);
    count_add(&c->times_sum_us[face], (uint64_t)(us > 0 ? us : 0) * n);
}
