/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notices_set.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/batch.h"
#include "app/commit.h"
#include "app/notices_record.h"

enum { FORM = 1, ASKED = 18 };

/* ---- who asks for a lower percent ---- */

enum err notices_asked_get(struct registry *reg, struct notices_asked *out, struct fault *fault)
{
    const struct notices_key key = notices_key('g');
    struct buf value = {0};
    bool found;
    enum err err = notices_get(reg, &key, &value, &found, fault);
    if (!err && found && (value.n != ASKED || value.p[0] != FORM))
        err = notices_damaged(fault, "what is asked for");
    if (!err)
        *out = found ? (struct notices_asked){.percent = value.p[1],
                                              .by = get_be(value.p + 2, 8),
                                              .at_s = (int64_t)get_be(value.p + 10, 8)}
                     : (struct notices_asked){0};
    buf_release(&value);
    return err;
}

/* Inside a write. */
static enum err put_asked(struct registry *reg, uint8_t percent, struct fault *fault)
{
    const struct notices_key key = notices_key('g');
    struct buf value = {0};
    buf_uint(&value, FORM, 1);
    buf_uint(&value, percent, 1);
    buf_uint(&value, reg->actor, 8);
    buf_uint(&value, (uint64_t)(clock_now_us(reg->clock) / 1000000), 8);
    enum err err = notices_put(reg, &key, &value, fault);
    buf_release(&value);
    return err;
}

/* ---- settings ---- */

struct changing {
    const struct notices_change *change;
    uint8_t was;                /* percent before */
    struct notices_asked asked; /* before */
    bool two, asks;
};

static bool is_asked(const struct changing *c)
{
    return c->asked.by && c->asked.percent == c->change->settings.percent;
}

static enum err may(const struct registry *reg, const struct changing *c, struct fault *fault)
{
    const uint8_t to = c->change->settings.percent;
    if (to != c->was && (!c->change->reason || !*c->change->reason))
        return fault_set(fault, ERR_USAGE, "another percent wants a reason");
    if (c->two && to < c->was && is_asked(c) && c->asked.by == reg->actor)
        return fault_set(fault, ERR_SAME_PERSON, "who asked for it does not confirm it");
    return ERR_OK;
}

/* Inside the transaction: it is as it was looked at. */
static enum err ask_again(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct changing *c = commit->ctx;
    struct notices_settings now;
    struct notices_asked asked;
    enum err err = notices_settings_get(reg, &now, fault);
    if (!err)
        err = notices_asked_get(reg, &asked, fault);
    if (!err && (now.percent != c->was || asked.by != c->asked.by ||
                 asked.percent != c->asked.percent || asked.at_s != c->asked.at_s))
        err = fault_set(fault, ERR_STORE_BUSY, "somebody else sets the notices");
    return err;
}

static enum err write_it(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct changing *c = commit->ctx;
    const struct notices_key key = notices_key('g');
    enum err err = c->asks ? put_asked(reg, c->change->settings.percent, fault)
                           : notices_settings_put(reg, &c->change->settings, fault);
    if (!err && !c->asks && c->asked.by)
        err = notices_drop(reg, &key, fault);
    if (!err && c->change->also)
        err = c->change->also(reg, 0, commit->seq, c->asks ? ERR_HELD : ERR_OK, fault);
    return err;
}

static enum err carry_out(struct registry *reg, struct changing *c, struct fault *fault)
{
    const uint8_t to = c->change->settings.percent;
    const bool tells = !c->asks && to != c->was;
    struct commit_case commit = {
        .entry = {.event = tells ? EVENT_NOTICES_GUARD : 0, .effective = DAYNUM_NONE},
        .always = true,
        .reason = tells ? c->change->reason : NULL,
        .ask = ask_again,
        .also = write_it,
        .ctx = c};
    if (tells)
        commit.entry.document_n = (uint8_t)snprintf(
            (char *)commit.entry.document, sizeof commit.entry.document, "%u %u", c->was, to);
    return commit_one(reg, &commit, fault);
}

enum err notices_settings_change(struct registry *reg, const struct notices_change *change,
                                 struct fault *fault)
{
    struct notices_settings before = {0};
    struct changing c = {.change = change};
    enum err err = registry_refresh(reg, fault);
    if (!err)
        err = notices_settings_get(reg, &before, fault);
    if (!err)
        err = notices_asked_get(reg, &c.asked, fault);
    c.was = before.percent;
    const bool lower = !err && change->settings.percent < c.was;
    if (lower)
        err = batch_two_person(reg, &c.two, fault);
    if (!err && c.two)
        err = batch_by_staff(reg, fault);
    if (!err)
        err = may(reg, &c, fault);
    c.asks = lower && c.two && !is_asked(&c);
    if (!err)
        err = carry_out(reg, &c, fault);
    if (!err && c.asks)
        err = fault_set(fault, ERR_HELD, "another person sets the same percent: %u %%",
                        change->settings.percent);
    return err;
}

/* ---- whose subscribers ---- */

static uint64_t next_prefix(struct str *rest)
{
    return notices_prefix(str_trim(str_split(*rest, ',', rest)));
}

static bool overlap(uint64_t a, uint64_t b)
{
    return imsi_has_prefix(a, b) || imsi_has_prefix(b, a);
}

/* 0: they have nothing in common; else a prefix of a. */
static uint64_t common(const char *a, const char *b)
{
    for (struct str x = str_z(a); *a && x.p;) {
        const uint64_t one = next_prefix(&x);
        for (struct str y = str_z(b); *b && y.p;)
            if (overlap(one, next_prefix(&y)))
                return one;
    }
    return 0;
}

/* A prefix as people write it: without the packing's leading 1. */
static const char *digits_of(uint64_t packed, char out[24])
{
    snprintf(out, 24, "%llu", (unsigned long long)packed);
    return out + 1;
}

static enum err check_prefixes(const struct notices_channel *c, struct fault *fault)
{
    uint64_t before[NOTICES_PLMN / 2];
    char digits[24];
    size_t n = 0;
    for (struct str rest = str_z(c->plmn); *c->plmn && rest.p;) {
        const uint64_t one = next_prefix(&rest);
        if (!one)
            return fault_set(fault, ERR_USAGE,
                             "prefixes of IMSIs have 5 to 10 digits, with commas between");
        for (size_t i = 0; i < n; i++)
            if (overlap(before[i], one))
                return fault_set(fault, ERR_USAGE, "prefix %s stands twice",
                                 digits_of(one, digits));
        before[n++] = one;
    }
    return ERR_OK;
}

static enum err check_others(struct registry *reg, const struct notices_channel *c,
                             struct fault *fault)
{
    char digits[24];
    struct notices_channels *all = calloc(1, sizeof *all);
    enum err err = all ? notices_channels_get(reg, all, fault) : ERR_MEMORY;
    for (size_t i = 0; !err && i < all->n; i++) {
        const struct notices_channel *other = &all->of[i];
        const uint64_t both = other->party == c->party ? 0 : common(c->plmn, other->plmn);
        if (both)
            err = fault_set(fault, ERR_USAGE,
                            "prefix %s overlaps with one of %s: a subscriber has one operator",
                            digits_of(both, digits), other->name);
    }
    free(all);
    return err;
}

/* The same prefixes, in any order: each of one stands in the other. */
static bool is_same(const char *text, const struct plmn_list *list)
{
    size_t n = 0;
    for (struct str rest = str_z(text); *text && rest.p; n++) {
        const uint64_t one = next_prefix(&rest);
        bool found = false;
        for (uint32_t i = 0; i < list->count; i++)
            found |= list->prefix[i] == one;
        if (!found)
            return false;
    }
    return n == list->count;
}

static bool write_prefixes(const struct plmn_list *list, char *out, size_t size)
{
    struct buf text = {0};
    char digits[24];
    for (uint32_t i = 0; i < list->count; i++)
        buf_printf(&text, "%s%s", i ? "," : "", digits_of(list->prefix[i], digits));
    const bool fits = !text.failed && text.n < size;
    if (fits)
        str_copy(out, size, (struct str){(const char *)text.p, text.n});
    buf_release(&text);
    return fits;
}

enum err notices_channel_agree(const struct operators *o, struct notices_channel *c,
                               struct fault *fault)
{
    const struct plmn_list *own = operators_plmn(o, str_z(c->name));
    char theirs[NOTICES_PLMN * 4], digits[24];
    if (c->road == NOTICES_NO_ROAD)
        return ERR_OK;
    if (own && !*c->plmn && !write_prefixes(own, c->plmn, sizeof c->plmn))
        return fault_set(fault, ERR_USAGE, "the settings name too many prefixes of %s", c->name);
    if (own && !is_same(c->plmn, own))
        return fault_set(fault, ERR_USAGE,
                         "[operator %s] plmn in the settings names other prefixes: one table of "
                         "whose subscribers are whose",
                         c->name);
    for (size_t i = 0; o && i < o->count; i++) {
        if (str_eq(str_z(o->one[i].name), str_z(c->name)) ||
            !write_prefixes(&o->one[i].plmn, theirs, sizeof theirs))
            continue;
        const uint64_t both = common(c->plmn, theirs);
        if (both)
            return fault_set(fault, ERR_USAGE, "the settings say that prefix %s is of %s",
                             digits_of(both, digits), o->one[i].name);
    }
    return ERR_OK;
}

/* ---- channels ---- */

static enum err put_channel(struct registry *reg, struct notices_channel *c, notices_also_fn *also,
                            struct fault *fault)
{
    enum err err = store_write_begin(reg->store, fault);
    if (err)
        return err;
    if (c->road != NOTICES_NO_ROAD)
        err = check_others(reg, c, fault);
    if (!err)
        err = notices_channel_write(reg, c, fault);
    if (!err && also)
        err = also(reg, c->party, 0, ERR_OK, fault);
    if (!err)
        err = store_write_commit(reg->store, fault);
    if (err)
        store_write_rollback(reg->store);
    return err;
}

enum err notices_channel_put(struct registry *reg, struct notices_channel *c, notices_also_fn *also,
                             struct fault *fault)
{
    enum err err = check_prefixes(c, fault);
    if (!err && c->road == NOTICES_HTTP && !notices_url(c->url))
        err = fault_set(fault, ERR_USAGE, "numbers of subscribers go over https alone");
    if (err)
        return err;
    if (c->road == NOTICES_NO_ROAD)
        c->party = registry_party_id(reg, PARTY_OPERATOR, str_z(c->name));
    else
        err = registry_party(reg, PARTY_OPERATOR, str_z(c->name), &c->party, fault);
    return err ? err : put_channel(reg, c, also, fault);
}
