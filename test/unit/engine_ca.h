/* SPDX-License-Identifier: Apache-2.0
 *
 * engine_ca - a certification authority of a test: certificates and keys as PEM files, P-256. */
#ifndef UNIT_ENGINE_CA_H
#define UNIT_ENGINE_CA_H

struct engine_ca;

/* Ends the program when it cannot be made. */
struct engine_ca *engine_ca_new(const char *name);
void engine_ca_free(struct engine_ca *ca);
/* Its own certificate. */
const char *engine_ca_file(const struct engine_ca *ca);

struct engine_pair {
    char *certificate, *key; /* paths */
};

/* names: a subjectAltName as OpenSSL writes it ("DNS:mme.example"), or NULL. days: -1: expired. */
struct engine_pair engine_ca_give(struct engine_ca *ca, const char *cn, const char *names,
                                  int days);
void engine_pair_remove(struct engine_pair *pair);

#endif
