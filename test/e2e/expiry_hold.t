#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# expiry_hold - expiry held for an operator, or for models: his lists and his EIR node stand still, the register and everybody
# else's go on; one person holds, two release; a delta brings what was held. A node knows it without the register, too.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter;
use Eir;
use FreeDiameter;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-01T07:00:00Z');
sub phone { sprintf '35735007%06d', shift }
sub on { my ($day, @words) = @_; return $r->now("${day}T07:00:00Z")->run(@words) }
sub as { my ($name, @words) = @_; my $got = $r->actor($name)->run(@words); $r->actor(undef); return $got }
sub ok_run { my ($say, $got) = @_; is $got->{code}, 0, $say or diag "$got->{out}$got->{err}"; return $got }

sub feed {
    my ($day, $tac, $from, $to) = @_;
    my $file = $r->file("$tac-$from.csv", lines('date,imei,imsi,msisdn,rat', map { sprintf "$day,$tac%06d,4010100%08d,,006", $_, $_ } $from .. $to));
    ok_run("seen on $day", $r->run('feed', 'load', '--operator', 'Altel', '--accept', 'all', '--reason', 'test', $file));
}

# The bodies on an operator's list, and its cursor.
sub list {
    my ($operator, @since) = @_;
    my $dir = $r->path("$operator.out");
    my $told = json(ok_run("a list for $operator", $r->run('--json', 'lists', '--operator', $operator, '--out', $dir, @since))->{out});
    my @rows = grep { /^\d/ } split /\n/, slurp("$dir/$told->{file}");
    return {rows => \@rows, cursor => $told->{cursor}};
}
sub bodies { return join ' ', map { substr $_, 8, 6 } @{$_[0]{rows}} }

feed('2026-03-01', 35735007, 1, 2); # last day 2026-03-31
feed('2026-03-01', 35735008, 3, 3);
on('2026-03-02', 'import', 'tac', $r->file('tac.csv', lines('tac,name,name', '35735007,Nokia,3310')));
ok_run('the evening before', on('2026-03-30', 'sweep'));
is $r->run('expiry', 'hold', '--operator', 'Altel')->{code}, 2, 'a reason is wanted';
is $r->run('expiry', 'hold', '--reason', 'x')->{code}, 2, 'and who it is for';
is $r->run('expiry', 'hold', '--tac', '00000000-99999999', '--reason', 'x')->{code}, 2, 'the country is held by its rule';
is $r->run('expiry', 'hold', '--tac', '3573500', '--reason', 'x')->{code}, 2, 'no TAC';
is $r->run('expiry', 'hold', '--operator', 'Altel', '--through', '2026-04-01', '--reason', 'x')->{code}, 2, 'no day to come';
my $before = list('Altel');
my ($hold) = ok_run('one person holds', $r->run('expiry', 'hold', '--operator', 'Altel', '--reason', 'a feed of theirs was wrong'))->{out} =~
  /^(\d+)  Altel  TAC 00000000-99999999  expire_through stays 2026-03-30  /;
ok $hold, 'with a number';
ok_run('the last evening', on('2026-03-31', 'sweep'));
ok_run('and the next', on('2026-04-01', 'sweep'));
is $r->run('check', phone(1))->{code}, 1, 'the register goes on';
my $steppe = list('Kcell');
is bodies($steppe), '000001 000002 000003', 'so do other lists';
my $held = list('Altel');
is bodies($held), '', 'his stands still';
is bodies(list('Altel', '--since', $before->{cursor})), '', 'and nothing is new in it';
my $json = json($r->run('--json', 'expiry', 'holds')->{out});
is_deeply [@$json{qw(hold operator tac_from tac_to expire_through release_asked_by released)}],
  [$hold, 'Altel', '00000000', '99999999', '2026-03-30', undef, undef], 'holds are told';
like $r->run('journal', 'show')->{out}, qr/entry expiry_held/, 'the journal has it';

# --- models, of all operators ---

my ($models) = ok_run('a range of models', $r->run('expiry', 'hold', '--tac', '35735008', '--through', '2026-03-30', '--reason', 'their list was wrong'))->{out} =~ /^(\d+)  all operators  TAC 35735008-35735008/;
is bodies(list('Kcell')), '000001 000002', 'is taken off a list that had it';
is join(' ', list('Kcell', '--since', $steppe->{cursor})->{rows}[0]), '35735008000003,removed,EXPIRED,2026-04-01,,', 'a delta says so';
my $kcell = list('Kcell');

# --- two let it go ---

ok_run('staff', $r->run('user', 'add', $_)) for qw(aigul bolat);
is as(undef, 'expiry', 'release', $models)->{code}, 2, 'nobody in particular does not';
is as('aigul', 'expiry', 'release', $models)->{code}, 3, 'one asks';
is as('aigul', 'expiry', 'release', $models)->{code}, 2, 'and is not two';
is bodies(list('Kcell')), '000001 000002', 'it holds';
like as(undef, 'expiry', 'holds')->{out}, qr/release asked by aigul$/m, 'who asked is told';
ok_run('another says the same', as('bolat', 'expiry', 'release', $models));
is as('bolat', 'expiry', 'release', $models)->{code}, 2, 'once';
is list('Kcell', '--since', $kcell->{cursor})->{rows}[0], '35735008000003,added,,,EXPIRED,2026-04-01', 'it comes back';
is bodies(list('Altel')), '', 'the other hold stands';
as('aigul', 'expiry', 'release', $hold);
ok_run('let go', as('bolat', 'expiry', 'release', '--reason', 'mended', $hold));
is_deeply list('Altel')->{rows}, list('Kcell')->{rows}, 'all as if nothing had been held';
is bodies(list('Altel', '--since', $held->{cursor})), '000001 000002 000003', 'by a delta, too';
is bodies(list('Altel', '--since', $before->{cursor})), '000001 000002 000003', 'over the whole of the hold';
is $r->run('expiry', 'holds')->{out}, '', 'none is open';
is scalar(split /\n/, $r->run('expiry', 'holds', '--all')->{out}), 2, 'they stay known';
$r->whole;

# --- nodes ---

sub node {
    my ($name, $url) = @_;
    my $node = Eir::launch($r->path("$name.log"), $Eir::program, '--registry', $url, '--directory', $r->path($name), '--key', $r->path("$name.key"),
        '--diameter', '127.0.0.1:0', '--metrics', '127.0.0.1:0') // BAIL_OUT('no node: ' . slurp($r->path("$name.log")));
    $node->{mme} = Diameter->new(port => $node->{s13}, host => 'mme1.localdomain', realm => 'localdomain');
    is $node->{mme}->greet->{'Result-Code'}, 2001, "a node of $name";
    return $node;
}
sub said { my ($node, $n) = @_; return Diameter::said($node->{mme}->ask(imei => phone($n))) }
sub becomes { my ($node, $n, $is) = @_; return poll(10, sub { return said($node, $n) eq $is }) }

ok_run("a key for $_", as('aigul', 'node', 'add', "$_/almaty", '--out', $r->path("$_.key"))) for qw(Altel Kcell);
my $server = $r->serve;
my $url = "http://127.0.0.1:$server->{port}";
my ($altel, $other) = (node('Altel', $url), node('Kcell', $url));
ok becomes($altel, 1, 'black') && becomes($other, 1, 'black'), 'both refuse';
($hold) = ok_run('held, as of a day that is over', as('aigul', 'expiry', 'hold', '--operator', 'Altel', '--through', '2026-03-30', '--reason', 'test'))->{out} =~ /^(\d+) /;
ok becomes($altel, 1, 'grey'), 'the node of the operator serves it again';
ok_run('a theft', $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', luhn(phone(2))));
ok becomes($other, 2, 'black') && becomes($altel, 2, 'black'), 'marks act';
is said($other, 1), 'black', 'the other goes on';
like slurp($r->path('Altel.log')), qr/event=expiry_held spans=1/, 'it says so';
unlike slurp($r->path('Kcell.log')), qr/event=expiry_held/, 'and the other nothing';
is $altel->end, 0, 'the node ends';
$altel = node('Altel', 'http://127.0.0.1:1');
is said($altel, 1), 'grey', 'it knows without the register';
is $altel->end, 0, 'and ends';
$altel = node('Altel', $url);
ok_run('models, for all', as('aigul', 'expiry', 'hold', '--tac', '35735007', '--through', '2026-03-30', '--reason', 'test'));
ok becomes($other, 1, 'grey'), 'a hold of models is for every node';
as('aigul', 'expiry', 'release', $hold);
ok_run('let go', as('bolat', 'expiry', 'release', $hold));
is said($altel, 1), 'grey', 'the other hold is there yet';
my ($last) = as('aigul', 'expiry', 'holds')->{out} =~ /^(\d+) /;
as('aigul', 'expiry', 'release', $last);
ok_run('let go, too', as('bolat', 'expiry', 'release', $last));
ok becomes($altel, 1, 'black') && becomes($other, 1, 'black'), 'both refuse again';
is $_->end, 0, 'a clean end' for $altel, $other;

# --- into the past it is given back what was refused: two say it, as they do to release; what one asked lapses ---

my @back = ('expiry', 'hold', '--operator', 'Altel', '--through', '2026-03-20', '--reason', 'wrong for days');
is as(undef, @back)->{code}, 2, 'nobody in particular holds into the past';
is as('aigul', @back)->{code}, 3, 'one asks';
like as('aigul', @back)->{err}, qr/SAME_PERSON/, 'and is not two';
is bodies(list('Altel')), '000001 000002 000003', 'nobody is served again';
like as(undef, 'expiry', 'holds')->{out}, qr/^-  Altel  TAC 00000000-99999999  expire_through to stay 2026-03-20: asked by aigul, waits/m, 'it is told';
is json(as(undef, '--json', 'expiry', 'holds')->{out})->{asked_by}, 'aigul', 'by a program, too';
is on('2026-04-08', 'expiry', 'holds')->{out}, '', 'until a week is over';
ok_run('the evening before', on('2026-04-09', 'sweep'));
is as('bolat', @back)->{code}, 3, '... when it is asked anew';
$r->now('2026-04-09T07:00:00Z');
my ($deep) = ok_run('another says the same', as('aigul', @back))->{out} =~ /^(\d+)  Altel /;
is bodies(list('Altel')), '000002', 'held as of that day, but what is stolen';
is as('bolat', 'expiry', 'release', $deep)->{code}, 3, 'its release is asked for';
$r->now('2026-04-17T07:00:00Z');
unlike as(undef, 'expiry', 'holds')->{out}, qr/release asked/, 'and lapses';
is as('aigul', 'expiry', 'release', $deep)->{code}, 3, 'asked anew';
ok_run('and done', as('bolat', 'expiry', 'release', $deep));
is scalar(split /\n/, $r->run('expiry', 'holds', '--all')->{out}), 5, 'they stay known';
$r->whole;

done_testing;
