/* SPDX-License-Identifier: Apache-2.0
 *
 * service_stub - a service that says what a test tells it to, for tests of the faces. It stands in
 * for app/service.c and app/samples.c. */
#ifndef TEST_SERVICE_STUB_H
#define TEST_SERVICE_STUB_H

#include "app/service.h"

struct service {
    struct rules rules;
    struct verdict verdict; /* of every IMEI */
    daynum today;
    enum err err; /* of every check, after the input was read */
    bool store_ok;
    uint64_t imsi; /* with which the last check was asked */
    unsigned checks;
    bool tac_known;
};

void service_stub_init(struct service *service, daynum today);

#endif
