/* SPDX-License-Identifier: Apache-2.0
 *
 * page_answer - what a person reads about one IMEI: the list with colour, sign and words; why; how
 * long; which phone it must be; what to do, for a buyer and for an owner. */
#include "face/page_answer.h"

#include "face/html.h"
#include "face/qr.h"
#include "face/said.h"

/* So many answers of one page carry their code; a print of more would be mostly codes. */
enum { CODES_MAX = 4 };

void page_imei(struct exchange *x, struct imei imei)
{
    /* TS 23.003 annex B: TAC as 2 + 6, serial number, check digit. */
    static const struct {
        uint8_t at, n;
    } groups[] = {{0, 2}, {2, 6}, {8, 6}, {14, 1}};
    char digits[IMEI_TEXT15];
    imei_format15(imei, digits);
    html_put(x, "<span class=\"imei\"><span aria-hidden=\"true\">");
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        html_put(x, "<span>");
        html_text(x, (struct str){digits + groups[i].at, groups[i].n});
        html_put(x, "</span>");
    }
    html_put(x, "</span><span class=\"heard\">");
    for (size_t i = 0; digits[i]; i++) {
        html_put(x, i ? " " : "");
        html_text(x, (struct str){digits + i, 1});
    }
    html_put(x, "</span></span>");
}

static void row_begin(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

static void row_end(struct exchange *x)
{
    html_put(x, "</dd></div>\n");
}

static void say_through(struct exchange *x, enum text id, daynum day)
{
    struct buf through = {0};
    text_date_through(&through, x->lang, day);
    html_say_with(x, id, "through", (struct str){(const char *)through.p, through.n});
    buf_release(&through);
}

/* The last day with service and what is left of it. */
static void service_row(struct exchange *x, const struct said *said, bool temporary, bool held)
{
    if (said->deadline == DAYNUM_NONE) {
        bool through = temporary && said->valid_through != DAYNUM_OPEN;
        if (!through && !held)
            return;
        row_begin(x, TEXT_FIELD_SERVICE);
        if (through)
            say_through(x, TEXT_SERVICE_TEMPORARY, said->valid_through);
        else
            html_say(x, TEXT_SERVICE_OPEN);
        row_end(x);
        return;
    }
    row_begin(x, TEXT_FIELD_SERVICE);
    bool past = said->days_left < 0;
    say_through(x, past ? TEXT_SERVICE_PAST : TEXT_SERVICE_THROUGH, said->deadline);
    if (said->waits) {
        html_put(x, "<br><strong>");
        html_say(x, TEXT_SERVICE_WAITS);
        html_put(x, "</strong>");
    } else if (!past) {
        html_put(x, "<br><strong>");
        if (said->days_left == 0)
            html_say(x, TEXT_DAYS_TODAY);
        else
            html_say_count(x, TEXT_DAYS_LEFT, (uint64_t)said->days_left);
        html_put(x, "</strong>");
    }
    row_end(x);
}

static void model_row(struct exchange *x, const struct checked *checked)
{
    row_begin(x, TEXT_FIELD_MODEL);
    if (checked->tac_known) {
        html_put(x, "<strong>");
        html_text(x, checked->brand);
        html_put(x, checked->brand.n && checked->model.n ? " " : "");
        html_text(x, checked->model);
        html_put(x, "</strong><br><span class=\"hint\">");
        html_say(x, TEXT_FIELD_MODEL_COMPARE);
        html_put(x, "</span>");
    } else {
        html_say(x, TEXT_FIELD_MODEL_UNKNOWN);
    }
    row_end(x);
}

static void use_rows(struct exchange *x, const struct checked *checked, const struct said *said)
{
    row_begin(x, TEXT_FIELD_USED);
    html_say(x, said->used ? TEXT_FIELD_USED_YES : TEXT_FIELD_USED_NO);
    if (said->used) {
        html_put(x, "<br><span class=\"hint\">");
        html_say(x, TEXT_FIELD_USED_HINT);
        html_put(x, "</span>");
    }
    row_end(x);
    if (said->duplicate) {
        row_begin(x, TEXT_FIELD_DUPLICATE);
        html_say(x, checked->answer.reason == REASON_CLONE ? TEXT_FIELD_DUPLICATE_CLONE
                                                           : TEXT_FIELD_DUPLICATE_YES);
        row_end(x);
    }
}

void page_number_qr(struct exchange *x, const char *number)
{
    char url[LIMIT_PUBLIC_URL + 4 + CHECK_NUMBER_TEXT];
    if (!x->site->public_url.n)
        return;
    int n = snprintf(url, sizeof url, "%.*s/N/", STR_ARG(x->site->public_url));
    for (; *number; number++)
        if (*number != '-')
            url[n++] = *number;
    url[n] = '\0';
    html_put(x, "<div class=\"proof-code\">");
    if (qr_svg(x->out, url, text_get(x->lang, TEXT_NUMBER_QR)))
        x->out->failed = true;
    html_put(x, "</div>");
}

static void proof_rows(struct exchange *x, const struct checked *checked, bool with_code)
{
    row_begin(x, TEXT_FIELD_NUMBER);
    html_put(x, "<span class=\"number\">");
    html_text(x, str_z(checked->number));
    html_put(x, "</span><br><span class=\"hint\">");
    html_say(x, TEXT_FIELD_NUMBER_HINT);
    html_put(x, "</span>");
    if (with_code)
        page_number_qr(x, checked->number);
    row_end(x);

    char hhmm[6];
    daynum day = service_local(x->site->service, checked->now_s, hhmm);
    row_begin(x, TEXT_FIELD_TIME);
    text_date(x->out, x->lang, day);
    html_put(x, ", ");
    html_put(x, hhmm);
    row_end(x);
}

void page_answer(struct exchange *x, const struct checked *checked, size_t n)
{
    struct said said = said_of(checked);
    uint8_t reason = checked->answer.reason;
    const char *list = list_name(said.list);
    buf_printf(x->out, "<article class=\"answer %s\" aria-labelledby=\"answer-%zu\">\n", list, n);
    html_put(x, "<header>");
    html_sign(x, list);
    buf_printf(x->out, "<div><h2 id=\"answer-%zu\">", n);
    html_say_key(x, "list", list, "title");
    html_put(x, "</h2><p>");
    html_say_key(x, "list", list, "meaning");
    html_put(x, "</p></div></header>\n");
    page_clock(x, &said, checked->today);
    html_put(x, "<dl>\n");

    row_begin(x, TEXT_FIELD_IMEI);
    page_imei(x, checked->imei);
    row_end(x);
    row_begin(x, TEXT_FIELD_REASON);
    html_say_key(x, "reason", said.reason, "public");
    row_end(x);
    service_row(x, &said, reason == REASON_TEMPORARY, reason == REASON_HELD);
    model_row(x, checked);
    use_rows(x, checked, &said);
    html_put(x, "</dl>\n");
    page_next(x, &said, reason);
    html_put(x, "<dl class=\"proof\">\n");
    proof_rows(x, checked, n <= CODES_MAX);
    html_put(x, "</dl>\n</article>\n");
}
