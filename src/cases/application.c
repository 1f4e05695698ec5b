/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/application.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "cases/application_json.h"
#include "cases/bulk_case.h"
#include "cases/bulk_list.h"
#include "cases/customs.h"

void application_release(struct application *a)
{
    free(a->devices);
    free(a->events);
    free(a->papers);
    free(a->remarks);
    application_drop_proposal(a);
    a->devices = NULL;
    a->events = a->remarks = NULL;
    a->papers = NULL;
    a->device_count = a->event_count = a->remark_count = a->paper_count = 0;
}

void application_drop_proposal(struct application *a)
{
    a->bulk_proposed_by = 0;
    if (a->proposal)
        free(a->proposal->devices);
    free(a->proposal);
    a->proposal = NULL;
}

uint64_t application_proposed_by(const struct application *a)
{
    bool by_file = a->upload && a->state == APPLICATION_CHECKING;
    return a->proposal ? a->proposal->by : by_file ? a->bulk_proposed_by : 0;
}

void application_check_anew(struct application *a)
{
    a->checked = false;
    a->bulk_gsma = 0;
    a->findings &= ~(uint32_t)(FOUND_BORDER_NOT_ASKED | FOUND_PARCEL_NOT_ASKED |
                               FOUND_CUSTOMS_NOT_ASKED | FOUND_GSMA_NOT_ASKED);
}

unsigned case_device_imeis(const struct case_device *d, struct imei out[CASE_DEVICE_IMEIS])
{
    memcpy(out, d->is.imeis, d->is.count * sizeof *out);
    memcpy(out + d->is.count, d->is.old, d->is.old_count * sizeof *out);
    return (unsigned)d->is.count + d->is.old_count;
}

/* ---- the tables ---- */

static const struct kind_info kinds[] = {
#define KIND(code, text, roles, person, organisation)                                              \
    [APPROVAL_##code] = {text, roles, person, organisation},
#include "cases/kinds.def"
#undef KIND
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const struct kind_info *kind_info(uint8_t kind)
{
    return kind < KINDS && kinds[kind].name ? &kinds[kind] : NULL;
}

bool kind_find(struct str name, uint8_t *out)
{
    for (uint8_t kind = 1; kind < KINDS; kind++) {
        if (!kinds[kind].name || !str_eq(name, str_z(kinds[kind].name)))
            continue;
        *out = kind;
        return true;
    }
    return false;
}

static const struct {
    const char *name;
    bool open;
} states[APPLICATION_STATE_COUNT] = {
#define STATE(code, name, text, open) [code] = {text, open},
#include "cases/kinds.def"
#undef STATE
};

const char *application_state_name(uint8_t state)
{
    return state < APPLICATION_STATE_COUNT && states[state].name ? states[state].name : "";
}

bool application_open(const struct application *a)
{
    return a->state < APPLICATION_STATE_COUNT && states[a->state].open;
}

static const char *const refusals[REFUSAL_COUNT] = {
#define REFUSAL(code, name) [code] = #name,
#include "cases/kinds.def"
#undef REFUSAL
};

const char *refusal_name(uint8_t refusal)
{
    return refusal < REFUSAL_COUNT && refusals[refusal] ? refusals[refusal] : "";
}

bool refusal_find(struct str name, uint8_t *out)
{
    for (uint8_t i = 1; i < REFUSAL_COUNT; i++) {
        if (!str_eq(name, str_z(refusals[i])))
            continue;
        *out = i;
        return true;
    }
    return false;
}

enum weight { TELLS, STOPS };

static const struct {
    const char *name;
    enum weight weight;
} findings[] = {
#define FINDING(bit, name, text, weight) [bit] = {text, weight},
#include "cases/kinds.def"
#undef FINDING
};
enum { FINDINGS = sizeof findings / sizeof *findings };

const char *finding_name(unsigned bit)
{
    return bit < FINDINGS ? findings[bit].name : NULL;
}

uint32_t findings_that_stop(uint32_t found)
{
    uint32_t stops = 0;
    for (unsigned bit = 0; bit < FINDINGS; bit++)
        stops |= findings[bit].weight == STOPS ? 1U << bit : 0;
    return found & stops;
}

static const char *const ways[] = {
    [WAY_NONE] = "", [WAY_CARRIED] = "carried", [WAY_PARCEL] = "parcel", [WAY_GIFT] = "gift"};

const char *way_name(uint8_t way)
{
    return way < sizeof ways / sizeof *ways ? ways[way] : "";
}

bool way_find(struct str name, uint8_t *out)
{
    for (uint8_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!str_eq(name, str_z(ways[i])))
            continue;
        *out = i;
        return true;
    }
    return false;
}

/* ---- numbers ---- */

void application_number_of(int64_t filed_s, uint64_t id, char out[APPLICATION_NUMBER_TEXT])
{
    char time[24];
    instant_format(filed_s, time);
    snprintf(out, APPLICATION_NUMBER_TEXT, "%.4s-%010llu", time, (unsigned long long)id);
}

void application_number(const struct application *a, char out[APPLICATION_NUMBER_TEXT])
{
    application_number_of(a->filed_s, a->id, out);
}

void application_number_corrected(const struct application *a, char out[APPLICATION_NUMBER_TEXT])
{
    application_number_of(a->corrects_s, a->corrects, out);
}

uint64_t application_arrived(const struct application *a)
{
    bool entered = a->state == APPLICATION_APPROVED || a->state == APPLICATION_DECIDING;
    uint64_t approved = a->upload && entered ? a->bulk_devices - a->bulk_left_out : 0;
    for (size_t i = 0; i < a->device_count; i++)
        approved += a->devices[i].approved;
    return a->corrects || approved < a->not_arrived ? 0 : approved - a->not_arrived;
}

bool application_number_parse(struct str text, uint64_t *out_id)
{
    struct str rest, year = str_split(text, '-', &rest);
    uint64_t n;
    return year.n == 4 && str_to_u64(year, 9999, &n) && rest.n == 10 &&
           str_to_u64(rest, UINT32_MAX, out_id);
}

/* Without I, L, O, U: nobody confuses them with others (Crockford's base 32). */
static const char receipt_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void receipt_make(char out[RECEIPT_TEXT])
{
    uint8_t random[20];
    size_t n = 0;
    randombytes_buf(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        if (i && i % 5 == 0)
            out[n++] = '-';
        out[n++] = receipt_digits[random[i] & 31];
    }
    out[n] = '\0';
}

/* As it is looked up: without what people put between, letters that look like digits as those. */
void receipt_hash(const struct registry *reg, struct str receipt, uint8_t out[16])
{
    char plain[32];
    size_t n = 0;
    uint8_t hash[SHA256_BYTES];
    for (size_t i = 0; i < receipt.n && n < sizeof plain; i++) {
        char c = receipt.p[i];
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        if (c == '-' || c == ' ')
            continue;
        plain[n++] = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
    }
    sha256_hmac(reg->keys.receipt, plain, n, hash);
    memcpy(out, hash, 16);
}

static struct record_key receipt_key(struct registry *reg, struct str receipt)
{
    struct record_key key = record_key(RECORD_BY_RECEIPT);
    uint8_t hash[16];
    receipt_hash(reg, receipt, hash);
    record_key_bytes(&key, hash, sizeof hash);
    return key;
}

enum err application_by_receipt(struct registry *reg, struct str receipt, uint64_t *out_id,
                                struct fault *fault)
{
    struct record_key key = receipt_key(reg, receipt);
    struct buf id = {0};
    enum err err = store_record_get(reg->store, record_key_str(&key), &id, fault);
    if (!err && id.n != 8)
        err = fault_set(fault, ERR_CODEC, "a receipt is damaged");
    if (!err)
        *out_id = get_be(id.p, 8);
    buf_release(&id);
    return err;
}

void application_give_up(struct application *a, uint8_t state, int64_t now_s)
{
    bool approved = false;
    for (size_t i = 0; i < a->device_count; i++)
        approved |= a->devices[i].approved;
    a->state = !a->appeal ? state : approved ? APPLICATION_APPROVED : APPLICATION_REFUSED;
    a->decided_s = now_s;
    application_drop_proposal(a);
    for (size_t i = 0; a->appeal && i < a->device_count; i++)
        a->devices[i].decided = true;
}

static enum err append(struct case_event **list, size_t *n, const struct case_event *event)
{
    if (*n == APPLICATION_EVENTS_MAX) {
        memmove(*list, *list + 1, (*n - 1) * sizeof **list);
        (*n)--;
    }
    struct case_event *p = realloc(*list, (*n + 1) * sizeof *p);
    if (!p)
        return ERR_MEMORY;
    *list = p;
    p[(*n)++] = *event;
    return ERR_OK;
}

enum err application_tell(struct application *a, const struct case_event *event)
{
    return append(&a->events, &a->event_count, event);
}

enum err application_remark(struct application *a, const struct case_event *event)
{
    return append(&a->remarks, &a->remark_count, event);
}

/* ---- the lists in which it is found ---- */

static enum err set(struct registry *reg, const struct record_key *key, bool there,
                    struct str value, struct fault *fault)
{
    return there ? record_put(reg, key, value, fault) : record_drop(reg, key, fault);
}

bool application_asks(const struct application *a, const struct case_device *device)
{
    return !(a->appeal && device->approved);
}

static enum err list_imeis(struct registry *reg, const struct application *a, bool open,
                           struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < a->device_count; i++) {
        struct imei imeis[CASE_DEVICE_IMEIS];
        unsigned count = case_device_imeis(&a->devices[i], imeis);
        for (unsigned k = 0; !err && k < count; k++) {
            struct record_key key = record_key(RECORD_BY_IMEI);
            record_key_number(&key, imeis[k].body, 6);
            record_key_number(&key, a->id, 8);
            err = set(reg, &key, open && application_asks(a, &a->devices[i]), STR(""), fault);
        }
    }
    return err;
}

/* Where it stands in the queue; one that papers are awaited for stands there by when they must come. */
static struct record_key clock_key(const struct application *a)
{
    struct record_key key = record_key_of(RECORD_BY_CLOCK, (uint64_t)a->due_s);
    record_key_number(&key, a->id, 8);
    return key;
}

static enum err list_clock(struct registry *reg, const struct application *a,
                           const struct application *before, struct fault *fault)
{
    enum err err = ERR_OK;
    if (before && application_open(before)) {
        struct record_key old = clock_key(before);
        err = record_drop(reg, &old, fault);
    }
    struct record_key key = clock_key(a);
    return err || !application_open(a) ? err : record_put(reg, &key, STR(""), fault);
}

static enum err list_again(struct registry *reg, const struct application *a,
                           const struct application *before, struct fault *fault)
{
    enum err err = ERR_OK;
    int64_t at = application_open(a) ? a->again_s : 0;
    if (before && before->again_s && before->again_s != at) {
        struct record_key old = record_key_of(RECORD_AGAIN, (uint64_t)before->again_s);
        record_key_number(&old, a->id, 8);
        err = record_drop(reg, &old, fault);
    }
    struct record_key key = record_key_of(RECORD_AGAIN, (uint64_t)at);
    record_key_number(&key, a->id, 8);
    return err || !at ? err : record_put(reg, &key, STR(""), fault);
}

/* A parcel's number as it is compared: letters large, without what people put between. */
static struct record_key document_key(struct registry *reg, const struct application *a)
{
    char plain[LIMIT_DOCUMENT];
    uint8_t hash[SHA256_BYTES];
    size_t n = 0;
    for (const char *p = a->document; *p; p++)
        if (*p != ' ' && *p != '-')
            plain[n++] = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    sha256_hmac(reg->keys.receipt, plain, n, hash);
    struct record_key key = record_key(RECORD_BY_DOCUMENT);
    record_key_number(&key, a->way, 1);
    record_key_bytes(&key, hash, 16);
    return key;
}

enum err application_document_used(struct registry *reg, const struct application *a, bool *out,
                                   struct fault *fault)
{
    enum { MOST = 16 };
    uint64_t ids[MOST];
    size_t n = 0;
    struct record_key key = document_key(reg, a);
    *out = false;
    enum err err = a->way == WAY_PARCEL && *a->document
                       ? record_numbers(reg, &key, NULL, ids, MOST, &n, fault)
                       : ERR_OK;
    for (size_t i = 0; !err && i < n && !*out; i++) {
        struct application other;
        if (ids[i] == a->id)
            continue;
        err = application_get(reg, ids[i], &other, fault);
        if (err)
            break;
        *out = other.state != APPLICATION_WITHDRAWN && other.state != APPLICATION_CLOSED;
        application_release(&other);
    }
    return err;
}

enum err application_by_imei(struct registry *reg, struct imei imei, uint64_t *out_ids, size_t max,
                             size_t *out_n, struct fault *fault)
{
    struct record_key key = record_key(RECORD_BY_IMEI);
    record_key_number(&key, imei.body, 6);
    enum err err = record_numbers(reg, &key, NULL, out_ids, max, out_n, fault);
    return err ? err : bulk_by_imei(reg, imei, out_ids, max, out_n, fault);
}

static enum err list_new(struct registry *reg, const struct application *a, struct fault *fault)
{
    uint8_t id[8];
    struct record_key mine = record_key_of(RECORD_BY_APPLICANT, a->applicant);
    struct record_key receipt = receipt_key(reg, str_z(a->receipt));
    record_key_number(&mine, ~a->id, 8);
    put_be(id, a->id, 8);
    enum err err = record_put(reg, &mine, STR(""), fault);
    if (!err)
        err = record_put(reg, &receipt, (struct str){(const char *)id, 8}, fault);
    if (!err && a->upload)
        err = bulk_filed(reg, a, fault);
    struct str declaration;
    uint32_t item;
    customs_split(str_z(a->document), &declaration, &item);
    if (!err && a->kind == APPROVAL_IMPORT && !a->upload && !a->corrects && declaration.n)
        err = customs_draw(reg, declaration, item, a->id, a->device_count, fault);
    if (err || a->way != WAY_PARCEL || !*a->document)
        return err;
    struct record_key document = document_key(reg, a);
    record_key_number(&document, a->id, 8);
    return record_put(reg, &document, STR(""), fault);
}

enum err application_put(struct registry *reg, const struct application *a,
                         const struct application *before, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_CASE, a->id);
    struct record_key work = record_key_of(RECORD_WORK, a->id);
    json_t *json = application_to_json(a);
    enum err err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    if (!err && !before)
        err = list_new(reg, a, fault);
    if (!err)
        err = list_clock(reg, a, before, fault);
    if (!err)
        err = list_again(reg, a, before, fault);
    if (!err && (!before || application_open(before) != application_open(a)))
        err = list_imeis(reg, a, application_open(a), fault);
    if (!err && a->upload)
        err = bulk_listed(reg, a, fault);
    bool waits = application_open(a) && !a->checked && !a->upload;
    return err ? err : set(reg, &work, waits, STR(""), fault);
}
