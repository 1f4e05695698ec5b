/* SPDX-License-Identifier: Apache-2.0 */
#include "node/pull.h"

#include <stdio.h>

enum { SPARE_MS = 10000, HEAD_MS = 15000, TAC_MS = 300000 };

void pull_release(struct pull *p)
{
    buf_release(&p->bytes);
    buf_release(&p->names);
}

static enum err judge(long status, struct fault *fault)
{
    switch (status) {
    case 200:
        return ERR_OK;
    case 401:
    case 403:
        return fault_set(fault, ERR_KEY, "the register refuses the node's key (%ld)", status);
    case 404:
        return fault_set(fault, ERR_NOT_FOUND, "the register has no such thing (404)");
    case 409:
        return fault_set(fault, ERR_CHAIN, "the register does not know where this node stands");
    default:
        return fault_set(fault, ERR_UNAVAILABLE, "the register answers %ld", status);
    }
}

static enum err ask(struct pull *p, const char *path, int64_t whole_ms, size_t most,
                    struct fault *fault)
{
    long status = 0;
    struct link_question q = {.path = path,
                              .whole_ms = whole_ms,
                              .on = p->on,
                              .ctx = p->ctx,
                              .answer = &p->bytes,
                              .most = most};
    buf_clear(&p->bytes);
    enum err err = link_ask(p->link, &q, &status, fault);
    return err ? err : judge(status, fault);
}

static struct str bytes_of(const struct pull *p)
{
    return (struct str){(const char *)p->bytes.p, p->bytes.n};
}

enum err pull_feed(struct pull *p, struct copy *copy, unsigned wait_seconds, struct fault *fault)
{
    char path[128], cursor[FEED_CURSOR], spared[SPARED_NAME];
    feed_cursor(&copy->place, cursor);
    spared_name(&copy->spared, spared);
    snprintf(path, sizeof path, "/api/v1/feed?after=%s&wait=%u&spared=%s", cursor, wait_seconds,
             spared);
    enum err err = ask(p, path, (int64_t)wait_seconds * 1000 + SPARE_MS, LIMIT_NODE_ANSWER, fault);
    return err ? err : copy_take(copy, bytes_of(p), fault);
}

enum err pull_head(struct pull *p, struct copy *copy, struct fault *fault)
{
    char path[128], cursor[FEED_CURSOR];
    feed_cursor(&copy->place, cursor);
    snprintf(path, sizeof path, "/api/v1/feed?after=%s&wait=0&blocks=0", cursor);
    enum err err = ask(p, path, HEAD_MS, LIMIT_NODE_ANSWER, fault);
    return err ? err : copy_take(copy, bytes_of(p), fault);
}

enum err pull_tac(struct pull *p, struct copy *copy, struct fault *fault)
{
    char path[64];
    snprintf(path, sizeof path, "/api/v1/tac-list/%u", copy->wants_tac);
    enum err err = ask(p, path, TAC_MS, LIMIT_NODE_TAC_LIST, fault);
    return err ? err : copy_take_tac(copy, bytes_of(p), fault);
}
