/* SPDX-License-Identifier: Apache-2.0
 *
 * node add: an API key for an EIR node, and the file that the node needs: by what it knows this register, believes
 * it, recognises its own subscribers, and signs in. The file is as secret as the register's own key. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium.h>

#include "app/api_key.h"
#include "cmd/command.h"

enum { FILE_MODE = 0600 };

static void put_line(struct buf *out, const char *name, const uint8_t *bytes, size_t n)
{
    char hex[2 * SHA256_BYTES + 1];
    sodium_bin2hex(hex, sizeof hex, bytes, n);
    buf_printf(out, "%s=%s\n", name, hex);
    sodium_memzero(hex, sizeof hex);
}

static void put_file(const struct registry *reg, const char *key, struct buf *out)
{
    put_line(out, "register", reg->head.register_id, sizeof reg->head.register_id);
    put_line(out, "public", reg->keys.sign.public_key, sizeof reg->keys.sign.public_key);
    put_line(out, "subscriber", reg->keys.subscriber, sizeof reg->keys.subscriber);
    buf_printf(out, "api_key=%s\n", key);
}

/* A file that is not there yet: nobody's key is written over. */
static enum err open_file(const char *path, int *out, struct fault *fault)
{
    *out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (*out >= 0)
        return ERR_OK;
    return fault_set(fault, ERR_FILE_WRITE, "%.160s: %s", path, strerror(errno));
}

static enum err write_file(int fd, const struct buf *text, struct fault *fault)
{
    bool written =
        !text->failed && write(fd, text->p, text->n) == (ssize_t)text->n && fsync(fd) == 0;
    return written ? ERR_OK : fault_set(fault, ERR_FILE_WRITE, "the key file: %s", strerror(errno));
}

/* What a node is given: NULL file: to standard output. */
static enum err add(struct registry *reg, const struct api_key_wish *wish, const char *file,
                    struct api_key *out, struct fault *fault)
{
    char key[API_KEY_TEXT];
    struct buf text = {0};
    int fd = STDOUT_FILENO;
    enum err err = file ? open_file(file, &fd, fault) : ERR_OK;
    if (err)
        return err;
    err = api_key_create(reg, wish, out, key, fault);
    if (!err) {
        put_file(reg, key, &text);
        if (file)
            err = write_file(fd, &text, fault);
        else
            fwrite(text.p, 1, text.n, stdout);
        if (text.p)
            sodium_memzero(text.p, text.n);
    }
    sodium_memzero(key, sizeof key);
    buf_release(&text);
    if (file && close(fd) && !err)
        err = fault_set(fault, ERR_FILE_WRITE, "%.160s: %s", file, strerror(errno));
    if (file && err)
        (void)unlink(file);
    return err;
}

int cmd_node_add(struct cli *cli)
{
    const char *out = NULL, *expires = NULL;
    const struct option_spec specs[] = {{.name = "--out", .value = &out},
                                        {.name = "--expires", .value = &expires}};
    if (!cli_options(cli, specs, 2))
        return 2;
    if (cli->argc != 1)
        return cli_usage(cli, "one NAME: the operator's, and behind a slash which node of his");
    struct api_key_wish wish = {.name = str_z(cli->argv[0]),
                                .scopes = STR("feed,sightings"),
                                .kind = API_KEY_BEARER,
                                .expires = DAYNUM_NONE};
    if (expires && !cli_day(cli, expires, &wish.expires))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct api_key key;
    enum err err = add(reg, &wish, out, &key, &fault);
    registry_close(reg);
    if (err)
        return cli_fail(cli, err, &fault);
    char day[DAYNUM_TEXT];
    daynum_format(key.expires, day);
    fprintf(stderr, "tamga: node %s has the API key %08x through %s; %s%s\n", key.name,
            (unsigned)key.id, day, out ? "it stands, this once, in " : "it is shown this once",
            out ? out : "");
    return 0;
}
