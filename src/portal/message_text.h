/* SPDX-License-Identifier: Apache-2.0
 *
 * message_text - the words of a message (cases/message.h) in a language of the catalogue. */
#ifndef PORTAL_MESSAGE_TEXT_H
#define PORTAL_MESSAGE_TEXT_H

#include "cases/outbox.h"
#include "face/text.h"

/* What it is about: 'R' a request, 'C' a complaint (cases/claim.h), 0 an application. */
char message_of(const struct message *message);
/* {"application": NUMBER}, or "request", "complaint"; json_decref. NULL: no memory. */
json_t *message_about(const struct message *message);
/* The language in which its applicant is written to: Kazakh where it is not known. */
enum lang message_lang(const struct message *message);
/* Appends the whole of it: what happened, the officer's words, reasons with what to bring. Lines end in \n. */
void message_words(struct buf *out, enum lang lang, const struct message *message);
/* Appends what an SMS of two parts holds: 134 UTF-16 units at most. */
void message_words_short(struct buf *out, enum lang lang, const struct message *message);
/* The letter of the outbox: JSON {id, code, at, application (or request, complaint), language, to: {iin_bin, name}, text, sms}; to.msisdn when
 * he is told by a number of his. */
enum err message_letter(const struct message *message, const struct person *to, struct buf *out);
/* The letter that carries a code: to: {msisdn}. */
enum err code_letter(const struct code *code, const char *secret, uint64_t number, struct buf *out);

#endif
