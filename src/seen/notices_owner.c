/* SPDX-License-Identifier: Apache-2.0
 *
 * Prefixes stand in the channels as text, a few for an operator: they are read once, not for each subscriber. */
#include "seen/notices_owner.h"

#include <stdlib.h>

enum { WHO = 65536 /* subscribers opened at a time */ };

struct prefix {
    uint64_t packed, party;
};

struct owning {
    struct registry *reg;
    const struct notices_channels *channels;
    const struct seen_last *last;
    struct prefix *prefixes;
    size_t n;
};

static enum err read_prefixes(struct owning *o)
{
    size_t room = 1;
    for (size_t i = 0; i < o->channels->n; i++)
        room += strlen(o->channels->of[i].plmn) / 2 + 1;
    o->prefixes = calloc(room, sizeof *o->prefixes);
    if (!o->prefixes)
        return ERR_MEMORY;
    for (size_t i = 0; i < o->channels->n; i++)
        for (struct str rest = str_z(o->channels->of[i].plmn); rest.p && rest.n;) {
            const uint64_t packed = notices_prefix(str_trim(str_split(rest, ',', &rest)));
            if (packed && o->n < room)
                o->prefixes[o->n++] = (struct prefix){packed, o->channels->of[i].party};
        }
    return ERR_OK;
}

/* 0: nobody can tell him. */
static uint64_t owner_of(const struct owning *o, uint64_t imsi, uint32_t network)
{
    const struct rules *rules = &o->reg->rules;
    if (!imsi || !rules_is_home(rules, imsi) || rules_is_machine_imsi(rules, imsi))
        return 0;
    for (size_t i = 0; i < o->n; i++)
        if (imsi_has_prefix(imsi, o->prefixes[i].packed))
            return o->prefixes[i].party;
    const uint64_t saw = o->last->of[network].party;
    const struct notices_channel *channel = notices_channel_of(o->channels, saw);
    return channel && !*channel->plmn ? saw : 0;
}

static int by_subscriber(const void *a, const void *b)
{
    const struct owed *x = a, *y = b;
    return (x->subscriber > y->subscriber) - (x->subscriber < y->subscriber);
}

static enum err name_all(const struct owning *o, struct owed *owed, size_t n, struct fault *fault)
{
    uint32_t *numbers = calloc(WHO, sizeof *numbers);
    struct seen_subscriber *who = calloc(WHO, sizeof *who);
    enum err err = numbers && who ? ERR_OK : ERR_MEMORY;
    for (size_t at = 0; !err && at < n; at += WHO) {
        const size_t some = n - at < WHO ? n - at : WHO;
        for (size_t i = 0; i < some; i++)
            numbers[i] = owed[at + i].subscriber;
        err = seen_subscribers_of(o->reg, numbers, some, who, fault);
        for (size_t i = 0; !err && i < some; i++)
            owed[at + i].party = owner_of(o, who[i].imsi, owed[at + i].network);
    }
    if (who)
        explicit_bzero(who, WHO * sizeof *who);
    free(who);
    free(numbers);
    return err;
}

enum err owners_find(struct registry *reg, const struct notices_channels *channels,
                     const struct seen_last *last, struct owed *owed, size_t n, struct fault *fault)
{
    struct owning o = {.reg = reg, .channels = channels, .last = last};
    if (!n)
        return ERR_OK;
    qsort(owed, n, sizeof *owed, by_subscriber);
    enum err err = read_prefixes(&o);
    if (!err)
        err = name_all(&o, owed, n, fault);
    free(o.prefixes);
    return err;
}
