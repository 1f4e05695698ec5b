/* SPDX-License-Identifier: Apache-2.0
 *
 * eds_standin - a verifier of signatures on loopback, played by a thread. One connection after
 * another; the i-th is answered by the i-th answer, all later ones by the last. */
#ifndef TEST_UNIT_EDS_STANDIN_H
#define TEST_UNIT_EDS_STANDIN_H

#include <pthread.h>

#include "base/str.h"

enum { STANDIN_ANSWERS = 2, STANDIN_SILENT = -1, STANDIN_CUT = -2 };

struct standin {
    int fd;
    unsigned port;
    pthread_t thread;
    struct {
        int status; /* of HTTP; STANDIN_SILENT: no answer; STANDIN_CUT: half of one */
        struct str body;
    } answers[STANDIN_ANSWERS];
    unsigned asked;
    char *question[STANDIN_ANSWERS]; /* bodies, NUL-terminated; the stand-in's */
};

/* A socket on a free port of loopback, not yet listening. */
int standin_bind(unsigned *out_port);
void standin_start(struct standin *s);
void standin_stop(struct standin *s);
/* To the i-th question from now on. */
void standin_will_answer(struct standin *s, unsigned i, int status, struct str body);

#endif
