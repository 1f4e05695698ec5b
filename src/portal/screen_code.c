/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/screen_code.h"

#include <sodium.h>

void screen_demo_code(struct exchange *x, const struct visit *v, const struct code *code)
{
    char secret[CODE_TEXT];
    if (!portal_demo(v->portal))
        return;
    code_secret(v->office.registry, code, secret);
    html_put(x, "<section class=\"secrets\">\n<h2>");
    html_say(x, TEXT_DEMO_LETTER);
    html_put(x, "</h2>\n<p>");
    html_say(x, TEXT_DEMO_LETTER_LEAD);
    html_put(x, "</p>\n<dl><div><dt>");
    html_say(x, TEXT_SIGN_IN_CODE);
    html_put(x, "</dt><dd><code id=\"demo-code\">");
    html_put(x, secret);
    html_put(x, "</code></dd></div></dl>\n</section>\n");
}

void screen_code_sent(struct exchange *x, const struct visit *v, const struct code *code)
{
    html_put(x, "<p>");
    html_say_with(x, TEXT_ASSIST_SENT, "end", str_z(msisdn_end(code->msisdn)));
    html_put(x, " ");
    html_say(x, TEXT_ASSIST_UNTIL);
    html_put(x, " ");
    screen_time(x, v, code->until_s);
    html_put(x, ".</p>\n");
}

void screen_code_key(struct exchange *x)
{
    uint8_t random[CODE_ID];
    char key[CODE_ID_TEXT];
    randombytes_buf(random, sizeof random);
    code_id_format(random, key);
    html_put(x, "<input type=\"hidden\" name=\"key\" value=\"");
    html_put(x, key);
    html_put(x, "\">\n");
}

void screen_code_went(struct visit *v, const struct code *code, enum err err)
{
    portal_note(v, AUDIT_CODE_SENT, code->person,
                code_number_hash(v->office.registry, code->msisdn), err);
    portal_heard(v, err);
    if (!err)
        portal_wake(v->portal);
}

void screen_code_tried(struct visit *v, const struct code *code, enum err err)
{
    portal_note(v, AUDIT_CODE_TRIED, code->person,
                code_number_hash(v->office.registry, code->msisdn), err);
    portal_heard(v, err);
}
