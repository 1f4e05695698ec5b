#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# sweeps - two sweeps of one register at once, as a server's own beside one from a timer; and a person who
# puts expiry on hold while a sweep runs. The gate never goes back, and nobody's row is written
# twice.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

use constant {DAYS => 59, PHONES => 4, ROUNDS => 4};

# Phones first used on each of many days; nobody has swept for a year.
my $late = Register->new(now => '2026-03-01T07:00:00Z');
my @rows = map { my $day = $_; map { sprintf '2026-%02d-%02d,%s,401011234567890,,', 1 + $day / 28, 1 + $day % 28, imei($day * PHONES + $_) } 1 .. PHONES } 0 .. DAYS - 1;
@rows = grep { substr($_, 0, 10) le '2026-03-01' } @rows;
is $late->run('rules', 'set', 'amnesty_before=2025-03-25')->{code}, 0, 'a register';
my $load = $late->run('feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'test',
    $late->file('feed.csv', lines('date,imei,imsi,msisdn,rat', @rows)));
is $load->{code}, 0, 'a feed' or diag $load->{err};
my $phones = @rows;

# Every gate of the journal, in order: [sequence, expire_through, swept_through].
sub gates {
    my ($r) = @_;
    return map { /^\s*(\d+)  expire_through ([\d-]+), swept_through ([\d-]+)/ ? [$1, $2, $3] : () }
      split /\n/, $r->run('journal', 'show')->{out};
}

sub goes_back {
    my ($last, @wrong) = ([0, '', '']);
    for my $gate (@_) {
        push @wrong, "@$gate after @$last" if $gate->[1] lt $last->[1] || $gate->[2] lt $last->[2];
        $last = $gate;
    }
    return @wrong;
}

sub expiries {
    my ($r) = @_;
    return scalar grep { /EXPIRED/ } split /\n/, $r->run('journal', 'show')->{out};
}

for my $round (1 .. ROUNDS) {
    my $r = $late->copy_of->now('2026-12-01T18:00:00Z');
    my @pids = map { $r->start({tag => "sweep$_"}, 'sweep') } 1 .. 3;
    is_deeply [map { Register::wait_for($_, 60) } @pids], [0, 0, 0], "round $round: three sweeps at once"
      or diag map { slurp($r->path("sweep$_.err")) } 1 .. 3;
    is_deeply [goes_back(gates($r))], [], 'the gate never goes back';
    is((gates($r))[-1][1], '2026-12-01', 'it stands on today');
    is expiries($r), $phones, 'each phone has one row of its end';
    ok $r->whole, 'whole';
}

# --- a hold beside a running sweep ---

my $held = $late->copy_of->now('2028-12-01T18:00:00Z');
my $pid = $held->start({tag => 'sweep'}, 'sweep');
ok poll(20, sub { @{[gates($held)]} > 20 }), 'a sweep of many days runs';
is $held->run('rules', 'set', 'expiry_release=manual')->{code}, 0, 'one person holds expiry';
my $at_hold = (gates($held))[-1][1];
my $status = Register::wait_for($pid, 60);
is $status >> 8, 3, 'the sweep ends: held' or diag slurp($held->path('sweep.err'));
is((gates($held))[-1][1], $at_hold, 'and moved the gate no further');
cmp_ok $at_hold, 'lt', '2028-12-01', 'which was not at its end yet';
is((gates($held))[-1][2], '2028-12-01', 'the days themselves are swept');
is_deeply [goes_back(gates($held))], [], 'the gate never goes back';
ok $held->whole, 'whole';
done_testing;
