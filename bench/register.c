/* SPDX-License-Identifier: Apache-2.0
 *
 * register - what an EIR node sees of a great register, without one:
 *
 *   register make SEED COUNT DIR            DIR/snapshot.tgix of COUNT IMEIs, DIR/node.key; DIR/secret to serve it
 *   register serve SEED COUNT DIR RATE N    GET /api/v1/snapshot and /api/v1/feed on a free port ("port=.."); after
 *                                           SIGUSR1 a block of N changes so often that it is RATE a second
 *
 * The file is written by the program's own index_image_write, the blocks are sealed, their heads signed: a node has as
 * much to verify as with a register. Two thirds of the changes are of IMEIs that stand, a third is new. All blocks are
 * made before the port is told, so that serving them costs a write. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mix.h"
#include "core/rules.h"
#include "index/index.h"
#include "journal/block.h"
#include "population.h"

enum { ID = 16, FIRST_SEQ = 1000, SECONDS = 60, PATH_BYTES = 1024, WRITTEN_S = 1763800000 };

struct served {
    struct population population;
    uint64_t count, known, rate, items;
    const char *dir;
    struct index_keys keys;
    uint8_t id[ID];
    struct buf frames; /* of all blocks, one behind the other */
    size_t *ends;      /* in frames, of each */
    uint64_t *seqs;    /* before which each ends */
    uint8_t (*hashes)[SHA256_BYTES];
    size_t blocks;
    _Atomic int64_t began_us; /* 0: not yet */
};

static void path_of(const struct served *s, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", s->dir, name);
}

static struct index_state state_at_first(void)
{
    struct index_state state = {
        .next_seq = FIRST_SEQ, .rules = 1, .gate = {DAYNUM_NONE, DAYNUM_NONE}};
    memset(state.hash, 7, sizeof state.hash);
    return state;
}

/* ---- make ---- */

static void write_keys(const struct served *s)
{
    char path[PATH_BYTES], id[2 * ID + 1], key[65];
    sodium_bin2hex(id, sizeof id, s->id, ID);
    sodium_bin2hex(key, sizeof key, s->keys.public_key, 32);
    umask(077);
    path_of(s, "node.key", path);
    FILE *f = fopen(path, "we");
    if (!f || fprintf(f, "register=%s\npublic=%s\napi_key=bench\n", id, key) < 0 || fclose(f))
        bench_die(path, NULL);
    path_of(s, "secret", path);
    f = fopen(path, "we");
    if (!f || fwrite(&s->keys, sizeof s->keys, 1, f) != 1 || fclose(f))
        bench_die(path, NULL);
}

static void make(struct served *s)
{
    struct index *index;
    struct rules rules;
    struct buf text = {0};
    struct fault fault = {0};
    char path[PATH_BYTES];
    if (crypto_sign_keypair(s->keys.public_key, s->keys.secret_key) || index_new(&index))
        bench_die("memory", NULL);
    for (uint64_t i = 0; i < s->count; i++) {
        struct imei imei = population_imei(&s->population, i);
        struct verdict v = population_verdict(mix64(imei.body));
        if (index_put(index, imei, &v))
            bench_die("index", "no memory");
    }
    struct index_state state = state_at_first();
    index_set_state(index, &state);
    rules_init(&rules);
    rules_format(&rules, &text);
    path_of(s, "snapshot.tgix", path);
    struct index_image *image;
    struct index_file file = {s->id, {(char *)text.p, text.n}, STR("")};
    if (index_image_new(index, &image) || index_image_write(image, path, &file, &s->keys, &fault))
        bench_die(path, fault.detail);
    index_image_free(image);
    write_keys(s);
    printf("imeis=%llu bytes=%llu\n", (unsigned long long)index_count(index),
           (unsigned long long)index_bytes(index));
    buf_release(&text);
    index_free(index);
}

/* ---- blocks ---- */

static void put_item(struct buf *body, const void *p, size_t n)
{
    buf_varint(body, n);
    buf_put(body, p, n);
}

static void put_rows(struct served *s, struct buf *body, uint64_t seed)
{
    uint8_t item[LIMIT_ROW_ITEM];
    for (uint64_t i = 0; i < s->items; i++) {
        uint64_t random = mix64(seed + i + 1);
        uint64_t number = random % 3 ? random / 3 % s->count : s->known++ % POPULATION_SIZE;
        struct row row = {
            .change = {.imei = population_imei(&s->population, number), .kind = CHANGE_NONE},
            .before = REASON_NEVER_ACTIVATED,
            .after = population_verdict(mix64(random))};
        put_item(body, item, item_encode_row(&row, item));
    }
}

/* A frame of the feed: ARCHITECTURE.md, "Feed". */
static void put_block(struct served *s, struct sha256 *h, struct block *block, size_t k)
{
    struct buf body = {0}, item = {0};
    uint8_t header[BLOCK_HEADER_BYTES];
    struct entry entry = {.event = EVENT_OBSERVED,
                          .actor = 1,
                          .time_ms = WRITTEN_S * 1000LL,
                          .effective = DAYNUM_FIRST + 9400};
    size_t n = item_encode_entry(&entry, &item);
    put_item(&body, item.p, n);
    put_rows(s, &body, (uint64_t)k * s->items);
    memcpy(block->prev_hash, block->hash, SHA256_BYTES);
    block->header = (struct block_header){.first_seq = k ? s->seqs[k - 1] : FIRST_SEQ,
                                          .item_count = (uint32_t)s->items + 1,
                                          .body_bytes = (uint32_t)body.n,
                                          .written_us = WRITTEN_S * 1000000LL,
                                          .rules = 1,
                                          .gate = {DAYNUM_NONE, DAYNUM_NONE}};
    block->body = (struct str){(const char *)body.p, body.n};
    if (body.failed || block_seal(h, block))
        bench_die("block", "it is not sealed");
    block_header_encode(&block->header, header);
    buf_uint(&s->frames, 'B', 1);
    buf_uint(&s->frames, sizeof header + SHA256_BYTES + body.n, 4);
    buf_put(&s->frames, header, sizeof header);
    buf_put(&s->frames, block->prev_hash, SHA256_BYTES);
    buf_put(&s->frames, body.p, body.n);
    s->ends[k] = s->frames.n;
    s->seqs[k] = block->header.first_seq + block->header.item_count;
    memcpy(s->hashes[k], block->hash, SHA256_BYTES);
    buf_release(&body);
    buf_release(&item);
}

static void make_blocks(struct served *s)
{
    struct index_state first = state_at_first();
    struct block block = {0};
    struct sha256 *h = sha256_new();
    s->blocks = s->rate ? s->rate * SECONDS / s->items : 0;
    s->ends = calloc(s->blocks + 1, sizeof *s->ends);
    s->seqs = calloc(s->blocks + 1, sizeof *s->seqs);
    s->hashes = calloc(s->blocks + 1, sizeof *s->hashes);
    if (!h || !s->ends || !s->seqs || !s->hashes)
        bench_die("memory", NULL);
    memcpy(block.hash, first.hash, SHA256_BYTES);
    for (size_t k = 0; k < s->blocks; k++)
        put_block(s, h, &block, k);
    if (s->frames.failed)
        bench_die("memory", NULL);
    sha256_free(h);
}

/* ---- serve ---- */

/* Blocks that there are by now. */
static size_t written(const struct served *s)
{
    int64_t began = atomic_load(&s->began_us);
    if (!began)
        return 0;
    double seconds = (double)(clock_monotonic_us() - began) / 1e6;
    size_t n = (size_t)(seconds * (double)s->rate / (double)s->items);
    return n < s->blocks ? n : s->blocks;
}

static void put_head(const struct served *s, size_t upto, struct buf *out)
{
    struct index_state first = state_at_first();
    struct buf head = {0}, message = {0};
    uint8_t signature[64];
    size_t now = written(s);
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    buf_put(&head, s->id, ID);
    buf_uint(&head, upto ? s->seqs[upto - 1] : FIRST_SEQ, 8);
    buf_put(&head, upto ? s->hashes[upto - 1] : first.hash, SHA256_BYTES);
    buf_uint(&head, now ? s->seqs[now - 1] : FIRST_SEQ, 8);
    buf_uint(&head, (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000, 8);
    buf_str(&message, STR("tamga feed head"));
    buf_put(&message, head.p, head.n);
    crypto_sign_detached(signature, NULL, message.p, message.n, s->keys.secret_key);
    buf_uint(out, 'H', 1);
    buf_uint(out, head.n + sizeof signature, 4);
    buf_put(out, head.p, head.n);
    buf_put(out, signature, sizeof signature);
    buf_release(&head);
    buf_release(&message);
}

/* False: that place is none of ours. */
static bool feed(const struct served *s, const char *after, unsigned wait, struct buf *out)
{
    uint64_t seq = after ? strtoull(after, NULL, 10) : 0;
    int64_t end = clock_monotonic_us() + wait * 1000000LL;
    size_t from = 0;
    while (from < s->blocks && seq != FIRST_SEQ && s->seqs[from] != seq)
        from++;
    if (seq != FIRST_SEQ) {
        if (from == s->blocks)
            return false;
        from++;
    }
    while (written(s) <= from && clock_monotonic_us() < end)
        usleep(5000);
    size_t upto = from, begin = from ? s->ends[from - 1] : 0;
    while (upto < written(s) && (upto == from || s->ends[upto] - begin <= LIMIT_FEED_ANSWER))
        upto++;
    if (upto > from)
        buf_put(out, s->frames.p + begin, s->ends[upto - 1] - begin);
    put_head(s, upto, out);
    return true;
}

static struct MHD_Response *snapshot(const struct served *s)
{
    char path[PATH_BYTES];
    path_of(s, "snapshot.tgix", path);
    FILE *f = fopen(path, "re");
    struct stat stat;
    if (!f || fstat(fileno(f), &stat))
        bench_die(path, NULL);
    int fd = dup(fileno(f));
    fclose(f);
    return MHD_create_response_from_fd((uint64_t)stat.st_size, fd);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_bytes, void **context)
{
    const struct served *s = cls;
    struct MHD_Response *response = NULL;
    unsigned status = MHD_HTTP_NOT_FOUND;
    (void)method, (void)version, (void)body;
    *body_bytes = 0;
    if (!*context) {
        *context = connection;
        return MHD_YES;
    }
    if (!strcmp(url, "/api/v1/snapshot")) {
        response = snapshot(s);
        status = MHD_HTTP_OK;
    } else if (!strcmp(url, "/api/v1/feed")) {
        struct buf out = {0};
        const char *wait = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "wait");
        bool ours = feed(s, MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "after"),
                         wait ? (unsigned)bench_number(wait) : 0, &out);
        status = ours ? MHD_HTTP_OK : MHD_HTTP_CONFLICT;
        response = MHD_create_response_from_buffer(out.n, out.p, MHD_RESPMEM_MUST_FREE);
        MHD_add_response_header(response, "Content-Type", "application/vnd.tamga.feed");
    } else {
        static char nothing[] = "{}";
        response = MHD_create_response_from_buffer(2, nothing, MHD_RESPMEM_PERSISTENT);
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void serve(struct served *s)
{
    char path[PATH_BYTES];
    sigset_t signals;
    int number = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    path_of(s, "secret", path);
    FILE *f = fopen(path, "re");
    if (!f || fread(&s->keys, sizeof s->keys, 1, f) != 1)
        bench_die(path, NULL);
    fclose(f);
    make_blocks(s);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL,
        NULL, on_request, s, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_END);
    if (!daemon)
        bench_die("listen", NULL);
    printf("port=%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (!sigwait(&signals, &number) && number == SIGUSR1)
        atomic_store(&s->began_us, clock_monotonic_us());
    MHD_stop_daemon(daemon);
    printf("written=%zu of=%zu\n", written(s), s->blocks);
}

int main(int argc, char **argv)
{
    static struct served s;
    bool serves = argc == 7 && !strcmp(argv[1], "serve");
    if (!serves && !(argc == 5 && !strcmp(argv[1], "make"))) {
        fputs("usage: register make SEED COUNT DIR | serve SEED COUNT DIR RATE N\n", stderr);
        return 2;
    }
    population_init(&s.population, bench_number(argv[2]));
    s.count = s.known = bench_number(argv[3]);
    s.dir = argv[4];
    memset(s.id, 5, sizeof s.id);
    if (!s.count || s.count > POPULATION_SIZE || sodium_init() < 0)
        bench_die("register", "COUNT");
    if (!serves) {
        make(&s);
        return 0;
    }
    s.rate = bench_number(argv[5]);
    s.items = bench_number(argv[6]);
    if (!s.items || s.items >= LIMIT_BLOCK_ITEMS)
        bench_die("register", "N");
    serve(&s);
    return 0;
}
