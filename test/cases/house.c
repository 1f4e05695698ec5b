/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/house.h"

#include <stdlib.h>

#include "app/sweep.h"
#include "people/person.h"

struct house *house_open(const char *day)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->f = fixture_memory(day);
    OK(registry_again(h->f->reg, &h->writer, NULL));
    OK(committer_new(h->writer, &h->committer));
    hours_init(&h->hours);
    h->office =
        (struct office){.registry = h->f->reg, .committer = h->committer, .hours = &h->hours};
    h->border = h->parcel = ASKED_YES;
    return h;
}

void house_close(struct house *h)
{
    OK(registry_refresh(h->f->reg, NULL));
    fixture_whole(h->f);
    committer_free(h->committer);
    registry_close(h->writer);
    fixture_free(h->f);
    free(h);
}

void day(struct house *h, const char *text)
{
    struct sweep_result swept;
    fixture_day(h->f, text);
    OK(sweep(h->f->reg, registry_today(h->f->reg) - 1, false, &swept, NULL));
}

static enum asked ask_border(void *ctx, const struct check_question *q)
{
    struct house *h = ctx;
    h->asked++;
    str_copy(h->purpose, sizeof h->purpose, str_z(q->number));
    assert_string_equal(q->iin, "850101300016");
    if (h->meanwhile)
        h->meanwhile(h);
    return h->border;
}

static enum asked ask_parcel(void *ctx, const struct check_question *q)
{
    struct house *h = ctx;
    assert_true(*q->document);
    return h->parcel;
}

/* ---- people ---- */

const struct session officer = {.party = 501, .acts_for = 501, .role = ROLE_OFFICER};
const struct session officer2 = {.party = 502, .acts_for = 502, .role = ROLE_OFFICER};
const struct session firm = {.party = 8, .acts_for = 88, .role = ROLE_ORGANISATION};

static enum err put_person(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct session *who = c->ctx;
    return person_put(reg, who->acts_for, &(struct person){.iin = "850101300016", .name = "Айгүл"},
                      fault);
}

struct session person(struct house *h, uint64_t party)
{
    struct session who = {.party = party, .acts_for = party, .role = ROLE_PERSON};
    struct commit_case c = {.also = put_person, .ctx = &who};
    OK(committer_submit(h->committer, &c));
    return who;
}

/* ---- acts ---- */

struct case_device device(uint64_t body, unsigned imeis)
{
    struct case_device d = {.is.count = (uint8_t)imeis};
    for (unsigned i = 0; i < imeis; i++)
        d.is.imeis[i].body = body + i;
    return d;
}

enum err file_kind(struct house *h, const struct session *who, uint8_t kind, uint64_t body,
                   const char *idempotency, struct application *out, bool *again)
{
    struct case_device d = device(body, 2);
    const struct filing wish = {.kind = kind,
                                .way = WAY_CARRIED,
                                .entered = fixture_daynum("2026-03-01"),
                                .devices = &d,
                                .device_count = 1,
                                .idempotency = str_z(idempotency)};
    return filing_new(&h->office, who, &wish, out, again, NULL);
}

uint64_t file(struct house *h, const struct session *who, uint8_t kind, uint64_t body)
{
    struct application a;
    bool again;
    OK(file_kind(h, who, kind, body, "", &a, &again));
    uint64_t id = a.id;
    application_release(&a);
    return id;
}

struct application get(struct house *h, uint64_t id)
{
    struct application a;
    OK(registry_refresh(h->f->reg, NULL));
    OK(application_get(h->f->reg, id, &a, NULL));
    return a;
}

uint8_t state_of(struct house *h, uint64_t id)
{
    struct application a = get(h, id);
    uint8_t state = a.state;
    application_release(&a);
    return state;
}

enum err settle(struct house *h, uint64_t id, bool *away)
{
    const struct check_sources sources = {.border = {ask_border, h}, .parcel = {ask_parcel, h}};
    return checks_settle(&h->office, &sources, id, away, NULL);
}

uint8_t reason(struct house *h, uint64_t body)
{
    OK(registry_refresh(h->f->reg, NULL));
    return fixture_verdict(h->f, body).reason;
}

daynum held(struct house *h, uint64_t body)
{
    OK(registry_refresh(h->f->reg, NULL));
    return fixture_facts(h->f, body).hold_until;
}

void decide(struct house *h, const struct session *who, uint64_t id, bool approve)
{
    struct application a;
    struct decision d = {.approve = approve, .refusal = REFUSAL_NO_BORDER_CROSSING};
    OK(desk_claim(&h->office, who, id, &a, NULL));
    application_release(&a);
    OK(desk_decide(&h->office, who, id, &d, 1, STR("қараңыз"), &a, NULL));
    application_release(&a);
}
