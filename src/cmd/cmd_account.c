/* SPDX-License-Identifier: Apache-2.0
 *
 * user password: how a staff account signs in. The secret for codes is printed once. */
#include <jansson.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/command.h"
#include "people/account.h"

/* One line, unseen on a terminal; without its end. */
static bool read_password(struct buf *out)
{
    struct termios was, quiet;
    bool terminal = tcgetattr(STDIN_FILENO, &was) == 0;
    if (terminal) {
        fputs("password: ", stderr);
        quiet = was;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    int c;
    while ((c = getchar()) != EOF && c != '\n' && out->n <= LIMIT_PASSWORD)
        buf_uint(out, (uint64_t)c, 1);
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
        fputs("\n", stderr);
    }
    return out->n > 0 && !out->failed;
}

static void print_secret(const struct cli *cli, const struct account *a)
{
    struct buf uri = {0};
    totp_uri(a->totp, STR("Tamga"), str_z(a->name), &uri);
    if (cli->json) {
        json_t *line = json_pack("{s:s, s:s, s:s%}", "name", a->name, "role", role_name(a->role),
                                 "totp", (const char *)uri.p, uri.n);
        json_dumpf(line, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(line);
    } else {
        printf("%s signs in as %s. Shown once, for the app that makes the codes:\n%.*s\n", a->name,
               role_name(a->role), (int)uri.n, (const char *)uri.p);
    }
    buf_release(&uri);
}

/* "stolen,lost" */
static bool read_marks(struct str list, uint32_t *out)
{
    while (list.n) {
        uint8_t kind;
        if (!mark_kind_find(str_trim(str_split(list, ',', &list)), &kind))
            return false;
        *out |= 1U << kind;
    }
    return *out != 0;
}

int cmd_user_password(struct cli *cli)
{
    const char *role_text = NULL, *body = NULL, *marks = NULL;
    const struct option_spec specs[] = {{.name = "--role", .value = &role_text},
                                        {.name = "--body", .value = &body},
                                        {.name = "--marks", .value = &marks}};
    struct account_as as = {0};
    if (!cli_options(cli, specs, 3))
        return 2;
    if (cli->argc != 1 || !role_text || !role_find(str_z(role_text), &as.role))
        return cli_usage(cli, "one name, and --role");
    if (marks && !read_marks(str_z(marks), &as.marks))
        return cli_usage(cli, "--marks is of stolen, lost, order and penitentiary, with commas");
    as.body = body ? str_trim(str_z(body)) : STR("");
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct account account;
    struct buf password = {0};
    enum err err = totp_init();
    if (!err && !read_password(&password))
        err = fault_set(&fault, ERR_PASSWORD_SHORT, "no password on standard input");
    if (!err)
        err = account_set(reg, str_z(cli->argv[0]), &as,
                          (struct str){(const char *)password.p, password.n}, &account, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else
        print_secret(cli, &account);
    if (password.p)
        explicit_bzero(password.p, password.n);
    buf_release(&password);
    registry_close(reg);
    return code;
}
