/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/claim.h"

#include <stdio.h>

#include "cases/application_json.h"

/* ---- the form ---- */

static enum err check_imeis(const struct purchase *p, struct fault *fault)
{
    enum err err = ERR_OK;
    if (!p->imei_count || p->imei_count > LIMIT_DEVICE_IMEIS)
        err = fault_set(fault, ERR_DEVICE_IMEIS, "a device has 1 to %d IMEIs", LIMIT_DEVICE_IMEIS);
    for (unsigned i = 0; !err && i < p->imei_count; i++)
        for (unsigned k = 0; !err && k < i; k++)
            if (p->imeis[i].body == p->imeis[k].body)
                err = fault_set(fault, ERR_DUPLICATE_IN_FILE, "one IMEI twice");
    if (err)
        fault_field(fault, "imeis");
    return err;
}

static enum err check_seller(const struct office *office, const struct session *who,
                             struct seller *s, struct fault *fault)
{
    const char *field = "bin";
    enum err err = *s->bin ? iin_check(str_z(s->bin), fault) : ERR_OK;
    s->party =
        *s->bin && !err ? registry_party_id(office->registry, PARTY_PERSON, str_z(s->bin)) : 0;
    if (!err && s->party && (s->party == who->acts_for || s->party == who->party))
        err = fault_set(fault, ERR_IIN_BIN, "the seller is somebody else");
    if (!err && !*s->bin && !*s->name) {
        field = "name";
        err = fault_set(fault, ERR_NAME, "the seller's BIN, or his name");
    }
    if (err)
        fault_field(fault, "%s", field);
    if (!err)
        err = filing_text_check(str_z(s->name), LIMIT_SELLER_NAME, "name", fault);
    if (!err)
        err = filing_text_check(str_z(s->address), LIMIT_SELLER_ADDRESS, "address", fault);
    if (err)
        fault_field(fault, "seller");
    return err;
}

enum err purchase_check(const struct office *office, const struct session *who, struct purchase *p,
                        struct fault *fault)
{
    enum err err = check_imeis(p, fault);
    if (!err)
        err = check_seller(office, who, &p->seller, fault);
    if (!err)
        err = filing_text_check(str_z(p->place), LIMIT_SELLER_ADDRESS, "place", fault);
    if (!err)
        err = filing_text_check(str_z(p->document), LIMIT_DOCUMENT, "document", fault);
    if (!err && p->bought != DAYNUM_NONE && p->bought > registry_today(office->registry)) {
        fault_field(fault, "bought");
        err = fault_set(fault, ERR_DATE, "a day to come");
    }
    return err;
}

void purchase_write(struct buf *out, const struct purchase *p)
{
    for (unsigned i = 0; i < p->imei_count; i++)
        buf_printf(out, "%llu ", (unsigned long long)p->imeis[i].body);
    buf_printf(out, "\n%s\n%s\n%s\n%d\n%s\n%s\n", p->seller.bin, p->seller.name, p->seller.address,
               (int)p->bought, p->place, p->document);
}

bool purchase_same_phone(const struct purchase *a, const struct purchase *b)
{
    for (unsigned i = 0; i < a->imei_count; i++)
        for (unsigned k = 0; k < b->imei_count; k++)
            if (a->imeis[i].body == b->imeis[k].body)
                return true;
    return false;
}

json_t *purchase_to_json(const struct purchase *p)
{
    return json_pack("{s:o, s:s, s:I, s:s, s:s, s:I, s:s, s:s}", "imeis",
                     case_imeis_json(p->imeis, p->imei_count), "bin", p->seller.bin, "seller",
                     (json_int_t)p->seller.party, "name", p->seller.name, "address",
                     p->seller.address, "bought", (json_int_t)p->bought, "place", p->place,
                     "document", p->document);
}

void purchase_from_json(const json_t *json, struct purchase *out)
{
    *out = (struct purchase){.bought = (daynum)json_number_of(json, "bought")};
    out->imei_count = case_imeis_read(json_object_get(json, "imeis"), out->imeis);
    out->seller.party = (uint64_t)json_number_of(json, "seller");
    str_copy(out->seller.bin, sizeof out->seller.bin, json_text_of(json, "bin"));
    str_copy(out->seller.name, sizeof out->seller.name, json_text_of(json, "name"));
    str_copy(out->seller.address, sizeof out->seller.address, json_text_of(json, "address"));
    str_copy(out->place, sizeof out->place, json_text_of(json, "place"));
    str_copy(out->document, sizeof out->document, json_text_of(json, "document"));
}

/* ---- how the phone stands ---- */

/* The worse, the greater. */
static const int weights[LIST_COUNT] = {[LIST_UNKNOWN] = 1, [LIST_GREY] = 2, [LIST_BLACK] = 3};

enum err purchase_standing(struct registry *reg, const struct purchase *p, struct standing *out,
                           struct fault *fault)
{
    struct standing s = {.verified = true, .list = LIST_WHITE, .last_day = DAYNUM_NONE};
    for (unsigned i = 0; i < p->imei_count; i++) {
        struct verdict v;
        enum err err = registry_check(reg, p->imeis[i], &v, NULL, fault);
        if (err)
            return err;
        enum list list = reason_list(v.reason);
        bool stays = list == LIST_EXEMPT || (list == LIST_WHITE && v.reason != REASON_TEMPORARY);
        s.verified = s.verified && stays;
        s.unverified |= list == LIST_GREY || list == LIST_UNKNOWN || v.reason == REASON_EXPIRED;
        s.list = weights[list] > weights[s.list] ? list : s.list;
        if (daynum_is_day(v.deadline) && (s.last_day == DAYNUM_NONE || v.deadline < s.last_day))
            s.last_day = v.deadline;
    }
    *out = s;
    return ERR_OK;
}

/* ---- numbers ---- */

void claim_number(enum claim_kind kind, int64_t filed_s, uint64_t id,
                  char out[APPLICATION_NUMBER_TEXT])
{
    char number[APPLICATION_NUMBER_TEXT];
    application_number_of(filed_s, id, number);
    snprintf(out, APPLICATION_NUMBER_TEXT, "%c%.*s", kind, APPLICATION_NUMBER_TEXT - 2, number);
}

bool claim_number_parse(enum claim_kind kind, struct str text, uint64_t *out_id)
{
    bool of_kind = text.n > 1 && text.p[0] == (char)kind;
    return of_kind && application_number_parse((struct str){text.p + 1, text.n - 1}, out_id);
}

/* ---- lists ---- */

struct record_key claim_list(enum claim_list list)
{
    struct record_key key = record_key(RECORD_CLAIM_LIST);
    record_key_number(&key, list, 1);
    return key;
}

struct record_key claim_list_of(enum claim_list list, uint64_t number)
{
    struct record_key key = claim_list(list);
    record_key_number(&key, number, 8);
    return key;
}

struct record_key claim_list_at(enum claim_list list, uint64_t number, uint64_t id)
{
    struct record_key key = claim_list_of(list, number);
    record_key_number(&key, id, 8);
    return key;
}

enum err claim_newest(struct registry *reg, enum claim_list list, uint64_t party, uint64_t after,
                      uint64_t *out_ids, size_t max, size_t *out_n, struct fault *fault)
{
    struct record_key prefix = claim_list_of(list, party),
                      from = claim_list_at(list, party, ~after);
    enum err err = record_numbers(reg, &prefix, after ? &from : NULL, out_ids, max, out_n, fault);
    for (size_t i = 0; !err && i < *out_n; i++)
        out_ids[i] = ~out_ids[i];
    return err;
}

enum err claim_stands(struct registry *reg, const struct record_key *key, bool stands,
                      struct fault *fault)
{
    bool stood = false;
    enum err err = record_find(reg, key, NULL, &stood, fault);
    if (err || stood == stands)
        return err;
    return stands ? record_put(reg, key, STR(""), fault) : record_drop(reg, key, fault);
}

struct record_key claim_receipt(struct registry *reg, struct str receipt)
{
    struct record_key key = claim_list(CLAIM_RECEIPT);
    uint8_t hash[16];
    receipt_hash(reg, receipt, hash);
    record_key_bytes(&key, hash, sizeof hash);
    return key;
}

enum err claim_by_receipt(struct registry *reg, struct str receipt, uint64_t *out_id,
                          struct fault *fault)
{
    struct record_key key = claim_receipt(reg, receipt);
    struct buf value = {0};
    bool found;
    enum err err = record_find(reg, &key, &value, &found, fault);
    if (!err && (!found || value.n != 8))
        err = fault_set(fault, ERR_NOT_FOUND, "no such receipt");
    if (!err)
        *out_id = get_be(value.p, 8);
    buf_release(&value);
    return err;
}
