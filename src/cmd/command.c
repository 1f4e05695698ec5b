/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

static const struct option_spec *find_spec(const struct option_spec *specs, size_t n,
                                           struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(str_z(specs[i].name), name))
            return &specs[i];
    return NULL;
}

static void complain(const struct cli *cli, const char *what, struct str name)
{
    fprintf(stderr, "tamga: %s `%.*s`", what, STR_ARG(name));
    if (cli->command)
        fprintf(stderr, "\nusage: tamga %s %s", cli->command->name, cli->command->usage);
    fputs("\n", stderr);
}

static bool keep(const struct option_spec *spec, const char *value)
{
    if (spec->many) {
        if (spec->many->n == sizeof spec->many->p / sizeof *spec->many->p)
            return false;
        spec->many->p[spec->many->n++] = value;
    } else {
        *spec->value = value;
    }
    return true;
}

bool cli_options(struct cli *cli, const struct option_spec *specs, size_t n)
{
    int kept = 0;
    bool options = true;
    for (int i = 0; i < cli->argc; i++) {
        char *word = cli->argv[i];
        if (options && strcmp(word, "--") == 0) {
            options = false;
            continue;
        }
        if (!options || word[0] != '-' || !word[1]) {
            cli->argv[kept++] = word;
            continue;
        }
        struct str value, name = str_split(str_z(word), '=', &value);
        if (str_eq(str_z(word), STR("--json"))) { /* before or after the command's name */
            cli->json = true;
            continue;
        }
        const struct option_spec *spec = find_spec(specs, n, name);
        if (!spec) {
            complain(cli, "no such option", name);
            return false;
        }
        const char *text = value.p;
        if (spec->flag && value.p) {
            complain(cli, "this option takes no value:", name);
            return false;
        }
        if (spec->flag)
            text = "";
        else if (!text && i + 1 < cli->argc)
            text = cli->argv[++i];
        if (!text || !keep(spec, text)) {
            complain(cli, "a value is wanted after", name);
            return false;
        }
    }
    cli->argc = kept;
    return true;
}

bool cli_options_only(struct cli *cli, const struct option_spec *specs, size_t n)
{
    if (!cli_options(cli, specs, n))
        return false;
    if (cli->argc)
        cli_usage(cli, "takes no words");
    return !cli->argc;
}

int cli_usage(const struct cli *cli, const char *why)
{
    fprintf(stderr, "tamga: %s\nusage: tamga %s %s\n", why, cli->command->name,
            cli->command->usage);
    return 2;
}

static void tell_waiting(void *ctx, pid_t holder)
{
    (void)ctx;
    if (holder)
        fprintf(stderr, "tamga: waiting: process %d writes to the register\n", (int)holder);
    else
        fputs("tamga: waiting: another process writes to the register\n", stderr);
}

const char *cli_key(const struct cli *cli, const char *url)
{
    bool in_database = str_starts(str_z(url), STR("postgres"));
    return cli->key ? cli->key : in_database ? "var/tamga.key" : NULL;
}

void cli_directory(const struct cli *cli, const char *named, const char *ending,
                   char out[CLI_DIRECTORY])
{
    bool beside = str_starts(str_z(cli->url), STR("sqlite:"));
    int n = *named   ? snprintf(out, CLI_DIRECTORY, "%s", named)
            : beside ? snprintf(out, CLI_DIRECTORY, "%s%s", cli->url + 7, ending)
                     : 0;
    if (n <= 0 || n >= CLI_DIRECTORY)
        out[0] = '\0';
}

static void beside_key(const char *key, const char *ending, char out[CLI_DIRECTORY])
{
    static const char of_key[] = ".key";
    size_t n = strlen(key);
    if (n > sizeof of_key && strcmp(key + n + 1 - sizeof of_key, of_key) == 0)
        n -= sizeof of_key - 1;
    int wrote = snprintf(out, CLI_DIRECTORY, "%.*s%s", (int)n, key, ending);
    if (wrote <= 0 || wrote >= CLI_DIRECTORY)
        out[0] = '\0';
}

void cli_directory_of(const struct cli *cli, const char *named, const char *ending,
                      char out[CLI_DIRECTORY])
{
    cli_directory(cli, named, ending, out);
    if (!*out && cli_key(cli, cli->url))
        beside_key(cli_key(cli, cli->url), ending, out);
}

void cli_lists_directory(const struct cli *cli, char out[CLI_DIRECTORY])
{
    cli_directory_of(cli, cli->settings->lists, ".lists", out);
}

struct registry *cli_open(struct cli *cli, bool write, bool no_tac, int *out_code)
{
    struct fault fault = {0};
    struct registry *reg = NULL;
    struct registry_options options = {.url = cli->url,
                                       .key = cli_key(cli, cli->url),
                                       .clock = cli->clock,
                                       .actor = cli->actor,
                                       .write = write,
                                       .no_tac = no_tac,
                                       .on_wait = tell_waiting};
    enum err err = registry_open(&options, &reg, &fault);
    *out_code = 0;
    if (err) {
        if (!fault.detail[0])
            fault_set(&fault, err, "register %s", cli->url);
        *out_code = cli_fail(cli, err, &fault);
        return NULL;
    }
    return reg;
}

int cli_fail(const struct cli *cli, enum err err, const struct fault *fault)
{
    static const struct fault none;
    const struct fault *f = fault ? fault : &none;
    (void)cli;
    fputs("tamga: ", stderr);
    if (f->file[0])
        fprintf(stderr, "%s:", f->file);
    if (f->line)
        fprintf(stderr, "%" PRIu64 ":", f->line);
    if (f->column)
        fprintf(stderr, "%" PRIu32 ":", f->column);
    if (f->file[0] || f->line)
        fputs(" ", stderr);
    fputs(err_name(err), stderr);
    if (f->value[0])
        fprintf(stderr, " `%s`", f->value);
    if (f->detail[0])
        fprintf(stderr, ": %s", f->detail);
    fputs("\n", stderr);
    return err_info(err)->exit_code;
}

int cli_close(const struct cli *cli, struct registry *reg, enum err err, const struct fault *fault)
{
    const int code = err ? cli_fail(cli, err, fault) : 0;
    registry_close(reg);
    return code;
}

void cli_rate(uint64_t n, const char *what, uint64_t bytes, int64_t began_us)
{
    double seconds = (double)(clock_monotonic_us() - began_us) / 1e6;
    fprintf(stderr, "%.2f s, %.0f %s/s", seconds, seconds > 0 ? (double)n / seconds : 0, what);
    if (bytes)
        fprintf(stderr, ", %.1f MB", (double)bytes / 1e6);
    fputs("\n", stderr);
}

int cli_batch(const struct cli *cli, enum err err, const struct batch_result *r,
              const struct fault *fault)
{
    if (isatty(2))
        fputs("\r\033[K", stderr);
    if (err && !(err == ERR_HELD && r->proposed))
        return cli_fail(cli, err, fault);
    if (cli->json) {
        printf("{\"%s\":%" PRIu64 ",\"changes\":%" PRIu64 ",\"rows\":%" PRIu64 ",\"seq\":%" PRIu64
               "}\n",
               r->proposed ? "proposal" : "batch", r->id, r->changes, r->rows, r->seq);
    } else if (r->proposed) {
        printf("proposal %" PRIu64 ": %" PRIu64 " changes wait for a second person\n"
               "  another staff account: tamga --actor NAME confirm %" PRIu64 "\n",
               r->id, r->changes, r->id);
    } else {
        printf("%" PRIu64 " given, %" PRIu64 " rows written", r->changes, r->rows);
        for (unsigned i = 0; i < REASON_COUNT; i++)
            if (r->moved[i])
                printf(", %" PRIu64 " %s %s", r->moved[i], list_name(reason_list((uint8_t)i)),
                       reason_name((uint8_t)i));
        printf("\n");
    }
    return err ? err_info(err)->exit_code : 0;
}

bool cli_day(const struct cli *cli, const char *text, daynum *out)
{
    if (daynum_parse(str_z(text), out) == ERR_OK)
        return true;
    char first[DAYNUM_TEXT], last[DAYNUM_TEXT];
    struct fault fault = {0};
    daynum_format(DAYNUM_FIRST, first);
    daynum_format(DAYNUM_LAST, last);
    fault_value(&fault, text, strlen(text));
    fault_set(&fault, ERR_DATE, "a date is YYYY-MM-DD, a day that exists, from %s to %s", first,
              last);
    cli_fail(cli, ERR_DATE, &fault);
    return false;
}

bool cli_accept(const struct cli *cli, const char *guards, const char *reason, struct accept *out)
{
    *out = (struct accept){.reason = reason};
    if (guards && !guards_parse(str_z(guards), &out->guards)) {
        cli_usage(cli, "--accept wants guards of: dates size nulls move notice zeros, or all");
        return false;
    }
    if (guards && (!reason || !reason[0])) {
        cli_usage(cli, "--accept needs --reason: who accepts a guard says why");
        return false;
    }
    return true;
}

int cli_unusable_imei(const struct cli *cli, const char *text, enum err err)
{
    struct fault fault = {0};
    fault_value(&fault, text, strlen(text));
    fault_set(
        &fault, err, "%s",
        err == ERR_IMEI_MISTYPED
            ? "the last digit does not fit the others: one is mistyped; dial *#06# and compare"
            : "an IMEI has 15 digits; 14 and 16 are taken too, and blanks, dashes, slashes");
    return cli_fail(cli, err, &fault);
}

bool cli_imei(const struct cli *cli, const char *text, struct imei *out)
{
    enum err err = imei_parse_typed(str_z(text), out);
    if (err)
        cli_unusable_imei(cli, text, err);
    return !err;
}

void cli_progress(void *ctx, uint64_t done, uint64_t total)
{
    int64_t *began = ctx, now = clock_monotonic_us();
    if (!isatty(2) || now - *began < 1000000 || !total)
        return;
    fprintf(stderr, "\r%3.0f %% of %" PRIu64 "\033[K",
            100.0 * (double)(done < total ? done : total) / (double)total, total);
}
