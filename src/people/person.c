/* SPDX-License-Identifier: Apache-2.0 */
#include "people/person.h"

enum err person_get(struct registry *reg, uint64_t party, struct person *out, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_PERSON, party);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (!err) {
        *out = (struct person){0};
        str_copy(out->iin, sizeof out->iin, json_text_of(json, "iin"));
        str_copy(out->bin, sizeof out->bin, json_text_of(json, "bin"));
        str_copy(out->name, sizeof out->name, json_text_of(json, "name"));
    }
    json_decref(json);
    return err;
}

enum err person_put(struct registry *reg, uint64_t party, const struct person *p,
                    struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_PERSON, party);
    json_t *json = json_pack("{s:s, s:s, s:s}", "iin", p->iin, "bin", p->bin, "name", p->name);
    enum err err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    return err;
}
