/* SPDX-License-Identifier: Apache-2.0
 *
 * peer_http HEAD BODY THREADS - a bare libmicrohttpd handler, the measure of ours: same flags, same pool,
 * connections kept alive, and for each request a response of its own with the headers of HEAD (as curl -D
 * wrote them) and a copy of the bytes of BODY. It looks at nothing. Prints its port, ends on SIGTERM. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <unistd.h>

#include "base/limits.h"
#include "population.h"

enum { HEADERS_MAX = 32, BODY_MAX = 1 << 20, LINE = 1024 };

struct peer {
    char *body;
    size_t body_n;
    struct {
        char name[64], value[LINE];
    } headers[HEADERS_MAX];
    size_t headers_n;
};

/* All but the status line and what libmicrohttpd writes by itself. */
static void read_headers(struct peer *peer, const char *path)
{
    char line[LINE];
    FILE *file = fopen(path, "re");
    if (!file)
        bench_die(path, NULL);
    while (fgets(line, sizeof line, file)) {
        struct str value, name = str_split(str_z(line), ':', &value);
        value = str_trim(value);
        if (!value.n || str_eq_nocase(name, STR("Date")) ||
            str_eq_nocase(name, STR("Connection")) || str_eq_nocase(name, STR("Content-Length")) ||
            peer->headers_n == HEADERS_MAX)
            continue;
        str_copy(peer->headers[peer->headers_n].name, sizeof peer->headers[0].name, name);
        str_copy(peer->headers[peer->headers_n++].value, sizeof peer->headers[0].value, value);
    }
    fclose(file);
}

static void read_body(struct peer *peer, const char *path)
{
    FILE *file = fopen(path, "re");
    peer->body = malloc(BODY_MAX);
    if (!file || !peer->body)
        bench_die(path, NULL);
    peer->body_n = fread(peer->body, 1, BODY_MAX, file);
    fclose(file);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_bytes, void **context)
{
    const struct peer *peer = cls;
    (void)url;
    (void)method;
    (void)version;
    (void)body;
    *body_bytes = 0;
    if (!*context) { /* an answer to the head alone would close the connection */
        *context = connection;
        return MHD_YES;
    }
    char *copy = malloc(peer->body_n);
    if (!copy)
        return MHD_NO;
    memcpy(copy, peer->body, peer->body_n);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(peer->body_n, copy, MHD_RESPMEM_MUST_FREE);
    for (size_t i = 0; i < peer->headers_n; i++)
        MHD_add_response_header(response, peer->headers[i].name, peer->headers[i].value);
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: peer_http HEAD BODY THREADS\n", stderr);
        return 2;
    }
    struct peer peer = {0};
    read_headers(&peer, argv[1]);
    read_body(&peer, argv[2]);
    unsigned threads = (unsigned)bench_number(argv[3]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct MHD_OptionItem pool[] = {{MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
                                    {MHD_OPTION_END, 0, NULL}};
    if (threads < 2)
        pool[0].option = MHD_OPTION_END;
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_ITC, 0, NULL, NULL, on_request,
        &peer, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT,
        4096U, MHD_OPTION_CONNECTION_TIMEOUT, 15U, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)LIMIT_HTTP_HEAD, MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
    if (!daemon)
        bench_die("listen", NULL);
    printf("port=%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    int signal_number;
    sigwait(&stop, &signal_number);
    MHD_stop_daemon(daemon);
    free(peer.body);
    return 0;
}
