/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/behind.h"

#include "base/file.h"
#include "cases/ask_http.h"
#include "cases/bulk_upload.h"
#include "people/oidc.h"
#include "people/totp.h"
#include "portal/demo.h"

static enum err open_eds(const struct settings *s, struct eds_port *out, struct fault *fault)
{
    if (*s->eds_verifier)
        return eds_http_open(&(struct eds_http_options){.url = s->eds_verifier}, out, fault);
    if (*s->eds_ca)
        return eds_openssl_open(s->eds_ca, *s->eds_crl ? s->eds_crl : NULL, out, fault);
    return ERR_OK; /* nobody signs in by ЭЦП */
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

/* Other doors lead people to an address of ours, and codes show it: it must be known. */
static enum err open_doors(const struct settings *s, const struct http_options *door,
                           struct oidc **out_oidc, bool *out_app, struct fault *fault)
{
    *out_app = str_eq(str_z(s->app_sign_in), STR("yes"));
    if (*s->app_sign_in && !*out_app && !str_eq(str_z(s->app_sign_in), STR("no"))) {
        fault_value(fault, s->app_sign_in, strlen(s->app_sign_in));
        return fault_set(fault, ERR_SETTING_VALUE, "app_sign_in wants yes or no");
    }
    if ((*out_app || *s->oidc_issuer) && !(door->public_url && *door->public_url))
        return fault_set(fault, ERR_SETTING_VALUE,
                         "oidc_issuer and app_sign_in want public_url in [serve]");
    if (!*s->oidc_issuer)
        return ERR_OK;
    const struct oidc_options options = {.issuer = s->oidc_issuer,
                                         .client = s->oidc_client,
                                         .secret_file = or_null(s->oidc_secret_file),
                                         .ca = or_null(s->oidc_ca),
                                         .iin_claim = or_null(s->oidc_iin_claim),
                                         .name = or_null(s->oidc_name)};
    return oidc_open(&options, out_oidc, fault);
}

static enum err open_sources(const struct settings *s, struct behind *b, struct fault *fault)
{
    const struct {
        const char *url;
        struct ask_http **out;
    } all[] = {{s->border, &b->border},
               {s->parcel, &b->parcel},
               {s->customs, &b->customs},
               {s->gsma, &b->gsma}};
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof all / sizeof *all; i++)
        if (*all[i].url)
            err = ask_http_open(all[i].url, all[i].out, fault);
    return err;
}

/* Papers stand beside a register that is a file, unless the settings say where; one in a database has several
 * servers, so that somebody must say which directory they share. */
static enum err open_directories(const struct cli *cli, struct behind *b, struct fault *fault)
{
    const struct settings *s = cli->settings;
    char papers[CLI_DIRECTORY];
    cli_directory(cli, s->papers, ".papers", papers);
    enum err err = *papers ? paper_files_open(papers, &b->papers, fault) : ERR_OK;
    return err || !*s->outbox ? err : outbox_spool_open(s->outbox, &b->outbox, fault);
}

static enum err read_hours(const struct settings *s, struct hours *out, struct fault *fault)
{
    struct buf text = {0};
    hours_init(out);
    if (!*s->holidays)
        return ERR_OK;
    enum err err = file_read(s->holidays, LIMIT_HOURS_TEXT, &text, fault);
    if (!err)
        err = hours_parse((struct str){(const char *)text.p, text.n}, out, fault);
    buf_release(&text);
    return err;
}

/* second_officer_above: 0 to 1,000,000 devices. */
static enum err read_second(const struct settings *s, unsigned *out_from, struct fault *fault)
{
    uint64_t above = 0;
    const char *text = s->second_officer_above;
    if (*text && !str_to_u64(str_z(text), 1000000, &above)) {
        fault_value(fault, text, strlen(text));
        return fault_set(fault, ERR_SETTING_VALUE, "second_officer_above wants 0 to 1000000");
    }
    *out_from = *text ? (unsigned)above + 1 : 0;
    return ERR_OK;
}

static enum err read_room(const struct settings *s, uint64_t *out, struct fault *fault)
{
    *out = UPLOAD_ROOM_BYTES;
    if (!*s->spool_bytes || str_to_u64(str_z(s->spool_bytes), INT64_MAX, out))
        return ERR_OK;
    fault_value(fault, s->spool_bytes, strlen(s->spool_bytes));
    return fault_set(fault, ERR_SETTING_VALUE, "spool_bytes wants a number");
}

/* Sample accounts are written before anybody comes. */
static enum err open_demo(const struct cli *cli, struct demo **out, struct fault *fault)
{
    struct registry *reg = NULL;
    struct registry_options options = {
        .url = cli->url, .key = cli_key(cli, cli->url), .clock = cli->clock, .write = true};
    enum err err = registry_open(&options, &reg, fault);
    if (!err)
        err = demo_open(reg, out, fault);
    registry_close(reg);
    return err;
}

/* It stands in a policy and in a page: an address and nothing else. */
static enum err check_nca_layer(const char *url, struct fault *fault)
{
    static const struct str scheme = {"wss://", 6};
    const struct str all = str_z(url);
    bool good =
        !all.n || (str_starts(all, scheme) && all.n > scheme.n && all.n < LIMIT_CONNECT / 2);
    for (size_t i = scheme.n; good && i < all.n; i++)
        good = strchr("abcdefghijklmnopqrstuvwxyz0123456789.-:[]", url[i]) != NULL;
    if (good)
        return ERR_OK;
    fault_value(fault, url, strlen(url));
    return fault_set(fault, ERR_SETTING_VALUE, "nca_layer wants wss://HOST:PORT, no path");
}

/* Is what stands behind the sign-in wanted? A demonstration shows it unless the settings say no. */
static enum err is_wanted(const char *text, bool demo, bool *out, struct fault *fault)
{
    *out = *text ? str_eq(str_z(text), STR("yes")) : demo;
    if (*out || !*text || str_eq(str_z(text), STR("no")))
        return ERR_OK;
    fault_value(fault, text, strlen(text));
    return fault_set(fault, ERR_SETTING_VALUE, "open wants yes or no");
}

/* Those of the settings; in a demonstration somebody answers where they name nobody. */
static struct check_sources sources_of(const struct behind *b, bool demo)
{
    struct check_sources all = {ask_http_source(b->border), ask_http_source(b->parcel),
                                ask_http_customs(b->customs), ask_http_gsma(b->gsma)};
    const struct check_sources samples = demo_sources();
    if (demo && !b->border)
        all.border = samples.border;
    if (demo && !b->parcel)
        all.parcel = samples.parcel;
    return all;
}

enum err behind_open(const struct cli *cli, const struct http_options *door, unsigned readers,
                     struct behind *out, struct fault *fault)
{
    const struct settings *s = cli->settings;
    *out = (struct behind){0};
    bool wanted;
    enum err err = is_wanted(s->portal, door->demo, &wanted, fault);
    if (err || !wanted)
        return err;
    struct eds_port eds = {0};
    unsigned second_from = 0;
    struct demo *demo = NULL;
    struct oidc *oidc = NULL;
    bool app_door = false;
    err = totp_init();
    if (!err)
        err = check_nca_layer(s->nca_layer, fault);
    if (!err)
        err = read_second(s, &second_from, fault);
    uint64_t room_bytes = 0;
    if (!err)
        err = read_room(s, &room_bytes, fault);
    if (!err)
        err = read_hours(s, &out->hours, fault);
    if (!err)
        err = open_eds(s, &eds, fault);
    if (!err)
        err = open_doors(s, door, &oidc, &app_door, fault);
    if (!err)
        err = open_sources(s, out, fault);
    if (!err)
        err = open_directories(cli, out, fault);
    if (!err && door->demo)
        err = open_demo(cli, &demo, fault);
    if (err) {
        eds_close(&eds);
        oidc_close(oidc);
        demo_close(demo);
        behind_close(out);
        return err;
    }
    char spool[CLI_DIRECTORY];
    cli_directory(cli, s->spool, ".spool", spool);
    char lists[CLI_DIRECTORY];
    cli_lists_directory(cli, lists);
    const struct portal_options options = {
        .url = cli->url,
        .key = cli_key(cli, cli->url),
        .clock = cli->clock,
        .eds = eds,
        .oidc = oidc,
        .app_door = app_door,
        .sources = sources_of(out, demo != NULL),
        .hours = &out->hours,
        .papers.files = out->papers,
        .outbox = out->outbox ? outbox_spool_port(out->outbox) : (struct outbox_port){0},
        .second_from = second_from,
        .spool = spool,
        .spool_bytes = room_bytes,
        .lists = lists,
        .test_tacs = s->test_tacs,
        .demo = demo,
        .nca_layer = *s->nca_layer ? s->nca_layer : NULL,
        .secure = door->public_url && str_starts(str_z(door->public_url), STR("https:")),
        .operators = &s->operators,
        .readers = readers,
    };
    err = portal_open(&options, &out->portal, fault);
    if (err)
        behind_close(out);
    return err;
}

void behind_stop_asking(struct behind *b)
{
    struct ask_http *const all[] = {b->border, b->parcel, b->customs, b->gsma};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ask_http_stop(all[i]);
}

void behind_close(struct behind *b)
{
    behind_stop_asking(b);
    portal_close(b->portal);
    ask_http_close(b->border);
    ask_http_close(b->parcel);
    ask_http_close(b->customs);
    ask_http_close(b->gsma);
    paper_files_close(b->papers);
    outbox_spool_close(b->outbox);
    *b = (struct behind){0};
}
