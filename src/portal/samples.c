/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of devices to try with: the header alone, a hundred good rows, and a hundred thousand with seven
 * faults, one of each sort that people make. The rows of tools/sample_devices.py; a test compares them. */
#include "portal/handlers.h"
#include "portal/screen.h"
#include "portal/screens.h"
#include "portal/table.h"

static const char columns[] = "imei1,imei2,imei3,imei4,brand,model,declaration_no,declaration_date,"
                              "goods_item,country,invoice_no,invoice_date";

enum {
    SAMPLE_TAC = 35267798, /* the first of them */
    GOODS_ITEMS = 40,
};

enum fault_of_row { MISTYPED, TOO_SHORT, TWICE, FORMULA, NO_DAY, COUNTRY, TOO_MANY, GOOD };

static void sample_imei(unsigned serial, char out[IMEI_TEXT15])
{
    uint64_t tac = SAMPLE_TAC + serial / 1000000;
    imei_format15((struct imei){tac * 1000000 + serial % 1000000}, out);
}

static void put_row(struct buf *out, unsigned n, enum fault_of_row fault)
{
    char first[IMEI_TEXT15], second[IMEI_TEXT15];
    sample_imei(fault == TWICE ? 2 * n - 2 : 2 * n, first);
    sample_imei(2 * n + 1, second);
    if (fault == MISTYPED)
        first[14] = (char)('0' + (first[14] - '0' + 1) % 10);
    if (fault == TOO_SHORT)
        first[9] = '\0';
    buf_printf(out, "%s,%s,,,Samsung,%s,55301/010725/0001234,%s,%u,%s,INV-2025-17,2025-06-20%s\r\n",
               first, second, fault == FORMULA ? "=1+1" : "Galaxy A15",
               fault == NO_DAY ? "2025-13-01" : "2025-07-01", 1 + n % GOODS_ITEMS,
               fault == COUNTRY ? "China" : "CN", fault == TOO_MANY ? ",x" : "");
}

static void put_rows(struct exchange *x, const char *name, unsigned rows, unsigned faults)
{
    unsigned step = rows / (faults + 1), made = 0;
    table_begin(x, name, columns);
    for (unsigned n = 1; n <= rows && !x->out->failed; n++) {
        bool bad = made < faults && n % step == 0;
        put_row(x->out, n, bad ? (enum fault_of_row)made : GOOD);
        made += bad;
    }
    if (x->out->failed)
        route_fail(x, ERR_MEMORY);
}

void portal_template(struct exchange *x)
{
    table_begin(x, "template.csv", columns);
}

void screen_sample(struct exchange *x)
{
    put_rows(x, "sample.csv", SAMPLE_ROWS, 0);
}

/* Eleven megabytes: for who is signed in. */
void screen_sample_faults(struct exchange *x)
{
    struct visit v;
    if (!screen_visit(x, ROLES_APPLICANT, false, &v))
        return;
    put_rows(x, "sample-faults.csv", SAMPLE_FAULTS_ROWS, SAMPLE_FAULTS);
    portal_leave(&v);
}
