/* SPDX-License-Identifier: Apache-2.0
 *
 * http_rows - bodies of whole rows (rows.h): written down as they come, never gathered. */
#include "face/http_call.h"
#include "face/route.h"

static void open_place(struct http *http, struct MHD_Connection *connection, struct call *call,
                       const char *method)
{
    const struct request head = http_request_of(http, connection, call, method);
    call->rows = ROWS_YES;
    call->refused = route_receives(&http->site, &head, &call->upload);
    call->discard_max = call->refused ? call->discard_max : UINT64_MAX;
}

bool http_rows_begin(struct http *http, struct MHD_Connection *connection, struct call *call,
                     const char *method, uint64_t length)
{
    if (call->rows == ROWS_PERHAPS)
        return true;
    open_place(http, connection, call, method);
    if (call->refused && length > call->discard_max) {
        call->body_bytes = length;
        return false;
    }
    return true;
}

bool http_rows_told(struct http *http, struct MHD_Connection *connection, struct call *call,
                    const char *method)
{
    const struct str begin = {(const char *)call->body.p, call->body.n};
    bool rows;
    if (!rows_tell(begin, false, &rows))
        return false;
    if (!rows) {
        call->rows = ROWS_NONE;
        return true;
    }
    open_place(http, connection, call, method);
    if (!call->refused)
        call->refused = intake_add(call->upload, begin.p, begin.n, NULL);
    buf_release(&call->body);
    return true;
}

enum MHD_Result http_rows_take(struct call *call, const char *bytes, size_t n)
{
    const uint64_t seconds = (uint64_t)(clock_monotonic_us() - call->since_us) / 1000000;
    if (!call->refused && n)
        call->refused = intake_add(call->upload, bytes, n, NULL);
    if (call->refused && call->discard_max == UINT64_MAX)
        call->discard_max = call->body_bytes + LIMIT_HTTP_DISCARD;
    const bool slow =
        seconds > LIMIT_INTAKE_SECONDS || (seconds > LIMIT_INTAKE_SLOW_SECONDS &&
                                           call->body_bytes < seconds * LIMIT_INTAKE_SLOW_RATE);
    return slow || call->body_bytes > call->discard_max ? MHD_NO : MHD_YES;
}
