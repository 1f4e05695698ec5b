/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as a query, a target, an Accept. A query comes to the same with every byte of its names and values
 * encoded, and with its parameters turned round. */
#include <assert.h>

#include "base/limits.h"
#include "n5geir/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct str query, enum n5g_answer answer, const struct network_check *check)
{
    struct network_check again = {0};
    assert(n5g_query_read(query, &again) == answer);
    assert(again.question.imei.body == check->question.imei.body);
    assert(again.question.imsi == check->question.imsi);
    assert(again.software_version == check->software_version);
    assert(again.malformed == check->malformed);
}

/* All but what parts parameters, names and values, and what is encoded already. */
static size_t encoded(struct str query, char *to)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0, plain = 0; /* bytes after a "%" */
    bool value = false;
    for (size_t i = 0; i < query.n; i++) {
        unsigned char c = (unsigned char)query.p[i];
        bool sign = c == '&' || (c == '=' && !value);
        value = c != '&' && (value || c == '=');
        if (c == '%')
            plain = 3;
        if (sign || plain) {
            to[n++] = (char)c;
        } else {
            to[n++] = '%';
            to[n++] = hex[c >> 4];
            to[n++] = hex[c & 15];
        }
        plain -= plain > 0;
    }
    return n;
}

static size_t turned(struct str query, char *to)
{
    size_t end = query.n, n = 0;
    for (size_t i = query.n; i-- > 0;)
        if (query.p[i] == '&') {
            memcpy(to + n, query.p + i + 1, end - i - 1);
            n += end - i - 1;
            to[n++] = '&';
            end = i;
        }
    memcpy(to + n, query.p, end);
    return n + end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    char room[LIMIT_HTTP_URI];
    struct network_check check = {0};
    n5g_accepts(text);
    enum n5g_answer answer = n5g_target_read(STR("/eir"), text, &check);
    assert(answer <= N5G_ASK && (answer == N5G_TARGET_LONG) == (size > LIMIT_HTTP_URI));
    if (size > LIMIT_HTTP_URI / 3)
        return 0;
    check = (struct network_check){0};
    answer = n5g_query_read(text, &check);
    assert(answer <= N5G_ASK && answer != N5G_BLACK);
    same((struct str){room, turned(text, room)}, answer, &check);
    same((struct str){room, encoded(text, room)}, answer, &check);
    return 0;
}
