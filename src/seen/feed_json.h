/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_json - an operator's rows as lines of JSON, read as if they were CSV: {"date":"20260310","imei":"…","imsi":"…"}, msisdn, rat
 * and time as well. So one road judges all rows. A line that is no such object becomes a row of one column, which is
 * set aside with its text; members that are not known are named and passed over. Line n here is line n + 1 there. */
#ifndef SEEN_FEED_JSON_H
#define SEEN_FEED_JSON_H

#include "bulk/source.h"

struct feed_json;

/* inner: borrowed until feed_json_close. ERR_MEMORY. */
MUST_USE enum err feed_json_open(const struct source_reader *inner, struct feed_json **out,
                                 struct fault *fault);
void feed_json_close(struct feed_json *json); /* NULL is allowed */
/* As CSV. Its errors: those of inner, ERR_LINE_LONG, ERR_MEMORY. */
const struct source_reader *feed_json_reader(const struct feed_json *json);
/* Members that are not known, as text cut to size; empty: none so far. */
const char *feed_json_ignored(const struct feed_json *json);

#endif
