/* SPDX-License-Identifier: Apache-2.0 */
#include "people/fetch.h"

#include <curl/curl.h>

struct taking {
    struct buf *to;
    size_t most;
};

static size_t take(char *p, size_t size, size_t count, void *ctx)
{
    struct taking *t = ctx;
    size_t n = size * count;
    if (t->to->n + n > t->most)
        return 0; /* ends the transfer */
    buf_put(t->to, p, n);
    return t->to->failed ? 0 : n;
}

bool fetch_is_url(const char *url)
{
    struct str s = str_z(url);
    return (str_starts(s, STR("http://")) && s.n > 7) ||
           (str_starts(s, STR("https://")) && s.n > 8);
}

enum err fetch_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) ? ERR_MEMORY : ERR_OK;
}

static bool list_headers(const struct fetch *q, struct curl_slist **out)
{
    for (size_t i = 0; i < FETCH_HEADERS && q->headers[i]; i++) {
        struct curl_slist *list = curl_slist_append(*out, q->headers[i]);
        if (!list)
            return false;
        *out = list;
    }
    return true;
}

static CURLcode prepare(CURL *curl, const struct fetch *q, struct curl_slist *headers,
                        struct taking *taking)
{
    CURLcode code = CURLE_OK;
#define SET(option, value) code = code ? code : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_URL, q->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)q->connect_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)q->whole_ms);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_WRITEFUNCTION, take);
    SET(CURLOPT_WRITEDATA, taking);
    if (q->ca)
        SET(CURLOPT_CAINFO, q->ca);
    if (q->sign_in) {
        SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(CURLOPT_USERPWD, q->sign_in);
    }
    if (q->body) {
        SET(CURLOPT_POSTFIELDS, (const char *)q->body->p);
        SET(CURLOPT_POSTFIELDSIZE, (long)q->body->n);
    }
#undef SET
    return code;
}

enum err fetch(const struct fetch *q, struct buf *answer, long *out_status, struct fault *fault)
{
    struct curl_slist *headers = NULL;
    struct taking taking = {answer, answer->n + q->most_bytes};
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (curl && list_headers(q, &headers))
        code = prepare(curl, q, headers, &taking);
    if (!code)
        code = curl_easy_perform(curl);
    if (!code)
        code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, out_status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (answer->failed || code == CURLE_OUT_OF_MEMORY)
        return fault_set(fault, ERR_MEMORY, "%s", q->who);
    if (code == CURLE_WRITE_ERROR)
        return fault_set(fault, q->away, "%s: the answer is longer than %zu bytes", q->who,
                         q->most_bytes);
    return code ? fault_set(fault, q->away, "%s: %s", q->who, curl_easy_strerror(code)) : ERR_OK;
}
