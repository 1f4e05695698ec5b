/* SPDX-License-Identifier: Apache-2.0
 *
 * user key: keys of programs. A key is printed once, to standard output and nowhere else. */
#include <inttypes.h>
#include <jansson.h>

#include "app/api_key.h"
#include "cmd/command.h"

static const char *state_of(const struct api_key *key, daynum today)
{
    return key->revoked_ms ? "revoked" : key->expires < today ? "expired" : "in force";
}

/* Takes the line. */
static void print_json(json_t *line)
{
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static json_t *key_json(const struct api_key *key, daynum today)
{
    char id[API_KEY_ID_TEXT], scopes[API_KEY_SCOPES_TEXT], day[DAYNUM_TEXT], made[24];
    api_key_id_format(key->id, id);
    api_key_scopes_format(key->scopes, scopes);
    daynum_format(key->expires, day);
    instant_format(key->created_ms / 1000, made);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", id, "name", key->name, "kind",
                     api_key_kind_name(key->kind), "scopes", scopes, "expires", day, "state",
                     state_of(key, today), "created_at", made);
}

static void print_key(const struct api_key *key, daynum today)
{
    char scopes[API_KEY_SCOPES_TEXT], day[DAYNUM_TEXT];
    api_key_scopes_format(key->scopes, scopes);
    daynum_format(key->expires, day);
    printf("%08x  %-11s  %-8s  through %s  %-17s  %s\n", (unsigned)key->id,
           api_key_kind_name(key->kind), state_of(key, today), day, scopes, key->name);
}

int cmd_key_create(struct cli *cli)
{
    const char *name = NULL, *scope = NULL, *expires = NULL, *signs = NULL, *certificate = NULL;
    const struct option_spec specs[] = {{.name = "--name", .value = &name},
                                        {.name = "--scope", .value = &scope},
                                        {.name = "--expires", .value = &expires},
                                        {.name = "--signed", .flag = true, .value = &signs},
                                        {.name = "--certificate", .value = &certificate}};
    if (!cli_options(cli, specs, 5))
        return 2;
    if (!name || !scope || cli->argc)
        return cli_usage(cli, "--name and --scope are wanted");
    if (certificate && (signs || strlen(certificate) < 16))
        return cli_usage(cli, "--certificate wants a fingerprint, and no --signed");
    struct api_key_wish wish = {.name = str_z(name),
                                .scopes = str_z(scope),
                                .certificate = str_z(certificate),
                                .kind = certificate ? API_KEY_CERTIFICATE
                                        : signs     ? API_KEY_SIGNED
                                                    : API_KEY_BEARER,
                                .expires = DAYNUM_NONE};
    if (expires && !cli_day(cli, expires, &wish.expires))
        return 2;
    int code;
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct api_key key;
    char text[API_KEY_TEXT];
    enum err err = api_key_create(reg, &wish, &key, text, &fault);
    if (err) {
        code = cli_fail(cli, err, &fault);
    } else if (cli->json) {
        json_t *line = key_json(&key, registry_today(reg));
        if (text[0])
            json_object_set_new(line, "key", json_string(text));
        print_json(line);
    } else {
        print_key(&key, registry_today(reg));
        if (text[0])
            printf(
                "%s\nIt is shown this once. Keep it where the program reads it, and nobody else.\n",
                text);
    }
    registry_close(reg);
    return code;
}

struct listing {
    const struct cli *cli;
    daynum today;
};

static bool list_key(void *ctx, const struct api_key *key)
{
    const struct listing *listing = ctx;
    if (listing->cli->json)
        print_json(key_json(key, listing->today));
    else
        print_key(key, listing->today);
    return true;
}

int cmd_key_list(struct cli *cli)
{
    int code;
    if (!cli_options(cli, NULL, 0))
        return 2;
    struct registry *reg = cli_open(cli, false, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct listing listing = {cli, registry_today(reg)};
    enum err err = store_api_keys(reg->store, list_key, &listing, &fault);
    return cli_close(cli, reg, err, &fault);
}

int cmd_key_revoke(struct cli *cli)
{
    int code;
    if (!cli_options(cli, NULL, 0))
        return 2;
    if (cli->argc != 1)
        return cli_usage(cli, "one ID, as user key list shows it");
    struct registry *reg = cli_open(cli, true, true, &code);
    if (!reg)
        return code;
    struct fault fault = {0};
    struct api_key key;
    enum err err = api_key_revoke(reg, str_z(cli->argv[0]), &key, &fault);
    if (err)
        code = cli_fail(cli, err, &fault);
    else if (cli->json)
        print_json(key_json(&key, registry_today(reg)));
    else
        print_key(&key, registry_today(reg));
    registry_close(reg);
    return code;
}
