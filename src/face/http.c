/* SPDX-License-Identifier: Apache-2.0
 *
 * http - libmicrohttpd on one side, route_answer on the other.
 *
 * A request comes in several calls: first its head, then pieces of its body, then a last one
 * without a piece. The answer is queued on that last call, never on the first: libmicrohttpd 0.9.75
 * takes an answer to the head alone for a refusal and closes the connection, which makes each
 * request four times as dear. The exceptions are a body that says it is far too long, and a door that
 * is full: there closing is right. */
#include "face/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "face/nonces.h"
#include "face/request.h"
#include "face/stats.h"

/* So much of a body that is too long is read and thrown away, so that its sender gets to read the
 * answer; what says beforehand that it is longer is answered at once, and chunks without an end, to which
 * libmicrohttpd 0.9.75 lets nobody answer while they come, are cut off. */
enum { DISCARD_MAX = 16 << 20, BACKLOG = 1024, SPARE_FILES = 64 };

struct http {
    struct MHD_Daemon *daemon;
    struct site site;
    struct limiter *limiter;
    struct stats *stats;
    struct nonces *nonces;
    char certificate_header[LIMIT_NAME + 1]; /* empty: none is read */
    struct nets trusted;
    enum forwarded_form forwarded;
    _Atomic int inflight; /* requests whose head has come and whose answer is not sent */
    FILE *log;
    uint16_t port;
    char public_url[LIMIT_PUBLIC_URL + 1];
};

/* One request on a connection, from its head to its end. */
struct call {
    char *target; /* as sent */
    struct buf body;
    uint64_t body_bytes;
    bool begun;
    enum crowd crowd; /* when its head had come */
    int64_t since_us;
};

/* --- headers --- */

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

static void put_header(struct MHD_Response *r, const char *name, const char *value)
{
    if (value && *value)
        (void)MHD_add_response_header(r, name, value); /* fails only for want of memory */
}

static void put_headers(struct MHD_Response *r, const struct response *response)
{
    put_header(r, "Content-Type", response->content_type);
    put_header(r, "Content-Language", response->language);
    put_header(r, "Vary",
               response->language      ? "Accept-Language"
               : response->whole_bytes ? "Accept-Encoding"
                                       : NULL);
    put_header(r, "Content-Encoding", response->packed ? "gzip" : NULL);
    if (response->whole_bytes) {
        char whole[24];
        snprintf(whole, sizeof whole, "%zu", response->whole_bytes);
        put_header(r, "X-Content-Bytes",
                   whole); /* for progress: how much a packed file unpacks to */
    }
    put_header(r, "Allow", response->allow);
    put_header(r, "WWW-Authenticate",
               response->status == 401 ? "Bearer realm=\"tamga\", Tamga-HMAC-SHA256"
                                       : NULL); /* RFC 9110 15.5.2 */
    char seconds[12] = "";
    if (response->retry_after_s)
        snprintf(seconds, sizeof seconds, "%u", response->retry_after_s);
    put_header(r, "Retry-After", response->status == 503 && !*seconds ? "10" : seconds);
    put_header(r, "Cache-Control",
               response->keeps ? "public, max-age=31536000, immutable" : "no-store");
    put_header(r, "Content-Security-Policy", response->scripted ? script_policy : content_policy);
    put_header(r, "Permissions-Policy",
               response->scripted ? "camera=(self), geolocation=(), microphone=()" : NULL);
    put_header(r, "Cross-Origin-Opener-Policy", "same-origin");
    put_header(r, "Cross-Origin-Resource-Policy", "same-origin");
    put_header(r, "Referrer-Policy", "no-referrer");
    put_header(r, "X-Content-Type-Options", "nosniff");
}

/* --- one request --- */

static struct str header(struct MHD_Connection *connection, const char *name)
{
    return str_z(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

static void log_line(const struct http *http, const struct call *call, const char *method,
                     const struct response *response)
{
    if (!http->log)
        return;
    char time[24];
    instant_format(clock_now_us(&clock_system) / 1000000, time);
    fprintf(http->log, "time=%s event=request method=%.8s route=%s status=%d bytes=%zu us=%lld\n",
            time, method, response->route, response->status, response_body(response).n,
            (long long)(clock_monotonic_us() - call->since_us));
}

/* Takes the response's bytes. */
static enum MHD_Result send_response(struct MHD_Connection *connection, struct response *response)
{
    struct str body = response_body(response);
    union {
        const void *in;
        void *out;
    } bytes = {.in = body.n ? body.p : ""}; /* libmicrohttpd does not write there */
    bool owned = response->body.p && body.p == (const char *)response->body.p && body.n;
    struct MHD_Response *r = MHD_create_response_from_buffer(
        body.n, bytes.out, owned ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (!r) {
        response_release(response);
        return MHD_NO;
    }
    if (owned)
        response->body = (struct buf){0};
    response_release(response);
    put_headers(r, response);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)response->status, r);
    MHD_destroy_response(r);
    return result;
}

struct joined {
    char bytes[LIMIT_FORWARDED];
    size_t n;
    const char *name;
};

/* Each line with that name, after a comma; when they do not fit, those that came last. */
static enum MHD_Result join(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct joined *j = cls;
    (void)kind;
    if (!value || strcasecmp(name, j->name) != 0)
        return MHD_YES;
    size_t n = strlen(value), room = sizeof j->bytes - 1;
    if (n > room) {
        value += n - room;
        n = room;
    }
    if (j->n + 1 + n > sizeof j->bytes)
        j->n = 0;
    j->bytes[j->n++] = ',';
    memcpy(j->bytes + j->n, value, n);
    j->n += n;
    return MHD_YES;
}

/* Did it pass some proxy? */
static bool was_forwarded(struct MHD_Connection *connection)
{
    static const char *const names[] = {"X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, names[i]))
            return true;
    return false;
}

static struct address client_of(const struct http *http, struct MHD_Connection *connection,
                                bool *out_trusted, bool *out_strange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct address peer = address_of(info ? info->client_addr : NULL);
    *out_trusted = nets_hold(&http->trusted, &peer);
    if (!*out_trusted) {
        *out_strange = was_forwarded(connection);
        return peer;
    }
    struct joined j = {.name = http->forwarded == FORWARDED_7239 ? "Forwarded" : "X-Forwarded-For"};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, join, &j);
    return address_forwarded(&peer, &http->trusted, http->forwarded, (struct str){j.bytes, j.n});
}

static enum crowd crowd_of(struct http *http)
{
    int n = atomic_load_explicit(&http->inflight, memory_order_relaxed);
    if (n <= LIMIT_HTTP_INFLIGHT / 4 * 3)
        return CROWD_NONE;
    return n <= LIMIT_HTTP_INFLIGHT ? CROWD_MANY : CROWD_FULL;
}

static enum MHD_Result answer(struct http *http, struct MHD_Connection *connection,
                              struct call *call, const char *method)
{
    const char *name = strcmp(method, "HEAD") == 0 ? "GET" : method;
    bool strange = false, trusted = false;
    const struct address client = client_of(http, connection, &trusted, &strange);
    const struct request request = {
        .method = str_z(name),
        .target = str_z(call->target),
        .content_type = header(connection, "Content-Type"),
        .accept_language = header(connection, "Accept-Language"),
        .accept_encoding = header(connection, "Accept-Encoding"),
        .host = header(connection, "Host"),
        .user_agent = header(connection, "User-Agent"),
        .authorization = header(connection, "Authorization"),
        .certificate = trusted && *http->certificate_header
                           ? header(connection, http->certificate_header)
                           : (struct str){"", 0},
        .client = client,
        .strange_proxy = strange,
        .inflight = atomic_load_explicit(&http->inflight, memory_order_relaxed),
        .crowd = call->crowd,
        .body = {call->body.n ? (const char *)call->body.p : "", call->body.n},
        .body_too_long = call->body_bytes > LIMIT_HTTP_BODY,
    };
    struct response response;
    route_answer(&http->site, &request, &response);
    stats_request(http->stats, response.route_index, response.status,
                  clock_monotonic_us() - call->since_us);
    if (request.strange_proxy)
        stats_add(http->stats, STAT_UNTRUSTED, 1);
    log_line(http, call, method, &response);
    return send_response(connection, &response);
}

/* Keeps what fits the limit and counts the rest. */
static enum MHD_Result take_body(struct call *call, const char *bytes, size_t *n)
{
    call->body_bytes += *n;
    if (call->body_bytes > LIMIT_HTTP_BODY)
        buf_clear(&call->body);
    else
        buf_put(&call->body, bytes, *n);
    *n = 0;
    return call->body.failed || call->body_bytes > DISCARD_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_bytes, void **context)
{
    struct http *http = cls;
    struct call *call = *context;
    (void)url;
    (void)version;
    if (!call || !call->target)
        return MHD_NO;
    if (!call->begun) {
        call->begun = true;
        atomic_fetch_add_explicit(&http->inflight, 1, memory_order_relaxed);
        call->crowd = crowd_of(http);
        uint64_t length = 0;
        if (str_to_u64(header(connection, "Content-Length"), UINT64_MAX, &length) &&
            length > DISCARD_MAX)
            call->body_bytes = length;
        else if (call->crowd != CROWD_FULL)
            return MHD_YES;
        return answer(http, connection, call, method);
    }
    if (*body_bytes)
        return take_body(call, body, body_bytes);
    return answer(http, connection, call, method);
}

/* The target as it was sent, before anybody decodes it. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    (void)cls;
    (void)connection;
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->target = strdup(target);
    call->since_us = clock_monotonic_us();
    return call;
}

static void on_end(void *cls, struct MHD_Connection *connection, void **context,
                   enum MHD_RequestTerminationCode code)
{
    struct http *http = cls;
    struct call *call = *context;
    (void)connection;
    (void)code;
    if (!call)
        return;
    if (call->begun)
        atomic_fetch_sub_explicit(&http->inflight, 1, memory_order_relaxed);
    buf_release(&call->body);
    free(call->target);
    free(call);
    *context = NULL;
}

/* --- the daemon --- */

/* The library's own complaints are about peers: not worth a line each. */
static void __attribute__((format(printf, 2, 0)))
on_complaint(void *cls, const char *format, va_list args)
{
    (void)cls;
    (void)format;
    (void)args;
}

union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static enum err parse_address(const struct http_options *options, union endpoint *out)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, options->address, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(options->port);
        return ERR_OK;
    }
    if (inet_pton(AF_INET6, options->address, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(options->port);
        return ERR_OK;
    }
    return ERR_USAGE;
}

/* Connections that the open-file limit allows, once it is raised as far as it goes. */
static unsigned connection_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        return 512;
    rlim_t want = LIMIT_HTTP_CONNECTIONS + SPARE_FILES;
    if (files.rlim_cur < want) {
        files.rlim_cur = files.rlim_max < want ? files.rlim_max : want;
        if (setrlimit(RLIMIT_NOFILE, &files) && getrlimit(RLIMIT_NOFILE, &files))
            return 512;
    }
    if (files.rlim_cur >= want)
        return LIMIT_HTTP_CONNECTIONS;
    return files.rlim_cur > 2 * SPARE_FILES ? (unsigned)files.rlim_cur - SPARE_FILES : SPARE_FILES;
}

static struct MHD_Daemon *listen_on(struct http *http, const struct http_options *options,
                                    union endpoint *address)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_ITC;
    if (address->any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    if (options->threads < 2) /* a pool of one is none */
        pool[0].option = MHD_OPTION_END;
    return MHD_start_daemon(
        flags, options->port, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER,
        on_complaint, NULL, MHD_OPTION_SOCK_ADDR, &address->any, MHD_OPTION_URI_LOG_CALLBACK,
        on_target, http, MHD_OPTION_NOTIFY_COMPLETED, on_end, http, MHD_OPTION_CONNECTION_LIMIT,
        connection_limit(), MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_HTTP_IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_HTTP_HEAD, MHD_OPTION_LISTEN_BACKLOG_SIZE,
        (unsigned)BACKLOG, MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
}

/* How people reach us, as far as it is known: port 0 is known once we listen. */
static void name_ourselves(struct http *http, const struct http_options *options, uint16_t port)
{
    bool v6 = strchr(options->address, ':') != NULL;
    if (options->public_url)
        str_copy(http->public_url, sizeof http->public_url, str_z(options->public_url));
    else
        snprintf(http->public_url, sizeof http->public_url, "http://%s%.64s%s:%u", v6 ? "[" : "",
                 options->address, v6 ? "]" : "", (unsigned)port);
    http->site.public_url = str_z(http->public_url);
}

static void release(struct http *http)
{
    limiter_free(http->limiter);
    stats_free(http->stats);
    nonces_free(http->nonces);
    free(http);
}

enum err http_start(const struct http_options *options, struct http **out, struct fault *fault)
{
    union endpoint address;
    if (parse_address(options, &address))
        return fault_set(fault, ERR_USAGE, "%.64s: not an IPv4 or IPv6 address", options->address);
    struct http *http = calloc(1, sizeof *http);
    if (!http)
        return ERR_MEMORY;
    http->limiter = limiter_new(&options->limits);
    http->stats = stats_new();
    http->nonces = nonces_new();
    if (!http->limiter || !http->stats || !http->nonces) {
        release(http);
        return ERR_MEMORY;
    }
    http->site = (struct site){.service = options->service,
                               .demo = options->demo,
                               .faces = options->faces,
                               .limiter = http->limiter,
                               .steady = &clock_steady,
                               .stats = http->stats,
                               .nonces = http->nonces,
                               .wall = &clock_system,
                               .started_s = clock_now_us(&clock_system) / 1000000,
                               .metrics_from = options->metrics_from};
    http->trusted = options->trusted;
    http->forwarded = options->forwarded;
    str_copy(http->certificate_header, sizeof http->certificate_header,
             str_z(options->certificate_header));
    http->log = options->log;
    name_ourselves(http, options, options->port);
    errno = 0;
    http->daemon = listen_on(http, options, &address);
    if (!http->daemon) {
        int why = errno;
        release(http);
        return fault_set(fault, ERR_UNAVAILABLE, "cannot listen on %.64s port %u: %s",
                         options->address, (unsigned)options->port,
                         why ? strerror(why) : "refused");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    http->port = info && info->port ? info->port : options->port;
    if (!options->port && !options->public_url)
        name_ourselves(http, options, http->port); /* tests: nobody asks before they are told */
    *out = http;
    return ERR_OK;
}

uint16_t http_port(const struct http *http)
{
    return http->port;
}

void http_stop(struct http *http)
{
    if (!http)
        return;
    MHD_stop_daemon(http->daemon);
    release(http);
}
