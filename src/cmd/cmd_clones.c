/* SPDX-License-Identifier: Apache-2.0
 *
 * clones: looks for IMEIs that several phones use, shows and decides the cases. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "app/top_models.h"
#include "clones/case.h"
#include "cmd/command.h"

static void print_line(json_t *line)
{
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static void why_text(uint32_t why, char out[32])
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < CLONE_WHYS; i++)
        if (why & 1u << i)
            n += (size_t)snprintf(out + n, 32 - n, "%s%s", n ? "+" : "", clone_why_name(1u << i));
}

static void operator_name(struct registry *reg, uint64_t id, char out[LIMIT_NAME + 1])
{
    struct party party;
    bool known = store_party_get(reg->store, id, &party, NULL) == ERR_OK;
    str_copy(out, LIMIT_NAME + 1, known ? str_z(party.name) : STR("?"));
}

/* ---- looking ---- */

struct tally {
    uint64_t clones, fleets,
        cut; /* cut: subscribers who would be refused, were one served of each */
    uint64_t by_operator[PASS_OPERATORS], by_why[CLONE_WHYS];
    struct top_models models;
};

static enum err tally(struct registry *reg, const struct clone_finds *finds, struct tally *t,
                      struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < finds->n; i++) {
        const struct clone_find *find = &finds->p[i];
        bool fleet = false;
        err = clone_is_fleet(reg, finds, find, &fleet, fault);
        t->fleets += fleet;
        t->clones += !fleet;
        top_models_add(&t->models, find->imei, !fleet);
        if (fleet)
            continue;
        t->cut += find->imsis - 1;
        for (unsigned k = 0; k < finds->operator_count; k++)
            t->by_operator[k] += find->operators >> k & 1;
        for (unsigned k = 0; k < CLONE_WHYS; k++)
            t->by_why[k] += find->why >> k & 1;
    }
    top_models_end(&t->models);
    return err;
}

static void print_tally_json(struct registry *reg, const struct clone_finds *finds,
                             const struct tally *t)
{
    json_t *operators = json_array(), *models = json_array(), *rules = json_object();
    for (unsigned k = 0; k < finds->operator_count; k++) {
        char name[LIMIT_NAME + 1];
        operator_name(reg, finds->operators[k], name);
        json_array_append_new(operators, json_pack("{s:s, s:I}", "operator", name, "imeis",
                                                   (json_int_t)t->by_operator[k]));
    }
    for (uint32_t i = 0; i < t->models.n; i++) {
        char tac[9];
        snprintf(tac, sizeof tac, "%08" PRIu32, t->models.list[i].tac);
        json_array_append_new(models, json_pack("{s:s, s:I}", "tac", tac, "imeis",
                                                (json_int_t)t->models.list[i].imeis));
    }
    for (unsigned k = 0; k < CLONE_WHYS; k++)
        json_object_set_new(rules, clone_why_name(1u << k), json_integer((json_int_t)t->by_why[k]));
    print_line(json_pack("{s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "dry_run", 1,
                         "whole", finds->whole, "looked", (json_int_t)finds->looked, "pairs",
                         (json_int_t)finds->pairs, "clones", (json_int_t)t->clones, "fleets",
                         (json_int_t)t->fleets, "subscribers_cut", (json_int_t)t->cut, "rules",
                         rules, "operators", operators, "models", models));
}

static void print_tally(const struct cli *cli, struct registry *reg,
                        const struct clone_finds *finds, const struct tally *t)
{
    if (cli->json) {
        print_tally_json(reg, finds, t);
        return;
    }
    printf("%" PRIu64 " IMEIs judged of %" PRIu64 ": %" PRIu64 " clones, %" PRIu64
           " numbers of fleets\n",
           finds->looked, finds->imeis, t->clones, t->fleets);
    printf("were each confirmed with one user served, %" PRIu64 " subscribers would be refused\n",
           t->cut);
    for (unsigned k = 0; k < CLONE_WHYS; k++)
        printf("  %12" PRIu64 "  by the rule %s\n", t->by_why[k], clone_why_name(1u << k));
    for (unsigned k = 0; k < finds->operator_count; k++) {
        char name[LIMIT_NAME + 1];
        operator_name(reg, finds->operators[k], name);
        printf("  %12" PRIu64 "  seen by %s\n", t->by_operator[k], name);
    }
    if (t->models.n)
        puts("models:");
    cli_models(reg, &t->models);
}

static void print_opened(const struct cli *cli, const struct clone_finds *finds,
                         const struct clone_opened *o)
{
    if (cli->json)
        print_line(json_pack("{s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "dry_run", 0,
                             "whole", finds->whole, "looked", (json_int_t)finds->looked, "pairs",
                             (json_int_t)finds->pairs, "opened", (json_int_t)o->opened, "again",
                             (json_int_t)o->again, "fleets", (json_int_t)o->fleets, "confirmed",
                             (json_int_t)o->confirmed, "held", (json_int_t)o->held, "stood",
                             (json_int_t)o->stood));
    else
        printf("%" PRIu64 " IMEIs judged: %" PRIu64 " cases opened, %" PRIu64
               " opened again, %" PRIu64 " numbers of fleets; %" PRIu64
               " confirmed by rule; %" PRIu64 " had a case\n",
               finds->looked, o->opened, o->again, o->fleets, o->confirmed, o->stood);
}

static void print_held(const struct clone_opened *o)
{
    if (o->held)
        fprintf(stderr,
                "tamga: %" PRIu64 " were to be confirmed by rule, more than clone_auto_most allows "
                "a day: none was, they wait for officers\n",
                o->held);
}

static enum err look(struct cli *cli, struct registry *reg, const struct clone_look *how,
                     const struct accept *accept, bool dry, struct fault *fault)
{
    struct clone_finds finds;
    struct clone_opened opened = {0};
    int64_t began = clock_monotonic_us();
    enum err err = clones_find(reg, how, &finds, fault);
    if (err)
        return err;
    struct tally *t = calloc(1, sizeof *t);
    const struct clone_open open = {
        .accepted = accept->guards, .reason = accept->reason, .stop = cli->stop};
    if (!t)
        err = ERR_MEMORY;
    else if (dry)
        err = tally(reg, &finds, t, fault);
    else
        err = clones_open(reg, &finds, &open, &opened, fault);
    if (!err && dry)
        print_tally(cli, reg, &finds, t);
    else if (!err)
        print_opened(cli, &finds, &opened);
    if (!err && !dry)
        print_held(&opened);
    if (!err && !cli->json)
        cli_rate(finds.pairs, "pairs", 0, began);
    free(t);
    clone_finds_release(&finds);
    return err;
}

int cmd_clones(struct cli *cli)
{
    const char *dry = NULL, *all = NULL, *guards = NULL, *reason = NULL;
    struct accept accept = {0};
    const struct option_spec specs[] = {{.name = "--dry-run", .flag = true, .value = &dry},
                                        {.name = "--all", .flag = true, .value = &all},
                                        {.name = "--accept", .value = &guards},
                                        {.name = "--reason", .value = &reason}};
    if (!cli_options(cli, specs, 4) || !cli_accept(cli, guards, reason, &accept))
        return 2;
    if (cli->argc)
        return cli_usage(cli, "takes no words");
    int code;
    struct registry *reg = cli_open(cli, !dry, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct clone_look how = {.through = DAYNUM_NONE, .whole = all != NULL};
    enum err err = look(cli, reg, &how, &accept, dry != NULL, &fault);
    return cli_close(cli, reg, err, &fault);
}

/* ---- cases ---- */

static json_t *users_json(struct registry *reg, const struct clone_case *c)
{
    json_t *users = json_array();
    for (uint32_t i = 0; i < c->user_count; i++) {
        const struct clone_case_user *u = &c->users[i];
        char first[DAYNUM_TEXT], last[DAYNUM_TEXT], name[LIMIT_NAME + 1];
        json_t *operators = json_array();
        daynum_format(u->first, first);
        daynum_format(u->last, last);
        for (uint32_t k = 0; k < c->operator_count; k++)
            if (u->operators >> k & 1) {
                operator_name(reg, c->operators[k], name);
                json_array_append_new(operators, json_string(name));
            }
        json_array_append_new(users, json_pack("{s:i, s:I, s:s, s:s, s:o, s:b}", "user", (int)i + 1,
                                               "days", (json_int_t)u->days, "first_day", first,
                                               "last_day", last, "operators", operators, "served",
                                               (int)(c->served >> i & 1)));
    }
    return users;
}

static void print_case_json(struct registry *reg, const struct clone_case *c, bool whole)
{
    char imei[IMEI_TEXT15], opened[DAYNUM_TEXT], first[DAYNUM_TEXT], last[DAYNUM_TEXT], why[32];
    imei_format15(c->imei, imei);
    daynum_format(c->opened, opened);
    daynum_format(c->first, first);
    daynum_format(c->last, last);
    why_text(c->why, why);
    json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s?}", "imei", imei,
                             "state", clone_at_name(c->at), "opened", opened, "rules", why,
                             "subscribers", (json_int_t)c->imsis, "days", (json_int_t)c->days,
                             "two_operator_days", (json_int_t)c->two_days, "first_day", first,
                             "last_day", last, "proposed", clone_proposed_name(c));
    if (line)
        json_object_set_new(line, "version", json_integer(c->version));
    if (line && whole)
        json_object_set_new(line, "users", users_json(reg, c));
    if (line && whole && *c->reason)
        json_object_set_new(line, "reason", json_string(c->reason));
    print_line(line);
}

static void print_case(const struct cli *cli, struct registry *reg, const struct clone_case *c,
                       bool whole)
{
    char imei[IMEI_TEXT15], opened[DAYNUM_TEXT], first[DAYNUM_TEXT], last[DAYNUM_TEXT], why[32];
    if (cli->json) {
        print_case_json(reg, c, whole);
        return;
    }
    imei_format15(c->imei, imei);
    daynum_format(c->opened, opened);
    daynum_format(c->first, first);
    daynum_format(c->last, last);
    why_text(c->why, why);
    printf("%s  %-9s  %s  %" PRIu32 " subscribers on %" PRIu32 " days, %s to %s, by %s%s%s\n", imei,
           clone_at_name(c->at), opened, c->imsis, c->days, first, last, why,
           c->proposed ? "; waits for a second person: " : "",
           c->proposed ? clone_proposed_name(c) : "");
    for (uint32_t i = 0; whole && i < c->user_count; i++) {
        const struct clone_case_user *u = &c->users[i];
        daynum_format(u->first, first);
        daynum_format(u->last, last);
        printf("  user %2" PRIu32 "  %2" PRIu32 " days  %s to %s%s ", i + 1, u->days, first, last,
               c->served >> i & 1 ? "  served" : "");
        for (uint32_t k = 0; k < c->operator_count; k++)
            if (u->operators >> k & 1) {
                char name[LIMIT_NAME + 1];
                operator_name(reg, c->operators[k], name);
                printf(" %s", name);
            }
        putchar('\n');
    }
    if (whole && *c->reason)
        printf("  reason: %s\n", c->reason);
}

static enum err list(const struct cli *cli, struct registry *reg, uint8_t at, struct fault *fault)
{
    enum { PAGE = 100 };
    struct imei page[PAGE];
    struct clone_case c, *after = NULL;
    size_t n = PAGE;
    enum err err = ERR_OK;
    while (!err && n == PAGE) {
        err = clone_cases(reg, at, after, page, PAGE, &n, fault);
        for (size_t i = 0; !err && i < n; i++) {
            err = clone_case_get(reg, page[i], &c, fault);
            if (!err)
                print_case(cli, reg, &c, false);
        }
        after = &c;
    }
    return err;
}

int cmd_clones_list(struct cli *cli)
{
    const char *state = "open";
    uint8_t at;
    const struct option_spec specs[] = {{.name = "--state", .value = &state}};
    if (!cli_options(cli, specs, 1))
        return 2;
    if (cli->argc || !clone_at_find(str_z(state), &at))
        return cli_usage(cli, "--state is open, confirmed, dismissed or fleet");
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err = list(cli, reg, at, &fault);
    return cli_close(cli, reg, err, &fault);
}

static bool one_imei(struct cli *cli, struct imei *out, int *out_code)
{
    *out_code = 2;
    if (cli->argc != 1) {
        *out_code = cli_usage(cli, "one IMEI");
        return false;
    }
    return cli_imei(cli, cli->argv[0], out);
}

int cmd_clones_show(struct cli *cli)
{
    struct imei imei;
    int code;
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (!one_imei(cli, &imei, &code))
        return code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct clone_case c;
    enum err err = clone_case_get(reg, imei, &c, &fault);
    if (!err)
        print_case(cli, reg, &c, true);
    return cli_close(cli, reg, err, &fault);
}

/* "1,3" or "none"; false: neither. */
static bool read_genuine(const char *text, int64_t *out)
{
    struct str rest = str_z(text);
    int64_t users = 0;
    while (!str_eq(str_z(text), STR("none")) && rest.p) {
        uint64_t user;
        if (!str_to_u64(str_trim(str_split(rest, ',', &rest)), CLONE_SUBSCRIBERS, &user) || !user)
            return false;
        users |= INT64_C(1) << (user - 1);
    }
    *out = users;
    return true;
}

static int decide(struct cli *cli, struct clone_decision *decision, const char *version)
{
    struct imei imei;
    int code;
    uint64_t looked_at = 0;
    if (version && (!str_to_u64(str_z(version), UINT32_MAX, &looked_at) || !looked_at))
        return cli_usage(cli, "--version is a number, as `--json clones show` tells it");
    decision->version = (uint32_t)looked_at;
    if (!one_imei(cli, &imei, &code))
        return code;
    struct registry *reg = cli_open(cli, true, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct clone_case c;
    bool waits = false;
    enum err err = clone_decide(reg, imei, decision, &c, &waits, &fault);
    if (err) {
        code = cli_fail(cli, err, &fault);
    } else {
        print_case(cli, reg, &c, true);
        code = waits ? 3 : 0;
    }
    registry_close(reg);
    return code;
}

/* Who is served; not said: as the first person chose. */
static int choose(struct cli *cli, struct clone_decision *d)
{
    const char *genuine = NULL, *version = NULL;
    const struct option_spec specs[] = {{.name = "--genuine", .value = &genuine},
                                        {.name = "--reason", .value = &d->reason},
                                        {.name = "--version", .value = &version}};
    if (!cli_options(cli, specs, 3))
        return 2;
    d->served = CLONE_AS_PROPOSED;
    if (genuine && !read_genuine(genuine, &d->served))
        return cli_usage(cli, "--genuine wants numbers of users, as `clones show` tells them, "
                              "separated by commas; or none");
    return decide(cli, d, version);
}

int cmd_clones_confirm(struct cli *cli)
{
    return choose(cli, &(struct clone_decision){.to = CLONE_CONFIRMED});
}

int cmd_clones_correct(struct cli *cli)
{
    return choose(cli, &(struct clone_decision){.to = CLONE_CONFIRMED, .corrects = true});
}

int cmd_clones_dismiss(struct cli *cli)
{
    struct clone_decision d = {.to = CLONE_DISMISSED};
    const char *version = NULL;
    const struct option_spec specs[] = {{.name = "--reason", .value = &d.reason},
                                        {.name = "--version", .value = &version}};
    if (!cli_options(cli, specs, 2))
        return 2;
    return decide(cli, &d, version);
}
