/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lists_kind.h"

static const struct {
    uint8_t kind;
    const char *name;
} table[LISTS_KINDS] = {
    {LISTS_BLACK, "black"}, {LISTS_WHITE, "white"}, {LISTS_EXCEPTIONS, "exceptions"}};

const char *lists_kind_name(uint8_t kind)
{
    const unsigned at = lists_kind_place(kind);
    return at < LISTS_KINDS ? table[at].name : "";
}

uint8_t lists_kind_find(struct str name)
{
    for (unsigned i = 0; i < LISTS_KINDS; i++)
        if (str_eq(name, str_z(table[i].name)))
            return table[i].kind;
    return LISTS_NONE;
}

unsigned lists_kind_place(uint8_t kind)
{
    unsigned i = 0;
    while (i < LISTS_KINDS && table[i].kind != kind)
        i++;
    return i;
}

uint8_t lists_kind_at(unsigned place)
{
    return table[place].kind;
}
