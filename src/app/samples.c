/* SPDX-License-Identifier: Apache-2.0
 *
 * IMEIs: real TACs, so that a model is shown where a TAC list is loaded, and serials of the sample
 * range 990000-990099. Each sample is made the way a real one comes into being; the days are
 * counted from the day on which the register is made. */
#include "app/samples.h"

#include "app/suspend.h"
#include "app/verify.h"

enum name {
    VERIFIED_IMPORT,
    VERIFIED_PERSONAL,
    VERIFIED_MANUFACTURE,
    VERIFIED_REPAIR,
    AMNESTY,
    BEFORE_DUTY,
    GREY_29,
    GREY_LAST_DAY,
    EXPIRED,
    HELD,
    STOLEN,
    LOST,
    ORDER,
    PENITENTIARY,
    GSMA,
    CLONE_PAIR,
    CLONE_OTHER,
    SECOND_WHITE,
    SECOND_GREY,
    REPLACED,
    REVOKED,
    TEMPORARY,
    DUPLICATE,
    MACHINE,
    MALFORMED,
    MISTYPED,
    NEVER_SEEN,
    SAMPLES
};

static const struct sample samples[SAMPLES] = {
    [VERIFIED_IMPORT] = {"verified_import", "357350079900013", NULL, REASON_VERIFIED},
    [VERIFIED_PERSONAL] = {"verified_personal", "359205079900025", NULL, REASON_VERIFIED},
    [VERIFIED_MANUFACTURE] = {"verified_manufacture", "869271029900039", NULL, REASON_VERIFIED},
    [VERIFIED_REPAIR] = {"verified_repair", "352677089900046", NULL, REASON_VERIFIED},
    [AMNESTY] = {"amnesty", "867515029900056", NULL, REASON_AMNESTY},
    [BEFORE_DUTY] = {"before_duty", "357350079900062", NULL, REASON_BEFORE_DUTY},
    [GREY_29] = {"grey_29", "359205079900074", NULL, REASON_UNVERIFIED},
    [GREY_LAST_DAY] = {"grey_last_day", "869271029900088", NULL, REASON_UNVERIFIED},
    [EXPIRED] = {"expired", "352677089900095", NULL, REASON_EXPIRED},
    [HELD] = {"held", "867515029900106", NULL, REASON_HELD},
    [STOLEN] = {"stolen", "357350079900112", NULL, REASON_STOLEN},
    [LOST] = {"lost", "359205079900124", NULL, REASON_LOST},
    [ORDER] = {"order", "869271029900138", NULL, REASON_ORDER},
    [PENITENTIARY] = {"penitentiary", "352677089900145", NULL, REASON_PENITENTIARY},
    [GSMA] = {"gsma", "867515029900155", NULL, REASON_GSMA},
    [CLONE_PAIR] = {"clone_pair", "357350079900161", "401011234567890", REASON_CLONE},
    [CLONE_OTHER] = {"clone_other", "357350079900161", "401019876543210", REASON_CLONE},
    [SECOND_WHITE] = {"second_white", "869271029900187", NULL, REASON_VERIFIED},
    [SECOND_GREY] = {"second_grey", "869271029900914", NULL, REASON_UNVERIFIED},
    [REPLACED] = {"replaced", "867515029900205", NULL, REASON_REPLACED},
    [REVOKED] = {"revoked", "357350079900211", NULL, REASON_REVOKED},
    [TEMPORARY] = {"temporary", "359205079900223", NULL, REASON_TEMPORARY},
    [DUPLICATE] = {"duplicate", "869271029900237", NULL, REASON_UNVERIFIED},
    [MACHINE] = {"machine", "352677089900244", NULL, REASON_MACHINE},
    [MALFORMED] = {"malformed", "000000000000000", NULL, REASON_MALFORMED},
    [MISTYPED] = {"mistyped", "357350079900263", NULL, REASON_COUNT},
    [NEVER_SEEN] = {"never_seen", "359205079900272", NULL, REASON_NEVER_ACTIVATED},
};

const struct sample *sample_get(size_t i)
{
    return i < SAMPLES ? &samples[i] : NULL;
}

enum list sample_list(const struct sample *sample)
{
    return sample == &samples[CLONE_PAIR] ? LIST_WHITE : reason_list(sample->expect);
}

static struct imei imei_of(enum name name)
{
    struct imei imei = {0};
    enum err err = imei_parse_network(str_z(samples[name].imei), &imei);
    (void)err; /* the table holds 15 digits everywhere */
    return imei;
}

/* ---- ways by which samples come into being ---- */

static enum err approve(struct registry *reg, enum name name, uint8_t kind, const char *bin,
                        struct fault *fault)
{
    struct approving how = {.kind = kind, .at = INSTANT_NONE};
    struct device device = {.imeis = {imei_of(name)}, .count = 1};
    enum err err = registry_party(reg, PARTY_PERSON, str_z(bin), &how.party, fault);
    return err ? err : verify_device(reg, NULL, &how, &device, fault);
}

static enum err repair(struct registry *reg, struct fault *fault)
{
    struct approving how = {.kind = APPROVAL_REPAIR, .at = INSTANT_NONE};
    struct device device = {.imeis = {imei_of(VERIFIED_REPAIR)},
                            .count = 1,
                            .old = {imei_of(REPLACED)},
                            .old_count = 1};
    enum err err = registry_party(reg, PARTY_PERSON, STR("030540003215"), &how.party, fault);
    return err ? err : verify_device(reg, NULL, &how, &device, fault);
}

static enum err mark(struct registry *reg, enum name name, uint8_t kind, const char *body,
                     struct fault *fault)
{
    struct suspension s = {.kind = kind,
                           .body = str_z(body),
                           .order = STR("SAMPLE-1"),
                           .from = DAYNUM_NONE,
                           .last = DAYNUM_OPEN};
    struct imei imei = imei_of(name);
    struct batch_result result;
    return suspend(reg, &s, &imei, 1, &result, fault);
}

/* Facts that files bring: one batch an event. */
struct given {
    enum name name;
    struct change change;
};

static enum err give(struct registry *reg, uint8_t event, const struct given *given, size_t n,
                     struct fault *fault)
{
    struct changes list = {0};
    for (size_t i = 0; i < n; i++) {
        struct change change = given[i].change;
        change.imei = imei_of(given[i].name);
        changes_add(&list, &change);
    }
    struct batch_plan plan = {.entry = {.event = event}, .label = "samples"};
    struct batch_result result;
    enum err err = changes_sort(&list);
    plan.source = changes_source(&list);
    if (!err)
        err = batch_run(reg, &plan, &result, fault);
    changes_release(&list);
    return err;
}

static struct change activated(daynum day, daynum today)
{
    return (struct change){.kind = CHANGE_ACTIVATED,
                           .activated = {.day = day, .known = day < today ? day : today}};
}

static enum err activate(struct registry *reg, struct fault *fault)
{
    daynum t = registry_today(reg), term = reg->rules.grace_days;
    const struct given given[] = {
        {VERIFIED_IMPORT, activated(t - 10, t)}, {VERIFIED_PERSONAL, activated(t - 3, t)},
        {GREY_29, activated(t + 29 - term, t)},  {GREY_LAST_DAY, activated(t - term, t)},
        {EXPIRED, activated(t - term - 1, t)},   {HELD, activated(t - term - 2, t)},
        {STOLEN, activated(t - 200, t)},         {LOST, activated(t - 100, t)},
        {CLONE_PAIR, activated(t - 60, t)},      {SECOND_WHITE, activated(t - 20, t)},
        {SECOND_GREY, activated(t - 20, t)},     {REPLACED, activated(t - 300, t)},
        {REVOKED, activated(t - 40, t)},         {TEMPORARY, activated(t - 5, t)},
        {DUPLICATE, activated(t - 12, t)},
    };
    return give(reg, EVENT_OBSERVED, given, sizeof given / sizeof *given, fault);
}

static enum err approve_all(struct registry *reg, struct fault *fault)
{
    static const struct {
        enum name name;
        uint8_t kind;
        const char *bin;
    } approvals[] = {
        {VERIFIED_IMPORT, APPROVAL_IMPORT, "030540003215"},
        {VERIFIED_PERSONAL, APPROVAL_PERSONAL, "900101300017"},
        {VERIFIED_MANUFACTURE, APPROVAL_MANUFACTURE, "030540003215"},
        {BEFORE_DUTY, APPROVAL_BEFORE_DUTY, "900101300017"},
        {SECOND_WHITE, APPROVAL_PERSONAL, "900101300017"},
        {REVOKED, APPROVAL_IMPORT, "030540003215"},
        {REPLACED, APPROVAL_IMPORT, "030540003215"},
    };
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof approvals / sizeof *approvals; i++)
        err = approve(reg, approvals[i].name, approvals[i].kind, approvals[i].bin, fault);
    if (!err)
        err = repair(reg, fault);
    if (!err)
        err = verify_revoke(reg, imei_of(REVOKED), "sample: false papers", fault);
    return err;
}

static enum err mark_all(struct registry *reg, struct fault *fault)
{
    enum err err = mark(reg, STOLEN, MARK_STOLEN, "police", fault);
    if (!err)
        err = mark(reg, LOST, MARK_LOST, "police", fault);
    if (!err)
        err = mark(reg, ORDER, MARK_ORDER, "court", fault);
    if (!err)
        err = mark(reg, PENITENTIARY, MARK_PENITENTIARY, "penitentiary", fault);
    return err;
}

static enum err make_rest(struct registry *reg, struct fault *fault)
{
    daynum today = registry_today(reg);
    uint64_t imsi = 0;
    struct imei machine = imei_of(MACHINE);
    enum err err = imsi_parse(str_z(samples[CLONE_PAIR].imsi), &imsi);
    if (!err)
        err = verify_clone(reg, imei_of(CLONE_PAIR), FACTS_CLONE, &imsi, 1, fault);
    if (!err)
        err = verify_clone(reg, imei_of(DUPLICATE), FACTS_CLONE_SUSPECTED, NULL, 0, fault);
    if (!err)
        err = verify_hold(reg, imei_of(HELD), DAYNUM_OPEN, fault);
    if (!err)
        err = verify_temporary(reg, imei_of(TEMPORARY), today + 60, fault);
    if (!err)
        err = verify_machines(reg, &machine, 1, true, fault);
    return err;
}

enum err samples_make(struct registry *reg, struct fault *fault)
{
    const struct given amnesty[] = {{AMNESTY, {.kind = CHANGE_AMNESTY, .on = true}}};
    const struct given gsma[] = {{GSMA, {.kind = CHANGE_GSMA, .on = true}}};
    enum err err = activate(reg, fault);
    if (!err)
        err = give(reg, EVENT_AMNESTY, amnesty, 1, fault);
    if (!err)
        err = give(reg, EVENT_GSMA, gsma, 1, fault);
    if (!err)
        err = approve_all(reg, fault);
    if (!err)
        err = mark_all(reg, fault);
    return err ? err : make_rest(reg, fault);
}
