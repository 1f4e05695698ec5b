#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# lookup - the operator's desk, by API and by page: a phone by its IMEI, the phones of an own subscriber by number or IMSI, why
# and since when, and what he was told. Another's subscriber is answered as one who does not exist; no answer has a number,
# an owner or an order; each look is noted without the number, and nobody looks faster than one types.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use POSIX qw(strftime);
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(time);
use utf8;

my $r = Register->new;
my $p = Portal->new($r, border => 0, settings => "[operator Kcell]\nplmn = 40101\n[operator Beeline]\nplmn = 40102\n");
my $tac = '35267706';
my ($phone, $stolen, $other, $late) = map { imei($_, $tac) } 1 .. 4;
my ($week, $past) = map { strftime '%Y-%m-%d', localtime(time - $_ * 86_400) } 3, 60;
sub feed {
    my ($operator, $day, @rows) = @_;
    my $file = $r->file("$operator-$day.csv", lines('date,imei,imsi,msisdn,rat', map { "$day,$_,004" } @rows));
    my $got = $r->run('feed', 'load', '--operator', $operator, '--accept', 'all', '--reason', 'test', $file);
    is $got->{code}, 0, "a file of $operator" or diag $got->{err};
}
feed('Kcell', $past, "$late,401010000000004,77010000004");
feed('Kcell', $week, "$phone,401010000000001,77010000001", "$stolen,401010000000001,77010000001",
    "$phone,401010000000002,77010000002", "$other,401020000000009,77770000009"); # the last roams in the country
feed('Beeline', $week, "$phone,401020000000003,77770000003", "$other,401020000000003,77770000003");
is $r->run('suspend', '--mark', 'order', '--by', 'court', '--order', 'secret-17', $stolen)->{code}, 0, 'one is suspended';
for (['channel', '--operator', 'Kcell', '--road', 'file'], ['set', '--site', 'imei.example.kz', '--from', '00:00', '--to', '24:00'], ['due']) {
    my $did = $r->run('notices', @$_);
    is $did->{code}, 0, "notices @$_" or diag $did->{err};
}
$p->staff('kanat', 'operator', '--body', 'Kcell');
$p->staff('dana', 'operator', '--body', 'Beeline');
$p->staff('olga', 'officer');
my %key = map { $_->[0] => json($r->run('--json', 'user', 'key', 'create', '--name', $_->[1], '--scope', $_->[0])->{out})->{key} }
    ['lookup', 'Kcell/care'], ['notices', 'Kcell'];
my $server = $p->serve;
my %who = map { $_ => $p->enter_staff($_) } 'kanat', 'dana', 'olga';
sub ask_as { my ($name, $body) = @_; return $p->ask('POST', '/api/v1/operator/lookup', $body, $who{$name}) }
sub refused { my (undef, $json) = ask_as(@_); return join ' ', map { $_ // '-' } @$json{qw(reason field)} }
sub secret { return qr/7701|7777|40101000|40102000|court|secret|ORDER/ }

# ---- by number ----

my ($status, $json, undef, $text) = ask_as('kanat', {msisdn => '+7 701 000 00 01'});
is $status, 200, 'an own subscriber' or diag explain $json;
ok $json->{found}, 'is found';
is_deeply [sort map { $_->{imei} } @{$json->{phones}}], [sort $phone, $stolen], 'with both phones';
my %of = map { $_->{imei} => $_ } @{$json->{phones}};
is_deeply [@{$of{$phone}}{qw(list reason rule served duplicate seen)}], ['grey', 'UNVERIFIED', 9, JSON::PP::true, JSON::PP::false, $week], 'why';
like $of{$phone}{$_}, qr/^\d{4}-\d\d-\d\d$/, $_ for qw(since last_day);
is_deeply $of{$phone}{next}{apply}, [map { "/apply/$_" } qw(carried parcel gift bought before)], 'what he can do';
ok $of{$phone}{next}{text}, '... in words';
is_deeply [@{$of{$stolen}}{qw(list reason)}], ['black', 'AUTHORITY'], 'the public code of the other';
is_deeply $of{$stolen}{notices}, [], 'nobody is told of a mark';
my ($told) = @{$of{$phone}{notices}};
is_deeply [scalar @{$of{$phone}{notices}}, @$told{qw(step reason status status_at)}], [1, 'GREY', 'UNVERIFIED', 'waiting', undef], 'what he was told';
like $told->{text}{$_}, qr/imei\.example\.kz/, "... in $_" for qw(kk ru en);
unlike $text, secret(), 'no number, no order';
is_deeply((ask_as('kanat', {msisdn => '8 (701) 000-00-01'}))[1], $json, 'typed as at home');
is_deeply((ask_as('kanat', {imsi => '401010000000001'}))[1], $json, 'by IMSI');
my $nobody = (ask_as('kanat', {msisdn => '+77019999999'}))[1];
is_deeply [@$nobody{qw(found phones more)}], [JSON::PP::false, [], JSON::PP::false], 'a number that nobody has';
for my $whose (['kanat', '+77770000003', "another's"], ['kanat', '+77770000009', "another's who was here"], ['kanat', '+77010000004', 'one of long ago'], ['dana', '+77010000001', 'and the other way round']) {
    is_deeply((ask_as($whose->[0], {msisdn => $whose->[1]}))[1], $nobody, $whose->[2]);
}
is_deeply((ask_as('kanat', {imsi => '401020000000003'}))[1], $nobody, "another's IMSI");
ok((ask_as('dana', {msisdn => '+77770000003'}))[1]{found}, 'its own are found');

# ---- by IMEI ----

($status, $json, undef, $text) = ask_as('kanat', {imei => $phone});
my $one = $json->{phones}[0];
is_deeply [scalar @{$json->{phones}}, @$one{qw(imei reason users seen)}], [1, $phone, 'UNVERIFIED', 2, $week], 'its own users of a phone';
is scalar @{$one->{notices}}, 2, 'what both were told';
unlike $text, secret(), '... and no number';
$one = (ask_as('dana', {imei => $phone}))[1]{phones}[0];
is_deeply [$one->{users}, $one->{notices}], [1, []], 'the other operator sees its own alone';
$one = (ask_as('kanat', {imei => $other}))[1]{phones}[0];
is_deeply [@$one{qw(users seen)}], [0, undef], "who is another's is nobody's user here";
is_deeply [@{(ask_as('kanat', {imei => imei(77, $tac)}))[1]{phones}[0]}{qw(list users)}], ['unknown', 0], 'a phone that nobody saw';

# ---- what became of it ----

is $r->run('lists', '--operator', 'Kcell', '--list', 'notify', '--out', $r->path('notify'))->{code}, 0, 'the operator takes them';
is_deeply [map { $_->{status} } @{(ask_as('kanat', {imei => $phone}))[1]{phones}[0]{notices}}], ['sent', 'sent'], 'they are sent';
my $at = strftime '%Y-%m-%dT%H:%M:%SZ', gmtime;
($status) = Register::http($server, 'POST', '/api/v1/notices/receipts', {Authorization => "Bearer $key{notices}", 'Content-Type' => 'application/x-ndjson'},
    qq({"id":"$told->{id}","status":"delivered","time":"$at"}\n));
is $status, 200, 'a receipt';
($told) = map { @{$_->{notices}} } grep { $_->{imei} eq $phone } @{(ask_as('kanat', {msisdn => '+77010000001'}))[1]{phones}};
is_deeply [@$told{qw(status status_at)}], ['delivered', $at], 'it was delivered';

# ---- a program, and what is refused ----

sub by_key { my ($scope, $body) = @_; return Register::http($server, 'POST', '/api/v1/operator/lookup', {Authorization => "Bearer $key{$scope}", 'Content-Type' => 'application/json'}, JSON::PP->new->encode($body)) }
my ($code, $said) = by_key('lookup', {msisdn => '+77010000002'});
is $code, 200, 'a program of the operator' or diag $said;
ok json($said)->{found}, '... finds its subscriber';
ok !json((by_key('lookup', {msisdn => '+77770000003'}))[1])->{found}, '... and no other';
is((by_key('notices', {msisdn => '+77010000002'}))[0], 403, 'a key for something else');
is refused('kanat', $_->[0]), $_->[1], "refused: $_->[1]"
    for [{}, 'USAGE imei'], [{imei => $phone, imsi => '401010000000001'}, 'USAGE imei'], [{imei => '12'}, 'IMEI_FORM imei'], [{msisdn => '12'}, 'MSISDN msisdn'], [{imsi => '4010'}, 'IMSI imsi'];
is((ask_as('olga', {imei => $phone}))[0], 403, 'an officer has other roads');
is(($p->ask('POST', '/api/v1/operator/lookup', {imei => $phone}))[0], 401, 'nobody');

# ---- by page ----

my %form = ('Content-Type' => 'application/x-www-form-urlencoded');
my $him = {token => $who{kanat}{token}};
like +($p->ask('GET', '/operator', undef, $him))[3], qr{"/operator/lookup}, 'the cabinet leads there';
for my $lang (qw(kk ru en)) {
    my (undef, undef, $head, $page) = $p->ask('POST', "/operator/lookup?lang=$lang", "csrf=$who{kanat}{csrf}&by=msisdn&value=%2B77010000001", $him, %form);
    like $page, qr{UNVERIFIED.*imei\.example\.kz}s, "$lang: why, and what he was told";
    my ($result) = $page =~ m{(<section role="status".*</section>)}s;
    unlike $result, secret(), "$lang: no number, no order";
    my $none = ($p->ask('POST', "/operator/lookup?lang=$lang", "csrf=$who{kanat}{csrf}&by=msisdn&value=87770000003", $him, %form))[3];
    like $none, qr/30/, "$lang: not found";
    unlike $none, qr/<h3>/, "$lang: ... nothing is shown";
}
($status, undef, undef, $text) = $p->ask('POST', '/operator/lookup', "csrf=$who{kanat}{csrf}&by=imei&value=12", $him, %form);
is $status, 400, 'a slip';
like $text, qr/id="value-wrong"/, '... is told beside the field';

# ---- how fast, and who looked ----

my $got = 200;
my $looks = 0;
while ($got == 200 && $looks < 100) { ($got) = ask_as('dana', {imei => $phone}); $looks++ }
is $got, 429, 'nobody looks faster than one types';
cmp_ok $looks, '>', 50, '... nor slower';
is((ask_as('kanat', {imei => $phone}))[0], 200, 'others go on');
Register::stop($server->{pid});
my @log = map { json($_) } split /\n/, $r->run('--json', 'audit', 'show')->{out};
my @looked = grep { ($_->{what} // '') eq 'lookup' } @log;
cmp_ok scalar @looked, '>', 60, 'each look is noted';
unlike $r->run('audit', 'show')->{out}, qr/7701000000|4010100000/, '... without a number';
ok $r->whole, 'the register is whole';
done_testing;
