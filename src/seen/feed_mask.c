/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/feed_mask.h"

#include <ctype.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The first byte of a character that is not ASCII: it may be a digit of another script. */
static bool begins_other(char c)
{
    return ((unsigned char)c & 0xc0) == 0xc0;
}

static bool inside_other(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* IMEIs of 14 to 16 places that nobody has, and MEIDs. */
static bool names_a_phone_at_most(struct str raw)
{
    size_t run = 0, longest = 0, same = 0, digits = 0;
    if (raw.n < 14 || raw.n > 16)
        return false;
    for (size_t i = 0; i < raw.n; i++) {
        if (!isxdigit((unsigned char)raw.p[i]))
            return false;
        digits += is_digit(raw.p[i]);
        run = is_digit(raw.p[i]) ? run + 1 : 0;
        longest = run > longest ? run : longest;
        same += raw.p[i] == raw.p[0];
    }
    return same == raw.n || (digits < raw.n && longest < FEED_MASK_DIGITS);
}

struct str feed_mask(struct str raw, size_t most, char out[FEED_MASKED])
{
    size_t digits = 0, n = 0;
    if (raw.n > most)
        return STR("too long");
    for (size_t i = 0; i < raw.n; i++)
        digits += is_digit(raw.p[i]) || begins_other(raw.p[i]);
    if (digits < FEED_MASK_DIGITS || names_a_phone_at_most(raw))
        return raw;
    for (size_t i = 0; i < raw.n && n < FEED_MASKED - 1; i++)
        if (!inside_other(raw.p[i]))
            out[n++] = is_digit(raw.p[i]) || begins_other(raw.p[i]) ? 'd' : raw.p[i];
    return (struct str){out, n};
}
