/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge. evaluate() walks the ten rules of domain.md 3 in their order for one day; beside the
 * reason it says until which day no date of the facts or the rules can change the outcome. From
 * that, judging finds valid_through and next by evaluating again on the day after.
 *
 * To change a rule: change evaluate(), test/unit/policy_test.c and test/prop/naive.c. */
#include "core/policy.h"

/* The outcome of one day. */
struct outcome {
    uint8_t reason;
    daynum deadline; /* DAYNUM_NONE unless grey or EXPIRED; none for an open hold */
    daynum until;    /* the outcome holds at least up to this day */
};

static inline daynum earlier(daynum a, daynum b)
{
    return a < b ? a : b;
}

static inline daynum later(daynum a, daynum b)
{
    return a > b ? a : b;
}

/* Rule 1, marks: the strongest kind that acts on the day, 0 when none does. *until shrinks to the
 * last day before a mark ends or a stronger one begins. Rare, so not inlined. */
__attribute__((noinline)) static uint8_t mark_on(const struct facts *f, daynum day, daynum *until)
{
    static const uint8_t reasons[] = {
        [MARK_STOLEN] = REASON_STOLEN,
        [MARK_LOST] = REASON_LOST,
        [MARK_ORDER] = REASON_ORDER,
        [MARK_PENITENTIARY] = REASON_PENITENTIARY,
    };
    for (unsigned i = 0; i < f->mark_count; i++) { /* sorted: the strongest kind first */
        const struct mark *m = &f->marks[i];
        if (day < m->from) {
            *until = earlier(*until, m->from - 1);
        } else if (day <= m->last) {
            *until = earlier(*until, m->last);
            return reasons[m->kind];
        }
    }
    return 0;
}

/* Rule 5: taken out in a repair or revoked for cause, and no approval later than that. Equal
 * seconds: the revocation wins. */
static uint8_t withdrawn(const struct facts *f)
{
    if (f->revoked_at != INSTANT_NONE && f->verified_at <= f->revoked_at)
        return REASON_REVOKED;
    if (f->replaced_at != INSTANT_NONE && f->verified_at <= f->replaced_at)
        return REASON_REPLACED;
    return 0;
}

daynum policy_deadline(const struct facts *f, const struct rules *r)
{
    if (f->activation == DAYNUM_NONE)
        return DAYNUM_NONE;
    daynum deadline = later(f->activation + r->grace_days, r->enforce_after);
    if (r->min_notice_days > 0) /* 0: no floor, a late file may turn an IMEI at once */
        deadline = later(deadline, f->known + r->min_notice_days);
    return earlier(deadline, DAYNUM_LAST);
}

/* Rule 9: an activated IMEI that nothing else speaks for. */
static struct outcome term(const struct facts *f, const struct rules *r, daynum day, daynum until)
{
    daynum plain = policy_deadline(f, r);
    daynum last = later(plain, f->hold_until); /* none is the least day, open the greatest */
    daynum deadline = last == DAYNUM_OPEN ? DAYNUM_NONE : last;
    if (day <= plain)
        return (struct outcome){REASON_UNVERIFIED, deadline, earlier(until, plain)};
    if (day <= last)
        return (struct outcome){REASON_HELD, deadline, earlier(until, last)};
    return (struct outcome){REASON_EXPIRED, deadline, until};
}

/* Inlined at both of its calls: its outcome then never leaves the registers. */
static inline __attribute__((always_inline)) struct outcome
evaluate(struct imei imei, const struct facts *f, const struct rules *r, daynum day)
{
    daynum until = DAYNUM_OPEN;
#define SAYS(which) return ((struct outcome){(which), DAYNUM_NONE, until})
    if (f->mark_count) { /* 1: marks, the strongest kind first */
        uint8_t mark = mark_on(f, day, &until);
        if (mark)
            SAYS(mark);
    }
    if (f->flags & FACTS_GSMA) /* 1: GSMA block */
        SAYS(REASON_GSMA);
    enum tac_class class = tac_classify(r->tac, imei_tac(imei));
    if (class == TAC_MACHINE || (f->flags & FACTS_MACHINE)) /* 2 */
        SAYS(REASON_MACHINE);
    if (f->flags & FACTS_CLONE) /* 3: answer() serves its pairs */
        SAYS(REASON_CLONE);
    if (r->malformed == MALFORMED_BLACK && imei_all_same(imei)) /* 4 */
        SAYS(REASON_MALFORMED);
    uint8_t gone = withdrawn(f);
    if (gone) /* 5 */
        SAYS(gone);
    if (f->verified_at != INSTANT_NONE) /* 6 */
        SAYS(REASON_VERIFIED);
    if (f->temporary_until != DAYNUM_NONE && day <= f->temporary_until) { /* 6: visitor */
        until = earlier(until, f->temporary_until);
        SAYS(REASON_TEMPORARY);
    }
    if (f->flags & FACTS_AMNESTY) /* 7: on the loaded list */
        SAYS(REASON_AMNESTY);
    bool active = f->activation != DAYNUM_NONE && f->activation <= day;
    if (f->activation != DAYNUM_NONE && !active)
        until = earlier(until, f->activation - 1);
    if (active && f->activation < r->amnesty_before) /* 7: in use before the duty */
        SAYS(REASON_AMNESTY);
    if (f->before_duty_at != INSTANT_NONE) /* 7: proof that it was here */
        SAYS(REASON_BEFORE_DUTY);
    if (active && class == TAC_MISSING && r->tac_list_complete &&
        r->tac_list_date > f->activation) /* 8 */
        SAYS(REASON_TAC_UNALLOCATED);
    if (active) /* 9 */
        return term(f, r, day, until);
    SAYS(REASON_NEVER_ACTIVATED); /* 10 */
#undef SAYS
}

static inline bool has_deadline(uint8_t reason)
{
    return reason_list(reason) == LIST_GREY || reason == REASON_EXPIRED;
}

/* EXPIRED that the gate has not let through stays what it was on its last day with service. */
static struct outcome hold_back(struct outcome o, const struct facts *f, const struct rules *r,
                                daynum expire_through)
{
    if (o.reason == REASON_EXPIRED && o.deadline > expire_through)
        o.reason = o.deadline > policy_deadline(f, r) ? REASON_HELD : REASON_UNVERIFIED;
    return o;
}

static uint8_t flags_of(const struct facts *f, daynum day)
{
    bool used = f->activation != DAYNUM_NONE && f->activation <= day;
    bool duplicate = f->flags & (FACTS_CLONE_SUSPECTED | FACTS_CLONE);
    return (uint8_t)((used ? VERDICT_USED : 0) | (duplicate ? VERDICT_DUPLICATE : 0));
}

struct verdict policy_judge(struct imei imei, const struct facts *f, const struct rules *r,
                            daynum day)
{
    return policy_judge_gated(imei, f, r, day, DAYNUM_OPEN);
}

struct verdict policy_judge_gated(struct imei imei, const struct facts *f, const struct rules *r,
                                  daynum day, daynum expire_through)
{
    struct outcome now = evaluate(imei, f, r, day);
    bool gated = now.reason == REASON_EXPIRED && now.deadline > expire_through;
    if (gated)
        now = hold_back(now, f, r, expire_through);
    struct verdict v = {.reason = now.reason,
                        .next_reason = now.reason,
                        .flags = flags_of(f, day),
                        .deadline = now.deadline,
                        .valid_through = DAYNUM_OPEN};
    daynum through = now.until;
    while (through < DAYNUM_LAST) {
        struct outcome next = evaluate(imei, f, r, through + 1);
        if (gated)
            next = hold_back(next, f, r, expire_through);
        if (next.reason == now.reason && next.deadline == now.deadline) {
            through = next.until;
            continue;
        }
        v.valid_through = through;
        v.next_reason = next.reason;
        if (!has_deadline(now.reason))
            v.deadline = next.deadline;
        break;
    }
    return v;
}

struct verdict verdict_step(struct verdict v, daynum day, daynum expire_through)
{
    while (v.valid_through != DAYNUM_OPEN && day > v.valid_through) {
        bool waits = v.next_reason == REASON_EXPIRED && v.deadline > expire_through;
        if (!waits)
            v.reason = v.next_reason;
        else if (reason_list(v.reason) != LIST_GREY)
            v.reason = REASON_UNVERIFIED;
        if (!has_deadline(v.reason))
            v.deadline = DAYNUM_NONE;
        bool term_runs = !waits && reason_list(v.reason) == LIST_GREY && v.deadline != DAYNUM_NONE;
        v.valid_through = term_runs ? v.deadline : DAYNUM_OPEN;
        v.next_reason = term_runs ? REASON_EXPIRED : v.reason;
    }
    return v;
}

/* ---- packed and canonical forms ---- */

uint64_t verdict_pack(const struct verdict *v)
{
    return (uint64_t)v->reason | (uint64_t)v->next_reason << 6 | (uint64_t)v->flags << 12 |
           (uint64_t)daynum_pack(v->valid_through) << 16 | (uint64_t)daynum_pack(v->deadline) << 32;
}

struct verdict verdict_unpack(uint64_t p)
{
    return (struct verdict){
        .reason = p & 63,
        .next_reason = p >> 6 & 63,
        .flags = p >> 12 & 3,
        .valid_through = daynum_unpack((uint16_t)(p >> 16), DAYNUM_OPEN),
        .deadline = daynum_unpack((uint16_t)(p >> 32), DAYNUM_NONE),
    };
}

enum { HAS_NEXT = 1 << 2, HAS_DEADLINE = 1 << 3, FLAG_BITS = 3 };

size_t verdict_encode(const struct verdict *v, uint8_t out[VERDICT_BYTES_MAX])
{
    uint8_t *p = out;
    *p++ = v->reason;
    *p++ = (uint8_t)(v->flags | (verdict_has_next(v) ? HAS_NEXT : 0) |
                     (v->deadline != DAYNUM_NONE ? HAS_DEADLINE : 0));
    if (verdict_has_next(v)) {
        put_be(p, daynum_pack(v->valid_through), 2);
        p[2] = v->next_reason;
        p += 3;
    }
    if (v->deadline != DAYNUM_NONE) {
        put_be(p, daynum_pack(v->deadline), 2);
        p += 2;
    }
    return (size_t)(p - out);
}

enum err verdict_decode(struct rd *rd, struct verdict *out)
{
    uint64_t reason = rd_uint(rd, 1), bits = rd_uint(rd, 1), next = reason;
    daynum through = DAYNUM_OPEN, deadline = DAYNUM_NONE;
    if (bits & HAS_NEXT) {
        through = daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_OPEN);
        next = rd_uint(rd, 1);
        if (through == DAYNUM_OPEN)
            rd->failed = true;
    }
    if (bits & HAS_DEADLINE) {
        deadline = daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_NONE);
        if (deadline == DAYNUM_NONE)
            rd->failed = true;
    }
    if (rd->failed || bits > (HAS_NEXT | HAS_DEADLINE | FLAG_BITS) || reason >= REASON_COUNT ||
        next >= REASON_COUNT || !reason_table[reason].name || !reason_table[next].name)
        return ERR_CODEC;
    *out = (struct verdict){.reason = (uint8_t)reason,
                            .next_reason = (uint8_t)next,
                            .flags = bits & FLAG_BITS,
                            .deadline = deadline,
                            .valid_through = through};
    return ERR_OK;
}
