/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/eds_standin.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 3 << 20 };

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* Head and body; NULL when the asker went away. The caller's to free. */
static char *receive(int fd, char **out_body)
{
    char *text = malloc(ROOM);
    size_t n = 0, whole = 0;
    *out_body = NULL;
    while (text && (!whole || n < whole)) {
        ssize_t got = read(fd, text + n, ROOM - 1 - n);
        if (got <= 0) {
            free(text);
            return NULL;
        }
        n += (size_t)got;
        text[n] = '\0';
        char *end = whole ? NULL : strstr(text, "\r\n\r\n");
        if (end) {
            const char *length = strcasestr(text, "content-length:");
            *out_body = end + 4;
            whole = (size_t)(end + 4 - text) + (length ? strtoul(length + 15, NULL, 10) : 0);
        }
    }
    return text;
}

static void answer(struct standin *s, int fd, unsigned i)
{
    char head[200];
    if (s->answers[i].status == STANDIN_SILENT) {
        char c;
        while (read(fd, &c, 1) > 0) /* until the asker has enough */
            ;
        return;
    }
    size_t n = s->answers[i].body.n;
    bool cut = s->answers[i].status == STANDIN_CUT;
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nConnection: "
                          "close\r\nContent-Length: %zu\r\n\r\n",
                          cut ? 200 : s->answers[i].status, n);
    send(fd, head, (size_t)length, MSG_NOSIGNAL);
    for (size_t at = 0, end = cut ? n / 2 : n; at < end;) {
        ssize_t sent = send(fd, s->answers[i].body.p + at, end - at, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += (size_t)sent;
    }
}

static void *serve(void *arg)
{
    struct standin *s = arg;
    int fd;
    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        char *body, *text = receive(fd, &body);
        unsigned i = s->asked < STANDIN_ANSWERS ? s->asked++ : STANDIN_ANSWERS - 1;
        if (text) {
            free(s->question[i]);
            s->question[i] = strdup(body);
            answer(s, fd, i);
        }
        free(text);
        close(fd);
    }
    return NULL;
}

int standin_bind(unsigned *out_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0);
    must(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    *out_port = ntohs(at.sin_port);
    return fd;
}

void standin_start(struct standin *s)
{
    *s = (struct standin){0};
    s->fd = standin_bind(&s->port);
    must(listen(s->fd, 8) == 0 && pthread_create(&s->thread, NULL, serve, s) == 0);
}

void standin_stop(struct standin *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    for (unsigned i = 0; i < STANDIN_ANSWERS; i++)
        free(s->question[i]);
}

void standin_will_answer(struct standin *s, unsigned i, int status, struct str body)
{
    s->asked = 0; /* between two questions the thread waits in accept */
    s->answers[i].status = status;
    s->answers[i].body = body;
}
