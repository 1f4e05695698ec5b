/* SPDX-License-Identifier: Apache-2.0
 *
 * screen_reports - what the pages of the reports on operators share: tables of figures, numbers, the address of an operator. */
#ifndef PORTAL_SCREEN_REPORTS_H
#define PORTAL_SCREEN_REPORTS_H

#include "portal/cabinet.h"
#include "portal/operator.h"

void reports_heading(struct exchange *x, enum text says);
void reports_tell(struct exchange *x, enum text says);
void reports_number(struct exchange *x, uint64_t n);
void reports_day(struct exchange *x, daynum day);
/* A table of figures: its caption and its columns, of which the first names the row. */
void reports_table(struct exchange *x, enum text caption, const enum text *columns, size_t n);
void reports_table_end(struct exchange *x);
/* A link to the report on one operator. */
void reports_link(struct exchange *x, struct str operator_name, enum text says);

#endif
