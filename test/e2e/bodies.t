#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# bodies - the cabinet of a body that sets marks, by API: it looks first, suspends at once, resumes by two; sent
# again it is done once; each body sees its own marks and not another's; the journal and the audit log say who did what;
# the same list by the shell's road, and made anew from the journal.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(time);

my $r = Register->new;
my $p = Portal->new($r, border => 0);
$p->staff($_, 'police', '--body', 'police') for 'askar', 'bota';
$p->staff('court1', 'police', '--body', 'court', '--marks', 'order');
$p->staff('lonely', 'police');
my $server = $p->serve;
my %who = map { $_ => $p->enter_staff($_) } qw(askar bota court1 lonely);
is $who{askar}{json}{organisation}, 'police', 'the session says for which body';

my $tac = '35267706';
my ($phone, $second, $third, $other) = map { imei($_, $tac) } 1 .. 4;
sub ask_as { my ($name, $method, $path, $body, %head) = @_; return $p->ask($method, "/api/v1/marks$path", $body, $who{$name}, %head) }
sub wish { my ($imeis, %more) = @_; return {imeis => $imeis, mark => 'stolen', order => 'KP-17', %more} }
sub list_of { return ($p->ask('GET', "/api/v1/check/$_[0]"))[1] }
sub refused { my (undef, $json) = ask_as(@_); return join ' ', map { $_ // '-' } @$json{qw(reason field)} }
sub rows { my ($name, $query) = @_; return (ask_as($name, 'GET', $query // ''))[1]{marks} }

# ---- looking first ----

my ($status, $json) = ask_as('askar', 'POST', '/preview', wish([$phone, $second], act => 'suspend'));
is $status, 200, 'a look' or diag explain $json;
is_deeply [@$json{qw(body act may second_person)}], ['police', 'suspend', JSON::PP::true, JSON::PP::false], 'it may be done, by one';
is_deeply $json->{imeis}[0]{now}, {list => 'unknown', reason => 'NEVER_ACTIVATED', served => JSON::PP::true}, 'what it is';
is_deeply [map { list_of($phone)->{$_} } 'list', 'public_reason', 'served'], [@{$json->{imeis}[0]{now}}{qw(list reason served)}], '... as everybody hears it';
is_deeply $json->{imeis}[0]{then}, {list => 'black', reason => 'STOLEN', served => JSON::PP::false}, 'what it will be';
is list_of($phone)->{list}, 'unknown', 'looking changes nothing';

# ---- what is wrong is said, with its field ----

is refused('askar', 'POST', '', wish(['352677060000011'])), 'IMEI_MISTYPED imeis[0]', 'a digit';
is refused('askar', 'POST', '', wish([])), 'TOO_MANY imeis', 'no IMEI';
is refused('askar', 'POST', '', wish([map { imei($_, $tac) } 1 .. 101])), 'TOO_MANY imeis', 'too many';
is refused('askar', 'POST', '', wish([$phone], mark => 'toy')), 'USAGE mark', 'no such mark';
is refused('askar', 'POST', '', wish([$phone], mark => 'penitentiary')), 'MARK_KIND mark', 'not of this body';
is refused('court1', 'POST', '', wish([$phone])), 'MARK_KIND mark', '... nor of that';
is refused('askar', 'POST', '', wish([$phone], order => '')), 'NAME order', 'no order';
is refused('askar', 'POST', '', wish([$phone], until => '2020-01-01')), 'DATE until', 'a day that is past';
is refused('askar', 'POST', '', wish([$phone], from => 'soon')), 'DATE from', 'no day';
is refused('lonely', 'POST', '', wish([$phone])), 'NO_BODY -', 'an account without a body';
is refused('lonely', 'GET', ''), 'NO_BODY -', '... sees no list either';
is list_of($phone)->{list}, 'unknown', 'nothing moved';

# ---- suspending: at once, once ----

my $items = $r->whole->{items};
my $began = time;
($status, $json) = ask_as('askar', 'POST', '', wish([$phone, $second, $phone], note => 'reported at the station'), 'Idempotency-Key' => 'k1');
is $status, 201, 'suspended' or diag explain $json;
is_deeply [@$json{qw(moved imeis proposal)}], [2, 2, undef], 'two IMEIs, twins once';
ok Register::poll(5, sub { list_of($phone)->{list} eq 'black' }), 'the public hears it';
cmp_ok time - $began, '<', 3, '... at once';
is list_of($phone)->{reason}, 'STOLEN', 'with its reason';
my $entry = $json->{entry};
($status, $json) = ask_as('askar', 'POST', '', wish([$phone, $second, $phone], note => 'again'), 'Idempotency-Key' => 'k1');
is_deeply [$status, $json->{entry}], [200, $entry], 'sent again: the same answer';
is refused('askar', 'POST', '', wish([$third]), 'Idempotency-Key' => 'k1'), 'IDEMPOTENCY -', 'the key for something else';
is $r->whole->{items}, $items + 3, 'one entry, two rows';
ask_as('askar', 'POST', '', wish([$third], mark => 'order', order => 'KP-18', until => '2099-12-31'));
ok Register::poll(5, sub { list_of($third)->{reason} eq 'AUTHORITY' }), 'an order is told as one of an authority';

# ---- lists, each body its own ----

my $rows = rows('bota');
is_deeply [map { "$_->{imei} $_->{mark}" } @$rows], ["$third order", "$second stolen", "$phone stolen"], 'newest first, to every officer of the body';
is_deeply [@{$rows->[0]}{qw(order by until)}], ['KP-18', 'askar', '2099-12-31'], 'order, officer, last day';
is_deeply [map { $_->{imei} } @{rows('bota', '?mark=stolen&standing=yes')}], [$second, $phone], 'by kind';
is_deeply rows('court1'), [], 'another body sees none of them';
($status, $json) = ask_as('court1', 'POST', '/find', {imei => $third});
is_deeply [$json->{now}{reason}, $json->{marks}, $json->{history}], ['AUTHORITY', [], []], '... and of an order what the public hears';
($status, $json) = ask_as('bota', 'POST', '/find', {imei => $third});
is_deeply [map { $_->{act} } @{$json->{history}}], ['suspend'], 'its own body has the history';
is refused('court1', 'POST', '/find', {imei => 'x'}), 'IMEI_CHARS imei', 'no IMEI';

# ---- resuming: by who set it, by two ----

is refused('court1', 'POST', '/resume', wish([$third], mark => 'order')), 'NOT_SETTER -', 'a mark of another body';
unlike((ask_as('court1', 'POST', '/resume', wish([$third], mark => 'order')))[3], qr/police/, '... whose, is not said');
is refused('askar', 'POST', '/resume', wish([$other])), 'NO_MARK -', 'no mark';
($status, $json) = ask_as('askar', 'POST', '/preview', wish([$phone, $other], act => 'resume'));
is_deeply [$json->{may}, map { $_->{refused} } @{$json->{imeis}}], [JSON::PP::false, undef, 'NO_MARK'], 'a look says which';
($status, $json) = ask_as('askar', 'POST', '/resume', wish([$phone], order => 'KP-19'), 'Idempotency-Key' => 'k2');
is $status, 202, 'lifting waits for another' or diag explain $json;
my $id = $json->{proposal};
is((ask_as('askar', 'POST', '/resume', wish([$phone], order => 'KP-19'), 'Idempotency-Key' => 'k2'))[1]{proposal}, $id, 'sent again: one proposal');
is list_of($phone)->{list}, 'black', 'nothing moved yet';
my $waiting = (ask_as('bota', 'GET', '/proposals'))[1]{proposals};
is_deeply [map { [@$_{qw(id act mark own imeis order by)}] } @$waiting],
    [[$id, 'resume', 'stolen', JSON::PP::false, [$phone], 'KP-19', 'askar']], 'what waits';
is_deeply((ask_as('court1', 'GET', '/proposals'))[1]{proposals}, [], 'not for another body');
is refused('court1', 'POST', "/proposals/$id/confirm", {}), 'NO_PROPOSAL -', '... which does not confirm it';
is refused('askar', 'POST', "/proposals/$id/confirm", {}), 'SAME_PERSON -', 'nor does who proposed it';
($status, $json) = ask_as('bota', 'POST', "/proposals/$id/confirm", {});
is_deeply [$status, $json->{moved}], [200, 1], 'another officer does' or diag explain $json;
ok Register::poll(5, sub { list_of($phone)->{list} eq 'unknown' }), 'the mark is lifted';
is_deeply [map { $_->{imei} } @{rows('askar')}], [$third, $second], '... and leaves the list';
($status, $json) = ask_as('askar', 'POST', '/find', {imei => $phone});
is_deeply [map { $_->{act} } @{$json->{history}}], ['resume', 'suspend'], 'the history keeps both';
$id = (ask_as('askar', 'POST', '', wish([$third], mark => 'order', until => '2030-01-01')))[1]{proposal};
ok $id, 'to end a mark sooner is to lift it: it waits';
is((ask_as('bota', 'POST', "/proposals/$id/reject", {}))[0], 200, 'rejected');
is refused('bota', 'POST', "/proposals/$id/reject", {}), 'NO_PROPOSAL -', '... once';

# ---- many, by page ----

for my $n (0 .. 1) {
    my @imeis = map { imei(100 + 60 * $n + $_, $tac) } 0 .. 59;
    is((ask_as('bota', 'POST', '', wish(\@imeis, mark => 'lost')))[0], 201, 'sixty more');
}
my ($after, %seen) = ('');
for (1 .. 9) {
    $json = (ask_as('bota', 'GET', '?standing=yes' . ($after ? "&after=$after" : '')))[1];
    $seen{$_->{imei}}++ for @{$json->{marks}};
    $after = $json->{next} // last;
}
is scalar(keys %seen), 122, 'all of them, page by page';
is scalar(grep { $_ != 1 } values %seen), 0, '... each once';

# ---- the shell's road is the same ----

$r->actor('askar');
is $r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', 'sh-1', $other)->{code}, 0, 'by the shell';
$r->actor(undef);
is rows('askar')->[0]{imei}, $other, '... it stands in the list';

# ---- who did what ----

sub audit { return map { Register::json($_) } grep { /\S/ } split /\n/, $r->run('--json', 'audit', 'show')->{out} }
sub told { my ($what, $outcome) = @_; return scalar grep { $_->{what} eq $what && $_->{role} eq 'police' && $_->{outcome} eq $outcome } audit() }
ok Register::poll(5, sub { told('mark', 'OK') >= 8 }), 'the audit log tells of marks, and of confirmations';
ok told('mark_look', 'OK'), '... of looks';
ok told('mark', 'NOT_SETTER'), '... and of what was refused';
Register::stop($server->{pid});
is $r->run('db', 'rebuild')->{code}, 0, 'made anew from the journal';
$server = $p->serve;
$who{bota} = $p->enter_staff('bota');
is_deeply [map { $_->{imei} } @{rows('bota')}[0, 1]], [$other, imei(219, $tac)], 'the list is the same';
Register::stop($server->{pid});
ok $r->whole, 'the register is whole';
done_testing;
