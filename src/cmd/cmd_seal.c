/* SPDX-License-Identifier: Apache-2.0
 *
 * seal list, add, use, renew, drop: the keys under which personal data is sealed (people/seal_keys.h). */
#include <inttypes.h>
#include <jansson.h>
#include <unistd.h>

#include "app/keys.h"
#include "cases/seal_files.h"
#include "cmd/command.h"

enum { RATE = 2000, RATE_MOST = 1000000, PASSES = 3 };

static uint32_t used(const struct registry *reg)
{
    return reg->keys.people.number[reg->keys.people.use];
}

static void print_json(json_t *line) /* takes it */
{
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

/* Papers and uploads of this machine, where the settings say; nothing is made that is not there. */
struct places {
    struct paper_files *papers;
    struct spool spool;
    struct seal_files files;
};

static enum err places_open(const struct cli *cli, struct places *out, struct fault *fault)
{
    char dir[CLI_DIRECTORY];
    enum err err = ERR_OK;
    *out = (struct places){0};
    cli_directory(cli, cli->settings->papers, ".papers", dir);
    if (*dir && access(dir, F_OK) == 0)
        err = paper_files_open(dir, &out->papers, fault);
    cli_directory(cli, cli->settings->spool, ".spool", dir);
    if (!err && *dir && access(dir, F_OK) == 0) {
        err = spool_init(&out->spool, dir, fault);
        out->files.spool = &out->spool;
    }
    out->files.papers = out->papers;
    return err;
}

static struct registry *open_it(struct cli *cli, bool write, int *out_code)
{
    return cli_open(cli, write, true, out_code);
}

static bool number_of(const struct cli *cli, uint32_t *out)
{
    uint64_t number;
    if (cli->argc != 1 || !str_to_u64(str_z(cli->argv[0]), UINT32_MAX, &number) || !number) {
        cli_usage(cli, "one number, as seal list shows it");
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

/* ---- list ---- */

static void print_server(const struct seal_server *s, int64_t now_s)
{
    printf("server on %s, process %" PRId64 ": has", s->host, s->pid);
    for (unsigned i = 0; i < s->has_count; i++)
        printf("%s %u", i ? "," : "", (unsigned)s->has[i]);
    printf("; uses %u", (unsigned)s->uses);
    if (s->spool[0] && s->spool_under)
        printf("; uploads under %u", (unsigned)s->spool_under);
    else if (s->spool[0])
        printf("; uploads not looked at yet");
    printf("; told %" PRId64 " s ago%s\n", now_s - s->told_s,
           now_s - s->told_s > SEAL_SILENT_S ? ", SILENT" : "");
}

struct listing {
    const struct cli *cli;
    int64_t now_s;
};

static bool list_server(void *ctx, const struct seal_server *s)
{
    const struct listing *l = ctx;
    if (!l->cli->json) {
        print_server(s, l->now_s);
        return true;
    }
    json_t *has = json_array();
    for (unsigned i = 0; i < s->has_count; i++)
        json_array_append_new(has, json_integer(s->has[i]));
    print_json(json_pack("{s:s, s:I, s:o, s:I, s:s, s:I, s:b, s:I}", "server", s->host, "process",
                         (json_int_t)s->pid, "has", has, "uses", (json_int_t)s->uses, "spool",
                         s->spool, "spool_under", (json_int_t)s->spool_under, "silent",
                         l->now_s - s->told_s > SEAL_SILENT_S, "told_s_ago",
                         (json_int_t)(l->now_s - s->told_s)));
    return true;
}

static const char *state_of(const struct registry *reg, uint32_t number)
{
    return number == used(reg) ? "used" : number < used(reg) ? "old" : "new";
}

static void list_keys(const struct cli *cli, const struct registry *reg,
                      const struct key_file *file, const struct seal_count *records)
{
    for (unsigned i = 0; i < file->seal.count; i++) {
        char made[24] = "";
        uint32_t number = file->seal.number[i];
        if (file->made_s[i])
            instant_format(file->made_s[i], made);
        if (cli->json)
            print_json(json_pack("{s:I, s:s, s:s, s:I}", "key", (json_int_t)number, "state",
                                 state_of(reg, number), "made_at", made, "records",
                                 (json_int_t)seal_count_of(records, number)));
        else
            printf("key %u  %-4s  %s  %" PRIu64 " records under it\n", (unsigned)number,
                   state_of(reg, number), *made ? made : "with the register    ",
                   seal_count_of(records, number));
    }
}

int cmd_seal_list(struct cli *cli)
{
    if (!cli_options_only(cli, NULL, 0))
        return 2;
    int code;
    struct registry *reg = open_it(cli, false, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct seal_count records;
    struct key_file file = {.seal = reg->keys.people};
    struct listing listing = {cli, clock_now_us(reg->clock) / 1000000};
    enum err err = reg->key_path ? key_file_read(reg->key_path, &file, NULL, &fault) : ERR_OK;
    if (!err)
        err = seal_count(reg, &records, &fault);
    if (!err)
        list_keys(cli, reg, &file, &records);
    if (!err)
        err = seal_servers(reg, list_server, &listing, &fault);
    code = err ? cli_fail(cli, err, &fault) : 0;
    explicit_bzero(&file, sizeof file);
    registry_close(reg);
    return code;
}

/* ---- add, use ---- */

int cmd_seal_add(struct cli *cli)
{
    if (!cli_options_only(cli, NULL, 0))
        return 2;
    int code;
    struct registry *reg = open_it(cli, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    uint32_t number;
    enum err err = seal_key_add(reg, &number, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (cli->json)
        print_json(json_pack("{s:I, s:s}", "key", (json_int_t)number, "state", "new"));
    else
        printf(
            "Key %u is in %s; nothing is sealed under it yet.\n"
            "Copy that file to all machines, see that their servers have it (`seal list`), then: "
            "tamga seal use %u\n",
            (unsigned)number, reg->key_path, (unsigned)number);
    registry_close(reg);
    return code;
}

int cmd_seal_use(struct cli *cli)
{
    uint32_t number;
    if (!cli_options(cli, NULL, 0) || !number_of(cli, &number))
        return 2;
    int code;
    struct registry *reg = open_it(cli, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err = seal_key_use(reg, number, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (cli->json)
        print_json(json_pack("{s:I, s:s}", "key", (json_int_t)number, "state", "used"));
    else
        printf("What is new is sealed under key %u from now on, on all servers within a second.\n"
               "What stands is sealed anew by: tamga seal renew\n",
               (unsigned)number);
    registry_close(reg);
    return code;
}

/* ---- renew ---- */

static bool show(void *ctx, const struct seal_progress *p)
{
    const struct cli *cli = ctx;
    if (isatty(2))
        fprintf(stderr, "\r%" PRIu64 " records looked at, %" PRIu64 " sealed anew\033[K", p->looked,
                p->renewed);
    return !*cli->stop;
}

struct renewing {
    struct seal_progress all; /* of the passes together */
    uint64_t left;            /* records under other keys, at the end */
    uint64_t files, files_left;
};

/* What servers wrote under the old key while a pass went by is found by the next. */
static enum err renew_records(struct cli *cli, struct registry *reg, unsigned rate,
                              struct renewing *out, struct fault *fault)
{
    enum err err = ERR_OK;
    out->left = 1;
    for (int i = 0; !err && out->left && i < PASSES; i++) {
        struct seal_progress pass;
        struct seal_count count;
        err = seal_sweep(reg, rate, show, cli, &pass, fault);
        out->all.renewed += pass.renewed;
        out->all.looked += pass.looked;
        out->all.damaged = pass.damaged;
        if (!err)
            err = seal_count(reg, &count, fault);
        out->left = 0;
        for (unsigned k = 0; !err && k < count.n; k++)
            out->left += count.number[k] == used(reg) ? 0 : count.records[k];
        if (out->left == pass.damaged && !pass.resumed)
            break;
    }
    if (isatty(2))
        fputs("\r\033[K", stderr);
    return err;
}

static enum err renew_files(struct cli *cli, struct registry *reg, struct renewing *out,
                            struct fault *fault)
{
    struct places places;
    struct seal_count count = {0};
    enum err err = places_open(cli, &places, fault);
    if (!err)
        err = seal_files_look(&places.files, reg, true, cli->stop, &count, fault);
    for (unsigned i = 0; !err && i < count.n; i++) {
        out->files += count.records[i];
        out->files_left += count.number[i] == used(reg) ? 0 : count.records[i];
    }
    paper_files_close(places.papers);
    return err;
}

int cmd_seal_renew(struct cli *cli)
{
    const char *text = NULL;
    const struct option_spec specs[] = {{.name = "--rate", .value = &text}};
    uint64_t rate = RATE;
    if (!cli_options(cli, specs, 1))
        return 2;
    if (cli->argc || (text && (!str_to_u64(str_z(text), RATE_MOST, &rate) || !rate)))
        return cli_usage(cli, "no words; --rate wants 1 to 1000000");
    int code;
    struct registry *reg = open_it(cli, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct renewing r = {0};
    enum err err = renew_records(cli, reg, (unsigned)rate, &r, &fault);
    if (!err)
        err = renew_files(cli, reg, &r, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (cli->json)
        print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "looked", (json_int_t)r.all.looked,
                             "renewed", (json_int_t)r.all.renewed, "left", (json_int_t)r.left,
                             "damaged", (json_int_t)r.all.damaged, "files", (json_int_t)r.files,
                             "files_left", (json_int_t)r.files_left));
    else
        printf("%" PRIu64 " records sealed anew under key %u, %" PRIu64 " left under older ones "
               "(%" PRIu64 " damaged); %" PRIu64 " papers and uploads here, %" PRIu64 " left\n",
               r.all.renewed, (unsigned)used(reg), r.left, r.all.damaged, r.files, r.files_left);
    registry_close(reg);
    return err ? code : r.left || r.files_left ? 1 : 0;
}

/* ---- drop ---- */

/* Is anything under it that can be seen from here? */
static enum err look_under(struct cli *cli, struct registry *reg, uint32_t number,
                           struct fault *fault)
{
    struct places places;
    struct seal_count records = {0}, files = {0};
    enum err err = places_open(cli, &places, fault);
    if (!err)
        err = seal_key_may_drop(reg, number, places.papers != NULL, fault);
    if (!err)
        err = seal_count(reg, &records, fault);
    if (!err)
        err = seal_files_look(&places.files, reg, false, cli->stop, &files, fault);
    paper_files_close(places.papers);
    uint64_t n = seal_count_of(&records, number), f = seal_count_of(&files, number);
    if (!err && (n || f))
        err = fault_set(fault, ERR_NOT_NOW,
                        "%" PRIu64 " records and %" PRIu64 " papers and uploads are under key %u: "
                        "tamga seal renew",
                        n, f, (unsigned)number);
    return err;
}

int cmd_seal_drop(struct cli *cli)
{
    uint32_t number;
    if (!cli_options(cli, NULL, 0) || !number_of(cli, &number))
        return 2;
    int code;
    struct registry *reg = open_it(cli, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    enum err err = look_under(cli, reg, number, &fault);
    if (!err)
        err = seal_key_drop(reg, number, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (cli->json)
        print_json(json_pack("{s:I, s:s}", "key", (json_int_t)number, "state", "dropped"));
    else
        printf("Key %u is out of %s. Copy that file to all machines; keep the one from before with "
               "the backups that need it.\n",
               (unsigned)number, reg->key_path);
    registry_close(reg);
    return code;
}
