/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/notices_words.h"

#include <stdlib.h>

#include "face/notice_text.h"
#include "people/audit_log.h"
#include "seen/parts.h"

_Static_assert((int)NOTICES_SITE == (int)NOTICE_SITE_MAX, "one length of the address");
_Static_assert((int)NOTICES_LANGS == (int)LANG_COUNT, "the languages of the catalogue");

static enum err who(struct registry *reg, const uint32_t *numbers, size_t n,
                    struct notices_who *out, struct fault *fault)
{
    struct seen_subscriber *found = calloc(n + 1, sizeof *found);
    enum err err = found ? seen_subscribers_of(reg, numbers, n, found, fault) : ERR_MEMORY;
    for (size_t i = 0; !err && i < n; i++)
        out[i] = (struct notices_who){found[i].imsi, found[i].msisdn};
    if (found)
        explicit_bzero(found, n * sizeof *found);
    free(found);
    return err;
}

static void words(struct buf *out, int lang, const struct notices_row *row, struct str site,
                  struct str check)
{
    static const enum lang langs[NOTICES_LANGS] = {LANG_KK, LANG_RU, LANG_EN};
    const struct notice_words w = {(enum notice_step)row->step, row->imei, row->last_day, site,
                                   check};
    notice_text(out, langs[lang], &w);
}

static enum err note(struct registry *reg, uint64_t party, uint64_t rows, struct fault *fault)
{
    const struct audit_event event = {
        .what = AUDIT_NOTIFY_LIST, .actor = reg->actor, .subject = party, .object = rows};
    enum err err = store_write_begin(reg->store, fault);
    if (err)
        return err;
    err = audit_log_put(reg, &event, 1, fault);
    if (!err)
        err = store_write_commit(reg->store, fault);
    if (err)
        store_write_rollback(reg->store);
    return err;
}

const struct notices_port notices_words = {who, words, note};
