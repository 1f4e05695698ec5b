#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# days - the calendar by drills: every command takes --now, so days pass here without waiting.
# Grey turns black only after its deadline and only through expire_through, which the sweep moves.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new;

# Noon in the country.
sub on {
    my ($day, @words) = @_;
    return $r->now("${day}T07:00:00Z")->run(@words);
}

sub list_on {
    my ($day, $n, @words) = @_;
    return ($r->now("${day}T07:00:00Z")->check(@words, imei($n)))[0];
}

sub is_list {
    my ($day, $n, $list, @words) = @_;
    my $got = list_on($day, $n, @words);
    is "$got->{list} $got->{reason}", $list, "$day @words: $list";
    return $got;
}

sub seen {
    my ($day, $known, @n) = @_;
    my $file = $r->file("seen-$day-$n[0].csv",
        lines('date,imei,imsi,msisdn,rat', map { "$day," . imei($_) . ',401010000000001,,001' } @n));
    my $got = on($known, 'feed', 'load', '--operator', 'alpha', '--accept', 'notice', '--reason',
        'drill', $file);
    is $got->{code}, 0, "seen on $day" or diag $got->{err};
}

# --- grey, the last day, black after the sweep ---

seen('2026-03-01', '2026-03-01', 1, 2);
my $line = is_list('2026-03-01', 1, 'grey UNVERIFIED');
is_deeply [@$line{qw(rule deadline valid_through next served used)}],
  [9, '2026-03-31', '2026-03-31', {list => 'black', reason => 'EXPIRED', from => '2026-04-01'},
    JSON::PP::true, JSON::PP::true], 'deadline, valid_through and next';
is_list('2026-03-31', 1, 'grey UNVERIFIED');
is $r->now('2026-03-31T18:59:59Z')->run('check', imei(1))->{code}, 0, 'a second before midnight';
$line = is_list('2026-04-01', 1, 'grey UNVERIFIED');
is_deeply [@$line{qw(deadline valid_through next served)}],
  ['2026-03-31', undef, undef, JSON::PP::true], 'no sweep yet: nobody can say when it turns';
$line = is_list('2026-04-01', 1, 'black EXPIRED', '--as-of', '2026-04-01');
is $line->{deadline}, '2026-03-31', '--as-of looks without the gate';
my $dry = on('2026-04-03', '--json', 'sweep', '--dry-run');
is $dry->{code}, 0, 'dry run';
is_list('2026-04-03', 1, 'grey UNVERIFIED');
my $swept = on('2026-04-03', '--json', 'sweep', '--until', '2026-03-30');
is json($swept->{out})->{expire_through}, '2026-03-30', 'a sweep up to the day before';
is_list('2026-04-03', 1, 'grey UNVERIFIED');
$swept = on('2026-04-03', '--json', 'sweep');
is_deeply json($swept->{out}), {expire_through => '2026-04-03', swept_through => '2026-04-03',
    days => 0, rows => 2, expired => 2, stopped => JSON::PP::false}, 'the sweep lets it turn';
$line = is_list('2026-04-03', 1, 'black EXPIRED');
is_deeply [@$line{qw(deadline next served used)}], ['2026-03-31', undef, JSON::PP::false, JSON::PP::true],
  'with its last day';
my ($first) = split /\n/, on('2026-04-03', '--json', 'journal', 'show', '--imei', imei(1))->{out};
is_deeply [@{json($first)}{qw(event effective at before after)}],
  ['swept', '2026-04-01', '2026-04-03T07:00:00Z', 'UNVERIFIED', 'EXPIRED'],
  'written late, in effect on the day after the deadline';
like on('2026-04-03', 'sweep')->{out}, qr/0 days, 0 rows, 0 expired/, 'a second sweep finds nothing';

# --- the sweep of the evening: midnight turns by itself ---

seen('2026-04-04', '2026-04-04', 10);
my $soon = on('2026-05-03', '--json', 'expiring', '--days', '3');
is_deeply json($soon->{out}),
  {waiting => 0, days => [map { {last_day => "2026-05-0$_", imeis => $_ == 4 ? 1 : 0} } 3 .. 5], models => [{tac => substr(imei(10), 0, 8), imeis => 1}],
   operators => {told => JSON::PP::true, list => [], small => 1, none => {imeis => 0}}, regions => {told => JSON::PP::false}},
  'what will expire is told the day before';
is on('2026-05-03', 'expiring', '--days', '63')->{code}, 2, 'not for longer than two months';
is $r->now('2026-05-04T16:30:00Z')->run('sweep')->{code}, 0, 'the evening of the last day';
is $r->run('check', imei(10))->{code}, 0, 'served until midnight';
is $r->now('2026-05-04T19:00:00Z')->run('check', imei(10))->{code}, 1, 'not served from midnight on';
is_list('2026-05-05', 10, 'black EXPIRED');
like on('2026-05-05', 'sweep')->{out}, qr/1 days, 1 rows, 1 expired/, 'the row comes the next morning';

# --- expiry held by one person, let go again ---

seen('2026-05-05', '2026-05-05', 20);
is on('2026-05-06', 'rules', 'set', 'expiry_release=manual')->{code}, 0, 'expiry held';
my $held = on('2026-06-10', 'sweep');
is $held->{code}, 3, 'the sweep says that it is held';
like $held->{out}, qr/swept through 2026-06-10, expire_through 2026-05-05/, 'and goes no further';
is_list('2026-06-10', 20, 'grey UNVERIFIED');
like on('2026-06-10', 'expiring')->{out}, qr/^1 wait: their last day is over.*^ +1  \d{8} /ms, 'who waits is told, and which model';
is on('2026-06-10', 'rules', 'set', 'expiry_release=auto')->{code}, 0, 'let go';
is_list('2026-06-10', 20, 'grey UNVERIFIED');
is on('2026-06-11', 'sweep')->{code}, 0, 'the next sweep';
is_list('2026-06-11', 20, 'black EXPIRED');
($first) = split /\n/, on('2026-06-11', '--json', 'journal', 'show', '--imei', imei(20))->{out};
is json($first)->{effective}, '2026-06-05', 'in effect on the day after its deadline';

# --- too many for one day ---

seen('2026-06-12', '2026-06-12', 30 .. 33);
seen('2026-06-13', '2026-06-13', 34);
is on('2026-06-13', 'rules', 'set', 'max_expiries_per_day=3')->{code}, 0, 'at most three a day';
$swept = on('2026-07-14', 'sweep');
is $swept->{code}, 3, 'four would expire: a guard stops';
like $swept->{out}, qr/guard max_expiries_per_day +stopped/, 'named';
like $swept->{err}, qr/GUARD: 4 IMEIs would expire after 2026-07-12, 3 are allowed/, 'with figures';
like $swept->{out}, qr/expire_through 2026-07-11/, 'what came before is done';
is_list('2026-07-14', $_, 'grey UNVERIFIED') for 30, 34;
is on('2026-07-14', 'rules', 'set', 'max_expiries_per_day=4')->{code}, 0, 'four';
is on('2026-07-14', 'sweep')->{code}, 0, 'go';
is_list('2026-07-14', $_, 'black EXPIRED') for 30, 33, 34;

# --- marks: from a day, until a day ---

my @lost = ('--mark', 'lost', '--by', 'police', '--order', '5');
seen('2026-07-15', '2026-07-15', 40);
is on('2026-07-16', 'suspend', @lost, '--until', '2026-07-20', imei(40), imei(41))->{code}, 0, 'until';
$line = is_list('2026-07-20', 40, 'black LOST');
is_deeply [@$line{qw(valid_through next)}], ['2026-07-20',
    {list => 'grey', reason => 'UNVERIFIED', from => '2026-07-21'}], 'its last day, then the facts';
is_list('2026-07-21', 40, 'grey UNVERIFIED');
is_list('2026-07-21', 41, 'unknown NEVER_ACTIVATED');
like on('2026-07-21', 'sweep')->{out}, qr/ 2 rows, 0 expired/, 'the end of a mark is written down';
is on('2026-07-21', 'suspend', @lost, '--from', '2026-08-01', imei(41))->{code}, 0, 'from a later day';
is_list('2026-07-31', 41, 'unknown NEVER_ACTIVATED');
is_list('2026-08-01', 41, 'black LOST');
is on('2026-08-01', 'suspend', @lost, '--from', '2026-08-10', '--until', '2026-08-09', imei(42))->{code},
  2, 'the end before the beginning';

# --- --as-of: today's facts on another day ---

is_list('2026-08-01', 41, 'unknown NEVER_ACTIVATED', '--as-of', '2026-07-31');
is_list('2026-08-01', 41, 'black LOST', '--as-of', '2027-01-01');
is_list('2026-08-01', 40, 'unknown NEVER_ACTIVATED', '--as-of', '2026-07-14');
is_list('2026-08-01', 40, 'black LOST', '--as-of', '2026-07-16');
is_list('2026-08-01', 40, 'grey UNVERIFIED', '--as-of', '2026-08-14');
$line = is_list('2026-08-01', 40, 'black EXPIRED', '--as-of', '2026-08-15');
is $line->{as_of}, '2026-08-15', 'and says of which day it speaks';
is on('2026-08-01', 'import', 'verified', '--kind', 'personal', '--by', '900101300017',
    $r->file('v.csv', lines('imei1', imei(50))))->{code}, 0, 'verified today';
is_list('2026-08-01', 50, 'white VERIFIED', '--as-of', '2026-01-01');

# --- what a rule would do ---

is on('2026-08-01', 'sweep')->{code}, 0, 'swept';
my $whatif = on('2026-08-01', 'what-if', '--set', 'grace_days=10');
like $whatif->{out}, qr/1 would lose service, 0 would get it back\n.*1  UNVERIFIED -> EXPIRED/,
  'what-if tells who would lose service';
is on('2026-08-01', 'rules', 'set', 'grace_days=10')->{code}, 0, 'done';
is_list('2026-08-01', 40, 'black EXPIRED');
is on('2026-08-01', 'rules', 'set', 'grace_days=30')->{code}, 0, 'undone';
is_list('2026-08-01', 40, 'grey UNVERIFIED');
$whatif = on('2026-08-01', '--json', 'what-if', '--as-of', '2026-08-15', '--set', 'grace_days=60');
ok json($whatif->{out})->{regained} >= 1, 'what-if of another day';
like on('2026-08-01', 'what-if', '--set', 'amnesty_before=2026-07-01')->{out},
  qr/EXPIRED -> AMNESTY/, 'another amnesty';

# --- settings of days are refused where they are none ---

for my $bad ('grace_days=-1', 'grace_days=99999', 'duty_from=tomorrow', 'home_plmn=4', 'zone=Moon',
    'expiry_release=maybe', 'two_person=yes', 'nonsense=1', 'grace_days') {
    my $got = on('2026-08-01', 'rules', 'set', $bad);
    ok $got->{code} == 2 && $got->{err} =~ /^tamga: \w+/, "refused: $bad" or diag "$got->{code} $got->{err}";
}
ok $r->whole, 'whole at the end';
done_testing;
