#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# clones_eir - what an EIR node answers after a decision about a clone, by IMSI: the pair that is genuine is let in, everybody
# else refused; a correction turns it round, a dismissal gives all service back. The case is found by the server's look at night; what
# it confirms without an officer stays within its bound, and /metrics tells.
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
my ($clone, $fleet) = (imei(1), imei(2));
sub imsi { return sprintf '40101%010d', $_[0] }
sub as { my ($name, @words) = @_; my $got = $r->actor($name)->run(@words); $r->actor(undef); return $got }

sub feeds { # of days of February: rows of each
    my ($first, $last, @rows) = @_;
    my $got = $r->run('feed', 'load', '--operator', 'alpha', '--accept', 'all', '--reason', 'test', $r->file('feed.csv',
        lines('date,imei,imsi,msisdn,rat', map { my $day = sprintf '2026-02-%02d', $_; map { "$day,$_->[0],$_->[1],,006" } @rows } $first .. $last)));
    is $got->{code}, 0, "seen on days $first to $last" or diag $got->{err};
}

sub metric { my ($server, $name) = @_; my ($is) = (Register::http($server, 'GET', '/metrics'))[1] =~ /^tamga_clones_\Q$name\E (\d+)$/m; return $is // '-' }

is $r->run('user', 'add', $_)->{code}, 0, "account $_" for 'aigul', 'bolat';
is $r->run('rules', 'show')->{out} =~ /clone_auto_most\s*=\s*100/, 1, 'a rule may confirm so many a day';
feeds(1, 12, (map { [$clone, imsi($_)] } 1 .. 3), (map { [$fleet, imsi(100 + $_)] } 0 .. 119), map { [imei(100 + $_), imsi(1000 + $_)] } 1 .. 200);
my $server = $r->serve;
my $log = "$r->{dir}/serve.err";
ok poll(20, sub { slurp($log) =~ /^event=clones result=OK opened=1 again=0 fleets=1 confirmed=0 held=0$/m }), 'the server looks by itself'
  or diag slurp($log);
ok poll(10, sub { metric($server, 'cases{state="open"}') eq '1' }), 'its figures are told';
is metric($server, 'cases{state="fleet"}'), 1, 'a fleet apart';
is metric($server, 'oldest_days'), 0, 'opened today';

is as('aigul', 'node', 'add', 'alpha/almaty', '--out', $r->path('node.key'))->{code}, 0, 'a key for a node';
my $node = Eir::launch($r->path('node.log'), $Eir::program, '--registry', "http://127.0.0.1:$server->{port}", '--directory', $r->path('node'),
    '--key', $r->path('node.key'), '--diameter', '127.0.0.1:0', '--metrics', '127.0.0.1:0') // BAIL_OUT('no node: ' . slurp($r->path('node.log')));
my $mme = Diameter->new(port => $node->{s13}, host => 'mme1.localdomain', realm => 'localdomain');
is $mme->greet->{'Result-Code'}, 2001, 'a node';
sub said { my ($imei, @imsi) = @_; return Diameter::said($mme->ask(imei => substr($imei, 0, 14), @imsi ? (imsi => imsi(@imsi)) : ())) }
sub all { my ($imei) = @_; return join ' ', map { said($imei, $_) } 1, 2, 3, 999 }
sub becomes { my ($imei, $is, $name) = @_; ok poll(10, sub { all($imei) eq $is }), $name or diag all($imei) }

is all($clone), 'grey grey grey grey', 'a case that is open refuses nobody';
is said($fleet, 100), 'grey', 'nor does a finding';
is as('aigul', 'clones', 'confirm', '--genuine', '2', $clone)->{code}, 3, 'one officer chooses';
is as('bolat', 'clones', 'confirm', $clone)->{code}, 0, 'another agrees';
becomes($clone, 'black white black black', 'the pair that is genuine is let in, no other');
is said($clone), 'grey', 'without an IMSI the rule speaks';
is as('bolat', 'clones', 'correct', '--genuine', '1,3', '--reason', 'the bill was theirs', $clone)->{code}, 3, 'a correction is proposed';
is all($clone), 'black white black black', '... which changes nothing';
is as('aigul', 'clones', 'correct', $clone)->{code}, 0, 'and agreed with';
becomes($clone, 'white black white black', 'these are let in, the first no more');
is as('bolat', 'clones', 'correct', '--genuine', 'none', '--reason', 'none of them', $clone)->{code}, 2, 'not by who chose them';
is as('aigul', 'clones', 'correct', '--genuine', 'none', '--reason', 'all were copies', $clone)->{code}, 3, 'nobody is genuine';
is as('bolat', 'clones', 'correct', $clone)->{code}, 0, 'says another as well';
becomes($clone, 'black black black black', 'all are refused');
is as('aigul', 'clones', 'dismiss', '--reason', 'a shop', $clone)->{code}, 3, 'taken back';
is as('bolat', 'clones', 'dismiss', $clone)->{code}, 0, 'by two';
becomes($clone, 'grey grey grey grey', 'as before');

# --- subscriptions of machines, by their IMSIs ---

sub machine { my ($imei) = @_; return Diameter::said($mme->ask(imei => substr($imei, 0, 14), imsi => '401017700000001')) }
is machine($clone), 'grey', 'nothing says that it is one of machines';
my ($machines) = as('aigul', 'rules', 'set', 'machine_imsi=4010177')->{out} =~ /^proposal (\d+):/m;
is as('bolat', 'confirm', $machines)->{code}, 0, 'a range of IMSIs is one of machines';
ok poll(10, sub { machine($clone) eq 'white' }), 'they are exempt' or diag machine($clone);
is said($clone, 1), 'grey', 'nobody else';
is as('aigul', 'suspend', '--mark', 'stolen', '--by', 'police', '--order', '1-26', $fleet)->{code}, 0, 'a theft order';
ok poll(10, sub { machine($fleet) eq 'black' }), 'stands before it' or diag machine($fleet);

# --- without an officer, within a bound ---

my $rule = as('aigul', 'rules', 'set', 'clone_auto=yes', 'clone_auto_most=2', 'clone_imsis=3', 'clone_fleet_imsis=50');
my ($id) = $rule->{out} =~ /^proposal (\d+):/m;
is as('bolat', 'confirm', $id)->{code}, 0, 'rules may confirm two a day';
is Register::stop($server->{pid}), 0, 'the server ends';
my @new = map { imei(500 + $_) } 0 .. 4;
feeds(13, 13, map { my $n = $_; map { [$new[$n], imsi(2000 + 10 * $n + $_)] } 0 .. 2 } 0 .. 2);
$r->now('2026-03-02T07:00:00Z');
$server = $r->serve;
ok poll(20, sub { slurp($log) =~ /^event=clones_held alarm=yes held=3 most=2$/m }), 'three are too many: an alarm' or diag slurp($log);
ok poll(10, sub { metric($server, 'held_today') eq '3' }), 'in the figures, too';
is metric($server, 'confirmed_by_rule_today'), 0, 'none is confirmed';
is Register::stop($server->{pid}), 0, 'the server ends';
is json($r->run('--json', 'check', $new[0])->{out})->{list}, 'grey', 'nobody is cut off';
$r->now('2026-03-03T07:00:00Z');
feeds(14, 14, map { my $n = $_; map { [$new[$n], imsi(2000 + 10 * $n + $_)] } 0 .. 2 } 3 .. 4);
my $looked = json($r->run('--json', 'clones')->{out});
is_deeply [@$looked{qw(opened confirmed held)}], [2, 2, 0], 'two on the next day' or diag explain $looked;
is json($r->run('--json', 'check', $new[3])->{out})->{list}, 'black', 'are confirmed by rule';
is json($r->run('--json', 'check', $new[0])->{out})->{list}, 'grey', 'what was held waits for an officer';
is json($r->run('--json', 'check', '--imsi', imsi(2030), $new[3])->{out})->{served}, JSON::PP::true, 'whose pair is the oldest is served';
feeds(15, 15, map { [imei(600), imsi(3000 + $_)] } 0 .. 2);
my $third = $r->run('clones');
like $third->{err}, qr/^tamga: 1 were to be confirmed by rule, more than clone_auto_most allows a day: none was/m, 'a third of the day is held';
is $node->end, 0, 'the node ends';
ok $r->whole, 'the register is whole';
done_testing;
