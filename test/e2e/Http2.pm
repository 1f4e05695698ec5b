# SPDX-License-Identifier: Apache-2.0
#
# Http2 - frames of HTTP/2 by hand (RFC 9113), for what no honest client sends, and to keep all bytes of an honest talk. Header
# blocks use no table and no Huffman code, so what is sent is what is read here.
package Http2;
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

use constant PREFACE => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
use constant {DATA => 0, HEADERS => 1, PRIORITY => 2, RST_STREAM => 3, SETTINGS => 4, PING => 6, GOAWAY => 7, WINDOW_UPDATE => 8, CONTINUATION => 9};
use constant {END_STREAM => 1, ACK => 1, END_HEADERS => 4};

sub frame {
    my ($type, $flags, $stream, $payload, %with) = @_;
    return substr(pack('N', $with{length} // length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload;
}

sub integer { # RFC 7541 5.1
    my ($first, $bits, $v) = @_;
    my $most = (1 << $bits) - 1;
    return chr($first | $v) if $v < $most;
    my $out = chr($first | $most);
    for ($v -= $most; $v >= 128; $v >>= 7) { $out .= chr($v % 128 + 128) }
    return $out . chr $v;
}

sub literal { my ($name, $value) = @_; return "\0" . integer(0, 7, length $name) . $name . integer(0, 7, length $value) . $value }

# A block of a GET; more headers as pairs.
sub get {
    my ($path, @more) = @_;
    my $block = "\x82\x86" . literal(':path', $path) . literal(':authority', 'eir.example');
    while (my ($name, $value) = splice @more, 0, 2) { $block .= literal($name, $value) }
    return $block;
}

# A connection on which nothing was said; with preface: greeted.
sub new {
    my ($class, %with) = @_;
    my $socket = $with{socket} // IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $with{port}, Proto => 'tcp') // return;
    $socket->autoflush(1);
    binmode $socket;
    my $self = bless {socket => $socket, in => '', flow => [], next => 1}, $class;
    $self->send(PREFACE . frame(SETTINGS, 0, 0, $with{settings} // '')) if $with{preface};
    return $self;
}

sub send {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    push @{$self->{flow}}, [0, $bytes];
    for (my $at = 0; $at < length $bytes;) {
        my $n = syswrite $self->{socket}, $bytes, length($bytes) - $at, $at;
        return 0 unless $n;
        $at += $n;
    }
    return 1;
}

# The next frame {type, flags, stream, payload}; {} at the end; undef when none came within the seconds. SETTINGS and PING are
# answered.
sub hear {
    my ($self, $seconds) = @_;
    my $end = time + ($seconds // 5);
    my $select = IO::Select->new($self->{socket});
    while (1) {
        if (length $self->{in} >= 9) {
            my $n = unpack 'N', "\0" . substr $self->{in}, 0, 3;
            if (length $self->{in} >= 9 + $n) {
                my $bytes = substr $self->{in}, 0, 9 + $n, '';
                push @{$self->{flow}}, [1, $bytes];
                my ($type, $flags, $stream) = unpack 'x3CCN', $bytes;
                $self->send(frame($type, ACK, 0, $type == PING ? substr $bytes, 9 : '')) if ($type == SETTINGS || $type == PING) && !($flags & ACK);
                return {type => $type, flags => $flags, stream => $stream, payload => substr $bytes, 9};
            }
        }
        my $left = $end - time;
        return undef if $left <= 0 || !$select->can_read($left);
        return {} unless sysread $self->{socket}, $self->{in}, 65536, length $self->{in};
    }
}

# Asks for a path and waits for the end of the stream: {ended, body, status (when it came as an index of the static table)}.
sub ask {
    my ($self, $path, @more) = @_;
    my $stream = $self->{next};
    $self->{next} += 2;
    $self->send(frame(HEADERS, END_STREAM | END_HEADERS, $stream, get($path, @more)));
    my %got = (body => '');
    while (my $f = $self->hear) {
        return \%got unless defined $f->{type};
        next unless $f->{stream} == $stream;
        $got{status} = {0x88 => 200, 0x8c => 400, 0x8d => 404, 0x8e => 500}->{ord $f->{payload}} if $f->{type} == HEADERS;
        $got{body} .= $f->{payload} if $f->{type} == DATA;
        $got{reset} = 1 if $f->{type} == RST_STREAM;
        $got{ended} = 1 if $f->{flags} & END_STREAM && $f->{type} <= HEADERS;
        return \%got if $got{ended} || $got{reset};
    }
    return \%got;
}

# True when the other end closes within the seconds.
sub closed {
    my ($self, $seconds) = @_;
    my $end = time + ($seconds // 5);
    while ((my $left = $end - time) > 0) {
        my $f = $self->hear($left) // return 0;
        return 1 unless defined $f->{type};
    }
    return 0;
}

1;
