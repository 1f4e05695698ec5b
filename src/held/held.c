/* SPDX-License-Identifier: Apache-2.0 */
#include "held/held.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "app/batch.h"
#include "app/commit.h"
#include "held/inside.h"
#include "people/audit_log.h"
#include "seen/term.h"

enum { TRIES = 4, NOTE = 1024 };

static const struct store_row {
    const char *word;
    unsigned by;
    const char *why;
    enum err (*put)(struct held_run *run);
} stores[HELD_STORES] = {
#define X(name, word, by, why) {word, by, why, held_put_##name},
#define Z(name, word, why)     {word, 0, why, NULL},
#include "held/stores.def"
#undef X
#undef Z
};

/* What may be held elsewhere, and is not read here: for whoever asks next. */
static const struct {
    const char *what, *why;
} elsewhere[] = {
    {"backups", "a copy of the register as it was; what has gone since stands there"},
    {"checks", "the register keeps no list of checks; an EIR node may have a file of them"},
    {"lists_and_notices_sent", "what operators were sent stands with them"},
    {"papers",
     "only names, kinds and sizes are told; their bytes stand in the directory of papers"},
};

static const char *by_name(uint8_t by)
{
    return by == HELD_BY_IMEI     ? "imei"
           : by == HELD_BY_IMSI   ? "imsi"
           : by == HELD_BY_MSISDN ? "msisdn"
                                  : "person";
}

/* ---- the run ---- */

bool held_over(struct held_run *run)
{
    if (!run->err && run->ask->stop && *run->ask->stop)
        run->err = fault_set(run->fault, ERR_STOPPED, "nothing was given out");
    if (!run->err && run->out->err)
        run->err = run->out->err;
    return run->err != ERR_OK;
}

bool held_item(struct held_run *run, json_t *item)
{
    if (run->count++)
        out_text(run->out, ",");
    out_json(run->out, item);
    return !held_over(run);
}

bool held_remember(struct held_run *run, struct held_ids *ids, uint64_t id)
{
    if (ids->n == ids->size) {
        size_t size = ids->size ? 2 * ids->size : 64;
        uint64_t *p = realloc(ids->p, size * sizeof *p);
        if (!p) {
            run->err = ERR_MEMORY;
            return false;
        }
        ids->p = p;
        ids->size = size;
    }
    ids->p[ids->n++] = id;
    return true;
}

static bool take_party(void *ctx, const struct party *party)
{
    struct held_run *run = ctx;
    if (!party->name[0])
        return true;
    if (run->party_n == run->party_size) {
        size_t size = run->party_size ? 2 * run->party_size : 64;
        struct held_party *p = realloc(run->parties, size * sizeof *p);
        if (!p) {
            run->err = ERR_MEMORY;
            return false;
        }
        run->parties = p;
        run->party_size = size;
    }
    struct held_party *one = &run->parties[run->party_n++];
    *one = (struct held_party){.id = party->id, .kind = party->kind};
    str_copy(one->name, sizeof one->name, str_z(party->name));
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct held_party *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void want_text(struct held_run *run, const char *text)
{
    str_copy(run->texts[run->text_n++], HELD_TEXT, str_z(text));
}

/* What is looked for, as the register writes it. */
static void want(struct held_run *run)
{
    const struct held_ask *ask = run->ask;
    char text[HELD_TEXT];
    if (ask->by == HELD_BY_IMEI) {
        imei_format14(ask->imei, text);
        want_text(run, text);
        imei_format15(ask->imei, text);
        want_text(run, text);
    } else if (ask->by == HELD_BY_IMSI) {
        snprintf(text, sizeof text, "%" PRIu64, ask->imsi);
        want_text(run, text + 1);
    } else if (ask->by == HELD_BY_MSISDN) {
        want_text(run, ask->msisdn);
        want_text(run, ask->msisdn + 1);
    } else {
        want_text(run, ask->iin);
    }
    sodium_memzero(text, sizeof text);
}

enum err held_prepare(struct held_run *run)
{
    enum err err = store_parties(run->reg->store, take_party, run, run->fault);
    err = err ? err : run->err;
    if (!err && run->party_n)
        qsort(run->parties, run->party_n, sizeof *run->parties, by_id);
    if (!err)
        err = held_find_users(run);
    return err ? err : held_find_cases(run);
}

void held_run_release(struct held_run *run)
{
    struct held_ids *ids[] = {&run->applications, &run->complaints, &run->requests,
                              &run->uploads,      &run->numbers,    &run->entries};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        free(ids[i]->p);
    if (run->named)
        sodium_memzero(run->named, run->subscriber_n * sizeof *run->named);
    free(run->named);
    free(run->subscribers);
    free(run->parties);
    history_release(&run->history);
    sodium_memzero(run->texts, sizeof run->texts);
}

/* ---- the document ---- */

static json_t *asked_json(const struct held_ask *ask)
{
    json_t *value = ask->by == HELD_BY_IMEI     ? held_imei(ask->imei.body)
                    : ask->by == HELD_BY_IMSI   ? held_digits(ask->imsi)
                    : ask->by == HELD_BY_MSISDN ? json_string(ask->msisdn)
                                                : json_string(ask->iin);
    return json_pack("{s:s, s:o}", "by", by_name(ask->by), "value", value);
}

static json_t *head_json(const struct held_run *run)
{
    char id[2 * REGISTER_ID_BYTES + 1], hash[2 * SHA256_BYTES + 1];
    const struct held_ask *ask = run->ask;
    sodium_bin2hex(id, sizeof id, run->head.register_id, REGISTER_ID_BYTES);
    sha256_hex(run->head.hash, hash);
    daynum kept = term_first_day(&run->reg->rules, registry_today(run->reg));
    return json_pack("{s:o, s:o, s:s, s:{s:I, s:I}, s:{s:s, s:I}, s:o, s:s%, s:s, s:I}", "asked",
                     asked_json(ask), "at", held_instant(run->now_s), "actor", run->reg->actor_name,
                     "audit", "object", (json_int_t)run->asked, "subject", (json_int_t)run->order,
                     "journal", "hash", hash, "next_seq", (json_int_t)run->head.next_seq,
                     "networks_kept_from", kept > DAYNUM_FIRST ? held_day(kept) : json_null(),
                     "order", ask->order.p, ask->order.n, "register", id, "rules",
                     (json_int_t)run->head.rules);
}

static json_t *looked_json(const struct held_run *run, unsigned i)
{
    const struct store_row *row = &stores[i];
    return row->by & run->ask->by
               ? json_pack("{s:s, s:b, s:I}", "store", row->word, "looked", 1, "items",
                           (json_int_t)run->items[i])
               : json_pack("{s:s, s:b, s:s}", "store", row->word, "looked", 0, "why", row->why);
}

static enum err sections(struct held_run *run)
{
    bool first = true;
    enum err err = ERR_OK;
    out_text(run->out, ",\"held\":{");
    for (unsigned i = 0; !err && i < HELD_STORES; i++) {
        if (!(stores[i].by & run->ask->by))
            continue;
        out_text(run->out, first ? "\"" : ",\"");
        out_text(run->out, stores[i].word);
        out_text(run->out, "\":[");
        run->count = 0;
        err = stores[i].put(run);
        err = err ? err : run->err;
        run->items[i] = run->count;
        out_text(run->out, "]");
        first = false;
        if (run->ask->progress)
            run->ask->progress(run->ask->progress_ctx, i + 1, HELD_STORES);
    }
    out_text(run->out, "}");
    return err;
}

static enum err document(struct held_run *run)
{
    out_text(run->out, "{\"format\":\"tamga-held/1\",\"head\":");
    out_json(run->out, head_json(run));
    enum err err = sections(run);
    out_text(run->out, ",\"looked_at\":[");
    for (unsigned i = 0; !err && i < HELD_STORES; i++) {
        out_text(run->out, i ? "," : "");
        out_json(run->out, looked_json(run, i));
    }
    out_text(run->out, "],\"not_here\":[");
    for (size_t i = 0; !err && i < sizeof elsewhere / sizeof *elsewhere; i++) {
        out_text(run->out, i ? "," : "");
        out_json(run->out,
                 json_pack("{s:s, s:s}", "what", elsewhere[i].what, "why", elsewhere[i].why));
    }
    out_text(run->out, "]}\n");
    return err ? err : run->out->err;
}

/* One moment, and the rules that were in force at it. */
static enum err moment(struct held_run *run)
{
    enum err err = ERR_OK;
    for (int i = 0; i < TRIES; i++) {
        err = registry_refresh(run->reg, run->fault);
        if (!err)
            err = store_read_begin(run->reg->store, run->fault);
        if (err)
            return err;
        err = store_head(run->reg->store, &run->head, run->fault);
        if (!err && run->head.rules == run->reg->head.rules)
            return ERR_OK;
        store_read_end(run->reg->store);
        if (err)
            return err;
    }
    return fault_set(run->fault, ERR_STORE_BUSY, "the rules change all the time");
}

static enum err read_all(struct held_run *run)
{
    enum err err = moment(run);
    if (err)
        return err;
    err = held_prepare(run);
    if (!err)
        err = document(run);
    store_read_end(run->reg->store);
    if (err == ERR_MEMORY)
        fault_set(run->fault, err, "no memory for what is held");
    return err;
}

static void sum_up(const struct held_run *run, struct held_result *out)
{
    for (unsigned i = 0; i < HELD_STORES; i++) {
        if (!(stores[i].by & run->ask->by))
            continue;
        out->looked++;
        out->empty += !run->items[i];
        if (i != HELD_verdict && i != HELD_audit_log)
            out->items += run->items[i];
    }
    out->bytes = run->out->bytes;
}

/* ---- who was given what ---- */

struct telling {
    const struct held_ask *ask;
    const struct held_result *result;
    enum err outcome;
};

static enum err tell(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct telling *t = c->ctx;
    const struct held_result *r = t->result;
    char note[NOTE], sha[2 * SHA256_BYTES + 1] = "";
    int64_t now_ms = clock_now_us(reg->clock) / 1000;
    bool given = !t->outcome || t->outcome == ERR_NOT_FOUND;
    const struct audit_event event = {.what = AUDIT_EXPORT,
                                      .actor = reg->actor,
                                      .subject = r->order,
                                      .object = r->asked,
                                      .outcome = t->outcome,
                                      .time_ms = now_ms};
    if (given)
        sha256_hex(r->sha256, sha);
    int n = snprintf(note, sizeof note,
                     "export by %s %016" PRIx64 ", order %.*s: %s, %" PRIu64 " items%s%s%s%s",
                     by_name(t->ask->by), r->asked, STR_ARG(t->ask->order),
                     given ? "given" : err_name(t->outcome), r->items, given ? ", sha256 " : "",
                     sha, t->ask->reason ? ": " : "", t->ask->reason ? t->ask->reason : "");
    enum err err = audit_log_put(reg, &event, 1, fault);
    return err ? err
               : store_note_put(
                     reg->store, 0, now_ms, reg->actor,
                     (struct str){note, (size_t)n < sizeof note ? (size_t)n : sizeof note - 1},
                     fault);
}

static enum err note(struct registry *reg, const struct held_ask *ask,
                     const struct held_result *result, enum err outcome, struct fault *fault)
{
    struct telling telling = {ask, result, outcome};
    struct commit_case c = {.also = tell, .ctx = &telling};
    return commit_one(reg, &c, fault);
}

/* A keyed mark: whoever has the number and the register's key can make it again. */
static uint64_t mark(const struct registry *reg, const char *of, struct str text)
{
    uint8_t said[16 + LIMIT_DOCUMENT], mac[SHA256_BYTES];
    size_t n = strlen(of), m = text.n < LIMIT_DOCUMENT ? text.n : LIMIT_DOCUMENT;
    memcpy(said, of, n + 1);
    memcpy(said + n + 1, text.p, m);
    sha256_hmac(reg->keys.party, said, n + 1 + m, mac);
    sodium_memzero(said, sizeof said);
    uint64_t id = get_be(mac, 8) >> 1;
    return id ? id : 1;
}

/* Does the database show this login all records? Row security hides what it does not, without a word; it refuses to write
 * them aloud. So a record of people is put and taken away again in one transaction. */
static enum err write_and_drop(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    static const enum record_kind kinds[] = {RECORD_CASE, RECORD_PERSON, RECORD_SEEN_SUBSCRIBERS,
                                             RECORD_NOTICES};
    enum err err = ERR_OK;
    (void)c;
    for (size_t i = 0; !err && i < sizeof kinds / sizeof *kinds; i++) {
        struct record_key key = record_key_of(kinds[i], 0);
        err = record_put(reg, &key, STR("?"), fault);
        if (!err)
            err = record_drop(reg, &key, fault);
    }
    return err;
}

static enum err sees_all(struct registry *reg, struct fault *fault)
{
    struct commit_case c = {.also = write_and_drop};
    return commit_one(reg, &c, fault);
}

static enum err give(struct held_run *run, struct held_result *result)
{
    enum err err = read_all(run);
    if (!err)
        err = out_whole(run->out, result->sha256, run->fault);
    if (err)
        return err;
    sum_up(run, result);
    /* The event before the name: nobody has the file without it. */
    err = note(run->reg, run->ask, result, result->items ? ERR_OK : ERR_NOT_FOUND, run->fault);
    return err ? err : out_publish(run->out, run->fault);
}

enum err held_export(struct registry *reg, const struct held_ask *ask, struct held_result *out,
                     struct fault *fault)
{
    struct held_result result = {0};
    struct out file = {.fd = -1};
    struct held_run run = {.reg = reg,
                           .ask = ask,
                           .out = &file,
                           .fault = fault,
                           .now_s = clock_now_us(reg->clock) / 1000000};
    if (!ask->order.n || ask->order.n > LIMIT_DOCUMENT || !str_printable(ask->order))
        return fault_set(fault, ERR_ONE_LINE,
                         "the order is 1 to %d bytes of plain text on one line", LIMIT_DOCUMENT);
    want(&run);
    if (ask->by == HELD_BY_PERSON)
        run.party = registry_party_id(reg, PARTY_PERSON, str_z(ask->iin));
    result.asked = run.asked =
        run.party ? run.party : mark(reg, by_name(ask->by), str_z(run.texts[0]));
    result.order = run.order = mark(reg, "order", ask->order);
    enum err err = batch_by_staff(reg, fault);
    if (err == ERR_ACTOR)
        fault_set(fault, err,
                  "what is held is given out to a staff account alone: say who you are with "
                  "--actor NAME (`user add` makes one)");
    if (!err)
        err = sees_all(reg, fault);
    if (!err)
        err = out_open(&file, ask->path, fault);
    if (!err)
        err = give(&run, &result);
    if (err) {
        enum err told = note(reg, ask, &result, err, NULL);
        if (told && fault && !fault->detail[0])
            fault_set(fault, err, "and the audit log could not be told: %s", err_name(told));
    }
    out_close(&file);
    held_run_release(&run);
    if (!err)
        *out = result;
    return err;
}
