/* SPDX-License-Identifier: Apache-2.0
 *
 * sign_in - how somebody comes in: a person or an organisation by signing a nonce of ours, staff by
 * password and one-time code, and through other doors (people/oidc.h, people/app_door.h). Each nonce counts once and for five minutes, whichever server made it. */
#ifndef PEOPLE_SIGN_IN_H
#define PEOPLE_SIGN_IN_H

#include "people/eds.h"
#include "people/session.h"

enum {
    NONCE_TEXT = 97,
    NONCE_LIFE_S = 300,
    SIGN_IN_LIFE_S = 600, /* the longest that any way in takes */
};

/* How somebody proved who he is, whichever way. */
struct sign_in_proof {
    const uint8_t *ticket; /* TICKET_SAID bytes of people/ticket.h: counts once */
    const struct eds_person *who;
};

/* A new nonce: time 8, random 16, mark 16 in hexadecimal, with a word before it that tells the signer what
 * it is for. It is what must be signed, byte for byte. Nothing is stored. */
void sign_in_nonce(const struct registry *registry, int64_t now_s, char out[NONCE_TEXT]);
/* Who signed the nonce, and a session for him: `out` is filled in but for the token. ERR_NONCE (not ours, too
 * old, used), ERR_ROLE (an employee without a power of attorney), ERR_EDS_… of the port. */
MUST_USE enum err sign_in_eds(struct registry *registry, struct committer *committer,
                              const struct eds_port *port, struct str nonce, struct str cms,
                              const char *ends, struct session *out,
                              char out_token[SESSION_TOKEN_TEXT], struct fault *fault);
/* A session for who proved himself in another way. ERR_NONCE: the ticket was used; ERR_ROLE as above. */
MUST_USE enum err sign_in_as(struct registry *registry, struct committer *committer,
                             const struct sign_in_proof *proof, const char *ends,
                             struct session *out, char out_token[SESSION_TOKEN_TEXT],
                             struct fault *fault);
/* Nonces, and what apps signed, that are over; inside no write. */
MUST_USE enum err sign_in_forget(struct registry *registry, struct committer *committer,
                                 int64_t now_s, struct fault *fault);

#endif
