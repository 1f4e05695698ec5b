/* SPDX-License-Identifier: Apache-2.0
 *
 * Papers by API: sent as they are, one a request; given back to who sent them and to officers, never as a
 * page of ours. */
#include "cases/paper_kind.h"
#include "face/form.h"
#include "portal/api.h"
#include "portal/handlers.h"
#include "portal/screen.h"

/* Before its bytes are read: nobody who is not signed in fills the memory. */
enum err portal_paper_admits(struct exchange *x)
{
    return portal_may_send(x, ROLES_APPLICANT);
}

static enum err add(struct api *a)
{
    struct visit *v = a->visit;
    struct buf scratch = {0};
    struct paper paper;
    char id[PAPER_ID_TEXT], sha[2 * SHA256_BYTES + 1];
    struct paper_sent sent = {.bytes = a->x->request->body};
    bool again = false;
    enum err err = api_query(a, "name", &scratch, &sent.name);
    if (!err)
        err = paper_add(&v->office, portal_papers_place(v->portal), &v->who, &sent, &paper, &again,
                        a->fault);
    buf_release(&scratch);
    if (err)
        return err;
    paper_id_format(&paper.is.id, id);
    sha256_hex(paper.sha, sha);
    snprintf(a->x->response->location, sizeof a->x->response->location, "/api/v1/papers/%s", id);
    a->status = again ? 200 : 201;
    a->answer = json_paper(&paper.is);
    json_object_set_new(a->answer, "sha256", json_string(sha));
    return ERR_OK;
}

void portal_paper_add(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_CHANGES, add});
}

/* ---- giving back ---- */

/* RFC 5987: every byte but letters and digits as %XX. */
static void put_encoded(struct buf *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= 'a' && *p <= 'z') || *p == '.' || *p == '_';
        buf_printf(out, plain ? "%c" : "%%%02X", *p);
    }
}

/* Kept as a file; a picture that is asked for so may be looked at, in a sandbox. */
static void set_disposition(struct exchange *x, const struct paper *paper, bool shown)
{
    char id[PAPER_ID_TEXT];
    struct buf out = {0};
    paper_id_format(&paper->is.id, id);
    shown = shown && paper->is.kind != PAPER_PDF;
    buf_printf(&out, "%s; filename=\"%.8s.%s\"", shown ? "inline" : "attachment", id,
               paper_extension(paper->is.kind));
    if (*paper->is.name) {
        buf_str(&out, STR("; filename*=UTF-8''"));
        put_encoded(&out, paper->is.name);
    }
    str_copy(x->response->disposition, sizeof x->response->disposition,
             (struct str){out.p ? (const char *)out.p : "", out.n});
    buf_release(&out);
}

static enum err give(struct exchange *x, struct visit *v)
{
    struct buf asked = {0};
    struct paper_id id;
    struct paper paper = {0};
    bool shown = false;
    enum err err = paper_id_parse(x->param, &id)
                       ? paper_for(v->office.registry, &v->who, &id, &paper, &v->fault)
                       : ERR_NOT_FOUND;
    if (v->who.role == ROLE_OFFICER)
        portal_note(v, AUDIT_PAPER, err ? 0 : paper.owner, err ? 0 : paper.application, err);
    else if (!err && paper.owner != v->who.acts_for) /* of a request to him */
        portal_note(v, AUDIT_CLAIM_LOOK, paper.owner, paper.claim, ERR_OK);
    if (!err)
        err = form_value(x->query, "inline", &asked, &shown);
    buf_release(&asked);
    if (err)
        return err;
    err = paper_read(v->office.registry, portal_papers_place(v->portal), &paper, x->out, &v->fault);
    if (err)
        return err == ERR_FILE_OPEN || err == ERR_FILE_READ ? ERR_UNAVAILABLE : err;
    x->response->content_type = paper_media(paper.is.kind);
    set_disposition(x, &paper, shown);
    return ERR_OK;
}

/* Bytes, no JSON: else as api_run. */
void portal_paper(struct exchange *x)
{
    struct visit v;
    uint32_t roles = ROLES_APPLICANT | ROLE_BIT(ROLE_OFFICER);
    if (!x->machine && !screen_visit(x, roles, false, &v)) /* a link of a page */
        return;
    enum err err = x->machine ? portal_visit(x, roles, false, STR(""), &v) : ERR_OK;
    if (!err) {
        err = give(x, &v);
        portal_heard(&v, err);
    }
    if (err)
        route_fail_at(x, err, &v.fault);
    portal_leave(&v);
}
