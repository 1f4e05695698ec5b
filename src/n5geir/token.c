/* SPDX-License-Identifier: Apache-2.0
 *
 * token - its parts are read here, strictly, before libjwt sees them: base64url of one form only, no member twice. So
 * what was judged is what was signed, and the algorithm is chosen by us, not by the token. */
#include "n5geir/token.h"

#include <jansson.h>
#include <sodium.h>

#include "base/limits.h"

#define SERVICE "n5g-eir-eic" /* TS 29.511 6.1.3: the service's name, and its scope */
#define NF_TYPE "5G_EIR"      /* TS 29.510 6.1.6.3.3 */

struct str token_of_header(struct str value)
{
    struct str rest, scheme = str_split(str_trim(value), ' ', &rest);
    return rest.p && str_eq_nocase(scheme, STR("bearer")) ? str_trim(rest) : STR("");
}

/* ---- the form ---- */

/* base64url without padding and nothing else. */
static bool decode(struct str piece, char *out, size_t size, size_t *out_n)
{
    return piece.n && sodium_base642bin((unsigned char *)out, size, piece.p, piece.n, NULL, out_n,
                                        NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static json_t *object_of(struct str text)
{
    json_t *object = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

static struct str text_of(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

/* False: signed in a way that we do not take. */
static bool algorithm_of(struct str head, enum token_algorithm *out)
{
    json_t *object = object_of(head);
    struct str alg = text_of(object, "alg");
    bool rsa = str_eq(alg, STR("RS256")), ok = rsa || str_eq(alg, STR("ES256"));
    if (json_object_get(object, "crit")) /* RFC 7515 4.1.11: what must be understood */
        ok = false;
    *out = rsa ? TOKEN_RS256 : TOKEN_ES256;
    json_decref(object);
    return ok;
}

/* ---- the claims ---- */

static bool is_us(const json_t *name, const struct token_rules *rules)
{
    struct str text = {json_string_value(name), json_string_length(name)};
    return text.p && (str_eq(text, STR(NF_TYPE)) || str_eq_nocase(text, rules->instance));
}

/* The type of NF, or NF instances in an array (TS 29.510 6.3.5.2.4); RFC 7519 4.1.3 has a single name, too. */
static bool is_for_us(const json_t *aud, const struct token_rules *rules)
{
    if (json_is_string(aud))
        return is_us(aud, rules);
    for (size_t i = 0; i < json_array_size(aud); i++)
        if (is_us(json_array_get(aud, i), rules))
            return true;
    return false;
}

/* Names with a blank between (RFC 6749 3.3). */
static bool has_scope(struct str scope)
{
    for (struct str rest = scope; rest.p;)
        if (str_eq(str_split(rest, ' ', &rest), STR(SERVICE)))
            return true;
    return false;
}

static bool is_now(const json_t *claims, const struct token_rules *rules, int64_t now_s,
                   int64_t *out_until_s)
{
    const json_t *exp = json_object_get(claims, "exp"), *nbf = json_object_get(claims, "nbf");
    int64_t end = json_integer_value(exp), most = now_s + LIMIT_N5G_TOKEN_SECONDS;
    if (!json_is_integer(exp) || (nbf && !json_is_integer(nbf)))
        return false;
    if (end <= now_s - rules->leeway_s || json_integer_value(nbf) > now_s + rules->leeway_s)
        return false;
    *out_until_s = end < most - rules->leeway_s ? end + rules->leeway_s : most;
    return true;
}

static enum token_verdict judge(const json_t *claims, const struct token_rules *rules,
                                int64_t now_s, int64_t *out_until_s)
{
    struct str issuer = text_of(claims, "iss"), scope = text_of(claims, "scope");
    int64_t until_s;
    if (!issuer.n || !text_of(claims, "sub").n || !scope.n)
        return TOKEN_INVALID;
    if (rules->issuer.n && !str_eq_nocase(issuer, rules->issuer))
        return TOKEN_INVALID;
    if (!is_for_us(json_object_get(claims, "aud"), rules) ||
        !is_now(claims, rules, now_s, &until_s))
        return TOKEN_INVALID;
    if (!has_scope(scope))
        return TOKEN_SCOPE;
    *out_until_s = until_s;
    return TOKEN_GOOD;
}

enum token_verdict token_judge_claims(struct str claims, const struct token_rules *rules,
                                      int64_t now_s, int64_t *out_until_s)
{
    json_t *object = object_of(claims);
    enum token_verdict verdict = object ? judge(object, rules, now_s, out_until_s) : TOKEN_INVALID;
    json_decref(object);
    return verdict;
}

enum token_verdict token_judge(struct str token, const struct token_rules *rules,
                               const struct token_keys *keys, int64_t now_s, int64_t *out_until_s)
{
    char text[LIMIT_N5G_TOKEN + 1], part[LIMIT_N5G_TOKEN];
    struct str rest, signature;
    size_t n;
    enum token_algorithm algorithm;
    int64_t until_s = 0;
    if (token.n > LIMIT_N5G_TOKEN)
        return TOKEN_INVALID;
    struct str head = str_split(token, '.', &rest);
    struct str claims = rest.p ? str_split(rest, '.', &signature) : STR("");
    if (!rest.p || !signature.p || !decode(signature, part, sizeof part, &n))
        return TOKEN_INVALID;
    if (!decode(head, part, sizeof part, &n) || !algorithm_of((struct str){part, n}, &algorithm))
        return TOKEN_INVALID;
    if (!decode(claims, part, sizeof part, &n))
        return TOKEN_INVALID;
    enum token_verdict verdict = token_judge_claims((struct str){part, n}, rules, now_s, &until_s);
    str_copy(text, sizeof text, token);
    /* What is not signed is not told what its scope lacks. */
    if (verdict == TOKEN_INVALID || !token_keys_signed(keys, algorithm, text))
        return TOKEN_INVALID;
    if (verdict == TOKEN_GOOD)
        *out_until_s = until_s;
    return verdict;
}
