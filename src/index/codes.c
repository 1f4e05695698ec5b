/* SPDX-License-Identifier: Apache-2.0
 *
 * codes - which verdicts the codes of a box name. Most boxes have the same few verdicts, so a
 * few tables do for all; a table that was made stands for ever, because a reader may look into
 * it. */
#include "index/build.h"

int codes_find(const struct codes *codes, uint32_t number)
{
    unsigned first = codes_bits(codes) ? 0 : 1;
    for (unsigned i = first; i < codes_rare(codes); i++)
        if (codes_number(codes, i) == number)
            return (int)i;
    return NO_CODE;
}

uint64_t codes_strangers(const struct codes *codes, const uint32_t times[256], uint64_t n)
{
    for (unsigned i = codes_bits(codes) ? 0 : 1; i < codes_rare(codes); i++)
        n -= times[codes_number(codes, i)];
    return n;
}

static void set_code(struct codes *codes, unsigned code, unsigned number)
{
    atomic_store_explicit(&codes->number[code], (uint8_t)number, memory_order_relaxed);
}

struct codes codes_for(unsigned bits, const uint32_t times[256], uint64_t n)
{
    struct codes codes = {.bits = (uint8_t)bits};
    bool named[256] = {[NUMBER_NONE] = true, [NUMBER_RARE] = true};
    unsigned rare = codes_rare(&codes), at = bits ? 0 : 1, wanted = rare - at;
    for (unsigned k = 0; k < wanted; k++) {
        unsigned best = 0;
        while (named[best])
            best++;
        for (unsigned i = best + 1; i < 256; i++)
            if (!named[i] && times[i] > times[best] && times[i] >= n / 128)
                best = i;
        named[best] = true;
    }
    for (unsigned i = 0; i < sizeof codes.number; i++)
        set_code(&codes, i, NUMBER_NONE);
    for (unsigned i = 0; i < 256; i++)
        if (named[i] && i != NUMBER_NONE && i != NUMBER_RARE)
            set_code(&codes, at++, i);
    set_code(&codes, rare, NUMBER_RARE);
    return codes;
}

uint32_t codes_table(struct boxes *b, const struct codes *codes, const uint32_t times[256],
                     uint64_t n)
{
    uint32_t best = 0;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < b->codes_count; i++)
        if (memcmp(&b->codes[i], codes, sizeof *codes) == 0)
            return i;
    if (b->codes_count < CODE_TABLES) {
        struct codes *to = &b->codes[b->codes_count];
        for (unsigned k = 0; k < sizeof to->number; k++)
            set_code(to, k, codes_number(codes, k));
        atomic_store_explicit(&to->bits, (uint8_t)codes_bits(codes), memory_order_relaxed);
        return b->codes_count++;
    }
    for (uint32_t i = 0; i < CODE_TABLES; i++) {
        uint64_t strangers = codes_strangers(&b->codes[i], times, n);
        if (codes_bits(&b->codes[i]) == codes_bits(codes) && strangers < least) {
            least = strangers;
            best = i;
        }
    }
    return best;
}
