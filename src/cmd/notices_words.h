/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_words - what notices need of other rooms: who a subscriber is (seen/parts.h), and words (face/notice_text.h). */
#ifndef CMD_NOTICES_WORDS_H
#define CMD_NOTICES_WORDS_H

#include "app/notices_list.h"

extern const struct notices_port notices_words;

#endif
