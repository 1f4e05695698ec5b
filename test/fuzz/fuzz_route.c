/* SPDX-License-Identifier: Apache-2.0
 *
 * Any request to the HTTP face, without a socket: every one is answered with a status, and a body
 * where one is due. Lines of the input: method, target, content type, Accept-Language; the rest is
 * the body. */
#include <stdint.h>
#include <stdlib.h>

#include "face/request.h"
#include "unit/service_stub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size}, parts[4];
    for (int i = 0; i < 4; i++) {
        parts[i] = rest.p ? str_split(rest, '\n', &rest) : STR("");
        parts[i] = str_trim(parts[i]);
    }
    if (!rest.p)
        rest = STR("");
    struct service service;
    service_stub_init(&service, 20000);
    struct site site = {.service = &service, .demo = true};
    struct request request = {.method = parts[0],
                              .target = parts[1],
                              .content_type = parts[2],
                              .accept_language = parts[3],
                              .body = rest,
                              .body_too_long = rest.n > LIMIT_HTTP_BODY};
    struct response response = {0};
    route_answer(&site, &request, &response);
    if (response.status < 200 || response.status > 599)
        abort();
    response_release(&response);
    return 0;
}
