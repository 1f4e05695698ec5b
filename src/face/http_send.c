/* SPDX-License-Identifier: Apache-2.0
 *
 * http_send - an answer's headers, and its way out. */
#include "face/http_call.h"

#include <stdlib.h>

enum { STREAM_PIECE = 1 << 16 /* bytes read at once */ };

/* Nothing but our own style and signs, no script, no frame, no other site. */
#define POLICY                                                                                     \
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "                   \
    "base-uri 'none'; frame-ancestors 'none'"
static const char content_policy[] = POLICY;
/* Our own script, from our own files: it makes no markup out of text (trusted types), and compiles
 * the scanner's wasm. */
static const char script_policy[] =
    POLICY "; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
           "require-trusted-types-for 'script'; trusted-types 'none'";
/* It sends what its reader has chosen, to us alone. */
static const char files_policy[] =
    POLICY "; script-src 'self'; connect-src 'self'; "
           "require-trusted-types-for 'script'; trusted-types 'none'";

/* A file that somebody sent us: whatever it is, no page of ours. */
static const char file_policy[] = "default-src 'none'; frame-ancestors 'none'; sandbox";
/* The page of the sign-in alone may speak to NCALayer, which runs on the reader's own machine. */
#define SIGN_POLICY                                                                                \
    POLICY "; script-src 'self'; connect-src 'self' %s; "                                          \
           "require-trusted-types-for 'script'; trusted-types 'none'"

/* How long a connection may rest (RFC 2068, 19.7.1): less than we wait, so that a client that listens does
 * not send a request into a connection that is just being closed. */
static const char keep_alive[] = "timeout=10";
_Static_assert(LIMIT_HTTP_IDLE_SECONDS >= 15,
               "longer than keep_alive tells by a slow network's seconds");

static void put_header(struct MHD_Response *r, const char *name, const char *value)
{
    if (value && *value)
        (void)MHD_add_response_header(r, name, value); /* fails only for want of memory */
}

/* What the page's own script may. */
static void put_policy(struct MHD_Response *r, const struct response *response)
{
    char sign[sizeof SIGN_POLICY + LIMIT_CONNECT];
    if (*response->disposition) {
        put_header(r, "Content-Security-Policy", file_policy);
        return;
    }
    switch ((enum page_script)response->script) {
    case SCRIPT_NONE:
        put_header(r, "Content-Security-Policy", content_policy);
        return;
    case SCRIPT_CHECK:
        put_header(r, "Content-Security-Policy", script_policy);
        put_header(r, "Permissions-Policy", "camera=(self), geolocation=(), microphone=()");
        return;
    case SCRIPT_FILES:
        put_header(r, "Content-Security-Policy", files_policy);
        put_header(r, "Permissions-Policy", "camera=(), geolocation=(), microphone=()");
        return;
    case SCRIPT_SIGN:
        snprintf(sign, sizeof sign, SIGN_POLICY, response->connect ? response->connect : "");
        put_header(r, "Content-Security-Policy", sign);
        put_header(r, "Permissions-Policy", "camera=(), geolocation=(), microphone=()");
        return;
    }
}

static void put_headers(struct MHD_Response *r, const struct response *response)
{
    put_header(r, "Content-Type", response->content_type);
    put_header(r, "Content-Language", response->language);
    put_header(r, "Vary",
               response->language                               ? "Accept-Language"
               : response->whole_bytes || response->by_encoding ? "Accept-Encoding"
                                                                : NULL);
    put_header(r, "Content-Encoding", response->packed ? "gzip" : response->encoding);
    if (response->whole_bytes) {
        char whole[24];
        snprintf(whole, sizeof whole, "%zu", response->whole_bytes);
        put_header(r, "X-Content-Bytes",
                   whole); /* for progress: how much a packed file unpacks to */
    }
    put_header(r, "Allow", response->allow);
    put_header(r, "ETag", response->etag);
    put_header(r, "Accept-Ranges", response->ranges ? "bytes" : NULL);
    put_header(r, "Content-Location", response->content_location);
    put_header(r, "Content-Range", response->content_range);
    put_header(r, "Location",
               response->elsewhere.n ? (const char *)response->elsewhere.p : response->location);
    put_header(r, "Refresh", response->refresh);
    put_header(r, "Set-Cookie", response->set_cookie);
    put_header(r, "WWW-Authenticate",
               response->status == 401 ? "Bearer realm=\"tamga\", Tamga-HMAC-SHA256"
                                       : NULL); /* RFC 9110 15.5.2 */
    char number[24];
    if (response->tells_upload) {
        snprintf(number, sizeof number, "%llu", (unsigned long long)response->upload_offset);
        put_header(r, "Upload-Offset", number);
        snprintf(number, sizeof number, "%llu", (unsigned long long)response->upload_length);
        put_header(r, "Upload-Length", number);
    }
    if (response->next_after) {
        char link[48]; /* RFC 8288 */
        snprintf(link, sizeof link, "<?after=%u>; rel=\"next\"", response->next_after);
        put_header(r, "Link", link);
    }
    if (response->download) {
        char disposition[96];
        snprintf(disposition, sizeof disposition, "attachment; filename=\"%.60s\"",
                 response->download);
        put_header(r, "Content-Disposition", disposition);
    }
    char seconds[12] = "";
    if (response->retry_after_s)
        snprintf(seconds, sizeof seconds, "%u", response->retry_after_s);
    put_header(r, "Retry-After", response->status == 503 && !*seconds ? "10" : seconds);
    put_header(r, "Cache-Control",
               response->keeps ? "public, max-age=31536000, immutable" : "no-store");
    put_header(r, "Content-Disposition", response->disposition);
    put_policy(r, response);
    put_header(r, "Cross-Origin-Opener-Policy", "same-origin");
    put_header(r, "Cross-Origin-Resource-Policy", "same-origin");
    put_header(r, "Referrer-Policy", "no-referrer");
    put_header(r, "X-Content-Type-Options", "nosniff");
    put_header(r, "Keep-Alive", keep_alive);
}

/* The headers of an answer about one IMEI. */
static const struct response plain = {.status = 200, .content_type = "application/json"};

void http_plain_headers(struct MHD_Response *r)
{
    put_headers(r, &plain);
}

static bool is_plain(const struct response *r)
{
    return r->status == plain.status && strcmp(r->content_type, plain.content_type) == 0 &&
           !r->language && !r->allow && !*r->location && !*r->set_cookie && !*r->disposition &&
           !*r->refresh && !r->retry_after_s && !r->whole_bytes && !r->packed && !r->keeps &&
           !r->script && !r->tells_upload && !r->download && !r->next_after && !r->file.is &&
           !r->stream.ctx && !*r->etag;
}

/* In a reply that was used before. */
static enum MHD_Result send_plain(struct MHD_Connection *connection, struct call *call,
                                  struct response *response, struct str body)
{
    memcpy(call->reply->body, body.p, body.n);
    response_release(response);
    return MHD_queue_response(connection, MHD_HTTP_OK, call->reply->response);
}

/* A body in memory: the response's own bytes go over to libmicrohttpd. */
static struct MHD_Response *of_bytes(struct response *response, struct str body)
{
    union {
        const void *in;
        void *out;
    } bytes = {.in = body.n ? body.p : ""}; /* libmicrohttpd does not write there */
    bool owned = response->body.p && body.p == (const char *)response->body.p && body.n;
    struct MHD_Response *r = MHD_create_response_from_buffer(
        body.n, bytes.out, owned ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (r && owned)
        response->body = (struct buf){0};
    return r;
}

/* A body in a file, from the kernel to the socket (sendfile); its descriptor goes over, too. */
static struct MHD_Response *of_file(struct response *response)
{
    struct MHD_Response *r = MHD_create_response_from_fd_at_offset64(
        response->file.bytes, response->file.fd, response->file.at);
    if (r)
        response->file.is = false;
    return r;
}

static ssize_t read_stream(void *ctx, uint64_t position, char *to, size_t most)
{
    struct response_stream *s = ctx;
    uint64_t left = position < s->bytes ? s->bytes - position : 0;
    size_t n = left < most ? (size_t)left : most, got = 0;
    if (!n)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (s->read(s->ctx, s->at + position, to, n, &got) || !got)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    return (ssize_t)got;
}

static void end_stream(void *ctx)
{
    struct response_stream *s = ctx;
    s->end(s->ctx);
    free(s);
}

/* A body that is made while it is sent; what it is made from goes over, too. */
static struct MHD_Response *of_stream(struct response *response)
{
    struct response_stream *s = malloc(sizeof *s);
    if (!s)
        return NULL;
    *s = response->stream;
    struct MHD_Response *r =
        MHD_create_response_from_callback(s->bytes, STREAM_PIECE, read_stream, s, end_stream);
    if (r)
        response->stream.ctx = NULL;
    else
        free(s);
    return r;
}

/* Takes the response's bytes. */
enum MHD_Result http_send(struct http *http, struct MHD_Connection *connection, struct call *call,
                          struct response *response)
{
    struct str body = response_body(response);
    if (body.n && is_plain(response))
        call->reply = replies_take(http->replies, body.n);
    if (call->reply)
        return send_plain(connection, call, response, body);
    struct MHD_Response *r = response->file.is      ? of_file(response)
                             : response->stream.ctx ? of_stream(response)
                                                    : of_bytes(response, body);
    if (!r) {
        response_release(response);
        return MHD_NO;
    }
    put_headers(r, response);
    response_release(response);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)response->status, r);
    MHD_destroy_response(r);
    return result;
}
