/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/paper.h"

#include <stdlib.h>

#include <sodium.h>

#include "cases/paper_kind.h"
#include "cases/paper_record.h"
#include "cases/demand.h"

/* ---- adding ---- */

struct adding {
    struct paper paper;
    uint8_t name[PAPER_FILE_NAME];
    uint64_t most;
};

/* What is within limits beside what stands: of the day, and of the place. */
static enum err has_room(struct registry *reg, const struct adding *a, struct fault *fault)
{
    uint64_t total = 0, day_bytes = 0;
    size_t day_count = 0;
    bool used = false;
    enum err err =
        paper_day(reg, a->paper.owner, a->paper.is.added_s, &day_bytes, &day_count, fault);
    if (!err &&
        (day_count >= LIMIT_PAPERS_DAY || day_bytes + a->paper.is.bytes > LIMIT_PAPERS_DAY_BYTES))
        err = fault_set(fault, ERR_PAPERS_DAY, "%zu papers within a day", day_count);
    if (!err)
        err = paper_used(reg, a->name, &used, fault);
    if (!err)
        err = paper_total(reg, &total, fault);
    if (!err && !used && total + a->paper.is.bytes > a->most)
        err = fault_set(fault, ERR_PAPERS_FULL, "all papers together: at most %llu bytes",
                        (unsigned long long)a->most);
    return err;
}

static enum err ask_room(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    return has_room(reg, c->ctx, fault);
}

static enum err write_new(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct adding *a = c->ctx;
    return paper_put_new(reg, &a->paper, a->name, fault);
}

/* File first, then record, while nobody may throw files away. */
static enum err store(const struct office *office, const struct paper_place *place,
                      struct adding *a, struct str bytes, struct fault *fault)
{
    int hold;
    struct commit_case c = {.ask = ask_room, .also = write_new, .ctx = a};
    if (!paper_files_hold(place->files, false, &hold))
        return fault_set(fault, ERR_UNAVAILABLE, "the directory of papers cannot be held");
    enum err err =
        paper_file_put(place->files, &office->registry->keys.people, a->name, bytes, fault);
    if (!err)
        err = committer_submit(office->committer, &c);
    paper_files_let_go(hold);
    return err;
}

/* Only what comes after the last slash or backslash, printable. */
static void tame_name(struct str name, char out[LIMIT_PAPER_NAME + 1])
{
    for (size_t i = name.n; i > 0; i--) {
        if (name.p[i - 1] != '/' && name.p[i - 1] != '\\')
            continue;
        name = (struct str){name.p + i, name.n - i};
        break;
    }
    str_show(out, LIMIT_PAPER_NAME + 1, str_trim(name));
}

enum err paper_add(const struct office *office, const struct paper_place *place,
                   const struct session *who, const struct paper_sent *sent, struct paper *out,
                   bool *out_again, struct fault *fault)
{
    struct paper_looks looks;
    struct registry *reg = office->registry;
    struct adding a = {.most = place->most_bytes ? place->most_bytes : LIMIT_PAPERS_BYTES};
    *out_again = false;
    if (!place->files)
        return fault_set(fault, ERR_UNAVAILABLE, "no directory for papers is set");
    enum err err = paper_looks(sent->bytes, &looks, fault);
    if (err)
        return err;
    a.paper = (struct paper){.is = {.kind = looks.kind,
                                    .bytes = (uint32_t)sent->bytes.n,
                                    .added_s = clock_now_us(reg->clock) / 1000000},
                             .owner = who->acts_for,
                             .width = looks.width,
                             .height = looks.height};
    tame_name(sent->name, a.paper.is.name);
    randombytes_buf(a.paper.is.id.bytes, PAPER_ID);
    sha256_once(sent->bytes.p, sent->bytes.n, a.paper.sha);
    paper_file_name(&reg->keys, a.paper.sha, a.name);
    err = paper_sent_before(reg, &a.paper, a.name, out, out_again, fault);
    if (err || *out_again)
        return err;
    err = has_room(reg, &a, fault); /* before anything is written */
    if (!err)
        err = store(office, place, &a, sent->bytes, fault);
    if (!err)
        *out = a.paper;
    return err;
}

/* ---- looking ---- */

static bool is_seller(struct registry *reg, const struct session *who, uint64_t claim)
{
    struct demand r;
    enum demand_side side;
    return demand_for(reg, who, claim, &r, &side, NULL) == ERR_OK && side == SIDE_SELLER;
}

enum err paper_for(struct registry *reg, const struct session *who, const struct paper_id *id,
                   struct paper *out, struct fault *fault)
{
    struct paper paper;
    enum err err = paper_get(reg, id, &paper, fault);
    bool applicant = ROLES_APPLICANT & ROLE_BIT(who->role) && paper.owner == who->acts_for;
    bool officer = who->role == ROLE_OFFICER && paper_taken(&paper);
    bool seller = !err && !applicant && !officer && paper.claim && is_seller(reg, who, paper.claim);
    if (!err && !applicant && !officer && !seller)
        err = fault_set(fault, ERR_NOT_FOUND, "no such paper");
    if (!err)
        *out = paper;
    return err;
}

enum err paper_read(struct registry *reg, const struct paper_place *place,
                    const struct paper *paper, struct buf *out, struct fault *fault)
{
    uint8_t name[PAPER_FILE_NAME], sha[SHA256_BYTES];
    size_t before = out->n;
    if (!place->files)
        return fault_set(fault, ERR_UNAVAILABLE, "no directory for papers is set");
    paper_file_name(&reg->keys, paper->sha, name);
    enum err err = paper_file_get(place->files, &reg->keys.people, name, out, fault);
    if (err == ERR_STORE_KEY && keys_again(reg, NULL) == ERR_OK)
        err = paper_file_get(place->files, &reg->keys.people, name, out, fault);
    if (err)
        return err;
    sha256_once(out->p + before, out->n - before, sha);
    if (out->n - before == paper->is.bytes && memcmp(sha, paper->sha, sizeof sha) == 0)
        return ERR_OK;
    out->n = before;
    return fault_set(fault, ERR_CODEC, "a paper's file holds something else");
}

void paper_id_format(const struct paper_id *id, char out[PAPER_ID_TEXT])
{
    sodium_bin2hex(out, PAPER_ID_TEXT, id->bytes, PAPER_ID);
}

bool paper_id_parse(struct str text, struct paper_id *out)
{
    size_t n = 0;
    return text.n == PAPER_ID_TEXT - 1 &&
           sodium_hex2bin(out->bytes, PAPER_ID, text.p, text.n, NULL, &n, NULL) == 0 &&
           n == PAPER_ID;
}

/* ---- taken by an application ---- */

static enum err not_his(struct fault *fault)
{
    return fault_set(fault, ERR_PAPER, "a paper that is not the applicant's, or taken already");
}

static enum err get_loose(struct registry *reg, const struct paper_id *id, uint64_t owner,
                          struct paper *out, struct fault *fault)
{
    enum err err = paper_get(reg, id, out, fault);
    if (err == ERR_NOT_FOUND || (!err && (out->owner != owner || paper_taken(out))))
        return not_his(fault);
    return err;
}

enum err papers_gather(struct registry *reg, const struct paper_id *ids, size_t n,
                       struct application *a, struct fault *fault)
{
    if (!n)
        return ERR_OK;
    if (a->paper_count + n > LIMIT_PAPERS)
        return fault_set(fault, ERR_TOO_MANY, "an application has at most %d papers", LIMIT_PAPERS);
    struct case_paper *p = realloc(a->papers, (a->paper_count + n) * sizeof *p);
    if (!p)
        return ERR_MEMORY;
    a->papers = p;
    for (size_t i = 0; i < n; i++) {
        struct paper paper;
        for (size_t k = 0; k < a->paper_count; k++)
            if (memcmp(&ids[i], &p[k].id, sizeof ids[i]) == 0)
                return not_his(fault);
        enum err err = get_loose(reg, &ids[i], a->applicant, &paper, fault);
        if (err)
            return err;
        p[a->paper_count++] = paper.is;
    }
    return ERR_OK;
}

enum err papers_stand(struct registry *reg, const struct application *before,
                      const struct application *after, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = before ? before->paper_count : 0; !err && i < after->paper_count; i++) {
        struct paper paper;
        err = get_loose(reg, &after->papers[i].id, after->applicant, &paper, fault);
    }
    return err;
}

enum err papers_take(struct registry *reg, const struct application *before,
                     const struct application *after, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = before ? before->paper_count : 0; !err && i < after->paper_count; i++) {
        struct paper paper;
        err = paper_get(reg, &after->papers[i].id, &paper, fault);
        if (err)
            break;
        paper.application = after->id;
        err = paper_put_taken(reg, &paper, fault);
    }
    return err;
}

/* ---- taken by a request ---- */

enum err papers_claim_gather(struct registry *reg, const struct paper_id *ids, size_t n,
                             uint64_t owner, struct case_paper *out, size_t *out_n,
                             struct fault *fault)
{
    if (n > LIMIT_PAPERS)
        return fault_set(fault, ERR_TOO_MANY, "a request has at most %d papers", LIMIT_PAPERS);
    for (size_t i = 0; i < n; i++) {
        struct paper paper;
        for (size_t k = 0; k < i; k++)
            if (memcmp(&ids[i], &ids[k], sizeof ids[i]) == 0)
                return not_his(fault);
        enum err err = get_loose(reg, &ids[i], owner, &paper, fault);
        if (err)
            return err;
        out[i] = paper.is;
    }
    *out_n = n;
    return ERR_OK;
}

enum err papers_claim_stand(struct registry *reg, const struct case_paper *papers, size_t n,
                            uint64_t owner, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++) {
        struct paper paper;
        err = get_loose(reg, &papers[i].id, owner, &paper, fault);
    }
    return err;
}

enum err papers_claim_take(struct registry *reg, const struct case_paper *papers, size_t n,
                           uint64_t claim, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++) {
        struct paper paper;
        err = paper_get(reg, &papers[i].id, &paper, fault);
        paper.claim = claim;
        if (!err)
            err = paper_put_taken(reg, &paper, fault);
    }
    return err;
}

/* ---- sweeping ---- */

struct dropping {
    struct paper paper;
    uint8_t name[PAPER_FILE_NAME];
    bool gone;
};

static enum err drop_loose(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct dropping *d = c->ctx;
    struct paper now;
    enum err err = paper_get(reg, &d->paper.is.id, &now, fault);
    d->gone = !err && !paper_taken(&now);
    if (d->gone)
        return paper_drop(reg, &now, d->name, fault);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Its file, when no record needs it: asked while nobody writes. Busy: it is found by papers_sweep_files. */
static void drop_file(const struct office *office, const struct paper_place *place,
                      const uint8_t name[PAPER_FILE_NAME])
{
    int hold;
    bool used = true;
    if (!place->files || !paper_files_hold(place->files, true, &hold))
        return;
    if (paper_used(office->registry, name, &used, NULL) == ERR_OK && !used)
        paper_file_drop(place->files, name);
    paper_files_let_go(hold);
}

static enum err sweep_one(const struct office *office, const struct paper_place *place,
                          const struct paper_id *id, size_t *out_n, struct fault *fault)
{
    struct dropping d = {.gone = false};
    enum err err = paper_get(office->registry, id, &d.paper, fault);
    if (err == ERR_NOT_FOUND || err == ERR_CODEC || err == ERR_STORE_KEY)
        return ERR_OK; /* the others do not wait for a damaged one */
    if (err)
        return err;
    paper_file_name(&office->registry->keys, d.paper.sha, d.name);
    struct commit_case c = {.also = drop_loose, .ctx = &d};
    err = committer_submit(office->committer, &c);
    if (!err && d.gone)
        drop_file(office, place, d.name);
    *out_n += !err && d.gone;
    return err;
}

enum err papers_sweep(const struct office *office, const struct paper_place *place, size_t *out_n,
                      struct fault *fault)
{
    enum { SOME = 256 };
    struct paper_id ids[SOME];
    size_t n = 0;
    int64_t until = clock_now_us(office->registry->clock) / 1000000 - LIMIT_PAPERS_LOOSE_S;
    *out_n = 0;
    enum err err = paper_loose_until(office->registry, until, ids, SOME, &n, fault);
    for (size_t i = 0; !err && i < n; i++)
        err = sweep_one(office, place, &ids[i], out_n, fault);
    return err;
}

enum { RENEW_MOST = 16 }; /* at one look: whoever sends a paper waits meanwhile */

struct sweeping {
    const struct office *office;
    const struct paper_place *place;
    size_t n, renewed;
};

static void sweep_file(void *ctx, const uint8_t name[PAPER_FILE_NAME])
{
    struct sweeping *s = ctx;
    struct registry *reg = s->office->registry;
    bool used = true;
    if (paper_used(reg, name, &used, NULL))
        return;
    if (!used) {
        paper_file_drop(s->place->files, name);
        s->n++;
    } else if (s->renewed < RENEW_MOST &&
               paper_file_stale(s->place->files, &reg->keys.people, name)) {
        s->renewed++;
        (void)!paper_file_renew(s->place->files, &reg->keys.people, name, NULL); /* next time */
    }
}

bool papers_sweep_files(const struct office *office, const struct paper_place *place,
                        uint8_t directory, size_t *out_n)
{
    struct sweeping s = {.office = office, .place = place};
    int hold;
    *out_n = 0;
    if (!place->files || !paper_files_hold(place->files, true, &hold))
        return false;
    paper_files_each(place->files, directory, sweep_file, &s);
    paper_files_let_go(hold);
    *out_n = s.n;
    return true;
}
