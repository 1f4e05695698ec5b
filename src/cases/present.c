/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/present.h"

#include <stdio.h>

enum { KEY_TEXT = 48 };

enum err present_begin(const struct office *office, const struct session *assistant,
                       struct code *code, struct str idempotency, struct fault *fault)
{
    code->purpose = CODE_PRESENT;
    code->asker = assistant->party;
    return code_send(office, code, idempotency, fault);
}

bool present_may(uint8_t kind, uint8_t way)
{
    bool open = kind == APPROVAL_PERSONAL || kind == APPROVAL_BEFORE_DUTY ||
                kind == APPROVAL_SECOND_IMEI || kind == APPROVAL_RECHECK;
    return open && way != WAY_GIFT;
}

/* The person files; whose hand it was stands in the application, the journal and the audit log. */
static struct session in_name_of(const struct session *assistant, const struct code *code)
{
    return (struct session){
        .party = assistant->party, .acts_for = code->person, .role = ROLE_PERSON};
}

/* The act of filing by this code: one. */
static struct str key_of(const struct code *code, char out[KEY_TEXT])
{
    char id[CODE_ID_TEXT];
    code_id_format(code->id, id);
    snprintf(out, KEY_TEXT, "present %s", id);
    return str_z(out);
}

enum err present_file(const struct office *office, const struct session *assistant,
                      const struct code *code, struct str typed, const struct filing *wish,
                      struct application *out, bool *out_again, struct fault *fault)
{
    char key[KEY_TEXT];
    struct code proven;
    struct session who = in_name_of(assistant, code);
    struct filing asked = *wish;
    if (!present_may(wish->kind, wish->way)) {
        fault_field(fault, wish->way == WAY_GIFT ? "way" : "kind");
        return fault_set(fault, ERR_ROLE, "personal, before_duty, second_imei or recheck; no gift");
    }
    asked.idempotency = key_of(code, key);
    asked.language = str_z(code->language);
    asked.msisdn = str_z(code->msisdn);
    enum err err = filing_form(office, &who, &asked, fault); /* before a try is spent on it */
    if (!err)
        err =
            code_prove(office, &(struct code_try){code->id, CODE_PRESENT, assistant->party, typed},
                       &proven, fault);
    return err ? err : filing_new(office, &who, &asked, out, out_again, fault);
}

enum err present_made(const struct office *office, const struct session *assistant,
                      const struct code *code, struct application *out, struct fault *fault)
{
    char key[KEY_TEXT];
    struct session who = in_name_of(assistant, code);
    uint64_t id;
    enum err err = filing_made(office, &who, key_of(code, key), &id, fault);
    return err ? err : application_get(office->registry, id, out, fault);
}
