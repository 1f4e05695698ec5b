/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of a notice and the words that went out; where a phone's owner can go. */
#include "app/notices_list.h"
#include "face/notice_text.h"
#include "portal/lookup.h"

const char *lookup_status(const struct lookup *look, const struct notices_row *row)
{
    if (row->state == NOTICES_WAITING && row->number > look->handed)
        return row->until < look->today ? "late" : "waiting";
    if (row->state == NOTICES_WAITING)
        return "sent";
    return row->state == NOTICES_UNKNOWN ? "unknown_number" : notices_state_name(row->state);
}

static void words(struct buf *out, int lang, const struct notices_row *row, struct str site,
                  struct str check)
{
    static const enum lang langs[NOTICES_LANGS] = {LANG_KK, LANG_RU, LANG_EN};
    const struct notice_words w = {(enum notice_step)row->step, row->imei, row->last_day, site,
                                   check};
    notice_text(out, langs[lang], &w);
}

enum err lookup_words(struct visit *v, const struct lookup *look, const struct notices_row *row,
                      struct buf out[LANG_COUNT], char out_id[NOTICES_ID_TEXT], struct fault *fault)
{
    static const struct notices_port port = {NULL, words, NULL};
    static const struct notices_who nobody = {0, 0};
    static const enum lang langs[NOTICES_LANGS] = {LANG_KK, LANG_RU, LANG_EN};
    struct notices_speaker speaker;
    struct notices_said said = {0};
    enum err err = notices_speaker_init(&speaker, v->office.registry, &port, look->party, fault);
    if (err)
        return err;
    notices_say(&speaker, row, &nobody, &said);
    for (int i = 0; i < NOTICES_LANGS; i++) {
        buf_clear(&out[langs[i]]);
        buf_put(&out[langs[i]], said.text[i].p, said.text[i].n);
    }
    memcpy(out_id, said.id, NOTICES_ID_TEXT);
    notices_said_release(&said);
    return ERR_OK;
}

const char *const *lookup_doors(uint8_t reason)
{
    static const char *const verify[] = {"carried", "parcel", "gift", "bought", "before", NULL};
    static const char *const again[] = {"recheck", NULL};
    static const char *const none[] = {NULL};
    switch (reason) {
    case REASON_UNVERIFIED:
    case REASON_EXPIRED:
    case REASON_NEVER_ACTIVATED:
        return verify;
    case REASON_CLONE:
    case REASON_REVOKED:
    case REASON_REPLACED:
    case REASON_TAC_UNALLOCATED:
    case REASON_MALFORMED:
        return again;
    default:
        return none;
    }
}
