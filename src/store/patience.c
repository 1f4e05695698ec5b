/* SPDX-License-Identifier: Apache-2.0 */
#include "store/patience.h"

#include "base/clock.h"
#include "store/backend.h"

struct patience patience_begin(int ms, void (*on_wait)(void *ctx, pid_t holder), void *ctx)
{
    int64_t now = clock_monotonic_us();
    return (struct patience){now + INT64_C(1000) * ms, now + INT64_C(1000) * STORE_NOTICE_MS,
                             on_wait, ctx};
}

bool patience_tells(const struct patience *patience)
{
    return patience->on_wait && clock_monotonic_us() >= patience->notice_us;
}

bool patience_tick(struct patience *patience, pid_t holder)
{
    int64_t now = clock_monotonic_us();
    if (now >= patience->notice_us) {
        patience->notice_us += INT64_C(1000) * STORE_NOTICE_AGAIN_MS;
        if (patience->on_wait)
            patience->on_wait(patience->ctx, holder);
    }
    return now < patience->give_up_us;
}
