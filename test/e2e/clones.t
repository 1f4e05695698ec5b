#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# clones - an IMEI that several phones use, from operators' files to what a network hears: a case is found, the public hears
# "duplicate", nobody is cut off until two persons have confirmed it; then the user chosen is served and no other. A person
# who swaps SIMs is no clone, a fleet's number is a finding; the report names no subscriber.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-01T07:00:00Z');
my ($clone, $swapper, $fleet, $two, $plain) = map { imei($_) } 1 .. 5;

sub imsi { return sprintf '40101%010d', $_[0] }
sub as { my ($name, @words) = @_; my $got = $r->actor($name)->run(@words); $r->actor(undef); return $got }
sub jsons { return map { json($_) } split /\n/, $_[0] }
sub cases { return jsons($r->run('--json', 'clones', 'list', @_)->{out}) }
sub check { my ($imei, @more) = @_; return json($r->run('--json', 'check', @more, $imei)->{out}) }
sub look { my $got = $r->run('--json', 'clones', @_); return $got->{code} ? {code => $got->{code}, err => $got->{err}} : json($got->{out}) }

# Feeds of the days from first to last: rows of a day by a function.
sub feeds {
    my ($operator, $first, $last, $rows) = @_;
    my @rows = map { my $day = sprintf '2026-02-%02d', $_; map { "$day,$_->[0],$_->[1],,006" } $rows->($_) } $first .. $last;
    my $got = $r->run('feed', 'load', '--operator', $operator, '--accept', 'all', '--reason', 'test',
        $r->file("$operator.csv", lines('date,imei,imsi,msisdn,rat', @rows)));
    is $got->{code}, 0, "$operator: days $first to $last" or diag $got->{err};
}

# Three users every day; four SIMs in turn; 120 subscribers; two operators on every day; one.
sub alpha {
    my ($day) = @_;
    return ((map { [$clone, imsi($_)] } 1, 2), [$swapper, imsi(10 + $day % 4)], (map { [$fleet, imsi(100 + $_)] } 0 .. 119),
        [$two, imsi(20)], [$plain, imsi(30)], map { [imei(1000 + $_), imsi(1000 + $_)] } 0 .. 40);
}
sub beta { return ([$clone, imsi(3)], [$two, imsi(21)]) }

is $r->run('user', 'add', $_)->{code}, 0, "account $_" for 'aigul', 'bolat';
feeds('alpha', 1, 14, \&alpha);
feeds('beta', 1, 14, \&beta);

# --- a look that changes nothing ---

my $dry = look('--dry-run');
is_deeply [@$dry{qw(dry_run clones fleets subscribers_cut)}, $dry->{rules}{average}], [JSON::PP::true, 1, 1, 2, 1], 'a dry run says who would be refused';
is_deeply [map { $_->{imeis} } sort { $a->{operator} cmp $b->{operator} } @{$dry->{operators}}], [1, 1], 'by operator';
like $r->run('clones', '--dry-run')->{out}, qr/^were each confirmed with one user served, 2 subscribers would be refused$/m, 'in words';
is scalar(cases()), 0, 'no case';
is check($clone)->{duplicate}, JSON::PP::false, 'and nothing is said';

# --- cases ---

is_deeply [@{look()}{qw(whole opened fleets confirmed)}], [JSON::PP::true, 1, 1, 0], 'the look';
my ($case) = cases();
is_deeply [@$case{qw(imei state subscribers days first_day last_day rules)}],
  [$clone, 'open', 3, 14, '2026-02-01', '2026-02-14', 'average'], 'one case';
is_deeply [map { $_->{imei} } cases('--state', 'fleet')], [$fleet], 'a fleet is a finding';
is check($clone)->{duplicate}, JSON::PP::true, 'the public hears duplicate';
is check($clone)->{list}, 'grey', 'and nobody is cut off';
is check($_)->{duplicate}, JSON::PP::false, "not so $_" for $swapper, $fleet, $two, $plain;
is_deeply [@{look()}{qw(whole looked opened stood)}], [JSON::PP::false, 0, 0, 0], 'nothing new: nothing is looked at';
is_deeply [@{look('--all')}{qw(whole opened stood)}], [JSON::PP::true, 0, 2], 'all again: the cases stand';

# --- what came since: the rule of two operators wants 20 days ---

feeds('alpha', 15, 19, \&alpha);
feeds('beta', 15, 19, \&beta);
is look()->{opened}, 0, 'nineteen days';
feeds('alpha', 20, 20, \&alpha);
feeds('beta', 20, 20, \&beta);
is_deeply [@{look()}{qw(whole opened)}], [JSON::PP::false, 1], 'twenty';
is_deeply [map { "$_->{imei} $_->{rules}" } grep { $_->{imei} eq $two } cases()], ["$two operators"], 'two operators on the same days';

# --- confirmed by two ---

my $shown = json($r->run('--json', 'clones', 'show', $clone)->{out});
is_deeply [map { "@$_{qw(user days)} @{$_->{operators}}" } @{$shown->{users}}], ['1 14 alpha', '2 14 alpha', '3 14 beta'], 'its users, by number';
my $first = as('aigul', 'clones', 'confirm', '--genuine', '2', $clone);
is $first->{code}, 3, 'one person proposes';
is check($clone)->{list}, 'grey', 'which cuts nobody off';
like as('aigul', 'clones', 'confirm', $clone)->{err}, qr/SAME_PERSON/, 'not the same one again';
is as('bolat', 'clones', 'confirm', '--genuine', '1', $clone)->{code}, 3, 'another choice waits in its turn';
is as(undef, 'clones', 'confirm', $clone)->{code}, 2, 'nobody in particular may not';
is as('aigul', 'clones', 'confirm', '--genuine', '2', $clone)->{code}, 3, 'and so on';
is as('bolat', 'clones', 'confirm', $clone)->{code}, 0, 'the second person agrees';
is_deeply [@{check($clone)}{qw(list reason duplicate)}], ['black', 'CLONE', JSON::PP::true], 'a confirmed clone';
is check($clone, '--imsi', imsi(2))->{served}, JSON::PP::true, 'its user is served';
is check($clone, '--imsi', imsi($_))->{served}, JSON::PP::false, "another is not: $_" for 1, 3, 999;
is_deeply [map { $_->{imei} } cases('--state', 'confirmed')], [$clone], 'listed';
is as('aigul', 'clones', 'confirm', '--genuine', '1', $clone)->{code}, 2, 'not twice';

# --- the wrong user was chosen: another officer corrects it, and a second one agrees ---

my @correct = ('clones', 'correct', '--genuine', '1');
like as('aigul', @correct, '--reason', 'mine', $clone)->{err}, qr/SAME_PERSON/, 'not by who chose him';
is as('bolat', @correct, $clone)->{code}, 2, 'a reason is wanted';
is as('bolat', 'clones', 'correct', '--genuine', '2', '--reason', 'the same', $clone)->{code}, 2, 'who is served already is no correction';
my $old = look('show', $clone)->{version};
is as('bolat', @correct, '--reason', 'the first one has the bill', '--version', $old, $clone)->{code}, 3, 'proposed';
is look('show', $clone)->{proposed}, 'corrected', 'which the case says';
is check($clone, '--imsi', imsi(2))->{served}, JSON::PP::true, 'nothing changes yet';
my $stale = as('aigul', 'clones', 'correct', '--version', $old, $clone);
is $stale->{code}, 2, 'who looked at the case before that';
like $stale->{err}, qr/STALE/, 'looks again';
is as('aigul', 'clones', 'correct', $clone)->{code}, 0, 'the second person agrees';
is_deeply [map { check($clone, '--imsi', imsi($_))->{served} ? 1 : 0 } 1 .. 3], [1, 0, 0], 'the other one is served';
is check($clone)->{list}, 'black', 'and the IMEI stays refused';
like $r->run('journal', 'show', '--imei', $clone)->{out}, qr/clone/, 'its history has it';

# --- dismissed; a confirmed one lifted ---

is $r->run('clones', 'dismiss', $two)->{code}, 2, 'a reason is wanted';
is $r->run('clones', 'dismiss', '--reason', 'a phone shop', $two)->{code}, 0, 'dismissed by one';
is check($two)->{duplicate}, JSON::PP::false, 'nothing is said any more';
feeds('beta', 21, 21, \&beta);
is_deeply [@{look()}{qw(opened again)}], [0, 0], 'it stays so';
feeds('beta', 22, 22, sub { map { [$two, imsi(50 + $_)] } 0 .. 3 });
is look()->{again}, 1, 'until it has grown by half';
is as('aigul', 'clones', 'dismiss', '--reason', 'an error', $clone)->{code}, 3, 'lifting waits';
is check($clone)->{list}, 'black', 'until';
is as('bolat', 'clones', 'dismiss', $clone)->{code}, 0, 'the second person agrees';
is_deeply [@{check($clone, '--imsi', imsi(3))}{qw(list duplicate)}], ['grey', JSON::PP::false], 'as before';

# --- figures, report ---

is_deeply json($r->run('--json', 'clones', 'figures')->{out}),
  {month => '2026-03', opened => 3, confirmed => 1, dismissed => 2, fleets => 1}, 'figures of the month';
is $r->run('clones', 'report', $r->path('report.csv'))->{code}, 0, 'the report';
my @report = split /\n/, slurp($r->path('report.csv'));
is $report[0], 'imei,subscribers,operators,first_day,last_day,state,rules', 'its columns';
is $report[1] =~ s/beta; alpha/alpha; beta/r, "$clone,3,\"alpha; beta\",2026-02-01,2026-02-14,dismissed,average", 'a row a case';
is scalar(@report), 4, 'all of them';
unlike slurp($r->path('report.csv')), qr/40101\d/, 'and no subscriber';
is $r->run('clones', 'report', $r->path('report.csv'))->{code}, 2, 'no file is overwritten';
my @audit = map { $_->{what} } jsons($r->run('--json', 'audit', 'show')->{out});
is scalar(grep { $_ eq 'clone' } @audit), 7, 'the audit log has the decisions';
is scalar(grep { $_ eq 'clone_correct' } @audit), 2, 'and the correction';
is scalar(grep { $_ eq 'clone_report' } @audit), 1, 'and the report';

# --- a rule that finds too many stops; by rule ---

my $rule = as('aigul', 'rules', 'set', 'clone_imsis=2', 'clone_fleet_imsis=5000');
is $rule->{code}, 3, 'a rule';
my ($id) = $rule->{out} =~ /^proposal (\d+):/m;
is as('bolat', 'confirm', $id)->{code}, 0, 'is changed by two';
feeds('alpha', 23, 23, sub { map { my $n = $_; map { [imei(3000 + $n), imsi(5000 + 3 * $n + $_)] } 0, 1 } 0 .. 120 });
my $stopped = look();
is $stopped->{code}, 3, 'more than a tenth of all IMEIs stop it';
like $stopped->{err}, qr/guard move: of \d+ IMEIs that networks saw 1\d\d would be clones/, 'and it says so';
cmp_ok look('--accept', 'move', '--reason', 'looked at')->{opened}, '>', 100, 'accepted';
ok $r->whole, 'the register is whole';

done_testing;
