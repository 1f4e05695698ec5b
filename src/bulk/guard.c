/* SPDX-License-Identifier: Apache-2.0 */
#include "bulk/guard.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "app/whatif.h"

static const char *const names[GUARDS] = {"dates", "size", "nulls", "move", "notice", "zeros"};

const char *guard_name(uint32_t guard)
{
    for (unsigned i = 0; i < GUARDS; i++)
        if (guard & 1u << i)
            return names[i];
    return "";
}

bool guards_parse(struct str text, uint32_t *out)
{
    uint32_t guards = 0;
    struct str rest = text;
    while (rest.p) {
        struct str word = str_trim(str_split(rest, ',', &rest));
        uint32_t one = str_eq(word, STR("all")) ? GUARD_ALL : 0;
        for (unsigned i = 0; i < GUARDS; i++)
            if (str_eq(word, str_z(names[i])))
                one = 1u << i;
        if (!one)
            return false;
        guards |= one;
    }
    *out = guards;
    return true;
}

enum err guard_stop(const struct accept *accept, uint32_t tripped, struct fault *fault,
                    const char *format, ...)
{
    uint32_t stops = tripped & ~accept->guards;
    char found[160], words[64] = "";
    if (!stops)
        return ERR_OK;
    va_list args;
    va_start(args, format);
    vsnprintf(found, sizeof found, format, args);
    va_end(args);
    for (unsigned i = 0, n = 0; i < GUARDS; i++)
        if (stops & 1u << i)
            n += (unsigned)snprintf(words + n, sizeof words - n, "%s%s", n ? "," : "", names[i]);
    return fault_set(fault, ERR_GUARD,
                     "guard %s: %s; nothing was loaded. Look, then --accept %s --reason TEXT",
                     words, found, words);
}

enum err guard_or_second(struct registry *reg, uint32_t *tripped, struct fault *fault)
{
    bool two = false;
    enum err err = *tripped ? batch_two_person(reg, &two, fault) : ERR_OK;
    if (two)
        *tripped = 0;
    return err;
}

const char *guard_reason(const struct accept *accept, uint32_t tripped, char out[GUARD_REASON_MAX])
{
    if (!(accept->guards & tripped))
        return NULL;
    size_t at = (size_t)snprintf(out, GUARD_REASON_MAX, "accepted");
    for (unsigned i = 0; i < GUARDS; i++)
        if (accept->guards & tripped & 1u << i)
            at += (size_t)snprintf(out + at, GUARD_REASON_MAX - at, " %s", names[i]);
    snprintf(out + at, GUARD_REASON_MAX - at, ": %.*s", LIMIT_REASON,
             accept->reason ? accept->reason : "");
    return out;
}

enum err guard_rules(struct registry *reg, const struct rules *rules, bool list,
                     const struct accept *accept, uint32_t *out_tripped, struct fault *fault)
{
    struct whatif *w = calloc(1, sizeof *w);
    enum err err =
        w ? whatif_run(reg, &(struct whatif_ask){rules, DAYNUM_NONE, NULL, NULL}, w, fault)
          : ERR_MEMORY;
    *out_tripped = 0;
    if (!err) {
        bool many =
            w->changed > GUARD_MOVE_FLOOR && w->changed * 100 > w->imeis * GUARD_MOVE_PERCENT;
        *out_tripped = (many ? GUARD_MOVE : 0u) | (list && w->lost ? GUARD_NOTICE : 0u);
        err = guard_or_second(reg, out_tripped, fault);
    }
    if (!err)
        err = guard_stop(accept, *out_tripped, fault,
                         "of %" PRIu64 " IMEIs %" PRIu64 " would change their verdict, %" PRIu64
                         " of them lose service",
                         w->imeis, w->changed, w->lost);
    free(w);
    return err;
}
