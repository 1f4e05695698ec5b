/* SPDX-License-Identifier: Apache-2.0
 *
 * signature_test - signed requests: what fits and what does not, time and nonces by a clock of our own,
 * the memory of nonces when it is full and when threads race. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <pthread.h>

#include "face/nonces.h"
#include "face/request.h"
#include "service_stub.h"

enum { NOW = 1767225600, STARTED = NOW - 3600 };
#define NONCE "abcdefghijklmnop"

struct fixture {
    struct service service;
    struct site site;
    struct clock wall;
    struct response response;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    service_stub_init(&f->service, daynum_from_ymd(2026, 1, 1));
    clock_init_fixed(&f->wall, NOW * 1000000LL);
    f->site = (struct site){
        .service = &f->service, .nonces = nonces_new(), .wall = &f->wall, .started_s = STARTED};
    assert_non_null(f->site.nonces);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    response_release(&f->response);
    nonces_free(f->site.nonces);
    free(f);
    return 0;
}

/* What a client sends; each may be changed after it was signed. */
struct sent {
    const char *method, *target, *key, *nonce, *body;
    long time;
};

static const struct sent usual = {"POST", "/api/v1/check?lang=en",          "batch",
                                  NONCE,  "{\"imei\":\"490154203237518\"}", NOW};

static void sign(const struct sent *s, char hex[2 * SHA256_BYTES + 1])
{
    uint8_t key[SHA256_BYTES], hash[SHA256_BYTES];
    char digest[2 * SHA256_BYTES + 1], text[512];
    memset(key, 7, sizeof key); /* the stub's */
    sha256_once(s->body, strlen(s->body), hash);
    sha256_hex(hash, digest);
    int n = snprintf(text, sizeof text, "TAMGA1\n%s\n%s\n%ld\n%s\n%s\n", s->method, s->target,
                     s->time, s->nonce, digest);
    sha256_hmac(key, text, (size_t)n, hash);
    sha256_hex(hash, hex);
}

static int ask(struct fixture *f, const struct sent *s, const char *header)
{
    const struct request request = {.method = str_z(s->method),
                                    .target = str_z(s->target),
                                    .content_type = STR("application/json"),
                                    .authorization = str_z(header),
                                    .body = str_z(s->body)};
    response_release(&f->response);
    route_answer(&f->site, &request, &f->response);
    return f->response.status;
}

/* The reason of the answer; "" for 200. */
static const char *reason(struct fixture *f)
{
    static char text[32];
    const char *at = memmem(f->response.body.p, f->response.body.n, "\"reason\":\"", 10);
    text[0] = '\0';
    if (f->response.status != 200 && at)
        (void)sscanf(at + 10, "%31[A-Z_]", text);
    return text;
}

/* Signs one and sends another. */
static const char *told(struct fixture *f, const struct sent *signed_as, const struct sent *sent)
{
    char hex[2 * SHA256_BYTES + 1], header[400];
    sign(signed_as, hex);
    snprintf(header, sizeof header, "Tamga-HMAC-SHA256 key=%s, time=%ld, nonce=%s, signature=%s",
             sent->key, sent->time, sent->nonce, hex);
    ask(f, sent, header);
    return reason(f);
}

static void a_signature_fits_one_request_once(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(told(f, &usual, &usual), "");
    assert_string_equal(told(f, &usual, &usual), "SIGNATURE_USED");
    struct sent other = usual;
    other.nonce = "0123456789-_ABCDEF";
    assert_string_equal(told(f, &other, &other), "");
    other = usual;
    other.key = "good"; /* another key may use the same nonce */
    assert_string_equal(told(f, &other, &other), "");
}

static void what_is_changed_does_not_fit(void **state)
{
    struct fixture *f = *state;
    struct sent changed[5] = {usual, usual, usual, usual, usual};
    changed[0].target = "/api/v1/check?lang=ru";
    changed[1].time = NOW + 1;
    changed[2].nonce = "abcdefghijklmnoq";
    changed[3].body = "{\"imei\":\"490154203237519\"}";
    changed[4].method = "PUT";
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(told(f, &usual, &changed[i]), "SIGNATURE");
    assert_string_equal(told(f, &changed[4], &usual), "SIGNATURE");
    assert_string_equal(told(f, &usual, &usual), ""); /* and none of that spent the nonce */
}

static void keys_must_stand(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][2] = {{"nobody", "KEY"},
                                          {"expired", "KEY_EXPIRED"},
                                          {"revoked", "KEY_REVOKED"},
                                          {"none", "SCOPE"}};
    for (size_t i = 0; i < 4; i++) {
        struct sent s = usual;
        s.key = rows[i][0];
        assert_string_equal(told(f, &s, &s), rows[i][1]);
    }
}

static void time_must_be_near(void **state)
{
    struct fixture *f = *state;
    static const struct {
        long off;
        const char *reason;
    } rows[] = {{-LIMIT_SIGNATURE_SECONDS, ""},
                {-LIMIT_SIGNATURE_SECONDS - 1, "SIGNATURE_TIME"},
                {LIMIT_SIGNATURE_SECONDS, "SIGNATURE_USED"}, /* the nonce of the first row */
                {LIMIT_SIGNATURE_SECONDS + 1, "SIGNATURE_TIME"}};
    for (size_t i = 0; i < 4; i++) {
        struct sent s = usual;
        s.time = NOW + rows[i].off;
        assert_string_equal(told(f, &s, &s), rows[i].reason);
    }
    /* a request of before the start: its nonce may have been used there */
    clock_set(&f->wall, (STARTED + 1) * 1000000LL);
    struct sent early = usual;
    early.nonce = "of-before-the-start";
    early.time = STARTED - 1;
    assert_string_equal(told(f, &early, &early), "SIGNATURE_TIME");
    early.time = STARTED;
    assert_string_equal(told(f, &early, &early), "");
}

/* For as long as the time would pass, the nonce does not. */
static void a_nonce_is_kept_as_long_as_its_time(void **state)
{
    struct fixture *f = *state;
    struct sent s = usual;
    s.time = NOW + LIMIT_SIGNATURE_SECONDS;
    assert_string_equal(told(f, &s, &s), "");
    for (int second = 0; second <= 2 * LIMIT_SIGNATURE_SECONDS; second++) {
        clock_set(&f->wall, (NOW + second) * 1000000LL);
        assert_string_equal(told(f, &s, &s), "SIGNATURE_USED");
    }
    clock_set(&f->wall, (NOW + 2 * LIMIT_SIGNATURE_SECONDS + 1) * 1000000LL);
    assert_string_equal(told(f, &s, &s), "SIGNATURE_TIME");
}

static void headers_that_are_none(void **state)
{
    struct fixture *f = *state;
    char hex[2 * SHA256_BYTES + 1], header[600];
    sign(&usual, hex);
    static const char *const forms[] = {
        "",
        "key=batch",
        "key=batch, time=1767225600, nonce=" NONCE,
        "key=batch, time=1767225600, nonce=short, signature=%s",
        "key=batch, time=1767225600, nonce=abcdefghijklmno/, signature=%s",
        "key=batch, time=-1, nonce=" NONCE ", signature=%s",
        "key=batch, time=99999999999999999999, nonce=" NONCE ", signature=%s",
        "key=batch, time=1767225600, nonce=" NONCE ", signature=%s0",
        "key=batch, key=batch, time=1767225600, nonce=" NONCE ", signature=%s",
        "key=batch, time=1767225600, nonce=" NONCE ", signature=%s, more=1",
        "key=batch, time=1767225600, nonce=" NONCE ", signature=%s,",
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct str rest, head = str_split(str_z(forms[i]), '%', &rest);
        snprintf(header, sizeof header, "Tamga-HMAC-SHA256 %.*s%s%s", STR_ARG(head),
                 rest.p ? hex : "", rest.p ? rest.p + 1 : "");
        assert_int_equal(ask(f, &usual, header), 401);
        assert_string_equal(reason(f), "SIGNATURE");
    }
}

static void a_full_memory_refuses(void **state)
{
    (void)state;
    struct nonces *n = nonces_new();
    assert_non_null(n);
    unsigned long taken = 0, refused = 0;
    char nonce[24];
    for (unsigned i = 0; i < 3 * LIMIT_NONCES; i++) {
        int length = snprintf(nonce, sizeof nonce, "nonce%015u", i);
        enum err err = nonces_take(n, 1, (struct str){nonce, (size_t)length}, NOW, NOW + 60);
        assert_true(err == ERR_OK || err == ERR_CROWDED);
        taken += err == ERR_OK;
        refused += err == ERR_CROWDED;
    }
    assert_true(taken <= LIMIT_NONCES && taken > LIMIT_NONCES / 10 * 9);
    assert_int_equal(taken + refused, 3 * LIMIT_NONCES);
    for (unsigned i = 0; i < 1000; i++) { /* the first are all still known */
        int length = snprintf(nonce, sizeof nonce, "nonce%015u", i);
        assert_int_equal(nonces_take(n, 1, (struct str){nonce, (size_t)length}, NOW + 59, NOW + 90),
                         ERR_SIGNATURE_USED);
    }
    assert_int_equal(nonces_take(n, 1, STR("nonce after a minute"), NOW + 60, NOW + 120), ERR_OK);
    nonces_free(n);
}

struct racer {
    struct nonces *nonces;
    unsigned won;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    char nonce[24];
    for (unsigned i = 0; i < 20000; i++) {
        int length = snprintf(nonce, sizeof nonce, "nonce%015u", i);
        r->won +=
            nonces_take(r->nonces, 1, (struct str){nonce, (size_t)length}, NOW, NOW + 60) == ERR_OK;
    }
    return NULL;
}

static void one_of_many_wins(void **state)
{
    (void)state;
    enum { CREW = 4 };
    struct nonces *n = nonces_new();
    assert_non_null(n);
    struct racer racers[CREW];
    pthread_t threads[CREW];
    unsigned won = 0;
    for (int i = 0; i < CREW; i++) {
        racers[i] = (struct racer){n, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < CREW; i++) {
        pthread_join(threads[i], NULL);
        won += racers[i].won;
    }
    assert_int_equal(won, 20000);
    nonces_free(n);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_signature_fits_one_request_once),
        T(what_is_changed_does_not_fit),
        T(keys_must_stand),
        T(time_must_be_near),
        T(a_nonce_is_kept_as_long_as_its_time),
        T(headers_that_are_none),
        cmocka_unit_test(a_full_memory_refuses),
        cmocka_unit_test(one_of_many_wins),
    };
    return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
