/* SPDX-License-Identifier: Apache-2.0
 *
 * Floods on a connection of N5g-eir, headers without measure, frames that break the protocol. What no library
 * would send is written by hand. */
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

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/* GET / of "x", by HPACK's static table. */
static const struct str get_root = {"\x82\x86\x84\x41\x01x", 6};

static void put_get(struct buf *b, uint32_t k, uint8_t flags)
{
    client_put_frame(b, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | flags, 2 * k + 1, get_root);
}

enum flood {
    RESETS,
    PINGS,
    SETTINGS,
    PRIORITIES,
    WINDOWS,
    UNKNOWN_KIND,
    EMPTY_DATA,
    CONTINUATIONS,
    REFUSED,
    FLOODS
};

static void put_flood(struct buf *b, enum flood flood, uint32_t k)
{
    switch (flood) {
    case RESETS:
        put_get(b, k, 0);
        client_put_frame(b, NGHTTP2_RST_STREAM, 0, 2 * k + 1, (struct str){"\0\0\0\x08", 4});
        return;
    case PINGS:
        client_put_frame(b, NGHTTP2_PING, 0, 0, STR("12345678"));
        return;
    case SETTINGS:
        client_put_frame(b, NGHTTP2_SETTINGS, 0, 0, (struct str){"", 0});
        return;
    case PRIORITIES:
        client_put_frame(b, NGHTTP2_PRIORITY, 0, 2 * k + 1, (struct str){"\0\0\0\0\x10", 5});
        return;
    case WINDOWS:
        client_put_frame(b, NGHTTP2_WINDOW_UPDATE, 0, 0, (struct str){"\0\0\0\x01", 4});
        return;
    case UNKNOWN_KIND:
        client_put_frame(b, 0xfa, 0, 0, STR("x"));
        return;
    case EMPTY_DATA:
        if (k == 0)
            put_get(b, 0, 0);
        client_put_frame(b, NGHTTP2_DATA, 0, 1, (struct str){"", 0});
        return;
    case CONTINUATIONS:
        if (k == 0)
            client_put_frame(b, NGHTTP2_HEADERS, 0, 1, get_root);
        client_put_frame(b, NGHTTP2_CONTINUATION, 0, 1, (struct str){"", 0});
        return;
    case REFUSED:
        put_get(b, k, 0);
        return;
    case FLOODS:
        break;
    }
}

/* Each is over after so many frames; those that nghttp2 passes over count by their bytes. */
static void floods_end(void **state)
{
    (void)state;
    for (int flood = 0; flood < FLOODS; flood++) {
        struct client *client = client_new();
        struct buf *b = &client->wire;
        client_gather(client);
        uint32_t k = 0;
        while (client->next == LINE_ON && k < 100000) {
            put_flood(b, (enum flood)flood, k++);
            client_carry(client, b->p, b->n, 0);
            buf_clear(b);
        }
        uint32_t most = flood == UNKNOWN_KIND ? LIMIT_N5G_FRAMES * 64 / 10 : LIMIT_N5G_FRAMES;
        if (k > most + 1000 || client->next != LINE_CLOSE)
            fail_msg("flood %d: %u frames", flood, (unsigned)k);
        client_free(client);
    }
}

static void resets_have_their_own_limit(void **state)
{
    struct client *client = *state;
    struct buf *b = &client->wire;
    client_gather(client);
    uint32_t k = 0;
    while (client->next == LINE_ON && k < 5000) {
        put_flood(b, RESETS, k++);
        client_carry(client, b->p, b->n, 0);
        buf_clear(b);
    }
    assert_in_range(k, LIMIT_N5G_RESETS / 2, LIMIT_N5G_RESETS + 1);
    assert_int_equal(client->goaways, 1);
}

static void a_flood_is_told(void **state)
{
    struct client *client = *state;
    struct buf *b = &client->wire;
    client_gather(client);
    for (uint32_t k = 0; k <= LIMIT_N5G_FRAMES && client->next == LINE_ON; k++)
        put_flood(b, WINDOWS, k);
    client_carry(client, b->p, b->n, 0);
    assert_int_equal(client->next, LINE_CLOSE);
    assert_int_equal(client->goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void manners_earn_patience(void **state)
{
    struct client *client = *state;
    for (int i = 0; i < 1000; i++) {
        nghttp2_submit_ping(client->h2, NGHTTP2_FLAG_NONE, NULL);
        nghttp2_submit_ping(client->h2, NGHTTP2_FLAG_NONE, NULL);
        assert_int_equal(client_get(client, GOOD)->status, 200);
    }
    for (int i = 0; i < 10000; i++) { /* and so does time */
        client->line.now_us += 20000;
        nghttp2_submit_ping(client->h2, NGHTTP2_FLAG_NONE, NULL);
        client_settle(client);
    }
    assert_int_equal(client->next, LINE_ON);
}

static void headers_have_a_limit(void **state)
{
    struct client *client = *state;
    static char value[LIMIT_N5G_HEADERS];
    memset(value, 'v', sizeof value - 1);
    const nghttp2_nv fields[] = {field(":method", "GET"), field(":scheme", "http"),
                                 field(":authority", "x"), field(":path", GOOD),
                                 field("x-long", value)};
    int32_t stream = nghttp2_submit_request(client->h2, NULL, fields, 5, NULL, NULL);
    client_settle(client);
    assert_int_equal(client_reply(client, stream)->status, 431);
    char path[LIMIT_HTTP_URI + 200];
    snprintf(path, sizeof path, GOOD "&x=%.*s", LIMIT_HTTP_URI, value);
    assert_int_equal(client_get(client, path)->status, 414);
    assert_int_equal(client_get(client, GOOD)->status, 200);
}

/* One entry of 4,000 bytes in the table, named with one byte again and again. */
static void a_bomb_of_headers_ends_it(void **state)
{
    struct client *client = *state;
    struct buf *b = &client->wire, block = {0};
    client_gather(client);
    buf_str(&block, get_root);
    const uint8_t literal[] = {0x40, 0x01, 'a', 0x7f, 0xa1, 0x1e}; /* 127 + 33 + 30 * 128 = 4000 */
    buf_put(&block, literal, sizeof literal);
    for (int i = 0; i < 4000; i++)
        buf_put(&block, "v", 1);
    for (int i = 0; i < 8000; i++)
        buf_put(&block, "\xbe", 1);
    client_put_frame(b, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                     (struct str){(const char *)block.p, block.n});
    client_carry(client, b->p, b->n, 0);
    assert_int_equal(client->next, LINE_CLOSE);
    assert_int_equal(client->goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
    buf_release(&block);
}

/* What breaks the protocol is told so, and ends it (RFC 9113 5.4.1). */
static void broken_frames_end_it(void **state)
{
    (void)state;
    const struct {
        uint8_t type, flags;
        uint32_t stream;
        struct str payload;
        uint32_t error;
    } rows[] = {
        {NGHTTP2_DATA, 0, 0, STR("x"), NGHTTP2_PROTOCOL_ERROR},
        {NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 0, get_root, NGHTTP2_PROTOCOL_ERROR},
        {NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 2, get_root, NGHTTP2_PROTOCOL_ERROR},
        {NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, STR("\xff\xff\xff\xff\xff\xff"),
         NGHTTP2_COMPRESSION_ERROR},
        {NGHTTP2_CONTINUATION, 0, 1, get_root, NGHTTP2_PROTOCOL_ERROR},
        {NGHTTP2_PING, 0, 0, STR("1234567"), NGHTTP2_FRAME_SIZE_ERROR},
        {NGHTTP2_SETTINGS, 0, 0, STR("12345"), NGHTTP2_FRAME_SIZE_ERROR},
        {NGHTTP2_RST_STREAM, 0, 1, STR("1234"), NGHTTP2_PROTOCOL_ERROR}, /* of an idle stream */
        {NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1, STR("1234"), NGHTTP2_PROTOCOL_ERROR},
        {NGHTTP2_WINDOW_UPDATE, 0, 0, {"\0\0\0\0", 4}, NGHTTP2_PROTOCOL_ERROR},
        {NGHTTP2_WINDOW_UPDATE, 0, 0, {"\x7f\xff\xff\xff", 4}, NGHTTP2_FLOW_CONTROL_ERROR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *client = client_new();
        client_gather(client);
        client_put_frame(&client->wire, rows[i].type, rows[i].flags, rows[i].stream,
                         rows[i].payload);
        client_carry(client, client->wire.p, client->wire.n, 0);
        if (client->next != LINE_CLOSE || client->goaway_error != rows[i].error)
            fail_msg("row %zu: %d, error %u", i, client->next, (unsigned)client->goaway_error);
        client_free(client);
    }
}

static void a_frame_is_16384_bytes_at_most(void **state)
{
    struct client *client = *state;
    client_gather(client);
    client_put_frame(&client->wire, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, get_root);
    const uint8_t head[] = {0xff, 0xff, 0xff, NGHTTP2_DATA, 0, 0, 0, 0, 1};
    buf_put(&client->wire, head, sizeof head);
    client_carry(client, client->wire.p, client->wire.n, 0);
    assert_int_equal(client->next, LINE_CLOSE);
    assert_int_equal(client->goaway_error, NGHTTP2_FRAME_SIZE_ERROR);
}

#define WITH_CLIENT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floods_end),           WITH_CLIENT(resets_have_their_own_limit),
        WITH_CLIENT(a_flood_is_told),           WITH_CLIENT(manners_earn_patience),
        WITH_CLIENT(headers_have_a_limit),      WITH_CLIENT(a_bomb_of_headers_ends_it),
        cmocka_unit_test(broken_frames_end_it), WITH_CLIENT(a_frame_is_16384_bytes_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
