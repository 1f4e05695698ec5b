/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/ask_http.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/clock.h"

struct ask_http {
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
    free(s);
}

static enum asked read_answer(const struct buf *body)
{
    json_t *json = json_loadb(body->n ? (const char *)body->p : "", body->n, 0, NULL);
    struct str answer = json_text_of(json, "answer");
    enum asked asked = str_eq(answer, STR("yes"))  ? ASKED_YES
                       : str_eq(answer, STR("no")) ? ASKED_NO
                                                   : ASKED_AWAY;
    json_decref(json);
    return asked;
}

/* *out_down: nobody answered, or in trouble of his own (5xx); another answer is about the question. */
static enum asked ask_once(struct ask_http *s, const char *question, bool *out_down)
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
    *out_down = code || status >= 500;
    enum asked asked = !code && status == 200 ? read_answer(&body) : ASKED_AWAY;
    buf_release(&body);
    return asked;
}

static enum asked ask(void *ctx, const struct check_question *q)
{
    struct ask_http *s = ctx;
    char day[DAYNUM_TEXT] = "";
    if (clock_monotonic_us() < s->rest_until_us)
        return ASKED_AWAY;
    if (daynum_is_day(q->entered))
        daynum_format(q->entered, day);
    json_t *json = json_pack("{s:s, s:s?, s:s, s:s}", "iin", q->iin, "day", *day ? day : NULL,
                             "document", q->document, "purpose", q->number);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    enum asked asked = ASKED_AWAY;
    bool down = false;
    for (int i = 0; text && asked == ASKED_AWAY && i < ASK_TRIES; i++)
        asked = ask_once(s, text, &down);
    free(text);
    json_decref(json);
    s->failures = asked == ASKED_AWAY && down ? s->failures + 1 : 0;
    if (s->failures >= ASK_FAILURES) {
        s->failures = 0;
        s->rest_until_us = clock_monotonic_us() + INT64_C(1000000) * ASK_REST_S;
    }
    return asked;
}

struct check_source ask_http_source(struct ask_http *s)
{
    return (struct check_source){s ? ask : NULL, s};
}
