/* SPDX-License-Identifier: Apache-2.0
 *
 * table - tables that go out for people's spreadsheets: CSV in UTF-8 with its mark, so that Kazakh letters are read
 * as such; no cell begins as a formula does (CWE-1236). */
#ifndef PORTAL_TABLE_H
#define PORTAL_TABLE_H

#include "base/buf.h"
#include "portal/json.h"

/* Begins an answer that is a table, to be kept under this name; head: its first line. */
void table_begin(struct exchange *x, const char *name, const char *head);
/* One cell; in quotes where it needs them. last: the row ends. */
void table_cell(struct buf *out, struct str text, bool last);

#endif
