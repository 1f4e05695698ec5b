/* SPDX-License-Identifier: Apache-2.0 */
#include "app/changes.h"

#include <stdlib.h>

void changes_add(struct changes *list, const struct change *change)
{
    if (list->n == list->size) {
        size_t size = list->size ? 2 * list->size : 64;
        struct change *p = realloc(list->p, size * sizeof *p);
        if (!p) {
            list->failed = true;
            return;
        }
        list->p = p;
        list->size = size;
    }
    list->p[list->n++] = *change;
}

static int compare(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    if (x->imei.body != y->imei.body)
        return x->imei.body < y->imei.body ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    uint8_t bx[CHANGE_BYTES_MAX], by[CHANGE_BYTES_MAX];
    size_t nx = change_encode(x, bx), ny = change_encode(y, by);
    int order = memcmp(bx, by, nx < ny ? nx : ny);
    return order ? order : nx < ny ? -1 : nx > ny;
}

enum err changes_sort(struct changes *list)
{
    if (list->failed)
        return ERR_MEMORY;
    if (list->n)
        qsort(list->p, list->n, sizeof *list->p, compare);
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++)
        if (!kept || compare(&list->p[kept - 1], &list->p[i]) != 0)
            list->p[kept++] = list->p[i];
    list->n = kept;
    return ERR_OK;
}

static bool next(void *ctx, struct change *out)
{
    struct changes *list = ctx;
    if (list->at == list->n)
        return false;
    *out = list->p[list->at++];
    return true;
}

struct batch_source changes_source(struct changes *list)
{
    list->at = 0;
    return (struct batch_source){.next = next, .ctx = list};
}

void changes_release(struct changes *list)
{
    free(list->p);
    *list = (struct changes){0};
}
