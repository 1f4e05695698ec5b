/* SPDX-License-Identifier: Apache-2.0
 *
 * An image of the index as the file that nodes begin with. */
#include "app/registry.h"

/* The rule set that the image names, which need not be the newest by now, and its list. */
static enum err texts_of(struct registry *reg, uint32_t number, struct buf *rules_text,
                         struct buf *tac, struct fault *fault)
{
    struct rules rules;
    if (!number)
        return ERR_OK;
    enum err err = store_rules_get(reg->store, number, rules_text, fault);
    if (!err)
        err = rules_parse((struct str){(char *)rules_text->p, rules_text->n}, &rules, fault);
    if (!err && rules.tac_list)
        err = store_tac_list_get(reg->store, rules.tac_list, tac, fault);
    if (err == ERR_NOT_FOUND)
        err = fault_set(fault, ERR_STORE,
                        "rule set %u or its TAC list is missing from the register", number);
    return err;
}

enum err registry_write_image(struct registry *reg, struct index_image *image, const char *path,
                              struct fault *fault)
{
    struct buf rules = {0}, tac = {0};
    enum err err = texts_of(reg, index_image_state(image).rules, &rules, &tac, fault);
    struct index_file file = {.register_id = reg->head.register_id,
                              .rules = {(char *)rules.p, rules.n},
                              .tac = {(char *)tac.p, tac.n}};
    if (!err && (rules.failed || tac.failed))
        err = ERR_MEMORY;
    if (!err)
        err = index_image_write(image, path, &file, &reg->keys.sign, fault);
    buf_release(&rules);
    buf_release(&tac);
    return err;
}
