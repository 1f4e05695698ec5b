#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# kill - the writing commands are killed (SIGKILL) at random points. After the next opening each
# batch is finished or untouched, the chain verifies, facts agree with it, nothing that was
# acknowledged is missing and nothing is doubled. Points come from a printed seed. Then some are
# interrupted (SIGINT, SIGTERM), and say so.
#
# TAMGA_KILL_ROUNDS=75 rounds over all commands (a round of suspend is ten: 210 points),
# TAMGA_KILL_ONLY=sweep,... over some; TAMGA_SEED repeats a run (of the same speed).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use POSIX qw(WNOHANG);
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {LIST => 80_000, DEVICES => 18_000, SEEN => 40_000, DUE => 34_000, SINGLES => 10};

my $rounds = $ENV{TAMGA_KILL_ROUNDS} // 75;
my $seed = $ENV{TAMGA_SEED} // time;
srand int $seed;
print '# seed TAMGA_SEED=', int $seed, " TAMGA_KILL_ROUNDS=$rounds\n";

my $empty = Register->new(now => '2026-03-01T07:00:00Z');
is $empty->run('user', 'add', 'aigul')->{code}, 0, 'a register';
my $blank = $empty->whole->{items};

my $list = $empty->file('list.txt', map { imei($_, 86927100 + $_ % 7) . "\n" } 1 .. LIST);
my $devices = $empty->file('devices.csv', "imei1,imei2\n",
    map { imei(2 * $_, '35735007') . ',' . imei(2 * $_ + 1, '35735007') . "\n" } 1 .. DEVICES);
my $feed = $empty->file('feed.csv', "date,imei,imsi,msisdn,rat\n",
    map { '2026-02-2' . $_ % 8 . ',' . imei($_, 35920500 + $_ % 5) . ",401010000000001,,001\n" } 1 .. SEEN);

# A register in which as many IMEIs expire after one day.
my $due = Register->new(now => '2026-01-10T07:00:00Z');
my $old = $due->file('due.csv', "date,imei,imsi,msisdn,rat\n",
    map { '2026-01-1' . ($_ % 100 ? 0 : 1) . ',' . imei($_, 35267700 + $_ % 3) . ",401010000000001,,001\n" } 1 .. DUE);
is $due->now('2026-01-11T07:00:00Z')->run('feed', 'load', '--operator', 'alpha', $old)->{code}, 0,
  'a register in which many are due';
is $due->now('2026-02-09T07:00:00Z')->run('sweep')->{code}, 0, 'swept up to the day before';
$due->now('2026-02-14T07:00:00Z');

# Batches: the command, how many facts and rows it makes.
my %batch = (
    'import amnesty' => {words => ['import', 'amnesty', $list], facts => LIST, rows => LIST},
    'import verified' => {words => ['import', 'verified', '--kind', 'import', '--by', '030540003215',
            '--at', '2026-02-20', $devices], facts => 2 * DEVICES, rows => 4 * DEVICES},
    'feed load' => {words => ['feed', 'load', '--operator', 'alpha', $feed], facts => SEEN, rows => SEEN},
);

# How long the whole takes, so that points fall everywhere.
for my $name (sort keys %batch) {
    my $r = $empty->copy_of;
    my $began = time;
    is $r->run(@{$batch{$name}{words}})->{code}, 0, "$name: undisturbed";
    $batch{$name}{seconds} = time - $began;
    my $whole = $r->whole;
    is $whole->{facts}, $batch{$name}{facts}, "$name: every fact";
    is $whole->{items}, $blank + 2 + $batch{$name}{rows}, "$name: an entry, the rows, an end";
}
my %seconds;
for (['sweep', $due->copy_of, 'sweep'], ['suspend', $empty->copy_of, 'suspend', '--mark', 'stolen',
        '--by', 'police', '--order', 1, imei(1)]) {
    my ($name, $r, @words) = @$_;
    my $began = time;
    is $r->run(@words)->{code}, 0, "$name: undisturbed";
    $seconds{$name} = time - $began;
}

# `db check` walks the chain as `journal verify` does, and compares all that stands beside it.
sub checked {
    my ($r) = @_;
    my $got = $r->run('--json', 'db', 'check');
    diag $got->{err} if $got->{code};
    return $got->{code} ? undef : json($got->{out});
}

# Starts, sends the signal after so many seconds; what it said, and its wait status.
sub kill_after {
    my ($r, $signal, $seconds, @words) = @_;
    my $pid = $r->start({tag => 'killed'}, @words);
    sleep $seconds;
    my $status = Register::stop($pid, $signal);
    $r->disconnect if $r->{database}; # what the server would notice by itself, within half a second
    return (slurp($r->path('killed.out')), $status);
}

my (%points, @wrong);

sub expect {
    my ($ok, $what) = @_;
    push @wrong, $what unless $ok;
    return $ok;
}

# An interrupted command ends by itself: done, or with the word that it was stopped.
my $stopped = 0;

sub interrupted {
    my ($r, $name, $status) = @_;
    return if grep { $status == $_ } 0, 2, 15; # 2, 15: it came before there was a handler
    $stopped++;
    expect($status == 130 << 8, "$name: interrupted, wait status $status");
    my $said = slurp($r->path('killed.err'));
    expect($said =~ /STOPPED.*(nothing was loaded|finished when the register is opened next)/,
        "$name: interrupted, it said `$said`");
}

sub kill_batch {
    my ($name, $signal) = @_;
    my $b = $batch{$name};
    my $r = $empty->copy_of;
    my ($told, $status) = kill_after($r, $signal, rand 1.05 * $b->{seconds}, @{$b->{words}});
    interrupted($r, $name, $status) if $signal ne 'KILL';
    my $open = $r->sql('SELECT count(*) || \' \' || coalesce(CAST(max(state) AS TEXT), \'-\') FROM batch');
    # The next opening for writing finishes or drops what was left.
    expect($r->run('user', 'add', 'aigul')->{code} == 0, "$name: the next opening");
    my $whole = $r->whole;
    expect($whole, "$name: not whole") or return;
    my $untouched = $whole->{facts} == 0 && $whole->{items} == $blank;
    my $finished = $whole->{facts} == $b->{facts} && $whole->{items} == $blank + 2 + $b->{rows};
    expect($untouched || $finished, "$name: $whole->{facts} facts, $whole->{items} items");
    expect($finished, "$name: acknowledged, then gone") if $told =~ /rows written|first activations/;
    expect($r->sql('SELECT count(*) FROM batch') == 0, "$name: a batch is left over");
    expect($r->sql('SELECT count(*) FROM batch_part') == 0, "$name: parts are left over");
    $points{"$name: " . ($told ? 'told' : $open =~ /^1 0/ ? 'saving' : $open =~ /^1 2/ ? 'open'
          : $finished ? 'closed' : 'reading')}++;
    # The same command again completes it, and changes nothing where it is complete.
    expect($r->run(@{$b->{words}})->{code} == 0, "$name: again");
    my $again = checked($r) or return expect(0, "$name: again: not whole");
    expect($again->{facts} == $b->{facts} && $again->{items} == $blank + 2 + $b->{rows},
        "$name: again: $again->{facts} facts, $again->{items} items");
}

sub kill_singles {
    my $r = $empty->copy_of;
    my @acknowledged;
    for my $n (1 .. SINGLES) {
        my ($told) = kill_after($r, 'KILL', rand 1.3 * $seconds{suspend}, 'suspend', '--mark', 'stolen',
            '--by', 'police', '--order', $n, imei($n));
        push @acknowledged, $n if $told =~ /1 rows written/;
        $points{'suspend: ' . ($told ? 'told' : 'before')}++;
    }
    my $whole = $r->whole;
    expect($whole, 'suspend: not whole') or return;
    my @lists = $r->lists(map { imei($_) } 1 .. SINGLES);
    my $stolen = grep { $_ eq 'black STOLEN' } @lists;
    expect($lists[$_ - 1] eq 'black STOLEN', "suspend $_: acknowledged, then gone") for @acknowledged;
    expect($whole->{facts} == $stolen && $whole->{items} == $blank + 2 * $stolen,
        "suspend: $stolen stolen, $whole->{facts} facts, $whole->{items} items");
}

# The register's rows to EXPIRED: IMEI and effective day of each.
sub expired {
    my ($r) = @_;
    my %rows;
    for (split /\n/, $r->run('--json', 'journal', 'show')->{out}) {
        /"imei":"(\d+)".*"effective":"([^"]+)".*"after":"EXPIRED"/ and push @{$rows{$1}}, $2;
    }
    return %rows;
}

sub kill_sweep {
    my $r = $due->copy_of;
    kill_after($r, 'KILL', rand 1.05 * $seconds{sweep}, 'sweep');
    expect($r->whole, 'sweep: not whole') or return;
    my %before = expired($r);
    $points{'sweep: ' . (!%before ? 'before' : keys %before < DUE ? 'within' : 'after')}++;
    expect($r->run('sweep')->{code} == 0, 'sweep: again');
    expect(checked($r), 'sweep: again: not whole') or return;
    my %rows = expired($r);
    expect(keys %rows == DUE, 'sweep: ' . keys(%rows) . ' IMEIs have a row');
    expect(!(grep { @$_ > 1 } values %rows), 'sweep: an IMEI expired twice');
    my %days;
    $days{$_->[0]}++ for values %rows;
    expect(join(' ', map { "$_:$days{$_}" } sort keys %days) eq
          '2026-02-10:' . (DUE - DUE / 100) . ' 2026-02-11:' . DUE / 100,
        'sweep: each on its own day: ' . join ' ', map { "$_:$days{$_}" } sort keys %days);
}

my @kinds = split /,/,
  $ENV{TAMGA_KILL_ONLY} // 'import amnesty,import verified,feed load,suspend,sweep';
for my $round (0 .. $rounds - 1) {
    my $kind = $kinds[$round % @kinds];
    @wrong = ();
    $kind eq 'suspend' ? kill_singles() : $kind eq 'sweep' ? kill_sweep() : kill_batch($kind, 'KILL');
    is_deeply \@wrong, [], "round $round: $kind";
}
unless ($ENV{TAMGA_KILL_ONLY}) {
    my @names = sort keys %batch;
    for my $round (0 .. 59) {
        @wrong = ();
        kill_batch($names[$round % @names], $round % 2 ? 'TERM' : 'INT');
        is_deeply \@wrong, [], "interrupted, round $round: $names[$round % @names]";
        last if $round >= 8 && $stopped >= 3;
    }
    ok $stopped >= 3, "$stopped were stopped on their way";
}
print "# killed at: $_ $points{$_}\n" for sort keys %points;
done_testing;
