#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# filing N [BACKEND] - what people wait for behind the sign-in, over the real `tamga serve` and a border that
# answers at once. First one person after another files, and asks for the phone until it is white; then N of
# them file at the same moment, each on a connection of his own. Prints key=value.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../test/e2e";
use Errno qw(EINPROGRESS EAGAIN);
use IO::Select;
use IO::Socket::INET;
use Portal;
use Register;
use Time::HiRes qw(sleep time);
use JSON::PP;

my ($n, $backend) = @ARGV;
my $r = Register->new(backend => $backend // 'sqlite');
my $p = Portal->new($r, settings => "[limits]\n" . join '', map { ("${_}_rate = 10000000\n", "${_}_burst = 10000000\n") } qw(person address public));
$p->serve;

my @who = map {
    $p->person("p$_", 'АХМЕТОВА АЙГҮЛ', sprintf '850101%03d', 300 + $_);
    $p->enter("p$_");
} 1 .. $n;
die 'not all signed in' if grep { $_->{status} != 200 } @who;

sub wish {
    my ($phone) = @_;
    return JSON::PP->new->encode({kind => 'personal', way => 'carried', entered => '2026-01-10', devices => [{imeis => [imei($phone)]}]});
}

sub white {
    my ($phone) = @_;
    my (undef, $json) = $p->ask('GET', '/api/v1/check/' . imei($phone));
    return ($json->{list} // '') eq 'white';
}

sub part { my ($q, @ms) = @_; @ms = sort { $a <=> $b } @ms; return sprintf '%.0f', $ms[int($q * $#ms + 0.5)] }

# ---- one after another ----

my (@answered, @visible);
for my $i (0 .. 29) {
    my $began = time;
    my ($status) = $p->ask('POST', '/api/v1/applications', wish($i), $who[$i % $n]);
    die "status $status" unless $status == 201;
    push @answered, 1000 * (time - $began);
    sleep 0.002 until white($i) || time - $began > 30;
    push @visible, 1000 * (time - $began);
}
print "one_answer_p50_ms=", part(0.5, @answered), " one_visible_p50_ms=", part(0.5, @visible), " one_visible_max_ms=", part(1, @visible), "\n";

# ---- all at once ----

my (%call, $errors);
$errors = 0;
my ($readers, $writers) = (IO::Select->new, IO::Select->new);
for my $i (0 .. $n - 1) {
    my $body = wish(1000 + $i);
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $p->{server}{port}, Blocking => 0) or die "connect: $!";
    $call{$socket} = {socket => $socket, bytes => "POST /api/v1/applications HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
          . "Content-Type: application/json\r\nCookie: tamga=$who[$i]{token}\r\nX-Tamga-CSRF: $who[$i]{csrf}\r\n"
          . 'Content-Length: ' . length($body) . "\r\n\r\n$body", got => '', phone => 1000 + $i};
    $writers->add($socket);
}
my $began = time;
my @took;
while ($writers->count || $readers->count) {
    my ($can_read, $can_write) = IO::Select->select($readers, $writers, undef, 30);
    last unless $can_read;
    for my $socket (@$can_write) {
        my $call = $call{$socket};
        my $sent = syswrite $socket, $call->{bytes};
        next unless defined $sent;
        substr $call->{bytes}, 0, $sent, '';
        $writers->remove($socket), $readers->add($socket) unless length $call->{bytes};
    }
    for my $socket (@$can_read) {
        my $call = $call{$socket};
        my $got = sysread $socket, $call->{got}, 65536, length $call->{got};
        next if $got || (!defined $got && $!{EAGAIN});
        $readers->remove($socket);
        push @took, 1000 * (time - $began);
        $errors++ unless $call->{got} =~ m{\AHTTP/1\.1 201 };
    }
}
$errors += $readers->count + $writers->count;
my %waits = map { $_->{phone} => 1 } values %call;
my @white;
while (%waits && time - $began < 60) {
    for my $phone (sort keys %waits) {
        next unless white($phone);
        push @white, 1000 * (time - $began);
        delete $waits{$phone};
    }
}
print "many=$n many_errors=$errors many_p50_ms=", part(0.5, @took), ' many_p99_ms=', part(0.99, @took), ' many_visible_p50_ms=', part(0.5, @white),
  ' many_visible_p99_ms=', part(0.99, @white), ' many_not_white=', scalar(keys %waits), "\n";
