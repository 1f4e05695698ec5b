/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pq.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static struct pq table;
static const char *missing; /* what could not be loaded */

static void load(void)
{
    void *lib = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!lib) {
        missing = "libpq.so.5";
        return;
    }
    void *at;
#define X(name)                                                                                    \
    at = dlsym(lib, #name);                                                                        \
    memcpy(&table.name, &at, sizeof at); /* a function out of an object: POSIX, dlsym */           \
    if (!at)                                                                                       \
        missing = #name;
    PQ_FUNCTIONS(X)
#undef X
}

enum err pq_load(const struct pq **out, struct fault *fault)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (missing)
        return fault_set(fault, ERR_STORE_OPEN,
                         "a register in PostgreSQL needs libpq 14 or newer (%s is not there): "
                         "install the package libpq5",
                         missing);
    *out = &table;
    return ERR_OK;
}
