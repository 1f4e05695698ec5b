/* SPDX-License-Identifier: Apache-2.0
 *
 * client - see client.h. A face that leaves bytes unused gets them again with more behind, as from the engine. */
#include "n5geir/client.h"

#include <assert.h>

static void answer(struct network_desk *desk, const struct network_asker *asker,
                   const struct network_check *checks, size_t n, struct network_reply *out)
{
    struct client_desk *d = (struct client_desk *)(void *)desk;
    assert(n && n <= NETWORK_BATCH && asker->face == NETWORK_N5G);
    d->calls++;
    d->checks += (unsigned)n;
    str_copy(d->origin, sizeof d->origin, asker->origin);
    d->last = checks[n - 1];
    for (size_t i = 0; i < n; i++)
        out[i] = (struct network_reply){
            .equipment = checks[i].malformed
                             ? d->malformed
                             : (uint8_t)(checks[i].question.imei.body % EQUIPMENT_COUNT)};
}

static void refused(struct network_desk *desk, const struct network_asker *asker, unsigned code)
{
    struct client_desk *d = (struct client_desk *)(void *)desk;
    assert(asker->face == NETWORK_N5G);
    d->refused++;
    d->code = code;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
    (void)h2;
    (void)flags;
    struct client_reply *reply = client_reply(user, frame->hd.stream_id);
    struct str n = {(const char *)name, name_n}, v = {(const char *)value, value_n};
    uint64_t status;
    reply->fields++;
    if (str_eq(n, STR(":status")) && str_to_u64(v, 999, &status))
        reply->status = (int)status;
    if (str_eq(n, STR("content-type")))
        str_copy(reply->type, sizeof reply->type, v);
    if (str_eq(n, STR("allow")))
        str_copy(reply->allow, sizeof reply->allow, v);
    if (str_eq(n, STR("www-authenticate")))
        str_copy(reply->challenge, sizeof reply->challenge, v);
    return 0;
}

static int on_data(nghttp2_session *h2, uint8_t flags, int32_t stream, const uint8_t *p, size_t n,
                   void *user)
{
    (void)h2;
    (void)flags;
    struct client_reply *reply = client_reply(user, stream);
    assert(reply->body_n + n < sizeof reply->body);
    memcpy(reply->body + reply->body_n, p, n);
    reply->body_n += n;
    reply->pieces++;
    return 0;
}

static int on_close(nghttp2_session *h2, int32_t stream, uint32_t error, void *user)
{
    (void)h2;
    struct client_reply *reply = client_reply(user, stream);
    reply->closed = true;
    reply->error = error;
    return 0;
}

/* By hand, since the library tells nothing more after a first GOAWAY without open streams. */
static void note_goaways(struct client *client)
{
    struct rd r = rd_of(client->line.out.p, client->line.out.n);
    while (rd_left(&r)) {
        size_t n = (size_t)rd_uint(&r, 3);
        uint64_t type = rd_uint(&r, 2) >> 8;
        rd_uint(&r, 4);
        const uint8_t *payload = rd_bytes(&r, n);
        assert(!r.failed);
        if (type != NGHTTP2_GOAWAY)
            continue;
        client->goaways++;
        client->goaway_last = (int32_t)get_be(payload, 4);
        client->goaway_error = (uint32_t)get_be(payload + 4, 4);
    }
}

struct client *client_new(void)
{
    struct client *client = calloc(1, sizeof *client);
    nghttp2_session_callbacks *calls = NULL;
    if (!client || nghttp2_session_callbacks_new(&calls))
        return NULL;
    client->desk = (struct client_desk){.desk = {answer, refused, 0}, .malformed = EQUIPMENT_COUNT};
    client->settings.root = STR("");
    client->line = (struct line){.face = &n5g_face,
                                 .face_ctx = &client->settings,
                                 .worker_ctx = &client->desk.desk,
                                 .now_us = 1000000,
                                 .address = STR("192.0.2.1:40000")};
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    if (n5g_face.open(&client->line) != ERR_OK ||
        nghttp2_session_client_new(&client->h2, calls, client) ||
        nghttp2_submit_settings(client->h2, NGHTTP2_FLAG_NONE, NULL, 0))
        return NULL;
    nghttp2_session_callbacks_del(calls);
    return client;
}

void client_free(struct client *client)
{
    n5g_face.close(&client->line);
    nghttp2_session_del(client->h2);
    buf_release(&client->wire);
    buf_release(&client->line.out);
    free(client);
}

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

int32_t client_ask(struct client *client, const char *method, const char *path, const char *accept)
{
    const nghttp2_nv fields[] = {
        field(":method", method ? method : "GET"),
        field(":scheme", "http"),
        field(":authority", "eir.example"),
        field(":path", path),
        field("3gpp-sbi-sender-timestamp", "Fri, 27 Nov 2026 10:00:00.000 GMT"),
        field("3gpp-sbi-max-rsp-time", "10000"),
        field("accept", accept ? accept : ""),
    };
    size_t n = sizeof fields / sizeof fields[0] - !accept;
    return nghttp2_submit_request(client->h2, NULL, fields, n, NULL, NULL);
}

struct client_reply *client_reply(struct client *client, int32_t stream)
{
    assert(stream > 0 && stream / 2 < CLIENT_STREAMS);
    return &client->replies[stream / 2];
}

void client_gather(struct client *client)
{
    const uint8_t *p;
    ssize_t n;
    while ((n = nghttp2_session_mem_send(client->h2, &p)) > 0)
        buf_put(&client->wire, p, (size_t)n);
    assert(n == 0 && !client->wire.failed);
}

void client_carry(struct client *client, const uint8_t *p, size_t n, size_t piece)
{
    size_t from = 0, to = 0;
    while (to < n && client->next == LINE_ON) {
        size_t used;
        to = piece && n - to > piece ? to + piece : n;
        client->next = n5g_face.input(&client->line, p + from, to - from, &used);
        assert(used <= to - from);
        assert(client->next != LINE_ON || to - from - used <= n5g_face.input_max);
        from += used;
    }
    struct buf *out = &client->line.out;
    note_goaways(client);
    ssize_t taken = nghttp2_session_mem_recv(client->h2, out->p, out->n);
    assert(taken == (ssize_t)out->n);
    buf_clear(out);
}

void client_settle(struct client *client)
{
    do {
        client_gather(client);
        client_carry(client, client->wire.p, client->wire.n, 0);
        buf_clear(&client->wire);
    } while (client->next == LINE_ON && nghttp2_session_want_write(client->h2));
}

struct client_reply *client_get(struct client *client, const char *path)
{
    int32_t stream = client_ask(client, NULL, path, NULL);
    client_settle(client);
    return client_reply(client, stream);
}

void client_put_frame(struct buf *b, uint8_t type, uint8_t flags, uint32_t stream,
                      struct str payload)
{
    buf_uint(b, payload.n, 3);
    buf_uint(b, type, 1);
    buf_uint(b, flags, 1);
    buf_uint(b, stream, 4);
    buf_str(b, payload);
}
