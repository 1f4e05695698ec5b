/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as a token of a provider of sign-ins: none counts that the keys did not sign, whatever they are. Lines of
 * the input: the set of keys (JSON), the rest is the token; and all of it as claims whose signature stood: who comes
 * out of them has a right number and a name that can be shown. */
#include <assert.h>

#include "base/limits.h"
#include "core/iin.h"
#include "people/jws.h"
#include "people/oidc_claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_token(struct str bytes)
{
    struct str token, keys = str_split(bytes, '\n', &token);
    json_t *set = json_loadb(keys.p, keys.n, 0, NULL), *claims = NULL;
    struct fault fault = {0};
    bool unknown = false;
    if (!set || !token.p) {
        json_decref(set);
        return;
    }
    enum err err = jws_verify(token, set, &claims, &unknown, &fault);
    if (err)
        assert(err == ERR_DOOR_TOKEN && fault.detail[0] && !claims);
    else
        assert(json_is_object(claims)); /* a key whose other half the input's author had */
    json_decref(claims);
    json_decref(set);
}

static void as_claims(struct str bytes)
{
    const struct oidc_wanted wanted = {"https://id.example", "tamga", "nonce", "iin", 1790000000};
    json_t *claims = json_loadb(bytes.p, bytes.n, 0, NULL);
    struct eds_person person = {0};
    struct fault fault = {0};
    if (!json_is_object(claims)) {
        json_decref(claims);
        return;
    }
    enum err err = oidc_claims_judge(claims, &wanted, &fault);
    assert(!err || (err == ERR_DOOR_TOKEN && fault.detail[0]));
    err = oidc_claims_person(claims, &wanted, &person, &fault);
    if (err)
        assert(err == ERR_DOOR_IDENTITY);
    else
        assert(iin_check(str_z(person.iin), NULL) == ERR_OK && person.name[0] &&
               str_utf8(str_z(person.name)));
    json_decref(claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {size ? (const char *)data : "", size};
    as_token(bytes);
    as_claims(bytes);
    return 0;
}
