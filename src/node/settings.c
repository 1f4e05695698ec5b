/* SPDX-License-Identifier: Apache-2.0 */
#include "node/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <ini.h>

#include "node/link.h"

enum kind {
    TEXT, /* of size bytes */
    COUNT,
    BYTES,
    YES_NO,
    WORD_EQUIPMENT,
    WORD_MALFORMED,
    WORD_STALE,
    URL,
    HOST, /* a Diameter identity: letters, digits, dots, dashes */
    ROOT,
    LISTEN,
    LISTEN_TLS,
    LISTEN_SCTP,
    PEERS,
    CONNECT,
    CONNECT_TLS,
    METRICS,
};

#define AT(field)   offsetof(struct node_settings, field), sizeof(((struct node_settings *)0)->field)
#define FACE(field) offsetof(struct node_settings, field), sizeof(struct node_face)

static const struct setting {
    const char *section, *name;
    enum kind kind;
    size_t at, size;
    uint64_t least, most;
} settings_known[] = {
    {"node", "name", TEXT, AT(name), 0, 0},
    {"node", "directory", TEXT, AT(directory), 0, 0},
    {"node", "key", TEXT, AT(key), 0, 0},
    {"node", "snapshot", TEXT, AT(snapshot), 0, 0},
    {"node", "registry", URL, AT(registry), 0, 0},
    {"node", "registry_ca", TEXT, AT(registry_ca), 0, 0},
    {"node", "threads", COUNT, AT(threads), 1, LIMIT_NODE_WORKERS},
    {"node", "unknown", WORD_EQUIPMENT, AT(network.unknown), 0, 0},
    {"node", "malformed", WORD_MALFORMED, AT(network.malformed), 0, 0},
    {"node", "stale_after_hours", COUNT, AT(stale_after_hours), 0, 8760},
    {"node", "stale", WORD_STALE, AT(stale), 0, 0},
    {"node", "sightings_bytes", BYTES, AT(sightings_bytes), 1 << 16, 1ULL << 40},
    {"node", "log_bytes", BYTES, AT(feed_log_bytes), 1 << 20, 1ULL << 40},
    {"s13", "listen", LISTEN, FACE(s13), 0, 0},
    {"s13", "tls_listen", LISTEN_TLS, FACE(s13), 0, 0},
    {"s13", "sctp_listen", LISTEN_SCTP, FACE(s13), 0, 0},
    {"s13", "certificate", TEXT, AT(s13.certificate), 0, 0},
    {"s13", "tls_key", TEXT, AT(s13.tls_key), 0, 0},
    {"s13", "clients", TEXT, AT(s13.clients), 0, 0},
    {"s13", "identity", HOST, AT(identity), 0, 0},
    {"s13", "realm", HOST, AT(realm), 0, 0},
    {"s13", "peers", PEERS, AT(peers), 0, 0},
    {"s13", "connect", CONNECT, AT(connect), 0, 0},
    {"s13", "tls_connect", CONNECT_TLS, AT(connect), 0, 0},
    {"s13", "several", YES_NO, AT(several), 0, 0},
    {"s13", "watchdog_seconds", COUNT, AT(watchdog_seconds), 6, 3600}, /* RFC 3539 3.4.1 */
    {"s13", "rate_max", COUNT, AT(rate_max), 0, UINT32_MAX},
    {"n5geir", "listen", LISTEN, FACE(n5geir), 0, 0},
    {"n5geir", "tls_listen", LISTEN_TLS, FACE(n5geir), 0, 0},
    {"n5geir", "certificate", TEXT, AT(n5geir.certificate), 0, 0},
    {"n5geir", "tls_key", TEXT, AT(n5geir.tls_key), 0, 0},
    {"n5geir", "clients", TEXT, AT(n5geir.clients), 0, 0},
    {"n5geir", "root", ROOT, AT(root), 0, 0},
    {"log", "file", TEXT, AT(log_file), 0, 0},
    {"log", "white", YES_NO, AT(log_white), 0, 0},
    {"log", "max_bytes", BYTES, AT(log_max_bytes), 1 << 12, 1ULL << 40},
    {"log", "keep", COUNT, AT(log_keep), 0, 1000},
    {"metrics", "listen", METRICS, AT(metrics), 0, 0},
};

void node_settings_init(struct node_settings *s)
{
    *s = (struct node_settings){
        .network = {.unknown = EQUIPMENT_GREY, .malformed = EQUIPMENT_COUNT},
        .stale_after_hours = 24,
        .watchdog_seconds = 30,
        .sightings_bytes = 64 << 20,
        .feed_log_bytes = 256 << 20,
        .log_max_bytes = 100 << 20,
        .log_keep = 7,
    };
}

/* ---- values ---- */

static enum err word(struct str value, const char *const *words, unsigned n, uint8_t *out,
                     struct fault *fault)
{
    char list[FAULT_DETAIL_MAX] = "";
    for (unsigned i = 0; i < n; i++) {
        size_t at = strlen(list);
        if (str_eq(value, str_z(words[i]))) {
            *out = (uint8_t)i;
            return ERR_OK;
        }
        snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", words[i]);
    }
    return fault_set(fault, ERR_SETTING_VALUE, "want one of %s", list);
}

static enum err equipment(struct str value, bool error_too, uint8_t *out, struct fault *fault)
{
    static const char *const words[] = {"white", "black", "grey", "unknown", "error"};
    return word(value, words, error_too ? 5 : 4, out, fault);
}

static enum err number(struct str value, const struct setting *k, uint64_t *out,
                       struct fault *fault)
{
    uint64_t v;
    if (!str_to_u64(value, k->most, &v) || v < k->least)
        return fault_set(fault, ERR_SETTING_VALUE, "want a number from %llu to %llu",
                         (unsigned long long)k->least, (unsigned long long)k->most);
    *out = v;
    return ERR_OK;
}

/* "ADDR:PORT", "[ADDR6]:PORT"; numbers, as a name could mean several. */
static bool parse_listen(struct str text, struct node_listen *out)
{
    unsigned char bytes[16];
    uint64_t port;
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    if (colon < 2 || !str_to_u64((struct str){text.p + colon, text.n - colon}, UINT16_MAX, &port))
        return false;
    struct str address = {text.p, colon - 1};
    bool six = address.p[0] == '[' && address.n > 2 && address.p[address.n - 1] == ']';
    if (six)
        address = (struct str){address.p + 1, address.n - 2};
    if (address.n >= NODE_ADDRESS)
        return false;
    str_copy(out->address, sizeof out->address, address);
    out->port = (uint16_t)port;
    return inet_pton(six ? AF_INET6 : AF_INET, out->address, bytes) == 1;
}

static enum err take_listen(struct str text, struct node_listen *out, struct fault *fault)
{
    if (parse_listen(text, out))
        return ERR_OK;
    return fault_set(fault, ERR_SETTING_VALUE,
                     "want ADDRESS:PORT in numbers, as 192.0.2.1:3868 or [2001:db8::1]:3868");
}

static bool host_ok(struct str s, bool pattern)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_' || (pattern && i == 0 && c == '*');
        if (!ok)
            return false;
    }
    return s.n > 0 && s.n < NODE_PEER;
}

static enum err add_listen(struct node_face *face, struct str one, enum kind kind,
                           struct fault *fault)
{
    struct node_listen listen = {.tls = kind == LISTEN_TLS, .sctp = kind == LISTEN_SCTP};
    enum err err = take_listen(one, &listen, fault);
    if (!err && face->listen_count == LIMIT_NODE_LISTEN)
        err = fault_set(fault, ERR_TOO_MANY, "at most %d addresses", LIMIT_NODE_LISTEN);
    if (!err)
        face->listen[face->listen_count++] = listen;
    return err;
}

static enum err add_peer(struct node_settings *s, struct str one, struct fault *fault)
{
    if (!host_ok(one, true))
        return fault_set(fault, ERR_SETTING_VALUE,
                         "want the Origin-Host of a peer, *.REALM, or * for everybody");
    if (s->peer_count == LIMIT_NODE_PEERS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d peers", LIMIT_NODE_PEERS);
    str_copy(s->peers[s->peer_count++], NODE_PEER, one);
    return ERR_OK;
}

static enum err add_connect(struct node_settings *s, struct str one, bool tls, struct fault *fault)
{
    struct node_listen to = {.tls = tls};
    enum err err = take_listen(one, &to, fault);
    if (!err && !to.port)
        err = fault_set(fault, ERR_SETTING_VALUE, "want the port of the peer");
    if (!err && s->connect_count == LIMIT_NODE_CONNECT)
        err = fault_set(fault, ERR_TOO_MANY, "at most %d peers to call", LIMIT_NODE_CONNECT);
    if (!err)
        s->connect[s->connect_count++] = to;
    return err;
}

/* Of several with commas between each one. */
static enum err add_each(struct node_settings *s, const struct setting *k, struct str value,
                         struct fault *fault)
{
    enum err err = ERR_OK;
    for (struct str rest = value; !err && rest.p;) {
        struct str one = str_trim(str_split(rest, ',', &rest));
        if (k->kind == PEERS)
            err = add_peer(s, one, fault);
        else if (k->kind == CONNECT || k->kind == CONNECT_TLS)
            err = add_connect(s, one, k->kind == CONNECT_TLS, fault);
        else
            err = add_listen((struct node_face *)((char *)s + k->at), one, k->kind, fault);
    }
    return err;
}

static enum err take_text(char *at, const struct setting *k, struct str value, struct fault *fault)
{
    bool ok = true;
    if (value.n >= k->size)
        return fault_set(fault, ERR_SETTING_VALUE, "at most %zu bytes", k->size - 1);
    if (k->kind == URL && !link_is_url(value))
        return fault_set(fault, ERR_SETTING_VALUE,
                         "want http://HOST[:PORT] or https://HOST[:PORT], as the register's "
                         "public_url");
    if (k->kind == HOST)
        ok = host_ok(value, false);
    if (!ok)
        return fault_set(fault, ERR_SETTING_VALUE, "want a host name, as eir.operator.example");
    if (k->kind == ROOT)
        ok = value.n == 0 || (value.p[0] == '/' && value.p[value.n - 1] != '/');
    if (!ok)
        return fault_set(fault, ERR_SETTING_VALUE,
                         "want a path, as /eir, without slash at its end");
    size_t n = value.n;
    while (k->kind == URL && value.p[n - 1] == '/')
        n--;
    str_copy(at, k->size, (struct str){value.p, n});
    return ERR_OK;
}

static enum err take(struct node_settings *s, const struct setting *k, struct str value,
                     struct fault *fault)
{
    static const char *const stale[] = {"go_on", "grey", "white"};
    static const char *const no_yes[] = {"no", "yes"};
    char *at = (char *)s + k->at;
    uint64_t v = 0;
    uint8_t w = 0;
    enum err err = ERR_OK;
    switch (k->kind) {
    case TEXT:
    case URL:
    case HOST:
    case ROOT:
        return take_text(at, k, value, fault);
    case COUNT:
        err = number(value, k, &v, fault);
        *(uint32_t *)at = err ? *(uint32_t *)at : (uint32_t)v;
        return err;
    case BYTES:
        return number(value, k, (uint64_t *)at, fault);
    case YES_NO:
        err = word(value, no_yes, 2, &w, fault);
        *(bool *)at = err ? *(bool *)at : w;
        return err;
    case WORD_EQUIPMENT:
    case WORD_MALFORMED:
        return equipment(value, k->kind == WORD_MALFORMED, (uint8_t *)at, fault);
    case WORD_STALE:
        err = word(value, stale, 3, &w, fault);
        s->stale = err ? s->stale : (enum node_stale)w;
        return err;
    case METRICS:
        err = take_listen(value, &s->metrics, fault);
        s->metrics_on = s->metrics_on || !err;
        return err;
    case LISTEN:
    case LISTEN_TLS:
    case LISTEN_SCTP:
    case PEERS:
    case CONNECT:
    case CONNECT_TLS:
        break;
    }
    return add_each(s, k, value, fault);
}

enum err node_settings_set(struct node_settings *s, struct str section, struct str name,
                           struct str value, struct fault *fault)
{
    for (size_t i = 0; i < sizeof settings_known / sizeof *settings_known; i++) {
        const struct setting *k = &settings_known[i];
        if (!str_eq(section, str_z(k->section)) || !str_eq(name, str_z(k->name)))
            continue;
        enum err err = take(s, k, value, fault);
        if (err)
            fault_field(fault, "%.*s.%.*s", STR_ARG(section), STR_ARG(name));
        if (err)
            fault_value(fault, value.p, value.n);
        return err;
    }
    fault_field(fault, "%.*s.%.*s", STR_ARG(section), STR_ARG(name));
    return fault_set(fault, ERR_SETTING_UNKNOWN,
                     "known are what doc/operations.md lists for [node], [s13], [n5geir], [log], "
                     "[metrics]");
}

/* ---- the file ---- */

/* inih goes on behind a wrong line; we do not, so that the first fault is the one that is told. */
struct reading {
    struct node_settings *s;
    struct fault *fault;
    FILE *file;
    int line, err_line;
    enum err err;
};

/* inih's reader, as fgets: it counts lines as inih does. */
static char *next_line(char *out, int n, void *stream)
{
    struct reading *r = stream;
    r->line++;
    return r->err ? NULL : fgets(out, n, r->file);
}

/* inih's callback: 1 = taken, 0 = an error on this line. */
static int on_line(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    r->err = node_settings_set(r->s, str_z(section), str_z(name), str_z(value), r->fault);
    r->err_line = r->line;
    return r->err == ERR_OK;
}

enum err node_settings_read(struct node_settings *s, const char *path, struct fault *fault)
{
    struct reading r = {.s = s, .fault = fault, .file = fopen(path, "re")};
    int line = r.file ? ini_parse_stream(next_line, &r, on_line, &r) : -1;
    bool broken = r.file && ferror(r.file);
    int why = errno;
    if (r.file)
        fclose(r.file);
    bool no_setting = line > 0 && (!r.err || line < r.err_line);
    if (fault && no_setting)
        *fault = (struct fault){0};
    if (fault && (line || broken))
        str_copy(fault->file, sizeof fault->file, str_z(path));
    if (line < 0 || broken)
        return fault_set(fault, ERR_FILE_OPEN, "cannot read the settings: %s", strerror(why));
    if (line > 0 && fault)
        fault->line = (uint64_t)line;
    if (no_setting)
        return fault_set(fault, ERR_SETTING_VALUE, "want NAME = VALUE or [section]");
    return r.err;
}

/* ---- all together ---- */

static enum err wrong(struct fault *fault, const char *field, const char *detail)
{
    fault_field(fault, "%s", field);
    return fault_set(fault, ERR_SETTING_VALUE, "%s", detail);
}

static bool has_tls(const struct node_face *face)
{
    for (unsigned i = 0; i < face->listen_count; i++)
        if (face->listen[i].tls)
            return true;
    return false;
}

static enum err check_face(const struct node_face *face, const char *name, struct fault *fault)
{
    if (has_tls(face) && (!*face->certificate || !*face->tls_key))
        return wrong(fault, name, "tls_listen wants certificate and tls_key, PEM files");
    return ERR_OK;
}

/* Whom we call is believed by its certificate, so somebody must have signed it. */
static enum err check_connect(const struct node_settings *s, struct fault *fault)
{
    const struct node_face *face = &s->s13;
    bool whole = *face->certificate && *face->tls_key && *face->clients;
    for (unsigned i = 0; i < s->connect_count && !whole; i++)
        if (s->connect[i].tls)
            return wrong(fault, "s13.tls_connect",
                         "wants certificate, tls_key and clients, the authorities of the peer");
    return ERR_OK;
}

static bool on_loopback(const struct node_settings *s)
{
    for (unsigned i = 0; i < s->s13.listen_count; i++) {
        struct str address = str_z(s->s13.listen[i].address);
        if (!str_starts(address, STR("127.")) && !str_eq(address, STR("::1")))
            return false;
    }
    return s->connect_count == 0;
}

static void fill_in(struct node_settings *s)
{
    if (!*s->key && *s->directory)
        snprintf(s->key, sizeof s->key, "%.480s/node.key", s->directory);
    if (!on_loopback(s))
        return;
    if (!*s->identity)
        str_copy(s->identity, sizeof s->identity, STR("tamga-eir.localdomain"));
    if (!*s->realm)
        str_copy(s->realm, sizeof s->realm, STR("localdomain"));
    if (!s->peer_count)
        str_copy(s->peers[s->peer_count++], NODE_PEER, STR("*"));
}

enum err node_settings_check(struct node_settings *s, struct fault *fault)
{
    bool s13 = s->s13.listen_count || s->connect_count;
    fill_in(s);
    if (!*s->registry == !*s->snapshot)
        return wrong(fault, "node.registry",
                     "want the address of the register, or a snapshot to answer from: one of them");
    if (*s->registry && !*s->directory)
        return wrong(fault, "node.directory", "want where the node may keep what it follows");
    if (!*s->key)
        return wrong(fault, "node.key", "want the file that `tamga node add` made");
    if (!s13 && !s->n5geir.listen_count)
        return wrong(fault, "s13.listen", "want an address to answer on, of s13 or n5geir");
    if (s13 && (!*s->identity || !*s->realm))
        return wrong(fault, "s13.identity",
                     "want identity and realm, as peers shall know the node");
    if (s13 && !s->peer_count)
        return wrong(fault, "s13.peers", "want who may ask: names, *.REALM, or * for everybody");
    enum err err = check_face(&s->s13, "s13.certificate", fault);
    if (!err)
        err = check_connect(s, fault);
    return err ? err : check_face(&s->n5geir, "n5geir.certificate", fault);
}
