/* SPDX-License-Identifier: Apache-2.0
 *
 * http_head - what is read of a request's head, and who sent it. */
#include "face/http_call.h"

static const struct str head_names[HEAD_NAMES] = {
    [HEAD_ACCEPT_ENCODING] = STR("Accept-Encoding"),
    [HEAD_ACCEPT_LANGUAGE] = STR("Accept-Language"),
    [HEAD_AUTHORIZATION] = STR("Authorization"),
    [HEAD_CONTENT_ENCODING] = STR("Content-Encoding"),
    [HEAD_CONTENT_LENGTH] = STR("Content-Length"),
    [HEAD_CONTENT_TYPE] = STR("Content-Type"),
    [HEAD_COOKIE] = STR("Cookie"),
    [HEAD_CSRF] = STR("X-Tamga-CSRF"),
    [HEAD_FETCH_SITE] = STR("Sec-Fetch-Site"),
    [HEAD_HOST] = STR("Host"),
    [HEAD_IDEMPOTENCY] = STR("Idempotency-Key"),
    [HEAD_IF_NONE_MATCH] = STR("If-None-Match"),
    [HEAD_IF_RANGE] = STR("If-Range"),
    [HEAD_ORIGIN] = STR("Origin"),
    [HEAD_RANGE] = STR("Range"),
    [HEAD_UPLOAD_OFFSET] = STR("Upload-Offset"),
    [HEAD_USER_AGENT] = STR("User-Agent"),
};

static const struct str proxy_heads[] = {
    STR("X-Forwarded-For"),
    STR("Forwarded"),
    STR("Via"),
    STR("X-Real-IP"),
};

/* One header of a request, for MHD_get_connection_values: one walk for all that is read. */
enum MHD_Result http_head_take(void *cls, enum MHD_ValueKind kind, const char *name,
                               const char *value)
{
    struct call *call = cls;
    const struct str is = str_z(name);
    (void)kind;
    for (size_t i = 0; i < HEAD_NAMES; i++)
        if (str_eq_nocase(is, head_names[i]) && !call->head[i].p)
            call->head[i] = str_z(value);
    if (str_eq_nocase(is, call->http->certificate_header) && !call->head[HEAD_CERTIFICATE].p)
        call->head[HEAD_CERTIFICATE] = str_z(value);
    for (size_t i = 0; i < sizeof proxy_heads / sizeof proxy_heads[0]; i++)
        call->forwarded |= str_eq_nocase(is, proxy_heads[i]);
    return MHD_YES;
}

/* Empty where it did not come. */
struct str http_head(const struct call *call, enum head which)
{
    return call->head[which].p ? call->head[which] : (struct str){"", 0};
}

struct joined {
    char bytes[LIMIT_FORWARDED];
    size_t n;
    const char *name;
};

/* Each line with that name, after a comma; when they do not fit, those that came last. */
static enum MHD_Result join(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct joined *j = cls;
    (void)kind;
    if (!value || strcasecmp(name, j->name) != 0)
        return MHD_YES;
    size_t n = strlen(value), room = sizeof j->bytes - 1;
    if (n > room) {
        value += n - room;
        n = room;
    }
    if (j->n + 1 + n > sizeof j->bytes)
        j->n = 0;
    j->bytes[j->n++] = ',';
    memcpy(j->bytes + j->n, value, n);
    j->n += n;
    return MHD_YES;
}

struct address http_client(const struct http *http, struct MHD_Connection *connection,
                           const struct call *call, bool *out_trusted, bool *out_strange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct address peer = address_of(info ? info->client_addr : NULL);
    *out_trusted = nets_hold(&http->trusted, &peer);
    if (!*out_trusted) {
        *out_strange = call->forwarded;
        return peer;
    }
    if (!call->forwarded)
        return peer;
    struct joined j = {.name = http->forwarded == FORWARDED_7239 ? "Forwarded" : "X-Forwarded-For"};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, join, &j);
    return address_forwarded(&peer, &http->trusted, http->forwarded, (struct str){j.bytes, j.n});
}
