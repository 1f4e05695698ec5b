/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of accreditations by API, for who runs the register: listed by page, put row by row, revoked. A BIN stands
 * in no address: of a sole trader it is an IIN, and addresses are logged. */
#include "cases/accreditation.h"
#include "portal/api.h"
#include "portal/handlers.h"

enum { PAGE = 100 };

json_t *json_accreditation(const struct accreditation *a, daynum today)
{
    char from[DAYNUM_TEXT], until[DAYNUM_TEXT], revoked[DAYNUM_TEXT] = "";
    json_t *kinds = json_array();
    daynum_format(a->from, from);
    daynum_format(a->until, until);
    if (a->revoked != DAYNUM_NONE)
        daynum_format(a->revoked, revoked);
    for (uint8_t kind = 1; kind_info(kind); kind++)
        if (a->kinds >> kind & 1)
            json_array_append_new(kinds, json_string(kind_info(kind)->name));
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:s?, s:s}", "bin", a->bin, "kinds", kinds,
                     "certificate_no", a->number, "valid_from", from, "valid_until", until,
                     "revoked_on", *revoked ? revoked : NULL, "state",
                     accreditation_state_name(accreditation_state(a, today)));
}

/* ---- GET ---- */

static enum err list(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct accreditation page[PAGE];
    struct accreditation_place after, last;
    struct buf scratch = {0};
    struct str cursor;
    size_t n = 0;
    enum err err = api_query(a, "after", &scratch, &cursor);
    if (!err && cursor.n && !accreditation_place_parse(cursor, &after)) {
        fault_field(a->fault, "after");
        err = fault_set(a->fault, ERR_USAGE, "a cursor as the page before gave it");
    }
    if (!err)
        err = accreditation_list(reg, cursor.n ? &after : NULL, page, PAGE, &n, &last, a->fault);
    buf_release(&scratch);
    if (err)
        return err;
    char next[ACCREDITATION_PLACE_TEXT];
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, json_accreditation(&page[i], registry_today(reg)));
    accreditation_place_format(&last, next);
    a->answer = api_page("accreditations", rows, n == PAGE ? json_string(next) : NULL);
    return ERR_OK;
}

void portal_accreditations(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_ADMIN), API_LOOKS, list});
}

/* ---- POST ---- */

static enum err read_text(const struct api *a, const char *name, char *out, size_t size)
{
    struct str s;
    enum err err = api_text(a, name, &s);
    if (!err && s.n >= size) {
        fault_field(a->fault, "%s", name);
        err = fault_set(a->fault, ERR_TOO_LONG, "at most %zu bytes", size - 1);
    }
    if (!err)
        str_copy(out, size, s);
    return err;
}

static enum err read_day(const struct api *a, const char *name, daynum *out)
{
    struct str s;
    enum err err = api_text(a, name, &s);
    if (err || !s.n)
        return err;
    err = daynum_parse(s, out);
    if (err)
        fault_field(a->fault, "%s", name);
    return err ? fault_set(a->fault, ERR_DATE, "a day as YYYY-MM-DD") : ERR_OK;
}

static enum err read_kinds(const struct api *a, uint32_t *out)
{
    const json_t *kinds = json_object_get(a->body, "kinds");
    bool good = json_is_array(kinds) && json_array_size(kinds);
    for (size_t i = 0; good && i < json_array_size(kinds); i++) {
        const json_t *one = json_array_get(kinds, i);
        struct str name = {json_string_value(one), json_string_length(one)};
        uint32_t kind = 0;
        good = json_is_string(one) && accreditation_kinds_parse(name, &kind);
        *out |= kind;
    }
    if (!good)
        fault_field(a->fault, "kinds");
    return good ? ERR_OK : fault_set(a->fault, ERR_USAGE, "a list of manufacture, repair");
}

static enum err read_row(const struct api *a, struct accreditation *out)
{
    *out =
        (struct accreditation){.from = DAYNUM_NONE, .until = DAYNUM_NONE, .revoked = DAYNUM_NONE};
    enum err err = read_text(a, "bin", out->bin, sizeof out->bin);
    if (!err)
        err = read_kinds(a, &out->kinds);
    if (!err)
        err = read_text(a, "certificate_no", out->number, sizeof out->number);
    if (!err)
        err = read_day(a, "valid_from", &out->from);
    if (!err)
        err = read_day(a, "valid_until", &out->until);
    return err ? err : read_day(a, "revoked_on", &out->revoked);
}

static struct accreditation_actor actor_of(const struct api *a)
{
    return (struct accreditation_actor){a->visit->who.party, a->visit->who.role};
}

static enum err put(struct api *a)
{
    struct office *office = &a->visit->office;
    struct accreditation row;
    const struct accreditation_actor actor = actor_of(a);
    enum accreditation_done done = ACCREDITATION_SAME;
    bool revokes = json_object_get(a->body, "revoked_on") != NULL; /* null: it is not revoked */
    enum err err = read_row(a, &row);
    if (!err)
        err = accreditation_set(office->registry, office->committer, &row, !revokes, &actor, &done,
                                a->fault);
    if (err)
        return err;
    a->status = done == ACCREDITATION_NEW ? 201 : 200;
    a->answer = json_accreditation(&row, registry_today(office->registry));
    return ERR_OK;
}

void portal_accreditation_put(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_ADMIN), API_ACTS, put});
}

static enum err revoke(struct api *a)
{
    struct office *office = &a->visit->office;
    struct accreditation row;
    const struct accreditation_actor actor = actor_of(a);
    daynum day = registry_today(office->registry);
    struct str bin, number;
    enum err err = api_text(a, "bin", &bin);
    if (!err)
        err = api_text(a, "certificate_no", &number);
    if (!err)
        err = read_day(a, "revoked_on", &day);
    if (!err)
        err = accreditation_revoke(office->registry, office->committer, bin, number, day, &actor,
                                   &row, a->fault);
    a->answer = err ? NULL : json_accreditation(&row, registry_today(office->registry));
    return err;
}

void portal_accreditation_revoke(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_ADMIN), API_ACTS, revoke});
}
