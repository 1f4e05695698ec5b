/* SPDX-License-Identifier: Apache-2.0 */
#include "face/said.h"

/* Marks and GSMA: rule 1. */
static bool is_mark(uint8_t reason)
{
    return reason_table[reason % REASON_COUNT].rule == 1;
}

struct said said_of(const struct checked *checked)
{
    const struct answer *answer = &checked->answer;
    const struct verdict *verdict = &answer->verdict;
    struct said said = {
        .list = (enum list)answer->list,
        .reason = reason_public(answer->reason),
        .deadline = DAYNUM_NONE,
        .valid_through = DAYNUM_OPEN,
        .days_left = -1,
        .used = verdict->flags & VERDICT_USED,
        .duplicate = verdict->flags & VERDICT_DUPLICATE,
    };
    said.refrain =
        (said.list != LIST_WHITE && said.list != LIST_EXEMPT) || answer->reason == REASON_CLONE;
    if (answer->reason != verdict->reason) /* a roamer: the list's own days are not his */
        return said;
    daynum deadline = verdict_deadline(verdict);
    if (daynum_is_day(deadline)) {
        said.deadline = deadline;
        if (deadline >= checked->today)
            said.days_left = deadline - checked->today;
        said.waits = said.list == LIST_GREY && deadline < checked->today;
    }
    if (verdict_has_next(verdict) && !is_mark(verdict->next_reason)) {
        said.valid_through = verdict->valid_through;
        said.next = reason_public(verdict->next_reason);
        said.next_list = reason_list(verdict->next_reason);
    }
    return said;
}
