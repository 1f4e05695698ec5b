#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# second_gsma - what GSMA's service lists is approved by two officers and never by one: not before it has answered, not
# while it is away, and not as the right IMEI of a correction.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Peers;
use Portal;
use Register;
use Test::More;

my $r = Register->new;
my $p = Portal->new($r, border => 0, settings => Peers::start($r->dir, 'gsma'));
my $iin = $p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->organisation('firm', 'ТОО Импорт', $iin, '0101400');
$p->staff($_, 'officer') for 'erlan', 'dana';
$p->serve;
my ($firm, $erlan, $dana) = ($p->enter('firm'), map { $p->enter_staff($_) } 'erlan', 'dana');

my $tac = '35267706';
my ($clean, $away, $wrong, $right, $listed) = map { imei($_, $tac) } 1, 2, 3, 4, 990001;
sub at_desk { my ($who, $number, $act, $body) = @_; return $p->ask('POST', "/api/v1/desk/$number/$act", $body // {}, $who) }
sub seen { my ($number) = @_; return ($p->ask('GET', "/api/v1/desk/$number", undef, $dana))[1] }
sub asked { my ($number) = @_; return Register::poll(20, sub { my $a = seen($number); return $a->{checked} && $a }) }
sub list { return ($p->ask('GET', "/api/v1/check/$_[0]"))[1]{list} }
sub file_it {
    my ($status, $json) = $p->ask('POST', '/api/v1/applications',
        {kind => 'import', document => 'KZ-1', devices => [{imeis => [$_[0]], brand => 'Samsung', model => 'A1'}]}, $firm);
    is $status, 201, 'filed' or diag explain $json;
    return $json->{number};
}
sub approve {
    my ($number, $who) = @_;
    at_desk($who // $erlan, $number, 'claim');
    return (at_desk($who // $erlan, $number, 'decide', {decisions => [{approve => JSON::PP::true}], note => ''}))[1];
}
sub lifts { return $_[0]{proposal} ? join ' ', @{$_[0]{proposal}{devices}[0]{lifts}} : $_[0]{state} }

# ---- away: two officers, who read that nobody has answered ----

Peers::fault('gone', 'gsma');
my $number = file_it($away);
ok Register::poll(20, sub { grep { $_ eq 'gsma_not_asked' } @{seen($number)->{findings}} }), 'GSMA cannot be asked';
is lifts(approve($number)), 'gsma_not_asked', 'one officer does not approve it alone';
is list($away), 'unknown', 'nothing moves';
like(($p->ask('GET', "/desk/$number", undef, $dana))[3], qr/GSMA/, 'the page says so');
is((at_desk($dana, $number, 'confirm'))[1]{state}, 'approved', 'two do');

# ---- before it has answered ----

$number = file_it($listed);
is lifts(approve($number)), 'gsma_not_asked', 'nor before it was asked';
is((at_desk($dana, $number, 'return', {note => 'ждём'}))[0], 200, 'returned');
Peers::fault('', 'gsma');
ok asked($number), 'it answers';
is lifts(approve($number)), 'gsma_listed', 'listed: two';

# ---- answered: one is enough ----

$number = file_it($wrong);
asked($number);
is lifts(approve($number)), 'approved', 'not listed: one';

# ---- the right IMEI of a correction ----

my (undef, $c) = $p->ask('POST', "/api/v1/applications/$number/corrections", {ground => 'mistyped', devices => [{imei => $wrong, becomes => imei(990002, $tac)}]}, $firm);
is_deeply asked($c->{number})->{devices}[0]{findings}, ['tac_unknown', 'gsma_listed'], 'a correction asks for a listed one';
is lifts(approve($c->{number})), 'gsma_listed', '... which needs two';
isnt list(imei(990002, $tac)), 'white', 'nothing moves';
done_testing;
