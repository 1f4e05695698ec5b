/* SPDX-License-Identifier: Apache-2.0 */
#include "node/link.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/clock.h"

enum {
    CONNECT_MS = 5000,
    SLOW_SECONDS = 70, /* a snapshot that must be made first begins after 55 */
    DRIP_SECONDS =
        60, /* slower than least_speed for so long; a segment that must be made first comes sooner */
    LOOK_MS = 500,
    URL_MAX = 2048, /* with ranges of TACs in it */
    HOST_MAX = 512,
    REDIRECTS = 3,
    ETAG_MAX = 128
};

struct link {
    struct link_options with;
    CURLM *multi;
    CURL *easy;
    atomic_bool stopping;
};

/* One question under way. */
struct asking {
    const struct link_question *q;
    CURL *easy;
    bool begun, refused, too_long;
    char etag[ETAG_MAX];
};

enum err link_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) ? ERR_MEMORY : ERR_OK;
}

/* "HOST", "HOST:PORT", "[ADDR6]:PORT", perhaps with "USER:WORD@" before it (RFC 3986 3.2). */
static bool is_authority(struct str s)
{
    uint64_t number;
    const char *at = memrchr(s.p, '@', s.n);
    if (at)
        s = (struct str){at + 1, s.n - (size_t)(at + 1 - s.p)};
    const char *six = s.n && s.p[0] == '[' ? memchr(s.p, ']', s.n) : NULL;
    size_t host = six ? (size_t)(six + 1 - s.p) : 0;
    while (!six && host < s.n && s.p[host] != ':')
        host++;
    if (host >= s.n)
        return s.n > 0 && (six ? host > 2 : s.p[0] != '[');
    const struct str port = {s.p + host + 1, s.n - host - 1};
    return host > (six ? 2 : 0) && s.p[host] == ':' && str_to_u64(port, UINT16_MAX, &number) &&
           number > 0;
}

bool link_is_url(struct str url)
{
    const size_t scheme = str_starts(url, STR("http://"))    ? 7
                          : str_starts(url, STR("https://")) ? 8
                                                             : 0;
    if (!scheme || url.n >= HOST_MAX)
        return false;
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] > '~' || strchr("?#\\\"<>", url.p[i]))
            return false;
    struct str rest;
    const struct str behind = {url.p + scheme, url.n - scheme};
    return is_authority(str_split(behind, '/', &rest));
}

enum err link_new(const struct link_options *options, struct link **out)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return ERR_MEMORY;
    link->with = *options;
    link->multi = curl_multi_init();
    link->easy = curl_easy_init();
    if (!link->multi || !link->easy) {
        link_free(link);
        return ERR_MEMORY;
    }
    *out = link;
    return ERR_OK;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    curl_easy_cleanup(link->easy);
    curl_multi_cleanup(link->multi);
    free(link);
}

void link_stop(struct link *link)
{
    atomic_store(&link->stopping, true);
    curl_multi_wakeup(link->multi);
}

bool link_stopped(const struct link *link)
{
    return atomic_load(&link->stopping);
}

bool link_rest(struct link *link, int64_t ms)
{
    int64_t end = clock_monotonic_us() + ms * 1000;
    while (!link_stopped(link)) {
        int64_t left = (end - clock_monotonic_us() + 999) / 1000;
        if (left <= 0)
            return true;
        if (curl_multi_poll(link->multi, NULL, 0, (int)(left < 60000 ? left : 60000), NULL))
            return false;
    }
    return false;
}

static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
    struct asking *a = ctx;
    struct str value, line = {p, size * count};
    struct str name = str_split(line, ':', &value);
    if (value.p && str_eq_nocase(name, STR("etag")))
        str_copy(a->etag, sizeof a->etag, str_trim(value));
    if (value.p && a->q->location && str_eq_nocase(name, STR("content-location")))
        str_copy(a->q->location, LINK_LOCATION, str_trim(value));
    return line.n;
}

static bool begin(struct asking *a, long status)
{
    if (a->begun)
        return true;
    a->begun = true;
    return !a->q->begin || a->q->begin(a->q->ctx, status, str_z(a->etag));
}

static size_t on_bytes(char *p, size_t size, size_t count, void *ctx)
{
    struct asking *a = ctx;
    const struct link_question *q = a->q;
    size_t n = size * count;
    long status = 0;
    curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &status);
    if (q->take && (status == 200 || status == 206)) {
        a->refused = a->refused || !begin(a, status) || !q->take(q->ctx, p, n);
        return a->refused ? 0 : n;
    }
    if (q->refusal) {
        size_t room = LINK_REFUSAL - q->refusal->n;
        buf_put(q->refusal, p, n < room ? n : room);
    }
    if (!q->answer)
        return n;
    a->too_long = q->answer->n + n > q->most;
    if (a->too_long)
        return 0;
    buf_put(q->answer, p, n);
    return q->answer->failed ? 0 : n;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%s%s", name, value);
    struct curl_slist *more =
        n > 0 && (size_t)n < sizeof line ? curl_slist_append(*list, line) : NULL;
    if (more)
        *list = more;
    return more != NULL;
}

static bool headers_of(const struct link *link, const struct link_question *q,
                       struct curl_slist **out)
{
    bool ok = add_header(out, "Expect:", "");
    if (ok && *link->with.api_key)
        ok = add_header(out, "Authorization: Bearer ", link->with.api_key);
    if (ok && q->body.p)
        ok = add_header(out, "Content-Type: ", q->type);
    if (ok && q->from && q->if_range)
        ok = add_header(out, "If-Range: ", q->if_range);
    return ok;
}

#define SET(option, value) code = code ? code : curl_easy_setopt(curl, option, value)

static CURLcode prepare_http2(CURL *curl, const struct link_options *with)
{
    bool tls = str_starts(str_z(with->url), STR("https:"));
    CURLcode code = CURLE_OK;
    if (!with->http2)
        return code;
    SET(CURLOPT_HTTP_VERSION,
        tls ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)REDIRECTS);
    SET(CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
    if (with->certificate && *with->certificate) {
        SET(CURLOPT_SSLCERT, with->certificate);
        SET(CURLOPT_SSLKEY, with->key);
    }
    return code;
}

static CURLcode prepare(struct link *link, const struct link_question *q, struct asking *a,
                        struct curl_slist *headers)
{
    char url[URL_MAX], range[32];
    CURL *curl = link->easy;
    snprintf(url, sizeof url, "%s%s", link->with.url, q->path);
    snprintf(range, sizeof range, "%llu-", (unsigned long long)q->from);
    curl_easy_reset(curl);
    CURLcode code = prepare_http2(curl, &link->with);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_USERAGENT, link->with.agent);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, a);
    SET(CURLOPT_WRITEFUNCTION, on_bytes);
    SET(CURLOPT_WRITEDATA, a);
    if (q->whole_ms) {
        SET(CURLOPT_TIMEOUT_MS, (long)q->whole_ms);
    }
    if (!q->whole_ms || q->least_speed) {
        SET(CURLOPT_LOW_SPEED_LIMIT, q->least_speed ? (long)q->least_speed : 1L);
        SET(CURLOPT_LOW_SPEED_TIME, (long)(q->least_speed ? DRIP_SECONDS : SLOW_SECONDS));
    }
    if (q->head)
        SET(CURLOPT_NOBODY, 1L);
    if (q->packed)
        SET(CURLOPT_ACCEPT_ENCODING, "zstd");
    if (q->from)
        SET(CURLOPT_RANGE, range);
    if (*link->with.ca)
        SET(CURLOPT_CAINFO, link->with.ca);
    if (q->body.p) {
        SET(CURLOPT_POSTFIELDS, q->body.p);
        SET(CURLOPT_POSTFIELDSIZE, (long)q->body.n);
    }
    if (q->method)
        SET(CURLOPT_CUSTOMREQUEST, q->method);
    return code;
}

#undef SET

/* Until it is through, was stopped, or `on` ends it. */
static enum err run(struct link *link, const struct link_question *q, CURLcode *out)
{
    int running = 1, left;
    while (running) {
        if (curl_multi_perform(link->multi, &running))
            return ERR_MEMORY;
        if (!running)
            break;
        int ms = q->on ? q->on(q->ctx) : LOOK_MS;
        if (link_stopped(link) || ms < 0)
            return ERR_STOPPED;
        if (curl_multi_poll(link->multi, NULL, 0, ms < LOOK_MS ? ms : LOOK_MS, NULL))
            return ERR_MEMORY;
    }
    for (CURLMsg *m; (m = curl_multi_info_read(link->multi, &left));)
        if (m->msg == CURLMSG_DONE)
            *out = m->data.result;
    return ERR_OK;
}

static enum err outcome(const struct link *link, const struct asking *a, CURLcode code,
                        struct fault *fault)
{
    if (a->too_long)
        return fault_set(fault, ERR_TOO_LONG, "%s answers with more than %zu bytes", link->with.url,
                         a->q->most);
    if (code == CURLE_OUT_OF_MEMORY || (a->q->answer && a->q->answer->failed))
        return ERR_MEMORY;
    if (a->refused)
        return ERR_UNAVAILABLE; /* who took the bytes has said why */
    return code ? fault_set(fault, ERR_UNAVAILABLE, "%s: %s", link->with.url,
                            curl_easy_strerror(code))
                : ERR_OK;
}

enum err link_ask(struct link *link, const struct link_question *q, long *out_status,
                  struct fault *fault)
{
    struct curl_slist *headers = NULL;
    struct asking a = {.q = q, .easy = link->easy};
    CURLcode code = CURLE_OUT_OF_MEMORY;
    enum err err = ERR_MEMORY;
    if (headers_of(link, q, &headers) && prepare(link, q, &a, headers) == CURLE_OK &&
        curl_multi_add_handle(link->multi, link->easy) == CURLM_OK) {
        err = run(link, q, &code);
        curl_easy_getinfo(link->easy, CURLINFO_RESPONSE_CODE, out_status);
        curl_multi_remove_handle(link->multi, link->easy);
    }
    curl_off_t length = 0;
    if (q->length && curl_easy_getinfo(link->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length))
        length = 0;
    if (q->length)
        *q->length = length > 0 ? (uint64_t)length : 0;
    curl_slist_free_all(headers);
    return err ? err : outcome(link, &a, code, fault);
}
