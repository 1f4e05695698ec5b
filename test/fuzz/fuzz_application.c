/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as the record of an application. What is taken is written and read as the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cases/application_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *text_of(const struct application *a)
{
    json_t *json = application_to_json(a);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(json);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = json_loadb(size ? (const char *)data : "", size, 0, NULL);
    struct application a = {0}, again = {0};
    struct fault fault = {0};
    if (!json)
        return 0;
    enum err err = application_from_json(json, &a, &fault);
    assert(!err || err == ERR_CODEC || err == ERR_MEMORY);
    char *first = err ? NULL : text_of(&a);
    json_t *other = first ? json_loads(first, 0, NULL) : NULL;
    if (other) {
        assert(application_from_json(other, &again, NULL) == ERR_OK);
        char *second = text_of(&again);
        assert(second && strcmp(first, second) == 0);
        free(second);
        application_release(&again);
    }
    if (!err)
        application_release(&a);
    free(first);
    json_decref(other);
    json_decref(json);
    return 0;
}
