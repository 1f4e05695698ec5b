#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# retention - what an operator's files are worth is told; who used which phone goes when its term is over, by command and
# by a server at night; runs that are killed anywhere are finished by the next; what was dropped does not come back.
#
# TAMGA_KILL_ROUNDS=6 runs are killed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Digest::MD5 qw(md5_hex);
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {PHONES => 40_000};

my $rounds = $ENV{TAMGA_KILL_ROUNDS} // 6;
srand($ENV{TAMGA_SEED} // time);
my $r = Register->new(now => '2026-03-10T07:00:00Z');
is $r->run('user', 'add', 'aigul')->{code}, 0, 'a register';

# The records of a kind, put together; of what is sealed how much there is.
sub records {
    my ($r, $prefix) = @_;
    my $value = $prefix eq '32' ? 'length(value)' : $r->{database} ? "encode(value, 'hex')" : 'hex(value)';
    return $r->sql($r->{database}
        ? "SELECT md5(string_agg(encode(key, 'hex') || ($value)::text, ',' ORDER BY key)) FROM record WHERE encode(substr(key, 1, " . length($prefix) / 2 . "), 'hex') = '$prefix'"
        : "SELECT group_concat(k || v, ',') FROM (SELECT hex(key) AS k, $value AS v FROM record WHERE substr(hex(key), 1, " . length($prefix) . ") = '$prefix' ORDER BY key)");
}
sub state_of { my ($r) = @_; return md5_hex(join ' ', map { records($r, $_) // '' } qw(31 32 3370 3364)) }
sub ask { my ($r, @words) = @_; my $got = $r->run('--json', @words); return $got->{code} ? $got : json($got->{out}) }

# --- the report ---

my $header = 'date,imei,imsi,msisdn,rat';
my @old = map { sprintf '2026-01-%02d,%s,4010100000%05d,7701%07d,', 10 + $_ % 3, imei($_ % 9000, 35735007 + int $_ / 9000), $_ % 30_000, $_ % 30_000 } 1 .. PHONES;
my @new = map { sprintf '2026-03-0%d,%s,4010100000%05d,7701%07d,', 7 + ($_ >> 2) % 3, imei($_ % 9000, 35735007 + int $_ / 9000), $_ % 30_000, $_ % 30_000 } grep { $_ % 3 } 1 .. PHONES;
is $r->run('feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'test', $r->file('old.csv', lines($header, @old)))->{code}, 0, 'days of January';
is $r->run('feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'test', $r->file('new.csv', lines($header, @new, '2026-03-08,*,401010000000001,,', '2026-03-08,0,401010000000001,,')))->{code}, 0, 'days of March';
my $got = ask($r, 'feed', 'report', '--operator', 'alpha');
is_deeply [map { $_->{day} } @{$got->{days}}], ['2026-03-07', '2026-03-08', '2026-03-09'], 'its days, from the first on';
is_deeply [@{$got->{days}[1]}{qw(set_aside unknown held)}, $got->{days}[1]{reasons}], [2, 0, 0, {star => 1, zeros => 1}], 'what was set aside, and why';
is_deeply [@$got{qw(newest age_days)}, $got->{findings}], ['2026-03-09', 1, ['little']], 'too few for a trend';
$got = ask($r, 'feed', 'report', '--since', '2026-01-01');
is scalar @{$got->{missing}}, 53, 'days that are missing';
is $got->{all}{pairs_new}, PHONES, 'pairs are new once';
is $got->{all}{imeis_new}, PHONES, 'and so are phones';
like $r->run('feed', 'report')->{out}, qr/little: There are too few days/, 'in words, with what to do';
like $r->run('feed', 'report', '--operator', 'nobody yet')->{out}, qr/^nobody yet, /, 'whom nobody has heard of is called as he was typed';
is $r->run('feed', 'report', '--since', '2026-03-09', '--until', '2026-03-01')->{code}, 2, 'days the wrong way round';

# --- the term ---

is ask($r, 'retention', '--dry-run')->{days}, 0, 'six months: nothing';
is $r->run('rules', 'set', 'retention_months=1')->{code}, 0, 'one month';
my $blank = $r->copy_of;
my $before = state_of($r);
my $told = ask($r, 'retention', '--dry-run');
is_deeply [@$told{qw(first days pairs subscribers transactions)}], ['2026-02-10', 3, PHONES - @new, 10_000, 0], 'a dry run tells what would go';
is state_of($r), $before, '... and changes nothing';
my $began = time;
my $done = ask($r, 'retention');
my $seconds = time - $began;
is_deeply [@$done{qw(days pairs subscribers)}], [@$told{qw(days pairs subscribers)}], 'it goes';
my $want = state_of($r);
isnt $want, $before, '... out of the records';
is ask($r, 'retention')->{transactions}, 0, 'once';
like +($r->lists(imei(1, 35735007)))[0], qr/^black EXPIRED/, 'facts stay';
ok $r->whole, 'whole';
is $r->run('feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'test', $r->file('again.csv', lines($header, @old[0 .. 900])))->{code}, 0, 'a file of dropped days';
is state_of($r), $want, '... brings nothing back';
my @tables = map { -M $_ } glob $r->{key} ? "$r->{key}.seen-*" : $r->db . '.seen-*';
is scalar @tables, 2, 'the tables are there';
my $more = ask($r, 'feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'test', $r->file('more.csv', lines($header, map { s/2026-01-../2026-03-09/r } @old[0 .. 899])));
is $more->{pairs}, 300, 'of dropped pairs that come again, new ones';

# --- killed anywhere ---

my @wrong;
for my $round (1 .. $rounds) {
    my $copy = $blank->copy_of;
    my $pid = $copy->start({tag => 'killed'}, 'retention');
    sleep $seconds * (0.3 + rand 0.7);
    Register::stop($pid, 'KILL');
    $copy->disconnect if $copy->{database};
    my $again = ask($copy, 'retention');
    push @wrong, "round $round: " . ($again->{err} // 'code') if exists $again->{code};
    push @wrong, "round $round: another state" if state_of($copy) ne $want;
    push @wrong, "round $round: not whole" if !$copy->whole;
}
is_deeply \@wrong, [], "$rounds runs were killed, and came to the same end";

# --- at night, by a server; a clock that is wrong ---

my $late = $blank->copy_of;
$late->{now} = '2031-03-10T07:00:00Z';
is $late->run('retention')->{code}, 3, 'a clock that would leave nothing is asked about';
is $late->run('retention', '--all')->{code}, 0, 'and somebody may say that it is right';
my $server = $blank->serve;
ok Register::poll(30, sub { state_of($blank) eq $want }), 'a server does it after three in the morning';
Register::stop($server->{pid});
ok $blank->whole, 'whole';
done_testing;
