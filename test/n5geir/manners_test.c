/* SPDX-License-Identifier: Apache-2.0
 *
 * Manners on a connection of N5g-eir: bodies that nobody asked for, clients that are slow or silent, goodbyes. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/limits.h"
#include "n5geir/client.h"

#define P    "/n5g-eir-eic/v1/equipment-status"
#define GOOD P "?pei=imei-490154203237520"

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

/* Bodies */

struct body {
    size_t left;
    bool endless; /* the stream does not end with it */
};

static ssize_t read_body(nghttp2_session *h2, int32_t stream, uint8_t *to, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)h2;
    (void)stream;
    (void)user;
    struct body *body = source->ptr;
    size_t n = body->left < size ? body->left : size;
    memset(to, 'x', n);
    body->left -= n;
    if (!body->left)
        *flags |= NGHTTP2_DATA_FLAG_EOF | (body->endless ? NGHTTP2_DATA_FLAG_NO_END_STREAM : 0);
    return (ssize_t)n;
}

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static int32_t send_body(struct client *client, const char *method, struct body *body)
{
    const nghttp2_nv fields[] = {field(":method", method), field(":scheme", "http"),
                                 field(":authority", "x"), field(":path", GOOD)};
    const nghttp2_data_provider provider = {.source.ptr = body, .read_callback = read_body};
    int32_t stream = nghttp2_submit_request(client->h2, NULL, fields, 4, &provider, NULL);
    client_settle(client);
    return stream;
}

static void a_body_is_not_read(void **state)
{
    struct client *client = *state;
    struct body body = {LIMIT_N5G_BODY, false};
    struct client_reply *reply = client_reply(client, send_body(client, "GET", &body));
    assert_string_equal(reply->body, "{\"status\":\"WHITELISTED\"}");
    body.left = 10;
    reply = client_reply(client, send_body(client, "POST", &body));
    assert_int_equal(reply->status, 405);
    assert_true(reply->closed && reply->error == NGHTTP2_NO_ERROR);
}

static void a_long_body_is_refused(void **state)
{
    struct client *client = *state;
    for (int i = 0; i < 3; i++) {
        struct body body = {LIMIT_N5G_BODY * 100, false};
        struct client_reply *reply = client_reply(client, send_body(client, "GET", &body));
        assert_int_equal(reply->status, 413);
        assert_true(reply->closed && reply->error == NGHTTP2_NO_ERROR);
    }
    assert_int_equal(client_get(client, GOOD)->status, 200);
}

static void trailers_end_a_body(void **state)
{
    struct client *client = *state;
    struct body body = {10, true};
    int32_t stream = send_body(client, "GET", &body);
    assert_int_equal(client_reply(client, stream)->status, 0);
    const nghttp2_nv trailer = field("path", "/elsewhere");
    nghttp2_submit_trailer(client->h2, stream, &trailer, 1);
    client_settle(client);
    assert_string_equal(client_reply(client, stream)->body, "{\"status\":\"WHITELISTED\"}");
}

static void a_body_that_is_reset_is_forgotten(void **state)
{
    struct client *client = *state;
    struct body body = {10, true};
    for (int i = 0; i < 300; i++) {
        int32_t stream = send_body(client, "GET", &body);
        body.left = 10;
        nghttp2_submit_rst_stream(client->h2, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
        client_settle(client);
    }
    assert_int_equal(client_get(client, GOOD)->status, 200);
    assert_int_equal(client->desk.checks, 1);
}

/* A request and its reset in one input: asked or not, nobody hears of it. */
static void a_reset_overtakes_the_desk(void **state)
{
    struct client *client = *state;
    client_settle(client);
    int32_t gone = client_ask(client, NULL, GOOD, NULL);
    client_gather(client);
    client_put_frame(&client->wire, NGHTTP2_RST_STREAM, 0, (uint32_t)gone,
                     (struct str){"\0\0\0\x08", 4});
    int32_t stays = client_ask(client, NULL, GOOD, NULL);
    client_settle(client);
    assert_int_equal(client_reply(client, gone)->status, 0);
    assert_int_equal(client_reply(client, stays)->status, 200);
}

/* Time */

#define S(n) ((int64_t)(n)*1000000)

static enum line_next wake_at(struct client *client, int64_t us)
{
    client->line.now_us = us;
    assert_true(client->line.wake_us <= us);
    client->next = n5g_face.wake(&client->line);
    client_carry(client, NULL, 0, 0);
    return client->next;
}

static void who_says_nothing_is_closed(void **state)
{
    struct client *client = *state;
    int64_t begin = client->line.now_us;
    assert_true(client->line.wake_us == begin + S(LIMIT_N5G_REQUEST_SECONDS));
    assert_int_equal(wake_at(client, client->line.wake_us), LINE_CLOSE);
}

static void who_is_idle_is_told_goodbye(void **state)
{
    struct client *client = *state;
    int64_t begin = client->line.now_us;
    assert_int_equal(client_get(client, GOOD)->status, 200);
    while (client->line.wake_us < begin + S(LIMIT_N5G_IDLE_SECONDS))
        assert_int_equal(wake_at(client, client->line.wake_us), LINE_ON);
    assert_int_equal(wake_at(client, client->line.wake_us), LINE_CLOSE);
    assert_true(client->line.now_us >= begin + S(LIMIT_N5G_IDLE_SECONDS));
    assert_true(client->goaways == 1 && client->goaway_error == NGHTTP2_NO_ERROR);
    assert_int_equal(client->goaway_last, 1);
}

static void a_ping_keeps_it_open(void **state)
{
    struct client *client = *state;
    assert_int_equal(client_get(client, GOOD)->status, 200);
    for (int i = 0; i < 100; i++) {
        client->line.now_us += S(LIMIT_N5G_IDLE_SECONDS - 1);
        nghttp2_submit_ping(client->h2, NGHTTP2_FLAG_NONE, NULL);
        client_settle(client);
        if (client->line.wake_us <= client->line.now_us)
            assert_int_equal(wake_at(client, client->line.now_us), LINE_ON);
    }
    assert_int_equal(client_get(client, GOOD)->status, 200);
}

/* Headers, a byte a second; then one request that comes whole every nine seconds beside. */
static void who_is_slow_is_closed(void **state)
{
    struct client *client = *state;
    client_settle(client);
    int64_t begin = client->line.now_us;
    client_ask(client, NULL, GOOD, NULL);
    client_gather(client);
    struct buf *b = &client->wire;
    for (size_t i = 0; i < b->n && client->next == LINE_ON; i++) {
        client->line.now_us += S(1);
        if (client->line.wake_us <= client->line.now_us)
            wake_at(client, client->line.now_us);
        else
            client_carry(client, b->p + i, 1, 0);
    }
    assert_int_equal(client->next, LINE_CLOSE);
    assert_true(client->line.now_us - begin <= S(2 * LIMIT_N5G_REQUEST_SECONDS + 2));
}

/* Who has been idle has long to be so; from the first byte of a request on he has not. */
static void a_request_shortens_patience(void **state)
{
    struct client *client = *state;
    assert_int_equal(client_get(client, GOOD)->status, 200);
    while (client->line.wake_us < client->line.now_us + S(LIMIT_N5G_IDLE_SECONDS / 2))
        assert_int_equal(wake_at(client, client->line.wake_us), LINE_ON);
    client->line.now_us += S(20);
    client_ask(client, NULL, GOOD, NULL);
    client_gather(client);
    client_carry(client, client->wire.p, client->wire.n - 1, 0);
    assert_int_equal(client->next, LINE_ON);
    client->line.now_us += S(LIMIT_N5G_REQUEST_SECONDS);
    assert_int_equal(wake_at(client, client->line.now_us), LINE_CLOSE);
}

static void who_takes_no_answer_is_closed(void **state)
{
    struct client *client = *state;
    const nghttp2_settings_entry none = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
    nghttp2_submit_settings(client->h2, NGHTTP2_FLAG_NONE, &none, 1);
    int32_t stream = client_ask(client, NULL, GOOD, NULL);
    client_settle(client);
    assert_int_equal(client_reply(client, stream)->status, 200);
    assert_false(client_reply(client, stream)->closed);
    int64_t begin = client->line.now_us;
    while (client->next == LINE_ON)
        wake_at(client, client->line.wake_us);
    assert_int_equal(client->next, LINE_CLOSE);
    assert_true(client->line.now_us - begin <= S(LIMIT_N5G_REQUEST_SECONDS) + 1);
}

/* Goodbyes */

static void stop_answers_what_crosses_it(void **state)
{
    struct client *client = *state;
    assert_int_equal(client_get(client, GOOD)->status, 200);
    int32_t crossing = client_ask(client, NULL, GOOD, NULL);
    client_gather(client);
    client->next = n5g_face.stop(&client->line);
    assert_int_equal(client->next, LINE_ON);
    client_settle(client);
    assert_string_equal(client_reply(client, crossing)->body, "{\"status\":\"WHITELISTED\"}");
    assert_int_equal(client->next, LINE_CLOSE);
    assert_int_equal(client->goaways, 2);
    assert_int_equal(client->goaway_last, crossing);
    assert_int_equal(client->goaway_error, NGHTTP2_NO_ERROR);
}

static void stop_does_not_wait_for_an_echo(void **state)
{
    struct client *client = *state;
    assert_int_equal(client_get(client, GOOD)->status, 200);
    assert_int_equal(n5g_face.stop(&client->line), LINE_ON);
    int64_t wake = client->line.wake_us;
    assert_true(wake <= client->line.now_us + (int64_t)LIMIT_N5G_GOODBYE_MS * 1000);
    assert_int_equal(wake_at(client, wake), LINE_CLOSE);
    assert_int_equal(client->goaways, 2);
}

static void stop_lets_a_body_end(void **state)
{
    struct client *client = *state;
    struct body body = {10, true};
    int32_t stream = send_body(client, "GET", &body);
    assert_int_equal(n5g_face.stop(&client->line), LINE_ON);
    client_settle(client);
    client_carry(client, NULL, 0, 0);
    client_settle(client);
    assert_int_equal(client->next, LINE_ON);
    assert_int_equal(client->goaways, 2);
    assert_true(client->line.wake_us >= client->line.now_us + S(LIMIT_N5G_REQUEST_SECONDS));
    const nghttp2_nv trailer = field("x", "y");
    nghttp2_submit_trailer(client->h2, stream, &trailer, 1);
    client_settle(client);
    assert_int_equal(client_reply(client, stream)->status, 200);
    assert_int_equal(client->next, LINE_CLOSE);
}

static void stop_twice_is_stop(void **state)
{
    struct client *client = *state;
    assert_int_equal(client_get(client, GOOD)->status, 200);
    assert_int_equal(n5g_face.stop(&client->line), LINE_ON);
    assert_int_equal(n5g_face.stop(&client->line), LINE_ON);
    client_carry(client, NULL, 0, 0);
    assert_int_equal(client->goaways, 1);
    assert_int_equal(wake_at(client, client->line.wake_us), LINE_CLOSE);
    assert_int_equal(client->goaways, 2);
}

static void stop_before_a_word(void **state)
{
    struct client *client = *state;
    size_t used;
    assert_int_equal(n5g_face.input(&client->line, (const uint8_t *)"", 0, &used), LINE_ON);
    assert_int_equal(n5g_face.stop(&client->line), LINE_CLOSE);
}

static void a_client_that_leaves_is_let_go(void **state)
{
    struct client *client = *state;
    int32_t stream = client_ask(client, NULL, GOOD, NULL);
    client_gather(client);
    nghttp2_submit_goaway(client->h2, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, NULL, 0);
    client_settle(client);
    assert_int_equal(client_reply(client, stream)->status, 200);
    assert_int_equal(client->next, LINE_CLOSE);
}

#define WITH_CLIENT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLIENT(a_body_is_not_read),
        WITH_CLIENT(a_long_body_is_refused),
        WITH_CLIENT(trailers_end_a_body),
        WITH_CLIENT(a_body_that_is_reset_is_forgotten),
        WITH_CLIENT(a_reset_overtakes_the_desk),
        WITH_CLIENT(who_says_nothing_is_closed),
        WITH_CLIENT(who_is_idle_is_told_goodbye),
        WITH_CLIENT(a_ping_keeps_it_open),
        WITH_CLIENT(who_is_slow_is_closed),
        WITH_CLIENT(a_request_shortens_patience),
        WITH_CLIENT(who_takes_no_answer_is_closed),
        WITH_CLIENT(stop_answers_what_crosses_it),
        WITH_CLIENT(stop_does_not_wait_for_an_echo),
        WITH_CLIENT(stop_lets_a_body_end),
        WITH_CLIENT(stop_twice_is_stop),
        WITH_CLIENT(stop_before_a_word),
        WITH_CLIENT(a_client_that_leaves_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
