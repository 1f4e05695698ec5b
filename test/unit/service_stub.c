/* SPDX-License-Identifier: Apache-2.0 */
#include "service_stub.h"

#include "app/feed.h"
#include "app/intake.h"
#include "app/notices_desk.h"
#include "app/observe.h"
#include "app/samples.h"

static struct sha256_key key_of_tests(void)
{
    static const uint8_t bytes[SHA256_BYTES] = "a key of tests";
    struct sha256_key key;
    sha256_key_init(&key, bytes);
    return key;
}
enum { NOON = 43200 };

void service_stub_init(struct service *s, daynum today)
{
    *s = (struct service){.today = today, .store_ok = true, .tac_known = true};
    rules_init(&s->rules);
    s->verdict = (struct verdict){
        .deadline = DAYNUM_NONE,
        .valid_through = DAYNUM_OPEN,
    };
}

enum err service_check(struct service *s, struct str typed, uint64_t imsi, struct checked *out)
{
    struct checked c = {.today = s->today, .now_s = (int64_t)s->today * 86400 + NOON, .rules = 7};
    s->checks++;
    s->imsi = imsi;
    enum err err = imei_parse_typed(typed, &c.imei);
    if (!err)
        err = s->err;
    if (err)
        return err;
    struct asking asking = {imsi, imsi != 0};
    c.answer = answer_make(&s->verdict, imsi ? &asking : NULL, &s->rules);
    c.tac_known = s->tac_known;
    if (s->tac_known) {
        c.brand = STR("Brand & <Sons>");
        c.model = STR("Model \"1\"");
    }
    struct check_number n = {(c.now_s - CHECK_NUMBER_EPOCH) / 60, c.answer.reason, c.answer.served};
    const struct sha256_key key = key_of_tests();
    check_number_make(&key, c.imei, &n, c.number);
    *out = c;
    return ERR_OK;
}

/* The keys of tests: "good", "batch", "expired", "revoked", "none" (no scope), "node" (feed), and signers of the same
 * names. */
static enum err caller_named(struct str name, struct caller *out)
{
    static const struct {
        struct str name;
        struct caller caller;
    } rows[] = {
        {STR("good"), {1, API_SCOPE_CHECK, ERR_OK, ""}},
        {STR("batch"), {2, API_SCOPE_CHECK | API_SCOPE_CHECK_BATCH, ERR_OK, ""}},
        {STR("expired"), {3, API_SCOPE_CHECK, ERR_KEY_EXPIRED, ""}},
        {STR("revoked"), {4, API_SCOPE_CHECK, ERR_KEY_REVOKED, ""}},
        {STR("none"), {5, 0, ERR_OK, ""}},
        {STR("node"), {6, API_SCOPE_FEED, ERR_OK, ""}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (str_eq(name, rows[i].name)) {
            *out = rows[i].caller;
            return ERR_OK;
        }
    return ERR_KEY;
}

enum err service_bearer(struct service *s, struct str text, struct caller *out)
{
    (void)s;
    return caller_named(text, out);
}

enum err service_certificate(struct service *s, struct str certificate, struct caller *out)
{
    (void)s;
    return caller_named(certificate, out);
}

enum err service_signer(struct service *s, struct str id, struct caller *out,
                        uint8_t out_secret[API_KEY_BYTES])
{
    (void)s;
    memset(out_secret, 7, API_KEY_BYTES);
    return caller_named(id, out);
}

bool service_check_number(struct service *s, struct str number, struct check_number *out)
{
    (void)s;
    const struct sha256_key key = key_of_tests();
    return check_number_read(&key, number, NULL, out);
}

struct service_health service_health(struct service *s)
{
    return (struct service_health){
        .store_ok = s->store_ok,
        .stale_ms = s->store_ok ? 3 : 60000,
        .lag_ms = 120,
        .behind = 7,
        .seq = 41,
        .imeis = 9,
        .rules = 7,
        .today = s->today,
        .expire_through = s->today - 1,
    };
}

const struct rules *service_rules(struct service *s)
{
    return &s->rules;
}

daynum service_local(struct service *s, int64_t utc_seconds, char out_hhmm[6])
{
    (void)s;
    int64_t local = utc_seconds + 5 * 3600;
    unsigned minutes = (unsigned)(local % 86400 / 60) % 1440;
    snprintf(out_hhmm, 6, "%02u:%02u", minutes / 60 % 24, minutes % 60);
    return (daynum)(local / 86400);
}

const struct sample *sample_get(size_t i)
{
    static const struct sample samples[] = {
        {"clone_pair", "490154203237518", "401011234567890", REASON_CLONE},
        {"mistyped", "490154203237519", NULL, REASON_COUNT},
    };
    return i < sizeof samples / sizeof samples[0] ? &samples[i] : NULL;
}

enum list sample_list(const struct sample *sample)
{
    return sample == sample_get(0) ? LIST_WHITE : reason_list(sample->expect);
}

/* ---- followers from afar: the stub's store is away ---- */

struct service_news service_news(struct service *s)
{
    (void)s;
    return (struct service_news){42, 0, 0};
}

enum err service_reader(struct service *s, struct registry **out, struct fault *fault)
{
    (void)s;
    (void)out;
    return fault_set(fault, ERR_STORE_AWAY, "a stub has no store");
}

void service_reader_back(struct service *s, struct registry *reader)
{
    (void)s;
    (void)reader;
}

struct lists_desk *service_lists(struct service *s)
{
    (void)s;
    return NULL;
}

enum err lists_desk_open(struct lists_desk *desk, const struct lists_desk_ask *ask,
                         struct lists_desk_file *out, struct fault *fault)
{
    (void)desk;
    (void)ask;
    (void)out;
    return fault_set(fault, ERR_STORE_AWAY, "a stub has no store");
}

enum err lists_desk_receipt(struct lists_desk *desk, const struct lists_receipt *receipt,
                            struct lists_standing *out, struct fault *fault)
{
    (void)desk;
    (void)receipt;
    (void)out;
    return fault_set(fault, ERR_STORE_AWAY, "a stub has no store");
}

size_t lists_desk_standings(struct lists_desk *desk, struct lists_standing *out, size_t most)
{
    (void)desk;
    (void)out;
    (void)most;
    return 0;
}

uint64_t lists_desk_unnamed(struct lists_desk *desk)
{
    (void)desk;
    return 0;
}

int64_t lists_desk_unseen_s(struct lists_desk *desk)
{
    (void)desk;
    return 0;
}

const char *lists_kind_name(uint8_t kind)
{
    (void)kind;
    return "black";
}

uint8_t lists_kind_find(struct str name)
{
    return str_eq(name, STR("black")) ? LISTS_BLACK : LISTS_NONE;
}

uint64_t lists_desk_seq(struct lists_desk *desk, uint8_t kind)
{
    (void)desk;
    (void)kind;
    return 0;
}

bool lists_pack_find(struct str name, enum lists_pack *out)
{
    *out = LISTS_PLAIN;
    return str_eq(name, STR("plain"));
}

struct snapshots *service_snapshots(struct service *s)
{
    (void)s;
    return NULL;
}

enum err snapshots_open(struct snapshots *snapshots, const struct snapshot_ask *ask,
                        struct snapshot *out, struct fault *fault)
{
    (void)snapshots;
    (void)ask;
    (void)out;
    return fault_set(fault, ERR_NOT_NOW, "a stub has no snapshot");
}

struct snapshots_kept snapshots_kept(struct snapshots *snapshots)
{
    (void)snapshots;
    return (struct snapshots_kept){0};
}

enum err snapshots_named(struct snapshots *snapshots, struct str name, struct snapshot *out,
                         struct fault *fault)
{
    (void)snapshots;
    (void)name;
    (void)out;
    return fault_set(fault, ERR_NOT_FOUND, "a stub has no snapshot");
}

struct segments *service_segments(struct service *s)
{
    (void)s;
    return NULL;
}

enum err segments_list(struct segments *segments, struct registry *registry, uint64_t next_seq,
                       struct buf *out, struct fault *fault)
{
    (void)segments;
    (void)registry;
    (void)next_seq;
    (void)out;
    return fault_set(fault, ERR_NOT_NOW, "a stub has no segments");
}

enum err segments_open(struct segments *segments, struct registry *registry, struct str name,
                       bool packed, struct snapshot *out, struct fault *fault)
{
    (void)segments;
    (void)registry;
    (void)name;
    (void)packed;
    (void)out;
    return fault_set(fault, ERR_NOT_FOUND, "a stub has no segments");
}

bool feed_cursor_parse(struct str text, struct feed_cursor *out)
{
    *out = (struct feed_cursor){.next_seq = 42};
    return str_eq(text, STR("42-0123456789abcdef"));
}

enum err feed_read(struct registry *registry, const struct feed_ask *ask, struct buf *out,
                   struct feed_given *out_given, struct fault *fault)
{
    (void)registry;
    (void)ask;
    (void)out;
    (void)out_given;
    return fault_set(fault, ERR_STORE_AWAY, "a stub has no store");
}

enum err feed_tac_list(struct registry *registry, uint32_t number, struct buf *out,
                       struct fault *fault)
{
    (void)registry;
    (void)number;
    (void)out;
    return fault_set(fault, ERR_STORE_AWAY, "a stub has no store");
}

enum err observe(struct observer *observer, uint32_t key, struct sighting *sightings, size_t n,
                 struct fault *fault)
{
    (void)observer;
    (void)key;
    for (size_t i = 0; i < n; i++)
        sightings[i].is = OBSERVED_TAKEN;
    (void)fault;
    return ERR_OK;
}

/* ---- operators: nobody's rows come in, nobody is told ---- */

enum err intake_begin(struct intake *intake, struct str operator_name, struct intake_upload **out,
                      struct fault *fault)
{
    (void)intake;
    (void)operator_name;
    (void)out;
    return fault_set(fault, ERR_CROWDED, "a stub has no place");
}

enum err intake_add(struct intake_upload *upload, const void *p, size_t n, struct fault *fault)
{
    (void)upload;
    (void)p;
    (void)n;
    return fault_set(fault, ERR_STOPPED, "a stub takes nothing");
}

void intake_drop(struct intake_upload *upload)
{
    (void)upload;
}

enum err intake_load(struct intake_upload *upload, uint32_t key, struct intake_result *out,
                     struct fault *fault)
{
    (void)upload;
    (void)key;
    (void)out;
    return fault_set(fault, ERR_STORE_AWAY, "a stub has no store");
}

enum err intake_look(struct intake *intake, const struct intake_asker *asker,
                     struct intake_look **out, struct fault *fault)
{
    (void)intake;
    (void)asker;
    (void)out;
    return fault_set(fault, ERR_NOT_FOUND, "a stub has no lists of bad rows");
}

uint64_t intake_look_bytes(const struct intake_look *look)
{
    (void)look;
    return 0;
}

enum err intake_look_read(struct intake_look *look, uint64_t at, void *to, size_t n, size_t *out_n)
{
    (void)look;
    (void)at;
    (void)to;
    (void)n;
    (void)out_n;
    return ERR_NOT_FOUND;
}

void intake_look_end(struct intake_look *look)
{
    (void)look;
}

enum err notices_desk_words(struct notices_desk *desk, const char *operator_name,
                            struct notices_word *words, size_t n, struct fault *fault)
{
    (void)desk;
    (void)operator_name;
    (void)words;
    (void)n;
    return fault_set(fault, ERR_STORE_AWAY, "a stub has no store");
}

enum err notices_desk_list(struct notices_desk *desk, const char *operator_name,
                           const struct feed_cursor *since, enum lists_pack pack,
                           struct notices_desk_file *out, struct fault *fault)
{
    (void)desk;
    (void)operator_name;
    (void)since;
    (void)pack;
    (void)out;
    return fault_set(fault, ERR_STORE_AWAY, "a stub has no store");
}

size_t notices_desk_figures(struct notices_desk *desk, struct notices_figure *out, size_t most)
{
    (void)desk;
    (void)out;
    (void)most;
    return 0;
}
