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
#include <sys/resource.h>
#include <unistd.h>

#include "face/http_call.h"
#include "face/nonces.h"
#include "face/route.h"
#include "face/stats.h"

/* So much of a body that is too long is read and thrown away, so that its sender gets to read the
 * answer; what says beforehand that it is longer is answered at once, and chunks without an end, to which
 * libmicrohttpd 0.9.75 lets nobody answer while they come, are cut off. */
enum { DISCARD_MAX = 16 << 20, BACKLOG = 1024, SPARE_FILES = 64 };
enum { END_MS = 1000 }; /* for answers on their way, when the door closes */

/* --- one request --- */

static enum crowd crowd_of(struct http *http)
{
    int n = atomic_load_explicit(&http->inflight, memory_order_relaxed);
    if (n <= LIMIT_HTTP_INFLIGHT / 4 * 3)
        return CROWD_NONE;
    return n <= LIMIT_HTTP_INFLIGHT ? CROWD_MANY : CROWD_FULL;
}

struct request http_request_of(struct http *http, struct MHD_Connection *connection,
                               const struct call *call, const char *method)
{
    const char *name = strcmp(method, "HEAD") == 0 ? "GET" : method;
    bool strange = false, trusted = false;
    const struct address client = http_client(http, connection, call, &trusted, &strange);
    return (struct request){
        .method = str_z(name),
        .target = call->target,
        .content_type = http_head(call, HEAD_CONTENT_TYPE),
        .content_encoding = http_head(call, HEAD_CONTENT_ENCODING),
        .accept_language = http_head(call, HEAD_ACCEPT_LANGUAGE),
        .accept_encoding = http_head(call, HEAD_ACCEPT_ENCODING),
        .host = http_head(call, HEAD_HOST),
        .user_agent = http_head(call, HEAD_USER_AGENT),
        .authorization = http_head(call, HEAD_AUTHORIZATION),
        .certificate = trusted ? http_head(call, HEAD_CERTIFICATE) : (struct str){"", 0},
        .cookie = http_head(call, HEAD_COOKIE),
        .origin = http_head(call, HEAD_ORIGIN),
        .idempotency = http_head(call, HEAD_IDEMPOTENCY),
        .csrf = http_head(call, HEAD_CSRF),
        .fetch_site = http_head(call, HEAD_FETCH_SITE),
        .upload_offset = http_head(call, HEAD_UPLOAD_OFFSET),
        .range = http_head(call, HEAD_RANGE),
        .if_range = http_head(call, HEAD_IF_RANGE),
        .if_none_match = http_head(call, HEAD_IF_NONE_MATCH),
        .client = client,
        .strange_proxy = strange,
        .large_out = atomic_load_explicit(&http->large_out, memory_order_relaxed),
        .inflight = atomic_load_explicit(&http->inflight, memory_order_relaxed),
        .crowd = call->crowd,
        .body = {"", 0},
        .refused = call->refused,
    };
}

static enum MHD_Result finish(struct http *http, struct MHD_Connection *connection,
                              struct call *call, const char *method, const struct request *request,
                              struct response *response)
{
    stats_request(http->stats, response->route_index, response->status,
                  clock_monotonic_us() - call->since_us);
    if (request->strange_proxy)
        stats_add(http->stats, STAT_UNTRUSTED, 1);
    http_log(http, call, method, response);
    call->large_out = response->body.n > LARGE_ANSWER;
    if (call->large_out)
        atomic_fetch_add(&http->large_out, 1);
    return http_send(http, connection, call, response);
}

/* On a thread that may wait. What is to wait for news goes to those that do, and holds no place at the door. */
static void run_errand(void *job)
{
    struct errand *errand = job;
    struct http *http = errand->http;
    errand->request.large_out = atomic_load_explicit(&http->large_out, memory_order_relaxed);
    route_answer(&http->site, &errand->request, &errand->response);
    if (errand->response.waits_until_us) {
        errand->waiter.behind = errand->response.waits_behind;
        errand->request.waited = errand->response.waited;
        errand->waiter.until_us = errand->request.waits_until_us = errand->response.waits_until_us;
        response_release(&errand->response);
        atomic_fetch_sub_explicit(&http->inflight, 1, memory_order_relaxed);
        if (waiters_put(http->waiters, &errand->waiter)) /* another thread's from here on */
            return;
        atomic_fetch_add_explicit(&http->inflight, 1, memory_order_relaxed);
        errand->request.waits_until_us = 1; /* it has waited long enough */
        route_answer(&http->site, &errand->request, &errand->response);
    }
    MHD_resume_connection(errand->connection);
}

/* There is news, or the wait is over: the request is asked once more. */
static bool wake(void *ctx, struct waiter *waiter)
{
    struct http *http = ctx;
    atomic_fetch_add_explicit(&http->inflight, 1, memory_order_relaxed);
    if (aside_put(http->aside, (struct errand *)waiter))
        return true;
    atomic_fetch_sub_explicit(&http->inflight, 1, memory_order_relaxed);
    return false;
}

/* All that wait are answered now, at the latest by this thread. */
static void end_waiting(struct http *http)
{
    service_on_news(http->site.service, NULL, NULL);
    for (struct waiter *w = waiters_close(http->waiters), *next; w; w = next) {
        next = w->next;
        atomic_fetch_add_explicit(&http->inflight, 1, memory_order_relaxed);
        run_errand(w);
    }
}

static void on_news(void *ctx, const struct service_news *news)
{
    struct http *http = ctx;
    service_hurry(http->site.service, waiters_look(http->waiters, news) > 0);
}

/* The connection sleeps until its answer is there; then libmicrohttpd asks for it once more. Where no more
 * may wait, the answer is that the door is full. */
static enum MHD_Result set_aside(struct http *http, struct MHD_Connection *connection,
                                 struct call *call, const struct request *request)
{
    struct errand *errand = malloc(sizeof *errand);
    if (!errand)
        return MHD_NO;
    *errand = (struct errand){.http = http, .connection = connection, .request = *request};
    call->errand = errand;
    MHD_suspend_connection(connection);
    if (!aside_put(http->aside, errand)) {
        errand->request.crowd = CROWD_FULL;
        run_errand(errand);
    }
    return MHD_YES;
}

static enum MHD_Result answer(struct http *http, struct MHD_Connection *connection,
                              struct call *call, const char *method)
{
    struct errand *errand = call->errand;
    if (errand) {
        errand->sent = true;
        return finish(http, connection, call, method, &errand->request, &errand->response);
    }
    struct request request = http_request_of(http, connection, call, method);
    request.body_too_long = call->rows != ROWS_YES && call->body_bytes > call->body_max;
    request.upload = call->refused ? NULL : call->upload;
    bool refused = request.crowd == CROWD_FULL || /* before its body came */
                   (request.body_too_long && !route_forgives(&http->site, &request));
    if (call->body.n && !refused)
        request.body = (struct str){(const char *)call->body.p, call->body.n};
    if (!refused && route_waits(&http->site, request.target))
        return set_aside(http, connection, call, &request);
    struct response response;
    route_answer(&http->site, &request, &response);
    return finish(http, connection, call, method, &request, &response);
}

/* A body above the small limit: does its address take it, is it wanted, and is there a place for it? length: 0 =
 * not told. */
static void begin_large(struct http *http, struct MHD_Connection *connection, struct call *call,
                        const char *method, uint64_t length)
{
    const struct request head = http_request_of(http, connection, call, method);
    call->asked = true;
    call->body_max = route_body_max(&http->site, &head);
    if (call->body_max <= LIMIT_HTTP_BODY || length > call->body_max)
        return;
    call->large = atomic_fetch_add(&http->large, 1) < LIMIT_HTTP_LARGE;
    if (call->large)
        call->keep = call->body_max;
    else
        atomic_fetch_sub(&http->large, 1);
    call->refused = call->large ? route_admits(&http->site, &head) : ERR_CROWDED;
    if (!call->refused && !buf_reserve(&call->body, (size_t)length))
        call->refused = ERR_CROWDED;
}

/* A body that says how large it is. */
static void begin_length(struct http *http, struct MHD_Connection *connection, struct call *call,
                         const char *method)
{
    uint64_t length = 0;
    if (str_to_u64(http_head(call, HEAD_CONTENT_LENGTH), UINT64_MAX, &length) &&
        length > LIMIT_HTTP_BODY)
        begin_large(http, connection, call, method, length);
}

/* Keeps what fits the limit and counts the rest: of a form that is too long, its first fields. */
static enum MHD_Result take_body(struct http *http, struct MHD_Connection *connection,
                                 struct call *call, const char *method, const char *bytes,
                                 size_t *n)
{
    call->body_bytes += *n;
    if (call->rows == ROWS_PERHAPS) {
        buf_put(&call->body, bytes, *n);
        *n = 0;
        if (!http_rows_told(http, connection, call, method))
            return call->body.failed ? MHD_NO : MHD_YES;
        if (call->rows == ROWS_NONE)
            begin_length(http, connection, call, method);
    }
    if (call->rows == ROWS_YES) {
        size_t piece = *n;
        *n = 0;
        return http_rows_take(call, bytes, piece);
    }
    if (call->body_bytes > LIMIT_HTTP_BODY && !call->asked)
        begin_large(http, connection, call, method, 0);
    size_t room = call->keep - call->body.n;
    if (call->refused)
        buf_release(&call->body);
    else
        buf_put(&call->body, bytes, *n < room ? *n : room);
    *n = 0;
    bool slow = call->large &&
                clock_monotonic_us() - call->since_us > LIMIT_HTTP_LARGE_SECONDS * INT64_C(1000000);
    return call->body.failed || call->body_bytes > call->discard_max || slow ? MHD_NO : MHD_YES;
}

/* Somebody who is signed in sends a form that is far too long: it is read to its end, else his browser would show him
 * a broken connection in place of the page that tells him. */
static bool is_listened_to(struct http *http, struct MHD_Connection *connection, struct call *call,
                           const char *method, uint64_t length)
{
    if (length > LIMIT_HTTP_DISCARD)
        return false;
    const struct request head = http_request_of(http, connection, call, method);
    bool listened = route_forgives(&http->site, &head) && !route_admits(&http->site, &head);
    if (listened)
        call->discard_max = LIMIT_HTTP_DISCARD;
    return listened;
}

/* The head has come. True: its body is awaited. */
static bool begin(struct http *http, struct MHD_Connection *connection, struct call *call,
                  const char *method)
{
    uint64_t length = 0;
    call->begun = true;
    atomic_fetch_add_explicit(&http->inflight, 1, memory_order_relaxed);
    call->crowd = crowd_of(http);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, http_head_take, call);
    call->body_max = call->keep = LIMIT_HTTP_BODY;
    call->discard_max = DISCARD_MAX;
    bool told = str_to_u64(http_head(call, HEAD_CONTENT_LENGTH), UINT64_MAX, &length);
    if (str_starts(call->target, STR("/api/v1/sightings")) && call->crowd != CROWD_FULL) {
        const struct request head = http_request_of(http, connection, call, method);
        call->rows = rows_form(&head);
        if (call->rows)
            return http_rows_begin(http, connection, call, method, length);
    }
    if (told && length > DISCARD_MAX && !is_listened_to(http, connection, call, method, length))
        call->body_bytes = length;
    if (call->body_bytes || call->crowd == CROWD_FULL)
        return false;
    begin_length(http, connection, call, method);
    return true;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_bytes, void **context)
{
    struct http *http = cls;
    struct call *call = *context;
    (void)url;
    (void)version;
    if (!call)
        return MHD_NO;
    if (!call->begun) {
        if (begin(http, connection, call, method))
            return MHD_YES;
        return answer(http, connection, call, method);
    }
    if (*body_bytes)
        return take_body(http, connection, call, method, body, body_bytes);
    return answer(http, connection, call, method);
}

/* The target as it was sent, before anybody decodes it. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    (void)connection;
    size_t n = strlen(target);
    struct call *call = malloc(sizeof *call + n + 1);
    if (!call)
        return NULL;
    *call = (struct call){.http = cls, .since_us = clock_monotonic_us()};
    memcpy(call->bytes, target, n + 1);
    call->target = (struct str){call->bytes, n};
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
    if (call->large)
        atomic_fetch_sub(&http->large, 1);
    if (call->large_out)
        atomic_fetch_sub(&http->large_out, 1);
    if (call->reply)
        replies_give(http->replies, call->reply);
    if (call->errand && !call->errand->sent)
        response_release(&call->errand->response);
    intake_drop(call->upload);
    free(call->errand);
    buf_release(&call->body);
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
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;
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
    aside_free(http->aside);
    waiters_free(http->waiters);
    limiter_free(http->limiter);
    stats_free(http->stats);
    nonces_free(http->nonces);
    replies_free(http->replies);
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
    http->replies = replies_new(http_plain_headers);
    bool whole = http->limiter && http->stats && http->nonces && http->replies;
    if (!whole || waiters_new(LIMIT_FEED_WAITERS, wake, http, &http->waiters) ||
        aside_new(ASIDE_THREADS, run_errand, &http->aside)) {
        release(http);
        return ERR_MEMORY;
    }
    http->site = (struct site){.service = options->service,
                               .portal = options->portal,
                               .observer = options->observer,
                               .intake = options->intake,
                               .notices = options->notices,
                               .watch_metrics = options->watch_metrics,
                               .watch_metrics_ctx = options->watch_metrics_ctx,
                               .more = options->more,
                               .more_count = options->more_count,
                               .more_metrics = options->more_metrics,
                               .demo = options->demo,
                               .faces = options->faces,
                               .limiter = http->limiter,
                               .waiters = http->waiters,
                               .steady = &clock_steady,
                               .stats = http->stats,
                               .nonces = http->nonces,
                               .wall = &clock_system,
                               .started_s = clock_now_us(&clock_system) / 1000000,
                               .metrics_from = options->metrics_from};
    http->trusted = options->trusted;
    http->forwarded = options->forwarded;
    str_copy(http->name, sizeof http->name, str_z(options->certificate_header));
    http->certificate_header = str_z(http->name);
    http->log = options->log;
    name_ourselves(http, options, options->port);
    errno = 0;
    http->daemon = listen_on(http, options, &address);
    if (!http->daemon) {
        int why = errno;
        aside_close(http->aside);
        release(http);
        return fault_set(fault, ERR_UNAVAILABLE, "cannot listen on %.64s port %u: %s",
                         options->address, (unsigned)options->port,
                         why ? strerror(why) : "refused");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    http->port = info && info->port ? info->port : options->port;
    if (!options->port && !options->public_url)
        name_ourselves(http, options, http->port); /* tests: nobody asks before they are told */
    service_on_news(http->site.service, on_news, http);
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
    end_waiting(http);
    aside_close(http->aside); /* no connection may sleep when the daemon ends */
    for (int i = 0; i < END_MS && atomic_load(&http->inflight); i++)
        usleep(1000);
    MHD_stop_daemon(http->daemon);
    release(http);
}
