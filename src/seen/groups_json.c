/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/groups_json.h"

bool group_is_small(const struct group *group)
{
    for (unsigned k = 0; k < GROUPS_KINDS; k++)
        if (group->imeis[k] >= GROUPS_LEAST)
            return false;
    return true;
}

static void put_counts(json_t *object, const uint64_t *imeis, const struct groups_words *words)
{
    for (unsigned k = 0; k < GROUPS_KINDS && words->kind[k]; k++) {
        bool hidden = imeis[k] && imeis[k] < GROUPS_LEAST;
        json_object_set_new(object, words->kind[k],
                            hidden ? json_null() : json_integer((json_int_t)imeis[k]));
    }
}

json_t *groups_json(const struct group_list *list, const struct groups_words *words)
{
    if (!list->told)
        return json_pack("{s:b}", "told", 0);
    json_t *rows = json_array(), *none = json_object();
    unsigned small = 0;
    for (unsigned i = 0; i < list->n; i++) {
        if (group_is_small(&list->list[i])) {
            small++;
            continue;
        }
        json_t *row = json_pack("{s:s}", "name", list->list[i].name);
        put_counts(row, list->list[i].imeis, words);
        json_array_append_new(rows, row);
    }
    put_counts(none, list->none, words);
    return json_pack("{s:b, s:o, s:i, s:o}", "told", 1, "list", rows, "small", (int)small, "none",
                     none);
}
