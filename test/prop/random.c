/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t rng_next(struct rng *rng) /* splitmix64 */
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
    return (uint32_t)(((rng_next(rng) >> 32) * n) >> 32);
}

bool rng_one_in(struct rng *rng, uint32_t n)
{
    return rng_below(rng, n) == 0;
}

static uint64_t env_number(const char *name, uint64_t otherwise)
{
    uint64_t v;
    const char *text = getenv(name);
    return text && str_to_u64(str_z(text), UINT64_MAX, &v) ? v : otherwise;
}

struct rng random_start(const char *name, uint64_t seed)
{
    seed = env_number("TAMGA_SEED", seed);
    printf("# seed TAMGA_SEED=%" PRIu64 " (%s)\n", seed, name);
    fflush(stdout);
    return (struct rng){seed};
}

uint32_t random_rounds(uint32_t otherwise)
{
    return (uint32_t)env_number("TAMGA_ROUNDS", otherwise);
}

daynum random_day(struct rng *rng)
{
    static const int anchors[][3] = {
        {2024, 2, 29}, {2025, 3, 25},  {2025, 5, 25},  {2025, 6, 25},
        {2025, 4, 25}, {2025, 12, 31}, {2026, 11, 22}, {2028, 2, 29},
    };
    if (rng_one_in(rng, 4))
        return daynum_from_ymd(2024, 1, 1) + (daynum)rng_below(rng, 1827);
    const int *a = anchors[rng_below(rng, sizeof anchors / sizeof anchors[0])];
    return daynum_from_ymd(a[0], a[1], a[2]) + (daynum)rng_below(rng, 7) - 3;
}

int64_t random_instant(struct rng *rng)
{
    return 1742860800 + (int64_t)rng_below(rng, 4) + 86400 * (int64_t)rng_below(rng, 3);
}

struct imei random_imei(struct rng *rng)
{
    if (rng_one_in(rng, 12))
        return (struct imei){11111111111111u * rng_below(rng, 10)};
    if (rng_one_in(rng, 4))
        return (struct imei){rng_next(rng) % IMEI_BODIES};
    return (struct imei){(35000000u + rng_below(rng, 8)) * 1000000u + rng_below(rng, 1000000)};
}

static struct approval random_approval(struct rng *rng, bool before_duty)
{
    static const uint8_t kinds[] = {APPROVAL_IMPORT, APPROVAL_PERSONAL,    APPROVAL_MANUFACTURE,
                                    APPROVAL_REPAIR, APPROVAL_SECOND_IMEI, APPROVAL_RECHECK};
    return (struct approval){
        .party = rng_one_in(rng, 3) ? 0 : rng_next(rng) >> 1,
        .application = rng_one_in(rng, 3) ? 0 : rng_next(rng) >> (8 + rng_below(rng, 50)),
        .kind = before_duty ? (uint8_t)APPROVAL_BEFORE_DUTY : kinds[rng_below(rng, sizeof kinds)],
    };
}

static struct mark random_mark(struct rng *rng)
{
    daynum from = random_day(rng);
    daynum last = rng_one_in(rng, 2) ? DAYNUM_OPEN : from + (daynum)rng_below(rng, 40);
    return (struct mark){1 + rng_below(rng, 3), from, last, (uint8_t)(1 + rng_below(rng, 4))};
}

struct change random_change(struct rng *rng)
{
    return random_change_of(rng, (enum change_kind)rng_below(rng, CHANGE_KINDS));
}

struct change random_change_of(struct rng *rng, enum change_kind kind)
{
    static const uint32_t clones[] = {0, FACTS_CLONE_SUSPECTED, FACTS_CLONE};
    struct change c = {.imei = random_imei(rng), .kind = (uint8_t)kind};
    switch (kind) {
    case CHANGE_ACTIVATED:
        c.activated.day = random_day(rng);
        c.activated.known = c.activated.day + (daynum)rng_below(rng, 60);
        break;
    case CHANGE_AMNESTY:
    case CHANGE_GSMA:
    case CHANGE_MACHINE:
        c.on = rng_one_in(rng, 2);
        break;
    case CHANGE_VERIFIED:
    case CHANGE_UNVERIFIED:
    case CHANGE_BEFORE_DUTY:
    case CHANGE_UNPROVED:
        c.approval.at = random_instant(rng);
        c.approval.by = random_approval(rng, kind == CHANGE_BEFORE_DUTY || kind == CHANGE_UNPROVED);
        if ((kind == CHANGE_UNVERIFIED || kind == CHANGE_UNPROVED) && rng_one_in(rng, 2)) {
            c.approval.at = INSTANT_NONE;
            c.approval.by = (struct approval){0};
        }
        break;
    case CHANGE_REPLACED:
    case CHANGE_REVOKED:
        c.approval.at = random_instant(rng);
        break;
    case CHANGE_MARK_SET:
        c.mark = random_mark(rng);
        break;
    case CHANGE_MARK_CLEARED:
        c.mark.kind = (uint8_t)(1 + rng_below(rng, 4));
        c.mark.setter = 1 + rng_below(rng, 3);
        break;
    case CHANGE_CLONE:
        c.clone = clones[rng_below(rng, 3)];
        break;
    case CHANGE_TEMPORARY:
        c.until = rng_one_in(rng, 4) ? DAYNUM_NONE : random_day(rng);
        break;
    case CHANGE_HOLD:
        c.until = rng_one_in(rng, 4) ? DAYNUM_NONE : random_day(rng);
        if (rng_one_in(rng, 4))
            c.until = DAYNUM_OPEN;
        break;
    case CHANGE_GROUP:
        c.group = rng_one_in(rng, 4) ? 0 : rng_next(rng);
        break;
    case CHANGE_NONE:
    case CHANGE_KINDS:
        break;
    }
    return c;
}

void random_facts_by_changes(struct rng *rng, struct facts *out)
{
    facts_init(out);
    uint32_t n = rng_below(rng, 9);
    for (uint32_t i = 0; i < n; i++) {
        /* Activation is what most rules hang on. */
        struct change c = i == 0 && !rng_one_in(rng, 4) ? random_change_of(rng, CHANGE_ACTIVATED)
                                                        : random_change(rng);
        bool changed;
        enum err err = change_apply(out, &c, &changed);
        (void)err; /* clearing a mark that nobody set is refused: as good */
    }
}

static void random_marks_directly(struct rng *rng, struct facts *f)
{
    uint32_t want = rng_one_in(rng, 2) ? 0 : rng_below(rng, LIMIT_MARKS + 1);
    for (uint32_t i = 0; i < want; i++) {
        struct mark m = random_mark(rng);
        uint32_t at = 0;
        while (at < f->mark_count &&
               (f->marks[at].kind < m.kind ||
                (f->marks[at].kind == m.kind && f->marks[at].setter < m.setter)))
            at++;
        if (at < f->mark_count && f->marks[at].kind == m.kind && f->marks[at].setter == m.setter)
            continue;
        memmove(&f->marks[at + 1], &f->marks[at], (f->mark_count - at) * sizeof m);
        f->marks[at] = m;
        f->mark_count++;
    }
}

void random_facts_directly(struct rng *rng, struct facts *out)
{
    facts_init(out);
    out->exists = true;
    for (uint32_t bit = 0; bit < 3; bit++)
        if (rng_one_in(rng, 10))
            out->flags |= 1u << bit;
    if (rng_one_in(rng, 8))
        out->flags |= rng_one_in(rng, 3) ? FACTS_CLONE : FACTS_CLONE_SUSPECTED;
    if (!rng_one_in(rng, 5)) {
        out->activation = random_day(rng);
        out->known = out->activation + (daynum)rng_below(rng, 60);
    }
    if (rng_one_in(rng, 5))
        out->temporary_until = random_day(rng);
    if (rng_one_in(rng, 3))
        out->hold_until = rng_one_in(rng, 4) ? DAYNUM_OPEN : random_day(rng);
    if (rng_one_in(rng, 5)) {
        out->verified_at = random_instant(rng);
        out->verified = random_approval(rng, false);
    }
    if (rng_one_in(rng, 8)) {
        out->before_duty_at = random_instant(rng);
        out->before_duty = random_approval(rng, true);
    }
    if (rng_one_in(rng, 8))
        out->replaced_at = random_instant(rng);
    if (rng_one_in(rng, 8))
        out->revoked_at = random_instant(rng);
    out->group = rng_one_in(rng, 3) ? rng_next(rng) : 0;
    out->last_seq = rng_one_in(rng, 3) ? 0 : rng_next(rng) >> (16 + rng_below(rng, 40));
    random_marks_directly(rng, out);
}

void random_rules(struct rng *rng, const struct tac_table *tac, struct rules *out)
{
    rules_init(out);
    out->tac = tac;
    if (rng_one_in(rng, 2))
        out->amnesty_before = random_day(rng);
    if (rng_one_in(rng, 2))
        out->enforce_after = random_day(rng);
    if (rng_one_in(rng, 2))
        out->grace_days = (int32_t)rng_below(rng, 90);
    if (rng_one_in(rng, 3))
        out->min_notice_days = (int32_t)rng_below(rng, 90);
    if (rng_one_in(rng, 3))
        out->malformed = MALFORMED_INFORM;
    if (rng_one_in(rng, 3)) {
        out->tac_list_complete = true;
        out->tac_list_date = random_day(rng);
    }
}

struct tac_table *random_tac_list(void)
{
    struct tac_builder *b = tac_builder_new();
    struct tac_table *t = NULL;
    struct buf packed = {0};
    bool good = b != NULL;
    for (uint32_t i = 0; good && i < 6; i++)
        good = tac_builder_add(b, 35000000 + i, i < 4 ? TAC_DEVICE : TAC_MACHINE, STR("Maker"),
                               STR("Model")) == ERR_OK;
    good = good && tac_builder_pack(b, &packed) == ERR_OK &&
           tac_table_new(packed.p, packed.n, &t) == ERR_OK;
    buf_release(&packed);
    tac_builder_free(b);
    return good ? t : NULL;
}

void random_print_facts(const struct facts *f)
{
    char act[DAYNUM_TEXT], known[DAYNUM_TEXT], temp[DAYNUM_TEXT], hold[DAYNUM_TEXT];
    daynum_format(f->activation, act);
    daynum_format(f->known, known);
    daynum_format(f->temporary_until, temp);
    daynum_format(f->hold_until, hold);
    printf("# flags %#x activation %s known %s temporary %s hold %s verified %" PRId64
           " before_duty %" PRId64 " replaced %" PRId64 " revoked %" PRId64 "\n",
           f->flags, act, known, temp, hold, f->verified_at, f->before_duty_at, f->replaced_at,
           f->revoked_at);
    for (int i = 0; i < f->mark_count; i++) {
        daynum_format(f->marks[i].from, act);
        daynum_format(f->marks[i].last, known);
        printf("#   mark kind %d by %" PRIu64 " %s..%s\n", f->marks[i].kind, f->marks[i].setter,
               act, known);
    }
}
