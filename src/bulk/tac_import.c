/* SPDX-License-Identifier: Apache-2.0 */
#include "bulk/tac_import.h"

#include "app/whatif.h"

/* Is this the list in force already? */
static enum err same_list(struct registry *reg, const struct buf *packed, bool *out,
                          struct fault *fault)
{
    struct buf stored = {0};
    enum err err = ERR_OK;
    *out = false;
    if (reg->rules.tac_list)
        err = store_tac_list_get(reg->store, reg->rules.tac_list, &stored, fault);
    if (!err)
        *out = reg->rules.tac_list && stored.n == packed->n &&
               memcmp(stored.p, packed->p, packed->n) == 0;
    buf_release(&stored);
    return err;
}

/* What the list would do. A plain list of devices moves no verdict. */
static enum err look(struct registry *reg, const struct tac_import *how,
                     const struct tac_file *file, struct rules rules, const struct buf *packed,
                     uint32_t *out_tripped, struct fault *fault)
{
    struct tac_table *table = NULL;
    if (!how->complete && !file->machine_count && !reg->rules.tac_list_complete)
        return ERR_OK;
    enum err err = tac_table_new(packed->p, packed->n, &table);
    rules.tac = table;
    if (!err)
        err = guard_rules(reg, &rules, true, &how->accept, out_tripped, fault);
    tac_table_free(table);
    return err;
}

static enum err bring(struct registry *reg, const struct tac_import *how,
                      const struct tac_file *file, const struct buf *packed,
                      struct batch_result *out, struct fault *fault)
{
    struct rules rules = reg->rules;
    rules.tac_list_complete = how->complete;
    rules.tac_list_date = how->date == DAYNUM_NONE ? registry_today(reg) : how->date;
    bool same;
    enum err err = same_list(reg, packed, &same, fault);
    if (err || (same && rules.tac_list_complete == reg->rules.tac_list_complete &&
                rules.tac_list_date == reg->rules.tac_list_date))
        return err;
    char label[BATCH_LABEL_MAX], reason[GUARD_REASON_MAX];
    uint32_t tripped = 0;
    err = look(reg, how, file, rules, packed, &tripped, fault);
    if (err)
        return err;
    snprintf(label, sizeof label, "import tac%s %s", how->complete ? " --complete" : "", how->path);
    struct rules_plan plan = {.rules = &rules,
                              .tac_list = {(char *)packed->p, packed->n},
                              .grave = how->complete || file->machine_count,
                              .label = label,
                              .reason = guard_reason(&how->accept, tripped, reason)};
    return rules_change(reg, &plan, out, fault);
}

enum err import_tac(struct registry *reg, const struct tac_import *how, struct tac_file *out_file,
                    struct batch_result *out_batch, struct fault *fault)
{
    struct tac_builder *builder = tac_builder_new();
    struct buf packed = {0};
    *out_batch = (struct batch_result){0};
    if (how->date != DAYNUM_NONE && how->date > registry_today(reg)) {
        tac_builder_free(builder);
        return fault_set(fault, ERR_DATE, "the list's day lies in the future");
    }
    const struct tac_reading reading = {how->path, how->format, registry_today(reg)};
    enum err err = builder ? tac_file_read(&reading, builder, out_file, fault) : ERR_MEMORY;
    if (!err)
        err = tac_builder_pack(builder, &packed);
    if (!err)
        err = bring(reg, how, out_file, &packed, out_batch, fault);
    tac_builder_free(builder);
    buf_release(&packed);
    return err;
}
