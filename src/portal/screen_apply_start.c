/* SPDX-License-Identifier: Apache-2.0
 *
 * "Where is it from?": which application somebody needs, in his own words, and what he needs for it. What
 * his role does not file is told apart: there the page says whose duty it is. */
#include "portal/apply.h"
#include "portal/screen_accreditation.h"
#include "portal/screen_files.h"
#include "portal/screens.h"

struct origin {
    const char *name; /* in the address */
    uint8_t kind;     /* 0: nothing to file */
    uint8_t way;
    uint32_t shown;  /* to which roles */
    enum text label; /* apply.before: with {day} */
    enum text needs; /* what to have at hand beside the IMEIs */
};

static const struct origin origins[] = {
    {"carried", APPROVAL_PERSONAL, WAY_CARRIED, ROLE_BIT(ROLE_PERSON), TEXT_APPLY_FROM_CARRIED,
     TEXT_APPLY_NEEDS_CARRIED},
    {"parcel", APPROVAL_PERSONAL, WAY_PARCEL, ROLE_BIT(ROLE_PERSON), TEXT_APPLY_FROM_PARCEL,
     TEXT_APPLY_NEEDS_PARCEL},
    {"gift", APPROVAL_PERSONAL, WAY_GIFT, ROLE_BIT(ROLE_PERSON), TEXT_APPLY_FROM_GIFT,
     TEXT_APPLY_NEEDS_GIFT},
    {"import", APPROVAL_IMPORT, WAY_NONE, ROLE_BIT(ROLE_ORGANISATION), TEXT_APPLY_FROM_IMPORT,
     TEXT_APPLY_NEEDS_IMPORT},
    {"manufacture", APPROVAL_MANUFACTURE, WAY_NONE, ROLE_BIT(ROLE_ORGANISATION),
     TEXT_APPLY_FROM_MANUFACTURE, TEXT_APPLY_NEEDS_MANUFACTURE},
    {"bought", 0, WAY_NONE, ROLES_ALL, TEXT_APPLY_FROM_BOUGHT, TEXT_APPLY_FROM_BOUGHT},
    {"before", APPROVAL_BEFORE_DUTY, WAY_NONE, ROLES_ALL, TEXT_OWN_BEFORE, TEXT_APPLY_NEEDS_BEFORE},
    {"repair", APPROVAL_REPAIR, WAY_NONE, ROLES_ALL, TEXT_APPLY_FROM_REPAIR,
     TEXT_APPLY_NEEDS_REPAIR},
    {"second", APPROVAL_SECOND_IMEI, WAY_NONE, ROLES_ALL, TEXT_APPLY_FROM_SECOND,
     TEXT_APPLY_NEEDS_SECOND},
    {"recheck", APPROVAL_RECHECK, WAY_NONE, ROLES_ALL, TEXT_APPLY_FROM_RECHECK,
     TEXT_APPLY_NEEDS_RECHECK},
};
enum { ORIGINS = sizeof origins / sizeof *origins };

static const struct origin *find(struct str name)
{
    for (size_t i = 0; i < ORIGINS; i++)
        if (str_eq(name, str_z(origins[i].name)))
            return &origins[i];
    return NULL;
}

static bool may_file(const struct origin *o, uint8_t role)
{
    const struct kind_info *kind = kind_info(o->kind);
    return kind && kind->roles & ROLE_BIT(role);
}

static void say_label(struct exchange *x, const struct visit *v, const struct origin *o)
{
    if (o->label == TEXT_OWN_BEFORE)
        html_say_day(x, o->label, v->office.registry->rules.duty_from - 1);
    else
        html_say(x, o->label);
}

static void origin_path(const struct origin *o, char out[APPLY_PATH])
{
    snprintf(out, APPLY_PATH, "/apply/%s", o->name);
}

/* ---- GET /apply ---- */

void screen_apply(struct exchange *x)
{
    struct visit v;
    if (!screen_visit(x, ROLES_APPLICANT, false, &v))
        return;
    screen_begin(x, &v, TEXT_APPLY_HEADING, "/apply");
    html_put(x, "<h1>");
    html_say(x, TEXT_APPLY_HEADING);
    html_put(x, "</h1>\n<ul class=\"options\">\n");
    for (size_t i = 0; i < ORIGINS; i++) {
        char path[APPLY_PATH];
        if (!(origins[i].shown & ROLE_BIT(v.who.role)))
            continue;
        origin_path(&origins[i], path);
        html_put(x, "<li><a href=\"");
        html_url(x, path);
        html_put(x, "\">");
        say_label(x, &v, &origins[i]);
        html_put(x, "</a></li>\n");
    }
    html_put(x, "</ul>\n");
    screen_end(x);
    portal_leave(&v);
}

/* ---- GET /apply/ORIGIN ---- */

static void item(struct exchange *x, enum text says)
{
    html_put(x, "<li>");
    html_say(x, says);
    html_put(x, "</li>\n");
}

static void link_to(struct exchange *x, const char *class_, const char *path, enum text says)
{
    html_put(x, "<a class=\"");
    html_put(x, class_);
    html_put(x, "\" href=\"");
    html_url(x, path);
    html_put(x, "\">");
    html_say(x, says);
    html_put(x, "</a>\n");
}

/* What to have at hand, how long it takes, and the button. */
static void ready(struct exchange *x, const struct visit *v, const struct origin *o)
{
    const struct kind_info *kind = kind_info(o->kind);
    bool firm = v->who.role == ROLE_ORGANISATION;
    char path[APPLY_PATH];
    origin_path(o, path);
    accreditation_notice(x, v, o->kind);
    html_put(x, "<h2>");
    html_say(x, TEXT_APPLY_NEEDS);
    html_put(x, "</h2>\n<ul class=\"needs\">\n");
    item(x, o->kind == APPROVAL_REPAIR ? TEXT_APPLY_NEEDS_IMEIS_BOTH : TEXT_APPLY_NEEDS_IMEIS);
    item(x, o->needs);
    html_put(x, "</ul>\n<p>");
    html_say_count(x, TEXT_APPLY_HOURS,
                   (uint64_t)(firm ? kind->organisation_hours : kind->person_hours));
    html_put(x, "</p>\n");
    bool by_file = files_kind(o->kind);
    if (by_file)
        files_way_lead(x);
    screen_form(x, v, path, "ask");
    html_put(x, "<p class=\"ways\"><button class=\"main\">");
    html_say(x, by_file ? TEXT_FILES_BEGIN : TEXT_APPLY_BEGIN);
    html_put(x, "</button> ");
    if (by_file)
        files_way(x, o->kind);
    link_to(x, "", "/apply", TEXT_APPLY_OTHER);
    html_put(x, "</p>\n</form>\n");
}

/* Bought in the country: the seller's duty. What to take along, what to say. */
static void bought(struct exchange *x)
{
    html_put(x, "<section class=\"outcome\">\n<h2>");
    html_say(x, TEXT_GUIDE_ANSWER_BUYER);
    html_put(x, "</h2>\n<p>");
    html_say(x, TEXT_GUIDE_ANSWER_BUYER_HELP);
    html_put(x, "</p>\n<ol>\n");
    item(x, TEXT_APPLY_BOUGHT_PROOF);
    item(x, TEXT_APPLY_BOUGHT_SELLER);
    item(x, TEXT_APPLY_BOUGHT_WORDS);
    item(x, TEXT_APPLY_BOUGHT_COMPLAINT);
    html_put(x, "</ol>\n<p class=\"ways\">");
    link_to(x, "main", "/", TEXT_APPLY_BOUGHT_CHECK);
    link_to(x, "", "/requests/new", TEXT_APPLY_BOUGHT_ASK);
    link_to(x, "", "/complaints/new", TEXT_COMPLAINTS_NEW);
    html_put(x, "</p>\n</section>\n");
}

static void repaired(struct exchange *x)
{
    html_put(x, "<section class=\"outcome\">\n<h2>");
    html_say(x, TEXT_GUIDE_ANSWER_REPAIRED);
    html_put(x, "</h2>\n<p>");
    html_say(x, TEXT_GUIDE_ANSWER_REPAIRED_HELP);
    html_put(x, "</p>\n<p class=\"ways\">");
    link_to(x, "main", "/", TEXT_NAV_CHECK);
    html_put(x, "</p>\n</section>\n");
}

void apply_origin(struct exchange *x)
{
    struct visit v;
    char path[APPLY_PATH];
    const struct origin *o = find(x->param);
    if (!o) {
        screen_fail(x, ERR_NOT_FOUND);
        return;
    }
    if (!screen_visit(x, o->kind ? ROLES_APPLICANT : 0, false, &v))
        return;
    bool files = may_file(o, v.who.role), tells = !o->kind || o->kind == APPROVAL_REPAIR;
    if (!files && !tells) {
        screen_go(x, "/apply"); /* it asks what his role files */
    } else {
        origin_path(o, path);
        screen_begin(x, &v, TEXT_APPLY_HEADING, path);
        html_put(x, "<p class=\"caption\">");
        html_say(x, TEXT_APPLY_HEADING);
        html_put(x, "</p>\n<h1>");
        say_label(x, &v, o);
        html_put(x, "</h1>\n");
        if (files)
            ready(x, &v, o);
        else if (o->kind)
            repaired(x);
        else
            bought(x);
        screen_end(x);
    }
    portal_leave(&v);
}

/* ---- POST /apply/ORIGIN ---- */

void apply_begin(struct exchange *x)
{
    struct visit v;
    struct draft d;
    const struct origin *o = find(x->param);
    if (!o || !o->kind) {
        screen_fail(x, ERR_NOT_FOUND);
        return;
    }
    if (!screen_visit(x, ROLES_APPLICANT, true, &v))
        return;
    enum err err = draft_new(&v.office, &v.who, o->kind, o->way, &d, NULL);
    if (err == ERR_TOO_MANY) {
        screen_go(x, "/cabinet?full=1");
    } else if (err) {
        apply_fail(x, &v, err);
    } else {
        char path[APPLY_PATH];
        apply_path(&d, APPLY_IMEI, 0, path);
        screen_go(x, path);
    }
    portal_leave(&v);
}
