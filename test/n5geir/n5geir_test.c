/* SPDX-License-Identifier: Apache-2.0
 *
 * The face as a client of HTTP/2 sees it: answers word for word, each problem, many requests at once, bytes one
 * by one, bodies, goodbyes, who speaks something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/limits.h"
#include "n5geir/client.h"

#define P "/n5g-eir-eic/v1/equipment-status"

static int set_up(void **state)
{
    *state = client_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    client_free(*state);
    return 0;
}

#define PROBLEM "application/problem+json"
#define PARAM(cause, name, reason)                                                                 \
    "{\"status\":400,\"cause\":\"" cause "\",\"invalidParams\":[{\"param\":\"query " name          \
    "\",\"reason\":\"" reason "\"}]}"

/* Word for word: what stands here is what operators' programs see. */
static const struct {
    const char *method, *path, *accept;
    int status;
    const char *type, *body;
} golden[] = {
    {NULL, P "?pei=imei-490154203237520", NULL, 200, "application/json",
     "{\"status\":\"WHITELISTED\"}"},
    {NULL, P "?pei=imei-490154203237530", "application/json", 200, "application/json",
     "{\"status\":\"BLACKLISTED\"}"},
    {NULL, P "?supi=imsi-401010123456789&pei=imeisv-4901542032375412", "*/*", 200,
     "application/json", "{\"status\":\"GREYLISTED\"}"},
    {NULL, P "?pei=imeisv-4901542032375512", NULL, 404, PROBLEM,
     "{\"status\":404,\"cause\":\"ERROR_EQUIPMENT_UNKNOWN\"}"},
    {NULL, P "?pei=mac-00-1a-2b-3c-4d-5e-untrusted", NULL, 404, PROBLEM,
     "{\"status\":404,\"cause\":\"ERROR_EQUIPMENT_UNKNOWN\"}"},
    {NULL, P "?pei=imei-12", NULL, 400, PROBLEM,
     PARAM("MANDATORY_QUERY_PARAM_INCORRECT", "pei",
           "not imei- with 15 digits, imeisv- with 16, mac- or eui-")},
    {NULL, P, NULL, 400, PROBLEM, PARAM("MANDATORY_QUERY_PARAM_MISSING", "pei", "missing")},
    {NULL, P "?pei=imei-490154203237520&pei=imei-490154203237520", NULL, 400, PROBLEM,
     PARAM("MANDATORY_QUERY_PARAM_INCORRECT", "pei", "more than one")},
    {NULL, P "?pei=imei-490154203237520&supi=1", NULL, 400, PROBLEM,
     PARAM("OPTIONAL_QUERY_PARAM_INCORRECT", "supi",
           "not one of imsi- with 5 to 15 digits, nai-, gci- or gli-")},
    {NULL, P "?pei=imei-490154203237520&gpsi=1", NULL, 400, PROBLEM,
     PARAM("OPTIONAL_QUERY_PARAM_INCORRECT", "gpsi",
           "not one of msisdn- with 5 to 15 digits or extid-")},
    {NULL, P "?pei=imei-490154203237520&supported-features=z", NULL, 400, PROBLEM,
     PARAM("OPTIONAL_QUERY_PARAM_INCORRECT", "supported-features",
           "not one number in hexadecimal")},
    {NULL, P "?pei=%zz", NULL, 400, PROBLEM, "{\"status\":400,\"cause\":\"INVALID_MSG_FORMAT\"}"},
    {NULL, "/n5g-eir-eic/v2/equipment-status", NULL, 400, PROBLEM,
     "{\"status\":400,\"cause\":\"INVALID_API\"}"},
    {NULL, "/n5g-eir-eic/v1/equipment", NULL, 404, PROBLEM,
     "{\"status\":404,\"cause\":\"RESOURCE_URI_STRUCTURE_NOT_FOUND\"}"},
    {"DELETE", P "?pei=imei-490154203237520", NULL, 405, PROBLEM,
     "{\"title\":\"Method Not Allowed\",\"status\":405}"},
    {"OPTIONS", P, NULL, 405, PROBLEM, "{\"title\":\"Method Not Allowed\",\"status\":405}"},
    {"HEAD", P "?pei=imei-490154203237520", NULL, 405, "", ""},
    {NULL, P "?pei=imei-490154203237520", "text/html", 406, PROBLEM,
     "{\"title\":\"Not Acceptable\",\"status\":406}"},
};

static void answers_word_for_word(void **state)
{
    struct client *client = *state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        unsigned checks = client->desk.checks, refused = client->desk.refused;
        int32_t stream = client_ask(client, golden[i].method, golden[i].path, golden[i].accept);
        client_settle(client);
        const struct client_reply *reply = client_reply(client, stream);
        assert_int_equal(reply->status, golden[i].status);
        assert_string_equal(reply->type, golden[i].type);
        assert_string_equal(reply->body, golden[i].body);
        assert_string_equal(reply->allow, golden[i].status == 405 ? "GET" : "");
        /* The desk hears of each, once: as a check or as what was refused. */
        assert_int_equal(client->desk.checks - checks + client->desk.refused - refused, 1);
        if (client->desk.refused != refused)
            assert_int_equal(client->desk.code, golden[i].status);
        assert_true(reply->closed && reply->error == NGHTTP2_NO_ERROR);
        assert_int_equal(client->next, LINE_ON);
    }
}

/* Name, value, name, value; each row a request without what would make it one (RFC 9113 8.2, 8.3). */
static const char *const malformed[][14] = {
    {":scheme", "http", ":path", P},
    {":method", "GET", ":path", P},
    {":method", "GET", ":scheme", "http"},
    {":method", "HEAD", ":scheme", "http"},
    {":method", "GET", ":scheme", "http", ":path", ""},
    {":method", "GET", ":method", "GET", ":scheme", "http", ":path", P},
    {":method", "GET", ":scheme", "http", ":path", P, ":path", P},
    {":method", "GET", ":scheme", "http", ":path", P, ":authority", "a", ":authority", "a"},
    {":method", "GET", ":scheme", "http", "accept", "*/*", ":path", P},
    {":method", "GET", ":scheme", "http", ":path", P, ":status", "200"},
    {":method", "GET", ":scheme", "http", ":path", P, ":protocol", "websocket"},
    {":method", "GET", ":scheme", "http", ":path", P, "Accept", "*/*"},
    {":method", "GET", ":scheme", "http", ":path", P, "a b", "c"},
    {":method", "GET", ":scheme", "http", ":path", P, "a\xc3\xa4", "c"},
    {":method", "GET", ":scheme", "http", ":path", P, "", "c"},
    {":method", "GET", ":scheme", "http", ":path", P, "connection", "close"},
    {":method", "GET", ":scheme", "http", ":path", P, "keep-alive", "5"},
    {":method", "GET", ":scheme", "http", ":path", P, "proxy-connection", "close"},
    {":method", "GET", ":scheme", "http", ":path", P, "transfer-encoding", "chunked"},
    {":method", "GET", ":scheme", "http", ":path", P, "upgrade", "h2c"},
    {":method", "GET", ":scheme", "http", ":path", P, "te", "gzip"},
};

/* Names as they stand: the library makes its copies lower-case. */
static int32_t ask_of(struct client *client, const char *const *row)
{
    nghttp2_nv fields[7];
    size_t n = 0;
    for (; n < 7 && row[2 * n]; n++)
        fields[n] =
            (nghttp2_nv){(uint8_t *)(uintptr_t)row[2 * n], (uint8_t *)(uintptr_t)row[2 * n + 1],
                         strlen(row[2 * n]), strlen(row[2 * n + 1]), NGHTTP2_NV_FLAG_NO_COPY_NAME};
    int32_t stream = nghttp2_submit_request(client->h2, NULL, fields, n, NULL, NULL);
    client_settle(client);
    return stream;
}

static void what_is_no_request_is_reset(void **state)
{
    struct client *client = *state;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        const struct client_reply *reply = client_reply(client, ask_of(client, malformed[i]));
        if (!reply->closed || reply->error != NGHTTP2_PROTOCOL_ERROR || reply->status)
            fail_msg("row %zu: status %d, error %u", i, reply->status, (unsigned)reply->error);
    }
    static const char *const good[] = {":path",    P "?pei=imei-490154203237520",
                                       ":scheme",  "https",
                                       ":method",  "GET",
                                       "te",       "trailers",
                                       "x-a_b!9~", "\x80",
                                       NULL};
    assert_int_equal(client_reply(client, ask_of(client, good))->status, 200);
    static const char *const connect[] = {":method", "CONNECT", ":authority", "a:1", NULL};
    assert_int_equal(client_reply(client, ask_of(client, connect))->status, 404);
    assert_int_equal(client->desk.checks, 1);
    assert_int_equal(client->next, LINE_ON);
}

static void the_desk_hears_who_asks_and_what(void **state)
{
    struct client *client = *state;
    client_get(client, P "?pei=imeisv-4901542032375412&supi=imsi-401010123456789");
    const struct client_desk *desk = &client->desk;
    assert_int_equal(desk->calls, 1);
    assert_string_equal(desk->origin, "192.0.2.1:40000");
    assert_int_equal(desk->last.question.imei.body, 49015420323754);
    assert_true(desk->last.question.imsi == 1401010123456789);
    assert_int_equal(desk->last.software_version, 12);
    assert_int_equal(desk->last.malformed, 0);
}

static void a_certificate_names_the_asker(void **state)
{
    struct client *client = *state;
    n5g_face.close(&client->line);
    client->line.identity = STR("amf.example");
    assert_int_equal(n5g_face.open(&client->line), ERR_OK);
    client_get(client, P "?pei=imei-490154203237520");
    assert_string_equal(client->desk.origin, "amf.example");
}

static void the_operator_says_what_malformed_is(void **state)
{
    struct client *client = *state;
    client->desk.malformed = EQUIPMENT_BLACK;
    assert_string_equal(client_get(client, P "?pei=imei-12")->body, "{\"status\":\"BLACKLISTED\"}");
    assert_int_equal(client->desk.last.malformed, 1);
    client->desk.malformed = EQUIPMENT_UNKNOWN;
    assert_int_equal(client_get(client, P "?pei=")->status, 404);
}

static void ask_many(struct client *client, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char path[128];
        snprintf(path, sizeof path, P "?pei=imei-49015420%06u0", i);
        assert_true(client_ask(client, NULL, path, NULL) == (int32_t)(2 * i + 1));
    }
}

static void check_many(struct client *client, unsigned n)
{
    static const char *const bodies[] = {
        "{\"status\":\"WHITELISTED\"}", "{\"status\":\"BLACKLISTED\"}",
        "{\"status\":\"GREYLISTED\"}", "{\"status\":404,\"cause\":\"ERROR_EQUIPMENT_UNKNOWN\"}"};
    for (unsigned i = 0; i < n; i++) {
        const struct client_reply *reply = client_reply(client, (int32_t)(2 * i + 1));
        uint64_t body = 49015420000000 + i;
        assert_true(reply->closed && reply->error == NGHTTP2_NO_ERROR);
        assert_string_equal(reply->body, bodies[body % EQUIPMENT_COUNT]);
    }
}

static void one_input_is_one_question(void **state)
{
    struct client *client = *state;
    client_settle(client); /* so that the client knows our settings */
    ask_many(client, 200);
    client_settle(client);
    check_many(client, 200);
    assert_int_equal(client->desk.checks, 200);
    assert_int_equal(client->desk.calls, (200 + NETWORK_BATCH - 1) / NETWORK_BATCH);
}

static void streams_have_a_limit(void **state)
{
    struct client *client = *state;
    client_settle(client);
    assert_int_equal(
        nghttp2_session_get_remote_settings(client->h2, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS),
        LIMIT_N5G_STREAMS);
    ask_many(client, 1000); /* the client's library keeps back what is too many */
    client_settle(client);
    check_many(client, 1000);
}

static void split_at_every_byte(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= 64; piece += piece < 32 ? 1 : 7) {
        struct client *client = client_new();
        assert_non_null(client);
        ask_many(client, 20);
        client_gather(client);
        client_carry(client, client->wire.p, client->wire.n, piece);
        check_many(client, 20);
        assert_int_equal(client->desk.checks, 20);
        client_free(client);
    }
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    size_t whole = 1;
    for (size_t cut = 0; cut < whole; cut++) {
        struct client *client = client_new();
        assert_non_null(client);
        ask_many(client, 3);
        client_gather(client);
        whole = client->wire.n;
        client_carry(client, client->wire.p, cut, 0);
        assert_int_equal(client->next, LINE_ON);
        client_carry(client, client->wire.p + (cut < 24 ? 0 : cut), whole - (cut < 24 ? 0 : cut),
                     0);
        check_many(client, 3);
        client_free(client);
    }
}

static void small_windows_get_it_in_pieces(void **state)
{
    struct client *client = *state;
    const nghttp2_settings_entry small = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 5};
    nghttp2_submit_settings(client->h2, NGHTTP2_FLAG_NONE, &small, 1);
    int32_t stream = client_ask(client, NULL, P "?pei=imei-490154203237520", NULL);
    client_settle(client);
    const struct client_reply *reply = client_reply(client, stream);
    assert_true(reply->pieces >= 5);
    assert_true(reply->closed);
    assert_string_equal(reply->body, "{\"status\":\"WHITELISTED\"}");
}

static void http_1_is_told_so(void **state)
{
    struct client *client = *state;
    const struct str head = STR("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    size_t used;
    assert_int_equal(n5g_face.input(&client->line, (const uint8_t *)head.p, head.n, &used),
                     LINE_CLOSE);
    const struct buf *out = &client->line.out;
    assert_true(str_starts((struct str){(const char *)out->p, out->n},
                           STR("HTTP/1.1 505 HTTP Version Not Supported\r\n")));
    const char *end = memmem(out->p, out->n, "\r\n\r\n", 4);
    assert_non_null(end);
    assert_int_equal((const char *)out->p + out->n - end - 4, 37);
    assert_int_equal(client->desk.refused, 1);
    assert_int_equal(client->desk.code, 505);
}

static void strangers_are_dropped(void **state)
{
    struct client *client = *state;
    const uint8_t hello[] = {0x16, 0x03, 0x01, 0x02, 0x00};
    size_t used;
    assert_int_equal(n5g_face.input(&client->line, hello, sizeof hello, &used), LINE_DROP);
    assert_int_equal(client->line.out.n, 0);
}

static void half_a_preface_waits(void **state)
{
    struct client *client = *state;
    size_t used = 9;
    const struct str half = STR("PRI * HTTP/2.0\r\n");
    assert_int_equal(n5g_face.input(&client->line, (const uint8_t *)half.p, half.n, &used),
                     LINE_ON);
    assert_int_equal(used, 0);
    const struct str put = STR("PUT");
    assert_int_equal(n5g_face.input(&client->line, (const uint8_t *)put.p, 1, &used), LINE_ON);
    assert_int_equal(n5g_face.input(&client->line, (const uint8_t *)put.p, 3, &used), LINE_CLOSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_word_for_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_request_is_reset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_desk_hears_who_asks_and_what, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_certificate_names_the_asker, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_operator_says_what_malformed_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_input_is_one_question, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streams_have_a_limit, set_up, tear_down),
        cmocka_unit_test(split_at_every_byte),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test_setup_teardown(small_windows_get_it_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(http_1_is_told_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strangers_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(half_a_preface_waits, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
