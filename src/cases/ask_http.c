/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/ask_http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

struct ask_http {
    pthread_mutex_t lock; /* of the rest */
    CURL *curl;
    struct curl_slist *headers;
    unsigned failures;
    int64_t rest_until_us; /* monotonic */
};

static size_t take(char *bytes, size_t size, size_t n, void *out)
{
    struct buf *b = out;
    if (b->n + size * n > ASK_ANSWER_MAX)
        return 0; /* ends the transfer */
    buf_put(b, bytes, size * n);
    return b->failed ? 0 : size * n;
}

enum err ask_http_open(const char *url, struct ask_http **out, struct fault *fault)
{
    bool good = str_starts(str_z(url), STR("http://")) || str_starts(str_z(url), STR("https://"));
    if (!good) {
        fault_value(fault, url, strlen(url));
        return fault_set(fault, ERR_SETTING_VALUE, "want http://… or https://…");
    }
    struct ask_http *s = calloc(1, sizeof *s);
    if (!s || curl_global_init(CURL_GLOBAL_DEFAULT) || !(s->curl = curl_easy_init())) {
        free(s);
        return fault_set(fault, ERR_MEMORY, "libcurl");
    }
    pthread_mutex_init(&s->lock, NULL);
    s->headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURLcode code = s->headers ? CURLE_OK : CURLE_OUT_OF_MEMORY;
#define SET(option, value) code = code ? code : curl_easy_setopt(s->curl, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_HTTPHEADER, s->headers);
    SET(CURLOPT_PROXY, ""); /* numbers of people go to the one address that the settings name */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)ASK_CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)ASK_WHOLE_MS);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_WRITEFUNCTION, take);
#undef SET
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
    curl_slist_free_all(s->headers);
    curl_easy_cleanup(s->curl);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static bool read_answer(const struct buf *body, ask_read_fn *fn, void *out)
{
    json_t *json = json_loadb(body->n ? (const char *)body->p : "", body->n, 0, NULL);
    bool good = json_is_object(json) && fn(json, out);
    json_decref(json);
    return good;
}

enum heard { HEARD, HEARD_REFUSAL, HEARD_NOTHING };

static enum heard ask_once(struct ask_http *s, const char *question, ask_read_fn *fn, void *out)
{
    struct buf body = {0};
    long status = 0;
    CURLcode code = curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, question);
    if (!code)
        code = curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, &body);
    if (!code)
        code = curl_easy_perform(s->curl);
    if (!code)
        code = curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
    bool refused = !code && status >= 400 && status < 500;
    bool good = !code && status == 200 && read_answer(&body, fn, out);
    buf_release(&body);
    return good ? HEARD : refused ? HEARD_REFUSAL : HEARD_NOTHING;
}

/* One question of a rested source goes through: without an answer it rests again. */
static void count_failure(struct ask_http *s)
{
    if (++s->failures < ASK_FAILURES)
        return;
    s->failures = ASK_FAILURES - 1;
    s->rest_until_us = clock_monotonic_us() + INT64_C(1000000) * ASK_REST_S;
}

bool ask_http_put(struct ask_http *s, json_t *question, ask_read_fn *fn, void *out)
{
    char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;
    enum heard heard = HEARD_REFUSAL;
    json_decref(question);
    if (!text)
        return false;
    pthread_mutex_lock(&s->lock);
    if (clock_monotonic_us() >= s->rest_until_us) {
        heard = HEARD_NOTHING;
        for (int i = 0; heard == HEARD_NOTHING && i < ASK_TRIES; i++)
            heard = ask_once(s, text, fn, out);
        if (heard == HEARD)
            s->failures = 0;
        else if (heard == HEARD_NOTHING)
            count_failure(s);
    }
    pthread_mutex_unlock(&s->lock);
    explicit_bzero(text, strlen(text));
    free(text);
    return heard == HEARD;
}
