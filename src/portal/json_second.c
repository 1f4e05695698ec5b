/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits for a second officer, and what officers said to each other, as an officer reads it. */
#include "cases/accreditation.h"
#include "cases/customs.h"
#include "cases/second.h"
#include "portal/json.h"

static json_t *officer_name(struct visit *v, uint64_t party)
{
    struct party officer;
    bool known = store_party_get(v->office.registry->store, party, &officer, NULL) == ERR_OK;
    return known ? json_string(officer.name) : json_null();
}

static json_t *device(const struct case_proposed *p)
{
    json_t *lifts = json_array();
    for (unsigned bit = 0; lift_name(bit); bit++)
        if (p->lifts >> bit & 1)
            json_array_append_new(lifts, json_string(lift_name(bit)));
    return json_pack("{s:b, s:o, s:o}", "approve", p->approve, "refusal",
                     p->approve ? json_null() : json_string(refusal_name(p->refusal)), "lifts",
                     lifts);
}

static json_t *proposal(struct visit *v, const struct application *a)
{
    json_t *devices = json_array();
    if (!a->proposal) {
        json_decref(devices);
        return json_null();
    }
    for (size_t i = 0; i < a->device_count; i++)
        json_array_append_new(devices, a->devices[i].decided ? json_null()
                                                             : device(&a->proposal->devices[i]));
    return json_pack("{s:o, s:o, s:s, s:o}", "by", officer_name(v, a->proposal->by), "at",
                     json_instant(a->proposal->at_s), "note", a->proposal->note, "devices",
                     devices);
}

/* All of its applicant, where the kind needs one and the register keeps them; NULL: it does not. */
static json_t *accreditations(struct visit *v, const struct application *a)
{
    struct registry *reg = v->office.registry;
    struct accreditation all[ACCREDITATIONS_MAX];
    bool kept = false;
    size_t n = 0;
    if (!accreditation_needed(a->kind) || accreditation_kept(reg, &kept, NULL) || !kept ||
        accreditation_of(reg, a->applicant, all, &n, NULL))
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_accreditation(&all[i], registry_today(reg)));
    return list;
}

void application_second(struct visit *v, const struct application *a, json_t *out)
{
    json_t *remarks = json_array();
    for (size_t i = 0; i < a->remark_count; i++) {
        const struct case_event *r = &a->remarks[i];
        json_array_append_new(remarks,
                              json_pack("{s:o, s:o, s:s, s:s}", "at", json_instant(r->time_s), "by",
                                        officer_name(v, r->actor), "act", remark_name(r->state),
                                        "note", r->note));
    }
    json_t *customs = NULL;
    if (!customs_seen_get(v->office.registry, a->id, &customs, NULL) && customs)
        json_object_set_new(out, "customs", customs);
    json_t *list = accreditations(v, a);
    if (list)
        json_object_set_new(out, "accreditations", list);
    json_object_set_new(out, "proposal", proposal(v, a));
    json_object_set_new(out, "remarks", remarks);
}
