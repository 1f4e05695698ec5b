/* SPDX-License-Identifier: Apache-2.0
 *
 * html - what all pages share: head, banner, language switch, foot; and the few ways of writing
 * markup. Everything that is not markup of our own goes through html_say or html_text, which
 * escape. */
#ifndef FACE_HTML_H
#define FACE_HTML_H

#include "face/request.h"

/* Who is signed in, in the masthead. */
struct html_who {
    struct str name;
    const char *csrf;    /* of the form that signs out */
    struct str acts_for; /* the organisation for which he acts by power of attorney; empty: none */
    bool told;           /* he is told things (/messages) */
    size_t unread;       /* of them */
};

struct html_page {
    enum text title;
    const char *path;        /* where the language switch leads; NULL: the check */
    struct str query;        /* what it keeps there beside lang: "way=a.b"; empty: nothing */
    const char *repost_name; /* NULL: the switch is a link; else a form that posts this again */
    struct str repost_value;
    const struct html_who *who; /* NULL: nobody, as far as this page knows */
};

void html_begin(struct exchange *x, const struct html_page *page);
void html_end(struct exchange *x);
/* With other words on what is kept of what somebody types. */
void html_end_saying(struct exchange *x, enum text privacy);

void html_put(struct exchange *x, const char *markup);
void html_text(struct exchange *x, struct str text);
void html_say(struct exchange *x, enum text id);
/* With one variable. */
void html_say_with(struct exchange *x, enum text id, const char *name, struct str value);
void html_say_vars(struct exchange *x, enum text id, const struct text_var *vars, size_t count);
/* With {day}, as the language writes it. */
void html_say_day(struct exchange *x, enum text id, daynum day);
/* A plural text with its {n}. */
void html_say_count(struct exchange *x, enum text id, uint64_t n);
/* The text of a key, nothing when there is none: reason, CLONE, public. */
void html_say_key(struct exchange *x, const char *a, const char *b, const char *c);
/* One of the signs of signs.svg; for the eye only, words stand beside it. */
void html_sign(struct exchange *x, const char *name);
/* An address of our own, with the language where it was chosen. */
void html_url(struct exchange *x, const char *path);
void html_check_url(struct exchange *x);

#endif
