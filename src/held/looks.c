/* SPDX-License-Identifier: Apache-2.0
 *
 * Who looked: events of the audit log about an IMEI, a person, a number, or what was found of them. */
#include "cases/code.h"
#include "held/inside.h"
#include "people/audit_log.h"
#include "people/role.h"

/* What the object of an event is. */
enum object { OF_NOTHING, OF_IMEI, OF_APPLICATION, OF_CLAIM, OF_NUMBER, OF_EXPORT };

static const uint8_t objects[AUDIT_WHAT_COUNT] = {
    [AUDIT_LOOK] = OF_APPLICATION,   [AUDIT_FILE] = OF_APPLICATION, [AUDIT_DECIDE] = OF_APPLICATION,
    [AUDIT_PAPER] = OF_APPLICATION,  [AUDIT_CHECK] = OF_IMEI,       [AUDIT_MARK_LOOK] = OF_IMEI,
    [AUDIT_CLONE_LOOK] = OF_IMEI,    [AUDIT_CLONE] = OF_IMEI,       [AUDIT_CLAIM_LOOK] = OF_CLAIM,
    [AUDIT_CLAIM_DECIDE] = OF_CLAIM, [AUDIT_CODE_SENT] = OF_NUMBER, [AUDIT_CODE_TRIED] = OF_NUMBER,
    [AUDIT_EXPORT] = OF_EXPORT,
};

struct looks {
    struct held_run *run;
    uint64_t number; /* hash of a phone number; 0 */
};

static bool is_about(const struct looks *l, const struct audit_event *e)
{
    const struct held_run *run = l->run;
    switch ((enum object)objects[e->what]) {
    case OF_IMEI:
        return run->ask->by == HELD_BY_IMEI && e->object == run->ask->imei.body;
    case OF_APPLICATION:
        return e->object && held_ids_has(&run->applications, e->object);
    case OF_CLAIM:
        return e->object && (held_ids_has(&run->requests, e->object) ||
                             held_ids_has(&run->complaints, e->object));
    case OF_NUMBER:
        return l->number && e->object == l->number;
    case OF_EXPORT:
        return e->object == run->asked;
    case OF_NOTHING:
        return false;
    }
    return false;
}

static bool take_event(void *ctx, uint64_t page, const struct audit_event *e)
{
    struct looks *l = ctx;
    struct held_run *run = l->run;
    bool his = run->party && (e->subject == run->party || e->actor == run->party);
    (void)page;
    if (e->what >= AUDIT_WHAT_COUNT || (!his && !is_about(l, e)))
        return !held_over(run);
    return held_item(run,
                     json_pack("{s:o, s:s, s:s, s:o, s:s}", "at", held_instant(e->time_ms / 1000),
                               "what", audit_what_name(e->what), "role", role_name(e->role), "by",
                               held_name(run, e->actor), "outcome", err_name(e->outcome)));
}

enum err held_put_audit_log(struct held_run *run)
{
    struct looks looks = {.run = run};
    if (run->ask->by == HELD_BY_MSISDN)
        looks.number = code_number_hash(run->reg, run->ask->msisdn);
    return audit_log_read(run->reg, take_event, &looks, run->fault);
}
