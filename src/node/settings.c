/* SPDX-License-Identifier: Apache-2.0 */
#include "node/settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <ini.h>

#include "base/setting_lines.h"

#include "node/settings_value.h"

#define AT(field)   offsetof(struct node_settings, field), sizeof(((struct node_settings *)0)->field)
#define FACE(field) offsetof(struct node_settings, field), sizeof(struct node_face)

static const struct setting settings_known[] = {
    {"node", "name", SETTING_TEXT, AT(name), 0, 0},
    {"node", "directory", SETTING_TEXT, AT(directory), 0, 0},
    {"node", "key", SETTING_TEXT, AT(key), 0, 0},
    {"node", "snapshot", SETTING_TEXT, AT(snapshot), 0, 0},
    {"node", "registry", SETTING_URL, AT(registry), 0, 0},
    {"node", "registry_ca", SETTING_TEXT, AT(registry_ca), 0, 0},
    {"node", "cache", SETTING_URL, AT(cache), 0, 0},
    {"node", "cache_ca", SETTING_TEXT, AT(cache_ca), 0, 0},
    {"node", "threads", SETTING_COUNT, AT(threads), 1, LIMIT_NODE_WORKERS},
    {"node", "tacs", SETTING_TACS, AT(tacs), 0, 0},
    {"node", "unknown", SETTING_WORD_EQUIPMENT, AT(network.unknown), 0, 0},
    {"node", "malformed", SETTING_WORD_MALFORMED, AT(network.malformed), 0, 0},
    {"node", "outside", SETTING_WORD_EQUIPMENT, AT(network.outside), 0, 0},
    {"node", "stale_after_hours", SETTING_COUNT, AT(stale_after_hours), 0, 8760},
    {"node", "stale", SETTING_WORD_STALE, AT(stale), 0, 0},
    {"node", "sightings_bytes", SETTING_BYTES, AT(sightings_bytes), 1 << 16, 1ULL << 40},
    {"node", "log_bytes", SETTING_BYTES, AT(feed_log_bytes), 1 << 20, 1ULL << 40},
    {"s13", "listen", SETTING_LISTEN, FACE(s13), 0, 0},
    {"s13", "tls_listen", SETTING_LISTEN_TLS, FACE(s13), 0, 0},
    {"s13", "sctp_listen", SETTING_LISTEN_SCTP, FACE(s13), 0, 0},
    {"s13", "certificate", SETTING_TEXT, AT(s13.certificate), 0, 0},
    {"s13", "tls_key", SETTING_TEXT, AT(s13.tls_key), 0, 0},
    {"s13", "clients", SETTING_TEXT, AT(s13.clients), 0, 0},
    {"s13", "identity", SETTING_HOST, AT(identity), 0, 0},
    {"s13", "realm", SETTING_HOST, AT(realm), 0, 0},
    {"s13", "peers", SETTING_PEERS, AT(peers), 0, 0},
    {"s13", "connect", SETTING_CONNECT, AT(connect), 0, 0},
    {"s13", "tls_connect", SETTING_CONNECT_TLS, AT(connect), 0, 0},
    {"s13", "sctp_connect", SETTING_CONNECT_SCTP, AT(connect), 0, 0},
    {"s13", "several", SETTING_YES_NO, AT(several), 0, 0},
    {"s13", "watchdog_seconds", SETTING_COUNT, AT(watchdog_seconds), 6, 3600}, /* RFC 3539 3.4.1 */
    {"s13", "rate_max", SETTING_COUNT, AT(rate_max), 0, UINT32_MAX},
    {"n5geir", "listen", SETTING_LISTEN, FACE(n5geir), 0, 0},
    {"n5geir", "tls_listen", SETTING_LISTEN_TLS, FACE(n5geir), 0, 0},
    {"n5geir", "certificate", SETTING_TEXT, AT(n5geir.certificate), 0, 0},
    {"n5geir", "tls_key", SETTING_TEXT, AT(n5geir.tls_key), 0, 0},
    {"n5geir", "clients", SETTING_TEXT, AT(n5geir.clients), 0, 0},
    {"n5geir", "root", SETTING_ROOT, AT(root), 0, 0},
    {"n5geir", "nf_instance", SETTING_UUID, AT(nf_instance), 0, 0},
    {"n5geir", "oauth2", SETTING_YES_NO, AT(oauth2), 0, 0},
    {"n5geir", "oauth2_keys", SETTING_TEXT, AT(oauth2_keys), 0, 0},
    {"n5geir", "oauth2_issuer", SETTING_UUID, AT(oauth2_issuer), 0, 0},
    {"n5geir", "oauth2_leeway_seconds", SETTING_COUNT, AT(oauth2_leeway_seconds), 0, 300},
    {"nrf", "address", SETTING_NRF, AT(nrf.address), 0, 0},
    {"nrf", "ca", SETTING_TEXT, AT(nrf.face.clients), 0, 0},
    {"nrf", "certificate", SETTING_TEXT, AT(nrf.face.certificate), 0, 0},
    {"nrf", "tls_key", SETTING_TEXT, AT(nrf.face.tls_key), 0, 0},
    {"nrf", "announce", SETTING_LISTEN, FACE(nrf.face), 0, 0},
    {"nrf", "tls_announce", SETTING_LISTEN_TLS, FACE(nrf.face), 0, 0},
    {"nrf", "fqdn", SETTING_HOST, AT(nrf.fqdn), 0, 0},
    {"nrf", "plmn", SETTING_PLMN, AT(nrf.plmn), 0, 0},
    {"nrf", "priority", SETTING_COUNT, AT(nrf.priority), 0, UINT16_MAX},
    {"nrf", "capacity", SETTING_COUNT, AT(nrf.capacity), 0, UINT16_MAX},
    {"nrf", "heart_beat_seconds", SETTING_COUNT, AT(nrf.heart_beat_seconds), 1, 86400},
    {"log", "file", SETTING_TEXT, AT(log_file), 0, 0},
    {"log", "white", SETTING_YES_NO, AT(log_white), 0, 0},
    {"log", "max_bytes", SETTING_BYTES, AT(log_max_bytes), 1 << 12, 1ULL << 40},
    {"log", "keep", SETTING_COUNT, AT(log_keep), 0, 1000},
    {"metrics", "listen", SETTING_METRICS, AT(metrics), 0, 0},
};

void node_settings_init(struct node_settings *s)
{
    *s = (struct node_settings){
        .network = {.unknown = EQUIPMENT_GREY,
                    .malformed = EQUIPMENT_COUNT,
                    .outside = EQUIPMENT_GREY},
        .stale_after_hours = 24,
        .watchdog_seconds = 30,
        .oauth2_leeway_seconds = 10,
        .nrf = {.capacity = 100},
        .sightings_bytes = 64 << 20,
        .feed_log_bytes = 64 << 20,
        .log_max_bytes = 100 << 20,
        .log_keep = 7,
    };
}

enum err node_settings_set(struct node_settings *s, struct str section, struct str name,
                           struct str value, struct fault *fault)
{
    for (size_t i = 0; i < sizeof settings_known / sizeof *settings_known; i++) {
        const struct setting *k = &settings_known[i];
        if (!str_eq(section, str_z(k->section)) || !str_eq(name, str_z(k->name)))
            continue;
        enum err err = setting_take(s, k, value, fault);
        if (err)
            fault_field(fault, "%.*s.%.*s", STR_ARG(section), STR_ARG(name));
        if (err)
            fault_value(fault, value.p, value.n);
        return err;
    }
    fault_field(fault, "%.*s.%.*s", STR_ARG(section), STR_ARG(name));
    return fault_set(
        fault, ERR_SETTING_UNKNOWN,
        "known are what doc/operations.md lists for [node], [s13], [n5geir], [nrf], [log], "
        "[metrics]");
}

/* ---- the file ---- */

/* inih goes on behind a wrong line; we do not, so that the first fault is the one that is told. */
struct reading {
    struct node_settings *s;
    struct fault *fault;
    struct setting_lines lines;
    int err_line;
    enum err err;
};

/* inih's reader, as fgets. */
static char *next_line(char *out, int n, void *stream)
{
    struct reading *r = stream;
    return r->err ? NULL : setting_lines_next(out, n, &r->lines);
}

/* inih's callback: 1 = taken, 0 = an error on this line. */
static int on_line(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    r->err = node_settings_set(r->s, str_z(section), str_z(name), str_z(value), r->fault);
    r->err_line = r->lines.line;
    return r->err == ERR_OK;
}

enum err node_settings_read(struct node_settings *s, const char *path, struct fault *fault)
{
    struct reading r = {.s = s, .fault = fault, .lines.file = fopen(path, "re")};
    FILE *file = r.lines.file;
    int line = file ? ini_parse_stream(next_line, &r, on_line, &r) : -1;
    bool broken = file && ferror(file);
    int why = errno;
    if (file)
        fclose(file);
    bool no_setting = line > 0 && (!r.err || line < r.err_line);
    if (fault && no_setting)
        *fault = (struct fault){0};
    if (fault && (line || broken || r.lines.bad))
        str_copy(fault->file, sizeof fault->file, str_z(path));
    if (line < 0 || broken)
        return fault_set(fault, ERR_FILE_OPEN, "cannot read the settings: %s", strerror(why));
    enum err err = setting_lines_end(&r.lines, line, fault);
    if (err)
        return err;
    if (line > 0 && fault)
        fault->line = (uint64_t)line;
    if (no_setting)
        return fault_set(fault, ERR_SETTING_VALUE, "want NAME = VALUE or [section]");
    return r.err;
}
