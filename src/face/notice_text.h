/* SPDX-License-Identifier: Apache-2.0
 *
 * notice_text - the words of a notice (core/notice.h) as an SMS of two parts holds them: which phone, until when, and
 * where to look. Never a link to pay, never a number to call: the register's own address and a check number alone. */
#ifndef FACE_NOTICE_TEXT_H
#define FACE_NOTICE_TEXT_H

#include "core/notice.h"
#include "face/text.h"

enum {
    NOTICE_UNITS = 134,  /* UTF-16 units: two parts of 67 (3GPP TS 23.040 9.2.3.24.1, UCS-2) */
    NOTICE_SITE_MAX = 18 /* characters of the address, so that the longest notice fits */
};

struct notice_words {
    enum notice_step step;
    struct imei imei;
    daynum last_day;   /* of the steps of the ladder */
    struct str site;   /* "imei.example.kz", at most NOTICE_SITE_MAX characters */
    struct str number; /* a check number, 20 characters */
};

/* Appends the words; nothing for NOTICE_NONE. The phone is told by the last four of its 15 digits. */
void notice_text(struct buf *out, enum lang lang, const struct notice_words *words);

#endif
