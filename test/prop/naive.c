/* SPDX-License-Identifier: Apache-2.0 */
#include "naive.h"

#include <stdio.h>

static bool has_open_mark(const struct facts *f, uint8_t kind, daynum day)
{
    bool open = false;
    for (int i = 0; i < f->mark_count; i++) {
        bool begun = f->marks[i].from <= day;
        bool ended = f->marks[i].last != DAYNUM_OPEN && f->marks[i].last < day;
        if (f->marks[i].kind == kind && begun && !ended)
            open = true;
    }
    return open;
}

/* Rule 1: "of several: stolen, lost, order, penitentiary, GSMA". */
static bool rule_1(const struct facts *f, daynum day, uint8_t *reason)
{
    if (has_open_mark(f, MARK_STOLEN, day))
        *reason = REASON_STOLEN;
    else if (has_open_mark(f, MARK_LOST, day))
        *reason = REASON_LOST;
    else if (has_open_mark(f, MARK_ORDER, day))
        *reason = REASON_ORDER;
    else if (has_open_mark(f, MARK_PENITENTIARY, day))
        *reason = REASON_PENITENTIARY;
    else if (f->flags & FACTS_GSMA)
        *reason = REASON_GSMA;
    else
        return false;
    return true;
}

/* Rule 4: "14 digits, all the same". */
static bool all_digits_same(struct imei imei)
{
    char text[32];
    snprintf(text, sizeof text, "%014llu", (unsigned long long)imei.body);
    for (int i = 1; i < 14; i++)
        if (text[i] != text[0])
            return false;
    return true;
}

/* "and no approval later than that", "equal -> the revocation wins". */
static bool stands_against_approval(int64_t event_at, int64_t approved_at)
{
    if (event_at == INSTANT_NONE)
        return false;
    if (approved_at == INSTANT_NONE)
        return true;
    return !(approved_at > event_at);
}

/* Rule 5: replaced or revoked; both -> REVOKED. */
static bool rule_5(const struct facts *f, uint8_t *reason)
{
    if (stands_against_approval(f->revoked_at, f->verified_at))
        *reason = REASON_REVOKED;
    else if (stands_against_approval(f->replaced_at, f->verified_at))
        *reason = REASON_REPLACED;
    else
        return false;
    return true;
}

/* Rule 9: "deadline = max(activation's local date + grace_days, enforce_after), and not before
 * min_notice_days after the activation became known"; 0 days: no such floor. */
static daynum plain_deadline(const struct facts *f, const struct rules *r)
{
    daynum deadline = f->activation + r->grace_days;
    if (r->enforce_after > deadline)
        deadline = r->enforce_after;
    if (r->min_notice_days > 0 && f->known + r->min_notice_days > deadline)
        deadline = f->known + r->min_notice_days;
    return deadline;
}

/* Rule 9, to the end: grey, held, or expired through the gate. */
static void rule_9(const struct facts *f, const struct rules *r, daynum day, daynum gate,
                   struct naive_verdict *v)
{
    daynum plain = plain_deadline(f, r);
    bool open_hold = f->hold_until == DAYNUM_OPEN;
    bool long_hold = !open_hold && f->hold_until != DAYNUM_NONE && f->hold_until > plain;

    daynum last_with_service = plain; /* of the decisions: "Deadline = last day with service" */
    if (long_hold)
        last_with_service = f->hold_until;
    v->deadline = open_hold ? DAYNUM_NONE : last_with_service;

    if (day <= plain) {
        v->reason = REASON_UNVERIFIED;
    } else if (open_hold || (long_hold && day <= f->hold_until)) {
        v->reason = REASON_HELD;
    } else if (gate != DAYNUM_OPEN && gate < last_with_service) {
        /* It waits for expire_through and stays what it was on its last day. */
        v->reason = long_hold ? REASON_HELD : REASON_UNVERIFIED;
    } else {
        v->reason = REASON_EXPIRED;
    }
}

/* Which reason, and with it the deadline: the ten rules in their order. */
static void ten_rules(struct imei imei, const struct facts *f, const struct rules *r, daynum day,
                      daynum gate, struct naive_verdict *v)
{
    bool activated = f->activation != DAYNUM_NONE && f->activation <= day;
    enum tac_class class = tac_classify(r->tac, (uint32_t)(imei.body / 1000000));

    if (rule_1(f, day, &v->reason))
        return;
    v->reason = REASON_MACHINE; /* 2: declared fleet or TAC type */
    if ((f->flags & FACTS_MACHINE) || class == TAC_MACHINE)
        return;
    v->reason = REASON_CLONE; /* 3 */
    if (f->flags & FACTS_CLONE)
        return;
    v->reason = REASON_MALFORMED; /* 4 */
    if (r->malformed == MALFORMED_BLACK && all_digits_same(imei))
        return;
    if (rule_5(f, &v->reason))
        return;
    v->reason = REASON_VERIFIED; /* 6; later than any revocation, else rule 5 had spoken */
    if (f->verified_at != INSTANT_NONE)
        return;
    v->reason = REASON_TEMPORARY;
    if (f->temporary_until != DAYNUM_NONE && day <= f->temporary_until)
        return;
    v->reason = REASON_AMNESTY; /* 7 */
    if ((f->flags & FACTS_AMNESTY) || (activated && f->activation < r->amnesty_before))
        return;
    v->reason = REASON_BEFORE_DUTY;
    if (f->before_duty_at != INSTANT_NONE)
        return;
    v->reason = REASON_NEVER_ACTIVATED; /* 10: rules 8 and 9 speak of activated ones only */
    if (!activated)
        return;
    v->reason = REASON_TAC_UNALLOCATED; /* 8 */
    if (r->tac_list_complete && class == TAC_MISSING && r->tac_list_date > f->activation)
        return;
    rule_9(f, r, day, gate, v);
}

static enum list list_of(uint8_t reason)
{
    switch ((enum reason)reason) {
    case REASON_VERIFIED:
    case REASON_TEMPORARY:
    case REASON_AMNESTY:
    case REASON_BEFORE_DUTY:
        return LIST_WHITE;
    case REASON_UNVERIFIED:
    case REASON_HELD:
        return LIST_GREY;
    case REASON_MACHINE:
    case REASON_ROAMER:
        return LIST_EXEMPT;
    case REASON_NEVER_ACTIVATED:
        return LIST_UNKNOWN;
    case REASON_STOLEN:
    case REASON_LOST:
    case REASON_ORDER:
    case REASON_PENITENTIARY:
    case REASON_GSMA:
    case REASON_CLONE:
    case REASON_MALFORMED:
    case REASON_REVOKED:
    case REASON_REPLACED:
    case REASON_TAC_UNALLOCATED:
    case REASON_EXPIRED:
    case REASON_COUNT:
        break;
    }
    return LIST_BLACK;
}

struct naive_verdict naive_judge(struct imei imei, const struct facts *facts,
                                 const struct rules *rules, daynum day, daynum gate)
{
    struct naive_verdict v = {.deadline = DAYNUM_NONE};
    ten_rules(imei, facts, rules, day, gate, &v);
    v.list = list_of(v.reason);
    v.used = facts->activation != DAYNUM_NONE && facts->activation <= day;
    v.duplicate = (facts->flags & (FACTS_CLONE | FACTS_CLONE_SUSPECTED)) != 0;
    return v;
}
