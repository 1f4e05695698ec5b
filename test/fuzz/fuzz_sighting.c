/* SPDX-License-Identifier: Apache-2.0
 *
 * A line of a node's report, and the small headers of a download by parts. What is taken is of the form that it
 * promises. */
#include <assert.h>

#include "face/feed.h"
#include "face/sightings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str s = {size ? (const char *)data : "", size};
    struct sighting sighting;
    bool home;
    uint64_t at, bytes;
    if (sightings_line(s, &sighting, &home) == ERR_OK) {
        assert(sighting.imei.body < IMEI_BODIES);
        assert(!imei_all_same(sighting.imei));
    }
    if (feed_range(s, 1000, &at, &bytes) == RANGE_PART)
        assert(bytes && at < 1000 && bytes <= 1000 - at);
    (void)feed_tag_listed(s, STR("\"7-0123456789abcdef\""));
    return 0;
}
