/* SPDX-License-Identifier: Apache-2.0
 *
 * import and feed: files come in. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "bulk/imeis.h"
#include "bulk/tac_import.h"
#include "bulk/verified.h"
#include "cmd/command.h"
#include "seen/feed.h"

struct importing {
    struct registry *reg;
    struct load_options options;
    int64_t began;
};

/* One file, the register opened for writing. */
static bool begin(struct cli *cli, struct importing *out, const char *keep_good, int *out_code)
{
    if (cli->argc != 1) {
        *out_code = cli_usage(cli, "one file (- = standard input)");
        return false;
    }
    out->began = clock_monotonic_us();
    out->options = (struct load_options){.path = cli->argv[0],
                                         .keep_good = keep_good != NULL,
                                         .tell = stderr,
                                         .progress = cli_progress,
                                         .progress_ctx = &out->began,
                                         .stop = cli->stop};
    out->reg = cli_open(cli, true, false, out_code);
    return out->reg != NULL;
}

static int end(const struct cli *cli, const struct importing *im, enum err err,
               const struct load_result *r, const struct fault *fault)
{
    if (!err && r->known) {
        if (cli->json)
            puts("{\"known\":true,\"rows\":0}");
        else
            printf("%s: nothing new: loaded before, or the set stands already\n", im->options.path);
        return 0;
    }
    int code = cli_batch(cli, err, &r->batch, fault);
    if (!err && !cli->json)
        cli_rate(r->batch.changes, "IMEI", r->bytes, im->began);
    if (!err && r->bad)
        printf("%" PRIu64 " bad rows were left out, they stand in %s\n", r->bad, r->beside);
    return code;
}

int cmd_import_amnesty(struct cli *cli)
{
    const char *keep = NULL;
    const struct option_spec specs[] = {{.name = "--keep-good", .flag = true, .value = &keep}};
    struct importing im;
    int code = 2;
    if (!cli_options(cli, specs, 1) || !begin(cli, &im, keep, &code))
        return code;
    struct fault fault = {0};
    struct load_result result;
    enum err err = import_amnesty(im.reg, &im.options, &result, &fault);
    code = end(cli, &im, err, &result, &fault);
    registry_close(im.reg);
    return code;
}

int cmd_import_gsma(struct cli *cli)
{
    const char *keep = NULL, *delta = NULL, *accept = NULL, *reason = NULL;
    const struct option_spec specs[] = {{.name = "--keep-good", .flag = true, .value = &keep},
                                        {.name = "--delta", .flag = true, .value = &delta},
                                        {.name = "--accept", .value = &accept},
                                        {.name = "--reason", .value = &reason}};
    struct gsma_options how = {0};
    struct importing im;
    int code = 2;
    if (!cli_options(cli, specs, 4) || !cli_accept(cli, accept, reason, &how.accept) ||
        !begin(cli, &im, keep, &code))
        return code;
    how.delta = delta != NULL;
    struct fault fault = {0};
    struct load_result result;
    enum err err = import_gsma(im.reg, &im.options, &how, &result, &fault);
    code = end(cli, &im, err, &result, &fault);
    registry_close(im.reg);
    return code;
}

int cmd_import_verified(struct cli *cli)
{
    const char *keep = NULL, *kind = NULL, *by = NULL, *at = NULL;
    const struct option_spec specs[] = {{.name = "--keep-good", .flag = true, .value = &keep},
                                        {.name = "--kind", .value = &kind},
                                        {.name = "--by", .value = &by},
                                        {.name = "--at", .value = &at}};
    struct verified_options how = {.at = INSTANT_NONE};
    struct importing im;
    int code = 2;
    if (!cli_options(cli, specs, 4))
        return 2;
    if (!kind || !by)
        return cli_usage(cli, "--kind and --by are wanted");
    if (!approval_kind_find(str_z(kind), &how.kind) || how.kind > APPROVAL_BEFORE_DUTY)
        return cli_usage(cli, "--kind is import, personal, manufacture, repair or before_duty");
    how.by = str_z(by);
    if (!begin(cli, &im, keep, &code))
        return code;
    struct fault fault = {0};
    struct load_result result = {0};
    enum err err = ERR_OK;
    if (at)
        fault_value(&fault, at, strlen(at));
    if (at && instant_parse(str_z(at), &im.reg->zone, &how.at))
        err = fault_set(&fault, ERR_DATE, "--at wants YYYY-MM-DD or 2025-06-01T12:00:00Z");
    else if (at && how.at > clock_now_us(im.reg->clock) / 1000000)
        err = fault_set(&fault, ERR_DATE, "--at lies in the future");
    else
        fault.value[0] = '\0';
    if (!err)
        err = import_verified(im.reg, &im.options, &how, &result, &fault);
    code = end(cli, &im, err, &result, &fault);
    registry_close(im.reg);
    return code;
}

static void print_tac(const struct cli *cli, const struct tac_file *file, uint32_t rules,
                      uint64_t moved)
{
    if (cli->json) {
        printf("{\"models\":%" PRIu64 ",\"machines\":%" PRIu64 ",\"padded\":%" PRIu64
               ",\"dated\":%" PRIu64 ",\"with_radio\":%" PRIu64 ",\"undated\":%" PRIu64
               ",\"findings\":%" PRIu64 ",\"rule_set\":%" PRIu32 "}\n",
               file->taken_count, file->machine_count, file->padded_count, file->dated_count,
               file->radio_count, file->undated_count, file->finding_count, rules);
        return;
    }
    printf("%" PRIu64 " rows, %" PRIu64 " taken (%" PRIu64 " machines, %" PRIu64
           " with a leading 0 given back), %" PRIu64 " findings\n",
           file->row_count, file->taken_count, file->machine_count, file->padded_count,
           file->finding_count);
    for (uint32_t i = 0; i < file->example_count; i++)
        printf("  line %" PRIu64 ": `%s` is no TAC of 8 digits\n", file->examples[i].line,
               file->examples[i].text);
    if (file->dated_count || file->radio_count || file->undated_count)
        printf("%" PRIu64 " say when they were allocated, %" PRIu64
               " which radio technologies they have; %" PRIu64 " name no day that has been\n",
               file->dated_count, file->radio_count, file->undated_count);
    for (uint32_t i = 0; i < file->undated_example_count; i++)
        printf("  line %" PRIu64 ": `%s` is no day: want 01-Jan-2015 or 2015-01-01, today at the "
               "latest\n",
               file->undated[i].line, file->undated[i].text);
    printf("rule set %" PRIu32 ": %" PRIu64 " verdicts moved\n", rules, moved);
}

int cmd_import_tac(struct cli *cli)
{
    const char *format = NULL, *complete = NULL, *date = NULL, *keep = NULL, *accept = NULL,
               *reason = NULL;
    const struct option_spec specs[] = {{.name = "--format", .value = &format},
                                        {.name = "--complete", .flag = true, .value = &complete},
                                        {.name = "--date", .value = &date},
                                        {.name = "--keep-good", .flag = true, .value = &keep},
                                        {.name = "--accept", .value = &accept},
                                        {.name = "--reason", .value = &reason}};
    struct tac_import how = {.date = DAYNUM_NONE};
    struct importing im;
    int code = 2;
    if (!cli_options(cli, specs, 6) || (date && !cli_day(cli, date, &how.date)) ||
        !cli_accept(cli, accept, reason, &how.accept))
        return 2;
    if (format && tac_format_parse(str_z(format), &how.format))
        return cli_usage(cli, "--format is gsma or osmocom");
    if (!begin(cli, &im, keep, &code))
        return code;
    how.path = im.options.path;
    how.complete = complete != NULL;
    struct fault fault = {0};
    struct tac_file file = {0};
    struct batch_result result;
    enum err err = import_tac(im.reg, &how, &file, &result, &fault);
    code = err || result.proposed ? cli_batch(cli, err, &result, &fault) : 0;
    if (!err)
        print_tac(cli, &file, im.reg->rules.number, result.rows);
    if (!err && !cli->json)
        cli_rate(file.row_count, "rows", 0, im.began);
    registry_close(im.reg);
    return code;
}

/* ---- feed ---- */

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_feed(const struct cli *cli, const char *path, const struct feed_result *r,
                       bool held)
{
    if (cli->json) {
        printf("{\"rows\":%" PRIu64 ",\"home\":%" PRIu64 ",\"roaming\":%" PRIu64
               ",\"unknown\":%" PRIu64 ",\"future\":%" PRIu64 ",\"malformed\":%" PRIu64
               ",\"past\":%" PRIu64 ",\"imeis\":%" PRIu64 ",\"first\":%" PRIu64
               ",\"earlier\":%" PRIu64 ",\"unnoticed\":%" PRIu64 ",\"pairs\":%" PRIu64
               ",\"known\":%s}\n",
               r->load.rows, r->home, r->roaming, r->unknown, r->future, r->malformed, r->past,
               r->imeis, r->first, r->earlier, r->unnoticed, r->pairs,
               r->load.known ? "true" : "false");
        return;
    }
    printf("%s: %" PRIu64 " row%s: %" PRIu64 " home, %" PRIu64 " roaming, %" PRIu64
           " unknown; set aside: %" PRIu64 " of later days, %" PRIu64 " malformed\n",
           path, r->load.rows, plural(r->load.rows), r->home, r->roaming, r->unknown, r->future,
           r->malformed);
    if (r->past)
        printf("  %" PRIu64
               " row%s older than subscribers are kept: of %s the first use of a phone "
               "was taken, no more\n",
               r->past, r->past == 1 ? " is" : "s are", r->past == 1 ? "it" : "them");
    if (r->ignored[0])
        printf("  columns that are not known, and were passed over: %s\n", r->ignored);
    if (r->load.beside[0])
        printf("  %" PRIu64 " row%s that %s set aside stand%s in %s\n", r->load.bad,
               plural(r->load.bad), r->load.bad == 1 ? "was" : "were", r->load.bad == 1 ? "s" : "",
               r->load.beside);
    if (r->load.known)
        puts("  loaded before: nothing changed");
    else
        printf("  %" PRIu64 " new pair%s of a phone and a subscriber; of %" PRIu64
               " IMEI%s looked at %" PRIu64 " first activation%s, %" PRIu64 " moved earlier%s\n",
               r->pairs, plural(r->pairs), r->imeis, plural(r->imeis), r->first, plural(r->first),
               r->earlier, held ? ", were it loaded: nothing was" : "");
}

static int load_one(struct cli *cli, struct registry *reg, const char *path,
                    const struct feed_options *feed)
{
    int64_t began = clock_monotonic_us();
    struct load_options options = {.path = path,
                                   .bad_bytes = LIMIT_FEED_BAD_BYTES,
                                   .tell = stderr,
                                   .progress = cli_progress,
                                   .progress_ctx = &began,
                                   .stop = cli->stop};
    struct feed_result *result = calloc(1, sizeof *result);
    if (!result)
        return cli_fail(cli, ERR_MEMORY, NULL);
    struct fault fault = {0};
    enum err err = feed_load(reg, &options, feed, result, &fault);
    bool waits = err == ERR_HELD && result->load.batch.proposed;
    if (!err || err == ERR_GUARD || waits)
        print_feed(cli, path, result, err == ERR_GUARD);
    int code = waits ? cli_batch(cli, err, &result->load.batch, &fault)
               : err ? cli_fail(cli, err, &fault)
                     : 0;
    if (!err)
        cli_rate(result->load.rows, "rows", result->load.bytes, began);
    free(result);
    return code;
}

int cmd_feed_load(struct cli *cli)
{
    const char *name = NULL, *accept = NULL, *reason = NULL;
    struct feed_options feed = {0};
    const struct option_spec specs[] = {{.name = "--operator", .value = &name},
                                        {.name = "--accept", .value = &accept},
                                        {.name = "--reason", .value = &reason}};
    if (!cli_options(cli, specs, 3))
        return 2;
    if (!name || !cli->argc)
        return cli_usage(cli, name ? "which file?" : "--operator is wanted");
    feed.operator_name = str_z(name);
    if (!name[0] || feed.operator_name.n > LIMIT_NAME || !str_printable(feed.operator_name))
        return cli_usage(cli,
                         "--operator wants a name of 1 to 64 bytes, without line ends, controls "
                         "or blanks at its ends");
    if (!cli_accept(cli, accept, reason, &feed.accept))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, true, false, &code);
    if (!reg)
        return code;
    for (int i = 0; i < cli->argc && !code; i++)
        code = load_one(cli, reg, cli->argv[i], &feed);
    registry_close(reg);
    return code;
}
