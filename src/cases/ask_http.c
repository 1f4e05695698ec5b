/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/ask_http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"

struct ask_http {
    struct curl_slist *headers;
    atomic_bool stopping;
    pthread_mutex_t lock; /* of the rest */
    pthread_cond_t given_back;
    CURL *free[ASK_AT_ONCE];
    unsigned free_count;
    struct breaker breaker;
};

static size_t take(char *bytes, size_t size, size_t n, void *out)
{
    struct buf *b = out;
    if (b->n + size * n > ASK_ANSWER_MAX)
        return 0; /* ends the transfer */
    buf_put(b, bytes, size * n);
    return b->failed ? 0 : size * n;
}

/* Called by libcurl at least once a second. */
static int goes_on(void *of, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
                   curl_off_t ulnow)
{
    const struct ask_http *s = of;
    (void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
    return atomic_load(&s->stopping);
}

static CURLcode prepare(struct ask_http *s, CURL *curl, const char *url)
{
    CURLcode code = CURLE_OK;
#define SET(option, value) code = code ? code : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_HTTPHEADER, s->headers);
    SET(CURLOPT_PROXY, ""); /* numbers of people go to the one address that the settings name */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)ASK_CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)ASK_WHOLE_MS);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_WRITEFUNCTION, take);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, goes_on);
    SET(CURLOPT_XFERINFODATA, s);
#undef SET
    return code;
}

enum err ask_http_open(const char *url, struct ask_http **out, struct fault *fault)
{
    bool good = str_starts(str_z(url), STR("http://")) || str_starts(str_z(url), STR("https://"));
    if (!good) {
        fault_value(fault, url, strlen(url));
        return fault_set(fault, ERR_SETTING_VALUE, "want http://… or https://…");
    }
    struct ask_http *s = calloc(1, sizeof *s);
    if (!s || curl_global_init(CURL_GLOBAL_DEFAULT)) {
        free(s);
        return fault_set(fault, ERR_MEMORY, "libcurl");
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->given_back, NULL);
    s->headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURLcode code = s->headers ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    while (!code && s->free_count < ASK_AT_ONCE) {
        CURL *curl = curl_easy_init();
        code = curl ? prepare(s, curl, url) : CURLE_OUT_OF_MEMORY;
        if (curl)
            s->free[s->free_count++] = curl;
    }
    if (code) {
        ask_http_close(s);
        return fault_set(fault, ERR_MEMORY, "libcurl: %s", curl_easy_strerror(code));
    }
    *out = s;
    return ERR_OK;
}

void ask_http_close(struct ask_http *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->free_count; i++)
        curl_easy_cleanup(s->free[i]);
    curl_slist_free_all(s->headers);
    pthread_cond_destroy(&s->given_back);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void ask_http_stop(struct ask_http *s)
{
    if (s)
        atomic_store(&s->stopping, true);
}

static bool read_answer(const struct buf *body, ask_read_fn *fn, void *out)
{
    json_t *json = json_loadb(body->n ? (const char *)body->p : "", body->n, 0, NULL);
    bool good = json_is_object(json) && fn(json, out);
    json_decref(json);
    return good;
}

static enum heard ask_once(CURL *curl, const char *question, ask_read_fn *fn, void *out)
{
    struct buf body = {0};
    long status = 0;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, question);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    if (!code)
        code = curl_easy_perform(curl);
    if (!code)
        code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    bool refused = !code && status >= 400 && status < 500;
    bool good = !code && status == 200 && read_answer(&body, fn, out);
    buf_release(&body);
    return good ? HEARD : refused ? HEARD_REFUSAL : HEARD_NOTHING;
}

/* A connection for one question; NULL: the source rests, or the process ends. */
static CURL *begin(struct ask_http *s, bool *out_decides)
{
    CURL *curl = NULL;
    pthread_mutex_lock(&s->lock);
    while (!s->free_count)
        pthread_cond_wait(&s->given_back, &s->lock);
    bool may =
        !atomic_load(&s->stopping) && breaker_lets(&s->breaker, clock_monotonic_us(), out_decides);
    if (may)
        curl = s->free[--s->free_count];
    else
        pthread_cond_signal(&s->given_back); /* the one that waits behind looks, too */
    pthread_mutex_unlock(&s->lock);
    return curl;
}

static void end(struct ask_http *s, CURL *curl, enum heard heard, bool decides)
{
    pthread_mutex_lock(&s->lock);
    s->free[s->free_count++] = curl;
    breaker_heard(&s->breaker, heard, decides, clock_monotonic_us());
    pthread_cond_signal(&s->given_back);
    pthread_mutex_unlock(&s->lock);
}

bool ask_http_put(struct ask_http *s, json_t *question, ask_read_fn *fn, void *out)
{
    char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;
    enum heard heard = HEARD_NOTHING;
    bool decides = false;
    json_decref(question);
    if (!text)
        return false;
    CURL *curl = begin(s, &decides);
    for (int i = 0; curl && heard == HEARD_NOTHING && i < ASK_TRIES && !atomic_load(&s->stopping);
         i++)
        heard = ask_once(curl, text, fn, out);
    if (curl)
        end(s, curl, heard, decides);
    explicit_bzero(text, strlen(text));
    free(text);
    return heard == HEARD;
}
