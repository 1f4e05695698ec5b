#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# once - an Idempotency-Key belongs to who acts and to whom he acts for: the head of two organisations who sends the same
# under one key files for each of them, and none is shown what the other filed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Portal;
use Register;
use Test::More;

my $r = Register->new;
my $p = Portal->new($r, border => 0);
my $iin = $p->person('bolat', 'БЕКОВ БОЛАТ', '8501013');
$p->organisation('first', 'ТОО Бірінші', $iin, '0101400');
$p->organisation('second', 'ТОО Екінші', $iin, '0202400');
$p->serve;
my ($bolat, $first, $second) = map { $p->enter($_) } 'bolat', 'first', 'second';

my $phone = imei(1, '35267706');
sub send_it { my ($path, $wish, $who) = @_; return $p->ask('POST', "/api/v1/$path", $wish, $who, 'Idempotency-Key' => "k $path") }
my %wish = (
    applications => {kind => 'import', document => 'KZ-1', devices => [{imeis => [$phone], brand => 'Samsung', model => 'A1'}]},
    uploads => {name => 'a.csv', bytes => 100, sha256 => '0' x 64},
    complaints => {imeis => [$phone], seller => {name => 'Дүкен'}, text => 'Ақшаны қайтармайды'},
    requests => {imeis => [$phone], seller => {name => 'Дүкен'}, bought => '2026-01-05'},
);
for my $what (sort keys %wish) {
    my $id = $what eq 'uploads' ? 'id' : 'number';
    my ($status, $made) = send_it($what, $wish{$what}, $first);
    is $status, 201, "$what: for the first" or diag explain $made;
    my ($other, $of) = send_it($what, $wish{$what}, $second);
    is $other, 201, "$what: for the second another" or diag explain $of;
    isnt $of->{$id}, $made->{$id}, "$what: each its own";
    ($other, $of) = send_it($what, $wish{$what}, $first);
    is "$other $of->{$id}", "200 $made->{$id}", "$what: sent again, the first one's own";
    ($other) = send_it($what, $wish{$what}, $bolat);
    is $other, $what eq 'applications' ? 403 : 201, "$what: for himself neither";
}
done_testing;
