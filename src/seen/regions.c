/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/regions.h"

#include <stdlib.h>
#include <string.h>

#include "bulk/csv.h"

enum { PREFIX, REGION, COLUMNS, DIGITS_MOST = 15 };

static int by_digits(const void *a, const void *b)
{
    uint64_t x = ((const struct region_prefix *)a)->digits;
    uint64_t y = ((const struct region_prefix *)b)->digits;
    return (x > y) - (x < y);
}

static bool digits_of(struct str text, uint64_t *out)
{
    uint64_t digits = 1;
    if (text.n && text.p[0] == '+') {
        text.p++;
        text.n--;
    }
    if (!text.n || text.n > DIGITS_MOST || !str_digits(text))
        return false;
    for (size_t i = 0; i < text.n; i++)
        digits = digits * 10 + (uint64_t)(text.p[i] - '0');
    *out = digits;
    return true;
}

/* False: no name, or one too many. */
static bool region_of(struct regions *regions, struct str name, unsigned *out)
{
    for (unsigned i = 0; i < regions->count; i++)
        if (str_eq(str_z(regions->names[i]), name)) {
            *out = i;
            return true;
        }
    if (!name.n || name.n > LIMIT_NAME || !str_printable(name) || regions->count == REGIONS)
        return false;
    str_copy(regions->names[regions->count], LIMIT_NAME + 1, name);
    *out = regions->count++;
    return true;
}

static enum err take(struct regions *regions, const struct csv *csv, const struct csv_row *row,
                     struct fault *fault)
{
    struct region_prefix one = {0};
    uint32_t wrong = COLUMNS;
    if (!digits_of(row->fields[PREFIX], &one.digits) || regions->prefix_count == REGION_PREFIXES)
        wrong = PREFIX;
    else if (!region_of(regions, row->fields[REGION], &one.region))
        wrong = REGION;
    if (wrong != COLUMNS) {
        csv_where(csv, row, wrong, fault);
        return fault_set(fault, ERR_ROW,
                         "want prefixes of 1 to 15 digits, at most %d, and at most %d regions of 1 "
                         "to %d bytes",
                         REGION_PREFIXES, REGIONS, LIMIT_NAME);
    }
    regions->prefixes[regions->prefix_count++] = one;
    return ERR_OK;
}

static enum err put_in_order(struct regions *regions, struct fault *fault)
{
    size_t kept = 0;
    struct region_prefix *p = regions->prefixes;
    if (regions->prefix_count)
        qsort(p, regions->prefix_count, sizeof *p, by_digits);
    for (size_t i = 0; i < regions->prefix_count; i++) {
        if (kept && p[kept - 1].digits == p[i].digits) {
            if (p[kept - 1].region != p[i].region)
                return fault_set(fault, ERR_ROW, "one prefix stands with two regions");
            continue;
        }
        p[kept++] = p[i];
    }
    regions->prefix_count = kept;
    return ERR_OK;
}

enum err regions_read(const char *path, struct regions *out, struct fault *fault)
{
    static const char *const columns[COLUMNS] = {"prefix", "region"};
    struct csv *csv;
    struct csv_row row;
    enum err err = csv_open(&(struct csv_options){.path = path,
                                                  .columns = columns,
                                                  .column_count = COLUMNS,
                                                  .required = 1u << PREFIX | 1u << REGION},
                            &csv, fault);
    if (err)
        return err;
    memset(out, 0, sizeof *out);
    while (!(err = csv_next(csv, &row, fault)) && row.fields && !err)
        if ((err = take(out, csv, &row, fault)))
            break;
    csv_close(csv);
    return err ? err : put_in_order(out, fault);
}

unsigned regions_of(const struct regions *regions, uint64_t msisdn)
{
    for (uint64_t digits = msisdn; digits > 1; digits /= 10) {
        const struct region_prefix key = {.digits = digits};
        const struct region_prefix *found =
            bsearch(&key, regions->prefixes, regions->prefix_count, sizeof key, by_digits);
        if (found)
            return found->region;
    }
    return REGION_NONE;
}
