/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "wire/sctp.h"

static bool parse_one(struct str text, uint16_t port, union socket_address *out)
{
    char one[INET6_ADDRSTRLEN];
    union socket_address a = {.room = {0}};
    if (text.n >= sizeof one)
        return false;
    str_copy(one, sizeof one, text);
    if (inet_pton(AF_INET, one, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, one, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(port);
    } else {
        return false;
    }
    *out = a;
    return true;
}

/* What a place's text names. */
struct ends {
    size_t n;
    bool v6; /* one of them, or all */
    union socket_address at[LIMIT_WIRE_ADDRESSES];
};

static bool parse(const struct socket_place *place, struct ends *out)
{
    struct ends ends = {.n = 0};
    size_t most = place->sctp ? LIMIT_WIRE_ADDRESSES : 1;
    for (struct str rest = str_z(place->address); rest.p;) {
        struct str one = str_split(rest, '+', &rest);
        if (ends.n == most || !parse_one(one, place->port, &ends.at[ends.n]))
            return false;
        ends.v6 |= ends.at[ends.n++].any.sa_family == AF_INET6;
    }
    *out = ends;
    return true;
}

static socklen_t size_of(const union socket_address *address)
{
    return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

static void set_port(union socket_address *address, in_port_t port)
{
    if (address->any.sa_family == AF_INET)
        address->v4.sin_port = port;
    else
        address->v6.sin6_port = port;
}

static int new_socket(bool v6, bool sctp)
{
    return socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                  sctp ? IPPROTO_SCTP : 0);
}

static enum err no_socket(bool sctp, const char *address, struct fault *fault)
{
    if (sctp && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
        return fault_set(fault, ERR_UNAVAILABLE,
                         "%s: this kernel has no SCTP (module sctp); use TCP", address);
    return fault_set(fault, ERR_UNAVAILABLE, "%s: no socket: %s", address, strerror(errno));
}

/* Binds to the first, hears at which port that is, binds to the others at the same. */
static enum err bind_and_listen(int fd, struct ends *ends, const struct socket_place *place,
                                struct fault *fault)
{
    int on = 1;
    socklen_t n = sizeof ends->at[0];
    bool bound = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                 bind(fd, &ends->at[0].any, size_of(&ends->at[0])) == 0 &&
                 getsockname(fd, &ends->at[0].any, &n) == 0;
    in_port_t port =
        ends->at[0].any.sa_family == AF_INET ? ends->at[0].v4.sin_port : ends->at[0].v6.sin6_port;
    for (size_t i = 1; i < ends->n; i++)
        set_port(&ends->at[i], port);
    if (!bound || (ends->n > 1 && !sctp_bind_more(fd, ends->at + 1, ends->n - 1)) ||
        listen(fd, SOMAXCONN) < 0)
        return fault_set(fault, ERR_UNAVAILABLE, "cannot listen on %s, port %u: %s", place->address,
                         place->port, strerror(errno));
    return ERR_OK;
}

/* A socket of the place's kind, bound to nothing yet; and its addresses. */
static enum err open_place(const struct socket_place *place, struct ends *ends, int *out_fd,
                           struct fault *fault)
{
    if (!parse(place, ends))
        return fault_set(fault, ERR_USAGE, "%s is no IPv4 or IPv6 address", place->address);
    int fd = new_socket(ends->v6, place->sctp);
    if (fd < 0)
        return no_socket(place->sctp, place->address, fault);
    *out_fd = fd;
    return ERR_OK;
}

enum err socket_listen(const struct socket_place *place, int *out_fd, uint16_t *out_port,
                       struct fault *fault)
{
    struct ends ends = {.n = 0};
    int fd = -1;
    enum err err = open_place(place, &ends, &fd, fault);
    if (err)
        return err;
    err = bind_and_listen(fd, &ends, place, fault);
    if (err) {
        close(fd);
        return err;
    }
    *out_fd = fd;
    *out_port = ntohs(ends.at[0].any.sa_family == AF_INET ? ends.at[0].v4.sin_port
                                                          : ends.at[0].v6.sin6_port);
    return ERR_OK;
}

enum err socket_place_check(const struct socket_place *place, struct fault *fault)
{
    struct ends ends = {.n = 0};
    int fd = -1;
    enum err err = open_place(place, &ends, &fd, fault);
    if (err)
        return err;
    close(fd);
    return ERR_OK;
}

int socket_call(const struct socket_place *place, union socket_address *out_address)
{
    struct ends ends = {.n = 0};
    bool known = parse(place, &ends);
    *out_address = ends.at[0];
    int fd = known ? new_socket(ends.v6, place->sctp) : -1;
    if (fd < 0)
        return -1;
    socket_prepare(fd, place->sctp, place->sctp_ppid);
    if (connect(fd, &ends.at[0].any, size_of(&ends.at[0])) < 0 && errno != EINPROGRESS) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* A setting that a kernel refuses costs speed, no more: the results are not looked at. */
void socket_prepare(int fd, bool sctp, uint32_t sctp_ppid)
{
    int on = 1;
    if (sctp) {
        sctp_prepare(fd, sctp_ppid);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void socket_deafen(int fd, bool sctp)
{
    if (sctp)
        sctp_deafen(fd);
    else
        shutdown(fd, SHUT_RDWR);
}

size_t socket_own(int fd, bool sctp, char *text)
{
    union socket_address own[LIMIT_WIRE_ADDRESSES];
    socklen_t size = sizeof own[0];
    size_t at = 0, n = sctp ? sctp_own(fd, own, LIMIT_WIRE_ADDRESSES) : 0;
    if (!n)
        n = getsockname(fd, &own[0].any, &size) == 0;
    for (size_t i = 0; i < n; i++) {
        char one[SOCKET_TEXT];
        size_t bytes = socket_show(&own[i], false, one);
        if (at)
            text[at++] = ' ';
        memcpy(text + at, one, bytes);
        at += bytes;
    }
    return at;
}

size_t socket_show(const union socket_address *address, bool port, char text[SOCKET_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";
    bool v6 = address->any.sa_family == AF_INET6;
    const uint8_t *bytes = address->v6.sin6_addr.s6_addr;
    unsigned number = ntohs(v6 ? address->v6.sin6_port : address->v4.sin_port);
    if (v6 && IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr)) {
        inet_ntop(AF_INET, bytes + 12, host, sizeof host);
        v6 = false;
    } else if (v6) {
        inet_ntop(AF_INET6, bytes, host, sizeof host);
    } else if (address->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof host);
    }
    int n = !port ? snprintf(text, SOCKET_TEXT, "%s", host)
                  : snprintf(text, SOCKET_TEXT, v6 ? "[%s]:%u" : "%s:%u", host, number);
    return (size_t)n;
}
