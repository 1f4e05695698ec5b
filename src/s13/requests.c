/* SPDX-License-Identifier: Apache-2.0
 *
 * requests - groups of at most NETWORK_BATCH; room in out is reserved once a group. */
#include "s13/requests.h"

void requests_take(struct requests *requests, const struct requests_to *to, const uint8_t *message,
                   size_t n)
{
    size_t i = requests->n;
    if (ecr_read(to->own, message, n, &requests->ecr[i], &requests->check[i])) {
        requests->bytes += n;
        if (++requests->n == NETWORK_BATCH)
            requests_answer(requests, to);
        return;
    }
    requests_answer(requests, to);
    struct diameter_fault fault = ecr_judge(to->own, message);
    if (!fault.result) /* no request comes here */
        fault = (struct diameter_fault){.result = DIAMETER_UNABLE_TO_COMPLY, .parent = AVP_COUNT};
    eca_refuse(to->out, to->own, message, &fault);
    network_refused(to->desk, to->asker, fault.result);
}

void requests_answer(struct requests *requests, const struct requests_to *to)
{
    struct network_reply replies[NETWORK_BATCH];
    struct buf *out = to->out;
    size_t n = requests->n;
    if (!n)
        return;
    to->desk->answer(to->desk, to->asker, requests->check, n, replies);
    size_t room = requests->bytes + n * ECA_MOST;
    for (size_t i = 0; i < n; i++) {
        if (replies[i].equipment < EQUIPMENT_COUNT) {
            if (!buf_reserve(out, room))
                break;
            uint8_t *end =
                eca_put(out->p + out->n, to->own, &requests->ecr[i], replies[i].equipment);
            out->n = (size_t)(end - out->p);
        } else {
            eca_malformed(out, to->own, &requests->ecr[i], &requests->check[i]);
        }
    }
    requests->n = requests->bytes = 0;
}
