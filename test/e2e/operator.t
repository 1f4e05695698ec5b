#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# operator - a mobile operator's cabinet, by API and by page: checks tell the public code and since when, nothing more;
# it sees and revokes its own keys and no other's; the files that were loaded in its name, and what in them could be no key.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use POSIX qw(strftime);
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(time);

my $r = Register->new;
my $p = Portal->new($r, border => 0);
$p->staff('kanat', 'operator', '--body', 'Kcell');
like $r->run({stdin => "$r->{dir}/password"}, 'user', 'password', 'kanat', '--role', 'operator', '--body', 'Kcell/billing')->{err}, qr/NAME/, 'an operator has no slash in its name';
$p->staff('lonely', 'operator');
my $tac = '35267706';
my ($used, $ordered, $new) = map { imei($_, $tac) } 1 .. 3;
my $week = strftime '%Y-%m-%d', localtime(time - 3 * 86_400);
for my $of ('Kcell', 'Beeline') {
    my $n = $of eq 'Kcell' ? $used : imei(9, $tac);
    my $file = $r->file("$of.csv", Register::lines('date,imei,imsi,msisdn,rat', "$week,$n,401011234567890,77010000000,006",
            ($of eq 'Kcell' ? "$week,$n,401011234567890,77010000000,7G" : ())));
    my $got = $r->run('feed', 'load', '--operator', $of, '--accept', 'all', '--reason', 'test', $file);
    is $got->{code}, 0, "a file of $of" or diag $got->{err};
}
is $r->run('suspend', '--mark', 'order', '--by', 'court', '--order', 'secret-17', $ordered)->{code}, 0, 'one is ordered';
my %key;
for my $name ('Kcell', 'Kcell/billing', 'Kcell billing', 'Kcellular', 'Beeline') {
    $key{$name} = Register::json($r->run('--json', 'user', 'key', 'create', '--name', $name, '--scope', 'check')->{out});
}
my $server = $p->serve;
my %who = map { $_ => $p->enter_staff($_) } 'kanat', 'lonely';
sub ask_as { my ($name, $method, $path, $body) = @_; return $p->ask($method, "/api/v1/operator$path", $body, $who{$name}) }
sub refused { my (undef, $json) = ask_as(@_); return join ' ', map { $_ // '-' } @$json{qw(reason field)} }

# ---- checks ----

my ($status, $json, undef, $text) = ask_as('kanat', 'POST', '/check', {imeis => [$used, $ordered, $new, $used]});
is $status, 200, 'three, twins once' or diag explain $json;
is_deeply [map { "$_->{list} $_->{reason}" } @{$json->{checked}}], ['grey UNVERIFIED', 'black AUTHORITY', 'unknown NEVER_ACTIVATED'], 'the public code';
is_deeply [map { $_->{served} } @{$json->{checked}}], [map { ($p->ask('GET', "/api/v1/check/$_"))[1]{served} } $used, $ordered, $new], 'served, as everybody hears it';
is_deeply [map { $_->{since} } @{$json->{checked}}], [(strftime '%Y-%m-%d', gmtime(time + 5 * 3600)) x 2, undef], 'since when';
unlike $text, qr/secret|court|7701|ORDER/, 'no order, no body, no subscriber';
is refused('kanat', 'POST', '/check', {imeis => [imei(1, $tac), 'x']}), 'IMEI_CHARS imeis[1]', 'which is wrong';
is refused('kanat', 'POST', '/check', {imeis => [map { imei($_, $tac) } 1 .. 101]}), 'TOO_MANY imeis', 'too many';
is refused('lonely', 'POST', '/check', {imeis => [$new]}), 'NO_BODY -', 'an account without an operator';

# ---- keys ----

($status, $json, undef, $text) = ask_as('kanat', 'GET', '/keys');
is_deeply [sort map { $_->{name} } @{$json->{keys}}], ['Kcell', 'Kcell/billing'], 'its own keys';
unlike $text, qr/secret|tamga_/, '... and no secret';
is refused('kanat', 'POST', "/keys/$key{Beeline}{id}/revoke", {}), 'NOT_FOUND -', "another's is not its to revoke";
is refused('kanat', 'POST', '/keys/nothing/revoke', {}), 'NOT_FOUND -', 'no key';
($status, $json) = ask_as('kanat', 'POST', "/keys/$key{Kcell}{id}/revoke", {});
is $status, 200, 'its own is' or diag explain $json;
like $json->{revoked_at}, qr/^\d{4}-/, '... at once';
ok Register::poll(5, sub { (Register::http($server, 'GET', "/api/v1/check/$new", {Authorization => "Bearer $key{Kcell}{key}"}))[0] == 401 }), 'the door knows';
is((Register::http($server, 'GET', "/api/v1/check/$new", {Authorization => "Bearer $key{Beeline}{key}"}))[0], 200, 'the other opens as before');

# ---- files ----

($status, $json) = ask_as('kanat', 'GET', '/files');
is_deeply [map { "$_->{kind} $_->{rows}" } @{$json->{loads}}], ['feed 2'], 'its own files' or diag explain $json;
is_deeply $json->{findings}, [{kind => 'rat_unknown', count => 1}], 'what in them could be no key';

# ---- by page ----

my %form = ('Content-Type' => 'application/x-www-form-urlencoded');
my $him = {token => $who{kanat}{token}};
(undef, undef, undef, $text) = $p->ask('GET', '/operator', undef, $him);
like $text, qr{Kcell/billing}, 'the page has its keys';
unlike $text, qr/Beeline|Kcellular/, "... and no other's";
(undef, undef, undef, $text) = $p->ask('POST', '/operator/check', "csrf=$who{kanat}{csrf}&imeis=$used%0A$ordered", $him, %form);
like $text, qr/AUTHORITY/, 'a check by page';
unlike $text, qr/secret|court/, '... and no order';
is(($p->ask('POST', '/operator/keys/revoke', "csrf=$who{kanat}{csrf}&id=$key{'Kcell/billing'}{id}", $him, %form))[0], 303, 'a key is revoked by page');
is scalar(grep { !$_->{revoked_at} } @{(ask_as('kanat', 'GET', '/keys'))[1]{keys}}), 0, '... too';

Register::stop($server->{pid});
ok $r->whole, 'the register is whole';
done_testing;
