/* SPDX-License-Identifier: Apache-2.0
 *
 * request - nghttp2 has seen to it that the pseudo-headers come first, once each, and that no name has a
 * capital letter (RFC 9113 8.2, 8.3); so names are told apart by length and few bytes. */
#include "n5geir/request.h"

#include "base/limits.h"

void n5g_request_begin(struct n5g_request *r)
{
    r->target = N5G_RESOURCE; /* CONNECT has no path */
    r->header_bytes = 0;
    r->get = r->head = r->accept = r->accepted = false;
}

void n5g_request_header(struct n5g_request *r, struct str root, struct str name, struct str value)
{
    r->header_bytes += name.n + value.n + 32;
    if (r->header_bytes > LIMIT_N5G_HEADERS)
        return;
    switch (name.n) {
    case 5:
        if (str_eq(name, STR(":path")))
            r->target = n5g_target_read(root, value, &r->check);
        break;
    case 6:
        if (str_eq(name, STR("accept"))) {
            r->accept = true;
            r->accepted = r->accepted || n5g_accepts(value);
        }
        break;
    case 7:
        if (str_eq(name, STR(":method"))) {
            r->get = str_eq(value, STR("GET"));
            r->head = str_eq(value, STR("HEAD"));
        }
        break;
    default:
        break;
    }
}

/* Is it about where, not about what? Then the method does not matter. */
static bool is_nowhere(enum n5g_answer target)
{
    return target == N5G_API || target == N5G_RESOURCE || target == N5G_TARGET_LONG;
}

enum n5g_answer n5g_request_end(const struct n5g_request *r)
{
    if (r->header_bytes > LIMIT_N5G_HEADERS)
        return N5G_HEADERS_LONG;
    if (is_nowhere(r->target) && !r->head)
        return r->target;
    if (!r->get)
        return r->head ? N5G_METHOD_HEAD : N5G_METHOD;
    if (r->accept && !r->accepted)
        return N5G_ACCEPT;
    return r->target;
}
