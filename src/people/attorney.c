/* SPDX-License-Identifier: Apache-2.0 */
#include "people/attorney.h"

#include "people/person.h"
#include "people/record.h"

static struct record_key key_of(uint64_t organisation, uint64_t person)
{
    struct record_key key = record_key_of(RECORD_ATTORNEY, organisation);
    record_key_number(&key, person, 8);
    return key;
}

static struct record_key by_person(uint64_t person, uint64_t organisation)
{
    struct record_key key = record_key_of(RECORD_BY_ATTORNEY, person);
    record_key_number(&key, organisation, 8);
    return key;
}

static enum err get(struct registry *reg, uint64_t organisation, uint64_t person,
                    struct attorney *out, struct fault *fault)
{
    struct record_key key = key_of(organisation, person);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err)
        return err;
    *out = (struct attorney){.organisation = organisation,
                             .person = person,
                             .until = (daynum)json_number_of(json, "until"),
                             .kinds = (uint32_t)json_number_of(json, "kinds"),
                             .given_s = json_number_of(json, "given"),
                             .given_by = (uint64_t)json_number_of(json, "by")};
    str_copy(out->iin, sizeof out->iin, json_text_of(json, "iin"));
    json_decref(json);
    return ERR_OK;
}

/* ---- giving and revoking, each one commit ---- */

struct writing {
    const struct attorney *what;
    bool put; /* else it is dropped */
};

static enum err may_write(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct writing *w = c->ctx;
    struct record_key of = record_key_of(RECORD_ATTORNEY, w->what->organisation),
                      held = record_key_of(RECORD_BY_ATTORNEY, w->what->person),
                      key = key_of(w->what->organisation, w->what->person);
    uint64_t ids[ATTORNEYS_MAX];
    size_t given = 0, holds = 0;
    bool found;
    enum err err = record_find(reg, &key, NULL, &found, fault);
    if (!err && !w->put && !found)
        err = ERR_NOT_FOUND;
    if (err || found)
        return err; /* revoked, or given anew */
    err = record_numbers(reg, &of, NULL, ids, ATTORNEYS_MAX, &given, fault);
    if (!err)
        err = record_numbers(reg, &held, NULL, ids, ATTORNEYS_MAX, &holds, fault);
    return !err && (given == ATTORNEYS_MAX || holds == ATTORNEYS_MAX) ? ERR_TOO_MANY : err;
}

static enum err write_it(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct writing *w = c->ctx;
    const struct attorney *a = w->what;
    struct record_key key = key_of(a->organisation, a->person),
                      index = by_person(a->person, a->organisation);
    if (!w->put) {
        enum err err = record_drop(reg, &key, fault);
        return err ? err : record_drop(reg, &index, fault);
    }
    json_t *json =
        json_pack("{s:s, s:i, s:i, s:I, s:I}", "iin", a->iin, "until", (int)a->until, "kinds",
                  (int)a->kinds, "given", (json_int_t)a->given_s, "by", (json_int_t)a->given_by);
    enum err err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    return err ? err : record_put(reg, &index, STR(""), fault);
}

static enum err submit(struct committer *committer, const struct attorney *what, bool put,
                       struct fault *fault)
{
    struct writing w = {what, put};
    struct commit_case c = {.ask = may_write, .also = write_it, .ctx = &w};
    enum err err = committer_submit(committer, &c);
    return err ? fault_set(fault, err, "the power of attorney was not written") : ERR_OK;
}

static enum err is_head(const struct session *who, struct fault *fault)
{
    return who->role == ROLE_ORGANISATION && !who->by_attorney
               ? ERR_OK
               : fault_set(fault, ERR_ROLE, "the head of an organisation gives them");
}

enum err attorney_give(struct registry *reg, struct committer *committer, const struct session *who,
                       struct attorney *what, struct fault *fault)
{
    daynum today = registry_today(reg);
    enum err err = is_head(who, fault);
    if (!err)
        err = iin_check(str_z(what->iin), fault);
    if (err)
        return err;
    if (!daynum_is_day(what->until) || what->until < today ||
        what->until > today + ATTORNEY_DAYS_MAX)
        return fault_set(fault, ERR_DATE, "until: a day from today on, within three years");
    if (!what->kinds)
        return fault_set(fault, ERR_USAGE, "kinds: what may be filed");
    what->organisation = who->acts_for;
    what->person = registry_party_id(reg, PARTY_PERSON, str_z(what->iin));
    what->given_s = clock_now_us(reg->clock) / 1000000;
    what->given_by = who->party;
    if (what->person == who->party)
        return fault_set(fault, ERR_SAME_PERSON, "a head needs none");
    return submit(committer, what, true, fault);
}

enum err attorney_revoke(struct registry *reg, struct committer *committer,
                         const struct session *who, struct str iin, struct fault *fault)
{
    struct attorney what = {.organisation = who->acts_for,
                            .person = registry_party_id(reg, PARTY_PERSON, iin)};
    enum err err = is_head(who, fault);
    return err ? err : submit(committer, &what, false, fault);
}

/* ---- finding ---- */

enum err attorney_find(struct registry *reg, uint64_t organisation, uint64_t person,
                       struct attorney *out, struct fault *fault)
{
    struct attorney a;
    enum err err = get(reg, organisation, person, &a, fault);
    if (!err && a.until < registry_today(reg))
        err = fault_set(fault, ERR_NOT_FOUND, "the power of attorney is over");
    if (!err)
        *out = a;
    return err;
}

enum err attorney_given(struct registry *reg, uint64_t organisation,
                        struct attorney out[ATTORNEYS_MAX], size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_ATTORNEY, organisation);
    uint64_t persons[ATTORNEYS_MAX];
    size_t n = 0;
    enum err err = record_numbers(reg, &prefix, NULL, persons, ATTORNEYS_MAX, &n, fault);
    *out_n = 0;
    for (size_t i = 0; !err && i < n; i++) {
        err = get(reg, organisation, persons[i], &out[*out_n], fault);
        *out_n += !err;
        err = err == ERR_NOT_FOUND ? ERR_OK : err; /* revoked just now */
    }
    return err;
}

enum err attorney_held(struct registry *reg, uint64_t person, struct attorney out[ATTORNEYS_MAX],
                       size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_BY_ATTORNEY, person);
    uint64_t organisations[ATTORNEYS_MAX];
    size_t n = 0;
    enum err err = record_numbers(reg, &prefix, NULL, organisations, ATTORNEYS_MAX, &n, fault);
    *out_n = 0;
    for (size_t i = 0; !err && i < n; i++) {
        err = attorney_find(reg, organisations[i], person, &out[*out_n], fault);
        *out_n += !err;
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    return err;
}

/* ---- acting ---- */

enum err attorney_act_for(struct registry *reg, struct committer *committer, struct session *who,
                          struct str bin, const char *ends, char out_token[SESSION_TOKEN_TEXT],
                          struct fault *fault)
{
    struct session next = *who;
    struct attorney a;
    struct person organisation = {0};
    if (who->role != ROLE_PERSON && who->role != ROLE_ORGANISATION)
        return fault_set(fault, ERR_ROLE, "staff acts for nobody");
    next.acts_for = who->party;
    next.role = ROLE_PERSON;
    next.by_attorney = 0;
    *next.organisation = '\0';
    if (bin.n) {
        enum err err = iin_check(bin, fault);
        next.acts_for = registry_party_id(reg, PARTY_PERSON, bin);
        if (!err)
            err = attorney_find(reg, next.acts_for, who->party, &a, fault);
        if (!err)
            err = person_get(reg, next.acts_for, &organisation, fault);
        if (err)
            return err;
        next.role = ROLE_ORGANISATION;
        next.by_attorney = a.kinds;
        str_copy(next.organisation, sizeof next.organisation, str_z(organisation.name));
    }
    enum err err = session_begin(reg, committer, &next, ends, out_token, fault);
    if (!err)
        *who = next;
    return err;
}

enum err attorney_stands(struct registry *reg, struct session *who, struct fault *fault)
{
    struct attorney a;
    if (!who->by_attorney)
        return ERR_OK;
    enum err err = attorney_find(reg, who->acts_for, who->party, &a, fault);
    if (!err)
        who->by_attorney = a.kinds;
    return err == ERR_NOT_FOUND ? fault_set(fault, ERR_SESSION, "the power of attorney is over")
                                : err;
}
