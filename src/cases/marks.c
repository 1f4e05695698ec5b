/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/marks.h"

#include <stdlib.h>

#include "app/audit.h"
#include "app/batch_part.h"
#include "people/account.h"
#include "people/record.h"

enum err mark_body(struct registry *reg, const struct session *who, struct mark_body *out,
                   struct fault *fault)
{
    struct account account;
    enum err err = account_get(reg, who->party, &account, fault);
    if (err == ERR_NOT_FOUND || (!err && !*account.body))
        err = fault_set(fault, ERR_NO_BODY, "tamga user password NAME --role police --body BODY");
    if (err)
        return err;
    *out = (struct mark_body){registry_party_id(reg, PARTY_BODY, str_z(account.body)), "",
                              account.marks};
    str_copy(out->name, sizeof out->name, str_z(account.body));
    explicit_bzero(&account, sizeof account);
    return ERR_OK;
}

/* ---- what would become of each ---- */

static enum err wish_check(struct registry *reg, const struct mark_body *body,
                           const struct marking *w, struct fault *fault)
{
    daynum today = registry_today(reg), from = w->from == DAYNUM_NONE ? today : w->from;
    if (!w->count || w->count > MARKS_AT_ONCE) {
        fault_field(fault, "imeis");
        return fault_set(fault, ERR_TOO_MANY, "1 to %d IMEIs at once", MARKS_AT_ONCE);
    }
    if (!(body->marks >> w->kind & 1)) {
        fault_field(fault, "mark");
        return fault_set(fault, ERR_MARK_KIND, "this body does not set it");
    }
    if (!w->resume && (w->last < from || w->last < today)) {
        fault_field(fault, "until");
        return fault_set(fault, ERR_DATE, "the last day lies before the first, or before today");
    }
    return ERR_OK;
}

static struct change change_of(struct registry *reg, const struct mark_body *body,
                               const struct marking *w, struct imei imei)
{
    return (struct change){.imei = imei,
                           .kind = w->resume ? CHANGE_MARK_CLEARED : CHANGE_MARK_SET,
                           .mark = {.kind = w->kind,
                                    .setter = body->party,
                                    .from = w->resume                ? 0
                                            : w->from == DAYNUM_NONE ? registry_today(reg)
                                                                     : w->from,
                                    .last = w->resume ? 0 : w->last}};
}

static void look_at(struct registry *reg, const struct change *change, struct mark_look *look)
{
    struct facts after = look->facts;
    bool changed = false;
    look->refused = change_apply(&after, change, &changed);
    look->lifts =
        !look->refused && (change->kind == CHANGE_MARK_CLEARED ||
                           suspend_lifts(&look->facts, &change->mark, registry_today(reg)));
    look->then = look->now;
    if (!look->refused)
        look->then = policy_judge_gated(look->imei, &after, &reg->rules, registry_today(reg),
                                        reg->head.gate.expire_through);
}

enum err marks_preview(struct registry *reg, const struct mark_body *body, const struct marking *w,
                       struct mark_look *looks, bool *out_waits, struct fault *fault)
{
    bool lifts = false, two = false;
    enum err err = wish_check(reg, body, w, fault);
    for (size_t i = 0; !err && i < w->count; i++) {
        const struct change change = change_of(reg, body, w, w->imeis[i]);
        looks[i] = (struct mark_look){.imei = w->imeis[i]};
        err = registry_check(reg, w->imeis[i], &looks[i].now, &looks[i].facts, fault);
        if (!err)
            look_at(reg, &change, &looks[i]);
        lifts = lifts || looks[i].lifts;
    }
    if (!err && lifts)
        err = batch_two_person(reg, &two, fault);
    *out_waits = lifts && two;
    return err;
}

/* ---- doing it, once ---- */

/* A wish under its key: the record holds a digest of it, and what became of it. */
struct once {
    struct record_key key;
    uint8_t digest[SHA256_BYTES];
    struct str idempotency;
    const struct batch_result *result;
};
enum { ONCE_VALUE = SHA256_BYTES + 3 * 8 };

static enum err once_begin(const struct registry *reg, const struct session *who,
                           const struct marking *w, struct once *out)
{
    uint8_t mac[SHA256_BYTES];
    struct buf said = {0};
    struct sha256 *sha = sha256_new();
    buf_uint(&said, w->resume, 1);
    buf_uint(&said, w->kind, 1);
    buf_uint(&said, (uint32_t)w->from, 4);
    buf_uint(&said, (uint32_t)w->last, 4);
    for (size_t i = 0; i < w->count; i++)
        buf_uint(&said, w->imeis[i].body, 8);
    buf_uint(&said, w->order.n, 4);
    buf_put(&said, w->order.p, w->order.n);
    bool ready = sha && !said.failed;
    out->idempotency = w->idempotency;
    sha256_hmac(reg->keys.receipt, w->idempotency.p, w->idempotency.n, mac);
    out->key = record_key_of(RECORD_IDEMPOTENCY, who->party);
    record_key_bytes(&out->key, mac, 16);
    if (ready) {
        sha256_begin(sha);
        sha256_add(sha, said.p, said.n);
        sha256_end(sha, out->digest);
    }
    sha256_free(sha);
    buf_release(&said);
    return ready ? ERR_OK : ERR_MEMORY;
}

static enum err once_find(struct registry *reg, const struct once *once, struct marked *out,
                          struct fault *fault)
{
    struct buf value = {0};
    bool found = false;
    enum err err =
        once->idempotency.n ? record_find(reg, &once->key, &value, &found, fault) : ERR_OK;
    if (!err && found) {
        bool same = value.n == ONCE_VALUE && memcmp(value.p, once->digest, SHA256_BYTES) == 0;
        if (same)
            *out = (struct marked){true, get_be(value.p + SHA256_BYTES, 8),
                                   get_be(value.p + SHA256_BYTES + 8, 8),
                                   get_be(value.p + SHA256_BYTES + 16, 8)};
        else
            err = fault_set(fault, ERR_IDEMPOTENCY, "this key was used for something else");
    }
    buf_release(&value);
    return err;
}

/* In the transaction: nobody has done it meanwhile. */
static enum err once_stands(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct once *once = c->ctx;
    bool found = false;
    enum err err = once->idempotency.n ? record_find(reg, &once->key, NULL, &found, fault) : ERR_OK;
    return err ? err : found ? ERR_STALE : ERR_OK;
}

static enum err once_put(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct once *once = c->ctx;
    uint8_t value[ONCE_VALUE];
    if (!once->idempotency.n)
        return ERR_OK;
    bool proposed = c->entry.event == EVENT_PROPOSED;
    memcpy(value, once->digest, SHA256_BYTES);
    put_be(value + SHA256_BYTES, proposed ? once->result->id : 0, 8);
    put_be(value + SHA256_BYTES + 8, proposed ? 0 : c->seq, 8);
    put_be(value + SHA256_BYTES + 16, proposed ? 0 : c->rows, 8);
    return record_put(reg, &once->key, (struct str){(char *)value, sizeof value}, fault);
}

static enum err do_once(struct registry *hand, const struct mark_body *body,
                        const struct marking *w, struct once *once, struct marked *out,
                        struct fault *fault)
{
    char note[LIMIT_REASON + 1];
    struct batch_result result = {0};
    str_copy(note, sizeof note, w->note);
    once->result = &result;
    const struct suspension s = {.kind = w->kind,
                                 .body = str_z(body->name),
                                 .order = w->order,
                                 .from = w->from,
                                 .last = w->last,
                                 .reason = *note ? note : NULL,
                                 .ask = once_stands,
                                 .also = once_put,
                                 .ctx = once};
    enum err err = w->resume ? resume(hand, &s, w->imeis, w->count, &result, fault)
                             : suspend(hand, &s, w->imeis, w->count, &result, fault);
    if (err == ERR_HELD && result.proposed)
        err = ERR_OK;
    if (err == ERR_NOT_SETTER) /* whose it is, is no other body's affair */
        err = fault_set(fault, err, "only the body that set the mark lifts it");
    *out = (struct marked){.proposal = result.proposed ? result.id : 0,
                           .entry = result.proposed ? 0 : result.seq,
                           .moved = result.proposed ? 0 : result.rows};
    return err;
}

enum err marks_do(struct registry *hand, const struct session *who, const struct mark_body *body,
                  const struct marking *w, struct marked *out, struct fault *fault)
{
    enum { TRIES = 3 };
    struct once once;
    struct marked made = {0};
    enum err err = registry_refresh(hand, fault);
    if (!err)
        err = wish_check(hand, body, w, fault);
    if (!err && w->note.n > LIMIT_REASON) {
        fault_field(fault, "note");
        err = fault_set(fault, ERR_TOO_LONG, "at most %d bytes", LIMIT_REASON);
    }
    if (!err)
        err = once_begin(hand, who, w, &once);
    if (err)
        return err;
    err = ERR_STALE;
    for (int i = 0; err == ERR_STALE && i < TRIES; i++) {
        err = once_find(hand, &once, &made, fault);
        if (!err && !made.again)
            err = do_once(hand, body, w, &once, &made, fault);
    }
    if (err == ERR_NAME)
        fault_field(fault, "order");
    if (!err)
        *out = made;
    return err;
}

/* ---- what stands ---- */

enum { LIST_LOOK = 4 * MARKS_PAGE }; /* of a filter that most do not pass: the page is short then */

struct listing {
    uint8_t kind;
    struct listed_mark found[LIST_LOOK];
    size_t n;
};

/* A mark's days are its facts'; they are looked at after the list was read. */
static bool list_one(void *ctx, const struct listed_mark *m)
{
    struct listing *l = ctx;
    if (!l->kind || l->kind == m->kind)
        l->found[l->n++] = *m;
    return l->n < LIST_LOOK;
}

static enum err row_of(struct registry *reg, const struct listed_mark *m, struct mark_row *out,
                       struct fault *fault)
{
    struct facts facts;
    *out = (struct mark_row){.mark = *m, .from = DAYNUM_NONE, .last = DAYNUM_NONE};
    enum err err = registry_check(reg, m->imei, &out->now, &facts, fault);
    for (unsigned i = 0; !err && i < facts.mark_count; i++)
        if (facts.marks[i].kind == m->kind && facts.marks[i].setter == m->setter) {
            out->from = facts.marks[i].from;
            out->last = facts.marks[i].last;
            out->standing = out->last >= registry_today(reg);
        }
    return err ? err : audit_entry(reg, m->entry, &out->entry, fault);
}

enum err marks_list(struct registry *reg, const struct mark_body *body,
                    const struct mark_filter *filter, struct mark_row *out, size_t *out_n,
                    uint64_t *out_next, struct fault *fault)
{
    struct listing l = {.kind = filter->kind};
    size_t n = 0, i = 0;
    enum err err = mark_list(reg, body->party, filter->before, list_one, &l, fault);
    for (; !err && i < l.n && n < MARKS_PAGE; i++) {
        err = row_of(reg, &l.found[i], &out[n], fault);
        n += !err && (!filter->standing || out[n].standing);
    }
    *out_n = n;
    *out_next = !err && (i < l.n || l.n == LIST_LOOK) ? l.found[i - 1].seq : 0;
    return err;
}

struct history {
    const struct mark_body *body;
    struct mark_event *out;
    size_t n, seen;
};

static bool history_one(void *ctx, const struct audit_line *line)
{
    enum { WALK_MOST = 1000 }; /* rows of one IMEI */
    struct history *h = ctx;
    const struct change *c = &line->item.row.change;
    bool cleared = c->kind == CHANGE_MARK_CLEARED;
    if ((cleared || c->kind == CHANGE_MARK_SET) && c->mark.setter == h->body->party)
        h->out[h->n++] = (struct mark_event){cleared, c->mark, line->entry, line->seq};
    return h->n < MARKS_PAGE && ++h->seen < WALK_MOST;
}

enum err marks_history(struct registry *reg, const struct mark_body *body, struct imei imei,
                       struct mark_event *out, size_t *out_n, struct fault *fault)
{
    struct history h = {body, out, 0, 0};
    enum err err = audit_history(reg, imei, history_one, &h, fault);
    *out_n = h.n;
    return err;
}

/* ---- what waits for a second person ---- */

struct proposals {
    const struct mark_body *body;
    uint64_t *out;
    size_t n;
};

static bool is_ours(const struct batch *b, const struct mark_body *body)
{
    return b->state == BATCH_PROPOSED && b->entry.party == body->party &&
           (b->entry.event == EVENT_RESUMED || b->entry.event == EVENT_SUSPENDED);
}

static bool proposal_one(void *ctx, const struct batch *b)
{
    struct proposals *p = ctx;
    if (is_ours(b, p->body))
        p->out[p->n++] = b->id;
    return p->n < MARKS_PAGE;
}

enum err marks_proposals(struct registry *reg, const struct mark_body *body,
                         uint64_t out[MARKS_PAGE], size_t *out_n, struct fault *fault)
{
    struct proposals p = {body, out, 0};
    enum err err = store_batches(reg->store, proposal_one, &p, fault);
    *out_n = p.n;
    return err;
}

enum err marks_proposal(struct registry *reg, const struct mark_body *body, uint64_t id,
                        struct batch *out, struct imei *imeis, size_t *out_n, struct fault *fault)
{
    struct buf rules = {0};
    struct change *changes = malloc(BATCH_PART_CHANGES * sizeof *changes);
    size_t n = 0;
    enum err err = changes ? batch_look(reg, id, out, changes, &n, &rules, fault) : ERR_MEMORY;
    if (!err && !is_ours(out, body))
        err = fault_set(fault, ERR_NO_PROPOSAL, "no proposal of this body");
    for (size_t i = 0; !err && i < n && i < MARKS_AT_ONCE; i++)
        imeis[i] = changes[i].imei;
    *out_n = err ? 0 : out->count;
    buf_release(&rules);
    free(changes);
    return err;
}

enum err marks_confirm(struct registry *hand, const struct mark_body *body, uint64_t id,
                       struct batch_result *out, struct fault *fault)
{
    struct batch batch;
    struct imei imeis[MARKS_AT_ONCE];
    size_t n;
    enum err err = marks_proposal(hand, body, id, &batch, imeis, &n, fault);
    return err ? err : batch_confirm(hand, id, out, fault);
}

enum err marks_reject(struct registry *hand, const struct mark_body *body, uint64_t id,
                      struct fault *fault)
{
    struct batch batch;
    struct imei imeis[MARKS_AT_ONCE];
    size_t n;
    enum err err = marks_proposal(hand, body, id, &batch, imeis, &n, fault);
    return err ? err : batch_reject(hand, id, fault);
}
