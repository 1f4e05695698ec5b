#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# aside - while the register is written by somebody who does not let go, those who file wait and the public's
# checks are answered all the same; when it is free again, each of them hears that he has filed. A server that is
# asked to end answers those who wait.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Socket::INET;
use IPC::Open2;
use JSON::PP;
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $r = Register->new(backend => 'sqlite');
my $p = Portal->new($r);
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->serve;
my $aigul = $p->enter('aigul');
is $aigul->{status}, 200, 'a person is signed in' or BAIL_OUT('no session');

# The register's writers wait for this hand.
my $hand = open2(my $said, my $tell, 'sqlite3', $r->db);
sub hold { print $tell ".timeout 10000\nBEGIN IMMEDIATE;\nSELECT 'held';\n"; $tell->flush; return scalar <$said> }
sub let_go { print $tell "ROLLBACK;\n"; $tell->flush; return }

sub file_away {
    my ($phone) = @_;
    my $body = JSON::PP->new->encode({kind => 'before_duty', devices => [{imeis => [imei($phone)]}]});
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $p->{server}{port}) or die "connect: $!";
    print $socket "POST /api/v1/applications HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: application/json\r\n",
      "Cookie: tamga=$aigul->{token}\r\nX-Tamga-CSRF: $aigul->{csrf}\r\nContent-Length: ", length $body, "\r\n\r\n$body";
    $socket->flush;
    return $socket;
}

sub status_of {
    my ($socket) = @_;
    local $/;
    my $all = <$socket> // '';
    return $all =~ m{\AHTTP/1\.1 (\d+)} ? $1 : 0;
}

sub answered { my ($socket) = @_; my $bits = ''; vec($bits, fileno $socket, 1) = 1; return scalar select $bits, undef, undef, 0 }

like hold(), qr/held/, 'somebody writes and does not let go';
my @waiting = map { file_away($_) } 1 .. 24;
my @checks = map { ($p->ask('GET', '/api/v1/check/' . imei($_)))[0] } 1 .. 50;
is scalar(grep { $_ == 200 } @checks), 50, 'checks are answered meanwhile';
is scalar(grep { answered($_) } @waiting), 0, '... while those who file still wait';
let_go();
my %status;
$status{status_of($_)}++ for @waiting;
is_deeply \%status, {201 => 24}, 'then each of them has filed';

like hold(), qr/held/, 'once more';
@waiting = map { file_away($_) } 101 .. 108;
sleep 0.2;
kill 'TERM', $p->{server}{pid};
sleep 0.2;
let_go();
%status = ();
$status{status_of($_)}++ for @waiting;
is_deeply \%status, {201 => 8}, 'a server that ends answers those who wait';
is Register::wait_for($p->{server}{pid}, 20), 0, '... and ends well';
print $tell ".quit\n";
close $tell;
waitpid $hand, 0;
ok $r->whole, 'the register is whole';
done_testing;
