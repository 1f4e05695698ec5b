/* SPDX-License-Identifier: Apache-2.0
 *
 * db move, backup, rebuild: a register as a whole. (db check is in cmd_journal.c, beside verify.) */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/copy.h"
#include "app/keys.h"
#include "app/rebuild.h"
#include "cmd/command.h"

static void show_digest(const struct cli *cli, const struct digest *d, const char *what)
{
    char hex[2 * SHA256_BYTES + 1];
    struct sha256 *sha = sha256_new();
    uint8_t all[SHA256_BYTES] = {0};
    if (sha) {
        sha256_begin(sha);
        sha256_add(sha, d->part, sizeof d->part);
        sha256_end(sha, all);
    }
    sha256_free(sha);
    sha256_hex(all, hex);
    printf(cli->json ? "{\"done\":\"%s\",\"blocks\":%" PRIu64 ",\"items\":%" PRIu64
                       ",\"imeis\":%" PRIu64 ",\"digest\":\"%s\"}\n"
                     : "%s: %" PRIu64 " blocks, %" PRIu64 " items, %" PRIu64
                       " IMEIs; both hold the same\ndigest %s\n",
           what, d->blocks, d->items, d->imeis, hex);
}

/* The register's key file: what --key says, else the one beside it. */
static enum err key_file(const struct cli *cli, const struct store *store, char *out, size_t size,
                         struct fault *fault)
{
    const char *path = store_path(store);
    int n = cli->key ? snprintf(out, size, "%s", cli->key)
                     : snprintf(out, size, "%s.key", path ? path : "");
    return n > 0 && (size_t)n < size
               ? ERR_OK
               : fault_set(fault, ERR_STORE_KEY, "the path of the key file is too long");
}

static enum err copy(const struct cli *cli, struct store *from, struct store *to,
                     struct digest *out, struct fault *fault)
{
    int64_t began = clock_monotonic_us();
    struct copy_options options = {
        .progress = cli_progress, .progress_ctx = &began, .stop = cli->stop};
    enum err err = copy_register(from, to, &options, out, fault);
    if (isatty(2))
        fputs("\r\033[K", stderr);
    return err;
}

/* ---- db move ---- */

/* A register in a file has its key beside it. */
static enum err move_key(const struct cli *cli, const struct store *from, const struct store *to,
                         char *key, size_t size, struct fault *fault)
{
    char beside[4096];
    enum err err = key_file(cli, from, key, size, fault);
    const char *path = store_path(to);
    if (err || !path)
        return err;
    if (snprintf(beside, sizeof beside, "%s.key", path) >= (int)sizeof beside)
        return fault_set(fault, ERR_STORE_KEY, "the path of the key file is too long");
    return keys_copy(key, beside, fault);
}

/* The old register says that it stands elsewhere, so that nobody who waits for his turn to write is told
 * "done" of what the new one does not have. */
static enum err close_old(struct store *store, struct fault *fault)
{
    struct store_head head;
    enum err err = store_head(store, &head, fault);
    head.moving = STORE_MOVED;
    if (!err)
        err = store_head_put(store, &head, fault);
    return err ? err : store_write_commit(store, fault);
}

/* In the writer's place of the old register. */
static enum err move(const struct cli *cli, struct registry *reg, const char *to,
                     struct fault *fault)
{
    struct store *target = NULL;
    struct digest digest;
    char key[4096];
    enum err err = store_open(to, STORE_WRITE, &target, fault);
    if (!err)
        err = move_key(cli, reg->store, target, key, sizeof key, fault);
    if (!err)
        err = store_write_begin(reg->store, fault);
    if (!err)
        err = registry_refresh(reg, fault);
    if (!err)
        err = copy(cli, reg->store, target, &digest, fault);
    if (!err)
        err = close_old(reg->store, fault);
    store_write_rollback(reg->store);
    if (!err) {
        show_digest(cli, &digest, "moved");
        if (!cli->json && !store_path(target))
            printf("From now on: tamga --register URL --key %s\n", key);
        if (!cli->json)
            puts("The old register is closed: it answers nobody and takes nothing any more.");
    }
    store_close(target);
    return err;
}

int cmd_db_move(struct cli *cli)
{
    const char *from = NULL, *to = NULL;
    const struct option_spec specs[] = {{.name = "--from", .value = &from},
                                        {.name = "--to", .value = &to}};
    if (!cli_options(cli, specs, 2))
        return 2;
    if (!from || !to || cli->argc)
        return cli_usage(cli, "say --from which register and --to which empty one");
    int code;
    struct fault fault = {0};
    cli->url = from;
    if (!cli->key && str_starts(str_z(from), STR("postgres")))
        cli->key = "var/tamga.key";
    struct registry *reg = cli_open(cli, true, false, &code);
    if (!reg)
        return code;
    enum err err = move(cli, reg, to, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    registry_close(reg);
    return code;
}

/* ---- db backup ---- */

static void remove_draft(const char *draft)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".turn", ".batch"};
    char name[4096 + 8];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", draft, endings[i]);
        unlink(name);
    }
}

static enum err check_copy(const struct cli *cli, const char *url, const char *key,
                           struct fault *fault)
{
    struct registry_options options = {.url = url, .key = key, .clock = cli->clock};
    struct registry *reg;
    struct audit_result result;
    enum err err = registry_open(&options, &reg, fault);
    if (err)
        return err;
    err = audit_check(reg, &result, fault);
    registry_close(reg);
    return err;
}

static enum err backup(const struct cli *cli, struct registry *reg, const char *file,
                       const char *url, struct digest *digest, struct fault *fault)
{
    const char *draft = url + sizeof "sqlite:" - 1;
    char key[4096];
    struct store *to = NULL;
    enum err err = key_file(cli, reg->store, key, sizeof key, fault);
    if (!err)
        err = store_open(url, STORE_WRITE, &to, fault);
    if (!err) /* others go on writing: this sees one moment */
        err = store_read_begin(reg->store, fault);
    if (!err)
        err = copy(cli, reg->store, to, digest, fault);
    store_read_end(reg->store);
    store_close(to);
    if (!err)
        err = check_copy(cli, url, key, fault);
    if (!err && rename(draft, file)) /* SQLite has synced what is in it */
        err = fault_set(fault, ERR_FILE_WRITE, "%s: %s", file, strerror(errno));
    remove_draft(draft); /* after a rename: what SQLite leaves beside it */
    return err;
}

int cmd_db_backup(struct cli *cli)
{
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc != 1)
        return cli_usage(cli, "to which file?");
    const char *file = cli->argv[0];
    char url[4096];
    int code;
    struct fault fault = {0};
    struct digest digest;
    if (access(file, F_OK) == 0) {
        fault_set(&fault, ERR_FILE_WRITE, "%s stands already: a backup replaces nothing", file);
        return cli_fail(cli, ERR_FILE_WRITE, &fault);
    }
    if (snprintf(url, sizeof url, "sqlite:%s.part", file) >= (int)sizeof url)
        return cli_usage(cli, "the file's path is too long");
    struct registry *reg = cli_open(cli, false, false, &code);
    if (!reg)
        return code;
    remove_draft(url + sizeof "sqlite:" - 1); /* of one that was killed */
    enum err err = backup(cli, reg, file, url, &digest, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else
        show_digest(cli, &digest, "backed up and checked");
    if (!err && !cli->json)
        puts("Its key file is not in it: keep that apart.");
    registry_close(reg);
    return code;
}

/* ---- db rebuild ---- */

int cmd_db_rebuild(struct cli *cli)
{
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc)
        return cli_usage(cli, "takes no words");
    int code;
    struct fault fault = {0};
    struct rebuild_result r;
    struct registry *reg = cli_open(cli, true, false, &code);
    if (!reg)
        return code;
    enum err err = rebuild(reg, &r, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else
        printf(cli->json ? "{\"imeis\":%" PRIu64 ",\"written\":%" PRIu64 ",\"dropped\":%" PRIu64
                           ",\"pairs\":%" PRIu64 "}\n"
                         : "%" PRIu64 " IMEIs in the journal: %" PRIu64
                           " facts rows set right, %" PRIu64 " dropped, %" PRIu64 " pairs\n",
               r.imeis, r.written, r.dropped, r.pairs);
    if (!err && !cli->json && r.written + r.dropped + r.pairs)
        puts("Servers that run have answered from what was wrong: restart each `tamga serve`.");
    registry_close(reg);
    return code;
}
