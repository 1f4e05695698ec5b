/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/notices_answer.h"

#include <jansson.h>

#include "people/record.h"

/* Where it stands among the ids, which ascend; n: nowhere. */
static size_t place_of(struct str id, const char (*ids)[NOTICES_ID_TEXT], size_t n)
{
    size_t from = 0, to = n;
    if (id.n != NOTICES_ID_TEXT - 1)
        return n;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        const int order = memcmp(ids[mid], id.p, id.n);
        if (!order)
            return mid;
        if (order < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return n;
}

size_t notices_answer_read(struct str body, const char (*ids)[NOTICES_ID_TEXT], size_t n,
                           uint8_t *states)
{
    json_t *all = body.n ? json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const json_t *list = json_object_get(all, "refused");
    size_t named = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const struct str reason = json_text_of(one, "reason");
        const size_t at = place_of(json_text_of(one, "id"), ids, n);
        if (at == n || !str_trim(reason).n || states[at] != NOTICES_WAITING)
            continue;
        states[at] = str_eq(reason, STR("unknown_number")) ? NOTICES_UNKNOWN : NOTICES_FAILED;
        named++;
    }
    json_decref(all);
    return named;
}
