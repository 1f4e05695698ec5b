/* SPDX-License-Identifier: Apache-2.0 */
#include "face/notice_text.h"

static const enum text texts[NOTICE_COUNT] = {
    [NOTICE_GREY] = TEXT_NOTICE_GREY,
    [NOTICE_DAYS_14] = TEXT_NOTICE_GREY,
    [NOTICE_DAYS_7] = TEXT_NOTICE_GREY,
    [NOTICE_DAYS_3] = TEXT_NOTICE_GREY,
    [NOTICE_DAYS_1] = TEXT_NOTICE_GREY,
    [NOTICE_LAST_DAY] = TEXT_NOTICE_LAST_DAY,
    [NOTICE_RESTRICTED] = TEXT_NOTICE_RESTRICTED,
    [NOTICE_VERIFIED] = TEXT_NOTICE_VERIFIED,
};

void notice_text(struct buf *out, enum lang lang, const struct notice_words *words)
{
    char imei[IMEI_TEXT15];
    struct buf due = {0};
    if (words->step <= NOTICE_NONE || words->step >= NOTICE_COUNT)
        return;
    imei_format15(words->imei, imei);
    if (daynum_is_day(words->last_day))
        text_day_through(&due, lang, words->last_day);
    const struct text_var vars[] = {{"tail", str_z(imei + IMEI_TEXT15 - 5)},
                                    {"due", {due.p ? (const char *)due.p : "", due.n}},
                                    {"site", words->site},
                                    {"number", words->number}};
    text_format(out, text_get(lang, texts[words->step]), vars, sizeof vars / sizeof *vars);
    out->failed |= due.failed;
    buf_release(&due);
}
