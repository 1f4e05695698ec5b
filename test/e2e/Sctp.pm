# SPDX-License-Identifier: Apache-2.0
#
# Sctp - one-to-one SCTP sockets of a kernel that has them, and what they say on the wire: packets of loopback kept as the file
# that tshark reads, DATA chunks taken apart by RFC 9260.
package Sctp;
use strict;
use warnings;
use IO::Select;
use IO::Socket;
use POSIX ();
use Register ();
use Socket qw(:DEFAULT :addrinfo pack_sockaddr_in6);

use constant {PROTOCOL => 132, NODELAY => 3, DEFAULT_SEND_PARAM => 10, MAXSEG => 13, BINDX_ADD => 100};
use constant {AF_PACKET => 17, ETH_P_IP => 0x0800, PACKET_OUTGOING => 4, RAW_IP => 101, IP_SCTP => 132};
use constant {UNORDERED => 1, ABORT => 4};
use constant {CHUNK_DATA => 0, CHUNK_ABORT => 6, CHUNK_SHUTDOWN => 7};

sub has { return socket(my $s, AF_INET, SOCK_STREAM, PROTOCOL) ? 1 : 0 }

# How the next messages go: stream, flags, payload protocol identifier.
sub sends {
    my ($s, %as) = @_;
    my $info = pack 'SSSx2NLLLLl', $as{stream} // 0, 0, $as{flags} // 0, $as{ppid} // 46, 0, 0, 0, 0, 0;
    setsockopt $s, PROTOCOL, DEFAULT_SEND_PARAM, $info or die "SCTP_DEFAULT_SEND_PARAM: $!\n";
    return $s;
}

# Its messages travel in chunks of so many bytes at most; 0: as the network has them.
sub pieces { my ($s, $bytes) = @_; setsockopt $s, PROTOCOL, MAXSEG, pack 'lL', 0, $bytes or die "SCTP_MAXSEG: $!\n"; return }

sub end_of { my ($address, $port) = @_; return $address =~ /:/ ? pack_sockaddr_in6($port, Socket::inet_pton(AF_INET6, $address)) : pack_sockaddr_in($port, inet_aton($address)) }

# A socket; from: addresses that are its own.
sub new_socket {
    my ($family, @from) = @_;
    my $s = IO::Socket->new or die "socket: $!\n";
    $s->socket($family, SOCK_STREAM, PROTOCOL) or die "socket: $!\n";
    setsockopt $s, PROTOCOL, NODELAY, pack 'l', 1 or die "SCTP_NODELAY: $!\n";
    my $all = join '', map { end_of($_, 0) } @from;
    setsockopt $s, PROTOCOL, BINDX_ADD, $all or die "SCTP_SOCKOPT_BINDX_ADD: $!\n" if @from;
    return sends($s);
}

# with: address, port; from. undef: refused, and $! says why.
sub call {
    my (%with) = @_;
    my $to = $with{address} // '127.0.0.1';
    my $s = new_socket($to =~ /:/ ? AF_INET6 : AF_INET, @{$with{from} // []});
    connect $s, end_of($to, $with{port}) or return;
    return $s;
}

# One that listens, on a port of the kernel's choice.
sub listen_at {
    my ($address) = @_;
    my $s = new_socket(AF_INET);
    bind $s, pack_sockaddr_in(0, inet_aton($address)) or die "bind: $!\n";
    listen $s, 8 or die "listen: $!\n";
    return ($s, (unpack_sockaddr_in(getsockname $s))[0]);
}

sub accept_one { my ($s) = @_; my $c = $s->accept or die "accept: $!\n"; return sends($c) }

# Ends it without a goodbye: an ABORT goes out.
sub abort { my ($s) = @_; setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0; close $s; return }

# ---- what went over loopback ----

# Keeps it in the file from now on, by a process of its own, until captured() has what this returns.
sub capture {
    my ($path) = @_;
    socket my $s, AF_PACKET, SOCK_DGRAM, unpack 'S', pack 'n', ETH_P_IP or die "AF_PACKET: $!\n";
    setsockopt $s, SOL_SOCKET, 33, pack 'i', 16 << 20; # SO_RCVBUFFORCE
    pipe my $until, my $open or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    return {pid => $pid, open => $open} if $pid;
    close $open;
    open my $f, '>:raw', $path or die "$path: $!\n";
    print $f pack 'VvvVVVV', 0xa1b2c3d4, 2, 4, 0, 0, 262144, RAW_IP;
    my $select = IO::Select->new($s, $until);
    my $packets = 0;
    while (my @ready = $select->can_read) {
        while (defined(my $from = recv $s, my $packet, 262144, MSG_DONTWAIT)) {
            next if ord(substr $from, 10) == PACKET_OUTGOING || ord(substr $packet, 9, 1) != IP_SCTP;
            my $us = ++$packets * 100;
            print $f pack('VVVV', 1_700_000_000 + int($us / 1e6), $us % 1e6, length $packet, length $packet), $packet;
        }
        last if grep { $_ == $until } @ready;
    }
    close $f;
    POSIX::_exit(0);
}

sub captured { my ($c) = @_; close $c->{open}; waitpid $c->{pid}, 0; return }

# Its chunks, in order: {from, to (ports), source (address), type, flags; of DATA: stream, ppid, data}.
sub chunks {
    my ($path) = @_;
    my $bytes = Register::slurp($path);
    my @chunks;
    for (my $at = 24; $at < length $bytes;) {
        my $n = unpack 'V', substr $bytes, $at + 8, 4;
        my $packet = substr $bytes, $at + 16, $n;
        $at += 16 + $n;
        my $head = 4 * (ord($packet) & 15);
        my $source = join '.', unpack 'C4', substr $packet, 12, 4;
        my ($from, $to) = unpack 'nn', substr $packet, $head, 4;
        for (my $c = $head + 12; $c + 4 <= length $packet;) {
            my ($type, $flags, $length) = unpack 'CCn', substr $packet, $c, 4;
            last if $length < 4;
            my %chunk = (from => $from, to => $to, source => $source, type => $type, flags => $flags);
            if ($type == CHUNK_DATA) {
                @chunk{qw(tsn stream ssn ppid)} = unpack 'NnnN', substr $packet, $c + 4, 12;
                $chunk{data} = substr $packet, $c + 16, $length - 16;
            }
            push @chunks, \%chunk;
            $c += ($length + 3) & ~3;
        }
    }
    return @chunks;
}

1;
