/* SPDX-License-Identifier: Apache-2.0
 *
 * db move, backup, rebuild: a register as a whole. (db check is in cmd_journal.c, beside verify.) */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/copy.h"
#include "app/key_file.h"
#include "app/rebuild.h"
#include "base/file.h"
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

/* PATH.key of a register in a file, as it would be looked for; false: it is in no file, or too long. */
static bool key_beside(const struct store *store, char *out, size_t size)
{
    const char *path = store_path(store);
    int n = path ? snprintf(out, size, "%s.key", path) : -1;
    return n > 0 && (size_t)n < size;
}

/* The key file with which the register was opened. */
static enum err key_file(const struct cli *cli, const struct store *store, char *out, size_t size,
                         struct fault *fault)
{
    const char *named = cli_key(cli, cli->url);
    bool found =
        named ? snprintf(out, size, "%s", named) < (int)size : key_beside(store, out, size);
    return found ? ERR_OK : fault_set(fault, ERR_STORE_KEY, "the path of the key file is too long");
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

/* Copies the key to where the new register's is looked for: beside its file, else where --key says. */
static enum err move_key(const struct store *from, const char *from_key, const struct store *to,
                         const char *named, char *out, size_t size, struct fault *fault)
{
    char source[4096];
    bool good = from_key ? snprintf(source, sizeof source, "%s", from_key) < (int)sizeof source
                         : key_beside(from, source, sizeof source);
    if (good && store_path(to))
        good = key_beside(to, out, size);
    else if (good)
        good = snprintf(out, size, "%s", named ? named : source) < (int)size;
    if (!good)
        return fault_set(fault, ERR_STORE_KEY, "the path of the key file is too long");
    return strcmp(source, out) == 0 ? ERR_OK : key_file_copy(source, out, fault);
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
static enum err move(const struct cli *cli, struct registry *reg, const char *to, const char *named,
                     struct fault *fault)
{
    struct store *target = NULL;
    struct digest digest;
    char key[4096];
    enum err err = store_open(to, STORE_WRITE, &target, fault);
    if (!err)
        err = move_key(reg->store, cli_key(cli, cli->url), target, named, key, sizeof key, fault);
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
    const char *named = cli->key;
    char beside[4096];
    cli->url = from;
    /* --key names the file of the register in the database, whichever of the two that is; one in a file
     * has its own beside it, but for a backup, which has none. */
    if (str_starts(str_z(from), STR("sqlite:")) &&
        snprintf(beside, sizeof beside, "%s.key", from + sizeof "sqlite:" - 1) <
            (int)sizeof beside &&
        access(beside, F_OK) == 0)
        cli->key = NULL;
    struct registry *reg = cli_open(cli, true, false, &code);
    if (!reg)
        return code;
    enum err err = move(cli, reg, to, named, &fault);
    return cli_close(cli, reg, err, &fault);
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
    if (!err &&
        (rename(draft, file) || !file_sync_directory(file))) /* SQLite has synced its bytes */
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
    if (!cli_options_only(cli, NULL, 0))
        return 2;
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
    registry_close(reg);
    return code;
}
