#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# guards - what stops a load that looks wrong, and what becomes of rows that were left out of one: they come
# in by the same file, once it can.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-10T07:00:00Z');
my @reason = ('--reason', 'looked at it');

sub list_of { my ($got) = $r->check($_[0]); return "$got->{list} $got->{reason}" }
sub held {
    my ($what, $like, @words) = @_;
    my $got = $r->run(@words);
    is $got->{code}, 3, "$what: held";
    like $got->{err}, $like, "$what: says why";
    return $got;
}

# --- GSMA's set ---

my @many = map { imei($_) } 1 .. 400;
is $r->run('import', 'gsma', $r->file('many.txt', lines(@many)))->{code}, 0, 'a first set';
held('a set that shrinks', qr/guard size: the list has 1 IMEIs, 400 stand; 399 would be lifted.*nothing was loaded/,
    'import', 'gsma', $r->file('one.txt', lines($many[0])));
is list_of($many[9]), 'black GSMA', 'nobody was lifted';
is $r->run('import', 'gsma', '--delta', $r->path('one.txt'))->{code}, 0, 'a delta may be small';
is $r->run('import', 'gsma', $r->file('most.txt', lines(@many[0 .. 299])))->{code}, 0, 'three quarters pass';
held('refused words', qr/guard size/, 'import', 'gsma', '--accept', 'move', @reason, $r->path('one.txt'));
is $r->run('import', 'gsma', '--accept', 'size', @reason, $r->path('one.txt'))->{code}, 0, 'accepted';
is list_of($many[9]), 'unknown NEVER_ACTIVATED', 'lifted then';
like $r->sql('SELECT text FROM note'), qr/accepted size: looked at it/, 'the reason is kept';
is $r->run('import', 'gsma', '--accept', 'size', $r->path('one.txt'))->{code}, 2, 'a reason is wanted';

my @served = map { imei($_) } 1001 .. 2200;
is $r->run('import', 'amnesty', $r->file('served.txt', lines(@served)))->{code}, 0, 'phones in use';
held('a set that cuts off', qr/guard move: .*1200 served phones cut off/, 'import', 'gsma', '--delta', $r->path('served.txt'));
is list_of($served[0]), 'white AMNESTY', 'nobody lost service';
is $r->run('rules', 'set', 'gsma_cut_limit=2000')->{code}, 0, 'the number is a rule of the country';
is $r->run('import', 'gsma', '--delta', $r->path('served.txt'))->{code}, 0, 'and then it passes';

# --- rules and lists of models ---

$r = Register->new(now => '2026-03-10T07:00:00Z');
my @grey = map { imei($_) } 1 .. 300;
is $r->run('feed', 'load', '--operator', 'a',
    $r->file('day.csv', lines('date,imei,imsi,msisdn,rat', map { "2026-03-01,$_,401010000000001,," } @grey)))->{code}, 0,
  'three hundred start their clocks';
held('a rule that moves many', qr/guard move: of 300 IMEIs 300 would change their verdict, 300 of them lose service/,
    'rules', 'set', 'grace_days=5');
is list_of($grey[0]), 'grey UNVERIFIED', 'nothing moved';
held('a list of models that cuts off', qr/guard move,notice: of 300 IMEIs/, 'import', 'tac', '--complete', '--date',
    '2026-03-05', $r->file('tac.csv', lines('tac,name,name', '12345678,Other,X')));
is list_of($grey[0]), 'grey UNVERIFIED', 'nothing moved';
is $r->run('import', 'tac', $r->path('tac.csv'))->{code}, 0, 'a plain list moves nobody';
my $got = $r->run('import', 'tac', '--complete', '--date', '2026-03-05', '--accept', 'all', @reason, $r->path('tac.csv'));
is $got->{code}, 0, 'accepted';
like $got->{out}, qr/rule set 3: 300 verdicts moved/, 'and told';

# --- a guard of a feed says where to look ---

$got = held('dates that are none', qr{bad\.csv: GUARD: guard nulls: of 50 rows}, 'feed', 'load', '--operator', 'a',
    $r->file('bad.csv', lines('date,imei,imsi,msisdn,rat', map { "10.03.2026,$_,401010000000001,," } @grey[0 .. 49])));
like $got->{err}, qr{bad\.csv:2:1: DATE `10\.03\.2026`: a date is}, 'the first row with its column and value';
is scalar(() = $got->{err} =~ /^.*bad\.csv:\d+:1: DATE/mg), 20, 'and no more than can be read';
like $got->{out}, qr/were it loaded: nothing was/, 'nothing pretends to have been done';
my $fresh = Register->new(now => '2026-03-10T07:00:00Z');
$r = $fresh;
$got = held('a late file', qr/guard notice/, 'feed', 'load', '--operator', 'a',
    $r->file('late.csv', lines('date,imei,imsi,msisdn,rat', '2025-11-01,' . imei(7) . ',401010000000001,,')));
like $got->{err}, qr/${\imei(7)} would be black, or within 7 days of it/, 'names the IMEI';

# --- rows that were left out come in by the same file ---

my @today = map { '2026-03-10,' . imei($_) . ',401010000000001,,' } 1 .. 100;
my @tomorrow = map { '2026-03-11,' . imei($_) . ',401010000000001,,' } 201 .. 203;
my $file = $r->file('ahead.csv', lines('date,imei,imsi,msisdn,rat', @today, @tomorrow, '2026-03-10,x,401010000000001,,'));
my @load = ('feed', 'load', '--operator', 'a', $file);
like $r->run(@load)->{out}, qr/set aside: 3 of later days, 1 malformed/, 'tomorrow is set aside';
is list_of(imei(201)), 'unknown NEVER_ACTIVATED', 'nobody is ahead of time';
my $found = $r->sql('SELECT kind, sum(count) FROM finding GROUP BY kind ORDER BY kind');
$r->now('2026-03-11T07:00:00Z');
like $r->run(@load)->{out}, qr/3 first activations/, 'the next day the same file brings them';
is list_of(imei(201)), 'grey UNVERIFIED', 'their clocks run';
is $r->sql('SELECT kind, sum(count) FROM finding GROUP BY kind ORDER BY kind'), $found, 'no finding counts twice';
like $r->run(@load)->{out}, qr/loaded before: nothing changed/, 'and then it is known whole';

$file = $r->file('repair.csv', lines('imei1,old1', imei(301) . ',' . imei(401), imei(302) . ',' . imei(1)));
my @repair = ('import', 'verified', '--kind', 'repair', '--by', '030540003215');
is $r->run('import', 'verified', '--kind', 'import', '--by', '030540003215', $r->file('v.csv', lines('imei1', imei(1))))->{code}, 0,
  'the old phone of one';
is $r->run(@repair, '--keep-good', $file)->{code}, 0, 'the good rows of a repair';
is list_of(imei(302)), 'white VERIFIED', 'the good one';
is list_of(imei(301)), 'unknown NEVER_ACTIVATED', 'the bad one';
is $r->run(@repair, $file)->{code}, 2, 'the same file is not known: it was not whole';
is $r->run('import', 'verified', '--kind', 'import', '--by', '030540003215', $r->file('w.csv', lines('imei1', imei(401))))->{code}, 0,
  'what was missing comes';
is list_of(imei(302)), 'white VERIFIED', 'meanwhile nothing is lost';

# --- a feed that is smaller than usual; leading zeros that a spreadsheet ate ---

sub day_of {
    my ($day, $n, @more) = @_;
    return $r->file("day-$day-$n.csv", lines('date,imei,imsi', @more, map { sprintf '2026-03-%02d,%s,4010100000%05d', $day, imei(2000 + $_), $_ } 1 .. $n));
}
is $r->run('feed', 'load', '--operator', 'steppe', day_of($_, 200))->{code}, 0, "a usual day, $_" for 1 .. 6;
is $r->run('feed', 'load', '--operator', 'steppe', day_of(7, 100))->{code}, 0, 'six say nothing of what is usual';
is $r->run('feed', 'load', '--operator', 'steppe', day_of(7, 150))->{code}, 0, 'three quarters pass';
held('a small file', qr/guard size: the file has 149 rows, the last ones of this operator had 200; nothing was loaded/,
    'feed', 'load', '--operator', 'steppe', day_of(8, 149));
is $r->run('feed', 'load', '--operator', 'other', day_of(8, 149))->{code}, 0, 'another operator has his own';
is $r->run('feed', 'load', '--operator', 'steppe', '--accept', 'size', @reason, day_of(8, 149))->{code}, 0, 'accepted';
my @short = map { "2026-03-09,1234567000000$_,401010000000001" } 1 .. 3;
is $r->run('feed', 'load', '--operator', 'steppe', day_of(9, 200, '2026-03-09,012345670000001,401010000000001', @short))->{code}, 0,
  'short ones beside one that begins with 0';
held('zeros that are lost', qr/guard zeros: 3 IMEIs are a digit short, none begins with 0/, 'feed', 'load', '--operator', 'steppe', day_of(10, 200, @short));
is $r->run('feed', 'load', '--operator', 'steppe', day_of(10, 201, $short[0]))->{code}, 0, 'one in two hundred is none';
done_testing;
