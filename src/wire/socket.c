/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sctp.h>
#include <netinet/tcp.h>
#include <unistd.h>

static bool parse(const char *text, uint16_t port, union socket_address *out, socklen_t *out_n)
{
    union socket_address a = {.room = {0}};
    if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(port);
        *out_n = sizeof a.v4;
    } else if (inet_pton(AF_INET6, text, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(port);
        *out_n = sizeof a.v6;
    } else {
        return false;
    }
    *out = a;
    return true;
}

static int new_socket(int family, bool sctp)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, sctp ? IPPROTO_SCTP : 0);
}

static enum err no_socket(bool sctp, const char *address, struct fault *fault)
{
    if (sctp && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
        return fault_set(fault, ERR_UNAVAILABLE,
                         "%s: this kernel has no SCTP (module sctp); use TCP", address);
    return fault_set(fault, ERR_UNAVAILABLE, "%s: no socket: %s", address, strerror(errno));
}

static enum err bind_and_listen(int fd, const union socket_address *address, socklen_t n,
                                const struct socket_place *place, struct fault *fault)
{
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, &address->any, n) < 0 || listen(fd, SOMAXCONN) < 0)
        return fault_set(fault, ERR_UNAVAILABLE, "cannot listen on %s, port %u: %s", place->address,
                         place->port, strerror(errno));
    return ERR_OK;
}

/* A socket of the place's kind, bound to nothing yet; and its address, n bytes. */
static enum err open_place(const struct socket_place *place, union socket_address *address,
                           socklen_t *n, int *out_fd, struct fault *fault)
{
    if (!parse(place->address, place->port, address, n))
        return fault_set(fault, ERR_USAGE, "%s is no IPv4 or IPv6 address", place->address);
    int fd = new_socket(address->any.sa_family, place->sctp);
    if (fd < 0)
        return no_socket(place->sctp, place->address, fault);
    *out_fd = fd;
    return ERR_OK;
}

enum err socket_listen(const struct socket_place *place, int *out_fd, uint16_t *out_port,
                       struct fault *fault)
{
    union socket_address address;
    socklen_t n;
    int fd = -1;
    enum err err = open_place(place, &address, &n, &fd, fault);
    if (err)
        return err;
    err = bind_and_listen(fd, &address, n, place, fault);
    if (!err && getsockname(fd, &address.any, &n) < 0)
        err = fault_set(fault, ERR_UNAVAILABLE, "%s: %s", place->address, strerror(errno));
    if (err) {
        close(fd);
        return err;
    }
    *out_fd = fd;
    *out_port =
        ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return ERR_OK;
}

enum err socket_place_check(const struct socket_place *place, struct fault *fault)
{
    union socket_address address;
    socklen_t n;
    int fd = -1;
    enum err err = open_place(place, &address, &n, &fd, fault);
    if (err)
        return err;
    close(fd);
    return ERR_OK;
}

int socket_call(const struct socket_place *place, union socket_address *out_address)
{
    union socket_address address = {.room = {0}};
    socklen_t n = 0;
    bool known = parse(place->address, place->port, &address, &n);
    *out_address = address;
    int fd = known ? new_socket(address.any.sa_family, place->sctp) : -1;
    if (fd < 0)
        return -1;
    socket_prepare(fd, place->sctp, place->sctp_ppid);
    if (connect(fd, &address.any, n) < 0 && errno != EINPROGRESS) {
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
    if (!sctp) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        return;
    }
    struct sctp_sndrcvinfo info = {.sinfo_ppid = htonl(sctp_ppid)};
    setsockopt(fd, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_SCTP, SCTP_DEFAULT_SEND_PARAM, &info, sizeof info);
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
