/* SPDX-License-Identifier: Apache-2.0
 *
 * n5g [SECONDS] - what N5g-eir costs without sockets: a client session of nghttp2 hands the face what it
 * would send, 1, 10, 100 requests a round. Only the face's own calls are timed, in processor time, so that a
 * busy machine does not count. The desk answers at once: what is told is decoding, HTTP/2 and encoding.
 *
 * Then the same with an access token by RS256 on each request, which clients send whole every time, and what the first
 * look at one costs. */
#include <jwt.h>
#include <nghttp2/nghttp2.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <unistd.h>

#include "base/clock.h"
#include "n5geir/n5geir.h"
#include "answer/network.h"

struct client {
    nghttp2_session *h2;
    uint64_t next, answered;
    const char *bearer; /* NULL: no token */
};

static void answer(struct network_desk *desk, const struct network_asker *asker,
                   const struct network_check *checks, size_t n, struct network_reply *out)
{
    (void)desk;
    (void)asker;
    for (size_t i = 0; i < n; i++)
        out[i] = (struct network_reply){.equipment = checks[i].question.imei.body % 3 % 2};
}

static int on_close(nghttp2_session *h2, int32_t stream, uint32_t error, void *user)
{
    (void)h2;
    (void)stream;
    struct client *client = user;
    client->answered += !error;
    return 0;
}

static nghttp2_nv field(struct str name, struct str value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.n,
                        value.n, NGHTTP2_NV_FLAG_NONE};
}

/* As h2load with a list of addresses: the path changes, all else is in the table. */
static bool ask(struct client *client)
{
    char path[128];
    uint64_t k = client->next++;
    snprintf(path, sizeof path,
             "/n5g-eir-eic/v1/equipment-status?pei=imeisv-35824005%06u01&supi=imsi-40101%010llu",
             (unsigned)(k * 7919 % 1000000), (unsigned long long)(k * 104729 % 10000000000));
    const nghttp2_nv fields[] = {
        field(STR(":method"), STR("GET")),
        field(STR(":scheme"), STR("http")),
        field(STR(":authority"), STR("127.0.0.1:8080")),
        field(STR(":path"), str_z(path)),
        field(STR("user-agent"), STR("h2load nghttp2/1.52.0")),
        field(STR("authorization"), str_z(client->bearer)),
    };
    size_t n = sizeof fields / sizeof fields[0] - !client->bearer;
    return nghttp2_submit_request(client->h2, NULL, fields, n, NULL, NULL) > 0;
}

/* What the client wants to send now. */
static bool gather(struct client *client, struct buf *wire)
{
    const uint8_t *p;
    ssize_t n;
    buf_clear(wire);
    while ((n = nghttp2_session_mem_send(client->h2, &p)) > 0)
        buf_put(wire, p, (size_t)n);
    return n == 0 && !wire->failed;
}

/* ns that the face took for it; < 0: it failed. */
static int64_t round_trip(struct client *client, struct line *line, struct buf *wire,
                          unsigned in_flight)
{
    for (unsigned i = 0; i < in_flight; i++)
        if (!ask(client))
            return -1;
    if (!gather(client, wire))
        return -1;
    struct timespec a, b;
    size_t used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    enum line_next next = line->face->input(line, wire->p, wire->n, &used);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    if (next != LINE_ON || used != wire->n ||
        nghttp2_session_mem_recv(client->h2, line->out.p, line->out.n) != (ssize_t)line->out.n)
        return -1;
    buf_clear(&line->out);
    return (b.tv_sec - a.tv_sec) * 1000000000LL + (b.tv_nsec - a.tv_nsec);
}

static int run(unsigned in_flight, double seconds, struct token_guard *guard, const char *bearer)
{
    struct network_desk desk = {.answer = answer};
    struct n5g_settings settings = {.root = {"", 0}, .guard = guard};
    struct line line = {.face = &n5g_face,
                        .face_ctx = &settings,
                        .worker_ctx = &desk,
                        .address = STR("192.0.2.1:40000")};
    struct client client = {.bearer = bearer};
    struct buf wire = {0};
    nghttp2_session_callbacks *calls;
    if (line.face->open(&line) != ERR_OK || nghttp2_session_callbacks_new(&calls))
        return 1;
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    if (nghttp2_session_client_new(&client.h2, calls, &client) ||
        nghttp2_submit_settings(client.h2, NGHTTP2_FLAG_NONE, NULL, 0) ||
        nghttp2_session_set_local_window_size(client.h2, NGHTTP2_FLAG_NONE, 0, 1 << 30))
        return 1;
    int64_t total = 0, end = clock_monotonic_us() + (int64_t)(seconds * 1e6);
    uint64_t from = 0;
    for (unsigned i = 0; clock_monotonic_us() < end; i++) {
        line.now_us = clock_monotonic_us();
        int64_t took = round_trip(&client, &line, &wire, in_flight);
        if (took < 0) {
            fprintf(stderr, "n5g: round %u failed\n", i);
            return 1;
        }
        if (i == 16)
            from = client.answered, total = 0;
        total += took;
    }
    printf("token=%s in_flight=%u requests=%llu ns_per_request=%.0f\n", bearer ? "yes" : "no",
           in_flight, (unsigned long long)client.answered,
           (double)total / (double)(client.answered - from));
    line.face->close(&line);
    nghttp2_session_del(client.h2);
    nghttp2_session_callbacks_del(calls);
    buf_release(&wire);
    buf_release(&line.out);
    return 0;
}

#define ME "4947a69a-f61b-4bc1-b9da-47c9c5d14b64"

/* A key of 2,048 bits: its public half in a file, a token signed by it. */
static bool make_token(char *path, char *bearer, size_t size)
{
    char *pem, *text, claims[512];
    jwt_t *jwt = NULL;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!key || !bio || !file || PEM_write_PUBKEY(file, key) != 1 || fclose(file) ||
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1 || jwt_new(&jwt))
        return false;
    long n = BIO_get_mem_data(bio, &pem);
    snprintf(claims, sizeof claims,
             "{\"iss\":\"" ME "\",\"sub\":\"" ME "\",\"aud\":[\"" ME "\"],\"scope\":"
             "\"n5g-eir-eic\",\"exp\":%lld,\"consumerPlmnId\":{\"mcc\":\"401\",\"mnc\":\"01\"}}",
             (long long)(clock_now_us(&clock_system) / 1000000 + 3600));
    if (jwt_add_grants_json(jwt, claims) ||
        jwt_set_alg(jwt, JWT_ALG_RS256, (const unsigned char *)pem, (int)n) ||
        !(text = jwt_encode_str(jwt)))
        return false;
    snprintf(bearer, size, "Bearer %s", text);
    free(text);
    jwt_free(jwt);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return true;
}

/* ns of processor time of a first look. */
static double first_look(const char *path, const char *bearer)
{
    struct token_rules rules = {STR(ME), STR(""), 10};
    struct token_keys *keys = NULL;
    struct timespec a, b;
    int64_t until;
    enum { LOOKS = 2000 };
    if (token_keys_read(path, &keys, NULL))
        return -1;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    for (unsigned i = 0; i < LOOKS; i++)
        if (token_judge(token_of_header(str_z(bearer)), &rules, keys,
                        clock_now_us(&clock_system) / 1000000, &until) != TOKEN_GOOD)
            return -1;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    token_keys_free(keys);
    return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / LOOKS;
}

/* And of one that is remembered. */
static double next_look(struct token_guard *guard, const char *bearer)
{
    struct timespec a, b;
    bool read;
    enum { LOOKS = 200000 };
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    for (unsigned i = 0; i < LOOKS; i++) {
        const struct token_brought brought = {.token = token_of_header(str_z(bearer)),
                                              .now_us = clock_monotonic_us()};
        if (token_guard_check(guard, 0, &brought, &read) != TOKEN_GOOD)
            return -1;
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / LOOKS;
}

static int run_with_token(double seconds)
{
    static const unsigned in_flight[] = {1, 10, 100};
    char path[] = "/tmp/tamga-bench-XXXXXX", bearer[4096];
    struct token_guard *guard = NULL;
    if (!make_token(path, bearer, sizeof bearer))
        return 1;
    const struct token_guard_options with = {
        path, {STR(ME), STR(""), 10}, &clock_system, .workers = 1};
    int failed = token_guard_new(&with, &guard, NULL) != ERR_OK;
    for (size_t i = 0; !failed && i < sizeof in_flight / sizeof in_flight[0]; i++)
        failed = run(in_flight[i], seconds, guard, bearer);
    printf("token_bytes=%zu first_look_ns=%.0f next_look_ns=%.0f\n", strlen(bearer) - 7,
           first_look(path, bearer), next_look(guard, bearer));
    token_guard_free(guard);
    unlink(path);
    return failed;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
    static const unsigned in_flight[] = {1, 10, 100};
    for (size_t i = 0; i < sizeof in_flight / sizeof in_flight[0]; i++)
        if (run(in_flight[i], seconds, NULL, NULL))
            return 1;
    return run_with_token(seconds);
}
