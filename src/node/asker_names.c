/* SPDX-License-Identifier: Apache-2.0 */
#include "node/asker_names.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { NAME_ROOM = 128 };

struct asker_names {
    pthread_mutex_t lock; /* of who adds */
    atomic_uint count;    /* names that stand */
    char text[LIMIT_NODE_PEERS][NAME_ROOM];
};

struct asker_names *asker_names_new(void)
{
    struct asker_names *names = calloc(1, sizeof *names);
    if (names)
        pthread_mutex_init(&names->lock, NULL);
    return names;
}

void asker_names_free(struct asker_names *names)
{
    if (!names)
        return;
    pthread_mutex_destroy(&names->lock);
    free(names);
}

/* A longer name is cut: two that are alike so far are one. */
static struct str name_of(struct str origin, bool is_address)
{
    size_t n = origin.n;
    if (is_address)
        while (n && origin.p[n - 1] != ':')
            n--;
    if (is_address && n)
        origin.n = n - 1;
    if (origin.n >= NAME_ROOM)
        origin.n = NAME_ROOM - 1;
    return origin;
}

unsigned asker_names_number(struct asker_names *names, struct str origin, bool is_address)
{
    const struct str name = name_of(origin, is_address);
    unsigned i = 0;
    if (!name.n)
        return 0;
    pthread_mutex_lock(&names->lock);
    const unsigned count = atomic_load(&names->count);
    while (i < count && !str_eq(str_z(names->text[i]), name))
        i++;
    if (i == count && count < LIMIT_NODE_PEERS) {
        str_copy(names->text[i], NAME_ROOM, name);
        atomic_store(&names->count, count + 1);
    }
    pthread_mutex_unlock(&names->lock);
    return i < LIMIT_NODE_PEERS ? i + 1 : 0;
}

struct str asker_names_text(const struct asker_names *names, unsigned number)
{
    const bool stands = number && number <= atomic_load(&names->count);
    return stands ? str_z(names->text[number - 1]) : STR("");
}
