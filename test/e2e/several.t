#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# several - many processes on one database: writers that are killed (SIGKILL) at random moments, servers
# that all follow, clock jobs that run once whoever is first.
#
# TAMGA_SEVERAL_ROUNDS=10000 acknowledged writes; TAMGA_SEED repeats a run (of the same speed).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use POSIX qw(WNOHANG);
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {WRITERS => 8, KILLS => 100, SERVERS => 3, DUE => 3_000};

my $rounds = $ENV{TAMGA_SEVERAL_ROUNDS} // 10_000;
srand(my $seed = int($ENV{TAMGA_SEED} // time));
print "# seed TAMGA_SEED=$seed TAMGA_SEVERAL_ROUNDS=$rounds\n";

# ---- 8 writers, kill -9 at random ----

my $r = Register->new(backend => 'postgres');
is $r->run('user', 'add', 'aigul')->{code}, 0, 'a register';
my @servers = map { my $s = $r->serve; $s } 1 .. SERVERS;
my ($build) = $tamga =~ m{(.*)/[^/]+$};
my (@writer, @lives);

sub write_on {
    my ($n) = @_;
    my $from = $n * 10_000_000 + 20_000 * $lives[$n]++;
    my $pid = fork // die;
    if (!$pid) {
        open STDOUT, '>>', $r->path('writers.out') or die;
        open STDERR, '>>', $r->path('writers.err') or die;
        exec "$build/test/writers", $r->{url}, $r->{key}, 2, 60, $from, $r->path("acks.$n") or POSIX::_exit(127);
    }
    $writer[$n] = $pid;
    return;
}

sub acked { return map { grep { /^\d{14}$/ } split /\n/, slurp($r->path("acks.$_")) } 0 .. WRITERS - 1 }

# A round is one write of a device; its first IMEI is a multiple of four (test/app/writers.c).
sub rounds { return scalar grep { $_ % 4 == 0 } acked() }

write_on($_) for 0 .. WRITERS - 1;
my ($kills, $died) = (0, 0);
my $end = time + 120;
while (time < $end) {
    sleep 0.02 + rand 0.15;
    my $n = int rand WRITERS;
    $died++ if waitpid($writer[$n], WNOHANG) == $writer[$n]; # by itself
    kill 'KILL', $writer[$n];
    waitpid $writer[$n], 0;
    $kills++;
    write_on($n);
    last if $kills >= KILLS && rounds() >= $rounds;
}
for my $pid (@writer) {
    kill 'KILL', $pid;
    waitpid $pid, 0;
}
my @acked = acked();
cmp_ok rounds(), '>=', $rounds, 'writes acknowledged: ' . rounds() . ', of ' . @acked . " IMEIs, over $kills deaths";
is $died, 0, 'no writer gave up' or diag slurp($r->path('writers.err'));
my $missing = 0;
for (my @left = @acked; @left;) {
    my @some = splice @left, 0, 4000; # as many as fit a command line
    $missing += $r->sql('SELECT count(*) FROM unnest(\'{' . join(',', @some) . '}\'::bigint[]) a (imei) '
          . 'WHERE NOT EXISTS (SELECT FROM facts f WHERE f.imei = a.imei)');
}
is $missing, 0, 'nothing acknowledged is missing';
ok $r->whole, 'the chain has no gap, and facts agree with it';

# ---- every server follows ----

my $one = imei(1);
for my $server (@servers) {
    my $last = luhn($acked[-1]);
    ok poll(2, sub { (Register::http($server, 'GET', "/api/v1/check/$last"))[1] =~ /VERIFIED/ }), 'a server has the last of them';
}
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', 1, $one)->{code}, 0, 'a suspension';
my $began = time;
for my $server (@servers) {
    ok poll(5, sub { (Register::http($server, 'GET', "/api/v1/check/$one"))[1] =~ /STOLEN/ }), 'a server hears of it';
}
my $took = time - $began;
ok $took <= 1, sprintf 'all within a second (%.2f s)', $took;
for my $server (@servers) {
    my %m = (Register::http($server, 'GET', '/metrics'))[1] =~ /^(tamga_index_\w+) (\S+)$/mg;
    cmp_ok $m{tamga_index_lag_seconds}, '<=', 1, "and says how late it was ($m{tamga_index_lag_seconds} s)";
    is $m{tamga_index_behind_items}, 0, 'it is not behind';
}

# ---- the database is gone for a while ----

$r->disconnect;
ok poll(5, sub { json((Register::http($_, 'GET', '/healthz'))[1])->{store} eq 'ok' }), 'a server is back by itself' for @servers;
is Register::stop($_->{pid}), 0, 'a clean end' for @servers;

# ---- clock jobs run once ----

my $due = Register->new(now => '2026-01-10T07:00:00Z', backend => 'postgres');
my $seen = $due->file('seen.csv', 'date,imei,imsi', "\n",
    map { '2026-01-10,' . imei($_, 35267700 + $_ % 3) . ",401010000000001\n" } 1 .. DUE);
is $due->run('feed', 'load', '--operator', 'alpha', $seen)->{code}, 0, 'devices that nobody verified';
my $alone = $due->copy_of;
$_->now('2026-02-14T07:00:00Z') for $due, $alone;
my $server = $alone->serve;
is Register::stop($server->{pid}), 0, 'one server sweeps at its start';
my @pids = map { $due->start({tag => "serve$_"}, 'serve', '--listen', '127.0.0.1:0') } 1 .. SERVERS;
for my $n (1 .. SERVERS) {
    ok poll(60, sub { slurp($due->path("serve$n.out")) =~ /serves/ }), "server $n of them all at once"
      or diag slurp($due->path("serve$n.err"));
}
is Register::stop($_), 0, 'a clean end' for @pids;
my ($three, $single) = ($due->whole, $alone->whole);
is $three->{items}, $single->{items}, 'the journal holds what one would have written, once';
is_deeply [$due->lists(imei(3, 35267700))], ['black EXPIRED'], 'and the devices are no longer served';
done_testing;
