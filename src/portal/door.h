/* SPDX-License-Identifier: Apache-2.0
 *
 * door - what the pages of the sign-in share, whichever way somebody comes in: where he wanted to go, what
 * became of a try, the pieces that they are made of. */
#ifndef PORTAL_DOOR_H
#define PORTAL_DOOR_H

#include "portal/screen.h"

/* One look at the sign-in. */
struct door {
    struct visit v;
    char next[LIMIT_LOCATION];        /* where he wanted to go; empty: nowhere in particular */
    struct str name;                  /* that staff typed */
    enum err eds, staff, demo, other; /* what became of a try */
};

/* Who is not signed in yet; whoever is has nothing to do here and is led on. False: it is answered. */
bool door_open(struct exchange *x, struct door *out);
/* A path of our own that may be led to after the sign-in. */
bool door_is_own(struct str path);
void door_go_on(struct exchange *x, const struct door *d);

void door_begin(struct exchange *x, const struct door *d, enum text title, const char *path);
/* <form method="post" action=path more> that carries `next`; the caller closes it. */
void door_form(struct exchange *x, const struct door *d, const char *path, const char *more);
void door_say(struct exchange *x, const char *open, enum text id, const char *close);
void door_error_of(struct exchange *x, enum err err);
void door_error_in_words(struct exchange *x, enum text says, enum text help);
/* A way to another page of the sign-in that keeps where he wanted to go. */
void door_way(struct exchange *x, const struct door *d, const char *path, const char *class_,
              enum text says);
/* The same up to its words; "</a></p>" closes it. */
void door_way_begin(struct exchange *x, const struct door *d, const char *path, const char *class_);

/* The page of all ways. */
void door_show(struct exchange *x, const struct door *d);
/* Its section of other doors; nothing where none is open. */
void door_others(struct exchange *x, const struct door *d);

#endif
