/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts rows, changes and verdicts as bytes: the first byte says which. What decodes is written
 * again to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/change.h"
#include "core/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool what)
{
    if (!what)
        abort();
}

static void try_facts(const uint8_t *p, size_t n)
{
    struct facts f;
    uint8_t out[FACTS_ROW_MAX];
    if (facts_decode(p, n, &f) != ERR_OK)
        return;
    must(facts_encode(&f, out) == n);
    must(memcmp(out, p, n) == 0);
}

static void try_change(const uint8_t *p, size_t n)
{
    struct change c = {0};
    struct facts f;
    uint8_t out[CHANGE_BYTES_MAX];
    struct rd rd = rd_of(p, n);
    if (change_decode(&rd, &c) != ERR_OK)
        return;
    n -= rd_left(&rd);
    must(change_encode(&c, out) == n);
    must(memcmp(out, p, n) == 0);
    bool changed;
    facts_init(&f);
    if (change_apply(&f, &c, &changed) == ERR_OK) {
        uint8_t row[FACTS_ROW_MAX];
        must(facts_encode(&f, row) <= FACTS_ROW_MAX);
    }
}

static void try_verdict(const uint8_t *p, size_t n)
{
    struct verdict v;
    uint8_t out[VERDICT_BYTES_MAX];
    struct rd rd = rd_of(p, n);
    if (verdict_decode(&rd, &v) != ERR_OK)
        return;
    n -= rd_left(&rd);
    must(verdict_encode(&v, out) == n);
    must(memcmp(out, p, n) == 0);
    struct verdict back = verdict_unpack(verdict_pack(&v));
    must(verdict_equal(&v, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    switch (data[0] & 3) {
    case 0:
        try_facts(data + 1, size - 1);
        break;
    case 1:
        try_change(data + 1, size - 1);
        break;
    default:
        try_verdict(data + 1, size - 1);
        break;
    }
    return 0;
}
