/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/odd_json.h"

#include <inttypes.h>
#include <stdio.h>

const struct groups_words odd_words = {{"tac_missing", "tac_test", "tac_later"}};

void odd_month_format(const struct odd_tacs *odd, unsigned back, char out[ODD_MONTH_TEXT])
{
    const int month = odd->month - (int)back;
    snprintf(out, ODD_MONTH_TEXT, "%04d-%02d", month / 12 % 10000, month % 12 + 1);
}

/* {"tac":…,"brand":…,"model":…} */
static json_t *model_json(const struct registry *reg, uint32_t tac_number)
{
    char tac[16];
    struct tac_info info = {.brand = STR(""), .model = STR("")};
    snprintf(tac, sizeof tac, "%08" PRIu32, tac_number);
    (void)tac_find(reg->tac, tac_number, &info);
    return json_pack("{s:s, s:s%, s:s%}", "tac", tac, "brand", info.brand.p, info.brand.n, "model",
                     info.model.p, info.model.n);
}

static json_t *months_json(const struct odd_tacs *odd, const struct odd_kind *kind)
{
    json_t *months = json_array();
    for (unsigned back = 0; back < ODD_MONTHS; back++) {
        char month[ODD_MONTH_TEXT];
        odd_month_format(odd, back, month);
        if (kind->months[back])
            json_array_append_new(months, json_pack("{s:s, s:I}", "month", month, "imeis",
                                                    (json_int_t)kind->months[back]));
    }
    return months;
}

static json_t *kind_json(const struct registry *reg, const struct odd_tacs *odd,
                         const struct odd_kind *kind)
{
    json_t *models = json_array(), *examples = json_array();
    for (uint32_t i = 0; i < kind->models.n; i++) {
        json_t *model = model_json(reg, kind->models.list[i].tac);
        json_object_set_new(model, "imeis", json_integer((json_int_t)kind->models.list[i].imeis));
        json_array_append_new(models, model);
    }
    for (unsigned i = 0; i < kind->examples; i++) {
        char masked[24];
        imei_format_masked(kind->example[i], masked);
        json_array_append_new(examples, json_string(masked));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "imeis",
                     kind->few ? json_null() : json_integer((json_int_t)kind->imeis), "months",
                     months_json(odd, kind), "models", models, "examples", examples);
}

static json_t *rows_json(const uint64_t rows[RADIO_KINDS])
{
    json_t *all = json_object();
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        json_object_set_new(all, radio_name(k), json_integer((json_int_t)rows[k]));
    return all;
}

static json_t *names_json(unsigned radio)
{
    json_t *names = json_array();
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        if (radio >> k & 1)
            json_array_append_new(names, json_string(radio_name(k)));
    return names;
}

static json_t *wrong_json(const struct registry *reg, const struct odd_tacs *odd)
{
    json_t *models = json_array();
    for (unsigned i = 0; i < odd->wrong_n; i++) {
        const struct odd_wrong *w = &odd->wrong[i];
        struct tac_info info = {.radio = 0};
        json_t *model = model_json(reg, w->tac);
        (void)tac_find(reg->tac, w->tac, &info);
        json_object_set_new(model, "has", names_json(info.radio));
        json_object_set_new(model, "seen", names_json(w->radio));
        json_object_set_new(model, "rows", json_integer((json_int_t)w->rows));
        json_array_append_new(models, model);
    }
    return json_pack("{s:I, s:o}", "tacs", (json_int_t)odd->wrong_tacs, "models", models);
}

json_t *odd_tacs_json(const struct registry *reg, const struct odd_tacs *odd)
{
    json_t *radio = json_array();
    for (unsigned i = 0; i < odd->operators; i++)
        json_array_append_new(
            radio, json_pack("{s:s, s:o, s:o}", "operator", odd->radio[i].name, "rows",
                             rows_json(odd->radio[i].rows), "wrong",
                             odd->has_details ? rows_json(odd->radio[i].wrong) : json_null()));
    return json_pack("{s:I, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "in_use",
                     (json_int_t)odd->in_use, "list_of_models", odd->has_list, "list_of_details",
                     odd->has_details, "tac_missing",
                     odd->has_list ? kind_json(reg, odd, &odd->kinds[ODD_MISSING]) : json_null(),
                     "tac_test", kind_json(reg, odd, &odd->kinds[ODD_TEST]), "tac_later",
                     odd->has_details ? kind_json(reg, odd, &odd->kinds[ODD_LATER]) : json_null(),
                     "operators", groups_json(&odd->groups.operators, &odd_words), "radio_seen",
                     radio, "radio_wrong", odd->has_details ? wrong_json(reg, odd) : json_null());
}
