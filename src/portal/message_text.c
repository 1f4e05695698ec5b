/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/message_text.h"

#include <stdlib.h>

#include "cases/claim.h"

char message_of(const struct message *m)
{
    bool claim = *m->application == CLAIM_REQUEST || *m->application == CLAIM_COMPLAINT;
    return claim ? *m->application : '\0';
}

json_t *message_about(const struct message *m)
{
    char of = message_of(m);
    return json_pack("{s:s*, s:s*, s:s*}", "application", of ? NULL : m->application, "request",
                     of == CLAIM_REQUEST ? m->application : NULL, "complaint",
                     of == CLAIM_COMPLAINT ? m->application : NULL);
}

enum lang message_lang(const struct message *m)
{
    enum lang lang = LANG_KK;
    return lang_find(str_z(m->language), &lang) ? lang : LANG_KK;
}

void message_words_short(struct buf *out, enum lang lang, const struct message *m)
{
    enum text id;
    struct buf due = {0};
    if (!text_find_parts("said", message_text(m->code), NULL, &id))
        return;
    if (daynum_is_day(m->due))
        text_date_through(&due, lang, m->due);
    const struct text_var vars[] = {{"number", str_z(m->application)},
                                    {"due", {due.p ? (const char *)due.p : "", due.n}}};
    text_format(out, text_get(lang, id), vars, sizeof vars / sizeof *vars);
    out->failed |= due.failed;
    buf_release(&due);
}

/* "No border crossing was found. Bring a ticket." */
static void put_reason(struct buf *out, enum lang lang, uint8_t refusal)
{
    enum text why, bring;
    const char *name = refusal_name(refusal);
    if (text_find_parts("refusal", name, NULL, &why))
        buf_printf(out, "\n%.*s.", STR_ARG(text_get(lang, why)));
    if (text_find_parts("refusal", name, "bring", &bring))
        buf_printf(out, " %.*s", STR_ARG(text_get(lang, bring)));
}

void message_words(struct buf *out, enum lang lang, const struct message *m)
{
    const struct text_var note = {"note", str_z(m->note)};
    message_words_short(out, lang, m);
    for (unsigned i = 0; i < m->refusal_count; i++)
        put_reason(out, lang, m->refusals[i]);
    if (!*m->note)
        return;
    buf_str(out, STR("\n"));
    text_format(
        out,
        text_get(lang, message_of(m) == CLAIM_REQUEST ? TEXT_SAID_NOTE_SELLER : TEXT_SAID_NOTE),
        &note, 1);
}

static int append(const char *bytes, size_t n, void *out)
{
    buf_put(out, bytes, n);
    return 0;
}

enum err message_letter(const struct message *m, const struct person *to, struct buf *out)
{
    char id[24], at[24];
    struct buf text = {0}, sms = {0};
    enum lang lang = message_lang(m);
    message_words(&text, lang, m);
    message_words_short(&sms, lang, m);
    instant_format(m->at_s, at);
    snprintf(id, sizeof id, "%012llu", (unsigned long long)m->number);
    json_t *json =
        text.failed || sms.failed
            ? NULL
            : json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s*}, s:s%, s:s%}", "id", id, "at", at,
                        "code", message_name(m->code), "language", lang_code(lang), "to", "iin_bin",
                        *to->bin ? to->bin : to->iin, "name", to->name, "msisdn",
                        *m->msisdn ? m->msisdn : NULL, "text", (const char *)text.p, text.n, "sms",
                        (const char *)sms.p, sms.n);
    bool good = json && json_object_update_new(json, message_about(m)) == 0 &&
                json_dump_callback(json, append, out, JSON_COMPACT) == 0;
    buf_str(out, STR("\n"));
    json_decref(json);
    buf_release(&text);
    buf_release(&sms);
    return good && !out->failed ? ERR_OK : ERR_MEMORY;
}

/* "Code 123456: ...": what it is for stands in it. */
static void code_words(struct buf *out, enum lang lang, const struct code *c, const char *secret)
{
    const struct text_var var = {"code", str_z(secret)};
    bool gift = c->purpose == CODE_GIFT;
    text_format(out, text_get(lang, gift ? TEXT_SAID_CODE_GIFT : TEXT_SAID_CODE_PRESENT), &var, 1);
}

enum err code_letter(const struct code *c, const char *secret, uint64_t number, struct buf *out)
{
    char id[24], at[24];
    struct buf text = {0};
    enum lang lang = LANG_KK;
    if (!lang_find(str_z(c->language), &lang))
        lang = LANG_KK;
    code_words(&text, lang, c, secret);
    instant_format(c->sent_s, at);
    snprintf(id, sizeof id, "%012llu", (unsigned long long)number);
    json_t *json =
        text.failed
            ? NULL
            : json_pack("{s:s, s:s, s:s, s:n, s:s, s:{s:s}, s:s%, s:s%}", "id", id, "at", at,
                        "code", c->purpose == CODE_GIFT ? "code_gift" : "code_present",
                        "application", "language", lang_code(lang), "to", "msisdn", c->msisdn,
                        "text", (const char *)text.p, text.n, "sms", (const char *)text.p, text.n);
    bool good = json && json_dump_callback(json, append, out, JSON_COMPACT) == 0;
    buf_str(out, STR("\n"));
    json_decref(json);
    buf_release(&text);
    return good && !out->failed ? ERR_OK : ERR_MEMORY;
}
