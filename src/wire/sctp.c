/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sctp.h"

#include <linux/sctp.h>

void sctp_prepare(int fd, uint32_t ppid)
{
    int on = 1;
    struct sctp_sndrcvinfo info = {.sinfo_ppid = htonl(ppid)};
    setsockopt(fd, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_SCTP, SCTP_DEFAULT_SEND_PARAM, &info, sizeof info);
}

static size_t size_of(const struct sockaddr *address)
{
    return address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

bool sctp_bind_more(int fd, const union socket_address *more, size_t n)
{
    uint8_t packed[LIMIT_WIRE_ADDRESSES * sizeof(struct sockaddr_in6)];
    size_t at = 0;
    for (size_t i = 0; i < n && i < LIMIT_WIRE_ADDRESSES; i++) {
        memcpy(packed + at, &more[i], size_of(&more[i].any));
        at += size_of(&more[i].any);
    }
    return n == 0 ||
           setsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD, packed, (socklen_t)at) == 0;
}

/* Of the association, not of the socket: one that is bound to all addresses tells those that the other
 * end was told. */
size_t sctp_own(int fd, union socket_address *out, size_t n)
{
    enum { ROOM = 64, HEAD = offsetof(struct sctp_getaddrs, addrs) }; /* it tells all or none */
    uint8_t got[HEAD + ROOM * sizeof(struct sockaddr_in6)] = {0};
    struct sctp_status status = {0};
    socklen_t size = sizeof status;
    if (getsockopt(fd, IPPROTO_SCTP, SCTP_STATUS, &status, &size) < 0)
        return 0;
    memcpy(got, &status.sstat_assoc_id, sizeof status.sstat_assoc_id);
    size = sizeof got;
    if (getsockopt(fd, IPPROTO_SCTP, SCTP_GET_LOCAL_ADDRS, got, &size) < 0)
        return 0;
    uint32_t many;
    size_t at = HEAD, found = 0;
    memcpy(&many, got + offsetof(struct sctp_getaddrs, addr_num), sizeof many);
    while (found < n && found < many) {
        union socket_address a = {.room = {0}};
        memcpy(&a.any.sa_family, got + at, sizeof a.any.sa_family);
        size_t bytes = size_of(&a.any);
        memcpy(&a, got + at, bytes);
        at += bytes;
        out[found++] = a;
    }
    return found;
}

void sctp_deafen(int fd)
{
    (void)!listen(fd, 0); /* RFC 6458 4.1.3 */
}

ssize_t sctp_receive(int fd, void *p, size_t n, bool *out_whole)
{
    struct iovec piece = {.iov_base = p, .iov_len = n};
    struct msghdr head = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t got = recvmsg(fd, &head, 0);
    if (got > 0)
        *out_whole = head.msg_flags & MSG_EOR;
    return got;
}

ssize_t sctp_send(int fd, const void *p, size_t n, uint32_t ppid, bool overtakes)
{
    union {
        struct cmsghdr head; /* for its alignment */
        uint8_t room[CMSG_SPACE(sizeof(struct sctp_sndinfo))];
    } control = {.room = {0}};
    struct sctp_sndinfo info = {.snd_flags = SCTP_UNORDERED, .snd_ppid = htonl(ppid)};
    struct iovec piece = {.iov_len = n};
    struct msghdr head = {.msg_iov = &piece, .msg_iovlen = 1};
    if (!overtakes)
        return send(fd, p, n, MSG_NOSIGNAL);
    memcpy(&piece.iov_base, &p, sizeof p); /* sendmsg does not write to it */
    control.head.cmsg_level = IPPROTO_SCTP;
    control.head.cmsg_type = SCTP_SNDINFO;
    control.head.cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(&control.head), &info, sizeof info);
    head.msg_control = &control;
    head.msg_controllen = sizeof control.room;
    return sendmsg(fd, &head, MSG_NOSIGNAL);
}
