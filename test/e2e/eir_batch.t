#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_batch - a node and the imports of its register: nothing of one is answered from before its end, whether the node
# follows it or begins in the middle of it; a theft order behind the end, or in the middle, reaches S13 before the
# import's rows are all in, and is never taken back by one of them; what is said to be behind is what is not answered from.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter;
use Eir;
use Register;
use Test::More;
use Time::HiRes qw(time);

use constant {MANY => 300_000, MORE => 990_000};

my $r = Register->new;
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'a register';
is $r->run('node', 'add', 'alpha', '--out', $r->path('node.key'))->{code}, 0, 'its node';
my $server = $r->serve;

sub node {
    my ($directory, $of) = @_;
    return Eir::launch("$directory.log", $Eir::program, '--registry', "http://127.0.0.1:$of->{port}", '--directory', $directory,
        '--key', $r->path('node.key'), '--diameter', '127.0.0.1:0', '--metrics', '127.0.0.1:0') // BAIL_OUT('no node: ' . slurp("$directory.log"));
}

sub mme {
    my ($node) = @_;
    my $c = Diameter->new(port => $node->{s13}, host => 'mme1.localdomain', realm => 'localdomain') or die 'no S13';
    die 'no CEA' unless $c->greet->{'Result-Code'} == 2001;
    return $c;
}
sub said { my ($c, $imei) = @_; return Diameter::said($c->ask(imei => substr($imei, 0, 14))) }
sub phone { my ($n, $tac) = @_; return imei($n, $tac // '35735008') }
sub of_many { my ($tac) = @_; return map { phone($_, $tac) } 1, 2, MANY / 3, MANY / 2, MANY - 1, MANY }
sub white { my ($c, $tac) = @_; return scalar grep { said($c, $_) eq 'white' } of_many($tac) }
sub steal { my ($n, $imei) = @_; return $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', $n, $imei)->{code} }

my $eir = node($r->path('eir'), $server);
my $mme = mme($eir);

# ---- behind the end of an import ----

my $amnesty = $r->file('amnesty.txt', map { phone($_) . "\n" } 1 .. MANY);
my $import = $r->start({tag => 'import'}, 'import', 'amnesty', $amnesty);
my ($most, $ended) = (0, undef);
poll(120, sub { $ended = waitpid($import, POSIX::WNOHANG()) == $import; $most = 1 if !$ended && white($mme); return $ended });
is $?, 0, 'an import of ' . MANY;
is steal(2, $_), 0, 'and a theft order behind its end' for phone(MANY);
my $began = time;
my ($heard, $whole, $seen, $back) = (0, 0, 0, 0);
ok poll(60, sub {
    my $now = said($mme, phone(MANY)) eq 'black';
    # The node may have shown all of the import before the order reached it: within the second that an order has.
    $seen = 1 if !$now && time - $began > 1 && white($mme) == 6;
    $heard ||= $now && time - $began;
    $back ||= $heard && !$now;
    $whole ||= white($mme) == 5 && time - $began;
    return $heard && $whole;
}), 'both are heard at S13' or diag slurp($eir->{log});
cmp_ok $heard, '<', 10, sprintf 'the theft order after %.2f s, the import after %.2f s', $heard, $whole;
ok !$seen, 'the phone was not told to be served by the import for longer than a second';
ok !$back, 'nor after it';
ok !$most, 'and nothing of the import was heard before its end';
ok poll(20, sub { return $eir->metric('tamga_eir_behind_items') == 0 }), 'nothing is behind any more';
is $eir->metric('tamga_eir_applied'), $eir->metric('tamga_eir_sequence'), 'all that is known is answered from';

# ---- a node that begins in the middle of one ----

my $tac = '35735009';
my $more = $r->file('more.txt', map { phone($_, $tac) . "\n" } 1 .. MORE); # of so many that it is met in the middle
my $before = $eir->metric('tamga_eir_sequence');
$import = $r->start({tag => 'import'}, 'import', 'amnesty', $more);
# It goes on a little and stands still, until the node has some of it: so it is met in its middle, however slow both are.
my $some = sub { return $eir->metric('tamga_eir_sequence') > $before + 1000 };
ok poll(120, sub {
    kill 'CONT', $import;
    select undef, undef, undef, 0.2;
    kill 'STOP', $import;
    return poll(0.5, $some);
}), 'another import';
kill 'KILL', $import;
waitpid $import, 0;
is $?, 9, 'dies in the middle';
ok poll(20, sub { return $eir->metric('tamga_eir_batches_open') == 1 }), 'and is open for ever';
cmp_ok $eir->metric('tamga_eir_behind_items'), '>', 1000, 'what waits is behind';
is white($mme, $tac), 0, 'and not heard';
my $fresh = $r->serve('--answer-only'); # it has no snapshot yet, and ends no batch
my $late = node($r->path('late'), $fresh);
my $late_mme = mme($late);
ok poll(30, sub { return $late->metric('tamga_eir_batches_open') == 1 }), 'a node that begins now knows it to be open' or diag slurp($late->{log});
is white($late_mme, $tac), 0, 'and has nothing of it';
is said($late_mme, phone(MANY)), 'black', 'what stood before it is there';
my $written = $r->path('snapshot.tgix');
my $got = $r->run('--json', 'snapshot', 'write', $written);
is json($got->{out})->{imeis}, MANY + 1, '`snapshot write` gives what stood before, too';

# Who writes next ends it, and a theft order is never taken back.
is steal(3, phone(2, $tac)), 0, 'the next writer';
for ([$eir, $mme], [$late, $late_mme]) {
    my ($node, $c) = @$_;
    ok poll(60, sub { return white($c, $tac) == 5 && said($c, phone(2, $tac)) eq 'black' }), 'ends it: all of it, and the theft'
      or diag slurp($node->{log});
    is $node->metric('tamga_eir_batches_open') + 0, 0, 'nothing is open';
    is $node->end, 0, 'a clean end';
}
Register::stop($_->{pid}) for $fresh, $server;
done_testing;
