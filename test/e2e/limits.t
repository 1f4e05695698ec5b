#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# limits - how much one may ask of a real `tamga serve`: 429 with Retry-After in the reader's
# language, for programs and for people; whom a proxy may speak for and whom not; what is not limited;
# settings that are refused. Rates are one a second, so that no bucket fills while a test looks.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Socket::INET;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-01T07:00:00Z');
is $r->run('user', 'add', 'aigul')->{code}, 0, 'a register';
my $good = '490154203237518';
my @form = ['Content-Type', 'application/x-www-form-urlencoded'];

sub serve { return $r->settings(@_)->serve }

# The whole answer: status, head, body.
sub ask {
    my ($server, $method, $target, $headers, $body) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port}, Timeout => 10)
      or die;
    my $head = join '', map { "$_->[0]: $_->[1]\r\n" } @{$headers // []};
    $head .= 'Content-Length: ' . length($body) . "\r\n" if defined $body;
    print $socket "$method $target HTTP/1.1\r\nHost: a\r\nConnection: close\r\n$head\r\n", $body // '';
    local $/;
    my ($top, $rest) = split /\r\n\r\n/, <$socket> // '', 2;
    return {status => $top =~ m{\AHTTP/1\.1 (\d+)} ? $1 : 0, head => $top, body => $rest};
}

sub check { my ($server, @headers) = @_; return ask($server, 'GET', "/api/v1/check/$good", \@headers)->{status} }

# Statuses of n checks, as "200 x 3, 429 x 1".
sub statuses {
    my ($n, $code) = @_;
    my %seen;
    $seen{$code->($_)}++ for 1 .. $n;
    return join ', ', map { "$_ x $seen{$_}" } sort keys %seen;
}

# --- without proxies: an address, and kinds of browser behind it ---

my $server = serve('[limits]', 'person_rate = 1', 'person_burst = 20', 'address_rate = 1', 'address_burst = 50');
like statuses(30, sub { check($server, ['User-Agent', 'one']) }), qr/^200 x 2[0-2], 429 x/, 'one kind of browser';
like statuses(20, sub { check($server, ['User-Agent', 'two']) }), qr/^200 x 20/, 'another is not held back';
like statuses(20, sub { check($server, ['User-Agent', "n$_[0]"]) }), qr/^200 x 1\d, 429 x/, 'many names are one address';
my $limited = ask($server, 'GET', "/api/v1/check/$good", [['User-Agent', 'one'], ['Accept-Language', 'ru']]);
like $limited->{head}, qr/^Retry-After: [1-9]\d*\r?$/m, 'told when to come again';
like $limited->{head}, qr{^Content-Type: application/problem\+json\r?$}m, 'a problem';
my $problem = json($limited->{body});
is $problem->{reason}, 'RATE', 'its reason';
is $problem->{status}, 429, 'its status';
my %title = (kk => 'Тым жиі сұрап жатырсыз', ru => 'Слишком много запросов подряд', en => 'Too many requests');
for my $lang (qw(kk ru en)) {
    like ask($server, 'POST', '/check', [@form, ['Accept-Language', $lang]],
        "imei=$good")->{body}, qr/$title{$lang}/, "$lang: a page for people";
}
is statuses(100, sub { ask($server, 'GET', '/healthz')->{status} }), '200 x 100', 'healthz is not limited';
is statuses(100, sub { ask($server, 'GET', '/check')->{status} }), '200 x 100', 'nor is the form';
is check($server, ['User-Agent', 'new'], ['X-Forwarded-For', '198.51.100.7']), 429, 'nobody is believed';
Register::stop($server->{pid});

# --- behind a trusted proxy ---

$server = serve('[serve]', 'trusted_proxies = 127.0.0.1, 10.0.0.0/8', '[limits]', 'person_rate = 1', 'person_burst = 5',
    'address_rate = 1', 'address_burst = 5');
my @via = map { ['X-Forwarded-For', $_] } '198.51.100.1', '198.51.100.2, 10.0.0.9';
for my $via (@via) {
    like statuses(10, sub { check($server, $via) }), qr/^200 x [56], 429 x/, "a client of its own: $via->[1]";
}
is check($server, ['X-Forwarded-For', '203.0.113.1, 198.51.100.1']), 429, 'what was typed before is not read';
is check($server, ['X-Forwarded-For', '203.0.113.1'], ['X-Forwarded-For', '198.51.100.1']), 429, 'nor in a line before';
is check($server, ['Forwarded', 'for=203.0.113.1'], ['X-Forwarded-For', '198.51.100.1']), 429, 'nor another header';
like statuses(10, sub { check($server, ['X-Forwarded-For', "2001:db8:0:1::$_[0]"]) }), qr/^200 x [56], 429/, 'an IPv6 /64 is one client';
is check($server, ['X-Forwarded-For', '2001:db8:0:2::1']), 200, 'the next /64 another';
Register::stop($server->{pid});

$server = serve('[serve]', 'trusted_proxies = 127.0.0.1', 'forwarded = forwarded', '[limits]', 'address_rate = 1',
    'address_burst = 5', 'public_rate = 1', 'public_burst = 20');
like statuses(10, sub { check($server, ['Forwarded', 'for=198.51.100.1;proto=https']) }), qr/^200 x [56], 429/, 'RFC 7239';
like statuses(30, sub { check($server, ['Forwarded', "for=198.51.101.$_[0]"]) }), qr/^200 x 1\d, 503 x/, 'all of the public together';
Register::stop($server->{pid});

# --- settings ---

for (['[limits]', 'address_rate = many', 'address_rate wants a whole number'],
    ['[limits]', 'person_burst = 1', 'person_burst wants a whole number'],
    ['[limits]', 'key_rate = 99999999', 'key_rate wants a whole number'],
    ['[serve]', 'trusted_proxies = 10.0.0.0/33', 'trusted_proxies wants addresses'],
    ['[serve]', 'forwarded = x', 'forwarded wants'], ['[limits]', 'grace_days = 1', 'known are']) {
    my $got = $r->settings(@$_[0, 1])->run('serve', '--listen', '127.0.0.1:0');
    ok $got->{code} == 2 && $got->{err} =~ /$_->[2]/, "refused: $_->[1]" or diag "$got->{code} $got->{err}";
}
done_testing;
