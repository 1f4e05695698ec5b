/* SPDX-License-Identifier: Apache-2.0
 *
 * asker_names - who asks by N5g-eir, by the number that counts it: the name of its certificate, else its address. A
 * number is given with the first request, for the life of the process; LIMIT_NODE_PEERS of them, and who finds none is
 * counted together with the others. So neither memory nor /metrics grows with who comes.
 *
 * Numbers are given under a lock, once a connection; names are read without one. */
#ifndef NODE_ASKER_NAMES_H
#define NODE_ASKER_NAMES_H

#include "base/limits.h"
#include "base/str.h"

struct asker_names;

struct asker_names *asker_names_new(void); /* NULL: no memory */
void asker_names_free(struct asker_names *names);
/* From 1; 0: there is none left. ADDRESS:PORT is counted without its port. Any thread. */
unsigned asker_names_number(struct asker_names *names, struct str origin, bool is_address);
/* Empty: nobody has that number. Any thread; stays. */
struct str asker_names_text(const struct asker_names *names, unsigned number);

#endif
