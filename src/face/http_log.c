/* SPDX-License-Identifier: Apache-2.0
 *
 * http_log - what the server writes down of requests. Never what was typed: the place in the table of addresses
 * stands for the address, and in the reason of a failure, which another program may have worded, a run of
 * digits as long as an IIN, an IMEI or an IMSI is replaced by how long it was. */
#include <ctype.h>

#include "face/http_call.h"

enum {
    LOG_FAILURES = 20, /* lines a second: a store that is away fails every request alike */
    NUMBER_DIGITS = 9, /* as many or more digits in a row are somebody's number */
};

/* One line, without numbers and without what would end it or its quotes. */
static void clean(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; text[i] && n + 24 < size;) {
        size_t digits = strspn(text + i, "0123456789");
        if (digits >= NUMBER_DIGITS) {
            n += (size_t)snprintf(out + n, size - n, "<%zu digits>", digits);
            i += digits;
            continue;
        }
        size_t take = digits ? digits : 1;
        for (size_t k = 0; k < take && n + 24 < size; k++, i++) {
            unsigned char c = (unsigned char)text[i];
            out[n++] = iscntrl(c) || c == '"' ? ' ' : text[i];
        }
    }
    out[n] = '\0';
}

/* Is there room for one more in this second? */
static bool may_tell(struct http *http, int64_t now_s)
{
    if (atomic_exchange_explicit(&http->failures_s, now_s, memory_order_relaxed) != now_s)
        atomic_store_explicit(&http->failures, 0, memory_order_relaxed);
    return atomic_fetch_add_explicit(&http->failures, 1, memory_order_relaxed) < LOG_FAILURES;
}

void http_log(struct http *http, const struct call *call, const char *method,
              const struct response *response)
{
    bool failed = response->status >= 500 && *response->why;
    if (!http->log && !failed)
        return;
    char time[24];
    int64_t now_s = clock_now_us(&clock_system) / 1000000;
    instant_format(now_s, time);
    if (failed && may_tell(http, now_s)) {
        char why[FAULT_DETAIL_MAX + 32];
        clean(response->why, why, sizeof why);
        fprintf(stderr, "time=%s event=failure method=%.8s route=%s status=%d detail=\"%s\"\n",
                time, method, response->route, response->status, why);
    }
    if (http->log)
        fprintf(http->log,
                "time=%s event=request method=%.8s route=%s status=%d bytes=%zu us=%lld\n", time,
                method, response->route, response->status, response_body(response).n,
                (long long)(clock_monotonic_us() - call->since_us));
}
