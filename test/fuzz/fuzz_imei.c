/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as an IMEI, a PEI, an IMSI, a day, an instant: what is read is within its bounds, and
 * what is written of it is read as the same. */
#include <assert.h>

#include "core/daynum.h"
#include "core/imei.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_imei(struct imei imei)
{
    char text[IMEI_TEXT15], plain[IMEI_TEXT14], masked[24];
    struct imei again;
    assert(imei.body < IMEI_BODIES);
    imei_format15(imei, text);
    imei_format14(imei, plain);
    imei_format_masked(imei, masked);
    assert(imei_parse_typed(str_z(text), &again) == ERR_OK && again.body == imei.body);
    assert(imei_parse_network(str_z(plain), &again) == ERR_OK && again.body == imei.body);
    assert(memcmp(masked, plain, 8) == 0 && strlen(masked) == 17);
}

static void check_times(struct str text)
{
    static const struct zone zone = {
        .name = "made", .count = 2, .steps = {{INT64_MIN, 6 * 3600}, {1709229600, 5 * 3600}}};
    daynum day, day_again;
    char written[24];
    if (daynum_parse(text, &day) == ERR_OK) {
        assert(daynum_is_day(day));
        daynum_format(day, written);
        assert(daynum_parse(str_z(written), &day_again) == ERR_OK && day_again == day);
        assert(zone_day(&zone, zone_day_start(&zone, day)) == day);
    }
    int64_t at, at_again;
    if (instant_parse(text, &zone, &at) == ERR_OK) {
        instant_format(at, written);
        /* An offset may carry the first and the last day over the calendar's edge. */
        if (daynum_is_day((daynum)(at >= 0 ? at / 86400 : 0)))
            assert(instant_parse(str_z(written), NULL, &at_again) == ERR_OK && at_again == at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct imei imei;
    uint64_t imsi;
    if (imei_parse_typed(text, &imei) == ERR_OK)
        check_imei(imei);
    if (imei_parse_network(text, &imei) == ERR_OK) {
        assert(size >= 14 && size <= 16);
        check_imei(imei);
    }
    if (imei_parse_pei(text, &imei) == ERR_OK)
        check_imei(imei);
    if (imsi_parse(text, &imsi) == ERR_OK) {
        assert(imsi_has_prefix(imsi, imsi) && imsi_has_prefix(imsi, imsi / 1000));
        assert(!imsi_has_prefix(imsi, imsi / 1000 + 1));
    }
    check_times(text);
    return 0;
}
