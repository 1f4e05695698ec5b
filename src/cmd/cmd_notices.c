/* SPDX-License-Identifier: Apache-2.0
 *
 * notices: how subscribers are told, who is owed a word now, and how the operators stand. What is made goes out by
 * `lists --list notify` or by a push (`notices send`, serve). */
#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

#include "app/notices_set.h"
#include "cmd/command.h"
#include "people/audit_log.h"
#include "seen/notices_due.h"

/* What was done by hand stands in the audit log, in the transaction of what it tells of. */
static enum err note(struct registry *reg, uint64_t subject, uint64_t entry, enum err outcome,
                     struct fault *fault)
{
    const struct audit_event event = {.what = AUDIT_NOTICES,
                                      .actor = reg->actor,
                                      .subject = subject,
                                      .object = entry,
                                      .outcome = outcome};
    return audit_log_put(reg, &event, 1, fault);
}

/* ---- settings ---- */

/* "09:00", or 24:00. */
static bool read_clock(const struct cli *cli, const char *text, uint16_t *out)
{
    struct str minutes, hours = str_split(str_z(text), ':', &minutes);
    uint64_t h, m;
    if (hours.n <= 2 && minutes.n == 2 && str_to_u64(hours, 24, &h) &&
        str_to_u64(minutes, h == 24 ? 0 : 59, &m)) {
        *out = (uint16_t)(h * 60 + m);
        return true;
    }
    cli_usage(cli, "--from and --to want a time of the day: 09:00");
    return false;
}

static size_t characters(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += (text.p[i] & 0xc0) != 0x80;
    return n;
}

struct set_words {
    const char *days, *from, *to, *percent, *site, *reason;
};

static bool read_set(const struct cli *cli, const struct set_words *w, struct notices_settings *s)
{
    uint64_t number;
    if (w->days && (!str_to_u64(str_z(w->days), 366, &number) || !number))
        return cli_usage(cli, "--days wants 1 to 366"), false;
    if (w->days)
        s->days = (uint16_t)number;
    if (w->percent && !str_to_u64(str_z(w->percent), 100, &number))
        return cli_usage(cli, "--percent wants 0 to 100"), false;
    if (w->percent)
        s->percent = (uint8_t)number;
    if ((w->from && !read_clock(cli, w->from, &s->from)) ||
        (w->to && !read_clock(cli, w->to, &s->to)))
        return false;
    if (s->from >= s->to || s->from > NOTICE_LAST_DAY_MINUTE || s->to <= NOTICE_LAST_DAY_MINUTE)
        return cli_usage(cli, "the hours must hold 10:00, at which the last day is told"), false;
    if (w->site) {
        const struct str site = str_z(w->site);
        if (!str_printable(site) || !site.n || characters(site) > NOTICES_SITE ||
            memchr(site.p, '"', site.n))
            return cli_usage(cli, "--site wants an address of at most 18 characters"), false;
        str_copy(s->site, sizeof s->site, site);
    }
    return true;
}

static void print_settings(const struct cli *cli, const struct notices_settings *s,
                           const struct notices_asked *asked)
{
    char waits[8] = "null";
    if (asked->by)
        snprintf(waits, sizeof waits, "%u", asked->percent);
    if (cli->json) {
        printf("{\"days\":%u,\"from\":\"%02u:%02u\",\"to\":\"%02u:%02u\",\"percent\":%u,"
               "\"percent_asked\":%s,\"site\":\"%s\"}\n",
               s->days, s->from / 60, s->from % 60, s->to / 60, s->to % 60, s->percent, waits,
               s->site);
        return;
    }
    printf("a user for %u days after he was seen; told from %02u:%02u to %02u:%02u; address "
           "%s; nobody expires before %u %% were told\n",
           s->days, s->from / 60, s->from % 60, s->to / 60, s->to % 60,
           *s->site ? s->site : "(none)", s->percent);
    if (asked->by)
        printf("%s %% is asked for and waits for a second person\n", waits);
}

int cmd_notices_set(struct cli *cli)
{
    struct set_words w = {0};
    const struct option_spec specs[] = {
        {.name = "--days", .value = &w.days}, {.name = "--from", .value = &w.from},
        {.name = "--to", .value = &w.to},     {.name = "--percent", .value = &w.percent},
        {.name = "--site", .value = &w.site}, {.name = "--reason", .value = &w.reason}};
    if (!cli_options_only(cli, specs, sizeof specs / sizeof *specs))
        return 2;
    int code;
    const bool writes = w.days || w.from || w.to || w.percent || w.site;
    struct registry *reg = cli_open(cli, writes, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct notices_settings s;
    enum err err = notices_settings_get(reg, &s, &fault);
    const bool good = err || read_set(cli, &w, &s);
    const struct notices_change change = {.settings = s, .reason = w.reason, .also = note};
    if (!err && good && writes)
        err = notices_settings_change(reg, &change, &fault);
    struct notices_asked asked = {0};
    if (!err && good)
        err = notices_asked_get(reg, &asked, &fault);
    if (!err && good)
        print_settings(cli, &s, &asked);
    code = err ? cli_fail(cli, err, &fault) : good ? 0 : 2;
    registry_close(reg);
    return code;
}

/* ---- channels ---- */

static int read_channel(const struct cli *cli, const char *road, const char *url, const char *token,
                        const char *plmn, struct notices_channel *out)
{
    for (uint8_t i = NOTICES_NO_ROAD; i <= NOTICES_HTTP; i++)
        if (str_eq(str_z(road), str_z(notices_road_name(i))))
            out->road = i;
    if (!out->road && !str_eq(str_z(road), STR("none")))
        return cli_usage(cli, "--road wants file, http or none");
    if ((out->road == NOTICES_HTTP) != (url != NULL))
        return cli_usage(cli, "--url https://… goes with --road http, and only with it");
    if (url && !notices_url(url))
        return cli_usage(cli, "--url wants https://…, for numbers of subscribers go there; http:// "
                              "to 127.0.0.1, [::1] or localhost alone");
    if (token && (strlen(token) >= NOTICES_URL || !url))
        return cli_usage(cli, "--token-file goes with --road http");
    if (plmn && (strlen(plmn) >= NOTICES_PLMN || !*plmn))
        return cli_usage(cli, "--plmn wants prefixes of IMSIs, 5 to 10 digits, by commas");
    str_copy(out->url, sizeof out->url, str_z(url));
    str_copy(out->token_file, sizeof out->token_file, str_z(token));
    str_copy(out->plmn, sizeof out->plmn, str_z(plmn));
    return 0;
}

int cmd_notices_channel(struct cli *cli)
{
    const char *name = NULL, *road = NULL, *url = NULL, *token = NULL, *plmn = NULL;
    const struct option_spec specs[] = {{.name = "--operator", .value = &name},
                                        {.name = "--road", .value = &road},
                                        {.name = "--url", .value = &url},
                                        {.name = "--token-file", .value = &token},
                                        {.name = "--plmn", .value = &plmn}};
    if (!cli_options(cli, specs, sizeof specs / sizeof *specs))
        return 2;
    if (cli->argc || !name || !road)
        return cli_usage(cli, "--operator NAME and --road file|http|none are wanted");
    struct notices_channel channel = {0};
    const struct str who = str_z(name);
    if (!who.n || who.n > LIMIT_NAME || !str_printable(who))
        return cli_usage(cli, "--operator wants a name of 1 to 64 bytes");
    int code = read_channel(cli, road, url, token, plmn, &channel);
    if (code)
        return code;
    str_copy(channel.name, sizeof channel.name, who);
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err =
        cli->settings ? notices_channel_agree(&cli->settings->operators, &channel, &fault) : ERR_OK;
    if (!err)
        err = notices_channel_put(reg, &channel, note, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (cli->json)
        printf("{\"road\":\"%s\"}\n", notices_road_name(channel.road));
    else
        printf("%s: %s\n", channel.name, notices_road_name(channel.road));
    registry_close(reg);
    return code;
}

/* ---- what is due ---- */

static void print_due(const struct cli *cli, const struct notices_result *r, bool dry)
{
    if (cli->json) {
        printf("{\"made\":%" PRIu64 ",\"imeis\":%" PRIu64 ",\"unreachable\":%" PRIu64
               ",\"channels\":%zu,\"quiet\":%s,\"steps\":{",
               r->made, r->imeis, r->unreachable, r->channels, r->quiet ? "true" : "false");
        for (unsigned i = NOTICE_GREY; i < NOTICE_COUNT; i++)
            printf("%s\"%s\":%" PRIu64, i > NOTICE_GREY ? "," : "",
                   notice_name((enum notice_step)i), r->by_step[i]);
        puts("}}");
        return;
    }
    if (!r->channels)
        puts("no operator has a channel: tamga notices channel");
    else if (r->quiet)
        puts("people are not written to at this hour");
    else
        printf("%" PRIu64 " notices %s, of %" PRIu64 " IMEIs; %" PRIu64
               " more belong to no operator with a channel\n",
               r->made, dry ? "would be made" : "made", r->imeis, r->unreachable);
    for (unsigned i = NOTICE_GREY; i < NOTICE_COUNT; i++)
        if (r->by_step[i])
            printf("  %-12s %12" PRIu64 "\n", notice_name((enum notice_step)i), r->by_step[i]);
}

int cmd_notices_due(struct cli *cli)
{
    const char *dry = NULL, *any = NULL;
    const struct option_spec specs[] = {{.name = "--dry-run", .flag = true, .value = &dry},
                                        {.name = "--at-any-hour", .flag = true, .value = &any}};
    if (!cli_options(cli, specs, 2))
        return 2;
    if (cli->argc || (any && !dry))
        return cli_usage(cli, any ? "--at-any-hour goes with --dry-run" : "takes no words");
    int code;
    struct registry *reg = cli_open(cli, !dry, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    const struct notices_options options = {
        .dry_run = dry != NULL, .at_any_hour = any != NULL, .stop = cli->stop};
    struct notices_result result;
    enum err err = notices_make(reg, &options, &result, &fault);
    if (!err)
        print_due(cli, &result, dry != NULL);
    return cli_close(cli, reg, err, &fault);
}

/* ---- how they stand ---- */

static void print_standing(const struct cli *cli, const struct notices_channel *c,
                           const struct notices_standing *s, int64_t now_s)
{
    const int64_t age_s = s->oldest_s && s->oldest_s < now_s ? now_s - s->oldest_s : 0;
    if (!cli->json) {
        printf("%s (%s): made %" PRIu64 ", handed over %" PRIu64 ", delivered %" PRIu64
               ", failed %" PRIu64 ", unknown number %" PRIu64 ", late %" PRIu64
               ", overtaken %" PRIu64 "; waiting %" PRIu64 ", the oldest %" PRIi64 " s\n",
               c->name, notices_road_name(c->road), s->made, s->sent, s->delivered, s->failed,
               s->unknown, s->late, s->overtaken, s->waiting, age_s);
        return;
    }
    json_t *line = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "operator", c->name, "road",
        notices_road_name(c->road), "made", (json_int_t)s->made, "handed_over", (json_int_t)s->sent,
        "delivered", (json_int_t)s->delivered, "failed", (json_int_t)s->failed, "unknown_number",
        (json_int_t)s->unknown, "late", (json_int_t)s->late, "overtaken", (json_int_t)s->overtaken,
        "waiting", (json_int_t)s->waiting, "oldest_seconds", (json_int_t)age_s);
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static enum err print_all(const struct cli *cli, struct registry *reg, const char *name,
                          const struct notices_channels *all, struct fault *fault)
{
    enum err err = ERR_OK;
    bool any = false;
    for (size_t i = 0; !err && i < all->n; i++) {
        struct notices_standing s;
        if (name && !str_eq(str_z(name), str_z(all->of[i].name)))
            continue;
        any = true;
        err = notices_standing_get(reg, all->of[i].party, &s, fault);
        if (!err)
            print_standing(cli, &all->of[i], &s, clock_now_us(reg->clock) / 1000000);
    }
    return !err && name && !any ? fault_set(fault, ERR_NOT_FOUND, "no channel of that name") : err;
}

int cmd_notices_status(struct cli *cli)
{
    const char *name = NULL;
    const struct option_spec specs[] = {{.name = "--operator", .value = &name}};
    if (!cli_options_only(cli, specs, 1))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct notices_channels *all = calloc(1, sizeof *all);
    enum err err = all ? notices_channels_get(reg, all, &fault) : ERR_MEMORY;
    if (!err)
        err = print_all(cli, reg, name, all, &fault);
    free(all);
    return cli_close(cli, reg, err, &fault);
}
