/* SPDX-License-Identifier: Apache-2.0
 *
 * page - the check before buying: one form, its answers on the same address. The IMEI travels in
 * the body of a POST only, so that no address bar, history or proxy log keeps it. */
#include "face/page.h"

#include "app/samples.h"
#include "face/asset.h"
#include "face/form.h"
#include "face/guard.h"
#include "face/html.h"
#include "face/page_answer.h"

/* One input of the form and what became of it. */
struct input {
    struct str typed;
    enum err err;
    struct checked checked;
};

struct inputs {
    size_t count, failed;
    bool too_many;
    struct input *list; /* LIMIT_CHECK_IMEIS */
};

/* Does Accept-Encoding (RFC 9110 12.5.3) take gzip? A weight of 0 is a refusal. */
static void send_asset(struct exchange *x, const struct asset *asset)
{
    struct response *response = x->response;
    response->content_type = asset->content_type;
    response->keeps = true;
    response->packed = asset->packed.n && request_takes(x->request->accept_encoding, STR("gzip"));
    response->whole_bytes = asset->bytes.n;
    response->fixed = response->packed ? asset->packed : asset->bytes;
}

void page_static(struct exchange *x)
{
    for (size_t i = 0; i < ASSET_COUNT; i++)
        if (asset_table[i].bytes.n && str_eq(x->param, str_z(asset_table[i].name))) {
            send_asset(x, &asset_table[i]);
            return;
        }
    route_fail(x, ERR_NOT_FOUND);
}

void page_error(struct exchange *x, enum err err)
{
    const struct err_info *info = err_info(err);
    x->response->status = info->http_status;
    html_begin(x, &(struct html_page){.title = TEXT_ERROR_HEADING});
    html_put(x, "<h1>");
    html_say_key(x, info->text_id, NULL, NULL);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say_key(x, info->text_id, "help", NULL);
    html_put(x, "</p>\n<p><a href=\"");
    html_url(x, "/");
    html_put(x, "\">");
    html_say(x, TEXT_ERROR_BACK);
    html_put(x, "</a></p>\n");
    html_end(x);
}

/* --- the form --- */

/* A text with {max}, the most IMEIs of one check. */
static void say_max(struct exchange *x, enum text id)
{
    char max[12];
    int n = snprintf(max, sizeof max, "%d", LIMIT_CHECK_IMEIS);
    html_say_with(x, id, "max", (struct str){max, (size_t)n});
}

/* A mistyped digit, kindly: which input, what it seems to be, how to see the right one. */
static void input_errors(struct exchange *x, const struct inputs *inputs)
{
    html_put(x, "<div class=\"error\" id=\"error\">");
    html_sign(x, "hint");
    html_put(x, "<div><p><strong>");
    html_say(x, TEXT_CHECK_ERRORS);
    html_put(x, "</strong></p>");
    if (inputs->too_many) {
        html_put(x, "<p>");
        say_max(x, TEXT_CHECK_TOO_MANY);
        html_put(x, "</p>");
    } else if (!inputs->count) {
        html_put(x, "<p>");
        html_say(x, TEXT_CHECK_EMPTY);
        html_put(x, "</p>");
    }
    for (size_t i = 0; i < inputs->count; i++) {
        const struct input *input = &inputs->list[i];
        if (!input->err)
            continue;
        const char *text_id = err_info(input->err)->text_id;
        html_put(x, "<p><span class=\"typed\">");
        html_text(x, input->typed);
        html_put(x, "</span> ");
        html_say_key(x, text_id, NULL, NULL);
        html_put(x, ". ");
        html_say_key(x, text_id, "help", NULL);
        html_put(x, "</p>");
    }
    html_put(x, "</div></div>\n");
}

/* What the script needs to know of us: where the scanner's files are, what its button says. */
static void script_files(struct exchange *x)
{
    html_put(x, "\" data-scan=\"");
    html_put(x, asset_table[ASSET_SCAN_JS].url);
    html_put(x, "\" data-wasm=\"");
    html_put(x, asset_table[ASSET_ZXING_READER_WASM].url);
    html_put(x, "\" data-button=\"");
    html_say(x, TEXT_CHECK_BUTTON);
}

static void form(struct exchange *x, struct str typed, const struct inputs *inputs)
{
    bool wrong = inputs && (inputs->failed || inputs->too_many || !inputs->count);
    html_put(x, "<form class=\"check\" method=\"post\" action=\"");
    html_check_url(x);
    if (x->response->script)
        script_files(x);
    html_put(x, "\">\n<label for=\"imei\">");
    html_say(x, TEXT_CHECK_LABEL);
    html_put(x, "</label>\n<p class=\"hint\" id=\"hint\">");
    html_say(x, TEXT_CHECK_HINT);
    html_put(x, "</p>\n");
    if (wrong)
        input_errors(x, inputs);
    html_put(x, "<textarea id=\"imei\" name=\"imei\" rows=\"2\" inputmode=\"numeric\" "
                "autocomplete=\"off\" spellcheck=\"false\" autocapitalize=\"off\" required "
                "maxlength=\"6500\" aria-describedby=\"");
    html_put(x, wrong ? "error hint\" aria-invalid=\"true\" autofocus>\n" : "hint several\">\n");
    html_text(x, typed);
    html_put(x, "</textarea>\n<p class=\"hint\" id=\"several\">");
    say_max(x, TEXT_CHECK_SEVERAL);
    html_put(x, "</p>\n<div id=\"helper\"><button class=\"main\">");
    html_say(x, TEXT_CHECK_BUTTON);
    html_put(x, "</button></div>\n</form>\n");
}

static void sample_row(struct exchange *x, const struct sample *sample)
{
    struct checked checked;
    uint64_t imsi = 0;
    if (sample->imsi && imsi_parse(str_z(sample->imsi), &imsi))
        imsi = 0;
    bool answered = !service_check(x->site->service, str_z(sample->imei), imsi, &checked);
    const char *list = answered ? list_name((enum list)checked.answer.list) : "hint";
    html_put(x, "<li><button name=\"sample\" value=\"");
    html_text(x, str_z(sample->id));
    html_put(x, "\"><span class=\"what\">");
    html_say_key(x, "sample", sample->id, NULL);
    html_put(x, "</span><span class=\"typed\">");
    html_text(x, str_z(sample->imei));
    html_put(x, "</span><span class=\"expect ");
    html_put(x, list);
    html_put(x, "\">");
    html_sign(x, list);
    if (answered)
        html_say_key(x, "list", list, "title");
    else
        html_say(x, TEXT_SAMPLES_MISTYPED);
    html_put(x, "</span></button></li>\n");
}

static void samples(struct exchange *x)
{
    html_put(x, "<section class=\"samples\" id=\"samples\">\n<h2>");
    html_say(x, TEXT_SAMPLES_HEADING);
    html_put(x, "</h2>\n<p>");
    html_say(x, TEXT_SAMPLES_LEAD);
    html_put(x, "</p>\n<form method=\"post\" action=\"");
    html_check_url(x);
    html_put(x, "\">\n<ul>\n");
    const struct sample *sample;
    for (size_t i = 0; (sample = sample_get(i)); i++)
        sample_row(x, sample);
    html_put(x, "</ul>\n</form>\n</section>\n");
}

/* The question itself. */
static void front(struct exchange *x, const struct html_page *page)
{
    html_begin(x, page);
    html_put(x, "<h1>");
    html_say(x, TEXT_CHECK_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_CHECK_LEAD);
    html_put(x, "</p>\n");
    form(x, (struct str){"", 0}, NULL);
    html_put(x, "<div id=\"answers\"></div>\n");
    if (x->site->demo)
        samples(x);
    html_end(x);
}

void page_home(struct exchange *x)
{
    if (asset_table[ASSET_PORTAL_KK_JS].bytes.n)
        x->response->script = SCRIPT_CHECK;
    front(x, &(struct html_page){.title = TEXT_CHECK_HEADING, .path = "/"});
}

void page_form(struct exchange *x)
{
    front(x, &(struct html_page){.title = TEXT_CHECK_HEADING});
}

/* --- its answers --- */

/* "IMEI: 3573…", "IMEI1 : 3573…", as they are copied from a phone or a box. */
static struct str without_label(struct str typed)
{
    enum { LABEL_MAX = 16 };
    struct str rest;
    if (typed.n < 4 || !str_eq_nocase((struct str){typed.p, 4}, STR("imei")))
        return typed;
    struct str label = str_split(typed, ':', &rest);
    if (rest.p && label.n <= LABEL_MAX)
        return str_trim(rest);
    return str_trim((struct str){typed.p + 4, typed.n - 4});
}

static void add(struct inputs *inputs, struct str typed)
{
    typed = without_label(str_trim(typed));
    if (!typed.n)
        return;
    if (inputs->count == LIMIT_CHECK_IMEIS)
        inputs->too_many = true;
    else
        inputs->list[inputs->count++].typed = typed;
}

/* Does every word of a line look like an IMEI of its own? Else its spaces are groups of one. */
static bool several(struct str line)
{
    size_t words = 0;
    while (line.n) {
        struct str word = str_trim(str_split(line, ' ', &line));
        if (word.n && (!str_digits(word) || word.n < 14 || word.n > 16))
            return false;
        words += word.n > 0;
    }
    return words > 1;
}

/* Lines, commas and semicolons part IMEIs. */
static void split(struct str typed, struct inputs *inputs)
{
    size_t from = 0;
    for (size_t i = 0; i <= typed.n && !inputs->too_many; i++) {
        if (i < typed.n && !strchr("\r\n,;", typed.p[i]))
            continue;
        struct str line = {typed.p + from, i - from};
        from = i + 1;
        if (!several(line)) {
            add(inputs, line);
            continue;
        }
        while (line.n)
            add(inputs, str_split(line, ' ', &line));
    }
}

/* ERR_… of the service itself, not of an input. */
static enum err check_all(struct exchange *x, struct inputs *inputs, uint64_t imsi)
{
    for (size_t i = 0; i < inputs->count && !inputs->too_many; i++) {
        struct input *input = &inputs->list[i];
        input->err = guard_check(x, input->typed, imsi, &input->checked);
        if (input->err && err_info(input->err)->http_status >= 500)
            return input->err;
        inputs->failed += input->err != ERR_OK;
    }
    return ERR_OK;
}

static void answers(struct exchange *x, struct str typed, const struct inputs *inputs,
                    bool for_subscriber)
{
    size_t answered = inputs->too_many ? 0 : inputs->count - inputs->failed;
    bool wrong = inputs->failed || !answered;
    html_put(x, "<h1>");
    html_say(x, answered ? TEXT_CHECK_RESULT : TEXT_CHECK_HEADING);
    html_put(x, "</h1>\n");
    if (answered > 1) {
        html_put(x, "<p class=\"lead\">");
        html_say_count(x, TEXT_CHECK_CHECKED, answered);
        html_put(x, "</p>\n");
    }
    if (answered && for_subscriber) {
        html_put(x, "<p class=\"lead\">");
        html_say(x, TEXT_SAMPLES_IMSI);
        html_put(x, "</p>\n");
    }
    if (wrong)
        form(x, typed, inputs);
    for (size_t i = 0, n = 0; answered && i < inputs->count; i++)
        if (!inputs->list[i].err)
            page_answer(x, &inputs->list[i].checked, ++n);
    if (!wrong) {
        html_put(x, "<section class=\"again\"><h2>");
        html_say(x, TEXT_CHECK_AGAIN);
        html_put(x, "</h2>\n");
        form(x, (struct str){"", 0}, NULL);
        html_put(x, "</section>\n");
    }
    if (!answered)
        x->response->status = inputs->too_many ? 413 : 400;
}

/* The sample that was asked for; NULL when none was, or this is no demonstration. */
static const struct sample *sample_asked(const struct exchange *x, struct str id)
{
    const struct sample *sample;
    for (size_t i = 0; x->site->demo && (sample = sample_get(i)); i++)
        if (str_eq(id, str_z(sample->id)))
            return sample;
    return NULL;
}

static enum err check_typed(struct exchange *x, struct str typed, struct str sample_id)
{
    const struct sample *sample = sample_asked(x, sample_id);
    uint64_t imsi = 0;
    if (sample) {
        typed = str_z(sample->imei);
        if (sample->imsi && imsi_parse(str_z(sample->imsi), &imsi))
            imsi = 0;
    }
    struct inputs inputs = {.list = calloc(LIMIT_CHECK_IMEIS, sizeof *inputs.list)};
    if (!inputs.list)
        return ERR_MEMORY;
    split(typed, &inputs);
    enum err err =
        inputs.count && !inputs.too_many ? guard_admit_rest(x, inputs.count - 1) : ERR_OK;
    if (!err)
        err = check_all(x, &inputs, imsi);
    if (!err) {
        struct html_page page = {.title = TEXT_CHECK_RESULT,
                                 .repost_name = sample ? "sample" : "imei",
                                 .repost_value = sample ? sample_id : typed};
        html_begin(x, &page);
        answers(x, typed, &inputs, imsi != 0);
        html_end(x);
    }
    free(inputs.list);
    return err;
}

void page_check(struct exchange *x)
{
    struct buf typed = {0}, sample = {0};
    bool found;
    enum err err = form_value(x->request->body, "imei", &typed, &found);
    if (!err)
        err = form_value(x->request->body, "sample", &sample, &found);
    if (!err)
        err = check_typed(x, (struct str){typed.n ? (const char *)typed.p : "", typed.n},
                          (struct str){sample.n ? (const char *)sample.p : "", sample.n});
    if (err)
        route_fail(x, err);
    buf_release(&typed);
    buf_release(&sample);
}
