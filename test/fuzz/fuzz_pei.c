/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as a PEI, a SUPI, a GPSI: what is read is within its bounds and is written as it came. */
#include <assert.h>

#include "base/limits.h"
#include "n5geir/pei.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pei(struct str text)
{
    struct pei pei = pei_read(text);
    char digits[IMEI_TEXT14], again[32];
    if (pei.kind != PEI_IMEI) {
        assert(pei.software_version == PEI_NO_VERSION);
        assert(pei.kind == PEI_MALFORMED || str_starts(text, STR("mac-")) ||
               str_starts(text, STR("eui-")));
        return;
    }
    assert(pei.imei.body < IMEI_BODIES);
    imei_format14(pei.imei, digits);
    if (pei.software_version == PEI_NO_VERSION) {
        assert(text.n == 19 || text.n == 20);
        snprintf(again, sizeof again, "imei-%s", digits);
    } else {
        assert(pei.software_version <= 99);
        snprintf(again, sizeof again, "imeisv-%s%02u", digits, pei.software_version);
        assert(text.n == strlen(again));
    }
    assert(str_starts(text, str_z(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    check_pei(text);
    uint64_t imsi;
    if (supi_read(text, &imsi) == ERR_OK && imsi) {
        char again[32];
        snprintf(again, sizeof again, "%llu", (unsigned long long)imsi);
        assert(size == strlen(again) + 4 && memcmp(data, "imsi-", 5) == 0);
        assert(memcmp(data + 5, again + 1, size - 5) == 0);
    }
    if (gpsi_is_valid(text))
        assert(str_starts(text, STR("msisdn-")) || memchr(data, '@', size));
    return 0;
}
