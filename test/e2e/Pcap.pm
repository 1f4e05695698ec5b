# SPDX-License-Identifier: Apache-2.0
#
# Pcap - what went over a connection, as the file that tshark reads, and what tshark says of it. Made of the bytes that the
# script sent and got, with IPv4 and TCP heads of their own, so that no right to capture is needed.
package Pcap;
use strict;
use warnings;
use Register ();

use constant {RAW_IP => 101, PIECE => 1400, FIN => 1, SYN => 2, PSH => 8, ACK => 16};

sub checksum {
    my ($bytes) = @_;
    my $sum = 0;
    $sum += $_ for unpack 'n*', length($bytes) % 2 ? "$bytes\0" : $bytes;
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
    return ~$sum & 0xffff;
}

# One packet; from_server turns it round. of: client and server ports, the two sequence numbers.
sub packet {
    my ($of, $from_server, $flags, $data) = @_;
    my @ends = ("\x7f\0\0\1", "\x7f\0\0\1");
    my @ports = @{$of}{qw(client server)};
    my @seq = @{$of}{qw(client_seq server_seq)};
    if ($from_server) { @ports = reverse @ports; @seq = reverse @seq }
    my $tcp = pack 'nnNNCCnnn', @ports, $seq[0], $flags & ACK ? $seq[1] : 0, 5 << 4, $flags, 65535, 0, 0;
    my $pseudo = $ends[0] . $ends[1] . pack 'CCn', 0, 6, length($tcp) + length $data;
    substr $tcp, 16, 2, pack 'n', checksum($pseudo . $tcp . $data);
    my $ip = pack 'CCnnnCCn', 0x45, 0, 40 + length $data, $of->{packets}++ & 0xffff, 0x4000, 64, 6, 0;
    $ip .= $ends[0] . $ends[1];
    substr $ip, 10, 2, pack 'n', checksum($ip);
    $of->{$from_server ? 'server_seq' : 'client_seq'} += length($data) + ($flags & (SYN | FIN) ? 1 : 0);
    my $bytes = $ip . $tcp . $data;
    my $us = $of->{packets} * 1000;
    return pack('VVVV', 1_700_000_000 + int($us / 1e6), $us % 1e6, length $bytes, length $bytes) . $bytes;
}

# flow: [from server?, bytes] in the order in which they went; port of the server.
sub keep {
    my ($path, $port, @flow) = @_;
    my %of = (client => 50123, server => $port, client_seq => 1000, server_seq => 2000, packets => 0);
    my $out = pack 'VvvVVVV', 0xa1b2c3d4, 2, 4, 0, 0, 262144, RAW_IP;
    $out .= packet(\%of, 0, SYN, '') . packet(\%of, 1, SYN | ACK, '') . packet(\%of, 0, ACK, '');
    for my $piece (@flow) {
        my ($from_server, $bytes) = @$piece;
        for (my $at = 0; $at < length $bytes; $at += PIECE) {
            $out .= packet(\%of, $from_server, PSH | ACK, substr $bytes, $at, PIECE);
            $out .= packet(\%of, !$from_server, ACK, '');
        }
    }
    $out .= packet(\%of, 0, FIN | ACK, '') . packet(\%of, 1, FIN | ACK, '') . packet(\%of, 0, ACK, '');
    Register::spew($path, $out);
    return $path;
}

# tshark's lines; dies when it cannot run. Words: as of the shell, after -r FILE.
sub tshark {
    my ($path, @words) = @_;
    my $pid = open my $out, '-|';
    defined $pid or die "fork: $!";
    if (!$pid) {
        open STDERR, '>', "$path.log";
        exec 'tshark', '-n', '-r', $path, @words or die "tshark: $!";
    }
    my @lines = <$out>;
    close $out or die "tshark: " . Register::slurp("$path.log");
    chomp @lines;
    return @lines;
}

# A row of fields for each packet that the filter shows: values of a field that stands several times are joined by ",".
sub fields {
    my ($path, $decode, $filter, @fields) = @_;
    return map { [split /\t/, $_, -1] }
        tshark($path, '-d', $decode, '-Y', $filter, '-T', 'fields', '-E', 'occurrence=a', map { ('-e', $_) } @fields);
}

# What its experts find worse than a remark (PI_WARN and up), in words.
sub warnings_of {
    my ($path, $decode) = @_;
    return tshark($path, '-d', $decode, '-Y', '_ws.expert.severity >= 0x00600000', '-T', 'fields', '-e', 'frame.number', '-e', '_ws.expert.message');
}

1;
