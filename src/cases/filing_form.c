/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be filed: each kind's fields, its devices and their IMEIs, by themselves; nothing is looked up. */
#include "cases/filing.h"

#include <stdlib.h>

static int by_body(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static enum err twice(uint64_t body, struct fault *fault)
{
    char text[IMEI_TEXT15];
    fault_field(fault, "devices");
    imei_format15((struct imei){body}, text);
    fault_value(fault, text, sizeof text - 1);
    return fault_set(fault, ERR_DUPLICATE_IN_FILE, "this IMEI is named twice");
}

/* The IMEIs of one device; fault->field says which list of them. */
static enum err check_device(const struct case_device *d, uint8_t kind, struct fault *fault)
{
    const bool repair = kind == APPROVAL_REPAIR;
    const char *field = "imeis";
    enum err err = ERR_OK;
    if (!d->is.count || d->is.count > LIMIT_DEVICE_IMEIS) {
        err = fault_set(fault, ERR_DEVICE_IMEIS, "%u IMEIs, not 1 to %d", d->is.count,
                        LIMIT_DEVICE_IMEIS);
    } else if (kind == APPROVAL_SECOND_IMEI && d->is.count < 2) {
        err = fault_set(fault, ERR_DEVICE_IMEIS, "the other IMEI as well, so that they are linked");
    } else if (repair != (d->is.old_count > 0) || d->is.old_count > LIMIT_DEVICE_IMEIS) {
        field = "old_imeis";
        err = fault_set(fault, ERR_DEVICE_IMEIS,
                        repair ? "its old IMEIs, 1 to %d"
                               : "old IMEIs are a repair's alone (at most %d)",
                        LIMIT_DEVICE_IMEIS);
    }
    if (err)
        fault_field(fault, "%s", field);
    return err;
}

static enum err check_devices(const struct filing *wish, struct fault *fault)
{
    uint64_t bodies[FILING_DEVICES_MAX * 2 * LIMIT_DEVICE_IMEIS];
    size_t n = 0;
    if (wish->device_count > FILING_DEVICES_MAX || !wish->device_count) {
        fault_field(fault, "devices");
        return fault_set(fault, wish->device_count ? ERR_TOO_MANY : ERR_DEVICE_IMEIS,
                         "an application that is typed has 1 to %d devices", FILING_DEVICES_MAX);
    }
    for (size_t i = 0; i < wish->device_count; i++) {
        const struct case_device *d = &wish->devices[i];
        enum err err = check_device(d, wish->kind, fault);
        if (err) {
            fault_field(fault, "devices[%zu]", i);
            return err;
        }
        for (unsigned k = 0; k < d->is.count; k++)
            bodies[n++] = d->is.imeis[k].body;
        for (unsigned k = 0; k < d->is.old_count; k++)
            bodies[n++] = d->is.old[k].body;
    }
    qsort(bodies, n, sizeof *bodies, by_body);
    for (size_t i = 1; i < n; i++)
        if (bodies[i] == bodies[i - 1])
            return twice(bodies[i], fault);
    return ERR_OK;
}

enum err filing_text_check(struct str text, size_t max, const char *field, struct fault *fault)
{
    bool fits = text.n <= max;
    if (fits && (!text.n || str_printable(text)))
        return ERR_OK;
    fault_field(fault, "%s", field);
    return fits ? fault_set(fault, ERR_ONE_LINE,
                            "plain text on one line, without control characters")
                : fault_set(fault, ERR_TOO_LONG, "at most %zu bytes", max);
}

static enum err wrong(struct fault *fault, const char *field, enum err err, const char *rule)
{
    fault_field(fault, "%s", field);
    return fault_set(fault, err, "%s", rule);
}

enum err filing_form(const struct office *office, const struct session *who,
                     const struct filing *wish, struct fault *fault)
{
    const struct kind_info *kind = kind_info(wish->kind);
    if (!kind || !(kind->roles & ROLE_BIT(who->role)))
        return fault_set(fault, ERR_ROLE, "%s does not file %s", role_name(who->role),
                         kind ? kind->name : "this");
    if (who->by_attorney && !(who->by_attorney >> wish->kind & 1))
        return fault_set(fault, ERR_ROLE, "his power of attorney is not for %s", kind->name);
    enum err err = check_devices(wish, fault);
    if (!err)
        err = filing_text_check(wish->document, LIMIT_DOCUMENT, "document", fault);
    for (size_t i = 0; !err && i < wish->device_count; i++) {
        err = filing_text_check(str_z(wish->devices[i].brand), LIMIT_TAC_NAME, "brand", fault);
        if (!err)
            err = filing_text_check(str_z(wish->devices[i].model), LIMIT_TAC_NAME, "model", fault);
        if (err)
            fault_field(fault, "devices[%zu]", i);
    }
    for (size_t i = 0; !err && i < wish->country.n; i++)
        if (wish->country.n != 2 || wish->country.p[i] < 'A' || wish->country.p[i] > 'Z')
            err = wrong(fault, "country", ERR_USAGE, "two capital letters of ISO 3166-1");
    bool personal = wish->kind == APPROVAL_PERSONAL;
    bool came = wish->way == WAY_CARRIED || wish->way == WAY_PARCEL;
    if (!err && personal && came && wish->entered == DAYNUM_NONE)
        err = wrong(fault, "entered", ERR_USAGE, "the day on which it was brought, or came");
    if (!err && personal && wish->way == WAY_PARCEL && !wish->document.n)
        err = wrong(fault, "document", ERR_USAGE, "the number of the parcel");
    bool gift = personal && wish->way == WAY_GIFT;
    if (!err && wish->consent.n && !gift)
        err = wrong(fault, "traveller", ERR_USAGE, "a traveller consents to a gift alone");
    if (!err && wish->consent.n && wish->entered == DAYNUM_NONE)
        err = wrong(fault, "entered", ERR_USAGE, "the day on which the traveller came");
    if (!err && wish->entered != DAYNUM_NONE && wish->entered > registry_today(office->registry))
        err = wrong(fault, "entered", ERR_DATE, "a day to come");
    return err;
}
