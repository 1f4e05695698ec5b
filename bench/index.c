/* SPDX-License-Identifier: Apache-2.0
 *
 * index - what the index weighs and how fast one thread asks it, beside a plain hash table of the same IMEIs.
 *
 *   index SEED COUNT [CHANGES]     COUNT IMEIs of the population in no order; then so many random changes
 *
 * The peer: open addressing, linear probing, one word of 8 bytes a slot (body and a byte of verdict), at 45 % full,
 * huge pages where the system has them. Both are asked for the same IMEIs, half of them known. Rates in turn, five times
 * each, the best of each. Prints "imeis=.. seconds=.. bytes=.. single=.. batch=.. hash_single=.. hash_batch=..", lookups a
 * second; then a line of the file, "file_bytes=.. image=.. write=.. ready=.. ready_cpu=.. single=.. batch=..": seconds
 * until an image is made, until it is on the disk, and until one who reads it (index.tgix, here, page cache warm) has an index, best of
 * five, and what that one answers a second; then the first line again, after the changes. */
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "base/mix.h"
#include "index/index.h"
#include "population.h"

enum { ASKED = 1 << 21, BATCH = 32, TURNS = 5 };

/* Of this thread's own time: what others do on the machine counts only by the caches that they share. */
static double seconds_of_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the peer ---- */

struct hash {
    uint64_t *slots;
    uint64_t size;
};

static void hash_init(struct hash *h, uint64_t count)
{
    h->size = count * 20 / 9;
    h->slots = mmap(NULL, h->size * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (h->slots == MAP_FAILED)
        bench_die("index", "no memory for the peer");
    madvise(h->slots, h->size * 8, MADV_HUGEPAGE);
}

static inline uint64_t hash_home(const struct hash *h, uint64_t body)
{
    return mix_range(mix64(body), h->size);
}

static void hash_put(struct hash *h, uint64_t body, uint8_t verdict)
{
    uint64_t i = hash_home(h, body);
    while (h->slots[i] && h->slots[i] >> 8 != body + 1)
        i = i + 1 == h->size ? 0 : i + 1;
    h->slots[i] = (body + 1) << 8 | verdict;
}

static inline int hash_find(const struct hash *h, uint64_t i, uint64_t body)
{
    for (;; i = i + 1 == h->size ? 0 : i + 1) {
        uint64_t slot = h->slots[i];
        if (slot >> 8 == body + 1)
            return (int)(slot & 255);
        if (!slot)
            return -1;
    }
}

static double hash_single(const struct hash *h, const struct imei *asked)
{
    uint64_t found = 0;
    double began = seconds_of_cpu();
    for (size_t i = 0; i < ASKED; i++)
        found += hash_find(h, hash_home(h, asked[i].body), asked[i].body) >= 0;
    double seconds = seconds_of_cpu() - began;
    if (!found)
        bench_die("index", "the peer found nothing");
    return ASKED / seconds;
}

static double hash_batch(const struct hash *h, const struct imei *asked)
{
    uint64_t found = 0, home[BATCH];
    double began = seconds_of_cpu();
    for (size_t i = 0; i < ASKED; i += BATCH) {
        for (size_t k = 0; k < BATCH; k++) {
            home[k] = hash_home(h, asked[i + k].body);
            __builtin_prefetch(&h->slots[home[k]]);
        }
        for (size_t k = 0; k < BATCH; k++)
            found += hash_find(h, home[k], asked[i + k].body) >= 0;
    }
    double seconds = seconds_of_cpu() - began;
    if (!found)
        bench_die("index", "the peer found nothing");
    return ASKED / seconds;
}

/* ---- the index ---- */

static double index_single(const struct index *index, const struct imei *asked)
{
    uint64_t found = 0;
    double began = seconds_of_cpu();
    for (size_t i = 0; i < ASKED; i++) {
        struct verdict v;
        found += index_find(index, asked[i], &v);
    }
    double seconds = seconds_of_cpu() - began;
    if (!found)
        bench_die("index", "nothing was found");
    return ASKED / seconds;
}

static double index_batch(const struct index *index, const struct imei *asked)
{
    struct verdict v[BATCH];
    bool found[BATCH];
    uint64_t hits = 0;
    double began = seconds_of_cpu();
    for (size_t i = 0; i < ASKED; i += BATCH) {
        index_find_batch(index, asked + i, BATCH, v, found);
        hits += found[0];
    }
    double seconds = seconds_of_cpu() - began;
    if (!hits)
        bench_die("index", "nothing was found");
    return ASKED / seconds;
}

static void put(struct index *index, struct hash *h, struct imei imei, struct verdict v)
{
    if (index_put(index, imei, &v))
        bench_die("index", "no memory");
    hash_put(h, imei.body, v.reason);
}

static void best(double *kept, double seen)
{
    if (seen > *kept)
        *kept = seen;
}

static void ask(struct index *index, const struct hash *h, const struct imei *asked, double seconds)
{
    double single = 0, batch = 0, hsingle = 0, hbatch = 0;
    for (int i = 0; i < TURNS; i++) {
        best(&hsingle, hash_single(h, asked));
        best(&single, index_single(index, asked));
        best(&hbatch, hash_batch(h, asked));
        best(&batch, index_batch(index, asked));
    }
    uint64_t count = index_count(index);
    struct index_state state = {.next_seq = 1, .gate = {DAYNUM_NONE, DAYNUM_NONE}};
    index_set_state(index, &state); /* it weighs itself then */
    printf("imeis=%llu seconds=%.1f bytes=%.3f single=%.0f batch=%.0f hash_single=%.0f "
           "hash_batch=%.0f\n",
           (unsigned long long)count, seconds, (double)index_bytes(index) / (double)count, single,
           batch, hsingle, hbatch);
    fflush(stdout);
}

/* Of all threads. */
static double seconds_of_process(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void less(double *kept, double seen)
{
    if (*kept <= 0 || seen < *kept)
        *kept = seen;
}

static void read_back(const struct index_want *want, const struct imei *asked)
{
    double ready = 0, cpu = 0, single = 0, batch = 0;
    for (int i = 0; i < TURNS; i++) {
        struct index_loaded got;
        struct fault fault = {0};
        double began = bench_seconds(), began_cpu = seconds_of_process();
        if (index_file_read("index.tgix", want, &got, &fault))
            bench_die("index.tgix", fault.detail);
        less(&ready, bench_seconds() - began);
        less(&cpu, seconds_of_process() - began_cpu);
        best(&single, index_single(got.index, asked));
        best(&batch, index_batch(got.index, asked));
        index_loaded_release(&got);
    }
    printf(" ready=%.3f ready_cpu=%.3f single=%.0f batch=%.0f\n", ready, cpu, single, batch);
}

static void file(const struct index *index, const struct imei *asked)
{
    static const uint8_t id[16] = "a bench register";
    struct index_keys keys;
    struct index_image *image;
    struct index_file beside = {id, STR("rules"), STR("")};
    struct index_want want = {id, keys.public_key, 0, NULL, false};
    struct fault fault = {0};
    if (sodium_init() < 0 || crypto_sign_keypair(keys.public_key, keys.secret_key))
        bench_die("index", "no keys");
    double began = bench_seconds();
    if (index_image_new(index, &image))
        bench_die("index", "no memory");
    double made = bench_seconds() - began;
    if (index_image_write(image, "index.tgix", &beside, &keys, &fault))
        bench_die("index.tgix", fault.detail);
    printf("file_bytes=%llu image=%.3f write=%.3f", (unsigned long long)index_image_bytes(image),
           made, bench_seconds() - began - made);
    index_image_free(image);
    read_back(&want, asked);
    unlink("index.tgix");
}

int main(int argc, char **argv)
{
    static struct population p;
    struct index *index;
    struct hash hash;
    if (argc < 3 || index_new(&index))
        bench_die("index", "SEED COUNT [CHANGES]");
    population_init(&p, bench_number(argv[1]));
    uint64_t count = bench_number(argv[2]), changes = argc > 3 ? bench_number(argv[3]) : 0;
    uint64_t known = count;
    struct imei *asked = malloc(ASKED * sizeof *asked);
    if (!asked || !count || count + changes > POPULATION_SIZE)
        bench_die("index", "no memory, or no COUNT");
    hash_init(&hash, count + changes / 2);
    double began = seconds_of_cpu();
    for (uint64_t i = 0; i < count; i++) {
        struct imei imei = population_imei(&p, i);
        struct verdict v = population_verdict(mix64(imei.body));
        if (index_put(index, imei, &v))
            bench_die("index", "no memory");
    }
    double built = seconds_of_cpu() - began;
    for (uint64_t i = 0; i < count; i++)
        hash_put(&hash, population_imei(&p, i).body, 1);
    for (uint64_t i = 0; i < ASKED; i++) {
        uint64_t random = mix64(i + 1);
        uint64_t number =
            random % 2 ? random / 2 % count : count + random / 2 % (POPULATION_SIZE - count);
        asked[i] = population_imei(&p, number);
    }
    ask(index, &hash, asked, built);
    file(index, asked);
    began = seconds_of_cpu();
    for (uint64_t i = 0; i < changes; i++) { /* a third is new */
        uint64_t random = mix64(~i);
        uint64_t number = random % 3 ? random / 3 % known : known++;
        put(index, &hash, population_imei(&p, number), population_verdict(mix64(random)));
    }
    if (changes)
        ask(index, &hash, asked, seconds_of_cpu() - began);
    index_free(index);
    free(asked);
    return 0;
}
