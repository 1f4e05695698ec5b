/* SPDX-License-Identifier: Apache-2.0
 *
 * api_test - requests through the routes and the API, without a socket: shapes, refusals, tricks. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <jansson.h>

#include "face/asset.h"
#include "face/checked_json.h"
#include "face/limiter.h"
#include "face/request.h"
#include "service_stub.h"

#define GOOD "490154203237518"

struct fixture {
    struct service service;
    struct site site;
    struct response response;
    json_t *json; /* of the last answer, NULL when it is none */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    service_stub_init(&f->service, daynum_from_ymd(2025, 7, 1));
    f->site = (struct site){.service = &f->service};
    *state = f;
    return 0;
}

static void forget(struct fixture *f)
{
    response_release(&f->response);
    json_decref(f->json);
    f->json = NULL;
}

static int teardown(void **state)
{
    forget(*state);
    free(*state);
    return 0;
}

static void ask(struct fixture *f, const struct request *request)
{
    forget(f);
    route_answer(&f->site, request, &f->response);
    struct str body = response_body(&f->response);
    if (f->response.content_type && strstr(f->response.content_type, "json")) {
        f->json = json_loadb(body.p, body.n, 0, NULL);
        assert_non_null(f->json);
    }
}

static void get(struct fixture *f, const char *target)
{
    const struct request request = {.method = STR("GET"), .target = str_z(target)};
    ask(f, &request);
}

static void post(struct fixture *f, const char *target, const char *type, struct str body)
{
    const struct request request = {
        .method = STR("POST"),
        .target = str_z(target),
        .content_type = str_z(type),
        .body = body,
    };
    ask(f, &request);
}

static const char *field(const struct fixture *f, const char *name)
{
    const char *value = json_string_value(json_object_get(f->json, name));
    return value ? value : "-";
}

/* The answer is this problem. */
static void is_problem(const struct fixture *f, int status, const char *reason)
{
    assert_int_equal(f->response.status, status);
    assert_string_equal(f->response.content_type, "application/problem+json");
    assert_string_equal(field(f, "reason"), reason);
    assert_int_equal(json_integer_value(json_object_get(f->json, "status")), status);
    assert_true(strlen(field(f, "title")) > 1);
    assert_string_equal(field(f, "type"), "about:blank");
}

/* The whole answer as text, keys in the order in which they are written. */
static void a_check_has_its_shape(void **state)
{
    struct fixture *f = *state;
    f->service.verdict = (struct verdict){
        .reason = REASON_UNVERIFIED,
        .next_reason = REASON_EXPIRED,
        .flags = VERDICT_USED,
        .deadline = daynum_from_ymd(2025, 7, 31),
        .valid_through = daynum_from_ymd(2025, 7, 31),
    };
    f->service.tac_known = false;
    get(f, "/api/v1/check/49015420323751");
    assert_int_equal(f->response.status, 200);
    assert_string_equal(f->response.content_type, "application/json");
    assert_int_equal(json_object_del(f->json, "check_number"), 0);
    char *text = json_dumps(f->json, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"imei\":\"490154203237518\",\"list\":\"grey\",\"reason\":\"UNVERIFIED\","
                        "\"public_reason\":\"UNVERIFIED\",\"rule\":9,\"deadline\":\"2025-07-31\","
                        "\"valid_through\":\"2025-07-31\",\"next\":{\"list\":\"black\",\"reason\":"
                        "\"EXPIRED\",\"from\":\"2025-08-01\"},\"served\":true,\"used\":true,"
                        "\"duplicate\":false,\"tac\":null,\"rule_set\":7,\"as_of\":\"2025-07-01\","
                        "\"checked_at\":\"2025-07-01T12:00:00Z\"}");
    free(text);
    f->service.tac_known = true;
    get(f, "/api/v1/check/49-015420-323751%208");
    assert_int_equal(f->response.status, 200);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(f->json, "tac"), "brand")),
        "Brand & <Sons>");
}

static void only_public_reasons_go_out(void **state)
{
    struct fixture *f = *state;
    static const uint8_t reasons[] = {REASON_ORDER, REASON_PENITENTIARY};
    for (size_t i = 0; i < 2; i++) {
        f->service.verdict.reason = f->service.verdict.next_reason = reasons[i];
        get(f, "/api/v1/check/" GOOD);
        assert_string_equal(field(f, "reason"), "AUTHORITY");
        assert_string_equal(field(f, "public_reason"), "AUTHORITY");
        assert_string_equal(field(f, "list"), "black");
    }
    /* a suspension that begins tomorrow is not told today */
    f->service.verdict.reason = REASON_VERIFIED;
    f->service.verdict.next_reason = REASON_STOLEN;
    f->service.verdict.valid_through = f->service.today;
    get(f, "/api/v1/check/" GOOD);
    assert_true(json_is_null(json_object_get(f->json, "next")));
    assert_true(json_is_null(json_object_get(f->json, "valid_through")));
}

static void a_check_refuses_in_the_askers_language(void **state)
{
    struct fixture *f = *state;
    struct request request = {
        .method = STR("GET"),
        .target = STR("/api/v1/check/490154203237519"),
        .accept_language = STR("ru-KZ, en;q=0.5"),
    };
    ask(f, &request);
    is_problem(f, 400, "IMEI_MISTYPED");
    assert_string_equal(field(f, "title"), "Похоже, одна цифра набрана с ошибкой");
    assert_string_equal(f->response.language, "ru");
    request.accept_language = (struct str){NULL, 0};
    ask(f, &request);
    assert_string_equal(f->response.language, "kk");
    get(f, "/api/v1/check/12");
    is_problem(f, 400, "IMEI_FORM");
    get(f, "/api/v1/check/49015420323751x");
    is_problem(f, 400, "IMEI_CHARS");
    f->service.err = ERR_STORE;
    get(f, "/api/v1/check/" GOOD);
    is_problem(f, 503, "STORE");
}

static void batches(void **state)
{
    struct fixture *f = *state;
    static const char json[] = "application/json; charset=utf-8";
    post(f, "/api/v1/check", json, STR("{\"imei\":\"" GOOD "\"}"));
    assert_int_equal(f->response.status, 200);
    assert_int_equal(json_array_size(json_object_get(f->json, "answers")), 1);

    post(f, "/api/v1/check", json, STR("{\"imei\":[\"" GOOD "\",\"490154203237519\",\"қ\"]}"));
    json_t *answers = json_object_get(f->json, "answers");
    assert_int_equal(json_array_size(answers), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(answers, 1), "error")),
                        "IMEI_MISTYPED");
    assert_string_equal(json_string_value(json_object_get(json_array_get(answers, 2), "input")),
                        "қ");
    static const struct {
        struct str body;
        const char *reason;
        int status;
    } bad[] = {
        {{"", 0}, "USAGE", 400},
        {STR("{"), "USAGE", 400},
        {STR("[]"), "USAGE", 400},
        {STR("{}"), "USAGE", 400},
        {STR("{\"imei\":[]}"), "USAGE", 400},
        {STR("{\"imei\":[1]}"), "USAGE", 400},
        {STR("{\"imei\":null}"), "USAGE", 400},
        {STR("{\"imei\":\"1\",\"imei\":\"2\"}"), "USAGE", 400},
        {STR("{\"imei\":\"\\u0000\"}"), "USAGE", 400},
        {STR("{\"imei\":\"\xff\"}"), "UTF8", 400},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        post(f, "/api/v1/check", json, bad[i].body);
        is_problem(f, bad[i].status, bad[i].reason);
    }
    struct buf many = {0};
    buf_str(&many, STR("{\"imei\":[\"" GOOD "\""));
    for (int i = 0; i < LIMIT_CHECK_IMEIS; i++)
        buf_str(&many, STR(",\"" GOOD "\""));
    buf_str(&many, STR("]}"));
    post(f, "/api/v1/check", json, (struct str){(char *)many.p, many.n});
    is_problem(f, 413, "TOO_MANY");
    buf_release(&many);
    post(f, "/api/v1/check", "text/plain", STR("{}"));
    is_problem(f, 415, "MEDIA_TYPE");
    post(f, "/api/v1/check", "", STR("{}"));
    is_problem(f, 415, "MEDIA_TYPE");
}

/* A tenth of a second for an IMEI behind one address; three kinds of browser there. */
static void who_asks_too_often_is_told_when_to_come(void **state)
{
    struct fixture *f = *state;
    struct clock steady;
    clock_init_fixed(&steady, 1000000);
    struct limits limits = {{[LIMIT_KIND_PERSON] = {5, 10},
                             [LIMIT_KIND_ADDRESS] = {10, 25},
                             [LIMIT_KIND_PUBLIC] = {20, 45}}};
    f->site.limiter = limiter_new(&limits);
    f->site.steady = &steady;
    struct request request = {.method = STR("GET"), .target = STR("/api/v1/check/" GOOD)};
    static const struct {
        const char *agent, *language;
        uint8_t address;
        unsigned passes;
        const char *reason;
        unsigned wait;
    } rows[] = {
        {"A", "kk", 1, 10, "RATE", 1}, {"A", "ru", 1, 10, "RATE", 1},
        {"B", "kk", 1, 5, "RATE", 1},  {"A", "kk", 2, 10, "RATE", 1},
        {"A", "kk", 3, 10, "RATE", 1}, {"A", "kk", 4, 0, "CROWDED", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request.user_agent = str_z(rows[i].agent);
        request.accept_language = str_z(rows[i].language);
        request.client.bytes[0] = rows[i].address;
        for (unsigned n = 0; n < rows[i].passes; n++) {
            ask(f, &request);
            assert_int_equal(f->response.status, 200);
        }
        ask(f, &request);
        is_problem(f, i == 5 ? 503 : 429, rows[i].reason);
        assert_int_equal(f->response.retry_after_s, rows[i].wait);
        assert_string_equal(f->response.language, rows[i].language);
    }
    clock_set(&steady, 1000000 + 60 * 1000000LL);
    post(f, "/api/v1/check", "application/json",
         STR("{\"imei\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]}"));
    assert_int_equal(f->response.status, 200); /* six of ten */
    post(f, "/api/v1/check", "application/json",
         STR("{\"imei\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]}"));
    is_problem(f, 429, "RATE");
    for (int i = 0; i < 3; i++) /* its door's token was paid, the rest was not */
        post(f, "/check", "application/x-www-form-urlencoded", STR("imei=" GOOD));
    assert_int_equal(f->response.status, 200);
    post(f, "/check", "application/x-www-form-urlencoded", STR("imei=" GOOD));
    assert_int_equal(f->response.status, 429);
    assert_non_null(memmem(f->response.body.p, f->response.body.n, "Тым жиі", strlen("Тым жиі")));
    for (int i = 0; i < 100; i++) {
        get(f, "/healthz");
        assert_int_equal(f->response.status, 200);
    }
    request.crowd = CROWD_MANY;
    clock_set(&steady, 1000000 + 120 * 1000000LL);
    ask(f, &request);
    is_problem(f, 503, "CROWDED");
    assert_int_equal(f->response.retry_after_s, LIMIT_CROWDED_SECONDS);
    limiter_free(f->site.limiter);
    f->site.limiter = NULL;
}

static void ask_with_key(struct fixture *f, const char *key, struct str body)
{
    struct request request = {
        .method = STR("POST"),
        .target = STR("/api/v1/check"),
        .content_type = STR("application/json"),
        .authorization = str_z(key),
        .body = body,
    };
    ask(f, &request);
}

static void keys_open_what_they_are_for(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *key;
        int status;
        const char *reason;
    } rows[] = {
        {"Bearer good", 200, NULL},
        {"bearer  batch ", 200, NULL},
        {"Bearer expired", 401, "KEY_EXPIRED"},
        {"Bearer revoked", 401, "KEY_REVOKED"},
        {"Bearer none", 403, "SCOPE"},
        {"Bearer wrong", 401, "KEY"},
        {"Bearer", 401, "KEY"},
        {"Basic good", 401, "KEY"},
        {"good", 401, "KEY"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask_with_key(f, rows[i].key, STR("{\"imei\":\"" GOOD "\"}"));
        assert_int_equal(f->response.status, rows[i].status);
        if (rows[i].reason)
            is_problem(f, rows[i].status, rows[i].reason);
    }
    for (int n = LIMIT_CHECK_IMEIS; n <= LIMIT_CHECK_BATCH + 1; n += 1 + (n > 101) * 898) {
        struct buf many = {0};
        buf_str(&many, STR("{\"imei\":[\"" GOOD "\""));
        for (int i = 1; i < n; i++)
            buf_str(&many, STR(",\"" GOOD "\""));
        buf_str(&many, STR("]}"));
        struct str body = {(char *)many.p, many.n};
        ask_with_key(f, "Bearer batch", body);
        assert_int_equal(f->response.status, n > LIMIT_CHECK_BATCH ? 413 : 200);
        if (f->response.status == 200)
            assert_int_equal(json_array_size(json_object_get(f->json, "answers")), (size_t)n);
        ask_with_key(f, "Bearer good", body);
        assert_int_equal(f->response.status, n > LIMIT_CHECK_IMEIS ? 413 : 200);
        buf_release(&many);
    }
}

/* A key has a bucket of its own, and goes in while the public waits outside. */
static void keys_are_limited_apart(void **state)
{
    struct fixture *f = *state;
    struct clock steady;
    clock_init_fixed(&steady, 0);
    struct limits limits = {{[LIMIT_KIND_ADDRESS] = {1, 2}, [LIMIT_KIND_KEY] = {1, 5}}};
    f->site.limiter = limiter_new(&limits);
    f->site.steady = &steady;
    struct request request = {.method = STR("GET"),
                              .target = STR("/api/v1/check/" GOOD),
                              .crowd = CROWD_MANY,
                              .authorization = STR("Bearer good")};
    for (int i = 0; i < 5; i++) {
        ask(f, &request);
        assert_int_equal(f->response.status, 200);
    }
    ask(f, &request);
    is_problem(f, 429, "RATE");
    request.authorization = STR("Bearer batch");
    ask(f, &request);
    assert_int_equal(f->response.status, 200);
    request.crowd = CROWD_FULL;
    ask(f, &request);
    is_problem(f, 503, "CROWDED");
    limiter_free(f->site.limiter);
    f->site.limiter = NULL;
}

/* Names as no phone has them: the encoder of our own must still write JSON. */
static void any_text_becomes_json(void **state)
{
    (void)state;
    for (int c = 1; c < 0x100; c++) {
        struct buf out = {0};
        char text[8] = {'a', (char)c, 'b'};
        if (c >= 0x80)
            snprintf(text, sizeof text, "a%c%cb", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
        checked_json_text(&out, str_z(text));
        json_t *value = json_loadb((char *)out.p, out.n, JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        assert_string_equal(json_string_value(value), text);
        json_decref(value);
        buf_release(&out);
    }
}

static void did_we_say_so(void **state)
{
    struct fixture *f = *state;
    f->service.verdict.reason = f->service.verdict.next_reason = REASON_ORDER;
    get(f, "/api/v1/check/" GOOD);
    char target[96];
    snprintf(target, sizeof target, "/api/v1/check-number/%s", field(f, "check_number"));
    get(f, target);
    assert_int_equal(f->response.status, 200);
    assert_true(json_is_true(json_object_get(f->json, "genuine")));
    assert_string_equal(field(f, "reason"), "AUTHORITY");
    assert_string_equal(field(f, "list"), "black");
    assert_string_equal(field(f, "checked_at"), "2025-07-01T12:00:00Z");
    get(f, "/api/v1/check-number/00000-00000-00000-00000");
    assert_int_equal(f->response.status, 200);
    assert_true(json_is_false(json_object_get(f->json, "genuine")));
}

static void health(void **state)
{
    struct fixture *f = *state;
    get(f, "/healthz");
    assert_int_equal(f->response.status, 200);
    assert_string_equal(field(f, "status"), "ok");
    assert_string_equal(field(f, "store"), "ok");
    assert_string_equal(field(f, "today"), "2025-07-01");
    assert_string_equal(field(f, "expire_through"), "2025-06-30");
    f->service.store_ok = false;
    get(f, "/healthz");
    assert_int_equal(f->response.status, 200);
    assert_string_equal(field(f, "status"), "stale");
    assert_string_equal(field(f, "store"), "unreachable");
}

static void wrong_methods_name_the_right_ones(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *target, *method, *allow;
    } cases[] = {
        {"/check", "PUT", "GET, HEAD, POST"},
        {"/check", "DELETE", "GET, HEAD, POST"},
        {"/check", "get", "GET, HEAD, POST"},
        {"/", "POST", "GET, HEAD"},
        {"/healthz", "POST", "GET, HEAD"},
        {"/api/v1/check", "GET", "POST"},
        {"/api/v1/check/" GOOD, "POST", "GET, HEAD"},
        {"/api/v1/check/" GOOD, "OPTIONS", "GET, HEAD"},
        {"/static/style.css", "POST", "GET, HEAD"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct request request = {.method = str_z(cases[i].method),
                                        .target = str_z(cases[i].target)};
        ask(f, &request);
        assert_int_equal(f->response.status, 405);
        assert_string_equal(f->response.allow, cases[i].allow);
    }
}

static void tricks_with_paths_find_nothing(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *target;
        int status;
    } cases[] = {
        {"/nothing", 404},
        {"//check", 404},
        {"/check/", 404},
        {"/check//", 404},
        {"/./check", 404},
        {"/static/../check", 404},
        {"/static/..", 404},
        {"/static/%2e%2e", 404},
        {"/static/%2e%2e%2fcheck", 404},
        {"/static/", 404},
        {"/static", 404},
        {"/%63heck", 404},
        {"/check%00", 404},
        {"/static/%00", 400},
        {"/static/a%0ab", 404},
        {"/api/v1/check/%", 400},
        {"/api/v1/check/%4", 400},
        {"/api/v1/check/%zz", 400},
        {"/api/v1/check/%00", 400},
        {"/api/v1/check/%ff", 400},
        {"/api/v1/check/%c0%af", 400},
        {"/api/v1/check/", 404},
        {"/api", 404},
        {"/api/v2/check", 404},
        {"/Check", 404},
        {"check", 400},
        {"*", 400},
        {"", 400},
        {"http://example.org/check", 400},
        {"/check\x01", 400},
        {"/check;a", 404},
        {"/check\\..\\x", 404},
        {"/api/v1/check/" GOOD "/x", 404},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        get(f, cases[i].target);
        if (f->response.status != cases[i].status)
            fail_msg("%s: %d", cases[i].target, f->response.status);
    }
    char target[LIMIT_HTTP_URI + 2];
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[sizeof target - 1] = '\0';
    get(f, target);
    assert_int_equal(f->response.status, 414);
    assert_string_equal(f->response.route, "-"); /* what was typed goes into no log */
    memcpy(target, "/api/", 5);
    get(f, target);
    is_problem(f, 414, "URI_LONG");
}

static void bodies_that_no_form_sends(void **state)
{
    struct fixture *f = *state;
    static const char form[] = "application/x-www-form-urlencoded";
    static const struct str bad[] = {STR("imei=%ff%fe"), STR("imei=\xd2"), STR("imei=%00"),
                                     STR("imei=%2"),     STR("imei=%g0"),  STR("imei=%ed%a0%80"),
                                     STR("sample=%ff")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        post(f, "/check", form, bad[i]);
        assert_int_equal(f->response.status, 400);
        assert_string_equal(f->response.content_type, "text/html; charset=utf-8");
    }
    post(f, "/check", "multipart/form-data; boundary=x", STR("--x"));
    assert_int_equal(f->response.status, 415);
    const struct request long_body = {
        .method = STR("POST"),
        .target = STR("/check"),
        .content_type = str_z(form),
        .body_too_long = true,
    };
    ask(f, &long_body);
    assert_int_equal(f->response.status, 413);
    get(f, "/check?lang=%ff&lang=en&&=&x");
    assert_int_equal(f->response.status, 200);
    assert_string_equal(f->response.language, "kk");
}

static void files_of_the_page(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ASSET_COUNT; i++) {
        if (!asset_table[i].bytes.n) /* a build without node */
            continue;
        get(f, asset_table[i].url);
        assert_int_equal(f->response.status, 200);
        assert_true(f->response.keeps);
        assert_string_equal(f->response.content_type, asset_table[i].content_type);
        assert_int_equal(response_body(&f->response).n, asset_table[i].bytes.n);
        assert_false(f->response.packed);
    }
    static const struct {
        const char *accept;
        bool packed;
    } codings[] = {{"gzip", true},          {"br, GZIP;q=0.5", true},
                   {"deflate,gzip", true},  {"gzip;q=0", false},
                   {"gzip;q=0.000", false}, {"identity", false},
                   {"x-gzip, br", false},   {"", false}};
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        const struct request request = {.method = STR("GET"),
                                        .target = str_z(asset_table[ASSET_STYLE_CSS].url),
                                        .accept_encoding = str_z(codings[i].accept)};
        ask(f, &request);
        assert_int_equal(f->response.packed, codings[i].packed);
        assert_int_equal(f->response.whole_bytes, asset_table[ASSET_STYLE_CSS].bytes.n);
    }
    get(f, "/static/style.css");
    assert_int_equal(f->response.status, 404);
    assert_false(f->response.keeps);
    get(f, "/?lang=ru");
    assert_int_equal(f->response.status, 200);
    assert_int_equal(f->response.script,
                     asset_table[ASSET_PORTAL_RU_JS].bytes.n > 0 ? SCRIPT_CHECK : SCRIPT_NONE);
    get(f, "/check?lang=ru");
    assert_int_equal(f->response.script, SCRIPT_NONE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_check_has_its_shape),
        T(only_public_reasons_go_out),
        T(a_check_refuses_in_the_askers_language),
        T(batches),
        T(who_asks_too_often_is_told_when_to_come),
        T(keys_open_what_they_are_for),
        T(keys_are_limited_apart),
        T(any_text_becomes_json),
        T(did_we_say_so),
        T(health),
        T(wrong_methods_name_the_right_ones),
        T(tricks_with_paths_find_nothing),
        T(bodies_that_no_form_sends),
        T(files_of_the_page),
    };
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
