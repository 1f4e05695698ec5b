/* SPDX-License-Identifier: Apache-2.0 */
#include "people/oidc_claims.h"

#include <stdio.h>

static struct str text_of(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

static enum err wrong(const char *claim, struct fault *fault)
{
    return fault_set(fault, ERR_DOOR_TOKEN, "the token's \"%s\" is not what it must be", claim);
}

/* For us, and if for others as well then asked for by us. */
static bool is_for(const json_t *claims, struct str client)
{
    const json_t *aud = json_object_get(claims, "aud"), *one;
    struct str party = text_of(claims, "azp");
    bool found = str_eq(text_of(claims, "aud"), client);
    size_t i;
    json_array_foreach(aud, i, one)
    {
        found |= json_is_string(one) && str_eq(str_z(json_string_value(one)), client);
    }
    if (json_object_get(claims, "azp") && !str_eq(party, client))
        return false;
    return found && (json_array_size(aud) <= 1 || party.n);
}

/* A moment of the token; false: none that can be one. */
static bool moment(const json_t *claims, const char *name, int64_t *out)
{
    const json_t *v = json_object_get(claims, name);
    double real = json_number_value(v);
    if (!json_is_number(v) || !(real > 0 && real < 1e11))
        return false;
    *out = (int64_t)real;
    return true;
}

enum err oidc_claims_judge(const json_t *claims, const struct oidc_wanted *w, struct fault *fault)
{
    int64_t exp = 0, iat = 0, nbf = 0;
    if (!str_eq(text_of(claims, "iss"), str_z(w->issuer)))
        return wrong("iss", fault);
    if (!is_for(claims, str_z(w->client)))
        return wrong("aud", fault);
    if (!moment(claims, "exp", &exp) || w->now_s >= exp + OIDC_SKEW_S)
        return wrong("exp", fault);
    if (!moment(claims, "iat", &iat) || iat > w->now_s + OIDC_SKEW_S ||
        iat < w->now_s - OIDC_FRESH_S)
        return wrong("iat", fault);
    if (json_object_get(claims, "nbf") &&
        (!moment(claims, "nbf", &nbf) || nbf > w->now_s + OIDC_SKEW_S))
        return wrong("nbf", fault);
    if (!str_eq(text_of(claims, "nonce"), str_z(w->nonce)))
        return wrong("nonce", fault);
    return text_of(claims, "sub").n ? ERR_OK : wrong("sub", fault);
}

static void name_of(const json_t *claims, char out[EDS_NAME])
{
    char both[2 * EDS_NAME];
    struct str whole = str_trim(text_of(claims, "name"));
    struct str family = text_of(claims, "family_name"), given = text_of(claims, "given_name");
    if (!whole.n && (family.n || given.n) && family.n < EDS_NAME && given.n < EDS_NAME) {
        snprintf(both, sizeof both, "%.*s %.*s", STR_ARG(family), STR_ARG(given));
        whole = str_trim(str_z(both));
    }
    str_show(out, EDS_NAME, whole);
}

enum err oidc_claims_person(const json_t *claims, const struct oidc_wanted *w,
                            struct eds_person *out, struct fault *fault)
{
    struct eds_person person = {0};
    struct str iin = text_of(claims, w->iin_claim);
    struct fault none = {0}; /* it would tell the number */
    if (iin.n != IIN_DIGITS || iin_check(iin, &none))
        return fault_set(fault, ERR_DOOR_IDENTITY, "the provider says no IIN that can be one");
    str_copy(person.iin, sizeof person.iin, iin);
    name_of(claims, person.name);
    if (!*person.name)
        return fault_set(fault, ERR_DOOR_IDENTITY, "the provider says no name");
    *out = person;
    return ERR_OK;
}
