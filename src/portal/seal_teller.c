/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/seal_teller.h"

#include <stdio.h>
#include <unistd.h>

#include <sodium.h>

#include "portal/bulk_worker.h"

void seal_teller_init(struct seal_teller *t, const struct bulk_worker *bulk, bool papers)
{
    *t = (struct seal_teller){.server = {.pid = getpid(), .papers = papers}};
    randombytes_buf(t->server.id, sizeof t->server.id);
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1);
    struct str name = str_utf8(str_z(host)) ? str_z(host) : STR("?");
    str_copy(t->server.host, sizeof t->server.host, name);
    if (bulk)
        str_copy(t->server.spool, sizeof t->server.spool, str_z(bulk_worker_room(bulk)->spool.dir));
}

static void log_keys(struct seal_teller *t, const struct registry *reg)
{
    const struct fault *f = &reg->keys_fault;
    if (strcmp(f->detail, t->logged) == 0)
        return;
    str_copy(t->logged, sizeof t->logged, str_z(f->detail));
    fprintf(stderr, "event=keys result=%s detail=%s\n", err_name(f->err), f->detail);
}

static bool same(const struct seal_server *a, const struct seal_server *b)
{
    return a->uses == b->uses && a->spool_under == b->spool_under && a->has_count == b->has_count &&
           memcmp(a->has, b->has, sizeof a->has) == 0;
}

void seal_teller_work(struct seal_teller *t, struct registry *reg, struct committer *committer,
                      const struct bulk_worker *bulk)
{
    struct seal_server *s = &t->server;
    int64_t now_us = clock_monotonic_us();
    if (registry_refresh(reg, NULL))
        return;
    log_keys(t, reg);
    seal_server_ring(s, &reg->keys.people);
    s->spool_under = bulk ? bulk_worker_spool_under(bulk) : 0;
    bool due = !t->told_us || now_us - t->told_us >= (int64_t)SEAL_TELL_S * 1000000;
    if (!due && same(s, &t->as_told))
        return;
    if (seal_server_tell(committer, s, clock_now_us(reg->clock) / 1000000))
        return; /* told at the next look */
    t->told_us = now_us;
    t->as_told = *s;
}

void seal_teller_end(struct seal_teller *t, struct committer *committer)
{
    seal_server_end(committer, &t->server);
}
