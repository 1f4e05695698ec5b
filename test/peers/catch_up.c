/* SPDX-License-Identifier: Apache-2.0
 *
 * catch_up - many nodes that come near the register at once, as tamga-eir does it (node/segments.c, node/pull.c), each
 * with connections and an index of its own, but without faces and files.
 *
 *   catch_up REGISTER CACHE KEY SNAPSHOT COUNT      CACHE "": none
 *
 * What the register or the cache does not answer in time, as on a busy machine, is asked again for two minutes.
 *
 * Prints one line of JSON: nodes, failed, seconds, places (how many different ones they ended at), next_seq, verdicts (how many
 * different sums of all verdicts), sum, from_cache, from_register, cache_errors, cache_refused. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/mix.h"
#include "node/segments.h"

enum { NODES_MOST = 1000, ROUNDS = 10000, REST_MS = 200, PATIENCE_US = 120000000 };

struct crowd {
    struct link_options link, cache;
    struct node_key key;
    struct clock clock;
    const char *snapshot;
    struct node_status status;
    pthread_barrier_t start;
};

struct node {
    struct crowd *crowd;
    pthread_t thread;
    struct feed_place place;
    uint64_t sum;
    enum err err;
    struct fault fault;
};

static bool add(void *ctx, struct imei imei, const struct verdict *verdict)
{
    uint64_t *sum = ctx;
    *sum += mix64(imei.body ^ mix64(verdict_pack(verdict)));
    return true;
}

static bool again(const struct pull *pull, int64_t until_us)
{
    return clock_monotonic_us() < until_us && link_rest(pull->link, REST_MS);
}

/* Until the list is used up; it is empty where one failed, be it the list or a segment. */
static enum err take_segments(struct pull *pull, struct copy *copy, int64_t until_us,
                              struct fault *fault)
{
    enum err err = ERR_OK;
    do {
        bool took = true;
        segments_begin(pull);
        while (!err && took)
            err = segments_take(pull, copy, &took, fault);
    } while (!err && !pull->names.n && again(pull, until_us));
    return err;
}

static enum err come_near(struct node *node, struct pull *pull, struct copy *copy)
{
    int64_t until_us = clock_monotonic_us() + PATIENCE_US;
    enum err err = take_segments(pull, copy, until_us, &node->fault);
    for (int i = 0; !err && i < ROUNDS; i++) {
        uint64_t before = copy->place.next_seq;
        while ((err = pull_feed(pull, copy, 0, &node->fault)) == ERR_UNAVAILABLE &&
               again(pull, until_us))
            ;
        if (copy->place.next_seq == before)
            break;
    }
    return err;
}

static void *run(void *arg)
{
    struct node *node = arg;
    struct crowd *crowd = node->crowd;
    struct copy_options options = {
        .directory = "/nonexistent", .key = &crowd->key, .clock = &crowd->clock};
    struct pull pull = {.status = &crowd->status};
    struct copy *copy = NULL;
    node->err = link_new(&crowd->link, &pull.link);
    if (!node->err && *crowd->cache.url)
        node->err = link_new(&crowd->cache, &pull.cache);
    if (!node->err)
        node->err = copy_read(&options, crowd->snapshot, 0, &copy, &node->fault);
    pthread_barrier_wait(&crowd->start);
    if (!node->err)
        node->err = come_near(node, &pull, copy);
    if (copy) {
        node->place = copy->place;
        index_iterate(copy->index->index, add, &node->sum);
    }
    copy_free(copy);
    link_free(pull.link);
    link_free(pull.cache);
    pull_release(&pull);
    return NULL;
}

static void tell(const struct node *nodes, unsigned count, double seconds)
{
    struct node_status *s = &nodes[0].crowd->status;
    unsigned failed = 0, places = 1, verdicts = 1;
    for (unsigned i = 0; i < count; i++) {
        failed += nodes[i].err != ERR_OK;
        places += i > 0 && memcmp(&nodes[i].place, &nodes[0].place, sizeof nodes->place) != 0;
        verdicts += i > 0 && nodes[i].sum != nodes[0].sum;
        if (nodes[i].err)
            fprintf(stderr, "node %u: %s: %s\n", i, err_name(nodes[i].err), nodes[i].fault.detail);
    }
    printf("{\"nodes\":%u,\"failed\":%u,\"seconds\":%.2f,\"places\":%u,\"next_seq\":%llu,"
           "\"verdicts\":%u,\"sum\":\"%016llx\",\"from_cache\":%llu,\"from_register\":%llu,"
           "\"cache_errors\":%llu,\"cache_refused\":%llu}\n",
           count, failed, seconds, places, (unsigned long long)nodes[0].place.next_seq, verdicts,
           (unsigned long long)nodes[0].sum, (unsigned long long)atomic_load(&s->segments_cache),
           (unsigned long long)atomic_load(&s->segments_register),
           (unsigned long long)atomic_load(&s->cache_errors),
           (unsigned long long)atomic_load(&s->cache_refused));
}

int main(int argc, char **argv)
{
    uint64_t count = 0;
    struct fault fault = {0};
    static struct crowd crowd;
    static struct node nodes[NODES_MOST];
    if (argc != 6 || !str_to_u64(str_z(argv[5]), NODES_MOST, &count) || !count)
        return 2;
    if (sodium_init() < 0 || link_init() || node_key_read(argv[3], &crowd.key, &fault)) {
        fprintf(stderr, "%s\n", fault.detail);
        return 1;
    }
    crowd.link = (struct link_options){
        .url = argv[1], .api_key = crowd.key.api_key, .ca = "", .agent = "catch_up"};
    crowd.cache =
        (struct link_options){.url = argv[2], .api_key = "", .ca = "", .agent = "catch_up"};
    crowd.snapshot = argv[4];
    crowd.clock = clock_system;
    pthread_barrier_init(&crowd.start, NULL, (unsigned)count + 1);
    for (uint64_t i = 0; i < count; i++) {
        nodes[i].crowd = &crowd;
        if (pthread_create(&nodes[i].thread, NULL, run, &nodes[i]))
            return 1;
    }
    pthread_barrier_wait(&crowd.start);
    int64_t began_us = clock_monotonic_us();
    for (uint64_t i = 0; i < count; i++)
        pthread_join(nodes[i].thread, NULL);
    tell(nodes, (unsigned)count, (double)(clock_monotonic_us() - began_us) / 1e6);
    return 0;
}
