/* SPDX-License-Identifier: Apache-2.0
 *
 * asked - requests through the page's handlers, without a socket, and looks at what they say. */
#ifndef TEST_UNIT_ASKED_H
#define TEST_UNIT_ASKED_H

#include "face/request.h"
#include "service_stub.h"

struct fixture {
    struct service service;
    struct site site;
    struct response response;
    char *text; /* body, NUL-terminated */
};

int asked_setup(void **state);
int asked_teardown(void **state);

void ask(struct fixture *f, const struct request *request);
void get(struct fixture *f, const char *target);
void post(struct fixture *f, const char *target, const char *form);

bool says(const struct fixture *f, const char *part);
unsigned count(const struct fixture *f, const char *part);
/* How often the page says the text of a key. */
unsigned told(const struct fixture *f, enum lang lang, const char *a, const char *b, const char *c);
/* Every element that is opened is closed, in order. */
void markup_is_whole(const struct fixture *f);

#endif
