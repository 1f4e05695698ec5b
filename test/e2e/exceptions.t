#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# exceptions - the list of subscribers whom a confirmed clone still serves: an operator gets his own alone, named by the
# settings, by file and by HTTP; a theft takes them off, and a delta says so; whoever saw it stands in the audit log; a
# server that writes nothing gives none.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

my $r = Register->new(now => '2026-03-10T07:00:00Z');
my ($clone, $imsi, $other) = ('357350079900161', '401011234567890', '401019876543210');
my $body = substr $clone, 0, 14;
is $r->run('demo', 'create')->{code}, 0, 'samples, a confirmed clone among them';
is $r->run('user', 'add', 'aigul')->{code}, 0, 'staff';
$r->settings('[operator Altel]', 'plmn = 40101', '[operator Kcell]', 'plmn = 40102');
my $fed = $r->run('feed', 'load', '--operator', 'Altel', '--accept', 'all', '--reason', 'test',
    $r->file('feed.csv', lines('date,imei,imsi,msisdn,rat', map { "2026-03-10,$clone,$_,77010000001,006" } $imsi, $other)));
is $fed->{code}, 0, 'networks saw both that use it' or diag $fed->{err};
my $key = json($r->run('--json', 'user', 'key', 'create', '--name', 'Altel/core', '--scope', 'lists')->{out})->{key};
is $r->run('sweep')->{code}, 0, 'swept';

sub rows { return [grep { !/^(#|imei,)/ } split /\n/, $_[0]] }
sub events { return scalar(() = $r->run('audit', 'show')->{out} =~ /\bexceptions\b/g) }

# --- by file ---

my $made = $r->run('--json', 'lists', '--operator', 'Altel', '--list', 'black,exceptions', '--out', $r->path('out'));
is $made->{code}, 0, 'black and exceptions' or diag $made->{err};
is_deeply rows(slurp($r->path('out/exceptions.csv'))), ["$body,$imsi"], 'the pair of the clone, no other';
like slurp($r->path('out/black.csv')), qr/^$body,CLONE,/m, 'which is black for all others';
my ($cursor) = slurp($r->path('out/exceptions.csv')) =~ /^#tamga-list .*kind=exceptions .* cursor=(\S+) /;
is events(), 1, 'who saw it is written down';
is $r->run('lists', '--operator', 'Kcell', '--list', 'exceptions', '--out', $r->path('kcell'))->{code}, 0, 'another operator';
is_deeply rows(slurp($r->path('kcell/exceptions.csv'))), [], '... has none of these subscribers';
my $no = $r->run('lists', '--operator', 'Beeline', '--list', 'exceptions', '--out', $r->path('b'));
is $no->{code}, 2, 'one that the settings do not name';
like $no->{err}, qr/plmn/, '... is told what is missing';
is $r->run('lists', '--operator', 'Altel', '--list', 'exceptions', '--layout', 'gsma', '--out', $r->path('b'))->{code}, 2, 'GSMA has no such list';
is $r->run('lists', '--operator', 'Altel', '--list', 'exceptions', '--layout', 'dirbs', '--out', $r->path('dirbs'))->{code}, 0, 'DIRBS has';
is slurp($r->path('dirbs/exceptions.csv')), "imei,imsi\n$body,$imsi\n", '... in these columns';

# --- by HTTP ---

my $server = $r->serve;
sub ask { my ($target, $body) = @_; return Register::http($server, $body ? 'POST' : 'GET', "/api/v1/lists/$target",
    {Authorization => "Bearer $key", $body ? ('Content-Type' => 'application/json') : ()}, $body) }
sub reason { my ($status, $text) = @_; return "$status " . (eval { json($text)->{reason} } // '-') }
ok poll(10, sub { (ask('Altel/exceptions'))[0] == 200 }), 'the server has it';
is_deeply rows((ask('Altel/exceptions'))[1]), ["$body,$imsi"], 'the same';
is reason(ask('Kcell/exceptions')), '403 SCOPE', 'of no other operator';
is reason(ask('Altel/exceptions?since=3-0123456789abcdef')), '409 LIST_CURSOR', 'a cursor that is none';
is_deeply rows((ask("Altel/exceptions?since=$cursor"))[1]), [], 'nothing moved';
is json((ask('Altel/receipts', qq({"list":"exceptions","cursor":"$cursor"})))[1])->{waiting}, 0, 'a receipt';
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', $clone)->{code}, 0, 'the clone is stolen';
ok poll(10, sub { my (undef, $text) = ask("Altel/exceptions?since=$cursor"); "@{rows($text)}" eq "$body,$imsi,removed" }), 'its exception goes';
is_deeply rows((ask('Altel/exceptions'))[1]), [], 'out of the full list, too';
ok poll(10, sub { (Register::http($server, 'GET', '/metrics'))[1] =~ /^tamga_list_waiting\{operator="Altel",list="exceptions"\} 1$/m }), 'and waits for a receipt';
is Register::stop($server->{pid}), 0, 'the server ends in order';
ok events() > 5, 'each look is written down';
is $r->run('lists', '--operator', 'Altel', '--list', 'exceptions', '--since', $cursor, '--out', $r->path('d'))->{code}, 0, 'a delta by file';
is_deeply rows(slurp($r->path('d/exceptions-delta.csv'))), ["$body,$imsi,removed"], '... says the same';
my $stands = json((split /\n/, $r->run('--json', 'lists', 'receipts')->{out})[0]);
is_deeply [@$stands{qw(list waiting)}], ['exceptions', 1], 'as does the shell';

# --- seen after it was said to be refused ---

my ($black) = slurp($r->path('out/black.csv')) =~ /^#tamga-list .* cursor=(\S+) /;
my $none = $r->run('lists', 'violations', '--operator', 'Altel');
is $none->{code}, 0, 'without a receipt there is no violation';
like $none->{out}, qr/^No receipt/, '... and it says why';
is $r->run('lists', 'receipt', '--operator', 'Altel', '--cursor', $black)->{code}, 0, 'the black list is applied';
is $r->run('lists', 'violations', '--operator', 'Altel')->{code}, 0, 'the day of it counts not';
$r->now('2026-03-12T07:00:00Z');
$fed = $r->run('feed', 'load', '--operator', 'Altel', '--accept', 'all', '--reason', 'test',
    $r->file('after.csv', lines('date,imei,imsi,msisdn,rat', map { my $day = $_; map { "2026-03-$day,$clone,$_,77010000001,006" } $imsi, $other } 11, 12)));
is $fed->{code}, 0, 'networks go on seeing it' or diag $fed->{err};
my $told = $r->run('--json', 'lists', 'violations', '--operator', 'Altel');
is $told->{code}, 1, 'that is a violation';
my $row = json($told->{out});
is_deeply [@$row{qw(imei reason cursor days first_day last_day)}],
  [$clone, 'STOLEN', $black, 2, '2026-03-11', '2026-03-12'], 'told with what he had and when';
is json($r->run('--json', 'lists', 'violations', '--operator', 'Altel', '--since', '2026-03-12')->{out})->{days}, 1, 'from a day on';
is $r->run('lists', 'violations', '--operator', 'Kcell')->{code}, 0, 'another operator has none';
is $r->run('lists', 'violations')->{code}, 2, 'an operator is wanted';
$r->whole;
done_testing;
