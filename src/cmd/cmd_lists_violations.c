/* SPDX-License-Identifier: Apache-2.0
 *
 * lists violations: what an operator said that he refuses, and was seen in his network all the same. */
#include <inttypes.h>

#include <jansson.h>

#include "cmd/command.h"
#include "seen/violations.h"

static void cursor_format(const struct feed_cursor *cursor, char out[FEED_CURSOR_TEXT])
{
    uint8_t hash[SHA256_BYTES] = {0};
    memcpy(hash, cursor->hash, FEED_CURSOR_HASH);
    feed_cursor_format(cursor->next_seq, hash, out);
}

static void print(const struct cli *cli, const struct lists_violation *v)
{
    char imei[IMEI_TEXT15], since[DAYNUM_TEXT], first[DAYNUM_TEXT], last[DAYNUM_TEXT];
    char cursor[FEED_CURSOR_TEXT], at[24];
    const char *reason = reason_public(v->is.reason);
    imei_format15(v->imei, imei);
    daynum_format(v->is.since, since);
    daynum_format(v->first, first);
    daynum_format(v->last, last);
    cursor_format(&v->told, cursor);
    instant_format(v->applied_ms / 1000, at);
    if (cli->json) {
        json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "imei", imei, "reason",
                                 reason, "since", since, "cursor", cursor, "applied_at", at, "days",
                                 (json_int_t)v->days, "first_day", first, "last_day", last);
        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else
        printf("%s  %s since %s, applied at %s (%s); seen on %" PRIu32 " days, %s to %s\n", imei,
               reason, since, at, cursor, v->days, first, last);
}

static void print_all(const struct cli *cli, const struct lists_violations *v)
{
    char from[DAYNUM_TEXT], through[DAYNUM_TEXT];
    for (size_t i = 0; i < v->count; i++)
        print(cli, &v->rows[i]);
    if (v->more)
        fprintf(stderr, "There are more than are told here.\n");
    if (cli->json)
        return;
    if (v->from == DAYNUM_NONE) {
        printf("No receipt of this operator for the black list.\n");
        return;
    }
    daynum_format(v->from, from);
    daynum_format(v->through, through);
    printf("%zu IMEIs, of the days from %s to %s\n", v->count, from, through);
}

static enum err find(const struct cli *cli, struct registry *reg,
                     const struct lists_violations_ask *ask, struct lists_violations *out,
                     struct fault *fault)
{
    char directory[CLI_DIRECTORY];
    struct lists *black;
    cli_lists_directory(cli, directory);
    if (!*directory)
        return fault_set(fault, ERR_UNAVAILABLE,
                         "this register has no directory for lists: name one in the settings, "
                         "[serve] lists");
    enum err err = lists_open(directory, LISTS_BLACK, &black, fault);
    if (err)
        return err;
    err = lists_follow(black, reg, fault);
    if (!err)
        err = seen_violations(black, reg, ask, out, fault);
    lists_close(black);
    return err;
}

int cmd_lists_violations(struct cli *cli)
{
    const char *since = NULL;
    struct lists_violations_ask ask = {.since = DAYNUM_NONE};
    struct lists_violations found;
    const struct option_spec specs[] = {{.name = "--operator", .value = &ask.operator_name},
                                        {.name = "--since", .value = &since}};
    if (!cli_options(cli, specs, sizeof specs / sizeof *specs))
        return 2;
    if (cli->argc || !ask.operator_name || !*ask.operator_name ||
        strlen(ask.operator_name) > LIMIT_NAME)
        return cli_usage(cli, "--operator NAME is wanted");
    if (since && daynum_parse(str_z(since), &ask.since))
        return cli_usage(cli, "--since wants a day: YYYY-MM-DD");
    int code;
    struct fault fault = {0};
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    enum err err = find(cli, reg, &ask, &found, &fault);
    if (err) {
        code = cli_fail(cli, err, &fault);
    } else {
        code = found.count > 0;
        print_all(cli, &found);
        lists_violations_release(&found);
    }
    registry_close(reg);
    return code;
}
