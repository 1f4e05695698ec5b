/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/settings.h"

#include <errno.h>
#include <string.h>

#include <ini.h>

#include "base/setting_lines.h"
#include "base/str.h"

static const struct {
    const char *section, *name;
    size_t at;
} known[] = {
    {"", "register", offsetof(struct settings, register_url)},
    {"", "key", offsetof(struct settings, key)},
    {"", "actor", offsetof(struct settings, actor)},
    {"", "regions", offsetof(struct settings, regions)},
    {"", "test_tacs", offsetof(struct settings, test_tacs)},
    {"serve", "listen", offsetof(struct settings, listen)},
    {"serve", "threads", offsetof(struct settings, threads)},
    {"serve", "public_url", offsetof(struct settings, public_url)},
    {"serve", "snapshots", offsetof(struct settings, snapshots)},
    {"serve", "lists", offsetof(struct settings, lists)},
    {"serve", "snapshot_minutes", offsetof(struct settings, snapshot_minutes)},
    {"serve", "trusted_proxies", offsetof(struct settings, trusted_proxies)},
    {"serve", "forwarded", offsetof(struct settings, forwarded)},
    {"serve", "certificate_header", offsetof(struct settings, certificate_header)},
    {"serve", "metrics_from", offsetof(struct settings, metrics_from)},
    {"portal", "open", offsetof(struct settings, portal)},
    {"portal", "eds_ca", offsetof(struct settings, eds_ca)},
    {"portal", "eds_crl", offsetof(struct settings, eds_crl)},
    {"portal", "eds_verifier", offsetof(struct settings, eds_verifier)},
    {"portal", "oidc_issuer", offsetof(struct settings, oidc_issuer)},
    {"portal", "oidc_client", offsetof(struct settings, oidc_client)},
    {"portal", "oidc_secret_file", offsetof(struct settings, oidc_secret_file)},
    {"portal", "oidc_ca", offsetof(struct settings, oidc_ca)},
    {"portal", "oidc_iin_claim", offsetof(struct settings, oidc_iin_claim)},
    {"portal", "oidc_name", offsetof(struct settings, oidc_name)},
    {"portal", "app_sign_in", offsetof(struct settings, app_sign_in)},
    {"portal", "border", offsetof(struct settings, border)},
    {"portal", "parcel", offsetof(struct settings, parcel)},
    {"portal", "customs", offsetof(struct settings, customs)},
    {"portal", "gsma", offsetof(struct settings, gsma)},
    {"portal", "holidays", offsetof(struct settings, holidays)},
    {"portal", "papers", offsetof(struct settings, papers)},
    {"portal", "outbox", offsetof(struct settings, outbox)},
    {"portal", "second_officer_above", offsetof(struct settings, second_officer_above)},
    {"portal", "spool", offsetof(struct settings, spool)},
    {"portal", "spool_bytes", offsetof(struct settings, spool_bytes)},
    {"portal", "nca_layer", offsetof(struct settings, nca_layer)},
    {"limits", "person_rate", offsetof(struct settings, rate[0])},
    {"limits", "person_burst", offsetof(struct settings, burst[0])},
    {"limits", "address_rate", offsetof(struct settings, rate[1])},
    {"limits", "address_burst", offsetof(struct settings, burst[1])},
    {"limits", "key_rate", offsetof(struct settings, rate[2])},
    {"limits", "key_burst", offsetof(struct settings, burst[2])},
    {"limits", "public_rate", offsetof(struct settings, rate[3])},
    {"limits", "public_burst", offsetof(struct settings, burst[3])},
};

struct reading {
    struct settings *out;
    struct fault *fault;
    enum err err;
};

/* inih's callback: 1 = taken, 0 = an error on this line. */
static int take(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    struct str face = str_z(section);
    if (str_starts(face, STR("face."))) {
        face = (struct str){face.p + 5, face.n - 5};
        fault_value(r->fault, name, strlen(name));
        r->err = faces_set(&r->out->faces, face, str_z(name), str_z(value), r->fault);
        return r->err == ERR_OK;
    }
    if (str_starts(face, STR("operator "))) {
        face = (struct str){face.p + 9, face.n - 9};
        fault_value(r->fault, name, strlen(name));
        r->err = operators_set(&r->out->operators, face, str_z(name), str_z(value), r->fault);
        return r->err == ERR_OK;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(section, known[i].section) != 0 || strcmp(name, known[i].name) != 0)
            continue;
        if (strlen(value) >= SETTINGS_VALUE) {
            r->err = fault_set(r->fault, ERR_SETTING_VALUE, "%s is too long", name);
            return 0;
        }
        str_copy((char *)r->out + known[i].at, SETTINGS_VALUE, str_z(value));
        return 1;
    }
    fault_value(r->fault, name, strlen(name));
    r->err = fault_set(
        r->fault, ERR_SETTING_UNKNOWN,
        "known are register, key, actor, regions, test_tacs, and what doc/operations.md lists for "
        "[serve], "
        "[limits], [operator NAME] and [face.…]; rules of the country are set with `rules set`");
    return 0;
}

void settings_init(struct settings *settings)
{
    *settings = (struct settings){0};
    faces_init(&settings->faces);
}

enum err settings_read(const char *path, struct settings *out, struct fault *fault)
{
    struct settings settings;
    settings_init(&settings);
    struct reading r = {&settings, fault, ERR_OK};
    struct setting_lines lines = {.file = fopen(path, "re")};
    int line = lines.file ? ini_parse_stream(setting_lines_next, &lines, take, &r) : -1;
    bool broken = lines.file && ferror(lines.file);
    int why = errno;
    if (lines.file)
        fclose(lines.file);
    if (fault)
        str_copy(fault->file, sizeof fault->file, str_z(path));
    if (line < 0 || broken)
        return fault_set(fault, ERR_FILE_OPEN, "cannot read the settings: %s", strerror(why));
    enum err err = setting_lines_end(&lines, line, fault);
    if (err)
        return err;
    if (line > 0) {
        if (fault)
            fault->line = (uint64_t)line;
        return r.err ? r.err
                     : fault_set(fault, ERR_SETTING_VALUE, "want NAME = VALUE or [section]");
    }
    *out = settings;
    return ERR_OK;
}
