#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_hostile - a real EIR node among peers that break, dawdle or mean harm, on both faces: messages cut and bent in every
# place, sixteen megabytes promised, bytes that drop in one by one, ten thousand connections that say nothing, peers that
# reset or never read. All the while others are answered within a second, memory stays within bounds, and the node lives.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter qw(avp number grouped message);
use Eir;
use Http2;
use IO::Select;
use Register;
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF);
use Test::More;
use Time::HiRes qw(sleep time);

use constant {IDLE => $ENV{TAMGA_IDLE_CONNECTIONS} // 10000, ANSWER_SECONDS => 1, MEMORY_MB => 300, RNG => 20251127};

# Ten thousand sockets here and as many there: both ends inherit this.
if (!$ENV{TAMGA_HOSTILE_LIMIT}) {
    $ENV{TAMGA_HOSTILE_LIMIT} = 1;
    exec 'bash', '-c', 'ulimit -n 32768 2>/dev/null; exec "$0" "$@"', $^X, $0, @ARGV or die $!;
}
my $files = `bash -c 'ulimit -n'` + 0;
srand RNG;

my $eir = Eir::start(tls => 1);
my $good = Diameter->new(port => $eir->{s13});
my $good_h2 = Http2->new(port => $eir->{h2}, preface => 1);
is Diameter::said($good->greet), 2001, 'a peer of good manners is greeted';
my $path = '/n5g-eir-eic/v1/equipment-status?pei=imeisv-' . substr(Eir::imei_of('black'), 0, 14) . '01';
my $worst = 0;

# Others are answered meanwhile: the peer of good manners on its old connections.
sub alive {
    my ($what) = @_;
    my $began = time;
    my $said = Diameter::said($good->ask(imei => substr(Eir::imei_of('black'), 0, 14), seconds => 10));
    my $h2 = $good_h2->ask($path)->{body};
    my $took = time - $began;
    $worst = $took if $took > $worst;
    return $said eq 'black' && $h2 =~ /BLACKLISTED/ && $took < 2 * ANSWER_SECONDS;
}

sub rss_mb { return Register::slurp("/proc/$eir->{pid}/status") =~ /VmRSS:\s+(\d+)/ ? $1 / 1024 : 0 }

ok alive(), 'and answered on both faces';
my $rss = rss_mb();

# A new connection, greeted.
sub peer {
    my $p = Diameter->new(port => $eir->{s13}, host => 'mme' . int(rand 1e6) . '.mnc077.example') or return;
    $p->greet or return;
    return $p;
}

# What becomes of bytes on a greeted connection: "answered N" (the result), "closed", or "silent" within the time.
sub fate {
    my ($bytes, $seconds) = @_;
    my $p = peer() or return 'refused';
    $p->send($bytes);
    my $got = $p->bytes($seconds // 2);
    return 'silent' unless defined $got;
    return 'closed' if $got eq '';
    my $m = eval { Diameter::parse($got) } or return "broken: $@";
    return 'closed' if $m->{command} == 282;
    return 'answered ' . Diameter::said($m);
}

# Every one of these messages is refused by an answer of 3xxx or 5xxx or by the end of the connection.
sub refused {
    my ($what, @messages) = @_;
    my (%seen, @wrong);
    for my $m (@messages) {
        my $fate = fate($m);
        $seen{$fate}++;
        push @wrong, "$fate: " . unpack 'H*', substr $m, 0, 400 unless $fate eq 'closed' || $fate =~ /\Aanswered [35]\d\d\d\z/;
    }
    is_deeply [@wrong[0 .. ($#wrong > 4 ? 4 : $#wrong)]], [], "$what: " . scalar(@messages) . ' refused';
    note join ', ', map { "$seen{$_} x $_" } sort keys %seen;
    ok alive(), '... others are answered';
    return;
}

my $who = {host => 'mme9.mnc077.example', realm => 'mnc077.example'};
my $imei = substr Eir::imei_of('white'), 0, 14;
my $body = Diameter::ecr_body($who, imei => $imei, version => '01', imsi => '401770000000001');

sub ecr_of { my ($bytes, %with) = @_; return message(324, $bytes, flags => 0xC0, app => Diameter::S13, %with) }

# Where AVPs begin, those inside of groups too.
sub places {
    my ($bytes, $from) = @_;
    my @at;
    for (my $at = 0; $at + 8 <= length $bytes;) {
        my ($code, $flagged) = unpack 'NN', substr $bytes, $at, 8;
        my $length = $flagged & 0xffffff;
        my $head = $flagged >> 31 ? 12 : 8;
        push @at, $from + $at;
        push @at, places(substr($bytes, $at + $head, $length - $head), $from + $at + $head) if $code == 260 || $code == 1401;
        $at += $length + (-$length & 3);
    }
    return @at;
}
my @places = places($body, 0);
cmp_ok scalar(@places), '>', 10, 'an ECR has so many AVPs';

# ---- bent messages ----

refused 'an AVP cut short, everywhere', map { ecr_of(substr $body, 0, $_ + 4), ecr_of(substr $body, 0, $_ + 9) } grep { $_ + 12 < length $body } @places;

sub with_length {
    my ($at, $delta) = @_;
    my $bent = $body;
    my $word = unpack 'N', substr $bent, $at + 4, 4;
    my $length = ($word & 0xffffff) + $delta;
    substr $bent, $at + 4, 4, pack 'N', ($word & 0xff000000) | ($length & 0xffffff);
    return ecr_of($bent);
}
refused 'an AVP that is said to be as long as sixteen megabytes', map { with_length($_, 0xfffffe - 400) } @places;
refused 'an AVP that is said to be shorter than its head', map { with_length($_, -(unpack('N', substr $body, $_ + 4, 4) & 0xffffff) + $_ % 8) } @places;

# Off by a few: what it makes of the message may still be one, but must not be "white" for another phone.
my %off;
for my $at (@places) {
    for my $delta (-4, -1, 1, 4) {
        $off{fate(with_length($at, $delta))}++;
    }
}
ok !(grep { !/\A(?:closed|answered .*)\z/ } keys %off), 'lengths off by one and four: answered or closed';
note join ', ', map { "$off{$_} x $_" } sort keys %off;
ok alive(), '... others are answered';

refused 'a message whose own length is wrong', map { ecr_of($body, length => $_) } 0, 1, 19, 21, 20 + length($body) - 1, 0xffffff, 0xfffffc;
refused 'a message of another version, command or application', ecr_of($body, version => 0), ecr_of($body, version => 2),
    message(999, $body, flags => 0xC0, app => Diameter::S13), ecr_of($body, app => 16777251), message(316, $body, flags => 0xC0, app => 16777251);

my $deep = avp('Proxy-State', 'x');
$deep = grouped('Proxy-Info', avp('Proxy-Host', 'a.example'), $deep) for 1 .. 100;
my $nested = number('Vendor-Id', Diameter::VENDOR);
$nested = grouped('Failed-AVP', $nested) for 1 .. 500;
my %deep;
$deep{fate(ecr_of($body . $_))}++ for $deep, $nested, grouped('Terminal-Information', $nested), avp(9999, $nested, flags => 0);
ok !(grep { !/\A(?:closed|answered .*)\z/ } keys %deep), 'groups a hundred deep: answered or closed';
note join ', ', map { "$deep{$_} x $_" } sort keys %deep;
ok alive(), '... others are answered';
is fate(ecr_of($body . grouped('Proxy-Info', avp('Proxy-Host', 'a.example'), avp('Proxy-State', 'x')) x 50)), 'answered white', 'fifty hops in Proxy-Info are no harm';

# ---- identities that are none ----

my @not_imei = ('', 'abcdefghijklmn', '1234567890123', '12345678901234567', "3573500700000\x{0}", '35735007 00000', "\xd9\xa0" x 14, '-3573500700000', '+357350070000', "3573500700000\n", '9' x 4096);
refused 'an IMEI that is none', map { Diameter::ecr($who, imei => $_, imsi => '401770000000001') } @not_imei;
refused 'no IMEI at all', Diameter::ecr($who, terminal => ''), Diameter::ecr($who), Diameter::ecr($who, terminal => grouped('Terminal-Information', avp('Software-Version', '01')));

# ---- before or beside a greeting ----

for my $case (['an ECR before any greeting', Diameter::ecr($who, imei => $imei)], ['HTTP/1', "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
    ['TLS where there is none', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "\x55" x 512], ['zeros', "\0" x 4096],
    ['an answer to nothing', message(324, $body, flags => 0x40, app => Diameter::S13)], ['noise', join '', map { chr int rand 256 } 1 .. 65536]) {
    my $p = Diameter->new(port => $eir->{s13});
    $p->send($case->[1]);
    ok $p->closed(20), "$case->[0]: the connection ends";
}
ok alive(), '... others are answered';

# Random changes of a good message: whatever they make of it, nobody else feels it.
my %bent;
for my $round (1 .. 200) {
    my $bytes = ecr_of($body);
    substr $bytes, int rand length $bytes, 1, chr int rand 256 for 1 .. 1 + int rand 4;
    $bent{fate($bytes, 0.2) =~ s/answered .*/answered/r}++;
}
ok !(grep { /broken|refused/ } keys %bent), 'two hundred messages with random bytes in them';
note join ', ', map { "$bent{$_} x $_" } sort keys %bent;
ok alive(), '... others are answered';

# ---- HTTP/2 that means harm ----

sub h2_peer { return Http2->new(port => $eir->{h2}, preface => 1) }

# Sends, reads as long as it is answered, for at most so many seconds: true when the other end has closed or stays quiet.
sub h2_harm {
    my ($what, $bytes) = @_;
    my $p = h2_peer();
    my $began = time;
    while (time - $began < 3) { last unless $p->send($bytes) && IO::Select->new($p->{socket})->can_write(0.5) && !$p->closed(0.01) }
    ok alive(), "$what: others are answered";
    return;
}
my ($END, $HEAD) = (Http2::END_STREAM, Http2::END_HEADERS);
for my $case (['HTTP/1', "GET / HTTP/1.1\r\nHost: a\r\n\r\n"], ['noise', 'x' x 1000], ['half a preface, then noise', substr(Http2::PREFACE, 0, 10) . 'xxxxxxxxxxxxxxxx'],
    ['a frame of sixteen megabytes', Http2::PREFACE . Http2::frame(Http2::SETTINGS, 0, 0, '') . Http2::frame(Http2::DATA, 0, 1, 'x', length => 0xffffff)],
    ['a header block that is none', Http2::PREFACE . Http2::frame(Http2::SETTINGS, 0, 0, '') . Http2::frame(Http2::HEADERS, $END | $HEAD, 1, "\xff" x 50)]) {
    my $p = Http2->new(port => $eir->{h2});
    $p->send($case->[1]);
    ok $p->closed(20), "HTTP/2, $case->[0]: the connection ends";
}
h2_harm 'streams opened and reset at once', join '', map { Http2::frame(Http2::HEADERS, $END | $HEAD, 2 * $_ + 1, Http2::get($path)) . Http2::frame(Http2::RST_STREAM, 0, 2 * $_ + 1, pack 'N', 8) } 0 .. 5000;
h2_harm 'headers that never end', Http2::frame(Http2::HEADERS, 0, 1, Http2::get($path)) . Http2::frame(Http2::CONTINUATION, 0, 1, Http2::literal('x-a', 'b' x 1000)) x 2000;
h2_harm 'pings without end', Http2::frame(Http2::PING, 0, 0, '12345678') x 20000;
h2_harm 'settings without end', Http2::frame(Http2::SETTINGS, 0, 0, pack 'nN', 4, 65535) x 20000;
h2_harm 'a header of a megabyte', Http2::frame(Http2::HEADERS, 0, 1, substr(Http2::get($path, 'x-long', 'y' x 1048576), 0, 16000))
    . join '', map { Http2::frame(Http2::CONTINUATION, 0, 1, 'y' x 16000) } 1 .. 64;
{
    my $p = Http2->new(port => $eir->{h2}, preface => 1, settings => pack 'nN', 4, 0); # a window of nothing
    $p->send(join '', map { Http2::frame(Http2::HEADERS, $END | $HEAD, 2 * $_ + 1, Http2::get($path)) } 0 .. 2000);
    ok alive(), 'two thousand questions whose answers may not be sent: others are answered';
    cmp_ok rss_mb(), '<', $rss + MEMORY_MB, '... memory is bounded';
}
for my $query ('', 'pei=', 'pei=imei-1', 'pei=imei-' . '9' x 5000, 'pei=%', 'pei=%zz', 'pei=imei-%00' . $imei, 'pei=a&pei=b', '&' x 3000, '%' x 3000) {
    my $got = h2_peer()->ask("/n5g-eir-eic/v1/equipment-status?$query");
    ok !$got->{ended} || $got->{body} =~ /"status": ?4\d\d/, 'query `' . substr($query, 0, 24) . '` is refused' or note explain $got;
}

# ---- half open ----

for my $face (qw(s13 h2)) {
    for my $i (1 .. 200) {
        my $p = $face eq 's13' ? Diameter->new(port => $eir->{s13}) : Http2->new(port => $eir->{h2});
        $p->send($face eq 's13' ? substr Diameter::cer($who), 0, 20 + $i : substr(Http2::PREFACE . Http2::frame(Http2::SETTINGS, 0, 0, ''), 0, $i % 33));
        setsockopt $p->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0; # its close is a reset
        close $p->{socket};
    }
    ok alive(), "two hundred resets in the middle of a greeting, $face: others are answered";
}
{
    my $p = peer(); # asks and asks, and never reads
    setsockopt $p->{socket}, SOL_SOCKET, SO_RCVBUF, pack 'i', 4096;
    $p->{socket}->blocking(0);
    my ($question, $sent) = (ecr_of($body) x 200, 0);
    my $end = time + 5;
    while (time < $end && $sent < 50e6) {
        my $n = syswrite $p->{socket}, $question, length $question;
        last if !defined $n && !$!{EAGAIN};
        $sent += $n // 0;
        last unless IO::Select->new($p->{socket})->can_write(1);
    }
    note "took $sent bytes of questions before it stopped to read";
    cmp_ok $sent, '<', 50e6, 'a peer that never reads is not read any more';
    ok alive(), '... others are answered';
    cmp_ok rss_mb(), '<', $rss + MEMORY_MB, '... memory is bounded';
}

# ---- TLS that is none, or never comes ----

for my $face (qw(s13_tls h2_tls)) {
    my @silent = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $eir->{$face}, Proto => 'tcp') } 1 .. 200;
    for my $said ("GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03" . "\x55" x 16384, "\x80\x2e\x01\x00\x02" . "\0" x 41, join '', map { chr int rand 256 } 1 .. 4096) {
        my $p = Diameter->new(port => $eir->{$face});
        $p->send($said);
        ok $p->closed(20), "$face: no handshake, the connection ends";
    }
    ok alive(), "... two hundred that wait to shake hands: others are answered";
    is scalar(grep { !IO::Select->new($_)->can_read(15) } $silent[0]), 0, '... who says nothing is sent away';
}

# ---- slow ones: a byte now and then, on both faces ----

my @slow = ((map { [Diameter->new(port => $eir->{s13}), Diameter::cer($who)] } 1 .. 100), map { [Http2->new(port => $eir->{h2}), Http2::PREFACE] } 1 .. 100);
for my $byte (0 .. 15) {
    $_->[0]->send(substr $_->[1], $byte, 1) for @slow;
    alive() or last;
    sleep 0.05;
}
ok alive(), 'two hundred that speak a byte at a time: others are answered';
@slow = ();

# ---- ten thousand that say nothing ----

my $most = $files > 2 * IDLE / 2 + 500 ? IDLE : int(($files - 500) * 0.9);
diag "only $most idle connections: ulimit -n is $files" if $most < IDLE;
my @idle;
for my $i (1 .. $most) {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $i % 2 ? $eir->{s13} : $eir->{h2}, Proto => 'tcp') or last;
    push @idle, $socket;
    alive() or last if $i % 1000 == 0;
}
is scalar(@idle), $most, 'so many idle connections stand';
ok alive(), '... others are answered';
ok peer(), '... a new peer is greeted';
cmp_ok rss_mb(), '<', $rss + MEMORY_MB, '... memory is bounded';
note sprintf 'resident: %.0f MB before, %.0f MB with %d idle ones', $rss, rss_mb(), scalar @idle;
@idle = ();

ok poll(10, sub { alive() }), 'at the end others are answered as at the beginning';
note sprintf 'slowest pair of answers: %.0f ms; resident %.0f MB', $worst * 1e3, rss_mb();
is $good->part->{'Result-Code'}, 2001, 'the peer of good manners says goodbye';
is $eir->stop, 0, 'the node lived through it and ends well';
done_testing;
