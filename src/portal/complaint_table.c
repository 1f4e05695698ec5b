/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/complaint_table.h"

#include <stdlib.h>

#include "cases/complaint.h"
#include "portal/table.h"

static void number_cell(struct exchange *x, uint64_t n, bool last)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    table_cell(x->out, str_z(text), last);
}

static void row(struct exchange *x, const struct seller_count *of)
{
    table_cell(x->out, str_z(of->seller.bin), false);
    table_cell(x->out, str_z(of->seller.name), false);
    table_cell(x->out, str_z(of->seller.address), false);
    number_cell(x, of->complaints, false);
    number_cell(x, of->open, false);
    for (unsigned i = 1; i < OUTCOME_COUNT; i++)
        number_cell(x, of->by_outcome[i], i + 1 == OUTCOME_COUNT);
}

static void add(struct seller_count *to, const struct seller_count *of)
{
    to->complaints += of->complaints;
    to->open += of->open;
    for (unsigned i = 1; i < OUTCOME_COUNT; i++)
        to->by_outcome[i] += of->by_outcome[i];
}

enum err complaint_table(struct exchange *x, struct visit *v)
{
    struct seller_count *of = NULL, rest = {.complaints = 0};
    size_t n = 0;
    bool all = ROLE_BIT(v->who.role) & (ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_MINISTRY));
    enum err err = complaint_sellers(v->office.registry, &of, &n, &v->fault);
    portal_note(v, AUDIT_CLAIM_LOOK, 0, 0, err);
    if (err)
        return err;
    table_begin(x, "complaints-by-seller.csv",
                "bin,name,address,complaints,open,passed_on,seller_answered,unfounded,withdrawn");
    for (size_t i = 0; i < n; i++) {
        if (all || of[i].complaints >= COMPLAINTS_TOLD)
            row(x, &of[i]);
        else
            add(&rest, &of[i]);
    }
    if (rest.complaints >= COMPLAINTS_TOLD)
        row(x, &rest);
    free(of);
    return ERR_OK;
}
