/* SPDX-License-Identifier: Apache-2.0
 *
 * feed report: what operators' files are worth, day by day, and whether it gets better or worse (seen/quality.h). */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "face/text.h"
#include "seen/quality.h"

enum { PARTIES = 256 };

/* ---- as text ---- */

static void print_day(const struct quality_day *d, bool missing)
{
    char day[DAYNUM_TEXT];
    const struct seen_report *r = &d->report;
    daynum_format(d->day, day);
    if (missing && !r->of[SEEN_HELD])
        printf("  %s  missing\n", day);
    else if (quality_rows(r) || r->of[SEEN_HELD])
        printf("  %s %10" PRIu64 " %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %9" PRIu64 " %10" PRIu64
               " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
               day, quality_rows(r), r->home, r->roaming, r->of[SEEN_UNKNOWN], quality_bad(r),
               r->pairs, r->of[SEEN_PAIRS_NEW], r->of[SEEN_FIRST], r->of[SEEN_HELD]);
}

static void print_change(const char *what, uint64_t now, uint64_t before)
{
    printf("    %-22s %12" PRIu64 "  before %12" PRIu64, what, now, before);
    if (before)
        printf("  %+.0f %%", ((double)now - (double)before) * 100 / (double)before);
    putchar('\n');
}

static void print_share(const char *what, uint64_t now, uint64_t before)
{
    printf("    %-22s %10.2f %%  before %10.2f %%\n", what, (double)now / 100,
           (double)before / 100);
}

static void print_trend(const struct quality *q)
{
    if (!q->late.days)
        return;
    printf("  medians of the last days (%" PRIu32 " of 7) and of those before (%" PRIu32
           " of 28):\n",
           q->late.days, q->early.days);
    print_change("rows a day", q->late.rows, q->early.rows);
    print_change("pairs", q->late.pairs, q->early.pairs);
    print_change("new pairs", q->late.pairs_new, q->early.pairs_new);
    print_share("set aside", q->late.bad_share, q->early.bad_share);
    print_share("without a subscriber", q->late.unknown_share, q->early.unknown_share);
}

static void print_finding(const char *name)
{
    enum text id;
    if (text_find_parts("quality", name, NULL, &id))
        printf("  %s: %.*s\n", name, STR_ARG(text_get(LANG_EN, id)));
}

static void print_text(const struct quality *q, const char *name)
{
    char from[DAYNUM_TEXT], to[DAYNUM_TEXT], newest[DAYNUM_TEXT];
    daynum_format(q->from, from);
    daynum_format(q->to, to);
    daynum_format(q->newest, newest);
    printf("%s, %s to %s\n", name, from, to);
    puts("  day              rows       home  roaming  unknown set aside      pairs new pairs new "
         "IMEIs      held");
    for (size_t i = 0; i < q->count; i++)
        print_day(&q->days[i], quality_missing(q, i));
    for (int i = SEEN_ROW; i <= SEEN_OTHER; i++)
        if (q->all.of[i])
            printf("  set aside as %-12s %10" PRIu64 "\n", seen_count_name((enum seen_count)i),
                   q->all.of[i]);
    if (q->all.of[SEEN_IMSI])
        printf("  unknown: an IMSI that is none %10" PRIu64 "\n", q->all.of[SEEN_IMSI]);
    printf("  %zu days missing; the newest is %s", q->missing, newest);
    if (q->newest != DAYNUM_NONE)
        printf(", %" PRId32 " days ago", q->age_days);
    putchar('\n');
    print_trend(q);
    for (int i = 0; i < QUALITY_FINDINGS; i++)
        if (q->findings & 1u << i)
            print_finding(quality_finding_name((enum quality_finding)i));
    if (!q->findings)
        print_finding("ok");
}

/* ---- the command ---- */

struct asked {
    const char *name; /* of the one operator that is asked about; NULL: all */
    daynum from, to;
};

/* One that the register has not heard of is called as it was typed. */
static void name_of(struct registry *reg, uint64_t party, const char *typed,
                    char out[LIMIT_NAME + 1])
{
    struct party p = {.name = ""};
    if (store_party_get(reg->store, party, &p, NULL) == ERR_OK && *p.name)
        str_copy(out, LIMIT_NAME + 1, str_z(p.name));
    else if (typed)
        str_copy(out, LIMIT_NAME + 1, str_z(typed));
    else
        snprintf(out, LIMIT_NAME + 1, "%016" PRIx64, party);
}

static enum err report_one(const struct cli *cli, struct registry *reg, uint64_t party,
                           const struct asked *asked, struct fault *fault)
{
    char name[LIMIT_NAME + 1];
    struct quality q;
    enum err err = quality_read(reg, party, asked->from, asked->to, &q, fault);
    if (err)
        return err;
    name_of(reg, party, asked->name, name);
    if (cli->json) {
        json_t *line = quality_json(&q, name);
        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else {
        print_text(&q, name);
    }
    quality_release(&q);
    return ERR_OK;
}

static enum err report_all(const struct cli *cli, struct registry *reg, const struct asked *asked,
                           struct fault *fault)
{
    uint64_t *parties = calloc(PARTIES, sizeof *parties);
    size_t n = 0;
    enum err err = parties ? quality_parties(reg, parties, PARTIES, &n, fault) : ERR_MEMORY;
    for (size_t i = 0; !err && i < n; i++)
        err = report_one(cli, reg, parties[i], asked, fault);
    if (!err && !n && !cli->json)
        puts("no operator's file was loaded");
    free(parties);
    return err;
}

int cmd_feed_report(struct cli *cli)
{
    const char *name = NULL, *since = NULL, *until = NULL;
    const struct option_spec specs[] = {{.name = "--operator", .value = &name},
                                        {.name = "--since", .value = &since},
                                        {.name = "--until", .value = &until}};
    struct asked asked = {NULL, DAYNUM_NONE, DAYNUM_NONE};
    if (!cli_options_only(cli, specs, 3))
        return 2;
    if ((since && !cli_day(cli, since, &asked.from)) || (until && !cli_day(cli, until, &asked.to)))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    asked.name = name;
    enum err err = name ? report_one(cli, reg, registry_party_id(reg, PARTY_OPERATOR, str_z(name)),
                                     &asked, &fault)
                        : report_all(cli, reg, &asked, &fault);
    return cli_close(cli, reg, err, &fault);
}
