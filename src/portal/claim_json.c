/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/claim_json.h"

/* ---- coming in ---- */

static enum err read_seller(const json_t *seller, struct seller *out, struct fault *fault)
{
    enum err err =
        json_is_object(seller) ? ERR_OK : fault_set(fault, ERR_USAGE, "an object: bin or name");
    if (!err)
        err = json_member_short(seller, "bin", sizeof out->bin, out->bin, fault);
    if (!err)
        err = json_member_short(seller, "name", sizeof out->name, out->name, fault);
    if (!err)
        err = json_member_short(seller, "address", sizeof out->address, out->address, fault);
    if (err)
        fault_field(fault, "seller");
    return err;
}

enum err claim_read_purchase(const json_t *body, struct purchase *out, struct fault *fault)
{
    struct str bought;
    *out = (struct purchase){.bought = DAYNUM_NONE};
    enum err err = json_member_imeis(body, "imeis", out->imeis, &out->imei_count, fault);
    if (!err)
        err = read_seller(json_object_get(body, "seller"), &out->seller, fault);
    if (!err)
        err = json_member_text(body, "bought", &bought, fault);
    if (!err && bought.n && daynum_parse(bought, &out->bought)) {
        fault_field(fault, "bought");
        err = fault_set(fault, ERR_DATE, "a day as YYYY-MM-DD");
    }
    if (!err)
        err = json_member_short(body, "place", sizeof out->place, out->place, fault);
    return err ? err
               : json_member_short(body, "document", sizeof out->document, out->document, fault);
}

/* ---- going out ---- */

enum err claim_put_purchase(struct api *a, json_t *json, const struct purchase *p)
{
    struct registry *reg = a->visit->office.registry;
    struct tac_info model = {.brand = STR(""), .model = STR("")};
    struct standing standing;
    enum err err = purchase_standing(reg, p, &standing, a->fault);
    if (err)
        return err;
    (void)tac_find(reg->tac, imei_tac(p->imeis[0]), &model);
    json_t *device =
        json_pack("{s:o, s:o, s:o, s:s, s:o}", "imeis", json_imeis(p->imeis, p->imei_count),
                  "brand", json_str(model.brand), "model", json_str(model.model), "list",
                  list_name(standing.list), "last_day", json_day(standing.last_day));
    json_object_set_new(json, "device", device);
    json_object_set_new(json, "seller",
                        json_pack("{s:s, s:s, s:s}", "bin", p->seller.bin, "name", p->seller.name,
                                  "address", p->seller.address));
    json_object_set_new(json, "bought", json_day(p->bought));
    json_object_set_new(json, "place", json_string(p->place));
    json_object_set_new(json, "document", json_string(p->document));
    return ERR_OK;
}

static const char *by_name(uint8_t by)
{
    static const char *const names[] = {[BY_REGISTER] = "register",
                                        [BY_BUYER] = "buyer",
                                        [BY_SELLER] = "seller",
                                        [BY_OFFICER] = "officer"};
    return by < sizeof names / sizeof *names ? names[by] : "";
}

static json_t *events(const struct demand *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->event_count; i++) {
        const struct demand_event *e = &r->events[i];
        json_array_append_new(
            list, json_pack("{s:o, s:s, s:s, s:s*, s:s}", "at", json_instant(e->time_s), "by",
                            by_name(e->by), "state", demand_state_name(e->state), "answer",
                            e->answer ? demand_answer_name(e->answer) : NULL, "note", e->note));
    }
    return list;
}

static json_t *papers(const struct demand *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->paper_count; i++)
        json_array_append_new(list, json_paper(&r->papers[i]));
    return list;
}

/* The buyer's name, where he lets the seller see it; to an officer always. Never his number. */
static json_t *buyer(struct api *a, const struct demand *r, enum demand_side side)
{
    struct person person;
    bool shown = side == SIDE_OFFICER || (side == SIDE_SELLER && r->named);
    if (!shown || person_get(a->visit->office.registry, r->buyer, &person, NULL))
        return json_null();
    return json_string(person.name);
}

enum err demand_json(struct api *a, const struct demand *r, enum demand_side side, json_t **out)
{
    char number[APPLICATION_NUMBER_TEXT];
    demand_number(r, number);
    bool waits = r->state == DEMAND_SENT;
    json_t *json =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:s, s:o, s:o, s:o}", "number", number,
                  "state", demand_state_name(r->state), "answer",
                  r->answer ? json_string(demand_answer_name(r->answer)) : json_null(), "sent_at",
                  json_instant(r->filed_s), "due_at", json_instant(waits ? r->due_s : 0),
                  "ended_at", json_instant(r->ended_s), "holds", false, "note", r->note, "events",
                  events(r), "papers", papers(r), "buyer", buyer(a, r, side));
    if (!json)
        return ERR_MEMORY;
    if (r->application)
        application_number_of(r->application_s, r->application, number);
    json_object_set_new(json, "application", r->application ? json_string(number) : json_null());
    if (side == SIDE_BUYER) {
        json_object_set_new(json, "receipt", json_string(r->receipt));
        json_object_set_new(json, "show_name", json_boolean(r->named));
    }
    enum err err = claim_put_purchase(a, json, &r->what);
    if (err)
        json_decref(json);
    else
        *out = json;
    return err;
}
