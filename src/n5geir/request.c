/* SPDX-License-Identifier: Apache-2.0
 *
 * request - a handful of headers each, most of them the same few: so names are told apart by their length
 * first, and those that we know need no look at their letters. */
#include "n5geir/request.h"

#include "base/limits.h"

enum { METHOD = 1, SCHEME = 2, PATH = 4, AUTHORITY = 8 };

void n5g_request_begin(struct n5g_request *r)
{
    r->target = N5G_RESOURCE; /* CONNECT has no path */
    r->header_bytes = 0;
    r->pseudo = 0;
    r->malformed = r->plain = r->get = r->head = r->accept = r->accepted = false;
    r->token = TOKEN_GOOD;
}

/* Lower-case letters, digits and what else a token has (RFC 9110 5.6.2, RFC 9113 8.2.1). */
static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' &&
            (!c || !strchr("!#$%&'*+.^_`|~", c)))
            return false;
    }
    return name.n > 0;
}

/* Of HTTP/1 (RFC 9113 8.2.2). */
static bool is_of_connection(struct str name, struct str value)
{
    switch (name.n) {
    case 2:
        return str_eq(name, STR("te")) && !str_eq_nocase(value, STR("trailers"));
    case 7:
        return str_eq(name, STR("upgrade"));
    case 10:
        return str_eq(name, STR("connection")) || str_eq(name, STR("keep-alive"));
    case 16:
        return str_eq(name, STR("proxy-connection"));
    case 17:
        return str_eq(name, STR("transfer-encoding"));
    default:
        return false;
    }
}

static uint8_t pseudo_of(struct str name)
{
    switch (name.n) {
    case 5:
        return str_eq(name, STR(":path")) ? PATH : 0;
    case 7:
        return str_eq(name, STR(":method")) ? METHOD : str_eq(name, STR(":scheme")) ? SCHEME : 0;
    case 10:
        return str_eq(name, STR(":authority")) ? AUTHORITY : 0;
    default:
        return 0;
    }
}

/* Before all others, each once, none but these (RFC 9113 8.3, 8.3.1). */
static void pseudo_header(struct n5g_request *r, struct str root, struct str name, struct str value)
{
    uint8_t kind = pseudo_of(name);
    if (!kind || (r->pseudo & kind) || r->plain) {
        r->malformed = true;
        return;
    }
    r->pseudo |= kind;
    if (kind == PATH) {
        r->malformed = r->malformed || !value.n;
        r->target = n5g_target_read(root, value, &r->check);
    } else if (kind == METHOD) {
        r->get = str_eq(value, STR("GET"));
        r->head = str_eq(value, STR("HEAD"));
    }
}

void n5g_request_header(struct n5g_request *r, struct str root, struct str name, struct str value)
{
    r->header_bytes += name.n + value.n + 32;
    if (r->header_bytes > LIMIT_N5G_HEADERS)
        return;
    if (name.n && name.p[0] == ':') {
        pseudo_header(r, root, name, value);
        return;
    }
    r->plain = true;
    if (str_eq(name, STR("accept"))) {
        r->accept = true;
        r->accepted = r->accepted || n5g_accepts(value);
    } else if (!is_name(name) || is_of_connection(name, value)) {
        r->malformed = true;
    }
}

bool n5g_request_is_malformed(const struct n5g_request *r)
{
    uint8_t all = METHOD | SCHEME | PATH;
    /* CONNECT comes without two of them; it is answered as what it is, another method. */
    return r->malformed || !(r->pseudo & METHOD) ||
           ((r->get || r->head) && (r->pseudo & all) != all);
}

/* Is it about where, not about what? Then the method does not matter. */
static bool is_nowhere(enum n5g_answer target)
{
    return target == N5G_API || target == N5G_RESOURCE || target == N5G_TARGET_LONG;
}

static enum n5g_answer refusal(enum token_verdict token)
{
    switch (token) {
    case TOKEN_MISSING:
        return N5G_TOKEN_MISSING;
    case TOKEN_TWICE:
        return N5G_TOKEN_TWICE;
    case TOKEN_SCOPE:
        return N5G_TOKEN_SCOPE;
    case TOKEN_GOOD:
    case TOKEN_INVALID:
    case TOKEN_UNREAD:
        break;
    }
    return N5G_TOKEN_INVALID;
}

enum n5g_answer n5g_request_end(const struct n5g_request *r)
{
    if (r->header_bytes > LIMIT_N5G_HEADERS)
        return N5G_HEADERS_LONG;
    if (r->token != TOKEN_GOOD && !r->head) /* HEAD is refused in any case, without a body */
        return refusal(r->token);
    if (is_nowhere(r->target) && !r->head)
        return r->target;
    if (!r->get)
        return r->head ? N5G_METHOD_HEAD : N5G_METHOD;
    if (r->accept && !r->accepted)
        return N5G_ACCEPT;
    return r->target;
}
