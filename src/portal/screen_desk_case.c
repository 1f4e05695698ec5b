/* SPDX-License-Identifier: Apache-2.0
 *
 * One application on one page: who asks, what was declared, what the checks found and what that means, each
 * device with what the register itself says of its IMEIs now, what happened so far; and the forms. Whoever looks is
 * noted in the audit log. */
#include "portal/screen_files.h"

#include "cases/correction.h"
#include "cases/customs.h"
#include "cases/paper.h"
#include "cases/second.h"
#include "face/page_answer.h"
#include "people/person.h"
#include "portal/papers_form.h"
#include "portal/screen_accreditation.h"

static void put_text(struct exchange *x, const char *text)
{
    html_text(x, str_z(text));
}

/* ---- rows of a list of terms ---- */

static void term(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

static void term_end(struct exchange *x)
{
    html_put(x, "</dd></div>\n");
}

static void term_text(struct exchange *x, enum text label, const char *value)
{
    if (!*value)
        return;
    term(x, label);
    put_text(x, value);
    term_end(x);
}

/* ---- who asks, and for what ---- */

static void times(struct exchange *x, const struct visit *v, const struct application *a)
{
    if (daynum_is_day(a->entered)) {
        term(x, TEXT_DESK_ENTERED);
        text_date(x->out, x->lang, a->entered);
        term_end(x);
    }
    term(x, TEXT_DESK_FILED);
    screen_time(x, v, a->filed_s);
    term_end(x);
    if (application_open(a)) {
        term(x, TEXT_DESK_DUE);
        screen_time(x, v, a->due_s);
        term_end(x);
    }
}

/* What was attached; a look at one is noted by its own address. */
static void papers(struct exchange *x, const struct application *a)
{
    if (!a->paper_count)
        return;
    term(x, TEXT_DESK_PAPERS);
    for (size_t i = 0; i < a->paper_count; i++) {
        html_put(x, i ? "<br>" : "");
        papers_say(x, &a->papers[i]);
    }
    term_end(x);
}

static void who(struct exchange *x, const struct visit *v, const struct application *a)
{
    struct person person = {0};
    char officer[LIMIT_NAME + 1];
    bool known = person_get(v->office.registry, a->applicant, &person, NULL) == ERR_OK;
    html_put(x, "<section class=\"sheet\" aria-labelledby=\"who\">\n<h2 id=\"who\">");
    html_say(x, TEXT_DESK_PART_WHO);
    html_put(x, "</h2>\n<dl>\n");
    if (known) {
        term_text(x, TEXT_DESK_NAME, person.name);
        term_text(x, *person.bin ? TEXT_DESK_BIN : TEXT_DESK_IIN,
                  *person.bin ? person.bin : person.iin);
    }
    term(x, TEXT_DESK_KIND);
    html_say_key(x, "desk", "kind", kind_info(a->kind)->name);
    term_end(x);
    if (a->corrects) {
        char number[APPLICATION_NUMBER_TEXT], path[DESK_PATH];
        application_number_corrected(a, number);
        snprintf(path, sizeof path, "/desk/%s", number);
        term(x, TEXT_CORRECTION_ROW_OF);
        html_put(x, "<a href=\"");
        html_url(x, path);
        html_put(x, "\">");
        put_text(x, number);
        html_put(x, "</a><br>");
        html_say_key(x, "correction", "ground", ground_name(a->ground));
        term_end(x);
    }
    if (a->way != WAY_NONE) {
        term(x, TEXT_DESK_WAY);
        html_say_key(x, "desk", "way", way_name(a->way));
        term_end(x);
    }
    if (a->way == WAY_GIFT) {
        term(x, TEXT_APPLY_ROW_CONSENT);
        html_say(x, a->consented_s ? TEXT_APPLY_CONSENT_GIVEN : TEXT_DESK_NO_CONSENT);
        term_end(x);
    }
    term_text(x, TEXT_DESK_DOCUMENT, a->document);
    if (*a->country) {
        term(x, TEXT_DESK_COUNTRY);
        screen_country(x, a->country);
        term_end(x);
    }
    papers(x, a);
    times(x, v, a);
    desk_officer(v, a->officer, officer);
    term_text(x, TEXT_DESK_OFFICER, officer);
    html_put(x, "</dl>\n</section>\n");
}

/* ---- findings ---- */

static void findings(struct exchange *x, uint32_t found)
{
    html_put(x, "<ul class=\"findings\">\n");
    for (unsigned bit = 0; finding_name(bit); bit++) {
        if (!(found >> bit & 1))
            continue;
        bool stops = findings_that_stop(1U << bit);
        html_put(x, stops ? "<li class=\"stops\">" : "<li>");
        html_put(x, "<strong>");
        html_say_key(x, "desk.found", finding_name(bit), NULL);
        html_put(x, "</strong> <span class=\"mark soft\">");
        html_say(x, stops ? TEXT_DESK_STOPS : TEXT_DESK_TELLS);
        html_put(x, "</span><br>");
        html_say_key(x, "desk.found", finding_name(bit), "means");
        html_put(x, "</li>\n");
    }
    html_put(x, "</ul>\n");
}

static void all_findings(struct exchange *x, const struct application *a)
{
    html_put(x, "<section class=\"sheet\" aria-labelledby=\"found\">\n<h2 id=\"found\">");
    html_say(x, TEXT_DESK_PART_FINDINGS);
    html_put(x, "</h2>\n");
    if (a->findings) {
        findings(x, a->findings);
    } else {
        html_put(x, "<p>");
        html_say(x, TEXT_DESK_CLEAN);
        html_put(x, "</p>\n");
    }
    html_put(x, "</section>\n");
}

/* ---- customs declarations ---- */

static void number_term(struct exchange *x, enum text label, const json_t *line, const char *name)
{
    term(x, label);
    buf_printf(x->out, "%lld", (long long)json_number_of(line, name));
    term_end(x);
}

/* What was declared beside what is asked for. */
static void customs_line(struct exchange *x, const json_t *line)
{
    const json_t *found = json_object_get(line, "findings");
    html_put(x, "<dl>\n");
    term(x, TEXT_DESK_CUSTOMS_LINE);
    html_text(x, json_text_of(line, "declaration_no"));
    term_end(x);
    if (json_number_of(line, "goods_item"))
        number_term(x, TEXT_DESK_CUSTOMS_ITEM, line, "goods_item");
    number_term(x, TEXT_DESK_CUSTOMS_DECLARED, line, "declared");
    number_term(x, TEXT_DESK_CUSTOMS_DRAWN, line, "drawn");
    number_term(x, TEXT_DESK_CUSTOMS_DEVICES, line, "devices");
    if (json_array_size(found))
        term(x, TEXT_DESK_PART_FINDINGS);
    for (size_t i = 0; i < json_array_size(found); i++) {
        html_put(x, i ? "<br>" : "");
        html_say_key(x, "desk.found", json_string_value(json_array_get(found, i)), NULL);
    }
    if (json_array_size(found))
        term_end(x);
    html_put(x, "</dl>\n");
}

static void customs_lines(struct exchange *x, const struct visit *v, const struct application *a)
{
    json_t *customs = NULL;
    enum err err = customs_seen_get(v->office.registry, a->id, &customs, NULL);
    const json_t *seen = json_object_get(customs, "seen");
    if (!err && json_array_size(seen)) {
        html_put(x, "<section class=\"sheet\" aria-labelledby=\"customs\">\n<h2 id=\"customs\">");
        html_say(x, TEXT_DESK_PART_CUSTOMS);
        html_put(x, "</h2>\n");
        for (size_t i = 0; i < json_array_size(seen); i++)
            customs_line(x, json_array_get(seen, i));
        html_put(x, "</section>\n");
    }
    json_decref(customs);
}

/* ---- devices ---- */

static void answer_now(struct exchange *x, const struct visit *v, struct imei imei, enum text label)
{
    struct verdict verdict;
    struct facts facts;
    enum err err = registry_check(v->office.registry, imei, &verdict, &facts, NULL);
    const char *list = list_name(reason_list(verdict.reason));
    term(x, label);
    page_imei(x, imei);
    if (!err) {
        html_put(x, "<br><span class=\"expect ");
        html_put(x, list);
        html_put(x, "\">");
        html_sign(x, list);
        html_say_key(x, "list", list, "title");
        html_put(x, "</span> <span class=\"hint\">");
        html_say_key(x, "reason", reason_name(verdict.reason), "internal");
        html_put(x, "</span>");
    }
    term_end(x);
}

static void brand_model(struct exchange *x, struct str brand, struct str model, enum text none)
{
    if (!brand.n && !model.n)
        html_say(x, none);
    html_text(x, brand);
    html_put(x, brand.n && model.n ? " " : "");
    html_text(x, model);
}

/* What was declared beside what the TAC list says, and what the register answers now. */
static void device_facts(struct exchange *x, const struct visit *v, const struct case_device *d,
                         bool corrects)
{
    struct tac_info info = {0};
    struct imei named = d->is.count ? d->is.imeis[0] : d->is.old[0];
    bool listed = tac_find(v->office.registry->tac, imei_tac(named), &info);
    html_put(x, "<dl>\n");
    term(x, TEXT_DESK_DEVICE_DECLARED);
    brand_model(x, str_z(d->brand), str_z(d->model), TEXT_DESK_DEVICE_UNSAID);
    term_end(x);
    term(x, TEXT_DESK_DEVICE_LISTED);
    if (d->findings & FOUND_MODEL_DIFFERS)
        html_put(x, "<strong class=\"late\">");
    brand_model(x, listed ? info.brand : STR(""), listed ? info.model : STR(""),
                TEXT_DESK_DEVICE_UNLISTED);
    if (d->findings & FOUND_MODEL_DIFFERS)
        html_put(x, "</strong>");
    term_end(x);
    for (unsigned k = 0; k < d->is.count && !corrects; k++)
        answer_now(x, v, d->is.imeis[k], TEXT_FIELD_IMEI);
    for (unsigned k = 0; k < d->is.old_count && !corrects; k++)
        answer_now(x, v, d->is.old[k], TEXT_DESK_IMEI_OLD);
    html_put(x, "</dl>\n");
}

/* Of a correction, side by side: what loses its approval, what the device has afterwards. */
static void was_and_becomes(struct exchange *x, const struct visit *v, const struct case_device *d)
{
    html_put(x, "<div class=\"pair\">\n<dl>\n");
    for (unsigned k = 0; k < d->is.old_count; k++)
        answer_now(x, v, d->is.old[k], TEXT_CORRECTION_ROW_LEAVES);
    html_put(x, "</dl>\n<dl>\n");
    for (unsigned k = 0; k < d->is.count; k++)
        answer_now(x, v, d->is.imeis[k], TEXT_CORRECTION_ROW_AFTER);
    html_put(x, "</dl>\n</div>\n");
}

/* The outcome of a device: decided, or only proposed. */
static void outcome(struct exchange *x, bool approved, uint8_t refusal, bool proposed)
{
    enum text reason;
    html_put(x, approved ? "<p class=\"outcome-line expect white\">"
                         : "<p class=\"outcome-line expect black\">");
    html_sign(x, approved ? "white" : "black");
    if (approved)
        html_say(x, proposed ? TEXT_DESK_PROPOSED_APPROVAL : TEXT_DESK_APPROVED);
    else if (text_find_parts("refusal", refusal_name(refusal), NULL, &reason))
        html_say_with(x, proposed ? TEXT_DESK_PROPOSED_REFUSAL : TEXT_DESK_REFUSED, "reason",
                      text_get(x->lang, reason));
    html_put(x, "</p>\n");
}

static void lifted(struct exchange *x, uint32_t lifts)
{
    if (!lifts)
        return;
    html_put(x, "<div class=\"lifts\"><p><strong>");
    html_say(x, TEXT_DESK_LIFTS);
    html_put(x, "</strong></p>\n<ul>\n");
    for (unsigned bit = 0; lift_name(bit); bit++) {
        if (!(lifts >> bit & 1))
            continue;
        html_put(x, "<li>");
        html_say_key(x, "desk.lift", lift_name(bit), NULL);
        html_put(x, "</li>\n");
    }
    html_put(x, "</ul></div>\n");
}

static void device(struct exchange *x, const struct visit *v, const struct application *a, size_t i)
{
    const struct case_device *d = &a->devices[i];
    const struct case_proposed *p = a->proposal && !d->decided ? &a->proposal->devices[i] : NULL;
    char n[24];
    snprintf(n, sizeof n, "%zu", i + 1);
    buf_printf(x->out, "<article class=\"sheet device\" aria-labelledby=\"device-%zu\">\n", i + 1);
    buf_printf(x->out, "<h3 id=\"device-%zu\">", i + 1);
    html_say_with(x, TEXT_DESK_DEVICE, "n", str_z(n));
    html_put(x, "</h3>\n");
    device_facts(x, v, d, a->corrects != 0);
    if (a->corrects)
        was_and_becomes(x, v, d);
    if (d->findings)
        findings(x, d->findings);
    if (d->decided)
        outcome(x, d->approved, d->refusal, false);
    if (p) {
        outcome(x, p->approve, p->refusal, true);
        lifted(x, p->lifts);
    }
}

static void devices(struct exchange *x, const struct visit *v, const struct application *a,
                    const struct desk_typed *typed)
{
    bool decides = desk_decides(v, a), many = a->device_count > FILING_DEVICES_MAX;
    size_t n = 0;
    html_put(x, "<h2>");
    html_say(x, TEXT_DESK_PART_DEVICES);
    html_put(x, "</h2>\n");
    if (a->upload)
        files_desk(x, v, a, typed);
    for (size_t i = 0; i < a->device_count; i++) {
        device(x, v, a, i);
        if (decides && !many && !a->devices[i].decided)
            desk_choice(x, i, n++, typed);
        html_put(x, "</article>\n");
    }
    if (decides && many) /* a correction of more than are typed: one word for all */
        desk_choice_all(x, TEXT_DESK_CHOOSE_ALL, typed);
}

/* ---- history: the applicant's steps and what officers said to each other, in the order of time ---- */

static void actor(struct exchange *x, const struct visit *v, const struct application *a,
                  uint64_t party)
{
    char name[LIMIT_NAME + 1];
    desk_officer(v, party, name);
    if (!party)
        html_say(x, TEXT_DESK_BY_REGISTER);
    else if (*name)
        put_text(x, name);
    else if (party == a->filed_by || party == a->applicant)
        html_say(x, TEXT_DESK_BY_APPLICANT);
}

static void history_row(struct exchange *x, const struct visit *v, const struct application *a,
                        const struct case_event *e, bool among_officers)
{
    html_put(x, "<li><span class=\"when\">");
    screen_time(x, v, e->time_s);
    html_put(x, "</span> <span class=\"whom\">");
    actor(x, v, a, e->actor);
    html_put(x, "</span> <strong>");
    if (among_officers)
        html_say_key(x, "desk.remark", remark_name(e->state), NULL);
    else
        html_say_key(x, "desk.state", application_state_name(e->state), NULL);
    html_put(x, "</strong>");
    if (*e->note) {
        html_put(x, "<br>");
        put_text(x, e->note);
    }
    html_put(x, "</li>\n");
}

static void history(struct exchange *x, const struct visit *v, const struct application *a)
{
    size_t i = 0, k = 0;
    html_put(x, "<section class=\"sheet\" aria-labelledby=\"history\">\n<h2 id=\"history\">");
    html_say(x, TEXT_DESK_PART_HISTORY);
    html_put(x, "</h2>\n<ol class=\"history\">\n");
    while (i < a->event_count || k < a->remark_count) {
        bool event = k == a->remark_count ||
                     (i < a->event_count && a->events[i].time_s <= a->remarks[k].time_s);
        history_row(x, v, a, event ? &a->events[i] : &a->remarks[k], !event);
        i += event;
        k += !event;
    }
    html_put(x, "</ol>\n</section>\n");
}

/* ---- what was done, and what is next ---- */

static void offer(struct exchange *x, struct visit *v, const struct application *a)
{
    struct application next;
    char number[APPLICATION_NUMBER_TEXT], path[DESK_PATH];
    html_put(x, "<p>");
    if (desk_next(v, a->id, &next)) {
        application_number(&next, number);
        desk_path(&next, "", path);
        html_put(x, "<a class=\"main\" href=\"");
        html_url(x, path);
        html_put(x, "\">");
        html_say_with(x, TEXT_DESK_OFFER, "number", str_z(number));
        html_put(x, "</a>");
        application_release(&next);
    } else {
        html_say(x, TEXT_DESK_OFFER_NONE);
    }
    html_put(x, "</p>\n");
}

static void banner(struct exchange *x, struct visit *v, const struct application *a,
                   struct str done)
{
    static const char *const words[] = {"claimed",  "asked",     "decided",
                                        "proposed", "confirmed", "returned"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!str_eq(done, str_z(words[i])))
            continue;
        html_put(x, "<div class=\"done\" role=\"status\">\n<p><strong>");
        html_say_key(x, "desk.done", words[i], NULL);
        html_put(x, "</strong></p>\n");
        if (i) /* not when it was only taken */
            offer(x, v, a);
        html_put(x, "</div>\n");
    }
}

static void wrong(struct exchange *x, enum err err)
{
    const char *id = err == ERR_USAGE ? "desk.missing" : err_info(err)->text_id;
    html_put(x, "<div class=\"error\" role=\"alert\" id=\"wrong\">");
    html_sign(x, "hint");
    html_put(x, "<div><p><strong>");
    html_say_key(x, id, NULL, NULL);
    html_put(x, "</strong></p><p>");
    html_say_key(x, id, "help", NULL);
    html_put(x, "</p></div></div>\n");
}

/* ---- the page ---- */

/* What was wrong in it is put right by an officer, too; another one decides. */
static void correct_way(struct exchange *x, const struct application *a)
{
    char path[DESK_PATH];
    desk_path(a, "/correct", path);
    html_put(x, "<p class=\"ways\"><a class=\"second\" href=\"");
    html_url(x, path);
    html_put(x, "\">");
    html_say(x, TEXT_CORRECTION_LINK);
    html_put(x, "</a></p>\n");
}

static void show(struct exchange *x, struct visit *v, const struct application *a,
                 const struct desk_typed *typed, struct str done)
{
    char number[APPLICATION_NUMBER_TEXT], path[DESK_PATH];
    application_number(a, number);
    desk_path(a, "", path);
    screen_begin(x, v, TEXT_DESK_ONE, path);
    html_put(x, "<div class=\"desk\">\n<p class=\"back\"><a accesskey=\"0\" href=\"");
    html_url(x, "/desk");
    html_put(x, "\">");
    html_say(x, TEXT_DESK_HEADING);
    html_put(x, "</a></p>\n<h1>");
    html_say(x, TEXT_DESK_ONE);
    html_put(x, " <span class=\"number\">");
    html_put(x, number);
    html_put(x, "</span></h1>\n<p class=\"count\">");
    desk_clock(x, v, a);
    html_put(x, " ");
    desk_marks(x, v, a);
    html_put(x, "</p>\n");
    if (typed)
        wrong(x, typed->wrong);
    banner(x, v, a, done);
    html_put(x, "<div class=\"case\">\n<div class=\"side\">\n");
    who(x, v, a);
    all_findings(x, a);
    customs_lines(x, v, a);
    accreditation_desk(x, v, a);
    html_put(x, "</div>\n<div class=\"work\">\n");
    devices(x, v, a, typed);
    desk_forms(x, v, a, typed);
    if (correction_open(a))
        correct_way(x, a);
    html_put(x, "</div>\n</div>\n");
    history(x, v, a);
    html_put(x, "<p class=\"hint\">");
    html_say(x, TEXT_DESK_KEYS);
    html_put(x, "</p>\n</div>\n");
    screen_end(x);
}

void desk_page(struct exchange *x, struct visit *v, uint64_t id, const struct desk_typed *typed,
               struct str done)
{
    struct application a;
    enum err err = application_get(v->office.registry, id, &a, NULL);
    portal_note(v, AUDIT_LOOK, err ? 0 : a.applicant, id, err);
    if (err) {
        screen_fail(x, err);
        return;
    }
    show(x, v, &a, typed, done);
    if (typed)
        x->response->status = err_info(typed->wrong)->http_status;
    application_release(&a);
}
