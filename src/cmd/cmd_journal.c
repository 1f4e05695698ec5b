/* SPDX-License-Identifier: Apache-2.0
 *
 * journal, db check: looking at what was written down. */
#include <inttypes.h>

#include "app/audit.h"
#include "cmd/command.h"

struct showing {
    const struct cli *cli;
    struct registry *names; /* a handle of its own for looking up names */
};

static void name_of(struct showing *s, uint64_t id, char out[LIMIT_NAME + 1])
{
    struct party party;
    if (!id || store_party_get(s->names->store, id, &party, NULL) || !party.name[0])
        snprintf(out, LIMIT_NAME + 1, id ? "%016" PRIx64 : "register", id);
    else
        str_copy(out, LIMIT_NAME + 1, str_z(party.name));
}

static void print_row(struct showing *s, const struct audit_line *line)
{
    const struct row *row = &line->item.row;
    const struct verdict *v = &row->after;
    char imei[IMEI_TEXT15], when[24], day[DAYNUM_TEXT], through[DAYNUM_TEXT];
    char actor[LIMIT_NAME + 1], by[LIMIT_NAME + 1];
    imei_format15(row->change.imei, imei);
    instant_format(line->entry.time_ms / 1000, when);
    daynum_format(line->entry.effective, day);
    daynum_format(v->valid_through, through);
    name_of(s, line->entry.actor, actor);
    name_of(s, line->entry.party, by);
    if (s->cli->json)
        printf("{\"seq\":%" PRIu64 ",\"entry\":%" PRIu64
               ",\"imei\":\"%s\",\"event\":\"%s\",\"change\":\"%s\",\"effective\":\"%s\","
               "\"at\":\"%s\",\"before\":\"%s\",\"after\":\"%s\"}\n",
               line->seq, line->entry_seq, imei, event_name(line->entry.event),
               change_kind_name(row->change.kind), day, when, reason_name(row->before),
               reason_name(v->reason));
    else
        printf("%10" PRIu64 "  %s  %s  %s  %-10s %-18s %s -> %s%s%s  by %s%s%s%s%.*s\n", line->seq,
               when, day, imei, event_name(line->entry.event), change_kind_name(row->change.kind),
               reason_name(row->before), reason_name(v->reason),
               verdict_has_next(v) ? " through " : "", verdict_has_next(v) ? through : "", actor,
               line->entry.party ? " for " : "", line->entry.party ? by : "",
               line->entry.document_n ? " order " : "", line->entry.document_n,
               line->entry.document);
}

static bool print_line(void *ctx, const struct audit_line *line)
{
    struct showing *s = ctx;
    char a[DAYNUM_TEXT], b[DAYNUM_TEXT], actor[LIMIT_NAME + 1];
    switch ((enum item_type)line->item.type) {
    case ITEM_ROW:
        print_row(s, line);
        return true;
    case ITEM_ENTRY:
        if (s->cli->json)
            return true;
        name_of(s, line->entry.actor, actor);
        printf("%10" PRIu64 "  entry %s%s by %s\n", line->seq, event_name(line->entry.event),
               line->entry.flags & ENTRY_BATCH_BEGIN ? " (batch begins)"
               : line->entry.flags & ENTRY_BATCH_END ? " (batch is whole)"
                                                     : "",
               actor);
        return true;
    case ITEM_RULES:
        if (!s->cli->json)
            printf("%10" PRIu64 "  rule set %" PRIu32 "\n", line->seq, line->item.rules.number);
        return true;
    case ITEM_GATE:
        daynum_format(line->item.gate.expire_through, a);
        daynum_format(line->item.gate.swept_through, b);
        if (!s->cli->json)
            printf("%10" PRIu64 "  expire_through %s, swept_through %s\n", line->seq, a, b);
        return true;
    }
    return true;
}

int cmd_journal_show(struct cli *cli)
{
    const char *imei_text = NULL, *since_text = "";
    struct imei imei;
    uint64_t since = 0;
    const struct option_spec specs[] = {{.name = "--imei", .value = &imei_text},
                                        {.name = "--since", .value = &since_text}};
    if (!cli_options(cli, specs, 2) || (imei_text && !cli_imei(cli, imei_text, &imei)))
        return 2;
    if (since_text[0] &&
        (since_text[0] != 's' || !str_to_u64(str_z(since_text + 1), INT64_MAX, &since)))
        return cli_usage(cli, "--since wants a cursor as an earlier run printed it");
    int code;
    struct fault fault = {0};
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct showing s = {.cli = cli};
    enum err err = registry_again(reg, &s.names, &fault);
    uint64_t next = since;
    if (!err && since > reg->head.next_seq) {
        fault_value(&fault, since_text, strlen(since_text));
        err = fault_set(&fault, ERR_USAGE,
                        "this register ends at s%" PRIu64
                        ": the cursor is another's, or from before it was put back",
                        reg->head.next_seq);
    }
    if (!err && imei_text)
        err = audit_history(reg, imei, print_line, &s, &fault);
    else if (!err)
        err = audit_since(reg, since, print_line, &s, &next, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (!imei_text)
        printf(cli->json ? "{\"cursor\":\"s%" PRIu64 "\"}\n" : "cursor s%" PRIu64 "\n", next);
    registry_close(s.names);
    registry_close(reg);
    return code;
}

static bool parse_hash(const char *text, uint8_t out[SHA256_BYTES])
{
    if (strlen(text) != 2 * SHA256_BYTES)
        return false;
    for (size_t i = 0; i < 2 * SHA256_BYTES; i++) {
        const char *digits = "0123456789abcdef", *at = strchr(digits, text[i] | 0x20);
        if (!at || !text[i])
            return false;
        uint8_t v = (uint8_t)(at - digits);
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | v : v << 4);
    }
    return true;
}

static int report(const struct cli *cli, enum err err, const struct audit_result *r,
                  const struct fault *fault, int64_t began)
{
    if (err)
        return cli_fail(cli, err, fault);
    char hash[2 * SHA256_BYTES + 1];
    sha256_hex(r->head, hash);
    double seconds = (double)(clock_monotonic_us() - began) / 1e6;
    if (cli->json)
        printf("{\"blocks\":%" PRIu64 ",\"items\":%" PRIu64 ",\"facts\":%" PRIu64
               ",\"head\":\"%s\"}\n",
               r->blocks, r->items, r->facts, hash);
    else
        printf("whole: %" PRIu64 " blocks, %" PRIu64 " items%s\nhead %s\n", r->blocks, r->items,
               r->facts ? ", facts agree with the journal" : "", hash);
    fprintf(stderr, "%.2f s, %.0f items/s\n", seconds, (double)r->items / seconds);
    return 0;
}

int cmd_journal_verify(struct cli *cli)
{
    const char *against = NULL;
    uint8_t hash[SHA256_BYTES] = {0};
    const struct option_spec specs[] = {{.name = "--against", .value = &against}};
    if (!cli_options(cli, specs, 1))
        return 2;
    if (against && !parse_hash(against, hash))
        return cli_usage(cli, "--against wants 64 hexadecimal digits");
    int code;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct audit_result result = {0};
    int64_t began = clock_monotonic_us();
    enum err err = audit_verify(reg, against ? hash : NULL, &result, &fault);
    code = report(cli, err, &result, &fault, began);
    registry_close(reg);
    return code;
}

int cmd_db_check(struct cli *cli)
{
    int code;
    struct registry *reg = cli_open(cli, false, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct audit_result result = {0};
    int64_t began = clock_monotonic_us();
    enum err err = audit_check(reg, &result, &fault);
    code = report(cli, err, &result, &fault, began);
    registry_close(reg);
    return code;
}
