/* SPDX-License-Identifier: Apache-2.0 */
#include "node/report_answer.h"

/* A number of lines; false: there is none, or more than are left. */
static bool take_count(const json_t *answer, const char *name, size_t *left, size_t *out)
{
    const json_t *value = json_object_get(answer, name);
    const json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || (uint64_t)n > *left)
        return false;
    *left -= (size_t)n;
    *out = (size_t)n;
    return true;
}

enum err report_answer_read(struct str bytes, size_t count, struct report_answer *out,
                            struct fault *fault)
{
    json_t *answer = bytes.p ? json_loadb(bytes.p, bytes.n, 0, NULL) : NULL;
    const json_t *shown = json_object_get(answer, "refused");
    size_t left = count, taken, known, elsewhere, refused = 0;
    const bool ok = json_is_array(shown) && take_count(answer, "taken", &left, &taken) &&
                    take_count(answer, "known", &left, &known) &&
                    take_count(answer, "elsewhere", &left, &elsewhere) &&
                    take_count(answer, "refused_count", &left, &refused) && !left &&
                    json_array_size(shown) <= refused;
    if (!ok) {
        json_decref(answer);
        return fault_set(fault, ERR_CODEC,
                         "the answer does not say what became of each: it is not the register's");
    }
    *out = (struct report_answer){answer, shown, refused};
    return ERR_OK;
}

void report_answer_release(struct report_answer *answer)
{
    json_decref(answer->whole);
    *answer = (struct report_answer){0};
}

bool report_is_refusal(struct str bytes)
{
    json_t *answer = bytes.p ? json_loadb(bytes.p, bytes.n, 0, NULL) : NULL;
    const bool is = json_is_string(json_object_get(answer, "reason"));
    json_decref(answer);
    return is;
}
