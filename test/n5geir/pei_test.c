/* SPDX-License-Identifier: Apache-2.0
 *
 * PEI, SUPI and GPSI (TS 29.571 5.3.2): every form, and what is next to one. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "n5geir/pei.h"

#define NONE PEI_NO_VERSION

static const struct {
    const char *text;
    enum pei_kind kind;
    uint64_t body;
    uint8_t software_version;
} peis[] = {
    {"imei-490154203237518", PEI_IMEI, 49015420323751, NONE},
    {"imei-490154203237519", PEI_IMEI, 49015420323751, NONE}, /* no check digit is judged */
    {"imei-49015420323751", PEI_IMEI, 49015420323751, NONE},
    {"imei-000000000000000", PEI_IMEI, 0, NONE},
    {"imeisv-4901542032375178", PEI_IMEI, 49015420323751, 78},
    {"imeisv-4901542032375100", PEI_IMEI, 49015420323751, 0},
    {"imeisv-9999999999999999", PEI_IMEI, 99999999999999, 99},
    {"imeisv-490154203237517", PEI_MALFORMED, 0, NONE},
    {"imeisv-49015420323751789", PEI_MALFORMED, 0, NONE},
    {"imeisv-490154203237517x", PEI_MALFORMED, 0, NONE},
    {"imei-4901542032375", PEI_MALFORMED, 0, NONE},
    {"imei-4901542032375178", PEI_MALFORMED, 0, NONE},
    {"imei-49015420323751x", PEI_MALFORMED, 0, NONE},
    {"imei-49-015420-323751-8", PEI_MALFORMED, 0, NONE},
    {"imei-", PEI_MALFORMED, 0, NONE},
    {"imei", PEI_MALFORMED, 0, NONE},
    {"", PEI_MALFORMED, 0, NONE},
    {"490154203237518", PEI_MALFORMED, 0, NONE},
    {"IMEI-490154203237518", PEI_MALFORMED, 0, NONE},
    {" imei-490154203237518", PEI_MALFORMED, 0, NONE},
    {"imei-490154203237518 ", PEI_MALFORMED, 0, NONE},
    {"mac-00-1a-2B-3c-4D-5e", PEI_OTHER, 0, NONE},
    {"mac-00-1a-2B-3c-4D-5e-untrusted", PEI_OTHER, 0, NONE},
    {"mac-00-1a-2B-3c-4D-5e-trusted", PEI_MALFORMED, 0, NONE},
    {"mac-00-1a-2B-3c-4D-5g", PEI_MALFORMED, 0, NONE},
    {"mac-00-1a-2B-3c-4D", PEI_MALFORMED, 0, NONE},
    {"mac-00:1a:2B:3c:4D:5e", PEI_MALFORMED, 0, NONE},
    {"mac-", PEI_MALFORMED, 0, NONE},
    {"eui-00-1a-2B-3c-4D-5e-6F-70", PEI_OTHER, 0, NONE},
    {"eui-00-1a-2B-3c-4D-5e-6F-70-untrusted", PEI_MALFORMED, 0, NONE},
    {"eui-00-1a-2B-3c-4D-5e-6F", PEI_MALFORMED, 0, NONE},
    {"eui-", PEI_MALFORMED, 0, NONE},
};

static void every_form_of_pei(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof peis / sizeof peis[0]; i++) {
        struct pei pei = pei_read(str_z(peis[i].text));
        assert_int_equal(pei.kind, peis[i].kind);
        assert_int_equal(pei.imei.body, peis[i].body);
        assert_int_equal(pei.software_version, peis[i].software_version);
    }
}

static const struct {
    const char *text;
    enum err err;
    uint64_t imsi;
} supis[] = {
    {"imsi-401010123456789", ERR_OK, 1401010123456789},
    {"imsi-001010123456789", ERR_OK, 1001010123456789},
    {"imsi-401010", ERR_OK, 1401010},
    {"imsi-40101", ERR_OK, 0}, /* a network and nobody in it */
    {"imsi-4010", ERR_IMSI, 9},
    {"imsi-4010101234567890", ERR_IMSI, 9},
    {"imsi-40101012345678x", ERR_IMSI, 9},
    {"imsi-4010x", ERR_IMSI, 9},
    {"imsi-", ERR_IMSI, 9},
    {"nai-user@example.org", ERR_OK, 0},
    {"nai-\xd0\xb0\xd0\xb1@example.org", ERR_OK, 0},
    {"nai-", ERR_IMSI, 9},
    {"nai-a\x01", ERR_IMSI, 9},
    {"nai-\xff", ERR_IMSI, 9},
    {"gci-0a", ERR_OK, 0},
    {"gli-0a", ERR_OK, 0},
    {"gli-", ERR_IMSI, 9},
    {"suci-0-401-01-0-0-0-1", ERR_IMSI, 9},
    {"401010123456789", ERR_IMSI, 9},
    {"IMSI-401010123456789", ERR_IMSI, 9},
    {"", ERR_IMSI, 9},
};

static void every_form_of_supi(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof supis / sizeof supis[0]; i++) {
        uint64_t imsi = 9;
        assert_int_equal(supi_read(str_z(supis[i].text), &imsi), supis[i].err);
        assert_int_equal(imsi, supis[i].imsi);
    }
}

static const struct {
    const char *text;
    bool valid;
} gpsis[] = {
    {"msisdn-77010000000", true},
    {"msisdn-12345", true},
    {"msisdn-123456789012345", true},
    {"msisdn-1234", false},
    {"msisdn-1234567890123456", false},
    {"msisdn-+77010000000", false},
    {"msisdn-", false},
    {"extid-a@b", true},
    {"extid-a@b@c", false},
    {"extid-@b", false},
    {"extid-a@", false},
    {"extid-a", false},
    {"extid-a\n@b", false},
    {"", false},
    {"77010000000", false},
};

static void every_form_of_gpsi(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof gpsis / sizeof gpsis[0]; i++)
        assert_int_equal(gpsi_is_valid(str_z(gpsis[i].text)), gpsis[i].valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_pei),
        cmocka_unit_test(every_form_of_supi),
        cmocka_unit_test(every_form_of_gpsi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
