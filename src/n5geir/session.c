/* SPDX-License-Identifier: Apache-2.0
 *
 * session - what nghttp2 calls. It checks framing, HPACK and the states of streams, and limits acknowledgements and
 * CONTINUATION frames; counted here are the floods that it does not know in every version: resets, empty and
 * meaningless frames. */
#include "n5geir/session.h"

#include <assert.h>

#include "base/limits.h"

enum {
    REQUEST_EARNS = 5, /* frames: its own and four more, as WINDOW_UPDATE and PING */
    FRAME_HEAD = 9,    /* bytes: RFC 9113 4.1 */
    FRAME_BYTES =
        64, /* of frames that are passed over: unknown kinds, CONTINUATION, closed streams */
};

/* A request whose headers did not end the stream. */
struct body {
    struct network_check check;
    enum n5g_answer answer;
    size_t bytes;
    bool told;
};

static bool take(struct session_bucket *b, int64_t now_us, uint32_t burst, uint32_t per_second)
{
    if (b->left < burst / 2) {
        int64_t more = (now_us - b->at_us) * per_second / 1000000;
        if (more > 0) {
            b->left = more > burst - b->left ? burst : b->left + (uint32_t)more;
            b->at_us = now_us;
        }
    }
    if (!b->left)
        return false;
    b->left--;
    return true;
}

/* Sending */

static ssize_t read_body(nghttp2_session *h2, int32_t stream, uint8_t *to, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)h2;
    (void)stream;
    (void)user;
    const char *body = source->ptr;
    size_t n = strlen(body);
    if (n <= size)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    else
        n = size; /* its window is small: the rest later */
    memcpy(to, body, n);
    source->ptr = (void *)(uintptr_t)(body + n);
    return (ssize_t)n;
}

static nghttp2_nv field(struct str name, struct str value)
{
    return (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name.p,
        .value = (uint8_t *)(uintptr_t)value.p,
        .namelen = name.n,
        .valuelen = value.n,
        .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE,
    };
}

static int reset(struct session *s, int32_t stream, uint32_t error)
{
    int rv = nghttp2_submit_rst_stream(s->h2, NGHTTP2_FLAG_NONE, stream, error);
    return nghttp2_is_fatal(rv) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int respond(struct session *s, int32_t stream, enum n5g_answer answer)
{
    const struct n5g_prepared *told = n5g_prepared(answer);
    nghttp2_nv fields[4];
    size_t n = 0;
    fields[n++] = field(STR(":status"), told->status);
    if (told->type.n)
        fields[n++] = field(STR("content-type"), told->type);
    if (told->allow)
        fields[n++] = field(STR("allow"), STR("GET"));
    if (told->challenge.n)
        fields[n++] = field(STR("www-authenticate"), told->challenge);
    nghttp2_data_provider body = {.source.ptr = (void *)(uintptr_t)told->body.p,
                                  .read_callback = read_body};
    int rv = nghttp2_submit_response(s->h2, stream, fields, n, told->type.n ? &body : NULL);
    return nghttp2_is_fatal(rv) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* The same, of what is no desk's matter. */
static int refuse(struct session *s, int32_t stream, enum n5g_answer answer)
{
    uint64_t status = 0;
    if (str_to_u64(n5g_prepared(answer)->status, 999, &status))
        network_refused(s->line->worker_ctx, &s->asker, (unsigned)status);
    return respond(s, stream, answer);
}

/* Asking */

static enum n5g_answer answer_of(const struct network_reply *reply)
{
    _Static_assert(
        (int)N5G_WHITE == (int)EQUIPMENT_WHITE && (int)N5G_BLACK == (int)EQUIPMENT_BLACK &&
            (int)N5G_GREY == (int)EQUIPMENT_GREY && (int)N5G_UNKNOWN == (int)EQUIPMENT_UNKNOWN,
        "one order");
    return reply->equipment < EQUIPMENT_COUNT ? (enum n5g_answer)reply->equipment
                                              : N5G_PEI_INCORRECT;
}

static int ask(struct session *s)
{
    struct network_reply replies[NETWORK_BATCH];
    struct network_desk *desk = s->line->worker_ctx;
    size_t n = s->asked;
    if (!n)
        return 0;
    desk->answer(desk, &s->asker, s->checks, n, replies);
    s->asked = 0;
    int rv = 0;
    for (size_t i = 0; i < n && !rv; i++)
        if (s->streams[i])
            rv = respond(s, s->streams[i], answer_of(&replies[i]));
    return rv;
}

/* A whole request. */
static int conclude(struct session *s, int32_t stream, enum n5g_answer answer,
                    const struct network_check *check)
{
    s->frames.left += REQUEST_EARNS;
    if (s->frames.left > LIMIT_N5G_FRAMES)
        s->frames.left = LIMIT_N5G_FRAMES;
    if (answer != N5G_ASK)
        return refuse(s, stream, answer);
    s->streams[s->asked] = stream;
    s->checks[s->asked] = *check;
    return ++s->asked == NETWORK_BATCH ? ask(s) : 0;
}

/* Receiving */

static int on_begin_frame(nghttp2_session *h2, const nghttp2_frame_hd *hd, void *user)
{
    (void)h2;
    struct session *s = user;
    int64_t now = s->line->now_us;
    s->heard_us = now;
    s->passed_over -= FRAME_HEAD + (int64_t)hd->length;
    if (!take(&s->frames, now, LIMIT_N5G_FRAMES, LIMIT_N5G_FRAMES_SECOND) ||
        (hd->type == NGHTTP2_RST_STREAM &&
         !take(&s->resets, now, LIMIT_N5G_RESETS, LIMIT_N5G_RESETS_SECOND))) {
        s->flooded = true;
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return 0;
}

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    (void)h2;
    struct session *s = user;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0; /* trailers */
    if (!s->open++)
        s->progress_us = s->line->now_us;
    n5g_request_begin(&s->request);
    s->request.token = s->guard ? TOKEN_MISSING : TOKEN_GOOD;
    return 0;
}

/* False: too many were bad, and came from where this one comes from. */
static bool hear_token(struct session *s, struct str value)
{
    struct str token = token_of_header(value);
    bool read;
    if (s->request.token != TOKEN_MISSING)
        s->request.token = TOKEN_TWICE;
    if (s->request.token == TOKEN_TWICE || !token.n)
        return true;
    const struct network_desk *desk = s->line->worker_ctx;
    const struct token_brought brought = {token, s->line->address, s->line->now_us};
    s->request.token = token_guard_check(s->guard, desk->worker, &brought, &read);
    return s->request.token != TOKEN_UNREAD;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
    (void)h2;
    (void)flags;
    struct session *s = user;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    const struct str named = {(const char *)name, name_n}, said = {(const char *)value, value_n};
    n5g_request_header(&s->request, s->root, named, said);
    bool bad = s->guard && s->request.header_bytes <= LIMIT_N5G_HEADERS &&
               str_eq(named, STR("authorization")) && !hear_token(s, said);
    /* Few bytes can name many headers that are in the table (HPACK): no end to them. */
    if (bad || s->request.header_bytes > 16 * LIMIT_N5G_HEADERS) {
        s->flooded = true;
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return 0;
}

static int on_request(struct session *s, const nghttp2_frame *frame)
{
    int32_t stream = frame->hd.stream_id;
    if (n5g_request_is_malformed(&s->request))
        return reset(s, stream, NGHTTP2_PROTOCOL_ERROR);
    enum n5g_answer answer = n5g_request_end(&s->request);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        return conclude(s, stream, answer, &s->request.check);
    struct body *body = pool_take(&s->pool, sizeof *body);
    if (!body)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    *body = (struct body){.answer = answer, .check = s->request.check};
    s->bodies++;
    nghttp2_session_set_stream_user_data(s->h2, stream, body);
    return 0;
}

static int on_body_end(struct session *s, int32_t stream)
{
    const struct body *body = nghttp2_session_get_stream_user_data(s->h2, stream);
    return body && !body->told ? conclude(s, stream, body->answer, &body->check) : 0;
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    (void)h2;
    struct session *s = user;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        return on_request(s, frame);
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return on_body_end(s, frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK))
        s->echoed = true;
    return 0;
}

static int on_data(nghttp2_session *h2, uint8_t flags, int32_t stream, const uint8_t *p, size_t n,
                   void *user)
{
    (void)flags;
    (void)p;
    struct session *s = user;
    struct body *body = nghttp2_session_get_stream_user_data(h2, stream);
    if (!body || body->told)
        return 0;
    body->bytes += n;
    if (body->bytes <= LIMIT_N5G_BODY)
        return 0;
    body->told = true;
    s->early++;
    return refuse(s, stream, N5G_BODY_LONG);
}

/* Who was answered before he had ended is told that nobody listens (RFC 9113 8.1). */
static int on_sent(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    struct session *s = user;
    if (s->early && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
        (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
        nghttp2_session_get_stream_remote_close(h2, frame->hd.stream_id) == 0)
        return reset(s, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_close(nghttp2_session *h2, int32_t stream, uint32_t error, void *user)
{
    (void)error;
    struct session *s = user;
    assert(s->open);
    s->open--;
    s->progress_us = s->line->now_us;
    for (size_t i = 0; i < s->asked; i++)
        if (s->streams[i] == stream)
            s->streams[i] = 0;
    if (!s->bodies)
        return 0;
    struct body *body = nghttp2_session_get_stream_user_data(h2, stream);
    if (body) {
        s->bodies--;
        s->early -= body->told;
        pool_give(&s->pool, body);
    }
    return 0;
}

/* Memory */

static void *h2_malloc(size_t n, void *pool)
{
    return pool_take(pool, n);
}

static void h2_free(void *p, void *pool)
{
    pool_give(pool, p);
}

static void *h2_calloc(size_t n, size_t size, void *pool)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    void *p = pool_take(pool, bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

static void *h2_realloc(void *p, size_t n, void *pool)
{
    return pool_resize(pool, p, n);
}

/* Beginning and end */

static int make(struct session *s, nghttp2_session_callbacks *calls, nghttp2_option *option)
{
    nghttp2_session_callbacks_set_on_begin_frame_callback(calls, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(calls, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_no_http_messaging(option, 1); /* request.h judges instead */
    nghttp2_mem mem = {&s->pool, h2_malloc, h2_free, h2_calloc, h2_realloc};
    return nghttp2_session_server_new3(&s->h2, calls, s, option, &mem);
}

/* All answers weigh the same: the tree of priorities (RFC 9113 5.3) would be work for nothing. */
static int settle(nghttp2_session *h2)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, LIMIT_N5G_STREAMS},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_N5G_HEADERS},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}, /* RFC 9218 2.1 */
    };
    return nghttp2_submit_settings(h2, NGHTTP2_FLAG_NONE, settings,
                                   sizeof settings / sizeof settings[0]);
}

enum err session_begin(struct session *s)
{
    nghttp2_session_callbacks *calls = NULL;
    nghttp2_option *option = NULL;
    int rv = NGHTTP2_ERR_NOMEM;
    if (!nghttp2_session_callbacks_new(&calls) && !nghttp2_option_new(&option))
        rv = make(s, calls, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(calls);
    if (!rv)
        rv = settle(s->h2);
    int64_t now = s->line->now_us;
    s->frames = (struct session_bucket){now, LIMIT_N5G_FRAMES};
    s->resets = (struct session_bucket){now, LIMIT_N5G_RESETS};
    s->heard_us = s->progress_us = now;
    return rv ? ERR_MEMORY : ERR_OK;
}

bool session_output(struct session *s)
{
    const uint8_t *p;
    ssize_t n = 0;
    while (!s->pool.refused && (n = nghttp2_session_mem_send(s->h2, &p)) > 0)
        buf_put(&s->line->out, p, (size_t)n);
    if (n < 0 || s->line->out.failed || s->pool.refused)
        return false;
    return nghttp2_session_want_read(s->h2) || nghttp2_session_want_write(s->h2);
}

bool session_input(struct session *s, const uint8_t *p, size_t n)
{
    s->passed_over += (int64_t)n;
    ssize_t used = nghttp2_session_mem_recv(s->h2, p, n);
    bool good = !s->pool.refused && used >= 0 && !ask(s);
    for (; s->passed_over > FRAME_BYTES && !s->flooded; s->passed_over -= FRAME_BYTES)
        s->flooded = !take(&s->frames, s->line->now_us, LIMIT_N5G_FRAMES, LIMIT_N5G_FRAMES_SECOND);
    if (!s->pool.refused && (s->flooded || used == NGHTTP2_ERR_FLOODED))
        good = nghttp2_session_terminate_session(s->h2, NGHTTP2_ENHANCE_YOUR_CALM) == 0;
    return session_output(s) && good;
}

/* All that nghttp2 has is the pool's, so it need not take itself apart: a fast end, and the only safe one
 * after pool.refused. */
void session_release(struct session *s)
{
    s->h2 = NULL;
    pool_release(&s->pool);
}
