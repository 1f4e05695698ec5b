/* SPDX-License-Identifier: Apache-2.0
 *
 * ticket - what a sign-in is begun with: a moment and random bytes under a mark of the register, so that any
 * server of it knows a ticket of its own and how old it is, and nothing is stored for those that come to
 * nothing. Each way in has a purpose of its own. */
#ifndef PEOPLE_TICKET_H
#define PEOPLE_TICKET_H

#include "app/registry.h"

enum {
    TICKET_ID = 16,
    TICKET_SAID = 8 + TICKET_ID,        /* UTC second, id */
    TICKET_BYTES = TICKET_SAID + 16,    /* and the mark */
    TICKET_TEXT = 2 * TICKET_BYTES + 1, /* hexadecimal, and a NUL */
    TICKET_SECRET = SHA256_BYTES,
};

/* A new one. */
void ticket_new(const struct registry *registry, const char *purpose, int64_t now_s,
                char out[TICKET_TEXT]);
/* One that says this: the same text each time. */
void ticket_of(const struct registry *registry, const char *purpose,
               const uint8_t said[TICKET_SAID], char out[TICKET_TEXT]);
/* Ours, for this purpose, and not older than life_s? In either case of letters. */
bool ticket_read(const struct registry *registry, const char *purpose, struct str text,
                 int64_t now_s, int64_t life_s, uint8_t out_said[TICKET_SAID]);
int64_t ticket_time(const uint8_t said[TICKET_SAID]);
/* What only who holds the register's key can make of a ticket. `with` may be empty. */
void ticket_secret(const struct registry *registry, const char *purpose,
                   const uint8_t said[TICKET_SAID], struct str with, uint8_t out[TICKET_SECRET]);

#endif
