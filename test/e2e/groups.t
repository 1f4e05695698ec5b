#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# groups - who would be cut off, and what tomorrow takes, by operator and region of number: from operators' files of the last
# 30 days; small groups are told as small; two tries compared; what cannot be told is said.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-10T07:00:00Z');

sub phone { sprintf '35735007%06d', shift }
sub number { sprintf '7%s%07d', $_[0], $_[1] }

# OPERATOR, DAY, [first phone, last phone, first digits of the numbers] ...
sub feed {
    my ($operator, $day, @spans) = @_;
    my @rows;
    for my $span (@spans) {
        my ($from, $to, $prefix) = @$span;
        push @rows, map { join ',', $day, phone($_), sprintf('401%s%09d', $prefix, $_), number($prefix, $_), '006' } $from .. $to;
    }
    my $file = $r->file("$operator-$day.csv", lines('date,imei,imsi,msisdn,rat', @rows));
    my $got = $r->run('feed', 'load', '--operator', $operator, '--accept', 'all', '--reason', 'test', $file);
    is $got->{code}, 0, "$operator, $day" or diag $got->{err};
}

is $r->run('import', 'tac', $r->file('tac.csv', lines('tac,name,name', '35735007,Nokia,3310')))->{code}, 0, 'a register';
my $early = json($r->run('--json', 'what-if', '--set', 'grace_days=10')->{out});
is_deeply [@$early{qw(lost operators regions)}], [0, {told => JSON::PP::false}, {told => JSON::PP::false}], 'nothing to tell from';

feed('Altel', '2026-02-20', [1, 20, '701']);
feed('Kcell', '2026-02-25', [15, 25, '702'], [40, 42, '701']);
feed('Beeline', '2026-03-01', [1, 2, '703'], [30, 39, '702']);
my $regions = $r->file('regions.csv', lines('prefix,region', '7701,Almaty', '7702,Astana', '7703,Aktobe'));

my $saved = $r->path('try.json');
my $got = $r->run('--json', 'what-if', '--set', 'grace_days=15', '--regions', $regions, '--save', $saved);
is $got->{code}, 0, 'a try' or diag $got->{err};
my $try = json($got->{out});
is $try->{lost}, 20, 'those of Altel would be cut off';
is_deeply $try->{operators}, {told => JSON::PP::true, small => 1, none => {lost => 0, regained => 0},
    list => [{name => 'Altel', lost => 20, regained => 0}, {name => 'Kcell', lost => 6, regained => 0}]},
  'by operator; two phones at the third are few';
is_deeply $try->{regions}, {told => JSON::PP::true, small => 1, none => {lost => 0, regained => 0},
    list => [{name => 'Almaty', lost => 20, regained => 0}, {name => 'Astana', lost => 6, regained => 0}]},
  'by region';
is_deeply $try->{models}, [{tac => '35735007', brand => 'Nokia', model => '3310', lost => 20}], 'by model';
is_deeply [map { "$_->{from} $_->{to} $_->{imeis}" } @{$try->{moves}}], ['UNVERIFIED EXPIRED 20'], 'what becomes of them';
like $r->run('audit', 'show')->{out}, qr/numbers_counted/, 'that numbers were opened is in the audit log';
my $text = $r->run('what-if', '--set', 'grace_days=15')->{out};
like $text, qr/^by operator that saw them, 2026-02-09 to 2026-03-10;.*\n +20 +0  Altel\n +6 +0  Kcell\n  fewer than 5 in each of 1 others\n\z/m,
  'as text';
unlike $text . $got->{out} . slurp($saved), qr/35735007\d{6}|40170\d{10}|770[123]\d{7}/, 'no phone and nobody is named';
is((stat $saved)[2] & 0777, 0600, 'the file is for us alone');

# --- two tries ---

my $later = json($r->run('--json', 'what-if', '--set', 'grace_days=10', '--regions', $regions, '--compare', $saved)->{out});
is $later->{lost}, 28, 'a harder rule';
my $c = $later->{compared};
is_deeply [@$c{qw(lost set)}], [{before => 20, now => 28}, ['grace_days=15']], 'against the try before';
is_deeply $c->{operators}, [{name => 'Kcell', lost => {before => 6, now => 14}, regained => {before => 0, now => 0}}],
  'an operator that loses more; the others as before';
is_deeply $c->{moves}, [{name => 'UNVERIFIED -> EXPIRED', imeis => {before => 20, now => 28}}], 'the same way';
$later = json($r->run('--json', 'what-if', '--set', 'grace_days=5', '--regions', $regions, '--compare', $saved)->{out});
my ($new) = grep { $_->{name} eq 'Beeline' } @{$later->{compared}{operators}};
is_deeply $new, {name => 'Beeline', is => 'new', lost => {before => undef, now => 12}, regained => {before => undef, now => 0}}, 'a new group';
like $r->run('what-if', '--set', 'grace_days=60', '--compare', $saved)->{out}, qr/^  operators Altel: gone  lose 20 -> -.*^  regions: one of the two could not tell/ms,
  'groups that are gone, and what one of them did not tell';
is $r->run('what-if', '--set', 'grace_days=60', '--compare', $regions)->{code}, 2, 'no try';
is $r->run('what-if', '--set', 'grace_days=60', '--regions', $saved)->{code}, 2, 'no table of regions';

# --- what tomorrow takes ---

$r->now('2026-03-21T07:00:00Z');
my $soon = json($r->run('--json', 'expiring')->{out});
is_deeply [map { $_->{name} . ' ' . $_->{imeis} } @{$soon->{operators}{list}}], ['Altel 20', 'Kcell 6'], 'what the days take, by operator';
like $r->run('expiring', '--regions', $regions)->{out}, qr/^ +20  Altel\n.*^ +20  Almaty\n/ms, 'and by region';

# --- long after ---

$r->now('2026-06-10T07:00:00Z');
like $r->run('expiring')->{out}, qr/by operator it cannot be told: no operator's file of 2026-05-12 to 2026-06-10 is here/, 'without files of late';

done_testing;
