/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACE_PAGE_ANSWER_H
#define FACE_PAGE_ANSWER_H

#include "face/request.h"
#include "face/said.h"

/* One IMEI's answer as a section of the page; n counts from 1. */
void page_answer(struct exchange *x, const struct checked *checked, size_t n);
/* The QR code of a check number, where we know our own address. */
void page_number_qr(struct exchange *x, const char *number);
/* Its parts: the clock drawn, where there is a last day with service; what to do now. */
void page_clock(struct exchange *x, const struct said *said, daynum today);
void page_next(struct exchange *x, const struct said *said, uint8_t reason);
/* An IMEI in groups for the eye that are copied as bare digits; digit by digit for who listens. */
void page_imei(struct exchange *x, struct imei imei);

#endif
