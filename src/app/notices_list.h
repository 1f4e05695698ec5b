/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_list - notices on their way to an operator: chosen (those whose words are still true and which nothing newer
 * has overtaken), given their numbers and words, and, by the road of files, written as a list of kind `notify` with head,
 * last line and signature as the others have them (lists_text.h). Full: all that may still be sent; delta: what was
 * made since a cursor. A cursor is the number behind the last one, with a keyed hash; it is of one operator. */
#ifndef APP_NOTICES_LIST_H
#define APP_NOTICES_LIST_H

#include "app/feed.h"
#include "app/lists_text.h"
#include "app/notices.h"

enum { NOTICES_LANGS = 3 /* kk, ru, en */ };

struct notices_who {
    uint64_t imsi, msisdn; /* packed as imsi_parse does; 0: none */
};

/* What this room cannot know: who a subscriber is, and how words are made. */
struct notices_port {
    /* numbers ascending; zeros for one who was dropped. */
    enum err (*who)(struct registry *registry, const uint32_t *numbers, size_t n,
                    struct notices_who *out, struct fault *fault);
    /* lang: 0 kk, 1 ru, 2 en; check: a check number, 20 characters. */
    void (*words)(struct buf *out, int lang, const struct notices_row *row, struct str site,
                  struct str check);
    /* A list with numbers of subscribers was made: for the audit log. A transaction of its own. */
    enum err (*note)(struct registry *registry, uint64_t party, uint64_t rows, struct fault *fault);
};

/* ---- choosing ---- */

struct notices_chosen {
    struct notices_row *rows;
    struct notices_who *who; /* of each */
    size_t n;
    uint64_t through;               /* all up to this number were looked at */
    uint64_t late, overtaken, gone; /* left out, of numbers above `handed` */
    uint64_t fresh;                 /* of rows, of numbers above `handed` */
    uint64_t handed;                /* of the operator, when they were chosen */
};
/* Numbers above `after`, at most `most` notices (of whole parts). ERR_MEMORY, of the store. */
MUST_USE enum err notices_choose(struct registry *registry, const struct notices_port *port,
                                 uint64_t party, uint64_t after, size_t most,
                                 struct notices_chosen *out, struct fault *fault);
void notices_chosen_release(struct notices_chosen *chosen);
/* They are his now: counts what is above `handed`, and moves it. Nothing where another has moved it meanwhile. */
MUST_USE enum err notices_handed(struct registry *registry, uint64_t party,
                                 const struct notices_chosen *chosen, struct fault *fault);

/* ---- what a notice says ---- */

struct notices_said {
    char id[NOTICES_ID_TEXT];
    char imei[IMEI_TEXT14];
    char imsi[24], msisdn[24];                      /* digits; empty: none */
    char last_day[DAYNUM_TEXT], until[DAYNUM_TEXT]; /* last_day: empty where there is none */
    const char *list, *reason, *step;
    struct buf text[NOTICES_LANGS];
};
struct notices_speaker {
    struct registry *registry;
    const struct notices_port *port;
    uint64_t party;
    struct sha256_key check;
    struct notices_settings settings;
};
MUST_USE enum err notices_speaker_init(struct notices_speaker *speaker, struct registry *registry,
                                       const struct notices_port *port, uint64_t party,
                                       struct fault *fault);
/* The same each time. said: zeroed before the first time; its buffers are used again. */
void notices_say(const struct notices_speaker *speaker, const struct notices_row *row,
                 const struct notices_who *who, struct notices_said *said);
void notices_said_release(struct notices_said *said);

/* ---- the list ---- */

struct notices_sheet {
    const char *operator_name;
    uint64_t party;
    enum lists_pack pack;
    const struct feed_cursor *since; /* NULL: full */
    size_t
        most; /* notices, of whole parts; the rest is behind the cursor, and the head says more=yes. 0: all */
};
/* Memory: a part, and a bit a number. ERR_LIST_CURSOR; ERR_FILE_WRITE. chosen: what it holds without its rows, for
 * notices_handed. */
MUST_USE enum err notices_list_write(struct registry *registry, const struct notices_port *port,
                                     const struct notices_sheet *sheet, int fd,
                                     struct lists_made *out, struct notices_chosen *out_chosen,
                                     struct fault *fault);

#endif
