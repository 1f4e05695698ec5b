/* SPDX-License-Identifier: Apache-2.0
 *
 * Access tokens: which are good, which are not, claim by claim; what a file of keys may hold; what the guard remembers
 * and for how long; what a client of N5g-eir hears. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/limits.h"
#include "n5geir/client.h"
#include "n5geir/signer.h"

#define ME  "4947a69a-f61b-4bc1-b9da-47c9c5d14b64"
#define NRF "11111111-2222-4333-8444-555555555555"
#define GOOD                                                                                       \
    "{\"iss\":\"" NRF                                                                              \
    "\",\"sub\":\"amf\",\"aud\":\"5G_EIR\",\"scope\":\"n5g-eir-eic\",\"exp\":1000000100}"
#define P "/n5g-eir-eic/v1/equipment-status?pei=imei-490154203237520"

enum { NOW = 1000000000 };

struct bed {
    EVP_PKEY *rsa, *ec, *other;
    char path[64]; /* of rsa and ec */
    struct token_rules rules;
    struct token_keys *keys;
    struct clock clock;
};

static int begin(void **state)
{
    struct bed *b = calloc(1, sizeof *b);
    struct fault fault = {0};
    b->rsa = signer_rsa(2048);
    b->ec = signer_ec("P-256");
    b->other = signer_ec("P-256");
    EVP_PKEY *both[] = {b->rsa, b->ec};
    signer_write(both, 2, b->path);
    b->rules = (struct token_rules){STR(ME), STR(NRF), 10};
    clock_init_fixed(&b->clock, NOW * 1000000LL);
    *state = b;
    return token_keys_read(b->path, &b->keys, &fault) != ERR_OK;
}

static int end(void **state)
{
    struct bed *b = *state;
    unlink(b->path);
    EVP_PKEY_free(b->rsa);
    EVP_PKEY_free(b->ec);
    EVP_PKEY_free(b->other);
    token_keys_free(b->keys);
    free(b);
    return 0;
}

static enum token_verdict judge(struct bed *b, const char *token, int64_t *until)
{
    return token_judge(str_z(token), &b->rules, b->keys, NOW, until);
}

static enum token_verdict judge_claims(struct bed *b, const char *claims)
{
    char token[SIGNER_TOKEN];
    int64_t until = -1;
    signer_sign(b->ec, "ES256", claims, token);
    enum token_verdict verdict = judge(b, token, &until);
    assert_true((verdict == TOKEN_GOOD) == (until >= 0));
    return verdict;
}

static void signatures(void **state)
{
    struct bed *b = *state;
    char token[SIGNER_TOKEN];
    int64_t until = 0;
    signer_sign(b->rsa, "RS256", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_GOOD);
    assert_int_equal(until, NOW + 110);
    signer_sign(b->ec, "ES256", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_GOOD);
    signer_token(b->ec, "ES256", "{\"kid\":\"k\",\"alg\":\"ES256\"}", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_GOOD);

    signer_sign(b->other, "ES256", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
    signer_sign(b->rsa, "none", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
    signer_sign(b->rsa, "HS256", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
    signer_sign(b->ec, "HS256", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
    /* An algorithm that its signature is not of. */
    signer_token(b->ec, "ES256", "{\"alg\":\"RS256\"}", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
    signer_token(b->rsa, "RS256", "{\"alg\":\"ES256\"}", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
    signer_token(b->rsa, "RS256", "{\"alg\":\"PS256\"}", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
    /* Said twice, the readers might differ. */
    signer_token(b->rsa, "RS256", "{\"alg\":\"RS256\",\"alg\":\"RS256\"}", GOOD, token);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
    signer_token(b->rsa, "RS256", "{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", GOOD,
                 token);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
}

static void every_letter_counts(void **state)
{
    struct bed *b = *state;
    char token[SIGNER_TOKEN];
    int64_t until = 0;
    signer_sign(b->ec, "ES256", GOOD, token);
    size_t n = strlen(token);
    for (size_t i = 0; i < n; i++) {
        char was = token[i];
        token[i] = was == 'A' ? 'B' : 'A';
        assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
        token[i] = was;
    }
    for (size_t i = 0; i < n; i++) {
        char was = token[i];
        token[i] = 0;
        assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
        token[i] = was;
    }
    assert_int_equal(judge(b, token, &until), TOKEN_GOOD);
    memcpy(token + n, "=", 2);
    assert_int_equal(judge(b, token, &until), TOKEN_INVALID);
    static const char *const none[] = {"", ".", "..", "...", "a.b.c", "e30.e30.e30", "e30.e30."};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(judge(b, none[i], &until), TOKEN_INVALID);
}

static void too_long(void **state)
{
    struct bed *b = *state;
    char claims[2 * LIMIT_N5G_TOKEN], token[SIGNER_TOKEN];
    int64_t until = 0;
    /* As long as may be, and four more: head 20, signature 86, two dots. */
    for (int more = 0; more < 2; more++) {
        int pad = (LIMIT_N5G_TOKEN - 108) * 3 / 4 + 3 * more;
        snprintf(claims, sizeof claims, "%.*s,\"x\":\"%0*d\"}", (int)sizeof GOOD - 2, GOOD,
                 pad - (int)sizeof GOOD - 6, 0);
        signer_token(b->ec, "ES256", "{\"alg\":\"ES256\"}", claims, token);
        assert_int_equal(strlen(token), LIMIT_N5G_TOKEN + 4 * more);
        assert_int_equal(judge(b, token, &until), more ? TOKEN_INVALID : TOKEN_GOOD);
    }
}

#define CLAIMS(aud, scope, more)                                                                   \
    "{\"iss\":\"" NRF "\",\"sub\":\"amf\",\"aud\":" aud ",\"scope\":" scope more "}"
#define EXP ",\"exp\":1000000100"

static const struct {
    const char *claims;
    enum token_verdict verdict;
} rows[] = {
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", EXP), TOKEN_GOOD},
    {CLAIMS("\"" ME "\"", "\"n5g-eir-eic\"", EXP), TOKEN_GOOD},
    {CLAIMS("[\"" ME "\"]", "\"n5g-eir-eic\"", EXP), TOKEN_GOOD},
    {CLAIMS("[\"" NRF "\",\"4947A69A-F61B-4BC1-B9DA-47C9C5D14B64\"]", "\"n5g-eir-eic\"", EXP),
     TOKEN_GOOD},
    {CLAIMS("\"5G_EIR\"", "\"nudm-sdm n5g-eir-eic\"", EXP), TOKEN_GOOD},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic nudm-sdm\"", EXP), TOKEN_GOOD},
    {CLAIMS("\"AMF\"", "\"n5g-eir-eic\"", EXP), TOKEN_INVALID},
    {CLAIMS("[\"" NRF "\"]", "\"n5g-eir-eic\"", EXP), TOKEN_INVALID},
    {CLAIMS("[]", "\"n5g-eir-eic\"", EXP), TOKEN_INVALID},
    {CLAIMS("null", "\"n5g-eir-eic\"", EXP), TOKEN_INVALID},
    {CLAIMS("{\"a\":\"5G_EIR\"}", "\"n5g-eir-eic\"", EXP), TOKEN_INVALID},
    {CLAIMS("[[\"5G_EIR\"]]", "\"n5g-eir-eic\"", EXP), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"nudm-sdm\"", EXP), TOKEN_SCOPE},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic-x xn5g-eir-eic\"", EXP), TOKEN_SCOPE},
    {CLAIMS("\"5G_EIR\"", "[\"n5g-eir-eic\"]", EXP), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"\"", EXP), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", ""), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", ",\"exp\":\"1000000100\""), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", ",\"exp\":1000000100.0"), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", ",\"exp\":999999991"), TOKEN_GOOD}, /* the leeway */
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", ",\"exp\":999999990"), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", ",\"exp\":-9223372036854775808"), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", ",\"exp\":9223372036854775807"), TOKEN_GOOD},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", EXP ",\"nbf\":1000000010"), TOKEN_GOOD},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", EXP ",\"nbf\":1000000011"), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", EXP ",\"nbf\":\"0\""), TOKEN_INVALID},
    {CLAIMS("\"5G_EIR\"", "\"n5g-eir-eic\"", EXP EXP), TOKEN_INVALID},
    {"{\"iss\":\"" ME "\",\"sub\":\"a\",\"aud\":\"5G_EIR\",\"scope\":\"n5g-eir-eic\"" EXP "}",
     TOKEN_INVALID},
    {"{\"iss\":\"" NRF "\",\"aud\":\"5G_EIR\",\"scope\":\"n5g-eir-eic\"" EXP "}", TOKEN_INVALID},
    {"{\"sub\":\"a\",\"aud\":\"5G_EIR\",\"scope\":\"n5g-eir-eic\"" EXP "}", TOKEN_INVALID},
    {"[]", TOKEN_INVALID},
    {"", TOKEN_INVALID},
};

static void claim_by_claim(void **state)
{
    struct bed *b = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (judge_claims(b, rows[i].claims) != rows[i].verdict)
            fail_msg("%s: want %d", rows[i].claims, rows[i].verdict);
    /* Whoever the keys belong to. */
    b->rules.issuer = STR("");
    assert_int_equal(judge_claims(b, "{\"iss\":\"" ME "\",\"sub\":\"a\",\"aud\":\"5G_EIR\","
                                     "\"scope\":\"n5g-eir-eic\"" EXP "}"),
                     TOKEN_GOOD);
    b->rules.issuer = STR(NRF);
}

static void believed_so_long(void **state)
{
    struct bed *b = *state;
    int64_t until = 0;
    assert_int_equal(token_judge_claims(STR(GOOD), &b->rules, NOW, &until), TOKEN_GOOD);
    assert_int_equal(until, NOW + 110);
    assert_int_equal(token_judge_claims(STR(GOOD), &b->rules, NOW - 10000, &until), TOKEN_GOOD);
    assert_int_equal(until, NOW - 10000 + LIMIT_N5G_TOKEN_SECONDS);
}

static enum err read_text(const char *text, struct fault *fault)
{
    char path[] = "/tmp/tamga-keys-XXXXXX";
    struct token_keys *keys = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    enum err err = token_keys_read(path, &keys, fault);
    token_keys_free(keys);
    unlink(path);
    return err;
}

static void files_of_keys(void **state)
{
    struct bed *b = *state;
    struct fault fault = {0};
    struct token_keys *keys = NULL;
    char path[64];
    assert_int_equal(token_keys_read("/nowhere/keys", &keys, &fault), ERR_FILE_OPEN);
    assert_string_equal(fault.file, "/nowhere/keys");
    assert_int_equal(read_text("", &fault), ERR_SETTING_VALUE);
    assert_int_equal(read_text("what\n", &fault), ERR_SETTING_VALUE);
    assert_int_equal(read_text("-----BEGIN PUBLIC KEY-----\nAAAA\n", &fault), ERR_SETTING_VALUE);
    assert_int_equal(
        read_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", &fault),
        ERR_SETTING_VALUE);
    assert_int_equal(
        read_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", &fault),
        ERR_SETTING_VALUE);
    EVP_PKEY *weak = signer_rsa(1024), *p384 = signer_ec("P-384"), *k1 = signer_ec("secp256k1");
    EVP_PKEY *const bad[] = {weak, p384, k1};
    for (size_t i = 0; i < 3; i++) {
        signer_write(&bad[i], 1, path);
        assert_int_equal(token_keys_read(path, &keys, &fault), ERR_SETTING_VALUE);
        assert_non_null(strstr(fault.detail, "key 1 is neither"));
        unlink(path);
        EVP_PKEY_free(bad[i]);
    }
    EVP_PKEY *many[LIMIT_N5G_KEYS + 1];
    for (size_t i = 0; i <= LIMIT_N5G_KEYS; i++)
        many[i] = b->ec;
    signer_write(many, LIMIT_N5G_KEYS + 1, path);
    assert_int_equal(token_keys_read(path, &keys, &fault), ERR_TOO_MANY);
    unlink(path);
    assert_null(keys);
}

static struct token_guard *guard_of(struct bed *b)
{
    const struct token_guard_options with = {b->path, b->rules, &b->clock, 2};
    struct token_guard *guard = NULL;
    struct fault fault = {0};
    assert_int_equal(token_guard_new(&with, &guard, &fault), ERR_OK);
    return guard;
}

static enum token_verdict check(struct token_guard *guard, const char *token, int64_t now_us,
                                bool want_read)
{
    bool read = !want_read;
    enum token_verdict verdict = token_guard_check(
        guard, 1, &(struct token_brought){.token = str_z(token), .now_us = now_us}, &read);
    assert_int_equal(read, want_read);
    return verdict;
}

static void remembers(void **state)
{
    struct bed *b = *state;
    struct token_guard *guard = guard_of(b);
    struct fault fault = {0};
    char token[SIGNER_TOKEN], bad[SIGNER_TOKEN], path[64];
    const int64_t second = 1000000;
    signer_sign(b->rsa, "RS256", GOOD, token);
    signer_sign(b->other, "ES256", GOOD, bad);
    assert_int_equal(check(guard, token, second, true), TOKEN_GOOD);
    assert_int_equal(check(guard, token, 2 * second, false), TOKEN_GOOD);
    assert_int_equal(check(guard, bad, 2 * second, true), TOKEN_INVALID);
    assert_int_equal(check(guard, bad, 3 * second, false), TOKEN_INVALID);
    assert_int_equal(check(guard, bad, 7 * second, true), TOKEN_INVALID);
    /* Until its end, and no longer: the clock goes on as time does. */
    assert_int_equal(check(guard, token, 110 * second, false), TOKEN_GOOD);
    clock_set(&b->clock, (NOW + 110) * second);
    assert_int_equal(check(guard, token, 111 * second, true), TOKEN_INVALID);
    clock_set(&b->clock, NOW * second);
    assert_int_equal(check(guard, token, 120 * second, true), TOKEN_GOOD);
    /* Other keys: nothing counts that was remembered, good or bad. */
    struct token_keys *keys = NULL;
    signer_write(&b->other, 1, path);
    assert_int_equal(token_keys_read(path, &keys, &fault), ERR_OK);
    assert_int_equal(token_guard_take(guard, keys), ERR_OK);
    unlink(path);
    assert_int_equal(check(guard, token, 121 * second, true), TOKEN_INVALID);
    assert_int_equal(check(guard, bad, 121 * second, true), TOKEN_GOOD);
    token_guard_free(guard);
}

/* However many bad ones come, a good one is not forgotten. */
static void strangers_push_out_nothing(void **state)
{
    struct bed *b = *state;
    struct token_guard *guard = guard_of(b);
    char token[SIGNER_TOKEN], bad[32];
    bool read;
    signer_sign(b->rsa, "RS256", GOOD, token);
    assert_int_equal(check(guard, token, 1, true), TOKEN_GOOD);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(bad, sizeof bad, "a.b.%u", i);
        assert_int_equal(
            token_guard_check(guard, 1, &(struct token_brought){.token = str_z(bad), .now_us = 2},
                              &read),
            TOKEN_INVALID);
    }
    assert_int_equal(check(guard, token, 3, false), TOKEN_GOOD);
    token_guard_free(guard);
}

struct looker {
    struct token_guard *guard;
    unsigned worker;
    const char *token[2]; /* by a key that stays, by one that comes and goes */
    unsigned wrong;
};

static void *look(void *arg)
{
    struct looker *l = arg;
    bool read;
    for (int64_t i = 1; i <= 4000; i++) {
        l->wrong +=
            token_guard_check(l->guard, l->worker,
                              &(struct token_brought){.token = str_z(l->token[0]), .now_us = i},
                              &read) != TOKEN_GOOD;
        enum token_verdict verdict = token_guard_check(
            l->guard, l->worker, &(struct token_brought){.token = str_z(l->token[1]), .now_us = i},
            &read);
        l->wrong += verdict != TOKEN_GOOD && verdict != TOKEN_INVALID;
    }
    return NULL;
}

/* Other keys while both workers look: what stays good is good all the while. */
static void keys_change_meanwhile(void **state)
{
    struct bed *b = *state;
    struct token_guard *guard = guard_of(b);
    struct looker lookers[2];
    pthread_t threads[2];
    char stays[SIGNER_TOKEN], goes[SIGNER_TOKEN], path[64];
    EVP_PKEY *others[] = {b->ec, b->other};
    struct fault fault = {0};
    signer_sign(b->ec, "ES256", GOOD, stays);
    signer_sign(b->other, "ES256", GOOD, goes);
    signer_write(others, 2, path);
    for (unsigned i = 0; i < 2; i++) {
        lookers[i] = (struct looker){guard, i, {stays, goes}, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, look, &lookers[i]), 0);
    }
    for (unsigned i = 0; i < 20; i++) {
        struct token_keys *keys = NULL;
        assert_int_equal(token_keys_read(i % 2 ? b->path : path, &keys, &fault), ERR_OK);
        assert_int_equal(token_guard_take(guard, keys), ERR_OK);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(lookers[i].wrong, 0);
    }
    unlink(path);
    token_guard_free(guard);
}

/* ---- at the face ---- */

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/* Up to two Authorization headers; NULL: none. */
static struct client_reply *ask(struct client *client, const char *method, const char *path,
                                const char *first, const char *second)
{
    const nghttp2_nv fields[] = {
        field(":method", method),
        field(":scheme", "http"),
        field(":path", path),
        field("authorization", first ? first : ""),
        field("authorization", second ? second : ""),
    };
    int32_t stream = nghttp2_submit_request(client->h2, NULL, fields,
                                            first && second ? 5u
                                            : first         ? 4u
                                                            : 3u,
                                            NULL, NULL);
    client_settle(client);
    return client_reply(client, stream);
}

#define REALM "Bearer realm=\"n5g-eir-eic\""

static void is_told(struct client *client, const struct client_reply *reply, int status,
                    const char *challenge)
{
    assert_int_equal(reply->status, status);
    assert_string_equal(reply->challenge, challenge);
    if (status != 200)
        assert_string_equal(reply->type, "application/problem+json");
    assert_int_equal(client->next, LINE_ON);
}

static void a_client_hears(void **state)
{
    struct bed *b = *state;
    struct client *client = client_new();
    char token[SIGNER_TOKEN], bearer[SIGNER_TOKEN + 16];
    n5g_face.close(&client->line);
    client->settings.guard = guard_of(b);
    assert_int_equal(n5g_face.open(&client->line), ERR_OK);
    client->desk.desk.worker = 1;

    is_told(client, ask(client, "GET", P, NULL, NULL), 401, REALM);
    is_told(client, ask(client, "GET", P, "Basic dTpw", NULL), 401, REALM);
    is_told(client, ask(client, "GET", "/nowhere", NULL, NULL), 401, REALM);
    is_told(client, ask(client, "POST", P, NULL, NULL), 401, REALM);
    assert_int_equal(ask(client, "HEAD", P, NULL, NULL)->status, 405);
    assert_int_equal(client->desk.code, 405);
    is_told(client, ask(client, "GET", P, "Bearer x", NULL), 401,
            REALM ", error=\"invalid_token\"");
    assert_int_equal(client->desk.code, 401);
    signer_sign(b->ec, "ES256", GOOD, token);
    for (int i = 0; i < 2; i++) { /* the scheme in any case (RFC 9110 11.1) */
        snprintf(bearer, sizeof bearer, "%s %s", i ? "bearer" : "Bearer", token);
        is_told(client, ask(client, "GET", P, bearer, NULL), 200, "");
        is_told(client, ask(client, "GET", "/nowhere", bearer, NULL), 400, "");
    }
    is_told(client, ask(client, "GET", P, bearer, bearer), 400,
            REALM ", error=\"invalid_request\"");
    signer_sign(b->ec, "ES256", CLAIMS("\"5G_EIR\"", "\"nudm-sdm\"", EXP), token);
    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    is_told(client, ask(client, "GET", P, bearer, NULL), 403,
            REALM ", error=\"insufficient_scope\", scope=\"n5g-eir-eic\"");
    assert_int_equal(client->desk.checks, 2);
    token_guard_free(client->settings.guard);
    client_free(client);
}

static enum token_verdict from(struct token_guard *guard, const char *address, unsigned number,
                               int64_t now_us, bool *out_read)
{
    char bad[32];
    snprintf(bad, sizeof bad, "c.d.%u", number);
    const struct token_brought brought = {str_z(bad), str_z(address), now_us};
    return token_guard_check(guard, 1, &brought, out_read);
}

/* Over all connections; another address is another, and a token that is remembered is answered from anywhere. */
static void bad_ones_count_by_address(void **state)
{
    struct bed *b = *state;
    struct token_guard *guard = guard_of(b);
    char token[SIGNER_TOKEN], port[32];
    bool read;
    unsigned n = 0;
    const int64_t second = 1000000;
    signer_sign(b->rsa, "RS256", GOOD, token);
    assert_int_equal(check(guard, token, second, true), TOKEN_GOOD);
    for (; n < LIMIT_N5G_TOKENS; n++) {
        snprintf(port, sizeof port, "192.0.2.9:%u", 1000 + n);
        assert_int_equal(from(guard, port, n, second, &read), TOKEN_INVALID);
    }
    assert_int_equal(from(guard, "192.0.2.9:7", n, second, &read), TOKEN_UNREAD);
    assert_false(read);
    assert_int_equal(from(guard, "[::ffff:192.0.2.9]:7", n, second, &read), TOKEN_UNREAD);
    assert_int_equal(from(guard, "192.0.2.9:7", 0, second, &read), TOKEN_INVALID); /* known */
    assert_int_equal(from(guard, "192.0.2.8:7", n, second, &read), TOKEN_INVALID);
    const struct token_brought good = {str_z(token), STR("192.0.2.9:8"), second};
    assert_int_equal(token_guard_check(guard, 1, &good, &read), TOKEN_GOOD);
    /* It comes back with time, as slowly as it says. */
    unsigned judged = 0;
    for (unsigned i = 0; i < 50; i++)
        judged += from(guard, "192.0.2.9:7", ++n, 3 * second, &read) == TOKEN_INVALID;
    assert_int_equal(judged, 2 * LIMIT_N5G_TOKENS_SECOND);
    /* A subscriber's addresses of IPv6 are one. */
    judged = 0;
    for (unsigned i = 0; i < 50; i++) {
        snprintf(port, sizeof port, "[2001:db8::%x]:7", i + 1);
        judged += from(guard, port, ++n, 3 * second, &read) == TOKEN_INVALID;
    }
    assert_int_equal(judged, LIMIT_N5G_TOKENS);
    assert_int_equal(from(guard, "[2001:db8:0:1::1]:7", ++n, 3 * second, &read), TOKEN_INVALID);
    token_guard_free(guard);
}

/* The same bad one is a mistake of somebody's settings; each another is somebody who tries. */
static void who_tries_on_is_sent_away(void **state)
{
    struct bed *b = *state;
    struct client *client = client_new();
    char bearer[32];
    n5g_face.close(&client->line);
    client->settings.guard = guard_of(b);
    assert_int_equal(n5g_face.open(&client->line), ERR_OK);
    for (unsigned i = 0; i < 500; i++)
        assert_int_equal(ask(client, "GET", P, "Bearer a.b.c", NULL)->status, 401);
    unsigned answered = 0;
    for (unsigned i = 0; i < 500 && client->next == LINE_ON; i++) {
        snprintf(bearer, sizeof bearer, "Bearer a.b.%u", i);
        answered += ask(client, "GET", P, bearer, NULL)->status == 401;
    }
    assert_in_range(answered, LIMIT_N5G_TOKENS - 2, LIMIT_N5G_TOKENS + 2);
    assert_int_equal(client->next, LINE_CLOSE);
    assert_int_equal(client->goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
    /* A new connection of the same address begins where that ended: none is read for it. */
    struct client *again = client_new();
    n5g_face.close(&again->line);
    again->settings.guard = client->settings.guard;
    assert_int_equal(n5g_face.open(&again->line), ERR_OK);
    assert_int_equal(ask(again, "GET", P, "Bearer a.b.another", NULL)->status, 0);
    assert_int_equal(again->next, LINE_CLOSE);
    client_free(again);
    token_guard_free(client->settings.guard);
    client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures),
        cmocka_unit_test(every_letter_counts),
        cmocka_unit_test(too_long),
        cmocka_unit_test(claim_by_claim),
        cmocka_unit_test(believed_so_long),
        cmocka_unit_test(files_of_keys),
        cmocka_unit_test(remembers),
        cmocka_unit_test(strangers_push_out_nothing),
        cmocka_unit_test(keys_change_meanwhile),
        cmocka_unit_test(a_client_hears),
        cmocka_unit_test(bad_ones_count_by_address),
        cmocka_unit_test(who_tries_on_is_sent_away),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
