/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as a signature under five bytes. What is accepted names a person with a right number and
 * texts that can be shown; what is refused tells why, and nobody's time or memory runs away. The
 * authority was made by test/unit/eds_ca.c, and the seeds with it; its keys are gone. */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "people/eds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char bundle[] = "-----BEGIN CERTIFICATE-----\n"
                             "MIIBczCCARmgAwIBAgIBATAKBggqhkjOPQQDAjAhMQswCQYDVQQGEwJLWjESMBAG\n"
                             "A1UEAwwJRnV6eiByb290MB4XDTIxMDUyNDIwMjY0MFoXDTMxMDYwMTIwMjY0MFow\n"
                             "ITELMAkGA1UEBhMCS1oxEjAQBgNVBAMMCUZ1enogcm9vdDBZMBMGByqGSM49AgEG\n"
                             "CCqGSM49AwEHA0IABIkYCpc9AiJxEr1DVw9O5S0yCDdgfrwe2YldvxAMkvAOw9BH\n"
                             "YJ9U5PP8F8rjEPhqjDMSifjIcrL40fU6XsCz+QKjQjBAMA8GA1UdEwEB/wQFMAMB\n"
                             "Af8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQJUGUy9Q6WN6jQw80Jo6F61eH6\n"
                             "GjAKBggqhkjOPQQDAgNIADBFAiEA6tG76uh4lLeN1oZHYBE8ICvJSIOHfU3ShQ8v\n"
                             "vYwcOLYCIHfvXdKzqpGvuNM7gNMG0EOCb4Kw2uBFwPV013SzpMSA\n"
                             "-----END CERTIFICATE-----\n"
                             "-----BEGIN CERTIFICATE-----\n"
                             "MIIBkDCCATWgAwIBAgIBAjAKBggqhkjOPQQDAjAhMQswCQYDVQQGEwJLWjESMBAG\n"
                             "A1UEAwwJRnV6eiByb290MB4XDTIxMDUyNDIwMjY0MFoXDTMxMDYwMTIwMjY0MFow\n"
                             "HDELMAkGA1UEBhMCS1oxDTALBgNVBAMMBEZ1enowWTATBgcqhkjOPQIBBggqhkjO\n"
                             "PQMBBwNCAAQWJ/jcppJ1knrLqi4TCpPFkbCLVLwQKrGbY4oCxlPKzIuXJjqG9Zoj\n"
                             "gCyJf358HVOJglZ77G3tSja+/ATmvwu3o2MwYTAPBgNVHRMBAf8EBTADAQH/MA4G\n"
                             "A1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUCCekHTKqwsi0JWjvbmMk6S2bIWAwHwYD\n"
                             "VR0jBBgwFoAUCVBlMvUOljeo0MPNCaOhetXh+howCgYIKoZIzj0EAwIDSQAwRgIh\n"
                             "AOx2g+/niv3nJoEY8mtqrqnt7Hdgs12T6xH6lDYF6IhrAiEArlczA3uBVloNSKO9\n"
                             "z31C8bTiyTT2/HYYvhreBJG8ODs=\n"
                             "-----END CERTIFICATE-----\n";

static struct eds_port port;

static void open_port(void)
{
    char path[32];
    int fd = memfd_create("bundle", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bundle, sizeof bundle - 1) != (ssize_t)sizeof bundle - 1)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (eds_openssl_open(path, NULL, &port, NULL) != ERR_OK)
        abort();
    close(fd);
}

static void check_person(const struct eds_person *p)
{
    assert(iin_check(str_z(p->iin), NULL) == ERR_OK);
    assert(!p->bin[0] || iin_check(str_z(p->bin), NULL) == ERR_OK);
    assert(str_utf8(str_z(p->name)) && str_utf8(str_z(p->organisation)));
    assert(p->not_after > 1780000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str cms = {(const char *)data, size};
    if (!port.verify)
        open_port();
    for (enum eds_use use = EDS_SIGN_IN; use <= EDS_SIGN; use++) {
        struct eds_person person;
        struct fault fault = {0};
        enum err err = eds_verify(&port, use, cms, STR("TAMGA"), 1780000000, &person, &fault);
        if (err)
            assert(err >= ERR_EDS_FORM && err <= ERR_EDS_AWAY && fault.err == err);
        else
            check_person(&person);
    }
    return 0;
}
